/*
 * attack_processes: reaching into another process, and a process that will not die. The driver
 * gives the pid of one that it started for this, or 1 and the parent inside.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attack.h"

/* A number, or "parent": who started the helper. In a batch that is not the parent of the one
 * attack. */
static pid_t target(const char *word)
{
    const char *starter = getenv(ATTACK_STARTER);
    if (strcmp(word, "parent") == 0)
        return starter ? (pid_t)number(starter) : getppid();
    return strcmp(word, "self") == 0 ? getpid() : (pid_t)number(word);
}

static struct outcome pr_signal(char **a) /* PID NUMBER */
{
    return outcome_of(kill(target(a[0]), (int)number(a[1])));
}

static struct outcome pr_pidfd_signal(char **a)
{
    int fd = (int)syscall(SYS_pidfd_open, target(a[0]), 0);
    if (fd < 0)
        return outcome_errno(errno);
    return outcome_of(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
}

static struct outcome pr_trace(char **a) /* seize does not stop it; our end lets it go */
{
    return outcome_of(ptrace(PTRACE_SEIZE, target(a[0]), 0, 0));
}

static struct outcome pr_memory(char **a)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)target(a[0]));
    int fd = open(path, O_RDWR);
    if (fd < 0)
        return outcome_errno(errno);
    char byte;
    errno = 0;
    /* Nothing is mapped at 16: EIO when the memory could have been read, EPERM or 0 when not. */
    long n = pread(fd, &byte, 1, 16);
    int code = errno;
    close(fd);
    return n < 0 && code == EIO ? outcome_done()
           : n < 0              ? outcome_errno(code)
                                : (struct outcome){ANSWER_DENIED, 0};
}

/* EFAULT, as nothing is mapped there, says that it was allowed. */
static struct outcome vm_outcome(long n)
{
    return n < 0 && errno != EFAULT ? outcome_errno(errno) : outcome_done();
}

static struct outcome pr_vm_read(char **a)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)16, 1};
    return vm_outcome(process_vm_readv(target(a[0]), &here, 1, &there, 1, 0));
}

static struct outcome pr_vm_write(char **a)
{
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {(void *)16, 1};
    return vm_outcome(process_vm_writev(target(a[0]), &here, 1, &there, 1, 0));
}

static struct outcome pr_getfd(char **a)
{
    int fd = (int)syscall(SYS_pidfd_open, target(a[0]), 0);
    if (fd < 0)
        return outcome_errno(errno);
    for (int n = 0; n < 16; n++)
        if (syscall(SYS_pidfd_getfd, fd, n, 0) >= 0)
            return outcome_done();
    return errno == EBADF ? outcome_done() : outcome_errno(errno);
}

static struct outcome pr_nice(char **a)
{
    return outcome_of(setpriority(PRIO_PROCESS, (id_t)target(a[0]), 11));
}

static struct outcome pr_limit(char **a)
{
    struct rlimit limit;
    return outcome_of(prlimit(target(a[0]), RLIMIT_CORE, NULL, &limit));
}

static struct outcome pr_affinity(char **a)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    return outcome_of(sched_setaffinity(target(a[0]), sizeof set, &set));
}

static struct outcome pr_scheduler(char **a)
{
    struct sched_param none = {0};
    return outcome_of(sched_setscheduler(target(a[0]), SCHED_BATCH, &none));
}

static struct outcome pr_io_priority(char **a)
{
    return outcome_of(syscall(SYS_ioprio_set, 1, target(a[0]), (2 << 13) | 7));
}

static struct outcome pr_compare(char **a)
{
    return outcome_of(syscall(SYS_kcmp, getpid(), target(a[0]), 2, 0, 0));
}

static struct outcome pr_entry(char **a, const char *name, int flags)
{
    char path[96], room[4096];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)target(a[0]), name);
    int fd = open(path, flags);
    if (fd < 0)
        return outcome_errno(errno);
    struct stat st;
    struct outcome o = outcome_done();
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (flags & O_ACCMODE) == O_RDONLY)
        o = read(fd, room, sizeof room) > 0 ? outcome_done() : (struct outcome){ANSWER_DENIED, 0};
    close(fd);
    return o;
}

static struct outcome pr_environment(char **a)
{
    return pr_entry(a, "environ", O_RDONLY);
}

static struct outcome pr_maps(char **a)
{
    return pr_entry(a, "maps", O_RDONLY);
}

static struct outcome pr_root(char **a)
{
    return pr_entry(a, "root", O_PATH | O_DIRECTORY);
}

static struct outcome pr_cwd(char **a)
{
    return pr_entry(a, "cwd", O_PATH | O_DIRECTORY);
}

static struct outcome pr_descriptors(char **a)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)target(a[0]));
    DIR *dir = opendir(path);
    if (!dir)
        return outcome_errno(errno);
    struct outcome o = outcome_cannot();
    /* Root may list the numbers; where they lead is what counts. */
    for (struct dirent *d; (d = readdir(dir)) && o.answer != ANSWER_DONE;) {
        char to[16];
        if (*d->d_name != '.')
            o = outcome_of(readlinkat(dirfd(dir), d->d_name, to, sizeof to));
    }
    closedir(dir);
    return o;
}

static struct outcome pr_oom(char **a) /* the value that it has, written again */
{
    char path[64], value[16] = {0};
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)target(a[0]));
    int fd = open(path, O_RDWR);
    if (fd < 0)
        return outcome_errno(errno);
    long n = read(fd, value, sizeof value - 1);
    struct outcome o = n > 0 ? outcome_of(pwrite(fd, value, (size_t)n, 0)) : outcome_cannot();
    close(fd);
    return o;
}

/* Is a process with this word among its arguments to be seen at all? Ourselves and our kin do not
 * count: the word is given in two halves. */
static struct outcome pr_find(char **a)
{
    char wanted[256], path[64], line[4096];
    snprintf(wanted, sizeof wanted, "%s%s", a[0], a[1]);
    DIR *dir = opendir("/proc");
    struct outcome o = {ANSWER_MISSING, 0};
    if (!dir)
        return outcome_cannot();
    for (struct dirent *d; (d = readdir(dir));) {
        snprintf(path, sizeof path, "/proc/%.20s/cmdline", d->d_name);
        int fd = number(d->d_name) > 0 ? open(path, O_RDONLY) : -1;
        long n = fd >= 0 ? read(fd, line, sizeof line) : 0;
        if (n > 0 && memmem(line, (size_t)n, wanted, strlen(wanted)))
            o = outcome_done();
        if (fd >= 0)
            close(fd);
    }
    closedir(dir);
    return o;
}

/* A daemon that outlives everything that can be outlived: MARKER is in its arguments for the driver
 * to find. HOW: plain, group, session, daemon (twice forked), stopped. */
static struct outcome pr_linger(char **a)
{
    const char *how = a[1];
    pid_t child = fork();
    if (child != 0) {
        usleep(100000); /* until it stands */
        return outcome_of(child);
    }
    if (strcmp(how, "group") == 0)
        setpgid(0, 0);
    if (strcmp(how, "session") == 0 || strcmp(how, "daemon") == 0)
        setsid();
    if (strcmp(how, "daemon") == 0 && fork() != 0)
        _exit(0);
    static const int deaf[] = {
        SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGTTOU, SIGTTIN};
    for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++)
        signal(deaf[i], SIG_IGN);
    alarm(30); /* so that a failed test leaves nothing for long */
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    if (strcmp(how, "stopped") == 0)
        raise(SIGSTOP);
    for (;;)
        pause();
}

/* N families that fork on and on, each pid gone before it is old: races whoever ends the tree.
 * Every family ends by itself after some seconds, should nobody end it. */
static struct outcome pr_fork_storm(char **a)
{
    for (long i = number(a[1]); i > 0; i--)
        if (fork() == 0) {
            setsid();
            for (int generation = 0; generation < 2000; generation++) {
                if (fork() != 0)
                    _exit(0);
                usleep(4000);
            }
            _exit(0);
        }
    usleep(100000);
    return outcome_done();
}

const struct verb verbs_processes[] = {
    {"signal", 2, pr_signal},
    {"pidfd-signal", 1, pr_pidfd_signal},
    {"trace", 1, pr_trace},
    {"memory", 1, pr_memory},
    {"vm-read", 1, pr_vm_read},
    {"vm-write", 1, pr_vm_write},
    {"getfd", 1, pr_getfd},
    {"nice", 1, pr_nice},
    {"limit", 1, pr_limit},
    {"affinity", 1, pr_affinity},
    {"scheduler", 1, pr_scheduler},
    {"io-priority", 1, pr_io_priority},
    {"compare", 1, pr_compare},
    {"environment", 1, pr_environment},
    {"maps", 1, pr_maps},
    {"root-of", 1, pr_root},
    {"cwd-of", 1, pr_cwd},
    {"descriptors-of", 1, pr_descriptors},
    {"oom", 1, pr_oom},
    {"find-process", 2, pr_find},
    {"linger", 2, pr_linger},
    {"fork-storm", 2, pr_fork_storm},
    {NULL, 0, NULL},
};
