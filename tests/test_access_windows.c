/*
 * test_access_windows: our access check beside the system's. Under wine only the cases that it decides as Windows is documented
 * to; the others are skipped there by name, and asked on Windows.
 */
#include "../sandbox/win32.h"
#include "check.h"

#include <stdio.h>

static struct arena arena;

#define STRANGER "S-1-5-21-7-7-7-1009"
#define WRITE    "S-1-5-21-9-9-9-9"

/* ME stands for our own user. */
struct row {
    const char *name, *sddl;
    uint32_t desired;
    bool windows_alone;
};

static const struct row own_rows[] = {
    {"allow", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;ME)", 0x3, false},
    {"deny before allow for the same right", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;ME)(A;;0x3;;;ME)", 0x3, false},
    {"deny of another right", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;ME)(A;;0x3;;;ME)", 0x1, false},
    {"a right that is missing", "O:" STRANGER "G:" STRANGER "D:(A;;0x1;;;ME)", 0x3, false},
    {"a SID that is not held", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;" STRANGER ")", 0x3, false},
    {"an empty DACL", "O:" STRANGER "G:" STRANGER "D:", 0x1, false},
    {"an inherit-only entry", "O:" STRANGER "G:" STRANGER "D:(A;OICIIO;FA;;;ME)", 0x1, false},
    {"all that is allowed", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", NT_MAXIMUM_ALLOWED, false},
    {"the owner's READ_CONTROL", "O:MEG:" STRANGER "D:", NT_READ_CONTROL, false},
    {"a NULL DACL", "O:" STRANGER "G:" STRANGER "D:NO_ACCESS_CONTROL", NT_FILE_ALL_ACCESS, false},
    {"generic rights that are asked for", "O:" STRANGER "G:" STRANGER "D:(A;;FR;;;ME)", NT_GENERIC_READ, false},
    {"an entry for Everyone", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;WD)", 0x3, false},
    {"an OWNER RIGHTS entry that limits the owner", "O:MEG:" STRANGER "D:(A;;RC;;;OW)", NT_WRITE_DAC, true},
    {"a label above us", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)S:(ML;;NW;;;SI)", 0x2, true},
};

static const struct row disabled_rows[] = {
    {"disabled: an entry for the group does not grant", "O:" STRANGER "G:" STRANGER "D:(A;;0x3;;;WD)", 0x3, false},
    {"disabled: and refuses", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;WD)(A;;0x3;;;ME)", 0x3, true},
};

static const struct row restricted_rows[] = {
    {"restricted: the DACL has Everyone alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;WD)", 0x2, true},
    {"restricted: reading by the first pass alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", NT_GENERIC_READ, true},
    {"restricted: writing by the first pass alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", 0x2, true},
    {"restricted: both", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)(A;;0x1301bf;;;" WRITE ")", NT_GENERIC_WRITE | NT_DELETE, true},
    {"restricted: a deny entry for the restricting SID", "O:" STRANGER "G:" STRANGER "D:(D;;0x2;;;" WRITE ")(A;;FA;;;ME)(A;;FA;;;" WRITE ")", 0x2,
        true},
    {"restricted: the same, and reading", "O:" STRANGER "G:" STRANGER "D:(D;;FR;;;" WRITE ")(A;;FA;;;ME)(A;;FA;;;" WRITE ")", 0x1, true},
    {"restricted: all that is allowed", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)(A;;0x2;;;" WRITE ")", NT_MAXIMUM_ALLOWED, true},
    {"restricted: the owner's WRITE_DAC", "O:MEG:" STRANGER "D:", NT_WRITE_DAC, true},
    {"restricted: the owner's READ_CONTROL", "O:MEG:" STRANGER "D:", NT_READ_CONTROL, true},
    {"restricted: FILE_DELETE_CHILD by the first pass alone", "O:" STRANGER "G:" STRANGER "D:(A;;FA;;;ME)", NT_FILE_DELETE_CHILD, true},
};

static struct str with_me(const char *sddl, const struct token *t)
{
    struct str text = str_from(sddl), me = sid_text(&arena, &t->user);
    struct buf b = {0};

    for (size_t i = 0; i < text.n; i++) {
        bool here = text.p[i] == 'M' && i + 1 < text.n && text.p[i + 1] == 'E';
        buf_add(&b, here ? me.p : text.p + i, here ? me.n : 1);
        i += here;
    }
    text = arena_str(&arena, buf_view(&b));
    buf_release(&b);
    return text;
}

static void check_row(HANDLE token, const struct token *t, const struct row *row)
{
    struct descriptor d;
    struct access_result ours;
    struct err e = {0};
    bool granted = false;
    uint32_t rights = 0;
    char why[200];

    if (!sddl_parse(&arena, with_me(row->sddl, t), &d, &e) ||
        !win_access_check(token, &d, &access_file, row->desired, &granted, &rights, &e)) {
        check_report(false, __FILE__, __LINE__, row->name, err_text(&e, &arena).p);
        return;
    }
    access_check(t, &d, &access_file, row->desired, &ours);
    snprintf(why, sizeof why, "ours %d %lx, the system's %d %lx", ours.granted, (unsigned long)ours.rights, granted, (unsigned long)rights);
    check_report(ours.granted == granted && (!granted || ours.rights == rights), __FILE__, __LINE__, row->name, why);
}

static HANDLE own_token(void)
{
    HANDLE own = NULL, copy = NULL;

    if (OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own))
        DuplicateTokenEx(own, TOKEN_QUERY | TOKEN_IMPERSONATE, NULL, SecurityImpersonation, TokenImpersonation, &copy);
    win_close(&own);
    return copy;
}

/* Everyone for denying only. */
static HANDLE disabled_token(void)
{
    HANDLE own = NULL, less = NULL, copy = NULL;
    char sid[SECURITY_MAX_SID_SIZE];
    DWORD n = sizeof sid;
    SID_AND_ATTRIBUTES one = {.Sid = sid};

    if (CreateWellKnownSid(WinWorldSid, NULL, sid, &n) && OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own) &&
        CreateRestrictedToken(own, 0, 1, &one, 0, NULL, 0, NULL, &less))
        DuplicateTokenEx(less, TOKEN_QUERY | TOKEN_IMPERSONATE, NULL, SecurityImpersonation, TokenImpersonation, &copy);
    win_close(&own);
    win_close(&less);
    return copy;
}

static void test_rows(HANDLE token, const struct row *rows, size_t count, bool real)
{
    struct token t;
    struct err e = {0};

    if (!CHECK(token && win_token_read(&arena, token, &t, &e), "a token is read"))
        return;
    CHECK(t.user.count > 0 && t.group_count > 0, "with its user and groups");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].windows_alone && !real)
            CHECK_SKIP(rows[i].name, "wine: its access check does not do this as Windows is documented to");
        else
            check_row(token, &t, &rows[i]);
    }
}

static void test_restricted(void)
{
    struct sid write;
    struct err e = {0};
    struct token t = {0};
    uint32_t found = 0;
    char why[100];
    HANDLE token = sid_parse(STR(WRITE), &write) ? win_token_restricted(&write, &e) : NULL;
    bool real = token && win_token_read(&arena, token, &t, &e) && t.restricting_count == 1;

    CHECK(token != NULL, "a restricted token is made");
    if (win_is_wine())
        CHECK(!real, "wine: the restricting SIDs are not there, which is how we know it");
    test_rows(token, restricted_rows, COUNT_OF(restricted_rows), real);
    if (!real) {
        CHECK_SKIP("the rights that have a second pass, one by one", "wine: tokens are not restricted");
    } else {
        CHECK(t.write_restricted, "the token says that it is write-restricted");
        bool asked = win_access_writes(&arena, token, &found, &e);
        snprintf(why, sizeof why, "expected %lx, the system has %lx", (unsigned long)(access_writes(&access_file) & NT_FILE_ALL_ACCESS),
            (unsigned long)found);
        check_report(asked && found == (access_writes(&access_file) & NT_FILE_ALL_ACCESS), __FILE__, __LINE__,
            "the rights that have a second pass, one by one", why);
    }
    win_close(&token);
}

int main(void)
{
    HANDLE token = own_token();

    test_rows(token, own_rows, COUNT_OF(own_rows), !win_is_wine());
    win_close(&token);
    token = disabled_token();
    test_rows(token, disabled_rows, COUNT_OF(disabled_rows), !win_is_wine());
    win_close(&token);
    test_restricted();
    arena_release(&arena);
    return CHECK_END();
}
