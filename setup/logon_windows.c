/*
 * logon: the logon rights that are denied to the accounts, their absence from the sign-in screen, their profiles, and the end of what
 * runs as them.
 */
#include "machine.h"

#include <lm.h>
#include <ntsecapi.h>
#include <tlhelp32.h>

#define USER_LIST   L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\SpecialAccounts\\UserList"
#define PROFILES    L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"
#define END_WAIT_MS 5000

/* ---- denied rights ---- */

static LSA_HANDLE policy_open(ACCESS_MASK access, DWORD *code)
{
    LSA_OBJECT_ATTRIBUTES none = {.Length = sizeof none};
    LSA_HANDLE policy = NULL;
    NTSTATUS status = LsaOpenPolicy(NULL, &none, access, &policy);

    *code = (DWORD)status;
    return status == 0 ? policy : NULL;
}

static bool has_right(LSA_HANDLE policy, PSID sid, const wchar_t *right)
{
    LSA_UNICODE_STRING *list = NULL;
    ULONG n = 0;
    size_t length = wcslen(right);
    bool found = false;

    if (LsaEnumerateAccountRights(policy, sid, &list, &n) != 0)
        return false;
    for (ULONG i = 0; list && i < n; i++)
        found = found || (list[i].Length == length * sizeof *right && wcsncmp(list[i].Buffer, right, length) == 0);
    if (list)
        LsaFreeMemory(list);
    return found;
}

unsigned rights_of(struct machine *m, struct str sid)
{
    DWORD code;
    LSA_HANDLE policy = policy_open(POLICY_LOOKUP_NAMES | POLICY_VIEW_LOCAL_INFORMATION, &code);
    PSID raw = sid_from(&m->arena, sid);
    unsigned out = 0;

    for (unsigned i = 0; policy && raw && i < SETUP_RIGHTS; i++) {
        wchar_t *right = wide_from(&m->arena, str_from(setup_rights[i]));
        if (right && has_right(policy, raw, right))
            out |= 1u << i;
    }
    if (policy)
        LsaClose(policy);
    return out;
}

enum setup_look right_look(struct machine *m, const struct setup_step *s)
{
    unsigned rights = rights_of(m, account_sid(m, s->subject));

    for (unsigned i = 0; i < SETUP_RIGHTS; i++)
        if (str_is(s->text, setup_rights[i]))
            return rights & 1u << i ? LOOK_WHOLE : LOOK_MISSING;
    return LOOK_UNKNOWN;
}

static bool change_right(struct machine *m, const struct setup_step *s, bool add, struct err *e)
{
    DWORD code = 0;
    LSA_HANDLE policy = policy_open(POLICY_LOOKUP_NAMES | POLICY_CREATE_ACCOUNT, &code);
    PSID sid = sid_from(&m->arena, account_sid(m, s->subject));
    wchar_t *right = wide_from(&m->arena, s->text);
    LSA_UNICODE_STRING text;
    NTSTATUS status;

    if (!policy)
        return fail_at(e, code, STAGE_ACCOUNT, s->subject, "the rights of accounts cannot be changed");
    if (!sid || !right) {
        LsaClose(policy);
        return !add || fail_at(e, ERROR_NONE_MAPPED, STAGE_ACCOUNT, s->subject, "the account is not there");
    }
    text = (LSA_UNICODE_STRING){.Length = (USHORT)(wcslen(right) * sizeof *right), .MaximumLength = (USHORT)(wcslen(right) * sizeof *right), .Buffer = right};
    status = add ? LsaAddAccountRights(policy, sid, &text, 1) : LsaRemoveAccountRights(policy, sid, FALSE, &text, 1);
    LsaClose(policy);
    if (status == 0 || (!add && status == (NTSTATUS)0xC0000034)) /* it has none */
        return true;
    return fail_at(e, (DWORD)status, STAGE_ACCOUNT, s->subject, "the right %.*s cannot be changed", (int)s->text.n, s->text.p);
}

bool right_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    return change_right(m, s, true, e);
}

bool right_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    return change_right(m, s, false, e);
}

/* Would a logon of the new accounts be refused (1385)? Users or Everyone named in the denial, or nobody of them in the grant. */
bool logon_is_denied(struct machine *m)
{
    static const char *const groups[] = {SID_USERS, SID_EVERYONE, "S-1-5-113" /* local accounts */};
    DWORD code;
    LSA_HANDLE policy = policy_open(POLICY_LOOKUP_NAMES | POLICY_VIEW_LOCAL_INFORMATION, &code);
    bool denied = false;

    for (size_t i = 0; policy && i < COUNT_OF(groups); i++) {
        PSID sid = sid_from(&m->arena, str_from(groups[i]));
        denied = denied || (sid && has_right(policy, sid, L"SeDenyInteractiveLogonRight"));
    }
    if (policy)
        LsaClose(policy);
    return denied;
}

/* ---- the sign-in screen ---- */

enum setup_look hidden_look(struct machine *m, const struct setup_step *s)
{
    wchar_t *name = wide_from(&m->arena, s->subject);
    DWORD value = 1, n = sizeof value;
    LSTATUS status = name ? RegGetValueW(HKEY_LOCAL_MACHINE, USER_LIST, name, RRF_RT_REG_DWORD | RRF_SUBKEY_WOW6464KEY, NULL, &value, &n)
                          : ERROR_INVALID_NAME;

    if (status == ERROR_FILE_NOT_FOUND || status == ERROR_PATH_NOT_FOUND)
        return LOOK_MISSING;
    return status != ERROR_SUCCESS ? LOOK_UNKNOWN : value == 0 ? LOOK_WHOLE : LOOK_DIFFERS;
}

bool hidden_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    wchar_t *name = wide_from(&m->arena, s->subject);
    DWORD zero = 0;
    HKEY key = NULL;
    LSTATUS status = RegCreateKeyExW(HKEY_LOCAL_MACHINE, USER_LIST, 0, NULL, 0, KEY_SET_VALUE | KEY_WOW64_64KEY, NULL, &key, NULL);

    if (status == ERROR_SUCCESS) {
        status = name ? RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&zero, sizeof zero) : ERROR_INVALID_NAME;
        RegCloseKey(key);
    }
    return status == ERROR_SUCCESS || fail_at(e, (DWORD)status, STAGE_ACCOUNT, s->subject, "an account cannot be hidden from the sign-in screen");
}

bool hidden_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    wchar_t *name = wide_from(&m->arena, s->subject);
    HKEY key = NULL;
    LSTATUS status = RegOpenKeyExW(HKEY_LOCAL_MACHINE, USER_LIST, 0, KEY_SET_VALUE | KEY_WOW64_64KEY, &key);

    if (status == ERROR_SUCCESS) {
        status = name ? RegDeleteValueW(key, name) : ERROR_INVALID_NAME;
        RegCloseKey(key);
    }
    if (status == ERROR_SUCCESS || status == ERROR_FILE_NOT_FOUND || status == ERROR_PATH_NOT_FOUND)
        return true;
    return fail_at(e, (DWORD)status, STAGE_ACCOUNT, s->subject, "the entry of the sign-in screen cannot be removed");
}

/* ---- profiles ---- */

static bool key_there(const wchar_t *path)
{
    HKEY key = NULL;

    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY, &key) != ERROR_SUCCESS)
        return false;
    RegCloseKey(key);
    return true;
}

static wchar_t *profile_key(struct machine *m, struct str sid, const char *tail)
{
    struct str prefix = utf8_from_z(&m->arena, PROFILES);
    return wide_from(&m->arena, arena_format(&m->arena, "%s%.*s%s", prefix.p, (int)sid.n, sid.p ? sid.p : "", tail));
}

/* The entry, its folder, and no ".bak" beside it, which is what Windows leaves of a profile that it could not load. */
enum setup_look profile_look(struct machine *m, const struct setup_step *s)
{
    struct str sid = account_sid(m, s->subject);
    wchar_t path[MAX_PATH * 2], *key;
    DWORD n = sizeof path, attributes;

    if (!sid.n)
        return LOOK_MISSING;
    if (key_there(profile_key(m, sid, ".bak")))
        return LOOK_DIFFERS;
    key = profile_key(m, sid, "");
    if (!key_there(key))
        return LOOK_MISSING;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, L"ProfileImagePath", RRF_RT_REG_EXPAND_SZ | RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, path, &n) !=
        ERROR_SUCCESS)
        return LOOK_DIFFERS;
    attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) ? LOOK_WHOLE : LOOK_DIFFERS;
}

static bool delete_profile(struct machine *m, struct str sid, DWORD *code)
{
    BOOL(WINAPI * function)(LPCWSTR, LPCWSTR, LPCWSTR);
    void *found = win_function(L"userenv.dll", "DeleteProfileW");
    wchar_t *wide = wide_from(&m->arena, sid);

    *code = ERROR_PROC_NOT_FOUND;
    if (!found || !wide)
        return false;
    CopyMemory(&function, &found, sizeof function);
    if (function(wide, NULL, NULL))
        return true;
    *code = GetLastError();
    return *code == ERROR_FILE_NOT_FOUND || *code == ERROR_PATH_NOT_FOUND;
}

bool profile_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    HRESULT(WINAPI * create)(LPCWSTR, LPCWSTR, LPWSTR, DWORD);
    void *found = win_function(L"userenv.dll", "CreateProfile");
    struct str sid = account_sid(m, s->subject);
    wchar_t *wide = wide_from(&m->arena, sid), *name = wide_from(&m->arena, s->subject), path[MAX_PATH];
    HRESULT result;
    DWORD code;

    if (!found || !sid.n || !wide || !name)
        return fail_at(e, ERROR_PROC_NOT_FOUND, STAGE_ACCOUNT, s->subject, "a profile cannot be made");
    if (profile_look(m, s) == LOOK_DIFFERS && !delete_profile(m, sid, &code))
        return fail_at(e, code, STAGE_ACCOUNT, s->subject, "a broken profile cannot be removed");
    CopyMemory(&create, &found, sizeof create);
    result = create(wide, name, path, COUNT_OF(path));
    return SUCCEEDED(result) || fail_at(e, (DWORD)result, STAGE_ACCOUNT, s->subject, "a profile cannot be made");
}

bool profile_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct str sid = account_sid(m, s->subject);
    DWORD code;

    if (!sid.n || delete_profile(m, sid, &code))
        return true;
    return fail_at(e, code, STAGE_ACCOUNT, s->subject, "a profile cannot be removed");
}

/* ---- what runs as the account ---- */

static bool runs_as(struct machine *m, HANDLE process, struct str sid)
{
    union {
        TOKEN_USER user;
        char room[256];
    } at;
    HANDLE token = NULL;
    DWORD n;
    bool same = OpenProcessToken(process, TOKEN_QUERY, &token) && GetTokenInformation(token, TokenUser, &at, sizeof at, &n) &&
                str_eq(sid_as_text(&m->arena, at.user.User.Sid), sid);

    win_close(&token);
    return same;
}

/* How many run; those that do are ended when end. */
static size_t count_running(struct machine *m, struct str sid, bool end)
{
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    size_t n = 0;

    if (list == INVALID_HANDLE_VALUE)
        return 0;
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry)) {
        HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE, FALSE, entry.th32ProcessID);
        if (process && runs_as(m, process, sid)) {
            n++;
            if (end)
                TerminateProcess(process, 1);
        }
        win_close(&process);
    }
    CloseHandle(list);
    return n;
}

enum setup_look ended_look(struct machine *m, const struct setup_step *s)
{
    struct str sid = account_sid(m, s->subject);
    return !sid.n || count_running(m, sid, false) == 0 ? LOOK_MISSING : LOOK_WHOLE;
}

bool ended_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct str sid = account_sid(m, s->subject);

    privilege_enable(SE_DEBUG_NAME);
    for (int waited = 0; sid.n && waited <= END_WAIT_MS; waited += 250) {
        if (count_running(m, sid, true) == 0)
            return true;
        Sleep(250);
    }
    if (!sid.n)
        return true;
    err_set(e, ERR_SYSTEM, "something runs on as the account");
    err_subject(e, s->subject);
    return err_remedy(e, "restart Windows, then cordon uninstall");
}
