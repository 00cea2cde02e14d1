/*
 * outer: what Cordon was started with: the kind of each standard handle, the arguments, and where an administrator's policy is.
 * Windows edge.
 */
#include "../sandbox/win32.h"
#include "shell.h"

#include <initguid.h>
#include <aclapi.h>
#include <knownfolders.h>
#include <shellapi.h>
#include <shlobj.h>

static HANDLE standard(int number)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    HANDLE h = number >= 0 && number <= 2 ? GetStdHandle(names[number]) : NULL;

    return h == INVALID_HANDLE_VALUE ? NULL : h;
}

bool std_fill(void)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32); /* first of all: we may have been started in somebody's workspace */
    for (int i = 0; i < 3; i++) {
        HANDLE h;
        if (standard(i))
            continue;
        h = CreateFileW(L"NUL", i ? GENERIC_WRITE : GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
        if (h == INVALID_HANDLE_VALUE || !SetStdHandle(names[i], h))
            return false;
    }
    return true;
}

/* The kind of device behind a character handle that is no console. */
static bool is_null_device(HANDLE h)
{
    struct {
        ULONG type, characteristics;
    } info = {0, 0}; /* FILE_FS_DEVICE_INFORMATION */
    IO_STATUS_BLOCK io;
    NTSTATUS(NTAPI *query)(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG, int);
    void *found = win_function(L"ntdll.dll", "NtQueryVolumeInformationFile");

    if (!found)
        return false;
    memcpy(&query, &found, sizeof query);
    return query(h, &io, &info, sizeof info, 4 /* FileFsDeviceInformation */) >= 0 && info.type == 0x15 /* FILE_DEVICE_NULL */;
}

enum std_is std_look(int number)
{
    HANDLE h = standard(number);
    BY_HANDLE_FILE_INFORMATION info;
    DWORD mode;

    if (!h)
        return STD_IS_CLOSED;
    switch (GetFileType(h)) {
    case FILE_TYPE_DISK:
        return GetFileInformationByHandle(h, &info) && (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) ? STD_IS_FOLDER
                                                                                                          : STD_IS_FILE;
    case FILE_TYPE_CHAR:
        if (GetConsoleMode(h, &mode))
            return STD_IS_TERMINAL;
        return is_null_device(h) ? STD_IS_NULL : STD_IS_STREAM;
    case FILE_TYPE_PIPE: /* or a socket, which cannot be told from it here; both are only relayed */
        return STD_IS_STREAM;
    default:
        return GetLastError() == ERROR_INVALID_HANDLE ? STD_IS_CLOSED : STD_IS_OTHER;
    }
}

/* "\msys-1888ae32e00d56aa-pty0-from-master", and Cygwin's alike. */
bool std_is_emulated(int number)
{
    struct {
        FILE_NAME_INFO info;
        wchar_t room[256];
    } name;
    HANDLE h = standard(number);

    memset(&name, 0, sizeof name);
    return h && GetFileType(h) == FILE_TYPE_PIPE && GetFileInformationByHandleEx(h, FileNameInfo, &name, sizeof name - sizeof(wchar_t)) &&
           (wcsncmp(name.info.FileName, L"\\msys-", 6) == 0 || wcsncmp(name.info.FileName, L"\\cygwin-", 8) == 0) &&
           wcsstr(name.info.FileName, L"-pty") != NULL;
}

bool std_same(int a, int b)
{
    HANDLE x = standard(a), y = standard(b);
    BY_HANDLE_FILE_INFORMATION one, other;
    BOOL(WINAPI *compare)(HANDLE, HANDLE); /* Windows 10; not in Wine */
    void *found = win_function(L"kernelbase.dll", "CompareObjectHandles");

    if (!x || !y)
        return false;
    if (x == y)
        return true;
    if (found) {
        memcpy(&compare, &found, sizeof compare);
        if (compare(x, y))
            return true;
    }
    return GetFileType(x) == FILE_TYPE_DISK && GetFileType(y) == FILE_TYPE_DISK && GetFileInformationByHandle(x, &one) &&
           GetFileInformationByHandle(y, &other) && one.dwVolumeSerialNumber == other.dwVolumeSerialNumber &&
           one.nFileIndexHigh == other.nFileIndexHigh && one.nFileIndexLow == other.nFileIndexLow;
}

void outer_leave(void)
{
    wchar_t folder[MAX_PATH];
    UINT n = GetSystemDirectoryW(folder, COUNT_OF(folder));

    if (n > 0 && n < COUNT_OF(folder))
        SetCurrentDirectoryW(folder);
}

enum path_system outer_path_system(void)
{
    return PATH_WINDOWS;
}

bool outer_may_write(struct str folder, struct err *e)
{
    (void)folder;
    (void)e;
    return true;
}

uint64_t outer_process(void)
{
    return GetCurrentProcessId();
}

/* ---- the machine's policy ---- */

static bool is_administrators(PSID sid)
{
    static const WELL_KNOWN_SID_TYPE trusted[] = {WinBuiltinAdministratorsSid, WinLocalSystemSid};

    for (size_t i = 0; i < COUNT_OF(trusted); i++)
        if (IsWellKnownSid(sid, trusted[i]))
            return true;
    return false;
}

/* Anybody may make a folder in ProgramData that is not there yet. So only what an administrator or the system owns is believed,
 * the folder and the file. */
static bool owned_by_administrators(const wchar_t *path)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    bool good = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor) ==
                    ERROR_SUCCESS &&
                owner && is_administrators(owner);

    if (descriptor)
        LocalFree(descriptor);
    return good;
}

struct str outer_machine_policy(void)
{
    static char path[PATH_BYTES_MAX];
    struct arena a = {0};
    struct str folder = {0}, found = {0}, file;
    PWSTR known = NULL;

    if (SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &known) == S_OK && known)
        folder = utf8_from_z(&a, known);
    CoTaskMemFree(known);
    if (folder.n) {
        folder = path_join(&a, PATH_WINDOWS, folder, STR("cordon"));
        file = path_join(&a, PATH_WINDOWS, folder, STR("policy.json"));
        if (file.n < sizeof path && owned_by_administrators(wide_from(&a, folder)) &&
            owned_by_administrators(wide_from(&a, file))) {
            memcpy(path, file.p, file.n + 1);
            found = (struct str){path, file.n};
        }
    }
    arena_release(&a);
    return found;
}

/* ---- arguments ---- */

void outer_arguments(struct arena *a, int *argc, char ***argv)
{
    int count = 0;
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), &count);
    char **out;

    if (!wide || count < 1)
        return;
    out = arena_alloc(a, (size_t)count + 1, sizeof *out);
    for (int i = 0; i < count; i++) {
        struct str s = utf8_from_z(a, wide[i]);
        char *copy = arena_alloc(a, s.n + 1, 1);
        if (s.n)
            memcpy(copy, s.p, s.n);
        out[i] = copy;
    }
    LocalFree(wide);
    *argc = count;
    *argv = out;
}
