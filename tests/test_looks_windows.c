/*
 * What the edges of Windows see of what was made inside: names of any depth, what tools outside obey, secret files of two names. Under wine
 * too, which has no time of birth of its own: there what was written counts as new.
 */
#include "../sandbox/core/obeyed.h"
#include "../sandbox/core/policy.h"
#include "../sandbox/win32.h"
#include "check.h"

#include <string.h>

static struct arena arena;
static struct str top;

static struct str here(const char *name)
{
    return arena_format(&arena, "%s\\%s", top.p, name);
}

static void folder(const char *name)
{
    struct err e = {0};

    sys_make_folders(here(name), 0700, &e);
}

static void file(const char *name)
{
    struct err e = {0};

    sys_append_file(here(name), STR("x"), &e);
}

static bool has(const struct texts *list, const char *name)
{
    struct str path = here(name);

    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], path))
            return true;
    return false;
}

static void add_rule(struct policy *p, enum rule_kind kind, struct str path, bool any_depth)
{
    *(struct rule *)ARENA_PUSH(&arena, &p->rules) =
        (struct rule){.id = (int)p->rules.n + 1, .kind = kind, .path = path, .anchored = !any_depth, .any_depth = any_depth};
}

static void nested(void)
{
    struct policy p = {.workspace = here("w")};
    struct texts found = {0};
    struct err e = {0};
    struct str deep = here("w\\deep");

    folder("w\\a\\b");
    folder("w\\a\\Keep.Me\\in");
    folder("w\\.git\\keep.me");
    folder("x");
    file("w\\a\\b\\keep.me");
    file("w\\a\\Keep.Me\\in\\keep.me");
    file("w\\keep.me");
    file("x\\KEEP.ME");
    CHECK(facts_nested(&arena, &p, &found) && found.n == 0, "nested: without a rule of any depth nothing is looked for");
    add_rule(&p, RULE_PROTECT, STR("keep.me"), true);
    add_rule(&p, RULE_WRITE, here("x"), false);
    add_rule(&p, RULE_WRITE, here("nowhere"), false);
    CHECK(facts_nested(&arena, &p, &found), "nested: all is looked through");
    CHECK(has(&found, "w\\a\\b\\keep.me") && has(&found, "w\\a\\Keep.Me") && has(&found, "x\\KEEP.ME"), "nested: in every root, whatever its case");
    CHECK(!has(&found, "w\\a\\Keep.Me\\in\\keep.me"), "nested: within one that is found nothing more is wanted");
    CHECK(!has(&found, "w\\.git\\keep.me"), "nested: git's own folder has rules of its own");
    for (int i = 0; i < 60; i++) {
        sys_make_folders(deep, 0700, &e);
        deep = arena_format(&arena, "%s\\d", deep.p);
    }
    found.n = 0;
    CHECK(!facts_nested(&arena, &p, &found) && has(&found, "w\\a\\b\\keep.me"), "nested: what lies too deep is not said to be looked through");
}

static const struct obeyed_item *item(const struct obeyed_list *l, const char *name)
{
    struct str path = here(name);

    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->v[i].path, path))
            return &l->v[i];
    return NULL;
}

static void obeyed(void)
{
    struct obeyed_list l = {0};
    struct str held[] = {here("o\\.mcp.json")};
    struct texts names = {held, 1, 1}, none = {0};
    struct err e = {0};

    folder("o\\.git");
    folder("o\\.vscode");
    file("o\\.vscode\\tasks.json");
    file("o\\PACKAGE.JSON");
    file("o\\plain.c");
    sys_append_file(here("o\\.mcp.json"), STR(""), &e);
    obeyed_look(&arena, here("o"), &names, &l);
    CHECK(!item(&l, "o\\.git"), "obeyed: an empty .git is none");
    CHECK(item(&l, "o\\.vscode\\tasks.json") && item(&l, "o\\PACKAGE.JSON") && !item(&l, "o\\plain.c"), "obeyed: names of the table, whatever their case");
    CHECK(!item(&l, "o\\.mcp.json"), "obeyed: what holds a name is nothing");
    file("o\\.git\\HEAD");
    file("o\\.git\\config");
    folder("o2");
    file("o2\\.git");
    l.n = 0;
    obeyed_look(&arena, here("o"), &none, &l);
    obeyed_look(&arena, here("o2"), &none, &l);
    CHECK(item(&l, "o\\.git") && item(&l, "o\\.git\\config") && item(&l, "o\\.mcp.json"), "obeyed: one with a HEAD is a repository");
    CHECK(item(&l, "o2\\.git"), "obeyed: and a file of that name leads to one");
}

static const struct obeyed_note *note(const struct obeyed_notes *l, const char *name)
{
    struct str path = here(name);

    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->v[i].path, path))
            return &l->v[i];
    return NULL;
}

static void walked(void)
{
    struct obeyed_notes notes = {0};
    uint64_t since;

    folder("r\\old\\.git\\hooks");
    folder("r\\old\\.git\\info");
    folder("r\\app\\.vscode");
    folder("r\\node_modules\\m");
    folder("r\\.git\\modules\\sub");
    file("r\\old\\.git\\HEAD");
    file("r\\old\\.git\\config");
    file("r\\old\\.git\\info\\attributes");
    file("r\\app\\.vscode\\settings.json");
    Sleep(300);
    since = sys_clock_ms();
    Sleep(100);
    CHECK(obeyed_walk(&arena, here("r"), since, &notes) && notes.n == 0, "walk: nothing since then");
    file("r\\old\\.git\\config");
    file("r\\old\\.git\\info\\attributes");
    file("r\\old\\.git\\hooks\\pre-commit");
    file("r\\old\\.git\\hooks\\pre-push.sample");
    folder("r\\made\\.git");
    folder("r\\led");
    file("r\\led\\.git");
    folder("r\\bare\\objects");
    folder("r\\bare\\refs");
    file("r\\bare\\HEAD");
    file("r\\app\\.vscode\\tasks.json");
    file("r\\node_modules\\m\\package.json");
    file("r\\app\\package.json");
    CHECK(obeyed_walk(&arena, here("r"), since, &notes), "walk: to its end");
    CHECK(note(&notes, "r\\old\\.git\\config") && note(&notes, "r\\old\\.git\\info\\attributes"), "walk: the configuration of a repository further down");
    CHECK(note(&notes, "r\\old\\.git\\hooks\\pre-commit") && !note(&notes, "r\\old\\.git\\hooks\\pre-push.sample"), "walk: and its hooks");
    CHECK(note(&notes, "r\\made\\.git") && note(&notes, "r\\made\\.git")->change == OBEYED_NEW, "walk: a repository that was made");
    CHECK(note(&notes, "r\\led\\.git") && strstr(note(&notes, "r\\led\\.git")->who, "elsewhere"), "walk: a file in place of one");
    CHECK(note(&notes, "r\\bare"), "walk: one without a working tree");
    CHECK(note(&notes, "r\\app\\.vscode\\tasks.json") && note(&notes, "r\\app\\package.json"), "walk: names of the table in folders further down");
    CHECK(!note(&notes, "r\\node_modules\\m\\package.json") && !note(&notes, "r\\app\\.vscode\\settings.json"), "walk: not what was installed, nor what is as it was");
}

static void seconds(void)
{
    struct policy p = {.workspace = here("w")};
    struct facts facts = {.host = {.state_dir = here("state")}};
    struct texts questions = {0};
    struct wide_path a, b;

    folder("secret");
    file("secret\\id");
    file("secret\\other");
    add_rule(&p, RULE_SECRET, here("secret"), false);
    *(struct str *)ARENA_PUSH(&arena, &questions) = here("secret");
    facts_paths(&arena, &questions, &facts);
    CHECK(wide_path(here("secret\\id"), &a) && wide_path(here("w\\linked"), &b) && CreateHardLinkW(b.v, a.v, NULL), "seconds: a secret gets another name");
    facts_second(&arena, &p, &facts);
    CHECK(facts.second.n == 1 && str_eq(facts.second.v[0].path, here("secret\\id")) && facts.second_more.n == 0, "seconds: it is found by its count");
    if (!win_is_wine())
        CHECK(str_eq(facts.second.v[0].other, here("w\\linked")), "seconds: and where the other name is");
    else
        CHECK_SKIP("seconds: and where the other name is", "wine does not list names");
}

/* The write SIDs of two roots, as a session gets them whose state is in this folder. */
static bool sids_of(const char *state, struct str out[2])
{
    struct windows_host host = {0};
    struct facts facts = {.host = {.state_dir = here(state), .session_dir = here("session"), .windows = &host}};
    struct policy p = {.workspace = here("w")};
    struct err e = {0};

    add_rule(&p, RULE_WRITE, here("x"), false);
    if (!facts_roots(&arena, &p, &facts, &e) || facts.host.windows->write_sid_count != 2)
        return false;
    for (int i = 0; i < 2; i++)
        out[i] = facts.host.windows->write_sids[i].sid;
    return true;
}

static void random_sids(void)
{
    struct str first[2], again[2], other[2];

    CHECK(sids_of("state1", first) && sids_of("state1", again) && sids_of("state2", other), "write SIDs are made");
    CHECK(str_eq(first[0], again[0]) && str_eq(first[1], again[1]), "and kept");
    CHECK(!str_eq(first[0], first[1]) && !str_eq(first[0], other[0]) && !str_eq(first[1], other[1]), "nobody can tell them before: each is another");
}

int main(void)
{
    struct err e = {0};

    top = arena_format(&arena, "%.*s\\looks-test", (int)sys_cwd(&arena).n, sys_cwd(&arena).p);
    if (!sys_remove_tree(top, &e) || !sys_make_folders(top, 0700, &e)) {
        CHECK(false, "a folder to work in");
        return CHECK_END();
    }
    nested();
    obeyed();
    walked();
    seconds();
    random_sids();
    sys_remove_tree(top, &e);
    arena_release(&arena);
    return CHECK_END();
}
