/*
 * audit: which failures Windows writes down, by the subcategory's GUID, and the one global entry that asks for those of the group.
 * The calls are looked up in advapi32: Wine has some of them elsewhere, where they raise an exception.
 */
#include "machine.h"

#include <ntsecapi.h>

#define FAILURE 0x2u /* POLICY_AUDIT_EVENT_FAILURE */
#define NONE    0x4u /* POLICY_AUDIT_EVENT_NONE */

static bool audit_query(const GUID *which, ULONG *out, DWORD *code)
{
    BOOLEAN(WINAPI * query)(const GUID *, ULONG, AUDIT_POLICY_INFORMATION **);
    void(WINAPI * release)(void *);
    void *found = win_function(L"advapi32.dll", "AuditQuerySystemPolicy"), *free_it = win_function(L"advapi32.dll", "AuditFree");
    AUDIT_POLICY_INFORMATION *info = NULL;

    *code = ERROR_PROC_NOT_FOUND;
    if (!found || !free_it)
        return false;
    CopyMemory(&query, &found, sizeof query);
    CopyMemory(&release, &free_it, sizeof release);
    privilege_enable(SE_SECURITY_NAME);
    if (!query(which, 1, &info) || !info) {
        *code = GetLastError();
        return false;
    }
    *out = info->AuditingInformation;
    release(info);
    return true;
}

static bool audit_set(const GUID *which, ULONG value, DWORD *code)
{
    BOOLEAN(WINAPI * set)(const AUDIT_POLICY_INFORMATION *, ULONG);
    void *found = win_function(L"advapi32.dll", "AuditSetSystemPolicy");
    AUDIT_POLICY_INFORMATION info = {.AuditSubCategoryGuid = *which, .AuditingInformation = value};

    *code = ERROR_PROC_NOT_FOUND;
    if (!found)
        return false;
    CopyMemory(&set, &found, sizeof set);
    if (set(&info, 1))
        return true;
    *code = GetLastError();
    return false;
}

static bool guid_from(struct str text, GUID *out)
{
    unsigned char bytes[16];

    if (!setup_guid(text, bytes))
        return false;
    CopyMemory(out, bytes, sizeof *out);
    return true;
}

enum setup_look audit_look(struct machine *m, const struct setup_step *s)
{
    GUID which;
    ULONG now;
    DWORD code;

    if (m->undoing && !entry_of(m, s))
        return LOOK_MISSING;
    if (!guid_from(s->subject, &which) || !audit_query(&which, &now, &code))
        return LOOK_UNKNOWN;
    return now & FAILURE ? LOOK_WHOLE : LOOK_MISSING;
}

bool audit_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    GUID which;
    ULONG now = 0;
    DWORD code = ERROR_INVALID_PARAMETER;
    struct ledger_entry entry = {.kind = s->kind, .subject = s->subject, .existed = true};

    if (!guid_from(s->subject, &which) || !audit_query(&which, &now, &code))
        return fail_at(e, code, STAGE_AUDIT, s->subject, "what is audited cannot be read");
    entry.before = arena_format(&m->arena, "%lu", (unsigned long)now);
    entry.after = arena_format(&m->arena, "%lu", (unsigned long)((now & ~NONE) | FAILURE));
    ledger_put(&m->arena, &m->ledger, &entry);
    if (!ledger_save(m, e))
        return false;
    return audit_set(&which, (now & ~NONE) | FAILURE, &code) || fail_at(e, code, STAGE_AUDIT, s->subject, "what is audited cannot be changed");
}

/* As it was, if it is as Cordon left it; somebody else's later choice stays. */
bool audit_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct ledger_entry *entry = entry_of(m, s);
    GUID which;
    ULONG now = 0, before = 0;
    DWORD code = ERROR_INVALID_PARAMETER;

    if (!entry)
        return true;
    if (!guid_from(s->subject, &which) || !audit_query(&which, &now, &code))
        return fail_at(e, code, STAGE_AUDIT, s->subject, "what is audited cannot be read");
    if (ledger_way_back(entry, arena_format(&m->arena, "%lu", (unsigned long)now)) == BACK_BEFORE) {
        before = (ULONG)(entry->before.n == 1 ? entry->before.p[0] - '0' : 0);
        if (!audit_set(&which, before ? before : NONE, &code))
            return fail_at(e, code, STAGE_AUDIT, s->subject, "what is audited cannot be changed");
    }
    ledger_drop(&m->ledger, s->kind, s->subject, (struct str){0});
    return ledger_save(m, e);
}

/* ---- the global entry ---- */

static bool sacl_read(struct machine *m, const struct setup_step *s, struct descriptor *out, DWORD *code)
{
    BOOLEAN(WINAPI * query)(PCWSTR, PACL *);
    void *found = win_function(L"advapi32.dll", "AuditQueryGlobalSaclW");
    wchar_t *name = wide_from(&m->arena, s->subject);
    SECURITY_DESCRIPTOR whole;
    PACL list = NULL;
    DWORD n = 0;
    char *bytes;
    struct err e = {0};
    bool good;

    *out = (struct descriptor){.has_sacl = true};
    *code = ERROR_PROC_NOT_FOUND;
    if (!found || !name)
        return false;
    CopyMemory(&query, &found, sizeof query);
    privilege_enable(SE_SECURITY_NAME);
    if (!query(name, &list)) {
        *code = GetLastError();
        return *code == ERROR_FILE_NOT_FOUND; /* there is none yet */
    }
    InitializeSecurityDescriptor(&whole, SECURITY_DESCRIPTOR_REVISION);
    SetSecurityDescriptorSacl(&whole, TRUE, list, FALSE);
    MakeSelfRelativeSD(&whole, NULL, &n);
    bytes = arena_alloc(&m->arena, n + 1, 1);
    good = MakeSelfRelativeSD(&whole, bytes, &n) && descriptor_decode(&m->arena, (struct str){bytes, n}, out, &e);
    *code = good ? ERROR_SUCCESS : ERROR_INVALID_ACL;
    LocalFree(list);
    return good;
}

static bool sacl_write(struct machine *m, const struct setup_step *s, const struct descriptor *d, DWORD *code)
{
    BOOLEAN(WINAPI * set)(PCWSTR, PACL);
    void *found = win_function(L"advapi32.dll", "AuditSetGlobalSaclW");
    wchar_t *name = wide_from(&m->arena, s->subject);
    struct buf bytes = {0};
    PACL list = NULL;
    BOOL present = FALSE, defaulted;
    char *copy;
    bool good = found && name && descriptor_encode(d, &bytes);

    *code = ERROR_PROC_NOT_FOUND;
    if (good) {
        CopyMemory(&set, &found, sizeof set);
        copy = arena_alloc(&m->arena, bytes.n, 1);
        CopyMemory(copy, bytes.p, bytes.n);
        good = GetSecurityDescriptorSacl(copy, &present, &list, &defaulted) && set(name, present && d->sacl.n ? list : NULL);
        *code = GetLastError();
    }
    buf_release(&bytes);
    return good;
}

enum setup_look sacl_look(struct machine *m, const struct setup_step *s)
{
    struct descriptor d;
    struct ace ace;
    struct err e = {0};
    DWORD code;

    if (!sacl_read(m, s, &d, &code))
        return LOOK_UNKNOWN;
    if (!step_ace(m, s, &ace, &e))
        return LOOK_MISSING;
    return acl_has(&d.sacl, &ace) ? LOOK_WHOLE : LOOK_MISSING;
}

bool sacl_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct descriptor d;
    struct ace ace;
    DWORD code;

    if (!step_ace(m, s, &ace, e))
        return false;
    if (!sacl_read(m, s, &d, &code))
        return fail_at(e, code, STAGE_AUDIT, s->subject, "the global audit entries cannot be read");
    *(struct ace *)ARENA_PUSH(&m->arena, &d.sacl) = ace;
    return sacl_write(m, s, &d, &code) || fail_at(e, code, STAGE_AUDIT, s->subject, "the global audit entry cannot be made");
}

bool sacl_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct descriptor d;
    struct ace ace;
    DWORD code;

    struct err none = {0};

    if (!step_ace(m, s, &ace, &none)) /* no group, no entry that names it */
        return true;
    if (!sacl_read(m, s, &d, &code))
        return fail_at(e, code, STAGE_AUDIT, s->subject, "the global audit entries cannot be read");
    if (!acl_remove(&d.sacl, &ace))
        return true;
    return sacl_write(m, s, &d, &code) || fail_at(e, code, STAGE_AUDIT, s->subject, "the global audit entry cannot be removed");
}

/* ---- facts ---- */

static bool registry_number(const wchar_t *key, const wchar_t *name, DWORD *out)
{
    DWORD n = sizeof *out;
    LSTATUS status = RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD | RRF_SUBKEY_WOW6464KEY, NULL, out, &n);

    if (status == ERROR_FILE_NOT_FOUND)
        *out = 0;
    return status == ERROR_SUCCESS || status == ERROR_FILE_NOT_FOUND;
}

void audit_facts(struct machine *m)
{
    struct setup_step file = {.subject = STR("{0cce921d-69ae-11d9-bed3-505054503030}")}, handle = {.subject = STR("{0cce9223-69ae-11d9-bed3-505054503030}")};
    struct setup_step global = {.subject = STR("File"), .text = STR("(AU;FA;0xd0157;;;group)")};
    DWORD crash = 0, retention = 0, backup = 0;
    enum setup_look x = audit_look(m, &file), y = audit_look(m, &handle);

    m->facts.audit_policy = x == LOOK_UNKNOWN || y == LOOK_UNKNOWN ? LOOK_UNKNOWN
                            : x == LOOK_WHOLE && y == LOOK_WHOLE     ? LOOK_WHOLE
                                                                                        : LOOK_MISSING;
    m->facts.audit_sacl = sacl_look(m, &global);
    /* A retention of 0 overwrites old events as needed; any other keeps them until somebody clears the log. */
    m->facts.audit_looked = registry_number(L"SYSTEM\\CurrentControlSet\\Control\\Lsa", L"CrashOnAuditFail", &crash) &&
                            registry_number(L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Security", L"Retention", &retention) &&
                            registry_number(L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Security", L"AutoBackupLogFiles", &backup);
    m->facts.crash_on_audit_fail = crash != 0;
    m->facts.log_overwrites = retention == 0 || backup != 0;
}
