/*
 * path: what a person wrote, brought into the one form that rules compare.
 *
 * Pure text: nothing is looked up on a disk. The form must be unambiguous, because a rule that
 * names an object by a spelling the system would read differently protects nothing. So whatever has
 * a second reading (drive-relative paths, short 8.3 names, streams, trailing dots) is refused with
 * the spelling to use instead, never guessed.
 */
#include "path.h"
#include "text.h"

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same_word(struct str s, const char *word) /* ASCII, case left aside */
{
    size_t n = strlen(word);

    if (s.n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (upper(s.p[i]) != upper(word[i]))
            return false;
    return true;
}

static char separator(enum path_system system)
{
    return system == PATH_WINDOWS ? '\\' : '/';
}

static bool separates(enum path_system system, char c)
{
    return c == '/' || (system == PATH_WINDOWS && c == '\\');
}

static bool refuse(struct err *e, struct str text, const char *reason, const char *remedy)
{
    err_set(e, ERR_USAGE, "cannot use this path");
    err_subject(e, text);
    err_reason(e, "%s", reason);
    return err_remedy(e, "%s", remedy);
}

/* ---- step 1: ~ and ${NAME} ---- */

static bool name_char(char c, bool first)
{
    return is_letter(c) || c == '_' || (!first && is_digit(c));
}

/* The variable at text[*at], which is "${"; *at moves behind its brace. */
static bool expand_variable(
    const struct path_env *env, struct str text, size_t *at, struct buf *out, struct err *e)
{
    size_t close = str_find(text, *at, '}');
    struct str name = str_slice(text, *at + 2, close);
    struct str value = {0};

    if (close == text.n || name.n == 0)
        return refuse(e, text, "\"${\" without a variable name and \"}\"",
            "Write ${NAME}, or leave the dollar sign out.");
    for (size_t i = 0; i < name.n; i++)
        if (!name_char(name.p[i], i == 0))
            return refuse(e, text, "a variable's name has letters, digits and _ only",
                "Write ${NAME}; nothing else can stand between the braces.");
    if (env->variable)
        value = env->variable(env->context, name);
    /* Empty is refused like unset: "${X}/y" would otherwise quietly become "/y". */
    if (value.n == 0) {
        err_set(e, ERR_USAGE, "cannot use this path");
        err_subject(e, text);
        err_reason(e, "the variable %.*s is not set, or is empty", name.n > 100 ? 100 : (int)name.n,
            name.p);
        return err_remedy(e, "Set the variable, or write the path out.");
    }
    buf_str(out, value);
    *at = close + 1;
    return true;
}

static bool expand(const struct path_env *env, struct str text, struct buf *out, struct err *e)
{
    size_t at = 0;

    if (text.n > 0 && text.p[0] == '~') {
        bool alone = text.n == 1 || separates(env->system, text.p[1]) ||
                     (env->backslash && text.p[1] == '\\');
        if (!alone)
            return refuse(e, text, "\"~name\" is not looked up",
                "Write ~/ for your own home, or the folder's full path.");
        if (env->home.n == 0)
            return refuse(e, text, "the home folder is not known", "Write the full path.");
        buf_str(out, env->home);
        at = 1;
    }
    while (at < text.n) {
        if (text.p[at] == '$' && at + 1 < text.n && text.p[at + 1] == '{') {
            if (!expand_variable(env, text, &at, out, e))
                return false;
        } else {
            /* In a policy file \ separates on both systems, but never in what a variable holds. */
            char c = text.p[at++];
            if (c == '\\' && env->system == PATH_POSIX && env->backslash)
                c = '/';
            buf_add(out, &c, 1);
        }
    }
    return true;
}

/* ---- step 2: what a Windows component may not be ---- */

/* CON, NUL.txt, "com1 .log", COM and a superscript digit: the device, whatever folder it stands in.
 */
static bool is_device_name(struct str name)
{
    static const char *const whole[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"};
    struct str base = str_slice(name, 0, str_find(name, 0, '.'));
    uint32_t scalar = 0;
    size_t n;

    while (base.n > 0 && base.p[base.n - 1] == ' ')
        base.n--;
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        if (same_word(base, whole[i]))
            return true;
    if (base.n < 4)
        return false;
    if (!same_word(str_slice(base, 0, 3), "COM") && !same_word(str_slice(base, 0, 3), "LPT"))
        return false;
    if (base.n == 4)
        return is_digit(base.p[3]);
    n = text_decode(base, 3, &scalar);
    return n > 0 && 3 + n == base.n && (scalar == 0xb9 || scalar == 0xb2 || scalar == 0xb3);
}

/* PROGRA~1, LONGNA~2.TXT: at most eight bytes ending in ~digits, and at most three behind one dot.
 */
static bool is_short_name(struct str name)
{
    size_t dot = str_find(name, 0, '.');
    size_t end = dot, tilde;

    if (dot > 8 || name.n - dot > 4 || str_find(name, dot + 1, '.') < name.n)
        return false;
    while (end > 0 && is_digit(name.p[end - 1]))
        end--;
    if (end == dot || end < 2)
        return false;
    tilde = end - 1;
    return name.p[tilde] == '~';
}

static bool windows_component(struct str name, struct str text, struct err *e)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c == ':')
            return refuse(e, text, "a colon names a stream inside a file",
                "Name the file itself, without \":stream\".");
        if (c < 0x20 || strchr("<>\"|?*/", (char)c))
            return refuse(e, text, "a name on Windows cannot hold this character",
                "Leave < > \" | ? * and control characters out.");
    }
    if (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' ')
        return refuse(e, text, "Windows drops dots and spaces at the end of a name",
            "Write the name without them.");
    if (is_device_name(name))
        return refuse(
            e, text, "this is the name of a device, not of a file", "Name a file or folder.");
    if (is_short_name(name))
        return refuse(e, text, "this looks like a short 8.3 name, which is another name for a file",
            "Write the long name, as \"Program Files\" for PROGRA~1.");
    return true;
}

/* ---- step 3: the root ---- */

/* A path in pieces: the root as it will be written, and what follows it. */
struct pieces {
    struct str root; /* "/", "C:\", "\\server\share"; none: the path is relative */
    struct str rest;
    bool verbatim;  /* came with \\?\: only \ separates, "." and ".." are names */
    bool from_root; /* Windows "\x": on the drive of the current folder */
};

static size_t next_separator(enum path_system system, bool verbatim, struct str s, size_t at)
{
    while (at < s.n && !(verbatim ? s.p[at] == '\\' : separates(system, s.p[at])))
        at++;
    return at;
}

static bool windows_share(struct arena *a, struct str s, bool verbatim, struct str text,
    struct pieces *out, struct err *e)
{
    size_t server_end = next_separator(PATH_WINDOWS, verbatim, s, 0);
    size_t share_end = next_separator(PATH_WINDOWS, verbatim, s, server_end + 1);
    struct str server = str_slice(s, 0, server_end);
    struct str share = str_slice(s, server_end + 1, share_end);

    if (server.n == 0 || server_end >= s.n || share.n == 0)
        return refuse(e, text, "a network path names a server and a share",
            "Write \\\\server\\share\\folder.");
    if (str_is(server, ".") || str_is(server, "?") || str_is(server, ".."))
        return refuse(e, text, "this is a device path", "Write the path with its drive letter.");
    if (!windows_component(server, text, e) || !windows_component(share, text, e))
        return false;
    if (same_word(share, "IPC$") || same_word(share, "pipe") || same_word(share, "mailslot"))
        return refuse(e, text, "this names pipes, not files", "Name a folder of a share.");
    if (share.n == 2 && is_letter(share.p[0]) && share.p[1] == '$')
        return refuse(e, text, "an administrative share is another name for a drive",
            "Write the drive letter, or a share with a name of its own.");
    struct str parts[] = {STR("\\\\"), server, STR("\\"), share};
    out->root = arena_join(a, parts, COUNT_OF(parts));
    out->rest = str_slice(s, share_end, s.n);
    return true;
}

static bool windows_drive(struct arena *a, struct str s, bool verbatim, struct str text,
    struct pieces *out, struct err *e)
{
    char root[3] = {upper(s.p[0]), ':', '\\'};

    if (s.n < 3 || !(verbatim ? s.p[2] == '\\' : separates(PATH_WINDOWS, s.p[2])))
        return refuse(e, text, "without a \\ behind the colon it means the drive's current folder",
            "Write C:\\folder, not C:folder.");
    out->root = arena_str(a, (struct str){root, sizeof root});
    out->rest = str_slice(s, 3, s.n);
    return true;
}

static bool is_drive(struct str s)
{
    return s.n >= 2 && is_letter(s.p[0]) && s.p[1] == ':';
}

static bool windows_root(
    struct arena *a, struct str s, struct str text, struct pieces *out, struct err *e)
{
    bool device = s.n >= 3 && separates(PATH_WINDOWS, s.p[0]) && separates(PATH_WINDOWS, s.p[1]) &&
                  (s.p[2] == '.' || s.p[2] == '?') && (s.n == 3 || separates(PATH_WINDOWS, s.p[3]));

    if (str_starts(s, STR("\\\\?\\"))) {
        struct str inner = str_slice(s, 4, s.n);
        out->verbatim = true;
        if (inner.n >= 4 && same_word(str_slice(inner, 0, 4), "UNC\\"))
            return windows_share(a, str_slice(inner, 4, inner.n), true, text, out, e);
        if (is_drive(inner))
            return windows_drive(a, inner, true, text, out, e);
        return refuse(e, text, "behind \\\\?\\ only a drive or UNC\\server\\share is accepted",
            "Write the path with its drive letter.");
    }
    if (device)
        return refuse(e, text, "this is a device path", "Write the path with its drive letter.");
    if (s.n >= 2 && separates(PATH_WINDOWS, s.p[0]) && separates(PATH_WINDOWS, s.p[1]))
        return windows_share(a, str_slice(s, 2, s.n), false, text, out, e);
    if (is_drive(s))
        return windows_drive(a, s, false, text, out, e);
    out->rest = s;
    out->from_root = s.n > 0 && separates(PATH_WINDOWS, s.p[0]);
    return true;
}

static bool find_root(struct arena *a, enum path_system system, struct str s, struct str text,
    struct pieces *out, struct err *e)
{
    *out = (struct pieces){0};
    if (system == PATH_WINDOWS)
        return windows_root(a, s, text, out, e);
    out->rest = s;
    if (s.n > 0 && s.p[0] == '/')
        out->root = STR("/");
    return true;
}

/* ---- step 4: components ---- */

static size_t root_length(
    enum path_system system, struct str path); /* below, for canonical paths */

/* Drops the last component of the canonical path in b. The root stays, as the kernel has it. */
static void drop_component(enum path_system system, struct buf *b)
{
    size_t root = root_length(system, buf_view(b));
    size_t n = b->n;

    while (n > root && b->p[n - 1] != separator(system))
        n--;
    if (n > root)
        n--; /* the separator before the component */
    b->n = n;
}

static void add_component(enum path_system system, struct buf *b, struct str name)
{
    char sep = separator(system);

    if (b->n > 0 && b->p[b->n - 1] != sep)
        buf_add(b, &sep, 1);
    buf_str(b, name);
}

static bool add_components(enum path_system system, const struct pieces *p, struct str text,
    struct buf *out, struct err *e)
{
    size_t at = 0;

    while (at < p->rest.n) {
        size_t end = next_separator(system, p->verbatim, p->rest, at);
        struct str name = str_slice(p->rest, at, end);
        at = end + 1;
        if (name.n == 0)
            continue;
        if (!p->verbatim && str_is(name, "."))
            continue;
        if (!p->verbatim && str_is(name, "..")) {
            drop_component(system, out);
            continue;
        }
        if (system == PATH_WINDOWS && !windows_component(name, text, e))
            return false;
        add_component(system, out, name);
    }
    return true;
}

/* The canonical text of `expanded`, which came from `text`, at the end of *out. */
static bool compose(struct arena *a, const struct path_env *env, struct str expanded,
    struct str text, struct buf *out, struct err *e)
{
    struct pieces p;
    struct pieces base = {0};

    if (!find_root(a, env->system, expanded, text, &p, e))
        return false;
    if (p.root.n > 0) {
        buf_str(out, p.root);
        return add_components(env->system, &p, text, out, e);
    }
    if (env->cwd.n == 0)
        return refuse(e, text, "a relative path has no meaning here",
            "Write the full path, or begin it with ~/.");
    if (!find_root(a, env->system, env->cwd, text, &base, e))
        return false;
    if (base.root.n == 0)
        return refuse(
            e, env->cwd, "the current folder is not an absolute path", "Write the full path.");
    buf_str(out, base.root);
    if (!p.from_root && !add_components(env->system, &base, env->cwd, out, e))
        return false;
    return add_components(env->system, &p, text, out, e);
}

static bool text_acceptable(struct str text, struct err *e)
{
    if (text.n == 0)
        return refuse(e, text, "it is empty", "Write a path; \".\" is the current folder.");
    if (memchr(text.p, 0, text.n))
        return refuse(e, text, "it contains a NUL byte", "Leave it out.");
    /* One byte is left for the NUL, which the system's own limit counts. */
    if (text.n >= PATH_BYTES_MAX)
        return refuse(
            e, str_slice(text, 0, 60), "it is longer than 4095 bytes", "Use a shorter path.");
    return true;
}

/* Is it canonical as it stands, with nothing in it that any of the steps above would look at twice? Nearly all are, and
 * hundreds are asked about at every start. */
static bool is_plain(struct str s)
{
    if (s.n < 2 || s.n >= PATH_BYTES_MAX || s.p[0] != '/' || s.p[s.n - 1] == '/')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c > 0x7e || c == '$' || c == '\\' || c == '%')
            return false;
        if (c == '/' && (s.p[i + 1] == '/' || s.p[i + 1] == '.')) {
            size_t end = str_find(s, i + 1, '/');
            if (end - i <= 3 && (end - i < 3 || s.p[i + 2] == '.'))
                return false;
        }
    }
    return true;
}

static bool canonical_already(struct arena *a, const struct path_env *env, struct str text, struct str *out)
{
    struct str parts[] = {text, {0}};
    bool home = str_starts(text, STR("~/"));

    if (env->system != PATH_POSIX || text.n >= PATH_BYTES_MAX)
        return false;
    if (home) {
        parts[0] = env->home;
        parts[1] = str_slice(text, 1, text.n);
        if (!is_plain(parts[0]) || !is_plain(parts[1]) || parts[0].n + parts[1].n >= PATH_BYTES_MAX)
            return false;
    } else if (!is_plain(text)) {
        return false;
    }
    *out = arena_join(a, parts, COUNT_OF(parts));
    return true;
}

bool path_canonical(
    struct arena *a, const struct path_env *env, struct str text, struct str *out, struct err *e)
{
    if (canonical_already(a, env, text, out))
        return true;

    struct buf expanded = {.ceiling = 4 * PATH_BYTES_MAX};
    struct buf result = {.ceiling = 8 * PATH_BYTES_MAX};
    bool good = text_acceptable(text, e) && expand(env, text, &expanded, e);

    if (good && expanded.overflowed)
        good = refuse(e, text, "it is longer than 4095 bytes", "Use a shorter path.");
    if (good && memchr(expanded.p, 0, expanded.n))
        good = refuse(e, text, "a variable in it holds a NUL byte", "Write the path out.");
    good = good && compose(a, env, buf_view(&expanded), text, &result, e);
    if (good && (result.overflowed || result.n >= PATH_BYTES_MAX))
        good = refuse(e, text, "it is longer than 4095 bytes", "Use a shorter path.");
    if (good)
        *out = arena_str(a, buf_view(&result));
    buf_release(&expanded);
    buf_release(&result);
    return good;
}

bool path_relative(
    struct arena *a, const struct path_env *env, struct str text, struct str *out, struct err *e)
{
    struct buf result = {.ceiling = 2 * PATH_BYTES_MAX};
    struct pieces p = {.rest = text};
    bool good = text_acceptable(text, e);

    if (good && (text.p[0] == '~' || path_is_absolute(env->system, text) ||
                    (env->system == PATH_WINDOWS && is_drive(text)) || text.p[0] == '\\'))
        good = refuse(e, text, "it is no name inside a folder", "Write it as \"folder/name\".");
    for (size_t at = 0; good && at <= text.n;) {
        size_t end = at;
        while (end < text.n && text.p[end] != '/' &&
               !(text.p[end] == '\\' && (env->system == PATH_WINDOWS || env->backslash)))
            end++;
        struct str name = str_slice(text, at, end);
        at = end + 1;
        if (name.n == 0 || str_is(name, "."))
            continue;
        p.rest = name;
        if (str_is(name, ".."))
            good = refuse(e, text, "it leads out of the folder it stands in", "Leave \"..\" out.");
        else
            good = add_components(env->system, &p, text, &result, e);
    }
    if (good && result.n == 0)
        good = refuse(e, text, "it names nothing", "Write it as \"folder/name\".");
    if (good)
        *out = arena_str(a, buf_view(&result));
    buf_release(&result);
    return good;
}

/* ---- canonical paths ---- */

/* Bytes of the root of a canonical path: "/", "C:\", "\\server\share". */
static size_t root_length(enum path_system system, struct str path)
{
    size_t end;

    if (system == PATH_POSIX)
        return path.n > 0 && path.p[0] == '/' ? 1 : 0;
    if (is_drive(path))
        return path.n < 3 ? path.n : 3;
    if (!str_starts(path, STR("\\\\")))
        return 0;
    end = str_find(path, 2, '\\');
    return end < path.n ? str_find(path, end + 1, '\\') : path.n;
}

/* Is `head`, taken character by character with the case rules, what `path` begins with? *used is
 * how many bytes of path that was: the two spellings need not be equally long. */
static bool begins_with(const struct path_env *env, struct str head, struct str path, size_t *used)
{
    size_t i = 0, j = 0;

    if (!env->fold.fold) {
        *used = head.n;
        return head.n <= path.n && (head.n == 0 || memcmp(head.p, path.p, head.n) == 0);
    }
    while (i < head.n) {
        uint32_t x = 0, y = 0;
        size_t m, n;
        if (j >= path.n)
            return false;
        m = text_decode(head, i, &x);
        n = text_decode(path, j, &y);
        if (m == 0 ||
            n == 0) { /* not UTF-8: bytes are compared as they are, and never with a character */
            if (m != n || head.p[i] != path.p[j])
                return false;
            m = n = 1;
        } else if (x != y) {
            if (env->fold.fold(env->fold.table, x) != env->fold.fold(env->fold.table, y))
                return false;
        }
        i += m;
        j += n;
    }
    *used = j;
    return true;
}

/* Both are asked of every pair of places before a prompt appears: the common case is quick. The
 * last byte of a folder tells most paths apart. */
bool path_same(const struct path_env *env, struct str a, struct str b)
{
    size_t used = 0;

    if (!env->fold.fold)
        return a.n == b.n &&
               (a.n == 0 || (a.p[a.n - 1] == b.p[b.n - 1] && memcmp(a.p, b.p, a.n) == 0));
    return begins_with(env, a, b, &used) && used == b.n;
}

struct str path_below(const struct path_env *env, struct str folder, struct str path)
{
    char sep = separator(env->system);
    size_t used = 0;

    if (folder.n == 0 || path.n == 0 || !begins_with(env, folder, path, &used))
        return (struct str){0};
    if (used == path.n)
        return (struct str){path.p + used, 0};
    if (folder.p[folder.n - 1] == sep) /* a root that ends in its separator */
        return (struct str){path.p + used, path.n - used};
    if (path.p[used] != sep)
        return (struct str){0};
    return (struct str){path.p + used + 1, path.n - used - 1};
}

bool path_is_under(const struct path_env *env, struct str folder, struct str path)
{
    if (env->fold.fold || env->system != PATH_POSIX)
        return path_below(env, folder, path).p != NULL;
    return folder.n > 0 && folder.n <= path.n && folder.p[folder.n - 1] == path.p[folder.n - 1] &&
           (folder.n == path.n || folder.p[folder.n - 1] == '/' || path.p[folder.n] == '/') &&
           memcmp(folder.p, path.p, folder.n) == 0;
}

struct str path_join(struct arena *a, enum path_system system, struct str folder, struct str rest)
{
    struct str sep = system == PATH_WINDOWS ? STR("\\") : STR("/");
    bool ends = folder.n > 0 && folder.p[folder.n - 1] == sep.p[0];
    struct str parts[] = {folder, ends || folder.n == 0 ? STR("") : sep, rest};
    struct str out;

    if (rest.n == 0)
        return arena_str(a, folder);
    out = arena_join(a, parts, COUNT_OF(parts));
    if (system != PATH_WINDOWS)
        return out;
    char *p = arena_alloc(a, out.n + 1, 1);
    for (size_t i = 0; i < out.n; i++)
        p[i] = out.p[i] == '/' ? '\\' : out.p[i];
    return (struct str){p, out.n};
}

struct str path_parent(enum path_system system, struct str path)
{
    size_t root = root_length(system, path);
    size_t n = path.n;

    if (n <= root)
        return path;
    while (n > root && path.p[n - 1] != separator(system))
        n--;
    if (n > root)
        n--;
    return (struct str){path.p, n};
}

struct str path_name(enum path_system system, struct str path)
{
    size_t root = root_length(system, path);
    size_t at = path.n;

    while (at > root && path.p[at - 1] != separator(system))
        at--;
    return (struct str){path.p + at, path.n - at};
}

size_t path_depth(enum path_system system, struct str path)
{
    size_t root = root_length(system, path);
    size_t count = 0;
    bool inside = false;

    for (size_t i = root; i < path.n; i++) {
        bool sep = path.p[i] == separator(system);
        if (!sep && !inside)
            count++;
        inside = !sep;
    }
    return count;
}

bool path_link_is_local(struct str substitute, bool relative)
{
    struct str rest = str_slice(substitute, 4, substitute.n);

    if (relative)
        return !(substitute.n > 1 && separates(PATH_WINDOWS, substitute.p[0]) && separates(PATH_WINDOWS, substitute.p[1])) && !is_drive(substitute);
    return str_starts(substitute, STR("\\??\\")) && (is_drive(rest) || str_starts(rest, STR("Volume{")));
}

bool path_is_absolute(enum path_system system, struct str text)
{
    if (text.n == 0)
        return false;
    if (system == PATH_POSIX)
        return text.p[0] == '/';
    if (is_drive(text))
        return text.n > 2 && separates(system, text.p[2]);
    return text.n > 1 && separates(system, text.p[0]) && separates(system, text.p[1]);
}

struct str path_text(struct arena *a, enum path_system system, struct str path)
{
    /* On Windows a backslash is never part of a name. */
    return system == PATH_WINDOWS ? text_printable_once(a, path) : text_printable(a, path);
}

struct str path_display(struct arena *a, const struct path_env *env, struct str path)
{
    struct str below = env->home.n > 1 ? path_below(env, env->home, path) : (struct str){0};
    char lead[2] = {'~', separator(env->system)};
    struct str parts[] = {{lead, 1}, {lead + 1, 0}, below};

    if (below.p && below.n > 0)
        parts[1].n = 1;
    if (below.p)
        path = arena_join(a, parts, COUNT_OF(parts));
    return path_text(a, env->system, path);
}

struct str path_shell(struct arena *a, const struct path_env *env, struct str path)
{
    struct str word = text_shell(a, path);

    return word.n == path.n ? path_display(a, env, path) : word;
}
