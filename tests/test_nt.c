/*
 * test_nt: SIDs and security descriptors, as text and as bytes, and what a new child of a folder gets.
 */
#include "check.h"
#include "../sandbox/core/nt.h"

static struct arena arena;

static void check_sid(const char *text, const char *wanted, const char *name)
{
    struct sid sid;

    if (wanted == NULL)
        CHECK(!sid_parse(str_from(text), &sid), name);
    else if (CHECK(sid_parse(str_from(text), &sid), name))
        CHECK_STR(sid_text(&arena, &sid), str_from(wanted), name);
}

static void test_sids(void)
{
    unsigned char bytes[16];

    check_sid("S-1-5-32-544", "S-1-5-32-544", "a SID is read and written");
    check_sid("BA", "S-1-5-32-544", "an alias is");
    check_sid("S-1-5-21-4294967295-0-1-2", "S-1-5-21-4294967295-0-1-2", "the largest number");
    check_sid("S-1-0x123456789ABC-1", "S-1-0x123456789ABC-1", "an authority of 48 bits");
    check_sid("S-1-5", "S-1-5", "no sub-authority");
    check_sid("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15", "fifteen of them");
    check_sid("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", NULL, "not sixteen");
    check_sid("S-1-5-4294967296", NULL, "not a number over 32 bits");
    check_sid("S-1-0x000000000005-1", NULL, "not a small authority in hex");
    check_sid("S-1-4294967296-1", NULL, "not a large authority in decimal");
    check_sid("S-1-5-01", NULL, "not a leading zero");
    check_sid("S-2-5-1", NULL, "not another revision");
    check_sid("S-1-5-", NULL, "not a number that is missing");
    check_sid("S-1-5-1x", NULL, "not what follows a number");
    check_sid("S-1-5 -1", NULL, "not a blank");
    check_sid("DA", NULL, "not an alias that depends on a domain");
    check_sid("ZZ", NULL, "not an alias that is none");
    check_sid("", NULL, "not nothing");

    for (size_t i = 0; i < 16; i++)
        bytes[i] = (unsigned char)(i + 1);
    struct sid sid = sid_from_random(bytes);
    CHECK_STR(sid_text(&arena, &sid), STR("S-1-5-21-67305985-134678021-202050057-269422093"), "a write SID has all 16 bytes");
}

/* ---- SDDL ---- */

static void check_sddl(const char *text, const char *wanted, const char *name)
{
    struct descriptor d;
    struct err e = {0};
    bool good = sddl_parse(&arena, str_from(text), &d, &e);

    if (wanted == NULL)
        CHECK(!good && e.kind == ERR_PROTOCOL && e.reason[0], name);
    else if (CHECK(good, name))
        CHECK_STR(sddl_text(&arena, &d), str_from(wanted), name);
}

static void test_sddl(void)
{
    check_sddl("O:BAG:SYD:PAI(A;OICI;FA;;;BA)(D;;GWSD;;;WD)",
        "O:S-1-5-32-544G:S-1-5-18D:PAI(A;OICI;0x1f01ff;;;S-1-5-32-544)(D;;0x40010000;;;S-1-1-0)", "aliases become numbers");
    check_sddl("O:S-1-5-18G:S-1-5-32-544D:", "O:S-1-5-18G:S-1-5-32-544D:", "an empty DACL stays one");
    check_sddl("O:S-1-5-18", "O:S-1-5-18", "no DACL stays none");
    check_sddl("", "", "nothing at all");
    check_sddl("D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL", "a NULL DACL");
    check_sddl("D:(A;OICINPIOID;0x1301bf;;;OW)", "D:(A;OICINPIOID;0x1301bf;;;S-1-3-4)", "all flags of inheritance");
    check_sddl("D:AR(A;;1179785;;;WD)", "D:(A;;0x120089;;;S-1-1-0)", "decimal rights; AR is a request and not kept");
    check_sddl("D:(A;;010;;;WD)", "D:(A;;0x8;;;S-1-1-0)", "octal rights");
    check_sddl("D:(A;;;;;WD)", "D:(A;;0x0;;;S-1-1-0)", "no rights");
    check_sddl("S:(ML;;NWNX;;;LW)", "S:(ML;;0x5;;;S-1-16-4096)", "a mandatory label");
    check_sddl("S:P(AU;SAFA;FA;;;WD)", "S:P(AU;SAFA;0x1f01ff;;;S-1-1-0)", "an audit entry");
    check_sddl("D:(A;;KA;;;WD)S:(AU;FA;KW;;;WD)", "D:(A;;0xf003f;;;S-1-1-0)S:(AU;FA;0x20006;;;S-1-1-0)", "rights of keys");

    check_sddl("D:(A;;FA;;;WD", NULL, "an entry that does not end");
    check_sddl("D:(A;;FA;;;WD))", NULL, "an end too many");
    check_sddl("D:(A;;FA;;;WD)x", NULL, "what follows");
    check_sddl("D:(A;XX;FA;;;WD)", NULL, "unknown flags");
    check_sddl("D:(A;;XX;;;WD)", NULL, "unknown rights");
    check_sddl("D:(A;;F;;;WD)", NULL, "half a right");
    check_sddl("D:(A;;NW;;;WD)", NULL, "a label's right in another entry");
    check_sddl("S:(ML;;FA;;;LW)", NULL, "another entry's right in a label");
    check_sddl("D:(A;;0x1ffffffff;;;WD)", NULL, "rights over 32 bits");
    check_sddl("D:(A;;0x;;;WD)", NULL, "hex without digits");
    check_sddl("D:(A;;09;;;WD)", NULL, "a digit that is not octal");
    check_sddl("D:(OA;;FA;;;WD)", NULL, "an object entry");
    check_sddl("D:(XA;;FA;;;WD;(a==b))", NULL, "a conditional entry");
    check_sddl("D:(A;;FA;0f;;WD)", NULL, "an object type");
    check_sddl("D:(A;;FA;;;DA)", NULL, "an alias that depends on a domain");
    check_sddl("D:(A;;FA;;;)", NULL, "no SID");
    check_sddl("O:SYO:SY", NULL, "two owners");
    check_sddl("D:D:", NULL, "two DACLs");
    check_sddl("D:NO_ACCESS_CONTROL(A;;FA;;;WD)", NULL, "a NULL DACL with entries");
    check_sddl("S:NO_ACCESS_CONTROL", NULL, "a NULL SACL");
    check_sddl("X:SY", NULL, "an unknown part");
    check_sddl("O:S", NULL, "an owner that is cut");
    check_sddl("D:(#00)", NULL, "bytes that are too few");
    check_sddl("D:(#0000140001000000010100000000000100000000)", NULL, "bytes of an entry that has a text of its own");
    check_sddl("D:(#0900180001000000010100000000000100000000616263)", NULL, "bytes that are not as many as they say");
    check_sddl("D:(#090018000100000001010000000000010000000061727478)", "D:(#090018000100000001010000000000010000000061727478)",
        "the bytes of a conditional entry");
}

/* ---- bytes ---- */

/* O:SY G:BA D:P(A;OICI;FA;;;WD)(D;;0x10000;;;BA), as Windows lays it out: DACL behind the header, owner and group last. */
static const unsigned char laid_out[] = {
    1, 0, 0x04, 0x90, 0x4c, 0, 0, 0, 0x58, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, /* header */
    2, 0, 0x38, 0, 2, 0, 0, 0,                                                  /* DACL: 56 bytes, two entries */
    0, 3, 0x14, 0, 0xff, 0x01, 0x1f, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,     /* A;OICI;FA;;;WD */
    1, 0, 0x18, 0, 0, 0, 1, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0, /* D;;SD;;;BA */
    0, 0, 0, 0,                                                                 /* room in the DACL */
    1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0,                                      /* owner: SY */
    1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0,                       /* group: BA */
};

static bool decode(const unsigned char *bytes, size_t n, struct descriptor *d)
{
    struct err e = {0};

    return descriptor_decode(&arena, (struct str){(const char *)bytes, n}, d, &e);
}

static void test_bytes(void)
{
    struct descriptor d, again;
    struct buf b = {0};
    size_t refused = 0;

    if (!CHECK(decode(laid_out, sizeof laid_out, &d), "bytes as Windows has them are read"))
        return;
    CHECK_STR(sddl_text(&arena, &d), STR("O:S-1-5-18G:S-1-5-32-544D:P(A;OICI;0x1f01ff;;;S-1-1-0)(D;;0x10000;;;S-1-5-32-544)"),
        "and are what they are");
    CHECK(descriptor_encode(&d, &b), "they are written");
    CHECK(decode((const unsigned char *)b.p, b.n, &again) && str_eq(sddl_text(&arena, &d), sddl_text(&arena, &again)),
        "and read again");
    for (size_t n = 0; n < sizeof laid_out; n++)
        refused += !decode(laid_out, n, &again);
    CHECK(refused == sizeof laid_out, "cut anywhere, they are refused");
    buf_release(&b);
}

static void check_spoiled(size_t at, unsigned char value, const char *name)
{
    unsigned char bytes[sizeof laid_out];
    struct descriptor d;

    memcpy(bytes, laid_out, sizeof bytes);
    bytes[at] = value;
    CHECK(!decode(bytes, sizeof bytes, &d), name);
}

static void test_spoiled(void)
{
    check_spoiled(0, 2, "another revision");
    check_spoiled(3, 0x10, "not self-relative");
    check_spoiled(4, 0x70, "an owner outside");
    check_spoiled(4, 0x13, "an owner in the header");
    check_spoiled(16, 0x7f, "a DACL outside");
    check_spoiled(20, 3, "another revision of the DACL");
    check_spoiled(22, 0xff, "a DACL that is longer than what is there");
    check_spoiled(22, 4, "a DACL that is shorter than its head");
    check_spoiled(24, 3, "more entries than there is room");
    check_spoiled(30, 0x15, "an entry of odd size");
    check_spoiled(30, 0, "an entry of no size");
    check_spoiled(30, 0xfc, "an entry that is longer than the DACL");
    check_spoiled(77, 16, "an owner with sixteen numbers");
    check_spoiled(76, 2, "an owner of another revision");
}

static bool holds_bytes(const struct buf *b, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i + n <= b->n; i++) {
        if (memcmp(b->p + i, bytes, n) == 0)
            return true;
    }
    return false;
}

static void test_opaque(void)
{
    unsigned char bytes[sizeof laid_out];
    struct descriptor d;
    struct err e = {0};
    struct buf b = {0};

    memcpy(bytes, laid_out, sizeof bytes);
    bytes[28] = 9;    /* a conditional entry */
    bytes[48 + 9] = 1; /* a SID that leaves bytes after it */
    if (!CHECK(decode(bytes, sizeof bytes, &d) && d.dacl.v[0].opaque.n == 20 && d.dacl.v[1].opaque.n == 24,
            "entries of another kind, or with bytes after their SID, are carried whole"))
        return;
    CHECK(d.dacl.v[0].mask == NT_FILE_ALL_ACCESS && d.dacl.v[0].flags == 3, "with their flags and rights");
    struct str text = sddl_text(&arena, &d);
    struct descriptor again;
    CHECK(sddl_parse(&arena, text, &again, &e) && ace_same(&d.dacl.v[0], &again.dacl.v[0]) &&
              ace_same(&d.dacl.v[1], &again.dacl.v[1]),
        "and come back from text");
    CHECK(descriptor_encode(&again, &b) && holds_bytes(&b, bytes + 28, 20), "and from bytes");
    buf_release(&b);
}

static void test_too_long(void)
{
    struct descriptor d = {.has_dacl = true};
    struct sid sid;
    struct buf b = {0};

    (void)sid_parse(STR("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"), &sid);
    for (size_t i = 0; i < 862; i++)
        *(struct ace *)ARENA_PUSH(&arena, &d.dacl) = (struct ace){.sid = sid};
    CHECK(descriptor_encode(&d, &b), "a DACL of 65520 bytes is written");
    *(struct ace *)ARENA_PUSH(&arena, &d.dacl) = (struct ace){.sid = sid};
    CHECK(!descriptor_encode(&d, &b), "and one of more than 65535 is not");
    buf_release(&b);
}

/* ---- places ---- */

static void check_insert(const char *sddl, const char *ace_text, const char *wanted, const char *name)
{
    struct descriptor d;
    struct ace ace;
    struct err e = {0};

    if (!CHECK(sddl_parse(&arena, str_from(sddl), &d, &e) && sddl_parse_ace(&arena, str_from(ace_text), &ace, &e), name))
        return;
    CHECK(acl_insert(&arena, &d.dacl, &ace) == (wanted != NULL), name);
    CHECK_STR(sddl_text(&arena, &d), str_from(wanted ? wanted : sddl), name);
}

static void test_insert(void)
{
    check_insert("D:(D;;0x1;;;S-1-1-0)(A;;0x2;;;S-1-1-0)(A;ID;0x3;;;S-1-1-0)", "(D;;0x8;;;S-1-5-18)",
        "D:(D;;0x1;;;S-1-1-0)(D;;0x8;;;S-1-5-18)(A;;0x2;;;S-1-1-0)(A;ID;0x3;;;S-1-1-0)", "a deny entry comes behind its like");
    check_insert("D:(D;;0x1;;;S-1-1-0)(A;;0x2;;;S-1-1-0)(D;ID;0x3;;;S-1-1-0)", "(A;;0x8;;;S-1-5-18)",
        "D:(D;;0x1;;;S-1-1-0)(A;;0x2;;;S-1-1-0)(A;;0x8;;;S-1-5-18)(D;ID;0x3;;;S-1-1-0)",
        "an allow entry before what is inherited");
    check_insert("D:", "(A;;0x8;;;S-1-5-18)", "D:(A;;0x8;;;S-1-5-18)", "into an empty list");
    check_insert("D:(A;;0x2;;;S-1-1-0)(D;;0x1;;;S-1-1-0)", "(A;;0x8;;;S-1-5-18)", NULL, "not into a list out of order");
    check_insert("D:", "(A;ID;0x8;;;S-1-5-18)", NULL, "not an entry that says that it is inherited");
}

/* ---- children ---- */

#define OWNER "S-1-5-21-7-7-7-1001"
#define HEAD  "O:S-1-5-21-7-7-7-1001G:S-1-5-32-545"

struct birth {
    const char *name; /* and what it stands on */
    const char *parent, *asked, *otherwise;
    bool container;
    const char *wanted;
};

static const struct birth births[] = {
    {"a file takes an object's entry, as its own: Win32 ACE Inheritance Rules", "D:(A;OI;0x1;;;WD)", NULL, NULL, false,
        HEAD "D:AI(A;ID;0x1;;;S-1-1-0)"},
    {"a file does not take a container's entry: Win32 ACE Inheritance Rules", "D:(A;CI;0x1;;;WD)", NULL, "D:(A;;0x2;;;SY)", false,
        HEAD "D:AI(A;;0x2;;;S-1-5-18)"},
    {"a folder takes both and hands them on: Win32 ACE Inheritance Rules", "D:(A;OICI;0x1;;;WD)", NULL, NULL, true,
        HEAD "D:AI(A;OICIID;0x1;;;S-1-1-0)"},
    {"a folder only hands on an object's entry: Win32 ACE Inheritance Rules", "D:(A;OI;0x1;;;WD)", NULL, NULL, true,
        HEAD "D:AI(A;OIIOID;0x1;;;S-1-1-0)"},
    {"an inherit-only entry holds at the child: Win32 ACE Inheritance Rules", "D:(A;OICIIO;0x1;;;WD)", NULL, NULL, true,
        HEAD "D:AI(A;OICIID;0x1;;;S-1-1-0)"},
    {"no propagation ends at the child: Win32 ACE Inheritance Rules", "D:(A;OICINP;0x1;;;WD)", NULL, NULL, true,
        HEAD "D:AI(A;ID;0x1;;;S-1-1-0)"},
    {"nor does an object's entry without propagation pass a folder: Win32 ACE Inheritance Rules", "D:(A;OINP;0x1;;;WD)(A;CI;0x2;;;WD)",
        NULL, NULL, true, HEAD "D:AI(A;CIID;0x2;;;S-1-1-0)"},
    {"an entry without flags stays with the parent: Win32 ACE Inheritance Rules", "D:(A;;0x1;;;WD)(A;OI;0x2;;;WD)", NULL, NULL, false,
        HEAD "D:AI(A;ID;0x2;;;S-1-1-0)"},
    {"CREATOR OWNER becomes the owner of a file: MS-DTYP 2.5.3.4", "D:(A;OICIIO;GA;;;CO)", NULL, NULL, false,
        HEAD "D:AI(A;ID;0x1f01ff;;;" OWNER ")"},
    {"at a folder, twice: as the owner here, and as it is, handed on: MS-DTYP 2.5.3.4", "D:(A;OICIIO;GA;;;CO)", NULL, NULL, true,
        HEAD "D:AI(A;ID;0x1f01ff;;;" OWNER ")(A;OICIIOID;0x10000000;;;S-1-3-0)"},
    {"CREATOR GROUP becomes the group: MS-DTYP 2.5.3.4", "D:(A;OI;0x1;;;CG)", NULL, NULL, false,
        HEAD "D:AI(A;ID;0x1;;;S-1-5-32-545)"},
    {"generic rights are mapped at the child: MS-DTYP 2.5.3.4", "D:(A;OI;GR;;;WD)", NULL, NULL, false,
        HEAD "D:AI(A;ID;0x120089;;;S-1-1-0)"},
    {"and handed on as they are: MS-DTYP 2.5.3.4", "D:(A;OICI;GR;;;WD)", NULL, NULL, true,
        HEAD "D:AI(A;ID;0x120089;;;S-1-1-0)(A;OICIIOID;0x80000000;;;S-1-1-0)"},
    {"OWNER RIGHTS is handed on as it is: MS-DTYP 2.4.2.4", "D:(A;OICI;RC;;;OW)", NULL, NULL, true,
        HEAD "D:AI(A;OICIID;0x20000;;;S-1-3-4)"},
    {"deny entries too, in the parent's order: MS-DTYP 2.5.3.4.4", "D:(D;OICI;0x2;;;WD)(A;OICI;0x3;;;WD)", NULL, NULL, false,
        HEAD "D:AI(D;ID;0x2;;;S-1-1-0)(A;ID;0x3;;;S-1-1-0)"},
    {"without an entry for it, the creator's default: Win32 DACL for a New Object", "D:(A;;0x1;;;WD)", NULL, "D:(A;;GA;;;SY)", true,
        HEAD "D:AI(A;;0x1f01ff;;;S-1-5-18)"},
    {"without a default, no DACL: Win32 DACL for a New Object", "D:(A;;0x1;;;WD)", NULL, NULL, true, HEAD},
    {"what the creator asks for stands first: Win32 DACL for a New Object", "D:(A;OI;0x1;;;WD)", "D:(A;;0x8;;;SY)", "D:(A;;0x2;;;SY)",
        false, HEAD "D:AI(A;;0x8;;;S-1-5-18)(A;ID;0x1;;;S-1-1-0)"},
    {"protected, it stands alone: Win32 DACL for a New Object", "D:(A;OI;0x1;;;WD)", "D:P(A;;0x8;;;OW)", "D:(A;;0x2;;;SY)", false,
        HEAD "D:PAI(A;;0x8;;;S-1-3-4)"},
    {"what it calls inherited is not taken: MS-DTYP 2.5.3.4.6", "D:(A;OI;0x1;;;WD)", "D:(A;ID;0x8;;;SY)", NULL, false,
        HEAD "D:AI(A;ID;0x1;;;S-1-1-0)"},
    {"an empty DACL that is asked for and protected stays empty: Win32 Null DACLs and Empty DACLs", "D:(A;OI;0x1;;;WD)", "D:P", NULL,
        false, HEAD "D:PAI"},
    {"a NULL DACL that is asked for stays NULL: Win32 Null DACLs and Empty DACLs", "D:(A;OI;0x1;;;WD)", "D:NO_ACCESS_CONTROL", NULL,
        false, HEAD "D:NO_ACCESS_CONTROL"},
    {"another owner may be asked for: MS-DTYP 2.5.3.4.1", "D:(A;OI;0x1;;;CO)", "O:SY", NULL, false,
        "O:S-1-5-18G:S-1-5-32-545D:AI(A;ID;0x1;;;S-1-5-18)"},
    {"labels and audit entries of the parent go on as well: MS-DTYP 2.5.3.4", "D:(A;OI;0x1;;;WD)S:(ML;OICI;NW;;;LW)(AU;OISA;GA;;;WD)",
        NULL, NULL, false, HEAD "D:AI(A;ID;0x1;;;S-1-1-0)S:AI(ML;ID;0x1;;;S-1-16-4096)(AU;IDSA;0x1f01ff;;;S-1-1-0)"},
    {"an opaque entry is handed on in its own bytes", "D:(#0903180001000000010100000000000100000000" "61727478)", NULL, NULL, false,
        HEAD "D:AI(#0910180001000000010100000000000100000000" "61727478)"},
};

static void test_births(void)
{
    for (size_t i = 0; i < COUNT_OF(births); i++) {
        const struct birth *b = &births[i];
        struct descriptor parent, asked = {0}, otherwise = {0}, child;
        struct sid owner, group;
        struct err e = {0};
        bool good = sddl_parse(&arena, str_from(b->parent), &parent, &e) && sid_parse(STR(OWNER), &owner) &&
                    sid_parse(STR("BU"), &group) && (!b->asked || sddl_parse(&arena, str_from(b->asked), &asked, &e)) &&
                    (!b->otherwise || sddl_parse(&arena, str_from(b->otherwise), &otherwise, &e));
        if (!CHECK(good, b->name))
            continue;
        descriptor_inherit(&arena, &parent, b->asked ? &asked : NULL, b->container, &owner, &group,
            b->otherwise ? &otherwise.dacl : NULL, &child);
        CHECK_STR(sddl_text(&arena, &child), str_from(b->wanted), b->name);
    }
}

int main(void)
{
    test_sids();
    test_sddl();
    test_bytes();
    test_spoiled();
    test_opaque();
    test_too_long();
    test_insert();
    test_births();
    arena_release(&arena);
    return CHECK_END();
}
