/*
 * lines: what background jobs print, as whole lines of plain text with colour, to be shown above the editor. See
 * conpty.h. The editor knows where its own lines are on the screen, so nothing here may move the cursor but a newline.
 */
#include "conpty.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define TAB_COLUMNS 8

/* ---- the line that is being put together ---- */

static void begin_line(struct lines *l)
{
    buf_clear(&l->current);
    buf_add(&l->current, l->colour, l->colour_bytes);
    l->coloured = l->colour_bytes > 0;
    l->column = 0;
    l->restart = false;
}

static void end_line(struct lines *l, struct buf *out)
{
    buf_str(out, buf_view(&l->current));
    if (l->coloured)
        buf_str(out, STR("\033[m"));
    buf_str(out, STR("\r\n"));
    begin_line(l);
}

/* One character; it is not cut. */
static void put(struct lines *l, struct str s, size_t columns, struct buf *out)
{
    if (l->restart)
        begin_line(l);
    if (l->current.n + s.n > LINES_HELD_MAX)
        end_line(l, out);
    buf_str(&l->current, s);
    l->column += columns;
}

/* Characters of one byte and one column each: cut where the line is full. */
static void put_run(struct lines *l, struct str s, struct buf *out)
{
    if (l->restart)
        begin_line(l);
    while (s.n > 0) {
        size_t room = l->current.n < LINES_HELD_MAX ? LINES_HELD_MAX - l->current.n : 0;
        struct str part = str_slice(s, 0, room);

        if (room == 0)
            end_line(l, out);
        buf_str(&l->current, part);
        l->column += part.n;
        s = str_slice(s, part.n, s.n);
    }
}

static void put_tab(struct lines *l, struct buf *out)
{
    if (l->restart)
        begin_line(l);
    put_run(l, str_slice(STR("        "), 0, TAB_COLUMNS - l->column % TAB_COLUMNS), out);
}

/* Where the SGR that ends just before end begins; end when there is none. Text has no ESC in it. */
static size_t colour_before(const struct buf *b, size_t end)
{
    size_t at = end;

    if (at == 0 || b->p[at - 1] != 'm')
        return end;
    for (at--; at > 0 && ((b->p[at - 1] >= '0' && b->p[at - 1] <= ';') || b->p[at - 1] == '['); at--)
        ;
    return at > 0 && b->p[at - 1] == '\033' ? at - 1 : end;
}

/* The last character goes, with the marks on it; colours after it stay. */
static void take_back(struct lines *l)
{
    struct buf *b = &l->current;
    size_t columns = 0;

    while (columns == 0 && l->column > 0) {
        size_t end = b->n, at, length;
        uint32_t scalar = 0;

        while (colour_before(b, end) < end)
            end = colour_before(b, end);
        if (end == 0)
            return;
        for (at = end - 1; at > 0 && end - at < 4 && ((unsigned char)b->p[at] & 0xc0) == 0x80; at--)
            ;
        length = text_decode((struct str){b->p, end}, at, &scalar);
        if (length != end - at) { /* not UTF-8: one byte, one column */
            at = end - 1;
            scalar = '?';
        }
        columns = (size_t)text_columns(scalar);
        memmove(b->p + at, b->p + end, b->n - end);
        b->n -= end - at;
    }
    l->column -= columns < l->column ? columns : l->column;
}

/* ---- what is in it ---- */

static bool is_bidirectional(uint32_t c)
{
    return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static size_t ascii_end(struct str s, size_t at)
{
    while (at < s.n && (unsigned char)s.p[at] < 0x80)
        at++;
    return at;
}

static void put_text(struct lines *l, struct str s, struct buf *out)
{
    for (size_t at = 0; at < s.n;) {
        size_t end = ascii_end(s, at);
        uint32_t scalar = '?';

        if (end > at) {
            put_run(l, str_slice(s, at, end), out);
            at = end;
            continue;
        }
        end = at + text_decode(s, at, &scalar);
        if (end == at)
            end++;
        if (!is_bidirectional(scalar))
            put(l, str_slice(s, at, end), (size_t)text_columns(scalar), out);
        at = end;
    }
}

static bool is_colour(struct str s)
{
    for (size_t i = 2; i + 1 < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > ';')
            return false;
    return s.n >= 3 && s.p[s.n - 1] == 'm';
}

/* Goes into the line, and is kept for those after it until a reset. What would be too much is forgotten. */
static void put_colour(struct lines *l, struct str s)
{
    bool resets = s.n == 3 || str_is(s, "\033[0m");

    if (s.n > sizeof l->colour)
        return;
    if (l->coloured || !resets) {
        if (l->current.n + s.n <= LINES_HELD_MAX)
            buf_str(&l->current, s);
        l->coloured = true;
    }
    if (resets || s.n > sizeof l->colour - l->colour_bytes || str_starts(s, STR("\033[0;")))
        l->colour_bytes = 0;
    if (resets)
        return;
    memcpy(l->colour + l->colour_bytes, s.p, s.n);
    l->colour_bytes += s.n;
}

static void put_control(struct lines *l, char c, struct buf *out)
{
    switch (c) {
    case '\n':
        end_line(l, out);
        break;
    case '\r':
        l->restart = true;
        break;
    case '\b':
        if (!l->restart)
            take_back(l);
        break;
    case '\t':
        put_tab(l, out);
        break;
    default:
        break;
    }
}

void lines_filter(struct lines *l, struct str input, struct buf *out)
{
    struct vt_item item;
    size_t at = 0;

    while (vt_next(&l->vt, input, &at, &item)) {
        if (item.kind == VT_TEXT)
            put_text(l, item.bytes, out);
        else if (item.kind == VT_CONTROL)
            put_control(l, item.bytes.p[0], out);
        else if (item.kind == VT_CSI && !item.too_long && is_colour(item.bytes))
            put_colour(l, item.bytes);
    }
}

void lines_flush(struct lines *l, struct buf *out)
{
    (void)vt_reset(&l->vt);
    if (lines_pending(l))
        end_line(l, out);
}

bool lines_pending(const struct lines *l)
{
    return l->column > 0;
}

void lines_release(struct lines *l)
{
    buf_release(&l->current);
    *l = (struct lines){0};
}
