/*
 * carry: a living shell's state into a shell in another boundary. What was exported comes from inside and goes back
 * inside, nowhere else; what Cordon itself sets for a boundary is the new one's own.
 */
#include "repl.h"
#include "../sandbox/core/launch.h"
#include "../sandbox/core/text.h"


#define EXPORT_MS 3000

static const struct env_set *set_by(const struct session *s, const struct opened *o, struct str name)
{
    for (size_t i = 0; i < o->plan.env.n; i++)
        if (s->env.system == PATH_WINDOWS ? text_same(o->plan.env.v[i].name, name) : str_eq(o->plan.env.v[i].name, name))
            return &o->plan.env.v[i];
    return NULL;
}

/* Of the new boundary's, or of the old one's as that had set it: a proxy that leads nowhere must not come along to where there is a
 * network. */
static bool is_boundarys_own(const struct inner *in, const struct opened *next, struct str name, struct str value)
{
    const struct env_set *old = set_by(in->s, in->o, name);

    bool windows = in->s->env.system == PATH_WINDOWS;

    return str_starts(name, STR("CORDON")) || (windows && text_same(str_slice(name, 0, 6), STR("CORDON"))) || str_is(name, "CODEX_SANDBOX_NETWORK_DISABLED") || set_by(in->s, next, name) ||
           (old && str_eq(old->value, value));
}

static void keep_variable(struct inner *in, const struct opened *next, struct arena *a, struct str variable, struct texts *out)
{
    size_t end = str_find(variable, variable.n ? 1 : 0, '=');
    struct str name = str_slice(variable, 0, end), value = str_slice(variable, end + 1, variable.n);
    struct str parts[] = {name, STR("="), value};

    if (end >= variable.n || is_boundarys_own(in, next, name, value))
        return;
    if (in->s->env.system == PATH_WINDOWS && text_same(name, STR("PATH")))
        parts[2] = launch_path(a, &next->policy, &next->plan, &in->s->host, value);
    *(struct str *)ARENA_PUSH(a, out) = arena_join(a, parts, COUNT_OF(parts));
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

#define NAMES_MAX 8

/* In one line; what bash keeps in variables for itself is nobody's either. */
static void name_variables(struct arena *a, const struct texts *old, const struct texts *now, struct texts *lost)
{
    static const char *const of_bash[] = {"BASH_REMATCH", "PIPESTATUS", "COPROC"};
    struct buf names = {0};
    size_t count = 0;

    for (size_t i = 0; i < old->n; i++) {
        bool own = str_starts(old->v[i], STR("__cordon_")) || holds(now, old->v[i]);
        for (size_t k = 0; k < COUNT_OF(of_bash); k++)
            own = own || str_is(old->v[i], of_bash[k]);
        if (!own && count++ < NAMES_MAX)
            buf_format(&names, "%s %s", count > 1 ? "," : "", text_printable(a, old->v[i]).p);
    }
    if (count > NAMES_MAX)
        buf_format(&names, " and %llu more", (unsigned long long)(count - NAMES_MAX));
    if (count)
        *(struct str *)ARENA_PUSH(a, lost) = arena_format(a, "variable%s%.*s, not exported", count > 1 ? "s" : "", (int)names.n, names.p);
    buf_release(&names);
}

static void keep(struct arena *a, const struct texts *from, struct texts *to)
{
    for (size_t i = 0; i < from->n; i++)
        *(struct str *)ARENA_PUSH(a, to) = arena_str(a, from->v[i]);
}

bool carry_over(struct inner *in, struct opened *next, bool pipes, struct arena *a, struct texts *lost,
    struct err *e)
{
    struct texts environment = {0}, functions = {0}, aliases = {0}, variables = {0}, jobs = {0}, none = {0};
    struct str options = {0};
    struct inner moved = {0};
    struct inner_wish wish = {.environment = &environment, .start_file = !in->s->options->no_rc, .pipes = pipes};
    struct err ignored = {0};
    bool without = false;

    wish.cwd = in->s->go_to.n ? in->s->go_to : inner_place(in, a);
    if (in->alive) {
        if (!inner_export(in, EXPORT_MS, e))
            return false;
        for (size_t i = 0; i < in->report.environment.n; i++)
            keep_variable(in, next, a, in->report.environment.v[i], &environment);
        keep(a, &in->report.functions, &functions);
        keep(a, &in->report.aliases, &aliases);
        keep(a, &in->report.variables, &variables);
        options = arena_str(a, in->report.options);
        keep(a, &in->report.job_lines, &jobs);
    }
    if (!inner_start(&moved, in->s, next, &wish, &without, e))
        return false;
    if (inner_export(&moved, EXPORT_MS, &ignored)) {
        name_lost(a, &functions, &moved.report.functions, "function", lost);
        name_lost(a, &aliases, &moved.report.aliases, "alias", lost);
        name_variables(a, &variables, &moved.report.variables, lost);
        if (options.n && !str_eq(options, moved.report.options))
            *(struct str *)ARENA_PUSH(a, lost) = STR("options of the shell (set, shopt)");
    }
    name_lost(a, &jobs, &none, "job", lost);
    inner_release(in);
    *in = moved;
    return true;
}
