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
 * Takes a connect (or bind of a path) notification over and sees to its answer: now, or later from the gate's own thread
 * when the connection takes its time. Never answers CONTINUE to a connect. address: the caller's sockaddr, copied once.
 */
struct gate;
struct gate *gate_new(const struct watch *watch); /* starts its thread; NULL with errno */
void gate_connect(struct gate *gate, int listener, const struct seccomp_notif *call,
    const void *address, size_t length);
/* socket(AF_UNIX, SOCK_DGRAM) and socketpair: refused and recorded, unless the policy lets them be. */

/* ---- fuse_linux.c: the server behind covers ---- */

/* Mounts a FUSE file system that is nowhere yet (fsopen/fsmount, or a detached mount) with a folder and a file of mode 000
 * in it, and starts its server as a process of its own, child of the caller, not dumpable, that refuses every touch with
 * EACCES and records operation, path below the cover, pid and program. `paths`: what each cover covers, so that a record
 * can name it: cover i is the node named by cover_fuse_open. -1 with errno where /dev/fuse is not to be had: plain covers. */
struct cover_server {
    int mount;   /* the mount's root, O_PATH */
    int channel; /* /dev/fuse */
    pid_t pid;
};
bool cover_server_start(struct cover_server *out, const struct str *paths, const bool *folders, size_t count,
    const struct recorder *recorder);
/* A descriptor of cover i's own node, to be bound (open_tree, move_mount) over paths[i]. -1 with errno. */
int cover_server_node(const struct cover_server *s, size_t i);

/* ---- keeper_linux.c: covers stay where they are ---- */

/*
 * Watches the table of mounts and the parents of what is covered, protected, or to be covered when it appears; when a cover
 * went away or a name came, stops the tree, puts the cover there, records it, lets the tree go on (children first). ops: the
 * plan's OP_PROTECT, OP_COVER_*, OP_LATER_*, OP_PLACEHOLDER; they and confinement live as long as the process.
 */
bool keeper_start(const struct op *ops, size_t count, struct confinement *c, struct recorder *recorder);

#endif
