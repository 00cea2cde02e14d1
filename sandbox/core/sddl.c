/*
 * sddl: security descriptors as text (MS-DTYP 2.5.1). See nt.h for the contracts.
 *
 * Read: the aliases and letters of the documentation, and numbers. Written: numbers alone, so that one text means one thing.
 * An ACE of a kind that is only carried along has no portable text: here it is "(#" and its bytes in hex ")", which no other
 * program reads; it is for Cordon's own ledger.
 */
#include "nt.h"

#include <string.h>

struct letters {
    char name[3];
    uint32_t bits;
};

static const struct letters flag_letters[] = {
    {"OI", ACE_OBJECT_INHERIT},
    {"CI", ACE_CONTAINER_INHERIT},
    {"NP", ACE_NO_PROPAGATE},
    {"IO", ACE_INHERIT_ONLY},
    {"ID", ACE_INHERITED},
    {"CR", 0x20}, /* critical */
    {"SA", ACE_AUDIT_SUCCESS},
    {"FA", ACE_AUDIT_FAILURE},
};

static const struct letters right_letters[] = {
    {"GA", NT_GENERIC_ALL},
    {"GR", NT_GENERIC_READ},
    {"GW", NT_GENERIC_WRITE},
    {"GX", NT_GENERIC_EXECUTE},
    {"RC", NT_READ_CONTROL},
    {"SD", NT_DELETE},
    {"WD", NT_WRITE_DAC},
    {"WO", NT_WRITE_OWNER},
    {"CC", 0x001},
    {"DC", 0x002},
    {"LC", 0x004},
    {"SW", 0x008},
    {"RP", 0x010},
    {"WP", 0x020},
    {"DT", 0x040},
    {"LO", 0x080},
    {"CR", 0x100},
    {"FA", NT_FILE_ALL_ACCESS},
    {"FR", NT_FILE_GENERIC_READ},
    {"FW", NT_FILE_GENERIC_WRITE},
    {"FX", NT_FILE_GENERIC_EXECUTE},
    {"KA", 0x000f003f},
    {"KR", 0x00020019},
    {"KW", 0x00020006},
    {"KX", 0x00020019},
};

/* What a label refuses to those below it; these letters mean something else in no other kind of ACE. */
static const struct letters label_letters[] = {{"NW", 1}, {"NR", 2}, {"NX", 4}};

struct reader {
    struct arena *a;
    struct str text;
    size_t at;
    struct err *e;
};

static bool wrong(struct reader *r, const char *reason)
{
    err_set(r->e, ERR_PROTOCOL, "cannot read a security descriptor");
    err_subject(r->e, str_slice(r->text, 0, 200));
    return err_reason(r->e, "%s at column %lu", reason, (unsigned long)r->at + 1);
}

static bool sees(const struct reader *r, struct str what)
{
    return str_starts(str_slice(r->text, r->at, r->text.n), what);
}

static bool take(struct reader *r, struct str what)
{
    if (!sees(r, what))
        return false;
    r->at += what.n;
    return true;
}

static uint32_t letter_bits(const struct letters *table, size_t count, const char *two)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(table[i].name, two, 2) == 0)
            return table[i].bits;
    }
    return 0;
}

/* Pairs of letters up to where they end; false at a pair that the table does not have. */
static bool read_letters(struct str field, const struct letters *table, size_t count, uint32_t *out)
{
    uint32_t bits = 0;

    if (field.n % 2)
        return false;
    for (size_t i = 0; i < field.n; i += 2) {
        uint32_t one = letter_bits(table, count, field.p + i);
        if (!one)
            return false;
        bits |= one;
    }
    *out = bits;
    return true;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* 0x and hex, a leading 0 and octal, or decimal, as the documentation of ConvertStringSecurityDescriptorToSecurityDescriptor
 * reads numbers. */
static bool read_number(struct str field, uint32_t *out)
{
    size_t at = 0;
    int base = 10;
    uint64_t n = 0;

    if (str_starts(field, STR("0x")) || str_starts(field, STR("0X"))) {
        base = 16;
        at = 2;
    } else if (field.n > 1 && field.p[0] == '0') {
        base = 8;
        at = 1;
    }
    if (at == field.n)
        return false;
    for (; at < field.n; at++) {
        int digit = digit_of(field.p[at]);
        if (digit >= base)
            return false;
        n = n * (uint64_t)base + (uint64_t)digit;
        if (n > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)n;
    return true;
}

static bool read_rights(struct str field, bool label, uint32_t *out)
{
    if (field.n && field.p[0] >= '0' && field.p[0] <= '9')
        return read_number(field, out);
    return label ? read_letters(field, label_letters, COUNT_OF(label_letters), out)
                 : read_letters(field, right_letters, COUNT_OF(right_letters), out);
}

/* Up to the next ';' or the end of the ACE, which stays. */
static struct str take_field(struct reader *r)
{
    size_t start = r->at;

    while (r->at < r->text.n && r->text.p[r->at] != ';' && r->text.p[r->at] != ')' && r->text.p[r->at] != '(')
        r->at++;
    return str_slice(r->text, start, r->at);
}

static bool read_type(struct str field, uint8_t *out)
{
    static const struct {
        const char *name;
        uint8_t type;
    } types[] = {{"A", ACE_ALLOW}, {"D", ACE_DENY}, {"AU", ACE_AUDIT}, {"ML", ACE_LABEL}};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (str_is(field, types[i].name)) {
            *out = types[i].type;
            return true;
        }
    }
    return false;
}

/* "#" and hex: the whole ACE, whose own size field must agree. */
static bool take_opaque(struct reader *r, struct ace *out)
{
    struct str hex = take_field(r);
    size_t n = hex.n / 2;
    char *bytes;

    if (hex.n % 2 || n < 8 || n > ACL_BYTES_MAX - 8 || n % 4)
        return wrong(r, "an entry of that length cannot be");
    bytes = arena_alloc(r->a, n, 1);
    for (size_t i = 0; i < n; i++) {
        int high = digit_of(hex.p[2 * i]), low = digit_of(hex.p[2 * i + 1]);
        if (high > 15 || low > 15)
            return wrong(r, "a hex digit was expected before this");
        bytes[i] = (char)(high << 4 | low);
    }
    if (!ace_from_bytes((struct str){bytes, n}, out) || !out->opaque.p)
        return wrong(r, "these bytes are not an entry of another kind");
    return true;
}

static bool take_plain_ace(struct reader *r, struct ace *out)
{
    struct ace ace = {0};
    struct str sid;
    uint32_t flags;

    if (!read_type(take_field(r), &ace.type))
        return wrong(r, "an entry of another kind than A, D, AU and ML");
    if (!take(r, STR(";")) || !read_letters(take_field(r), flag_letters, COUNT_OF(flag_letters), &flags))
        return wrong(r, "flags that are not known");
    ace.flags = (uint8_t)flags;
    if (!take(r, STR(";")) || !read_rights(take_field(r), ace.type == ACE_LABEL, &ace.mask))
        return wrong(r, "rights that are not known");
    if (!take(r, STR(";;;")))
        return wrong(r, "two empty fields were expected, for no object type");
    sid = take_field(r);
    if (!sid_parse(sid, &ace.sid))
        return wrong(r, "a SID that is not known on every machine");
    *out = ace;
    return true;
}

static bool take_ace(struct reader *r, struct ace *out)
{
    if (!take(r, STR("(")))
        return wrong(r, "an entry was expected");
    if (take(r, STR("#")) ? !take_opaque(r, out) : !take_plain_ace(r, out))
        return false;
    return take(r, STR(")")) || wrong(r, "the end of the entry was expected");
}

struct acl_head {
    bool is_protected, auto_inherited, null_acl;
};

static bool take_acl(struct reader *r, struct acl_head *head, struct acl *acl)
{
    for (;;) {
        if (take(r, STR("NO_ACCESS_CONTROL")))
            head->null_acl = true;
        else if (take(r, STR("P")))
            head->is_protected = true;
        else if (take(r, STR("AI")))
            head->auto_inherited = true;
        else if (!take(r, STR("AR"))) /* a request to the system, not a state */
            break;
    }
    while (sees(r, STR("("))) {
        struct ace ace;
        if (head->null_acl)
            return wrong(r, "an entry after NO_ACCESS_CONTROL");
        if (!take_ace(r, &ace))
            return false;
        *(struct ace *)ARENA_PUSH(r->a, acl) = ace;
    }
    return true;
}

/* A SID ends where the next part begins: a number's end, or two letters of an alias. */
static bool take_sid(struct reader *r, struct sid *out)
{
    size_t end = r->at + 2;

    if (sees(r, STR("S-"))) {
        while (end < r->text.n && !(end + 1 < r->text.n && r->text.p[end + 1] == ':'))
            end++;
    }
    if (end > r->text.n || !sid_parse(str_slice(r->text, r->at, end), out))
        return wrong(r, "a SID that is not known on every machine");
    r->at = end;
    return true;
}

static bool take_dacl(struct reader *r, struct descriptor *d)
{
    struct acl_head head = {0};

    if (!take_acl(r, &head, &d->dacl))
        return false;
    d->has_dacl = !head.null_acl;
    d->null_dacl = head.null_acl;
    d->dacl_protected = head.is_protected;
    d->dacl_auto_inherited = head.auto_inherited;
    return true;
}

static bool take_sacl(struct reader *r, struct descriptor *d)
{
    struct acl_head head = {0};

    if (!take_acl(r, &head, &d->sacl))
        return false;
    if (head.null_acl)
        return wrong(r, "NO_ACCESS_CONTROL is for a DACL");
    d->has_sacl = true;
    d->sacl_protected = head.is_protected;
    d->sacl_auto_inherited = head.auto_inherited;
    return true;
}

static bool take_part(struct reader *r, struct descriptor *d)
{
    if (!d->has_owner && take(r, STR("O:")))
        return d->has_owner = take_sid(r, &d->owner);
    if (!d->has_group && take(r, STR("G:")))
        return d->has_group = take_sid(r, &d->group);
    if (!d->has_dacl && !d->null_dacl && take(r, STR("D:")))
        return take_dacl(r, d);
    if (!d->has_sacl && take(r, STR("S:")))
        return take_sacl(r, d);
    return wrong(r, "O:, G:, D: or S:, each once, was expected");
}

bool sddl_parse(struct arena *a, struct str text, struct descriptor *out, struct err *e)
{
    struct reader r = {.a = a, .text = text, .e = e};
    struct descriptor d = {0};

    if (text.n > SDDL_BYTES_MAX)
        return wrong(&r, "too long to be one");
    while (r.at < text.n) {
        if (!take_part(&r, &d))
            return false;
    }
    *out = d;
    return true;
}

bool sddl_parse_ace(struct arena *a, struct str text, struct ace *out, struct err *e)
{
    struct reader r = {.a = a, .text = text, .e = e};
    struct ace ace;

    if (!take_ace(&r, &ace))
        return false;
    if (r.at != text.n)
        return wrong(&r, "more than one entry");
    *out = ace;
    return true;
}

/* ---- writing ---- */

static const char *type_name(uint8_t type)
{
    switch (type) {
    case ACE_ALLOW:
        return "A";
    case ACE_DENY:
        return "D";
    case ACE_AUDIT:
        return "AU";
    default:
        return "ML";
    }
}

static void add_ace(struct buf *b, struct arena *a, const struct ace *ace)
{
    if (ace->opaque.p) {
        buf_str(b, STR("(#"));
        for (size_t i = 0; i < ace->opaque.n; i++)
            buf_format(b, "%02x", (unsigned)(unsigned char)ace->opaque.p[i]);
        buf_str(b, STR(")"));
        return;
    }
    buf_format(b, "(%s;", type_name(ace->type));
    for (size_t i = 0; i < COUNT_OF(flag_letters); i++) {
        if (ace->flags & flag_letters[i].bits)
            buf_add(b, flag_letters[i].name, 2);
    }
    buf_format(b, ";0x%lx;;;", (unsigned long)ace->mask);
    buf_str(b, sid_text(a, &ace->sid));
    buf_str(b, STR(")"));
}

static void add_acl(struct buf *b, struct arena *a, struct acl_head head, const struct acl *acl)
{
    if (head.null_acl)
        buf_str(b, STR("NO_ACCESS_CONTROL"));
    if (head.is_protected)
        buf_str(b, STR("P"));
    if (head.auto_inherited)
        buf_str(b, STR("AI"));
    for (size_t i = 0; i < acl->n; i++)
        add_ace(b, a, &acl->v[i]);
}

static struct str finish(struct buf *b, struct arena *a)
{
    struct str text = arena_str(a, buf_view(b));

    buf_release(b);
    return text;
}

struct str sddl_text(struct arena *a, const struct descriptor *d)
{
    struct buf b = {0};

    if (d->has_owner) {
        buf_str(&b, STR("O:"));
        buf_str(&b, sid_text(a, &d->owner));
    }
    if (d->has_group) {
        buf_str(&b, STR("G:"));
        buf_str(&b, sid_text(a, &d->group));
    }
    if (d->has_dacl || d->null_dacl) {
        buf_str(&b, STR("D:"));
        add_acl(&b, a, (struct acl_head){d->dacl_protected, d->dacl_auto_inherited, d->null_dacl}, &d->dacl);
    }
    if (d->has_sacl) {
        buf_str(&b, STR("S:"));
        add_acl(&b, a, (struct acl_head){d->sacl_protected, d->sacl_auto_inherited, false}, &d->sacl);
    }
    return finish(&b, a);
}

struct str sddl_ace_text(struct arena *a, const struct ace *ace)
{
    struct buf b = {0};

    add_ace(&b, a, ace);
    return finish(&b, a);
}
