/*
 * gitconf: a reader of git's configuration syntax, and what git makes of each entry. See gitconf.h.
 */
#include "gitconf.h"
#include "text.h"

#include <string.h>

/* ---- reading ---- */

struct reader {
    struct arena *a;
    struct str text;
    size_t at;
    int line;
    struct gitconf *out;
    char *scratch; /* as long as the text: names and values are made here, then copied */
    struct str section, subsection;
};

#define END (-1)

/* The next byte; CR before LF is no byte at all. A NUL is never in a file that git wrote. */
static int peek(const struct reader *r)
{
    size_t at = r->at;

    if (at + 1 < r->text.n && r->text.p[at] == '\r' && r->text.p[at + 1] == '\n')
        at++;
    return at < r->text.n ? (unsigned char)r->text.p[at] : END;
}

static int take(struct reader *r)
{
    int c = peek(r);

    if (c == END)
        return END;
    r->at += c == '\n' && r->text.p[r->at] == '\r' ? 2 : 1;
    if (c == '\n')
        r->line++;
    return c;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(int c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

static char lower(int c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static void damaged(struct reader *r)
{
    if (!r->out->damaged)
        r->out->line = r->line;
    r->out->damaged = true;
}

static void skip_line(struct reader *r)
{
    while (peek(r) != END && peek(r) != '\n')
        take(r);
}

/* After [name and blanks: "subsection"]. */
static bool read_quoted(struct reader *r)
{
    size_t n = 0;
    int c;

    while (is_blank(peek(r)))
        take(r);
    if (peek(r) != '"')
        return false;
    take(r);
    for (;;) {
        c = peek(r);
        if (c == '"') {
            take(r);
            break;
        }
        if (c == '\\') {
            take(r);
            c = peek(r);
        }
        if (c == END || c == '\n' || c == 0)
            return false;
        r->scratch[n++] = (char)take(r);
    }
    r->subsection = arena_str(r->a, (struct str){r->scratch, n});
    if (peek(r) != ']')
        return false;
    take(r);
    return true;
}

/* The old form [section.sub] folds the subsection's case, as git does; [section.sub "more"] is both in a row. */
static void cut_at_dot(struct reader *r)
{
    size_t dot = str_find(r->section, 0, '.');
    struct str rest = str_slice(r->section, dot + 1, r->section.n);

    if (dot == r->section.n)
        return;
    r->subsection = r->subsection.p ? arena_format(r->a, "%s.%s", rest.p, r->subsection.p) : arena_str(r->a, rest);
    r->section = arena_str(r->a, str_slice(r->section, 0, dot));
}

static bool read_section(struct reader *r)
{
    size_t n = 0;
    int c;

    r->section = r->subsection = (struct str){0};
    while (is_word(c = peek(r)) || c == '.') {
        r->scratch[n++] = lower(c);
        take(r);
    }
    if (n == 0)
        return false;
    r->section = arena_str(r->a, (struct str){r->scratch, n});
    if (c == ']')
        take(r);
    else if (!is_blank(c) || !read_quoted(r))
        return false;
    cut_at_dot(r);
    return true;
}

/* What follows a backslash in a value; -1: git knows no such escape. 0 with *skip: the line goes on. */
static int escaped(int c, bool *skip)
{
    *skip = c == '\n';
    switch (c) {
    case 't': return '\t';
    case 'b': return '\b';
    case 'n': return '\n';
    case '\\':
    case '"': return c;
    default: return *skip ? 0 : -1;
    }
}

/* Up to the end of the line, or of the lines that it goes on over; the newline stays. */
static bool read_value(struct reader *r, struct str *out)
{
    bool quote = false, skip;
    size_t n = 0, kept = 0; /* kept: without the blanks at the end */
    int c;

    while ((c = peek(r)) != END && c != '\n') {
        take(r);
        if (c == 0)
            return false;
        if (is_blank(c) && !quote) {
            if (n > 0)
                r->scratch[n++] = (char)c;
            continue;
        }
        if ((c == '#' || c == ';') && !quote) {
            skip_line(r);
            break;
        }
        if (c == '"') {
            quote = !quote;
            kept = n;
            continue;
        }
        if (c == '\\') {
            if (peek(r) == END || (c = escaped(take(r), &skip)) < 0)
                return false;
            if (skip)
                continue;
        }
        r->scratch[n++] = (char)c;
        kept = n;
    }
    *out = arena_str(r->a, (struct str){r->scratch, kept});
    return !quote;
}

static bool read_entry(struct reader *r)
{
    struct gitconf_entry entry = {.line = r->line};
    size_t n = 0;

    while (is_word(peek(r)))
        r->scratch[n++] = lower(take(r));
    entry.key = arena_str(r->a, (struct str){r->scratch, n});
    while (is_blank(peek(r)))
        take(r);
    if (peek(r) == '=') {
        take(r);
        if (!read_value(r, &entry.value))
            return false;
    } else if (peek(r) != '\n' && peek(r) != END) {
        return false;
    }
    if (r->section.n == 0 || r->out->n >= GITCONF_ENTRIES_MAX)
        return false;
    entry.section = r->section;
    entry.subsection = r->subsection;
    *(struct gitconf_entry *)ARENA_PUSH(r->a, r->out) = entry;
    return true;
}

void gitconf_parse(struct arena *a, struct str text, struct gitconf *out)
{
    struct reader r = {.a = a, .text = text, .line = 1, .out = out};

    *out = (struct gitconf){0};
    if (r.text.n > GITCONF_BYTES_MAX) {
        damaged(&r);
        r.text.n = GITCONF_BYTES_MAX;
    }
    r.scratch = arena_alloc(a, r.text.n + 1, 1);
    if (str_starts(r.text, STR("\xef\xbb\xbf")))
        r.at = 3;
    while (peek(&r) != END) {
        int c = peek(&r);
        bool good = true;
        if (c == '\n' || is_blank(c)) {
            take(&r);
        } else if (c == '#' || c == ';') {
            skip_line(&r);
        } else if (c == '[') {
            take(&r);
            good = read_section(&r);
            r.section = good ? r.section : (struct str){0};
        } else if (is_letter(c)) {
            good = read_entry(&r);
        } else {
            good = false;
        }
        if (!good) {
            damaged(&r);
            skip_line(&r);
        }
    }
}

/* ---- what git makes of it ---- */

enum subsection { ANY, WITHOUT, WITH };

/* key "*" is every key of the section. */
struct known {
    const char *section;
    enum subsection subsection;
    const char *key;
    enum gitconf_obeys obeys;
};

static const struct known obeyed[] = {
    {"include", ANY, "path", GITCONF_INCLUDE},
    {"includeif", ANY, "path", GITCONF_INCLUDE},
    {"core", ANY, "hookspath", GITCONF_HOOKS},
    {"core", ANY, "attributesfile", GITCONF_FILE},
    {"core", ANY, "excludesfile", GITCONF_FILE},
    {"core", ANY, "worktree", GITCONF_FILE},
    {"core", ANY, "fsmonitor", GITCONF_RUNS},
    {"core", ANY, "editor", GITCONF_RUNS},
    {"core", ANY, "pager", GITCONF_RUNS},
    {"core", ANY, "askpass", GITCONF_RUNS},
    {"core", ANY, "sshcommand", GITCONF_RUNS},
    {"core", ANY, "gitproxy", GITCONF_RUNS},
    {"core", ANY, "alternaterefscommand", GITCONF_RUNS},
    {"alias", ANY, "*", GITCONF_RUNS},
    {"pager", ANY, "*", GITCONF_RUNS},
    {"filter", ANY, "clean", GITCONF_RUNS},
    {"filter", ANY, "smudge", GITCONF_RUNS},
    {"filter", ANY, "process", GITCONF_RUNS},
    {"diff", ANY, "external", GITCONF_RUNS},
    {"diff", ANY, "command", GITCONF_RUNS},
    {"diff", ANY, "textconv", GITCONF_RUNS},
    {"merge", ANY, "driver", GITCONF_RUNS},
    {"interactive", ANY, "difffilter", GITCONF_RUNS},
    {"credential", ANY, "helper", GITCONF_RUNS},
    {"gpg", ANY, "program", GITCONF_RUNS},
    {"gpg", ANY, "defaultkeycommand", GITCONF_RUNS},
    {"gpg", ANY, "allowedsignersfile", GITCONF_FILE},
    {"gpg", ANY, "revocationfile", GITCONF_FILE},
    {"sequence", ANY, "editor", GITCONF_RUNS},
    {"submodule", ANY, "update", GITCONF_RUNS},
    {"trailer", ANY, "command", GITCONF_RUNS},
    {"trailer", ANY, "cmd", GITCONF_RUNS},
    {"browser", ANY, "*", GITCONF_RUNS},
    {"man", ANY, "*", GITCONF_RUNS},
    {"difftool", ANY, "*", GITCONF_RUNS},
    {"mergetool", ANY, "*", GITCONF_RUNS},
    {"guitool", ANY, "*", GITCONF_RUNS},
    {"instaweb", ANY, "*", GITCONF_RUNS},
    {"web", ANY, "browser", GITCONF_RUNS},
    {"imap", ANY, "tunnel", GITCONF_RUNS},
    {"sendemail", ANY, "*", GITCONF_RUNS},
    {"tar", ANY, "command", GITCONF_RUNS},
    {"uploadpack", ANY, "packobjectshook", GITCONF_RUNS},
    {"receive", ANY, "procreceiverefs", GITCONF_RUNS},
    {"gc", ANY, "recentobjectshook", GITCONF_RUNS},
    {"lfs", WITH, "path", GITCONF_RUNS},
    {"lfs", WITH, "clean", GITCONF_RUNS},
    {"lfs", WITH, "smudge", GITCONF_RUNS},
    {"hook", ANY, "command", GITCONF_RUNS},
    {"init", ANY, "templatedir", GITCONF_HOOKS},
    {"commit", ANY, "template", GITCONF_FILE},
    {"mailmap", ANY, "file", GITCONF_FILE},
    {"blame", ANY, "ignorerevsfile", GITCONF_FILE},
    {"diff", ANY, "orderfile", GITCONF_FILE},
    {"format", ANY, "signaturefile", GITCONF_FILE},
    {"fsck", ANY, "skiplist", GITCONF_FILE},
    {"fetch", WITH, "skiplist", GITCONF_FILE},
    {"receive", WITH, "skiplist", GITCONF_FILE},
    {"http", ANY, "proxysslcert", GITCONF_FILE},
    {"http", ANY, "proxysslkey", GITCONF_FILE},
    {"http", ANY, "proxysslcainfo", GITCONF_FILE},
    {"http", ANY, "cookiefile", GITCONF_FILE},
    {"http", ANY, "sslcert", GITCONF_FILE},
    {"http", ANY, "sslkey", GITCONF_FILE},
    {"http", ANY, "sslcainfo", GITCONF_FILE},
    {"http", ANY, "sslcapath", GITCONF_FILE},
    {"remote", ANY, "uploadpack", GITCONF_RUNS},
    {"remote", ANY, "receivepack", GITCONF_RUNS},
    {"remote", ANY, "vcs", GITCONF_RUNS},
    {"remote", ANY, "proxy", GITCONF_REACHES},
    {"remote", ANY, "url", GITCONF_REACHES},
    {"remote", ANY, "pushurl", GITCONF_REACHES},
    {"branch", ANY, "remote", GITCONF_REACHES},
    {"branch", ANY, "pushremote", GITCONF_REACHES},
    {"submodule", ANY, "url", GITCONF_REACHES},
    {"fetch", ANY, "bundleuri", GITCONF_REACHES},
    {"bundle", ANY, "uri", GITCONF_REACHES},
    {"url", ANY, "*", GITCONF_REACHES},
    {"protocol", ANY, "*", GITCONF_REACHES},
    {"http", ANY, "proxy", GITCONF_REACHES},
    {"ssh", ANY, "variant", GITCONF_REACHES},
    {"safe", ANY, "*", GITCONF_REACHES},
};

static const struct known *find(const struct known *list, size_t count, const struct gitconf_entry *entry)
{
    for (size_t i = 0; i < count; i++) {
        const struct known *k = &list[i];
        bool fits = k->subsection == ANY || (k->subsection == WITH) == (entry->subsection.p != NULL);
        if (fits && str_is(entry->section, k->section) && (k->key[0] == '*' || str_is(entry->key, k->key)))
            return k;
    }
    return NULL;
}

enum gitconf_obeys gitconf_obeys(const struct gitconf_entry *entry)
{
    const struct known *k = find(obeyed, COUNT_OF(obeyed), entry);

    if (!k || (k->obeys != GITCONF_REACHES && entry->value.n == 0))
        return GITCONF_PLAIN;
    /* An alias runs git itself, and a submodule is updated as git knows how, unless they begin with '!'. */
    if ((str_is(entry->section, "alias") || str_is(entry->section, "submodule")) && entry->value.p[0] != '!' &&
        k->obeys == GITCONF_RUNS)
        return GITCONF_PLAIN;
    return k->obeys;
}

/* ---- what may come from anybody ---- */

enum shape {
    SHAPE_WORD,   /* letters, digits, and what stands in names of branches: never an option */
    SHAPE_TEXT,   /* anything that git only shows or stores */
    SHAPE_URL,
    SHAPE_REMOTE, /* the name of a remote, or an address */
    SHAPE_UPDATE, /* how a submodule is updated */
};

struct harmless {
    const char *section;
    enum subsection subsection;
    const char *key;
    enum shape shape;
};

static const struct harmless harmless[] = {
    {"core", WITHOUT, "repositoryformatversion", SHAPE_WORD},
    {"core", WITHOUT, "filemode", SHAPE_WORD},
    {"core", WITHOUT, "bare", SHAPE_WORD},
    {"core", WITHOUT, "logallrefupdates", SHAPE_WORD},
    {"core", WITHOUT, "ignorecase", SHAPE_WORD},
    {"core", WITHOUT, "precomposeunicode", SHAPE_WORD},
    {"core", WITHOUT, "symlinks", SHAPE_WORD},
    {"core", WITHOUT, "protectntfs", SHAPE_WORD},
    {"core", WITHOUT, "protecthfs", SHAPE_WORD},
    {"core", WITHOUT, "autocrlf", SHAPE_WORD},
    {"core", WITHOUT, "eol", SHAPE_WORD},
    {"core", WITHOUT, "safecrlf", SHAPE_WORD},
    {"core", WITHOUT, "quotepath", SHAPE_WORD},
    {"core", WITHOUT, "abbrev", SHAPE_WORD},
    {"core", WITHOUT, "compression", SHAPE_WORD},
    {"core", WITHOUT, "commitgraph", SHAPE_WORD},
    {"core", WITHOUT, "multipackindex", SHAPE_WORD},
    {"core", WITHOUT, "untrackedcache", SHAPE_WORD},
    {"core", WITHOUT, "sparsecheckout", SHAPE_WORD},
    {"core", WITHOUT, "sparsecheckoutcone", SHAPE_WORD},
    {"remote", WITH, "url", SHAPE_URL},
    {"remote", WITH, "pushurl", SHAPE_URL},
    {"remote", WITH, "fetch", SHAPE_WORD},
    {"remote", WITH, "push", SHAPE_WORD},
    {"remote", WITH, "tagopt", SHAPE_UPDATE},
    {"remote", WITH, "prune", SHAPE_WORD},
    {"remote", WITH, "mirror", SHAPE_WORD},
    {"remote", WITH, "promisor", SHAPE_WORD},
    {"remote", WITH, "partialclonefilter", SHAPE_WORD},
    {"branch", WITH, "remote", SHAPE_REMOTE},
    {"branch", WITH, "pushremote", SHAPE_REMOTE},
    {"branch", WITH, "merge", SHAPE_WORD},
    {"branch", WITH, "rebase", SHAPE_WORD},
    {"branch", WITH, "description", SHAPE_TEXT},
    {"branch", WITHOUT, "autosetuprebase", SHAPE_WORD},
    {"branch", WITHOUT, "autosetupmerge", SHAPE_WORD},
    {"user", WITHOUT, "name", SHAPE_TEXT},
    {"user", WITHOUT, "email", SHAPE_TEXT},
    {"user", WITHOUT, "useconfigonly", SHAPE_WORD},
    {"author", WITHOUT, "name", SHAPE_TEXT},
    {"author", WITHOUT, "email", SHAPE_TEXT},
    {"committer", WITHOUT, "name", SHAPE_TEXT},
    {"committer", WITHOUT, "email", SHAPE_TEXT},
    {"extensions", WITHOUT, "objectformat", SHAPE_WORD},
    {"extensions", WITHOUT, "compatobjectformat", SHAPE_WORD},
    {"extensions", WITHOUT, "refstorage", SHAPE_WORD},
    {"extensions", WITHOUT, "partialclone", SHAPE_WORD},
    {"extensions", WITHOUT, "preciousobjects", SHAPE_WORD},
    {"extensions", WITHOUT, "noop", SHAPE_WORD},
    {"extensions", WITHOUT, "worktreeconfig", SHAPE_WORD},
    {"submodule", ANY, "active", SHAPE_WORD},
    {"submodule", WITH, "url", SHAPE_URL},
    {"submodule", WITH, "branch", SHAPE_WORD},
    {"submodule", WITH, "ignore", SHAPE_WORD},
    {"submodule", WITH, "update", SHAPE_UPDATE},
    {"submodule", WITHOUT, "recurse", SHAPE_WORD},
    {"submodule", WITHOUT, "fetchjobs", SHAPE_WORD},
    {"init", WITHOUT, "defaultbranch", SHAPE_WORD},
    {"pull", WITHOUT, "rebase", SHAPE_WORD},
    {"pull", WITHOUT, "ff", SHAPE_WORD},
    {"push", WITHOUT, "default", SHAPE_WORD},
    {"push", WITHOUT, "autosetupremote", SHAPE_WORD},
    {"fetch", WITHOUT, "prune", SHAPE_WORD},
    {"merge", WITHOUT, "conflictstyle", SHAPE_WORD},
    {"merge", WITHOUT, "ff", SHAPE_WORD},
    {"rerere", WITHOUT, "enabled", SHAPE_WORD},
    {"rebase", WITHOUT, "autostash", SHAPE_WORD},
    {"rebase", WITHOUT, "autosquash", SHAPE_WORD},
    {"gc", WITHOUT, "auto", SHAPE_WORD},
    {"feature", WITHOUT, "manyfiles", SHAPE_WORD},
    {"index", WITHOUT, "version", SHAPE_WORD},
    {"lfs", WITHOUT, "repositoryformatversion", SHAPE_WORD},
};

static bool all_of(struct str s, const char *also)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_word((unsigned char)s.p[i]) && (s.p[i] == 0 || !strchr(also, s.p[i])))
            return false;
    return true;
}

static bool is_plain_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t' && s.p[i] != '\n')
            return false;
    return true;
}

/* Is it an address that git reaches by itself: a path, or http, https, ssh, git or file? No helper program, no option. */
static bool gitconf_url_is_plain(struct str url)
{
    static const char *const schemes[] = {"http://", "https://", "ssh://", "git://", "file://", "git+ssh://", "ssh+git://"};
    struct str rest = {0};

    if (url.n == 0 || url.p[0] == '-' || !is_plain_text(url) || str_find(url, 0, '\n') < url.n)
        return false;
    if (url.p[0] == '/')
        return true;
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (str_starts(url, str_from(schemes[i])))
            rest = str_slice(url, strlen(schemes[i]), url.n);
    if (rest.n > 0) {
        struct str host = str_slice(rest, 0, str_find(rest, 0, '/'));
        size_t at = str_find(host, 0, '@');
        host = at < host.n ? str_slice(host, at + 1, host.n) : host;
        return rest.p[0] != '-' && (host.n == 0 || host.p[0] != '-');
    }
    /* As ssh has it: person@host:path. A second colon after the first would be a helper's name: ext::sh. */
    size_t colon = str_find(url, 0, ':');
    struct str host = str_slice(url, 0, colon), path = str_slice(url, colon + 1, url.n);
    size_t at = str_find(host, 0, '@');
    return colon < url.n && all_of(host, "._@") && path.n > 0 && path.p[0] != ':' && path.p[0] != '-' &&
           !(at + 1 < host.n && host.p[at + 1] == '-') && !str_starts(path, STR("//"));
}

static bool fits(enum shape shape, struct str value)
{
    switch (shape) {
    case SHAPE_WORD:
        return value.p == NULL || value.n == 0 || (value.p[0] != '-' && all_of(value, "._/:*+^@=, ()#%~"));
    case SHAPE_TEXT:
        return is_plain_text(value);
    case SHAPE_URL:
        return gitconf_url_is_plain(value);
    case SHAPE_REMOTE:
        return value.n > 0 && value.p[0] != '-' && (all_of(value, "._") || gitconf_url_is_plain(value));
    case SHAPE_UPDATE:
        return str_is(value, "checkout") || str_is(value, "rebase") || str_is(value, "merge") ||
               str_is(value, "none") || str_is(value, "--tags") || str_is(value, "--no-tags");
    }
    return false;
}

bool gitconf_is_harmless(const struct gitconf_entry *entry)
{
    for (size_t i = 0; i < COUNT_OF(harmless); i++) {
        const struct harmless *h = &harmless[i];
        bool here = h->subsection == ANY || (h->subsection == WITH) == (entry->subsection.p != NULL);
        if (here && str_is(entry->section, h->section) && str_is(entry->key, h->key))
            return fits(h->shape, entry->value) &&
                   (entry->subsection.p == NULL || is_plain_text(entry->subsection));
    }
    return false;
}

const struct gitconf_entry *gitconf_harm(const struct gitconf *conf)
{
    for (size_t i = 0; i < conf->n; i++)
        if (!gitconf_is_harmless(&conf->v[i]))
            return &conf->v[i];
    return NULL;
}

struct str gitconf_name(struct arena *a, const struct gitconf_entry *entry)
{
    if (entry->subsection.p == NULL)
        return text_printable(a, arena_format(a, "%s.%s", entry->section.p, entry->key.p));
    return text_printable(
        a, arena_format(a, "%s.%s.%s", entry->section.p, entry->subsection.p, entry->key.p));
}
