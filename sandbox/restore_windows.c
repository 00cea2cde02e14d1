/*
 * restore: every entry that Cordon put on this person's disk taken back, for uninstall: object by object as the list of what was before
 * (core/store.h) says, then from everything below. A descriptor comes back whole only where it is as Cordon left it; else Cordon's own
 * entries alone go. A name that Cordon made goes if nobody put anything into it.
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
    struct entries *entries;
    struct store store;
    struct str group;
    struct texts *left;
    size_t *restored;
};

static void leave(struct restoring *r, struct str path, const char *why)
{
    *(struct str *)ARENA_PUSH(r->a, r->left) = arena_format(r->a, "%s: %s", text_printable(r->a, path).p, why);
}

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

/* A folder that is not empty refuses by itself. */
static bool remove_made(struct restoring *r, const struct entry *entry, HANDLE h, const struct descriptor *without)
{
    FILE_DISPOSITION_INFO gone = {TRUE};
    struct buf bytes = {0};
    struct err ignored = {0};

    if ((entry->folder || is_ours(h)) && SetFileInformationByHandle(h, FileDispositionInfo, &gone, sizeof gone))
        return true;
    if (descriptor_encode(without, &bytes))
        object_write(h, buf_view(&bytes), &ignored);
    buf_release(&bytes);
    leave(r, entry->path, "Cordon made it to hold the name, and it is not as it was made: it stays");
    return true; /* somebody's now */
}

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
    if (!good)
        leave(r, entry->path, "its permissions do not come back as they are written");
    return good;
}

/* True: nothing of it is Cordon's any more, or ever was. */
static bool restore_one(struct restoring *r, const struct entry *entry)
{
    const DWORD access = READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES;
    bool made = entry->kind == ENTRY_MADE;
    struct descriptor now, out = {0};
    struct walk_object o;
    struct wide_path path;
    struct err ignored = {0};
    HANDLE h = NULL;
    bool good = true, known;

    if (wide_path(entry->path, &path))
        h = win_open_itself(path.v, access | (made ? DELETE : 0) | (made && !entry->folder ? FILE_READ_DATA : 0), OPEN_EXISTING);
    if (!h) {
        DWORD code = GetLastError();
        if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
            return true;
        leave(r, entry->path, "it cannot be opened");
        return false;
    }
    known = object_look(r->a, h, &o) && descriptor_decode(r->a, o.descriptor, &now, &ignored);
    /* What was made is known by its descriptor: it had no number yet when it was entered. */
    switch (!known ? BACK_UNSURE : entries_back(r->a, entry, &now, made && !entry->ino ? 0 : o.dev, made && !entry->ino ? 0 : o.ino, &out)) {
    case BACK_IS_BEFORE:
    case BACK_IS_OTHER:
        break;
    case BACK_WRITE:
    case BACK_OURS:
        good = write_back(r, entry, &o, h, &out);
        *r->restored += good;
        break;
    case BACK_REMOVE:
        good = remove_made(r, entry, h, &out);
        *r->restored += good;
        break;
    case BACK_UNSURE:
        leave(r, entry->path, "what was before cannot be read: nothing is written");
        good = false;
        break;
    }
    win_close(&h);
    return good;
}

/* ---- what was inherited of it ---- */

static void add_op(struct restoring *r, struct plan *plan, struct op op)
{
    *(struct op *)ARENA_PUSH(r->a, plan) = op;
}

/* One walk below each top, which takes away what is about Cordon's SIDs, as no entry of the top hands it down any more. */
static void clear_below(struct restoring *r, struct str top)
{
    struct plan plan = {0};
    struct applied applied = {0};
    struct texts accepted = {0};
    struct err e = {0};

    add_op(r, &plan, (struct op){.kind = OP_ACCOUNT, .source = r->group});
    for (size_t i = 0; i < r->store.n; i++)
        add_op(r, &plan, (struct op){.kind = OP_ACE, .number = ACE_TAKE, .path = top, .text2 = top,
                             .text = arena_format(r->a, "(A;;0x1;;;%s)", r->store.v[i].sid.p)});
    for (size_t i = 0; i < r->store.orphans.n; i++)
        add_op(r, &plan, (struct op){.kind = OP_ACE, .number = ACE_TAKE, .path = top, .text2 = top,
                             .text = arena_format(r->a, "(A;;0x1;;;%s)", r->store.orphans.v[i].p)});
    /* The walk wants one that is no other's to begin with. */
    if (r->store.n)
        add_op(r, &plan, (struct op){.kind = OP_RESTRICT, .path = top, .text = r->store.v[0].sid});
    if (plan.n < 2)
        add_op(r, &plan, (struct op){.kind = OP_ACE, .number = ACE_TAKE, .path = top, .text2 = top, .text = STR("(A;;0x1;;;S-1-1-0)")});
    *(struct str *)ARENA_PUSH(r->a, &applied.changed) = top;
    *(struct str *)ARENA_PUSH(r->a, &accepted) = STR(PART_NAMES);
    if (!apply_carry(r->a, plan.v, plan.n, &accepted, &applied, &e))
        leave(r, top, "not everything below it was walked");
    for (size_t i = 0; i < applied.missing.n; i++)
        *(struct str *)ARENA_PUSH(r->a, r->left) = applied.missing.v[i];
}

static void clear_all(struct restoring *r)
{
    struct path_table done = {0};

    for (size_t i = 0; i < r->entries->n; i++) {
        const struct entry *entry = &r->entries->v[i];
        struct str top = entry->root.n ? entry->root : entry->path;
        if (entry->kind == ENTRY_MADE || path_table_get(&done, top) != SIZE_MAX)
            continue;
        path_table_put(r->a, &done, top, i);
        clear_below(r, top);
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
    store_find_orphans(r->a, &r->store, r->entries, r->group);
}

bool restore_entries(struct arena *a, const struct host *host, struct texts *left, size_t *restored, struct err *e)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};
    struct restoring r = {.a = a, .left = left, .restored = restored};
    struct win_ledger ledger;
    struct texts done = {0};

    *restored = 0;
    if (!win_alone(a)) {
        err_set(e, ERR_REFUSED, "another terminal of Cordon's is open");
        return err_remedy(e, "close it first: what holds it would be taken from under it");
    }
    if (!win_ledger_open(a, host->state_dir, &ledger, e))
        return false;
    r.entries = ledger.entries;
    r.group = host->windows ? host->windows->group_sid : (struct str){0};
    if (!r.entries)
        return win_ledger_close(&ledger, e);
    read_sids(&r, host->state_dir);
    /* The newest first: a folder's own entry was entered before what lies in it. */
    for (size_t i = r.entries->n; i-- > 0;)
        if (restore_one(&r, &r.entries->v[i]))
            *(struct str *)ARENA_PUSH(a, &done) = r.entries->v[i].path;
    clear_all(&r);
    for (size_t i = 0; i < done.n; i++) {
        entries_drop(r.entries, &env, done.v[i]);
        ledger.unsaved = true;
    }
    return win_ledger_close(&ledger, e);
}
