/*
 * editor_text: the text under edit: units that the cursor steps over, changes and their undo,
 * words, kills.
 *
 * The cursor stands only at the start of a unit: a character with the marks that combine with it, a
 * line break, a tab, or a single byte or character that may not reach a terminal as it is.
 */
#include "editor_parts.h"
#include "../sandbox/core/text.h"

#include <stdio.h>
#include <string.h>

#define MARKS_MAX 4 /* more on one letter are units of their own, as text_printable has it */

/* ---- units ---- */

enum scalar_class { CLASS_BASE, CLASS_MARK, CLASS_HIDDEN, CLASS_TAB, CLASS_BREAK };

/* text_printable decides what a terminal may get: after a letter, what it leaves alone is drawn. */
static bool is_drawable(struct str bytes)
{
    char in[8] = "a", out[32];

    memcpy(in + 1, bytes.p, bytes.n);
    text_printable_into(out, sizeof out, (struct str){in, bytes.n + 1});
    return str_eq(str_from(out), (struct str){in, bytes.n + 1});
}

static enum scalar_class class_at(struct str s, size_t at, size_t *n, int *columns)
{
    uint32_t scalar = 0;

    *columns = 1;
    *n = text_decode(s, at, &scalar);
    if (*n == 0) {
        *n = 1;
        return CLASS_HIDDEN;
    }
    if (scalar == '\n')
        return CLASS_BREAK;
    if (scalar == '\t')
        return CLASS_TAB;
    if (scalar < 0x7f)
        return scalar < 0x20 ? CLASS_HIDDEN : CLASS_BASE;
    if (!is_drawable(str_slice(s, at, at + *n)))
        return CLASS_HIDDEN;
    *columns = text_columns(scalar);
    return *columns == 0 ? CLASS_MARK : CLASS_BASE;
}

static void show_escaped(struct str s, size_t at, size_t n, struct unit *out)
{
    uint32_t scalar = 0;

    if (text_decode(s, at, &scalar) != 0 && scalar < 0x80)
        snprintf(out->shown, sizeof out->shown, "^%c", (char)(scalar ^ 0x40));
    else
        text_printable_into(out->shown, sizeof out->shown, str_slice(s, at, at + n));
}

void unit_at(struct str s, size_t at, struct unit *out)
{
    size_t n;
    int columns;
    enum scalar_class class = class_at(s, at, &n, &columns);

    *out = (struct unit){.kind = UNIT_PLAIN, .n = n, .columns = columns};
    if (class == CLASS_TAB || class == CLASS_BREAK) {
        out->kind = class == CLASS_TAB ? UNIT_TAB : UNIT_BREAK;
        return;
    }
    if (class != CLASS_BASE) {
        out->kind = UNIT_ESCAPED;
        show_escaped(s, at, n, out);
        return;
    }
    for (int marks = 0; marks < MARKS_MAX && at + out->n < s.n; marks++) {
        if ((unsigned char)s.p[at + out->n] < 0x80)
            break;
        if (class_at(s, at + out->n, &n, &columns) != CLASS_MARK)
            break;
        out->n += n;
    }
}

/* Valid UTF-8 finds its own place: a scalar that ends at `at` is there whichever way one comes. */
static size_t scalar_before(struct str s, size_t at)
{
    uint32_t scalar;

    for (size_t n = 1; n <= 4 && n <= at; n++)
        if (text_decode(str_slice(s, 0, at), at - n, &scalar) == n)
            return at - n;
    return at > 0 ? at - 1 : 0;
}

size_t unit_before(struct str s, size_t at)
{
    size_t start = scalar_before(s, at), base = start, n;
    int columns, marks = 0;

    if (at == 0)
        return 0;
    while (class_at(s, base, &n, &columns) == CLASS_MARK) {
        if (base == 0 || ++marks > MARKS_MAX)
            return start;
        base = scalar_before(s, base);
    }
    return marks > 0 && class_at(s, base, &n, &columns) != CLASS_BASE ? start : base;
}

size_t unit_snap(struct str s, size_t at)
{
    uint32_t scalar;
    struct unit unit;

    if (at >= s.n)
        return s.n;
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        size_t n = text_decode(s, at - back, &scalar);
        if (n > back) {
            at = at - back + n; /* inside a character: behind it */
            break;
        }
    }
    if (at == 0 || at >= s.n)
        return at;
    /* Behind a character, but is what follows a mark that joins it? */
    for (size_t start = unit_before(s, at); start < at; start += unit.n) {
        unit_at(s, start, &unit);
        if (start + unit.n > at)
            return start + unit.n;
    }
    return at;
}

/* ---- changes ---- */

struct edit_step {
    size_t at, n;
    size_t cursor; /* before it */
    bool inserted, linked, typed;
};

static struct edit_step *steps_of(const struct edit *e)
{
    return (struct edit_step *)(void *)e->steps.p;
}

static size_t step_count(const struct edit *e)
{
    return e->steps.n / sizeof(struct edit_step);
}

void edit_release(struct edit *e)
{
    buf_release(&e->text);
    buf_release(&e->steps);
    buf_release(&e->gone);
}

void edit_begin(struct edit *e)
{
    buf_clear(&e->text);
    buf_clear(&e->steps);
    buf_clear(&e->gone);
    e->cursor = 0;
}

struct str edit_view(const struct edit *e)
{
    return buf_view(&e->text);
}

void edit_move(struct edit *e, size_t at)
{
    e->cursor = unit_snap(edit_view(e), at);
}

/* The oldest steps go when there are too many, or too many bytes were removed. */
static void forget_oldest(struct edit *e, size_t more)
{
    size_t drop = 0, bytes = 0, count = step_count(e);

    while (drop < count &&
           (count - drop >= UNDO_STEPS_MAX || e->gone.n - bytes + more > UNDO_BYTES_MAX)) {
        if (!steps_of(e)[drop].inserted)
            bytes += steps_of(e)[drop].n;
        drop++;
    }
    if (drop == 0)
        return;
    while (drop < count && steps_of(e)[drop].linked) { /* half of a change is no change */
        if (!steps_of(e)[drop].inserted)
            bytes += steps_of(e)[drop].n;
        drop++;
    }
    buf_consume(&e->steps, drop * sizeof(struct edit_step));
    buf_consume(&e->gone, bytes);
}

static void record(struct edit *e, struct edit_step step)
{
    forget_oldest(e, step.inserted ? 0 : step.n);
    buf_add(&e->steps, &step, sizeof step);
}

/* Opens a gap of bytes.n at `at` and fills it. */
static void splice_in(struct edit *e, size_t at, struct str bytes)
{
    size_t tail = e->text.n - at;

    buf_str(&e->text, bytes); /* for the room; its place follows */
    memmove(e->text.p + at + bytes.n, e->text.p + at, tail);
    memcpy(e->text.p + at, bytes.p, bytes.n);
}

static void splice_out(struct edit *e, size_t at, size_t n)
{
    memmove(e->text.p + at, e->text.p + at + n, e->text.n - at - n);
    e->text.n -= n;
}

/* A typed run is one step; a new word begins a new one, so that undo goes back by words. */
static bool grows_last(const struct edit *e, struct str bytes)
{
    const struct edit_step *last;

    if (step_count(e) == 0)
        return false;
    last = &steps_of(e)[step_count(e) - 1];
    if (!last->typed || last->at + last->n != e->cursor || last->n == 0)
        return false;
    return bytes.p[0] == ' ' || e->text.p[e->cursor - 1] != ' ';
}

bool edit_insert(struct edit *e, struct str bytes, enum edit_join join)
{
    size_t at = e->cursor;

    if (bytes.n == 0)
        return true;
    if (bytes.n > LINE_BYTES_MAX - e->text.n)
        return false;
    if (join == EDIT_TYPED && grows_last(e, bytes))
        steps_of(e)[step_count(e) - 1].n += bytes.n;
    else
        record(e, (struct edit_step){.at = at,
                      .n = bytes.n,
                      .cursor = at,
                      .inserted = true,
                      .linked = join == EDIT_LINKED,
                      .typed = join == EDIT_TYPED});
    splice_in(e, at, bytes);
    edit_move(e, at + bytes.n);
    return true;
}

void edit_remove(struct edit *e, size_t from, size_t to, enum edit_join join)
{
    if (to > e->text.n)
        to = e->text.n;
    if (from >= to)
        return;
    record(e, (struct edit_step){
                  .at = from, .n = to - from, .cursor = e->cursor, .linked = join == EDIT_LINKED});
    buf_add(&e->gone, e->text.p + from, to - from);
    splice_out(e, from, to - from);
    if (e->cursor >= to)
        e->cursor -= to - from;
    else if (e->cursor > from)
        e->cursor = from;
    edit_move(e, e->cursor);
}

void edit_replace_all(struct edit *e, struct str bytes)
{
    bool had = e->text.n > 0;

    if (str_eq(edit_view(e), bytes)) {
        e->cursor = e->text.n;
        return;
    }
    edit_remove(e, 0, e->text.n, EDIT_ALONE);
    edit_insert(e, bytes, had ? EDIT_LINKED : EDIT_ALONE);
}

bool edit_undo(struct edit *e)
{
    struct edit_step step = {.linked = true};

    if (step_count(e) == 0)
        return false;
    while (step.linked && step_count(e) > 0) {
        step = steps_of(e)[step_count(e) - 1];
        e->steps.n -= sizeof step;
        if (step.inserted) {
            splice_out(e, step.at, step.n);
        } else {
            e->gone.n -= step.n;
            splice_in(e, step.at,
                str_slice(
                    (struct str){e->gone.p, e->gone.n + step.n}, e->gone.n, e->gone.n + step.n));
        }
        e->cursor = step.cursor;
    }
    edit_move(e, e->cursor);
    return true;
}

/* ---- places ---- */

size_t edit_line_start(const struct edit *e, size_t at)
{
    while (at > 0 && e->text.p[at - 1] != '\n')
        at--;
    return at;
}

size_t edit_line_end(const struct edit *e, size_t at)
{
    return str_find(edit_view(e), at, '\n');
}

/* Bytes beyond ASCII count as letters. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

size_t edit_word_left(const struct edit *e, size_t at)
{
    while (at > 0 && !is_word(e->text.p[at - 1]))
        at--;
    while (at > 0 && is_word(e->text.p[at - 1]))
        at--;
    return unit_snap(edit_view(e), at);
}

size_t edit_word_right(const struct edit *e, size_t at)
{
    while (at < e->text.n && !is_word(e->text.p[at]))
        at++;
    while (at < e->text.n && is_word(e->text.p[at]))
        at++;
    return unit_snap(edit_view(e), at);
}

size_t edit_blank_left(const struct edit *e, size_t at)
{
    while (at > 0 && is_blank(e->text.p[at - 1]))
        at--;
    while (at > 0 && !is_blank(e->text.p[at - 1]))
        at--;
    return unit_snap(edit_view(e), at);
}

static size_t columns_between(struct str s, size_t from, size_t to)
{
    size_t columns = 0;
    struct unit unit;

    for (; from < to; from += unit.n) {
        unit_at(s, from, &unit);
        columns += unit.kind == UNIT_ESCAPED ? strlen(unit.shown)
                   : unit.kind == UNIT_TAB   ? 8 - columns % 8
                                             : (size_t)unit.columns;
    }
    return columns;
}

bool edit_vertical(const struct edit *e, int direction, size_t *goal, size_t *at)
{
    struct str s = edit_view(e);
    size_t start = edit_line_start(e, e->cursor), columns = 0, place;
    struct unit unit;

    if (direction < 0 ? start == 0 : edit_line_end(e, e->cursor) == s.n)
        return false;
    if (*goal == SIZE_MAX)
        *goal = columns_between(s, start, e->cursor);
    place = direction < 0 ? edit_line_start(e, start - 1) : edit_line_end(e, e->cursor) + 1;
    while (place < s.n && s.p[place] != '\n' && columns < *goal) {
        unit_at(s, place, &unit);
        columns += columns_between(s, place, place + unit.n);
        if (columns > *goal)
            break;
        place += unit.n;
    }
    *at = place;
    return true;
}

/* ---- kills ---- */

void kills_release(struct kills *k)
{
    for (size_t i = 0; i < KILLS_MAX; i++)
        buf_release(&k->v[i]);
}

void kills_add(struct kills *k, struct str bytes, bool grow, bool in_front, bool stale)
{
    struct buf *slot;
    size_t before;

    if (bytes.n == 0)
        return;
    if (!grow || k->count == 0) {
        k->newest = k->count == 0 ? 0 : (k->newest + 1) % KILLS_MAX;
        k->count += k->count < KILLS_MAX;
        buf_clear(&k->v[k->newest]);
        k->stale[k->newest] = false;
    }
    slot = &k->v[k->newest];
    if (bytes.n > LINE_BYTES_MAX - slot->n)
        return;
    k->stale[k->newest] = k->stale[k->newest] || stale;
    before = slot->n;
    buf_str(slot, bytes);
    if (in_front) {
        memmove(slot->p + bytes.n, slot->p, before);
        memcpy(slot->p, bytes.p, bytes.n);
    }
}

struct str kills_at(const struct kills *k, size_t back, bool *stale)
{
    size_t slot;

    if (k->count == 0)
        return (struct str){NULL, 0};
    slot = (k->newest + KILLS_MAX - back % k->count) % KILLS_MAX;
    *stale = k->stale[slot];
    return buf_view(&k->v[slot]);
}
