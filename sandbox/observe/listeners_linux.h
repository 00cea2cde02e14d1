/*
 * listeners: who has a unix socket bound where somebody wants to connect: a program inside, or one outside?
 *
 * Asked of the kernel's own table of sockets (NETLINK_SOCK_DIAG, our network namespace), never of the one who listens: no
 * connection is made to find out. What cannot be told is outside. Used by gate_linux.c alone, with the capabilities that
 * the runner has inside; may take its time where many descriptors are open, so never on the thread that others wait for.
 */
#ifndef CORDON_LISTENERS_H
#define CORDON_LISTENERS_H

#include "../linux.h"

#include <pthread.h>

enum listening {
    LISTENING_NOBODY, /* no socket is bound there, nor ever will be to this very object */
    LISTENING_CLOSED, /* the caller may not connect there by the mode of the socket, whoever it is */
    LISTENING_INSIDE,
    LISTENING_OUTSIDE,
};

/* Sockets whose object was looked at already: neither of the two can change while the socket lives. */
#define KNOWN_SOCKETS 64
struct listeners {
    bool own_network;
    pthread_mutex_t lock;
    struct known_socket {
        uint64_t cookie, dev, ino;
    } known[KNOWN_SOCKETS];
    size_t next;
};

/* object: the socket in the file system, O_PATH. datagram: what wants to connect is a datagram socket. */
enum listening listeners_at(struct listeners *l, int object, bool datagram);
/* name: the bytes behind the leading NUL of an abstract address. */
enum listening listeners_named(struct listeners *l, struct str name, bool datagram);

#endif
