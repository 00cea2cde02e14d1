/*
 * unfinished: does a command shell need more lines after these? See editor.h.
 *
 * A small reader of bash's grammar that follows only what can stay open. It never runs or expands
 * anything. Three answers: whole, more, or doubt. Doubt is taken for whole: the line is run and
 * bash, which knows better, says what is wrong; asking for lines that nobody needs would be worse
 * than an error message.
 *
 * Depth and steps are bounded, so that no line can keep the editor busy.
 */
#include "unfinished_parts.h"

#include <string.h>

/* What may end a list of commands; several at once. */
enum {
    STOP_END = 1 << 0,
    STOP_PAREN = 1 << 1,
    STOP_CASE = 1 << 2, /* ;; ;& ;;& */
    STOP_THEN = 1 << 3,
    STOP_ELSE = 1 << 4,
    STOP_ELIF = 1 << 5,
    STOP_FI = 1 << 6,
    STOP_DO = 1 << 7,
    STOP_DONE = 1 << 8,
    STOP_ESAC = 1 << 9,
    STOP_BRACE = 1 << 10,
};

static enum outcome scan_list(struct scan *c, unsigned stop, unsigned *stopped, size_t *commands);
static enum outcome scan_compound(struct scan *c);

enum outcome scan_commands(struct scan *c)
{
    unsigned stopped;
    size_t commands;

    return scan_list(c, STOP_PAREN, &stopped, &commands);
}

/* The word at this place when it is plain and ends there, without moving. */
static struct str plain_word(const struct scan *c)
{
    size_t end = c->at;

    while (end < c->s.n && !scan_is_meta(c->s.p[end])) {
        if (strchr("\\'\"`$", c->s.p[end]) && c->s.p[end] != '\0')
            return (struct str){NULL, 0};
        end++;
    }
    if (str_eq(str_slice(c->s, end, end + 2), STR("<(")) ||
        str_eq(str_slice(c->s, end, end + 2), STR(">(")))
        return (struct str){NULL, 0};
    return str_slice(c->s, c->at, end);
}

static bool take_word(struct scan *c, const char *word)
{
    if (!str_is(plain_word(c), word))
        return false;
    c->at += strlen(word);
    return true;
}

static unsigned stop_of(struct str word)
{
    static const struct {
        const char *word;
        unsigned stop;
    } table[] = {{"then", STOP_THEN}, {"else", STOP_ELSE}, {"elif", STOP_ELIF}, {"fi", STOP_FI},
        {"do", STOP_DO}, {"done", STOP_DONE}, {"esac", STOP_ESAC}, {"}", STOP_BRACE}};

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_is(word, table[i].word))
            return table[i].stop;
    return 0;
}

/* A list that must hold a command and end with one of stop. */
static enum outcome scan_body(struct scan *c, unsigned stop, unsigned *stopped)
{
    size_t commands = 0;
    enum outcome o = scan_list(c, stop, stopped, &commands);

    return o == WHOLE && commands == 0 ? DOUBT : o;
}

static enum outcome scan_if(struct scan *c)
{
    unsigned stopped = STOP_ELIF;
    enum outcome o = WHOLE;

    while (o == WHOLE && stopped == STOP_ELIF) {
        o = scan_body(c, STOP_THEN, &stopped);
        if (o == WHOLE)
            o = scan_body(c, STOP_ELIF | STOP_ELSE | STOP_FI, &stopped);
    }
    if (o == WHOLE && stopped == STOP_ELSE)
        o = scan_body(c, STOP_FI, &stopped);
    return o;
}

static enum outcome scan_while(struct scan *c)
{
    unsigned stopped;
    enum outcome o = scan_body(c, STOP_DO, &stopped);

    return o == WHOLE ? scan_body(c, STOP_DONE, &stopped) : o;
}

/* Behind the head of for and select: do ... done or { ... }. */
static enum outcome scan_loop_body(struct scan *c)
{
    unsigned stopped;
    enum outcome o = scan_lines(c);

    if (o == WHOLE && scan_peek(c, 0) == ';') {
        c->at++;
        o = scan_lines(c);
    }
    if (o != WHOLE)
        return o;
    if (scan_is_end(c))
        return MORE;
    if (take_word(c, "do"))
        return scan_body(c, STOP_DONE, &stopped);
    if (take_word(c, "{"))
        return scan_body(c, STOP_BRACE, &stopped);
    return DOUBT;
}

/* Words up to ; or the end of the line. */
static enum outcome scan_words(struct scan *c)
{
    for (;;) {
        enum outcome o;
        scan_blanks(c);
        if (scan_is_end(c))
            return MORE;
        if (scan_peek(c, 0) == '#')
            scan_comment(c);
        if (scan_peek(c, 0) == ';' || scan_peek(c, 0) == '\n')
            return WHOLE;
        if (scan_is_meta(scan_peek(c, 0)) && !scan_looks_at(c, "<(") && !scan_looks_at(c, ">("))
            return DOUBT;
        o = scan_word(c);
        if (o != WHOLE)
            return o;
    }
}

/* Behind for or select. The name must stand on the same line. */
static enum outcome scan_for(struct scan *c)
{
    enum outcome o;
    bool plain;

    scan_blanks(c);
    if (scan_looks_at(c, "((")) {
        c->at += 2;
        o = scan_arithmetic(c, &plain);
        return o != WHOLE ? o : plain ? DOUBT : scan_loop_body(c);
    }
    if (scan_is_end(c) || scan_is_meta(scan_peek(c, 0)))
        return DOUBT;
    o = scan_word(c);
    if (o == WHOLE)
        o = scan_lines(c);
    if (o != WHOLE)
        return o;
    if (scan_is_end(c))
        return MORE;
    if (take_word(c, "in"))
        o = scan_words(c);
    return o == WHOLE ? scan_loop_body(c) : o;
}

/* The patterns of one clause, up to and with their parenthesis: all on one line. */
static enum outcome scan_patterns(struct scan *c)
{
    if (scan_peek(c, 0) == '(')
        c->at++;
    for (;;) {
        enum outcome o;
        scan_blanks(c);
        if (scan_is_end(c) || scan_is_meta(scan_peek(c, 0)))
            return DOUBT;
        o = scan_word(c);
        if (o != WHOLE)
            return o;
        scan_blanks(c);
        if (scan_peek(c, 0) != '|' && scan_peek(c, 0) != ')')
            return DOUBT;
        if (c->s.p[c->at++] == ')')
            return WHOLE;
    }
}

/* Behind case. */
static enum outcome scan_case(struct scan *c)
{
    unsigned stopped = STOP_CASE;
    size_t commands;
    enum outcome o;

    scan_blanks(c);
    if (scan_is_end(c) || scan_is_meta(scan_peek(c, 0)))
        return DOUBT;
    o = scan_word(c);
    if (o == WHOLE)
        o = scan_lines(c);
    if (o != WHOLE)
        return o;
    if (scan_is_end(c))
        return MORE;
    if (!take_word(c, "in"))
        return DOUBT;
    while (stopped == STOP_CASE) {
        o = scan_lines(c);
        if (o != WHOLE)
            return o;
        if (scan_is_end(c))
            return MORE;
        if (take_word(c, "esac"))
            return WHOLE;
        o = scan_patterns(c);
        if (o == WHOLE)
            o = scan_list(c, STOP_CASE | STOP_ESAC, &stopped, &commands);
        if (o != WHOLE)
            return o;
    }
    return WHOLE;
}

/* Behind [[: to the word ]]. */
static enum outcome scan_test(struct scan *c)
{
    for (;;) {
        enum outcome o;
        scan_blanks(c);
        if (scan_is_end(c))
            return MORE;
        if (take_word(c, "]]"))
            return WHOLE;
        if (scan_is_meta(scan_peek(c, 0))) {
            if (!scan_step(c))
                return DOUBT;
            c->at++;
            continue;
        }
        o = scan_word(c);
        if (o != WHOLE)
            return o;
    }
}

/* At a function's body. */
static enum outcome scan_function_body(struct scan *c)
{
    enum outcome o = scan_lines(c);

    if (o != WHOLE)
        return o;
    return scan_is_end(c) ? MORE : scan_compound(c);
}

/* Behind function. */
static enum outcome scan_function(struct scan *c)
{
    enum outcome o;

    scan_blanks(c);
    if (scan_is_end(c) || scan_is_meta(scan_peek(c, 0)))
        return DOUBT;
    o = scan_word(c);
    scan_blanks(c);
    if (o == WHOLE && scan_peek(c, 0) == '(') {
        c->at++;
        scan_blanks(c);
        if (scan_is_end(c) || scan_peek(c, 0) != ')')
            return DOUBT;
        c->at++;
    }
    return o == WHOLE ? scan_function_body(c) : o;
}

static bool begins_compound(const struct scan *c)
{
    static const char *const words[] = {
        "if", "while", "until", "for", "select", "case", "{", "[[", "function"};
    struct str word = plain_word(c);

    if (scan_peek(c, 0) == '(')
        return true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}

static enum outcome scan_compound_inside(struct scan *c)
{
    unsigned stopped;

    if (scan_looks_at(c, "(("))
        return scan_arithmetic_or_commands(c, 1);
    if (scan_peek(c, 0) == '(') {
        c->at++;
        return scan_body(c, STOP_PAREN, &stopped);
    }
    if (take_word(c, "{"))
        return scan_body(c, STOP_BRACE, &stopped);
    if (take_word(c, "if"))
        return scan_if(c);
    if (take_word(c, "while") || take_word(c, "until"))
        return scan_while(c);
    if (take_word(c, "for") || take_word(c, "select"))
        return scan_for(c);
    if (take_word(c, "case"))
        return scan_case(c);
    if (take_word(c, "[["))
        return scan_test(c);
    if (take_word(c, "function"))
        return scan_function(c);
    return DOUBT;
}

static enum outcome scan_compound(struct scan *c)
{
    enum outcome o;

    if (c->depth >= DEPTH_MAX)
        return DOUBT;
    c->depth++;
    o = scan_compound_inside(c);
    c->depth--;
    return o == WHOLE ? scan_redirections(c) : o;
}

/* Words and redirections; name ( ) at its front makes it a function. */
static enum outcome scan_simple(struct scan *c)
{
    for (size_t words = 0;; words++) {
        enum outcome o;
        scan_blanks(c);
        if (scan_is_end(c) || scan_peek(c, 0) == '#')
            return WHOLE;
        if (scan_looks_at(c, "&>")) {
            c->at++;
            o = scan_redirection(c);
        } else if ((scan_peek(c, 0) == '<' || scan_peek(c, 0) == '>') && scan_peek(c, 1) != '(') {
            o = scan_redirection(c);
        } else if (scan_peek(c, 0) == '(') {
            c->at++;
            scan_blanks(c);
            if (words != 1 || scan_peek(c, 0) != ')')
                return DOUBT;
            c->at++;
            return scan_function_body(c);
        } else if (scan_is_meta(scan_peek(c, 0)) && !scan_looks_at(c, "<(") &&
                   !scan_looks_at(c, ">(")) {
            return words > 0 ? WHOLE : DOUBT;
        } else {
            o = scan_word(c);
        }
        if (o != WHOLE)
            return o;
    }
}

/* Words that may stand before a command: ! and time, coproc. */
static void skip_prefixes(struct scan *c)
{
    while (take_word(c, "!") || take_word(c, "time") || take_word(c, "coproc"))
        scan_blanks(c);
}

/* Commands joined by | && || up to what ends them: ; & a line break are taken, the rest is left. */
static enum outcome scan_pipeline(struct scan *c)
{
    for (;;) {
        enum outcome o;
        size_t before = c->at;
        skip_prefixes(c);
        if (c->at > before &&
            (scan_is_end(c) || (scan_is_meta(scan_peek(c, 0)) && scan_peek(c, 0) != '(')))
            o = WHOLE; /* time, alone */
        else
            o = begins_compound(c) ? scan_compound(c) : scan_simple(c);
        if (o != WHOLE)
            return o;
        scan_blanks(c);
        if (scan_peek(c, 0) == '#')
            scan_comment(c);
        if (scan_looks_at(c, "&&") || scan_looks_at(c, "||") || scan_peek(c, 0) == '|') {
            c->at +=
                scan_looks_at(c, "&&") || scan_looks_at(c, "||") || scan_looks_at(c, "|&") ? 2 : 1;
            o = scan_lines(c);
            if (o != WHOLE)
                return o;
            if (scan_is_end(c))
                return MORE;
            continue;
        }
        if (scan_peek(c, 0) == '\n')
            return scan_newline(c);
        if (scan_peek(c, 0) == '&' ||
            (scan_peek(c, 0) == ';' && scan_peek(c, 1) != ';' && scan_peek(c, 1) != '&'))
            c->at++;
        else if (!scan_is_end(c) && scan_peek(c, 0) != ';' && scan_peek(c, 0) != ')')
            return DOUBT; /* a word behind a compound command */
        return WHOLE;
    }
}

static enum outcome scan_list(struct scan *c, unsigned stop, unsigned *stopped, size_t *commands)
{
    *commands = 0;
    for (;;) {
        unsigned word;
        enum outcome o = scan_lines(c);
        if (o != WHOLE)
            return o;
        if (scan_is_end(c)) {
            *stopped = STOP_END;
            return stop & STOP_END ? WHOLE : MORE;
        }
        if (!scan_step(c))
            return DOUBT;
        *stopped = scan_peek(c, 0) == ')' ? (unsigned)STOP_PAREN : 0;
        if (scan_looks_at(c, ";;") || scan_looks_at(c, ";&"))
            *stopped = STOP_CASE;
        word = stop_of(plain_word(c));
        if (*stopped != 0 || word != 0) {
            size_t length = *stopped == STOP_PAREN ? 1 : scan_looks_at(c, ";;&") ? 3 : 2;
            *stopped |= word;
            c->at += word ? plain_word(c).n : length;
            return stop & *stopped ? WHOLE : DOUBT;
        }
        o = scan_pipeline(c);
        if (o != WHOLE)
            return o;
        ++*commands;
    }
}

bool line_is_unfinished(struct str line)
{
    struct scan c = {.s = line, .steps = size_add(size_mul(line.n, 8), 10000)};
    unsigned stopped;
    size_t commands;
    enum outcome o;

    if (line.n == 0 || str_find(line, 0, '\0') != line.n)
        return false;
    o = scan_list(&c, STOP_END, &stopped, &commands);
    return o == MORE || (o == WHOLE && c.heredoc_count > 0);
}

/* ---- exit ---- */

bool line_is_exit(struct str line)
{
    size_t from = 0, to;
    struct str word;

    while (from < line.n && (line.p[from] == ' ' || line.p[from] == '\t'))
        from++;
    for (to = from; to < line.n && line.p[to] != ' ' && line.p[to] != '\t' && line.p[to] != ';' &&
                    line.p[to] != '\n' && line.p[to] != '&';)
        to++;
    word = str_slice(line, from, to);
    return str_is(word, "exit") || str_is(word, "logout");
}

/* Does `exit` stand anywhere as a word of its own? Then the shell's end, should it come, was asked for. */
bool line_may_exit(struct str line)
{
    static const char ends[] = " \t\n;&|(){}";

    for (size_t at = 0; at < line.n;) {
        size_t to = at;
        while (to < line.n && !strchr(ends, line.p[to]))
            to++;
        if (str_is(str_slice(line, at, to), "exit") || str_is(str_slice(line, at, to), "logout"))
            return true;
        at = to + 1;
    }
    return false;
}
