/*
 * acls_edit: what one op does to a descriptor, which entries are Cordon's, and which steps open something up.
 */
#include "acls.h"

#define BELOW (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT | ACE_INHERIT_ONLY | ACE_NO_PROPAGATE)

static enum acls_edit refuse(struct err *e, const struct op *op, const char *reason)
{
    err_set(e, ERR_UNSUPPORTED, "the permissions cannot be changed safely");
    err_subject(e, op->path);
    err_reason(e, "%s", reason);
    return EDIT_REFUSED;
}

/* The entry that says the very same, explicit as it is or inherited; SIZE_MAX: none. */
static size_t find(const struct acl *acl, const struct ace *ace)
{
    for (size_t i = 0; i < acl->n; i++)
        if (ace_same(&acl->v[i], ace))
            return i;
    return SIZE_MAX;
}

static bool fits(const struct descriptor *d)
{
    struct buf trial = {.ceiling = DESCRIPTOR_BYTES_MAX};
    bool good = descriptor_encode(d, &trial) && !trial.overflowed;

    buf_release(&trial);
    return good;
}

enum acls_edit acls_apply(struct arena *a, const struct op *op, bool folder, struct descriptor *d, struct err *e)
{
    struct acl list = {0};
    struct descriptor changed = *d;
    struct ace ace;
    size_t at;

    if (op->kind != OP_ACE || !sddl_parse_ace(a, op->text, &ace, e))
        return EDIT_REFUSED;
    if (!folder && ace.flags & ACE_INHERIT_ONLY) /* of no use to a file */
        return EDIT_SAME;
    if (!folder)
        ace.flags &= (uint8_t)~BELOW;
    if (!d->has_dacl)
        return refuse(e, op, "there is no list of permissions: everybody may do everything");
    at = find(&d->dacl, &ace);
    if ((at != SIZE_MAX) == (op->number == ACE_PUT))
        return EDIT_SAME;
    for (size_t i = 0; i < d->dacl.n; i++)
        if (i != at)
            *(struct ace *)ARENA_PUSH(a, &list) = d->dacl.v[i];
    if (op->number == ACE_PUT && !acl_insert(a, &list, &ace))
        return refuse(e, op, "its list of permissions is not in the order that Windows keeps, so that an entry would not mean what it says");
    changed.dacl = list;
    if (!fits(&changed))
        return refuse(e, op, "its list of permissions is full");
    *d = changed;
    return EDIT_CHANGED;
}

bool acls_is_own(const struct acls_own *own, const struct ace *ace)
{
    if (ace->opaque.p || (ace->type != ACE_ALLOW && ace->type != ACE_DENY))
        return false;
    if (own->group.authority && sid_same(&ace->sid, &own->group))
        return true;
    for (size_t i = 0; i < own->write_count; i++)
        if (sid_same(&ace->sid, &own->write[i]))
            return true;
    return false;
}

/* ---- comparing plans ---- */

/* Does a root of the plan still reach there? */
static bool is_in_root(const struct plan *plan, struct str path)
{
    static const struct path_env env = {.system = PATH_WINDOWS};

    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == OP_RESTRICT && plan->v[i].path.n > 0 && path_is_under(&env, plan->v[i].path, path))
            return true;
    return false;
}

/* Taking away what a lost root was protected by opens nothing: only a root's own identifier writes there. Reading is another
 * matter: that needs none. */
static bool ace_widens(const struct plan *after, const struct plan_change *c)
{
    bool allows = str_starts(c->op->text, STR("(A;")), reads = false;

    if (c->op->number == ACE_TAKE)
        return c->added && !allows;
    for (size_t at = 0; at < c->op->text.n; at = str_find(c->op->text, at + 1, ';'))
        reads = reads || str_starts(str_slice(c->op->text, at, c->op->text.n), STR(";0xd017f;"));
    return allows ? c->added : !c->added && (reads || is_in_root(after, c->op->path));
}

static const struct op *same_limit(const struct plan *plan, const struct op *op)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == OP_JOB && str_eq(plan->v[i].text, op->text))
            return &plan->v[i];
    return NULL;
}

bool acls_widens(const struct plan *before, const struct plan *after, const struct plan_change *c)
{
    const struct op *other;

    switch (c->op->kind) {
    case OP_ACE:
        return ace_widens(after, c);
    case OP_RESTRICT:
        return c->added;
    case OP_GUARD_NAME:
        return !c->added && is_in_root(after, c->op->path);
    case OP_JOB:
        other = same_limit(c->added ? before : after, c->op);
        if (c->added)
            return other && c->op->number > other->number;
        return !other || other->number > c->op->number;
    case OP_OWNER:
        return false;
    default: /* another account, station, token, descriptor: never a step that what runs can be left in */
        return true;
    }
}
