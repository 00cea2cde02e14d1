/*
 * layers: rules joining a policy one layer after another, the machine's bounds, copies. See
 * layers.h.
 */
#include "layers.h"
#include "text.h"

#include <string.h>

bool texts_have(const struct texts *list, struct str text)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], text))
            return true;
    return false;
}

const struct origin *layers_bound(const struct policy *p, enum key_id id)
{
    if (!p->layers || !p->layers->machine || p->layers->machine_at[id].layer != LAYER_MACHINE)
        return NULL;
    return &p->layers->machine_at[id];
}

/* ---- one path ---- */

static bool separates(const struct path_env *env, char c)
{
    return c == '/' || (c == '\\' && (env->system == PATH_WINDOWS || env->backslash));
}

bool layers_is_placed(const struct path_env *env, struct str text)
{
    size_t dots = 0;

    if (text.n == 0 || text.p[0] == '~' || separates(env, text.p[0]) || str_starts(text, STR("${")))
        return true;
    if (env->system == PATH_WINDOWS && text.n > 1 && text.p[1] == ':')
        return true;
    while (dots < text.n && dots < 2 && text.p[dots] == '.')
        dots++;
    return dots == text.n || (dots > 0 && separates(env, text.p[dots]));
}

static bool has_variable(struct str text)
{
    for (size_t at = 0; at + 1 < text.n; at++)
        if (text.p[at] == '$' && text.p[at + 1] == '{')
            return true;
    return false;
}

static bool refuse_path(struct err *e, struct str text, const char *reason, const char *remedy)
{
    err_set(e, ERR_USAGE, "cannot use this path");
    err_subject(e, text);
    err_reason(e, "%s", reason);
    return err_remedy(e, "%s", remedy);
}

bool layers_path(struct arena *a, const struct path_env *env, enum rule_kind kind, struct str text,
    struct rule *out, struct err *e)
{
    struct str path, whole = text;
    bool any_depth = kind == RULE_PROTECT && str_starts(text, STR("**/")) && text.n > 3;
    bool placed;

    if (any_depth)
        text = str_slice(text, 3, text.n);
    placed = kind != RULE_PROTECT || layers_is_placed(env, text);
    if (str_find(text, 0, '*') < text.n || (any_depth && placed))
        return refuse_path(e, whole, "a pattern with * is not accepted for paths",
            kind == RULE_PROTECT ? "Name the folder itself, or \"**/NAME\" for a name at any depth."
                                 : "Name the folder itself; a rule holds for all that is in it.");
    if (!placed && has_variable(text))
        return refuse_path(e, text,
            "a variable can only stand at the beginning of a protected path",
            "Begin with ${NAME}, or write the name out.");
    if (placed ? !path_canonical(a, env, text, &path, e) : !path_relative(a, env, text, &path, e))
        return false;
    *out = (struct rule){.kind = kind,
        .text = arena_str(a, whole),
        .path = path,
        .anchored = placed,
        .any_depth = any_depth,
        .folder_rule = true};
    return true;
}

/* ---- the machine's bounds ---- */

static const char *const kind_words[] = {"writable", "read-only", "secret"};

static char separator(const struct path_env *env)
{
    return env->system == PATH_WINDOWS ? '\\' : '/';
}

/* Does `name`, a relative path, stand somewhere in `path` as whole components? */
static bool has_components(const struct path_env *env, struct str path, struct str name)
{
    for (size_t at = 0; at < path.n; at++) {
        struct str below;
        if (path.p[at] != separator(env))
            continue;
        below = str_slice(path, at, path.n);
        /* Compared as two canonical paths, so that the case rules hold here too. */
        if (name.n < below.n && (below.n == name.n + 1 || below.p[name.n + 1] == separator(env)) &&
            path_same(env, str_slice(below, 1, name.n + 1), name))
            return true;
    }
    return false;
}

/* A bare protected name "x/y" reads anew what a secret ".../x" hides: is this such a secret? */
static bool reaches_into(const struct path_env *env, struct str secret, struct str name)
{
    for (size_t at = 0; at < name.n; at++)
        if (name.p[at] == separator(env) && secret.n > at + 1 &&
            secret.p[secret.n - at - 1] == separator(env) &&
            path_same(env, str_slice(secret, secret.n - at, secret.n), str_slice(name, 0, at)))
            return true;
    return false;
}

/* The most specific rule wins, so a weaker rule below one of the machine's would undo it there. */
static bool undoes(const struct path_env *env, const struct rule *rule, const struct rule *machine)
{
    if (rule->kind >= machine->kind || machine->revoked)
        return false;
    if (rule->anchored && machine->anchored)
        return path_is_under(env, machine->path, rule->path);
    if (rule->anchored)
        return has_components(env, rule->path, machine->path);
    if (machine->anchored)
        return reaches_into(env, machine->path, rule->path);
    return false; /* two bare names: only protect against protect */
}

bool layers_allow(struct arena *a, const struct path_env *env, const struct policy *p,
    const struct rule *rule, struct str *why)
{
    const struct policy *machine = p->layers ? p->layers->machine : NULL;
    const struct origin *bound = layers_bound(p, KEY_WRITE);
    bool inside = rule->kind != RULE_WRITE || !bound;

    for (size_t i = 0; machine && i < machine->rules.n; i++) {
        const struct rule *other = &machine->rules.v[i];
        if (other->origin.layer != LAYER_MACHINE)
            continue;
        if (undoes(env, rule, other)) {
            *why = arena_format(a, "the machine's policy makes \"%s\" %s there (%s)",
                text_printable(a, str_slice(other->text, 0, 60)).p, kind_words[other->kind],
                origin_text(a, &other->origin).p);
            return false;
        }
        inside =
            inside || (other->kind == RULE_WRITE && path_is_under(env, other->path, rule->path));
    }
    if (!inside)
        *why = arena_format(a, "the machine's policy lists the folders that may be writable (%s)",
            origin_text(a, bound).p);
    return inside;
}

/* ---- adding and taking back ---- */

static bool is_same_rule(const struct rule *x, const struct rule *y)
{
    return x->kind == y->kind && x->anchored == y->anchored && x->any_depth == y->any_depth && !x->revoked &&
           x->folder_rule == y->folder_rule && str_eq(x->path, y->path);
}

bool layers_add(struct arena *a, struct policy *p, const struct rule *rule)
{
    struct rule *added;

    for (size_t i = 0; i < p->rules.n; i++)
        if (is_same_rule(&p->rules.v[i], rule))
            return true;
    if (p->rules.n >= POLICY_RULES_MAX)
        return false;
    added = ARENA_PUSH(a, &p->rules);
    *added = *rule;
    added->id = (int)p->rules.n;
    return true;
}

static const char *flag_name(enum layer layer, enum rule_kind kind)
{
    static const char *const flags[] = {"--write", "--protect", "--secret"};

    if (layer == LAYER_SESSION)
        return ":allow";
    return layer == LAYER_FLAG ? flags[kind] : "";
}

bool policy_add_path(struct arena *a, const struct path_env *env, struct policy *policy,
    enum rule_kind kind, enum layer layer, struct str text, struct err *e)
{
    struct rule rule;
    struct str why;

    if (!layers_path(a, env, kind, text, &rule, e))
        return false;
    rule.origin = (struct origin){.layer = layer, .file = str_from(flag_name(layer, kind))};
    rule.folder_rule = layer != LAYER_BUILTIN;
    if (layer > LAYER_MACHINE && !layers_allow(a, env, policy, &rule, &why)) {
        err_set(e, ERR_REFUSED, "cannot add this path");
        err_subject(e, text);
        err_reason(e, "%s", why.p);
        return err_remedy(e, "%s", "Only who administers this machine can widen that.");
    }
    if (!layers_add(a, policy, &rule)) {
        err_set(e, ERR_LIMIT, "cannot add this path");
        err_subject(e, text);
        return err_reason(e, "the policy already has %d rules", POLICY_RULES_MAX);
    }
    policy->generation++;
    return true;
}

bool policy_revoke(
    struct policy *policy, const struct path_env *env, struct str path, struct err *e)
{
    bool found = false;

    for (size_t i = 0; i < policy->rules.n; i++) {
        struct rule *rule = &policy->rules.v[i];
        if (rule->kind == RULE_WRITE && !rule->revoked && path_same(env, rule->path, path)) {
            rule->revoked = true;
            found = true;
        }
    }
    if (!found) {
        err_set(e, ERR_MISSING, "cannot revoke this path");
        err_subject(e, path);
        err_reason(e, "it is not a folder that was made writable");
        return err_remedy(e, "%s", "Name one that :status lists as writable.");
    }
    policy->generation++;
    return true;
}

/* ---- copies: nothing of the copy lies in another arena ---- */

static struct str copy_str(struct arena *a, struct str s)
{
    return s.p ? arena_str(a, s) : s;
}

static struct origin copy_origin(struct arena *a, struct origin o)
{
    o.file = copy_str(a, o.file);
    return o;
}

static struct texts copy_texts(struct arena *a, const struct texts *from)
{
    struct texts out = {.n = from->n, .cap = from->n};

    out.v = from->n ? arena_alloc(a, from->n, sizeof *out.v) : NULL;
    for (size_t i = 0; i < from->n; i++)
        out.v[i] = copy_str(a, from->v[i]);
    return out;
}

static struct rules copy_rules(struct arena *a, const struct rules *from)
{
    struct rules out = {.n = from->n, .cap = from->n};

    out.v = from->n ? arena_alloc(a, from->n, sizeof *out.v) : NULL;
    for (size_t i = 0; i < from->n; i++) {
        out.v[i] = from->v[i];
        out.v[i].text = copy_str(a, from->v[i].text);
        out.v[i].path = copy_str(a, from->v[i].path);
        out.v[i].origin = copy_origin(a, from->v[i].origin);
    }
    return out;
}

static struct env_sets copy_sets(struct arena *a, const struct env_sets *from)
{
    struct env_sets out = {.n = from->n, .cap = from->n};

    out.v = from->n ? arena_alloc(a, from->n, sizeof *out.v) : NULL;
    for (size_t i = 0; i < from->n; i++)
        out.v[i] = (struct env_set){
            .name = copy_str(a, from->v[i].name), .value = copy_str(a, from->v[i].value)};
    return out;
}

/* Everything but `layers`. */
static void copy_plain(struct arena *a, const struct policy *from, struct policy *out)
{
    struct policy copy = *from;

    copy.workspace = copy_str(a, from->workspace);
    copy.rules = copy_rules(a, &from->rules);
    copy.net_allow = copy_texts(a, &from->net_allow);
    copy.env_pass = copy_texts(a, &from->env_pass);
    copy.env_drop = copy_texts(a, &from->env_drop);
    copy.env_set = copy_sets(a, &from->env_set);
    copy.shell = copy_str(a, from->shell);
    copy.partial = copy_texts(a, &from->partial);
    copy.warnings = copy_texts(a, &from->warnings);
    copy.nested = copy_texts(a, &from->nested);
    copy.net_origin = copy_origin(a, from->net_origin);
    copy.switch_origin = copy_origin(a, from->switch_origin);
    copy.git_origin = copy_origin(a, from->git_origin);
    copy.hardlinks_origin = copy_origin(a, from->hardlinks_origin);
    copy.datagrams_origin = copy_origin(a, from->datagrams_origin);
    copy.reads_origin = copy_origin(a, from->reads_origin);
    copy.limits_origin = copy_origin(a, from->limits_origin);
    copy.shell_origin = copy_origin(a, from->shell_origin);
    copy.layers = NULL;
    *out = copy;
}

void policy_copy(struct arena *a, const struct policy *from, struct policy *out)
{
    struct policy copy;

    copy_plain(a, from, &copy);
    if (from->layers) {
        struct policy_layers *layers = arena_alloc(a, 1, sizeof *layers);
        for (size_t i = 0; i < KEY_COUNT; i++) {
            layers->at[i] = copy_origin(a, from->layers->at[i]);
            layers->machine_at[i] = copy_origin(a, from->layers->machine_at[i]);
        }
        if (from->layers->machine) {
            struct policy *machine = arena_alloc(a, 1, sizeof *machine);
            copy_plain(a, from->layers->machine, machine);
            layers->machine = machine;
        }
        copy.layers = layers;
    }
    *out = copy;
}
