/*
 * watch: what the runner's threads refuse by themselves, out of the ops of the plan that was applied.
 */
#include "observe.h"

#include <string.h>
#include <sys/stat.h>

struct collected {
    struct texts secrets, hidden, layers, linkless, held;
    struct {
        struct watched_tree *v;
        size_t n, cap;
    } trees;
    struct {
        struct guard_name *v;
        size_t n, cap;
    } guards;
};

static void add(struct arena *a, struct texts *to, struct str path)
{
    *(struct str *)ARENA_PUSH(a, to) = arena_str(a, path);
}

/* Is path a guarded name or below one? above: or on the way to one; *rest is then what is missing to it. */
static bool is_guarded_by(const struct guard_name *g, const char *path, const char **rest)
{
    const char *at;

    if (!lookup_is_below(path, g->root) || path[g->root.n] == '\0')
        return false;
    at = path + g->root.n;
    while (*at == '/') {
        size_t n = strlen(++at);
        bool counts = !g->below_top || at != path + g->root.n + 1;
        if (counts && strncmp(at, g->name.p, g->name.n) == 0 && (at[g->name.n] == '\0' || at[g->name.n] == '/'))
            return true;
        if (rest && n > 0 && n < g->name.n && strncmp(at, g->name.p, n) == 0 && g->name.p[n] == '/')
            *rest = g->name.p + n + 1;
        if (!g->any_depth)
            return false;
        at += strcspn(at, "/");
    }
    return false;
}

bool watch_guards(const struct watch *w, const char *path, const char **rest)
{
    if (rest)
        *rest = NULL;
    for (size_t i = 0; i < w->guard_count; i++) {
        if (is_guarded_by(&w->guards[i], path, rest))
            return true;
    }
    return false;
}

bool watch_holds(const struct watch *w, const char *path)
{
    if (!watch_has_name(w->held_names, path))
        return false;
    for (size_t i = 0; i < w->held_count; i++) {
        if (lookup_is_below(path, w->held[i]))
            return true;
    }
    return false;
}

bool watch_in_layer(const struct watch *w, const char *path)
{
    for (size_t i = 0; i < w->layer_count; i++) {
        if (lookup_is_below(path, w->layers[i]))
            return true;
    }
    return false;
}

/* < 1024 */
static unsigned watch_hash(const char *name, size_t n)
{
    unsigned hash = 2166136261u;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return (hash ^ hash >> 16) & 1023;
}

static void learn_names(uint64_t names[16], struct str path)
{
    for (size_t at = 0, n; at < path.n; at += n + 1) {
        n = str_find(path, at, '/') - at;
        if (n > 0)
            names[watch_hash(path.p + at, n) / 64] |= 1ULL << watch_hash(path.p + at, n) % 64;
    }
}

/* Only when they climb, or when their first name is in the path of one. */
bool watch_may_reach(const struct watch *w, const char *words)
{
    unsigned hash;
    size_t n;

    while (words[0] == '.' && words[1] == '/')
        words += 2;
    if (strncmp(words, "..", 2) == 0 || strstr(words, "/.."))
        return true;
    n = strcspn(words, "/");
    hash = watch_hash(words, n);
    return n == 0 || (w->secret_names[hash / 64] >> hash % 64 & 1);
}

void watch_learn(struct watch *w)
{
    memset(w->secret_names, 0, sizeof w->secret_names);
    memset(w->guard_names, 0, sizeof w->guard_names);
    memset(w->held_names, 0, sizeof w->held_names);
    w->guards_deep = false;
    for (size_t i = 0; i < w->secret_count; i++)
        learn_names(w->secret_names, w->secrets[i]);
    for (size_t i = 0; i < w->guard_count; i++) {
        learn_names(w->guard_names, w->guards[i].name);
        w->guards_deep = w->guards_deep || w->guards[i].any_depth;
    }
    for (size_t i = 0; i < w->held_count; i++) {
        learn_names(w->guard_names, path_name(PATH_POSIX, w->held[i]));
        learn_names(w->held_names, path_name(PATH_POSIX, w->held[i]));
    }
}

bool watch_has_name(const uint64_t names[16], const char *words)
{
    while (*words) {
        size_t n = strcspn(words, "/");
        unsigned hash = watch_hash(words, n);
        if (n > 0 && (names[hash / 64] >> hash % 64 & 1))
            return true;
        words += n + (words[n] == '/');
    }
    return false;
}

static uint64_t mount_of(struct str path)
{
    struct statx st;

    return statx(AT_FDCWD, path.p, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 &&
                   (st.stx_mask & STATX_MNT_ID)
               ? st.stx_mnt_id : 0;
}

static bool is_writable(const struct op *op)
{
    return op->kind == OP_WRITABLE || op->kind == OP_OVERLAY || op->kind == OP_BIRTHPLACE || op->kind == OP_TMPFS ||
           (op->kind == OP_BIND && op->number == 1);
}

/* In a place that can be written, so that only its mount keeps it, and with nothing writable in it. */
static bool is_held(const struct op *ops, size_t count, struct str path)
{
    bool held = false;

    for (size_t i = 0; i < count; i++) {
        if (!is_writable(&ops[i]))
            continue;
        if (ops[i].path.n > path.n && lookup_is_below(ops[i].path.p, path))
            return false;
        held = held || (path.n > ops[i].path.n && lookup_is_below(path.p, ops[i].path));
    }
    return held;
}

void watch_fill(struct watch *out, struct arena *a, const struct op *ops, size_t count)
{
    struct collected c = {0};
    struct caller_path proc = {.text = "/proc"};
    struct looked o;

    out->proc_device = lookup_status(&proc, true, &o) == 0 ? o.dev : 0;
    for (size_t i = 0; i < count; i++) {
        const struct op *op = &ops[i];
        if ((op->kind == OP_PROTECT || op->kind == OP_PLACEHOLDER) && is_held(ops, count, op->path))
            add(a, &c.held, op->path);
        if (op->kind == OP_COVER_FOLDER || op->kind == OP_COVER_FILE)
            add(a, &c.secrets, op->path);
        else if (op->kind == OP_LANDLOCK && op->number == LANDLOCK_TREE)
            *(struct watched_tree *)ARENA_PUSH(a, &c.trees) =
                (struct watched_tree){arena_str(a, op->path), mount_of(op->path)};
        else if ((op->kind == OP_PLACEHOLDER && op->number == 0) || op->kind == OP_BIRTHPLACE)
            add(a, &c.hidden, op->path);
        else if (op->kind == OP_OVERLAY)
            add(a, &c.layers, op->path);
        else if (op->kind == OP_GUARD && op->number == GUARD_LINKS)
            add(a, &c.linkless, op->path);
        else if (op->kind == OP_GUARD)
            *(struct guard_name *)ARENA_PUSH(a, &c.guards) =
                (struct guard_name){arena_str(a, op->path), arena_str(a, op->text), op->number != GUARD_TOP,
                    op->number == GUARD_BELOW};
        else if (op->kind == OP_DATAGRAMS)
            out->unix_datagrams = true;
        else if (op->kind == OP_HARDLINKS)
            out->hardlinks = op->number == HARDLINKS_RECORD ? HARDLINKS_RECORD : HARDLINKS_REFUSE;
    }
    out->secrets = c.secrets.v;
    out->secret_count = c.secrets.n;
    out->hidden = c.hidden.v;
    out->hidden_count = c.hidden.n;
    out->layers = c.layers.v;
    out->layer_count = c.layers.n;
    out->linkless = c.linkless.v;
    out->linkless_count = c.linkless.n;
    out->held = c.held.v;
    out->held_count = c.held.n;
    out->trees = c.trees.v;
    out->tree_count = c.trees.n;
    out->guards = c.guards.v;
    out->guard_count = c.guards.n;
    watch_learn(out);
}
