/*
 * run: a plan done step by step, each made and then read back, and taken back when setup fails.
 */
#include "setup.h"
#include "../sandbox/core/text.h"

struct str setup_said(const struct err *e, struct arena *a)
{
    struct err said = *e;

    text_plain_path(said.subject);
    return err_text(&said, a);
}

static bool not_verified(const struct setup_step *s, struct err *e)
{
    err_set(e, ERR_SYSTEM, "the step \"%s\" was made, and cannot be read back", setup_kind_name(s->kind));
    err_subject(e, s->subject);
    err_reason(e, "what cannot be read back is as good as missing");
    return err_remedy(e, "Wine says yes to what it does not do; on Windows see cordon doctor, and report it");
}

static void missing_part(struct arena *a, struct setup_made *made, const char *part)
{
    for (size_t i = 0; i < made->missing.n; i++)
        if (str_is(made->missing.v[i], part))
            return;
    *(struct str *)ARENA_PUSH(a, &made->missing) = str_from(part);
}

/* Everything before the enabling, again: a later step could have undone an earlier one. */
static bool verify_all(const struct setup_edge *edge, const struct setup_plan *plan, size_t until, struct err *e)
{
    for (size_t i = 0; i < until; i++) {
        const struct setup_step *s = &plan->v[i];
        if (s->fail == SETUP_STOP && setup_changes(s->kind) && edge->look(edge->context, s) != LOOK_WHOLE)
            return not_verified(s, e);
    }
    return true;
}

static bool make_step(struct arena *a, const struct setup_edge *edge, const struct setup_step *s, struct setup_made *made, struct err *e)
{
    enum setup_look before = edge->look(edge->context, s);
    struct setup_step *kept;

    if (before == LOOK_WHOLE) {
        edge->tell(edge->context, s, TOLD_DONE_ALREADY, NULL);
        return true;
    }
    if (!edge->record(edge->context, s, e))
        return false;
    /* Kept before it is made: half a step is taken back too. What was there before is mended, and not taken away. */
    kept = ARENA_PUSH(a, made);
    *kept = *s;
    kept->state = before == LOOK_DIFFERS ? STEP_MEND : STEP_MAKE;
    if (!edge->make(edge->context, s, e))
        return false;
    if (edge->look(edge->context, s) != LOOK_WHOLE)
        return not_verified(s, e);
    edge->tell(edge->context, s, TOLD_MADE, NULL);
    return true;
}

/* False: it is there still. */
static bool take_back(const struct setup_edge *edge, const struct setup_step *s, bool left)
{
    struct err e = {0};
    bool good = false;

    if (s->state == STEP_MEND || !setup_changes(s->kind) || s->kind == SETUP_DISABLE)
        return true;
    if (left && (s->kind == SETUP_LEDGER || s->kind == SETUP_FOLDERS))
        err_set(&e, ERR_REFUSED, "it stays with what is left; the next setup, or cordon uninstall, takes that up");
    else
        good = edge->undo(edge->context, s, &e) && edge->forget(edge->context, s, &e);
    edge->tell(edge->context, s, good ? TOLD_UNDONE : TOLD_LEFT, good ? NULL : &e);
    return good;
}

void setup_take_back(const struct setup_edge *edge, struct setup_made *made)
{
    while (made->n) {
        bool good = take_back(edge, &made->v[made->n - 1], made->left);
        made->n--;
        made->left = made->left || !good;
    }
}

bool setup_run(struct arena *a, const struct setup_edge *edge, const struct setup_plan *plan, struct setup_made *made, struct err *e)
{
    made->again = false;
    for (size_t i = 0; i < plan->n; i++) {
        const struct setup_step *s = &plan->v[i];
        size_t before = made->n;
        struct err why = {0};
        bool good;

        if (s->kind == SETUP_FILTERS && !plan->filter_count) {
            made->again = true;
            return true;
        } else if (s->kind == SETUP_VERIFY) {
            good = verify_all(edge, plan, i, &why);
        } else {
            good = make_step(a, edge, s, made, &why);
        }
        if (good)
            continue;
        if (s->fail == SETUP_DEGRADE) {
            missing_part(a, made, s->part);
            edge->tell(edge->context, s, TOLD_MISSING, &why);
            for (; made->n > before; made->n--)
                made->left = !take_back(edge, &made->v[made->n - 1], false) || made->left;
            continue;
        }
        edge->tell(edge->context, s, TOLD_FAILED, &why);
        setup_take_back(edge, made);
        *e = why;
        return false;
    }
    return true;
}

static bool is_gone(const struct setup_edge *edge, const struct setup_step *s)
{
    enum setup_look now = edge->look(edge->context, s);
    return s->kind == SETUP_DISABLE ? now == LOOK_WHOLE : now == LOOK_MISSING;
}

/* Where it is left, or came back, something may run as an account. */
static bool may_run(enum setup_kind kind)
{
    return kind == SETUP_DISABLE || kind == SETUP_END || kind == SETUP_ACCOUNT;
}

static void leave(struct arena *a, const struct setup_edge *edge, const struct setup_step *s, const struct err *e, struct texts *left)
{
    edge->tell(edge->context, s, TOLD_LEFT, e);
    *(struct str *)ARENA_PUSH(a, left) = arena_format(
        a, "%s %.*s: %s", setup_kind_name(s->kind), (int)s->subject.n, s->subject.p ? s->subject.p : "", setup_said(e, a).p);
}

bool setup_run_undo(struct arena *a, const struct setup_edge *edge, const struct setup_plan *plan, struct texts *left)
{
    bool *gone = arena_alloc(a, plan->n + 1, sizeof *gone), runs = false, may = false;

    for (size_t i = 0; i < plan->n; i++) {
        const struct setup_step *s = &plan->v[i];
        struct err e = {0};

        if (s->kind == SETUP_RESIDUE) {
            for (size_t k = 0; k < i; k++)
                if (gone[k] && !is_gone(edge, &plan->v[k])) {
                    err_clear(&e);
                    err_set(&e, ERR_SYSTEM, "it was gone, and is there again");
                    leave(a, edge, &plan->v[k], &e, left);
                    may = may || may_run(plan->v[k].kind);
                }
            if (!left->n)
                edge->tell(edge->context, s, TOLD_UNDONE, NULL);
            continue;
        }
        if (runs && (s->kind == SETUP_FILTERS || s->kind == SETUP_RULE || s->kind == SETUP_ACCOUNT))
            err_set(&e, ERR_REFUSED, "it stays while something may run as the account");
        else if (left->n && (s->kind == SETUP_LEDGER || s->kind == SETUP_FOLDERS))
            err_set(&e, ERR_REFUSED, "it stays with what is left; cordon uninstall takes that up");
        else
            gone[i] = edge->undo(edge->context, s, &e);
        if (gone[i] && !is_gone(edge, s))
            gone[i] = err_set(&e, ERR_SYSTEM, "it is still there, or cannot be looked for");
        gone[i] = gone[i] && edge->forget(edge->context, s, &e);
        if (gone[i])
            edge->tell(edge->context, s, TOLD_UNDONE, NULL);
        else
            leave(a, edge, s, &e, left);
        runs = runs || (!gone[i] && (s->kind == SETUP_DISABLE || s->kind == SETUP_END));
        may = may || (!gone[i] && may_run(s->kind));
    }
    return !may;
}
