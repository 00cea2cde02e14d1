/*
 * acls_command: the token that commands get by a plan, read back from its ops: whoever asks what the entries on a disk let a command
 * do asks about the very token that the runner makes.
 */
#include "acls_plan.h"

static const struct account_fact *account_of(const struct plan *plan, const struct windows_host *w)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->v[i];
        if (op->kind == OP_ACCOUNT && op->text2.n)
            return str_eq(op->text2, w->online.sid) ? &w->online : &w->offline;
    }
    return NULL;
}

bool acls_command_token(struct arena *a, const struct plan *plan, const struct host *host, struct token *out)
{
    const struct windows_host *w = host->windows;
    struct planner planner = {.a = a};
    struct acls s = {.p = &planner, .w = w};
    size_t cap = 0;

    if (!w || !w->canary)
        return false;
    s.account = account_of(plan, w);
    s.group = s.account ? w->group_sid : (struct str){0};
    acls_identity(&s, out);
    for (size_t i = 0; i < plan->n; i++) {
        struct sid sid;
        if (plan->v[i].kind == OP_TOKEN)
            out->write_restricted = plan->v[i].number & ACLS_WRITE_RESTRICTED;
        if (plan->v[i].kind == OP_RESTRICT && sid_parse(plan->v[i].text, &sid))
            *(struct sid *)arena_push(a, &out->restricting, &out->restricting_count, &cap, sizeof sid) = sid;
    }
    return out->restricting_count > 0;
}
