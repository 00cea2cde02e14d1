/*
 * last_word: what changed, while a session ran, in files that tools outside run or obey on sight. Looked at when the
 * session opens and when it ends, and shown then and by :status: the sandbox's last word to the person about what they
 * run next.
 */
#include "shell.h"

#define LINES_MAX 20

static bool knows(const struct last_word *w, struct str root)
{
    for (size_t i = 0; i < w->roots.n; i++)
        if (str_eq(w->roots.v[i], root))
            return true;
    return false;
}

static bool holds(const struct last_word *w, struct str path)
{
    for (size_t i = 0; i < w->held.n; i++)
        if (str_eq(w->held.v[i], path))
            return true;
    return false;
}

static void remember_held(struct last_word *w, const struct opened *o)
{
    for (size_t i = 0; i < o->plan.n; i++)
        if (o->plan.v[i].kind == OP_PLACEHOLDER && !holds(w, o->plan.v[i].path))
            *(struct str *)ARENA_PUSH(&w->arena, &w->held) = arena_str(&w->arena, o->plan.v[i].path);
}

static void begin_root(struct last_word *w, struct str path)
{
    struct err ignored = {0};
    struct str root;

    if (!sys_real_path(&w->arena, path, &root, &ignored) || knows(w, root))
        return;
    *(struct str *)ARENA_PUSH(&w->arena, &w->roots) = root;
    obeyed_look(&w->arena, root, &w->held, &w->before);
}

void last_word_begin(struct session *s, const struct opened *o)
{
    struct last_word *w = &s->last_word;

    if (!w->wanted)
        return;
    if (!w->since_ms)
        w->since_ms = sys_clock_ms();
    remember_held(w, o);
    if (o->policy.workspace.n)
        begin_root(w, o->policy.workspace);
    for (size_t i = 0; i < o->policy.rules.n; i++) {
        const struct rule *r = &o->policy.rules.v[i];
        if (r->kind == RULE_WRITE && !r->revoked)
            begin_root(w, r->path);
    }
}

bool last_word_notes(struct session *s, struct arena *a, bool walk, struct obeyed_notes *out)
{
    bool all = true;
    struct last_word *w = &s->last_word;
    struct obeyed_list after = {0};

    for (size_t i = 0; i < w->roots.n; i++)
        obeyed_look(a, w->roots.v[i], &w->held, &after);
    obeyed_compare(a, &w->before, &after, out);
    for (size_t i = 0; walk && i < w->roots.n; i++)
        all = obeyed_walk(a, w->roots.v[i], w->since_ms, out) && all;
    return all;
}

void last_word_say(struct session *s)
{
    struct arena a = {0};
    struct obeyed_notes notes = {0};
    struct buf out = {0};
    bool all;

    if (!s->last_word.roots.n || s->options->quiet)
        return;
    all = last_word_notes(s, &a, true, &notes);
    if (notes.n) {
        buf_format(&out, "cordon: changed in here while it was open, and obeyed outside:\n");
        obeyed_print(&out, &a, &s->env, s->last_word.roots.v[0], &notes, LINES_MAX);
        if (!all)
            buf_format(&out, "  (and there is more below than was looked through)\n");
    } else if (!all) {
        buf_format(&out, "cordon: nothing seen to have changed that is obeyed outside, but there is more in here than was "
                         "looked through\n");
    }
    tty_print_error(buf_view(&out));
    buf_release(&out);
    arena_release(&a);
}

void last_word_end(struct session *s)
{
    arena_release(&s->last_word.arena);
    s->last_word = (struct last_word){0};
}
