/*
 * test_unfinished: lines that need more lines, and lines that do not; and that any nesting ends.
 */
#include "check.h"
#include "../shell/editor.h"

struct row {
    bool unfinished;
    const char *line;
};

static const struct row rows[] = {
    /* plain commands */
    {false, ""},
    {false, "ls"},
    {false, "   "},
    {false, "ls -l | wc"},
    {false, "a=1 b=2 ls"},
    {false, "ls;"},
    {false, "sleep 1 &"},
    {false, "ls; # a comment with ' and ("},
    {false, "# only 'a comment"},
    {false, "echo a#'b'"},
    {true, "echo a#'b"},
    {false, "if=1"},
    {false, "echo if then do {"},
    {false, "!"},
    {false, "time"},
    {false, "! true"},
    /* quotes and escapes */
    {true, "echo 'it"},
    {false, "echo 'it'"},
    {false, "echo it\\'s"},
    {false, "echo 'a\\'"},
    {true, "echo 'a\nb"},
    {false, "echo 'a\nb'"},
    {true, "echo \"a"},
    {true, "echo \"a\\\""},
    {false, "echo \"a\\\"\""},
    {false, "echo \"it's\""},
    {true, "echo $'it\\'"},
    {false, "echo $'it\\'s'"},
    {true, "echo $\"a"},
    {false, "echo \"$'\""},
    {true, "echo \\"},
    {false, "echo \\\\"},
    {false, "echo \\\n"},
    {true, "echo \\\n\\"},
    {false, "# not continued \\"},
    /* expansions */
    {true, "echo $(ls"},
    {false, "echo $(ls)"},
    {true, "echo \"$(ls\""},
    {false, "echo \"$(ls \")\")\""},
    {true, "echo $(echo $(ls)"},
    {true, "echo `ls"},
    {false, "echo `ls`"},
    {false, "echo `ls \\`a\\``"},
    {true, "echo \"`ls\""},
    {true, "echo ${x"},
    {false, "echo ${x}"},
    {false, "echo ${#x} ${x#'}'} ${!x}"},
    {true, "echo ${x:-'}"},
    {true, "echo \"${x:-it's}\""},
    {false, "echo \"${x:-'}'}\""},
    {true, "echo \"${x:-\"}"},
    {true, "echo $((1 + 2"},
    {true, "echo $((1 + 2)"},
    {false, "echo $((1 + (2 << 3)))"},
    {true, "echo $( (ls) "},
    {false, "echo $((ls); pwd)"},
    {true, "echo $((ls); pwd"},
    {true, "echo $[1 + 2"},
    {false, "echo $ $$ $! $?"},
    {true, "diff <(ls a) <(ls b"},
    {false, "diff <(ls a) <(ls b)"},
    {false, "echo $(case x in a) echo b;; esac)"},
    {true, "echo $(case x in a) echo b;; esac"},
    {false, "echo \"$(echo \"$(echo 'a)')\")\""},
    /* arrays and patterns */
    {true, "a=(1 2"},
    {false, "a=(1 2)"},
    {false, "a=(1\n# ) no\n2)"},
    {true, "a+=("},
    {false, "declare -A m=([a]=1 [b]='x y')"},
    {false, "ls !(a|b)"},
    {false, "ls @(a|(b))"},
    {false, "ls !(a"},
    /* operators at the end */
    {true, "ls |"},
    {true, "ls | "},
    {true, "ls |& # and"},
    {true, "ls &&"},
    {true, "ls ||\n\n"},
    {false, "ls &&\npwd"},
    {true, "ls && pwd |"},
    /* groups and subshells */
    {true, "(ls"},
    {false, "(ls)"},
    {false, "(ls) > x"},
    {true, "( (ls)"},
    {true, "{ ls"},
    {true, "{ ls }"},
    {false, "{ ls; }"},
    {false, "{ ls; } 2>&1 | cat"},
    {false, "{ls"},
    {false, "if<(ls)"},
    {true, "((1 + 2"},
    {false, "((1 + 2))"},
    {false, "((ls); pwd)"},
    {false, "((x = 1 << 2))"},
    {true, "((ls); pwd"},
    /* if */
    {true, "if true"},
    {true, "if true; then"},
    {true, "if true; then ls"},
    {true, "if true; then ls; else"},
    {true, "if true; then ls; elif false"},
    {false, "if true; then ls; elif false; then pwd; else id; fi"},
    {false, "if true\nthen\nls\nfi"},
    {true, "if true; then if false; then ls; fi"},
    {false, "if true; then echo fi; fi"},
    {true, "if true; then echo; echo fi"},
    {false, "if [[ a == b ]]; then ls; fi > x 2>&1"},
    {false, "fi"},
    {false, "if ; then"},
    {false, "if true; fi"},
    /* loops */
    {true, "while read x"},
    {true, "while read x; do"},
    {false, "while read x; do echo $x; done"},
    {true, "until false; do ls; "},
    {false, "until false; do ls; done < x | sort"},
    {true, "cat x | while read y; do"},
    {true, "for i in a b c"},
    {true, "for i in a b c; do"},
    {true, "for i"},
    {false, "for i in a b c; do echo $i; done"},
    {false, "for i\ndo echo $i\ndone"},
    {false, "for i do echo $i; done"},
    {false, "for i in; do ls; done"},
    {true, "for ((i = 0; i < 3; i++))"},
    {false, "for ((i = 0; i < 3; i++)); do echo $i; done"},
    {false, "for ((i = 0; i < 3; i++)) { echo $i; }"},
    {true, "for ((i = 0; i < 3"},
    {true, "select x in a b; do"},
    {false, "select x in a b; do break; done"},
    {false, "for"},
    {true, "for i in $(ls; pwd"},
    {true, "while :; do case x in a) echo done;; esac"},
    /* case */
    {true, "case x"},
    {true, "case x in"},
    {true, "case x in a)"},
    {true, "case x in a) ls"},
    {true, "case x in a) ls;;"},
    {false, "case x in a) ls;; esac"},
    {false, "case x in a) ls; esac"},
    {false, "case x in (a | 'b c') ls ;; *) ;; esac"},
    {false, "case x in esac"},
    {false, "case x in\na)\n\n;;\nb) ls ;&\nc) pwd ;;&\nesac"},
    {false, "case x in a) if true; then ls;; esac; fi"},
    {false, "case x in a) if true; then ls; fi;; esac"},
    {false, "case x in @(a|b)) ls;; esac"},
    {false, "case x in a|"},
    {false, "case x in a) (ls;; esac"},
    /* tests */
    {true, "[[ a"},
    {true, "[[ a && "},
    {false, "[[ a && ( b || c ) ]]"},
    {false, "[[ $x =~ ^(a|b)$ ]]"},
    {false, "[[ a < b ]] && ls"},
    {true, "[[ a == ']]'"},
    {false, "[ a"},
    /* functions */
    {true, "f() {"},
    {true, "f()"},
    {true, "f ( ) # body follows"},
    {false, "f() { ls; }"},
    {false, "f()\n{\nls\n}"},
    {true, "f() { ls; } && g() {"},
    {false, "f() (ls)"},
    {true, "f() (ls"},
    {true, "function f {"},
    {true, "function f"},
    {false, "function f { ls; }"},
    {false, "function f() { ls; } > x"},
    {false, "f() if true; then ls; fi"},
    {false, "f() ls"},
    /* here-documents */
    {true, "cat <<E"},
    {true, "cat <<E\nhello"},
    {false, "cat <<E\nhello\nE"},
    {false, "cat <<E\nhello\nE\n"},
    {true, "cat <<E\nhello\n E"},
    {true, "cat <<E\nhello\nE "},
    {false, "cat <<-E\nhello\n\t\tE"},
    {true, "cat <<E\n\tE"},
    {false, "cat <<'E F'\nit's $(\nE F"},
    {true, "cat <<'E'\nhello\n'E'"},
    {false, "cat <<\"E\"\nhello\nE"},
    {false, "cat <<\\E\nhello\\\nE"},
    {true, "cat <<E\nhello\\\nE"},
    {false, "cat <<E\nhello\\\\\nE"},
    {false, "cat << E ; ls\nx\nE\nls"},
    {true, "cat <<A <<B\na\nA\nb"},
    {false, "cat <<A <<B\na\nA\nb\nB"},
    {true, "cat <<A <<B\nb\nB\na"},
    {true, "cat <<E |"},
    {true, "cat <<E | sort\na"},
    {false, "cat <<E | sort\na\nE"},
    {true, "cat <<E |\na\nE\n"},
    {false, "cat <<E |\na\nE\nsort"},
    {true, "if true; then cat <<E\nfi\nE"},
    {false, "if true; then cat <<E\nfi\nE\nfi"},
    {true, "x=$(cat <<E\n)\nE"},
    {false, "x=$(cat <<E\n)\nE\n)"},
    {false, "cat <<< it"},
    {true, "cat <<< 'it"},
    {false, "cat <<"},
    {false, "echo \"<<E\""},
    {false, "((1 << 2))"},
    {false, "ls 2>&1 >x <y 3<>z &>w"},
    {true, "while read x; do echo; done <<E\na"},
    /* in doubt it is run */
    {false, "ls )"},
    {false, "ls | | wc"},
    {false, "}"},
    {false, "done; if"},
    {false, "(ls) pwd 'it"},
    {false, ";; echo 'it"},
    {false, "echo a ( b"},
};

static void check_rows(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char name[200];
        size_t n = 0;
        n = (size_t)snprintf(name, sizeof name, "%s: ", rows[i].unfinished ? "more" : "whole");
        for (const char *c = rows[i].line; *c && n + 3 < sizeof name; c++) {
            if (*c == '\n') {
                name[n++] = '\\';
                name[n++] = 'n';
            } else {
                name[n++] = *c == '\t' ? ' ' : *c;
            }
        }
        name[n] = '\0';
        CHECK(line_is_unfinished(str_from(rows[i].line)) == rows[i].unfinished, name);
    }
}

/* Whatever nests without end must be answered, and soon. */
static void check_bounds(void)
{
    static const char *const pieces[] = {"(", "$((", "((", "{ ", "$(", "\"$(", "${x:-", "if ",
        "a=(", "case x in a) ", "<(", "f() { ", "!(", "[[ ", "`", "$((1)+(", "cat <<E\n"};
    static char line[60000];

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        size_t n = 0, length = strlen(pieces[i]);
        while (n + length < sizeof line) {
            memcpy(line + n, pieces[i], length);
            n += length;
        }
        (void)line_is_unfinished((struct str){line, n});
        for (size_t cut = n - 8; cut < n; cut++)
            (void)line_is_unfinished((struct str){line, cut});
    }
    CHECK(true, "deep nesting ends");
    for (size_t i = 0; i < sizeof line; i++)
        line[i] = i % 2 ? ' ' : '(';
    CHECK(!line_is_unfinished((struct str){line, sizeof line}), "nesting too deep is run");
    CHECK(!line_is_unfinished((struct str){"echo '\0", 7}), "a NUL is not a line to go on with");
}

int main(void)
{
    check_rows();
    check_bounds();
    return CHECK_END();
}
