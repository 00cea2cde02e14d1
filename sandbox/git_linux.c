/*
 * git: the eyes that git.c looks at repositories with. Opens to read, follows no link inside a root, starts nothing.
 */
#include "linux.h"
#include "core/git.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum fact_kind eye_kind(void *context, struct str path)
{
    int fd = sys_open_beneath_root(path.p, O_PATH | O_NOFOLLOW);
    enum fact_kind kind = FACT_UNKNOWN;
    struct stat st;

    (void)context;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? FACT_MISSING : errno == ELOOP ? FACT_SYMLINK : FACT_UNKNOWN;
    if (fstat(fd, &st) == 0)
        kind = S_ISDIR(st.st_mode)   ? FACT_FOLDER
               : S_ISREG(st.st_mode) ? FACT_FILE
               : S_ISLNK(st.st_mode) ? FACT_SYMLINK
                                     : FACT_OTHER;
    close(fd);
    return kind;
}

static bool eye_read(void *context, struct arena *a, struct str path, size_t ceiling, bool inside, struct str *out)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = inside ? sys_open_beneath_root(path.p, (uint64_t)flags) : open(path.p, flags);
    struct stat st;
    char *bytes = NULL;
    size_t have = 0, room = 0;
    ssize_t n = 0;
    bool good;

    (void)context;
    if (fd < 0)
        return false;
    good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size <= ceiling;
    if (good) {
        room = (size_t)st.st_size + 1; /* a longer one is being written: not read at all */
        bytes = arena_alloc(a, room, 1);
    }
    while (good && have < room && (n = read(fd, bytes + have, room - have)) > 0)
        have += (size_t)n;
    close(fd);
    good = good && n == 0 && have < room;
    if (good) {
        bytes[have] = '\0';
        *out = (struct str){bytes, have};
    }
    return good;
}

static bool eye_list(void *context, struct arena *a, struct str folder, size_t most, struct texts *out)
{
    int fd = sys_open_beneath_root(folder.p, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool good = dir != NULL;

    (void)context;
    if (!dir && fd >= 0)
        close(fd);
    while (good && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        good = out->n < most;
        if (good)
            *(struct str *)ARENA_PUSH(a, out) = arena_str(a, str_from(entry->d_name));
    }
    if (dir)
        closedir(dir);
    return good;
}

/* A link that leads to what is not there counts too: it would be made there. */
static bool eye_real(void *context, struct arena *a, struct str path, struct str *out)
{
    struct str rest = {0};

    path = arena_str(a, path);
    for (int links = 0; path.n > 1 && links < 40;) {
        struct path_env env = {.system = PATH_POSIX, .cwd = path_parent(PATH_POSIX, path)};
        char target[PATH_BYTES_MAX];
        struct err ignored = {0};
        struct str real;
        ssize_t n;
        if (sys_real_path(a, path, &real, &ignored)) {
            *out = rest.n ? path_join(a, PATH_POSIX, real, rest) : real;
            return true;
        }
        n = readlink(path.p, target, sizeof target - 1);
        if (n > 0) {
            links++;
            if (!path_canonical(a, &env, arena_str(a, (struct str){target, (size_t)n}), &path, &ignored))
                return false;
            continue;
        }
        rest = rest.n ? path_join(a, PATH_POSIX, path_name(PATH_POSIX, path), rest) : path_name(PATH_POSIX, path);
        path = arena_str(a, path_parent(PATH_POSIX, path));
    }
    (void)context;
    return false;
}

static bool eye_direct(void *context, struct arena *a, struct str link, struct str path)
{
    struct path_env env = {.system = PATH_POSIX, .cwd = path_parent(PATH_POSIX, link)};
    char target[PATH_BYTES_MAX];
    ssize_t n = readlink(link.p, target, sizeof target);
    struct err ignored = {0};
    struct str first;

    (void)context;
    return n > 0 && (size_t)n < sizeof target && path_canonical(a, &env, arena_str(a, (struct str){target, (size_t)n}), &first, &ignored) &&
           str_eq(first, path);
}

const struct git_eye *git_eye_system(void)
{
    static const struct git_eye eye = {
        .kind = eye_kind, .read = eye_read, .list = eye_list, .variable = sys_variable, .real = eye_real,
        .direct = eye_direct};

    return &eye;
}

const struct git_found *facts_git(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host)
{
    return git_look(a, policy, env, host, git_eye_system());
}
