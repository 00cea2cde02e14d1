/*
 * test_walk: entries carried down a made-up tree: what changes, what must not, what is named; hard links, junctions and moved
 * folders that somebody planted; walks that end half-way and go on.
 */
#include "check.h"
#include "windows_walk.h"

#include <stdlib.h>

/* ---- one object ---- */

#define STRANGER "S-1-5-21-4-4-4-4"
#define OWN "(A;OICI;0x1201bf;;;" WRITE_W ")"

static void test_carry(void)
{
    static const struct {
        const char *name, *parent, *before, *after; /* after NULL: refused */
        bool folder, kept, take_old, denies;
        enum acls_edit wanted;
    } rows[] = {
        {"a grant comes down", "D:" OWN, "D:", "D:(A;OICIID;0x1201bf;;;" WRITE_W ")", true, false, false, false, EDIT_CHANGED},
        {"to a file, which hands nothing on", "D:" OWN, "D:", "D:(A;ID;0x1201bf;;;" WRITE_W ")", false, false, false, false, EDIT_CHANGED},
        {"a second time nothing changes", "D:" OWN, "D:(A;ID;0x1201bf;;;" WRITE_W ")", "D:(A;ID;0x1201bf;;;" WRITE_W ")", false, false, false, false,
            EDIT_SAME},
        {"in the folder's own order", "D:" OWN "(A;OICIID;FA;;;BA)", "D:(A;ID;FA;;;BA)", "D:(A;ID;0x1201bf;;;" WRITE_W ")(A;ID;FA;;;BA)", false, false,
            false, false, EDIT_CHANGED},
        {"what the object says itself stays first", "D:" OWN, "D:(A;;FA;;;BA)", "D:(A;;FA;;;BA)(A;ID;0x1201bf;;;" WRITE_W ")", false, false, false, false,
            EDIT_CHANGED},
        {"what is gone above is gone below", "D:(A;OICI;FA;;;BA)", "D:(A;ID;0x1201bf;;;" WRITE_W ")(A;ID;FA;;;BA)", "D:(A;ID;FA;;;BA)", false, false, false,
            false, EDIT_CHANGED},
        {"what a moved file inherited elsewhere stays", "D:" OWN "(A;OICI;FA;;;BA)", "D:(A;ID;FA;;;SY)", "D:(A;ID;0x1201bf;;;" WRITE_W ")(A;ID;FA;;;SY)",
            false, false, false, false, EDIT_CHANGED},
        {"and a refusal that it inherited stays before a grant", "D:" OWN, "D:(D;ID;FA;;;BU)(A;ID;FA;;;SY)",
            "D:(D;ID;FA;;;BU)(A;ID;0x1201bf;;;" WRITE_W ")(A;ID;FA;;;SY)", false, false, false, false, EDIT_CHANGED},
        {"a refusal comes down", "D:(D;OICI;0xd0156;;;" GROUP ")", "D:(A;ID;FA;;;BA)", "D:(D;ID;0xd0156;;;" GROUP ")(A;ID;FA;;;BA)", false, false, false, true,
            EDIT_CHANGED},
        {"and is put before an allow entry of the object's own", "D:(D;OICI;0xd0156;;;" GROUP ")", "D:(A;;FA;;;WD)",
            "D:(D;;0xd0156;;;" GROUP ")(A;;FA;;;WD)(D;ID;0xd0156;;;" GROUP ")", false, false, false, true, EDIT_CHANGED},
        {"but not before the person's own", "D:(D;OICI;0xd0156;;;" GROUP ")", "D:(A;;FA;;;" PERSON ")", "D:(A;;FA;;;" PERSON ")(D;ID;0xd0156;;;" GROUP ")",
            false, false, false, true, EDIT_CHANGED},
        {"a refusal reaches what inherits nothing", "D:(D;OICI;0xd0156;;;" GROUP ")" OWN, "D:P(A;;FA;;;WD)", "D:P(D;OICI;0xd0156;;;" GROUP ")(A;;FA;;;WD)", true,
            false, false, true, EDIT_CHANGED},
        {"a grant does not", "D:" OWN, "D:P(A;;FA;;;BA)", "D:P(A;;FA;;;BA)", true, false, false, false, EDIT_SAME},
        {"a writable root in a protected folder is no way around", "D:" OWN "(D;OICIID;0xd0156;;;" WRITE_W ")", "D:(A;;FA;;;WD)",
            "D:(A;;FA;;;WD)(A;ID;0x1201bf;;;" WRITE_W ")(D;ID;0xd0156;;;" WRITE_W ")", false, false, false, false, EDIT_CHANGED},
        {"an entry of before goes when nobody else needs it", "D:", "D:(D;;0xd0156;;;" GROUP ")(D;;0xd0156;;;" WRITE_W ")(A;;FA;;;BA)", "D:(A;;FA;;;BA)", false,
            false, true, false, EDIT_CHANGED},
        {"and stays when somebody may", "D:", "D:(D;;0xd0156;;;" WRITE_W ")", "D:(D;;0xd0156;;;" WRITE_W ")", false, false, false, false, EDIT_SAME},
        {"and where an op put it", "D:", "D:(D;;0xd0156;;;" WRITE_W ")", "D:(D;;0xd0156;;;" WRITE_W ")", false, true, true, false, EDIT_SAME},
        {"the group's entry of another root stays", "D:", "D:(D;;0xd0156;;;" GROUP ")(D;;0xd0156;;;" WRITE_X ")", "D:(D;;0xd0156;;;" GROUP ")(D;;0xd0156;;;" WRITE_X ")",
            false, false, true, false, EDIT_SAME},
        {"so does a secret's, which refuses more", "D:", "D:(D;;0xd017f;;;" GROUP ")(D;;0xd0156;;;" WRITE_W ")(A;;FA;;;BA)", "D:(A;;FA;;;BA)", true, false, true,
            false, EDIT_CHANGED},
        {"and the person's own beside it", "D:", "D:(D;CI;0x40;;;" PERSON ")(D;OICI;0xd0156;;;" WRITE_W ")(A;;FA;;;BA)", "D:(A;;FA;;;BA)", true, false, true, false,
            EDIT_CHANGED},
        {"which alone is theirs", "D:", "D:(D;CI;0x40;;;" PERSON ")(A;;FA;;;BA)", "D:(D;CI;0x40;;;" PERSON ")(A;;FA;;;BA)", true, false, true, false, EDIT_SAME},
        {"what was moved here loses what it inherited elsewhere of Cordon's", "D:" OWN "(A;OICI;FA;;;BA)", "D:(A;ID;0x1201bf;;;" STRANGER ")(A;ID;FA;;;BA)",
            "D:(A;ID;0x1201bf;;;" WRITE_W ")(A;ID;FA;;;BA)", false, false, false, false, EDIT_CHANGED},
        {"and what is explicit of it, when nobody else may need it", "D:", "D:(D;;0xd0156;;;" GROUP ")(D;;0xd0156;;;" STRANGER ")(A;;FA;;;BA)", "D:(A;;FA;;;BA)", true,
            false, true, false, EDIT_CHANGED},
        {"a stranger's entry is never handed down", "D:(A;OICIID;0x1201bf;;;" STRANGER ")" OWN, "D:", "D:(A;OICIID;0x1201bf;;;" WRITE_W ")", true, false, false, false,
            EDIT_CHANGED},
        {"a list in a strange order is left alone", "D:" OWN, "D:(A;ID;FA;;;BA)(D;;0x1;;;WD)", NULL, false, false, false, false, EDIT_REFUSED},
        {"so is an object without a list", "D:" OWN, "D:NO_ACCESS_CONTROL", NULL, false, false, false, false, EDIT_REFUSED},
    };
    struct arena a = {0};
    struct path_env env = {.system = PATH_WINDOWS};
    struct sid write = tree_sid(WRITE_W), person = tree_sid(PERSON), stranger = tree_sid(STRANGER);
    const struct ace also = {.type = ACE_DENY, .mask = NT_FILE_DELETE_CHILD, .sid = person};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct walk_order o = {.env = &env, .own = {tree_sid(GROUP), &write, 1}, .trusted = &person, .trusted_count = 1, .strangers = &stranger, .stranger_count = 1,
            .also = &also, .also_count = 1, .take_old = rows[i].take_old};
        struct descriptor parent = {0}, d = {0}, wanted = {0};
        struct err e = {0};
        enum walk_why why;
        bool denies, good = sddl_parse(&a, str_from(rows[i].parent), &parent, &e) && sddl_parse(&a, str_from(rows[i].before), &d, &e) &&
                            sddl_parse(&a, str_from(rows[i].after ? rows[i].after : rows[i].before), &wanted, &e);
        char name[200];
        enum acls_edit got = walk_carry(&a, &o, &parent, rows[i].folder, rows[i].kept, &d, &denies, &why);
        d.dacl_auto_inherited = wanted.dacl_auto_inherited;
        snprintf(name, sizeof name, "carry: %s", rows[i].name);
        if (!CHECK(good && got == rows[i].wanted && denies == rows[i].denies && str_eq(sddl_text(&a, &d), sddl_text(&a, &wanted)), name))
            fprintf(stderr, "  got %d %s\n", (int)got, sddl_text(&a, &d).p);
    }
    arena_release(&a);
}

/* ---- trees ---- */

static bool said(const struct walk *w, enum walk_why why, const char *path)
{
    for (size_t i = 0; i < w->skips.n; i++)
        if (w->skips.v[i].why == why && str_is(w->skips.v[i].path, path))
            return true;
    return false;
}

/* The workspace with its entries, not carried down yet. */
static bool ready(struct tree *t, struct walk_order *order)
{
    bool good = tree_plan(t);

    for (size_t i = 0; good && i < t->plan.n; i++) {
        struct object *o = t->plan.v[i].kind == OP_ACE ? tree_at(t, t->plan.v[i].path) : NULL;
        struct err e = {0};
        if (o)
            good = acls_apply(&t->arena, &t->plan.v[i], o->kind == FACT_FOLDER, &o->d, &e) != EDIT_REFUSED;
    }
    *order = disk_order(t, STR("C:\\src\\w"));
    return good;
}

static struct str sddl_at(struct tree *t, const char *path)
{
    return sddl_text(&t->arena, &tree_at(t, str_from(path))->d);
}

/* W10: what was planted before a :reapply. */
static void test_planted(void)
{
    struct tree t;
    struct disk disk = {.tree = &t};
    struct walk_order order;
    struct walk w;
    struct str outside, behind;
    struct object *link;

    tree_begin(&t);
    link = tree_add(&t, "C:\\src\\w\\a\\planted.c", FACT_FILE, OFFLINE, NULL);
    link->links = 2;
    link->twin = "C:\\src\\other\\f.c";
    tree_at(&t, STR("C:\\src\\other\\f.c"))->links = 2;
    tree_folder(&t, "C:\\src\\w\\a\\junction");
    tree_at(&t, STR("C:\\src\\w\\a\\junction"))->reparse = true;
    tree_file(&t, "C:\\src\\w\\a\\junction\\f.c"); /* what one would find behind it */
    CHECK(ready(&t, &order), "planted: planned");
    outside = sddl_at(&t, "C:\\src\\other\\f.c");
    behind = sddl_at(&t, "C:\\src\\w\\a\\junction\\f.c");
    CHECK(disk_walk(&disk, &order, &w) == WALK_DONE, "planted: the walk ends");
    CHECK_STR(sddl_at(&t, "C:\\src\\other\\f.c"), outside, "planted: a hard link: the descriptor outside is as it was");
    CHECK_STR(sddl_at(&t, "C:\\src\\w\\a\\junction\\f.c"), behind, "planted: a junction: what lies behind is as it was");
    CHECK(said(&w, WALK_LINKS, "C:\\src\\w\\a\\planted.c") && said(&w, WALK_REPARSE, "C:\\src\\w\\a\\junction"), "planted: both are named");
    CHECK(strstr(sddl_at(&t, "C:\\src\\w\\a\\b\\f.c").p, "ID;0x1201bf;;;" WRITE_W), "planted: all else got its entries");
    CHECK(disk.open == 0 && w.changed > 10 && w.changed == disk.written, "planted: every handle is closed, every change counted");
    walk_end(&w);
    tree_end(&t);
}

/* A folder that is moved, or another volume mounted, while the walk goes on. */
static void test_races(void)
{
    struct tree t;
    struct disk disk = {.tree = &t, .moves = "C:\\src\\w\\a\\b", .moves_to = "C:\\src\\other"};
    struct walk_order order;
    struct walk w;
    struct str before;

    tree_begin(&t);
    CHECK(ready(&t, &order), "races: planned");
    tree_at(&t, STR("C:\\src\\w\\.git\\objects"))->dev = 2;
    before = sddl_at(&t, "C:\\src\\w\\a\\b");
    CHECK(disk_walk(&disk, &order, &w) == WALK_DONE, "races: the walk ends");
    CHECK_STR(sddl_at(&t, "C:\\src\\w\\a\\b"), before, "races: what the handle places elsewhere is as it was");
    CHECK(said(&w, WALK_LEFT, "C:\\src\\w\\a\\b") && said(&w, WALK_LEFT, "C:\\src\\w\\.git\\objects"), "races: it is named, another volume too");
    walk_end(&w);
    order.dev = 7;
    CHECK(disk_walk(&disk, &order, &w) == WALK_NO_TOP, "races: a top that is another volume is not walked");
    walk_end(&w);
    tree_at(&t, STR("C:\\src\\w"))->real = "C:\\src\\other";
    order.dev = 1;
    CHECK(disk_walk(&disk, &order, &w) == WALK_NO_TOP && disk.open == 0, "races: nor one that lies elsewhere");
    walk_end(&w);
    tree_end(&t);
}

static void test_refused(void)
{
    struct tree t;
    struct disk disk = {.tree = &t, .refuses = "C:\\src\\w\\.git\\hooks\\pre-commit"};
    struct walk_order order;
    struct walk w;
    struct texts denied = {0}, other = {0};
    struct object *odd;
    struct ace ace = {.type = ACE_DENY, .mask = 1};

    tree_begin(&t);
    odd = tree_add(&t, "C:\\src\\w\\odd.c", FACT_FILE, NULL, NULL);
    ace.sid = tree_sid(SID_EVERYONE);
    *(struct ace *)ARENA_PUSH(&t.arena, &odd->d.dacl) = ace;
    CHECK(ready(&t, &order) && disk_walk(&disk, &order, &w) == WALK_DONE, "refused: the walk goes on");
    walk_report(&t.arena, &w, &denied, &other);
    CHECK(denied.n == 1 && strstr(denied.v[0].p, "pre-commit"), "refused: what should refuse and cannot be put is told apart");
    CHECK(said(&w, WALK_ODD_LIST, "C:\\src\\w\\odd.c"), "refused: a list in no order is named");
    walk_end(&w);
    tree_end(&t);
}

/* A file with a second name in a protected folder gets no entry; that matters where commands may write it as it is. */
static void test_linked(void)
{
    static const struct {
        const char *name, *sddl;
        bool denied;
    } rows[] = {
        {"what only the person may write is held anyway", "O:" PERSON "D:P(A;;FA;;;" PERSON ")(A;;FA;;;BA)(A;;FR;;;WD)", false},
        {"so is what every account may write, as the second pass does not know them", "O:" PERSON "D:P(A;;0x1301bf;;;AU)(A;;0x1301bf;;;BU)", false},
        {"what Everyone may write is not", "O:" PERSON "D:P(A;;0x1301bf;;;WD)", true},
        {"nor what inherited the root's own entry", "O:" PERSON "D:P(A;;0x1201bf;;;" WRITE_W ")", true},
        {"nor what the account owns", "O:" OFFLINE "D:P(A;;FA;;;" PERSON ")", true},
        {"unless what an owner may is said", "O:" OFFLINE "D:P(A;;RC;;;OW)(A;;FA;;;" PERSON ")", false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tree t;
        struct disk disk = {.tree = &t};
        struct walk_order order;
        struct walk w;
        struct object *o;
        struct err e = {0};
        char name[200];
        tree_begin(&t);
        o = tree_add(&t, "C:\\src\\w\\.git\\hooks\\linked", FACT_FILE, NULL, NULL);
        o->links = 2;
        snprintf(name, sizeof name, "linked: %s", rows[i].name);
        CHECK(sddl_parse(&t.arena, str_from(rows[i].sddl), &o->d, &e) && ready(&t, &order) && disk_walk(&disk, &order, &w) == WALK_DONE &&
                  said(&w, WALK_LINKS, "C:\\src\\w\\.git\\hooks\\linked") && w.skipped_denied == rows[i].denied,
            name);
        walk_end(&w);
        tree_end(&t);
    }
}

/* Stopped anywhere, and gone on with: the outcome is that of one walk. */
static void test_resume(void)
{
    struct tree t, whole;
    struct disk disk = {.tree = &whole};
    struct walk_order order;
    struct walk w;
    size_t objects, wrong = 0, skipped_work = 0;

    tree_begin(&whole);
    CHECK(ready(&whole, &order) && disk_walk(&disk, &order, &w) == WALK_DONE, "resume: one walk");
    objects = (size_t)w.seen;
    walk_end(&w);
    for (size_t stop = 1; stop < objects; stop++) {
        struct str place;
        tree_begin(&t);
        disk = (struct disk){.tree = &t, .cancel_after = stop};
        if (!ready(&t, &order) || disk_walk(&disk, &order, &w) != WALK_CANCELLED)
            wrong++;
        place = arena_str(&t.arena, walk_place(&w));
        walk_end(&w);
        wrong += disk.open != 0;
        order.resume = place;
        disk = (struct disk){.tree = &t};
        wrong += disk_walk(&disk, &order, &w) != WALK_DONE;
        skipped_work += w.seen < objects;
        walk_end(&w);
        for (size_t i = 0; i < t.objects.n; i++)
            wrong += !str_eq(sddl_text(&t.arena, &t.objects.v[i].d), sddl_text(&whole.arena, &whole.objects.v[i].d));
        tree_end(&t);
    }
    CHECK(wrong == 0, "resume: stopped after any object, it comes to the same");
    CHECK(skipped_work > 0, "resume: what was done is not all done again");
    tree_begin(&t);
    disk = (struct disk){.tree = &t};
    CHECK(ready(&t, &order), "resume: planned");
    order.most = 3;
    CHECK(disk_walk(&disk, &order, &w) == WALK_BOUND && w.seen == 3 && disk.open > 0, "resume: a bound ends it");
    walk_end(&w);
    CHECK(disk.open == 0, "resume: and its end closes all handles");
    tree_end(&t);
    tree_end(&whole);
}

/* Names and depths that only somebody hostile makes. */
static bool list_hostile(void *context, struct arena *a, void *handle, size_t most, struct texts *out)
{
    (void)context;
    (void)handle;
    (void)most;
    *(struct str *)ARENA_PUSH(a, out) = STR("..");
    *(struct str *)ARENA_PUSH(a, out) = STR("..\\other");
    *(struct str *)ARENA_PUSH(a, out) = STR("");
    *(struct str *)ARENA_PUSH(a, out) = STR("a/b");
    return true;
}

static bool open_deep(void *context, struct arena *a, void *parent, struct str path, struct walk_object *out, void **handle)
{
    struct disk *disk = context;
    struct object *top = tree_at(disk->tree, STR("C:\\src\\w"));
    struct buf bytes = {0};

    (void)parent;
    descriptor_encode(&top->d, &bytes);
    *out = (struct walk_object){.kind = FACT_FOLDER, .links = 1, .dev = 1, .real = path, .descriptor = arena_str(a, buf_view(&bytes))};
    buf_release(&bytes);
    *handle = top;
    disk->open++;
    return true;
}

static bool list_one(void *context, struct arena *a, void *handle, size_t most, struct texts *out)
{
    (void)context;
    (void)handle;
    (void)most;
    *(struct str *)ARENA_PUSH(a, out) = STR("d");
    return true;
}

static void test_hostile(void)
{
    struct tree t;
    struct disk disk = {.tree = &t};
    struct walk_order order;
    struct walk_eye eye = disk_eye(&disk);
    struct walk w;

    tree_begin(&t);
    CHECK(ready(&t, &order), "hostile: planned");
    eye.list = list_hostile;
    walk_begin(&w, &order, &eye);
    CHECK(walk_step(&w, 100) == WALK_DONE && w.seen == 0 && w.skipped == 4, "hostile: a name that is a path is none");
    walk_end(&w);
    eye.list = list_one;
    eye.open = open_deep;
    walk_begin(&w, &order, &eye);
    CHECK(walk_step(&w, 100000) == WALK_DONE && w.skips.n == 1 && w.skips.v[0].why == WALK_DEEP && disk.open == 0,
        "hostile: a tree without end has one");
    walk_end(&w);
    tree_end(&t);
}

/* Which folders a plan has walked: never a profile, for the sake of an entry on it that hands nothing down. */
static void test_tops(void)
{
    static const char *const never[] = {"C:\\", "C:\\Users", "C:\\Users\\p", "C:\\Users\\p\\AppData", "C:\\Users\\p\\AppData\\Local", "C:\\Users\\p\\.cargo",
        "C:\\src"};
    struct tree t;
    size_t walked = 0, wrong = 0, passes = 0;

    tree_begin(&t);
    CHECK(tree_plan(&t), "tops: planned");
    for (size_t i = 0; i < t.plan.n; i++) {
        struct str top = walk_top(&t.plan.v[i]);
        walked += str_is(top, "C:\\src\\w") || str_is(top, "C:\\Users\\p\\.cargo\\bin");
        passes += str_ends(t.plan.v[i].text, STR("(A;;0x1200a0;;;" GROUP ")"));
        for (size_t k = 0; k < COUNT_OF(never); k++)
            wrong += str_is(top, never[k]);
    }
    CHECK(walked > 2 && passes > 2 && wrong == 0, "tops: roots and what is granted are walked, what lies above them is not");
    tree_end(&t);
}

#define GRANT_OP {.kind = OP_ACE, .path = STR("C:\\r"), .text = STR("(A;OICI;0x1;;;" GROUP ")"), .on_failure = FAIL_SKIP}

static void test_waits(void)
{
    static const struct {
        const char *name;
        struct op ops[2];
        bool wanted;
    } rows[] = {
        {"grants", {GRANT_OP, GRANT_OP}, true},
        {"a grant that is needed", {GRANT_OP, {.kind = OP_ACE, .path = STR("C:\\r"), .text = STR("(A;OICI;0x1;;;" GROUP ")"), .on_failure = FAIL_PARTIAL}}, false},
        {"a refusal that may fail", {GRANT_OP, {.kind = OP_ACE, .path = STR("C:\\r"), .text = STR("(D;OICI;0x1;;;" GROUP ")"), .on_failure = FAIL_SKIP}}, false},
        {"a grant that is taken", {GRANT_OP, {.kind = OP_ACE, .path = STR("C:\\r"), .text = STR("(A;OICI;0x1;;;" GROUP ")"), .number = ACE_TAKE, .on_failure = FAIL_SKIP}}, false},
        {"a root", {GRANT_OP, {.kind = OP_ACE, .path = STR("C:\\x"), .text2 = STR("C:\\r"), .text = STR("(A;OICI;0x1;;;" GROUP ")"), .on_failure = FAIL_SKIP}}, false},
        {"a refusal elsewhere", {GRANT_OP, {.kind = OP_ACE, .path = STR("C:\\x"), .text = STR("(D;OICI;0x1;;;" GROUP ")"), .on_failure = FAIL_SKIP}}, true},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(walk_may_wait(rows[i].ops, 2, STR("C:\\r")) == rows[i].wanted, rows[i].name);
}

static void test_order(void)
{
    static struct str strangers[] = {{"S-1-5-21-4-4-4-4", 16}, {WRITE_W, sizeof WRITE_W - 1}, {"no SID", 6}};
    const struct texts list = {strangers, COUNT_OF(strangers), COUNT_OF(strangers)};
    struct op ops[] = {{.kind = OP_ACCOUNT, .text2 = STR(OFFLINE), .source = STR(GROUP)}, {.kind = OP_RESTRICT, .path = STR("C:\\src\\w"), .text = STR(WRITE_W)},
        {.kind = OP_RESTRICT, .text = STR(OFFLINE)}, {.kind = OP_ACE, .path = STR("C:\\x"), .text = STR("(A;;0x1;;;S-1-5-21-5-5-5-5)"), .number = ACE_TAKE},
        {.kind = OP_ACE, .path = STR("C:\\x"), .text = STR("(A;;0x1;;;" GROUP ")"), .number = ACE_TAKE},
        {.kind = OP_ACE, .path = STR("C:\\x"), .text = STR("(A;;0x1;;;WD)"), .number = ACE_TAKE}, {.kind = OP_GUARD_NAME, .path = STR("C:\\y")}};
    struct walk_asked asked = {ops, COUNT_OF(ops), STR(PERSON), &list, true, false};
    struct path_env env = {.system = PATH_WINDOWS};
    struct arena a = {0};
    struct walk_order o;

    CHECK(walk_order_of(&a, &env, &asked, STR("C:\\src\\w"), 7, &o) && o.dev == 7 && o.take_old, "order: made");
    asked.behind = true;
    CHECK(walk_order_of(&a, &env, &asked, STR("C:\\src\\w"), 7, &o) && !o.take_old, "order: behind the prompt nothing old is taken");
    CHECK(o.own.write_count == 1 && sid_same(&o.own.write[0], &(struct sid){0}) == false && o.own.group.authority == 5, "order: its roots, its group");
    CHECK(o.stranger_count == 2, "order: strangers are what is no root's, no account's, and nothing of the system's");
    CHECK(o.kept->n == 4, "order: what ops name is theirs");
    asked.person = STR("nobody");
    CHECK(!walk_order_of(&a, &env, &asked, STR("C:\\src\\w"), 7, &o), "order: not without a person");
    arena_release(&a);
}

int main(void)
{
    test_tops();
    test_waits();
    test_order();
    test_carry();
    test_planted();
    test_races();
    test_refused();
    test_linked();
    test_resume();
    test_hostile();
    return CHECK_END();
}
