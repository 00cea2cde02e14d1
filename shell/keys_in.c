/*
 * keys_in: decodes key bytes. See keys_in.h.
 *
 * One function looks at the bytes from an ESC on and says how many make a key, or that more are
 * needed. A sequence may arrive in pieces: what is unfinished waits in the hold, and silence
 * decides it.
 */
#include "keys_in.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define ESC '\x1b'

/* What one look at the bytes said. */
enum look { LOOK_KEY, LOOK_MORE };

static struct key key_of(enum key_code code, unsigned modifiers)
{
    return (struct key){.code = code, .modifiers = modifiers};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- one byte and one character ---- */

static struct key control_key(char c)
{
    if (c == '\0')
        return key_of(KEY_NONE, 0);
    if (c == '\r' || c == '\n')
        return key_of(KEY_ENTER, 0);
    if (c == '\t')
        return key_of(KEY_TAB, 0);
    if (c == '\b' || c == '\x7f')
        return key_of(KEY_BACKSPACE, 0);
    return (struct key){.code = KEY_CONTROL, .letter = (char)(c + '@')};
}

/* Could these bytes at the end of what has arrived still become one UTF-8 character? */
static bool is_utf8_beginning(struct str s, size_t at)
{
    unsigned char lead = (unsigned char)s.p[at];
    size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    uint32_t scalar;

    if (lead >= 0xf5 || length == 0 || s.n - at >= length || text_decode(s, at, &scalar) != 0)
        return false;
    for (size_t i = at + 1; i < s.n; i++)
        if (((unsigned char)s.p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

/* Length of the character at `at`: a byte that is not UTF-8 counts as one; 0: more is needed. */
static size_t character_length(struct str s, size_t at, bool silent)
{
    uint32_t scalar;
    size_t n = text_decode(s, at, &scalar);

    if (n == 0 && !silent && is_utf8_beginning(s, at))
        return 0;
    return n == 0 ? 1 : n;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '\x7f';
}

/* ---- CSI and SS3 ---- */

struct csi {
    unsigned parameters[4];
    unsigned event; /* kitty: 1 press, 2 repeat, 3 release */
    size_t count;
    char mark; /* < = > ? at the front, or 0 */
    char final_byte;
};

static void csi_parameters(struct csi *c, struct str body)
{
    bool sub = false;
    size_t subs = 0;

    c->event = 1;
    c->count = body.n ? 1 : 0;
    for (size_t i = 0; i < body.n; i++) {
        char b = body.p[i];
        if (b == ';') {
            c->count++;
            sub = false;
            subs = 0;
        } else if (b == ':') {
            sub = true;
            subs++;
        } else if (is_digit(b) && !sub && c->count <= COUNT_OF(c->parameters)) {
            unsigned *p = &c->parameters[c->count - 1];
            *p = *p > 100000000 ? *p : *p * 10 + (unsigned)(b - '0');
        } else if (is_digit(b) && c->count == 2 && subs == 1) {
            c->event = (unsigned)(b - '0');
        }
    }
}

/* The modifier parameter of xterm: 1 + bits. Super, hyper and locks are not ours. */
static unsigned csi_modifiers(unsigned parameter)
{
    unsigned bits = parameter > 0 ? parameter - 1 : 0, modifiers = 0;

    if (bits & 1)
        modifiers |= KEY_SHIFT;
    if (bits & 2 || bits & 8)
        modifiers |= KEY_ALT;
    if (bits & 4)
        modifiers |= KEY_CTRL;
    return modifiers;
}

/* A key given by its code point: CSI u and CSI 27 ; m ; c ~. */
static struct key coded_key(struct keys_in *k, uint32_t scalar, unsigned modifiers)
{
    struct key key = key_of(KEY_NONE, modifiers);

    if (scalar == 27)
        return key_of(KEY_ESCAPE, modifiers);
    if (scalar < 0x20 || scalar == 0x7f) {
        key = control_key((char)scalar);
        key.modifiers = modifiers;
        return key.code == KEY_CONTROL ? key_of(KEY_NONE, 0) : key;
    }
    if (modifiers & KEY_CTRL) {
        char upper = (char)(scalar >= 'a' && scalar <= 'z' ? scalar - 32 : scalar);
        if (scalar > 0x7e || upper < '@' || upper > '_')
            return key_of(KEY_NONE, 0);
        key = control_key((char)(upper - '@'));
        key.modifiers = modifiers & KEY_ALT;
        return key;
    }
    if (scalar >= 0xe000 && scalar <= 0xf8ff) /* kitty's functional keys live there */
        return key_of(KEY_NONE, 0);
    key.text = (struct str){k->given, text_encode(scalar, k->given)};
    key.code = key.text.n ? KEY_TEXT : KEY_NONE;
    return key;
}

static enum key_code tilde_code(unsigned number)
{
    switch (number) {
    case 1:
    case 7:
        return KEY_HOME;
    case 2:
        return KEY_INSERT;
    case 3:
        return KEY_DELETE;
    case 4:
    case 8:
        return KEY_END;
    case 5:
        return KEY_PAGE_UP;
    case 6:
        return KEY_PAGE_DOWN;
    case 200:
        return KEY_PASTE_BEGIN;
    case 201:
        return KEY_PASTE_END;
    default:
        return KEY_NONE;
    }
}

static enum key_code letter_code(char final_byte)
{
    switch (final_byte) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    default:
        return KEY_NONE;
    }
}

static struct key csi_key(struct keys_in *k, const struct csi *c)
{
    unsigned modifiers = c->count >= 2 ? csi_modifiers(c->parameters[1]) : 0;

    if (c->mark || c->event == 3)
        return key_of(KEY_NONE, 0);
    if (c->final_byte == '~' && c->parameters[0] == 27 && c->count == 3)
        return coded_key(k, c->parameters[2], modifiers);
    if (c->final_byte == 'u')
        return coded_key(k, c->parameters[0], modifiers);
    if (c->final_byte == '~')
        return key_of(tilde_code(c->parameters[0]), modifiers);
    if (c->final_byte == '^') /* rxvt: Ctrl, Shift and both are in the final byte */
        return key_of(tilde_code(c->parameters[0]), KEY_CTRL);
    if (c->final_byte == '$')
        return key_of(tilde_code(c->parameters[0]), KEY_SHIFT);
    if (c->final_byte == '@' && c->count == 1)
        return key_of(tilde_code(c->parameters[0]), KEY_CTRL | KEY_SHIFT);
    if (c->final_byte >= 'a' && c->final_byte <= 'd') /* rxvt: Shift and an arrow */
        return key_of(letter_code((char)(c->final_byte - 32)), KEY_SHIFT);
    if (c->final_byte == 'Z')
        return key_of(KEY_NONE, KEY_SHIFT);
    if (c->count == 1 && c->parameters[0] > 1) /* old xterms: the modifier alone, CSI 5 C */
        modifiers = csi_modifiers(c->parameters[0]);
    /* A cursor position report looks like F3 with modifiers; neither is obeyed. */
    return key_of(letter_code(c->final_byte), modifiers);
}

/* s[at] is the byte after ESC [. */
static enum look look_csi(struct keys_in *k, struct str s, size_t at, size_t *used, struct key *out)
{
    struct csi c = {0};
    size_t from, i;

    if (at < s.n && s.p[at] == '[') { /* the Linux console's function keys: ESC [ [ A */
        if (at + 1 >= s.n)
            return LOOK_MORE;
        *used = at + 2;
        *out = key_of(KEY_NONE, 0);
        return LOOK_KEY;
    }
    if (at < s.n && s.p[at] == 'M') { /* a mouse report of three bytes */
        if (s.n - at < 4)
            return LOOK_MORE;
        *used = at + 4;
        *out = key_of(KEY_NONE, 0);
        return LOOK_KEY;
    }
    if (at < s.n && s.p[at] >= '<' && s.p[at] <= '?')
        c.mark = s.p[at++];
    for (from = at; at < s.n && s.p[at] >= '0' && s.p[at] <= ';'; at++)
        ;
    csi_parameters(&c, str_slice(s, from, at));
    i = at;
    while (i < s.n && s.p[i] >= ' ' && s.p[i] <= '/' && !(s.p[i] == '$' && !c.mark && i == at))
        i++;
    if (i >= s.n)
        return LOOK_MORE;
    if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] >= 0x7f) {
        *used = i; /* broken off: the byte that broke it is a key of its own */
        *out = key_of(KEY_NONE, 0);
        return LOOK_KEY;
    }
    c.final_byte = s.p[i];
    *used = i + 1;
    *out = i > at ? key_of(KEY_NONE, 0) : csi_key(k, &c);
    return LOOK_KEY;
}

/* s[at] is the byte after ESC O. */
static enum look look_ss3(struct keys_in *k, struct str s, size_t at, size_t *used, struct key *out)
{
    static const char keypad[] = "*+,-./0123456789"; /* j to y */
    struct csi c = {0};
    size_t from = at;
    char final_byte;

    while (at < s.n && ((s.p[at] >= '0' && s.p[at] <= '9') || s.p[at] == ';'))
        at++;
    if (at >= s.n)
        return LOOK_MORE;
    csi_parameters(&c, str_slice(s, from, at));
    final_byte = s.p[at];
    if ((unsigned char)final_byte < 0x20 || (unsigned char)final_byte >= 0x7f) {
        *used = at;
        *out = key_of(KEY_NONE, 0);
        return LOOK_KEY;
    }
    *used = at + 1;
    *out = key_of(letter_code(final_byte),
        c.count == 0 ? 0 : csi_modifiers(c.count == 1 ? c.parameters[0] : c.parameters[1]));
    if (final_byte >= 'a' && final_byte <= 'd') { /* rxvt: Ctrl and an arrow */
        *out = key_of(letter_code((char)(final_byte - 32)), KEY_CTRL);
    } else if (final_byte == 'M') {
        *out = key_of(KEY_ENTER, 0);
    } else if (final_byte >= 'j' && final_byte <= 'y') {
        k->given[0] = keypad[final_byte - 'j'];
        *out = (struct key){.code = KEY_TEXT, .text = {k->given, 1}};
    }
    return LOOK_KEY;
}

/* ---- ESC and what follows ---- */

/* Is ESC with this byte, and then that one, the beginning of a string (OSC, DCS, APC, PM, SOS) that
 * a terminal sends in answer to a query? Alt and that key look the same up to here. */
static bool begins_string(char introducer, char next)
{
    if (introducer == ']')
        return is_digit(next) || next == 'l' || next == 'L';
    if (introducer == 'P')
        return is_digit(next) || strchr(">$+!|=", next) != NULL;
    return introducer == '_' && next == 'G';
}

/* s[at] is the first byte of the string's body. */
static enum look look_string(struct str s, size_t at, size_t *used, struct key *out)
{
    *out = key_of(KEY_NONE, 0);
    for (; at < s.n; at++) {
        if (s.p[at] == '\a') {
            *used = at + 1;
            return LOOK_KEY;
        }
        if (s.p[at] == ESC && at + 1 < s.n) {
            *used = s.p[at + 1] == '\\' ? at + 2 : at; /* another ESC breaks it off */
            return LOOK_KEY;
        }
        if (s.p[at] == '\x18' || s.p[at] == '\x1a' || s.p[at] == '\x03') { /* CAN, SUB; Ctrl-C */
            *used = s.p[at] == '\x03' ? at : at + 1;
            return LOOK_KEY;
        }
    }
    return LOOK_MORE;
}

/* s[0] is ESC. */
static enum look look_escape(
    struct keys_in *k, struct str s, bool silent, size_t *used, struct key *out)
{
    size_t at = 1, n;
    unsigned alt = 0;

    if (s.n > 2 && s.p[1] == ESC) { /* rxvt: ESC before a sequence is Alt */
        at = 2;
        alt = KEY_ALT;
    }
    if (at >= s.n || (at == 1 && s.p[1] == ESC)) {
        *used = s.n;
        *out = key_of(KEY_ESCAPE, 0);
        return silent ? LOOK_KEY : LOOK_MORE;
    }
    if (s.p[at] == '[' || s.p[at] == 'O') {
        enum look look =
            s.p[at] == '[' ? look_csi(k, s, at + 1, used, out) : look_ss3(k, s, at + 1, used, out);
        out->modifiers |= alt;
        if (look == LOOK_KEY || !silent)
            return look;
        if (s.n > at + 1) { /* a torn sequence is nothing */
            *used = s.n;
            *out = key_of(KEY_NONE, 0);
            return LOOK_KEY;
        }
    } else if (strchr("]P_", s.p[at]) && s.p[at] != '\0') {
        if (s.n == at + 1 && !silent)
            return LOOK_MORE;
        if (s.n > at + 1 && begins_string(s.p[at], s.p[at + 1])) {
            enum look look = look_string(s, at + 1, used, out);
            if (look == LOOK_MORE && silent)
                *used = s.n;
            return silent ? LOOK_KEY : look;
        }
    } else if (s.p[at] == ESC) {
        *used = at;
        *out = key_of(KEY_ESCAPE, 0);
        return LOOK_KEY;
    }
    if (!is_plain(s.p[at])) {
        *out = control_key(s.p[at]);
        out->modifiers = KEY_ALT;
        *used = at + 1;
        return LOOK_KEY;
    }
    n = character_length(s, at, silent);
    if (n == 0)
        return LOOK_MORE;
    *used = at + n;
    *out = (struct key){.code = KEY_TEXT, .modifiers = KEY_ALT, .text = str_slice(s, at, at + n)};
    return LOOK_KEY;
}

/* A key at the front of s, which is not empty. Text comes in runs as long as possible. */
static enum look look_at(
    struct keys_in *k, struct str s, bool silent, size_t *used, struct key *out)
{
    size_t at = 0;

    if (s.p[0] == ESC)
        return look_escape(k, s, silent, used, out);
    if (!is_plain(s.p[0])) {
        *out = control_key(s.p[0]);
        *used = 1;
        return LOOK_KEY;
    }
    while (at < s.n && is_plain(s.p[at])) {
        size_t n = character_length(s, at, silent);
        if (n == 0)
            break;
        at += n;
    }
    if (at == 0)
        return LOOK_MORE;
    *used = at;
    *out = (struct key){.code = KEY_TEXT, .text = str_slice(s, 0, at)};
    return LOOK_KEY;
}

/* The hold is full and the sequence still open: what it says no longer matters, only where it ends.
 */
static void shorten_hold(struct keys_in *k)
{
    size_t intro = k->hold[1] == ESC ? 2 : 1;
    bool csi = k->hold[intro] == '[' || k->hold[intro] == 'O';
    char last = k->hold[k->n - 1];

    k->hold[0] = ESC;
    k->hold[1] = csi ? '[' : ']';
    k->hold[2] = csi ? '?' : '0'; /* a private sequence is never a key */
    k->n = 3;
    if (!csi && last == ESC)
        k->hold[k->n++] = last;
}

/* Text that lies in the hold is copied out, because the hold goes on. */
static void give_from_hold(struct keys_in *k, struct key *out)
{
    if (out->code != KEY_TEXT || out->text.p == k->given)
        return;
    if (out->text.n > sizeof k->given)
        out->text.n = sizeof k->given;
    memcpy(k->given, out->text.p, out->text.n);
    out->text.p = k->given;
}

static void drop_from_hold(struct keys_in *k, size_t used)
{
    memmove(k->hold, k->hold + used, k->n - used);
    k->n -= used;
}

static bool next_from_hold(struct keys_in *k, struct str input, size_t *at, struct key *out)
{
    size_t used = 0;

    for (;;) {
        if (k->n > 0 && look_at(k, (struct str){k->hold, k->n}, false, &used, out) == LOOK_KEY) {
            give_from_hold(k, out);
            drop_from_hold(k, used);
            return true;
        }
        if (k->n == 0 || *at >= input.n)
            return false;
        if (k->n == sizeof k->hold)
            shorten_hold(k);
        k->hold[k->n++] = input.p[(*at)++];
    }
}

bool keys_in_next(struct keys_in *k, struct str input, size_t *at, struct key *out)
{
    struct str rest;
    size_t used = 0;

    if (next_from_hold(k, input, at, out))
        return true;
    if (k->n > 0 || *at >= input.n)
        return false;
    rest = str_slice(input, *at, input.n);
    if (look_at(k, rest, false, &used, out) == LOOK_KEY) {
        *at += used;
        return true;
    }
    /* An unfinished sequence: byte by byte through the hold, which knows its ceiling. */
    k->hold[k->n++] = input.p[(*at)++];
    return next_from_hold(k, input, at, out);
}

bool keys_in_silence(struct keys_in *k, struct key *out)
{
    size_t used = 0;

    if (k->n == 0)
        return false;
    if (look_at(k, (struct str){k->hold, k->n}, true, &used, out) != LOOK_KEY || used == 0) {
        *out = key_of(KEY_NONE, 0);
        used = k->n;
    }
    give_from_hold(k, out);
    drop_from_hold(k, used);
    return true;
}

bool keys_in_verbatim(struct keys_in *k, struct str input, size_t *at, struct key *out)
{
    while (*at < input.n) {
        size_t n;
        k->hold[k->n++] = input.p[(*at)++];
        n = character_length((struct str){k->hold, k->n}, 0, k->n >= 4);
        if (n == 0)
            continue;
        *out = (struct key){.code = KEY_TEXT, .text = {k->hold, n}};
        give_from_hold(k, out);
        drop_from_hold(k, n);
        return true;
    }
    return false;
}
