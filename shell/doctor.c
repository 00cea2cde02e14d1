/*
 * doctor: what is enforced here, shown by trying it: one line per promise with what was expected, what was
 * observed inside and what the same attempt gave outside, and what to do about the rest.
 */
#include "trials.h"
#include "../sandbox/core/denial.h"
#include "../sandbox/core/text.h"

#include <stdio.h>

#define OBEYED_LINES_MAX 40

static const char *state_word(enum promise_state state)
{
    static const char *const words[] = {"ok", "--", "??", "BROKEN"};
    return words[state];
}

static void outcome(char *out, size_t size, const struct probe *p)
{
    struct err e = {0};

    if (p->code)
        sys_reason(&e, p->code);
    snprintf(out, size, "%s%s%s%s", probe_answer_name(p->observed), e.reason[0] ? " (" : "", e.reason,
        e.reason[0] ? ")" : "");
}

static void report_line(struct buf *out, struct arena *a, const struct path_env *env, const struct proof *p)
{
    char observed[256];

    outcome(observed, sizeof observed, &p->probe);
    buf_format(out, "%-6s %-16s %s", state_word(p->state), p->promise->name, p->promise->sentence);
    if (path_is_absolute(env->system, p->probe.path))
        buf_format(out, ": %s", path_display(a, env, p->probe.path).p);
    buf_format(out, "\n       expected %s, observed %s, control %s\n", probe_answer_name(p->probe.expected), observed,
        probe_answer_name(p->probe.control));
    if (p->state == PROMISE_CONFIGURED)
        buf_format(out, "       not shown: the same attempt does not succeed outside either\n");
    else if (p->state != PROMISE_OBSERVED)
        buf_format(out, "       remedy: %s\n", p->promise->remedy);
}

static void texts_json(struct buf *out, const char *name, const struct texts *texts)
{
    buf_format(out, "\"%s\":[", name);
    for (size_t i = 0; i < texts->n; i++) {
        buf_format(out, "%s", i ? "," : "");
        text_json(out, texts->v[i]);
    }
    buf_format(out, "]");
}

static void member(struct buf *out, const char *name, struct str value, bool comma)
{
    buf_format(out, "\"%s\":", name);
    text_json(out, value);
    buf_format(out, "%s", comma ? "," : "");
}

static const char *agreement_word(enum access_agreement state)
{
    static const char *const words[] = {"same", "other", "unknown", "not asked"};
    return words[state];
}

/* Windows: is the access check that explains and evaluates the system's own? Nothing that is enforced depends on it. */
static void compared_json(struct buf *out)
{
    struct arena a = {0};
    struct access_compared all;

    if (access_compare(&a, true, &all)) {
        buf_format(out, ",\"access_check\":{\"second_pass\":%lu,\"questions\":[", (unsigned long)all.second_pass);
        for (size_t i = 0; i < all.n; i++) {
            buf_format(out, "%s{", i ? "," : "");
            member(out, "name", all.v[i].name, true);
            member(out, "state", str_from(agreement_word(all.v[i].state)), true);
            member(out, "detail", all.v[i].detail, false);
            buf_format(out, "}");
        }
        buf_format(out, "]}");
    }
    arena_release(&a);
}

#define WITNESS_MS 5000 /* an event takes a moment to be written, read and told */

/* Two sources: the Security log, of files, and the Filtering Platform, of connections. That one of them tells says nothing of the
 * other. */
struct witness_told {
    bool there, files, connections, refused_any; /* refused_any: connections are refused here at all */
};

/* Windows: some of the attempts above were refused inside just now: which of them does the witness tell of? */
static struct witness_told witness_tells(const struct opened *o)
{
    uint64_t end = sys_milliseconds() + WITNESS_MS;
    struct sys_wait item = {boundary_records(o->boundary), SYS_READ, 0};
    struct witness_told told = {.there = item.handle != SYS_NONE, .refused_any = o->plan.tier == TIER_SET_UP && o->plan.new_network};

    while (told.there && !(told.files && (told.connections || !told.refused_any)) && sys_milliseconds() < end &&
           boundary_records(o->boundary) != SYS_NONE) {
        struct arena a = {0};
        struct denial d;
        uint64_t lost;
        bool got = boundary_record(o->boundary, &a, &d, &lost);
        if (got && d.by == DENIAL_WITNESS && d.operation == OPERATION_CONNECT)
            told.connections = true;
        else if (got && d.by == DENIAL_WITNESS)
            told.files = true;
        arena_release(&a);
        if (!got)
            sys_wait(&item, 1, 100);
    }
    return told;
}

static void witness_json(const struct opened *o, struct buf *out)
{
    struct witness_told told = witness_tells(o);

    buf_format(out, ",\"witness\":{\"there\":%s,\"files\":%s,\"connections\":%s}", told.there ? "true" : "false", told.files ? "true" : "false",
        told.connections ? "true" : "false");
}

static void report_json(const struct session *s, const struct opened *o, const struct trial_results *trials, struct buf *out)
{
    buf_format(out, "{\"version\":1,\"tier\":\"%s\",\"network\":\"%s\",", tier_name(o->tier),
        net_mode_name(o->policy.net));
    member(out, "workspace", o->policy.workspace, true);
    buf_format(out, "\"checks\":[");
    for (size_t i = 0; i < o->proof_count; i++) {
        const struct proof *p = &o->proofs[i];
        buf_format(out, "%s{", i ? "," : "");
        member(out, "name", str_from(p->promise->name), true);
        member(out, "promise", str_from(p->promise->sentence), true);
        member(out, "subject", p->probe.path, true);
        member(out, "expected", str_from(probe_answer_name(p->probe.expected)), true);
        member(out, "observed", str_from(probe_answer_name(p->probe.observed)), true);
        member(out, "control", str_from(probe_answer_name(p->probe.control)), true);
        member(out, "state", str_from(promise_state_name(p->state)), true);
        member(out, "remedy", str_from(p->promise->remedy), true);
        buf_format(out, "\"code\":%ld}", p->probe.code);
    }
    buf_format(out, "],");
    texts_json(out, "partial", &o->plan.partial);
    buf_format(out, ",");
    texts_json(out, "notes", &o->plan.notes);
    compared_json(out);
    if (s->env.system == PATH_WINDOWS && o->boundary)
        witness_json(o, out);
    trials_json(trials, out);
    buf_format(out, "}\n");
}

static void witness_line(const struct session *s, const struct opened *o, struct buf *out)
{
    struct witness_told told;
    bool all;

    if (s->env.system != PATH_WINDOWS || !o->boundary || o->plan.tier == TIER_UNENFORCED)
        return;
    told = witness_tells(o);
    all = told.files && (told.connections || !told.refused_any);
    if (!told.there)
        buf_format(out, "--     witness: there is none: what was refused is evaluated, not confirmed; cordon setup --witness makes one\n");
    else
        buf_format(out, "%-6s witness: of the refused attempts above %s; %s%s\n", all ? "ok" : "??",
            told.files ? "one at a file arrived as a record" : "none at a file arrived as a record",
            !told.refused_any  ? "connections are not refused here"
            : told.connections ? "a connection, too"
                               : "and no connection",
            all ? "" : ": what is said to be confirmed lacks these");
}

static void compared_lines(struct buf *out)
{
    struct arena a = {0};
    struct access_compared all;
    size_t count[AGREEMENT_NOT_ASKED + 1] = {0};

    if (access_compare(&a, true, &all)) {
        for (size_t i = 0; i < all.n; i++) {
            enum access_agreement state = all.v[i].state;
            count[state]++;
            if (state == AGREEMENT_OTHER || state == AGREEMENT_UNKNOWN)
                buf_format(out, "%-6s access check: %s\n       %s\n", state == AGREEMENT_OTHER ? "BROKEN" : "??", all.v[i].name.p,
                    text_printable_once(&a, all.v[i].detail).p);
        }
        buf_format(out, "%-6s access check: %llu answers as the system's own, %llu others, %llu not asked here\n",
            count[AGREEMENT_OTHER] ? "BROKEN" : count[AGREEMENT_SAME] ? "ok" : "??", (unsigned long long)count[AGREEMENT_SAME],
            (unsigned long long)count[AGREEMENT_OTHER], (unsigned long long)(count[AGREEMENT_UNKNOWN] + count[AGREEMENT_NOT_ASKED]));
        if (count[AGREEMENT_OTHER])
            buf_format(out, "       remedy: do not rely on evaluated denials nor on what is explained of entries; report this with cordon doctor --json\n");
    }
    arena_release(&a);
}

static void list(struct buf *out, struct arena *a, const char *title, const struct texts *texts)
{
    for (size_t i = 0; i < texts->n; i++)
        buf_format(out, "%s%s\n", title, text_printable_once(a, texts->v[i]).p);
}

static void report(struct session *s, const struct opened *o, const struct trial_results *trials, bool json, struct buf *out)
{
    struct arena a = {0};
    size_t observed = 0;

    if (json) {
        report_json(s, o, trials, out);
        return;
    }
    for (size_t i = 0; i < o->proof_count; i++) {
        report_line(out, &a, &s->env, &o->proofs[i]);
        observed += o->proofs[i].state == PROMISE_OBSERVED;
    }
    trials_text(trials, out);
    compared_lines(out);
    witness_line(s, o, out);
    list(out, &a, "partial: ", &o->plan.partial);
    list(out, &a, "note: ", &o->plan.notes);
    buf_format(out, "tier: %s; %llu of %llu promises observed by trying them inside, beside a control outside\n",
        tier_name(o->tier), (unsigned long long)observed, (unsigned long long)o->proof_count);
    if (trials_broken(trials))
        buf_format(out, "%llu more came out BROKEN: do not count on that tier\n", (unsigned long long)trials_broken(trials));
    arena_release(&a);
}

void doctor_report(struct session *s, const struct opened *o, bool json, struct buf *out)
{
    const struct trial_results none = {0}; /* they take their time, and open a second session: cordon doctor does them */

    report(s, o, &none, json, out);
}

/* Without a boundary: what is known all the same, and the rows that could not be tried. */
static void report_nothing(struct session *s, const struct err *e, const struct trial_results *trials, bool json, struct buf *out)
{
    if (json) {
        buf_format(out, "{\"version\":1,\"tier\":\"none\",\"error\":");
        text_json(out, err_text(e, &s->arena));
        trials_json(trials, out);
        buf_format(out, "}\n");
    } else {
        trials_text(trials, out);
        buf_format(out, "tier: none; no boundary can be opened here\n");
    }
}

int verb_doctor(const struct options *o)
{
    struct session s = {.options = o};
    struct trial_results trials = {0};
    struct buf out = {0};
    struct err e = {0};
    int code = EXIT_CORDON;

    if (!session_begin(&s, o, &e) || !session_open(&s, OPEN_LOOK | OPEN_EMPTY_OK, &s.open, &e)) {
        say_error(&e);
        trials_run(&s, NULL, &trials);
        report_nothing(&s, &e, &trials, o->json, &out);
    } else {
        session_announce(&s, s.open);
        trials_run(&s, s.open, &trials);
        report(&s, s.open, &trials, o->json, &out);
        code = s.open->tier == TIER_NONE || trials_broken(&trials) > 0 || (o->require_full && s.open->tier != TIER_FULL) ? EXIT_FINDING : EXIT_OK;
    }
    if (o->json)
        tty_print(buf_view(&out));
    else
        tty_print_folded(buf_view(&out), false);
    buf_release(&out);
    trials_release(&trials);
    session_end(&s);
    return code;
}

/* ---- status ---- */

/* A root that a policy names and that is not there, or not any more. */
static bool is_missing(const struct opened *o, struct str path)
{
    for (size_t i = 0; i < o->facts.n; i++)
        if (str_eq(o->facts.v[i].path, path))
            return o->facts.v[i].kind == FACT_MISSING;
    return false;
}

static void status_roots(struct session *s, struct arena *a, const struct opened *o, struct buf *out)
{
    const struct policy *p = &o->policy;

    if (p->workspace.n)
        buf_format(out, "workspace: %s\n", path_display(a, &s->env, p->workspace).p);
    else
        buf_format(out, "workspace: none; nothing of yours is writable\n");
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct rule *r = &p->rules.v[i];
        if (r->kind == RULE_WRITE && !r->revoked)
            buf_format(out, "writable:  %s%s (%s)\n", path_display(a, &s->env, r->path).p,
                is_missing(o, r->path) ? ", once it exists: it does not now" : "", origin_text(a, &r->origin).p);
    }
}

static void status_json(struct session *s, const struct opened *o, struct buf *out)
{
    struct arena a = {0};
    struct obeyed_notes notes = {0};
    bool first = true;
    buf_format(out, "{\"version\":1,\"tier\":\"%s\",\"network\":\"%s\",\"agent\":%s,",
        o->boundary ? tier_name(o->tier) : "unknown", net_mode_name(o->policy.net),
        s->options->agent ? "true" : "false");
    buf_format(out, "\"not_enforced\":%s,", o->plan.tier == TIER_UNENFORCED ? "true" : "false");
    member(out, "workspace", o->policy.workspace, true);
    buf_format(out, "\"write\":[");
    for (size_t i = 0; i < o->policy.rules.n; i++) {
        const struct rule *r = &o->policy.rules.v[i];
        if (r->kind != RULE_WRITE || r->revoked || is_missing(o, r->path))
            continue;
        buf_format(out, "%s", first ? "" : ",");
        first = false;
        text_json(out, r->path);
    }
    buf_format(out, "],");
    texts_json(out, "warnings", &o->policy.warnings);
    buf_format(out, ",");
    texts_json(out, "partial", &o->plan.partial);
    buf_format(out, ",");
    texts_json(out, "notes", &o->plan.notes);
    last_word_notes(s, &a, false, &notes);
    buf_format(out, ",\"obeyed_changed\":");
    obeyed_json(out, &notes);
    buf_format(out, "}\n");
    arena_release(&a);
}

static void status_obeyed(struct session *s, struct arena *a, struct buf *out)
{
    struct obeyed_notes notes = {0};

    last_word_notes(s, a, false, &notes);
    if (!notes.n)
        return;
    buf_format(out, "changed:   in here since it was opened, and obeyed outside:\n");
    obeyed_print(out, a, &s->env, s->last_word.roots.v[0], &notes, OBEYED_LINES_MAX);
}

static void status_of(struct session *s, const struct opened *o, bool json, struct buf *out)
{
    struct arena a = {0};
    struct texts pending = {0};
    size_t jobs = s->carrier.jobs ? s->carrier.jobs(s->carrier.context) : 0;

    if (json) {
        status_json(s, o, out);
        return;
    }
    if (o->plan.tier == TIER_UNENFORCED)
        buf_format(out, "tier:      none; NOT ENFORCED\n");
    else if (o->boundary)
        buf_format(out, "tier:      %s\n", tier_name(o->tier));
    else
        buf_format(out, "tier:      not tried; cordon doctor opens a boundary and tries it\n");
    buf_format(out, "network:   %s%s\n", net_mode_name(o->policy.net),
        s->options->agent ? "; switching is locked by --agent" : "");
    status_roots(s, &a, o, out);
    buf_format(out, "git:       %s\n", o->policy.git == GIT_LOCKED ? "locked" : "commit");
    if (jobs)
        buf_format(out, "jobs:      %llu in the background\n", (unsigned long long)jobs);
    if (o->boundary)
        boundary_pending(o->boundary, &a, (struct str){0}, &pending);
    list(out, &a, "partial:   ", &o->plan.partial);
    list(out, &a, "", &pending);
    list(out, &a, "note:      ", &o->plan.notes);
    status_obeyed(s, &a, out);
    arena_release(&a);
}

void status_report(struct session *s, bool json, struct buf *out)
{
    status_of(s, s->open, json, out);
}

static void machine_windows(const struct windows_host *w, struct buf *out)
{
    struct arena a = {0};

    buf_format(out, "machine:   Windows build %lu%s%s%s\n", (unsigned long)w->build, w->wine ? ", Wine" : "",
        w->elevated ? ", elevated" : "", w->session_0 ? ", session 0" : "");
    buf_format(out, "canary:    %s\n",
        w->canary ? "a restricted token says that it is one" : "a restricted token does not say that it is one: NOT ENFORCED");
    buf_format(out, "setup:     %s\n", !w->set_up           ? "not done; cordon setup does it"
                                        : w->network_verified ? "done; the network block was read back"
                                                              : "done, but the network block could not be read back");
    list(out, &a, "store:     cannot run inside: ", &w->store_shells);
    list(out, &a, "open:      for everyone to write, outside the roots: ", &w->everyone_writable);
    if (w->everyone_incomplete)
        buf_format(out, "           (not all was searched for those)\n");
    list(out, &a, "service:   would carry data out for the offline account: ", &w->open_services);
    arena_release(&a);
}

static void status_machine(const struct host *h, struct buf *out)
{
    struct arena a = {0};

    if (h->windows) {
        machine_windows(h->windows, out);
        return;
    }
    buf_format(out, "machine:   kernel %d.%d, Landlock ABI %d%s%s%s\n", h->kernel_major, h->kernel_minor,
        h->landlock_abi, h->root ? ", root" : "", h->in_container ? ", in a container" : "",
        h->wsl ? ", WSL" : "");
    if (h->kernel_major < 6 || (h->kernel_major == 6 && h->kernel_minor < 6))
        buf_format(out, "           (each call that writes is answered four times as slowly as from Linux 6.6 on)\n");
    list(out, &a, "group:     a way out for who is in it: ", &h->risky_groups);
    arena_release(&a);
}

int verb_status(const struct options *o)
{
    struct session s = {.options = o};
    struct opened *looked = NULL;
    struct buf out = {0};
    struct err e = {0};
    int code = EXIT_OK;

    if (!session_begin(&s, o, &e) || !session_open(&s, OPEN_NO_PROOF | OPEN_EMPTY_OK, &looked, &e)) {
        say_error(&e);
        code = EXIT_CORDON;
    } else {
        if (!o->json)
            status_machine(&s.host, &out);
        status_of(&s, looked, o->json, &out);
        if (o->json)
            tty_print(buf_view(&out));
        else
            tty_print_folded(buf_view(&out), false);
        /* What setup made besides what a start looks at: rights, firewall, auditing. */
        if (!o->json && s.host.windows && s.host.windows->group_sid.n)
            setup_status();
    }
    opened_close(&looked);
    buf_release(&out);
    session_end(&s);
    return code;
}
