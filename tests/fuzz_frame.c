/* fuzz_frame: what the runner sends is hostile. Every frame at the front of the input is taken, read field by field
 * and, where it is one, as an op; an op that was accepted must survive being sent again. */
#include "fuzz.h"

#include "../sandbox/core/frame.h"

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
        left = str_slice(left, used, left.n);
        err_clear(&e);
    }
    arena_release(&a);
    return 0;
}
