/*
 * inherit: the descriptor of a new child of a folder (MS-DTYP 2.5.3.4: CreateSecurityDescriptor, ComputeACL and what they
 * call), for the case that file systems and the registry are in: automatic inheritance, no object types.
 *
 * Where the parent's list has no entry for such a child, and the creator asked for none, the creator's default DACL is used.
 * Generic rights are mapped as those of a file, which is the only kind of object that Cordon creates under a parent's list.
 */
#include "access.h"

#define INHERITANCE (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT | ACE_NO_PROPAGATE | ACE_INHERIT_ONLY)
#define GENERIC     (NT_GENERIC_ALL | NT_GENERIC_EXECUTE | NT_GENERIC_WRITE | NT_GENERIC_READ)

struct child {
    struct arena *a;
    bool container;
    const struct sid *owner, *group;
};

static bool is_sid(const struct sid *sid, const char *text)
{
    struct sid other;

    return sid_parse(str_from(text), &other) && sid_same(sid, &other);
}

/* Does the entry mean something else at the child than its text: a placeholder SID, or generic rights? */
static bool is_placeholder(const struct ace *ace)
{
    return ace->mask & GENERIC || is_sid(&ace->sid, SID_CREATOR_OWNER) || is_sid(&ace->sid, SID_CREATOR_GROUP);
}

static void push(struct child *c, struct acl *out, struct ace ace)
{
    if (ace.opaque.p) { /* its flags are in its bytes */
        char *bytes = arena_alloc(c->a, ace.opaque.n, 1);
        for (size_t i = 0; i < ace.opaque.n; i++)
            bytes[i] = ace.opaque.p[i];
        bytes[1] = (char)ace.flags;
        ace.opaque.p = bytes;
    }
    *(struct ace *)ARENA_PUSH(c->a, out) = ace;
}

/* What the entry is at this very object. The mask of a label is no set of rights. */
static struct ace made_real(const struct child *c, struct ace ace)
{
    if (ace.opaque.p || ace.type == ACE_LABEL)
        return ace;
    ace.mask = access_map(&access_file, ace.mask);
    if (is_sid(&ace.sid, SID_CREATOR_OWNER))
        ace.sid = *c->owner;
    else if (is_sid(&ace.sid, SID_CREATOR_GROUP))
        ace.sid = *c->group;
    return ace;
}

/* An entry that holds here and goes on below: one, or two where here it means something else than what is handed on. */
static void push_effective(struct child *c, struct acl *out, struct ace ace)
{
    uint8_t on = ace.flags & (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT | ACE_NO_PROPAGATE);
    struct ace here = made_real(c, ace);
    bool splits = on && !ace.opaque.p && ace.type != ACE_LABEL && is_placeholder(&ace);

    here.flags = (uint8_t)(ace.flags & ~INHERITANCE);
    if (!splits)
        here.flags |= on;
    push(c, out, here);
    if (splits) {
        ace.flags = (uint8_t)((ace.flags & ~INHERITANCE) | on | ACE_INHERIT_ONLY);
        push(c, out, ace);
    }
}

/* One entry of the parent's (ComputeInheritedACLFromParent). */
static void inherit_one(struct child *c, struct acl *out, struct ace ace)
{
    bool objects = ace.flags & ACE_OBJECT_INHERIT, containers = ace.flags & ACE_CONTAINER_INHERIT;

    if (c->container ? !objects && !containers : !objects)
        return;
    if (ace.flags & ACE_NO_PROPAGATE) {
        if (c->container && !containers)
            return;
        ace.flags &= (uint8_t)~INHERITANCE;
    } else if (c->container && !containers) {
        ace.flags = (uint8_t)((ace.flags & ~INHERITANCE) | ACE_OBJECT_INHERIT | ACE_INHERIT_ONLY | ACE_INHERITED);
        push(c, out, ace);
        return;
    } else if (c->container) {
        ace.flags &= (uint8_t)~ACE_INHERIT_ONLY;
    } else {
        ace.flags &= (uint8_t)~INHERITANCE;
    }
    ace.flags |= ACE_INHERITED;
    push_effective(c, out, ace);
}

static bool is_inherited_by(const struct child *c, const struct acl *parent)
{
    struct acl trial = {0};
    struct child quiet = *c;

    for (size_t i = 0; i < parent->n && trial.n == 0; i++)
        inherit_one(&quiet, &trial, parent->v[i]);
    return trial.n > 0;
}

/* What the creator asked for, without what it says was inherited elsewhere (PreProcessACLfromCreator, PostProcessACL). */
static void take_explicit(struct child *c, struct acl *out, const struct acl *asked)
{
    for (size_t i = 0; i < asked->n; i++) {
        struct ace ace = asked->v[i];
        if (ace.flags & ACE_INHERITED)
            continue;
        if (ace.flags & ACE_INHERIT_ONLY || !c->container) {
            bool only = ace.flags & ACE_INHERIT_ONLY;
            if (!only)
                ace = made_real(c, ace);
            push(c, out, ace);
        } else {
            push_effective(c, out, ace);
        }
    }
}

static void compute_acl(struct child *c, const struct acl *parent, const struct acl *asked, bool is_protected,
    const struct acl *otherwise, struct acl *out)
{
    bool inherits = is_inherited_by(c, parent);

    if (asked) {
        take_explicit(c, out, asked);
        if (is_protected)
            return;
    }
    if (inherits) {
        for (size_t i = 0; i < parent->n; i++)
            inherit_one(c, out, parent->v[i]);
    } else if (!asked && otherwise) {
        take_explicit(c, out, otherwise);
    }
}

void descriptor_inherit(struct arena *a, const struct descriptor *parent, const struct descriptor *explicit_, bool container,
    const struct sid *owner, const struct sid *group, const struct acl *default_dacl, struct descriptor *out)
{
    struct descriptor d = {.has_owner = true, .has_group = true, .owner = *owner, .group = *group};
    bool asks_dacl = explicit_ && (explicit_->has_dacl || explicit_->null_dacl);
    bool asks_sacl = explicit_ && explicit_->has_sacl;
    static const struct acl none;
    struct child c = {.a = a, .container = container};

    if (explicit_ && explicit_->has_owner)
        d.owner = explicit_->owner;
    if (explicit_ && explicit_->has_group)
        d.group = explicit_->group;
    c.owner = &d.owner;
    c.group = &d.group;
    if (asks_dacl && explicit_->null_dacl) {
        d.null_dacl = true;
    } else {
        d.dacl_protected = asks_dacl && explicit_->dacl_protected;
        d.has_dacl = asks_dacl || is_inherited_by(&c, &parent->dacl) || default_dacl;
        d.dacl_auto_inherited = d.has_dacl;
        compute_acl(&c, &parent->dacl, asks_dacl ? &explicit_->dacl : NULL, d.dacl_protected, default_dacl, &d.dacl);
    }
    d.sacl_protected = asks_sacl && explicit_->sacl_protected;
    compute_acl(&c, parent->has_sacl ? &parent->sacl : &none, asks_sacl ? &explicit_->sacl : NULL, d.sacl_protected, NULL,
        &d.sacl);
    d.has_sacl = asks_sacl || d.sacl.n > 0;
    d.sacl_auto_inherited = d.has_sacl;
    *out = d;
}
