/* test_setup_plan: what setup would do: the order in which nothing is ever open, what is done already, the way back, the filters
 * by what they let through, passwords, and what is printed. */
#include "check.h"
#include "setup_facts.h"

#define NONE ((size_t)-1)

static size_t first(const struct setup_plan *p, enum setup_kind kind, const char *subject)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].kind == kind && (!subject || str_is(p->v[i].subject, subject)))
            return i;
    return NONE;
}

static size_t last(const struct setup_plan *p, enum setup_kind kind)
{
    for (size_t i = p->n; i-- > 0;)
        if (p->v[i].kind == kind)
            return i;
    return NONE;
}

static size_t count(const struct setup_plan *p, enum setup_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->v[i].kind == kind;
    return n;
}

/* Holds for every machine there is: whatever of it is wanted, missing, or cannot be seen. */
static bool never_open(const struct setup_plan *p)
{
    size_t verify = first(p, SETUP_VERIFY, NULL), filters = first(p, SETUP_FILTERS, NULL), enable = first(p, SETUP_ENABLE, NULL);
    bool good = verify != NONE && last(p, SETUP_COMMIT) == p->n - 1 && verify == last(p, SETUP_VERIFY);

    for (size_t i = 0; i < p->n; i++) {
        bool late = p->v[i].kind == SETUP_ENABLE || p->v[i].kind == SETUP_COMMIT;
        good = good && (late ? i > verify : i <= verify);
    }
    good = good && first(p, SETUP_FOLDERS, NULL) < first(p, SETUP_LEDGER, NULL) &&
           first(p, SETUP_LEDGER, NULL) < first(p, SETUP_PROGRAMS, NULL) && first(p, SETUP_LEDGER, NULL) < first(p, SETUP_GROUP, NULL);
    good = good && first(p, SETUP_CREDENTIALS, NULL) < first(p, SETUP_ACCOUNT, NULL) && filters > last(p, SETUP_ACCOUNT) &&
           filters > last(p, SETUP_PROFILE) && filters < verify && filters < enable && p->v[filters].fail == SETUP_STOP;
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].kind == SETUP_DISABLE)
            good = good && i < first(p, SETUP_FOLDERS, NULL);
        else if (p->v[i].kind == SETUP_ACCOUNT)
            good = good && (p->v[i].number & 2u) != 0;
    return good;
}

static void order(void)
{
    static const enum setup_look looks[] = {LOOK_UNKNOWN, LOOK_MISSING, LOOK_DIFFERS, LOOK_WHOLE};
    struct setup_facts f;
    struct setup_plan p;
    size_t bad = 0, open = 0, early = 0, tried = 0;

    for (unsigned mix = 0; mix < 4096; mix++) {
        struct arena a = {0};
        facts_set_up(&f);
        f.filters = looks[mix & 3];
        f.rules = f.audit_policy = looks[mix >> 2 & 3];
        f.credentials = looks[mix >> 4 & 3];
        f.programs = f.com_launch = looks[mix >> 6 & 3];
        f.committed = mix >> 8 & 1;
        f.offline.enabled = mix >> 9 & 1;
        f.elevated = mix >> 10 & 1;
        if (mix >> 11 & 1)
            f.online = (struct setup_account){.name = STR("CordonOnline")};
        setup_plan_build(&a, &f, &p);
        tried++;
        bad += !never_open(&p);
        /* An enabled account whose block is not whole is disabled first, whatever else there is to do. */
        open += f.elevated && f.offline.enabled && f.filters != LOOK_WHOLE && first(&p, SETUP_DISABLE, "CordonOffline") != 0;
        early += p.v[p.n - 1].state == STEP_DONE && !setup_plan_whole(&p);
        arena_release(&a);
    }
    CHECK(tried == 4096 && bad == 0, "on every machine: disabled, blocked, verified, enabled, committed, in this order");
    CHECK(open == 0, "on every machine: an enabled account without its block is disabled first");
    CHECK(early == 0, "on every machine: no commit counts while something is to be done");
    for (size_t k = 0; k < SETUP_KIND_COUNT; k++)
        bad += !setup_inverse((enum setup_kind)k) || !setup_inverse((enum setup_kind)k)[0] || !setup_kind_name((enum setup_kind)k);
    CHECK(bad == 0, "every step has an inverse");
}

static void resumes(void)
{
    struct arena a = {0};
    struct setup_facts f;
    struct setup_plan p;
    size_t done = 0;

    facts_fresh(&f);
    setup_plan_build(&a, &f, &p);
    for (size_t i = 0; i < p.n; i++)
        done += p.v[i].state == STEP_DONE;
    CHECK(done == 0 && p.blocked.n == 0 && !setup_plan_whole(&p), "a fresh machine: nothing is done, nothing is in the way");
    CHECK(count(&p, SETUP_ACCOUNT) == 2 && count(&p, SETUP_RIGHT) == 2 * SETUP_RIGHTS && count(&p, SETUP_RULE) == SETUP_RULES,
        "two accounts, four rights each, the rules");
    facts_set_up(&f);
    setup_plan_build(&a, &f, &p);
    CHECK(setup_plan_whole(&p), "a machine that is set up: all is done");
    f.offline.locked = true;
    setup_plan_build(&a, &f, &p);
    CHECK(p.v[first(&p, SETUP_ACCOUNT, "CordonOffline")].state == STEP_MEND && first(&p, SETUP_DISABLE, NULL) == NONE,
        "a locked account is mended");
    facts_set_up(&f);
    f.credentials = LOOK_DIFFERS;
    setup_plan_build(&a, &f, &p);
    CHECK(p.v[first(&p, SETUP_CREDENTIALS, NULL)].state == STEP_MEND && p.v[first(&p, SETUP_ACCOUNT, "CordonOnline")].state == STEP_MEND,
        "passwords that cannot be decrypted are made anew, for both accounts");
    facts_set_up(&f);
    f.offline.enabled = false;
    setup_plan_build(&a, &f, &p);
    CHECK(p.v[first(&p, SETUP_ACCOUNT, "CordonOffline")].state == STEP_MEND, "one that an interrupted setup left disabled gets its password again");
    facts_set_up(&f);
    f.filters = LOOK_MISSING;
    f.committed = false;
    f.offline.rights = 1;
    setup_plan_build(&a, &f, &p);
    CHECK(p.v[0].kind == SETUP_DISABLE && p.v[1].kind == SETUP_DISABLE && p.v[first(&p, SETUP_FILTERS, NULL)].state == STEP_MAKE &&
              p.v[first(&p, SETUP_GROUP, NULL)].state == STEP_DONE && p.v[first(&p, SETUP_RIGHT, "CordonOffline")].state == STEP_DONE,
        "an interrupted setup goes on where it stopped");
    facts_set_up(&f);
    f.elevated = false;
    f.filters = f.audit_policy = LOOK_UNKNOWN;
    setup_plan_build(&a, &f, &p);
    CHECK(p.v[first(&p, SETUP_FILTERS, NULL)].state == STEP_LOOK && p.v[p.n - 1].state != STEP_DONE,
        "what cannot be seen unelevated is not called done");
    facts_set_up(&f);
    f.crash_on_audit_fail = true;
    setup_plan_build(&a, &f, &p);
    CHECK(count(&p, SETUP_AUDIT_POLICY) == 0 && p.notes.n == 1, "no auditing where a full log stops the machine");
    arena_release(&a);
}

static bool is_blocked(struct setup_facts *f, const char *word)
{
    struct arena a = {0};
    struct setup_plan p;
    bool found = false;

    setup_plan_build(&a, f, &p);
    for (size_t i = 0; i < p.blocked.n; i++)
        found = found || strstr(p.blocked.v[i].p, word) != NULL;
    arena_release(&a);
    return found;
}

static void refuses(void)
{
    struct setup_facts f;
    struct setup_plan p;
    struct arena a = {0};
    struct err e = {0};
    struct volume_fact fat = {.root = STR("C:\\"), .type = STR("exFAT")};

    facts_fresh(&f);
    f.build = 0;
    CHECK(is_blocked(&f, "older than 10"), "a Windows that does not say what it is");
    facts_fresh(&f);
    f.offline.there = true;
    CHECK(is_blocked(&f, "not taken over"), "a stranger's account of that name is not taken over");
    f.offline.noted = true;
    CHECK(is_blocked(&f, "cordon uninstall"), "nor one that took the place of Cordon's");
    facts_fresh(&f);
    f.numbered = true;
    f.elevated = false;
    setup_plan_build(&a, &f, &p);
    CHECK(p.blocked.n == 0 && p.notes.n == 1 && strstr(p.notes.v[0].p, "administrator sees"), "a second person's plan says why its names have a number");
    facts_fresh(&f);
    f.data_dir = STR("\\Cordon");
    CHECK(is_blocked(&f, "ProgramData"), "a machine that does not say where its folders are");
    facts_fresh(&f);
    f.group.there = true;
    CHECK(is_blocked(&f, "--group"), "nor a stranger's group");
    facts_fresh(&f);
    f.online.name = STR("cordonoffline");
    CHECK(is_blocked(&f, "named twice"), "two of one name, in whatever case");
    facts_fresh(&f);
    f.build = 17134;
    CHECK(is_blocked(&f, "1809"), "a Windows that is too old");
    facts_fresh(&f);
    f.domain_controller = true;
    CHECK(is_blocked(&f, "domain controller"), "a domain controller");
    facts_fresh(&f);
    f.seclogon = SERVICE_IS_DISABLED;
    CHECK(is_blocked(&f, "1058"), "no secondary logon");
    facts_fresh(&f);
    f.filtering = SERVICE_IS_STOPPED;
    CHECK(is_blocked(&f, "BFE"), "no filtering engine");
    facts_fresh(&f);
    f.logon_denied = true;
    CHECK(is_blocked(&f, "1385"), "a policy against local logon");
    facts_fresh(&f);
    f.person_sid = STR("S-1-5-18");
    CHECK(is_blocked(&f, "whose Cordon"), "SYSTEM is nobody's Cordon");
    facts_fresh(&f);
    f.source_writable = true;
    CHECK(is_blocked(&f, "sandboxed programs may write"), "programs that the sandbox could have replaced are not elevated");
    facts_fresh(&f);
    f.volumes = &fat;
    f.volume_count = 1;
    CHECK(is_blocked(&f, "keeps no access control"), "a ledger that everybody could write");
    facts_set_up(&f);
    f.offline.in_admins = true;
    CHECK(is_blocked(&f, "administrator"), "an account that became an administrator");
    CHECK(!setup_name_good(STR("a\\b"), &e) && (err_clear(&e), !setup_name_good(STR("CordonOfflineCordonOff"), &e)) &&
              (err_clear(&e), setup_name_good(STR("Cordon_9-x"), &e)), "names");
    CHECK_STR(setup_name(&a, STR("CordonOffline"), 1), STR("CordonOffline"), "the first person's name");
    CHECK_STR(setup_name(&a, STR("CordonOffline"), 12), STR("CordonOffline-12"), "a later person's");
    CHECK(setup_name(&a, STR("ABCDEFGHIJKLMNOPQRST"), 3).n == SETUP_NAME_MAX, "cut to what the SAM takes");
    arena_release(&a);
}

static bool is_noted(const struct setup_plan *p, const char *words)
{
    for (size_t i = 0; i < p->notes.n; i++)
        if (strstr(p->notes.v[i].p, words))
            return true;
    return false;
}

/* The ledger of a machine on which each step of this plan was done. */
static void note_all(struct setup_facts *f, const struct setup_plan *p)
{
    static struct setup_noted noted[64];

    f->noted = noted;
    f->noted_count = 0;
    for (size_t i = 0; i < p->n && f->noted_count < COUNT_OF(noted); i++) {
        const struct setup_step *s = &p->v[i];
        if (s->kind >= SETUP_GROUP && s->kind != SETUP_CREDENTIALS && s->kind < SETUP_VERIFY)
            noted[f->noted_count++] =
                (struct setup_noted){s->kind, s->subject, s->kind == SETUP_MEMBER || s->kind == SETUP_RIGHT ? s->text : (struct str){0}};
    }
    f->offline.noted = f->online.noted = true;
}

static void witness(void)
{
    struct arena a = {0};
    struct setup_facts f;
    struct setup_plan p;

    facts_set_up(&f);
    setup_plan_build(&a, &f, &p);
    note_all(&f, &p);
    f.witness_wanted = false;
    setup_plan_undo(&a, &f, &p);
    CHECK(count(&p, SETUP_WITNESS) == 1, "a witness goes with the rest, though uninstall is not asked for it by name");
    f.audit_looked = f.crash_on_audit_fail = true;
    f.audit_wanted = false;
    setup_plan_undo(&a, &f, &p);
    CHECK(count(&p, SETUP_WITNESS) == 1 && count(&p, SETUP_AUDIT_POLICY) == 2 && count(&p, SETUP_AUDIT_SACL) == 1,
        "and auditing, though it would not be made today");
    facts_set_up(&f);
    f.witness_wanted = false;
    f.witness = LOOK_DIFFERS;
    setup_plan_build(&a, &f, &p);
    CHECK(count(&p, SETUP_WITNESS) == 1, "one that is there is kept as it should be");
    facts_fresh(&f);
    f.audit_wanted = f.witness_wanted = f.audit_looked = f.log_overwrites = true;
    setup_plan_build(&a, &f, &p);
    CHECK(count(&p, SETUP_WITNESS) == 1 && !is_noted(&p, "no witness"), "one that is wanted is made");
    f.witness_other = STR("S-1-5-21-1-1-1-1");
    setup_plan_build(&a, &f, &p);
    CHECK(count(&p, SETUP_WITNESS) == 0 && is_noted(&p, "for S-1-5-21-1-1-1-1, and stays"), "another person's is not taken over, and named");
    facts_set_up(&f);
    f.witness = LOOK_MISSING;
    f.witness_other = STR("S-1-5-21-1-1-1-1");
    setup_plan_undo(&a, &f, &p);
    CHECK(count(&p, SETUP_WITNESS) == 0, "nor removed with ours");
    arena_release(&a);
}

static void goes_back(void)
{
    struct arena a = {0};
    struct setup_facts f;
    struct setup_plan p, whole;
    size_t bad = 0;

    facts_set_up(&f);
    setup_plan_build(&a, &f, &whole);
    note_all(&f, &whole);
    setup_plan_undo(&a, &f, &p);
    CHECK(p.v[0].kind == SETUP_COMMIT && p.v[p.n - 1].kind == SETUP_RESIDUE, "the record goes first, the look for residue comes last");
    CHECK(last(&p, SETUP_DISABLE) < first(&p, SETUP_END, "CordonOnline") && last(&p, SETUP_END) < first(&p, SETUP_FILTERS, NULL),
        "the block goes once nothing can run as the account");
    CHECK(first(&p, SETUP_RIGHT, NULL) < first(&p, SETUP_ACCOUNT, NULL) && last(&p, SETUP_ACCOUNT) < first(&p, SETUP_GROUP, NULL) &&
              first(&p, SETUP_LEDGER, NULL) < first(&p, SETUP_FOLDERS, NULL) && first(&p, SETUP_PROFILE, NULL) < first(&p, SETUP_ACCOUNT, NULL),
        "inverse order");
    for (size_t i = 0; i < whole.n; i++) {
        const struct setup_step *s = &whole.v[i];
        if (s->kind != SETUP_VERIFY && s->kind != SETUP_ENABLE)
            bad += count(&p, s->kind) != count(&whole, s->kind) && s->kind != SETUP_DISABLE;
    }
    CHECK(bad == 0, "each step that was done is taken back");
    f.offline = (struct setup_account){.name = STR("CordonOffline"), .noted = true};
    f.crash_on_audit_fail = true;
    f.wsl_count = 0;
    setup_plan_undo(&a, &f, &p);
    CHECK(first(&p, SETUP_DISABLE, "CordonOffline") == NONE && first(&p, SETUP_END, "CordonOffline") != NONE &&
              first(&p, SETUP_PROFILE, "CordonOffline") != NONE && first(&p, SETUP_ACCOUNT, "CordonOffline") != NONE &&
              count(&p, SETUP_RULE) == SETUP_RULES && count(&p, SETUP_EXECUTE) == 1 && count(&p, SETUP_AUDIT_SACL) == 1,
        "an account that somebody removed leaves nothing behind, nor a program that is gone, nor auditing that is no longer wanted");
    facts_set_up(&f);
    f.others = true;
    f.witness = LOOK_DIFFERS;
    setup_plan_undo(&a, &f, &p);
    CHECK(first(&p, SETUP_PROGRAMS, NULL) == NONE && first(&p, SETUP_WITNESS, NULL) == NONE && p.notes.n > 0,
        "what another person's Cordon runs stays, and is not this ledger's");
    facts_fresh(&f);
    setup_plan_undo(&a, &f, &p);
    CHECK(p.n == 1 && p.v[0].kind == SETUP_RESIDUE, "where nothing is, nothing is undone");
    facts_fresh(&f);
    f.offline.there = true; /* a stranger's */
    f.programs = LOOK_DIFFERS;
    setup_plan_undo(&a, &f, &p);
    CHECK(first(&p, SETUP_ACCOUNT, NULL) == NONE && first(&p, SETUP_DISABLE, NULL) == NONE, "a stranger's account is not removed");
    CHECK(first(&p, SETUP_PROGRAMS, NULL) == NONE, "nor programs that were unpacked there and never set up");
    arena_release(&a);
}

static void network(void)
{
    struct arena a = {0};
    struct setup_filter v[SETUP_FILTERS_MAX], w[SETUP_FILTERS_MAX];
    struct setup_rule rules[SETUP_RULES];
    size_t n = setup_filters(&a, STR(OFFLINE), v), m = setup_filters(&a, STR(ONLINE), w), bad = 0, equal = 0;

    CHECK(n == 14 && m == 14, "fourteen filters");
    for (size_t i = 0; i < n; i++) {
        bad += v[i].condition_count == 0 || v[i].conditions[0].field != FIELD_USER || !str_ends(v[i].conditions[0].text, STR(";;;" OFFLINE ")")) ||
               !str_eq(v[i].conditions[0].text, v[0].conditions[0].text);
        bad += v[i].weight == 0 || v[i].clear_right == v[i].permit || strlen(v[i].key) != 38;
        for (size_t k = 0; k < n; k++)
            equal += (size_t)((i != k && !strcmp(v[i].key, v[k].key)) || !strcmp(v[i].key, w[k].key));
    }
    CHECK(bad == 0, "each names the account, has a weight, and a block is final");
    CHECK_STR(v[0].conditions[0].text, STR("O:S-1-5-18G:S-1-5-18D:(A;;0x1;;;S-1-15-2-1)(A;;0x1;;;S-1-15-2-2)(A;;0x1;;;" OFFLINE ")"),
        "and what the account puts into an AppContainer, which a check of the user alone would not be about");
    CHECK(equal == 0, "each has a key of its own, and another account others");
    unsigned char guid[16];
    CHECK(setup_guid(STR("{c38d57d1-05a7-4c33-904f-7fbceee60e82}"), guid) &&
              !memcmp(guid, "\xd1\x57\x8d\xc3\xa7\x05\x33\x4c\x90\x4f\x7f\xbc\xee\xe6\x0e\x82", 16), "a key as it lies in memory");
    for (size_t i = 0; i < LAYER_COUNT; i++)
        bad += !setup_guid(str_from(setup_layer_keys[i]), guid);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        bad += !setup_guid(str_from(setup_field_keys[i]), guid);
    for (size_t i = 0; i < n; i++)
        bad += !setup_guid(str_from(v[i].key), guid);
    CHECK(bad == 0 && !setup_guid(STR("{c38d57d1-05a7-4c33-904f-7fbceee60e8}"), guid) && setup_guid(str_from(setup_provider), guid) &&
              setup_guid(str_from(setup_sublayer), guid), "all keys are keys");

    for (int layer = 0; layer < LAYER_COUNT; layer++) {
        bool assign = layer >= LAYER_ASSIGN_V4;
        struct setup_flow out = {(enum setup_layer)layer, false, 6, 50000, 443}, dns = {(enum setup_layer)layer, false, 17, 50000, 53};
        struct setup_flow loop = {(enum setup_layer)layer, true, 6, 50001, 50002}, fixed = {(enum setup_layer)layer, true, 6, 5432, 5432};
        struct setup_flow proxy = {(enum setup_layer)layer, true, 6, SETUP_PROXY_LOW, SETUP_PROXY_LOW}, icmp = {(enum setup_layer)layer, true, 1, 50001, 50002};
        struct setup_flow icmp6 = {(enum setup_layer)layer, false, 58, 0, 0}, raw = {(enum setup_layer)layer, false, 255, 0, 0};
        bad += setup_filters_permit(v, n, &out) != assign || setup_filters_permit(v, n, &dns) != assign;
        bad += !setup_filters_permit(v, n, &loop) || setup_filters_permit(v, n, &fixed) != assign || !setup_filters_permit(v, n, &proxy);
        bad += setup_filters_permit(v, n, &icmp6) || setup_filters_permit(v, n, &raw);
        bad += assign && setup_filters_permit(v, n, &icmp);
    }
    CHECK(bad == 0, "outside, fixed ports of loopback, ICMP and raw are blocked; its own ports of loopback are not");
    CHECK(setup_filters(&a, STR("S-1-5-18"), v) == 0 && setup_filters(&a, STR(""), v) == 0 && !setup_rules(&a, STR("S-1-5-21-1-2-x"), rules),
        "no filters for what is no local account");
    CHECK(setup_rules(&a, STR(OFFLINE), rules), "firewall rules");
    for (size_t i = 0; i < SETUP_RULES; i++)
        bad += !str_is(rules[i].user, "O:LSD:(A;;CC;;;" OFFLINE ")") || !str_ends(rules[i].name, STR(OFFLINE)) ||
               (rules[i].ports.n && rules[i].protocol == 256) || strchr(rules[i].addresses, '/') || strstr(rules[i].addresses, "Local");
    CHECK(bad == 0, "each for the account alone, ports only with a protocol, literals that the firewall takes");
    CHECK_STR(rules[2].ports, STR("1-48619,48636-49151"), "the ports of loopback that stay open are left out");
    arena_release(&a);
}

static bool writable(const char *sddl)
{
    struct arena a = {0};
    struct descriptor d;
    struct err e = {0};
    bool out = !sddl_parse(&a, str_from(sddl), &d, &e) || setup_writable_inside(&d, STR(GROUP));

    arena_release(&a);
    return out;
}

static void trust(void)
{
    CHECK(!writable("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"), "Program Files is not theirs to write");
    CHECK(!writable("O:S-1-5-21-1-2-3-1001D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;S-1-5-21-1-2-3-1001)"), "nor a folder of the person's own");
    CHECK(writable("O:BAD:(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;AU)"), "a folder in the drive's root is");
    CHECK(writable("O:BAD:(A;OICI;FA;;;BA)(A;;0x1301bf;;;" GROUP ")"), "and a writable root");
    CHECK(writable("O:BAD:(A;;WD;;;WD)") && writable("O:BAD:NO_ACCESS_CONTROL"), "and what everybody may take over");
}

static bool given(const char *path, const char *owner, bool known, bool ours)
{
    const struct setup_places p = {STR("C:\\Windows"), STR("C:\\Program Files"), STR("C:\\Program Files (x86)"), STR("C:\\ProgramData"),
        STR("C:\\Users"), STR("C:\\Users\\p")};
    return setup_may_give(&p, str_from(path), str_from(owner), known, ours) == NULL;
}

static void gives(void)
{
    const struct setup_places none = {0};

    CHECK(given("D:\\work", SID_ADMINISTRATORS, true, false) && given("C:\\Users\\p\\src", SID_SYSTEM, true, false) &&
              given("C:\\src\\x", "S-1-5-21-9-9-9-1001", false, false) && given("C:\\src", OFFLINE, true, true),
        "an administrator's, a lost account's and the sandbox's folders may be handed over");
    CHECK(!given("C:\\src", "S-1-5-21-1-2-3-1002", true, false), "not another person's");
    CHECK(!given("C:\\", SID_ADMINISTRATORS, true, false) && !given("D:\\", SID_ADMINISTRATORS, true, false) &&
              !given("\\\\host\\share", SID_ADMINISTRATORS, true, false) && !given("C:\\windows\\Temp", SID_SYSTEM, true, false) &&
              !given("C:\\Program Files\\x", SID_SYSTEM, true, false) && !given("C:\\PROGRAMDATA", SID_SYSTEM, true, false) &&
              !given("C:\\Users", SID_SYSTEM, true, false) && !given("C:\\Users\\q\\src", SID_SYSTEM, true, false) &&
              !given("C:\\Users\\p", SID_SYSTEM, true, false),
        "not a drive, Windows, programs, profiles");
    CHECK(!given("D:\\$RECYCLE.BIN\\x", SID_SYSTEM, true, false) && !given("D:\\system volume information", SID_SYSTEM, true, false) &&
              !given("C:\\Windows.old\\x", SID_SYSTEM, true, false) && given("D:\\Recoveries", SID_SYSTEM, true, false),
        "nor what Windows keeps beside them");
    CHECK(given("C:\\Windows2", SID_ADMINISTRATORS, true, false) && setup_may_give(&none, STR("D:\\work"), STR(SID_SYSTEM), true, false),
        "a name that only begins alike is another; what cannot be told refuses");
}

static bool denies(const char *sddl, uint32_t mask)
{
    struct arena a = {0};
    struct descriptor d;
    struct err e = {0};
    bool out = sddl_parse(&a, str_from(sddl), &d, &e) && setup_denies(&d, STR(GROUP), mask);

    arena_release(&a);
    return out;
}

static void denials(void)
{
    CHECK(denies("D:(D;;0x1f;;;" GROUP ")(A;;0x1f;;;WD)", 0x1f) && denies("D:(D;;0x1;;;S-1-5-7)(D;;0x3f;;;" GROUP ")", 0x1f), "shut: an entry before all that grant");
    CHECK(!denies("D:(A;;0x1f;;;WD)(D;;0x1f;;;" GROUP ")", 0x1f), "not one that stands behind a grant");
    CHECK(!denies("D:(D;;0x7;;;" GROUP ")(A;;0x1f;;;WD)", 0x1f), "not one that refuses less");
    CHECK(!denies("D:(D;IO;0x1f;;;" GROUP ")", 0x1f) && !denies("D:(D;;0x1f;;;S-1-5-7)", 0x1f), "not what is for what lies below, or for somebody else");
    CHECK(!denies("D:NO_ACCESS_CONTROL", 0x1f) && !denies("O:BA", 0x1f), "nothing is shut where there is no list");
}

/* The tier's words, by what setup remembers and what is there now. */
static void tiers(void)
{
    static const struct {
        const char *name, *missing;
        enum setup_look com, wsl;
        const char *said, *unsaid;
    } rows[] = {
        {"all is shut", NULL, LOOK_WHOLE, LOOK_WHOLE, "DNS", "COM"},
        {"what nobody shuts is told", NULL, LOOK_WHOLE, LOOK_WHOLE, "HTTP.sys", "Subsystem"},
        {"network drives are told", NULL, LOOK_WHOLE, LOOK_WHOLE, "network drives", "Subsystem"},
        {"COM was opened again", NULL, LOOK_MISSING, LOOK_WHOLE, "COM servers, WMI, BITS and scheduled tasks; setup shut it, and it is open again", "Subsystem"},
        {"COM cannot be read", NULL, LOOK_UNKNOWN, LOOK_WHOLE, "tasks; whether it is shut cannot be read", "open again"},
        {"COM could not be shut", "com", LOOK_UNKNOWN, LOOK_WHOLE, "tasks; setup could not shut it", "open again"},
        {"WSL came later", NULL, LOOK_WHOLE, LOOK_MISSING, "Linux; setup shut it, and it is open again", "COM"},
        {"WSL could not be shut", "wsl", LOOK_WHOLE, LOOK_MISSING, "Linux; setup could not shut it", "COM"},
        {"no firewall", "firewall", LOOK_WHOLE, LOOK_WHOLE, "without the firewall", "auditing"},
        {"no auditing", "audit", LOOK_WHOLE, LOOK_WHOLE, "without auditing", "firewall"},
        {"accounts to be seen", "hidden", LOOK_WHOLE, LOOK_WHOLE, "without hiding the accounts", "firewall"},
        {"a witness that did not start", "witness", LOOK_WHOLE, LOOK_WHOLE, "without the witness", "firewall"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena a = {0};
        struct texts missing = {0}, open = {0}, without = {0};
        struct buf out = {0};
        char name[120];
        if (rows[i].missing)
            *(struct str *)ARENA_PUSH(&a, &missing) = str_from(rows[i].missing);
        setup_tier(&a, &missing, rows[i].com, rows[i].wsl, &open, &without);
        for (size_t k = 0; k < open.n; k++)
            buf_format(&out, "%s\n", open.v[k].p);
        for (size_t k = 0; k < without.n; k++)
            buf_format(&out, "without %s\n", without.v[k].p);
        buf_add(&out, "", 1);
        snprintf(name, sizeof name, "tier: %s", rows[i].name);
        CHECK(strstr(out.p, rows[i].said) && !strstr(out.p, rows[i].unsaid), name);
        buf_release(&out);
        arena_release(&a);
    }
}

/* Whatever part a plan may go on without, the tier has words for it. */
static void tier_knows(void)
{
    struct arena a = {0};
    struct setup_facts f;
    struct setup_plan p;

    facts_fresh(&f);
    f.witness_wanted = true;
    setup_plan_build(&a, &f, &p);
    for (size_t i = 0; i < p.n; i++) {
        struct str part = str_from(p.v[i].part);
        struct texts missing = {&part, 1, 1}, open = {0}, without = {0}, none = {0}, always = {0}, nothing = {0};
        if (p.v[i].fail != SETUP_DEGRADE)
            continue;
        setup_tier(&a, &none, LOOK_WHOLE, LOOK_WHOLE, &always, &nothing);
        setup_tier(&a, &missing, LOOK_WHOLE, LOOK_WHOLE, &open, &without);
        if (open.n + without.n != always.n + nothing.n + 1)
            CHECK(false, p.v[i].part);
    }
    CHECK(p.n > 0, "each part that a plan goes on without is told in the tier");
    arena_release(&a);
}

static void passwords(void)
{
    unsigned char bytes[256], again[512];
    char out[SETUP_PASSWORD_LENGTH + 1];
    unsigned seen[256] = {0}, most = 0, least = 1000000;
    uint32_t state = 1;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    CHECK(setup_password(bytes, sizeof bytes, out) && strlen(out) == SETUP_PASSWORD_LENGTH, "as long as it should be");
    memset(again, 0, sizeof again);
    CHECK(!setup_password(again, sizeof again, out) && out[0] == '\0', "a single class is none, however many bytes");
    CHECK(!setup_password(bytes, SETUP_PASSWORD_LENGTH - 1, out), "too few bytes are too few");
    memset(again, 255, sizeof again);
    CHECK(!setup_password(again, sizeof again, out), "bytes that would favour a character are passed over");
    for (int round = 0; round < 4000; round++) {
        for (size_t i = 0; i < sizeof again; i++) {
            state = state * 1664525u + 1013904223u;
            again[i] = (unsigned char)(state >> 24);
        }
        if (!setup_password(again, sizeof again, out))
            continue;
        for (size_t i = 0; out[i]; i++)
            seen[(unsigned char)out[i]]++;
    }
    for (size_t i = 0; i < 256; i++) {
        most = seen[i] > most ? seen[i] : most;
        least = seen[i] && seen[i] < least ? seen[i] : least;
    }
    CHECK(least > 2000 && most < least * 5 / 4, "no character is favoured");
    CHECK(!seen['"'] && !seen['%'] && !seen['^'] && !seen['&'] && !seen[' '] && !seen['\\'], "nothing that a shell reads");
}

/* The plan for a fresh machine, word for word: whoever changes what is done to a machine changes this. */
static const char golden[] =
#include "data/setup_plan.inc"
    ;

static void prints(void)
{
    struct arena a = {0};
    struct setup_facts f;
    struct setup_plan p;
    struct buf out = {0};

    facts_set_up(&f);
    f.committed = f.offline.enabled = f.online.enabled = false;
    f.filters = f.rules = LOOK_MISSING;
    f.offline.rights = 7;
    setup_plan_build(&a, &f, &p);
    setup_plan_print(&out, &p, false);
    if (!CHECK(str_is(buf_view(&out), golden), "the plan of a fixed machine, word for word"))
        fwrite(out.p, 1, out.n, stdout);
    buf_clear(&out);
    setup_plan_json(&out, &p, false);
    CHECK(out.n > 1000 && out.p[0] == '{' && str_ends(buf_view(&out), STR("}\n")) && !strchr(str_slice(buf_view(&out), 0, out.n - 1).p, '\t'), "as JSON");
    buf_clear(&out);
    f.offline.name = STR("x\x1b[31m");
    setup_plan_build(&a, &f, &p);
    setup_plan_print(&out, &p, false);
    CHECK(!memchr(out.p, 0x1b, out.n), "hostile names are printed as text");
    buf_release(&out);
    arena_release(&a);
}

int main(void)
{
    order();
    resumes();
    refuses();
    goes_back();
    witness();
    network();
    trust();
    gives();
    denials();
    tiers();
    tier_knows();
    passwords();
    prints();
    return CHECK_END();
}
