/* test_guard: what passes to the person's terminal, what is changed, removed and undone; and that docs/terminal.md says so. */
#include "terminal_cuts.h"

#include "../conpty/conpty.h"

#include <stdlib.h>

static void run_filter(const struct str *pieces, size_t count, struct buf *out)
{
    static struct guard g;

    memset(&g, 0, sizeof g);
    for (size_t i = 0; i < count; i++)
        guard_filter(&g, pieces[i], out);
}

/* Only what undoes. */
static void run_undo(const struct str *pieces, size_t count, struct buf *out)
{
    static struct guard g;
    struct buf shown = {0};

    memset(&g, 0, sizeof g);
    for (size_t i = 0; i < count; i++)
        guard_filter(&g, pieces[i], &shown);
    guard_undo(&g, out);
    buf_release(&shown);
}

/* ---- what passes as it came: blanks here are apart, each is tried between two letters ---- */

static const struct str passes[] = {
    STR("plain"), STR("\r\n\t\b\007\v\f"), STR("\016x\017"), STR("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"), STR("caf\xe9\xff"),
    STR("\033[m"), STR("\033[1;38;2;1;2;3m"), STR("\033[4:3m"), STR("\033[38:2::1:2:3m"),
    STR("\033[H"), STR("\033[12;40f"), STR("\033[2J\033[3J\033[K"), STR("\033[?2J"), STR("\033[5A\033[B\033[10G\033[3d\033[2`"),
    STR("\033[2@\033[2P\033[3X\033[L\033[M\033[S\033[T"), STR("\033[3b\033[g\033[s\033[u"), STR("\033[2;10r"),
    STR("\0337\0338\033=\033>\033D\033E\033H\033M"), STR("\033(0lqk\033(B"), STR("\033)0"), STR("\033#8"), STR("\033%G"),
    STR("\033[?25l\033[?25h"), STR("\033[?1049h\033[?1049l"), STR("\033[?1000;1002;1006h"), STR("\033[?2004h"), STR("\033[4h"),
    STR("\033[?2026h\033[?2026l"), STR("\033[?1h"), STR("\033[?12;25h"), STR("\033[2 q"), STR("\033[!p"), STR("\033[?5W"),
    STR("\033[5n\033[6n\033[?6n\033[?996n"), STR("\033[c\033[0c\033[>c\033[=c\033[>0q"), STR("\033[?2026$p\033[4$p"),
    STR("\033[>4;2m\033[>4m\033[?4m"), STR("\033[?u\033[>1u\033[<u"), STR("\033[=1;1u"), STR("\033[14t\033[18t"),
    STR("\033[22;0t\033[23;0t"), STR("\033]0;hello\007"), STR("\033]2;caf\xc3\xa9 \xe4\xb8\xad\033\\"), STR("\033]2;\007"),
    STR("\033]8;;https://example.org/a?b=c\033\\link\033]8;;\033\\"), STR("\033]8;id=1;mailto:a@b\007x"),
    STR("\033]8;;HTTP://x\033\\"), STR("\033]4;1;rgb:ff/00/00\007"), STR("\033]4;1;?;2;?\007"), STR("\033]11;?\033\\"),
    STR("\033]10;#fff\007"), STR("\033]104\007"), STR("\033]104;1;2\007"), STR("\033]112\033\\"),
};

static void check_passes(void)
{
    for (size_t i = 0; i < COUNT_OF(passes); i++) {
        struct arena a = {0};
        struct buf name = {0};
        struct str parts[] = {STR("a"), passes[i], STR("b")}, text = arena_join(&a, parts, 3);

        buf_str(&name, STR("passes:"));
        for (size_t j = 0; j < passes[i].n; j++)
            buf_format(&name, (unsigned char)(passes[i].p[j] - 0x21) < 0x5e ? "%c" : ",%02x,", (unsigned char)passes[i].p[j]);
        buf_add(&name, "", 1);
        cuts_check(run_filter, text, text, name.p);
        buf_release(&name);
        arena_release(&a);
    }
}

/* ---- what does not ---- */

static const struct {
    const char *name;
    struct str input, wanted;
} changes[] = {
    {"ENQ is removed", STR("a\005b"), STR("ab")},
    {"CAN, SUB and DEL are removed", STR("**\x18" "B0\x1a\x7f"), STR("**B0")},
    {"a raw C1 becomes U+FFFD", STR("a\x9b" "6nb\x90q\x9c"), STR("a\xef\xbf\xbd" "6nb\xef\xbf\xbdq\xef\xbf\xbd")},
    {"a C1 in UTF-8 becomes U+FFFD", STR("a\xc2\x9b" "6n\xc2\x9d" "52"), STR("a\xef\xbf\xbd" "6n\xef\xbf\xbd" "52")},
    {"an overlong C1 becomes U+FFFD", STR("\xe0\x82\x9b" "6n"), STR("\xe0\xef\xbf\xbd\xef\xbf\xbd" "6n")},
    {"what is removed does not make a C1 of its neighbours", STR("\xc2\033]52;c;\007\x9b" "6n"), STR("\xc2\xef\xbf\xbd" "6n")},
    {"what is removed does not make a sequence of its neighbours", STR("\033\033]52;c;\007[6n"), STR("[6n")},
    {"nor of a CSI", STR("\033[\033]52;c;\007" "6n"), STR("6n")},
    {"clipboard", STR("a\033]52;c;aGVsbG8=\007b\033]52;c;?\033\\c"), STR("abc")},
    {"command marks", STR("\033]133;D;0\007\033]133;A\033\\\033]633;E;ls;n\007$ "), STR("$ ")},
    {"directory, notifications, iTerm2, font, transfer",
        STR("\033]7;file:///\007\033]9;9;/\007\033]777;notify;a;b\007\033]99;;x\007\033]1337;File=:\007\033]50;?\007\033]5113;\007x"),
        STR("x")},
    {"an OSC that nobody knows", STR("\033]7777;x\007a\033]lx\033\\b\033]\007c"), STR("abc")},
    {"title reports", STR("a\033[20t\033[21tb\033]2;x"), STR("ab")},
    {"window requests", STR("\033[8;10;10t\033[3;0;0t\033[2t\033[9;1t\033[24tx"), STR("x")},
    {"a title pop of what was not pushed", STR("\033[23t\033[22t\033[23t\033[23;0tx"), STR("\033[22t\033[23tx")},
    {"printing", STR("\033[5i\033[?5i\033[ix"), STR("x")},
    {"DCS: sixel, DECRQSS, DECUDK, termcap", STR("a\033Pq~\033\\b\033P$qm\033\\c\033P0|17/0d\033\\d\033P+q544e\033\\e"), STR("abcde")},
    {"APC, PM, SOS", STR("a\033_Gx\033\\b\033^x\033\\c\033Xx\033\\d"), STR("abcd")},
    {"reports of terminal parameters, checksums, cursor settings", STR("\033[x\033[1x\033[1;1;1;1;1;1*y\033[1$w\033[?15n\033[?26nx"),
        STR("x")},
    {"conformance level and 8-bit controls", STR("\033[61\"p\033 Gx"), STR("x")},
    {"identify as a VT52", STR("\033Zx"), STR("x")},
    {"VT52 and Tektronix modes, columns, keyboard lock, echo", STR("\033[?2l\033[?38h\033[?3h\033[2h\033[12l\033[20hx"), STR("x")},
    {"bits 8 of keys, saved modes, unknown modes", STR("\033[?1034h\033[?1s\033[?1r\033[?9001h\033[?46hx"), STR("x")},
    {"only the unknown of several modes is removed", STR("\033[?3;25;9001;7l."), STR("\033[?25;7l.")},
    {"a mode with a colon", STR("\033[?25:1lx"), STR("x")},
    {"many modes", STR("\033[?1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1hx"), STR("x")},
    {"keyboard lights", STR("\033[1qx"), STR("x")},
    {"Linux console's own", STR("\033[1;1]\033[[Ax\033[?0c"), STR("Ax")},
    {"leaving UTF-8", STR("\033%@x"), STR("x")},
    {"locking shifts of the right half", STR("\033~\033}\033|x"), STR("x")},
    {"an answer as if it were output", STR("\033[1;1R\033[?1;2cx"), STR("x")},
    {"an interrupted sequence", STR("\033[3\033[1mx\033]2;a\033[0my"), STR("\033[1mx\033[0my")},
    {"a cursor shape that is none", STR("\033[9 qx"), STR("x")},
    {"a keyboard pop of what was not pushed", STR("\033[<u\033[<5ux\033[>1u\033[<3uy"), STR("x\033[>1u\033[<1uy")},
    {"a title keeps no controls", STR("\033]2;a\n\x9b\xc2\x9c" "b\x7f\033\\"), STR("\033]2;ab\033\\")},
    {"a title keeps no bidirectional or invisible characters", STR("\033]0;a\xe2\x80\xae\xe2\x80\x8b\xe2\x81\xa6z\xef\xbb\xbf\007"),
        STR("\033]0;az\007")},
    {"a title keeps no bytes that are not UTF-8", STR("\033]0;a\xff\xc3z\007"), STR("\033]0;az\007")},
    {"a link elsewhere", STR("\033]8;;file:///etc/passwd\007x\033]8;;ssh://h\007\033]8;;javascript:1\007\033]8;;https:/x\007"), STR("x")},
    {"a link with blanks or controls", STR("\033]8;;http://a b\007\033]8;;http://a\nb\007\033]8;;http://\xc3\xa9\007x"), STR("x")},
    {"a refused link ends the one before", STR("\033]8;;http://a\007x\033]8;;file:///\007y"), STR("\033]8;;http://a\007x\033]8;;\033\\y")},
    {"an interrupted link ends the one before", STR("\033]8;;http://a\007x\033]8;;http://b\033[my"),
        STR("\033]8;;http://a\007x\033]8;;\033\\\033[my")},
    {"a link that is not whole", STR("\033]8\007\033]8;http://a\007x"), STR("x")},
    {"colours that are none", STR("\033]10;a\nb\007\033]4;1\007\033]4;a;b\007\033]4;;?\007\033]10;?;?\007\033]104;x\007\033]4\007x"), STR("x")},
    {"a full reset is a soft one", STR("\033c"), STR("\033[!p\033[?7h\033[H\033[2J")},
    {"a full reset undoes", STR("\033[?1049h\033[1mx\033c"), STR("\033[?1049h\033[1mx\033[?1049l\017\033(B\033[m\033[!p\033[?7h\033[H\033[2J")},
};

static const struct {
    const char *name;
    struct str input, wanted;
} undone[] = {
    {"nothing is undone when nothing is on", STR("text\r\n\033[H\033[2J\033[1mx\033[m\033]0;t\007"), STR("")},
    {"alternate screen", STR("\033[?1049h"), STR("\033[?1049l\017\033(B\033[m")},
    {"alternate screen, the old way", STR("\033[?47h"), STR("\033[?47l\017\033(B\033[m")},
    {"left by itself", STR("\033[?1049h\033[?1049l\033(B\017\033[m"), STR("")},
    {"cursor", STR("\033[?25l"), STR("\033[?25h")},
    {"mouse, focus, paste", STR("\033[?1000;1006;1004;2004h\033[?1006l"), STR("\033[?2004l\033[?1000l\033[?1004l")},
    {"keys and keypad", STR("\033[?1h\033="), STR("\033[?1l\033>")},
    {"no wrap", STR("\033[?7l"), STR("\033[?7h")},
    {"insert", STR("\033[4h"), STR("\033[4l")},
    {"a held frame", STR("\033[?2026h"), STR("\033[?2026l")},
    {"colour", STR("\033[31m"), STR("\033[m")},
    {"underline style zero", STR("\033[4:0m"), STR("\033[m")},
    {"character set", STR("\033(0"), STR("\017\033(B")},
    {"shifted", STR("\016"), STR("\017\033(B")},
    {"region, without moving the cursor", STR("\033[2;5r"), STR("\0337\033[r\0338\017\033(B\033[m")},
    {"origin", STR("\033[?6h"), STR("\033[?6l\033[r\033[999;1H")},
    {"cursor shape", STR("\033[5 q"), STR("\033[0 q")},
    {"modified keys", STR("\033[>4;1m"), STR("\033[>4m")},
    {"keyboard protocol on both screens", STR("\033[>1u\033[?1049h\033[>3u\033[>1u"),
        STR("\033[<2u\033[?1049l\033[<1u\017\033(B\033[m")},
    {"keyboard protocol, set", STR("\033[=5u"), STR("\033[=0u")},
    {"titles", STR("\033[22;2t\033[22t"), STR("\033[23;0t\033[23;0t")},
    {"a link", STR("\033]8;;http://a\007x"), STR("\033]8;;\033\\")},
    {"colours", STR("\033]4;1;red\007\033]11;#000\007\033]12;?\007"), STR("\033]104\033\\\033]111\033\\")},
    {"colours reset by themselves", STR("\033]11;#000\007\033]111\007"), STR("")},
    {"an unfinished sequence is forgotten", STR("\033[12"), STR("")},
    {"an unfinished character is shown as none", STR("caf\xe9"), STR("\xef\xbf\xbd")},
    {"a soft reset may have stopped wrapping", STR("\033[!p"), STR("\033[?7h")},
};

/* What undoes is itself let through, and after it nothing is left to undo. */
static void check_undo_twice(void)
{
    for (size_t i = 0; i < COUNT_OF(undone); i++) {
        static struct guard g;
        struct buf first = {0}, second = {0};

        memset(&g, 0, sizeof g);
        guard_filter(&g, undone[i].input, &first);
        guard_undo(&g, &first);
        memset(&g, 0, sizeof g);
        guard_filter(&g, buf_view(&first), &second);
        CHECK_STR(buf_view(&second), buf_view(&first), "what undoes passes");
        buf_clear(&second);
        guard_undo(&g, &second);
        CHECK_STR(buf_view(&second), STR(""), "and leaves nothing");
        buf_release(&first);
        buf_release(&second);
    }
}

static void check_state(void)
{
    static struct guard g;
    struct buf out = {0};

    guard_filter(&g, STR("a\033]52;c;x\007\005\033[?9001h\x85 b\033]2"), &out);
    CHECK(g.removed == 4, "what was removed is counted");
    guard_undo(&g, &out);
    buf_clear(&out);
    guard_filter(&g, STR(";x\007"), &out);
    CHECK_STR(buf_view(&out), STR(";x\007"), "after the line an unfinished sequence is no longer waited for");
    buf_clear(&out);
    guard_filter(&g, STR("\033[?1049h"), &out);
    CHECK(g.alternate_screen == 1049, "the alternate screen is known");
    buf_release(&out);
}

static void check_long(void)
{
    struct buf in = {0}, wanted = {0};

    buf_str(&in, STR("\033]2;"));
    buf_str(&wanted, STR("\033]2;"));
    for (int i = 0; i < 1000; i++) {
        buf_str(&in, STR("\xe4\xb8\xad"));
        if (i < GUARD_TITLE_MAX / 3)
            buf_str(&wanted, STR("\xe4\xb8\xad"));
    }
    buf_str(&in, STR("\007x"));
    buf_str(&wanted, STR("\007x"));
    cuts_check(run_filter, buf_view(&in), buf_view(&wanted), "a long title is cut at a character");
    buf_clear(&in);
    buf_str(&in, STR("\033Pq"));
    for (int i = 0; i < 100000; i++)
        buf_str(&in, STR("~"));
    buf_str(&in, STR("\033\\x\033]8;;http://a\007y\033]8;;http://"));
    for (int i = 0; i < 5000; i++)
        buf_str(&in, STR("a"));
    buf_str(&in, STR("\007z"));
    cuts_check(run_filter, buf_view(&in), STR("x\033]8;;http://a\007y\033]8;;\033\\z"), "what is too long is removed whole");
    buf_release(&in);
    buf_release(&wanted);
}

/* ---- the page ---- */

#define PAGE_MAX (1 << 16)

static bool read_page(char *page, size_t *n)
{
    const char *top = getenv("TOP");
    char path[1024];
    FILE *f;

    snprintf(path, sizeof path, "%s/docs/terminal.md", top ? top : ".");
    f = fopen(path, "rb");
    if (!f)
        return false;
    *n = fread(page, 1, PAGE_MAX, f);
    fclose(f);
    return *n < PAGE_MAX;
}

/* Rows begin with "| " and a form; the page's own table head does not count. */
static size_t count_rows(struct str page)
{
    size_t rows = 0;

    for (size_t at = 0; at < page.n; at = str_find(page, at, '\n') + 1)
        rows += str_starts(str_slice(page, at, page.n), STR("| ")) && !str_starts(str_slice(page, at, page.n), STR("| what |"));
    return rows;
}

static bool has_line(struct str page, struct str line)
{
    for (size_t at = 0; at < page.n; at = str_find(page, at, '\n') + 1)
        if (str_starts(str_slice(page, at, page.n), line))
            return true;
    return false;
}

static void check_page(void)
{
    static char bytes[PAGE_MAX];
    struct str page = {bytes, 0};
    struct buf line = {0};
    size_t rows = 0;

    if (!read_page(bytes, &page.n)) {
        CHECK_SKIP("docs/terminal.md is the guard's table", "not run by tests/run.sh from a checkout");
        return;
    }
    for (; guard_describe(rows, &line); rows++) {
        if (!has_line(page, buf_view(&line)))
            CHECK_STR(STR("(not there)"), buf_view(&line), "docs/terminal.md has this line");
        buf_clear(&line);
    }
    CHECK(rows == count_rows(page), "docs/terminal.md has a line for every row of the table and no other");
    buf_release(&line);
}

int main(void)
{
    check_passes();
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        cuts_check(run_filter, changes[i].input, changes[i].wanted, changes[i].name);
    for (size_t i = 0; i < COUNT_OF(undone); i++)
        cuts_check(run_undo, undone[i].input, undone[i].wanted, undone[i].name);
    check_undo_twice();
    check_state();
    check_long();
    check_page();
    return CHECK_END();
}
