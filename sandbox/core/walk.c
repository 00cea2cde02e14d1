/*
 * walk: one object after another, depth first, names in order. See walk.h. What becomes of one object is in carry.c.
 *
 * The handle of each folder on the way is kept open, and children are opened below it: what is renamed or replaced meanwhile
 * leads the walk nowhere else. Each level has an arena of its own, so that a walk over millions of files takes the room of a path.
 */
#include "walk.h"
#include "text.h"

#include <stdlib.h>

struct walk_frame {
    struct arena arena;
    struct str path;
    void *handle;
    struct descriptor d; /* as it is now */
    struct texts names;
    size_t next;
    bool resuming; /* names before that of order->resume were done */
};

/* ---- paths that have entries of their own ---- */

static struct str folded(struct arena *a, const struct path_env *env, struct str path)
{
    char *out = arena_alloc(a, size_mul(path.n, 4) + 1, 1);
    size_t n = 0;

    for (size_t at = 0; at < path.n;) {
        uint32_t scalar = 0;
        size_t length = text_decode(path, at, &scalar);
        if (length && env->fold.fold)
            scalar = env->fold.fold(env->fold.table, scalar);
        if (length && env->fold.fold)
            n += text_encode(scalar, out + n);
        else
            out[n++] = path.p[at];
        at += length && env->fold.fold ? length : 1;
    }
    return (struct str){out, n};
}

static bool is_kept(struct walk *w, struct arena *a, struct str path)
{
    return path_table_get(&w->kept, folded(a, w->order->env, path)) != SIZE_MAX;
}

/* ---- passing over ---- */

static void skip(struct walk *w, enum walk_why why, struct str path, bool denied)
{
    struct walk_skip *s;

    w->skipped++;
    w->skipped_denied += denied;
    /* Room is kept for those that matter. */
    if (w->skips.n >= (denied ? WALK_SKIPS_MAX : WALK_SKIPS_MAX / 2))
        return;
    s = ARENA_PUSH(&w->arena, &w->skips);
    *s = (struct walk_skip){why, arena_str(&w->arena, path), denied};
}

/* The rights that are to be refused to what lies in it; 0: none. */
static uint32_t denies_children(const struct walk *w, const struct descriptor *d)
{
    uint32_t mask = 0;

    for (size_t i = 0; i < d->dacl.n; i++)
        if (d->dacl.v[i].type == ACE_DENY && d->dacl.v[i].flags & (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT) &&
            acls_is_own(&w->order->own, &d->dacl.v[i]))
            mask |= d->dacl.v[i].mask;
    return mask;
}

static bool is_trusted(const struct walk *w, const struct sid *sid)
{
    for (size_t i = 0; i < w->order->trusted_count; i++)
        if (sid_same(sid, &w->order->trusted[i]))
            return true;
    return false;
}

/* Does this SID count in the first pass alone? Who is logged on, groups of the machine, services: no restricting list has them. */
static bool is_of_first_pass(const struct walk *w, const struct sid *sid)
{
    if (is_trusted(w, sid))
        return true;
    if (w->order->own.group.authority && sid_same(sid, &w->order->own.group))
        return true;
    return sid->authority == 5 && sid->count > 0 &&
           (sid->sub[0] == 4 || sid->sub[0] == 11 || (sid->sub[0] >= 18 && sid->sub[0] <= 20) || sid->sub[0] == 32 || sid->sub[0] == 80);
}

/* Entries that refuse would have come to it, and could not: does it matter? Not where nothing that commands have lets them write
 * there anyway, as with files that other programs link from elsewhere. Reading takes the first pass alone. */
static bool is_open(const struct walk *w, struct arena *a, const struct walk_object *o, uint32_t refused)
{
    const uint32_t reads = NT_FILE_READ_DATA | NT_FILE_READ_EA | NT_FILE_EXECUTE;
    struct err ignored = {0};
    struct descriptor d;
    bool told = false;

    if (!refused)
        return false;
    if (o->descriptor.n == 0 || !descriptor_decode(a, o->descriptor, &d, &ignored) || !d.has_dacl || !d.has_owner)
        return true;
    for (size_t i = 0; i < d.dacl.n; i++) {
        const struct ace *ace = &d.dacl.v[i];
        bool owner = !ace->opaque.p && ace->sid.authority == 3 && ace->sid.count == 1 && ace->sid.sub[0] == 4;
        if (ace->flags & ACE_INHERIT_ONLY)
            continue;
        told = told || owner;
        if (ace->opaque.p)
            return true;
        if (ace->type != ACE_ALLOW)
            continue;
        if (access_map(&access_file, ace->mask) & refused & ~reads && !is_of_first_pass(w, &ace->sid))
            return true;
        if (access_map(&access_file, ace->mask) & refused & reads && !is_trusted(w, &ace->sid))
            return true;
    }
    return !told && !is_of_first_pass(w, &d.owner); /* an owner changes permissions */
}

/* By what the handle itself says. The first reason why it is not to be written, if there is one. */
static bool is_ours(const struct walk *w, const struct walk_object *o, enum walk_why *why)
{
    if (o->reparse || o->kind == FACT_SYMLINK)
        *why = WALK_REPARSE;
    else if (o->kind != FACT_FOLDER && o->kind != FACT_FILE)
        *why = WALK_UNREADABLE;
    else if (o->dev != w->order->dev || o->real.n == 0 || !path_is_under(w->order->env, w->order->top, o->real))
        *why = WALK_LEFT;
    else if (o->kind == FACT_FILE && o->links != 1)
        *why = WALK_LINKS;
    else
        return true;
    return false;
}

/* ---- frames ---- */

static int by_bytes(const void *x, const void *y)
{
    return str_compare(*(const struct str *)x, *(const struct str *)y);
}

/* Names come from the disk: one that is a path is none. */
static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '\\' || name.p[i] == '/' || name.p[i] == 0)
            return false;
    return name.n > 0 && !str_is(name, ".") && !str_is(name, "..");
}

static void pop(struct walk *w)
{
    struct walk_frame *f = &w->frames[--w->depth];

    w->eye->close(w->eye->context, f->handle);
    arena_release(&f->arena);
}

/* Takes the handle over. */
static void push(struct walk *w, struct str path, void *handle, const struct descriptor *d, bool resuming)
{
    struct walk_frame *f;
    struct err e = {0};
    struct buf bytes = {0};

    if (w->depth == WALK_DEPTH_MAX) {
        skip(w, WALK_DEEP, path, denies_children(w, d) != 0);
        w->eye->close(w->eye->context, handle);
        return;
    }
    f = &w->frames[w->depth++];
    *f = (struct walk_frame){.handle = handle, .resuming = resuming};
    f->path = arena_str(&f->arena, path);
    /* A copy of its own: what d stands on is gone with the object. */
    descriptor_encode(d, &bytes);
    if (!descriptor_decode(&f->arena, arena_str(&f->arena, buf_view(&bytes)), &f->d, &e) ||
        !w->eye->list(w->eye->context, &f->arena, handle, WALK_NAMES_MAX, &f->names)) {
        skip(w, WALK_UNREADABLE, path, denies_children(w, d) != 0);
        pop(w);
    } else if (f->names.n > 1) {
        qsort(f->names.v, f->names.n, sizeof *f->names.v, by_bytes);
    }
    buf_release(&bytes);
}

static bool read_list(struct arena *a, const struct walk_object *o, struct descriptor *d)
{
    struct err ignored = {0};

    return o->descriptor.n > 0 && descriptor_decode(a, o->descriptor, d, &ignored);
}

void walk_begin(struct walk *w, const struct walk_order *order, const struct walk_eye *eye)
{
    struct walk_object top = {0};
    struct descriptor d;
    void *handle = NULL;
    enum walk_why why;

    *w = (struct walk){.order = order, .eye = eye, .state = WALK_MORE};
    w->frames = arena_alloc(&w->arena, WALK_DEPTH_MAX, sizeof *w->frames);
    for (size_t i = 0; order->kept && i < order->kept->n; i++)
        path_table_put(&w->arena, &w->kept, folded(&w->arena, order->env, order->kept->v[i]), i);
    if (!eye->open(eye->context, &w->arena, NULL, order->top, &top, &handle)) {
        w->state = WALK_NO_TOP;
        return;
    }
    if (!is_ours(w, &top, &why) || top.kind != FACT_FOLDER || !path_same(order->env, top.real, order->top) || !read_list(&w->arena, &top, &d)) {
        eye->close(eye->context, handle);
        w->state = WALK_NO_TOP;
        return;
    }
    push(w, order->top, handle, &d, order->resume.n > 0 && path_is_under(order->env, order->top, order->resume));
}

void walk_end(struct walk *w)
{
    while (w->depth > 0)
        pop(w);
    arena_release(&w->arena);
}

/* ---- objects ---- */

static bool write_list(struct walk *w, void *handle, const struct descriptor *d)
{
    struct buf bytes = {0};
    bool good = descriptor_encode(d, &bytes) && w->eye->write(w->eye->context, handle, buf_view(&bytes));

    buf_release(&bytes);
    return good;
}

/* True: it is a folder whose handle was handed on. */
static bool object(struct walk *w, struct arena *a, const struct walk_frame *f, struct str path, const struct walk_object *o, void *handle)
{
    struct descriptor d;
    enum walk_why why = WALK_UNREADABLE;
    bool folder = o->kind == FACT_FOLDER, denies = false;
    enum acls_edit edit;
    bool resuming = f->resuming && path_is_under(w->order->env, path, w->order->resume);

    if (!is_ours(w, o, &why) || !read_list(a, o, &d)) {
        skip(w, why, path, is_open(w, a, o, denies_children(w, &f->d)));
        return false;
    }
    edit = walk_carry(a, w->order, &f->d, folder, is_kept(w, a, path), &d, &denies, &why);
    if (edit == EDIT_REFUSED || (edit == EDIT_CHANGED && !write_list(w, handle, &d))) {
        skip(w, edit == EDIT_REFUSED ? why : WALK_WRITE, path, denies);
        if (!folder || !read_list(a, o, &d))
            return false;
    } else {
        w->changed += edit == EDIT_CHANGED;
        if (d.dacl_protected)
            skip(w, WALK_OWN_LIST, path, false);
    }
    if (folder)
        push(w, path, handle, &d, resuming);
    return folder;
}

static bool was_done(const struct walk *w, const struct walk_frame *f, struct str name)
{
    struct str rest = path_below(w->order->env, f->path, w->order->resume);
    char separator = w->order->env->system == PATH_WINDOWS ? '\\' : '/';

    return str_compare(name, str_slice(rest, 0, str_find(rest, 0, separator))) < 0;
}

/* The next name of the deepest folder that has one. */
static void one(struct walk *w)
{
    struct walk_frame *f = &w->frames[w->depth - 1];
    struct walk_object o = {0};
    struct arena a = {0};
    struct str name, path;
    void *handle = NULL;

    if (f->next == f->names.n) {
        pop(w);
        return;
    }
    name = f->names.v[f->next++];
    path = path_join(&a, w->order->env->system, f->path, name);
    if (!is_name(name)) {
        skip(w, WALK_UNREADABLE, path, denies_children(w, &f->d) != 0);
    } else if (f->resuming && was_done(w, f, name)) {
        (void)0;
    } else if (!w->eye->open(w->eye->context, &a, f->handle, path, &o, &handle)) {
        skip(w, WALK_GONE, path, denies_children(w, &f->d) != 0);
    } else {
        w->seen++;
        if (!object(w, &a, f, path, &o, handle))
            w->eye->close(w->eye->context, handle);
    }
    arena_release(&a);
}

enum walk_state walk_step(struct walk *w, size_t objects)
{
    uint64_t most = w->order->most ? w->order->most : WALK_OBJECTS_MAX;

    while (w->state == WALK_MORE && objects-- > 0) {
        if (w->depth == 0)
            w->state = WALK_DONE;
        else if (w->eye->cancelled && w->eye->cancelled(w->eye->context))
            w->state = WALK_CANCELLED;
        else if (w->seen >= most)
            w->state = WALK_BOUND;
        else
            one(w);
    }
    return w->state;
}

struct str walk_place(const struct walk *w)
{
    return w->depth > 0 ? w->frames[w->depth - 1].path : w->order->top;
}

/* ---- words ---- */

static const char *walk_why_text(enum walk_why why)
{
    static const char *const words[] = {[WALK_GONE] = "cannot be opened",
        [WALK_REPARSE] = "a junction, a link, or kept by a cloud service",
        [WALK_LINKS] = "has another name, which would be changed with it",
        [WALK_LEFT] = "lies elsewhere by what its handle says",
        [WALK_UNREADABLE] = "its names or permissions cannot be read",
        [WALK_ODD_LIST] = "its permissions are in no order that Windows keeps",
        [WALK_FULL] = "its list of permissions is full",
        [WALK_WRITE] = "its permissions cannot be changed",
        [WALK_DEEP] = "lies too deep",
        [WALK_OWN_LIST] = "inherits nothing by its own permissions: it may stay read-only inside"};

    return (size_t)why < COUNT_OF(words) ? words[why] : "unknown";
}

void walk_report(struct arena *a, const struct walk *w, struct texts *denied, struct texts *other)
{
    for (size_t i = 0; i < w->skips.n; i++)
        *(struct str *)ARENA_PUSH(a, w->skips.v[i].denied ? denied : other) = arena_format(
            a, "%s: %s", path_display(a, w->order->env, w->skips.v[i].path).p, walk_why_text(w->skips.v[i].why));
    if (w->skipped > w->skips.n)
        *(struct str *)ARENA_PUSH(a, w->skipped_denied > denied->n ? denied : other) =
            arena_format(a, "and %llu more", (unsigned long long)(w->skipped - w->skips.n));
}
