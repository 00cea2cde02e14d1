/*
 * newborn: judges a repository that was made inside. See newborn.h.
 */
#include "newborn.h"
#include "gitconf.h"
#include "gitleft.h"
#include "text.h"

#define NAMES_MAX 100000 /* in one folder */
#define LINK_MAX  ((size_t)PATH_BYTES_MAX + 16)

struct judge {
    struct arena *a;
    const struct path_env *env;
    const struct git_eye *eye;
    struct str folder; /* where all of it lies now */
    struct str home;   /* what that will be: the root's .git */
    struct str root;
    struct str *reason;
    size_t entries;
};

static enum fact_kind kind_of(struct judge *j, struct str path)
{
    return j->eye->kind(j->eye->context, path);
}

static struct str join(struct judge *j, struct str folder, const char *name)
{
    return path_join(j->a, j->env->system, folder, str_from(name));
}

/* Its place in the repository, for people. */
static const char *shown(struct judge *j, struct str path)
{
    struct str below = path_below(j->env, j->folder, path);

    return path_text(j->a, j->env->system, path_join(j->a, j->env->system, STR(".git"), below)).p;
}

static bool bad(struct judge *j, struct str path, const char *why)
{
    if (!j->reason->p)
        *j->reason = arena_format(j->a, "%s %s", shown(j, path), why);
    return false;
}

static bool list(struct judge *j, struct str folder, struct texts *out)
{
    return j->eye->list(j->eye->context, j->a, folder, NAMES_MAX, out) || bad(j, folder, "cannot be listed, or has too many entries");
}

/* ---- the single files ---- */

/* `inside`: a submodule's own, whose core.worktree leads back into the workspace, where it would lie. */
static bool judge_entry(struct judge *j, const struct gitconf_entry *entry, struct str file, bool inside)
{
    struct path_env plain = {.system = j->env->system};
    struct err ignored = {0};
    struct str path;

    if (gitconf_is_harmless(entry))
        return true;
    if (inside && str_is(entry->section, "core") && str_is(entry->key, "worktree") && !entry->subsection.p) {
        struct str below = path_below(j->env, j->folder, path_parent(j->env->system, file));
        plain.cwd = path_join(j->a, j->env->system, j->home, below);
        if (entry->value.n > 0 && entry->value.p[0] == '.' &&
            path_canonical(j->a, &plain, entry->value, &path, &ignored) && path_is_under(j->env, j->root, path) &&
            !path_is_under(j->env, j->home, path))
            return true;
    }
    return bad(j, file, arena_format(j->a, "sets %s", gitconf_name(j->a, entry).p).p);
}

static bool judge_config(struct judge *j, struct str file, bool needed, bool inside)
{
    struct gitconf conf;
    struct str text;

    if (kind_of(j, file) == FACT_MISSING)
        return !needed || bad(j, file, "is missing");
    if (!j->eye->read(j->eye->context, j->a, file, GITCONF_BYTES_MAX, true, &text))
        return bad(j, file, "cannot be read");
    gitconf_parse(j->a, text, &conf);
    if (conf.damaged)
        return bad(j, file, "is not well formed");
    for (size_t i = 0; i < conf.n; i++)
        if (!judge_entry(j, &conf.v[i], file, inside))
            return false;
    return true;
}

static bool absent(struct judge *j, struct str folder, const char *name)
{
    struct str path = join(j, folder, name);

    return kind_of(j, path) == FACT_MISSING || bad(j, path, "is there, and git obeys it");
}

/* Git runs a hook by its exact name: samples never. */
static bool judge_hooks(struct judge *j, struct str folder)
{
    struct texts names = {0};

    if (kind_of(j, folder) == FACT_MISSING)
        return true;
    if (!list(j, folder, &names))
        return false;
    for (size_t i = 0; i < names.n; i++)
        if (!str_ends(names.v[i], STR(".sample")))
            return bad(j, path_join(j->a, j->env->system, folder, names.v[i]), "is a hook");
    return true;
}

static bool judge_empty(struct judge *j, struct str folder)
{
    struct texts names = {0};

    if (kind_of(j, folder) == FACT_MISSING)
        return true;
    return list(j, folder, &names) && (names.n == 0 || bad(j, folder, "is not empty, and git obeys it"));
}

/* ---- folders ---- */

static bool judge_folder(struct judge *j, struct str folder, bool inside, int depth);

static bool judge_worktrees(struct judge *j, struct str folder)
{
    struct texts names = {0};

    if (kind_of(j, folder) == FACT_MISSING)
        return true;
    if (!list(j, folder, &names))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(j->a, j->env->system, folder, names.v[i]), common = join(j, one, "commondir"), text;
        if (!j->eye->read(j->eye->context, j->a, common, LINK_MAX, true, &text) || !str_is(text, "../..\n"))
            return bad(j, common, "leads elsewhere");
        if (!judge_config(j, join(j, one, "config.worktree"), false, false) || !judge_hooks(j, join(j, one, "hooks")))
            return false;
    }
    return true;
}

static bool judge_modules(struct judge *j, struct str folder, int depth)
{
    struct texts names = {0};

    if (kind_of(j, folder) == FACT_MISSING)
        return true;
    if (depth > NEWBORN_DEPTH_MAX)
        return bad(j, folder, "is too deep");
    if (!list(j, folder, &names))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct str one = path_join(j->a, j->env->system, folder, names.v[i]);
        bool is_git = kind_of(j, join(j, one, "HEAD")) != FACT_MISSING || kind_of(j, join(j, one, "config")) != FACT_MISSING;
        if (!(is_git ? judge_folder(j, one, true, depth + 1) : judge_modules(j, one, depth + 1)))
            return false; /* what lies within one is judged by its names: see judge_names */
    }
    return true;
}

static bool judge_folder(struct judge *j, struct str folder, bool inside, int depth)
{
    static const char *const needed[] = {"objects", "refs"};

    if (kind_of(j, join(j, folder, "HEAD")) != FACT_FILE)
        return bad(j, join(j, folder, "HEAD"), "is no file: no repository");
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (kind_of(j, join(j, folder, needed[i])) != FACT_FOLDER)
            return bad(j, join(j, folder, needed[i]), "is no folder: no repository");
    return judge_config(j, join(j, folder, "config"), true, inside) &&
           judge_config(j, join(j, folder, "config.worktree"), false, inside) && absent(j, folder, "commondir") &&
           absent(j, folder, "objects/info/alternates") && absent(j, folder, "gitdir") &&
           judge_hooks(j, join(j, folder, "hooks")) && judge_empty(j, join(j, folder, "remotes")) &&
           judge_empty(j, join(j, folder, "branches")) && judge_worktrees(j, join(j, folder, "worktrees")) &&
           judge_modules(j, join(j, folder, "modules"), depth + 1);
}

/* ---- what lies deeper ---- */

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return s.n == 40 || s.n == 64;
}

/* Branches and their logs may have any name. What reads like one is no configuration and no program. */
static bool is_ref_or_log(struct judge *j, struct str file)
{
    struct str text, line;

    if (!j->eye->read(j->eye->context, j->a, file, GITCONF_BYTES_MAX, true, &text))
        return false;
    line = str_slice(text, 0, str_find(text, 0, '\n'));
    if (line.n + 1 == text.n && (is_hex(line) || str_starts(line, STR("ref: refs/"))))
        return true;
    /* "OLD NEW Name <address> ...": to git a first line of configuration that is an error. */
    for (size_t n = 40; n <= 64; n += 24)
        if (line.n > 2 * n + 1 && line.p[n] == ' ' && line.p[2 * n + 1] == ' ' && is_hex(str_slice(line, 0, n)) &&
            is_hex(str_slice(line, n + 1, 2 * n + 1)))
            return true;
    return false;
}

/* A file by whose name git could obey it, in whatever folder: a repository within a repository is one that git may be led to. */
static bool judge_name(struct judge *j, struct str file)
{
    static const char *const folders[] = {"remotes", "branches"};
    struct str name = path_name(j->env->system, file), folder = path_name(j->env->system, path_parent(j->env->system, file)), text;
    bool hook = str_is(folder, "hooks") && !str_ends(name, STR(".sample"));
    bool config = str_is(name, "config") || str_is(name, "config.worktree");
    bool leads = str_is(name, "commondir") || str_is(name, "alternates");

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        leads = leads || str_is(folder, folders[i]);
    if (str_is(name, "git-rebase-todo") && !is_ref_or_log(j, file))
        return bad(j, file, "is a rebase that waits, and runs what it says when it is continued");
    if (str_is(name, "MERGE_RR") && !is_ref_or_log(j, file))
        return (j->eye->read(j->eye->context, j->a, file, GITCONF_BYTES_MAX, true, &text) && text.n == 0) ||
               bad(j, file, "is there, and git copies what it names");
    if (!(hook || config || leads) || is_ref_or_log(j, file))
        return true;
    if (config)
        return judge_config(j, file, true, !str_eq(path_parent(j->env->system, file), j->folder));
    if (str_is(name, "commondir") && j->eye->read(j->eye->context, j->a, file, LINK_MAX, true, &text) && str_is(text, "../..\n"))
        return true;
    return bad(j, file, hook ? "is a hook" : "is there, and git obeys it");
}

static bool judge_names(struct judge *j, struct str folder)
{
    struct texts names = {0};

    if (!list(j, folder, &names))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct str path = path_join(j->a, j->env->system, folder, names.v[i]);
        bool is_folder = kind_of(j, path) == FACT_FOLDER;
        if (!(is_folder ? judge_names(j, path) : judge_name(j, path)))
            return false;
    }
    return true;
}

/* Files and folders, nothing else: a link would lead the moving, or git, elsewhere. */
static bool judge_kinds(struct judge *j, struct str folder, int depth)
{
    struct texts names = {0};

    if (depth > NEWBORN_DEPTH_MAX)
        return bad(j, folder, "is too deep");
    if (!list(j, folder, &names))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        struct str path = path_join(j->a, j->env->system, folder, names.v[i]);
        enum fact_kind kind = kind_of(j, path);
        if (++j->entries > NEWBORN_ENTRIES_MAX)
            return bad(j, path, "is one of too many");
        if (kind != FACT_FILE && kind != FACT_FOLDER)
            return bad(j, path, "is neither file nor folder");
        if (kind == FACT_FOLDER && !judge_kinds(j, path, depth + 1))
            return false;
    }
    return true;
}

bool newborn_judge_there(struct arena *a, const struct path_env *env, const struct git_eye *eye, const struct newborn *birth,
    struct str *reason)
{
    struct judge j = {.a = a, .env = env, .eye = eye, .folder = birth->folder, .home = birth->home, .root = birth->root,
        .reason = reason};

    return judge_folder(&j, birth->folder, false, 0) && newborn_reach(a, env, eye, birth, reason);
}

bool newborn_judge_file(struct arena *a, const struct path_env *env, const struct git_eye *eye, const struct newborn *birth,
    struct str file, struct str *reason)
{
    struct judge j = {.a = a, .env = env, .eye = eye, .folder = birth->folder, .home = birth->home, .root = birth->root,
        .reason = reason};

    return judge_name(&j, file);
}

enum newborn_state newborn_judge(struct arena *a, const struct path_env *env, const struct git_eye *eye, struct str folder,
    struct str root, const struct texts *roots, struct str *reason)
{
    struct newborn birth = {.folder = folder, .home = path_join(a, env->system, root, STR(".git")), .root = root, .roots = roots};
    struct judge j = {.a = a, .env = env, .eye = eye, .folder = folder, .home = birth.home, .root = root, .reason = reason};
    struct texts names = {0};

    *reason = (struct str){0};
    if (kind_of(&j, folder) != FACT_FOLDER || !list(&j, folder, &names))
        return kind_of(&j, folder) == FACT_MISSING ? NEWBORN_EMPTY : (bad(&j, folder, "is no folder"), NEWBORN_BAD);
    if (names.n == 0)
        return NEWBORN_EMPTY;
    return judge_kinds(&j, folder, 0) && newborn_judge_there(a, env, eye, &birth, reason) && judge_names(&j, folder) ? NEWBORN_GOOD
                                                                                                                     : NEWBORN_BAD;
}
