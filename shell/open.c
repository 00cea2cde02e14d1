/*
 * open: from policy files and flags to a boundary that stands and is proven.
 *
 * The order is the design: the namespaces are begun first, as they cost most, and are made while the policy is
 * read; then policy, facts, plan, boundary, proof. Each step can refuse, and then nothing stays open.
 */
#include "denied.h"
#include "../sandbox/core/acls.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>

/* ---- the policy: built-in, machine, person, --policy, flags ---- */

static bool read_layer(struct session *s, struct arena *a, struct str file, bool must_exist,
    enum layer layer, struct policy *p, struct err *e)
{
    struct str bytes;
    struct err mine = {0};
    if (!file.n)
        return true;
    if (!sys_read_file(a, file, POLICY_BYTES_MAX, false, &bytes, &mine)) {
        if (mine.kind == ERR_MISSING && !must_exist)
            return true;
        *e = mine;
        return false;
    }
    return policy_read(a, &s->env, bytes, layer, path_display(a, &s->env, file), p, e);
}

/* A policy that what it governs could rewrite is none. */
static bool policy_is_out_of_reach(
    struct session *s, struct arena *a, const struct policy *p, struct str file, struct err *e)
{
    struct str names[2] = {file, {0}}; /* the name could be made to lead elsewhere, what it leads to be rewritten */
    struct err mine = {0};
    if (!sys_real_path(a, file, &names[1], &mine))
        return true; /* it is not there */
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct verdict v = rules_verdict(a, p, &s->env, &s->host, names[i], OPERATION_WRITE);
        if (!v.allowed || v.own)
            continue;
        err_set(e, ERR_REFUSED, "a policy file lies where sandboxed programs could rewrite it");
        err_subject(e, names[i]);
        break;
    }
    if (e->kind == ERR_NONE)
        return true;
    return err_remedy(e, "keep it outside the workspace and the writable roots, or protect it by a rule");
}

/* A flag goes the way that a file goes, so that what an administrator set bounds it just the same. */
static bool set_network(struct session *s, struct arena *a, struct str mode, struct policy *p, struct err *e)
{
    enum net_mode parsed;
    if (!net_mode_parse(mode, &parsed)) {
        err_set(e, ERR_USAGE, "no such network mode");
        err_subject(e, mode);
        return err_remedy(e, "offline or online");
    }
    struct str text = arena_format(a, "{\"version\":1,\"network\":{\"mode\":\"%s\"}}", net_mode_name(parsed));
    return policy_read(a, &s->env, text, LAYER_FLAG, STR("--net"), p, e);
}

/* As a file would say it, so that its name is checked and an administrator's bound holds. */
static bool accept_part(struct session *s, struct arena *a, struct str part, struct policy *p, struct err *e)
{
    struct buf text = {0};
    bool good;

    buf_str(&text, STR("{\"version\":1,\"partial\":["));
    text_json(&text, part);
    buf_str(&text, STR("]}"));
    good = policy_read(a, &s->env, buf_view(&text), LAYER_FLAG, STR("--accept"), p, e);
    buf_release(&text);
    return good;
}

static bool add_paths(struct session *s, struct arena *a, const struct texts *paths, enum rule_kind kind,
    struct policy *p, struct err *e)
{
    for (size_t i = 0; i < paths->n; i++)
        if (!policy_add_path(a, &s->env, p, kind, LAYER_FLAG, paths->v[i], e))
            return false;
    return true;
}

static bool apply_flags(struct session *s, struct arena *a, struct policy *p, struct err *e)
{
    const struct options *o = s->options;
    if (o->net.p && !set_network(s, a, o->net, p, e))
        return false;
    if (!add_paths(s, a, &o->write, RULE_WRITE, p, e) || !add_paths(s, a, &o->protect, RULE_PROTECT, p, e) ||
        !add_paths(s, a, &o->secret, RULE_SECRET, p, e))
        return false;
    for (size_t i = 0; i < o->accept.n; i++)
        if (!accept_part(s, a, o->accept.v[i], p, e))
            return false;
    if (o->not_enforced && s->env.system != PATH_WINDOWS) {
        err_set(e, ERR_USAGE, "--not-enforced is for Windows alone");
        return err_remedy(e, "on Linux the kernel enforces, or Cordon does not open");
    }
    if (o->not_enforced) /* no file can say this */
        *(struct str *)ARENA_PUSH(a, &p->partial) = STR(PART_ENFORCEMENT);
    if (o->agent) {
        struct origin flag = {.layer = LAYER_FLAG, .file = STR("--agent")};
        p->net_switch = SWITCH_LOCKED;
        p->switch_origin = flag;
        if (p->git_origin.layer == LAYER_BUILTIN) {
            p->git = GIT_LOCKED;
            p->git_origin = flag;
        }
    }
    return true;
}

bool mode_exists(enum net_mode mode, struct err *e)
{
    if (mode != NET_LIMITED)
        return true;
    err_set(e, ERR_UNSUPPORTED, "limited needs Cordon's proxy, which does not exist yet");
    return err_remedy(e, "use offline or online");
}

/* The current folder by the way that was taken to it: $PWD, when that leads here and is another spelling. Typed absolute
 * paths do not go that way. */
static bool went_by(const struct session *s, struct arena *a, struct str *out)
{
    struct str said = sys_variable(NULL, STR("PWD")), real;
    struct path_env plain = {.system = s->env.system};
    struct err ignored = {0};

    return path_is_absolute(s->env.system, said) && path_canonical(a, &plain, said, out, &ignored) &&
           sys_real_path(a, *out, &real, &ignored) && str_eq(real, s->env.cwd) && !str_eq(*out, real) &&
           (!s->options->workspace.p || !path_is_absolute(s->env.system, s->options->workspace));
}

/* The folder to work in: what :open chose, --workspace, or where we are. */
static bool choose_workspace(
    struct session *s, struct arena *a, unsigned flags, struct policy *p, struct err *e)
{
    struct str real, named, went, typed = s->options->workspace, wanted = s->workspace;
    struct err mine = {0};
    bool chosen = typed.p != NULL || wanted.p != NULL;

    s->no_workspace = false;
    if (!wanted.p) {
        if (!s->env.cwd.n && (!typed.p || !path_is_absolute(s->env.system, typed))) {
            err_set(e, ERR_MISSING, "the current folder no longer exists");
            return err_remedy(e, "go to another one first");
        }
        if (!typed.p)
            wanted = s->env.cwd;
        else if (!path_canonical(a, &s->env, typed, &wanted, e))
            return false;
    }
    /* A folder that was replaced by a link, maybe from inside, in an earlier session: where it leads is not what was
     * named. The current folder was named by whoever went there, as the shell remembers it. */
    named = wanted;
    if (!s->workspace.p && str_starts(wanted, s->env.cwd) && went_by(s, a, &went) &&
        path_below(&s->env, s->env.cwd, wanted).p)
        named = path_join(a, s->env.system, went, path_below(&s->env, s->env.cwd, wanted));
    if (!s->workspace.p && sys_real_path(a, named, &real, &mine) && !str_eq(real, named)) {
        err_set(e, ERR_REFUSED, "a symbolic link lies on the way to this workspace");
        err_subject(e, named);
        return err_remedy(e, "if you trust that link, name where it leads: --workspace %s",
            path_text(a, s->env.system, real).p);
    }
    if (sys_real_path(a, wanted, &real, &mine) && rules_root_allowed(a, &s->env, &s->host, wanted, real, &mine) &&
        outer_may_write(real, &mine)) {
        p->workspace = real;
        return true;
    }
    if (chosen || !(flags & OPEN_EMPTY_OK)) {
        if (!mine.remedy[0])
            err_remedy(&mine, "go to a project's folder, or name one with --workspace DIR");
        *e = mine;
        return false;
    }
    s->no_workspace = true;
    s->no_workspace_why = say_error_text(&mine, &s->arena);
    p->workspace = (struct str){0};
    return true;
}

bool session_policy(struct session *s, struct arena *a, unsigned flags, struct policy *out, struct err *e)
{
    struct policy p = {0};
    struct str user = path_join(a, s->env.system, s->host.config_dir, STR("policy.json")), file = {0};

    policy_builtin(a, &s->env, &s->host, &p);
    if (!choose_workspace(s, a, flags, &p, e) ||
        !read_layer(s, a, outer_machine_policy(), false, LAYER_MACHINE, &p, e) ||
        !read_layer(s, a, user, false, LAYER_USER, &p, e))
        return false;
    if (s->options->policy_file.p) {
        struct policy before; /* what the file says of itself does not count */
        policy_copy(a, &p, &before);
        if (!path_canonical(a, &s->env, s->options->policy_file, &file, e) ||
            !add_paths(s, a, &s->options->write, RULE_WRITE, &before, e) ||
            !policy_is_out_of_reach(s, a, &before, file, e) ||
            !read_layer(s, a, file, true, LAYER_FILE, &p, e))
            return false;
    }
    if (!apply_flags(s, a, &p, e) || !mode_exists(p.net, e) || !policy_is_out_of_reach(s, a, &p, user, e) ||
        (file.p && !policy_is_out_of_reach(s, a, &p, file, e)))
        return false;
    *out = p;
    return true;
}

/* ---- the boundary ---- */

static void begin_boundary(struct session *s, bool new_network)
{
    err_clear(&s->early_err);
    s->early_network = new_network;
    if (!boundary_begin(&s->early, new_network, &s->early_err))
        s->early = NULL;
}

static void say_lines(const struct texts *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        say_note("%s", lines->v[i].p);
}

/* Repositories that were made inside, where the workspace had none: now or in a session that is gone. */
static void settle_births(struct session *s, const struct texts *roots, bool ended)
{
    struct arena a = {0};
    struct texts lines = {0};

    newborn_settle(&a, &s->env, s->host.session_dir, roots, ended, &lines);
    say_lines(&lines);
    arena_release(&a);
}

/* Before anything else: git may be run any moment in a workspace whose session was killed. */
static void look_after_crash(struct session *s)
{
    struct arena a = {0};
    struct texts roots = {0}, lines = {0};

    leftover_crashed(&a, &s->env, s->host.session_dir, &roots, &lines);
    say_lines(&lines);
    names_clean(s->host.session_dir);
    settle_births(s, &roots, false);
    arena_release(&a);
}

bool session_begin(struct session *s, const struct options *o, struct err *e)
{
    enum net_mode mode = NET_OFFLINE;

    s->options = o;
    s->began_ms = sys_clock_ms();
    s->env.system = outer_path_system();
    s->env.fold = sys_case();
    denied_begin(s);
    if (o->verb->boundary) {
        /* A guess, right nearly always; a wrong one costs a second start. */
        if (o->net.p && !net_mode_parse(o->net, &mode))
            mode = NET_OFFLINE;
        begin_boundary(s, mode != NET_ONLINE);
    }
    s->env.variable = sys_variable;
    s->env.cwd = sys_cwd(&s->arena);
    outer_leave();
    if (!facts_host(&s->arena, &s->host, e))
        return false;
    s->env.home = s->host.home;
    if (o->verb->boundary &&
        !(sys_session_folder(&s->arena, s->host.state_dir, &s->host.session_dir, e) &&
            facts_session(&s->arena, &s->host, e)))
        return false;
    if (s->host.session_dir.n)
        look_after_crash(s);
    return true;
}

/* Those that the beginning of the plan needs go to near. */
static void split_questions(struct arena *a, struct texts *all, struct texts *near)
{
    size_t left = 0;

    for (size_t i = 0; i < all->n; i++)
        if (plan_beginning_needs(all->v[i]))
            *(struct str *)ARENA_PUSH(a, near) = all->v[i];
        else
            all->v[left++] = all->v[i];
    all->n = left;
}

bool session_plan(struct session *s, struct opened *o, struct err *e)
{
    struct texts questions = {0}, near = {0};
    bool layered = false;

    o->facts = (struct facts){0};
    o->plan = (struct plan){0};
    o->facts.host = s->host;
    if (s->host.session_dir.n && o->policy.workspace.n && !s->borrowed &&
        !sys_caches_folder(&o->arena, s->host.state_dir, o->policy.workspace, &o->facts.host.caches_dir, e))
        return false;
    if (s->early && o->facts.host.caches_dir.n) {
        struct op layer;
        plan_layer_early(&o->arena, &o->facts.host, &layer);
        layered = boundary_layer(s->early, &layer);
    }
    if (s->env.system == PATH_WINDOWS) { /* elsewhere the observer holds such names until :reapply has found them */
        o->policy.nested = (struct texts){0};
        o->policy.nested_partly = !facts_nested(&o->arena, &o->policy, &o->policy.nested);
    }
    o->policy.git_found = facts_git(&o->arena, &o->policy, &s->env, &o->facts.host);
    plan_questions(&o->arena, &o->policy, &s->env, &o->facts, &questions);
    split_questions(&o->arena, &questions, &near);
    facts_paths(&o->arena, &near, &o->facts);
    if (layered && s->early_network == (o->policy.net != NET_ONLINE)) { /* a layer can be made only before the rest */
        struct plan beginning;
        plan_beginning(&o->arena, &o->policy, &s->env, &o->facts, &beginning);
        boundary_advance(s->early, &beginning, &o->policy.partial);
    }
    facts_paths(&o->arena, &questions, &o->facts);
    facts_second(&o->arena, &o->policy, &o->facts);
    return facts_roots(&o->arena, &o->policy, &o->facts, e) &&
           plan_build(&o->arena, &o->policy, &s->env, &o->facts, &o->plan, e);
}

/* The folders of Cordon's own that the plan binds or layers: the private temp, the caches of this workspace. */
static bool make_folders(struct session *s, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->v[i];
        const struct str wanted[] = {op->source, op->text, op->text2};
        for (size_t j = 0; j < COUNT_OF(wanted) && (op->kind == OP_BIND || op->kind == OP_OVERLAY); j++)
            if (wanted[j].n && path_is_under(&s->env, s->host.state_dir, wanted[j]) &&
                !sys_make_folders(wanted[j], 0700, e))
                return false;
        if (op->kind == OP_BIRTHPLACE &&
            !newborn_make(op->source, arena_str(&s->arena, path_parent(s->env.system, op->path)),
                op->number == 1, e))
            return false;
    }
    return true;
}

static bool take_boundary(struct session *s, struct opened *o, struct err *e)
{
    if (s->early && (s->early_network != o->plan.new_network || !boundary_fits(s->early, &o->plan))) {
        boundary_close(s->early);
        s->early = NULL;
    }
    if (!s->early && (!s->early_err.kind || s->early_network != o->plan.new_network))
        begin_boundary(s, o->plan.new_network);
    if (!s->early) {
        *e = s->early_err;
        err_clear(&s->early_err);
        return false;
    }
    o->boundary = s->early;
    s->early = NULL;
    return true;
}

static void broken(const struct proof *p, struct err *e)
{
    err_set(e, ERR_UNSUPPORTED, "the boundary does not hold what it promises: %s", p->promise->sentence);
    err_subject(e, p->probe.path);
    err_reason(e, "expected %s, observed %s", probe_answer_name(p->probe.expected),
        probe_answer_name(p->probe.observed));
    err_remedy(e, "%s", p->promise->remedy);
}

/* The writable roots of a policy, in a. */
static void roots_of(struct arena *a, const struct policy *p, struct texts *out)
{
    if (p->workspace.n)
        *(struct str *)ARENA_PUSH(a, out) = arena_str(a, p->workspace);
    for (size_t i = 0; i < p->rules.n; i++)
        if (p->rules.v[i].kind == RULE_WRITE && p->rules.v[i].anchored && !p->rules.v[i].revoked)
            *(struct str *)ARENA_PUSH(a, out) = arena_str(a, p->rules.v[i].path);
}

static void remember(struct session *s, const struct opened *o)
{
    struct arena a = {0};
    struct texts roots = {0};

    roots_of(&a, &o->policy, &roots);
    leftover_begin(&a, &o->plan, &roots, &s->leftover);
    arena_release(&a);
}

#define TELL_MS       10000
#define TELL_FIRST_MS 2000

static bool go_on(void *context, struct str place, uint64_t seen)
{
    struct session *s = context;
    struct path_env env = session_env(s);
    struct arena a = {0};

    if (tty_stopped())
        return false;
    if (!s->options->quiet && sys_milliseconds() >= s->told_ms + TELL_MS) {
        s->told_ms = sys_milliseconds();
        say_note("permissions are carried into folders: %llu looked at, now in %s (Ctrl-C stops; the next time goes on from there)",
            (unsigned long long)seen, path_display(&a, &env, place).p);
    }
    arena_release(&a);
    return true;
}

struct disk_watch session_watch(struct session *s)
{
    s->told_ms = sys_milliseconds() - TELL_MS + TELL_FIRST_MS;
    tty_forget_stop(); /* a key that was pressed before is not about this */
    return (struct disk_watch){go_on, s};
}

/* Runs the attempts, of a new boundary in one exchange with the plan, and judges them. */
static bool prove(struct session *s, struct opened *o, bool build, bool thorough, struct err *e)
{
    struct probe *probes;
    const struct launch *first = NULL;
    const struct disk_watch watch = session_watch(s);
    bool good = true;

    o->tier = TIER_NONE;
    /* The runner builds while the attempts are chosen. */
    if ((build && !boundary_hand(o->boundary, &o->plan, &o->policy.partial, &watch, e)) ||
        !probe_target_open(&o->target, e))
        return false;
    if (o->plan.tier != TIER_UNENFORCED) /* then there is nothing to prove, and it is said in every prompt */
        promises_make(s, o, thorough);
    if (build) {
        last_word_begin(s, o);
        remember(s, o);
    }
    probes = arena_alloc(&o->arena, o->proof_count + 1, sizeof *probes);
    for (size_t i = 0; i < o->proof_count; i++)
        probes[i] = o->proofs[i].probe;
    if (build && s->first && !(first = exec_ready(s, o, e)))
        good = false;
    else
        good = build ? boundary_build(o->boundary, &o->arena, &o->plan, probes, o->proof_count, first, e)
                     : boundary_prove(o->boundary, probes, o->proof_count, e);
    probe_target_close(&o->target);
    if (!good) {
        o->proof_count = 0;
        return false;
    }
    for (size_t i = 0; i < o->proof_count; i++) {
        struct proof *p = &o->proofs[i];
        p->probe = probes[i];
        p->state = promise_judge(&p->probe);
        if (p->state == PROMISE_BROKEN || (p->state == PROMISE_UNKNOWN && p->promise->essential)) {
            broken(p, e);
            good = false;
        }
    }
    if (good && o->plan.tier != TIER_UNENFORCED)
        o->tier = o->plan.partial.n || o->plan.tier != TIER_SET_UP ? TIER_PARTIAL : TIER_FULL;
    return good;
}

bool session_prove(struct session *s, struct opened *o, struct err *e)
{
    return prove(s, o, false, true, e);
}

/* A boundary that does not hold is kept only to be looked at. */
static bool build_and_prove(struct session *s, struct opened *o, unsigned flags, struct err *e)
{
    bool look = (flags & OPEN_LOOK) != 0;

    if (prove(s, o, true, look, e))
        return true;
    if (!look || !o->proof_count)
        return false;
    err_clear(e);
    return true;
}

static bool tier_suffices(const struct session *s, const struct opened *o, unsigned flags, struct err *e)
{
    if (!s->options->require_full || o->tier == TIER_FULL || (flags & OPEN_LOOK))
        return true;
    err_set(e, ERR_UNSUPPORTED, "not everything can be enforced here, and --require full was given");
    if (o->plan.partial.n)
        err_subject(e, o->plan.partial.v[0]);
    return err_remedy(e, "cordon doctor shows each part");
}

static struct opened *opened_new(void)
{
    struct opened *o = calloc(1, sizeof *o);
    if (!o)
        abort();
    o->target.tcp = SYS_NONE;
    o->target.abstract = SYS_NONE;
    return o;
}

/* From a policy in o to the end. Closes o on failure. */
static bool finish_opening(
    struct session *s, struct opened *o, unsigned flags, struct opened **out, struct err *e)
{
    static const char *const looked_at[] = {PART_ENFORCEMENT, PART_UNELEVATED, PART_ELEVATED};
    bool good;

    /* Who only looks is told all of it, and nothing is opened. */
    for (size_t i = 0; i < COUNT_OF(looked_at) && (flags & OPEN_NO_PROOF) && s->env.system == PATH_WINDOWS; i++)
        *(struct str *)ARENA_PUSH(&o->arena, &o->policy.partial) = str_from(looked_at[i]);
    good = session_plan(s, o, e);
    if (good && !(flags & OPEN_NO_PROOF))
        good = make_folders(s, &o->plan, e) && take_boundary(s, o, e) &&
               build_and_prove(s, o, flags, e) && tier_suffices(s, o, flags, e);
    if (good)
        *out = o;
    else
        opened_close(&o);
    return good;
}

bool session_open(struct session *s, unsigned flags, struct opened **out, struct err *e)
{
    struct opened *o = opened_new();
    if (!session_policy(s, &o->arena, flags, &o->policy, e)) {
        opened_close(&o);
        return false;
    }
    return finish_opening(s, o, flags, out, e);
}

bool session_open_policy(
    struct session *s, const struct policy *policy, unsigned flags, struct opened **out, struct err *e)
{
    struct opened *o = opened_new();
    policy_copy(&o->arena, policy, &o->policy);
    return finish_opening(s, o, flags, out, e);
}

void session_beside(struct session *out, const struct session *s, struct options *options, struct str place)
{
    *options = *s->options;
    options->workspace = (struct str){0};
    options->write = options->protect = options->secret = (struct texts){0};
    *out = *s;
    out->options = options;
    out->arena = (struct arena){0};
    out->open = NULL;
    out->early = NULL;
    out->first = NULL;
    out->carrier = (struct carrier){0};
    out->interactive = false;
    out->borrowed = true;
    out->no_workspace = false;
    out->last_word = (struct last_word){0};
    out->leftover = (struct buf){0};
    out->host.session_dir = out->host.state_dir = place;
    out->host.caches_dir = (struct str){0};
    out->place = (struct str){0};
    denied_begin(out); /* records of its own, whose log goes with its folder */
}

void opened_close(struct opened **o)
{
    if (!*o)
        return;
    boundary_close((*o)->boundary);
    probe_target_close(&(*o)->target);
    arena_release(&(*o)->arena);
    free(*o);
    *o = NULL;
}

void session_look(struct session *s)
{
    struct arena a = {0};
    struct texts lines = {0};

    leftover_look(&a, &s->env, buf_view(&s->leftover), &lines);
    say_lines(&lines);
    arena_release(&a);
}

void session_close(struct session *s)
{
    struct arena a = {0};
    struct texts roots = {0};

    if (s->denied && s->denied->begun)
        denied_last(s, s->open);
    opened_close(&s->open);
    session_look(s);
    leftover_roots(&a, buf_view(&s->leftover), &roots);
    if (s->host.session_dir.n && !s->borrowed && !s->settled)
        settle_births(s, &roots, true);
    if (s->host.session_dir.n && !s->borrowed)
        leftover_done();
    buf_release(&s->leftover);
    s->leftover = (struct buf){0};
    arena_release(&a);
    s->settled = true;
}

void session_end(struct session *s)
{
    session_close(s);
    denied_end(s);
    boundary_close(s->early);
    s->early = NULL;
    last_word_end(s);
    sys_session_folder_end();
    arena_release(&s->arena);
}

const char *tier_name(enum tier tier)
{
    static const char *const names[] = {"none", "partial", "full"};
    return names[tier];
}

void session_announce(struct session *s, const struct opened *o)
{
    struct arena a = {0};
    if (o->plan.tier == TIER_UNENFORCED)
        say_note("NOT ENFORCED: what runs here can read, write and reach all that you can");
    if (s->no_workspace) {
        say_note("nothing is writable here: %s", s->no_workspace_why.p);
        if (s->interactive)
            say_note(":open DIR moves to a folder to work in");
    }
    for (size_t i = 0; i < o->plan.partial.n; i++)
        say_note("partial: %s", text_printable_once(&a, o->plan.partial.v[i]).p);
    if (!s->options->quiet) {
        for (size_t i = 0; i < o->policy.warnings.n; i++)
            say_note("warning: %s", text_printable_once(&a, o->policy.warnings.v[i]).p);
    }
    arena_release(&a);
}
