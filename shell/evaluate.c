/*
 * evaluate: on Windows, what the entries that are on the disk now come to for a command's token: asked by :why, and, where there is
 * no witness, about what a line that failed had named. Nobody saw anything refused then, and it is never called more than
 * evaluated.
 */
#include "candidates.h"
#include "denied.h"
#include "../sandbox/core/acls.h"

static const struct fact *fact_of(const struct facts *facts, struct str path)
{
    for (size_t i = facts->n; i > 0; i--)
        if (str_eq(facts->v[i - 1].path, path))
            return &facts->v[i - 1];
    return NULL;
}

static bool entries_of(struct arena *a, const struct facts *facts, struct str path, struct descriptor *out, const struct fact **fact)
{
    struct err ignored = {0};

    *fact = fact_of(facts, path);
    return *fact && (*fact)->descriptor.p && descriptor_decode(a, (*fact)->descriptor, out, &ignored);
}

/* What the system's own access check answers as ours does, here and now: the questions are doctor's. */
static unsigned settled_here(void)
{
    struct arena a = {0};
    struct access_compared all;
    unsigned out = access_compare(&a, false, &all) ? all.settled : 0;

    arena_release(&a);
    return out;
}

enum evaluated evaluate_path(const struct session *s, const struct opened *o, struct arena *a, const struct facts *facts, struct str path,
    enum operation operation, struct denial *out, struct str *words)
{
    struct descriptor object, parent;
    const struct fact *it = NULL, *above = NULL;
    struct token token;
    bool seen, seen_above;

    if (!acls_command_token(a, &o->plan, &s->host, &token))
        return EVALUATED_UNKNOWN;
    seen = entries_of(a, facts, path, &object, &it);
    seen_above = entries_of(a, facts, arena_str(a, path_parent(s->env.system, path)), &parent, &above);
    return denial_evaluate(a,
        &(struct evaluation){&token, path, operation, seen ? &object : NULL, seen_above ? &parent : NULL, it && it->kind == FACT_FOLDER, settled_here}, out,
        words);
}

static void evaluate_one(struct session *s, struct opened *o, const struct path_env *env, const struct candidate *c)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct texts questions = {0};
    struct facts facts = {0};
    enum operation operation = c->operation;
    struct str path, words;
    struct denial d;

    /* Nor through a link, which could lead there. */
    if (path_canonical(&a, env, c->word, &path, &ignored) && acls_is_here(s->host.windows, env, path) && facts_plain(path)) {
        *(struct str *)ARENA_PUSH(&a, &questions) = path;
        *(struct str *)ARENA_PUSH(&a, &questions) = arena_str(&a, path_parent(env->system, path));
        facts_paths(&a, &questions, &facts);
        if (operation == OPERATION_WRITE && fact_of(&facts, path) && fact_of(&facts, path)->kind == FACT_MISSING)
            operation = OPERATION_CREATE;
        if (evaluate_path(s, o, &a, &facts, path, operation, &d, &words) == EVALUATED_REFUSED) {
            d.time_ms = sys_clock_ms();
            denied_add(s, o, &d);
        }
    }
    arena_release(&a);
}

void evaluate_line(struct session *s, struct opened *o, int status)
{
    struct path_env env = s->env;
    struct arena a = {0};
    struct candidates found;

    if (status == 0 || !s->denied || s->env.system != PATH_WINDOWS || !s->host.windows || !o || !o->boundary || boundary_records(o->boundary) != SYS_NONE)
        return;
    env.cwd = buf_view(&s->denied->place);
    candidates_of(&a, buf_view(&s->denied->asked), &found);
    for (size_t i = 0; i < found.n; i++)
        evaluate_one(s, o, &env, &found.v[i]);
    arena_release(&a);
}
