/*
 * obeyed: looks at the files that tools outside obey (core/obeyed.h). What it looks at was written by hostile programs,
 * which may still be running: everything is opened below a held folder, no link is followed, nothing but folders is
 * opened, and every list has an end.
 */
#include "linux.h"
#include "core/obeyed.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define TOP_ENTRIES_MAX    4096 /* of the root; past it names are asked for one by one */
#define FOLDER_ENTRIES_MAX 256
#define FOLDERS_MAX        64
#define WALK_DEPTH         4
#define WALK_ENTRIES_MAX   20000
#define WALK_MS            100
#define WALK_NAMES_MAX     256 /* names of the table below the top */
#define CLOCK_SLACK_NS     20000000 /* files get the time of the last tick */
#define LIST_BYTES         32768

/* ---- listing a folder ---- */

/* Calls take for each entry until it says no. False: there were more than most. */
static bool each_entry(int folder, size_t most, bool (*take)(void *context, struct str name, unsigned type), void *context)
{
    _Alignas(8) char bytes[LIST_BYTES];
    long n;

    while ((n = syscall(SYS_getdents64, folder, bytes, sizeof bytes)) > 0) {
        for (long at = 0; at < n;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(bytes + at);
            struct str name = str_from(entry->d_name);
            at += entry->d_reclen;
            if (str_is(name, ".") || str_is(name, ".."))
                continue;
            if (most-- == 0 || !take(context, name, entry->d_type))
                return false;
        }
    }
    return true;
}

static int open_folder(int top, const char *path)
{
    return sys_open_beneath(top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

/* ---- a look at the names of the table ---- */

struct look {
    struct arena *a;
    struct str root;
    const struct texts *held;
    struct obeyed_list *out;
    int top, folder;
    struct str folder_name; /* "" or ".git/hooks" */
    bool wanted[FOLDERS_MAX]; /* folders of the table whose first part is there */
};

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool is_held(const struct look *l, struct str path)
{
    for (size_t i = 0; i < l->held->n; i++)
        if (str_eq(l->held->v[i], path))
            return true;
    return false;
}

static struct str path_of(struct look *l, struct str name)
{
    struct str folder = l->folder_name.n ? path_join(l->a, PATH_POSIX, l->root, l->folder_name) : l->root;
    return path_join(l->a, PATH_POSIX, folder, name);
}

static void add(struct look *l, struct str path, const char *who, const struct stat *st)
{
    struct obeyed_item item = {.path = path, .who = who, .dev = st->st_dev, .ino = st->st_ino, .mode = st->st_mode & S_IFMT};

    if (S_ISREG(st->st_mode) && is_held(l, path) && names_is_placeholder(-1, st))
        return;
    if (!S_ISDIR(st->st_mode)) {
        item.mode = st->st_mode;
        item.size = (uint64_t)st->st_size;
        item.changed_ns = nanoseconds(st->st_ctim);
        item.written_ns = nanoseconds(st->st_mtim);
    }
    *(struct obeyed_item *)ARENA_PUSH(l->a, l->out) = item;
}

/* A folder of that name is a repository only with a HEAD in it. */
static bool counts(struct look *l, struct str name, const struct stat *st)
{
    struct stat head;
    int fd;
    bool good;

    if (!str_is(name, ".git") || !S_ISDIR(st->st_mode))
        return true;
    fd = open_folder(l->folder, ".git");
    good = fd >= 0 && fstatat(fd, "HEAD", &head, AT_SYMLINK_NOFOLLOW) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static void look_at(struct look *l, struct str name)
{
    const char *who = obeyed_who(l->folder_name, name);
    struct stat st;

    if (who && fstatat(l->folder, name.p, &st, AT_SYMLINK_NOFOLLOW) == 0 && counts(l, name, &st))
        add(l, path_of(l, name), who, &st);
}

static bool take_entry(void *context, struct str name, unsigned type)
{
    struct look *l = context;
    size_t count;
    const char *const *folders = obeyed_folders(&count);

    (void)type;
    look_at(l, name);
    for (size_t i = 1; !l->folder_name.n && i < count && i < FOLDERS_MAX; i++)
        if (strncmp(folders[i], name.p, name.n) == 0 && (folders[i][name.n] == '\0' || folders[i][name.n] == '/'))
            l->wanted[i] = true;
    return true;
}

/* A root with more names than are listed: each name of the table is asked for. */
static void ask_each(struct look *l)
{
    size_t count;
    const struct obeyed_row *rows = obeyed_rows(&count);

    l->out->n = 0;
    for (size_t i = 0; i < count; i++)
        if (!rows[i].folder[0] && !strchr(rows[i].pattern, '*'))
            look_at(l, str_from(rows[i].pattern));
    memset(l->wanted, true, sizeof l->wanted);
}

static void look_into(struct look *l, const char *name)
{
    struct stat st;

    l->folder_name = str_from(name);
    l->folder = open_folder(l->top, name);
    if (l->folder >= 0) {
        if (!each_entry(l->folder, FOLDER_ENTRIES_MAX, take_entry, l) && fstat(l->folder, &st) == 0)
            add(l, path_join(l->a, PATH_POSIX, l->root, str_from(name)), "it holds more names than are looked at", &st);
        close(l->folder);
    } else if ((errno == ELOOP || errno == ENOTDIR) && fstatat(l->top, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
               !S_ISDIR(st.st_mode) && !obeyed_who(STR(""), str_from(name))) {
        add(l, path_join(l->a, PATH_POSIX, l->root, str_from(name)), "what reads it is led elsewhere", &st);
    }
}

void obeyed_look(struct arena *a, struct str root, const struct texts *held, struct obeyed_list *out)
{
    struct obeyed_list mine = {0};
    struct look l = {.a = a, .root = root, .held = held, .out = &mine};
    size_t count;
    const char *const *folders = obeyed_folders(&count);

    l.top = l.folder = sys_open_beneath_root(root.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (l.top < 0)
        return;
    l.folder_name = STR("");
    if (!each_entry(l.top, TOP_ENTRIES_MAX, take_entry, &l))
        ask_each(&l);
    for (size_t i = 1; i < count && i < FOLDERS_MAX; i++)
        if (l.wanted[i])
            look_into(&l, folders[i]);
    close(l.top);
    for (size_t i = 0; i < mine.n; i++)
        *(struct obeyed_item *)ARENA_PUSH(a, out) = mine.v[i];
}

/* ---- the walk below the top: repositories, and names of the table ---- */

struct level {
    struct str path; /* below the root */
    int depth;
};
struct levels {
    struct level *v;
    size_t n, cap;
};

struct walk {
    struct arena *a;
    struct str root;
    int64_t since_ns;
    uint64_t end_ms;
    struct levels queue;
    size_t left;
    struct level *at;
    int folder; /* that is listed, and what was seen in it */
    bool has_git, has_head, has_objects, has_refs;
    bool named;                    /* names of the table count in it */
    const char *ends[FOLDERS_MAX]; /* folders of the table that it can be taken for */
    size_t end_count;
    struct obeyed_notes names;
    struct obeyed_notes *out;
};

static bool is_since(const struct walk *w, int folder, const char *name, bool birth)
{
    struct statx st;
    const struct statx_timestamp *t = birth ? &st.stx_btime : &st.stx_ctime;
    unsigned wanted = birth ? STATX_BTIME : STATX_CTIME;

    return statx(folder, name, AT_SYMLINK_NOFOLLOW, wanted, &st) == 0 && (st.stx_mask & wanted) &&
           (int64_t)t->tv_sec * 1000000000 + t->tv_nsec >= w->since_ns;
}

/* What is installed is run by whatever uses it, and its names say nothing more; a repository's folder has rows of its own. */
static bool is_named(struct str path)
{
    static const char *const passed[] = {"node_modules", "site-packages", ".git"};

    for (size_t at = 0; at < path.n;) {
        size_t end = str_find(path, at, '/');
        for (size_t i = 0; i < COUNT_OF(passed); i++)
            if (str_is(str_slice(path, at, end), passed[i]))
                return false;
        at = end + 1;
    }
    return path.n > 0; /* the root's own are compared (obeyed_look) */
}

/* "packages/app/.vscode" is, for who opens packages/app, its .vscode. */
static void find_ends(struct walk *w, struct str path)
{
    size_t count;
    const char *const *folders = obeyed_folders(&count);

    w->named = is_named(path);
    w->end_count = 0;
    for (size_t i = 1; w->named && i < count && i < FOLDERS_MAX; i++) {
        struct str end = str_from(folders[i]);
        if (path.n > end.n && path.p[path.n - end.n - 1] == '/' && str_ends(path, end))
            w->ends[w->end_count++] = folders[i];
    }
}

/* A name of the table below the top, made or written since then. False: there are more than are told. */
static bool look_at_name(struct walk *w, struct str name, unsigned type)
{
    const char *who = type == DT_DIR ? NULL : obeyed_who(STR(""), name);
    struct str below;

    for (size_t i = 0; !who && i < w->end_count; i++)
        who = obeyed_who(str_from(w->ends[i]), name);
    if (!who || str_is(name, ".git") || !is_since(w, w->folder, name.p, false))
        return true;
    if (w->names.n >= WALK_NAMES_MAX)
        return false;
    below = path_join(w->a, PATH_POSIX, w->at->path, name);
    obeyed_add(w->a, &w->names, is_since(w, w->folder, name.p, true) ? OBEYED_NEW : OBEYED_CHANGED,
        path_join(w->a, PATH_POSIX, w->root, below), who);
    return true;
}

static bool take_name(void *context, struct str name, unsigned type)
{
    struct walk *w = context;
    bool folder = type == DT_DIR || type == DT_UNKNOWN; /* what is none is not opened as one */

    w->left -= w->left > 0;
    if (w->named && !look_at_name(w, name, type))
        w->left = 0;
    w->has_head |= str_is(name, "HEAD");
    w->has_objects |= str_is(name, "objects");
    w->has_refs |= str_is(name, "refs");
    if (str_is(name, ".git")) {
        w->has_git = true;
    } else if (folder && w->at->depth < WALK_DEPTH) {
        struct level child = {.depth = w->at->depth + 1};
        struct str at = w->at->path; /* the queue moves as it grows */
        size_t here = (size_t)(w->at - w->queue.v);
        child.path = at.n ? path_join(w->a, PATH_POSIX, at, name) : arena_str(w->a, name);
        *(struct level *)ARENA_PUSH(w->a, &w->queue) = child;
        w->at = &w->queue.v[here];
    }
    return w->left > 0;
}

static void note(struct walk *w, enum obeyed_change change, struct str below, const char *who)
{
    obeyed_add(w->a, w->out, change, path_join(w->a, PATH_POSIX, w->root, below), who);
}

struct hooks {
    struct walk *w;
    int folder;
    struct str below;
};

static bool take_hook(void *context, struct str name, unsigned type)
{
    struct hooks *h = context;
    const char *who = obeyed_who(STR(".git/hooks"), name);

    (void)type;
    if (who && is_since(h->w, h->folder, name.p, false))
        note(h->w, OBEYED_CHANGED, path_join(h->w->a, PATH_POSIX, h->below, name), who);
    return true;
}

/* A git folder, or a bare repository: born since then, or its configuration or hooks written since then. The times of
 * change and birth are the kernel's: nobody inside can set them back. */
static void look_at_repository(struct walk *w, int folder, const char *name, struct str below)
{
    static const char *const obeyed[] = {"config", "config.worktree", "commondir", "info/attributes"};
    struct hooks h = {.w = w};
    struct stat st;
    int git;

    if (is_since(w, folder, name, true)) {
        note(w, OBEYED_NEW, below, obeyed_who(STR(""), STR(".git")));
        return;
    }
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode)) {
        if (is_since(w, folder, name, false))
            note(w, OBEYED_CHANGED, below, "it leads git elsewhere");
        return;
    }
    git = open_folder(folder, name);
    if (git < 0)
        return;
    for (size_t i = 0; i < COUNT_OF(obeyed); i++)
        if (is_since(w, git, obeyed[i], false))
            note(w, OBEYED_CHANGED, path_join(w->a, PATH_POSIX, below, str_from(obeyed[i])),
                obeyed_who(STR(".git"), STR("config")));
    h.folder = open_folder(git, "hooks");
    h.below = path_join(w->a, PATH_POSIX, below, STR("hooks"));
    if (h.folder >= 0) {
        each_entry(h.folder, FOLDER_ENTRIES_MAX, take_hook, &h);
        close(h.folder);
    }
    close(git);
}

static bool walk_one(struct walk *w, int top, size_t index)
{
    struct level here = w->queue.v[index];
    int fd = here.path.n ? open_folder(top, here.path.p) : dup(top);
    bool all;

    if (fd < 0)
        return true;
    w->at = &w->queue.v[index];
    w->folder = fd;
    w->has_git = w->has_head = w->has_objects = w->has_refs = false;
    find_ends(w, here.path);
    all = each_entry(fd, WALK_ENTRIES_MAX, take_name, w);
    if (w->has_git && here.path.n) /* the root's own is seen without a walk */
        look_at_repository(w, fd, ".git", path_join(w->a, PATH_POSIX, here.path, STR(".git")));
    if (w->has_head && w->has_objects && w->has_refs && here.path.n)
        look_at_repository(w, fd, ".", here.path);
    close(fd);
    return all && sys_milliseconds() < w->end_ms;
}

bool obeyed_walk(struct arena *a, struct str root, uint64_t since_ms, struct obeyed_notes *out)
{
    static const char *const starts[] = {"", ".git/modules"};
    struct walk w = {.a = a,
        .root = root,
        .since_ns = (int64_t)since_ms * 1000000 - CLOCK_SLACK_NS,
        .end_ms = sys_milliseconds() + WALK_MS,
        .left = WALK_ENTRIES_MAX,
        .out = out};
    int top = sys_open_beneath_root(root.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    bool all = top >= 0;

    for (size_t i = 0; i < COUNT_OF(starts); i++)
        ((struct level *)ARENA_PUSH(a, &w.queue))->path = str_from(starts[i]);
    for (size_t i = 0; all && i < w.queue.n; i++)
        all = walk_one(&w, top, i);
    for (size_t i = 0; i < w.names.n; i++) /* behind the repositories, which matter more */
        obeyed_add(a, out, w.names.v[i].change, w.names.v[i].path, w.names.v[i].who);
    if (top >= 0)
        close(top);
    return all;
}
