/*
 * standing: what setup made on this machine for this person, as far as it can be seen without elevation: its record, which only
 * administrators write, the accounts and the group, their profiles, the network block.
 *
 * What is not seen to be there is not. Filters cannot be read by the person; that the block holds is shown by an attempt from
 * inside before the first prompt, beside one outside that succeeds, and no opening does without it. Here their record, the
 * service behind them and the firewall's rules are looked at.
 */
#include "win32.h"
#include "core/ledger.h"

#include <aclapi.h>
#include <lm.h>
#include <sddl.h>
#include <string.h>

#define RULES_KEY  L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
#define PROFILES   "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"
#define RULES_MAX  20000
#define RULE_UNITS 16384

/* ---- who wrote it ---- */

static bool written_by_administrators(struct str path)
{
    struct wide_path wide;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    HANDLE h = wide_path(path, &wide) ? win_open_itself(wide.v, READ_CONTROL, OPEN_EXISTING) : NULL;
    bool good = h && GetSecurityInfo(h, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor) == ERROR_SUCCESS &&
                owner && (IsWellKnownSid(owner, WinBuiltinAdministratorsSid) || IsWellKnownSid(owner, WinLocalSystemSid));

    if (descriptor)
        LocalFree(descriptor);
    win_close(&h);
    return good;
}

static bool read_ledger(struct arena *a, struct str people, struct str person, struct ledger *out)
{
    struct str folder = path_join(a, PATH_WINDOWS, people, person), file = path_join(a, PATH_WINDOWS, folder, STR("ledger")), bytes;
    struct err ignored = {0};

    return written_by_administrators(people) && written_by_administrators(folder) && written_by_administrators(file) &&
           sys_read_file(a, file, LEDGER_BYTES_MAX, true, &bytes, &ignored) && ledger_parse(a, bytes, out, &ignored) &&
           str_eq(out->person, person);
}

/* ---- accounts ---- */

/* Is this SID one of this machine's, and what is it called now? */
static bool has_name(struct arena *a, struct str sid, struct str *name)
{
    wchar_t *text = wide_from(a, sid), found[256], domain[256];
    DWORD n = COUNT_OF(found), m = COUNT_OF(domain);
    SID_NAME_USE use;
    PSID binary = NULL;
    bool good = text && ConvertStringSidToSidW(text, &binary) && LookupAccountSidW(NULL, binary, found, &n, domain, &m, &use) &&
                (use == SidTypeUser || use == SidTypeAlias);

    if (good)
        *name = utf8_from_z(a, found);
    if (binary)
        LocalFree(binary);
    return good;
}

static bool is_enabled(struct arena *a, struct str name)
{
    DWORD(WINAPI *user_get)(LPCWSTR, LPCWSTR, DWORD, BYTE **); /* not a library that is mapped before a program's own folder counts */
    DWORD(WINAPI *release)(void *);
    void *get = win_function(L"netapi32.dll", "NetUserGetInfo"), *free_it = win_function(L"netapi32.dll", "NetApiBufferFree");
    wchar_t *wide = wide_from(a, name);
    BYTE *info = NULL;
    bool good;

    if (!get || !free_it || !wide)
        return false;
    memcpy(&user_get, &get, sizeof user_get);
    memcpy(&release, &free_it, sizeof release);
    good = user_get(NULL, wide, 1, &info) == 0 && info &&
           !(((const USER_INFO_1 *)(const void *)info)->usri1_flags & (UF_ACCOUNTDISABLE | UF_LOCKOUT));
    if (info)
        release(info);
    return good;
}

static bool has_profile(struct arena *a, struct str sid)
{
    wchar_t *key = wide_from(a, arena_format(a, PROFILES "%.*s", (int)sid.n, sid.p)), path[MAX_PATH + 1];
    DWORD n = sizeof path;

    return key && RegGetValueW(HKEY_LOCAL_MACHINE, key, L"ProfileImagePath", RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ, NULL, path, &n) == 0 &&
           GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

static void see_account(struct arena *a, const struct ledger *l, size_t which, struct str passwords, struct account_fact *out)
{
    struct wide_path wide;

    if (!ledger_account(l, which, &out->name, &out->sid))
        return;
    out->there = has_name(a, out->sid, &out->name);
    out->enabled = out->there && is_enabled(a, out->name);
    out->ready = out->there && has_profile(a, out->sid) && wide_path(passwords, &wide) &&
                 GetFileAttributesW(wide.v) != INVALID_FILE_ATTRIBUTES; /* the person's own by now; opened when it is needed */
}

/* ---- the network block ---- */

static bool is_running(const wchar_t *service)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), h = manager ? OpenServiceW(manager, service, SERVICE_QUERY_STATUS) : NULL;
    SERVICE_STATUS_PROCESS status;
    DWORD n = 0;
    bool good = h && QueryServiceStatusEx(h, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &n) &&
                status.dwCurrentState == SERVICE_RUNNING;

    if (h)
        CloseServiceHandle(h);
    if (manager)
        CloseServiceHandle(manager);
    return good;
}

static bool is_block_for(const wchar_t *rule, const wchar_t *sid)
{
    return wcsstr(rule, L"|Action=Block|") && wcsstr(rule, L"|Active=TRUE|") && wcsstr(rule, sid);
}

/* At least one rule each way that names the account. */
static bool has_firewall_rules(struct arena *a, struct str sid)
{
    wchar_t *wide = wide_from(a, sid), *rule = arena_alloc(a, RULE_UNITS + 1, sizeof *rule), name[512];
    bool in = false, out = false;
    HKEY key;

    if (!wide || RegOpenKeyExW(HKEY_LOCAL_MACHINE, RULES_KEY, 0, KEY_QUERY_VALUE, &key) != 0)
        return false;
    for (DWORD i = 0; i < RULES_MAX && !(in && out); i++) {
        DWORD n = COUNT_OF(name), bytes = RULE_UNITS * sizeof *rule, type = 0;
        LSTATUS status = RegEnumValueW(key, i, name, &n, NULL, &type, (BYTE *)rule, &bytes);
        if (status == ERROR_MORE_DATA)
            continue; /* none of Cordon's is that long */
        if (status != 0)
            break;
        rule[bytes / sizeof *rule] = 0;
        if (type != REG_SZ || !is_block_for(rule, wide))
            continue;
        in = in || wcsstr(rule, L"|Dir=In|") != NULL;
        out = out || wcsstr(rule, L"|Dir=Out|") != NULL;
    }
    RegCloseKey(key);
    return in && out;
}

static bool has_entry(const struct ledger *l, enum setup_kind kind)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == kind)
            return true;
    return false;
}

static bool is_missing(const struct ledger *l, const char *part)
{
    for (size_t i = 0; i < l->missing.n; i++)
        if (str_is(l->missing.v[i], part))
            return true;
    return false;
}

void standing_look(struct arena *a, struct windows_host *w)
{
    struct str people = path_join(a, PATH_WINDOWS, w->program_data, STR("Cordon\\people")), name;
    struct str passwords = path_join(a, PATH_WINDOWS, path_join(a, PATH_WINDOWS, people, w->person_sid), STR("passwords"));
    struct ledger l = {0};

    if (!w->program_data.n || !w->person_sid.n || !read_ledger(a, people, w->person_sid, &l) || !l.committed)
        return;
    w->set_up = true;
    for (size_t i = 0; i < l.n; i++)
        if (l.v[i].kind == SETUP_GROUP && has_name(a, l.v[i].after, &name))
            w->group_sid = l.v[i].after;
    see_account(a, &l, 0, passwords, &w->offline);
    see_account(a, &l, 1, passwords, &w->online);
    w->network_verified = w->offline.there && has_entry(&l, SETUP_FILTERS) && is_running(L"BFE") && is_running(L"MpsSvc") &&
                          has_firewall_rules(a, w->offline.sid);
    /* Nobody can close this one for one account: names that are looked up go out with the system's own resolver (W5). */
    *(struct str *)ARENA_PUSH(a, &w->open_services) = STR("the DNS client: names that are looked up");
    if (is_missing(&l, "com"))
        *(struct str *)ARENA_PUSH(a, &w->open_services) = STR("servers of COM, which setup could not close");
    if (is_missing(&l, "wsl"))
        *(struct str *)ARENA_PUSH(a, &w->open_services) = STR("wsl.exe, which setup could not close");
}
