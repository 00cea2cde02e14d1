/*
 * wide: UTF-16 units and WTF-8 bytes, each way without loss. See wide.h.
 */
#include "wide.h"
#include "text.h"

static bool is_high(uint32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* A surrogate as three bytes: ED A0..BF 80..BF. Returns 3, or 0 when there is none at that place. */
static size_t lone(struct str s, size_t at, uint32_t *unit)
{
    const unsigned char *p = (const unsigned char *)s.p + at;

    if (s.n - at < 3 || p[0] != 0xed || p[1] < 0xa0 || p[1] > 0xbf || p[2] < 0x80 || p[2] > 0xbf)
        return 0;
    *unit = 0xd000u | (uint32_t)(p[1] & 0x3f) << 6 | (uint32_t)(p[2] & 0x3f);
    return 3;
}

/* Writes to units where that is not NULL; counts in any case. */
static bool convert(struct str text, uint16_t *units, size_t *count)
{
    bool after_high = false; /* a lone high surrogate was the last: a lone low one behind it is a pair badly written */
    size_t n = 0;

    for (size_t at = 0; at < text.n;) {
        uint32_t scalar = 0;
        size_t length = text_decode(text, at, &scalar);
        bool alone = length == 0;
        if (alone)
            length = lone(text, at, &scalar);
        if (length == 0 || scalar == 0 || (alone && after_high && is_low(scalar)))
            return false;
        after_high = alone && is_high(scalar);
        if (units && scalar >= 0x10000) {
            units[n] = (uint16_t)(0xd800 + ((scalar - 0x10000) >> 10));
            units[n + 1] = (uint16_t)(0xdc00 + ((scalar - 0x10000) & 0x3ff));
        } else if (units) {
            units[n] = (uint16_t)scalar;
        }
        n += scalar >= 0x10000 ? 2 : 1;
        at += length;
    }
    *count = n;
    return true;
}

bool wide_count(struct str text, size_t *units)
{
    return convert(text, NULL, units);
}

bool wide_from_text(struct arena *a, struct str text, struct wide *out)
{
    struct wide wide = {0};

    if (!convert(text, NULL, &wide.n))
        return false;
    wide.p = arena_alloc(a, wide.n + 1, sizeof *wide.p);
    convert(text, wide.p, &wide.n);
    *out = wide;
    return true;
}

struct str wide_to_text(struct arena *a, const uint16_t *units, size_t n)
{
    char *text = arena_alloc(a, size_add(size_mul(n, 3), 1), 1);
    size_t length = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t scalar = units[i];
        if (is_high(scalar) && i + 1 < n && is_low(units[i + 1])) {
            scalar = 0x10000 + ((scalar - 0xd800) << 10) + (units[i + 1] - 0xdc00u);
            i++;
        } else if (is_high(scalar) || is_low(scalar)) {
            text[length++] = (char)0xed;
            text[length++] = (char)(0x80 | (scalar >> 6 & 0x3f));
            text[length++] = (char)(0x80 | (scalar & 0x3f));
            continue;
        }
        length += text_encode(scalar, text + length);
    }
    return (struct str){text, length};
}
