/*
 * runner: cordon-runner.exe, the small program on the far side of the boundary on Windows. It runs as the sandbox's account (or, in
 * the unelevated tier, as the person), does the plan's ops that are its own, starts programs with the restricted token, and ends
 * everything when cordon goes. It links no policy and decides nothing.
 *
 *   cordon-runner.exe PID      PID: of the cordon that starts it. Its standard input and output are the control channel.
 *
 * It is a program for windows, so that no console is made for it, and imports nothing of user32: it is started on no desktop.
 * Rule W2: before anything else it closes itself to whatever it will start, the console hosts included.
 */
#include "win32.h"
#include "core/acls.h"
#include "core/frame.h"
#include "core/text.h"
#include "../conpty/conpty.h"

#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 48 /* waited on together with the control channel */
#define LEFT_MAX     64 /* commands that are over and left something running, without a console */

/* Until the plan says it better: to the system, and to the owner no more than to look. */
#define CLOSED_AT_FIRST "D:P(A;;GA;;;SY)(A;;RC;;;OW)"

struct runner {
    struct arena arena;
    sys_handle control;
    HANDLE answers;
    struct buf in, out;
    struct {
        struct op *v;
        size_t n, cap;
    } ops;
    struct texts accepted; /* parts that may be missing */
    bool built;
    struct confinement confinement;
    struct token_wish wish;
    struct running commands[COMMANDS_MAX];
    HANDLE left[LEFT_MAX]; /* their jobs */
    size_t next_left;
};

/* ---- answers ---- */

static void flush_out(struct runner *r)
{
    size_t at = 0;

    while (at < r->out.n) {
        DWORD done = 0;
        if (!WriteFile(r->answers, r->out.p + at, (DWORD)(r->out.n - at), &done, NULL))
            ExitProcess(0); /* cordon is gone, and everything with us: the jobs close */
        at += done;
    }
    buf_clear(&r->out);
}

static void answer_failed(struct runner *r, uint32_t id, const struct err *e)
{
    frame_put_failed(&r->out, id, e);
    flush_out(r);
}

static void answer_empty(struct runner *r, enum frame_type type, uint32_t id)
{
    frame_end(&r->out, frame_begin(&r->out, type, id));
    flush_out(r);
}

/* ---- the plan ---- */

/* Of the tier. */
static void tell_part(struct runner *r, uint32_t id, const char *words, long code)
{
    size_t mark = frame_begin(&r->out, FRAME_NOTE, id);

    frame_bytes(&r->out, str_from(words));
    frame_number(&r->out, (uint64_t)(uint32_t)code);
    frame_end(&r->out, mark);
    flush_out(r);
}

/* Something is not, or not to be seen, as it was asked for: nothing is held then, and that only the person can accept, by name. */
static bool missing(struct runner *r, uint32_t id, const char *why, long code, struct err *e)
{
    bool accepted = false;

    for (size_t i = 0; i < r->accepted.n; i++)
        accepted = accepted || str_is(r->accepted.v[i], PART_ENFORCEMENT);
    if (!accepted && e->kind == ERR_NONE) {
        err_set(e, ERR_UNSUPPORTED, "nothing would be held here");
        err_reason(e, "%s: not verified", why);
        err_remedy(e, "This system does not do what Windows does (Wine?). --not-enforced goes on without, and says so.");
    }
    if (!accepted)
        return false;
    err_clear(e);
    tell_part(r, id, arena_format(&r->arena, "%s: %s", PART_ENFORCEMENT, why).p, code);
    return true;
}

static bool close_one(struct runner *r, const struct op *op, bool *verified, struct err *e)
{
    bool good;

    if (str_is(op->text2, CLOSED_JOB)) {
        r->confinement.job.closed = op->text;
        *verified = true; /* that of each is made with it */
        return true;
    }
    if (str_is(op->text2, CLOSED_PROCESS) || !op->text2.n)
        return win_dacl_put(GetCurrentProcess(), op->text, verified, e);
    if (str_is(op->text2, CLOSED_THREAD))
        return win_dacl_put(GetCurrentThread(), op->text, verified, e);
    if (str_is(op->text2, CLOSED_DEVICES))
        return win_directory_close(L"\\??", op->text, verified, e);
    if (str_is(op->text2, CLOSED_TOKEN))
        good = win_dacl_put(token_own(), op->text, verified, e);
    else if (str_is(op->text2, CLOSED_DEFAULT)) {
        r->confinement.closed_default = op->text;
        good = token_default_dacl(token_own(), op->text, verified, e);
    } else
        good = err_set(e, ERR_PROTOCOL, "the plan closes something that there is not") || err_subject(e, op->text2);
    return good;
}

static bool set_job(struct runner *r, const struct op *op, struct err *e)
{
    struct job_wish *job = &r->confinement.job;

    if (str_is(op->text, JOB_KILL_ON_CLOSE))
        job->kill_on_close = op->number != 0;
    else if (str_is(op->text, JOB_MEMORY))
        job->memory = op->number;
    else if (str_is(op->text, JOB_PROCESSES))
        job->processes = op->number;
    else if (str_is(op->text, JOB_CPU))
        job->cpu = op->number;
    else
        return err_set(e, ERR_PROTOCOL, "the plan limits something that there is not") || err_subject(e, op->text);
    return true;
}

static bool apply_one(struct runner *r, const struct op *op, uint32_t id, struct err *e)
{
    bool verified = true, good = true;

    switch (op->kind) {
    case OP_ACCOUNT: /* cordon started us as it; that we are it can be seen from here alone */
        if (op->text2.n && !str_eq(token_user(&r->arena), op->text2)) {
            err_set(e, ERR_UNSUPPORTED, "the runner runs as somebody else");
            err_subject(e, token_user(&r->arena));
            return err_remedy(e, "Run: cordon repair");
        }
        break;
    case OP_RUNNER_CLOSED:
        good = close_one(r, op, &verified, e);
        break;
    case OP_STATION:
        good = station_make(op->text, op->text2, r->confinement.desktop, COUNT_OF(r->confinement.desktop), &verified, e);
        break;
    case OP_TOKEN:
        r->wish.flags = (DWORD)op->number;
        break;
    case OP_RESTRICT:
        *(struct str *)ARENA_PUSH(&r->arena, &r->wish.restricting) = op->text;
        break;
    case OP_DEFAULT_DACL:
        r->wish.default_dacl = op->text;
        break;
    case OP_JOB:
        good = set_job(r, op, e);
        break;
    default: /* of the person's, or of another system: not ours to do */
        return err_set(e, ERR_PROTOCOL, "the runner was sent an op that is not its own");
    }
    if (good && verified)
        return true;
    if (op->on_failure == FAIL_SKIP) {
        tell_part(r, id, "programs inside may say what a drive letter is for what starts them (\\?? stays open)", e->code);
        err_clear(e);
        return true;
    }
    return missing(r, id, op->kind == OP_STATION ? "the window station" : "what closes the runner to its children", e->code, e);
}

/* The token is made once, and a job to see that its limits come back; each command then has a job of its own. */
static bool build(struct runner *r, uint32_t id, struct err *e)
{
    const char *why = NULL;
    HANDLE tried = NULL;
    bool token = false;

    for (size_t i = 0; i < r->ops.n; i++) {
        token = token || r->ops.v[i].kind == OP_TOKEN;
        if (!apply_one(r, &r->ops.v[i], id, e))
            return false;
    }
    if (!token)
        return err_set(e, ERR_PROTOCOL, "the plan makes no token");
    r->confinement.open_default = r->wish.default_dacl;
    if (!token_make(&r->wish, &r->confinement.token, &why, e))
        return false;
    if (why && !missing(r, id, why, ERROR_NOT_SUPPORTED, e))
        return false;
    if (!job_make(&r->confinement.job, &tried, &why, e))
        return false;
    win_close(&tried);
    return !why || missing(r, id, why, ERROR_NOT_SUPPORTED, e);
}

/* Which logon is ours: what the system's log calls it, and the witness goes by. 0: any. */
static uint64_t own_logon(void)
{
    TOKEN_STATISTICS statistics;
    DWORD n = 0;
    HANDLE own = token_own();

    if (!own || !GetTokenInformation(own, TokenStatistics, &statistics, sizeof statistics, &n))
        return 0;
    return (uint64_t)(uint32_t)statistics.AuthenticationId.HighPart << 32 | statistics.AuthenticationId.LowPart;
}

static bool handle_build(struct runner *r, const struct frame *f, struct err *e)
{
    struct frame_reader fields;
    size_t mark;

    if (r->built)
        return err_set(e, ERR_PROTOCOL, "the plan was applied already");
    frame_read(&fields, f);
    while (frame_more(&fields))
        *(struct str *)ARENA_PUSH(&r->arena, &r->accepted) = arena_str(&r->arena, frame_get_bytes(&fields));
    if (!frame_done(&fields))
        return err_set(e, ERR_PROTOCOL, "the end of the plan did not arrive as it was sent");
    if (!build(r, f->id, e))
        return false;
    r->built = true;
    mark = frame_begin(&r->out, FRAME_READY, f->id);
    frame_number(&r->out, own_logon());
    frame_end(&r->out, mark);
    flush_out(r);
    return true;
}

/* ---- programs ---- */

static struct running *free_row(struct runner *r)
{
    for (size_t i = 0; i < COMMANDS_MAX; i++)
        if (!r->commands[i].id)
            return &r->commands[i];
    return NULL;
}

static struct running *row_of(struct runner *r, uint32_t id)
{
    for (size_t i = 0; id && i < COMMANDS_MAX; i++)
        if (r->commands[i].id == id)
            return &r->commands[i];
    return NULL;
}

static bool handle_spawn(struct runner *r, const struct frame *f, struct err *e)
{
    struct spawn_request q;
    struct arena a = {0};
    struct running *row = free_row(r);
    size_t mark;
    bool good;

    good = hand_take_program(f, &a, &q) || err_set(e, ERR_PROTOCOL, "a program did not arrive as it was sent");
    good = good && (r->built || err_set(e, ERR_PROTOCOL, "nothing is confined yet"));
    good = good && (row || err_set(e, ERR_LIMIT, "more than %d programs at once", COMMANDS_MAX));
    if (good) {
        row->id = f->id;
        good = command_spawn(&r->confinement, &q, row, e);
        if (!good)
            row->id = 0;
    } else {
        command_forget(&q);
    }
    arena_release(&a);
    if (!good)
        return false;
    mark = frame_begin(&r->out, FRAME_SPAWNED, f->id);
    frame_number(&r->out, row->pid);
    frame_end(&r->out, mark);
    flush_out(r);
    return true;
}

/* Also what commands that are over have left. How many processes. */
static size_t end_all(struct runner *r, int number)
{
    size_t count = 0;

    for (size_t i = 0; i < COMMANDS_MAX; i++)
        if (r->commands[i].id) {
            count += job_count(r->commands[i].job);
            command_end(&r->commands[i], number);
        }
    for (size_t i = 0; i < LEFT_MAX; i++)
        if (r->left[i]) {
            count += job_count(r->left[i]);
            TerminateJobObject(r->left[i], 128u + (UINT)number);
        }
    return count;
}

static bool handle_signal(struct runner *r, const struct frame *f, struct err *e)
{
    struct running *row = row_of(r, f->id);
    struct frame_reader fields;
    uint64_t number;
    size_t mark;

    frame_read(&fields, f);
    number = frame_get_number(&fields);
    frame_get_number(&fields); /* the whole group: there is nothing smaller than the job */
    if (!frame_done(&fields) || number > 64)
        return err_set(e, ERR_PROTOCOL, "a signal did not arrive as it was sent");
    if (row && number == SIGNAL_INTERRUPT)
        command_interrupt(row);
    else if (row && number)
        command_end(row, (int)number);
    mark = frame_begin(&r->out, FRAME_CHANGED, f->id);
    if (!f->id)
        frame_number(&r->out, number ? end_all(r, (int)number) : 0);
    frame_end(&r->out, mark);
    flush_out(r);
    return true;
}

static bool handle_resize(struct runner *r, const struct frame *f, struct err *e)
{
    struct running *row = row_of(r, f->id);
    uint16_t rows, columns;

    if (!hand_take_size(f, &rows, &columns))
        return err_set(e, ERR_PROTOCOL, "a size did not arrive as it was sent");
    if (row && !row->exited)
        console_resize(row->console, rows, columns);
    return true;
}

/* What a command leaves running lives on in its job, as long as that is among the last of them, or the boundary. */
static void keep_job(struct runner *r, HANDLE job)
{
    size_t at = r->next_left;

    for (size_t i = 0; i < LEFT_MAX; i++) {
        if (r->left[i] && job_count(r->left[i]) == 0)
            win_close(&r->left[i]);
        if (!r->left[i])
            at = i;
    }
    if (!job)
        return;
    if (at == r->next_left)
        r->next_left = (r->next_left + 1) % LEFT_MAX;
    win_close(&r->left[at]);
    r->left[at] = job;
}

static void turn_commands(struct runner *r)
{
    for (size_t i = 0; i < COMMANDS_MAX; i++) {
        struct running *row = &r->commands[i];
        bool truncated = false;
        if (!row->id || !command_turn(row, &truncated))
            continue;
        hand_exited(&r->out, row->id, row->code, row->ended_by, truncated);
        keep_job(r, row->job);
        *row = (struct running){0};
        flush_out(r);
    }
}

/* ---- the loop ---- */

static void handle_end(struct runner *r, uint32_t id)
{
    end_all(r, 9);
    answer_empty(r, FRAME_ENDED, id);
    ExitProcess(0); /* the jobs close with us */
}

static bool handle(struct runner *r, const struct frame *f, struct err *e)
{
    struct op op;

    switch (f->type) {
    case FRAME_OP:
        if (r->ops.n >= PLAN_OPS_MAX)
            return err_set(e, ERR_LIMIT, "a plan of more than %d ops", PLAN_OPS_MAX);
        if (!frame_get_op(f, &r->arena, &op, e))
            return false;
        *(struct op *)ARENA_PUSH(&r->arena, &r->ops) = op;
        return true;
    case FRAME_BUILD:
        return handle_build(r, f, e);
    case FRAME_SPAWN:
        return handle_spawn(r, f, e);
    case FRAME_SIGNAL:
        return handle_signal(r, f, e);
    case FRAME_RESIZE:
        return handle_resize(r, f, e);
    case FRAME_END:
        handle_end(r, f->id);
        return true;
    default:
        ExitProcess(1); /* not a request: whoever sends it is not cordon */
    }
}

static void serve_control(struct runner *r)
{
    static char bytes[65536];
    long code = 0, n = sys_read(r->control, bytes, sizeof bytes, &code);
    struct frame f;
    size_t used;
    int state;

    if (n == -1)
        return;
    if (n <= 0)
        ExitProcess(0); /* cordon is gone */
    buf_add(&r->in, bytes, (size_t)n);
    for (;;) {
        struct err e = {0};
        state = frame_take(buf_view(&r->in), &f, &used, &e);
        if (state < 0 || r->in.overflowed)
            ExitProcess(1);
        if (state == 0)
            return;
        if (!handle(r, &f, &e))
            answer_failed(r, f.id, &e);
        buf_consume(&r->in, used);
    }
}

static void loop(struct runner *r)
{
    for (;;) {
        struct sys_wait items[COMMANDS_MAX + 1] = {{r->control, SYS_READ, 0}};
        sys_handle events[COMMANDS_MAX];
        size_t count = 0;
        int ms = -1, one;
        for (size_t i = 0; i < COMMANDS_MAX; i++) {
            if (!r->commands[i].id)
                continue;
            events[count] = sys_from_event(command_waits(&r->commands[i], &one));
            items[count + 1] = (struct sys_wait){events[count], SYS_READ, 0};
            count++;
            if (one >= 0 && (ms < 0 || one < ms))
                ms = one;
        }
        sys_wait(items, count + 1, ms);
        for (size_t i = 0; i < count; i++)
            sys_forget(&events[i]); /* the handles are the commands' */
        turn_commands(r);
        if (items[0].got)
            serve_control(r);
    }
}

/* ---- birth ---- */

static bool is_parent(HANDLE pipe, unsigned long pid)
{
    PROCESS_BASIC_INFORMATION us;
    ULONG n = 0, server = 0;

    memset(&us, 0, sizeof us);
    if (GetNamedPipeServerProcessId(pipe, &server) && server == pid)
        return true; /* an anonymous pipe has one, too: who made it */
    return NtQueryInformationProcess(GetCurrentProcess(), ProcessBasicInformation, &us, sizeof us, &n) >= 0 &&
           us.InheritedFromUniqueProcessId == pid;
}

/* What somebody inside could start is refused: this program in the hands of a restricted token, without its two pipes, or by anybody
 * but the process whose number it was given. */
static bool was_started_rightly(HANDLE in, HANDLE out, const wchar_t *words)
{
    unsigned long pid = wcstoul(words, NULL, 10);

    return !token_is_restricted() && GetFileType(in) == FILE_TYPE_PIPE && GetFileType(out) == FILE_TYPE_PIPE && pid &&
           is_parent(in, pid);
}

/* The loader's own workers came before us, with the account's default list, and the account's SID is in the restricting list of what
 * runs inside. The token's list is closed before, so that those that come after are born closed. */
static bool close_at_first(void)
{
    struct err ignored = {0};
    bool verified[3] = {0};

    return token_own() && token_default_dacl(token_own(), STR(CLOSED_AT_FIRST), &verified[0], &ignored) &&
           win_dacl_put(GetCurrentProcess(), STR(CLOSED_AT_FIRST), &verified[1], &ignored) &&
           win_close_threads(STR(CLOSED_AT_FIRST)) && win_dacl_put(GetCurrentThread(), STR(CLOSED_AT_FIRST), &verified[2], &ignored) && verified[0] && verified[1];
}

/* We have no console, and no key of it comes here; Wine hands Ctrl-C of the terminal that it was started in to all. Not inherited. */
static BOOL WINAPI stay(DWORD what)
{
    return what == CTRL_C_EVENT || what == CTRL_BREAK_EVENT;
}

int wmain(int argc, wchar_t **argv); /* what the C runtime calls where -municode links it */
int wmain(int argc, wchar_t **argv)
{
    static struct runner r;
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);

    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!close_at_first())
        return 3;
    SetConsoleCtrlHandler(NULL, FALSE); /* else everything inside would be deaf to Ctrl-C (CREATE_NEW_PROCESS_GROUP) */
    SetConsoleCtrlHandler(stay, TRUE);
    if (argc != 2 || !was_started_rightly(in, out, argv[1]))
        return 2;
    SetHandleInformation(in, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(out, HANDLE_FLAG_INHERIT, 0);
    SetStdHandle(STD_INPUT_HANDLE, NULL); /* no child is to be given them by default */
    SetStdHandle(STD_OUTPUT_HANDLE, NULL);
    SetStdHandle(STD_ERROR_HANDLE, NULL);
    r.control = sys_from_stream(in, NULL);
    r.answers = out;
    r.in.ceiling = 2 * (FRAME_BYTES_MAX + FRAME_HEADER);
    sys_nonblocking(r.control, true);
    loop(&r);
    return 0;
}
