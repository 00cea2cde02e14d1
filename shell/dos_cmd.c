/*
 * dos_cmd: a line for cmd.exe, with the call of the report program behind it.
 *
 * The report is to come whatever the line was, and the line is to mean what it means at cmd's own prompt. What stands in the way:
 *
 * - The body of an if or a for reaches to the end of the line. So such a line goes into parentheses; and then a ) of its own, which
 *   at the prompt is a character like any other, would close them, and gets a caret.
 * - A remark swallows what is behind it. It is left out.
 * - A quote that is not closed makes text of what is behind it. It gets a caret, and so does each character behind it that would
 *   mean something without that quote.
 * - A line break ends a command line for cmd /c. It becomes &, as at the prompt, or a blank where a command begins anyhow, or nothing
 *   where a group ends.
 * - A caret, or one &, at the end of all would take what is behind it, or join it. They are left out: they do nothing there.
 * - %errorlevel% is put in when a line is read, before it runs. So it is asked for by a call, which reads its words again; the caret
 *   keeps the first reading off, as no variable has that name, and is gone before the second.
 * - In the line itself %errorlevel% is the code of the line before, of which this process knows nothing: the number is put in here. If
 *   errorlevel N, and an exit without a number, get it from a cmd that ends with it.
 *
 * Blanks at the end stay: set X=1 is not set X=1 with a blank.
 */
#include "dos_parts.h"
#include "../sandbox/core/text.h"

#include <string.h>

struct cut {
    struct str s;
    size_t at;
    struct buf *out;    /* the line as it goes out, or NULL */
    struct buf *firsts; /* first words of commands, or NULL */
    bool grouped;       /* it goes into parentheses */
    bool wants_group;   /* an if or a for was seen */
    bool begins;        /* a command begins here */
    bool in_set;        /* between in ( and ) */
    bool set_next;      /* the next ( opens the set of a for */
    size_t depth;       /* parentheses of the line's own that are open */
    size_t lonely;      /* of this line: where the quote is that nothing closes; s.n: nowhere */
    bool caret;         /* one at the very end, taking what comes */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';' || c == '=';
}

static bool is_name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_special(char c)
{
    return c && strchr("&|<>^()", c) != NULL;
}

static char peek(const struct cut *c, size_t ahead)
{
    return c->at + ahead < c->s.n ? c->s.p[c->at + ahead] : '\0';
}

/* Of the line at `from`: a quote ends with its line. Carets that take a quote count, so this is no search from behind. */
static size_t find_lonely_quote(struct str s, size_t from)
{
    size_t open = s.n;

    for (size_t i = from; i < s.n; i++) {
        if (s.p[i] == '^' && open == s.n && i + 1 < s.n && s.p[i + 1] != '\n')
            i++;
        else if (s.p[i] == '\n')
            return open;
        else if (s.p[i] == '"')
            open = open == s.n ? i : s.n;
    }
    return open;
}

static void put(struct cut *c, const char *bytes, size_t n)
{
    if (c->out)
        buf_add(c->out, bytes, n);
}

static void put_here(struct cut *c, size_t n)
{
    put(c, c->s.p + c->at, n);
    c->at += n;
}

/* One character of text: what is quoted, or has a caret, whole. */
static void put_text(struct cut *c)
{
    char ch = peek(c, 0);

    if (ch == '"' && c->at != c->lonely) {
        size_t end = str_find(c->s, c->at + 1, '"');
        size_t line = str_find(c->s, c->at + 1, '\n');
        put_here(c, (end < line ? end + 1 : line) - c->at);
    } else if (ch == '"') {
        put(c, "^", 1);
        put_here(c, 1);
    } else if (ch == '^' && c->at < c->lonely && c->at + 1 >= c->s.n) {
        c->caret = true;
        c->at++;
    } else if (ch == '^' && c->at < c->lonely && peek(c, 1) == '\n') {
        c->at += 2; /* the line goes on */
        c->lonely = find_lonely_quote(c->s, c->at);
    } else if (ch == '^' && c->at < c->lonely) {
        put_here(c, 2);
    } else {
        if ((is_special(ch) && c->at > c->lonely) || (ch == ')' && c->grouped))
            put(c, "^", 1);
        put_here(c, 1);
    }
}

/* The word here, up to a blank or what ends a command; not moved over. */
static struct str word_here(const struct cut *c)
{
    size_t end = c->at;

    while (end < c->s.n && !is_blank(c->s.p[end]) && c->s.p[end] != '\n' && (end > c->lonely || !is_special(c->s.p[end])))
        end++;
    return str_slice(c->s, c->at, end);
}

static void put_blanks(struct cut *c)
{
    while (c->at < c->s.n && is_blank(peek(c, 0)))
        put_here(c, 1);
}

static void put_token(struct cut *c)
{
    put_blanks(c);
    while (c->at < c->s.n && !is_blank(peek(c, 0)) && peek(c, 0) != '\n' && peek(c, 0) != '&' && peek(c, 0) != '|')
        put_text(c);
}

/* Behind if: the condition. Its body is a command. */
static void put_condition(struct cut *c)
{
    static const char *const with_one[] = {"exist", "defined", "errorlevel", "cmdextversion"};
    struct str word;
    size_t from;

    for (;;) {
        put_blanks(c);
        word = word_here(c);
        if (!dos_word_is(word, "/i") && !dos_word_is(word, "not"))
            break;
        put_token(c);
    }
    for (size_t i = 0; i < COUNT_OF(with_one); i++)
        if (dos_word_is(word, with_one[i])) {
            put_token(c);
            put_token(c);
            c->begins = true;
            return;
        }
    /* a==b, with blanks around it or not, or a EQU b: = counts as a blank here. */
    from = c->at;
    put_token(c);
    put_blanks(c);
    word = str_slice(c->s, from, c->at);
    if (str_find(word, 0, '=') >= word.n)
        put_token(c);
    put_token(c);
    c->begins = true;
}

static void drop_command(struct cut *c)
{
    while (c->at < c->s.n && peek(c, 0) != '\n')
        c->at++;
}

static void put_first_word(struct cut *c)
{
    struct str word = word_here(c);

    c->begins = false;
    if (c->firsts) {
        for (size_t i = 0; i < word.n; i++) {
            char ch = word.p[i] >= 'A' && word.p[i] <= 'Z' ? (char)(word.p[i] - 'A' + 'a') : word.p[i];
            buf_add(c->firsts, &ch, 1);
        }
        buf_add(c->firsts, "\n", 1);
    }
    if (dos_word_is(word, "rem") || (word.n && word.p[0] == ':')) {
        drop_command(c);
        c->begins = true;
    } else if (dos_word_is(word, "if")) {
        c->wants_group = true;
        put_here(c, word.n);
        put_condition(c);
    } else if (dos_word_is(word, "for")) {
        c->wants_group = c->set_next = true;
        put_here(c, word.n);
    } else if (dos_word_is(word, "do") || dos_word_is(word, "else")) {
        put_here(c, word.n);
        c->begins = true;
    } else if (word.n) {
        put_here(c, 1);
    } else {
        put_text(c);
    }
}

static void put_break(struct cut *c)
{
    size_t next = c->at + 1;

    while (next < c->s.n && (is_blank(c->s.p[next]) || c->s.p[next] == '\n'))
        next++;
    /* Not even a blank before what closes: set X=1 would have it. */
    if (next < c->s.n && !(c->s.p[next] == ')' && (c->depth || c->in_set)))
        put(c, c->begins || c->in_set || c->s.p[next] == ')' ? " " : "&", 1);
    c->begins = !c->in_set;
    c->at++;
    c->lonely = find_lonely_quote(c->s, c->at);
}

static bool behind_for_or_else(const struct cut *c)
{
    struct str word = word_here(c);
    bool alone = c->at == 0 || is_blank(c->s.p[c->at - 1]) || c->s.p[c->at - 1] == ')';

    return alone && ((c->wants_group && dos_word_is(word, "do")) || (c->wants_group && dos_word_is(word, "else")));
}

static void put_next(struct cut *c)
{
    char ch = peek(c, 0);

    if (ch == '\n') {
        put_break(c);
    } else if (c->at > c->lonely || ch == '"' || ch == '^') {
        c->begins = false;
        put_text(c);
    } else if (is_blank(ch) || (ch == '@' && c->begins)) {
        put_here(c, 1);
    } else if (ch == '&' || ch == '|') {
        put_here(c, 1);
        c->begins = true;
    } else if (ch == '(' && c->set_next) {
        c->set_next = false;
        c->in_set = true;
        put_here(c, 1);
    } else if (ch == ')' && c->in_set) {
        c->in_set = false;
        put_here(c, 1);
    } else if (ch == '(' && c->begins) {
        c->depth++;
        put_here(c, 1);
    } else if (ch == ')' && c->depth) {
        c->depth--;
        c->begins = false;
        put_here(c, 1);
    } else if ((c->begins || behind_for_or_else(c)) && !c->in_set && ch != '<' && ch != '>') {
        put_first_word(c);
    } else {
        put_text(c);
    }
}

static struct cut cut_line(struct str text, bool grouped, struct buf *out, struct buf *firsts)
{
    struct cut c = {.s = text, .out = out, .firsts = firsts, .grouped = grouped, .begins = true};

    c.lonely = find_lonely_quote(text, 0);
    while (c.at < c.s.n)
        put_next(&c);
    return c;
}

size_t dos_cmd_open(struct str text, bool *caret)
{
    struct cut c = cut_line(text, false, NULL, NULL);

    *caret = c.caret;
    return c.depth + (c.in_set ? 1 : 0);
}

void dos_cmd_first_words(struct buf *out, struct str text)
{
    cut_line(text, false, NULL, out);
}

/* One & at the end, with blanks behind it, does nothing at the prompt; with a command behind it, it would be &&. */
static void drop_last_and(struct buf *line)
{
    size_t n = line->n;

    while (n && (line->p[n - 1] == ' ' || line->p[n - 1] == '\t'))
        n--;
    if (n && line->p[n - 1] == '&' && (n < 2 || (line->p[n - 2] != '&' && line->p[n - 2] != '^' && line->p[n - 2] != '|')))
        line->n = n - 1;
}

/* %NAME% as cmd finds it: from one % to the next, where that is a name; else the % is text. */
static void put_status(struct buf *out, struct str text, int status)
{
    for (size_t at = 0; at < text.n;) {
        size_t end = text.p[at] == '%' ? at + 1 : at;
        while (end > at && end < text.n && is_name_letter(text.p[end]))
            end++;
        if (end <= at + 1 || end >= text.n || text.p[end] != '%') {
            buf_add(out, text.p + at++, 1);
            continue;
        }
        if (dos_word_is(str_slice(text, at + 1, end), "errorlevel"))
            buf_format(out, "%d", status);
        else
            buf_str(out, str_slice(text, at, end + 1));
        at = end + 1;
    }
}

static bool ends_in_digit(struct str text)
{
    while (text.n && is_blank(text.p[text.n - 1]))
        text.n--;
    return text.n && text.p[text.n - 1] >= '0' && text.p[text.n - 1] <= '9';
}

static bool speaks_of_status(struct str text)
{
    static const struct str word = {"errorlevel", 10};

    for (size_t at = 0; at + word.n <= text.n; at++)
        if (text_same(str_slice(text, at, at + word.n), word))
            return true;
    return dos_is_exit(DOS_CMD, text) && !ends_in_digit(text);
}

void dos_cmd_words(struct buf *out, const struct dos_line *line)
{
    struct buf put = {0};
    put_status(&put, line->text, line->status);
    struct str given = buf_view(&put);
    struct cut c = cut_line(given, false, NULL, NULL);
    struct buf text = {0};
    bool reports = line->report.n && str_find(line->report, 0, '%') == line->report.n; /* else cmd would look for a variable */
    bool grouped = c.wants_group && reports;
    struct str bare;

    cut_line(given, grouped, &text, NULL);
    drop_last_and(&text);
    buf_format(out, "\"%.*s\" /d /s /v:off /e:on /c \"", (int)line->shell.n, line->shell.p);
    bare = buf_view(&text);
    while (bare.n && is_blank(bare.p[0]))
        bare = str_slice(bare, 1, bare.n);
    if (line->status && speaks_of_status(line->text))
        buf_format(out, "\"%.*s\" /d /c exit %d&", (int)line->shell.n, line->shell.p, line->status);
    buf_str(out, grouped ? STR("(") : STR(""));
    buf_str(out, bare);
    buf_str(out, grouped ? STR(")") : STR(""));
    if (reports)
        buf_format(out, "%scall set " DOS_CODE_VARIABLE "=%%^errorlevel%%&\"%.*s\" report", bare.n ? "&" : "",
            (int)line->report.n, line->report.p);
    buf_add(out, "\"", 1);
    buf_release(&text);
    buf_release(&put);
}
