/*
 * guard: what of a program's output may reach the person's terminal. See conpty.h; guard_table.c has the rules, row by
 * row, and docs/terminal.md the same as a page.
 *
 * A terminal obeys whoever prints. It writes the clipboard, sends text back as if it had been typed, marks where
 * commands begin and end, and keeps modes long after the program is gone; the shell that reads the answer is the
 * trusted one. So what no row names is removed, and what passes is undone when the line has ended. A
 * sequence passes whole or not at all: what the terminal gets is cut by nobody but vt.c, whose reading of
 * it cannot differ from the terminal's in what matters, because nothing unfinished and nothing unknown goes out.
 */
#include "guard.h"
#include "../sandbox/core/text.h"

#include <string.h>

/* ---- parameters ---- */

#define CSI_VALUES_MAX 32

struct csi {
    char prefix, intermediate, final;
    bool colon, too_many;
    unsigned value[CSI_VALUES_MAX];
    size_t count; /* a missing parameter counts as one 0 */
};

static unsigned add_digit(unsigned value, char digit)
{
    value = value * 10 + (unsigned)(digit - '0');
    return value > 65535 ? 65535 : value;
}

/* False when it is no whole sequence: interrupted, or not of the standard's form. */
static bool csi_parse(struct str s, struct csi *out)
{
    size_t at = 2;

    memset(out, 0, offsetof(struct csi, value));
    out->value[0] = 0;
    out->count = 1;
    if (s.n < 3)
        return false;
    if (s.p[at] >= '<' && s.p[at] <= '?')
        out->prefix = s.p[at++];
    for (; at < s.n && s.p[at] >= '0' && s.p[at] <= ';'; at++) {
        if (s.p[at] == ':') {
            out->colon = true;
        } else if (s.p[at] != ';') {
            out->value[out->count - 1] = add_digit(out->value[out->count - 1], s.p[at]);
        } else if (out->count < CSI_VALUES_MAX) {
            out->value[out->count++] = 0;
        } else {
            out->too_many = true;
        }
    }
    if (at < s.n && s.p[at] >= ' ' && s.p[at] <= '/')
        out->intermediate = s.p[at++];
    out->final = s.p[s.n - 1];
    return at == s.n - 1 && out->final >= '@' && out->final <= '~';
}

/* Is value in a list as "5 6"? */
static bool listed(const char *values, unsigned value)
{
    while (*values) {
        unsigned candidate = 0;

        for (; *values >= '0' && *values <= '9'; values++)
            candidate = add_digit(candidate, *values);
        if (candidate == value)
            return true;
        while (*values == ' ')
            values++;
    }
    return false;
}

static const struct csi_row *csi_find(const struct csi *c)
{
    for (const struct csi_row *row = guard_csis; row->meaning; row++)
        if (row->prefix == c->prefix && row->intermediate == c->intermediate && strchr(row->finals, c->final) &&
            (!row->values || listed(row->values, c->value[0])))
            return row;
    return NULL;
}

/* ---- CSI ---- */

/* The functions named pass_ append what may pass and remember what it changes; false when something was removed. */

#define CHARSET_SHIFTED    1u
#define CHARSET_DESIGNATED 2u

/* A restored cursor brings its colours and character sets with it. */
static void restored(struct guard *g)
{
    g->attributes = true;
    g->charset = CHARSET_SHIFTED | CHARSET_DESIGNATED;
}

static void leave_alternate(struct guard *g)
{
    g->alternate_screen = 0;
    g->kitty_depth[1] = 0;
    g->kitty_set[1] = false;
    restored(g);
}

static bool mode_change(struct guard *g, bool private, unsigned number, char final)
{
    for (size_t i = 0; guard_modes[i].meaning; i++) {
        const struct mode_row *row = &guard_modes[i];

        if (row->number != number || row->private != private)
            continue;
        if (row->undone_by == ALTERNATE && final == 'h')
            g->alternate_screen = number;
        else if (row->undone_by == ALTERNATE)
            leave_alternate(g);
        else if (row->undone_by == final)
            g->modes &= ~(UINT64_C(1) << i);
        else if (row->undone_by)
            g->modes |= UINT64_C(1) << i;
        else if (number == 1048)
            restored(g);
        return true;
    }
    return false;
}

/* Of several, those that may not pass are left out. */
static bool pass_modes(struct guard *g, const struct csi *c, struct str s, struct buf *out)
{
    unsigned kept[CSI_VALUES_MAX];
    size_t count = 0;

    if (c->too_many)
        return false;
    for (size_t i = 0; i < c->count; i++)
        if (mode_change(g, c->prefix == '?', c->value[i], c->final))
            kept[count++] = c->value[i];
    if (count == c->count) {
        buf_str(out, s);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        buf_format(out, "%s%u", i ? ";" : c->prefix ? "\033[?" : "\033[", kept[i]);
    if (count)
        buf_add(out, &c->final, 1);
    return false;
}

/* A pop of what no program pushed would take what the person's own terminal had before. */
static bool pass_pop(unsigned *depth, unsigned wanted, struct str s, struct buf *out)
{
    unsigned n = wanted ? wanted : 1;

    if (n <= *depth) {
        *depth -= n;
        buf_str(out, s);
        return true;
    }
    if (*depth)
        buf_format(out, "\033[<%uu", *depth);
    *depth = 0;
    return false;
}

#define DEPTH_MAX 8

static bool pass_push(unsigned *depth, struct str s, struct buf *out)
{
    if (*depth == DEPTH_MAX)
        return false;
    (*depth)++;
    buf_str(out, s);
    return true;
}

static bool pass_window(struct guard *g, const struct csi *c, struct str s, struct buf *out)
{
    if (c->value[0] == 22)
        return pass_push(&g->title_depth, s, out);
    if (g->title_depth == 0)
        return false;
    g->title_depth--;
    buf_str(out, s);
    return true;
}

/* Remembers what a sequence that passes as it is will have changed. */
static void csi_note(struct guard *g, const struct csi *c, enum act act)
{
    switch (act) {
    case ATTRIBUTES:
        g->attributes = c->count > 1 || c->value[0] != 0 || c->colon;
        break;
    case REGION:
        g->region = c->count > 1 || c->value[0] != 0;
        break;
    case CURSOR_STYLE:
        g->cursor_style = c->value[0] != 0;
        break;
    case MODIFY_KEYS:
        g->modify_keys = c->final == 'm' && c->count > 1 && c->value[1] != 0;
        break;
    case KITTY_SET:
        g->kitty_set[g->alternate_screen != 0] = c->value[0] != 0 || (c->count > 1 && c->value[1] > 1);
        break;
    case RESTORE:
        restored(g);
        break;
    case SOFT_RESET:
        (void)mode_change(g, true, 7, 'l'); /* some terminals stop wrapping, as the VT220 did */
        break;
    default:
        break;
    }
}

static bool pass_csi(struct guard *g, struct str s, struct buf *out)
{
    unsigned *kitty = &g->kitty_depth[g->alternate_screen != 0];
    const struct csi_row *row;
    struct csi c;

    row = csi_parse(s, &c) ? csi_find(&c) : NULL;
    if (!row || row->act == REMOVE || (c.colon && row->act != ATTRIBUTES))
        return false;
    switch (row->act) {
    case MODES:
        return pass_modes(g, &c, s, out);
    case KITTY_PUSH:
        return pass_push(kitty, s, out);
    case KITTY_POP:
        return pass_pop(kitty, c.value[0], s, out);
    case WINDOW:
        return pass_window(g, &c, s, out);
    default:
        csi_note(g, &c, row->act);
        buf_str(out, s);
        return true;
    }
}

/* ---- ESC and controls ---- */

static void reset(struct guard *g, struct buf *out)
{
    guard_undo(g, out);
    buf_str(out, STR("\033[!p\033[?7h\033[H\033[2J"));
}

static bool is_escape(const struct escape_row *row, struct str s)
{
    char final = s.p[s.n - 1];

    if (s.n < 2 || s.n > 3 || final < '0')
        return false;
    if (s.n == 2 ? *row->intermediates != '\0' : !strchr(row->intermediates, s.p[1]))
        return false;
    return !row->finals || strchr(row->finals, final);
}

static void note_charset(struct guard *g, struct str s)
{
    if (s.n == 2)
        g->charset |= CHARSET_SHIFTED;
    else if (s.p[1] == '(' && s.p[2] == 'B')
        g->charset &= ~CHARSET_DESIGNATED;
    else if (s.p[1] == '(')
        g->charset |= CHARSET_DESIGNATED;
}

static bool pass_escape(struct guard *g, struct str s, struct buf *out)
{
    const struct escape_row *row = guard_escapes;

    while (row->meaning && !is_escape(row, s))
        row++;
    if (!row->meaning || row->act == REMOVE)
        return false;
    if (row->act == HARD_RESET) {
        reset(g, out);
        return true;
    }
    if (row->act == KEYPAD)
        g->keypad = s.p[1] == '=';
    if (row->act == CHARSET)
        note_charset(g, s);
    if (row->act == RESTORE)
        restored(g);
    buf_str(out, s);
    return true;
}

static bool pass_control(struct guard *g, struct str s, struct buf *out)
{
    const struct control_row *row = guard_controls;
    unsigned char c = (unsigned char)s.p[0];

    while (row->meaning && (c < row->first || c > row->last))
        row++;
    if (!row->meaning || row->act == REMOVE)
        return false;
    if (c == 0x0e)
        g->charset |= CHARSET_SHIFTED;
    if (c == 0x0f)
        g->charset &= ~CHARSET_SHIFTED;
    buf_str(out, s);
    return true;
}

/* ---- OSC ---- */

struct osc {
    unsigned number;
    bool has_text;   /* a semicolon followed the number */
    struct str text; /* what followed it */
    struct str end;  /* BEL or ESC \ */
};

/* False when it was interrupted or has no number. */
static bool osc_parse(struct str s, struct osc *out)
{
    size_t at = 2, end;

    *out = (struct osc){0};
    if (s.n >= 3 && s.p[s.n - 1] == '\a')
        end = s.n - 1;
    else if (s.n >= 4 && s.p[s.n - 1] == '\\' && s.p[s.n - 2] == '\033')
        end = s.n - 2;
    else
        end = s.n;
    out->end = str_slice(s, end, s.n);
    for (; at < end && s.p[at] >= '0' && s.p[at] <= '9'; at++)
        out->number = add_digit(out->number, s.p[at]);
    if (at == 2 || (at < end && s.p[at] != ';'))
        return false;
    out->has_text = at < end;
    out->text = str_slice(s, at + 1, end);
    return true;
}

/* Characters that say nothing in a title but can make it say something else. */
static bool is_deceptive(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool pass_title(const struct osc *o, struct buf *out)
{
    size_t used = 0, length;
    bool whole = true;

    if (!o->has_text || o->end.n == 0)
        return false;
    buf_format(out, "\033]%u;", o->number);
    for (size_t at = 0; at < o->text.n; at += length ? length : 1) {
        uint32_t scalar = 0;

        length = text_decode(o->text, at, &scalar);
        if (used + length > GUARD_TITLE_MAX) {
            whole = false;
            break;
        }
        if (length == 0 || is_deceptive(scalar)) {
            whole = false;
            continue;
        }
        buf_add(out, o->text.p + at, length);
        used += length;
    }
    buf_str(out, o->end);
    return whole;
}

static bool only_bytes(struct str s, unsigned char low, unsigned char high)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < low || (unsigned char)s.p[i] > high)
            return false;
    return true;
}

static bool has_scheme(struct str address, const char *scheme)
{
    size_t n = strlen(scheme);

    if (address.n <= n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = address.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != scheme[i])
            return false;
    }
    return true;
}

#define LINK_BYTES_MAX 2083

/* A link that may not pass still ends the one before it, which would else go on over its text. */
static bool pass_link(struct guard *g, const struct osc *o, struct str s, struct buf *out)
{
    size_t middle = str_find(o->text, 0, ';');
    struct str address = str_slice(o->text, middle + 1, o->text.n);
    bool whole = o->has_text && o->end.n > 0 && middle < o->text.n;

    if (whole && address.n > 0 && s.n <= LINK_BYTES_MAX && only_bytes(o->text, 0x21, 0x7e) &&
        (has_scheme(address, "http://") || has_scheme(address, "https://") || has_scheme(address, "mailto:"))) {
        g->link = true;
        buf_str(out, s);
        return true;
    }
    if (g->link || (whole && address.n == 0))
        buf_str(out, STR("\033]8;;\033\\"));
    g->link = false;
    return whole && address.n == 0;
}

/* A colour as a name or numbers, or a question mark. */
static bool is_colour(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!letter && !(c >= '0' && c <= '9') && !strchr("#:/.,? -", c))
            return false;
        if (c == '\0')
            return false;
    }
    return s.n > 0 && s.n <= 64;
}

/* Pairs of a number and a colour. */
static bool is_palette(struct str s, bool *sets)
{
    for (size_t at = 0, index = 0; at <= s.n; index++) {
        size_t end = str_find(s, at, ';');
        struct str part = str_slice(s, at, end);

        if (index % 2 == 0 ? part.n == 0 || part.n > 3 || !only_bytes(part, '0', '9') : !is_colour(part))
            return false;
        if (index % 2 == 1 && !str_is(part, "?"))
            *sets = true;
        at = end + 1;
        if (at > s.n)
            return index % 2 == 1;
    }
    return false;
}

static bool is_numbers(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ';' && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    return true;
}

static bool pass_colour(struct guard *g, const struct osc *o, size_t row, struct str s, struct buf *out)
{
    size_t bit = row % OSC_COLOURS;
    bool sets = false, good;

    if (o->end.n == 0)
        return false;
    if (guard_oscs[row].act == COLOUR_RESET) {
        good = is_numbers(o->text);
        if (good && o->text.n == 0)
            g->colours &= ~(1u << bit);
    } else if (guard_oscs[row].act == PALETTE) {
        good = is_palette(o->text, &sets);
    } else {
        good = is_colour(o->text);
        sets = good && !str_is(o->text, "?");
    }
    if (good && sets)
        g->colours |= 1u << bit;
    if (good)
        buf_str(out, s);
    return good;
}

static bool pass_osc(struct guard *g, const struct vt_item *item, struct buf *out)
{
    struct osc o;

    if (!osc_parse(item->bytes, &o))
        return false;
    for (size_t i = 0; guard_oscs[i].meaning; i++) {
        if (guard_oscs[i].number != o.number)
            continue;
        switch (guard_oscs[i].act) {
        case TITLE:
            return !item->too_long && pass_title(&o, out);
        case LINK:
            return pass_link(g, &o, item->bytes, out);
        case REMOVE:
            return false;
        default:
            return !item->too_long && pass_colour(g, &o, i, item->bytes, out);
        }
    }
    return false;
}

/* ---- the guard ---- */

static bool pass(struct guard *g, const struct vt_item *item, struct buf *out)
{
    switch (item->kind) {
    case VT_TEXT:
        buf_str(out, item->bytes);
        return true;
    case VT_C1:
        buf_str(out, STR("\xef\xbf\xbd"));
        return false;
    case VT_CONTROL:
        return pass_control(g, item->bytes, out);
    case VT_ESC:
        return !item->too_long && pass_escape(g, item->bytes, out);
    case VT_CSI:
        return !item->too_long && pass_csi(g, item->bytes, out);
    case VT_OSC:
        return pass_osc(g, item, out);
    default:
        return false;
    }
}

void guard_filter(struct guard *g, struct str input, struct buf *out)
{
    struct vt_item item;
    size_t at = 0;

    for (;;) {
        size_t end = vt_plain(&g->vt, input, at);

        buf_str(out, str_slice(input, at, end));
        at = end;
        if (!vt_next(&g->vt, input, &at, &item))
            return;
        if (!pass(g, &item, out))
            g->removed++;
    }
}

/* On the screen that is shown now. */
static void undo_kitty(struct guard *g, struct buf *out)
{
    unsigned *depth = &g->kitty_depth[g->alternate_screen != 0];
    bool *set = &g->kitty_set[g->alternate_screen != 0];

    if (*depth)
        buf_format(out, "\033[<%uu", *depth);
    *depth = 0;
    if (*set)
        buf_str(out, STR("\033[=0u"));
    *set = false;
}

static void undo_modes(struct guard *g, struct buf *out)
{
    for (size_t i = 0; guard_modes[i].meaning; i++) {
        if (!(g->modes & UINT64_C(1) << i))
            continue;
        buf_format(out, "\033[%s%u%c", guard_modes[i].private ? "?" : "", guard_modes[i].number, guard_modes[i].undone_by);
        if (guard_modes[i].private && guard_modes[i].number == 6) /* it sends the cursor home, over what is there */
            buf_str(out, STR("\033[r\033[999;1H"));
    }
    g->modes = 0;
}

static void undo_colours(struct guard *g, struct buf *out)
{
    for (size_t i = 0; i < OSC_COLOURS; i++)
        if (g->colours & 1u << i)
            buf_format(out, "\033]%u\033\\", guard_oscs[i + OSC_COLOURS].number);
    g->colours = 0;
}

static void undo_if(bool *on, struct str how, struct buf *out)
{
    if (*on)
        buf_str(out, how);
    *on = false;
}

void guard_undo(struct guard *g, struct buf *out)
{
    if (vt_reset(&g->vt))
        buf_str(out, STR("\xef\xbf\xbd"));
    undo_if(&g->link, STR("\033]8;;\033\\"), out);
    undo_kitty(g, out);
    if (g->alternate_screen) {
        buf_format(out, "\033[?%ul", g->alternate_screen);
        leave_alternate(g);
        undo_kitty(g, out);
    }
    undo_modes(g, out);
    if (g->region) { /* it sends the cursor home too */
        buf_str(out, STR("\0337\033[r\0338"));
        restored(g);
    }
    g->region = false;
    if (g->charset)
        buf_str(out, STR("\017\033(B"));
    g->charset = 0;
    undo_if(&g->attributes, STR("\033[m"), out);
    undo_if(&g->keypad, STR("\033>"), out);
    undo_if(&g->modify_keys, STR("\033[>4m"), out);
    undo_if(&g->cursor_style, STR("\033[0 q"), out);
    undo_colours(g, out);
    for (; g->title_depth; g->title_depth--)
        buf_str(out, STR("\033[23;0t"));
}
