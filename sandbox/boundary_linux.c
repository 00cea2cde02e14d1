/*
 * boundary: the trusted side of one runner: begin (clone into new namespaces), build (hand the plan over),
 * prove, start programs, narrow, close. What is asked and answered without a system is in ask.c.
 */
#include "linux.h"
#include "ask.h"
#include "core/layers.h"
#include "core/text.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ANSWER_MS    15000
#define END_MS       2000

struct boundary {
    struct started runner;
    struct ask ask;
    int fds[RUNNER_FDS_MAX];
    size_t fd_count;
    uint32_t building; /* the id of the BUILD that was sent */
    uint32_t ending; /* the id of an END that was sent */
    uint32_t held;   /* the id of a program that waits to be let go */
    int go;          /* where that is said; -1 */
    bool held_terminal;
    uint64_t lost_records; /* that are not to be had: no room for them, or not as they are sent */
    char cgroup[PATH_BYTES_MAX];
    struct names names;
    struct buf advanced; /* ops that were sent in advance, as they were sent */
    size_t advanced_n;   /* with so many of them begins the plan that is to be handed over */
};

/* ---- asking and answering ---- */

static bool explain_lost(struct boundary *b, struct err *e)
{
    b->ask.lost = true;
    return start_explain(&b->runner, e);
}

static void take_exited(void *context, const struct frame *f)
{
    struct boundary *b = context;
    struct event event;

    if (ask_exited(f, &event))
        ask_tell(&b->ask, event);
}

/* More bytes from the runner into b->ask.in. 1 some, 0 none now, -1 it is gone. */
static int receive(void *context, int wait_ms, struct err *e)
{
    struct boundary *b = context;
    static char bytes[65536];
    int fds[RUNNER_FDS_MAX];
    size_t got = 0;
    ssize_t n;

    if (wait_ms) {
        struct pollfd p = {.fd = b->runner.control, .events = POLLIN};
        int ready;
        do
            ready = poll(&p, 1, wait_ms);
        while (ready < 0 && errno == EINTR);
        if (ready == 0) {
            b->ask.lost = true;
            err_set(e, ERR_LIMIT, "the runner does not answer");
            return -1;
        }
    }
    n = sys_receive(b->runner.control, bytes, sizeof bytes, fds, &got, false);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (n <= 0) {
        explain_lost(b, e);
        return -1;
    }
    for (size_t i = 0; i < got; i++) {
        if (b->fd_count < RUNNER_FDS_MAX)
            b->fds[b->fd_count++] = fds[i];
        else
            close(fds[i]);
    }
    buf_add(&b->ask.in, bytes, (size_t)n);
    return 1;
}

static bool send_out(struct boundary *b, const int *fds, size_t fd_count, struct err *e)
{
    bool good;

    if (b->ask.lost) {
        buf_clear(&b->ask.out);
        return err_set(e, ERR_SYSTEM, "the runner is gone");
    }
    good = !b->ask.out.overflowed && sys_send_frames(b->runner.control, b->ask.out.p, b->ask.out.n, fds, fd_count);
    buf_clear(&b->ask.out);
    return good || explain_lost(b, e);
}

/* ---- begin ---- */

bool boundary_begin(struct boundary **out, bool new_network, struct err *e)
{
    struct started started;
    struct boundary *b;

    if (!start_runner(new_network, &started, e))
        return false;
    b = calloc(1, sizeof *b);
    if (!b) {
        close(started.records);
        close(started.control); /* the runner sees its end and goes */
        return err_set(e, ERR_LIMIT, "no memory");
    }
    b->runner = started;
    ask_begin(&b->ask, ANSWER_MS, b, receive, take_exited);
    b->go = -1;
    *out = b;
    return true;
}

/* ---- build ---- */

struct build {
    struct arena *a;
    struct plan *plan;
};

static void add_missing(struct build *build, struct str part, int code)
{
    struct str shown = text_printable(build->a, part);

    *(struct str *)ARENA_PUSH(build->a, &build->plan->partial) =
        arena_format(build->a, "%.*s: not in force (%s)", (int)shown.n, shown.p, strerror(code));
}

static bool take_note(void *context, const struct frame *f)
{
    struct build *build = context;
    struct frame_reader fields;
    struct str part;
    int code;

    frame_read(&fields, f);
    if (f->type != FRAME_NOTE)
        return frame_done(&fields);
    part = frame_get_bytes(&fields);
    code = (int)frame_get_number(&fields);
    if (part.n != 0)
        add_missing(build, part, code);
    else if (!texts_have(&build->plan->notes, STR(NOTE_PLAIN_COVERS)))
        *(struct str *)ARENA_PUSH(build->a, &build->plan->notes) = STR(NOTE_PLAIN_COVERS);
    return frame_done(&fields);
}

static bool put_plan(struct boundary *b, uint32_t id, const struct plan *plan,
    const struct texts *partial_accepted, struct err *e)
{
    if (b->advanced.n && !b->advanced_n)
        return err_set(e, ERR_BUG, "the plan does not begin as it was begun");
    if (!names_hold(&b->names, plan->v, plan->n, partial_accepted, e))
        return false;
    for (size_t i = b->advanced_n; i < plan->n; i++) {
        const struct op *op = &plan->v[i];
        struct op held = *op;
        if (op->kind == OP_CGROUP && !start_limited(&b->runner, op, b->cgroup, sizeof b->cgroup, e)) {
            if (op->on_failure != FAIL_SKIP)
                return false;
            err_clear(e);
        }
        if (op->kind == OP_OVERLAY &&
            (!sys_make_folders(op->text, 0700, e) || !sys_make_folders(op->text2, 0700, e)))
            return false;
        if (op->kind == OP_BIRTHPLACE && (op->number == 1 || names_identity(&held)))
            frame_put_op(&b->ask.out, id, op); /* what is bound over it is ours alone */
        else if (op->kind != OP_BIRTHPLACE && (op->kind != OP_PLACEHOLDER || names_identity(&held)))
            frame_put_op(&b->ask.out, id, &held);
    }
    ask_build(&b->ask.out, FRAME_BUILD, id, partial_accepted);
    return true;
}

/* ---- prove ---- */

static void put_probes(struct boundary *b, uint32_t id, struct probe *probes, size_t count)
{
    size_t mark = frame_begin(&b->ask.out, FRAME_PROVE, id);

    ask_attempts(&b->ask.out, probes, count);
    frame_end(&b->ask.out, mark);
}

bool boundary_prove(struct boundary *b, struct probe *probes, size_t count, struct err *e)
{
    struct ask_probes proof = {probes, count};
    uint32_t id = ++b->ask.next_id;

    put_probes(b, id, probes, count);
    if (!send_out(b, NULL, 0, e))
        return false;
    for (size_t i = 0; i < count; i++)
        probe_control(&probes[i]);
    return ask_await(&b->ask, id, FRAME_PROBED, ask_probed, &proof, FRAME_PROVED, e);
}

bool boundary_layer(struct boundary *b, const struct op *op)
{
    struct err ignored = {0};

    if (access(op->text.p, F_OK) != 0 || access(op->text2.p, F_OK) != 0)
        return false;
    frame_put_op(&b->ask.out, 0, op);
    frame_end(&b->ask.out, frame_begin(&b->ask.out, FRAME_LAYER, 0));
    return send_out(b, NULL, 0, &ignored); /* that the runner is gone is said when the plan is handed over */
}

void boundary_advance(struct boundary *b, const struct plan *beginning, const struct texts *partial_accepted)
{
    struct err ignored = {0};

    if (b->advanced.n || b->building)
        return;
    for (size_t i = 0; i < beginning->n; i++)
        frame_put_op(&b->advanced, 0, &beginning->v[i]);
    buf_str(&b->ask.out, buf_view(&b->advanced));
    ask_build(&b->ask.out, FRAME_BEGINNING, 0, partial_accepted);
    send_out(b, NULL, 0, &ignored);
}

bool boundary_fits(struct boundary *b, const struct plan *plan)
{
    struct buf same = {0};
    size_t n = 0;

    while (n < plan->n && same.n < b->advanced.n)
        frame_put_op(&same, 0, &plan->v[n++]);
    b->advanced_n = str_eq(buf_view(&same), buf_view(&b->advanced)) ? n : 0;
    buf_release(&same);
    return b->advanced_n || !b->advanced.n;
}

bool boundary_hand(struct boundary *b, const struct plan *plan, const struct texts *partial_accepted, const struct disk_watch *watch,
    struct err *e)
{
    (void)watch; /* mounts take no time */
    b->building = ++b->ask.next_id;
    return put_plan(b, b->building, plan, partial_accepted, e) && send_out(b, NULL, 0, e);
}

/* ---- programs ---- */

/* go: where the program waits for a byte; -1: it does not. */
static bool send_launch(struct boundary *b, uint32_t id, const struct launch *launch, struct probe *probes,
    size_t count, int go, struct err *e)
{
    int fds[6];
    size_t fd_count = 0;

    ask_launch(&b->ask.out, id, launch, probes, count);
    for (int i = 0; i < 3; i++) {
        if (launch->std[i] == STD_HANDLE)
            fds[fd_count++] = (int)launch->std_handle[i];
    }
    if (launch->extra != SYS_NONE)
        fds[fd_count++] = (int)launch->extra;
    if (launch->after)
        fds[fd_count++] = (int)launch->after->terminal;
    if (go >= 0)
        fds[fd_count++] = go;
    if (b->ask.out.n == 0) {
        err_set(e, ERR_LIMIT, "the command line and environment are too long");
        return err_reason(e, "more than %d MiB", (int)(FRAME_BYTES_MAX >> 20));
    }
    return send_out(b, fds, fd_count, e);
}

static bool await_spawned(struct boundary *b, uint32_t id, bool terminal, struct command *out, struct err *e)
{
    struct command command = {.id = id, .terminal = SYS_NONE};
    uint64_t pid = 0;

    if (!ask_await(&b->ask, id, FRAME_SPAWNED, ask_number, &pid, FRAME_SPAWNED, e))
        return false;
    command.pid_inside = (int64_t)pid;
    if (b->fd_count > 0)
        command.terminal = b->fds[0];
    for (size_t i = 1; i < b->fd_count; i++)
        close(b->fds[i]);
    b->fd_count = 0;
    if (terminal && command.terminal == SYS_NONE)
        return err_set(e, ERR_PROTOCOL, "the runner sent no terminal");
    *out = command;
    return true;
}

bool boundary_spawn(struct boundary *b, const struct launch *launch, struct command *out, struct err *e)
{
    uint32_t id = ++b->ask.next_id;

    sys_handle terminal = launch->after ? launch->after->terminal : SYS_NONE; /* *out may be the same one */

    if (!send_launch(b, id, launch, NULL, 0, -1, e) ||
        !await_spawned(b, id, launch->terminal && !launch->after, out, e))
        return false;
    if (launch->after)
        out->terminal = terminal;
    return true;
}

/* ---- the first program, and the proof that its process makes ---- */

static bool send_held(struct boundary *b, const struct launch *first, struct probe *probes, size_t count,
    struct err *e)
{
    int ends[2];
    bool good;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        err_set(e, ERR_SYSTEM, "cannot make a pipe");
        sys_reason(e, errno);
        return false;
    }
    b->go = ends[1];
    b->held = b->ask.next_id;
    b->held_terminal = first->terminal;
    good = send_launch(b, b->held, first, probes, count, ends[0], e);
    close(ends[0]);
    return good;
}

/* The request for proof goes out while the runner builds, and so are the controls made here. */
bool boundary_build(struct boundary *b, struct arena *a, struct plan *plan, struct probe *probes,
    size_t count, const struct launch *first, struct err *e)
{
    struct build build = {a, plan};
    struct ask_probes proof = {probes, count};
    uint32_t proved = ++b->ask.next_id;

    if (b->names.missing.n)
        add_missing(&build, b->names.missing, b->names.missing_code);
    if (first && count > 0) {
        if (!send_held(b, first, probes, count, e))
            return false;
    } else {
        put_probes(b, proved, probes, count);
        if (!send_out(b, NULL, 0, e))
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (probes[i].control == ANSWER_UNKNOWN) /* else it was made when the attempt was chosen */
            probe_control(&probes[i]);
    return ask_await(&b->ask, b->building, FRAME_NOTE, take_note, &build, FRAME_READY, e) &&
           ask_await(&b->ask, proved, FRAME_PROBED, ask_probed, &proof, FRAME_PROVED, e);
}

bool boundary_release(struct boundary *b, struct err *e)
{
    bool good = b->go >= 0 && write(b->go, "", 1) == 1;

    if (b->go >= 0)
        close(b->go);
    b->go = -1;
    if (!good) {
        err_set(e, ERR_SYSTEM, "cannot start the program");
        sys_reason(e, errno);
    }
    return good;
}

bool boundary_released(struct boundary *b, struct command *out, struct err *e)
{
    return await_spawned(b, b->held, b->held_terminal, out, e);
}

bool boundary_signal(struct boundary *b, uint32_t command, int signal_number, bool group, struct err *e)
{
    ask_signal(&b->ask.out, command, signal_number, group);
    return send_out(b, NULL, 0, e) && ask_await(&b->ask, command, FRAME_CHANGED, ask_nothing, NULL, FRAME_CHANGED, e);
}

struct place {
    struct arena *a;
    struct str path;
};

static bool take_place(void *context, const struct frame *f)
{
    struct place *place = context;
    struct frame_reader fields;
    struct str path;

    frame_read(&fields, f);
    path = frame_get_bytes(&fields);
    if (!frame_done(&fields) || path.n == 0 || path.n >= PATH_BYTES_MAX ||
        str_find(path, 0, '\0') != path.n)
        return false;
    place->path = arena_str(place->a, path);
    return true;
}

bool boundary_where(struct boundary *b, struct arena *a, uint32_t command, struct str *out, struct err *e)
{
    struct place place = {a, {0}};

    frame_end(&b->ask.out, frame_begin(&b->ask.out, FRAME_WHERE, command));
    if (!send_out(b, NULL, 0, e) || !ask_await(&b->ask, command, FRAME_PLACE, take_place, &place, FRAME_PLACE, e))
        return false;
    *out = place.path;
    return true;
}

static bool take_foreground(void *context, const struct frame *f)
{
    struct foreground *out = context;
    struct frame_reader fields;

    frame_read(&fields, f);
    out->group = (int64_t)frame_get_number(&fields);
    out->itself = frame_get_number(&fields) != 0;
    out->waiting_for_terminal = frame_get_number(&fields) != 0;
    out->deaf = frame_get_number(&fields) != 0;
    text_printable_into(out->program, sizeof out->program, frame_get_bytes(&fields));
    return frame_done(&fields);
}

bool boundary_foreground(struct boundary *b, uint32_t command, struct foreground *out, struct err *e)
{
    frame_end(&b->ask.out, frame_begin(&b->ask.out, FRAME_FOREGROUND, command));
    return send_out(b, NULL, 0, e) && ask_await(&b->ask, command, FRAME_FOREGROUND_IS, take_foreground, out, FRAME_FOREGROUND_IS, e);
}

struct change {
    struct arena *a;
    uint64_t *ended;
    struct str *names;
};

static bool take_changed(void *context, const struct frame *f)
{
    struct change *change = context;
    struct frame_reader fields;

    frame_read(&fields, f);
    *change->ended = frame_get_number(&fields);
    *change->names = text_printable(change->a, frame_get_bytes(&fields));
    return frame_done(&fields);
}

bool boundary_narrow(struct boundary *b, struct arena *a, const struct op *op, uint64_t *ended,
    struct str *names, struct err *e)
{
    struct change change = {a, ended, names};
    struct texts none = {0};
    struct op held = *op;
    uint32_t id = ++b->ask.next_id;

    if (!names_hold(&b->names, op, 1, &none, e))
        return false;
    *ended = 0;
    if (op->kind == OP_PLACEHOLDER && !names_identity(&held))
        return true; /* cannot be made inside either */
    frame_put_op(&b->ask.out, id, &held);
    frame_end(&b->ask.out, frame_begin(&b->ask.out, FRAME_CHANGE, id));
    return send_out(b, NULL, 0, e) && ask_await(&b->ask, id, FRAME_CHANGED, take_changed, &change, FRAME_CHANGED, e);
}

/* ---- events, end ---- */

sys_handle boundary_handle(const struct boundary *b)
{
    return b->runner.control;
}

bool boundary_event(struct boundary *b, struct event *out, struct err *e)
{
    ask_look(&b->ask, e);
    ask_event(&b->ask, out);
    return true;
}

/* ---- records ---- */

sys_handle boundary_records(const struct boundary *b)
{
    return b->runner.records;
}

bool boundary_record(struct boundary *b, struct arena *a, struct denial *out, uint64_t *lost)
{
    return record_take(&b->runner.records, a, out, lost, &b->lost_records);
}

uint64_t boundary_lost(struct boundary *b)
{
    uint64_t lost = b->lost_records;

    b->lost_records = 0;
    return lost;
}

void boundary_end(struct boundary *b)
{
    if (!b || b->ask.lost || b->ending)
        return;
    b->ending = ++b->ask.next_id;
    frame_end(&b->ask.out, frame_begin(&b->ask.out, FRAME_END, b->ending));
    b->ask.lost = !sys_send_frames(b->runner.control, b->ask.out.p, b->ask.out.n, NULL, 0);
    buf_clear(&b->ask.out);
}

/* True once the runner has said that nothing but itself is left. */
static bool has_ended(struct boundary *b)
{
    struct err ignored = {0};
    struct frame f;
    size_t used;
    uint64_t deadline = sys_milliseconds() + END_MS;

    while (!b->ask.lost && sys_milliseconds() < deadline) {
        int state = ask_next(&b->ask, &f, &used, &ignored);
        if (state > 0) {
            bool ended = f.type == FRAME_ENDED && f.id == b->ending;
            buf_consume(&b->ask.in, used);
            if (ended)
                return true;
        } else if (state < 0 || receive(b, END_MS, &ignored) < 0) {
            return false;
        }
    }
    return false;
}

/* A mount is there or not. */
void boundary_pending(const struct boundary *b, struct arena *a, struct str path, struct texts *lines)
{
    (void)b;
    (void)a;
    (void)path;
    (void)lines;
}

void boundary_close(struct boundary *b)
{
    siginfo_t info;
    bool gone = false;

    if (!b)
        return;
    boundary_end(b);
    if (!has_ended(b) || b->cgroup[0]) { /* a cgroup can be removed only when the runner has left it too */
        /* pid 1 goes first and the kernel ends the rest; the wait returns when the last of them is gone. */
        syscall(SYS_pidfd_send_signal, b->runner.pidfd, SIGKILL, NULL, 0);
        while (waitid((idtype_t)3 /* P_PIDFD */, (id_t)b->runner.pidfd, &info, WEXITED) != 0 && errno == EINTR)
            ;
        gone = true;
    }
    for (size_t i = 0; i < b->fd_count; i++)
        close(b->fds[i]);
    if (b->go >= 0)
        close(b->go);
    close(b->runner.control);
    close(b->runner.said);
    if (b->runner.records >= 0)
        close(b->runner.records);
    if (gone)
        close(b->runner.pidfd);
    else
        start_reap_later(b->runner.pidfd);
    if (b->cgroup[0])
        rmdir(b->cgroup);
    names_release(&b->names);
    ask_release(&b->ask);
    buf_release(&b->advanced);
    free(b);
}
