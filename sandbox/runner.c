/*
 * runner: the small program on the far side of the boundary. It is pid 1 of the sandbox's own namespaces,
 * applies the plan that cordon sends, starts programs confined, reaps them, and ends everything when cordon
 * goes. It links no policy and decides nothing: each frame is a request from the one trusted side, and still
 * each is checked, for its form and for whether it may come now.
 *
 * What runs inside cannot reach it: it is not dumpable, outside the tree's Landlock domain, keeps its
 * capabilities to itself (they count only in its own user namespace), and has no descriptor of the outer
 * mounts once the plan is applied.
 */
#include "observe/observe.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#define COMMANDS_MAX    256
#define HOLDER_ROUNDS   6
#define KEEPER_MS       3000 /* that it may take to be still */

struct running {
    uint32_t id;
    pid_t pid; /* 0: this row is free */
    int terminal;
};

struct runner {
    struct arena arena;
    struct buf in, out;
    int fds[RUNNER_FDS_MAX];
    size_t fd_count;
    struct {
        struct op *v;
        size_t n, cap;
    } ops;
    bool built;
    size_t applied; /* ops, before the plan was complete; */
    struct err early; /* and what went wrong with them */
    struct {
        struct op *v;
        size_t n, cap;
    } plan; /* as it was applied; the keeper's */
    struct confinement confinement;
    struct cache_layer layer; /* made in advance, until BUILD */
    struct recorder recorder;
    struct cover_server covers;
    struct watch watch;
    struct running commands[COMMANDS_MAX];
};

/* ---- answers ---- */

static void flush_out(struct runner *r, const int *fds, size_t fd_count)
{
    if (!sys_send_frames(CONTROL_FD, r->out.p, r->out.n, fds, fd_count))
        exit(0); /* cordon is gone; the kernel ends everything with us */
    buf_clear(&r->out);
}

static void answer_failed(struct runner *r, uint32_t id, const struct err *e)
{
    frame_put_failed(&r->out, id, e);
    flush_out(r, NULL, 0);
}

static void answer_empty(struct runner *r, enum frame_type type, uint32_t id)
{
    frame_end(&r->out, frame_begin(&r->out, type, id));
    flush_out(r, NULL, 0);
}

/* ---- BUILD ---- */

static void note_partial(void *context, const struct op *op, long code)
{
    struct runner *r = context;
    size_t mark = frame_begin(&r->out, FRAME_NOTE, 0);

    frame_bytes(&r->out, op->part);
    frame_number(&r->out, (uint64_t)code);
    frame_end(&r->out, mark);
}

/* Where there was no server for them, a secret's covers are plain. */
static void note_plain(struct runner *r)
{
    size_t mark = frame_begin(&r->out, FRAME_NOTE, 0);

    frame_bytes(&r->out, (struct str){0});
    frame_number(&r->out, ENODEV);
    frame_end(&r->out, mark);
}

static bool has_secret(const struct runner *r)
{
    for (size_t i = 0; i < r->ops.n; i++) {
        const struct op *op = &r->ops.v[i];
        if (op->number == 1 &&
            (op->kind == OP_COVER_FOLDER || op->kind == OP_COVER_FILE || op->kind == OP_LATER_SECRET))
            return true;
    }
    return false;
}

/* 0, 1 and 2 came from outside; from here on they are the inside's own /dev/null. */
static bool forget_outside(struct err *e)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || chdir("/") != 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) {
        err_set(e, ERR_SYSTEM, "cannot let go of the outside");
        sys_reason(e, errno);
        return false;
    }
    close(null);
    return true;
}

/* Of the file system that plain covers are clones of. */
static bool find_cover_device(struct runner *r)
{
    struct statx st;

    if (statx(r->confinement.empty_folder, "", AT_EMPTY_PATH, 0, &st) != 0)
        return false;
    r->watch.cover_device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
    return r->watch.cover_device != 0;
}

/* The ops that came since. The fields are the parts that may be missing. */
static bool apply_more(struct runner *r, const struct frame *f, struct cache_layer *layer, struct err *e)
{
    struct frame_reader fields;
    struct texts partial = {0};
    struct apply apply = {&r->arena, &r->confinement, &partial, note_partial, r, layer};
    size_t from = r->applied;

    frame_read(&fields, f);
    while (frame_more(&fields))
        *(struct str *)ARENA_PUSH(&r->arena, &partial) = arena_str(&r->arena, frame_get_bytes(&fields));
    if (r->built || !frame_done(&fields))
        return err_set(e, ERR_PROTOCOL, "a plan was to be applied twice, or its parts did not arrive");
    r->applied = r->ops.n;
    return apply_plan(&apply, r->ops.n > from ? r->ops.v + from : NULL, r->ops.n - from, e);
}

static bool handle_build(struct runner *r, const struct frame *f, struct err *e)
{
    *e = r->early;
    if (e->kind || !apply_more(r, f, &r->layer, e) || !cover_server_hide(&r->confinement, e) || !forget_outside(e))
        return false;
    if (r->covers.pid <= 0 && has_secret(r))
        note_plain(r);
    watch_fill(&r->watch, &r->arena, r->ops.v, r->ops.n);
    r->watch.recorder = &r->recorder;
    r->watch.gate = gate_new(&r->watch);
    if (!r->watch.gate) {
        err_set(e, ERR_SYSTEM, "cannot make the gate for connections");
        sys_reason(e, errno);
        return false;
    }
    r->confinement.watched = CALLS_WATCHED | CALLS_GATED | (hidden_matters(&r->watch) ? CALLS_HIDING : 0);
    if (r->covers.pid <= 0 && has_secret(r) && find_cover_device(r))
        r->confinement.watched |= CALLS_READING;
    r->built = true;
    r->plan.v = r->ops.v;
    r->plan.n = r->ops.n;
    r->ops.v = NULL;
    r->ops.n = r->ops.cap = 0;
    answer_empty(r, FRAME_READY, f->id);
    return true;
}

/* ---- PROVE ---- */

static void tell_outcomes(void *context, uint32_t id, const struct outcome *all, size_t count)
{
    struct runner *r = context;

    for (size_t i = 0; i < count; i++) {
        size_t mark = frame_begin(&r->out, FRAME_PROBED, id);
        frame_number(&r->out, (uint64_t)all[i].index);
        frame_number(&r->out, (uint64_t)all[i].answer);
        frame_number(&r->out, (uint64_t)all[i].code);
        frame_end(&r->out, mark);
    }
    answer_empty(r, FRAME_PROVED, id);
}

static bool handle_prove(struct runner *r, const struct frame *f, struct err *e)
{
    struct arena arena = {0};
    struct proof *proof = arena_alloc(&arena, 1, sizeof *proof);
    struct frame_reader fields;
    bool good = false;

    *proof = (struct proof){.confinement = &r->confinement, .id = f->id, .tell = tell_outcomes, .context = r};
    frame_read(&fields, f);
    proof_get(&fields, &arena, proof);
    if (!frame_done(&fields))
        err_set(e, ERR_PROTOCOL, "a request for proof did not arrive as it was sent");
    else
        good = proof_make(proof, &r->confinement, e);
    arena_release(&arena);
    return good;
}

/* ---- SPAWN ---- */

static char **get_list(struct frame_reader *fields, struct arena *a, size_t ceiling)
{
    uint64_t count = frame_get_number(fields);
    char **list;

    if (fields->bad || count > ceiling) {
        fields->bad = true;
        return NULL;
    }
    list = arena_alloc(a, (size_t)count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        struct str s = frame_get_bytes(fields);
        if (str_find(s, 0, '\0') != s.n)
            fields->bad = true;
        s = arena_str(a, s);
        list[i] = (char *)(uintptr_t)s.p;
    }
    return list;
}

static struct running *free_row(struct runner *r)
{
    for (size_t i = 0; i < COMMANDS_MAX; i++) {
        if (r->commands[i].pid == 0)
            return &r->commands[i];
    }
    return NULL;
}

static struct running *find_row(struct runner *r, uint32_t id, struct err *e)
{
    for (size_t i = 0; i < COMMANDS_MAX; i++) {
        if (r->commands[i].pid != 0 && r->commands[i].id == id)
            return &r->commands[i];
    }
    err_set(e, ERR_MISSING, "no such command is running");
    return NULL;
}

/* The descriptors that came with the frame, in the order in which the fields name them. */
static bool take_descriptors(struct runner *r, struct spawn_request *q, bool extra, struct proof *proof)
{
    size_t at = 0;

    for (int i = 0; i < 3; i++) {
        q->std_fd[i] = -1;
        if (q->std[i] == STD_HANDLE && at < r->fd_count)
            q->std_fd[i] = r->fds[at++];
        else if (q->std[i] == STD_HANDLE)
            return false;
    }
    q->extra = -1;
    if (extra && at < r->fd_count)
        q->extra = r->fds[at++];
    else if (extra)
        return false;
    if (q->handed && at == r->fd_count)
        return false;
    if (q->handed)
        q->terminal_fd = r->fds[at++];
    if (proof->count && (extra || at == r->fd_count))
        return false;
    if (proof->count)
        proof->rehearsal.go = r->fds[at++];
    return at == r->fd_count;
}

static void close_received(struct runner *r)
{
    for (size_t i = 0; i < r->fd_count; i++)
        close(r->fds[i]);
    r->fd_count = 0;
}

static bool get_spawn(struct runner *r, const struct frame *f, struct arena *a, struct spawn_request *q,
    struct proof *proof)
{
    struct frame_reader fields;
    uint64_t flags, std;
    struct str cwd;

    frame_read(&fields, f);
    q->argv = get_list(&fields, a, ARGV_MAX);
    q->env = get_list(&fields, a, ENV_MAX);
    cwd = frame_get_bytes(&fields);
    q->cwd = arena_str(a, cwd).p;
    flags = frame_get_number(&fields);
    q->terminal = flags & 1;
    q->sealed = flags & 2;
    q->handed = flags & 4;
    q->rows = (uint16_t)frame_get_number(&fields);
    q->columns = (uint16_t)frame_get_number(&fields);
    for (int i = 0; i < 3; i++) {
        std = frame_get_number(&fields);
        if (std > STD_HANDLE || (std == STD_TERMINAL && !q->terminal))
            fields.bad = true;
        q->std[i] = (enum std_kind)std;
    }
    q->extra_number = (int)(frame_get_number(&fields) & 1023);
    proof_get(&fields, a, proof);
    return frame_done(&fields) && q->argv && q->argv[0] && (q->terminal || !q->handed) && str_find(cwd, 0, '\0') == cwd.n &&
           take_descriptors(r, q, q->extra_number != 0, proof);
}

/* While the first program's process makes the proof. What fails here is tried again, and told, when it runs. */
static void prepare_threads(void *context)
{
    (void)context;
    observer_prepare();
}

static bool handle_spawn(struct runner *r, const struct frame *f, struct err *e)
{
    struct arena arena = {0};
    struct spawn_request q = {0};
    struct proof *proof = arena_alloc(&arena, 1, sizeof *proof);
    struct running *row = free_row(r);
    struct spawned spawned;
    size_t mark;
    bool good = false;

    *proof = (struct proof){.confinement = &r->confinement, .id = f->id, .tell = tell_outcomes, .context = r,
        .meanwhile = prepare_threads};
    if (!r->built || !get_spawn(r, f, &arena, &q, proof))
        err_set(e, ERR_PROTOCOL, "a request to start a program did not arrive as it was sent");
    else if (!row)
        err_set(e, ERR_LIMIT, "too many commands at once (%d)", COMMANDS_MAX);
    else if (proof->count == 0 || proof_hold(proof, &q, e))
        good = command_spawn(&r->confinement, &q, &spawned, e);
    if (q.rehearsal)
        proof_end(proof);
    close_received(r);
    arena_release(&arena);
    if (!good)
        return false;
    *row = (struct running){f->id, spawned.pid, spawned.terminal};
    mark = frame_begin(&r->out, FRAME_SPAWNED, f->id);
    frame_number(&r->out, (uint64_t)spawned.pid);
    frame_end(&r->out, mark);
    flush_out(r, &spawned.terminal, spawned.terminal >= 0 && !q.handed ? 1 : 0);
    if (spawned.listener >= 0 && !observer_serve(spawned.listener, &r->watch)) {
        close(spawned.listener); /* its watched calls are ENOSYS from here on */
        kill(spawned.pid, SIGKILL);
    }
    /* Once somebody runs, and after it was said: nobody waits for this. */
    if (!keeper_start(r->plan.v, r->plan.n, &r->confinement, &r->recorder))
        exit(1);
    return true;
}

/* ---- questions about what runs ---- */

static bool handle_signal(struct runner *r, const struct frame *f, struct err *e)
{
    struct running *row = find_row(r, f->id, e);
    struct frame_reader fields;
    uint64_t number, group;

    frame_read(&fields, f);
    number = frame_get_number(&fields);
    group = frame_get_number(&fields);
    if (!row)
        return false;
    if (!frame_done(&fields) || number > 64)
        return err_set(e, ERR_PROTOCOL, "a signal that is none");
    if (kill(group ? -row->pid : row->pid, (int)number) != 0) {
        err_set(e, ERR_SYSTEM, "cannot signal a command");
        sys_reason(e, errno);
        return false;
    }
    answer_empty(r, FRAME_CHANGED, f->id);
    return true;
}

static bool handle_where(struct runner *r, const struct frame *f, struct err *e)
{
    struct running *row = find_row(r, f->id, e);
    char link[64], path[PATH_BYTES_MAX];
    ssize_t n;
    size_t mark;

    if (!row)
        return false;
    snprintf(link, sizeof link, "/proc/%ld/cwd", (long)row->pid);
    n = readlink(link, path, sizeof path);
    if (n <= 0 || (size_t)n >= sizeof path) {
        err_set(e, ERR_SYSTEM, "cannot tell where a command is");
        sys_reason(e, n < 0 ? errno : ENAMETOOLONG);
        return false;
    }
    mark = frame_begin(&r->out, FRAME_PLACE, f->id);
    frame_bytes(&r->out, (struct str){path, (size_t)n});
    frame_end(&r->out, mark);
    flush_out(r, NULL, 0);
    return true;
}

static bool handle_foreground(struct runner *r, const struct frame *f, struct err *e)
{
    struct running *row = find_row(r, f->id, e);
    char path[64], name[64];
    pid_t group;
    size_t mark;

    if (!row)
        return false;
    group = row->terminal >= 0 ? tcgetpgrp(row->terminal) : -1;
    if (group <= 0) {
        err_set(e, ERR_SYSTEM, "cannot tell what is in the foreground");
        sys_reason(e, errno);
        return false;
    }
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)group);
    sys_read_small(path, name, sizeof name);
    name[strcspn(name, "\n")] = '\0';
    mark = frame_begin(&r->out, FRAME_FOREGROUND_IS, f->id);
    frame_number(&r->out, (uint64_t)group);
    frame_number(&r->out, group == row->pid);
    frame_number(&r->out, command_reads_terminal(group));
    frame_number(&r->out, command_is_deaf(row->pid));
    frame_bytes(&r->out, str_from(name));
    frame_end(&r->out, mark);
    flush_out(r, NULL, 0);
    return true;
}

/* ---- CHANGE: narrowing what runs ---- */

/* Making a mount read-only is EBUSY while somebody writes there: those are ended and named; if that is not
 * enough (a descriptor in flight), everything inside is. */
static bool handle_change(struct runner *r, const struct frame *f, struct err *e)
{
    struct op op;
    struct buf names = {0};
    char now[PATH_BYTES_MAX];
    uint64_t ended = 0;
    size_t mark;
    bool good = false;

    if (!r->built || r->ops.n != 1)
        return err_set(e, ERR_PROTOCOL, "a change without its op");
    op = r->ops.v[0];
    r->ops.n = 0;
    for (int round = 0; round < HOLDER_ROUNDS && !good; round++) {
        struct timespec pause = {0, 5 * 1000 * 1000};
        struct str where = op.path;
        err_clear(e);
        if (!keeper_pause(KEEPER_MS)) {
            err_set(e, ERR_SYSTEM, "what keeps covers in place is held up");
            err_remedy(e, "a file system does not answer, perhaps; try again later, or end the session");
            break;
        }
        good = keeper_has(&op) || apply_change(&r->arena, &r->confinement, &op, e);
        if (good)
            keeper_add(&op);
        else if (holders_where(&r->confinement, op.path, now))
            where = str_from(now);
        keeper_resume();
        if (good || e->code != EBUSY || op.kind != OP_REMOUNT_READONLY)
            break;
        ended += holders_end(where,
            round >= HOLDER_ROUNDS - 3 ? HOLDERS_EVERYONE : HOLDERS_WRITING, r->covers.pid, &names);
        nanosleep(&pause, NULL);
    }
    if (good) {
        mark = frame_begin(&r->out, FRAME_CHANGED, f->id);
        frame_number(&r->out, ended);
        frame_bytes(&r->out, buf_view(&names));
        frame_end(&r->out, mark);
        flush_out(r, NULL, 0);
    }
    buf_release(&names);
    return good;
}

/* ---- END ---- */

/* Ends everything, and says so when nothing is left: whoever waits need not wait for the kernel to take our mounts
 * and our network apart as well. */
static void handle_end(struct runner *r, uint32_t id)
{
    kill(-1, SIGKILL); /* first: it waits for nobody */
    keeper_end(KEEPER_MS); /* what holds names is taken away once this is answered, and must not be put back */
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    answer_empty(r, FRAME_ENDED, id);
    exit(0);
}

/* ---- the loop ---- */

static bool handle(struct runner *r, const struct frame *f, struct err *e)
{
    struct op op;

    record_lost(&r->recorder); /* whoever asks something has made room, perhaps */
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
    case FRAME_PROVE:
        return r->built ? handle_prove(r, f, e) : err_set(e, ERR_PROTOCOL, "nothing to prove yet");
    case FRAME_SPAWN:
        return handle_spawn(r, f, e);
    case FRAME_SIGNAL:
        return handle_signal(r, f, e);
    case FRAME_WHERE:
        return handle_where(r, f, e);
    case FRAME_FOREGROUND:
        return handle_foreground(r, f, e);
    case FRAME_CHANGE:
        return handle_change(r, f, e);
    case FRAME_BEGINNING:
        if (r->built || r->applied)
            exit(1);
        apply_more(r, f, NULL, &r->early);
        return true;
    case FRAME_LAYER:
        if (r->built || r->ops.n != 1 || r->ops.v[0].kind != OP_OVERLAY || f->body.n)
            exit(1);
        r->ops.n = 0;
        apply_layer(&r->layer, &r->ops.v[0]);
        return true;
    case FRAME_END:
        handle_end(r, f->id);
        return true;
    default:
        exit(1); /* not a request: whoever sends it is not cordon */
    }
}

/* A child of ours that asked to be traced by its parent: no end, and nothing that we want. */
static void let_go_on(pid_t pid, int status)
{
    long signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status); /* that one is of the tracing itself */

    ptrace(PTRACE_DETACH, pid, NULL, signal);
}

static void reap(struct runner *r)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (WIFSTOPPED(status)) {
            let_go_on(pid, status);
            continue;
        }
        if (pid == r->covers.pid)
            r->covers.pid = -1; /* covers that are made from now on are plain */
        for (size_t i = 0; i < COMMANDS_MAX; i++) {
            struct running *row = &r->commands[i];
            size_t mark;
            if (row->pid != pid)
                continue;
            mark = frame_begin(&r->out, FRAME_EXITED, row->id);
            frame_number(&r->out, (uint64_t)(unsigned)status);
            frame_end(&r->out, mark);
            if (row->terminal >= 0)
                close(row->terminal);
            *row = (struct running){.terminal = -1};
            flush_out(r, NULL, 0);
            break;
        }
    }
}

static void serve_control(struct runner *r)
{
    static char bytes[65536];
    int fds[RUNNER_FDS_MAX];
    size_t got = 0, used;
    ssize_t n = sys_receive(CONTROL_FD, bytes, sizeof bytes, fds, &got, true);
    struct frame f;
    int state;

    if (n <= 0)
        exit(0); /* cordon is gone */
    for (size_t i = 0; i < got; i++) {
        if (r->fd_count < RUNNER_FDS_MAX)
            r->fds[r->fd_count++] = fds[i];
        else
            close(fds[i]);
    }
    buf_add(&r->in, bytes, (size_t)n);
    for (;;) {
        struct err e = {0};
        state = frame_take(buf_view(&r->in), &f, &used, &e);
        if (state < 0 || r->in.overflowed)
            exit(1);
        if (state == 0)
            return;
        if (!handle(r, &f, &e))
            answer_failed(r, f.id, &e);
        buf_consume(&r->in, used);
    }
}

/* Making a network namespace is what takes longest; cordon reads the policy meanwhile. */
static void leave_network(void)
{
    int failure[2] = {RUNNER_NO_NETWORK, 0};

    if (unshare(CLONE_NEWNET) == 0)
        return;
    failure[1] = errno;
    exit(write(SAID_FD, failure, sizeof failure) == (ssize_t)sizeof failure ? 125 : 124);
}

static int prepare(bool new_network)
{
    sigset_t child;

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return -1;
    if (new_network)
        leave_network();
    if (syscall(SYS_close_range, RECORDS_FD + 1, ~0U, 0) != 0)
        return -1;
    setsid();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* ignored, as somebody may have started cordon, it would tell us of no end */
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &child, NULL) != 0)
        return -1;
    return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv)
{
    static struct runner r;
    struct stat st;
    int children;

    if (getpid() != 1 || fstat(CONTROL_FD, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        fprintf(stderr, "cordon-runner: this program is started by cordon, inside a sandbox; start cordon\n");
        return 125;
    }
    r.watch.own_network = argc > 1 && strcmp(argv[1], "new-network") == 0;
    children = prepare(r.watch.own_network);
    if (children < 0 || fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(RECORDS_FD, F_SETFD, FD_CLOEXEC) != 0)
        return 125;
    r.recorder.fd = RECORDS_FD;
    r.confinement.landlock = -1;
    r.layer.fd = -1;
    r.confinement.empty_folder = r.confinement.empty_file = r.confinement.mounts = -1;
    if (cover_server_start(&r.covers, &r.recorder)) /* while cordon reads the policy */
        r.confinement.covers = &r.covers;
    r.in.ceiling = 2 * (FRAME_BYTES_MAX + FRAME_HEADER);
    for (;;) {
        struct pollfd p[2] = {{.fd = CONTROL_FD, .events = POLLIN}, {.fd = children, .events = POLLIN}};
        struct signalfd_siginfo info;
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return 125;
        if (p[1].revents & POLLIN) {
            while (read(children, &info, sizeof info) == (ssize_t)sizeof info)
                ;
            reap(&r);
        }
        if (p[0].revents)
            serve_control(&r);
    }
}
