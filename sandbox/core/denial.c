/*
 * denial: see denial.h. What a record is on the channel between the runner and cordon: one frame, its fields in the
 * order of denial_put. A reader takes nothing that does not have exactly this form.
 */
#include "denial.h"

#include "frame.h"

static struct str clipped(struct str s, size_t most)
{
    return str_slice(s, 0, most);
}

void denial_put(struct buf *out, const struct denial *d, uint64_t lost)
{
    size_t mark = frame_begin(out, FRAME_DENIED, 0);

    frame_number(out, d->time_ms);
    frame_number(out, (uint64_t)d->by);
    frame_number(out, (uint64_t)d->operation);
    frame_bytes(out, clipped(d->path, PATH_BYTES_MAX));
    frame_bytes(out, clipped(d->path2, PATH_BYTES_MAX));
    frame_number(out, (uint64_t)d->pid);
    frame_number(out, (uint64_t)d->group);
    frame_bytes(out, clipped(d->program, DENIAL_PROGRAM_MAX));
    frame_number(out, (uint64_t)d->code);
    frame_number(out, d->count);
    frame_number(out, lost);
    frame_end(out, mark);
}

bool denial_get(const struct frame *f, struct denial *out, uint64_t *lost)
{
    struct denial d = {0};
    struct frame_reader r;
    uint64_t by, operation, pid, group, code, missed;

    frame_read(&r, f);
    d.time_ms = frame_get_number(&r);
    by = frame_get_number(&r);
    operation = frame_get_number(&r);
    d.path = frame_get_bytes(&r);
    d.path2 = frame_get_bytes(&r);
    pid = frame_get_number(&r);
    group = frame_get_number(&r);
    d.program = frame_get_bytes(&r);
    code = frame_get_number(&r);
    d.count = frame_get_number(&r);
    missed = frame_get_number(&r);
    if (f->type != FRAME_DENIED || !frame_done(&r) || by > DENIAL_KEEPER || operation > OPERATION_MOUNT ||
        d.path.n > PATH_BYTES_MAX || d.path2.n > PATH_BYTES_MAX || d.program.n > DENIAL_PROGRAM_MAX ||
        pid > INT32_MAX || group > INT32_MAX || code > INT32_MAX || d.count == 0)
        return false;
    d.by = (enum denial_by)by;
    d.operation = (enum operation)operation;
    d.pid = (int64_t)pid;
    d.group = (int64_t)group;
    d.code = (long)code;
    if (d.path2.n == 0)
        d.path2 = (struct str){0};
    *out = d;
    *lost = missed;
    return true;
}
