/*
 * hidden: a listing without the names that are only placeholders of ours: the empty folder that holds the place of a
 * protected name. To a program that looks, the folder is as its person left it; git, cargo and npm start in it as in
 * an empty one. Once something was born there it is shown. Asking about every listing costs; so it is done only where
 * a folder was empty otherwise. Elsewhere a placeholder is seen, and to remove it does nothing and is no error, as
 * for `git clean -fdx`.
 *
 * The listing is read on a copy of the caller's descriptor, so that its offset moves as if the caller had read.
 */
#include "observe.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define HIDDEN_MAX    64
#define LISTING_BYTES 32768

struct entry {
    uint64_t ino;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

struct place {
    dev_t dev;
    ino_t ino;
    struct str name;
    bool known;
};

/* The folders that hold hidden names. Placeholders stand in folders that cannot be renamed away: looked up once. */
static struct {
    pthread_mutex_t lock; /* not held while something is looked up: that may hang */
    const struct watch *watch;
    struct place v[HIDDEN_MAX];
} hidden = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void learn(const struct watch *watch)
{
    struct place places[HIDDEN_MAX] = {0};

    for (size_t i = 0; i < watch->hidden_count && i < HIDDEN_MAX; i++) {
        struct str path = watch->hidden[i];
        size_t at = path.n;
        char folder[PATH_BYTES_MAX];
        struct stat st = {0};
        while (at > 0 && path.p[at - 1] != '/')
            at--;
        if (at == 0 || at >= sizeof folder)
            continue;
        memcpy(folder, path.p, at);
        folder[at] = '\0';
        places[i].known = stat(folder, &st) == 0;
        places[i].dev = st.st_dev;
        places[i].ino = st.st_ino;
        places[i].name = str_slice(path, at, path.n);
    }
    pthread_mutex_lock(&hidden.lock);
    if (hidden.watch != watch) /* another thread was faster, perhaps, and somebody reads it */
        memcpy(hidden.v, places, sizeof places);
    hidden.watch = watch;
    pthread_mutex_unlock(&hidden.lock);
}

/* Empty, but for names that are only placeholders. */
static bool is_empty_but_for(const struct watch *watch, const char *path)
{
    char bytes[4096];
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    bool empty = fd >= 0;
    long n;

    while (fd >= 0 && empty && (n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
        for (long at = 0; at < n && empty;) {
            const struct entry *e = (const struct entry *)(const void *)(bytes + at);
            size_t i = 0;
            while (watch && i < watch->hidden_count &&
                   !(lookup_is_below(watch->hidden[i].p, str_from(path)) &&
                       strcmp(watch->hidden[i].p + strlen(path) + 1, e->name) == 0))
                i++;
            empty = strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0 || (watch && i < watch->hidden_count);
            at += e->length;
        }
    }
    if (fd >= 0)
        close(fd);
    return empty;
}

bool hidden_is_full(int folder, const char *name)
{
    char path[PATH_BYTES_MAX];

    return lookup_real(folder, name, path, sizeof path) && access(path, R_OK) == 0 && !is_empty_but_for(NULL, path);
}

static bool is_empty(const char *path)
{
    return is_empty_but_for(NULL, path);
}

bool hidden_matters(const struct watch *watch)
{
    char folder[PATH_BYTES_MAX];

    for (size_t i = 0; i < watch->hidden_count; i++) {
        struct str path = watch->hidden[i];
        size_t at = path.n;
        while (at > 1 && path.p[at - 1] != '/')
            at--;
        if (at < 2 || at >= sizeof folder)
            continue;
        memcpy(folder, path.p, at - 1);
        folder[at - 1] = '\0';
        if (is_empty_but_for(watch, folder))
            return true;
    }
    return false;
}

bool hidden_is_only_held(const struct watch *watch, const char *path)
{
    for (size_t i = 0; i < watch->hidden_count; i++) {
        if (str_is(watch->hidden[i], path))
            return is_empty(path);
    }
    return false;
}

/* Which of the hidden names are in this folder, and only placeholders still, as bits. */
static uint64_t names_in(const struct watch *watch, const struct stat *st)
{
    uint64_t here = 0, names = 0;
    bool known;

    pthread_mutex_lock(&hidden.lock);
    known = hidden.watch == watch;
    pthread_mutex_unlock(&hidden.lock);
    if (!known)
        learn(watch);
    pthread_mutex_lock(&hidden.lock);
    for (size_t i = 0; i < watch->hidden_count && i < HIDDEN_MAX; i++) {
        if (hidden.v[i].known && hidden.v[i].dev == st->st_dev && hidden.v[i].ino == st->st_ino)
            here |= 1ULL << i;
    }
    pthread_mutex_unlock(&hidden.lock);
    for (size_t i = 0; here >> i != 0 && i < HIDDEN_MAX; i++) {
        if ((here >> i & 1) && is_empty(watch->hidden[i].p))
            names |= 1ULL << i;
    }
    return names;
}

static bool is_hidden(uint64_t names, const char *name)
{
    for (size_t i = 0; i < HIDDEN_MAX; i++) {
        if ((names >> i & 1) && str_is(hidden.v[i].name, name))
            return true;
    }
    return false;
}

static long drop_names(char *bytes, long n, uint64_t names)
{
    long to = 0;

    for (long at = 0; at < n;) {
        const struct entry *e = (const struct entry *)(const void *)(bytes + at);
        long length = e->length;
        if (length <= 0 || length > n - at)
            break;
        if (!is_hidden(names, e->name)) {
            memmove(bytes + to, bytes + at, (size_t)length);
            to += length;
        }
        at += length;
    }
    return to;
}

/* The caller's own open file: its offset is shared. */
static int take_descriptor(pid_t caller, int fd)
{
    int process = (int)syscall(SYS_pidfd_open, caller, O_EXCL /* PIDFD_THREAD, Linux 6.9 */), copy;

    if (process < 0)
        process = (int)syscall(SYS_pidfd_open, caller, 0);
    if (process < 0)
        return -1;
    copy = (int)syscall(438 /* pidfd_getfd */, process, fd, 0);
    close(process);
    return copy;
}

bool hidden_list(const struct watch *watch, const struct seccomp_notif *n, long *result)
{
    _Alignas(8) char bytes[LISTING_BYTES];
    char path[CALLER_PREFIX];
    struct stat st;
    struct iovec here, there;
    size_t most = n->data.args[2] < sizeof bytes ? (size_t)n->data.args[2] : sizeof bytes;
    uint64_t names;
    long got;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)n->pid, (int)n->data.args[0]);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || (names = names_in(watch, &st)) == 0)
        return false;
    fd = take_descriptor((pid_t)n->pid, (int)n->data.args[0]);
    if (fd < 0)
        return false;
    do { /* when all that came was hidden it is not the end yet */
        got = syscall(SYS_getdents64, fd, bytes, most);
        *result = got > 0 ? drop_names(bytes, got, names) : got == 0 ? 0 : -errno;
    } while (got > 0 && *result == 0);
    close(fd);
    here = (struct iovec){bytes, *result > 0 ? (size_t)*result : 0};
    there = (struct iovec){(void *)(uintptr_t)n->data.args[1], here.iov_len};
    if (here.iov_len && process_vm_writev((pid_t)n->pid, &here, 1, &there, 1, 0) != (ssize_t)here.iov_len)
        *result = -EFAULT;
    return true;
}
