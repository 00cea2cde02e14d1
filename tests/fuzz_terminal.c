/* fuzz_terminal: wherever reads divide a program's output, the guard lets the same bytes through; what it lets through, and
 * what it undoes with, it lets through again unchanged, with nothing left to undo; no forbidden sequence and no C1 comes
 * out. The lines of background jobs do not depend on the reads either, and are lines, with colour and nothing else. */
#include "fuzz.h"

#include "../conpty/conpty.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good)
        abort();
}

/* How long the next piece is: taken from the input itself, so that one input is always one division. */
static size_t piece(struct str s, size_t at, unsigned way)
{
    unsigned char c = (unsigned char)s.p[at];

    return way == 0 ? s.n : way == 1 ? 1 : 1 + (size_t)((c * 7u + way) % 11u);
}

static void guard_in_pieces(struct guard *g, struct str s, unsigned way, struct buf *out)
{
    memset(g, 0, sizeof *g);
    for (size_t at = 0, n; at < s.n; at += n) {
        n = piece(s, at, way);
        guard_filter(g, str_slice(s, at, at + n), out);
    }
    must(!out->overflowed);
}

/* OSC numbers that may come out, as text after "ESC ]". */
static bool allowed_osc(struct str rest)
{
    static const char *const numbers[] = {"0;", "1;", "2;", "4;", "8;", "10;", "11;", "12;", "17;", "19;", "104", "110",
        "111", "112", "117", "119"};

    while (rest.n > 1 && rest.p[0] == '0' && rest.p[1] != ';') /* the same number */
        rest = str_slice(rest, 1, rest.n);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (str_starts(rest, str_from(numbers[i])))
            return true;
    return false;
}

/* Knows nothing of the guard's tables. */
static void check_shown(struct str s)
{
    for (size_t at = 0; at < s.n; at++) {
        unsigned char c = (unsigned char)s.p[at];
        uint32_t scalar = 0;
        size_t length = text_decode(s, at, &scalar);

        must(c != 0x05 && c != 0x18 && c != 0x1a && c != 0x7f);
        if (c >= 0x80) {
            must(length > 0 ? scalar >= 0xa0 : c >= 0xa0);
            at += length > 0 ? length - 1 : 0;
        }
        if (c != 0x1b)
            continue;
        must(at + 1 < s.n && !memchr("PX^_Zclm", s.p[at + 1], 8));
        if (s.p[at + 1] == ']')
            must(allowed_osc(str_slice(s, at + 2, s.n)));
    }
}

static void fuzz_guard(struct str s)
{
    static struct guard g, again;
    struct buf first = {0}, other = {0};

    guard_in_pieces(&g, s, 0, &first);
    guard_undo(&g, &first);
    for (unsigned way = 1; way < 4; way++) {
        guard_in_pieces(&again, s, way, &other);
        guard_undo(&again, &other);
        must(str_eq(buf_view(&first), buf_view(&other)) && g.removed == again.removed);
        buf_clear(&other);
    }
    /* a lone byte of a character at the end is held until something follows */
    buf_str(&first, STR("."));
    check_shown(buf_view(&first));
    guard_in_pieces(&again, buf_view(&first), 0, &other);
    must(str_eq(buf_view(&first), buf_view(&other)) && again.removed == 0);
    buf_clear(&other);
    guard_undo(&again, &other);
    must(other.n == 0);
    buf_release(&first);
    buf_release(&other);
}

static void lines_in_pieces(struct str s, unsigned way, struct buf *out)
{
    static struct lines l;

    for (size_t at = 0, n; at < s.n; at += n) {
        n = piece(s, at, way);
        lines_filter(&l, str_slice(s, at, at + n), out);
        must(l.current.n <= LINES_HELD_MAX);
    }
    lines_flush(&l, out);
    must(!lines_pending(&l));
    lines_release(&l);
}

/* ESC [ numbers m at the front? */
static bool is_colour(struct str s)
{
    size_t at = 2;

    while (at < s.n && s.p[at] >= '0' && s.p[at] <= ';')
        at++;
    return str_starts(s, STR("\033[")) && at < s.n && s.p[at] == 'm';
}

static void check_lines(struct str s)
{
    must(s.n == 0 || str_ends(s, STR("\r\n")));
    for (size_t at = 0; at < s.n; at++) {
        unsigned char c = (unsigned char)s.p[at];

        if (c == '\r')
            must(s.p[at + 1] == '\n');
        else if (c == 0x1b)
            must(is_colour(str_slice(s, at, s.n)));
        else
            must(c >= 0x20 || (c == '\n' && at > 0 && s.p[at - 1] == '\r'));
    }
}

int fuzz_terminal(const unsigned char *bytes, size_t n)
{
    struct str s = {(const char *)bytes, n};
    struct buf first = {0}, other = {0};

    fuzz_guard(s);
    lines_in_pieces(s, 0, &first);
    check_lines(buf_view(&first));
    for (unsigned way = 1; way < 4; way++) {
        lines_in_pieces(s, way, &other);
        must(str_eq(buf_view(&first), buf_view(&other)));
        buf_clear(&other);
    }
    buf_release(&first);
    buf_release(&other);
    return 0;
}
