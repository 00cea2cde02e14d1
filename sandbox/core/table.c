/*
 * table: numbers by path, for the hundreds of paths that every opening looks up again and again.
 */
#include "path.h"

#include <string.h>

struct path_slot {
    struct str path; /* none: the slot is free */
    size_t number;
};

static size_t path_hash(struct str path)
{
    uint64_t hash = path.n, word;
    size_t at = 0;

    for (; path.n - at >= sizeof word; at += sizeof word) {
        memcpy(&word, path.p + at, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    for (word = 0; at < path.n; at++)
        word = word << 8 | (unsigned char)path.p[at];
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash ^ hash >> 29);
}

static struct path_slot *path_slot(const struct path_table *t, struct str path)
{
    for (size_t at = path_hash(path);; at++) {
        struct path_slot *slot = &t->slots[at & (t->size - 1)];
        if (!slot->path.p || str_eq(slot->path, path))
            return slot;
    }
}

void path_table_put(struct arena *a, struct path_table *t, struct str path, size_t number)
{
    struct path_slot *slot;

    if (t->n * 2 >= t->size) {
        struct path_table wider = {.size = t->size ? t->size * 4 : 64};
        wider.slots = arena_alloc(a, wider.size, sizeof *wider.slots);
        for (size_t i = 0; i < t->size; i++)
            if (t->slots[i].path.p)
                *path_slot(&wider, t->slots[i].path) = t->slots[i];
        wider.n = t->n;
        *t = wider;
    }
    slot = path_slot(t, path);
    if (slot->path.p)
        return;
    slot->path = path.p ? path : STR("");
    slot->number = number;
    t->n++;
}

size_t path_table_get(const struct path_table *t, struct str path)
{
    const struct path_slot *slot = t->size ? path_slot(t, path) : NULL;

    return slot && slot->path.p ? slot->number : SIZE_MAX;
}
