/*
 * terminal: what conpty.h asks of a terminal, on cordon's side of the boundary. The console itself is over there: here are the two
 * pipes to it, and the runner that can be asked to resize it.
 */
#include "win32.h"
#include "../conpty/conpty.h"

bool pty_resize(intptr_t controlling, uint16_t rows, uint16_t columns)
{
    return rows && columns && sys_resize(controlling, rows, columns);
}

/* Each line has a console of its own: what was typed ahead and not read goes with it, and answers no later program. */
bool pty_take_unread(intptr_t controlling, struct buf *out)
{
    (void)controlling;
    (void)out;
    return true;
}

/* Nothing hangs up: a console ends with its last program, and the next program gets another. */
intptr_t pty_hold(intptr_t controlling)
{
    (void)controlling;
    return -1;
}

/* Its modes are the programs' own, and new in every console. */
bool pty_sane(intptr_t controlling)
{
    (void)controlling;
    return true;
}

/* It cannot be asked from outside of the console. Said as it is for most lines. */
bool pty_is_cooked(intptr_t controlling)
{
    (void)controlling;
    return true;
}
