/*
 * candidates: see candidates.h. One reading for cmd, PowerShell and bash alike, coarse on purpose: words, quotes, redirections,
 * and a table of the commands that everybody uses. What is not known is taken to read the paths that it is given.
 */
#include "candidates.h"

#define WORD_MAX 1024

enum does {
    DOES_READ, /* and what is not in the table: what looks like a path */
    DOES_SHOW, /* reads whatever word it is given */
    DOES_WRITE,
    DOES_CREATE,
    DOES_DELETE,
    DOES_COPY,  /* reads all but the last, which it writes */
    DOES_MOVE,  /* takes all but the last away */
    DOES_MODE,
    DOES_TIME,
    DOES_NOTHING,
};

static const struct {
    const char *name;
    enum does does;
} commands[] = {
    {"type", DOES_SHOW}, {"more", DOES_SHOW}, {"cat", DOES_SHOW}, {"gc", DOES_SHOW}, {"get-content", DOES_SHOW}, {"less", DOES_SHOW},
    {"head", DOES_SHOW}, {"tail", DOES_SHOW}, {"del", DOES_DELETE}, {"erase", DOES_DELETE}, {"rm", DOES_DELETE}, {"ri", DOES_DELETE}, {"remove-item", DOES_DELETE},
    {"rd", DOES_DELETE}, {"rmdir", DOES_DELETE}, {"unlink", DOES_DELETE}, {"md", DOES_CREATE}, {"mkdir", DOES_CREATE},
    {"new-item", DOES_CREATE}, {"ni", DOES_CREATE}, {"touch", DOES_WRITE}, {"tee", DOES_WRITE}, {"set-content", DOES_WRITE},
    {"sc", DOES_WRITE}, {"add-content", DOES_WRITE}, {"ac", DOES_WRITE}, {"out-file", DOES_WRITE}, {"copy", DOES_COPY},
    {"cp", DOES_COPY}, {"cpi", DOES_COPY}, {"copy-item", DOES_COPY}, {"xcopy", DOES_COPY}, {"robocopy", DOES_COPY},
    {"move", DOES_MOVE}, {"mv", DOES_MOVE}, {"mi", DOES_MOVE}, {"move-item", DOES_MOVE}, {"ren", DOES_MOVE}, {"rename", DOES_MOVE},
    {"rename-item", DOES_MOVE}, {"rni", DOES_MOVE}, {"attrib", DOES_TIME}, {"icacls", DOES_MODE}, {"cacls", DOES_MODE},
    {"takeown", DOES_MODE}, {"chmod", DOES_MODE}, {"set-acl", DOES_MODE}, {"cd", DOES_NOTHING}, {"chdir", DOES_NOTHING},
    {"echo", DOES_NOTHING}, {"set", DOES_NOTHING}, {"exit", DOES_NOTHING}, {"write-host", DOES_NOTHING}, {"write-output", DOES_NOTHING},
};

struct reading {
    struct arena *a;
    struct candidates *out;
    enum does does;
    bool in_command;    /* its name has been read */
    bool redirected;    /* the next word is where output goes, */
    bool fed;           /* or where input comes from */
    size_t first;       /* the command's first candidate that is one of its words, for what the last one means */
    size_t words;
};

static enum operation operation_of(enum does does)
{
    switch (does) {
    case DOES_WRITE:
        return OPERATION_WRITE;
    case DOES_CREATE:
        return OPERATION_CREATE;
    case DOES_DELETE:
    case DOES_MOVE:
        return OPERATION_DELETE;
    case DOES_MODE:
        return OPERATION_MODE;
    case DOES_TIME:
        return OPERATION_TIME;
    default:
        return OPERATION_READ;
    }
}

static void add(struct reading *r, struct str word, enum operation operation)
{
    if (r->out->n < CANDIDATES_OF_LINE)
        r->out->v[r->out->n++] = (struct candidate){word, operation};
}

/* Copies and moves write to the last of their words. */
static void end_command(struct reading *r)
{
    if ((r->does == DOES_COPY || r->does == DOES_MOVE) && r->words > 1 && r->out->n > r->first)
        r->out->v[r->out->n - 1].operation = OPERATION_WRITE;
    r->in_command = false;
    r->does = DOES_READ;
    r->words = 0;
}

/* A command's name without its folder, its ending and its case. */
static struct str plain_name(struct arena *a, struct str word)
{
    size_t start = 0, end = word.n;
    char *name;

    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '\\' || word.p[i] == '/')
            start = i + 1;
    }
    name = arena_alloc(a, word.n + 1, 1);
    for (size_t i = start; i < end; i++)
        name[i - start] = word.p[i] >= 'A' && word.p[i] <= 'Z' ? (char)(word.p[i] - 'A' + 'a') : word.p[i];
    struct str out = {name, end - start};
    if (str_ends(out, STR(".exe")) || str_ends(out, STR(".cmd")))
        out.n -= 4;
    return out;
}

static enum does does_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (str_is(name, commands[i].name))
            return commands[i].does;
    }
    return DOES_READ;
}

/* -x, --long, and the switches of cmd: /s, /grant, /d:x. A path that begins with / goes on. */
static bool is_switch(struct str word)
{
    return word.p[0] == '-' || (word.p[0] == '/' && (str_find(word, 1, '/') == word.n || (word.n > 2 && word.p[2] == ':')));
}

/* Patterns and what a shell would put in: not a path by itself. */
static bool is_plain(struct str word)
{
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        if (c == '*' || c == '?' || c == '%' || c == '$' || c == '`' || c == '{' || c == '}' || c == '=' || (unsigned char)c < ' ')
            return false;
    }
    return true;
}

/* Of a program that is not known, only what looks like a path counts. */
static bool looks_like_path(struct str word)
{
    if (word.n > 2 && word.p[1] == ':')
        return true;
    return word.p[0] == '.' || str_find(word, 0, '\\') < word.n || str_find(word, 0, '/') < word.n;
}

static void take_word(struct reading *r, struct str word)
{
    bool output = r->redirected, input = r->fed;

    r->redirected = r->fed = false;
    if (word.n == 0 || word.n > WORD_MAX)
        return;
    if (output || input) {
        if (is_plain(word) && word.p[0] != '&')
            add(r, word, output ? OPERATION_WRITE : OPERATION_READ);
        return;
    }
    if (!r->in_command) {
        r->in_command = true;
        r->does = does_of(plain_name(r->a, word));
        r->first = r->out->n;
        if (looks_like_path(word) && is_plain(word))
            add(r, word, OPERATION_READ);
        r->first = r->out->n;
        return;
    }
    if (r->does == DOES_NOTHING || is_switch(word) || !is_plain(word) || (r->does == DOES_READ && !looks_like_path(word)))
        return;
    r->words++;
    add(r, word, r->does == DOES_COPY ? OPERATION_READ : operation_of(r->does));
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '|' || c == '&' || c == ';' || c == '(' || c == ')' || c == '<' || c == '>';
}

/* One word from at on, quotes taken off; where it ends. */
static size_t read_word(struct reading *r, struct str line, size_t at)
{
    char *word = arena_alloc(r->a, line.n - at + 1, 1), quote = 0;
    size_t n = 0;

    for (; at < line.n && (quote || !ends_word(line.p[at])); at++) {
        char c = line.p[at];
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else
            word[n++] = c;
    }
    /* 2> and 1>: the digit belongs to the arrow. */
    if (n == 1 && at < line.n && line.p[at] == '>' && word[0] >= '0' && word[0] <= '9')
        return at;
    take_word(r, (struct str){word, n});
    return at;
}

void candidates_of(struct arena *a, struct str line, struct candidates *out)
{
    struct reading r = {.a = a, .out = out};
    size_t at = 0;

    *out = (struct candidates){0};
    while (at < line.n && at < LINE_BYTES_MAX && out->n < CANDIDATES_OF_LINE) {
        char c = line.p[at];
        if (!ends_word(c)) {
            at = read_word(&r, line, at);
            continue;
        }
        if (c == '>')
            r.redirected = true;
        else if (c == '<')
            r.fed = true;
        else if (c == '&' && r.redirected)
            r.redirected = false; /* 2>&1: no file */
        else if (c != ' ' && c != '\t')
            end_command(&r);
        at++;
    }
    end_command(&r);
}
