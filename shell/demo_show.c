/*
 * demo_show: one demo on one screen: at most 24 lines of 80 columns, in plain words, and what the kernel said; and the
 * same for machines.
 */
#include "demo_parts.h"
#include "../sandbox/core/rules.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define COLUMNS SHOW_COLUMNS
#define LABEL   SHOW_LABEL

bool showing_held(const struct showing *w)
{
    return w->attempt.tried && !w->attempt.happened && w->control;
}

static const char *verdict_words(const struct showing *w)
{
    if (w->attempt.happened)
        return "NOT REFUSED";
    return showing_held(w) ? "refused" : "shows nothing";
}

/* One line, cut where the screen ends. */
static void line(struct buf *out, const char *label, struct str text)
{
    char cut[COLUMNS - LABEL + 1];

    text_printable_into(cut, sizeof cut, text);
    buf_format(out, "  %-*s%s\n", LABEL - 2, label, cut);
}

/* Words, that go on in further lines. */
static void lines(struct buf *out, struct arena *a, const char *label, struct str text)
{
    char cut[3 * (COLUMNS - LABEL)];

    text_printable_into(cut, sizeof cut, text);
    text_fold(out, arena_format(a, "  %-*s%s\n", LABEL - 2, label, cut), COLUMNS);
}

/* A path whose end says more than its middle: it is shortened there. */
static struct str in_middle(struct arena *a, struct str path, size_t most)
{
    size_t head = most / 3, tail = most - head - 3;

    if (path.n <= most || most < 16)
        return path;
    tail = path.n - tail;
    while (head > 0 && ((unsigned char)path.p[head] & 0xC0) == 0x80)
        head--;
    while (tail < path.n && ((unsigned char)path.p[tail] & 0xC0) == 0x80)
        tail++;
    return arena_format(a, "%.*s...%.*s", (int)head, path.p, (int)(path.n - tail), path.p + tail);
}

/* The last line that the programs printed is where they say what refused them. */
static struct str last_line(struct str said)
{
    size_t end = said.n, begin;

    while (end && said.p[end - 1] == '\n')
        end--;
    for (begin = end; begin && said.p[begin - 1] != '\n'; begin--)
        continue;
    return str_slice(said, begin, end);
}

/* "cat: x: Permission denied" -> "Permission denied": the words for the error's number, as programs print them. */
static struct str kernel_words(const struct attempt *t)
{
    struct str last = last_line(t->said);

    for (size_t i = last.n; i > 1; i--)
        if (last.p[i - 2] == ':' && last.p[i - 1] == ' ')
            return str_slice(last, i, last.n);
    return (struct str){0};
}

void show_heading(struct buf *out, size_t number, size_t of, const char *title, const char *name, const char *words)
{
    struct buf bar = {0};

    buf_format(&bar, "== %llu of %llu: %s (%s) ", (unsigned long long)number, (unsigned long long)of, title, name);
    while (bar.n < COLUMNS)
        buf_add(&bar, "=", 1);
    buf_format(out, "%.*s\n%s\n\n", COLUMNS, buf_view(&bar).p, words);
    buf_release(&bar);
}

static void show_command(struct buf *out, const struct showing *w)
{
    struct arena a = {0};
    struct str all = w->attempt.command;

    for (size_t at = 0; at < all.n;) {
        size_t end = str_find(all, at, '\n');
        struct str one = str_slice(all, at, end);
        line(out, at ? "" : "tried", arena_format(&a, "$ %.*s", (int)one.n, one.p));
        at = end + 1;
    }
    arena_release(&a);
}

static void show_said(struct buf *out, const struct showing *w)
{
    struct str words = kernel_words(&w->attempt), last = last_line(w->attempt.said);

    if (!w->attempt.tried) {
        line(out, "kernel", STR("nothing: the attempt could not be made"));
        return;
    }
    if (words.n && !w->attempt.happened) {
        line(out, "kernel", words);
        line(out, "", last);
    } else if (last.n) {
        line(out, "printed", last);
    } else {
        line(out, "kernel", w->attempt.happened ? STR("let it pass") : STR("no words for it"));
    }
}

/* Words of the rules with ~ for the decoy. */
static struct str shortened(struct stage *d, const struct showing *w, struct str text)
{
    text = demo_replaced(&d->arena, text, path_display(&d->arena, &d->session.env, w->attempt.home), STR("~"));
    text = demo_replaced(&d->arena, text, w->attempt.home, STR("~"));
    return demo_replaced(&d->arena, text, d->work, STR("."));
}

static struct str rule_words(struct stage *d, const struct showing *w, const struct verdict *v)
{
    struct str why = shortened(d, w, v->why);

    if (w->demo->sign == SIGN_CALLED) /* where it was set, by the stage, is nothing to look up */
        return str_slice(why, 0, str_find(why, 0, '(') > 0 ? str_find(why, 0, '(') - 1 : 0);
    if (!v->rule || v->rule->id == 0 || v->rule->origin.layer == LAYER_FLAG)
        return why;
    return arena_format(&d->arena, "%.*s (%s)", (int)why.n, why.p, origin_text(&d->arena, &v->rule->origin).p);
}

/* What the person's own rules say where a decoy stands for a thing of theirs: the decoy's are of the stage's making. */
static struct verdict rule_behind(struct stage *d, const struct showing *w)
{
    struct verdict v = {.allowed = true};
    struct str home = d->session.host.home;

    if (w->demo->victim && str_starts(str_from(w->demo->victim), STR("home/")) && home.n > 1)
        v = rules_verdict(&d->arena, &d->session.open->policy, &d->session.env, &d->session.host,
            path_join(&d->arena, d->session.env.system, home, str_from(w->demo->victim + 5)), w->demo->operation);
    return v.allowed ? stage_verdict(d, w->demo) : v;
}

static void show_record(struct buf *out, struct stage *d, const struct showing *w)
{
    const struct denial *r = &w->attempt.record;
    struct str program = path_name(d->session.env.system, r->program), path = shortened(d, w, r->path);
    size_t used = LABEL + sizeof " of  by " + strlen(operation_name(r->operation)) + program.n;

    path = in_middle(&d->arena, path, used < COLUMNS ? COLUMNS - used : 0);
    line(out, "recorded", arena_format(&d->arena, "%s of %.*s by %.*s", operation_name(r->operation), (int)path.n, path.p,
                              (int)program.n, program.p));
}

static void show_rule(struct buf *out, struct stage *d, const struct showing *w)
{
    struct verdict v = rule_behind(d, w);
    const struct denial *r = &w->attempt.record;
    bool theirs = !v.allowed && w->demo->victim && str_starts(str_from(w->demo->victim), STR("home/"));

    if (r->count)
        show_record(out, d, w);
    if (r->count && !theirs) {
        lines(out, &d->arena, "rule", shortened(d, w, r->rule));
        lines(out, &d->arena, "remedy", shortened(d, w, r->remedy));
        return;
    }
    if (v.allowed)
        return;
    lines(out, &d->arena, "rule", rule_words(d, w, &v));
    if (v.change.n)
        lines(out, &d->arena, "remedy", shortened(d, w, v.change));
}

static void show_each(struct buf *out, struct stage *d, const struct showing *w)
{
    for (size_t i = 0; i < w->each_count; i++) {
        const struct showing *one = &w->each[i];
        struct str words = kernel_words(&one->attempt);
        line(out, i ? "" : "outcome", arena_format(&d->arena, "%-18s %s%s%.*s", one->demo->name, verdict_words(one),
                                          words.n && !one->attempt.happened ? ": " : "",
                                          one->attempt.happened ? 0 : (int)words.n, words.p ? words.p : ""));
    }
}

static const char *control_words(const struct showing *w)
{
    if (w->demo->sign == SIGN_EACH)
        return w->control ? "each by a grandchild where it is allowed: it worked"
                          : "not each worked where it is allowed, so this shows nothing";
    if (w->demo->sign == SIGN_CALLED)
        return w->control ? "the same from where the network is there: it arrived"
                          : "it did not arrive from where the network is there: this shows nothing";
    return w->control ? "the same on a decoy in the workspace, where it is allowed: it worked"
                      : "it did not work where it is allowed either, so this shows nothing";
}

void show_verdict(struct buf *out, bool good, const char *words)
{
    bool colour = tty_colour(1);

    buf_format(out, "\n  verdict  %s%s%s\n\n", !colour ? "" : good ? "\033[1;32m" : "\033[1;31m", words, colour ? "\033[0m" : "");
}

void show_screen(struct stage *d, const struct showing *w, struct buf *out)
{
    bool each = w->demo->sign == SIGN_EACH;

    show_heading(out, w->number, w->of, w->demo->title, w->demo->name, w->demo->words);
    show_command(out, w);
    line(out, "",
        arena_format(&d->arena, "on decoys in %s", path_display(&d->arena, &d->session.env, d->folder).p));
    if (each)
        show_each(out, d, w);
    else
        show_said(out, w);
    if (!w->attempt.happened)
        line(out, "unharmed", str_from(w->demo->unharmed));
    else
        line(out, "unharmed", STR("you: only decoys were there to be harmed"));
    if (!each && !w->attempt.happened)
        show_rule(out, d, w);
    line(out, "control", str_from(control_words(w)));
    show_verdict(out, showing_held(w), verdict_words(w));
}

void show_member(struct buf *out, const char *name, struct str value)
{
    buf_format(out, ",\"%s\":", name);
    text_json(out, value);
}

static void members(struct stage *d, const struct showing *w, struct buf *out)
{
    buf_format(out, "\"name\":\"%s\",\"expected\":\"refused\",\"observed\":\"%s\",\"control\":%s,\"held\":%s",
        w->demo->name, !w->attempt.tried ? "not tried" : w->attempt.happened ? "happened" : "refused",
        w->control ? "true" : "false", showing_held(w) ? "true" : "false");
    show_member(out, "verdict", str_from(verdict_words(w)));
    show_member(out, "command", w->attempt.command);
    if (w->demo->sign != SIGN_EACH) {
        struct verdict v = rule_behind(d, w);
        show_member(out, "home", w->attempt.home);
        show_member(out, "kernel", kernel_words(&w->attempt));
        show_member(out, "said", last_line(w->attempt.said));
        if (!v.allowed) {
            show_member(out, "rule", rule_words(d, w, &v));
            show_member(out, "remedy", shortened(d, w, v.change));
        }
        if (w->attempt.record.count) {
            buf_format(out, ",\"record\":");
            denial_json(out, &w->attempt.record);
            while (out->n && out->p[out->n - 1] == '\n')
                out->n--;
        }
    }
}

void show_json(struct stage *d, const struct showing *w, struct buf *out)
{
    buf_format(out, "{\"version\":1,");
    members(d, w, out);
    show_member(out, "title", str_from(w->demo->title));
    if (w->demo->sign == SIGN_EACH) {
        buf_format(out, ",\"each\":[");
        for (size_t i = 0; i < w->each_count; i++) {
            buf_format(out, "%s{", i ? "," : "");
            members(d, &w->each[i], out);
            buf_format(out, "}");
        }
        buf_format(out, "]");
    }
    buf_format(out, "}\n");
}
