/*
 * look: the verbs that only look at the policy: check, show, explain, export. They read, and open nothing.
 */
#include "shell.h"
#include "../sandbox/core/keys.h"
#include "../sandbox/core/places.h"
#include "../sandbox/core/text.h"

static int end_look(struct session *s, struct opened **looked, struct buf *out, const struct err *e, int code)
{
    if (s->options->json)
        tty_print(buf_view(out));
    else
        tty_print_folded(buf_view(out), false);
    if (e->kind)
        say_error(e);
    buf_release(out);
    opened_close(looked);
    session_end(s);
    return e->kind ? EXIT_CORDON : code;
}

/* ---- policy ---- */

static void say_warnings(struct session *s, const struct policy *p, struct buf *out)
{
    for (size_t i = 0; i < p->warnings.n; i++)
        buf_format(out, "warning: %s\n", text_printable_once(&s->arena, p->warnings.v[i]).p);
}

/* Nothing is planned here, so what a plan would warn of is looked for: folders that are to be writable and are not there. */
static void warn_of_missing(struct session *s, struct policy *p)
{
    struct texts questions = {0};
    struct facts facts = {0};

    for (size_t i = 0; i < p->rules.n; i++)
        if (p->rules.v[i].kind == RULE_WRITE && !p->rules.v[i].revoked)
            *(struct str *)ARENA_PUSH(&s->arena, &questions) = p->rules.v[i].path;
    facts_paths(&s->arena, &questions, &facts);
    for (size_t i = 0; i < facts.n; i++)
        if (facts.v[i].kind == FACT_MISSING)
            *(struct str *)ARENA_PUSH(&s->arena, &p->warnings) =
                arena_format(&s->arena, "\"write\": %s does not exist, so nothing is writable there",
                    path_display(&s->arena, &s->env, facts.v[i].path).p);
}

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
    warn_of_missing(s, &p);
    say_warnings(s, &p, out);
    buf_format(out, "%s is good\n", text_printable_once(&s->arena, shown).p);
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
        else {
            policy_print(out, &s->arena, &s->env, &p);
            warn_of_missing(s, &p);
            say_warnings(s, &p, out);
        }
        return EXIT_OK;
    }
    if (!session_open(s, flags, looked, e))
        return EXIT_CORDON;
    plan_print(out, &s->arena, &s->env, &(*looked)->plan);
    say_warnings(s, &(*looked)->policy, out);
    return EXIT_OK;
}

/* With what git would obey here: so the disk is looked at, as for a plan. */
static int policy_to(struct session *s, const struct options *o, struct opened **looked, struct buf *out, struct err *e)
{
    struct places places = {0};

    if (!session_open(s, OPEN_NO_PROOF | OPEN_EMPTY_OK, looked, e))
        return EXIT_CORDON;
    places_list(&s->arena, &(*looked)->policy, &s->env, &s->host, &places);
    if (!policy_export(out, &s->arena, &s->env, &(*looked)->policy, &places, o->args.n > 1 ? o->args.v[1] : STR("nothing"), e)) {
        buf_clear(out);
        return EXIT_CORDON;
    }
    tty_print(buf_view(out)); /* a file: its lines stay as they are */
    buf_clear(out);
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
    static const char *const words[] = {"check", "show", "explain", "export"};
    struct str near = text_nearest(word, words, COUNT_OF(words));
    err_set(e, ERR_USAGE, "policy knows check, show, explain and export");
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

    if (str_is(word, "show") && o->args.n > 1) {
        err_set(&e, ERR_USAGE, "one argument too many");
        err_subject(&e, o->args.v[1]);
        err_remedy(&e, "usage: cordon policy show [--plan]");
    } else if (!session_begin(&s, o, &e))
        code = EXIT_CORDON;
    else if (str_is(word, "check"))
        code = policy_check(&s, o, &out, &e);
    else if (str_is(word, "show"))
        code = policy_show(&s, o, &looked, &out, &e);
    else if (str_is(word, "explain"))
        code = policy_explain(o, &out, &e);
    else if (str_is(word, "export"))
        code = policy_to(&s, o, &looked, &out, &e);
    else
        unknown_word(word, &e);
    if (code == EXIT_FINDING) {
        say_error(&e);
        err_clear(&e);
    }
    return end_look(&s, &looked, &out, &e, code);
}
