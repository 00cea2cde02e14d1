/*
 * test_access: the access check by tables. Each row names what it stands on: a section of MS-DTYP, a page of the Win32
 * documentation, or, besides, a public report of what Windows did. Each row about the second pass names a page of Microsoft's, out of
 * `pages`, and what the engine calls unproven there: where the page leaves open what the row says.
 */
#include "check.h"
#include "token_text.h"

static struct arena arena;

/* A person, a group, a sandbox account, a write SID, and strangers. */
#define ME    "S-1-5-21-7-7-7-1001"
#define GROUP "S-1-5-21-7-7-7-2001"
#define OTHER "S-1-5-21-7-7-7-1009"
#define WRITE "S-1-5-21-9-9-9-9"
#define LOGON "S-1-5-5-0-77"

#define RW (NT_FILE_READ_DATA | NT_FILE_WRITE_DATA)

struct row {
    const char *name; /* and what it stands on, after a colon */
    const char *token, *sddl;
    uint32_t desired;
    bool granted;
    uint32_t missing; /* or, where granted, the rights */
    enum access_pass pass;
    int ace; /* -1: none */
    unsigned unproven; /* enum access_unproven */
};

/* Where the pages that the second pass stands on are. */
static const struct {
    const char *name, *at;
} pages[] = {
    {"Win32 Restricted Tokens", "learn.microsoft.com/windows/win32/secauthz/restricted-tokens"},
    {"CreateRestrictedToken", "learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-createrestrictedtoken"},
    {"IsTokenRestricted", "learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-istokenrestricted"},
    {"SeAccessCheck", "learn.microsoft.com/windows-hardware/drivers/ddi/wdm/nf-wdm-seaccesscheck"},
    {"Win32 File Security and Access Rights", "learn.microsoft.com/windows/win32/fileio/file-security-and-access-rights"},
    {"Win32 Null DACLs and Empty DACLs", "learn.microsoft.com/windows/win32/secauthz/null-dacls-and-empty-dacls"},
    {"MS-DTYP 2.5.3.2", "learn.microsoft.com/openspecs/windows_protocols/ms-dtyp, Access Check Algorithm Pseudocode"},
    {"MS-DTYP 2.4.2.4", "learn.microsoft.com/openspecs/windows_protocols/ms-dtyp, Well-Known SID Structures"},
};

static void check_row(const struct row *r)
{
    char name[300];
    struct token t;
    struct descriptor d;
    struct access_result got;
    struct err e = {0};
    bool good = token_from_text(&arena, str_from(r->token), &t) && sddl_parse(&arena, str_from(r->sddl), &d, &e);

    if (!CHECK(good, r->name))
        return;
    access_check(&t, &d, &access_file, r->desired, &got);
    good = got.granted == r->granted && got.known;
    if (r->granted)
        good = good && got.rights == r->missing && got.missing == 0;
    else
        good = good && got.missing == r->missing && got.pass == r->pass &&
               (r->ace < 0 ? got.ace == NULL : got.ace && got.ace_number == (size_t)r->ace);
    good = good && got.unproven == r->unproven;
    snprintf(name, sizeof name, "granted %d rights %lx missing %lx pass %d ace %d known %d unproven %x", got.granted,
        (unsigned long)got.rights, (unsigned long)got.missing, (int)got.pass, got.ace ? (int)got.ace_number : -1, got.known,
        got.unproven);
    check_report(good, __FILE__, __LINE__, r->name, name);
}

#define YES(rights)            true, (rights), PASS_NONE, -1, 0
#define NO(missing, pass, ace) false, (missing), PASS_##pass, (ace), 0
#define YES_UNPROVEN(rights, what)          true, (rights), PASS_NONE, -1, (what)
#define NO_UNPROVEN(missing, pass, ace, what) false, (missing), PASS_##pass, (ace), (what)

static const struct row identity_rows[] = {
    {"an entry for the user grants: MS-DTYP 2.5.3.2", "u=" ME, "O:" OTHER "D:(A;;0x3;;;" ME ")", RW, YES(RW)},
    {"an entry for a group grants: MS-DTYP 2.5.3.2", "u=" ME " g=" GROUP, "O:" OTHER "D:(A;;0x3;;;" GROUP ")", RW, YES(RW)},
    {"rights add up over entries: MS-DTYP 2.5.3.2", "u=" ME " g=" GROUP,
        "O:" OTHER "D:(A;;0x1;;;" GROUP ")(A;;0x2;;;" ME ")", RW, YES(RW)},
    {"what no entry grants is refused: MS-DTYP 2.5.3.2", "u=" ME, "O:" OTHER "D:(A;;0x1;;;" ME ")", RW,
        NO(NT_FILE_WRITE_DATA, IDENTITY, -1)},
    {"an entry for somebody else is passed over: MS-DTYP 2.5.3.2", "u=" ME, "O:" OTHER "D:(A;;FA;;;" OTHER ")", RW,
        NO(RW, IDENTITY, -1)},
    {"deny before allow refuses: Win32 Order of ACEs in a DACL", "u=" ME " g=" GROUP,
        "O:" OTHER "D:(D;;0x2;;;" GROUP ")(A;;0x3;;;" ME ")", RW, NO(NT_FILE_WRITE_DATA, IDENTITY, 0)},
    {"deny after allow comes too late: Win32 Order of ACEs in a DACL", "u=" ME " g=" GROUP,
        "O:" OTHER "D:(A;;0x3;;;" ME ")(D;;0x2;;;" GROUP ")", RW, YES(RW)},
    {"deny of a right that was not asked for does nothing: MS-DTYP 2.5.3.2", "u=" ME,
        "O:" OTHER "D:(D;;0x2;;;" ME ")(A;;0x3;;;" ME ")", NT_FILE_READ_DATA, YES(NT_FILE_READ_DATA)},
    {"an inherit-only entry does not hold here: Win32 ACE Inheritance Rules", "u=" ME,
        "O:" OTHER "D:(D;OICIIO;FA;;;" ME ")(A;OICIIO;FA;;;" ME ")", RW, NO(RW, IDENTITY, -1)},
    {"an empty DACL grants nothing: Win32 Null DACLs and Empty DACLs", "u=" ME, "O:" OTHER "D:", NT_FILE_READ_DATA,
        NO(NT_FILE_READ_DATA, IDENTITY, -1)},
    {"a NULL DACL grants everything: Win32 Null DACLs and Empty DACLs", "u=" ME, "O:" OTHER "D:NO_ACCESS_CONTROL",
        NT_FILE_ALL_ACCESS, YES(NT_FILE_ALL_ACCESS)},
    {"no DACL grants everything: MS-DTYP 2.5.3.2", "u=" ME, "O:" OTHER, NT_FILE_ALL_ACCESS, YES(NT_FILE_ALL_ACCESS)},
    {"generic rights are mapped, asked for and granted: MS-DTYP 2.4.3", "u=" ME, "O:" OTHER "D:(A;;GR;;;" ME ")",
        NT_GENERIC_READ, YES(NT_FILE_GENERIC_READ)},
    {"write asked of what grants read misses only what differs: MS-DTYP 2.4.3", "u=" ME, "O:" OTHER "D:(A;;FR;;;" ME ")",
        NT_GENERIC_WRITE, NO(0x116, IDENTITY, -1)},
    {"a disabled group matches nothing: Win32 SID Attributes in an Access Token", "u=" ME " g-=" GROUP,
        "O:" OTHER "D:(D;;0x2;;;" GROUP ")(A;;0x2;;;" ME ")(A;;0x1;;;" GROUP ")", NT_FILE_WRITE_DATA,
        YES(NT_FILE_WRITE_DATA)},
    {"and grants nothing: Win32 SID Attributes in an Access Token", "u=" ME " g-=" GROUP, "O:" OTHER "D:(A;;0x1;;;" GROUP ")",
        NT_FILE_READ_DATA, NO(NT_FILE_READ_DATA, IDENTITY, -1)},
    {"a deny-only group refuses: Win32 SID Attributes in an Access Token", "u=" ME " g!=" GROUP,
        "O:" OTHER "D:(D;;0x2;;;" GROUP ")(A;;0x3;;;" ME ")", RW, NO(NT_FILE_WRITE_DATA, IDENTITY, 0)},
    {"and does not grant: Win32 SID Attributes in an Access Token", "u=" ME " g!=" GROUP, "O:" OTHER "D:(A;;0x3;;;" GROUP ")",
        RW, NO(RW, IDENTITY, -1)},
    {"a deny-only user is refused: CreateRestrictedToken, SidsToDisable", "u!=" ME,
        "O:" OTHER "D:(D;;0x2;;;" ME ")(A;;0x3;;;WD)", RW, NO(RW, IDENTITY, 0)},
    {"and is granted nothing: CreateRestrictedToken, SidsToDisable", "u!=" ME " g=WD",
        "O:" OTHER "D:(A;;0x2;;;" ME ")(A;;0x1;;;WD)", RW, NO(NT_FILE_WRITE_DATA, IDENTITY, -1)},
    {"SYNCHRONIZE is a right like others: MS-DTYP 2.4.3", "u=" ME, "O:" OTHER "D:(A;;0x1;;;" ME ")",
        NT_FILE_READ_DATA | NT_SYNCHRONIZE, NO(NT_SYNCHRONIZE, IDENTITY, -1)},
    {"asking for nothing is no access: AccessCheck", "u=" ME, "O:" OTHER "D:(A;;FA;;;" ME ")", 0, NO(0, NONE, -1)},
};

static const struct row owner_rows[] = {
    {"the owner reads and writes the DACL: MS-DTYP 2.5.3.2", "u=" ME, "O:" ME "D:", NT_READ_CONTROL | NT_WRITE_DAC,
        YES(NT_READ_CONTROL | NT_WRITE_DAC)},
    {"and nothing else: MS-DTYP 2.5.3.2", "u=" ME, "O:" ME "D:", NT_READ_CONTROL | NT_WRITE_OWNER | NT_DELETE,
        NO(NT_WRITE_OWNER | NT_DELETE, IDENTITY, -1)},
    {"a deny entry does not take that away: Win32 Owner of a New Object", "u=" ME, "O:" ME "D:(D;;WDRC;;;" ME ")", NT_WRITE_DAC,
        YES(NT_WRITE_DAC)},
    {"a group of the token owns: MS-DTYP 2.5.3.2", "u=" ME " g=" GROUP, "O:" GROUP "D:", NT_WRITE_DAC, YES(NT_WRITE_DAC)},
    {"a deny-only group does not own: Win32 SID Attributes in an Access Token", "u=" ME " g!=" GROUP, "O:" GROUP "D:",
        NT_WRITE_DAC, NO(NT_WRITE_DAC, IDENTITY, -1)},
    {"OWNER RIGHTS replaces what an owner may: MS-DTYP 2.4.2.4 S-1-3-4", "u=" ME, "O:" ME "D:(A;;RC;;;OW)",
        NT_READ_CONTROL | NT_WRITE_DAC, NO(NT_WRITE_DAC, IDENTITY, -1)},
    {"OWNER RIGHTS grants to the owner: MS-DTYP 2.4.2.4 S-1-3-4", "u=" ME, "O:" ME "D:(A;;0x3;;;OW)", RW, YES(RW)},
    {"and to nobody else: MS-DTYP 2.4.2.4 S-1-3-4", "u=" OTHER, "O:" ME "D:(A;;0x3;;;OW)", RW, NO(RW, IDENTITY, -1)},
    {"OWNER RIGHTS refuses the owner: MS-DTYP 2.4.2.4 S-1-3-4", "u=" ME, "O:" ME "D:(D;;WD;;;OW)(A;;FA;;;" ME ")", NT_WRITE_DAC,
        NO(NT_WRITE_DAC, IDENTITY, 0)},
    {"an inherit-only OWNER RIGHTS does not hold here: Win32 ACE Inheritance Rules", "u=" ME, "O:" ME "D:(A;OICIIO;RC;;;OW)",
        NT_WRITE_DAC, YES(NT_WRITE_DAC)},
};

static const struct row privilege_rows[] = {
    {"the SACL needs SeSecurityPrivilege: Win32 SACL Access Right", "u=" ME, "O:" ME "D:(A;;0x11f01ff;;;" ME ")",
        NT_ACCESS_SYSTEM_SECURITY, NO(NT_ACCESS_SYSTEM_SECURITY, PRIVILEGE, -1)},
    {"and a NULL DACL does not give it: Win32 SACL Access Right", "u=" ME, "O:" ME "D:NO_ACCESS_CONTROL", NT_ACCESS_SYSTEM_SECURITY,
        NO(NT_ACCESS_SYSTEM_SECURITY, PRIVILEGE, -1)},
    {"with it, it is given: Win32 SACL Access Right", "u=" ME " p=security", "O:" OTHER "D:", NT_ACCESS_SYSTEM_SECURITY,
        YES(NT_ACCESS_SYSTEM_SECURITY)},
    {"SeTakeOwnershipPrivilege gives WRITE_OWNER whatever refuses: Win32 Privilege Constants", "u=" ME " p=take",
        "O:" OTHER "D:(D;;WO;;;" ME ")", NT_WRITE_OWNER, YES(NT_WRITE_OWNER)},
    {"and only that: Win32 Privilege Constants", "u=" ME " p=take", "O:" OTHER "D:", NT_WRITE_OWNER | NT_WRITE_DAC,
        NO(NT_WRITE_DAC, IDENTITY, -1)},
    {"backup intent reads all: Win32 Privilege Constants", "u=" ME " p=backup", "O:" OTHER "D:", NT_FILE_GENERIC_READ,
        YES_UNPROVEN(NT_FILE_GENERIC_READ, UNPROVEN_INTENT)},
    {"and writes nothing: Win32 Privilege Constants", "u=" ME " p=backup", "O:" OTHER "D:", NT_FILE_WRITE_DATA,
        NO(NT_FILE_WRITE_DATA, IDENTITY, -1)},
    {"restore intent writes: Win32 Privilege Constants", "u=" ME " p=restore", "O:" OTHER "D:",
        NT_FILE_GENERIC_WRITE | NT_WRITE_OWNER | NT_DELETE, YES_UNPROVEN(NT_FILE_GENERIC_WRITE | NT_WRITE_OWNER | NT_DELETE, UNPROVEN_INTENT)},
};

static const struct row label_rows[] = {
    {"below the label no writing: MS-DTYP 2.5.3.3", "u=" ME " i=4096", "O:" ME "D:(A;;FA;;;" ME ")S:(ML;;NW;;;ME)", RW,
        NO_UNPROVEN(NT_FILE_WRITE_DATA, LABEL, -1, UNPROVEN_LABEL)},
    {"but reading: MS-DTYP 2.5.3.3", "u=" ME " i=4096", "O:" ME "D:(A;;FA;;;" ME ")S:(ML;;NW;;;ME)", NT_GENERIC_READ,
        YES_UNPROVEN(NT_FILE_GENERIC_READ, UNPROVEN_LABEL)},
    {"no label is medium, no write up: MS-DTYP 2.5.3.3", "u=" ME " i=4096", "O:" ME "D:(A;;FA;;;" ME ")", NT_DELETE,
        NO_UNPROVEN(NT_DELETE, LABEL, -1, UNPROVEN_LABEL)},
    {"the label comes before the DACL: MS-DTYP 2.5.3.2", "u=" ME " i=8192", "O:" OTHER "D:S:(ML;;NW;;;HI)", RW,
        NO_UNPROVEN(RW, LABEL, -1, UNPROVEN_LABEL)},
    {"at the label nothing is refused: MS-DTYP 2.5.3.3", "u=" ME " i=12288", "O:" ME "D:(A;;FA;;;" ME ")S:(ML;;NWNRNX;;;HI)",
        NT_FILE_ALL_ACCESS, YES(NT_FILE_ALL_ACCESS)},
    {"no read up: MS-DTYP 2.5.3.3", "u=" ME " i=8192", "O:" ME "D:(A;;FA;;;" ME ")S:(ML;;NR;;;HI)", NT_FILE_READ_DATA,
        NO_UNPROVEN(NT_FILE_READ_DATA, LABEL, -1, UNPROVEN_LABEL)},
    {"a label that only goes on below is none: Win32 ACE Inheritance Rules", "u=" ME " i=8192",
        "O:" ME "D:(A;;FA;;;" ME ")S:(ML;OICIIO;NW;;;HI)", RW, YES(RW)},
};

static const struct row restricted_rows[] = {
    {"both passes must grant: Win32 Restricted Tokens", "u=" ME " r=" WRITE, "O:" OTHER "D:(A;;0x3;;;" ME ")", RW,
        NO(RW, RESTRICTED, -1)},
    {"and do where both are named: Win32 Restricted Tokens", "u=" ME " r=" WRITE,
        "O:" OTHER "D:(A;;0x3;;;" ME ")(A;;0x3;;;" WRITE ")", RW, YES(RW)},
    {"a restricting SID alone grants nothing: Win32 Restricted Tokens", "u=" ME " r=" WRITE, "O:" OTHER "D:(A;;0x3;;;" WRITE ")",
        RW, NO(RW, IDENTITY, -1)},
    {"a deny entry for a restricting SID refuses: Win32 Restricted Tokens", "u=" ME " r=" WRITE " r=WD",
        "O:" OTHER "D:(D;;0x2;;;" WRITE ")(A;;0x3;;;WD)(A;;0x3;;;" ME ")", RW, NO(NT_FILE_WRITE_DATA, RESTRICTED, 0)},
    {"the owner's own rights need the owner among the restricting SIDs: MS-DTYP 2.5.3.2, by them alone; as in Windows Security Internals, listing 7-19",
        "u=" ME " r=" WRITE, "O:" ME "D:(A;;FA;;;" OTHER ")", NT_WRITE_DAC, NO_UNPROVEN(NT_WRITE_DAC, RESTRICTED, -1, UNPROVEN_OWNER)},
    {"and are there when it is: MS-DTYP 2.5.3.2, by them alone", "u=" ME " r=" ME, "O:" ME "D:(A;;FA;;;" OTHER ")",
        NT_WRITE_DAC, YES_UNPROVEN(NT_WRITE_DAC, UNPROVEN_OWNER)},
    {"OWNER RIGHTS in the second pass: MS-DTYP 2.4.2.4", "u=" ME " r=" ME, "O:" ME "D:(A;;RC;;;OW)", NT_WRITE_DAC,
        NO(NT_WRITE_DAC, IDENTITY, -1)},
    {"an empty DACL in both passes: Win32 Null DACLs and Empty DACLs", "u=" ME " r=" WRITE, "O:" OTHER "D:", RW,
        NO(RW, IDENTITY, -1)},
    {"a NULL DACL in both passes: Win32 Null DACLs and Empty DACLs", "u=" ME " r=" WRITE, "O:" OTHER "D:NO_ACCESS_CONTROL", RW,
        YES_UNPROVEN(RW, UNPROVEN_NULL)},
    {"a privilege's right has no second pass: SeAccessCheck, PreviouslyGrantedAccess", "u=" ME " r=" WRITE " p=take",
        "O:" OTHER "D:", NT_WRITE_OWNER, YES(NT_WRITE_OWNER)},
};

static const struct row write_restricted_rows[] = {
    {"reading needs the first pass alone: CreateRestrictedToken, WRITE_RESTRICTED", "u=" ME " r=" WRITE " w",
        "O:" OTHER "D:(A;;FA;;;" ME ")", NT_GENERIC_READ | NT_GENERIC_EXECUTE, YES(NT_FILE_GENERIC_READ | NT_FILE_GENERIC_EXECUTE)},
    {"writing needs both: CreateRestrictedToken, WRITE_RESTRICTED", "u=" ME " r=" WRITE " w", "O:" OTHER "D:(A;;FA;;;" ME ")",
        NT_GENERIC_WRITE, NO(0x116, RESTRICTED, -1)},
    {"and has both: CreateRestrictedToken, WRITE_RESTRICTED", "u=" ME " r=" WRITE " w",
        "O:" OTHER "D:(A;;FA;;;" ME ")(A;;0x1301bf;;;" WRITE ")", NT_GENERIC_WRITE | NT_DELETE,
        YES(NT_FILE_GENERIC_WRITE | NT_DELETE)},
    {"READ_CONTROL and SYNCHRONIZE, though in GENERIC_WRITE, are not writing: Win32 File Security and Access Rights, which has them in all three",
        "u=" ME " r=" WRITE " w", "O:" OTHER "D:(A;;FA;;;" ME ")", NT_READ_CONTROL | NT_SYNCHRONIZE,
        YES(NT_READ_CONTROL | NT_SYNCHRONIZE)},
    {"DELETE is writing: CreateRestrictedToken, which does not say so; openai/codex pull requests 10897, 31138 do", "u=" ME " r=" WRITE " w", "O:" OTHER "D:(A;;FA;;;" ME ")",
        NT_DELETE, NO_UNPROVEN(NT_DELETE, RESTRICTED, -1, UNPROVEN_SCOPE)},
    {"FILE_DELETE_CHILD is not: CreateRestrictedToken, which does not say so; openai/codex issue 32915 does", "u=" ME " r=" WRITE " w", "O:" OTHER "D:(A;;FA;;;" ME ")",
        NT_FILE_DELETE_CHILD, YES_UNPROVEN(NT_FILE_DELETE_CHILD, UNPROVEN_SCOPE)},
    {"so that denying it to the write SID alone does nothing: CreateRestrictedToken, and the same issue", "u=" ME " r=" WRITE " w",
        "O:" OTHER "D:(D;;0x40;;;" WRITE ")(A;;FA;;;" ME ")", NT_FILE_DELETE_CHILD, YES_UNPROVEN(NT_FILE_DELETE_CHILD, UNPROVEN_SCOPE)},
    {"and denying it to a group of the account does: MS-DTYP 2.5.3.2", "u=" ME " g=" GROUP " r=" WRITE " w",
        "O:" OTHER "D:(D;;0x40;;;" GROUP ")(A;;FA;;;" ME ")", NT_FILE_DELETE_CHILD, NO(NT_FILE_DELETE_CHILD, IDENTITY, 0)},
    {"WRITE_DAC and WRITE_OWNER are writing: CreateRestrictedToken, which does not name the set", "u=" ME " r=" WRITE " w",
        "O:" OTHER "D:(A;;FA;;;" ME ")", NT_WRITE_DAC | NT_WRITE_OWNER, NO_UNPROVEN(NT_WRITE_DAC | NT_WRITE_OWNER, RESTRICTED, -1, UNPROVEN_SCOPE)},
    {"a deny entry for a restricting SID does not refuse reading: CreateRestrictedToken, WRITE_RESTRICTED", "u=" ME " r=" WRITE " w",
        "O:" OTHER "D:(D;;FR;;;" WRITE ")(A;;FA;;;" ME ")", NT_FILE_READ_DATA, YES(NT_FILE_READ_DATA)},
    {"and does refuse writing: Win32 Restricted Tokens", "u=" ME " r=" WRITE " r=WD w",
        "O:" OTHER "D:(D;;0x116;;;" WRITE ")(A;;FA;;;WD)(A;;FA;;;" ME ")", NT_FILE_WRITE_DATA,
        NO(NT_FILE_WRITE_DATA, RESTRICTED, 0)},
    {"what Everyone may write, a token restricted to Everyone may: Win32 Restricted Tokens", "u=" ME " g=WD r=" WRITE " r=WD w",
        "O:" OTHER "D:(A;;FA;;;WD)", NT_FILE_WRITE_DATA, YES(NT_FILE_WRITE_DATA)},
    {"a mixed request misses its writing half alone: CreateRestrictedToken, WRITE_RESTRICTED", "u=" ME " r=" WRITE " w",
        "O:" OTHER "D:(A;;FA;;;" ME ")", RW, NO(NT_FILE_WRITE_DATA, RESTRICTED, -1)},
    {"the owner's WRITE_DAC needs the owner among the restricting SIDs: MS-DTYP 2.5.3.2, by them alone",
        "u=" ME " r=" WRITE " w", "O:" ME "D:(A;;FA;;;" ME ")", NT_WRITE_DAC, NO_UNPROVEN(NT_WRITE_DAC, RESTRICTED, -1, UNPROVEN_SCOPE | UNPROVEN_OWNER)},
    {"with the user SID in the list, what the account owns it may change: MS-DTYP 2.5.3.2, by them alone", "u=" ME " r=" WRITE " r=" ME " w",
        "O:" ME "D:", NT_WRITE_DAC, YES_UNPROVEN(NT_WRITE_DAC, UNPROVEN_OWNER)},
    {"an OWNER RIGHTS entry of READ_CONTROL takes that back: MS-DTYP 2.4.2.4", "u=" ME " r=" WRITE " r=" ME " w",
        "O:" ME "D:(A;;RC;;;OW)", NT_READ_CONTROL | NT_WRITE_DAC, NO(NT_WRITE_DAC, IDENTITY, -1)},
    {"write-restricted without restricting SIDs has no second pass: IsTokenRestricted", "u=" ME " w", "O:" OTHER "D:(A;;FA;;;" ME ")",
        NT_GENERIC_WRITE, YES(NT_FILE_GENERIC_WRITE)},
};

static const struct row maximum_rows[] = {
    {"all that is allowed: MS-DTYP 2.5.3.2", "u=" ME, "O:" OTHER "D:(D;;0x2;;;" ME ")(A;;FA;;;" ME ")", NT_MAXIMUM_ALLOWED,
        YES(NT_FILE_ALL_ACCESS & ~NT_FILE_WRITE_DATA)},
    {"of a NULL DACL, all there is: MS-DTYP 2.5.3.2", "u=" ME, "O:" OTHER "D:NO_ACCESS_CONTROL", NT_MAXIMUM_ALLOWED,
        YES(NT_FILE_ALL_ACCESS)},
    {"of an owner: MS-DTYP 2.5.3.2", "u=" ME, "O:" ME "D:", NT_MAXIMUM_ALLOWED, YES(NT_READ_CONTROL | NT_WRITE_DAC)},
    {"nothing at all is a refusal: AccessCheck", "u=" ME, "O:" OTHER "D:", NT_MAXIMUM_ALLOWED, NO(0, IDENTITY, -1)},
    {"a right that is named must be granted: SeAccessCheck", "u=" ME, "O:" OTHER "D:(A;;0x1;;;" ME ")",
        NT_MAXIMUM_ALLOWED | NT_FILE_WRITE_DATA, NO(NT_FILE_WRITE_DATA, IDENTITY, -1)},
    {"privileges count only where named: SeAccessCheck", "u=" ME " p=take p=security", "O:" OTHER "D:(A;;0x1;;;" ME ")",
        NT_MAXIMUM_ALLOWED, YES(NT_FILE_READ_DATA)},
    {"and where named they do: SeAccessCheck", "u=" ME " p=take", "O:" OTHER "D:(A;;0x1;;;" ME ")",
        NT_MAXIMUM_ALLOWED | NT_WRITE_OWNER, YES(NT_FILE_READ_DATA | NT_WRITE_OWNER)},
    {"write-restricted: reading by one pass, writing by both: CreateRestrictedToken", "u=" ME " r=" WRITE " w",
        "O:" OTHER "D:(A;;FA;;;" ME ")(A;;0x2;;;" WRITE ")", NT_MAXIMUM_ALLOWED,
        YES_UNPROVEN((NT_FILE_ALL_ACCESS & ~(0x116u | NT_DELETE | NT_WRITE_DAC | NT_WRITE_OWNER)) | NT_FILE_WRITE_DATA, UNPROVEN_SCOPE)},
};

/* Behind the colon stands what the row is about: a page of Microsoft's. */
static void check_page(const struct row *r)
{
    struct str name = str_from(r->name);
    size_t colon = str_find(name, 0, ':');
    bool found = false;

    for (size_t i = 0; i < COUNT_OF(pages) && colon < name.n; i++)
        found = found || str_starts(str_slice(name, colon + 2, name.n), str_from(pages[i].name));
    if (!found)
        check_report(false, __FILE__, __LINE__, r->name, "no page of Microsoft's is named");
}

#define RUN(table)                                   \
    for (size_t i = 0; i < COUNT_OF(table); i++) \
    check_row(&table[i])

/* ---- the shape of Cordon's own entries, by W1, W8 and the rest of what the plan says ---- */

#define ACCOUNT "u=" ME " g=WD g=AU g=" GROUP " g=" LOGON " r=" WRITE " r=" ME " r=" LOGON " r=WD w"
#define DENIED  "(D;OICI;0xd0156;;;" GROUP ")(D;OICI;0xd0156;;;" WRITE ")"
#define PERSON  "(A;OICI;FA;;;" OTHER ")"

static const struct row composition_rows[] = {
    {"a writable root can be written", ACCOUNT, "O:" OTHER "D:" PERSON "(A;OICI;0x1301bf;;;" GROUP ")(A;OICI;0x1301bf;;;" WRITE ")",
        NT_GENERIC_WRITE | NT_GENERIC_READ | NT_DELETE, YES(NT_FILE_GENERIC_WRITE | NT_FILE_GENERIC_READ | NT_DELETE)},
    {"a root of another session cannot", ACCOUNT,
        "O:" OTHER "D:" PERSON "(A;OICI;0x1301bf;;;" GROUP ")(A;OICI;0x1301bf;;;S-1-5-21-8-8-8-8)", NT_FILE_WRITE_DATA,
        NO(NT_FILE_WRITE_DATA, RESTRICTED, -1)},
    {"a protected name can be read", ACCOUNT,
        "O:" OTHER "D:" DENIED PERSON "(A;ID;0x1301bf;;;" GROUP ")(A;ID;0x1301bf;;;" WRITE ")", NT_GENERIC_READ,
        YES(NT_FILE_GENERIC_READ)},
    {"and opened for reading with SYNCHRONIZE and READ_CONTROL, which are not denied", ACCOUNT,
        "O:" OTHER "D:" DENIED PERSON "(A;ID;0x1301bf;;;" GROUP ")(A;ID;0x1301bf;;;" WRITE ")", NT_SYNCHRONIZE | NT_READ_CONTROL,
        YES(NT_SYNCHRONIZE | NT_READ_CONTROL)},
    {"and not written nor deleted", ACCOUNT,
        "O:" OTHER "D:" DENIED PERSON "(A;ID;0x1301bf;;;" GROUP ")(A;ID;0x1301bf;;;" WRITE ")",
        NT_FILE_WRITE_DATA | NT_FILE_DELETE_CHILD | NT_DELETE,
        NO(NT_FILE_WRITE_DATA | NT_FILE_DELETE_CHILD | NT_DELETE, IDENTITY, 0)},
    {"a file that the account made in a root: its DACL is not its own to change", ACCOUNT,
        "O:" ME "D:AI(A;ID;0x20000;;;OW)(A;ID;FA;;;" OTHER ")(A;ID;0x1301bf;;;" GROUP ")(A;ID;0x1301bf;;;" WRITE ")", NT_WRITE_DAC,
        NO(NT_WRITE_DAC, IDENTITY, -1)},
    {"a file with an owner's DACL alone (mkdtemp) can be written by who made it", ACCOUNT, "O:" ME "D:P(A;OICI;FA;;;OW)",
        NT_GENERIC_WRITE | NT_DELETE, YES_UNPROVEN(NT_FILE_GENERIC_WRITE | NT_DELETE, UNPROVEN_OWNER)},
    {"a pipe with the default DACL can be opened by who made it", ACCOUNT,
        "O:" ME "D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;" ME ")(A;;FR;;;WD)", NT_GENERIC_READ | NT_GENERIC_WRITE,
        YES(NT_FILE_GENERIC_READ | NT_FILE_GENERIC_WRITE)},
    {"what Everyone may write stays writable: the weak member", ACCOUNT, "O:BAD:(A;;FA;;;WD)", NT_FILE_WRITE_DATA,
        YES(NT_FILE_WRITE_DATA)},
    {"without an account, the person's own folders lose names: FILE_DELETE_CHILD has no second pass",
        "u=" OTHER " g=WD r=" WRITE " r=" LOGON " w", "O:" OTHER "D:" PERSON, NT_FILE_DELETE_CHILD, YES_UNPROVEN(NT_FILE_DELETE_CHILD, UNPROVEN_SCOPE)},
};

static void test_unknown(void)
{
    struct token t;
    struct descriptor d;
    struct access_result r;
    struct err e = {0};
    /* a conditional entry (type 9) for Everyone, FILE_ALL_ACCESS */
    const char *sddl = "O:" OTHER "D:(A;;0x1;;;" ME ")(#0900180" "0ff011f00010100000000000100000000" "61727478)";

    bool good = token_from_text(&arena, STR("u=" ME), &t) && sddl_parse(&arena, str_from(sddl), &d, &e);
    if (!CHECK(good, "a descriptor with a conditional entry is read"))
        return;
    access_check(&t, &d, &access_file, NT_FILE_READ_DATA, &r);
    CHECK(r.granted && r.known, "what was decided before it is known");
    access_check(&t, &d, &access_file, NT_FILE_WRITE_DATA, &r);
    CHECK(!r.granted && !r.known, "what it could have decided is not claimed to be known");
}

static struct str name_of(const void *context, const struct sid *sid)
{
    (void)context;
    return sid->sub[0] == 21 && sid->sub[1] == 9 ? STR("the write SID of C:\\w") : (struct str){0};
}

static void check_words(const char *token, const char *sddl, uint32_t desired, const char *wanted, const char *name)
{
    struct token t;
    struct descriptor d;
    struct access_result r;
    struct err e = {0};
    struct buf b = {0};

    if (CHECK(token_from_text(&arena, str_from(token), &t) && sddl_parse(&arena, str_from(sddl), &d, &e), name)) {
        access_check(&t, &d, &access_file, desired, &r);
        access_explain(&b, &arena, &t, &d, &r, name_of, NULL);
        CHECK_STR(buf_view(&b), str_from(wanted), name);
    }
    buf_release(&b);
}

static void test_words(void)
{
    check_words("u=" ME " r=" WRITE " w", "O:" OTHER "D:(A;;FA;;;" ME ")", NT_FILE_WRITE_DATA,
        "refused: no entry grants WRITE_DATA to a restricting SID (the write SID of C:\\w (S-1-5-21-9-9-9-9)); what would "
        "change it: add an entry: (A;;0x2;;;S-1-5-21-9-9-9-9)",
        "the second pass is named, and its SIDs");
    check_words("u=" ME, "O:" OTHER "D:(D;;0x2;;;WD)(A;;FA;;;" ME ")", NT_FILE_WRITE_DATA,
        "granted: WRITE_DATA", "an entry for somebody else decides nothing");
    check_words("u=" ME " g=WD", "O:" OTHER "D:(D;;0x2;;;WD)(A;;FA;;;" ME ")", NT_FILE_WRITE_DATA,
        "refused: entry 1 refuses WRITE_DATA to S-1-1-0; what would change it: take the entry away: (D;;0x2;;;S-1-1-0)",
        "the entry that decided is named");
    check_words("u=" ME, "O:" OTHER "D:", NT_FILE_READ_DATA | NT_DELETE,
        "refused: no entry grants READ_DATA | DELETE to S-1-5-21-7-7-7-1001 or a group of it; what would change it: add an "
        "entry: (A;;0x10001;;;S-1-5-21-7-7-7-1001)",
        "the first pass is named");
    check_words("u=" ME, "O:" OTHER "D:NO_ACCESS_CONTROL", NT_DELETE,
        "granted: DELETE: the object has no DACL, so that everything is granted to everyone", "a NULL DACL is said");
    check_words("u=" ME " r=" WRITE " w", "O:" OTHER "D:(A;;FA;;;" ME ")", NT_DELETE,
        "refused: no entry grants DELETE to a restricting SID (the write SID of C:\\w (S-1-5-21-9-9-9-9)); what would change it: add an "
        "entry: (A;;0x10000;;;S-1-5-21-9-9-9-9) (unproven on Windows: which rights a write-restricted token needs twice; cordon doctor "
        "asks the system)",
        "what no other implementation could be asked is called unproven");
    check_words("u=" ME " r=" ME " w", "O:" ME "D:", NT_WRITE_DAC,
        "granted: WRITE_DAC (unproven on Windows: what an owner has in the second pass; cordon doctor asks the system)",
        "a grant too");
    check_words("u=" ME, "O:" OTHER "D:", NT_MAXIMUM_ALLOWED, "refused: nothing is granted at all",
        "MAXIMUM_ALLOWED with nothing to give");
}

int main(void)
{
    RUN(identity_rows);
    RUN(owner_rows);
    RUN(privilege_rows);
    RUN(label_rows);
    RUN(restricted_rows);
    RUN(write_restricted_rows);
    RUN(maximum_rows);
    RUN(composition_rows);
    for (size_t i = 0; i < COUNT_OF(restricted_rows); i++)
        check_page(&restricted_rows[i]);
    for (size_t i = 0; i < COUNT_OF(write_restricted_rows); i++)
        check_page(&write_restricted_rows[i]);
    test_unknown();
    test_words();
    CHECK(access_writes(&access_file) == (0x116u | ACCESS_WRITES_ANYWHERE), "what writes to a file");
    CHECK(access_writes(&access_registry_key) == (0x6u | ACCESS_WRITES_ANYWHERE), "what writes to a registry key");
    arena_release(&arena);
    return CHECK_END();
}
