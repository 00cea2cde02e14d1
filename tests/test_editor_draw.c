/*
 * test_editor_draw: what the editor sends, played on a model of a terminal, shows exactly the line:
 * every cell, the cursor, nothing below, and what was above untouched. First by hand, then over
 * many random keys.
 */
#include "editor_screen.h"
#include "../shell/editor.h"

static const char *const prompt = "\x1b[32m[off]\x1b[0m $ ";
static const char *const continuation = "\x1b[2m> \x1b[m";

struct desk {
    struct editor *ed;
    struct buf draw;
    size_t height_told;
};

static struct model screen;
static struct wanted wants;

static void flush_draw(struct desk *d)
{
    model_feed(&screen, buf_view(&d->draw));
    buf_clear(&d->draw);
}

static void open_desk(struct desk *d, size_t columns, size_t height)
{
    *d = (struct desk){.ed = editor_new()};
    model_start(&screen, columns, height);
    model_feed(&screen, STR("A\r\nOUT\r\n"));
    editor_begin(d->ed, str_from(prompt), str_from(continuation), (unsigned)columns, &d->draw);
    flush_draw(d);
}

static void close_desk(struct desk *d)
{
    editor_free(d->ed);
    buf_release(&d->draw);
}

static enum editor_result type(struct desk *d, struct str keys)
{
    enum editor_result result = EDITOR_MORE;
    size_t used = 0;

    while (keys.n > 0 && result == EDITOR_MORE) {
        result = editor_feed(d->ed, keys, &used, &d->draw);
        keys = str_slice(keys, used, keys.n);
    }
    flush_draw(d);
    return result;
}

static bool shows(struct desk *d, char why[200])
{
    want(&wants, screen.columns, prompt, continuation, editor_line(d->ed), editor_cursor(d->ed));
    return model_shows(&screen, &wants, 0, wants.rows, why);
}

/* What stood above the prompt is still there, right above it. */
static bool keeps_output(void)
{
    size_t top = screen.row - wants.row;

    if (screen.scrolled > 0 || screen.columns < 3)
        return true;
    return top >= 2 && strcmp(screen.cells[top - 1][0].bytes, "O") == 0 &&
           strcmp(screen.cells[top - 1][2].bytes, "T") == 0;
}

static void check_shows(struct desk *d, const char *name)
{
    char why[200] = "";
    bool good = shows(d, why) && keeps_output();
    check_report(good, __FILE__, __LINE__, name, why[0] ? why : "output above was touched");
}

static void check_by_hand(void)
{
    struct desk d;

    open_desk(&d, 20, 24);
    check_shows(&d, "an empty line shows the prompt");
    CHECK(screen.paste_mode, "bracketed paste is on while a line is edited");
    type(&d, STR("echo hello"));
    check_shows(&d, "typed text is shown");
    type(&d, STR("\x01x\x05y"));
    check_shows(&d, "inserting in front moves the rest");
    type(&d, STR("12345678901234567890"));
    check_shows(&d, "a long line wraps");
    type(&d, STR("\x15"
                 "123456789012"));
    check_shows(&d, "a line that fills the row puts the cursor on the next");
    CHECK(screen.column == 0, "the cursor is in the first column then");
    type(&d, STR("\x7f"));
    check_shows(&d, "and comes back from there");
    type(&d, STR("\x15"
                 "12345678901\xe6\xbc\xa2z"));
    check_shows(&d, "a wide character that does not fit goes to the next row");
    type(&d, STR("\x1b[D\x1b[D"));
    check_shows(&d, "with the cursor on it");
    type(&d, STR("\x15"
                 "e\xcc\x81x\x1b[D\x1b[D"));
    check_shows(&d, "a combining mark shares its letter's column");
    CHECK(editor_cursor(d.ed) == 0, "the cursor steps over letter and mark at once");
    type(&d, STR("\x0b\x16\x01\x16\x1b[31m\xe2\x80\xae\xff"));
    check_shows(&d, "controls, bidi and bytes that are not UTF-8 are shown as escapes");
    type(&d, STR("\x15\x1b[200~for\n\tif\r\nx\rend\x1b[201~"));
    check_shows(&d, "a pasted text shows its line breaks with the continuation prompt");
    type(&d, STR("\x0c"));
    want(&wants, screen.columns, prompt, continuation, editor_line(d.ed), editor_cursor(d.ed));
    CHECK(screen.row == wants.row, "Ctrl-L puts the prompt on the first row");
    {
        char why[200] = "";
        check_report(shows(&d, why), __FILE__, __LINE__, "Ctrl-L draws the line again", why);
    }
    close_desk(&d);
}

static void check_endings(void)
{
    struct desk d;

    open_desk(&d, 20, 24);
    CHECK(type(&d, STR("ls\r")) == EDITOR_LINE, "Enter gives the line");
    CHECK(screen.row == 3 && screen.column == 0 && !screen.paste_mode && !screen.bad,
        "after Enter the cursor is on a fresh row and paste mode is off");
    close_desk(&d);

    open_desk(&d, 20, 24);
    type(&d, STR("123456789012"));
    type(&d, STR("\r"));
    CHECK(screen.row == 3 && screen.column == 0, "a full row leaves no empty one behind");
    close_desk(&d);

    open_desk(&d, 20, 24);
    CHECK(type(&d, STR("ls\x1b[D\x03")) == EDITOR_INTERRUPT, "Ctrl-C interrupts");
    CHECK(strcmp(screen.cells[2][10].bytes, "^") == 0 &&
              strcmp(screen.cells[2][11].bytes, "C") == 0 && screen.row == 3 && screen.column == 0,
        "Ctrl-C leaves ^C behind the line and a fresh row");
    close_desk(&d);

    open_desk(&d, 20, 24);
    type(&d, STR("sleep 9"));
    CHECK(type(&d, STR("\x1a")) == EDITOR_SUSPEND && screen.row == 3 && !screen.paste_mode,
        "Ctrl-Z leaves a fresh row");
    editor_show(d.ed, &d.draw);
    flush_draw(&d);
    CHECK(screen.row == 3 && screen.column == 15 && screen.paste_mode,
        "and the line comes back below");
    close_desk(&d);
}

static void check_hide(void)
{
    struct desk d;
    char why[200] = "";

    open_desk(&d, 10, 24);
    type(&d, STR("a long line of words"));
    editor_hide(d.ed, &d.draw);
    flush_draw(&d);
    CHECK(screen.row == 2 && screen.column == 0 && strcmp(screen.cells[2][0].bytes, " ") == 0,
        "hide takes all rows away");
    type(&d, STR("!"));
    CHECK(strcmp(screen.cells[2][0].bytes, " ") == 0, "nothing is drawn while hidden");
    model_feed(&screen, STR("JOB\r\n"));
    editor_show(d.ed, &d.draw);
    flush_draw(&d);
    check_report(shows(&d, why), __FILE__, __LINE__, "show draws it again below", why);
    CHECK(strcmp(screen.cells[2][0].bytes, "J") == 0, "what was printed meanwhile stays");
    CHECK_STR(editor_line(d.ed), STR("a long line of words!"), "keys typed while hidden count");
    close_desk(&d);
}

static void check_offers(void)
{
    struct arena a = {0};
    struct texts list = {0};
    struct desk d;
    char why[200] = "";

    open_desk(&d, 20, 24);
    type(&d, STR("cat ma"));
    *(struct str *)ARENA_PUSH(&a, &list) = STR("main.c");
    *(struct str *)ARENA_PUSH(&a, &list) = STR("main\x1b[2J.h");
    editor_offer(d.ed, 4, &list, &d.draw);
    flush_draw(&d);
    CHECK_STR(editor_line(d.ed), STR("cat main"), "the common part of the candidates is put in");
    check_shows(&d, "and shown");
    editor_offer(d.ed, 4, &list, &d.draw);
    flush_draw(&d);
    check_report(shows(&d, why), __FILE__, __LINE__, "a list leaves the line below it", why);
    CHECK(screen.row == 5 && strcmp(screen.cells[4][4].bytes, "^") == 0,
        "candidates are listed one per row when they are long, controls escaped");
    list.n = 1;
    editor_offer(d.ed, 4, &list, &d.draw);
    flush_draw(&d);
    CHECK_STR(editor_line(d.ed), STR("cat main.c"), "a single candidate replaces the word");
    editor_offer(d.ed, 99, &list, &d.draw);
    CHECK_STR(editor_line(d.ed), STR("cat main.c"), "a word behind the cursor is not touched");
    close_desk(&d);
    arena_release(&a);
}

/* The search's prompt stands in for the line's, and goes again. */
static void check_search(void)
{
    static const char searching[] = "(reverse-i-search)'wo': ",
                      failing[] = "(failed reverse-i-search)'wo!': ";
    struct desk d;
    char why[200] = "";

    open_desk(&d, 20, 24);
    editor_history_add(d.ed, STR("echo two words that are long"));
    type(&d, STR("mine\x12"
                 "wo"));
    want(&wants, 20, searching, continuation, STR("echo two words that are long"), 9);
    check_report(model_shows(&screen, &wants, 0, wants.rows, why), __FILE__, __LINE__,
        "a search shows its match", why);
    type(&d, STR("!"));
    want(&wants, 20, failing, continuation, STR("echo two words that are long"), 9);
    check_report(model_shows(&screen, &wants, 0, wants.rows, why), __FILE__, __LINE__,
        "and that there is none", why);
    type(&d, STR("\x07"));
    check_shows(&d, "and leaves the line as it was");
    type(&d, STR("\x12"
                 "wo\x05"));
    check_shows(&d, "or with the match");
    close_desk(&d);
}

static void check_narrow(void)
{
    for (size_t columns = 1; columns <= 9; columns++) {
        struct desk d;
        char name[60];
        open_desk(&d, columns, 140);
        type(&d, STR("ab\xe6\xbc\xa2"
                     "c\xe6\xbc\xa2\xe6\xbc\xa2\x16\x07 e\xcc\x81\t."));
        snprintf(name, sizeof name, "%d columns: the end of the line", (int)columns);
        check_shows(&d, name);
        for (int i = 0; i < 14; i++) {
            char why[200] = "";
            type(&d, STR("\x1b[D"));
            if (!shows(&d, why))
                check_report(false, __FILE__, __LINE__, name, why);
        }
        type(&d, STR("\x1b[Cxy\x0b"));
        check_shows(&d, "and changes in it");
        close_desk(&d);
    }
}

static void check_height(void)
{
    struct desk d;
    char why[200] = "";
    bool good = true;

    open_desk(&d, 20, 6);
    editor_set_height(d.ed, 6);
    type(&d, STR("\x1b[200~0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\x1b[201~"));
    want(&wants, 20, prompt, continuation, editor_line(d.ed), editor_cursor(d.ed));
    check_report(model_shows(&screen, &wants, 6, 6, why), __FILE__, __LINE__,
        "of a line higher than the terminal the end is shown", why);
    for (int i = 0; i < 30 && good; i++) {
        size_t first, row;
        type(&d, i < 14 ? STR("\x1b[A") : i == 20 ? STR("xyz") : STR("\x1b[B"));
        want(&wants, 20, prompt, continuation, editor_line(d.ed), editor_cursor(d.ed));
        row = wants.row;
        for (first = 0; first <= 6; first++)
            if (row >= first && row < first + 6 && model_shows(&screen, &wants, first, 6, why))
                break;
        good = first <= 6;
    }
    check_report(good, __FILE__, __LINE__, "and the rows around the cursor as it moves", why);
    for (int i = 0; i < 20; i++)
        type(&d, STR("\x1b[B"));
    type(&d, STR("\x15\x15\x15\x15\x15"));
    want(&wants, 20, prompt, continuation, editor_line(d.ed), editor_cursor(d.ed));
    check_report(model_shows(&screen, &wants, wants.rows - 6, 6, why), __FILE__, __LINE__,
        "when the line gets shorter no row is left empty", why);
    close_desk(&d);
}

/* ---- many random keys ---- */

static uint32_t dice(uint32_t *state, uint32_t sides)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % sides;
}

static const struct str presses[] = {
    STR("a"),
    STR("b c"),
    STR("word "),
    STR("\xe6\xbc\xa2"),
    STR("\xe5\xad\x97\xe6\xbc\xa2"),
    STR("e\xcc\x81"),
    STR("\xcc\x82"),
    STR("\xe2\x80\xae"),
    STR("\xff"),
    STR("\xc3"),
    STR("\x16\x01"),
    STR("\\"),
    STR("\x1b[200~p\nq\x1b[201~"),
    STR("\x1b[200~\t\x1b[201~"),
    STR("\x1b\r"),
    STR("\x1b[200~the quick brown fox jumps over the lazy dog\x1b[201~"),
    STR("\xf0\x9f\x98\x80"),
    STR("\x1b[D"),
    STR("\x1b[C"),
    STR("\x1b[A"),
    STR("\x1b[B"),
    STR("\x1b[H"),
    STR("\x1b[F"),
    STR("\x1b"
        "b"),
    STR("\x1b"
        "f"),
    STR("\x7f"),
    STR("\x1b[3~"),
    STR("\x0b"),
    STR("\x15"),
    STR("\x17"),
    STR("\x19"),
    STR("\x1by"),
    STR("\x14"),
    STR("\x1f"),
    STR("\x1b"
        "d"),
    STR("\x1b."),
    STR("\x7f\x7f\x7f"),
    STR("\xcc"),
};

static bool random_round(uint32_t seed, size_t columns, bool resizing, char why[200])
{
    static const struct str past[] = {
        STR("echo one"), STR("for i in a\ndo ls \xe6\xbc\xa2\ndone"), STR("x\x1by")};
    struct desk d;
    uint32_t state = seed;
    bool good = true;

    open_desk(&d, columns, MODEL_ROWS);
    editor_set_height(d.ed, MODEL_ROWS);
    for (size_t i = 0; i < COUNT_OF(past); i++)
        editor_history_add(d.ed, past[i]);
    for (int i = 0; i < 60 && good; i++) {
        size_t wider = 1 + dice(&state, 40);
        if (resizing && dice(&state, 8) == 0 &&
            wants.rows * screen.columns / wider + 2 * wants.rows + 10 < MODEL_ROWS) {
            model_reflow(&screen, wider);
            editor_resize(d.ed, (unsigned)wider, &d.draw);
            flush_draw(&d);
        } else {
            for (uint32_t n = dice(&state, 3); n < 3; n++)
                type(&d, presses[dice(&state, COUNT_OF(presses))]);
        }
        want(&wants, screen.columns, prompt, continuation, editor_line(d.ed), editor_cursor(d.ed));
        if (wants.rows + 10 > MODEL_ROWS)
            break;
        good = shows(&d, why);
        if (good && !resizing && !keeps_output()) {
            good = false;
            snprintf(why, 200, "output above was touched");
        }
    }
    close_desk(&d);
    return good;
}

static void check_random(bool resizing)
{
    char why[200] = "", name[80], what[260];
    uint32_t seed = 1;
    bool good = true;

    for (; seed <= 250 && good; seed++)
        good = random_round(seed, resizing ? 20 : 1 + seed % 30, resizing, why);
    snprintf(name, sizeof name, "random keys %sleave the screen as the line says",
        resizing ? "and sizes " : "");
    snprintf(what, sizeof what, "seed %d: %s", (int)seed - 1, why);
    check_report(good, __FILE__, __LINE__, name, what);
}

static void check_resize(void)
{
    struct desk d;

    open_desk(&d, 40, 24);
    type(&d, STR("echo some words that are long enough to wrap"));
    check_shows(&d, "before a change of size");
    model_reflow(&screen, 17);
    editor_resize(d.ed, 17, &d.draw);
    flush_draw(&d);
    check_shows(&d, "a narrower terminal that wraps anew");
    model_reflow(&screen, 60);
    editor_resize(d.ed, 60, &d.draw);
    flush_draw(&d);
    check_shows(&d, "a wider one");
    close_desk(&d);
}

int main(void)
{
    check_by_hand();
    check_endings();
    check_hide();
    check_offers();
    check_search();
    check_narrow();
    check_height();
    check_resize();
    check_random(false);
    check_random(true);
    return CHECK_END();
}
