/*
 * policy: one policy file's bytes, read and laid over a policy. See policy.h; layers.c has the
 * bounds.
 *
 * Alone here is cJSON, and it is not trusted alone: json.c has checked the bytes first, the two
 * trees must agree in every key, text and shape before one value is used, and whole numbers are
 * read from their digits. The caller's policy is changed in one assignment at the end, so that a
 * refused file changes nothing.
 */
#include "policy.h"
#include "json.h"
#include "keys.h"
#include "layers.h"
#include "text.h"

#include <string.h>

#include <cjson/cJSON.h>

#define LIST_MAX ENV_MAX /* entries of one list of texts */

struct reading {
    struct arena *a;
    struct path_env env;
    struct json_source source;
    struct json_place place;
    enum layer layer;
    struct policy *p; /* the draft */
    struct policy_layers *layers;
    struct err *e;
};

/* One value: what cJSON made of it, where it stands, and which key it belongs to. */
struct value {
    enum key_id id;
    const struct key_row *row;
    const cJSON *item;
    const struct json_node *node;
};

static struct origin origin_at(struct reading *r, size_t at)
{
    json_place_move(&r->place, r->source.bytes, at);
    return (struct origin){.layer = r->layer,
        .file = r->source.file,
        .line = r->place.line,
        .column = r->place.column};
}

/* ---- complaints ---- */

static struct str shown_value(struct arena *a, const struct json_node *node)
{
    char shown[64];

    if (node->kind == JSON_STRING) {
        text_printable_into(shown, sizeof shown, json_text(a, node));
        return arena_format(a, "\"%s\"", shown);
    }
    return node->kind == JSON_NUMBER ? arena_str(a, node->raw)
                                     : str_from(json_kind_name(node->kind));
}

/* "a", "b" or "c" */
static struct str shown_words(struct arena *a, const struct key_row *row)
{
    struct str all = STR("");

    for (size_t i = 0; i < row->word_count; i++)
        all = arena_format(a, "%s%s\"%s\"", all.p,
            i == 0                    ? ""
            : i + 1 < row->word_count ? ", "
                                      : " or ",
            row->words[i]);
    return all;
}

static struct str wanted_text(struct arena *a, const struct key_row *row)
{
    if (row->type == TYPE_WORD)
        return shown_words(a, row);
    if (row->type == TYPE_INTEGER && row->least == row->most)
        return arena_format(a, "%llu", (unsigned long long)row->least);
    if (row->type == TYPE_INTEGER)
        return arena_format(a, "a whole number from %llu to %llu", (unsigned long long)row->least,
            (unsigned long long)row->most);
    return str_from(key_type_text(row->type));
}

static bool misfit(struct reading *r, const struct value *v)
{
    const char *example = v->row->example ? v->row->example : v->row->standard;

    json_fault(r->e, ERR_POLICY, &r->source, v->node->at, "\"%s\" must be %s, found %s",
        v->row->path, wanted_text(r->a, v->row).p, shown_value(r->a, v->node).p);
    return err_remedy(r->e, "Write it as \"%s\": %s.", v->row->name, example ? example : "1");
}

static bool bad_entry(
    struct reading *r, const struct value *v, const struct json_node *node, const char *reason)
{
    return json_fault(r->e, ERR_POLICY, &r->source, node->at, "\"%s\": %s, found %s", v->row->path,
        reason, shown_value(r->a, node).p);
}

static bool too_many(struct reading *r, const struct value *v, const struct json_node *node)
{
    json_fault(
        r->e, ERR_LIMIT, &r->source, node->at, "\"%s\" makes the policy too long", v->row->path);
    return err_remedy(
        r->e, "At most %d rules, and %d entries in any other list.", POLICY_RULES_MAX, LIST_MAX);
}

/* What the machine's policy says of a key, against the attempt at node. */
static bool beyond(
    struct reading *r, const struct value *v, const struct json_node *node, const char *allowed)
{
    enum key_id id = v->id == KEY_ENV_PASS && !layers_bound(r->p, v->id) ? KEY_ENV_DROP : v->id;
    const struct origin *bound = layers_bound(r->p, id);

    json_fault(r->e, ERR_REFUSED, &r->source, node->at,
        "\"%s\": %s is more than the machine's policy allows: %s (%s)", v->row->path,
        shown_value(r->a, node).p, allowed, origin_text(r->a, bound).p);
    return err_remedy(
        r->e, "%s", "Only who administers this machine can widen it; take this entry out.");
}

static bool unknown_key(struct reading *r, enum key_id parent, const struct json_node *node)
{
    struct str near = key_nearest(parent, node->key);
    char shown[64];

    text_printable_into(shown, sizeof shown, node->key);
    json_fault(r->e, ERR_POLICY, &r->source, node->key_at, "unknown key \"%s\"", shown);
    if (near.p)
        return err_remedy(r->e, "Did you mean \"%s\"?", near.p);
    for (int id = KEY_TOP + 1; id < KEY_COUNT; id++) {
        enum key_id other = key_row((enum key_id)id)->parent;
        if (other == parent || !str_is(node->key, key_row((enum key_id)id)->name))
            continue;
        if (other == KEY_TOP)
            return err_remedy(r->e, "\"%s\" stands at the top of the file.", shown);
        return err_remedy(r->e, "\"%s\" stands within \"%s\".", shown, key_row(other)->path);
    }
    return err_remedy(r->e, "The keys here are %s.", key_names(r->a, parent).p);
}

/* ---- the two trees ---- */

static bool kinds_agree(const cJSON *item, const struct json_node *node)
{
    static const int kinds[] = {
        cJSON_NULL, cJSON_False, cJSON_True, cJSON_Number, cJSON_String, cJSON_Array, cJSON_Object};

    return (item->type & 0xFF) == kinds[node->kind];
}

static bool trees_agree(struct arena *a, const cJSON *item, const struct json_node *node)
{
    const cJSON *child = item->child;

    if (!kinds_agree(item, node))
        return false;
    if (node->key.p && (!item->string || !str_is(node->key, item->string)))
        return false;
    if (node->kind == JSON_STRING)
        return item->valuestring && str_is(json_text(a, node), item->valuestring);
    if (node->kind != JSON_ARRAY && node->kind != JSON_OBJECT)
        return true;
    for (const struct json_node *other = node->child; other;
         other = other->next, child = child->next)
        if (!child || !trees_agree(a, child, other))
            return false;
    return child == NULL;
}

/* ---- scalars ---- */

/* Decimal digits and nothing else: what cJSON has is a double, which holds neither every whole
 * number nor the difference between 1 and 1e0. */
static bool whole_number(const struct json_node *node, uint64_t *out)
{
    uint64_t number = 0;

    if (node->kind != JSON_NUMBER)
        return false;
    for (size_t i = 0; i < node->raw.n; i++) {
        char c = node->raw.p[i];
        uint64_t digit = (uint64_t)(c - '0');
        if (c < '0' || c > '9' || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

static uint64_t *integer_of(struct policy *p, enum key_id id)
{
    return id == KEY_MEMORY ? &p->memory_mb : id == KEY_PROCESSES ? &p->processes : &p->cpu_percent;
}

static bool read_integer(struct reading *r, const struct value *v)
{
    uint64_t number, bound;

    if (!whole_number(v->node, &number) || number < v->row->least || number > v->row->most)
        return misfit(r, v);
    if (v->id == KEY_VERSION)
        return true;
    if (layers_bound(r->p, v->id)) {
        bound = *integer_of(r->p->layers->machine, v->id);
        if (bound != 0 && (number == 0 || number > bound))
            return beyond(r, v, v->node, arena_format(r->a, "%llu", (unsigned long long)bound).p);
    }
    *integer_of(r->p, v->id) = number;
    r->p->limits_origin = origin_at(r, v->node->at);
    return true;
}

/* How much a word permits, so that the machine's can be compared with another's. */
static size_t width(enum key_id id, size_t word)
{
    bool falling = id == KEY_GIT || id == KEY_NET_SWITCH; /* the widest word stands first */
    return falling ? key_row(id)->word_count - word : word;
}

static size_t word_of(const struct policy *p, enum key_id id)
{
    return id == KEY_GIT         ? (size_t)p->git
           : id == KEY_HARDLINKS ? (size_t)p->hardlinks
           : id == KEY_DATAGRAMS ? (size_t)p->unix_datagrams
           : id == KEY_READS     ? (size_t)p->secret_reads
           : id == KEY_NET_MODE  ? (size_t)p->net
                                 : (size_t)p->net_switch;
}

static void set_word(struct policy *p, enum key_id id, size_t word, struct origin origin)
{
    if (id == KEY_GIT) {
        p->git = (enum git_mode)word;
        p->git_origin = origin;
    } else if (id == KEY_HARDLINKS) {
        p->hardlinks = (enum hardlinks)word;
        p->hardlinks_origin = origin;
    } else if (id == KEY_DATAGRAMS) {
        p->unix_datagrams = (enum unix_datagrams)word;
        p->datagrams_origin = origin;
    } else if (id == KEY_READS) {
        p->secret_reads = (enum secret_reads)word;
        p->reads_origin = origin;
    } else if (id == KEY_NET_MODE) {
        p->net = (enum net_mode)word;
        p->net_origin = origin;
    } else {
        p->net_switch = (enum net_switch)word;
        p->switch_origin = origin;
    }
}

static bool near_word(struct reading *r, const struct value *v, const struct json_node *node)
{
    struct str near = text_nearest(json_text(r->a, node), v->row->words, v->row->word_count);

    return near.p ? err_remedy(r->e, "Did you mean \"%s\"?", near.p) : false;
}

static size_t find_word(const struct key_row *row, struct str word)
{
    size_t i = 0;

    while (i < row->word_count && !str_is(word, row->words[i]))
        i++;
    return i;
}

static bool read_word(struct reading *r, const struct value *v)
{
    size_t word, bound;

    if (v->node->kind != JSON_STRING)
        return misfit(r, v);
    word = find_word(v->row, str_from(v->item->valuestring));
    if (word == v->row->word_count) {
        json_fault(r->e, ERR_POLICY, &r->source, v->node->at, "\"%s\" must be %s, found %s",
            v->row->path, shown_words(r->a, v->row).p, shown_value(r->a, v->node).p);
        return near_word(r, v, v->node);
    }
    if (layers_bound(r->p, v->id)) {
        bound = word_of(r->p->layers->machine, v->id);
        if (width(v->id, word) > width(v->id, bound))
            return beyond(r, v, v->node, arena_format(r->a, "\"%s\"", v->row->words[bound]).p);
    }
    set_word(r->p, v->id, word, origin_at(r, v->node->at));
    return true;
}

static bool read_shell(struct reading *r, const struct value *v)
{
    struct str text, path;
    struct err mine = {0};

    if (v->node->kind != JSON_STRING)
        return misfit(r, v);
    text = str_from(v->item->valuestring);
    if (key_is_program(text)) {
        r->p->shell = arena_str(r->a, text);
    } else if (!layers_is_placed(&r->env, text)) {
        return misfit(r, v);
    } else if (path_canonical(r->a, &r->env, text, &path, &mine)) {
        r->p->shell = path;
    } else {
        json_fault(r->e, ERR_POLICY, &r->source, v->node->at, "\"shell\" cannot be %s: %s",
            shown_value(r->a, v->node).p, mine.reason);
        return err_remedy(r->e, "%s", mine.remedy);
    }
    r->p->shell_origin = origin_at(r, v->node->at);
    return true;
}

/* ---- lists ---- */

static bool read_path(
    struct reading *r, const struct value *v, const cJSON *item, const struct json_node *node)
{
    enum rule_kind kind = v->id == KEY_WRITE     ? RULE_WRITE
                          : v->id == KEY_PROTECT ? RULE_PROTECT
                                                 : RULE_SECRET;
    struct rule rule;
    struct str why;
    struct err mine = {0};

    if (!layers_path(r->a, &r->env, kind, str_from(item->valuestring), &rule, &mine)) {
        json_fault(r->e, ERR_POLICY, &r->source, node->at, "\"%s\": %s: %s", v->row->path,
            shown_value(r->a, node).p, mine.reason);
        return err_remedy(r->e, "%s", mine.remedy);
    }
    rule.origin = origin_at(r, node->at);
    if (!layers_allow(r->a, &r->env, r->p, &rule, &why)) {
        json_fault(r->e, ERR_REFUSED, &r->source, node->at, "\"%s\": %s: %s", v->row->path,
            shown_value(r->a, node).p, why.p);
        return err_remedy(
            r->e, "%s", "Only who administers this machine can widen that; take this entry out.");
    }
    return layers_add(r->a, r->p, &rule) || too_many(r, v, node);
}

/* May the machine's list hold what this entry permits? Its * takes in the entry's own: whatever the
 * latter stands for, the former matches. */
static bool within_texts(const struct texts *machine, struct str text)
{
    for (size_t i = 0; i < machine->n; i++)
        if (text_matches(machine->v[i], text, false))
            return true;
    return false;
}

static struct texts *texts_of(struct policy *p, enum key_id id)
{
    return id == KEY_ENV_PASS    ? &p->env_pass
           : id == KEY_ENV_DROP  ? &p->env_drop
           : id == KEY_NET_ALLOW ? &p->net_allow
                                 : &p->partial;
}

/* A variable that pass names without a * comes through a pattern in drop (launch.h): not one of the
 * machine's. */
static bool undrops(const struct policy *p, struct str name)
{
    const struct texts *drop = layers_bound(p, KEY_ENV_DROP) ? &p->layers->machine->env_drop : NULL;

    if (!drop || str_find(name, 0, '*') < name.n)
        return false;
    for (size_t i = 0; i < drop->n; i++)
        if (text_matches(drop->v[i], name, true) && !builtin_drops(drop->v[i]))
            return true;
    return false;
}

static struct str lower(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1, 1);

    for (size_t i = 0; i < s.n; i++)
        out[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + ('a' - 'A')) : s.p[i];
    return (struct str){out, s.n};
}

static bool read_text(
    struct reading *r, const struct value *v, const cJSON *item, const struct json_node *node)
{
    struct str text = arena_str(r->a, str_from(item->valuestring));
    struct texts *list = texts_of(r->p, v->id);
    const char *fault = NULL;

    if (v->row->type == TYPE_PATTERNS)
        fault = key_name_fault(text);
    else if (v->row->type == TYPE_ADDRESSES)
        fault = key_address_fault(text);
    else if (find_word(v->row, text) == v->row->word_count)
        fault = arena_format(r->a, "an entry must be %s", shown_words(r->a, v->row).p).p;
    if (fault) {
        bad_entry(r, v, node, fault);
        if (v->row->type == TYPE_WORDS)
            return near_word(r, v, node);
        return err_remedy(r->e, "Write it as \"%s\": %s.", v->row->name, v->row->example);
    }
    if (v->row->type == TYPE_ADDRESSES)
        text = lower(r->a, text);
    if (v->row->bounded && layers_bound(r->p, v->id) &&
        !within_texts(texts_of(r->p->layers->machine, v->id), text))
        return beyond(r, v, node, "only what it lists");
    if (v->id == KEY_ENV_PASS && undrops(r->p, text))
        return beyond(r, v, node, "it drops that variable");
    if (texts_have(list, text))
        return true;
    if (list->n >= LIST_MAX)
        return too_many(r, v, node);
    *(struct str *)ARENA_PUSH(r->a, list) = text;
    return true;
}

static bool read_list(struct reading *r, const struct value *v)
{
    const cJSON *item = v->item->child;

    if (v->node->kind != JSON_ARRAY)
        return misfit(r, v);
    /* The built-in "*" is what stands while nobody lists anything: a list added to it would change
     * nothing. */
    if (v->id == KEY_ENV_PASS && r->layers->at[v->id].layer == LAYER_BUILTIN)
        r->p->env_pass = (struct texts){0};
    for (const struct json_node *node = v->node->child; node;
         node = node->next, item = item->next) {
        if (node->kind != JSON_STRING) {
            bad_entry(r, v, node, "an entry must be a string");
            return err_remedy(r->e, "Write it as \"%s\": %s.", v->row->name,
                v->row->example ? v->row->example : v->row->standard);
        }
        if (!(v->row->type == TYPE_PATHS ? read_path : read_text)(r, v, item, node))
            return false;
    }
    return true;
}

/* ---- env.set ---- */

static struct env_set *find_setting(
    const struct path_env *env, const struct env_sets *sets, struct str name)
{
    for (size_t i = 0; i < sets->n; i++)
        if (env->system == PATH_WINDOWS ? text_same(sets->v[i].name, name)
                                        : str_eq(sets->v[i].name, name))
            return &sets->v[i];
    return NULL;
}

static bool read_setting(
    struct reading *r, const struct value *v, const cJSON *item, const struct json_node *node)
{
    const char *fault = key_name_fault(node->key);
    struct str value;
    struct env_set *set;
    char shown[64];

    text_printable_into(shown, sizeof shown, node->key);
    if (!fault && str_find(node->key, 0, '*') < node->key.n)
        fault = "a variable that is set has no \"*\" in its name";
    if (!fault && str_starts(node->key, STR("CORDON_")))
        fault = "variables that begin with CORDON_ are Cordon's own";
    if (fault) {
        json_fault(r->e, ERR_POLICY, &r->source, node->key_at, "\"%s\": %s, found \"%s\"",
            v->row->path, fault, shown);
        return err_remedy(r->e, "Write it as \"%s\": %s.", v->row->name, v->row->example);
    }
    if (node->kind != JSON_STRING) {
        json_fault(r->e, ERR_POLICY, &r->source, node->at,
            "the value of \"%s\" in \"%s\" must be a string, found %s", shown, v->row->path,
            shown_value(r->a, node).p);
        return err_remedy(r->e, "%s", "Put it in double quotes.");
    }
    value = arena_str(r->a, str_from(item->valuestring));
    if (layers_bound(r->p, v->id)) {
        const struct env_set *machine =
            find_setting(&r->env, &r->p->layers->machine->env_set, node->key);
        if (machine && !str_eq(machine->value, value))
            return beyond(r, v, node, arena_format(r->a, "it sets \"%s\" itself", shown).p);
    }
    set = find_setting(&r->env, &r->p->env_set, node->key);
    if (!set && r->p->env_set.n >= LIST_MAX)
        return too_many(r, v, node);
    if (!set)
        set = ARENA_PUSH(r->a, &r->p->env_set);
    *set = (struct env_set){.name = arena_str(r->a, node->key), .value = value};
    return true;
}

static bool read_settings(struct reading *r, const struct value *v)
{
    const cJSON *item = v->item->child;

    if (v->node->kind != JSON_OBJECT)
        return misfit(r, v);
    for (const struct json_node *node = v->node->child; node; node = node->next, item = item->next)
        if (!read_setting(r, v, item, node))
            return false;
    return true;
}

/* ---- the file ---- */

static bool read_group(struct reading *r, const struct value *v);

static bool read_value(struct reading *r, const struct value *v)
{
    switch (v->row->type) {
    case TYPE_GROUP:
        return v->node->kind == JSON_OBJECT ? read_group(r, v) : misfit(r, v);
    case TYPE_INTEGER:
        return read_integer(r, v);
    case TYPE_WORD:
        return read_word(r, v);
    case TYPE_SHELL:
        return read_shell(r, v);
    case TYPE_SETTINGS:
        return read_settings(r, v);
    case TYPE_PATHS:
    case TYPE_PATTERNS:
    case TYPE_ADDRESSES:
    case TYPE_WORDS:
        return read_list(r, v);
    }
    return false;
}

static bool read_group(struct reading *r, const struct value *v)
{
    const cJSON *item = v->item->child;

    for (const struct json_node *node = v->node->child; node;
         node = node->next, item = item->next) {
        struct value member = {.id = key_find(v->id, node->key), .item = item, .node = node};
        if (member.id == KEY_TOP)
            return unknown_key(r, v->id, node);
        member.row = key_row(member.id);
        if (!read_value(r, &member))
            return false;
        r->layers->at[member.id] = origin_at(r, node->key_at);
    }
    return true;
}

/* First of all: what stands in a file of another version is not ours to judge. */
static bool check_version(struct reading *r, const struct value *top)
{
    const cJSON *item = top->item->child;

    for (const struct json_node *node = top->node->child; node;
         node = node->next, item = item->next) {
        struct value v = {KEY_VERSION, key_row(KEY_VERSION), item, node};
        uint64_t number;
        if (!str_is(node->key, v.row->name))
            continue;
        if (whole_number(node, &number) && number != 1) {
            json_fault(r->e, ERR_POLICY, &r->source, node->at,
                "this file is of version %s, and this Cordon reads version 1 only",
                shown_value(r->a, node).p);
            return err_remedy(
                r->e, "%s", "Write it for version 1, or use a Cordon that knows the other.");
        }
        return read_integer(r, &v);
    }
    json_fault(r->e, ERR_POLICY, &r->source, top->node->at, "the key \"version\" is missing");
    return err_remedy(r->e, "%s", "Begin with { \"version\": 1, ...");
}

/* The machine's values, as they are now, bound what comes later. */
static bool set_bounds(struct reading *r)
{
    struct policy *machine = arena_alloc(r->a, 1, sizeof *machine);
    struct rule workspace = {
        .kind = RULE_WRITE, .text = r->p->workspace, .path = r->p->workspace, .anchored = true};
    struct str why;

    for (size_t i = 0; i < KEY_COUNT; i++)
        if (r->layers->at[i].layer == LAYER_MACHINE)
            r->layers->machine_at[i] = r->layers->at[i];
    policy_copy(r->a, r->p, machine);
    r->layers->machine = machine;
    if (workspace.path.n == 0)
        return true;
    /* The list of writable folders is about those besides the workspace; a secret or protected path
     * is not. */
    struct origin listed = r->layers->machine_at[KEY_WRITE];
    r->layers->machine_at[KEY_WRITE] = (struct origin){0};
    bool good = layers_allow(r->a, &r->env, r->p, &workspace, &why);
    r->layers->machine_at[KEY_WRITE] = listed;
    if (good)
        return true;
    err_set(r->e, ERR_REFUSED, "this folder cannot be the workspace");
    err_subject(r->e, workspace.path);
    err_reason(r->e, "%s", why.p);
    return err_remedy(r->e, "%s", "Open Cordon in another folder.");
}

static bool read_file(struct reading *r, const cJSON *item, const struct json_node *node)
{
    struct value top = {.id = KEY_TOP, .item = item, .node = node};

    if (!trees_agree(r->a, item, node)) {
        json_fault(
            r->e, ERR_BUG, &r->source, 0, "two readers of this file do not agree on what it says");
        return err_remedy(r->e, "%s", "Please report it with the file.");
    }
    if (node->kind != JSON_OBJECT) {
        json_fault(r->e, ERR_POLICY, &r->source, node->at, "expected an object, found %s",
            shown_value(r->a, node).p);
        return err_remedy(r->e, "%s", "A policy is { \"version\": 1, ... }.");
    }
    if (!check_version(r, &top) || !read_group(r, &top))
        return false;
    return r->layer != LAYER_MACHINE || set_bounds(r);
}

bool policy_read(struct arena *a, const struct path_env *env, struct str bytes, enum layer layer,
    struct str file_name, struct policy *policy, struct err *e)
{
    struct policy draft;
    struct policy_layers *layers = arena_alloc(a, 1, sizeof *layers);
    struct reading r = {.a = a,
        .env = *env,
        .source = {.what = "policy refused",
            .file = arena_str(a, file_name),
            .bytes = bytes,
            .placeless = layer > LAYER_FILE},
        .layer = layer,
        .p = &draft,
        .layers = layers,
        .e = e};
    struct json_node *node;
    cJSON *item;
    bool good;

    r.env.cwd = (struct str){0}; /* a file's meaning does not depend on where Cordon was opened */
    r.env.backslash = true;
    if (!json_check(a, &r.source, &node, e))
        return false;
    policy_copy(a, policy, &draft);
    if (draft.layers)
        *layers = *draft.layers;
    draft.layers = layers;
    item = cJSON_ParseWithLengthOpts(bytes.p, bytes.n, NULL, false);
    if (!item) {
        json_fault(
            e, ERR_BUG, &r.source, 0, "two readers of this file do not agree on what it says");
        return err_remedy(e, "%s", "Please report it with the file.");
    }
    good = read_file(&r, item, node);
    cJSON_Delete(item);
    if (good)
        *policy = draft;
    return good;
}

bool net_mode_parse(struct str word, enum net_mode *out)
{
    size_t i = find_word(key_row(KEY_NET_MODE), word);

    if (i < COUNT_OF(key_net_modes))
        *out = (enum net_mode)i;
    return i < COUNT_OF(key_net_modes);
}

const char *net_mode_name(enum net_mode mode)
{
    return key_net_modes[mode];
}
