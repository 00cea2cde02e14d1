/*
 * The plan for names: placeholders, names of any depth, names that come later, links; and how every plan begins.
 */
#include "plan_facts.h"
#include "check.h"

#include <string.h>

static bool has(const struct plan *plan, enum op_kind kind, const char *path)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == kind && str_is(plan->v[i].path, path))
            return true;
    return false;
}

static bool has_line(const struct texts *lines, const char *part)
{
    for (size_t i = 0; i < lines->n; i++)
        if (strstr(lines->v[i].p, part))
            return true;
    return false;
}

static void machine_plain(struct machine *m)
{
    machine_begin(m);
    m->everything = true;
    static const char *const none[] = {"/sys/kernel/debug", "/sys/kernel/tracing",
        "/sys/kernel/security", "/sys/fs/bpf", "/sys/firmware", "/home/p/w/.vscode",
        "/home/p/.cache", "/home/p/.npm", "/home/p/.gradle", "/home/p/.m2", "/home/p/.cargo",
        "/home/p/.cargo/registry", "/home/p/.cargo/git", "/home/p/go", "/home/p/go/pkg",
        "/home/p/.local/share/pnpm", "/home/p/.ccache", "/home/p/.nuget", "/home/p/.yarn",
        "/home/p/.bun/install/cache", "/home/p/.pub-cache", "/home/p/.ivy2", "/home/p/.sbt",
        "/home/p/.conan2"};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        machine_see(m, none[i], FACT_MISSING, NULL);
}

static const struct op *placeholder_at(const struct machine *m, const char *path)
{
    for (size_t i = 0; i < m->plan.n; i++)
        if (m->plan.v[i].kind == OP_PLACEHOLDER && str_is(m->plan.v[i].path, path))
            return &m->plan.v[i];
    return NULL;
}

static void check_placeholders(void)
{
    struct machine m;
    const struct op *op;

    machine_plain(&m);
    machine_rule(&m, RULE_PROTECT, "sub/keep", LAYER_USER);
    machine_see(&m, "/home/p/w/.codex", FACT_MISSING, NULL);
    machine_see(&m, "/home/p/w/.vscode", FACT_MISSING, NULL);
    machine_see(&m, "/home/p/w/sub/keep", FACT_MISSING, NULL);
    op = machine_plan(&m) ? placeholder_at(&m, "/home/p/w/.codex") : NULL;
    CHECK(op && op->number == 0 && !op->check_identity && op->on_failure == FAIL_PARTIAL &&
              str_is(op->part, "names"),
        "a required name that is missing is held by an empty folder");
    CHECK(!placeholder_at(&m, "/home/p/w/.vscode"), "a name that holds only where it exists is not");
    CHECK(!placeholder_at(&m, "/home/p/w/sub/keep"), "nor one below the top of the root");
    CHECK(plan_reaches(&m.plan, STR("/home/p/w/.codex/x")) == PLAN_READS,
        "what a placeholder holds is not writable");
    m.policy.git = GIT_LOCKED;
    machine_see(&m, "/home/p/w/.git", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && placeholder_at(&m, "/home/p/w/.git"), "git locked: a missing .git is held");
    machine_see(&m, "/home/p/w/.codex", FACT_FOLDER, NULL);
    CHECK(machine_plan(&m) && !placeholder_at(&m, "/home/p/w/.codex") &&
              has(&m.plan, OP_PROTECT, "/home/p/w/.codex"),
        "a folder of the person's is protected as it is");
    machine_end(&m);
}

static const struct op *guard_of(const struct machine *m, const char *name)
{
    for (size_t i = 0; i < m->plan.n; i++)
        if (m->plan.v[i].kind == OP_GUARD && str_is(m->plan.v[i].text, name))
            return &m->plan.v[i];
    return NULL;
}

static void check_any_depth(void)
{
    struct machine m;
    const struct op *op;

    machine_plain(&m);
    machine_rule(&m, RULE_PROTECT, ".env", LAYER_USER)->any_depth = true;
    machine_rule(&m, RULE_PROTECT, ".git", LAYER_USER)->any_depth = true;
    machine_see(&m, "/home/p/w/.env", FACT_MISSING, NULL);
    op = machine_plan(&m) ? guard_of(&m, ".env") : NULL;
    CHECK(op && op->number == GUARD_ANY && str_is(op->path, "/home/p/w"), "a name of any depth is the observer's");
    op = guard_of(&m, ".git");
    CHECK(op && op->number == GUARD_BELOW && has(&m.plan, OP_WRITABLE, "/home/p/w/.git"),
        "the repository of the workspace itself is git's own rule's");
    CHECK(has_line(&m.plan.notes, "**/.env") && m.plan.partial.n == 0, "and that is said");
    *(struct str *)ARENA_PUSH(&m.arena, &m.policy.nested) = STR("/home/p/w/a/b/.env");
    *(struct str *)ARENA_PUSH(&m.arena, &m.policy.nested) = STR("/home/p/w/n/.git");
    CHECK(machine_plan(&m) && has(&m.plan, OP_PROTECT, "/home/p/w/a/b/.env") && has(&m.plan, OP_PROTECT, "/home/p/w/n/.git"),
        "what was found is bound read-only");
    CHECK(m.plan.partial.n == 0, "and a folder above it is no gap: the observer holds the name");
    m.policy.rules.v[m.policy.rules.n - 1].revoked = true;
    CHECK(machine_plan(&m) && !guard_of(&m, ".git") && !has(&m.plan, OP_PROTECT, "/home/p/w/n/.git"), "a rule taken back holds nothing");
    machine_rule(&m, RULE_PROTECT, "deep/name", LAYER_USER);
    machine_see(&m, "/home/p/w/deep/name", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && guard_of(&m, "deep/name") && has(&m.plan, OP_LATER_PROTECT, "/home/p/w/deep/name"),
        "a missing name below the top is refused by the observer, and bound when it appears");
    machine_see(&m, "/home/p/w/.vscode", FACT_SYMLINK, "/home/p/w/editor");
    CHECK(machine_plan(&m) && guard_of(&m, ".vscode") && has(&m.plan, OP_PROTECT, "/home/p/w/editor"),
        "a link that is protected where it exists: what it leads to is read-only, its name guarded");
    machine_see(&m, "/home/p/w/.vscode", FACT_SYMLINK, "/home/p/dotfiles/vscode");
    CHECK(machine_plan(&m) && !has(&m.plan, OP_PROTECT, "/home/p/dotfiles/vscode"), "where nothing is writable nothing is done");
    machine_see(&m, "/home/p/w/.codex", FACT_SYMLINK, "/home/p/w/editor");
    CHECK(!machine_plan(&m) && m.err.kind == ERR_REFUSED && m.err.remedy[0], "a required name that is a link is refused");
    machine_end(&m);
}

static void check_later(void)
{
    struct machine m;

    machine_plain(&m);
    machine_see(&m, "/home/p/.netrc", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && has(&m.plan, OP_LATER_SECRET, "/home/p/.netrc"), "a secret that is not there is covered later");
    CHECK(plan_reaches(&m.plan, STR("/home/p/.netrc")) == PLAN_NOTHING, "and counts as covered");
    machine_end(&m);
}

/* What is done in advance, with the facts that it says it needs and no other, is how the plan begins. */
static void check_beginning(void)
{
    struct machine m;
    struct facts few;
    struct plan beginning;
    bool same;

    machine_begin(&m);
    machine_see(&m, "/dev/full", FACT_MISSING, NULL);
    machine_plan(&m);
    few = m.facts;
    few.v = arena_alloc(&m.arena, m.facts.n + 1, sizeof *few.v);
    few.n = 0;
    for (size_t i = 0; i < m.facts.n; i++)
        if (plan_beginning_needs(m.facts.v[i].path))
            few.v[few.n++] = m.facts.v[i];
    plan_beginning(&m.arena, &m.policy, &m.env, &few, &beginning);
    CHECK(few.n > 0 && few.n < m.facts.n && beginning.n > 20 && beginning.n < m.plan.n, "with some of the facts, some of the plan");
    same = beginning.new_network == m.plan.new_network;
    for (size_t i = 0; same && i < beginning.n; i++) {
        const struct op *x = &beginning.v[i], *y = &m.plan.v[i];
        same = x->kind == y->kind && x->number == y->number && x->check_identity == y->check_identity &&
               x->on_failure == y->on_failure && str_eq(x->path, y->path) && str_eq(x->text, y->text);
    }
    CHECK(same, "the plan begins so");
    machine_end(&m);
}

int main(void)
{
    check_beginning();
    check_placeholders();
    check_any_depth();
    check_later();
    return CHECK_END();
}
