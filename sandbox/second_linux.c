/*
 * second: what has another name somewhere. Links in folders of the home folder whose content is obeyed (~/.config/fish,
 * ~/.local/bin), which may lead into a root. And secret files that have another name. A cover lies over a name; who made a hard link to a key before, or
 * had one made, can read it through that. A bounded look, at every opening: two levels of each secret folder, and for the
 * other name the tops of the writable roots.
 */
#include "linux.h"

#include "core/path.h"
#include "core/rules.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAMES_MAX 300  /* in one secret folder and those in it */
#define TOP_MAX   2000 /* of a writable root */
#define FOUND_MAX 50
#define LEVELS    2
#define LINKS_MAX 60 /* and folders, in each of the folders whose content is obeyed */

struct look {
    struct arena *a;
    struct facts *out;
    struct str folder; /* the secret place */
    size_t left;
    bool more;
};

static bool is_known(const struct facts *out, struct str path)
{
    for (size_t i = 0; i < out->second.n; i++)
        if (str_eq(out->second.v[i].path, path))
            return true;
    return false;
}

static void add(struct look *l, struct str path)
{
    if (l->out->second.n == FOUND_MAX) {
        l->more = true;
        return;
    }
    if (!is_known(l->out, path))
        *(struct second_name *)ARENA_PUSH(l->a, &l->out->second) = (struct second_name){.folder = l->folder, .path = path};
}

/* Takes the descriptor over. */
static void look_in(struct look *l, int fd, struct str path, int level)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat st;

    if (!dir) {
        l->more = true;
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (l->left == 0) {
            l->more = true;
            break;
        }
        l->left--;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(st.st_mode) && st.st_nlink > 1)
            add(l, path_join(l->a, PATH_POSIX, path, str_from(entry->d_name)));
        else if (S_ISDIR(st.st_mode) && level == LEVELS)
            l->more = true;
        else if (S_ISDIR(st.st_mode))
            look_in(l, openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                path_join(l->a, PATH_POSIX, path, str_from(entry->d_name)), level + 1);
    }
    closedir(dir);
}

static const struct fact *fact_of(const struct facts *facts, struct str path)
{
    for (size_t i = 0; i < facts->n; i++)
        if (str_eq(facts->v[i].path, path))
            return &facts->v[i];
    return NULL;
}

static void look_at_secret(struct arena *a, const struct fact *f, struct facts *out)
{
    static const struct path_env env = {.system = PATH_POSIX};
    struct look l = {.a = a, .out = out, .folder = f->real, .left = NAMES_MAX};

    if (path_is_under(&env, out->host.state_dir, f->real) || path_is_under(&env, STR("/proc"), f->real) ||
        path_is_under(&env, STR("/sys"), f->real))
        return; /* our own; the kernel's */
    if (f->real_kind == FACT_FILE && f->links > 1)
        add(&l, f->real);
    else if (f->real_kind == FACT_FOLDER)
        look_in(&l, sys_open_beneath_root(f->real.p, O_RDONLY | O_DIRECTORY), f->real, 1);
    if (l.more)
        *(struct str *)ARENA_PUSH(a, &out->second_more) = f->real;
}

/* Which of the names at the top of a root is one of those files? */
static void look_at_root(struct arena *a, struct str root, struct facts *out, const struct stat *files)
{
    int fd = sys_open_beneath_root(root.p, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat st;
    size_t left = TOP_MAX;

    if (!dir && fd >= 0)
        close(fd);
    while (dir && left-- > 0 && (entry = readdir(dir)) != NULL)
        for (size_t i = 0; i < out->second.n; i++)
            if (entry->d_ino == files[i].st_ino && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                st.st_dev == files[i].st_dev && st.st_ino == files[i].st_ino)
                out->second.v[i].other = path_join(a, PATH_POSIX, root, str_from(entry->d_name));
    if (dir)
        closedir(dir);
}

/* ---- links in folders of what is obeyed ---- */

static void links_in(struct arena *a, int fd, struct str path, int level, size_t *left, struct texts *out)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!dir && fd >= 0)
        close(fd);
    while (dir && *left > 0 && (entry = readdir(dir)) != NULL) {
        struct str inner;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            (entry->d_type != DT_LNK && (entry->d_type != DT_DIR || level == LEVELS)))
            continue;
        --*left;
        inner = path_join(a, PATH_POSIX, path, str_from(entry->d_name));
        if (entry->d_type == DT_LNK)
            *(struct str *)ARENA_PUSH(a, out) = inner;
        else
            links_in(a, openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), inner, level + 1, left, out);
    }
    if (dir)
        closedir(dir);
}

void facts_obeyed_links(struct arena *a, struct host *host)
{
    static const struct path_env env = {.system = PATH_POSIX};
    struct texts items = {0}, links = {0};

    rules_obeyed(a, &env, host, &items);
    for (size_t i = 0; i < items.n; i++) {
        size_t left = LINKS_MAX;
        links_in(a, open(items.v[i].p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), items.v[i], 1, &left, &links);
    }
    host->obeyed_links = links;
}

void facts_second(struct arena *a, const struct policy *policy, struct facts *out)
{
    struct stat files[FOUND_MAX];

    for (size_t i = 0; i < policy->rules.n; i++) {
        const struct rule *r = &policy->rules.v[i];
        const struct fact *f = r->kind == RULE_SECRET && r->anchored && !r->revoked ? fact_of(out, r->path) : NULL;
        if (f && f->real.n)
            look_at_secret(a, f, out);
    }
    for (size_t i = 0; i < out->second.n; i++)
        if (lstat(out->second.v[i].path.p, &files[i]) != 0)
            files[i] = (struct stat){0};
    if (out->second.n && policy->workspace.n)
        look_at_root(a, policy->workspace, out, files);
    for (size_t i = 0; out->second.n && i < policy->rules.n; i++)
        if (policy->rules.v[i].kind == RULE_WRITE && policy->rules.v[i].anchored && !policy->rules.v[i].revoked)
            look_at_root(a, policy->rules.v[i].path, out, files);
}
