/*
 * queries: see queries.h.
 *
 * Recognised, each only as exactly these bytes:
 *   CSI 6 n       where is the cursor? At any time: newer hosts ask again after each change of size, old ones at the start.
 *   CSI c, CSI 0 c   what are you? The first is the host's, and answered with 61 and nothing that promises rectangles (28), or the
 *                 host would copy by DECCRA, which the guard lets nobody do. A later one is a program's.
 *   CSI ? 1004 h, l  focus reports: swallowed. They would go on into whoever reads next.
 *   CSI ? 9001 h, l  keys as records: swallowed. Hosts understand records and plain sequences at any time; we send plain ones.
 *   CSI 8 ; R ; C t  an old host passes on that a program wants another size: the person's window is not its own. Swallowed.
 * Everything else is the guard's business.
 */
#include "queries.h"

#include <string.h>

#define ESC '\033'

static bool is(const struct queries *q, const char *text)
{
    size_t n = strlen(text);

    return q->held == n && !memcmp(q->hold, text, n);
}

static bool is_resize(const struct queries *q)
{
    return q->held > 5 && !memcmp(q->hold, "\033[8;", 4) && q->hold[q->held - 1] == 't';
}

/* Can what is held, and its next byte c, still become a question? */
static bool goes_on(const struct queries *q, char c)
{
    if (q->held == 1)
        return c == '[';
    if (q->held == 2)
        return (c >= '0' && c <= '9') || c == '?';
    return ((c >= '0' && c <= '9') || c == ';') && q->held + 1 < sizeof q->hold;
}

static void drop(struct queries *q)
{
    q->held = 0;
}

static void release(struct queries *q, struct buf *show)
{
    buf_add(show, q->hold, q->held);
    q->held = 0;
}

/* A whole sequence is held. */
static enum query judge(struct queries *q, struct buf *show, struct buf *answers)
{
    if (is(q, "\033[6n")) {
        drop(q);
        return QUERY_CURSOR;
    }
    if ((is(q, "\033[c") || is(q, "\033[0c")) && !q->attributes) {
        q->attributes = true;
        drop(q);
        buf_str(answers, STR("\033[?61;6;7;21;22;23;24;32;42c"));
        return QUERY_NONE;
    }
    if (is(q, "\033[?1004h") || is(q, "\033[?1004l")) {
        q->focus = q->hold[q->held - 1] == 'h';
        drop(q);
    } else if (is(q, "\033[?9001h") || is(q, "\033[?9001l")) {
        q->win32 = q->hold[q->held - 1] == 'h';
        drop(q);
    } else if (is_resize(q)) {
        drop(q);
    } else {
        release(q, show);
    }
    return QUERY_NONE;
}

enum query queries_take(struct queries *q, struct str input, size_t *at, struct buf *show, struct buf *answers)
{
    while (*at < input.n) {
        char c = input.p[*at];
        if (!q->held) {
            size_t end = str_find(input, *at, ESC);
            buf_add(show, input.p + *at, end - *at);
            *at = end;
            if (end < input.n) {
                q->hold[q->held++] = ESC;
                ++*at;
            }
            continue;
        }
        if (c == ESC) { /* another begins: the one that is held was none of ours */
            release(q, show);
            continue;
        }
        if (goes_on(q, c)) {
            q->hold[q->held++] = c;
            ++*at;
            continue;
        }
        if (q->held < 2 || c < 0x40 || c > 0x7e) {
            release(q, show); /* c is looked at again, as a byte of its own */
            continue;
        }
        q->hold[q->held++] = c;
        ++*at;
        if (judge(q, show, answers) == QUERY_CURSOR)
            return QUERY_CURSOR;
    }
    return QUERY_NONE;
}

bool queries_asks(size_t *matched, struct str bytes)
{
    static const char question[] = "\033[c";

    for (size_t i = 0; i < bytes.n; i++) {
        *matched = bytes.p[i] == question[*matched] ? *matched + 1 : bytes.p[i] == question[0];
        if (*matched == sizeof question - 1) {
            *matched = 0;
            return true;
        }
    }
    return false;
}

void queries_end(struct queries *q, struct buf *show)
{
    release(q, show);
}

void queries_cursor(uint32_t row, uint32_t column, struct buf *answers)
{
    uint16_t r = 1, c = 1;

    sizes_clamp(row ? row : 1, column ? column : 1, &r, &c);
    buf_format(answers, "\033[%u;%uR", (unsigned)r, (unsigned)c);
}

/* ---- sizes ---- */

bool sizes_clamp(uint32_t rows, uint32_t columns, uint16_t *out_rows, uint16_t *out_columns)
{
    if (!rows || !columns)
        return false;
    *out_rows = (uint16_t)(rows < 32767 ? rows : 32767);
    *out_columns = (uint16_t)(columns < 32767 ? columns : 32767);
    return true;
}

void sizes_want(struct sizes *s, uint32_t rows, uint32_t columns, uint64_t now)
{
    if (!sizes_clamp(rows, columns, &s->next_rows, &s->next_columns))
        return;
    if (s->next_rows == s->rows && s->next_columns == s->columns)
        s->since = 0;
    else
        s->since = now ? now : 1; /* from the last of many */
}

bool sizes_due(struct sizes *s, uint64_t now, int *wait)
{
    *wait = -1;
    if (!s->since)
        return false;
    if (now < s->since + SIZES_MS) {
        *wait = (int)(s->since + SIZES_MS - now);
        return false;
    }
    s->since = 0;
    s->rows = s->next_rows;
    s->columns = s->next_columns;
    return true;
}
