/*
 * test_complete: the word before the cursor, and how candidates are written. In the rows the line
 * ends at the cursor; names and folders are what the word means.
 */
#include "check.h"
#include "../shell/complete.h"
#include "../sandbox/core/text.h"

struct row {
    const char *line;
    enum complete_kind kind;
    size_t tail;
    const char *folder, *name;
};

static const struct row rows[] = {
    {"", COMPLETE_COMMAND, 0, "", ""},
    {"l", COMPLETE_COMMAND, 0, "", "l"},
    {"ls ", COMPLETE_FILE, 3, "", ""},
    {"ls a", COMPLETE_FILE, 3, "", "a"},
    {"ls src/a", COMPLETE_FILE, 7, "src/", "a"},
    {"./ru", COMPLETE_COMMAND, 2, "./", "ru"},
    {"ls a/b/", COMPLETE_FILE, 7, "a/b/", ""},
    /* where a command begins */
    {"ls; p", COMPLETE_COMMAND, 4, "", "p"},
    {"ls | gr", COMPLETE_COMMAND, 5, "", "gr"},
    {"ls && ", COMPLETE_COMMAND, 6, "", ""},
    {"ls &\np", COMPLETE_COMMAND, 5, "", "p"},
    {"sleep 1 & p", COMPLETE_COMMAND, 10, "", "p"},
    {"(l", COMPLETE_COMMAND, 1, "", "l"},
    {"{ l", COMPLETE_COMMAND, 2, "", "l"},
    {"if tr", COMPLETE_COMMAND, 3, "", "tr"},
    {"if true; then l", COMPLETE_COMMAND, 14, "", "l"},
    {"while ! gr", COMPLETE_COMMAND, 8, "", "gr"},
    {"a=1 B_2=x l", COMPLETE_COMMAND, 10, "", "l"},
    {"=1 l", COMPLETE_FILE, 3, "", "l"},
    {"echo a=1 l", COMPLETE_FILE, 9, "", "l"},
    {"echo if l", COMPLETE_FILE, 8, "", "l"},
    {"(ls) ", COMPLETE_COMMAND, 5, "", ""},
    /* redirections */
    {"> o", COMPLETE_FILE, 2, "", "o"},
    {"ls >o", COMPLETE_FILE, 4, "", "o"},
    {"> out l", COMPLETE_COMMAND, 6, "", "l"},
    {"ls 2>&1 a", COMPLETE_FILE, 8, "", "a"},
    {"ls >> out/f", COMPLETE_FILE, 10, "out/", "f"},
    /* quotes */
    {"ls 'my f", COMPLETE_FILE, 3, "", "my f"},
    {"ls \"my f", COMPLETE_FILE, 3, "", "my f"},
    {"ls my\\ f", COMPLETE_FILE, 3, "", "my f"},
    {"ls 'a b'/c", COMPLETE_FILE, 9, "a b/", "c"},
    {"ls 'a b/c d", COMPLETE_FILE, 8, "a b/", "c d"},
    {"ls a\"b\"c", COMPLETE_FILE, 3, "", "abc"},
    {"ls \"a\\b\\\"", COMPLETE_FILE, 3, "", "a\\b\""},
    {"ls $'a\\'b", COMPLETE_FILE, 3, "", "a'b"},
    {"'my prog", COMPLETE_COMMAND, 0, "", "my prog"},
    {"echo \"a;b", COMPLETE_FILE, 5, "", "a;b"},
    {"echo 'a' b", COMPLETE_FILE, 9, "", "b"},
    {"ls ~/d", COMPLETE_FILE, 5, "~/", "d"},
    /* expansions */
    {"echo $(l", COMPLETE_COMMAND, 7, "", "l"},
    {"echo \"$(cat f", COMPLETE_FILE, 12, "", "f"},
    {"echo $(ls) f", COMPLETE_FILE, 11, "", "f"},
    {"echo \"$(ls)/f", COMPLETE_FILE, 12, "$(ls)/", "f"},
    {"echo `l", COMPLETE_COMMAND, 6, "", "l"},
    {"echo `ls` f", COMPLETE_FILE, 10, "", "f"},
    {"diff <(so", COMPLETE_COMMAND, 7, "", "so"},
    {"diff <(sort a) <(sort b", COMPLETE_FILE, 22, "", "b"},
    {"diff <(sort a) b", COMPLETE_FILE, 15, "", "b"},
    {"echo $HO", COMPLETE_VARIABLE, 6, "", "HO"},
    {"echo \"$HO", COMPLETE_VARIABLE, 7, "", "HO"},
    {"echo ${HO", COMPLETE_VARIABLE, 7, "", "HO"},
    {"echo $", COMPLETE_VARIABLE, 6, "", ""},
    {"echo '$HO", COMPLETE_FILE, 5, "", "$HO"},
    {"echo \\$HO", COMPLETE_FILE, 5, "", "$HO"},
    {"echo \\\\$HO", COMPLETE_VARIABLE, 8, "", "HO"},
    {"ls $HOME/a", COMPLETE_FILE, 9, "$HOME/", "a"},
    {"echo ${x:-a", COMPLETE_NOTHING, 11, "", ""},
    {"echo ${x} a", COMPLETE_FILE, 10, "", "a"},
    /* comments */
    {"ls # a", COMPLETE_NOTHING, 6, "", ""},
    {"ls # a\nl", COMPLETE_COMMAND, 7, "", "l"},
    {"ls a#b", COMPLETE_FILE, 3, "", "a#b"},
};

static void check_rows(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a = {0};
        struct complete_word word;
        char name[160], shown[100];
        complete_split(&a, str_from(rows[i].line), strlen(rows[i].line), &word);
        text_printable_into(shown, sizeof shown, str_from(rows[i].line));
        snprintf(name, sizeof name, "%s: what is completed", shown);
        CHECK(word.kind == rows[i].kind && word.tail == rows[i].tail, name);
        snprintf(name, sizeof name, "%s: the folder", shown);
        CHECK_STR(word.folder, str_from(rows[i].folder), name);
        snprintf(name, sizeof name, "%s: the name", shown);
        CHECK_STR(word.name, str_from(rows[i].name), name);
        arena_release(&a);
    }
}

struct written {
    const char *line, *candidate, *wanted;
    bool whole;
};

static const struct written writings[] = {
    {"ls m", "my file", "my\\ file ", true},
    {"ls m", "my file", "my\\ file", false},
    {"ls s", "src/", "src/", true},
    {"ls 'm", "my file", "'my file' ", true},
    {"ls 'm", "it's", "'it'\\''s' ", true},
    {"ls 'a b/m", "my file", "my file' ", true},
    {"ls \"m", "$x `y` \"z\" \\", "\"\\$x \\`y\\` \\\"z\\\" \\\\\" ", true},
    {"ls \"m", "hi!", "\"hi\"\\!\"\" ", true},
    {"ls \"m", "dir/", "\"dir/", true},
    {"ls m", "a\nb", "$'a\\012b' ", true},
    {"ls 'x/m", "a\tb", "'$'a\\011b' ", true},
    {"ls m", "~x", "\\~x ", true},
    {"ls a/m", "~x", "~x ", true},
    {"ls m", "#x", "\\#x ", true},
    {"ls m", "$(reboot);`x`&|<>()*?[a]{b,c}!'\"",
        "\\$\\(reboot\\)\\;\\`x\\`\\&\\|\\<\\>\\(\\)\\*\\?\\[a\\]\\{b,c\\}\\!\\'\\\" ", true},
    {"ls $'m", "it's\\", "$'it\\'s\\\\' ", true},
    {"echo ${HO", "HOME", "HOME", true},
};

static void check_writings(void)
{
    for (size_t i = 0; i < COUNT_OF(writings); i++) {
        const struct written *w = &writings[i];
        struct arena a = {0};
        struct complete_word word;
        char name[160], shown[100];
        text_printable_into(shown, sizeof shown, str_from(w->candidate));
        snprintf(name, sizeof name, "%s: %s is written", w->line, shown);
        complete_split(&a, str_from(w->line), strlen(w->line), &word);
        CHECK_STR(complete_escape(&a, &word, str_from(w->candidate), w->whole), str_from(w->wanted),
            name);
        arena_release(&a);
    }
}

/* What is written reads as the candidate again, whatever quote is open. */
static void check_round(void)
{
    static const char *const before[] = {
        "ls ", "ls 'x y/", "ls \"x/", "ls '", "ls \"", "ls x/", "echo \"$(ls "};
    static const char *const names[] = {"a", "a b", "it's", "\"q\"", "$x", "`x`", "a\\b", "#", "~",
        "a!b", "*?[", "\\", "caf\xc3\xa9", "-n", "a;b&c|d", "a'b\"c d"};
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(before) * COUNT_OF(names); i++) {
        struct arena a = {0};
        struct complete_word word, again;
        struct str start = str_from(before[i % COUNT_OF(before)]), candidate, line;
        candidate = str_from(names[i / COUNT_OF(before)]);
        complete_split(&a, start, start.n, &word);
        line = arena_join(&a,
            (struct str[]){
                str_slice(start, 0, word.tail), complete_escape(&a, &word, candidate, false)},
            2);
        complete_split(&a, line, line.n, &again);
        if (!str_eq(again.name, candidate)) {
            good = false;
            printf("# %.*s\n", (int)line.n, line.p);
        }
        arena_release(&a);
    }
    CHECK(good, "what is written reads as the candidate again");
}

static void check_rest(void)
{
    static char deep[5000];
    struct arena a = {0};
    struct complete_word word;

    complete_split(&a, STR("ls abc def"), 5, &word);
    CHECK_STR(word.name, STR("ab"), "only what stands before the cursor counts");
    complete_split(&a, STR("ls ~/a*b"), 8, &word);
    CHECK(word.tilde && word.expands, "a tilde and a pattern are named");
    complete_split(&a, STR("ls '~/a*b"), 9, &word);
    CHECK(!word.tilde && !word.expands, "not so in quotes");
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = "$("[i % 2];
    complete_split(&a, (struct str){deep, sizeof deep}, sizeof deep, &word);
    CHECK(word.kind == COMPLETE_NOTHING, "nesting too deep completes nothing");
    CHECK_STR(complete_escape(&a, &word, STR("a\0b"), true), STR(""), "a name with NUL is none");
    arena_release(&a);
}

int main(void)
{
    check_rows();
    check_writings();
    check_round();
    check_rest();
    return CHECK_END();
}
