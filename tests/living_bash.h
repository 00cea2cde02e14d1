/*
 * living_bash: a real bash in a real pty of a test's own, outside any boundary, driven through the hook; and a
 * bare one that lines are typed into, to compare with.
 */
#ifndef CORDON_LIVING_BASH_H
#define CORDON_LIVING_BASH_H

#include "../shell/living.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define BASH_PATH   "/bin/bash"
#define BARE_PROMPT "<ready>"

struct bash {
    pid_t pid;
    int master, lines; /* lines: -1 for a bare one */
    struct buf out;    /* what came out of the pty since bash_forget */
    struct buf in;     /* report bytes not taken yet */
    struct arena arena;
    struct living_report report;
    uint32_t id;
    struct str traps; /* of the last report of an end */
    bool closed; /* the socket ended */
};

static inline long bash_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The folder of this run: made once, removed by bash_tidy. */
static inline const char *bash_folder(void)
{
    static char folder[64];
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "/tmp/cordon-living-XXXXXX");
        if (!mkdtemp(folder))
            exit(1);
    }
    return folder;
}

static inline struct str bash_file(struct arena *a, const char *name, struct str text)
{
    struct str path = arena_format(a, "%s/%s", bash_folder(), name);
    int fd = open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n)
        exit(1);
    close(fd);
    return path;
}

static inline void bash_tidy(void)
{
    static const char *const names[] = {"hook", "start", "out", "trace", "inputrc", "script"};
    char path[128];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s", bash_folder(), names[i]);
        unlink(path);
    }
    rmdir(bash_folder());
}

/* In the child: a new session on the pty, three standard descriptors, the socket, and nothing else. */
static inline void bash_become(const char *slave, int socket, char *const *argv, char *const *env)
{
    int fd;

    setsid();
    fd = open(slave, O_RDWR);
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0)
        _exit(120);
    for (int i = 0; i < 3; i++)
        dup2(fd, i);
    if (socket >= 0 && dup2(socket, LIVING_FD) < 0)
        _exit(121);
    for (int i = 3; i < 1024; i++)
        if (i != LIVING_FD || socket < 0)
            close(i);
    for (int i = 1; i < 32; i++)
        signal(i, SIG_DFL);
    execve(argv[0], argv, env);
    _exit(122);
}

/* The environment of either kind of shell; hook: none for a bare one. */
static inline char *const *bash_environment(struct arena *a, struct str hook)
{
    static const char *const names[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "TERM=dumb", "LC_ALL=C.UTF-8",
        ("PS1=" BARE_PROMPT), "PS2=", "INPUTRC=/dev/null", "LANG=C.UTF-8"};
    struct texts env = {0};
    char **out;

    *(struct str *)ARENA_PUSH(a, &env) = arena_format(a, "HOME=%s", bash_folder());
    for (size_t i = 0; i < COUNT_OF(names); i++)
        *(struct str *)ARENA_PUSH(a, &env) = str_from(names[i]);
    if (hook.n)
        living_environment(a, hook, &env);
    out = arena_alloc(a, env.n + 1, sizeof *out);
    for (size_t i = 0; i < env.n; i++)
        out[i] = (char *)(uintptr_t)env.v[i].p;
    return out;
}

static inline void bash_start(struct bash *b, const char *const *argv, struct str hook)
{
    int pair[2] = {-1, -1};
    struct arena a = {0};
    char *const *env = bash_environment(&a, hook);
    char slave[64];
    struct winsize size = {.ws_row = 24, .ws_col = 80};

    *b = (struct bash){.lines = -1};
    b->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (b->master < 0 || grantpt(b->master) != 0 || unlockpt(b->master) != 0 ||
        ptsname_r(b->master, slave, sizeof slave) != 0)
        exit(1);
    ioctl(b->master, TIOCSWINSZ, &size);
    if (hook.n && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        exit(1);
    b->pid = fork();
    if (b->pid == 0)
        bash_become(slave, pair[1], (char *const *)(uintptr_t)argv, env);
    b->lines = pair[0];
    if (pair[1] >= 0)
        close(pair[1]);
    fcntl(b->master, F_SETFL, O_NONBLOCK);
    if (hook.n && send(b->lines, hook.p, hook.n, MSG_NOSIGNAL) != (ssize_t)hook.n)
        printf("# the hook was not taken\n");
    arena_release(&a);
}

/* With the hook; start: text of a start file, or none; tail: appended to the hook. */
static inline void bash_living(struct bash *b, struct str start, struct str tail)
{
    struct arena a = {0};
    struct texts words = {0}, files = {0};
    const char *argv[8] = {0};

    if (start.p)
        *(struct str *)ARENA_PUSH(&a, &files) = bash_file(&a, "start", start);
    struct str parts[] = {living_hook(&a, &files), tail};
    living_argv(&a, STR(BASH_PATH), &words);
    for (size_t i = 0; i < words.n && i < 7; i++)
        argv[i] = words.v[i].p;
    bash_start(b, argv, arena_join(&a, parts, 2));
    arena_release(&a);
}

static inline void bash_end(struct bash *b)
{
    if (b->pid > 0) {
        kill(b->pid, SIGKILL);
        waitpid(b->pid, NULL, 0);
    }
    close(b->master);
    if (b->lines >= 0)
        close(b->lines);
    buf_release(&b->out);
    buf_release(&b->in);
    arena_release(&b->arena);
}

static inline bool bash_drain(struct bash *b)
{
    char bytes[65536];
    ssize_t n;
    bool any = false;
    while ((n = read(b->master, bytes, sizeof bytes)) > 0) {
        buf_add(&b->out, bytes, (size_t)n);
        any = true;
    }
    return any;
}

/* Waits at most ms for something from the pty or the socket and takes it in. */
static inline void bash_wait(struct bash *b, long ms)
{
    struct pollfd fds[2] = {{.fd = b->master, .events = POLLIN}, {.fd = b->closed ? -1 : b->lines, .events = POLLIN}};
    char bytes[4096];

    if (poll(fds, 2, (int)(ms < 0 ? 0 : ms)) <= 0)
        return;
    bash_drain(b);
    if ((fds[0].revents & POLLHUP) && !(fds[1].revents))
        usleep(2000);
    if (fds[1].revents) {
        ssize_t n = recv(b->lines, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n > 0)
            buf_add(&b->in, bytes, (size_t)n);
        else if (n == 0)
            b->closed = true;
    }
}

/* The next report, within ms; the pty is read until nothing is there. */
static inline bool bash_report(struct bash *b, long ms)
{
    long end = bash_now() + ms;
    struct err e = {0};
    size_t used = 0;

    for (;;) {
        int got = living_take(&b->arena, buf_view(&b->in), &b->report, &used, &e);
        if (got == 1) {
            buf_consume(&b->in, used);
            if (b->report.kind == LIVING_READY || b->report.kind == LIVING_DONE)
                b->traps = b->report.traps;
            bash_drain(b);
            return true;
        }
        if (got < 0) {
            printf("# %s: %s\n", e.what, e.reason);
            return false;
        }
        if (b->closed || bash_now() >= end)
            return false;
        bash_wait(b, end - bash_now());
    }
}

static inline void bash_send(struct bash *b, struct buf *bytes)
{
    size_t at = 0;
    while (at < bytes->n) {
        ssize_t n = send(b->lines, bytes->p + at, bytes->n - at, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    buf_release(bytes);
}

static inline void bash_hand(struct bash *b, struct str text, bool whole)
{
    struct buf bytes = {0};
    struct err e = {0};
    struct living_line line = {.id = ++b->id, .text = text, .traps = b->traps, .whole = whole};

    buf_clear(&b->out);
    if (living_send(&bytes, &line, &e))
        bash_send(b, &bytes);
}

static inline void bash_sync(struct bash *b)
{
    struct buf bytes = {0};
    living_send_sync(&bytes, &b->report);
    bash_send(b, &bytes);
}

/* Runs a line and waits for its own report. */
static inline bool bash_line(struct bash *b, const char *text)
{
    bash_hand(b, str_from(text), false);
    return bash_report(b, 5000) && b->report.kind == LIVING_DONE && b->report.id == b->id;
}

static inline void bash_keys(struct bash *b, const char *keys)
{
    size_t n = strlen(keys);
    if (write(b->master, keys, n) != (ssize_t)n)
        printf("# keys were not taken\n");
}

static inline bool bash_says(const struct bash *b, const char *text)
{
    struct str all = buf_view(&b->out);
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= all.n; i++)
        if (memcmp(all.p + i, text, n) == 0)
            return true;
    return false;
}

/* Until text has come out of the pty. */
static inline bool bash_until(struct bash *b, const char *text, long ms)
{
    long end = bash_now() + ms;
    while (!bash_says(b, text) && bash_now() < end)
        bash_wait(b, end - bash_now() > 50 ? 50 : end - bash_now());
    return bash_says(b, text);
}

/* A line whose whole output is known. */
static inline bool bash_gives(struct bash *b, const char *line, int status, const char *output)
{
    bool ran = bash_line(b, line);
    bool good = ran && b->report.status == status && str_is(buf_view(&b->out), output);
    if (!good)
        printf("# %s: %s, status %d, \"%.*s\"\n", line, ran ? "ran" : "no report", b->report.status,
            (int)(b->out.n > 400 ? 400 : b->out.n), b->out.p ? b->out.p : "");
    return good;
}

#endif
