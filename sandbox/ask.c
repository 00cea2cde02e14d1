/*
 * ask: see ask.h.
 */
#include "ask.h"

void ask_begin(struct ask *q, int answer_ms, void *context, int (*receive)(void *context, int wait_ms, struct err *e),
    void (*exited)(void *context, const struct frame *f))
{
    q->in.ceiling = 2 * (FRAME_BYTES_MAX + FRAME_HEADER);
    q->answer_ms = answer_ms;
    q->context = context;
    q->receive = receive;
    q->exited = exited;
}

void ask_release(struct ask *q)
{
    buf_release(&q->in);
    buf_release(&q->out);
}

/* ---- answers ---- */

int ask_next(struct ask *q, struct frame *f, size_t *used, struct err *e)
{
    for (;;) {
        int state = frame_take(buf_view(&q->in), f, used, e);
        if (state < 0)
            q->lost = true;
        if (state <= 0 || f->type != FRAME_EXITED)
            return state;
        q->exited(q->context, f);
        buf_consume(&q->in, *used);
    }
}

bool ask_await(struct ask *q, uint32_t id, enum frame_type part, bool (*each)(void *context, const struct frame *f), void *context,
    enum frame_type wanted, struct err *e)
{
    struct frame f;
    size_t used = 0, parts = 0;

    for (;;) {
        int state = ask_next(q, &f, &used, e);
        bool good = true, last;
        if (state < 0)
            return false;
        if (state == 0) {
            if (q->receive(q->context, q->answer_ms, e) < 0)
                return false;
            continue;
        }
        last = f.type == wanted || f.type == FRAME_FAILED;
        if (f.type == FRAME_FAILED)
            good = frame_get_failed(&f, e);
        else if (f.type == wanted ? f.id == id : f.type == part && parts++ < ASK_PARTS_MAX)
            good = each(context, &f);
        else
            good = err_set(e, ERR_PROTOCOL, "the runner answered what was not asked");
        buf_consume(&q->in, used);
        if (!good && e->kind == ERR_NONE)
            err_set(e, ERR_PROTOCOL, "the runner's answer did not arrive as it was sent");
        if (last || !good)
            return good;
    }
}

bool ask_nothing(void *context, const struct frame *f)
{
    struct frame_reader fields;

    (void)context;
    frame_read(&fields, f);
    return frame_done(&fields);
}

bool ask_number(void *context, const struct frame *f)
{
    struct frame_reader fields;

    frame_read(&fields, f);
    *(uint64_t *)context = frame_get_number(&fields);
    return frame_done(&fields);
}

bool ask_probed(void *context, const struct frame *f)
{
    const struct ask_probes *probes = context;
    struct frame_reader fields;
    uint64_t index, observed;
    long code;

    frame_read(&fields, f);
    if (f->type != FRAME_PROBED)
        return frame_done(&fields);
    index = frame_get_number(&fields);
    observed = frame_get_number(&fields);
    code = (long)frame_get_number(&fields);
    if (!frame_done(&fields) || index >= probes->n || observed > ANSWER_FAILED)
        return false;
    probes->v[index].observed = (enum probe_answer)observed;
    probes->v[index].code = code;
    return true;
}

/* ---- events ---- */

void ask_tell(struct ask *q, struct event event)
{
    if (q->event_count < ASK_EVENTS_MAX)
        q->events[(q->first_event + q->event_count++) % ASK_EVENTS_MAX] = event;
}

void ask_look(struct ask *q, struct err *e)
{
    struct frame f;
    size_t used;

    while (q->event_count == 0 && !q->lost) {
        int state = ask_next(q, &f, &used, e);
        if (state > 0) {
            q->lost = true;
            err_set(e, ERR_PROTOCOL, "the runner answered what was not asked");
        }
        if (state != 0 || q->event_count > 0 || q->receive(q->context, 0, e) <= 0)
            return;
    }
}

void ask_event(struct ask *q, struct event *out)
{
    *out = (struct event){.kind = EVENT_NONE};
    while (q->event_count > 0 && out->kind == EVENT_NONE) { /* a forgotten one is none */
        *out = q->events[q->first_event];
        q->first_event = (q->first_event + 1) % ASK_EVENTS_MAX;
        q->event_count--;
    }
    if (out->kind == EVENT_NONE && q->lost)
        out->kind = EVENT_LOST;
}

void ask_forget(struct ask *q, uint32_t command)
{
    for (size_t i = 0; i < q->event_count; i++) {
        struct event *event = &q->events[(q->first_event + i) % ASK_EVENTS_MAX];
        if (event->command == command)
            *event = (struct event){.kind = EVENT_NONE};
    }
}

/* ---- requests ---- */

void ask_build(struct buf *out, enum frame_type type, uint32_t id, const struct texts *partial_accepted)
{
    size_t mark = frame_begin(out, type, id);

    for (size_t i = 0; i < partial_accepted->n; i++)
        frame_bytes(out, partial_accepted->v[i]);
    frame_end(out, mark);
}

void ask_signal(struct buf *out, uint32_t id, int signal, bool group)
{
    size_t mark = frame_begin(out, FRAME_SIGNAL, id);

    frame_number(out, (uint64_t)signal);
    frame_number(out, group);
    frame_end(out, mark);
}

void ask_attempts(struct buf *out, struct probe *probes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        probes[i].observed = ANSWER_UNKNOWN;
        frame_number(out, probes[i].kind);
        frame_bytes(out, probes[i].path);
        frame_number(out, probes[i].number);
    }
}
