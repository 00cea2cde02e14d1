/*
 * bridge: see bridge.h.
 */
#include "bridge.h"
#include "../conpty/conpty.h"

#define ANSWERS_MAX 4096 /* that wait: who asks more, and reads none, gets no more */

void bridge_begin(struct bridge *b, bool host, uint16_t rows, uint16_t columns)
{
    b->host = host;
    b->queries = (struct queries){0};
    b->sizes = (struct sizes){.rows = rows, .columns = columns};
    buf_clear(&b->shown);
    buf_clear(&b->answers);
}

void bridge_release(struct bridge *b)
{
    buf_release(&b->shown);
    buf_release(&b->answers);
}

void bridge_take(struct bridge *b, struct str bytes, void (*show)(void *context, struct str bytes), void *context)
{
    enum query query = QUERY_NONE;
    size_t at = 0;

    if (!b->host) {
        show(context, bytes);
        return;
    }
    do {
        uint32_t row = 1, column = 1;
        query = queries_take(&b->queries, bytes, &at, &b->shown, &b->answers);
        if (b->shown.n)
            show(context, buf_view(&b->shown));
        buf_clear(&b->shown);
        if (query == QUERY_CURSOR && b->answers.n < ANSWERS_MAX) {
            tty_cursor(&row, &column);
            queries_cursor(row, column, &b->answers);
        }
    } while (query != QUERY_NONE);
}

bool bridge_answer(struct bridge *b, sys_handle terminal)
{
    while (b->answers.n) {
        long code = 0, n = terminal == SYS_NONE ? -2 : sys_write(terminal, b->answers.p, b->answers.n, &code);
        if (n == -2)
            buf_clear(&b->answers);
        if (n <= 0)
            break;
        buf_consume(&b->answers, (size_t)n);
    }
    return b->answers.n == 0;
}

/* No byte means it; consoles take a key as a record: the virtual key, scan code, character, down, modifiers, how often. */
struct str bridge_break(void)
{
    return STR("\033[3;70;0;1;8;1_\033[3;70;0;0;8;1_");
}

void bridge_resized(struct bridge *b, sys_handle terminal)
{
    uint16_t rows, columns;

    if (!tty_size(&rows, &columns) || terminal == SYS_NONE)
        return;
    if (b->host)
        sizes_want(&b->sizes, rows, columns, sys_milliseconds());
    else
        pty_resize(terminal, rows, columns);
}

int bridge_turn(struct bridge *b, sys_handle terminal)
{
    int wait = -1;

    if (b->host && sizes_due(&b->sizes, sys_milliseconds(), &wait) && terminal != SYS_NONE)
        pty_resize(terminal, b->sizes.rows, b->sizes.columns);
    return wait;
}
