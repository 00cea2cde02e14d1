/*
 * sys: the system's small change on Linux: waiting, reading, files, the session folder, descriptors over
 * a socket. Used by both sides of the boundary; the runner uses only the last part.
 */
#include "linux.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

extern char **environ;

void sys_reason(struct err *e, long code)
{
    e->code = code;
    err_reason(e, "%s", strerror((int)code));
}

static bool fail(struct err *e, const char *what, struct str subject)
{
    long code = errno;

    err_set(e, code == ENOENT ? ERR_MISSING : ERR_SYSTEM, "%s", what);
    err_subject(e, subject);
    sys_reason(e, code);
    return false;
}

/* ---- waiting, reading, writing ---- */

int sys_wait(struct sys_wait *items, size_t count, int ms)
{
    struct pollfd p[32];
    int ready;

    if (count > COUNT_OF(p))
        count = COUNT_OF(p);
    for (size_t i = 0; i < count; i++) {
        p[i].fd = (int)items[i].handle;
        p[i].events = (short)((items[i].wanted & SYS_READ ? POLLIN : 0) |
                              (items[i].wanted & SYS_WRITE ? POLLOUT : 0));
        p[i].revents = 0;
    }
    ready = poll(p, (nfds_t)count, ms);
    for (size_t i = 0; i < count; i++) {
        short got = ready > 0 ? p[i].revents : 0;
        items[i].got = (got & POLLIN ? SYS_READ : 0) | (got & POLLOUT ? SYS_WRITE : 0) |
                       (got & (POLLHUP | POLLERR | POLLNVAL) ? SYS_HANGUP : 0);
    }
    return ready < 0 ? 0 : ready;
}

long sys_read(sys_handle h, void *out, size_t size, long *code)
{
    ssize_t n;

    do
        n = read((int)h, out, size);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return (long)n;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return -1;
    if (errno == EIO) /* a pseudoterminal whose last program has closed it */
        return 0;
    *code = errno;
    return -2;
}

long sys_write(sys_handle h, const void *bytes, size_t n, long *code)
{
    ssize_t done;

    do
        done = write((int)h, bytes, n);
    while (done < 0 && errno == EINTR);
    if (done >= 0)
        return (long)done;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return -1;
    *code = errno;
    return -2;
}

void sys_close(sys_handle *h)
{
    if (*h >= 0)
        close((int)*h);
    *h = SYS_NONE;
}

bool sys_nonblocking(sys_handle h, bool on)
{
    int flags = fcntl((int)h, F_GETFL);
    return flags >= 0 &&
           fcntl((int)h, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0;
}

bool sys_pipe(sys_handle *read_end, sys_handle *write_end, struct err *e)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(e, "cannot make a pipe", (struct str){0});
    *read_end = ends[0];
    *write_end = ends[1];
    return true;
}

bool sys_socketpair(sys_handle *a, sys_handle *b, struct err *e)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(e, "cannot make a socket pair", (struct str){0});
    *a = ends[0];
    *b = ends[1];
    return true;
}

/* ---- files ---- */

bool sys_read_file(struct arena *a, struct str path, size_t ceiling, bool nofollow, struct str *out,
    struct err *e)
{
    /* Non-blocking, so that a FIFO cannot hold us; it is refused below. */
    int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (nofollow ? O_NOFOLLOW : 0));
    struct stat st;
    char *bytes;
    size_t n = 0;

    if (fd < 0)
        return fail(e, "cannot open a file", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > ceiling) {
        close(fd);
        err_set(e, ERR_LIMIT, "cannot read a file");
        err_subject(e, path);
        return err_reason(e, "it is no regular file of at most %llu bytes", (unsigned long long)ceiling);
    }
    /* One byte more than the size seen, so that a file that grows meanwhile is noticed and refused. */
    bytes = arena_alloc(a, (size_t)st.st_size + 2, 1);
    for (;;) {
        ssize_t got = read(fd, bytes + n, (size_t)st.st_size + 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            fail(e, "cannot read a file", path);
            close(fd);
            return false;
        }
        if (got == 0 || n + (size_t)got > (size_t)st.st_size)
            break;
        n += (size_t)got;
    }
    close(fd);
    bytes[n] = '\0';
    *out = (struct str){bytes, n};
    return true;
}

bool sys_append_file(struct str path, struct str bytes, struct err *e)
{
    int fd = open(path.p, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat st;
    bool good;

    if (fd < 0)
        return fail(e, "cannot open a file to append to", path);
    good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n;
    if (!good)
        fail(e, "cannot append to a file", path);
    close(fd);
    return good;
}

bool sys_replace_file(struct str path, struct str bytes, struct err *e)
{
    char beside[PATH_BYTES_MAX + 8];
    int fd;
    bool good;

    if (path.n >= PATH_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "cannot write a file") || err_subject(e, path);
    snprintf(beside, sizeof beside, "%.*s.XXXXXX", (int)path.n, path.p);
    fd = mkostemp(beside, O_CLOEXEC); /* 0600, of nobody else's making */
    if (fd < 0)
        return fail(e, "cannot write a file", path);
    good = true;
    for (size_t at = 0; at < bytes.n && good;) {
        ssize_t n = write(fd, bytes.p + at, bytes.n - at);
        good = n > 0 || (n < 0 && errno == EINTR);
        at += n > 0 ? (size_t)n : 0;
    }
    good = good && fsync(fd) == 0 && rename(beside, path.p) == 0;
    if (!good) {
        fail(e, "cannot write a file", path);
        unlink(beside);
    }
    close(fd);
    return good;
}

bool sys_make_folders(struct str path, uint32_t mode, struct err *e)
{
    char copy[PATH_BYTES_MAX];

    if (path.n == 0 || path.n >= sizeof copy || path.p[0] != '/')
        return err_set(e, ERR_LIMIT, "cannot make a folder") || err_subject(e, path);
    memcpy(copy, path.p, path.n);
    copy[path.n] = '\0';
    if (mkdir(copy, mode) == 0 || errno == EEXIST)
        return true;
    for (size_t i = 1; i <= path.n; i++) {
        if (copy[i] != '/' && copy[i] != '\0')
            continue;
        copy[i] = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST)
            return fail(e, "cannot make a folder", str_from(copy));
        if (i < path.n)
            copy[i] = '/';
    }
    return true;
}

/* Depth is bounded so that a hostile tree of a million levels cannot exhaust descriptors: below the bound, folders are
 * moved up and emptied there. */
#define REMOVE_DEPTH  64
#define REMOVE_ROUNDS 100000 /* 64 levels each: more than a disk has inodes for */

/* A folder below `parent` that can be listed and emptied, whatever mode it was left in; never a link's target. */
static int open_to_empty(int parent, const char *name)
{
    const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    char link[64];
    int fd = openat(parent, name, flags | O_RDONLY), held;

    if (fd >= 0) {
        fchmod(fd, 0700);
        return fd;
    }
    held = errno == EACCES ? openat(parent, name, flags | O_PATH) : -1;
    if (held < 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", held);
    fd = chmod(link, 0700) == 0 ? openat(parent, name, flags | O_RDONLY) : -1;
    close(held);
    return fd;
}

static bool remove_below(int folder, int depth, int top, unsigned *serial)
{
    DIR *d = fdopendir(folder);
    struct dirent *entry;
    bool good = d != NULL;

    if (!d) {
        close(folder);
        return false;
    }
    while ((entry = readdir(d)) != NULL) {
        int child;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(d), entry->d_name, 0) == 0)
            continue;
        if (depth == REMOVE_DEPTH) {
            char name[32];
            snprintf(name, sizeof name, ".deep-%u", (*serial)++);
            good = renameat(dirfd(d), entry->d_name, top, name) == 0 && good;
            continue;
        }
        child = open_to_empty(dirfd(d), entry->d_name);
        if (child < 0) {
            good = false;
            continue;
        }
        good = remove_below(child, depth + 1, top, serial) && good;
        good = unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR) == 0 && good;
    }
    closedir(d);
    return good;
}

bool sys_remove_tree(struct str path, struct err *e)
{
    unsigned serial = 0, before;
    struct stat st;
    int round = 0;

    do { /* as long as deep folders were moved up: go round again */
        int top = open_to_empty(AT_FDCWD, path.p);
        before = serial;
        if (top < 0)
            return errno == ENOENT || fail(e, "cannot remove a folder", path);
        remove_below(fcntl(top, F_DUPFD_CLOEXEC, 0), 0, top, &serial);
        close(top);
    } while (serial != before && ++round < REMOVE_ROUNDS);
    if (rmdir(path.p) == 0)
        return true;
    return lstat(path.p, &st) != 0 || fail(e, "cannot remove a folder", path);
}

/* ---- the session folder ---- */

/*
 * Sessions take turns with a few folders, each held by a lock as long as it is in use: what is left in one, by a
 * session that ended or crashed, is removed before the next one gets it. Making and removing a folder each time
 * costs more than all mounts together on a disk that discards blocks.
 *
 * A mutable global, as the caches' below: our folder must be emptied by whoever ends the program.
 */
#define SESSIONS_MAX 256

static struct {
    char path[PATH_BYTES_MAX];
    int lock;
    pid_t owner;
} session = {.lock = -1};

/* Empty, or so now: what was mounted in it left folders with nothing in them. */
static bool is_emptied(int folder)
{
    DIR *d = fdopendir(fcntl(folder, F_DUPFD_CLOEXEC, 0));
    struct dirent *entry;
    bool empty = d != NULL;

    if (d)
        rewinddir(d);
    while (empty && (entry = readdir(d)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                unlinkat(folder, entry->d_name, AT_REMOVEDIR) == 0;
    if (d)
        closedir(d);
    return empty;
}

/* An empty folder of that name, mode 0700, ours: made, or emptied. */
static bool fresh_folder(int parent, struct str parent_path, const char *name)
{
    char path[PATH_BYTES_MAX];
    struct err ignored = {0};
    struct stat st;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), n;
    bool good;

    if (fd >= 0) {
        good = fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == 0700 && is_emptied(fd);
        close(fd);
        if (good)
            return true;
    }
    n = snprintf(path, sizeof path, "%.*s/%s", (int)parent_path.n, parent_path.p, name);
    return n > 0 && (size_t)n < sizeof path && sys_remove_tree(str_from(path), &ignored) &&
           mkdirat(parent, name, 0700) == 0;
}

/* A cache layer that could not live with its workspace's, and the decoys of a demo that was ended half-way. */
static bool remove_layer(struct str session_path)
{
    static const char *const parts[] = {"upper", "work", "demo"};
    char path[PATH_BYTES_MAX];
    struct err ignored = {0};

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        int n = snprintf(path, sizeof path, "%.*s/%s", (int)session_path.n, session_path.p, parts[i]);
        if (n < 0 || (size_t)n >= sizeof path || (access(path, F_OK) == 0 && !sys_remove_tree(str_from(path), &ignored)))
            return false;
    }
    return true;
}

bool sys_session_folder(struct arena *a, struct str state_dir, struct str *out, struct err *e)
{
    struct str sessions = arena_format(a, "%.*s/sessions", (int)state_dir.n, state_dir.p), path;

    if (!sys_make_folders(sessions, 0700, e)) {
        err_remedy(e, "Cordon keeps its state there; set HOME or XDG_STATE_HOME to a folder of yours");
        return false;
    }
    for (int i = 0; i < SESSIONS_MAX; i++) {
        path = arena_format(a, "%s/s%d", sessions.p, i);
        if (path.n >= sizeof session.path)
            return err_set(e, ERR_LIMIT, "the path of the state folder is too long") || err_subject(e, path);
        session.lock = open(path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (session.lock < 0 && errno == ENOENT && (mkdir(path.p, 0700) == 0 || errno == EEXIST))
            session.lock = open(path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (session.lock < 0)
            return fail(e, "cannot make the session's folder", path);
        /* One that cannot be emptied is left to whoever looks into it: the next will do. */
        if (flock(session.lock, LOCK_EX | LOCK_NB) == 0 && remove_layer(path) &&
            fresh_folder(session.lock, path, "tmp"))
            break;
        close(session.lock);
        session.lock = -1;
    }
    if (session.lock < 0) {
        err_set(e, ERR_LIMIT, "none of the %d session folders is free", SESSIONS_MAX);
        err_subject(e, sessions);
        return err_remedy(e, "end other sessions; what is left in the folder then can be removed");
    }
    memcpy(session.path, path.p, path.n + 1);
    session.owner = getpid();
    *out = path;
    return true;
}

int sys_session_descriptor(void)
{
    return session.owner == getpid() ? session.lock : -1;
}

void sys_session_folder_end(void)
{
    struct str path = str_from(session.path);

    if (session.lock < 0 || session.owner != getpid())
        return;
    if (!remove_layer(path) || !fresh_folder(session.lock, path, "tmp"))
        return; /* somebody is still writing there; asked again once all are gone */
    close(session.lock);
    session.lock = -1;
}

/* ---- caches ---- */

static struct {
    char path[PATH_BYTES_MAX];
    int lock;
} caches = {.lock = -1};

bool sys_caches_folder(struct arena *a, struct str state_dir, struct str workspace, struct str *out, struct err *e)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a: only to give each workspace a folder of its own */
    struct str path;
    int lock;

    for (size_t i = 0; i < workspace.n; i++)
        hash = (hash ^ (unsigned char)workspace.p[i]) * 1099511628211u;
    path = arena_format(a, "%.*s/caches/%016llx", (int)state_dir.n, state_dir.p, (unsigned long long)hash);
    if (caches.lock >= 0 && str_is(path, caches.path)) {
        *out = path;
        return true;
    }
    if (path.n >= sizeof caches.path || !sys_make_folders(path, 0700, e))
        return err_set(e, ERR_LIMIT, "the path of the state folder is too long");
    lock = open(path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (lock < 0)
        return fail(e, "cannot open the folder of a cache layer", path);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        return true; /* another session has it: the layer lives in our own session's folder */
    }
    if (caches.lock >= 0)
        close(caches.lock);
    caches.lock = lock;
    memcpy(caches.path, path.p, path.n + 1);
    *out = path;
    return true;
}

/* ---- environment, time, places ---- */

struct path_case sys_case(void)
{
    return (struct path_case){0};
}

struct str sys_variable(const void *unused, struct str name)
{
    (void)unused;
    for (char **at = environ; at && *at; at++) {
        struct str entry = str_from(*at);
        if (entry.n > name.n && entry.p[name.n] == '=' && str_starts(entry, name))
            return str_slice(entry, name.n + 1, entry.n);
    }
    return (struct str){0};
}

void sys_environment(struct arena *a, struct texts *out)
{
    for (char **at = environ; at && *at; at++)
        *(struct str *)ARENA_PUSH(a, out) = arena_str(a, str_from(*at));
}

static uint64_t clock_ms(clockid_t which)
{
    struct timespec t = {0};

    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t sys_milliseconds(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t sys_clock_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

uint64_t sys_boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct str sys_cwd(struct arena *a)
{
    char path[PATH_BYTES_MAX];

    return getcwd(path, sizeof path) && path[0] == '/' ? arena_str(a, str_from(path)) : (struct str){0};
}

bool sys_real_path(struct arena *a, struct str path, struct str *out, struct err *e)
{
    char link[64], real[PATH_BYTES_MAX];
    int fd = open(path.p, O_PATH | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return fail(e, "cannot find a path", path);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, real, sizeof real);
    close(fd);
    if (n <= 0 || (size_t)n >= sizeof real || real[0] != '/')
        return fail(e, "cannot tell where a path leads", path);
    *out = arena_str(a, (struct str){real, (size_t)n});
    return true;
}

/* ---- what the edges share ---- */

/* A short slice: the scheduler wakes this thread before what has more to do (since Linux 6.12; before it is as it was). Programs
 * that it starts have the usual one again. Whoever chose otherwise for Cordon (chrt, nice) is left alone. */
void sys_be_prompt(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes, .flags = 1 /* SCHED_FLAG_RESET_ON_FORK */, .runtime = 100 * 1000};

    attributes.nice = getpriority(PRIO_PROCESS, 0);
    if (attributes.nice >= 0 && syscall(SYS_sched_getscheduler, 0) == 0 /* SCHED_OTHER */)
        syscall(SYS_sched_setattr, 0, &attributes, 0);
}

int sys_open_beneath_root(const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

size_t sys_read_small(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

bool sys_write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return good;
}

int sys_open_beneath(int folder, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};

    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

bool sys_send_frames(int fd, const char *bytes, size_t n, const int *fds, size_t fd_count)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * RUNNER_FDS_MAX)];
    } control;
    struct iovec part = {(void *)(uintptr_t)bytes, n};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (fd_count > RUNNER_FDS_MAX)
        return false;
    if (fd_count) {
        struct cmsghdr *head;
        memset(&control, 0, sizeof control);
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(head), fds, sizeof(int) * fd_count);
    }
    while (part.iov_len > 0) {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            poll(&p, 1, 10000);
            continue;
        }
        if (sent <= 0)
            return false;
        part.iov_base = (char *)part.iov_base + sent;
        part.iov_len -= (size_t)sent;
        message.msg_control = NULL; /* the descriptors went with the first byte */
        message.msg_controllen = 0;
    }
    return true;
}

ssize_t sys_receive(int fd, void *out, size_t size, int *fds, size_t *fd_count, bool wait)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * RUNNER_FDS_MAX)];
    } control;
    struct iovec part = {out, size};
    struct msghdr message = {.msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.space,
        .msg_controllen = sizeof control.space};
    ssize_t n;

    *fd_count = 0;
    do
        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -1;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        size_t got = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < got && *fd_count < RUNNER_FDS_MAX; i++)
            memcpy(&fds[(*fd_count)++], CMSG_DATA(head) + i * sizeof(int), sizeof(int));
    }
    return n;
}
