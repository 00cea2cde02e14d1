/*
 * gate: what gate_linux.c, which sees to answers, and gate_look_linux.c, which looks at callers, share. What others use of
 * the gate is in observe.h.
 */
#ifndef CORDON_GATE_H
#define CORDON_GATE_H

#include "listeners_linux.h"
#include "observe.h"

#include <sys/socket.h>

/* One connect(2) that waits for its answer. Everything here is ours: copies, made once. */
struct gate_call {
    int listener;
    bool keeps_listener; /* it is a copy of ours: the thread that brought the call may be gone before it is answered */
    uint64_t id;
    pid_t thread, process; /* process: 0 until gate_identify */
    int socket, object; /* copies, -1: none. object: what a path led to, O_PATH */
    int domain;
    bool datagram, outside; /* outside: refused, for who listens there, or for where it is */
    bool own; /* refused: the way leads through a process of Cordon's own */
    bool stream, blocking; /* stream: its connect(2) may wait. blocking: this one does; known from the first try on */
    uint64_t patience_ms; /* SO_SNDTIMEO; 0: for ever */
    _Alignas(struct sockaddr_storage) unsigned char address[sizeof(struct sockaddr_storage)];
    size_t length;
};

/* ---- gate_look_linux.c ---- */

/* Is /proc that of the namespace of those whom we look at? */
bool gate_own_proc(void);

/* Capabilities in effect for this thread, or none. */
bool gate_capable(bool on);

/* Whose thread it is, for who needs to know: it costs more than many a connection does. */
void gate_identify(struct gate_call *c);

/* A copy of descriptor number of the caller, and what it is. 0, or errno for the caller. */
long gate_take_socket(struct gate_call *c, int number);

/* Does the address name a unix socket, by path or abstract, for a socket of that family? Any other is the kernel's to
 * read: no kind of socket but these reads a name as one. */
bool gate_is_name(const struct gate_call *c);
bool gate_is_abstract(const struct gate_call *c);

/* What the path leads to, in the caller's folder, as c->object. 0, or errno for the caller. A path in a secret one is outside,
 * and not even looked up. May hang as long as the file system does. */
long gate_look_up(const struct watch *watch, struct gate_call *c);

/* 0; or the answer for a caller that a signal waits for, which cannot hear it as long as we hold it. */
long gate_interrupted(const struct gate_call *c);

void gate_record(const struct watch *watch, struct gate_call *c, enum denial_cause cause, long code);

#endif
