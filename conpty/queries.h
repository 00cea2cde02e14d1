/*
 * queries: between a console host of Windows and us. What comes out of a pseudoconsole is not only what programs print: the host
 * itself asks where the cursor is and what terminal this is, and holds its first program up until somebody answers; it asks for
 * modes that are ours to decide. The answers come from here, never from the person's terminal, so no answer can land in a line.
 *
 * Pure: bytes in; bytes to show, answers and a question for the cursor out. Where a sequence is cut between two reads changes nothing.
 * Sources: the open console host's VtIo (start-up questions), ECMA-48 and DEC's VT510 manual (DSR, DA1).
 */
#ifndef CORDON_QUERIES_H
#define CORDON_QUERIES_H

#include "../sandbox/core/base.h"

/* Zeroed is ready. One of these for each pseudoconsole. */
struct queries {
    char hold[32];    /* an escape sequence that may be a question, so far */
    size_t held;
    bool attributes;  /* the first DA1 was answered: later ones are a program's, and go to the guard */
    bool focus, win32; /* the host asked for focus reports, for keys as records; neither is passed on */
};

enum query {
    QUERY_NONE,   /* all of the input is used up */
    QUERY_CURSOR, /* CSI 6 n: show first what came before, then answer with queries_cursor */
};

/*
 * Takes input from *at on. What is to be shown is appended to show, what the host is to be told to answers. Stops behind a question
 * for the cursor, which only the caller can answer once `show` has really been shown; to be called again until QUERY_NONE.
 */
enum query queries_take(struct queries *q, struct str input, size_t *at, struct buf *show, struct buf *answers);
/* The answer: row and column from 1, within the part of the outer console that is seen; clamped. */
void queries_cursor(uint32_t row, uint32_t column, struct buf *answers);
/* For a console that nobody looks at: does the question for what terminal this is come to its end in these bytes? matched: between
 * reads, 0 at first. */
bool queries_asks(size_t *matched, struct str bytes);
#define QUERIES_PLAIN "\033[?61c" /* what it is told: nothing that it could ask for */
/* No more is coming: what is held is a program's after all. */
void queries_end(struct queries *q, struct buf *show);

/* ---- sizes ---- */

#define SIZES_MS 40 /* a person drags a window's corner: the last of many sizes counts */

struct sizes {
    uint16_t rows, columns;         /* in force inside; 0: none yet */
    uint16_t next_rows, next_columns;
    uint64_t since;                 /* when the one that waits came; 0: none waits */
};

/* What a console can have: 1 to 32767 (COORD is a SHORT); a minimized window says 0, which is no size. */
bool sizes_clamp(uint32_t rows, uint32_t columns, uint16_t *out_rows, uint16_t *out_columns);
void sizes_want(struct sizes *s, uint32_t rows, uint32_t columns, uint64_t now);
/* Is one due now? Then it is in force, and to be sent. wait: ms until the next is due, or -1. */
bool sizes_due(struct sizes *s, uint64_t now, int *wait);

#endif
