/*
 * descriptor: the bytes of self-relative security descriptors (MS-DTYP 2.4.6), and where an entry belongs in a DACL.
 *
 * The bytes come from a disk that may have been written elsewhere, by anything: offsets, sizes and counts are checked before
 * they are followed. What the parts of a child are made from is in inherit.c.
 */
#include "nt.h"

#include <string.h>

#define HEADER_BYTES     20
#define ACL_HEADER_BYTES 8
#define SID_HEADER_BYTES 8
#define ACE_HEADER_BYTES 8 /* with the mask, which every kind that grants or refuses has there */

enum control {
    DACL_PRESENT = 0x0004,
    SACL_PRESENT = 0x0010,
    DACL_AUTO_INHERITED = 0x0400,
    SACL_AUTO_INHERITED = 0x0800,
    DACL_PROTECTED = 0x1000,
    SACL_PROTECTED = 0x2000,
    SELF_RELATIVE = 0x8000,
};

static uint32_t get16(const char *p)
{
    return (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8;
}

static uint32_t get32(const char *p)
{
    return get16(p) | get16(p + 2) << 16;
}

static void put16(struct buf *out, uint32_t n)
{
    const char bytes[2] = {(char)(n & 0xff), (char)(n >> 8 & 0xff)};

    buf_add(out, bytes, sizeof bytes);
}

static void put32(struct buf *out, uint32_t n)
{
    put16(out, n & 0xffff);
    put16(out, n >> 16);
}

/* ---- reading ---- */

size_t sid_from_bytes(struct str bytes, struct sid *out)
{
    struct sid sid = {0};
    size_t n;

    if (bytes.n < SID_HEADER_BYTES || bytes.p[0] != 1 || (unsigned char)bytes.p[1] > SID_SUB_MAX)
        return 0;
    sid.count = (uint8_t)bytes.p[1];
    n = SID_HEADER_BYTES + (size_t)sid.count * 4;
    if (bytes.n < n)
        return 0;
    for (size_t i = 2; i < SID_HEADER_BYTES; i++)
        sid.authority = sid.authority << 8 | (unsigned char)bytes.p[i];
    for (size_t i = 0; i < sid.count; i++)
        sid.sub[i] = get32(bytes.p + SID_HEADER_BYTES + i * 4);
    *out = sid;
    return n;
}

static bool is_known_type(uint8_t type)
{
    return type == ACE_ALLOW || type == ACE_DENY || type == ACE_AUDIT || type == ACE_LABEL;
}

bool ace_from_bytes(struct str bytes, struct ace *out)
{
    struct ace ace = {0};

    if (bytes.n < ACE_HEADER_BYTES || bytes.n % 4 || get16(bytes.p + 2) != bytes.n)
        return false;
    ace.type = (uint8_t)bytes.p[0];
    ace.flags = (uint8_t)bytes.p[1];
    ace.mask = get32(bytes.p + 4);
    /* Bytes after the SID belong to the application (MS-DTYP 2.4.4.2): such an entry is carried whole. */
    if (!is_known_type(ace.type) ||
        sid_from_bytes(str_slice(bytes, ACE_HEADER_BYTES, bytes.n), &ace.sid) != bytes.n - ACE_HEADER_BYTES) {
        ace.sid = (struct sid){0};
        ace.opaque = bytes;
    }
    *out = ace;
    return true;
}

static bool get_acl(struct arena *a, struct str bytes, struct acl *out)
{
    struct acl acl = {0};
    size_t size, count, at = ACL_HEADER_BYTES;

    if (bytes.n < ACL_HEADER_BYTES || (bytes.p[0] != 2 && bytes.p[0] != 4))
        return false;
    size = get16(bytes.p + 2);
    count = get16(bytes.p + 4);
    if (size < ACL_HEADER_BYTES || size > bytes.n)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct ace ace;
        size_t n = size - at >= 4 ? get16(bytes.p + at + 2) : 0;
        if (n > size - at || !ace_from_bytes(str_slice(bytes, at, at + n), &ace))
            return false;
        if (ace.opaque.p)
            ace.opaque = arena_str(a, ace.opaque);
        *(struct ace *)ARENA_PUSH(a, &acl) = ace;
        at += n;
    }
    *out = acl;
    return true;
}

static bool wrong(struct err *e, const char *reason)
{
    err_set(e, ERR_PROTOCOL, "cannot read a security descriptor");
    return err_reason(e, "%s", reason);
}

/* What an offset of the header leads to; false when it points outside or into the header. */
static bool part_at(struct str bytes, size_t field, struct str *out)
{
    uint32_t at = get32(bytes.p + field);

    *out = (struct str){0};
    if (at == 0)
        return true;
    if (at < HEADER_BYTES || at >= bytes.n)
        return false;
    *out = str_slice(bytes, at, bytes.n);
    return true;
}

static bool get_owners(struct str owner, struct str group, struct descriptor *d)
{
    d->has_owner = owner.p != NULL;
    d->has_group = group.p != NULL;
    return (!d->has_owner || sid_from_bytes(owner, &d->owner)) && (!d->has_group || sid_from_bytes(group, &d->group));
}

static bool get_acls(struct arena *a, uint32_t control, struct str sacl, struct str dacl, struct descriptor *d)
{
    if (control & DACL_PRESENT) {
        d->has_dacl = dacl.p != NULL;
        d->null_dacl = !d->has_dacl;
        d->dacl_protected = control & DACL_PROTECTED;
        d->dacl_auto_inherited = control & DACL_AUTO_INHERITED;
    }
    /* A SACL that is present and NULL says no more than one that is not there. */
    if (control & SACL_PRESENT && sacl.p) {
        d->has_sacl = true;
        d->sacl_protected = control & SACL_PROTECTED;
        d->sacl_auto_inherited = control & SACL_AUTO_INHERITED;
    }
    return (!d->has_dacl || get_acl(a, dacl, &d->dacl)) && (!d->has_sacl || get_acl(a, sacl, &d->sacl));
}

bool descriptor_decode(struct arena *a, struct str bytes, struct descriptor *out, struct err *e)
{
    struct descriptor d = {0};
    struct str owner, group, sacl, dacl;
    uint32_t control;

    if (bytes.n < HEADER_BYTES || bytes.n > DESCRIPTOR_BYTES_MAX)
        return wrong(e, "its length cannot be");
    control = get16(bytes.p + 2);
    if (bytes.p[0] != 1 || !(control & SELF_RELATIVE))
        return wrong(e, "it is not one of the self-relative kind");
    if (!part_at(bytes, 4, &owner) || !part_at(bytes, 8, &group) || !part_at(bytes, 12, &sacl) ||
        !part_at(bytes, 16, &dacl))
        return wrong(e, "a part of it lies outside of it");
    if (!get_owners(owner, group, &d))
        return wrong(e, "its owner or group is not a SID");
    if (!get_acls(a, control, sacl, dacl, &d))
        return wrong(e, "an access list in it is damaged");
    *out = d;
    return true;
}

/* ---- writing ---- */

static void put_sid(struct buf *out, const struct sid *sid)
{
    char head[SID_HEADER_BYTES] = {1, (char)sid->count};

    for (size_t i = 0; i < 6; i++)
        head[2 + i] = (char)(sid->authority >> (40 - 8 * i) & 0xff);
    buf_add(out, head, sizeof head);
    for (size_t i = 0; i < sid->count; i++)
        put32(out, sid->sub[i]);
}

static size_t ace_bytes(const struct ace *ace)
{
    return ace->opaque.p ? ace->opaque.n : ACE_HEADER_BYTES + SID_HEADER_BYTES + (size_t)ace->sid.count * 4;
}

static void put_ace(struct buf *out, const struct ace *ace)
{
    const char head[2] = {(char)ace->type, (char)ace->flags};

    if (ace->opaque.p) {
        buf_str(out, ace->opaque);
        return;
    }
    buf_add(out, head, sizeof head);
    put16(out, (uint32_t)ace_bytes(ace));
    put32(out, ace->mask);
    put_sid(out, &ace->sid);
}

/* Entries with object types need revision 4 (MS-DTYP 2.4.5). */
static bool has_object_type(const struct acl *acl)
{
    for (size_t i = 0; i < acl->n; i++) {
        uint8_t type = acl->v[i].type;
        if ((type >= 5 && type <= 8) || type == 0xb || type == 0xc || type == 0xf || type == 0x10)
            return true;
    }
    return false;
}

static bool put_acl(struct buf *out, const struct acl *acl)
{
    const char revision[2] = {has_object_type(acl) ? 4 : 2, 0};
    size_t size = ACL_HEADER_BYTES;

    for (size_t i = 0; i < acl->n; i++) {
        if (!acl->v[i].opaque.p && acl->v[i].sid.count > SID_SUB_MAX)
            return false;
        size = size_add(size, ace_bytes(&acl->v[i]));
    }
    if (size > ACL_BYTES_MAX)
        return false;
    buf_add(out, revision, sizeof revision);
    put16(out, (uint32_t)size);
    put16(out, (uint32_t)acl->n);
    put16(out, 0);
    for (size_t i = 0; i < acl->n; i++)
        put_ace(out, &acl->v[i]);
    return true;
}

static uint32_t control_of(const struct descriptor *d)
{
    uint32_t control = SELF_RELATIVE;

    if (d->has_dacl || d->null_dacl)
        control |= DACL_PRESENT | (d->dacl_protected ? DACL_PROTECTED : 0u) |
                   (d->dacl_auto_inherited ? DACL_AUTO_INHERITED : 0u);
    if (d->has_sacl)
        control |= SACL_PRESENT | (d->sacl_protected ? SACL_PROTECTED : 0u) |
                   (d->sacl_auto_inherited ? SACL_AUTO_INHERITED : 0u);
    return control;
}

static void set32(struct buf *b, size_t at, size_t n)
{
    for (size_t i = 0; i < 4; i++)
        b->p[at + i] = (char)(n >> (8 * i) & 0xff);
}

bool descriptor_encode(const struct descriptor *d, struct buf *out)
{
    const char revision[2] = {1, 0};
    struct buf b = {0};
    bool good = true;

    buf_add(&b, revision, sizeof revision);
    put16(&b, control_of(d));
    for (size_t i = 0; i < 4; i++)
        put32(&b, 0);
    if (d->has_owner) {
        set32(&b, 4, b.n);
        put_sid(&b, &d->owner);
    }
    if (d->has_group) {
        set32(&b, 8, b.n);
        put_sid(&b, &d->group);
    }
    if (d->has_sacl) {
        set32(&b, 12, b.n);
        good = put_acl(&b, &d->sacl);
    }
    if (good && d->has_dacl) {
        set32(&b, 16, b.n);
        good = put_acl(&b, &d->dacl);
    }
    good = good && d->owner.count <= SID_SUB_MAX && d->group.count <= SID_SUB_MAX && !b.overflowed;
    if (good)
        buf_str(out, buf_view(&b));
    buf_release(&b);
    return good;
}

/* ---- places in a DACL ---- */

bool ace_same(const struct ace *x, const struct ace *y)
{
    if (x->opaque.p || y->opaque.p)
        return x->opaque.p && y->opaque.p && str_eq(x->opaque, y->opaque);
    return x->type == y->type && x->flags == y->flags && x->mask == y->mask && sid_same(&x->sid, &y->sid);
}

/* Deny, object deny, callback deny, callback object deny: MS-DTYP 2.4.4.1. */
static bool refuses(uint8_t type)
{
    return type == ACE_DENY || type == 6 || type == 0xa || type == 0xc;
}

enum place { PLACE_DENY, PLACE_ALLOW, PLACE_INHERITED };

static enum place place_of(const struct ace *ace)
{
    if (ace->flags & ACE_INHERITED)
        return PLACE_INHERITED;
    return refuses(ace->type) ? PLACE_DENY : PLACE_ALLOW;
}

bool acl_is_canonical(const struct acl *acl)
{
    for (size_t i = 1; i < acl->n; i++) {
        if (place_of(&acl->v[i]) < place_of(&acl->v[i - 1]))
            return false;
    }
    return true;
}

bool acl_insert(struct arena *a, struct acl *acl, const struct ace *ace)
{
    size_t at = 0;

    if (ace->flags & ACE_INHERITED || !acl_is_canonical(acl))
        return false;
    while (at < acl->n && place_of(&acl->v[at]) <= place_of(ace))
        at++;
    (void)ARENA_PUSH(a, acl);
    memmove(acl->v + at + 1, acl->v + at, (acl->n - 1 - at) * sizeof acl->v[0]);
    acl->v[at] = *ace;
    return true;
}
