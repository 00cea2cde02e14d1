/*
 * policy_print: the effective policy for a person, each value with where it comes from, and as a
 * file.
 *
 * The file has what the built-in policy lacks, so that reading it over the built-in one gives this
 * policy again. Everything shown is printable, whatever bytes a path holds.
 */
#include "layers.h"
#include "text.h"

#define NAME_COLUMNS  11
#define VALUE_COLUMNS 34

static const char *layer_name(enum layer layer)
{
    static const char *const names[] = {
        "built-in", "machine policy", "user policy", "policy file", "flag", "session"};

    return names[layer];
}

struct str origin_text(struct arena *a, const struct origin *o)
{
    struct str file = text_printable(a, o->file);

    if (o->layer == LAYER_BUILTIN || file.n == 0)
        return str_from(layer_name(o->layer));
    if (o->line < 1 || o->layer > LAYER_FILE)
        return file;
    return arena_format(a, "%s:%d:%d", file.p, o->line, o->column);
}

/* ---- for a person ---- */

static size_t columns_of(struct str s)
{
    size_t columns = 0, length;

    for (size_t at = 0; at < s.n; at += length) {
        uint32_t scalar = 0;
        length = text_decode(s, at, &scalar);
        if (length == 0)
            length = 1;
        columns += (size_t)text_columns(scalar);
    }
    return columns;
}

static void pad(struct buf *out, struct str s, size_t columns)
{
    size_t used = columns_of(s);

    buf_str(out, s);
    buf_add(out, " ", 1);
    for (used++; used < columns; used++)
        buf_add(out, " ", 1);
}

static void line(
    struct buf *out, struct arena *a, const char *name, struct str value, const struct origin *o)
{
    pad(out, str_from(name), NAME_COLUMNS);
    if (o) {
        pad(out, value, VALUE_COLUMNS);
        buf_str(out, origin_text(a, o));
    } else {
        buf_str(out, value);
    }
    buf_add(out, "\n", 1);
}

static void print_texts(
    struct buf *out, struct arena *a, const char *name, const struct texts *list)
{
    struct str all = STR("");
    size_t used = 0;

    for (size_t i = 0; i < list->n; i++) {
        struct str shown = text_printable(a, list->v[i]);
        if (used > 0 && used + columns_of(shown) > 80) {
            line(out, a, name, all, NULL);
            all = STR("");
            name = "";
            used = 0;
        }
        all = arena_format(a, "%s%s%s", all.p, used ? " " : "", shown.p);
        used += columns_of(shown) + 1;
    }
    if (list->n)
        line(out, a, name, all, NULL);
}

static void print_rule(
    struct buf *out, struct arena *a, const struct path_env *env, const struct rule *rule)
{
    struct str path =
        rule->anchored    ? path_display(a, env, rule->path)
        : rule->any_depth ? arena_format(a, "**/%s", text_printable(a, rule->path).p)
                          : text_printable(a, rule->path);

    buf_add(out, "  ", 2);
    pad(out, path, NAME_COLUMNS + VALUE_COLUMNS - 2);
    buf_str(out, origin_text(a, &rule->origin));
    if (rule->reason)
        buf_format(out, ": %s", rule->reason);
    buf_format(out, "%s\n", rule->revoked ? " (revoked)" : "");
}

static void print_rules(struct buf *out, struct arena *a, const struct path_env *env,
    const struct policy *p, enum rule_kind kind, const char *title)
{
    bool any = false;

    for (size_t i = 0; i < p->rules.n; i++) {
        if (p->rules.v[i].kind != kind)
            continue;
        if (!any)
            buf_format(out, "\n%s\n", title);
        any = true;
        print_rule(out, a, env, &p->rules.v[i]);
    }
}

static void print_limits(struct buf *out, struct arena *a, const struct policy *p)
{
    const struct {
        enum key_id id;
        uint64_t value;
        const char *unit;
    } limits[] = {{KEY_MEMORY, p->memory_mb, " MiB of memory"},
        {KEY_PROCESSES, p->processes, " processes"}, {KEY_CPU, p->cpu_percent, "% of a processor"}};
    const char *name = "limits";

    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        if (limits[i].value == 0)
            continue;
        line(out, a, name,
            arena_format(a, "%llu%s", (unsigned long long)limits[i].value, limits[i].unit),
            p->layers ? &p->layers->at[limits[i].id] : &p->limits_origin);
        name = "";
    }
    if (*name)
        line(out, a, name, STR("none"), &p->limits_origin);
}

static void print_bounds(struct buf *out, struct arena *a, const struct policy *p)
{
    struct str names = STR("");

    for (int id = KEY_TOP + 1; id < KEY_COUNT; id++)
        if (key_row((enum key_id)id)->bounded && layers_bound(p, (enum key_id)id))
            names = arena_format(
                a, "%s%s%s", names.p, names.n ? ", " : "", key_row((enum key_id)id)->path);
    if (names.n)
        buf_format(out, "\nthe machine's policy bounds: %s\n", names.p);
}

void policy_print(
    struct buf *out, struct arena *a, const struct path_env *env, const struct policy *p)
{
    line(out, a, "workspace", p->workspace.n ? path_display(a, env, p->workspace) : STR("none"),
        NULL);
    line(out, a, "network", str_from(net_mode_name(p->net)), &p->net_origin);
    line(out, a, "  switch", str_from(key_switches[p->net_switch]), &p->switch_origin);
    print_texts(out, a, "  allow", &p->net_allow);
    line(out, a, "git", str_from(key_git_modes[p->git]), &p->git_origin);
    line(out, a, "hardlinks", str_from(key_hardlinks[p->hardlinks]), &p->hardlinks_origin);
    line(out, a, "datagrams", str_from(key_datagrams[p->unix_datagrams]), &p->datagrams_origin);
    line(out, a, "reads", str_from(key_reads[p->secret_reads]), &p->reads_origin);
    print_limits(out, a, p);
    line(out, a, "shell", text_printable(a, p->shell), &p->shell_origin);
    print_texts(out, a, "partial", &p->partial);
    print_texts(out, a, "env pass", &p->env_pass);
    print_texts(out, a, "env drop", &p->env_drop);
    for (size_t i = 0; i < p->env_set.n; i++)
        line(out, a, i ? "" : "env set",
            arena_format(a, "%s=%s", text_printable(a, p->env_set.v[i].name).p,
                text_printable(a, p->env_set.v[i].value).p),
            NULL);
    print_rules(out, a, env, p, RULE_WRITE, "writable, besides the workspace");
    print_rules(out, a, env, p, RULE_PROTECT,
        "read-only inside what is writable (a bare name: in every such folder)");
    print_rules(out, a, env, p, RULE_SECRET, "not even readable");
    print_bounds(out, a, p);
    for (size_t i = 0; i < p->warnings.n; i++)
        buf_format(out, "%swarning: %s\n", i ? "" : "\n", text_printable(a, p->warnings.v[i]).p);
}

/* ---- as a file ---- */

/* What a policy file cannot say: bytes that are not UTF-8, and what it would read as something
 * else. */
static bool can_be_said(struct str path)
{
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '*' || (path.p[i] == '$' && i + 1 < path.n && path.p[i + 1] == '{') ||
            (path.p[i] == '\\' && path.p[0] == '/'))
            return false;
    return text_is_utf8(path);
}

/* The words of a file stand as they were written; of anything else the path, or an entry that the
 * reader refuses, since leaving it out would quietly be another policy. */
static struct str sayable(struct arena *a, struct str path)
{
    if (can_be_said(path))
        return path;
    return arena_format(a, "* no policy file can say: %s", text_printable(a, path).p);
}

static struct str file_text(struct arena *a, const struct rule *rule)
{
    bool from_file = rule->origin.layer >= LAYER_MACHINE && rule->origin.layer <= LAYER_FILE;
    return from_file ? rule->text : sayable(a, rule->path);
}

static void json_rules(
    struct buf *out, struct arena *a, const struct policy *p, enum rule_kind kind, const char *name)
{
    bool any = false;

    buf_format(out, ",\n  \"%s\": [", name);
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct rule *rule = &p->rules.v[i];
        if (rule->kind != kind || rule->origin.layer == LAYER_BUILTIN || rule->revoked)
            continue;
        buf_format(out, "%s\n    ", any ? "," : "");
        text_json(out, file_text(a, rule));
        any = true;
    }
    buf_format(out, "%s]", any ? "\n  " : "");
}

static void json_texts(
    struct buf *out, const char *indent, const char *name, const struct texts *list)
{
    buf_format(out, ",\n%s\"%s\": [", indent, name);
    for (size_t i = 0; i < list->n; i++) {
        if (i)
            buf_add(out, ", ", 2);
        text_json(out, list->v[i]);
    }
    buf_add(out, "]", 1);
}

static void json_environment(struct buf *out, const struct policy *p)
{
    bool any = false;

    buf_format(out, ",\n  \"env\": {\n    \"set\": {");
    for (size_t i = 0; i < p->env_set.n; i++) {
        if (i)
            buf_add(out, ", ", 2);
        text_json(out, p->env_set.v[i].name);
        buf_add(out, ": ", 2);
        text_json(out, p->env_set.v[i].value);
    }
    buf_add(out, "}", 1);
    json_texts(out, "    ", "pass", &p->env_pass);
    buf_format(out, ",\n    \"drop\": [");
    for (size_t i = 0; i < p->env_drop.n; i++) {
        if (builtin_drops(p->env_drop.v[i]))
            continue;
        if (any)
            buf_add(out, ", ", 2);
        text_json(out, p->env_drop.v[i]);
        any = true;
    }
    buf_format(out, "]\n  }");
}

void policy_print_json(struct buf *out, struct arena *a, const struct policy *p)
{
    buf_format(out, "{\n  \"version\": 1");
    json_rules(out, a, p, RULE_WRITE, "write");
    json_rules(out, a, p, RULE_PROTECT, "protect");
    json_rules(out, a, p, RULE_SECRET, "secret");
    buf_format(out, ",\n  \"secret_reads\": \"%s\"", key_reads[p->secret_reads]);
    buf_format(out, ",\n  \"git\": \"%s\",\n  \"hardlinks\": \"%s\",\n  \"unix_datagrams\": \"%s\"",
        key_git_modes[p->git], key_hardlinks[p->hardlinks], key_datagrams[p->unix_datagrams]);
    buf_format(out, ",\n  \"network\": {\n    \"mode\": \"%s\",\n    \"switch\": \"%s\"",
        key_net_modes[p->net], key_switches[p->net_switch]);
    json_texts(out, "    ", "allow", &p->net_allow);
    buf_format(out, "\n  }");
    json_environment(out, p);
    buf_format(out,
        ",\n  \"limits\": { \"memory_mb\": %llu, \"processes\": %llu, \"cpu_percent\": %llu }",
        (unsigned long long)p->memory_mb, (unsigned long long)p->processes,
        (unsigned long long)p->cpu_percent);
    buf_format(out, ",\n  \"shell\": ");
    text_json(out, sayable(a, p->shell));
    json_texts(out, "  ", "partial", &p->partial);
    buf_format(out, "\n}\n");
}
