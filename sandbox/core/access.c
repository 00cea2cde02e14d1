/*
 * access: the access check. See access.h for the contract; the words of a verdict are in access_text.c.
 *
 * One pass (pass_run) goes over the DACL once, with one list of SIDs, and decides every right there is: the first entry that
 * holds here, matches, and names a right decides that right (MS-DTYP 2.5.3.2; Win32, "Order of ACEs in a DACL"). Deciding all
 * rights, and not those that were asked for alone, answers MAXIMUM_ALLOWED by the same walk. The first pass is a run over user
 * and groups, the second a run of the same function over the restricting SIDs (Win32, "Restricted Tokens").
 */
#include "access.h"

const struct access_mapping access_file = {
    NT_FILE_GENERIC_READ, NT_FILE_GENERIC_WRITE, NT_FILE_GENERIC_EXECUTE, NT_FILE_ALL_ACCESS};
const struct access_mapping access_registry_key = {0x00020019, 0x00020006, 0x00020019, 0x000f003f};
/* Process Security and Access Rights; Windows Vista and later. */
const struct access_mapping access_process = {0x00020410, 0x00020bea, 0x00121001, 0x001fffff};

#define GENERIC (NT_GENERIC_ALL | NT_GENERIC_EXECUTE | NT_GENERIC_WRITE | NT_GENERIC_READ)

uint32_t access_map(const struct access_mapping *mapping, uint32_t rights)
{
    uint32_t out = rights & ~GENERIC;

    if (rights & NT_GENERIC_READ)
        out |= mapping->read;
    if (rights & NT_GENERIC_WRITE)
        out |= mapping->write;
    if (rights & NT_GENERIC_EXECUTE)
        out |= mapping->execute;
    if (rights & NT_GENERIC_ALL)
        out |= mapping->all;
    return out;
}

uint32_t access_writes(const struct access_mapping *mapping)
{
    return ACCESS_WRITES_ANYWHERE | (mapping->write & ~(mapping->read | mapping->execute));
}

/* ---- who asks ---- */

/* One list of SIDs that a pass is run over. */
struct identity {
    const struct sid *user; /* NULL in the second pass */
    bool user_deny_only;
    const struct token_group *groups;
    size_t group_count;
    const struct sid *all; /* matched by every entry, whatever its type: the restricting SIDs have no flags */
    size_t all_count;
};

static struct identity first_pass_of(const struct token *t)
{
    return (struct identity){
        .user = &t->user, .user_deny_only = t->user_deny_only, .groups = t->groups, .group_count = t->group_count};
}

static struct identity second_pass_of(const struct token *t)
{
    return (struct identity){.all = t->restricting, .all_count = t->restricting_count};
}

/* Win32, "SID Attributes in an Access Token": a group that is only for denying matches entries that refuse, and a disabled
 * one matches none. */
static bool holds(const struct identity *who, const struct sid *sid, bool refusing)
{
    if (who->user && sid_same(who->user, sid) && (refusing || !who->user_deny_only))
        return true;
    for (size_t i = 0; i < who->group_count; i++) {
        unsigned flags = who->groups[i].flags;
        bool counts = flags & GROUP_DENY_ONLY ? refusing : (flags & GROUP_ENABLED) != 0;
        if (counts && sid_same(&who->groups[i].sid, sid))
            return true;
    }
    for (size_t i = 0; i < who->all_count; i++) {
        if (sid_same(&who->all[i], sid))
            return true;
    }
    return false;
}

/* ---- one pass ---- */

struct pass {
    uint32_t allowed; /* of all rights */
    uint32_t unknown; /* what an entry that cannot be evaluated could have decided otherwise */
};

static bool is_owner_rights(const struct sid *sid)
{
    return sid->count == 1 && sid->authority == 3 && sid->sub[0] == 4;
}

static bool has_owner_rights(const struct acl *dacl)
{
    for (size_t i = 0; i < dacl->n; i++) {
        const struct ace *ace = &dacl->v[i];
        if (!ace->opaque.p && !(ace->flags & ACE_INHERIT_ONLY) && is_owner_rights(&ace->sid))
            return true;
    }
    return false;
}

/* OWNER RIGHTS stands for whoever owns the object (MS-DTYP 2.4.2.4, S-1-3-4). */
static bool matches(const struct identity *who, const struct descriptor *d, const struct ace *ace)
{
    bool refusing = ace->type == ACE_DENY;

    if (is_owner_rights(&ace->sid))
        return d->has_owner && holds(who, &d->owner, refusing);
    return holds(who, &ace->sid, refusing);
}

static struct pass pass_run(const struct identity *who, const struct descriptor *d, const struct access_mapping *mapping)
{
    struct pass p = {0};
    uint32_t decided = 0;

    if (!d->has_dacl) /* none, or NULL: nobody is refused anything (Win32, "Null DACLs and Empty DACLs") */
        return (struct pass){.allowed = ~NT_ACCESS_SYSTEM_SECURITY};
    /* The owner reads and writes the DACL whatever it says, denying entries included, unless it says what an owner may. */
    if (d->has_owner && holds(who, &d->owner, false) && !has_owner_rights(&d->dacl))
        p.allowed = decided = NT_READ_CONTROL | NT_WRITE_DAC;
    for (size_t i = 0; i < d->dacl.n; i++) {
        const struct ace *ace = &d->dacl.v[i];
        uint32_t mask = access_map(mapping, ace->mask) & ~decided;
        if (ace->flags & ACE_INHERIT_ONLY)
            continue;
        if (ace->opaque.p || (ace->type != ACE_ALLOW && ace->type != ACE_DENY)) {
            p.unknown |= mask | (ace->opaque.p ? NT_READ_CONTROL | NT_WRITE_DAC : 0u); /* it could be one of OWNER RIGHTS */
        } else if (matches(who, d, ace)) {
            decided |= mask;
            if (ace->type == ACE_ALLOW)
                p.allowed |= mask;
        }
    }
    p.allowed &= ~NT_ACCESS_SYSTEM_SECURITY; /* by the privilege alone */
    return p;
}

/* The entry that refused the first of these rights, by the same walk; NULL when none did and none grants it. */
static const struct ace *decider(const struct identity *who, const struct descriptor *d, const struct access_mapping *mapping,
    uint32_t missing, size_t *number)
{
    for (size_t i = 0; d->has_dacl && i < d->dacl.n; i++) {
        const struct ace *ace = &d->dacl.v[i];
        if (ace->opaque.p || ace->flags & ACE_INHERIT_ONLY || !(access_map(mapping, ace->mask) & missing))
            continue;
        if (ace->type == ACE_DENY && matches(who, d, ace)) {
            *number = i;
            return ace;
        }
    }
    return NULL;
}

/* ---- what stands before the passes ---- */

#define LABEL_NO_WRITE_UP   1u
#define LABEL_NO_READ_UP    2u
#define LABEL_NO_EXECUTE_UP 4u
#define INTEGRITY_MEDIUM    0x2000u

/* The rights that the mandatory label leaves to a token below it (MS-DTYP 2.5.3.3, Mandatory Integrity Check). An object
 * without a label has that of medium, no write up. */
static uint32_t label_leaves(const struct token *t, const struct descriptor *d, const struct access_mapping *mapping)
{
    uint32_t level = INTEGRITY_MEDIUM, policy = LABEL_NO_WRITE_UP, left = NT_ACCESS_SYSTEM_SECURITY;

    for (size_t i = 0; d->has_sacl && i < d->sacl.n; i++) {
        const struct ace *ace = &d->sacl.v[i];
        if (ace->type != ACE_LABEL || ace->opaque.p || ace->flags & ACE_INHERIT_ONLY || ace->sid.count == 0)
            continue;
        level = ace->sid.sub[ace->sid.count - 1];
        policy = ace->mask;
        break;
    }
    if (t->integrity == 0 || t->integrity >= level)
        return UINT32_MAX;
    if (!(policy & LABEL_NO_READ_UP))
        left |= mapping->read;
    if (!(policy & LABEL_NO_WRITE_UP))
        left |= mapping->write | ACCESS_WRITES_ANYWHERE;
    if (!(policy & LABEL_NO_EXECUTE_UP))
        left |= mapping->execute;
    return left;
}

/* Kinds of entry in a SACL that can refuse and are not evaluated here: scoped policy, process trust label, access filter. */
static bool sacl_may_refuse(const struct descriptor *d)
{
    for (size_t i = 0; d->has_sacl && i < d->sacl.n; i++) {
        uint8_t type = d->sacl.v[i].type;
        if (type == 0x13 || type == 0x14 || type == 0x15 || (type == ACE_LABEL && d->sacl.v[i].opaque.p))
            return true;
    }
    return false;
}

/* Win32, "Privilege Constants": what a privilege gives whatever the DACL says. */
static uint32_t by_privilege(const struct token *t)
{
    uint32_t rights = 0;

    if (t->security)
        rights |= NT_ACCESS_SYSTEM_SECURITY;
    if (t->take_ownership)
        rights |= NT_WRITE_OWNER;
    if (t->backup)
        rights |= NT_READ_CONTROL | NT_ACCESS_SYSTEM_SECURITY | NT_FILE_GENERIC_READ | NT_FILE_EXECUTE;
    if (t->restore)
        rights |= NT_WRITE_DAC | NT_WRITE_OWNER | NT_ACCESS_SYSTEM_SECURITY | NT_FILE_GENERIC_WRITE | NT_DELETE;
    return rights;
}

/* ---- all of it ---- */

struct check {
    const struct descriptor *d;
    const struct access_mapping *mapping;
    uint32_t wanted; /* mapped */
};

/* Those of the rights that are refused here become what is missing; the first that refuses anything names the pass. */
static void refuse(const struct check *c, const struct identity *who, enum access_pass pass, uint32_t refused,
    struct access_result *out)
{
    if (!refused)
        return;
    out->missing |= refused;
    if (out->pass != PASS_NONE)
        return;
    out->pass = pass;
    out->ace = who ? decider(who, c->d, c->mapping, refused, &out->ace_number) : NULL;
}

/* What the second pass would give if the owner had nothing by being the owner. */
static uint32_t by_entries_alone(const struct identity *who, const struct check *c)
{
    struct descriptor d = *c->d;

    d.has_owner = false;
    return pass_run(who, &d, c->mapping).allowed;
}

/* one, two: what the passes allow; wanted: without what a privilege gives. What GENERIC_READ and GENERIC_EXECUTE mean is not writing,
 * and what GENERIC_WRITE means beyond that is, by the words of CreateRestrictedToken; of other rights it says nothing. */
static unsigned unproven_of(const struct check *c, const struct token *t, uint32_t wanted, uint32_t one, uint32_t two)
{
    struct identity first = first_pass_of(t), second = second_pass_of(t);
    uint32_t both = t->write_restricted ? access_writes(c->mapping) : UINT32_MAX, owned = 0;
    unsigned out = 0;

    if (!t->restricting_count)
        return 0;
    if (t->write_restricted && wanted & one & ~two & ~(c->mapping->read | c->mapping->execute | c->mapping->write))
        out |= UNPROVEN_SCOPE;
    if (!c->d->has_dacl && wanted & both)
        out |= UNPROVEN_NULL;
    if (c->d->has_dacl && c->d->has_owner) {
        owned = two ^ by_entries_alone(&second, c);
        if (holds(&first, &c->d->owner, false) && !has_owner_rights(&c->d->dacl))
            owned |= (NT_READ_CONTROL | NT_WRITE_DAC) & ~two;
        if (wanted & both & one & owned)
            out |= UNPROVEN_OWNER;
    }
    return out;
}

static void run_passes(const struct check *c, const struct token *t, uint32_t exempt, struct access_result *out)
{
    struct identity first = first_pass_of(t), second = second_pass_of(t);
    uint32_t leaves = label_leaves(t, c->d, c->mapping);
    uint32_t both = t->write_restricted ? access_writes(c->mapping) : UINT32_MAX;
    struct pass one = pass_run(&first, c->d, c->mapping);
    struct pass two = {.allowed = UINT32_MAX};

    refuse(c, NULL, PASS_LABEL, c->wanted & ~leaves, out);
    refuse(c, NULL, PASS_PRIVILEGE, c->wanted & NT_ACCESS_SYSTEM_SECURITY & ~exempt, out);
    refuse(c, &first, PASS_IDENTITY, c->wanted & ~(exempt | one.allowed), out);
    if (t->restricting_count) {
        two = pass_run(&second, c->d, c->mapping);
        refuse(c, &second, PASS_RESTRICTED, c->wanted & both & ~(exempt | two.allowed), out);
    }
    out->known = !(c->wanted & ~exempt & (one.unknown | (t->restricting_count ? two.unknown & both : 0))) &&
                 !sacl_may_refuse(c->d);
    out->unproven = unproven_of(c, t, c->wanted & ~exempt, one.allowed, two.allowed) | (leaves != UINT32_MAX ? UNPROVEN_LABEL : 0u) |
                    ((t->backup || t->restore) && c->wanted & exempt & ~one.allowed ? UNPROVEN_INTENT : 0u);
}

/* Privileges count for MAXIMUM_ALLOWED only where the right that they give was named (SeAccessCheck). */
static void check_most(const struct check *asked, const struct token *t, uint32_t exempt, struct access_result *out)
{
    struct access_result most = {0};
    struct check c = *asked;

    if (!t->backup && !t->restore)
        exempt &= asked->wanted;
    c.wanted |= c.mapping->all;
    run_passes(&c, t, exempt, &most);
    out->rights = asked->wanted | (c.wanted & ~most.missing);
    out->known = most.known;
    out->unproven |= most.unproven;
    out->granted = !out->missing && out->rights; /* a right that was named is refused, or nothing at all is left */
    if (!out->rights)
        out->pass = most.pass;
}

void access_check(const struct token *t, const struct descriptor *d, const struct access_mapping *mapping, uint32_t desired,
    struct access_result *out)
{
    struct check c = {d, mapping, access_map(mapping, desired) & ~NT_MAXIMUM_ALLOWED};
    uint32_t exempt = by_privilege(t);

    *out = (struct access_result){.rights = c.wanted};
    run_passes(&c, t, exempt, out);
    out->granted = !out->missing && c.wanted;
    if (desired & NT_MAXIMUM_ALLOWED)
        check_most(&c, t, exempt, out);
}
