/* fuzz_text: whatever the bytes, their printable form is one line of valid UTF-8 without a control, stays what it is when
 * made printable into a large enough array, and is valid UTF-8 as JSON; what decodes encodes to the same bytes. */
#include "fuzz.h"

#include "../sandbox/core/text.h"

#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good)
        abort();
}

static void check_line(struct str line)
{
    must(text_is_utf8(line));
    for (size_t i = 0; i < line.n; i++)
        must((unsigned char)line.p[i] >= 0x20 && line.p[i] != 0x7f);
}

static void check_scalars(struct str s)
{
    for (size_t at = 0; at < s.n;) {
        uint32_t scalar = 0;
        char again[4];
        size_t n = text_decode(s, at, &scalar);

        must(n <= 4 && n <= s.n - at);
        if (n > 0)
            must(text_encode(scalar, again) == n && memcmp(again, s.p + at, n) == 0);
        at += n ? n : 1;
    }
}

int fuzz_text(const unsigned char *bytes, size_t n)
{
    static char large[1 << 16];
    char small[24];
    struct str s = {(const char *)bytes, n};
    struct arena a = {0};
    struct buf json = {0};
    struct str line = text_printable(&a, s);

    check_line(line);
    check_scalars(s);
    text_printable_into(large, sizeof large, s);
    must(str_is(line, large));
    text_printable_into(small, sizeof small, s);
    must(strlen(small) < sizeof small && text_is_utf8(str_from(small)));
    text_json(&json, s);
    must(json.n >= 2);
    check_line(buf_view(&json));
    /* the input against itself as a pattern: both are a person's or a program's */
    (void)text_matches(str_slice(s, 0, n / 2), str_slice(s, n / 2, n), n & 1);
    buf_release(&json);
    arena_release(&a);
    return 0;
}
