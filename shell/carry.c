/*
 * carry: a living shell's state into a shell in another boundary. What was exported comes from inside and goes back
 * inside, nowhere else; what Cordon itself sets for a boundary is the new one's own.
 */
#include "repl.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define EXPORT_MS 3000

static bool is_boundarys_own(const struct opened *o, struct str variable)
{
    struct str name = str_slice(variable, 0, str_find(variable, 0, '='));

    if (str_starts(name, STR("CORDON")) || str_is(name, "CODEX_SANDBOX_NETWORK_DISABLED"))
        return true;
    for (size_t i = 0; i < o->plan.env.n; i++)
        if (str_eq(o->plan.env.v[i].name, name))
            return true;
    return false;
}

static bool holds(const struct texts *names, struct str name)
{
    for (size_t i = 0; i < names->n; i++)
        if (str_eq(names->v[i], name))
            return true;
    return false;
}

/* What the old shell had and the new one has not; the hook's own words are nobody's business. */
static void name_lost(struct arena *a, const struct texts *old, const struct texts *now, const char *what,
    struct texts *lost)
{
    for (size_t i = 0; i < old->n; i++) {
        struct str shown;
        if (str_starts(old->v[i], STR("__cordon_")) || holds(now, old->v[i]))
            continue;
        shown = text_printable(a, old->v[i]);
        *(struct str *)ARENA_PUSH(a, lost) = arena_format(a, "%s %.*s", what, (int)shown.n, shown.p);
    }
}

static void keep(struct arena *a, const struct texts *from, struct texts *to)
{
    for (size_t i = 0; i < from->n; i++)
        *(struct str *)ARENA_PUSH(a, to) = arena_str(a, from->v[i]);
}

bool carry_over(struct inner *in, struct opened *next, bool pipes, struct arena *a, struct texts *lost,
    struct err *e)
{
    struct texts environment = {0}, functions = {0}, aliases = {0}, jobs = {0}, none = {0};
    struct inner moved = {0};
    struct inner_wish wish = {.environment = &environment, .start_file = !in->s->options->no_rc, .pipes = pipes};
    struct err ignored = {0};
    bool without = false;

    wish.cwd = in->s->go_to.n ? in->s->go_to : inner_place(in, a);
    if (in->alive) {
        if (!inner_export(in, EXPORT_MS, e))
            return false;
        for (size_t i = 0; i < in->report.environment.n; i++)
            if (!is_boundarys_own(next, in->report.environment.v[i]))
                *(struct str *)ARENA_PUSH(a, &environment) = arena_str(a, in->report.environment.v[i]);
        keep(a, &in->report.functions, &functions);
        keep(a, &in->report.aliases, &aliases);
        keep(a, &in->report.job_lines, &jobs);
    }
    if (!inner_start(&moved, in->s, next, &wish, &without, e))
        return false;
    if (inner_export(&moved, EXPORT_MS, &ignored)) {
        name_lost(a, &functions, &moved.report.functions, "function", lost);
        name_lost(a, &aliases, &moved.report.aliases, "alias", lost);
    }
    name_lost(a, &jobs, &none, "job", lost);
    *(struct str *)ARENA_PUSH(a, lost) = in->lines ? STR("what ran in the background") : STR("variables that are not exported, and options of the shell (set, shopt)");
    inner_release(in);
    *in = moved;
    return true;
}
