/*
 * change: the built-ins that change what a living session may do.
 *
 * A widening is a new boundary, built and proven before the old one is left; when anything fails the old one
 * stays as it was. A narrowing acts at once on what runs. Only a line typed at the keyboard widens, and a path
 * is resolved once: shown as it really is, and bound only if it is still that very object.
 */
#include "shell.h"
#include "../sandbox/core/text.h"

static bool say(struct buf *out)
{
    bool good = tty_print(buf_view(out));
    buf_release(out);
    return good;
}

static bool may_widen(const struct session *s, enum line_from from, struct err *e)
{
    if (s->options->agent) {
        err_set(e, ERR_REFUSED, "this terminal was started with --agent, which locks what widens");
        return err_remedy(e, "a person can start another one without it");
    }
    if (from == LINE_SCRIPT || !s->interactive) {
        err_set(e, ERR_REFUSED, "a script never widens");
        return err_remedy(e, "give what it needs on the command line, such as --write DIR or --net online");
    }
    if (from == LINE_PASTED) {
        err_set(e, ERR_REFUSED, "a line that was pasted or typed ahead never widens");
        return err_remedy(e, "type it at the prompt");
    }
    return true;
}

/* ---- moving to a new boundary ---- */

static void say_lost(const struct texts *lost)
{
    for (size_t i = 0; i < lost->n; i++)
        say_note("not carried over: %s", lost->v[i].p);
}

/* From here on `next` is either the session's, or closed. */
static bool move_to(struct session *s, struct opened *next, struct err *e)
{
    struct arena a = {0};
    struct texts lost = {0};
    struct opened *old = s->open;
    bool good =
        !s->carrier.move || s->carrier.move(s->carrier.context, next, &a, &lost, e);

    if (good) {
        s->open = next;
        opened_close(&old);
        say_lost(&lost);
    } else {
        opened_close(&next);
        say_note("nothing was changed: the session goes on as it was");
    }
    arena_release(&a);
    return good;
}

static bool widen(struct session *s, const struct policy *policy, struct err *e)
{
    struct opened *next = NULL;
    if (!session_open_policy(s, policy, 0, &next, e))
        return false;
    return move_to(s, next, e);
}

/* ---- one path, resolved once ---- */

struct place {
    struct str typed, path, real; /* as typed, canonical, where it leads */
    uint64_t dev, ino;
};

static bool look_up(
    struct session *s, struct arena *a, const struct texts *words, struct place *out, struct err *e)
{
    struct path_env env = session_env(s);
    struct texts question = {0};
    struct facts facts = {0};

    if (!words->n) {
        err_set(e, ERR_USAGE, "which folder?");
        return false;
    }
    out->typed = words->v[0];
    if (!path_canonical(a, &env, out->typed, &out->path, e) || !sys_real_path(a, out->path, &out->real, e))
        return false;
    *(struct str *)ARENA_PUSH(a, &question) = out->real;
    facts_paths(a, &question, &facts);
    if (facts.n != 1 || facts.v[0].kind != FACT_FOLDER) {
        err_set(e, ERR_REFUSED, "only a folder can be a writable root");
        return err_subject(e, out->real);
    }
    out->dev = facts.v[0].dev;
    out->ino = facts.v[0].ino;
    return true;
}

static bool is_still_that(const struct opened *o, const struct place *place, struct err *e)
{
    for (size_t i = 0; i < o->facts.n; i++) {
        const struct fact *f = &o->facts.v[i];
        if (str_eq(f->path, place->real) && f->kind == FACT_FOLDER && f->dev == place->dev &&
            f->ino == place->ino)
            return true;
    }
    err_set(e, ERR_REFUSED, "the folder was replaced by another while you were asked");
    err_subject(e, place->real);
    return err_remedy(e, "look what is there, and try again");
}

/* What stands behind the words, printable, and the question itself. */
static bool confirm_place(const struct session *s, const char *what, const struct place *place)
{
    struct arena a = {0};
    struct str real = path_text(&a, s->env.system, place->real);
    struct buf question = {0};
    bool yes;

    if (!path_same(&s->env, place->path, place->real)) {
        struct str path = path_text(&a, s->env.system, place->path);
        buf_format(&question, "%s leads to %s\n", path.p, real.p);
    }
    buf_format(&question, what, real.p);
    yes = tty_confirm(buf_view(&question));
    buf_release(&question);
    arena_release(&a);
    if (!yes)
        say_note("nothing was changed");
    return yes;
}

/* ---- :net ---- */

static void show_net(struct session *s)
{
    struct buf out = {0};
    struct arena a = {0};
    const struct policy *p = &s->open->policy;
    static const char *const switches[] = {"free to switch", "asks before it widens", "locked"};

    buf_format(&out, "network: %s (from %s); %s\n", net_mode_name(p->net), origin_text(&a, &p->net_origin).p,
        s->options->agent ? "locked by --agent" : switches[p->net_switch]);
    arena_release(&a);
    say(&out);
}

static bool may_go_online(struct session *s, enum line_from from, struct err *e)
{
    const struct policy *p = &s->open->policy;

    if (!may_widen(s, from, e))
        return false;
    if (p->net_switch == SWITCH_LOCKED) {
        struct arena a = {0};
        err_set(e, ERR_REFUSED, "network.switch is locked for the life of this terminal");
        err_reason(e, "by %s", origin_text(&a, &p->switch_origin).p);
        arena_release(&a);
        return false;
    }
    say_note("online shares the network of this machine, its loopback included: services that listen on "
             "127.0.0.1 can be reached");
    if (p->net_switch == SWITCH_ASK && !tty_confirm(STR("let what runs inside use the network?"))) {
        say_note("nothing was changed");
        return false;
    }
    return true;
}

bool change_net(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct arena a = {0};
    struct policy policy;
    enum net_mode mode;
    bool good;

    if (!words->n) {
        show_net(s);
        return true;
    }
    if (!net_mode_parse(words->v[0], &mode)) {
        err_set(e, ERR_USAGE, "no such network mode");
        err_subject(e, words->v[0]);
        return err_remedy(e, "offline or online");
    }
    if (!mode_exists(mode, e))
        return false;
    if (mode == s->open->policy.net) {
        say_note("the network is %s already", net_mode_name(mode));
        return true;
    }
    if (mode == NET_ONLINE && !may_go_online(s, from, e))
        return false;
    policy_copy(&a, &s->open->policy, &policy);
    good = policy_read(&a, &s->env,
               arena_format(&a, "{\"version\":1,\"network\":{\"mode\":\"%s\"}}", net_mode_name(mode)),
               LAYER_SESSION, STR(":net"), &policy, e) &&
           widen(s, &policy, e);
    if (good)
        say_note("the network is %s now; background processes of before were ended", net_mode_name(mode));
    arena_release(&a);
    return good;
}

/* ---- :allow, :revoke ---- */

static bool is_writable_now(struct session *s, struct arena *a, struct str real)
{
    return rules_verdict(a, &s->open->policy, &s->env, &s->host, real, OPERATION_WRITE).allowed;
}

static bool allow(struct session *s, struct arena *a, const struct place *place, struct err *e)
{
    struct policy policy;
    struct opened *next = NULL;

    if (is_writable_now(s, a, place->real)) {
        say_note("it is writable already: %s", path_text(a, s->env.system, place->real).p);
        return true;
    }
    if (!rules_root_allowed(a, &s->env, &s->host, place->path, place->real, e) ||
        !confirm_place(s, "make %s writable for this session?", place))
        return false;
    policy_copy(a, &s->open->policy, &policy);
    if (!policy_add_path(a, &s->env, &policy, RULE_WRITE, LAYER_SESSION, place->real, e) ||
        !session_open_policy(s, &policy, 0, &next, e))
        return false;
    if (!is_still_that(next, place, e)) {
        opened_close(&next);
        return false;
    }
    if (!move_to(s, next, e))
        return false;
    say_note("writable now: %s; background processes of before were ended", path_text(a, s->env.system, place->real).p);
    return true;
}

bool change_allow(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct arena a = {0};
    struct place place = {0};
    bool good = may_widen(s, from, e) && look_up(s, &a, words, &place, e) && allow(s, &a, &place, e);

    arena_release(&a);
    return good;
}

/* The plan that goes with the narrowed policy; what is partial stays so. */
static bool take_narrowed(struct session *s, const struct policy *policy, struct err *e)
{
    struct opened *o = s->open;
    struct policy before = o->policy;
    struct facts facts = o->facts;
    struct plan plan = o->plan;

    policy_copy(&o->arena, policy, &o->policy);
    if (session_plan(s, o, e)) {
        o->plan.partial = plan.partial;
        return true;
    }
    o->policy = before;
    o->facts = facts;
    o->plan = plan;
    return false;
}

/* Closing a root closes what lies in it; what the policy still calls writable there must go first, by its own name. */
static bool holds_no_other_root(struct session *s, const struct policy *p, struct str path, struct err *e)
{
    struct str inner = {0};

    if (p->workspace.n && !str_eq(p->workspace, path) && path_is_under(&s->env, path, p->workspace))
        inner = p->workspace;
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct rule *r = &p->rules.v[i];
        if (r->kind == RULE_WRITE && !r->revoked && !str_eq(r->path, path) &&
            path_is_under(&s->env, path, r->path))
            inner = r->path;
    }
    if (!inner.n)
        return true;
    err_set(e, ERR_REFUSED, "cannot revoke a folder with another writable root in it");
    err_subject(e, inner);
    return err_remedy(e, "revoke that one first");
}

static bool narrow(struct session *s, struct arena *a, const struct op *op, struct err *e)
{
    uint64_t ended = 0;
    struct str names = {0};

    if (!boundary_narrow(s->open->boundary, a, op, &ended, &names, e))
        return false;
    if (ended)
        say_note("%llu process%s held a file open for writing there and %s ended: %s",
            (unsigned long long)ended, ended == 1 ? "" : "es", ended == 1 ? "was" : "were",
            names.n ? text_printable(a, names).p : "");
    return true;
}

static bool revoke(struct session *s, struct arena *a, const struct place *place, struct err *e)
{
    struct policy policy;
    struct op op = {.kind = OP_REMOUNT_READONLY, .path = place->real, .why = STR(":revoke")};

    policy_copy(a, &s->open->policy, &policy);
    if (!holds_no_other_root(s, &policy, place->real, e))
        return false;
    if (path_same(&s->env, policy.workspace, place->real))
        policy.workspace = (struct str){0};
    else if (!policy_revoke(&policy, &s->env, place->real, e))
        return false;
    /* There a token says where it writes, for as long as it lives: another boundary has another, and what ran ends with this one. */
    if (s->env.system == PATH_WINDOWS) {
        if (!widen(s, &policy, e))
            return false;
        say_note("read-only now: %s; what was running was ended", path_text(a, s->env.system, place->real).p);
        return true;
    }
    if (!narrow(s, a, &op, e) || !take_narrowed(s, &policy, e))
        return false;
    say_note("read-only now: %s", path_text(a, s->env.system, place->real).p);
    return true;
}

/* A root by its name in the policy: it is closed also when its folder was renamed or removed meanwhile. */
static bool names_root(struct session *s, struct arena *a, const struct texts *words, struct place *out)
{
    const struct policy *p = &s->open->policy;
    struct path_env env = session_env(s);
    struct err ignored = {0};
    bool named;

    if (!words->n || !path_canonical(a, &env, words->v[0], &out->path, &ignored))
        return false;
    named = p->workspace.n && path_same(&env, p->workspace, out->path);
    for (size_t i = 0; i < p->rules.n && !named; i++)
        named = p->rules.v[i].kind == RULE_WRITE && !p->rules.v[i].revoked && path_same(&env, p->rules.v[i].path, out->path);
    out->typed = words->v[0];
    out->real = out->path;
    return named;
}

bool change_revoke(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct arena a = {0};
    struct place place = {0};
    bool good = (names_root(s, &a, words, &place) || look_up(s, &a, words, &place, e)) && revoke(s, &a, &place, e);

    (void)from;
    arena_release(&a);
    return good;
}

/* ---- :reapply ---- */

/* The policy as its files say now, with what this session has changed laid over it again. */
static bool policy_again(struct session *s, struct arena *a, struct policy *out, struct err *e)
{
    const struct policy *now = &s->open->policy;

    if (!session_policy(s, a, OPEN_EMPTY_OK, out, e))
        return false;
    out->workspace = now->workspace;
    for (size_t i = 0; i < now->rules.n; i++) {
        const struct rule *r = &now->rules.v[i];
        struct err ignored = {0};
        if (r->kind == RULE_WRITE && r->revoked)
            policy_revoke(out, &s->env, r->path, &ignored); /* gone from the files too: as wished */
        else if (r->origin.layer == LAYER_SESSION &&
                 !policy_add_path(a, &s->env, out, r->kind, LAYER_SESSION, r->path, e))
            return false;
    }
    if (now->net_origin.layer == LAYER_SESSION) {
        struct str text =
            arena_format(a, "{\"version\":1,\"network\":{\"mode\":\"%s\"}}", net_mode_name(now->net));
        return policy_read(a, &s->env, text, LAYER_SESSION, STR(":net"), out, e);
    }
    return true;
}

/* What covers or protects a path: a mount that can be put there while something runs. */
static bool is_cover(enum op_kind kind)
{
    return kind == OP_PROTECT || kind == OP_PLACEHOLDER || kind == OP_COVER_FOLDER || kind == OP_COVER_FILE ||
           kind == OP_LATER_PROTECT || kind == OP_LATER_SECRET;
}

/* What is the same in both plans, but for the object that lies there now. */
static bool was_replaced(const struct plan *before, const struct op *op)
{
    for (size_t i = 0; i < before->n; i++) {
        const struct op *was = &before->v[i];
        if (was->kind == op->kind && str_eq(was->path, op->path) && was->check_identity && op->check_identity)
            return was->dev != op->dev || was->ino != op->ino;
    }
    return false;
}

static bool narrow_replaced(struct session *s, struct arena *a, const struct plan *now, struct err *e)
{
    const struct plan *before = &s->open->plan;

    for (size_t i = 0; i < now->n; i++) {
        const struct op *op = &now->v[i];
        if ((is_cover(op->kind) || plan_is_pin(now, op)) && was_replaced(before, op) && !narrow(s, a, op, e))
            return false;
    }
    return true;
}

static bool narrow_all(struct session *s, struct arena *a, const struct plan_diff *diff, const struct opened *fresh,
    struct err *e)
{
    for (size_t i = 0; i < diff->n; i++) {
        const struct plan_change *change = &diff->v[i];
        struct op op = *change->op;
        bool root = op.kind == OP_WRITABLE && !plan_is_pin(change->added ? &fresh->plan : &s->open->plan, &op);
        if (!change->added && (root || op.kind == OP_BIND))
            op.kind = OP_REMOUNT_READONLY;
        else if (!change->added || op.kind == OP_LANDLOCK)
            continue; /* a living process keeps its Landlock rules; the mounts hold the rest */
        if (!narrow(s, a, &op, e))
            return false;
    }
    return narrow_replaced(s, a, &fresh->plan, e) && take_narrowed(s, &fresh->policy, e);
}

/* Can what runs be brought to it? Otherwise it takes a new boundary, whether more is let through or less. */
static bool can_narrow(const struct plan_diff *diff, const struct plan *now)
{
    for (size_t i = 0; i < diff->n; i++) {
        const struct op *op = diff->v[i].op;
        bool known = is_cover(op->kind) || op->kind == OP_LANDLOCK ||
                     (diff->v[i].added ? plan_is_pin(now, op) : op->kind == OP_WRITABLE);
        if (!known || (!diff->v[i].added && op->kind == OP_BIND))
            return false;
    }
    return true;
}

/* What covered or protected something that is gone stays in force for when it comes back (the keeper sees to it). */
static void leave_out_gone(struct arena *a, const struct path_env *env, const struct opened *fresh, struct plan *before)
{
    struct plan kept = *before;

    kept.v = NULL;
    kept.n = kept.cap = 0;
    for (size_t i = 0; i < before->n; i++) {
        const struct op *op = &before->v[i];
        bool gone = false;
        for (size_t j = 0; j < fresh->facts.n && !gone; j++)
            gone = fresh->facts.v[j].kind == FACT_MISSING && str_eq(fresh->facts.v[j].path, op->path);
        if (gone && (op->kind == OP_PROTECT || op->kind == OP_COVER_FOLDER || op->kind == OP_COVER_FILE ||
                        plan_is_pin(before, op)))
            say_note("gone, and held again should it come back: %s", path_display(a, env, op->path).p);
        else
            *(struct op *)ARENA_PUSH(a, &kept) = *op;
    }
    *before = kept;
}

static bool apply_diff(struct session *s, struct arena *a, enum line_from from, const struct plan_diff *diff,
    const struct opened *fresh, struct err *e)
{
    struct buf out = {0};
    struct path_env env = session_env(s);
    bool good;

    plan_print_diff(&out, a, &env, diff);
    say(&out);
    if (diff->widens &&
        (!may_widen(s, from, e) || !tty_confirm(STR("this lets more through than before. Put it in force?")))) {
        say_note("nothing was changed");
        return false;
    }
    if (!diff->widens && can_narrow(diff, &fresh->plan)) {
        if (narrow_all(s, a, diff, fresh, e)) {
            say_note("in force now, for what runs too");
            return true;
        }
        if (e->kind != ERR_REFUSED)
            return false;
        err_clear(e); /* something lies over it inside: a new boundary has it right */
    }
    good = widen(s, &fresh->policy, e);
    if (good)
        say_note("in force now; background processes of before were ended");
    return good;
}

/* What stands on the disk itself may have been changed there, by who moved a file for one. */
static bool mend(struct session *s, struct arena *a, bool *told, struct err *e)
{
    struct texts lines = {0};
    struct disk_watch watch = session_watch(s);
    bool good = disk_mend(a, &s->open->plan, &s->open->policy.partial, &watch, &lines, e);

    for (size_t i = 0; i < lines.n; i++)
        say_note("%s", lines.v[i].p);
    *told = lines.n > 0;
    return good;
}

bool change_reapply(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct arena a = {0};
    struct opened fresh = {0};
    struct path_env env = session_env(s);
    struct plan before;
    struct plan_diff diff = {0};
    bool good = false, told;

    (void)words;
    if (!policy_again(s, &a, &fresh.policy, e))
        goto out;
    fresh.policy.nested = (struct texts){0};
    if (s->env.system != PATH_WINDOWS && !facts_nested(&fresh.arena, &fresh.policy, &fresh.policy.nested)) /* there each plan looks */
        say_note("the writable folders hold more than was looked through: names of any depth further down are held by the "
                 "observer alone");
    if (!session_plan(s, &fresh, e))
        goto out;
    before = s->open->plan;
    leave_out_gone(&a, &env, &fresh, &before);
    plan_compare(&a, &before, &fresh.plan, &diff);
    if (!diff.n && !diff.identity_changed && fresh.policy.net == s->open->policy.net) {
        good = mend(s, &a, &told, e);
        if (good && !told)
            say_note("nothing has changed");
    } else {
        good = apply_diff(s, &a, from, &diff, &fresh, e) && mend(s, &a, &told, e);
    }
    if (good && s->env.system == PATH_WINDOWS) /* elsewhere what is found is moved, which waits for the end */
        session_look(s);
out:
    arena_release(&fresh.arena);
    arena_release(&a);
    return good;
}

/* ---- :open ---- */

static bool open_place(struct session *s, struct arena *a, const struct place *place, struct err *e)
{
    struct opened *next = NULL;
    struct str before = s->workspace;

    if (!rules_root_allowed(a, &s->env, &s->host, place->path, place->real, e))
        return false;
    if (!path_same(&s->env, place->path, place->real) &&
        !confirm_place(s, "work in %s?", place))
        return false;
    s->workspace = arena_str(&s->arena, place->real);
    s->go_to = s->workspace;
    if (session_open(s, 0, &next, e) && is_still_that(next, place, e)) {
        if (move_to(s, next, e)) {
            s->go_to = (struct str){0};
            say_note("working in %s now; background processes of before were ended",
                path_text(a, s->env.system, place->real).p);
            session_announce(s, s->open);
            return true;
        }
    } else {
        opened_close(&next);
    }
    s->workspace = before;
    s->go_to = (struct str){0};
    return false;
}

bool change_open(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct arena a = {0};
    struct place place = {0};
    bool good = may_widen(s, from, e) && look_up(s, &a, words, &place, e) && open_place(s, &a, &place, e);

    arena_release(&a);
    return good;
}
