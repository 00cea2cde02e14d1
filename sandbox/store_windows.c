/*
 * store: the write SIDs of the person's roots, kept in a file of the person's own from session to session (core/store.h), and the
 * private temp of a session. Windows edge.
 *
 * The file is read, changed and replaced under a lock, so that terminals that open at the same time give one root one SID. Who only
 * looks at a plan is shown SIDs that nobody keeps.
 */
#include "win32.h"
#include "core/store.h"

#include <string.h>

#define LOCK_MS        5000
#define TEMP_NAMES_MAX 100000
#define TEMP_TRIES     20
#define TEMP_TRY_MS    100

/* ---- the private temp ---- */

/* Programs inside may have made a junction of it, as of every folder that they may empty, or left more in it than is listed: then
 * it goes itself, never what it leads to, and is made anew. */
static bool list_temp(struct arena *a, struct str folder, struct texts *names, struct err *e)
{
    struct err ignored = {0};

    if (!sys_make_folders(folder, 0700, e))
        return false;
    if (sys_list_folder(a, folder, TEMP_NAMES_MAX, names, &ignored) && names->n < TEMP_NAMES_MAX)
        return true;
    *names = (struct texts){0};
    return sys_remove_tree(folder, e) && sys_make_folders(folder, 0700, e) && sys_list_folder(a, folder, TEMP_NAMES_MAX, names, e);
}

/* What an earlier session left there could be obeyed by this one (settings of package managers), in another workspace. Somebody outside may
 * have something of it open for a moment, to look at it. */
static bool empty_temp(struct arena *a, struct str folder, const struct texts *names, struct err *e)
{
    for (size_t i = 0; i < names->n; i++) {
        bool gone = false;
        for (unsigned tries = 0; !gone && tries < TEMP_TRIES; tries++) {
            if (tries)
                Sleep(TEMP_TRY_MS);
            err_clear(e);
            gone = sys_remove_tree(path_join(a, PATH_WINDOWS, folder, names->v[i]), e);
        }
        if (!gone)
            return err_remedy(e, "It is of an earlier session's private temp. End the program that has it open, or remove it.");
    }
    return true;
}

/* Beside the state folder, which nobody inside may read. The folder itself stays for the next session of the same number, with its
 * write SID; what is in it goes. */
bool facts_session(struct arena *a, struct host *host, struct err *e)
{
    struct windows_host *w = arena_alloc(a, 1, sizeof *w);
    struct texts names = {0};
    struct str folder;

    *w = *host->windows;
    folder = path_join(a, PATH_WINDOWS, arena_format(a, "%s-temp", host->state_dir.p), path_name(PATH_WINDOWS, host->session_dir));
    if (!list_temp(a, folder, &names, e) || !empty_temp(a, folder, &names, e))
        return false;
    w->temp_dir = folder;
    host->windows = w;
    return true;
}

/* ---- write SIDs ---- */

static struct path_env plain(void)
{
    return (struct path_env){.system = PATH_WINDOWS, .fold = sys_case()};
}

static const struct fact *fact_of(const struct facts *facts, struct str path)
{
    const struct path_env env = plain();

    for (size_t i = 0; i < facts->n; i++)
        if (path_same(&env, facts->v[i].path, path))
            return &facts->v[i];
    return NULL;
}

static void roots_of(struct arena *a, const struct policy *policy, const struct windows_host *w, struct texts *out)
{
    if (w->temp_dir.n)
        *(struct str *)ARENA_PUSH(a, out) = w->temp_dir;
    if (policy->workspace.n)
        *(struct str *)ARENA_PUSH(a, out) = policy->workspace;
    for (size_t i = 0; i < policy->rules.n; i++) {
        const struct rule *r = &policy->rules.v[i];
        if (r->kind == RULE_WRITE && r->anchored && !r->revoked)
            *(struct str *)ARENA_PUSH(a, out) = r->path;
    }
}

static bool take_each(struct arena *a, struct store *s, const struct texts *roots, const struct facts *facts, struct err *e)
{
    const struct path_env env = plain();

    for (size_t i = 0; i < roots->n; i++) {
        const struct fact *f = fact_of(facts, roots->v[i]);
        unsigned char random[16];
        enum store_found found;
        if (!f || f->real_kind != FACT_FOLDER)
            continue; /* not there, or no folder: the plan says so */
        if (!win_random(random, sizeof random))
            return err_set(e, ERR_SYSTEM, "the system gave no random bytes");
        if (!store_take(a, s, &env, f->path, f->dev, f->ino, random, &found).n) {
            err_set(e, ERR_LIMIT, "no more writable folders can be remembered");
            return err_subject(e, f->path);
        }
        if (found == STORE_MOVED) /* what it was moved with may have lost entries where it was: it is walked once more */
            win_mark_put(f->path, f->path);
    }
    return true;
}

/* A file that is not there, or that cannot be understood, begins anew: what it had is found by the other file, or on the disk. */
static void read_store(struct arena *a, struct str file, struct store *s)
{
    struct err ignored = {0};
    struct str bytes;

    *s = (struct store){0};
    if (!sys_read_file(a, file, STORE_BYTES_MAX, true, &bytes, &ignored) || !store_parse(a, bytes, s, &ignored))
        *s = (struct store){0};
}

/* What Cordon wrote last tells of SIDs that no root has any more: of a list that was lost, of accounts that were made anew. */
static void find_orphans(struct arena *a, struct str state_dir, const struct windows_host *w, struct store *s)
{
    struct entries l = {0};
    struct err ignored = {0};
    struct str bytes;

    if (sys_read_file(a, path_join(a, PATH_WINDOWS, state_dir, STR("entries.json")), STORE_BYTES_MAX, true, &bytes, &ignored) &&
        entries_parse(a, bytes, &l, &ignored))
        store_find_orphans(a, s, &l, w->group_sid);
    store_forget_orphan(s, w->group_sid); /* it was taken for one in a time without setup */
}

void win_strangers(struct arena *a, struct str top, struct texts *out)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};
    struct str folder = win_state_dir(a);
    struct store s = {0};

    if (folder.n)
        read_store(a, path_join(a, PATH_WINDOWS, folder, STR("roots.json")), &s);
    store_strangers(a, &s, &env, top, out);
}

static bool keep(struct str file, const struct store *s, struct str before, struct err *e)
{
    struct buf text = {.ceiling = STORE_BYTES_MAX};
    bool good;

    store_print(&text, s);
    good = str_eq(buf_view(&text), before) || win_replace_file(file, buf_view(&text), e);
    buf_release(&text);
    return good;
}

static void all_of(struct arena *a, const struct store *s, struct windows_host *w)
{
    w->all_roots = arena_alloc(a, s->n + 1, sizeof *w->all_roots);
    w->all_root_count = s->n;
    for (size_t i = 0; i < s->n; i++)
        w->all_roots[i] = (struct write_sid){s->v[i].path, s->v[i].sid};
}

bool facts_roots(struct arena *a, const struct policy *policy, struct facts *facts, struct err *e)
{
    struct str folder = facts->host.state_dir, file = path_join(a, PATH_WINDOWS, folder, STR("roots.json")), before = {0};
    bool opens = facts->host.session_dir.n > 0, good;
    struct windows_host *w = arena_alloc(a, 1, sizeof *w);
    struct texts roots = {0}, asked = {0};
    struct err ignored = {0};
    struct store s;
    const struct path_env env = plain();
    HANDLE lock = NULL;

    *w = *facts->host.windows;
    roots_of(a, policy, w, &roots);
    for (size_t i = 0; i < roots.n; i++)
        if (!fact_of(facts, roots.v[i]))
            *(struct str *)ARENA_PUSH(a, &asked) = roots.v[i];
    facts_paths(a, &asked, facts);
    if (opens && !sys_make_folders(folder, 0700, e))
        return false;
    if (opens && !(lock = win_lock_file(path_join(a, PATH_WINDOWS, folder, STR("roots.lock")), LOCK_MS)))
        return win_fail(e, GetLastError(), folder, "cannot have the list of writable folders for ourselves");
    read_store(a, file, &s);
    sys_read_file(a, file, STORE_BYTES_MAX, true, &before, &ignored);
    good = take_each(a, &s, &roots, facts, e);
    find_orphans(a, folder, w, &s);
    good = good && (!opens || keep(file, &s, before, e));
    win_close(&lock);
    if (good)
        store_write_sids(a, &s, &env, &roots, &w->write_sids, &w->write_sid_count);
    all_of(a, &s, w);
    w->orphans = s.orphans;
    facts->host.windows = w;
    return good;
}
