/*
 * rights: privileges, SIDs and descriptors, as every edge of setup needs them. Descriptors are compared in the core's own words:
 * Windows' texts differ in their order, and Wine's are wrong.
 */
#include "machine.h"

#include <stdio.h>

bool fail_at(struct err *e, DWORD code, enum error_stage stage, struct str subject, const char *format, ...)
{
    char what[sizeof e->what];
    va_list list;

    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    err_set(e, code == ERROR_FILE_NOT_FOUND ? ERR_MISSING : ERR_SYSTEM, "%s", what);
    if (subject.n)
        err_subject(e, subject);
    return err_windows(e, code, stage);
}

bool privilege_enable(const wchar_t *name)
{
    TOKEN_PRIVILEGES p = {.PrivilegeCount = 1, .Privileges = {{.Attributes = SE_PRIVILEGE_ENABLED}}};
    HANDLE token = NULL;
    bool good = OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token) &&
                LookupPrivilegeValueW(NULL, name, &p.Privileges[0].Luid);

    /* It says yes where it gave nothing: the last error tells. */
    SetLastError(ERROR_SUCCESS);
    good = good && AdjustTokenPrivileges(token, FALSE, &p, 0, NULL, NULL) && GetLastError() == ERROR_SUCCESS;
    win_close(&token);
    return good;
}

bool caller_sid_of(struct arena *a, struct str *sid)
{
    union {
        TOKEN_USER user;
        char room[256];
    } at;
    HANDLE token = NULL;
    DWORD n;
    bool good = OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) && GetTokenInformation(token, TokenUser, &at, sizeof at, &n);

    if (good)
        *sid = sid_as_text(a, at.user.User.Sid);
    win_close(&token);
    return good && sid->n;
}

/* Membership that counts: an administrator whose token is filtered holds the group for denials alone. */
bool token_elevated(void)
{
    SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
    PSID admins = NULL;
    BOOL member = FALSE;

    if (!AllocateAndInitializeSid(&nt, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &admins))
        return false;
    if (!CheckTokenMembership(NULL, admins, &member))
        member = FALSE;
    FreeSid(admins);
    return member != FALSE;
}

PSID sid_from(struct arena *a, struct str text)
{
    struct sid sid;
    SID *out;

    if (!text.n || !sid_parse(text, &sid) || sid.count > SID_SUB_MAX)
        return NULL;
    out = arena_alloc(a, 1, sizeof(SID) + SID_SUB_MAX * sizeof(DWORD));
    out->Revision = SID_REVISION;
    out->SubAuthorityCount = sid.count;
    for (int i = 0; i < 6; i++)
        out->IdentifierAuthority.Value[i] = (BYTE)(sid.authority >> (8 * (5 - i)));
    for (size_t i = 0; i < sid.count; i++)
        out->SubAuthority[i] = sid.sub[i];
    return out;
}

struct str sid_as_text(struct arena *a, PSID sid)
{
    const SID *s = sid;
    struct sid out = {0};

    if (!sid || !IsValidSid(sid) || s->SubAuthorityCount > SID_SUB_MAX)
        return (struct str){0};
    out.count = s->SubAuthorityCount;
    for (int i = 0; i < 6; i++)
        out.authority = out.authority << 8 | s->IdentifierAuthority.Value[i];
    for (size_t i = 0; i < out.count; i++)
        out.sub[i] = s->SubAuthority[i];
    return sid_text(a, &out);
}

struct str name_of_sid(struct arena *a, struct str sid)
{
    wchar_t name[256], domain[256];
    DWORD n = COUNT_OF(name), d = COUNT_OF(domain);
    SID_NAME_USE use;
    PSID raw = sid_from(a, sid);

    if (!raw || !LookupAccountSidW(NULL, raw, name, &n, domain, &d, &use))
        return (struct str){0};
    return utf8_from_z(a, name);
}

bool sid_is_nobodys(struct arena *a, struct str sid)
{
    wchar_t name[256], domain[256];
    DWORD n = COUNT_OF(name), d = COUNT_OF(domain);
    SID_NAME_USE use;
    PSID raw = sid_from(a, sid);

    /* A domain that cannot be reached answers otherwise. */
    return raw && !LookupAccountSidW(NULL, raw, name, &n, domain, &d, &use) && GetLastError() == ERROR_NONE_MAPPED;
}

/* With the machine's name before it: a bare name could be found in a domain first. */
bool sid_of_name(struct arena *a, struct str name, struct str *sid, SID_NAME_USE *use)
{
    union {
        SID sid;
        char room[SECURITY_MAX_SID_SIZE];
    } at;
    wchar_t machine[MAX_COMPUTERNAME_LENGTH + 1], domain[256];
    DWORD m = COUNT_OF(machine), n = sizeof at, d = COUNT_OF(domain);
    struct str full;
    wchar_t *wide;

    if (!GetComputerNameW(machine, &m))
        return false;
    full = arena_format(a, "%s\\%.*s", utf8_from_z(a, machine).p, (int)name.n, name.p);
    wide = wide_from(a, full);
    if (!wide || !LookupAccountNameW(NULL, wide, &at.sid, &n, domain, &d, use))
        return false;
    *sid = sid_as_text(a, &at.sid);
    return sid->n > 0;
}

/* ---- descriptors ---- */

static bool to_bytes(struct arena *a, struct str sddl, struct buf *out)
{
    struct descriptor d;
    struct err e = {0};

    return sddl_parse(a, sddl, &d, &e) && descriptor_encode(&d, out);
}

PSECURITY_DESCRIPTOR descriptor_from(struct str sddl)
{
    struct arena a = {0};
    struct buf bytes = {0};
    void *out = NULL;

    if (to_bytes(&a, sddl, &bytes)) {
        out = LocalAlloc(LMEM_FIXED, bytes.n);
        if (out)
            CopyMemory(out, bytes.p, bytes.n);
    } else {
        SetLastError(ERROR_INVALID_SECURITY_DESCR);
    }
    buf_release(&bytes);
    arena_release(&a);
    return out;
}

#define PARTS (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)

bool descriptor_of(struct arena *a, HANDLE h, struct descriptor *out, DWORD *code)
{
    DWORD n = 0;
    char *bytes;
    struct err e = {0};

    GetKernelObjectSecurity(h, PARTS, NULL, 0, &n);
    *code = GetLastError();
    if (*code != ERROR_INSUFFICIENT_BUFFER || n > 3 * ACL_BYTES_MAX)
        return false;
    bytes = arena_alloc(a, n, 1);
    if (!GetKernelObjectSecurity(h, PARTS, bytes, n, &n)) {
        *code = GetLastError();
        return false;
    }
    *code = ERROR_INVALID_SECURITY_DESCR;
    return descriptor_decode(a, (struct str){bytes, n}, out, &e);
}

#define AI_REQUESTED 0x0100u /* SE_DACL_AUTO_INHERIT_REQ: without it the mark of an inheriting list (0x0400) is dropped */

/* SetKernelObjectSecurity: SetSecurityInfo would walk the tree below. */
bool descriptor_set(struct arena *a, HANDLE h, const struct descriptor *d, SECURITY_INFORMATION parts, DWORD *code)
{
    struct buf bytes = {0};
    bool good = descriptor_encode(d, &bytes);
    void *copy = good ? arena_alloc(a, bytes.n, 1) : NULL;

    *code = ERROR_INVALID_SECURITY_DESCR;
    if (good) {
        CopyMemory(copy, bytes.p, bytes.n);
        if (d->dacl_auto_inherited)
            ((SECURITY_DESCRIPTOR_RELATIVE *)copy)->Control |= AI_REQUESTED;
        good = SetKernelObjectSecurity(h, parts, copy) != 0;
        *code = GetLastError();
    }
    buf_release(&bytes);
    return good;
}

bool acl_has(const struct acl *list, const struct ace *ace)
{
    for (size_t i = 0; i < list->n; i++)
        if (ace_same(&list->v[i], ace))
            return true;
    return false;
}

bool acl_remove(struct acl *list, const struct ace *ace)
{
    size_t kept = 0, before = list->n;

    for (size_t i = 0; i < before; i++)
        if (!ace_same(&list->v[i], ace))
            list->v[kept++] = list->v[i];
    list->n = kept;
    return kept < before;
}

/* "(D;;0x1f;;;CordonUsers)", as the plan has it while there is no such group: the SID takes the name's place. */
bool step_ace(struct machine *m, const struct setup_step *s, struct ace *out, struct err *e)
{
    size_t at = s->text.n;
    struct str trustee, text = s->text;

    while (at && s->text.p[at - 1] != ';')
        at--;
    trustee = str_slice(s->text, at, s->text.n ? s->text.n - 1 : 0);
    if (!str_starts(trustee, STR("S-1-"))) {
        struct str sid = m->facts.group.sid.n ? m->facts.group.sid : ledger_sid(&m->ledger, SETUP_GROUP, m->facts.group.name);
        if (!sid.n)
            return err_set(e, ERR_SYSTEM, "there is no group that an entry could name");
        text = arena_format(&m->arena, "%.*s%.*s)", (int)at, s->text.p, (int)sid.n, sid.p);
    }
    return sddl_parse_ace(&m->arena, text, out, e);
}
