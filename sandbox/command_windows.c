/*
 * command: one program inside, in the runner: its job, its pseudoconsole, its start by way of the shim, and its end.
 *
 * Every program has a pseudoconsole, also one all of whose standard handles are pipes: a write-restricted token may use a console
 * and may not make one (0xC0000142). One that nobody looks at is drained here. The shim (shim_windows.c) is what the system starts
 * with the restricted token; it opens the console for the program and says on a pipe whether the program could be started. In a
 * terminal nobody waits for that: the console host may ask where the cursor is before its first program gets to run, and the answer
 * comes from cordon, which has to be let go for it. There the shim itself says what went wrong, and ends with 126 or 127.
 *
 * The end: the program's process ends; its console is closed on a thread of its own, while cordon reads the output to its end; then
 * it is told. What is still there in the console CLOSE_MS later is ended with the job.
 */
#include "win32.h"
#include "core/cmdline.h"
#include "../conpty/conpty.h"
#include "../conpty/queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONSOLE_TRIES    3
#define CONSOLE_AGAIN_MS 100
#define START_MS 20000
#define GONE_MS 1000
#define CLOSE_MS 1500
#define GIVE_UP_MS 6000
#define HIDDEN_ROWS 25
#define HIDDEN_COLUMNS 80

static HANDLE handle_of(const struct spawn_request *q, int which)
{
    return (HANDLE)q->handles[which];
}

/* ---- a console that nobody looks at ---- */

struct hidden {
    HANDLE screen, keys, thread; /* our ends, and who reads */
    volatile LONG over;
};

/* Newer hosts hold the first program up until somebody says what terminal this is. They are told once: later ones who ask are
 * programs, and whoever answered those would at last wait for a host that waits for its reader. */
static DWORD WINAPI drain(LPVOID argument)
{
    struct hidden *h = argument;
    size_t matched = 0;
    bool told = false;
    char bytes[4096];
    DWORD n = 0, done;

    while (!h->over && ReadFile(h->screen, bytes, sizeof bytes, &n, NULL))
        if (!told && queries_asks(&matched, (struct str){bytes, n})) {
            WriteFile(h->keys, QUERIES_PLAIN, sizeof QUERIES_PLAIN - 1, &done, NULL);
            told = true;
        }
    return 0;
}

/* Released by unhide, also when it fails. */
static bool hide(struct running *r, HANDLE host[2], struct err *e)
{
    struct hidden *h = r->hidden = calloc(1, sizeof *h);

    if (!h || !CreatePipe(&host[0], &h->keys, NULL, 4096) || !CreatePipe(&h->screen, &host[1], NULL, 65536))
        return win_fail_at(e, STAGE_START, GetLastError(), (struct str){0}, "cannot make the pipes of a console");
    h->thread = CreateThread(NULL, 65536, drain, h, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return h->thread || win_fail_at(e, STAGE_START, GetLastError(), (struct str){0}, "cannot start a thread");
}

/* Whoever still prints, of another command's, perhaps, does not hold us up. */
static void unhide(struct hidden *h)
{
    if (!h)
        return;
    InterlockedExchange(&h->over, 1);
    while (h->thread && WaitForSingleObject(h->thread, 10) == WAIT_TIMEOUT)
        CancelSynchronousIo(h->thread);
    win_close(&h->thread);
    win_close(&h->keys);
    win_close(&h->screen);
    free(h);
}

static bool open_console(const struct spawn_request *q, struct running *r, HANDLE host[2], struct err *e)
{
    /* Wine's host ends at once where it is to inherit the cursor. */
    unsigned flags = q->terminal && !win_is_wine() ? CONSOLE_INHERIT_CURSOR : 0;
    long code = 0;

    if (q->terminal) {
        host[0] = handle_of(q, SPAWN_KEYS);
        host[1] = handle_of(q, SPAWN_SCREEN);
    } else if (!hide(r, host, e)) {
        return false;
    }
    for (int i = 0; i < CONSOLE_TRIES && !r->console; i++) { /* now and then the host's process does not start, and does a moment later */
        if (i > 0)
            Sleep(CONSOLE_AGAIN_MS);
        r->console = console_open((intptr_t)host[0], (intptr_t)host[1], q->terminal ? q->rows : HIDDEN_ROWS,
            q->terminal ? q->columns : HIDDEN_COLUMNS, flags, &code);
    }
    return r->console || win_fail_at(e, STAGE_START, (DWORD)code, (struct str){0}, "cannot make a pseudoconsole");
}

/* ---- starting the shim ---- */

struct start {
    wchar_t *program, *words, *environment, *folder;
    HANDLE inherited[SPAWN_HANDLES + 1];
    DWORD inherited_count;
    HANDLE status; /* where the shim says what came of it: our end */
};

static void inherit(struct start *s, HANDLE h)
{
    for (DWORD i = 0; i < s->inherited_count; i++)
        if (s->inherited[i] == h)
            return; /* a list with one twice is refused */
    if (SetHandleInformation(h, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT))
        s->inherited[s->inherited_count++] = h;
}

static void put_std(struct buf *out, struct start *s, const struct spawn_request *q, int i)
{
    HANDLE h = handle_of(q, SPAWN_STD + i);

    if (q->std[i] == STD_HANDLE && h) {
        inherit(s, h);
        buf_format(out, " %llu", (unsigned long long)(uintptr_t)h);
    } else {
        buf_format(out, q->std[i] == STD_TERMINAL ? " t" : " n");
    }
}

/* "SHIM" console STATUS IN OUT ERR EXTRA "PROGRAM" WORDS; see shim_windows.c. */
static bool put_words(struct arena *a, const struct spawn_request *q, struct start *s, HANDLE status, struct err *e)
{
    struct buf line = {0};
    struct wide_path path;
    struct str shim = win_beside(SHIM_FILE, &path) ? utf8_from_path(a, path.v, wcslen(path.v)) : (struct str){0};
    HANDLE extra = handle_of(q, SPAWN_EXTRA);
    bool good;

    if (!shim.n || str_find(q->program, 0, '"') < q->program.n)
        return err_set(e, ERR_REFUSED, "the program's name cannot be handed on") || err_subject(e, q->program);
    if (status)
        inherit(s, status);
    buf_format(&line, "\"%.*s\" console %llu", (int)shim.n, shim.p, (unsigned long long)(uintptr_t)status);
    for (int i = 0; i < 3; i++)
        put_std(&line, s, q, i);
    if (extra)
        inherit(s, extra);
    buf_format(&line, " %llu \"%.*s\" ", (unsigned long long)(uintptr_t)extra, (int)q->program.n, q->program.p);
    buf_str(&line, q->words);
    good = cmdline_fits(buf_view(&line), CMDLINE_MAX, e);
    if (good) {
        s->program = wide_from(a, shim);
        s->words = wide_from(a, buf_view(&line));
        good = (s->program && s->words) || win_fail_at(e, STAGE_START, GetLastError(), q->program, "the command line is no text");
    }
    buf_release(&line);
    return good;
}

/* The variable that tells the report program where to write; a number of the runner's, which the child inherits as it is. */
static bool put_environment(struct arena *a, const struct spawn_request *q, struct start *s, struct err *e)
{
    struct texts all = {0};
    struct wide block;

    if (q->handles[SPAWN_EXTRA])
        *(struct str *)ARENA_PUSH(a, &all) =
            arena_format(a, "CORDON_REPORT=%llu", (unsigned long long)q->handles[SPAWN_EXTRA]);
    for (size_t i = 0; i < q->env.n; i++)
        *(struct str *)ARENA_PUSH(a, &all) = q->env.v[i];
    if (!cmdline_environment(a, &all, NULL, &block, e))
        return false;
    s->environment = (wchar_t *)block.p;
    s->folder = q->cwd.n ? wide_from(a, q->cwd) : NULL;
    return !q->cwd.n || s->folder || win_fail_at(e, STAGE_START, GetLastError(), q->cwd, "the folder's name is no text");
}

/*
 * An object that is made without a descriptor gets its maker's default list, and a command's own token is such an object, made by
 * us as the process is: with our closed list no program inside could look at its own token. So the list is that of commands for
 * as long as this one call, on the only thread that makes anything; the console host was there before, and is closed.
 */
static BOOL create_open(const struct confinement *c, const struct start *s, HANDLE token, STARTUPINFOW *info, PROCESS_INFORMATION *made)
{
    bool opens = c->open_default.n && c->closed_default.n, verified;
    struct err ignored = {0};
    BOOL good;
    DWORD code;

    if (opens && !token_default_dacl(token_own(), c->open_default, &verified, &ignored))
        return FALSE;
    good = CreateProcessAsUserW(token, s->program, s->words, NULL, NULL, s->inherited_count > 0,
        CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT, s->environment, s->folder, info, made);
    code = GetLastError();
    if (opens && (!token_default_dacl(token_own(), c->closed_default, &verified, &ignored) || !win_close_threads(c->closed_default)))
        ExitProcess(3); /* else the next console host would be open, or a thread that the system gave us meanwhile is */
    SetLastError(code);
    return good;
}

/* The console by value, standard handles NULL, an explicit list, in its job before its first instruction. */
static bool create(const struct confinement *c, struct start *s, struct running *r, struct err *e)
{
    STARTUPINFOEXW info;
    PROCESS_INFORMATION made = {0};
    SIZE_T size = 0;
    wchar_t desktop[COUNT_OF(c->desktop)];
    bool good;

    memset(&info, 0, sizeof info);
    memcpy(desktop, c->desktop, sizeof desktop);
    info.StartupInfo.cb = sizeof info;
    info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    info.StartupInfo.lpDesktop = desktop[0] ? desktop : NULL;
    InitializeProcThreadAttributeList(NULL, 3, 0, &size); /* an empty list of handles is refused (ERROR_BAD_LENGTH); Wine takes it */
    info.lpAttributeList = malloc(size ? size : 1);
    if (!info.lpAttributeList || !InitializeProcThreadAttributeList(info.lpAttributeList, 3, 0, &size)) {
        free(info.lpAttributeList);
        return win_fail_at(e, STAGE_START, GetLastError(), (struct str){0}, "cannot prepare the start of a program");
    }
    good = UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, console_attribute(r->console),
               sizeof(void *), NULL, NULL) &&
           UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_JOB_LIST, &r->job, sizeof r->job, NULL, NULL) &&
           (!s->inherited_count || UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, s->inherited,
                                       s->inherited_count * sizeof *s->inherited, NULL, NULL)) &&
           create_open(c, s, c->token, &info.StartupInfo, &made);
    if (!good)
        win_fail_at(e, STAGE_START, GetLastError(), (struct str){0}, "cannot start a program with the restricted token");
    DeleteProcThreadAttributeList(info.lpAttributeList);
    free(info.lpAttributeList);
    if (good && !(good = job_take(r->job, made.hProcess, e)))
        TerminateProcess(made.hProcess, 1);
    if (good && ResumeThread(made.hThread) == (DWORD)-1)
        good = win_fail_at(e, STAGE_START, GetLastError(), (struct str){0}, "cannot let a program run");
    win_close(&made.hThread);
    r->process = made.hProcess;
    r->pid = made.dwProcessId;
    return good;
}

/* What the shim says: a Win32 code, and the program's process id. */
static bool await_status(struct start *s, struct running *r, struct str program, struct err *e)
{
    sys_handle status = sys_from_stream(s->status, NULL);
    struct sys_wait item = {status, SYS_READ, 0};
    uint64_t end = sys_milliseconds() + START_MS;
    uint32_t words[2] = {0};
    size_t have = 0;
    long code = 0, n = -1;

    s->status = NULL;
    sys_nonblocking(status, true);
    while (have < sizeof words && sys_milliseconds() < end) {
        n = sys_read(status, (char *)words + have, sizeof words - have, &code);
        if (n == 0 || n == -2)
            break;
        if (n > 0)
            have += (size_t)n;
        else
            sys_wait(&item, 1, 200);
    }
    sys_close(&status);
    if (have < sizeof words) {
        DWORD exit = 0;
        WaitForSingleObject(r->process, GONE_MS); /* its handles are closed before it has a code */
        GetExitCodeProcess(r->process, &exit); /* 0xC0000142 is a loader that was refused the station, or the console */
        if (n == -1)
            err_set(e, ERR_LIMIT, "a program did not begin in time");
        else
            win_fail_at(e, STAGE_START, exit, program, "a program ended before it began");
        return false;
    }
    r->pid = words[1];
    if (words[0] == 0)
        return true;
    win_fail_at(e, STAGE_START, words[0], program, "cannot start a program");
    if (e->kind == ERR_SYSTEM && (words[0] == ERROR_ACCESS_DENIED || words[0] == ERROR_BAD_EXE_FORMAT ||
                                     words[0] == ERROR_ELEVATION_REQUIRED || words[0] == ERROR_EXE_MACHINE_TYPE_MISMATCH))
        e->kind = ERR_REFUSED;
    return false;
}

static void close_all(HANDLE *handles, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++)
            if (handles[j] == handles[i])
                handles[j] = NULL; /* one may stand for two */
        win_close(&handles[i]);
    }
}

static void release(struct running *r)
{
    if (r->process && !r->exited && r->job)
        TerminateJobObject(r->job, 1);
    if (r->console)
        console_free(r->console);
    unhide(r->hidden);
    r->hidden = NULL;
    win_close(&r->process);
    if (!r->exited || !r->job || job_count(r->job) == 0)
        win_close(&r->job);
}

void command_forget(const struct spawn_request *q)
{
    HANDLE all[SPAWN_HANDLES];

    for (int i = 0; i < SPAWN_HANDLES; i++)
        all[i] = handle_of(q, i);
    close_all(all, COUNT_OF(all));
}

bool command_spawn(const struct confinement *c, const struct spawn_request *q, struct running *out, struct err *e)
{
    struct running r = {.id = out->id};
    struct start s = {0};
    struct arena a = {0};
    HANDLE host[2] = {0}, status = NULL, all[SPAWN_HANDLES + 3];
    const char *why = NULL; /* asked once, when the plan was applied */
    bool good = q->terminal || CreatePipe(&s.status, &status, NULL, 64) ||
                win_fail_at(e, STAGE_START, GetLastError(), (struct str){0}, "cannot make a pipe");

    good = good && job_make(&c->job, &r.job, &why, e) && open_console(q, &r, host, e);
    good = good && put_words(&a, q, &s, status, e) && put_environment(&a, q, &s, e) && create(c, &s, &r, e);
    /* The host has its own copies, the program has the others: what we keep would never come to its end. */
    for (int i = 0; i < SPAWN_HANDLES; i++)
        all[i] = handle_of(q, i);
    all[SPAWN_HANDLES] = host[0];
    all[SPAWN_HANDLES + 1] = host[1];
    all[SPAWN_HANDLES + 2] = status;
    close_all(all, COUNT_OF(all));
    if (good)
        console_started(r.console);
    good = good && (q->terminal || await_status(&s, &r, q->program, e));
    win_close(&s.status);
    arena_release(&a);
    if (!good) {
        release(&r);
        return false;
    }
    *out = r;
    return true;
}

/* ---- its end ---- */

HANDLE command_waits(const struct running *r, int *ms)
{
    uint64_t now = sys_milliseconds(), due = r->close_by ? r->close_by : r->give_up;

    if (r->exited && due)
        *ms = due > now ? (int)(due - now) : 0;
    else
        *ms = -1;
    return r->exited ? r->closer : r->process;
}

/* The console makes of the byte what a person's would: programs may clean up, or take it as a key. */
void command_interrupt(struct running *r)
{
    DWORD done;

    if (r->hidden && !r->exited)
        WriteFile(r->hidden->keys, "\003", 1, &done, NULL);
}

void command_end(struct running *r, int signal)
{
    if (!r->exited && !r->ended_by)
        r->ended_by = signal;
    TerminateJobObject(r->job, 128u + (UINT)signal);
}

bool command_turn(struct running *r, bool *truncated)
{
    uint64_t now = sys_milliseconds();

    *truncated = false;
    if (!r->exited) {
        if (WaitForSingleObject(r->process, 0) != WAIT_OBJECT_0)
            return false;
        GetExitCodeProcess(r->process, &r->code); /* 259 too is a code: it was waited for */
        r->exited = true;
        r->closer = (HANDLE)console_close(r->console);
        r->close_by = now + CLOSE_MS;
        r->give_up = now + GIVE_UP_MS;
    }
    if (r->closer && WaitForSingleObject(r->closer, 0) == WAIT_TIMEOUT) {
        if (r->close_by && now >= r->close_by) {
            TerminateJobObject(r->job, r->code); /* somebody in the console does not hear that it closes */
            r->close_by = 0;
        }
        if (now < r->give_up)
            return false;
        *truncated = true;
        r->console = NULL; /* its thread has it */
    }
    release(r);
    return true;
}
