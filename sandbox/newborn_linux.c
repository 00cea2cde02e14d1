/*
 * newborn: birthplaces, where a repository can be made inside while the workspace has none, and what becomes of what was
 * born there. Trusted side.
 *
 * Each is a folder of this session's below the state folder, which nobody inside can reach but through the mount over the
 * workspace's .git. It is looked at when nothing runs inside any more; what a crash left is copied first, and the copy is
 * looked at, as something might still be dying in the original.
 *
 *     STATE/born/SESSION/HASH/git    what was born; /root says for which workspace
 *     STATE/born/kept/NAME/git       what did not please, until the person decides
 */
#include "linux.h"
#include "core/newborn.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define KEPT_MAX     1000
#define BORROWED_MAX 256
#define FRESH        ".git.cordon-new"
#define COPY_BYTES_MAX ((uint64_t)16 << 30)

struct settling {
    struct arena *a;
    const struct path_env *env;
    struct str born;
    const struct texts *roots;
    struct texts *lines;
};

/* Empty .git folders of the person's that birthplaces of ours stand on, locked: until we end no other session moves
 * anything there. A placeholder is locked by names_linux.c. Mutable, as the session's folder is. */
static struct {
    int v[BORROWED_MAX];
    size_t n;
} borrowed;

static bool borrow(struct str root)
{
    char path[PATH_BYTES_MAX + 8];
    int fd;

    snprintf(path, sizeof path, "%.*s/.git", (int)root.n, root.p);
    fd = sys_open_beneath_root(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0 || borrowed.n == BORROWED_MAX || flock(fd, LOCK_SH | LOCK_NB) != 0) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    borrowed.v[borrowed.n++] = fd;
    return true;
}

static void give_back(void)
{
    while (borrowed.n > 0)
        close(borrowed.v[--borrowed.n]);
}

/* ---- making ---- */

/* Empty, ours, and with nothing on it that who could write it may have left: modes, lists of who may do what. Then it serves
 * the next session as well; making and removing folders costs more than most of an opening. */
static bool is_as_new(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    mode_t mask = umask(0);
    struct stat st;
    struct dirent *entry;
    DIR *dir;
    bool good;

    umask(mask);
    good = fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && st.st_gid == getegid() &&
           (st.st_mode & 07777) == (0777 & ~mask) && flistxattr(fd, NULL, 0) == 0;
    dir = good ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (good && (entry = readdir(dir)) != NULL)
        good = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return good;
}

/* Is this in that file already? */
static bool holds(const char *path, const char *text, size_t n)
{
    char there[PATH_BYTES_MAX + 64];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, there, sizeof there);

    if (fd >= 0)
        close(fd);
    return got == (ssize_t)n && memcmp(there, text, n) == 0;
}

bool newborn_make(struct str place, struct str root, bool there, struct err *e)
{
    char folder[PATH_BYTES_MAX], text[PATH_BYTES_MAX + 64];
    size_t n = place.n;
    struct stat st;
    int fd;

    while (n > 0 && place.p[n - 1] != '/')
        n--;
    if (n < 2 || n >= sizeof folder)
        return err_set(e, ERR_BUG, "a birthplace without a folder");
    snprintf(folder, sizeof folder, "%.*s", (int)(n - 1), place.p);
    if (!sys_make_folders((struct str){folder, n - 1}, 0700, e))
        return false;
    fd = sys_open_beneath_root(root.p, O_PATH | O_DIRECTORY);
    /* What is not empty was born in this very session, under the boundary that this one replaces: it stays. */
    if (!is_as_new(place.p))
        rmdir(place.p);
    if ((mkdir(place.p, 0777) != 0 && errno != EEXIST) || fd < 0 || fstat(fd, &st) != 0) {
        err_set(e, ERR_SYSTEM, "cannot make a place for a new repository");
        err_subject(e, place);
        sys_reason(e, errno);
        if (fd >= 0)
            close(fd);
        return false;
    }
    close(fd);
    n = (size_t)snprintf(text, sizeof text, "%llu %llu %s", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
        root.p);
    snprintf(folder + strlen(folder), sizeof folder - strlen(folder), "/root");
    if (n >= sizeof text || !holds(folder, text, n)) {
        fd = open(folder, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || n >= sizeof text || write(fd, text, n) != (ssize_t)n) {
            err_set(e, ERR_SYSTEM, "cannot write down what a birthplace is for");
            sys_reason(e, errno);
        }
        if (fd >= 0)
            close(fd);
    }
    if (e->kind == ERR_NONE && there && !borrow(root))
        err_set(e, ERR_LIMIT, "cannot hold an empty .git folder");
    return e->kind == ERR_NONE;
}

/* ---- copying: files and folders, no links ---- */

struct copying {
    uint64_t left; /* bytes that may be taken */
    const char *why;
};

static void begin_copying(struct copying *c, int to)
{
    struct statvfs fs;

    *c = (struct copying){.left = COPY_BYTES_MAX, .why = "it cannot be copied there whole"};
    if (fstatvfs(to, &fs) == 0 && (uint64_t)fs.f_bavail < COPY_BYTES_MAX / fs.f_frsize)
        c->left = (uint64_t)fs.f_bavail * fs.f_frsize / 10 * 9;
}

static bool take_room(struct copying *c, const struct stat *st)
{
    uint64_t needed = (uint64_t)st->st_blocks * 512 + 4096;

    if (needed > c->left) {
        c->why = "to be copied there it is too large (more than 16 GiB, or than nine tenths of what is free)";
        return false;
    }
    c->left -= needed;
    return true;
}

static bool copy_stretch(int from, int to, off_t at, off_t end)
{
    char chunk[65536];

    while (at < end) {
        size_t wanted = end - at < (off_t)sizeof chunk ? (size_t)(end - at) : sizeof chunk;
        ssize_t n = pread(from, chunk, wanted, at), done = 0;
        if (n <= 0)
            return n == 0; /* shorter by now */
        for (ssize_t some; done < n; done += some)
            if ((some = pwrite(to, chunk + done, (size_t)(n - done), at + done)) <= 0)
                return false;
        at += n;
    }
    return true;
}

/* Holes stay holes. */
static bool copy_bytes(int from, int to, off_t size)
{
    for (off_t at = 0, data, hole; at < size; at = hole) {
        data = lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break;
        data = data < 0 ? at : data;
        hole = lseek(from, data, SEEK_HOLE);
        hole = hole <= data || hole > size ? size : hole;
        if (!copy_stretch(from, to, data, hole))
            return false;
    }
    return ftruncate(to, size) == 0;
}

static bool copy_file(struct copying *c, int from, int to, const char *name)
{
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), target = -1;
    struct stat st;
    bool good = source >= 0 && fstat(source, &st) == 0 && S_ISREG(st.st_mode) && take_room(c, &st);

    if (good)
        target = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, st.st_mode & 0777);
    good = good && target >= 0 && copy_bytes(source, target, st.st_size);
    if (target >= 0)
        close(target);
    if (source >= 0)
        close(source);
    return good;
}

/* Takes both descriptors over. */
static bool copy_folder(struct copying *c, int from, int to, int depth)
{
    DIR *dir = from < 0 || to < 0 || depth > NEWBORN_DEPTH_MAX ? NULL : fdopendir(from);
    struct dirent *entry;
    struct stat st;
    bool good = dir != NULL;

    if (!dir && from >= 0)
        close(from);
    while (good && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        good = fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0;
        if (good && S_ISDIR(st.st_mode))
            good = take_room(c, &st) && mkdirat(to, name, (st.st_mode & 0777) | 0700) == 0 &&
                   copy_folder(c, openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                       openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), depth + 1);
        else
            good = good && copy_file(c, dirfd(dir), to, name);
    }
    if (dir)
        closedir(dir);
    if (to >= 0)
        close(to);
    return good;
}

/* NULL: done. Else why not, and nothing of it is left. path: of the copy. */
static const char *copy_tree(const char *from, int to_folder, const char *name, struct str path)
{
    struct err ignored = {0};
    struct copying c;
    int to;

    if (mkdirat(to_folder, name, 0777) != 0)
        return errno == EEXIST ? "something of an earlier copy is in the way" : strerror(errno);
    to = openat(to_folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    begin_copying(&c, to);
    if (copy_folder(&c, open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), to, 0))
        return NULL;
    sys_remove_tree(path, &ignored);
    return c.why;
}

/* ---- as git makes it: no special modes, no lists of who may do what ---- */

static void plain_mode(int folder, const char *name, const struct stat *st, mode_t mask)
{
    mode_t wanted = (st->st_mode & 0777 & ~mask) | (S_ISDIR(st->st_mode) ? 0700 : 0400);
    char link[64 + NAME_MAX];
    int held = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    snprintf(link, sizeof link, "/proc/self/fd/%d", held);
    if (held >= 0 && (st->st_mode & 07777) != wanted)
        chmod(link, wanted);
    if (held >= 0 && listxattr(link, NULL, 0) != 0) {
        removexattr(link, "system.posix_acl_default");
        if (removexattr(link, "system.posix_acl_access") == 0)
            chmod(link, wanted);
    }
    if (held >= 0)
        close(held);
}

static void plain_modes(int folder, const char *name, mode_t mask, int depth)
{
    struct dirent *entry;
    struct stat st;
    DIR *dir;
    int fd;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
        return;
    plain_mode(folder, name, &st, mask);
    if (!S_ISDIR(st.st_mode) || depth > NEWBORN_DEPTH_MAX)
        return;
    fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        close(fd);
    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            plain_modes(dirfd(dir), entry->d_name, mask, depth + 1);
    if (dir)
        closedir(dir);
}

static void make_plain(const char *path)
{
    mode_t mask = umask(0);

    umask(mask);
    plain_modes(AT_FDCWD, path, mask, 0);
}

/* ---- into place ---- */

/* What stands at the workspace's .git: nothing, or an empty folder that no session holds. */
static const char *make_room(int root)
{
    int fd = openat(root, ".git", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const char *why = NULL;

    if (fd < 0)
        return errno == ENOENT ? NULL : "something else is there now";
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        why = "another session works there";
    else if (unlinkat(root, ".git", AT_REMOVEDIR) != 0)
        why = "there is a repository now";
    close(fd);
    return why;
}

/* NULL: done. Else why not. */
static const char *move_into(const char *from, int root, struct str fresh_path)
{
    static const char fresh[] = FRESH;
    const char *why = make_room(root);

    if (why)
        return why;
    if (renameat2(AT_FDCWD, from, root, ".git", RENAME_NOREPLACE) == 0)
        return NULL;
    if (errno != EXDEV)
        return strerror(errno);
    why = copy_tree(from, root, fresh, fresh_path);
    if (why)
        return why;
    return renameat2(root, fresh, root, ".git", RENAME_NOREPLACE) == 0 ? NULL : strerror(errno);
}

/* The workspace that a birthplace was for, if it is still that folder. */
static int open_root(struct settling *s, struct str folder, struct str *root)
{
    struct str file = path_join(s->a, PATH_POSIX, folder, STR("root")), text = {0};
    struct err ignored = {0};
    unsigned long long dev, ino;
    struct stat st;
    int fd, at = 0;

    if (!sys_read_file(s->a, file, PATH_BYTES_MAX + 64, true, &text, &ignored) ||
        sscanf(text.p, "%llu %llu %n", &dev, &ino, &at) != 2 || at <= 0 || (size_t)at >= text.n)
        return -1;
    *root = arena_str(s->a, str_slice(text, (size_t)at, text.n));
    fd = sys_open_beneath_root(root->p, O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && (fstat(fd, &st) != 0 || st.st_dev != dev || st.st_ino != ino)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* ---- what becomes of one ---- */

static void tell(struct settling *s, struct str line)
{
    *(struct str *)ARENA_PUSH(s->a, s->lines) = line;
}

static void keep(struct settling *s, struct str folder, struct str root, struct str why)
{
    struct str kept = path_join(s->a, PATH_POSIX, s->born, STR("kept")), to = folder;
    struct str name = root.n ? path_name(PATH_POSIX, root) : STR("repository");
    struct err ignored = {0};

    sys_make_folders(kept, 0700, &ignored);
    for (int i = 1; i < KEPT_MAX; i++) {
        struct str wanted = arena_format(s->a, "%s/%.*s-%d", kept.p, (int)(name.n > 200 ? 200 : name.n), name.p, i);
        if (renameat2(AT_FDCWD, folder.p, AT_FDCWD, wanted.p, RENAME_NOREPLACE) == 0) {
            to = wanted;
            break;
        }
    }
    tell(s, arena_format(s->a, "the repository that was made inside was not put into %s: %s. To take it all the same: mv %s %s",
                root.n ? path_display(s->a, s->env, root).p : "its workspace", why.p,
                path_shell(s->a, s->env, path_join(s->a, PATH_POSIX, to, STR("git"))).p,
                root.n ? path_shell(s->a, s->env, path_join(s->a, PATH_POSIX, root, STR(".git"))).p : "WORKSPACE/.git"));
}

static enum newborn_state judge(struct settling *s, struct str git, struct str root, struct str *reason)
{
    return newborn_judge(s->a, s->env, git_eye_system(), git, root, s->roots, reason);
}

/* Of a session that is gone something may still be dying in the original: the copy is what counts. */
static enum newborn_state judge_copy(struct settling *s, struct str folder, struct str *git, struct str root, struct str *reason)
{
    struct str copy = path_join(s->a, PATH_POSIX, folder, STR("copy"));
    struct err ignored = {0};
    const char *why;

    sys_remove_tree(copy, &ignored);
    why = copy_tree(git->p, AT_FDCWD, copy.p, copy);
    if (why) {
        *reason = str_from(why);
        return NEWBORN_BAD;
    }
    *git = copy;
    return judge(s, copy, root, reason);
}

static void put_into_place(struct settling *s, struct str folder, struct str git, int fd, struct str root)
{
    const char *why = move_into(git.p, fd, path_join(s->a, PATH_POSIX, root, STR(FRESH)));
    struct err ignored = {0};

    if (why) {
        keep(s, folder, root, str_from(why));
        return;
    }
    tell(s, arena_format(s->a,
        "a repository was made inside: %s/.git is in place now; nothing in its configuration, hooks and index makes git run or "
        "follow what was made inside (what its commits hold was not looked at)", path_display(s->a, s->env, root).p));
    sys_remove_tree(folder, &ignored);
}

/* spare: an empty one may stay for the next session in this workspace. */
static void settle_one(struct settling *s, struct str folder, bool crashed, bool spare)
{
    struct str git = path_join(s->a, PATH_POSIX, folder, STR("git")), root = {0}, reason = {0};
    int fd = open_root(s, folder, &root);
    enum newborn_state state;
    struct err ignored = {0};

    make_plain(git.p);
    state = judge(s, git, root, &reason);
    if (state == NEWBORN_EMPTY) {
        if (!spare || fd < 0 || !is_as_new(git.p))
            sys_remove_tree(folder, &ignored);
    } else if (fd < 0) {
        keep(s, folder, root, STR("that folder is not what it was"));
    } else {
        if (state == NEWBORN_GOOD && crashed)
            state = judge_copy(s, folder, &git, root, &reason);
        if (state == NEWBORN_GOOD)
            put_into_place(s, folder, git, fd, root);
        else
            keep(s, folder, root, reason);
    }
    if (fd >= 0)
        close(fd);
}

static void settle_session(struct settling *s, struct str folder, bool crashed, bool own)
{
    struct texts names = {0};
    const struct git_eye *eye = git_eye_system();

    eye->list(eye->context, s->a, folder, KEPT_MAX, &names);
    for (size_t i = 0; i < names.n; i++)
        settle_one(s, path_join(s->a, PATH_POSIX, folder, names.v[i]), crashed, own && names.n == 1);
    rmdir(folder.p);
}

/* Is the session that made it gone? Its folder's lock is then free. */
static int lock_session(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd >= 0 ? fd : errno == ENOENT ? AT_FDCWD : -1;
}

void newborn_settle(struct arena *a, const struct path_env *env, struct str session_dir, const struct texts *roots, bool ended,
    struct texts *lines)
{
    struct settling s = {.a = a, .env = env, .roots = roots, .lines = lines};
    struct str sessions = path_parent(PATH_POSIX, session_dir), own = path_name(PATH_POSIX, session_dir);
    const struct git_eye *eye = git_eye_system();
    struct texts names = {0};

    s.born = path_join(a, PATH_POSIX, path_parent(PATH_POSIX, sessions), STR("born"));
    if (ended) {
        give_back();
        settle_session(&s, path_join(a, PATH_POSIX, s.born, own), false, true);
        return;
    }
    if (!eye->list(eye->context, a, s.born, KEPT_MAX, &names))
        return;
    for (size_t i = 0; i < names.n; i++) {
        struct str folder = path_join(a, PATH_POSIX, s.born, names.v[i]);
        bool mine = str_eq(names.v[i], own);
        int lock = mine ? AT_FDCWD : -1;
        if (str_is(names.v[i], "kept"))
            continue;
        if (!mine)
            lock = lock_session(path_join(a, PATH_POSIX, sessions, names.v[i]).p);
        if (lock == -1)
            continue;
        settle_session(&s, folder, true, mine);
        if (lock >= 0)
            close(lock);
    }
}
