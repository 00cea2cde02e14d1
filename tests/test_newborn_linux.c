/*
 * test_newborn_linux: birthplaces on a real file system: made again without loss, put into place, kept apart. And what is looked at
 * again for git when a session ends.
 */
#include "../sandbox/core/plan.h"
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

    newborn_settle(&f->a, &f->env, f->session, NULL, ended, &lines);
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

/* ---- what is looked at again at the end ---- */

static void begin_look(struct fixture *f, struct buf *ledger)
{
    struct texts roots = {0};
    struct plan plan = {0};
    struct str git = join(f, f->root, ".git");

    *(struct str *)ARENA_PUSH(&f->a, &roots) = f->root;
    *(struct op *)ARENA_PUSH(&f->a, &plan) = (struct op){.kind = OP_WRITABLE, .path = f->root};
    *(struct op *)ARENA_PUSH(&f->a, &plan) = (struct op){.kind = OP_WRITABLE, .path = git};
    *(struct op *)ARENA_PUSH(&f->a, &plan) = (struct op){.kind = OP_GUARD, .path = git, .number = GUARD_LINKS};
    *(struct op *)ARENA_PUSH(&f->a, &plan) = (struct op){.kind = OP_PROTECT, .path = join(f, git, "hooks")};
    leftover_begin(&f->a, &plan, &roots, ledger);
}

static size_t end_look(struct fixture *f, struct buf *ledger, const char *word, const char *name)
{
    struct texts lines = {0};

    leftover_look(&f->a, &f->env, buf_view(ledger), &lines);
    CHECK(word ? lines.n == 1 && strstr(lines.v[0].p, word) : lines.n == 0, name);
    buf_release(ledger);
    *ledger = (struct buf){0};
    return lines.n;
}

static bool is_link(struct str path)
{
    return readlink(path.p, (char[2]){0}, 1) == 1;
}

static void test_leftover_links(void)
{
    struct fixture f;
    struct buf ledger = {0};
    struct err e = {0};
    struct str git, link, old, hook, object, named;

    begin(&f);
    git = join(&f, f.root, ".git");
    link = join(&f, git, "logs/HEAD");
    old = join(&f, git, "logs/old");
    hook = join(&f, git, "hooks/mine");
    object = join(&f, git, "objects/ab/link");
    named = join(&f, git, "logs/objects");
    sys_make_folders(join(&f, git, "logs"), 0755, &e);
    sys_make_folders(join(&f, git, "hooks"), 0755, &e);
    sys_make_folders(join(&f, git, "objects/ab"), 0755, &e);
    sys_make_folders(join(&f, f.root, "later/objects"), 0755, &e);
    CHECK(symlink("/x", old.p) == 0 && symlink("/x", join(&f, f.root, "later/objects/HEAD").p) == 0, "links of before");
    begin_look(&f, &ledger);
    end_look(&f, &ledger, NULL, "nothing came, nothing is told");
    begin_look(&f, &ledger);
    CHECK(symlink("/x\033y", link.p) == 0 && symlink("/x", hook.p) == 0 && symlink("/x", object.p) == 0, "links come");
    end_look(&f, &ledger, "/x\\x1By", "one is told, printable");
    CHECK(!is_link(link) && is_link(join(&f, git, "cordon-aside-1/1-HEAD")), "it is moved aside, and still there");
    CHECK(is_link(old) && is_link(hook) && is_link(object), "older ones, those in what was read-only, and among objects stay");
    begin_look(&f, &ledger);
    CHECK(rename(join(&f, f.root, "later/objects").p, named.p) == 0, "a folder that is older than the session comes");
    end_look(&f, &ledger, "logs/objects/HEAD", "an old link in it, of a folder that is named objects, is found");
    begin_look(&f, &ledger);
    CHECK(unlink(old.p) == 0 && symlink("/other", old.p) == 0, "a link leads elsewhere");
    end_look(&f, &ledger, "logs/old -> /other", "one in the place of another is found");
    begin_look(&f, &ledger);
    CHECK(symlink("/x", link.p) == 0 && chmod(join(&f, git, "logs").p, 0300) == 0 && chmod(git.p, 0300) == 0, "nobody can list it");
    end_look(&f, &ledger, "moved aside", "it is found all the same");
    CHECK(chmod(git.p, 0755) == 0 && chmod(join(&f, git, "logs").p, 0755) == 0 && !is_link(link), "it is moved all the same");
    finish(&f);
}

static void test_leftover_incomplete(void)
{
    struct fixture f;
    struct buf ledger = {0};
    struct err e = {0};
    struct str deep;

    begin(&f);
    deep = join(&f, f.root, ".git/logs");
    begin_look(&f, &ledger);
    for (int i = 0; i < 70; i++)
        deep = join(&f, deep, "d");
    sys_make_folders(deep, 0755, &e);
    CHECK(e.kind == ERR_NONE && symlink("/x", join(&f, deep, "HEAD").p) == 0, "deeper than is looked");
    end_look(&f, &ledger, "warning: not all of", "what could not be looked at is told");
    finish(&f);
}

static void make_repository(struct fixture *f, struct str folder)
{
    struct err e = {0};

    sys_make_folders(join(f, folder, "objects"), 0755, &e);
    sys_make_folders(join(f, folder, "refs"), 0755, &e);
    sys_append_file(join(f, folder, "HEAD"), STR("ref: refs/heads/main\n"), &e);
}

static void test_leftover_head(void)
{
    struct fixture f;
    struct buf ledger = {0};
    struct err e = {0};
    struct str git;

    begin(&f);
    git = join(&f, f.root, ".git");
    begin_look(&f, &ledger);
    CHECK(symlink("refs/heads/main", join(&f, f.root, "HEAD").p) == 0, "a link");
    end_look(&f, &ledger, "HEAD.cordon-aside-1", "a HEAD that leads nowhere counts");
    CHECK(!is_link(join(&f, f.root, "HEAD")) && is_link(join(&f, f.root, "HEAD.cordon-aside-1")), "it is moved aside");
    sys_append_file(join(&f, f.root, "HEAD"), STR("x"), &e);
    begin_look(&f, &ledger);
    end_look(&f, &ledger, NULL, "one of before stays");
    begin_look(&f, &ledger);
    sys_append_file(join(&f, f.root, "HEAD"), STR("y"), &e);
    end_look(&f, &ledger, "moved aside: HEAD", "unless it was written");
    make_repository(&f, git);
    begin_look(&f, &ledger);
    sys_append_file(join(&f, f.root, "HEAD"), STR("x"), &e);
    end_look(&f, &ledger, NULL, "where .git is a repository git never asks for it");
    unlink(join(&f, f.root, "HEAD").p);
    begin_look(&f, &ledger);
    sys_append_file(join(&f, f.root, "HEAD"), STR("x"), &e);
    unlink(join(&f, git, "HEAD").p);
    end_look(&f, &ledger, "moved aside: HEAD", "where it is none any more git does");
    sys_remove_tree(git, &e);
    make_repository(&f, f.root);
    begin_look(&f, &ledger);
    sys_append_file(join(&f, f.root, "HEAD"), STR("x"), &e);
    end_look(&f, &ledger, NULL, "a workspace that was a repository is one");
    finish(&f);
}

int main(void)
{
    test_leftover_links();
    test_leftover_incomplete();
    test_leftover_head();
    test_again();
    test_empty();
    test_bad();
    test_crash();
    test_other_root();
    test_taken();
    return CHECK_END();
}
