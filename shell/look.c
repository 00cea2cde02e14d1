/*
 * look: the verbs that only look: why, and policy check, show, explain. They read, and open nothing.
 */
#include "shell.h"
#include "../sandbox/core/keys.h"
#include "../sandbox/core/text.h"

/* ---- why ---- */

/* "host:port": no separator in it, and a number behind the last colon. */
static bool is_address(struct str word, struct str *host, uint16_t *port)
{
    size_t colon = word.n;
    unsigned long value = 0;

    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '/')
            return false;
        if (word.p[i] == ':')
            colon = i;
    }
    if (colon == 0 || colon + 1 >= word.n)
        return false;
    for (size_t i = colon + 1; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9' || value > 65535)
            return false;
        value = value * 10 + (unsigned long)(word.p[i] - '0');
    }
    *host = str_slice(word, 0, colon);
    *port = (uint16_t)value;
    return value > 0 && value <= 65535;
}

static const char *wall_name(enum wall wall)
{
    static const char *const names[] = {"", "a read-only mount", "Landlock", "a namespace of its own",
        "the observer"};
    return names[wall];
}

static void say_verdict(struct buf *out, struct arena *a, enum operation operation, const struct verdict *v)
{
    buf_format(out, "%-8s %s", operation_name(operation), v->allowed ? "allowed" : "refused");
    if (v->why.n)
        buf_format(out, ": %s", text_printable_once(a, v->why).p);
    buf_format(out, "\n");
    if (v->rule)
        buf_format(out, "         rule: %s \"%s\" (%s)\n",
            v->rule->kind == RULE_WRITE     ? "write"
            : v->rule->kind == RULE_PROTECT ? "protect"
                                            : "secret",
            text_printable(a, v->rule->text).p, origin_text(a, &v->rule->origin).p);
    if (!v->allowed && v->wall != WALL_NONE)
        buf_format(out, "         held by: %s\n", wall_name(v->wall));
    if (!v->allowed && v->change.n)
        buf_format(out, "         to change it: %s\n", text_printable_once(a, v->change).p);
}

static void verdict_json(struct buf *out, struct arena *a, struct str subject, enum operation operation,
    const struct verdict *v)
{
    buf_format(out, "{\"version\":1,\"subject\":");
    text_json(out, subject);
    buf_format(out, ",\"operation\":\"%s\",\"allowed\":%s,\"why\":", operation_name(operation),
        v->allowed ? "true" : "false");
    text_json(out, v->why);
    if (v->rule) {
        buf_format(out, ",\"rule\":");
        text_json(out, v->rule->text);
        buf_format(out, ",\"origin\":");
        text_json(out, origin_text(a, &v->rule->origin));
    }
    if (!v->allowed) {
        buf_format(out, ",\"wall\":\"%s\",\"change\":", wall_name(v->wall));
        text_json(out, v->change);
    }
    buf_format(out, "}\n");
}

/* Where the path really leads; of one that is not there, where the nearest folder above it does. */
static struct str real_or_nearest(const struct session *s, struct arena *a, struct str path, bool *missing)
{
    struct str at = path, rest = {"", 0}, real;

    *missing = false;
    for (;;) {
        struct err ignored = {0};
        if (sys_real_path(a, at, &real, &ignored))
            return rest.n ? path_join(a, s->env.system, real, rest) : real;
        *missing = true;
        struct str name = path_name(s->env.system, at), parent = path_parent(s->env.system, at);
        if (str_eq(parent, at))
            return path;
        rest = rest.n ? path_join(a, s->env.system, name, rest) : name;
        at = parent;
    }
}

static bool why_path(struct session *s, const struct opened *o, struct arena *a, const struct texts *words,
    bool json, struct buf *out, struct err *e)
{
    static const enum operation shown[] = {OPERATION_READ, OPERATION_WRITE, OPERATION_CREATE, OPERATION_DELETE};
    enum operation one = OPERATION_READ;
    struct path_env env = session_env(s);
    struct str path, real;
    bool missing, single = words->n > 1;

    if (single && !operation_parse(words->v[1], &one)) {
        err_set(e, ERR_USAGE, "no such operation");
        err_subject(e, words->v[1]);
        return err_remedy(e, "read, write, create, delete, rename, link, mode or time");
    }
    if (!path_canonical(a, &env, words->v[0], &path, e))
        return false;
    real = real_or_nearest(s, a, path, &missing);
    if (!json) {
        if (!path_same(&env, path, real))
            buf_format(out, "%s leads to ", text_printable(a, path).p);
        buf_format(out, "%s%s\n", text_printable(a, real).p, missing ? " (does not exist)" : "");
    }
    for (size_t i = 0; i < (single ? 1 : COUNT_OF(shown)); i++) {
        enum operation operation = single ? one : shown[i];
        struct verdict v = rules_verdict(a, &o->policy, &env, &s->host, real, operation);
        if (json)
            verdict_json(out, a, real, operation, &v);
        else
            say_verdict(out, a, operation, &v);
    }
    return true;
}

bool why_report(struct session *s, const struct opened *o, const struct texts *words, bool json,
    struct buf *out, struct err *e)
{
    struct arena a = {0};
    struct str host;
    uint16_t port;
    bool good = true;

    if (is_address(words->v[0], &host, &port)) {
        struct verdict v = rules_verdict_address(&a, &o->policy, host, port);
        if (json)
            verdict_json(out, &a, words->v[0], OPERATION_CONNECT, &v);
        else
            say_verdict(out, &a, OPERATION_CONNECT, &v);
    } else {
        good = why_path(s, o, &a, words, json, out, e);
    }
    arena_release(&a);
    return good;
}

/* The policy and the plan, without a boundary: what would be enforced. */
static bool look(struct session *s, const struct options *o, struct opened **out, struct err *e)
{
    return session_begin(s, o, e) && session_open(s, OPEN_NO_PROOF | OPEN_EMPTY_OK, out, e);
}

static int end_look(struct session *s, struct opened **looked, struct buf *out, const struct err *e, int code)
{
    tty_print(buf_view(out));
    if (e->kind)
        say_error(e);
    buf_release(out);
    opened_close(looked);
    session_end(s);
    return e->kind ? EXIT_CORDON : code;
}

int verb_why(const struct options *o)
{
    struct session s = {.options = o};
    struct opened *looked = NULL;
    struct texts words = {0};
    struct buf out = {0};
    struct err e = {0};

    for (size_t i = 0; i < o->args.n; i++)
        *(struct str *)ARENA_PUSH(&s.arena, &words) = o->args.v[i];
    if (o->operation.p && words.n == 1)
        *(struct str *)ARENA_PUSH(&s.arena, &words) = o->operation;
    if (look(&s, o, &looked, &e))
        why_report(&s, looked, &words, o->json, &out, &e);
    return end_look(&s, &looked, &out, &e, EXIT_OK);
}

/* ---- policy ---- */

static int policy_check(struct session *s, const struct options *o, struct buf *out, struct err *e)
{
    struct policy p = {0};
    struct str file, bytes, shown;

    if (o->args.n < 2) {
        if (!session_policy(s, &s->arena, OPEN_EMPTY_OK, &p, e))
            return EXIT_FINDING;
        shown = STR("the policy");
    } else {
        if (!path_canonical(&s->arena, &s->env, o->args.v[1], &file, e) ||
            !sys_read_file(&s->arena, file, POLICY_BYTES_MAX, false, &bytes, e))
            return EXIT_CORDON;
        shown = path_display(&s->arena, &s->env, file);
        policy_builtin(&s->arena, &s->env, &s->host, &p);
        if (!policy_read(&s->arena, &s->env, bytes, LAYER_FILE, shown, &p, e))
            return EXIT_FINDING;
    }
    for (size_t i = 0; i < p.warnings.n; i++)
        buf_format(out, "warning: %s\n", text_printable(&s->arena, p.warnings.v[i]).p);
    buf_format(out, "%s is good\n", text_printable(&s->arena, shown).p);
    return EXIT_OK;
}

static int policy_show(struct session *s, const struct options *o, struct opened **looked, struct buf *out,
    struct err *e)
{
    unsigned flags = OPEN_NO_PROOF | OPEN_EMPTY_OK;
    if (!o->plan) {
        struct policy p = {0};
        if (!session_policy(s, &s->arena, flags, &p, e))
            return EXIT_CORDON;
        if (o->json)
            policy_print_json(out, &s->arena, &p);
        else
            policy_print(out, &s->arena, &s->env, &p);
        return EXIT_OK;
    }
    if (!session_open(s, flags, looked, e))
        return EXIT_CORDON;
    plan_print(out, &s->arena, &s->env, &(*looked)->plan);
    return EXIT_OK;
}

static enum key_id key_by_path(struct str path)
{
    for (int id = KEY_TOP + 1; id < KEY_COUNT; id++)
        if (str_is(path, key_row((enum key_id)id)->path))
            return (enum key_id)id;
    return KEY_TOP;
}

static void explain(struct buf *out, enum key_id id)
{
    const struct key_row *row = key_row(id);

    buf_format(out, "%s: %s\n  value:   %s", row->path, row->help, key_type_text(row->type));
    for (size_t i = 0; i < row->word_count; i++)
        buf_format(out, "%s\"%s\"", i ? ", " : ": ", row->words[i]);
    if (row->type == TYPE_INTEGER)
        buf_format(out, " from %llu to %llu", (unsigned long long)row->least, (unsigned long long)row->most);
    buf_format(out, "\n  default: %s\n", row->standard ? row->standard : "none; it must be there");
    if (row->example)
        buf_format(out, "  example: %s\n", row->example);
    if (row->also)
        buf_format(out, "  also:    %s\n", row->also);
    if (row->bounded)
        buf_format(out, "  an administrator's value bounds the others\n");
    for (int child = KEY_TOP + 1; child < KEY_COUNT; child++)
        if (key_row((enum key_id)child)->parent == id)
            buf_format(out, "  has      %s\n", key_row((enum key_id)child)->path);
}

static int policy_explain(const struct options *o, struct buf *out, struct err *e)
{
    const char *names[KEY_COUNT];
    enum key_id id;
    struct str near;

    for (int i = KEY_TOP + 1; i < KEY_COUNT; i++)
        names[i - KEY_TOP - 1] = key_row((enum key_id)i)->path;
    if (o->args.n < 2) {
        for (int i = KEY_TOP + 1; i < KEY_COUNT; i++)
            buf_format(out, "%-20s %s\n", key_row((enum key_id)i)->path, key_row((enum key_id)i)->help);
        return EXIT_OK;
    }
    id = key_by_path(o->args.v[1]);
    if (id != KEY_TOP) {
        explain(out, id);
        return EXIT_OK;
    }
    near = text_nearest(o->args.v[1], names, KEY_COUNT - KEY_TOP - 1);
    err_set(e, ERR_USAGE, "no such key");
    err_subject(e, o->args.v[1]);
    if (near.n)
        err_remedy(e, "did you mean %s?", near.p);
    else
        err_remedy(e, "cordon policy explain lists them");
    return EXIT_CORDON;
}

static bool unknown_word(struct str word, struct err *e)
{
    static const char *const words[] = {"check", "show", "explain"};
    struct str near = text_nearest(word, words, COUNT_OF(words));
    err_set(e, ERR_USAGE, "policy knows check, show and explain");
    err_subject(e, word);
    return near.n && err_remedy(e, "did you mean cordon policy %s?", near.p);
}

int verb_policy(const struct options *o)
{
    struct session s = {.options = o};
    struct opened *looked = NULL;
    struct str word = o->args.v[0];
    struct buf out = {0};
    struct err e = {0};
    int code = EXIT_CORDON;

    if (!session_begin(&s, o, &e))
        code = EXIT_CORDON;
    else if (str_is(word, "check"))
        code = policy_check(&s, o, &out, &e);
    else if (str_is(word, "show"))
        code = policy_show(&s, o, &looked, &out, &e);
    else if (str_is(word, "explain"))
        code = policy_explain(o, &out, &e);
    else
        unknown_word(word, &e);
    if (code == EXIT_FINDING) {
        say_error(&e);
        err_clear(&e);
    }
    return end_look(&s, &looked, &out, &e, code);
}
