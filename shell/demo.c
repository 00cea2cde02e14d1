/*
 * demo: violations of the policy, tried for real against decoys that Cordon made, each beside the same attempt
 * where it is allowed, so that the refusal means something.
 *
 * The decoys lie in a folder of HOME made for this, and go with it at the end. Nothing else is a target.
 */
#include "shell.h"
#include "../sandbox/core/text.h"

#define DEMO_OUTPUT_MAX 4096
#define DECOY_TEXT      "cordon-decoy-3c1f\n"

enum demo_sign {
    SIGN_GONE,    /* the victim is not there any more */
    SIGN_CHANGED, /* its text is another */
    SIGN_SEEN,    /* its text was printed */
    SIGN_CALLED,  /* somebody connected to our listener */
};

struct demo {
    const char *name, *title;
    const char *script; /* run as: sh -c SCRIPT demo VICTIM */
    const char *victim, *control; /* below the demo's folder; the control lies in the workspace */
    enum demo_sign sign;
};

static const struct demo demos_table[] = {
    {"delete-home", "delete the home folder", "rm -rf -- \"$1\"", "home/documents/thesis.txt",
        "work/home/documents/thesis.txt", SIGN_GONE},
    {"read-key", "read an SSH key", "cat -- \"$1\"", "home/.ssh/id_ed25519", "work/copied_key", SIGN_SEEN},
    {"call-out", "connect to a listener outside", "exec 3<>\"/dev/tcp/127.0.0.1/$1\"", NULL, NULL, SIGN_CALLED},
    {"protected-config", "plant a task in the editor's configuration", "printf evil > \"$1\"",
        "work/.vscode/tasks.json", "work/tasks.json", SIGN_CHANGED},
    {"grandchild", "write outside from a grandchild",
        "sh -c 'sh -c \"printf evil > \\\"\\$1\\\"\" grandchild \"$1\"' child \"$1\"", "home/documents/letter.txt",
        "work/letter.txt", SIGN_CHANGED},
    {"link", "write outside through a symbolic link", "rm -f way && ln -s -- \"$1\" way && printf evil > way",
        "home/documents/diary.txt", "work/diary.txt", SIGN_CHANGED},
};

struct stage {
    struct session session; /* shares the machine and the session folder with the one that asked */
    struct options options;
    struct arena arena;
    struct str folder;
    struct probe_target target;
    struct str shell;
};

static struct str below(struct stage *d, const char *rest)
{
    return path_join(&d->arena, d->session.env.system, d->folder, str_from(rest));
}

static bool make_decoy(struct stage *d, const char *rest, struct err *e)
{
    struct str path = below(d, rest);
    return sys_make_folders(path_parent(d->session.env.system, path), 0700, e) &&
           sys_append_file(path, STR(DECOY_TEXT), e);
}

static bool set_stage(struct stage *d, struct session *s, struct err *e)
{
    d->session = *s;
    s->early = NULL; /* now the stage's */
    d->session.open = NULL;
    d->session.interactive = false;
    d->session.workspace = (struct str){0};
    d->options = *s->options;
    d->folder = arena_format(&d->arena, "%.*s/cordon-demo-%llu-%llu", (int)s->host.home.n, s->host.home.p,
        (unsigned long long)outer_process(), (unsigned long long)sys_clock_ms());
    for (size_t i = 0; i < COUNT_OF(demos_table); i++) {
        const struct demo *m = &demos_table[i];
        if (m->victim && (!make_decoy(d, m->victim, e) || !make_decoy(d, m->control, e)))
            return false;
    }
    d->options.workspace = below(d, "work");
    d->options.write = d->options.protect = (struct texts){0};
    d->options.secret = (struct texts){0};
    *(struct str *)ARENA_PUSH(&d->arena, &d->options.secret) = below(d, "home/.ssh");
    d->options.net = STR("offline");
    d->session.options = &d->options;
    if (!session_open(&d->session, 0, &d->session.open, e))
        return false;
    d->shell = exec_shell(&d->session, d->session.open);
    return probe_target_open(&d->target, e);
}

static void clear_stage(struct stage *d)
{
    struct err ignored = {0};

    opened_close(&d->session.open);
    boundary_close(d->session.early);
    probe_target_close(&d->target);
    if (d->folder.n && !sys_remove_tree(d->folder, &ignored))
        say_note("the decoys could not be removed: %s", text_printable(&d->arena, d->folder).p);
    arena_release(&d->arena);
}

/* Runs the script on one victim; *happened: its sign is there. */
static bool attempt(struct stage *d, const struct demo *m, struct str victim, bool *happened, struct str *said,
    struct err *e)
{
    struct texts argv = {0};
    struct str text = {0};
    struct err reading = {0};
    struct str argument = victim;
    int code = 0;

    if (m->sign == SIGN_GONE) /* the folder that its folder is in */
        argument = path_parent(d->session.env.system, path_parent(d->session.env.system, victim));
    *(struct str *)ARENA_PUSH(&d->arena, &argv) = d->shell;
    *(struct str *)ARENA_PUSH(&d->arena, &argv) = STR("-c");
    *(struct str *)ARENA_PUSH(&d->arena, &argv) = str_from(m->script);
    *(struct str *)ARENA_PUSH(&d->arena, &argv) = STR("demo");
    *(struct str *)ARENA_PUSH(&d->arena, &argv) = argument;
    if (!exec_catch(&d->session, d->session.open, &d->arena, &argv, d->options.workspace, DEMO_OUTPUT_MAX, said,
            &code, e))
        return false;
    if (m->sign == SIGN_CALLED) {
        struct sys_wait caller = {d->target.tcp, SYS_READ, 0};
        *happened = sys_wait(&caller, 1, 0) > 0;
        return true;
    }
    bool there = sys_read_file(&d->arena, victim, DEMO_OUTPUT_MAX, true, &text, &reading);
    *happened = m->sign == SIGN_GONE   ? !there
                : m->sign == SIGN_SEEN ? str_eq(*said, STR(DECOY_TEXT))
                                       : !there || !str_is(text, DECOY_TEXT);
    return true;
}

/* The last line that the programs printed is where they say what refused them. */
static struct str last_line(struct arena *a, struct str said)
{
    size_t end = said.n, begin;
    while (end && said.p[end - 1] == '\n')
        end--;
    for (begin = end; begin && said.p[begin - 1] != '\n'; begin--)
        continue;
    return text_printable(a, str_slice(said, begin, end));
}

static void show_demo(struct stage *d, const struct demo *m, bool happened, bool control, struct str said)
{
    struct buf out = {0};
    bool held = !happened && control;

    buf_format(&out, "%s (%s)\n", m->title, m->name);
    buf_format(&out, "  tried     %s\n", m->script);
    buf_format(&out, "  expected  refused\n  observed  %s%s%s\n", happened ? "IT HAPPENED" : "refused",
        said.n && !happened ? ": " : "", happened ? "" : last_line(&d->arena, said).p);
    buf_format(&out, "  control   the same, %s: %s\n",
        m->sign == SIGN_CALLED ? "made by Cordon outside" : "on a decoy in the workspace",
        control ? "it worked" : "it did not work, so this shows nothing");
    buf_format(&out, "  result    %s\n", held ? "held" : happened ? "NOT HELD" : "not shown");
    tty_print(buf_view(&out));
    buf_release(&out);
}

static void show_demo_json(struct stage *d, const struct demo *m, bool happened, bool control, struct str said)
{
    struct buf out = {0};

    buf_format(&out, "{\"version\":1,\"name\":\"%s\",\"expected\":\"refused\",\"observed\":\"%s\",\"control\":%s,"
                     "\"held\":%s,\"said\":",
        m->name, happened ? "happened" : "refused", control ? "true" : "false",
        !happened && control ? "true" : "false");
    text_json(&out, last_line(&d->arena, said));
    buf_format(&out, "}\n");
    tty_print(buf_view(&out));
    buf_release(&out);
}

static bool run_one(struct stage *d, const struct demo *m, bool json, bool *held, struct err *e)
{
    struct str said = {0}, ignored = {0}, victim = {0};
    bool happened = false, control = false;

    if (m->sign == SIGN_CALLED) {
        struct probe probe = {.kind = PROBE_CONNECT, .number = d->target.port};
        victim = arena_format(&d->arena, "%u", (unsigned)d->target.port);
        if (!attempt(d, m, victim, &happened, &said, e))
            return false;
        probe_control(&probe);
        control = probe.control == ANSWER_DONE;
    } else {
        victim = below(d, m->victim);
        if (!attempt(d, m, victim, &happened, &said, e) ||
            !attempt(d, m, below(d, m->control), &control, &ignored, e))
            return false;
    }
    *held = !happened && control;
    if (json)
        show_demo_json(d, m, happened, control, said);
    else
        show_demo(d, m, happened, control, said);
    return true;
}

static bool demo_known(struct str name, struct err *e)
{
    const char *names[COUNT_OF(demos_table)];
    struct str near;

    for (size_t i = 0; i < COUNT_OF(demos_table); i++) {
        names[i] = demos_table[i].name;
        if (!name.n || str_is(name, names[i]))
            return true;
    }
    near = text_nearest(name, names, COUNT_OF(names));
    err_set(e, ERR_USAGE, "no such demo");
    err_subject(e, name);
    if (near.n)
        return err_remedy(e, "did you mean %s?", near.p);
    return err_remedy(e, "cordon demo --list names them");
}

bool demo_run(struct session *s, struct str name, bool json, struct err *e)
{
    struct stage d = {.target = {.tcp = SYS_NONE, .abstract = SYS_NONE}};
    size_t held = 0, tried = 0;
    bool good = demo_known(name, e) && set_stage(&d, s, e);

    for (size_t i = 0; good && i < COUNT_OF(demos_table); i++) {
        bool this_held = false;
        if (name.n && !str_is(name, demos_table[i].name))
            continue;
        good = run_one(&d, &demos_table[i], json, &this_held, e);
        tried++;
        held += this_held;
    }
    clear_stage(&d);
    if (!good)
        return false;
    if (!json) {
        struct buf out = {0};
        buf_format(&out, "%llu of %llu held\n", (unsigned long long)held, (unsigned long long)tried);
        tty_print(buf_view(&out));
        buf_release(&out);
    }
    return held == tried;
}

static int list_demos(bool json)
{
    struct buf out = {0};

    for (size_t i = 0; i < COUNT_OF(demos_table); i++)
        buf_format(&out, json ? "{\"version\":1,\"name\":\"%s\",\"title\":\"%s\"}\n" : "%-18s %s\n",
            demos_table[i].name, demos_table[i].title);
    tty_print(buf_view(&out));
    buf_release(&out);
    return EXIT_OK;
}

int verb_demo(const struct options *o)
{
    struct session s = {.options = o};
    struct err e = {0};
    bool held = false;

    if (o->list)
        return list_demos(o->json);
    if (session_begin(&s, o, &e))
        held = demo_run(&s, o->args.n ? o->args.v[0] : (struct str){0}, o->json, &e);
    if (e.kind)
        say_error(&e);
    session_end(&s);
    return e.kind ? EXIT_CORDON : held ? EXIT_OK : EXIT_FINDING;
}
