/*
 * carry: what becomes of one object's DACL when entries of Cordon's come down to it from the folder above.
 *
 * The inherited part of a list is an image of the folder's list. Where all that is not Cordon's in it is what the folder's list
 * makes of it now, the image is taken whole, in its order. Where it is not (a file that was moved here keeps what it inherited
 * elsewhere), the others' entries stay as they stand, Cordon's deny entries come before them and its allow entries after the last
 * that refuses: never more than the image would give.
 */
#include "walk.h"

#define INHERITS (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT | ACE_INHERIT_ONLY | ACE_NO_PROPAGATE)

struct carry {
    struct arena *a;
    const struct walk_order *order;
    bool folder;
    struct acl image;
};

static bool is_also(const struct carry *c, const struct ace *ace)
{
    for (size_t i = 0; i < c->order->also_count; i++)
        if (!ace->opaque.p && ace->type == c->order->also[i].type && ace->mask == c->order->also[i].mask &&
            sid_same(&ace->sid, &c->order->also[i].sid))
            return true;
    return false;
}

/* About a write SID of a root that this is not in, or that is lost: what was moved or copied here brought it along. */
static bool is_strangers(const struct carry *c, const struct ace *ace)
{
    for (size_t i = 0; i < c->order->stranger_count; i++)
        if (!ace->opaque.p && (ace->type == ACE_ALLOW || ace->type == ACE_DENY) && sid_same(&ace->sid, &c->order->strangers[i]))
            return true;
    return false;
}

static bool is_ours(const struct carry *c, const struct ace *ace)
{
    return acls_is_own(&c->order->own, ace) || is_also(c, ace) || is_strangers(c, ace);
}

static bool is_trusted(const struct carry *c, const struct sid *sid)
{
    for (size_t i = 0; i < c->order->trusted_count; i++)
        if (sid_same(sid, &c->order->trusted[i]))
            return true;
    return false;
}

static void add(struct carry *c, struct acl *acl, const struct ace *ace)
{
    *(struct ace *)ARENA_PUSH(c->a, acl) = *ace;
}

static void select_foreign(struct carry *c, const struct acl *from, struct acl *out)
{
    for (size_t i = 0; i < from->n; i++)
        if (!is_ours(c, &from->v[i]))
            add(c, out, &from->v[i]);
}

static bool same_lists(const struct acl *x, const struct acl *y)
{
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!ace_same(&x->v[i], &y->v[i]))
            return false;
    return true;
}

/* ---- what is inherited ---- */

static void inherited_part(struct carry *c, const struct acl *before, struct acl *out)
{
    struct acl others = {0}, wanted = {0};
    size_t last = 0;

    select_foreign(c, before, &others);
    select_foreign(c, &c->image, &wanted);
    if (same_lists(&others, &wanted)) {
        *out = c->image;
        return;
    }
    for (size_t i = 0; i < others.n; i++)
        if (others.v[i].type != ACE_ALLOW) /* or of a kind that may refuse */
            last = i + 1;
    for (size_t i = 0; i < c->image.n; i++)
        if (is_ours(c, &c->image.v[i]) && c->image.v[i].type == ACE_DENY)
            add(c, out, &c->image.v[i]);
    for (size_t i = 0; i < last; i++)
        add(c, out, &others.v[i]);
    for (size_t i = 0; i < c->image.n; i++)
        if (is_ours(c, &c->image.v[i]) && c->image.v[i].type != ACE_DENY)
            add(c, out, &c->image.v[i]);
    for (size_t i = last; i < others.n; i++)
        add(c, out, &others.v[i]);
}

/* ---- what refuses ---- */

/* Does the image mean this deny entry, or does a nearer folder (a writable root in a protected one) allow it again first? */
static bool is_meant(const struct carry *c, size_t number)
{
    const struct ace *deny = &c->image.v[number];

    if (deny->type != ACE_DENY || !is_ours(c, deny))
        return false;
    for (size_t i = 0; i < number; i++)
        if (c->image.v[i].type == ACE_ALLOW && c->image.v[i].mask & deny->mask && acls_is_own(&c->order->own, &c->image.v[i]))
            return false;
    return true;
}

/* An allow entry of the object's own stands before all that is inherited. */
static bool is_gone_around(const struct carry *c, const struct acl *explicit_, const struct ace *deny)
{
    for (size_t i = 0; i < explicit_->n; i++) {
        const struct ace *ace = &explicit_->v[i];
        bool counts = !is_trusted(c, &ace->sid) || sid_same(&ace->sid, &deny->sid);
        if (ace->opaque.p || (ace->type == ACE_ALLOW && access_map(&access_file, ace->mask) & deny->mask && counts))
            return true;
    }
    return false;
}

/* A writable root in what is refused above it: an op put its entries there, and they are meant. */
static bool is_root_of_its_own(const struct carry *c, const struct acl *explicit_)
{
    for (size_t i = 0; i < explicit_->n; i++)
        if (explicit_->v[i].type == ACE_ALLOW && explicit_->v[i].mask & NT_FILE_WRITE_DATA &&
            acls_is_own(&c->order->own, &explicit_->v[i]))
            return true;
    return false;
}

static bool put_denies(struct carry *c, bool inherits, struct acl *explicit_)
{
    for (size_t i = 0; i < c->image.n; i++) {
        struct ace ace = c->image.v[i];
        bool there = false;
        if (!is_meant(c, i) || (inherits && !is_gone_around(c, explicit_, &ace)))
            continue;
        ace.flags &= (uint8_t)~ACE_INHERITED;
        if (!c->folder)
            ace.flags &= (uint8_t)~INHERITS;
        for (size_t j = 0; j < explicit_->n && !there; j++)
            there = ace_same(&explicit_->v[j], &ace);
        if (!there && !acl_insert(c->a, explicit_, &ace))
            return false;
    }
    return true;
}

/* ---- what was put here before ---- */

static bool is_of_write_sid(const struct carry *c, const struct ace *ace)
{
    for (size_t i = 0; i < c->order->own.write_count; i++)
        if (!ace->opaque.p && sid_same(&ace->sid, &c->order->own.write[i]))
            return true;
    return false;
}

/* Put beside one another: on what is secret the group's refuses more, and the person's own is about names alone. */
static bool are_twins(const struct carry *c, const struct ace *ace, const struct ace *other)
{
    if (other->flags & ACE_INHERITED || !(is_of_write_sid(c, other) || is_strangers(c, other)) || other->type != ace->type)
        return false;
    if (!acls_is_own(&c->order->own, ace))
        return ace->type == ACE_DENY && is_also(c, ace);
    return other->flags == ace->flags && (other->mask == ace->mask || (ace->mask == ACLS_SECRET && other->mask == ACLS_DENY));
}

/* An entry about the group, or the person, goes with its twin about a write SID of this root; alone it may be another root's. */
static bool is_old(const struct carry *c, const struct acl *list, const struct ace *ace)
{
    if (ace->flags & ACE_INHERITED)
        return false;
    if (is_of_write_sid(c, ace) || is_strangers(c, ace))
        return true;
    for (size_t i = 0; i < list->n; i++)
        if (are_twins(c, ace, &list->v[i]))
            return true;
    return false;
}

static bool fits(const struct descriptor *d)
{
    struct buf trial = {.ceiling = DESCRIPTOR_BYTES_MAX};
    bool good = descriptor_encode(d, &trial) && !trial.overflowed;

    buf_release(&trial);
    return good;
}

enum acls_edit walk_carry(struct arena *a, const struct walk_order *order, const struct descriptor *parent, bool folder, bool kept,
    struct descriptor *d, bool *denies, enum walk_why *why)
{
    struct carry c = {.a = a, .order = order, .folder = folder};
    struct acl explicit_ = {0}, before = {0}, inherited = {0};
    struct descriptor image, changed = *d;
    static const struct sid nobody;

    descriptor_inherit(a, parent, NULL, folder, d->has_owner ? &d->owner : &nobody, d->has_group ? &d->group : &nobody, NULL, &image);
    for (size_t i = 0; i < image.dacl.n; i++)
        if (!is_strangers(&c, &image.dacl.v[i]))
            add(&c, &c.image, &image.dacl.v[i]);
    *denies = false;
    for (size_t i = 0; i < c.image.n; i++)
        *denies = *denies || is_meant(&c, i);
    *why = WALK_ODD_LIST;
    if (!d->has_dacl || !acl_is_canonical(&d->dacl))
        return EDIT_REFUSED;
    for (size_t i = 0; i < d->dacl.n; i++) {
        const struct ace *ace = &d->dacl.v[i];
        if (ace->flags & ACE_INHERITED)
            add(&c, &before, ace);
        else if (kept || !order->take_old || !is_old(&c, &d->dacl, ace))
            add(&c, &explicit_, ace);
    }
    if (!(kept && is_root_of_its_own(&c, &explicit_)) && !put_denies(&c, !d->dacl_protected, &explicit_))
        return EDIT_REFUSED;
    if (d->dacl_protected)
        inherited = before;
    else
        inherited_part(&c, &before, &inherited);
    changed.dacl = explicit_;
    for (size_t i = 0; i < inherited.n; i++)
        add(&c, &changed.dacl, &inherited.v[i]);
    if (same_lists(&changed.dacl, &d->dacl))
        return EDIT_SAME;
    if (!d->dacl_protected)
        changed.dacl_auto_inherited = true;
    *why = WALK_FULL;
    if (!fits(&changed))
        return EDIT_REFUSED;
    *d = changed;
    return EDIT_CHANGED;
}
