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

#include "core/denial.h"
#include "linux.h"

#include <linux/seccomp.h>

/* ---- records ---- */

/* One end of a SOCK_SEQPACKET pair; cordon reads the other. Never blocks: what does not fit is counted, and the count goes
 * with the next record that does. Callable by every thread. */
struct recorder {
    int fd; /* -1: nobody listens */
    _Atomic uint64_t lost;
};
void record_send(struct recorder *r, const struct denial *d);

/* ---- what is to be refused, from the plan's ops; immutable while a thread reads it ---- */

struct guard_name {
    struct str root, name;
    bool any_depth;
};

struct watch {
    const struct guard_name *guards;
    size_t guard_count;
    const struct str *secrets; /* covered paths, canonical: compared lexically before any look-up */
    size_t secret_count;
    const struct str *hidden;  /* placeholders: not shown in a listing of their folder */
    size_t hidden_count;
    enum hardlinks hardlinks;
    bool own_network;          /* a network namespace of our own */
    bool unix_datagrams;       /* the policy lets AF_UNIX datagram sockets be */
    struct recorder *recorder;
};

/* ---- observer_linux.c: threads that answer notifications ---- */

/* Takes the listener over: a thread of its own serves it until no process has the filter any more. watch must live until
 * the process ends. False with errno: nothing would answer; the command must not start. */
bool observer_serve(int listener, const struct watch *watch);

/* ---- lookup_linux.c: what a file call is about to do ---- */

/* The absolute path and identity behind a caller's path argument, as the caller would reach it. */
struct looked {
    char path[PATH_BYTES_MAX]; /* real path of the parent joined with the last name, or of the object */
    bool exists;
    bool readonly;             /* the mount that the change would land on is read-only */
    unsigned mode;             /* st_mode when it exists */
    uint64_t links, dev, ino;
};

/* ---- gate_linux.c: connections on the caller's behalf ---- */

/*
 * Takes a connect notification over and sees to its answer: now, or later from the gate's own threads when looking up or
 * connecting takes its time. Never answers CONTINUE. address: the caller's sockaddr, copied once; length as the caller gave
 * it (above 128 is EINVAL, and address is not read). An address that cannot be read is EFAULT, the caller of this to say.
 */
struct gate;
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
    pid_t pid; /* -1: none, or ended: whoever stops or ends everything inside spares it */
    struct cover_table *table;
};
bool cover_server_start(struct cover_server *out, const struct recorder *recorder);
/* For many covers in a row: what they will be is told first, then the kernel learns of all of them at once. */
void cover_server_expect(const struct cover_server *s, struct str path, bool folder);
void cover_server_gather(const struct cover_server *s);
/* A descriptor of a new node, a folder or a file of mode 000, to be bound (open_tree, move_mount) over path; records name
 * path. For covers that are made early and late, by any thread of the runner. -1 with errno: cover it plainly. */
int cover_server_node(const struct cover_server *s, struct str path, bool folder);
/* What this process group touches is refused and not recorded (the proof); 0: none. */
void cover_server_quiet(const struct cover_server *s, pid_t group);

/* ---- keeper_linux.c: covers stay where they are ---- */

/*
 * Watches the table of mounts and the parents of what is covered, protected, or to be covered when it appears; when a cover
 * went away or a name came, stops the tree, puts the cover there, records it, lets the tree go on (children first). ops: the
 * plan's OP_PROTECT, OP_COVER_*, OP_LATER_*, OP_PLACEHOLDER; they and confinement live as long as the process.
 */
bool keeper_start(const struct op *ops, size_t count, struct confinement *c, struct recorder *recorder);

#endif
