/*
 * state: what setup left on this machine for this person, as facts: read from its ledger, and looked at again. The ledger counts only
 * when administrators own it and nobody else may write it: anybody can make folders in ProgramData, and whose accounts a session
 * runs as must not be a stranger's to say.
 */
#include "filters_windows.h"
#include "shut_windows.h"
#include "credentials.h"

#include <lm.h>
#include <string.h>

/* ---- places: asked of the system, since an environment is anybody's ---- */

static struct str folder_of(struct arena *a, const GUID *which)
{
    HRESULT(WINAPI * ask)(const GUID *, DWORD, HANDLE, PWSTR *);
    void(WINAPI * let_go)(void *);
    void *f[2] = {win_function(L"shell32.dll", "SHGetKnownFolderPath"), win_function(L"ole32.dll", "CoTaskMemFree")};
    PWSTR path = NULL;
    struct str out = {0};

    memcpy(&ask, &f[0], sizeof ask);
    memcpy(&let_go, &f[1], sizeof let_go);
    if (f[0] && f[1] && SUCCEEDED(ask(which, 0, NULL, &path)))
        out = arena_format(a, "%s\\Cordon", utf8_from_z(a, path).p);
    if (f[1])
        let_go(path);
    return out;
}

struct str win_data_dir(struct arena *a)
{
    static const GUID program_data = {0x62ab5d82, 0xfdc1, 0x4dc3, {0xa9, 0xdd, 0x07, 0x0d, 0x1d, 0x49, 0x5d, 0x97}};
    return folder_of(a, &program_data);
}

bool win_installed(const wchar_t *name, struct wide_path *out)
{
    static const GUID program_files = {0x905e63b6, 0xc1bf, 0x494e, {0xb2, 0x9c, 0x65, 0xb7, 0x32, 0xd3, 0xd2, 0x1a}};
    struct arena a = {0};
    struct str folder = folder_of(&a, &program_files);
    bool good = folder.n && wide_path(arena_format(&a, "%s\\%s", folder.p, utf8_from_z(&a, name).p), out);

    arena_release(&a);
    return good;
}

static bool same_bytes(const wchar_t *x, const wchar_t *y)
{
    char one[8192], other[8192];
    HANDLE f = CreateFileW(x, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE g = CreateFileW(y, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    bool same = f != INVALID_HANDLE_VALUE && g != INVALID_HANDLE_VALUE;
    DWORD n = 1, m = 1;

    while (same && n > 0)
        same = ReadFile(f, one, sizeof one, &n, NULL) && ReadFile(g, other, sizeof other, &m, NULL) && n == m && memcmp(one, other, n) == 0;
    if (f != INVALID_HANDLE_VALUE)
        CloseHandle(f);
    if (g != INVALID_HANDLE_VALUE)
        CloseHandle(g);
    return same;
}

/* What setup copied is what this cordon came with: after an update it is not, until repair. */
static bool programs_match(void)
{
    static const wchar_t *const names[] = {RUNNER_FILE, SHIM_FILE};
    struct wide_path here, there;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!win_beside(names[i], &here) || !win_installed(names[i], &there) || !same_bytes(here.v, there.v))
            return false;
    return true;
}

/* ---- the ledger ---- */

/* The bytes of the ledger, if it is one that an administrator made. */
static bool ledger_bytes(struct arena *a, struct str path, struct str person, struct str *out)
{
    struct wide_path wide;
    struct descriptor d;
    struct err e = {0};
    HANDLE h = INVALID_HANDLE_VALUE;
    DWORD need = 0, n = 0;
    LARGE_INTEGER size;
    char *raw = NULL, *bytes;
    bool good = false;

    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return false;
    GetKernelObjectSecurity(h, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, NULL, 0, &need);
    if (need && need < 3 * ACL_BYTES_MAX)
        raw = arena_alloc(a, need, 1);
    good = raw && GetKernelObjectSecurity(h, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, raw, need, &need) &&
           descriptor_decode(a, (struct str){raw, need}, &d, &e) && setup_descriptor_is(a, &d, setup_sddl_ledger(a, person), false) &&
           GetFileSizeEx(h, &size) && size.QuadPart > 0 && (uint64_t)size.QuadPart <= LEDGER_BYTES_MAX;
    if (good) {
        bytes = arena_alloc(a, (size_t)size.QuadPart + 1, 1);
        good = ReadFile(h, bytes, (DWORD)size.QuadPart, &n, NULL) && n == size.QuadPart;
        *out = (struct str){bytes, n};
    }
    CloseHandle(h);
    return good;
}

/* As it is now, and still the one of the ledger. */
static void look_account(struct arena *a, struct account_fact *u)
{
    DWORD(WINAPI * get)(LPCWSTR, LPCWSTR, DWORD, BYTE **);
    DWORD(WINAPI * release)(void *);
    void *found = win_function(L"netapi32.dll", "NetUserGetInfo"), *free_it = win_function(L"netapi32.dll", "NetApiBufferFree");
    wchar_t *name = wide_from(a, u->name);
    union {
        SID sid;
        char room[SECURITY_MAX_SID_SIZE];
    } at;
    wchar_t domain[256], machine[MAX_COMPUTERNAME_LENGTH + 1], *full;
    DWORD m = COUNT_OF(machine), n = sizeof at, d = COUNT_OF(domain);
    SID_NAME_USE use;
    BYTE *bytes = NULL;
    struct sid sid = {0};

    if (!found || !free_it || !name || !GetComputerNameW(machine, &m))
        return;
    memcpy(&get, &found, sizeof get);
    memcpy(&release, &free_it, sizeof release);
    if (get(NULL, name, 1, &bytes) == NERR_Success && bytes)
        u->enabled = !(((USER_INFO_1 *)(void *)bytes)->usri1_flags & (UF_ACCOUNTDISABLE | UF_LOCKOUT));
    if (bytes)
        release(bytes);
    full = wide_from(a, arena_format(a, "%s\\%.*s", utf8_from_z(a, machine).p, (int)u->name.n, u->name.p));
    if (full && LookupAccountNameW(NULL, full, &at.sid, &n, domain, &d, &use) && at.sid.SubAuthorityCount <= SID_SUB_MAX) {
        sid.count = at.sid.SubAuthorityCount;
        for (int i = 0; i < 6; i++)
            sid.authority = sid.authority << 8 | at.sid.IdentifierAuthority.Value[i];
        for (size_t i = 0; i < sid.count; i++)
            sid.sub[i] = at.sid.SubAuthority[i];
        u->there = str_eq(sid_text(a, &sid), u->sid);
    }
    u->enabled = u->enabled && u->there;
}

/* The system knows of one, and its folder is there. */
static bool has_profile(struct arena *a, struct str sid)
{
    wchar_t path[MAX_PATH + 1], *key = wide_from(a, arena_format(a,
        "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\%.*s", (int)sid.n, sid.p));
    DWORD n = sizeof path;

    return key && RegGetValueW(HKEY_LOCAL_MACHINE, key, L"ProfileImagePath", RRF_RT_REG_SZ, NULL, path, &n) == 0 &&
           GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

void facts_setup(struct arena *a, struct windows_host *w)
{
    struct str data = win_data_dir(a);
    struct wide_path passwords;
    struct ledger l;
    struct str bytes;
    struct err e = {0};

    if (!w->person_sid.n || !ledger_bytes(a, ledger_place(a, data, w->person_sid, "ledger"), w->person_sid, &bytes) ||
        !ledger_parse(a, bytes, &l, &e) || !str_eq(l.person, w->person_sid))
        return;
    for (size_t i = 0; i < l.n; i++)
        if (l.v[i].kind == SETUP_GROUP)
            w->group_sid = l.v[i].after;
    if (!ledger_account(&l, 0, &w->offline.name, &w->offline.sid) || !ledger_account(&l, 1, &w->online.name, &w->online.sid))
        return;
    look_account(a, &w->offline);
    look_account(a, &w->online);
    w->offline.ready = w->online.ready = wide_path(ledger_place(a, data, w->person_sid, "passwords"), &passwords) &&
                                         GetFileAttributesW(passwords.v) != INVALID_FILE_ATTRIBUTES && programs_match();
    w->offline.ready = w->offline.ready && has_profile(a, w->offline.sid);
    w->online.ready = w->online.ready && has_profile(a, w->online.sid);
    w->set_up = l.committed && w->group_sid.n && w->offline.there && w->online.there;
    w->network_verified = w->set_up && look_filters(w->offline.sid) == LOOK_WHOLE;
    if (w->set_up)
        setup_tier(a, &l.missing, look_com(a, w->group_sid), look_wsl(a, w->program_files, w->group_sid), &w->open_services, &w->setup_without);
}
