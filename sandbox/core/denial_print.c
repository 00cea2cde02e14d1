/*
 * denial_print: records as a person reads them: repeats as one with their count, newest last, each with its rule and the one
 * thing that would help.
 */
#include "denial.h"
#include "text.h"

#include <stdlib.h>

/* ---- grouping ---- */

static uint64_t mix(uint64_t hash, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u;
}

static uint64_t hash_of(const struct denial *d)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)d->operation ^ d->line << 8;

    return mix(mix(mix(mix(hash, d->path), d->path2), d->program), d->rule);
}

static bool same_group(const struct denial *a, const struct denial *b)
{
    return a->operation == b->operation && a->line == b->line && str_eq(a->path, b->path) &&
           str_eq(a->path2, b->path2) && str_eq(a->program, b->program) && str_eq(a->rule, b->rule);
}

static int by_time(const void *x, const void *y)
{
    const struct denial *a = x, *b = y;
    return a->time_ms < b->time_ms ? -1 : a->time_ms > b->time_ms;
}

void denials_group(struct arena *a, const struct denials *all, struct denials *out)
{
    size_t size = 16, *table;

    *out = (struct denials){0};
    while (size < 2 * all->n)
        size *= 2;
    table = arena_alloc(a, size, sizeof *table); /* 1 + the index in out; 0: free */
    for (size_t i = 0; i < all->n; i++) {
        const struct denial *d = &all->v[i];
        size_t at = (size_t)hash_of(d) & (size - 1);
        while (table[at] && !same_group(&out->v[table[at] - 1], d))
            at = (at + 1) & (size - 1);
        if (!table[at]) {
            *(struct denial *)ARENA_PUSH(a, out) = *d;
            table[at] = out->n;
            continue;
        }
        struct denial *g = &out->v[table[at] - 1];
        g->count = UINT64_MAX - g->count < d->count ? UINT64_MAX : g->count + d->count;
        if (d->time_ms >= g->time_ms) {
            g->time_ms = d->time_ms;
            g->pid = d->pid;
        }
    }
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_time);
}

/* ---- printing ---- */

#define SHOWN_MAX 400 /* bytes of one text: what is longer would fill the screen */

static struct str shown(struct arena *a, struct str s)
{
    size_t n = SHOWN_MAX - 4;

    if (s.n < SHOWN_MAX)
        return s;
    while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    return arena_format(a, "%.*s...", (int)n, s.p);
}

/* What comes back from a log was escaped when it was written, and is not escaped twice. */
static struct str target(struct arena *a, const struct path_env *env, const struct denial *d, struct str path)
{
    struct str safe = text_printable_once(a, path);
    struct str below = env->home.n > 1 ? path_below(env, env->home, safe) : (struct str){0};

    if (d->operation == OPERATION_CONNECT || !below.n)
        return shown(a, safe);
    return shown(a, arena_format(a, "~%c%.*s", env->system == PATH_WINDOWS ? '\\' : '/', (int)below.n, below.p));
}

static struct str clock_of(struct arena *a, uint64_t ms)
{
    return str_slice(denial_time(a, ms), 11, 19);
}

static void print_one(struct buf *out, struct arena *a, const struct path_env *env, const struct denial *d)
{
    struct str clock = clock_of(a, d->time_ms);

    buf_format(out, "%.*s  %s %s", (int)clock.n, clock.p, operation_name(d->operation), target(a, env, d, d->path).p);
    if (d->cause == DENIAL_IN_FOLDER)
        buf_format(out, " (a name in it, not known which)");
    if (d->path2.n)
        buf_format(out, " (the other name: %s)", target(a, env, d, d->path2).p);
    if (d->count > 1)
        buf_format(out, "  (%llu times)", (unsigned long long)d->count);
    if (d->by == DENIAL_KEEPER && d->path2.n)
        buf_format(out, "\n          by whom is not known: it turned up where nothing may be, and was given the other name");
    else if (d->by == DENIAL_KEEPER)
        buf_format(out, "\n          by nobody inside: it appeared, or its cover was taken away outside; it is covered again, and may have "
                        "been %s from inside until then",
            d->operation == OPERATION_READ ? "read" : "changed");
    else if (d->by == DENIAL_EVALUATED)
        buf_format(out, "\n          evaluated: nobody saw it refused; a line that failed named it, and its entries would refuse it%s",
            d->cause == DENIAL_UNPROVEN ? " (unproven on Windows: cordon doctor asks the system)" : "");
    else
        buf_format(
            out, "\n          by %s", d->program.n ? shown(a, text_printable_once(a, d->program)).p : "an unknown program");
    if (d->pid > 0 && d->by != DENIAL_EVALUATED)
        buf_format(out, " (pid %lld)", (long long)d->pid);
    if (d->line)
        buf_format(out, ", line %llu", (unsigned long long)d->line);
    buf_format(out, "\n          rule: %s\n          remedy: %s\n", shown(a, text_printable_once(a, d->rule)).p,
        shown(a, text_printable_once(a, d->remedy)).p);
}

void denials_print(struct buf *out, struct arena *a, const struct path_env *env, const struct denials *grouped,
    size_t most, uint64_t lost)
{
    size_t first = grouped->n > most ? grouped->n - most : 0;

    if (first)
        buf_format(out, "(%llu earlier ones are not shown; -n N shows more)\n", (unsigned long long)first);
    for (size_t i = first; i < grouped->n; i++)
        print_one(out, a, env, &grouped->v[i]);
    if (lost)
        buf_format(out, "%llu more came too fast or too many to be kept\n", (unsigned long long)lost);
}
