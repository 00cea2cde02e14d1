/*
 * git: looks at repositories and says what in them must stay as it is. See git.h.
 */
#include "git.h"
#include "gitconf.h"
#include "text.h"

#include <string.h>

#define GIT_FOLDERS_MAX  200 /* submodules and linked worktrees of all roots together */
#define GIT_DEPTH_MAX    12  /* includes within includes, submodules within submodules */
#define GIT_LINK_MAX     ((size_t)PATH_BYTES_MAX + 16)

struct look {
    struct arena *a;
    const struct policy *policy;
    const struct path_env *env;
    const struct host *host;
    const struct git_eye *eye;
    struct git_found *out;
    size_t folders;
    struct str root; /* the one that is being looked at */
    struct texts read; /* configuration files seen for this root */
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
            if (kind != FACT_MISSING || hold != HOLD_NOT)
                add(l, PLACE_PROTECT, folder, reason, HOLD_FOLDER);
            l->root = before;
            return true;
        }
    }
    if (hold != HOLD_NOT || kind_of(l, path) != FACT_MISSING) {
        for (at = root.n + 1; (at = str_find(path, at, '/')) < path.n; at++)
            add(l, PLACE_PIN, arena_str(l->a, str_slice(path, 0, at)), "what git obeys lies in it", HOLD_NOT);
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

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || strchr("'\"`;&|<>()$!={}", c) != NULL;
}

/* Any word of the command that is a file in a root: the program itself, or the script that a shell or python is given. A
 * first word with a path to something that is not there could be made from inside. */
static void keep_command(struct look *l, const struct gitconf_entry *entry, struct str file, struct str worktree)
{
    struct str value = entry->value;
    bool first = true;

    for (size_t at = 0; at < value.n;) {
        size_t end = at;
        struct str word, path;
        while (end < value.n && value.p[end] && !ends_word(value.p[end]))
            end++;
        word = str_slice(value, at, end);
        at = end + 1;
        if (word.n == 0 || !resolve(l, word, worktree, &path) || root_of(l, path).n == 0)
            continue;
        if (kind_of(l, path) == FACT_FILE || kind_of(l, path) == FACT_SYMLINK)
            keep_named(l, entry, file, path, "git runs it", HOLD_NOT);
        else if (first && str_find(word, 0, '/') < word.n)
            keep_named(l, entry, file, path, "git runs it", HOLD_FOLDER);
        first = false;
    }
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

static bool looks_like_git(struct look *l, struct str folder)
{
    static const char *const parts[] = {"HEAD", "config", "objects", "hooks", "commondir"};

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (kind_of(l, join(l, folder, parts[i])) != FACT_MISSING)
            return true;
    return false;
}

/* A submodule's name may have slashes: then there are folders between. */
static void look_modules(struct look *l, struct str folder, int depth)
{
    struct texts names = {0};

    if (kind_of(l, folder) != FACT_FOLDER)
        return;
    pin(l, folder);
    if (depth > GIT_DEPTH_MAX || !l->eye->list(l->eye->context, l->a, folder, GIT_FOLDERS_MAX, &names)) {
        l->folders = GIT_FOLDERS_MAX;
        one_more(l, folder);
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(l->a, PATH_POSIX, folder, names.v[i]);
        if (kind_of(l, one) != FACT_FOLDER)
            continue;
        if (!one_more(l, folder))
            return;
        if (looks_like_git(l, one))
            look_git_folder(l, one, (struct str){0}, depth + 1);
        else
            look_modules(l, one, depth + 1);
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
    if (depth < GIT_DEPTH_MAX)
        look_modules(l, join(l, folder, "modules"), depth + 1);
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

/* Git takes no notice of an empty .git, and Cordon itself makes one to hold the name. */
static bool is_empty(struct look *l, struct str folder)
{
    struct texts names = {0};

    return l->eye->list(l->eye->context, l->a, folder, 1, &names) && names.n == 0;
}

static bool is_bare(struct look *l, struct str folder)
{
    return kind_of(l, join(l, folder, "HEAD")) == FACT_FILE && kind_of(l, join(l, folder, "objects")) == FACT_FOLDER &&
           kind_of(l, join(l, folder, "refs")) == FACT_FOLDER;
}

static void look_root(struct look *l, struct str root)
{
    struct str dot_git = join(l, root, ".git"), repository;
    enum fact_kind kind = kind_of(l, dot_git);

    l->root = root;
    l->read = (struct texts){0};
    look_global(l, root);
    if (kind == FACT_MISSING || (kind == FACT_FOLDER && is_empty(l, dot_git))) {
        add(l, PLACE_PIN, dot_git, "a repository made inside is looked at first", HOLD_BIRTH);
        if (is_bare(l, root)) /* the root is a repository itself */
            look_git_folder(l, root, root, 0);
        else
            add(l, PLACE_PROTECT, join(l, root, "HEAD"), "git would take the folder for a repository", HOLD_GUARD);
        look_above(l, root);
    } else if (kind == FACT_FOLDER)
        look_git_folder(l, dot_git, root, 0);
    else if (kind == FACT_FILE && look_dot_git_file(l, dot_git, root, &repository))
        warn_of_elsewhere(l, root, repository);
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
