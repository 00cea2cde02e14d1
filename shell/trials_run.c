/*
 * trials_run: the rows of trials.h tried, and told. Each attempt goes to a process of its own, so that one that hangs or loses its
 * console costs no other; what it is tried on Cordon made itself, below the session's folder, and takes away again.
 */
#include "trials.h"
#include "denied.h"
#include "../sandbox/core/acls.h"
#include "../sandbox/core/text.h"


#define END_MS 10000 /* for what runs in a session to end with it */

struct trying {
    struct session *s;
    struct opened *o; /* NULL: none */
    struct arena *a;
    struct trial_here here;
    struct trial_stage stage;
    struct str folder, other_file, token; /* token: what makes a name one that nobody has */
    struct session other; /* on a decoy of its own */
    struct options other_options;
    struct trial_hold held; /* programs in it that stay, while it is tried on */
    bool staged, begun;
    bool in_other; /* the attempt is one of a program in that session */
    const struct trial_decoys *decoys; /* NULL: for doctor */
};

/* ---- the second session ---- */

static bool make_file_there(struct trying *t, struct str folder, struct err *e)
{
    struct probe probe = {.kind = PROBE_MAKE, .path = folder, .control = ANSWER_FAILED};

    if (!boundary_prove(t->other.open->boundary, &probe, 1, e) || probe.observed != ANSWER_DONE)
        return false;
    t->other_file = path_join(t->a, PATH_WINDOWS, folder, STR("cordon-decoy"));
    return true;
}

static bool open_other(struct trying *t, struct err *e)
{
    struct str work = path_join(t->a, PATH_WINDOWS, t->folder, STR("work"));
    bool made;

    session_beside(&t->other, t->s, &t->other_options, path_join(t->a, PATH_WINDOWS, t->folder, STR("session")));
    t->other.workspace = work;
    t->begun = true;
    /* With a protected name in it, for what a workspace without one has nothing to be tried on. */
    made = sys_make_folders(path_join(t->a, PATH_WINDOWS, work, STR(".codex")), 0700, e) && sys_make_folders(t->other.host.session_dir, 0700, e) &&
           session_open(&t->other, 0, &t->other.open, e) && make_file_there(t, work, e);
    return made && trial_hold(t->other.open->boundary, &t->held, e);
}

/* Opened when a row first asks for it: it costs a logon. */
static bool has_other(struct trying *t)
{
    struct err e = {0};

    if (!t->begun && t->staged && t->here.opened && !open_other(t, &e))
        say_note("a second session to try things on could not be opened: %s", err_text(&e, t->a).p);
    return t->other.open != NULL;
}

/* ---- what a row is tried on ---- */

/* The first that is there, closed by an entry of the plan, and not one that Cordon made to hold its name, which nobody inside may read
 * either: that writing is refused shows nothing where everything is. */
static struct str protected_path(const struct plan *plan)
{
    struct str found = {0};

    for (size_t i = 0; i < plan->n && !found.n; i++) {
        const struct op *op = &plan->v[i];
        struct arena a = {0};
        struct err ignored = {0};
        struct ace ace;
        if (op->kind == OP_ACE && op->number == ACE_PUT && sddl_parse_ace(&a, op->text, &ace, &ignored) && ace.type == ACE_DENY &&
            !(ace.flags & ACE_INHERIT_ONLY) && (ace.mask & ACLS_DENY) == ACLS_DENY && !(ace.mask & NT_FILE_READ_DATA))
            found = op->path;
        arena_release(&a);
    }
    return found;
}

static struct str flat_volume(const struct windows_host *w)
{
    for (size_t i = 0; i < w->volume_count; i++)
        if (!w->volumes[i].acls && !w->volumes[i].remote)
            return w->volumes[i].root;
    return (struct str){0};
}

static struct str found_open(const struct windows_host *w)
{
    return w->everyone_writable.n ? w->everyone_writable.v[0] : (struct str){0};
}

static bool port_of(const struct trying *t, enum trial_heard which, struct probe *p)
{
    p->number = t->stage.port[which];
    return p->number != 0;
}

/* A path, or none. */
static bool on_path(struct probe *p, struct str path)
{
    p->path = path;
    return path.n > 0;
}

struct str trial_decoy(struct arena *a, const struct trial_decoys *d, const struct trial *row, bool other)
{
    return path_join(a, PATH_WINDOWS, d->folder, str_from(other || d->weak ? row->other : row->decoy));
}

/* Of this session, else of the second, by a program in it. above: the folder that it lies in. */
static bool aim_protected(struct trying *t, bool above, struct probe *p)
{
    struct str path = protected_path(&t->o->plan);

    t->in_other = !path.n && has_other(t);
    if (t->in_other)
        path = protected_path(&t->other.open->plan);
    return on_path(p, path.n && above ? arena_str(t->a, path_parent(PATH_WINDOWS, path)) : path);
}

static struct str guard_path(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == OP_GUARD_NAME)
            return plan->v[i].path;
    return (struct str){0};
}

/* Beside the system's folder: on its drive. */
static struct str wsl_package(struct arena *a, const struct windows_host *w)
{
    return w->system_dir.n > 2 ? arena_format(a, "%.*s\\Program Files\\WSL\\wsl.exe", 2, w->system_dir.p) : (struct str){0};
}

/* False: there is none here. */
static bool aim(struct trying *t, const struct trial *row, enum trial_on on, struct probe *p)
{
    const struct windows_host *w = t->s->host.windows;

    switch (on) {
    case ON_NOTHING:
        return true;
    case ON_WORKSPACE:
        return on_path(p, t->o->policy.workspace);
    case ON_TEMP:
        return on_path(p, w->temp_dir);
    case ON_PROTECTED:
        return aim_protected(t, false, p);
    case ON_ABOVE:
        return aim_protected(t, true, p);
    case ON_GUARD:
        return on_path(p, guard_path(&t->o->plan));
    case ON_RUNNER:
        return (p->number = trial_runner(t->o->boundary)) != 0;
    case ON_CORDON:
        return (p->number = outer_process()) != 0;
    case ON_OTHER_RUNNER:
        return has_other(t) && (p->number = trial_runner(t->other.open->boundary)) != 0;
    case ON_OTHER_FILE:
        return has_other(t) && on_path(p, t->other_file);
    case ON_OPEN_TO_ALL:
        return on_path(p, t->stage.open_to_all);
    case ON_OPEN_TO_33:
        return on_path(p, t->stage.open_to_33);
    case ON_EVERYONE_FOUND:
        return on_path(p, found_open(w));
    case ON_FLAT_VOLUME:
        return on_path(p, flat_volume(w));
    case ON_TCP6:
        return port_of(t, HEARD_TCP6, p);
    case ON_UDP4:
        return port_of(t, HEARD_UDP4, p);
    case ON_UDP6:
        return port_of(t, HEARD_UDP6, p);
    case ON_WEB:
        p->path = arena_format(t->a, "\\\\127.0.0.1@%u\\%s\\x", (unsigned)t->stage.port[HEARD_WEB], t->token.p);
        return t->stage.port[HEARD_WEB] != 0;
    case ON_SHARE:
        return on_path(p, arena_format(t->a, "\\\\127.0.0.1\\%s\\x", t->token.p));
    case ON_NAME:
        return on_path(p, arena_format(t->a, "%s.invalid", t->token.p));
    case ON_FREE_PORT:
        p->number = row->number | t->stage.free_port;
        return t->stage.free_port != 0;
    case ON_TASK:
        return on_path(p, t->token);
    case ON_WSL:
        return on_path(p, path_join(t->a, PATH_WINDOWS, w->system_dir, STR("wsl.exe")));
    case ON_WSL_PACKAGE:
        return on_path(p, wsl_package(t->a, w));
    case ON_CLASS:
        return on_path(p, str_from(row->class));
    case ON_DECOY:
    case ON_OTHER_DECOY:
        return t->decoys && on_path(p, trial_decoy(t->a, t->decoys, row, on == ON_OTHER_DECOY));
    case ON_LISTENER:
        return t->decoys && (p->number = t->decoys->port) != 0;
    }
    return false;
}

/* ---- one attempt ---- */

static enum trial_heard ear_of(enum trial_on on)
{
    return on == ON_UDP4 ? HEARD_UDP4 : on == ON_UDP6 ? HEARD_UDP6 : on == ON_WEB ? HEARD_WEB : HEARD_TCP6;
}

/* What counts of an attempt at a listener of ours is what that heard. What was sent and not heard was stopped on its way; what could
 * not be sent for a reason that is no refusal shows nothing. */
static void by_ear(struct trying *t, const struct trial *row, enum probe_answer *answer)
{
    if (trial_stage_heard(&t->stage, ear_of(row->on)))
        *answer = ANSWER_DONE;
    else if (*answer == ANSWER_DONE)
        *answer = ANSWER_DENIED;
}

static void attempt(struct trying *t, struct trial_result *r)
{
    const struct trial *row = r->trial;
    /* A control of the same kind is the same right, to something else. */
    uint64_t same_number = row->same_number ? row->same_number : row->same == row->kind ? row->number : 0;
    struct probe probes[2] = {{.kind = row->same, .number = same_number, .control = ANSWER_FAILED}, {.kind = row->kind, .number = row->number, .expected = row->expected}};
    size_t first = row->same == PROBE_KIND_COUNT ? 1 : 0;
    struct err e = {0};

    t->in_other = false;
    if (!aim(t, row, row->on, &probes[1])) {
        r->observed = ANSWER_MISSING;
        return;
    }
    r->subject = probes[1].path;
    if (first == 0 && !aim(t, row, row->same_on, &probes[0])) {
        r->detail = STR("there is nothing to try its control on");
        return;
    }
    if (row->alone) {
        probes[1].control = ANSWER_FAILED; /* none is made */
    } else {
        probe_control(&probes[1]);
        if (row->heard)
            by_ear(t, row, &probes[1].control);
        r->outside = probes[1].control;
        if (probes[1].control == ANSWER_UNKNOWN)
            probes[1].control = ANSWER_FAILED;
    }
    if (!boundary_prove(t->in_other ? t->other.open->boundary : t->o->boundary, &probes[first], COUNT_OF(probes) - first, &e)) {
        r->detail = err_text(&e, t->a);
        return;
    }
    r->same = first == 0 ? probes[0].observed : ANSWER_UNKNOWN;
    r->observed = probes[1].observed;
    r->code = probes[1].code;
    if (row->heard)
        by_ear(t, row, &r->observed);
}

/* What a promise of the table in promises.c came to; that table is not gone through where nothing is enforced. */
static void by_promise(struct trying *t, struct trial_result *r)
{
    const char *why;

    r->state = PROMISE_UNKNOWN;
    r->detail = STR("it was not tried here");
    if (!trial_applies(r->trial, &t->here, &why)) {
        r->detail = str_from(why);
        return;
    }
    for (size_t i = 0; i < t->o->proof_count; i++) {
        const struct proof *p = &t->o->proofs[i];
        if (!str_is(str_from(p->promise->name), r->trial->promise))
            continue;
        r->state = p->state == PROMISE_CONFIGURED ? PROMISE_UNKNOWN : p->state; /* a control that failed */
        r->observed = p->probe.observed;
        r->outside = p->probe.control;
        r->code = p->probe.code;
        r->subject = p->probe.path;
        r->detail = arena_format(t->a, "shown by: %s", p->promise->name);
    }
}

/* The last of the rows about the second session, which is over then. What holds the pipe is there before it, and must be gone after. */
static enum probe_answer look_end(struct trying *t, struct str *detail)
{
    if (!has_other(t) || !trial_held(&t->held, 0)) {
        *detail = STR("there is no program in a second session to see the end of");
        return ANSWER_UNKNOWN;
    }
    opened_close(&t->other.open);
    if (trial_held(&t->held, END_MS)) {
        *detail = STR("a program of the second session ran on after it was closed");
        return ANSWER_DENIED;
    }
    *detail = STR("two programs of the second session ran until it was closed, and were gone then");
    return ANSWER_DONE;
}

/* Does a part of the tier speak of it? */
static bool is_named(const struct trying *t, const struct trial *row)
{
    for (size_t i = 0; row->named && t->o && i < t->o->plan.partial.n; i++)
        if (text_matches(arena_format(t->a, "*%s*", row->named), t->o->plan.partial.v[i], false))
            return true;
    return false;
}

static void one(struct trying *t, struct trial_result *r)
{
    const struct trial *row = r->trial;
    const char *why = NULL;
    struct str said = {0};

    if (row->how == TRIAL_PROMISE) {
        by_promise(t, r);
        return;
    }
    if (trial_applies(row, &t->here, &why)) {
        if (row->how == TRIAL_INSIDE)
            attempt(t, r);
        else if (row->look == LOOK_END)
            r->observed = look_end(t, &r->detail);
        else if (row->how != TRIAL_NOT)
            r->observed = trial_look(t->a, row->look, &t->stage, &r->detail);
    }
    r->state = trial_judge(row, &t->here, r, &why);
    r->named = r->state == PROMISE_BROKEN && is_named(t, row);
    if (r->named)
        why = "known: Windows leaves it open to every account, and the tier names it";
    said = why ? str_from(why) : said;
    if (said.n && !(row->how == TRIAL_OUTSIDE && r->detail.n && r->observed != ANSWER_DONE))
        r->detail = r->detail.n ? arena_format(t->a, "%s; %s", r->detail.p, said.p) : said;
}

/* ---- all of them ---- */

static void look_here(struct trying *t)
{
    const struct windows_host *w = t->s->host.windows;

    t->here = (struct trial_here){.windows = true,
        .opened = t->o && t->o->boundary,
        .enforced = w->canary && !w->wine,
        .weak = w->weak,
        .account = t->o && (t->decoys || t->o->plan.tier == TIER_SET_UP || t->o->plan.tier == TIER_UNENFORCED), /* there, all is tried, and none counts */
        .offline = t->o && (t->decoys || t->o->plan.new_network)};
}

static void set_stage(struct trying *t)
{
    struct err e = {0};
    struct str real;

    if (!sys_real_path(t->a, t->s->host.session_dir, &real, &e))
        return;
    t->folder = path_join(t->a, PATH_WINDOWS, real, STR("doctor"));
    t->staged = sys_remove_tree(t->folder, &e) && trial_stage_open(t->a, path_join(t->a, PATH_WINDOWS, t->folder, STR("decoys")), &t->stage, &e);
    if (t->o && t->o->plan.tier == TIER_SET_UP) {
        t->stage.online = !t->o->plan.new_network;
        t->stage.account = (t->stage.online ? t->s->host.windows->online : t->s->host.windows->offline).name;
    }
}

struct trying *trials_begin(struct arena *a, struct session *s, struct opened *o, const struct trial_decoys *decoys)
{
    struct trying *t = arena_alloc(a, 1, sizeof *t);

    *t = (struct trying){.s = s, .o = o, .a = a, .decoys = decoys, .held = {SYS_NONE, SYS_NONE}};
    for (size_t i = 0; i < HEARD_COUNT; i++)
        t->stage.listening[i] = SYS_NONE;
    t->token = arena_format(a, "cordon-%llx-%llx", (unsigned long long)outer_process(), (unsigned long long)sys_clock_ms());
    look_here(t);
    set_stage(t);
    return t;
}

void trials_one(struct trying *t, const struct trial *row, struct trial_result *out)
{
    *out = (struct trial_result){.trial = row};
    one(t, out);
}

bool trials_enforced(const struct trying *t)
{
    return t->here.enforced && t->o && t->o->plan.tier != TIER_UNENFORCED;
}

void trials_end(struct trying *t)
{
    struct err e = {0};

    trial_let_go(&t->held);
    if (t->begun) {
        session_close(&t->other);
        denied_end(&t->other);
        boundary_close(t->other.early);
        arena_release(&t->other.arena);
    }
    trial_stage_close(&t->stage);
    if (t->folder.n && !sys_remove_tree(t->folder, &e))
        say_note("the decoys could not be removed: %s", text_printable(t->a, t->folder).p);
}

void trials_run(struct session *s, struct opened *o, struct trial_results *out)
{
    size_t count;
    const struct trial *rows = trials_list(&count);
    struct trying *t;

    if (!s->host.windows)
        return;
    t = trials_begin(&out->arena, s, o, NULL);
    out->v = arena_alloc(t->a, count, sizeof *out->v);
    out->n = count;
    for (size_t i = 0; i < count; i++)
        trials_one(t, &rows[i], &out->v[i]);
    for (size_t i = 0; i < count; i++) { /* what came from elsewhere goes with it */
        out->v[i].subject = arena_str(t->a, out->v[i].subject);
        out->v[i].detail = arena_str(t->a, out->v[i].detail);
    }
    trials_end(t);
}

size_t trials_broken(const struct trial_results *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        n += r->v[i].state == PROMISE_BROKEN && !r->v[i].named;
    return n;
}

void trials_release(struct trial_results *r)
{
    arena_release(&r->arena);
}

/* ---- told ---- */

static const char *answer_of(enum probe_answer answer)
{
    return answer == ANSWER_UNKNOWN ? "-" : probe_answer_name(answer);
}

static void one_text(struct arena *a, const struct trial_result *t, struct buf *out)
{
    struct err e = {0};

    buf_format(out, "%-10s %-10s %s\n           %s\n", promise_state_name(t->state), t->trial->rule, t->trial->name, t->trial->sentence);
    if (t->trial->how == TRIAL_INSIDE && t->observed != ANSWER_UNKNOWN) {
        if (t->code)
            sys_reason(&e, t->code);
        buf_format(out, "           expected %s, observed %s%s%s%s, control inside %s, outside %s\n", probe_answer_name(t->trial->expected),
            answer_of(t->observed), t->code ? " (" : "", e.reason, t->code ? ")" : "", answer_of(t->same), answer_of(t->outside));
    }
    if (t->state != PROMISE_OBSERVED && t->subject.n)
        buf_format(out, "           on: %s\n", text_printable_once(a, t->subject).p);
    if (t->state != PROMISE_OBSERVED && t->detail.n)
        buf_format(out, "           %s\n", text_printable_once(a, t->detail).p);
    if (t->state == PROMISE_BROKEN)
        buf_format(out, "           remedy: %s\n", t->trial->remedy);
}

void trials_text(const struct trial_results *r, struct buf *out)
{
    size_t count[PROMISE_BROKEN + 1] = {0};
    struct arena a = {0};
    const char *before = "BROKEN, and said by no tier: ";

    if (!r->n)
        return;
    for (size_t i = 0; i < r->n; i++) {
        one_text(&a, &r->v[i], out);
        count[r->v[i].state]++;
    }
    for (size_t i = 0; i < r->n; i++) { /* again, where a person looks first */
        if (r->v[i].state != PROMISE_BROKEN || r->v[i].named)
            continue;
        buf_format(out, "%s%s", before, r->v[i].trial->name);
        before = ", ";
    }
    buf_format(out, "%swindows: %llu observed, %llu only configured, %llu unknown, %llu BROKEN; only what was observed counts\n",
        trials_broken(r) ? "\n" : "", (unsigned long long)count[PROMISE_OBSERVED], (unsigned long long)count[PROMISE_CONFIGURED],
        (unsigned long long)count[PROMISE_UNKNOWN], (unsigned long long)count[PROMISE_BROKEN]);
    arena_release(&a);
}

static void member(struct buf *out, const char *name, struct str value)
{
    buf_format(out, "\"%s\":", name);
    text_json(out, value);
    buf_format(out, ",");
}

void trials_json(const struct trial_results *r, struct buf *out)
{
    static const char *const how[] = {"tried inside", "tried outside", "read back", "promise", "not tried"};

    if (!r->n)
        return;
    buf_format(out, ",\"trials\":[");
    for (size_t i = 0; i < r->n; i++) {
        const struct trial_result *t = &r->v[i];
        buf_format(out, "%s{", i ? "," : "");
        member(out, "name", str_from(t->trial->name));
        member(out, "rule", str_from(t->trial->rule));
        member(out, "promise", str_from(t->trial->sentence));
        member(out, "how", str_from(how[t->trial->how]));
        member(out, "expected", str_from(probe_answer_name(t->trial->expected)));
        member(out, "observed", str_from(probe_answer_name(t->observed)));
        member(out, "control_inside", str_from(probe_answer_name(t->same)));
        member(out, "control_outside", str_from(probe_answer_name(t->outside)));
        member(out, "state", str_from(promise_state_name(t->state)));
        member(out, "subject", t->subject);
        member(out, "detail", t->detail);
        member(out, "remedy", str_from(t->trial->remedy));
        buf_format(out, "\"named\":%s,\"code\":%ld}", t->named ? "true" : "false", t->code);
    }
    buf_format(out, "]");
}
