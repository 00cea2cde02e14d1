/*
 * newborn_reach: where a repository that was made inside leads git to: addresses that lie in a writable root, and other
 * repositories that its index names and git looks into by itself. See newborn.h.
 */
#include "gitconf.h"
#include "gitindex.h"
#include "newborn.h"
#include "text.h"

#include <string.h>

#define NAMES_MAX 10000
#define LINK_MAX  ((size_t)PATH_BYTES_MAX + 16)

struct reach {
    struct arena *a;
    const struct path_env *env;
    const struct git_eye *eye;
    const struct newborn *birth;
    struct str *reason;
    size_t hash; /* bytes of an object's name, by the configuration at hand */
    int depth;
};

static enum fact_kind kind_of(struct reach *r, struct str path)
{
    return r->eye->kind(r->eye->context, path);
}

static struct str join(struct reach *r, struct str folder, const char *name)
{
    return path_join(r->a, PATH_POSIX, folder, str_from(name));
}

static const char *shown(struct reach *r, struct str path)
{
    struct str below = path_below(r->env, r->birth->folder, path), in = path_below(r->env, r->birth->root, path);

    if (below.p)
        return text_printable(r->a, path_join(r->a, PATH_POSIX, STR(".git"), below)).p;
    return text_printable(r->a, in.n ? in : path).p;
}

static bool bad(struct reach *r, struct str path, const char *why)
{
    if (!r->reason->p)
        *r->reason = arena_format(r->a, "%s %s", shown(r, path), why);
    return false;
}

/* ---- addresses ---- */

static bool is_writable(const struct reach *r, struct str path)
{
    const struct texts *roots = r->birth->roots;

    if (path_is_under(r->env, r->birth->root, path))
        return true;
    for (size_t i = 0; roots && i < roots->n; i++)
        if (path_is_under(r->env, roots->v[i], path))
            return true;
    return false;
}

static bool is_root(const struct reach *r, struct str path)
{
    const struct texts *roots = r->birth->roots;

    for (size_t i = 0; roots && i < roots->n; i++)
        if (str_eq(roots->v[i], path))
            return true;
    return str_eq(path, r->birth->root);
}

/* Up from where? From a folder that can be made a link inside, or is one, it leads anywhere. */
static bool goes_up_plainly(struct reach *r, struct str text)
{
    struct path_env plain = {.system = PATH_POSIX};
    struct err ignored = {0};
    struct str before;

    for (size_t at = 0; at + 2 < text.n; at++) {
        if (memcmp(text.p + at, "/..", 3) != 0 || (at + 3 < text.n && text.p[at + 3] != '/'))
            continue;
        if (!path_canonical(r->a, &plain, at ? arena_str(r->a, str_slice(text, 0, at)) : STR("/"), &before, &ignored) ||
            kind_of(r, before) != FACT_FOLDER || (is_writable(r, before) && !is_root(r, before)))
            return false;
    }
    return true;
}

/* An address of this machine, whose hooks a push runs here. Only one that is where it says it is. */
static bool judge_address(struct reach *r, const struct gitconf_entry *entry, struct str file)
{
    struct path_env plain = {.system = PATH_POSIX};
    struct str url = entry->value, path;
    struct err ignored = {0};
    const char *name = gitconf_name(r->a, entry).p;

    if (str_starts(url, STR("file://"))) {
        url = str_slice(url, 7, url.n);
        if (memchr(url.p, '%', url.n))
            return bad(r, file, arena_format(r->a, "names an encoded path in %s", name).p);
        if (url.n == 0 || url.p[0] != '/')
            url = arena_format(r->a, "/%.*s", (int)url.n, url.p);
    } else if (url.n == 0 || url.p[0] != '/') {
        return true;
    }
    if (!path_canonical(r->a, &plain, url, &path, &ignored))
        return bad(r, file, arena_format(r->a, "names a path in %s that cannot be followed", name).p);
    if (!goes_up_plainly(r, url))
        return bad(r, file, arena_format(r->a, "names a path in %s that goes up from where it could be led elsewhere", name).p);
    if (is_writable(r, path))
        return bad(r, file, arena_format(r->a, "sets %s to a path that can be written inside", name).p);
    if (kind_of(r, path) == FACT_SYMLINK || kind_of(r, path) == FACT_UNKNOWN)
        return bad(r, file, arena_format(r->a, "sets %s to a path that leads elsewhere", name).p);
    return true;
}

/* A branch may follow a remote by its name; a name that is none git takes for a path. */
static bool is_remote(const struct gitconf *conf, struct str name)
{
    for (size_t i = 0; i < conf->n; i++)
        if (str_is(conf->v[i].section, "remote") && str_is(conf->v[i].key, "url") && str_eq(conf->v[i].subsection, name))
            return true;
    return str_is(name, ".");
}

static bool judge_addresses(struct reach *r, struct str file)
{
    struct gitconf conf;
    struct str text;

    if (!r->eye->read(r->eye->context, r->a, file, GITCONF_BYTES_MAX, true, &text))
        return kind_of(r, file) == FACT_MISSING || bad(r, file, "cannot be read");
    gitconf_parse(r->a, text, &conf);
    for (size_t i = 0; i < conf.n; i++) {
        const struct gitconf_entry *e = &conf.v[i];
        bool url = str_is(e->key, "url") || str_is(e->key, "pushurl");
        bool follows = str_is(e->section, "branch") && (str_is(e->key, "remote") || str_is(e->key, "pushremote"));
        if (str_is(e->section, "extensions") && str_is(e->key, "objectformat"))
            r->hash = str_is(e->value, "sha256") ? 32 : 20;
        if (follows && str_find(e->value, 0, '/') == e->value.n && str_find(e->value, 0, ':') == e->value.n &&
            !is_remote(&conf, e->value))
            return bad(r, file, arena_format(r->a, "names what is no remote in %s", gitconf_name(r->a, e).p).p);
        if ((url || follows) && !judge_address(r, e, file))
            return false;
    }
    return true;
}

/* ---- the repositories that an index names ---- */

/* Its .git file leads to a folder below ours: that one is looked at with ours. */
static bool leads_home(struct reach *r, struct str file)
{
    struct path_env plain = {.system = PATH_POSIX, .cwd = path_parent(PATH_POSIX, file)};
    struct str modules = join(r, r->birth->home, "modules"), text, path, below;
    struct err ignored = {0};

    if (!r->eye->read(r->eye->context, r->a, file, LINK_MAX, true, &text) || !str_starts(text, STR("gitdir: ")))
        return false;
    text = str_slice(text, 8, text.n);
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (text.n == 0 || text.p[0] == '~' || !path_canonical(r->a, &plain, arena_str(r->a, text), &path, &ignored))
        return false;
    below = path_below(r->env, modules, path);
    return below.n > 0 && kind_of(r, path_join(r->a, PATH_POSIX, join(r, r->birth->folder, "modules"), below)) == FACT_FOLDER;
}

static bool judge_nested(struct reach *r, struct str folder)
{
    struct str dot_git = join(r, folder, ".git"), reason = {0};
    struct newborn nested = {.folder = dot_git, .home = dot_git, .root = folder, .roots = r->birth->roots, .depth = r->depth + 1};

    switch (kind_of(r, dot_git)) {
    case FACT_MISSING:
        return true;
    case FACT_FILE:
        return leads_home(r, dot_git) || bad(r, dot_git, "leads git elsewhere");
    case FACT_FOLDER:
        if (newborn_judge_there(r->a, r->env, r->eye, &nested, &reason))
            return true;
        return bad(r, folder, arena_format(r->a, "is a repository that the index names: its %s", reason.p).p);
    default:
        return bad(r, dot_git, "leads git elsewhere");
    }
}

/* worktree: none where it is not known. */
static bool judge_index(struct reach *r, struct str folder, struct str worktree)
{
    struct str file = join(r, folder, "index"), bytes;
    struct texts links = {0};

    if (kind_of(r, file) == FACT_MISSING)
        return true;
    if (!r->eye->read(r->eye->context, r->a, file, GITINDEX_BYTES_MAX, true, &bytes))
        return bad(r, file, "cannot be read, or is larger than is looked at");
    switch (gitindex_links(r->a, PATH_POSIX, bytes, r->hash, &links)) {
    case GITINDEX_GOOD:
        break;
    case GITINDEX_ELSEWHERE:
        return bad(r, file, "is split or sparse: which repositories it names is not looked at");
    case GITINDEX_MANY:
        return bad(r, file, "names too many other repositories");
    case GITINDEX_OUTSIDE:
        return bad(r, file, "names files outside of the working tree, or in a .git");
    case GITINDEX_DAMAGED:
        return bad(r, file, "is not well formed");
    }
    for (size_t i = 0; i < links.n; i++) {
        if (!worktree.n || !gitindex_is_plain(PATH_POSIX, links.v[i]))
            return bad(r, file, "names another repository at a place that cannot be looked at");
        if (!judge_nested(r, path_join(r->a, PATH_POSIX, worktree, links.v[i])))
            return false;
    }
    return true;
}

/* ---- folders ---- */

static bool judge_git_folder(struct reach *r, struct str folder, struct str worktree, int depth);

static bool list(struct reach *r, struct str folder, struct texts *out)
{
    return r->eye->list(r->eye->context, r->a, folder, NAMES_MAX, out) || bad(r, folder, "cannot be listed, or has too many entries");
}

/* A submodule's working tree, by its configuration; relative to where its folder will be. */
static struct str worktree_of(struct reach *r, struct str folder)
{
    struct str below = path_below(r->env, r->birth->folder, folder), text, path, out = {0};
    struct path_env plain = {.system = PATH_POSIX, .cwd = path_join(r->a, PATH_POSIX, r->birth->home, below)};
    struct err ignored = {0};
    struct gitconf conf;

    if (!r->eye->read(r->eye->context, r->a, join(r, folder, "config"), GITCONF_BYTES_MAX, true, &text))
        return out;
    gitconf_parse(r->a, text, &conf);
    for (size_t i = 0; i < conf.n; i++)
        if (str_is(conf.v[i].section, "core") && str_is(conf.v[i].key, "worktree") && conf.v[i].value.n &&
            path_canonical(r->a, &plain, conf.v[i].value, &path, &ignored))
            out = path;
    return out;
}

static bool judge_modules(struct reach *r, struct str folder, int depth)
{
    struct texts names = {0};

    if (kind_of(r, folder) == FACT_MISSING)
        return true;
    if (depth > NEWBORN_DEPTH_MAX)
        return bad(r, folder, "is too deep");
    if (!list(r, folder, &names))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(r->a, PATH_POSIX, folder, names.v[i]);
        if (kind_of(r, one) != FACT_FOLDER)
            continue;
        if (kind_of(r, join(r, one, "HEAD")) != FACT_MISSING && kind_of(r, join(r, one, "objects")) != FACT_MISSING &&
            !judge_git_folder(r, one, worktree_of(r, one), depth + 1))
            return false;
        if (!judge_modules(r, one, depth + 1)) /* a name may have slashes, and lie within another's folder */
            return false;
    }
    return true;
}

static bool judge_worktrees(struct reach *r, struct str folder)
{
    struct texts names = {0};

    if (kind_of(r, folder) == FACT_MISSING)
        return true;
    if (!list(r, folder, &names))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(r->a, PATH_POSIX, folder, names.v[i]);
        if (!judge_addresses(r, join(r, one, "config.worktree")) || !judge_index(r, one, (struct str){0}))
            return false;
    }
    return true;
}

static bool judge_git_folder(struct reach *r, struct str folder, struct str worktree, int depth)
{
    size_t before = r->hash;
    bool good;

    r->hash = 20;
    good = judge_addresses(r, join(r, folder, "config")) && judge_addresses(r, join(r, folder, "config.worktree")) &&
           judge_index(r, folder, worktree) && judge_worktrees(r, join(r, folder, "worktrees")) &&
           (depth > 0 || judge_modules(r, join(r, folder, "modules"), 1));
    r->hash = before;
    return good;
}

bool newborn_reach(struct arena *a, const struct path_env *env, const struct git_eye *eye, const struct newborn *birth,
    struct str *reason)
{
    struct reach r = {.a = a, .env = env, .eye = eye, .birth = birth, .reason = reason, .hash = 20, .depth = birth->depth};

    if (r.depth > NEWBORN_NESTED_MAX)
        return bad(&r, birth->folder, "is a repository in too many others");
    return judge_git_folder(&r, birth->folder, birth->root, 0);
}
