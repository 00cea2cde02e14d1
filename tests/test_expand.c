/*
 * test_expand: history expansion. Rows give a line and what becomes of it; "=" is left as it is,
 * "!" is refused.
 */
#include "check.h"
#include "../shell/editor.h"
#include "../shell/editor_parts.h"

#include "../sandbox/core/text.h"

struct row {
    const char *line;
    const char *wanted;
};

static const char *const past[] = {
    "echo one two",
    "ls -l 'a b' \"c d\"",
    "make && ./run --fast; echo $(ls | wc -l)>out",
    "cat <<E\nbody\nE",
    "git commit -m 'say hi'",
};

static const struct row rows[] = {
    {"ls", "="},
    {"", "="},
    /* whole lines */
    {"!!", "git commit -m 'say hi'"},
    {"sudo !!", "sudo git commit -m 'say hi'"},
    {"!! && !!", "git commit -m 'say hi' && git commit -m 'say hi'"},
    {"!1", "echo one two"},
    {"!5", "git commit -m 'say hi'"},
    {"!-1", "git commit -m 'say hi'"},
    {"!-5;ls", "echo one two;ls"},
    {"!ec", "echo one two"},
    {"!ma|less", "make && ./run --fast; echo $(ls | wc -l)>out|less"},
    {"!l -a", "ls -l 'a b' \"c d\" -a"},
    {"!?run?", "make && ./run --fast; echo $(ls | wc -l)>out"},
    {"!?c d? x", "ls -l 'a b' \"c d\" x"},
    {"!?body", "cat <<E\nbody\nE"},
    /* words */
    {"vi !$", "vi 'say hi'"},
    {"vi !$.bak", "vi 'say hi'.bak"},
    {"echo !^", "echo commit"},
    {"echo !*", "echo commit -m 'say hi'"},
    {"echo !:0", "echo git"},
    {"echo !!:1", "echo commit"},
    {"echo !!:1-2", "echo commit -m"},
    {"echo !!:2-$", "echo -m 'say hi'"},
    {"echo !!:2*", "echo -m 'say hi'"},
    {"echo !!:-1", "echo git commit"},
    {"echo !1:$", "echo two"},
    {"echo !1$", "echo two"},
    {"echo !ls:2", "echo 'a b'"},
    {"echo !ls:3", "echo \"c d\""},
    {"echo !make:1", "echo &&"},
    {"echo !make:4", "echo ;"},
    {"echo !make:6", "echo $(ls | wc -l)"},
    {"echo !make:7", "echo >"},
    {"echo !make:$", "echo out"},
    {"!!: x", "git commit -m 'say hi': x"},
    /* where it is not asked for */
    {"echo '!!'", "="},
    {"echo \"!!\"", "echo \"git commit -m 'say hi'\""},
    {"echo \"it's !!\"", "echo \"it's git commit -m 'say hi'\""},
    {"echo 'a'!$'b'", "echo 'a''say hi''b'"},
    {"echo \\!!", "="},
    {"echo \\\\!1", "echo \\\\echo one two"},
    {"echo hi!", "="},
    {"echo \"hi!\"", "="},
    {"echo \"hi!\" !1", "echo \"hi!\" echo one two"},
    {"! true", "="},
    {"[ a != b ]", "="},
    {"[!a]*", "="},
    {"ls !(a|b)", "="},
    {"echo $! $!x", "="},
    {"echo ${!x}", "="},
    {"wait $!; !1", "wait $!; echo one two"},
    {"ls # !! is not run", "="},
    {"ls a#!1", "ls a#echo one two"},
    {"cat <<E\n!!\nE", "="},
    {"cat <<E !1\n!!\nE", "cat <<E echo one two\n!!\nE"},
    {"cat <<< !1\n!1", "cat <<< echo one two\necho one two"},
    {"echo 'a\n!!\nb'", "="},
    {"ls;!\n", "="},
    /* refused */
    {"!99", "!"},
    {"!0", "!"},
    {"!-6", "!"},
    {"!999999999999999999999", "!"},
    {"!zzz", "!"},
    {"echo \"!zzz\"", "!"},
    {"!?nothing?", "!"},
    {"!?", "!"},
    {"!!:9", "!"},
    {"!!:3-1", "!"},
    {"!!:s/a/b/", "!"},
    {"!!:p", "!"},
    {"!$:h", "!"},
    /* quick substitution */
    {"^say^cry^", "git commit -m 'cry hi'"},
    {"^say ^", "git commit -m 'hi'"},
    {"^commit^push", "git push -m 'say hi'"},
    {"^hi'^ho'^ --amend", "git commit -m 'say ho' --amend"},
    {"^-m", "git commit  'say hi'"},
    {"^nothing^x^", "!"},
    {"^^x^", "!"},
    {"^", "!"},
    {" ^say^cry^", "="},
};

static void check_row(const struct editor *ed, const struct row *row)
{
    struct arena a = {0};
    struct err e = {0};
    struct str out = STR("untouched");
    char name[160], shown[120];
    int answer = line_expand_history(&a, str_from(row->line), ed, &out, &e);

    text_printable_into(shown, sizeof shown, str_from(row->line));
    snprintf(name, sizeof name, "expand %s", shown);
    if (strcmp(row->wanted, "=") == 0)
        CHECK(answer == 0 && str_is(out, "untouched"), name);
    else if (strcmp(row->wanted, "!") == 0)
        CHECK(answer == -1 && e.what[0] != '\0' && str_is(out, "untouched"), name);
    else
        CHECK_STR(out, str_from(answer == 1 ? row->wanted : "(an answer of 1)"), name);
    arena_release(&a);
}

static void check_bounds(void)
{
    static char big[LINE_BYTES_MAX];
    struct editor *ed = editor_new();
    struct arena a = {0};
    struct err e = {0};
    struct str out;

    CHECK(line_expand_history(&a, STR("!!"), ed, &out, &e) == -1,
        "without history there is no event");
    CHECK(strcmp(e.subject, "!!") == 0, "the error names it");
    err_clear(&e);
    CHECK(line_expand_history(&a, STR("^a^b"), ed, &out, &e) == -1, "nor anything to replace");
    err_clear(&e);
    memset(big, 'x', sizeof big);
    editor_history_add(ed, (struct str){big, sizeof big});
    CHECK(line_expand_history(&a, STR("!! y"), ed, &out, &e) == -1 && e.kind == ERR_LIMIT,
        "a line that grows too long is refused");
    err_clear(&e);
    CHECK(line_expand_history(&a, STR("!!"), ed, &out, &e) == 1 && out.n == sizeof big,
        "one that just fits is not");
    editor_history_add(ed, STR("echo 'never closed"));
    CHECK(line_expand_history(&a, STR("x !$"), ed, &out, &e) == 1,
        "a line with an open quote has words");
    CHECK_STR(out, STR("x 'never closed"), "the open one is its last");
    CHECK_STR(line_last_word(STR("  ")), STR(""), "a blank line has no last word");
    arena_release(&a);
    editor_free(ed);
}

int main(void)
{
    struct editor *ed = editor_new();

    for (size_t i = 0; i < COUNT_OF(past); i++)
        editor_history_add(ed, str_from(past[i]));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(ed, &rows[i]);
    editor_free(ed);
    check_bounds();
    return CHECK_END();
}
