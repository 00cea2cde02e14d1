/*
 * test_acls_access: the plan's entries, put on a tree of objects, against the access check with the token of that very plan: what
 * the rules predict of a path is what Windows' own algorithm comes to. By hand for what matters most, then for trees and
 * policies made up by the hundred.
 */
#include "check.h"
#include "windows_walk.h"
#include "../sandbox/core/store.h"

#include <stdlib.h>

/* ---- what a program tries, and what it comes to ---- */

static bool comes_to(struct tree *t, const struct token *token, struct str path, enum operation operation)
{
    struct object *o = tree_at(t, path), *above = tree_at(t, path_parent(PATH_WINDOWS, path));

    switch (operation) {
    case OPERATION_READ:
        return tree_may(token, o, NT_FILE_READ_DATA);
    case OPERATION_WRITE:
        return tree_may(token, o, NT_FILE_WRITE_DATA) && tree_may(token, o, NT_FILE_APPEND_DATA);
    case OPERATION_CREATE:
        return tree_may(token, above, NT_FILE_WRITE_DATA) && tree_may(token, above, NT_FILE_APPEND_DATA);
    case OPERATION_DELETE:
    case OPERATION_RENAME:
        return tree_may_delete(t, token, o);
    case OPERATION_MODE:
        return tree_may(token, o, NT_FILE_WRITE_ATTRIBUTES | NT_FILE_WRITE_EA);
    case OPERATION_TIME:
        return tree_may(token, o, NT_FILE_WRITE_ATTRIBUTES);
    default:
        return false;
    }
}

/* Does the object, or one above it, have permissions of its own making, so that a grant may not come to it? */
static bool is_odd(struct tree *t, struct str path)
{
    for (; path_depth(PATH_WINDOWS, path) > 2; path = path_parent(PATH_WINDOWS, path)) {
        struct object *o = tree_at(t, path);
        if (o && o->odd)
            return true;
    }
    return false;
}

/* Does the plan say itself that it does not hold it? */
static bool is_named(struct tree *t, struct str path)
{
    struct str shown = path_display(&t->arena, &t->env, path);

    if (t->plan.partial.n == 0 && t->denied.n == 0)
        return false;
    for (size_t i = 0; i < t->plan.partial.n; i++)
        if ((str_starts(t->plan.partial.v[i], STR("hardlinks: ")) || str_starts(t->plan.partial.v[i], STR("names: "))) && strstr(t->plan.partial.v[i].p, shown.p))
            return true;
    for (size_t i = 0; i < t->denied.n; i++)
        if (str_starts(t->denied.v[i], shown) && t->denied.v[i].p[shown.n] == ':')
            return true;
    return false;
}

/* The first disagreement, as text; none: they agree. What the rules call refused and held by nothing is not compared, nor what
 * they allow and odd permissions refuse. */
static struct str disagreement(struct tree *t, const struct token *token, const char *below)
{
    static const enum operation operations[] = {OPERATION_READ, OPERATION_WRITE, OPERATION_DELETE, OPERATION_RENAME, OPERATION_MODE,
        OPERATION_TIME, OPERATION_CREATE};
    size_t count = t->objects.n;

    for (size_t i = 0; i < count; i++) {
        struct object *o = &t->objects.v[i];
        if (!path_is_under(&t->env, str_from(below), o->path))
            continue;
        for (size_t k = 0; k < COUNT_OF(operations); k++) {
            struct str path = o->path;
            struct verdict v;
            bool may;
            if (operations[k] == OPERATION_CREATE && o->kind != FACT_FOLDER)
                continue;
            if (operations[k] == OPERATION_CREATE)
                path = path_join(&t->arena, PATH_WINDOWS, path, STR("made up"));
            v = rules_verdict_seen(&t->arena, &t->facts, &t->policy, &t->env, path, operations[k]);
            may = comes_to(t, token, path, operations[k]);
            if ((v.allowed && !may && is_odd(t, path)) || is_named(t, path))
                continue;
            if (v.allowed != may && (v.allowed || v.wall != WALL_NONE))
                return arena_format(&t->arena, "%s %s: rules %s (%s), entries %s", operation_name(operations[k]), path.p,
                    v.allowed ? "allow" : "refuse", v.why.p, may ? "allow" : "refuse");
        }
    }
    return (struct str){0};
}

/* Nothing that was there before can have its permissions or owner changed, whatever the rules say of writing it. */
static struct str loose(struct tree *t, const struct token *token)
{
    for (size_t i = 0; i < t->objects.n; i++)
        if (tree_may(token, &t->objects.v[i], NT_WRITE_DAC) || tree_may(token, &t->objects.v[i], NT_WRITE_OWNER))
            return t->objects.v[i].path;
    return (struct str){0};
}

static bool begin(struct tree *t, bool set_up, const char *name)
{
    tree_begin(t);
    if (!set_up)
        tree_unelevated(t);
    (void)name;
    return true;
}

static bool carry_out(struct tree *t, const char *name)
{
    char text[200];
    struct texts denied = {0};
    bool good = tree_plan(t);

    snprintf(text, sizeof text, "%s: planned", name);
    CHECK_STR(good ? (struct str){0} : err_text(&t->err, &t->arena), (struct str){0}, text);
    snprintf(text, sizeof text, "%s: every entry can be put", name);
    return CHECK(good && disk_apply(t, &denied) && denied.n == 0, text);
}

/* ---- by hand ---- */

struct row {
    const char *path;
    uint32_t rights;
    bool wanted, unelevated; /* what the commands may, in each of the two compositions */
};

static const struct row rows[] = {
    {"C:\\src\\w\\f.c", NT_FILE_GENERIC_WRITE | NT_FILE_GENERIC_READ, true, true},
    {"C:\\src\\w\\f.c", NT_DELETE, true, true},
    {"C:\\src\\w\\f.c", NT_WRITE_DAC, false, false},
    {"C:\\src\\w\\f.c", NT_WRITE_OWNER, false, false},
    {"C:\\src\\w", NT_FILE_WRITE_DATA | NT_FILE_APPEND_DATA, true, true},
    {"C:\\src\\w", NT_DELETE, false, false},
    {"C:\\src\\w", NT_FILE_DELETE_CHILD, false, false},
    {"C:\\src\\w", NT_WRITE_DAC, false, false},
    {"C:\\src\\w\\.git", NT_FILE_WRITE_DATA, true, true},
    {"C:\\src\\w\\.git", NT_DELETE, false, false},
    {"C:\\src\\w\\.git", NT_FILE_DELETE_CHILD, false, false},
    {"C:\\src\\w\\.git\\index", NT_FILE_GENERIC_WRITE, true, true},
    {"C:\\src\\w\\.git\\index", NT_DELETE, true, true},
    {"C:\\src\\w\\.git\\hooks", NT_FILE_GENERIC_READ | NT_FILE_GENERIC_EXECUTE, true, true},
    {"C:\\src\\w\\.git\\hooks", NT_FILE_WRITE_DATA, false, false},
    {"C:\\src\\w\\.git\\hooks", NT_FILE_APPEND_DATA, false, false},
    {"C:\\src\\w\\.git\\hooks", NT_FILE_WRITE_EA, false, false},
    {"C:\\src\\w\\.git\\hooks", NT_FILE_WRITE_ATTRIBUTES, false, false},
    {"C:\\src\\w\\.git\\hooks", NT_FILE_DELETE_CHILD, false, false},
    {"C:\\src\\w\\.git\\hooks", NT_DELETE, false, false},
    {"C:\\src\\w\\.git\\hooks", NT_WRITE_DAC, false, false},
    {"C:\\src\\w\\.git\\hooks", NT_WRITE_OWNER, false, false},
    {"C:\\src\\w\\.git\\hooks\\pre-commit", NT_FILE_GENERIC_READ, true, true}, /* W8: no SYNCHRONIZE, no READ_CONTROL */
    {"C:\\src\\w\\.git\\hooks\\pre-commit", NT_FILE_WRITE_DATA, false, false},
    {"C:\\src\\w\\.git\\hooks\\pre-commit", NT_DELETE, false, false},
    {"C:\\src\\w\\.git\\config", NT_FILE_GENERIC_READ, true, true},
    {"C:\\src\\w\\.git\\config", NT_FILE_WRITE_DATA, false, false},
    {"C:\\src\\w\\.git\\config", NT_DELETE, false, false},
    {"C:\\src\\w\\.codex", NT_FILE_WRITE_DATA, false, false},
    {"C:\\src\\w\\.codex", NT_DELETE, false, false},
    {"C:\\src\\w\\.codex", NT_WRITE_DAC, false, false},
    {"C:\\src\\w\\.vscode\\tasks.json", NT_FILE_WRITE_DATA, false, false},
    {"C:\\src\\other\\f.c", NT_FILE_GENERIC_READ, true, true},
    {"C:\\src\\other\\f.c", NT_FILE_WRITE_DATA, false, false},
    {"C:\\src\\other\\f.c", NT_DELETE, false, false},
    {"C:\\src\\other", NT_FILE_WRITE_DATA, false, false},
    {"C:\\Users\\p\\.ssh\\id", NT_FILE_READ_DATA, false, true}, /* secrets readable, and the tier says so */
    {"C:\\Users\\p\\.ssh", NT_FILE_READ_DATA, false, true},
    {"C:\\Users\\p\\.ssh\\id", NT_FILE_WRITE_DATA, false, false},
    {"C:\\Users\\p\\.cargo\\credentials.toml", NT_FILE_READ_DATA, false, true},
    {"C:\\Users\\p\\.cargo\\bin\\cargo.exe", NT_FILE_GENERIC_READ | NT_FILE_GENERIC_EXECUTE, true, true},
    {"C:\\Users\\p\\.cargo\\bin\\cargo.exe", NT_FILE_WRITE_DATA, false, false},
    {"C:\\Users\\p\\.cargo", NT_FILE_READ_ATTRIBUTES | NT_FILE_EXECUTE, true, true},
    {"C:\\Users\\p\\.cargo", NT_FILE_READ_DATA, false, true},
    {"C:\\Users\\p", NT_FILE_READ_ATTRIBUTES | NT_FILE_EXECUTE, true, true},
    {"C:\\Users\\p", NT_FILE_READ_DATA, false, true},
    {"C:\\Users\\p\\.gitconfig", NT_FILE_GENERIC_READ, true, true},
    {"C:\\Users\\p\\AppData\\Local\\cordon", NT_FILE_READ_DATA, false, true},
    {"C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1", NT_FILE_WRITE_DATA, true, true},
    {"C:\\Windows\\System32", NT_FILE_WRITE_DATA, false, false},
};

/* Read back from the plan, it is the token that the plan makes. */
static bool same_token(struct tree *t, const struct token *token)
{
    struct token read;

    if (!acls_command_token(&t->arena, &t->plan, &t->facts.host, &read) || !sid_same(&read.user, &token->user) ||
        read.write_restricted != token->write_restricted || read.restricting_count != token->restricting_count)
        return false;
    for (size_t i = 0; i < read.restricting_count; i++)
        if (!sid_same(&read.restricting[i], &token->restricting[i]))
            return false;
    return true;
}

static void test_rows(bool set_up)
{
    const char *tier = set_up ? "set up" : "unelevated";
    struct tree t;
    struct token token;

    begin(&t, set_up, tier);
    if (carry_out(&t, tier)) {
        token = tree_token(&t);
        CHECK(same_token(&t, &token), set_up ? "set up: a plan says which token commands get" : "unelevated: a plan says which token commands get");
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct object *o = tree_at(&t, str_from(rows[i].path));
            char name[300];
            snprintf(name, sizeof name, "%s: %s %s: %s", tier, rows[i].path, access_rights_text(&t.arena, rows[i].rights).p,
                (set_up ? rows[i].wanted : rows[i].unelevated) ? "yes" : "no");
            CHECK(o && tree_may(&token, o, rows[i].rights) == (set_up ? rows[i].wanted : rows[i].unelevated), name);
        }
        CHECK_STR(disagreement(&t, &token, "C:\\src"), (struct str){0}, set_up ? "set up: rules and entries agree" : "unelevated: rules and entries agree");
        CHECK_STR(loose(&t, &token), (struct str){0}, set_up ? "set up: no permissions can be changed" : "unelevated: no permissions can be changed");
    }
    tree_end(&t);
}

static struct token person_token(struct tree *t)
{
    static const char *const groups[] = {SID_EVERYONE, SID_AUTHENTICATED, SID_USERS, SID_INTERACTIVE};
    struct token token = {.user = tree_sid(PERSON), .integrity = 0x2000};

    token.groups = arena_alloc(&t->arena, COUNT_OF(groups), sizeof *token.groups);
    for (size_t i = 0; i < COUNT_OF(groups); i++)
        token.groups[token.group_count++] = (struct token_group){tree_sid(groups[i]), GROUP_ENABLED};
    return token;
}

/* What a command makes: its own to use, the person's wholly, another session's not at all. */
static void test_children(bool set_up)
{
    const char *tier = set_up ? "set up" : "unelevated";
    struct tree t;
    struct token token, other, person;
    struct object *folder, *file;
    char name[200];

    begin(&t, set_up, tier);
    if (carry_out(&t, tier)) {
        const char *maker = set_up ? OFFLINE : PERSON;
        token = tree_token(&t);
        tree_add(&t, "C:\\src\\w\\a\\new", FACT_FOLDER, maker, NULL);
        file = tree_add(&t, "C:\\src\\w\\a\\new\\f", FACT_FILE, maker, NULL);
        folder = tree_at(&t, STR("C:\\src\\w\\a\\new"));
        snprintf(name, sizeof name, "%s: what a command makes it can write, and remove", tier);
        CHECK(tree_may(&token, file, NT_FILE_GENERIC_WRITE | NT_DELETE) && tree_may(&token, folder, NT_FILE_WRITE_DATA | NT_DELETE), name);
        snprintf(name, sizeof name, "%s: and cannot change its permissions", tier);
        CHECK(!tree_may(&token, file, NT_WRITE_DAC) && !tree_may(&token, folder, NT_WRITE_DAC) && !tree_may(&token, file, NT_WRITE_OWNER), name);
        other = token;
        other.restricting = token.restricting + 2; /* the same account, with neither write SID */
        other.restricting_count -= 2;
        snprintf(name, sizeof name, "%s: another session without that root can neither write nor remove it", tier);
        CHECK(!tree_may(&other, file, NT_FILE_WRITE_DATA) && !tree_may(&other, file, NT_FILE_APPEND_DATA) &&
                  !tree_may(&other, file, NT_WRITE_DAC) && !tree_may(&other, file, NT_DELETE),
            name);
        person = person_token(&t);
        snprintf(name, sizeof name, "%s: the person can use it", tier);
        CHECK(tree_may(&person, file, set_up ? NT_FILE_ALL_ACCESS : NT_FILE_GENERIC_WRITE | NT_FILE_GENERIC_READ | NT_DELETE), name);
    }
    tree_end(&t);
}

static uint32_t all_rights(const struct token *token, const struct object *o)
{
    struct access_result r;

    access_check(token, &o->d, &access_file, NT_MAXIMUM_ALLOWED, &r);
    return r.rights;
}

/* The person loses nothing by it; but for one right on folders, which their rights on what lies there make up for. */
static void test_person(bool set_up)
{
    struct tree t;
    uint32_t before[100] = {0}, lost = 0;
    size_t count;

    begin(&t, set_up, "person");
    count = t.objects.n < COUNT_OF(before) ? t.objects.n : COUNT_OF(before);
    for (size_t i = 0; i < count; i++) {
        struct token person = person_token(&t);
        before[i] = all_rights(&person, &t.objects.v[i]);
    }
    if (carry_out(&t, set_up ? "person, set up" : "person, unelevated")) {
        struct token person = person_token(&t);
        for (size_t i = 0; i < count; i++)
            lost |= before[i] & ~all_rights(&person, &t.objects.v[i]);
        CHECK((lost & ~(set_up ? 0u : NT_FILE_DELETE_CHILD)) == 0,
            set_up ? "set up: the person has every right that they had" : "unelevated: the person has every right but one");
    }
    tree_end(&t);
}

/* A root that the sandbox account owns: the entries would be its to change. */
static void test_owner(void)
{
    struct tree t;
    struct token token;

    begin(&t, true, "owner");
    tree_add(&t, "C:\\src\\mine", FACT_FOLDER, PERSON, "D:(A;OICI;FA;;;" PERSON ")");
    tree_at(&t, STR("C:\\src\\w"))->d.owner = tree_sid(OFFLINE);
    CHECK(!tree_plan(&t) && t.err.kind == ERR_REFUSED, "owned by the account: a root that cannot be taken back is refused");
    *(struct ace *)ARENA_PUSH(&t.arena, &tree_at(&t, STR("C:\\src\\w"))->d.dacl) = tree_at(&t, STR("C:\\src\\mine"))->d.dacl.v[0];
    tree_propagate(&t);
    tree_at(&t, STR("C:\\src\\w\\.git\\config"))->d.owner = tree_sid(ONLINE);
    if (carry_out(&t, "owned by the account")) {
        token = tree_token(&t);
        CHECK(!tree_may(&token, tree_at(&t, STR("C:\\src\\w")), NT_WRITE_DAC), "owned by the account: a root is given back");
        CHECK(!tree_may(&token, tree_at(&t, STR("C:\\src\\w\\.git\\config")), NT_WRITE_DAC), "owned by the account: so is a protected file");
        CHECK(sid_same(&tree_at(&t, STR("C:\\src\\w"))->d.owner, &(struct sid){.count = 0}) == false &&
                  str_is(sid_text(&t.arena, &tree_at(&t, STR("C:\\src\\w"))->d.owner), PERSON),
            "owned by the account: to the person");
    }
    tree_end(&t);
}

/* The folder between a root and a protected path is not renamed away with it. */
static void test_between(bool set_up)
{
    struct tree t;
    struct token token;

    begin(&t, set_up, "between");
    tree_rule(&t, RULE_PROTECT, "C:\\src\\w\\a\\b\\f.c", LAYER_USER);
    tree_rule(&t, RULE_PROTECT, "C:\\src\\w\\x\\y\\z", LAYER_USER); /* none of it is there */
    if (carry_out(&t, set_up ? "between, set up" : "between, unelevated")) {
        static const char *const held[] = {"C:\\src\\w\\a", "C:\\src\\w\\a\\b", "C:\\src\\w\\a\\b\\f.c", "C:\\src\\w\\x", "C:\\src\\w\\x\\y",
            "C:\\src\\w\\x\\y\\z"};
        bool good = true;
        token = tree_token(&t);
        for (size_t i = 0; i < COUNT_OF(held); i++) {
            struct object *o = tree_at(&t, str_from(held[i]));
            good = good && o && !tree_may_delete(&t, &token, o) && !tree_may(&token, o, NT_WRITE_DAC);
        }
        CHECK(good, "between: nothing on the way to a protected path can be renamed or removed");
        CHECK(tree_may(&token, tree_at(&t, STR("C:\\src\\w\\a\\b")), NT_FILE_WRITE_DATA) &&
                  tree_may(&token, tree_at(&t, STR("C:\\src\\w\\x\\y")), NT_FILE_WRITE_DATA),
            "between: other names can be made beside it");
        CHECK_STR(disagreement(&t, &token, "C:\\src"), (struct str){0}, "between: rules and entries agree");
    }
    tree_end(&t);
}

/* What an edge enters before and after each op. */
static void enter(struct tree *t, struct entries *l, bool before)
{
    for (size_t i = 0; i < t->plan.n; i++) {
        const struct op *op = &t->plan.v[i];
        struct object *o = op->kind == OP_ACE ? tree_at(t, op->path) : NULL;
        if (!o)
            continue;
        struct entry entry = {.kind = ENTRY_CHANGED, .path = op->path, .dev = 1, .ino = (uint64_t)(o - t->objects.v) + 1, .root = op->text2,
            .before = sddl_text(&t->arena, &o->d)};
        if (before)
            entries_before(&t->arena, l, &t->env, &entry);
        else
            entries_after(&t->arena, l, &t->env, op->path, entry.before);
    }
}

/* Each as it was; then what is below, by walks that are asked for nothing but to take away. */
static void take_back(struct tree *t, const struct entries *l)
{
    const char *const sids[] = {GROUP, WRITE_W, WRITE_T};
    struct disk disk = {.tree = t};
    struct op ops[COUNT_OF(sids)];

    for (size_t i = l->n; i-- > 0;) {
        struct object *o = tree_at(t, l->v[i].path);
        struct descriptor out;
        enum entry_back back = entries_back(&t->arena, &l->v[i], &o->d, 1, (uint64_t)(o - t->objects.v) + 1, &out);
        if (back == BACK_WRITE || back == BACK_OURS)
            o->d = out;
    }
    for (size_t i = 0; i < l->n; i++) {
        struct str top = l->v[i].root.n ? l->v[i].root : l->v[i].path;
        struct walk_asked asked = {ops, COUNT_OF(ops), t->windows.person_sid, NULL, true, false};
        static struct walk_eye eye;
        struct walk_order order;
        struct walk w;
        for (size_t k = 0; k < COUNT_OF(ops); k++)
            ops[k] = (struct op){.kind = OP_ACE, .number = ACE_TAKE, .path = top, .text2 = top,
                .text = arena_format(&t->arena, "(A;OICI;0x1;;;%s)", sids[k])};
        if (!walk_order_of(&t->arena, &t->env, &asked, top, 1, &order))
            continue;
        eye = disk_eye(&disk);
        walk_begin(&w, &order, &eye);
        while (walk_step(&w, 50) == WALK_MORE)
            (void)0;
        walk_end(&w);
    }
}

/* A second round on the same machine changes nothing; and the way back leaves what was there. */
static void test_again(bool set_up)
{
    struct tree t;
    struct str before[64], after;
    struct entries l = {0};
    struct plan first;
    struct plan_diff diff = {0};
    size_t count, changed = 0;

    begin(&t, set_up, "again");
    count = t.objects.n < COUNT_OF(before) ? t.objects.n : COUNT_OF(before);
    for (size_t i = 0; i < count; i++)
        before[i] = sddl_text(&t.arena, &t.objects.v[i].d);
    if (tree_plan(&t)) {
        enter(&t, &l, true);
        carry_out(&t, "again");
        enter(&t, &l, false);
        first = t.plan;
        CHECK(tree_plan(&t), "again: planned a second time");
        plan_compare(&t.arena, &first, &t.plan, &diff);
        CHECK(diff.n == 0 && !diff.identity_changed, "again: :reapply finds the very same plan, as what it put is no other plan");
        if (carry_out(&t, "again, second round"))
            for (size_t i = 0; i < t.plan.n; i++) {
                struct err e = {0};
                struct object *o = t.plan.v[i].kind == OP_ACE ? tree_at(&t, t.plan.v[i].path) : NULL;
                struct descriptor d = o ? o->d : (struct descriptor){0};
                changed += o && acls_apply(&t.arena, &t.plan.v[i], o->kind == FACT_FOLDER, &d, &e) != EDIT_SAME;
                changed += t.plan.v[i].kind == OP_ACE && t.plan.v[i].number == ACE_TAKE;
            }
        CHECK(changed == 0, "again: a second round finds all entries there, and none too many");
        take_back(&t, &l);
        changed = 0;
        for (size_t i = 0; i < count; i++) {
            after = sddl_text(&t.arena, &t.objects.v[i].d);
            changed += !str_eq(before[i], after);
        }
        CHECK(changed == 0, "again: the way back leaves every object as it was");
    }
    tree_end(&t);
}

/* ---- by the hundred ---- */

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 11;
}

static struct str any_path(struct tree *t, uint64_t *seed)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    struct str path = STR("C:\\src\\w");

    for (uint64_t depth = 1 + next(seed) % 4; depth > 0; depth--)
        path = path_join(&t->arena, PATH_WINDOWS, path, str_from(names[next(seed) % COUNT_OF(names)]));
    return path;
}

/* What other programs leave: open to all, to some, closed, inheriting nothing. The person can always change it. */
static const char *const odd[] = {"D:(A;OICI;FA;;;WD)(A;OICI;FA;;;" PERSON ")", "D:(A;OICI;0x1301bf;;;AU)(A;OICI;FA;;;" PERSON ")", "D:P(A;OICI;FA;;;" PERSON ")",
    "D:P(A;OICI;FA;;;" PERSON ")(A;OICI;FA;;;WD)", "D:(D;OICI;FW;;;BU)(A;OICI;FA;;;" PERSON ")", "D:P(D;;DC;;;WD)(A;OICI;FA;;;" PERSON ")(A;OICIIO;FA;;;WD)",
    "D:(A;;FA;;;" OFFLINE ")(A;OICI;FA;;;" PERSON ")"};

static void grow(struct tree *t, uint64_t *seed, struct str path)
{
    struct str above = path_parent(PATH_WINDOWS, path);

    above = arena_str(&t->arena, above);
    if (!tree_at(t, above) && above.n > 3)
        grow(t, seed, above);
    if (tree_at(t, above) && tree_at(t, above)->kind == FACT_FOLDER) {
        const char *sddl = next(seed) % 3 ? NULL : odd[next(seed) % COUNT_OF(odd)];
        bool folder = next(seed) % 3;
        struct object *o = tree_add(t, path.p, folder ? FACT_FOLDER : FACT_FILE, next(seed) % 5 ? PERSON : next(seed) % 3 ? OFFLINE : ONLINE, t->odd ? sddl : NULL);
        o->odd = o->odd || (t->odd && sddl);
    }
}

static void make_up(struct tree *t, uint64_t seed, bool strange)
{
    static const enum rule_kind kinds[] = {RULE_PROTECT, RULE_PROTECT, RULE_SECRET, RULE_WRITE};
    uint64_t s = seed * 0x9e3779b97f4a7c15u + 1;
    size_t roots = 2;

    tree_begin(t);
    t->odd = strange;
    for (int i = 0; i < 14; i++)
        grow(t, &s, any_path(t, &s));
    for (uint64_t i = next(&s) % 6; i > 0; i--) {
        struct str path = any_path(t, &s);
        enum rule_kind kind = kinds[next(&s) % COUNT_OF(kinds)];
        struct object *o = tree_at(t, path);
        for (size_t k = 0; k < roots && kind == RULE_WRITE && o; k++)
            o = path_same(&t->env, t->sids[k].root, path) ? NULL : o;
        if (kind == RULE_WRITE && (!o || o->kind != FACT_FOLDER || roots == COUNT_OF(t->sids)))
            continue;
        tree_rule(t, kind, path.p, LAYER_USER)->optional = next(&s) % 2;
        if (kind == RULE_WRITE) {
            t->sids[roots].root = path;
            t->sids[roots].sid = arena_format(&t->arena, "S-1-5-21-9-9-9-%d", (int)roots + 10);
            roots++;
        }
    }
    t->windows.write_sid_count = roots;
    if (next(&s) % 4 == 0)
        tree_unelevated(t);
    if (next(&s) % 4 == 0)
        t->policy.net = NET_ONLINE;
    t->windows.weak = next(&s) % 3 ? WEAK_EVERYONE : next(&s) % 2 ? WEAK_NONE : WEAK_WRITE_RESTRICTED;
    for (size_t i = 0; strange && i < t->objects.n; i++) {
        struct object *o = &t->objects.v[i];
        if (!str_starts(o->path, STR("C:\\src\\w\\")) || next(&s) % 12)
            continue;
        if (o->kind == FACT_FILE)
            o->links = 2;
        o->odd = true;
    }
    if (strange && next(&s) % 2) {
        *(struct str *)ARENA_PUSH(&t->arena, &t->policy.partial) = STR(PART_NAMES);
        *(struct str *)ARENA_PUSH(&t->arena, &t->policy.partial) = STR(PART_HARDLINKS);
    }
    t->policy.git = next(&s) % 3 ? GIT_COMMIT : GIT_LOCKED;
}

/* MACHINES in the environment: more than the test command has time for. */
static uint64_t machines(void)
{
    const char *more = getenv("MACHINES");

    return more ? strtoull(more, NULL, 10) : 250;
}

static void test_made_up(bool strange)
{
    size_t planned = 0, refused = 0;

    for (uint64_t seed = 1; seed <= machines(); seed++) {
        struct tree t;
        struct str why = {0};
        struct texts denied = {0};
        char name[100];
        make_up(&t, seed, strange);
        if (!tree_plan(&t)) {
            refused++;
            tree_end(&t);
            continue;
        }
        planned++;
        if (!disk_apply(&t, &denied)) {
            why = STR("an entry cannot be put");
        } else if (denied.n > 0 && !strange) {
            why = denied.v[0];
        } else {
            struct token token = tree_token(&t);
            t.denied = denied;
            why = disagreement(&t, &token, "C:\\src");
            if (why.n == 0 && t.plan.tier == TIER_SET_UP)
                for (size_t i = 0; i < t.plan.n && why.n == 0; i++)
                    if (t.plan.v[i].kind == OP_ACE && t.plan.v[i].number == ACE_PUT && tree_at(&t, t.plan.v[i].path) &&
                        tree_may(&token, tree_at(&t, t.plan.v[i].path), NT_WRITE_DAC))
                        why = t.plan.v[i].path;
        }
        if (why.n > 0) {
            snprintf(name, sizeof name, "made up%s: machine %d", strange ? ", odd" : "", (int)seed);
            if (!CHECK_STR(why, (struct str){0}, name) && getenv("SHOW")) {
                struct buf out = {0};
                for (size_t i = 0; i < t.policy.rules.n; i++)
                    printf("  rule %d %s%s\n", (int)t.policy.rules.v[i].kind, t.policy.rules.v[i].path.p, t.policy.rules.v[i].optional ? " optional" : "");
                for (size_t i = 0; i < t.objects.n; i++)
                    if (str_starts(t.objects.v[i].path, STR("C:\\src\\w\\")))
                        printf("  %s %d %s\n", t.objects.v[i].path.p, (int)t.objects.v[i].kind, sddl_text(&t.arena, &t.objects.v[i].d).p);
                plan_print(&out, &t.arena, &t.env, &t.plan);
                printf("%.*s\n", (int)out.n, out.p);
                buf_release(&out);
            }
        }
        tree_end(&t);
    }
    CHECK(planned > 200, strange ? "made up, odd: rules refuse nothing that entries allow" : "made up: rules and entries agree");
    CHECK(refused > 0, strange ? "made up, odd: some are refused" : "made up: some are refused");
}

int main(void)
{
    test_rows(true);
    test_rows(false);
    test_children(true);
    test_children(false);
    test_person(true);
    test_person(false);
    test_owner();
    test_between(true);
    test_between(false);
    test_again(true);
    test_again(false);
    test_made_up(false);
    test_made_up(true);
    return CHECK_END();
}
