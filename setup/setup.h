/*
 * setup: how cordon-setup does what the plan says, over a seam: each step is entered in the ledger, made, and read back. What
 * cannot be read back was not done. A step that fails ends setup and takes back what this run made, or is named in the tier.
 *
 * run.c and options.c are portable and are tried over a fake machine; *_windows.c are what stands behind the seam.
 */
#ifndef CORDON_SETUP_H
#define CORDON_SETUP_H

#include "../sandbox/core/ledger.h"

/* ---- options.c: the command line ---- */

enum setup_verb { VERB_NONE, VERB_INSTALL, VERB_REPAIR, VERB_STATUS, VERB_UNINSTALL, VERB_HELP };

enum setup_exit {
    SETUP_EXIT_DONE = 0,
    SETUP_EXIT_NOT = 1,       /* status: not set up; uninstall: something is left, and may run as an account still */
    SETUP_EXIT_PARTIAL = 2,   /* done, and parts of the tier are missing */
    SETUP_EXIT_BLOCKED = 3,   /* cannot be done on this machine; nothing was changed */
    SETUP_EXIT_ELEVATE = 4,   /* wants an administrator */
    SETUP_EXIT_BUSY = 5,      /* another cordon-setup is at it */
    SETUP_EXIT_LEFT = 6,      /* uninstall: something is left, and nothing runs as an account any more */
    SETUP_EXIT_FAILED = 125,  /* failed; what this run made was taken back, or is named */
};

struct setup_options {
    enum setup_verb verb;
    bool plan, json, quiet, no_audit, witness;
    struct str person;               /* --person SID; none: the user of the token */
    struct str give;                 /* repair --give FOLDER: make the person its owner, and nothing else */
    struct str offline, online, group; /* names */
};

bool setup_options_parse(int count, const struct str *words, struct setup_options *out, struct err *e);
const char *setup_usage(void);

/* ---- run.c: the plan, step by step ---- */

enum setup_told { TOLD_DONE_ALREADY, TOLD_MADE, TOLD_MISSING, TOLD_FAILED, TOLD_UNDONE, TOLD_LEFT };

struct setup_edge {
    void *context;
    /* Enters the step in the ledger before it is made. */
    bool (*record)(void *context, const struct setup_step *s, struct err *e);
    enum setup_look (*look)(void *context, const struct setup_step *s);
    bool (*make)(void *context, const struct setup_step *s, struct err *e);
    bool (*undo)(void *context, const struct setup_step *s, struct err *e);
    /* It was taken back, and looked for: the ledger no longer names it. */
    bool (*forget)(void *context, const struct setup_step *s, struct err *e);
    void (*tell)(void *context, const struct setup_step *s, enum setup_told told, const struct err *e);
};

struct setup_made {
    struct setup_step *v;
    size_t n, cap;
    struct texts missing; /* parts, each once */
    bool left;            /* something could not be taken back: what names it stays */
    bool again;           /* the accounts have SIDs now, which the rest names: the plan is to be built anew, and run again, once */
};

/* Runs it. False: it failed, and what was made (in this and in earlier runs with the same made) was taken back. */
bool setup_run(struct arena *a, const struct setup_edge *edge, const struct setup_plan *plan, struct setup_made *made, struct err *e);
struct str setup_said(const struct err *e, struct arena *a); /* its text, with a path as it is typed */
void setup_take_back(const struct setup_edge *edge, struct setup_made *made); /* the newest first */
/* The way back. Goes on past what fails, and looks for all of it once more at the end; left: what is still there, one line each.
 * False: something may run as an account still. */
bool setup_run_undo(struct arena *a, const struct setup_edge *edge, const struct setup_plan *plan, struct texts *left);

#endif
