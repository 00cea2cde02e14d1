/*
 * same: a protected file that is replaced by what it already is. Git writes its configuration anew even where nothing
 * changes (`git submodule update` always does): FILE.lock is made and renamed over FILE, on which a mount lies, so the
 * kernel refuses. When both hold the same bytes the lock is taken away and the rename is answered as done; FILE stays.
 */
#include "observe.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SAME_BYTES_MAX ((off_t)1 << 20)

static int open_regular(int folder, const char *name, struct stat *st)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) || st->st_size > SAME_BYTES_MAX)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Reads as much as there is, short reads or not. */
static ssize_t read_full(int fd, char *out, size_t size)
{
    size_t n = 0;

    while (n < size) {
        ssize_t got = read(fd, out + n, size - n);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static bool same_bytes(int x, int y)
{
    char one[4096], two[4096];
    off_t total = 0;

    for (;;) {
        ssize_t n = read_full(x, one, sizeof one), m = read_full(y, two, sizeof two);
        total += n;
        if (n < 0 || n != m || memcmp(one, two, (size_t)n) != 0 || total > SAME_BYTES_MAX)
            return false;
        if (n == 0)
            return true;
    }
}

bool same_replaces(int folder, const char *from, const char *to)
{
    char lock[NAME_MAX + 8];
    struct stat st, st2;
    int x, y;
    bool same;

    snprintf(lock, sizeof lock, "%s.lock", to);
    if (strcmp(from, lock) != 0)
        return false;
    x = open_regular(folder, from, &st);
    y = x < 0 ? -1 : open_regular(folder, to, &st2);
    same = y >= 0 && st.st_size == st2.st_size && same_bytes(x, y);
    if (y >= 0)
        close(y);
    if (x >= 0)
        close(x);
    /* Whatever that name is by now, its owner in there may remove it as well as we. */
    return same && unlinkat(folder, from, 0) == 0;
}
