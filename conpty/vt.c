/*
 * vt: cuts what programs print into text, controls and escape sequences, after Paul Williams' state machine and with
 * UTF-8. See conpty.h. Every byte is hostile: nothing is allocated, and what is held between reads is bounded.
 *
 * The cut is the same wherever reads divide the bytes. Nothing here decides what may pass.
 */
#include "conpty.h"

#include <string.h>

#define BEL 0x07
#define CAN 0x18
#define SUB 0x1a
#define ESC 0x1b
#define DEL 0x7f

enum state {
    GROUND,
    CHARACTER,  /* the beginning of a UTF-8 character is held */
    BROKEN,     /* it was none: its bytes are given one by one */
    ESCAPE,     /* ESC and intermediates */
    PARAMETERS, /* a CSI before its final byte */
    BODY,       /* an OSC or another string */
    BODY_ESC,   /* the same, and the last byte was ESC */
    NEXT_ESC,   /* that ESC did not end the string: it begins the next sequence */
};

static unsigned char byte_at(struct str s, size_t at)
{
    return (unsigned char)s.p[at];
}

static bool is_printable(unsigned char c)
{
    return c >= 0x20 && c < DEL;
}

static bool is_interrupt(unsigned char c)
{
    return c == ESC || c == CAN || c == SUB;
}

/* ---- text ---- */

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Are the eight bytes at p all 0x20-0x7e? */
static bool eight_printable(const char *p)
{
    uint64_t word, below, is_del;

    memcpy(&word, p, sizeof word);
    below = (word - EACH_BYTE(0x20)) & ~word;
    is_del = word + EACH_BYTE(0x01); /* 0x7f becomes 0x80; what overflows has its high bit set already */
    return ((word | below | is_del) & EACH_BYTE(0x80)) == 0;
}

static size_t printable_end(struct str s, size_t at)
{
    while (s.n - at >= 8 && eight_printable(s.p + at))
        at += 8;
    while (at < s.n && is_printable(byte_at(s, at)))
        at++;
    return at;
}

size_t vt_plain(const struct vt *vt, struct str input, size_t at)
{
    if (vt->state != GROUND)
        return at;
    for (;;) {
        at = printable_end(input, at);
        if (at == input.n || (input.p[at] != '\n' && input.p[at] != '\r' && input.p[at] != '\t'))
            return at;
        at++;
    }
}

/* How many bytes a character has that begins with this one, and what its second byte may be: 0 when none begins so. */
static size_t character_shape(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Length of the character of several bytes at the front of s; 0: there is none, or (unfinished) not all of it yet. */
static size_t character_length(struct str s, bool *unfinished)
{
    unsigned char low, high;
    size_t length = character_shape(byte_at(s, 0), &low, &high);

    *unfinished = false;
    for (size_t i = 1; i < length; i++) {
        if (i == s.n) {
            *unfinished = true;
            return 0;
        }
        if (byte_at(s, i) < low || byte_at(s, i) > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

/* U+0080..U+009F, or one byte that stands for the same on a terminal that is not of UTF-8. */
static bool is_c1(struct str character)
{
    unsigned char last = byte_at(character, character.n - 1);

    return last >= 0x80 && last <= 0x9f && (character.n == 1 || (character.n == 2 && byte_at(character, 0) == 0xc2));
}

/* The end of the text at at: before a control, a C1 or a character that is not all there. */
static size_t text_end(struct str s, size_t at)
{
    for (;;) {
        bool unfinished;
        size_t length;

        if (at < s.n && byte_at(s, at) <= DEL)
            at = printable_end(s, at);
        if (at == s.n || byte_at(s, at) <= DEL)
            return at;
        length = character_length(str_slice(s, at, s.n), &unfinished);
        if (unfinished)
            return at;
        if (length == 0)
            length = 1;
        if (is_c1(str_slice(s, at, at + length)))
            return at;
        at += length;
    }
}

/* ---- items ---- */

static bool give(struct vt_item *out, enum vt_kind kind, struct str bytes)
{
    *out = (struct vt_item){.kind = kind, .bytes = bytes};
    return true;
}

static bool give_character(struct vt_item *out, struct str bytes)
{
    return give(out, is_c1(bytes) ? VT_C1 : VT_TEXT, bytes);
}

/* What is held is an item, whole or interrupted; out points into hold, which the next call may write. */
static bool give_held(struct vt *vt, struct vt_item *out)
{
    give(out, vt->kind, (struct str){vt->hold, vt->held});
    out->too_long = vt->too_long;
    vt->state = GROUND;
    return true;
}

static bool give_broken(struct vt *vt, struct vt_item *out)
{
    struct str byte = {vt->hold + vt->given, 1};

    vt->given++;
    vt->state = vt->given == vt->held ? GROUND : BROKEN;
    return give_character(out, byte);
}

static void hold_byte(struct vt *vt, unsigned char c)
{
    if (vt->held < sizeof vt->hold)
        vt->hold[vt->held++] = (char)c;
    else
        vt->too_long = true;
}

static void begin_escape(struct vt *vt)
{
    vt->state = ESCAPE;
    vt->kind = VT_ESC;
    vt->held = 0;
    vt->too_long = false;
    hold_byte(vt, ESC);
}

/* A CSI that is all there, which is nearly every one, is not copied. */
static bool give_csi(struct str input, size_t *at, struct vt_item *out)
{
    size_t from = *at, end = from + 2;

    if (input.n - from < 3 || input.p[from + 1] != '[')
        return false;
    while (end < input.n && byte_at(input, end) >= 0x20 && byte_at(input, end) <= 0x3f)
        end++;
    if (end == input.n || !is_printable(byte_at(input, end)) || end - from >= VT_SEQUENCE_MAX)
        return false;
    *at = end + 1;
    return give(out, VT_CSI, str_slice(input, from, *at));
}

/* ---- steps: each takes something of input; true when *out is an item ---- */

static bool step_ground(struct vt *vt, struct str input, size_t *at, struct vt_item *out)
{
    size_t from = *at, end = text_end(input, from), length;
    unsigned char c;
    bool unfinished;

    if (end > from) {
        *at = end;
        return give(out, VT_TEXT, str_slice(input, from, end));
    }
    c = byte_at(input, from);
    if (c == ESC) {
        if (give_csi(input, at, out))
            return true;
        begin_escape(vt);
        *at = from + 1;
        return false;
    }
    if (c <= DEL) {
        *at = from + 1;
        return give(out, VT_CONTROL, str_slice(input, from, from + 1));
    }
    length = character_length(str_slice(input, from, input.n), &unfinished);
    if (unfinished) {
        vt->held = input.n - from;
        memcpy(vt->hold, input.p + from, vt->held);
        vt->state = CHARACTER;
        *at = input.n;
        return false;
    }
    *at = from + (length ? length : 1);
    return give(out, VT_C1, str_slice(input, from, *at));
}

static bool step_character(struct vt *vt, struct str input, size_t *at, struct vt_item *out)
{
    struct str held = {vt->hold, vt->held + 1};
    bool unfinished;

    vt->hold[vt->held] = input.p[*at];
    if (character_length(held, &unfinished) > 0) {
        (*at)++;
        vt->state = GROUND;
        return give_character(out, held);
    }
    if (!unfinished) {
        vt->given = 0;
        return give_broken(vt, out);
    }
    (*at)++;
    vt->held++;
    return false;
}

static void begin_string(struct vt *vt, unsigned char c)
{
    if (c == '[') {
        vt->kind = VT_CSI;
        vt->state = PARAMETERS;
    } else {
        vt->kind = c == ']' ? VT_OSC : VT_STRING;
        vt->state = BODY;
    }
}

/* A control in the middle of a sequence is obeyed at once, and the sequence goes on. */
static bool step_sequence(struct vt *vt, struct str input, size_t *at, struct vt_item *out)
{
    unsigned char c = byte_at(input, *at);

    if (is_interrupt(c) || c > DEL)
        return give_held(vt, out);
    (*at)++;
    if (c < 0x20)
        return give(out, VT_CONTROL, str_slice(input, *at - 1, *at));
    if (c == DEL)
        return false;
    hold_byte(vt, c);
    if (vt->state == PARAMETERS)
        return c >= 0x40 && give_held(vt, out);
    if (c <= 0x2f)
        return false;
    if (vt->held == 2 && memchr("[]PX^_", c, 6)) {
        begin_string(vt, c);
        return false;
    }
    return give_held(vt, out);
}

static bool step_body(struct vt *vt, struct str input, size_t *at, struct vt_item *out)
{
    for (; *at < input.n; (*at)++) {
        unsigned char c = byte_at(input, *at);

        if (c == ESC) {
            vt->state = BODY_ESC;
            (*at)++;
            return false;
        }
        if (is_interrupt(c))
            return give_held(vt, out);
        hold_byte(vt, c);
        if (c == BEL && vt->kind == VT_OSC) {
            (*at)++;
            return give_held(vt, out);
        }
    }
    return false;
}

static bool step_body_esc(struct vt *vt, struct str input, size_t *at, struct vt_item *out)
{
    bool ended = input.p[*at] == '\\';

    if (ended) {
        hold_byte(vt, ESC);
        hold_byte(vt, '\\');
        (*at)++;
    }
    give_held(vt, out);
    if (!ended)
        vt->state = NEXT_ESC;
    return true;
}

bool vt_next(struct vt *vt, struct str input, size_t *at, struct vt_item *out)
{
    bool whole = false;

    if (vt->state == BROKEN)
        return give_broken(vt, out);
    if (vt->state == NEXT_ESC)
        begin_escape(vt);
    while (!whole && *at < input.n) {
        switch (vt->state) {
        case GROUND:
            whole = step_ground(vt, input, at, out);
            break;
        case CHARACTER:
            whole = step_character(vt, input, at, out);
            break;
        case ESCAPE:
        case PARAMETERS:
            whole = step_sequence(vt, input, at, out);
            break;
        case BODY:
            whole = step_body(vt, input, at, out);
            break;
        default:
            whole = step_body_esc(vt, input, at, out);
            break;
        }
    }
    return whole;
}

bool vt_reset(struct vt *vt)
{
    bool in_character = vt->state == CHARACTER;

    vt->state = GROUND;
    vt->held = 0;
    return in_character;
}
