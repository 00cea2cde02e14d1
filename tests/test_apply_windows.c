/*
 * The person's own ops on a disk of Windows, as far as wine has it: it stores no entry and says that it does, which must come out as
 * "not verified"; what a name stands for is real there, and so what is passed over.
 */
#include "../sandbox/core/store.h"
#include "../sandbox/win32.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct str top;

static struct str here(const char *name)
{
    return arena_format(&arena, "%s\\%s", top.p, name);
}

static bool memmem_is(struct str all, const char *words)
{
    struct str wanted = str_from(words);

    for (size_t i = 0; i + wanted.n <= all.n; i++)
        if (memcmp(all.p + i, wanted.p, wanted.n) == 0)
            return true;
    return false;
}

static bool apply(struct op op, const char *accept, struct err *e)
{
    struct str part = str_from(accept);
    struct texts parts = {&part, accept ? 1 : 0, 1};
    struct applied applied = {0};

    *e = (struct err){0};
    return apply_person(&arena, &op, 1, &parts, &applied, e);
}

static struct op ace(const char *name)
{
    return (struct op){.kind = OP_ACE, .path = here(name), .text = STR("(D;;0x2;;;S-1-5-21-1-2-3-1001)"), .number = ACE_PUT};
}

static void entries(void)
{
    struct err e;
    struct wide_path a, b;
    struct op op;

    sys_make_folders(here("folder"), 0700, &e);
    sys_append_file(here("file"), STR("x"), &e);
    sys_append_file(here("linked"), STR("x"), &e);
    if (win_is_wine()) {
        CHECK(!apply(ace("file"), NULL, &e) && e.kind == ERR_UNSUPPORTED, "an entry that is not there afterwards refuses");
        CHECK(strstr(e.what, "does not come back") != NULL, "and says so");
    } else {
        CHECK(apply(ace("file"), NULL, &e) && apply(ace("folder"), NULL, &e), "an entry is put, and read back");
        CHECK(apply(ace("file"), NULL, &e), "once more is no change");
    }
    op = ace("file");
    op.on_failure = FAIL_PARTIAL;
    op.part = STR(PART_NAMES);
    if (win_is_wine())
        CHECK(!apply(op, "other", &e) && apply(op, PART_NAMES, &e), "unless that part is accepted");
    CHECK(apply(ace("file"), PART_ENFORCEMENT, &e), "where nothing is held nothing is written");
    CHECK(!apply(ace("missing"), NULL, &e) && e.kind == ERR_MISSING, "what is not there is named");

    CHECK(wide_path(here("linked"), &a) && wide_path(here("second"), &b) && CreateHardLinkW(b.v, a.v, NULL), "a file gets a second name");
    CHECK(!apply(ace("linked"), NULL, &e) && e.kind == ERR_REFUSED && strstr(e.reason, "other names"), "then it is left alone");
    op = (struct op){.kind = OP_GUARD_NAME, .path = here("linked"), .text = STR("D:P(A;;0x1f01ff;;;WD)"), .number = 1};
    CHECK(!apply(op, NULL, &e) && e.kind == ERR_REFUSED && strstr(e.reason, "other names"), "also where it stands for a name that was to be held");
    op = ace("file");
    op.check_identity = true;
    op.dev = op.ino = 1;
    CHECK(!apply(op, NULL, &e) && e.kind == ERR_REFUSED && strstr(e.reason, "replaced"), "one that was replaced is left alone");
    CHECK_SKIP("a junction is left alone", "wine makes none; walk's table has it");
    if (win_is_wine())
        CHECK_SKIP("entries of files come back as they were put", "wine keeps none; test_walk and test_acls_access have disks made up");
}

static void guards(void)
{
    struct op op = {.kind = OP_GUARD_NAME, .path = here("guard"), .text = STR("D:P(A;;0x1f01ff;;;WD)")};
    struct err e;
    struct str got;

    CHECK(apply(op, NULL, &e), "a name is held by a folder");
    CHECK(apply(op, NULL, &e), "one that is there is left");
    op.text = STR("D:P(D;OICI;0x2;;;S-1-5-21-1-2-3-1001)(A;;0x1f01ff;;;WD)");
    if (win_is_wine())
        CHECK(!apply(op, NULL, &e) && e.kind == ERR_UNSUPPORTED, "unless it lacks what refuses, which must come back once it is put");
    else
        CHECK(apply(op, NULL, &e) && apply(op, NULL, &e), "what it lacks of what refuses is put");
    op.text = STR("O:S-1-5-21-1-2-3-1001D:P(A;;0x1f01ff;;;WD)");
    CHECK(!apply(op, NULL, &e) && strstr(e.what, "somebody else"), "and one of somebody else's holds nothing");
    op.text = STR("D:P(A;;0x1f01ff;;;WD)");
    op.path = here("guard-file");
    op.number = 1;
    CHECK(apply(op, NULL, &e) && sys_read_file(&arena, op.path, 10, true, &got, &e) && got.n == 0, "another by an empty file");
    op.path = here("guard-bytes");
    op.text2 = STR(".\n");
    CHECK(apply(op, NULL, &e) && sys_read_file(&arena, op.path, 10, true, &got, &e) && str_is(got, ".\n"), "a third by a file with its bytes");
    op.text2 = STR("");
    op.text = STR("nonsense");
    op.number = 0;
    op.path = here("other");
    CHECK(!apply(op, NULL, &e), "what is no descriptor makes nothing");
}

static void owners(void)
{
    struct op op = {.kind = OP_OWNER, .path = here("folder"), .text = token_user(&arena), .number = OWNER_BY_PERSON};
    struct err e;

    CHECK(op.text.n > 0, "we have a SID");
    CHECK(apply(op, NULL, &e), "what is ours already stays ours");
    op.number = OWNER_BY_SETUP;
    CHECK(!apply(op, NULL, &e) && strstr(e.remedy, "repair"), "what an administrator must do is said");
}

static void marks(void)
{
    struct err e = {0};
    struct str folder, place;

    CHECK(!win_mark_is(&arena, STR("C:\\x"), &place), "without a session there are no marks");
    CHECK(sys_session_folder(&arena, here("state"), &folder, &e), "a session");
    win_mark_put(STR("C:\\x"), STR("C:\\x\\a\\b"));
    CHECK(win_mark_is(&arena, STR("C:\\x"), &place) && !win_mark_is(&arena, STR("C:\\y"), &folder), "a mark");
    CHECK_STR(place, STR("C:\\x\\a\\b"), "with the place that a walk had come to");
    CHECK(win_alone(&arena), "no other session is open");
    sys_make_folders(here("state\\sessions\\other"), 0700, &e);
    {
        HANDLE other = win_lock_file(here("state\\sessions\\other\\lock"), 0);
        CHECK(other && !win_alone(&arena), "one is");
        win_close(&other);
        CHECK(win_alone(&arena), "and is no more");
    }
    win_mark_take(STR("C:\\x"));
    CHECK(!win_mark_is(&arena, STR("C:\\x"), &place), "is taken away");
    sys_session_folder_end();
}

/* What was before is on the disk before anything is changed, and after a session's end. */
static void ledger(void)
{
    struct op op = {.kind = OP_GUARD_NAME, .path = here("held"), .text = STR("D:P(A;;0x1f01ff;;;WD)")};
    struct err e = {0};
    struct str folder, bytes = {0};
    struct win_ledger l;
    HANDLE busy;

    CHECK(sys_session_folder(&arena, here("state"), &folder, &e), "a session again");
    CHECK(apply(op, NULL, &e), "a name is held");
    CHECK(sys_read_file(&arena, here("state\\entries.json"), 65536, true, &bytes, &e) && bytes.n > 20, "and entered");
    CHECK(memmem_is(bytes, "held"), "by its name");
    CHECK(win_ledger_open(&arena, win_state_dir(&arena), &l, &e), "the list is opened");
    busy = win_lock_file(here("state\\entries.lock"), 30);
    CHECK(busy == NULL, "by one terminal at a time");
    CHECK(win_ledger_close(&l, &e), "and closed");
    sys_session_folder_end();
}

static bool is_there(const char *name)
{
    struct wide_path path;

    return wide_path(here(name), &path) && GetFileAttributesW(path.v) != INVALID_FILE_ATTRIBUTES;
}

static struct op guard_of(const char *name, int file, const char *bytes)
{
    return (struct op){.kind = OP_GUARD_NAME, .path = here(name), .text = STR("D:P(A;;0x1f01ff;;;WD)"), .number = (uint64_t)file, .text2 = str_from(bytes)};
}

/* Names that were made to be held go with the last session, as they were made; what somebody has put something into is theirs. */
static void last_session(void)
{
    struct err e = {0};
    struct str folder, bytes = {0};
    HANDLE other;

    CHECK(sys_session_folder(&arena, here("state"), &folder, &e), "a session that makes names");
    sys_make_folders(here("theirs"), 0700, &e);
    CHECK(apply(guard_of("way", 0, NULL), NULL, &e) && apply(guard_of("way\\in", 1, ".\n"), NULL, &e) && apply(guard_of("kept", 1, ""), NULL, &e) &&
              apply(guard_of("used", 0, NULL), NULL, &e) && apply(guard_of("theirs", 0, NULL), NULL, &e),
        "names are held, one in another");
    sys_append_file(here("kept"), STR("a person's"), &e);
    sys_append_file(here("used\\file"), STR("x"), &e);
    CHECK(sys_read_file(&arena, here("state\\entries.json"), 65536, true, &bytes, &e) && memmem_is(bytes, "way") && !memmem_is(bytes, "\"file\":\"0000000000000000\""),
        "each entered with its number");
    {
        static const char *const names[] = {"way", "way\\in", "kept", "used", "theirs"};
        struct facts facts = {.host = {.state_dir = win_state_dir(&arena)}};
        struct texts questions = {0};
        for (size_t i = 0; i < COUNT_OF(names); i++)
            *(struct str *)ARENA_PUSH(&arena, &questions) = here(names[i]);
        facts_paths(&arena, &questions, &facts);
        CHECK(facts.v[0].placeholder && facts.v[1].placeholder, "to a plan they are as good as missing");
        CHECK(!facts.v[2].placeholder && !facts.v[3].placeholder && !facts.v[4].placeholder, "but not what is somebody's");
    }
    sys_make_folders(here("state\\sessions\\other"), 0700, &e);
    other = win_lock_file(here("state\\sessions\\other\\lock"), 0);
    restore_names(win_state_dir(&arena));
    CHECK(other && is_there("way\\in") && is_there("way"), "while another session is open they stay");
    win_close(&other);
    sys_session_folder_end();
    CHECK(!is_there("way\\in") && !is_there("way") && !is_there("held"), "with the last one they go");
    CHECK(is_there("kept") && is_there("used\\file"), "what somebody put something into stays");
    CHECK(is_there("theirs"), "and what was there before, empty as it is");
}

static struct str escaped(struct str path)
{
    char *out = arena_alloc(&arena, path.n * 2 + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '\\')
            out[n++] = '\\';
        out[n++] = path.p[i];
    }
    return (struct str){out, n};
}

/* What no rule asks for any more is taken back from the list, what one asks for is not. */
static void unasked(void)
{
    struct err e = {0};
    struct str folder, user = token_user(&arena);
    struct op ops[] = {{.kind = OP_RESTRICT, .path = here("root"), .text = user}, {.kind = OP_ACE, .path = here("root\\asked"), .text2 = here("root"), .number = ACE_PUT}};
    const struct plan plan = {.v = ops, .n = COUNT_OF(ops)};
    struct str paths[] = {here("root\\asked"), here("root\\old"), here("elsewhere"), here("w\\owned")};
    struct str roots = arena_format(&arena, "{\"version\":1,\"roots\":[{\"path\":\"%s\",\"volume\":\"0000000000000001\",\"file\":\"00000000000000aa\",\"sid\":\"S-1-5-21-1-2-3-9\"}]}",
        escaped(here("w")).p);
    struct texts lines = {0};
    struct win_ledger l;
    bool good = sys_session_folder(&arena, here("state"), &folder, &e) && win_ledger_open(&arena, win_state_dir(&arena), &l, &e);

    for (size_t i = 0; good && i < COUNT_OF(paths); i++) {
        struct entry entry = {.kind = ENTRY_CHANGED, .path = paths[i], .dev = 1, .ino = 2 + i, .root = i < 2 ? here("root") : i == 2 ? here("elsewhere") : (struct str){0}, .before = STR("D:")};
        good = win_ledger_before(&l, &entry, &e);
    }
    good = good && win_replace_file(here("state\\roots.json"), roots, &e);
    CHECK(good && win_ledger_close(&l, &e) && restore_unasked(&arena, &plan, NULL, &lines, &e), "what no rule asks for is looked at");
    CHECK(win_ledger_open(&arena, win_state_dir(&arena), &l, &e), "the list again");
    good = false;
    for (size_t i = 0; i < l.entries->n; i++)
        good = good || str_eq(l.entries->v[i].path, paths[1]);
    CHECK(!good && entries_lack_after(l.entries, &(struct path_env){.system = PATH_WINDOWS}, paths[0], 1, 2) &&
              entries_lack_after(l.entries, &(struct path_env){.system = PATH_WINDOWS}, paths[2], 1, 4),
        "its entry is gone, those of a rule and of another root are not");
    CHECK(entries_lack_after(l.entries, &(struct path_env){.system = PATH_WINDOWS}, paths[3], 1, 5), "nor what lies in another root by its path alone");
    win_ledger_close(&l, &e);
    sys_session_folder_end();
}

static bool not_on(void *context, struct str place, uint64_t seen)
{
    *(uint64_t *)context = seen;
    return place.n == 0;
}

/* A walk that is ended goes on from where it was, until its entries are others. */
static void ended(void)
{
    struct err e = {0};
    struct str folder, place, tree = here("tree");
    uint64_t seen = 0;
    const struct disk_watch watch = {not_on, &seen};
    struct op op = {.kind = OP_ACE, .path = tree, .text2 = tree, .number = ACE_TAKE, .text = STR("(A;OICI;0x1;;;S-1-5-21-1-2-3-4)")};
    struct texts none = {0};
    struct applied applied = {.all = true, .watch = &watch};

    CHECK(sys_session_folder(&arena, here("state"), &folder, &e), "a session that walks");
    for (int i = 0; i < 3; i++) {
        struct str below = arena_format(&arena, "%s\\%c", tree.p, 'a' + i);
        sys_make_folders(below, 0700, &e);
        for (int k = 0; k < 150; k++)
            sys_append_file(arena_format(&arena, "%s\\%d", below.p, k), STR("x"), &e);
    }
    CHECK(!apply_carry(&arena, &op, 1, &none, &applied, &e) && strstr(e.what, "as you wished") && strstr(e.remedy, "go on from there") && seen > 200 && seen <= 256, "a walk is ended");
    CHECK(win_mark_is(&arena, tree, &place), "its mark stays");
    CHECK_STR(place, here("tree\\b"), "with the place");
    applied.watch = NULL;
    err_clear(&e);
    CHECK(apply_carry(&arena, &op, 1, &none, &applied, &e) && !win_mark_is(&arena, tree, &place), "the next one comes to the end");
    sys_session_folder_end();
}

/* What :reapply takes back of what was handed down is told, and may be ended; it stays in the list until it came to its end. */
static void unasked_ended(void)
{
    struct err e = {0};
    struct str folder, tree = here("tree");
    uint64_t seen = 0;
    const struct disk_watch watch = {not_on, &seen};
    struct op ops[] = {{.kind = OP_RESTRICT, .path = here("root"), .text = token_user(&arena)}, {.kind = OP_ACCOUNT, .source = STR("S-1-5-21-1-2-3-4")}};
    const struct plan plan = {.v = ops, .n = COUNT_OF(ops)};
    const struct entry entry = {.kind = ENTRY_CHANGED, .path = tree, .dev = 1, .ino = 9, .folder = true, .before = STR("D:")};
    const struct path_env env = {.system = PATH_WINDOWS};
    struct texts lines = {0};
    struct win_ledger l;
    bool good = sys_session_folder(&arena, here("state"), &folder, &e) && win_ledger_open(&arena, win_state_dir(&arena), &l, &e) &&
                win_ledger_before(&l, &entry, &e) && win_ledger_close(&l, &e);

    CHECK(good && restore_unasked(&arena, &plan, &watch, &lines, &e) && seen > 200 && lines.n && strstr(lines.v[lines.n - 1].p, "not everything below"),
        "the walk below what is taken back is ended, and said to be");
    CHECK(win_ledger_open(&arena, win_state_dir(&arena), &l, &e) && entries_lack_after(l.entries, &env, tree, 1, 9) && win_ledger_close(&l, &e), "it stays in the list");
    CHECK(restore_unasked(&arena, &plan, NULL, &lines, &e) && win_ledger_open(&arena, win_state_dir(&arena), &l, &e) &&
              !entries_lack_after(l.entries, &env, tree, 1, 9) && win_ledger_close(&l, &e), "until the next one came to its end");
    sys_session_folder_end();
}

/* What nothing hangs on is carried down behind the prompt, and told meanwhile. */
static void behind(void)
{
    struct err e = {0};
    struct str folder, place, tree = here("tree"), gone = here("gone");
    struct op ops[] = {{.kind = OP_ACE, .path = tree, .number = ACE_PUT, .text = STR("(A;OICI;0x1;;;S-1-5-21-1-2-3-4)"), .on_failure = FAIL_SKIP},
        {.kind = OP_ACE, .path = here("theirs"), .text2 = here("theirs"), .number = ACE_TAKE, .text = STR("(A;OICI;0x1;;;S-1-5-21-1-2-3-4)"), .on_failure = FAIL_SKIP}};
    struct texts none = {0}, tops = {0}, lines = {0};
    struct applied applied = {.all = true, .defer = true};
    struct grants *g;

    CHECK(sys_session_folder(&arena, here("state"), &folder, &e), "a session with grants");
    CHECK(apply_carry(&arena, ops, COUNT_OF(ops), &none, &applied, &e) && applied.later.n == 1 && str_eq(applied.later.v[0], tree), "a grant is left to later, a root is not");
    CHECK(win_mark_is(&arena, tree, &place), "with its mark, should all of it end first");
    *(struct str *)ARENA_PUSH(&arena, &tops) = tree;
    *(struct str *)ARENA_PUSH(&arena, &tops) = gone;
    g = grants_begin(ops, COUNT_OF(ops), &tops, &none);
    for (int i = 0; i < 400 && g; i++) {
        lines.n = 0;
        grants_tell(g, &arena, (struct str){0}, &lines);
        if (lines.n == 1 && str_starts(lines.v[0], STR("grant failed")))
            break;
        Sleep(50);
    }
    CHECK(lines.n == 1 && str_starts(lines.v[0], STR("grant failed: ")) && strstr(lines.v[0].p, "gone"), "what fails is told, what is done is not");
    CHECK(!win_mark_is(&arena, tree, &place), "what is done is done");
    lines.n = 0;
    grants_tell(g, &arena, here("gone\\file"), &lines);
    grants_tell(g, &arena, here("tree\\file"), &lines);
    CHECK(lines.n == 1, "who is refused a file there is told why");
    grants_end(&g);
    CHECK(!g && !grants_begin(ops, COUNT_OF(ops), &none, &none), "and it ends");
    sys_session_folder_end();
}

int main(void)
{
    struct err e = {0};

    top = arena_format(&arena, "%.*s\\apply-test", (int)sys_cwd(&arena).n, sys_cwd(&arena).p);
    if (!sys_remove_tree(top, &e) || !sys_make_folders(top, 0700, &e)) {
        CHECK(false, "a folder to work in");
        return CHECK_END();
    }
    entries();
    guards();
    owners();
    marks();
    ledger();
    last_session();
    unasked();
    ended();
    unasked_ended();
    behind();
    sys_remove_tree(top, &e);
    arena_release(&arena);
    return CHECK_END();
}
