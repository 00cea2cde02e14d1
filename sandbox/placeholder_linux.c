/*
 * placeholder: an empty folder, or a file of a few bytes, that stands where a protected name is not.
 *
 * Its time of change is a constant: another session knows it by that (together with owner and emptiness), also one whose
 * ledger is lost. Whoever puts something in it changes that time, and it is no longer ours to remove.
 */
#include "names.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#define MARK_SECONDS 1129271876 /* the bytes "CORD" */
#define MODE_BEGUN   01700      /* until it has the mark: nobody's own folder or file is so */
#define MODE_FOLDER  0755
#define MODE_FILE    0644
#define SPARES_MAX   8
#define ASIDE_NAMES  1000

bool placeholder_identify(int fd, struct identity *out)
{
    struct statx st;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) != 0)
        return false;
    out->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
    out->ino = st.stx_ino;
    out->born = st.stx_mask & STATX_BTIME ? st.stx_btime.tv_sec : 0;
    out->born_ns = st.stx_mask & STATX_BTIME ? st.stx_btime.tv_nsec : 0;
    return true;
}

bool placeholder_same(const struct identity *x, const struct identity *y)
{
    return x->dev == y->dev && x->ino == y->ino && x->born == y->born && x->born_ns == y->born_ns;
}

/* fd: opened for reading. */
static bool is_empty_folder(int fd)
{
    char entries[2048];
    long n;

    if (lseek(fd, 0, SEEK_SET) != 0)
        return false;
    while ((n = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < n;) {
            struct dirent64 *entry = (struct dirent64 *)(void *)(entries + at);
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                return false;
            at += entry->d_reclen;
        }
    }
    return n == 0;
}

static bool has_bytes(int fd, struct str bytes)
{
    char found[256];
    ssize_t n = pread(fd, found, sizeof found, 0);

    return n >= 0 && (size_t)n == bytes.n && bytes.n < sizeof found && memcmp(found, bytes.p, bytes.n) == 0;
}

bool placeholder_untouched(int fd, bool file, struct str bytes)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || (file ? !S_ISREG(st.st_mode) : !S_ISDIR(st.st_mode)))
        return false;
    return file ? has_bytes(fd, bytes) : is_empty_folder(fd);
}

/* Also one that another session is just making: taken for a person's own it would be held by nobody once that one ends. */
bool names_is_placeholder(int object, const struct stat *st)
{
    char link[64];
    int fd;
    bool is;
    bool marked = st->st_mtim.tv_sec == MARK_SECONDS && st->st_mtim.tv_nsec == 0;

    if (st->st_uid != geteuid() || (!marked && (st->st_mode & 07777) != MODE_BEGUN))
        return false;
    if (S_ISREG(st->st_mode))
        return st->st_size < 256 && st->st_nlink == 1;
    if (!S_ISDIR(st->st_mode))
        return false;
    if (is_empty_folder(object)) /* when it is open for reading: this asks nothing of /proc */
        return true;
    snprintf(link, sizeof link, "/proc/self/fd/%d", object);
    fd = open(link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is = fd >= 0 && is_empty_folder(fd);
    if (fd >= 0)
        close(fd);
    return is;
}

int placeholder_open(int folder, const char *name, bool file)
{
    return openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (file ? 0 : O_DIRECTORY));
}

bool placeholder_begun(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 07777) == MODE_BEGUN;
}

bool placeholder_finish(int fd, bool file)
{
    const struct timespec mark[2] = {{MARK_SECONDS, 0}, {MARK_SECONDS, 0}};

    return futimens(fd, mark) == 0 && fchmod(fd, file ? MODE_FILE : MODE_FOLDER) == 0;
}

/* ---- spare folders ---- */

/*
 * To remove a folder costs a millisecond and more on a disk that discards blocks, to move one some microseconds: those of a
 * session that ended wait in the session's own folder for the next that takes it.
 */
static bool move(int from, const char *name, int to, const char *as)
{
    return syscall(SYS_renameat2, from, name, to, as, 1 /* RENAME_NOREPLACE */) == 0;
}

/* Each name has a place of its own where it is looked for first. */
static int spare_place(const char *name, int i)
{
    unsigned hash = (unsigned)i;

    for (; *name; name++)
        hash = hash * 17 + (unsigned char)*name;
    return (int)(hash % SPARES_MAX);
}

/* False: there is none, or it lies on another file system; or errno is EEXIST, which mkdir will say too. */
static bool take_spare(int folder, const char *name)
{
    int session = sys_session_descriptor();
    char spare[24];

    for (int i = 0; session >= 0 && i < SPARES_MAX; i++) {
        snprintf(spare, sizeof spare, "spare%d", spare_place(name, i));
        if (move(session, spare, folder, name))
            return fchmodat(folder, name, MODE_BEGUN, 0) == 0;
        if (errno != ENOENT)
            break;
    }
    return false;
}

/* True: it is gone from there, or is not ours to remove after all. */
static bool keep_spare(int folder, const char *name, int itself)
{
    int session = sys_session_descriptor();
    char spare[24];

    for (int i = 0; session >= 0 && i < SPARES_MAX; i++) {
        snprintf(spare, sizeof spare, "spare%d", spare_place(name, i));
        if (move(folder, name, session, spare)) {
            if (!is_empty_folder(itself)) /* somebody put something there just now */
                move(session, spare, folder, name);
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    return false;
}

/* ---- making and removing ---- */

/* A file that is there with its bytes or not at all: git, outside, ends with an error at one that is empty for a moment. False
 * with EEXIST; or with another error: not on this file system, or not by this kernel for us. */
static bool make_whole(int folder, const char *name, struct str bytes)
{
    int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, MODE_BEGUN), saved;
    char link[64];
    bool made;

    if (fd < 0) {
        errno = EOPNOTSUPP; /* whatever it was: the other way says it too */
        return false;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    made = write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && placeholder_finish(fd, true) &&
           (linkat(fd, "", folder, name, AT_EMPTY_PATH) == 0 ||
               (errno == ENOENT && linkat(AT_FDCWD, link, folder, name, AT_SYMLINK_FOLLOW) == 0));
    saved = errno;
    close(fd);
    errno = saved;
    return made;
}

bool names_make(int folder, const char *name, bool file, struct str bytes)
{
    int fd, saved;

    if (file && make_whole(folder, name, bytes))
        return true;
    if (file && errno == EEXIST)
        return false;
    if (!file && !take_spare(folder, name) && mkdirat(folder, name, MODE_BEGUN) != 0)
        return false;
    fd = file ? openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_BEGUN)
              : openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    if ((!file || write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n) && placeholder_finish(fd, file)) {
        close(fd);
        return true;
    }
    saved = errno;
    unlinkat(folder, name, file ? 0 : AT_REMOVEDIR);
    close(fd);
    errno = saved;
    return false;
}

void placeholder_remove(int folder, const char *name, int fd, bool file, struct str bytes)
{
    const struct str none = {0}; /* a file whose maker died before it wrote */
    struct identity here, ours;
    int again;

    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return; /* another session holds the name by it, and will remove it */
    again = placeholder_open(folder, name, file);
    if (again >= 0 && placeholder_identify(again, &here) && placeholder_identify(fd, &ours) &&
        placeholder_same(&here, &ours) &&
        (placeholder_untouched(again, file, bytes) || (placeholder_begun(again) && placeholder_untouched(again, file, none))) &&
        (file || !keep_spare(folder, name, again)))
        unlinkat(folder, name, file ? 0 : AT_REMOVEDIR);
    if (again >= 0)
        close(again);
}

/* ---- other names ---- */

int placeholder_folder(struct str path, const char **name)
{
    char folder[PATH_BYTES_MAX];
    struct str parent = path_parent(PATH_POSIX, path);

    if (parent.n == 0 || parent.n >= sizeof folder)
        return -1;
    memcpy(folder, parent.p, parent.n);
    folder[parent.n] = '\0';
    *name = path.p + (parent.n == 1 ? 1 : parent.n + 1);
    return sys_open_beneath_root(folder, O_PATH | O_DIRECTORY);
}

bool placeholder_aside(int folder, const char *name, char other[256])
{
    bool good = false;

    errno = EEXIST;
    for (int i = 1; !good && errno == EEXIST && i < ASIDE_NAMES; i++) {
        snprintf(other, 256, "%.200s.cordon-aside-%d", name, i);
        good = renameat2(folder, name, folder, other, RENAME_NOREPLACE) == 0;
    }
    return good;
}
