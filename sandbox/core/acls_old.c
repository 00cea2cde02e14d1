/*
 * acls_old: entries of Cordon's that a plan finds on its roots and does not ask for: of a rule that is gone, of a list of write SIDs that
 * was lost, of a tree that was copied or moved here. Those are taken away; what only looks like one is named.
 */
#include "acls_plan.h"
#include "store.h"
#include "text.h"

static bool is_planned(const struct acls *s, struct str path, struct str text)
{
    for (size_t i = 0; i < s->p->plan->n; i++) {
        const struct op *op = &s->p->plan->v[i];
        if (op->kind == OP_ACE && op->number == ACE_PUT && path_same(s->p->env, op->path, path) && str_eq(op->text, text))
            return true;
    }
    return false;
}

struct sids {
    struct sid group, root;
    struct sid *strangers; /* who have nothing to do in this root */
    size_t count;
};

static void sids_of(struct acls *s, const struct acls_root *root, struct sids *out)
{
    *out = (struct sids){.strangers = arena_alloc(s->p->a, s->w->orphans.n + s->w->all_root_count + 1, sizeof *out->strangers)};
    if (s->w->group_sid.n > 0 && !sid_parse(s->w->group_sid, &out->group))
        out->group = (struct sid){0};
    if (!sid_parse(root->sid, &out->root))
        out->root = (struct sid){0};
    for (size_t i = 0; i < s->w->orphans.n; i++)
        if (!str_eq(s->w->orphans.v[i], s->w->group_sid))
            out->count += sid_parse(s->w->orphans.v[i], &out->strangers[out->count]);
    for (size_t i = 0; i < s->w->all_root_count; i++) {
        const struct write_sid *other = &s->w->all_roots[i];
        if (!path_is_under(s->p->env, other->root, root->path) && !path_is_under(s->p->env, root->path, other->root))
            out->count += sid_parse(other->sid, &out->strangers[out->count]);
    }
}

static bool is_one_of(const struct sid *v, size_t n, const struct ace *ace)
{
    for (size_t i = 0; i < n; i++)
        if (sid_same(&v[i], &ace->sid))
            return true;
    return false;
}

/* What an object inherits is its folder's affair, but for what a folder elsewhere handed down. */
static bool is_old(const struct sids *sids, const struct ace *ace)
{
    if (ace->opaque.p || (ace->type != ACE_ALLOW && ace->type != ACE_DENY))
        return false;
    if (is_one_of(sids->strangers, sids->count, ace))
        return true;
    return !(ace->flags & ACE_INHERITED) && ((sids->group.authority && sid_same(&ace->sid, &sids->group)) ||
                                                (sids->root.authority && sid_same(&ace->sid, &sids->root)));
}

static void take_old(struct acls *s, const struct acls_root *root, const struct sids *sids, const struct fact *fact)
{
    struct descriptor d;

    if (fact->kind == FACT_MISSING || fact->placeholder || !acls_seen(s, fact, &d))
        return;
    for (size_t i = 0; i < d.dacl.n; i++) {
        const struct ace *ace = &d.dacl.v[i];
        struct str text = sddl_ace_text(s->p->a, ace);
        struct op *op;
        if (!is_old(sids, ace) || is_planned(s, fact->path, text))
            continue;
        op = planner_op(s->p, OP_ACE, fact->path, "no rule asks for it any more");
        op->text = text;
        op->text2 = root->path;
        op->number = ACE_TAKE;
        op->on_failure = FAIL_SKIP;
        planner_identity(op, fact);
    }
}

/* ---- what only looks like one ---- */

static bool is_known(const struct acls *s, struct str sid)
{
    const struct windows_host *w = s->w;
    const struct str names[] = {w->person_sid, w->group_sid, w->offline.sid, w->online.sid};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(names[i], sid))
            return true;
    for (size_t i = 0; i < w->orphans.n; i++)
        if (str_eq(w->orphans.v[i], sid))
            return true;
    for (size_t i = 0; i < w->write_sid_count; i++)
        if (str_eq(w->write_sids[i].sid, sid))
            return true;
    for (size_t i = 0; i < w->all_root_count; i++)
        if (str_eq(w->all_roots[i].sid, sid))
            return true;
    return false;
}

static void tell_of_likes(struct acls *s, const struct acls_root *root)
{
    const struct fact *fact = planner_fact(s->p, root->path);
    struct texts told = {0};
    struct descriptor d;

    if (!acls_seen(s, fact, &d))
        return;
    for (size_t i = 0; i < d.dacl.n; i++) {
        struct str sid;
        bool again = false;
        if (!store_is_like_ours(&d.dacl.v[i]))
            continue;
        sid = sid_text(s->p->a, &d.dacl.v[i].sid);
        for (size_t k = 0; k < told.n; k++)
            again = again || str_eq(told.v[k], sid);
        if (again || is_known(s, sid))
            continue;
        *(struct str *)ARENA_PUSH(s->p->a, &told) = sid;
        planner_note(s->p,
            "%s has an entry about %.*s, as Cordon writes them: of a list of write SIDs that was lost, or another program's; it stays (icacls takes it away)",
            planner_show(s->p, root->path).p, (int)sid.n, sid.p);
    }
}

void acls_take_old(struct acls *s)
{
    for (size_t k = 0; k < s->roots.n; k++) {
        const struct acls_root *root = &s->roots.v[k];
        struct sids sids;
        sids_of(s, root, &sids);
        for (size_t i = 0; i < s->p->facts->n; i++) {
            const struct fact *fact = &s->p->facts->v[i];
            /* What another root has on its own folder is its own. */
            if (acls_root_of(s, fact->path) == root &&
                (acls_write_sid(s, fact->path).n == 0 || path_same(s->p->env, fact->path, root->path)))
                take_old(s, root, &sids, fact);
        }
        tell_of_likes(s, root);
    }
}
