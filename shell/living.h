/*
 * living: one command shell (bash) that lives as long as the session, gets its lines on a socket and
 * reports on it, so that the pty belongs to the programs alone.
 *
 * The trusted side of that socket is here, and pure: bytes to send, bytes that came. What arrives is hostile
 * input. The hook that bash runs is living_hook(): shell text that is handed over first.
 *
 * How a line gets in: bash's own PROMPT_COMMAND reads the line from the socket and hands it to bash's own
 * line editor, which gives it to the parser as if it had been typed. So a line is parsed and run at bash's top
 * level: declare, $?, $_, set -x, notices of jobs and messages are those of a bare bash. (An eval in a loop was
 * tried: declare works, but set -x shows more plus signs, [1] 123 is missing, syntax errors are worded
 * differently, and a failing exec ends the shell.)
 */
#ifndef CORDON_LIVING_H
#define CORDON_LIVING_H

#include "../sandbox/core/core.h"

#define LIVING_FD         250 /* the descriptor number of the socket as bash is started */
#define LIVING_BYTES_MAX  ((size_t)4 << 20) /* one report; more is not a report */
#define LIVING_FIELDS_MAX 65536             /* words in one report */

/* The hook: shell text, the first bytes to go into the socket. start_files: the person's, sourced first, those that
 * can be read. Text from living_restore may be appended to it. No file is needed for it, so that nobody inside can
 * change it on its way. */
struct str living_hook(struct arena *a, const struct texts *start_files);
/* argv for bash, and what its environment needs to take that hook (set over what is in env already). */
void living_argv(struct arena *a, struct str bash, struct texts *argv);
void living_environment(struct arena *a, struct str hook, struct texts *env);

struct living_line {
    uint32_t id;     /* echoed by the report */
    struct str text;
    struct str traps; /* of the last LIVING_READY or LIVING_DONE: the hook takes these traps off while it works */
    bool whole;      /* no more input exists: a line that is not finished is an error, not a question */
};
/* Appends the bytes that hand a line over. Refuses (false) a text with NUL or over LINE_BYTES_MAX. */
bool living_send(struct buf *out, const struct living_line *line, struct err *e);
/* Asks for the exported variables, functions' names and jobs: answered by a LIVING_EXPORT report. */
bool living_send_export(struct buf *out, uint32_t id);
/* Asks for what could stand for word, a text without quotes. Answered by LIVING_WORDS. */
enum living_words { LIVING_COMMANDS, LIVING_FILES, LIVING_VARIABLES };
bool living_send_complete(struct buf *out, uint32_t id, struct str word, enum living_words what);
/* The answer that a LIVING_TORN report needs before anything else is sent. */
struct living_report;
bool living_send_sync(struct buf *out, const struct living_report *torn);
bool living_is_name(struct str s); /* one that a variable can have */
/* Carried-over state for a new shell: evaluated before the first report. Values are quoted here. */
struct str living_restore(struct arena *a, const struct texts *environment, struct str cwd);
/* What bash's own prompt prints, which is seen only where the hook is lost (PROMPT_COMMAND unset) or a line waits for
 * more. A hint: anything may print it. */
struct str living_lost_mark(void);
/* Keys that put a lost hook back when bash stands at that prompt. */
struct str living_repair_keys(void);

enum living_kind {
    LIVING_READY,  /* the hook is in place; first report */
    LIVING_DONE,   /* line id ended: status, cwd as the shell says it. One of an earlier line may come again. */
    LIVING_TORN,   /* an interrupt met the hook: what was sent and has no report was not run */
    LIVING_EXPORT, /* answer to living_send_export */
    LIVING_WORDS,  /* answer to living_send_complete: in words; a folder ends in / */
};
struct living_report {
    enum living_kind kind;
    uint32_t id;               /* LIVING_TORN: of the last line that arrived */
    int status;
    uint32_t sync;             /* LIVING_TORN: for living_send_sync */
    struct str cwd;            /* the shell's word; the kernel's is boundary_where */
    struct str traps;          /* on DEBUG, INT, ERR: to be handed back with the next line; may be none */
    size_t jobs;               /* background jobs now */
    struct texts environment;  /* LIVING_EXPORT: NAME=value */
    struct texts functions, aliases, variables, job_lines; /* LIVING_EXPORT: names; jobs as bash lists them */
    struct str options;        /* LIVING_EXPORT: those of the shell, to be compared */
    struct texts words;        /* LIVING_WORDS */
};

/* One report at the front of bytes: 1 and *used; 0 more is needed; -1 not a report (the hook is lost). */
int living_take(struct arena *a, struct str bytes, struct living_report *out, size_t *used, struct err *e);

#endif
