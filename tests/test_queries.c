/* queries: what a console host asks, cut at every byte, and what is passed on untouched; sizes. */
#include "check.h"

#include "../conpty/queries.h"

#define DA1 "\033[?61;6;7;21;22;23;24;32;42c"

/* Feeds pieces; each question for the cursor is answered with row 7, column how many bytes were shown before it. */
static void feed(struct queries *q, struct str piece, struct buf *show, struct buf *answers)
{
    size_t at = 0;

    while (queries_take(q, piece, &at, show, answers) == QUERY_CURSOR)
        queries_cursor(7, (uint32_t)show->n, answers);
}

struct row {
    const char *name;
    struct str input, shown, answered;
};

static const struct row rows[] = {
    {"plain text", STR("hello\r\n"), STR("hello\r\n"), STR("")},
    {"the start of an old host", STR("\033[6n\033[?25l\033[2J\033[m\033[H"), STR("\033[?25l\033[2J\033[m\033[H"), STR("\033[7;1R")},
    {"the start of a newer host", STR("\033[6n\033[c\033[?1004h\033[?9001hx"), STR("x"), STR("\033[7;1R" DA1)},
    {"without inheriting the cursor", STR("\033[c\033[?1004h\033[?9001h"), STR(""), STR(DA1)},
    {"DA1 with a 0", STR("\033[0c"), STR(""), STR(DA1)},
    {"only the first DA1", STR("\033[ca\033[cb"), STR("a\033[cb"), STR(DA1)},
    {"where the cursor is, in mid-stream", STR("abc\033[6ndef\033[6n"), STR("abcdef"), STR("\033[7;3R\033[7;6R")},
    {"modes at the end", STR("x\033[?1004l\033[?9001l"), STR("x"), STR("")},
    {"several modes at once are the guard's", STR("\033[?1004;1003h"), STR("\033[?1004;1003h"), STR("")},
    {"other modes", STR("\033[?1049h\033[?25l\033[?1004$p"), STR("\033[?1049h\033[?25l\033[?1004$p"), STR("")},
    {"another size", STR("a\033[8;24;80tb"), STR("ab"), STR("")},
    {"other reports", STR("\033[18t\033[5n\033[?6n\033[>c\033[=c"), STR("\033[18t\033[5n\033[?6n\033[>c\033[=c"), STR("")},
    {"an escape that is none", STR("\033\033[6n\033M\033(B"), STR("\033\033M\033(B"), STR("\033[7;1R")},
    {"one that another interrupts", STR("\033[6\033[6n"), STR("\033[6"), STR("\033[7;3R")},
    {"a control in the middle", STR("\033[6\rn"), STR("\033[6\rn"), STR("")},
    {"a number without end", STR("\033[11111111111111111111111111111111111111116n"),
        STR("\033[11111111111111111111111111111111111111116n"), STR("")},
    {"a string that has the letters", STR("\033]0;[6n\007[6n"), STR("\033]0;[6n\007[6n"), STR("")},
    {"an unfinished one at the end", STR("a\033[?90"), STR("a\033[?90"), STR("")},
};

static bool same_for(const struct row *row, size_t first, size_t second)
{
    struct queries q = {0};
    struct buf show = {0}, answers = {0};
    bool good;

    feed(&q, str_slice(row->input, 0, first), &show, &answers);
    feed(&q, str_slice(row->input, first, second), &show, &answers);
    feed(&q, str_slice(row->input, second, row->input.n), &show, &answers);
    queries_end(&q, &show);
    good = str_eq(buf_view(&show), row->shown) && (str_eq(buf_view(&answers), row->answered));
    buf_release(&show);
    buf_release(&answers);
    return good;
}

static void test_rows(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool good = true;
        CHECK(same_for(&rows[i], rows[i].input.n, rows[i].input.n), rows[i].name);
        for (size_t first = 0; first <= rows[i].input.n; first++)
            for (size_t second = first; second <= rows[i].input.n; second++)
                good = good && same_for(&rows[i], first, second);
        CHECK(good, "the same, cut at any two bytes");
    }
}

static void test_long(void)
{
    static char many[100000];
    struct queries q = {0};
    struct buf show = {0}, answers = {0};

    memset(many, '9', sizeof many);
    many[0] = '\033';
    many[1] = '[';
    feed(&q, (struct str){many, sizeof many}, &show, &answers);
    queries_end(&q, &show);
    CHECK(show.n == sizeof many && !memcmp(show.p, many, show.n) && !answers.n, "a sequence without end passes, and nothing grows");
    buf_release(&show);
    buf_release(&answers);
}

static void test_cursor(void)
{
    struct buf answers = {0};

    queries_cursor(0, 0, &answers);
    queries_cursor(70000, 3, &answers);
    CHECK_STR(buf_view(&answers), STR("\033[1;1R\033[32767;3R"), "positions begin with 1 and end with what a console can have");
    buf_release(&answers);
}

static void test_sizes(void)
{
    struct sizes s = {0};
    int wait = 0;

    CHECK(!sizes_due(&s, 1000, &wait) && wait == -1, "nothing waits");
    sizes_want(&s, 24, 80, 1000);
    CHECK(!sizes_due(&s, 1001, &wait) && wait == SIZES_MS - 1, "a size waits a little");
    sizes_want(&s, 25, 80, 1010);
    CHECK(!sizes_due(&s, 1000 + SIZES_MS, &wait), "the next one begins the wait anew");
    CHECK(sizes_due(&s, 1010 + SIZES_MS, &wait) && s.rows == 25 && s.columns == 80, "the last one counts");
    CHECK(!sizes_due(&s, 2000, &wait), "once");
    sizes_want(&s, 25, 80, 3000);
    CHECK(!sizes_due(&s, 4000, &wait), "the same size is none");
    sizes_want(&s, 30, 80, 4000);
    sizes_want(&s, 25, 80, 4001);
    CHECK(!sizes_due(&s, 5000, &wait), "there and back is none");
    sizes_want(&s, 0, 80, 5000);
    CHECK(!sizes_due(&s, 6000, &wait), "a minimized window has no size");
    sizes_want(&s, 1u << 20, 1u << 20, 6000);
    CHECK(sizes_due(&s, 7000, &wait) && s.rows == 32767 && s.columns == 32767, "more than a console can have");
}

/* A console that nobody looks at: what the host asks is seen wherever reads cut it. */
static void test_asks(void)
{
    static const struct {
        const char *name;
        struct str bytes;
        bool asks;
    } asked[] = {
        {"the start of a newer host", STR("\033[c\033[?1004h\033[?9001h"), true},
        {"behind text", STR("ab\033[mcd\033[c"), true},
        {"behind half of one", STR("\033[\033[c"), true},
        {"another report", STR("\033[>c\033[?6n\033[0;c\033c[c"), false},
        {"nothing", STR(""), false},
    };

    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        bool good = true;
        for (size_t cut = 0; cut <= asked[i].bytes.n; cut++) {
            size_t matched = 0;
            bool first = queries_asks(&matched, str_slice(asked[i].bytes, 0, cut));
            good = (queries_asks(&matched, str_slice(asked[i].bytes, cut, asked[i].bytes.n)) || first) == asked[i].asks && good;
        }
        CHECK(good, asked[i].name);
    }
}

int main(void)
{
    test_asks();
    test_rows();
    test_long();
    test_cursor();
    test_sizes();
    return CHECK_END();
}
