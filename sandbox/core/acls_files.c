/*
 * acls_files: what the rules come to on files: entries on writable roots, on what is protected and secret in them, guards for
 * names that are not there. What refuses comes first, so that nothing is open in between.
 *
 * An entry alone does not keep a thing where it is: who may delete a folder, or remove names from the one above it, renames it
 * away with all that it protects. So every folder from a protected path up to its root is held too.
 */
#include "acls_plan.h"
#include "text.h"

#include <stdio.h>

#define BELOW (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT)

/* For both trustees: the one that the first pass sees, and the one of the second (W8). */
static void deny_entries(struct acls *s, const struct fact *fact, unsigned flags, uint32_t mask, const struct acls_root *root,
    int rule, const char *why)
{
    struct str sids[2] = {s->group, root ? root->sid : (struct str){0}};

    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        struct op *op;
        if (sids[i].n == 0)
            continue;
        op = acls_entry_on(s, fact, false, flags, mask, sids[i], why);
        op->on_failure = FAIL_PARTIAL;
        op->part = STR(PART_NAMES);
        op->rule = rule;
    }
}

/* The second pass is not asked about removing names from a folder (access.h), and without an account the first knows only the
 * person. Who loses nothing: what lies there they may still delete by their right on it. */
static void deny_names(struct acls *s, const struct fact *fact, unsigned flags, const char *why)
{
    struct op *op;

    if (s->account || fact->kind != FACT_FOLDER)
        return;
    op = acls_entry_on(s, fact, false, flags, NT_FILE_DELETE_CHILD, s->w->person_sid, why);
    op->on_failure = FAIL_PARTIAL;
    op->part = STR(PART_NAMES);
}

/* ---- who owns it ---- */

/* Whoever owns an object may change its permissions, whatever they say, until an OWNER RIGHTS entry says otherwise. */
static bool is_accounts_own(struct acls *s, const struct fact *fact)
{
    struct str names[3] = {s->w->offline.sid, s->w->online.sid, s->w->group_sid};
    struct descriptor d;
    struct sid sid;

    if (!acls_seen(s, fact, &d) || !d.has_owner)
        return false;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (sid_parse(names[i], &sid) && sid_same(&sid, &d.owner))
            return true;
    return false;
}

static void mend_owner(struct acls *s, const struct fact *fact)
{
    struct op *op;

    if (!is_accounts_own(s, fact))
        return;
    op = planner_op(s->p, OP_OWNER, fact->path, "whoever owns it could change what follows");
    op->text = s->w->person_sid;
    op->number = OWNER_BY_PERSON;
    planner_identity(op, fact);
}

/* May the person change permissions there? What is not known is tried. */
static bool may_change(struct acls *s, const struct fact *fact)
{
    struct acls person = *s;
    struct access_result r;
    struct descriptor d;
    struct token t;

    if (!acls_seen(s, fact, &d))
        return true;
    person.account = NULL;
    acls_identity(&person, &t);
    access_check(&t, &d, &access_file, NT_WRITE_DAC, &r);
    return r.granted || !r.known;
}

/* ---- roots ---- */

struct str acls_write_sid(const struct acls *s, struct str path)
{
    for (size_t i = 0; i < s->w->write_sid_count; i++)
        if (path_same(s->p->env, s->w->write_sids[i].root, path))
            return s->w->write_sids[i].sid;
    return (struct str){0};
}

static bool volume_fits(struct acls *s, struct str path)
{
    const char *what = "cannot make this folder writable";
    const struct volume_fact *v = acls_volume(s->w, s->p->env, path);
    char reason[200], type[60];

    if (!v)
        return acls_refuse(s, ERR_UNSUPPORTED, what, path, "its volume cannot be looked at", "Name a folder on a local disk.");
    text_printable_into(type, sizeof type, v->type);
    if (v->substituted)
        return acls_refuse(s, ERR_REFUSED, what, path, "its drive stands for a folder (SUBST)",
            "Name the folder that the drive stands for.");
    if (v->remote)
        return acls_refuse(s, ERR_UNSUPPORTED, what, path, "it lies on another machine, whose permissions are not this one's to set",
            "Work in a copy on a local disk.");
    if (!v->acls) {
        snprintf(reason, sizeof reason, "its kind of volume keeps no permissions: %s", type);
        return acls_refuse(s, ERR_UNSUPPORTED, what, path, reason, "Work in a copy on an NTFS or ReFS volume.");
    }
    if (v->removable)
        planner_note(s->p, "%s is on a removable medium: elsewhere its permissions mean other people",
            planner_show(s->p, path).p);
    return true;
}

/* A folder on which the account may delete children: what lies in it is moved away by whoever is inside of anything. Cordon holds the
 * roots of its own session open, so that these stay; other sessions hold others. */
static void tell_of_open_way(struct acls *s, const struct fact *fact)
{
    const struct path_env *env = s->p->env;

    for (struct str path = fact->path; path_depth(env->system, path) > 1;) {
        struct access_result r;
        struct descriptor d;
        struct token t;
        path = arena_str(s->p->a, path_parent(env->system, path));
        if (acls_root_of(s, path) || !acls_seen(s, planner_fact(s->p, path), &d))
            continue;
        acls_token(s, &t);
        access_check(&t, &d, &access_file, NT_FILE_DELETE_CHILD, &r);
        if (!r.granted)
            continue;
        planner_partial(s->p, "%s lets what lies in it be moved away from inside of any session, %s too: its own permissions say so",
            planner_show(s->p, path).p, planner_show(s->p, fact->path).p);
        return;
    }
}

/* What is open to every session of the account, whatever its roots: pass two without a write SID. */
static void tell_of_open_root(struct acls *s, const struct fact *fact)
{
    struct acls other = *s;
    struct descriptor d;
    struct access_result r;
    struct token t;
    struct sid creator;

    if (!acls_seen(s, fact, &d))
        return;
    other.roots.n = 0;
    acls_token(&other, &t);
    access_check(&t, &d, &access_file, NT_FILE_WRITE_DATA, &r);
    if (r.granted)
        planner_partial(s->p, "%s is writable for sessions that do not have it as a root, too: its own permissions say so",
            planner_show(s->p, fact->path).p);
    sid_parse(STR(SID_CREATOR_OWNER), &creator);
    for (size_t i = 0; i < d.dacl.n && s->account; i++) {
        const struct ace *ace = &d.dacl.v[i];
        if (!ace->opaque.p && ace->type == ACE_ALLOW && ace->flags & BELOW && sid_same(&ace->sid, &creator) &&
            access_map(&access_file, ace->mask) & (ACLS_DENY & ~NT_DELETE)) {
            planner_partial(s->p, "what is made in %s is open to all sessions of %.*s: it has a CREATOR OWNER entry",
                planner_show(s->p, fact->path).p, (int)s->account->name.n, s->account->name.p);
            return;
        }
    }
}

static bool temp_fits(struct acls *s, const struct place *place, const struct fact *fact)
{
    if (fact->kind == FACT_FOLDER && !fact->reparse)
        return true;
    return acls_refuse(s, ERR_SYSTEM, "there is no private temporary folder", place->path, "it is no folder", "");
}

static bool add_root(struct acls *s, const struct place *place, bool outdone)
{
    const struct fact *fact = planner_fact(s->p, place->path);
    struct acls_root root = {.place = place, .path = place->path, .sid = acls_write_sid(s, place->path)};
    struct str cloud;

    if (place->kind == PLACE_ROOT && fact->kind == FACT_MISSING)
        return covers_root_missing(s->p, place);
    if (place->kind == PLACE_TEMP ? !temp_fits(s, place, fact) : !covers_root_fits(s->p, place, fact))
        return false;
    if (fact->reparse)
        return acls_refuse(s, ERR_REFUSED, "cannot make this folder writable", place->path,
            "it is a junction, a link, or kept by a cloud service", "Name a plain folder on a local disk.");
    if (!volume_fits(s, place->path))
        return false;
    if (rules_cloud(s->p->env, s->p->host, place->path, &cloud) && s->p->plan->new_network)
        planner_partial(s->p, "offline, but what is written in %s is copied out by the cloud service of %s", planner_show(s->p, place->path).p,
            planner_show(s->p, cloud).p);
    if (outdone) {
        planner_warn(s->p, "%s is both writable and protected by the policy: it stays read-only",
            planner_show(s->p, place->path).p);
        return true;
    }
    if (root.sid.n == 0 && s->tier != TIER_UNENFORCED)
        return acls_refuse(s, ERR_SYSTEM, "cannot make this folder writable", place->path, "it has no write SID", "Run: cordon repair.");
    if (s->tier != TIER_UNENFORCED && !may_change(s, fact) && is_accounts_own(s, fact))
        return acls_refuse(s, ERR_REFUSED, "cannot make this folder writable", place->path,
            "it belongs to the sandbox's own account, and you may not take it", "Run: cordon repair.");
    if (s->tier != TIER_UNENFORCED && !may_change(s, fact)) {
        struct op *op = planner_op(s->p, OP_OWNER, place->path, "you may not change its permissions");
        op->text = s->w->person_sid;
        op->number = OWNER_BY_SETUP;
        op->on_failure = FAIL_SKIP;
        planner_identity(op, fact);
        planner_warn(s->p, "%s stays read-only: you may not change its permissions; cordon repair can give it to you",
            planner_show(s->p, place->path).p);
        return true;
    }
    *(struct acls_root *)ARENA_PUSH(s->p->a, &s->roots) = root;
    return true;
}

static void grant_root(struct acls *s, const struct acls_root *root)
{
    const struct fact *fact = planner_fact(s->p, root->path);
    const char *why = root->place->rule->reason ? root->place->rule->reason : "a writable root";
    struct str sids[2] = {s->group, root->sid};

    if (path_table_get(&s->held, fact->path) == SIZE_MAX)
        mend_owner(s, fact);
    if (s->account) {
        acls_entry_on(s, fact, true, BELOW, NT_READ_CONTROL, STR(SID_OWNER_RIGHTS),
            "what the account owns there is not its to give away")->rule = root->place->rule->id;
        acls_entry_on(s, fact, true, BELOW, NT_FILE_ALL_ACCESS, s->w->person_sid, "you keep all rights, whoever made it");
    }
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        struct op *op;
        if (sids[i].n == 0)
            continue;
        op = acls_entry_on(s, fact, true, BELOW, ACLS_WRITE, sids[i], why);
        op->on_failure = FAIL_SKIP;
        op->rule = root->place->rule->id;
        op = acls_entry_on(s, fact, true, BELOW | ACE_INHERIT_ONLY, NT_DELETE, sids[i], "what lies in it may go, itself not");
        op->on_failure = FAIL_SKIP;
        op->rule = root->place->rule->id;
    }
    tell_of_open_root(s, fact);
    if (s->account)
        tell_of_open_way(s, fact);
}

/* ---- held in place ---- */

static void hold_folder(struct acls *s, const struct fact *fact, const struct acls_root *root)
{
    const char *why = "stays where it is, as something in it is protected";

    if (path_table_get(&s->held, fact->path) != SIZE_MAX)
        return;
    path_table_put(s->p->a, &s->held, fact->path, 0);
    mend_owner(s, fact);
    deny_entries(s, fact, 0, ACLS_HELD, root, 0, why);
    deny_names(s, fact, 0, why);
}

/* Where a SID cannot be read there is no descriptor: this is refused where the name is to be made. */
#define NO_SID "no SID"

static struct str guard_text(struct acls *s, bool folder, uint32_t mask, unsigned flags, const struct acls_root *root)
{
    struct descriptor d = {.has_owner = true, .has_dacl = true};
    struct ace ace = {.type = ACE_DENY, .flags = (uint8_t)(folder ? flags : 0), .mask = mask};

    if (!sid_parse(s->w->person_sid, &d.owner) || (s->group.n > 0 && !sid_parse(s->group, &ace.sid)))
        return STR(NO_SID);
    if (s->group.n > 0)
        *(struct ace *)ARENA_PUSH(s->p->a, &d.dacl) = ace;
    if (!sid_parse(root->sid, &ace.sid))
        return STR(NO_SID);
    *(struct ace *)ARENA_PUSH(s->p->a, &d.dacl) = ace;
    if (!s->account && folder) {
        ace.sid = d.owner;
        ace.mask = NT_FILE_DELETE_CHILD;
        ace.flags &= ACE_CONTAINER_INHERIT;
        *(struct ace *)ARENA_PUSH(s->p->a, &d.dacl) = ace;
    }
    ace = (struct ace){.type = ACE_ALLOW, .flags = folder ? BELOW : 0, .mask = NT_FILE_ALL_ACCESS, .sid = d.owner};
    *(struct ace *)ARENA_PUSH(s->p->a, &d.dacl) = ace;
    return sddl_text(s->p->a, &d);
}

static void guard(struct acls *s, const struct place *place, struct str path, bool folder, uint32_t mask, unsigned flags,
    const struct acls_root *root)
{
    struct op *op;

    if (path_table_get(&s->held, path) != SIZE_MAX)
        return;
    path_table_put(s->p->a, &s->held, path, 0);
    op = planner_op(s->p, OP_GUARD_NAME, path,
        mask == ACLS_HELD ? "the way to a protected name" : place->rule->reason ? place->rule->reason : "protected");
    op->number = !folder;
    op->text = guard_text(s, folder, mask, flags, root);
    if (!folder)
        op->text2 = place->text;
    op->rule = place->rule->id;
    op->on_failure = FAIL_PARTIAL;
    op->part = STR(PART_NAMES);
}

/* The outermost root: one that lies in another could be renamed with all that is in it. */
static struct str outer_root(const struct acls *s, struct str path)
{
    struct str best = path;

    for (size_t i = 0; i < s->roots.n; i++)
        if (path_is_under(s->p->env, s->roots.v[i].path, path) && s->roots.v[i].path.n < best.n)
            best = s->roots.v[i].path;
    return best;
}

/* Is the folder itself to be closed, should it ever be there? Then nothing beneath needs a name of its own. */
static bool is_closed_name(const struct acls *s, struct str folder, const struct place **place)
{
    *place = places_decide(&s->p->places, s->p->env, folder);
    return *place && (*place)->kind == PLACE_PROTECT;
}

enum way {
    WAY_REFUSED,
    WAY_HELD,
    WAY_LACKING, /* accepted as not held: nothing beneath can be */
};

/* Each folder from the outermost root to path, shallow first; those that are not there are made. */
static enum way hold_way(struct acls *s, const struct place *place, struct str path)
{
    const struct path_env *env = s->p->env;
    size_t from = path_depth(env->system, outer_root(s, path)), to = path_depth(env->system, path);

    for (size_t depth = from; depth < to; depth++) {
        struct str folder = path;
        const struct fact *fact;
        const struct acls_root *root;
        const struct place *closed;
        bool missing;
        while (path_depth(env->system, folder) > depth)
            folder = path_parent(env->system, folder);
        folder = arena_str(s->p->a, folder);
        fact = planner_fact(s->p, folder);
        root = acls_root_of(s, folder);
        missing = fact->kind == FACT_MISSING || fact->placeholder;
        if (missing && is_closed_name(s, folder, &closed)) {
            guard(s, closed, folder, true, ACLS_DENY, BELOW, root);
            return WAY_HELD;
        }
        if (missing)
            guard(s, place, folder, true, ACLS_HELD, 0, root);
        else if (fact->kind != FACT_FOLDER || fact->reparse)
            return acls_lacks(s, PART_NAMES, folder, "is no plain folder, on the way to a protected name, and cannot be held") ? WAY_LACKING
                                                                                                                        : WAY_REFUSED;
        else
            hold_folder(s, fact, root);
    }
    return WAY_HELD;
}

/* ---- protected ---- */

static bool missing_protected(struct acls *s, const struct place *place, const struct acls_root *root)
{
    const struct place *closed;
    bool folder = place->hold != HOLD_FILE;
    enum way way;

    if (place->hold == HOLD_GUARD || place->hold == HOLD_REFUSED) {
        planner_partial(s->p, "%s: a name that can be taken from inside (%s)", planner_show(s->p, place->path).p,
            place->rule->reason ? place->rule->reason : "protected at any depth");
        return true;
    }
    if (place->rule->optional && place->hold == HOLD_NOT)
        return true;
    way = hold_way(s, place, place->path);
    if (way != WAY_HELD)
        return way == WAY_LACKING;
    if (!is_closed_name(s, path_parent(s->p->env->system, place->path), &closed))
        guard(s, place, place->path, folder, ACLS_DENY, BELOW, root);
    return true;
}

static bool plan_protected(struct acls *s, const struct place *place, const struct acls_root *root)
{
    const struct fact *fact = planner_fact(s->p, place->path);
    const char *why = place->rule->reason ? place->rule->reason : "protected";

    if (fact->kind == FACT_MISSING || fact->placeholder)
        return missing_protected(s, place, root);
    if (fact->kind == FACT_UNKNOWN)
        return acls_refuse(s, ERR_POLICY, "a protected path cannot be looked at", place->path, "it may be anything",
            "Check its permissions.");
    if (hold_way(s, place, place->path) == WAY_REFUSED)
        return false;
    if (fact->kind == FACT_SYMLINK || fact->reparse)
        return acls_lacks(s, PART_NAMES, place->path, "is a link or junction, which is not followed, so what it leads to is not protected");
    if (fact->kind == FACT_FILE && fact->links > 1)
        return acls_lacks(s, PART_HARDLINKS, place->path, "has another name, and would be changed under that one");
    if (place->kind == PLACE_PIN && fact->kind == FACT_FOLDER) {
        hold_folder(s, fact, root);
        return true;
    }
    mend_owner(s, fact);
    deny_entries(s, fact, BELOW, ACLS_DENY, root, place->rule->id, why);
    deny_names(s, fact, ACE_CONTAINER_INHERIT, why);
    return true;
}

static void plan_any_depth(struct acls *s)
{
    const struct rules *rules = &s->p->policy->rules;

    for (size_t i = 0; i < rules->n; i++)
        if (rules->v[i].any_depth && !rules->v[i].revoked) {
            planner_partial(s->p, "**/%s: names that appear while a session runs are held at the next :reapply, not before",
                text_printable(s->p->a, rules->v[i].path).p);
            if (s->p->policy->nested_partly)
                planner_partial(s->p, "**/%s: the writable folders hold more than was looked through, and what lies there is not held",
                    text_printable(s->p->a, rules->v[i].path).p);
        }
}

/* ---- secret ---- */

static bool is_of_groups(const struct acls *s, const struct ace *ace)
{
    struct sid group;

    return sid_parse(s->group, &group) && ace->type == ACE_DENY && sid_same(&ace->sid, &group);
}

/* A profile is closed to other accounts: there the entry is a second wall, and its failure no hole. Cordon's own entry, of an opening
 * that did not come to its end, closes nothing below it. */
static bool is_closed_anyway(struct acls *s, const struct fact *fact)
{
    struct acl others = {0};
    struct access_result r;
    struct descriptor d;
    struct token t;

    if (!acls_seen(s, fact, &d))
        return false;
    for (size_t i = 0; i < d.dacl.n; i++)
        if (d.dacl.v[i].opaque.p || !is_of_groups(s, &d.dacl.v[i]))
            *(struct ace *)ARENA_PUSH(s->p->a, &others) = d.dacl.v[i];
    d.dacl = others;
    acls_identity(s, &t);
    access_check(&t, &d, &access_file, NT_FILE_READ_DATA, &r);
    return !r.granted && r.known;
}

/* The group's entry refuses reading, in the first pass, which is asked about reads; that of the write SID refuses writing. */
static bool plan_secret(struct acls *s, const struct place *place)
{
    const struct fact *fact = planner_fact(s->p, place->path);
    const struct acls_root *root = acls_root_of(s, place->path);
    const char *why = place->rule->reason ? place->rule->reason : "secret";
    struct fact behind = *fact;
    struct op *op;

    if (fact->kind == FACT_MISSING) {
        if (place->rule->folder_rule)
            planner_warn(s->p, "\"secret\": %s does not exist; should it appear, :reapply closes it", planner_show(s->p, place->path).p);
        return true;
    }
    if (root && hold_way(s, place, place->path) == WAY_REFUSED)
        return false;
    if (root && (fact->kind == FACT_SYMLINK || fact->reparse))
        return acls_lacks(s, PART_NAMES, place->path, "is a link or junction in a writable folder, and can be replaced");
    if (root && fact->kind == FACT_FILE && fact->links > 1)
        return acls_lacks(s, PART_HARDLINKS, place->path, "is secret and has another name in or outside of the root");
    if (fact->kind == FACT_UNKNOWN) {
        planner_note(s->p, "%s cannot be looked at: its own permissions are all that closes it", planner_show(s->p, place->path).p);
        return true;
    }
    if (fact->kind == FACT_SYMLINK || fact->reparse) { /* what it leads to is what can be read */
        if (fact->real.n == 0)
            return true;
        behind.path = fact->real;
        behind.kind = fact->real_kind;
        behind.descriptor = (struct str){0};
    }
    if (fact->kind == FACT_FILE && fact->links > 1)
        planner_note(s->p, "%s has another name, which is closed with it", planner_show(s->p, place->path).p);
    if (s->group.n > 0) {
        op = acls_entry_on(s, &behind, false, BELOW, ACLS_SECRET, s->group, why);
        op->rule = place->rule->id;
        op->on_failure = is_closed_anyway(s, &behind) ? FAIL_SKIP : FAIL_PARTIAL;
        op->part = STR(PART_NAMES);
    }
    if (root) {
        mend_owner(s, &behind);
        op = acls_entry_on(s, &behind, false, BELOW, ACLS_DENY, root->sid, why);
        op->rule = place->rule->id;
        op->on_failure = FAIL_PARTIAL;
        op->part = STR(PART_NAMES);
        deny_names(s, &behind, ACE_CONTAINER_INHERIT, why);
    }
    return true;
}

static void tell_of_seconds(struct acls *s)
{
    const struct facts *f = s->p->facts;

    for (size_t i = 0; i < f->second.n && s->account; i++)
        if (f->second.v[i].other.n > 0)
            planner_partial(s->p, "%s, which is secret, has another name in a writable root: %s",
                planner_show(s->p, f->second.v[i].path).p, planner_show(s->p, f->second.v[i].other).p);
}

/* ---- all of it ---- */

static bool is_outdone(const struct planner *p, size_t i)
{
    return i + 1 < p->places.n && path_same(p->env, p->places.v[i].path, p->places.v[i + 1].path);
}

/* Is it inside something that is closed already, with no writable root in between? */
static bool is_within_closed(const struct planner *p, const struct place *place)
{
    const struct place *in = places_within(&p->places, p->env, path_parent(p->env->system, place->path),
        1u << PLACE_ROOT | 1u << PLACE_PROTECT | 1u << PLACE_SECRET);

    if (in && in->kind != PLACE_ROOT &&
        (planner_fact(p, in->path)->kind == FACT_MISSING || (in->kind == PLACE_PROTECT && place->kind == PLACE_SECRET)))
        return false;
    return in && in->kind != PLACE_ROOT;
}

static bool plan_places(struct acls *s)
{
    struct planner *p = s->p;

    for (size_t i = 0; i < p->places.n; i++) {
        const struct place *place = &p->places.v[i];
        const struct acls_root *root = acls_root_of(s, place->path);
        bool good = true;
        if (is_outdone(p, i) || is_within_closed(p, place))
            continue;
        if (place->kind == PLACE_SECRET)
            good = plan_secret(s, place);
        else if (root && (place->kind == PLACE_PROTECT || place->kind == PLACE_PIN))
            good = plan_protected(s, place, root);
        else if (place->kind == PLACE_PROTECT && place->rule->folder_rule && planner_fact(p, place->path)->kind == FACT_MISSING)
            planner_warn(p, "\"protect\": %s does not exist", planner_show(p, place->path).p);
        if (!good)
            return false;
    }
    return true;
}

bool acls_files(struct acls *s)
{
    struct planner *p = s->p;

    for (size_t i = 0; i < p->places.n; i++) {
        const struct place *place = &p->places.v[i];
        if ((place->kind == PLACE_ROOT || place->kind == PLACE_TEMP) && !add_root(s, place, is_outdone(p, i)))
            return false;
    }
    if (s->tier == TIER_UNENFORCED) /* nothing is changed where it would hold nothing */
        return true;
    if (!plan_places(s))
        return false;
    plan_any_depth(s);
    for (size_t i = 0; i < s->roots.n; i++)
        grant_root(s, &s->roots.v[i]);
    acls_grants(s);
    acls_take_old(s);
    tell_of_seconds(s);
    covers_git(p);
    return true;
}
