/*
 * promises: what Cordon says of a boundary, one row each, with the attempt that would show the contrary.
 *
 * The proof before the first prompt, doctor, the demo and the tier all go by this table. An attempt inside
 * counts only beside the same attempt made outside, which must succeed: else it shows nothing.
 */
#include "shell.h"
#include "../sandbox/core/acls.h"

#define CANDIDATES_MAX 8

static bool is_done_here(struct probe *p)
{
    probe_control(p);
    return p->control == ANSWER_DONE;
}

/* Has the plan put something writable of its own at or above this path? */
static bool is_made_writable(const struct session *s, const struct opened *o, struct str path)
{
    for (size_t i = 0; s->env.system == PATH_WINDOWS && i < o->policy.rules.n; i++) {
        const struct rule *r = &o->policy.rules.v[i];
        if (r->kind == RULE_WRITE && r->anchored && !r->revoked && path_is_under(&s->env, r->path, path))
            return true;
    }
    for (size_t i = 0; i < o->plan.n; i++) {
        const struct op *op = &o->plan.v[i];
        bool writable = op->kind == OP_TMPFS || op->kind == OP_WRITABLE || op->kind == OP_OVERLAY ||
                        op->kind == OP_BIND;
        if (writable && path_is_under(&s->env, op->path, path))
            return true;
    }
    return false;
}

/* The controls that count are made with the attempts; those here only choose among candidates. */

/* The first folder outside all roots that we ourselves could write; HOME, unless that is read-only here. */
static bool make_write_outside(const struct session *s, struct opened *o, struct probe *p)
{
    struct str candidates[] = {s->host.home, path_parent(s->env.system, o->policy.workspace),
        path_parent(s->env.system, s->host.home), s->host.program_dir};
    bool any = false;

    p->kind = PROBE_WRITE;
    p->expected = ANSWER_DENIED;
    for (size_t i = 0; i < COUNT_OF(candidates); i++) {
        if (!candidates[i].n || is_made_writable(s, o, candidates[i]))
            continue;
        p->path = candidates[i];
        any = true;
        if (is_done_here(p))
            return true;
    }
    return any;
}

static bool make_write_inside(const struct session *s, struct opened *o, struct probe *p)
{
    (void)s;
    if (!o->policy.workspace.n)
        return false;
    p->kind = PROBE_WRITE;
    p->expected = ANSWER_DONE;
    p->path = o->policy.workspace;
    return true;
}

/*
 * Any one path of this kind of op that we ourselves could touch; none of them at all: nothing to prove. The
 * kernel's own views (proc, sys) are not what a person protects, and prove little: they are refused by more.
 */
static bool make_from_plan(const struct session *s, struct opened *o, struct probe *p, enum op_kind a,
    enum op_kind b)
{
    size_t tried = 0;

    for (size_t i = 0; i < o->plan.n && tried < CANDIDATES_MAX; i++) {
        const struct op *op = &o->plan.v[i];
        if ((op->kind != a && op->kind != b) || path_is_under(&s->env, STR("/proc"), op->path) ||
            path_is_under(&s->env, STR("/sys"), op->path))
            continue;
        p->path = op->path;
        tried++;
        if (is_done_here(p))
            return true;
    }
    return tried > 0;
}

/* Windows: a path that an entry closes, for what `mask` has; or a name that is guarded. */
static bool make_from_entries(const struct session *s, struct opened *o, struct probe *p, uint32_t mask)
{
    size_t tried = 0;

    for (size_t i = 0; i < o->plan.n && tried < CANDIDATES_MAX; i++) {
        const struct op *op = &o->plan.v[i];
        struct arena a = {0};
        struct err ignored = {0};
        struct ace ace;
        bool closes = op->kind == OP_ACE && op->number == ACE_PUT && sddl_parse_ace(&a, op->text, &ace, &ignored) &&
                      ace.type == ACE_DENY && !(ace.flags & ACE_INHERIT_ONLY) && (ace.mask & mask) == mask;
        arena_release(&a);
        if (!closes && !(op->kind == OP_GUARD_NAME && mask == NT_FILE_WRITE_DATA))
            continue;
        p->path = op->path;
        tried++;
        if (is_done_here(p))
            return true;
    }
    (void)s;
    return tried > 0;
}

static bool make_write_protected(const struct session *s, struct opened *o, struct probe *p)
{
    p->kind = PROBE_WRITE;
    p->expected = ANSWER_DENIED;
    if (s->env.system == PATH_WINDOWS)
        return make_from_entries(s, o, p, NT_FILE_WRITE_DATA);
    return make_from_plan(s, o, p, OP_PROTECT, OP_PROTECT);
}

static bool make_read_secret(const struct session *s, struct opened *o, struct probe *p)
{
    p->kind = PROBE_READ;
    p->expected = ANSWER_DENIED;
    if (s->env.system == PATH_WINDOWS)
        return make_from_entries(s, o, p, NT_FILE_READ_DATA);
    return make_from_plan(s, o, p, OP_COVER_FOLDER, OP_COVER_FILE);
}

static bool make_connect(const struct session *s, struct opened *o, struct probe *p)
{
    (void)s;
    if (!o->plan.new_network)
        return false;
    p->kind = PROBE_CONNECT;
    p->expected = ANSWER_DENIED;
    p->number = o->target.port;
    return true;
}

static bool make_loopback(const struct session *s, struct opened *o, struct probe *p)
{
    (void)s;
    (void)o;
    p->kind = PROBE_LOOPBACK;
    p->expected = ANSWER_DONE;
    return true;
}

static bool has_scope(const struct opened *o)
{
    for (size_t i = 0; i < o->plan.n; i++)
        if (o->plan.v[i].kind == OP_LANDLOCK_SCOPE)
            return true;
    return false;
}

static bool make_abstract(const struct session *s, struct opened *o, struct probe *p)
{
    if (s->env.system != PATH_WINDOWS && !o->plan.new_network && (!has_scope(o) || s->host.landlock_abi < 6))
        return false; /* named in the plan's partial */
    p->kind = PROBE_ABSTRACT;
    p->expected = ANSWER_DENIED;
    p->path = str_from(o->target.name);
    return true;
}

static bool make_signal(const struct session *s, struct opened *o, struct probe *p)
{
    (void)s;
    (void)o;
    p->kind = PROBE_SIGNAL;
    p->expected = ANSWER_DENIED;
    p->number = outer_process();
    return true;
}

static bool make_process(const struct session *s, struct opened *o, struct probe *p)
{
    (void)o;
    p->kind = PROBE_PROCESS;
    p->expected = ANSWER_DENIED;
    if (s->env.system == PATH_WINDOWS)
        p->number = outer_process();
    else
        p->path = STR("/proc/1/mem");
    return true;
}

static bool make_terminal(const struct session *s, struct opened *o, struct probe *p)
{
    (void)s;
    (void)o;
    p->kind = PROBE_TERMINAL;
    p->expected = ANSWER_DENIED;
    p->number = outer_process(); /* Windows: whose console it would be */
    return true;
}

static bool make_privilege(const struct session *s, struct opened *o, struct probe *p)
{
    (void)s;
    (void)o;
    p->kind = PROBE_PRIVILEGE;
    p->expected = ANSWER_DENIED;
    return true;
}

/* ---- Windows alone ---- */

static bool has_account(const struct session *s, const struct opened *o)
{
    return s->env.system == PATH_WINDOWS && o->plan.tier == TIER_SET_UP;
}

/* Number 0 stands for the runner. */
static bool make_runner(const struct session *s, struct opened *o, struct probe *p)
{
    (void)o;
    p->kind = PROBE_PROCESS;
    p->expected = ANSWER_DENIED;
    return s->env.system == PATH_WINDOWS;
}

static bool make_host(const struct session *s, struct opened *o, struct probe *p)
{
    (void)o;
    p->kind = PROBE_HOST;
    p->expected = ANSWER_DENIED;
    return s->env.system == PATH_WINDOWS;
}

/* Without an account of its own what runs inside is on the person's desktop, and the tier says so. */
static bool make_desktop(const struct session *s, struct opened *o, struct probe *p)
{
    p->kind = PROBE_DESKTOP;
    p->expected = ANSWER_DENIED;
    return has_account(s, o);
}

static bool make_wsl(const struct session *s, struct opened *o, struct probe *p)
{
    p->kind = PROBE_EXECUTE;
    p->expected = ANSWER_DENIED;
    if (!has_account(s, o) || !o->plan.new_network)
        return false;
    p->path = path_join(&o->arena, PATH_WINDOWS, s->host.windows->system_dir, STR("wsl.exe"));
    return is_done_here(p);
}

/* The background transfer service, which carries data out for whoever may ask it. */
static bool make_com(const struct session *s, struct opened *o, struct probe *p)
{
    p->kind = PROBE_COM;
    p->expected = ANSWER_DENIED;
    p->path = STR("{4991D34B-80A1-4291-83B6-3328366B9097}");
    return has_account(s, o) && o->plan.new_network;
}

static const struct promise promises_table[] = {
    {"write-outside", "a write outside the writable roots is refused",
        "do not use this boundary; cordon policy show --plan prints what was to be done", true, false,
        make_write_outside},
    {"write-inside", "the workspace is writable",
        "see that the folder belongs to you and is not on a read-only mount", true, false, make_write_inside},
    {"write-protected", "a write to a protected path is refused",
        "do not use this boundary; name the path in \"protect\" and try cordon doctor again", true, false,
        make_write_protected},
    {"read-secret", "a secret path cannot be read", "do not use this boundary", true, false, make_read_secret},
    {"connect", "nothing outside can be connected to", "do not use this boundary", true, false, make_connect},
    {"loopback", "loopback works inside", "see whether the interface lo can be brought up here", false, true,
        make_loopback},
    {"abstract-socket", "abstract sockets (on Windows: named pipes) of the outside cannot be reached", "do not use this boundary", true,
        true, make_abstract},
    {"signal", "a process outside cannot be signalled", "do not use this boundary", true, false, make_signal},
    {"process", "Cordon's own process cannot be reached into", "do not use this boundary", true, false,
        make_process},
    {"privilege", "no privilege can be gained", "do not use this boundary", true, false, make_privilege},
    {"terminal", "keys cannot be pushed into a terminal, nor the person's be had", "do not use this boundary", true, true,
        make_terminal},
    {"runner", "what starts programs inside cannot be reached into by them", "do not use this boundary", true, false, make_runner},
    {"console-host", "nor can the consoles' hosts, which are not restricted", "do not use this boundary", true, false, make_host},
    {"desktop", "your windows, keys and clipboard cannot be reached", "do not use this boundary; run cordon repair", true, false,
        make_desktop},
    {"wsl", "WSL, which has a network of its own, cannot be started", "run cordon repair", false, true, make_wsl},
    {"com", "services cannot be asked to carry data out (BITS)", "run cordon repair", false, true, make_com},
};

void promises_make(const struct session *s, struct opened *o, bool thorough)
{
    o->proofs = arena_alloc(&o->arena, COUNT_OF(promises_table), sizeof *o->proofs);
    o->proof_count = 0;
    for (size_t i = 0; i < COUNT_OF(promises_table); i++) {
        const struct promise *row = &promises_table[i];
        struct probe probe = {.promise = row->sentence};
        if (row->thorough && !thorough)
            continue;
        if (row->make(s, o, &probe))
            o->proofs[o->proof_count++] = (struct proof){.promise = row, .probe = probe};
    }
}

enum promise_state promise_judge(const struct probe *p)
{
    bool succeeded_outside = p->control == ANSWER_DONE;

    if (p->observed == p->expected)
        return succeeded_outside ? PROMISE_OBSERVED : PROMISE_CONFIGURED;
    if (p->expected == ANSWER_DENIED)
        return p->observed == ANSWER_DONE ? PROMISE_BROKEN : PROMISE_UNKNOWN;
    return succeeded_outside ? PROMISE_BROKEN : PROMISE_UNKNOWN;
}

const char *promise_state_name(enum promise_state state)
{
    static const char *const names[] = {"observed", "configured", "unknown", "BROKEN"};
    return names[state];
}

const char *probe_answer_name(enum probe_answer answer)
{
    static const char *const names[] = {"unknown", "done", "denied", "missing", "failed"};
    return names[answer];
}
