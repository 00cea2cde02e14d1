/*
 * living, held against a real bash in a real pty: what a person expects to be kept, what may break a hook, and
 * that lines handed over print what the same lines typed into a bare bash print.
 */
#include "check.h"
#include "living_bash.h"

#define NONE ((struct str){0})

static void begin(struct bash *b)
{
    bash_living(b, NONE, NONE);
    if (!bash_report(b, 5000) || b->report.kind != LIVING_READY)
        printf("# the hook did not report\n");
    buf_clear(&b->out);
}

static void test_kept(void)
{
    struct bash b;

    begin(&b);
    CHECK(b.out.n == 0 && b.report.kind == LIVING_READY, "nothing is printed before the first report");
    CHECK(bash_gives(&b, "f() { echo in f; return 3; }", 0, ""), "a function is defined");
    CHECK(bash_gives(&b, "f", 3, "in f\r\n"), "a function is kept, and its status reported");
    CHECK(bash_gives(&b, "echo $?", 0, "3\r\n"), "$? of the line before is seen");
    CHECK(bash_gives(&b, "alias ll='echo LL'", 0, ""), "an alias is defined");
    CHECK(bash_gives(&b, "ll a", 0, "LL a\r\n"), "an alias is kept");
    CHECK(bash_gives(&b, "x=5; export y=6", 0, ""), "variables are set");
    CHECK(bash_gives(&b, "echo $x $y $(env | grep -c ^x=) $(env | grep ^y=)", 0, "5 6 0 y=6\r\n"),
        "variables are kept, exported or not");
    CHECK(bash_gives(&b, "cd /usr", 0, "") && str_is(b.report.cwd, "/usr"), "cd is kept and reported");
    CHECK(bash_gives(&b, "pwd", 0, "/usr\r\n"), "the directory holds in the next line");
    CHECK(bash_gives(&b, "declare -A m; m[k]=v; declare -x z=9; typeset -i n=4", 0, ""), "declare runs");
    CHECK(bash_gives(&b, "echo ${m[k]} $z $n; n+=1; echo $n", 0, "v 9 4\r\n5\r\n"), "declare -A, -x and -i are global");
    CHECK(bash_line(&b, "local q=1") && b.report.status == 1, "local is refused as at any prompt");
    CHECK(bash_gives(&b, "false | true | (exit 3)", 3, ""), "a pipeline's status is its last");
    CHECK(bash_gives(&b, "echo ${PIPESTATUS[@]}", 0, "1 0 3\r\n"), "PIPESTATUS of the line before is seen");
    CHECK(bash_gives(&b, "echo a b c", 0, "a b c\r\n") && bash_gives(&b, "echo $_", 0, "c\r\n"),
        "$_ of the line before is seen");
    CHECK(bash_gives(&b, "", 0, ""), "an empty line is a line");
    CHECK(bash_gives(&b, "(exit 9)", 9, "") && bash_gives(&b, "", 9, "") && bash_gives(&b, "# c", 9, "") &&
              bash_gives(&b, "echo $?", 0, "9\r\n"), "an empty line and a comment leave $? as it was");
    bash_end(&b);
}

static void test_shapes(void)
{
    struct bash b;
    struct arena a = {0};
    struct err e = {0};
    struct buf bytes = {0};
    size_t n = 100000;
    char *text = arena_alloc(&a, n + 16, 1);

    begin(&b);
    CHECK(bash_gives(&b, "cat <<E\none $((1+1))\n'two\nE", 0, "one 2\r\n'two\r\n"), "a here-document");
    CHECK(bash_gives(&b, "for i in 1 2\ndo\necho $i\ndone", 0, "1\r\n2\r\n"), "a loop over several lines");
    CHECK(bash_gives(&b, "alias q='echo Q'\nq 1\nunalias q", 0, "Q 1\r\n"), "an alias is known in the next line of a paste");
    CHECK(bash_gives(&b, "echo a\\\nb", 0, "ab\r\n"), "a joined line");
    CHECK(bash_gives(&b, "echo '\t|\001|\033|\177'", 0, "\t|\001|\033|\177\r\n"), "control characters are no keys");
    CHECK(bash_gives(&b, "echo \303\266\342\202\254 '\xff\xfe'", 0, "\303\266\342\202\254 \xff\xfe\r\n"), "bytes beyond ASCII");
    memcpy(text, "x='", 3);
    memset(text + 3, 'a', n);
    memcpy(text + 3 + n, "'", 2);
    CHECK(bash_gives(&b, text, 0, "") && bash_gives(&b, "echo ${#x}", 0, "100000\r\n"), "a line of 100 kB");
    for (size_t i = 3; i + 4 < n; i += 4)
        memcpy(text + i, "\303\266\n ", 4);
    CHECK(bash_gives(&b, text, 0, "") && bash_gives(&b, "echo ${#x}", 0, "75001\r\n"), "100 kB of text in 25000 lines");
    CHECK(bash_line(&b, "echo )") && b.report.status == 2, "wrong syntax is status 2");
    CHECK(bash_gives(&b, "echo on", 0, "on\r\n"), "and the shell lives on");
    bash_hand(&b, STR("echo 'open"), true);
    CHECK(bash_report(&b, 3000) && b.report.status != 0, "an unfinished line, and nothing more to come: an error");
    CHECK(bash_gives(&b, "echo on", 0, "on\r\n"), "and the shell lives on after it");
    bash_hand(&b, STR("echo 'open"), false);
    CHECK(bash_report(&b, 3000) && b.report.kind == LIVING_DONE && b.report.status == 2 &&
              bash_says(&b, "unexpected EOF"), "and so it is where more might have come: the editor has decided");
    CHECK(bash_gives(&b, "echo $(( 1 + 1 )) $?", 0, "2 2\r\n"), "and the shell lives on after that");
    CHECK(bash_line(&b, "if true; then") && b.report.status == 2 && bash_line(&b, "cat <<E") && bash_line(&b, "a &&") &&
              b.report.status == 2 && bash_gives(&b, "echo on", 0, "on\r\n"), "other unfinished ones too");
    struct living_line line = {.id = 1, .text = {"a\0b", 3}};
    CHECK(!living_send(&bytes, &line, &e) && e.kind == ERR_REFUSED && bytes.n == 0, "a NUL is refused");
    line.text.n = LINE_BYTES_MAX + 1;
    e = (struct err){0};
    CHECK(!living_send(&bytes, &line, &e) && e.kind == ERR_LIMIT, "a line over the ceiling is refused");
    bash_end(&b);
    arena_release(&a);
}

static void test_signals(void)
{
    struct bash b;

    begin(&b);
    bash_hand(&b, STR("sleep 20"), false);
    bash_wait(&b, 150);
    usleep(100000);
    bash_keys(&b, "\003");
    CHECK(bash_report(&b, 3000) && b.report.kind == LIVING_DONE && b.report.status == 130, "Ctrl-C ends a program with 130");
    CHECK(bash_gives(&b, "echo $?", 0, "130\r\n"), "and the next line works");
    bash_hand(&b, STR("while :; do :; done"), false);
    usleep(150000);
    bash_keys(&b, "\003");
    CHECK(bash_report(&b, 3000) && b.report.kind == LIVING_DONE && b.report.status == 130, "Ctrl-C ends a loop with 130");
    bash_hand(&b, STR("(while :; do :; done); echo not this"), false);
    usleep(150000);
    bash_keys(&b, "\003");
    CHECK(bash_report(&b, 3000) && b.report.status == 130 && !bash_says(&b, "not this"), "Ctrl-C ends a subshell");
    CHECK(bash_gives(&b, "trap; (trap)", 0, "") && bash_gives(&b, "f() { :; }", 0, "") && bash_gives(&b, "trap", 0, ""),
        "no trap of the hook's is seen");
    bash_hand(&b, STR("read v"), false);
    usleep(150000);
    bash_keys(&b, "\003");
    CHECK(bash_report(&b, 3000) && b.report.kind == LIVING_DONE && b.report.status == 130, "Ctrl-C ends read with 130");
    bash_hand(&b, STR("while :; do sleep 0.02; done\necho not this"), false);
    usleep(150000);
    bash_keys(&b, "\003");
    CHECK(bash_report(&b, 3000) && b.report.status == 130 && !bash_says(&b, "not this"),
        "Ctrl-C drops the rest of a paste");
    CHECK(bash_gives(&b, "echo on", 0, "on\r\n"), "and the next line works after all of them");

    bash_hand(&b, STR("sleep 20"), false);
    usleep(150000);
    bash_keys(&b, "\032");
    CHECK(bash_report(&b, 3000) && b.report.status == 148 && b.report.jobs == 1 && bash_says(&b, "Stopped"),
        "Ctrl-Z stops a program");
    CHECK(bash_line(&b, "jobs") && bash_says(&b, "Stopped") && bash_says(&b, "sleep 20"), "jobs shows it");
    bash_hand(&b, STR("fg"), false);
    usleep(150000);
    bash_keys(&b, "\003");
    CHECK(bash_report(&b, 3000) && b.report.status == 130 && b.report.jobs == 0, "fg brings it back, Ctrl-C ends it");
    CHECK(bash_line(&b, "sleep 20 &") && b.report.jobs == 1 && bash_says(&b, "[1] "), "& starts a job and says so");
    CHECK(bash_line(&b, "kill %1; wait 2>/dev/null") && b.report.jobs == 0, "and it can be ended");
    bash_hand(&b, STR("i=0; while sleep 0.01; do ((i++ > 200)) && break; done"), false);
    usleep(150000);
    bash_keys(&b, "\032");
    CHECK(bash_report(&b, 5000), "Ctrl-Z in a loop comes back");
    CHECK(bash_line(&b, "kill -9 %% 2>/dev/null; echo on") && bash_says(&b, "on\r\n"), "and the next line works");
    bash_end(&b);
}

static void test_terminal(void)
{
    struct bash b;
    struct winsize size = {.ws_row = 33, .ws_col = 111};
    struct termios before, after;

    begin(&b);
    bash_hand(&b, STR("read -p 'name? ' who; echo hi $who"), false);
    CHECK(bash_until(&b, "name? ", 3000), "read -p prompts");
    bash_keys(&b, "joe\n");
    CHECK(bash_report(&b, 3000) && bash_says(&b, "hi joe\r\n"), "and gets what is typed");
    CHECK(bash_line(&b, "tty") && bash_says(&b, "/dev/pts/"), "standard input is the pty");
    CHECK(bash_line(&b, "test -t 0 && test -t 1 && test -t 2") && b.report.status == 0, "all three are terminals");
    bash_hand(&b, STR("sleep 0.3"), false);
    usleep(150000);
    CHECK(tcgetpgrp(b.master) > 0 && tcgetpgrp(b.master) != b.pid, "a program has the foreground while it runs");
    CHECK(bash_report(&b, 3000) && tcgetpgrp(b.master) == b.pid, "and the shell has it back after");
    ioctl(b.master, TIOCSWINSZ, &size);
    usleep(50000);
    CHECK(bash_gives(&b, "stty size", 0, "33 111\r\n"), "a program sees the new size");
    CHECK(bash_gives(&b, "echo $LINES $COLUMNS", 0, "33 111\r\n"), "and so does the shell");
    bash_hand(&b, STR("IFS= read -rsn1 k; printf '<%q>' \"$k\""), false);
    usleep(100000);
    bash_keys(&b, "\033");
    CHECK(bash_report(&b, 3000) && bash_says(&b, "<$'\\E'>"), "a program reads single keys");
    tcgetattr(b.master, &before);
    CHECK(bash_line(&b, "stty raw -echo") && tcgetattr(b.master, &after) == 0 && !(after.c_lflag & (ICANON | ECHO)),
        "stty raw -echo on purpose stays");
    CHECK(bash_line(&b, "stty sane; stty -echo") && tcgetattr(b.master, &after) == 0 && !(after.c_lflag & ECHO),
        "stty -echo stays");
    CHECK(bash_line(&b, "stty echo"), "stty echo");
    tcgetattr(b.master, &before);
    CHECK(bash_line(&b, ":") && tcgetattr(b.master, &after) == 0 && before.c_lflag == after.c_lflag &&
              before.c_iflag == after.c_iflag && before.c_oflag == after.c_oflag, "a line changes no mode by itself");
    CHECK(bash_gives(&b, "bash -c 'stty raw -echo; kill -9 $$'", 137, "Killed\r\n") &&
              tcgetattr(b.master, &after) == 0 && (after.c_lflag & ICANON) && (after.c_lflag & ECHO),
        "what a killed program left is repaired");
    CHECK(bash_line(&b, "for i in {1..2000}; do echo 0123456789012345678901234567890123456789; done") &&
              b.out.n == 2000 * 42, "all output is in the pty when the report comes");
    bash_end(&b);
}

static void test_options(void)
{
    struct bash b;

    begin(&b);
    CHECK(bash_line(&b, "set -u") && bash_line(&b, "echo $nosuch") && b.report.status == 1 &&
              bash_says(&b, "unbound variable"), "set -u and an unset variable: status 1");
    CHECK(bash_gives(&b, "set +u; echo on", 0, "on\r\n"), "and the shell lives on");
    CHECK(bash_line(&b, "set -f -C -k") && bash_gives(&b, "echo *", 0, "*\r\n") && bash_line(&b, "set +f +C +k"),
        "set -f -C -k");
    CHECK(bash_line(&b, "TMOUT=1"), "TMOUT=1 is set");
    usleep(1300000);
    CHECK(bash_gives(&b, "echo $TMOUT", 0, "1\r\n"), "and does not end an idle shell");
    CHECK(bash_line(&b, "readonly TMOUT"), "readonly TMOUT");
    usleep(1300000);
    CHECK(bash_gives(&b, "trap; echo on", 0, "on\r\n"), "nor when it is read-only, and no trap stays");
    bash_end(&b);

    begin(&b);
    CHECK(bash_line(&b, "read() { echo mine; }; printf() { echo mine; }; local() { echo mine; }; return() { :; }") &&
              bash_gives(&b, "echo on; read", 0, "on\r\nmine\r\n"), "functions named as builtins");
    CHECK(bash_gives(&b, "unset -f read printf local return; IFS=,x0123456789; echo on", 0, "on\r\n") &&
              bash_gives(&b, "echo 5", 0, "5\r\n"), "another IFS");
    CHECK(bash_gives(&b, "IFS=; echo on", 0, "on\r\n") && bash_gives(&b, "unset IFS; echo on", 0, "on\r\n"), "no IFS");
    CHECK(bash_gives(&b, "set -o posix; echo on", 0, "on\r\n") && bash_gives(&b, "echo on", 0, "on\r\n") &&
              bash_gives(&b, "set +o posix", 0, ""), "posix mode");
    CHECK(bash_gives(&b, "LC_ALL=C", 0, "") && bash_gives(&b, "echo \303\266", 0, "\303\266\r\n"), "another locale");
    CHECK(bash_line(&b, "set -o vi") && bash_gives(&b, "echo vi", 0, "vi\r\n"), "vi mode");
    CHECK(bash_line(&b, "set -o emacs") && bash_gives(&b, "echo emacs", 0, "emacs\r\n"), "emacs mode again");
    CHECK(bash_line(&b, "bind -r '\\C-^'; bind -r '\\C-x\\C-z\\C-z'"), "the hook's keys are taken away");
    CHECK(bash_gives(&b, "echo found", 0, "found\r\n"), "and put back for the next line");
    CHECK(bash_gives(&b, "shopt -s extdebug; echo on", 0, "on\r\n") && bash_gives(&b, "shopt -u extdebug", 0, ""), "extdebug");
    CHECK(bash_line(&b, "exec 7>/dev/null; BASH_XTRACEFD=7") && bash_gives(&b, "set -x; echo on", 0, "on\r\n") &&
              bash_gives(&b, "set +x; unset BASH_XTRACEFD", 0, ""), "BASH_XTRACEFD");
    CHECK(bash_line(&b, "unset -f __cordon_hook; __cordon_hook() { :; }") && bash_gives(&b, "echo on", 0, "on\r\n"),
        "the hook's functions cannot be replaced");
    CHECK(bash_gives(&b, "PROMPT_COMMAND=true; echo on", 0, "on\r\n") && bash_gives(&b, "echo on", 0, "on\r\n"),
        "another PROMPT_COMMAND does not lose the hook");
    CHECK(bash_gives(&b, "PROMPT_COMMAND=\"true; $PROMPT_COMMAND\"", 0, "") && bash_gives(&b, "echo on", 0, "on\r\n"),
        "nor does one put before it");
    CHECK(bash_line(&b, "set +o emacs") && bash_gives(&b, "echo no editor; false", 1, "no editor\r\n") &&
              bash_gives(&b, "echo $?", 0, "1\r\n"), "no line editing");
    bash_end(&b);
}

static void test_ends(void)
{
    struct bash b;
    int status = 0;

    begin(&b);
    CHECK(bash_line(&b, "trap 'echo caught' INT"), "a trap on INT is set");
    bash_line(&b, "(sleep 0.1; kill -INT $$) &");
    CHECK(bash_until(&b, "caught", 2000) && bash_line(&b, "kill -INT $$; trap -p INT") && bash_says(&b, "caught") &&
              bash_says(&b, "trap -- 'echo caught' SIGINT"), "it runs while idle and in a line, and is kept");
    bash_line(&b, "bind -r '\\C-^'");
    CHECK(bash_gives(&b, "echo )", 2, "bash: syntax error near unexpected token `)'\r\n") &&
              bash_gives(&b, "trap", 0, "trap -- 'echo caught' SIGINT\r\n"), "also after a line that was tried twice");
    CHECK(bash_line(&b, "trap '' INT") && bash_gives(&b, "trap", 0, "trap -- '' SIGINT\r\n"), "an ignored INT stays ignored");
    bash_end(&b);

    begin(&b);
    bash_line(&b, "set -e");
    CHECK(bash_gives(&b, "! true", 1, "") && bash_gives(&b, "echo $?", 0, "1\r\n"), "set -e and a status that is no failure");
    bash_hand(&b, STR("false"), false);
    CHECK(!bash_report(&b, 1000) && b.closed && waitpid(b.pid, &status, 0) == b.pid && WEXITSTATUS(status) == 1,
        "set -e and a failing line end the shell");
    b.pid = 0;
    bash_end(&b);

    begin(&b);
    bash_hand(&b, STR("exit 7"), false);
    CHECK(!bash_report(&b, 1000) && b.closed && waitpid(b.pid, &status, 0) == b.pid && WEXITSTATUS(status) == 7,
        "exit 7 ends it with 7");
    b.pid = 0;
    bash_end(&b);

    begin(&b);
    bash_hand(&b, STR("trap 'echo bye' EXIT; exit 0"), false);
    CHECK(bash_until(&b, "bye", 2000), "a trap on EXIT runs");
    bash_end(&b);

    begin(&b);
    bash_line(&b, "sleep 30 & sleep 0; kill -STOP %1");
    usleep(50000);
    bash_line(&b, ":");
    bash_hand(&b, STR("exit"), false);
    CHECK(bash_report(&b, 1000) && bash_says(&b, "There are stopped jobs"), "exit asks while a job is stopped");
    bash_line(&b, "kill -9 %1");
    bash_end(&b);

    begin(&b);
    CHECK(bash_line(&b, "exec /no/such/file") && b.report.status == 127, "an exec that fails leaves the shell");
    bash_hand(&b, STR("exec sleep 0.3"), false);
    CHECK(!bash_report(&b, 150) && b.closed && waitpid(b.pid, &status, WNOHANG) == 0,
        "exec: the socket ends while the process lives");
    CHECK(waitpid(b.pid, &status, 0) == b.pid && WEXITSTATUS(status) == 0, "and its end is the shell's end");
    b.pid = 0;
    bash_end(&b);

    begin(&b);
    bash_hand(&b, STR("kill -STOP $$; echo after"), false);
    CHECK(!bash_report(&b, 200) && !b.closed && waitpid(b.pid, &status, WNOHANG | WUNTRACED) == b.pid && WIFSTOPPED(status),
        "kill -STOP $$ stops the shell itself");
    kill(b.pid, SIGCONT);
    CHECK(bash_report(&b, 2000) && bash_says(&b, "after"), "and it goes on when continued");
    bash_end(&b);
}

/* An interrupt at every moment of the hand-over: a line is run as it is, or reported lost, never in pieces. */
static void test_torn(void)
{
    struct bash b;
    struct arena a = {0};
    size_t n = 20000, ran = 0, lost = 0, wrong = 0;
    char *text = arena_alloc(&a, n + 64, 1);

    begin(&b);
    bash_line(&b, "(sleep 0.1; kill -INT $$) & disown");
    usleep(250000);
    bool idle = bash_report(&b, 2000) && b.report.kind == LIVING_TORN;
    bash_sync(&b);
    CHECK(idle, "kill -INT of the idle shell is told");
    CHECK(bash_gives(&b, "echo one", 0, "one\r\n"), "and is not taken for the next line's end");
    memcpy(text, "echo begin; : ", 14);
    memset(text + 14, 'x', n);
    memcpy(text + 14 + n, "\necho end", 10);
    for (int i = 0; i < 120; i++) {
        text[14 + n] = i % 2 ? '\n' : ';'; /* several lines, and one */
        bash_hand(&b, str_from(text), false);
        usleep((useconds_t)(i * 37 % 1500));
        kill(b.pid, SIGINT);
        bool got = bash_report(&b, 3000);
        while (got && b.report.kind == LIVING_DONE && b.report.id < b.id)
            got = bash_report(&b, 3000); /* the interrupt met the report before, which came again */
        if (!got) {
            wrong++;
            break;
        }
        bool begun = bash_says(&b, "begin"), ended = bash_says(&b, "end\r\n");
        wrong += bash_says(&b, "not found");
        if (b.report.kind == LIVING_TORN) {
            lost++;
            wrong += begun || ended;
            bash_sync(&b);
        } else {
            ran++;
            wrong += b.report.id != b.id || (ended && !begun);
            /* The interrupt may have come after the end: then the idle shell tells of it. */
            if (bash_report(&b, 20) && b.report.kind == LIVING_TORN)
                bash_sync(&b);
        }
        buf_clear(&b.out);
        if (!bash_gives(&b, "echo ok", 0, "ok\r\n")) {
            if (b.report.kind == LIVING_TORN)
                bash_sync(&b);
            else
                wrong++;
        }
    }
    printf("# %lu ran, %lu were reported lost\n", (unsigned long)ran, (unsigned long)lost);
    CHECK(wrong == 0, "an interrupt during the hand-over of a long line never runs a piece of it");
    CHECK(lost > 0, "some of these interrupts did meet the hand-over");
    bash_end(&b);
    arena_release(&a);
}

static void test_forging(void)
{
    struct bash b;

    begin(&b);
    CHECK(bash_line(&b, "ls -l /proc/self/fd") && !bash_says(&b, "socket"), "no program inherits the socket");
    CHECK(bash_line(&b, "for f in /proc/$$/fd/*; do [ -S $f ] && (echo x > $f) 2>/dev/null && echo opened; done; true") &&
              b.out.n == 0, "the socket cannot be opened through /proc");
    CHECK(bash_line(&b, "bash -c 'for f in /proc/'$$'/fd/*; do [ -S $f ] && echo x > $f && echo opened; done; true' 2>/dev/null") &&
              b.out.n == 0, "nor by a program");
    CHECK(bash_line(&b, "printf '\\0D1 0 /\\0'") && b.report.status == 0, "what is printed is no report");
    bash_end(&b);
}

static void test_lost(void)
{
    struct bash b;
    struct str keys = living_repair_keys();

    begin(&b);
    bash_hand(&b, STR("unset PROMPT_COMMAND"), false);
    CHECK(!bash_report(&b, 300), "without PROMPT_COMMAND there is no report");
    CHECK(write(b.master, keys.p, keys.n) == (ssize_t)keys.n && bash_report(&b, 2000), "the repair keys bring it back");
    CHECK(bash_gives(&b, "echo on", 0, "on\r\n"), "and the next line works");
    bash_end(&b);
}

static void test_start_files(void)
{
    struct bash b;
    struct arena a = {0};
    struct texts env = {0};
    struct str tail;

    bash_living(&b, STR("[ -z \"$PS1\" ] && return\nmark=seen\nalias echo='echo !'\nPROMPT_COMMAND='p=$((p+1))'\n"), NONE);
    CHECK(bash_report(&b, 5000) && bash_gives(&b, "printf '%s %s\\n' $mark $p", 0, "seen \r\n"),
        "a start file runs to its end, and its PROMPT_COMMAND");
    CHECK(bash_gives(&b, "echo $?", 0, "! 0\r\n") && bash_gives(&b, "\\echo $p", 0, "2\r\n"), "its aliases are kept, and its PROMPT_COMMAND runs before each report");
    bash_end(&b);

    bash_living(&b, STR("PROMPT_COMMAND=('p=$((p+1))' 'q=$?')\nset -o vi\n"), NONE);
    CHECK(bash_report(&b, 5000) && bash_line(&b, "(exit 4)") && bash_gives(&b, "echo $p $q $?", 0, "1 4 4\r\n"),
        "PROMPT_COMMAND as an array, with the right $?");
    bash_end(&b);

    bash_living(&b, STR("sleep 30\n"), NONE);
    CHECK(!bash_report(&b, 300) && !b.closed, "a start file that hangs: no report");
    bash_keys(&b, "\003");
    CHECK(bash_report(&b, 3000), "and Ctrl-C goes on without the rest of it");
    bash_end(&b);

    bash_living(&b, STR("exec sh\n"), NONE);
    CHECK(!bash_report(&b, 1000) && b.closed, "a start file that is replaced by another shell: the socket ends");
    bash_end(&b);

    bash_living(&b, STR("return 1\n"), NONE);
    CHECK(bash_report(&b, 5000) && bash_gives(&b, "echo on", 0, "on\r\n"), "a start file that returns");
    bash_end(&b);

    *(struct str *)ARENA_PUSH(&a, &env) = STR("CARRIED=it's\n'$x'");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("PROMPT_COMMAND=false");
    *(struct str *)ARENA_PUSH(&a, &env) = STR("b;ad=$(touch /tmp/no)");
    tail = living_restore(&a, &env, STR("/usr/bin"));
    bash_living(&b, NONE, tail);
    CHECK(bash_report(&b, 5000) && str_is(b.report.cwd, "/usr/bin"), "the directory is carried over");
    CHECK(bash_gives(&b, "env | grep -A1 CARRIED", 0, "CARRIED=it's\r\n'$x'\r\n"), "the environment is carried over");
    bash_end(&b);
    arena_release(&a);
}

static void test_answers(void)
{
    struct bash b;
    struct buf bytes = {0};
    bool found = false;

    begin(&b);
    bash_line(&b, "export EX=$'a\\nb'; NOT=1; myfunction() { :; }; alias myalias=ls; sleep 30 &");
    living_send_export(&bytes, 77);
    bash_send(&b, &bytes);
    CHECK(bash_report(&b, 3000) && b.report.kind == LIVING_EXPORT && b.report.id == 77, "an export is answered");
    for (size_t i = 0; i < b.report.environment.n; i++) {
        found |= str_is(b.report.environment.v[i], "EX=a\nb");
        found &= !str_starts(b.report.environment.v[i], STR("NOT="));
    }
    CHECK(found, "with the exported variables alone");
    found = false;
    for (size_t i = 0; i < b.report.functions.n; i++)
        found |= str_is(b.report.functions.v[i], "myfunction");
    CHECK(found && b.report.aliases.n == 1 && b.report.job_lines.n == 1, "functions, aliases and jobs");
    living_send_complete(&bytes, 78, STR("myfun"), LIVING_COMMANDS);
    bash_send(&b, &bytes);
    CHECK(bash_report(&b, 3000) && b.report.kind == LIVING_WORDS && b.report.words.n == 1 &&
              str_is(b.report.words.v[0], "myfunction"), "a completion is answered");
    living_send_complete(&bytes, 79, STR("no\303\266\ns'$(x)"), LIVING_FILES);
    bash_send(&b, &bytes);
    CHECK(bash_report(&b, 3000) && b.report.words.n == 0, "one without candidates too");
    CHECK(bash_line(&b, "kill -9 $!"), "and the next line works");
    bash_end(&b);
}

static void test_history(void)
{
    struct bash b;

    begin(&b);
    bash_line(&b, "echo first");
    bash_line(&b, "echo second \\\nand third");
    CHECK(bash_gives(&b, "history", 0, "    1  echo first\r\n    2  echo second \\\r\nand third\r\n    3  history\r\n"),
        "history knows the session's lines and nothing else");
    CHECK(bash_line(&b, "fc -s first=again 1") && bash_says(&b, "echo again\r\nagain\r\n"), "fc runs one again");
    CHECK(bash_gives(&b, "echo ${HISTFILE-none} '!!'", 0, "none !!\r\n"), "no history file, and ! is left to the editor");
    bash_end(&b);
}

int main(void)
{
    if (access(BASH_PATH, X_OK) != 0) {
        CHECK_SKIP("living", "there is no " BASH_PATH);
        return CHECK_END();
    }
    signal(SIGPIPE, SIG_IGN);
    test_kept();
    test_shapes();
    test_signals();
    test_terminal();
    test_options();
    test_ends();
    test_torn();
    test_forging();
    test_lost();
    test_start_files();
    test_answers();
    test_history();
    bash_tidy();
    return CHECK_END();
}
