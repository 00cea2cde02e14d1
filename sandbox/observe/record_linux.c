/*
 * record: a refusal on its way to cordon: one packet, never waited for; and the end that takes them. What sees refusals (the
 * observer, the gate, the server behind covers, the keeper) must not be held up by who reads of them, nor by a program that
 * is refused as fast as it can: what does not fit is counted, and the count goes with the next record that does.
 */
#include "observe.h"
#include "../core/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* When a process was started, in milliseconds since the machine was: field 22 of its stat, counted behind the name, which
 * may hold anything. It tells which command line a background job belongs to. */
static uint64_t began_ms(int64_t process)
{
    char path[40], text[1024], *at;
    long per_second = sysconf(_SC_CLK_TCK);
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)process);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0 || per_second <= 0)
        return 0;
    text[n] = '\0';
    at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) * 1000 / (uint64_t)per_second : 0;
}

void record_send(struct recorder *r, const struct denial *d)
{
    struct buf packet = {0};
    struct denial sent = *d;
    uint64_t lost;

    if (r->fd < 0)
        return;
    lost = atomic_exchange(&r->lost, 0);
    if (sent.group > 0 && !sent.began_ms)
        sent.began_ms = began_ms(sent.group);
    denial_put(&packet, &sent, lost);
    if (send(r->fd, packet.p, packet.n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)packet.n)
        atomic_fetch_add(&r->lost, lost + 1);
    buf_release(&packet);
}

void record_lost(struct recorder *r)
{
    struct buf packet = {0};
    uint64_t lost = r->fd < 0 ? 0 : atomic_exchange(&r->lost, 0);

    if (!lost)
        return;
    denial_put_lost(&packet, lost);
    if (send(r->fd, packet.p, packet.n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)packet.n)
        atomic_fetch_add(&r->lost, lost);
    buf_release(&packet);
}

static void keep_record(struct arena *a, struct denial *d)
{
    d->path = arena_str(a, d->path);
    d->program = arena_str(a, d->program);
    if (d->path2.p)
        d->path2 = arena_str(a, d->path2);
}

bool record_take(int *records, struct arena *a, struct denial *out, uint64_t *lost, uint64_t *lost_alone)
{
    char packet[DENIAL_BYTES_MAX];

    while (*records >= 0) {
        struct err ignored = {0};
        struct frame f;
        size_t used;
        uint64_t told = 1; /* what is no record was one that nobody can read */
        bool whole;
        ssize_t n = recv(*records, packet, sizeof packet, MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            return false;
        if (n <= 0) {
            close(*records);
            *records = -1;
            return false;
        }
        whole = (size_t)n <= sizeof packet && frame_take((struct str){packet, (size_t)n}, &f, &used, &ignored) == 1 &&
                used == (size_t)n;
        if (whole && denial_get(&f, out, lost)) {
            keep_record(a, out);
            return true;
        }
        if (whole)
            denial_get_lost(&f, &told);
        *lost_alone += told;
    }
    return false;
}
