/* test_setup_run: a plan run over a fake machine: whatever fails or lies, nothing is left enabled, nothing is claimed, and what was
 * made is taken back; an interrupted one is taken up; the ledger's text, and the words of the command line. */
#include "check.h"
#include "setup_facts.h"
#include "../setup/setup.h"

#define THINGS 128

static struct arena ever; /* what the ledgers of all machines name */

/* A machine of things that are there or not. */
struct fake {
    struct {
        enum setup_kind kind;
        char subject[160], text[200];
    } v[THINGS];
    size_t n;
    size_t calls, fail_at, lie_at, crash_at; /* the how manieth make; 0: none */
    size_t recorded;
    struct setup_noted noted[THINGS];
    size_t noted_count;
    bool blind;      /* nothing can be read back */
    bool opened;     /* an account was enabled while its block was not there */
    bool ended;      /* uninstall said that nothing runs as an account */
    bool uncovered;  /* a block was taken away while an account was enabled */
    size_t undone, undo_fail_at, undo_lie_at; /* the how manieth undo; 0: none */
    enum setup_kind breaks;  /* making this takes the block of the network away; 0: nothing */
    enum setup_kind revives; /* looking for it again brings it back; 0: nothing */
    size_t unrecorded;
    char told[64];
};

static bool same(const char *x, struct str y)
{
    return strlen(x) == y.n && (y.n == 0 || !memcmp(x, y.p, y.n));
}

static size_t find(const struct fake *f, enum setup_kind kind, struct str subject, struct str text)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].kind == kind && same(f->v[i].subject, subject) && same(f->v[i].text, text))
            return i;
    return THINGS;
}

static size_t find_kind(const struct fake *f, enum setup_kind kind)
{
    size_t i = 0;

    while (i < f->n && f->v[i].kind != kind)
        i++;
    return i < f->n ? i : THINGS;
}

static bool there(const struct fake *f, enum setup_kind kind)
{
    return find_kind(f, kind) < THINGS;
}

/* What stands in the ledger, and what is told by looking alone, as in setup_windows.c. */
static bool is_entered(enum setup_kind kind)
{
    return kind != SETUP_FOLDERS && kind != SETUP_LEDGER && kind != SETUP_PROGRAMS && kind != SETUP_CREDENTIALS && kind != SETUP_DISABLE &&
           kind != SETUP_ENABLE && kind != SETUP_COMMIT && kind != SETUP_END;
}

static size_t find_noted(const struct fake *f, const struct setup_step *s)
{
    for (size_t i = 0; i < f->noted_count; i++)
        if (f->noted[i].kind == s->kind && str_eq(f->noted[i].subject, s->subject) && (!f->noted[i].text.n || str_eq(f->noted[i].text, s->text)))
            return i;
    return THINGS;
}

static bool fake_record(void *context, const struct setup_step *s, struct err *e)
{
    struct fake *f = context;
    (void)e;
    f->recorded++;
    if (is_entered(s->kind) && find_noted(f, s) == THINGS)
        f->noted[f->noted_count++] = (struct setup_noted){s->kind, arena_str(&ever, s->subject),
            s->kind == SETUP_MEMBER || s->kind == SETUP_RIGHT ? arena_str(&ever, s->text) : (struct str){0}};
    return true;
}

static bool fake_forget(void *context, const struct setup_step *s, struct err *e)
{
    struct fake *f = context;
    size_t i = find_noted(f, s);
    (void)e;
    if (i < THINGS)
        f->noted[i] = f->noted[--f->noted_count];
    return true;
}

static struct str text_of(const struct setup_step *s)
{
    return s->kind == SETUP_MEMBER || s->kind == SETUP_RIGHT ? s->text : STR("");
}

static enum setup_look fake_look(void *context, const struct setup_step *s)
{
    struct fake *f = context;

    if (f->blind)
        return LOOK_UNKNOWN;
    if (f->revives && s->kind == f->revives && !there(f, SETUP_FOLDERS))
        return LOOK_WHOLE;
    if (s->kind == SETUP_DISABLE)
        return find(f, SETUP_ENABLE, s->subject, STR("")) == THINGS ? LOOK_WHOLE : LOOK_MISSING;
    return find(f, s->kind, s->subject, text_of(s)) == THINGS ? LOOK_MISSING : LOOK_WHOLE;
}

static void drop(struct fake *f, size_t i)
{
    if (i < THINGS)
        f->v[i] = f->v[--f->n];
}

static bool fake_make(void *context, const struct setup_step *s, struct err *e)
{
    struct fake *f = context;
    struct str subject = s->subject, text = text_of(s);

    f->calls++;
    if (f->calls > f->recorded)
        f->unrecorded++;
    if (f->calls == f->fail_at)
        return err_set(e, ERR_SYSTEM, "made to fail");
    if (f->calls == f->lie_at)
        return true;
    if (s->kind == SETUP_ENABLE && !there(f, SETUP_FILTERS))
        f->opened = true;
    if (s->kind == SETUP_DISABLE) {
        drop(f, find(f, SETUP_ENABLE, s->subject, STR("")));
        return true;
    }
    f->v[f->n].kind = s->kind;
    snprintf(f->v[f->n].subject, sizeof f->v[0].subject, "%.*s", (int)subject.n, subject.p ? subject.p : "");
    snprintf(f->v[f->n].text, sizeof f->v[0].text, "%.*s", (int)text.n, text.p ? text.p : "");
    f->n++;
    if (f->breaks && s->kind == f->breaks)
        drop(f, find_kind(f, SETUP_FILTERS));
    return true;
}

static bool fake_undo(void *context, const struct setup_step *s, struct err *e)
{
    struct fake *f = context;

    f->undone++;
    if (f->undone == f->undo_fail_at)
        return err_set(e, ERR_SYSTEM, "made to fail");
    if (f->undone == f->undo_lie_at)
        return true;
    if (s->kind == SETUP_LEDGER) /* it is a line of it */
        drop(f, find(f, SETUP_COMMIT, STR("the commit record"), STR("")));
    f->uncovered = f->uncovered || (s->kind == SETUP_FILTERS && there(f, SETUP_ENABLE));
    if (s->kind == SETUP_DISABLE)
        drop(f, find(f, SETUP_ENABLE, s->subject, STR("")));
    else
        drop(f, find(f, s->kind, s->subject, text_of(s)));
    return true;
}

static void fake_tell(void *context, const struct setup_step *s, enum setup_told told, const struct err *e)
{
    (void)context;
    (void)s;
    (void)told;
    (void)e;
}

static enum setup_look seen(const struct fake *f, enum setup_kind kind)
{
    return there(f, kind) ? LOOK_WHOLE : LOOK_MISSING;
}

static void look_account(const struct fake *f, struct setup_account *u, struct str sid)
{
    struct str name = u->name;

    if (find(f, SETUP_ACCOUNT, name, STR("")) == THINGS)
        return;
    account_whole(u, sid);
    u->enabled = find(f, SETUP_ENABLE, name, STR("")) < THINGS;
    u->in_users = find(f, SETUP_MEMBER, name, STR(SID_USERS)) < THINGS;
    u->in_group = find(f, SETUP_MEMBER, name, STR("CordonUsers")) < THINGS;
    u->hidden = find(f, SETUP_HIDDEN, name, STR("")) < THINGS ? LOOK_WHOLE : LOOK_MISSING;
    u->profile = find(f, SETUP_PROFILE, name, STR("")) < THINGS ? LOOK_WHOLE : LOOK_MISSING;
    u->rights = 0;
    for (unsigned i = 0; i < SETUP_RIGHTS; i++)
        u->rights |= find(f, SETUP_RIGHT, name, str_from(setup_rights[i])) < THINGS ? 1u << i : 0;
}

static void look(const struct fake *f, struct setup_facts *out)
{
    facts_fresh(out);
    look_account(f, &out->offline, STR(OFFLINE));
    look_account(f, &out->online, STR(ONLINE));
    if (there(f, SETUP_GROUP)) {
        out->group.there = out->group.ours = true;
        out->group.sid = STR(GROUP);
    }
    out->filters = seen(f, SETUP_FILTERS);
    out->rules = seen(f, SETUP_RULE);
    out->credentials = seen(f, SETUP_CREDENTIALS);
    out->programs = seen(f, SETUP_PROGRAMS);
    out->folders = seen(f, SETUP_FOLDERS);
    out->ledger = seen(f, SETUP_LEDGER);
    out->com_launch = out->com_access = seen(f, SETUP_COM);
    out->audit_policy = seen(f, SETUP_AUDIT_POLICY);
    out->audit_sacl = seen(f, SETUP_AUDIT_SACL);
    out->wsl[0].look = seen(f, SETUP_EXECUTE);
    out->committed = there(f, SETUP_COMMIT);
    out->noted = (struct setup_noted *)(uintptr_t)f->noted;
    out->noted_count = f->noted_count;
    for (size_t i = 0; i < f->noted_count; i++)
        if (f->noted[i].kind == SETUP_ACCOUNT)
            *(str_eq(f->noted[i].subject, out->offline.name) ? &out->offline.noted : &out->online.noted) = true;
}

/* As cordon-setup install does it. */
static bool install(struct fake *f, struct setup_made *made, struct err *e)
{
    struct setup_edge edge = {f, fake_record, fake_look, fake_make, fake_undo, fake_forget, fake_tell};
    struct setup_facts facts;
    struct setup_plan plan;
    struct arena a = {0};
    bool good = true;

    for (int pass = 0; pass < 2; pass++) {
        look(f, &facts);
        setup_plan_build(&a, &facts, &plan);
        good = setup_run(&a, &edge, &plan, made, e);
        if (!good || !made->again)
            break;
    }
    arena_release(&a);
    return good && !made->again;
}

static void whole_run(size_t *calls)
{
    struct fake f = {0};
    struct setup_made made = {0};
    struct err e = {0};
    struct setup_facts facts;
    struct setup_plan plan;
    struct arena a = {0};

    CHECK(install(&f, &made, &e), "a machine on which everything works is set up");
    CHECK(there(&f, SETUP_COMMIT) && made.missing.n == 0 && !f.opened && f.unrecorded == 0, "committed, nothing missing, nothing unrecorded");
    look(&f, &facts);
    setup_plan_build(&a, &facts, &plan);
    CHECK(setup_plan_whole(&plan), "and then there is nothing to do");
    *calls = f.calls;
    f.calls = 0;
    made = (struct setup_made){0};
    CHECK(install(&f, &made, &e) && f.calls == 0, "a second setup changes nothing");
    arena_release(&a);
}

static void every_failure(size_t calls, bool lie)
{
    size_t left = 0, open = 0, claimed = 0, degraded = 0, stopped = 0;

    for (size_t k = 1; k <= calls; k++) {
        struct fake f = {.fail_at = lie ? 0 : k, .lie_at = lie ? k : 0};
        struct setup_made made = {0};
        struct err e = {0};
        if (install(&f, &made, &e)) {
            degraded++;
            claimed += made.missing.n == 0 || !there(&f, SETUP_COMMIT);
        } else {
            stopped++;
            left += f.n;
            claimed += e.kind == ERR_NONE;
        }
        open += f.opened;
    }
    printf("%lu calls, %lu stopped, %lu degraded\n", (unsigned long)calls, (unsigned long)stopped, (unsigned long)degraded);
    CHECK(stopped > 15 && degraded > 8, lie ? "lies are of both kinds" : "failures are of both kinds");
    CHECK(left == 0, lie ? "whatever lies, what was made is taken back" : "whatever fails, what was made is taken back");
    CHECK(open == 0 && claimed == 0, lie ? "whatever lies, nothing is opened or claimed" : "whatever fails, nothing is opened or claimed");
}

/* Setup fails at its end, and then something cannot be taken back. */
static void stuck(size_t calls)
{
    size_t lost = 0, bad = 0, tries = 0;

    for (size_t k = 1; k < 60; k++) {
        struct fake f = {.fail_at = calls, .undo_fail_at = k};
        struct setup_made made = {0};
        struct err e = {0};
        install(&f, &made, &e);
        if (f.undone < k)
            break;
        tries++;
        lost += (!there(&f, SETUP_LEDGER) && f.n > there(&f, SETUP_FOLDERS)) || f.opened;
        f.fail_at = f.undo_fail_at = f.calls = f.recorded = 0;
        made = (struct setup_made){0};
        bad += !install(&f, &made, &e) || !there(&f, SETUP_COMMIT);
    }
    CHECK(tries > 20 && lost == 0, "what a failed setup could not take back stays in a ledger that stays");
    CHECK(bad == 0, "and the next setup takes it up");
}

static void interrupted(size_t calls)
{
    size_t bad = 0;

    for (size_t k = 1; k < calls; k++) {
        struct fake f = {0}, whole = {0};
        struct setup_made made = {0};
        struct err e = {0};
        install(&whole, &made, &e);
        /* The machine as it was after the k-th step: everything is made in this order, and nothing is moved. */
        f = whole;
        f.n = k < f.n ? k : f.n;
        made = (struct setup_made){0};
        f.calls = f.recorded = 0;
        bad += !install(&f, &made, &e) || f.n != whole.n || f.opened;
    }
    CHECK(bad == 0, "interrupted after any step, it is taken up and finished");
}

static void blind(void)
{
    struct fake f = {.blind = true};
    struct setup_made made = {0};
    struct err e = {0};

    CHECK(!install(&f, &made, &e) && f.n == 0 && strstr(e.reason, "as good as missing"), "where nothing can be read back, setup ends at once");
}

/* Every step is well when it is made, and a later one undoes it. */
static void undone_later(void)
{
    struct fake f = {.breaks = SETUP_RULE};
    struct setup_made made = {0};
    struct err e = {0};

    CHECK(!install(&f, &made, &e) && !f.opened && !there(&f, SETUP_ENABLE) && strstr(e.reason, "as good as missing"),
        "what a later step took away is missed by the look before the enabling");
    CHECK(f.n == 0, "and all is taken back");
}

/* As do_uninstall does it; how many lines are left. */
static size_t uninstall(struct fake *f, struct texts *left)
{
    struct setup_edge edge = {f, fake_record, fake_look, fake_make, fake_undo, fake_forget, fake_tell};
    struct setup_facts facts;
    struct setup_plan plan;

    look(f, &facts);
    f->undone = 0;
    *left = (struct texts){0};
    setup_plan_undo(&ever, &facts, &plan);
    f->ended = setup_run_undo(&ever, &edge, &plan, left);
    return left->n;
}

static bool says(const struct texts *left, const char *word)
{
    for (size_t i = 0; i < left->n; i++)
        if (strstr(left->v[i].p, word))
            return true;
    return false;
}

static void goes_back(void)
{
    struct fake whole = {0}, f;
    struct setup_edge edge = {&f, fake_record, fake_look, fake_make, fake_undo, fake_forget, fake_tell};
    struct setup_made made = {0};
    struct err e = {0};
    struct setup_facts facts;
    struct setup_plan plan;
    struct texts left = {0};
    size_t undos, bad = 0, unnamed = 0, uncovered = 0, forgot = 0, wrong = 0, unsure = 0, who = 0;

    install(&whole, &made, &e);
    f = whole;
    CHECK(uninstall(&f, &left) == 0 && f.n == 0 && f.noted_count == 0, "uninstall leaves nothing");
    undos = f.undone;
    for (size_t k = 1; k <= 2 * undos; k++) {
        bool lie = k > undos;
        size_t at = lie ? k - undos : k;
        f = whole;
        f.undo_fail_at = lie ? 0 : at;
        f.undo_lie_at = lie ? at : 0;
        unnamed += uninstall(&f, &left) == 0 && f.n > 0;
        wrong += f.ended && (there(&f, SETUP_ENABLE) || there(&f, SETUP_ACCOUNT));
        unsure += !lie && !f.ended;
        uncovered += f.uncovered;
        /* What could not be taken back is still in the ledger, if it ever was, and with it the ledger is there still. */
        forgot += f.noted_count > 0 && !there(&f, SETUP_LEDGER);
        f.undo_fail_at = f.undo_lie_at = 0;
        bad += uninstall(&f, &left) != 0 || f.n > 0 || f.noted_count > 0;
    }
    printf("%lu steps back\n", (unsigned long)undos);
    CHECK(undos > 30 && unnamed == 0, "whatever cannot be taken back, or only seems to be, is named");
    f = whole;
    look(&f, &facts);
    setup_plan_undo(&ever, &facts, &plan);
    for (size_t i = 0; i < plan.n; i++)
        who += plan.v[i].kind == SETUP_DISABLE || plan.v[i].kind == SETUP_END || plan.v[i].kind == SETUP_ACCOUNT;
    CHECK(wrong == 0 && unsure == who && who > 0, "that nothing runs as an account any more is said only where all of them were ended and are gone");
    CHECK(forgot == 0, "and the ledger stays with it");
    CHECK(bad == 0, "a second uninstall takes up what the first one left");
    CHECK(uncovered == 0, "no block goes while an account is enabled");
    /* Cut off: the first so many steps were done, or the last of them done and not yet forgotten. */
    for (size_t k = 0; k < undos; k++)
        for (size_t half = 0; half < 2; half++) {
            f = whole;
            look(&f, &facts);
            setup_plan_undo(&ever, &facts, &plan);
            for (size_t i = 0; i < k + half && i + 1 < plan.n; i++) {
                fake_undo(&f, &plan.v[i], &e);
                if (i < k)
                    fake_forget(&f, &plan.v[i], &e);
            }
            bad += uninstall(&f, &left) != 0 || f.n > 0 || f.noted_count > 0;
        }
    CHECK(bad == 0, "interrupted after any step, and in the middle of it, uninstall is taken up and finished");
    f = whole;
    look(&f, &facts);
    setup_plan_undo(&ever, &facts, &plan);
    f = (struct fake){.blind = true};
    left = (struct texts){0};
    setup_run_undo(&ever, &edge, &plan, &left);
    CHECK(left.n == plan.n - 1, "what cannot be looked for is named as left");
    f = whole;
    f.revives = SETUP_RULE;
    CHECK(uninstall(&f, &left) == SETUP_RULES && says(&left, "there again"), "what comes back is found by the look at the end");
}

static void ledger(void)
{
    struct arena a = {0};
    struct ledger l = {.person = STR(PERSON)}, got;
    struct err e = {0};
    struct buf out = {0};
    struct ledger_entry entry = {.kind = SETUP_ACCOUNT, .subject = STR("CordonOffline"), .after = STR(OFFLINE)};
    struct ledger_entry odd = {.kind = SETUP_EXECUTE, .subject = STR("C:\\x\ty\n"), .text = STR("\\-"), .existed = true, .before = STR("D:(A;;GA;;;SY)")};
    struct str name, sid;
    size_t bad = 0;
    bool nameless;

    ledger_put(&a, &l, &entry);
    ledger_put(&a, &l, &odd);
    odd.before = STR("other");
    odd.after = STR("D:(D;;1;;;WD)");
    ledger_put(&a, &l, &odd);
    *(struct str *)ARENA_PUSH(&a, &l.missing) = STR("firewall");
    l.committed = true;
    l.time_ms = 1790000000123;
    ledger_print(&out, &l);
    CHECK(ledger_parse(&a, buf_view(&out), &got, &e) && got.n == 2 && got.committed && got.time_ms == l.time_ms && got.missing.n == 1, "it comes back");
    CHECK_STR(got.v[1].subject, STR("C:\\x\ty\n"), "whatever is in a name");
    CHECK(str_is(got.v[1].before, "D:(A;;GA;;;SY)") && str_is(got.v[1].after, "D:(D;;1;;;WD)") && got.v[1].existed && str_is(got.v[1].text, "\\-") &&
              !got.v[0].before.p, "how it was at first stays; none stays none");
    CHECK(ledger_account(&got, 0, &name, &sid) && str_is(sid, OFFLINE) && !ledger_account(&got, 1, &name, &sid), "the accounts");
    for (size_t n = 0; n < out.n; n++) {
        struct err cut = {0};
        bad += ledger_parse(&a, str_slice(buf_view(&out), 0, n), &got, &cut);
    }
    CHECK(bad == 0, "half of it is none, wherever it is cut");
    CHECK(!ledger_parse(&a, STR("cordon-ledger 2\nend\t0\n"), &got, &e), "another version is none");
    CHECK(ledger_way_back(&l.v[1], STR("D:(D;;1;;;WD)")) == BACK_BEFORE && ledger_way_back(&l.v[1], STR("D:(A;;GA;;;SY)")) == BACK_NOTHING &&
              ledger_way_back(&l.v[1], STR("D:")) == BACK_ENTRY && ledger_way_back(&l.v[1], (struct str){0}) == BACK_NOTHING,
        "what was before comes back only over what Cordon wrote last");
    CHECK(ledger_lacks(&a, &l, "audit") && !ledger_lacks(&a, &l, "audit") && l.missing.n && str_is(l.missing.v[l.missing.n - 1], "audit"),
        "a part that is missing is entered once");
    ledger_drop(&l, SETUP_ACCOUNT, STR("CordonOffline"), (struct str){0});
    entry = (struct ledger_entry){.kind = SETUP_ACCOUNT, .subject = STR("CordonOnline")};
    ledger_put(&a, &l, &entry);
    CHECK(ledger_owns(&l, SETUP_ACCOUNT, STR("CordonOnline"), STR(ONLINE), &nameless) && nameless, "one that a crash left without its number is Cordon's");
    entry.after = STR(ONLINE);
    ledger_put(&a, &l, &entry);
    CHECK(ledger_owns(&l, SETUP_ACCOUNT, STR("CordonOnline"), STR(ONLINE), &nameless) && !nameless &&
              !ledger_owns(&l, SETUP_ACCOUNT, STR("CordonOnline"), STR(OFFLINE), &nameless) && !ledger_owns(&l, SETUP_ACCOUNT, STR("Other"), STR(ONLINE), &nameless) &&
              !ledger_owns(&l, SETUP_ACCOUNT, STR("CordonOnline"), (struct str){0}, &nameless), "and by its number from then on");
    ledger_drop(&l, SETUP_ACCOUNT, STR("CordonOnline"), (struct str){0});
    CHECK(l.n == 1 && !ledger_find(&l, SETUP_ACCOUNT, STR("CordonOffline"), (struct str){0}), "dropped");
    buf_release(&out);
    arena_release(&a);
}

static void sealed(void)
{
    struct arena a = {0};
    struct sealed s = {.offline = STR("\x01\xff\x00z"), .online = STR("q")}, got;
    struct err e = {0};
    struct buf out = {0};
    size_t bad = 0;

    sealed_print(&out, &s);
    CHECK(sealed_parse(&a, buf_view(&out), &got, &e) && !got.for_person, "the passwords' file comes back");
    CHECK_STR(got.offline, s.offline, "byte for byte");
    for (size_t n = 0; n < out.n; n++) {
        struct err cut = {0};
        bad += sealed_parse(&a, str_slice(buf_view(&out), 0, n), &got, &cut);
    }
    CHECK(bad == 0, "half of it is none");
    CHECK(!sealed_parse(&a, STR("cordon-passwords 1\nfor\tall\noffline\taa\nonline\tbb\nend\n"), &got, &e) && strstr(e.remedy, "repair"),
        "a damaged one has its remedy");
    buf_release(&out);
    arena_release(&a);
}

static bool words(struct setup_options *o, size_t n, const char *const *v)
{
    struct str list[8];
    struct err e = {0};

    for (size_t i = 0; i < n; i++)
        list[i] = str_from(v[i]);
    return setup_options_parse((int)n, list, o, &e);
}

static void options(void)
{
    struct setup_options o;

    CHECK(words(&o, 1, (const char *const[]){"install"}) && o.verb == VERB_INSTALL && str_is(o.offline, "CordonOffline") && !o.plan, "install");
    CHECK(words(&o, 5, (const char *const[]){"--plan", "uninstall", "--json", "--person", PERSON}) && o.verb == VERB_UNINSTALL && o.plan && o.json &&
              str_is(o.person, PERSON), "words in any order");
    CHECK(!words(&o, 0, NULL) && !words(&o, 1, (const char *const[]){"--plan"}) && !words(&o, 2, (const char *const[]){"install", "repair"}) &&
              !words(&o, 2, (const char *const[]){"install", "--nonsense"}) && !words(&o, 2, (const char *const[]){"install", "--group"}) &&
              !words(&o, 3, (const char *const[]){"install", "--person", "S-1-5-18"}) &&
              !words(&o, 3, (const char *const[]){"install", "--group", "a b"}) && !words(&o, 3, (const char *const[]){"install", "--give", "D:\\x"}) &&
              words(&o, 3, (const char *const[]){"repair", "--give", "D:\\x"}),
        "what is not known, missing or no name is refused");
}

int main(void)
{
    size_t calls = 0;

    whole_run(&calls);
    every_failure(calls, false);
    every_failure(calls, true);
    stuck(calls);
    interrupted(calls);
    blind();
    undone_later();
    goes_back();
    ledger();
    sealed();
    options();
    arena_release(&ever);
    return CHECK_END();
}
