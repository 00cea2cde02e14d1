/*
 * rules: what would be allowed at a path or an address, by which rule, and what would change it.
 *
 * All knowledge of places is in places.c, which the mounts are made from too; here it becomes an
 * answer.
 */
#include "acls.h"
#include "places.h"
#include "rules.h"
#include "text.h"

#include <string.h>

static const char *const operations[] = {
    "read", "write", "create", "delete", "rename", "link", "mode", "time", "connect", "mount"};

const char *operation_name(enum operation operation)
{
    return (size_t)operation < COUNT_OF(operations) ? operations[operation] : "unknown";
}

bool operation_parse(struct str word, enum operation *out)
{
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        if (str_is(word, operations[i])) {
            *out = (enum operation)i;
            return true;
        }
    }
    return false;
}

/* ---- words ---- */

struct asked {
    struct arena *a;
    const struct policy *policy;
    const struct path_env *env;
    const struct host *host;
    const struct facts *facts; /* what is there, where somebody looked; or NULL */
    struct str path;
    enum operation operation;
};

static struct str shown(const struct asked *q, struct str path)
{
    return path_display(q->a, q->env, path);
}

/* Where a person finds the rule: "--secret", "policy.json:3:9". */
static struct str where(struct arena *a, const struct origin *o)
{
    if (o->file.n == 0)
        return o->layer == LAYER_SESSION ? STR("this session") : STR("the built-in policy");
    if (o->line == 0 || o->layer > LAYER_FILE) /* a flag, a built-in: its text is no file */
        return text_printable(a, o->file);
    return arena_format(a, "%s:%d:%d", text_printable(a, o->file).p, o->line, o->column);
}

static const char *kind_key(enum rule_kind kind)
{
    return kind == RULE_WRITE ? "write" : kind == RULE_PROTECT ? "protect" : "secret";
}

/* What a person would do about a rule that refuses. */
static struct str undo(const struct asked *q, const struct rule *rule)
{
    if (rule->origin.layer == LAYER_BUILTIN)
        return arena_format(
            q->a, "none: %s", rule->reason ? rule->reason : "it is on Cordon's own list");
    if (rule->origin.layer == LAYER_MACHINE)
        return arena_format(
            q->a, "none: the administrator's policy says so (%s)", where(q->a, &rule->origin).p);
    if (rule->origin.layer == LAYER_FLAG)
        return arena_format(q->a, "start without --%s %s", kind_key(rule->kind), text_printable(q->a, rule->text).p);
    return arena_format(q->a, "take \"%s\" out of \"%s\" in %s", text_printable(q->a, rule->text).p,
        kind_key(rule->kind), where(q->a, &rule->origin).p);
}

/* ---- refusals ---- */

/* What was seen there, where somebody looked. */
static enum fact_kind kind_at(const struct asked *q, struct str path)
{
    for (size_t i = 0; q->facts && i < q->facts->n; i++)
        if (path_same(q->env, q->facts->v[i].path, path))
            return q->facts->v[i].kind;
    return FACT_UNKNOWN;
}

/* A path as it can be typed behind a built-in's name: quoted where it has a blank; none where it cannot be. */
static struct str typed(const struct asked *q, struct str path)
{
    struct str text = shown(q, path);

    if (q->env->system != PATH_POSIX)
        return text;
    if (memchr(path.p, '\\', path.n) || !str_eq(text_printable(q->a, path), path))
        return (struct str){0};
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ' ' || text.p[i] == '\'' || text.p[i] == '"')
            return memchr(text.p, '\'', text.n) ? (struct str){0} : arena_format(q->a, "'%s'", text.p);
    return text;
}

static struct str offer(const struct asked *q, struct str folder)
{
    struct str text = typed(q, folder);

    if (!text.n)
        return arena_format(q->a, "none: the name of %s cannot be typed; rename it outside", shown(q, folder).p);
    if (kind_at(q, folder) == FACT_MISSING)
        return arena_format(q->a, "make %s outside, then :allow it", text.p);
    return arena_format(q->a, ":allow %s", text.p);
}

/* Only what :allow takes is offered: a folder that may be writable. That is the one that holds the path, or the path
 * itself where it is known to be a folder. */
static struct str widening(const struct asked *q)
{
    struct str parent = path_parent(q->env->system, q->path);
    struct err first = {0}, second = {0};

    if (rules_root_allowed(q->a, q->env, q->host, parent, (struct str){0}, &first))
        return offer(q, parent);
    if (kind_at(q, q->path) == FACT_FOLDER && rules_root_allowed(q->a, q->env, q->host, q->path, (struct str){0}, &second))
        return offer(q, q->path);
    /* The reason reads "it is ..." */
    return arena_format(q->a, "none: %s%s", shown(q, parent).p,
        strchr(first.reason, ' ') ? strchr(first.reason, ' ') : "");
}

static const struct rule *revoked_rule(const struct asked *q)
{
    for (size_t i = 0; i < q->policy->rules.n; i++) {
        const struct rule *rule = &q->policy->rules.v[i];
        if (rule->kind == RULE_WRITE && rule->revoked && path_is_under(q->env, rule->path, q->path))
            return rule;
    }
    return NULL;
}

static struct verdict refuse_default(const struct asked *q)
{
    struct verdict v = {.wall = WALL_MOUNT};
    const struct rule *rule = revoked_rule(q);

    if (rule) {
        v.rule = rule;
        v.why = arena_format(q->a, "%s was revoked", shown(q, rule->path).p);
        v.change = offer(q, rule->path);
        return v;
    }
    v.why = q->policy->workspace.n == 0 && q->policy->rules.n == 0
                ? STR("nothing is writable here")
                : STR("no writable root contains it");
    v.change = widening(q);
    return v;
}

static struct verdict refuse_place(const struct asked *q, const struct place *p)
{
    struct verdict v = {.wall = p->hold == HOLD_GUARD || p->hold == HOLD_REFUSED ? WALL_OBSERVER : WALL_MOUNT, .rule = p->rule};
    const char *reason = p->rule->reason ? p->rule->reason : "a rule protects it";

    v.why = p->root.n > 0 && p->rule->origin.layer != LAYER_BUILTIN
                ? arena_format(q->a, "protected: \"%s\" in %s",
                      text_printable(q->a, p->rule->text).p, where(q->a, &p->rule->origin).p)
                : arena_format(q->a, "protected: %s", reason);
    if (p->root.n > 0 && q->policy->git == GIT_LOCKED && str_is(p->rule->text, "\"git\"")) {
        v.why = arena_format(
            q->a, "protected: \"git\" is \"locked\" (%s)", where(q->a, &p->rule->origin).p);
        v.change = p->rule->origin.layer == LAYER_MACHINE
                       ? undo(q, p->rule)
                       : STR("\"git\": \"commit\" in the policy");
    } else if (str_is(p->rule->text, "\"git\"")) {
        v.change = arena_format(q->a, "none: %s; change it there", reason);
    } else {
        v.change = undo(q, p->rule);
    }
    /* Nothing in the kernel refuses one name in a writable folder; at the top of a root, and where git would
     * obey it, a placeholder holds it. */
    if (path_same(q->env, p->path, q->path) && p->root.n > 0 && p->hold == HOLD_NOT &&
        (p->rule->optional || !path_same(q->env, path_parent(q->env->system, p->path), p->root)) &&
        (q->operation == OPERATION_CREATE || q->operation == OPERATION_LINK)) {
        v.wall = WALL_NONE;
        v.why = arena_format(q->a, "%s; a name that does not exist yet is not held", v.why.p);
    }
    return v;
}

static struct verdict refuse_secret(const struct asked *q, const struct place *p)
{
    return (struct verdict){.wall = WALL_COVER,
        .rule = p->rule,
        .why = arena_format(
            q->a, "secret: %s", p->rule->reason ? p->rule->reason : shown(q, p->path).p),
        .change = undo(q, p->rule)};
}

/* A folder that is a mount of its own can be neither removed nor renamed. */
static struct verdict refuse_held(const struct asked *q, const struct place *p)
{
    return (struct verdict){.wall = WALL_MOUNT,
        .rule = p->rule,
        .own = p->kind == PLACE_CACHE || p->kind == PLACE_TEMP,
        .why = arena_format(q->a, "%s is held in place", shown(q, p->path).p),
        .change = STR("none: what is in it can be changed, the folder itself stays")};
}

static struct verdict refuse_own(const struct asked *q, const struct place *p)
{
    return (struct verdict){.wall = WALL_MOUNT,
        .rule = p->rule,
        .own = true,
        .why = arena_format(q->a, "%s: %s", p->path.p, p->rule->reason),
        .change = STR("none: it is the sandbox's own, and the same in every session")};
}

/* ---- the answer ---- */

static struct verdict allow(const struct asked *q, const struct place *p)
{
    struct verdict v = {.allowed = true};
    bool implicit;

    if (!p) {
        v.why = STR("reading is allowed, but for secrets");
        return v;
    }
    v.rule = p->rule;
    v.own = p->kind == PLACE_CACHE || p->kind == PLACE_TEMP || p->kind == PLACE_PROCESS ||
            p->kind == PLACE_OWN;
    implicit = p->rule->reason != NULL;
    v.why = p->kind == PLACE_PIN ? STR("it lies in a writable root")
            : implicit ? arena_format(q->a, "%s: %s", shown(q, p->path).p, p->rule->reason)
                       : arena_format(q->a, "%s is a writable root (%s)", shown(q, p->path).p,
                             where(q->a, &p->rule->origin).p);
    return v;
}

static bool removes(enum operation operation)
{
    return operation == OPERATION_DELETE || operation == OPERATION_RENAME;
}

/* A folder is written by making names in it; where .git is not there, inside is one for it to be born in. */
static bool is_folder(const struct asked *q)
{
    enum fact_kind kind = kind_at(q, q->path);

    return kind == FACT_FOLDER || kind == FACT_MISSING;
}

static struct verdict change_at(const struct asked *q, const struct place *p)
{
    bool exact = path_same(q->env, p->path, q->path);
    bool attributes = q->operation == OPERATION_MODE || q->operation == OPERATION_TIME;

    switch (p->kind) {
    case PLACE_OWN:
        return refuse_own(q, p);
    case PLACE_PROCESS:
    case PLACE_DEVICE:
        return q->operation == OPERATION_WRITE ? allow(q, p) : refuse_own(q, p);
    case PLACE_KEPT:
        return refuse_default(q);
    case PLACE_TEMP:
        if (str_is(p->path, "/dev/pts") && !exact && !attributes && q->operation != OPERATION_WRITE)
            return refuse_own(q, p); /* the kernel alone makes names there */
        return exact && removes(q->operation) ? refuse_held(q, p) : allow(q, p);
    case PLACE_CACHE:
    case PLACE_ROOT:
        return exact && removes(q->operation) ? refuse_held(q, p) : allow(q, p);
    case PLACE_PIN: /* where it is a file, as .git is in a linked worktree, it is read-only */
        if (exact && q->operation == OPERATION_WRITE && is_folder(q))
            return allow(q, p);
        return exact && !attributes ? refuse_held(q, p) : allow(q, p);
    case PLACE_PROTECT:
        return refuse_place(q, p);
    case PLACE_SECRET:
        break;
    }
    return refuse_secret(q, p);
}

/* To a socket that lies there. */
static struct verdict connect_at(const struct asked *q, const struct place *p)
{
    struct verdict v = {.wall = WALL_GATE};

    if (p && p->kind == PLACE_OWN) {
        v = refuse_own(q, p);
        v.change = STR("none: start the service inside, in this session");
    } else if (p && (p->kind == PLACE_CACHE || p->kind == PLACE_TEMP)) {
        v.allowed = v.own = true;
        v.wall = WALL_NONE;
        v.why = arena_format(q->a, "%s: %s", p->path.p, p->rule->reason);
    } else if (p && (p->kind == PLACE_ROOT || p->root.n > 0)) {
        v.allowed = true;
        v.wall = WALL_NONE;
        v.why = STR("where a program inside listens; one outside would act for the sandbox, and is refused");
    } else {
        v.why = STR("what listens there is outside, and would act for the sandbox");
        v.change = STR("none: start the service inside, in this session");
    }
    return v;
}

/* On Windows every folder between a root and what is protected in it is held too: there is no mount that would move along. */
static bool is_on_the_way(const struct asked *q, const struct places *places)
{
    for (size_t i = 0; i < places->n && q->env->system == PATH_WINDOWS; i++) {
        const struct place *p = &places->v[i];
        bool held = p->kind != PLACE_SECRET && (!p->rule->optional || p->hold != HOLD_NOT);
        bool guarded = p->hold == HOLD_GUARD || p->hold == HOLD_REFUSED;
        bool there = !guarded && (held || kind_at(q, p->path) != FACT_MISSING);
        if (p->root.n > 0 && there && !path_same(q->env, q->path, p->path) && path_is_under(q->env, q->path, p->path) &&
            places_within(places, q->env, q->path, 1u << PLACE_ROOT))
            return true;
    }
    return false;
}

static struct verdict verdict_at(const struct asked *q, const struct places *places)
{
    const struct place *p = places_decide(places, q->env, q->path);

    if (p && p->kind == PLACE_SECRET)
        return refuse_secret(q, p);
    if (q->operation == OPERATION_CONNECT)
        return connect_at(q, p);
    if (q->operation == OPERATION_MOUNT)
        return (struct verdict){.wall = WALL_NAMESPACE,
            .why = STR("mounts stay as they are for as long as the session lives"),
            .change = STR("none: mount it outside, then :reapply")};
    if (q->operation == OPERATION_READ) {
        struct verdict v = allow(q, NULL);
        v.own = p && (p->kind == PLACE_CACHE || p->kind == PLACE_TEMP || p->kind == PLACE_OWN);
        if (v.own)
            v.why = arena_format(q->a, "%s: %s", p->path.p, p->rule->reason);
        return v;
    }
    if (p && p->kind != PLACE_PROTECT) {
        struct place guarded = {.kind = PLACE_PROTECT, .root = p->path, .hold = HOLD_GUARD};
        guarded.rule = places_any_depth(places, q->policy, q->env, q->path, &guarded.path);
        if (guarded.rule)
            return refuse_place(q, &guarded);
    }
    if (p && removes(q->operation) && p->kind != PLACE_PROTECT && is_on_the_way(q, places))
        return refuse_held(q, p);
    return p ? change_at(q, p) : refuse_default(q);
}

/* What holds it on Windows: entries in access control lists, and nothing else; there is no observer. */
static struct verdict on_windows(const struct asked *q, const struct places *places, struct verdict v)
{
    const struct windows_host *w = q->host->windows;
    const char *lacking;
    enum plan_tier tier;

    if (q->env->system != PATH_WINDOWS || v.wall == WALL_NONE || v.allowed)
        return v;
    tier = w ? acls_tier(q->policy, w, &lacking) : TIER_SET_UP;
    if (v.rule && v.rule->kind == RULE_SECRET && kind_at(q, v.rule->path) == FACT_MISSING) {
        v.wall = WALL_NONE; /* what is made there from inside is none of the person's secrets */
        v.why = arena_format(q->a, "%s; there is nothing yet, and :reapply closes what appears", v.why.p);
    } else if (tier == TIER_UNENFORCED) {
        v.wall = WALL_NONE;
        v.why = arena_format(q->a, "%s; NOT ENFORCED: %s", v.why.p, lacking);
    } else if (tier == TIER_UNELEVATED && q->operation == OPERATION_READ) {
        v.wall = WALL_NONE;
        v.why = arena_format(q->a, "%s; not held: %s", v.why.p, lacking);
        v.change = STR("cordon setup, without which reads are not held");
    } else if (tier == TIER_UNELEVATED && removes(q->operation) && !places_within(places, q->env, q->path, 1u << PLACE_ROOT)) {
        v.wall = WALL_NONE;
        v.why = arena_format(q->a, "%s; not held where you may delete by a right on its folder: %s", v.why.p, lacking);
    } else if (v.wall == WALL_OBSERVER) {
        v.wall = WALL_NONE;
        v.why = arena_format(q->a, "%s; a name that does not exist yet is held at the next :reapply", v.why.p);
    } else {
        v.wall = WALL_ACL;
    }
    return v;
}

struct verdict rules_verdict(struct arena *a, const struct policy *policy,
    const struct path_env *env, const struct host *host, struct str path, enum operation operation)
{
    struct asked q = {
        .a = a, .policy = policy, .env = env, .host = host, .path = path, .operation = operation};
    struct places places;

    places_list(a, policy, env, host, &places);
    return on_windows(&q, &places, verdict_at(&q, &places));
}

struct verdict rules_verdict_seen(struct arena *a, const struct facts *facts, const struct policy *policy,
    const struct path_env *env, struct str path, enum operation operation)
{
    struct asked q = {
        .a = a, .policy = policy, .env = env, .host = &facts->host, .facts = facts, .path = path, .operation = operation};
    const struct places *places = facts->places;
    struct places made = {0};
    struct verdict v;

    if (!places) {
        places_list(a, policy, env, q.host, &made);
        places = &made;
    }
    v = verdict_at(&q, places);
    for (size_t i = 0; v.allowed && i < facts->n; i++) {
        const struct fact *f = &facts->v[i];
        struct asked other = q;
        struct verdict behind;
        if (f->real.n == 0 || path_same(env, f->path, f->real) || !path_is_under(env, f->real, path))
            continue;
        other.path = path_join(a, env->system, f->path, path_below(env, f->real, path));
        behind = verdict_at(&other, places);
        if (!behind.allowed && behind.rule)
            v = behind;
    }
    return on_windows(&q, places, v);
}

/* ---- addresses ---- */

static bool is_loopback(struct str host)
{
    if (host.n > 2 && host.p[0] == '[')
        host = str_slice(host, 1, host.n - 1);
    if (text_same(STR("localhost"), host) || text_matches(STR("*.localhost"), host, true))
        return true;
    if (str_is(host, "::1"))
        return true;
    if (!str_starts(host, STR("127.")))
        return false;
    for (size_t i = 0; i < host.n; i++) /* "127.example.org" is a name like any other */
        if ((host.p[i] < '0' || host.p[i] > '9') && host.p[i] != '.')
            return false;
    return true;
}

static bool is_listed(struct arena *a, const struct policy *policy, struct str host, uint16_t port)
{
    struct str address = arena_format(a, "%.*s:%u", (int)host.n, host.p, (unsigned)port);

    for (size_t i = 0; i < policy->net_allow.n; i++)
        if (text_matches(policy->net_allow.v[i], address, true))
            return true;
    return false;
}

struct verdict rules_verdict_address(
    struct arena *a, const struct policy *policy, struct str host, uint16_t port)
{
    struct verdict v = {.wall = WALL_NAMESPACE};
    struct str mode = where(a, &policy->net_origin);

    if (memchr(host.p ? host.p : "", 0, host.n) || host.n > 255) {
        v.why = STR("that is no host name");
        v.change = STR("none: write HOST:PORT");
        return v;
    }
    v.own = policy->net != NET_ONLINE && is_loopback(host);
    if (is_loopback(host)) {
        v.allowed = true;
        v.why = v.own ? STR("loopback, and the sandbox has its own")
                      : STR("online shares the machine's own loopback");
    } else if (policy->net == NET_ONLINE) {
        v.allowed = true;
        v.why = arena_format(a, "the network is online (%s)", mode.p);
    } else if (policy->net == NET_LIMITED && is_listed(a, policy, host, port)) {
        v.allowed = true;
        v.why = STR("network.allow lists it");
    } else if (policy->net == NET_LIMITED) {
        v.why = STR("network.allow does not list it");
        v.change = arena_format(
            a, "add \"%s:%u\" to network.allow", text_printable(a, host).p, (unsigned)port);
    } else {
        v.why = arena_format(a, "the network is offline (%s)", mode.p);
        v.change = policy->net_switch == SWITCH_LOCKED
                       ? arena_format(a, "none: network.switch is locked (%s)",
                             where(a, &policy->switch_origin).p)
                       : STR(":net online");
    }
    if (v.allowed)
        v.wall = WALL_NONE;
    return v;
}
