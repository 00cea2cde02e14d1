/* fuzz_frame: what the runner sends is hostile. Every frame at the front of the input is taken, read field by field
 * and, where it is one, as an op; an op that was accepted must survive being sent again. Then all of it is a runner's answer. */
#include "fuzz.h"

#include "../sandbox/ask.h"
#include "../sandbox/hand.h"

#include <stdlib.h>

static void check_op(const struct op *op, struct arena *a)
{
    struct buf again = {0};
    struct op second = {0};
    struct frame f;
    size_t used;
    struct err e = {0};

    frame_put_op(&again, 1, op);
    if (frame_take(buf_view(&again), &f, &used, &e) != 1 || used != again.n ||
        !frame_get_op(&f, a, &second, &e))
        abort();
    if (second.kind != op->kind || !str_eq(second.path, op->path) || !str_eq(second.text2, op->text2))
        abort();
    buf_release(&again);
}

static void check_hand(const struct frame *f, struct arena *a)
{
    struct spawn_request q;
    struct event event;
    struct err e = {0};
    uint16_t rows, columns;
    bool truncated;

    if (hand_take_program(f, a, &q) &&
        (q.env.n > ENV_MAX || q.std[2] > STD_HANDLE || str_find(q.program, 0, '\0') != q.program.n || str_find(q.cwd, 0, '\0') != q.cwd.n))
        abort();
    if (hand_take_size(f, &rows, &columns) && (!rows || !columns || rows > 0x7fff || columns > 0x7fff))
        abort();
    if (hand_take_exited(f, &event, &truncated) && (event.signal < 0 || event.signal > 64))
        abort();
    if (frame_get_failed(f, &e) || e.kind == ERR_NONE)
        abort();
}

struct answers {
    struct ask ask;
    struct str left;
};

static int receive(void *context, int wait_ms, struct err *e)
{
    struct answers *x = context;
    size_t n = x->left.n < 7 ? x->left.n : 7;

    (void)wait_ms;
    if (n == 0) {
        x->ask.lost = true;
        err_set(e, ERR_SYSTEM, "the runner is gone");
        return -1;
    }
    buf_add(&x->ask.in, x->left.p, n);
    x->left = str_slice(x->left, n, x->left.n);
    return 1;
}

static void exited(void *context, const struct frame *f)
{
    struct answers *x = context;

    ask_tell(&x->ask, (struct event){.kind = EVENT_EXITED, .command = f->id});
}

static void check_answers(struct str bytes)
{
    static struct answers x;
    struct probe probes[3] = {{.kind = PROBE_WRITE}};
    struct ask_probes all = {probes, 3};
    struct event event;
    struct err e = {0};

    x = (struct answers){.left = bytes};
    ask_begin(&x.ask, 1, &x, receive, exited);
    while (!x.ask.lost) {
        err_clear(&e);
        if (!ask_await(&x.ask, 1, FRAME_PROBED, ask_probed, &all, FRAME_PROVED, &e) && e.kind == ERR_NONE)
            abort();
    }
    do
        ask_event(&x.ask, &event);
    while (event.kind == EVENT_EXITED);
    if (event.kind != EVENT_LOST || x.ask.event_count != 0)
        abort();
    ask_release(&x.ask);
}

int fuzz_frame(const unsigned char *bytes, size_t n)
{
    struct str left = {(const char *)bytes, n};
    struct arena a = {0};
    struct err e = {0};
    struct frame f;
    size_t used;

    while (frame_take(left, &f, &used, &e) == 1) {
        struct frame_reader numbers, texts;
        struct op op = {0};

        if (used < FRAME_HEADER || used > left.n)
            abort();
        frame_read(&numbers, &f);
        while (frame_more(&numbers))
            frame_get_number(&numbers);
        frame_read(&texts, &f);
        while (frame_more(&texts))
            frame_get_bytes(&texts);
        err_clear(&e);
        if (frame_get_op(&f, &a, &op, &e))
            check_op(&op, &a);
        check_hand(&f, &a);
        left = str_slice(left, used, left.n);
        err_clear(&e);
    }
    arena_release(&a);
    check_answers((struct str){(const char *)bytes, n});
    return 0;
}
