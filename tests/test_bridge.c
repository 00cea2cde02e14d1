/*
 * bridge and console_keys: what lies between the person's console and one inside, with consoles that are made up: keys as records,
 * the host's questions, storms of sizes.
 */
#include "../shell/bridge.h"
#include "../shell/console_keys.h"
#include "../conpty/conpty.h"
#include "check.h"

/* ---- consoles made up ---- */

static struct {
    uint16_t rows, columns;
    bool none; /* no size is to be had */
    uint64_t now;
    int resized; /* how often, and to what at last */
    uint16_t inside_rows, inside_columns;
    struct buf typed; /* into the console inside */
    size_t room;
    bool broken;
    struct buf shown;
} made;

bool tty_size(uint16_t *rows, uint16_t *columns)
{
    *rows = made.rows;
    *columns = made.columns;
    return !made.none;
}

bool tty_cursor(uint32_t *row, uint32_t *column)
{
    *row = 3;
    *column = (uint32_t)made.shown.n + 1;
    return true;
}

uint64_t sys_milliseconds(void)
{
    return made.now;
}

bool pty_resize(intptr_t controlling, uint16_t rows, uint16_t columns)
{
    (void)controlling;
    made.resized++;
    made.inside_rows = rows;
    made.inside_columns = columns;
    return true;
}

long sys_write(sys_handle h, const void *bytes, size_t n, long *code)
{
    size_t some = n < made.room ? n : made.room;

    (void)h;
    *code = 0;
    if (made.broken)
        return -2;
    if (!some)
        return -1;
    buf_add(&made.typed, bytes, some);
    made.room -= some;
    return (long)some;
}

static void show(void *context, struct str bytes)
{
    (void)context;
    buf_str(&made.shown, bytes);
}

static void begin(struct bridge *b)
{
    buf_release(&made.typed);
    buf_release(&made.shown);
    memset(&made, 0, sizeof made);
    made.rows = 24;
    made.columns = 80;
    made.room = SIZE_MAX;
    made.now = 1000;
    bridge_begin(b, true, 24, 80);
}

#define CONSOLE_INSIDE ((sys_handle)4)

/* ---- sizes ---- */

static void test_sizes(struct bridge *b)
{
    int wait;

    begin(b);
    CHECK(bridge_turn(b, CONSOLE_INSIDE) == -1 && made.resized == 0, "nothing is resized without a reason");
    for (int i = 0; i < 200; i++) {
        made.rows = (uint16_t)(25 + i);
        made.now += 5;
        bridge_resized(b, CONSOLE_INSIDE);
        bridge_turn(b, CONSOLE_INSIDE);
    }
    CHECK(made.resized == 0, "while a corner is dragged nothing is passed on");
    wait = bridge_turn(b, CONSOLE_INSIDE);
    CHECK(wait > 0 && wait <= SIZES_MS, "but it says when");
    made.now += (uint64_t)wait;
    bridge_turn(b, CONSOLE_INSIDE);
    CHECK(made.resized == 1 && made.inside_rows == 224 && made.inside_columns == 80, "then the last size is, once");
    made.none = true;
    made.rows = 0;
    bridge_resized(b, CONSOLE_INSIDE);
    made.now += 1000;
    CHECK(bridge_turn(b, CONSOLE_INSIDE) == -1 && made.resized == 1, "a size that is not to be had is none");
    made.none = false;
    made.rows = 30;
    bridge_resized(b, SYS_NONE);
    made.now += 1000;
    CHECK(bridge_turn(b, SYS_NONE) == -1 && made.resized == 1, "nor is there one without a console inside");
    bridge_begin(b, false, 24, 80);
    bridge_resized(b, CONSOLE_INSIDE);
    CHECK(made.resized == 2 && made.inside_rows == 30, "where no host stands in between it is passed on at once");
}

/* ---- questions ---- */

static void test_questions(struct bridge *b)
{
    begin(b);
    bridge_take(b, STR("ab\033[6ncd\033[6n"), show, NULL);
    CHECK_STR(buf_view(&made.shown), STR("abcd"), "what is shown");
    made.room = 4;
    CHECK(!bridge_answer(b, CONSOLE_INSIDE), "an answer waits where there is no room");
    made.room = SIZE_MAX;
    CHECK(bridge_answer(b, CONSOLE_INSIDE), "and goes on");
    CHECK_STR(buf_view(&made.typed), STR("\033[3;3R\033[3;5R"), "each is of the place where the cursor was then");
    begin(b);
    made.room = 0;
    for (int i = 0; i < 100000; i++)
        bridge_take(b, STR("\033[6n"), show, NULL);
    CHECK(b->answers.n < 8192, "questions without end, of a program that reads no answer, cost nothing");
    made.broken = true;
    CHECK(bridge_answer(b, CONSOLE_INSIDE) && b->answers.n == 0, "nobody is answered when the console is gone");
    begin(b);
    bridge_take(b, STR("\033[6n"), show, NULL);
    CHECK(bridge_answer(b, SYS_NONE), "nor where there was none");
}

/* ---- keys ---- */

static const struct {
    const char *name;
    struct console_key keys[3];
    struct str bytes;
} pressed[] = {
    {"a letter", {{.code = 'A', .unit = 'a', .down = true}}, STR("a")},
    {"let go of", {{.code = 'A', .unit = 'a'}}, STR("")},
    {"Ctrl-C is a byte like others", {{.code = 'C', .unit = 3, .down = true, .control = true}}, STR("\003")},
    {"Ctrl-Z too", {{.code = 'Z', .unit = 26, .down = true, .control = true}}, STR("\032")},
    {"three times, held down", {{.code = 'A', .unit = 'a', .down = true, .repeat = 3}}, STR("aaa")},
    {"Backspace is DEL", {{.code = CONSOLE_BACK, .unit = 8, .down = true}}, STR("\177")},
    {"Ctrl-H is not", {{.code = 'H', .unit = 8, .down = true, .control = true}}, STR("\010")},
    {"Ctrl-Space", {{.code = CONSOLE_SPACE, .down = true, .control = true}}, STR("\0")},
    {"Ctrl-2", {{.code = CONSOLE_2, .down = true, .control = true}}, STR("\0")},
    {"Shift alone", {{.code = 0x10, .down = true}}, STR("")},
    {"a dead key", {{.code = 0xdc, .down = true}}, STR("")},
    {"an arrow", {{.code = CONSOLE_UP, .down = true}}, STR("\033[A")},
    {"with Ctrl", {{.code = CONSOLE_LEFT, .down = true, .control = true}}, STR("\033[1;5D")},
    {"Delete", {{.code = CONSOLE_DELETE, .down = true}}, STR("\033[3~")},
    {"a sequence that the host made already", {{.unit = 27, .down = true}, {.unit = '[', .down = true}, {.unit = 'A', .down = true}}, STR("\033[A")},
    {"by its number with Alt", {{.code = CONSOLE_ALT, .unit = 0xe9}}, STR("\xc3\xa9")},
    {"Alt let go of", {{.code = CONSOLE_ALT}}, STR("")},
    {"two halves", {{.unit = 0xd83d, .down = true}, {.unit = 0xde00, .down = true}}, STR("\xf0\x9f\x98\x80")},
    {"a half, and something else", {{.unit = 0xd83d, .down = true}, {.unit = 'x', .down = true}}, STR("\xef\xbf\xbdx")},
    {"two first halves", {{.unit = 0xd83d, .down = true}, {.unit = 0xd83d, .down = true}, {.unit = 0xde00, .down = true}},
        STR("\xef\xbf\xbd\xf0\x9f\x98\x80")},
    {"the other half alone", {{.unit = 0xde00, .down = true}}, STR("\xef\xbf\xbd")},
};

static void test_keys(void)
{
    char bytes[128];
    uint16_t high = 0;
    const struct console_key held = {.code = CONSOLE_UP, .down = true, .repeat = 65535};

    for (size_t i = 0; i < COUNT_OF(pressed); i++) {
        size_t n = 0;
        high = 0;
        for (size_t k = 0; k < COUNT_OF(pressed[i].keys); k++)
            n += console_key_bytes(&high, &pressed[i].keys[k], bytes + n, sizeof bytes - n);
        CHECK_STR(((struct str){bytes, n}), pressed[i].bytes, pressed[i].name);
    }
    CHECK(console_key_bytes(&high, &held, bytes, 40) <= 40, "a key that is held down for ever fits");
    CHECK(console_key_bytes(&high, &held, bytes, 0) == 0, "into no room, too");
    CHECK(str_starts(bridge_break(), STR("\033[3;70;0;1;8;1_")), "Ctrl-Break, which is no byte, is a record: pressed, and let go of");
}

int main(void)
{
    struct bridge b = {0};

    test_sizes(&b);
    test_questions(&b);
    test_keys();
    bridge_release(&b);
    buf_release(&made.typed);
    buf_release(&made.shown);
    return CHECK_END();
}
