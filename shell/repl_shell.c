/*
 * repl_shell: the living shell's life as the terminal sees it: started, replaced when it ends, moved to a new boundary. A
 * person is told each time, and is never without a shell.
 */
#include "repl_parts.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define START_TELL_MS 3000

static void keep_environment(struct repl *r)
{
    arena_release(&r->carried);
    r->environment = (struct texts){0};
    for (size_t i = 0; i < r->in.report.environment.n; i++)
        *(struct str *)ARENA_PUSH(&r->carried, &r->environment) =
            arena_str(&r->carried, r->in.report.environment.v[i]);
}

/* While start files run they have the terminal: what they print is shown, and keys reach them, Ctrl-C too. True: somebody
 * typed, so nothing hangs. */
static bool meanwhile(void *context, struct inner *in, int ms)
{
    struct repl *r = context;
    struct sys_wait items[INNER_WAITS + 2];
    size_t count = inner_waits(in, items);
    char bytes[1024];
    long code = 0, n;

    items[count++] = (struct sys_wait){in->shell.terminal, SYS_READ, 0};
    items[count++] = (struct sys_wait){tty_in(), SYS_READ, 0};
    sys_wait(items, count, ms);
    repl_read_terminal(r);
    if (r->starting_since && sys_milliseconds() - r->starting_since > START_TELL_MS) {
        r->starting_since = 0;
        repl_tell(r, "your start files are still running; Ctrl-C goes on without the rest of them");
    }
    if (!items[count - 1].got)
        return false;
    n = sys_read(tty_in(), bytes, sizeof bytes, &code);
    return n > 0 && sys_write(in->shell.terminal, bytes, (size_t)n, &code) > 0;
}

/* Who is used to another shell is told once, and never again: the state folder remembers. */
static void tell_of_bash(struct repl *r)
{
    static const char *const others[] = {"zsh", "fish"};
    struct str name = path_name(r->s->env.system, sys_variable(NULL, STR("SHELL")));
    struct str told = path_join(&r->turn, r->s->env.system, r->s->host.state_dir, STR("told-of-bash"));
    struct str before;
    struct err ignored = {0};

    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_is(name, others[i]) && !sys_read_file(&r->turn, told, 16, true, &before, &ignored)) {
            repl_tell(r, arena_format(&r->turn, "bash runs inside, and not your %s, with ~/.bashrc as its start file",
                others[i]).p);
            sys_append_file(told, STR("yes\n"), &ignored);
        }
}

static void tell_of_windows(struct repl *r)
{
    struct str program = exec_shell(r->s, r->in.o), note = {0}, name;
    struct err ignored = {0};

    editor_set_shell(r->ed, r->in.dos);
    if (r->told_of_sh)
        return;
    r->told_of_sh = true;
    dos_choose(&r->turn, r->s->host.windows, r->in.o->policy.shell, &program, &note, &ignored);
    if (note.n)
        repl_tell(r, note.p);
    name = text_printable(&r->turn, path_name(PATH_WINDOWS, program));
    repl_tell(r, arena_format(&r->turn, "each line is a process of %s: the folder and the environment stay from line to line; for a shell "
        "that keeps more, start one by its name", name.p).p);
}

static void tell_of_shell(struct repl *r)
{
    struct str shell;

    if (r->in.dos) {
        tell_of_windows(r);
    } else if (!r->in.lines) {
        tell_of_bash(r);
    } else if (!r->told_of_sh) {
        shell = exec_shell(r->s, r->in.o);
        r->told_of_sh = true;
        repl_tell(r, arena_format(&r->turn, "no bash here: each line is a %.*s of its own; the folder and exported variables "
            "stay, functions, aliases and other variables do not, and Ctrl-Z stops nothing", (int)shell.n, shell.p).p);
    }
}

bool shell_begin(struct repl *r, const struct texts *environment, struct err *e)
{
    struct inner_wish wish = {.cwd = r->s->place,
        .environment = environment,
        .start_file = !r->s->options->no_rc,
        .meanwhile = meanwhile,
        .context = r};
    bool without = false;

    r->starting_since = sys_milliseconds();
    if (!inner_start(&r->in, r->s, r->s->open, &wish, &without, e))
        return false;
    if (without)
        repl_tell(r, "your ~/.bashrc hung or ended the shell, so it was left out");
    tell_of_shell(r);
    return true;
}

/* The shell ended by itself: a person is told, and gets a new one where the old one stood. */
static void replace_shell(struct repl *r)
{
    struct err e = {0};
    struct str why = r->in.signalled
                         ? arena_format(&r->turn, "the command shell was ended by signal %d", r->in.exit_code - 128)
                         : arena_format(&r->turn, "the command shell ended with status %d", r->in.exit_code);

    if (r->editing) {
        editor_hide(r->ed, &r->draw);
        repl_put(&r->draw);
        r->editing = false;
    }
    repl_tell(r, arena_format(&r->turn,
                "%s; a new one is open in the same place, with the exported variables of before; functions, aliases "
                "and jobs are gone", why.p).p);
    inner_release(&r->in);
    if (!shell_begin(r, r->environment.n ? &r->environment : NULL, &e)) {
        err_clear(&e);
        r->s->place = exec_place(r->s, r->s->open);
        if (!shell_begin(r, NULL, &e)) {
            repl_tell_error(r, &e);
            r->over = true;
            r->code = EXIT_CORDON;
            return;
        }
    }
    r->in.status = 0;
    prompt_begin(r);
}

/* The boundary itself is gone (its runner was killed): nothing inside is left. A new one is opened from the same policy. */
static void replace_boundary(struct repl *r)
{
    struct opened *next = NULL;
    struct err e = {0};

    if (r->editing) {
        editor_hide(r->ed, &r->draw);
        repl_put(&r->draw);
        r->editing = false;
    }
    guard_undo(&r->guard, &r->shown); /* a program of the whole screen had it */
    repl_put(&r->shown);
    repl_tell(r, "the boundary ended, and everything inside with it; opening it anew");
    inner_release(&r->in);
    if (!session_open_policy(r->s, &r->s->open->policy, 0, &next, &e)) {
        repl_tell_error(r, &e);
        r->over = true;
        r->code = EXIT_CORDON;
        return;
    }
    opened_close(&r->s->open);
    r->s->open = next;
    if (!shell_begin(r, r->environment.n ? &r->environment : NULL, &e)) {
        repl_tell_error(r, &e);
        r->over = true;
        r->code = EXIT_CORDON;
        return;
    }
    prompt_begin(r);
}

static void shell_ended(struct repl *r)
{
    repl_read_rest(r);
    guard_undo(&r->guard, &r->shown);
    repl_put(&r->shown);
    if (r->leaving && !r->in.signalled) {
        r->over = true;
        r->code = r->in.exit_code;
        return;
    }
    r->leaving = false;
    replace_shell(r);
}

void shell_news(struct repl *r)
{
    for (;;) {
        struct err e = {0};
        switch (inner_turn(&r->in, &e)) {
        case INNER_NOTHING:
            return;
        case INNER_DONE:
            line_end(r);
            break;
        case INNER_TORN:
            repl_tell(r, "the line was not run: an interrupt came first");
            r->in.status = 130;
            line_end(r);
            break;
        case INNER_EXPORT:
            keep_environment(r);
            break;
        case INNER_WORDS:
            break;
        case INNER_BROKEN:
            repl_tell(r, "the command shell's reports cannot be understood any more");
            inner_kill(&r->in);
            sys_close(&r->in.channel); /* said once; its end is what counts now */
            buf_clear(&r->in.reports);
            r->in.alive = true;
            return;
        case INNER_ENDED:
            shell_ended(r);
            if (r->over)
                return;
            break;
        case INNER_LOST:
            replace_boundary(r);
            if (r->over)
                return;
            break;
        }
    }
}

static bool move_shell(void *context, struct opened *next, struct arena *a, struct texts *lost, struct err *e)
{
    struct repl *r = context;
    uint16_t rows, columns;

    if (!carry_over(&r->in, next, false, a, lost, e))
        return false;
    buf_clear(&r->in.early); /* start files have greeted once */
    if (tty_size(&rows, &columns))
        pty_resize(r->in.shell.terminal, rows, columns);
    memset(&r->guard, 0, sizeof r->guard);
    return true;
}

static void reset_terminal(void *context)
{
    struct repl *r = context;

    pty_sane(r->in.shell.terminal);
    guard_undo(&r->guard, &r->draw);
    buf_format(&r->draw, "\033[!p\033[0m");
    repl_put(&r->draw);
}

static size_t count_jobs(void *context)
{
    return ((struct repl *)context)->in.jobs;
}

void shell_lend(struct repl *r)
{
    r->s->carrier = (struct carrier){r, move_shell, reset_terminal, count_jobs};
}
