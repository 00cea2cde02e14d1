/*
 * test_store: write SIDs and what was before: there and back as text, what is refused, which folder gets which SID, and how a
 * descriptor comes back.
 */
#include "check.h"
#include "../sandbox/core/store.h"

#include <stdlib.h>

static struct arena arena;
static const unsigned char random_bytes[2][16] = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, {99, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

#define W1 "S-1-5-21-1-1-1-1"
#define W2 "S-1-5-21-2-2-2-2"

static uint32_t fold(const void *table, uint32_t scalar)
{
    (void)table;
    return scalar >= 'a' && scalar <= 'z' ? scalar - 32 : scalar;
}

static const struct path_env env = {.system = PATH_WINDOWS, .fold = {fold, NULL}};

static struct str printed(void (*print)(struct buf *out, const void *what), const void *what)
{
    struct buf out = {0};
    struct str text;

    print(&out, what);
    text = arena_str(&arena, buf_view(&out));
    buf_release(&out);
    return text;
}

static void print_store(struct buf *out, const void *s)
{
    store_print(out, s);
}

static void print_entries(struct buf *out, const void *l)
{
    entries_print(out, l);
}

/* ---- text ---- */

#define ROOT(path, sid) "{\"path\":\"" path "\",\"volume\":\"0000000000000001\",\"file\":\"00000000000000ff\",\"sid\":\"" sid "\"}"
#define ENTRY(more)                                                                                                              \
    "{\"version\":1,\"entries\":[{\"path\":\"C:\\\\w\",\"volume\":\"0000000000000001\",\"file\":\"0000000000000002\",\"kind\":\"changed\"," \
    "\"folder\":\"yes\"" more "}]}"

static void test_text(void)
{
    static const char *const good[] = {
        "{\"version\":1,\"roots\":[\n],\"orphans\":[]}\n",
        "{\"version\":1,\"roots\":[\n" ROOT("C:\\\\w", W1) ",\n" ROOT("C:\\\\x", W2) "\n],\"orphans\":[\"S-1-5-21-3-3-3-3\",\"S-1-5-21-4-4-4-4\"]}\n",
        "{\"version\":1,\"roots\":[\n" ROOT("hex:433a5ced a080", W1) "\n],\"orphans\":[]}\n",
    };
    static const char *const bad[] = {"", "{}", "[]", "{\"version\":2,\"roots\":[],\"orphans\":[]}", "{\"version\":1,\"orphans\":[]}",
        "{\"version\":1,\"roots\":{}}", "{\"version\":1,\"roots\":[],\"more\":1}", "{\"version\":1,\"roots\":[1]}",
        "{\"version\":1,\"roots\":[" ROOT("C:/w", W1) "]}", "{\"version\":1,\"roots\":[" ROOT("w", W1) "]}",
        "{\"version\":1,\"roots\":[" ROOT("C:\\\\w", "S-1-5-x") "]}", "{\"version\":1,\"roots\":[" ROOT("C:\\\\w", "WD") "]}",
        "{\"version\":1,\"roots\":[" ROOT("C:\\\\w", W1) "," ROOT("C:\\\\x", W1) "]}",
        "{\"version\":1,\"roots\":[" ROOT("C:\\\\w", W1) "," ROOT("C:\\\\w", W2) "]}",
        "{\"version\":1,\"roots\":[{\"path\":\"C:\\\\w\",\"volume\":\"1\",\"file\":\"0000000000000001\",\"sid\":\"" W1 "\"}]}",
        "{\"version\":1,\"roots\":[{\"path\":\"C:\\\\w\",\"volume\":\"000000000000000G\",\"file\":\"0000000000000001\",\"sid\":\"" W1 "\"}]}",
        "{\"version\":1,\"roots\":[],\"orphans\":[1]}", "{\"version\":1,\"roots\":[],\"orphans\":[]} x"};
    static const char *const bad_entries[] = {"{\"version\":1}", ENTRY(""), ENTRY(",\"before\":\"D:(X)\""), ENTRY(",\"before\":\"D:\",\"after\":\"zzz\""),
        ENTRY(",\"before\":\"D:\",\"root\":\"w\""), "{\"version\":1,\"entries\":[{\"path\":\"C:\\\\w\"}]}"};
    struct store s;
    struct entries l;
    char name[100];

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        char *text = arena_alloc(&arena, strlen(good[i]) + 1, 1);
        size_t n = 0;
        struct err e = {0};
        for (const char *c = good[i]; *c; c++) /* the blank in the hex row is for the reader of this file */
            if (*c != ' ')
                text[n++] = *c;
        s = (struct store){0};
        snprintf(name, sizeof name, "text: store %d is read and written again", (int)i);
        CHECK(store_parse(&arena, (struct str){text, n}, &s, &e), name);
        CHECK_STR(printed(print_store, &s), ((struct str){text, n}), name);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct err e = {0};
        s.n = 77;
        snprintf(name, sizeof name, "text: bad store %d is refused, nothing touched", (int)i);
        CHECK(!store_parse(&arena, str_from(bad[i]), &s, &e) && s.n == 77 && e.kind != ERR_NONE, name);
    }
    for (size_t i = 0; i < COUNT_OF(bad_entries); i++) {
        struct err e = {0};
        snprintf(name, sizeof name, "text: bad entries %d are refused", (int)i);
        CHECK(!entries_parse(&arena, str_from(bad_entries[i]), &l, &e), name);
    }
    l = (struct entries){0};
    CHECK(entries_before(&arena, &l, &env, &(struct entry){.kind = ENTRY_CHANGED, .path = STR("C:\\w"), .dev = 1, .ino = 2, .folder = true,
                                               .root = STR("C:\\w"), .before = STR("D:(A;;FA;;;WD)")}) &&
              entries_before(&arena, &l, &env, &(struct entry){.kind = ENTRY_MADE, .path = STR("C:\\w\\.codex"), .dev = 1, .ino = 3, .after = STR("D:")}),
        "text: entries");
    CHECK(l.n == 2, "text: both are there");
    {
        struct entries back = {0};
        struct err e = {0};
        struct str text = printed(print_entries, &l);
        CHECK(entries_parse(&arena, text, &back, &e) && back.n == 2 && back.v[1].kind == ENTRY_MADE && !back.v[1].before.p, "text: entries are read");
        CHECK_STR(printed(print_entries, &back), text, "text: and written again");
    }
}

/* ---- which folder has which SID ---- */

static void test_take(void)
{
    struct store s = {0};
    enum store_found found;
    struct str first, second, other;

    first = store_take(&arena, &s, &env, STR("C:\\w"), 1, 10, random_bytes[0], &found);
    CHECK(found == STORE_NEW && str_starts(first, STR("S-1-5-21-")), "take: a new root gets a SID");
    second = store_take(&arena, &s, &env, STR("c:\\W"), 1, 10, random_bytes[1], &found);
    CHECK(found == STORE_SAME && str_eq(first, second) && s.n == 1, "take: the same folder keeps it, however it is spelled");
    second = store_take(&arena, &s, &env, STR("C:\\moved"), 1, 10, random_bytes[1], &found);
    CHECK(found == STORE_MOVED && str_eq(first, second) && s.n == 1, "take: it keeps it when it is moved, as its entries are there");
    second = store_take(&arena, &s, &env, STR("C:\\moved"), 1, 11, random_bytes[1], &found);
    CHECK(found == STORE_REPLACED && !str_eq(first, second) && s.orphans.n == 1 && str_eq(s.orphans.v[0], first),
        "take: another folder of that name gets another, and the old one is an orphan");
    other = store_take(&arena, &s, &env, STR("C:\\second"), 1, 12, random_bytes[0], &found);
    CHECK(found == STORE_NEW && s.n == 2, "take: a second root");
    first = store_take(&arena, &s, &env, STR("C:\\moved"), 1, 12, random_bytes[0], &found);
    CHECK(found == STORE_REPLACED && str_eq(first, other) && s.n == 1 && s.orphans.n == 2, "take: one root put in another's place keeps its own");
    store_forget_orphan(&s, s.orphans.v[0]);
    CHECK(s.orphans.n == 1, "take: what is no orphan after all is forgotten");
    {
        struct texts paths = {0};
        struct write_sid *sids;
        size_t count;
        *(struct str *)ARENA_PUSH(&arena, &paths) = STR("C:\\MOVED");
        *(struct str *)ARENA_PUSH(&arena, &paths) = STR("C:\\nowhere");
        store_write_sids(&arena, &s, &env, &paths, &sids, &count);
        CHECK(count == 1 && str_eq(sids[0].sid, first) && str_is(sids[0].root, "C:\\MOVED"), "take: as the facts have them");
    }
    s = (struct store){0};
    for (uint64_t i = 0; i < STORE_ROOTS_MAX; i++) {
        unsigned char bytes[16] = {(unsigned char)i, (unsigned char)(i >> 8), 7};
        store_take(&arena, &s, &env, arena_format(&arena, "C:\\r%d", (int)i), 1, i, bytes, &found);
    }
    CHECK(store_take(&arena, &s, &env, STR("C:\\more"), 1, 99999, random_bytes[0], &found).p == NULL, "take: a full store says so");
}

/* ---- the way back ---- */

static void test_back(void)
{
    static const struct {
        const char *name, *before, *after, *now, *wanted;
        enum entry_back back;
        uint64_t ino;
    } rows[] = {
        {"as Cordon left it, what was before is written", "O:BAD:(A;;FA;;;BA)", "O:BAD:(A;;0x1;;;" W1 ")(A;;FA;;;BA)",
            "O:BAD:(A;;0x1;;;" W1 ")(A;;FA;;;BA)", "O:BAD:(A;;FA;;;BA)", BACK_WRITE, 2},
        {"what is inherited meanwhile is no change of its own", "D:(A;;FA;;;BA)", "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)",
            "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)(A;ID;FA;;;WD)", "D:(A;;FA;;;BA)(A;ID;FA;;;WD)", BACK_WRITE, 2},
        {"changed by somebody since, only Cordon's entries go", "D:(A;;FA;;;BA)", "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)",
            "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)(A;;FR;;;WD)", "D:(A;;FA;;;BA)(A;;FR;;;WD)", BACK_OURS, 2},
        {"an entry that was there before stays, even if Cordon wrote it too", "D:(A;;0x1;;;" W1 ")", "D:(A;;0x1;;;" W1 ")(A;;0x2;;;" W1 ")",
            "D:(A;;0x1;;;" W1 ")(A;;0x2;;;" W1 ")(A;;FR;;;WD)", "D:(A;;0x1;;;" W1 ")(A;;FR;;;WD)", BACK_OURS, 2},
        {"already as before", "D:(A;;FA;;;BA)", "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)", "D:(A;;FA;;;BA)", NULL, BACK_IS_BEFORE, 2},
        {"changed by somebody, with nothing of Cordon's left", "D:(A;;FA;;;BA)", "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)", "D:(A;;FR;;;WD)", NULL,
            BACK_IS_BEFORE, 2},
        {"another owner is a change", "O:BAD:(A;;FA;;;BA)", "O:SYD:(A;;0x1;;;" W1 ")(A;;FA;;;BA)", "O:BAD:(A;;0x1;;;" W1 ")(A;;FA;;;BA)",
            "O:BAD:(A;;FA;;;BA)", BACK_OURS, 2},
        {"another object of that name is left alone", "D:(A;;FA;;;BA)", "D:(A;;0x1;;;" W1 ")", "D:(A;;0x1;;;" W1 ")", NULL, BACK_IS_OTHER, 3},
        {"gone is gone", "D:(A;;FA;;;BA)", "D:(A;;0x1;;;" W1 ")", NULL, NULL, BACK_IS_OTHER, 2},
        {"never written, and changed: nothing is guessed", "D:(A;;FA;;;BA)", NULL, "D:(A;;0x1;;;" W1 ")", NULL, BACK_UNSURE, 2},
        {"what it inherits comes back as it is now, not as it was then", "D:(A;;FA;;;BA)(A;ID;FA;;;BG)", "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)(A;ID;FA;;;BG)",
            "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)", "D:(A;;FA;;;BA)", BACK_WRITE, 2},
        {"what Cordon made goes, or loses its entries", NULL, "D:(D;;0x1;;;" W1 ")(A;;FA;;;BA)", "D:(D;;0x1;;;" W1 ")(A;;FA;;;BA)(A;ID;FR;;;WD)",
            "D:(A;ID;FR;;;WD)", BACK_REMOVE, 2},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct entry entry = {.kind = rows[i].before ? ENTRY_CHANGED : ENTRY_MADE, .dev = 1, .ino = 2, .before = str_from(rows[i].before), .after = str_from(rows[i].after)};
        struct descriptor now = {0}, out = {0}, wanted = {0};
        struct err e = {0};
        bool good = (!rows[i].now || sddl_parse(&arena, str_from(rows[i].now), &now, &e)) &&
                    (!rows[i].wanted || sddl_parse(&arena, str_from(rows[i].wanted), &wanted, &e));
        enum entry_back back = entries_back(&arena, &entry, rows[i].now ? &now : NULL, 1, rows[i].ino, &out);
        char name[200];
        snprintf(name, sizeof name, "back: %s", rows[i].name);
        CHECK(good && back == rows[i].back && (!rows[i].wanted || str_eq(sddl_text(&arena, &out), sddl_text(&arena, &wanted))), name);
    }
}

/* A name that Cordon makes is entered before it has a number. */
static void test_made(void)
{
    struct entries l = {0};
    const struct entry made = {.kind = ENTRY_MADE, .path = STR("C:\\w\\.codex"), .folder = true, .after = STR("O:BAD:(D;OICI;0xd0156;;;" W1 ")(A;OICI;FA;;;BA)")};
    struct descriptor like = {0}, other = {0}, out;
    struct err e = {0};

    CHECK(sddl_parse(&arena, STR("O:BAD:(D;OICI;0xd0156;;;" W1 ")(A;OICI;FA;;;BA)(A;ID;FR;;;WD)"), &like, &e) && sddl_parse(&arena, STR("O:BAD:(A;OICI;FA;;;BA)"), &other, &e) &&
              entries_before(&arena, &l, &env, &made) && l.n == 1,
        "made: entered");
    CHECK(entries_back(&arena, &l.v[0], &like, 1, 77, &out) == BACK_REMOVE, "made: cut off before its number was known, it is told by what it was to have");
    CHECK(entries_back(&arena, &l.v[0], &other, 1, 77, &out) == BACK_IS_OTHER, "made: another object of that name is left alone");
    entries_made(&arena, &l, &env, STR("C:\\w\\.codex"), 1, 77, STR("O:BAD:(A;OICI;FA;;;BA)"));
    CHECK(l.v[0].dev == 1 && l.v[0].ino == 77 && str_is(l.v[0].after, "O:BAD:(A;OICI;FA;;;BA)"), "made: then it has its number");
    CHECK(entries_back(&arena, &l.v[0], &like, 1, 77, &out) == BACK_REMOVE && entries_back(&arena, &l.v[0], &like, 1, 78, &out) == BACK_IS_OTHER, "made: by which it is known");
    CHECK(entries_before(&arena, &l, &env, &(struct entry){.kind = ENTRY_CHANGED, .path = STR("C:\\w\\.codex"), .dev = 1, .ino = 99, .before = STR("D:")}) && l.n == 1 &&
              l.v[0].kind == ENTRY_CHANGED,
        "made: what somebody made in its place is theirs");
    entries_made(&arena, &l, &env, STR("C:\\w\\.codex"), 1, 5, STR("D:"));
    CHECK(l.v[0].ino == 99, "made: and never becomes Cordon's");
}

/* Somebody changes permissions between two of Cordon's changes. */
static void test_rebase(void)
{
    static const struct {
        const char *name, *now, *before;
    } rows[] = {
        {"what they added comes back", "D:(A;;0x1;;;" W1 ")(A;;FR;;;WD)(A;;FA;;;BA)", "D:(A;;FR;;;WD)(A;;FA;;;BA)"},
        {"what they took away does not", "D:(A;;0x1;;;" W1 ")", "D:"},
        {"what is inherited is nobody's change", "D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)(A;ID;FR;;;WD)", "D:(A;;FA;;;BA)"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct entries l = {0};
        struct entry entry = {.path = STR("C:\\w"), .dev = 1, .ino = 2, .before = STR("D:(A;;FA;;;BA)")};
        char name[200];
        entries_before(&arena, &l, &env, &entry);
        entries_after(&arena, &l, &env, entry.path, STR("D:(A;;0x1;;;" W1 ")(A;;FA;;;BA)"));
        entry.before = str_from(rows[i].now);
        snprintf(name, sizeof name, "rebase: %s", rows[i].name);
        CHECK(entries_before(&arena, &l, &env, &entry) && l.n == 1, name);
        {
            struct descriptor was, wanted;
            struct err e = {0};
            CHECK(sddl_parse(&arena, l.v[0].before, &was, &e) && sddl_parse(&arena, str_from(rows[i].before), &wanted, &e) &&
                      str_eq(sddl_text(&arena, &was), sddl_text(&arena, &wanted)),
                name);
        }
    }
}

static void test_asked(void)
{
    struct op ops[] = {{.kind = OP_RESTRICT, .path = STR("C:\\w"), .text = STR(W1)}, {.kind = OP_ACE, .path = STR("C:\\w\\docs"), .number = ACE_PUT},
        {.kind = OP_ACE, .path = STR("C:\\w\\old"), .number = ACE_TAKE}, {.kind = OP_GUARD_NAME, .path = STR("C:\\w\\.codex")}};
    const struct plan plan = {.v = ops, .n = COUNT_OF(ops)};
    static const struct {
        const char *path, *root;
        bool asked;
    } rows[] = {
        {"C:\\w\\DOCS", "C:\\w", true}, {"C:\\w\\.codex", "C:\\w", true}, {"C:\\w\\old", "C:\\w", false}, {"C:\\w\\x", "C:\\W", false},
        {"C:\\other\\x", "C:\\other", true}, {"C:\\secret", NULL, false},
    };
    char name[100];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct entry entry = {.path = str_from(rows[i].path), .root = str_from(rows[i].root)};
        snprintf(name, sizeof name, "asked: row %d", (int)i);
        CHECK(entries_is_asked(&entry, &env, &plan) == rows[i].asked, name);
    }
}

static void test_strangers(void)
{
    struct store s = {0};
    struct texts out = {0};
    enum store_found found;
    struct str sids[4];
    static const char *const paths[] = {"C:\\w", "C:\\w\\in", "C:\\", "D:\\other"};

    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        unsigned char bytes[16] = {(unsigned char)(i + 1)};
        sids[i] = store_take(&arena, &s, &env, str_from(paths[i]), 1, 50 + i, bytes, &found);
    }
    *(struct str *)ARENA_PUSH(&arena, &s.orphans) = STR(W2);
    store_strangers(&arena, &s, &env, STR("c:\\W"), &out);
    CHECK(str_is(store_root_of(&s, &env, STR("c:\\W\\in\\a")), "C:\\w\\in") && str_is(store_root_of(&s, &env, STR("C:\\x")), "C:\\") &&
              store_root_of(&s, &env, STR("D:\\x")).n == 0,
        "strangers: the innermost root of a path");
    CHECK(out.n == 2 && str_eq(out.v[0], sids[3]) && str_is(out.v[1], W2), "strangers: roots that lie elsewhere, and orphans");
}

static void test_keep(void)
{
    struct entries l = {0};
    struct entry first = {.path = STR("C:\\w"), .dev = 1, .ino = 2, .before = STR("D:(A;;FA;;;BA)")};
    struct entry again = first;

    CHECK(entries_before(&arena, &l, &env, &first), "keep: entered");
    CHECK(entries_lack_after(&l, &env, STR("c:\\W"), 1, 2) && !entries_lack_after(&l, &env, STR("C:\\w"), 1, 3), "keep: cut off before it was told how it became");
    entries_after(&arena, &l, &env, STR("c:\\W"), STR("D:"));
    CHECK(!entries_lack_after(&l, &env, STR("C:\\w"), 1, 2), "keep: told");
    again.before = STR("D:");
    CHECK(entries_before(&arena, &l, &env, &again) && l.n == 1 && str_is(l.v[0].before, "D:(A;;FA;;;BA)") && str_is(l.v[0].after, "D:"),
        "keep: what was first is what was before");
    again.ino = 3;
    again.before = STR("D:(A;;FR;;;WD)");
    CHECK(entries_before(&arena, &l, &env, &again) && l.n == 1 && str_is(l.v[0].before, "D:(A;;FR;;;WD)") && !l.v[0].after.p,
        "keep: another object of that name has a past of its own");
    entries_drop(&l, &env, STR("C:\\w"));
    CHECK(l.n == 0, "keep: dropped");
}

/* ---- orphans ---- */

static void test_orphans(void)
{
    struct store s = {0};
    struct entries l = {0};
    enum store_found found;
    struct str known = store_take(&arena, &s, &env, STR("C:\\w"), 1, 10, random_bytes[0], &found);
    struct err e = {0};
    struct ace ace;

    CHECK(entries_before(&arena, &l, &env,
              &(struct entry){.path = STR("C:\\w"), .dev = 1, .ino = 10, .before = STR("D:(A;OICI;0x1201bf;;;S-1-5-21-7-7-7-7)"),
                  .after = arena_format(&arena, "D:(A;OICI;0x1201bf;;;%s)(A;OICI;0x1201bf;;;" W1 ")(A;OICI;0x1201bf;;;" W2 ")(A;OICI;0x1201bf;;;S-1-5-21-7-7-7-7)(A;OICI;0x1f01ff;;;S-1-5-21-8-8-8-8)", known.p)}),
        "orphans: what Cordon wrote");
    store_find_orphans(&arena, &s, &l, STR(W2));
    CHECK(s.orphans.n == 1 && str_is(s.orphans.v[0], W1), "orphans: a lost store's SID is found by what was written, and no other");
    CHECK(sddl_parse_ace(&arena, STR("(D;OICI;0xd0156;;;S-1-5-21-9-9-9-9)"), &ace, &e) && store_is_like_ours(&ace), "orphans: an entry is like Cordon's by its SID and rights");
    CHECK(sddl_parse_ace(&arena, STR("(A;OICI;0x1301bf;;;S-1-5-21-9-9-9-9)"), &ace, &e) && !store_is_like_ours(&ace), "orphans: not with rights that Cordon never gives");
    CHECK(sddl_parse_ace(&arena, STR("(D;OICI;0xd0156;;;S-1-5-32-545)"), &ace, &e) && !store_is_like_ours(&ace), "orphans: nor about the system's own");
}

int main(void)
{
    test_text();
    test_take();
    test_back();
    test_made();
    test_rebase();
    test_asked();
    test_strangers();
    test_keep();
    test_orphans();
    arena_release(&arena);
    return CHECK_END();
}
