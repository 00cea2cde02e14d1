/*
 * lookup: what a caller's path leads to, seen as the caller would reach it, without touching it: O_PATH alone, so that no
 * FIFO is opened and no device woken. The runner shares the tree's root and mounts; its folders are reached through
 * /proc/PID. Nothing that is found here permits anything; a look-up that fails says nothing at all.
 */
#include "observe.h"

#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#define PAGE      4096u
#define LINKS_MAX 40 /* as the kernel */

/* ---- the caller's memory ---- */

static size_t read_memory(pid_t caller, uint64_t address, void *out, size_t n)
{
    struct iovec here = {out, n}, there = {(void *)(uintptr_t)address, n};
    ssize_t got = process_vm_readv(caller, &here, 1, &there, 1, 0);

    return got > 0 ? (size_t)got : 0;
}

bool lookup_bytes(pid_t caller, uint64_t address, void *out, size_t n)
{
    errno = 0;
    if (read_memory(caller, address, out, n) == n)
        return true;
    errno = errno == EPERM ? EPERM : EFAULT;
    return false;
}

/* In pieces that end where a page does: what follows the text may not be there to be read. The first is short, as most
 * paths are. */
bool lookup_text(pid_t caller, uint64_t address, char *out, size_t size)
{
    size_t have = 0, most = 256;

    while (have < size) {
        size_t piece = PAGE - (size_t)((address + have) % PAGE), got;
        if (piece > most)
            piece = most;
        if (piece > size - have)
            piece = size - have;
        errno = 0;
        got = read_memory(caller, address + have, out + have, piece);
        if (got == 0) {
            errno = errno == EPERM ? EPERM : EFAULT;
            return false;
        }
        if (memchr(out + have, '\0', got))
            return true;
        have += got;
        most = PAGE;
    }
    errno = ENAMETOOLONG;
    return false;
}

/* ---- the caller's path as ours ---- */

struct alias {
    const char *name, *own; /* own: below /proc/PID */
};

/* What these lead to depends on who asks. */
static const struct alias aliases[] = {{"/proc/self", ""}, {"/dev/fd", "/fd"},
    {"/dev/stdin", "/fd/0"}, {"/dev/stdout", "/fd/1"}, {"/dev/stderr", "/fd/2"}};

pid_t lookup_process(pid_t thread)
{
    char path[64], text[512];
    const char *at;

    if (syscall(SYS_tgkill, thread, thread, 0) == 0)
        return thread;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)thread);
    at = sys_read_small(path, text, sizeof text) ? strstr(text, "\nTgid:") : NULL;
    return at ? (pid_t)strtol(at + 6, NULL, 10) : thread;
}

/* "/proc/N" and own, which is short. */
static size_t put_process(char *out, long number, const char *own)
{
    char digits[24];
    size_t n = 6, count = 0;

    memcpy(out, "/proc/", n);
    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        out[n++] = digits[--count];
    memcpy(out + n, own, strlen(own) + 1);
    return n + strlen(own);
}

static bool put_words(struct caller_path *out, size_t at, const char *typed)
{
    size_t n = strlen(typed);

    if (n >= sizeof out->text - at)
        return false;
    memcpy(out->text + at, typed, n + 1);
    return true;
}

static bool put_absolute(pid_t caller, const char *typed, struct caller_path *out)
{
    int n = -1;

    while (typed[1] == '/')
        typed++;
    if (typed[1] == 'p' || typed[1] == 'd') {
        for (size_t i = 0; i < COUNT_OF(aliases); i++) {
            size_t length = strlen(aliases[i].name);
            if (strncmp(typed, aliases[i].name, length) != 0 || (typed[length] && typed[length] != '/'))
                continue;
            n = snprintf(out->text, sizeof out->text, "/proc/%ld%s%s", (long)lookup_process(caller), aliases[i].own,
                typed + length);
            out->by_process = true;
            return n > 0 && (size_t)n < sizeof out->text;
        }
    }
    return put_words(out, 0, typed);
}

bool lookup_path(pid_t caller, int folder, const char *typed, struct caller_path *out)
{
    out->start = 0;
    out->caller = caller;
    out->by_process = false;
    if (typed[0] == '/')
        return put_absolute(caller, typed, out);
    out->start = folder == AT_FDCWD
                     ? put_process(out->text, caller, "/cwd/")
                     : (size_t)snprintf(out->text, sizeof out->text, "/proc/%ld/fd/%d/", (long)caller, folder);
    if (typed[0] == '\0') {
        out->text[--out->start] = '\0';
        return true;
    }
    return put_words(out, out->start, typed);
}

void lookup_descriptor(pid_t caller, int fd, struct caller_path *out)
{
    lookup_path(caller, fd, "", out);
}

/* ---- looking ---- */

static int describe(int fd, const char *name, int flags, struct looked *out)
{
    struct statx st;

    if (statx(fd, name, flags | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
            STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_INO | STATX_BTIME | STATX_MNT_ID, &st) != 0)
        return errno;
    out->mode = st.stx_mode;
    out->links = st.stx_nlink;
    out->dev = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
    out->ino = st.stx_ino;
    out->mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
    out->born = st.stx_mask & STATX_BTIME
                    ? (uint64_t)st.stx_btime.tv_sec * 1000000000u + st.stx_btime.tv_nsec : 0;
    out->mount_root = (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return 0;
}

int lookup_described(int fd, struct looked *out)
{
    out->fd = fd;
    return describe(fd, "", AT_EMPTY_PATH, out);
}

/* ---- the long way: step by step, as the caller's steps would lead ---- */

static bool is_proc(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

bool lookup_is_own(int object)
{
    char path[PATH_BYTES_MAX];
    pid_t task;

    if (!is_proc(object) || !lookup_real(object, NULL, path, sizeof path) || strncmp(path, "/proc/", 6) != 0)
        return false;
    task = (pid_t)strtol(path + 6, NULL, 10);
    return task > 0 && lookup_process(task) == getpid();
}

struct walk {
    const struct caller_path *p;
    int at;
    unsigned links;
    bool own; /* it came to what is Cordon's own */
    char ahead[2 * PATH_BYTES_MAX];
};

static bool walk_to(struct walk *w, int fd)
{
    if (fd < 0)
        return false;
    close(w->at);
    w->at = fd;
    return true;
}

/* text, then what was still to go. */
static bool walk_by(struct walk *w, const char *text, const char *rest)
{
    char ahead[sizeof w->ahead];
    int n = snprintf(ahead, sizeof ahead, "%s%s%s", text, *rest ? "/" : "", rest);

    if (n < 0 || (size_t)n >= sizeof ahead) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(w->ahead, ahead, (size_t)n + 1);
    return true;
}

static bool walk_link(struct walk *w, int link, const char *name, const char *rest)
{
    char target[PATH_BYTES_MAX];
    ssize_t n = readlinkat(link, "", target, sizeof target - 1);

    target[n > 0 ? n : 0] = '\0';
    if (++w->links > LINKS_MAX) {
        errno = ELOOP;
        return false;
    }
    w->own = lookup_is_own(link);
    if (w->own) {
        errno = EACCES; /* for us alone it leads anywhere */
        return false;
    }
    /* Its text says nothing: it leads straight to what it stands for, for us as for the caller. */
    if (is_proc(link) && strncmp(target, "self/", 5) != 0)
        return walk_by(w, "", rest) && walk_to(w, openat(w->at, name, O_PATH | O_CLOEXEC));
    if (n <= 0 || !walk_by(w, target, rest))
        return false;
    return target[0] != '/' || walk_to(w, open("/", O_PATH | O_CLOEXEC));
}

/* The caller's own number, where the kernel would put it. */
static bool walk_self(struct walk *w, const char *name, const char *rest)
{
    char number[64];
    bool thread = strcmp(name, "thread-self") == 0;
    struct stat st;

    if ((!thread && strcmp(name, "self") != 0) || !is_proc(w->at) || fstat(w->at, &st) != 0 || st.st_ino != 1)
        return false;
    snprintf(number, sizeof number, thread ? "%ld/task/%ld" : "%ld", (long)lookup_process(w->p->caller),
        (long)w->p->caller);
    return walk_by(w, number, rest);
}

static bool walk_step(struct walk *w, bool follow)
{
    char name[256], rest[sizeof w->ahead];
    const char *from = w->ahead + strspn(w->ahead, "/");
    size_t n = strcspn(from, "/");
    struct stat st;
    bool good;
    int fd;

    if (n >= sizeof name) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(name, from, n);
    name[n] = '\0';
    snprintf(rest, sizeof rest, "%s", from + n + strspn(from + n, "/"));
    if (n == 0 || strcmp(name, ".") == 0 || walk_self(w, name, rest))
        return n == 0 || strcmp(name, ".") != 0 || walk_by(w, "", rest);
    fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISLNK(st.st_mode) || (!follow && !*rest))
        return walk_by(w, "", rest) && walk_to(w, fd);
    good = walk_link(w, fd, name, rest);
    close(fd);
    return good;
}

/* A descriptor of what is there, or -1 and errno. For what the short way does not reach: /proc/self however it is
 * spelled, which is the runner's for us, and words that are as long as words may be, and ours before them. */
int lookup_walk(const struct caller_path *p, bool follow, bool *own)
{
    struct walk w = {.p = p};
    char base[CALLER_PREFIX];
    int n = snprintf(w.ahead, sizeof w.ahead, "%s", p->text + p->start);

    if (p->start >= sizeof base || n < 0 || (size_t)n >= sizeof w.ahead) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(base, p->text, p->start);
    base[p->start] = '\0';
    w.at = open(p->start ? base : "/", O_PATH | O_CLOEXEC);
    while (w.at >= 0 && w.ahead[strspn(w.ahead, "/")]) {
        int code;
        if (walk_step(&w, follow))
            continue;
        code = errno;
        close(w.at);
        w.at = -1;
        errno = code;
    }
    if (own)
        *own = w.own;
    return w.at;
}

/* Is it only the last name that is not there? */
static bool is_folder_there(const char *path)
{
    char folder[PATH_BYTES_MAX + CALLER_PREFIX];
    size_t n = strlen(path);
    int fd;

    while (n > 0 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n == 0 || n >= sizeof folder)
        return n == 0;
    memcpy(folder, path, n);
    folder[n] = '\0';
    fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int look(const struct caller_path *p, const char *path, int flags, struct looked *out)
{
    int code;

    out->fd = open(path, O_PATH | O_CLOEXEC | flags);
    if (out->fd < 0) {
        code = errno;
        if (code != ENOENT || !is_folder_there(path))
            out->fd = lookup_walk(p, !(flags & O_NOFOLLOW), NULL);
        if (out->fd < 0)
            return code == ENOENT ? ENOENT : errno;
    }
    code = describe(out->fd, "", AT_EMPTY_PATH, out);
    if (!code && (flags & O_DIRECTORY) && !S_ISDIR(out->mode))
        code = ENOTDIR;
    if (code) {
        close(out->fd);
        out->fd = -1;
    }
    return code;
}

int lookup_object(const struct caller_path *p, bool follow, struct looked *out)
{
    /* The folder or descriptor itself stands behind a link of /proc, which is always followed. */
    return look(p, p->text, follow || p->text[p->start] == '\0' ? 0 : O_NOFOLLOW, out);
}

int lookup_status(const struct caller_path *p, bool follow, struct looked *out)
{
    out->fd = -1;
    return describe(AT_FDCWD, p->text, follow || p->text[p->start] == '\0' ? 0 : AT_SYMLINK_NOFOLLOW, out);
}

int lookup_folder(struct caller_path *p, struct looked *out, const char **name)
{
    size_t n = strlen(p->text), at;
    char kept;
    int code;

    *name = NULL;
    out->fd = -1;
    while (n > p->start + 1 && p->text[n - 1] == '/')
        p->text[--n] = '\0';
    for (at = n; at > p->start && p->text[at - 1] != '/'; at--)
        ;
    if (at == n || strcmp(p->text + at, ".") == 0 || strcmp(p->text + at, "..") == 0)
        return EINVAL;
    kept = p->text[at];
    p->text[at] = '\0';
    code = look(p, at ? p->text : "/", O_DIRECTORY, out);
    p->text[at] = kept;
    *name = p->text + at;
    return code;
}

int lookup_name(int folder, const char *name, struct looked *out)
{
    out->fd = -1;
    return describe(folder, name, AT_SYMLINK_NOFOLLOW, out);
}

/* Only asked when the answer would be a refusal. */
bool lookup_misleads(const struct caller_path *p)
{
    char base[CALLER_PREFIX];
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
    int from = AT_FDCWD, fd, code;

    if (p->by_process)
        return false;
    if (p->start) {
        if (p->start >= sizeof base || p->text[p->start] == '\0')
            return false;
        memcpy(base, p->text, p->start);
        base[p->start] = '\0';
        from = open(base, O_PATH | O_CLOEXEC);
        if (from < 0)
            return true;
    }
    fd = (int)syscall(SYS_openat2, from, p->text + p->start, &how, sizeof how);
    code = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (from >= 0)
        close(from);
    return code == ELOOP;
}

bool lookup_of_kernel(int object)
{
    struct statfs fs;

    return fstatfs(object, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC);
}

bool lookup_readonly(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && (fs.f_flags & 1 /* ST_RDONLY */) != 0;
}

int lookup_writable(int fd, bool *readonly)
{
    int code;

    *readonly = false;
    if (syscall(439 /* faccessat2, Linux 5.8 */, fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0)
        return 0;
    code = errno;
    *readonly = code == EROFS || lookup_readonly(fd);
    return code;
}

/* ---- paths for people and for comparing ---- */

/* out: n bytes of a folder's path, and name behind them; NULL: none. */
static bool put_name(char *out, size_t n, const char *name, size_t size)
{
    size_t more = name ? strlen(name) : 0;

    if (!name)
        return true;
    if (n == 1)
        n = 0;
    if (more + 2 > size - n)
        return false;
    out[n] = '/';
    memcpy(out + n + 1, name, more + 1);
    return true;
}

static bool real_of(const char *link, const char *name, char *out, size_t size)
{
    ssize_t n = readlink(link, out, size - 1);

    if (n <= 0 || (size_t)n >= size - 1 || out[0] != '/')
        return false;
    out[n] = '\0';
    return put_name(out, (size_t)n, name, size);
}

/* True: this thread's own folder is its own alone, and can be changed. */
static _Thread_local bool stands_alone;

void lookup_stand_alone(void)
{
    stands_alone = unshare(CLONE_FS) == 0;
}

bool lookup_stands_alone(void)
{
    return stands_alone;
}

/* The kernel's word for where this thread stands costs a fifth of what a link of /proc costs. */
static bool real_of_here(const char *name, char *out, size_t size)
{
    long n = syscall(SYS_getcwd, out, size);

    return n > 1 && out[0] == '/' && put_name(out, (size_t)n - 1, name, size);
}

bool lookup_real(int fd, const char *name, char *out, size_t size)
{
    char link[CALLER_PREFIX];

    if (fd == AT_FDCWD)
        return real_of_here(name, out, size);
    if (name && stands_alone && fchdir(fd) == 0 && real_of_here(name, out, size))
        return true;

    /* By this thread's own number: /proc/1 is covered inside, and /proc/self is that. */
    snprintf(link, sizeof link, "/proc/%ld/fd/%d", (long)gettid(), fd);
    return real_of(link, name, out, size);
}

/* Takes "//", "." and ".." out by the words alone. */
static void tidy(char *path)
{
    char *to = path;

    for (const char *at = path; *at;) {
        size_t n;
        while (*at == '/')
            at++;
        n = strcspn(at, "/");
        if (n == 2 && at[0] == '.' && at[1] == '.') {
            while (to > path && *--to != '/')
                ;
        } else if (n > 0 && !(n == 1 && at[0] == '.')) {
            *to++ = '/';
            memmove(to, at, n);
            to += n;
        }
        at += n;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
}

bool lookup_lexical(const struct caller_path *p, char *out, size_t size)
{
    char base[CALLER_PREFIX];
    const char *words = p->text + p->start;
    int n;

    if (p->start) {
        size_t length = p->text[p->start] ? p->start - 1 : p->start;
        if (length >= sizeof base)
            return false;
        memcpy(base, p->text, length);
        base[length] = '\0';
        if (!real_of(base, *words ? words : NULL, out, size))
            return false;
    } else {
        n = snprintf(out, size, "%s", words);
        if (n <= 0 || (size_t)n >= size)
            return false;
    }
    tidy(out);
    return true;
}

bool lookup_is_below(const char *path, struct str top)
{
    return strncmp(path, top.p, top.n) == 0 && (path[top.n] == '\0' || path[top.n] == '/' || top.n == 1);
}
