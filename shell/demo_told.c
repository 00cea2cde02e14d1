/*
 * demo_told: the violations of demo_scenes.c played on Windows, and told: who tries what, what came of it, which rule refused, what
 * would allow it, and the two controls beside it; one screen each, and the same for machines.
 */
#include "demo_scenes.h"
#include "../sandbox/core/rules.h"
#include "../sandbox/core/text.h"

struct telling {
    const struct scene *scene;
    const struct trial *row;
    struct trial_result came;
    enum scene_end end;
    bool promised; /* by this tier */
    struct verdict verdict; /* of the rules, about a decoy; allowed: they say nothing */
};

/* ---- decoys ---- */

static struct str place(struct stage *d, const char *name)
{
    return path_join(&d->arena, PATH_WINDOWS, d->folder, str_from(name));
}

static bool make_one(struct stage *d, const struct scene *m, const char *name, struct err *e)
{
    return m->folder ? sys_make_folders(place(d, name), 0700, e) : stage_file(d, place(d, name), e);
}

bool scenes_decoys(struct stage *d, struct err *e)
{
    size_t count;
    const struct scene *list = scenes_list(&count);

    for (size_t i = 0; i < count; i++) {
        const struct scene *m = &list[i];
        if (!m->own.decoy)
            continue;
        if (!make_one(d, m, m->own.other, e) || !make_one(d, m, m->links_to ? m->links_to : m->own.decoy, e))
            return false;
        if (m->links_to) /* one that cannot be made is missing, and said to be */
            trial_link(&d->arena, place(d, m->own.decoy), place(d, m->links_to), m->junction);
    }
    return true;
}

void scenes_secret(struct stage *d)
{
    size_t count;
    const struct scene *list = scenes_list(&count);

    for (size_t i = 0; i < count; i++)
        if (list[i].secret)
            *(struct str *)ARENA_PUSH(&d->arena, &d->options.secret) = place(d, list[i].secret);
}

/* ---- words ---- */

/* One label, and words that go on in further lines. A path of Windows stands as it is typed. */
static void told(struct buf *out, struct arena *a, const char *label, struct str text)
{
    if (text.n)
        text_fold(out, arena_format(a, "  %-*s%s\n", SHOW_LABEL - 2, label, text_printable_once(a, text).p), SHOW_COLUMNS);
}

static const char *verdict_words(const struct telling *w)
{
    switch (w->end) {
    case SCENE_HELD:
        return w->row->how == TRIAL_OUTSIDE ? "held" : "refused";
    case SCENE_HAPPENED:
        return w->row->how == TRIAL_OUTSIDE ? "NOT HELD" : "NOT REFUSED";
    case SCENE_NOT_TRIED:
        return "not tried";
    case SCENE_SHOWS_NOTHING:
        break;
    }
    return "shows nothing";
}

/* What the same process could do just before. */
static const char *same_words(const struct trial *row)
{
    if (row->same_on == ON_OTHER_DECOY)
        return "the same on a decoy where it is allowed";
    switch ((int)row->same) {
    case PROBE_WRITE:
        return "a write in the workspace";
    case PROBE_START:
        return "a program of its own, started";
    case PROBE_LOOPBACK:
        return "a connection to a listener of its own";
    case PROBE_CLIPBOARD:
        return "the clipboard of its own window station";
    default:
        return "the same on what is its own";
    }
}

static struct str outcome(struct arena *a, const struct telling *w)
{
    struct err e = {0};

    if (w->came.observed == ANSWER_DONE)
        return w->row->how == TRIAL_OUTSIDE ? STR("done, and what it must not touch is as it was") : STR("let it pass");
    if (w->came.observed == ANSWER_UNKNOWN)
        return STR("no clear answer");
    if (!w->came.code)
        return str_from(probe_answer_name(w->came.observed));
    sys_reason(&e, w->came.code);
    return arena_format(a, "%s: %s", probe_answer_name(w->came.observed), e.reason);
}

/* Paths of the stage by what they stand for. */
static struct str shortened(struct stage *d, struct str text)
{
    const struct str folders[] = {d->work, place(d, "outside")};
    const char *const names[] = {".", "~"};

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        text = demo_replaced(&d->arena, text, path_display(&d->arena, &d->session.env, folders[i]), str_from(names[i]));
        text = demo_replaced(&d->arena, text, folders[i], str_from(names[i]));
    }
    return text;
}

static struct str rule_words(struct stage *d, const struct telling *w)
{
    struct str words = w->verdict.allowed ? str_from(w->scene->rule ? w->scene->rule : w->row->sentence) : shortened(d, w->verdict.why);

    if (str_is(str_from(w->row->rule), "first")) /* which is none */
        return words;
    return arena_format(&d->arena, "%s: %s", w->row->rule, words.p);
}

static struct str remedy_words(struct stage *d, const struct telling *w)
{
    if (w->scene->allow)
        return str_from(w->scene->allow);
    return w->verdict.allowed ? (struct str){0} : shortened(d, w->verdict.change);
}

/* Why it came out no better. */
static struct str because(struct stage *d, const struct telling *w, bool enforced)
{
    if (w->end == SCENE_HELD)
        return (struct str){0};
    if (!enforced && w->end != SCENE_NOT_TRIED)
        return STR("nothing is enforced here (tier none): whatever came of it, nothing is held");
    if (w->end == SCENE_HAPPENED && (w->came.named || !w->promised))
        return STR("not held in this tier, which says so: cordon status names what is open, and cordon setup closes what can be");
    if (w->end == SCENE_HAPPENED)
        return arena_format(&d->arena, "BROKEN: this tier promises it. %s", w->row->remedy);
    return w->came.detail;
}

/* ---- one screen ---- */

static void show_controls(struct stage *d, const struct telling *w, struct buf *out)
{
    if (w->row->how != TRIAL_INSIDE)
        return;
    told(out, &d->arena, "control", arena_format(&d->arena, "inside: %s: %s", same_words(w->row), probe_answer_name(w->came.same)));
    if (!w->row->alone)
        told(out, &d->arena, "", arena_format(&d->arena, "outside: the same attempt, as you: %s", probe_answer_name(w->came.outside)));
}

static void told_screen(struct stage *d, const struct telling *w, size_t number, size_t of, bool enforced, struct buf *out)
{
    struct str why = because(d, w, enforced), remedy = remedy_words(d, w);

    show_heading(out, number, of, w->scene->title, w->scene->name, w->scene->words);
    told(out, &d->arena, "as by", str_from(w->scene->command));
    if (w->end != SCENE_NOT_TRIED) {
        if (w->row->how == TRIAL_INSIDE)
            told(out, &d->arena, "tried", w->row->on == ON_DECOY
                    ? arena_format(&d->arena, "by a grandchild of a session, on a decoy: %s", shortened(d, w->came.subject).p)
                    : STR("by a grandchild of a session that Cordon opened for this"));
        else
            told(out, &d->arena, "tried", STR("out here, with decoys: it is Cordon's own doing that is tested"));
        told(out, &d->arena, "Windows", outcome(&d->arena, w));
    }
    if (w->end == SCENE_HELD)
        told(out, &d->arena, "unharmed", str_from(w->scene->unharmed));
    else if (w->end == SCENE_HAPPENED)
        told(out, &d->arena, "unharmed", STR("you: only decoys of Cordon's were there to be harmed"));
    told(out, &d->arena, "rule", rule_words(d, w));
    told(out, &d->arena, "to allow", remedy);
    if (w->end != SCENE_NOT_TRIED)
        show_controls(d, w, out);
    told(out, &d->arena, "but", why);
    show_verdict(out, w->end == SCENE_HELD, verdict_words(w));
}

static void told_json(struct stage *d, const struct telling *w, bool enforced, struct buf *out)
{
    static const char *const observed[] = {"refused", "happened", "unclear", "not tried"};
    bool control = (w->row->same == PROBE_KIND_COUNT || w->came.same == ANSWER_DONE) && (w->row->alone || w->came.outside == ANSWER_DONE);

    if (w->row->how == TRIAL_OUTSIDE)
        control = w->end == SCENE_HELD;
    buf_format(out, "{\"version\":1,\"name\":\"%s\",\"expected\":\"refused\",\"observed\":\"%s\",\"control\":%s,\"held\":%s",
        w->scene->name, observed[w->end], control ? "true" : "false", w->end == SCENE_HELD ? "true" : "false");
    show_member(out, "verdict", str_from(verdict_words(w)));
    show_member(out, "command", str_from(w->scene->command));
    show_member(out, "trial", str_from(w->row->name));
    show_member(out, "kernel", w->end == SCENE_NOT_TRIED ? (struct str){0} : outcome(&d->arena, w));
    show_member(out, "rule", rule_words(d, w));
    show_member(out, "remedy", remedy_words(d, w));
    show_member(out, "because", because(d, w, enforced));
    show_member(out, "title", str_from(w->scene->title));
    buf_format(out, ",\"promised\":%s,\"code\":%ld}\n", w->promised && !w->came.named ? "true" : "false", w->came.code);
}

/* ---- all of them ---- */

/* What the rules say. Where a decoy stands for a thing of the person's, of that: the decoy's own are of the stage's making. */
static struct verdict verdict_of(struct stage *d, const struct scene *m)
{
    const struct session *s = &d->session;
    struct str victim = str_from(m->links_to ? m->links_to : m->own.decoy ? m->own.decoy : ""), outside = STR("outside/");
    struct verdict v = {.allowed = true};

    if (!victim.n)
        return v;
    if (str_starts(victim, outside) && s->host.home.n)
        v = rules_verdict(&d->arena, &s->open->policy, &s->env, &s->host,
            path_join(&d->arena, PATH_WINDOWS, s->host.home, str_slice(victim, outside.n, victim.n)), m->operation);
    if (v.allowed)
        v = rules_verdict(&d->arena, &s->open->policy, &s->env, &s->host, place(d, victim.p), m->operation);
    return v;
}

static void play_one(struct stage *d, struct trying *t, struct telling *w)
{
    const struct opened *o = d->session.open;

    w->verdict = verdict_of(d, w->scene);
    trials_one(t, w->row, &w->came);
    w->end = scene_judge(w->row, &w->came, trials_enforced(t));
    w->promised = scene_promised(w->row, o->plan.tier);
}

void scenes_play(struct stage *d, struct str name, bool json, size_t *held, size_t *tried, size_t *left)
{
    struct trial_decoys decoys = {d->folder, d->listener.port, d->options.weak};
    struct trying *t = trials_begin(&d->arena, &d->session, d->session.open, &decoys);
    size_t count;
    const struct scene *list = scenes_list(&count);

    for (size_t i = 0; i < count; i++) {
        struct telling w = {.scene = &list[i], .row = scene_trial(&list[i])};
        struct buf out = {0};
        if (!w.row || (name.n && !str_is(name, list[i].name)) || (d->options.weak && !list[i].weak))
            continue;
        play_one(d, t, &w);
        if (json)
            told_json(d, &w, trials_enforced(t), &out);
        else
            told_screen(d, &w, i + 1, count, trials_enforced(t), &out);
        tty_print(buf_view(&out));
        buf_release(&out);
        *tried += w.end != SCENE_NOT_TRIED;
        *left += w.end == SCENE_NOT_TRIED;
        *held += w.end == SCENE_HELD;
    }
    trials_end(t);
}
