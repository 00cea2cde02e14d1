/*
 * cmdline: command lines and environment blocks of Windows, as text. See cmdline.h.
 */
#include "cmdline.h"
#include "text.h"

#include <string.h>

static bool refuse(struct err *e, struct str subject, const char *reason, const char *remedy)
{
    err_set(e, ERR_USAGE, "this cannot be put on a command line of Windows");
    err_subject(e, subject);
    err_reason(e, "%s", reason);
    return err_remedy(e, "%s", remedy);
}

bool cmdline_fits(struct str line, size_t most, struct err *e)
{
    size_t units = 0;

    if (!wide_count(line, &units))
        return refuse(e, line, "it is not text that Windows can have", "");
    if (units + 1 <= most)
        return true;
    err_set(e, ERR_LIMIT, "the command line is too long for Windows");
    err_reason(e, "it takes %llu units of at most %llu", (unsigned long long)units + 1, (unsigned long long)most);
    return err_remedy(e, "Put the arguments into a file, if the program can read them from one.");
}

static bool has(struct str s, const char *bytes)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == 0 || strchr(bytes, s.p[i]))
            return true;
    return false;
}

static bool take(struct arena *a, struct buf *b, size_t most, struct str *out, struct err *e)
{
    bool good = !b->overflowed && cmdline_fits(buf_view(b), most, e);

    if (b->overflowed)
        err_set(e, ERR_LIMIT, "the command line is too long for Windows");
    if (good)
        *out = arena_str(a, buf_view(b));
    buf_release(b);
    return good;
}

static void put_times(struct buf *b, char c, size_t times)
{
    while (times-- > 0)
        buf_add(b, &c, 1);
}

/* ---- arguments ---- */

/* The first word ends at the next quote or blank; backslashes mean nothing in it. */
static bool put_program(struct buf *b, struct str program, struct err *e)
{
    if (program.n == 0)
        return refuse(e, program, "there is no program", "");
    if (has(program, "\""))
        return refuse(e, program, "a program's name holds no quote", "");
    buf_format(b, "\"");
    buf_str(b, program);
    buf_format(b, "\"");
    return true;
}

/* Backslashes are themselves but before a quote, where they are doubled; a quote is \". Never "", which Microsoft's runtimes
 * read in two ways. */
static void put_argument(struct buf *b, struct str word)
{
    size_t backslashes = 0;

    if (word.n > 0 && !has(word, " \t\n\v\"")) {
        buf_str(b, word);
        return;
    }
    buf_format(b, "\"");
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '\\') {
            backslashes++;
            continue;
        }
        put_times(b, '\\', word.p[i] == '"' ? backslashes * 2 + 1 : backslashes);
        backslashes = 0;
        buf_add(b, &word.p[i], 1);
    }
    put_times(b, '\\', backslashes * 2);
    buf_format(b, "\"");
}

/* Length is checked as it grows: a hostile list of words costs no more than a line. */
static bool put_all(struct buf *b, const struct texts *argv, struct err *e)
{
    b->ceiling = (size_t)CMDLINE_MAX * 3;
    if (argv->n == 0)
        return refuse(e, STR(""), "there is no program", "");
    if (!put_program(b, argv->v[0], e))
        return false;
    for (size_t i = 1; i < argv->n; i++) {
        if (argv->v[i].n > 0 && memchr(argv->v[i].p, 0, argv->v[i].n))
            return refuse(e, argv->v[i], "it holds a NUL", "");
        buf_format(b, " ");
        put_argument(b, argv->v[i]);
    }
    return true;
}

bool cmdline_arguments(struct arena *a, const struct texts *argv, struct str *out, struct err *e)
{
    struct buf b = {0};

    if (put_all(&b, argv, e))
        return take(a, &b, CMDLINE_MAX, out, e);
    buf_release(&b);
    return false;
}

/* ---- cmd ---- */

static bool put_cmd(struct buf *b, struct str cmd, struct err *e)
{
    b->ceiling = (size_t)CMDLINE_MAX * 3;
    if (!put_program(b, cmd, e))
        return false;
    buf_format(b, " /d /s /c \"");
    return true;
}

/* The system takes blanks and dots at the end of a name for nothing, and so would run x.bat for "x.bat .". */
bool cmdline_is_batch(struct str program)
{
    while (program.n > 0 && (program.p[program.n - 1] == ' ' || program.p[program.n - 1] == '.'))
        program.n--;
    return text_matches(STR("*.bat"), program, true) || text_matches(STR("*.cmd"), program, true);
}

bool cmdline_batch(struct arena *a, struct str cmd, const struct texts *argv, struct str *out, struct err *e)
{
    struct buf b = {0};
    bool good = argv->n > 0 && put_cmd(&b, cmd, e);

    if (argv->n == 0)
        refuse(e, STR(""), "there is no program", "");
    for (size_t i = 0; good && i < argv->n; i++) {
        struct str word = argv->v[i];
        if (has(word, "\"%\r\n")) {
            good = refuse(e, word, "a batch file would not get it unchanged: cmd obeys quotes, % and line breaks",
                "Start the program that the batch file starts, or use a shell's own line.");
            break;
        }
        /* In quotes, cmd obeys nothing else. A backslash before the closing quote is a backslash to cmd, and would be
         * an escape to the program that the batch file may hand it to: both see two. */
        buf_format(&b, "%s\"", i ? " " : "");
        buf_str(&b, word);
        for (size_t at = word.n; i > 0 && at > 0 && word.p[at - 1] == '\\'; at--)
            put_times(&b, '\\', 1);
        buf_format(&b, "\"");
    }
    if (!good) {
        buf_release(&b);
        return false;
    }
    buf_format(&b, "\"");
    return take(a, &b, CMDLINE_CMD_MAX, out, e);
}

/* ---- shells ---- */

bool cmdline_base64(struct arena *a, struct str text, struct str *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct wide wide;
    size_t bytes, n = 0;
    char *result;

    if (!wide_from_text(a, text, &wide))
        return false;
    bytes = wide.n * 2;
    result = arena_alloc(a, (bytes + 2) / 3 * 4 + 1, 1);
    for (size_t at = 0; at < bytes; at += 3) {
        uint32_t three = 0;
        for (size_t i = at; i < at + 3; i++)
            three = three << 8 | (i < bytes ? ((uint32_t)wide.p[i / 2] >> (i % 2 * 8) & 0xffu) : 0u);
        for (size_t i = 0; i < 4; i++)
            result[n++] = at + i > bytes ? '=' : digits[three >> (18 - 6 * i) & 63];
    }
    *out = (struct str){result, n};
    return true;
}

bool cmdline_powershell(struct arena *a, const struct texts *program, struct str script, struct str *out, struct err *e)
{
    struct texts argv = {0};

    for (size_t i = 0; i < program->n; i++)
        *(struct str *)ARENA_PUSH(a, &argv) = program->v[i];
    *(struct str *)ARENA_PUSH(a, &argv) = STR("-EncodedCommand");
    if (!cmdline_base64(a, script, ARENA_PUSH(a, &argv)))
        return refuse(e, script, "it is not text that Windows can have", "");
    return cmdline_arguments(a, &argv, out, e);
}

/* PowerShell takes four typographic quotes for the plain one. */
bool cmdline_quote_powershell(struct arena *a, struct str text, struct str *out)
{
    struct buf b = {.ceiling = LINE_BYTES_MAX * 2};
    size_t units;
    bool good;

    if (!wide_count(text, &units))
        return false;
    buf_format(&b, "'");
    for (size_t at = 0; at < text.n;) {
        uint32_t scalar = 0;
        size_t length = text_decode(text, at, &scalar);
        struct str one = str_slice(text, at, at + (length ? length : 1));
        if (scalar == '\'' || (scalar >= 0x2018 && scalar <= 0x201b))
            buf_str(&b, one);
        buf_str(&b, one);
        at += one.n;
    }
    buf_format(&b, "'");
    good = !b.overflowed;
    if (good)
        *out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return good;
}

bool cmdline_quote_bash(struct arena *a, struct str text, struct str *out)
{
    struct buf b = {.ceiling = LINE_BYTES_MAX * 4};
    bool good;

    if (text.n > 0 && memchr(text.p, 0, text.n))
        return false;
    buf_format(&b, "'");
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'')
            buf_format(&b, "'\\''");
        else
            buf_add(&b, &text.p[i], 1);
    }
    buf_format(&b, "'");
    good = !b.overflowed;
    if (good)
        *out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return good;
}

/* ---- the environment ---- */

struct variable {
    struct str name; /* in text, as far as the '=' */
    struct wide entry;
    size_t order;
};

static uint32_t upper(const struct path_case *fold, uint32_t scalar)
{
    if (fold && fold->fold)
        return fold->fold(fold->table, scalar);
    return scalar >= 'a' && scalar <= 'z' ? scalar - 'a' + 'A' : scalar;
}

/* By scalar values, upper case: for what is in names that is the order in which the system keeps them. */
static int compare_names(const struct path_case *fold, struct str x, struct str y)
{
    size_t i = 0, j = 0;

    while (i < x.n && j < y.n) {
        uint32_t c = (unsigned char)x.p[i], d = (unsigned char)y.p[j];
        size_t m = text_decode(x, i, &c), n = text_decode(y, j, &d);
        c = upper(fold, c);
        d = upper(fold, d);
        if (c != d)
            return c < d ? -1 : 1;
        i += m ? m : 1;
        j += n ? n : 1;
    }
    return i < x.n ? 1 : j < y.n ? -1 : 0;
}

/* Merged, so that of two that are the same the first stays first. */
static void sort(struct variable *v, struct variable *spare, size_t n, const struct path_case *fold)
{
    size_t half = n / 2, i = 0, j = half, k = 0;

    if (n < 2)
        return;
    sort(v, spare, half, fold);
    sort(v + half, spare, n - half, fold);
    memcpy(spare, v, n * sizeof *v);
    while (i < half || j < n)
        v[k++] = j == n || (i < half && compare_names(fold, spare[i].name, spare[j].name) <= 0) ? spare[i++] : spare[j++];
}

bool cmdline_environment(
    struct arena *a, const struct texts *env, const struct path_case *fold, struct wide *out, struct err *e)
{
    struct variable *v = arena_alloc(a, 2 * env->n + 1, sizeof *v);
    struct wide block = {0};
    size_t total = 2, at = 0; /* a block of nothing is two units 0 */

    for (size_t i = 0; i < env->n; i++) {
        size_t equals = str_find(env->v[i], env->v[i].n > 0 ? 1 : 0, '=');
        v[i].name = str_slice(env->v[i], 0, equals);
        if (equals == env->v[i].n || !wide_from_text(a, env->v[i], &v[i].entry) || v[i].entry.n >= ENV_VARIABLE_MAX) {
            err_set(e, ERR_USAGE, "this cannot be a variable of the environment");
            err_subject(e, v[i].name);
            return err_reason(e, "it must be NAME=VALUE, text without a NUL, shorter than %d units", ENV_VARIABLE_MAX);
        }
        total += v[i].entry.n + 1;
    }
    sort(v, v + env->n, env->n, fold);
    block.p = arena_alloc(a, total, sizeof *block.p);
    for (size_t i = 0; i < env->n; i++) {
        if (i > 0 && compare_names(fold, v[i - 1].name, v[i].name) == 0) {
            v[i].name = v[i - 1].name;
            continue;
        }
        memcpy(block.p + at, v[i].entry.p, v[i].entry.n * sizeof *block.p);
        at += v[i].entry.n + 1;
    }
    block.n = at + 1 > 2 ? at + 1 : 2;
    *out = block;
    return true;
}
