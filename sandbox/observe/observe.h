/*
 * observe: what the runner's threads share: the observer of write-class system calls, the gate for connections, the server
 * behind covers, the keeper of covers. Linux only; nothing outside the runner includes it (and the tests of these files).
 *
 * All of them run inside the sandbox's namespaces, in pid 1 (the server in a process of its own), out of reach of the tree.
 * They may refuse early, so that a record is exact; they permit nothing: after CONTINUE the kernel's walls decide. The one
 * thing that they do themselves, connecting, they do from a copy of the address that nobody inside can change.
 */
#ifndef CORDON_OBSERVE_H
#define CORDON_OBSERVE_H

#include "../core/denial.h"
#include "../linux.h"

#include <linux/seccomp.h>

/* ---- records ---- */

/* One end of a SOCK_SEQPACKET pair; cordon reads the other. Never blocks: what does not fit is counted, and the count goes
 * with the next record that does. Callable by every thread. */
struct recorder {
    int fd; /* -1: nobody listens */
    _Atomic uint64_t lost;
};
void record_send(struct recorder *r, const struct denial *d);
/* Fills in when, the process, its group and its program (which may lie in program), of a thread of it. 0: nobody knows whose. */
void record_caller(struct denial *d, pid_t thread, char program[DENIAL_PROGRAM_MAX]);
/* Tells what was lost so far, if there is room now: for when no record may come that could carry it. */
void record_lost(struct recorder *r);

/* ---- what is to be refused, from the plan's ops; immutable while a thread reads it ---- */

struct guard_name {
    struct str root, name;
    bool any_depth, below_top; /* below_top: not at the top itself */
};

/* A place where Landlock lets the tree make things. */
struct watched_tree {
    struct str path;
    uint64_t mount; /* its id; 0: unknown */
};

struct gate;
struct watch {
    const struct guard_name *guards;
    size_t guard_count;
    const struct str *linkless; /* git's folders: no symbolic link is made in them */
    size_t linkless_count;
    const struct str *held;    /* protected by a mount, which somebody outside can pull away for a moment */
    size_t held_count;
    const struct watched_tree *trees; /* none: no Landlock here */
    size_t tree_count;
    const struct str *secrets; /* covered paths, canonical: compared lexically before any look-up */
    size_t secret_count;
    uint64_t secret_names[16]; /* a bit for each name in their paths, by watch_hash: which words can lead to one */
    uint64_t guard_names[16];  /* the same for what is guarded or held */
    uint64_t held_names[16];   /* of what is held the last name alone */
    bool guards_deep;          /* at any depth: words alone say nothing */
    const struct str *hidden;  /* placeholders: not shown in a listing of their folder */
    size_t hidden_count;
    const struct str *layers;  /* caches: an overlay, where a write reaches no other name */
    size_t layer_count;
    uint64_t proc_device;      /* of /proc, as struct looked names it; 0: unknown */
    uint64_t cover_device;     /* of plain covers, as struct looked names it: opens that read are weighed; 0: they are not */
    enum hardlinks hardlinks;
    bool own_network;          /* a network namespace of our own */
    bool unix_datagrams;       /* the policy lets AF_UNIX datagram sockets be */
    struct recorder *recorder;
    struct gate *gate;         /* connections go through it: there is one before anything is watched */
};

/* ---- watch_linux.c ---- */

/* From the plan that was applied. The recorder, and what the machine is like, are the caller's to fill. Covers that are made
 * later are not among its secrets: what touches them is looked up, and meets them. */
void watch_fill(struct watch *out, struct arena *a, const struct op *ops, size_t count);
void watch_learn(struct watch *w); /* the names in its secrets and guards; watch_fill does it */
/* Is path a guarded name or below one? rest, unless NULL: when it is on the way to one, what is missing to that. */
bool watch_guards(const struct watch *w, const char *path, const char **rest);
bool watch_may_reach(const struct watch *w, const char *words); /* could these relative words lead to a secret? */
bool watch_holds(const struct watch *w, const char *path); /* is it held, or below what is? */
bool watch_in_layer(const struct watch *w, const char *path);
bool watch_has_name(const uint64_t names[16], const char *words); /* or it looks like it */

/* ---- watched_linux.c: which calls, as data ---- */

enum watched_kind {
    WATCHED_OPEN, WATCHED_TRUNCATE, WATCHED_DELETE, WATCHED_RENAME, WATCHED_LINK, WATCHED_MAKE, WATCHED_SYMLINK,
    WATCHED_NODE, WATCHED_MODE, WATCHED_TIME, WATCHED_BIND, WATCHED_MOUNT, WATCHED_LIST, WATCHED_CONNECT,
    WATCHED_SEND, WATCHED_SOCKET,
};

/* What the filter can see of the arguments without asking. */
enum watched_when {
    WHEN_ALWAYS,
    WHEN_WRITING,       /* open flags: for writing, creating, truncating */
    WHEN_SETTING_FLAGS, /* ioctl: the attributes of an inode */
    WHEN_HIDING,        /* only where there are names to hide */
    WHEN_GATED,         /* only where there is a gate */
    WHEN_DATAGRAM,      /* the same: a datagram socket of the unix family is to be made */
    WHEN_ADDRESSED,     /* the same: sent to an address */
};

struct watched {
    const char *name;
    int x86_64, aarch64; /* -1: does not exist there */
    enum watched_kind kind;
    enum watched_when when;
    int folder, path, flags; /* which argument; -1: none. No path: folder is a descriptor of the object itself. The second
                                path of a rename or link follows the first */
    unsigned implied;        /* flags that the call stands for */
};

long watched_number(const struct watched *w);          /* on this machine; -1 */
const struct watched *watched_at(size_t i);            /* NULL past the last */
const struct watched *watched_find(long number);       /* NULL: not watched */
bool watched_wanted(const struct watched *w, unsigned what); /* what: CALLS_* */

/* ---- lookup_linux.c: what a call is about, seen by O_PATH alone, as the caller would reach it ---- */

#define CALLER_PREFIX 64 /* "/proc/N/cwd/", "/proc/N/fd/N/" before what the caller wrote */

/* The caller's path as we open it. */
struct caller_path {
    char text[PATH_BYTES_MAX + CALLER_PREFIX];
    pid_t caller;      /* the thread */
    size_t start;      /* where the caller's own words begin; 0: the path is absolute */
    bool by_process;   /* the caller named itself: /proc/self, /dev/fd, /dev/stdout */
};

struct looked {
    int fd;                          /* O_PATH; -1 */
    unsigned mode;                   /* st_mode */
    uint64_t links, dev, ino, mount; /* mount: its id */
    uint64_t born;                   /* time of birth in ns; 0: unknown */
    bool mount_root;                 /* something is mounted there */
};

/* From the caller's memory. False: not to be had (errno EFAULT; EPERM: never, for its program is one that may be run and
 * not read), or no text of that size. */
bool lookup_bytes(pid_t caller, uint64_t address, void *out, size_t n);
bool lookup_text(pid_t caller, uint64_t address, char *out, size_t size);
/* typed is relative to folder (AT_FDCWD too). Empty: the folder itself. False: too long. */
pid_t lookup_process(pid_t thread); /* the process that it is of */
bool lookup_path(pid_t caller, int folder, const char *typed, struct caller_path *out);
void lookup_descriptor(pid_t caller, int fd, struct caller_path *out);
/* 0 and out, whose fd is the caller's to close; or errno. */
int lookup_object(const struct caller_path *p, bool follow, struct looked *out);
/* The same without a descriptor: out->fd is -1. */
int lookup_status(const struct caller_path *p, bool follow, struct looked *out);
int lookup_described(int fd, struct looked *out); /* the same of a descriptor, which stays the caller's: out->fd */
/* The folder that holds the last name. name: points into p; none: it ends in "." or "..", or has no last name. */
int lookup_folder(struct caller_path *p, struct looked *out, const char **name);
/* What is at that name in folder; not followed. out->fd is -1. */
int lookup_name(int folder, const char *name, struct looked *out);
/* Is the last step, or one on the way, a magic link of /proc that leads elsewhere for us than for the caller? */
bool lookup_misleads(const struct caller_path *p);
/* 0: may be written as far as permissions and mount go; else errno as the kernel says for a write. readonly: its mount. */
int lookup_writable(int fd, bool *readonly);
bool lookup_readonly(int fd);
/* In /proc, below a process of Cordon's own? The kernel shows each of our threads there by its number. (The server behind
 * covers has one thread, and a mount over it.) */
bool lookup_is_own(int object);
/* Of the kernel's own files, whose mode is that of the whole machine, and of which root inside is the owner? */
bool lookup_of_kernel(int object);
/* O_PATH of where p leads its caller, step by step: no link of /proc below a process of Cordon's own is followed, as the
 * kernel lets nobody inside. -1 and errno; own, unless NULL: was it for that? */
int lookup_walk(const struct caller_path *p, bool follow, bool *own);
/* This thread gets a folder of its own, apart from the other threads': a way to a folder is then gone rather than opened. */
void lookup_stand_alone(void);
bool lookup_stands_alone(void);
/* Absolute path of what fd is, joined with name (NULL: none). AT_FDCWD: where this thread stands. With a name, fd is a folder,
 * and a thread that stands alone may stand there afterwards. */
bool lookup_real(int fd, const char *name, char *out, size_t size);
/* Where the words lead without any link followed. False: not to be told. */
bool lookup_lexical(const struct caller_path *p, char *out, size_t size);
bool lookup_is_below(const char *path, struct str top); /* or is it */

/* ---- links_linux.c: inodes all of whose names were made inside ---- */

void links_seen(const struct looked *object);        /* as it was before it got one more name from inside */
void links_gone(const struct looked *object);        /* one of its names is about to be removed from inside */
bool links_are_inside(const struct looked *object);  /* it has no name that was not seen being made */

/* ---- quick_linux.c: is there surely nothing to refuse? Where no name is guarded. ---- */

bool quick_open(const struct watch *w, struct caller_path *p, unsigned flags);
bool quick_make(const struct watch *w, struct caller_path *p);
bool quick_delete(const struct watch *w, struct caller_path *p);
bool quick_rename(const struct watch *w, struct caller_path *from, struct caller_path *to);

/* ---- judge_linux.c: is it refused, and with what ---- */

struct judged {
    long code;                  /* errno to answer; 0: CONTINUE */
    bool done;                  /* answered as done: nothing had to change; code is 0 */
    bool noted;                 /* recorded although it goes on, to the wall that says code */
    enum operation operation;
    enum denial_cause cause;
    char path[PATH_BYTES_MAX], path2[PATH_BYTES_MAX]; /* path: of two, the one that is refused; path2 may be empty */
};
/* Fills out. False: nothing is to be said, CONTINUE. look: false: by the words alone, without touching the disk. */
bool judge(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n, bool look,
    struct judged *out);

/* The same for links, which act_linux.c makes. folder and o are what it will use, words what it copied. False: nothing is
 * to be said, it may try. judge_secrets: secret paths alone. */
bool judge_secrets(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n,
    const struct caller_path *p, struct judged *out);
bool judge_symlink(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n,
    const struct caller_path *p, int folder, const char *name, const char *target, struct judged *out);
bool judge_hardlink(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n,
    const struct caller_path *p, const struct looked *o, const struct caller_path *to, int folder, const char *name,
    struct judged *out);

/* ---- doubt_linux.c ---- */

/* What p leads to, if the kernel has it in memory: out->fd is the caller's to close. */
bool doubt_object(const struct caller_path *p, bool follow, struct looked *out);
/* May p lead to a guarded name, as far as can be told without waiting? */
bool doubt_guards(const struct watch *w, const struct caller_path *p, bool follow);

/* ---- act_linux.c ---- */

bool act_wanted(const struct watched *call); /* is it made here, and never left to the kernel? */
/* Makes it: 0, or the errno to answer. *refused: by us, as out says, to be recorded. */
long act(const struct watch *watch, int listener, const struct watched *call, const struct seccomp_notif *n,
    struct judged *out, bool *refused);

/* A mode that lends its owner's rights: by the registers, which nobody can change. It is EPERM whatever else it is about;
 * false: with no path to record it with. */
bool act_lends(const struct watched *call, const struct seccomp_notif *n);
bool act_refuse_lending(const struct watched *call, const struct seccomp_notif *n, struct judged *out);

/* ---- same_linux.c ---- */

/* from, renamed over the protected file `to` of the same folder, is to.lock and changes nothing: it is removed. */
bool same_replaces(int folder, const char *from, const char *to);

/* ---- reads_linux.c: the same for an open that only reads, where covers are plain ---- */

bool judge_read(
    const struct watch *watch, pid_t caller, const struct caller_path *p, bool follow, struct judged *out);

/* ---- sends_linux.c ---- */

bool judge_send(const struct watch *watch, const struct seccomp_notif *n, struct judged *out);

/* ---- hidden_linux.c ---- */

/* A listing of a folder that holds hidden names: made here and written to the caller. False: not such a folder, or it
 * cannot be done: CONTINUE. *result: what the call returns, or -errno. */
bool hidden_list(const struct watch *watch, const struct seccomp_notif *n, long *result);
bool hidden_matters(const struct watch *watch); /* is a folder empty but for hidden names, so that a listing must not show them? */
bool hidden_is_full(int folder, const char *name); /* a folder that is known to have something in it */
bool hidden_is_only_held(const struct watch *watch, const char *path); /* a placeholder with nothing in it */

/* ---- observer_linux.c: threads that answer notifications ---- */

/* Takes the listener over: a thread of its own serves it until no process has the filter any more. watch must live until
 * the process ends. False with errno: nothing would answer; the command must not go on. */
/* Said by judge: what the caller's memory holds has been read. alone: it names what nobody but us refuses, so that it is not
 * left to the kernel. */
void observer_has_words(bool alone);
bool observer_serve(int listener, const struct watch *watch);
/* Begins the thread that all of these need, before the first: where it cannot, observer_serve says so. */
void observer_prepare(void);
/* Look-ups that took too long and were left to the kernel, since the start. */
uint64_t observer_abandoned(void);

/* ---- gate_linux.c: connections on the caller's behalf ---- */

/*
 * Takes a connect notification over and sees to its answer: now, or later from the gate's own threads when looking up or
 * connecting takes its time. Never answers CONTINUE. address: the caller's sockaddr, copied once; length as the caller gave
 * it (above 128 is EINVAL, and address is not read). An address that cannot be read is EFAULT, the caller of this to say.
 */
struct gate *gate_new(const struct watch *watch); /* its threads start when first needed; NULL with errno */
void gate_connect(struct gate *gate, int listener, const struct seccomp_notif *call,
    const void *address, size_t length);
/* socket or socketpair: 0 when the caller may go on (CONTINUE: the arguments are values); or what it is to be answered
 * (AF_UNIX datagram sockets, which no gate at connect can hold, unless the policy lets them be), recorded. */
long gate_datagrams(const struct watch *watch, const struct seccomp_notif *call);

/* ---- fuse_linux.c: the server behind covers ---- */

/* Mounts a FUSE file system that is nowhere yet and starts its server as a process of its own, child of the caller, not
 * dumpable, that refuses every touch of a cover with EACCES and records operation, path, pid and program. Called before
 * anything inside runs and while the outer /dev is still there. False with errno where /dev/fuse is not to be had: plain
 * covers. */
struct cover_table;
struct cover_server {
    int mount; /* O_PATH enough to bind from; parked by apply_linux.c */
    _Atomic pid_t pid; /* -1: none, or ended: whoever stops or ends everything inside spares it */
    struct cover_table *table;
};
bool cover_server_start(struct cover_server *out, const struct recorder *recorder);
/* For many covers in a row: what they will be is told first, then the kernel learns of all of them at once. */
void cover_server_expect(const struct cover_server *s, struct str path, bool folder);
void cover_server_gather(const struct cover_server *s);
/* A descriptor of a new node, a folder or a file of mode 000, to be bound (open_tree, move_mount) over path; records name
 * path. For covers that are made early and late, by any thread of the runner. -1 with errno: cover it plainly. */
int cover_server_node(const struct cover_server *s, struct str path, bool folder);
/* The same as a mount that is nowhere yet, while nothing runs inside that could be stopped. */
int cover_server_tree(const struct cover_server *s, struct str path, bool folder);
/* What this process group touches is refused and not recorded (the proof); 0: none. */
void cover_server_quiet(const struct cover_server *s, pid_t group);
/* Covers the server's own folder in /proc, if that is of our processes (else it is another's folder). */
bool cover_server_hide(struct confinement *c, struct err *e);

/* ---- keeper_linux.c: covers stay where they are ---- */

/*
 * Watches the table of mounts and the parents of what is covered, protected, or to be covered when it appears; when a cover
 * went away or a name came, stops the tree, puts the cover there, records it, lets the tree go on (children first). ops: the
 * plan's OP_PROTECT, OP_COVER_*, OP_LATER_*, OP_PLACEHOLDER; they and confinement live as long as the process.
 */
bool keeper_start(const struct op *ops, size_t count, struct confinement *c, struct recorder *recorder);
/* While an op is applied to the running tree by another thread; and what it was. The op's texts are copied. False: it was
 * not still within patience_ms (it hangs in a file system that does not answer), and is not paused. */
bool keeper_pause(unsigned patience_ms);
void keeper_resume(void);
/* For good, once everything inside was killed: it looks at nothing more, puts nothing back, and holds nothing. */
void keeper_end(unsigned patience_ms);
void keeper_add(const struct op *op);
bool keeper_has(const struct op *op); /* what it asks for is so already */

/* kept_linux.c: is it a step that the keeper watches over, and is it there only so that a folder within a root stays? */
bool kept_is(const struct op *op);
bool kept_is_pin(const struct op *ops, size_t count, const struct op *op);
bool kept_is_mount(int fd, unsigned *mode); /* mode: of what is mounted; NULL: not asked */
bool kept_make_again(const struct op *op);  /* a held name that is away; true as well when something is there */
bool kept_is_cover(int fd);                 /* every cover is a mount of an object of mode 000 */

#endif
