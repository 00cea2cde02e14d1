/*
 * base: bytes, arena, growing buffer, errors. See base.h for the contracts.
 *
 * malloc appears here and, in portable code, nowhere else. When memory or a ceiling runs out there is no
 * safe way on: the program says so and ends with 125, and the boundary dies with it.
 */
#include "base.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 << 10)
#define ALIGNMENT   16

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used;
};

static void out_of_memory(const char *what)
{
    fprintf(stderr, "cordon: %s; ending so that nothing is left half done\n", what);
    exit(125);
}

size_t size_add(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

size_t size_mul(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

struct str str_from(const char *nul_terminated)
{
    return (struct str){nul_terminated, nul_terminated ? strlen(nul_terminated) : 0};
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *nul_terminated)
{
    return str_eq(a, str_from(nul_terminated));
}

bool str_starts(struct str a, struct str prefix)
{
    return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str a, struct str suffix)
{
    return a.n >= suffix.n &&
           (suffix.n == 0 || memcmp(a.p + (a.n - suffix.n), suffix.p, suffix.n) == 0);
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.n < b.n ? a.n : b.n;
    int order = shorter ? memcmp(a.p, b.p, shorter) : 0;
    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

struct str str_slice(struct str a, size_t from, size_t to)
{
    if (a.p == NULL)
        return a;
    if (to > a.n)
        to = a.n;
    if (from > to)
        from = to;
    return (struct str){a.p + from, to - from};
}

size_t str_find(struct str a, size_t from, char c)
{
    const char *hit;
    if (from >= a.n)
        return a.n;
    hit = memchr(a.p + from, c, a.n - from);
    return hit ? (size_t)(hit - a.p) : a.n;
}

/* ---- arena ---- */

static char *chunk_bytes(struct arena_chunk *chunk)
{
    size_t header = (sizeof *chunk + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return (char *)chunk + header;
}

static struct arena_chunk *arena_grow(struct arena *a, size_t need)
{
    size_t ceiling = a->ceiling ? a->ceiling : ARENA_CEILING;
    size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    struct arena_chunk *chunk;

    if (need > ceiling || a->used > ceiling - need)
        out_of_memory("an arena met its ceiling");
    chunk = malloc(size_add(size, sizeof *chunk + ALIGNMENT));
    if (!chunk)
        out_of_memory("no memory");
    chunk->size = size;
    chunk->used = 0;
    chunk->next = a->head;
    a->head = chunk;
    return chunk;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
    size_t need = size_add(size_mul(count, size), ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_chunk *chunk = a->head;
    void *result;

    if (!chunk || chunk->size - chunk->used < need)
        chunk = arena_grow(a, need);
    result = chunk_bytes(chunk) + chunk->used;
    chunk->used += need;
    a->used += need;
    memset(result, 0, need);
    return result;
}

void arena_release(struct arena *a)
{
    while (a->head) {
        struct arena_chunk *next = a->head->next;
        free(a->head);
        a->head = next;
    }
    a->used = 0;
}

struct str arena_str(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, size_add(s.n, 1), 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    return (struct str){copy, s.n};
}

struct str arena_format(struct arena *a, const char *format, ...)
{
    va_list args, again;
    int n;
    char *text;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        n = 0;
    text = arena_alloc(a, (size_t)n + 1, 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return (struct str){text, (size_t)n};
}

struct str arena_join(struct arena *a, const struct str *parts, size_t count)
{
    size_t total = 0, at = 0;
    char *text;

    for (size_t i = 0; i < count; i++)
        total = size_add(total, parts[i].n);
    text = arena_alloc(a, size_add(total, 1), 1);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n)
            memcpy(text + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    return (struct str){text, total};
}

void *arena_push(struct arena *a, void *items_pointer, size_t *count, size_t *capacity, size_t size)
{
    void *items;

    memcpy(&items, items_pointer, sizeof items);
    if (*count == *capacity) {
        size_t wider = *capacity ? size_mul(*capacity, 2) : 8;
        void *moved = arena_alloc(a, wider, size);
        if (*count)
            memcpy(moved, items, *count * size);
        items = moved;
        memcpy(items_pointer, &items, sizeof items);
        *capacity = wider;
    }
    memset((char *)items + *count * size, 0, size); /* a list that was cut has its old last there */
    return (char *)items + (*count)++ * size;
}

/* ---- buf ---- */

static bool buf_room(struct buf *b, size_t more)
{
    size_t ceiling = b->ceiling ? b->ceiling : (size_t)16 << 20;
    size_t need = size_add(b->n, more), wider;
    char *moved;

    if (need > ceiling) {
        b->overflowed = true;
        return false;
    }
    if (need <= b->cap)
        return true;
    wider = b->cap ? b->cap : 256;
    while (wider < need)
        wider = size_mul(wider, 2);
    moved = realloc(b->p, wider);
    if (!moved)
        out_of_memory("no memory");
    b->p = moved;
    b->cap = wider;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0 || !buf_room(b, n))
        return;
    memcpy(b->p + b->n, bytes, n);
    b->n += n;
}

void buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_format(struct buf *b, const char *format, ...)
{
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0 && buf_room(b, (size_t)n + 1)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_consume(struct buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->overflowed = false;
}

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.ceiling = b->ceiling};
}

struct str buf_view(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}

/* ---- err ---- */

/* The kind is set last: e->kind != ERR_NONE means that a first failure is there and stays. */
bool err_set(struct err *e, enum err_kind kind, const char *format, ...)
{
    va_list args;

    if (e->kind != ERR_NONE)
        return false;
    err_clear(e);
    va_start(args, format);
    vsnprintf(e->what, sizeof e->what, format, args);
    va_end(args);
    e->kind = kind;
    return false;
}

bool err_subject(struct err *e, struct str subject)
{
    if (e->subject[0] == '\0')
        text_printable_into(e->subject, sizeof e->subject, subject);
    return false;
}

bool err_reason(struct err *e, const char *format, ...)
{
    va_list args;

    if (e->reason[0] == '\0') {
        va_start(args, format);
        vsnprintf(e->reason, sizeof e->reason, format, args);
        va_end(args);
    }
    return false;
}

bool err_remedy(struct err *e, const char *format, ...)
{
    va_list args;

    if (e->remedy[0] == '\0') {
        va_start(args, format);
        vsnprintf(e->remedy, sizeof e->remedy, format, args);
        va_end(args);
    }
    return false;
}

void err_clear(struct err *e)
{
    memset(e, 0, sizeof *e);
}

struct str err_text(const struct err *e, struct arena *a)
{
    return arena_format(a, "%s%s%s%s%s%s%s", e->what, e->subject[0] ? ": " : "", e->subject,
        e->reason[0] ? ": " : "", e->reason, e->remedy[0] ? "; " : "", e->remedy);
}
