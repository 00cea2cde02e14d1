/*
 * denial: how a record of a refused operation travels from the runner to cordon, one frame in one packet. The runner
 * links this file; what explains, keeps and prints records is on the trusted side alone: denial_why.c, denial_json.c,
 * denial_print.c.
 *
 * The sender cuts what is too long, so that what it sends is always taken; the taker checks every bound again.
 */
#include "denial.h"
#include "frame.h"

/* A last moment that can still be written as a date: the end of the year 9999. */
#define TIME_MAX 253402300799999ull
#define PID_MAX  ((uint64_t)INT32_MAX)
#define CODE_MAX 11999 /* Linux hands out errnos to 4095; those of Windows Sockets begin at 10000 */

static uint64_t at_most(uint64_t n, uint64_t limit)
{
    return n < limit ? n : limit;
}

/* Numbers below zero are as good as unknown. */
static uint64_t natural(int64_t n, uint64_t limit)
{
    return n < 0 ? 0 : at_most((uint64_t)n, limit);
}

void denial_put(struct buf *out, const struct denial *d, uint64_t lost)
{
    size_t mark = frame_begin(out, FRAME_DENIED, 0);

    frame_number(out, at_most(d->time_ms, TIME_MAX));
    frame_number(out, d->by);
    frame_number(out, d->cause);
    frame_number(out, d->operation);
    frame_number(out, natural(d->pid, PID_MAX));
    frame_number(out, natural(d->group, PID_MAX));
    frame_number(out, d->began_ms);
    frame_number(out, natural(d->code, CODE_MAX));
    frame_number(out, d->count ? d->count : 1);
    frame_number(out, lost);
    frame_bytes(out, str_slice(d->path, 0, DENIAL_PATH_MAX));
    frame_bytes(out, str_slice(d->path2, 0, DENIAL_PATH_MAX));
    frame_bytes(out, str_slice(d->program, 0, DENIAL_PROGRAM_MAX));
    frame_end(out, mark);
}

static uint64_t get_bounded(struct frame_reader *r, uint64_t limit)
{
    uint64_t n = frame_get_number(r);

    if (n > limit)
        r->bad = true;
    return n;
}

/* None where nothing was sent. */
static struct str get_text(struct frame_reader *r, size_t limit)
{
    struct str s = frame_get_bytes(r);

    if (s.n > limit)
        r->bad = true;
    return s.n ? s : (struct str){0};
}

bool denial_get(const struct frame *f, struct denial *out, uint64_t *lost)
{
    struct frame_reader r;
    struct denial d = {0};
    uint64_t before;

    if (f->type != FRAME_DENIED)
        return false;
    frame_read(&r, f);
    d.time_ms = get_bounded(&r, TIME_MAX);
    d.by = (enum denial_by)get_bounded(&r, DENIAL_BY_COUNT - 1);
    d.cause = (enum denial_cause)get_bounded(&r, DENIAL_CAUSE_COUNT - 1);
    d.operation = (enum operation)get_bounded(&r, OPERATION_MOUNT);
    d.pid = (int64_t)get_bounded(&r, PID_MAX);
    d.group = (int64_t)get_bounded(&r, PID_MAX);
    d.began_ms = frame_get_number(&r);
    d.code = (long)get_bounded(&r, CODE_MAX);
    d.count = frame_get_number(&r);
    before = frame_get_number(&r);
    d.path = get_text(&r, DENIAL_PATH_MAX);
    d.path2 = get_text(&r, DENIAL_PATH_MAX);
    d.program = get_text(&r, DENIAL_PROGRAM_MAX);
    if (!frame_done(&r) || d.count == 0)
        return false;
    /* An address may hold any byte; a path of the file system cannot hold this one. */
    if (d.operation != OPERATION_CONNECT &&
        (str_find(d.path, 0, '\0') != d.path.n || str_find(d.path2, 0, '\0') != d.path2.n))
        return false;
    *out = d;
    *lost = before;
    return true;
}

void denial_put_lost(struct buf *out, uint64_t lost)
{
    size_t mark = frame_begin(out, FRAME_DENIED, 0);

    frame_number(out, lost);
    frame_end(out, mark);
}

bool denial_get_lost(const struct frame *f, uint64_t *lost)
{
    struct frame_reader r;
    uint64_t n;

    frame_read(&r, f);
    n = frame_get_number(&r);
    if (f->type != FRAME_DENIED || !frame_done(&r))
        return false;
    *lost = n;
    return true;
}
