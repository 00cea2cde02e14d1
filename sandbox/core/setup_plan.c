/*
 * setup_plan: facts to steps, forwards and backwards. The order is the protection: read setup_plan_build from top to bottom.
 */
#include "setup_plan.h"
#include "text.h"

/* UF_SCRIPT | UF_ACCOUNTDISABLE | UF_PASSWD_CANT_CHANGE | UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD */
#define ACCOUNT_FLAGS (0x1u | 0x2u | 0x40u | 0x200u | 0x10000u)

/* Local logon stays: CreateProcessWithLogonW needs it. */
const char *const setup_rights[SETUP_RIGHTS] = {"SeDenyNetworkLogonRight", "SeDenyRemoteInteractiveLogonRight",
    "SeDenyBatchLogonRight", "SeDenyServiceLogonRight"};

/* What a failed audit of the group is worth: reads of what it may not read, and everything that writes. Failures alone. */
#define AUDIT_MASK 0x000d0157u

static const char file_system_audit[] = "{0cce921d-69ae-11d9-bed3-505054503030}";
static const char handle_audit[] = "{0cce9223-69ae-11d9-bed3-505054503030}";

static const struct {
    const char *name, *inverse;
    bool changes;
} kinds[SETUP_KIND_COUNT] = {
    [SETUP_DISABLE] = {"disable", "enabled again only by a whole setup", true},
    [SETUP_FOLDERS] = {"folder", "remove the folder, once nothing of anybody's is in it", true},
    [SETUP_LEDGER] = {"ledger", "remove the ledger, after everything in it was taken back", true},
    [SETUP_PROGRAMS] = {"programs", "remove the copies", true},
    [SETUP_GROUP] = {"group", "remove the group", true},
    [SETUP_CREDENTIALS] = {"passwords", "overwrite and remove the file", true},
    [SETUP_ACCOUNT] = {"account", "end what runs as it, disable it, remove it", true},
    [SETUP_MEMBER] = {"member", "take it out of the group", true},
    [SETUP_RIGHT] = {"right", "remove the denied right", true},
    [SETUP_HIDDEN] = {"hidden", "remove the value", true},
    [SETUP_PROFILE] = {"profile", "delete the profile", true},
    [SETUP_FILTERS] = {"filters", "remove them by key; provider and sublayer when no other person's filters are left", true},
    [SETUP_RULE] = {"rule", "remove the rule by its name", true},
    [SETUP_COM] = {"com", "the value as it was, if nobody changed it since; else that entry alone is taken out", true},
    [SETUP_EXECUTE] = {"execute", "the descriptor as it was, if nobody changed it since; else that entry alone is taken out", true},
    [SETUP_AUDIT_POLICY] = {"audit", "the setting as it was, if nobody changed it since", true},
    [SETUP_AUDIT_SACL] = {"audit entry", "that entry is taken out", true},
    [SETUP_WITNESS] = {"witness", "stop and remove the service", true},
    [SETUP_VERIFY] = {"verify", "nothing: it only reads", false},
    [SETUP_ENABLE] = {"enable", "disable it", true},
    [SETUP_COMMIT] = {"commit", "take the commit record away, before anything else", true},
    [SETUP_END] = {"end", "nothing: what was ended stays ended", true},
    [SETUP_RESIDUE] = {"residue", "nothing: it only looks", false},
};

const char *setup_inverse(enum setup_kind kind)
{
    return kinds[kind].inverse;
}

const char *setup_kind_name(enum setup_kind kind)
{
    return kinds[kind].name;
}

bool setup_changes(enum setup_kind kind)
{
    return kinds[kind].changes;
}

/* ---- descriptors: numbers throughout, so that what is read back can be compared ---- */

/* Administrators own it; SYSTEM and Administrators everything; Users read and run; nothing inherited from above. */
struct str setup_sddl_programs(struct arena *a)
{
    return arena_str(a, STR("O:S-1-5-32-544G:S-1-5-18D:P(A;OICI;0x1f01ff;;;S-1-5-18)(A;OICI;0x1f01ff;;;S-1-5-32-544)"
                            "(A;OICI;0x1200a9;;;S-1-5-32-545)"));
}

/* The same for ProgramData\Cordon; Users read it and the files right in it (the machine's policy), and nothing further down. */
struct str setup_sddl_data(struct arena *a)
{
    return arena_str(a, STR("O:S-1-5-32-544G:S-1-5-18D:P(A;OICI;0x1f01ff;;;S-1-5-18)(A;OICI;0x1f01ff;;;S-1-5-32-544)"
                            "(A;OINP;0x1200a9;;;S-1-5-32-545)"));
}

/* The person reads his own, and changes nothing of it. */
struct str setup_sddl_person(struct arena *a, struct str person)
{
    return arena_format(a, "O:S-1-5-32-544G:S-1-5-18D:P(A;OICI;0x1f01ff;;;S-1-5-18)(A;OICI;0x1f01ff;;;S-1-5-32-544)"
                           "(A;OICI;0x1200a9;;;%s)", person.p ? person.p : "");
}

struct str setup_sddl_ledger(struct arena *a, struct str person)
{
    return arena_format(a, "O:S-1-5-32-544G:S-1-5-18D:P(A;;0x1f01ff;;;S-1-5-18)(A;;0x1f01ff;;;S-1-5-32-544)(A;;0x120089;;;%s)",
        person.p ? person.p : "");
}

/* SYSTEM, and the person, who also rewrites it: the first opening wraps it for him alone. No administrator: who takes it over
 * leaves a trace, and still lacks his keys. */
struct str setup_sddl_credentials(struct arena *a, struct str person)
{
    return arena_format(
        a, "O:S-1-5-32-544G:S-1-5-18D:P(A;;0x1f01ff;;;S-1-5-18)(A;;0x13019f;;;%s)", person.p ? person.p : "");
}

/* An access check that only the account passes: 1 is FWP_ACTRL_MATCH_FILTER. Owner and group are wanted by the check. A program that
 * starts itself in an AppContainer passes one only where its package is named besides its user ("Access check for AppContainers";
 * Windows' own filters name both): without the first two entries the block would not be about it. Alone they let nobody match. */
struct str setup_sddl_user(struct arena *a, struct str account)
{
    return arena_format(a, "O:S-1-5-18G:S-1-5-18D:(A;;0x1;;;S-1-15-2-1)(A;;0x1;;;S-1-15-2-2)(A;;0x1;;;%s)", account.p ? account.p : "");
}

/* ---- names ---- */

struct str setup_name(struct arena *a, struct str name, unsigned nth)
{
    struct str tail = nth < 2 ? STR("") : arena_format(a, "-%u", nth);
    size_t room = SETUP_NAME_MAX - tail.n;
    struct str parts[2] = {str_slice(name, 0, room), tail};

    return arena_join(a, parts, 2);
}

bool setup_name_good(struct str name, struct err *e)
{
    if (!name.n || name.n > SETUP_NAME_MAX) {
        err_set(e, ERR_USAGE, "a name of an account or group has 1 to %d characters", SETUP_NAME_MAX);
        return err_subject(e, name);
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!good) {
            err_set(e, ERR_USAGE, "a name of an account or group has letters, digits, - and _ alone");
            return err_subject(e, name);
        }
    }
    return true;
}

bool setup_person_good(struct str sid)
{
    return (str_starts(sid, STR("S-1-5-21-")) || str_starts(sid, STR("S-1-12-1-"))) && sid.n < SID_TEXT_MAX;
}

/* ---- what stands against it ---- */

static void block(struct arena *a, struct setup_plan *p, struct str line)
{
    *(struct str *)ARENA_PUSH(a, &p->blocked) = line;
}

static void note(struct arena *a, struct setup_plan *p, struct str line)
{
    *(struct str *)ARENA_PUSH(a, &p->notes) = line;
}

static void block_names(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    const struct str names[] = {f->offline.name, f->online.name, f->group.name};
    const bool taken[] = {f->offline.there && !f->offline.ours, f->online.there && !f->online.ours, f->group.there && !f->group.ours};
    const char *const options[] = {"--offline", "--online", "--group"};
    struct err e;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        err_clear(&e);
        if (!setup_name_good(names[i], &e))
            block(a, p, err_text(&e, a));
        else if (taken[i])
            block(a, p, arena_format(a, "%.*s exists, and no ledger of Cordon's says that Cordon made it for you: it is not taken over; "
                                        "choose another name: %s NAME", (int)names[i].n, names[i].p, options[i]));
        for (size_t k = 0; k < i; k++)
            if (text_same(names[i], names[k]))
                block(a, p, arena_format(a, "%.*s is named twice", (int)names[i].n, names[i].p));
    }
}

static void block_machine(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    if (!f->build)
        block(a, p, arena_format(a, "this Windows is older than 10, or does not say what it is; Windows 10 1809 (%d) is the oldest that works", SETUP_BUILD_MIN));
    else if (f->build < SETUP_BUILD_MIN)
        block(a, p, arena_format(a, "this Windows is build %lu; Windows 10 1809 (%d) is the oldest that works",
            (unsigned long)f->build, SETUP_BUILD_MIN));
    if (f->domain_controller)
        block(a, p, STR("a domain controller has no local accounts; use Cordon on a member or a single machine"));
    if (!setup_person_good(f->person_sid))
        block(a, p, STR("whose Cordon it is to be is not known: a user of this machine or a domain, signed in, starts cordon setup"));
    /* Wine has no such services; there setup ends at its first step anyway, which is what its tests are to see. */
    if (!f->wine && (f->seclogon == SERVICE_IS_DISABLED || f->seclogon == SERVICE_IS_ABSENT))
        block(a, p, STR("the secondary logon service is switched off (1058); in an administrator's terminal: sc config seclogon start= demand"));
    if (!f->wine && (f->filtering == SERVICE_IS_DISABLED || f->filtering == SERVICE_IS_ABSENT || f->filtering == SERVICE_IS_STOPPED))
        block(a, p, STR("the Base Filtering Engine does not run, and without it nothing blocks the network; in an administrator's terminal: sc start BFE"));
    if (f->logon_denied)
        block(a, p, STR("a policy of this machine keeps local accounts from logging on (1385); ask for 'Allow log on locally' for Cordon's group"));
    if (f->source_writable)
        block(a, p, STR("Cordon's own programs lie where sandboxed programs may write: elevating them would hand the machine over; "
                        "unpack Cordon elsewhere, below Program Files for instance"));
    if (f->offline.in_admins || f->online.in_admins)
        block(a, p, STR("an account of Cordon's is an administrator: somebody changed it; cordon uninstall, then cordon setup"));
    for (size_t i = 0; i < f->volume_count; i++)
        if (!f->volumes[i].acls && str_starts(f->data_dir, f->volumes[i].root))
            block(a, p, arena_format(a, "%.*s (%.*s) keeps no access control lists, and the ledger would lie there",
                (int)f->volumes[i].root.n, f->volumes[i].root.p, (int)f->volumes[i].type.n, f->volumes[i].type.p));
}

static void note_machine(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    static const char *const profiles[] = {"domain", "private", "public"};

    if (f->wine)
        note(a, p, STR("this is Wine: nothing of it would be enforced, and setup ends at the first thing that cannot be verified"));
    if (f->caller_sid.n && !str_eq(f->caller_sid, f->person_sid))
        note(a, p, STR("an administrator other than you does it: the passwords are kept for this machine at first, and for you alone from "
                       "the first opening on"));
    if (f->firewall == SERVICE_IS_DISABLED || f->firewall == SERVICE_IS_STOPPED || f->firewall == SERVICE_IS_ABSENT)
        note(a, p, STR("Windows Firewall does not run: the second layer is missing, the filters alone hold"));
    for (size_t i = 0; f->firewall_looked && i < COUNT_OF(profiles); i++)
        if (f->firewall_off & 1u << i)
            note(a, p, arena_format(a, "Windows Firewall is off in the %s profile: the second layer is missing there", profiles[i]));
    if (f->firewall_looked && !f->firewall_merges)
        note(a, p, STR("a policy lets local firewall rules count for nothing: the second layer is missing, the filters alone hold"));
    if (f->audit_wanted && f->audit_looked && f->crash_on_audit_fail)
        note(a, p, STR("no auditing: CrashOnAuditFail is set, and a full log would stop this machine; denials are evaluated, not confirmed"));
    else if (f->audit_wanted && f->audit_looked && !f->log_overwrites)
        note(a, p, STR("no auditing: the security log does not overwrite old events, and would fill up; denials are evaluated, not confirmed"));
    if (f->witness_wanted && f->witness_other.n)
        note(a, p, arena_format(a, "no witness: the one of this machine is there for %.*s, and stays; your denials are evaluated, not confirmed",
                       (int)f->witness_other.n, f->witness_other.p));
    if (f->ledger == LOOK_DIFFERS)
        note(a, p, STR("the ledger cannot be read, or is of another version: it is set aside, and a new one begun"));
    for (size_t i = 0; i < f->volume_count; i++)
        if (!f->volumes[i].acls && !str_starts(f->data_dir, f->volumes[i].root))
            note(a, p, arena_format(a, "%.*s (%.*s) keeps no access control lists: no writable root can lie there",
                (int)f->volumes[i].root.n, f->volumes[i].root.p, (int)f->volumes[i].type.n, f->volumes[i].type.p));
}

/* ---- steps ---- */

static struct setup_step *step(struct arena *a, struct setup_plan *p, enum setup_kind kind, enum setup_look look, const char *why)
{
    static const enum setup_state states[] = {
        [LOOK_UNKNOWN] = STEP_LOOK, [LOOK_MISSING] = STEP_MAKE, [LOOK_DIFFERS] = STEP_MEND, [LOOK_WHOLE] = STEP_DONE};
    struct setup_step *s = ARENA_PUSH(a, p);

    s->kind = kind;
    s->state = states[look];
    s->why = why;
    return s;
}

static struct setup_step *degrades(struct setup_step *s, const char *part)
{
    s->fail = SETUP_DEGRADE;
    s->part = part;
    return s;
}

static enum setup_look look_if(bool whole)
{
    return whole ? LOOK_WHOLE : LOOK_MISSING;
}

/* An account may stay enabled while setup runs again only if its block is known to be whole and so is all before it. */
static void step_disable(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    const struct setup_account *v[] = {&f->offline, &f->online};

    enum setup_look look = f->filters == LOOK_UNKNOWN && f->committed && !f->elevated ? LOOK_UNKNOWN : LOOK_MISSING;

    for (size_t i = 0; i < COUNT_OF(v); i++)
        if (v[i]->there && v[i]->ours && v[i]->enabled && !(f->filters == LOOK_WHOLE && f->committed))
            step(a, p, SETUP_DISABLE, look, "it is enabled, and its block is not known to be whole")->subject = v[i]->name;
}

static void step_account(struct arena *a, const struct setup_facts *f, const struct setup_account *u, struct setup_plan *p)
{
    enum setup_look look = !u->there ? LOOK_MISSING : LOOK_WHOLE;
    struct setup_step *s;

    if (u->there && (!u->flags_right || u->locked || u->expired || f->credentials != LOOK_WHOLE))
        look = LOOK_DIFFERS;
    s = step(a, p, SETUP_ACCOUNT, look, "a user of its own, without rights, made disabled");
    s->subject = u->name;
    s->number = ACCOUNT_FLAGS;
    s = step(a, p, SETUP_MEMBER, look_if(u->in_users), "it reads what every user may");
    s->subject = u->name;
    s->text = STR(SID_USERS);
    s = step(a, p, SETUP_MEMBER, look_if(u->in_group), "grants and denials name the group");
    s->subject = u->name;
    s->text = f->group.name;
    for (unsigned i = 0; i < SETUP_RIGHTS; i++) {
        enum setup_look right = u->rights & 1u << i ? LOOK_WHOLE : u->there && !f->elevated ? LOOK_UNKNOWN : LOOK_MISSING;
        s = step(a, p, SETUP_RIGHT, right, "nobody signs in as it from elsewhere");
        s->subject = u->name;
        s->text = str_from(setup_rights[i]);
    }
    degrades(step(a, p, SETUP_HIDDEN, u->there ? u->hidden : LOOK_MISSING, "it is no one to sign in as"), "hidden")->subject = u->name;
    degrades(step(a, p, SETUP_PROFILE, u->there ? u->profile : LOOK_MISSING, "without one, TLS of Windows has no keys (W7)"),
        "profile")->subject = u->name;
}

static void step_network(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    struct setup_step *s = step(a, p, SETUP_FILTERS, f->offline.there ? f->filters : LOOK_MISSING,
        "nothing the offline account does reaches the network (W6)");

    s->subject = f->offline.name;
    for (size_t i = 0; i < SETUP_RULES; i++) {
        s = degrades(step(a, p, SETUP_RULE, f->offline.there ? f->rules : LOOK_MISSING, "a second layer"), "firewall");
        s->number = (uint32_t)i;
        s->subject = p->rule_count ? p->rules[i].name
                                   : arena_format(a, "Cordon offline rule %lu of %d", (unsigned long)i + 1, SETUP_RULES);
    }
}

/* Group entries name the group's SID; before it exists, its name stands for it. */
static struct str group_of(const struct setup_facts *f)
{
    return f->group.sid.n ? f->group.sid : f->group.name;
}

static void step_services(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    struct str group = group_of(f);
    struct setup_step *s = degrades(step(a, p, SETUP_COM, f->group.there ? f->com_launch : f->com_launch == LOOK_UNKNOWN ? LOOK_UNKNOWN : LOOK_MISSING,
        "no server of COM is started for it: what runs as somebody else would act for it (W5)"), "com");

    s->subject = STR("MachineLaunchRestriction");
    s->text = arena_format(a, "(D;;0x1f;;;%.*s)", (int)group.n, group.p);
    s = degrades(step(a, p, SETUP_COM, f->group.there ? f->com_access : f->com_access == LOOK_UNKNOWN ? LOOK_UNKNOWN : LOOK_MISSING,
        "no server of COM that runs already answers it (W5)"), "com");
    s->subject = STR("MachineAccessRestriction");
    s->text = arena_format(a, "(D;;0x7;;;%.*s)", (int)group.n, group.p);
    for (size_t i = 0; i < f->wsl_count; i++) {
        s = degrades(step(a, p, SETUP_EXECUTE, f->wsl[i].look, "a virtual machine's traffic passes the filters by (W5)"), "wsl");
        s->subject = f->wsl[i].path;
        s->text = arena_format(a, "(D;;0x20;;;%.*s)", (int)group.n, group.p);
    }
}

/* Not of connections: that would write down every program's on this machine, and the witness has them from the platform itself. */
static void step_audit(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    static const char *const guids[] = {file_system_audit, handle_audit};
    struct str group = group_of(f);
    struct setup_step *s;

    if (!f->audit_wanted || (f->audit_looked && (f->crash_on_audit_fail || !f->log_overwrites)))
        return;
    for (size_t i = 0; i < COUNT_OF(guids); i++) {
        s = degrades(step(a, p, SETUP_AUDIT_POLICY, f->audit_policy, "failures are written down, so that a denial is confirmed (W9)"), "audit");
        s->subject = str_from(guids[i]);
    }
    s = degrades(step(a, p, SETUP_AUDIT_SACL, f->audit_sacl, "of the group alone, and failures alone"), "audit");
    s->subject = STR("File");
    s->text = arena_format(a, "(AU;FA;0x%lx;;;%.*s)", (unsigned long)AUDIT_MASK, (int)group.n, group.p);
    if (f->witness_other.n)
        return;
    if (f->witness_wanted || f->witness == LOOK_WHOLE || f->witness == LOOK_DIFFERS) /* one that is there is kept as it should be */
        degrades(step(a, p, SETUP_WITNESS, f->witness, "reads those records for you; enforcement is the same without it"), "witness")->subject =
            STR("CordonWitness");
}

static void step_last(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    bool whole = setup_plan_whole(p);
    bool enabled = f->offline.enabled && f->online.enabled && whole;

    step(a, p, SETUP_VERIFY, enabled && f->committed ? LOOK_WHOLE : LOOK_MISSING,
        "accounts, rights, descriptors, filters and rules read back; what cannot be is as good as missing")->subject = STR("everything above");
    step(a, p, SETUP_ENABLE, look_if(enabled), "its block was verified")->subject = f->offline.name;
    step(a, p, SETUP_ENABLE, look_if(enabled), "its rights were verified")->subject = f->online.name;
    step(a, p, SETUP_COMMIT, look_if(enabled && f->committed), "the machine counts as set up from here on")->subject = STR("the commit record");
}

static struct str below(struct arena *a, struct str folder, const char *rest)
{
    return arena_format(a, "%.*s\\%s", (int)folder.n, folder.p ? folder.p : "", rest);
}

static struct str in_person(struct arena *a, const struct setup_facts *f, const char *name)
{
    return below(a, f->data_dir, arena_format(a, "people\\%s\\%s", f->person_sid.p ? f->person_sid.p : "?", name).p);
}

void setup_plan_build(struct arena *a, const struct setup_facts *f, struct setup_plan *out)
{
    struct setup_plan p = {0};
    struct setup_step *s;

    block_machine(a, f, &p);
    block_names(a, f, &p);
    note_machine(a, f, &p);
    p.filter_count = setup_filters(a, f->offline.sid, p.filters);
    p.rule_count = setup_rules(a, f->offline.sid, p.rules) ? SETUP_RULES : 0;

    step_disable(a, f, &p);
    s = step(a, &p, SETUP_FOLDERS, f->folders, "a place that sandboxed programs cannot write; nor read what lies in people's own folders");
    s->subject = f->data_dir;
    s->text = setup_sddl_data(a);
    s->text2 = setup_sddl_person(a, f->person_sid);
    s = step(a, &p, SETUP_LEDGER, f->ledger, "each thing is written down before it is changed");
    s->subject = in_person(a, f, "ledger");
    s->text = setup_sddl_ledger(a, f->person_sid);
    s = step(a, &p, SETUP_PROGRAMS, f->programs, "they run from where the accounts can read and nobody but an administrator writes");
    s->subject = f->program_dir;
    s->source = f->program_source;
    s->text = setup_sddl_programs(a);
    s = step(a, &p, SETUP_GROUP, look_if(f->group.there), "one name for both accounts");
    s->subject = f->group.name;
    s = step(a, &p, SETUP_CREDENTIALS, f->credentials, "two new passwords that nobody sees, sealed by Windows");
    s->subject = in_person(a, f, "passwords");
    s->text = setup_sddl_credentials(a, f->person_sid);
    step_account(a, f, &f->offline, &p);
    step_account(a, f, &f->online, &p);
    step_network(a, f, &p);
    step_services(a, f, &p);
    step_audit(a, f, &p);
    step_last(a, f, &p);
    *out = p;
}

bool setup_plan_whole(const struct setup_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].state != STEP_DONE)
            return false;
    return true;
}

/* ---- the way back ---- */

/* Is there something that the inverse of this step would take away? */
static bool to_undo(const struct setup_facts *f, const struct setup_step *s)
{
    const struct setup_account *u = str_eq(s->subject, f->online.name) ? &f->online : &f->offline;

    switch (s->kind) {
    case SETUP_ACCOUNT:
    case SETUP_MEMBER:
    case SETUP_RIGHT:
    case SETUP_HIDDEN:
    case SETUP_PROFILE:
    case SETUP_ENABLE:
        return u->there && u->ours;
    case SETUP_GROUP:
        return f->group.there && f->group.ours;
    case SETUP_VERIFY:
    case SETUP_DISABLE:
        return false;
    case SETUP_COMMIT:
        return f->ledger == LOOK_WHOLE;
    default:
        /* What cannot be seen is taken back where a ledger says that there is something of Cordon's at all. */
        return s->state == STEP_DONE || s->state == STEP_MEND || (s->state == STEP_LOOK && f->ledger != LOOK_MISSING);
    }
}

static struct setup_step *back(struct arena *a, struct setup_plan *p, const struct setup_step *of, enum setup_kind kind, const char *why)
{
    struct setup_step *s = ARENA_PUSH(a, p);

    *s = *of;
    s->kind = kind;
    s->state = STEP_MAKE;
    s->fail = SETUP_DEGRADE; /* what cannot be taken back is named as residue, and the rest goes on */
    s->part = "residue";
    s->why = why;
    return s;
}

void setup_plan_undo(struct arena *a, const struct setup_facts *f, struct setup_plan *out)
{
    const struct setup_account *accounts[] = {&f->offline, &f->online};
    struct setup_facts all = *f;
    struct setup_plan whole, p = {0};
    struct setup_step of = {0};

    /* Whatever could have been made is looked for, also what this call did not ask for, or what would not be made today. */
    all.audit_wanted = all.witness_wanted = true;
    all.audit_looked = false;
    setup_plan_build(a, &all, &whole);
    if (f->ledger == LOOK_WHOLE) {
        of.subject = STR("the commit record");
        back(a, &p, &of, SETUP_COMMIT, "from here on the machine counts as not set up");
    }
    for (size_t i = 0; i < COUNT_OF(accounts); i++) {
        if (!accounts[i]->there || !accounts[i]->ours)
            continue;
        of.subject = accounts[i]->name;
        back(a, &p, &of, SETUP_DISABLE, "nothing new begins as it");
        back(a, &p, &of, SETUP_END, "what runs as it ends before its block does");
    }
    for (size_t i = whole.n; i-- > 0;) {
        const struct setup_step *s = &whole.v[i];
        if (s->kind != SETUP_ENABLE && s->kind != SETUP_COMMIT && s->kind != SETUP_END && to_undo(f, s))
            back(a, &p, s, s->kind, setup_inverse(s->kind));
    }
    of.subject = STR("accounts, group, rights, profiles, filters, rules, entries, files");
    back(a, &p, &of, SETUP_RESIDUE, "what is left is named; the goal is nothing");
    p.filter_count = whole.filter_count;
    p.rule_count = whole.rule_count;
    for (size_t i = 0; i < whole.filter_count; i++)
        p.filters[i] = whole.filters[i];
    for (size_t i = 0; i < whole.rule_count; i++)
        p.rules[i] = whole.rules[i];
    *out = p;
}
