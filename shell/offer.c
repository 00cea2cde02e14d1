/*
 * offer: candidates for the word at the cursor. The idle shell is asked, with a deadline: it sees the files as programs
 * inside do, and knows its own functions and aliases. What it answers is untrusted text: quoted before it enters the
 * line, and never run. A plain sh does not live between lines: a process of its own is started to look.
 */
#include "repl_parts.h"
#include "complete.h"

#define WORDS_MS  400 /* completion waits this long for the shell */
#define WORDS_MAX 2000

#define LOOKED_MAX ((size_t)256 << 10)

static const char look_for_files[] =
    "for f in \"$1\"*; do [ -d \"$f\" ] && printf '%s/\\000' \"$f\"; printf '%s\\000' \"$f\"; done";
static const char look_for_commands[] =
    "IFS=:; for d in $2; do for f in \"$d/$1\"*; do [ -f \"$f\" ] && [ -x \"$f\" ] && printf '%s\\000' \"${f##*/}\"; done; done";

static struct str variable(const struct inner *in, struct str assignment)
{
    for (size_t i = 0; i < in->report.environment.n; i++)
        if (str_starts(in->report.environment.v[i], assignment))
            return str_slice(in->report.environment.v[i], assignment.n, in->report.environment.v[i].n);
    return (struct str){0};
}

/* Where each line is a process of its own: what a further one sees, or what is known of the variables. */
static bool look_words(struct repl *r, struct str word, enum living_words what, struct texts *out)
{
    struct str argv[] = {exec_shell(r->s, r->in.o), STR("-c"),
        str_from(what == LIVING_FILES ? look_for_files : look_for_commands), STR("sh"), word,
        variable(&r->in, STR("PATH="))};
    struct texts words = {.v = argv, .n = COUNT_OF(argv)};
    struct str found;
    struct err ignored = {0};
    int code;

    for (size_t i = 0; what == LIVING_VARIABLES && i < r->in.report.environment.n; i++) {
        struct str entry = r->in.report.environment.v[i];
        if (str_starts(entry, word))
            *(struct str *)ARENA_PUSH(&r->turn, out) = str_slice(entry, 0, str_find(entry, 0, '='));
    }
    if (what == LIVING_VARIABLES)
        return true;
    if (!exec_catch(r->s, r->in.o, &r->turn, &words, r->in.report.cwd, LOOKED_MAX, &found, &code, &ignored))
        return false;
    while (out->n < WORDS_MAX) {
        size_t end = str_find(found, 0, '\0');
        if (end == found.n)
            break;
        *(struct str *)ARENA_PUSH(&r->turn, out) = str_slice(found, 0, end);
        found = str_slice(found, end + 1, found.n);
    }
    return true;
}

static bool ask_words(struct repl *r, struct str word, enum living_words what, struct texts *out)
{
    uint64_t end = sys_milliseconds() + WORDS_MS;
    bool good = !r->in.lines && living_send_complete(&r->in.out, ++r->in.id, word, what);

    if (r->in.lines)
        return look_words(r, word, what, out);
    r->in.wanted = r->in.id;
    while (good && sys_milliseconds() < end) {
        struct sys_wait items[INNER_WAITS];
        struct err e = {0};
        enum inner_news news = inner_turn(&r->in, &e);
        if (news == INNER_WORDS) {
            for (size_t i = 0; i < r->in.report.words.n && i < WORDS_MAX; i++)
                *(struct str *)ARENA_PUSH(&r->turn, out) = arena_str(&r->turn, r->in.report.words.v[i]);
            return true;
        }
        if (news == INNER_ENDED || news == INNER_LOST || news == INNER_BROKEN) {
            inner_tell_again(&r->in, news);
            return false;
        }
        if (news == INNER_NOTHING)
            sys_wait(items, inner_waits(&r->in, items), 50);
    }
    return false;
}

static void builtin_words(struct repl *r, struct str word, struct texts *out)
{
    size_t count;
    const struct builtin *list = builtins_list(&count);

    for (size_t i = 0; i < count; i++) {
        struct str name = arena_format(&r->turn, ":%s", list[i].name);
        if (str_starts(name, word))
            *(struct str *)ARENA_PUSH(&r->turn, out) = arena_format(&r->turn, "%s ", name.p);
    }
}

static bool is_listed(const struct texts *list, struct str name)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], name))
            return true;
    return false;
}

/* From bash's answer: a folder comes twice, plain and with its slash, a function and a program of one name too. */
static void keep_words(struct repl *r, const struct complete_word *word, const struct texts *answer, struct texts *out)
{
    for (size_t i = 0; i < answer->n; i++) {
        struct str name = answer->v[i], folder = arena_format(&r->turn, "%.*s/", (int)name.n, name.p);
        if (word->folder.n && !is_listed(answer, folder) && str_starts(name, word->folder))
            name = str_slice(name, word->folder.n, name.n);
        else if (word->folder.n || is_listed(answer, folder))
            continue;
        if (str_starts(name, word->name) && !str_starts(name, STR("__cordon_")) && !is_listed(out, name))
            *(struct str *)ARENA_PUSH(&r->turn, out) = name;
    }
}

/* ---- Windows: no shell is asked, which would take a process each time; names are looked at from outside ---- */

struct typed {
    size_t tail;             /* behind the last separator */
    struct str folder, name; /* before it, and from it to the cursor */
    bool quoted;
};

static struct typed typed_word(struct str line, size_t cursor)
{
    struct typed t = {0};
    size_t start = 0;

    for (size_t i = 0; i < cursor; i++) {
        if (line.p[i] == '"')
            t.quoted = !t.quoted;
        if (line.p[i] == '"' ? t.quoted : !t.quoted && (line.p[i] == ' ' || line.p[i] == '\t'))
            start = i + 1;
    }
    t.tail = start;
    for (size_t i = start; i < cursor; i++)
        if (line.p[i] == '\\' || line.p[i] == '/')
            t.tail = i + 1;
    t.folder = str_slice(line, start, t.tail);
    t.name = str_slice(line, t.tail, cursor);
    return t;
}

static bool text_same(struct str x, struct str y)
{
    for (size_t i = 0; i < x.n; i++) {
        char a = x.p[i], b = y.p[i];
        if ((a >= 'A' && a <= 'Z' ? a + 32 : a) != (b >= 'A' && b <= 'Z' ? b + 32 : b))
            return false;
    }
    return true;
}

/* Whatever a shell could make something else of is not offered. */
static bool is_plain_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == '"' || name.p[i] == '%' || name.p[i] == '`' || name.p[i] == '$' || name.p[i] == '\'')
            return false;
    return name.n > 0;
}

static bool wants_quotes(struct str name)
{
    static const char special[] = " &()[]{}^=;!+,~#@<>|";

    for (size_t i = 0; special[i]; i++)
        if (str_find(name, 0, special[i]) < name.n)
            return true;
    return false;
}

static void offer_files(struct repl *r, struct str line, size_t cursor)
{
    struct typed t = typed_word(line, cursor);
    struct path_env env = session_env(r->s);
    struct texts names = {0}, found = {0}, below = {0};
    struct str folder = t.folder.n ? t.folder : STR("."), path, only = {0};
    struct err ignored = {0};

    /* A server is asked by nobody who only presses a key. */
    if ((folder.n > 1 && (folder.p[0] == '\\' || folder.p[0] == '/') && (folder.p[1] == '\\' || folder.p[1] == '/')) ||
        !path_canonical(&r->turn, &env, folder, &path, &ignored) || !sys_list_folder(&r->turn, path, WORDS_MAX, &names, &ignored))
        return;
    for (size_t i = 0; i < names.n; i++) {
        struct str name = names.v[i];
        if (!is_plain_name(name) || name.n < t.name.n || !text_same(str_slice(name, 0, t.name.n), t.name))
            continue;
        only = name;
        *(struct str *)ARENA_PUSH(&r->turn, &found) =
            !t.quoted && wants_quotes(name) ? arena_format(&r->turn, "\"%s\"", arena_str(&r->turn, name).p) : name;
    }
    if (found.n == 1 && sys_list_folder(&r->turn, path_join(&r->turn, PATH_WINDOWS, path, only), WORDS_MAX, &below, &ignored))
        found.v[0] = arena_format(&r->turn, "%s%c", arena_str(&r->turn, found.v[0]).p, r->in.dos == DOS_BASH ? '/' : '\\');
    editor_offer(r->ed, t.tail, &found, &r->draw);
}

void offer_words(struct repl *r)
{
    struct str line = editor_line(r->ed);
    size_t cursor = editor_cursor(r->ed);
    struct texts answer = {0}, found = {0}, escaped = {0};
    struct complete_word word;
    enum living_words what = LIVING_FILES;
    struct str parts[2];

    if (line.n && line.p[0] == ':' && str_find(str_slice(line, 0, cursor), 0, ' ') == cursor) {
        builtin_words(r, str_slice(line, 0, cursor), &found);
        editor_offer(r->ed, 0, &found, &r->draw);
        return;
    }
    if (r->in.dos) {
        offer_files(r, line, cursor);
        return;
    }
    complete_split(&r->turn, line, cursor, &word);
    if (word.kind == COMPLETE_COMMAND && !word.folder.n)
        what = LIVING_COMMANDS;
    else if (word.kind == COMPLETE_VARIABLE)
        what = LIVING_VARIABLES;
    if (word.kind == COMPLETE_NOTHING || (word.expands && what == LIVING_FILES))
        return;
    parts[0] = word.folder;
    parts[1] = word.name;
    if (!ask_words(r, arena_join(&r->turn, parts, 2), what, &answer))
        return;
    keep_words(r, &word, &answer, &found);
    for (size_t i = 0; i < found.n; i++)
        *(struct str *)ARENA_PUSH(&r->turn, &escaped) =
            complete_escape(&r->turn, &word, found.v[i], found.n == 1);
    editor_offer(r->ed, word.tail, &escaped, &r->draw);
}
