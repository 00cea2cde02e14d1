/*
 * start: the runner as a process. It is made suspended, put into a job whose only handle is ours, looked at, and only then let run:
 * what is inside ends when this process ends, however it ends (rule W3).
 *
 * The control channel is two anonymous pipes, its standard input and output. CreateProcessWithLogonW hands those three on, and no
 * other handle; where the account is the person's own, an explicit list does the same.
 */
#include "win32.h"
#include "credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIPE_BYTES 65536
#define END_MS     10000
#define AGAIN_MS   500

struct birth {
    HANDLE in, out; /* the runner's ends */
    struct wide_path program, folder;
    wchar_t words[WIDE_PATH_MAX + 32];
    PROCESS_INFORMATION made;
};

static bool make_pipes(struct birth *b, struct started *s, struct err *e)
{
    HANDLE ours[2] = {0};
    bool good = CreatePipe(&b->in, &ours[1], NULL, PIPE_BYTES) && CreatePipe(&ours[0], &b->out, NULL, PIPE_BYTES) &&
                SetHandleInformation(b->in, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) &&
                SetHandleInformation(b->out, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);

    if (!good) {
        win_fail_at(e, STAGE_LOGON, GetLastError(), (struct str){0}, "cannot make the control channel");
        win_close(&ours[0]);
        win_close(&ours[1]);
        return false;
    }
    s->control = sys_from_stream(ours[0], ours[1]);
    return true;
}

/* "RUNNER" PID, in the folder of the system: nothing of the workspace is where it looks. An account of the sandbox's runs the one that
 * setup copied to where it can read it and administrators alone write. */
static bool set_words(struct birth *b, bool account, struct err *e)
{
    UINT n = GetSystemDirectoryW(b->folder.v, WIDE_PATH_MAX);

    if (!(account ? win_installed(RUNNER_FILE, &b->program) : win_beside(RUNNER_FILE, &b->program)) || n == 0 || n >= WIDE_PATH_MAX)
        return win_fail_at(e, STAGE_LOGON, GetLastError(), (struct str){0}, "cannot tell where the runner is");
    swprintf(b->words, COUNT_OF(b->words), L"\"%ls\" %lu", b->program.v, (unsigned long)GetCurrentProcessId());
    return true;
}

static bool create_as_person(struct birth *b, struct err *e)
{
    STARTUPINFOEXW info;
    HANDLE list[2] = {b->in, b->out};
    SIZE_T size = 0;
    bool good;

    memset(&info, 0, sizeof info);
    info.StartupInfo.cb = sizeof info;
    info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    info.StartupInfo.hStdInput = b->in;
    info.StartupInfo.hStdOutput = b->out;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    info.lpAttributeList = malloc(size ? size : 1);
    if (!info.lpAttributeList || !InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size)) {
        free(info.lpAttributeList);
        return win_fail_at(e, STAGE_LOGON, GetLastError(), (struct str){0}, "cannot prepare the runner");
    }
    good = UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, list, sizeof list, NULL, NULL) &&
           CreateProcessW(b->program.v, b->words, NULL, NULL, TRUE,
               CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT, NULL, b->folder.v, &info.StartupInfo,
               &b->made);
    if (!good) {
        struct arena a = {0};
        win_fail_at(e, STAGE_LOGON, GetLastError(), utf8_from_z(&a, b->program.v), "cannot start the runner");
        arena_release(&a);
    }
    DeleteProcThreadAttributeList(info.lpAttributeList);
    free(info.lpAttributeList);
    return good;
}

static void widen(wchar_t *out, const char *in, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (wchar_t)(unsigned char)in[i]; /* passwords are ASCII (setup_password) */
}

/*
 * "CreateProcessWithLogonW": without lpDesktop, or with an empty one, it would be on the person's own station and desktop, and the logon
 * service might add it there; so it is named one that is none of the person's (rule W4); with the account's profile, without which HTTPS fails (W7); no environment, so that the account's own is made.
 * A logon that failed is never tried again by itself: that is what locks accounts; one that did not begin is, once.
 */
static bool create_as_account(struct birth *b, const struct start_as *as, struct err *e)
{
    wchar_t password[SETUP_PASSWORD_LENGTH + 1] = {0}, desktop[128] = {0}, *name;
    STARTUPINFOW info = {.cb = sizeof info, .lpDesktop = desktop, .dwFlags = STARTF_USESTDHANDLES, .hStdInput = b->in, .hStdOutput = b->out};
    struct passwords kept = {0};
    struct arena a = {0};
    bool good = station_lend(as->group, desktop, COUNT_OF(desktop), e) && passwords_open(win_data_dir(&a), token_user(&a), &kept, e);
    DWORD code = 0;

    if (good && (!info.lpDesktop || !info.lpDesktop[0]))
        good = win_fail_at(e, STAGE_LOGON, ERROR_INVALID_PARAMETER, as->account, "the runner would begin on the person's own desktop");
    name = good ? wide_from(&a, as->account) : NULL;
    if (good)
        widen(password, as->online ? kept.online : kept.offline, SETUP_PASSWORD_LENGTH);
    passwords_wipe(&kept);
    for (unsigned tries = 1; good; tries++) {
        SetLastError(0); /* one that fails under wine leaves it as it was */
        if (name && CreateProcessWithLogonW(name, L".", password, LOGON_WITH_PROFILE, b->program.v, b->words,
                        CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | CREATE_DEFAULT_ERROR_MODE, NULL, b->folder.v, &info, &b->made))
            break;
        code = GetLastError();
        good = error_may_retry(code, tries);
        if (good)
            Sleep(AGAIN_MS);
    }
    SecureZeroMemory(password, sizeof password);
    arena_release(&a);
    if (!good && e->kind == ERR_NONE)
        win_fail_at(e, STAGE_LOGON, code, as->account, "cannot start the runner as the sandbox's account");
    return good;
}

/* Until it closes itself its lists are the account's own, and the account's other sessions have that SID in both passes (W1). So it is
 * closed before its first instruction; the system and, where it is another account's, the person keep all rights. */
static bool close_early(const struct birth *b, bool as_account, struct err *e)
{
    struct arena a = {0};
    struct str person = token_user(&a);
    struct str text = as_account && person.n
                          ? arena_format(&a, "D:P(A;;GA;;;SY)(A;;GA;;;%.*s)(A;;RC;;;OW)", (int)person.n, person.p)
                          : STR("D:P(A;;GA;;;SY)(A;;RC;;;OW)");
    bool verified; /* the runner looks, before it starts anything */
    bool good = win_dacl_put(b->made.hProcess, text, &verified, e) && win_dacl_put(b->made.hThread, text, &verified, e);

    arena_release(&a);
    return good;
}

/* Into the job before it runs; and what may be done with it is asked before anything relies on it: the handle that seclogon
 * gives back is its own to choose. */
static bool hold(struct birth *b, bool as_account, struct started *s, struct err *e)
{
    const struct job_wish wish = {.kill_on_close = true};
    const char *why = NULL; /* under Wine it does not come back; the runner's own jobs tell */
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    ULONG n = 0;

    if (!job_make(&wish, &s->job, &why, e) || !job_take(s->job, b->made.hProcess, e))
        return false;
    memset(&info, 0, sizeof info);
    if (NtQueryObject(b->made.hProcess, ObjectBasicInformation, &info, sizeof info, &n) < 0 ||
        (info.GrantedAccess & (PROCESS_DUP_HANDLE | PROCESS_TERMINATE)) != (PROCESS_DUP_HANDLE | PROCESS_TERMINATE))
        return win_fail_at(e, STAGE_LOGON, ERROR_ACCESS_DENIED, (struct str){0}, "the runner's process handle cannot be handed anything");
    if (!close_early(b, as_account, e))
        return false;
    if (ResumeThread(b->made.hThread) == (DWORD)-1)
        return win_fail_at(e, STAGE_LOGON, GetLastError(), (struct str){0}, "cannot let the runner run");
    return true;
}

bool start_runner(const struct start_as *as, struct started *out, struct err *e)
{
    struct started s = {.control = SYS_NONE};
    struct birth *b = calloc(1, sizeof *b);
    bool good = b != NULL && set_words(b, as->account.n > 0, e) && make_pipes(b, &s, e);

    good = good && (as->account.n ? create_as_account(b, as, e) : create_as_person(b, e));
    if (good && !hold(b, as->account.n > 0, &s, e)) {
        TerminateProcess(b->made.hProcess, 1);
        good = false;
    }
    if (b) {
        win_close(&b->in); /* else the runner's end of the channel would never close with it */
        win_close(&b->out);
        win_close(&b->made.hThread);
        s.process = b->made.hProcess;
        s.pid = b->made.dwProcessId;
        free(b);
    }
    if (!good) {
        start_end(&s);
        return false;
    }
    sys_nonblocking(s.control, true);
    *out = s;
    return true;
}

uint64_t start_lend(const struct started *s, HANDLE h, struct err *e)
{
    HANDLE theirs = NULL;

    if (h && DuplicateHandle(GetCurrentProcess(), h, s->process, &theirs, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return (uint64_t)(uintptr_t)theirs;
    win_fail_at(e, STAGE_LOGON, h ? GetLastError() : ERROR_INVALID_HANDLE, (struct str){0}, "cannot hand the runner an end of a pipe");
    return 0;
}

void start_take_back(const struct started *s, uint64_t lent)
{
    if (lent)
        DuplicateHandle(s->process, (HANDLE)(uintptr_t)lent, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
}

void start_end(struct started *s)
{
    uint64_t end = sys_milliseconds() + END_MS;

    sys_close(&s->control);
    if (s->job)
        TerminateJobObject(s->job, 1);
    while (s->job && job_count(s->job) > 0 && sys_milliseconds() < end)
        Sleep(2);
    win_close(&s->job);
    if (s->process)
        WaitForSingleObject(s->process, END_MS);
    win_close(&s->process);
}
