/*
 * repl: what the interactive loop (repl.c) and a script's (script.c) share: the carrying over of a living shell
 * into a new boundary.
 */
#ifndef CORDON_REPL_H
#define CORDON_REPL_H

#include "inner.h"

/* For struct carrier: starts a shell in next with the state of *in, names what is lost, and replaces *in. */
bool carry_over(struct inner *in, struct opened *next, bool pipes, struct arena *a, struct texts *lost,
    struct err *e);

#endif
