/*
 * gitleft: files in a .git that git outside takes at their word. See gitleft.h.
 */
#include "gitleft.h"
#include "gitconf.h"
#include "gitindex.h"
#include "newborn.h"
#include "text.h"

#include <string.h>

#define LINK_MAX ((size_t)PATH_BYTES_MAX + 16)
#define LIST_MAX ((size_t)4 << 20) /* bytes of a rebase's list, of a list of conflicts */

static struct str join(struct arena *a, const struct gitleft *l, struct str folder, const char *name)
{
    return path_join(a, l->env->system, folder, str_from(name));
}

static bool is_called(enum path_system system, struct str name, const char *wanted)
{
    return system == PATH_WINDOWS ? text_same(name, str_from(wanted)) : str_is(name, wanted);
}

static bool read_file(struct arena *a, const struct gitleft *l, struct str file, size_t ceiling, struct str *out)
{
    return l->eye->read(l->eye->context, a, file, ceiling, true, out);
}

static const char *shown(struct arena *a, const struct gitleft *l, struct str path)
{
    return path_display(a, l->env, path).p;
}

/* ---- which ---- */

static bool is_one_of(enum path_system system, struct str name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_called(system, name, list[i]))
            return true;
    return false;
}

static bool is_index(enum path_system system, struct str name)
{
    return is_called(system, name, "index") || is_called(system, str_slice(name, 0, sizeof "sharedindex." - 1), "sharedindex.");
}

/* Of those that were known, what git obeys was read-only. */
static bool is_obeyed(enum path_system system, struct str top, struct str folder, struct str name)
{
    static const char *const files[] = {"config", "config.worktree", "commondir"}, *const folders[] = {"hooks", "remotes", "branches"},
        *const parts[] = {"modules", "worktrees"};
    struct str below = folder.n > top.n ? str_slice(folder, top.n + 1, folder.n) : (struct str){0};
    size_t end = str_find(below, 0, system == PATH_WINDOWS ? '\\' : '/');

    return end < below.n && is_one_of(system, str_slice(below, 0, end), parts, COUNT_OF(parts)) &&
           (is_one_of(system, name, files, COUNT_OF(files)) || is_one_of(system, path_name(system, folder), folders, COUNT_OF(folders)));
}

bool gitleft_wants(enum path_system system, struct str top, struct str folder, struct str name)
{
    static const char *const lists[] = {"MERGE_RR", "git-rebase-todo"};

    return is_index(system, name) || is_one_of(system, name, lists, COUNT_OF(lists)) || is_obeyed(system, top, folder, name);
}

/* ---- an index ---- */

/* Bytes of an object's name, and where the working tree is, by the configuration that counts for folder. */
static size_t ask_config(struct arena *a, const struct gitleft *l, struct str folder, struct str *worktree)
{
    struct path_env plain = {.system = l->env->system, .cwd = folder};
    struct err ignored = {0};
    struct gitconf conf;
    struct str text, path;
    size_t hash = 20;

    *worktree = str_eq(folder, l->top) ? l->worktree : (struct str){0};
    if (!read_file(a, l, join(a, l, folder, "config"), GITCONF_BYTES_MAX, &text) &&
        !read_file(a, l, join(a, l, l->top, "config"), GITCONF_BYTES_MAX, &text))
        return hash;
    gitconf_parse(a, text, &conf);
    for (size_t i = 0; i < conf.n; i++) {
        const struct gitconf_entry *e = &conf.v[i];
        if (str_is(e->section, "extensions") && str_is(e->key, "objectformat"))
            hash = str_is(e->value, "sha256") ? 32 : 20;
        if (str_is(e->section, "core") && str_is(e->key, "worktree") && !e->subsection.p && e->value.n > 0 &&
            e->value.p[0] != '~' && path_canonical(a, &plain, e->value, &path, &ignored))
            *worktree = path;
    }
    return hash;
}

/* Where a .git file leads. */
static bool read_link(struct arena *a, const struct gitleft *l, struct str dot_git, struct str *out)
{
    struct path_env plain = {.system = l->env->system, .cwd = path_parent(l->env->system, dot_git)};
    struct err ignored = {0};
    struct str text;

    if (!read_file(a, l, dot_git, LINK_MAX, &text) || !str_starts(text, STR("gitdir: ")))
        return false;
    text = str_slice(text, 8, text.n);
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    return text.n > 0 && text.p[0] != '~' && path_canonical(a, &plain, arena_str(a, text), out, &ignored);
}

static void judge_nested(struct arena *a, const struct gitleft *l, struct str folder, struct texts *lines)
{
    struct str dot_git = join(a, l, folder, ".git"), reason = {0};
    enum fact_kind kind = l->eye->kind(l->eye->context, dot_git);
    struct newborn nested = {.root = folder, .roots = l->roots, .depth = 1};
    bool fine = kind == FACT_MISSING;

    if (kind == FACT_FILE && read_link(a, l, dot_git, &dot_git)) {
        fine = path_is_under(l->env, join(a, l, l->top, "modules"), dot_git); /* held, or looked at itself */
        kind = FACT_FOLDER;
    }
    nested.folder = nested.home = dot_git;
    if (fine || (!l->writable(l->context, join(a, l, dot_git, "config")) && !(l->env->system == PATH_WINDOWS && dot_git.p[0] == '\\')) ||
        (kind == FACT_FOLDER && l->env->system == PATH_POSIX && newborn_judge_there(a, l->env, l->eye, &nested, &reason)))
        return;
    if (kind == FACT_FOLDER && !reason.n)
        reason = STR("configuration");
    *(struct str *)ARENA_PUSH(a, lines) = arena_format(a,
        "git's index names %s, a repository that could be changed inside: git status here looks into it and obeys it (its %s)",
        shown(a, l, folder), reason.n ? reason.p : ".git leads elsewhere");
}

static struct str judge_index(struct arena *a, const struct gitleft *l, struct str file, bool fresh, struct texts *lines)
{
    struct str folder = arena_str(a, path_parent(l->env->system, file)), bytes, worktree;
    struct texts links = {0};
    enum gitindex state;
    size_t hash;

    if (!fresh)
        return (struct str){0}; /* as it was when the session began, and what it names was held or told then */
    if (!read_file(a, l, file, GITINDEX_BYTES_MAX, &bytes)) {
        *(struct str *)ARENA_PUSH(a, lines) = arena_format(a, "%s cannot be read, or is too large to be looked at: with names that "
            "lead out of the working tree git checkout here would write anywhere", shown(a, l, file));
        return (struct str){0};
    }
    if (!str_starts(bytes, STR("DIRC")))
        return (struct str){0}; /* git takes no such */
    hash = ask_config(a, l, folder, &worktree);
    state = gitindex_links(a, l->env->system, bytes, hash, &links);
    if (state == GITINDEX_OUTSIDE)
        return STR("names files outside of the working tree, or in a .git, which git checkout here would write");
    if (state == GITINDEX_DAMAGED)
        return STR("is not as git writes it, so that it cannot be told which files git checkout here would write");
    for (size_t i = 0; i < links.n && worktree.n > 0; i++)
        judge_nested(a, l, path_join(a, l->env->system, worktree, links.v[i]), lines);
    return (struct str){0};
}

/* ---- lists ---- */

/* Does a MERGE_RR name only files of the working tree, none of them by a link? With no working tree: names it none at all?
 * "SUM[.N] TAB PATH NUL": git reads each path as it is, and keeps a copy in .git of what it finds. */
static bool gitleft_conflicts_are_plain(const struct gitleft *l, struct arena *a, struct str bytes, struct str worktree)
{
    for (size_t at = 0; at < bytes.n;) {
        size_t end = str_find(bytes, at, '\0'), tab = str_find(bytes, at, '\t');
        struct str path = tab < end ? str_slice(bytes, tab + 1, end) : (struct str){0};
        enum fact_kind kind;
        if (worktree.n == 0 || path.n >= PATH_BYTES_MAX || !gitindex_is_plain(l->env->system, path))
            return false;
        kind = l->eye->kind(l->eye->context, path_join(a, l->env->system, worktree, arena_str(a, path)));
        if (kind != FACT_FILE && kind != FACT_MISSING)
            return false;
        at = end + 1;
    }
    return true;
}

static struct str judge_conflicts(struct arena *a, const struct gitleft *l, struct str file)
{
    struct str folder = path_parent(l->env->system, file), bytes;
    struct str worktree = str_eq(folder, l->top) ? l->worktree : (struct str){0};

    if (read_file(a, l, file, LIST_MAX, &bytes) && gitleft_conflicts_are_plain(l, a, bytes, worktree))
        return (struct str){0};
    return STR("names files that git here would copy into .git, and that may lie outside of the working tree");
}

/* "exec COMMAND", "x COMMAND". */
static struct str command_of(struct str line)
{
    static const char *const words[] = {"exec", "x"};
    size_t at = 0;

    while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
        at++;
    line = str_slice(line, at, line.n);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t n = strlen(words[i]);
        if (str_starts(line, str_from(words[i])) && n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
            return str_slice(line, n + 1, line.n);
    }
    return (struct str){0};
}

static void judge_rebase(struct arena *a, const struct gitleft *l, struct str file, struct texts *lines)
{
    struct str bytes, command = {0};

    if (!read_file(a, l, file, LIST_MAX, &bytes))
        bytes = STR("exec (a list that cannot be read)");
    for (size_t at = 0; at < bytes.n && command.n == 0;) {
        size_t end = str_find(bytes, at, '\n');
        command = command_of(str_slice(bytes, at, end));
        at = end + 1;
    }
    if (command.n > 0)
        *(struct str *)ARENA_PUSH(a, lines) = arena_format(a,
            "a rebase that was begun or changed inside runs programs when it is continued here: exec %.200s in %s",
            text_printable(a, str_slice(command, 0, command.n < 100 ? command.n : 100)).p, shown(a, l, file));
}

/* ---- */

/* As git spells what it opens, so that the names in it can be compared. */
static struct str as_spelt(struct arena *a, const struct gitleft *l, struct str file)
{
    char *p;

    if (l->env->system == PATH_POSIX)
        return file;
    p = arena_alloc(a, file.n + 1, 1);
    for (size_t i = 0; i < file.n; i++)
        p[i] = i > l->top.n && file.p[i] >= 'A' && file.p[i] <= 'Z' ? (char)(file.p[i] | 32) : file.p[i];
    return (struct str){p, file.n};
}

struct str gitleft_judge(struct arena *a, const struct gitleft *l, struct str file, bool fresh, struct texts *lines)
{
    struct newborn there = {.folder = l->top, .home = l->top, .root = l->worktree.n ? l->worktree : path_parent(l->env->system, l->top),
        .roots = l->roots};
    struct str name = path_name(l->env->system, file), folder = path_parent(l->env->system, file), reason = {0}, text;

    /* What another session in the same place holds commondir by leads to its own folder. */
    if (is_called(l->env->system, name, "commondir") && read_file(a, l, file, LINK_MAX, &text) && str_is(text, ".\n"))
        return (struct str){0};
    if (is_obeyed(l->env->system, l->top, folder, name))
        return newborn_judge_file(a, l->env, l->eye, &there, as_spelt(a, l, file), &reason)
                   ? (struct str){0}
                   : arena_format(a, "git here would obey%s (%s)", l->env->system == PATH_POSIX ? ", and that came while the session ran" : "", reason.p);
    if (is_called(l->env->system, name, "MERGE_RR"))
        return judge_conflicts(a, l, file);
    if (is_called(l->env->system, name, "git-rebase-todo")) {
        if (fresh)
            judge_rebase(a, l, file, lines);
        return (struct str){0};
    }
    return judge_index(a, l, file, fresh, lines);
}
