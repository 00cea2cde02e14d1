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

const char *setup_right_words(struct str right)
{
    static const char *const words[SETUP_RIGHTS] = {"over the network", "by remote desktop", "as a batch job", "as a service"};

    for (size_t i = 0; i < SETUP_RIGHTS; i++)
        if (str_is(right, setup_rights[i]))
            return words[i];
    return "";
}

/* What a failed audit of the group is worth: reads of what it may not read, and everything that writes. Failures alone. */
#define AUDIT_MASK 0x000d0157u

static const char file_system_audit[] = "{0cce921d-69ae-11d9-bed3-505054503030}";
static const char handle_audit[] = "{0cce9223-69ae-11d9-bed3-505054503030}";

/* What each kind is called, how a line of the plan begins, there and back, and what takes it back. */
static const struct {
    const char *name, *words, *back, *inverse;
} kinds[SETUP_KIND_COUNT] = {
    [SETUP_DISABLE] = {"disable", "disable the account", "disable the account", "enabled again only by a whole setup"},
    [SETUP_FOLDERS] = {"folder", "make the folder", "remove the folder", "remove the folder, once nothing of anybody's is in it"},
    [SETUP_LEDGER] = {"ledger", "begin the ledger", "remove the ledger", "remove the ledger, once nothing that it names is left"},
    [SETUP_PROGRAMS] = {"programs", "copy the programs to", "remove the programs in", "remove the copies, unless another person's Cordon uses them"},
    [SETUP_GROUP] = {"group", "make the local group", "remove the local group", "remove the group"},
    [SETUP_CREDENTIALS] = {"passwords", "make two passwords, sealed in", "overwrite and remove the passwords in", "overwrite and remove the file"},
    [SETUP_ACCOUNT] = {"account", "make the local account, disabled:", "remove the local account", "end what runs as it, disable it, remove it"},
    [SETUP_MEMBER] = {"member", "put the account", "take the account", "take it out of the group"},
    [SETUP_RIGHT] = {"right", "deny a way to log on:", "no longer deny:", "remove the denied right"},
    [SETUP_HIDDEN] = {"hidden", "leave out of the sign-in screen:", "remove what leaves out of the sign-in screen:", "remove the value, and its keys when nothing else is in them"},
    [SETUP_PROFILE] = {"profile", "make the profile of", "delete the profile of", "delete the profile"},
    [SETUP_FILTERS] = {"filters", "block the network of", "remove the network filters of", "remove them by key; provider and sublayer when no other person's filters are left"},
    [SETUP_RULE] = {"rule", "add the firewall rule", "remove the firewall rule", "remove the rule by its name"},
    [SETUP_COM] = {"com", "add an entry to HKLM\\SOFTWARE\\Microsoft\\Ole", "take the entry out of HKLM\\SOFTWARE\\Microsoft\\Ole",
        "the value as it was, if nobody changed it since; else that entry alone is taken out"},
    [SETUP_EXECUTE] = {"execute", "add an entry to the program", "take the entry off the program",
        "the descriptor as it was, if nobody changed it since; else that entry alone is taken out"},
    [SETUP_AUDIT_POLICY] = {"audit", "audit failures:", "audit as before:", "the setting as it was, if nobody changed it since"},
    [SETUP_AUDIT_SACL] = {"audit entry", "add a global audit entry:", "take out the global audit entry:", "that entry is taken out"},
    [SETUP_WITNESS] = {"witness", "install the service", "stop and remove the service", "stop and remove the service"},
    [SETUP_VERIFY] = {"verify", "read back", "read back", "nothing: it only reads"},
    [SETUP_ENABLE] = {"enable", "enable the account", "disable the account", "disable it"},
    [SETUP_COMMIT] = {"commit", "write", "take away", "take the commit record away, before anything else"},
    [SETUP_END] = {"end", "end what runs as", "end what runs as", "nothing: what was ended stays ended"},
    [SETUP_RESIDUE] = {"residue", "look again for", "look again for", "nothing: it only looks"},
};

const char *setup_inverse(enum setup_kind kind)
{
    return kinds[kind].inverse;
}

const char *setup_kind_name(enum setup_kind kind)
{
    return kinds[kind].name;
}

const char *setup_words(enum setup_kind kind, bool undo)
{
    return undo ? kinds[kind].back : kinds[kind].words;
}

bool setup_changes(enum setup_kind kind)
{
    return kind != SETUP_VERIFY && kind != SETUP_RESIDUE;
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
    const bool noted[] = {f->offline.noted, f->online.noted, f->group.noted};
    const char *const options[] = {"--offline", "--online", "--group"};
    struct err e;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        err_clear(&e);
        if (!setup_name_good(names[i], &e))
            block(a, p, err_text(&e, a));
        else if (taken[i] && noted[i])
            block(a, p, arena_format(a, "%.*s is another than the one that Cordon made, and is not taken over; cordon uninstall, then cordon setup %s NAME",
                (int)names[i].n, names[i].p, options[i]));
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
    if (f->data_dir.n < 4 || f->data_dir.p[1] != ':' || f->program_dir.n < 4 || f->program_dir.p[1] != ':')
        block(a, p, STR("Windows does not say where ProgramData and Program Files are"));
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
    if (f->numbered)
        note(a, p, f->elevated ? STR("the names have a number, since another person's Cordon has those without one")
                               : STR("the names have a number, since those without one are there: whether they are another person's Cordon's only "
                                     "an administrator sees; if they are not, setup ends and changes nothing"));
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

    /* One that is disabled was left by a setup that did not end: nobody knows whether its password is the one that is kept. */
    if (u->there && (!u->flags_right || u->locked || u->expired || !u->enabled || f->credentials != LOOK_WHOLE))
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
        s = step(a, p, SETUP_RIGHT, right, "nobody but Cordon logs on as it, and only here");
        s->subject = u->name;
        s->text = str_from(setup_rights[i]);
    }
    degrades(step(a, p, SETUP_HIDDEN, u->there ? u->hidden : LOOK_MISSING, "nobody is to sign in as it"), "hidden")->subject = u->name;
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
        s->number = (uint32_t)i;
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
        "what cannot be read back is as good as missing")->subject = STR("everything above");
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

static void explain(struct arena *a, const struct setup_facts *f, struct setup_plan *p)
{
    const struct {
        struct str sid, who;
    } names[] = {{STR("S-1-5-18"), STR("SYSTEM")}, {STR(SID_ADMINISTRATORS), STR("Administrators")}, {STR(SID_USERS), STR("Users")},
        {STR("S-1-15-2-1, S-1-15-2-2"), STR("whatever runs in an AppContainer")}, {f->person_sid, STR("you")}, {f->group.sid, f->group.name},
        {f->offline.sid, f->offline.name}, {f->online.sid, f->online.name}};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].sid.n)
            *(struct str *)ARENA_PUSH(a, &p->legend) = arena_format(
                a, "%.*s: %.*s", (int)names[i].sid.n, names[i].sid.p, (int)names[i].who.n, names[i].who.p);
    *(struct str *)ARENA_PUSH(a, &p->legend) = STR("rights: 0x1f01ff all; 0x1200a9 read and run; 0x120089 read; 0x13019f read, write and remove; 0x20 run; "
                                                   "of COM 0x1f start and activate, 0x7 call; of a filter 0x1 match; (A allows, (D denies, (AU writes down");
    *(struct str *)ARENA_PUSH(a, &p->legend) = STR("flags 0x10243: disabled, an ordinary user, whose password does not expire and is not its own to change");
}

void setup_plan_build(struct arena *a, const struct setup_facts *f, struct setup_plan *out)
{
    struct setup_plan p = {0};
    struct setup_step *s;

    block_machine(a, f, &p);
    block_names(a, f, &p);
    note_machine(a, f, &p);
    explain(a, f, &p);
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

static bool is_noted(const struct setup_facts *f, const struct setup_step *s)
{
    for (size_t i = 0; i < f->noted_count; i++) {
        const struct setup_noted *x = &f->noted[i];
        if (x->kind == s->kind && str_eq(x->subject, s->subject) && (!x->text.n || str_eq(x->text, s->text)))
            return true;
    }
    return false;
}

/* Is there something that the inverse of this step would take away? What the ledger does not name is not Cordon's: only what the ledger
 * itself stands on is told by looking. */
static bool to_undo(const struct setup_facts *f, const struct setup_step *s)
{
    switch (s->kind) {
    case SETUP_FOLDERS:
    case SETUP_LEDGER:
    case SETUP_CREDENTIALS:
        return s->state == STEP_DONE || s->state == STEP_MEND || (s->state == STEP_LOOK && f->ledger != LOOK_MISSING);
    case SETUP_PROGRAMS:
        return !f->others && f->ledger != LOOK_MISSING && s->state != STEP_MAKE; /* without a ledger they were unpacked there */
    default:
        return is_noted(f, s);
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

/* What the ledger names and no step of this plan is about: an account's earlier number, a program that is gone. */
static void back_noted(struct arena *a, const struct setup_facts *f, const struct setup_plan *whole, struct setup_plan *p)
{
    for (size_t i = f->noted_count; i-- > 0;) {
        struct setup_facts one = {.noted = &f->noted[i], .noted_count = 1};
        struct setup_step of = {.kind = f->noted[i].kind, .subject = f->noted[i].subject, .text = f->noted[i].text};
        bool found = false;
        for (size_t k = 0; !found && k < whole->n; k++)
            found = is_noted(&one, &whole->v[k]);
        if (!found)
            back(a, p, &of, of.kind, setup_inverse(of.kind));
    }
}

void setup_plan_undo(struct arena *a, const struct setup_facts *facts, struct setup_plan *out)
{
    const struct setup_account *accounts[] = {&facts->offline, &facts->online};
    struct setup_facts f = *facts;
    struct setup_plan whole, p = {0};
    struct setup_step of = {0};

    /* What is wanted now says nothing about what was made then. */
    f.audit_wanted = f.witness_wanted = true;
    f.audit_looked = false;
    setup_plan_build(a, &f, &whole);
    p.legend = whole.legend;
    if (f.others)
        note(a, &p, STR("the programs stay: another person's Cordon on this machine runs from there"));
    if (f.ledger == LOOK_WHOLE) {
        of.subject = STR("the commit record");
        back(a, &p, &of, SETUP_COMMIT, "from here on the machine counts as not set up");
    }
    for (size_t i = 0; i < COUNT_OF(accounts); i++) {
        of.subject = accounts[i]->name;
        if (accounts[i]->there && accounts[i]->ours)
            back(a, &p, &of, SETUP_DISABLE, "nothing new begins as it");
        if (accounts[i]->noted)
            back(a, &p, &of, SETUP_END, "what runs as it ends before its block does");
    }
    back_noted(a, &f, &whole, &p);
    for (size_t i = whole.n; i-- > 0;)
        if (to_undo(&f, &whole.v[i]))
            back(a, &p, &whole.v[i], whole.v[i].kind, setup_inverse(whole.v[i].kind));
    of.subject = STR("everything above");
    back(a, &p, &of, SETUP_RESIDUE, "what is left, or came back, is named; the goal is nothing");
    p.filter_count = whole.filter_count;
    p.rule_count = whole.rule_count;
    for (size_t i = 0; i < whole.filter_count; i++)
        p.filters[i] = whole.filters[i];
    for (size_t i = 0; i < whole.rule_count; i++)
        p.rules[i] = whole.rules[i];
    *out = p;
}
