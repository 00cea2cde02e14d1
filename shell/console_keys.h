/*
 * console_keys: a key as Windows' consoles tell it, into the bytes that a terminal would send. Plain.
 */
#ifndef CORDON_CONSOLE_KEYS_H
#define CORDON_CONSOLE_KEYS_H

#include "../sandbox/core/base.h"

/* Virtual keys of winuser.h. */
enum console_key_code {
    CONSOLE_BACK = 0x08, CONSOLE_ALT = 0x12, CONSOLE_SPACE = 0x20, CONSOLE_PAGE_UP, CONSOLE_PAGE_DOWN, CONSOLE_END, CONSOLE_HOME,
    CONSOLE_LEFT, CONSOLE_UP, CONSOLE_RIGHT, CONSOLE_DOWN, CONSOLE_INSERT = 0x2d, CONSOLE_DELETE, CONSOLE_2 = 0x32,
};
struct console_key { /* a KEY_EVENT_RECORD */
    uint16_t code, unit, repeat;
    bool down, control;
};
#define CONSOLE_KEY_BYTES 16 /* what one press may need */
/* The bytes of one record, as often as it says and there is room for. high: half a character, between calls; 0 at first. */
size_t console_key_bytes(uint16_t *high, const struct console_key *key, char *out, size_t room);

#endif
