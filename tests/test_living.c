/* living: the two directions of the command shell's socket, byte by byte. The hook itself is tested against a real bash
 * in test_living_linux.c. */
#include "check.h"

#include "../shell/living.h"

static int take(struct arena *a, struct str bytes, struct living_report *r, size_t *used)
{
    struct err e = {0};
    return living_take(a, bytes, r, used, &e);
}

static void test_take(void)
{
    struct arena a = {0};
    struct living_report r = {0};
    size_t used = 0;
    static const struct {
        struct str bytes;
        int result;
        const char *name;
    } refused[] = {
        {STR(""), 0, "nothing"},
        {STR("\0D1 0 /x"), 0, "a report without its end"},
        {STR("\0D1 0"), 0, "half a report"},
        {STR("\0D1\0"), -1, "no status"},
        {STR("\0D1 0\0"), -1, "no directory"},
        {STR("\0D1 256 /\0"), -1, "a status over 255"},
        {STR("\0D4294967296 0 /\0"), -1, "an id over 32 bits"},
        {STR("\0D99999999999999999999 0 /\0"), -1, "an id of many digits"},
        {STR("\0D-1 0 /\0"), -1, "a negative id"},
        {STR("\0D 0 /\0"), -1, "no id"},
        {STR("\0Q1 0 /\0"), -1, "an unknown word"},
        {STR("\0true\0D1 0 /\0"), -1, "a trap that is none"},
        {STR("hello\n\0"), -1, "plain text"},
    };

    for (size_t i = 0; i < COUNT_OF(refused); i++)
        CHECK(take(&a, refused[i].bytes, &r, &used) == refused[i].result && used == 0, refused[i].name);
    CHECK(take(&a, STR("\0R0 0 /tmp\0rest"), &r, &used) == 1 && used == 11 && r.kind == LIVING_READY &&
              str_is(r.cwd, "/tmp"), "the first report");
    CHECK(take(&a, STR("trap -- 'a\nb' DEBUG\n\0" "12\n345\n\0D77 130 /a b\n\0\0"), &r, &used) == 1 && r.kind == LIVING_DONE &&
              r.id == 77 && r.status == 130 && r.jobs == 2 && str_is(r.cwd, "/a b\n") &&
              str_is(r.traps, "trap -- 'a\nb' DEBUG\n"), "a line's end with a trap and two jobs");
    CHECK(take(&a, STR("\0D1 0 /\0"), &r, &used) == 1 && r.jobs == 0 && r.traps.n == 0, "nothing is left of the report before");
    CHECK(take(&a, STR("trap -- '' SIGINT\n\0T5 9 /\0"), &r, &used) == 1 && r.kind == LIVING_TORN && r.sync == 9 &&
              r.traps.n == 0, "a torn line, whose traps are the hook's own");
    CHECK(take(&a, STR("\0eA=1\n2\0eB=\0ff1\0aq\0l[1]+ x\n[2]- y\n\0X3 0 /\0"), &r, &used) == 1 && r.kind == LIVING_EXPORT &&
              r.environment.n == 2 && str_is(r.environment.v[0], "A=1\n2") && r.functions.n == 1 &&
              str_is(r.functions.v[0], "f1") && r.aliases.n == 1 && r.job_lines.n == 2, "an export");
    CHECK(take(&a, STR("\0wone\ntwo\n\0C4 0 /\0"), &r, &used) == 1 && r.kind == LIVING_WORDS && r.words.n == 2,
        "a completion");
    struct buf big = {.ceiling = (size_t)8 << 20};
    while (big.n <= LIVING_BYTES_MAX)
        buf_str(&big, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    CHECK(take(&a, buf_view(&big), &r, &used) == -1, "a report without an end is given up");
    buf_release(&big);
    arena_release(&a);
}

static void test_send(void)
{
    struct buf out = {0};
    struct err e = {0};
    struct living_line line = {.id = 12, .text = STR("echo hi")};
    struct living_report torn = {.sync = 3};

    CHECK(living_send(&out, &line, &e), "a line is sent");
    CHECK_STR(buf_view(&out), STR("L---00000000120000000007echo hiE0000000012;"), "as header, text and trailer");
    buf_clear(&out);
    line = (struct living_line){.id = 1, .text = STR("\303\266"), .traps = STR("trap"), .whole = true};
    CHECK(living_send(&out, &line, &e), "a line with everything is sent");
    CHECK_STR(buf_view(&out), STR("LWDB00000000010000000002\303\2660000000004trapE0000000001;"), "with its letters");
    buf_clear(&out);
    line = (struct living_line){.id = 1, .text = STR(""), .traps = STR("a\0b")};
    CHECK(living_send(&out, &line, &e), "a trap with a NUL is left out");
    CHECK_STR(buf_view(&out), STR("L---00000000010000000000E0000000001;"), "and the line goes");
    buf_clear(&out);
    living_send_sync(&out, &torn);
    CHECK_STR(buf_view(&out), STR("\0S 3\0"), "the answer to a torn line");
    buf_clear(&out);
    CHECK(!living_send_complete(&out, 1, STR("a\0"), LIVING_COMMANDS) && out.n == 0, "a word with a NUL is not completed");
    buf_release(&out);
}

static void test_text(void)
{
    struct arena a = {0};
    struct texts env = {0}, files;
    struct str text;

    *(struct str *)ARENA_PUSH(&a, &env) = STR("A=it's");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("BASH_FUNC_f%%=() { x; }");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("$(x)=1");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("NOEQUALS");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("=empty");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("SHELLOPTS=x");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("__cordon_fd=9");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("N=a\0b");
    text = living_restore(&a, &env, STR("/a'b"));
    CHECK_STR(text, STR("{\n:\n\\builtin export A='it'\\''s'\n\\builtin cd -- '/a'\\''b'\n} 2>/dev/null\n"),
        "what is carried over is quoted, and only names that are names");
    files = (struct texts){0};
    *(struct str *)ARENA_PUSH(&a, &files) = STR("/home/o'x/.bashrc");
    text = living_hook(&a, &files);
    CHECK(strstr(text.p, "\\builtin source '/home/o'\\''x/.bashrc'; fi\n") != NULL, "the start file's path is quoted");
    CHECK(strstr(living_hook(&a, NULL).p, "\\builtin source '") == NULL, "without one nothing is sourced");
    env.n = 0;
    *(struct str *)ARENA_PUSH(&a, &env) = STR("PROMPT_COMMAND=evil");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("A=b");
    living_environment(&a, text, &env);
    CHECK(env.n == 3 && str_is(env.v[0], "A=b") && str_starts(env.v[1], STR("PROMPT_COMMAND=LC_ALL=C ")),
        "the environment has our own PROMPT_COMMAND and no other");
    arena_release(&a);
}

int main(void)
{
    test_take();
    test_send();
    test_text();
    return CHECK_END();
}
