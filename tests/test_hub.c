/*
 * test_hub: the witness's middle, without a system: who gets which record, how many, and what is counted instead; its command line;
 * what goes over the pipe.
 */
#include "check.h"
#include "../sandbox/core/access.h"
#include "../sandbox/core/witness.h"
#include "../setup/hub.h"
#include "data/audit_events.inc"

static struct arena arena;

static struct witness_options options(void)
{
    struct witness_options o;
    struct err e = {0};
    const struct str words[] = {STR("--person"), STR(PERSON_SID), STR("--account"), STR(ACCOUNT_SID)};

    CHECK(witness_options_parse(4, words, &o, &e), "a person and an account are taken");
    return o;
}

static void test_options(void)
{
    static const struct {
        const char *name;
        int count;
        struct str words[12];
    } rows[] = {
        {"no words", 0, {{0}}},
        {"no account", 2, {STR("--person"), STR(PERSON_SID)}},
        {"no person", 2, {STR("--account"), STR(ACCOUNT_SID)}},
        {"two persons", 6, {STR("--person"), STR(PERSON_SID), STR("--account"), STR(ACCOUNT_SID), STR("--person"), STR(PERSON_SID)}},
        {"an alias for a SID", 4, {STR("--person"), STR("BA"), STR("--account"), STR(ACCOUNT_SID)}},
        {"a SID that is missing", 3, {STR("--account"), STR(ACCOUNT_SID), STR("--person")}},
        {"a word that is not known", 5, {STR("--person"), STR(PERSON_SID), STR("--account"), STR(ACCOUNT_SID), STR("--all")}},
        {"more accounts than there is room", 12, {STR("--person"), STR(PERSON_SID), STR("--account"), STR(ACCOUNT_SID), STR("--account"), STR(ACCOUNT_SID),
            STR("--account"), STR(ACCOUNT_SID), STR("--account"), STR(ACCOUNT_SID), STR("--account"), STR(ACCOUNT_SID)}},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct witness_options o;
        struct err e = {0};
        CHECK(!witness_options_parse(rows[i].count, rows[i].words, &o, &e) && e.kind == ERR_USAGE, rows[i].name);
    }
}

static struct audit_event event_of(const char *xml)
{
    struct audit_event event = {0};
    struct err e = {0};

    CHECK(audit_parse(&arena, str_from(xml), &event, &e), "an event is read");
    return event;
}

/* Records in what is queued for a terminal. */
/* One machine has one witness: whose it is stands on its line, and a stranger's is let be. */
static void test_line(void)
{
    static const struct {
        const char *name, *line;
        bool ours;
    } rows[] = {
        {"line: as setup writes it", "\"C:\\Program Files\\Cordon\\cordon-witness.exe\" --person " PERSON_SID " --account S-1-5-21-7-7-7-1010", true},
        {"line: a path without quotes", "C:\\Cordon\\cordon-witness.exe\t--person " PERSON_SID " --account S-1-5-21-7-7-7-1010  ", true},
        {"line: another program", "C:\\Other\\service.exe -k", false},
        {"line: no words", "\"C:\\Program Files\\Cordon\\cordon-witness.exe\"", false},
        {"line: a quote that does not end", "\"C:\\Program Files\\Cordon --person " PERSON_SID, false},
        {"line: none", "", false},
        {"line: too many words", "x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct witness_options o = {0};
        struct sid person;
        bool read = witness_line_read(str_from(rows[i].line), &o);
        CHECK(read == rows[i].ours && (!read || (sid_parse(STR(PERSON_SID), &person) && sid_same(&o.person, &person))), rows[i].name);
    }
}

static size_t records(struct hub *h, size_t slot, uint64_t *lost)
{
    struct buf have = {0};
    struct denial d;
    uint64_t before = 0, alone = 0;
    size_t n = 0;
    bool bad = false;

    *lost = 0;
    hub_take(h, slot, &have);
    while (witness_take(&have, &arena, &d, &before, &alone, &bad)) {
        *lost += before;
        n++;
    }
    *lost += alone;
    CHECK(!bad && have.n == 0, "what is queued is whole records");
    buf_release(&have);
    return n;
}

static void test_who(void)
{
    struct witness_options o = options();
    struct hub h = {.options = &o};
    struct audit_event object = event_of(OBJECT_EVENT("C:\\x", "-", "0x2"));
    struct audit_event drop = {.kind = AUDIT_CONNECT, .has_subject = true, .subject = o.accounts[0], .destination = STR("1.2.3.4"), .destination_port = 443,
        .protocol = 6};
    uint64_t lost;

    CHECK(hub_event(&h, &object, 1) == 0, "with no terminal nothing waits");
    CHECK(hub_join(&h, 0, 0x4367b) && hub_join(&h, 3, 0x9999) && hub_join(&h, 7, 0) && !hub_join(&h, 3, 1), "terminals join, each a slot of its own");
    CHECK(hub_event(&h, &object, 1) == (1u << 0 | 1u << 7), "an object's event goes to its own logon, and to whoever takes all");
    CHECK(hub_event(&h, &drop, 1) == (1u << 0 | 1u << 3 | 1u << 7), "a drop has no logon, and goes to all");
    CHECK(records(&h, 0, &lost) == 2 && lost == 0, "two records for the first");
    CHECK(records(&h, 3, &lost) == 1, "one for the second");
    CHECK(records(&h, 3, &lost) == 0, "and none twice");
    hub_leave(&h, 7);
    CHECK(hub_event(&h, &object, 1) == 1u << 0, "who left gets nothing");
    drop.subject.sub[4]++;
    CHECK(hub_event(&h, &drop, 1) == 1u << 0 && records(&h, 0, &lost) == 1, "another account's drop goes to nobody");
    hub_leave(&h, 0);
    hub_leave(&h, 3);
}

static void test_bounds(void)
{
    struct witness_options o = options();
    struct hub h = {.options = &o};
    struct audit_event object = event_of(OBJECT_EVENT("C:\\x", "-", "0x2"));
    uint64_t lost;
    size_t n;

    CHECK(hub_join(&h, 0, 0), "a terminal joins");
    for (size_t i = 0; i < 5000; i++)
        hub_event(&h, &object, 1);
    CHECK(h.clients[0].queue.n <= HUB_QUEUE_BYTES, "what is queued has a bound");
    n = records(&h, 0, &lost);
    CHECK(n > 0 && n <= AUDIT_BURST && lost == 0, "what came before is there");
    hub_event(&h, &object, 2000);
    CHECK(records(&h, 0, &lost) == 1 && lost == 5000 - n, "and what did not fit is told with the next that does");
    hub_lost(&h, 3);
    CHECK(records(&h, 0, &lost) == 0 && lost == 3, "what the log lost is told without a record");
    CHECK(hub_event(&h, &(struct audit_event){.kind = AUDIT_LOST}, 1) == 1 && records(&h, 0, &lost) == 0 && lost == 1, "a log that was cleared too");
    hub_leave(&h, 0);
}

static void test_pipe(void)
{
    struct sid person = {0};
    struct descriptor d;
    struct err e = {0};
    unsigned char hello[WITNESS_HELLO_BYTES];
    uint64_t logon = 0, lost = 0, alone = 0;
    struct buf have = {0};
    struct denial out;
    bool bad = false;

    (void)sid_parse(STR(PERSON_SID), &person);
    CHECK_STR(witness_pipe(&arena, &person), STR("\\\\.\\pipe\\CordonWitness-" PERSON_SID), "the pipe has the person's name");
    CHECK(sddl_parse(&arena, witness_pipe_sddl(&arena, &person), &d, &e), "its descriptor is one");
    witness_hello(hello, 0x123456789abcdef0u);
    CHECK(witness_hello_read(hello, &logon) && logon == 0x123456789abcdef0u, "a logon is told");
    hello[7]++;
    CHECK(!witness_hello_read(hello, &logon), "another greeting is none");
    buf_add(&have, "\377\377\377\377\377\377\377\377\377\377\377\377", 12);
    CHECK(!witness_take(&have, &arena, &out, &lost, &alone, &bad) && bad, "what is no record ends it");
    buf_release(&have);
}

/* Who may speak to it, by the access check. */
static void test_who_may(void)
{
    struct sid person = {0}, other = {0}, network = {0}, write = {0};
    struct descriptor d = {0};
    struct err e = {0};
    struct access_result r;
    struct token_group from_far = {.flags = GROUP_ENABLED};
    uint32_t speaks = NT_FILE_READ_DATA | NT_FILE_WRITE_DATA | NT_FILE_READ_ATTRIBUTES | NT_SYNCHRONIZE;

    (void)(sid_parse(STR(PERSON_SID), &person) && sid_parse(STR(ACCOUNT_SID), &other) && sid_parse(STR("NU"), &network) &&
           sid_parse(STR("S-1-5-21-9-9-9-9"), &write) && sddl_parse(&arena, witness_pipe_sddl(&arena, &person), &d, &e));
    d.has_owner = sid_parse(STR("S-1-5-80-1-2-3-4-5"), &d.owner);
    struct token t = {.user = person};
    access_check(&t, &d, &access_file, speaks, &r);
    CHECK(r.granted, "the person may speak to it");
    access_check(&t, &d, &access_file, NT_FILE_APPEND_DATA, &r);
    CHECK(!r.granted, "and may not make an instance of it");
    t.user = other;
    access_check(&t, &d, &access_file, NT_FILE_READ_DATA, &r);
    CHECK(!r.granted, "a sandbox account may not read it");
    t = (struct token){.user = person, .restricting = &write, .restricting_count = 1, .write_restricted = true};
    access_check(&t, &d, &access_file, speaks, &r);
    CHECK(!r.granted && r.pass == PASS_RESTRICTED, "nor a restricted token of the person's say hello");
    from_far.sid = network;
    t = (struct token){.user = person, .groups = &from_far, .group_count = 1};
    access_check(&t, &d, &access_file, NT_FILE_READ_DATA, &r);
    CHECK(!r.granted, "nor anybody over the network");
}

int main(void)
{
    test_options();
    test_line();
    test_who();
    test_bounds();
    test_pipe();
    test_who_may();
    arena_release(&arena);
    return CHECK_END();
}
