/*
 * shim: cordon-shim.exe, the one program of Cordon's that runs inside, with the restricted token as everything there: `console` stands
 * between a pseudoconsole and the program in it, `report` says what a line left behind (dos.h), `prove` makes attempts (proof).
 *
 * A program of its own and not a mode of the runner: a program for windows, as the runner has to be, is never attached to a console,
 * and no shell would wait for it.
 *
 * A program's standard handles in a pseudoconsole are the console's only where its creator had none of its own (and under Wine not
 * even then): the shim opens CONIN$ and CONOUT$ and hands them on. It sets the console to UTF-8 before the program asks.
 */
#include "win32.h"

#include <stdlib.h>
#include <string.h>

#define NOT_FOUND   127
#define NOT_STARTED 126

/* ---- words ---- */

static const wchar_t *past_blanks(const wchar_t *at)
{
    while (*at == L' ')
        at++;
    return at;
}

/* The next word as far as the next blank, or between quotes; out may be NULL. */
static const wchar_t *next_word(const wchar_t *at, wchar_t *out, size_t size)
{
    wchar_t end = L' ';
    size_t n = 0;

    at = past_blanks(at);
    if (*at == L'"') {
        end = L'"';
        at++;
    }
    for (; *at && *at != end; at++)
        if (n + 1 < size)
            out[n++] = *at;
    out[n] = 0;
    return *at ? at + 1 : at;
}

/* ---- console ---- */

struct shim {
    HANDLE status, console_in, console_out, null, std[3], extra;
};

/* Ctrl-C and Ctrl-Break are the program's. A handler is not inherited; to ignore them would be. */
static BOOL WINAPI leave_it(DWORD kind)
{
    return kind == CTRL_C_EVENT || kind == CTRL_BREAK_EVENT;
}

static HANDLE open_for_child(const wchar_t *name)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE h = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);

    return h == INVALID_HANDLE_VALUE ? NULL : h;
}

static HANDLE number(const wchar_t *word)
{
    return (HANDLE)(uintptr_t)_wcstoui64(word, NULL, 10);
}

static HANDLE std_of(struct shim *s, const wchar_t *word, int i)
{
    if (word[0] == L't')
        return i == 0 ? s->console_in : s->console_out;
    if (word[0] != L'n')
        return number(word);
    if (!s->null)
        s->null = open_for_child(L"NUL");
    return s->null;
}

static size_t inherited(const struct shim *s, HANDLE out[4])
{
    size_t n = 0;

    for (int i = 0; i < 4; i++) {
        HANDLE h = i < 3 ? s->std[i] : s->extra;
        bool there = !h;
        for (size_t j = 0; j < n; j++)
            there = there || out[j] == h;
        if (!there)
            out[n++] = h;
    }
    return n;
}

static DWORD start(struct shim *s, const wchar_t *program, wchar_t *words, PROCESS_INFORMATION *made)
{
    STARTUPINFOEXW info;
    HANDLE list[4];
    size_t count = inherited(s, list);
    SIZE_T size = 0;
    DWORD code = 0;

    memset(&info, 0, sizeof info);
    info.StartupInfo.cb = sizeof info;
    info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    info.StartupInfo.hStdInput = s->std[0];
    info.StartupInfo.hStdOutput = s->std[1];
    info.StartupInfo.hStdError = s->std[2];
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    info.lpAttributeList = malloc(size ? size : 1);
    if (!info.lpAttributeList || !InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size))
        return ERROR_NOT_ENOUGH_MEMORY;
    if ((count && !UpdateProcThreadAttribute(
                      info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, list, count * sizeof *list, NULL, NULL)) ||
        !CreateProcessW(program[0] ? program : NULL, words, NULL, NULL, count > 0, EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
            &info.StartupInfo, made))
        code = GetLastError() ? GetLastError() : ERROR_GEN_FAILURE;
    DeleteProcThreadAttributeList(info.lpAttributeList);
    free(info.lpAttributeList);
    return code;
}

/* To the runner, where it waits; else to whoever looks at the terminal. */
static void tell(struct shim *s, DWORD code, DWORD pid, const wchar_t *program)
{
    DWORD words[2] = {code, pid}, done;
    struct err e = {0};
    struct arena a = {0};
    struct str text;

    if (s->status) {
        WriteFile(s->status, words, sizeof words, &done, NULL);
        win_close(&s->status);
    } else if (code) {
        win_fail_at(&e, STAGE_START, code, utf8_from_z(&a, program), "cannot start a program");
        text = arena_format(&a, "cordon: %s\r\n", err_text(&e, &a).p);
        WriteFile(s->std[2] ? s->std[2] : s->console_out, text.p, (DWORD)text.n, &done, NULL);
    }
    arena_release(&a);
}

/* STATUS IN OUT ERR EXTRA "PROGRAM" WORDS: numbers of handles, t for the console, n for nothing; the rest is the command line. */
static int shim_console(const wchar_t *words)
{
    static wchar_t program[WIDE_PATH_MAX];
    struct shim s = {0};
    PROCESS_INFORMATION made = {0};
    wchar_t word[5][32], *line;
    DWORD code;

    for (int i = 0; i < 5; i++)
        words = next_word(words, word[i], COUNT_OF(word[i]));
    words = next_word(words, program, COUNT_OF(program));
    line = _wcsdup(past_blanks(words));
    s.status = number(word[0]);
    s.extra = number(word[4]);
    if (s.status)
        SetHandleInformation(s.status, HANDLE_FLAG_INHERIT, 0);
    s.console_in = open_for_child(L"CONIN$");
    s.console_out = open_for_child(L"CONOUT$");
    for (int i = 0; i < 3; i++)
        s.std[i] = std_of(&s, word[1 + i], i);
    SetConsoleCtrlHandler(leave_it, TRUE);
    SetConsoleCP(CP_UTF8);
    SetConsoleOutputCP(CP_UTF8);
    code = line ? start(&s, program, line, &made) : ERROR_NOT_ENOUGH_MEMORY;
    tell(&s, code, made.dwProcessId, program);
    if (code)
        return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND ? NOT_FOUND : NOT_STARTED;
    /* Not held by us: a pipe's reader is to see its end when the program has gone. */
    for (int i = 0; i < 3; i++)
        if (word[1 + i][0] != L't' && word[1 + i][0] != L'n' && (i < 2 || s.std[2] != s.std[1]))
            CloseHandle(s.std[i]);
    win_close(&s.extra);
    win_close(&made.hThread);
    WaitForSingleObject(made.hProcess, INFINITE);
    if (!GetExitCodeProcess(made.hProcess, &code))
        code = NOT_STARTED;
    return (int)code;
}

/* ---- report ---- */

static void put_wide(struct arena *a, struct buf *out, const wchar_t *text, size_t n)
{
    buf_str(out, utf8_from(a, text, n));
    buf_add(out, "", 1);
}

static bool is_ours(const wchar_t *entry)
{
    /* =D:=D:\x, where a drive stands, is the line's */
    return (entry[0] == L'=' && (!entry[1] || entry[2] != L':')) || _wcsnicmp(entry, L"CORDON_REPORT=", 14) == 0 || _wcsnicmp(entry, L"CORDON_CODE=", 12) == 0;
}

/* "CORDON1" CODE FOLDER NAME=value... "=", each closed by a NUL, in one write; see dos.h. Exits as the line did. */
static int shim_report(void)
{
    static wchar_t folder[32768];
    struct arena a = {0};
    struct buf out = {0};
    wchar_t where[32] = {0}, code[32] = {0}, *block = GetEnvironmentStringsW();
    DWORD n = GetCurrentDirectoryW(COUNT_OF(folder), folder), done = 0;
    HANDLE h;

    GetEnvironmentVariableW(L"CORDON_REPORT", where, COUNT_OF(where));
    GetEnvironmentVariableW(L"CORDON_CODE", code, COUNT_OF(code));
    h = number(where);
    if (!h || !block || n == 0 || n >= COUNT_OF(folder) || GetFileType(h) != FILE_TYPE_PIPE)
        return NOT_STARTED;
    buf_add(&out, "CORDON1", 8);
    put_wide(&a, &out, code, wcslen(code));
    buf_str(&out, utf8_from_path(&a, folder, n));
    buf_add(&out, "", 1);
    for (const wchar_t *at = block; *at; at += wcslen(at) + 1)
        if (!is_ours(at))
            put_wide(&a, &out, at, wcslen(at));
    buf_add(&out, "=", 2);
    if (!out.overflowed)
        WriteFile(h, out.p, (DWORD)out.n, &done, NULL);
    return (int)wcstol(code, NULL, 10);
}

int wmain(void); /* what the C runtime calls where -municode links it */
int wmain(void)
{
    wchar_t mode[16];
    const wchar_t *words = next_word(GetCommandLineW(), mode, COUNT_OF(mode)); /* our own name */

    words = next_word(words, mode, COUNT_OF(mode));
    if (wcscmp(mode, L"console") == 0)
        return shim_console(words);
    if (wcscmp(mode, L"report") == 0)
        return shim_report();
    if (wcscmp(mode, L"prove") == 0)
        return proof_child();
    if (wcscmp(mode, L"attempt") == 0)
        return proof_grandchild();
    return NOT_STARTED; /* a person has no use for it */
}
