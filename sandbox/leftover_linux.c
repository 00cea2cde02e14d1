/*
 * leftover: the second look at what the observer alone holds for git (see docs/git.md), when nothing runs inside any more:
 * symbolic links in a .git that were made while the session ran, and a workspace that became a git folder itself. Whoever won
 * a race against the observer gets no further than the end of the session. Trusted side.
 */
#include "linux.h"
#include "core/git.h"
#include "core/text.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define LEFT_DEPTH   16
#define LEFT_ENTRIES 100000

struct leftover {
    struct arena *a;
    const struct path_env *env;
    uint64_t since_ms;
    struct texts *lines;
    size_t entries;
};

static void tell(struct leftover *l, struct str line)
{
    *(struct str *)ARENA_PUSH(l->a, l->lines) = line;
}

static void take_away(struct leftover *l, int folder, const char *name, struct str path)
{
    char target[PATH_BYTES_MAX];
    ssize_t n = readlinkat(folder, name, target, sizeof target);

    if (n <= 0 || unlinkat(folder, name, 0) != 0)
        return;
    tell(l, arena_format(l->a, "removed a symbolic link that was made in .git inside, and that git here would write through: %s -> %s",
                path_display(l->a, l->env, path).p, text_printable(l->a, (struct str){target, (size_t)n}).p));
}

/* Takes the descriptor over. */
static void walk(struct leftover *l, int fd, struct str path, int depth)
{
    DIR *dir = fd < 0 || depth > LEFT_DEPTH ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat st;

    if (!dir && fd >= 0)
        close(fd);
    while (dir && (entry = readdir(dir)) != NULL && l->entries++ < LEFT_ENTRIES) {
        const char *name = entry->d_name;
        struct str inner;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "objects") == 0 ||
            (entry->d_type != DT_DIR && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN) ||
            fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        inner = path_join(l->a, PATH_POSIX, path, str_from(name));
        if (S_ISDIR(st.st_mode))
            walk(l, openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), inner, depth + 1);
        else if (S_ISLNK(st.st_mode) &&
                 (uint64_t)st.st_ctim.tv_sec * 1000 + (uint64_t)st.st_ctim.tv_nsec / 1000000 + 20 >= l->since_ms)
            take_away(l, dirfd(dir), name, inner);
    }
    if (dir)
        closedir(dir);
}

static bool is(struct leftover *l, struct str root, const char *name, enum fact_kind kind)
{
    const struct git_eye *eye = git_eye_system();

    return eye->kind(eye->context, path_join(l->a, PATH_POSIX, root, str_from(name))) == kind;
}

void git_leftover(struct arena *a, const struct path_env *env, const struct texts *roots, uint64_t since_ms, struct texts *lines)
{
    struct leftover l = {.a = a, .env = env, .since_ms = since_ms, .lines = lines};

    for (size_t i = 0; i < roots->n; i++) {
        struct str root = roots->v[i], folder = path_join(a, PATH_POSIX, root, STR(".git"));
        struct stat st;
        if (is(&l, root, ".git", FACT_FOLDER))
            walk(&l, sys_open_beneath_root(folder.p, O_RDONLY | O_DIRECTORY), folder, 0);
        else if (is(&l, root, "HEAD", FACT_FILE) && is(&l, root, "objects", FACT_FOLDER) && is(&l, root, "refs", FACT_FOLDER) &&
                 lstat(path_join(a, PATH_POSIX, root, STR("HEAD")).p, &st) == 0 &&
                 (uint64_t)st.st_ctim.tv_sec * 1000 + 1000 >= since_ms)
            tell(&l, arena_format(a, "%s was made a git folder inside: git here would obey %s/config; look at it before you run git there",
                         path_display(a, env, root).p, path_display(a, env, root).p));
    }
}
