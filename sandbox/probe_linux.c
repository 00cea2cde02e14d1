/*
 * probe: one attempt at what a promise forbids, made here and now, changing nothing that stays.
 *
 * The same code runs outside as the control and inside, in a grandchild, as the attempt: so a refusal
 * inside means something only beside the success outside.
 */
#include "linux.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define CONNECT_MS 300 /* loopback answers at once or not at all */

static enum probe_answer from_errno(long code)
{
    switch (code) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTUNREACH:
    case ECONNREFUSED:
    case ETIMEDOUT:
    case ENOSYS:
    case EAFNOSUPPORT:
    case ESRCH:
        return ANSWER_DENIED;
    case ENOENT:
    case ENOTDIR:
        return ANSWER_MISSING;
    default:
        return ANSWER_FAILED;
    }
}

static enum probe_answer answer(bool done, long *code)
{
    *code = done ? 0 : errno;
    return done ? ANSWER_DONE : from_errno(*code);
}

/* Of a file: opened for writing, not written. Of a folder: a file without a name in it, or, where the file
 * system has no such thing, a file with a name that is removed at once. */
static bool try_write(const char *path)
{
    struct stat st;
    char name[PATH_BYTES_MAX];
    int fd, saved;

    if (stat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode)) {
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } else {
        fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOSYS)) {
            int n = snprintf(name, sizeof name, "%s/.cordon-probe-%ld", path, (long)getpid());
            if (n < 0 || (size_t)n >= sizeof name) {
                errno = ENAMETOOLONG;
                return false;
            }
            fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
            saved = errno;
            if (fd >= 0)
                unlink(name);
            errno = saved;
        }
    }
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static bool try_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static bool connect_soon(int fd, const struct sockaddr *address, socklen_t size)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int problem = 0;
    socklen_t n = sizeof problem;

    if (connect(fd, address, size) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    if (poll(&p, 1, CONNECT_MS) != 1) {
        errno = ETIMEDOUT;
        return false;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &n) != 0)
        return false;
    errno = problem;
    return problem == 0;
}

static bool try_connect(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), saved;
    bool done;

    if (fd < 0)
        return false;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    done = connect_soon(fd, (const struct sockaddr *)&to, sizeof to);
    saved = errno;
    close(fd);
    errno = saved;
    return done;
}

static int listen_on_loopback(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0 ||
                       getsockname(fd, (struct sockaddr *)&at, &n) != 0)) {
        close(fd);
        return -1;
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static bool try_loopback(void)
{
    uint16_t port = 0;
    int fd = listen_on_loopback(&port);
    bool done = fd >= 0 && try_connect(port);

    if (fd >= 0)
        close(fd);
    return done;
}

static socklen_t abstract_address(struct sockaddr_un *out, const char *name)
{
    size_t n = strlen(name);

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n > sizeof out->sun_path - 1)
        n = sizeof out->sun_path - 1;
    memcpy(out->sun_path + 1, name, n);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

static bool try_abstract(const char *name)
{
    struct sockaddr_un to;
    socklen_t size = abstract_address(&to, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), saved;
    bool done;

    if (fd < 0)
        return false;
    done = connect_soon(fd, (const struct sockaddr *)&to, size);
    saved = errno;
    close(fd);
    errno = saved;
    return done;
}

/* Types a character into a terminal of its own that nobody watches. */
static bool try_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1, unlock = 0, saved;
    char key = 'x';
    bool done = false;

    if (master >= 0 && ioctl(master, 0x40045431 /* TIOCSPTLCK */, &unlock) == 0 &&
        (slave = ioctl(master, 0x5441 /* TIOCGPTPEER */, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0) {
        setsid();
        signal(SIGHUP, SIG_IGN); /* closing the terminal hangs its session up: us */
        ioctl(slave, 0x540E /* TIOCSCTTY */, 0);
        done = ioctl(slave, 0x5412 /* TIOCSTI */, &key) == 0;
    }
    saved = errno;
    if (slave >= 0)
        close(slave);
    if (master >= 0)
        close(master);
    errno = saved;
    return done;
}

/* Any of: a capability left, a user namespace made, privileges gained by exec still possible. */
static bool try_privilege(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct have[2] = {{0}};

    if (syscall(SYS_capget, &header, have) != 0)
        return false;
    if (have[0].effective || have[1].effective || have[0].permitted || have[1].permitted)
        return true;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return true;
    return unshare(CLONE_NEWUSER) == 0;
}

enum probe_answer probe_attempt(enum probe_kind kind, const char *path, uint64_t number, long *code)
{
    errno = 0;
    switch (kind) {
    case PROBE_WRITE:
        return answer(try_write(path), code);
    case PROBE_READ:
        return answer(try_read(path), code);
    case PROBE_CONNECT:
        return answer(try_connect((uint16_t)number), code);
    case PROBE_LOOPBACK:
        return answer(try_loopback(), code);
    case PROBE_ABSTRACT:
        return answer(try_abstract(path), code);
    case PROBE_SIGNAL:
        return answer(kill((pid_t)number, 0) == 0, code);
    case PROBE_PROCESS:
        return answer(try_read(path), code);
    case PROBE_TERMINAL:
        return answer(try_terminal(), code);
    case PROBE_PRIVILEGE:
        return answer(try_privilege(), code);
    default: /* of Windows alone */
        break;
    }
    *code = ENOSYS;
    return ANSWER_UNKNOWN;
}

/* ---- the control: the same attempt outside, in a child so that it cannot change us ---- */

static enum probe_answer control_in_child(const struct probe *probe)
{
    int status = 0;
    long code;
    pid_t pid = fork();

    if (pid == 0)
        _exit((int)probe_attempt(probe->kind, probe->path.p, probe->number, &code));
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return ANSWER_UNKNOWN;
    return (enum probe_answer)WEXITSTATUS(status);
}

void probe_control(struct probe *probe)
{
    long code;

    switch (probe->kind) {
    case PROBE_TERMINAL: /* takes a terminal and a session for itself */
        probe->control = control_in_child(probe);
        break;
    case PROBE_PRIVILEGE: /* whoever made the boundary has made a user namespace: that is the control */
        probe->control = ANSWER_DONE;
        break;
    case PROBE_PROCESS:
        probe->control = probe_attempt(PROBE_READ, "/proc/self/mem", 0, &code);
        break;
    default:
        probe->control = probe_attempt(probe->kind, probe->path.p, probe->number, &code);
    }
}

bool probe_target_open(struct probe_target *t, struct err *e)
{
    struct sockaddr_un at;
    socklen_t size;
    int fd;

    *t = (struct probe_target){.tcp = SYS_NONE, .abstract = SYS_NONE};
    fd = listen_on_loopback(&t->port);
    t->tcp = fd;
    if (fd < 0) {
        err_set(e, ERR_SYSTEM, "cannot open a listener to prove the network block with");
        sys_reason(e, errno);
        return false;
    }
    snprintf(t->name, sizeof t->name, "cordon-proof-%ld-%llx", (long)getpid(),
        (unsigned long long)sys_clock_ms());
    size = abstract_address(&at, t->name);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    t->abstract = fd;
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, size) != 0 || listen(fd, 8) != 0) {
        err_set(e, ERR_SYSTEM, "cannot open a socket to prove the socket block with");
        sys_reason(e, errno);
        probe_target_close(t);
        return false;
    }
    return true;
}

void probe_target_close(struct probe_target *t)
{
    sys_close(&t->tcp);
    sys_close(&t->abstract);
}
