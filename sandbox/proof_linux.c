/*
 * proof: the attempts, made inside by a child of a process that is confined exactly as a command is: of one that is
 * there for that alone, or of the very process that then becomes the first program. Runs in the runner.
 */
#include "observe/observe.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#define CHILD_STACK 65536

void proof_get(struct frame_reader *fields, struct arena *a, struct proof *out)
{
    for (out->count = 0; frame_more(fields) && out->count < PROBES_MAX; out->count++) {
        uint64_t kind = frame_get_number(fields);
        struct str path = frame_get_bytes(fields);
        if (kind >= PROBE_KIND_COUNT || str_find(path, 0, '\0') != path.n)
            fields->bad = true;
        out->attempts[out->count] =
            (struct attempt){(enum probe_kind)kind, arena_str(a, path), frame_get_number(fields)};
    }
}

static int attempt_process(void *context)
{
    const struct proof *proof = context;
    struct outcome all[PROBES_MAX];
    ssize_t size = (ssize_t)(proof->count * sizeof all[0]);

    /* What we try is nobody's wish; until collect(). The table is shared memory, whoever's copy of it we have. */
    cover_server_quiet(proof->confinement->covers, getpgrp());
    for (size_t i = 0; i < proof->count; i++) {
        const struct attempt *attempt = &proof->attempts[i];
        long code = 0;
        all[i].index = (int32_t)i;
        all[i].answer = (int32_t)probe_attempt(
            attempt->kind, attempt->path.p ? attempt->path.p : "", attempt->number, &code);
        all[i].code = (int32_t)code;
    }
    return write(proof->ends[1], all, (size_t)size) == size ? 0 : 1; /* of a clone: no handler runs */
}

/* All that was written is in the pipe. */
static bool collect(struct proof *proof, struct err *e)
{
    struct outcome all[PROBES_MAX];
    ssize_t n = read(proof->ends[0], all, sizeof all);

    cover_server_quiet(proof->confinement->covers, 0);
    if (n == (ssize_t)sizeof all[0] && all[0].index == -1) {
        err_set(e, ERR_UNSUPPORTED, "cannot confine a program (step %d)", (int)all[0].answer);
        sys_reason(e, all[0].code);
        return false;
    }
    if (n < 0 || (size_t)n != proof->count * sizeof all[0])
        return err_set(e, ERR_PROTOCOL, "the proof's outcome did not arrive whole");
    proof->tell(proof->context, proof->id, all, proof->count);
    return true;
}

static bool open_ends(struct proof *proof, struct err *e)
{
    if (pipe2(proof->ends, O_CLOEXEC) == 0)
        return true;
    proof->ends[0] = proof->ends[1] = -1;
    err_set(e, ERR_SYSTEM, "cannot start the proof");
    sys_reason(e, errno);
    return false;
}

static void close_writing(struct proof *proof)
{
    if (proof->ends[1] >= 0)
        close(proof->ends[1]);
    proof->ends[1] = -1;
}

void proof_end(struct proof *proof)
{
    close_writing(proof);
    if (proof->ends[0] >= 0)
        close(proof->ends[0]);
    proof->ends[0] = -1;
}

/* ---- by a process that is there for that alone ---- */

static int proof_process(void *context)
{
    static _Alignas(16) char stack[CHILD_STACK];
    struct proof *proof = context;
    struct outcome failed = {-1, 0, 0};
    int step = 0, status;
    pid_t pid;

    if (setsid() < 0 || !command_confine(proof->confinement, 0, &step)) {
        failed.answer = step;
        failed.code = errno;
        return write(proof->ends[1], &failed, sizeof failed) == (ssize_t)sizeof failed ? 1 : 2;
    }
    /* A copy of the memory, as a command's child has: in shared memory an attempt on pid 1's would succeed. */
    pid = clone(attempt_process, stack + sizeof stack, SIGCHLD, context);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

bool proof_make(struct proof *proof, const struct confinement *c, struct err *e)
{
    static _Alignas(16) char stack[CHILD_STACK];
    bool good;
    pid_t pid;

    proof->confinement = c;
    if (!open_ends(proof, e))
        return false;
    /* Shares our memory and holds us until it ends, as after vfork(2): a tenth of the price of a copy. What hangs in an
     * attempt hangs us, and cordon, which waits with a deadline, ends us: the boundary does not open. */
    pid = clone(proof_process, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, proof);
    close_writing(proof);
    if (pid < 0)
        good = err_set(e, ERR_SYSTEM, "cannot start the proof");
    else
        good = collect(proof, e);
    proof_end(proof);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return good;
}

/* ---- by the process that is to become the first program ---- */

/* It has a copy of the runner's memory and lends that to its child: not pid 1's own, in which an attempt on pid 1's
 * memory would succeed. */
static bool rehearse(void *context)
{
    static _Alignas(16) char stack[CHILD_STACK];
    struct proof *proof = context;
    pid_t pid = clone(attempt_process, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, proof);
    int status = 1;

    close_writing(proof);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool hear_rehearsal(void *context, struct err *e)
{
    struct proof *proof = context;
    struct pollfd p = {.fd = proof->ends[0], .events = POLLIN};

    close_writing(proof);
    proof->meanwhile(proof->context);
    while (poll(&p, 1, -1) < 0 && errno == EINTR)
        ;
    /* Nothing came: it could not be confined, and says so to who started it. */
    return !(p.revents & POLLIN) || collect(proof, e);
}

bool proof_hold(struct proof *proof, struct spawn_request *q, struct err *e)
{
    if (!open_ends(proof, e))
        return false;
    proof->rehearsal.context = proof;
    proof->rehearsal.in_child = rehearse;
    proof->rehearsal.in_runner = hear_rehearsal;
    q->rehearsal = &proof->rehearsal;
    return true;
}
