/*
 * shell: the trusted side, which a person or an agent talks to: the command line, the opening of a boundary,
 * programs run in it, the built-ins, and the terminal that Cordon itself was started in.
 *
 * Everything here runs outside, as the person. It starts no program outside, obeys no file of the workspace,
 * and prints text from inside only through text_printable. One thread, one poll loop at a time.
 */
#ifndef CORDON_SHELL_H
#define CORDON_SHELL_H

#include "../sandbox/core/core.h"
#include "../sandbox/core/obeyed.h"
#include "../sandbox/core/path.h"
#include "../sandbox/core/plan.h"
#include "../sandbox/core/policy.h"
#include "../sandbox/core/rules.h"
#include "../sandbox/sandbox.h"

#define CORDON_VERSION "0.1"

/* Exit codes that are Cordon's own; every other code is the command's. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FINDING = 1,      /* a check came out badly: doctor, demo, policy check */
    EXIT_CORDON = 125,     /* Cordon failed or refused, or was called wrongly */
    EXIT_NOT_STARTED = 126,
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128,  /* + the signal */
};

/* ---- verbs.c: the command line ---- */

struct options {
    const struct verb *verb;  /* never NULL after options_parse */
    struct str workspace;     /* --workspace DIR, as typed; none: the current folder */
    struct str policy_file;   /* --policy FILE */
    struct str net;           /* --net MODE */
    struct str line;          /* -c LINE */
    struct texts write, secret, protect; /* repeatable, as typed */
    struct texts accept;      /* --accept PART */
    struct texts args;        /* what follows the verb, or -- */
    struct str operation;     /* why --operation OP */
    struct str number;        /* denied -n N */
    struct str session;       /* denied --session ID */
    struct str offline, online, group; /* setup: the names of the accounts and their group */
    bool no_audit, witness;   /* setup */
    bool all, follow, from_input;
    bool agent, not_enforced, require_full, no_rc, json, plan, list, weak, quiet, help, version;
};

struct verb {
    const char *name;      /* "" is the REPL itself */
    const char *arguments; /* "-- PROG ARG..." */
    const char *help;      /* one line */
    bool opens;            /* takes the options that shape a boundary */
    bool boundary;         /* opens one at once: its namespaces are begun before anything is read */
    size_t least, most;    /* how many arguments */
    int (*run)(const struct options *o); /* returns the exit code */
};

bool options_parse(struct arena *a, int argc, char **argv, struct options *out, struct err *e);
void verbs_help(struct buf *out, const struct verb *verb); /* NULL: of everything */

/* ---- promises.c: what is proved, one row each ---- */

enum promise_state {
    PROMISE_OBSERVED,   /* a grandchild inside tried, as expected, beside a control that succeeded */
    PROMISE_CONFIGURED, /* as expected, but the control could not succeed here either: shows nothing */
    PROMISE_UNKNOWN,    /* could not be tried */
    PROMISE_BROKEN,     /* it came out the other way */
};

struct opened;
struct session;

struct promise {
    const char *name;      /* "write-outside" */
    const char *sentence;  /* "a write outside the writable roots is refused" */
    const char *remedy;    /* what to do when it is broken or cannot be tried */
    bool essential;        /* unknown is as bad as broken: the boundary does not open */
    bool thorough;         /* tried by doctor alone: it costs more than an opening should */
    /* Fills the attempt for this policy and machine; false: it does not apply here (nothing to prove). */
    bool (*make)(const struct session *s, struct opened *o, struct probe *out);
};

/* One attempt of an opened boundary, with what came of it. */
struct proof {
    const struct promise *promise;
    struct probe probe;
    enum promise_state state;
};

void promises_make(const struct session *s, struct opened *o, bool thorough); /* fills o->proofs, with controls */
enum promise_state promise_judge(const struct probe *p);
const char *promise_state_name(enum promise_state state);
const char *probe_answer_name(enum probe_answer answer);

/* ---- open.c: from files and flags to a proven boundary ---- */

enum tier { TIER_NONE, TIER_PARTIAL, TIER_FULL };

/* One boundary and what it was made from. It owns its arena, and the boundary. */
struct opened {
    struct arena arena;
    struct policy policy;
    struct facts facts;
    struct plan plan;
    struct boundary *boundary;
    struct probe_target target;
    struct proof *proofs;
    size_t proof_count;
    enum tier tier; /* computed from the proofs and the plan, never from what was intended */
};

/*
 * What the REPL lends to the built-ins. move: a new boundary stands and is proven; bring the living shell over
 * (directory and exported environment carried along; functions, aliases and jobs that did not come are named in
 * *lost, printable). True: from now on s->open is `next`, and the old one may be closed (the built-in does both).
 * False: nothing changed and err says why. NULL where no shell lives (run, -c).
 */
struct carrier {
    void *context;
    bool (*move)(void *context, struct opened *next, struct arena *a, struct texts *lost, struct err *e);
    void (*reset)(void *context);    /* :reset: the inner terminal made sane; may be NULL */
    size_t (*jobs)(void *context);   /* background jobs now, for :quit and :status; may be NULL */
};

/* What was seen of the files that tools outside obey (obeyed.h), when each writable root was first one. */
struct last_word {
    bool wanted;
    struct arena arena;
    struct texts roots; /* real paths, the workspace first */
    struct texts held;  /* names of placeholders */
    struct obeyed_list before;
    uint64_t since_ms;
};

/* The life of one Cordon. */
struct run;
struct session {
    struct arena arena; /* lives until the end */
    const struct options *options;
    struct path_env env;
    struct host host;
    struct opened *open;      /* the boundary in use */
    struct boundary *early;   /* begun and not used yet */
    bool early_network;
    struct err early_err;     /* why there is none */
    struct carrier carrier;
    bool interactive;         /* a person's keyboard gives the lines: only then may anything widen */
    bool borrowed;            /* a demo's, beside another in this process: the caches stay with that one */
    bool settled;             /* what was born inside was put in its place, at the end */
    bool no_workspace;        /* opened where none may be */
    struct str no_workspace_why;
    struct str workspace;     /* what :open chose; none: as the options say */
    uint64_t began_ms;        /* since 1970 */
    bool quit;                /* :quit was said */
    int quit_code;
    bool quit_asked;          /* :quit was said once while jobs ran */
    struct str go_to;         /* where the next living shell begins (:open); none: where the old one is */
    struct run *first;        /* the program that the boundary is opened for; NULL: none */
    struct denied *denied;    /* what was refused (denied.h); NULL before session_begin */
    struct last_word last_word;
    struct buf leftover;      /* how it was at the beginning, for the look at the end (leftover_look) */
    uint64_t told_ms;         /* when a long walk was last told of (session_watch) */
    struct str place;         /* the living shell's directory, canonical, kept by the REPL; may be none */
};

enum open_flags {
    OPEN_LOOK = 1,     /* a boundary whose proof fails is kept, for doctor to show */
    OPEN_NO_PROOF = 2, /* read, plan and stop: no boundary (policy show, why) */
    OPEN_EMPTY_OK = 4, /* where no workspace may be: open with none instead of refusing */
};

/* Reads who and where we are: host, environment, session folder. */
bool session_begin(struct session *s, const struct options *o, struct err *e);
/* The standing of a path in a session: relative ones count from the living shell's directory. On Windows that is refused where it lies on no
 * disk of this machine: who asks is the person. */
struct path_env session_env(const struct session *s);
/* Composes the policy from its files and flags, plans, builds, proves. s->open is not touched. */
bool session_open(struct session *s, unsigned flags, struct opened **out, struct err *e);
/* The same from a policy that is already there (:allow, :net, :reapply); it is copied. */
bool session_open_policy(
    struct session *s, const struct policy *policy, unsigned flags, struct opened **out, struct err *e);
/* The policy alone, files and flags laid over one another. */
bool session_policy(struct session *s, struct arena *a, unsigned flags, struct policy *out, struct err *e);
/* Refuses limited, by name, as long as there is no proxy. */
bool mode_exists(enum net_mode mode, struct err *e);
/* Tries every promise of an open boundary again and computes its tier; false, with err, when one does not hold. */
bool session_prove(struct session *s, struct opened *o, struct err *e);
/* Tells of what takes long on the disk, and lets Ctrl-C end it; lives as long as s. */
struct disk_watch session_watch(struct session *s);
/* The plan of another policy for here and now, into o, whose boundary stays as it is. */
bool session_plan(struct session *s, struct opened *o, struct err *e);
/* Another session on the same machine, that shares nothing else with s and has no workspace yet: its folder is `place`, with no
 * state beside it, its options are those of s without folders. Ended by session_close and what denied_begin needs; not by session_end. */
void session_beside(struct session *out, const struct session *s, struct options *options, struct str place);
void opened_close(struct opened **o); /* everything inside is ended; NULL inside is fine */
void session_look(struct session *s);  /* what was left in .git for git outside to obey is told */
void session_close(struct session *s); /* ends everything inside; the session may still be asked about it */
void session_end(struct session *s);

const char *tier_name(enum tier tier);
/* Lines for stderr after an opening: what is partial, warnings of the policy, no workspace. */
void session_announce(struct session *s, const struct opened *o);

/* ---- last_word.c: what changed in files that tools outside obey ---- */

/* Remembers, if that is wanted, how they are now in every writable root of o that was none before: while o is being built,
 * before anything runs in it. */
void last_word_begin(struct session *s, const struct opened *o);
/* What differs now; walk: nested repositories too. False: there was more than was searched for those. */
bool last_word_notes(struct session *s, struct arena *a, bool walk, struct obeyed_notes *out);
/* Says it on standard error, if there is anything. Once nothing runs inside any more. */
void last_word_say(struct session *s);
void last_word_end(struct session *s);

/* ---- exec.c: a program that Cordon starts itself and waits on (run, -c) ---- */

/* A program that a boundary is opened for, to be s->first before session_open. line: argv are a line for the command
 * shell, and its arguments. */
struct run *exec_new(struct session *s, const struct texts *argv, bool line);
/*
 * Its three standard descriptors are taken from ours as each is (a terminal becomes the program's own new one, files and
 * pipes are relayed). For session_open: the program waits inside while the boundary is judged.
 */
const struct launch *exec_ready(struct session *s, struct opened *o, struct err *e);
/* Lets s->first go, pumps until it ends, and returns its exit code or EXIT_CORDON with err. */
int exec_run(struct session *s, struct err *e);
/* The environment of a program inside. */
void exec_environment(struct session *s, const struct opened *o, struct arena *a, bool terminal,
    struct texts *out);
/* The command shell of -c: the policy's, or bash where there is one, else sh. */
struct str exec_shell(const struct session *s, const struct opened *o);
/* Where a program starts: where we are if that lies in the workspace, else the workspace itself. */
struct str exec_place(const struct session *s, const struct opened *o);
/* Runs argv inside with both outputs caught (at most `ceiling` bytes), stdin null: for demo. */
bool exec_catch(struct session *s, struct opened *o, struct arena *a, const struct texts *argv, struct str cwd,
    size_t ceiling, struct str *output, int *code, struct err *e);

/* ---- builtins.c ---- */

enum line_from {
    LINE_TYPED,   /* key by key at the keyboard */
    LINE_PASTED,  /* pasted or typed ahead: never widens */
    LINE_SCRIPT,  /* a script or a pipe: never widens */
};

struct builtin {
    const char *name;      /* "net", without the colon */
    const char *arguments;
    const char *help;
    bool widens; /* the agent lock, a script, a paste and a locked switch refuse it (where its words do widen) */
    size_t most; /* arguments */
    bool (*run)(struct session *s, const struct texts *words, enum line_from from, struct err *e);
    const char *more, *example; /* for :help NAME: sentences, and a line to type */
};

bool builtin_is(struct str line); /* ':' and a letter at its very beginning */
/* Runs the line. False: it failed, and what is to be said was said. s->quit tells of :quit. */
bool builtin_run(struct session *s, struct str line, enum line_from from);
const struct builtin *builtins_list(size_t *count);

/* ---- change.c: widening and narrowing while a shell lives ---- */

bool change_net(struct session *s, const struct texts *words, enum line_from from, struct err *e);
bool change_allow(struct session *s, const struct texts *words, enum line_from from, struct err *e);
bool change_revoke(struct session *s, const struct texts *words, enum line_from from, struct err *e);
bool change_reapply(struct session *s, const struct texts *words, enum line_from from, struct err *e);
bool change_open(struct session *s, const struct texts *words, enum line_from from, struct err *e);

/* ---- repl.c: the terminal itself, and a script on standard input ---- */

/* Runs until the end; s->open is open. Returns the exit code: the last line's, or what `exit N` gave. */
int repl_run(struct session *s, struct err *e);    /* stdin and stdout are a terminal */
int repl_script(struct session *s, struct err *e); /* lines come from a pipe or file on standard input */

/* ---- the verbs' work, for the table in verbs.c ---- */

int verb_repl(const struct options *o);
int verb_run(const struct options *o);
int verb_doctor(const struct options *o);
int verb_demo(const struct options *o);
int verb_why(const struct options *o);
int verb_denied(const struct options *o);
int verb_status(const struct options *o);
int verb_policy(const struct options *o);

/* ---- setup.c: what changes the machine; elevate_*.c ---- */

int verb_setup(const struct options *o);
int verb_repair(const struct options *o);
int verb_uninstall(const struct options *o);
void setup_status(void); /* prints what there is of it, as far as the person may see that */

enum elevated {
    ELEVATED_NOWHERE, /* this system has no setup */
    ELEVATED_RAN,     /* it ended; its exit code is in *code */
    ELEVATED_REFUSED, /* the person said no, which is no error */
    ELEVATED_FAILED,  /* err says why */
};
bool setup_exists(void); /* on this system */
/* What it comes to that somebody was asked to start it as an administrator. code: the system's, where it was not started. */
enum elevated setup_answer(bool started, bool waited, unsigned long code);
/* Runs cordon-setup with these words, none of which needs quotes, and waits. report: what an elevated one left to be read. */
enum elevated setup_start(struct arena *a, const struct texts *words, bool elevated, int *code, struct str *report, struct err *e);
/* May what Cordon put on this person's disk be taken back now? A session is begun. */
bool setup_disk_free(struct arena *a, struct err *e);
/* It is, once the accounts are gone. left: what is not. */
bool setup_disk_back(struct arena *a, const struct host *host, struct texts *left, size_t *restored, struct err *e);

/* What the built-ins share with the verbs: each appends text (lines end in \n). */
void doctor_report(struct session *s, const struct opened *o, bool json, struct buf *out);
bool demo_run(struct session *s, struct str name, bool json, struct err *e); /* prints as it goes */
void demo_list(bool json);                                                   /* prints */
void status_report(struct session *s, bool json, struct buf *out);
bool why_report(struct session *s, const struct opened *o, const struct texts *words, bool json,
    struct buf *out, struct err *e);
/* :denied and cordon denied (denied_show.c); words as typed after the name. */
bool denied_builtin(struct session *s, const struct texts *words, enum line_from from, struct err *e);

/* ---- outer_*.c: what we were started with ---- */

enum std_is {
    STD_IS_CLOSED,
    STD_IS_TERMINAL,
    STD_IS_FILE,   /* a regular file: relayed */
    STD_IS_STREAM, /* a pipe, a FIFO, a character device that is not null, one end of a socketpair: relayed */
    STD_IS_NULL,   /* /dev/null */
    STD_IS_SOCKET, /* refused, but for a nameless pair, which is relayed as a stream */
    STD_IS_FOLDER, /* refused */
    STD_IS_OTHER,  /* refused */
};
enum std_is std_look(int number);
bool std_is_emulated(int number); /* Windows: a pipe of mintty's, which stands for a terminal and is none */
bool std_same(int a, int b); /* do both lead to the very same file? */
/* Closed ones become /dev/null, so that no later file can land on 0, 1 or 2. First thing in main. */
bool std_fill(void);
enum path_system outer_path_system(void);
/* Once the folder that we were started in is known: Windows looks for libraries in the current one, too, and the sandbox writes in it.
 * So there the system's own becomes the current one. Linux does not, and stays. */
void outer_leave(void);
bool outer_may_write(struct str folder, struct err *e); /* may the person make files in it? Windows: its entries say, later */
uint64_t outer_process(void); /* our own id, as the outside counts */
struct str outer_machine_policy(void); /* where an administrator's policy is; none: there is none that may be believed */
/* Windows: the arguments as UTF-8, whatever the code page is. */
void outer_arguments(struct arena *a, int *argc, char ***argv);

/* ---- tty_*.c: the terminal that we were started in ---- */

/* Remembers the terminal's modes, and sees that they come back at exit, on an error and on a fatal signal.
 * Also sets up the signals that tty_signal tells of. Works without a terminal too (signals only). */
bool tty_begin(struct err *e);
void tty_end(void);                 /* modes as they were; signals as they were */
bool tty_raw(bool on);              /* keys as they come, no echo, output as it is; off: as the person had it */
bool tty_is_raw(void);
bool tty_size(uint16_t *rows, uint16_t *columns); /* false, and 24 by 80, where it is not known */
/* Windows: where the cursor is, from 1, within what is seen. False elsewhere: there the terminal answers for itself. */
bool tty_cursor(uint32_t *row, uint32_t *column);
sys_handle tty_in(void), tty_out(void); /* SYS_NONE without a terminal */

enum tty_signal {
    TTY_SIGNAL_NONE,
    TTY_SIGNAL_RESIZED,
    TTY_SIGNAL_INTERRUPT, /* SIGINT from elsewhere: in raw mode Ctrl-C is a key */
    TTY_SIGNAL_QUIT,
    TTY_SIGNAL_TERMINATE,
    TTY_SIGNAL_HANGUP,
    TTY_SIGNAL_BREAK, /* Windows: Ctrl-Break, which is no key in any mode */
    TTY_SIGNAL_CONTINUED,
};
sys_handle tty_signals(void);       /* readable when one arrived */
enum tty_signal tty_signal_next(int *number); /* NONE when there is no more; number: the system's */
/* Ctrl-Z at our own prompt: modes back, our process group stopped; returns when continued, raw again if it
 * was raw. False where there is nobody to stop for (a login shell, an orphaned group). */
bool tty_suspend(void);

/* Writes all of it to standard output (or error), waiting as long as it takes. \n becomes \r\n while raw. */
bool tty_print(struct str text);
bool tty_print_error(struct str text);
/* To standard output, lines broken between words where a terminal is not as wide. always: also where it is none, at 80. */
bool tty_print_folded(struct str text, bool always);
bool tty_write(struct str bytes); /* to the terminal, as it is */
bool tty_colour(int number);      /* may standard output (1) or error (2) have colour? NO_COLOR, TERM=dumb */
/* Asks a question on the terminal. Everything typed before it was shown is thrown away, and so is what arrives
 * in the quarter second after; a paste is no answer. True only for "y" or "yes" and Enter. */
bool tty_confirm(struct str question);
/* Was Ctrl-C pressed? For what takes long and reads no keys. It stays among keys and signals. */
bool tty_stopped(void);
void tty_forget_stop(void); /* of a key that was pressed at the prompt */
/* Is our process group the terminal's foreground one? Only then may its modes be changed or keys be read. */
bool tty_is_ours(void);

/* ---- say.c ---- */

/* Prints "cordon: ..." with the error's text, to standard error. */
struct str say_error_text(const struct err *e, struct arena *a); /* one line, the remedy its last words */
void say_error(const struct err *e);
void say_note(const char *format, ...) BASE_PRINTF(1, 2);
/* What a program's last number says where it is the system's own (0xC0000142), with what would help; else none. */
struct str say_end_text(struct arena *a, enum path_system system, long code);
void say_end(enum path_system system, long code); /* if there is something to say */

#endif
