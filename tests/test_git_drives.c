/*
 * test_git_drives: what git.c holds of repositories on Windows: paths with drives and either separator, names without case, what
 * stands in for an observer there.
 */
#include "check.h"
#include "../sandbox/core/gitleft.h"

#include <string.h>

struct item {
    const char *path, *text; /* text NULL: a folder */
};

static struct arena arena;
static const struct item *items;
static size_t item_count;
static struct buf index_bytes; /* of an item whose text is the mark */
static const char an_index[] = "index";
static const char *asked; /* a path that was asked for and lies on no disk of this machine: the last */

static uint32_t fold(const void *table, uint32_t scalar)
{
    (void)table;
    return scalar >= 'a' && scalar <= 'z' ? scalar - 32 : scalar;
}

static const struct path_env env = {.system = PATH_WINDOWS, .home = {"C:\\Users\\p", 10}, .fold = {fold, NULL}};

static void spy(struct str path)
{
    if (path.p[0] == '\\' || path.p[0] == 'Z' || path.p[0] == 'S')
        asked = arena_str(&arena, path).p;
}

static enum fact_kind fake_kind(void *context, struct str path)
{
    enum fact_kind kind = FACT_MISSING;

    (void)context;
    spy(path);
    for (size_t i = 0; i < item_count; i++) {
        struct str here = str_from(items[i].path);
        if (path_same(&env, here, path))
            return items[i].text ? FACT_FILE : FACT_FOLDER;
        if (path_is_under(&env, path, here))
            kind = FACT_FOLDER;
    }
    return kind;
}

/* Somebody has it open, and shares nothing. */
#define HELD "held"

static bool fake_read(void *context, struct arena *a, struct str path, size_t ceiling, bool inside, struct str *out)
{
    (void)context;
    (void)inside;
    spy(path);
    for (size_t i = 0; i < item_count; i++)
        if (items[i].text && path_same(&env, str_from(items[i].path), path)) {
            if (strcmp(items[i].text, HELD) == 0)
                return false;
            *out = arena_str(a, items[i].text == an_index ? buf_view(&index_bytes) : str_from(items[i].text));
            return out->n <= ceiling;
        }
    return false;
}

static bool fake_list(void *context, struct arena *a, struct str folder, size_t most, struct texts *out)
{
    (void)context;
    spy(folder);
    for (size_t i = 0; i < item_count; i++) {
        struct str rest = path_below(&env, folder, str_from(items[i].path)), name;
        bool known = false;
        if (rest.n == 0)
            continue;
        name = str_slice(rest, 0, str_find(rest, 0, '\\'));
        for (size_t j = 0; j < out->n; j++)
            known = known || str_eq(out->v[j], name);
        if (known)
            continue;
        if (out->n == most)
            return false;
        *(struct str *)ARENA_PUSH(a, out) = arena_str(a, name);
    }
    return true;
}

static struct str fake_variable(const void *context, struct str name)
{
    (void)context;
    return str_is(name, "XDG_CONFIG_HOME") ? STR("C:/Users/p/xdg") : (struct str){0};
}

static const struct git_found *look(const struct item *list, size_t count)
{
    static const struct git_eye eye = {.kind = fake_kind, .read = fake_read, .list = fake_list, .variable = fake_variable};
    static struct volume_fact volumes[] = {{.root = {"C:\\", 3}, .type = {"NTFS", 4}, .acls = true}, {.root = {"Z:\\", 3}, .remote = true},
        {.root = {"S:\\", 3}, .substituted = true}};
    static const struct windows_host windows = {.program_files = {"C:\\Program Files", 16}, .program_data = {"C:\\ProgramData", 14}, .volumes = volumes,
        .volume_count = COUNT_OF(volumes)};
    static const struct host host = {.home = {"C:\\Users\\p", 10}, .windows = &windows};
    static const struct policy policy = {.workspace = {"C:\\src\\w", 8}};

    items = list;
    item_count = count;
    asked = NULL;
    return git_look(&arena, &policy, &env, &host, &eye);
}

static const struct git_place *find(const struct git_found *found, enum place_kind kind, const char *path)
{
    for (size_t i = 0; i < found->n; i++)
        if (found->v[i].kind == kind && path_same(&env, found->v[i].path, str_from(path)))
            return &found->v[i];
    return NULL;
}

static bool told(const struct texts *lines, const char *part)
{
    for (size_t i = 0; i < lines->n; i++)
        if (strstr(lines->v[i].p, part))
            return true;
    return false;
}

#define REPOSITORY                                                                                                              \
    {"C:\\src\\w\\.git\\HEAD", "ref: refs/heads/main\n"}, {"C:\\src\\w\\.git\\objects", NULL}, {"C:\\src\\w\\.git\\refs", NULL}, {"C:\\src\\w\\.git\\hooks", NULL}

static void test_plain(void)
{
    static const struct item list[] = {REPOSITORY, {"C:\\src\\w\\.git\\config", "[core]\n\tbare = false\n"}};
    const struct git_found *found = look(list, COUNT_OF(list));
    const struct git_place *p = find(found, PLACE_PROTECT, "C:\\src\\w\\commondir");

    CHECK(find(found, PLACE_PROTECT, "C:\\src\\w\\.git\\hooks") && find(found, PLACE_PROTECT, "C:\\src\\w\\.git\\config") &&
              find(found, PLACE_PIN, "C:\\src\\w\\.git"),
        "plain: hooks, configuration and the folder itself are held");
    CHECK(find(found, PLACE_PIN, "C:\\src\\w\\.git\\objects") && find(found, PLACE_PIN, "C:\\src\\w\\.git\\refs"), "plain: so is what makes it a repository");
    CHECK(p && p->hold == HOLD_FOLDER, "plain: a folder of a name that stops git holds the top");
    CHECK(!find(found, PLACE_PROTECT, "C:\\src\\w\\HEAD"), "plain: and nothing is left to an observer");
    CHECK((p = find(found, PLACE_PROTECT, "C:\\src\\w\\.git\\commondir")) && p->hold == HOLD_FILE, "plain: names git obeys are held where nothing is");
    for (size_t i = 0; i < found->n; i++)
        if (memchr(found->v[i].path.p, '/', found->v[i].path.n))
            CHECK_STR(found->v[i].path, STR(""), "plain: every path is in its one form");
}

static void test_names(void)
{
    static const struct item list[] = {REPOSITORY,
        {"C:\\src\\w\\.git\\config", "[include]\n\tpath = ../inc/a.cfg\n\tpath = C:/SRC/w/b.cfg\n\tpath = \"c:\\\\src\\\\w\\\\c.cfg\"\n\tpath = PROGRA~1/x\n"
                                     "[core]\n\thooksPath = tools/hooks\n\tfsmonitor = C:/src/w/mon.exe --all\n\tsshCommand = /c/src/w/ssh.sh -v\n"
                                     "[remote \"l\"]\n\turl = C:/src/w/bare\n"},
        {"C:\\src\\w\\inc\\a.cfg", "[core]\n\tpager = ./page.sh\n"}, {"C:\\src\\w\\b.cfg", ""}, {"C:\\src\\w\\c.cfg", ""}, {"C:\\src\\w\\tools\\hooks\\x", ""},
        {"C:\\src\\w\\mon.exe", ""}, {"C:\\src\\w\\ssh.sh", ""}, {"C:\\src\\w\\page.sh", ""}, {"C:\\src\\w\\bare\\HEAD", "ref: refs/heads/main\n"},
        {"C:\\src\\w\\bare\\objects", NULL}, {"C:\\src\\w\\bare\\refs", NULL}, {"C:\\src\\w\\bare\\config", ""}, {"C:\\Users\\p\\.gitconfig", "[include]\n\tpath = ~\\\\more.cfg\n"},
        {"C:\\Users\\p\\more.cfg", "[core]\n\thooksPath = C:/src/w/mine\n"}, {"C:\\src\\w\\mine", NULL},
        {"C:\\Program Files\\Git\\etc\\gitconfig", "[core]\n\teditor = C:/src/w/edit.exe\n"}, {"C:\\src\\w\\edit.exe", ""},
        {"C:\\Users\\p\\xdg\\git\\config", "[include]\n\tpath = C:/src/w/xdg.cfg\n"}, {"C:\\src\\w\\xdg.cfg", ""}};
    static const struct {
        enum place_kind kind;
        const char *path, *name;
    } rows[] = {
        {PLACE_PROTECT, "C:\\src\\w\\inc\\a.cfg", "an included file, by a relative path"},
        {PLACE_PIN, "C:\\src\\w\\inc", "the folder it lies in"},
        {PLACE_PROTECT, "C:\\src\\w\\b.cfg", "an included file, by a drive and other case"},
        {PLACE_PROTECT, "C:\\src\\w\\c.cfg", "an included file, by backslashes"},
        {PLACE_PROTECT, "C:\\src\\w\\tools\\hooks", "a folder of hooks"},
        {PLACE_PIN, "C:\\src\\w\\tools", "the way to it"},
        {PLACE_PROTECT, "C:\\src\\w\\mon.exe", "a program, by a drive"},
        {PLACE_PROTECT, "C:\\src\\w\\ssh.sh", "a program, as sh on Windows names drives"},
        {PLACE_PROTECT, "C:\\src\\w\\page.sh", "a program that an included file names"},
        {PLACE_PROTECT, "C:\\src\\w\\bare\\config", "what a remote on this drive would obey"},
        {PLACE_PROTECT, "C:\\src\\w\\mine", "what the person's own configuration includes names"},
        {PLACE_PROTECT, "C:\\src\\w\\edit.exe", "what git's own folder names"},
        {PLACE_PROTECT, "C:\\src\\w\\xdg.cfg", "what a variable's folder names"},
    };
    const struct git_found *found = look(list, COUNT_OF(list));
    char name[150];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(name, sizeof name, "names: %s", rows[i].name);
        CHECK(find(found, rows[i].kind, rows[i].path), name);
    }
    CHECK(told(&found->partial, "PROGRA~1/x"), "names: a path that cannot be told is named");
}

static void test_held(void)
{
    static const struct item list[] = {REPOSITORY, {"C:\\src\\w\\.git\\config", HELD}};

    CHECK(told(&look(list, COUNT_OF(list))->partial, "C:\\src\\w\\.git\\config cannot be read now"), "held: a configuration that cannot be read is named");
}

static void test_none(void)
{
    static const struct item none[] = {{"C:\\src\\w\\a", ""}}, file[] = {{"C:\\src\\w\\.git", "gitdir: C:/src/main/.git/worktrees/w\n"},
        {"C:\\src\\main\\.git\\worktrees\\w\\HEAD", "ref: refs/heads/x\n"}, {"C:\\src\\main\\.git\\worktrees\\w\\commondir", "../..\n"},
        {"C:\\src\\main\\.git\\HEAD", "ref: refs/heads/main\n"}, {"C:\\src\\main\\.git\\config", "[core]\n\thooksPath = C:/src/w/hooks\n"},
        {"C:\\src\\main\\.git\\objects", NULL}, {"C:\\src\\main\\.git\\refs", NULL}, {"C:\\src\\w\\hooks\\x", ""}};
    static const struct item spoilt[] = {REPOSITORY, {"C:\\src\\w\\.git\\config", ""}, {"C:\\src\\w\\commondir", "sub\n"}};
    const struct git_found *found = look(none, COUNT_OF(none));
    const struct git_place *p = find(found, PLACE_PROTECT, "C:\\src\\w\\.git");

    CHECK(p && p->hold == HOLD_FOLDER && told(&found->notes, "git init"), "none: a name without a repository is held, and where one is made is said");
    found = look(file, COUNT_OF(file));
    CHECK(find(found, PLACE_PROTECT, "C:\\src\\w\\hooks") && told(&found->warnings, "not writable"), "none: its repository elsewhere is looked at, and named");
    found = look(spoilt, COUNT_OF(spoilt));
    CHECK(told(&found->partial, "commondir"), "none: a commondir that is there already is named");
}

/* What was written inside names a server: to look there would give it the person's answer, and the path. */
#define HERE      REPOSITORY, {"C:\\src\\w\\.git\\config", "[core]\n"}
#define MADE(text) {"C:\\src\\w\\.git\\modules\\m\\HEAD", "ref: refs/heads/main\n"}, {"C:\\src\\w\\.git\\modules\\m\\config", text}

static void test_servers(void)
{
    static const struct item include[] = {HERE, MADE("[include]\n\tpath = //evil@80/x/data\n")},
        hooks[] = {HERE, MADE("[core]\n\thooksPath = \\\\\\\\evil\\\\x\\\\data\n")}, worktree[] = {HERE, MADE("[core]\n\tworktree = //evil/x/data\n")},
        drive[] = {HERE, MADE("[include]\n\tpath = Z:/data\n")}, subst[] = {HERE, MADE("[include]\n\tpath = S:/data\n")},
        unseen[] = {HERE, MADE("[core]\n\tworktree = Z:/data\n")},
        linked[] = {HERE, {"C:\\src\\w\\.git\\worktrees\\t\\HEAD", "x\n"}, {"C:\\src\\w\\.git\\worktrees\\t\\gitdir", "//evil/x/data/.git\n"}},
        common[] = {HERE, {"C:\\src\\w\\.git\\modules\\m\\HEAD", "x\n"}, {"C:\\src\\w\\.git\\modules\\m\\commondir", "//evil/x/data\n"}},
        file[] = {HERE, {"C:\\src\\w\\.gitmodules", "[submodule \"s\"]\n\tpath = sub\n"}, {"C:\\src\\w\\sub\\.git", "gitdir: //evil/x/data\n"}},
        top[] = {{"C:\\src\\w\\.git", "gitdir: //evil/x/data\n"}},
        twice[] = {HERE, MADE("[include]\n\tpath = C:/Users/CordonOffline/a.cfg\n"), {"C:\\Users\\CordonOffline\\a.cfg", "[include]\n\tpath = //evil/x/data\n"}};
    static const struct {
        const char *name;
        const struct item *list;
        size_t n;
    } rows[] = {{"an include", include, COUNT_OF(include)}, {"a folder of hooks", hooks, COUNT_OF(hooks)}, {"a working tree", worktree, COUNT_OF(worktree)},
        {"a drive that is another machine's", drive, COUNT_OF(drive)}, {"a drive that stands for a folder", subst, COUNT_OF(subst)},
        {"a working tree on such a drive", unseen, COUNT_OF(unseen)}, {"a worktree's gitdir", linked, COUNT_OF(linked)}, {"a commondir", common, COUNT_OF(common)},
        {"a submodule's .git file", file, COUNT_OF(file)}, {"a .git file", top, COUNT_OF(top)},
        {"an include in a file of the account's own that an include named", twice, COUNT_OF(twice)}};
    static const struct item own[] = {HERE, {"C:\\Users\\p\\.gitconfig", "[include]\n\tpath = //corp/it/git.cfg\n"},
        {"\\\\corp\\it\\git.cfg", "[include]\n\tpath = more.cfg\n"}, {"\\\\corp\\it\\more.cfg", "[core]\n\thooksPath = .githooks\n"}, {"C:\\src\\w\\.githooks", NULL}};
    const struct git_found *found;
    char name[120];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        found = look(rows[i].list, rows[i].n);
        snprintf(name, sizeof name, "servers: %s leads nobody there", rows[i].name);
        CHECK_STR(str_from(asked ? asked : ""), STR(""), name);
        snprintf(name, sizeof name, "servers: %s is named", rows[i].name);
        CHECK(told(&found->partial, "on no disk of this machine"), name);
    }
    found = look(own, COUNT_OF(own));
    CHECK(asked && find(found, PLACE_PROTECT, "C:\\src\\w\\.githooks") && found->partial.n == 0, "servers: where the person's own configuration leads is looked at");
}

/* ---- what is left at the end ---- */

static void put_number(unsigned n)
{
    unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};

    buf_add(&index_bytes, bytes, 4);
}

/* Of one entry, as git writes it. */
static void make_index(const char *name, unsigned mode)
{
    static const char zeros[40], hash[20] = "hash";
    size_t n = strlen(name);
    unsigned char flags[2] = {0, (unsigned char)n};

    buf_clear(&index_bytes);
    buf_add(&index_bytes, "DIRC", 4);
    put_number(2);
    put_number(1);
    buf_add(&index_bytes, zeros, 24);
    put_number(mode);
    buf_add(&index_bytes, zeros, 12);
    buf_add(&index_bytes, hash, sizeof hash);
    buf_add(&index_bytes, flags, 2);
    buf_add(&index_bytes, name, n + 1);
    while ((index_bytes.n - 12) % 8 != 0)
        buf_add(&index_bytes, zeros, 1);
    buf_add(&index_bytes, hash, sizeof hash);
}

static bool in_root(void *context, struct str path)
{
    (void)context;
    return path_is_under(&env, STR("C:\\src\\w"), path) && !path_is_under(&env, STR("C:\\src\\w\\.git\\modules\\known"), path);
}

static struct str judge(const struct item *list, size_t count, const char *file, struct texts *told_lines)
{
    static const struct git_eye eye = {.kind = fake_kind, .read = fake_read, .list = fake_list, .variable = fake_variable};
    static struct str root = {"C:\\src\\w", 8};
    static const struct texts roots = {.v = &root, .n = 1};
    static const struct gitleft left = {.env = &env, .eye = &eye, .top = {"C:\\src\\w\\.git", 13}, .worktree = {"C:\\src\\w", 8}, .roots = &roots, .writable = in_root};

    items = list;
    item_count = count;
    asked = NULL;
    *told_lines = (struct texts){0};
    return gitleft_judge(&arena, &left, str_from(file), true, told_lines);
}

static void test_left_names(void)
{
    static const struct {
        const char *path;
        bool plain;
    } rows[] = {{"src/a.c", true}, {"a b/.gitignore", true}, {".github/x", true}, {"legit~1/x", true}, {"a/git", true}, {".git/hooks/post-checkout", false}, {"../x", false},
        {"..\\x", false}, {"a\\b", false}, {"C:x", false}, {"C:/x", false}, {".git::$INDEX_ALLOCATION/x", false}, {".GIT /x", false}, {".git./x", false}, {"a/.git . ./x", false},
        {"GIT~1/config", false}, {"git~2", false}, {".. /x", false}, {"a/. /x", false}, {"...", false}, {"//srv/x", false}};
    static const struct item list[] = {REPOSITORY, {"C:\\src\\w\\.git\\config", ""}, {"C:\\src\\w\\.git\\index", an_index}};
    struct texts lines;
    char name[100];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        snprintf(name, sizeof name, "left: an index that names %s is %s", rows[i].path, rows[i].plain ? "let be" : "told");
        make_index(rows[i].path, 0100644);
        CHECK((judge(list, COUNT_OF(list), "C:\\src\\w\\.git\\index", &lines).n == 0) == rows[i].plain && lines.n == 0, name);
    }
}

static void test_left(void)
{
    static const struct item list[] = {REPOSITORY, {"C:\\src\\w\\.git\\config", ""}, {"C:\\src\\w\\.git\\INDEX", an_index},
        {"C:\\src\\w\\.git\\Merge_RR", "0123456789\t..\\..\\x"}, {"C:\\src\\w\\.git\\rebase-merge\\git-rebase-todo", "pick 1\nexec calc\n"},
        {"C:\\src\\w\\.git\\modules\\m\\config", "[core]\n\tfsmonitor = calc\n"}, {"C:\\src\\w\\.git\\modules\\n\\config", "[core]\n\tbare = false\n"},
        {"C:\\src\\w\\.git\\modules\\m\\Hooks\\post-checkout", "calc\n"}, {"C:\\src\\w\\.git\\modules\\m\\hooks\\x.sample", ""},
        {"C:\\src\\w\\.git\\modules\\m\\index", an_index}, {"C:\\src\\w\\sub\\.git\\config", ""}, {"C:\\src\\w\\far\\.git", "gitdir: //evil/x/data\n"},
        {"C:\\src\\w\\near\\.git", "gitdir: ../.git/modules/known\n"}};
    static const struct {
        const char *file;
        bool bad;
        const char *name;
    } rows[] = {
        {"C:\\src\\w\\.git\\Merge_RR", true, "left: a list of conflicts that leads out, in other case"},
        {"C:\\src\\w\\.git\\modules\\m\\config", true, "left: configuration of a submodule that runs something"},
        {"C:\\src\\w\\.git\\modules\\n\\config", false, "left: one that runs nothing"},
        {"C:\\src\\w\\.git\\modules\\m\\Hooks\\post-checkout", true, "left: a hook, in other case"},
        {"C:\\src\\w\\.git\\modules\\m\\hooks\\x.sample", false, "left: a sample"},
    };
    static const struct {
        const char *path;
        bool told;
        const char *name;
    } nested[] = {{"sub", true, "left: a repository that could be changed inside is told"}, {"near", false, "left: one of a folder in modules is looked at itself"},
        {"far", true, "left: one on a server is told"}, {"none", false, "left: one that is not there is not"}};
    struct texts lines;

    CHECK(gitleft_wants(PATH_WINDOWS, STR("C:\\w\\.git"), STR("C:\\w\\.git"), STR("INDEX")) && gitleft_wants(PATH_WINDOWS, STR("C:\\w\\.git"), STR("C:\\w\\.git\\Modules\\a\\HOOKS"), STR("x")) &&
              !gitleft_wants(PATH_WINDOWS, STR("C:\\w\\.git"), STR("C:\\w\\.git\\hooks"), STR("x")) && !gitleft_wants(PATH_POSIX, STR("/w/.git"), STR("/w/.git"), STR("INDEX")),
        "left: names are the same but for case there, and not on Linux");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK((judge(list, COUNT_OF(list), rows[i].file, &lines).n > 0) == rows[i].bad, rows[i].name);
    judge(list, COUNT_OF(list), "C:\\src\\w\\.git\\rebase-merge\\git-rebase-todo", &lines);
    CHECK(told(&lines, "exec calc"), "left: a rebase that runs something is told");
    for (size_t i = 0; i < COUNT_OF(nested); i++) {
        make_index(nested[i].path, 0160000);
        CHECK(judge(list, COUNT_OF(list), "C:\\src\\w\\.git\\INDEX", &lines).n == 0 && (lines.n == 1) == nested[i].told && !asked, nested[i].name);
    }
}

int main(void)
{
    test_plain();
    test_names();
    test_held();
    test_none();
    test_servers();
    test_left_names();
    test_left();
    buf_release(&index_bytes);
    arena_release(&arena);
    return CHECK_END();
}
