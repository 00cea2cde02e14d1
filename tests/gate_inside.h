/*
 * gate_inside: a small sandbox for the tests of the gate: pid 1 of its own namespaces, with a gate, which runs functions in
 * processes whose connect, socket and socketpair the gate answers.
 */
#ifndef CORDON_GATE_INSIDE_H
#define CORDON_GATE_INSIDE_H

#include "../sandbox/observe/observe.h"
#include "check.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

struct inside {
    struct watch watch;
    struct recorder recorder;
    int records;
    struct gate *gate;
};

struct serving {
    struct inside *inside;
    int listener;
};

static inline void serve_one(struct serving *s, const struct seccomp_notif *call)
{
    struct seccomp_notif_resp go_on = {.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    unsigned char address[128] = {0};
    struct iovec to = {address, sizeof address}, from = {(void *)(uintptr_t)call->data.args[1], 0};

    if (call->data.nr == SYS_connect) {
        from.iov_len = call->data.args[2] < sizeof address ? (size_t)call->data.args[2] : sizeof address;
        process_vm_readv((pid_t)call->pid, &to, 1, &from, 1, 0);
        gate_connect(s->inside->gate, s->listener, call, address, (size_t)call->data.args[2]);
        return;
    }
    go_on.error = -(int)gate_datagrams(&s->inside->watch, call);
    if (go_on.error)
        go_on.flags = 0;
    ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on);
}

/* What the observer keeps, and with it the gate's threads, which its threads begin. */
static inline void keep_few_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{0}};

    sets[0].effective = sets[0].permitted = 1u << CAP_SYS_PTRACE | 1u << CAP_NET_ADMIN;
    syscall(SYS_capset, &head, sets);
}

static inline void *serve(void *context)
{
    struct serving *s = context;

    keep_few_capabilities();
    for (;;) {
        struct pollfd p = {.fd = s->listener, .events = POLLIN};
        struct seccomp_notif call = {0};
        if (poll(&p, 1, -1) < 0 || (p.revents & POLLHUP))
            break;
        if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0)
            serve_one(s, &call);
    }
    close(s->listener);
    free(s);
    return NULL;
}

#define NOTIFY(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

static inline int install_filter(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        NOTIFY(SYS_connect),
        NOTIFY(SYS_socket),
        NOTIFY(SYS_socketpair),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {COUNT_OF(code), code};
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    syscall(SYS_capset, &head, none);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_NEW_LISTENER | (1u << 5) /* WAIT_KILLABLE_RECV, Linux 5.19 */, &program);
}

/* A function in a process of its own, which goes on when its listener is served. */
static inline pid_t inside_start(struct inside *in, int (*run)(struct inside *))
{
    int number[2], go[2], fd = -1;
    char byte = 0;
    pid_t pid;

    fflush(stdout);
    if (pipe(number) != 0 || pipe(go) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        fd = install_filter();
        if (write(number[1], &fd, sizeof fd) != (ssize_t)sizeof fd || read(go[0], &byte, 1) != 1)
            _exit(250);
        close(fd);
        _exit(run(in));
    }
    if (read(number[0], &fd, sizeof fd) == (ssize_t)sizeof fd && fd >= 0) {
        struct serving *s = malloc(sizeof *s);
        pthread_t thread;
        int process = (int)syscall(SYS_pidfd_open, pid, 0);
        *s = (struct serving){in, (int)syscall(SYS_pidfd_getfd, process, fd, 0)};
        close(process);
        pthread_create(&thread, NULL, serve, s);
        pthread_detach(thread);
        if (write(go[1], &byte, 1) != 1)
            kill(pid, SIGKILL);
    }
    for (int i = 0; i < 2; i++) {
        close(number[i]);
        close(go[i]);
    }
    return pid;
}

static inline void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

/* Its exit status; 255 when it had to be killed, or was. */
static inline int inside_wait(pid_t pid, int seconds)
{
    int status = 0;

    for (int i = 0; i < seconds * 100; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
        pause_ms(10);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return 255;
}

static inline int inside_run(struct inside *in, int (*run)(struct inside *))
{
    return inside_wait(inside_start(in, run), 20);
}

/* Was this refused, as the last record says? Takes all that are there. */
static inline bool inside_recorded(struct inside *in, const char *path, long code)
{
    char bytes[DENIAL_BYTES_MAX];
    bool found = false;
    ssize_t n;

    while ((n = recv(in->records, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        struct frame f;
        struct denial d;
        struct err e = {0};
        size_t used;
        uint64_t lost;
        if (frame_take((struct str){bytes, (size_t)n}, &f, &used, &e) == 1 && denial_get(&f, &d, &lost))
            found = found || (str_is(d.path, path) && d.code == code && d.operation == OPERATION_CONNECT && d.pid > 1 &&
                                 d.program.n > 0);
    }
    return found;
}

static inline bool write_map(const char *path, unsigned number)
{
    char text[64];

    snprintf(text, sizeof text, "%u %u 1", number, number);
    return sys_write_text(path, text);
}

/* As the runner is: our own number in a user namespace of our own, and with it the other namespaces. */
static inline bool inside_enter(bool own_network)
{
    unsigned uid = getuid(), gid = getgid();

    if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | (own_network ? CLONE_NEWNET : 0)) != 0)
        return false;
    return sys_write_text("/proc/self/setgroups", "deny") && write_map("/proc/self/uid_map", uid) &&
           write_map("/proc/self/gid_map", gid);
}

/* As on a kernel that has no table of sockets. */
static inline bool inside_without_table(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {COUNT_OF(code), code};

    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static inline bool inside_prepare(struct inside *in, bool own_network)
{
    struct rlimit few = {256, 256}; /* so the gate has 64 rows, and 48 for one process */
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int ends[2], fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("proc", "/proc", "proc", 0, NULL) != 0)
        return false;
    if (own_network && ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
        return false;
    close(fd);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* As every session has it. */
    if (mount("none", "/proc/1", "tmpfs", MS_RDONLY, "mode=000") != 0)
        return false;
    in->records = ends[0];
    in->recorder.fd = ends[1];
    in->watch = (struct watch){.own_network = own_network, .recorder = &in->recorder};
    setrlimit(RLIMIT_NOFILE, &few);
    in->gate = gate_new(&in->watch);
    return in->gate != NULL;
}

/* ---- for what runs inside ---- */

static char folder[128]; /* the workspace */

/* In a program inside: what did not hold, for a person; the status says that something did not. */
#define NEED(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            dprintf(2, "inside, line %d: %s (errno %d)\n", __LINE__, #condition, errno);                               \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

static inline struct sockaddr_un un_path(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path, sizeof at.sun_path, "%.107s", path);
    return at;
}

static inline struct sockaddr_un in_folder(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return un_path(path);
}

static inline int listen_at(struct sockaddr_un at, int type, int backlog)
{
    int fd = socket(AF_UNIX, type, 0);

    unlink(at.sun_path);
    return bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, backlog) == 0 ? fd : -1;
}

static inline long connect_at(int fd, struct sockaddr_un at)
{
    return connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? 0 : errno;
}

static inline struct sockaddr_un abstract(const char *name, socklen_t *size)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s", name);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    return at;
}

static inline int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

#endif
