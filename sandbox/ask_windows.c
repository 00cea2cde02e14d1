/*
 * ask: what cordon asks of its runner, put into frames, and the runner's words read from them.
 */
#include "win32.h"

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
