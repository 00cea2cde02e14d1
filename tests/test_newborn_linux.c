/*
 * test_newborn_linux: birthplaces on a real file system: made again without loss, put into place, kept apart. And what is looked at
 * again for git when a session ends.
 */
#include "../sandbox/core/path.h"
#include "../sandbox/sandbox.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct arena a;
    struct path_env env;
    struct str base, root, session, place;
};

static struct str join(struct fixture *f, struct str folder, const char *name)
{
    return path_join(&f->a, PATH_POSIX, folder, str_from(name));
}

static bool is_there(struct fixture *f, struct str folder, const char *name)
{
    return access(join(f, folder, name).p, F_OK) == 0;
}

static void begin(struct fixture *f)
{
    char here[PATH_BYTES_MAX], name[] = "newborn-XXXXXX";
    struct err e = {0};

    *f = (struct fixture){.env = {.system = PATH_POSIX}};
    if (!getcwd(here, sizeof here) || !mkdtemp(name))
        abort();
    f->base = arena_format(&f->a, "%s/%s", here, name);
    f->root = join(f, f->base, "w");
    f->session = join(f, f->base, "state/sessions/s0");
    f->place = join(f, f->base, "state/born/s0/hash/git");
    CHECK(sys_make_folders(f->root, 0755, &e) && sys_make_folders(f->session, 0700, &e), "folders to work in");
    CHECK(newborn_make(f->place, f->root, false, &e), "a birthplace is made");
}

static void finish(struct fixture *f)
{
    struct err e = {0};

    sys_remove_tree(f->base, &e);
    arena_release(&f->a);
}

/* What git init makes, as far as it matters. */
static void give_birth(struct fixture *f, const char *config)
{
    struct err e = {0};
    bool good = sys_append_file(join(f, f->place, "HEAD"), STR("ref: refs/heads/main\n"), &e) &&
                sys_append_file(join(f, f->place, "config"), str_from(config), &e) &&
                sys_make_folders(join(f, f->place, "objects/info"), 0755, &e) &&
                sys_make_folders(join(f, f->place, "refs"), 0755, &e);

    CHECK(good, "something is born");
}

static size_t settle(struct fixture *f, bool ended, const char *word)
{
    struct texts lines = {0};

    newborn_settle(&f->a, &f->env, f->session, ended, &lines);
    CHECK(word ? lines.n == 1 && strstr(lines.v[0].p, word) : lines.n == 0, word ? word : "not a word");
    return lines.n;
}

static void test_again(void)
{
    struct fixture f;
    struct err e = {0};

    begin(&f);
    give_birth(&f, "");
    CHECK(newborn_make(f.place, f.root, false, &e) && is_there(&f, f.place, "HEAD"),
        "made for the boundary that comes after, what was born stays");
    settle(&f, true, "is in place now");
    CHECK(is_there(&f, f.root, ".git/HEAD") && is_there(&f, f.root, ".git/objects/info"), "it is the workspace's now");
    finish(&f);
}

static void test_empty(void)
{
    struct fixture f;

    begin(&f);
    settle(&f, true, NULL);
    CHECK(!is_there(&f, f.root, ".git"), "nothing born, nothing moved");
    finish(&f);
}

static void test_bad(void)
{
    struct fixture f;

    begin(&f);
    give_birth(&f, "[core]\nfsmonitor = x\n");
    settle(&f, true, "sets core.fsmonitor");
    CHECK(!is_there(&f, f.root, ".git") && is_there(&f, f.base, "state/born/kept/w-1/git/HEAD"), "kept apart");
    finish(&f);
}

static void test_crash(void)
{
    struct fixture f;

    begin(&f);
    give_birth(&f, "[user]\nname = x\n");
    settle(&f, false, "is in place now");
    CHECK(is_there(&f, f.root, ".git/config"), "what a crash left is put into place by the next session");
    finish(&f);
}

static void test_other_root(void)
{
    struct fixture f;

    begin(&f);
    give_birth(&f, "");
    CHECK(rename(f.root.p, join(&f, f.base, "away").p) == 0 && mkdir(f.root.p, 0755) == 0, "the workspace is replaced");
    settle(&f, true, "not what it was");
    CHECK(!is_there(&f, f.root, ".git"), "not into a folder that only has its name");
    finish(&f);
}

static void test_taken(void)
{
    struct fixture f;
    struct err e = {0};

    begin(&f);
    give_birth(&f, "");
    sys_make_folders(join(&f, f.root, ".git/x"), 0755, &e);
    settle(&f, true, "there is a repository now");
    CHECK(is_there(&f, f.root, ".git/x"), "what was made outside meanwhile stays");
    finish(&f);
    begin(&f);
    give_birth(&f, "");
    CHECK(symlink("/", join(&f, f.root, ".git").p) == 0, "a link");
    settle(&f, true, "something else is there now");
    finish(&f);
}

static void test_leftover(void)
{
    struct fixture f;
    struct texts roots = {0}, lines = {0};
    struct err e = {0};
    struct str link, other;

    begin(&f);
    *(struct str *)ARENA_PUSH(&f.a, &roots) = f.root;
    link = join(&f, f.root, ".git/logs/HEAD");
    other = join(&f, f.root, ".git/objects/link");
    sys_make_folders(join(&f, f.root, ".git/logs"), 0755, &e);
    sys_make_folders(join(&f, f.root, ".git/objects"), 0755, &e);
    CHECK(symlink("/x\033y", link.p) == 0 && symlink("/x", other.p) == 0, "links in .git");
    git_leftover(&f.a, &f.env, &roots, sys_clock_ms() + 60000, &lines);
    CHECK(lines.n == 0 && is_there(&f, f.root, ".git/logs"), "a link of before the session");
    git_leftover(&f.a, &f.env, &roots, sys_clock_ms() - 60000, &lines);
    CHECK(lines.n == 1 && strstr(lines.v[0].p, "/x\\x1By") && readlink(link.p, (char[2]){0}, 1) < 0, "one made in it is removed and told");
    CHECK(readlink(other.p, (char[2]){0}, 1) == 1, "objects are data");
    lines.n = 0;
    sys_remove_tree(join(&f, f.root, ".git"), &e);
    sys_make_folders(join(&f, f.root, "objects"), 0755, &e);
    sys_make_folders(join(&f, f.root, "refs"), 0755, &e);
    sys_append_file(join(&f, f.root, "HEAD"), STR("x"), &e);
    git_leftover(&f.a, &f.env, &roots, sys_clock_ms() - 60000, &lines);
    CHECK(lines.n == 1 && strstr(lines.v[0].p, "made a git folder"), "a workspace that became a git folder is told");
    finish(&f);
}

int main(void)
{
    test_leftover();
    test_again();
    test_empty();
    test_bad();
    test_crash();
    test_other_root();
    test_taken();
    return CHECK_END();
}
