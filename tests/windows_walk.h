/*
 * windows_walk: the made-up tree of windows_tree.h as a disk for the walk, and a plan put on it as an edge does: entries one by
 * one, and then carried down by walks, by nothing else.
 */
#ifndef CORDON_WINDOWS_WALK_H
#define CORDON_WINDOWS_WALK_H

#include "windows_tree.h"
#include "../sandbox/core/walk.h"

struct disk {
    struct tree *tree;
    size_t open, most_open, opened, written; /* counted */
    size_t cancel_after;                     /* objects; 0: never */
    const char *refuses;                     /* a path whose permissions cannot be changed */
    const char *moves, *moves_to;            /* when the first is opened, its handle says the second */
};

static inline bool disk_open(void *context, struct arena *a, void *parent, struct str path, struct walk_object *out, void **handle)
{
    struct disk *disk = context;
    struct object *o = tree_at(disk->tree, path);
    struct buf bytes = {0};

    (void)parent;
    if (!o)
        return false;
    *out = (struct walk_object){.kind = o->kind, .reparse = o->reparse, .links = o->links, .dev = o->dev ? o->dev : 1, .real = o->path};
    if (o->real)
        out->real = str_from(o->real);
    if (disk->moves && path_same(&disk->tree->env, path, str_from(disk->moves)))
        out->real = str_from(disk->moves_to);
    descriptor_encode(&o->d, &bytes);
    out->descriptor = arena_str(a, buf_view(&bytes));
    buf_release(&bytes);
    *handle = o;
    disk->opened++;
    if (++disk->open > disk->most_open)
        disk->most_open = disk->open;
    return true;
}

static inline bool disk_write(void *context, void *handle, struct str descriptor)
{
    struct disk *disk = context;
    struct object *o = handle, *twin = o->twin ? tree_at(disk->tree, str_from(o->twin)) : NULL;
    struct err e = {0};
    struct descriptor d;

    if (disk->refuses && path_same(&disk->tree->env, o->path, str_from(disk->refuses)))
        return false;
    if (!descriptor_decode(&disk->tree->arena, arena_str(&disk->tree->arena, descriptor), &d, &e))
        return false;
    o->d = d;
    if (twin)
        twin->d = d;
    disk->written++;
    return true;
}

static inline bool disk_list(void *context, struct arena *a, void *handle, size_t most, struct texts *out)
{
    struct disk *disk = context;
    struct object *folder = handle;

    for (size_t i = 0; i < disk->tree->objects.n; i++) {
        struct object *o = &disk->tree->objects.v[i];
        if (o == folder || !path_same(&disk->tree->env, path_parent(PATH_WINDOWS, o->path), folder->path))
            continue;
        if (out->n == most)
            return false;
        *(struct str *)ARENA_PUSH(a, out) = arena_str(a, path_name(PATH_WINDOWS, o->path));
    }
    return true;
}

static inline void disk_close(void *context, void *handle)
{
    struct disk *disk = context;

    (void)handle;
    disk->open--;
}

static inline bool disk_cancelled(void *context)
{
    struct disk *disk = context;

    return disk->cancel_after > 0 && disk->opened > disk->cancel_after;
}

static inline struct walk_eye disk_eye(struct disk *disk)
{
    return (struct walk_eye){disk, disk_open, disk_write, disk_list, disk_close, disk_cancelled};
}

/* What an edge orders for one top of this plan. */
static inline struct walk_order disk_order(struct tree *t, struct str top)
{
    const struct walk_asked asked = {t->plan.v, t->plan.n, t->windows.person_sid, NULL, true, false};
    struct walk_order o = {0};

    (void)!walk_order_of(&t->arena, &t->env, &asked, top, 1, &o);
    return o;
}

static inline enum walk_state disk_walk(struct disk *disk, const struct walk_order *order, struct walk *w)
{
    static struct walk_eye eye;

    eye = disk_eye(disk);
    walk_begin(w, order, &eye);
    while (walk_step(w, 7) == WALK_MORE)
        (void)0;
    return w->state;
}

/* The plan as an edge does it. The root of a path is walked; what is outside of roots is a top of its own. denied: what was named
 * as not held. */
static inline bool disk_apply(struct tree *t, struct texts *denied)
{
    struct disk disk = {.tree = t};
    struct path_table walked = {0};

    for (size_t i = 0; i < t->plan.n; i++) {
        const struct op *op = &t->plan.v[i];
        struct object *o = op->path.n > 0 ? tree_at(t, op->path) : NULL;
        struct err e = {0};
        if (op->kind == OP_OWNER && o && op->number == OWNER_BY_PERSON)
            o->d.owner = tree_sid(op->text.p);
        else if (op->kind == OP_GUARD_NAME && !(o = tree_add(t, op->path.p, op->number ? FACT_FILE : FACT_FOLDER, NULL, op->text.p)))
            return false;
        else if (op->kind == OP_GUARD_NAME)
            o->made = true;
        else if (op->kind == OP_ACE && (!o || acls_apply(&t->arena, op, o->kind == FACT_FOLDER, &o->d, &e) == EDIT_REFUSED))
            return false;
    }
    for (size_t i = 0; i < t->plan.n; i++) {
        const struct op *op = &t->plan.v[i];
        struct object *o = op->kind == OP_ACE ? tree_at(t, op->path) : NULL;
        struct str top = walk_top(op);
        struct walk_order order;
        struct texts other = {0};
        struct walk w;
        if (!o || top.n == 0 || (op->text2.n == 0 && o->kind != FACT_FOLDER) || path_table_get(&walked, top) != SIZE_MAX)
            continue;
        path_table_put(&t->arena, &walked, top, i);
        order = disk_order(t, top);
        if (disk_walk(&disk, &order, &w) != WALK_DONE) {
            walk_end(&w);
            return false;
        }
        walk_report(&t->arena, &w, denied, &other);
        walk_end(&w);
    }
    return disk.open == 0;
}

#endif
