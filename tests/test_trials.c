/* trials: the rows of doctor on Windows, and what is made of what came of them; and the demo's scenes, which are such rows. */
#include "check.h"
#include "../shell/demo_scenes.h"

#include <stdio.h>
#include <string.h>

static const struct trial_here full = {.windows = true, .account = true, .offline = true, .weak = WEAK_EVERYONE, .enforced = true, .opened = true};

static bool has_rule(const char *rule)
{
    size_t count;
    const struct trial *rows = trials_list(&count);

    for (size_t i = 0; i < count; i++)
        if (str_is(str_from(rows[i].rule), rule))
            return true;
    return false;
}

static bool has_row(const char *name)
{
    size_t count;
    const struct trial *rows = trials_list(&count);

    for (size_t i = 0; i < count; i++)
        if (str_is(str_from(rows[i].name), name))
            return true;
    return false;
}

/* Every row is whole: what its kind needs is there, and a refusal is never without something that succeeds beside it. */
static bool is_whole(const struct trial *t)
{
    if (!t->name || !t->rule || !t->sentence || !t->remedy)
        return false;
    switch (t->how) {
    case TRIAL_INSIDE:
        if (t->on == ON_CLASS && !t->class)
            return false;
        if (t->expected == ANSWER_DENIED)
            return t->same != PROBE_KIND_COUNT;
        return t->expected == ANSWER_DONE && (!t->alone || t->why != NULL);
    case TRIAL_OUTSIDE:
        return t->look != LOOK_NOTHING && t->expected == ANSWER_DONE;
    case TRIAL_READ:
        return t->look != LOOK_NOTHING && t->why != NULL;
    case TRIAL_PROMISE:
        return t->promise != NULL;
    case TRIAL_NOT:
        return t->why != NULL;
    }
    return false;
}

static void rows(void)
{
    static const char *const rules[] = {"W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "accounts", "write side", "read side", "token", "first"};
    static const char *const tried[] = {"w4-send-input", "w4-station", "w4-default", "w4-input", "w2-parent", "w2-other-session", "w5-dns", "w5-share",
        "w5-webdav", "w5-wsl", "w5-bits", "w5-wmi", "w5-interactive-user", "w5-start-https", "w10-hard-link", "w10-junction", "w5-task", "runas",
        "w9-log", "flat-volume", "everyone-folder", "pipes", "w1-other-session", "w1-compare-everyone", "w1-compare-33", "w1-compare-both", "w7-tls", "w6-anonymous", "w6-container", "w6-listen6", "w6-listen-any", "w3-end",
        "w2-moment", "w2-other-program", "account-network", "guard", "above-DELETE", "w5-wsl-package"};
    size_t count, w8 = 0;
    const struct trial *all = trials_list(&count);
    char name[128];

    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        snprintf(name, sizeof name, "there is a row about %s", rules[i]);
        CHECK(has_rule(rules[i]), name);
    }
    for (size_t i = 0; i < COUNT_OF(tried); i++) {
        snprintf(name, sizeof name, "there is a row %s", tried[i]);
        CHECK(has_row(tried[i]), name);
    }
    for (size_t i = 0; i < count; i++) {
        bool once = true;
        for (size_t j = 0; j < i; j++)
            once = once && !str_eq(str_from(all[i].name), str_from(all[j].name));
        snprintf(name, sizeof name, "%s is whole, and there once", all[i].name);
        CHECK(is_whole(&all[i]) && once, name);
        w8 += str_is(str_from(all[i].rule), "W8") && all[i].expected == ANSWER_DENIED;
        if (all[i].kind == PROBE_OPEN && all[i].expected == ANSWER_DENIED && all[i].how == TRIAL_INSIDE && !all[i].named && all[i].on != ON_GUARD) {
            /* Where everything is refused, that this right is says nothing. */
            snprintf(name, sizeof name, "%s: the same can be opened for reading, which shows that it is there", all[i].name);
            CHECK(all[i].same == PROBE_OPEN && all[i].same_on == all[i].on && all[i].same_number == 0x1, name);
        }
    }
    for (size_t i = 0; i < count; i++)
        if (all[i].look == LOOK_END)
            for (size_t j = i + 1; j < count; j++)
                CHECK(all[j].on != ON_OTHER_RUNNER && all[j].on != ON_OTHER_FILE && all[j].on != ON_PROTECTED, "nothing is tried on a session that has ended");
    CHECK(w8 == 8, "each right of W8 is asked for by itself");
}

/* ---- what comes of an outcome ---- */

#define REFUSED {.name = "x", .how = TRIAL_INSIDE, .expected = ANSWER_DENIED, .same = PROBE_START}
#define DONE    {.name = "x", .how = TRIAL_INSIDE, .expected = ANSWER_DONE, .same = PROBE_KIND_COUNT}

static const struct judged {
    const char *name;
    struct trial trial;
    enum probe_answer observed, same, outside;
    enum promise_state state;
} judged[] = {
    {"refused, and both controls succeed", REFUSED, ANSWER_DENIED, ANSWER_DONE, ANSWER_DONE, PROMISE_OBSERVED},
    {"refused, and the control inside failed", REFUSED, ANSWER_DENIED, ANSWER_DENIED, ANSWER_DONE, PROMISE_UNKNOWN},
    {"refused, and no control was made inside", REFUSED, ANSWER_DENIED, ANSWER_UNKNOWN, ANSWER_DONE, PROMISE_UNKNOWN},
    {"refused, outside too", REFUSED, ANSWER_DENIED, ANSWER_DONE, ANSWER_DENIED, PROMISE_UNKNOWN},
    {"refused, and no control was made outside", REFUSED, ANSWER_DENIED, ANSWER_DONE, ANSWER_UNKNOWN, PROMISE_UNKNOWN},
    {"it was done", REFUSED, ANSWER_DONE, ANSWER_DONE, ANSWER_DONE, PROMISE_BROKEN},
    {"it was done, whatever the controls say", REFUSED, ANSWER_DONE, ANSWER_UNKNOWN, ANSWER_UNKNOWN, PROMISE_BROKEN},
    {"there was nothing to try it on", REFUSED, ANSWER_MISSING, ANSWER_DONE, ANSWER_DONE, PROMISE_UNKNOWN},
    {"it failed otherwise", REFUSED, ANSWER_FAILED, ANSWER_DONE, ANSWER_DONE, PROMISE_UNKNOWN},
    {"it was not tried", REFUSED, ANSWER_UNKNOWN, ANSWER_UNKNOWN, ANSWER_UNKNOWN, PROMISE_UNKNOWN},
    {"it works inside as outside", DONE, ANSWER_DONE, ANSWER_UNKNOWN, ANSWER_DONE, PROMISE_OBSERVED},
    {"it works inside, not outside", DONE, ANSWER_DONE, ANSWER_UNKNOWN, ANSWER_FAILED, PROMISE_UNKNOWN},
    {"it does not work inside", DONE, ANSWER_DENIED, ANSWER_UNKNOWN, ANSWER_DONE, PROMISE_BROKEN},
    {"it fails inside", DONE, ANSWER_FAILED, ANSWER_UNKNOWN, ANSWER_DONE, PROMISE_BROKEN},
    {"it works nowhere", DONE, ANSWER_DENIED, ANSWER_UNKNOWN, ANSWER_DENIED, PROMISE_UNKNOWN},
    {"alone: the control inside is enough", {.name = "x", .how = TRIAL_INSIDE, .expected = ANSWER_DENIED, .same = PROBE_START, .alone = true},
        ANSWER_DENIED, ANSWER_DONE, ANSWER_UNKNOWN, PROMISE_OBSERVED},
    {"what a process says of itself", {.name = "x", .how = TRIAL_INSIDE, .expected = ANSWER_DONE, .same = PROBE_KIND_COUNT, .alone = true, .why = "x"},
        ANSWER_DONE, ANSWER_UNKNOWN, ANSWER_UNKNOWN, PROMISE_CONFIGURED},
    {"read back", {.name = "x", .how = TRIAL_READ}, ANSWER_DONE, ANSWER_UNKNOWN, ANSWER_UNKNOWN, PROMISE_CONFIGURED},
    {"read back, and not so", {.name = "x", .how = TRIAL_READ}, ANSWER_DENIED, ANSWER_UNKNOWN, ANSWER_UNKNOWN, PROMISE_BROKEN},
    {"could not be read", {.name = "x", .how = TRIAL_READ}, ANSWER_UNKNOWN, ANSWER_UNKNOWN, ANSWER_UNKNOWN, PROMISE_UNKNOWN},
    {"Cordon's own doing, as it should be", {.name = "x", .how = TRIAL_OUTSIDE, .expected = ANSWER_DONE}, ANSWER_DONE, ANSWER_UNKNOWN,
        ANSWER_UNKNOWN, PROMISE_OBSERVED},
    {"Cordon's own doing, not so", {.name = "x", .how = TRIAL_OUTSIDE, .expected = ANSWER_DONE}, ANSWER_DENIED, ANSWER_UNKNOWN, ANSWER_UNKNOWN,
        PROMISE_BROKEN},
    {"Cordon's own doing, not told", {.name = "x", .how = TRIAL_OUTSIDE, .expected = ANSWER_DONE}, ANSWER_UNKNOWN, ANSWER_UNKNOWN,
        ANSWER_UNKNOWN, PROMISE_UNKNOWN},
    {"done, and it breaks nothing by itself", {.name = "x", .how = TRIAL_INSIDE, .expected = ANSWER_DENIED, .same = PROBE_START, .undecided = "x"}, ANSWER_DONE,
        ANSWER_DONE, ANSWER_DONE, PROMISE_UNKNOWN},
    {"not tried", {.name = "x", .how = TRIAL_NOT, .why = "x"}, ANSWER_UNKNOWN, ANSWER_UNKNOWN, ANSWER_UNKNOWN, PROMISE_UNKNOWN},
};

static enum promise_state state_of(const struct trial *t, const struct trial_here *here, enum probe_answer observed, enum probe_answer same,
    enum probe_answer outside, const char **why)
{
    struct trial_result r = {.trial = t, .observed = observed, .same = same, .outside = outside};

    return trial_judge(t, here, &r, why);
}

static void judging(void)
{
    const char *why;

    for (size_t i = 0; i < COUNT_OF(judged); i++) {
        const struct judged *j = &judged[i];
        CHECK(state_of(&j->trial, &full, j->observed, j->same, j->outside, &why) == j->state, j->name);
    }
}

/* Wine: whatever refuses there, it is not the boundary; and where nothing is open nothing is said to hold. */
static void honesty(void)
{
    struct trial_here wine = full, closed = full;
    size_t count;
    const struct trial *all = trials_list(&count);
    bool none = true, nothing = true, told = true;
    const char *why;

    wine.enforced = false;
    closed.opened = false;
    for (size_t i = 0; i < count; i++) {
        if (all[i].how == TRIAL_PROMISE)
            continue;
        if (all[i].how == TRIAL_OUTSIDE)
            none = none && state_of(&all[i], &wine, ANSWER_DONE, ANSWER_UNKNOWN, ANSWER_UNKNOWN, &why) != PROMISE_OBSERVED;
        if (all[i].expected == ANSWER_DENIED && all[i].how == TRIAL_INSIDE)
            none = none && state_of(&all[i], &wine, ANSWER_DENIED, ANSWER_DONE, ANSWER_DONE, &why) != PROMISE_OBSERVED;
        if (all[i].how == TRIAL_INSIDE) {
            nothing = nothing && state_of(&all[i], &closed, all[i].expected, ANSWER_DONE, ANSWER_DONE, &why) == PROMISE_UNKNOWN;
            told = told && why && why[0];
        }
    }
    CHECK(none, "where nothing is enforced no refusal counts as observed");
    CHECK(nothing, "without a boundary everything that is tried inside is unknown");
    CHECK(told, "and it is said why");
}

static void needs(void)
{
    const struct trial offline = {.how = TRIAL_INSIDE, .needs = NEED_ACCOUNT | NEED_OFFLINE}, any = {.how = TRIAL_INSIDE},
                       weak = {.how = TRIAL_INSIDE, .needs = NEED_WEAK_EVERYONE}, strong = {.how = TRIAL_INSIDE, .needs = NEED_NOT_WEAK_EVERYONE};
    struct trial_here here = full, linux_here = {0};
    const char *why;

    CHECK(trial_applies(&offline, &full, &why) && !why, "with an account, offline");
    here.offline = false;
    CHECK(!trial_applies(&offline, &here, &why) && why, "online: what is of offline is not tried, and why");
    here = full;
    here.account = false;
    CHECK(!trial_applies(&offline, &here, &why), "without setup: what needs the account is not tried");
    CHECK(trial_applies(&any, &here, &why), "what does not is");
    CHECK(trial_applies(&weak, &full, &why) && !trial_applies(&strong, &full, &why), "with Everyone in the list");
    here = full;
    here.weak = WEAK_NONE;
    CHECK(!trial_applies(&weak, &here, &why) && trial_applies(&strong, &here, &why), "without");
    CHECK(!trial_applies(&any, &linux_here, &why), "none of it elsewhere");
}

/* ---- the demo ---- */

static bool fits_screen(const char *words)
{
    size_t column = 0, rows_used = 1;

    for (const char *p = words; *p; p++) {
        column = *p == '\n' ? 0 : column + 1;
        rows_used += *p == '\n';
        if (column > SHOW_COLUMNS)
            return false;
    }
    return rows_used <= 3;
}

/* Each is tried by a row that is whole, and none is tried on what is not Cordon's. */
static void scenes(void)
{
    static const char *const wanted[] = {"write-outside", "read-key", "git-hook", "rename-away", "hard-link", "junction", "send-input", "clipboard",
        "console-host", "other-session", "dns", "share", "webdav", "wsl", "bits", "wmi", "interactive-user", "start-https", "wait-hard-link", "task",
        "runas", "flood-log", "flat-volume", "everyone-folder", "cloud-folder"};
    size_t count, found = 0;
    const struct scene *all = scenes_list(&count);
    char name[128];

    for (size_t i = 0; i < count; i++) {
        const struct scene *m = &all[i];
        const struct trial *row = scene_trial(m);
        bool once = true, own = !m->row && row;
        for (size_t j = 0; j < i; j++)
            once = once && !str_eq(str_from(m->name), str_from(all[j].name));
        snprintf(name, sizeof name, "demo %s: once, on one screen, and its row is whole", m->name);
        CHECK(once && row && is_whole(row) && fits_screen(m->words) && strlen(m->command) < 68 && m->title && m->unharmed &&
                  strlen(m->title) + strlen(m->name) < 56,
            name);
        snprintf(name, sizeof name, "demo %s: what it is tried on is Cordon's", m->name);
        CHECK(!own || row->on == ON_RUNNER || row->on == ON_LISTENER || (row->on == ON_DECOY && row->decoy && row->other), name);
        snprintf(name, sizeof name, "demo %s: a person is told what would allow it", m->name);
        CHECK(m->allow || (own && row->decoy) || row->how == TRIAL_NOT || row->how == TRIAL_READ, name);
        for (size_t j = 0; j < COUNT_OF(wanted); j++)
            found += str_is(str_from(m->name), wanted[j]);
    }
    CHECK(found == COUNT_OF(wanted), "what is tried first inside is played");
}

static void scenes_judged(void)
{
    static const enum probe_answer answers[] = {ANSWER_UNKNOWN, ANSWER_DONE, ANSWER_DENIED, ANSWER_MISSING, ANSWER_FAILED};
    struct trial_here wine = full;
    size_t count;
    const struct scene *all = scenes_list(&count);
    bool never = true, said = true;
    const char *why;

    wine.enforced = false;
    for (size_t i = 0; i < count; i++) {
        const struct trial *row = scene_trial(&all[i]);
        for (size_t j = 0; row && j < COUNT_OF(answers); j++) {
            struct trial_result r = {.trial = row, .observed = answers[j], .same = ANSWER_DONE, .outside = ANSWER_DONE};
            enum scene_end end;
            r.state = trial_judge(row, &wine, &r, &why);
            end = scene_judge(row, &r, false);
            never = never && end != SCENE_HELD;
            said = said && (row->how != TRIAL_INSIDE || (end == SCENE_HAPPENED) == (answers[j] == ANSWER_DONE));
        }
    }
    CHECK(never, "demo: where nothing is enforced nothing is held, whatever an attempt came to");
    CHECK(said, "demo: what was done is told as done");
    for (size_t i = 0; i < COUNT_OF(judged); i++) {
        const struct judged *j = &judged[i];
        struct trial_result r = {.trial = &j->trial, .observed = j->observed, .same = j->same, .outside = j->outside, .state = j->state};
        CHECK((scene_judge(&j->trial, &r, true) == SCENE_HELD) == (j->state == PROMISE_OBSERVED), j->name);
    }
}

/* Without setup: what needs the account is told as not held, and not as broken. Where nothing is enforced nothing is promised. */
static void scenes_promised(void)
{
    static const char *const open[] = {"delete-home", "read-key", "call-out", "raw-socket", "dns", "send-input", "clipboard", "task", "wsl"};
    static const char *const held[] = {"write-outside", "git-hook", "rename-away", "hard-link", "junction", "console-host", "other-session"};
    size_t count;
    const struct scene *all = scenes_list(&count);
    size_t opened = 0, closed = 0;
    bool none = true;

    for (size_t i = 0; i < count; i++) {
        const struct trial *row = scene_trial(&all[i]);
        for (size_t j = 0; j < COUNT_OF(open); j++)
            opened += str_is(str_from(all[i].name), open[j]) && scene_promised(row, TIER_SET_UP) && !scene_promised(row, TIER_UNELEVATED);
        for (size_t j = 0; j < COUNT_OF(held); j++)
            closed += str_is(str_from(all[i].name), held[j]) && scene_promised(row, TIER_SET_UP) && scene_promised(row, TIER_UNELEVATED);
        none = none && !scene_promised(row, TIER_UNENFORCED);
    }
    CHECK(opened == COUNT_OF(open), "demo: what the unelevated tier lets be is not promised there");
    CHECK(closed == COUNT_OF(held), "demo: what it holds is");
    CHECK(none, "demo: where nothing is enforced nothing is promised");
}

int main(void)
{
    rows();
    scenes_promised();
    judging();
    honesty();
    needs();
    scenes();
    scenes_judged();
    return CHECK_END();
}
