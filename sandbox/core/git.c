/*
 * git: looks at repositories and says what in them must stay as it is. See git.h.
 */
#include "gitindex.h"
#include "gitlook.h"

#include <string.h>

#define GIT_FOLDERS_MAX  200 /* submodules and linked worktrees of all roots together */
#define GIT_DEPTH_MAX    12  /* includes within includes, submodules within submodules */
#define GIT_PATHS_MAX    200 /* places in the working trees where submodules belong */
#define GIT_LINK_MAX     ((size_t)PATH_BYTES_MAX + 16)

/* ---- git's folders ---- */

static void protect(struct gitlook *l, struct str folder, const char *name, enum place_hold hold, struct str text)
{
    struct str path = gitlook_join(l, folder, name);

    if (hold != HOLD_NOT || gitlook_kind(l, path) != FACT_MISSING)
        gitlook_add(l, PLACE_PROTECT, path, GIT_RUN_OUTSIDE, hold)->text = text;
}

static void pin(struct gitlook *l, struct str folder)
{
    gitlook_add(l, PLACE_PIN, folder, GIT_RUN_OUTSIDE, HOLD_NOT);
}

static void pin_part(struct gitlook *l, struct str folder, const char *name)
{
    if (gitlook_kind(l, gitlook_join(l, folder, name)) == FACT_FOLDER)
        pin(l, gitlook_join(l, folder, name));
}

/* Where a file of one line leads: "gitdir: PATH", or the path alone. */
static bool read_link(struct gitlook *l, struct str file, struct str *out)
{
    struct str text;

    if (!gitlook_read(l, file, GIT_LINK_MAX, false, &text))
        return false;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (str_starts(text, STR("gitdir: ")))
        text = str_slice(text, 8, text.n);
    /* Not a value of the configuration: '~' means nothing here. */
    return text.n > 0 && text.p[0] != '~' &&
           gitlook_resolve(l, arena_str(l->a, text), path_parent(l->env->system, file), out) && gitlook_goes(l, file, *out);
}

/* The .git file of a submodule or of a linked worktree. */
static void keep_dot_git(struct gitlook *l, struct str path)
{
    if (gitlook_kind(l, path) == FACT_FILE)
        gitlook_keep(l, path, "it tells git where its folder is", HOLD_NOT, (struct str){0});
}

static bool one_more(struct gitlook *l, struct str folder)
{
    if (l->folders++ < GIT_FOLDERS_MAX)
        return true;
    gitlook_note(l, arena_format(l->a, "%s: more submodules and worktrees than are looked at (%d): read-only inside",
                path_display(l->a, l->env, folder).p, GIT_FOLDERS_MAX));
    gitlook_add(l, PLACE_PROTECT, folder, "there is more in it than was looked at", HOLD_NOT);
    return false;
}

/* What configuration names by a relative path (core.hooksPath = .githooks) counts in each worktree from its own top. */
static void look_from(struct gitlook *l, struct str admin, struct str common, struct str worktree)
{
    gitlook_config(l, gitlook_join(l, admin, "config.worktree"), worktree, 0);
    gitlook_config(l, gitlook_join(l, common, "config"), worktree, 0);
    gitlook_global(l, worktree);
}

static void look_worktrees(struct gitlook *l, struct str folder)
{
    struct texts names = {0};
    bool all;

    if (gitlook_kind(l, folder) != FACT_FOLDER)
        return;
    all = gitlook_list(l, folder, GIT_FOLDERS_MAX, &names);
    if (!all && !one_more(l, folder))
        return;
    pin(l, folder);
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(l->a, l->env->system, folder, names.v[i]), dot_git;
        if (gitlook_kind(l, one) != FACT_FOLDER)
            continue;
        if (!one_more(l, folder))
            return;
        pin(l, one);
        protect(l, one, "commondir", HOLD_FILE, STR("../..\n"));
        protect(l, one, "config.worktree", HOLD_FILE, (struct str){0});
        protect(l, one, "gitdir", HOLD_NOT, (struct str){0});
        if (!read_link(l, gitlook_join(l, one, "gitdir"), &dot_git))
            continue;
        keep_dot_git(l, dot_git);
        look_from(l, one, path_parent(PATH_POSIX, folder), arena_str(l->a, path_parent(PATH_POSIX, dot_git)));
        /* To remove it git would take away file after file until it comes to one that is held: it is told before. */
        if (gitlook_root(l, gitlook_real(l, dot_git)).n > 0)
            protect(l, one, "locked", HOLD_FILE, STR("Cordon holds its .git file: remove or move it outside\n"));
    }
}

static void look_git_folder(struct gitlook *l, struct str folder, struct str worktree, int depth);

static bool has(struct gitlook *l, struct str folder, const char *name)
{
    return gitlook_kind(l, gitlook_join(l, folder, name)) != FACT_MISSING;
}

/* Less than git asks for: what was taken out of a repository from inside can be put there again. */
static bool looks_like_git(struct gitlook *l, struct str folder)
{
    return has(l, folder, "HEAD") || has(l, folder, "config") || has(l, folder, "objects") || has(l, folder, "hooks") ||
           has(l, folder, "commondir");
}

/* As git sees it. */
static bool is_repository(struct gitlook *l, struct str folder)
{
    return has(l, folder, "HEAD") && (has(l, folder, "commondir") || (has(l, folder, "objects") && has(l, folder, "refs")));
}

/* Git's own in a repository, unless somebody made a repository of it. */
static bool is_part(struct gitlook *l, struct str folder, struct str name)
{
    static const char *const parts[] = {"objects", "refs", "logs", "info", "hooks", "lfs", "annex", "rr-cache", "rebase-merge",
        "rebase-apply", "sequencer", "worktrees", "modules", "branches", "remotes", "lost-found", "svn"};

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (str_is(name, parts[i]))
            return !has(l, folder, "config") && !has(l, folder, "commondir") && !is_repository(l, folder);
    return false;
}

/* A submodule's name may have slashes: then there are folders between, and nothing that was made in one of these hides what
 * lies deeper. False: there is none below. */
static bool look_modules(struct gitlook *l, struct str folder, bool within, int depth)
{
    struct texts names = {0};
    bool found = false;

    if (gitlook_kind(l, folder) != FACT_FOLDER)
        return false;
    if (depth > GIT_DEPTH_MAX || !gitlook_list(l, folder, GIT_FOLDERS_MAX, &names)) {
        l->folders = GIT_FOLDERS_MAX;
        one_more(l, folder);
        return true;
    }
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(l->a, l->env->system, folder, names.v[i]);
        bool is_git;
        if (gitlook_kind(l, one) != FACT_FOLDER || (within && is_part(l, one, names.v[i])))
            continue;
        if (!one_more(l, folder))
            return true;
        is_git = looks_like_git(l, one);
        if (is_git)
            look_git_folder(l, one, (struct str){0}, depth + 1);
        found = look_modules(l, one, is_git, depth + 1) || is_git || found;
    }
    if (found)
        pin(l, folder);
    return found;
}

/* A submodule that the configuration knows lies where its name says, whatever is made around it. */
static void look_known_modules(struct gitlook *l, const struct gitconf *conf, struct str modules, int depth)
{
    struct str path;

    for (size_t i = 0; i < conf->n; i++) {
        const struct gitconf_entry *entry = &conf->v[i];
        if (!str_is(entry->section, "submodule") || entry->subsection.n == 0 ||
            !gitlook_resolve(l, arena_format(l->a, "./%s", entry->subsection.p), modules, &path) || path_same(l->env, path, modules) ||
            !path_is_under(l->env, modules, path) || gitlook_kind(l, path) != FACT_FOLDER)
            continue;
        gitlook_pin_way(l, modules, path);
        look_git_folder(l, path, (struct str){0}, depth + 1);
    }
}

/* ---- where submodules belong in the working tree ---- */

static bool is_known(const struct gitconf *conf, struct str name)
{
    for (size_t i = 0; i < conf->n; i++)
        if (str_is(conf->v[i].section, "submodule") && str_eq(conf->v[i].subsection, name))
            return true;
    return false;
}

/* Git takes no notice of an empty .git, and Cordon itself makes one to hold the name. */
static bool is_empty(struct gitlook *l, struct str folder)
{
    struct texts names = {0};

    return gitlook_list(l, folder, 1, &names) && names.n == 0;
}

/* What of it is held must be what it is: a link, or what cannot be looked at, would keep every session from opening, and both
 * can be made from inside. */
static bool can_be_held(struct gitlook *l, struct str folder, struct str named)
{
    static const char *const parts[] = {"", "config", "config.worktree", "commondir", "hooks", "remotes", "branches", "modules", "worktrees"};

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        enum fact_kind kind = gitlook_kind(l, i ? gitlook_join(l, folder, parts[i]) : folder);
        if (kind != FACT_FOLDER && (i == 0 || (kind != FACT_FILE && kind != FACT_MISSING))) {
            gitlook_line(l, &l->out->warnings, arena_format(l->a,
                "%s, a repository that git outside is led to, is not held: %s is a link, or cannot be looked at",
                path_display(l->a, l->env, named).p, path_display(l->a, l->env, gitlook_join(l, folder, parts[i])).p));
            return false;
        }
    }
    return true;
}

/* A repository that lies in a root under another name than .git, as a .git file says. */
static void look_repository(struct gitlook *l, struct str repository, struct str worktree, int depth)
{
    struct str before = l->root, root;

    repository = gitlook_real(l, repository);
    root = gitlook_root(l, repository);
    if (root.n == 0 || path_same(l->env, repository, root) || path_is_under(l->env, gitlook_join(l, root, ".git"), repository))
        return; /* elsewhere, or looked at with its root */
    l->root = root;
    gitlook_pin_way(l, root, repository);
    if (l->policy->git == GIT_LOCKED) {
        gitlook_add(l, PLACE_PROTECT, repository, "\"git\" is \"locked\"", HOLD_NOT);
    } else {
        gitlook_add(l, PLACE_PIN, repository, GIT_RUN_OUTSIDE, HOLD_NOT)->linkless = true;
        look_git_folder(l, repository, worktree, depth);
        pin_part(l, repository, "objects");
        pin_part(l, repository, "refs");
    }
    l->root = before;
}

static void hold_submodule(struct gitlook *l, struct str path, int depth)
{
    struct str dot_git = gitlook_join(l, path, ".git"), before = l->root, folder;
    enum fact_kind kind = gitlook_kind(l, dot_git);
    const char *reason = "git would take a repository there for the submodule";

    l->root = gitlook_root(l, path);
    if (kind == FACT_SYMLINK) {
        gitlook_note(l, arena_format(l->a, "a link leads to %s, where a submodule belongs: not held", path_display(l->a, l->env, dot_git).p));
    } else if (kind == FACT_UNKNOWN || (kind == FACT_FOLDER && !is_empty(l, dot_git) && !can_be_held(l, dot_git, path))) {
        if (kind == FACT_UNKNOWN)
            can_be_held(l, dot_git, path); /* says why */
    } else if (kind == FACT_FOLDER && !is_empty(l, dot_git)) {
        gitlook_pin_way(l, l->root, dot_git);
        gitlook_add(l, PLACE_PIN, dot_git, GIT_RUN_OUTSIDE, HOLD_NOT)->linkless = true;
        look_git_folder(l, dot_git, path, depth + 1);
    } else if (kind == FACT_MISSING && (gitlook_kind(l, path) == FACT_MISSING || is_empty(l, path))) {
        gitlook_keep(l, path, reason, HOLD_FOLDER, (struct str){0}); /* an empty .git in it would stop git */
    } else if (kind == FACT_MISSING) {
        gitlook_pin_way(l, l->root, dot_git);
        gitlook_add(l, PLACE_PROTECT, dot_git, reason, HOLD_GUARD);
    } else {
        gitlook_keep(l, dot_git, reason, HOLD_FOLDER, (struct str){0});
        if (read_link(l, dot_git, &folder) && gitlook_root(l, gitlook_real(l, folder)).n > 0 &&
            can_be_held(l, gitlook_real(l, folder), path))
            look_repository(l, folder, path, depth + 1);
    }
    l->root = before;
}

static bool one_more_place(struct gitlook *l, struct str file)
{
    if (l->paths++ < GIT_PATHS_MAX)
        return true;
    gitlook_line(l, &l->out->partial, arena_format(l->a, "%s names more places of submodules than are held (%d)",
                                          path_display(l->a, l->env, file).p, GIT_PATHS_MAX));
    return false;
}

/* Git makes a submodule's folder when it is first wanted, and takes what is there by then for it. */
static void hold_module(struct gitlook *l, struct str folder, struct str name)
{
    struct str modules = gitlook_join(l, folder, "modules"), path;

    if (name.n > 0 && gitlook_resolve(l, arena_format(l->a, "./%s", name.p), modules, &path) && !path_same(l->env, path, modules) &&
        path_is_under(l->env, modules, path) && gitlook_kind(l, path) == FACT_MISSING)
        gitlook_add(l, PLACE_PROTECT, path, "git would take a folder there for the submodule's", HOLD_REFUSED);
}

/* Those that the configuration knows come first: the file is anybody's. */
static void look_gitmodules(struct gitlook *l, const struct gitconf *conf, struct str folder, struct str worktree, int depth)
{
    struct str file = gitlook_join(l, worktree, ".gitmodules"), git = gitlook_join(l, worktree, ".git"), text, path;
    struct gitconf modules;

    if (!gitlook_read(l, file, GITCONF_BYTES_MAX, false, &text))
        return;
    gitconf_parse(l->a, text, &modules);
    for (size_t i = 0; i < 2 * modules.n; i++) {
        const struct gitconf_entry *entry = &modules.v[i % modules.n];
        if (!str_is(entry->section, "submodule") || !str_is(entry->key, "path") || is_known(conf, entry->subsection) != (i < modules.n) ||
            entry->value.n == 0 || path_is_absolute(l->env->system, entry->value) || entry->value.p[0] == '/' ||
            !gitlook_resolve(l, arena_format(l->a, "./%s", entry->value.p), worktree, &path) || path_same(l->env, path, worktree) ||
            !path_is_under(l->env, worktree, path) || path_is_under(l->env, git, path))
            continue;
        if (!one_more_place(l, file))
            return;
        hold_submodule(l, path, depth);
        if (folder.n > 0)
            hold_module(l, folder, entry->subsection);
    }
}

/* Git looks into every repository that its index names, whether .gitmodules knows of it or not. */
static void look_index(struct gitlook *l, const struct gitconf *conf, struct str folder, struct str worktree, int depth)
{
    struct str file = gitlook_join(l, folder, "index"), bytes, path;
    struct texts links = {0};
    size_t hash = 20;

    for (size_t i = 0; i < conf->n; i++)
        if (str_is(conf->v[i].section, "extensions") && str_is(conf->v[i].key, "objectformat"))
            hash = str_is(conf->v[i].value, "sha256") ? 32 : 20;
    if (!gitlook_read(l, file, GITINDEX_FIRST_MAX, true, &bytes))
        return;
    gitindex_links(l->a, l->env->system, bytes, hash, &links);
    for (size_t i = 0; i < links.n; i++) {
        if (!gitindex_is_plain(l->env->system, links.v[i]))
            continue;
        path = path_join(l->a, l->env->system, worktree, links.v[i]);
        if (!one_more_place(l, file))
            return;
        hold_submodule(l, path, depth);
    }
}

/* A submodule's own folder says where its working tree is. */
static struct str worktree_of(struct gitlook *l, const struct gitconf *conf, struct str config, struct str folder)
{
    struct str path, out = {0};

    for (size_t i = 0; i < conf->n; i++)
        if (str_is(conf->v[i].section, "core") && str_is(conf->v[i].key, "worktree") && !conf->v[i].subsection.p &&
            gitlook_resolve(l, conf->v[i].value, folder, &path) && gitlook_goes(l, config, path))
            out = path;
    return out;
}

static bool is_bare_by(const struct gitconf *conf)
{
    for (size_t i = conf->n; i-- > 0;)
        if (str_is(conf->v[i].section, "core") && str_is(conf->v[i].key, "bare") && !conf->v[i].subsection.p)
            return !str_is(conf->v[i].value, "false");
    return false;
}

/* commondir leads to another folder, whose hooks and configuration count. */
static void look_common(struct gitlook *l, struct str folder)
{
    struct str common;

    if (!read_link(l, gitlook_join(l, folder, "commondir"), &common) || str_eq(common, folder))
        return;
    gitlook_keep(l, gitlook_join(l, common, "config"), GIT_RUN_OUTSIDE, HOLD_FILE, (struct str){0});
    gitlook_keep(l, gitlook_join(l, common, "hooks"), GIT_RUN_OUTSIDE, HOLD_FOLDER, (struct str){0});
}

static void look_git_folder(struct gitlook *l, struct str folder, struct str worktree, int depth)
{
    struct gitconf conf = {0};
    struct str config = gitlook_join(l, folder, "config");
    enum place_hold hold_common = HOLD_FILE;
    struct str text;

    for (size_t i = 0; i < l->modules.n; i++)
        if (str_eq(l->modules.v[i], folder))
            return;
    *(struct str *)ARENA_PUSH(l->a, &l->modules) = folder;
    if (gitlook_read(l, config, GITCONF_BYTES_MAX, true, &text))
        gitconf_parse(l->a, text, &conf);
    /* Where there is a commondir git passes over core.worktree and core.bare. In a submodule's folder nothing hangs on them. */
    if (worktree.n > 0 && (worktree_of(l, &conf, config, folder).n > 0 || is_bare_by(&conf)))
        hold_common = HOLD_GUARD;
    if (worktree.n == 0) { /* a submodule: from where its paths count */
        worktree = worktree_of(l, &conf, config, folder);
        if (worktree.n > 0)
            keep_dot_git(l, gitlook_join(l, worktree, ".git"));
        else
            worktree = folder;
    }
    if (!str_eq(folder, l->root))
        pin(l, folder);
    gitlook_config(l, config, worktree, 0);
    if (!str_eq(worktree, folder))
        gitlook_global(l, worktree);
    protect(l, folder, "config", HOLD_FILE, (struct str){0});
    /* Read where extensions.worktreeConfig is on; empty it says nothing. */
    protect(l, folder, "config.worktree", HOLD_FILE, (struct str){0});
    protect(l, folder, "commondir", hold_common, STR(".\n"));
    protect(l, folder, "hooks", HOLD_FOLDER, (struct str){0});
    gitlook_hooks(l, gitlook_join(l, folder, "hooks"));
    /* Remotes as they were told before there was configuration; git still reads them. */
    protect(l, folder, "remotes", HOLD_FOLDER, (struct str){0});
    protect(l, folder, "branches", HOLD_FOLDER, (struct str){0});
    gitlook_keep(l, gitlook_join(l, folder, "objects/info/alternates"), "it tells git where else objects are", HOLD_NOT, (struct str){0});
    gitlook_config(l, gitlook_join(l, folder, "config.worktree"), worktree, 0);
    look_common(l, folder);
    look_worktrees(l, gitlook_join(l, folder, "worktrees"));
    if (depth < GIT_DEPTH_MAX) {
        struct str modules = gitlook_join(l, folder, "modules");
        look_known_modules(l, &conf, modules, depth + 1);
        look_modules(l, modules, false, depth + 1);
        pin_part(l, folder, "modules");
        if (!str_eq(worktree, folder)) {
            look_gitmodules(l, &conf, folder, worktree, depth + 1);
            look_index(l, &conf, folder, worktree, depth + 1);
        }
    }
}

/* A .git file: of a linked worktree or a submodule. The repository lies elsewhere; its configuration counts from here. False:
 * it leads nowhere. */
static bool look_dot_git_file(struct gitlook *l, struct str file, struct str worktree, struct str *repository)
{
    struct str folder;

    if (!read_link(l, file, &folder))
        return false;
    gitlook_config(l, gitlook_join(l, folder, "config.worktree"), worktree, 0);
    if (!read_link(l, gitlook_join(l, folder, "commondir"), repository))
        *repository = folder;
    gitlook_config(l, gitlook_join(l, *repository, "config"), worktree, 0);
    gitlook_hooks(l, gitlook_join(l, *repository, "hooks"));
    return true;
}

static void warn_of_elsewhere(struct gitlook *l, struct str root, struct str repository)
{
    if (gitlook_root(l, repository).n > 0)
        return;
    gitlook_line(l, &l->out->warnings,
        arena_format(l->a,
            "the repository of %s is %s, which is not writable: git can be read here, not committed to; name the working "
            "tree that it belongs to with --write, or open Cordon there",
            path_display(l->a, l->env, root).p, path_display(l->a, l->env, repository).p));
}

/* A root without a .git may lie in a repository, whose configuration can name what is in the root. */
static void look_above(struct gitlook *l, struct str root)
{
    struct str folder = root, repository;

    while (path_depth(l->env->system, folder) > 0) {
        struct str dot_git, config;
        folder = arena_str(l->a, path_parent(l->env->system, folder));
        dot_git = gitlook_join(l, folder, ".git");
        config = gitlook_join(l, dot_git, "config");
        if (gitlook_kind(l, dot_git) == FACT_FILE && look_dot_git_file(l, dot_git, folder, &repository)) {
            warn_of_elsewhere(l, root, repository);
            return;
        }
        if (gitlook_kind(l, dot_git) == FACT_FOLDER && gitlook_kind(l, config) == FACT_FILE) {
            gitlook_config(l, config, folder, 0);
            gitlook_config(l, gitlook_join(l, dot_git, "config.worktree"), folder, 0);
            gitlook_hooks(l, gitlook_join(l, dot_git, "hooks"));
            warn_of_elsewhere(l, root, dot_git);
            return;
        }
    }
}

/*
 * On Windows there is no observer to refuse a name, but there is one that stops git: where it finds a HEAD it looks for a file
 * `commondir` next, and gives up where it cannot read one. A folder of that name is such, and an empty folder is nothing to
 * git otherwise: it is in no status and no commit.
 */
static void look_top_windows(struct gitlook *l, struct str root)
{
    struct str path = gitlook_join(l, root, "commondir");

    if (gitlook_kind(l, path) != FACT_MISSING && gitlook_kind(l, path) != FACT_FOLDER)
        gitlook_line(l, &l->out->partial,
            arena_format(l->a, "%s: git would take the folder around it for a repository that it leads to", path_display(l->a, l->env, path).p));
    gitlook_add(l, PLACE_PROTECT, path, "git would take the folder for a repository", HOLD_FOLDER);
}

/* Where git finds .git missing or spoilt, which can be done from inside, it goes on to the folder itself. */
static void look_top(struct gitlook *l, struct str root)
{
    static const char *const rest[] = {"commondir", "objects", "refs"};
    const char *reason = "git would take the folder for a repository";

    if (l->env->system == PATH_WINDOWS && !(has(l, root, "HEAD") && is_repository(l, root))) {
        look_top_windows(l, root);
        return;
    }
    if (!has(l, root, "HEAD"))
        gitlook_add(l, PLACE_PROTECT, gitlook_join(l, root, "HEAD"), reason, HOLD_GUARD);
    else if (is_repository(l, root)) {
        look_git_folder(l, root, root, 0);
        gitlook_line(l, &l->out->linkless, root);
    }
    for (size_t i = 0; i < COUNT_OF(rest) && has(l, root, "HEAD") && !is_repository(l, root); i++)
        if (!has(l, root, rest[i]))
            gitlook_add(l, PLACE_PROTECT, gitlook_join(l, root, rest[i]), reason, HOLD_GUARD);
}

/* What a remote names, as git finds it there. */
static void look_reached(struct gitlook *l, struct str path)
{
    struct str before = l->root, with = arena_format(l->a, "%s.git", path.p);
    struct str ends[] = {gitlook_join(l, path, ".git"), path, gitlook_join(l, with, ".git"), with};

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct str folder = ends[i];
        if (!is_repository(l, folder))
            continue;
        if (can_be_held(l, folder, path))
            look_repository(l, folder, folder, 0);
        return;
    }
    l->root = gitlook_root(l, path);
    if (gitlook_kind(l, path) == FACT_MISSING && !path_same(l->env, l->root, path))
        gitlook_add(l, PLACE_PROTECT, path, "git would take a repository there for the remote", HOLD_REFUSED);
    l->root = before;
}

static void look_root(struct gitlook *l, struct str root)
{
    struct str dot_git = gitlook_join(l, root, ".git"), repository;
    enum fact_kind kind = gitlook_kind(l, dot_git);

    l->root = root;
    l->read = (struct texts){0};
    l->modules = (struct texts){0};
    l->reached = (struct texts){0};
    gitlook_global(l, root);
    if (kind == FACT_MISSING || (kind == FACT_FOLDER && is_empty(l, dot_git))) {
        if (l->env->system == PATH_WINDOWS) {
            gitlook_add(l, PLACE_PROTECT, dot_git, "git would obey a repository that was made inside", HOLD_FOLDER);
            gitlook_note(l, arena_format(l->a, "%s has no repository: one is made outside (git init), then :reapply", path_display(l->a, l->env, root).p));
        } else {
            gitlook_add(l, PLACE_PIN, dot_git, "a repository made inside is looked at first", HOLD_BIRTH);
        }
        look_above(l, root);
    } else if (kind == FACT_FOLDER) {
        look_git_folder(l, dot_git, root, 0);
        pin_part(l, dot_git, "objects"); /* a .git without these is none */
        pin_part(l, dot_git, "refs");
    } else if (kind == FACT_FILE) {
        if (look_dot_git_file(l, dot_git, root, &repository)) {
            warn_of_elsewhere(l, root, gitlook_real(l, repository));
            look_repository(l, repository, root, 0);
        }
        look_gitmodules(l, &(struct gitconf){0}, (struct str){0}, root, 0);
    }
    look_top(l, root);
    for (size_t k = 0; k < l->reached.n; k++)
        look_reached(l, l->reached.v[k]);
}

const struct git_found *git_look(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host, const struct git_eye *eye)
{
    struct git_found *found = arena_alloc(a, 1, sizeof *found);
    struct gitlook l = {.a = a, .policy = policy, .env = env, .host = host, .eye = eye, .out = found};

    if (policy->workspace.n > 0)
        look_root(&l, policy->workspace);
    for (size_t i = 0; i < policy->rules.n; i++) {
        const struct rule *r = &policy->rules.v[i];
        if (r->kind == RULE_WRITE && r->anchored && !r->revoked && !path_same(env, r->path, policy->workspace))
            look_root(&l, r->path);
    }
    return found;
}
