/*
 * The boundary of Windows as far as wine can show it: the runner's birth, its control channel, programs with pipes and in a real
 * pseudoconsole by way of the shim. That anything is held is never shown here: what wine does not do must come out as "not
 * verified". How programs end, and everything inside with the runner and with cordon, is in test_ends_windows.c.
 */
#include "windows_boundary.h"
#include "../sandbox/credentials.h"

/* ---- tests ---- */

static void refused_unless_accepted(void)
{
    struct plan plan;
    struct err e = {0};
    struct boundary *b = open_boundary(false, &plan, &e);

    if (!win_is_wine()) {
        CHECK(b != NULL, "a boundary opens");
        boundary_close(b);
        return;
    }
    CHECK(b == NULL && e.kind == ERR_UNSUPPORTED, "what is not verified refuses the boundary");
    CHECK(strstr(e.reason, "not verified") != NULL, "and says so");
    CHECK(!token_canary(), "the canary says that nothing is enforced here");
}

static void lines(struct boundary *b)
{
    static const struct {
        const char *line;
        int code;
    } rows[] = {{"exit 0", 0}, {"exit 7", 7}, {"exit 255", 255}, {"exit 259", 259}, {"exit 300", 300}, {"exit -1073741510", -1073741510}};
    struct came c;
    struct err e = {0};

    CHECK(run_line(b, "echo hello& echo there 1>&2", &c, &e), "a program starts");
    CHECK(said(&c, "hello") && said(&c, "there"), "its output comes, both on one pipe");
    CHECK(c.ended && c.code == 0, "and its end");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool good = run_line(b, rows[i].line, &c, &e);
        CHECK(good && c.ended && c.code == rows[i].code, rows[i].line);
    }
    CHECK(run_line(b, "cd", &c, &e) && said(&c, "C:\\"), "it starts in the folder that was asked for");
    if (e.kind)
        printf("err: %s\n", err_text(&e, &arena).p);
}

/* ---- this test itself as a program inside ---- */

/* "cat": input to output as it is, to its end. */
static int cat(void)
{
    char bytes[65536];
    DWORD n = 0, done;

    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof bytes, &n, NULL) && n)
        WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, n, &done, NULL);
    return GetLastError() == ERROR_BROKEN_PIPE || n == 0 ? 17 : 18;
}

/* "flood": four MiB at once, and gone. */
#define FLOOD ((size_t)4 << 20)
static int flood(void)
{
    char *bytes = malloc(FLOOD);
    DWORD done = 0;

    for (size_t i = 0; bytes && i < FLOOD; i++)
        bytes[i] = (char)('a' + i % 23);
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, (DWORD)FLOOD, &done, NULL);
    return done == FLOOD ? 0 : 1;
}

/* "look": what each of the three is, and what else we were given. */
static int look(void)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    char line[64] = "look ";
    DWORD mode, done;

    for (int i = 0; i < 3; i++) {
        HANDLE h = GetStdHandle(names[i]);
        line[5 + i] = GetConsoleMode(h, &mode) ? 'C' : GetFileType(h) == FILE_TYPE_PIPE ? 'P' : GetFileType(h) == FILE_TYPE_CHAR ? 'N' : '-';
    }
    snprintf(line + 8, sizeof line - 8, " %u\r\n", GetConsoleOutputCP());
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line, (DWORD)strlen(line), &done, NULL);
    Sleep(500); /* wine's console may lose what a short program printed */
    return 0;
}

static void input_and_its_end(struct boundary *b)
{
    sys_handle in[2] = {SYS_NONE, SYS_NONE}, out[2] = {SYS_NONE, SYS_NONE};
    struct command command = {.terminal = SYS_NONE};
    struct launch l;
    struct came c = {0};
    struct err e = {0};
    long code = 0;

    own_launch(&l, "cat");
    sys_pipe(&in[0], &in[1], &e);
    sys_pipe(&out[0], &out[1], &e);
    sys_nonblocking(out[0], true);
    l.std[0] = l.std[1] = STD_HANDLE;
    l.std_handle[0] = in[0];
    l.std_handle[1] = out[1];
    CHECK(boundary_spawn(b, &l, &command, &e), "a program that reads");
    sys_close(&in[0]);
    sys_close(&out[1]);
    sys_write(in[1], "line\n", 5, &code);
    sys_close(&in[1]);
    pump(b, &command, &out[0], &c, 20000);
    CHECK_STR(buf_view(&c.bytes), STR("line\n"), "gets its input");
    CHECK(c.ended && c.code == 17, "and its end: nobody else holds the pipe");
    sys_close(&out[0]);
}

static void all_of_the_output(struct boundary *b)
{
    sys_handle out[2] = {SYS_NONE, SYS_NONE};
    struct command command = {.terminal = SYS_NONE};
    struct launch l;
    struct came c = {0};
    struct err e = {0};
    bool same = true;

    own_launch(&l, "flood");
    sys_pipe(&out[0], &out[1], &e);
    sys_nonblocking(out[0], true);
    l.std[1] = STD_HANDLE;
    l.std_handle[1] = out[1];
    CHECK(boundary_spawn(b, &l, &command, &e), "a program that prints much and is gone");
    sys_close(&out[1]);
    pump(b, &command, &out[0], &c, 30000);
    for (size_t i = 0; i < c.bytes.n; i++)
        same = same && c.bytes.p[i] == (char)('a' + i % 23);
    CHECK(same && c.bytes.n == FLOOD, "all of it arrives");
    sys_close(&out[0]);
    buf_release(&c.bytes);
}

static void what_it_is_given(struct boundary *b)
{
    sys_handle out[2] = {SYS_NONE, SYS_NONE};
    struct command command = {.terminal = SYS_NONE};
    struct launch l;
    struct came c = {0};
    struct err e = {0};

    own_launch(&l, "look");
    l.terminal = true;
    l.std[0] = l.std[1] = l.std[2] = STD_TERMINAL;
    CHECK(boundary_spawn(b, &l, &command, &e), "a program in a console that looks at what it has");
    CHECK(sys_resize(command.terminal, 30, 100), "its console is asked to be of another size");
    pump(b, &command, &command.terminal, &c, 20000);
    CHECK(said(&c, "look CCC 65001"), "has the console for all three, in UTF-8");
    sys_close(&command.terminal);
    buf_release(&c.bytes);
    c = (struct came){0};
    own_launch(&l, "look");
    sys_pipe(&out[0], &out[1], &e);
    sys_nonblocking(out[0], true);
    l.std[1] = STD_HANDLE;
    l.std_handle[1] = out[1];
    CHECK(boundary_spawn(b, &l, &command, &e), "one with a pipe");
    sys_close(&out[1]);
    pump(b, &command, &out[0], &c, 20000);
    CHECK(said(&c, "look NPN"), "has that, and nothing of the runner's");
    sys_close(&out[0]);
}

static void missing_programs(struct boundary *b)
{
    struct launch l = {.extra = SYS_NONE, .cwd = STR("C:\\")};
    struct command command = {.terminal = SYS_NONE};
    struct err e = {0};
    struct came c;

    *(struct str *)ARENA_PUSH(&arena, &l.argv) = STR("no-such-program");
    CHECK(!boundary_spawn(b, &l, &command, &e) && e.kind == ERR_MISSING, "a program that is not there is missing");
    err_clear(&e);
    l.argv.v[0] = arena_format(&arena, "%.*s\\win.ini", (int)sys_variable(NULL, STR("SystemRoot")).n,
        sys_variable(NULL, STR("SystemRoot")).p);
    sys_environment(&arena, &l.env);
    CHECK(!boundary_spawn(b, &l, &command, &e) && (e.kind == ERR_REFUSED || e.kind == ERR_MISSING), "a text cannot be started");
    err_clear(&e);
    CHECK(run_line(b, "exit 3", &c, &e) && c.code == 3, "and the runner goes on");
}

static void environment_block(struct boundary *b)
{
    struct launch l;
    struct command command = {.terminal = SYS_NONE};
    sys_handle in = SYS_NONE, theirs = SYS_NONE;
    struct came c = {0};
    struct err e = {0};

    base_launch(&l, "echo [%CORDON_TEST%]");
    *(struct str *)ARENA_PUSH(&arena, &l.env) = STR("CORDON_TEST=a b & c");
    sys_pipe(&in, &theirs, &e);
    sys_nonblocking(in, true);
    l.words = arena_format(&arena, "cmd.exe /d /s /c \"set CORDON_TEST\"");
    l.std[1] = STD_HANDLE;
    l.std_handle[1] = theirs;
    CHECK(boundary_spawn(b, &l, &command, &e), "a program with a variable");
    sys_close(&theirs);
    pump(b, &command, &in, &c, 20000);
    CHECK(said(&c, "CORDON_TEST=a b & c"), "it arrives as it was");
    sys_close(&in);
}

static void in_a_console(struct boundary *b)
{
    struct launch l;
    struct command command = {.terminal = SYS_NONE};
    struct came c = {0};
    struct err e = {0};
    bool good;

    base_launch(&l, "echo in-the-console& ping -n 2 127.0.0.1 >nul& exit 9");
    l.terminal = true;
    l.std[0] = l.std[1] = l.std[2] = STD_TERMINAL;
    good = boundary_spawn(b, &l, &command, &e);
    if (e.kind)
        printf("err: %s\n", err_text(&e, &arena).p);
    CHECK(good && command.terminal != SYS_NONE, "a program in a pseudoconsole");
    if (!good)
        return;
    pump(b, &command, &command.terminal, &c, 20000);
    CHECK(said(&c, "in-the-console"), "what it prints comes by the console");
    CHECK(c.ended && c.code == 9, "its exit code, too");
    CHECK(c.in_order, "and that behind the last byte");
    sys_close(&command.terminal);
}

/* In a terminal nobody waits for the start: the console host may ask something first. What went wrong is said there. */
static void not_started_in_a_console(struct boundary *b)
{
    struct launch l = {.extra = SYS_NONE, .cwd = STR("C:\\"), .terminal = true, .rows = 24, .columns = 80};
    struct command command = {.terminal = SYS_NONE};
    struct came c = {0};
    struct err e = {0};

    sys_environment(&arena, &l.env);
    l.std[0] = l.std[1] = l.std[2] = STD_TERMINAL;
    *(struct str *)ARENA_PUSH(&arena, &l.argv) = arena_format(&arena, "%.*s\\win.ini", (int)sys_variable(NULL, STR("SystemRoot")).n,
        sys_variable(NULL, STR("SystemRoot")).p);
    CHECK(boundary_spawn(b, &l, &command, &e), "what cannot be started in a terminal is begun");
    pump(b, &command, &command.terminal, &c, 20000);
    CHECK(c.ended && (c.code == 126 || c.code == 127), "and ends as a shell would have it");
    sys_close(&command.terminal);
}

static void a_report(struct boundary *b)
{
    struct launch l;
    struct command command = {.terminal = SYS_NONE};
    struct came c = {0};
    struct err e = {0};
    struct wide_path shim;
    sys_handle in = SYS_NONE, theirs = SYS_NONE;

    win_beside(SHIM_FILE, &shim);
    base_launch(&l, "");
    l.words = arena_format(&arena, "cmd.exe /d /s /c \"cd system32& set GREET=hi& set CORDON_CODE=5& \"%s\" report\"",
        utf8_from_path(&arena, shim.v, wcslen(shim.v)).p);
    l.cwd = sys_variable(NULL, STR("SystemRoot"));
    sys_pipe(&in, &theirs, &e);
    sys_nonblocking(in, true);
    l.extra = theirs;
    CHECK(boundary_spawn(b, &l, &command, &e), "a line with a report");
    sys_close(&theirs);
    pump(b, &command, &in, &c, 20000);
    CHECK(c.code == 5, "ends as the line did");
    CHECK(c.bytes.n > 8 && memcmp(c.bytes.p, "CORDON1\0005\0", 10) == 0, "the report begins as it should");
    CHECK(said(&c, "GREET=hi") && said(&c, "\\system32"), "with what the line left");
    CHECK(c.bytes.n > 2 && memcmp(c.bytes.p + c.bytes.n - 2, "=\0", 2) == 0, "and ends as it should");
    CHECK(!memchr(c.bytes.p, 0, 0) && c.ended, "all of it");
    sys_close(&in);
}

/* "breakaway": a child outside all jobs, which none of them allows. */
static int breakaway(void)
{
    STARTUPINFOW info = {.cb = sizeof info};
    PROCESS_INFORMATION made = {0};
    wchar_t words[] = L"cmd.exe /c exit 0";
    char line[64];
    DWORD done, code = 0;

    if (!CreateProcessW(NULL, words, NULL, NULL, FALSE, CREATE_BREAKAWAY_FROM_JOB, NULL, NULL, &info, &made))
        code = GetLastError();
    snprintf(line, sizeof line, "breakaway %lu.", (unsigned long)code);
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line, (DWORD)strlen(line), &done, NULL);
    return 0;
}

static void leaves_no_job(struct boundary *b)
{
    sys_handle out[2] = {SYS_NONE, SYS_NONE};
    struct command command = {.terminal = SYS_NONE};
    struct launch l;
    struct came c = {0};
    struct err e = {0};

    own_launch(&l, "breakaway");
    sys_pipe(&out[0], &out[1], &e);
    sys_nonblocking(out[0], true);
    l.std[1] = STD_HANDLE;
    l.std_handle[1] = out[1];
    CHECK(boundary_spawn(b, &l, &command, &e), "a program that would leave its job");
    sys_close(&out[1]);
    pump(b, &command, &out[0], &c, 20000);
    CHECK(said(&c, "breakaway 5."), "may not (rule W3)");
    sys_close(&out[0]);
    buf_release(&c.bytes);
}

static bool is_closed(DWORD pid, const char *list)
{
    HANDLE runner = OpenProcess(READ_CONTROL, FALSE, pid);
    bool same = runner && win_dacl_is(runner, str_from(list));

    win_close(&runner);
    return same;
}

#define CLOSED_AT_FIRST "D:P(A;;GA;;;SY)(A;;RC;;;OW)"

/* The runner that start_runner makes, with nothing asked of it yet. */
static void started(void)
{
    struct start_as as = {0};
    struct started s = {.control = SYS_NONE};
    struct err e = {0};
    BOOL in = FALSE;

    CHECK(start_runner(&as, &s, &e), "a runner");
    CHECK(s.process && IsProcessInJob(s.process, s.job, &in) && in, "is in the job whose only handle is ours");
    start_end(&s);
}

/* "early": beside us, in place of the runner, lies a program that never closes itself: this one. */
static int early(void)
{
    struct start_as as = {0};
    struct started s = {.control = SYS_NONE};
    struct err e = {0};
    bool closed = start_runner(&as, &s, &e) && is_closed(s.pid, CLOSED_AT_FIRST);

    start_end(&s);
    return closed ? 41 : 42;
}

/* Closed by whoever starts it, before its first instruction: its own closing is not needed for that. */
static void closed_early(void)
{
    STARTUPINFOW info = {.cb = sizeof info};
    PROCESS_INFORMATION made = {0};
    wchar_t self[1024], words[] = L"early early";
    DWORD code = 0;

    CreateDirectoryW(L"early", NULL);
    if (!GetModuleFileNameW(NULL, self, COUNT_OF(self)) || !CopyFileW(self, L"early\\test.exe", FALSE) ||
        !CopyFileW(self, L"early\\" RUNNER_FILE, FALSE) ||
        !CreateProcessW(L"early\\test.exe", words, NULL, NULL, FALSE, 0, NULL, NULL, &info, &made)) {
        CHECK(false, "a runner that does nothing");
        return;
    }
    WaitForSingleObject(made.hProcess, 20000);
    CHECK(GetExitCodeProcess(made.hProcess, &code) && code == 41, "a runner that does not close itself is closed all the same");
    win_close(&made.hThread);
    win_close(&made.hProcess);
    DeleteFileW(L"early\\test.exe");
    DeleteFileW(L"early\\" RUNNER_FILE);
    RemoveDirectoryW(L"early");
}

/* One that nobody closed before it ran closes itself, before it is asked anything. */
static void closes_itself(void)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION made = {0};
    HANDLE in[2] = {0}, out[2] = {0};
    struct wide_path runner;
    wchar_t words[64];
    bool closed = false;

    win_beside(RUNNER_FILE, &runner);
    swprintf(words, COUNT_OF(words), L"cordon-runner %lu", (unsigned long)GetCurrentProcessId());
    CreatePipe(&in[0], &in[1], &inherited, 0);
    CreatePipe(&out[0], &out[1], &inherited, 0);
    SetHandleInformation(in[1], HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(out[0], HANDLE_FLAG_INHERIT, 0);
    info.hStdInput = in[0];
    info.hStdOutput = out[1];
    if (CreateProcessW(runner.v, words, NULL, NULL, TRUE, 0, NULL, NULL, &info, &made)) {
        for (int i = 0; i < 500 && !closed; i++) {
            closed = win_dacl_is(made.hProcess, STR(CLOSED_AT_FIRST));
            Sleep(10);
        }
        TerminateProcess(made.hProcess, 1);
    }
    CHECK(closed, "a runner closes itself before it is asked anything");
    win_close(&made.hThread);
    win_close(&made.hProcess);
    for (int i = 0; i < 2; i++) {
        win_close(&in[i]);
        win_close(&out[i]);
    }
}

/* Rule W2. Under wine an owner may change any descriptor of its own, but else DACLs of processes are real there. */
static void closed(struct boundary *b)
{
    struct probe p[] = {{.kind = PROBE_PROCESS}, {.kind = PROBE_SIGNAL, .number = boundary_runner(b)}, {.kind = PROBE_PRIVILEGE}, {.kind = PROBE_HOST},
        {.kind = PROBE_DESKTOP}, {.kind = PROBE_EXECUTE, .path = cmd_path()}, {.kind = PROBE_COM, .path = STR("no class")}};
    struct err e = {0};

    CHECK(boundary_prove(b, p, COUNT_OF(p), &e), "attempts are made inside");
    CHECK(p[0].control == ANSWER_DONE, "a process of one's own can be reached into");
    CHECK(p[1].observed == ANSWER_DENIED, "a grandchild cannot end the runner");
    if (win_is_wine()) {
        CHECK(is_closed(boundary_runner(b), plan_closed), "the runner's list is the plan's"); /* elsewhere it may not be read */
        CHECK_SKIP("nor reach into it in any way", "wine lets an owner change any descriptor");
        CHECK_SKIP("nor use a privilege", "wine takes none away");
        CHECK(p[3].observed != ANSWER_MISSING && p[3].observed != ANSWER_UNKNOWN, "the console's host is found");
        CHECK_SKIP("nor reach into the console's host", "wine lets an owner change any descriptor");
        CHECK_SKIP("nor have the person's desktop", "wine's stations have no descriptors");
        CHECK(p[5].observed == ANSWER_DONE, "a program that may be started is");
        CHECK(p[6].observed == ANSWER_FAILED || p[6].observed == ANSWER_DENIED, "what is no class is none");
        return;
    }
    CHECK(p[3].observed == ANSWER_DENIED, "nor reach into the console's host");
    CHECK(p[0].observed == ANSWER_DENIED, "nor reach into it in any way");
    CHECK(p[2].control == ANSWER_DONE && p[2].observed == ANSWER_DENIED, "nor use a privilege");
}

/* A start as the sandbox's account, as far as wine has one: it has no logon, and gives no reason either. */
static void as_account(void)
{
    struct plan plan;
    struct err e = {0};
    struct texts parts = accepted(true);
    struct passwords kept = {0};
    struct boundary *b = NULL;
    struct str folder, file;
    struct buf sealed = {0};

    if (!win_is_wine()) {
        CHECK_SKIP("a start as the sandbox's account", "would touch what setup made; cordon doctor has it");
        return;
    }
    make_plan(&plan);
    add(&plan, OP_ACCOUNT, "CordonOffline", "S-1-5-21-1-2-3-1001", 0);
    plan.v[plan.n - 1].source = STR("S-1-5-32-545"); /* the accounts' group */
    CHECK(boundary_begin(&b, true, &e) && !boundary_hand(b, &plan, &parts, NULL, &e) && e.remedy[0], "without its password it is refused, with a remedy");
    boundary_close(b);
    err_clear(&e);
    b = NULL;
    folder = path_join(&arena, PATH_WINDOWS, sys_variable(NULL, STR("ProgramData")), STR("Cordon"));
    file = ledger_place(&arena, folder, token_user(&arena), "passwords");
    sys_make_folders(path_parent(PATH_WINDOWS, file), 0700, &e);
    CHECK(passwords_new(&kept, &e) && passwords_seal(&arena, &kept, token_user(&arena), true, &sealed, &e) &&
              win_replace_file(file, buf_view(&sealed), &e),
        "a password is kept");
    CHECK(boundary_begin(&b, true, &e) && !boundary_hand(b, &plan, &parts, NULL, &e) && e.kind == ERR_SYSTEM, "with it the logon is tried, and fails");
    CHECK(strstr(e.what, "account") != NULL, "which is said, and it was to begin on no desktop of the person's");
    printf("said: %s\n", err_text(&e, &arena).p);
    boundary_close(b);
    err_clear(&e);
    sys_remove_tree(folder, &e);
    buf_release(&sealed);
}

static void roots_are_held(void)
{
    struct str top = arena_format(&arena, "%.*s\\held-test", (int)sys_cwd(&arena).n, sys_cwd(&arena).p);
    struct texts parts = accepted(true);
    struct boundary *b = NULL;
    struct wide_path from, to;
    struct plan plan;
    struct err e = {0};
    bool opened;

    wide_path(top, &from);
    wide_path(arena_format(&arena, "%.*s-moved", (int)top.n, top.p), &to);
    CreateDirectoryW(from.v, NULL);
    make_plan(&plan);
    for (size_t i = 0; i < plan.n; i++)
        if (plan.v[i].kind == OP_RESTRICT && str_is(plan.v[i].text, SID_LOGON))
            plan.v[i].path = top;
    opened = boundary_begin(&b, true, &e) && boundary_hand(b, &plan, &parts, NULL, &e) && boundary_build(b, &arena, &plan, NULL, 0, NULL, &e);
    CHECK(opened && !MoveFileW(from.v, to.v) && !RemoveDirectoryW(from.v), "a root cannot be moved away while a boundary is open");
    boundary_close(b);
    CHECK(MoveFileW(from.v, to.v) && RemoveDirectoryW(to.v), "afterwards it can");
    err_clear(&e);
}

/* The runner in other hands. */
static void runner_alone(void)
{
    STARTUPINFOW info = {.cb = sizeof info};
    PROCESS_INFORMATION made = {0};
    struct wide_path runner;
    wchar_t words[64];
    DWORD code = 0;

    win_beside(RUNNER_FILE, &runner);
    swprintf(words, COUNT_OF(words), L"cordon-runner %lu", (unsigned long)GetCurrentProcessId());
    if (!CreateProcessW(runner.v, words, NULL, NULL, FALSE, 0, NULL, NULL, &info, &made)) {
        CHECK(false, "the runner starts");
        return;
    }
    WaitForSingleObject(made.hProcess, 10000);
    GetExitCodeProcess(made.hProcess, &code);
    CHECK(code == 2, "a runner without its two pipes refuses");
    win_close(&made.hThread);
    win_close(&made.hProcess);
}

int main(int argc, char **argv)
{
    struct plan plan;
    struct err e = {0};
    struct boundary *b;

    if (argc == 2 && strcmp(argv[1], "cat") == 0)
        return cat();
    if (argc == 2 && strcmp(argv[1], "flood") == 0)
        return flood();
    if (argc == 2 && strcmp(argv[1], "look") == 0)
        return look();
    if (argc == 2 && strcmp(argv[1], "breakaway") == 0)
        return breakaway();
    if (argc == 2 && strcmp(argv[1], "early") == 0)
        return early();
    if (argc == 2 && argv[1][0] >= '1' && argv[1][0] <= '9')
        return cat(); /* as the runner of "early", until its channel ends */
    refused_unless_accepted();
    b = open_boundary(true, &plan, &e);
    CHECK(b != NULL, "a boundary opens where the person accepts that nothing is held");
    if (!b) {
        printf("err: %s\n", err_text(&e, &arena).p);
        return CHECK_END();
    }
    CHECK(!win_is_wine() || plan.partial.n > 0, "which its plan then says");
    for (size_t i = 0; i < plan.partial.n; i++)
        printf("partial: %s\n", plan.partial.v[i].p);
    lines(b);
    missing_programs(b);
    input_and_its_end(b);
    all_of_the_output(b);
    what_it_is_given(b);
    leaves_no_job(b);
    environment_block(b);
    in_a_console(b);
    not_started_in_a_console(b);
    a_report(b);
    closed(b);
    boundary_close(b);
    started();
    closed_early();
    closes_itself();
    roots_are_held();
    runner_alone();
    as_account();
    arena_release(&arena);
    return CHECK_END();
}
