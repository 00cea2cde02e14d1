/*
 * editor_draw: from prompt and text to cells, and from the cells shown before to those wanted now.
 *
 * A frame is laid out anew each time; what is written is the difference. Rows that are full run on
 * by the terminal's own wrapping, so that copying a long line gives one line. Sent are only
 * printable text, \r, \n and CSI A B C D G J K m. What is not printable in prompt or text has
 * become an escape before.
 */
#include "editor_parts.h"

#include <string.h>

#define SHOWN_ROWS_MAX  200    /* where the terminal's height is not known */
#define SHOWN_CELLS_MAX 200000 /* of one frame, whatever the size of the terminal */

/* Styles: 0 plain; 1 reverse; else the colour that a prompt has set up to a byte of it: 2 * byte for the
 * prompt, and one more for the continuation prompt. While a line lasts these do not change, and a
 * search's prompt has no colour: equal numbers are equal colours from one frame to the next. */
#define STYLE_REVERSE 1u

struct cell {
    uint32_t at; /* its bytes in the frame */
    uint16_t n;
    uint16_t width;
    uint32_t style;
};

struct row {
    uint32_t first, count; /* cells */
    uint32_t width;
    bool runs_on; /* full, and the next row continues it */
};

static struct cell *cells_of(const struct frame_shown *f)
{
    return (struct cell *)(void *)f->cells.p;
}

static struct row *rows_of(const struct frame_shown *f)
{
    return (struct row *)(void *)f->rows.p;
}

static size_t row_count(const struct frame_shown *f)
{
    return f->rows.n / sizeof(struct row);
}

static void frame_release(struct frame_shown *f)
{
    buf_release(&f->cells);
    buf_release(&f->rows);
    buf_release(&f->bytes);
}

/* ---- layout ---- */

struct layout {
    struct frame_shown *f;
    const struct picture *picture;
    size_t columns, row, column;
    size_t top, height; /* the rows that are kept */
    size_t cursor_row, cursor_column;
};

static bool is_kept(const struct layout *l)
{
    return l->row >= l->top && l->row - l->top < l->height;
}

static void open_row(struct layout *l)
{
    struct row row = {.first = (uint32_t)(l->f->cells.n / sizeof(struct cell))};
    if (is_kept(l))
        buf_add(&l->f->rows, &row, sizeof row);
}

static void next_row(struct layout *l, bool runs_on)
{
    if (is_kept(l))
        rows_of(l->f)[l->row - l->top].runs_on = runs_on;
    l->row++;
    l->column = 0;
    open_row(l);
}

static void put_cell(struct layout *l, struct str bytes, size_t width, uint32_t style)
{
    if (l->column + width > l->columns)
        next_row(l, l->column == l->columns);
    l->column += width;
    if (is_kept(l)) {
        struct row *row = &rows_of(l->f)[l->row - l->top];
        struct cell cell = {.at = (uint32_t)l->f->bytes.n,
            .n = (uint16_t)bytes.n,
            .width = (uint16_t)width,
            .style = style};
        buf_str(&l->f->bytes, bytes);
        buf_add(&l->f->cells, &cell, sizeof cell);
        row->count++;
        row->width = (uint32_t)l->column;
    }
}

static void put_unit(
    struct layout *l, struct str s, size_t at, const struct unit *unit, uint32_t style)
{
    if (unit->kind == UNIT_ESCAPED) {
        for (const char *c = unit->shown; *c; c++)
            put_cell(l, (struct str){c, 1}, 1, STYLE_REVERSE);
    } else if (unit->kind == UNIT_TAB) {
        do /* a tab ends at the margin */
            put_cell(l, STR(" "), 1, style);
        while (l->column % 8 != 0 && l->column < l->columns);
    } else if ((size_t)unit->columns > l->columns) {
        put_cell(l, STR("?"), 1, STYLE_REVERSE); /* wider than the whole terminal */
    } else {
        put_cell(l, str_slice(s, at, at + unit->n), (size_t)unit->columns, style);
    }
}

/* Length of ESC [ digits ; : m at s[at], or 0. */
static size_t colour_length(struct str s, size_t at)
{
    size_t i = at + 2;

    if (s.n - at < 3 || s.p[at] != '\x1b' || s.p[at + 1] != '[')
        return 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= ';')
        i++;
    return i < s.n && s.p[i] == 'm' ? i + 1 - at : 0;
}

static void put_prompt(struct layout *l, struct str prompt, uint32_t which)
{
    uint32_t style = 0;
    struct unit unit;

    for (size_t at = 0; at < prompt.n; at += unit.n) {
        unit.n = colour_length(prompt, at);
        if (unit.n > 0) {
            bool reset = unit.n == 3 || (unit.n == 4 && prompt.p[at + 2] == '0');
            style = reset ? 0 : 2 * (uint32_t)(at + unit.n) + which;
            continue;
        }
        unit_at(prompt, at, &unit);
        if (unit.kind == UNIT_BREAK)
            next_row(l, false);
        else
            put_unit(l, prompt, at, &unit, style);
    }
}

static void mark_cursor(struct layout *l)
{
    if (l->column == l->columns)
        next_row(l, true);
    l->cursor_row = l->row;
    l->cursor_column = l->column;
}

static void lay_out(struct layout *l)
{
    struct str text = l->picture->text;
    struct unit unit;

    l->row = l->column = 0;
    buf_clear(&l->f->cells);
    buf_clear(&l->f->rows);
    buf_clear(&l->f->bytes);
    open_row(l);
    put_prompt(l, l->picture->prompt, 0);
    for (size_t at = 0; at < text.n; at += unit.n) {
        if (at == l->picture->cursor)
            mark_cursor(l);
        unit_at(text, at, &unit);
        if (unit.kind == UNIT_BREAK) {
            next_row(l, false);
            put_prompt(l, l->picture->continuation, 1);
        } else {
            /* A character that does not fit takes the cursor with it to the next row. */
            bool here = at == l->picture->cursor;
            if (here && unit.kind == UNIT_PLAIN && (size_t)unit.columns <= l->columns &&
                l->column + (size_t)unit.columns > l->columns) {
                next_row(l, false);
                mark_cursor(l);
            }
            put_unit(l, text, at, &unit, 0);
        }
    }
    if (l->picture->cursor >= text.n)
        mark_cursor(l);
}

/* Lays out into s->next; when there are more rows than may be shown, those around the cursor. */
static void build_frame(struct screen *s, const struct picture *p)
{
    struct layout l = {.f = &s->next, .picture = p, .columns = s->columns};
    size_t cells = SHOWN_CELLS_MAX / s->columns, total;

    l.height = s->height ? s->height : SHOWN_ROWS_MAX;
    if (l.height > cells)
        l.height = cells > 0 ? cells : 1;
    lay_out(&l);
    total = l.row + 1;
    if (total > l.height) {
        size_t top = s->valid ? s->now.top : 0;
        if (l.cursor_row < top)
            top = l.cursor_row;
        if (l.cursor_row - top >= l.height)
            top = l.cursor_row - l.height + 1;
        if (top > total - l.height)
            top = total - l.height;
        l.top = top;
        if (top > 0)
            lay_out(&l);
    }
    s->next.top = l.top;
    s->next.total = total;
    s->next.cursor_row = l.cursor_row - l.top;
    s->next.cursor_column = l.cursor_column;
}

/* ---- the pen ---- */

static void set_style(struct screen *s, const struct picture *p, uint32_t style, struct buf *out)
{
    struct str prompt;
    size_t n;

    if (s->style == style)
        return;
    s->style = style;
    buf_str(out, STR("\x1b[0m"));
    if (style == STYLE_REVERSE)
        buf_str(out, STR("\x1b[7m"));
    if (style <= STYLE_REVERSE)
        return;
    prompt = str_slice(style & 1 ? p->continuation : p->prompt, 0, style / 2);
    for (size_t at = 0; at < prompt.n; at += n ? n : 1) {
        n = colour_length(prompt, at);
        buf_str(out, str_slice(prompt, at, at + n));
    }
}

/* Rows that the terminal does not have yet are made with line breaks. */
static void move_to(struct screen *s, size_t row, size_t column, struct buf *out)
{
    if (row > s->row && s->reached > s->row + 1) {
        size_t down = (row < s->reached ? row : s->reached - 1) - s->row;
        buf_format(out, "\x1b[%lluB", (unsigned long long)down);
        s->row += down;
    } else if (row < s->row) {
        buf_format(out, "\x1b[%lluA", (unsigned long long)(s->row - row));
        s->row = row;
    }
    while (s->row < row) {
        buf_str(out, STR("\r\n"));
        s->row++;
        s->column = 0;
    }
    if (s->reached <= row)
        s->reached = row + 1;
    if (column == s->column) /* never so where it is about to wrap */
        return;
    if (column == 0)
        buf_str(out, STR("\r"));
    else
        buf_format(out, "\x1b[%lluG", (unsigned long long)column + 1);
    s->column = column;
}

static bool is_same_cell(const struct frame_shown *a, const struct cell *x,
    const struct frame_shown *b, const struct cell *y)
{
    return x->n == y->n && x->width == y->width && x->style == y->style &&
           memcmp(a->bytes.p + x->at, b->bytes.p + y->at, x->n) == 0;
}

/* Cells at the front of row r that are on the terminal already; *column is where they end. */
static size_t kept_cells(const struct screen *s, size_t r, bool all_new, size_t *column)
{
    const struct row *old, *row = &rows_of(&s->next)[r];
    size_t k = 0;

    *column = 0;
    if (all_new || r >= row_count(&s->now))
        return 0;
    old = &rows_of(&s->now)[r];
    while (k < row->count && k < old->count) {
        const struct cell *cell = &cells_of(&s->next)[row->first + k];
        if (!is_same_cell(&s->next, cell, &s->now, &cells_of(&s->now)[old->first + k]))
            break;
        *column += cell->width;
        k++;
    }
    return k;
}

static void write_row(
    struct screen *s, const struct picture *p, size_t r, bool all_new, struct buf *out)
{
    const struct row *row = &rows_of(&s->next)[r];
    size_t column, k = kept_cells(s, r, all_new, &column);
    bool was_there = r < row_count(&s->now);
    size_t old_width = was_there ? rows_of(&s->now)[r].width : 0;
    bool follows =
        r > 0 && rows_of(&s->next)[r - 1].runs_on && s->row + 1 == r && s->column >= s->columns;

    if (k == row->count && (all_new ? false : was_there && old_width == row->width))
        return;
    if (k == 0 && follows) {
        /* The terminal wraps by itself at the next character; an empty row gets a
         * blank that goes again. */
        if (row->count == 0) {
            set_style(s, p, 0, out);
            buf_str(out, STR(" \r"));
            old_width = s->columns;
        }
        s->row++;
        s->column = 0;
        if (s->reached <= r)
            s->reached = r + 1;
    } else {
        move_to(s, r, column, out);
    }
    for (; k < row->count; k++) {
        const struct cell *cell = &cells_of(&s->next)[row->first + k];
        set_style(s, p, cell->style, out);
        buf_add(out, s->next.bytes.p + cell->at, cell->n);
        s->column += cell->width;
    }
    if (row->width < s->columns && (all_new || old_width > row->width)) {
        set_style(s, p, 0, out);
        buf_str(out, STR("\x1b[K"));
    }
}

void screen_draw(struct screen *s, const struct picture *p, struct buf *out)
{
    struct frame_shown swap;
    bool all_new;

    build_frame(s, p);
    all_new = !s->valid;
    if (!s->valid) {
        buf_clear(&s->now.rows);
        s->row = s->column = 0;
        s->reached = 1;
        buf_str(out, STR("\x1b[J"));
    }
    for (size_t r = 0; r < row_count(&s->next); r++)
        write_row(s, p, r, all_new, out);
    if (row_count(&s->now) > row_count(&s->next)) {
        set_style(s, p, 0, out);
        move_to(s, row_count(&s->next), 0, out);
        buf_str(out, STR("\x1b[J"));
    }
    set_style(s, p, 0, out);
    move_to(s, s->next.cursor_row, s->next.cursor_column, out);
    swap = s->now;
    s->now = s->next;
    s->next = swap;
    s->valid = true;
}

/* ---- the rest of the screen ---- */

void screen_release(struct screen *s)
{
    frame_release(&s->now);
    frame_release(&s->next);
}

void screen_begin(struct screen *s)
{
    s->valid = false;
    s->now.top = 0;
}

void screen_finish(struct screen *s, struct str mark, struct buf *out)
{
    size_t last, width;
    bool fresh;

    if (!s->valid)
        return;
    last = row_count(&s->now) - 1;
    width = rows_of(&s->now)[last].width;
    fresh = width == 0 && last > 0 && rows_of(&s->now)[last - 1].runs_on && mark.n == 0;
    /* Behind a full row stands the cursor on its last column; a line break
     * leaves from there as well. */
    move_to(s, last, width < s->columns ? width : s->columns - 1, out);
    if (mark.n > 0 && width >= s->columns)
        buf_str(out, STR("\r\n"));
    buf_str(out, mark);
    if (!fresh)
        buf_str(out, STR("\r\n"));
    screen_begin(s);
}

void screen_hide(struct screen *s, struct buf *out)
{
    if (!s->valid)
        return;
    move_to(s, 0, 0, out);
    buf_str(out, STR("\x1b[J"));
    screen_begin(s);
}

void screen_clear(struct screen *s, struct buf *out)
{
    buf_str(out, STR("\x1b[999A\r\x1b[J"));
    screen_begin(s);
}

/*
 * A narrower terminal wraps the rows that it shows, a wider one joins those that ran on; the cursor
 * stays with its character. How many rows it is then below the prompt's first one decides what is
 * drawn over. Where a terminal may do one thing or the other, the smaller number: a leftover is
 * better than losing output.
 */
void screen_resize(struct screen *s, unsigned columns, struct buf *out)
{
    size_t up = 0, column = 0;

    if (columns == 0)
        columns = 80;
    if (columns == s->columns)
        return;
    for (size_t r = 0; s->valid && r <= s->row && r < row_count(&s->now); r++) {
        const struct row *row = &rows_of(&s->now)[r];
        size_t until = r == s->row ? s->column : row->width;
        for (size_t k = 0, at = 0; k < row->count && at <= until; k++) {
            size_t width = cells_of(&s->now)[row->first + k].width;
            if (at == until && r < s->row)
                break;
            at += width;
            if (width > columns)
                width = columns;
            if (column + width > columns) {
                up++;
                column = 0;
            }
            column += width;
        }
        if (r < s->row && !row->runs_on) {
            up++;
            column = 0;
        }
    }
    s->columns = columns;
    if (!s->valid)
        return;
    s->row = up;
    s->column = columns; /* not known: whatever is next moves absolutely */
    s->reached = up + 1;
    screen_hide(s, out);
}
