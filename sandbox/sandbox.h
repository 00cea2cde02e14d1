/*
 * sandbox: the seam to the system: look at facts, open a boundary from a plan, prove it, start programs
 * in it, change it, close it. One file per system behind each part: facts_linux.c, boundary_linux.c, ...
 *
 * Everything here is called on the trusted side, by one thread. Nothing decides: plans come in, facts and
 * events go out.
 */
#ifndef CORDON_SANDBOX_H
#define CORDON_SANDBOX_H

#include "core/core.h"
#include "core/denial.h"

/* What the system waits on: a descriptor on Linux, a HANDLE on Windows. -1 is none. */
typedef intptr_t sys_handle;
#define SYS_NONE ((sys_handle)-1)

/* ---- facts ---- */

/* About the machine and the person. arena owns the texts. Needs no privilege and starts nothing. */
bool facts_host(struct arena *a, struct host *out, struct err *e);
/* About the paths asked; appends to out->v in the order of the questions. */
void facts_paths(struct arena *a, const struct texts *questions, struct facts *out);
/* Windows: is no link on the way to it, as far as it is there, itself included? To look at what somebody inside may have made of it goes
 * nowhere else then. Linux: true; nobody there looks at what a line names. */
bool facts_plain(struct str path);

/* Windows: the session's private temp, into host->windows; the write SID of each root of the policy, into facts->host.windows, made
 * and kept where the session has a folder. Elsewhere there is nothing to do. */
bool facts_session(struct arena *a, struct host *host, struct err *e);
bool facts_roots(struct arena *a, const struct policy *policy, struct facts *facts, struct err *e);

/* Second names of files in the secret places of the policy, whose facts are there; fills out->second. Bounded: two levels of
 * each, the tops of writable roots for the other names. */
void facts_second(struct arena *a, const struct policy *policy, struct facts *out);

/* What git would run or obey in the writable roots (core/git.h). Reads, and runs no git. */
struct git_found;
struct path_env;
const struct git_found *facts_git(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host);
/* What the observer alone holds for git is looked at again when nothing runs inside. begin: how it is now in the writable
 * roots of a plan about to be in force goes into the ledger, and into the session folder's. look: links that came into .git
 * meanwhile, and a HEAD at the top of a root, are moved aside, never deleted, and told: one printable line each, as is what
 * could not be looked at. */
struct plan;
void leftover_begin(struct arena *a, const struct plan *plan, const struct texts *roots, struct buf *ledger);
void leftover_look(struct arena *a, const struct path_env *env, struct str ledger, struct texts *lines);
void leftover_roots(struct arena *a, struct str ledger, struct texts *roots); /* of all that were open in the session */
void leftover_done(void); /* nobody needs to look after us */
/* The same for sessions that are gone and did not look themselves. roots: their writable roots. */
void leftover_crashed(struct arena *a, const struct path_env *env, struct str session_dir, struct texts *roots,
    struct texts *lines);
/* The folder that is bound over the .git of a workspace without one (OP_BIRTHPLACE's source). there: an empty .git is. */
bool newborn_make(struct str place, struct str root, bool there, struct err *e);
/* Puts what was made there into place, or keeps it apart, and says which: one printable line each. ended: of our own
 * session, with nothing left inside; else of sessions that are gone, maybe by a crash. roots: what could be written inside,
 * besides the workspace of each. */
void newborn_settle(struct arena *a, const struct path_env *env, struct str session_dir, const struct texts *roots, bool ended,
    struct texts *lines);

/* Looks at the names of obeyed.h in one writable root: no content, no link followed, no tree walked. held: names that a
 * placeholder of Cordon's may stand for, which counts as nothing there. */
struct obeyed_list;
struct obeyed_notes;
void obeyed_look(struct arena *a, struct str root, const struct texts *held, struct obeyed_list *out);
/* Walks the root for what came into being or was written below it since a time (ms since 1970): repositories, their
 * configuration and hooks, and names of obeyed.h in folders further down, node_modules and site-packages apart. Bounded in
 * depth (deeper ones are passed over), entries and time. False: there was more than was looked at. */
bool obeyed_walk(struct arena *a, struct str root, uint64_t since_ms, struct obeyed_notes *out);
/* Where the names of the policy's rules of any depth are, below its writable roots. A walk: not for an opening, but on Windows, where nothing
 * else holds them. False: there is more than was looked at. */
bool facts_nested(struct arena *a, const struct policy *policy, struct texts *out);

/* Does somebody on this machine listen at a port of loopback ("127.0.0.1:80", "[::1]:80") or at an abstract name ("unix:@x")? As it was
 * a moment ago, when l was filled; it begins as zeroes. Of a name that nobody has it may, rarely, be said that somebody does. */
#define HEARD_BYTES 8192
struct heard {
    uint64_t until; /* it counts */
    unsigned char ports[HEARD_BYTES], names[HEARD_BYTES]; /* a bit each; of a name's hash */
};
bool facts_listener(struct heard *l, struct str address);

/* ---- a boundary ---- */

struct boundary; /* one runner and the tree below it; opaque */

/* Starts the runner in its new namespaces, before anything is known of the plan (it takes the longest). */
bool boundary_begin(struct boundary **out, bool new_network, struct err *e);
/* ---- proof ---- */

enum probe_kind {
    PROBE_WRITE,    /* open path for writing without changing it; of a folder: a nameless file in it */
    PROBE_READ,     /* open path for reading; of a folder: list it */
    PROBE_CONNECT,  /* connect to 127.0.0.1:port */
    PROBE_LOOPBACK, /* listen inside and connect to it */
    PROBE_ABSTRACT, /* connect to an abstract socket of the outside, named by path */
    PROBE_SIGNAL,   /* signal 0 to the process whose outside id is number */
    PROBE_PROCESS,  /* reach into pid 1 of the boundary: its memory */
    PROBE_TERMINAL, /* push a character into a terminal of its own (TIOCSTI) */
    PROBE_PRIVILEGE, /* gain: a user namespace, a mount, any capability */
    /* Windows alone: */
    PROBE_DESKTOP, /* the person's window station, and so windows, keys and clipboard */
    PROBE_HOST,    /* reach into the console hosts of the runner whose id is number */
    PROBE_EXECUTE, /* start the program of that path; it never runs */
    PROBE_COM,     /* ask for an object of the class path, in a process of its own */
    /* For doctor alone (trial.h): */
    PROBE_OPEN,    /* open path itself with the rights in number */
    PROBE_MAKE,    /* make a file in the folder path, and leave it */
    PROBE_PARENT,  /* start a program as the child of the process number (0, in these three: of whoever tries); it never runs */
    PROBE_CHILDREN, /* reach into the programs that the runner number has started, its console hosts left out */
    PROBE_THREADS, /* open the threads of the process number */
    PROBE_TOKEN,   /* open the token of the process number, to copy it */
    PROBE_DEVICES, /* make a name beside the drive letters of this logon; gone at once */
    PROBE_BREAKAWAY, /* start a program outside the job; it never runs */
    PROBE_START,   /* start one inside; it never runs */
    PROBE_IN_JOB, PROBE_SHAPE, /* read back: is this process in a job that ends with its handle; has it the token of the plan? */
    PROBE_STATION, PROBE_DEFAULT, PROBE_INPUT, PROBE_WINDOW, /* WinSta0, its desktop, that which has the input, the shell's window */
    PROBE_CLIPBOARD, /* open that of the station we are on */
    PROBE_SEND_INPUT, /* a mouse that moves by nothing */
    PROBE_CONNECT6, PROBE_SEND4, PROBE_SEND6, PROBE_ECHO, PROBE_LISTEN, /* number: the port, on loopback; to listen: + 0x10000 over IPv6, 0x20000 at all addresses */
    PROBE_ANONYMOUS, /* as PROBE_CONNECT6, by a thread that has become the anonymous logon */
    PROBE_CONTAINER, /* start a program in an AppContainer named path; it never runs */
    PROBE_RESOLVE, /* ask the system for the name path */
    PROBE_SHARE,   /* open path on a server */
    PROBE_TASK,    /* register a task named path, disabled, and remove it */
    PROBE_PIPE,    /* make a pipe without a descriptor and write to it */
    PROBE_OWN_FOLDER, /* below path, make a folder that is its owner's alone, and a file in it */
    PROBE_PROFILE, /* the profile is loaded and the account's own */
    PROBE_TLS,     /* begin a handshake as a TLS client */
    PROBE_KIND_COUNT
};

enum probe_answer { ANSWER_UNKNOWN, ANSWER_DONE, ANSWER_DENIED, ANSWER_MISSING, ANSWER_FAILED };

struct probe {
    enum probe_kind kind;
    struct str path;
    uint64_t number;         /* port, pid */
    enum probe_answer expected;
    /* filled in: */
    enum probe_answer observed; /* inside, by a grandchild of the runner, confined as every command is */
    long code;                  /* errno of the attempt */
    enum probe_answer control;  /* the same attempt outside, before: must be ANSWER_DONE to count */
    const char *promise;        /* one sentence: what it shows */
};

/* Has a layer made in advance that the plan will probably want, where its folders are there already; does not wait. */
bool boundary_layer(struct boundary *b, const struct op *op);
/* Has the beginning of the plan done in advance; does not wait. Where a layer is wanted, it must have been begun before. */
void boundary_advance(struct boundary *b, const struct plan *beginning, const struct texts *partial_accepted);
/* Does the plan begin with what was done in advance? If not, it needs another boundary. To be asked before boundary_hand. */
bool boundary_fits(struct boundary *b, const struct plan *plan);
/* What takes long on a disk (on Windows, entries that are carried into large trees) tells now and then how far it has come, and is ended by
 * false; what was done stays, and the next time goes on from there. NULL: nobody looks. */
struct disk_watch {
    bool (*go_on)(void *context, struct str place, uint64_t seen);
    void *context;
};
/* Hands the plan over, and does not wait, but for what the plan has on the disk itself. partial_accepted: names from the policy. On
 * failure, here and in boundary_build, the boundary can only be closed. */
bool boundary_hand(struct boundary *b, const struct plan *plan, const struct texts *partial_accepted, const struct disk_watch *watch,
    struct err *e);
struct launch;
/* Waits until the plan that was handed over is applied, and proves it. Parts that FAIL_PARTIAL let pass are added to
 * plan->partial. first: a program (without an extra descriptor) whose process makes the proof's, once it is confined,
 * and then waits until boundary_release; NULL: none. */
bool boundary_build(struct boundary *b, struct arena *a, struct plan *plan, struct probe *probes,
    size_t count, const struct launch *first, struct err *e);
/* Runs the attempts inside (again); fills observed, code and control. What it found is the caller's to judge. */
bool boundary_prove(struct boundary *b, struct probe *probes, size_t count, struct err *e);
/* The same attempt made here, outside. */
void probe_control(struct probe *probe);
/* A listener on loopback and one in the abstract name space, for the connect probes. */
struct probe_target {
    sys_handle tcp, abstract;
    uint16_t port;
    char name[64];
};
bool probe_target_open(struct probe_target *t, struct err *e);
void probe_target_close(struct probe_target *t);

/* For demos: a port on loopback, outside, for connections and datagrams. */
struct listener {
    sys_handle tcp, udp;
    uint16_t port;
};
bool listener_open(struct listener *l, struct err *e);
bool listener_heard(struct listener *l); /* did anybody connect or send since it was last asked? */
void listener_close(struct listener *l);

/* ---- programs inside ---- */

enum std_kind {
    STD_NULL,     /* the inside's own /dev/null */
    STD_TERMINAL, /* the new terminal of this launch */
    STD_HANDLE,   /* an anonymous pipe or socketpair end of ours, handed on */
};

struct launch {
    struct texts argv, env;
    struct str words;   /* Windows: the command line as the program gets it, in place of argv (cmd and PowerShell read theirs in
                           ways of their own), with the program's own name first; none: it is made of argv */
    struct str cwd;
    bool terminal;      /* make a pseudoterminal for it, controlling and in the foreground */
    bool sealed;        /* run from a private copy that the tree cannot read (the command shell) */
    const struct command *after; /* ended: its terminal is this one's too, instead of a new one; NULL */
    uint16_t rows, columns;
    enum std_kind std[3];
    sys_handle std_handle[3];
    sys_handle extra;   /* becomes descriptor `extra_number` of the program; SYS_NONE for none. Windows: a pipe's writing end,
                           inherited by the program and all that it starts, its number in the variable CORDON_REPORT */
    int extra_number;
};

struct command {
    uint32_t id;
    int64_t pid_inside;
    sys_handle terminal; /* the controlling end, ours to close; SYS_NONE without a terminal */
};

bool boundary_spawn(struct boundary *b, const struct launch *launch, struct command *out, struct err *e);
/* 127 or 126 with err when argv[0] cannot be started: ERR_MISSING, ERR_REFUSED. */
/* Lets the program go that was given to boundary_build; whether it could be started is told by boundary_released, which waits
 * for it, as boundary_spawn does. */
bool boundary_release(struct boundary *b, struct err *e);
bool boundary_released(struct boundary *b, struct command *out, struct err *e);

/* Windows: 2 is Ctrl-C in the command's console; any other, the end of all of it. */
bool boundary_signal(struct boundary *b, uint32_t command, int signal, bool group, struct err *e);
/* The command's working directory as the kernel has it. */
bool boundary_where(struct boundary *b, struct arena *a, uint32_t command, struct str *out, struct err *e);
/* What is in the foreground of the command's terminal. */
struct foreground {
    bool itself; /* the command's own process group */
    int64_t group;
    char program[32]; /* printable */
    bool waiting_for_terminal; /* blocked reading the terminal */
    bool deaf;                 /* the command ignores interrupts (SIGINT), whatever is in the foreground */
};
bool boundary_foreground(struct boundary *b, uint32_t command, struct foreground *out, struct err *e);

/* Narrows what runs, at once. Processes that hold a file open for writing there are ended and named. */
bool boundary_narrow(struct boundary *b, struct arena *a, const struct op *op, uint64_t *ended,
    struct str *names, struct err *e);
/* For :reapply: what the plan has on the disk itself is put there again and carried down, whatever is there. lines: what was put
 * right, what was passed over. On Linux nothing is on the disk: mounts hold what is there, and the keeper sees to them. */
bool disk_mend(struct arena *a, const struct plan *plan, const struct texts *accepted, const struct disk_watch *watch, struct texts *lines,
    struct err *e);

enum event_kind {
    EVENT_NONE,
    EVENT_EXITED, /* a command ended: id, status */
    EVENT_LOST,   /* the runner is gone, and everything inside with it */
};
struct event {
    enum event_kind kind;
    uint32_t command;
    int exit_code;   /* 0-255; 128 + signal when a signal ended it */
    int signal;      /* 0 when it exited by itself */
};

/* Readable when an event may be there; but ask boundary_event until it has none before every wait: one may have come in
 * together with the answer to a request. */
sys_handle boundary_handle(const struct boundary *b);
bool boundary_event(struct boundary *b, struct event *out, struct err *e); /* never blocks */

/* What was refused inside, as the runner's threads saw it. Readable when a record may be there; SYS_NONE once the runner
 * is gone: ask before every wait. */
sys_handle boundary_records(const struct boundary *b);
/* The next record, its texts in a. lost: how many came before it and found no room on the channel. False: none now. Never
 * blocks. */
bool boundary_record(struct boundary *b, struct arena *a, struct denial *out, uint64_t *lost);
/* How many more are not to be had, beside those that came with records; each is told once. */
uint64_t boundary_lost(struct boundary *b);

/* What of the plan is still being put in place, or could not be, though nothing that is promised hangs on it: "grant pending: ...", "grant
 * failed: ...", printable. On Windows what is to be read is carried into its folders behind the prompt. path: only what is to be
 * granted there; none: all of it. */
void boundary_pending(const struct boundary *b, struct arena *a, struct str path, struct texts *lines);

void boundary_end(struct boundary *b);   /* begins to end everything inside, without waiting; NULL ok */
void boundary_close(struct boundary *b); /* everything inside is ended and gone when it returns; NULL ok */

/* ---- the access check of core, beside the system's own (compare_*.c) ---- */

enum access_agreement {
    AGREEMENT_SAME,
    AGREEMENT_OTHER,     /* ours is wrong, or the system's changed: what is evaluated and explained cannot be relied on */
    AGREEMENT_UNKNOWN,   /* the question could not be put */
    AGREEMENT_NOT_ASKED, /* not here: Wine */
};
struct access_question {
    struct str name, detail;
    enum access_agreement state;
};
struct access_compared {
    struct access_question *v;
    size_t n;
    uint32_t second_pass; /* the rights to a file that the system asks restricting SIDs about; 0: not known */
    unsigned settled;     /* enum access_unproven: those about which the system was asked here, and said the same each time */
};
/* whole: the generated questions too, and those about children, which settle nothing. False: this system has none. */
bool access_compare(struct arena *a, bool whole, struct access_compared *out);

/* ---- the system's small change (sys_*.c) ---- */

enum sys_wait_flags { SYS_READ = 1, SYS_WRITE = 2, SYS_HANGUP = 4 };
struct sys_wait {
    sys_handle handle;
    int wanted, got;
};
/* Waits until one is ready, a signal arrived, or ms went by (-1: for ever). Returns how many are ready;
 * 0 on time-out or signal. */
int sys_wait(struct sys_wait *items, size_t count, int ms);
/* Reads what is there (at most size). >0 bytes; 0 end; -1 nothing now; -2 failed (code in *code). */
long sys_read(sys_handle h, void *out, size_t size, long *code);
long sys_write(sys_handle h, const void *bytes, size_t n, long *code); /* >=0 written; -1 full; -2 failed */
void sys_close(sys_handle *h); /* to SYS_NONE */
bool sys_nonblocking(sys_handle h, bool on);
bool sys_pipe(sys_handle *read_end, sys_handle *write_end, struct err *e); /* not inherited */
bool sys_socketpair(sys_handle *a, sys_handle *b, struct err *e); /* stream, both ways, not inherited */

/* A whole file, refused above ceiling; regular files only; never follows a link in the last component
 * when nofollow. Missing is ERR_MISSING. */
bool sys_read_file(struct arena *a, struct str path, size_t ceiling, bool nofollow, struct str *out,
    struct err *e);
bool sys_append_file(struct str path, struct str bytes, struct err *e); /* made 0600 when missing */
bool sys_replace_file(struct str path, struct str bytes, struct err *e); /* in one step: who reads has the old one or the new */
bool sys_make_folders(struct str path, uint32_t mode, struct err *e);   /* with parents; existing is fine */
bool sys_remove_tree(struct str path, struct err *e); /* a tree that hostile programs wrote; no links followed */
/* A session's own folder below state_dir/sessions, held (locked) for our life, with an empty tmp/ in it, mode 0700. What
 * an earlier session left there, by a crash too, is gone. */
bool sys_session_folder(struct arena *a, struct str state_dir, struct str *out, struct err *e);
/* Removes the placeholders that sessions which crashed have left (names_linux.c); for a session that begins. */
void names_clean(struct str session_dir);
void sys_session_folder_end(void); /* empties it and lets go; again once all inside are gone if it could not */
/* The folder of this workspace's cache layer, made and held (locked) for our life, or until another workspace's is asked
 * for. *out is left as it is when another session holds it: a layer must not be written by two. */
bool sys_caches_folder(
    struct arena *a, struct str state_dir, struct str workspace, struct str *out, struct err *e);
struct path_case sys_case(void); /* how this system folds the case of names; none where case matters */
struct str sys_variable(const void *unused, struct str name); /* an environment variable, or none */
void sys_environment(struct arena *a, struct texts *out);
uint64_t sys_milliseconds(void); /* monotonic */
void sys_be_prompt(void);        /* Linux: this thread is to run soon when it is woken, however busy the machine is */
uint64_t sys_clock_ms(void);     /* since 1970 */
uint64_t sys_boot_ms(void);      /* since the machine started, its sleep counted: what starts of processes are told in */
struct str sys_cwd(struct arena *a);
/* The object behind a path: canonical real path (all links resolved). */
bool sys_real_path(struct arena *a, struct str path, struct str *out, struct err *e);
void sys_reason(struct err *e, long code); /* fills code and reason from an errno */

/* ---- logs (logs_*.c): written while a session lives, read later or from elsewhere ---- */

/* A file that was not there before, mode 0600, open for appending and held (locked) for our life. */
bool sys_log_create(struct str path, sys_handle *out, struct err *e);
bool sys_log_is_held(struct str path); /* is whoever writes it alive? */
/* What it has from the byte `from` on, at most `most` bytes, appended to out. */
bool sys_log_read(struct str path, uint64_t from, size_t most, struct buf *out, struct err *e);
bool sys_list_folder(struct arena *a, struct str path, size_t most, struct texts *out, struct err *e); /* names, sorted */
bool sys_remove_file(struct str path, struct err *e);

#endif
