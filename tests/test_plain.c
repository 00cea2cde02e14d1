/* plain: what a line's shell left, byte by byte. The shell itself is tested in plain_tty.py and test_repl.sh. */
#include "check.h"

#include "../shell/plain.h"

static void test_take(void)
{
    struct arena a = {0};
    struct plain_state s;
    static const struct {
        struct str bytes;
        const char *name;
    } untold[] = {
        {STR(""), "nothing"},
        {STR("/usr\n"), "half a folder"},
        {STR("/usr\n\0"), "a folder alone"},
        {STR("/usr\n\0A=1\0"), "variables without their end"},
        {STR("/usr\n\0A=1\0="), "an end that is not closed"},
        {STR("/usr\n\0A=1\0=\0B=2\0"), "something behind the end"},
        {STR("/usr\n\0A=1\0=\0=\0"), "two ends"},
    };

    for (size_t i = 0; i < COUNT_OF(untold); i++) {
        plain_take(&a, untold[i].bytes, &s);
        CHECK(!s.told && !s.finished && s.environment.n == 0, untold[i].name);
    }
    plain_take(&a, STR("F\0/usr\n\0A=1\0B=x=y\nz\0=\0"), &s);
    CHECK(s.told && s.finished && s.environment.n == 2, "a whole state");
    CHECK_STR(s.folder, STR("/usr"), "its folder");
    CHECK(s.told && str_is(s.environment.v[1], "B=x=y\nz"), "a value with = and a newline");
    plain_take(&a, STR("/a\nb\n\0=\0"), &s);
    CHECK(s.told && !s.finished && str_is(s.folder, "/a\nb"), "a folder with a newline, a line that was left");
    plain_take(&a, STR("F\0\0A=1\0=\0"), &s);
    CHECK(s.told && !s.folder.p, "a folder that is gone");
    plain_take(&a, STR("F\0usr\n\0A=1\0=\0"), &s);
    CHECK(s.told && !s.folder.p, "a folder that is not absolute");
    plain_take(&a, STR("/\n\0A=1\0B\0=C\0_=x\0F%%=() { :; }\0 A=2\0" "1=x\0\0D=\0=\0"), &s);
    CHECK(s.told && s.environment.n == 2 && str_is(s.environment.v[1], "D="), "what no variable can be called is left out");
    arena_release(&a);
}

static void test_argv(void)
{
    struct arena a = {0};
    struct texts argv = {0};

    plain_argv(&a, STR("/bin/sh"), STR("sh"), STR("echo \"$?\""), 3, &argv);
    CHECK(argv.n == 5 && str_is(argv.v[1], "-c") && str_is(argv.v[3], "sh"), "the words");
    CHECK_STR(argv.v[4], STR("shift; (exit 3); echo \"$?\""), "the line is a word of its own");
    CHECK(plain_knows(STR("dash")) && !plain_knows(STR("bash")) && !plain_knows(STR("fish")), "shells by name");
    arena_release(&a);
}

int main(void)
{
    test_take();
    test_argv();
    return CHECK_END();
}
