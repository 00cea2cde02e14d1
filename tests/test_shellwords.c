/*
 * test_shellwords: commands of configurations, and what they run.
 */
#include "../sandbox/core/shellwords.h"
#include "check.h"

#include <string.h>

/* words: each "TEXT" or "BASE|TEXT" where the base is not /w; '!' before a program, '?' before what cannot be told, '-' before
 * what need not be. One space between, '_' for a blank in a word. */
static const struct {
    const char *command, *words;
    bool whole;
} cases[] = {
    {"tools/c %f", "!tools/c %f", true},
    {"!f() { tools/c; }; f", "!f !tools/c !f", true},
    {"'./my tools/b' x", "!./my_tools/b -./my -tools/b x", true},
    {"\"./my tools\"/'b'", "!./my_tools/b -./my -tools/b", true},
    {"my\\ tools", "!my_tools -my -tools", true},
    {"$HOME/a ${HOME}/b ~/c a~/d", "!/h/a /h/b /h/c a~/d", true},
    {"\"$HOME\"/a '$HOME'/b", "!/h/a $HOME/b", true},
    {"$PWD/a $(pwd)/b `pwd`/c", "!/w/a /w/b /w/c", true},
    {"\"$(git rev-parse --show-toplevel)\"/tools/c", "!/w/tools/c", true},
    {"$(tools/which)/c", "!tools/which !?/c", true},
    {"cd tools && ./d", "!cd tools /w/tools|!./d", true},
    {"cd /x; ./d", "!cd /x /x|!./d", true},
    {"cd \"$X\" && ./d", "!cd ? none|!./d", true},
    {"(cd tools; ./d) | ./e", "!cd tools /w/tools|!./d !./e", true},
    {"A=x/y B= tools/c", "x/y  !tools/c", true},
    {"sh -c 'exec ./tools/c' x", "!sh -c exec_./tools/c !./tools/c x", true},
    {"python3 -c 'open(\"tools/x.py\")'", "!python3 -c open(\"tools/x.py\") !open !tools/x.py", true},
    {"perl -pe 's/ $x/y/'", "!perl -pe s/_$x/y/ -s/ -?/y/", true},
    {"cat \"$1\" \"$@\"", "!cat -? -?", true},
    {"tools/*", "!?tools/", true},
    {"if tools/a; then ./b; fi # ./c", "!tools/a !./b !fi", true},
    {"x <in >out", "!x in out", true},
    {"'open", "!open", false},
    {"\"open", "!open", false},
    {"$(open", "!open !?", false},
    {"a \\", "!a", true},
    {"", "", true},
};

static struct str told(struct arena *a, const struct shellwords *words)
{
    struct buf out = {0};
    struct str line;

    for (size_t i = 0; i < words->n; i++) {
        const struct shellword *w = &words->v[i];
        buf_str(&out, i ? STR(" ") : STR(""));
        if (!str_is(w->base, "/w")) {
            buf_str(&out, w->base.n ? w->base : STR("none"));
            buf_str(&out, STR("|"));
        }
        buf_str(&out, w->program ? STR("!") : STR(""));
        buf_str(&out, w->given ? STR("-") : STR(""));
        buf_str(&out, w->told ? STR("") : STR("?"));
        for (size_t j = 0; j < w->text.n; j++)
            buf_add(&out, w->text.p[j] == ' ' ? "_" : &w->text.p[j], 1);
    }
    line = arena_str(a, buf_view(&out));
    buf_release(&out);
    return line;
}

static void test_words(struct arena *a)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct shellwords words;
        struct str line;
        shellwords_read(a, str_from(cases[i].command), STR("/h"), STR("/w"), &words);
        line = told(a, &words);
        CHECK_STR(line, str_from(cases[i].words), arena_format(a, "words of %s", cases[i].command).p);
        CHECK(words.whole == cases[i].whole, arena_format(a, "whole: %s", cases[i].command).p);
    }
}

/* Nothing in a command makes it long. */
static void test_bounds(struct arena *a)
{
    struct buf text = {0};
    struct shellwords words;

    for (int i = 0; i < 5000; i++)
        buf_add(&text, "a ", 2);
    shellwords_read(a, buf_view(&text), STR("/h"), STR("/w"), &words);
    CHECK(words.n == 1000 && !words.whole, "words have an end");
    text.n = 0;
    for (int i = 0; i < 5000; i++)
        buf_add(&text, "$(", 2);
    shellwords_read(a, buf_view(&text), STR("/h"), STR("/w"), &words);
    CHECK(!words.whole, "depth has an end");
    text.n = 0;
    for (int i = 0; i < 5000; i++)
        buf_add(&text, "$HOME", 5);
    shellwords_read(a, buf_view(&text), STR("/a/very/long/home/to/be/put/in/for/five/characters"), STR("/w"), &words);
    CHECK(!words.whole || words.n == 1, "length has an end");
    buf_release(&text);
}

int main(void)
{
    struct arena a = {0};

    test_words(&a);
    test_bounds(&a);
    CHECK(shellwords_reads_files(STR("/usr/bin/make")) && shellwords_reads_files(STR("npm")) && !shellwords_reads_files(STR("makex")), "programs that read their orders");
    arena_release(&a);
    return CHECK_END();
}
