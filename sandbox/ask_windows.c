/*
 * ask: what cordon asks of its runner, put into frames, and the runner's words read from them.
 */
#include "win32.h"
#include "core/text.h"

void ask_launch(struct buf *out, uint32_t id, const struct launch *launch, struct str program, struct str words,
    const uint64_t handles[SPAWN_HANDLES])
{
    size_t mark = frame_begin(out, FRAME_SPAWN, id);

    frame_bytes(out, program);
    frame_bytes(out, words);
    frame_number(out, launch->env.n);
    for (size_t i = 0; i < launch->env.n; i++)
        frame_bytes(out, launch->env.v[i]);
    frame_bytes(out, launch->cwd);
    frame_number(out, launch->terminal);
    frame_number(out, launch->rows);
    frame_number(out, launch->columns);
    for (int i = 0; i < 3; i++)
        frame_number(out, launch->std[i]);
    for (int i = 0; i < SPAWN_HANDLES; i++)
        frame_number(out, handles[i]);
    frame_end(out, mark);
}

bool ask_exited(const struct frame *f, struct event *out, bool *truncated)
{
    struct frame_reader fields;
    uint64_t code, signal;

    frame_read(&fields, f);
    code = frame_get_number(&fields);
    signal = frame_get_number(&fields);
    *truncated = frame_get_number(&fields) != 0;
    *out = (struct event){.kind = EVENT_EXITED, .command = f->id};
    /* All 32 bits: 0xC000013A is what Ctrl-C leaves, and tells more than 58. */
    out->exit_code = (int)(uint32_t)code;
    if (signal && code == 128 + signal) {
        out->signal = (int)signal;
        out->exit_code = 128 + (int)signal;
    }
    return frame_done(&fields) && signal <= 64;
}

bool ask_failed(const struct frame *f, struct err *e)
{
    struct frame_reader fields;
    uint64_t kind;
    struct str what, subject, reason, remedy;
    long code;

    frame_read(&fields, f);
    kind = frame_get_number(&fields);
    code = (long)(uint32_t)frame_get_number(&fields);
    what = frame_get_bytes(&fields);
    subject = frame_get_bytes(&fields);
    reason = frame_get_bytes(&fields);
    remedy = frame_get_bytes(&fields);
    if (!frame_done(&fields) || kind == ERR_NONE || kind > ERR_BUG)
        return err_set(e, ERR_PROTOCOL, "the runner's complaint did not arrive as it was sent");
    err_set(e, (enum err_kind)kind, "%s", "");
    e->code = code;
    text_printable_into(e->what, sizeof e->what, what);
    text_printable_into(e->subject, sizeof e->subject, subject);
    text_printable_into(e->reason, sizeof e->reason, reason);
    text_printable_into(e->remedy, sizeof e->remedy, remedy);
    return false;
}
