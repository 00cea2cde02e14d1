/*
 * elevate: cordon-setup started, as it is or as an administrator. It is the one beside this very program, by its full path; it is
 * not elevated where a sandboxed program could have replaced it. What it says comes back by its exit code and by a file that
 * administrators alone write.
 */
#include "shell.h"
#include "../sandbox/win32.h"
#include "../sandbox/core/errors.h"
#include "../sandbox/core/ledger.h"

#include <shellapi.h>
#include <shlobj.h>
#include <stdio.h>

#define REPORT_MAX ((size_t)1 << 18)

static struct str own_folder(struct arena *a)
{
    wchar_t path[WIDE_PATH_MAX];
    DWORD n = GetModuleFileNameW(NULL, path, COUNT_OF(path));

    while (n && path[n - 1] != L'\\')
        n--;
    return n ? utf8_from_path(a, path, n - 1) : (struct str){0};
}

static bool failed(struct err *e, DWORD code, struct str subject, const char *what)
{
    err_set(e, ERR_SYSTEM, "%s", what);
    err_subject(e, subject);
    return err_windows(e, code, STAGE_SETUP);
}

static bool descriptor_at(struct arena *a, struct str path, struct descriptor *out)
{
    struct wide_path wide;
    struct err e = {0};
    HANDLE h = INVALID_HANDLE_VALUE;
    DWORD n = 0;
    const DWORD parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    char *bytes = NULL;
    bool good;

    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return false;
    GetKernelObjectSecurity(h, parts, NULL, 0, &n);
    if (n && n < 3 * ACL_BYTES_MAX)
        bytes = arena_alloc(a, n, 1);
    good = bytes && GetKernelObjectSecurity(h, parts, bytes, n, &n) && descriptor_decode(a, (struct str){bytes, n}, out, &e);
    CloseHandle(h);
    return good;
}

/* False: sandboxed programs may write it, or that cannot be told. group: of an earlier setup. */
static bool is_safe(struct arena *a, struct str path, struct str group)
{
    struct descriptor d;
    return descriptor_at(a, path, &d) && !setup_writable_inside(&d, group);
}

/* Anybody may make a file in that folder: what an elevated setup wrote is an administrator's. */
static bool is_administrators(struct arena *a, struct str path)
{
    struct descriptor d;
    struct sid administrators;

    return descriptor_at(a, path, &d) && d.has_owner && sid_parse(STR(SID_ADMINISTRATORS), &administrators) && sid_same(&d.owner, &administrators);
}

static bool may_elevate(struct arena *a, struct str folder, struct str program, struct err *e)
{
    struct windows_host w = {.person_sid = token_user(a)};
    wchar_t data[MAX_PATH];

    if (SUCCEEDED(SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, SHGFP_TYPE_CURRENT, data)))
        w.program_data = utf8_from_z(a, data);
    facts_setup(a, &w);
    if (is_safe(a, folder, w.group_sid) && is_safe(a, program, w.group_sid))
        return true;
    err_set(e, ERR_REFUSED, "cordon-setup is not elevated from here");
    err_subject(e, folder);
    err_reason(e, "sandboxed programs, or every user of this machine, may write there");
    return err_remedy(e, "unpack Cordon in a folder of your own profile that is no writable root, or below Program Files");
}

static wchar_t *join(struct arena *a, const struct texts *words, struct str first)
{
    struct str line = first;

    for (size_t i = 0; i < words->n; i++)
        line = arena_format(a, "%.*s%s%.*s", (int)line.n, line.p ? line.p : "", line.n ? " " : "", (int)words->v[i].n, words->v[i].p);
    return wide_from(a, line);
}

/* Its words go where ours go. */
static bool run_plain(struct arena *a, struct str program, const struct texts *words, DWORD *code, struct err *e)
{
    STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION child;
    wchar_t *path = wide_from(a, program), *line = join(a, words, arena_format(a, "\"%s\"", program.p));
    HANDLE *const std[] = {&start.hStdInput, &start.hStdOutput, &start.hStdError};
    const DWORD which[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

    fflush(stdout);
    for (size_t i = 0; i < COUNT_OF(std); i++) {
        HANDLE h = GetStdHandle(which[i]);
        if (h && h != INVALID_HANDLE_VALUE)
            DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), std[i], 0, TRUE, DUPLICATE_SAME_ACCESS);
    }
    if (!path || !line || !CreateProcessW(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
        DWORD why = GetLastError();
        for (size_t i = 0; i < COUNT_OF(std); i++)
            win_close(std[i]);
        return failed(e, why, program, "cordon-setup cannot be started");
    }
    WaitForSingleObject(child.hProcess, INFINITE);
    if (!GetExitCodeProcess(child.hProcess, code))
        *code = EXIT_CORDON;
    CloseHandle(child.hProcess);
    CloseHandle(child.hThread);
    for (size_t i = 0; i < COUNT_OF(std); i++)
        win_close(std[i]);
    return true;
}

/* COM is begun first, since the shell's own extensions may be asked. */
static enum elevated run_elevated(struct arena *a, struct str folder, struct str program, const struct texts *words, DWORD *code, struct err *e)
{
    struct str person = token_user(a);
    wchar_t *line = join(a, words, arena_format(a, "--person %.*s", (int)person.n, person.p ? person.p : ""));
    SHELLEXECUTEINFOW info = {.cbSize = sizeof info,
        .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI,
        .lpVerb = L"runas",
        .lpFile = wide_from(a, program),
        .lpParameters = line,
        .lpDirectory = wide_from(a, folder),
        .nShow = SW_HIDE};
    HRESULT com = CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    bool started = info.lpFile && line && ShellExecuteExW(&info);
    DWORD why = started ? ERROR_SUCCESS : GetLastError();
    enum elevated how = setup_answer(started, info.hProcess != NULL, why); /* no is a choice */

    if (SUCCEEDED(com))
        CoUninitialize();
    if (how == ELEVATED_FAILED)
        failed(e, why, program, started ? "cordon-setup was started and cannot be waited for" : "cordon-setup cannot be started as an administrator");
    if (how != ELEVATED_RAN)
        return how;
    WaitForSingleObject(info.hProcess, INFINITE);
    if (!GetExitCodeProcess(info.hProcess, code))
        *code = EXIT_CORDON;
    CloseHandle(info.hProcess);
    return ELEVATED_RAN;
}

/* Read once and removed. */
static struct str report_of(struct arena *a)
{
    wchar_t folder[MAX_PATH];
    UINT n = GetSystemWindowsDirectoryW(folder, COUNT_OF(folder));
    struct str text = {0}, place;
    struct wide_path wide;
    struct err e = {0};

    if (!n || n >= COUNT_OF(folder))
        return text;
    place = arena_format(a, "%s\\Temp\\cordon-setup-%s.txt", utf8_from_z(a, folder).p, token_user(a).p);
    if (!is_administrators(a, place) || !sys_read_file(a, place, REPORT_MAX, true, &text, &e))
        return (struct str){0};
    if (wide_path(place, &wide))
        DeleteFileW(wide.v);
    return text;
}

enum elevated setup_start(struct arena *a, const struct texts *words, bool elevated, int *code, struct str *report, struct err *e)
{
    struct str folder = own_folder(a), program = arena_format(a, "%.*s\\cordon-setup.exe", (int)folder.n, folder.p ? folder.p : "");
    enum elevated how;
    DWORD got = EXIT_CORDON;

    if (!elevated) {
        how = run_plain(a, program, words, &got, e) ? ELEVATED_RAN : ELEVATED_FAILED;
    } else {
        if (!may_elevate(a, folder, program, e))
            return ELEVATED_FAILED;
        how = run_elevated(a, folder, program, words, &got, e);
        if (how == ELEVATED_RAN)
            *report = report_of(a);
    }
    *code = (int)got;
    return how;
}

bool setup_disk_free(struct arena *a, struct err *e)
{
    return restore_may(a, e);
}

bool setup_disk_back(struct arena *a, const struct host *host, struct texts *left, size_t *restored, struct err *e)
{
    return restore_entries(a, host, left, restored, e);
}

bool setup_exists(void)
{
    return true;
}
