/*
 * inner_plain: where the command shell is a plain sh, which has no hook to live on: a process for each line, started and
 * waited on by us, all in one terminal. What stays from line to line is the folder and what was exported: as a line ends,
 * its shell leaves both on a socket of its own (plain.h), and nobody but the next line's process gets them.
 *
 * No job control: all of a line is one process group, and an orphaned one, so the kernel lets Ctrl-Z stop nothing.
 */
#include "inner_parts.h"
#include "plain.h"
#include "editor.h"
#include "../conpty/conpty.h"

#include <string.h>

#define START_MS 8000
#define CHUNK    65536

/* ---- start ---- */

static void set_variable(struct arena *a, struct texts *env, struct str entry)
{
    struct str name = str_slice(entry, 0, str_find(entry, 0, '=') + 1);

    for (size_t i = 0; i < env->n; i++)
        if (str_starts(env->v[i], name)) {
            env->v[i] = entry;
            return;
        }
    *(struct str *)ARENA_PUSH(a, env) = entry;
}

static bool await_first(struct inner *in, struct err *e)
{
    uint64_t end = sys_milliseconds() + START_MS;

    while (sys_milliseconds() < end) {
        struct sys_wait items[INNER_WAITS];
        enum inner_news news = inner_turn(in, e);
        if (news == INNER_DONE && in->told)
            return true;
        if (news == INNER_DONE) {
            err_set(e, ERR_UNSUPPORTED, "the command shell does not tell its folder and variables");
            return err_remedy(e, "/usr/bin/env with -0 is needed inside, or bash: \"shell\": \"/path/to/bash\"");
        }
        if (news != INNER_NOTHING)
            return err_set(e, ERR_SYSTEM, "the command shell ended as it started");
        sys_wait(items, inner_waits(in, items), 200);
    }
    return err_set(e, ERR_LIMIT, "the command shell did not get ready in time");
}

bool plain_begin(struct inner *in, const struct inner_wish *wish, struct err *e)
{
    struct texts *env = &in->report.environment;

    exec_environment(in->s, in->o, &in->arena, true, env);
    for (size_t i = 0; wish->environment && i < wish->environment->n; i++)
        set_variable(&in->arena, env, arena_str(&in->arena, wish->environment->v[i]));
    in->report.cwd = arena_str(&in->arena, wish->cwd);
    if (!inner_outputs(in, &in->each, wish->pipes, in->theirs, e))
        return false;
    /* Nobody types for a script. A terminal is made for what shows it. */
    in->each.std[0] = wish->pipes ? STD_NULL : STD_TERMINAL;
    for (int i = 0; i < 3; i++)
        in->each.terminal = in->each.terminal || in->each.std[i] == STD_TERMINAL;
    in->alive = true;
    if (!plain_send(in, STR(":"), e) || !await_first(in, e))
        return false;
    in->group = in->shell.pid_inside;
    return true;
}

void plain_release(struct inner *in)
{
    sys_close(&in->held);
    sys_close(&in->theirs[0]);
    sys_close(&in->theirs[1]);
}

/* ---- a line ---- */

/* In the terminal of the lines before. Where somebody inside has made it its own, or it is no more, in a new one. */
static bool spawn(struct inner *in, struct launch *launch, struct err *e)
{
    struct err first = {0};

    launch->after = in->shell.terminal == SYS_NONE ? NULL : &in->shell;
    if (launch->after) {
        if (boundary_spawn(in->o->boundary, launch, &in->shell, &first))
            return true;
        if (first.kind != ERR_SYSTEM) {
            *e = first;
            return false;
        }
        launch->after = NULL;
        sys_close(&in->held);
        sys_close(&in->shell.terminal);
    }
    if (!boundary_spawn(in->o->boundary, launch, &in->shell, e)) {
        in->shell.terminal = SYS_NONE;
        return false;
    }
    if (in->shell.terminal != SYS_NONE) {
        sys_nonblocking(in->shell.terminal, true);
        in->held = pty_hold(in->shell.terminal);
    }
    return true;
}

/* Whatever a line could not be started for: the next one is to begin where that is known to work, and not unsaid. */
static bool leave_folder(struct inner *in, struct err *e)
{
    struct str place = exec_place(in->s, in->o);

    if (str_eq(place, in->report.cwd) || e->kind != ERR_SYSTEM)
        return false;
    in->report.cwd = arena_str(&in->arena, place);
    return err_remedy(e, "the line was not run; the next one begins in the folder where the session did");
}

bool plain_send(struct inner *in, struct str line, struct err *e)
{
    struct launch launch = in->each;
    struct arena a = {0};
    struct str shell = exec_shell(in->s, in->o);
    sys_handle theirs = SYS_NONE;
    bool good;

    if (line.n > LINE_BYTES_MAX || str_find(line, 0, '\0') < line.n)
        return err_set(e, ERR_LIMIT, "the line is too long, or has a NUL in it");
    plain_argv(&a, shell, path_name(in->s->env.system, shell), line, in->status, &launch.argv);
    launch.env = in->report.environment;
    launch.cwd = in->report.cwd;
    launch.extra_number = PLAIN_FD;
    tty_size(&launch.rows, &launch.columns);
    sys_close(&in->channel);
    good = sys_socketpair(&in->channel, &theirs, e);
    launch.extra = theirs;
    good = good && spawn(in, &launch, e);
    sys_close(&theirs);
    arena_release(&a);
    if (!good) {
        sys_close(&in->channel);
        return leave_folder(in, e);
    }
    sys_nonblocking(in->channel, true);
    buf_clear(&in->reports);
    in->may_exit = line_may_exit(line);
    in->busy = true;
    return true;
}

/* ---- what it leaves behind ---- */

void plain_read(struct inner *in)
{
    char bytes[CHUNK];
    long code = 0, n;

    while (in->channel != SYS_NONE && (n = sys_read(in->channel, bytes, sizeof bytes, &code)) != -1) {
        if (n > 0)
            buf_add(&in->reports, bytes, (size_t)n);
        if (n <= 0 || in->reports.n > PLAIN_BYTES_MAX)
            sys_close(&in->channel);
    }
}

/* What is not as it should be leaves what was. */
static bool take_state(struct inner *in)
{
    struct plain_state state;
    struct arena fresh = {0};

    plain_take(&fresh, buf_view(&in->reports), &state);
    buf_clear(&in->reports);
    in->told = state.told;
    if (!state.told) {
        arena_release(&fresh);
        return state.finished;
    }
    if (!state.folder.n) /* one that is gone has no name */
        state.folder = arena_str(&fresh, in->report.cwd);
    arena_release(&in->arena);
    in->arena = fresh;
    in->report = (struct living_report){.kind = LIVING_EXPORT, .cwd = state.folder, .environment = state.environment};
    return state.finished;
}

/* A shell that did not come to the line's end may have done so for an error, which leaves nobody's terminal; where exit
 * stands in the line, it was asked for. */
enum inner_news plain_end(struct inner *in, const struct event *event)
{
    bool finished;

    plain_read(in);
    sys_close(&in->channel);
    finished = take_state(in);
    in->busy = false;
    in->status = in->exit_code = event->exit_code;
    in->signalled = event->signal != 0;
    if (finished || in->signalled || !in->may_exit || in->status == 130 || in->status == 131)
        return INNER_DONE;
    in->alive = false;
    return INNER_ENDED;
}
