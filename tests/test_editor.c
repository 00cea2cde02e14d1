/*
 * test_editor: keys in, lines and results out. What is drawn is tested in test_editor_draw.c.
 */
#include "check.h"
#include "../shell/editor.h"
#include "../shell/history.h"
#include "../shell/keys_in.h"

struct desk {
    struct editor *ed;
    struct buf draw;
    struct str rest; /* of the last keys, not taken */
};

static void begin(struct desk *d)
{
    buf_clear(&d->draw);
    editor_begin(d->ed, STR("$ "), STR("> "), 80, &d->draw);
}

static void open_desk(struct desk *d)
{
    *d = (struct desk){.ed = editor_new()};
    begin(d);
}

static void close_desk(struct desk *d)
{
    editor_free(d->ed);
    buf_release(&d->draw);
}

static enum editor_result type(struct desk *d, struct str keys)
{
    size_t used = 0;
    enum editor_result result = editor_feed(d->ed, keys, &used, &d->draw);

    d->rest = str_slice(keys, used, keys.n);
    return result;
}

/* Byte by byte, as a slow line delivers them. */
static enum editor_result type_slowly(struct desk *d, struct str keys)
{
    enum editor_result result = EDITOR_MORE;

    for (size_t i = 0; i < keys.n && result == EDITOR_MORE; i++)
        result = type(d, str_slice(keys, i, i + 1));
    return result;
}

/* ---- keys and the line they make: | marks the cursor ---- */

struct row {
    const char *name;
    const char *keys;
    const char *line;
};

#define PAST "one two\nls -l 'a b'\necho last word\n"

static const struct row rows[] = {
    {"text", "abc", "abc|"},
    {"Left", "abc\x1b[D", "ab|c"},
    {"Left by SS3", "abc\x1bOD", "ab|c"},
    {"Left beyond the start", "a\x1b[D\x1b[D\x1b[D", "|a"},
    {"Right", "abc\x01\x1b[C", "a|bc"},
    {"Right by SS3", "abc\x01\x1bOC", "a|bc"},
    {"Right beyond the end", "ab\x1b[C\x1b[C", "ab|"},
    {"Ctrl-B and Ctrl-F", "abc\x02\x02\x06", "ab|c"},
    {"Ctrl-A and Ctrl-E", "abc\x01x\x05y", "xabcy|"},
    {"Home of xterm", "abc\x1b[H", "|abc"},
    {"Home by SS3", "abc\x1bOH", "|abc"},
    {"Home of the Linux console", "abc\x1b[1~", "|abc"},
    {"Home of rxvt", "abc\x1b[7~", "|abc"},
    {"End of xterm", "abc\x01\x1b[F", "abc|"},
    {"End by SS3", "abc\x01\x1bOF", "abc|"},
    {"End of the Linux console", "abc\x01\x1b[4~", "abc|"},
    {"End of rxvt", "abc\x01\x1b[8~", "abc|"},
    {"Home with a modifier", "abc\x1b[1;2H", "|abc"},
    {"Alt-B",
        "ab cd-ef\x1b"
        "b",
        "ab cd-|ef"},
    {"Alt-B twice",
        "ab cd-ef\x1b"
        "b\x1b"
        "b",
        "ab |cd-ef"},
    {"Alt-F",
        "ab cd\x01\x1b"
        "f",
        "ab| cd"},
    {"Ctrl-Left", "ab cd\x1b[1;5D", "ab |cd"},
    {"Ctrl-Right", "ab cd\x01\x1b[1;5C", "ab| cd"},
    {"Alt-Left", "ab cd\x1b[1;3D", "ab |cd"},
    {"Ctrl-Left of rxvt", "ab cd\x1bOd", "ab |cd"},
    {"Ctrl-Right of PuTTY and old xterms", "ab cd\x01\x1b[5C", "ab| cd"},
    {"Alt-Left by an ESC in front", "ab cd\x1b\x1b[D", "ab |cd"},
    {"Backspace", "abc\x7f", "ab|"},
    {"Ctrl-H", "abc\x08", "ab|"},
    {"Backspace at the start", "abc\x01\x7f", "|abc"},
    {"Delete", "abc\x01\x1b[3~", "|bc"},
    {"Ctrl-D in a line", "abc\x01\x04", "|bc"},
    {"Ctrl-D at its end", "abc\x04", "abc|"},
    {"Ctrl-K", "abcd\x02\x02\x0b", "ab|"},
    {"Ctrl-U", "abcd\x02\x15", "|d"},
    {"Ctrl-W", "ab /c/d-e  \x17", "ab |"},
    {"Alt-D",
        "ab cd ef\x01\x1b"
        "d",
        "| cd ef"},
    {"Alt-Backspace", "ab cd-ef\x1b\x7f", "ab cd-|"},
    {"Alt-Backspace as ESC Ctrl-H", "ab cd\x1b\x08", "ab |"},
    {"Ctrl-Delete", "ab cd\x01\x1b[3;5~", "| cd"},
    {"Ctrl-Y", "ab cd\x17\x01\x19", "cd|ab "},
    {"kills in a row are one", "a b c\x17\x17\x19", "a b c|"},
    {"kills forward in a row",
        "a b c\x01\x1b"
        "d\x1b"
        "d\x05\x19",
        " ca b|"},
    {"a move parts kills", "a b c\x17\x02\x17\x19", "a b| "},
    {"Alt-Y", "a b\x17\x02\x02\x0b\x19\x1by", "b|"},
    {"Alt-Y without a yank", "a b\x17x\x1by", "a x|"},
    {"Ctrl-T at the end", "abc\x14", "acb|"},
    {"Ctrl-T in the middle", "abc\x02\x14", "acb|"},
    {"Ctrl-T before the last", "abcd\x02\x02\x14", "acb|d"},
    {"Ctrl-T at the start", "ab\x01\x14", "|ab"},
    {"Ctrl-T alone", "a\x14", "a|"},
    {"Ctrl-T of a wide and a marked character",
        "\xe6\xbc\xa2"
        "e\xcc\x81\x14",
        "e\xcc\x81\xe6\xbc\xa2|"},
    {"undo of a kill", "one two\x17\x1f", "one two|"},
    {"undo all", "one two\x17xyz\x1f\x1f\x1f\x1f\x1f", "|"},
    {"undo of a transpose is one", "ab\x14\x1f", "ab|"},
    {"undo puts the cursor back", "abc\x01\x0b\x1f", "|abc"},
    {"undo of a paste is one", "a\x1b[200~b c\x1b[201~\x1f", "a|"},
    {"undo of Alt-Y is one", "a b\x17\x02\x02\x0b\x19\x1by\x1f", "a |"},
    {"UTF-8", "h\xc3\xa9\x7f", "h|"},
    {"a wide character is one step", "\xe6\xbc\xa2x\x02\x02", "|\xe6\xbc\xa2x"},
    {"letter and mark are one step", "ae\xcc\x81\x02", "a|e\xcc\x81"},
    {"and are deleted at once", "ae\xcc\x81\x7f", "a|"},
    {"a mark typed joins the letter", "ab\x02\xcc\x81", "a\xcc\x81|b"},
    {"a mark without a letter is a step", "\xcc\x81x\x01\x06", "\xcc\x81|x"},
    {"a mark that joins a letter takes the cursor along", "x\x1b\r\xcc\x81\x02\x7f", "x\xcc\x81|"},
    {"bytes that are not UTF-8 are kept", "a\xff\xc3", "a\xff|"},
    {"an unknown control does nothing",
        "a\x1c\x1d\x0f"
        "b",
        "ab|"},
    {"an unknown sequence does nothing",
        "a\x1b[99~\x1b[5;6X\x1b[?1;2c\x1b[<0;1;1M"
        "b",
        "ab|"},
    {"F1 of the Linux console does nothing",
        "a\x1b[[A"
        "b",
        "ab|"},
    {"F1 by SS3 does nothing",
        "a\x1bOP"
        "b",
        "ab|"},
    {"a mouse report of three bytes does nothing",
        "a\x1b[M !!"
        "b",
        "ab|"},
    {"a colour reply does nothing",
        "a\x1b]11;rgb:0/0/0\x1b\\"
        "b",
        "ab|"},
    {"a colour reply that ends in BEL does nothing",
        "a\x1b]11;rgb:0/0/0\x07"
        "b",
        "ab|"},
    {"a DCS reply does nothing",
        "a\x1bP>|term 1.0\x1b\\"
        "b",
        "ab|"},
    {"a focus report does nothing",
        "a\x1b[I\x1b[O"
        "b",
        "ab|"},
    {"a sequence that a control breaks off", "abc\x1b[1\x01x", "x|abc"},
    {"Shift-Tab does nothing",
        "a\x1b[Z"
        "b",
        "ab|"},
    {"the keypad in application mode", "\x1bOq\x1bOk\x1bOr", "1+2|"},
    {"a key of modifyOtherKeys", "abc\x1b[27;5;97~x", "x|abc"},
    {"a key of kitty's protocol", "abc\x1b[97;5ux\x1b[98u", "xb|abc"},
    {"its release does nothing", "a\x1b[98;1:3u\x1b[1;1:3D", "a|"},
    {"Ctrl-V takes a control as it is", "a\x16\x01\x16\x1b", "a\x01\x1b|"},
    {"Alt-Enter breaks the line", "ab\x02\x1b\r", "a\n|b"},
    {"a paste", "a\x1b[200~b c\x1b[201~d", "ab cd|"},
    {"a paste with line breaks of all kinds", "\x1b[200~a\nb\r\nc\rd\x1b[201~", "a\nb\nc\nd|"},
    {"a paste loses its controls", "\x1b[200~a\x01\x03\x1b[Db\x7f\tc\x1b[201~", "a[Db\tc|"},
    {"a paste with a false end", "\x1b[200~a\x1b[201b\x1b[20\x1b\x1b[201~", "a[201b[20|"},
    {"an end without a paste does nothing", "a\x1b[201~b", "ab|"},
    {"Up", "\x1b[A", "echo last word|"},
    {"Ctrl-P", "\x10\x10", "ls -l 'a b'|"},
    {"Up beyond the oldest", "\x1bOA\x1bOA\x1bOA\x1bOA\x1bOA", "one two|"},
    {"Down brings the unfinished line back", "mine\x1b[A\x1b[A\x1b[B\x1b[B", "mine|"},
    {"Ctrl-N", "mine\x10\x10\x0e", "echo last word|"},
    {"a changed entry is kept on the way", "\x10X\x10\x0e", "echo last wordX|"},
    {"undo of Up", "mine\x10\x1f", "mine|"},
    {"Alt-< and Alt->", "mine\x1b<!\x1b>", "mine|"},
    {"Page Up looks for the beginning", "l\x1b[5~", "l|s -l 'a b'"},
    {"Page Down goes back", "l\x1b[5~\x1b[6~", "l|"},
    {"Alt-.", "cat \x1b.", "cat word|"},
    {"Alt-. twice", "cat \x1b.\x1b.", "cat 'a b'|"},
    {"Alt-. until there is no more", "\x1b.\x1b.\x1b.\x1b.\x1b.", "two|"},
    {"Alt-_ after something else begins again", "\x1b.\x1b. \x1b_x", "'a b' wordx|"},
    {"Up in a line of several", "\x1b[200~abc\nde\nfgh\x1b[201~\x1b[A", "abc\nde|\nfgh"},
    {"Up twice keeps the column", "\x1b[200~abc\nde\nfgh\x1b[201~\x1b[A\x1b[A", "abc|\nde\nfgh"},
    {"Up from its first is history", "\x1b[200~abc\nde\x1b[201~\x1b[A\x1b[A", "echo last word|"},
    {"Down in a line of several", "\x1b[200~abc\nde\x1b[201~\x1b[A\x1b[B", "abc\nde|"},
    {"Home and End in a line of several", "\x1b[200~abc\nde\x1b[201~\x1b[H\x0b", "abc\n|"},
    {"Ctrl-K at a line's end joins", "\x1b[200~abc\nde\x1b[201~\x1b[A\x05\x0b", "abc|de"},
    {"Ctrl-U at a line's start joins", "\x1b[200~abc\nde\x1b[201~\x1b[H\x15", "abc|de"},
    {"Ctrl-R", "\x12ls", "|"},
    {"Ctrl-R accepts with an arrow", "\x12wo\x1b[D", "echo last| word"},
    {"Ctrl-R again goes further back", "\x12o\x12\x12\x05", "one two|"},
    {"Ctrl-R and Ctrl-S", "\x12o\x12\x13\x05", "echo last word|"},
    {"Ctrl-R that finds nothing keeps the line", "mine\x12zzz\x05", "mine|"},
    {"Ctrl-R with a letter taken back", "\x12oz\x7f\x05", "echo last word|"},
    {"Ctrl-G gives up", "mine\x12ls\x07", "mine|"},
    {"a match can be left for the draft", "mine\x12ls\x05\x0e\x0e", "mine|"},
    {"a paste is looked for", "\x12\x1b[200~ls\x1b[201~\x05", "ls -l 'a b'|"},
    {"Ctrl-R with nothing takes the last search", "\x12ls\x05\x15\x12\x12\x05", "ls -l 'a b'|"},
    {"Alt with an unknown letter does nothing",
        "a\x1bz\x1b\xc3\xa9"
        "b",
        "ab|"},
};

static void check_row(const struct row *row, bool slowly)
{
    struct desk d;
    struct buf line = {0};
    char name[120];

    open_desk(&d);
    history_load(d.ed, STR(PAST));
    begin(&d);
    if (slowly)
        type_slowly(&d, str_from(row->keys));
    else
        type(&d, str_from(row->keys));
    buf_str(&line, str_slice(editor_line(d.ed), 0, editor_cursor(d.ed)));
    buf_str(&line, STR("|"));
    buf_str(&line, str_slice(editor_line(d.ed), editor_cursor(d.ed), editor_line(d.ed).n));
    snprintf(name, sizeof name, "%s%s", row->name, slowly ? ", byte by byte" : "");
    CHECK_STR(buf_view(&line), str_from(row->line), name);
    buf_release(&line);
    close_desk(&d);
}

/* ---- results ---- */

static void check_results(void)
{
    struct desk d;

    open_desk(&d);
    CHECK(type(&d, STR("ls\rpwd\r")) == EDITOR_LINE, "Enter ends the line");
    CHECK_STR(editor_line(d.ed), STR("ls"), "and it is there to be read");
    CHECK_STR(d.rest, STR("pwd\r"), "what was typed behind it is not taken");
    CHECK(type(&d, STR("pwd\r")) == EDITOR_MORE && d.rest.n == 4, "nothing is taken between lines");
    begin(&d);
    CHECK_STR(editor_line(d.ed), STR(""), "the next line begins empty");
    CHECK(type(&d, STR("pwd\n")) == EDITOR_LINE, "a line feed is Enter as well");
    begin(&d);
    CHECK(type(&d, STR("\x04")) == EDITOR_END, "Ctrl-D on an empty line ends");
    begin(&d);
    CHECK(type(&d, STR("x\x7f\x04")) == EDITOR_END, "also on one that was emptied");
    begin(&d);
    CHECK(type(&d, STR("abc\x03")) == EDITOR_INTERRUPT, "Ctrl-C interrupts");
    begin(&d);
    CHECK(type(&d, STR("ab\x1a")) == EDITOR_SUSPEND, "Ctrl-Z suspends");
    editor_show(d.ed, &d.draw);
    CHECK(type(&d, STR("c\r")) == EDITOR_LINE, "and the line goes on");
    CHECK_STR(editor_line(d.ed), STR("abc"), "with what was there");
    begin(&d);
    CHECK(type(&d, STR("ab\tc")) == EDITOR_COMPLETE, "Tab asks for completions");
    CHECK_STR(d.rest, STR("c"), "before the keys behind it");
    CHECK(type(&d, STR("c\r")) == EDITOR_LINE, "and the line goes on without");
    CHECK_STR(editor_line(d.ed), STR("abc"), "as it was");
    begin(&d);
    CHECK(type(&d, STR("\x12ls\r")) == EDITOR_LINE, "Enter ends a search and the line");
    begin(&d);
    CHECK(type(&d, STR("x\x12ls\x03")) == EDITOR_INTERRUPT, "Ctrl-C in a search interrupts");
    begin(&d);
    type(&d, STR("a\0b"));
    CHECK_STR(editor_line(d.ed), STR("ab"), "NUL never gets into a line");
    type(&d, STR("\x16\0c"));
    CHECK_STR(editor_line(d.ed), STR("abc"), "not even after Ctrl-V");
    close_desk(&d);
}

static void check_unfinished(void)
{
    struct desk d;

    open_desk(&d);
    CHECK(type(&d, STR("for i in a\r")) == EDITOR_MORE, "an unfinished line goes on");
    CHECK(type(&d, STR("do ls\rdone\r")) == EDITOR_LINE, "until it is whole");
    CHECK_STR(editor_line(d.ed), STR("for i in a\ndo ls\ndone"), "with its line breaks");
    begin(&d);
    CHECK(
        type(&d, STR("echo 'x\x01\r")) == EDITOR_MORE, "Enter in the middle of an unfinished line");
    CHECK_STR(editor_line(d.ed), STR("echo 'x\n"), "adds the break at its end");
    begin(&d);
    CHECK(type(&d, STR(":why it's\r")) == EDITOR_LINE, "a built-in is one line");
    begin(&d);
    CHECK(type(&d, STR("\x1b[200~ls\nrm x\n\x1b[201~")) == EDITOR_MORE,
        "a paste never runs by itself");
    CHECK(type(&d, STR("\r")) == EDITOR_LINE, "Enter runs it");
    CHECK_STR(editor_line(d.ed), STR("ls\nrm x\n"), "all as one");
    begin(&d);
    CHECK(type_slowly(&d, STR("\x1b[200~ls\rrm x\r\x1b[201~")) == EDITOR_MORE, "also byte by byte");
    close_desk(&d);
}

static void check_fresh(void)
{
    struct desk d;

    open_desk(&d);
    type(&d, STR(":net online"));
    CHECK(editor_line_is_fresh(d.ed), "what was typed is fresh");
    begin(&d);
    type(&d, STR("\x1b[200~:net online\x1b[201~"));
    CHECK(!editor_line_is_fresh(d.ed), "what was pasted is not");
    type(&d, STR("\x15\x01:net"));
    CHECK(!editor_line_is_fresh(d.ed), "nor what is typed into the same line");
    begin(&d);
    CHECK(editor_line_is_fresh(d.ed), "the next line is");
    type(&d, STR("\x19"));
    CHECK(!editor_line_is_fresh(d.ed), "a pasted text that was killed and yanked is not");
    begin(&d);
    editor_preload(d.ed, STR(":net online\ny\x1b[D\x03\x7f\tz"), &d.draw);
    CHECK_STR(editor_line(d.ed), STR(":net online\ny\tz"),
        "text typed ahead keeps line breaks and tabs, and loses keys and controls");
    CHECK(!editor_line_is_fresh(d.ed), "and is not fresh");
    CHECK(type(&d, STR("!")) == EDITOR_MORE && !editor_line_is_fresh(d.ed),
        "also when it is gone on with");
    begin(&d);
    editor_preload(d.ed, STR(""), &d.draw);
    editor_preload(d.ed, STR("\x03\x1b[A"), &d.draw);
    CHECK(editor_line_is_fresh(d.ed) && editor_line(d.ed).n == 0,
        "nothing typed ahead changes nothing");
    close_desk(&d);
}

static void check_undo(void)
{
    struct desk d;

    open_desk(&d);
    type_slowly(&d, STR("one two three"));
    type(&d, STR("\x1f"));
    CHECK_STR(editor_line(d.ed), STR("one two "), "undo of typing goes back by words");
    type(&d, STR("\x1f\x1f\x1f\x1f"));
    CHECK_STR(editor_line(d.ed), STR(""), "to the beginning");
    for (int i = 0; i < 5000; i++)
        type(&d, STR("x\x02"));
    for (int i = 0; i < 6000; i++)
        type(&d, STR("\x1f"));
    CHECK(editor_line(d.ed).n > 0 && editor_line(d.ed).n < 1000, "what can be undone is bounded");
    close_desk(&d);
}

static void check_silence(void)
{
    struct desk d;

    open_desk(&d);
    type(&d, STR("ab cd\x1b"));
    CHECK(editor_waiting(d.ed), "an ESC waits for what follows");
    CHECK(editor_timeout(d.ed, &d.draw) == EDITOR_MORE && !editor_waiting(d.ed), "silence ends it");
    type(&d, STR("b"));
    CHECK_STR(editor_line(d.ed), STR("ab cdb"), "what comes later is a key of its own");
    type(&d, STR("\x1b["));
    editor_timeout(d.ed, &d.draw);
    type(&d, STR("A"));
    CHECK_STR(editor_line(d.ed), STR("ab cdbA"), "a torn sequence is dropped");
    type(&d, STR("\xc3"));
    CHECK(editor_waiting(d.ed), "a torn character waits");
    type(&d, STR("\xa9"));
    CHECK_STR(editor_line(d.ed), STR("ab cdbA\xc3\xa9"), "and is whole with its rest");
    type(&d, STR("\x12"
                 "ab\x1b"));
    editor_timeout(d.ed, &d.draw);
    CHECK(!editor_waiting(d.ed), "ESC ends a search");
    CHECK(type(&d, STR("\x1b[200~x")) == EDITOR_MORE && !editor_waiting(d.ed),
        "a paste waits for nothing");
    type(&d, STR("\x03"));
    type(&d, STR("\x03"));
    CHECK(type(&d, STR("\x03")) == EDITOR_INTERRUPT,
        "a paste without an end yields to Ctrl-C thrice");
    close_desk(&d);
}

static void check_limits(void)
{
    static char big[LINE_BYTES_MAX + 100];
    struct desk d;

    memset(big, 'x', sizeof big);
    open_desk(&d);
    type(&d, (struct str){big, LINE_BYTES_MAX});
    CHECK(editor_line(d.ed).n == LINE_BYTES_MAX, "a line may be as long as its ceiling");
    type(&d, STR("yy"));
    CHECK(editor_line(d.ed).n == LINE_BYTES_MAX, "and no longer");
    type(&d, STR("\x7f\x7f\x01z"));
    CHECK(editor_line(d.ed).n == LINE_BYTES_MAX - 1, "and can be edited there");
    begin(&d);
    type(&d, STR("\x1b[200~"));
    type(&d, (struct str){big, sizeof big});
    type(&d, STR("\x1b[201~ok"));
    CHECK_STR(editor_line(d.ed), STR("ok"), "a paste that is too long is dropped whole");
    CHECK(d.draw.n < (4u << 20), "what is drawn stays bounded");
    type(&d, STR("\x15\x1b["));
    type(&d, (struct str){"1111111111111111111111111111111111111111111111111111111111111", 60});
    for (int i = 0; i < 40; i++)
        type(&d, STR(";1111111111"));
    type(&d, STR("Aok"));
    CHECK_STR(editor_line(d.ed), STR("ok"), "a sequence without end is dropped whole");
    type(&d, STR("\x15\x1b]1"));
    for (int i = 0; i < 90; i++)
        type(&d, STR("1234567890"));
    type(&d, STR("\x1b\\ok"));
    CHECK_STR(editor_line(d.ed), STR("ok"), "a reply without end as well");
    close_desk(&d);
}

/* ---- history ---- */

static void check_history(void)
{
    struct editor *ed = editor_new();
    struct buf file = {0};
    struct str text;

    editor_history_add(ed, STR("one"));
    editor_history_add(ed, STR("one"));
    editor_history_add(ed, STR(" secret"));
    editor_history_add(ed, STR(""));
    editor_history_add(ed, STR("a\0b"));
    editor_history_add(ed, STR("two\nlines \\n"));
    CHECK(editor_history_count(ed) == 2,
        "doubles, blanks in front, empty lines and NUL are not kept");
    CHECK(editor_history_at(ed, 7).p == NULL, "past the end there is nothing");
    history_save(ed, &file);
    CHECK_STR(buf_view(&file), STR("one\ntwo\\nlines \\\\n\n"), "the file has one line for each");
    editor_free(ed);

    ed = editor_new();
    CHECK(history_load(ed, buf_view(&file)) == 2, "and is read again");
    CHECK_STR(editor_history_at(ed, 1), STR("two\nlines \\n"), "with line breaks and backslashes");
    text = STR("\n\n\xff\xfe\\q\\\n\0junk\n  \nthree\r\ntorn");
    CHECK(history_load(ed, text) == 2, "garbage in it is passed over");
    CHECK_STR(
        editor_history_at(ed, 2), STR("\xff\xfe\\q\\"), "unknown escapes stand for themselves");
    CHECK_STR(editor_history_at(ed, 3), STR("three\r"), "a torn last line is not read");
    editor_free(ed);
    buf_release(&file);
}

static void check_history_caps(void)
{
    struct editor *ed = editor_new();
    struct buf file = {.ceiling = (size_t)32 << 20};
    static char big[LINE_BYTES_MAX];
    char line[40];

    for (int i = 0; i < HISTORY_ENTRIES_MAX + 500; i++)
        buf_format(&file, "echo %d\n", i);
    history_load(ed, buf_view(&file));
    CHECK(editor_history_count(ed) == HISTORY_ENTRIES_MAX, "entries are capped");
    snprintf(line, sizeof line, "echo %d", HISTORY_ENTRIES_MAX + 499);
    CHECK_STR(editor_history_at(ed, HISTORY_ENTRIES_MAX - 1), str_from(line), "the newest stay");
    CHECK_STR(editor_history_at(ed, 0), STR("echo 500"), "the oldest go");
    memset(big, 'x', sizeof big);
    for (int i = 0; i < 6; i++) {
        big[0] = (char)('a' + i);
        editor_history_add(ed, (struct str){big, sizeof big});
    }
    CHECK(editor_history_count(ed) == 4, "bytes are capped");
    buf_clear(&file);
    for (int i = 0; i < 12; i++) {
        big[0] = (char)('a' + i);
        buf_add(&file, big, sizeof big);
        buf_str(&file, STR("\n"));
    }
    buf_str(&file, STR("ls\n"));
    history_load(ed, buf_view(&file));
    CHECK_STR(editor_history_at(ed, editor_history_count(ed) - 1), STR("ls"),
        "of a huge file the newest");
    editor_free(ed);
    buf_release(&file);
}

int main(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_row(&rows[i], false);
        check_row(&rows[i], true);
    }
    check_results();
    check_unfinished();
    check_fresh();
    check_undo();
    check_silence();
    check_limits();
    check_history();
    check_history_caps();
    return CHECK_END();
}
