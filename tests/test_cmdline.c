/*
 * test_cmdline: command lines, environment blocks and UTF-16: what is written, and that a reader of the same rules finds
 * again what was meant.
 */
#include "check.h"
#include "../sandbox/core/cmdline.h"

#include <stdlib.h>

static struct arena arena;

static struct texts list(const char *const *words)
{
    struct texts t = {0};

    while (*words)
        *(struct str *)ARENA_PUSH(&arena, &t) = str_from(*words++);
    return t;
}

/* ---- UTF-16 ---- */

static void test_wide(void)
{
    static const struct {
        const char *name, *text;
        size_t n;
        uint16_t units[4];
    } rows[] = {
        {"nothing", "", 0, {0}},
        {"ASCII", "ab", 2, {'a', 'b'}},
        {"two bytes", "\xc3\xa4", 1, {0xe4}},
        {"three bytes", "\xe2\x82\xac", 1, {0x20ac}},
        {"beyond the first plane", "\xf0\x9f\x98\x80", 2, {0xd83d, 0xde00}},
        {"a lone high surrogate", "x\xed\xa0\xbd" "y", 3, {'x', 0xd83d, 'y'}},
        {"a lone low surrogate", "\xed\xb8\x80", 1, {0xde00}},
        {"low before high", "\xed\xb8\x80\xed\xa0\xbd", 2, {0xde00, 0xd83d}},
        {"the last scalar", "\xf4\x8f\xbf\xbf", 2, {0xdbff, 0xdfff}},
    };
    static const char *const bad[] = {"\xed\xa0\xbd\xed\xb8\x80", "\xc0\x80", "\xff", "\xe2\x82", "\xf4\x90\x80\x80", "\xed\xa0",
        "a\xed"};
    struct wide wide;
    size_t count;
    char name[200];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool good = wide_from_text(&arena, str_from(rows[i].text), &wide);
        snprintf(name, sizeof name, "wide: %s comes to its units", rows[i].name);
        CHECK(good && wide.n == rows[i].n && memcmp(wide.p, rows[i].units, wide.n * 2) == 0 && wide.p[wide.n] == 0, name);
        snprintf(name, sizeof name, "wide: %s comes back", rows[i].name);
        CHECK_STR(wide_to_text(&arena, rows[i].units, rows[i].n), str_from(rows[i].text), name);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        wide.n = 77;
        snprintf(name, sizeof name, "wide: bad text %d is refused and nothing touched", (int)i);
        CHECK(!wide_from_text(&arena, str_from(bad[i]), &wide) && wide.n == 77 && !wide_count(str_from(bad[i]), &count), name);
    }
    CHECK(!wide_from_text(&arena, STR("a\0b"), &wide), "wide: a NUL is refused");
}

/* Every pair of units from the corners goes there and back. */
static void test_wide_all(void)
{
    static const uint16_t corners[] = {1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff};
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(corners); i++)
        for (size_t j = 0; j < COUNT_OF(corners); j++)
            for (size_t k = 0; k < COUNT_OF(corners); k++) {
                uint16_t units[3] = {corners[i], corners[j], corners[k]};
                struct wide back = {0};
                good = good && wide_from_text(&arena, wide_to_text(&arena, units, 3), &back) && back.n == 3 &&
                       memcmp(units, back.p, sizeof units) == 0;
            }
    CHECK(good, "wide: any three units go to text and back");
    good = true;
    for (uint32_t unit = 1; unit <= 0xffff; unit++) {
        uint16_t one = (uint16_t)unit;
        struct wide back = {0};
        good = good && wide_from_text(&arena, wide_to_text(&arena, &one, 1), &back) && back.n == 1 && back.p[0] == one;
    }
    CHECK(good, "wide: every unit goes to text and back");
}

/* ---- arguments ---- */

/* As CommandLineToArgvW is documented: written apart from cmdline.c, from the documentation. */
static struct texts apart(struct str line)
{
    struct texts out = {0};
    size_t at = 0;

    if (line.n > 0 && line.p[0] == '"') {
        size_t end = str_find(line, 1, '"');
        *(struct str *)ARENA_PUSH(&arena, &out) = str_slice(line, 1, end);
        at = end + 1;
    }
    for (;;) {
        char *word = arena_alloc(&arena, line.n + 1, 1);
        size_t n = 0;
        bool quoted = false;
        while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
            at++;
        if (at >= line.n)
            return out;
        while (at < line.n && (quoted || (line.p[at] != ' ' && line.p[at] != '\t'))) {
            size_t slashes = 0;
            while (at < line.n && line.p[at] == '\\') {
                slashes++;
                at++;
            }
            if (at < line.n && line.p[at] == '"') {
                for (size_t i = 0; i < slashes / 2; i++)
                    word[n++] = '\\';
                if (slashes % 2)
                    word[n++] = '"';
                else
                    quoted = !quoted;
                at++;
            } else {
                for (size_t i = 0; i < slashes; i++)
                    word[n++] = '\\';
                if (at < line.n && (quoted || (line.p[at] != ' ' && line.p[at] != '\t')))
                    word[n++] = line.p[at++];
            }
        }
        *(struct str *)ARENA_PUSH(&arena, &out) = (struct str){word, n};
    }
}

static void test_arguments(void)
{
    static const struct {
        const char *argv[6];
        const char *wanted;
    } rows[] = {
        {{"C:\\x.exe", NULL}, "\"C:\\x.exe\""},
        {{"C:\\a b\\x.exe", "y", NULL}, "\"C:\\a b\\x.exe\" y"},
        {{"x", "", NULL}, "\"x\" \"\""},
        {{"x", "a b", NULL}, "\"x\" \"a b\""},
        {{"x", "a\"b", NULL}, "\"x\" \"a\\\"b\""},
        {{"x", "a\\b", NULL}, "\"x\" a\\b"},
        {{"x", "a\\\\b", NULL}, "\"x\" a\\\\b"},
        {{"x", "a b\\", NULL}, "\"x\" \"a b\\\\\""},
        {{"x", "a\\\"b", NULL}, "\"x\" \"a\\\\\\\"b\""},
        {{"x", "\\\\server\\share d\\\\", NULL}, "\"x\" \"\\\\server\\share d\\\\\\\\\""},
        {{"x", "a\tb", NULL}, "\"x\" \"a\tb\""},
        {{"x", "%PATH%", "^&|<>", NULL}, "\"x\" %PATH% ^&|<>"},
        {{"C:\\dir\\", "\\", NULL}, "\"C:\\dir\\\" \\"},
    };
    char name[200];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct texts argv = list(rows[i].argv), back;
        struct str line = {0};
        struct err e = {0};
        bool same = cmdline_arguments(&arena, &argv, &line, &e);
        snprintf(name, sizeof name, "arguments: row %d is written", (int)i);
        CHECK_STR(line, str_from(rows[i].wanted), name);
        back = apart(line);
        same = same && back.n == argv.n;
        for (size_t j = 0; same && j < argv.n; j++)
            same = str_eq(back.v[j], argv.v[j]);
        snprintf(name, sizeof name, "arguments: row %d is found again", (int)i);
        CHECK(same, name);
    }
}

/* Words of every length up to four from what is special: all are found again. */
static void test_arguments_all(void)
{
    static const char special[] = {'\\', '"', ' ', 'a', '\t'};
    bool good = true;

    for (size_t code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
        char word[6] = {0};
        struct texts argv = {0}, back;
        struct str line = {0};
        struct err e = {0};
        size_t rest = code;
        for (size_t i = 0; i < 5; i++, rest /= 5)
            word[i] = special[rest % 5];
        *(struct str *)ARENA_PUSH(&arena, &argv) = STR("p");
        *(struct str *)ARENA_PUSH(&arena, &argv) = str_slice(str_from(word), 0, code % 6);
        *(struct str *)ARENA_PUSH(&arena, &argv) = str_from(word);
        good = good && cmdline_arguments(&arena, &argv, &line, &e);
        back = apart(line);
        good = good && back.n == 3 && str_eq(back.v[1], argv.v[1]) && str_eq(back.v[2], argv.v[2]);
    }
    CHECK(good, "arguments: all words of quotes, backslashes and blanks are found again");
}

static void test_arguments_refused(void)
{
    struct texts none = {0}, quote = list((const char *const[]){"a\"b", NULL}), nul = {0}, wrong = list((const char *const[]){"x", "\xff", NULL});
    struct str line = STR("before");
    struct err e[5] = {0};
    char *big = malloc(CMDLINE_MAX + 10);
    struct texts many = {0};

    *(struct str *)ARENA_PUSH(&arena, &nul) = STR("x");
    *(struct str *)ARENA_PUSH(&arena, &nul) = STR("a\0b");
    CHECK(!cmdline_arguments(&arena, &none, &line, &e[0]), "arguments: no program is refused");
    CHECK(!cmdline_arguments(&arena, &quote, &line, &e[1]), "arguments: a quote in the program is refused");
    CHECK(!cmdline_arguments(&arena, &nul, &line, &e[2]), "arguments: a NUL is refused");
    CHECK(!cmdline_arguments(&arena, &wrong, &line, &e[3]), "arguments: what is no text is refused");
    memset(big, 'a', CMDLINE_MAX + 10);
    *(struct str *)ARENA_PUSH(&arena, &many) = STR("x");
    *(struct str *)ARENA_PUSH(&arena, &many) = (struct str){big, CMDLINE_MAX - 5};
    CHECK(cmdline_arguments(&arena, &many, &line, &e[4]) && line.n == CMDLINE_MAX - 1, "arguments: the longest line passes");
    many.v[1].n++;
    line = STR("before");
    CHECK(!cmdline_arguments(&arena, &many, &line, &e[4]) && e[4].kind == ERR_LIMIT, "arguments: one more unit is too many");
    CHECK_STR(line, STR("before"), "arguments: a refusal leaves what was there");
    err_clear(&e[4]);
    CHECK(cmdline_fits(str_slice((struct str){big, 2000}, 0, 1023), CMDLINE_LOGON_MAX, &e[4]) &&
              !cmdline_fits(str_slice((struct str){big, 2000}, 0, 1024), CMDLINE_LOGON_MAX, &e[4]),
        "fits: 1023 units and a 0 for a logon");
    free(big);
}

/* ---- shells ---- */

static void test_batch(void)
{
    static const char *const good[] = {"C:\\a b\\x.bat", "1 2", "a&b", "c\\", "", "^", NULL};
    static const char *const bad[][3] = {{"x.bat", "%PATH%", NULL}, {"x.bat", "a\"&calc", NULL}, {"x.bat", "a\r\nb", NULL}};
    struct texts argv = list(good);
    struct str line = {0};
    struct err e = {0};

    CHECK(cmdline_is_batch(STR("x.BAT")) && cmdline_is_batch(STR("d\\y.cmd")) && cmdline_is_batch(STR("x.bat . ")) &&
              !cmdline_is_batch(STR("x.exe")) && !cmdline_is_batch(STR("bat")),
        "batch: told by its name");
    CHECK(cmdline_batch(&arena, STR("cmd.exe"), &argv, &line, &e), "batch: plain arguments pass");
    CHECK_STR(line, STR("\"cmd.exe\" /d /s /c \"\"C:\\a b\\x.bat\" \"1 2\" \"a&b\" \"c\\\\\" \"\" \"^\"\""), "batch: each in quotes");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char name[100];
        argv = list(bad[i]);
        err_clear(&e);
        snprintf(name, sizeof name, "batch: what cmd would obey is refused (%d)", (int)i);
        CHECK(!cmdline_batch(&arena, STR("cmd.exe"), &argv, &line, &e) && e.kind == ERR_USAGE, name);
    }
}

static void test_powershell(void)
{
    static const char *const program[] = {"C:\\ps.exe", "-NoProfile", NULL};
    struct texts argv = list(program);
    struct str out = {0};
    struct err e = {0};

    CHECK(cmdline_powershell(&arena, &argv, STR("dir"), &out, &e), "powershell: a script passes");
    CHECK_STR(out, STR("\"C:\\ps.exe\" -NoProfile -EncodedCommand ZABpAHIA"), "powershell: base64 of UTF-16LE");
    CHECK(cmdline_base64(&arena, STR("a"), &out) && str_is(out, "YQA="), "base64: two bytes");
    CHECK(cmdline_base64(&arena, STR("ab"), &out) && str_is(out, "YQBiAA=="), "base64: four bytes");
    CHECK(cmdline_base64(&arena, STR(""), &out) && out.n == 0, "base64: none");
    CHECK(cmdline_base64(&arena, STR("\xe2\x82\xac"), &out) && str_is(out, "rCA="), "base64: the euro sign");
    CHECK(!cmdline_base64(&arena, STR("\xff"), &out), "base64: what is no text is refused");
    CHECK(cmdline_quote_powershell(&arena, STR("it's $x `n \xe2\x80\x99"), &out), "powershell: a literal");
    CHECK_STR(out, STR("'it''s $x `n \xe2\x80\x99\xe2\x80\x99'"), "powershell: each kind of quote is doubled");
    CHECK(cmdline_quote_bash(&arena, STR("it's $x"), &out), "bash: a literal");
    CHECK_STR(out, STR("'it'\\''s $x'"), "bash: a quote is put outside");
    CHECK(!cmdline_quote_bash(&arena, STR("a\0b"), &out), "bash: a NUL is refused");
}

/* ---- the environment ---- */

static void test_environment(void)
{
    static const char *const unsorted[] = {"b=2", "Path=first", "A_B=3", "PATH=second", "=C:=C:\\x", "aB=4", "a=", NULL};
    static const char wanted[] = "=C:=C:\\x\0a=\0aB=4\0A_B=3\0b=2\0Path=first\0";
    static const char *const bad[] = {"", "novalue", "=", "x\xff=1"};
    struct texts env = list(unsorted);
    struct wide block = {0};
    struct err e = {0};
    bool same = cmdline_environment(&arena, &env, NULL, &block, &e) && block.n == sizeof wanted;

    for (size_t i = 0; same && i < block.n; i++)
        same = block.p[i] == (unsigned char)wanted[i];
    CHECK(same, "environment: sorted without case, one of each name, two 0 at the end");
    env.n = 0;
    CHECK(cmdline_environment(&arena, &env, NULL, &block, &e) && block.n == 2 && !block.p[0] && !block.p[1],
        "environment: of nothing is two 0");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const char *one[] = {"ok=1", bad[i], NULL};
        char name[100];
        env = list(one);
        block.n = 99;
        err_clear(&e);
        snprintf(name, sizeof name, "environment: a bad entry is refused (%d)", (int)i);
        CHECK(!cmdline_environment(&arena, &env, NULL, &block, &e) && block.n == 99, name);
    }
}

int main(void)
{
    test_wide();
    test_wide_all();
    test_arguments();
    test_arguments_all();
    test_arguments_refused();
    test_batch();
    test_powershell();
    test_environment();
    arena_release(&arena);
    return CHECK_END();
}
