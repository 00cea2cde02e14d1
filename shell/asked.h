/*
 * asked: what a word that :why is asked about looks like: an address, a host, a socket. Pure: whether there is such a file
 * is for others to see.
 */
#ifndef CORDON_ASKED_H
#define CORDON_ASKED_H

#include "../sandbox/core/base.h"

enum asked_kind {
    ASKED_NAME,   /* none of the others: a path, or a program */
    ASKED_HOST,   /* for certain: an address, a scheme, a port */
    ASKED_MAYBE,  /* a host, unless a file has that name: "example.com" */
    ASKED_SOCKET, /* "unix:/path", "unix:@name", "unix datagram" */
};

struct asked {
    enum asked_kind kind;
    struct str host; /* as a verdict takes it: a version 6 address in brackets */
    uint16_t port;
    bool has_port;   /* it was named, or follows from the scheme; else 443 stands for any */
    struct str name; /* of a socket: what stands behind "unix:" */
};

struct asked asked_about(struct arena *a, struct str word);

#endif
