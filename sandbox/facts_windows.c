/*
 * facts: what the plan needs to know of this Windows machine and this person. Only looks: nothing is changed, and no network drive is
 * touched. What is known of paths is in paths_windows.c, of what setup made in setup's own record.
 */
#include "win32.h"

#include <initguid.h>
#include <aclapi.h>
#include <knownfolders.h>
#include <sddl.h>
#include <shlobj.h>

#include <string.h>

/* The switch of rule W1: Everyone is in the restricting list so that NUL and the like can be written. doctor's rows w1-compare-*
 * say what each choice opens. */
#define WEAK_MEMBER      WEAK_EVERYONE
#define CHECKOUT_LEVELS  4
#define DRIVES_MAX       26
#define OPEN_FOLDERS_MAX 4000 /* looked at for being everyone's to write */
#define OPEN_MS          150
#define OPEN_TOLD_MAX    32
#define TAG_OF(found)    ((found).dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT ? (found).dwReserved0 : 0)

/* ---- the person ---- */

static void *token_ask(struct arena *a, TOKEN_INFORMATION_CLASS class)
{
    HANDLE token = NULL;
    DWORD n = 0;
    void *out = NULL;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return NULL;
    GetTokenInformation(token, class, NULL, 0, &n);
    if (n > 0 && n < 65536) {
        out = arena_alloc(a, 1, n);
        if (!GetTokenInformation(token, class, out, n, &n))
            out = NULL;
    }
    CloseHandle(token);
    return out;
}

/* By the token, never by a variable: who starts us chooses those. */
static void find_person(struct arena *a, struct host *out, struct windows_host *w)
{
    const TOKEN_USER *user = token_ask(a, TokenUser);
    const TOKEN_ELEVATION *elevation = token_ask(a, TokenElevation);
    wchar_t *text = NULL, name[256], domain[256];
    DWORD name_n = COUNT_OF(name), domain_n = COUNT_OF(domain), session = 1;
    SID_NAME_USE use;

    if (user && ConvertSidToStringSidW(user->User.Sid, &text)) {
        w->person_sid = utf8_from_z(a, text);
        LocalFree(text);
    }
    if (user && LookupAccountSidW(NULL, user->User.Sid, name, &name_n, domain, &domain_n, &use))
        out->user = utf8_from_z(a, name);
    w->elevated = !w->wine && elevation && elevation->TokenIsElevated; /* Wine gives everything to everybody, and says so or not */
    w->weak = WEAK_MEMBER;
    w->session_0 = ProcessIdToSessionId(GetCurrentProcessId(), &session) && session == 0;
}

/* Of Windows PowerShell; PowerShell 7 keeps its own in a file, and runs what RemoteSigned does without one. */
static void find_script_policy(struct arena *a, struct windows_host *w)
{
    wchar_t text[32];
    DWORD n = sizeof text;

    if (RegGetValueW(HKEY_CURRENT_USER, L"Software\\Microsoft\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell", L"ExecutionPolicy", RRF_RT_REG_SZ,
            NULL, text, &n) == ERROR_SUCCESS)
        w->script_policy = utf8_from_z(a, text);
}

static struct str known_folder(struct arena *a, const GUID *id)
{
    PWSTR found = NULL;
    struct str out = {0};

    if (SHGetKnownFolderPath(id, KF_FLAG_DONT_VERIFY, NULL, &found) == S_OK && found)
        out = utf8_from_path(a, found, wcslen(found));
    CoTaskMemFree(found);
    return out;
}

static bool find_folders(struct arena *a, struct host *out, struct windows_host *w, struct err *e)
{
    wchar_t text[MAX_PATH + 1];
    UINT n = GetSystemDirectoryW(text, COUNT_OF(text));

    w->system_dir = utf8_from(a, text, n < COUNT_OF(text) ? n : 0);
    n = GetSystemWindowsDirectoryW(text, COUNT_OF(text));
    w->windows_dir = utf8_from(a, text, n < COUNT_OF(text) ? n : 0);
    w->program_files = known_folder(a, &FOLDERID_ProgramFiles);
    w->program_files_x86 = known_folder(a, &FOLDERID_ProgramFilesX86);
    w->program_data = known_folder(a, &FOLDERID_ProgramData);
    w->roaming = known_folder(a, &FOLDERID_RoamingAppData);
    w->local = known_folder(a, &FOLDERID_LocalAppData);
    w->public_dir = known_folder(a, &FOLDERID_Public);
    out->home = known_folder(a, &FOLDERID_Profile);
    if (!out->home.n || !w->roaming.n || !w->local.n || !w->system_dir.n)
        return err_set(e, ERR_SYSTEM, "the system does not say where this person's folders are");
    out->config_dir = path_join(a, PATH_WINDOWS, w->roaming, STR("cordon"));
    out->state_dir = path_join(a, PATH_WINDOWS, w->local, STR("cordon"));
    out->path = sys_variable(NULL, STR("PATH"));
    return true;
}

/* ---- Cordon's own programs ---- */

static bool is_there(struct arena *a, struct str path, WIN32_FIND_DATAW *found)
{
    struct wide_path wide;
    WIN32_FIND_DATAW mine;
    HANDLE h;

    (void)a;
    if (!wide_path(path, &wide))
        return false;
    h = FindFirstFileW(wide.v, found ? found : &mine);
    if (h == INVALID_HANDLE_VALUE)
        return false;
    FindClose(h);
    return true;
}

/* Programs that lie in a checkout of Cordon were built from it, and will be again: it is part of what must be held. */
static void find_programs(struct arena *a, struct host *out)
{
    static const char *const marks[] = {"build.ninja", "shell\\run.sh", "sandbox\\core"};
    struct wide_path file;
    DWORD n = GetModuleFileNameW(NULL, file.v, COUNT_OF(file.v));
    struct str folder;

    if (n == 0 || n >= COUNT_OF(file.v))
        return;
    folder = path_parent(PATH_WINDOWS, utf8_from_path(a, file.v, n));
    out->program_dir = arena_str(a, folder);
    for (int level = 0; level < CHECKOUT_LEVELS && path_depth(PATH_WINDOWS, folder); level++) {
        size_t there = 0;
        for (size_t i = 0; i < COUNT_OF(marks); i++)
            there += is_there(a, path_join(a, PATH_WINDOWS, folder, str_from(marks[i])), NULL);
        if (there == COUNT_OF(marks)) {
            out->checkout = arena_str(a, folder);
            return;
        }
        folder = arena_str(a, path_parent(PATH_WINDOWS, folder));
    }
}

/* Asked of the same place that the runner is taken from. */
static void find_installed(struct arena *a, struct windows_host *w)
{
    struct wide_path installed, beside;

    if (w->set_up && win_installed(SHIM_FILE, &installed) && win_beside(SHIM_FILE, &beside) && wcscmp(installed.v, beside.v) != 0)
        w->installed_dir = arena_str(a, path_parent(PATH_WINDOWS, utf8_from_path(a, installed.v, wcslen(installed.v))));
}

/* ---- the machine ---- */

static uint32_t find_build(void)
{
    RTL_OSVERSIONINFOW info = {.dwOSVersionInfoSize = sizeof info};
    LONG(WINAPI *version)(PRTL_OSVERSIONINFOW); /* GetVersionEx answers by the manifest, this by the system */
    void *found = win_function(L"ntdll.dll", "RtlGetVersion");

    if (!found)
        return 0;
    memcpy(&version, &found, sizeof version);
    return version(&info) == 0 ? info.dwBuildNumber : 0;
}

struct volumes {
    struct volume_fact *v;
    size_t n, cap;
};

static void add_volume(struct arena *a, struct volumes *out, wchar_t letter)
{
    wchar_t root[] = {letter, L':', L'\\', 0}, device[] = {letter, L':', 0}, target[MAX_PATH], type[MAX_PATH + 1] = L"";
    UINT drive = GetDriveTypeW(root);
    DWORD flags = 0;
    struct volume_fact *v;

    if (drive == DRIVE_NO_ROOT_DIR || drive == DRIVE_UNKNOWN)
        return;
    v = ARENA_PUSH(a, out);
    v->root = utf8_from_z(a, root);
    v->remote = drive == DRIVE_REMOTE;
    v->removable = drive == DRIVE_REMOVABLE || drive == DRIVE_CDROM;
    v->substituted = QueryDosDeviceW(device, target, COUNT_OF(target)) && wcsncmp(target, L"\\??\\", 4) == 0;
    /* A server that is away holds whoever asks for half a minute. */
    if (!v->remote && GetVolumeInformationW(root, NULL, 0, NULL, NULL, &flags, type, COUNT_OF(type))) {
        v->type = utf8_from_z(a, type);
        v->acls = (flags & FILE_PERSISTENT_ACLS) != 0;
    }
}

static void find_volumes(struct arena *a, struct windows_host *w)
{
    DWORD drives = GetLogicalDrives(), before = 0;
    struct volumes list = {0};

    SetThreadErrorMode(SEM_FAILCRITICALERRORS, &before); /* an empty card reader is no dialog */
    for (int i = 0; i < DRIVES_MAX; i++)
        if (drives & (DWORD)1 << i)
            add_volume(a, &list, (wchar_t)(L'A' + i));
    SetThreadErrorMode(before, NULL);
    w->volumes = list.v;
    w->volume_count = list.n;
}

/* ---- command shells ---- */

#define TAG_APPEXECLINK 0x8000001bu

static bool has_component(struct str path, const char *lower_name)
{
    struct arena a = {0};
    struct str pattern = arena_format(&a, "*\\%s\\*", lower_name);
    size_t n = path.n;
    char *lower = arena_alloc(&a, n + 1, 1);
    bool good;

    for (size_t i = 0; i < n; i++)
        lower[i] = path.p[i] >= 'A' && path.p[i] <= 'Z' ? (char)(path.p[i] - 'A' + 'a') : path.p[i];
    good = strstr(lower, str_slice(pattern, 1, pattern.n).p) != NULL;
    for (size_t i = 0; !good && i + pattern.n - 2 <= n; i++)
        good = strncmp(lower + i, pattern.p + 1, pattern.n - 2) == 0;
    arena_release(&a);
    return good;
}

/* A Store package or its alias is told, and not taken. What lies in the system's folder under the name bash is WSL. */
static bool take_shell(struct arena *a, struct windows_host *w, struct str path, struct str *out)
{
    WIN32_FIND_DATAW found;

    if (out->n || !path.n || !is_there(a, path, &found) || (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
        return false;
    if (TAG_OF(found) == TAG_APPEXECLINK || has_component(path, "windowsapps")) {
        *(struct str *)ARENA_PUSH(a, &w->store_shells) = path;
        return false;
    }
    *out = path;
    return true;
}

static void search_path(struct arena *a, const struct host *h, struct windows_host *w, const char *name, struct str *out)
{
    for (size_t at = 0; at < h->path.n && !out->n;) {
        size_t end = str_find(h->path, at, ';');
        struct str folder = str_slice(h->path, at, end);
        at = end + 1;
        if (folder.n >= 2 && folder.p[0] == '"')
            folder = str_slice(folder, 1, folder.n - (folder.p[folder.n - 1] == '"'));
        if (path_is_absolute(PATH_WINDOWS, folder) && folder.p[0] != '\\' && !has_component(folder, "system32"))
            take_shell(a, w, path_join(a, PATH_WINDOWS, folder, str_from(name)), out);
    }
}

static struct str below(struct arena *a, struct str folder, const char *rest)
{
    return folder.n ? path_join(a, PATH_WINDOWS, folder, str_from(rest)) : folder;
}

static void find_shells(struct arena *a, const struct host *h, struct windows_host *w)
{
    take_shell(a, w, below(a, w->system_dir, "cmd.exe"), &w->cmd);
    if (!w->wine) /* its powershell.exe runs nothing */
        take_shell(a, w, below(a, w->system_dir, "WindowsPowerShell\\v1.0\\powershell.exe"), &w->powershell);
    take_shell(a, w, below(a, w->program_files, "PowerShell\\7\\pwsh.exe"), &w->pwsh);
    search_path(a, h, w, "pwsh.exe", &w->pwsh);
    take_shell(a, w, below(a, w->program_files, "Git\\bin\\bash.exe"), &w->bash);
    take_shell(a, w, below(a, w->local, "Programs\\Git\\bin\\bash.exe"), &w->bash);
    search_path(a, h, w, "bash.exe", &w->bash);
    if (!w->pwsh.n && !w->store_shells.n)
        take_shell(a, w, below(a, w->local, "Microsoft\\WindowsApps\\pwsh.exe"), &w->pwsh);
}

/* ---- folders that everyone may write ---- */

#define WRITES (FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_DELETE_CHILD | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL)

/* In order: what an entry before refuses, a later one does not give. */
static bool everyone_writes(const wchar_t *path)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PACL dacl = NULL;
    HANDLE h = win_open_itself(path, READ_CONTROL, OPEN_EXISTING);
    DWORD refused = 0;
    bool writes = false;

    if (!h)
        return false;
    if (GetSecurityInfo(h, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &dacl, NULL, &descriptor) == ERROR_SUCCESS) {
        writes = dacl == NULL;
        for (DWORD i = 0; dacl && i < dacl->AceCount && !writes; i++) {
            void *ace = NULL;
            const ACCESS_ALLOWED_ACE *entry;
            if (!GetAce(dacl, i, &ace))
                break;
            entry = ace;
            if ((entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE && entry->Header.AceType != ACCESS_DENIED_ACE_TYPE) ||
                (entry->Header.AceFlags & INHERIT_ONLY_ACE) || !(entry->Mask & WRITES) ||
                !IsWellKnownSid((PSID)(uintptr_t)&entry->SidStart, WinWorldSid))
                continue;
            if (entry->Header.AceType == ACCESS_DENIED_ACE_TYPE)
                refused |= entry->Mask;
            else
                writes = (entry->Mask & WRITES & ~refused) != 0;
        }
    }
    if (descriptor)
        LocalFree(descriptor);
    CloseHandle(h);
    return writes;
}

struct folders {
    struct str *v;
    size_t n, cap;
};

/* Two levels below each drive of this machine, within a bound. The roots of a policy are among them; the plan takes those out. */
static void find_everyones(struct arena *a, struct windows_host *w)
{
    struct folders queue = {0};
    uint64_t end = sys_milliseconds() + OPEN_MS;
    struct arena tops = {0};
    struct win_list *l = arena_alloc(&tops, 1, sizeof *l);
    size_t seen = 0;

    for (size_t i = 0; i < w->volume_count; i++)
        if (w->volumes[i].acls && !w->volumes[i].remote && !w->volumes[i].substituted)
            *(struct str *)ARENA_PUSH(&tops, &queue) = w->volumes[i].root;
    for (size_t i = 0; i < queue.n; i++) {
        struct wide_path wide;
        if (seen >= OPEN_FOLDERS_MAX || sys_milliseconds() >= end || w->everyone_writable.n >= OPEN_TOLD_MAX) {
            w->everyone_incomplete = true;
            break;
        }
        if (!wide_path(queue.v[i], &wide))
            continue;
        if (everyone_writes(wide.v))
            *(struct str *)ARENA_PUSH(a, &w->everyone_writable) = arena_str(a, queue.v[i]);
        if (path_depth(PATH_WINDOWS, queue.v[i]) >= 2)
            continue;
        l->begun = false;
        l->folder = win_open_itself(wide.v, FILE_LIST_DIRECTORY, OPEN_EXISTING);
        while (l->folder && seen < OPEN_FOLDERS_MAX && win_list_next(l)) {
            if (!(l->attributes & FILE_ATTRIBUTE_DIRECTORY) || (l->attributes & FILE_ATTRIBUTE_REPARSE_POINT))
                continue;
            seen++;
            *(struct str *)ARENA_PUSH(&tops, &queue) =
                path_join(&tops, PATH_WINDOWS, queue.v[i], utf8_from(&tops, l->name, l->n));
        }
        win_close(&l->folder);
    }
    arena_release(&tops);
}

bool facts_host(struct arena *a, struct host *out, struct err *e)
{
    struct windows_host *w = arena_alloc(a, 1, sizeof *w);

    *out = (struct host){.windows = w};
    w->build = find_build();
    w->wine = win_is_wine();
    w->canary = token_canary();
    find_person(a, out, w);
    if (!find_folders(a, out, w, e))
        return false;
    find_programs(a, out);
    facts_setup(a, w);
    find_installed(a, w);
    find_volumes(a, w);
    find_shells(a, out, w);
    find_script_policy(a, w);
    if (w->canary) /* else nothing is closed to anybody, and descriptors may be made up (Wine) */
        find_everyones(a, w);
    return true;
}
