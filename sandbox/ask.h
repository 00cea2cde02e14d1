/*
 * ask: cordon's side of the control channel, as far as no system is in it: what is asked of the runner, put into frames, and what it
 * answers, taken from them. One request is under way at a time; what the runner says on its own (a command ended) is queued. What
 * arrives is checked as hostile input, though only our own runner speaks.
 *
 * How bytes come, and what the end of a command means, is the system's: boundary_linux.c, boundary_windows.c.
 */
#ifndef CORDON_ASK_H
#define CORDON_ASK_H

#include "core/frame.h"
#include "sandbox.h"

#define ASK_EVENTS_MAX 512
#define ASK_PARTS_MAX  (PLAN_OPS_MAX + 64) /* of one answer: a note for each op, an outcome for each attempt */

struct ask {
    struct buf in, out; /* out: what is to be sent */
    uint32_t next_id;
    bool lost; /* nothing is asked or answered any more */
    int answer_ms;
    void *context;
    /* More bytes into in, waited for at most so long: 1 some, 0 none now, -1 never: lost is set then, and e says why. */
    int (*receive)(void *context, int wait_ms, struct err *e);
    void (*exited)(void *context, const struct frame *f); /* a FRAME_EXITED; calls ask_tell now, or later */
    struct event events[ASK_EVENTS_MAX];
    size_t first_event, event_count;
};

void ask_begin(struct ask *q, int answer_ms, void *context, int (*receive)(void *context, int wait_ms, struct err *e),
    void (*exited)(void *context, const struct frame *f));
void ask_release(struct ask *q);

/* ---- answers ---- */

/* The next frame that is not an event. 1; 0 none yet; -1 lost. Consume *used bytes of in when done with it. */
int ask_next(struct ask *q, struct frame *f, size_t *used, struct err *e);
/* Waits for the answer `wanted` to id. each is called for it, and for every frame of type `part` before it; false: it is not as it should
 * be. */
bool ask_await(struct ask *q, uint32_t id, enum frame_type part, bool (*each)(void *context, const struct frame *f), void *context,
    enum frame_type wanted, struct err *e);
/* For `each`: */
bool ask_nothing(void *context, const struct frame *f); /* no field */
bool ask_number(void *context, const struct frame *f);  /* one, into the uint64_t at context */
struct ask_probes {
    struct probe *v;
    size_t n;
};
bool ask_probed(void *context, const struct frame *f); /* outcomes into the ask_probes at context; PROVED */

/* ---- events ---- */

void ask_tell(struct ask *q, struct event event); /* queues one; beyond ASK_EVENTS_MAX it is dropped */
void ask_look(struct ask *q, struct err *e);      /* what came on its own, where none is queued; never blocks */
void ask_event(struct ask *q, struct event *out); /* the next, then EVENT_LOST where it is lost, else EVENT_NONE */
void ask_forget(struct ask *q, uint32_t command); /* what is queued about this one is no news */

/* ---- requests, appended to out ---- */

void ask_build(struct buf *out, enum frame_type type, uint32_t id, const struct texts *partial_accepted); /* BUILD or BEGINNING */
void ask_signal(struct buf *out, uint32_t id, int signal, bool group);
void ask_attempts(struct buf *out, struct probe *probes, size_t count); /* fields, within a frame; what was observed is unknown from here */

#endif
