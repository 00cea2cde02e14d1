/*
 * trials: what doctor tries on Windows beyond the promises: each promise of the composition, each rule W1 to W10 of docs/windows.md,
 * and what somebody inside would try first, one row each.
 *
 * The rows and what is made of an outcome are plain C; attempts are probes, made by a grandchild of the session with the token that
 * every program inside has, each in a process of its own, beside a control that this same process can do and one made outside.
 */
#ifndef CORDON_TRIALS_H
#define CORDON_TRIALS_H

#include "../sandbox/sandbox.h"
#include "../sandbox/trial.h"
#include "shell.h"

enum trial_how {
    TRIAL_INSIDE,  /* an attempt, by a grandchild */
    TRIAL_OUTSIDE, /* Cordon's own doing, tried out here on decoys */
    TRIAL_READ,    /* read back only: never more than configured */
    TRIAL_PROMISE, /* a row of promises.c shows it; `promise` names that */
    TRIAL_NOT,     /* no safe attempt; `why` says why */
};

/* What it is tried on. Nothing is of the person's but the folders of the session, of which no content is touched. */
enum trial_on {
    ON_NOTHING,
    ON_WORKSPACE,
    ON_TEMP,          /* the session's private temp */
    ON_PROTECTED,     /* a protected path that is there */
    ON_ABOVE,         /* the folder that it lies in */
    ON_GUARD,         /* what holds a protected name that is not there */
    ON_RUNNER,
    ON_CORDON,        /* the process that asks */
    ON_OTHER_RUNNER,  /* of a second session that doctor opens on a decoy */
    ON_OTHER_FILE,    /* a file that was made in that one, inside */
    ON_OPEN_TO_ALL,   /* a decoy file that Everyone may write */
    ON_OPEN_TO_33,    /* the same for S-1-5-33 */
    ON_EVERYONE_FOUND, /* the first folder outside the roots that Everyone may write, if one was found */
    ON_FLAT_VOLUME,   /* the first volume without access control, if there is one */
    ON_TCP6,          /* listeners that Cordon opened on loopback, at ports that are fixed */
    ON_UDP4,
    ON_UDP6,
    ON_WEB,           /* a WebDAV path that leads to a listener of Cordon's */
    ON_SHARE,         /* a share of this machine that cannot exist */
    ON_NAME,          /* a name that cannot exist */
    ON_FREE_PORT,     /* a fixed port of loopback that nobody has */
    ON_TASK,          /* the name of a task that never runs */
    ON_WSL,           /* wsl.exe */
    ON_WSL_PACKAGE,   /* and that of the package in Program Files */
    ON_CLASS,         /* the class in `class` */
    ON_DECOY,         /* of a demo: a decoy of its stage, and one of those where the same is allowed */
    ON_OTHER_DECOY,
    ON_LISTENER,      /* of a demo's stage, on loopback, at a port that is fixed */
};

enum trial_need {
    NEED_ACCOUNT = 1, /* setup was done: the sandbox has an account of its own */
    NEED_OFFLINE = 2,
    NEED_ONLINE = 4,
    NEED_WEAK_33 = 8, /* the switch of rule W1 stands there */
    NEED_WEAK_EVERYONE = 16,
    NEED_NOT_WEAK_33 = 32,
    NEED_NOT_WEAK_EVERYONE = 64,
};

struct trial {
    const char *name;
    const char *rule; /* "W4"; "token", "job" ...: a point of the design; "first": what is tried first inside */
    const char *sentence;
    const char *remedy;
    enum trial_how how;
    enum trial_on on;
    enum probe_kind kind;
    uint64_t number;            /* an access mask, where the kind takes one */
    enum probe_answer expected;
    enum probe_kind same;       /* control: what the same process must be able to do; PROBE_KIND_COUNT: none */
    enum trial_on same_on;
    bool alone;                 /* no control outside: there the attempt would mean something else */
    bool heard;                 /* counts when a listener of Cordon's heard it, whatever the attempt said */
    const char *named;          /* Windows leaves it open to every account; where a part of the tier has these words: broken all the same,
                                   and no news */
    uint64_t same_number;       /* for the control, where it takes another than the attempt; 0: the attempt's, if it is of its kind */
    const char *undecided;      /* what it means when it was done, where that breaks nothing by itself */
    unsigned needs;
    const char *class;          /* {...} of COM */
    const char *decoy, *other;  /* below a demo's stage, with \ */
    const char *promise;
    const char *why;            /* why no more than this can be said */
    enum trial_look look;       /* for TRIAL_OUTSIDE and TRIAL_READ */
};

struct trial_result {
    const struct trial *trial;
    enum promise_state state;
    bool named; /* it is BROKEN, and the tier says so already */
    enum probe_answer observed, same, outside; /* UNKNOWN: not made */
    long code;
    struct str subject, detail; /* printable once printed; detail: why it is not more, or what was seen */
};

/* What is there of what a row needs. */
struct trial_here {
    bool windows, account, offline;
    enum weak_member weak;
    bool enforced; /* the canary sang */
    bool opened;   /* there is a boundary to try it in */
};

const struct trial *trials_list(size_t *count);
/* May it be tried here? Else why not, one clause. */
bool trial_applies(const struct trial *t, const struct trial_here *here, const char **why);
/*
 * The state of what was tried, with the clause that says why it is not observed, or NULL. Observed: it came out as expected, and every
 * control the row has succeeded. Broken: what must fail was done; or what must be done was not, though it is outside. Where nothing
 * is enforced no refusal counts: whatever refused, it was not the boundary.
 */
enum promise_state trial_judge(const struct trial *t, const struct trial_here *here, const struct trial_result *r, const char **why);

/* ---- trials_run.c ---- */

struct trial_results {
    struct arena arena;
    struct trial_result *v;
    size_t n;
};
/* What a demo tries its rows on. weak: in place of each decoy the one where the same is allowed. */
struct trial_decoys {
    struct str folder;
    uint16_t port;
    bool weak;
};

/* Rows tried one by one: in a, for as long as that lives, by o or by nothing. For a demo (decoys) also those are tried that this tier
 * does not promise: what comes of them is to be seen. */
struct trying *trials_begin(struct arena *a, struct session *s, struct opened *o, const struct trial_decoys *decoys);
void trials_one(struct trying *t, const struct trial *row, struct trial_result *out);
void trials_end(struct trying *t);
bool trials_enforced(const struct trying *t);
struct str trial_decoy(struct arena *a, const struct trial_decoys *d, const struct trial *row, bool other);

/* Tries all of them; none on Linux. o: the boundary, or NULL where none could be opened. */
void trials_run(struct session *s, struct opened *o, struct trial_results *out);
void trials_text(const struct trial_results *r, struct buf *out);
void trials_json(const struct trial_results *r, struct buf *out); /* ,"trials":[...] or nothing */
size_t trials_broken(const struct trial_results *r); /* those that no tier names */
void trials_release(struct trial_results *r);

#endif
