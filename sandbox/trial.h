/*
 * trial: the seam for what doctor tries on Windows (shell/trials.h): decoys and listeners of Cordon's own, and what is looked at or
 * tried outside. Linux has none of it.
 */
#ifndef CORDON_TRIAL_H
#define CORDON_TRIAL_H

#include "sandbox.h"

enum trial_heard { HEARD_TCP6, HEARD_UDP4, HEARD_UDP6, HEARD_WEB, HEARD_COUNT };

struct trial_stage {
    struct str folder;     /* decoys; removed at the end */
    struct str open_to_all, open_to_33; /* files; none: they could not be made, or their entries are not there afterwards */
    struct str account;                /* the sandbox's, that this session runs as; none without setup */
    bool online;
    sys_handle listening[HEARD_COUNT]; /* SYS_NONE: not to be had here */
    uint16_t port[HEARD_COUNT], free_port;
};

/* Below this folder, which is made. What cannot be made is none, and its rows are unknown. */
bool trial_stage_open(struct arena *a, struct str folder, struct trial_stage *out, struct err *e);
bool trial_stage_heard(struct trial_stage *t, enum trial_heard which); /* since it was last asked; waits a moment */
void trial_stage_close(struct trial_stage *t);

/* A hard link, or a junction, that is read back. False where there is none to be had. */
bool trial_link(struct arena *a, struct str path, struct str to, bool junction);

/* The runner's process, for attempts in another session. 0: none. */
uint64_t trial_runner(const struct boundary *b);

/* A program of that boundary, and its child, that wait until they are let go, or are ended: while they do there is a console host. Both
 * hold the far end of a pipe, which tells when the last of them is gone. */
struct trial_hold {
    sys_handle in, out; /* SYS_NONE: not begun */
};
bool trial_hold(struct boundary *b, struct trial_hold *out, struct err *e);
bool trial_held(const struct trial_hold *h, unsigned milliseconds); /* is one of them still there after that long at most? */
void trial_let_go(struct trial_hold *h);

enum trial_look {
    LOOK_NOTHING,
    LOOK_LINK,      /* entries carried down a decoy tree in which a hard link leads out: is the file outside as it was? */
    LOOK_JUNCTION,  /* and where a junction does */
    LOOK_WEAK_NONE, /* what opens to a write-restricted token whose list has neither weak member, with one, with the other */
    LOOK_WEAK_EVERYONE,
    LOOK_WEAK_33,
    LOOK_WEAK_BOTH,
    LOOK_LOGON,     /* is the account kept from logging on over the network, with its own password? */
    LOOK_END,       /* in trials_run.c: a program of the second session is gone once that is closed */
    LOOK_LISTENERS, /* ports of loopback where somebody listens that the offline account may reach */
    LOOK_PIPES,     /* names of pipes that are there */
    LOOK_LOG,       /* what happens when the Security log is full */
    LOOK_SERVICES,  /* services that act for whoever asks, and run now */
};
/* DONE: as it should be; DENIED: not so; UNKNOWN: cannot be told. detail: one clause about what was seen. */
enum probe_answer trial_look(struct arena *a, enum trial_look look, const struct trial_stage *t, struct str *detail);

#endif
