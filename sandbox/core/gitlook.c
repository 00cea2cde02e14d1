/*
 * gitlook: what git.c holds, and how: places in the roots, the ways to them, and what configuration names there. See gitlook.h.
 */
#include "gitlook.h"
#include "acls.h"
#include "gitconf.h"
#include "shellwords.h"

#include <string.h>

#define GIT_DEPTH_MAX 12 /* includes within includes */
#define HOOKS_MAX     200

struct str gitlook_join(struct gitlook *l, struct str folder, const char *name)
{
    return path_join(l->a, l->env->system, folder, str_from(name));
}

void gitlook_line(struct gitlook *l, struct texts *lines, struct str line)
{
    for (size_t i = 0; i < lines->n; i++)
        if (str_eq(lines->v[i], line))
            return;
    *(struct str *)ARENA_PUSH(l->a, lines) = line;
}

void gitlook_note(struct gitlook *l, struct str line)
{
    gitlook_line(l, &l->out->notes, line);
}

/* ---- what may be looked at ---- */

static bool is_under_one(const struct gitlook *l, const struct texts *folders, struct str path)
{
    for (size_t i = 0; i < folders->n; i++)
        if (path_is_under(l->env, folders->v[i], path))
            return true;
    return false;
}

/* Not what a program inside wrote, nor what such a file named. */
static bool is_own(const struct gitlook *l, struct str path)
{
    return gitlook_root(l, path).n == 0 && ((l->host->home.n > 0 && path_is_under(l->env, l->host->home, path)) || is_under_one(l, &l->own, path));
}

static bool may_look(const struct gitlook *l, struct str path)
{
    return l->env->system == PATH_POSIX || acls_is_here(l->host->windows, l->env, path) || gitlook_root(l, path).n > 0 || is_own(l, path);
}

enum fact_kind gitlook_kind(struct gitlook *l, struct str path)
{
    return may_look(l, path) ? l->eye->kind(l->eye->context, path) : FACT_UNKNOWN;
}

/* The person's own may lead on by links; outside of the roots others are read where they are, too, and a link leads to any machine. */
bool gitlook_read(struct gitlook *l, struct str file, size_t ceiling, bool plain, struct str *out)
{
    plain = plain || gitlook_root(l, file).n > 0;
    if (!may_look(l, file))
        return false;
    if (!plain && l->env->system == PATH_WINDOWS && !is_own(l, file)) {
        plain = true;
        if (gitlook_kind(l, file) == FACT_SYMLINK)
            gitlook_line(l, &l->out->partial, arena_format(l->a, "%s is behind a link: not looked at", path_display(l->a, l->env, file).p));
    }
    return l->eye->read(l->eye->context, l->a, file, ceiling, plain, out);
}

bool gitlook_list(struct gitlook *l, struct str folder, size_t most, struct texts *out)
{
    return may_look(l, folder) && l->eye->list(l->eye->context, l->a, folder, most, out);
}

bool gitlook_goes(struct gitlook *l, struct str file, struct str path)
{
    if (l->env->system == PATH_WINDOWS && is_own(l, file))
        gitlook_line(l, &l->own, path);
    if (may_look(l, path))
        return true;
    gitlook_line(l, &l->out->partial,
        arena_format(l->a, "%s names what is on no disk of this machine: that is not looked at", path_display(l->a, l->env, file).p));
    return false;
}

/* ---- places ---- */

struct git_place *gitlook_add(
    struct gitlook *l, enum place_kind kind, struct str path, const char *reason, enum place_hold hold)
{
    struct git_place *place;

    for (size_t i = 0; i < l->out->n; i++)
        if (l->out->v[i].kind == kind && str_eq(l->out->v[i].path, path))
            return &l->out->v[i];
    place = ARENA_PUSH(l->a, l->out);
    *place = (struct git_place){.kind = kind, .root = l->root, .path = path, .reason = reason, .hold = hold};
    return place;
}

/* ---- paths that configuration names ---- */

static char separator(const struct gitlook *l)
{
    return l->env->system == PATH_WINDOWS ? '\\' : '/';
}

static bool is_drive(struct str s)
{
    return s.n > 1 && s.p[1] == ':' && ((s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= 'A' && s.p[0] <= 'Z'));
}

/* As sh on Windows has paths: /c/x is C:/x. */
static struct str of_shell(struct gitlook *l, struct str word)
{
    bool letter = word.n > 1 && word.p[0] == '/' && ((word.p[1] >= 'a' && word.p[1] <= 'z') || (word.p[1] >= 'A' && word.p[1] <= 'Z'));

    if (l->env->system != PATH_WINDOWS || !letter || (word.n > 2 && word.p[2] != '/'))
        return word;
    return arena_format(l->a, "%c:/%.*s", word.p[1], (int)(word.n > 3 ? word.n - 3 : 0), word.n > 3 ? word.p + 3 : "");
}

/* With slashes, since a backslash is an escape to it. */
static struct str for_shell(struct gitlook *l, struct str path)
{
    char *out = arena_alloc(l->a, path.n + 1, 1);

    for (size_t i = 0; i < path.n; i++)
        out[i] = path.p[i] == '\\' && l->env->system == PATH_WINDOWS ? '/' : path.p[i];
    return path.p ? (struct str){out, path.n} : path;
}

static bool is_rooted(const struct gitlook *l, struct str word)
{
    return word.n > 0 && (word.p[0] == '/' || (l->env->system == PATH_WINDOWS && is_drive(word)));
}

/* The writable root that a path lies in; none. */
struct str gitlook_root(const struct gitlook *l, struct str path)
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

struct str gitlook_real(struct gitlook *l, struct str path)
{
    struct str real;

    /* A link in a root could lead elsewhere in a moment: that one is a matter of its own. */
    return l->eye->real && gitlook_root(l, path).n == 0 && l->eye->real(l->eye->context, l->a, path, &real) &&
                   gitlook_root(l, real).n > 0
               ? real
               : path;
}

/* A value as git takes a path: absolute, from home, or from `base`. False: somebody else's home, git's own prefix. */
bool gitlook_resolve(struct gitlook *l, struct str value, struct str base, struct str *out)
{
    struct path_env plain = {.system = l->env->system, .home = l->host->home, .cwd = base};
    struct err ignored = {0};
    bool windows = l->env->system == PATH_WINDOWS;

    if (value.n == 0 || memchr(value.p, 0, value.n) || str_starts(value, STR("%(")))
        return false;
    if (value.p[0] == '~' && value.n > 1 && value.p[1] != '/' && !(windows && value.p[1] == '\\'))
        return false;
    return path_canonical(l->a, &plain, value, out, &ignored);
}

/* Every folder between the root and path. */
void gitlook_pin_way(struct gitlook *l, struct str root, struct str path)
{
    for (size_t at = root.n + 1; (at = str_find(path, at, separator(l))) < path.n; at++)
        gitlook_add(l, PLACE_PIN, arena_str(l->a, str_slice(path, 0, at)), "what git obeys lies in it", HOLD_NOT);
}

/*
 * Keeps what is at path, or the name where nothing is. Each folder on the way from the root is held in place too, or it
 * would be renamed away and another made. Where the way ends early, the first missing name is what is held.
 */
bool gitlook_keep(struct gitlook *l, struct str path, const char *reason, enum place_hold hold, struct str text)
{
    struct str root, before = l->root;
    size_t at;

    path = gitlook_real(l, path);
    root = gitlook_root(l, path);
    if (root.n == 0 || path_same(l->env, root, path))
        return false;
    l->root = root;
    for (at = root.n + 1; (at = str_find(path, at, separator(l))) < path.n; at++) {
        struct str folder = arena_str(l->a, str_slice(path, 0, at));
        enum fact_kind kind = gitlook_kind(l, folder);
        if (kind != FACT_FOLDER) {
            if (kind != FACT_MISSING || hold != HOLD_NOT) {
                gitlook_pin_way(l, root, folder);
                gitlook_add(l, PLACE_PROTECT, folder, reason, HOLD_FOLDER);
            }
            l->root = before;
            return true;
        }
    }
    if (hold != HOLD_NOT || gitlook_kind(l, path) != FACT_MISSING) {
        gitlook_pin_way(l, root, path);
        gitlook_add(l, PLACE_PROTECT, path, reason, hold)->text = text;
    }
    l->root = before;
    return true;
}

static void keep_named(struct gitlook *l, const struct gitconf_entry *entry, struct str file, struct str path,
    const char *reason, enum place_hold hold)
{
    path = gitlook_real(l, path);
    if (gitlook_root(l, path).n == 0 || (hold == HOLD_NOT && gitlook_kind(l, path) == FACT_MISSING))
        return;
    if (gitlook_kind(l, path) == FACT_SYMLINK) {
        gitlook_line(l, &l->out->partial,
            arena_format(l->a, "%s in %s names %s, where a symbolic link in a writable folder leads: it can be replaced",
                gitconf_name(l->a, entry).p, path_display(l->a, l->env, file).p, path_display(l->a, l->env, path).p));
        return;
    }
    if (!gitlook_keep(l, path, reason, hold, (struct str){0}))
        return;
    gitlook_note(l, arena_format(l->a, "%s in %s names %s: read-only inside", gitconf_name(l->a, entry).p,
                path_display(l->a, l->env, file).p, path_display(l->a, l->env, path).p));
}

/* The link itself lies where nobody writes, or is held; each further one on the way could be replaced. */
static void keep_hook(struct gitlook *l, struct str hook)
{
    struct str path;

    if (gitlook_kind(l, hook) != FACT_SYMLINK || !l->eye->real || !l->eye->real(l->eye->context, l->a, hook, &path) ||
        gitlook_root(l, path).n == 0)
        return;
    gitlook_keep(l, path, "git runs it as a hook", HOLD_FOLDER, (struct str){0});
    if (!l->eye->direct || !l->eye->direct(l->eye->context, l->a, hook, path))
        gitlook_line(l, &l->out->partial, arena_format(l->a, "the hook %s leads by further symbolic links to %s: they can be replaced",
            path_display(l->a, l->env, hook).p, path_display(l->a, l->env, path).p));
    else
        gitlook_note(l, arena_format(l->a, "the hook %s leads to %s: read-only inside", path_display(l->a, l->env, hook).p,
            path_display(l->a, l->env, path).p));
}

void gitlook_hooks(struct gitlook *l, struct str folder)
{
    struct texts names = {0};

    folder = gitlook_real(l, folder);
    if (gitlook_kind(l, folder) != FACT_FOLDER)
        return;
    if (!gitlook_list(l, folder, HOOKS_MAX, &names))
        gitlook_line(l, &l->out->partial, arena_format(l->a, "%s has more in it than is looked at: hooks that are links are not all held",
            path_display(l->a, l->env, folder).p));
    for (size_t i = 0; i < names.n; i++)
        keep_hook(l, path_join(l->a, l->env->system, folder, names.v[i]));
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
static bool leads_into_root(struct gitlook *l, struct str word, struct str base, struct str *path)
{
    if (word.n == 0 || (base.n == 0 && !is_rooted(l, word)) || !gitlook_resolve(l, of_shell(l, word), of_shell(l, base), path))
        return false;
    *path = gitlook_real(l, *path);
    return gitlook_root(l, *path).n > 0;
}

/* A file in a root: the program itself, or the script that a shell or python is given. A program with a path to something
 * that is not there could be made from inside. False: where the word leads cannot be told. */
static bool keep_word(struct gitlook *l, const struct gitconf_entry *entry, struct str file, const struct shellword *word)
{
    bool slash = str_find(word->text, 0, '/') < word->text.n;
    struct str path, tail;

    if (!word->told)
        return word->given;
    if (word->base.n == 0 && word->text.n > 0 && !is_rooted(l, word->text) && word->text.p[0] != '-' && (slash || !word->program))
        return false;
    tail = str_slice(word->text, str_find(word->text, 0, '='), word->text.n); /* --option=FILE */
    if (tail.n > 1 && leads_into_root(l, arena_str(l->a, str_slice(tail, 1, tail.n)), word->base, &path) &&
        gitlook_kind(l, path) == FACT_FILE)
        keep_named(l, entry, file, path, "git runs it", HOLD_NOT);
    if (!leads_into_root(l, word->text, word->base, &path))
        return true;
    if (gitlook_kind(l, path) == FACT_FILE || gitlook_kind(l, path) == FACT_SYMLINK)
        keep_named(l, entry, file, path, "git runs it", HOLD_NOT);
    else if (word->program && slash)
        keep_named(l, entry, file, path, "git runs it", HOLD_FOLDER);
    return true;
}

static void keep_command(struct gitlook *l, const struct gitconf_entry *entry, struct str file, struct str worktree)
{
    struct shellwords words;
    bool told;

    shellwords_read(l->a, entry->value, for_shell(l, l->host->home), for_shell(l, worktree), &words);
    told = words.whole;
    for (size_t i = 0; i < words.n; i++)
        told = keep_word(l, entry, file, &words.v[i]) && !(words.v[i].program && shellwords_reads_files(words.v[i].text)) && told;
    if (!told)
        gitlook_note(l, arena_format(l->a, "%s in %s is a command of which not all can be told: what else it runs in a writable folder is not held",
                    gitconf_name(l->a, entry).p, path_display(l->a, l->env, file).p));
}

/* ---- configuration ---- */

/* A push to a repository of this machine runs its hooks. An address has a colon before its first slash. */
static void look_remote(struct gitlook *l, struct str value, struct str worktree)
{
    struct str path;

    if (str_starts(value, STR("file://")))
        value = arena_str(l->a, str_slice(value, is_drive(str_slice(value, 8, value.n)) ? 8 : 7, value.n));
    else if (l->env->system == PATH_WINDOWS && is_drive(value))
        (void)0; /* a drive, and no host of one letter */
    else if (str_find(value, 0, ':') < str_find(value, 0, '/'))
        return;
    if (!gitlook_resolve(l, value, worktree, &path))
        return;
    path = gitlook_real(l, path);
    if (gitlook_root(l, path).n > 0)
        gitlook_line(l, &l->reached, path);
}

/* A path that git takes and Cordon does not (another name for a file, a device) may lead anywhere, a root included. */
static bool named(struct gitlook *l, const struct gitconf_entry *entry, struct str file, struct str base, struct str *path)
{
    if (gitlook_resolve(l, entry->value, base, path))
        return gitlook_goes(l, file, *path);
    if (l->env->system == PATH_WINDOWS && entry->value.n > 0 && !str_starts(entry->value, STR("%(")) && entry->value.p[0] != '~')
        gitlook_line(l, &l->out->partial,
            arena_format(l->a, "%s in %s names a path that cannot be told: %s", gitconf_name(l->a, entry).p,
                path_display(l->a, l->env, file).p, text_printable_once(l->a, entry->value).p));
    return false;
}

static void look_entry(struct gitlook *l, const struct gitconf_entry *entry, struct str file, struct str worktree, int depth)
{
    struct str path;

    switch (gitconf_obeys(entry)) {
    case GITCONF_INCLUDE:
        /* Whatever its condition: it may hold tomorrow. */
        if (named(l, entry, file, path_parent(l->env->system, file), &path)) {
            keep_named(l, entry, file, path, "git reads it as its configuration", HOLD_FILE);
            gitlook_config(l, path, worktree, depth + 1);
        }
        break;
    case GITCONF_HOOKS:
        if (named(l, entry, file, worktree, &path)) {
            /* Husky's hooks call those of the same name in the folder above. */
            if (str_ends(path, STR("/.husky/_")))
                path = arena_str(l->a, path_parent(PATH_POSIX, path));
            keep_named(l, entry, file, path, "git runs programs from it", HOLD_FOLDER);
            gitlook_hooks(l, path);
            gitlook_hooks(l, gitlook_join(l, path, "hooks")); /* of a template */
        }
        break;
    case GITCONF_FILE:
        if (!str_is(entry->key, "worktree") && named(l, entry, file, worktree, &path))
            keep_named(l, entry, file, path, GIT_RUN_OUTSIDE, HOLD_NOT);
        break;
    case GITCONF_RUNS:
        if (runs_by_itself(entry))
            keep_command(l, entry, file, worktree);
        break;
    case GITCONF_REACHES:
        if (str_is(entry->section, "remote"))
            look_remote(l, entry->value, worktree);
        break;
    case GITCONF_PLAIN:
        break;
    }
}

void gitlook_config(struct gitlook *l, struct str file, struct str worktree, int depth)
{
    struct str key = arena_format(l->a, "%s\n%s", file.p, worktree.p), text;
    struct gitconf conf;

    for (size_t i = 0; i < l->read.n; i++)
        if (str_eq(l->read.v[i], key))
            return;
    *(struct str *)ARENA_PUSH(l->a, &l->read) = key;
    if (depth > GIT_DEPTH_MAX)
        return;
    if (!gitlook_read(l, file, GITCONF_BYTES_MAX, false, &text)) {
        /* Windows: whoever inside holds it open, and shares nothing, would keep us from knowing. */
        if (l->env->system == PATH_WINDOWS && gitlook_root(l, file).n > 0 && gitlook_kind(l, file) == FACT_FILE)
            gitlook_line(l, &l->out->partial, arena_format(l->a, "%s cannot be read now: what git obeys by it is not known; :reapply looks again",
                                                  path_display(l->a, l->env, file).p));
        return;
    }
    gitconf_parse(l->a, text, &conf);
    if (conf.damaged)
        gitlook_note(l, arena_format(l->a, "%s is not well formed (line %d): git will complain of it too",
                    path_display(l->a, l->env, file).p, conf.line));
    for (size_t i = 0; i < conf.n; i++)
        look_entry(l, &conf.v[i], file, worktree, depth);
}

/* Where git's own folder of the machine is on Windows: as its installer puts it, for all or for one person. */
static void look_windows(struct gitlook *l, struct str worktree)
{
    static const char *const files[] = {"Git\\etc\\gitconfig", "Git\\etc\\gitconfig", "Git\\config", "Programs\\Git\\etc\\gitconfig"};
    const struct windows_host *w = l->host->windows;
    struct str folders[] = {w->program_files, w->program_files_x86, w->program_data, w->local};

    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (folders[i].n > 0) {
            gitlook_line(l, &l->own, folders[i]);
            gitlook_config(l, gitlook_join(l, folders[i], files[i]), worktree, 0);
        }
}

/* What a variable names, in its one form. */
static bool variable(struct gitlook *l, const char *name, struct str *out)
{
    struct path_env plain = {.system = l->env->system};
    struct str value = l->eye->variable(l->eye->context, str_from(name));
    struct err ignored = {0};

    if (!path_is_absolute(l->env->system, value))
        return false;
    if (l->env->system == PATH_POSIX) {
        *out = arena_str(l->a, value);
        return true;
    }
    if (!path_canonical(l->a, &plain, value, out, &ignored))
        return false;
    gitlook_line(l, &l->own, *out);
    return true;
}

/* The person's own configuration and the machine's count in every repository. */
void gitlook_global(struct gitlook *l, struct str worktree)
{
    struct str path;

    if (variable(l, "GIT_CONFIG_GLOBAL", &path)) {
        gitlook_keep(l, path, "git reads it as its configuration", HOLD_FILE, (struct str){0});
        gitlook_config(l, path, worktree, 0);
    }
    gitlook_config(l, gitlook_join(l, l->host->home, ".gitconfig"), worktree, 0);
    gitlook_config(l, gitlook_join(l, l->host->home, ".config/git/config"), worktree, 0);
    if (variable(l, "XDG_CONFIG_HOME", &path))
        gitlook_config(l, gitlook_join(l, path, "git/config"), worktree, 0);
    if (variable(l, "GIT_CONFIG_SYSTEM", &path))
        gitlook_config(l, path, worktree, 0);
    else if (l->env->system == PATH_POSIX)
        gitlook_config(l, STR("/etc/gitconfig"), worktree, 0);
    else if (l->host->windows)
        look_windows(l, worktree);
}
