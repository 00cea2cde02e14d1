/*
 * console_keys: see console_keys.h.
 */
#include "console_keys.h"
#include "../sandbox/core/text.h"

#include <string.h>

/* Hosts that honour virtual terminal input bring these as sequences already; older ones and Wine as keys without a character. */
static const char *sequence_of(const struct console_key *key)
{
    static const struct {
        uint16_t code;
        const char *plain, *with_control;
    } rows[] = {
        {CONSOLE_UP, "\033[A", "\033[1;5A"}, {CONSOLE_DOWN, "\033[B", "\033[1;5B"}, {CONSOLE_RIGHT, "\033[C", "\033[1;5C"},
        {CONSOLE_LEFT, "\033[D", "\033[1;5D"}, {CONSOLE_HOME, "\033[H", "\033[1;5H"}, {CONSOLE_END, "\033[F", "\033[1;5F"},
        {CONSOLE_INSERT, "\033[2~", "\033[2;5~"}, {CONSOLE_DELETE, "\033[3~", "\033[3;5~"}, {CONSOLE_PAGE_UP, "\033[5~", "\033[5;5~"},
        {CONSOLE_PAGE_DOWN, "\033[6~", "\033[6;5~"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].code == key->code)
            return key->control ? rows[i].with_control : rows[i].plain;
    return NULL;
}

/* One UTF-16 unit as bytes, with the half that came before. At most 4 bytes, and 3 of a half that has no other. */
static size_t unit_bytes(uint16_t *high, uint16_t unit, char *out)
{
    size_t n = 0;
    uint32_t scalar = unit;

    if (unit >= 0xd800 && unit <= 0xdbff) {
        if (*high)
            n = text_encode(0xfffd, out);
        *high = unit;
        return n;
    }
    if (unit >= 0xdc00 && unit <= 0xdfff)
        scalar = *high ? 0x10000 + (((uint32_t)*high - 0xd800) << 10) + (unit - 0xdc00u) : 0xfffd;
    else if (*high)
        n = text_encode(0xfffd, out);
    *high = 0;
    return n + text_encode(scalar, out + n);
}

size_t console_key_bytes(uint16_t *high, const struct console_key *key, char *out, size_t room)
{
    uint16_t unit = key->unit == 8 && key->code == CONSOLE_BACK ? 127 : key->unit;
    const char *sequence = unit ? NULL : sequence_of(key);
    size_t n = 0, repeat = key->repeat ? key->repeat : 1;

    /* A character that was typed by its number with Alt comes as Alt is let go. */
    if (!key->down && !(key->code == CONSOLE_ALT && unit))
        return 0;
    /* Shift alone and the like is nothing; Ctrl-2 and Ctrl-Space are a NUL. */
    if (!unit && !sequence && !(key->control && (key->code == CONSOLE_2 || key->code == CONSOLE_SPACE)))
        return 0;
    for (size_t i = 0; i < repeat && n + CONSOLE_KEY_BYTES <= room; i++) {
        if (sequence) {
            memcpy(out + n, sequence, strlen(sequence));
            n += strlen(sequence);
        } else {
            n += unit_bytes(high, unit, out + n);
        }
    }
    return n;
}
