/*
 * ask: what has another form on each system: a program to start, and its end.
 */
#include "linux.h"
#include "ask.h"

#include <sys/wait.h>

bool ask_exited(const struct frame *f, struct event *out)
{
    struct frame_reader fields;
    int status;

    frame_read(&fields, f);
    status = (int)(frame_get_number(&fields) & 0xffff);
    *out = (struct event){.kind = EVENT_EXITED, .command = f->id};
    out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out->exit_code = out->signal ? 128 + out->signal : WEXITSTATUS(status);
    return frame_done(&fields);
}

static void put_texts(struct buf *out, const struct texts *texts)
{
    frame_number(out, texts->n);
    for (size_t i = 0; i < texts->n; i++)
        frame_bytes(out, texts->v[i]);
}

void ask_launch(
    struct buf *out, uint32_t id, const struct launch *launch, struct probe *probes, size_t count)
{
    size_t mark = frame_begin(out, FRAME_SPAWN, id);

    put_texts(out, &launch->argv);
    put_texts(out, &launch->env);
    frame_bytes(out, launch->cwd);
    frame_number(out, (launch->terminal ? 1u : 0u) | (launch->sealed ? 2u : 0u) | (launch->after ? 4u : 0u));
    frame_number(out, launch->rows);
    frame_number(out, launch->columns);
    for (int i = 0; i < 3; i++)
        frame_number(out, launch->std[i]);
    frame_number(out, launch->extra == SYS_NONE ? 0 : (uint64_t)launch->extra_number);
    ask_attempts(out, probes, count);
    frame_end(out, mark);
}
