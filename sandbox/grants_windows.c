/*
 * grants: what the account is to read is carried into its folders behind the prompt; nothing that refuses is. The folders' own lists are there before anything runs (apply_windows.c); until their files have theirs, a read that is
 * refused is one that is pending, or failed, and is called so.
 *
 * One thread, with copies of all that it needs; it ends with the boundary, and what it has not come to goes on at the next opening. It
 * takes nothing away: another terminal may have opened since, and what looks old be its.
 */
#include "win32.h"
#include "core/acls.h"
#include "core/text.h"
#include "core/walk.h"

#include <stdio.h>

#define END_MS 5000

enum { GRANT_PENDING, GRANT_DONE, GRANT_FAILED };

struct grant {
    struct str top;
    volatile LONG state, seen;
    char why[400]; /* written before state says FAILED */
};

struct grants {
    struct arena arena;
    struct op *ops;
    size_t op_count;
    struct texts accepted;
    struct grant *v;
    size_t n;
    struct grant *at;
    volatile LONG stop;
    HANDLE thread;
};

static bool go_on(void *context, struct str place, uint64_t seen)
{
    struct grants *g = context;

    (void)place;
    InterlockedExchange(&g->at->seen, seen < 0x7fffffff ? (LONG)seen : 0x7fffffff);
    return !g->stop;
}

static DWORD WINAPI run(void *context)
{
    struct grants *g = context;
    const struct disk_watch watch = {go_on, g};

    for (size_t i = 0; i < g->n && !g->stop; i++) {
        struct arena a = {0};
        struct applied out = {.watch = &watch, .behind = true};
        struct err e = {0};
        g->at = &g->v[i];
        if (carry_into(&a, g->ops, g->op_count, g->at->top, &g->accepted, &out, &e)) {
            InterlockedExchange(&g->at->state, GRANT_DONE);
        } else if (!g->stop) {
            text_printable_into(g->at->why, sizeof g->at->why, err_text(&e, &a));
            InterlockedExchange(&g->at->state, GRANT_FAILED);
        }
        arena_release(&a);
    }
    return 0;
}

static struct op copy(struct arena *a, const struct op *op)
{
    struct op out = *op;

    out.path = arena_str(a, op->path);
    out.source = arena_str(a, op->source);
    out.text = arena_str(a, op->text);
    out.text2 = arena_str(a, op->text2);
    out.part = out.why = (struct str){0};
    return out;
}

struct grants *grants_begin(const struct op *ops, size_t count, const struct texts *tops, const struct texts *accepted)
{
    struct arena arena = {0};
    struct grants *g;

    if (!tops->n)
        return NULL;
    g = arena_alloc(&arena, 1, sizeof *g);
    g->ops = arena_alloc(&arena, count + 1, sizeof *g->ops);
    g->v = arena_alloc(&arena, tops->n, sizeof *g->v);
    for (size_t i = 0; i < count; i++)
        g->ops[g->op_count++] = copy(&arena, &ops[i]);
    for (size_t i = 0; i < tops->n; i++)
        g->v[g->n++] = (struct grant){.top = arena_str(&arena, tops->v[i])};
    for (size_t i = 0; i < accepted->n; i++)
        *(struct str *)ARENA_PUSH(&arena, &g->accepted) = arena_str(&arena, accepted->v[i]);
    sys_case(); /* read once, before there are two of us */
    g->arena = arena;
    g->thread = CreateThread(NULL, 0, run, g, 0, NULL);
    for (size_t i = 0; i < g->n && !g->thread; i++) {
        snprintf(g->v[i].why, sizeof g->v[i].why, "there is no thread for it; the next opening carries it on");
        g->v[i].state = GRANT_FAILED;
    }
    return g;
}

void grants_end(struct grants **g)
{
    struct arena arena;

    if (!*g)
        return;
    InterlockedExchange(&(*g)->stop, 1);
    /* It looks between two steps. One that hangs in an open is left to end with the process, and what it uses is left to it. */
    if ((*g)->thread && WaitForSingleObject((*g)->thread, END_MS) != WAIT_OBJECT_0) {
        win_close(&(*g)->thread);
        *g = NULL;
        return;
    }
    win_close(&(*g)->thread);
    arena = (*g)->arena; /* it lies in it itself */
    *g = NULL;
    arena_release(&arena);
}

void grants_tell(const struct grants *g, struct arena *a, struct str path, struct texts *lines)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};

    for (size_t i = 0; g && i < g->n; i++) {
        const struct grant *one = &g->v[i];
        if (path.n && !path_is_under(&env, one->top, path))
            continue;
        const char *top = text_printable_once(a, one->top).p;
        if (one->state == GRANT_PENDING)
            *(struct str *)ARENA_PUSH(a, lines) = arena_format(a, "grant pending: %s (%ld files and folders so far; what is below may be refused yet)", top,
                (long)one->seen);
        else if (one->state == GRANT_FAILED)
            *(struct str *)ARENA_PUSH(a, lines) = arena_format(a, "grant failed: %s: %s", top, one->why);
    }
}
