/*
 * dos, held against a real bash: the words and the variable that Git Bash would be started with, given to the bash of this machine, with
 * a script in place of the report program. Whatever a line is, it says and ends as it does by bash -c, and is reported.
 */
#include "check.h"

#include "../sandbox/core/text.h"
#include "../shell/dos.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/cordon-dos-XXXXXX";

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        printf("# %s cannot be written\n", path);
    if (fd >= 0)
        close(fd);
}

/* Runs argv with `variable` besides, in the folder; what it wrote on both outputs. */
static int run(const struct texts *argv, const char *variable, struct buf *out)
{
    char *words[8] = {0}, bytes[4096];
    int ends[2], status = 0;
    ssize_t n;
    pid_t pid;

    for (size_t i = 0; i < argv->n && i < 7; i++)
        words[i] = (char *)(uintptr_t)argv->v[i].p;
    fflush(stdout);
    if (pipe(ends) != 0 || (pid = fork()) < 0)
        return -1;
    if (pid == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        if (chdir(folder) != 0 || (variable && putenv((char *)(uintptr_t)variable) != 0))
            _exit(99);
        alarm(20);
        execv(words[0], words);
        _exit(98);
    }
    close(ends[1]);
    while ((n = read(ends[0], bytes, sizeof bytes)) > 0)
        buf_add(out, bytes, (size_t)n);
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* An eval is a + more to set -x. */
static bool says_the_same(const struct buf *x, const struct buf *y)
{
    struct buf plain[2] = {{0}, {0}};
    bool same;

    for (size_t i = 0; i < x->n + y->n; i++) {
        const char *c = i < x->n ? x->p + i : y->p + (i - x->n);
        if (*c != '+')
            buf_add(&plain[i >= x->n], c, 1);
    }
    same = str_eq(buf_view(&plain[0]), buf_view(&plain[1]));
    buf_release(&plain[0]);
    buf_release(&plain[1]);
    return same;
}

static void report_of(struct buf *out)
{
    char bytes[4096];
    ssize_t n;
    char path[64];
    int fd;

    snprintf(path, sizeof path, "%s/told", folder);
    fd = open(path, O_RDONLY);
    while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
        buf_add(out, bytes, (size_t)n);
    if (fd >= 0)
        close(fd);
    unlink(path);
}

/* The process of a line; the folder's script stands for the report program. */
static int run_line(struct arena *a, struct str text, int status, struct buf *out)
{
    struct dos_line line = {.kind = DOS_BASH, .shell = STR("/bin/bash"), .text = text, .status = status};
    struct dos_process p;
    struct err e = {0};

    line.report = arena_format(a, "%s/it's a report", folder);
    if (!dos_command(a, &line, &p, &e) || p.env.n != 1)
        return -2;
    return run(&p.argv, p.env.v[0].p, out);
}

static void test_lines(void)
{
    static const struct {
        const char *line;
        bool untold; /* it takes the report away itself */
    } rows[] = {
        {"echo a b", false}, {"", false}, {"# only a remark", false}, {"echo a # remark", false}, {"false", false}, {"exit 7", false},
        {"exit", false}, {"(exit 3)", false}, {"echo \"a'b\\\"c\" '$x'", false}, {"printf '%s\\n' \\\\\\\\srv\\\\share 'a\\\\b' \"c\\\\d\"", false},
        {"for i in 1 2\ndo\n echo $i\ndone", false}, {"cat <<E\none $((1+1)) 'two\nE", false}, {"cat <<'E'\n$x \\\\ \"q\"\nE\necho after", false},
        {"cat <<E\nno end", false}, {"echo trailing\\", false}, {"echo a\\\nb", false}, {"echo \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", false},
        {"nosuchprogram", false}, {"echo \"open", false}, {"if true", false}, {")", false}, {"set -e; false; echo no", false},
        {"set -u; echo $nope; echo no", false}, {"set -x; echo x 2>/dev/null", false}, {"f() { return 4; }; f", false}, {"echo $# $1 $0", false},
        {"set -- a b; shift; echo $# $1", false}, {"echo !! !$ ^a^b^", false}, {"echo *.nothing {a,b} ~root", false}, {"a=1; echo $a; export b=2", false},
        {"true && false || echo c", false}, {"echo a | tr a b; echo ${PIPESTATUS[@]}", false}, {"exec true", true}, {"exec 2>&1; echo x", false},
        {"trap 'echo bye' EXIT", true}, {"return 3", false}, {"break", false}, {"echo ${x?no}", false}, {"readonly c=5; echo $c", false},
        {"alias x=y; shopt -s extglob; echo !(a)*b", false}, {"echo $CORDON_LINE", false}, {"IFS=:; echo a:b", false},
        {"echo \t\ttabs  and   blanks  ", false}, {"echo a; echo b >&2; exit 2", false}, {"case x in x) echo y;; esac", false},
        {"local x", false}, {"cd /nosuchplace", false}, {"[[ a == b ]]", false}, {"! true", false}, {"((0))", false},
    };
    struct arena a = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str plain[] = {STR("/bin/bash"), STR("-c"), str_from(rows[i].line), STR("bash")};
        struct texts bare = {plain, COUNT_OF(plain), COUNT_OF(plain)};
        struct buf expected = {0}, got = {0}, told = {0};
        const char *name = text_printable(&a, plain[2]).p;
        int should = run(&bare, NULL, &expected), code = run_line(&a, plain[2], 0, &got);
        bool same_code = code == should;
        /* "eval: line 1" where -c says "-c: line 1": what is complained of may be told in a word more. */
        bool same_words = says_the_same(&got, &expected) || (should != 0 && got.n > 0 && expected.n > 0 && strstr(arena_str(&a, buf_view(&got)).p, "eval: "));
        report_of(&told);
        if (rows[i].untold != (told.n == 0))
            printf("# told: %.*s\n", (int)told.n, told.p);
        if (!same_code || !same_words)
            printf("# %s: %d %.*s| bash: %d %.*s\n", name, code, (int)got.n, got.p, should, (int)expected.n, expected.p);
        CHECK(same_code && same_words, name);
        CHECK(rows[i].untold == (told.n == 0), "it is reported");
        if (told.n)
            CHECK(str_starts(buf_view(&told), arena_format(&a, "code %d\n", code)), "with its code");
        buf_release(&expected);
        buf_release(&got);
        buf_release(&told);
    }
    arena_release(&a);
}

static bool reports(struct arena *a, const char *line, int status, const char *what)
{
    struct buf got = {0}, told = {0};
    bool good;

    run_line(a, str_from(line), status, &got);
    report_of(&told);
    good = strstr(arena_str(a, buf_view(&told)).p ? arena_str(a, buf_view(&told)).p : "", what) != NULL;
    buf_release(&got);
    buf_release(&told);
    return good;
}

static void test_left_behind(void)
{
    struct arena a = {0};
    struct buf got = {0}, told = {0};
    char *many = arena_alloc(&a, 30001, 1);

    CHECK(reports(&a, "cd /usr", 0, "\nfolder /usr\n"), "the folder that a line left");
    CHECK(reports(&a, "cd /usr; exit 4", 0, "\nfolder /usr\n"), "also behind an exit");
    CHECK(reports(&a, "export CRD='a \"b\" \\\\ c'", 0, "\nCRD=a \"b\" \\\\ c\n"), "an exported variable");
    CHECK(reports(&a, "export P=/usr/bin", 0, "\nMSYS2_ENV_CONV_EXCL=*\n"), "MSYS is told to leave variables as they are");
    CHECK(reports(&a, "export MSYS2_ENV_CONV_EXCL=X", 0, "\nMSYS2_ENV_CONV_EXCL=X\n"), "but for who said something else");
    CHECK(!reports(&a, "true", 0, "CORDON_LINE"), "the line's own variable is gone");
    CHECK(run_line(&a, STR("echo $?"), 3, &got) == 0 && str_is(buf_view(&got), "3\n"), "the status of the line before");
    buf_clear(&got);
    CHECK(run_line(&a, STR("kill -INT $$; echo no"), 0, &got) == 130 && got.n == 0, "an interrupt ends the line");
    report_of(&told);
    CHECK(told.n > 0, "and is reported");
    buf_clear(&got);
    memset(many, 'x', 30000);
    memcpy(many, "echo ", 5);
    CHECK(run_line(&a, (struct str){many, 30000}, 0, &got) == 0 && got.n == 29996, "a long line is whole");
    buf_release(&got);
    buf_release(&told);
    arena_release(&a);
}

int main(void)
{
    struct arena a = {0};

    if (access("/bin/bash", X_OK) != 0) {
        printf("skip lines of Git Bash: no bash here\n");
        return CHECK_END();
    }
    clearenv();
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    if (!mkdtemp(folder))
        return 1;
    write_file(arena_format(&a, "%s/it's a report", folder).p,
        "#!/bin/sh\ncd . && { echo \"code $CORDON_CODE\"; echo \"folder $PWD\"; env; } >\"${0%/*}/told\"\n");
    test_lines();
    test_left_behind();
    unlink(arena_format(&a, "%s/it's a report", folder).p);
    rmdir(folder);
    arena_release(&a);
    return CHECK_END();
}
