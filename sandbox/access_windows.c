/*
 * access: the system's own access check, asked: for tests and for doctor, which hold core/access.c against it.
 *
 * Nothing here decides. A token is read into the words of access.h; a descriptor is handed over as the bytes that core made.
 */
#include "win32.h"

#define TOKEN_BYTES_MAX      65536
#define WRITE_RESTRICTED_BIT 8u /* of TOKEN_ACCESS_INFORMATION's Flags: TOKEN_WRITE_RESTRICTED */

static bool sid_from(PSID sid, struct sid *out)
{
    return sid && IsValidSid(sid) && sid_from_bytes((struct str){sid, GetLengthSid(sid)}, out) > 0;
}

/* A piece of information about a token; NULL where the system does not have it. */
static void *token_part(struct arena *a, HANDLE token, TOKEN_INFORMATION_CLASS kind)
{
    DWORD n = 0;
    void *bytes;

    if (GetTokenInformation(token, kind, NULL, 0, &n) || n == 0 || n > TOKEN_BYTES_MAX)
        return NULL;
    bytes = arena_alloc(a, n, 1);
    return GetTokenInformation(token, kind, bytes, n, &n) ? bytes : NULL;
}

static unsigned group_flags_of(DWORD attributes)
{
    unsigned flags = 0;

    if (attributes & SE_GROUP_ENABLED)
        flags |= GROUP_ENABLED;
    if (attributes & SE_GROUP_USE_FOR_DENY_ONLY)
        flags |= GROUP_DENY_ONLY;
    if (attributes & SE_GROUP_OWNER)
        flags |= GROUP_OWNER;
    if ((attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
        flags |= GROUP_LOGON;
    return flags;
}

static bool read_groups(struct arena *a, HANDLE token, struct token *t)
{
    TOKEN_GROUPS *groups = token_part(a, token, TokenGroups), *restricting = token_part(a, token, TokenRestrictedSids);
    size_t group_cap = 0, restricting_cap = 0;

    if (!groups)
        return false;
    for (DWORD i = 0; i < groups->GroupCount; i++) {
        struct token_group *g = arena_push(a, &t->groups, &t->group_count, &group_cap, sizeof *g);
        g->flags = group_flags_of(groups->Groups[i].Attributes);
        if (!sid_from(groups->Groups[i].Sid, &g->sid))
            return false;
    }
    for (DWORD i = 0; restricting && i < restricting->GroupCount; i++) {
        struct sid *sid = arena_push(a, &t->restricting, &t->restricting_count, &restricting_cap, sizeof *sid);
        if (!sid_from(restricting->Groups[i].Sid, sid))
            return false;
    }
    return true;
}

static bool has_privilege(const TOKEN_PRIVILEGES *all, const wchar_t *name)
{
    LUID wanted;

    if (!LookupPrivilegeValueW(NULL, name, &wanted))
        return false;
    for (DWORD i = 0; i < all->PrivilegeCount; i++) {
        if (all->Privileges[i].Luid.LowPart == wanted.LowPart && all->Privileges[i].Luid.HighPart == wanted.HighPart)
            return all->Privileges[i].Attributes & SE_PRIVILEGE_ENABLED;
    }
    return false;
}

static void read_rest(struct arena *a, HANDLE token, struct token *t)
{
    TOKEN_PRIVILEGES *privileges = token_part(a, token, TokenPrivileges);
    TOKEN_MANDATORY_LABEL *label = token_part(a, token, TokenIntegrityLevel);
    TOKEN_ACCESS_INFORMATION *information = token_part(a, token, TokenAccessInformation);
    struct sid level;

    if (privileges) {
        t->security = has_privilege(privileges, L"SeSecurityPrivilege");
        t->take_ownership = has_privilege(privileges, L"SeTakeOwnershipPrivilege");
    }
    if (label && sid_from(label->Label.Sid, &level) && level.count)
        t->integrity = level.sub[level.count - 1];
    t->write_restricted = information && information->Flags & WRITE_RESTRICTED_BIT;
}

bool win_token_read(struct arena *a, HANDLE token, struct token *out, struct err *e)
{
    struct token t = {0};
    TOKEN_USER *user = token_part(a, token, TokenUser);

    if (!user || !sid_from(user->User.Sid, &t.user) || !read_groups(a, token, &t))
        return win_fail(e, GetLastError(), (struct str){0}, "cannot read a token");
    t.user_deny_only = user->User.Attributes & SE_GROUP_USE_FOR_DENY_ONLY;
    read_rest(a, token, &t);
    *out = t;
    return true;
}

bool win_access_check(HANDLE token, const struct descriptor *d, const struct access_mapping *mapping, uint32_t desired, bool *granted,
    uint32_t *rights, struct err *e)
{
    GENERIC_MAPPING generic = {mapping->read, mapping->write, mapping->execute, mapping->all};
    union {
        PRIVILEGE_SET set;
        char bytes[1024];
    } privileges;
    DWORD n = sizeof privileges, got = 0;
    BOOL yes = FALSE, asked;
    struct buf bytes = {0};

    if (!descriptor_encode(d, &bytes)) {
        buf_release(&bytes);
        return win_fail(e, ERROR_INVALID_SECURITY_DESCR, (struct str){0}, "cannot ask the system's access check");
    }
    asked = AccessCheck(bytes.p, token, access_map(mapping, desired), &generic, &privileges.set, &n, &got, &yes);
    buf_release(&bytes);
    if (!asked)
        return win_fail(e, GetLastError(), (struct str){0}, "cannot ask the system's access check");
    *granted = yes;
    *rights = yes ? got : 0;
    return true;
}

/* Everything for Everyone in the first pass, nothing for a restricting SID: what is refused is what has a second pass. */
bool win_access_writes(struct arena *a, HANDLE token, uint32_t *out, struct err *e)
{
    struct descriptor d;
    uint32_t found = 0;

    if (!sddl_parse(a, STR("O:SYG:SYD:(A;;FA;;;WD)"), &d, e))
        return false;
    for (uint32_t right = 1; right <= NT_SYNCHRONIZE; right <<= 1) {
        bool granted;
        uint32_t rights;
        if (!(right & NT_FILE_ALL_ACCESS))
            continue;
        if (!win_access_check(token, &d, &access_file, right, &granted, &rights, e))
            return false;
        if (!granted)
            found |= right;
    }
    *out = found;
    return true;
}

HANDLE win_token_restricted(const struct sid *sids, size_t count, struct err *e)
{
    struct arena a = {0};
    HANDLE own = NULL, restricted = NULL, copy = NULL;
    SID_AND_ATTRIBUTES all[4] = {{0}};

    for (size_t i = 0; i < count && i < COUNT_OF(all); i++) {
        SID_IDENTIFIER_AUTHORITY authority = {{0}};
        SID *p = arena_alloc(&a, GetSidLengthRequired(SID_SUB_MAX), 1);
        for (size_t j = 0; j < 6; j++)
            authority.Value[j] = (BYTE)(sids[i].authority >> (40 - 8 * j) & 0xff);
        (void)InitializeSid(p, &authority, sids[i].count);
        for (DWORD j = 0; j < sids[i].count; j++)
            *GetSidSubAuthority(p, j) = sids[i].sub[j];
        all[i].Sid = p;
    }
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY, &own) ||
        !CreateRestrictedToken(own, WRITE_RESTRICTED | DISABLE_MAX_PRIVILEGE, 0, NULL, 0, NULL, (DWORD)(count < COUNT_OF(all) ? count : COUNT_OF(all)), all,
            &restricted) ||
        !DuplicateTokenEx(restricted, TOKEN_QUERY | TOKEN_IMPERSONATE, NULL, SecurityImpersonation, TokenImpersonation, &copy))
        win_fail(e, GetLastError(), (struct str){0}, "cannot make a restricted token");
    win_close(&own);
    win_close(&restricted);
    arena_release(&a);
    return copy;
}
