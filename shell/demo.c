/*
 * demo: violations of the policy, tried for real on decoys that Cordon made, each beside the same attempt where it is
 * allowed, so that the refusal means something; and the verb and the built-in for them.
 */
#include "demo_scenes.h"
#include "../sandbox/core/text.h"

#define DEMOS_MAX 64

/* Of those that are played on this system. */
static const char *demo_title(size_t i, const char **title)
{
    bool windows = outer_path_system() == PATH_WINDOWS;
    size_t count;
    const struct demo *list = demos_list(&count);
    const struct scene *scenes;

    *title = NULL;
    if (!windows) {
        *title = i < count ? list[i].title : NULL;
        return i < count ? list[i].name : NULL;
    }
    scenes = scenes_list(&count);
    *title = i < count ? scenes[i].title : NULL;
    return i < count ? scenes[i].name : NULL;
}

static bool demo_known(struct str name, struct err *e)
{
    const char *names[DEMOS_MAX], *title;
    size_t count = 0;
    struct str near;

    while (count < DEMOS_MAX && (names[count] = demo_title(count, &title)) != NULL)
        if (!name.n || str_is(name, names[count++]))
            return true;
    near = text_nearest(name, names, count);
    err_set(e, ERR_USAGE, "no such demo");
    err_subject(e, name);
    if (near.n)
        return err_remedy(e, "did you mean %s?", near.p);
    return err_remedy(e, "cordon demo --list names them");
}

/* One violation beside its control. deep: both by a grandchild. */
static bool play_one(struct stage *d, const struct demo *m, bool deep, struct showing *w, struct err *e)
{
    struct attempt control = {0};

    w->demo = m;
    if (!stage_try(d, m, deep ? ROLE_GRANDCHILD : ROLE_FIRST, &w->attempt, e) ||
        !stage_try(d, m, deep ? ROLE_ALLOWED_GRANDCHILD : ROLE_ALLOWED, &control, e))
        return false;
    w->control = control.happened;
    return true;
}

static bool play_each(struct stage *d, struct showing *w, struct err *e)
{
    size_t count;
    const struct demo *list = demos_list(&count);

    w->each = arena_alloc(&d->arena, count, sizeof *w->each);
    w->attempt.tried = w->control = true;
    w->attempt.command = str_from(w->demo->command);
    for (size_t i = 0; i < count; i++) {
        struct showing *one = &w->each[w->each_count];
        if (list[i].sign == SIGN_EACH)
            continue;
        if (!play_one(d, &list[i], true, one, e))
            return false;
        w->each_count++;
        w->attempt.tried = w->attempt.tried && one->attempt.tried;
        w->attempt.happened = w->attempt.happened || one->attempt.happened;
        w->control = w->control && one->control;
    }
    return true;
}

static bool play(struct stage *d, struct str name, bool json, size_t *held, size_t *tried, struct err *e)
{
    size_t count;
    const struct demo *list = demos_list(&count);

    for (size_t i = 0; i < count; i++) {
        struct showing w = {.demo = &list[i], .number = i + 1, .of = count};
        struct buf out = {0};
        if (name.n && !str_is(name, list[i].name))
            continue;
        if (!(list[i].sign == SIGN_EACH ? play_each(d, &w, e) : play_one(d, &list[i], false, &w, e)))
            return false;
        if (json)
            show_json(d, &w, &out);
        else
            show_screen(d, &w, &out);
        tty_print(buf_view(&out));
        buf_release(&out);
        ++*tried;
        *held += showing_held(&w);
    }
    return true;
}

bool demo_run(struct session *s, struct str name, bool json, struct err *e)
{
    struct stage d = {.listener = {SYS_NONE, SYS_NONE, 0}};
    size_t held = 0, tried = 0, left = 0;
    bool good;

    good = demo_known(name, e) && stage_set(&d, s, s->options->weak, e);
    if (good && s->env.system == PATH_WINDOWS)
        scenes_play(&d, name, json, &held, &tried, &left);
    else
        good = good && play(&d, name, json, &held, &tried, e);

    stage_clear(&d);
    if (!good)
        return false;
    if (!json) {
        struct buf out = {0};
        buf_format(&out, "%llu of %llu refused", (unsigned long long)held, (unsigned long long)tried);
        if (left)
            buf_format(&out, "; %llu not tried", (unsigned long long)left);
        buf_format(&out, "\n");
        tty_print(buf_view(&out));
        buf_release(&out);
    }
    return held == tried && tried > 0;
}

void demo_list(bool json)
{
    struct buf out = {0};
    const char *name, *title;

    for (size_t i = 0; (name = demo_title(i, &title)) != NULL; i++)
        buf_format(&out, json ? "{\"version\":1,\"name\":\"%s\",\"title\":\"%s\"}\n" : "%-18s %s\n", name, title);
    tty_print(buf_view(&out));
    buf_release(&out);
}

int verb_demo(const struct options *o)
{
    struct session s = {.options = o};
    struct err e = {0};
    bool held = false;

    if (o->list) {
        demo_list(o->json);
        return EXIT_OK;
    }
    if (session_begin(&s, o, &e))
        held = demo_run(&s, o->args.n ? o->args.v[0] : (struct str){0}, o->json, &e);
    if (e.kind)
        say_error(&e);
    session_end(&s);
    return e.kind ? EXIT_CORDON : held ? EXIT_OK : EXIT_FINDING;
}
