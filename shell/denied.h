/*
 * denied: the refusals of one session on the trusted side: taken from the runner, explained, counted, and written to a log
 * that outlives the session. denied.c takes and writes; denied_show.c shows, from memory or from logs.
 *
 * Who is refused as fast as it can must cost neither speed nor memory: each turn takes a bounded number, repeats are one
 * entry with a count, and past DENIALS_KEPT entries the rest is counted alone.
 */
#ifndef CORDON_DENIED_H
#define CORDON_DENIED_H

#include "shell.h"
#include "../sandbox/core/denial.h"

#define DENIED_GROUPS    256
#define DENIED_LINES     256 /* whose beginnings are remembered */
#define DENIED_LOG_MAX   ((size_t)64 << 20) /* bytes of a log that are read */
#define DENIED_LOGS      50  /* logs that are kept */
#define DENIED_SPARE     10  /* more than that make it worth while to remove what is too many */
#define DENIED_DAYS      30  /* and for how long */
#define DENIED_LOGS_SEEN 1000

struct denied_entry {
    struct denial d;
    uint64_t logged; /* of d.count */
};

/* Which line a process group belongs to: the one that ran when its leader was started, or, where nobody knows when that
 * was, when it was first heard of. */
struct denied_group {
    int64_t group;
    uint64_t line;
};

struct denied {
    struct arena arena;
    struct denied_entry *v;
    size_t n, cap;
    size_t dirty;          /* entries from here on may have something to be logged */
    uint64_t total, lost;  /* every record with its repeats; those that nobody could keep */
    uint64_t noted;        /* of total: what the person was told of */
    uint64_t lines;        /* that were run in this session */
    uint64_t line;         /* that runs, or the last one; 0: none */
    uint64_t line_began[DENIED_LINES]; /* by number, the oldest overwritten; since the machine was started */
    int64_t shell;         /* the process group of the living shell */
    struct denied_group groups[DENIED_GROUPS];
    size_t group_count;    /* ever seen; the oldest are overwritten */
    bool begun;            /* the log was begun, or could not be */
    sys_handle log;
    struct str id;         /* of the session, and the log's name without its ending */
    size_t log_bytes;
    uint64_t flush_at;     /* 0: nothing waits to be logged */
    struct buf out;
    struct heard heard; /* outside */
    struct buf asked, place; /* the line that runs, or the last one, and where it began */
};

/* ---- denied.c ---- */

void denied_begin(struct session *s);
/* Takes what is there, at most a turn's worth, and writes what is due. */
void denied_turn(struct session *s, struct opened *o);
/* Takes all that there is, up to a bound: before the end of a line is told. */
void denied_drain(struct session *s, struct opened *o);
/* What to wait on for records of o; SYS_NONE when there is nothing to wait for. */
sys_handle denied_handle(const struct session *s, const struct opened *o);
int denied_wait_ms(const struct session *s); /* until something is due; -1: nothing */
void denied_line(struct session *s, struct str line); /* a line begins */
/* A record that no runner sent. Its texts are copied. */
void denied_add(struct session *s, struct opened *o, struct denial *d);
void denied_shell(struct session *s, int64_t group);  /* the living shell that is heard of now */
uint64_t denied_news(struct session *s);              /* how many since last asked */
/* The last of a boundary that is to be closed. */
void denied_last(struct session *s, struct opened *o);
void denied_end(struct session *s);

/* ---- evaluate.c ---- */

/* facts: of the path and of the folder it lies in. */
enum evaluated evaluate_path(const struct session *s, const struct opened *o, struct arena *a, const struct facts *facts, struct str path,
    enum operation operation, struct denial *out, struct str *words);
/* The line ended: on Windows without a witness, what it had named is evaluated, if it failed. */
void evaluate_line(struct session *s, struct opened *o, int status);

/* Where the logs are. */
struct str denied_folder(const struct session *s, struct arena *a);

#endif
