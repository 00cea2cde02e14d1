/*
 * prove: cordon's side of a proof. The runner is asked for the shim as it is asked for any program, with `prove` for its words and
 * a pipe each way: so what makes the attempts has what every program inside has, and nothing else.
 *
 * What comes back was written inside, and is checked as such.
 */
#include "win32.h"
#include "ask.h"
#include "trial.h"

#include <string.h>

#define PROOF_MS 20000

/* The attempts, as a FRAME_PROVE. */
static void proof_ask(struct buf *out, struct probe *probes, size_t count)
{
    size_t mark = frame_begin(out, FRAME_PROVE, 1);

    ask_attempts(out, probes, count);
    frame_end(out, mark);
}

/* And what came of them. */
static bool proof_take(struct str bytes, struct probe *probes, size_t count, struct err *e)
{
    struct ask_probes all = {probes, count};
    struct frame f;
    size_t used = 0;
    int state;

    while ((state = frame_take(bytes, &f, &used, e)) > 0) {
        if ((f.type != FRAME_PROBED && f.type != FRAME_PROVED) || !ask_probed(&all, &f))
            break;
        if (f.type == FRAME_PROVED)
            return true;
        bytes = str_slice(bytes, used, bytes.n);
    }
    return state < 0 ? false : err_set(e, ERR_PROTOCOL, "the proof did not come to its end");
}

/* ---- a control that costs whoever makes it something ---- */

enum probe_answer proof_outside(struct probe *probe)
{
    HANDLE in[2] = {0}, out[2] = {0};
    struct probe one = *probe;
    struct buf asked = {0}, said = {.ceiling = 65536};
    struct err e = {0};
    PROCESS_INFORMATION made = {0};
    char bytes[1024];
    DWORD n = 0;

    if (CreatePipe(&in[0], &in[1], NULL, 65536) && CreatePipe(&out[0], &out[1], NULL, 65536) &&
        SetHandleInformation(in[0], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) &&
        SetHandleInformation(out[1], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) && proof_start(L"attempt", in[0], out[1], &made)) {
        proof_ask(&asked, &one, 1);
        WriteFile(in[1], asked.p, (DWORD)asked.n, &n, NULL);
        win_close(&out[1]);
        while (ReadFile(out[0], bytes, sizeof bytes, &n, NULL) && n)
            buf_add(&said, bytes, n);
        if (!proof_take(buf_view(&said), &one, 1, &e))
            one.observed = ANSWER_UNKNOWN;
    } else {
        one.observed = ANSWER_UNKNOWN;
    }
    for (int i = 0; i < 2; i++) {
        win_close(&in[i]);
        win_close(&out[i]);
    }
    win_close(&made.hThread);
    win_close(&made.hProcess);
    buf_release(&asked);
    buf_release(&said);
    return one.observed;
}

/* ---- inside ---- */

/* What the shim is started with: nothing of the person's. */
static void prove_launch(struct arena *a, const struct boundary *b, struct launch *launch)
{
    static const char *const kept[] = {"SystemRoot", "SystemDrive", "windir"};
    struct wide_path shim, folder;
    UINT n = GetSystemDirectoryW(folder.v, WIDE_PATH_MAX);

    *launch = (struct launch){.extra = SYS_NONE};
    if (boundary_has_account(b) ? win_installed(SHIM_FILE, &shim) : win_beside(SHIM_FILE, &shim))
        *(struct str *)ARENA_PUSH(a, &launch->argv) = utf8_from_path(a, shim.v, wcslen(shim.v));
    *(struct str *)ARENA_PUSH(a, &launch->argv) = STR("prove");
    launch->cwd = utf8_from_path(a, folder.v, n < WIDE_PATH_MAX ? n : 0);
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        struct str value = sys_variable(NULL, str_from(kept[i]));
        if (value.n)
            *(struct str *)ARENA_PUSH(a, &launch->env) = arena_format(a, "%s=%.*s", kept[i], (int)value.n, value.p);
    }
}

static bool read_said(sys_handle said, struct buf *out)
{
    uint64_t end = sys_milliseconds() + PROOF_MS;
    struct sys_wait item = {said, SYS_READ, 0};
    char bytes[4096];
    long code = 0, n = -1;

    while (sys_milliseconds() < end && !out->overflowed) {
        n = sys_read(said, bytes, sizeof bytes, &code);
        if (n == -1)
            sys_wait(&item, 1, 500);
        else if (n <= 0)
            break;
        else
            buf_add(out, bytes, (size_t)n);
    }
    return n == 0;
}

/* ---- doctor: programs that stay ---- */

bool trial_hold(struct boundary *b, struct trial_hold *out, struct err *e)
{
    struct command command = {.terminal = SYS_NONE};
    struct launch launch;
    struct arena a = {0};
    sys_handle in = SYS_NONE, said = SYS_NONE;
    bool good;

    *out = (struct trial_hold){SYS_NONE, SYS_NONE};
    good = sys_pipe(&in, &out->in, e) && sys_pipe(&out->out, &said, e);
    prove_launch(&a, b, &launch);
    launch.std[0] = launch.std[1] = STD_HANDLE;
    launch.std_handle[0] = in;
    launch.std_handle[1] = said;
    good = good && boundary_spawn(b, &launch, &command, e);
    sys_close(&in);
    sys_close(&said);
    if (!good)
        trial_let_go(out);
    else
        sys_nonblocking(out->out, true);
    arena_release(&a);
    return good;
}

bool trial_held(const struct trial_hold *h, unsigned milliseconds)
{
    uint64_t end = sys_milliseconds() + milliseconds;
    struct sys_wait item = {h->out, SYS_READ, 0};
    char byte;
    long code = 0, n = 0;

    if (h->out == SYS_NONE)
        return false;
    for (;;) {
        n = sys_read(h->out, &byte, 1, &code);
        if (n != -1 || sys_milliseconds() >= end)
            return n == -1;
        sys_wait(&item, 1, 100);
    }
}

void trial_let_go(struct trial_hold *h)
{
    if (h->in != SYS_NONE)
        sys_close(&h->in);
    if (h->out != SYS_NONE)
        sys_close(&h->out);
}

bool boundary_prove(struct boundary *b, struct probe *probes, size_t count, struct err *e)
{
    sys_handle asked[2] = {SYS_NONE, SYS_NONE}, said[2] = {SYS_NONE, SYS_NONE};
    struct buf out = {0}, in = {.ceiling = 65536};
    struct command command = {.terminal = SYS_NONE};
    struct launch launch;
    struct arena a = {0};
    long code = 0;
    bool good = sys_pipe(&asked[0], &asked[1], e) && sys_pipe(&said[0], &said[1], e);

    for (size_t i = 0; i < count; i++) {
        if ((probes[i].kind == PROBE_PROCESS || probes[i].kind == PROBE_HOST) && !probes[i].number)
            probes[i].number = boundary_runner(b);
        if (probes[i].kind == PROBE_TERMINAL && !probes[i].number)
            probes[i].number = GetCurrentProcessId();
    }
    prove_launch(&a, b, &launch);
    launch.std[0] = launch.std[1] = STD_HANDLE;
    launch.std_handle[0] = asked[0];
    launch.std_handle[1] = said[1];
    proof_ask(&out, probes, count);
    good = good && boundary_spawn(b, &launch, &command, e);
    sys_close(&asked[0]);
    sys_close(&said[1]);
    if (good && sys_write(asked[1], out.p, out.n, &code) != (long)out.n)
        good = win_fail(e, (DWORD)code, (struct str){0}, "cannot ask for the proof");
    sys_close(&asked[1]);
    sys_nonblocking(said[0], true);
    if (good && !read_said(said[0], &in))
        good = err_set(e, ERR_LIMIT, "the proof took too long");
    good = good && proof_take(buf_view(&in), probes, count, e);
    for (size_t i = 0; i < count; i++)
        if (probes[i].control == ANSWER_UNKNOWN)
            probe_control(&probes[i]);
    if (command.id)
        boundary_forget(b, command.id); /* its end is nobody's news */
    sys_close(&said[0]);
    buf_release(&out);
    buf_release(&in);
    arena_release(&a);
    return good;
}
