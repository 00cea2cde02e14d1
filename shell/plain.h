/*
 * plain: a line for a plain sh, and what its shell leaves behind for the next: the folder, and the variables that are
 * exported. Pure; inner_plain.c starts the process. What comes back is hostile input.
 */
#ifndef CORDON_PLAIN_H
#define CORDON_PLAIN_H

#include "../sandbox/core/core.h"

#define PLAIN_FD        9 /* the descriptor of the shell for what it leaves; sh takes one digit */
#define PLAIN_BYTES_MAX ((size_t)1 << 20)

bool plain_knows(struct str name); /* does a shell of this name read sh's language? */
/* name: the shell's, for its messages. status: of the line before, for $?. */
void plain_argv(struct arena *a, struct str shell, struct str name, struct str line, int status, struct texts *argv);

struct plain_state {
    bool finished;            /* the line came to its end, and its shell was not left or lost before */
    bool told;                /* the variables are there, all of them */
    struct str folder;        /* absolute; none where that was not told */
    struct texts environment; /* NAME=value, each with a name that a variable can have */
};
/* All that a line's shell left. What is not as it should be counts as not told. */
void plain_take(struct arena *a, struct str bytes, struct plain_state *out);

#endif
