/*
 * bridge: between the terminal inside and the person's, where a console host of Windows stands in between: its questions are
 * answered, sizes are passed on with care. Elsewhere bytes go through as they are.
 */
#ifndef CORDON_BRIDGE_H
#define CORDON_BRIDGE_H

#include "shell.h"
#include "../conpty/queries.h"

/* One for each terminal inside. */
struct bridge {
    bool host; /* a console host stands in between */
    struct queries queries;
    struct sizes sizes;
    struct buf shown, answers;
};

void bridge_begin(struct bridge *b, bool host, uint16_t rows, uint16_t columns); /* again for each new terminal */
void bridge_release(struct bridge *b);

/* Hands bytes from inside to show, with the host's questions taken out and answered at their place: what came before a question
 * is on the screen when it is answered. */
void bridge_take(struct bridge *b, struct str bytes, void (*show)(void *context, struct str bytes), void *context);
/* Hands the answers over; true when none waits any more. Before any key. */
bool bridge_answer(struct bridge *b, sys_handle terminal);

/* Ctrl-Break for what runs inside. */
struct str bridge_break(void);

/* The person's terminal has another size, or may have. */
void bridge_resized(struct bridge *b, sys_handle terminal);
/* Passes a size on that is due. Returns ms until one is, or -1. */
int bridge_turn(struct bridge *b, sys_handle terminal);

#endif
