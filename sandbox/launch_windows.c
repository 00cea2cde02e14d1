/*
 * launch: which file a program's name means inside, and what its command line is. On the trusted side: it is looked for, never read.
 */
#include "win32.h"
#include "core/cmdline.h"

#include <string.h>

static struct str variable(const struct texts *env, const char *name)
{
    struct str wanted = str_from(name);

    for (size_t i = 0; i < env->n; i++) {
        struct str entry = env->v[i];
        bool same = entry.n > wanted.n && entry.p[wanted.n] == '=';
        for (size_t j = 0; same && j < wanted.n; j++)
            same = (entry.p[j] & ~0x20) == wanted.p[j];
        if (same)
            return str_slice(entry, wanted.n + 1, entry.n);
    }
    return (struct str){0};
}

static bool is_file(struct str path)
{
    struct wide_path wide;
    DWORD attributes = wide_path(path, &wide) ? GetFileAttributesW(wide.v) : INVALID_FILE_ATTRIBUTES;

    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

static bool has_suffix(struct str name)
{
    for (size_t i = name.n; i > 0 && name.p[i - 1] != '\\' && name.p[i - 1] != '/'; i--)
        if (name.p[i - 1] == '.')
            return true;
    return false;
}

/* As it is where it has a suffix, then with each of PATHEXT's that can be started at all. */
static bool with_suffix(struct arena *a, struct str base, struct str *out)
{
    static const char *const suffixes[] = {".com", ".exe", ".bat", ".cmd"};

    if (has_suffix(base) && is_file(base)) {
        *out = base;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        struct str path = arena_format(a, "%.*s%s", (int)base.n, base.p, suffixes[i]);
        if (path.n < PATH_BYTES_MAX && is_file(path)) {
            *out = path;
            return true;
        }
    }
    return false;
}

static bool find(struct arena *a, const struct launch *launch, struct str name, struct str *out)
{
    struct str path = variable(&launch->env, "PATH");
    bool placed = str_find(name, 0, '\\') < name.n || str_find(name, 0, '/') < name.n || str_find(name, 0, ':') < name.n;

    if (placed) {
        const struct path_env env = {.system = PATH_WINDOWS, .cwd = launch->cwd};
        struct err e = {0};
        struct str whole; /* ..\x and .\x mean something: the system would take them as names */
        return path_canonical(a, &env, name, &whole, &e) && with_suffix(a, whole, out);
    }
    for (size_t at = 0; at <= path.n;) {
        size_t end = str_find(path, at, ';');
        struct str folder = str_slice(path, at, end);
        if (folder.n >= 2 && folder.p[0] == '"' && folder.p[folder.n - 1] == '"')
            folder = str_slice(folder, 1, folder.n - 1);
        while (folder.n > 3 && (folder.p[folder.n - 1] == '\\' || folder.p[folder.n - 1] == '/'))
            folder.n--;
        /* An entry that is relative would be the current folder, or lie in it. */
        if (path_is_absolute(PATH_WINDOWS, folder) && with_suffix(a, path_join(a, PATH_WINDOWS, folder, name), out))
            return true;
        at = end + 1;
    }
    return false;
}

bool launch_words(struct arena *a, const struct launch *launch, struct str *program, struct str *words, struct err *e)
{
    struct str name = launch->argv.n ? launch->argv.v[0] : (struct str){0}, found, cmd;

    if (!name.n && launch->words.n) {
        /* The words' own first one, as the system would take it apart. */
        bool quoted = launch->words.p[0] == '"';
        name = str_slice(launch->words, quoted, str_find(launch->words, quoted, quoted ? '"' : ' '));
    }
    if (!name.n || !find(a, launch, name, &found)) {
        struct str here;
        err_set(e, ERR_MISSING, "no such program");
        err_subject(e, name);
        if (name.n && path_is_absolute(PATH_WINDOWS, launch->cwd) && with_suffix(a, path_join(a, PATH_WINDOWS, launch->cwd, name), &here))
            err_remedy(e, "it is looked for in PATH alone; the one in this folder is .\\%.*s", (int)name.n, name.p);
        return false;
    }
    *program = found;
    if (launch->words.n) {
        *words = launch->words;
        return true;
    }
    if (!cmdline_is_batch(found))
        return cmdline_arguments(a, &launch->argv, words, e);
    cmd = variable(&launch->env, "COMSPEC");
    if (!cmd.n || !is_file(cmd)) {
        err_set(e, ERR_MISSING, "a batch file needs cmd.exe, and COMSPEC does not name it");
        return err_subject(e, found);
    }
    {
        struct texts argv = {0};
        for (size_t i = 0; i < launch->argv.n; i++)
            *(struct str *)ARENA_PUSH(a, &argv) = i ? launch->argv.v[i] : found;
        *program = cmd;
        return cmdline_batch(a, cmd, &argv, words, e);
    }
}
