/*
 * The same lines, typed into a bare bash and handed to the living one, must print the same. Each case is a sequence
 * of lines in a fresh shell of either kind; what each line prints is compared.
 */
#include "check.h"
#include "living_bash.h"

struct sequence {
    const char *name;
    const char *lines[14];
};

static const struct sequence sequences[] = {
    {"statuses", {"false", "echo $?", "(exit 7)", "", "echo $?", "! true", "echo $?", "true", "echo $?"}},
    {"last argument", {"echo a b", "echo $_", "cd /usr", "echo $_", "x=1", "echo \"<$_>\"", "f() { :; }", "f q r", "echo $_"}},
    {"pipeline statuses", {"true | false | (exit 4)", "echo ${PIPESTATUS[*]} $?", "echo ${PIPESTATUS[*]}",
        "false", "echo ${PIPESTATUS[@]}", "set -o pipefail", "(exit 3) | true", "echo $? ${PIPESTATUS[@]}"}},
    {"declare", {"declare -A m=([a]=1)", "declare -p m", "declare -i n=3", "n+=4", "echo $n", "typeset -u up=abc",
        "echo $up", "local x=1", "return 3", "readonly r=1", "r=2", "echo $r"}},
    {"set -x", {"set -x", "echo hi", "echo $(echo sub)", "f() { echo \"$1\"; }", "f x", "[[ a == a ]] && ((1))",
        "for i in 1 2; do echo $i; done", "false", "echo $?", "(exit 4)", "echo $?", "set +x", "echo end"}},
    {"set -x and PS4", {"PS4='> '", "set -x", "echo hi", "eval 'echo in eval'", "x=1 y=$(echo 2)", "set +x"}},
    {"DEBUG trap", {"trap 'echo \"D:$BASH_COMMAND\"' DEBUG", "echo one", "f() { echo in f; }", "f", "(echo sub)", "false",
        "echo $?", "trap -p", "x=1", "trap - DEBUG", "echo off", "trap"}},
    {"ERR trap", {"trap 'echo E:$?' ERR", "false", "echo $?", "true", "! true", "if false; then :; fi", "(exit 3)", "f() { false; }",
        "f", "trap - ERR", "false"}},
    {"EXIT and RETURN traps", {"trap 'echo R' RETURN", "f() { :; }", "f", "trap - RETURN", "(trap 'echo X' EXIT; true)", "trap -p"}},
    {"DEBUG and set -x", {"trap ': $BASH_COMMAND' DEBUG", "set -x", "echo a", "set +x", "trap - DEBUG"}},
    {"BASH_COMMAND", {"echo $BASH_COMMAND", "echo ${#FUNCNAME[@]} ${#BASH_SOURCE[@]} $BASH_SUBSHELL $SHLVL"}},
    {"LINENO", {"a=$LINENO", "echo $((LINENO - a))", "echo $((LINENO - a))", ":", "echo $((LINENO - a))",
        "f() { echo $((LINENO)); }", "f"}},
    {"aliases", {"alias ll='echo LL'", "ll x", "alias", "unalias ll", "ll 2>/dev/null", "echo $?", "shopt expand_aliases"}},
    {"functions", {"f() { local v=1; echo $v $#; return 5; }", "f a b", "echo $?", "type f", "unset -f f", "type f", "declare -F | grep -v __cordon_"}},
    {"shopt", {"shopt -s nullglob", "echo /nosuch*", "shopt -u nullglob", "echo /nosuch*", "shopt -s extglob", "echo /us@(r)",
        "shopt nullglob extglob", "set -f", "echo /us*", "set +f"}},
    {"errors", {"nosuchcommand", "echo $?", "echo )", "echo $?", "cd /nosuch", "echo $?", "cat /nosuch", ". /nosuch", "echo ${x?gone}",
        "echo $?", "$((1/0))", "echo $((1/0))", "echo $?"}},
    {"set -u", {"set -u", "echo $nosuch", "echo $?", "echo ${nosuch-default}", "set +u", "echo \"<$nosuch>\""}},
    {"set -e", {"set -e", "! true", "false || echo saved", "if false; then echo no; fi", "echo $?", "set +e", "false", "echo $?"}},
    {"jobs", {"sleep 20 &", "jobs", "kill %1; wait", "jobs", "echo $?", "sleep 0 & wait", "echo ${!:+has}", "fg"}},
    {"a job that ends", {"sleep 0.05 &", "sleep 0.3", ":", "jobs"}},
    {"a job that fails", {"(sleep 0.1; exit 3) &", "sleep 0.3", ":", "jobs", "(sleep 0.1; kill -9 $BASHPID) &", "sleep 0.3", ":"}},
    {"killed programs", {"sh -c 'kill -9 $$'", "echo $?", "sh -c 'kill -TERM $$'", "sh -c 'kill -SEGV $$'", "echo $?"}},
    {"redirections", {"exec 3>&1", "echo three >&3", "exec 3>&-", "echo x 2>&1 >/dev/null", "{ echo out; echo err >&2; } 2>&1 | cat",
        "exec 2>&1", "nosuchcommand", "read a <<<'in put'", "echo $a", "cat < <(echo proc)"}},
    {"history expansion is the editor's", {"set +H", "echo '!!' \"a!b\"", "echo !x"}},
    {"arrays and expansions", {"a=(1 2 'three four')", "echo ${#a[@]} \"${a[2]}\"", "printf '<%s>' \"${a[@]}\"", "echo", "echo {1..5} ~root",
        "echo \"$(printf 'a\\nb')\"", "x=abc", "echo ${x^^} ${x//b/-} ${x:1}"}},
    {"exec that fails", {"exec /nosuch", "echo $?", "exec nosuch", "echo $?"}},
    {"options", {"set -o posix", "echo $?", "set +o posix", "set -C", "echo x > /dev/null", "set +C", "set -o noclobber", "set +o noclobber",
        "echo ${-//[H]/}", "shopt -o history", "echo $SHELLOPTS"}},
    {"comments and blanks", {"# nothing", "   ", "\techo tab", "echo a # b", ": ${v:=set}", "echo $v"}},
    {"exit asks once", {"sleep 20 & kill -STOP $!; sleep 0.1", "exit", "kill -9 %1; sleep 0.1", ":"}},
    {"reserved words first", {"if true; then echo a; fi", "while false; do :; done", "{ echo b; false; }", "echo $?", "( echo c; exit 2 )",
        "echo $?", "! false", "time -p true 2>/dev/null", "case x in x) echo d ;; esac", "until true; do :; done"}},
    {"BASH variables", {"echo $BASHPID | grep -c .", "echo $0", "echo $PPID | grep -c .", "RANDOM=1; echo ${#RANDOM} | grep -c .",
        "echo $OPTIND", "echo ${BASH_ARGV[@]}"}},
};

/* Process ids differ from run to run: a number of three digits and more becomes N. And bash puts an empty line before
 * a notice of a stopped job, which the hook does only where ^Z stands in the line. */
static struct str plain(struct arena *a, struct str s)
{
    struct buf out = {0};
    if (str_starts(s, STR("\r\n[")))
        s = str_slice(s, 2, s.n);
    for (size_t i = 0; i < s.n; i++) {
        size_t end = i;
        while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9')
            end++;
        if (end - i >= 3) {
            buf_str(&out, STR("N"));
            i = end - 1;
        } else {
            buf_add(&out, s.p + i, 1);
        }
    }
    struct str result = arena_str(a, buf_view(&out));
    buf_release(&out);
    return result;
}

/* What a line typed into the bare shell prints: up to a prompt after which it stays quiet. */
static struct str bare_line(struct bash *b, struct arena *a, const char *line)
{
    struct str text;
    buf_clear(&b->out);
    if (line) {
        bash_keys(b, line);
        bash_keys(b, "\n");
    }
    bash_until(b, BARE_PROMPT, 3000);
    text = buf_view(&b->out);
    return arena_str(a, str_slice(text, 0, text.n >= strlen(BARE_PROMPT) ? text.n - strlen(BARE_PROMPT) : 0));
}

/* ECHO off before bash looks: then its line editor shows nothing, and what comes is the output alone. */
static void bare_start(struct bash *b)
{
    static const char *const argv[] = {
        "/bin/sh", "-c", "stty -echo -echoe -echok; exec \"$0\" --noprofile --norc -i", BASH_PATH, NULL};
    struct arena a = {0};

    bash_start(b, argv, (struct str){0});
    bash_until(b, BARE_PROMPT, 3000);
    bare_line(b, &a, "unset HISTFILE; bind 'set enable-bracketed-paste off'");
    bare_line(b, &a, "set +H");
    arena_release(&a);
}

static void compare(const struct sequence *s)
{
    struct bash bare, living;
    struct arena a = {0};
    char name[120];

    bare_start(&bare);
    bash_living(&living, (struct str){0}, (struct str){0});
    bash_report(&living, 5000);
    for (size_t i = 0; i < COUNT_OF(s->lines) && s->lines[i]; i++) {
        struct str wanted = plain(&a, bare_line(&bare, &a, s->lines[i]));
        bash_line(&living, s->lines[i]);
        snprintf(name, sizeof name, "%s, line %d: %.60s", s->name, (int)i + 1, s->lines[i]);
        CHECK_STR(plain(&a, buf_view(&living.out)), wanted, name);
    }
    bash_end(&bare);
    bash_end(&living);
    arena_release(&a);
}

int main(void)
{
    if (access(BASH_PATH, X_OK) != 0) {
        CHECK_SKIP("living", "there is no " BASH_PATH);
        return CHECK_END();
    }
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < COUNT_OF(sequences); i++)
        compare(&sequences[i]);
    bash_tidy();
    return CHECK_END();
}
