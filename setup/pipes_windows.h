/*
 * pipes: the witness's pipe, as its service and a test use it. See pipes_windows.c.
 */
#ifndef CORDON_PIPES_WINDOWS_H
#define CORDON_PIPES_WINDOWS_H

#include "../sandbox/win32.h"
#include "hub.h"

struct pipes {
    SRWLOCK lock; /* of hub */
    struct hub hub;
    HANDLE stop;              /* set it, and pipes_run returns */
    HANDLE told[HUB_CLIENTS]; /* there is something for that terminal */
    wchar_t *name;
    PSECURITY_DESCRIPTOR security;
};

/* All zero before; what it needs lives in a. */
bool pipes_prepare(struct pipes *p, struct arena *a, const struct witness_options *options, struct err *e);
void pipes_run(struct pipes *p); /* until stop */
void pipes_wake(const struct pipes *p, unsigned bits); /* as the hub says */

#endif
