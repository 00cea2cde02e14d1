/*
 * test_git: which places of a repository are held, and which newborn repositories are let through, over a file tree that is
 * a table.
 */
#include "../sandbox/core/git.h"
#include "../sandbox/core/gitindex.h"
#include "../sandbox/core/newborn.h"
#include "check.h"

#include <string.h>

/* text NULL: a folder; "->": a link. Folders above an entry need not be named. */
struct item {
    const char *path, *text;
};

struct tree {
    struct item v[64];
    size_t n;
    const char *global; /* GIT_CONFIG_GLOBAL */
};

static enum fact_kind fake_kind(void *context, struct str path)
{
    const struct tree *t = context;
    enum fact_kind kind = FACT_MISSING;

    for (size_t i = 0; i < t->n; i++) {
        struct str here = str_from(t->v[i].path);
        if (str_eq(here, path))
            return !t->v[i].text ? FACT_FOLDER : strcmp(t->v[i].text, "->") == 0 ? FACT_SYMLINK : FACT_FILE;
        if (str_starts(here, path) && here.n > path.n && here.p[path.n] == '/')
            kind = FACT_FOLDER;
        if (t->v[i].text && strcmp(t->v[i].text, "->") == 0 && str_starts(path, here) && path.n > here.n && path.p[here.n] == '/')
            return FACT_SYMLINK;
    }
    return kind;
}

static bool fake_read(void *context, struct arena *a, struct str path, size_t ceiling, bool inside, struct str *out)
{
    const struct tree *t = context;

    (void)inside;
    for (size_t i = 0; i < t->n; i++)
        if (str_is(path, t->v[i].path) && t->v[i].text && strcmp(t->v[i].text, "->") != 0) {
            *out = arena_str(a, str_from(t->v[i].text));
            return out->n <= ceiling;
        }
    return false;
}

static bool fake_list(void *context, struct arena *a, struct str folder, size_t most, struct texts *out)
{
    const struct tree *t = context;

    for (size_t i = 0; i < t->n; i++) {
        struct str here = str_from(t->v[i].path), name;
        bool seen = false;
        if (!str_starts(here, folder) || here.n <= folder.n || here.p[folder.n] != '/')
            continue;
        name = str_slice(here, folder.n + 1, str_find(here, folder.n + 1, '/'));
        for (size_t j = 0; j < out->n; j++)
            seen = seen || str_eq(out->v[j], name);
        if (seen)
            continue;
        if (out->n == most)
            return false;
        *(struct str *)ARENA_PUSH(a, out) = arena_str(a, name);
    }
    return true;
}

static struct str no_variable(const void *context, struct str name)
{
    const struct tree *t = context;

    return str_is(name, "GIT_CONFIG_GLOBAL") ? str_from(t->global) : (struct str){0};
}

static const struct git_found *look(struct arena *a, struct tree *t)
{
    struct path_env env = {.system = PATH_POSIX, .home = STR("/home/p")};
    struct policy *policy = arena_alloc(a, 1, sizeof *policy);
    struct host host = {.home = STR("/home/p")};
    struct git_eye eye = {.context = t, .kind = fake_kind, .read = fake_read, .list = fake_list, .variable = no_variable};

    policy->workspace = STR("/w");
    return git_look(a, policy, &env, &host, &eye);
}

static const struct git_place *find(const struct git_found *found, enum place_kind kind, const char *path)
{
    for (size_t i = 0; i < found->n; i++)
        if (found->v[i].kind == kind && str_is(found->v[i].path, path))
            return &found->v[i];
    return NULL;
}

static bool protects(const struct git_found *found, const char *path, enum place_hold hold)
{
    const struct git_place *place = find(found, PLACE_PROTECT, path);

    return place && place->hold == hold;
}

static bool pins(const struct git_found *found, const char *path)
{
    return find(found, PLACE_PIN, path) != NULL;
}

#define REPOSITORY {"/w/.git/HEAD", "ref: refs/heads/main\n"}, {"/w/.git/objects", NULL}, {"/w/.git/refs", NULL}

static void test_repository(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY, {"/w/.git/config", "[core]\nbare = false\n"}, {"/w/.git/objects/info/alternates", "/o\n"}}, .n = 5};
    const struct git_found *found = look(a, &t);

    CHECK(pins(found, "/w/.git"), "the git folder is pinned");
    CHECK(protects(found, "/w/.git/hooks", HOLD_FOLDER), "hooks are held where there are none");
    CHECK(protects(found, "/w/.git/config", HOLD_FILE), "the configuration");
    CHECK(protects(found, "/w/.git/config.worktree", HOLD_FILE), "the worktree's configuration");
    CHECK(protects(found, "/w/.git/commondir", HOLD_FILE), "commondir");
    CHECK_STR(find(found, PLACE_PROTECT, "/w/.git/commondir")->text, STR(".\n"), "commondir leads to itself");
    CHECK(protects(found, "/w/.git/remotes", HOLD_FOLDER) && protects(found, "/w/.git/branches", HOLD_FOLDER), "old remotes");
    CHECK(find(found, PLACE_PROTECT, "/w/.git/objects/info/alternates"), "alternates that are there");
    CHECK(pins(found, "/w/.git/objects/info"), "and the folders above them");
    CHECK(!find(found, PLACE_PROTECT, "/w/.git/index") && !find(found, PLACE_PROTECT, "/w/.git/objects"), "nothing else");
    CHECK(pins(found, "/w/.git/objects") && pins(found, "/w/.git/refs"), "what makes it a repository cannot be moved away");
    CHECK(protects(found, "/w/HEAD", HOLD_GUARD), "nor does the folder around it become one");
}

static void test_top(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY, {"/w/.git/config", ""}, {"/w/HEAD", "x"}, {"/w/refs/x", "x"}}, .n = 6};
    const struct git_found *found = look(a, &t);

    CHECK(!find(found, PLACE_PROTECT, "/w/HEAD") && !find(found, PLACE_PROTECT, "/w/refs"), "a HEAD of the person's is an ordinary file");
    CHECK(protects(found, "/w/objects", HOLD_GUARD) && protects(found, "/w/commondir", HOLD_GUARD), "what is missing to a repository stays away");
    t.v[t.n++] = (struct item){"/w/objects", NULL};
    found = look(a, &t);
    CHECK(protects(found, "/w/config", HOLD_FILE) && protects(found, "/w/hooks", HOLD_FOLDER) && protects(found, "/w/.git/config", HOLD_FILE),
        "a workspace that is a repository and has one: both are held");
    t = (struct tree){.v = {{"/w/.git/HEAD", "x"}, {"/w/.git/objects", "->"}, {"/w/.git/refs", NULL}, {"/w/HEAD", "->"}}, .n = 4};
    found = look(a, &t);
    CHECK(!pins(found, "/w/.git/objects"), "a link is no folder to pin");
    CHECK(!find(found, PLACE_PROTECT, "/w/HEAD") && protects(found, "/w/refs", HOLD_GUARD), "HEAD may be a link");
}

/* What somebody makes in a folder between hides no submodule. */
static void test_hidden_submodules(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY, {"/w/.git/config", "[submodule \"x/refs/y\"]\nurl = u\n[submodule \"../../up\"]\nurl = u\n"},
                         {"/w/.git/modules/libs/hooks/x", "x"}, {"/w/.git/modules/libs/foo/config", ""}, {"/w/.git/modules/libs/foo/HEAD", "x"},
                         {"/w/.git/modules/x/HEAD", "x"}, {"/w/.git/modules/x/objects/aa/b", "x"}, {"/w/.git/modules/x/refs/y/config", ""},
                         {"/w/.git/modules/x/refs/config/z", "x"}, {"/w/.git/modules/x/rebase-merge/done", "x"}, {"/w/up/HEAD", "x"}}, .n = 13};
    const struct git_found *found = look(a, &t);

    CHECK(protects(found, "/w/.git/modules/libs/foo/config", HOLD_FILE) && pins(found, "/w/.git/modules/libs"), "below a folder with hooks");
    CHECK(protects(found, "/w/.git/modules/x/refs/y/config", HOLD_FILE) && pins(found, "/w/.git/modules/x/refs"), "below what is a repository, by the name it is known by");
    CHECK(!find(found, PLACE_PROTECT, "/w/.git/modules/x/objects/aa/config") && !pins(found, "/w/.git/modules/x/objects/aa") &&
              !pins(found, "/w/.git/modules/x/rebase-merge"),
        "what is git's to remove is not pinned");
    CHECK(!find(found, PLACE_PROTECT, "/w/up/config"), "no name leads out of modules");
}

static void test_gitmodules(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY, {"/w/.git/config", ""},
                         {"/w/.gitmodules", "[submodule \"a\"]\npath = a\n[submodule \"b\"]\npath = deep/b\n[submodule \"c\"]\npath = c\n"
                                            "[submodule \"d\"]\npath = d\n[submodule \"e\"]\npath = ../e\n[submodule \"f\"]\npath = /w/f\n"
                                            "[submodule \"g\"]\npath = .git/hooks\n[submodule \"h\"]\npath = link/h\n[submodule \"i\"]\npath = i\n"},
                         {"/w/a", NULL}, {"/w/deep/x", "x"}, {"/w/c/file", "x"}, {"/w/d/.git/config", "[core]\nfsmonitor = ./mon\n"},
                         {"/w/d/mon", "x"}, {"/w/link", "->"}, {"/w/i/.git", "gitdir: ../.git/modules/i\n"}}, .n = 12};
    const struct git_found *found = look(a, &t);

    CHECK(protects(found, "/w/a", HOLD_FOLDER), "the empty folder of a submodule that is not initialised");
    CHECK(protects(found, "/w/deep/b", HOLD_FOLDER) && pins(found, "/w/deep"), "one that is not there");
    CHECK(protects(found, "/w/c/.git", HOLD_GUARD) && pins(found, "/w/c"), "one with other files in it");
    CHECK(protects(found, "/w/d/.git/config", HOLD_FILE) && pins(found, "/w/d/.git") && find(found, PLACE_PROTECT, "/w/d/mon"), "one with a repository of its own");
    CHECK(find(found, PLACE_PROTECT, "/w/i/.git"), "one with a .git file");
    CHECK(!find(found, PLACE_PROTECT, "/e") && !find(found, PLACE_PROTECT, "/w/f") && protects(found, "/w/.git/hooks", HOLD_FOLDER), "nothing outside, nothing in .git");
    CHECK(found->notes.n == 2, "what is behind a link is said, and the program that is held");
}

static void test_none(struct arena *a)
{
    struct tree t = {.v = {{"/w/file", "x"}}, .n = 1};
    const struct git_found *found = look(a, &t);
    const struct git_place *place = find(found, PLACE_PIN, "/w/.git");

    CHECK(place && place->hold == HOLD_BIRTH, "where there is none, one may be born");
    CHECK(protects(found, "/w/HEAD", HOLD_GUARD), "and the folder itself becomes none");
    t.v[1] = (struct item){"/w/.git", NULL};
    t.n = 2;
    found = look(a, &t);
    place = find(found, PLACE_PIN, "/w/.git");
    CHECK(place && place->hold == HOLD_BIRTH, "an empty .git is none");
    t.v[1].text = "->";
    found = look(a, &t);
    CHECK(!find(found, PLACE_PIN, "/w/.git"), "a link is left to the rule that refuses it");
}

static void test_bare(struct arena *a)
{
    struct tree t = {.v = {{"/w/HEAD", "x"}, {"/w/objects", NULL}, {"/w/refs", NULL}, {"/w/config", "[a]\n"}}, .n = 4};
    const struct git_found *found = look(a, &t);

    CHECK(protects(found, "/w/config", HOLD_FILE) && protects(found, "/w/hooks", HOLD_FOLDER), "a workspace that is a bare repository");
    CHECK(!pins(found, "/w"), "is a root, and no pin");
}

static void test_submodules(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY, {"/w/.git/config", ""}, {"/w/.git/modules/deps/b/HEAD", "x"},
                         {"/w/.git/modules/deps/b/config", "[core]\nworktree = ../../../../deps/b\n[include]\npath = ../../../../inc\n"},
                         {"/w/.git/modules/deps/b/modules/a/config", "[core]\nworktree = ../../../../../../deps/b/a\n"},
                         {"/w/deps/b/.git", "gitdir: ../../.git/modules/deps/b\n"}, {"/w/deps/b/a/.git", "gitdir: x\n"},
                         {"/w/inc", "[x]\n"}}, .n = 10};
    const struct git_found *found = look(a, &t);

    CHECK(pins(found, "/w/.git/modules") && pins(found, "/w/.git/modules/deps") && pins(found, "/w/.git/modules/deps/b"),
        "folders of submodules are pinned, also those between");
    CHECK(protects(found, "/w/.git/modules/deps/b/config", HOLD_FILE) && protects(found, "/w/.git/modules/deps/b/commondir", HOLD_FILE),
        "a submodule's configuration");
    CHECK(protects(found, "/w/.git/modules/deps/b/modules/a/hooks", HOLD_FOLDER), "a submodule of a submodule");
    CHECK(find(found, PLACE_PROTECT, "/w/deps/b/.git") && pins(found, "/w/deps") && pins(found, "/w/deps/b"), "a submodule's .git file stays");
    CHECK(find(found, PLACE_PROTECT, "/w/deps/b/a/.git"), "and its submodule's");
    CHECK(protects(found, "/w/inc", HOLD_FILE), "what a submodule's configuration includes");
    CHECK(!find(found, PLACE_PROTECT, "/w/.git/modules/deps/hooks"), "a folder between is no git folder");
}

static void test_worktrees(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY, {"/w/.git/config", ""}, {"/w/.git/worktrees/l/gitdir", "/w/l/.git\n"},
                         {"/w/.git/worktrees/l/commondir", "../..\n"}, {"/w/.git/worktrees/o/gitdir", "/elsewhere/.git\n"},
                         {"/w/l/.git", "gitdir: /w/.git/worktrees/l\n"}, {"/elsewhere/.git", "gitdir: x\n"}}, .n = 9};
    const struct git_found *found = look(a, &t);

    CHECK(pins(found, "/w/.git/worktrees") && pins(found, "/w/.git/worktrees/l"), "folders of linked worktrees are pinned");
    CHECK(find(found, PLACE_PROTECT, "/w/.git/worktrees/l/gitdir"), "where they are");
    CHECK(protects(found, "/w/.git/worktrees/l/locked", HOLD_FILE) && !find(found, PLACE_PROTECT, "/w/.git/worktrees/o/locked"),
        "one that could not be removed as a whole is locked");
    CHECK_STR(find(found, PLACE_PROTECT, "/w/.git/worktrees/o/commondir")->text, STR("../..\n"), "commondir that is missing");
    CHECK(find(found, PLACE_PROTECT, "/w/l/.git") && pins(found, "/w/l"), "the .git file in the tree");
    CHECK(!find(found, PLACE_PROTECT, "/elsewhere/.git"), "not one outside");
}

static void test_named(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY,
                         {"/w/.git/config", "[core]\nhooksPath = tools/hooks\nfsmonitor = ./no/mon -x\nworktree = /w/x\n[include]\npath = ~/own\n"
                                            "[includeIf \"onbranch:x\"]\npath = ../inc/a\n[filter \"f\"]\nclean = sh 'tools/c.sh' %f\nsmudge = /usr/bin/cat\n"
                                            "[alias]\nx = !tools/c.sh\n[merge \"m\"]\ndriver = linked/d\n[include]\npath = ../inc\n"},
                         {"/w/tools/c.sh", "x"}, {"/w/linked", "->"}, {"/home/p/own", "[include]\npath = /w/deep/er/conf\n"},
                         {"/home/p/.gitconfig", "[core]\nhooksPath = .githooks\n"}}, .n = 8};
    const struct git_found *found = look(a, &t);

    CHECK(protects(found, "/w/tools/hooks", HOLD_FOLDER) && pins(found, "/w/tools"), "core.hooksPath in the tree, and the folder above");
    CHECK(protects(found, "/w/.githooks", HOLD_FOLDER), "core.hooksPath of the person counts from the worktree");
    CHECK(protects(found, "/w/no", HOLD_FOLDER), "of a program that is not there the first missing name");
    CHECK(protects(found, "/w/inc", HOLD_FOLDER) || protects(found, "/w/inc", HOLD_FILE), "an include that is not there");
    CHECK(protects(found, "/w/deep", HOLD_FOLDER), "what an included file outside includes");
    CHECK(find(found, PLACE_PROTECT, "/w/tools/c.sh"), "a script that a filter gives to sh");
    CHECK(!find(found, PLACE_PROTECT, "/w/x") && !find(found, PLACE_PROTECT, "/usr/bin/cat"), "nothing that git does not run, nothing outside");
    CHECK(found->partial.n == 1, "a program behind a link cannot be held, and that is said");
    CHECK(found->notes.n >= 3, "what is held is said");
}

static void test_commands(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY,
                         {"/w/.git/config", "[filter \"f\"]\nclean = \"'./my tools/b' %f\"\nsmudge = cd tools && ./no\nprocess = \"\\\"$(git rev-parse --show-toplevel)\\\"/tools/c\"\n"
                                            "[diff \"d\"]\ntextconv = $ELSEWHERE/x\n[merge \"m\"]\ndriver = make -s merge\n"},
                         {"/w/my tools/b", "x"}, {"/w/tools/c", "x"}}, .n = 6};
    const struct git_found *found = look(a, &t);

    CHECK(find(found, PLACE_PROTECT, "/w/my tools/b") && !find(found, PLACE_PROTECT, "/w/my"), "a program in quotes");
    CHECK(find(found, PLACE_PROTECT, "/w/tools/c"), "from the top of the working tree");
    CHECK(protects(found, "/w/tools/no", HOLD_FOLDER) && pins(found, "/w/tools"), "one after cd that is not there, and the folder that is");
    CHECK(found->notes.n == 5, "what cannot be told is said");
}

static void test_loops(struct arena *a)
{
    struct tree t = {.v = {REPOSITORY, {"/w/.git/config", "[include]\npath = config\n[include]\npath = ../a\n"},
                         {"/w/a", "[include]\npath = b\n"}, {"/w/b", "[include]\npath = a\n"}}, .n = 6};
    const struct git_found *found = look(a, &t);

    CHECK(find(found, PLACE_PROTECT, "/w/a") && find(found, PLACE_PROTECT, "/w/b"), "includes in a circle end");
}

static void test_pointer(struct arena *a)
{
    struct tree t = {.v = {{"/w/.git", "gitdir: /elsewhere/.git/worktrees/w\n"}, {"/elsewhere/.git/worktrees/w/commondir", "../..\n"}}, .n = 2};
    const struct git_found *found = look(a, &t);

    CHECK(found->warnings.n == 1 && strstr(found->warnings.v[0].p, "/elsewhere/.git,"), "a linked worktree is told where its repository is");
    t.v[2] = (struct item){"/elsewhere/.git/config", "[core]\nhooksPath = hooks\n"};
    t.n = 3;
    CHECK(protects(look(a, &t), "/w/hooks", HOLD_FOLDER), "what its configuration names in the tree");
    t.v[0].text = "->";
    CHECK(look(a, &t)->warnings.n == 0, "a link is not followed");
}

static void test_above(struct arena *a)
{
    struct tree t = {.v = {{"/.git/config", "[core]\nhooksPath = w/hooks\n"}, {"/w/x", "x"}}, .n = 2};
    const struct git_found *found = look(a, &t);

    CHECK(protects(found, "/w/hooks", HOLD_FOLDER), "what the configuration of a repository above names here");
    CHECK(found->warnings.n == 1 && strstr(found->warnings.v[0].p, "/.git,"), "which cannot be committed to");
    CHECK(find(found, PLACE_PIN, "/w/.git")->hold == HOLD_BIRTH, "one may be born here all the same");
}

/* ---- newborn ---- */

#define BORN {"/b/HEAD", "ref: refs/heads/main\n"}, {"/b/objects", NULL}, {"/b/refs", NULL}

static enum newborn_state judge(struct arena *a, struct tree *t, struct str *reason)
{
    struct path_env env = {.system = PATH_POSIX, .home = STR("/home/p")};
    struct git_eye eye = {.context = t, .kind = fake_kind, .read = fake_read, .list = fake_list, .variable = no_variable};

    return newborn_judge(a, &env, &eye, STR("/b"), STR("/w"), NULL, reason);
}

struct born {
    const char *name;
    struct item items[3];
    enum newborn_state state;
    const char *reason; /* a part of it */
};

static const struct born births[] = {
    {"plain", {{"/b/config", "[core]\nbare = false\n"}}, NEWBORN_GOOD, NULL},
    {"samples of hooks", {{"/b/config", ""}, {"/b/hooks/pre-commit.sample", "x"}}, NEWBORN_GOOD, NULL},
    {"an own submodule", {{"/b/config", ""}, {"/b/modules/l/config", "[core]\nworktree = ../../../l\n"}, {"/b/modules/l/HEAD", "x"}}, NEWBORN_BAD, "objects"},
    {"an own worktree", {{"/b/config", ""}, {"/b/worktrees/l/commondir", "../..\n"}}, NEWBORN_GOOD, NULL},
    {"no configuration", {{"/b/index", "x"}}, NEWBORN_BAD, ".git/config is missing"},
    {"a hook", {{"/b/config", ""}, {"/b/hooks/pre-commit", "x"}}, NEWBORN_BAD, "is a hook"},
    {"a program", {{"/b/config", "[core]\nfsmonitor = x\n"}}, NEWBORN_BAD, "sets core.fsmonitor"},
    {"a worktree elsewhere", {{"/b/config", "[core]\nworktree = ../x\n"}}, NEWBORN_BAD, "sets core.worktree"},
    {"damage", {{"/b/config", "[core\n"}}, NEWBORN_BAD, "not well formed"},
    {"the worktree's configuration", {{"/b/config", ""}, {"/b/config.worktree", "[alias]\nx = !y\n"}}, NEWBORN_BAD, "alias.x"},
    {"commondir", {{"/b/config", ""}, {"/b/commondir", "."}}, NEWBORN_BAD, "commondir"},
    {"alternates", {{"/b/config", ""}, {"/b/objects/info/alternates", "/x"}}, NEWBORN_BAD, "alternates"},
    {"remotes", {{"/b/config", ""}, {"/b/remotes/origin", "URL: x"}}, NEWBORN_BAD, "remotes"},
    {"a link", {{"/b/config", ""}, {"/b/logs", "->"}}, NEWBORN_BAD, "neither file nor folder"},
    {"a worktree that leads elsewhere", {{"/b/config", ""}, {"/b/worktrees/l/commondir", "/x\n"}}, NEWBORN_BAD, "commondir leads"},
    {"a submodule's program", {{"/b/config", ""}, {"/b/modules/x/l/config", "[core]\nfsmonitor = y\n"}}, NEWBORN_BAD, ".git/modules/x/l"},
    {"an address in the workspace", {{"/b/config", "[remote \"o\"]\nurl = /w/store\n"}}, NEWBORN_BAD, "sets remote.o.url to a path that can be written"},
    {"a file address in it", {{"/b/config", "[remote \"o\"]\nurl = file:///w/store\n"}}, NEWBORN_BAD, "sets remote.o.url to a path that can be written"},
    {"one with a host", {{"/b/config", "[remote \"o\"]\nurl = file://w/store\n"}}, NEWBORN_BAD, "sets remote.o.url to a path that can be written"},
    {"an encoded one", {{"/b/config", "[remote \"o\"]\nurl = file:///%77/store\n"}}, NEWBORN_BAD, "encoded"},
    {"one that goes up from nowhere", {{"/b/config", "[remote \"o\"]\npushurl = /x/../y\n"}}, NEWBORN_BAD, "goes up"},
    {"one that goes up from a link", {{"/b/config", "[remote \"o\"]\npushurl = /x/../y\n"}, {"/x", "->"}}, NEWBORN_BAD, "goes up"},
    {"one that goes up from below the workspace", {{"/b/config", "[remote \"o\"]\npushurl = /w/x/../../y\n"}, {"/w/x", NULL}}, NEWBORN_BAD, "goes up"},
    {"one that goes up from the workspace", {{"/b/config", "[remote \"o\"]\nurl = /w/../y\n"}, {"/w", NULL}}, NEWBORN_GOOD, NULL},
    {"one that goes up and back", {{"/b/config", "[remote \"o\"]\nurl = /w/../w/y\n"}, {"/w", NULL}}, NEWBORN_BAD, "can be written"},
    {"one through a link", {{"/b/config", "[remote \"o\"]\nurl = /x/store\n"}, {"/x", "->"}}, NEWBORN_BAD, "leads elsewhere"},
    {"one elsewhere", {{"/b/config", "[remote \"o\"]\nurl = /srv/store\n[branch \"m\"]\nremote = o\n"}}, NEWBORN_GOOD, NULL},
    {"a branch that follows a path", {{"/b/config", "[branch \"m\"]\nremote = store\n"}}, NEWBORN_BAD, "no remote"},
    {"an index of something", {{"/b/config", ""}, {"/b/index", "DIRX"}}, NEWBORN_BAD, ".git/index is not well formed"},
    {"a submodule within a submodule's folder", {{"/b/config", ""}, {"/b/x/y/config", "[core]\nfsmonitor = y\n"}}, NEWBORN_BAD, "core.fsmonitor"},
    {"a hook within one", {{"/b/config", ""}, {"/b/x/hooks/pre-commit", "x"}}, NEWBORN_BAD, "is a hook"},
    {"branches of any name", {{"/b/config", ""}, {"/b/refs/heads/config", "0123456789012345678901234567890123456789\n"},
                                 {"/b/refs/remotes/hooks/commondir", "ref: refs/heads/x\n"}}, NEWBORN_GOOD, NULL},
    {"a log of any name", {{"/b/config", ""}, {"/b/logs/refs/heads/config", "0123456789012345678901234567890123456789 0123456789012345678901234567890123456789 N <e> 1 +0\tx\n"}}, NEWBORN_GOOD, NULL},
    {"more than a branch", {{"/b/config", ""}, {"/b/refs/heads/config", "0123456789012345678901234567890123456789\n[core]\nfsmonitor=x\n"}}, NEWBORN_BAD, "config"},
    {"an escape in a name", {{"/b/config", ""}, {"/b/hooks/\033[2J", "x"}}, NEWBORN_BAD, "\\x1B[2J is a hook"},
};

static void test_births(struct arena *a)
{
    struct tree none = {.n = 0}, empty = {.v = {{"/b", NULL}}, .n = 1}, half = {.v = {{"/b/HEAD", "x"}}, .n = 1};
    struct str reason;

    for (size_t i = 0; i < COUNT_OF(births); i++) {
        const struct born *b = &births[i];
        struct tree t = {.v = {BORN}, .n = 3};
        bool good;
        for (size_t j = 0; j < COUNT_OF(b->items) && b->items[j].path; j++)
            t.v[t.n++] = b->items[j];
        good = judge(a, &t, &reason) == b->state && (b->reason ? reason.p && strstr(reason.p, b->reason) : reason.p == NULL);
        CHECK(good, arena_format(a, "born: %s", b->name).p);
    }
    CHECK(judge(a, &none, &reason) == NEWBORN_EMPTY && judge(a, &empty, &reason) == NEWBORN_EMPTY, "nothing born");
    CHECK(judge(a, &half, &reason) == NEWBORN_BAD, "half a repository stays apart");
}

/* ---- what an index names ---- */

struct entry {
    unsigned mode;
    const char *name;
};

static void put_number(struct buf *out, unsigned n)
{
    unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};

    buf_add(out, bytes, 4);
}

/* As git writes it, with names that have nothing in common in version 4. */
static struct str make_index(struct buf *out, unsigned version, const struct entry *v, size_t count, const char *extension)
{
    static const char zeros[40], hash[20] = "hash";
    size_t before = 0;

    buf_clear(out);
    buf_add(out, "DIRC", 4);
    put_number(out, version);
    put_number(out, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(v[i].name), start = out->n;
        unsigned char flags[2] = {(unsigned char)(n >> 8), (unsigned char)n}, drop = (unsigned char)before;
        buf_add(out, zeros, 24);
        put_number(out, v[i].mode);
        buf_add(out, zeros, 12);
        buf_add(out, hash, sizeof hash);
        buf_add(out, flags, 2);
        if (version == 4)
            buf_add(out, &drop, 1);
        buf_add(out, v[i].name, n + 1);
        while (version < 4 && (out->n - start) % 8 != 0)
            buf_add(out, zeros, 1);
        before = n;
    }
    if (extension) {
        buf_add(out, extension, 4);
        put_number(out, 3);
        buf_add(out, "abc", 3);
    }
    buf_add(out, hash, sizeof hash);
    return buf_view(out);
}

static bool names(struct arena *a, struct str index, enum gitindex state, const char *name)
{
    struct texts links = {0};

    return gitindex_links(a, PATH_POSIX, index, 20, &links) == state && (state != GITINDEX_GOOD || links.n == (name ? 1 : 0)) &&
           (!name || (links.n && str_is(links.v[0], name)));
}

static void test_index(struct arena *a)
{
    static const struct entry plain[] = {{0100644, "a"}, {0120000, "b/c"}}, nested[] = {{0100644, "file.c"}, {0160000, "deps/sub"}};
    static const struct entry sparse[] = {{0040000, "dir/"}};
    static const struct entry outside[] = {{0100644, "../a"}, {0100644, "/a"}, {0100644, "a/../b"}, {0100644, "a//b"}, {0100644, "a/"},
        {0100755, ".git/hooks/a"}, {0100755, "a/.GiT/b"}, {0160000, "./a"}, {0040000, ".git/"}};
    struct buf out = {0};
    struct str all;

    CHECK(names(a, make_index(&out, 2, NULL, 0, NULL), GITINDEX_GOOD, NULL), "index: empty");
    for (unsigned version = 2; version <= 4; version++) {
        CHECK(names(a, make_index(&out, version, plain, 2, "TREE"), GITINDEX_GOOD, NULL), "index: files alone");
        CHECK(names(a, make_index(&out, version, nested, 2, "TREE"), GITINDEX_GOOD, "deps/sub"), "index: a repository");
    }
    for (unsigned version = 2; version <= 4; version++)
        for (size_t i = 0; i < COUNT_OF(outside); i++)
            CHECK(names(a, make_index(&out, version, &outside[i], 1, NULL), GITINDEX_OUTSIDE, NULL), "index: names outside");
    CHECK(names(a, make_index(&out, 2, outside, 1, "link"), GITINDEX_OUTSIDE, NULL), "index: split, and outside");
    all = make_index(&out, 2, nested, 2, NULL);
    for (size_t n = 0; n < all.n; n++)
        if (!names(a, str_slice(all, 0, n), GITINDEX_DAMAGED, NULL))
            CHECK(false, "index: cut short");
    CHECK(names(a, make_index(&out, 5, nested, 2, NULL), GITINDEX_DAMAGED, NULL), "index: of a version to come");
    CHECK(names(a, make_index(&out, 2, plain, 2, "link"), GITINDEX_ELSEWHERE, NULL), "index: split");
    CHECK(names(a, make_index(&out, 3, sparse, 1, "sdir"), GITINDEX_ELSEWHERE, NULL), "index: sparse");
    CHECK(names(a, make_index(&out, 2, plain, 2, "fsmn"), GITINDEX_DAMAGED, NULL), "index: an extension that is needed and not known");
    buf_release(&out);
}

int main(void)
{
    struct arena a = {0};

    test_repository(&a);
    test_top(&a);
    test_hidden_submodules(&a);
    test_gitmodules(&a);
    test_none(&a);
    test_bare(&a);
    test_submodules(&a);
    test_worktrees(&a);
    test_named(&a);
    test_commands(&a);
    test_loops(&a);
    test_pointer(&a);
    test_above(&a);
    test_births(&a);
    test_index(&a);
    arena_release(&a);
    return CHECK_END();
}
