/*
 * unfinished_words: words with their quotes and expansions, redirections and here-documents, as far
 * as they can stay open at the end of a line. See unfinished.c.
 */
#include "unfinished_parts.h"

#include <string.h>

/* ---- bytes ---- */

bool scan_is_end(const struct scan *c)
{
    return c->at >= c->s.n;
}

char scan_peek(const struct scan *c, size_t ahead)
{
    return c->s.n - c->at > ahead ? c->s.p[c->at + ahead] : '\0';
}

bool scan_looks_at(const struct scan *c, const char *text)
{
    return str_starts(str_slice(c->s, c->at, c->s.n), str_from(text));
}

bool scan_step(struct scan *c)
{
    if (c->steps == 0)
        return false;
    c->steps--;
    return true;
}

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t';
}

bool scan_is_meta(char ch)
{
    return is_blank(ch) || ch == '\n' || ch == ';' || ch == '&' || ch == '|' || ch == '<' ||
           ch == '>' || ch == '(' || ch == ')';
}

void scan_comment(struct scan *c)
{
    c->at = str_find(c->s, c->at, '\n');
}

/* Blanks and line continuations. A backslash at the very end is left for the word to find. */
void scan_blanks(struct scan *c)
{
    for (;;) {
        if (is_blank(scan_peek(c, 0)))
            c->at++;
        else if (scan_peek(c, 0) == '\\' && scan_peek(c, 1) == '\n')
            c->at += 2;
        else
            return;
    }
}

/* ---- inside words: quotes and expansions ---- */

/* At a backslash: it takes the next byte with it. */
static enum outcome skip_escaped(struct scan *c)
{
    if (c->s.n - c->at < 2) {
        c->at = c->s.n;
        return MORE;
    }
    c->at += 2;
    return WHOLE;
}

/* Behind the opening quote: to the next `quote`. */
static enum outcome skip_quoted(struct scan *c, char quote, bool escapes)
{
    while (!scan_is_end(c)) {
        if (!scan_step(c))
            return DOUBT;
        if (scan_peek(c, 0) == quote) {
            c->at++;
            return WHOLE;
        }
        if (escapes && scan_peek(c, 0) == '\\') {
            if (skip_escaped(c) != WHOLE)
                return MORE;
        } else {
            c->at++;
        }
    }
    return MORE;
}

static enum outcome skip_dollar(struct scan *c, bool in_quotes);

static enum outcome skip_double(struct scan *c)
{
    enum outcome o = WHOLE;

    while (o == WHOLE && !scan_is_end(c)) {
        if (!scan_step(c))
            return DOUBT;
        switch (scan_peek(c, 0)) {
        case '"':
            c->at++;
            return WHOLE;
        case '\\':
            o = skip_escaped(c);
            break;
        case '`':
            c->at++;
            o = skip_quoted(c, '`', true);
            break;
        case '$':
            o = skip_dollar(c, true);
            break;
        default:
            c->at++;
        }
    }
    return o == WHOLE ? MORE : o;
}

/* Anything that quotes or expands, or one plain byte. */
static enum outcome skip_piece(struct scan *c)
{
    char ch = scan_peek(c, 0);

    if (!scan_step(c))
        return DOUBT;
    if (ch == '\\')
        return skip_escaped(c);
    if (ch == '$')
        return skip_dollar(c, false);
    c->at++;
    if (ch == '\'')
        return skip_quoted(c, '\'', false);
    if (ch == '"')
        return skip_double(c);
    if (ch == '`')
        return skip_quoted(c, '`', true);
    return WHOLE;
}

/* Behind ${: to its brace. In bash single quotes count in it, also within double quotes. */
static enum outcome skip_parameter(struct scan *c)
{
    enum outcome o = WHOLE;

    if (scan_peek(c, 0) == '#' || scan_peek(c, 0) == '!')
        c->at++;
    while (o == WHOLE && !scan_is_end(c)) {
        if (scan_peek(c, 0) == '}') {
            c->at++;
            return WHOLE;
        }
        o = skip_piece(c);
    }
    return o == WHOLE ? MORE : o;
}

enum outcome scan_arithmetic(struct scan *c, bool *plain)
{
    enum outcome o = WHOLE;
    size_t open = 0;

    *plain = false;
    while (o == WHOLE && !scan_is_end(c)) {
        char ch = scan_peek(c, 0);
        if (ch == ')' && open == 0) {
            *plain = scan_peek(c, 1) != ')';
            if (c->s.n - c->at < 2) {
                c->at = c->s.n;
                return MORE;
            }
            c->at += 2;
            return WHOLE;
        }
        if (ch == '(')
            open++;
        if (ch == ')')
            open--;
        o = skip_piece(c);
    }
    return o == WHOLE ? MORE : o;
}

enum outcome scan_arithmetic_or_commands(struct scan *c, size_t open)
{
    size_t start = c->at;
    bool plain;
    enum outcome o;

    c->at = start + open + 1;
    o = scan_arithmetic(c, &plain);
    if (o != WHOLE || !plain)
        return o;
    c->at = start + open;
    return scan_commands(c);
}

static enum outcome skip_dollar(struct scan *c, bool in_quotes)
{
    char next = scan_peek(c, 1);
    enum outcome o = WHOLE;

    if (next != '(' && next != '{' && next != '[' && (in_quotes || (next != '\'' && next != '"'))) {
        c->at++;
        return WHOLE;
    }
    if (c->depth >= DEPTH_MAX)
        return DOUBT;
    c->depth++;
    if (next == '(' && scan_peek(c, 2) == '(') {
        o = scan_arithmetic_or_commands(c, 2);
    } else {
        c->at += 2;
        if (next == '(')
            o = scan_commands(c);
        else if (next == '{')
            o = skip_parameter(c);
        else if (next == '[')
            o = skip_quoted(c, ']', true);
        else if (next == '\'')
            o = skip_quoted(c, '\'', true);
        else
            o = skip_double(c);
    }
    c->depth--;
    return o;
}

/* Behind name=( : words, comments and line breaks up to the parenthesis. */
static enum outcome skip_array(struct scan *c)
{
    enum outcome o = WHOLE;

    while (o == WHOLE) {
        scan_blanks(c);
        if (scan_is_end(c))
            return MORE;
        if (!scan_step(c))
            return DOUBT;
        if (scan_peek(c, 0) == ')') {
            c->at++;
            return WHOLE;
        }
        if (scan_peek(c, 0) == '\n')
            c->at++;
        else if (scan_peek(c, 0) == '#')
            scan_comment(c);
        else if (scan_is_meta(scan_peek(c, 0)) && !scan_looks_at(c, "<(") &&
                 !scan_looks_at(c, ">("))
            return DOUBT;
        else
            o = scan_word(c);
    }
    return o;
}

/* Behind ?( *( +( @( !( : extended patterns nest. Left open it is doubt: extglob may be off. */
static enum outcome skip_pattern(struct scan *c)
{
    enum outcome o = WHOLE;
    size_t open = 1;

    while (o == WHOLE && !scan_is_end(c)) {
        if (scan_peek(c, 0) == '(')
            open++;
        if (scan_peek(c, 0) == ')' && --open == 0) {
            c->at++;
            return WHOLE;
        }
        o = skip_piece(c);
    }
    return o == WHOLE ? DOUBT : o;
}

/* One word, from its first byte on. An opening parenthesis belongs to it
 * behind = and pattern signs. */
enum outcome scan_word(struct scan *c)
{
    enum outcome o = WHOLE;
    size_t start = c->at;

    while (o == WHOLE && !scan_is_end(c)) {
        char ch = scan_peek(c, 0), before = c->at > start ? c->s.p[c->at - 1] : '\0';
        if ((ch == '<' || ch == '>') && scan_peek(c, 1) == '(') {
            c->at += 2;
            o = c->depth < DEPTH_MAX ? WHOLE : DOUBT;
            c->depth++;
            if (o == WHOLE)
                o = scan_commands(c);
            c->depth--;
        } else if (ch == '(' && before == '=') {
            c->at++;
            c->depth++;
            o = c->depth < DEPTH_MAX ? skip_array(c) : DOUBT;
            c->depth--;
        } else if (ch == '(' && before != '\0' && strchr("?*+@!", before)) {
            c->at++;
            o = skip_pattern(c);
        } else if (scan_is_meta(ch)) {
            return WHOLE;
        } else {
            o = skip_piece(c);
        }
    }
    return o;
}

/* ---- here-documents ---- */

/* Does the body's line say what the delimiter says once its quotes are gone? */
static bool is_delimiter(struct str line, const struct heredoc *h)
{
    size_t at = 0;
    char quote = '\0';

    while (h->tabs && at < line.n && line.p[at] == '\t')
        at++;
    for (size_t i = 0; i < h->delimiter.n; i++) {
        char ch = h->delimiter.p[i];
        if (quote == '\0' && (ch == '\'' || ch == '"')) {
            quote = ch;
            continue;
        }
        if (quote != '\0' && ch == quote) {
            quote = '\0';
            continue;
        }
        if (ch == '\\' && quote != '\'' && i + 1 < h->delimiter.n)
            ch = h->delimiter.p[++i];
        if (at >= line.n || line.p[at] != ch)
            return false;
        at++;
    }
    return at == line.n;
}

static bool ends_in_continuation(struct str line)
{
    size_t n = 0;
    while (n < line.n && line.p[line.n - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

/* At the first byte of a line: the bodies of all that wait. */
static enum outcome skip_bodies(struct scan *c)
{
    for (size_t i = 0; i < c->heredoc_count; i++) {
        const struct heredoc *h = &c->heredocs[i];
        bool joined = false, found = false;
        while (!found && c->at < c->s.n) {
            size_t end = str_find(c->s, c->at, '\n');
            struct str line = str_slice(c->s, c->at, end);
            found = !joined && is_delimiter(line, h);
            joined = !h->quoted && ends_in_continuation(line);
            c->at = end < c->s.n ? end + 1 : end;
        }
        if (!found)
            return MORE;
    }
    c->heredoc_count = 0;
    return WHOLE;
}

enum outcome scan_newline(struct scan *c)
{
    c->at++;
    return c->heredoc_count > 0 ? skip_bodies(c) : WHOLE;
}

enum outcome scan_lines(struct scan *c)
{
    for (;;) {
        scan_blanks(c);
        if (scan_peek(c, 0) == '#')
            scan_comment(c);
        if (scan_is_end(c) || scan_peek(c, 0) != '\n')
            return WHOLE;
        if (!scan_step(c))
            return DOUBT;
        if (scan_newline(c) != WHOLE)
            return MORE;
    }
}

enum outcome scan_redirection(struct scan *c)
{
    bool heredoc = scan_looks_at(c, "<<") && !scan_looks_at(c, "<<<");
    struct heredoc h = {.tabs = scan_looks_at(c, "<<-")};
    size_t start;
    enum outcome o;

    c->at += heredoc ? 2 + h.tabs : scan_looks_at(c, "<<<") ? 3 : 1;
    while (!heredoc && (scan_peek(c, 0) == '>' || scan_peek(c, 0) == '&' || scan_peek(c, 0) == '|'))
        c->at++;
    scan_blanks(c);
    if (scan_is_end(c) ||
        (scan_is_meta(scan_peek(c, 0)) && !scan_looks_at(c, "<(") && !scan_looks_at(c, ">(")))
        return DOUBT;
    start = c->at;
    o = scan_word(c);
    if (o != WHOLE || !heredoc)
        return o;
    if (c->heredoc_count == HEREDOCS_MAX)
        return DOUBT;
    h.delimiter = str_slice(c->s, start, c->at);
    for (size_t i = 0; i < h.delimiter.n; i++)
        h.quoted = h.quoted || strchr("'\"\\", h.delimiter.p[i]) != NULL;
    c->heredocs[c->heredoc_count++] = h;
    return WHOLE;
}

enum outcome scan_redirections(struct scan *c)
{
    for (;;) {
        size_t digits = 0;
        enum outcome o;
        scan_blanks(c);
        while (scan_peek(c, digits) >= '0' && scan_peek(c, digits) <= '9')
            digits++;
        if (scan_looks_at(c, "&>"))
            digits = 1;
        if (scan_peek(c, digits) != '<' && scan_peek(c, digits) != '>')
            return WHOLE;
        c->at += digits;
        o = scan_redirection(c);
        if (o != WHOLE)
            return o;
    }
}
