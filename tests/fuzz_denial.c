/* fuzz_denial: records come from where hostile programs run. A record that is taken is within its bounds and survives being
 * sent again. */
#include "fuzz.h"

#include "../sandbox/core/denial.h"
#include "../sandbox/core/frame.h"

#include <stdlib.h>

static void check_again(const struct denial *d, uint64_t lost)
{
    struct buf again = {0};
    struct denial second = {0};
    uint64_t lost_again = 0;
    struct frame f;
    struct err e = {0};
    size_t used;

    denial_put(&again, d, lost);
    if (again.n > DENIAL_BYTES_MAX || frame_take(buf_view(&again), &f, &used, &e) != 1 || used != again.n ||
        !denial_get(&f, &second, &lost_again))
        abort();
    if (second.time_ms != d->time_ms || second.by != d->by || second.cause != d->cause || second.operation != d->operation || second.pid != d->pid ||
        second.group != d->group || second.began_ms != d->began_ms || second.code != d->code || second.count != d->count || lost_again != lost ||
        !str_eq(second.path, d->path) || !str_eq(second.path2, d->path2) || !str_eq(second.program, d->program))
        abort();
    buf_release(&again);
}

int fuzz_denial(const unsigned char *bytes, size_t n)
{
    struct str left = {(const char *)bytes, n};
    struct err e = {0};
    struct frame f;
    size_t used;

    while (frame_take(left, &f, &used, &e) == 1) {
        struct denial d = {0};
        uint64_t lost = 0;
        if (denial_get(&f, &d, &lost)) {
            if (d.path.n > DENIAL_PATH_MAX || d.program.n > DENIAL_PROGRAM_MAX || d.count == 0 ||
                d.operation > OPERATION_MOUNT || d.by >= DENIAL_BY_COUNT ||
                d.cause >= DENIAL_CAUSE_COUNT)
                abort();
            check_again(&d, lost);
        }
        if (denial_get_lost(&f, &lost) && denial_get(&f, &d, &lost))
            abort();
        left = str_slice(left, used, left.n);
    }
    return 0;
}
