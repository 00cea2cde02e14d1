/* fuzz_editor: whatever keys, sizes, pastes, offers and history come, what is drawn
 * holds only what the editor may send, the line holds no NUL and stays below its
 * ceiling, the cursor stands between characters; the scanner of unfinished lines,
 * history expansion and the history file take any bytes. */
#include "fuzz.h"

#include "../shell/editor_parts.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good)
        abort();
}

/* Length of the CSI at s[at] if it is one of the editor's. */
static size_t allowed_csi(struct str s, size_t at)
{
    size_t end = at + 2;

    must(s.n - at >= 3 && s.p[at + 1] == '[');
    if (s.n - at >= 8 && memcmp(s.p + at + 2, "?2004", 5) == 0) {
        must(s.p[at + 7] == 'h' || s.p[at + 7] == 'l');
        return 8;
    }
    while (end < s.n && s.p[end] >= '0' && s.p[end] <= ';')
        end++;
    must(end < s.n && strchr("ABCDGJKm", s.p[end]) != NULL && s.p[end] != '\0');
    return end + 1 - at;
}

static void check_drawn(struct buf *draw)
{
    struct str s = buf_view(draw);

    for (size_t at = 0; at < s.n;) {
        uint32_t scalar = 0;
        size_t n = text_decode(s, at, &scalar);
        must(n > 0);
        if (scalar == 0x1b)
            n = allowed_csi(s, at);
        else
            must(scalar == '\r' || scalar == '\n' ||
                 (scalar >= 0x20 && scalar != 0x7f && !(scalar >= 0x80 && scalar < 0xa0)));
        at += n;
    }
    buf_clear(draw);
}

static void check_line(const struct editor *ed)
{
    struct str line = editor_line(ed);

    must(line.n <= LINE_BYTES_MAX && str_find(line, 0, '\0') == line.n);
    must(editor_cursor(ed) <= line.n && unit_snap(line, editor_cursor(ed)) == editor_cursor(ed));
}

static void check_scanners(const struct editor *ed, struct str bytes)
{
    struct arena a = {0};
    struct err e = {0};
    struct str out;

    (void)line_is_unfinished(bytes);
    if (line_expand_history(&a, bytes, ed, &out, &e) == 1)
        must(out.n <= LINE_BYTES_MAX);
    (void)line_last_word(bytes);
    arena_release(&a);
}

static void check_history_file(struct str bytes)
{
    struct editor *ed = editor_new(), *again = editor_new();
    struct buf file = {0}, second = {0};

    history_load(ed, bytes);
    history_save(ed, &file);
    history_load(again, buf_view(&file));
    history_save(again, &second);
    must(str_eq(buf_view(&file), buf_view(&second)));
    buf_release(&file);
    buf_release(&second);
    editor_free(ed);
    editor_free(again);
}

/* Something other than keys, between two feeds. */
static void disturb(struct editor *ed, unsigned char what, struct str bytes, struct buf *draw)
{
    struct texts candidates = {
        .v = (struct str[]){bytes, str_slice(bytes, 0, bytes.n / 2)}, .n = 1 + what % 2};

    switch (what % 8) {
    case 0:
        editor_resize(ed, what / 8u, draw);
        break;
    case 1:
        editor_hide(ed, draw);
        break;
    case 2:
        editor_show(ed, draw);
        break;
    case 3:
        (void)editor_timeout(ed, draw);
        break;
    case 4:
    case 5:
        editor_offer(
            ed, editor_cursor(ed) > what ? editor_cursor(ed) - what / 8u : 0, &candidates, draw);
        break;
    case 6:
        editor_set_height(ed, what / 8u);
        break;
    default:
        editor_preload(ed, bytes, draw);
    }
}

int fuzz_editor(const unsigned char *bytes, size_t n)
{
    struct str s = {(const char *)bytes, n};
    struct editor *ed;
    struct buf draw = {0};

    if (n < 2)
        return 0;
    ed = editor_new();
    editor_history_add(ed, STR("echo 'a b' \xe6\xbc\xa2"));
    editor_history_add(ed, STR("for i in x\ndo ls\ndone"));
    editor_set_height(ed, bytes[0] % 16);
    editor_begin(ed, STR("\x1b[1;32mp\x1b[0m\n$ "), STR("> "), bytes[1], &draw);
    for (size_t at = 2; at < n;) {
        size_t length = bytes[at] % 16 + 1u, used = 0;
        struct str piece = str_slice(s, at + 1, at + 1 + length);
        if (bytes[at] >= 0xe0)
            disturb(ed, bytes[at], piece, &draw);
        while (used < piece.n) {
            enum editor_result result = editor_feed(ed, piece, &used, &draw);
            must(used <= piece.n && (result != EDITOR_MORE || used == piece.n));
            check_line(ed);
            check_drawn(&draw);
            if (result == EDITOR_LINE || result == EDITOR_INTERRUPT || result == EDITOR_END) {
                editor_history_add(ed, editor_line(ed));
                editor_begin(ed, STR("$ "), STR("> "), bytes[1] / 4u, &draw);
            }
            piece = str_slice(piece, used, piece.n);
            used = 0;
        }
        at += 1 + length;
    }
    check_drawn(&draw);
    check_scanners(ed, s);
    editor_free(ed);
    buf_release(&draw);
    check_history_file(s);
    return 0;
}
