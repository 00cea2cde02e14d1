/*
 * shut: is what setup shut to the sandbox's group (rule W5) still shut? COM's two lists in the registry and the programs of WSL,
 * which everybody may read.
 */
#include "shut_windows.h"

static enum setup_look look_list(struct arena *a, const wchar_t *name, struct str group, uint32_t mask)
{
    HKEY key = NULL;
    DWORD type = 0, n = 0;
    char *bytes = NULL;
    struct descriptor d;
    struct err e = {0};
    LSTATUS status = RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Ole", 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY, &key);

    if (status != ERROR_SUCCESS)
        return LOOK_UNKNOWN;
    status = RegQueryValueExW(key, name, NULL, &type, NULL, &n);
    if (status == ERROR_SUCCESS && type == REG_BINARY && n > 0 && n <= ACL_BYTES_MAX) {
        bytes = arena_alloc(a, n, 1);
        status = RegQueryValueExW(key, name, NULL, &type, (BYTE *)bytes, &n);
    }
    RegCloseKey(key);
    if (status != ERROR_SUCCESS || !bytes || !descriptor_decode(a, (struct str){bytes, n}, &d, &e))
        return LOOK_UNKNOWN;
    return setup_denies(&d, group, mask) ? LOOK_WHOLE : LOOK_MISSING;
}

/* What is open of one is open. */
static enum setup_look both(enum setup_look one, enum setup_look other)
{
    return one == LOOK_MISSING || other == LOOK_MISSING ? LOOK_MISSING : one == LOOK_UNKNOWN || other == LOOK_UNKNOWN ? LOOK_UNKNOWN : LOOK_WHOLE;
}

enum setup_look look_com(struct arena *a, struct str group)
{
    return both(look_list(a, L"MachineLaunchRestriction", group, 0x1f), look_list(a, L"MachineAccessRestriction", group, 0x7));
}

static enum setup_look look_program(struct arena *a, struct str path, struct str group)
{
    const DWORD parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    struct wide_path wide;
    struct descriptor d;
    struct err e = {0};
    DWORD n = 0;
    char *bytes = NULL;
    enum setup_look look = LOOK_UNKNOWN;
    HANDLE h = wide_path(path, &wide) ? CreateFileW(wide.v, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                                            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL)
                                      : INVALID_HANDLE_VALUE;

    if (h == INVALID_HANDLE_VALUE)
        return LOOK_UNKNOWN;
    GetKernelObjectSecurity(h, parts, NULL, 0, &n);
    if (n && n < 3 * ACL_BYTES_MAX)
        bytes = arena_alloc(a, n, 1);
    if (bytes && GetKernelObjectSecurity(h, parts, bytes, n, &n) && descriptor_decode(a, (struct str){bytes, n}, &d, &e))
        look = setup_denies(&d, group, 0x20) ? LOOK_WHOLE : LOOK_MISSING;
    CloseHandle(h);
    return look;
}

enum setup_look look_wsl(struct arena *a, struct str program_files, struct str group)
{
    static const char *const names[] = {"wsl.exe", "wslg.exe", "bash.exe", "wslconfig.exe"};
    wchar_t folder[MAX_PATH];
    UINT n = GetSystemDirectoryW(folder, COUNT_OF(folder));
    const struct str folders[] = {n && n < COUNT_OF(folder) ? utf8_from_z(a, folder) : (struct str){0},
        program_files.n ? path_join(a, PATH_WINDOWS, program_files, STR("WSL")) : (struct str){0}};
    enum setup_look all = LOOK_WHOLE;
    struct wide_path wide;

    for (size_t i = 0; i < COUNT_OF(names) * COUNT_OF(folders); i++) {
        struct str in = folders[i % COUNT_OF(folders)], path = in.n ? path_join(a, PATH_WINDOWS, in, str_from(names[i / COUNT_OF(folders)])) : in;
        if (path.n && wide_path(path, &wide) && GetFileAttributesW(wide.v) != INVALID_FILE_ATTRIBUTES)
            all = both(all, look_program(a, path, group));
    }
    return all;
}
