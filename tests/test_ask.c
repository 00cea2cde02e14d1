/*
 * ask and hand: cordon's side of the control channel against a runner that is made up: answers that are cut anywhere, that come in the
 * wrong order, that nobody asked for, and too many; and what is handed over about programs on Windows, both ways. Limits of a job,
 * against a system that is made up.
 */
#include "../sandbox/ask.h"
#include "../sandbox/hand.h"
#include "../sandbox/limits.h"
#include "check.h"

/* ---- a runner made up: bytes that come in pieces ---- */

struct runner {
    struct ask ask;
    struct buf says;
    size_t at, piece;
    bool goes; /* after the last byte: it is gone, else it is silent */
    uint32_t exited[4];
    size_t exits;
};

static int receive(void *context, int wait_ms, struct err *e)
{
    struct runner *r = context;
    size_t n = r->says.n - r->at < r->piece ? r->says.n - r->at : r->piece;

    if (n == 0 && (r->goes || wait_ms)) {
        r->ask.lost = true;
        err_set(e, ERR_SYSTEM, r->goes ? "the runner is gone" : "the runner does not answer");
        return -1;
    }
    buf_add(&r->ask.in, r->says.p + r->at, n);
    r->at += n;
    return n > 0;
}

static void exited(void *context, const struct frame *f)
{
    struct runner *r = context;

    if (r->exits < COUNT_OF(r->exited))
        r->exited[r->exits] = f->id;
    r->exits++;
    ask_tell(&r->ask, (struct event){.kind = EVENT_EXITED, .command = f->id});
}

static void begin(struct runner *r, size_t piece)
{
    *r = (struct runner){.piece = piece};
    ask_begin(&r->ask, 1000, r, receive, exited);
}

static void end(struct runner *r)
{
    ask_release(&r->ask);
    buf_release(&r->says);
}

static void say(struct runner *r, enum frame_type type, uint32_t id)
{
    frame_end(&r->says, frame_begin(&r->says, type, id));
}

static void say_number(struct runner *r, enum frame_type type, uint32_t id, uint64_t n)
{
    size_t mark = frame_begin(&r->says, type, id);

    frame_number(&r->says, n);
    frame_end(&r->says, mark);
}

static void say_outcome(struct runner *r, uint64_t index, uint64_t observed, uint64_t code)
{
    size_t mark = frame_begin(&r->says, FRAME_PROBED, 5);

    frame_number(&r->says, index);
    frame_number(&r->says, observed);
    frame_number(&r->says, code);
    frame_end(&r->says, mark);
}

/* ---- answers ---- */

static void test_answers(void)
{
    struct runner r;
    struct err e = {0};
    bool good = true;

    for (size_t piece = 1; piece < 40; piece++) {
        uint64_t number = 0;
        struct event event;
        begin(&r, piece);
        say(&r, FRAME_EXITED, 3);
        say_number(&r, FRAME_SPAWNED, 7, 4711);
        say(&r, FRAME_EXITED, 7);
        good = ask_await(&r.ask, 7, FRAME_SPAWNED, ask_number, &number, FRAME_SPAWNED, &e) && number == 4711 && good;
        ask_event(&r.ask, &event);
        good = event.kind == EVENT_EXITED && event.command == 3 && good;
        ask_look(&r.ask, &e);
        ask_look(&r.ask, &e); /* in pieces of a byte it has not come yet */
        for (int i = 0; i < 40 && !r.ask.event_count; i++)
            ask_look(&r.ask, &e);
        ask_event(&r.ask, &event);
        good = event.kind == EVENT_EXITED && event.command == 7 && r.exits == 2 && !r.ask.lost && good;
        ask_event(&r.ask, &event);
        good = event.kind == EVENT_NONE && good;
        end(&r);
    }
    CHECK(good, "an answer, and ends before and behind it, wherever they are cut");
}

static void test_proof(void)
{
    static const struct {
        const char *name;
        uint64_t index, observed;
        bool good;
    } rows[] = {{"an outcome", 1, ANSWER_DENIED, true}, {"of an attempt that there is not", 2, ANSWER_DENIED, false},
        {"that there is not", 1, ANSWER_FAILED + 1, false}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct probe probes[2] = {{.kind = PROBE_READ, .observed = ANSWER_DONE}, {.kind = PROBE_WRITE, .observed = ANSWER_DONE}};
        struct ask_probes all = {probes, 2};
        struct runner r;
        struct err e = {0};
        bool good;
        begin(&r, 4096);
        ask_attempts(&r.ask.out, probes, 2);
        CHECK(probes[0].observed == ANSWER_UNKNOWN && probes[1].observed == ANSWER_UNKNOWN && r.ask.out.n > 0, "what is asked about is unknown");
        say_outcome(&r, rows[i].index, rows[i].observed, 13);
        say(&r, FRAME_PROVED, 5);
        good = ask_await(&r.ask, 5, FRAME_PROBED, ask_probed, &all, FRAME_PROVED, &e);
        CHECK(good == rows[i].good && probes[1].observed == (good ? ANSWER_DENIED : ANSWER_UNKNOWN) && (good || e.kind == ERR_PROTOCOL), rows[i].name);
        end(&r);
    }
}

static void test_refused(void)
{
    struct runner r;
    struct err e = {0}, told = {0};
    uint64_t number = 0;

    begin(&r, 4096);
    err_set(&told, ERR_MISSING, "no such program");
    told.code = (long)0xc0000142u;
    frame_put_failed(&r.says, 9, &told);
    CHECK(!ask_await(&r.ask, 9, FRAME_SPAWNED, ask_number, &number, FRAME_SPAWNED, &e) && e.kind == ERR_MISSING &&
              (uint32_t)e.code == 0xc0000142u && !r.ask.lost,
        "a complaint is the answer, with all of its code, and the channel goes on");
    err_clear(&e);
    say_number(&r, FRAME_SPAWNED, 8, 1);
    CHECK(!ask_await(&r.ask, 9, FRAME_SPAWNED, ask_number, &number, FRAME_SPAWNED, &e) && e.kind == ERR_PROTOCOL, "an answer to something else is none");
    err_clear(&e);
    say(&r, FRAME_PLACE, 9);
    CHECK(!ask_await(&r.ask, 9, FRAME_SPAWNED, ask_number, &number, FRAME_SPAWNED, &e) && e.kind == ERR_PROTOCOL, "nor is another answer");
    err_clear(&e);
    say(&r, FRAME_SPAWNED, 9);
    CHECK(!ask_await(&r.ask, 9, FRAME_SPAWNED, ask_number, &number, FRAME_SPAWNED, &e) && e.kind == ERR_PROTOCOL, "nor one without its fields");
    err_clear(&e);
    CHECK(!ask_await(&r.ask, 9, FRAME_SPAWNED, ask_number, &number, FRAME_SPAWNED, &e) && e.kind == ERR_SYSTEM && r.ask.lost, "silence loses it");
    end(&r);
}

static bool take_part(void *context, const struct frame *f)
{
    size_t *parts = context;

    *parts += f->type == FRAME_NOTE;
    return true;
}

static void test_too_much(void)
{
    struct runner r;
    struct err e = {0};
    size_t parts = 0;

    begin(&r, 4096);
    for (int i = 0; i < ASK_PARTS_MAX + 1; i++)
        say(&r, FRAME_NOTE, 0);
    say(&r, FRAME_READY, 1);
    CHECK(!ask_await(&r.ask, 1, FRAME_NOTE, take_part, &parts, FRAME_READY, &e) && e.kind == ERR_PROTOCOL && parts == ASK_PARTS_MAX,
        "parts of an answer without end are cut off");
    end(&r);
    begin(&r, 4096);
    err_clear(&e);
    for (int i = 0; i < ASK_EVENTS_MAX + 100; i++)
        say(&r, FRAME_EXITED, 1);
    say(&r, FRAME_READY, 1);
    CHECK(ask_await(&r.ask, 1, FRAME_NOTE, take_part, &parts, FRAME_READY, &e) && r.ask.event_count == ASK_EVENTS_MAX, "so are events");
    end(&r);
}

/* ---- events ---- */

static void test_events(void)
{
    struct runner r;
    struct err e = {0};
    struct event event;

    begin(&r, 4096);
    ask_look(&r.ask, &e);
    ask_event(&r.ask, &event);
    CHECK(event.kind == EVENT_NONE && e.kind == ERR_NONE, "nothing comes");
    say(&r, FRAME_EXITED, 1);
    say(&r, FRAME_EXITED, 2);
    say(&r, FRAME_EXITED, 1);
    ask_look(&r.ask, &e);
    while (ask_next(&r.ask, &(struct frame){0}, &(size_t){0}, &e) > 0)
        ;
    ask_forget(&r.ask, 1);
    ask_event(&r.ask, &event);
    CHECK(event.kind == EVENT_EXITED && event.command == 2, "one that was forgotten is passed over");
    ask_event(&r.ask, &event);
    CHECK(event.kind == EVENT_NONE, "at the end, too");
    say(&r, FRAME_EXITED, 4);
    r.goes = true;
    ask_look(&r.ask, &e);
    ask_event(&r.ask, &event);
    CHECK(event.kind == EVENT_EXITED && event.command == 4, "what came before the runner went is told first");
    ask_look(&r.ask, &e);
    ask_event(&r.ask, &event);
    CHECK(event.kind == EVENT_LOST && e.kind == ERR_SYSTEM, "then that it has gone");
    ask_event(&r.ask, &event);
    CHECK(event.kind == EVENT_LOST, "and it stays so");
    end(&r);
    begin(&r, 4096);
    err_clear(&e);
    say(&r, FRAME_READY, 1);
    ask_look(&r.ask, &e);
    ask_event(&r.ask, &event);
    CHECK(event.kind == EVENT_LOST && e.kind == ERR_PROTOCOL, "an answer that nobody asked for loses it");
    end(&r);
    begin(&r, 4096);
    err_clear(&e);
    buf_str(&r.says, STR("this is no frame at all"));
    ask_look(&r.ask, &e);
    CHECK(r.ask.lost && e.kind == ERR_PROTOCOL, "and so does what is no frame");
    end(&r);
}

/* ---- what is handed over on Windows ---- */

static struct frame only(const struct buf *b)
{
    struct frame f = {0};
    struct err e = {0};
    size_t used = 0;

    if (frame_take(buf_view(b), &f, &used, &e) != 1 || used != b->n)
        CHECK(false, "one frame, and nothing else");
    return f;
}

static void test_program(void)
{
    struct arena a = {0};
    struct launch l = {.cwd = STR("C:\\work"), .terminal = true, .rows = 24, .columns = 80,
        .std = {STD_TERMINAL, STD_HANDLE, STD_NULL}};
    const uint64_t handles[SPAWN_HANDLES] = {4, 8, 0, 12, 0, 0, 0x7ffffffc};
    struct spawn_request q;
    struct buf b = {0};
    struct frame f;
    bool none = true;

    *(struct str *)ARENA_PUSH(&a, &l.env) = STR("A=1");
    *(struct str *)ARENA_PUSH(&a, &l.env) = STR("B=");
    CHECK(hand_program(&b, 6, &l, STR("C:\\x.exe"), STR("x \"a b\""), handles), "a program is handed over");
    f = only(&b);
    CHECK(f.type == FRAME_SPAWN && f.id == 6 && hand_take_program(&f, &a, &q), "and arrives");
    CHECK(str_is(q.program, "C:\\x.exe") && str_is(q.words, "x \"a b\"") && str_is(q.cwd, "C:\\work") && q.env.n == 2 && str_is(q.env.v[1], "B="),
        "with its words");
    CHECK(q.terminal && q.rows == 24 && q.columns == 80 && q.std[0] == STD_TERMINAL && q.std[1] == STD_HANDLE && q.std[2] == STD_NULL,
        "its terminal, and what its three are");
    for (int i = 0; i < SPAWN_HANDLES; i++)
        none = none && (uint64_t)q.handles[i] == handles[i];
    CHECK(none, "and its handles");
    for (size_t n = 0; n < f.body.n; n++) {
        struct frame cut = f;
        cut.body.n = n;
        none = none && !hand_take_program(&cut, &a, &q) && (n < 9 || q.handles[0] == 4);
    }
    CHECK(none, "cut anywhere it is none, but its handles are known, to be closed");
    buf_clear(&b);
    while (l.env.n <= ENV_MAX)
        *(struct str *)ARENA_PUSH(&a, &l.env) = STR("C=");
    CHECK(hand_program(&b, 6, &l, STR("x"), STR("x"), handles), "more variables than there may be");
    f = only(&b);
    CHECK(!hand_take_program(&f, &a, &q) && q.handles[1] == 8, "are refused");
    buf_clear(&b);
    l.env.n = 0;
    CHECK(hand_program(&b, 6, &l, STR("x\0y"), STR("x"), handles), "a name with a NUL in it");
    f = only(&b);
    CHECK(!hand_take_program(&f, &a, &q), "is refused");
    buf_release(&b);
    arena_release(&a);
}

static void test_size(void)
{
    static const struct {
        const char *name;
        uint64_t rows, columns;
        bool good;
    } given[] = {{"a size", 24, 80, true}, {"the smallest", 1, 1, true}, {"the largest", 0x7fff, 0x7fff, true}, {"none", 0, 80, false},
        {"no columns", 24, 0, false}, {"more than a console can have", 0x8000, 80, false}, {"one that would be small again", 0x10018, 80, false}};

    for (size_t i = 0; i < COUNT_OF(given); i++) {
        struct buf b = {0};
        uint16_t rows = 0, columns = 0;
        size_t mark = frame_begin(&b, FRAME_RESIZE, 2);
        struct frame f;
        frame_number(&b, given[i].rows);
        frame_number(&b, given[i].columns);
        frame_end(&b, mark);
        f = only(&b);
        CHECK(hand_take_size(&f, &rows, &columns) == given[i].good && (!given[i].good || (rows == given[i].rows && columns == given[i].columns)),
            given[i].name);
        buf_clear(&b);
        hand_size(&b, 2, 24, 80);
        f = only(&b);
        CHECK(hand_take_size(&f, &rows, &columns) && f.id == 2 && rows == 24 && columns == 80, "and one that was sent");
        buf_release(&b);
    }
}

static void test_exited(void)
{
    static const struct {
        const char *name;
        uint32_t code;
        int told, exit_code, signal;
    } rows[] = {{"a code", 7, 0, 7, 0}, {"259 is one like others", 259, 0, 259, 0}, {"all 32 bits of it", 0xc000013au, 0, (int)0xc000013au, 0},
        {"ended by a signal", 143, 15, 143, 15}, {"one's own end, though another was asked for", 3, 15, 3, 0},
        {"the code of a signal that nobody sent", 143, 0, 143, 0}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf b = {0};
        struct event event;
        bool truncated = false;
        struct frame f;
        hand_exited(&b, 4, rows[i].code, rows[i].told, i % 2 == 1);
        f = only(&b);
        CHECK(hand_take_exited(&f, &event, &truncated) && event.kind == EVENT_EXITED && event.command == 4 && event.exit_code == rows[i].exit_code &&
                  event.signal == rows[i].signal && truncated == (i % 2 == 1),
            rows[i].name);
        f.body.n--;
        CHECK(!hand_take_exited(&f, &event, &truncated), "a byte less is none");
        buf_release(&b);
    }
}

static void test_limits(void)
{
    struct job_wish all = {.kill_on_close = true, .memory = 100 << 20, .processes = 50, .cpu = 150};
    struct limits wanted = limits_of(&all, 4), got;
    static const struct {
        const char *name;
        struct limits change;
        bool same;
    } rows[] = {
        {"what comes back as it was given", {0}, true},
        {"memory in whole pages", {.memory = 0xffff}, true},
        {"less memory", {.memory = 0x10000}, false},
        {"a breakaway that nobody asked for", {.flags = 0x800}, false},
        {"no end with the last handle", {.flags = LIMIT_KILL_ON_CLOSE}, false},
        {"another number of processes", {.processes = 1}, false},
        {"no limit of time", {.rate_flags = LIMIT_RATE}, false},
        {"one that may be passed", {.rate_flags = 4}, false},
        {"more time", {.rate = 1}, false},
    };

    CHECK(wanted.flags == (LIMIT_KILL_ON_CLOSE | LIMIT_MEMORY | LIMIT_PROCESSES) && wanted.rate_flags == LIMIT_RATE && wanted.rate == 3750,
        "one and a half of four processors are 37.50 per cent");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        got = wanted;
        got.flags ^= rows[i].change.flags;
        got.processes ^= rows[i].change.processes;
        got.memory -= rows[i].change.memory;
        got.rate_flags ^= rows[i].change.rate_flags;
        got.rate += rows[i].change.rate;
        CHECK((limits_differ(&wanted, &got) == NULL) == rows[i].same, rows[i].name);
    }
    got = wanted;
    got.memory += 1;
    CHECK(limits_differ(&wanted, &got) != NULL, "more memory");
    all = (struct job_wish){.kill_on_close = true};
    wanted = limits_of(&all, 0);
    got = (struct limits){.flags = LIMIT_KILL_ON_CLOSE, .memory = 1, .processes = 1};
    CHECK(limits_differ(&wanted, &got) == NULL, "what is not limited may come back as anything");
    got = (struct limits){0};
    CHECK(limits_differ(&wanted, &got) != NULL, "a system that says yes and does nothing is noticed");
    all = (struct job_wish){.cpu = UINT64_MAX, .processes = UINT64_MAX};
    wanted = limits_of(&all, 1);
    CHECK(wanted.rate == 10000 && wanted.processes == UINT32_MAX && wanted.flags == LIMIT_PROCESSES, "numbers without measure");
    all = (struct job_wish){.cpu = 1};
    CHECK(limits_of(&all, 512).rate == 1, "a share is never none: that would be no limit");
}

int main(void)
{
    test_limits();
    test_answers();
    test_proof();
    test_refused();
    test_too_much();
    test_events();
    test_program();
    test_size();
    test_exited();
    return CHECK_END();
}
