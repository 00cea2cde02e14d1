/*
 * nested: where in the writable roots the names of any depth are. Asked by :reapply alone: the tree may be large, and
 * programs inside made it. Bounded; no link is followed and no other file system entered.
 */
#include "linux.h"
#include "core/path.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define NESTED_FOLDERS_MAX 50000
#define NESTED_FOUND_MAX   256
#define NESTED_DEPTH_MAX   48
#define NESTED_MS          3000

struct walk {
    struct arena *a;
    const struct policy *policy;
    struct texts *out;
    dev_t device;
    size_t folders;
    uint64_t deadline;
    bool whole; /* nothing was left out */
};

/* path: of the folder, with room for what is below it. */
static void find_here(struct walk *w, int folder, struct str path, bool top)
{
    for (size_t i = 0; i < w->policy->rules.n; i++) {
        const struct rule *rule = &w->policy->rules.v[i];
        struct stat st;
        int fd;
        if (!rule->any_depth || rule->revoked || (top && str_is(rule->path, ".git")))
            continue;
        fd = sys_open_beneath(folder, rule->path.p, O_PATH | O_NOFOLLOW);
        if (fd < 0)
            continue;
        if (fstat(fd, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) {
            w->whole = w->whole && w->out->n < NESTED_FOUND_MAX;
            if (w->out->n < NESTED_FOUND_MAX)
                *(struct str *)ARENA_PUSH(w->a, w->out) = path_join(w->a, PATH_POSIX, path, rule->path);
        }
        close(fd);
    }
}

/* What was found is protected as a whole: nothing in it has to be. */
static bool is_found(const struct walk *w, struct str path)
{
    for (size_t i = 0; i < w->out->n; i++)
        if (str_eq(w->out->v[i], path))
            return true;
    return false;
}

static void walk(struct walk *w, int folder, struct str path, int depth);

static void enter(struct walk *w, DIR *d, const struct dirent *entry, struct str path, int depth)
{
    struct str below = path_join(w->a, PATH_POSIX, path, str_from(entry->d_name));
    struct stat st;
    int fd;

    if (is_found(w, below) || str_is(str_from(entry->d_name), ".git"))
        return;
    fd = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_dev == w->device && below.n < PATH_BYTES_MAX - 256)
        walk(w, fd, below, depth + 1);
    else
        close(fd);
}

/* Takes folder over. */
static void walk(struct walk *w, int folder, struct str path, int depth)
{
    DIR *d = NULL;
    struct dirent *entry;

    if (depth > NESTED_DEPTH_MAX || ++w->folders > NESTED_FOLDERS_MAX || sys_milliseconds() > w->deadline) {
        w->whole = false;
        close(folder);
        return;
    }
    find_here(w, folder, path, depth == 0);
    d = fdopendir(folder);
    if (!d)
        close(folder);
    while (d && w->folders <= NESTED_FOLDERS_MAX && (entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
            enter(w, d, entry, path, depth);
    }
    if (d)
        closedir(d);
}

static void walk_root(struct walk *w, struct str root)
{
    int folder = sys_open_beneath_root(root.p, O_RDONLY | O_DIRECTORY);
    struct stat st;

    if (folder < 0)
        return;
    if (fstat(folder, &st) != 0) {
        close(folder);
        return;
    }
    w->device = st.st_dev;
    walk(w, folder, root, 0);
}

bool facts_nested(struct arena *a, const struct policy *policy, struct texts *out)
{
    struct walk w = {.a = a, .policy = policy, .out = out, .deadline = sys_milliseconds() + NESTED_MS, .whole = true};
    bool any = false;

    for (size_t i = 0; i < policy->rules.n; i++)
        any = any || (policy->rules.v[i].any_depth && !policy->rules.v[i].revoked);
    if (any && policy->workspace.n > 0)
        walk_root(&w, policy->workspace);
    for (size_t i = 0; i < policy->rules.n && any; i++) {
        const struct rule *r = &policy->rules.v[i];
        if (r->kind == RULE_WRITE && r->anchored && !r->revoked)
            walk_root(&w, r->path);
    }
    return w.whole;
}

bool disk_mend(struct arena *a, const struct plan *plan, const struct texts *accepted, const struct disk_watch *watch, struct texts *lines,
    struct err *e)
{
    (void)a;
    (void)plan;
    (void)accepted;
    (void)watch;
    (void)lines;
    (void)e;
    return true;
}
