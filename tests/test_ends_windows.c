/*
 * The ends of Windows' boundary, as far as wine can show them: a program that is ended from outside, what is left behind without a
 * console, a runner that refused its plan, and that everything inside goes with the runner and with cordon.
 */
#include "windows_boundary.h"

/* What a program cannot be started with is the runner's to close: whoever reads the other end is to see its end. */
static void handles_of_a_refused_program(void)
{
    struct plan plan;
    struct texts parts = accepted(false);
    struct boundary *b = NULL;
    struct launch l;
    struct command command = {.terminal = SYS_NONE};
    sys_handle in = SYS_NONE, theirs = SYS_NONE;
    struct sys_wait item;
    struct err e = {0};

    if (!win_is_wine()) {
        CHECK_SKIP("handles of a program before there is a boundary", "the boundary is not refused here");
        return;
    }
    make_plan(&plan);
    CHECK(boundary_begin(&b, true, &e) && boundary_hand(b, &plan, &parts, NULL, &e) && !boundary_build(b, &arena, &plan, NULL, 0, NULL, &e),
        "a runner that has refused its plan");
    err_clear(&e);
    base_launch(&l, "exit 0");
    sys_pipe(&in, &theirs, &e);
    sys_nonblocking(in, true);
    l.std[1] = STD_HANDLE;
    l.std_handle[1] = theirs;
    CHECK(!boundary_spawn(b, &l, &command, &e) && e.kind == ERR_PROTOCOL, "starts nothing");
    sys_close(&theirs);
    item = (struct sys_wait){in, SYS_READ, 0};
    CHECK(sys_wait(&item, 1, 5000) == 1 && item.got == SYS_HANGUP, "and keeps nothing of what it was given");
    sys_close(&in);
    boundary_close(b);
}

/* "catch": says that it is there, and ends in its own way by Ctrl-C. */
static HANDLE heard;

static BOOL WINAPI caught(DWORD what)
{
    return what == CTRL_C_EVENT && SetEvent(heard);
}

static int catch_it(void)
{
    heard = CreateEventW(NULL, TRUE, FALSE, NULL);
    SetConsoleCtrlHandler(NULL, FALSE);
    SetConsoleCtrlHandler(caught, TRUE);
    printf("ready\n");
    fflush(stdout);
    return WaitForSingleObject(heard, 30000) == WAIT_OBJECT_0 ? 21 : 1;
}

static void interrupted(struct boundary *b, bool terminal, const char *name)
{
    sys_handle out[2] = {SYS_NONE, SYS_NONE};
    struct command command = {.terminal = SYS_NONE};
    struct launch l;
    struct came c = {0};
    struct err e = {0};
    char bytes[4096];
    long code = 0, n;
    bool good;

    own_launch(&l, "catch");
    sys_pipe(&out[0], &out[1], &e);
    sys_nonblocking(out[0], true);
    l.terminal = terminal;
    l.std[1] = STD_TERMINAL;
    if (!terminal) {
        l.std[1] = STD_HANDLE;
        l.std_handle[1] = out[1];
    }
    good = boundary_spawn(b, &l, &command, &e);
    sys_close(&out[1]);
    if (terminal) {
        sys_close(&out[0]);
        out[0] = command.terminal;
    }
    while (good && !memchr(c.bytes.p ? c.bytes.p : "", 'y', c.bytes.n)) {
        struct sys_wait item = {out[0], SYS_READ, 0};
        good = sys_wait(&item, 1, 20000) == 1 && (n = sys_read(out[0], bytes, sizeof bytes, &code)) > 0;
        if (good)
            buf_add(&c.bytes, bytes, (size_t)n);
    }
    CHECK(good && boundary_signal(b, command.id, SIGNAL_INTERRUPT, true, &e), name);
    pump(b, &command, &out[0], &c, 20000);
    CHECK(c.ended && !c.signal, "and ends by that");
    if (win_is_wine())
        CHECK_SKIP("in its own way", "what is in one of wine's pseudoconsoles ends by Ctrl-C with 0");
    else
        CHECK(c.code == 21, "in its own way");
    sys_close(&out[0]);
    buf_release(&c.bytes);
}

/* "leave": a child without a console, which stays; its number is printed. */
static int leave(void)
{
    STARTUPINFOW info = {.cb = sizeof info};
    PROCESS_INFORMATION made = {0};
    wchar_t words[] = L"ping -n 60 127.0.0.1";

    if (!CreateProcessW(NULL, words, NULL, NULL, FALSE, DETACHED_PROCESS, NULL, NULL, &info, &made))
        return 1;
    printf("left %lu\n", (unsigned long)made.dwProcessId);
    fflush(stdout);
    return 0;
}

static HANDLE leave_one(struct boundary *b)
{
    sys_handle out[2] = {SYS_NONE, SYS_NONE};
    struct command command = {.terminal = SYS_NONE};
    struct launch l;
    struct came c = {0};
    struct err e = {0};
    unsigned long pid = 0;

    own_launch(&l, "leave");
    sys_pipe(&out[0], &out[1], &e);
    sys_nonblocking(out[0], true);
    l.std[1] = STD_HANDLE;
    l.std_handle[1] = out[1];
    CHECK(boundary_spawn(b, &l, &command, &e), "a program that leaves another behind");
    sys_close(&out[1]);
    pump(b, &command, &out[0], &c, 20000);
    sys_close(&out[0]);
    buf_add(&c.bytes, "", 1);
    if (sscanf(c.bytes.p, "left %lu", &pid) != 1)
        return NULL;
    buf_release(&c.bytes);
    return OpenProcess(SYNCHRONIZE, FALSE, pid);
}

/* What was left behind holds files open as much as what runs: to narrow ends it, too. */
static void narrowed(struct boundary *b)
{
    HANDLE left = leave_one(b);
    struct op op = {.kind = OP_TOKEN};
    struct err e = {0};
    uint64_t ended = 0;
    struct str names = {0};

    CHECK(left && WaitForSingleObject(left, 500) == WAIT_TIMEOUT, "which goes on without a console when its line is over");
    CHECK(boundary_narrow(b, &arena, &op, &ended, &names, &e) && ended == 1 && names.n, "what is narrowed ends it, and says so");
    CHECK(left && WaitForSingleObject(left, 8000) == WAIT_OBJECT_0, "it has ended");
    win_close(&left);
}

/* The runner and what it starts get what was listed for them, and nothing else that could be inherited. */
static void nothing_else_inherited(void)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE in = NULL, out = NULL, left;
    struct plan plan;
    struct err e = {0};
    struct boundary *b;
    char byte;
    DWORD n = 1;

    CreatePipe(&in, &out, &inherited, 0);
    b = open_boundary(true, &plan, &e);
    left = b ? leave_one(b) : NULL;
    win_close(&out);
    CHECK(left && !ReadFile(in, &byte, 1, &n, NULL) && GetLastError() == ERROR_BROKEN_PIPE, "a handle that could be inherited is nobody's inside");
    win_close(&left);
    win_close(&in);
    boundary_close(b);
}

/* Nothing that was inside is still about to go. */
static void closed_at_once(void)
{
    struct plan plan;
    struct err e = {0};
    struct boundary *b = open_boundary(true, &plan, &e);
    HANDLE left[4] = {0};
    bool good = b != NULL;

    for (size_t i = 0; good && i < COUNT_OF(left); i++)
        good = (left[i] = leave_one(b)) != NULL;
    CHECK(good, "a boundary with several programs left behind");
    boundary_close(b);
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        good = good && WaitForSingleObject(left[i], 0) == WAIT_OBJECT_0;
        win_close(&left[i]);
    }
    CHECK(good, "when it is closed they are gone, and not only going");
}

static void ended_from_outside(struct boundary *b)
{
    struct launch l;
    struct command command = {.terminal = SYS_NONE};
    struct came c = {0};
    struct err e = {0};
    sys_handle none = SYS_NONE;

    base_launch(&l, "ping -n 60 127.0.0.1 >nul");
    CHECK(boundary_spawn(b, &l, &command, &e), "a program that lasts");
    CHECK(boundary_signal(b, command.id, 15, true, &e), "is told to end");
    pump(b, &command, &none, &c, 20000);
    CHECK(c.ended && c.signal == 15 && c.code == 143, "and has ended by that");
}

/* By number the runner is closed to us, too; under wine its owner can open it up again. */
static bool end_process(DWORD pid)
{
    HANDLE h = OpenProcess(WRITE_DAC, FALSE, pid);
    struct err e = {0};
    bool verified = false, good = h && win_dacl_put(h, STR("D:P(A;;GA;;;WD)"), &verified, &e);

    win_close(&h);
    h = good ? OpenProcess(PROCESS_TERMINATE, FALSE, pid) : NULL;
    good = h && TerminateProcess(h, 77);
    win_close(&h);
    return good;
}

static bool gone(HANDLE h)
{
    return !h || WaitForSingleObject(h, 8000) == WAIT_OBJECT_0;
}

static void runner_lost(void)
{
    struct plan plan;
    struct err e = {0};
    struct boundary *b = open_boundary(true, &plan, &e);
    struct launch l;
    struct command command = {.terminal = SYS_NONE};
    struct came c = {0};
    sys_handle none = SYS_NONE;
    HANDLE program;

    base_launch(&l, "ping -n 60 127.0.0.1 >nul");
    if (!b || !boundary_spawn(b, &l, &command, &e)) {
        CHECK(false, "a program in another boundary");
        boundary_close(b);
        return;
    }
    program = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)command.pid_inside);
    CHECK(program != NULL, "a program in another boundary");
    if (win_is_wine()) {
        CHECK(end_process(boundary_runner(b)), "its runner is ended");
        pump(b, &command, &none, &c, 20000);
        CHECK(c.lost, "the boundary is lost");
    } else {
        CHECK_SKIP("its runner is ended", "nobody but the system can open it");
    }
    boundary_close(b);
    CHECK(gone(program), "the program has gone with it");
    win_close(&program);
}

/* ---- cordon ended: another process of this very test opens a boundary and is ended ---- */

static int hold(void)
{
    struct plan plan;
    struct err e = {0};
    struct boundary *b = open_boundary(true, &plan, &e);
    struct launch l;
    struct command command = {.terminal = SYS_NONE};

    base_launch(&l, "ping -n 60 127.0.0.1 >nul");
    if (!b || !boundary_spawn(b, &l, &command, &e))
        return 1;
    printf("held %lu %lu\n", (unsigned long)boundary_runner(b), (unsigned long)command.pid_inside);
    fflush(stdout);
    Sleep(60000);
    return 0;
}

static void cordon_lost(void)
{
    STARTUPINFOW info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION made = {0};
    wchar_t self[1024], words[1100];
    HANDLE in = NULL, theirs = NULL, runner = NULL, program = NULL;
    unsigned long pids[2] = {0};
    char said_there[128] = {0};
    DWORD n = 0;

    GetModuleFileNameW(NULL, self, COUNT_OF(self));
    swprintf(words, COUNT_OF(words), L"\"%ls\" hold", self);
    CreatePipe(&in, &theirs, NULL, 4096);
    SetHandleInformation(theirs, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    info.hStdOutput = theirs;
    if (!CreateProcessW(NULL, words, NULL, NULL, TRUE, 0, NULL, NULL, &info, &made)) {
        CHECK(false, "another cordon");
        return;
    }
    win_close(&theirs);
    ReadFile(in, said_there, sizeof said_there - 1, &n, NULL);
    if (sscanf(said_there, "held %lu %lu", &pids[0], &pids[1]) == 2) {
        runner = OpenProcess(SYNCHRONIZE, FALSE, pids[0]);
        program = OpenProcess(SYNCHRONIZE, FALSE, pids[1]);
    }
    CHECK(runner && program, "another cordon has a runner and a program");
    TerminateProcess(made.hProcess, 1);
    CHECK(gone(runner), "when it is ended its runner goes");
    CHECK(gone(program), "and the program");
    win_close(&made.hThread);
    win_close(&made.hProcess);
    win_close(&runner);
    win_close(&program);
    win_close(&in);
}

int main(int argc, char **argv)
{
    struct plan plan;
    struct err e = {0};
    struct boundary *b;

    if (argc == 2 && strcmp(argv[1], "hold") == 0)
        return hold();
    if (argc == 2 && strcmp(argv[1], "leave") == 0)
        return leave();
    if (argc == 2 && strcmp(argv[1], "catch") == 0)
        return catch_it();
    b = open_boundary(true, &plan, &e);
    CHECK(b != NULL, "a boundary opens where the person accepts that nothing is held");
    if (!b) {
        printf("err: %s\n", err_text(&e, &arena).p);
        return CHECK_END();
    }
    ended_from_outside(b);
    narrowed(b);
    interrupted(b, true, "a program in a console hears Ctrl-C");
    interrupted(b, false, "so does one in a console that nobody looks at");
    boundary_close(b);
    handles_of_a_refused_program();
    nothing_else_inherited();
    closed_at_once();
    runner_lost();
    cordon_lost();
    arena_release(&arena);
    return CHECK_END();
}
