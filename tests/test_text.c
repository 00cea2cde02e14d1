/*
 * test_text: UTF-8, columns, the printable form, patterns, the nearest word.
 */
#include "check.h"
#include "../sandbox/core/text.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static struct arena arena;

static void check_utf8(void)
{
    static const struct {
        struct str bytes;
        size_t length;
        uint32_t scalar;
    } rows[] = {
        {TEXT("\0"), 1, 0},
        {TEXT("A"), 1, 'A'},
        {TEXT("\x7f"), 1, 0x7f},
        {TEXT("\xc2\x80"), 2, 0x80},
        {TEXT("\xdf\xbf"), 2, 0x7ff},
        {TEXT("\xe0\xa0\x80"), 3, 0x800},
        {TEXT("\xed\x9f\xbf"), 3, 0xd7ff},
        {TEXT("\xee\x80\x80"), 3, 0xe000},
        {TEXT("\xef\xbf\xbf"), 3, 0xffff},
        {TEXT("\xf0\x90\x80\x80"), 4, 0x10000},
        {TEXT("\xf4\x8f\xbf\xbf"), 4, 0x10ffff},
        /* not valid: a lone continuation, overlong forms, surrogates, too large, cut short, too
           long a lead */
        {TEXT("\x80"), 0, 0},
        {TEXT("\xbf"), 0, 0},
        {TEXT("\xc0\x80"), 0, 0},
        {TEXT("\xc1\xbf"), 0, 0},
        {TEXT("\xe0\x9f\xbf"), 0, 0},
        {TEXT("\xf0\x8f\xbf\xbf"), 0, 0},
        {TEXT("\xed\xa0\x80"), 0, 0},
        {TEXT("\xed\xbf\xbf"), 0, 0},
        {TEXT("\xf4\x90\x80\x80"), 0, 0},
        {TEXT("\xf5\x80\x80\x80"), 0, 0},
        {TEXT("\xc2"), 0, 0},
        {TEXT("\xe2\x82"), 0, 0},
        {TEXT("\xf0\x9f\x98"), 0, 0},
        {TEXT("\xc2"
              "A"),
            0, 0},
        {TEXT("\xe2\x28\xa1"), 0, 0},
        {TEXT("\xf8\x88\x80\x80\x80"), 0, 0},
        {TEXT("\xff"), 0, 0},
        {TEXT(""), 0, 0},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t scalar = 0;
        size_t length = text_decode(rows[i].bytes, 0, &scalar);
        CHECK(length == rows[i].length && scalar == rows[i].scalar,
            arena_format(&arena, "decode row %u", (unsigned)i).p);
    }
}

static void check_round_trip(void)
{
    bool good = true;
    char out[4];

    for (uint32_t scalar = 0; scalar < 0x110400; scalar++) {
        uint32_t back = 0;
        size_t length = text_encode(scalar, out);
        bool is_scalar = scalar <= 0x10ffff && (scalar < 0xd800 || scalar > 0xdfff);
        size_t wanted = !is_scalar         ? 0
                        : scalar < 0x80    ? 1
                        : scalar < 0x800   ? 2
                        : scalar < 0x10000 ? 3
                                           : 4;
        good = good && length == wanted;
        good = good && (!is_scalar || (text_decode((struct str){out, length}, 0, &back) == length &&
                                          back == scalar));
    }
    CHECK(good, "every scalar value is encoded and comes back, and nothing else is");
    CHECK(text_is_utf8(STR("")) && text_is_utf8(STR("a\xc3\xa9\xf0\x9f\x98\x80")) &&
              !text_is_utf8(STR("a\xc3")),
        "text_is_utf8 looks to the end");
}

static void check_columns(void)
{
    static const struct {
        uint32_t scalar;
        int columns;
    } rows[] = {
        {'a', 1},
        {' ', 1},
        {0x7e, 1},
        {0xe9, 1},
        {0xa0, 1},
        {0xad, 1},
        {0x416, 1},
        {0x5d0, 1},
        {0x627, 1},
        {0xe01, 1},
        {0x2500, 1},
        {0x2588, 1},
        {0x2713, 1},
        {0xe0b0, 1},
        {0xfffd, 1},
        {0x1d400, 1},
        {0xac00 - 1, 1},
        {0, 0},
        {0x1b, 0},
        {0x7f, 0},
        {0x85, 0},
        {0x9f, 0},
        {0x300, 0},
        {0x36f, 0},
        {0x483, 0},
        {0x5b0, 0},
        {0x64b, 0},
        {0x93c, 0},
        {0xe31, 0},
        {0x1160, 0},
        {0x11ff, 0},
        {0x200b, 0},
        {0x200d, 0},
        {0x202e, 0},
        {0x2060, 0},
        {0x20e3, 0},
        {0x3099, 0},
        {0xfe0f, 0},
        {0xfeff, 0},
        {0xe0101, 0},
        {0x1100, 2},
        {0x115f, 2},
        {0x2e80, 2},
        {0x3042, 2},
        {0x30a2, 2},
        {0x4e00, 2},
        {0x9fff, 2},
        {0xac00, 2},
        {0xd7a3, 2},
        {0xf900, 2},
        {0xff01, 2},
        {0xffe5, 2},
        {0x231a, 2},
        {0x2705, 2},
        {0x1f600, 2},
        {0x1f680, 2},
        {0x1f9d1, 2},
        {0x1fae8, 2},
        {0x20000, 2},
        {0x3fffd, 2},
        {0xff61, 1},
        {0xffdc, 1},
        {0x303f, 1},
        {0x1f000, 1},
        {0x40000, 1},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(text_columns(rows[i].scalar) == rows[i].columns,
            arena_format(
                &arena, "U+%04X takes %d columns", (unsigned)rows[i].scalar, rows[i].columns)
                .p);
}

static void check_printable(void)
{
    static const struct {
        const char *name;
        struct str text, wanted;
    } rows[] = {
        {"nothing", TEXT(""), TEXT("")},
        {"plain text stays", TEXT("caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"),
            TEXT("caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80")},
        {"a backslash is doubled", TEXT("a\\n"), TEXT("a\\\\n")},
        {"line feed and tab", TEXT("a\n\tb"), TEXT("a\\n\\tb")},
        {"carriage return, bell, backspace", TEXT("\r\a\b"), TEXT("\\x0D\\x07\\x08")},
        {"NUL and the last of C0", TEXT("\0\x1f"), TEXT("\\x00\\x1F")},
        {"delete", TEXT("\x7f"), TEXT("\\x7F")},
        {"a colour sequence", TEXT("\x1b[31m"), TEXT("\\x1B[31m")},
        {"the first and last of C1", TEXT("\xc2\x80\xc2\x9f"), TEXT("\\u{80}\\u{9F}")},
        {"CSI as one character",
            TEXT("\xc2\x9b"
                 "2J"),
            TEXT("\\u{9B}2J")},
        {"CSI as a bare byte",
            TEXT("\x9b"
                 "2J"),
            TEXT("\\x9B2J")},
        {"right-to-left override",
            TEXT("a\xe2\x80\xae"
                 "b"),
            TEXT("a\\u{202E}b")},
        {"isolates", TEXT("\xe2\x81\xa6\xe2\x81\xa9"), TEXT("\\u{2066}\\u{2069}")},
        {"direction marks", TEXT("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c"),
            TEXT("\\u{200E}\\u{200F}\\u{61C}")},
        {"zero width", TEXT("a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0\xef\xbb\xbf"),
            TEXT("a\\u{200B}\\u{200C}\\u{200D}\\u{2060}\\u{FEFF}")},
        {"a soft hyphen",
            TEXT("a\xc2\xad"
                 "b"),
            TEXT("a\\u{AD}b")},
        {"fillers", TEXT("\xe3\x85\xa4\xef\xbe\xa0\xe1\x85\x9f"),
            TEXT("\\u{3164}\\u{FFA0}\\u{115F}")},
        {"blanks that are no space", TEXT("\xc2\xa0\xe2\x80\x83\xe3\x80\x80\xe2\xa0\x80"),
            TEXT("\\u{A0}\\u{2003}\\u{3000}\\u{2800}")},
        {"line and paragraph separators", TEXT("\xe2\x80\xa8\xe2\x80\xa9"),
            TEXT("\\u{2028}\\u{2029}")},
        {"variation selectors", TEXT("a\xef\xb8\x8f\xf3\xa0\x84\x80"),
            TEXT("a\\u{FE0F}\\u{E0100}")},
        {"tag characters", TEXT("\xf3\xa0\x81\xa1"), TEXT("\\u{E0061}")},
        {"annotation marks", TEXT("\xef\xbf\xb9\xef\xbf\xbb"), TEXT("\\u{FFF9}\\u{FFFB}")},
        {"noncharacters", TEXT("\xef\xbf\xbf\xef\xb7\x90\xf4\x8f\xbf\xbe"),
            TEXT("\\u{FFFF}\\u{FDD0}\\u{10FFFE}")},
        {"bytes that are not UTF-8", TEXT("a\xff\xc0\xaf\xed\xa0\x80z"),
            TEXT("a\\xFF\\xC0\\xAF\\xED\\xA0\\x80z")},
        {"a character cut short", TEXT("a\xe2\x82"), TEXT("a\\xE2\\x82")},
        {"a mark on its letter", TEXT("e\xcc\x81"), TEXT("e\xcc\x81")},
        {"a mark without a letter",
            TEXT("\xcc\x81"
                 "e"),
            TEXT("\\u{301}e")},
        {"a mark behind an escape", TEXT("\n\xcc\x81"), TEXT("\\n\\u{301}")},
        {"a pile of marks",
            TEXT("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"
                 "f\xcc\x81"),
            TEXT("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\\u{301}f\xcc\x81")},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_STR(text_printable(&arena, rows[i].text), rows[i].wanted,
            arena_format(&arena, "printable: %s", rows[i].name).p);
}

/* Of all scalar values: what comes out is one line of valid UTF-8 without a control, and says which
 * it was. */
static void check_printable_all(void)
{
    bool good = true, distinct = true;

    for (uint32_t scalar = 0; scalar <= 0x10ffff; scalar++) {
        char bytes[5] = "x", out[24];
        size_t length = text_encode(scalar, bytes + 1);
        struct str shown;
        if (length == 0)
            continue;
        text_printable_into(out, sizeof out, (struct str){bytes, length + 1});
        shown = str_from(out);
        good = good && text_is_utf8(shown) && shown.n >= 2;
        for (size_t at = 0; at < shown.n && good; at++)
            good = (unsigned char)shown.p[at] >= 0x20 && shown.p[at] != 0x7f;
        if (shown.p[1] != '\\')
            distinct = distinct && str_eq(shown, (struct str){bytes, length + 1});
    }
    CHECK(good, "no scalar value comes out as a control");
    CHECK(distinct, "what is not escaped is itself");
}

static void check_into(void)
{
    char out[16];
    bool whole = true;

    text_printable_into(out, sizeof out, STR("123456789012345"));
    CHECK_STR(str_from(out), STR("123456789012345"), "what just fits is whole");
    text_printable_into(out, sizeof out, STR("1234567890123456"));
    CHECK_STR(str_from(out), STR("123456789012..."), "what does not is cut with dots");
    text_printable_into(out, sizeof out, STR("12345678901\xe6\x97\xa5xxx"));
    CHECK_STR(str_from(out), STR("12345678901..."), "no character is cut in two");
    text_printable_into(out, sizeof out, STR("1234567890\x1bxxx"));
    CHECK_STR(str_from(out), STR("1234567890..."), "no escape is cut in two");
    for (size_t size = 1; size <= sizeof out; size++) {
        memset(out, 'z', sizeof out);
        text_printable_into(out, size, STR("\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae"));
        whole = whole && memchr(out, 0, size) != NULL;
        for (size_t i = size; i < sizeof out; i++)
            whole = whole && out[i] == 'z';
    }
    CHECK(whole, "an array of any size is ended and not passed");
    out[0] = 'z';
    text_printable_into(out, 0, STR("a"));
    CHECK(out[0] == 'z', "an array of no size is left alone");
}

static void check_json(void)
{
    static const struct {
        struct str text, wanted;
    } rows[] = {
        {TEXT(""), TEXT("\"\"")},
        {TEXT("a\"b\\c/d"), TEXT("\"a\\\"b\\\\c/d\"")},
        {TEXT("\n\t\r\0\x7f"), TEXT("\"\\n\\t\\u000D\\u0000\\u007F\"")},
        {TEXT("\xc3\xa9\xf0\x9f\x98\x80"), TEXT("\"\xc3\xa9\xf0\x9f\x98\x80\"")},
        {TEXT("\xe2\x80\xae\xf3\xa0\x81\xa1\xc2\x9b"), TEXT("\"\\u202E\\uDB40\\uDC61\\u009B\"")},
        {TEXT("a\xff"), TEXT("\"a\\\\xFF\"")},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = {0};
        text_json(&out, rows[i].text);
        CHECK_STR(
            buf_view(&out), rows[i].wanted, arena_format(&arena, "json row %u", (unsigned)i).p);
        buf_release(&out);
    }
}

static void check_matches(void)
{
    static const struct {
        const char *pattern, *name;
        bool fold, wanted;
    } rows[] = {
        {"", "", false, true},
        {"", "a", false, false},
        {"*", "", false, true},
        {"*", "abc", false, true},
        {"a", "a", false, true},
        {"a", "A", false, false},
        {"a", "A", true, true},
        {"a", "ab", false, false},
        {"AWS_*", "AWS_", false, true},
        {"AWS_*", "AWS", false, false},
        {"AWS_*", "XAWS_A", false, false},
        {"*_TOKEN", "GH_TOKEN", false, true},
        {"*_TOKEN", "GH_TOKENS", false, false},
        {"*_SECRET*", "A_SECRET_B", false, true},
        {"*_secret*", "A_SECRET_B", true, true},
        {"a*b*c", "a-b-b-c", false, true},
        {"a*b*c", "a-c-b", false, false},
        {"*a*a*a", "aa", false, false},
        {"**", "x", false, true},
        {"a*", "*", false, false},
        {"*ab", "aab", false, true},
        {"*aab", "aaab", false, true},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(text_matches(str_from(rows[i].pattern), str_from(rows[i].name), rows[i].fold) ==
                  rows[i].wanted,
            arena_format(&arena, "\"%s\" %s \"%s\"%s", rows[i].pattern,
                rows[i].wanted ? "matches" : "does not match", rows[i].name,
                rows[i].fold ? " in any case" : "")
                .p);
    CHECK(text_same(STR("Path"), STR("PATH")) && text_same(STR(""), STR("")), "the same but for case");
    CHECK(!text_same(STR("PAT*"), STR("PATH")) && !text_same(STR("*"), STR("")) && !text_same(STR("PATH"), STR("PATHS")), "where a * is a character");
}

static void check_nearest(void)
{
    static const char *const words[] = {
        "version", "write", "protect", "git", "network", "memory_mb"};
    static const struct {
        const char *word, *wanted;
    } rows[] = {
        {"version", "version"},
        {"verison", "version"},
        {"Write", "write"},
        {"wirte", "write"},
        {"writes", "write"},
        {"gti", "git"},
        {"gt", "git"},
        {"memory", "memory_mb"},
        {"netwrok", "network"},
        {"protected", "protect"},
        {"x", NULL},
        {"", NULL},
        {"secret", NULL},
        {"gix", "git"},
        {"gxx", NULL},
        {"written", "write"},
        {"writable", NULL},
    };
    char longest[400];

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_STR(text_nearest(str_from(rows[i].word), words, COUNT_OF(words)),
            str_from(rows[i].wanted), arena_format(&arena, "nearest to \"%s\"", rows[i].word).p);
    memset(longest, 'v', sizeof longest);
    CHECK(!text_nearest((struct str){longest, sizeof longest}, words, COUNT_OF(words)).p,
        "a word of any length is bounded");
    CHECK(!text_nearest(STR("git"), words, 0).p, "of no words none is near");
}

static void printable_once(void)
{
    struct arena a = {0};

    CHECK_STR(text_printable_once(&a, STR("x \\x1B y\\")), STR("x \\x1B y\\"), "what is printable stays as it is");
    CHECK_STR(text_printable_once(&a, STR("x \x1b\\y")), STR("x \\x1B\\\\y"), "what is not is escaped as a whole");
    CHECK(text_printable_once(&a, STR("")).n == 0, "nothing stays nothing");
    CHECK_STR(str_from(text_printable_once(&a, str_slice(STR("one\\two"), 0, 3)).p), STR("one"), "a slice is printed without what follows it");
    CHECK_STR(str_from(text_shell(&a, str_slice(STR("one/two"), 0, 3)).p), STR("one"), "and so is a word for sh");
    arena_release(&a);
}

static void check_fold(const char *text, size_t columns, const char *wanted, const char *name)
{
    struct buf out = {0};

    text_fold(&out, str_from(text), columns);
    CHECK_STR(buf_view(&out), str_from(wanted), name);
    buf_release(&out);
}

static void check_folds(void)
{
    check_fold("short\nlines\n", 20, "short\nlines\n", "what fits stays");
    check_fold("", 20, "", "nothing stays nothing");
    check_fold("one two three four five six", 20, "one two three four\n  five six", "lines break between words");
    check_fold("  a  one two three four five", 20, "  a  one two three\n     four five", "and go on below their column");
    check_fold("a very long left column  then", 24, "a very long left column\n  then", "not where that is too far right");
    check_fold("x aaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 20, "x\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  b", "a long word stays whole");
    check_fold("aaaaaaaaaaaaaaaaaaaaaaaaaa", 20, "aaaaaaaaaaaaaaaaaaaaaaaaaa", "also alone");
    check_fold("one two three four five six", 5, "one two three four five six", "too few columns break nothing");
    check_fold("\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad \xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", 20,
        "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\n  \xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", "wide letters count twice");
}

static void check_shell(void)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {{"/a/b.c", "/a/b.c"}, {"a b", "'a b'"}, {"$(x)", "'$(x)'"}, {"a'b;", "'a'\\''b;'"}, {"", "''"}, {"-a", "'-a'"},
        {"~/a", "'~/a'"}, {"a\nb'c d", "$'a\\012b\\047c d'"}, {"\xff\\", "$'\\377\\134'"}, {"\xc3\xa4", "'\xc3\xa4'"},
        {"\xe2\x80\xae", "$'\\342\\200\\256'"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_STR(text_shell(&arena, str_from(rows[i].text)), str_from(rows[i].wanted), "one word for sh");
}

int main(void)
{
    check_shell();
    check_folds();
    printable_once();
    check_utf8();
    check_round_trip();
    check_columns();
    check_printable();
    check_printable_all();
    check_into();
    check_json();
    check_matches();
    check_nearest();
    arena_release(&arena);
    return CHECK_END();
}
