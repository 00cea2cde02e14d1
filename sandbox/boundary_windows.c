/*
 * boundary: the trusted side of one runner on Windows: begin, build, start programs, close. What is asked and answered without a
 * system is in ask.c and hand.c; the proof in prove_windows.c.
 *
 * A command's end is told only once its output has come to its end: the console host gets rid of its last bytes after the program
 * has gone, and the pipe that it writes to is read here.
 */
#include "win32.h"
#include "ask.h"
#include "core/acls.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX   64
#define ANSWER_MS  40000 /* a first logon makes a profile */
#define DRAIN_MS   3000
#define END_MS     2000

struct row { /* a command that runs, or whose end is not told yet */
    uint32_t id; /* 0: free */
    sys_handle terminal;
    bool ended;
    struct event event;
    uint64_t until;
    struct boundary *boundary;
};

struct boundary {
    bool online, started;
    struct started runner;
    struct ask ask;
    struct row rows[ROWS_MAX];
    HANDLE timer; /* wakes whoever waits when an end is to be told that still has no end of output */
    bool ending;
    uint32_t building;
    const struct launch *first;
    struct arena arena;
    struct win_records records; /* of the witness, where there is one */
    uint64_t lost_records;
    bool has_account;
    HANDLE roots[ACLS_RESTRICT_MAX];
    size_t root_count;
    struct applied applied; /* what the person's own ops came to */
    struct grants *grants;  /* and what of them goes on behind the prompt */
};

bool boundary_layer(struct boundary *b, const struct op *op)
{
    (void)b;
    (void)op;
    return false; /* caches are plain folders here, granted like any root */
}

void boundary_advance(struct boundary *b, const struct plan *beginning, const struct texts *partial_accepted)
{
    (void)b;
    (void)beginning;
    (void)partial_accepted;
}

bool boundary_fits(struct boundary *b, const struct plan *plan)
{
    return !b->started && b->online == !plan->new_network;
}

/* ---- asking and answering ---- */

static bool explain_lost(struct boundary *b, struct err *e)
{
    DWORD code = 0;

    b->ask.lost = true;
    if (b->runner.process && WaitForSingleObject(b->runner.process, 500) == WAIT_OBJECT_0)
        GetExitCodeProcess(b->runner.process, &code);
    err_set(e, ERR_SYSTEM, "the runner is gone");
    if (code == 2)
        return err_reason(e, "it refused to be started this way");
    if (code == 3)
        return err_reason(e, "it could not close itself to what it starts");
    if (code >= 0xC0000000) /* Windows ended it: of session 0 the table knows */
        return err_windows(e, code, STAGE_LOGON);
    return code ? err_reason(e, "exit code 0x%08lx", (unsigned long)code) : false;
}

static struct row *row_of(struct boundary *b, uint32_t id)
{
    for (size_t i = 0; i < ROWS_MAX; i++)
        if (b->rows[i].id == id)
            return &b->rows[i];
    return NULL;
}

static void row_end(struct row *row)
{
    if (row->terminal != SYS_NONE)
        sys_on_resize(row->terminal, NULL, NULL);
    sys_drop(&row->terminal);
    *row = (struct row){.terminal = SYS_NONE};
}

static void take_exited(void *context, const struct frame *f)
{
    struct boundary *b = context;
    struct event event;
    bool truncated;
    struct row *row = row_of(b, f->id);
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)DRAIN_MS * 10000};

    if (!hand_take_exited(f, &event, &truncated))
        return;
    if (!row || row->terminal == SYS_NONE || truncated) {
        ask_tell(&b->ask, event);
        if (row)
            row_end(row);
        return;
    }
    row->ended = true;
    row->event = event;
    row->until = sys_milliseconds() + DRAIN_MS;
    if (b->timer)
        SetWaitableTimer(b->timer, &due, 0, NULL, NULL, FALSE);
}

static void tell_ends(struct boundary *b)
{
    uint64_t now = sys_milliseconds();

    for (size_t i = 0; i < ROWS_MAX; i++) {
        struct row *row = &b->rows[i];
        if (!row->ended || !(sys_over(row->terminal) || now >= row->until))
            continue;
        ask_tell(&b->ask, row->event);
        row_end(row);
    }
}

/* More bytes from the runner into b->ask.in. 1 some, 0 none now, -1 it is gone. */
static int receive(void *context, int wait_ms, struct err *e)
{
    struct boundary *b = context;
    static char bytes[65536];
    struct sys_wait item = {b->runner.control, SYS_READ, 0};
    long code = 0, n = sys_read(b->runner.control, bytes, sizeof bytes, &code);

    if (n == -1 && wait_ms) {
        sys_wait(&item, 1, wait_ms);
        n = sys_read(b->runner.control, bytes, sizeof bytes, &code);
        if (n == -1 && !(item.got & SYS_READ)) {
            b->ask.lost = true;
            err_set(e, ERR_LIMIT, "the runner does not answer");
            return -1;
        }
    }
    if (n == -1)
        return 0;
    if (n <= 0) {
        explain_lost(b, e);
        return -1;
    }
    buf_add(&b->ask.in, bytes, (size_t)n);
    return 1;
}

static bool send_out(struct boundary *b, struct err *e)
{
    struct sys_wait item = {b->runner.control, SYS_WRITE, 0};
    struct str left = buf_view(&b->ask.out);
    bool good = !b->ask.lost && b->started && !b->ask.out.overflowed;

    if (!good)
        err_set(e, ERR_SYSTEM, "the runner is gone");
    while (good && left.n) {
        long code = 0, n = sys_write(b->runner.control, left.p, left.n, &code);
        if (n == -2)
            good = explain_lost(b, e);
        else if (n > 0)
            left = str_slice(left, (size_t)n, left.n);
        else if (sys_wait(&item, 1, ANSWER_MS) == 0)
            b->ask.lost = !(good = err_set(e, ERR_LIMIT, "the runner does not listen")); /* it has half a frame */
    }
    buf_clear(&b->ask.out);
    return good;
}

/* ---- build ---- */

bool boundary_begin(struct boundary **out, bool new_network, struct err *e)
{
    struct boundary *b = calloc(1, sizeof *b);

    if (!b)
        return err_set(e, ERR_LIMIT, "no memory");
    /* As whom the runner is started is in the plan: nothing can be begun before it. */
    b->online = !new_network;
    b->runner.control = SYS_NONE;
    b->records.in = SYS_NONE;
    ask_begin(&b->ask, ANSWER_MS, b, receive, take_exited);
    for (size_t i = 0; i < ROWS_MAX; i++)
        b->rows[i].terminal = SYS_NONE;
    b->timer = CreateWaitableTimerW(NULL, FALSE, NULL);
    *out = b;
    return true;
}

static bool is_runners(enum op_kind kind)
{
    return kind >= OP_ACCOUNT && kind <= OP_JOB;
}

static struct start_as start_as(const struct boundary *b, const struct plan *plan)
{
    struct start_as as = {.online = b->online};

    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == OP_ACCOUNT) {
            as.account = plan->v[i].text;
            as.sid = plan->v[i].text2;
            as.group = plan->v[i].source;
        }
    return as;
}

/* Where what is inside runs as the person, cordon's own process is one of that person's, too: it is closed as the runner is. */
static bool close_ourselves(const struct plan *plan, const struct texts *accepted, struct err *e)
{
    bool verified = true;

    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->v[i];
        if (op->kind == OP_RUNNER_CLOSED && str_is(op->text2, CLOSED_PROCESS) &&
            (!win_dacl_put(GetCurrentProcess(), op->text, &verified, e) || !verified) && !win_has(accepted, STR(PART_ENFORCEMENT)))
            return e->kind != ERR_NONE ? false : err_set(e, ERR_UNSUPPORTED, "Cordon's own process could not be closed to what it starts");
    }
    err_clear(e);
    return true;
}

/* The roots stay where they are while programs run in them: a folder that is held without FILE_SHARE_DELETE, or has something held
 * below it, is neither renamed nor removed, whatever its permissions say. One that cannot be held is held by its entries alone. */
static void hold_roots(struct boundary *b, const struct plan *plan)
{
    for (size_t i = 0; i < plan->n && b->root_count < COUNT_OF(b->roots); i++) {
        const struct op *op = &plan->v[i];
        struct wide_path wide;
        HANDLE h;
        if (op->kind != OP_RESTRICT || !op->path.n || !wide_path(op->path, &wide))
            continue;
        h = CreateFileW(wide.v, FILE_LIST_DIRECTORY | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
        if (h != INVALID_HANDLE_VALUE)
            b->roots[b->root_count++] = h;
    }
}

/* What is of the person is done first, denies before grants as the plan has them; only then is there anybody to be held. */
bool boundary_hand(struct boundary *b, const struct plan *plan, const struct texts *partial_accepted, const struct disk_watch *watch,
    struct err *e)
{
    struct start_as as = start_as(b, plan);
    bool good;

    b->applied.watch = watch;
    b->applied.defer = true;
    good = apply_person(&b->arena, plan->v, plan->n, partial_accepted, &b->applied, e);
    b->applied.watch = NULL; /* the caller's, who does not stay */
    if (!good || (!as.account.n && !close_ourselves(plan, partial_accepted, e)) || !start_runner(&as, &b->runner, e))
        return false;
    hold_roots(b, plan);
    b->started = true;
    b->grants = grants_begin(plan->v, plan->n, &b->applied.later, partial_accepted);
    b->has_account = as.account.n > 0;
    if (b->timer)
        sys_also(b->runner.control, b->timer);
    b->building = ++b->ask.next_id;
    for (size_t i = 0; i < plan->n; i++)
        if (is_runners(plan->v[i].kind))
            frame_put_op(&b->ask.out, b->building, &plan->v[i]);
    ask_build(&b->ask.out, FRAME_BUILD, b->building, partial_accepted);
    return send_out(b, e);
}

struct build {
    struct arena *a;
    struct plan *plan;
    uint64_t logon;
};

static bool take_note(void *context, const struct frame *f)
{
    struct build *build = context;
    struct frame_reader fields;
    struct str words;

    frame_read(&fields, f);
    if (f->type != FRAME_NOTE) {
        build->logon = frame_get_number(&fields);
        return frame_done(&fields);
    }
    words = frame_get_bytes(&fields);
    frame_get_number(&fields);
    *(struct str *)ARENA_PUSH(build->a, &build->plan->partial) = text_printable(build->a, words);
    return frame_done(&fields);
}

bool boundary_build(struct boundary *b, struct arena *a, struct plan *plan, struct probe *probes, size_t count,
    const struct launch *first, struct err *e)
{
    struct build build = {a, plan, 0};
    struct err no_witness = {0};

    b->first = first;
    for (size_t i = 0; i < b->applied.missing.n; i++)
        *(struct str *)ARENA_PUSH(a, &plan->partial) = arena_str(a, b->applied.missing.v[i]);
    for (size_t i = 0; i < b->applied.notes.n; i++)
        *(struct str *)ARENA_PUSH(a, &plan->notes) = arena_str(a, b->applied.notes.v[i]);
    if (!ask_await(&b->ask, b->building, FRAME_NOTE, take_note, &build, FRAME_READY, e))
        return false;
    /* The witness looks at the sandbox's accounts. Without one the boundary is the same, and nothing is confirmed (rule W9). */
    if (b->has_account)
        win_records_open(&b->records, build.logon, &no_witness);
    return !count || boundary_prove(b, probes, count, e);
}

/* ---- programs ---- */

struct lent {
    uint64_t numbers[SPAWN_HANDLES];
    sys_handle terminal; /* our end of both pipes */
};

static bool lend_terminal(struct boundary *b, struct lent *lent, struct err *e)
{
    HANDLE in[2] = {0}, out[2] = {0}; /* reading end, writing end */
    bool good = CreatePipe(&in[0], &in[1], NULL, 65536) && CreatePipe(&out[0], &out[1], NULL, 131072);

    if (!good)
        win_fail(e, GetLastError(), (struct str){0}, "cannot make the pipes of a terminal");
    good = good && (lent->numbers[SPAWN_KEYS] = start_lend(&b->runner, in[0], e)) != 0 &&
           (lent->numbers[SPAWN_SCREEN] = start_lend(&b->runner, out[1], e)) != 0;
    win_close(&in[0]);
    win_close(&out[1]);
    if (good) {
        lent->terminal = sys_from_stream(out[0], in[1]);
        sys_nonblocking(lent->terminal, true);
        return true;
    }
    win_close(&in[1]);
    win_close(&out[0]);
    return false;
}

/* One number for one end, also where it stands for both outputs. */
static bool lend_all(struct boundary *b, const struct launch *launch, struct lent *lent, struct err *e)
{
    for (int i = 0; i < 3; i++) {
        HANDLE h;
        if (launch->std[i] != STD_HANDLE)
            continue;
        h = i == 0 ? sys_in(launch->std_handle[i]) : sys_out(launch->std_handle[i]);
        if (i == 2 && launch->std[1] == STD_HANDLE && launch->std_handle[2] == launch->std_handle[1])
            lent->numbers[SPAWN_STD + 2] = lent->numbers[SPAWN_STD + 1];
        else if ((lent->numbers[SPAWN_STD + i] = start_lend(&b->runner, h, e)) == 0)
            return false;
    }
    if (launch->extra != SYS_NONE && (lent->numbers[SPAWN_EXTRA] = start_lend(&b->runner, sys_out(launch->extra), e)) == 0)
        return false;
    return !launch->terminal || lend_terminal(b, lent, e);
}

static bool resize(void *context, uint16_t rows, uint16_t columns)
{
    struct row *row = context;
    struct boundary *b = row->boundary;
    struct err ignored = {0};

    if (row->ended || b->ask.lost)
        return false;
    hand_size(&b->ask.out, row->id, rows, columns);
    return send_out(b, &ignored);
}

static bool spawn(struct boundary *b, struct row *row, const struct launch *launch, struct lent *lent, struct command *out, struct err *e)
{
    struct arena a = {0};
    struct str program = {0}, words = {0};
    bool good = launch_words(&a, launch, &program, &words, e) && lend_all(b, launch, lent, e);

    uint64_t pid = 0;

    if (good && !hand_program(&b->ask.out, row->id, launch, program, words, lent->numbers))
        good = err_set(e, ERR_LIMIT, "the command line and environment are too long");
    arena_release(&a);
    if (!good) {
        for (int i = 0; i < SPAWN_HANDLES && b->started; i++)
            if (i != SPAWN_STD + 2 || lent->numbers[i] != lent->numbers[i - 1])
                start_take_back(&b->runner, lent->numbers[i]);
        return false;
    }
    if (lent->terminal != SYS_NONE) {
        row->terminal = lent->terminal;
        sys_hold(row->terminal);
        sys_on_resize(row->terminal, resize, row);
        sys_over(row->terminal); /* is read from now on: a console host may ask something first, and wait */
    }
    good = send_out(b, e) && ask_await(&b->ask, row->id, FRAME_SPAWNED, ask_number, &pid, FRAME_SPAWNED, e);
    out->pid_inside = (int64_t)pid;
    return good;
}

bool boundary_spawn(struct boundary *b, const struct launch *launch, struct command *out, struct err *e)
{
    struct command command = {.id = ++b->ask.next_id, .terminal = SYS_NONE};
    struct lent lent = {.terminal = SYS_NONE};
    struct row *row = row_of(b, 0);

    if (!row)
        return err_set(e, ERR_LIMIT, "more than %d programs at once", ROWS_MAX);
    row->id = command.id;
    row->boundary = b;
    if (!spawn(b, row, launch, &lent, &command, e)) {
        row_end(row);
        sys_close(&lent.terminal);
        return false;
    }
    command.terminal = lent.terminal;
    *out = command;
    return true;
}

/* There is no process yet that could wait: the program is started when its end of the wait is asked for. */
bool boundary_release(struct boundary *b, struct err *e)
{
    return b->first ? true : err_set(e, ERR_BUG, "there is no first program");
}

bool boundary_released(struct boundary *b, struct command *out, struct err *e)
{
    const struct launch *first = b->first;

    b->first = NULL;
    return first ? boundary_spawn(b, first, out, e) : err_set(e, ERR_BUG, "there is no first program");
}

bool boundary_signal(struct boundary *b, uint32_t command, int signal, bool group, struct err *e)
{
    struct row *row = row_of(b, command);
    long code = 0;

    if (signal == SIGNAL_INTERRUPT && row && row->terminal != SYS_NONE)
        return sys_write(row->terminal, "\003", 1, &code) == 1 || err_set(e, ERR_SYSTEM, "the program's console takes no key");
    ask_signal(&b->ask.out, command, signal, group);
    return send_out(b, e) && ask_await(&b->ask, command, FRAME_CHANGED, ask_nothing, NULL, FRAME_CHANGED, e);
}

bool boundary_where(struct boundary *b, struct arena *a, uint32_t command, struct str *out, struct err *e)
{
    (void)b;
    (void)a;
    (void)command;
    (void)out;
    /* It stands in the process's own memory, for the process to write. A line's report says it instead (dos.h). */
    return err_set(e, ERR_UNSUPPORTED, "Windows does not tell the folder of a process");
}

bool boundary_foreground(struct boundary *b, uint32_t command, struct foreground *out, struct err *e)
{
    (void)e;
    /* A console of Windows has no foreground: the command and what it started share the keys. Who waits for some, nobody tells. */
    *out = (struct foreground){.itself = row_of(b, command) != NULL, .group = 0};
    return true;
}

/* A handle that is open stays as it was opened, whatever the list says since: what runs is ended, so that the change holds, and what
 * lines that are over have left running, too. */
bool boundary_narrow(struct boundary *b, struct arena *a, const struct op *op, uint64_t *ended, struct str *names, struct err *e)
{
    struct texts none = {0};
    struct applied applied = {0};

    *ended = 0;
    *names = STR("what was running, since files that are open stay open");
    if (!apply_person(a, op, 1, &none, &applied, e))
        return false;
    ask_signal(&b->ask.out, 0, 9, true);
    return send_out(b, e) && ask_await(&b->ask, 0, FRAME_CHANGED, ask_number, ended, FRAME_CHANGED, e);
}

/* ---- events, end ---- */

DWORD boundary_runner(const struct boundary *b)
{
    return b->runner.pid;
}

bool boundary_has_account(const struct boundary *b)
{
    return b->has_account;
}

sys_handle boundary_handle(const struct boundary *b)
{
    return b->runner.control;
}

bool boundary_event(struct boundary *b, struct event *out, struct err *e)
{
    if (b->started)
        ask_look(&b->ask, e);
    tell_ends(b);
    ask_event(&b->ask, out);
    return true;
}

void boundary_forget(struct boundary *b, uint32_t id)
{
    uint64_t end = sys_milliseconds() + END_MS;
    struct err ignored = {0};
    struct sys_wait item = {b->runner.control, SYS_READ, 0};

    while (row_of(b, id) && sys_milliseconds() < end) {
        struct frame f;
        size_t used;
        if (ask_next(&b->ask, &f, &used, &ignored) != 0 || receive(b, 0, &ignored) < 0)
            break;
        sys_wait(&item, 1, 100);
    }
    ask_forget(&b->ask, id);
}

/* What Windows refused is in its logs, which the witness reads, and nobody else may (rule W9). */
sys_handle boundary_records(const struct boundary *b)
{
    return b->ask.lost ? SYS_NONE : b->records.in;
}

bool boundary_record(struct boundary *b, struct arena *a, struct denial *out, uint64_t *lost)
{
    *lost = 0;
    return win_records_take(&b->records, a, out, lost, &b->lost_records);
}

uint64_t boundary_lost(struct boundary *b)
{
    uint64_t lost = b->lost_records;

    b->lost_records = 0;
    return lost;
}

void boundary_end(struct boundary *b)
{
    struct err ignored = {0};

    if (!b || b->ask.lost || !b->started || b->ending)
        return;
    b->ending = true;
    frame_end(&b->ask.out, frame_begin(&b->ask.out, FRAME_END, ++b->ask.next_id));
    send_out(b, &ignored);
}

void boundary_pending(const struct boundary *b, struct arena *a, struct str path, struct texts *lines)
{
    grants_tell(b->grants, a, path, lines);
}

void boundary_close(struct boundary *b)
{
    if (!b)
        return;
    boundary_end(b);
    grants_end(&b->grants);
    if (b->runner.process)
        WaitForSingleObject(b->runner.process, END_MS); /* it goes by itself; else its job is ended */
    for (size_t i = 0; i < ROWS_MAX; i++)
        row_end(&b->rows[i]);
    start_end(&b->runner);
    win_records_close(&b->records);
    win_close(&b->timer);
    for (size_t i = 0; i < b->root_count; i++)
        win_close(&b->roots[i]);
    ask_release(&b->ask);
    arena_release(&b->arena);
    free(b);
}
