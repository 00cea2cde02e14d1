/*
 * shellwords: a command of a configuration taken apart. See shellwords.h.
 */
#include "shellwords.h"

#include <string.h>

#define WORDS_MAX 1000
#define DEPTH_MAX 4

struct scan {
    struct arena *a;
    struct str text, home, folder; /* folder: where all of it begins, which git calls the top of the working tree */
    size_t at;
    struct shellwords *out;
    struct str base;
    int depth;
    bool quiet;    /* what cannot be told here is no program */
    /* of the command that is being read */
    size_t words;  /* its words so far, assignments not counted */
    bool changes;  /* it is cd */
    struct str goes_to;
    bool goes_told, is_script; /* the next word is a command again: sh -c, eval */
    /* of the word */
    char *word;
    size_t n, cap;
    bool any, told, given;
};

static void put(struct scan *s, char c)
{
    if (s->n < s->cap)
        s->word[s->n++] = c;
    else
        s->out->whole = false;
    s->any = true;
}

static void put_text(struct scan *s, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        put(s, text.p[i]);
}

/* A value that is known, or not. */
static void put_known(struct scan *s, struct str value)
{
    s->any = true;
    if (value.n == 0)
        s->told = false;
    put_text(s, value);
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_one_of(struct str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, list[i]))
            return true;
    return false;
}

static void read_all(struct arena *a, struct str text, struct str home, struct str folder, struct str base, int depth,
    bool quiet, struct shellwords *out);

/* ---- what stands for something else ---- */

static struct str trimmed(struct str s)
{
    while (s.n > 0 && strchr(" \t\n", s.p[0]))
        s = str_slice(s, 1, s.n);
    while (s.n > 0 && strchr(" \t\n", s.p[s.n - 1]))
        s.n--;
    return s;
}

/* The output of a command. */
static void put_output(struct scan *s, struct str command)
{
    command = trimmed(command);
    if (str_is(command, "pwd")) {
        put_known(s, s->base);
    } else if (str_is(command, "git rev-parse --show-toplevel")) {
        put_known(s, s->folder);
    } else {
        s->told = false;
        s->any = true;
        read_all(s->a, command, s->home, s->folder, s->base, s->depth + 1, s->quiet, s->out);
    }
}

/* Up to the bracket that closes; quotes in between are passed over. */
static size_t closing(struct str text, size_t at, char open, char close)
{
    int depth = 1;

    for (; at < text.n; at++) {
        char c = text.p[at];
        if (c == '\\')
            at++;
        else if (c == '\'' && open == '(')
            at = str_find(text, at + 1, '\'');
        else if (c == open)
            depth++;
        else if (c == close && --depth == 0)
            return at;
    }
    return text.n;
}

static void put_variable(struct scan *s, struct str name)
{
    if (str_is(name, "HOME"))
        put_known(s, s->home);
    else if (str_is(name, "PWD"))
        put_known(s, s->base);
    else
        put_known(s, (struct str){0});
}

/* After the dollar. */
static void dollar(struct scan *s)
{
    char c = s->at < s->text.n ? s->text.p[s->at] : 0;
    size_t end = s->at;

    if (c == '(' || c == '{') {
        end = closing(s->text, s->at + 1, c, c == '(' ? ')' : '}');
        s->out->whole = s->out->whole && end < s->text.n;
        struct str inner = str_slice(s->text, s->at + 1, end);
        s->at = end < s->text.n ? end + 1 : end;
        if (c == '{')
            put_variable(s, inner);
        else
            put_output(s, inner);
    } else if (is_name(c) && !(c >= '0' && c <= '9')) {
        while (end < s->text.n && is_name(s->text.p[end]))
            end++;
        put_variable(s, str_slice(s->text, s->at, end));
        s->at = end;
    } else if (c && (strchr("@*#?!$-", c) || (c >= '0' && c <= '9'))) {
        s->at++;
        s->any = true;
        s->told = false;
        s->given = true;
    } else {
        put(s, '$');
    }
}

static void backtick(struct scan *s)
{
    size_t end = str_find(s->text, s->at, '`');

    s->out->whole = s->out->whole && end < s->text.n;
    put_output(s, str_slice(s->text, s->at, end));
    s->at = end < s->text.n ? end + 1 : end;
}

static void double_quoted(struct scan *s)
{
    s->any = true;
    while (s->at < s->text.n && s->text.p[s->at] != '"') {
        char c = s->text.p[s->at++];
        if (c == '\\' && s->at < s->text.n && strchr("$`\"\\\n", s->text.p[s->at]))
            put(s, s->text.p[s->at++]);
        else if (c == '$')
            dollar(s);
        else if (c == '`')
            backtick(s);
        else
            put(s, c);
    }
    s->out->whole = s->out->whole && s->at < s->text.n;
    s->at++;
}

static void single_quoted(struct scan *s)
{
    size_t end = str_find(s->text, s->at, '\'');

    s->any = true;
    s->out->whole = s->out->whole && end < s->text.n;
    put_text(s, str_slice(s->text, s->at, end));
    s->at = end < s->text.n ? end + 1 : end;
}

/* ---- words and commands ---- */

static struct str folder_after(struct scan *s)
{
    struct str to = s->goes_to;

    if (!s->goes_told || str_is(to, "-"))
        return (struct str){0};
    if (to.n == 0)
        return s->home;
    if (to.p[0] == '/')
        return to;
    return s->base.n ? arena_format(s->a, "%s/%s", s->base.p, to.p) : (struct str){0};
}

static void end_command(struct scan *s)
{
    if (s->changes)
        s->base = folder_after(s);
    s->words = 0;
    s->changes = s->is_script = false;
}

/* How much of the word is NAME=; 0: none of it. */
static size_t assigned(struct str word)
{
    size_t equals = str_find(word, 0, '=');

    for (size_t i = 0; i < equals; i++)
        if (!is_name(word.p[i]))
            return 0;
    return equals > 0 && equals < word.n ? equals + 1 : 0;
}

static void emit(struct scan *s, struct str text, bool program)
{
    if (s->out->n == WORDS_MAX) {
        s->out->whole = false;
        return;
    }
    *(struct shellword *)ARENA_PUSH(s->a, s->out) = (struct shellword){
        .text = text, .base = s->base, .program = program, .told = s->told, .given = s->given || s->quiet};
}

/* A word that may hold words again: what sh -c is given, a line of perl. */
static void read_inner(struct scan *s, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (strchr(" \t\n'\"();", text.p[i])) {
            read_all(s->a, text, s->home, s->folder, s->base, s->depth + 1, s->quiet || !s->is_script, s->out);
            return;
        }
}

static void end_word(struct scan *s)
{
    static const char *const before[] = {"if", "then", "else", "elif", "do", "while", "until", "{", "}", "!", "exec", "env",
        "command", "nohup", "time", "nice", "sudo"};
    static const char *const shells[] = {"-c", "eval", "-lc", "-ec"};
    struct str text;
    size_t value;

    if (!s->any)
        return;
    text = arena_str(s->a, (struct str){s->word, s->n});
    value = s->words == 0 ? assigned(text) : 0;
    if (value) {
        emit(s, arena_str(s->a, str_slice(text, value, text.n)), false);
    } else if (s->words > 0 || !s->told || !is_one_of(text, before, COUNT_OF(before))) {
        emit(s, text, s->words == 0 && !s->quiet);
        if (s->changes && !s->goes_told && !(text.n > 1 && text.p[0] == '-')) {
            s->goes_to = text;
            s->goes_told = s->told;
            s->changes = true;
        }
        if (s->words == 0 && (str_is(text, "cd") || str_is(text, "pushd"))) {
            s->changes = true;
            s->goes_to = (struct str){0};
            s->goes_told = false;
        }
        if (s->told)
            read_inner(s, text);
        s->is_script = is_one_of(text, shells, COUNT_OF(shells));
        s->words++;
    }
    s->n = 0;
    s->any = s->given = false;
    s->told = true;
}

static void unquoted(struct scan *s, char c)
{
    char next = s->at < s->text.n ? s->text.p[s->at] : 0;

    switch (c) {
    case '\'': single_quoted(s); break;
    case '"': double_quoted(s); break;
    case '`': backtick(s); break;
    case '$': dollar(s); break;
    case '\\':
        if (next && next != '\n')
            put(s, next);
        s->at += next != 0;
        break;
    case '~':
        if (s->any || (next && next != '/' && !strchr(" \t\n;&|()<>", next)))
            put(s, c);
        else
            put_known(s, s->home);
        break;
    case '*':
    case '?':
        s->told = false;
        s->any = true;
        break;
    default: put(s, c); break;
    }
}

static void read_all(struct arena *a, struct str text, struct str home, struct str folder, struct str base, int depth,
    bool quiet, struct shellwords *out)
{
    struct scan s = {.a = a, .text = text, .home = home, .folder = folder, .out = out, .base = base, .depth = depth,
        .quiet = quiet, .told = true};
    struct str outer[DEPTH_MAX];
    size_t open = 0;

    if (depth > DEPTH_MAX) {
        out->whole = false;
        return;
    }
    s.cap = text.n + 2 * (home.n + folder.n) + base.n + 4096;
    s.word = arena_alloc(a, s.cap, 1);
    while (s.at < text.n) {
        char c = text.p[s.at++];
        if (c == '#' && !s.any) {
            s.at = str_find(text, s.at, '\n');
        } else if (strchr(" \t<>", c)) {
            end_word(&s);
        } else if (strchr("\n;&|()", c)) {
            end_word(&s);
            end_command(&s);
            if (c == '(' && open < DEPTH_MAX)
                outer[open++] = s.base;
            else if (c == ')' && open > 0)
                s.base = outer[--open];
        } else {
            unquoted(&s, c);
        }
    }
    end_word(&s);
}

void shellwords_read(struct arena *a, struct str command, struct str home, struct str folder, struct shellwords *out)
{
    *out = (struct shellwords){.whole = true};
    command = trimmed(command);
    if (command.n > 0 && command.p[0] == '!')
        command = str_slice(command, 1, command.n);
    read_all(a, command, home, folder, folder, 0, false, out);
}

bool shellwords_reads_files(struct str program)
{
    static const char *const known[] = {"make", "gmake", "just", "task", "rake", "npm", "npx", "pnpm", "yarn", "bun", "bunx",
        "deno", "cargo", "go", "gradle", "mvn", "ant", "tox", "nox", "poetry", "uv", "pre-commit", "lefthook", "husky"};
    size_t name = program.n;

    while (name > 0 && program.p[name - 1] != '/')
        name--;
    return is_one_of(str_slice(program, name, program.n), known, COUNT_OF(known));
}
