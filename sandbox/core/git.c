/*
 * git: looks at repositories and says what in them must stay as it is. See git.h.
 */
#include "git.h"
#include "gitconf.h"
#include "shellwords.h"
#include "text.h"

#include <string.h>

#define GIT_FOLDERS_MAX  200 /* submodules and linked worktrees of all roots together */
#define GIT_DEPTH_MAX    12  /* includes within includes, submodules within submodules */
#define GIT_PATHS_MAX    200 /* places in the working trees where submodules belong */
#define GIT_LINK_MAX     ((size_t)PATH_BYTES_MAX + 16)

struct look {
    struct arena *a;
    const struct policy *policy;
    const struct path_env *env;
    const struct host *host;
    const struct git_eye *eye;
    struct git_found *out;
    size_t folders, paths;
    struct str root; /* the one that is being looked at */
    struct texts read; /* configuration files seen for this root */
    struct texts modules; /* git folders of submodules seen for this root */
};

static struct str join(struct look *l, struct str folder, const char *name)
{
    return path_join(l->a, PATH_POSIX, folder, str_from(name));
}

static enum fact_kind kind_of(struct look *l, struct str path)
{
    return l->eye->kind(l->eye->context, path);
}

static void add_line(struct look *l, struct texts *lines, struct str line)
{
    for (size_t i = 0; i < lines->n; i++)
        if (str_eq(lines->v[i], line))
            return;
    *(struct str *)ARENA_PUSH(l->a, lines) = line;
}

static void note(struct look *l, struct str line)
{
    add_line(l, &l->out->notes, line);
}

static struct git_place *add(
    struct look *l, enum place_kind kind, struct str path, const char *reason, enum place_hold hold)
{
    struct git_place *place;

    for (size_t i = 0; i < l->out->n; i++)
        if (l->out->v[i].kind == kind && str_eq(l->out->v[i].path, path))
            return &l->out->v[i];
    place = ARENA_PUSH(l->a, l->out);
    *place = (struct git_place){.kind = kind, .root = l->root, .path = path, .reason = reason, .hold = hold};
    return place;
}

static const char *const run_outside = "git would run or obey it outside";

/* ---- paths that configuration names ---- */

/* The writable root that a path lies in; none. */
static struct str root_of(const struct look *l, struct str path)
{
    const struct policy *p = l->policy;
    struct str best = {0};

    if (p->workspace.n > 0 && path_is_under(l->env, p->workspace, path))
        best = p->workspace;
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct rule *r = &p->rules.v[i];
        if (r->kind == RULE_WRITE && r->anchored && !r->revoked && path_is_under(l->env, r->path, path) &&
            r->path.n > best.n)
            best = r->path;
    }
    return best;
}

/* A value as git takes a path: absolute, from home, or from `base`. False: somebody else's home, git's own prefix. */
static bool resolve(struct look *l, struct str value, struct str base, struct str *out)
{
    struct path_env plain = {.system = PATH_POSIX, .home = l->host->home, .cwd = base};
    struct err ignored = {0};

    if (value.n == 0 || memchr(value.p, 0, value.n) || str_starts(value, STR("%(")))
        return false;
    if (value.p[0] == '~' && value.n > 1 && value.p[1] != '/')
        return false;
    return path_canonical(l->a, &plain, value, out, &ignored);
}

/* Every folder between the root and path. */
static void pin_way(struct look *l, struct str root, struct str path)
{
    for (size_t at = root.n + 1; (at = str_find(path, at, '/')) < path.n; at++)
        add(l, PLACE_PIN, arena_str(l->a, str_slice(path, 0, at)), "what git obeys lies in it", HOLD_NOT);
}

/*
 * Keeps what is at path, or the name where nothing is. Each folder on the way from the root is held in place too, or it
 * would be renamed away and another made. Where the way ends early, the first missing name is what is held.
 */
static bool keep(struct look *l, struct str path, const char *reason, enum place_hold hold, struct str text)
{
    struct str root = root_of(l, path), before = l->root;
    size_t at;

    if (root.n == 0 || str_eq(root, path))
        return false;
    l->root = root;
    for (at = root.n + 1; (at = str_find(path, at, '/')) < path.n; at++) {
        struct str folder = arena_str(l->a, str_slice(path, 0, at));
        enum fact_kind kind = kind_of(l, folder);
        if (kind != FACT_FOLDER) {
            if (kind != FACT_MISSING || hold != HOLD_NOT) {
                pin_way(l, root, folder);
                add(l, PLACE_PROTECT, folder, reason, HOLD_FOLDER);
            }
            l->root = before;
            return true;
        }
    }
    if (hold != HOLD_NOT || kind_of(l, path) != FACT_MISSING) {
        pin_way(l, root, path);
        add(l, PLACE_PROTECT, path, reason, hold)->text = text;
    }
    l->root = before;
    return true;
}

static void keep_named(struct look *l, const struct gitconf_entry *entry, struct str file, struct str path,
    const char *reason, enum place_hold hold)
{
    if (root_of(l, path).n == 0 || (hold == HOLD_NOT && kind_of(l, path) == FACT_MISSING))
        return;
    if (kind_of(l, path) == FACT_SYMLINK) {
        add_line(l, &l->out->partial,
            arena_format(l->a, "%s in %s names %s, where a symbolic link in a writable folder leads: it can be replaced",
                gitconf_name(l->a, entry).p, path_display(l->a, l->env, file).p, path_display(l->a, l->env, path).p));
        return;
    }
    if (!keep(l, path, reason, hold, (struct str){0}))
        return;
    note(l, arena_format(l->a, "%s in %s names %s: read-only inside", gitconf_name(l->a, entry).p,
                path_display(l->a, l->env, file).p, path_display(l->a, l->env, path).p));
}

/* ---- commands ---- */

/* What a person calls by its name is their own step; what git runs by itself is not. */
static bool runs_by_itself(const struct gitconf_entry *entry)
{
    static const char *const called[] = {
        "alias", "browser", "man", "difftool", "mergetool", "guitool", "instaweb", "web", "imap", "sendemail", "tar"};

    for (size_t i = 0; i < COUNT_OF(called); i++)
        if (str_is(entry->section, called[i]))
            return false;
    return true;
}

/* Where a word of a command leads, if that is into a root. */
static bool leads_into_root(struct look *l, struct str word, struct str base, struct str *path)
{
    return word.n > 0 && (base.n > 0 || word.p[0] == '/') && resolve(l, word, base, path) && root_of(l, *path).n > 0;
}

/* A file in a root: the program itself, or the script that a shell or python is given. A program with a path to something
 * that is not there could be made from inside. False: where the word leads cannot be told. */
static bool keep_word(struct look *l, const struct gitconf_entry *entry, struct str file, const struct shellword *word)
{
    bool slash = str_find(word->text, 0, '/') < word->text.n;
    struct str path, tail;

    if (!word->told)
        return word->given;
    if (word->base.n == 0 && word->text.n > 0 && word->text.p[0] != '/' && word->text.p[0] != '-' && (slash || !word->program))
        return false;
    tail = str_slice(word->text, str_find(word->text, 0, '='), word->text.n); /* --option=FILE */
    if (tail.n > 1 && leads_into_root(l, arena_str(l->a, str_slice(tail, 1, tail.n)), word->base, &path) &&
        kind_of(l, path) == FACT_FILE)
        keep_named(l, entry, file, path, "git runs it", HOLD_NOT);
    if (!leads_into_root(l, word->text, word->base, &path))
        return true;
    if (kind_of(l, path) == FACT_FILE || kind_of(l, path) == FACT_SYMLINK)
        keep_named(l, entry, file, path, "git runs it", HOLD_NOT);
    else if (word->program && slash)
        keep_named(l, entry, file, path, "git runs it", HOLD_FOLDER);
    return true;
}

static void keep_command(struct look *l, const struct gitconf_entry *entry, struct str file, struct str worktree)
{
    struct shellwords words;
    bool told;

    shellwords_read(l->a, entry->value, l->host->home, worktree, &words);
    told = words.whole;
    for (size_t i = 0; i < words.n; i++)
        told = keep_word(l, entry, file, &words.v[i]) && !(words.v[i].program && shellwords_reads_files(words.v[i].text)) && told;
    if (!told)
        note(l, arena_format(l->a, "%s in %s is a command of which not all can be told: what else it runs in a writable folder is not held",
                    gitconf_name(l->a, entry).p, path_display(l->a, l->env, file).p));
}

/* ---- configuration ---- */

static void look_config(struct look *l, struct str file, struct str worktree, int depth);

static void look_entry(struct look *l, const struct gitconf_entry *entry, struct str file, struct str worktree, int depth)
{
    struct str path;

    switch (gitconf_obeys(entry)) {
    case GITCONF_INCLUDE:
        /* Whatever its condition: it may hold tomorrow. */
        if (resolve(l, entry->value, path_parent(PATH_POSIX, file), &path)) {
            keep_named(l, entry, file, path, "git reads it as its configuration", HOLD_FILE);
            look_config(l, path, worktree, depth + 1);
        }
        break;
    case GITCONF_HOOKS:
        if (resolve(l, entry->value, worktree, &path))
            keep_named(l, entry, file, path, "git runs programs from it", HOLD_FOLDER);
        break;
    case GITCONF_FILE:
        if (!str_is(entry->key, "worktree") && resolve(l, entry->value, worktree, &path))
            keep_named(l, entry, file, path, run_outside, HOLD_NOT);
        break;
    case GITCONF_RUNS:
        if (runs_by_itself(entry))
            keep_command(l, entry, file, worktree);
        break;
    case GITCONF_PLAIN:
    case GITCONF_REACHES:
        break;
    }
}

static void look_config(struct look *l, struct str file, struct str worktree, int depth)
{
    struct str key = arena_format(l->a, "%s\n%s", file.p, worktree.p), text;
    struct gitconf conf;

    for (size_t i = 0; i < l->read.n; i++)
        if (str_eq(l->read.v[i], key))
            return;
    *(struct str *)ARENA_PUSH(l->a, &l->read) = key;
    if (depth > GIT_DEPTH_MAX ||
        !l->eye->read(l->eye->context, l->a, file, GITCONF_BYTES_MAX, root_of(l, file).n > 0, &text))
        return;
    gitconf_parse(l->a, text, &conf);
    if (conf.damaged)
        note(l, arena_format(l->a, "%s is not well formed (line %d): git will complain of it too",
                    path_display(l->a, l->env, file).p, conf.line));
    for (size_t i = 0; i < conf.n; i++)
        look_entry(l, &conf.v[i], file, worktree, depth);
}

/* The person's own configuration and the machine's count in every repository. */
static void look_global(struct look *l, struct str worktree)
{
    struct str named = l->eye->variable(l->eye->context, STR("GIT_CONFIG_GLOBAL"));
    struct str xdg = l->eye->variable(l->eye->context, STR("XDG_CONFIG_HOME"));
    struct str system = l->eye->variable(l->eye->context, STR("GIT_CONFIG_SYSTEM"));

    if (path_is_absolute(PATH_POSIX, named))
        look_config(l, arena_str(l->a, named), worktree, 0);
    look_config(l, join(l, l->host->home, ".gitconfig"), worktree, 0);
    look_config(l, join(l, l->host->home, ".config/git/config"), worktree, 0);
    if (path_is_absolute(PATH_POSIX, xdg))
        look_config(l, join(l, arena_str(l->a, xdg), "git/config"), worktree, 0);
    look_config(l, path_is_absolute(PATH_POSIX, system) ? arena_str(l->a, system) : STR("/etc/gitconfig"), worktree, 0);
}

/* ---- git's folders ---- */

static void protect(struct look *l, struct str folder, const char *name, enum place_hold hold, struct str text)
{
    struct str path = join(l, folder, name);

    if (hold != HOLD_NOT || kind_of(l, path) != FACT_MISSING)
        add(l, PLACE_PROTECT, path, run_outside, hold)->text = text;
}

static void pin(struct look *l, struct str folder)
{
    add(l, PLACE_PIN, folder, run_outside, HOLD_NOT);
}

static void pin_part(struct look *l, struct str folder, const char *name)
{
    if (kind_of(l, join(l, folder, name)) == FACT_FOLDER)
        pin(l, join(l, folder, name));
}

/* Where a file of one line leads: "gitdir: PATH", or the path alone. */
static bool read_link(struct look *l, struct str file, struct str *out)
{
    struct str text;

    if (!l->eye->read(l->eye->context, l->a, file, GIT_LINK_MAX, root_of(l, file).n > 0, &text))
        return false;
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    if (str_starts(text, STR("gitdir: ")))
        text = str_slice(text, 8, text.n);
    /* Not a value of the configuration: '~' means nothing here. */
    return text.n > 0 && text.p[0] != '~' &&
           resolve(l, arena_str(l->a, text), path_parent(PATH_POSIX, file), out);
}

/* The .git file of a submodule or of a linked worktree. */
static void keep_dot_git(struct look *l, struct str path)
{
    if (kind_of(l, path) == FACT_FILE)
        keep(l, path, "it tells git where its folder is", HOLD_NOT, (struct str){0});
}

static bool one_more(struct look *l, struct str folder)
{
    if (l->folders++ < GIT_FOLDERS_MAX)
        return true;
    note(l, arena_format(l->a, "%s: more submodules and worktrees than are looked at (%d): read-only inside",
                path_display(l->a, l->env, folder).p, GIT_FOLDERS_MAX));
    add(l, PLACE_PROTECT, folder, "there is more in it than was looked at", HOLD_NOT);
    return false;
}

static void look_worktrees(struct look *l, struct str folder)
{
    struct texts names = {0};
    bool all;

    if (kind_of(l, folder) != FACT_FOLDER)
        return;
    all = l->eye->list(l->eye->context, l->a, folder, GIT_FOLDERS_MAX, &names);
    if (!all && !one_more(l, folder))
        return;
    pin(l, folder);
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(l->a, PATH_POSIX, folder, names.v[i]), dot_git;
        if (kind_of(l, one) != FACT_FOLDER)
            continue;
        if (!one_more(l, folder))
            return;
        pin(l, one);
        protect(l, one, "commondir", HOLD_FILE, STR("../..\n"));
        protect(l, one, "config.worktree", HOLD_FILE, (struct str){0});
        protect(l, one, "gitdir", HOLD_NOT, (struct str){0});
        if (!read_link(l, join(l, one, "gitdir"), &dot_git))
            continue;
        keep_dot_git(l, dot_git);
        /* To remove it git would take away file after file until it comes to one that is held: it is told before. */
        if (root_of(l, dot_git).n > 0)
            protect(l, one, "locked", HOLD_FILE, STR("Cordon holds its .git file: remove or move it outside\n"));
    }
}

static void look_git_folder(struct look *l, struct str folder, struct str worktree, int depth);

static bool has(struct look *l, struct str folder, const char *name)
{
    return kind_of(l, join(l, folder, name)) != FACT_MISSING;
}

/* Less than git asks for: what was taken out of a repository from inside can be put there again. */
static bool looks_like_git(struct look *l, struct str folder)
{
    return has(l, folder, "HEAD") || has(l, folder, "config") || has(l, folder, "objects") || has(l, folder, "hooks") ||
           has(l, folder, "commondir");
}

/* As git sees it. */
static bool is_repository(struct look *l, struct str folder)
{
    return has(l, folder, "HEAD") && (has(l, folder, "commondir") || (has(l, folder, "objects") && has(l, folder, "refs")));
}

/* Git's own in a repository, unless somebody made a repository of it. */
static bool is_part(struct look *l, struct str folder, struct str name)
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
static bool look_modules(struct look *l, struct str folder, bool within, int depth)
{
    struct texts names = {0};
    bool found = false;

    if (kind_of(l, folder) != FACT_FOLDER)
        return false;
    if (depth > GIT_DEPTH_MAX || !l->eye->list(l->eye->context, l->a, folder, GIT_FOLDERS_MAX, &names)) {
        l->folders = GIT_FOLDERS_MAX;
        one_more(l, folder);
        return true;
    }
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(l->a, PATH_POSIX, folder, names.v[i]);
        bool is_git;
        if (kind_of(l, one) != FACT_FOLDER || (within && is_part(l, one, names.v[i])))
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
static void look_known_modules(struct look *l, const struct gitconf *conf, struct str modules, int depth)
{
    struct str path;

    for (size_t i = 0; i < conf->n; i++) {
        const struct gitconf_entry *entry = &conf->v[i];
        if (!str_is(entry->section, "submodule") || entry->subsection.n == 0 ||
            !resolve(l, arena_format(l->a, "./%s", entry->subsection.p), modules, &path) || str_eq(path, modules) ||
            !path_is_under(l->env, modules, path) || kind_of(l, path) != FACT_FOLDER)
            continue;
        pin_way(l, modules, path);
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
static bool is_empty(struct look *l, struct str folder)
{
    struct texts names = {0};

    return l->eye->list(l->eye->context, l->a, folder, 1, &names) && names.n == 0;
}

static void hold_submodule(struct look *l, struct str path, int depth)
{
    struct str dot_git = join(l, path, ".git"), before = l->root;
    enum fact_kind kind = kind_of(l, dot_git);
    const char *reason = "git would take a repository there for the submodule";

    l->root = root_of(l, path);
    if (kind == FACT_SYMLINK) {
        note(l, arena_format(l->a, "a link leads to %s, where a submodule belongs: not held", path_display(l->a, l->env, dot_git).p));
    } else if (kind == FACT_FOLDER && !is_empty(l, dot_git)) {
        pin_way(l, l->root, dot_git);
        look_git_folder(l, dot_git, path, depth + 1);
    } else if (kind == FACT_MISSING && (kind_of(l, path) == FACT_MISSING || is_empty(l, path))) {
        keep(l, path, reason, HOLD_FOLDER, (struct str){0}); /* an empty .git in it would stop git */
    } else if (kind == FACT_MISSING) {
        pin_way(l, l->root, dot_git);
        add(l, PLACE_PROTECT, dot_git, reason, HOLD_GUARD);
    } else {
        keep(l, dot_git, reason, HOLD_FOLDER, (struct str){0});
    }
    l->root = before;
}

/* Those that the configuration knows come first: the file is anybody's. */
static void look_gitmodules(struct look *l, const struct gitconf *conf, struct str worktree, int depth)
{
    struct str file = join(l, worktree, ".gitmodules"), git = join(l, worktree, ".git"), text, path;
    struct gitconf modules;

    if (!l->eye->read(l->eye->context, l->a, file, GITCONF_BYTES_MAX, root_of(l, file).n > 0, &text))
        return;
    gitconf_parse(l->a, text, &modules);
    for (size_t i = 0; i < 2 * modules.n; i++) {
        const struct gitconf_entry *entry = &modules.v[i % modules.n];
        if (!str_is(entry->section, "submodule") || !str_is(entry->key, "path") || is_known(conf, entry->subsection) != (i < modules.n) ||
            entry->value.n == 0 || entry->value.p[0] == '/' ||
            !resolve(l, arena_format(l->a, "./%s", entry->value.p), worktree, &path) || str_eq(path, worktree) ||
            !path_is_under(l->env, worktree, path) || path_is_under(l->env, git, path))
            continue;
        if (l->paths++ == GIT_PATHS_MAX) {
            add_line(l, &l->out->partial, arena_format(l->a, "%s names more places of submodules than are held (%d)",
                                              path_display(l->a, l->env, file).p, GIT_PATHS_MAX));
            return;
        }
        hold_submodule(l, path, depth);
    }
}

/* A submodule's own folder says where its working tree is. */
static struct str worktree_of(struct look *l, const struct gitconf *conf, struct str folder)
{
    struct str path, out = {0};

    for (size_t i = 0; i < conf->n; i++)
        if (str_is(conf->v[i].section, "core") && str_is(conf->v[i].key, "worktree") && !conf->v[i].subsection.p &&
            resolve(l, conf->v[i].value, folder, &path))
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
static void look_common(struct look *l, struct str folder)
{
    struct str common;

    if (!read_link(l, join(l, folder, "commondir"), &common) || str_eq(common, folder))
        return;
    keep(l, join(l, common, "config"), run_outside, HOLD_FILE, (struct str){0});
    keep(l, join(l, common, "hooks"), run_outside, HOLD_FOLDER, (struct str){0});
}

static void look_git_folder(struct look *l, struct str folder, struct str worktree, int depth)
{
    struct gitconf conf = {0};
    struct str config = join(l, folder, "config");
    enum place_hold hold_common = HOLD_FILE;
    struct str text;

    for (size_t i = 0; i < l->modules.n; i++)
        if (str_eq(l->modules.v[i], folder))
            return;
    *(struct str *)ARENA_PUSH(l->a, &l->modules) = folder;
    if (l->eye->read(l->eye->context, l->a, config, GITCONF_BYTES_MAX, true, &text))
        gitconf_parse(l->a, text, &conf);
    /* Where there is a commondir git passes over core.worktree and core.bare. In a submodule's folder nothing hangs on them. */
    if (worktree.n > 0 && (worktree_of(l, &conf, folder).n > 0 || is_bare_by(&conf)))
        hold_common = HOLD_GUARD;
    if (worktree.n == 0) { /* a submodule: from where its paths count */
        worktree = worktree_of(l, &conf, folder);
        if (worktree.n > 0)
            keep_dot_git(l, join(l, worktree, ".git"));
        else
            worktree = folder;
    }
    if (!str_eq(folder, l->root))
        pin(l, folder);
    look_config(l, config, worktree, 0);
    protect(l, folder, "config", HOLD_FILE, (struct str){0});
    /* Read where extensions.worktreeConfig is on; empty it says nothing. */
    protect(l, folder, "config.worktree", HOLD_FILE, (struct str){0});
    protect(l, folder, "commondir", hold_common, STR(".\n"));
    protect(l, folder, "hooks", HOLD_FOLDER, (struct str){0});
    /* Remotes as they were told before there was configuration; git still reads them. */
    protect(l, folder, "remotes", HOLD_FOLDER, (struct str){0});
    protect(l, folder, "branches", HOLD_FOLDER, (struct str){0});
    keep(l, join(l, folder, "objects/info/alternates"), "it tells git where else objects are", HOLD_NOT, (struct str){0});
    look_config(l, join(l, folder, "config.worktree"), worktree, 0);
    look_common(l, folder);
    look_worktrees(l, join(l, folder, "worktrees"));
    if (depth < GIT_DEPTH_MAX) {
        struct str modules = join(l, folder, "modules");
        look_known_modules(l, &conf, modules, depth + 1);
        look_modules(l, modules, false, depth + 1);
        pin_part(l, folder, "modules");
        if (!str_eq(worktree, folder))
            look_gitmodules(l, &conf, worktree, depth + 1);
    }
}

/* A .git file: of a linked worktree or a submodule. The repository lies elsewhere; its configuration counts from here. False:
 * it leads nowhere. */
static bool look_dot_git_file(struct look *l, struct str file, struct str worktree, struct str *repository)
{
    struct str folder;

    if (!read_link(l, file, &folder))
        return false;
    look_config(l, join(l, folder, "config.worktree"), worktree, 0);
    if (!read_link(l, join(l, folder, "commondir"), repository))
        *repository = folder;
    look_config(l, join(l, *repository, "config"), worktree, 0);
    return true;
}

static void warn_of_elsewhere(struct look *l, struct str root, struct str repository)
{
    if (root_of(l, repository).n > 0)
        return;
    add_line(l, &l->out->warnings,
        arena_format(l->a,
            "the repository of %s is %s, which is not writable: git can be read here, not committed to; name the working "
            "tree that it belongs to with --write, or open Cordon there",
            path_display(l->a, l->env, root).p, path_display(l->a, l->env, repository).p));
}

/* A root without a .git may lie in a repository, whose configuration can name what is in the root. */
static void look_above(struct look *l, struct str root)
{
    struct str folder = root, repository;

    while (folder.n > 1) {
        struct str dot_git, config;
        folder = arena_str(l->a, path_parent(PATH_POSIX, folder));
        dot_git = join(l, folder, ".git");
        config = join(l, dot_git, "config");
        if (kind_of(l, dot_git) == FACT_FILE && look_dot_git_file(l, dot_git, folder, &repository)) {
            warn_of_elsewhere(l, root, repository);
            return;
        }
        if (kind_of(l, dot_git) == FACT_FOLDER && kind_of(l, config) == FACT_FILE) {
            look_config(l, config, folder, 0);
            look_config(l, join(l, dot_git, "config.worktree"), folder, 0);
            warn_of_elsewhere(l, root, dot_git);
            return;
        }
    }
}

/* Where git finds .git missing or spoilt, which can be done from inside, it goes on to the folder itself. */
static void look_top(struct look *l, struct str root)
{
    static const char *const rest[] = {"commondir", "objects", "refs"};
    const char *reason = "git would take the folder for a repository";

    if (!has(l, root, "HEAD"))
        add(l, PLACE_PROTECT, join(l, root, "HEAD"), reason, HOLD_GUARD);
    else if (is_repository(l, root))
        look_git_folder(l, root, root, 0);
    for (size_t i = 0; i < COUNT_OF(rest) && has(l, root, "HEAD") && !is_repository(l, root); i++)
        if (!has(l, root, rest[i]))
            add(l, PLACE_PROTECT, join(l, root, rest[i]), reason, HOLD_GUARD);
}

static void look_root(struct look *l, struct str root)
{
    struct str dot_git = join(l, root, ".git"), repository;
    enum fact_kind kind = kind_of(l, dot_git);

    l->root = root;
    l->read = (struct texts){0};
    l->modules = (struct texts){0};
    look_global(l, root);
    if (kind == FACT_MISSING || (kind == FACT_FOLDER && is_empty(l, dot_git))) {
        add(l, PLACE_PIN, dot_git, "a repository made inside is looked at first", HOLD_BIRTH);
        look_above(l, root);
    } else if (kind == FACT_FOLDER) {
        look_git_folder(l, dot_git, root, 0);
        pin_part(l, dot_git, "objects"); /* a .git without these is none */
        pin_part(l, dot_git, "refs");
    } else if (kind == FACT_FILE) {
        if (look_dot_git_file(l, dot_git, root, &repository))
            warn_of_elsewhere(l, root, repository);
        look_gitmodules(l, &(struct gitconf){0}, root, 0);
    }
    look_top(l, root);
}

bool git_takes_for_repository(struct arena *a, const struct git_eye *eye, struct str folder)
{
    return eye->kind(eye->context, path_join(a, PATH_POSIX, folder, STR("HEAD"))) != FACT_MISSING;
}

const struct git_found *git_look(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host, const struct git_eye *eye)
{
    struct git_found *found = arena_alloc(a, 1, sizeof *found);
    struct look l = {.a = a, .policy = policy, .env = env, .host = host, .eye = eye, .out = found};

    if (env->system != PATH_POSIX)
        return found;
    if (policy->workspace.n > 0)
        look_root(&l, policy->workspace);
    for (size_t i = 0; i < policy->rules.n; i++) {
        const struct rule *r = &policy->rules.v[i];
        if (r->kind == RULE_WRITE && r->anchored && !r->revoked && !str_eq(r->path, policy->workspace))
            look_root(&l, r->path);
    }
    return found;
}
