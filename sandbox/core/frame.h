/*
 * frame: what travels on the control channel between cordon and its runner, and nothing else.
 *
 * A frame is: length of the body (4 bytes, little-endian), version (1), type (1), id (4), then the body:
 * fields, each a tag byte 'b' (4-byte length, bytes) or 'n' (8-byte number). Descriptors travel beside the
 * first byte of the frame that names them. Everything a reader gets is hostile: lengths are checked before
 * bodies, fields before use, nothing is allocated, and an unknown type or a field too few or too many is
 * an error that ends the session.
 */
#ifndef CORDON_FRAME_H
#define CORDON_FRAME_H

#include "core.h"

#define FRAME_VERSION     1
#define FRAME_HEADER      10
#define FRAME_FIELDS_MAX  (ARGV_MAX + ENV_MAX + 16)

enum frame_type {
    /* cordon -> runner */
    FRAME_OP = 1,     /* one op of the plan */
    FRAME_BUILD,      /* the plan is complete: apply it; b each: a part that may be missing */
    FRAME_PROVE,      /* run the probes named in the fields */
    FRAME_SPAWN,      /* start a program; with attempts in it, these are made first by a child of the process that is to
                         become it, the answer to them is that to PROVE, and it waits for a byte */
    FRAME_SIGNAL,     /* n: signal, n: 1 = its whole process group; Windows: id 0 is everything inside */
    FRAME_WHERE,      /* ask for the working directory of a spawned process */
    FRAME_FOREGROUND, /* ask what is in the foreground of a spawned process's terminal */
    FRAME_CHANGE,     /* apply the one OP before it to the running tree, ending who holds it busy */
    FRAME_LAYER,      /* make the layer of the one OP before it, which the plan will probably want; no answer */
    FRAME_BEGINNING,  /* the OPs so far are the plan's first: apply them; b each: a part that may be missing; what fails
                         is the answer to BUILD */
    FRAME_RESIZE,     /* Windows: n: rows, n: columns of a spawned process's console; no answer */
    FRAME_END,        /* end everything; the answer is ENDED, then the runner goes */
    /* runner -> cordon */
    FRAME_READY = 32, /* answer to BUILD; Windows: n: AuthenticationId of the runner's token, or 0 */
    FRAME_FAILED,     /* n: kind, n: errno, b: what, b: subject, b: reason, b: remedy; answer to any request */
    FRAME_PROBED,     /* one probe's outcome */
    FRAME_PROVED,     /* all probes of a PROVE are in */
    FRAME_SPAWNED,    /* n: pid inside; descriptor: the terminal's controlling end, when asked for */
    FRAME_EXITED,     /* n: status as wait(2) gives it; Windows: n: exit code, n: signal that ended it or 0, n: 1 = its last
                         output may be missing */
    FRAME_PLACE,      /* b: directory; answer to WHERE */
    FRAME_CHANGED,    /* n: processes ended; b: names of them; to SIGNAL nothing, but for the number to one of id 0 */
    FRAME_NOTE,       /* b: part that FAIL_PARTIAL let pass, or "": covers are plain; n: errno */
    FRAME_ENDED,      /* no process but the runner is left */
    FRAME_DENIED, /* on the channel of records alone: see denial_put */
    FRAME_FOREGROUND_IS, /* n: process group, n: 1 = the asked process itself, n: 1 = it reads the terminal, n: 1 = the asked process
                            ignores SIGINT, b: program name */
};

struct frame {
    enum frame_type type;
    uint32_t id;
    struct str body;
};

/* Appends one frame; fields are added between begin and end. */
size_t frame_begin(struct buf *out, enum frame_type type, uint32_t id); /* a mark for frame_end */
void frame_bytes(struct buf *out, struct str s);
void frame_number(struct buf *out, uint64_t n);
bool frame_end(struct buf *out, size_t mark); /* false when FRAME_BYTES_MAX is passed; nothing is added */

/* One whole frame at the front of bytes: 1 and *used bytes to consume; 0: more bytes needed; -1: not a
 * frame (err says why), the channel is lost. The frame points into bytes. */
int frame_take(struct str bytes, struct frame *out, size_t *used, struct err *e);

/* Reads fields one after the other from a frame's body. After the last, frame_done must be true. */
struct frame_reader {
    struct str body;
    size_t at;
    bool bad;
};
void frame_read(struct frame_reader *r, const struct frame *f);
struct str frame_get_bytes(struct frame_reader *r);  /* "" and bad when it is no bytes field */
uint64_t frame_get_number(struct frame_reader *r);   /* 0 and bad when it is no number field */
bool frame_more(const struct frame_reader *r);
bool frame_done(const struct frame_reader *r); /* all read and nothing bad */

void frame_put_op(struct buf *out, uint32_t id, const struct op *op);
bool frame_get_op(const struct frame *f, struct arena *a, struct op *op, struct err *e);
void frame_put_failed(struct buf *out, uint32_t id, const struct err *e);
/* The runner's complaint (FRAME_FAILED) into e, printable and cut to fit. Always false; what is no complaint is ERR_PROTOCOL. */
bool frame_get_failed(const struct frame *f, struct err *e);

#endif
