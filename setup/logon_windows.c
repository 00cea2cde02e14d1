/*
 * logon: the logon rights that are denied to the accounts, their absence from the sign-in screen, their profiles, and the end of what
 * runs as them.
 */
#include "machine.h"

#include <lm.h>
#include <ntsecapi.h>
#include <wtsapi32.h>

#define USER_LISTS  L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\SpecialAccounts"
#define USER_LIST   USER_LISTS L"\\UserList"
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
    unsigned rights = rights_of(m, own_sid(m, s->subject));

    for (unsigned i = 0; i < SETUP_RIGHTS; i++)
        if (str_is(s->text, setup_rights[i]))
            return rights & 1u << i ? LOOK_WHOLE : LOOK_MISSING;
    return LOOK_UNKNOWN;
}

static bool change_right(struct machine *m, const struct setup_step *s, bool add, struct err *e)
{
    DWORD code = 0;
    LSA_HANDLE policy = policy_open(POLICY_LOOKUP_NAMES | POLICY_CREATE_ACCOUNT, &code);
    PSID sid = sid_from(&m->arena, own_sid(m, s->subject));
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

/* Does the right go to one of them? Yes also where that cannot be told. */
static bool is_granted(struct machine *m, LSA_HANDLE policy, const wchar_t *right, const struct str *sids, size_t count)
{
    LSA_UNICODE_STRING text = {.Length = (USHORT)(wcslen(right) * sizeof *right), .MaximumLength = (USHORT)(wcslen(right) * sizeof *right),
        .Buffer = (wchar_t *)(uintptr_t)right};
    LSA_ENUMERATION_INFORMATION *list = NULL;
    ULONG n = 0;
    bool found = false;

    if (LsaEnumerateAccountsWithUserRight(policy, &text, (void **)&list, &n) != 0 || !list)
        return true;
    for (ULONG i = 0; i < n; i++) {
        struct str sid = sid_as_text(&m->arena, list[i].Sid);
        for (size_t k = 0; k < count; k++)
            found = found || (sids[k].n && str_eq(sids[k], sid));
    }
    LsaFreeMemory(list);
    return found;
}

/* Would a logon of the new accounts be refused (1385)? A group of theirs is named in the denial, or none in the grant. */
bool logon_is_denied(struct machine *m)
{
    const struct str groups[] = {STR(SID_USERS), STR(SID_EVERYONE), STR("S-1-5-113") /* local accounts */, STR(SID_AUTHENTICATED), STR(SID_INTERACTIVE),
        m->facts.group.sid, m->facts.offline.sid};
    DWORD code;
    LSA_HANDLE policy = policy_open(POLICY_LOOKUP_NAMES | POLICY_VIEW_LOCAL_INFORMATION, &code);
    bool denied = false;

    for (size_t i = 0; policy && i < COUNT_OF(groups); i++) {
        PSID sid = sid_from(&m->arena, groups[i]);
        denied = denied || (sid && has_right(policy, sid, L"SeDenyInteractiveLogonRight"));
    }
    denied = denied || (policy && !is_granted(m, policy, L"SeInteractiveLogonRight", groups, COUNT_OF(groups)));
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

/* A key that holds nothing any more: Windows has neither before somebody hides an account. */
static void drop_empty_key(const wchar_t *path)
{
    HKEY key = NULL;
    DWORD keys = 1, values = 1;

    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY, &key) != ERROR_SUCCESS)
        return;
    if (RegQueryInfoKeyW(key, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL) != ERROR_SUCCESS)
        keys = 1;
    RegCloseKey(key);
    if (keys == 0 && values == 0)
        RegDeleteKeyExW(HKEY_LOCAL_MACHINE, path, KEY_WOW64_64KEY, 0);
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
    drop_empty_key(USER_LIST);
    drop_empty_key(USER_LISTS);
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

static bool profile_folder(struct machine *m, struct str sid, wchar_t *path, DWORD size)
{
    wchar_t *key = profile_key(m, sid, "");
    /* An expanding value is expanded, and then counts as a plain one. */
    return key && RegGetValueW(HKEY_LOCAL_MACHINE, key, L"ProfileImagePath", RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, path, &size) == ERROR_SUCCESS;
}

/* The entry, its folder, and no ".bak" beside it, which is what Windows leaves of a profile that it could not load. */
enum setup_look profile_look(struct machine *m, const struct setup_step *s)
{
    struct str sid = own_sid(m, s->subject);
    wchar_t path[MAX_PATH * 2];
    DWORD attributes;

    if (!sid.n)
        return LOOK_MISSING;
    if (key_there(profile_key(m, sid, ".bak")))
        return LOOK_DIFFERS;
    if (!key_there(profile_key(m, sid, "")))
        return LOOK_MISSING;
    if (!profile_folder(m, sid, path, sizeof path))
        return LOOK_DIFFERS;
    attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) ? LOOK_WHOLE : LOOK_DIFFERS;
}

/* A profile that Windows set aside gets its name back, so that its folder goes with it. */
static void name_back(struct machine *m, struct str sid)
{
    LSTATUS(WINAPI * rename)(HKEY, LPCWSTR, LPCWSTR);
    void *found = win_function(L"advapi32.dll", "RegRenameKey");
    wchar_t *aside = profile_key(m, sid, ".bak"), *name = wide_from(&m->arena, sid);

    if (!found || !aside || !name || !key_there(aside) || key_there(profile_key(m, sid, "")))
        return;
    CopyMemory(&rename, &found, sizeof rename);
    rename(HKEY_LOCAL_MACHINE, aside, name);
}

/* Entry and folder. What ran under it may hold them for a moment longer. */
static bool delete_profile(struct machine *m, struct str sid, DWORD *code)
{
    BOOL(WINAPI * function)(LPCWSTR, LPCWSTR, LPCWSTR);
    void *found = win_function(L"userenv.dll", "DeleteProfileW");
    wchar_t *wide = wide_from(&m->arena, sid), path[MAX_PATH * 2] = L"";

    *code = ERROR_PROC_NOT_FOUND;
    if (!found || !wide)
        return false;
    CopyMemory(&function, &found, sizeof function);
    for (int round = 0; round < 2; round++) { /* the entry, and one that was set aside */
        *code = ERROR_SUCCESS;
        name_back(m, sid);
        if (!key_there(profile_key(m, sid, "")))
            break;
        if (!profile_folder(m, sid, path, sizeof path))
            path[0] = 0;
        for (int waited = 0; !function(wide, NULL, NULL); waited += 250) {
            *code = GetLastError();
            if (*code == ERROR_FILE_NOT_FOUND || *code == ERROR_PATH_NOT_FOUND)
                break;
            if (waited >= END_WAIT_MS)
                return false;
            Sleep(250);
        }
        *code = ERROR_DIR_NOT_EMPTY;
        if (path[0] && GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES)
            return false;
    }
    return true;
}

bool profile_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    HRESULT(WINAPI * create)(LPCWSTR, LPCWSTR, LPWSTR, DWORD);
    void *found = win_function(L"userenv.dll", "CreateProfile");
    struct str sid = own_sid(m, s->subject);
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
    struct str sid = own_sid(m, s->subject);
    DWORD code;

    if (!sid.n || delete_profile(m, sid, &code))
        return true;
    return fail_at(e, code, STAGE_ACCOUNT, s->subject, "a profile, or its folder, cannot be removed");
}

void account_remains(struct machine *m, struct str old, struct str now)
{
    DWORD code;
    LSA_HANDLE policy;
    PSID sid = sid_from(&m->arena, old);

    if (!sid || str_eq(old, now) || !sid_is_nobodys(&m->arena, old))
        return;
    policy = policy_open(POLICY_LOOKUP_NAMES, &code);
    if (policy) {
        LsaRemoveAccountRights(policy, sid, TRUE, NULL, 0);
        LsaClose(policy);
    }
    delete_profile(m, old, &code);
}

/* ---- what runs as the account ---- */

/* Asked of the system, which sees every process's user: the runner's token is closed to everybody else, a debugger too (W2). */
typedef void (*for_process)(void *context, DWORD id, struct str user);

static bool each_process(struct machine *m, for_process call, void *context)
{
    BOOL(WINAPI * list)(HANDLE, DWORD, DWORD, WTS_PROCESS_INFOW **, DWORD *);
    void(WINAPI * release)(void *);
    void *found[] = {win_function(L"wtsapi32.dll", "WTSEnumerateProcessesW"), win_function(L"wtsapi32.dll", "WTSFreeMemory")};
    WTS_PROCESS_INFOW *v = NULL;
    DWORD n = 0;

    if (!found[0] || !found[1])
        return false;
    CopyMemory(&list, &found[0], sizeof list);
    CopyMemory(&release, &found[1], sizeof release);
    if (!list(WTS_CURRENT_SERVER_HANDLE, 0, 1, &v, &n) || !v)
        return false;
    for (DWORD i = 0; i < n; i++)
        call(context, v[i].ProcessId, v[i].pUserSid ? sid_as_text(&m->arena, v[i].pUserSid) : (struct str){0});
    release(v);
    return true;
}

struct wanted_process {
    DWORD id;
    struct str sid; /* in: whose; out: of the process with that id */
    bool end;
    size_t count;
};

static void find_user(void *context, DWORD id, struct str user)
{
    struct wanted_process *w = context;
    if (id == w->id)
        w->sid = user;
}

struct str user_of_process(struct machine *m, DWORD id)
{
    struct wanted_process w = {.id = id};
    return each_process(m, find_user, &w) ? w.sid : (struct str){0};
}

static void count_one(void *context, DWORD id, struct str user)
{
    struct wanted_process *w = context;
    HANDLE process;

    if (!user.n || !str_eq(user, w->sid))
        return;
    w->count++;
    process = w->end ? OpenProcess(PROCESS_TERMINATE, FALSE, id) : NULL;
    if (process)
        TerminateProcess(process, 1);
    win_close(&process);
}

enum setup_look ended_look(struct machine *m, const struct setup_step *s)
{
    struct wanted_process w = {.sid = own_sid(m, s->subject)};

    if (!w.sid.n)
        return LOOK_MISSING;
    return !each_process(m, count_one, &w) ? LOOK_UNKNOWN : w.count ? LOOK_WHOLE : LOOK_MISSING;
}

bool ended_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct str sid = own_sid(m, s->subject);

    privilege_enable(SE_DEBUG_NAME);
    for (int waited = 0; sid.n && waited <= END_WAIT_MS; waited += 250) {
        struct wanted_process w = {.sid = sid, .end = true};
        if (!each_process(m, count_one, &w))
            return fail_at(e, GetLastError(), STAGE_ACCOUNT, s->subject, "what runs as the account cannot be told");
        if (w.count == 0)
            return true;
        Sleep(250);
    }
    if (!sid.n)
        return true;
    err_set(e, ERR_SYSTEM, "something runs on as the account");
    err_subject(e, s->subject);
    return err_remedy(e, "restart Windows, then cordon uninstall");
}
