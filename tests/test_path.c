/*
 * test_path: tables of spellings and what each must become, on both systems.
 */
#include "check.h"
#include "../sandbox/core/path.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>

static struct arena arena;

static struct str variable(const void *context, struct str name)
{
    (void)context;
    if (str_is(name, "PROJECT"))
        return STR("/srv/project");
    if (str_is(name, "WORK"))
        return STR("D:\\work");
    if (str_is(name, "ODD"))
        return STR("/srv/a\\b");
    if (str_is(name, "EMPTY"))
        return STR("");
    return (struct str){0};
}

static uint32_t fold(const void *table, uint32_t scalar)
{
    (void)table;
    if (scalar == 0xe4) /* one letter beyond ASCII, so that the table is seen to be used */
        return 0xc4;
    if (scalar == 0x212a) /* KELVIN SIGN: three bytes that fold to one */
        return 'K';
    return scalar >= 'a' && scalar <= 'z' ? scalar - 32 : scalar;
}

static struct path_env posix(void)
{
    return (struct path_env){
        .system = PATH_POSIX, .home = STR("/home/p"), .cwd = STR("/w/v"), .variable = variable};
}

static struct path_env windows(void)
{
    return (struct path_env){.system = PATH_WINDOWS,
        .home = STR("C:\\Users\\p"),
        .cwd = STR("D:\\w\\v"),
        .variable = variable,
        .fold = {fold, NULL}};
}

/* wanted NULL: refused, and the reason holds `why`. */
struct row {
    const char *text, *wanted, *why;
};

static void check_rows(const struct path_env *env, const struct row *rows, size_t count)
{
    const char *system = env->system == PATH_WINDOWS ? "windows" : "posix";
    char shown[100], name[200], why[400];

    for (size_t i = 0; i < count; i++) {
        struct err e = {0};
        struct str out = {0};
        bool accepted = path_canonical(&arena, env, str_from(rows[i].text), &out, &e);
        text_printable_into(shown, sizeof shown, str_from(rows[i].text));
        snprintf(
            name, sizeof name, "%s: %s is %s", system, shown, rows[i].wanted ? "taken" : "refused");
        if (rows[i].wanted) {
            CHECK_STR(out, str_from(rows[i].wanted), name);
            continue;
        }
        snprintf(why, sizeof why, "accepted %d as %s, reason %s", accepted, out.p ? out.p : "-",
            e.reason);
        check_report(!accepted && !out.p && strstr(e.reason, rows[i].why) && e.remedy[0], __FILE__,
            __LINE__, name, why);
    }
}

static const struct row posix_rows[] = {
    {"/", "/", NULL},
    {"//", "/", NULL},
    {"/a//b/", "/a/b", NULL},
    {"/a/./b/../c", "/a/c", NULL},
    {"/../..", "/", NULL},
    {"/..a/b..", "/..a/b..", NULL},
    {"/...", "/...", NULL},
    {"~", "/home/p", NULL},
    {"~/x", "/home/p/x", NULL},
    {"~/../q", "/home/q", NULL},
    {"/~", "/~", NULL},
    {"./~", "/w/v/~", NULL},
    {"~root/x", NULL, "not looked up"},
    {"~\\x", NULL, "not looked up"},
    {"x", "/w/v/x", NULL},
    {".", "/w/v", NULL},
    {"../x", "/w/x", NULL},
    {"${PROJECT}/x", "/srv/project/x", NULL},
    {"${PROJECT}", "/srv/project", NULL},
    {"/a/${PROJECT}", "/a/srv/project", NULL},
    {"$PROJECT", "/w/v/$PROJECT", NULL},
    {"/a$b", "/a$b", NULL},
    {"/a$", "/a$", NULL},
    {"${NONE}/x", NULL, "NONE is not set"},
    {"${EMPTY}/x", NULL, "EMPTY is not set, or is empty"},
    {"${}/x", NULL, "without a variable name"},
    {"${PROJECT/x", NULL, "without a variable name"},
    {"${PRO JECT}/x", NULL, "letters, digits and _"},
    {"${1X}/x", NULL, "letters, digits and _"},
    {"a\\b", "/w/v/a\\b", NULL},
    {"/a\xff/\xc3\xa4/\xc0\xaf..", "/a\xff/\xc3\xa4/\xc0\xaf..", NULL},
    {"/con/nul.txt /x.", "/con/nul.txt /x.", NULL},
    {"/PROGRA~1", "/PROGRA~1", NULL},
    {"C:\\x", "/w/v/C:\\x", NULL},
    {"", NULL, "empty"},
};

static const struct row policy_rows[] = {
    /* as in a policy file: \ separates on both systems */
    {"~\\x\\y", "/home/p/x/y", NULL},
    {"\\a\\b", "/a/b", NULL},
    {"/a\\..\\b", "/b", NULL},
    {"${ODD}\\c", "/srv/a\\b/c", NULL},
};

static const struct row windows_rows[] = {
    {"C:\\", "C:\\", NULL},
    {"c:/", "C:\\", NULL},
    {"c:\\a/b\\\\c\\", "C:\\a\\b\\c", NULL},
    {"C:\\a\\..\\..\\b", "C:\\b", NULL},
    {"C:\\a\\.\\b", "C:\\a\\b", NULL},
    {"C:foo", NULL, "current folder"},
    {"C:", NULL, "current folder"},
    {"~", "C:\\Users\\p", NULL},
    {"~/x", "C:\\Users\\p\\x", NULL},
    {"~\\x", "C:\\Users\\p\\x", NULL},
    {"~q\\x", NULL, "not looked up"},
    {"${WORK}/x", "D:\\work\\x", NULL},
    {"x\\y", "D:\\w\\v\\x\\y", NULL},
    {"..", "D:\\w", NULL},
    {"\\x", "D:\\x", NULL},
    {"/x/y", "D:\\x\\y", NULL},
    {"\\\\server\\share", "\\\\server\\share", NULL},
    {"//server/share/a/../b", "\\\\server\\share\\b", NULL},
    {"\\\\server\\share\\..\\..", "\\\\server\\share", NULL},
    {"\\\\server", NULL, "server and a share"},
    {"\\\\server\\", NULL, "server and a share"},
    {"\\\\\\share", NULL, "server and a share"},
    {"\\\\server\\c$\\x", NULL, "administrative"},
    {"\\\\server\\pipe\\x", NULL, "pipes"},
    {"\\\\server\\IPC$\\x", NULL, "pipes"},
    {"\\\\?\\C:\\a\\b", "C:\\a\\b", NULL},
    {"\\\\?\\c:\\a", "C:\\a", NULL},
    {"\\\\?\\UNC\\server\\share\\a", "\\\\server\\share\\a", NULL},
    {"\\\\?\\unc\\server\\share", "\\\\server\\share", NULL},
    {"\\\\?\\C:\\a/b", NULL, "character"},
    {"\\\\?\\C:\\a\\..\\b", NULL, "dots and spaces"},
    {"\\\\?\\Volume{1}\\x", NULL, "only a drive"},
    {"\\\\?\\GLOBALROOT\\x", NULL, "only a drive"},
    {"\\\\.\\C:\\x", NULL, "device path"},
    {"\\\\.\\pipe\\x", NULL, "device path"},
    {"//./COM1", NULL, "device path"},
    {"//?/C:/x", NULL, "device path"},
    {"\\??\\C:\\x", NULL, "character"},
    {"C:\\PROGRA~1\\x", NULL, "8.3"},
    {"C:\\a\\LONGNA~2.TXT", NULL, "8.3"},
    {"C:\\ab~12.c", NULL, "8.3"},
    {"C:\\long~name", "C:\\long~name", NULL},
    {"C:\\notes~1.backup", "C:\\notes~1.backup", NULL},
    {"C:\\verylongname~1", "C:\\verylongname~1", NULL},
    {"C:\\~1", "C:\\~1", NULL},
    {"C:\\a~1.b.c", "C:\\a~1.b.c", NULL},
    {"C:\\f.txt:s", NULL, "stream"},
    {"C:\\f.txt::$DATA", NULL, "stream"},
    {"C:\\dir:$I30:$INDEX_ALLOCATION\\x", NULL, "stream"},
    {"f:s", NULL, "current folder"},
    {"ff:s", NULL, "stream"},
    {"C:\\a.", NULL, "dots and spaces"},
    {"C:\\a \\b", NULL, "dots and spaces"},
    {"C:\\a\\...", NULL, "dots and spaces"},
    {"C:\\.git", "C:\\.git", NULL},
    {"C:\\ a", "C:\\ a", NULL},
    {"C:\\CON", NULL, "device"},
    {"C:\\a\\nul.txt", NULL, "device"},
    {"C:\\a\\Nul .x.y", NULL, "device"},
    {"C:\\com1.log\\x", NULL, "device"},
    {"C:\\LPT\xc2\xb2", NULL, "device"},
    {"C:\\conout$", NULL, "device"},
    {"C:\\console", "C:\\console", NULL},
    {"C:\\com", "C:\\com", NULL},
    {"C:\\com10", "C:\\com10", NULL},
    {"C:\\a*b", NULL, "character"},
    {"C:\\a\x01", NULL, "character"},
    {"C:\\\xed\xa0\x80\\\xff", "C:\\\xed\xa0\x80\\\xff", NULL},
};

static void check_relative(void)
{
    struct path_env p = posix(), w = windows();
    struct row rows[] = {{".git/hooks", ".git/hooks", NULL}, {"./a//b/", "a/b", NULL},
        {"a\\b", "a/b", NULL}, {"a/../b", NULL, "leads out"}, {"..", NULL, "leads out"},
        {"/a", NULL, "no name inside"}, {"~/a", NULL, "no name inside"},
        {".", NULL, "names nothing"}, {"", NULL, "empty"}};
    char name[100];

    p.backslash = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = {0};
        struct str out = {0};
        bool accepted = path_relative(&arena, &p, str_from(rows[i].text), &out, &e);
        snprintf(name, sizeof name, "the relative name %s", rows[i].text);
        CHECK(accepted ? rows[i].wanted && str_is(out, rows[i].wanted)
                       : !rows[i].wanted && strstr(e.reason, rows[i].why),
            name);
    }
    struct err e = {0};
    struct str out = {0};
    CHECK(path_relative(&arena, &w, STR(".git/hooks"), &out, &e) && str_is(out, ".git\\hooks"),
        "a relative name takes the system's separator");
    CHECK(!path_relative(&arena, &w, STR("a/c:b"), &out, &e),
        "a stream in a relative name is refused");
}

static void check_limits(void)
{
    struct path_env p = posix();
    struct err e = {0};
    struct str out = {0};
    char *big = malloc(PATH_BYTES_MAX + 1);

    memset(big, 'a', PATH_BYTES_MAX + 1);
    big[0] = '/';
    CHECK(path_canonical(&arena, &p, (struct str){big, PATH_BYTES_MAX - 1}, &out, &e) &&
              out.n == PATH_BYTES_MAX - 1,
        "a path of 4095 bytes is taken");
    out = (struct str){0};
    CHECK(!path_canonical(&arena, &p, (struct str){big, PATH_BYTES_MAX}, &out, &e) && !out.p,
        "a path of 4096 bytes is refused");
    e = (struct err){0};
    big[0] = 'a';
    CHECK(!path_canonical(&arena, &p, (struct str){big, PATH_BYTES_MAX - 2}, &out, &e),
        "a path that grows too long with the current folder is refused");
    e = (struct err){0};
    CHECK(
        !path_canonical(&arena, &p, (struct str){"/a\0b", 4}, &out, &e) && strstr(e.reason, "NUL"),
        "a NUL in a path is refused");
    e = (struct err){0};
    p.cwd = (struct str){0};
    CHECK(!path_canonical(&arena, &p, STR("a"), &out, &e) && strstr(e.reason, "relative"),
        "a relative path without a current folder is refused");
    e = (struct err){0};
    p.home = (struct str){0};
    CHECK(!path_canonical(&arena, &p, STR("~/a"), &out, &e) && strstr(e.reason, "home"),
        "~ without a home is refused");
    free(big);
}

static void check_compare(void)
{
    struct path_env p = posix(), w = windows();

    CHECK(path_is_under(&p, STR("/a"), STR("/a")), "a folder is under itself");
    CHECK(path_is_under(&p, STR("/"), STR("/a/b")), "everything is under /");
    CHECK(path_is_under(&p, STR("/a"), STR("/a/b")), "/a/b is under /a");
    CHECK(!path_is_under(&p, STR("/a"), STR("/ab")), "/ab is not under /a");
    CHECK(!path_is_under(&p, STR("/a/b"), STR("/a")), "/a is not under /a/b");
    CHECK(!path_is_under(&p, STR("/A"), STR("/a/b")), "case matters where there is no table");
    CHECK(!path_is_under(&p, STR(""), STR("/a")), "nothing is under nothing");
    CHECK(path_same(&p, STR("/a\xff"), STR("/a\xff")), "bytes that are no text compare as bytes");
    CHECK(!path_same(&p, STR("/a\xff"), STR("/a\xfe")), "other bytes are another path");
    CHECK(path_same(&w, STR("C:\\\xc3\xa4"), STR("C:\\\xc3\x84")), "the case table is used");
    CHECK(path_is_under(&w, STR("C:\\K"), STR("C:\\\xe2\x84\xaa\\x")),
        "spellings of different length fold together");
    CHECK_STR(path_below(&w, STR("C:\\k"), STR("C:\\\xe2\x84\xaa\\x")), STR("x"),
        "the rest behind a longer spelling is right");
    CHECK(!path_same(&w, STR("C:\\a\xff"), STR("C:\\a\xfe")), "bytes never fold");
    CHECK(path_is_under(&w, STR("C:\\"), STR("C:\\a")), "a drive holds its folders");
    CHECK(path_is_under(&w, STR("\\\\S\\share"), STR("\\\\s\\Share\\a")),
        "a share holds its folders");
    CHECK(
        !path_is_under(&w, STR("\\\\s\\sh"), STR("\\\\s\\share\\a")), "a share is not its prefix");
    CHECK_STR(path_below(&p, STR("/"), STR("/a/b")), STR("a/b"), "what is below /");
    CHECK(path_below(&p, STR("/a"), STR("/a")).p && path_below(&p, STR("/a"), STR("/a")).n == 0,
        "nothing is below the folder itself, but it is there");
    CHECK(!path_below(&p, STR("/a"), STR("/b")).p, "none below another folder");
}

static void check_parts(void)
{
    struct path_env p = posix(), w = windows();

    CHECK_STR(path_parent(PATH_POSIX, STR("/a/b")), STR("/a"), "parent of /a/b");
    CHECK_STR(path_parent(PATH_POSIX, STR("/a")), STR("/"), "parent of /a");
    CHECK_STR(path_parent(PATH_POSIX, STR("/")), STR("/"), "parent of /");
    CHECK_STR(path_parent(PATH_WINDOWS, STR("C:\\a")), STR("C:\\"), "parent of C:\\a");
    CHECK_STR(path_parent(PATH_WINDOWS, STR("\\\\s\\h\\a")), STR("\\\\s\\h"), "parent on a share");
    CHECK_STR(path_parent(PATH_WINDOWS, STR("\\\\s\\h")), STR("\\\\s\\h"), "parent of a share");
    CHECK_STR(path_name(PATH_POSIX, STR("/a/b")), STR("b"), "name of /a/b");
    CHECK_STR(path_name(PATH_POSIX, STR("/")), STR(""), "name of /");
    CHECK_STR(path_name(PATH_WINDOWS, STR("\\\\s\\h\\a")), STR("a"), "name on a share");
    CHECK_STR(path_name(PATH_WINDOWS, STR("\\\\s\\h")), STR(""), "name of a share");
    CHECK(path_depth(PATH_POSIX, STR("/")) == 0, "depth of /");
    CHECK(path_depth(PATH_POSIX, STR("/a/b")) == 2, "depth of /a/b");
    CHECK(path_depth(PATH_WINDOWS, STR("\\\\s\\h\\a")) == 1, "depth on a share");
    CHECK_STR(path_join(&arena, PATH_POSIX, STR("/"), STR("a")), STR("/a"), "join at /");
    CHECK_STR(path_join(&arena, PATH_POSIX, STR("/a"), STR("b/c")), STR("/a/b/c"), "join");
    CHECK_STR(path_join(&arena, PATH_WINDOWS, STR("C:\\"), STR("b/c")), STR("C:\\b\\c"),
        "join on Windows");
    CHECK_STR(path_join(&arena, PATH_POSIX, STR("/a"), STR("")), STR("/a"), "join of nothing");
    CHECK(path_is_absolute(PATH_WINDOWS, STR("c:/x")) &&
              !path_is_absolute(PATH_WINDOWS, STR("c:x")) &&
              !path_is_absolute(PATH_WINDOWS, STR("\\x")) &&
              path_is_absolute(PATH_WINDOWS, STR("//s/h")),
        "what is absolute on Windows");
    CHECK_STR(path_display(&arena, &p, STR("/home/p/x")), STR("~/x"), "home is shown as ~");
    CHECK_STR(path_display(&arena, &p, STR("/home/p")), STR("~"), "home itself is ~");
    CHECK_STR(
        path_display(&arena, &p, STR("/home/px")), STR("/home/px"), "a neighbour of home is not");
    CHECK_STR(path_display(&arena, &p, STR("/a\x1b[31m")), STR("/a\\x1B[31m"),
        "controls are shown escaped");
    CHECK_STR(path_display(&arena, &w, STR("C:\\users\\P\\x")), STR("~\\x"),
        "home on Windows, whatever its case");
    CHECK_STR(str_from(path_display(&arena, &w, path_parent(PATH_WINDOWS, STR("D:\\other\\a.txt"))).p), STR("D:\\other"),
        "a folder is shown without the file that it was told by");
}

static void check_links(void)
{
    static const struct {
        const char *name, *substitute;
        bool relative, local;
    } rows[] = {
        {"link: to a drive", "\\??\\C:\\x", false, true},
        {"link: to a volume", "\\??\\Volume{1-2}\\x", false, true},
        {"link: to a share", "\\??\\UNC\\server\\share", false, false},
        {"link: to a share, without its prefix", "\\\\server\\share", false, false},
        {"link: to a device", "\\Device\\Mup\\server\\share", false, false},
        {"link: to another name of the kernel's", "\\??\\GLOBALROOT\\Device\\Mup\\server\\share", false, false},
        {"link: relative", "..\\..\\x", true, true},
        {"link: relative, from the top of its volume", "\\x", true, true},
        {"link: called relative, to a share", "\\\\server\\share", true, false},
        {"link: called relative, to a drive", "Z:x", true, false},
        {"link: to nothing", "", false, false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(path_link_is_local(str_from(rows[i].substitute), rows[i].relative) == rows[i].local, rows[i].name);
}

int main(void)
{
    struct path_env p = posix(), w = windows();

    check_rows(&p, posix_rows, COUNT_OF(posix_rows));
    p.backslash = true;
    check_rows(&p, policy_rows, COUNT_OF(policy_rows));
    check_rows(&w, windows_rows, COUNT_OF(windows_rows));
    check_relative();
    check_limits();
    check_compare();
    check_parts();
    check_links();
    arena_release(&arena);
    return CHECK_END();
}
