/*
 * command: starts one program inside, confined. Runs in the runner; the child, until it execs, runs in the runner's own
 * memory on a stack of its own (or in a copy of it, when it has to wait), and is therefore not dumpable: nothing inside
 * can reach into it.
 */
#include "linux.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include <linux/capability.h>
#include <linux/securebits.h>

extern char **environ;

#define CHILD_STACK   262144 /* execvp makes a path on it, and the filter is built on it */
#define FIRST_FREE_FD 16 /* descriptors are gathered above it before they take their places */

/* What could not be done; below STEP_FILTER: see confining[]. */
enum { STEP_FILTER = 6, STEP_TERMINAL = 20, STEP_DESCRIPTORS, STEP_FOLDER, STEP_EXEC, STEP_WITHHELD };

/* ---- no way back ---- */

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};

    for (int capability = 0; capability < 64; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
            if (errno == EINVAL) /* one past the last that this kernel knows */
                break;
            return false;
        }
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        return false;
    /* uid 0 gains nothing by being 0, now and after exec, and nobody can switch that back on. */
    if (prctl(PR_SET_SECUREBITS,
            SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
            0, 0, 0) != 0)
        return false;
    return syscall(SYS_capset, &header, none) == 0;
}

/* -1 and errno; else the listener when what asks for one, else 0. */
static int load_filter(unsigned what)
{
    struct sock_filter filter[CALLS_FILTER_MAX];
    struct sock_fprog program = {0, filter};
    const unsigned killable = 1u << 5; /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19 */
    unsigned flags = what & CALLS_WATCHED ? SECCOMP_FILTER_FLAG_NEW_LISTENER | killable : 0;
    int listener;

    program.len = (unsigned short)calls_filter(filter, COUNT_OF(filter), geteuid() == 0, what);
    if (program.len == 0) {
        errno = E2BIG;
        return -1;
    }
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener < 0 && errno == EINVAL && flags)
        listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags & ~killable, &program);
    return listener;
}

static bool confine(const struct confinement *c, unsigned what, int *listener, int *failed_step)
{
    /* A core_pattern that is a pipe runs its handler as real root, outside: 1 byte is the size that the
     * kernel treats as "no dump through a pipe"; 0 does not stop a pipe (core(5)). */
    struct rlimit core = {1, 1};

    *failed_step = 1;
    if (setrlimit(RLIMIT_CORE, &core) != 0)
        return false;
    for (size_t i = 0; i < c->rlimit_count; i++) {
        struct rlimit limit = {c->rlimits[i].value, c->rlimits[i].value};
        *failed_step = 2;
        if (setrlimit((__rlimit_resource_t)c->rlimits[i].resource, &limit) != 0)
            return false;
    }
    *failed_step = 3;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    *failed_step = 4;
    if (!drop_capabilities())
        return false;
    *failed_step = 5;
    if (c->landlock >= 0 && syscall(SYS_landlock_restrict_self, c->landlock, 0) != 0)
        return false;
    *failed_step = STEP_FILTER;
    *listener = load_filter(what);
    return *listener >= 0;
}

bool command_confine(const struct confinement *c, unsigned what, int *failed_step)
{
    int none;

    return confine(c, what, &none, failed_step);
}

/* ---- the child ---- */

struct child_report {
    int step, code;
};

static void report_and_exit(int fd, int step)
{
    struct child_report report = {step, errno};
    ssize_t ignored = write(fd, &report, sizeof report);

    (void)ignored;
    _exit(127);
}

static void reset_signals(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int signal_number = 1; signal_number < 65; signal_number++)
        sigaction(signal_number, &plain, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves what becomes 0, 1, 2 and the extra one above FIRST_FREE_FD, then down to its place, so that no
 * source is overwritten before it was used. */
static bool place_descriptors(const struct spawn_request *r, int slave, int *report)
{
    int from[3], extra = -1;

    for (int i = 0; i < 3; i++) {
        if (r->std[i] == STD_TERMINAL)
            from[i] = fcntl(slave, F_DUPFD, FIRST_FREE_FD);
        else if (r->std[i] == STD_HANDLE)
            from[i] = fcntl(r->std_fd[i], F_DUPFD, FIRST_FREE_FD);
        else
            from[i] = open("/dev/null", O_RDWR | O_NOCTTY);
        if (from[i] < 0)
            return false;
        if (from[i] < FIRST_FREE_FD && (from[i] = fcntl(from[i], F_DUPFD, FIRST_FREE_FD)) < 0)
            return false;
    }
    if (r->extra >= 0 && (extra = fcntl(r->extra, F_DUPFD, r->extra_number + 1)) < 0)
        return false;
    if ((*report = fcntl(*report, F_DUPFD_CLOEXEC, r->extra >= 0 ? r->extra_number + 2 : 3)) < 0)
        return false;
    for (int i = 0; i < 3; i++) {
        if (dup2(from[i], i) < 0)
            return false;
    }
    if (extra >= 0 && dup2(extra, r->extra_number) < 0)
        return false;
    /* Everything else that is open, but for the report, goes at exec. */
    if (syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) != 0)
        return false;
    return extra < 0 || fcntl(r->extra_number, F_SETFD, 0) == 0;
}

struct child {
    const struct confinement *confinement;
    const struct spawn_request *request;
    int master, sealed, report;
};

/* execvp says EACCES for a name that it found nowhere when one folder of PATH could not be entered. To a shell that
 * is a program that does not exist. */
static bool is_in_path(const char *name)
{
    const char *at = getenv("PATH");
    char path[PATH_BYTES_MAX];

    if (strchr(name, '/'))
        return true;
    while (at && *at) {
        size_t n = strcspn(at, ":");
        int length = snprintf(path, sizeof path, "%.*s/%s", (int)n, at, name);
        if (length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0)
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

/* Until cordon says so; its end of the pipe closed means no. */
static bool may_go(const struct rehearsal *rehearsal)
{
    ssize_t n;
    char byte;

    if (!rehearsal->in_child(rehearsal->context))
        return false;
    do
        n = read(rehearsal->go, &byte, 1);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

/* The runner takes it from the channel that the report comes on. */
static bool send_listener(int report, int listener)
{
    char byte = 0;

    return sys_send_frames(report, &byte, 1, &listener, 1);
}

/* From the last filter on no watched call is made: nobody answers yet. */
static void confine_or_exit(const struct child *c, int report)
{
    const struct rehearsal *rehearsal = c->request->rehearsal;
    unsigned watched = c->confinement->watched;
    int step, listener;

    if (!confine(c->confinement, rehearsal && watched ? CALLS_FIRST : watched, &listener, &step))
        report_and_exit(report, step);
    if (rehearsal && !may_go(rehearsal))
        report_and_exit(report, STEP_WITHHELD);
    if (rehearsal && watched && (listener = load_filter(watched | CALLS_SECOND)) < 0)
        report_and_exit(report, STEP_FILTER);
    if (watched && !send_listener(report, listener))
        report_and_exit(report, STEP_DESCRIPTORS);
}

/* Runs on a stack of its own in the runner's memory until it execs, as after vfork(2). */
static int child(void *context)
{
    const struct child *c = context;
    const struct spawn_request *r = c->request;
    int slave = -1, report = c->report;

    reset_signals();
    if (setsid() < 0)
        report_and_exit(report, STEP_TERMINAL);
    if (r->terminal) {
        slave = ioctl(c->master, 0x5441 /* TIOCGPTPEER */, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) != 0)
            report_and_exit(report, STEP_TERMINAL);
    }
    if (!place_descriptors(r, slave, &report))
        report_and_exit(c->report, STEP_DESCRIPTORS);
    confine_or_exit(c, report);
    if (chdir(r->cwd) != 0)
        report_and_exit(report, STEP_FOLDER);
    if (c->sealed >= 0)
        syscall(SYS_execveat, c->sealed, "", r->argv, r->env, AT_EMPTY_PATH);
    environ = r->env; /* PATH is searched as the program will see it */
    if (c->sealed < 0)
        execvp(r->argv[0], r->argv);
    if (errno == EACCES && c->sealed < 0)
        errno = is_in_path(r->argv[0]) ? EACCES : ENOENT;
    report_and_exit(report, STEP_EXEC);
    return 127;
}

/* ---- the runner's side ---- */

/* A copy of the program on a tmpfs that is mounted nowhere, mode 0111: a process whose program its owner cannot
 * read is not dumpable (would_dump() in the kernel), so nothing inside reads its memory or takes its descriptors. */
static int seal(const char *program, struct err *e)
{
    const char *slash = strrchr(program, '/'), *name = slash && slash[1] ? slash + 1 : program; /* what ps calls it */
    char buffer[65536];
    int from = open(program, O_RDONLY | O_CLOEXEC), context = -1, tree = -1, to = -1, sealed = -1;
    ssize_t n = -1;

    if (from < 0)
        goto out;
    context = (int)syscall(SYS_fsopen, "tmpfs", 1);
    if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
        goto out;
    tree = (int)syscall(SYS_fsmount, context, 1, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (tree < 0 || (to = openat(tree, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700)) < 0)
        goto out;
    while ((n = read(from, buffer, sizeof buffer)) > 0) {
        if (write(to, buffer, (size_t)n) != n)
            goto out;
    }
    if (n == 0 && fchmod(to, 0111) == 0)
        sealed = openat(tree, name, O_PATH | O_CLOEXEC);
out:
    if (sealed < 0) {
        err_set(e, ERR_SYSTEM, "cannot make a private copy of the command shell");
        err_subject(e, str_from(program));
        sys_reason(e, errno);
    }
    for (size_t i = 0; i < 4; i++) {
        int fds[] = {from, context, tree, to};
        if (fds[i] >= 0)
            close(fds[i]);
    }
    return sealed;
}

static int open_terminal(uint16_t rows, uint16_t columns, struct err *e)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    struct termios mode;
    int unlock = 0, master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0) {
        if (tcgetattr(master, &mode) == 0) {
            mode.c_iflag |= IUTF8;
            tcsetattr(master, TCSANOW, &mode);
        }
        if (rows && columns)
            ioctl(master, TIOCSWINSZ, &size);
        return master;
    }
    err_set(e, ERR_SYSTEM, "cannot make a terminal inside");
    sys_reason(e, errno);
    if (master >= 0)
        close(master);
    return -1;
}

static int take_terminal(const struct spawn_request *r, struct err *e)
{
    int master;

    if (!r->handed)
        return open_terminal(r->rows, r->columns, e);
    master = fcntl(r->terminal_fd, F_DUPFD_CLOEXEC, 3);
    if (master < 0) {
        err_set(e, ERR_SYSTEM, "cannot take the terminal over");
        sys_reason(e, errno);
    }
    return master;
}

static void explain(const struct spawn_request *r, const struct child_report *report, struct err *e)
{
    static const char *const confining[] = {"", "the core limit", "a limit", "no new privileges",
        "dropping capabilities", "Landlock", "the system call filter"};

    if (report->step == STEP_EXEC) {
        err_set(e, report->code == ENOENT ? ERR_MISSING : ERR_REFUSED, "cannot start the program");
        err_subject(e, str_from(r->argv[0]));
    } else if (report->step == STEP_FOLDER) {
        err_set(e, ERR_SYSTEM, "cannot enter the folder to start in");
        err_subject(e, str_from(r->cwd));
    } else if (report->step == STEP_WITHHELD) {
        err_set(e, ERR_REFUSED, "the program was not let go");
    } else if (report->step > 0 && report->step < (int)COUNT_OF(confining)) {
        err_set(e, ERR_UNSUPPORTED, "cannot confine the program (%s)", confining[report->step]);
    } else {
        err_set(e, ERR_SYSTEM, "cannot give the program its %s",
            report->step == STEP_TERMINAL ? "terminal" : "descriptors");
    }
    sys_reason(e, report->code);
    if (report->step == STEP_FILTER && report->code == EBUSY)
        err_remedy(e, "a container manager watches system calls here, and the kernel lets only one watch: start the container "
                      "without that, or Cordon outside of it");
}

/* Until it execs or ends: 0, or what it complained of. The listener comes first, in a packet of one byte. */
static ssize_t hear(int from, struct child_report *report, int *listener)
{
    int fds[RUNNER_FDS_MAX];
    size_t got;
    ssize_t n;

    for (;;) {
        got = 0;
        n = sys_receive(from, report, sizeof *report, fds, &got, true);
        if (n < 0 && errno == EINTR)
            continue;
        if (got > 0 && *listener < 0)
            *listener = fds[0];
        if (n != 1)
            return n;
    }
}

bool command_spawn(const struct confinement *c, const struct spawn_request *r, struct spawned *out,
    struct err *e)
{
    static _Alignas(16) char stack[CHILD_STACK];
    struct child_report report;
    struct child start;
    int ends[2] = {-1, -1}, master = -1, sealed = -1;
    char **own_environment = environ;
    int listener = -1;
    ssize_t n;
    pid_t pid;

    if (r->terminal && (master = take_terminal(r, e)) < 0)
        return false;
    if (r->sealed && (sealed = seal(r->argv[0], e)) < 0)
        goto fail;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        err_set(e, ERR_SYSTEM, "cannot start a process inside");
        sys_reason(e, errno);
        goto fail;
    }
    start = (struct child){c, r, master, sealed, ends[1]};
    pid = clone(child, stack + sizeof stack, r->rehearsal ? SIGCHLD : CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
    environ = own_environment;
    if (pid < 0) {
        err_set(e, ERR_SYSTEM, "cannot start a process inside");
        sys_reason(e, errno);
        goto fail;
    }
    close(ends[1]);
    ends[1] = -1;
    if (r->rehearsal && !r->rehearsal->in_runner(r->rehearsal->context, e)) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        goto fail;
    }
    n = hear(ends[0], &report, &listener);
    if (n == 0 && c->watched && listener < 0) { /* cannot be: a program that nobody answers would hang */
        kill(pid, SIGKILL);
        n = -1;
    }
    if (n != 0) {
        waitpid(pid, NULL, 0);
        if (n != (ssize_t)sizeof report)
            report = (struct child_report){STEP_EXEC, EIO};
        explain(r, &report, e);
        goto fail;
    }
    close(ends[0]);
    if (sealed >= 0)
        close(sealed);
    *out = (struct spawned){pid, master, listener};
    return true;
fail:
    for (size_t i = 0; i < 5; i++) {
        int fds[] = {ends[0], ends[1], master, sealed, listener};
        if (fds[i] >= 0)
            close(fds[i]);
    }
    return false;
}

/* "NR FD ..." in /proc/PID/syscall. */
bool command_reads_terminal(pid_t pid)
{
    char path[64], text[160], target[64];
    char *end;
    long number, fd;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%ld/syscall", (long)pid);
    if (sys_read_small(path, text, sizeof text) == 0)
        return false;
    number = strtol(text, &end, 10);
    if (end == text || number != SYS_read)
        return false;
    fd = strtol(end, NULL, 16);
    snprintf(path, sizeof path, "/proc/%ld/fd/%ld", (long)pid, fd);
    n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    return strncmp(target, "/dev/pts/", 9) == 0 || strcmp(target, "/dev/tty") == 0;
}

/* proc_pid_status(5): the mask of ignored signals, in hex. */
bool command_is_deaf(pid_t pid)
{
    static const char name[] = "\nSigIgn:";
    char path[64], text[4096];
    const char *at;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    sys_read_small(path, text, sizeof text);
    at = strstr(text, name);
    return at && strtoull(at + sizeof name - 1, NULL, 16) >> (SIGINT - 1) & 1;
}
