/* test_vt: how terminal bytes are cut into items. Items are written as text: T text, C control, 8 C1, E ESC, S CSI,
 * O OSC, D string; then the bytes, ESC as ^, other controls as ~; a bar after each. Text is joined. */
#include "terminal_cuts.h"

#include "../conpty/conpty.h"

#include <stdlib.h>

static void write_item(const struct vt_item *item, bool *in_text, struct buf *out)
{
    static const char letters[] = "TC8ESOD";

    if (*in_text && item->kind != VT_TEXT)
        buf_str(out, STR("|"));
    if (!*in_text || item->kind != VT_TEXT)
        buf_add(out, &letters[item->kind], 1);
    for (size_t i = 0; i < item->bytes.n && i < 40; i++) {
        unsigned char c = (unsigned char)item->bytes.p[i];
        char shown = (char)(c == 0x1b ? '^' : c < 0x20 || c == 0x7f ? '~' : c);

        buf_add(out, &shown, 1);
    }
    if (item->too_long)
        buf_str(out, STR("..."));
    *in_text = item->kind == VT_TEXT;
    if (!*in_text)
        buf_str(out, STR("|"));
}

static void run_items(const struct str *pieces, size_t count, struct buf *out)
{
    static struct vt vt;
    bool in_text = false;

    vt = (struct vt){0};
    for (size_t i = 0; i < count; i++) {
        /* a block of its own, so that the sanitizer sees a byte read past its end */
        char *copy = malloc(pieces[i].n + !pieces[i].n);
        struct vt_item item;
        size_t at = 0;

        if (pieces[i].n)
            memcpy(copy, pieces[i].p, pieces[i].n);
        while (vt_next(&vt, (struct str){copy, pieces[i].n}, &at, &item))
            write_item(&item, &in_text, out);
        if (at != pieces[i].n)
            CHECK(false, "all input is taken");
        free(copy);
    }
    if (in_text)
        buf_str(out, STR("|"));
}

static const struct {
    const char *name;
    struct str input, wanted;
} cases[] = {
    {"plain text", STR("hello world, longer than eight"), STR("Thello world, longer than eight|")},
    {"text and newline", STR("ab\r\ncd"), STR("Tab|C~|C~|Tcd|")},
    {"DEL is a control", STR("aaaaaaaaa\x7f" "b"), STR("Taaaaaaaaa|C~|Tb|")},
    {"tilde is text", STR("~~~~~~~~~"), STR("T~~~~~~~~~|")},
    {"UTF-8 of every length", STR("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80."), STR("T\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80.|")},
    {"Latin-1 passes as text", STR("caf\xe9 \xff\xfe"), STR("Tcaf\xe9 \xff\xfe|")},
    {"raw C1", STR("a\x9b" "31m\x85"), STR("Ta|8\x9b|T31m|8\x85|")},
    {"C1 in UTF-8", STR("a\xc2\x9b" "31m\xc2\xa0"), STR("Ta|8\xc2\x9b|T31m\xc2\xa0|")},
    {"overlong C1", STR("\xe0\x82\x9b" "m"), STR("T\xe0|8\x82|8\x9b|Tm|")},
    {"surrogate", STR("\xed\xa0\x80x"), STR("T\xed\xa0|8\x80|Tx|")},
    {"past the last character", STR("\xf4\x90\x80\x80"), STR("T\xf4|8\x90|8\x80|8\x80|")},
    {"character cut off by ESC", STR("\xe4\xb8\033[m"), STR("T\xe4\xb8|S^[m|")},
    {"character cut off by C1", STR("\xf0\x9f" "A"), STR("T\xf0|8\x9f|TA|")},
    {"ESC sequences", STR("\0337\033(0\033#8\033%G"), STR("E^7|E^(0|E^#8|E^%G|")},
    {"CSI", STR("\033[1;31mred\033[?25l\033[0 q\033[!p"), STR("S^[1;31m|Tred|S^[?25l|S^[0 q|S^[!p|")},
    {"control inside CSI is obeyed first", STR("\033[1\n;3\r1mx"), STR("C~|C~|S^[1;31m|Tx|")},
    {"DEL inside CSI is nothing", STR("\033[1\x7fmx"), STR("S^[1m|Tx|")},
    {"ESC inside CSI begins again", STR("\033[12\033[mx"), STR("S^[12|S^[m|Tx|")},
    {"CAN ends a CSI", STR("\033[12\x18mx"), STR("S^[12|C~|Tmx|")},
    {"SUB ends a CSI", STR("\033[12\x1amx"), STR("S^[12|C~|Tmx|")},
    {"high byte ends a CSI", STR("\033[1\xc3\xa9m"), STR("S^[1|T\xc3\xa9m|")},
    {"ESC ESC", STR("\033\033[m"), STR("E^|S^[m|")},
    {"parameters after intermediates", STR("\033[1$2px"), STR("S^[1$2p|Tx|")},
    {"OSC with BEL", STR("\033]2;a b\007x"), STR("O^]2;a b~|Tx|")},
    {"OSC with ST", STR("\033]2;a\033\\x"), STR("O^]2;a^\\|Tx|")},
    {"OSC with UTF-8", STR("\033]2;\xc3\x9c\xe4\xb8\x9c\007x"), STR("O^]2;\xc3\x9c\xe4\xb8\x9c~|Tx|")},
    {"OSC ended by another sequence", STR("\033]2;a\033[31mx"), STR("O^]2;a|S^[31m|Tx|")},
    {"OSC ended by CAN", STR("\033]2;a\x18x"), STR("O^]2;a|C~|Tx|")},
    {"newline in an OSC is part of it", STR("\033]2;a\nb\007x"), STR("O^]2;a~b~|Tx|")},
    {"ESC ESC \\ in an OSC", STR("\033]2;a\033\033\\x"), STR("O^]2;a|E^|E^\\|Tx|")},
    {"DCS", STR("\033Pq#0~~\007~\033\\x"), STR("D^Pq#0~~~~^\\|Tx|")},
    {"APC, PM, SOS", STR("\033_a\033\\\033^b\033\\\033Xc\033\\x"), STR("D^_a^\\|D^^b^\\|D^Xc^\\|Tx|")},
    {"unfinished sequences are held", STR("a\033[12"), STR("Ta|")},
    {"unfinished characters are held", STR("a\xe4\xb8"), STR("Ta|")},
};

static struct str repeat(struct str head, char c, size_t n, struct str tail, struct buf *b)
{
    buf_clear(b);
    buf_str(b, head);
    for (size_t i = 0; i < n; i++)
        buf_add(b, &c, 1);
    buf_str(b, tail);
    return buf_view(b);
}

static void check_long(void)
{
    struct buf b = {0};

    cuts_check(run_items, repeat(STR("\033]2;"), 'x', VT_SEQUENCE_MAX - 5, STR("\007T"), &b),
        STR("O^]2;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|TT|"), "the longest sequence is kept");
    cuts_check(run_items, repeat(STR("\033]2;"), 'x', VT_SEQUENCE_MAX - 4, STR("\007T"), &b),
        STR("O^]2;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...|TT|"), "a longer one is known to be");
    cuts_check(run_items, repeat(STR("\033["), '1', VT_SEQUENCE_MAX - 3, STR("mT"), &b),
        STR("S^[11111111111111111111111111111111111111|TT|"), "the longest CSI is kept");
    cuts_check(run_items, repeat(STR("\033["), '1', VT_SEQUENCE_MAX - 2, STR("mT"), &b),
        STR("S^[11111111111111111111111111111111111111...|TT|"), "a longer CSI is known to be");
    buf_release(&b);
}

/* The fast scan must stop at exactly what the slow one would; every byte at every place of a word. */
static void check_plain(void)
{
    static struct vt vt;
    char text[24];
    size_t wrong = 0;

    for (unsigned c = 0; c < 256; c++)
        for (size_t at = 0; at < sizeof text; at++) {
            bool plain = (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t';
            memset(text, 'a', sizeof text);
            text[at] = (char)c;
            wrong += vt_plain(&vt, (struct str){text, sizeof text}, 0) != (plain ? sizeof text : at);
        }
    CHECK(wrong == 0, "the fast scan stops at every byte that is not plain");
    vt.state = 1;
    CHECK(vt_plain(&vt, STR("abc"), 0) == 0, "inside a sequence nothing is plain");
}

int main(void)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cuts_check(run_items, cases[i].input, cases[i].wanted, cases[i].name);
    check_long();
    check_plain();
    return CHECK_END();
}
