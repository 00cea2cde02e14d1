/*
 * linux: what the Linux edges share among themselves. Nothing outside *_linux.c and runner.c includes it.
 *
 * System calls that the C library does not wrap everywhere are made by number; constants that older kernel
 * headers lack are written out with the kernel version that brought them.
 */
#ifndef CORDON_LINUX_H
#define CORDON_LINUX_H

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/frame.h"
#include "sandbox.h"

/* landlock(7): rights that 6.1's header lacks. */
#define LL_TRUNCATE  (1ULL << 14) /* ABI 3, Linux 6.2 */
#define LL_IOCTL_DEV (1ULL << 15) /* ABI 5, Linux 6.10 */
#define LL_SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6, Linux 6.12 */
#define LL_SCOPE_SIGNAL        (1ULL << 1)

#define CONTROL_FD 3 /* the runner's end of the control channel */
#define RECORDS_FD 4 /* the runner's end of the channel of records */
#define RUNNER_FDS_MAX 8
#define SAID_FD 5 /* until the runner runs: where it says {step, errno} when it cannot start */
#define RUNNER_NO_NETWORK 2
#define RUNNER_UNCOVERED 77 /* its exit code when a cover could not be put back: see keeper_linux.c */

/* ---- second_linux.c ---- */

/* Links in the folders whose content shells, git and sessions obey, into host. */
void facts_obeyed_links(struct arena *a, struct host *host);

/* ---- start_linux.c: the runner as a process ---- */

struct started {
    int control, records, pidfd, said; /* said: where it says {step, errno} when it cannot start */
    pid_t pid;
};
bool start_runner(bool new_network, struct started *out, struct err *e);
bool start_explain(const struct started *s, struct err *e); /* why it ended; always false */
/* An OP_CGROUP done to the runner; cgroup: receives the folder as soon as there is one. */
bool start_limited(const struct started *s, const struct op *op, char *cgroup, size_t size, struct err *e);
void start_reap_later(int pidfd); /* of a runner that goes now; closes pidfd, sooner or later */

/* ---- ask_linux.c ---- */

void ask_launch(struct buf *out, uint32_t id, const struct launch *launch, struct probe *probes, size_t count);
bool ask_exited(const struct frame *f, struct event *out);

/* ---- names_linux.c: protected names that do not exist, held outside; trusted side ---- */

struct names { /* of one boundary */
    size_t *v;
    size_t n;
    bool entered; /* something in the ledger is of this boundary */
    struct str missing; /* the part that the policy accepted as missing, when one could not be held; and why */
    int missing_code;
};
/* Makes or takes over the OP_PLACEHOLDER among ops. What is made so far is released by names_release, on failure too. */
bool names_hold(struct names *mine, const struct op *ops, size_t count, const struct texts *accepted, struct err *e);
bool names_identity(struct op *op); /* of what holds the name; false: nothing does, and the op is left out */
void names_release(struct names *mine);

/* ---- placeholder_linux.c: what stands there meanwhile; see names.h ---- */

struct stat;
/* An empty folder or small file of ours, with the mark of a placeholder? object may be O_PATH. */
bool names_is_placeholder(int object, const struct stat *st);
/* A new one relative to folder, with the mark. False with errno. */
bool names_make(int folder, const char *name, bool file, struct str bytes);

/* ---- git_linux.c ---- */

struct git_eye;
const struct git_eye *git_eye_system(void);

/* ---- confinement: what the runner keeps for every program that it starts ---- */

#define RLIMITS_MAX 8

struct confinement {
    int landlock;      /* ruleset, or -1 when the policy accepted its absence */
    int empty_folder, empty_file; /* what plain covers are clones of; -1 before apply_plan */
    struct cover_server *covers;  /* where a secret's cover is taken from, while it serves; see observe.h */
    int mounts;        /* the table of mounts, for the keeper: where it lies is covered later; -1 */
    struct {
        struct {
            struct str path; /* as the plan named it: it may have been renamed since */
            int mount;
        } *v;
        size_t n, cap;
        struct arena arena;
    } roots; /* what is writable, by the mounts themselves; after BUILD of whoever has paused the keeper */
    struct {
        int resource;
        uint64_t value;
    } rlimits[RLIMITS_MAX];
    size_t rlimit_count;
    unsigned watched; /* CALLS_*: what the filter of a command notifies; 0: nothing */
};

/* mount_linux.c. -1 or false with errno. options: "name=value,name"; a mount that is nowhere yet. */
int mount_new(const char *type, const char *options, unsigned attributes);
int mount_clone(int object, bool recursive); /* nowhere yet either */
int mount_overlay(int below, const char *upper, const char *work);
bool mount_attributes(int tree, uint64_t set, uint64_t clear, bool recursive);
bool mount_attach(int tree, int target);

/* apply_linux.c: applies ops in order. On a failure that the plan does not forgive: false, e is filled.
 * note is called for each FAIL_PARTIAL that was let pass. partial: names that the policy accepts. */
struct apply {
    struct arena *arena;
    struct confinement *confinement;
    const struct texts *partial;
    void (*note)(void *context, const struct op *op, long code);
    void *context;
    struct cache_layer *early; /* one made in advance, taken if it is what the ops want; NULL: none */
};
struct cache_layer {
    int fd; /* a mount that is nowhere yet; -1: none */
    struct op op;
    uint64_t dev, ino; /* of what it lies over */
};
void apply_layer(struct cache_layer *layer, const struct op *op); /* what goes wrong is found again by apply_plan */
bool apply_plan(struct apply *apply, const struct op *ops, size_t count, struct err *e);
/* One narrowing op on the running tree: OP_PROTECT, OP_COVER_*, OP_REMOUNT_READONLY. EBUSY is code. */
bool apply_change(struct arena *a, struct confinement *c, const struct op *op, struct err *e);
/* OP_COVER_* on an object that has no name of its own: what a link leads to. */
bool apply_cover(struct confinement *c, const struct op *op, int object, bool folder, struct err *e);

/* calls_linux.c: the seccomp filter as data. root: whom it is for. what: CALLS_*; 0: nobody is asked, the filter decides
 * alone. Returns how many instructions; 0 when it does not fit. */
struct sock_filter;
size_t calls_filter(struct sock_filter *out, size_t capacity, bool root, unsigned what);
/* Would the call make a file that lends its owner's rights? By its registers alone, as the filter sees it. Who
 * is asked of such a call never lets it go on. */
bool calls_lend(long number, const uint64_t arguments[6], bool root);
#define CALLS_FILTER_MAX 1024
#define CALLS_WATCHED 1u /* calls that change something are notified */
#define CALLS_HIDING  2u /* listings of folders too */
#define CALLS_GATED   16u /* connections too */
#define CALLS_READING 32u /* opens that only read, too */
/* For a program that makes the proof before it becomes what it is to be: its first filter asks nobody, and leaves to the
 * capabilities what the second, which asks alone, is to hear of. */
#define CALLS_FIRST   4u
#define CALLS_SECOND  8u

/* command_linux.c */
/* In the child; no way back. what: for calls_filter. */
bool command_confine(const struct confinement *c, unsigned what, int *failed_step);
struct spawn_request {
    char **argv, **env;
    const char *cwd;
    bool terminal, sealed;
    uint16_t rows, columns;
    enum std_kind std[3];
    int std_fd[3]; /* for STD_HANDLE; -1 */
    int extra, extra_number;
    bool handed;  /* the terminal is one that a command before had */
    int terminal_fd; /* its controlling end, where it is handed */
    const struct rehearsal *rehearsal; /* NULL: none; not together with extra */
};
/* What comes between confining a program and starting it: it starts when a byte can be read from go. */
struct rehearsal {
    int go;
    void *context;
    bool (*in_child)(void *context);
    bool (*in_runner)(void *context, struct err *e); /* meanwhile */
};
struct spawned {
    pid_t pid;
    int terminal; /* controlling end, close-on-exec, also of one that was handed; -1 */
    int listener; /* notifications of its calls, to be served; -1 when nothing is watched */
};
/* In the runner. e carries errno of a program that could not be started. */
bool command_spawn(const struct confinement *c, const struct spawn_request *r, struct spawned *out,
    struct err *e);

bool command_reads_terminal(pid_t pid); /* is it blocked in read(2) on a terminal? */
bool command_is_deaf(pid_t pid);        /* does it ignore SIGINT? */

/* ---- proof_linux.c ---- */

#define PROBES_MAX 64

struct attempt {
    enum probe_kind kind;
    struct str path;
    uint64_t number;
};
struct outcome {
    int32_t index, answer, code;
};
struct proof {
    uint32_t id;
    void (*tell)(void *context, uint32_t id, const struct outcome *all, size_t count);
    void (*meanwhile)(void *context); /* while the process of another's program makes it; proof_hold alone */
    void *context;
    struct attempt attempts[PROBES_MAX];
    size_t count;
    const struct confinement *confinement;
    int ends[2]; /* outcomes: read, written */
    struct rehearsal rehearsal;
};
void proof_get(struct frame_reader *fields, struct arena *a, struct proof *out); /* the attempts, to the frame's end */
bool proof_make(struct proof *proof, const struct confinement *c, struct err *e);
/* The process of q makes it; rehearsal.go is set by the caller. proof_end once it is started. */
bool proof_hold(struct proof *proof, struct spawn_request *q, struct err *e);
void proof_end(struct proof *proof);

/* holders_linux.c: kills who holds a file below folder open for writing, or at all, or everyone but the runner and spare;
 * names them. spare: the server behind covers, if there is one. */
enum holders { HOLDERS_WRITING, HOLDERS_READING, HOLDERS_EVERYONE };
uint64_t holders_end(struct str folder, enum holders whom, pid_t spare, struct buf *names);
/* A writable root is put in place, or again; the mount of the one that the plan named path, -1; and where it is now, maybe below a folder with a new name. */
void holders_note(struct confinement *c, struct str path, int tree);
int holders_root(const struct confinement *c, struct str path);
bool holders_where(const struct confinement *c, struct str path, char out[PATH_BYTES_MAX]);

/* stop_linux.c: everything inside stopped, but for the process `spared` of ours; and going on again. */
struct processes {
    struct process *v;
    size_t n, cap;
};
void stop_tree(struct processes *before, long spared);
void stop_over(struct processes *before); /* who was stopped before it stays so */

/* probe_linux.c: one attempt, made here and now, changing nothing. */
enum probe_answer probe_attempt(enum probe_kind kind, const char *path, uint64_t number, long *code);

/* sys_linux.c */
int sys_open_beneath_root(const char *path, uint64_t flags); /* absolute, no symbolic link; -1 and errno */
size_t sys_read_small(const char *path, char *out, size_t size); /* NUL-terminated; 0 when it cannot be read */
bool sys_write_text(const char *path, const char *text); /* to a file of the kernel's, in one write */
int sys_session_descriptor(void); /* of our session's folder; -1 without one */
int sys_open_beneath(int folder, const char *path, uint64_t flags);
bool sys_send_frames(int fd, const char *bytes, size_t n, const int *fds, size_t fd_count);
/* Receives at most size bytes and up to RUNNER_FDS_MAX descriptors (close-on-exec). >0, 0 end, -1 errno. */
ssize_t sys_receive(int fd, void *out, size_t size, int *fds, size_t *fd_count, bool wait);

/* ---- record_linux.c: the reading end ---- */

struct denial;
/* The next record from *records, which is closed and -1 once nobody sends. lost_alone grows by those that no record speaks
 * of. Never blocks. */
bool record_take(int *records, struct arena *a, struct denial *out, uint64_t *lost, uint64_t *lost_alone);

#endif
