/*
 * attack_kernel: parts of the kernel that an untrusted tree has no use for, entries that go round a
 * filter, and privileges. Where a call could change the machine its arguments are such that the
 * kernel itself refuses them with another error than a filter would (outcome_reached).
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "attack.h"

static struct outcome k_io_uring(char **a)
{
    char params[256] = {0};
    (void)a;
    return outcome_of(syscall(SYS_io_uring_setup, 1, params));
}

static struct outcome k_io_uring_register(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_io_uring_register, -1, 0, NULL, 0)); /* EBADF, EINVAL */
}

static struct outcome k_bpf(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_bpf, 0, NULL, 1u << 20)); /* E2BIG */
}

static struct outcome k_perf(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)); /* EFAULT */
}

static struct outcome k_userfaultfd(char **a)
{
    (void)a;
    return outcome_of(syscall(SYS_userfaultfd, 1 /* user mode only */));
}

static struct outcome k_handle(char **a)
{
    (void)a;
    return outcome_reached(
        syscall(SYS_open_by_handle_at, -1, NULL, 0)); /* EFAULT, EBADF; EPERM for a user */
}

static struct outcome k_reboot(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_reboot, 0, 0, 0, NULL)); /* wrong magic: EINVAL */
}

static struct outcome k_kexec(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_kexec_load, 0, 1, NULL, ~0ul)); /* bad flags: EINVAL */
}

static struct outcome k_swapon(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_swapon, NULL, ~0)); /* EINVAL */
}

static struct outcome k_swapoff(char **a)
{
    return outcome_reached(syscall(SYS_swapoff, a[0])); /* a file that is no swap space: EINVAL */
}

static struct outcome k_acct(char **a)
{
    return outcome_reached(
        syscall(SYS_acct, a[0])); /* a folder: EISDIR, EACCES after the capability */
}

static struct outcome k_quotactl(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_quotactl, 0x800003 << 8, "/nonexistent", 0, NULL));
}

static struct outcome k_clock_settime(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_clock_settime, CLOCK_REALTIME, NULL)); /* EFAULT */
}

static struct outcome k_settimeofday(char **a)
{
    struct timeval never = {0, -1};
    (void)a;
    return outcome_reached(syscall(SYS_settimeofday, &never, NULL)); /* EINVAL */
}

static struct outcome k_clock_adjtime(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_clock_adjtime, CLOCK_REALTIME, NULL)); /* EFAULT */
}

static struct outcome k_sethostname(char **a) /* to the name it has */
{
    char name[256] = {0};
    (void)a;
    if (gethostname(name, sizeof name - 1) < 0)
        return outcome_cannot();
    return outcome_of(sethostname(name, strlen(name)));
}

static struct outcome k_init_module(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_init_module, NULL, 0, "")); /* ENOEXEC, EFAULT */
}

static struct outcome k_finit_module(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_finit_module, -1, "", 0)); /* EBADF */
}

static struct outcome k_delete_module(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_delete_module, NULL, 0)); /* EFAULT */
}

static struct outcome k_ports(char **a)
{
    (void)a;
#if defined SYS_iopl
    return outcome_of(syscall(SYS_iopl, 3));
#else
    return outcome_cannot();
#endif
}

static struct outcome k_log(char **a) /* read the kernel's log */
{
    char text[64];
    (void)a;
    return outcome_of(syscall(SYS_syslog, 3, text, sizeof text));
}

static struct outcome k_fanotify(char **a)
{
    (void)a;
    return outcome_of(syscall(SYS_fanotify_init, 0 /* needs the capability */, O_RDONLY));
}

static struct outcome k_compat(char **a) /* the 32-bit entry: getpid by number 20 */
{
    (void)a;
#if defined __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    if (result >= 0)
        return outcome_done();
    return outcome_errno((int)-result);
#else
    return outcome_cannot();
#endif
}

/* The same for a call that the filter judges by number: 32-bit keyctl (288) or mount (21). */
static struct outcome k_compat_call(char **a)
{
#if defined __x86_64__
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number(a[0])), "b"(0L), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
                     : "memory", "r8", "r9", "r10", "r11");
    errno = (int)-result;
    return outcome_reached(result >= 0 ? 0 : -1);
#else
    (void)a;
    return outcome_cannot();
#endif
}

static struct outcome k_x32(char **a)
{
    (void)a;
#if defined __x86_64__
    return outcome_of(syscall(0x40000000L | SYS_getpid));
#else
    return outcome_cannot();
#endif
}

/* ---- privileges ---- */

static struct outcome p_root(char **a)
{
    (void)a;
    return outcome_of(setresuid(0, 0, 0));
}

static struct outcome p_other_user(char **a) /* become somebody else */
{
    uid_t other = (uid_t)number(a[0]);
    return outcome_of(setresuid(other, other, other));
}

static struct outcome p_groups(char **a)
{
    gid_t none[1] = {0};
    (void)a;
    return outcome_of(setgroups(0, none));
}

static struct outcome p_own_other_file(char **a) /* give a file of one's own away */
{
    return outcome_of(chown(a[0], (uid_t)number(a[1]), (gid_t)-1));
}

static struct outcome p_raise(char **a) /* take every capability that can be taken */
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, ~0u, 0}, {0, 0xff, 0}};
    (void)a;
    if (syscall(SYS_capget, &header, data) < 0)
        return outcome_cannot();
    data[0].permitted |= 1u << CAP_CHOWN;
    data[0].effective |= 1u << CAP_CHOWN;
    return outcome_of(syscall(SYS_capset, &header, data));
}

/* A field of /proc/self/status, in hexadecimal or decimal; -1 when it is not there. */
static long long status_field(const char *pid, const char *name, int base)
{
    char path[64], line[256];
    long long value = -1;
    size_t n = strlen(name);
    snprintf(path, sizeof path, "/proc/%s/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, n) == 0 && line[n] == ':')
            value = strtoll(line + n + 1, NULL, base);
    if (file)
        fclose(file);
    return value;
}

/* Has a grandchild anything that it should not have? FIELD BASE WANTED: done when it differs from
 * WANTED. */
static struct outcome p_status(char **a)
{
    pid_t child = fork();
    if (child == 0) {
        long long got = status_field("self", a[0], (int)number(a[1]));
        _exit(got < 0 ? 3 : got != number(a[2]) ? 1 : 0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ||
        WEXITSTATUS(status) == 3)
        return outcome_cannot();
    return WEXITSTATUS(status) ? outcome_done() : (struct outcome){ANSWER_DENIED, 0};
}

static struct outcome p_supplementary(
    char **a) /* is any supplementary group held besides our own? */
{
    gid_t groups[256];
    int n = getgroups(256, groups);
    (void)a;
    for (int i = 0; i < n; i++)
        if (groups[i] != getgid())
            return outcome_done();
    return (struct outcome){ANSWER_DENIED, 0};
}

/*
 * Does a set-uid program gain? PROG ARG: started with its output into a full pipe, so that it
 * blocks while we look at its effective user from outside.
 */
static struct outcome p_setuid_program(char **a)
{
    int ends[2];
    char fill[4096] = {0}, pid[24];
    if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0)
        return outcome_cannot();
    while (write(ends[1], fill, sizeof fill) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        execv(a[0], a);
        _exit(127);
    }
    snprintf(pid, sizeof pid, "%d", (int)child);
    struct outcome o = {ANSWER_DENIED, 0};
    for (int i = 0; i < 40 && child > 0; i++) {
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%s/status", pid);
        FILE *file = fopen(path, "r");
        unsigned real = 1, effective = 1;
        while (file && fgets(line, sizeof line, file))
            if (sscanf(line, "Uid: %u %u", &real, &effective) == 2 && effective == 0)
                o = outcome_done();
        if (file)
            fclose(file);
        usleep(5000);
    }
    if (child > 0) {
        close(ends[0]);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return o;
}

static struct outcome p_core_limit(char **a) /* may a core be dumped into a pipe handler? */
{
    struct rlimit limit;
    (void)a;
    if (getrlimit(RLIMIT_CORE, &limit) < 0)
        return outcome_cannot();
    return limit.rlim_cur == 1 ? (struct outcome){ANSWER_DENIED, 0} : outcome_done();
}

const struct verb verbs_kernel[] = {
    {"io-uring", 0, k_io_uring},
    {"io-uring-register", 0, k_io_uring_register},
    {"bpf", 0, k_bpf},
    {"perf", 0, k_perf},
    {"userfaultfd", 0, k_userfaultfd},
    {"handle-reached", 0, k_handle},
    {"reboot", 0, k_reboot},
    {"kexec", 0, k_kexec},
    {"swapon", 0, k_swapon},
    {"swapoff", 1, k_swapoff},
    {"acct", 1, k_acct},
    {"quotactl", 0, k_quotactl},
    {"clock-settime", 0, k_clock_settime},
    {"settimeofday", 0, k_settimeofday},
    {"clock-adjtime", 0, k_clock_adjtime},
    {"sethostname", 0, k_sethostname},
    {"init-module", 0, k_init_module},
    {"finit-module", 0, k_finit_module},
    {"delete-module", 0, k_delete_module},
    {"ports", 0, k_ports},
    {"kernel-log", 0, k_log},
    {"fanotify", 0, k_fanotify},
    {"compat", 0, k_compat},
    {"compat-call", 1, k_compat_call},
    {"x32", 0, k_x32},
    {"become-root", 0, p_root},
    {"become", 1, p_other_user},
    {"drop-groups", 0, p_groups},
    {"give-away", 2, p_own_other_file},
    {"raise", 0, p_raise},
    {"status", 3, p_status},
    {"groups-held", 0, p_supplementary},
    {"setuid-program", 1, p_setuid_program},
    {"core-limit", 0, p_core_limit},
    {NULL, 0, NULL},
};
