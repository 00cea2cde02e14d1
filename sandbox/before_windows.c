/*
 * before: what the objects were like that Cordon changes, kept in a file of the person's own (core/store.h): entered before the
 * change, under a lock that all of a person's terminals share. Windows edge.
 */
#include "win32.h"
#include "core/store.h"

#include <string.h>

#define LOCK_MS 10000

static struct str file_of(struct arena *a, struct str state_dir)
{
    return path_join(a, PATH_WINDOWS, state_dir, STR("entries.json"));
}

static HANDLE lock(struct arena *a, struct str state_dir, struct err *e)
{
    struct str path = path_join(a, PATH_WINDOWS, state_dir, STR("entries.lock"));
    HANDLE h = sys_make_folders(state_dir, 0700, e) ? win_lock_file(path, LOCK_MS) : NULL;

    if (!h)
        win_fail_at(e, STAGE_FILE, GetLastError(), path, "another terminal holds the list of what Cordon changed");
    return h;
}

/* A file that is missing or cannot be read is an empty one (store.h): what it named is found again as orphans. */
static struct str read_file(struct arena *a, struct str path)
{
    struct err ignored = {0};
    struct str bytes = {0};

    return sys_read_file(a, path, STORE_BYTES_MAX, true, &bytes, &ignored) ? bytes : (struct str){0};
}

bool win_ledger_open(struct arena *a, struct str state_dir, struct win_ledger *out, struct err *e)
{
    struct str bytes;
    struct err ignored = {0};

    *out = (struct win_ledger){.arena = a, .state_dir = state_dir};
    if (!state_dir.n)
        return true; /* no session: nothing is kept, as tests have it */
    out->lock = lock(a, state_dir, e);
    if (!out->lock)
        return false;
    out->entries = arena_alloc(a, 1, sizeof *out->entries);
    bytes = read_file(a, file_of(a, state_dir));
    if (bytes.n && !entries_parse(a, bytes, out->entries, &ignored))
        *out->entries = (struct entries){0};
    return true;
}

void win_ledger_names(struct arena *a, struct str state_dir, struct entries *out)
{
    struct entries all = {0};
    struct err ignored = {0};
    struct str bytes = read_file(a, file_of(a, state_dir));

    *out = (struct entries){0};
    if (!bytes.n || !entries_parse(a, bytes, &all, &ignored))
        return;
    for (size_t i = 0; i < all.n; i++)
        if (all.v[i].kind == ENTRY_MADE)
            *(struct entry *)ARENA_PUSH(a, out) = all.v[i];
}

static bool save(struct win_ledger *l, struct err *e)
{
    struct buf out = {.ceiling = STORE_BYTES_MAX};
    bool good;

    entries_print(&out, l->entries);
    good = !out.overflowed || err_set(e, ERR_LIMIT, "the list of what Cordon changed is full");
    good = good && win_replace_file(file_of(l->arena, l->state_dir), buf_view(&out), e);
    buf_release(&out);
    return good;
}

bool win_ledger_before(struct win_ledger *l, const struct entry *entry, struct err *e)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};

    if (!l->lock)
        return true;
    if (!entries_before(l->arena, l->entries, &env, entry)) {
        err_set(e, ERR_LIMIT, "the list of what Cordon changed is full");
        return err_remedy(e, "cordon repair takes away what no rule asks for any more");
    }
    return save(l, e);
}

void win_ledger_made(struct win_ledger *l, struct str path, uint64_t dev, uint64_t ino, struct str after)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};

    if (l->lock) {
        entries_made(l->arena, l->entries, &env, path, dev, ino, after);
        l->unsaved = true;
    }
}

void win_ledger_after(struct win_ledger *l, struct str path, struct str after)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};

    if (l->lock) {
        entries_after(l->arena, l->entries, &env, path, after);
        l->unsaved = true;
    }
}

bool win_ledger_lacks(const struct win_ledger *l, struct str path, uint64_t dev, uint64_t ino)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};

    return l->lock && entries_lack_after(l->entries, &env, path, dev, ino);
}

bool win_ledger_close(struct win_ledger *l, struct err *e)
{
    bool good = !l->unsaved || save(l, e);

    win_close(&l->lock);
    return good;
}
