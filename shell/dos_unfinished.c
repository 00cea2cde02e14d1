/*
 * dos_unfinished: does a command shell of Windows want more physical lines, and is a line an exit? Simple rules, on the side of
 * running the line: the shell itself then says what is wrong with it.
 */
#include "dos_parts.h"
#include "editor.h"

#define DEPTH_MAX 64

/* ---- PowerShell ---- */

struct nest {
    struct str s;
    size_t at, depth;
    char open[DEPTH_MAX]; /* ( { [, or " for a string that $( has left for a while */
    bool doubt;
};

static char peek(const struct nest *n, size_t ahead)
{
    return n->at + ahead < n->s.n ? n->s.p[n->at + ahead] : '\0';
}

static void push(struct nest *n, char c)
{
    if (n->depth < DEPTH_MAX)
        n->open[n->depth++] = c;
    else
        n->doubt = true;
}

/* In a double-quoted string, from behind its quote. False: it is not closed; a subexpression in it is left open for the caller. */
static bool pass_string(struct nest *n)
{
    for (; n->at < n->s.n; n->at++) {
        char c = peek(n, 0);
        if (c == '`') {
            n->at++;
        } else if (c == '"' && peek(n, 1) == '"') {
            n->at++;
        } else if (c == '"') {
            n->at++;
            return true;
        } else if (c == '$' && peek(n, 1) == '(') {
            n->at += 2;
            push(n, '"');
            push(n, '(');
            return true;
        }
    }
    return false;
}

static bool pass_single(struct nest *n)
{
    for (n->at++; n->at < n->s.n; n->at++) {
        if (peek(n, 0) != '\'')
            continue;
        n->at++;
        if (peek(n, 0) != '\'')
            return true;
    }
    return false;
}

/* @" or @' and the rest of their line, to the same the other way round at a line's beginning. */
static bool pass_here(struct nest *n)
{
    char quote = peek(n, 1);

    for (n->at += 2; n->at < n->s.n; n->at++)
        if (peek(n, 0) == '\n' && peek(n, 1) == quote && peek(n, 2) == '@') {
            n->at += 3;
            return true;
        }
    return false;
}

static bool pass_comment(struct nest *n)
{
    if (peek(n, 0) == '#') {
        n->at = str_find(n->s, n->at, '\n');
        return true;
    }
    for (n->at += 2; n->at < n->s.n; n->at++)
        if (peek(n, 0) == '#' && peek(n, 1) == '>') {
            n->at += 2;
            return true;
        }
    return false;
}

static bool begins_word(const struct nest *n)
{
    char before = n->at ? n->s.p[n->at - 1] : '\n';

    return before == ' ' || before == '\t' || before == '\n' || before == ';' || before == '|' || before == '(' || before == '{' ||
           before == ')' || before == '}';
}

/* False: what began here is not closed. */
static bool close_one(struct nest *n, char open)
{
    if (!n->depth || n->open[n->depth - 1] != open) {
        n->doubt = true;
        return true;
    }
    n->depth--;
    n->at++;
    if (n->depth && n->open[n->depth - 1] == '"') {
        n->depth--;
        return pass_string(n);
    }
    return true;
}

static bool pass_one(struct nest *n)
{
    char c = peek(n, 0);

    if (c == '`') {
        n->at += 2;
        return n->at <= n->s.n && !(n->at == n->s.n && n->s.p[n->at - 1] == '\n');
    }
    if (c == '@' && (peek(n, 1) == '"' || peek(n, 1) == '\'') && (peek(n, 2) == '\n' || peek(n, 2) == '\0'))
        return pass_here(n);
    if (c == '\'')
        return pass_single(n);
    if (c == '"') {
        n->at++;
        return pass_string(n);
    }
    if ((c == '#' && begins_word(n)) || (c == '<' && peek(n, 1) == '#'))
        return pass_comment(n);
    if (c == '(' || c == '{' || c == '[')
        push(n, c);
    if (c == ')' || c == '}' || c == ']')
        return close_one(n, c == ')' ? '(' : c == '}' ? '{' : '[');
    n->at++;
    return true;
}

static bool powershell_unfinished(struct str text)
{
    struct nest n = {.s = text};
    size_t end = text.n;

    while (n.at < n.s.n && !n.doubt)
        if (!pass_one(&n))
            return true;
    if (n.doubt)
        return false;
    while (end && (text.p[end - 1] == ' ' || text.p[end - 1] == '\t'))
        end--;
    return n.depth > 0 || (end && text.p[end - 1] == '|') || (end > 1 && text.p[end - 1] == '&' && text.p[end - 2] == '&');
}

bool dos_unfinished(enum dos_kind kind, struct str text)
{
    bool caret = false;

    if (str_find(text, 0, '\0') < text.n)
        return false;
    switch (kind) {
    case DOS_CMD:
        return dos_cmd_open(text, &caret) > 0 || caret;
    case DOS_POWERSHELL:
        return powershell_unfinished(text);
    default:
        return line_is_unfinished(text);
    }
}

/* ---- exit ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';';
}

static struct str next_word(struct str text, size_t *at)
{
    size_t from;

    while (*at < text.n && is_blank(text.p[*at]))
        ++*at;
    from = *at;
    while (*at < text.n && !is_blank(text.p[*at]))
        ++*at;
    return str_slice(text, from, *at);
}

static bool is_number(struct str word)
{
    size_t i = word.n && word.p[0] == '-' ? 1 : 0;

    for (; i < word.n; i++)
        if (word.p[i] < '0' || word.p[i] > '9')
            return false;
    return true;
}

bool dos_is_exit(enum dos_kind kind, struct str text)
{
    size_t at = 0;
    struct str word;

    if (kind != DOS_CMD && kind != DOS_POWERSHELL)
        return line_is_exit(text);
    if (!dos_word_is(next_word(text, &at), "exit"))
        return false;
    word = next_word(text, &at);
    if (kind == DOS_CMD && dos_word_is(word, "/b"))
        word = next_word(text, &at);
    return is_number(word) && next_word(text, &at).n == 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
           (unsigned char)c >= 0x80;
}

bool dos_may_exit(enum dos_kind kind, struct str text)
{
    static const char *const ends[] = {"exit", "return", "throw", "break", "continue"}; /* PowerShell: of a whole script, as a line is one */
    struct buf firsts = {0};
    bool found = false;

    if (kind != DOS_CMD && kind != DOS_POWERSHELL)
        return line_may_exit(text);
    if (kind == DOS_CMD) {
        dos_cmd_first_words(&firsts, text);
        for (size_t at = 0; at < firsts.n && !found; at = str_find(buf_view(&firsts), at, '\n') + 1)
            found = dos_word_is(str_slice(buf_view(&firsts), at, str_find(buf_view(&firsts), at, '\n')), "exit");
        buf_release(&firsts);
        return found;
    }
    for (size_t at = 0, end; at < text.n && !found; at = end) {
        for (end = at; end < text.n && is_letter(text.p[end]);)
            end++;
        for (size_t i = 0; i < COUNT_OF(ends) && !found; i++)
            found = dos_word_is(str_slice(text, at, end), ends[i]);
        end += end == at;
    }
    return found;
}
