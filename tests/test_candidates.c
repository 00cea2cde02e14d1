/*
 * test_candidates: which paths a line names, and what it would do to them.
 */
#include "check.h"
#include "../sandbox/core/rules.h"
#include "../shell/candidates.h"

static struct arena arena;

static const struct {
    const char *line, *wanted;
} rows[] = {
    {"", ""},
    {"dir", ""},
    {"type a.txt", "read a.txt"},
    {"prog a.txt", ""}, /* of what is not in the table, only what looks like a path */
    {"type .\\a.txt", "read .\\a.txt"},
    {"type C:\\Users\\p\\.ssh\\id_rsa", "read C:\\Users\\p\\.ssh\\id_rsa"},
    {"echo hello > C:\\x\\a.txt", "write C:\\x\\a.txt"},
    {"echo hello>>a.txt", "write a.txt"},
    {"prog 2>err.txt 1>out.txt", "write err.txt, write out.txt"},
    {"prog .\\a >nul 2>&1", "read .\\a, write nul"},
    {"sort < in.txt", "read in.txt"},
    {"del a.txt b.txt", "delete a.txt, delete b.txt"},
    {"DEL /q \"a b.txt\"", "delete a b.txt"},
    {"rd /s /q build", "delete build"},
    {"Remove-Item -Recurse 'C:\\a b'", "delete C:\\a b"},
    {"md new && echo x > new\\y", "create new, write new\\y"},
    {"copy a.txt C:\\out\\b.txt", "read a.txt, write C:\\out\\b.txt"},
    {"cp a b c/", "read a, read b, write c/"},
    {"copy a.txt", "read a.txt"},
    {"move a.txt b.txt", "delete a.txt, write b.txt"},
    {"ren a.txt b.txt", "delete a.txt, write b.txt"},
    {"icacls x /grant y", "mode x, mode y"},
    {"attrib +r x", "time +r, time x"},
    {"C:\\tools\\rm.exe x", "read C:\\tools\\rm.exe, delete x"},
    {"cd C:\\x", ""},
    {"set A=C:\\x", ""},
    {"type %USERPROFILE%\\x", ""},
    {"rm *.obj", ""},
    {"a | del b; c .\\d", "delete b, read .\\d"},
    {"(del x)", "delete x"},
    {"del \"unfinished", "delete unfinished"},
    {"git -C ..\\other log", "read ..\\other"},
    {"cat /etc/passwd", "read /etc/passwd"},
};

static struct str shown(const struct candidates *c)
{
    struct buf b = {0};
    struct str out;

    for (size_t i = 0; i < c->n; i++)
        buf_format(&b, "%s%s %.*s", i ? ", " : "", operation_name(c->v[i].operation), (int)c->v[i].word.n, c->v[i].word.p);
    out = b.n ? arena_str(&arena, buf_view(&b)) : STR("");
    buf_release(&b);
    return out;
}

int main(void)
{
    struct candidates c;
    struct buf many = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        candidates_of(&arena, str_from(rows[i].line), &c);
        CHECK_STR(shown(&c), str_from(rows[i].wanted), rows[i].line[0] ? rows[i].line : "an empty line");
    }
    for (int i = 0; i < 1000; i++)
        buf_format(&many, "del a%d;", i);
    candidates_of(&arena, buf_view(&many), &c);
    CHECK(c.n == CANDIDATES_OF_LINE, "a line with many has so many and no more");
    buf_release(&many);
    arena_release(&arena);
    return CHECK_END();
}
