/*
 * expand: history expansion, before a line is run: !! !$ !^ !* !n !-n !prefix !?text? with word
 * designators (:n :n-m :^ :$ :*), and ^old^new at a line's beginning. See editor.h.
 *
 * As bash has it for these forms. Not expanded: in single quotes, behind a backslash, in a comment,
 * in a here-document, and where ! means something else to the command shell. Modifiers (:s :h ...)
 * are refused: what they would give is shown to nobody before it is in the line.
 */
#include "editor_parts.h"
#include "unfinished_parts.h"

#include <string.h>

/* ---- words of a line ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Length of the operator at c->at: the usual ones of two and three characters are one word. */
static size_t operator_length(const struct scan *c)
{
    static const char *const operators[] = {"<<<", "<<-", "&>>", ";;&", "&&", "||", ";;", "<<",
        ">>", ">&", "<&", "&>", ">|", "<>", "|&", ";&"};

    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (scan_looks_at(c, operators[i]))
            return strlen(operators[i]);
    return 1;
}

/* The next word from *at on; false when there is none. */
static bool next_word(struct str line, size_t *at, struct str *word)
{
    struct scan c = {.s = line, .at = *at, .steps = size_add(size_mul(line.n, 8), 1000)};
    size_t start;

    while (!scan_is_end(&c) && is_space(scan_peek(&c, 0)))
        c.at++;
    if (scan_is_end(&c))
        return false;
    start = c.at;
    if (scan_is_meta(scan_peek(&c, 0)) && !scan_looks_at(&c, "<(") && !scan_looks_at(&c, ">("))
        c.at += operator_length(&c);
    else if (scan_word(&c) != WHOLE)
        c.at = line.n; /* a quote that never ends: the rest is one word */
    *word = str_slice(line, start, c.at);
    *at = c.at;
    return true;
}

struct str line_last_word(struct str line)
{
    struct str word = {NULL, 0};
    size_t at = 0;

    while (next_word(line, &at, &word))
        ;
    return word;
}

/* From the first byte of word `first` to the last of word `last`; false when one is not there. */
static bool words_between(struct str line, size_t first, size_t last, struct str *out)
{
    size_t at = 0, n = 0, from = 0;
    struct str word;

    for (; next_word(line, &at, &word); n++) {
        if (n == first)
            from = at - word.n;
        if (n == last) {
            *out = str_slice(line, from, at);
            return first <= last;
        }
    }
    return false;
}

static size_t count_words(struct str line)
{
    size_t at = 0, n = 0;
    struct str word;

    while (next_word(line, &at, &word))
        n++;
    return n;
}

/* ---- events ---- */

struct expansion {
    struct str line;
    size_t at;
    const struct editor *ed;
    struct buf out;
    bool expanded;
    bool single, twice; /* within ' or " */
    struct err *e;
};

static bool no_such_event(struct expansion *x, size_t from)
{
    err_set(x->e, ERR_MISSING, "no such line in the history");
    err_subject(x->e, str_slice(x->line, from, x->at));
    return err_remedy(x->e, "quote the ! with a backslash or single quotes to keep it");
}

static size_t read_number(struct expansion *x)
{
    size_t n = 0;

    while (x->at < x->line.n && x->line.p[x->at] >= '0' && x->line.p[x->at] <= '9') {
        n = n > 100000000 ? n : n * 10 + (size_t)(x->line.p[x->at] - '0');
        x->at++;
    }
    return n;
}

static char look(const struct expansion *x, size_t ahead)
{
    return x->line.n - x->at > ahead ? x->line.p[x->at + ahead] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool holds(struct str text, struct str part)
{
    for (size_t at = 0; part.n <= text.n && at <= text.n - part.n; at++)
        if (memcmp(text.p + at, part.p, part.n) == 0)
            return true;
    return false;
}

/* The newest line that begins with, or holds, the text. */
static bool find_event(struct expansion *x, struct str text, bool anywhere, struct str *event)
{
    for (size_t i = editor_history_count(x->ed); text.n > 0 && i-- > 0;) {
        *event = editor_history_at(x->ed, i);
        if (anywhere ? holds(*event, text) : str_starts(*event, text))
            return true;
    }
    return false;
}

static bool event_at(struct expansion *x, size_t from, size_t number, bool back, struct str *event)
{
    size_t count = editor_history_count(x->ed);

    if (number == 0 || number > count)
        return no_such_event(x, from);
    *event = editor_history_at(x->ed, back ? count - number : number - 1);
    return true;
}

static bool ends_prefix(const struct expansion *x, char c)
{
    return is_space(c) || c == '\0' || strchr(":;&()|<>", c) || (x->twice && c == '"');
}

/* At the !: the line it names. A word designator alone means the newest line. */
static bool read_event(struct expansion *x, struct str *event)
{
    size_t from = x->at++, start;
    bool back = look(x, 0) == '-' && is_digit(look(x, 1));

    if (look(x, 0) == '!') {
        x->at++;
        return event_at(x, from, 1, true, event);
    }
    if (strchr("$^*:", look(x, 0)))
        return event_at(x, from, 1, true, event);
    if (back || is_digit(look(x, 0))) {
        x->at += back;
        return event_at(x, from, read_number(x), back, event);
    }
    if (look(x, 0) == '?') {
        start = ++x->at;
        while (x->at < x->line.n && look(x, 0) != '?' && look(x, 0) != '\n')
            x->at++;
        if (!find_event(x, str_slice(x->line, start, x->at), true, event))
            return no_such_event(x, from);
        x->at += look(x, 0) == '?';
        return true;
    }
    start = x->at;
    while (!ends_prefix(x, look(x, 0)))
        x->at++;
    if (!find_event(x, str_slice(x->line, start, x->at), false, event))
        return no_such_event(x, from);
    return true;
}

/* ---- word designators ---- */

static bool bad_word(struct expansion *x, size_t from)
{
    err_set(x->e, ERR_MISSING, "that line of the history has no such word");
    return err_subject(x->e, str_slice(x->line, from, x->at));
}

/* One end of a range: a number, ^ or $. */
static size_t read_place(struct expansion *x, size_t last)
{
    char c = look(x, 0);

    if (is_digit(c))
        return read_number(x);
    x->at++;
    return c == '^' ? 1 : last;
}

/* :s :h :p and the like. */
static bool is_modifier(const struct expansion *x)
{
    return look(x, 0) == ':' && look(x, 1) != '\0' && strchr("htrepqxsgaG&", look(x, 1));
}

/* Behind the event; without a designator it stays whole. */
static bool read_words(struct expansion *x, struct str *event, size_t from)
{
    bool colon = look(x, 0) == ':';
    char c = look(x, colon);
    size_t first = 0, last;

    if (is_modifier(x))
        return true;
    if (c == '\0' || !strchr(colon ? "^$*-0123456789" : "^$*", c) ||
        (colon && c == '-' && !is_digit(look(x, 2)) && look(x, 2) != '$'))
        return true;
    x->at += colon;
    last = count_words(*event);
    last = last > 0 ? last - 1 : 0;
    if (c == '*') {
        x->at++;
        first = 1;
    } else {
        if (c != '-')
            first = read_place(x, last);
        if (look(x, 0) == '*' && c != '$') {
            x->at++;
        } else if (look(x, 0) == '-' && (is_digit(look(x, 1)) || look(x, 1) == '$')) {
            x->at++;
            last = read_place(x, last);
        } else {
            last = first;
        }
    }
    if (c == '*' && last < 1) { /* all arguments of a line that has none */
        *event = STR("");
        return true;
    }
    return words_between(*event, first, last, event) || bad_word(x, from);
}

/* ---- the line ---- */

/* Does the ! at x->at ask for history? */
static bool is_event(const struct expansion *x)
{
    char next = look(x, 1), before = x->at > 0 ? x->line.p[x->at - 1] : '\0';

    if (next == '\0' || is_space(next) || strchr("=();&|<>#", next) || (x->twice && next == '"'))
        return false;
    if (before == '$' || (before == '[' && str_find(x->line, x->at, ']') < x->line.n))
        return false;
    return !(before == '{' && x->at > 1 && x->line.p[x->at - 2] == '$');
}

static bool expand_event(struct expansion *x)
{
    size_t from = x->at;
    struct str event;

    if (!read_event(x, &event) || !read_words(x, &event, from))
        return false;
    if (is_modifier(x)) {
        err_set(x->e, ERR_UNSUPPORTED, "history modifiers are not known here");
        return err_subject(x->e, str_slice(x->line, from, x->at + 2));
    }
    buf_str(&x->out, event);
    x->expanded = true;
    return true;
}

static void copy(struct expansion *x, size_t n)
{
    size_t end = n > x->line.n - x->at ? x->line.n : x->at + n;

    buf_str(&x->out, str_slice(x->line, x->at, end));
    x->at = end;
}

static bool begins_comment(const struct expansion *x)
{
    return x->at == 0 || is_space(x->line.p[x->at - 1]) || strchr(";&|(", x->line.p[x->at - 1]);
}

static bool expand_line(struct expansion *x)
{
    bool heredoc = false;

    while (x->at < x->line.n) {
        char c = look(x, 0);
        if (heredoc && c == '\n') {
            copy(x, x->line.n); /* a here-document's text is left alone */
        } else if (c == '\\' && !x->single) {
            copy(x, 2);
        } else if (c == '#' && !x->single && !x->twice && begins_comment(x)) {
            copy(x, str_find(x->line, x->at, '\n') - x->at);
        } else if (c == '!' && !x->single && is_event(x)) {
            if (!expand_event(x))
                return false;
        } else {
            if (c == '\'' && !x->twice)
                x->single = !x->single;
            if (c == '"' && !x->single)
                x->twice = !x->twice;
            if (c == '<' && look(x, 1) == '<' && !x->single && !x->twice) {
                heredoc = heredoc || look(x, 2) != '<';
                copy(x, look(x, 2) == '<' ? 2 : 1);
            }
            copy(x, 1);
        }
    }
    return true;
}

/* ^old^new^ and what follows it, on the newest line. */
static bool expand_quick(struct expansion *x)
{
    size_t count = editor_history_count(x->ed), middle, end, at;
    struct str old, new, event;

    middle = str_find(x->line, 1, '^');
    end = str_find(x->line, middle + 1, '^');
    old = str_slice(x->line, 1, middle);
    new = str_slice(x->line, middle + 1, end);
    x->at = end < x->line.n ? end + 1 : x->line.n;
    event = editor_history_at(x->ed, count - 1); /* none when there is no history */
    for (at = 0; old.n > 0 && at + old.n <= event.n; at++)
        if (memcmp(event.p + at, old.p, old.n) == 0)
            break;
    if (old.n == 0 || at + old.n > event.n) {
        err_set(x->e, ERR_MISSING, "the line before does not hold what is to be replaced");
        return err_subject(x->e, x->line);
    }
    buf_str(&x->out, str_slice(event, 0, at));
    buf_str(&x->out, new);
    buf_str(&x->out, str_slice(event, at + old.n, event.n));
    buf_str(&x->out, str_slice(x->line, x->at, x->line.n));
    x->expanded = true;
    return true;
}

int line_expand_history(
    struct arena *a, struct str line, const struct editor *ed, struct str *out, struct err *e)
{
    struct expansion x = {.line = line, .ed = ed, .e = e, .out = {.ceiling = LINE_BYTES_MAX}};
    bool good = line.n > 0 && line.p[0] == '^' ? expand_quick(&x) : expand_line(&x);

    if (good && x.out.overflowed)
        good = err_set(e, ERR_LIMIT, "the line grows too long when its history is filled in");
    if (good && x.expanded)
        *out = arena_str(a, buf_view(&x.out));
    buf_release(&x.out);
    return !good ? -1 : x.expanded ? 1 : 0;
}
