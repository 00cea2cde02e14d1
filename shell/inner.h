/*
 * inner: the living command shell as a process: starts it in a boundary, hands lines over, takes reports in,
 * and tells what became of it. repl.c and script.c stand on it; living.c knows what the bytes mean. Where there is no
 * bash but a plain sh, each line is a process of its own behind the same functions (inner_plain.c).
 */
#ifndef CORDON_INNER_H
#define CORDON_INNER_H

#include "bridge.h"
#include "living.h"
#include "denied.h"
#include "dos.h"

enum inner_news {
    INNER_NOTHING,
    INNER_DONE,   /* the line ended: status, jobs */
    INNER_TORN,   /* an interrupt came first: the line was not run */
    INNER_EXPORT, /* report has the environment, functions, aliases, jobs */
    INNER_WORDS,  /* report.functions has what could stand for a word */
    INNER_ENDED,  /* the shell's process ended: exit_code */
    INNER_LOST,   /* the boundary is gone, and everything with it */
    INNER_BROKEN, /* what came is no report: the hook is lost */
};

struct inner {
    struct session *s;
    struct opened *o;         /* the boundary that it lives in; not owned */
    struct command shell;     /* its terminal's controlling end is ours */
    sys_handle channel;       /* our end of the socket */
    sys_handle outputs[2];    /* a script's: what it writes on 1 and 2; SYS_NONE where the terminal takes it */
    struct buf reports, out;  /* bytes that came, bytes to go */
    struct arena arena;       /* of the last report */
    struct living_report report;
    struct buf traps;         /* handed back with the next line */
    struct buf early;         /* what start files printed before the first report */
    uint32_t id;              /* of the last line that was sent */
    uint32_t asked;           /* of an export that is under way; 0: none */
    uint32_t wanted;          /* the same of words */
    size_t torn;              /* reports of interrupts, since a line was sent */
    size_t jobs;
    int status;               /* of the last line */
    bool alive, busy;         /* busy: a line was sent and has no report yet */
    enum inner_news again;    /* an end that came while somebody waited for an answer: inner_turn tells it again */
    int exit_code;            /* once it ended */
    bool signalled;
    /* Without bash: */
    bool lines;               /* a process for each line; report has the folder and the variables for the next */
    bool told, may_exit;      /* the last line told both; exit stands in it */
    struct launch each;       /* what every line's process gets for its outputs */
    sys_handle theirs[2];     /* of outputs, what programs get */
    sys_handle held;          /* the terminal's other end: else it would hang up between two lines */
    int64_t group;            /* of the first line, whose end left a group that is nobody's */
    enum dos_kind dos;        /* Windows: the shell; each line in a terminal of its own. Else DOS_OTHER */
    struct bridge bridge;     /* between its terminal and the person's */
};

/* How a script's shell differs: its outputs, where ours are no terminal, are pipes. */
struct inner_wish {
    struct str cwd;
    const struct texts *environment; /* carried over, or NULL */
    bool start_file;                 /* source the person's ~/.bashrc */
    bool pipes;
    /* Called while start files run, instead of keeping what they print in `early`: waits at most ms, and tells
     * whether a person typed something meanwhile. NULL: nobody is there. */
    bool (*meanwhile)(void *context, struct inner *in, int ms);
    void *context;
};

/* Starts the shell and waits for its first report. A start file that hangs, or ends the shell, is left out in a second
 * try, and *without says so. On failure nothing is left running of it. */
bool inner_start(struct inner *in, struct session *s, struct opened *o, const struct inner_wish *wish,
    bool *without, struct err *e);
void inner_release(struct inner *in); /* our ends; the process goes with its boundary, or by inner_kill */
void inner_kill(struct inner *in);

bool inner_send(struct inner *in, struct str line, bool whole, struct err *e);
bool inner_ask_export(struct inner *in);
/* Asks and waits, at most ms: for :net, which cannot go on without. */
bool inner_export(struct inner *in, int ms, struct err *e);
/* Moves bytes both ways and takes the next news in; never blocks. Ask until INNER_NOTHING before waiting. */
enum inner_news inner_turn(struct inner *in, struct err *e);
/* For who waits for an answer and got news of an end instead: whoever turns next is to hear of it. */
void inner_tell_again(struct inner *in, enum inner_news news);
/* What to wait on: INNER_WAITS items, channel, boundary, records of refusals. */
#define INNER_WAITS 3
size_t inner_waits(const struct inner *in, struct sys_wait *items);
/* The working directory as the kernel has it; the shell's word where the kernel does not say. */
struct str inner_place(struct inner *in, struct arena *a);

#endif
