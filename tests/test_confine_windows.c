/*
 * What the runner confines with, one by one, as far as wine has it: tokens (whose restrictions wine drops: that must come out as
 * "not verified"), jobs, descriptors of kernel objects, a window station, and a pseudoconsole's life.
 */
#include "../conpty/console_windows.h"
#include "../sandbox/core/nt.h"
#include "../sandbox/win32.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

static bool start_cmd(const wchar_t *line, DWORD flags, wchar_t *desktop, PROCESS_INFORMATION *made)
{
    STARTUPINFOW info = {.cb = sizeof info, .lpDesktop = desktop};
    wchar_t words[256];

    wcscpy_s(words, COUNT_OF(words), line);
    return CreateProcessW(NULL, words, NULL, NULL, FALSE, flags, NULL, NULL, &info, made);
}

static void let_go(PROCESS_INFORMATION *p)
{
    win_close(&p->hThread);
    win_close(&p->hProcess);
}

/* ---- tokens ---- */

static void tokens(void)
{
    struct str sids[] = {STR(SID_LOGON), STR(SID_EVERYONE)};
    struct token_wish wish = {.flags = DISABLE_MAX_PRIVILEGE | 8, .restricting = {sids, 2, 2}, .default_dacl = STR("D:(A;;GA;;;SY)")};
    const char *why = NULL;
    struct err e = {0};
    HANDLE token = NULL;

    CHECK(token_make(&wish, &token, &why, &e), "a restricted token is made");
    if (win_is_wine()) {
        CHECK(why && strstr(why, "restricting list"), "and looked at: wine has dropped its list");
        CHECK_SKIP("what its second pass refuses is refused", "wine has none; test_access has rules and tables");
        CHECK(!token_canary(), "the canary says so as well");
        CHECK(!token_is_restricted(), "we are not restricted");
    } else {
        CHECK(why == NULL, "it is what was asked for");
        CHECK(token_canary(), "the canary says so as well");
    }
    win_close(&token);
    sids[1] = STR("no SID");
    CHECK(!token_make(&wish, &token, &why, &e) && token == NULL, "what is no SID is refused");
    err_clear(&e);
    CHECK(win_descriptor(STR("D:P(A;;GA;;;" SID_LOGON ")")) != NULL, "our own logon's number is put in");
    CHECK(win_descriptor(STR("D:nonsense")) == NULL, "what is no SDDL is refused");
}

static void default_list(void)
{
    HANDLE copy = NULL;
    struct err e = {0};
    bool verified = false;

    CHECK(DuplicateTokenEx(token_own(), MAXIMUM_ALLOWED, NULL, SecurityImpersonation, TokenPrimary, &copy), "a copy of our token");
    CHECK(token_default_dacl(copy, STR("D:(A;;GA;;;SY)(A;;GR;;;WD)"), &verified, &e) && verified,
        "a default list comes back as it was put");
    win_close(&copy);
}

static DWORD WINAPI nothing(void *none)
{
    (void)none;
    return 0;
}

/* ---- descriptors ---- */

static void descriptors(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    struct err e = {0};
    bool verified = false;

    CHECK(win_dacl_put(event, STR("D:P(A;;0x1f0003;;;SY)"), &verified, &e) && verified, "an object is closed, and that read back");
    CHECK(win_dacl_put(event, STR("D:P(A;;GA;;;SY)(A;;GR;;;WD)"), &verified, &e) && verified, "generic rights come back as what they mean");
    {
        HANDLE thread = CreateThread(NULL, 0, nothing, NULL, CREATE_SUSPENDED, NULL);
        CHECK(thread && win_dacl_put(thread, STR("D:P(A;;0x1fffff;;;WD)"), &verified, &e) && verified &&
                  win_close_threads(STR("D:P(A;;0x1fffff;;;SY)")) && win_dacl_is(thread, STR("D:P(A;;0x1fffff;;;SY)")),
            "a thread that came open is found, and closed");
        if (thread)
            ResumeThread(thread);
        win_close(&thread);
    }
    win_close(&event);
}

/* ---- jobs ---- */

/* On a directory of our own: that of the drive letters belongs to all that run here. */
static void directories(void)
{
    typedef NTSTATUS(NTAPI * create_directory)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
    void *found = win_function(L"ntdll.dll", "NtCreateDirectoryObject");
    wchar_t name[] = L"\\BaseNamedObjects\\cordon-test";
    UNICODE_STRING text = {(USHORT)(sizeof name - sizeof *name), (USHORT)sizeof name, name};
    OBJECT_ATTRIBUTES of = {.Length = sizeof of, .ObjectName = &text};
    create_directory create;
    HANDLE folder = NULL;
    struct err e = {0};
    bool verified = false;

    memcpy(&create, &found, sizeof create);
    if (!create || create(&folder, MAXIMUM_ALLOWED, &of) < 0) {
        CHECK_SKIP("a directory of the object manager is closed", "none can be made here");
        return;
    }
    CHECK(win_directory_close(name, STR("D:P(A;;0xf000f;;;SY)(A;;0x20003;;;WD)(A;;0x20000;;;OW)"), &verified, &e) && verified,
        "a directory of the object manager is closed, and read back");
    CHECK(!win_directory_close(L"\\BaseNamedObjects\\cordon-test-none", STR("D:P(A;;0xf000f;;;SY)"), &verified, &e) && !verified &&
              e.kind != ERR_NONE,
        "one that is not there is said not to be");
    win_close(&folder);
}

static void jobs(void)
{
    struct job_wish wish = {.kill_on_close = true};
    const char *why = NULL;
    struct err e = {0};
    HANDLE outer = NULL, inner = NULL, other = NULL;
    PROCESS_INFORMATION p = {0};

    CHECK(job_make(&wish, &outer, &why, &e) && job_make(&wish, &inner, &why, &e) && job_make(&wish, &other, &why, &e), "jobs are made");
    if (win_is_wine())
        CHECK(why != NULL, "wine does not give their limits back, and that is noticed");
    else
        CHECK(why == NULL, "their limits come back");
    CHECK(start_cmd(L"cmd.exe /c ping -n 60 127.0.0.1 >nul", CREATE_SUSPENDED, NULL, &p), "a process, not running yet");
    CHECK(job_take(outer, p.hProcess, &e) && job_take(inner, p.hProcess, &e), "is in a job, and in another within");
    CHECK(job_count(outer) == 1 && job_count(inner) == 1, "both have it");
    CHECK(job_take(inner, p.hProcess, &e), "in it already is fine");
    ResumeThread(p.hThread);
    Sleep(300);
    win_close(&outer);
    CHECK(WaitForSingleObject(p.hProcess, 8000) == WAIT_OBJECT_0, "the outer one's last handle ends it");
    let_go(&p);
    CHECK(start_cmd(L"cmd.exe /c ping -n 60 127.0.0.1 >nul", CREATE_SUSPENDED, NULL, &p) && job_take(other, p.hProcess, &e), "another");
    ResumeThread(p.hThread);
    TerminateJobObject(other, 55);
    DWORD code = 0;
    CHECK(WaitForSingleObject(p.hProcess, 8000) == WAIT_OBJECT_0 && GetExitCodeProcess(p.hProcess, &code) && code == 55,
        "ended with the code that was given");
    let_go(&p);
    win_close(&inner);
    win_close(&other);
    if (win_is_wine())
        CHECK_SKIP("limits on memory and processes hold", "wine enforces neither; that they came back is compared in test_ask");
}

/* ---- the window station ---- */

static void station(void)
{
    wchar_t name[128];
    struct err e = {0};
    PROCESS_INFORMATION p = {0};
    DWORD code = 99;
    bool verified = false;
    HWINSTA own = GetProcessWindowStation();

    CHECK(station_lend(STR("S-1-5-32-545"), name, COUNT_OF(name), &e) && wcsstr(name, L"\\cordon") && name[0] != L'\\',
        "one for a runner to begin on, by its whole name: an empty one would be the person's own");
    CHECK(GetProcessWindowStation() == own && own, "while this process stays where it is");
    CHECK(!station_lend(STR(""), name, COUNT_OF(name), &e) && name[0] == 0, "for nobody there is none");
    e = (struct err){0};
    CHECK(station_make(STR("D:P(A;;0xf037f;;;SY)(A;;0x2033f;;;WD)"), STR("D:P(A;;0xf01ff;;;SY)(A;;0x200cf;;;WD)"), name, COUNT_OF(name), &verified, &e),
        "a window station and a desktop");
    if (win_is_wine())
        printf("descriptors of the station: %s\n", verified ? "verified" : "not verified");
    else
        CHECK(verified, "with the descriptors that were asked for");
    if (e.kind)
        printf("%s: %s\n", e.what, e.reason);
    CHECK(wcsstr(name, L"\\cordon") != NULL, "with a name to start programs on");
    CHECK(start_cmd(L"cmd.exe /c exit 4", 0, name, &p) && WaitForSingleObject(p.hProcess, 15000) == WAIT_OBJECT_0 &&
              GetExitCodeProcess(p.hProcess, &code) && code == 4,
        "a program runs there");
    let_go(&p);
    CHECK(!station_make(STR("nonsense"), STR("D:"), name, COUNT_OF(name), &verified, &e) && name[0] == 0, "what is no descriptor is refused");
}

/* ---- a pseudoconsole without any program ---- */

static void console(void)
{
    HANDLE in[2] = {0}, out[2] = {0};
    struct console *c;
    char bytes[512];
    DWORD n = 0;
    long code = 0;
    int rounds = 0;

    CreatePipe(&in[0], &in[1], NULL, 0);
    CreatePipe(&out[0], &out[1], NULL, 0);
    c = console_open((intptr_t)in[0], (intptr_t)out[1], 24, 80, 0, &code);
    CHECK(c != NULL, "a pseudoconsole");
    win_close(&in[0]);
    win_close(&out[1]);
    if (!c)
        return;
    if (win_is_wine())
        CHECK_SKIP("it is resized", "wine does not; test_bridge, test_ask and the made-up one above have the way there");
    else
        CHECK(console_resize(c, 30, 100), "it is resized");
    CHECK(console_close(c) != 0, "closed on a thread of its own");
    while (ReadFile(out[0], bytes, sizeof bytes, &n, NULL) && rounds < 1000)
        rounds++;
    CHECK(GetLastError() == ERROR_BROKEN_PIPE, "its output comes to its end");
    rounds = 0;
    while (!console_free(c) && rounds++ < 500)
        Sleep(10);
    CHECK(rounds < 500, "and then it is gone");
    win_close(&in[1]);
    win_close(&out[0]);
}

/* ---- its life, with functions that are made up: what wine does not have, and in which order ---- */

static struct {
    char log[32]; /* what was called */
    COORD size;
    HANDLE gone; /* until it is set the host has not gone, as before build 26100 */
    DWORD closer;
} host;

static void logged(char what)
{
    host.log[strlen(host.log)] = what;
}

static HRESULT WINAPI fake_create(COORD size, HANDLE in, HANDLE out, DWORD flags, VOID **console)
{
    (void)in;
    (void)out;
    logged('c');
    host.size = size;
    *console = &host;
    return flags == 77 ? E_INVALIDARG : S_OK;
}

static HRESULT WINAPI fake_resize(VOID *console, COORD size)
{
    logged(console == &host ? 's' : '?');
    host.size = size;
    return S_OK;
}

static void WINAPI fake_close(VOID *console)
{
    logged(console == &host ? 'x' : '?');
    host.closer = GetCurrentThreadId();
    WaitForSingleObject(host.gone, 10000);
}

static HRESULT WINAPI fake_release(VOID *console)
{
    logged(console == &host ? 'r' : '?');
    return S_OK;
}

static struct console *begin_life(const struct console_calls *calls, unsigned flags, long *code)
{
    memset(host.log, 0, sizeof host.log);
    ResetEvent(host.gone);
    return console_open_by(calls, 0, 0, 0, 80, flags, code);
}

static void life(void)
{
    struct console_calls calls = {fake_create, fake_resize, fake_close, fake_release};
    struct console *c;
    HANDLE closer;
    long code = 0;

    host.gone = CreateEventW(NULL, TRUE, FALSE, NULL);
    c = begin_life(&calls, 0, &code);
    CHECK(c && host.size.X == 80 && host.size.Y == 25, "a console without a size has the usual one");
    CHECK(console_attribute(c) == &host, "the attribute is the console itself, and not its address");
    CHECK(console_resize(c, 30, 100) && host.size.X == 100 && host.size.Y == 30, "its new size arrives, columns first");
    CHECK(!console_resize(c, 0, 100) && !console_resize(c, 30, 0x8000) && host.size.X == 100, "no size is not passed on");
    console_started(c);
    closer = (HANDLE)console_close(c);
    CHECK((HANDLE)console_close(c) == closer && WaitForSingleObject(closer, 50) == WAIT_TIMEOUT, "a host that does not go holds nobody up");
    CHECK(!console_resize(c, 31, 100) && !console_free(c), "meanwhile it is neither resized nor freed");
    SetEvent(host.gone);
    WaitForSingleObject(closer, 5000);
    CHECK(console_free(c), "then it is");
    CHECK_STR(str_from(host.log), STR("csrx"), "released once its program runs, closed once");
    CHECK(host.closer != GetCurrentThreadId(), "and not by whoever reads");
    SetEvent(host.gone);
    calls.release = NULL;
    c = begin_life(&calls, 0, &code);
    SetEvent(host.gone);
    console_started(c);
    CHECK(console_free(c), "one whose program never ran is freed at once");
    CHECK_STR(str_from(host.log), STR("cx"), "closed, and released only where the system can");
    CHECK(!begin_life(&calls, 77, &code) && code == E_INVALIDARG, "one that is not made says why");
    calls.resize = NULL;
    CHECK(!begin_life(&calls, 0, &code) && code == ERROR_PROC_NOT_FOUND && !host.log[0], "without all of the functions there is none");
    win_close(&host.gone);
}

int main(void)
{
    life();
    tokens();
    default_list();
    descriptors();
    directories();
    jobs();
    console();
    station();
    return CHECK_END();
}
