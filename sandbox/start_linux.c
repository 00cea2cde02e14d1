/*
 * start: the runner's birth: cordon-runner in new namespaces, as pid 1, with nothing but its end of the control
 * channel; and the words for it when the kernel or an administrator withholds one of them.
 */
#include "linux.h"

#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CAPABILITIES 64
#define START_STACK  65536

struct start_failure {
    int step, code;
};

enum { START_MAPS = 1, START_NETWORK = RUNNER_NO_NETWORK, START_CAPABILITIES, START_DESCRIPTORS, START_EXEC };

/* One id each, mapped to itself: HOME, git and the owners of files look right inside, and the kernel lets a
 * process that owns nothing else do this without privilege (user_namespaces(7)). */
static bool map_ids(uid_t uid, gid_t gid)
{
    char text[64];

    if (!sys_write_text("/proc/self/setgroups", "deny"))
        return false;
    snprintf(text, sizeof text, "%lu %lu 1", (unsigned long)gid, (unsigned long)gid);
    if (!sys_write_text("/proc/self/gid_map", text))
        return false;
    snprintf(text, sizeof text, "%lu %lu 1", (unsigned long)uid, (unsigned long)uid);
    return sys_write_text("/proc/self/uid_map", text);
}

/* An ordinary uid loses its capabilities at exec unless they are ambient. They count only in the new user
 * namespace; the runner needs them to build, and drops them for everything that it starts. */
static bool keep_capabilities(void)
{
    struct {
        uint32_t version;
        int pid;
    } header = {0x20080522, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } sets[2];

    if (syscall(SYS_capget, &header, sets) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        sets[i].inheritable = sets[i].permitted;
    if (syscall(SYS_capset, &header, sets) != 0)
        return false;
    for (int capability = 0; capability < CAPABILITIES; capability++)
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0); /* EINVAL past the last one */
    return true;
}

struct start {
    int runner, control, records, report;
    bool new_network;
    uid_t uid;
    gid_t gid;
};

static void start_failed(int report, int step)
{
    struct start_failure failure = {step, errno};
    ssize_t ignored = write(report, &failure, sizeof failure);

    (void)ignored;
    _exit(125);
}

/* Runs on a stack of its own in cordon's memory until it execs, as after vfork(2): nothing of cordon's is changed. */
static int become_runner(void *context)
{
    const struct start *s = context;
    char *const argv[] = {(char *)(uintptr_t) "cordon-runner",
        (char *)(uintptr_t)(s->new_network ? "new-network" : "shared-network"), NULL};
    char *const env[] = {NULL};
    int null, runner, control, records, report;

    if (!map_ids(s->uid, s->gid))
        start_failed(s->report, START_MAPS);
    if (!keep_capabilities())
        start_failed(s->report, START_CAPABILITIES);
    report = fcntl(s->report, F_DUPFD_CLOEXEC, SAID_FD + 1);
    runner = fcntl(s->runner, F_DUPFD_CLOEXEC, SAID_FD + 1);
    control = fcntl(s->control, F_DUPFD_CLOEXEC, SAID_FD + 1);
    records = fcntl(s->records, F_DUPFD_CLOEXEC, SAID_FD + 1);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    null = null < 0 ? -1 : fcntl(null, F_DUPFD_CLOEXEC, SAID_FD + 1);
    if (report < 0 || runner < 0 || control < 0 || records < 0 || null < 0 || dup2(control, CONTROL_FD) < 0 ||
        dup2(records, RECORDS_FD) < 0 || dup2(report, SAID_FD) < 0)
        start_failed(s->report, START_DESCRIPTORS);
    for (int i = 0; i < 3; i++) {
        if (dup2(null, i) < 0)
            start_failed(report, START_DESCRIPTORS);
    }
    syscall(SYS_execveat, runner, "", argv, env, AT_EMPTY_PATH);
    start_failed(report, START_EXEC);
    return 125;
}

static long setting(const char *path)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

    if (fd >= 0)
        close(fd);
    return n > 0 ? strtol(text, NULL, 10) : -1;
}

/* Who withholds namespaces, and what to do about it (linux-specific signs, most telling first). */
static bool explain_withheld(struct err *e, const char *what, int code)
{
    err_set(e, ERR_UNSUPPORTED, "%s", what);
    sys_reason(e, code);
    if (setting("/proc/sys/kernel/unprivileged_userns_clone") == 0)
        return err_remedy(e, "an administrator can allow it: sysctl kernel.unprivileged_userns_clone=1");
    if (setting("/proc/sys/user/max_user_namespaces") == 0)
        return err_remedy(e, "an administrator can allow it: sysctl user.max_user_namespaces=16384");
    if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
        return err_remedy(e, "AppArmor restricts user namespaces: an administrator can install a profile with "
                             "\"userns,\" for cordon, or sysctl kernel.apparmor_restrict_unprivileged_userns=0");
    if (access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0)
        return err_remedy(e, "this container's seccomp profile forbids it: start the container with a profile that "
                             "allows unshare, clone and mount (--security-opt seccomp=...)");
    return err_remedy(e, "Cordon needs user namespaces; ask an administrator to allow them");
}

static int open_runner(struct err *e)
{
    char path[PATH_BYTES_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "cordon-runner");
    char *slash;
    int fd;

    path[n > 0 ? n : 0] = '\0';
    slash = strrchr(path, '/');
    if (slash)
        memcpy(slash + 1, "cordon-runner", sizeof "cordon-runner");
    fd = slash ? open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0) {
        err_set(e, ERR_MISSING, "cannot find cordon-runner beside cordon");
        err_subject(e, str_from(path));
        err_remedy(e, "build both, and keep them in one folder");
    }
    return fd;
}

bool start_runner(bool new_network, struct started *out, struct err *e)
{
    const int flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                      CLONE_NEWCGROUP | CLONE_PIDFD | CLONE_VM | CLONE_VFORK | SIGCHLD;
    int control[2] = {-1, -1}, records[2] = {-1, -1}, report[2] = {-1, -1}, pidfd = -1, runner = open_runner(e);
    char *stack;
    struct start start = {.runner = runner, .new_network = new_network, .uid = geteuid(), .gid = getegid()};
    int pid;

    if (runner < 0)
        return false;
    if (start.uid == 0 && setgroups(0, NULL) != 0 && getgroups(0, NULL) > 0) {
        err_set(e, ERR_SYSTEM, "cannot drop root's supplementary groups");
        sys_reason(e, errno);
        close(runner);
        return false;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, records) != 0 || pipe2(report, O_CLOEXEC) != 0) {
        err_set(e, ERR_SYSTEM, "cannot make the channel to the runner");
        sys_reason(e, errno);
        goto fail;
    }
    start.control = control[1];
    start.records = records[1];
    start.report = report[1];
    /* No copy of our memory is made, and we go on as soon as the runner has started. */
    stack = malloc(START_STACK); /* new each time: what the child left of the last one is not ours to know */
    pid = stack ? clone(become_runner, stack + START_STACK, flags, &start, &pidfd, NULL, NULL) : -1;
    free(stack);
    if (pid < 0) {
        explain_withheld(e, "cannot make the namespaces of a sandbox", errno);
        goto fail;
    }
    close(runner);
    close(control[1]);
    close(records[1]);
    close(report[1]);
    *out = (struct started){.control = control[0], .records = records[0], .pidfd = pidfd, .said = report[0], .pid = pid};
    return true;
fail:
    for (size_t i = 0; i < 7; i++) {
        int fds[] = {runner, control[0], control[1], records[0], records[1], report[0], report[1]};
        if (fds[i] >= 0)
            close(fds[i]);
    }
    return false;
}

/* It is gone in a moment, if it is not yet. */
static bool ended_uncovered(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    siginfo_t info = {0};

    return poll(&p, 1, 500) > 0 &&
           waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_code == CLD_EXITED && info.si_status == RUNNER_UNCOVERED;
}

bool start_explain(const struct started *s, struct err *e)
{
    static const char *const steps[] = {"", "cannot map the user's id into a sandbox",
        "cannot make a network of its own for the sandbox", "cannot keep what the runner needs",
        "cannot hand descriptors to the runner", "cannot start cordon-runner"};
    struct start_failure failure;
    ssize_t n = read(s->said, &failure, sizeof failure);

    if (n == (ssize_t)sizeof failure && failure.step > 0 && failure.step < (int)COUNT_OF(steps))
        return explain_withheld(e, steps[failure.step], failure.code);
    if (ended_uncovered(s->pidfd)) {
        err_set(e, ERR_REFUSED, "everything inside was ended");
        err_reason(e, "what took the place of a protected or secret name outside could not be covered");
        return err_remedy(e, "cordon denied says which; put a real file or folder there");
    }
    return err_set(e, ERR_SYSTEM, "the runner ended, and everything inside with it");
}

/* Runners that have said their last word go in their own time, as the kernel takes their mounts apart; the next one
 * to be closed looks whether they have. */
void start_reap_later(int pidfd)
{
    static int waiting[16];
    static size_t count;
    siginfo_t info;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        info.si_pid = 0;
        if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)waiting[i], &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
            waiting[kept++] = waiting[i];
        else
            close(waiting[i]);
    }
    count = kept;
    if (count < COUNT_OF(waiting))
        waiting[count++] = pidfd;
    else
        close(pidfd);
}

bool start_limited(const struct started *s, const struct op *op, char *cgroup, size_t size, struct err *e)
{
    char path[PATH_BYTES_MAX], pid[32];
    int n;

    if (mkdir(op->path.p, 0755) != 0 && errno != EEXIST)
        goto fail;
    snprintf(cgroup, size, "%s", op->path.p);
    n = snprintf(path, sizeof path, "%s/%s", op->path.p, op->text.p);
    if (n < 0 || (size_t)n >= sizeof path || !sys_write_text(path, op->text2.p))
        goto fail;
    snprintf(path, sizeof path, "%.4000s/cgroup.procs", op->path.p);
    snprintf(pid, sizeof pid, "%ld", (long)s->pid);
    if (sys_write_text(path, pid))
        return true;
fail:
    err_set(e, ERR_SYSTEM, "cannot set a limit");
    err_subject(e, op->path);
    sys_reason(e, errno);
    return false;
}
