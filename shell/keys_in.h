/*
 * keys_in: what a terminal sends when a person presses keys, as keys.
 *
 * Pure: bytes in, keys out. Knows the encodings of xterm, VTE, rxvt, the Linux console, PuTTY,
 * kitty and Windows Terminal. Replies that come late to a program's query (device attributes,
 * colours, mouse) are swallowed, not typed. Nothing grows with input: a sequence longer than the
 * hold is dropped whole.
 */
#ifndef CORDON_KEYS_IN_H
#define CORDON_KEYS_IN_H

#include "../sandbox/core/base.h"

enum key_code {
    KEY_NONE,    /* nothing that an editor obeys */
    KEY_TEXT,    /* `text`: printable bytes as typed, or single bytes that are not UTF-8 */
    KEY_CONTROL, /* Ctrl with `letter`, '@' to '_' */
    KEY_ENTER,
    KEY_TAB,
    KEY_BACKSPACE,
    KEY_ESCAPE,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_INSERT,
    KEY_DELETE,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_PASTE_BEGIN,
    KEY_PASTE_END,
};

enum { KEY_SHIFT = 1, KEY_ALT = 2, KEY_CTRL = 4 };

struct key {
    enum key_code code;
    unsigned modifiers;
    char letter;     /* KEY_CONTROL */
    struct str text; /* KEY_TEXT: valid until the next call; with KEY_ALT one character */
};

#define KEY_BYTES_MAX 256

/* Zeroed is ready. */
struct keys_in {
    size_t n;
    char hold[KEY_BYTES_MAX];
    char given[8]; /* what the last key's text pointed at when it came out of hold */
};

/* The next key of input from *at on; false when input is used up (an unfinished sequence is held).
 */
bool keys_in_next(struct keys_in *k, struct str input, size_t *at, struct key *out);
/* Silence after an unfinished sequence: what is held becomes a key. False when nothing is held. */
bool keys_in_silence(struct keys_in *k, struct key *out);
/* Takes one character as it is, whatever it is (after Ctrl-V); false when more bytes are needed. */
bool keys_in_verbatim(struct keys_in *k, struct str input, size_t *at, struct key *out);

#endif
