/* test_lines: what background jobs print becomes whole lines of plain text with colour. */
#include "terminal_cuts.h"

#include "../conpty/conpty.h"

static void run_lines(const struct str *pieces, size_t count, struct buf *out)
{
    struct lines l = {0};

    for (size_t i = 0; i < count; i++)
        lines_filter(&l, pieces[i], out);
    buf_str(out, STR("$"));
    lines_flush(&l, out);
    lines_release(&l);
}

/* $ is where the input ended and the rest was flushed. */
static const struct {
    const char *name;
    struct str input, wanted;
} cases[] = {
    {"lines", STR("one\r\ntwo\n\nthree"), STR("one\r\ntwo\r\n\r\n$three\r\n")},
    {"nothing pending", STR("one\n"), STR("one\r\n$")},
    {"colour ends with its line", STR("\033[31mred\n"), STR("\033[31mred\033[m\r\n$")},
    {"colour goes on in the next line", STR("\033[31mone\ntwo\033[m\nthree\n"),
        STR("\033[31mone\033[m\r\n\033[31mtwo\033[m\033[m\r\nthree\r\n$")},
    {"a reset with nothing to reset", STR("\033[ma\033[0m\n"), STR("a\r\n$")},
    {"colours add up", STR("\033[1m\033[32ma\nb\033[0;4mc\nd\n"),
        STR("\033[1m\033[32ma\033[m\r\n\033[1m\033[32mb\033[0;4mc\033[m\r\n\033[0;4md\033[m\r\n$")},
    {"a carriage return begins again", STR("10%\r20%\r100%\n"), STR("100%\r\n$")},
    {"a carriage return before a newline does not", STR("a\r\r\nb\r"), STR("a\r\n$b\r\n")},
    {"colour survives a carriage return", STR("\033[31ma\rb\n"), STR("\033[31mb\033[m\r\n$")},
    {"backspace", STR("abc\b\bx\n"), STR("ax\r\n$")},
    {"backspace takes a whole character", STR("a\xe4\xb8\xad\bb\xc3\xa9\bc\n"), STR("abc\r\n$")},
    {"backspace takes the marks with it", STR("ae\xcc\x81\bb\n"), STR("ab\r\n$")},
    {"backspace over colour keeps it", STR("a\033[1mb\033[31m\bc\n"), STR("a\033[1m\033[31mc\033[m\r\n$")},
    {"backspace takes an m, not a colour", STR("a[31m\b\bx\n"), STR("a[3x\r\n$")},
    {"backspace at the beginning", STR("\b\ba\b\b\bx\n"), STR("x\r\n$")},
    {"backspace over a byte that is not UTF-8", STR("a\xff\bb\xa0\xa0\bc\n"), STR("ab\xa0" "c\r\n$")},
    {"overstruck", STR("N\bNA\bA\n"), STR("NA\r\n$")},
    {"tabs are blanks", STR("a\tb\t\tc\n\xe4\xb8\xad\tx\n"), STR("a       b               c\r\n\xe4\xb8\xad      x\r\n$")},
    {"cursor and screen are left alone", STR("a\033[2J\033[Hb\033[?1049h\033[10;1rc\0337d\033[6ne\033c\n"), STR("abcde\r\n$")},
    {"titles, links, clipboard, DCS", STR("\033]2;t\007a\033]8;;http://x\007b\033]52;c;x\007\033Pq\033\\c\n"), STR("abc\r\n$")},
    {"other controls", STR("a\007\v\f\016\017\005\x7f" "b\x9b\xc2\x9b" "c\n"), STR("abc\r\n$")},
    {"bidirectional controls", STR("a\xe2\x80\xae" "b\xe2\x81\xa6" "c\xe2\x80\x8f\n"), STR("abc\r\n$")},
    {"bytes that are not UTF-8", STR("caf\xe9 \xff\n"), STR("caf\xe9 \xff\r\n$")},
    {"a colour that is too long", STR("\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1ma\n"), STR("a\r\n$")},
    {"an unfinished sequence at the end", STR("a\033[3"), STR("$a\r\n")},
};

static void check_long(void)
{
    struct buf in = {0}, wanted = {0};

    for (int i = 0; i < 20000; i++)
        buf_str(&in, STR("x"));
    for (int i = 0; i < 20000; i++) {
        if (i == LINES_HELD_MAX || i == 2 * LINES_HELD_MAX)
            buf_str(&wanted, STR("\r\n"));
        buf_str(&wanted, STR("x"));
    }
    buf_str(&in, STR("\n"));
    buf_str(&wanted, STR("\r\n$"));
    cuts_check(run_lines, buf_view(&in), buf_view(&wanted), "a line that is too long is shown in pieces");
    buf_release(&in);
    buf_release(&wanted);
}

static void check_pending(void)
{
    struct lines l = {0};
    struct buf out = {0};

    CHECK(!lines_pending(&l), "nothing is pending at first");
    lines_filter(&l, STR("a"), &out);
    CHECK(lines_pending(&l) && out.n == 0, "an unfinished line is held");
    lines_filter(&l, STR("\n"), &out);
    CHECK(!lines_pending(&l), "a finished one is not");
    for (int i = 0; i < 10000; i++)
        lines_filter(&l, STR("\033[31m"), &out);
    CHECK(l.current.n <= LINES_HELD_MAX && !lines_pending(&l), "colours alone do not grow");
    lines_release(&l);
    buf_release(&out);
}

int main(void)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cuts_check(run_lines, cases[i].input, cases[i].wanted, cases[i].name);
    check_long();
    check_pending();
    return CHECK_END();
}
