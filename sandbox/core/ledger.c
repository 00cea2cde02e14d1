/*
 * ledger: the text of the ledger and of the passwords' file. A line is fields parted by tabs; a tab, a line feed and a backslash
 * in a field are written \t, \n and \\, "none" is written \-.
 */
#include "ledger.h"

#include <string.h>

static const char first_line[] = "cordon-ledger 1";
static const char sealed_line[] = "cordon-passwords 1";

/* ---- fields ---- */

static void put_field(struct buf *out, struct str s)
{
    buf_add(out, "\t", 1);
    if (!s.p) {
        buf_add(out, "\\-", 2);
        return;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\t')
            buf_add(out, "\\t", 2);
        else if (s.p[i] == '\n')
            buf_add(out, "\\n", 2);
        else if (s.p[i] == '\\')
            buf_add(out, "\\\\", 2);
        else
            buf_add(out, s.p + i, 1);
    }
}

static bool field_from(struct arena *a, struct str raw, struct str *out)
{
    char *to = arena_alloc(a, raw.n + 1, 1);
    size_t n = 0;

    *out = (struct str){0};
    if (str_is(raw, "\\-"))
        return true;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];
        if (c == '\0' || c == '\r')
            return false;
        if (c == '\\') {
            if (++i >= raw.n)
                return false;
            c = raw.p[i] == 't' ? '\t' : raw.p[i] == 'n' ? '\n' : raw.p[i] == '\\' ? '\\' : '\0';
            if (!c)
                return false;
        }
        to[n++] = c;
    }
    *out = (struct str){to, n};
    return true;
}

#define FIELDS_MAX 8

/* The fields of a line; 0 when it is malformed or has too many. */
static size_t fields_of(struct arena *a, struct str line, struct str out[FIELDS_MAX])
{
    size_t n = 0;

    for (size_t at = 0;; n++) {
        size_t end = str_find(line, at, '\t');
        if (n == FIELDS_MAX || !field_from(a, str_slice(line, at, end), &out[n]))
            return 0;
        if (end >= line.n)
            return n + 1;
        at = end + 1;
    }
}

static bool number_of(struct str s, uint64_t *out)
{
    uint64_t v = 0;

    if (!s.n || s.n > 18)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *out = v;
    return true;
}

/* The line at *at, without its line feed; false at the end, or where the last line is cut off. */
static bool line_take(struct str bytes, size_t *at, struct str *line)
{
    size_t end = str_find(bytes, *at, '\n');

    if (*at >= bytes.n || end >= bytes.n)
        return false;
    *line = str_slice(bytes, *at, end);
    *at = end + 1;
    return true;
}

/* ---- the ledger ---- */

static bool kind_from(struct str name, enum setup_kind *out)
{
    for (size_t k = 0; k < SETUP_KIND_COUNT; k++)
        if (str_is(name, setup_kind_name((enum setup_kind)k))) {
            *out = (enum setup_kind)k;
            return true;
        }
    return false;
}

static bool spoilt(struct err *e, const char *reason)
{
    err_set(e, ERR_PROTOCOL, "the ledger of setup cannot be read");
    err_reason(e, "%s", reason);
    return err_remedy(e, "cordon repair sets it aside and begins a new one; accounts that it named are then a stranger's: remove them by hand, "
                         "or name others");
}

static bool entry_from(struct arena *a, const struct str f[FIELDS_MAX], size_t n, struct ledger *l)
{
    struct ledger_entry entry = {0};

    if (n != 7 || !kind_from(f[0], &entry.kind) || !f[1].p || l->n >= LEDGER_ENTRIES)
        return false;
    if (!str_is(f[3], "new") && !str_is(f[3], "old"))
        return false;
    entry.subject = f[1];
    entry.text = f[2];
    entry.existed = str_is(f[3], "old");
    entry.before = f[4];
    entry.after = f[5];
    entry.identity = f[6];
    if (ledger_find(l, entry.kind, entry.subject, entry.text))
        return false;
    *(struct ledger_entry *)ARENA_PUSH(a, l) = entry;
    return true;
}

bool ledger_parse(struct arena *a, struct str bytes, struct ledger *out, struct err *e)
{
    struct ledger l = {0};
    struct str line, f[FIELDS_MAX];
    size_t at = 0;
    bool over = false;

    if (bytes.n > LEDGER_BYTES_MAX)
        return spoilt(e, "it is too long");
    if (!line_take(bytes, &at, &line) || !str_is(line, first_line))
        return spoilt(e, "it is of another version, or none");
    while (!over) {
        size_t n;
        uint64_t count;
        if (!line_take(bytes, &at, &line) || !(n = fields_of(a, line, f)))
            return spoilt(e, "it ends in the middle, or a line is malformed");
        if (str_is(f[0], "person") && n == 2 && !l.person.p && setup_person_good(f[1])) {
            l.person = f[1];
        } else if (str_is(f[0], "missing") && n == 2 && f[1].n && l.missing.n < 64) {
            *(struct str *)ARENA_PUSH(a, &l.missing) = f[1];
        } else if (str_is(f[0], "committed") && n == 2 && !l.committed && number_of(f[1], &l.time_ms)) {
            l.committed = true;
        } else if (str_is(f[0], "end") && n == 2 && number_of(f[1], &count) && count == l.n && at == bytes.n) {
            over = true;
        } else if (!entry_from(a, f, n, &l)) {
            return spoilt(e, "a line is malformed");
        }
    }
    if (!l.person.p)
        return spoilt(e, "it does not say whose it is");
    *out = l;
    return true;
}

void ledger_print(struct buf *out, const struct ledger *l)
{
    buf_format(out, "%s\nperson", first_line);
    put_field(out, l->person);
    buf_add(out, "\n", 1);
    for (size_t i = 0; i < l->n; i++) {
        const struct ledger_entry *x = &l->v[i];
        buf_str(out, str_from(setup_kind_name(x->kind)));
        put_field(out, x->subject);
        put_field(out, x->text);
        put_field(out, x->existed ? STR("old") : STR("new"));
        put_field(out, x->before);
        put_field(out, x->after);
        put_field(out, x->identity);
        buf_add(out, "\n", 1);
    }
    for (size_t i = 0; i < l->missing.n; i++) {
        buf_str(out, STR("missing"));
        put_field(out, l->missing.v[i]);
        buf_add(out, "\n", 1);
    }
    if (l->committed)
        buf_format(out, "committed\t%llu\n", (unsigned long long)l->time_ms);
    buf_format(out, "end\t%lu\n", (unsigned long)l->n);
}

static bool same_text(struct str x, struct str y)
{
    return x.n == y.n && (x.n == 0 || str_eq(x, y));
}

struct ledger_entry *ledger_find(const struct ledger *l, enum setup_kind kind, struct str subject, struct str text)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == kind && str_eq(l->v[i].subject, subject) && same_text(l->v[i].text, text))
            return &l->v[i];
    return NULL;
}

static struct str kept(struct arena *a, struct str s)
{
    return s.p ? arena_str(a, s) : s;
}

void ledger_put(struct arena *a, struct ledger *l, const struct ledger_entry *entry)
{
    struct ledger_entry *there = ledger_find(l, entry->kind, entry->subject, entry->text);

    if (!there) {
        there = ARENA_PUSH(a, l);
        there->kind = entry->kind;
        there->subject = kept(a, entry->subject);
        there->text = kept(a, entry->text);
        there->existed = entry->existed;
        there->before = kept(a, entry->before);
    }
    if (entry->after.p)
        there->after = kept(a, entry->after);
    if (entry->identity.p)
        there->identity = kept(a, entry->identity);
}

void ledger_drop(struct ledger *l, enum setup_kind kind, struct str subject, struct str text)
{
    struct ledger_entry *there = ledger_find(l, kind, subject, text);

    if (!there)
        return;
    for (size_t i = (size_t)(there - l->v); i + 1 < l->n; i++)
        l->v[i] = l->v[i + 1];
    l->n--;
}

bool ledger_owns(const struct ledger *l, enum setup_kind kind, struct str name, struct str sid, bool *nameless)
{
    const struct ledger_entry *entry = ledger_find(l, kind, name, (struct str){0});

    *nameless = entry && sid.n && !entry->after.n && !entry->existed;
    return *nameless || (entry && sid.n && entry->after.n && str_eq(entry->after, sid));
}

bool ledger_lacks(struct arena *a, struct ledger *l, const char *part)
{
    for (size_t i = 0; i < l->missing.n; i++)
        if (str_is(l->missing.v[i], part))
            return false;
    *(struct str *)ARENA_PUSH(a, &l->missing) = str_from(part);
    return true;
}

struct str ledger_sid(const struct ledger *l, enum setup_kind kind, struct str name)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == kind && str_eq(l->v[i].subject, name))
            return l->v[i].after;
    return (struct str){0};
}

bool ledger_account(const struct ledger *l, size_t which, struct str *name, struct str *sid)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == SETUP_ACCOUNT && which-- == 0) {
            *name = l->v[i].subject;
            *sid = l->v[i].after;
            return true;
        }
    return false;
}

enum ledger_back ledger_way_back(const struct ledger_entry *entry, struct str now)
{
    if (!now.p || same_text(entry->before, now))
        return BACK_NOTHING;
    return entry->after.p && same_text(entry->after, now) ? BACK_BEFORE : BACK_ENTRY;
}

struct str ledger_place(struct arena *a, struct str data_dir, struct str person, const char *name)
{
    return arena_format(a, "%.*s\\people\\%.*s\\%s", (int)data_dir.n, data_dir.p ? data_dir.p : "", (int)person.n,
        person.p ? person.p : "", name);
}

/* ---- the passwords' file ---- */

static const char digits[] = "0123456789abcdef";

static void put_hex(struct buf *out, struct str bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        buf_add(out, &digits[c >> 4], 1);
        buf_add(out, &digits[c & 15], 1);
    }
}

static bool hex_from(struct arena *a, struct str text, struct str *out)
{
    unsigned char *to = arena_alloc(a, text.n / 2 + 1, 1);

    if (!text.n || text.n % 2 || text.n / 2 > SEALED_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = memchr(digits, text.p[i], 16);
        if (!at)
            return false;
        to[i / 2] = (unsigned char)(to[i / 2] << 4 | (at - digits));
    }
    *out = (struct str){(const char *)to, text.n / 2};
    return true;
}

void sealed_print(struct buf *out, const struct sealed *s)
{
    buf_format(out, "%s\nfor\t%s\noffline\t", sealed_line, s->for_person ? "person" : "machine");
    put_hex(out, s->offline);
    buf_str(out, STR("\nonline\t"));
    put_hex(out, s->online);
    buf_str(out, STR("\nend\n"));
}

bool sealed_parse(struct arena *a, struct str bytes, struct sealed *out, struct err *e)
{
    static const char *const names[] = {"for", "offline", "online"};
    struct sealed s = {0};
    struct str line, value[3];
    size_t at = 0;
    bool good = bytes.n <= SEALED_FILE_MAX && line_take(bytes, &at, &line) && str_is(line, sealed_line);

    for (size_t i = 0; good && i < 3; i++) {
        size_t name = strlen(names[i]);
        good = line_take(bytes, &at, &line) && line.n > name + 1 && line.p[name] == '\t' && str_is(str_slice(line, 0, name), names[i]);
        value[i] = good ? str_slice(line, name + 1, line.n) : (struct str){0};
    }
    good = good && line_take(bytes, &at, &line) && str_is(line, "end") && at == bytes.n;
    good = good && (str_is(value[0], "person") || str_is(value[0], "machine"));
    if (!good || !hex_from(a, value[1], &s.offline) || !hex_from(a, value[2], &s.online)) {
        err_set(e, ERR_PROTOCOL, "the kept passwords cannot be read");
        err_reason(e, "the file is damaged");
        return err_remedy(e, "cordon repair makes new ones; nothing else depends on the old ones");
    }
    s.for_person = str_is(value[0], "person");
    *out = s;
    return true;
}
