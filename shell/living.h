/*
 * living: one command shell (bash) that lives as long as the session, gets its lines on a socket and
 * reports on it, so that the pty belongs to the programs alone.
 *
 * The trusted side of that socket is here, and pure: bytes to send, bytes that came. What arrives is hostile
 * input. The hook that bash runs is living_hook(): shell text that is handed over as bash's rcfile.
 */
#ifndef CORDON_LIVING_H
#define CORDON_LIVING_H

#include "../sandbox/core/core.h"

#define LIVING_FD 250 /* the descriptor number of the socket inside bash, before the hook moves it */

/* The text of the rcfile. user_rc: path of the person's start file to source first, or none. */
struct str living_hook(struct arena *a, struct str user_rc);
/* argv for bash with that hook at rcfile (a path inside). */
void living_argv(struct arena *a, struct str bash, struct str rcfile, struct texts *argv);

/* Appends the bytes that hand over line number id. Refuses (false) a line with NUL or over LINE_BYTES_MAX. */
bool living_send(struct buf *out, uint32_t id, struct str line, struct err *e);
/* Asks for the exported variables, functions' names and jobs: answered by a LIVING_EXPORT report. */
bool living_send_export(struct buf *out, uint32_t id);
/* Carried-over state for a new shell: evaluated before the first report. Values are quoted here. */
struct str living_restore(struct arena *a, const struct texts *environment, struct str cwd);

enum living_kind {
    LIVING_READY,  /* the hook is in place; first report */
    LIVING_DONE,   /* line id ended: status, cwd as the shell says it */
    LIVING_TORN,   /* line id arrived torn and was not run */
    LIVING_EXPORT, /* answer to living_send_export */
};
struct living_report {
    enum living_kind kind;
    uint32_t id;
    int status;
    struct str cwd;            /* the shell's word; the kernel's is boundary_where */
    bool exit_asked;           /* reserved */
    size_t jobs;               /* background jobs now */
    struct texts environment;  /* LIVING_EXPORT: NAME=value */
    struct texts functions, aliases, job_lines; /* LIVING_EXPORT: names; jobs as bash lists them */
};

/* One report at the front of bytes: 1 and *used; 0 more is needed; -1 not a report (the hook is lost). */
int living_take(struct arena *a, struct str bytes, struct living_report *out, size_t *used, struct err *e);

#endif
