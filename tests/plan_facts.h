/*
 * plan_facts: a machine and a policy made up for tests: every path that is asked for exists as the
 * table says (a folder, unless it is named otherwise), each with an identity of its own.
 */
#ifndef CORDON_PLAN_FACTS_H
#define CORDON_PLAN_FACTS_H

#include "../sandbox/core/places.h"
#include "../sandbox/core/plan.h"
#include "../sandbox/core/rules.h"

struct seen {
    const char *path;
    enum fact_kind kind;
    const char *real; /* NULL: the path itself */
};

struct machine {
    struct arena arena;
    struct policy policy;
    struct path_env env;
    struct facts facts;
    struct seen seen[64];
    size_t seen_count;
    bool everything; /* what is not in the table exists; else it is missing */
    struct plan plan;
    struct err err;
};

static inline void machine_see(
    struct machine *m, const char *path, enum fact_kind kind, const char *real)
{
    m->seen[m->seen_count++] = (struct seen){path, kind, real};
}

static inline struct rule *machine_rule(
    struct machine *m, enum rule_kind kind, const char *path, enum layer layer)
{
    struct rule *rule = ARENA_PUSH(&m->arena, &m->policy.rules);

    rule->id = (int)m->policy.rules.n;
    rule->kind = kind;
    rule->text = rule->path = str_from(path);
    rule->anchored = path[0] == '/';
    rule->origin.layer = layer;
    rule->folder_rule = layer != LAYER_BUILTIN;
    if (layer == LAYER_USER) {
        rule->origin.file = STR("policy.json");
        rule->origin.line = 3;
        rule->origin.column = 9;
    }
    if (layer == LAYER_BUILTIN)
        rule->reason = "on the list";
    return rule;
}

/* An ordinary person in ~/w, with the heart of the built-in policy. */
static inline void machine_begin(struct machine *m)
{
    static struct mount_fact mounts[] = {{{"/", 1}, {"ext4", 4}, {"/dev/sda1", 9}, false, {"8:1", 3}, {"/", 1}},
        {{"/proc", 5}, {"proc", 4}, {"proc", 4}, false, {"0:21", 4}, {"/", 1}}};
    struct host *h = &m->facts.host;

    *m = (struct machine){.everything = true};
    h->home = STR("/home/p");
    h->user = STR("p");
    h->config_dir = STR("/home/p/.config/cordon");
    h->state_dir = STR("/home/p/.local/state/cordon");
    h->session_dir = STR("/home/p/.local/state/cordon/sessions/s1");
    h->program_dir = STR("/opt/cordon/bin");
    h->runtime_dir = STR("/run/user/1000");
    h->path = STR("/usr/local/bin:/usr/bin:/bin:/home/p/.local/bin");
    h->uid = h->gid = 1000;
    h->landlock_abi = 7;
    h->fuse = true;
    h->kernel_major = 6;
    h->kernel_minor = 1;
    h->mounts = mounts;
    h->mount_count = COUNT_OF(mounts);
    m->env = (struct path_env){.system = PATH_POSIX, .home = h->home};
    m->policy.workspace = STR("/home/p/w");
    machine_rule(m, RULE_PROTECT, ".git", LAYER_BUILTIN);
    machine_rule(m, RULE_PROTECT, ".codex", LAYER_BUILTIN);
    machine_rule(m, RULE_PROTECT, ".vscode", LAYER_BUILTIN)->optional = true;
    machine_rule(m, RULE_SECRET, "/home/p/.ssh", LAYER_BUILTIN)->optional = true;
    machine_rule(m, RULE_SECRET, "/home/p/.netrc", LAYER_BUILTIN)->optional = true;
    machine_see(m, "/home/p/.netrc", FACT_FILE, NULL);
    machine_see(m, "/home/p/w/.git/config", FACT_FILE, NULL);
    machine_see(m, "/home/p/w/.git/commondir", FACT_MISSING, NULL);
    machine_see(m, "/home/p/w/.git/config.worktree", FACT_MISSING, NULL);
}

static inline enum fact_kind machine_kind(
    const struct machine *m, struct str path, struct str *real)
{
    *real = path;
    for (size_t i = m->seen_count; i-- > 0;) {
        if (!str_is(path, m->seen[i].path))
            continue;
        if (m->seen[i].real)
            *real = str_from(m->seen[i].real);
        return m->seen[i].kind;
    }
    return m->everything ? FACT_FOLDER : FACT_MISSING;
}

/* What is mounted from another device is another file system; a bind is the same. */
static inline uint64_t machine_dev(const struct machine *m, struct str path)
{
    const struct host *h = &m->facts.host;

    for (size_t i = 1; i < h->mount_count; i++)
        if (str_eq(h->mounts[i].path, path) && !str_eq(h->mounts[i].source, h->mounts[0].source))
            return 1 + i;
    return 1;
}

/* The same for the same path, whatever else is asked. */
static inline uint64_t machine_ino(struct str path)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < path.n; i++)
        hash = (hash ^ (unsigned char)path.p[i]) * 1099511628211u;
    return hash | 1;
}

static inline void machine_look(struct machine *m)
{
    struct texts questions = {0};

    plan_questions(&m->arena, &m->policy, &m->env, &m->facts, &questions);
    m->facts.n = 0;
    for (size_t i = 0; i < questions.n; i++) {
        struct fact *f = ARENA_PUSH(&m->arena, &m->facts);
        *f = (struct fact){.path = questions.v[i], .dev = machine_dev(m, questions.v[i]), .ino = machine_ino(questions.v[i]), .links = 1};
        f->kind = machine_kind(m, f->path, &f->real);
        f->real_kind = f->kind == FACT_SYMLINK ? FACT_FOLDER : f->kind;
        if (f->kind == FACT_MISSING || f->kind == FACT_UNKNOWN)
            f->real = (struct str){0};
    }
}

static inline bool machine_plan(struct machine *m)
{
    m->err = (struct err){0};
    m->plan = (struct plan){0};
    machine_look(m);
    return plan_build(&m->arena, &m->policy, &m->env, &m->facts, &m->plan, &m->err);
}

static inline struct verdict machine_ask(
    struct machine *m, const char *path, enum operation operation)
{
    return rules_verdict(&m->arena, &m->policy, &m->env, &m->facts.host, str_from(path), operation);
}

static inline void machine_end(struct machine *m)
{
    arena_release(&m->arena);
}

#endif
