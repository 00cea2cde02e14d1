/*
 * test_witness_windows: the witness's pipe from both ends, in one process: records travel, each terminal gets its own, one that goes
 * frees its place, and a far end that is not the service is refused.
 */
#include "../setup/pipes_windows.h"
#include "../sandbox/core/witness.h"
#include "check.h"
#include "data/audit_events.inc"

static struct arena arena;

static DWORD WINAPI serve(void *context)
{
    pipes_run(context);
    return 0;
}

static void push(struct pipes *p, const char *xml)
{
    struct audit_event event;
    struct err e = {0};
    unsigned bits;

    if (!audit_parse(&arena, str_from(xml), &event, &e)) {
        CHECK(false, "an event is read");
        return;
    }
    AcquireSRWLockExclusive(&p->lock);
    bits = hub_event(&p->hub, &event, sys_clock_ms());
    ReleaseSRWLockExclusive(&p->lock);
    pipes_wake(p, bits);
}

/* Until so many terminals are there, at most five seconds. */
static bool are_there(struct pipes *p, size_t wanted)
{
    for (int i = 0; i < 250; i++) {
        size_t n = 0;
        AcquireSRWLockExclusive(&p->lock);
        for (size_t k = 0; k < HUB_CLIENTS; k++)
            n += p->hub.clients[k].there;
        ReleaseSRWLockExclusive(&p->lock);
        if (n == wanted)
            return true;
        Sleep(20);
    }
    return false;
}

/* The pipe's first instance takes a moment to be there. */
static bool connect_soon(struct win_records *r, const struct sid *person, uint64_t logon)
{
    for (int i = 0; i < 250; i++) {
        struct err e = {0};
        if (win_records_connect(r, person, logon, GetCurrentProcessId(), &e))
            return true;
        Sleep(20);
    }
    return false;
}

static bool next(struct win_records *r, struct denial *d)
{
    uint64_t lost = 0, alone = 0;

    for (int i = 0; i < 50; i++) {
        if (win_records_take(r, &arena, d, &lost, &alone))
            return true;
        if (r->in == SYS_NONE)
            return false;
        sys_wait(&(struct sys_wait){r->in, SYS_READ, 0}, 1, 100);
    }
    return false;
}

static void test_records(struct pipes *p, const struct sid *person)
{
    struct win_records mine, others;
    struct denial d = {0};
    struct err e = {0};

    if (!CHECK(connect_soon(&mine, person, 0x4367b) && connect_soon(&others, person, 0x9999) && are_there(p, 2), "two terminals connect"))
        return;
    push(p, OBJECT_EVENT("Q:\\x.txt", "-", "0x2"));
    CHECK(next(&mine, &d) && d.by == DENIAL_WITNESS && d.operation == OPERATION_WRITE && str_is(d.path, "Q:\\x.txt") && d.pid == 0x1074,
        "a record arrives where its logon is");
    push(p, EVENT("4656", FAILURE, OBJECT(ACCOUNT_SID, "0x9999", "File", "Q:\\y", "-", "0x10000", "C:\\z.exe")));
    CHECK(next(&others, &d) && d.operation == OPERATION_DELETE && str_is(d.path, "Q:\\y") && str_is(d.program, "C:\\z.exe"), "and the other's there");
    win_records_close(&others);
    CHECK(are_there(p, 1), "a terminal that goes frees its place");
    for (int i = 0; i < 100; i++)
        push(p, OBJECT_EVENT("Q:\\x.txt", "-", "0x2"));
    for (int i = 0; i < 100; i++) {
        if (!next(&mine, &d)) {
            CHECK(false, "a hundred records arrive");
            break;
        }
    }
    CHECK(!win_records_connect(&others, person, 0, GetCurrentProcessId() + 4, &e) && e.kind != ERR_NONE, "a far end that is another process is refused");
    SetEvent(p->stop);
    CHECK(!next(&mine, &d) && mine.in == SYS_NONE, "the end of the service is the end of the records");
    win_records_close(&mine);
}

static void test_folder(void)
{
    struct win_records r = {.in = SYS_NONE};
    wchar_t here[MAX_PATH];
    struct denial d = {.by = DENIAL_WITNESS, .operation = OPERATION_WRITE, .count = 1, .code = DENIAL_ACCESS_DENIED}, got;
    uint64_t lost, alone = 0;

    if (!CHECK(GetCurrentDirectoryW(COUNT_OF(here), here) > 0, "a folder to ask about"))
        return;
    d.path = utf8_from_z(&arena, here);
    denial_put(&r.have, &d, 0);
    CHECK(win_records_take(&r, &arena, &got, &lost, &alone) && got.operation == OPERATION_CREATE && got.cause == DENIAL_IN_FOLDER,
        "a folder that was written is one in which a name was to be made");
    win_records_close(&r);
}

/* Ours: both ends are this process. */
static bool own_sid(struct sid *out)
{
    struct token t = {0};
    struct err e = {0};
    HANDLE own = NULL;
    bool good = OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own) && win_token_read(&arena, own, &t, &e);

    win_close(&own);
    *out = t.user;
    return good;
}

int main(void)
{
    struct witness_options options = {.account_count = 1};
    struct pipes *p = arena_alloc(&arena, 1, sizeof *p);
    struct err e = {0};
    HANDLE thread;

    (void)sid_parse(STR(ACCOUNT_SID), &options.accounts[0]);
    if (CHECK(own_sid(&options.person) && pipes_prepare(p, &arena, &options, &e), "the pipe is prepared")) {
        thread = CreateThread(NULL, 0, serve, p, 0, NULL);
        test_records(p, &options.person);
        CHECK(WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0, "it ends when it is told to");
        CloseHandle(thread);
    }
    if (win_is_wine())
        CHECK_SKIP("nobody else may open the pipe", "wine asks no descriptor of a pipe; test_hub asks it who may");
    test_folder();
    arena_release(&arena);
    return CHECK_END();
}
