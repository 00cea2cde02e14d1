/*
 * complete: the word before the cursor. See complete.h.
 *
 * One pass from the line's beginning to the cursor, with a small stack for what is open: quotes,
 * $( ) and ${ }. It only has to be right for what stands before the cursor; it judges nothing.
 */
#include "complete.h"

#include <string.h>

#define LEVELS_MAX 32

/* What is open. A list of commands has words; in quotes and braces the word of
 * the list below goes on. */
enum level_kind { LEVEL_COMMANDS, LEVEL_BACKTICK, LEVEL_DOUBLE, LEVEL_BRACE };

struct level {
    enum level_kind kind;
    size_t start; /* of the word, or of what is open */
    bool in_word;
    bool command;  /* the next word, or this one, is a command's name */
    bool target;   /* this word is the target of a redirection */
    size_t nested; /* plain parentheses within */
};

struct split {
    struct str s; /* up to the cursor */
    size_t at;
    struct level levels[LEVELS_MAX];
    size_t depth;
    enum complete_quote quote; /* a ' or $' that is open at the cursor */
    bool comment, too_deep;
};

static char look(const struct split *p, size_t ahead)
{
    return p->s.n - p->at > ahead ? p->s.p[p->at + ahead] : '\0';
}

static struct level *top(struct split *p)
{
    return &p->levels[p->depth];
}

static void push(struct split *p, enum level_kind kind, size_t bytes)
{
    p->at += bytes;
    if (p->depth + 1 == LEVELS_MAX) {
        p->too_deep = true;
        p->at = p->s.n;
        return;
    }
    p->levels[++p->depth] = (struct level){.kind = kind, .start = p->at, .command = true};
}

static bool is_commands(const struct level *level)
{
    return level->kind == LEVEL_COMMANDS || level->kind == LEVEL_BACKTICK;
}

/* Words behind which a command's name is due. */
static bool leads_command(struct str word)
{
    static const char *const words[] = {
        "if", "then", "else", "elif", "while", "until", "do", "!", "{", "time", "coproc"};
    size_t equals = str_find(word, 0, '=');

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i]))
            return true;
    /* NAME=value, NAME+=value, NAME[x]=value */
    for (size_t i = 0; i < equals; i++) {
        char c = word.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                (i > 0 && ((c >= '0' && c <= '9') || c == '[' || c == ']' || c == '+'))))
            return false;
    }
    return equals > 0 && equals < word.n;
}

static void begin_word(struct split *p)
{
    struct level *level = top(p);

    if (is_commands(level) && !level->in_word) {
        level->in_word = true;
        level->start = p->at;
    }
}

static void end_word(struct split *p)
{
    struct level *level = top(p);

    if (!level->in_word)
        return;
    if (level->target)
        level->target = false;
    else
        level->command = level->command && leads_command(str_slice(p->s, level->start, p->at));
    level->in_word = false;
}

/* At a byte that ends words in a list of commands. */
static void take_meta(struct split *p)
{
    struct level *level = top(p);
    char c = look(p, 0);

    end_word(p);
    if (c == '<' || c == '>') {
        if (look(p, 1) == '(') {
            begin_word(p);
            push(p, LEVEL_COMMANDS, 2);
            return;
        }
        level->target = true;
    } else if (c == '(') {
        level->nested++;
        level->command = true;
    } else if (c == ')' && level->nested == 0 && p->depth > 0) {
        p->depth--;
    } else if (c != ' ' && c != '\t') {
        if (c == ')' && level->nested > 0)
            level->nested--;
        level->command = !level->target || c != '&'; /* not the & of >& */
        level->target = level->target && c == '&';
    }
    p->at++;
}

/* Behind the opening quote: past the closing one, or to the cursor. */
static void take_quoted(struct split *p, enum complete_quote quote)
{
    while (p->at < p->s.n && look(p, 0) != '\'') {
        if (quote == QUOTE_ANSI && look(p, 0) == '\\')
            p->at++;
        p->at++;
    }
    if (p->at >= p->s.n) {
        p->at = p->s.n;
        p->quote = quote;
    } else {
        p->at++;
    }
}

static void take_dollar(struct split *p)
{
    bool quoted = top(p)->kind == LEVEL_DOUBLE;

    if (look(p, 1) == '(') {
        push(p, LEVEL_COMMANDS, 2);
    } else if (look(p, 1) == '{') {
        push(p, LEVEL_BRACE, 2);
    } else if (look(p, 1) == '\'' && !quoted) {
        p->at += 2;
        take_quoted(p, QUOTE_ANSI);
    } else {
        p->at++;
    }
}

static void take_byte(struct split *p)
{
    struct level *level = top(p);
    char c = look(p, 0);

    if (is_commands(level) && c != '\0' && strchr(" \t\n;&|<>()", c)) {
        take_meta(p);
        return;
    }
    if (is_commands(level) && c == '#' && !level->in_word) {
        p->at = str_find(p->s, p->at, '\n');
        p->comment = p->at == p->s.n;
        return;
    }
    if (c == '`' && level->kind == LEVEL_BACKTICK) {
        p->depth--;
        p->at++;
        return;
    }
    begin_word(p);
    if (c == '\\')
        p->at = p->s.n - p->at < 2 ? p->s.n : p->at + 2;
    else if (c == '$')
        take_dollar(p);
    else if (c == '`')
        push(p, LEVEL_BACKTICK, 1);
    else if (c == '"' && level->kind == LEVEL_DOUBLE)
        p->depth--, p->at++;
    else if (c == '"')
        push(p, LEVEL_DOUBLE, 1);
    else if (c == '}' && level->kind == LEVEL_BRACE)
        p->depth--, p->at++;
    else if (c == '\'' && level->kind != LEVEL_DOUBLE)
        p->at++, take_quoted(p, QUOTE_SINGLE);
    else
        p->at++;
}

/* ---- what the word means ---- */

/* Walks from..to without its quotes into the arena; tail and what is open there come out with it.
 */
struct meaning {
    struct buf text;
    size_t tail, tail_text; /* behind the last slash: in the line, in text */
    enum complete_quote inside, quote;
    bool expands;
};

static void read_meaning(struct str s, size_t from, struct meaning *m)
{
    m->tail = from;
    for (size_t at = from; at < s.n; at++) {
        char c = s.p[at], next = at + 1 < s.n ? s.p[at + 1] : '\0';
        bool plain = m->quote == QUOTE_NONE;
        if (c == '\'' && (plain || m->quote == QUOTE_SINGLE || m->quote == QUOTE_ANSI)) {
            m->quote = plain ? QUOTE_SINGLE : QUOTE_NONE;
            continue;
        }
        if (c == '"' && (plain || m->quote == QUOTE_DOUBLE)) {
            m->quote = plain ? QUOTE_DOUBLE : QUOTE_NONE;
            continue;
        }
        if (c == '$' && next == '\'' && plain) {
            m->quote = QUOTE_ANSI;
            at++;
            continue;
        }
        if (c == '\\' && m->quote != QUOTE_SINGLE && next != '\0' &&
            (m->quote != QUOTE_DOUBLE || strchr("$`\"\\\n", next))) {
            m->expands = m->expands || (m->quote == QUOTE_ANSI && !strchr("'\\", next));
            c = next;
            at++;
        } else if ((c == '$' || c == '`') && (plain || m->quote == QUOTE_DOUBLE)) {
            m->expands = true;
        } else if (plain && strchr("*?[", c)) {
            m->expands = true;
        }
        buf_add(&m->text, &c, 1);
        if (c == '/') {
            m->tail = at + 1;
            m->tail_text = m->text.n;
            m->inside = m->quote;
        }
    }
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A variable's name up to the cursor: where it begins, or SIZE_MAX. */
static size_t variable_start(struct split *p)
{
    size_t at = p->s.n;

    if (p->quote != QUOTE_NONE)
        return SIZE_MAX;
    while (at > 0 && is_name(p->s.p[at - 1]))
        at--;
    if (at > 0 && p->s.p[at - 1] == '$' && at - 1 >= top(p)->start) {
        size_t slashes = 0; /* \$ is no variable, \\$ is */
        while (slashes < at - 1 && p->s.p[at - 2 - slashes] == '\\')
            slashes++;
        return slashes % 2 == 0 ? at : SIZE_MAX;
    }
    return top(p)->kind == LEVEL_BRACE && at == top(p)->start ? at : SIZE_MAX;
}

void complete_split(struct arena *a, struct str line, size_t cursor, struct complete_word *out)
{
    struct split p = {.s = str_slice(line, 0, cursor)};
    struct meaning m = {0};
    const struct level *level;
    size_t variable, brace;

    p.levels[0].command = true;
    while (p.at < p.s.n)
        take_byte(&p);
    *out =
        (struct complete_word){.start = p.s.n, .tail = p.s.n, .folder = STR(""), .name = STR("")};
    if (p.comment || p.too_deep)
        return;
    variable = variable_start(&p);
    brace = p.depth;
    while (!is_commands(&p.levels[p.depth]))
        p.depth--;
    level = &p.levels[p.depth];
    if (variable != SIZE_MAX) {
        out->kind = COMPLETE_VARIABLE;
        out->start = out->tail = variable;
        out->name = arena_str(a, str_slice(p.s, variable, p.s.n));
        return;
    }
    if (p.levels[brace].kind == LEVEL_BRACE)
        return; /* behind the name in ${ } anything may stand */
    out->kind = level->command && !level->target ? COMPLETE_COMMAND : COMPLETE_FILE;
    if (!level->in_word)
        return;
    read_meaning(p.s, level->start, &m);
    out->start = level->start;
    out->tail = m.tail;
    out->folder = arena_str(a, str_slice(buf_view(&m.text), 0, m.tail_text));
    out->name = arena_str(a, str_slice(buf_view(&m.text), m.tail_text, m.text.n));
    out->expands = m.expands;
    out->tilde = line.p[level->start] == '~';
    out->inside = m.inside;
    out->quote = m.quote;
    buf_release(&m.text);
}

/* ---- writing a name ---- */

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '\x7f')
            return true;
    return false;
}

static void put_ansi(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '\x7f')
            buf_format(out, "\\%03o", (unsigned)(unsigned char)s.p[i]);
        else if (s.p[i] == '\'' || s.p[i] == '\\')
            buf_format(out, "\\%c", s.p[i]);
        else
            buf_add(out, &s.p[i], 1);
    }
}

/* In double quotes ! would be taken for history and cannot be escaped: the quote is left for it. */
static void put_double(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '!')
            buf_str(out, STR("\"\\!\""));
        else if (strchr("$`\"\\", s.p[i]))
            buf_format(out, "\\%c", s.p[i]);
        else
            buf_add(out, &s.p[i], 1);
    }
}

static void put_single(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            buf_str(out, STR("'\\''"));
        else
            buf_add(out, &s.p[i], 1);
    }
}

static void put_plain(struct buf *out, struct str s, bool first)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool leading = first && i == 0 && (c == '~' || c == '#');
        if (leading || strchr(" !\"$&'()*;<>?[\\]^`{|}", c))
            buf_str(out, STR("\\"));
        buf_add(out, &c, 1);
    }
}

static const struct str openers[] = {STR(""), STR("'"), STR("\""), STR("$'")};
static const struct str closers[] = {STR(""), STR("'"), STR("\""), STR("'")};

struct str complete_escape(
    struct arena *a, const struct complete_word *word, struct str candidate, bool whole)
{
    enum complete_quote style = word->inside != QUOTE_NONE ? word->inside : word->quote;
    struct buf out = {0};
    struct str result;

    if (word->kind == COMPLETE_VARIABLE || str_find(candidate, 0, '\0') != candidate.n)
        return arena_str(a, word->kind == COMPLETE_VARIABLE ? candidate : STR(""));
    if (has_control(candidate)) {
        /* A control character can be written in $'...' only. */
        buf_str(&out, closers[word->inside]);
        style = QUOTE_ANSI;
        buf_str(&out, openers[style]);
    } else if (word->inside == QUOTE_NONE) {
        buf_str(&out, openers[style]);
    }
    if (style == QUOTE_ANSI)
        put_ansi(&out, candidate);
    else if (style == QUOTE_DOUBLE)
        put_double(&out, candidate);
    else if (style == QUOTE_SINGLE)
        put_single(&out, candidate);
    else
        put_plain(&out, candidate, word->tail == word->start);
    if (whole && !(candidate.n > 0 && candidate.p[candidate.n - 1] == '/')) {
        buf_str(&out, closers[style]);
        buf_str(&out, STR(" "));
    }
    result = arena_str(a, buf_view(&out));
    buf_release(&out);
    return result;
}
