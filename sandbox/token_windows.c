/*
 * token: the restricted token that everything inside runs with, and the descriptors that close the runner's own side.
 *
 * Each thing that is set is asked for again. What comes back otherwise is not an error here but a clause that says so: whoever
 * asked decides, and without the person's word that is a refusal (Wine says yes to all of this, and does none of it).
 */
#include "win32.h"
#include "core/nt.h"

#include <sddl.h>
#include <string.h>
#include <tlhelp32.h>

/* ---- our own token ---- */

/* Opened once and kept: the runner closes its own token, also to itself (rule W2). A mutable global for that. */
HANDLE token_own(void)
{
    static HANDLE kept;

    if (!kept && !OpenProcessToken(GetCurrentProcess(), MAXIMUM_ALLOWED, &kept))
        kept = NULL;
    return kept;
}

/* A class of information of variable size; NULL where the system does not know it. */
static void *token_ask(struct arena *a, HANDLE token, TOKEN_INFORMATION_CLASS class)
{
    DWORD n = 0;
    void *out;

    GetTokenInformation(token, class, NULL, 0, &n);
    if (n == 0 || n > 1 << 20)
        return NULL;
    out = arena_alloc(a, 1, n);
    return GetTokenInformation(token, class, out, n, &n) ? out : NULL;
}

static struct str sid_words(struct arena *a, PSID sid)
{
    wchar_t *text = NULL;
    struct str out = {0};

    if (ConvertSidToStringSidW(sid, &text)) {
        out = utf8_from_z(a, text);
        LocalFree(text);
    }
    return out;
}

struct str token_user(struct arena *a)
{
    const TOKEN_USER *user = token_own() ? token_ask(a, token_own(), TokenUser) : NULL;

    return user ? sid_words(a, user->User.Sid) : (struct str){0};
}

/* "TOKEN_GROUPS": the one with SE_GROUP_LOGON_ID. */
static struct str logon_sid(struct arena *a)
{
    HANDLE token = token_own();
    const TOKEN_GROUPS *groups = token ? token_ask(a, token, TokenGroups) : NULL;
    struct str out = {0};

    for (DWORD i = 0; groups && i < groups->GroupCount && !out.n; i++)
        if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
            out = sid_words(a, groups->Groups[i].Sid);
    return out;
}

/* SID_LOGON stands for a number that only this process knows. None where it has no logon SID, and the text needs one. */
static struct str with_logon_sid(struct arena *a, struct str text)
{
    const struct str mark = STR(SID_LOGON);
    struct str own = {0}, out;
    struct buf b = {0};

    for (size_t at = 0; at < text.n;) {
        struct str rest = str_slice(text, at, text.n);
        if (str_starts(rest, mark) && (rest.n == mark.n || rest.p[mark.n] < '0' || rest.p[mark.n] > '9')) {
            own = own.n ? own : logon_sid(a);
            if (!own.n) {
                buf_release(&b);
                SetLastError(ERROR_NO_SUCH_LOGON_SESSION);
                return own;
            }
            buf_str(&b, own);
            at += mark.n;
        } else {
            buf_add(&b, text.p + at++, 1);
        }
    }
    out = arena_str(a, buf_view(&b));
    buf_release(&b);
    return out;
}

/* ---- descriptors ---- */

/* By our own reader, which refuses what it does not understand; the system's is kinder. */
PSECURITY_DESCRIPTOR win_descriptor(struct str sddl)
{
    struct arena a = {0};
    struct str text = with_logon_sid(&a, sddl);
    struct descriptor d;
    struct buf bytes = {0};
    struct err e = {0};
    PSECURITY_DESCRIPTOR out = NULL;

    if (text.n && (!sddl_parse(&a, text, &d, &e) || !descriptor_encode(&d, &bytes)))
        SetLastError(ERROR_INVALID_SECURITY_DESCR);
    else if (text.n && (out = LocalAlloc(LMEM_FIXED, bytes.n)) != NULL)
        memcpy(out, bytes.p, bytes.n);
    buf_release(&bytes);
    arena_release(&a);
    return out;
}

static PACL dacl_of(PSECURITY_DESCRIPTOR d)
{
    BOOL there = FALSE, defaulted = FALSE;
    PACL acl = NULL;

    return d && GetSecurityDescriptorDacl(d, &there, &acl, &defaulted) && there ? acl : NULL;
}

/* The same entries in the same order. Generic rights come back as what they mean for the object, so of those only that some are
 * there can be asked. */
static bool same_acl(PACL wished, PACL got)
{
    const DWORD generic = GENERIC_ALL | GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE;

    if (!wished || !got || wished->AceCount != got->AceCount)
        return false;
    for (DWORD i = 0; i < wished->AceCount; i++) {
        void *p = NULL, *q = NULL;
        const ACCESS_ALLOWED_ACE *x, *y;
        if (!GetAce(wished, i, &p) || !GetAce(got, i, &q))
            return false;
        x = p;
        y = q;
        if (x->Header.AceType != y->Header.AceType || x->Header.AceFlags != y->Header.AceFlags ||
            !EqualSid((PSID)(uintptr_t)&x->SidStart, (PSID)(uintptr_t)&y->SidStart))
            return false;
        if ((x->Mask & generic) ? !y->Mask : x->Mask != y->Mask)
            return false;
    }
    return true;
}

static bool dacl_is(HANDLE object, PACL wished)
{
    union {
        ULONGLONG align;
        unsigned char bytes[16384];
    } room;
    DWORD n = 0;

    return GetKernelObjectSecurity(object, DACL_SECURITY_INFORMATION, (PSECURITY_DESCRIPTOR)room.bytes, sizeof room.bytes, &n) &&
           same_acl(wished, dacl_of((PSECURITY_DESCRIPTOR)room.bytes));
}

bool win_dacl_is(HANDLE object, struct str sddl)
{
    PSECURITY_DESCRIPTOR d = win_descriptor(sddl);
    bool is = d && dacl_is(object, dacl_of(d));

    if (d)
        LocalFree(d);
    return is;
}

bool win_dacl_put(HANDLE object, struct str sddl, bool *verified, struct err *e)
{
    PSECURITY_DESCRIPTOR d = win_descriptor(sddl);
    bool good = d && SetKernelObjectSecurity(object, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, d);

    if (!good)
        win_fail_at(e, STAGE_TOKEN, GetLastError(), sddl, "cannot close an object of the runner to its children");
    *verified = good && dacl_is(object, dacl_of(d));
    if (d)
        LocalFree(d);
    return good;
}

bool win_directory_close(const wchar_t *name, struct str sddl, bool *verified, struct err *e)
{
    typedef NTSTATUS(NTAPI * open_directory)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
    void *found = win_function(L"ntdll.dll", "NtOpenDirectoryObject");
    UNICODE_STRING text = {(USHORT)(wcslen(name) * sizeof *name), (USHORT)(wcslen(name) * sizeof *name), (wchar_t *)(uintptr_t)name};
    OBJECT_ATTRIBUTES of = {.Length = sizeof of, .ObjectName = &text, .Attributes = OBJ_CASE_INSENSITIVE};
    open_directory open;
    HANDLE folder = NULL;
    bool good;

    *verified = false;
    memcpy(&open, &found, sizeof open);
    if (!open || open(&folder, READ_CONTROL | WRITE_DAC, &of) < 0)
        return err_set(e, ERR_REFUSED, "cannot open the folder of drive letters to close it");
    good = win_dacl_put(folder, sddl, verified, e);
    CloseHandle(folder);
    return good;
}

bool win_close_threads(struct str sddl)
{
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    struct err ignored = {0};
    bool good = list != INVALID_HANDLE_VALUE, verified;

    for (BOOL more = good && Thread32First(list, &entry); more; more = Thread32Next(list, &entry)) {
        bool other = entry.th32OwnerProcessID == GetCurrentProcessId() && entry.th32ThreadID != GetCurrentThreadId();
        HANDLE thread = other ? OpenThread(READ_CONTROL | WRITE_DAC, FALSE, entry.th32ThreadID) : NULL;
        good = good && (!thread || win_dacl_put(thread, sddl, &verified, &ignored));
        win_close(&thread);
    }
    if (list != INVALID_HANDLE_VALUE)
        CloseHandle(list);
    return good;
}

bool token_default_dacl(HANDLE token, struct str sddl, bool *verified, struct err *e)
{
    struct arena a = {0};
    PSECURITY_DESCRIPTOR d = win_descriptor(sddl);
    TOKEN_DEFAULT_DACL wished = {dacl_of(d)};
    bool good = wished.DefaultDacl && SetTokenInformation(token, TokenDefaultDacl, &wished, sizeof wished);
    const TOKEN_DEFAULT_DACL *got;

    if (!good)
        win_fail_at(e, STAGE_TOKEN, GetLastError(), sddl, "cannot set the default list of a token");
    got = good ? token_ask(&a, token, TokenDefaultDacl) : NULL;
    *verified = got && same_acl(wished.DefaultDacl, got->DefaultDacl);
    if (d)
        LocalFree(d);
    arena_release(&a);
    return good;
}

/* ---- the restricted one ---- */

static bool put_restricting(struct arena *a, const struct texts *texts, SID_AND_ATTRIBUTES *out, struct err *e)
{
    for (size_t i = 0; i < texts->n; i++) {
        struct str text = with_logon_sid(a, texts->v[i]);
        wchar_t *wide = text.n ? wide_from(a, text) : NULL;
        out[i] = (SID_AND_ATTRIBUTES){NULL, 0};
        if (!wide || !ConvertStringSidToSidW(wide, &out[i].Sid))
            return win_fail_at(e, STAGE_TOKEN, GetLastError(), texts->v[i], "a SID of the restricting list is none");
    }
    return true;
}

static bool same_list(const TOKEN_GROUPS *got, const SID_AND_ATTRIBUTES *wished, size_t count)
{
    if (!got || got->GroupCount != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (DWORD j = 0; j < got->GroupCount && !found; j++)
            found = EqualSid(got->Groups[j].Sid, wished[i].Sid);
        if (!found)
            return false;
    }
    return true;
}

/* "CreateRestrictedToken", DISABLE_MAX_PRIVILEGE: all but SeChangeNotifyPrivilege, which is LUID 23. */
static bool no_privileges(const TOKEN_PRIVILEGES *got)
{
    for (DWORD i = 0; got && i < got->PrivilegeCount; i++)
        if (got->Privileges[i].Luid.LowPart != 23 || got->Privileges[i].Luid.HighPart != 0)
            return false;
    return got != NULL;
}

static const char *look_again(HANDLE token, const struct token_wish *wish, const SID_AND_ATTRIBUTES *sids)
{
    struct arena a = {0};
    const char *why = NULL;

    if (!same_list(token_ask(&a, token, TokenRestrictedSids), sids, wish->restricting.n))
        why = "the restricting list of the token does not come back as it was given";
    else if ((wish->flags & DISABLE_MAX_PRIVILEGE) && !no_privileges(token_ask(&a, token, TokenPrivileges)))
        why = "the token has kept privileges";
    arena_release(&a);
    return why;
}

bool token_make(const struct token_wish *wish, HANDLE *out, const char **why, struct err *e)
{
    struct arena a = {0};
    SID_AND_ATTRIBUTES *sids = arena_alloc(&a, wish->restricting.n + 1, sizeof *sids);
    HANDLE own = token_own(), made = NULL;
    bool good = own != NULL, listed = true;

    *why = NULL;
    if (!good)
        win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot open the runner's own token");
    good = good && put_restricting(&a, &wish->restricting, sids, e);
    if (good && !CreateRestrictedToken(own, wish->flags, 0, NULL, 0, NULL, (DWORD)wish->restricting.n, sids, &made))
        good = win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot make the restricted token");
    if (good && wish->default_dacl.n)
        good = token_default_dacl(made, wish->default_dacl, &listed, e);
    if (good)
        *why = look_again(made, wish, sids);
    if (good && !*why && !listed)
        *why = "the default list of the token does not come back as it was given";
    for (size_t i = 0; i < wish->restricting.n; i++)
        LocalFree(sids[i].Sid);
    arena_release(&a);
    if (!good) {
        win_close(&made);
        return false;
    }
    *out = made;
    return true;
}

bool token_is_restricted(void)
{
    HANDLE own = token_own();

    return !own || IsTokenRestricted(own);
}

bool token_canary(void)
{
    struct str everyone = STR(SID_EVERYONE);
    struct token_wish wish = {.flags = DISABLE_MAX_PRIVILEGE, .restricting = {&everyone, 1, 1}};
    const char *why = NULL;
    struct err ignored = {0};
    HANDLE token = NULL;
    DWORD has = 0, n = 0;
    bool good = token_make(&wish, &token, &why, &ignored) && !why &&
                GetTokenInformation(token, TokenHasRestrictions, &has, sizeof has, &n) && has;

    win_close(&token);
    return good;
}
