/*
 * store: write SIDs and what was before, as text and back. See store.h.
 */
#include "store.h"
#include "json.h"
#include "text.h"

#include <string.h>

/* ---- reading ---- */

struct reading {
    struct arena *a;
    struct json_source source;
    struct err *e;
};

static bool fault(struct reading *r, const struct json_node *node, const char *reason)
{
    return json_fault(r->e, ERR_PROTOCOL, &r->source, node->at, "%s", reason);
}

static const struct json_node *member(const struct json_node *object, const char *key)
{
    for (const struct json_node *n = object->child; n; n = n->next)
        if (str_is(n->key, key))
            return n;
    return NULL;
}

static bool only_keys(struct reading *r, const struct json_node *object, const char *const *keys, size_t count)
{
    for (const struct json_node *n = object->child; n; n = n->next) {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = str_is(n->key, keys[i]);
        if (!known)
            return fault(r, n, "a key that this version does not have");
    }
    return true;
}

/* A text; most: its longest length. An absent one is none where that is allowed. */
static bool text_of(struct reading *r, const struct json_node *object, const char *key, bool needed, size_t most, struct str *out)
{
    const struct json_node *n = member(object, key);

    if (!n && !needed)
        return true;
    if (!n || n->kind != JSON_STRING)
        return fault(r, n ? n : object, "a text is missing");
    *out = json_text(r->a, n);
    return out->n <= most || fault(r, n, "it is too long");
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool number_of(struct reading *r, const struct json_node *object, const char *key, uint64_t *out)
{
    struct str text = {0};

    if (!text_of(r, object, key, true, 16, &text))
        return false;
    *out = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (digit(text.p[i]) < 0)
            return fault(r, object, "a number is written as 16 digits, 0 to f");
        *out = *out << 4 | (uint64_t)digit(text.p[i]);
    }
    return text.n == 16 || fault(r, object, "a number is written as 16 digits, 0 to f");
}

/* A name that is no valid text (a lone half of a pair) is kept as its bytes in hex. */
static bool path_of(struct reading *r, const struct json_node *object, const char *key, bool needed, struct str *out)
{
    static const struct path_env plain = {.system = PATH_WINDOWS};
    struct str text = {0}, again = {0};
    struct err ignored = {0};

    if (!text_of(r, object, key, needed, PATH_BYTES_MAX * 2, &text))
        return false;
    if (!text.p)
        return true;
    if (str_starts(text, STR("hex:"))) {
        char *bytes = arena_alloc(r->a, text.n / 2 + 1, 1);
        size_t n = 0;
        for (size_t i = 4; i + 1 < text.n; i += 2) {
            if (digit(text.p[i]) < 0 || digit(text.p[i + 1]) < 0)
                return fault(r, object, "a path in hex is digits, 0 to f");
            bytes[n++] = (char)(digit(text.p[i]) << 4 | digit(text.p[i + 1]));
        }
        text = (struct str){bytes, n};
    }
    if (!path_canonical(r->a, &plain, text, &again, &ignored) || !str_eq(text, again))
        return fault(r, object, "it is no path of Windows in its one form");
    *out = text;
    return true;
}

static bool sid_of(struct reading *r, const struct json_node *at, struct str text)
{
    struct sid sid;

    return (sid_parse(text, &sid) && str_eq(sid_text(r->a, &sid), text)) || fault(r, at, "it is no SID in its one form");
}

/* The document's top: version, and the list. */
static bool read_top(struct reading *r, struct str bytes, const char *const *keys, size_t count, const char *list,
    const struct json_node **top, const struct json_node **items)
{
    struct json_node *root;
    const struct json_node *version;

    r->source.bytes = bytes;
    if (bytes.n > STORE_BYTES_MAX)
        return err_set(r->e, ERR_LIMIT, "%s: the file is too large", r->source.what);
    if (!json_check(r->a, &r->source, &root, r->e))
        return false;
    if (root->kind != JSON_OBJECT || !only_keys(r, root, keys, count))
        return root->kind == JSON_OBJECT ? false : fault(r, root, "it is no object");
    version = member(root, "version");
    if (!version || version->kind != JSON_NUMBER || !str_is(version->raw, "1"))
        return fault(r, version ? version : root, "it is of a version that this Cordon does not read");
    *items = member(root, list);
    if (!*items || (*items)->kind != JSON_ARRAY)
        return fault(r, root, "the list is missing");
    *top = root;
    return true;
}

/* ---- writing ---- */

static void print_number(struct buf *out, const char *key, uint64_t number)
{
    buf_format(out, ",\"%s\":\"%016llx\"", key, (unsigned long long)number);
}

static void print_path(struct buf *out, const char *key, struct str path)
{
    buf_format(out, "\"%s\":", key);
    if (text_is_utf8(path) && !str_starts(path, STR("hex:"))) {
        text_json(out, path);
        return;
    }
    buf_format(out, "\"hex:");
    for (size_t i = 0; i < path.n; i++)
        buf_format(out, "%02x", (unsigned)(unsigned char)path.p[i]);
    buf_format(out, "\"");
}

static void print_text(struct buf *out, const char *key, struct str text)
{
    if (!text.p)
        return;
    buf_format(out, ",\"%s\":", key);
    text_json(out, text);
}

/* ---- write SIDs ---- */

static bool read_root(struct reading *r, const struct json_node *node, struct store *s)
{
    static const char *const keys[] = {"path", "volume", "file", "sid"};
    struct store_root root = {0};

    if (node->kind != JSON_OBJECT || !only_keys(r, node, keys, COUNT_OF(keys)))
        return node->kind == JSON_OBJECT ? false : fault(r, node, "it is no object");
    if (s->n == STORE_ROOTS_MAX)
        return fault(r, node, "there are too many roots");
    if (!path_of(r, node, "path", true, &root.path) || !number_of(r, node, "volume", &root.dev) ||
        !number_of(r, node, "file", &root.ino) || !text_of(r, node, "sid", true, SID_TEXT_MAX, &root.sid) || !sid_of(r, node, root.sid))
        return false;
    /* One SID for two roots would open each to the other's sessions. */
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->v[i].sid, root.sid) || str_eq(s->v[i].path, root.path))
            return fault(r, node, "a root or its SID is there twice");
    *(struct store_root *)ARENA_PUSH(r->a, s) = root;
    return true;
}

bool store_parse(struct arena *a, struct str bytes, struct store *out, struct err *e)
{
    static const char *const keys[] = {"version", "roots", "orphans"};
    struct reading r = {a, {.what = "cannot read the list of write SIDs"}, e};
    const struct json_node *top, *items, *orphans;
    struct store s = {0};

    if (!read_top(&r, bytes, keys, COUNT_OF(keys), "roots", &top, &items))
        return false;
    for (const struct json_node *n = items->child; n; n = n->next)
        if (!read_root(&r, n, &s))
            return false;
    orphans = member(top, "orphans");
    if (orphans && orphans->kind != JSON_ARRAY)
        return fault(&r, orphans, "it is no list");
    for (const struct json_node *n = orphans ? orphans->child : NULL; n; n = n->next) {
        struct str sid = n->kind == JSON_STRING ? json_text(a, n) : (struct str){0};
        if (s.orphans.n == STORE_ROOTS_MAX || !sid_of(&r, n, sid))
            return s.orphans.n == STORE_ROOTS_MAX ? fault(&r, n, "there are too many") : false;
        *(struct str *)ARENA_PUSH(a, &s.orphans) = sid;
    }
    *out = s;
    return true;
}

void store_print(struct buf *out, const struct store *s)
{
    buf_format(out, "{\"version\":%d,\"roots\":[", STORE_VERSION);
    for (size_t i = 0; i < s->n; i++) {
        buf_format(out, "%s\n{", i ? "," : "");
        print_path(out, "path", s->v[i].path);
        print_number(out, "volume", s->v[i].dev);
        print_number(out, "file", s->v[i].ino);
        print_text(out, "sid", s->v[i].sid);
        buf_format(out, "}");
    }
    buf_format(out, "\n],\"orphans\":[");
    for (size_t i = 0; i < s->orphans.n; i++) {
        buf_format(out, "%s", i ? "," : "");
        text_json(out, s->orphans.v[i]);
    }
    buf_format(out, "]}\n");
}

static void add_orphan(struct arena *a, struct store *s, struct str sid)
{
    for (size_t i = 0; i < s->orphans.n; i++)
        if (str_eq(s->orphans.v[i], sid))
            return;
    if (s->orphans.n < STORE_ROOTS_MAX)
        *(struct str *)ARENA_PUSH(a, &s->orphans) = sid;
}

static bool is_same_object(const struct store_root *r, uint64_t dev, uint64_t ino)
{
    return r->dev == dev && r->ino == ino;
}

struct str store_take(struct arena *a, struct store *s, const struct path_env *env, struct str path, uint64_t dev, uint64_t ino,
    const unsigned char random[16], enum store_found *found)
{
    struct store_root *named = NULL, *moved = NULL;
    struct sid sid = sid_from_random(random);

    for (size_t i = 0; i < s->n; i++) {
        if (path_same(env, s->v[i].path, path))
            named = &s->v[i];
        else if (is_same_object(&s->v[i], dev, ino))
            moved = &s->v[i];
    }
    if (named && is_same_object(named, dev, ino)) {
        *found = STORE_SAME;
        return named->sid;
    }
    if (named) {
        *found = STORE_REPLACED;
        add_orphan(a, s, named->sid);
        if (moved) { /* what was there is gone from its place; what came has a SID already */
            struct str kept = moved->sid;
            *moved = s->v[--s->n];
            for (size_t i = 0; i < s->n; i++)
                if (path_same(env, s->v[i].path, path))
                    s->v[i] = (struct store_root){arena_str(a, path), dev, ino, kept};
            return kept;
        }
        *named = (struct store_root){arena_str(a, path), dev, ino, sid_text(a, &sid)};
        return named->sid;
    }
    if (moved) {
        *found = STORE_MOVED;
        moved->path = arena_str(a, path);
        return moved->sid;
    }
    *found = STORE_NEW;
    if (s->n == STORE_ROOTS_MAX)
        return (struct str){0};
    named = ARENA_PUSH(a, s);
    *named = (struct store_root){arena_str(a, path), dev, ino, sid_text(a, &sid)};
    return named->sid;
}

void store_write_sids(struct arena *a, const struct store *s, const struct path_env *env, const struct texts *paths,
    struct write_sid **out, size_t *count)
{
    *out = arena_alloc(a, paths->n + 1, sizeof **out);
    *count = 0;
    for (size_t i = 0; i < paths->n; i++)
        for (size_t j = 0; j < s->n; j++)
            if (path_same(env, s->v[j].path, paths->v[i])) {
                (*out)[(*count)++] = (struct write_sid){paths->v[i], s->v[j].sid};
                break;
            }
}

struct str store_root_of(const struct store *s, const struct path_env *env, struct str path)
{
    struct str best = {0};

    for (size_t i = 0; i < s->n; i++)
        if (path_is_under(env, s->v[i].path, path) && s->v[i].path.n > best.n)
            best = s->v[i].path;
    return best;
}

void store_strangers(struct arena *a, const struct store *s, const struct path_env *env, struct str top, struct texts *out)
{
    for (size_t i = 0; i < s->n; i++)
        if (!path_is_under(env, s->v[i].path, top) && !path_is_under(env, top, s->v[i].path))
            *(struct str *)ARENA_PUSH(a, out) = s->v[i].sid;
    for (size_t i = 0; i < s->orphans.n; i++)
        *(struct str *)ARENA_PUSH(a, out) = s->orphans.v[i];
}

void store_forget_orphan(struct store *s, struct str sid)
{
    for (size_t i = 0; i < s->orphans.n; i++)
        if (str_eq(s->orphans.v[i], sid)) {
            s->orphans.v[i] = s->orphans.v[--s->orphans.n];
            return;
        }
}

/* ---- what was before: reading and writing ---- */

static bool read_entry(struct reading *r, const struct json_node *node, struct entries *l)
{
    static const char *const keys[] = {"path", "volume", "file", "kind", "folder", "root", "before", "after"};
    struct entry entry = {0};
    struct str kind = {0}, folder = {0};
    struct descriptor ignored;

    if (node->kind != JSON_OBJECT || !only_keys(r, node, keys, COUNT_OF(keys)))
        return node->kind == JSON_OBJECT ? false : fault(r, node, "it is no object");
    if (l->n == STORE_ENTRIES_MAX)
        return fault(r, node, "there are too many entries");
    if (!path_of(r, node, "path", true, &entry.path) || !number_of(r, node, "volume", &entry.dev) ||
        !number_of(r, node, "file", &entry.ino) || !text_of(r, node, "kind", true, 10, &kind) ||
        !text_of(r, node, "folder", true, 10, &folder) || !path_of(r, node, "root", false, &entry.root) ||
        !text_of(r, node, "before", false, SDDL_BYTES_MAX, &entry.before) || !text_of(r, node, "after", false, SDDL_BYTES_MAX, &entry.after))
        return false;
    if ((!str_is(kind, "changed") && !str_is(kind, "made")) || (!str_is(folder, "yes") && !str_is(folder, "no")))
        return fault(r, node, "a word that this version does not have");
    entry.kind = str_is(kind, "made") ? ENTRY_MADE : ENTRY_CHANGED;
    entry.folder = str_is(folder, "yes");
    if ((entry.before.p && !sddl_parse(r->a, entry.before, &ignored, &(struct err){0})) ||
        (entry.after.p && !sddl_parse(r->a, entry.after, &ignored, &(struct err){0})) || (entry.kind == ENTRY_CHANGED && !entry.before.p))
        return fault(r, node, "a descriptor cannot be read");
    *(struct entry *)ARENA_PUSH(r->a, l) = entry;
    return true;
}

bool entries_parse(struct arena *a, struct str bytes, struct entries *out, struct err *e)
{
    static const char *const keys[] = {"version", "entries"};
    struct reading r = {a, {.what = "cannot read what was before"}, e};
    const struct json_node *top, *items;
    struct entries l = {0};

    if (!read_top(&r, bytes, keys, COUNT_OF(keys), "entries", &top, &items))
        return false;
    for (const struct json_node *n = items->child; n; n = n->next)
        if (!read_entry(&r, n, &l))
            return false;
    *out = l;
    return true;
}

void entries_print(struct buf *out, const struct entries *l)
{
    buf_format(out, "{\"version\":%d,\"entries\":[", STORE_VERSION);
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *entry = &l->v[i];
        buf_format(out, "%s\n{", i ? "," : "");
        print_path(out, "path", entry->path);
        print_number(out, "volume", entry->dev);
        print_number(out, "file", entry->ino);
        buf_format(out, ",\"kind\":\"%s\",\"folder\":\"%s\"", entry->kind == ENTRY_MADE ? "made" : "changed", entry->folder ? "yes" : "no");
        if (entry->root.p) {
            buf_format(out, ",");
            print_path(out, "root", entry->root);
        }
        print_text(out, "before", entry->before);
        print_text(out, "after", entry->after);
        buf_format(out, "}");
    }
    buf_format(out, "\n]}\n");
}

/* ---- what was before: keeping it ---- */

static struct entry *find(const struct entries *l, const struct path_env *env, struct str path)
{
    for (size_t i = 0; i < l->n; i++)
        if (path_same(env, l->v[i].path, path))
            return &l->v[i];
    return NULL;
}

static struct str copy(struct arena *a, struct str s)
{
    return s.p ? arena_str(a, s) : s;
}

void entries_made(struct arena *a, struct entries *l, const struct path_env *env, struct str path, uint64_t dev, uint64_t ino, struct str after)
{
    struct entry *entry = find(l, env, path);

    if (!entry || entry->kind != ENTRY_MADE)
        return;
    entry->dev = dev;
    entry->ino = ino;
    entry->after = arena_str(a, after);
}

void entries_after(struct arena *a, struct entries *l, const struct path_env *env, struct str path, struct str after)
{
    struct entry *entry = find(l, env, path);

    if (entry)
        entry->after = arena_str(a, after);
}

bool entries_lack_after(const struct entries *l, const struct path_env *env, struct str path, uint64_t dev, uint64_t ino)
{
    const struct entry *entry = find(l, env, path);

    return entry && entry->kind == ENTRY_CHANGED && entry->dev == dev && entry->ino == ino && !entry->after.p;
}

void entries_drop(struct entries *l, const struct path_env *env, struct str path)
{
    struct entry *entry = find(l, env, path);

    if (entry)
        *entry = l->v[--l->n];
}

/* ---- the way back ---- */

static bool same_entries(const struct descriptor *x, const struct descriptor *y, bool inherited)
{
    size_t i = 0, j = 0;

    if (x->has_dacl != y->has_dacl || x->null_dacl != y->null_dacl || x->dacl_protected != y->dacl_protected)
        return false;
    if (x->has_owner && y->has_owner && !sid_same(&x->owner, &y->owner))
        return false;
    for (;; i++, j++) {
        while (!inherited && i < x->dacl.n && x->dacl.v[i].flags & ACE_INHERITED)
            i++;
        while (!inherited && j < y->dacl.n && y->dacl.v[j].flags & ACE_INHERITED)
            j++;
        if (i == x->dacl.n || j == y->dacl.n)
            return i == x->dacl.n && j == y->dacl.n;
        if (!ace_same(&x->dacl.v[i], &y->dacl.v[j]))
            return false;
    }
}

static bool has_explicit(const struct acl *acl, const struct ace *ace)
{
    for (size_t i = 0; i < acl->n; i++)
        if (!(acl->v[i].flags & ACE_INHERITED) && ace_same(&acl->v[i], ace))
            return true;
    return false;
}

/* What Cordon put there: what it wrote last has, and what was before has not. */
static void without_ours(struct arena *a, const struct descriptor *now, const struct descriptor *before, const struct descriptor *after,
    struct descriptor *out)
{
    struct acl left = {0};

    for (size_t i = 0; i < now->dacl.n; i++) {
        const struct ace *ace = &now->dacl.v[i];
        bool ours = !(ace->flags & ACE_INHERITED) && has_explicit(&after->dacl, ace) && !has_explicit(&before->dacl, ace);
        if (!ours)
            *(struct ace *)ARENA_PUSH(a, &left) = *ace;
    }
    *out = *now;
    out->dacl = left;
}

/* Somebody else changed it since Cordon wrote last: what is without Cordon's entries now is what comes back. */
static void rebase(struct arena *a, struct entry *entry, struct str text)
{
    struct descriptor now = {0}, before = {0}, after = {0}, left = {0};
    struct err ignored = {0};

    if (entry->kind != ENTRY_CHANGED || !entry->after.p || !text.p || !sddl_parse(a, text, &now, &ignored) ||
        !sddl_parse(a, entry->before, &before, &ignored) || !sddl_parse(a, entry->after, &after, &ignored) ||
        same_entries(&now, &after, false))
        return;
    without_ours(a, &now, &before, &after, &left);
    entry->before = sddl_text(a, &left);
    entry->after = arena_str(a, text);
}

bool entries_before(struct arena *a, struct entries *l, const struct path_env *env, const struct entry *entry)
{
    struct entry *old = find(l, env, entry->path);

    if (old && old->dev == entry->dev && old->ino == entry->ino) {
        rebase(a, old, entry->before);
        return true;
    }
    if (!old && l->n == STORE_ENTRIES_MAX)
        return false;
    if (!old) /* of another object of that name nothing can be restored any more */
        old = ARENA_PUSH(a, l);
    *old = *entry;
    old->path = arena_str(a, entry->path);
    old->root = copy(a, entry->root);
    old->before = copy(a, entry->before);
    old->after = copy(a, entry->after);
    return true;
}

/* An object's own entries as they were; what it inherits is as it is now, since those above may have changed it meanwhile. */
static void with_own_of(struct arena *a, const struct descriptor *before, const struct descriptor *now, struct descriptor *out)
{
    struct acl list = {0};

    for (size_t i = 0; i < before->dacl.n; i++)
        if (!(before->dacl.v[i].flags & ACE_INHERITED))
            *(struct ace *)ARENA_PUSH(a, &list) = before->dacl.v[i];
    for (size_t i = 0; i < now->dacl.n; i++)
        if (now->dacl.v[i].flags & ACE_INHERITED)
            *(struct ace *)ARENA_PUSH(a, &list) = now->dacl.v[i];
    *out = *now;
    out->dacl = list;
}

/* Entries that are inherited come from above, and are restored there: only an object's own are compared and written. */
enum entry_back entries_back(struct arena *a, const struct entry *entry, const struct descriptor *now, uint64_t dev, uint64_t ino,
    struct descriptor *out)
{
    struct descriptor before = {0}, after = {0};
    struct err ignored = {0};

    bool numbered = entry->dev || entry->ino;

    if (!now || (numbered && (dev != entry->dev || ino != entry->ino)))
        return BACK_IS_OTHER;
    if ((entry->before.p && !sddl_parse(a, entry->before, &before, &ignored)) ||
        (entry->after.p && !sddl_parse(a, entry->after, &after, &ignored)))
        return BACK_UNSURE;
    /* It ended before the number was known: it was made if it has what it was to be made with. */
    if (!numbered && (entry->kind != ENTRY_MADE || !entry->after.p || !same_entries(now, &after, false)))
        return BACK_IS_OTHER;
    if (entry->kind == ENTRY_MADE) {
        without_ours(a, now, &(struct descriptor){.has_dacl = true}, &after, out);
        return BACK_REMOVE;
    }
    if (same_entries(now, &before, false))
        return BACK_IS_BEFORE;
    if (!entry->after.p)
        return BACK_UNSURE;
    if (!same_entries(now, &after, false)) {
        without_ours(a, now, &before, &after, out);
        return out->dacl.n == now->dacl.n ? BACK_IS_BEFORE : BACK_OURS;
    }
    with_own_of(a, &before, now, out);
    return BACK_WRITE;
}

/* ---- orphans ---- */

/* S-1-5-21 and four numbers: what sid_from_random makes. Machines and domains make accounts of the same form. */
static bool is_like_write_sid(const struct sid *sid)
{
    return sid->authority == 5 && sid->count == 5 && sid->sub[0] == 21;
}

static bool has_sid(const struct store *s, struct str sid)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->v[i].sid, sid))
            return true;
    return false;
}

static bool is_cordons_mask(const struct ace *ace)
{
    if (ace->type == ACE_ALLOW)
        return ace->mask == ACLS_WRITE || (ace->mask == NT_DELETE && ace->flags & (ACE_INHERIT_ONLY | ACE_INHERITED));
    return ace->type == ACE_DENY && (ace->mask == ACLS_DENY || ace->mask == ACLS_HELD || ace->mask == ACLS_SECRET);
}

void store_find_orphans(struct arena *a, struct store *s, const struct entries *l, struct str group)
{
    for (size_t i = 0; i < l->n; i++) {
        struct descriptor before = {0}, after = {0};
        struct err ignored = {0};
        if (!l->v[i].after.p || !sddl_parse(a, l->v[i].after, &after, &ignored) ||
            (l->v[i].before.p && !sddl_parse(a, l->v[i].before, &before, &ignored)))
            continue;
        for (size_t j = 0; j < after.dacl.n; j++) {
            const struct ace *ace = &after.dacl.v[j];
            struct str sid = ace->opaque.p ? (struct str){0} : sid_text(a, &ace->sid);
            if (!ace->opaque.p && is_like_write_sid(&ace->sid) && is_cordons_mask(ace) && !has_explicit(&before.dacl, ace) &&
                !(ace->flags & ACE_INHERITED) && !has_sid(s, sid) && !str_eq(sid, group))
                add_orphan(a, s, sid);
        }
    }
}

bool store_is_like_ours(const struct ace *ace)
{
    return !ace->opaque.p && is_like_write_sid(&ace->sid) && is_cordons_mask(ace);
}

bool entries_is_asked(const struct entry *entry, const struct path_env *env, const struct plan *plan)
{
    bool root = entry->root.n == 0;

    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->v[i];
        bool puts = op->kind == OP_GUARD_NAME || op->kind == OP_OWNER || (op->kind == OP_ACE && op->number == ACE_PUT);
        if (puts && path_same(env, op->path, entry->path))
            return true;
        root = root || (op->kind == OP_RESTRICT && op->path.n > 0 && path_same(env, op->path, entry->root));
    }
    return !root; /* another workspace's */
}
