/*
 * restore: what Cordon put on this person's disk taken back, object by object, as the list of what was before (core/store.h) says. For
 * uninstall all of it, then from everything below; for :reapply what no rule asks for any more; at a session's end the names that were
 * made to be held. A descriptor comes back whole only where it is as Cordon left it; else Cordon's own entries alone go. A name
 * that Cordon made goes if nobody put anything into it.
 */
#include "win32.h"
#include "core/store.h"
#include "core/walk.h"
#include "core/text.h"

#include <string.h>

/* What Cordon writes into files that hold a name (git.c); another content is somebody's. */
static const char *const contents[] = {"", ".\n", "../..\n"};

struct restoring {
    struct arena *a;
    struct path_env env;
    struct win_ledger ledger;
    struct store store;
    struct str group;
    struct texts *left;
    struct texts done; /* paths of which nothing is Cordon's any more */
    size_t restored;
    const struct disk_watch *watch; /* NULL: nobody is told, and nobody ends it */
    bool names_only; /* what is not as it was made is no news: the session ends, and another will hold it again */
};

static void leave(struct restoring *r, struct str path, const char *why)
{
    if (r->left)
        *(struct str *)ARENA_PUSH(r->a, r->left) = arena_format(r->a, "%s: %s", text_printable(r->a, path).p, why);
}

/* ---- names that were made ---- */

static bool is_ours(HANDLE h)
{
    LARGE_INTEGER size = {0};
    char bytes[64];
    DWORD n = 0;

    if (!GetFileSizeEx(h, &size) || size.QuadPart >= (LONGLONG)sizeof bytes || !ReadFile(h, bytes, sizeof bytes, &n, NULL))
        return false;
    for (size_t i = 0; i < COUNT_OF(contents); i++)
        if (n == strlen(contents[i]) && memcmp(bytes, contents[i], n) == 0)
            return true;
    return false;
}

static bool is_made(const struct entries *made, struct str path)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};

    for (size_t i = 0; i < made->n; i++)
        if (path_same(&env, made->v[i].path, path))
            return true;
    return false;
}

bool restore_is_as_made(struct arena *a, const struct entries *made, const struct entry *entry)
{
    struct wide_path wide;
    HANDLE h = wide_path(entry->path, &wide) ? win_open_itself(wide.v, FILE_READ_ATTRIBUTES | FILE_READ_DATA, OPEN_EXISTING) : NULL;
    uint64_t dev, ino;
    bool good = h && win_identity(h, &dev, &ino) && dev == entry->dev && ino == entry->ino && (entry->folder || is_ours(h));

    if (good && entry->folder) { /* a folder on the way holds what was made in it */
        struct win_list *l = arena_alloc(a, 1, sizeof *l);
        l->folder = h;
        while (good && win_list_next(l))
            good = is_made(made, path_join(a, PATH_WINDOWS, entry->path, utf8_from(a, l->name, l->n)));
        good = good && GetLastError() == ERROR_NO_MORE_FILES;
    }
    win_close(&h);
    return good;
}

/* True: it is gone, or somebody's now. A folder that is not empty refuses by itself. */
static bool remove_made(struct restoring *r, const struct entry *entry, HANDLE h, const struct descriptor *without)
{
    FILE_DISPOSITION_INFO gone = {TRUE};
    struct buf bytes = {0};
    struct err ignored = {0};

    if ((entry->folder || is_ours(h)) && SetFileInformationByHandle(h, FileDispositionInfo, &gone, sizeof gone)) {
        r->restored++;
        return true;
    }
    if (r->names_only)
        return false;
    if (descriptor_encode(without, &bytes))
        object_write(h, buf_view(&bytes), &ignored);
    buf_release(&bytes);
    leave(r, entry->path, "Cordon made it to hold the name, and it is not as it was made: it stays");
    return true;
}

/* ---- one object ---- */

static bool write_back(struct restoring *r, const struct entry *entry, const struct walk_object *o, HANDLE h, const struct descriptor *d)
{
    struct buf bytes = {0};
    struct err e = {0};
    bool good;

    if (o->reparse || (o->kind == FACT_FILE && o->links > 1)) {
        leave(r, entry->path, "it is a link now, or has other names: it is not written");
        return false;
    }
    good = descriptor_encode(d, &bytes) && object_write(h, buf_view(&bytes), &e);
    buf_release(&bytes);
    r->restored += good;
    if (!good)
        leave(r, entry->path, "its permissions do not come back as they are written");
    return good;
}

/* NULL with *gone: there is nothing. */
static HANDLE open_entry(struct restoring *r, const struct entry *entry, bool *gone)
{
    const bool made = entry->kind == ENTRY_MADE;
    const DWORD access = READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES | (made ? DELETE : 0) | (made && !entry->folder ? FILE_READ_DATA : 0);
    struct wide_path path;
    HANDLE h = wide_path(entry->path, &path) ? win_open_itself(path.v, access, OPEN_EXISTING) : NULL;
    DWORD code = h ? 0 : GetLastError();

    *gone = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND;
    if (!h && !*gone)
        leave(r, entry->path, "it cannot be opened");
    return h;
}

/* True: nothing of it is Cordon's any more, or ever was. */
static bool restore_one(struct restoring *r, const struct entry *entry)
{
    struct descriptor now, out = {0};
    struct walk_object o;
    struct err ignored = {0};
    bool gone, good = true;
    HANDLE h = open_entry(r, entry, &gone);

    if (h)
        good = object_look(r->a, h, &o) && descriptor_decode(r->a, o.descriptor, &now, &ignored);
    else
        good = gone;
    switch (!h ? BACK_IS_OTHER : good ? entries_back(r->a, entry, &now, o.dev, o.ino, &out) : BACK_UNSURE) {
    case BACK_IS_BEFORE:
    case BACK_IS_OTHER:
        break;
    case BACK_WRITE:
    case BACK_OURS:
        good = write_back(r, entry, &o, h, &out);
        break;
    case BACK_REMOVE:
        good = remove_made(r, entry, h, &out);
        break;
    case BACK_UNSURE:
        leave(r, entry->path, "what was before cannot be read: nothing is written");
        good = false;
        break;
    }
    win_close(&h);
    if (good)
        *(struct str *)ARENA_PUSH(r->a, &r->done) = arena_str(r->a, entry->path);
    return good;
}

static bool close_ledger(struct restoring *r, struct err *e)
{
    for (size_t i = 0; i < r->done.n; i++)
        entries_drop(r->ledger.entries, &r->env, r->done.v[i]);
    r->ledger.unsaved = r->ledger.unsaved || r->done.n > 0;
    return win_ledger_close(&r->ledger, e);
}

static bool begin(struct restoring *r, struct arena *a, struct str state_dir, struct texts *left, struct err *e)
{
    *r = (struct restoring){.a = a, .env = {.system = PATH_WINDOWS, .fold = sys_case()}, .left = left};
    return win_ledger_open(a, state_dir, &r->ledger, e);
}

/* ---- at a session's end ---- */

void restore_names(struct str state_dir)
{
    struct arena a = {0};
    struct restoring r;
    struct err ignored = {0};
    struct wide_path path;

    if (wide_path(path_join(&a, PATH_WINDOWS, state_dir, STR("entries.json")), &path) &&
        GetFileAttributesW(path.v) != INVALID_FILE_ATTRIBUTES && win_alone(&a) && begin(&r, &a, state_dir, NULL, &ignored)) {
        /* Asked again: whoever opens takes its session's lock before the ledger's, which is ours now. */
        bool alone = win_alone(&a);
        r.names_only = true;
        /* The newest first: a folder was made before what lies in it. */
        for (size_t i = alone && r.ledger.entries ? r.ledger.entries->n : 0; i-- > 0;)
            if (r.ledger.entries->v[i].kind == ENTRY_MADE)
                restore_one(&r, &r.ledger.entries->v[i]);
        close_ledger(&r, &ignored);
    }
    arena_release(&a);
}

/* ---- what was inherited of it ---- */

/* One walk below a top, which takes away what is about these SIDs, as no entry of the top hands it down any more. The list is held
 * meanwhile: who opened in between would lose what it had just written. */
static bool clear_below(struct restoring *r, struct str top, const struct texts *sids)
{
    struct plan plan = {0};
    struct applied applied = {.watch = r->watch};
    struct texts accepted = {0};
    struct err e = {0};
    bool good;

    for (size_t i = 0; i < sids->n; i++)
        *(struct op *)ARENA_PUSH(r->a, &plan) = (struct op){.kind = OP_ACE, .number = ACE_TAKE, .path = top, .text2 = top,
            .text = arena_format(r->a, "(A;OICI;0x1;;;%.*s)", (int)sids->v[i].n, sids->v[i].p)};
    *(struct str *)ARENA_PUSH(r->a, &applied.changed) = top;
    *(struct str *)ARENA_PUSH(r->a, &accepted) = STR(PART_NAMES);
    good = apply_carry(r->a, plan.v, plan.n, &accepted, &applied, &e);
    if (!good)
        leave(r, top, "not everything below it was walked");
    for (size_t i = 0; r->left && i < applied.missing.n; i++)
        *(struct str *)ARENA_PUSH(r->a, r->left) = applied.missing.v[i];
    return good;
}

static void clear_all(struct restoring *r)
{
    struct path_table done = {0};
    struct texts sids = {0};

    if (r->group.n)
        *(struct str *)ARENA_PUSH(r->a, &sids) = r->group;
    for (size_t i = 0; i < r->store.n; i++)
        *(struct str *)ARENA_PUSH(r->a, &sids) = r->store.v[i].sid;
    for (size_t i = 0; i < r->store.orphans.n; i++)
        *(struct str *)ARENA_PUSH(r->a, &sids) = r->store.orphans.v[i];
    for (size_t i = 0; i < r->ledger.entries->n; i++) {
        const struct entry *entry = &r->ledger.entries->v[i];
        struct str top = entry->root.n ? entry->root : entry->path;
        if (entry->kind == ENTRY_MADE || path_table_get(&done, top) != SIZE_MAX)
            continue;
        path_table_put(r->a, &done, top, i);
        clear_below(r, top, &sids);
    }
}

/* ---- all of it ---- */

static void read_sids(struct restoring *r, struct str state_dir)
{
    struct err ignored = {0};
    struct str bytes;

    if (!sys_read_file(r->a, path_join(r->a, PATH_WINDOWS, state_dir, STR("roots.json")), STORE_BYTES_MAX, true, &bytes, &ignored) ||
        !store_parse(r->a, bytes, &r->store, &ignored))
        r->store = (struct store){0};
    store_find_orphans(r->a, &r->store, r->ledger.entries, r->group);
}

bool restore_may(struct arena *a, struct err *e)
{
    if (win_alone(a))
        return true;
    err_set(e, ERR_REFUSED, "another terminal of Cordon's is open");
    return err_remedy(e, "close it first: what holds it would be taken from under it");
}

bool restore_entries(struct arena *a, const struct host *host, struct texts *left, size_t *restored, struct err *e)
{
    struct restoring r;

    *restored = 0;
    if (!restore_may(a, e) || !begin(&r, a, host->state_dir, left, e))
        return false;
    r.group = host->windows ? host->windows->group_sid : (struct str){0};
    if (r.ledger.entries) {
        read_sids(&r, host->state_dir);
        for (size_t i = r.ledger.entries->n; i-- > 0;)
            restore_one(&r, &r.ledger.entries->v[i]);
        clear_all(&r);
    }
    *restored = r.restored;
    return close_ledger(&r, e);
}

/* ---- what no rule asks for ---- */

/* The group's, where there is one: a folder of no root has no other entry of Cordon's. */
static struct str group_of(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == OP_ACCOUNT)
            return plan->v[i].source;
    return (struct str){0};
}

/* It stays in the list, and the next :reapply walks below it again. */
static void not_done(struct restoring *r, struct str path)
{
    for (size_t i = r->done.n; i-- > 0;)
        if (path_same(&r->env, r->done.v[i], path))
            r->done.v[i] = r->done.v[--r->done.n];
}

bool restore_unasked(struct arena *a, const struct plan *plan, const struct disk_watch *watch, struct texts *lines, struct err *e)
{
    struct restoring r;
    struct str folder = win_state_dir(a), group = group_of(plan);
    struct texts tops = {0}, sids = {&group, group.n > 0, 1};

    if (!folder.n || !win_alone(a))
        return true;
    if (!begin(&r, a, folder, lines, e))
        return false;
    r.watch = watch;
    read_sids(&r, folder);
    for (size_t i = r.ledger.entries->n; i-- > 0;) {
        const struct entry *entry = &r.ledger.entries->v[i];
        struct entry asked = *entry;
        if (!asked.root.n) /* an owner, a name of somebody's that is held: they may be of another workspace all the same */
            asked.root = store_root_of(&r.store, &r.env, entry->path);
        if (entry->kind != ENTRY_CHANGED || entries_is_asked(&asked, &r.env, plan))
            continue;
        if (restore_one(&r, entry) && !entry->root.n && entry->folder)
            *(struct str *)ARENA_PUSH(a, &tops) = arena_str(a, entry->path);
    }
    if (r.restored)
        *(struct str *)ARENA_PUSH(a, lines) = arena_format(a, "permissions that no rule asks for any more were taken back on %llu paths", (unsigned long long)r.restored);
    for (size_t i = 0; i < tops.n && sids.n; i++)
        if (!clear_below(&r, tops.v[i], &sids)) /* below roots the walk that follows sees to it */
            not_done(&r, tops.v[i]);
    return close_ledger(&r, e);
}
