/*
 * editor_screen: a small model of a terminal for the editor's tests: it obeys what the editor may
 * send and marks everything else as bad. Beside it, written independently, what prompt and line
 * should look like.
 */
#ifndef CORDON_EDITOR_SCREEN_H
#define CORDON_EDITOR_SCREEN_H

#include "check.h"
#include "../sandbox/core/text.h"

#define MODEL_ROWS    150
#define MODEL_COLUMNS 64

struct model_cell {
    char bytes[24];
    bool reverse;
    bool tail; /* the second half of a wide character */
};

struct model {
    struct model_cell cells[MODEL_ROWS][MODEL_COLUMNS];
    bool runs_on[MODEL_ROWS]; /* wrapped by itself into the next row */
    size_t columns, height, row, column;
    size_t scrolled; /* rows that went off the top */
    bool pending;    /* about to wrap */
    bool reverse, coloured, paste_mode;
    bool bad;
    char why[80];
};

static void model_bad(struct model *m, const char *why)
{
    if (!m->bad)
        snprintf(m->why, sizeof m->why, "%s", why);
    m->bad = true;
}

static void model_blank(struct model *m, size_t row, size_t from)
{
    for (size_t c = from; c < m->columns; c++)
        m->cells[row][c] = (struct model_cell){.bytes = " "};
    m->runs_on[row] = false;
}

static void model_start(struct model *m, size_t columns, size_t height)
{
    memset(m, 0, sizeof *m);
    m->columns = columns;
    m->height = height;
    for (size_t r = 0; r < height; r++)
        model_blank(m, r, 0);
}

static void model_line_feed(struct model *m)
{
    if (m->row + 1 < m->height) {
        m->row++;
        return;
    }
    memmove(m->cells[0], m->cells[1], (m->height - 1) * sizeof m->cells[0]);
    memmove(m->runs_on, m->runs_on + 1, (m->height - 1) * sizeof m->runs_on[0]);
    model_blank(m, m->height - 1, 0);
    m->scrolled++;
}

/* Overwriting one half of a wide character blanks the other. */
static void model_split(struct model *m, size_t column)
{
    struct model_cell *row = m->cells[m->row];

    if (row[column].tail && column > 0)
        row[column - 1] = (struct model_cell){.bytes = " "};
    if (column + 1 < m->columns && row[column + 1].tail)
        row[column + 1] = (struct model_cell){.bytes = " "};
}

static void model_wrap(struct model *m)
{
    m->runs_on[m->row] = true;
    model_line_feed(m);
    m->column = 0;
    m->pending = false;
}

static void model_print(struct model *m, const char *bytes, size_t n, uint32_t scalar)
{
    size_t width = (size_t)text_columns(scalar);
    struct model_cell *cell;

    if (width == 0) { /* joins the cell before the cursor */
        size_t before = m->pending ? m->column : m->column - 1;
        if (!m->pending && m->column == 0) {
            model_bad(m, "a combining mark at the beginning of a row");
            return;
        }
        cell = &m->cells[m->row][before];
        if (cell->tail)
            cell--;
        if (strlen(cell->bytes) + n < sizeof cell->bytes)
            strncat(cell->bytes, bytes, n);
        return;
    }
    if (width > m->columns) {
        model_bad(m, "a character wider than the screen");
        return;
    }
    if (m->pending || m->column + width > m->columns)
        model_wrap(m);
    for (size_t i = 0; i < width; i++)
        model_split(m, m->column + i);
    cell = &m->cells[m->row][m->column];
    *cell = (struct model_cell){.reverse = m->reverse};
    memcpy(cell->bytes, bytes, n);
    if (width == 2)
        m->cells[m->row][m->column + 1] = (struct model_cell){.tail = true};
    m->column += width;
    if (m->column >= m->columns) {
        m->column = m->columns - 1;
        m->pending = true;
    }
}

static void model_csi(struct model *m, struct str parameters, char final)
{
    size_t n = 0;

    if (str_eq(parameters, STR("?2004")) && (final == 'h' || final == 'l')) {
        m->paste_mode = final == 'h';
        return;
    }
    if (final == 'm') {
        m->reverse = str_eq(parameters, STR("7"));
        m->coloured =
            !str_eq(parameters, STR("7")) && !str_eq(parameters, STR("0")) && parameters.n > 0;
        return;
    }
    for (size_t i = 0; i < parameters.n; i++) {
        if (parameters.p[i] < '0' || parameters.p[i] > '9')
            model_bad(m, "a parameter that is no number");
        n = n * 10 + (size_t)(parameters.p[i] - '0');
    }
    if (final == 'K' || final == 'J') {
        if (n != 0 || m->pending)
            model_bad(m, "erasing from a full row, or not to its end");
        if (m->reverse || m->coloured)
            model_bad(m, "erasing in colour");
        model_blank(m, m->row, m->column);
        for (size_t r = m->row + 1; final == 'J' && r < m->height; r++)
            model_blank(m, r, 0);
        return;
    }
    n = n ? n : 1;
    if (final == 'A')
        m->row -= n < m->row ? n : m->row;
    else if (final == 'B')
        m->row = m->row + n < m->height ? m->row + n : m->height - 1;
    else if (final == 'C')
        m->column = m->column + n < m->columns ? m->column + n : m->columns - 1;
    else if (final == 'D')
        m->column -= n < m->column ? n : m->column;
    else if (final == 'G')
        m->column = n <= m->columns ? n - 1 : m->columns - 1;
    else
        model_bad(m, "a sequence that the editor may not send");
    if (m->pending && (final == 'A' || final == 'B'))
        m->column = 0; /* where terminals differ the editor must not depend on it */
    m->pending = false;
}

static void model_feed(struct model *m, struct str s)
{
    for (size_t at = 0; at < s.n;) {
        uint32_t scalar = 0;
        size_t n = text_decode(s, at, &scalar);
        if (n == 0) {
            model_bad(m, "bytes that are not UTF-8");
            return;
        }
        if (scalar == 0x1b) {
            size_t end = at + 2;
            if (s.n - at < 3 || s.p[at + 1] != '[') {
                model_bad(m, "an escape that is no CSI");
                return;
            }
            while (end < s.n && (s.p[end] < '@' || s.p[end] > '~'))
                end++;
            model_csi(m, str_slice(s, at + 2, end), end < s.n ? s.p[end] : '\0');
            n = end + 1 - at;
        } else if (scalar == '\r') {
            m->column = 0;
            m->pending = false;
        } else if (scalar == '\n') {
            model_line_feed(m);
            m->pending = false;
        } else if (scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0)) {
            model_bad(m, "a control character");
        } else {
            model_print(m, s.p + at, n, scalar);
        }
        at += n;
    }
}

/* ---- resizing as terminals do that wrap their rows anew ---- */

static void model_reflow(struct model *m, size_t columns)
{
    static struct model next;
    size_t from_row = m->row, from_column = m->column, cursor_row = 0, cursor_column = 0;
    size_t last = m->row;

    if (columns == m->columns)
        return;
    for (size_t r = 0; r < m->height; r++)
        for (size_t c = 0; c < m->columns; c++)
            if (strcmp(m->cells[r][c].bytes, " ") != 0 && !m->cells[r][c].tail && r > last)
                last = r;
    model_start(&next, columns, m->height);
    for (size_t r = 0; r <= last; r++) {
        size_t width = m->columns;
        if (!m->runs_on[r]) {
            while (width > 0 && strcmp(m->cells[r][width - 1].bytes, " ") == 0)
                width--;
            if (r == from_row && width < from_column)
                width = from_column; /* blanks before the cursor are kept */
        }
        for (size_t c = 0; c < width; c++) {
            const struct model_cell *cell = &m->cells[r][c];
            size_t wide = c + 1 < m->columns && m->cells[r][c + 1].tail ? 2 : 1;
            if (cell->tail)
                continue;
            if (next.pending || next.column + wide > columns)
                model_wrap(&next);
            if (r == from_row && c == from_column) {
                cursor_row = next.row + next.scrolled;
                cursor_column = next.column;
            }
            if (wide > columns)
                wide = 1;
            next.cells[next.row][next.column] = *cell;
            if (wide == 2)
                next.cells[next.row][next.column + 1] = (struct model_cell){.tail = true};
            next.column += wide;
            if (next.column >= columns) {
                next.column = columns - 1;
                next.pending = true;
            }
        }
        if (r == from_row && from_column >= width) {
            cursor_row = next.row + next.scrolled;
            cursor_column = next.column;
        }
        if (r < last && !m->runs_on[r]) {
            model_line_feed(&next);
            next.column = 0;
            next.pending = false;
        }
    }
    next.row = cursor_row - next.scrolled;
    next.column = cursor_column;
    next.pending = false;
    next.paste_mode = m->paste_mode;
    next.scrolled += m->scrolled;
    next.bad = m->bad;
    memcpy(next.why, m->why, sizeof next.why);
    *m = next;
}

/* ---- what should be seen ---- */

struct wanted {
    struct model_cell cells[MODEL_ROWS][MODEL_COLUMNS];
    size_t rows, columns, row, column; /* of the cursor in the end */
    bool found;                        /* the cursor stands between characters */
};

static void wanted_row(struct wanted *w)
{
    w->row++;
    w->column = 0;
}

static void wanted_cell(struct wanted *w, const char *bytes, size_t n, size_t width, bool reverse)
{
    if (w->column + width > w->columns)
        wanted_row(w);
    if (w->row < MODEL_ROWS) {
        struct model_cell *cell = &w->cells[w->row][w->column];
        *cell = (struct model_cell){.reverse = reverse};
        memcpy(cell->bytes, bytes, n);
        if (width == 2)
            cell[1] = (struct model_cell){.tail = true};
    }
    w->column += width;
}

/* One character of s with its marks, or one escape; the bytes of text that it stands for. */
static size_t wanted_step(struct wanted *w, struct str s, size_t at)
{
    char letter_and[8] = "a", shown[40], hex[16];
    uint32_t scalar = 0, next = 0;
    size_t n = text_decode(s, at, &scalar), total = n, marks = 0;

    if (n == 0 || text_columns(scalar) == 0) {
        total = n ? n : 1;
        text_printable_into(hex, sizeof hex, str_slice(s, at, at + total));
        if (n != 0 && scalar < 0x80)
            snprintf(hex, sizeof hex, scalar == 0x7f ? "^?" : "^%c", (char)(scalar + 64));
        for (size_t i = 0; hex[i]; i++)
            wanted_cell(w, hex + i, 1, 1, true);
        return total;
    }
    memcpy(letter_and + 1, s.p + at, n);
    text_printable_into(shown, sizeof shown, (struct str){letter_and, n + 1});
    if (scalar != '\\' && shown[1] == '\\') {
        for (size_t i = 1; shown[i]; i++)
            wanted_cell(w, shown + i, 1, 1, true);
        return n;
    }
    for (; marks < 4; marks++) {
        size_t more = text_decode(s, at + total, &next);
        char both[16];
        if (more == 0 || next < 0x80 || text_columns(next) != 0)
            break;
        memcpy(both, "a", 1);
        memcpy(both + 1, s.p + at + total, more);
        text_printable_into(shown, sizeof shown, (struct str){both, more + 1});
        if (shown[1] == '\\')
            break;
        total += more;
    }
    if ((size_t)text_columns(scalar) > w->columns)
        wanted_cell(w, "?", 1, 1, true);
    else
        wanted_cell(w, s.p + at, total, (size_t)text_columns(scalar), false);
    return total;
}

static void wanted_prompt(struct wanted *w, const char *prompt)
{
    struct str s = str_from(prompt);

    for (size_t at = 0; at < s.n;) {
        if (s.p[at] == '\x1b') {
            at = str_find(s, at, 'm') + 1;
        } else if (s.p[at] == '\n') {
            wanted_row(w);
            at++;
        } else {
            at += wanted_step(w, s, at);
        }
    }
}

static void want(struct wanted *w, size_t columns, const char *prompt, const char *continuation,
    struct str text, size_t cursor)
{
    size_t cursor_row = 0, cursor_column = 0, at = 0;

    memset(w, 0, sizeof *w);
    w->columns = columns;
    for (size_t r = 0; r < MODEL_ROWS; r++)
        for (size_t c = 0; c < MODEL_COLUMNS; c++)
            w->cells[r][c].bytes[0] = ' ';
    wanted_prompt(w, prompt);
    for (;;) {
        size_t row, column = w->column, step;
        if (at == cursor && column == columns)
            wanted_row(w);
        row = w->row;
        column = w->column;
        if (at == cursor) {
            cursor_row = row;
            cursor_column = column;
            w->found = true;
        }
        if (at >= text.n)
            break;
        if (text.p[at] == '\n') {
            wanted_row(w);
            wanted_prompt(w, continuation);
            step = 1;
        } else if (text.p[at] == '\t') {
            if (column == columns)
                wanted_row(w);
            do
                wanted_cell(w, " ", 1, 1, false);
            while (w->column % 8 != 0 && w->column < columns);
            step = 1;
        } else {
            step = wanted_step(w, text, at);
            if (at == cursor && w->row > row) { /* the first cell went to the next row? */
                struct model_cell *last = &w->cells[row][columns - 1];
                if (column + 1 == columns && strcmp(last->bytes, " ") == 0 && !last->reverse &&
                    columns > 1 && text.p[at] != ' ') {
                    cursor_row = row + 1;
                    cursor_column = 0;
                }
            }
        }
        at += step;
    }
    w->rows = w->row + 1;
    w->row = cursor_row;
    w->column = cursor_column;
}

/* Does the model show rows first.. of w (count of them) around its cursor? Says in
 * why what it does not. */
static bool model_shows(
    const struct model *m, const struct wanted *w, size_t first, size_t count, char why[200])
{
    size_t top;

    if (m->bad) {
        snprintf(why, 200, "bad output: %s", m->why);
        return false;
    }
    if (!w->found) {
        snprintf(why, 200, "the cursor stands within a character");
        return false;
    }
    if (m->row < w->row - first || m->column != w->column || m->pending) {
        snprintf(why, 200, "cursor at row %d column %d, wanted row %d column %d of %d columns",
            (int)m->row, (int)m->column, (int)(w->row - first), (int)w->column, (int)m->columns);
        return false;
    }
    top = m->row - (w->row - first);
    for (size_t r = 0; r < count && top + r < m->height; r++) {
        for (size_t c = 0; c < m->columns; c++) {
            const struct model_cell *got = &m->cells[top + r][c], *wants = &w->cells[first + r][c];
            if (strcmp(got->bytes, wants->bytes) != 0 || got->reverse != wants->reverse ||
                got->tail != wants->tail) {
                snprintf(why, 200, "row %d column %d of %d: \"%s\", wanted \"%s\"", (int)r, (int)c,
                    (int)m->columns, got->bytes, wants->bytes);
                return false;
            }
        }
    }
    for (size_t r = top + count; r < m->height; r++) {
        for (size_t c = 0; c < m->columns; c++) {
            if (strcmp(m->cells[r][c].bytes, " ") != 0) {
                snprintf(why, 200, "row %d below the line is not empty", (int)r);
                return false;
            }
        }
    }
    return true;
}

#endif
