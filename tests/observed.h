/*
 * observed: a small tree for the tests of the observer: a read-only and a writable file system of our own in namespaces of our
 * own, and processes whose watched calls the observer answers.
 */
#ifndef CORDON_OBSERVED_H
#define CORDON_OBSERVED_H

#include "../sandbox/observe/observe.h"
#include "check.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

struct observed {
    char folder[64]; /* ours; the tests stand in it: ro/ and rw/ are file systems of their own */
    struct watch watch;
    struct recorder recorder;
    int records;
    unsigned what;
};

static inline bool observed_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return good;
}

static inline bool observed_enter(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    char text[64];

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    snprintf(text, sizeof text, "%u %u 1", (unsigned)uid, (unsigned)uid);
    if (!observed_write("/proc/self/setgroups", "deny") || !observed_write("/proc/self/uid_map", text))
        return false;
    snprintf(text, sizeof text, "%u %u 1", (unsigned)gid, (unsigned)gid);
    return observed_write("/proc/self/gid_map", text) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* The folder is made, and removed at the end, outside of the namespaces: by a process that waits for the tests. */
static inline bool observed_folder(struct observed *o)
{
    int status = 0;
    pid_t pid;

    snprintf(o->folder, sizeof o->folder, "/tmp/cordon-observed.XXXXXX");
    if (!mkdtemp(o->folder))
        return false;
    pid = fork();
    if (pid == 0)
        return true;
    waitpid(pid, &status, 0);
    rmdir(o->folder);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static inline bool observed_begin(struct observed *o)
{
    int ends[2];

    if (!observed_folder(o) || !observed_enter() || mount("observed", o->folder, "tmpfs", 0, "mode=755") != 0 ||
        chdir(o->folder) != 0 || mkdir("ro", 0755) != 0 || mkdir("rw", 0755) != 0 ||
        mount("observed", "ro", "tmpfs", 0, "mode=755") != 0 || mount("observed", "rw", "tmpfs", 0, "mode=755") != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    o->records = ends[0];
    o->recorder.fd = ends[1];
    o->watch.recorder = &o->recorder;
    o->what = CALLS_WATCHED;
    return true;
}

static inline bool observed_close_ro(void)
{
    return mount(NULL, "ro", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0;
}

/* Without capabilities, as everything inside is, and watched. */
static inline int observed_confine(unsigned what)
{
    static struct sock_filter filter[CALLS_FILTER_MAX];
    struct sock_fprog program = {0, filter};
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    uint32_t none[6] = {0};

    program.len = (unsigned short)calls_filter(filter, COUNT_OF(filter), false, what);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0) != 0 ||
        syscall(SYS_capset, &header, none) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | 1u << 5, &program);
}

/* Runs run(context) in a watched process; its pid. */
static inline pid_t observed_start(struct observed *o, int (*run)(void *context), void *context)
{
    int channel[2], listener, fds[RUNNER_FDS_MAX];
    size_t got = 0;
    char byte = 0;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
        return -1;
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        listener = observed_confine(o->what);
        if (listener < 0 || !sys_send_frames(channel[1], &byte, 1, &listener, 1))
            _exit(250);
        close(listener);
        close(channel[0]);
        close(channel[1]);
        _exit(run(context));
    }
    close(channel[1]);
    if (sys_receive(channel[0], &byte, 1, fds, &got, true) != 1 || got != 1 || !observer_serve(fds[0], &o->watch)) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pid = -1;
    }
    close(channel[0]);
    return pid;
}

/* What it ended with; 251: by a signal; 252: it did not end in time. */
static inline int observed_wait(pid_t pid, int seconds)
{
    int status;

    for (int i = 0; i < seconds * 100; i++) {
        struct timespec pause = {0, 10000000};
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 251;
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return 252;
}

static inline int observed_run(struct observed *o, int (*run)(void *context), void *context)
{
    pid_t pid = observed_start(o, run, context);
    int status = 251;

    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 251;
}

/* The next record, its texts in a static buffer. */
static inline bool observed_record(struct observed *o, struct denial *out, uint64_t *lost)
{
    static char packet[DENIAL_BYTES_MAX];
    struct err ignored = {0};
    struct frame f;
    size_t used;
    ssize_t n = recv(o->records, packet, sizeof packet, MSG_DONTWAIT);

    return n > 0 && frame_take((struct str){packet, (size_t)n}, &f, &used, &ignored) == 1 && denial_get(&f, out, lost);
}

static inline uint64_t observed_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif
