/*
 * front: the verbs that open a boundary and run something in it: the terminal itself, -c and run.
 */
#include "denied.h"

/* Opens, and says what the person should know first. False: said why. */
static bool open_front(struct session *s, const struct options *o, unsigned flags)
{
    struct err e = {0};

    /* For a person, at the end; and for :status. */
    s->last_word.wanted = (!o->verb->name[0] && !o->line.p) || std_look(2) == STD_IS_TERMINAL;
    if (!session_begin(s, o, &e) || !session_open(s, flags, &s->open, &e)) {
        say_error(&e);
        return false;
    }
    session_announce(s, s->open);
    return true;
}

/* The program has said what it could not do, in its own words; a person at a terminal is told where ours are. */
static void tell_denied(struct session *s)
{
    uint64_t news;

    if (!s->denied || !s->denied->begun)
        return;
    denied_drain(s, s->open);
    news = denied_news(s);
    if (news && !s->options->quiet && std_look(2) == STD_IS_TERMINAL)
        say_note("%llu denied (cordon denied)", (unsigned long long)news);
}

static int end_front(struct session *s, int code, const struct err *e)
{
    if (!s->interactive)
        tell_denied(s);
    if (e->kind)
        say_error(e);
    session_close(s);
    if (std_look(2) == STD_IS_TERMINAL)
        last_word_say(s);
    session_end(s);
    tty_end();
    return code;
}

static int run_program(const struct options *o, const struct texts *argv, bool line)
{
    struct session s = {0};
    struct err e = {0};
    int code = EXIT_CORDON;

    s.first = exec_new(&s, argv, line);
    if (open_front(&s, o, 0))
        code = exec_run(&s, &e);
    return end_front(&s, code, &e);
}

int verb_run(const struct options *o)
{
    return run_program(o, &o->args, false);
}

static int run_line(const struct options *o)
{
    struct arena a = {0};
    struct texts argv = {0};
    int code;

    *(struct str *)ARENA_PUSH(&a, &argv) = o->line;
    for (size_t i = 0; i < o->args.n; i++)
        *(struct str *)ARENA_PUSH(&a, &argv) = o->args.v[i];
    code = run_program(o, &argv, true);
    arena_release(&a);
    return code;
}

int verb_repl(const struct options *o)
{
    struct session s = {0};
    struct err e = {0};
    bool keyboard = std_look(0) == STD_IS_TERMINAL;
    int code = EXIT_CORDON;

    if (o->line.p)
        return run_line(o);
    if (keyboard && std_look(1) != STD_IS_TERMINAL) {
        err_set(&e, ERR_USAGE, "standard input is a terminal and standard output is none");
        err_remedy(&e, "to run one line: cordon -c LINE; to run a program: cordon run -- PROG");
        return end_front(&s, code, &e);
    }
    if (std_is_emulated(0) && std_is_emulated(1)) {
        err_set(&e, ERR_UNSUPPORTED, "this window (mintty) has no console, and looks like a pipe");
        err_remedy(&e, "open Cordon in Windows Terminal or a console window; -c and run work here");
        return end_front(&s, code, &e);
    }
    s.interactive = keyboard;
    if (open_front(&s, o, keyboard ? OPEN_EMPTY_OK : 0)) {
        s.place = exec_place(&s, s.open);
        if (tty_begin(&e))
            code = keyboard ? repl_run(&s, &e) : repl_script(&s, &e);
    }
    return end_front(&s, code, &e);
}
