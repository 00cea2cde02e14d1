/*
 * win32: what the Windows edges share among themselves. Nothing outside *_windows.c includes it.
 *
 * Text is UTF-8 inside and becomes UTF-16 at the call itself; only W functions are called. What Windows 10 1809 lacks is looked up
 * when it is wanted. Every setting that a promise hangs on is read back after it was made: Wine says yes to what it does not do.
 */
#ifndef CORDON_WIN32_H
#define CORDON_WIN32_H

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#include <winternl.h>

#include "core/access.h"
#include "core/errors.h"
#include "core/frame.h"
#include "core/path.h"
#include "core/wide.h"
#include "hand.h"
#include "limits.h"
#include "sandbox.h"

/* Later than our headers, or left out of them. */
#ifndef PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE
#define PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE 0x00020016
#endif
#ifndef ERROR_ELEVATION_REQUIRED
#define ERROR_ELEVATION_REQUIRED 740
#endif

/* ---- sys_windows.c: text, errors ---- */

#define WIDE_PATH_MAX (PATH_BYTES_MAX + 16) /* no path of PATH_BYTES_MAX bytes has more units, with the prefix */

struct wide_path {
    wchar_t v[WIDE_PATH_MAX];
};
/* As the system is to get it: \ for /, and an absolute one behind \\?\, so that it is taken as it is: no device names, no trailing
 * dots, no MAX_PATH. False, with the last error set, when it is no text or too long. */
bool wide_path(struct str path, struct wide_path *out);
wchar_t *wide_from(struct arena *a, struct str s);                 /* NULL when it is no text, or has a NUL */
struct str utf8_from(struct arena *a, const wchar_t *s, size_t n); /* WTF-8 (wide.h): any units have one text */
struct str utf8_from_z(struct arena *a, const wchar_t *s);
/* A path of the system's without \\?\ and \\?\UNC\. */
struct str utf8_from_path(struct arena *a, const wchar_t *s, size_t n);

/* Fills e with code's words; always false. ERR_MISSING for what is not there. */
bool win_fail(struct err *e, DWORD code, struct str subject, const char *format, ...) BASE_PRINTF(4, 5);
/* The same with the cause and remedy of errors.h, for what fails at a stage of it. */
bool win_fail_at(struct err *e, enum error_stage stage, DWORD code, struct str subject, const char *format, ...) BASE_PRINTF(5, 6);
bool win_random(void *out, size_t n); /* from the system's CSPRNG */
void *win_function(const wchar_t *module, const char *name); /* of a library of the system that is loaded or in System32; NULL */
bool win_is_wine(void);
bool win_has(const struct texts *list, struct str text); /* as texts_have, whose header does not go with the system's */
void win_close(HANDLE *h); /* to NULL; NULL and INVALID_HANDLE_VALUE are fine */

/* ---- files_windows.c ---- */

/* Opens one name below an open folder, itself and not what it leads to where it is a reparse point (NtCreateFile with
 * FILE_OPEN_REPARSE_POINT). options: FILE_DIRECTORY_FILE and the like. NULL, with the last error: ERROR_SHARING_VIOLATION also where
 * somebody's oplock is not given up in a moment. */
HANDLE win_open_beneath(HANDLE folder, const wchar_t *name, size_t n, ACCESS_MASK access, ULONG disposition, ULONG options);
/* The object of that name itself; never what a reparse point in the last component leads to. NULL, with the last error. */
HANDLE win_open_itself(const wchar_t *path, DWORD access, DWORD disposition);
/* What a file or folder is, whatever its name: as facts and plans have it. (paths_windows.c) */
bool win_identity(HANDLE h, uint64_t *dev, uint64_t *ino);
/* Names in an open folder, one batch after the other; false when there are no more. */
struct win_list {
    HANDLE folder;
    bool begun;
    size_t at; /* SIZE_MAX: a batch is wanted */
    union {
        ULONGLONG align;
        char bytes[32768];
    } batch;
    const wchar_t *name; /* the entry: not "." and not ".." */
    size_t n;            /* units */
    DWORD attributes;
};
bool win_list_next(struct win_list *l);
/* A whole file replaced by another in one step: whoever reads sees the one or the other. */
bool win_replace_file(struct str path, struct str bytes, struct err *e);
/* Waits, at most ms, until we alone hold the file of that name, which is made where it is missing. NULL, with the last error. */
HANDLE win_lock_file(struct str path, DWORD ms);

/* ---- looks_windows.c ---- */

/* Opens an object by its path, one name at a time from its drive, and only where no link or mount point is on the way, itself included
 * (ERROR_CANT_ACCESS_FILE). attributes: of the object. NULL, with the last error. */
HANDLE win_open_plain(struct str path, DWORD access, DWORD *attributes);
struct git_eye;
const struct git_eye *git_eye_system(void); /* goes wherever it is told to: who asks sees to it that this is no server of somebody else's */

/* Something was begun for this path and did not come to its end: kept beside the sessions, and so by one that crashed, too. Without
 * a session's folder nothing is kept. */
struct str win_state_dir(struct arena *a); /* where our session's folder lies; none without one */
void win_mark_put(struct str path, struct str place); /* place: how far it has come */
void win_mark_take(struct str path);
bool win_alone(struct arena *a); /* is no other session of the person open? */
bool win_mark_is(struct arena *a, struct str path, struct str *place);

/* ---- stream_windows.c: what sys_handle stands for ---- */

/* Owns both; either may be NULL. Read by a thread of its own as soon as somebody waits on it or reads without blocking, written
 * by one once sys_nonblocking was asked for; with bounded room each way. */
sys_handle sys_from_stream(HANDLE in, HANDLE out);
sys_handle sys_from_event(HANDLE h); /* readable when h (an event, a process) is signalled; owns h */
void sys_forget(sys_handle *event);  /* closes it, and leaves h to whoever has it */
/* Readable when produce, on a thread of its own, has brought bytes: > 0 so many, 0 the end. cancel makes it return soon. */
sys_handle sys_from_producer(
    long (*produce)(void *context, void *out, size_t size), void (*cancel)(void *context), void *context);
/* What is behind; NULL where there is none. They stay the stream's. */
HANDLE sys_in(sys_handle h);
HANDLE sys_out(sys_handle h);
/* Its object stays, closed or not, until it is dropped: whoever holds one may still ask sys_over. */
void sys_hold(sys_handle h);
void sys_drop(sys_handle *h);
bool sys_over(sys_handle h);                 /* nothing comes any more; what came may not be read yet */
void sys_also(sys_handle h, HANDLE event);   /* sys_wait takes h for readable when event is signalled, too; not owned */
/* What pty_resize does with it. */
void sys_on_resize(sys_handle h, bool (*resize)(void *context, uint16_t rows, uint16_t columns), void *context);
bool sys_resize(sys_handle h, uint16_t rows, uint16_t columns);

/* ---- records_windows.c: what the witness tells ---- */

struct denial;
struct sid;
struct win_records {
    sys_handle in; /* readable when a record may be there; SYS_NONE: nothing comes any more */
    struct buf have;
    bool bad;
};
/* To the witness of the person who runs this, about the runner whose token has this AuthenticationId (0: any of that person's).
 * False, with e filled: there is no witness, or none that can be believed; the boundary holds the same, and records are evaluated. */
bool win_records_open(struct win_records *r, uint64_t logon, struct err *e);
/* The same of a pipe whose far end must belong to this process. */
bool win_records_connect(struct win_records *r, const struct sid *person, uint64_t logon, DWORD server, struct err *e);
/* The next record; false: none now. Never blocks. lost, alone: as witness_take has them. */
bool win_records_take(struct win_records *r, struct arena *a, struct denial *out, uint64_t *lost, uint64_t *alone);
void win_records_close(struct win_records *r);

/* ---- access_windows.c: the system's own access check ---- */

/* A token as access_check wants it. Backup and restore are never asked for. */
bool win_token_read(struct arena *a, HANDLE token, struct token *out, struct err *e);
/* AccessCheck of an impersonation token; desired may hold generic rights. rights: what was granted. False: it could not be asked. */
bool win_access_check(HANDLE token, const struct descriptor *d, const struct access_mapping *mapping, uint32_t desired, bool *granted,
    uint32_t *rights, struct err *e);
/* The rights to a file for which this token's second pass is made, found by asking for each: see access_writes. token: an
 * impersonation token with restricting SIDs, of which Everyone is none. */
bool win_access_writes(struct arena *a, HANDLE token, uint32_t *out, struct err *e);
/* A write-restricted copy of our own token with this one restricting SID, for impersonation; NULL, with e filled. On a system that
 * does not do what it says (wine), it has no restricting SIDs: win_token_read tells. */
HANDLE win_token_restricted(const struct sid *sids, size_t count, struct err *e); /* at most 4 */
/* ---- state_windows.c ---- */

void facts_setup(struct arena *a, struct windows_host *w); /* what setup left here for this person; program_data and person_sid are there */

/* ---- token_windows.c: tokens and descriptors ---- */

/* SDDL to what the system takes, SID_LOGON in it replaced by our own logon SID; to be freed by LocalFree. NULL with the last error. */
PSECURITY_DESCRIPTOR win_descriptor(struct str sddl);
/* The DACL of an object of the kernel, and read back: *verified says whether it is there as it was put. */
bool win_dacl_put(HANDLE object, struct str sddl, bool *verified, struct err *e);
/* The same for a directory of the object manager, by its name (NtOpenDirectoryObject). */
bool win_directory_close(const wchar_t *name, struct str sddl, bool *verified, struct err *e);
/* The DACL of each thread of this process but the one that calls. Those that the system makes for itself are looked for: born under an
 * open default list, they would let whoever may set their registers be us. One that cannot be opened is closed. */
bool win_close_threads(struct str sddl);
bool win_dacl_is(HANDLE object, struct str sddl);
/* The same for what a token gives to objects that are made without a descriptor. */
bool token_default_dacl(HANDLE token, struct str sddl, bool *verified, struct err *e);

struct str token_user(struct arena *a); /* the SID of who we are; none where that cannot be told */
HANDLE token_own(void); /* of this process, with all that may be had; kept. NULL where it cannot be opened */
/* A restricted copy of it. */
struct token_wish {
    DWORD flags; /* of CreateRestrictedToken */
    struct texts restricting;
    struct str default_dacl; /* SDDL; none: as ours */
};
/* why: where it is not what was wished, one clause; else none. Whoever asked decides what follows from that. */
bool token_make(const struct token_wish *wish, HANDLE *out, const char **why, struct err *e);
bool token_is_restricted(void); /* are we ourselves something that runs inside? */
/* Makes a restricted token and asks it: does this system restrict at all? False under Wine. */
bool token_canary(void);

/* ---- job_windows.c ---- */

/* why: as above. */
bool job_make(const struct job_wish *wish, HANDLE *out, const char **why, struct err *e);
/* Puts a suspended process in, and looks. */
bool job_take(HANDLE job, HANDLE process, struct err *e);
size_t job_count(HANDLE job); /* processes in it now */

/* ---- station_windows.c ---- */

/* A window station and a desktop of our own, which this process then has; out: "STATION\\DESKTOP", for lpDesktop. */
bool station_make(
    struct str station_sddl, struct str desktop_sddl, wchar_t *out, size_t size, bool *verified, struct err *e);
/* One of cordon's for a runner to begin on, until it has made its own: nothing is on it. group: the accounts'. This process stays where
 * it is. */
bool station_lend(struct str group, wchar_t *out, size_t size, struct err *e);

/* ---- command_windows.c: programs, in the runner ---- */

struct confinement {
    HANDLE token;
    struct str closed_default, open_default; /* SDDL: the runner's default list, and that of commands; none: left as it is */
    struct job_wish job;
    wchar_t desktop[128]; /* "": none of their own */
};

struct console;
struct hidden;
struct running {
    uint32_t id; /* 0: this row is free */
    HANDLE process, job;
    struct console *console;
    HANDLE closer; /* the console is being closed */
    struct hidden *hidden; /* of a console that nobody looks at */
    DWORD pid, code;
    int ended_by;  /* the signal that was asked for; 0: none */
    bool exited;
    uint64_t close_by; /* then what is left of it is ended, */
    uint64_t give_up;  /* then the end is told, whether all of its output was read or not */
};
/* Closes the request's handles, also when it fails. */
bool command_spawn(const struct confinement *c, const struct spawn_request *r, struct running *out, struct err *e);
void command_forget(const struct spawn_request *r); /* closes the handles of one that is not to be started */
/* To be called when process or closer is signalled, and when a time is due. True once it is over and all is released;
 * *truncated: its last output may be missing. */
bool command_turn(struct running *r, bool *truncated); /* r->job stays where something is left in it: the caller's to keep */
/* What to wait for, and until when: ms, -1. */
HANDLE command_waits(const struct running *r, int *ms);
void command_end(struct running *r, int signal); /* all of it, at once */
void command_interrupt(struct running *r);       /* Ctrl-C, in a console that nobody looks at; else cordon has the keys */
#define SIGNAL_INTERRUPT 2

#define RUNNER_FILE L"cordon-runner.exe"
#define SHIM_FILE   L"cordon-shim.exe" /* beside the runner */
/* The file of that name in the folder of our own program. */
bool win_beside(const wchar_t *name, struct wide_path *out);
bool win_installed(const wchar_t *name, struct wide_path *out); /* where setup copied it: Program Files\Cordon (state_windows.c) */
struct str win_data_dir(struct arena *a);                       /* ProgramData\Cordon; none */

/* ---- probe_windows.c, proof_windows.c ---- */

enum probe_answer probe_attempt(enum probe_kind kind, struct str path, uint64_t number, long *code);
enum probe_answer probe_outcome(bool done, long *code); /* from the last error, where it was not done */
enum probe_answer trial_attempt(enum probe_kind kind, struct str path, uint64_t number, long *code); /* trial_windows.c: doctor's own */
bool probe_children(uint64_t runner, bool hosts); /* reach into one of its console hosts, or of its other children */
enum probe_answer trial_network(enum probe_kind kind, struct str path, uint64_t number, long *code); /* trial_net_windows.c: of them */
enum probe_answer proof_outside(struct probe *probe); /* by a child of ours, out here */
bool proof_start(const wchar_t *mode, HANDLE in, HANDLE out, PROCESS_INFORMATION *made); /* the shim, by a process that may */
int proof_child(void);      /* the shim's "prove": starts the grandchild */
int proof_grandchild(void); /* its "attempt": a frame of attempts in, outcomes out */

/* ---- start_windows.c: the runner as a process; trusted side ---- */

struct started {
    HANDLE process, job; /* the job's only handle: what is inside ends with it */
    sys_handle control;  /* answers in, requests out */
    DWORD pid;
};
struct start_as {
    struct str account, sid; /* none: the person's own */
    struct str group;        /* of the accounts */
    bool online;
};
bool start_runner(const struct start_as *as, struct started *out, struct err *e);
/* A handle of ours as a number of the runner's; 0 with err. */
uint64_t start_lend(const struct started *s, HANDLE h, struct err *e);
void start_take_back(const struct started *s, uint64_t lent); /* of a request that was never sent */
void start_end(struct started *s); /* everything inside is ended and gone when it returns */

DWORD boundary_runner(const struct boundary *b); /* its process id */
bool boundary_has_account(const struct boundary *b); /* what is inside runs as the sandbox's account, not as the person */
void boundary_forget(struct boundary *b, uint32_t command); /* the end of this one is no event; waits for it a moment */

/* ---- launch_windows.c ---- */

/* The file of a launch's program, found by PATH and PATHEXT of its own environment as cmd would, but never in the current folder,
 * and the command line. ERR_MISSING, ERR_REFUSED as of boundary_spawn. */
bool launch_words(struct arena *a, const struct launch *launch, struct str *program, struct str *words, struct err *e);

/* ---- apply_windows.c: what the person's own ops do on the disk; trusted side ---- */

struct applied { /* zeroed is ready */
    struct texts changed; /* tops below which entries are to be carried */
    struct texts missing; /* what is not held, one line each */
    struct texts notes;   /* what was passed over, and nothing hangs on */
    bool all;             /* set before: every top is walked, changed or not */
    uint64_t mended;      /* objects below tops that got other entries */
    const struct disk_watch *watch;
    bool behind;          /* set before: this is the later; nothing old is taken */
    bool defer;           /* set before: grants that nothing hangs on are left to later, */
    struct texts later;   /* these tops */
};
/* OP_ACE, OP_OWNER, OP_GUARD_NAME among ops, in order; others are passed over. accepted: parts that may be missing. Then what is to
 * be inherited is carried down. */
bool apply_person(
    struct arena *a, const struct op *ops, size_t count, const struct texts *accepted, struct applied *out, struct err *e);

/* ---- before_windows.c: the entries of store.h ---- */

struct entry;
struct entries;
struct win_ledger { /* held by one terminal at a time */
    struct arena *arena;
    struct str state_dir;
    HANDLE lock;
    struct entries *entries;
    bool unsaved;
};
bool win_ledger_open(struct arena *a, struct str state_dir, struct win_ledger *out, struct err *e);
void win_ledger_names(struct arena *a, struct str state_dir, struct entries *out); /* that were made, as the list has them now */
bool win_ledger_before(struct win_ledger *l, const struct entry *entry, struct err *e); /* is on the disk when it returns */
void win_ledger_made(struct win_ledger *l, struct str path, uint64_t dev, uint64_t ino, struct str after); /* what was entered to be made */
void win_ledger_after(struct win_ledger *l, struct str path, struct str after);
bool win_ledger_lacks(const struct win_ledger *l, struct str path, uint64_t dev, uint64_t ino); /* how it became: entries_lack_after */
bool win_ledger_close(struct win_ledger *l, struct err *e);

/* ---- store_windows.c ---- */

/* Write SIDs that have nothing to do below top (core/store.h), by the person's list. */
void win_strangers(struct arena *a, struct str top, struct texts *out);

/* ---- restore_windows.c ---- */

/* Names that Cordon made to hold them, as they were made: away, once no session of the person is open any more. Ours is, and has nothing
 * inside any more. */
void restore_names(struct str state_dir);
/* Is what was made there still that, and nothing of anybody's in it? made: all that were. */
bool restore_is_as_made(struct arena *a, const struct entries *made, const struct entry *entry);
/* What Cordon put where this plan, of all of the person's that are open the only one, asks for nothing: taken back. Paths of other
 * roots are left alone. */
bool restore_unasked(struct arena *a, const struct plan *plan, const struct disk_watch *watch, struct texts *lines, struct err *e);
bool restore_may(struct arena *a, struct err *e); /* not while another terminal is open */
/* All that Cordon put on the person's disk taken back; a session is begun. left: what is not, one printable line each. */
bool restore_entries(struct arena *a, const struct host *host, struct texts *left, size_t *restored, struct err *e);

/* ---- walk_windows.c ---- */

/* One top, with its mark, from where it was left. */
bool carry_into(struct arena *a, const struct op *ops, size_t count, struct str top, const struct texts *accepted, struct applied *out,
    struct err *e);

/* ---- grants_windows.c: the rest, behind the prompt ---- */

struct grants;
/* tops: applied.later. NULL: there is nothing. */
struct grants *grants_begin(const struct op *ops, size_t count, const struct texts *tops, const struct texts *accepted);
void grants_end(struct grants **g); /* NULL in it is fine */
void grants_tell(const struct grants *g, struct arena *a, struct str path, struct texts *lines); /* boundary_pending */

/* ---- walk_windows.c ---- */

struct walk_object;
bool object_look(struct arena *a, HANDLE h, struct walk_object *out); /* false with the last error */
bool object_write(HANDLE h, struct str descriptor, struct err *e);    /* its DACL; false, e maybe empty: it is not there afterwards */
bool apply_carry(
    struct arena *a, const struct op *ops, size_t count, const struct texts *accepted, struct applied *out, struct err *e);

#endif
