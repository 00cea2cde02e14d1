/*
 * denial: one refused operation, as the observer saw it and as a person reads it: which rule refused it and what would
 * help. Also the log of a session's denials as JSON lines, and the grouping of repeats.
 *
 * Everything that comes from inside (path, address, program) is hostile bytes: bounded here, and escaped by text.h
 * before it is shown, in JSON too.
 */
#ifndef CORDON_DENIAL_H
#define CORDON_DENIAL_H

#include "path.h"
#include "rules.h"

#define DENIAL_PROGRAM_MAX 256
#define DENIAL_PATH_MAX    (PATH_BYTES_MAX + 16) /* a path, or "unix:" and a path */
#define DENIAL_BYTES_MAX   (2 * DENIAL_PATH_MAX + DENIAL_PROGRAM_MAX + 128) /* one record as it travels */
#define DENIALS_KEPT       10000 /* of one session, in memory and in its log; what comes after is counted */

/* Who saw it. */
enum denial_by {
    DENIAL_OBSERVER, /* a system call, refused by the observer or tried on the caller's behalf */
    DENIAL_COVER,    /* a touch of a secret path, answered by the server behind the cover */
    DENIAL_KEEPER,   /* no process inside: somebody outside pulled a cover away, and it was put back */
    DENIAL_WITNESS,  /* Windows: the system's own log of what it refused */
    DENIAL_EVALUATED, /* Windows, without a witness: nobody saw it. The access check says that the command's token is refused this,
                        and the command failed; that it tried this very thing is a guess, and is never called more */
    DENIAL_BY_COUNT
};

/* "confirmed" or "evaluated". */
const char *denial_evidence(enum denial_by by);

/* What the witness knows beyond the rules. Where it knows nothing, the rules are asked, and where they would have let it
 * pass, path and errno are. */
enum denial_cause {
    DENIAL_RULE,        /* nothing: the rules say why */
    DENIAL_HARDLINK,    /* the file has further names, which may lie outside */
    DENIAL_GUARD,       /* a protected name that only the observer holds: not there yet, or below the top */
    DENIAL_LISTENER,    /* who listens there stands outside, or could not be told */
    DENIAL_DATAGRAM,    /* a datagram socket of the unix family, which no gate could decide about */
    DENIAL_DEVICE,      /* a device or FIFO on a file system of the outside */
    DENIAL_KNOB,        /* a setting of the kernel below /proc or /sys */
    DENIAL_GIT_LINK,    /* a symbolic link below .git, through which git outside would write */
    DENIAL_PERMISSIONS, /* the file's own mode and owner, with no capability inside to pass over them */
    DENIAL_LENDING,     /* a mode that lends its owner's rights */
    DENIAL_OWN,         /* below a process of Cordon's own in /proc */
    DENIAL_IN_FOLDER,   /* Windows: path is the folder; which name in it was to be made or removed is not known */
    DENIAL_MAXIMUM,     /* Windows: the program asked for all that it may have, and may have nothing */
    DENIAL_LISTENING,   /* Windows: no connection that was made, but one that was awaited; path is the own end */
    DENIAL_UNPROVEN,    /* Windows, evaluated: the verdict stands on what no other implementation of the access check could be asked */
    DENIAL_CAUSE_COUNT
};

/* Windows' own codes: what a program gets to see of a refusal. */
#define DENIAL_ACCESS_DENIED 5     /* ERROR_ACCESS_DENIED */
#define DENIAL_WSA_ACCESS    10013 /* WSAEACCES */

struct denial {
    uint64_t time_ms;  /* since 1970 */
    enum denial_by by;
    enum denial_cause cause;
    enum operation operation;
    struct str path;   /* absolute, or "host:port", "unix:...", "unix datagram" for OPERATION_CONNECT */
    struct str path2;  /* of a rename or link: the other one, from or to; path is the one that was refused. Else none */
    int64_t pid, group; /* inside; 0 unknown. group: its process group */
    uint64_t began_ms;  /* when the group's leader was started, since the machine was, give or take 10; 0: unknown */
    struct str program; /* its name, or the path of its executable */
    long code;         /* errno that the caller got; of DENIAL_WITNESS and DENIAL_EVALUATED one of Windows */
    uint64_t count;    /* how often, at least 1 */
    /* filled in by the trusted side: */
    uint64_t line;     /* the command line's number in the session; 0: none (run, -c) */
    struct str rule;   /* printable: "no writable root contains it (built-in)", never none */
    struct str remedy; /* printable: ":allow ~/x", a policy key, ":net online", "none: ..."; never none */
    bool minor;        /* the program goes on without: recorded, and no news at the prompt */
};

/* A record as the runner sends it (FRAME_DENIED's fields), one frame per packet; texts that are too long are cut. lost: how
 * many records before this one did not fit. False: not as it was sent. The texts of out point into the frame. */
void denial_put(struct buf *out, const struct denial *d, uint64_t lost);
struct frame;
bool denial_get(const struct frame *f, struct denial *out, uint64_t *lost);
/* The number alone, for when no further record comes that could carry it. */
void denial_put_lost(struct buf *out, uint64_t lost);
bool denial_get_lost(const struct frame *f, uint64_t *lost);

/* Fills rule and remedy from the same engine that planned the enforcement. facts: see rules_verdict_seen. */
void denial_explain(struct arena *a, const struct policy *policy, const struct facts *facts, const struct path_env *env,
    struct denial *d);

/*
 * Windows without a witness (evaluate.c): would this token be refused this, by the entries that are there now? object and parent:
 * the descriptors of what the path names and of the folder it lies in; NULL where it is not there, or could not be read. words:
 * what the access check says of it, printable.
 */
enum evaluated {
    EVALUATED_UNKNOWN, /* cannot be told: nothing is there, it could not be read, or an entry of an unknown kind decides */
    EVALUATED_ALLOWED,
    EVALUATED_REFUSED, /* out is filled; rule and remedy are not: denial_explain */
};
struct token;
struct descriptor;
struct evaluation {
    const struct token *token;
    struct str path;
    enum operation operation;
    const struct descriptor *object, *parent;
    bool folder; /* what is there, or would be made, is a folder */
    unsigned (*settled)(void); /* enum access_unproven: what the system itself was asked here, and agreed about; NULL: nothing. Called
                                  only where something of that kind decides. */
};
enum evaluated denial_evaluate(struct arena *a, const struct evaluation *of, struct denial *out, struct str *words);

/* One line of JSON with its newline; and back, from a log that may have been cut. False: not a record. */
void denial_json(struct buf *out, const struct denial *d);
bool denial_parse(struct arena *a, struct str line, struct denial *out);
/* "2026-11-21T16:51:54.123Z", and back. */
struct str denial_time(struct arena *a, uint64_t ms);
bool denial_time_parse(struct str text, uint64_t *ms);

/* For people: repeats (same operation, path, program, line, rule) as one with their count, newest last. */
struct denials {
    struct denial *v;
    size_t n, cap;
};
void denials_group(struct arena *a, const struct denials *all, struct denials *out);
/* The newest `most` of them; lost: how many more there were that nobody could keep. */
void denials_print(struct buf *out, struct arena *a, const struct path_env *env, const struct denials *grouped,
    size_t most, uint64_t lost);

#endif
