/*
 * inner_dos: where the command shell is one of Windows: a process for each line, in a pseudoconsole of its own, waited on by us.
 * What stays from line to line is the directory and the environment, which the report program behind each line leaves on a pipe
 * (dos.h); nobody but the next line's process gets them.
 *
 * A pseudoconsole ends with its line: the next one begins clean, whatever a program did to it, and the end of its output is known by
 * the end of its pipe. What was typed ahead and read by nobody is lost with it.
 */
#include "inner_parts.h"
#include "bridge.h"
#include "../sandbox/core/text.h"

#define CHUNK      65536
#define REPORT_MS  2000 /* between a shell's end and that of its pipe: somebody inside may hold it open */
#define REPORT_EXE "cordon-shim.exe" /* a program for consoles: no shell would wait for another */

static size_t name_end(struct str entry)
{
    return str_find(entry, entry.n ? 1 : 0, '=');
}

static void set_variable(struct arena *a, struct texts *env, struct str entry)
{
    struct str name = str_slice(entry, 0, name_end(entry));

    for (size_t i = 0; i < env->n; i++)
        if (text_same(str_slice(env->v[i], 0, name_end(env->v[i])), name)) {
            env->v[i] = entry;
            return;
        }
    *(struct str *)ARENA_PUSH(a, env) = entry;
}

bool dos_begin(struct inner *in, const struct inner_wish *wish, struct err *e)
{
    struct texts *env = &in->report.environment;
    struct str shell = exec_shell(in->s, in->o);

    in->dos = dos_kind(path_name(PATH_WINDOWS, shell));
    if (in->dos == DOS_OTHER) {
        err_set(e, ERR_MISSING, "the terminal runs cmd, PowerShell or Git Bash inside, and this is none of them");
        err_subject(e, shell);
        return err_remedy(e, "say \"shell\": \"auto\" in the policy; to run a program: cordon run -- PROG");
    }
    exec_environment(in->s, in->o, &in->arena, true, env);
    for (size_t i = 0; wish->environment && i < wish->environment->n; i++)
        set_variable(&in->arena, env, arena_str(&in->arena, wish->environment->v[i]));
    in->report.cwd = arena_str(&in->arena, wish->cwd);
    if (!inner_outputs(in, &in->each, wish->pipes, in->theirs, e))
        return false;
    /* Nobody types for a script. A console is made for what shows it; a program without any would make a window of its own. */
    in->each.std[0] = wish->pipes ? STD_NULL : STD_TERMINAL;
    in->each.terminal = true;
    in->alive = true;
    return true;
}

void dos_release(struct inner *in)
{
    sys_close(&in->theirs[0]);
    sys_close(&in->theirs[1]);
}

/* ---- a line ---- */

/* Whatever a line could not be started for: the next one is to begin where that is known to work, and not unsaid. */
static bool leave_folder(struct inner *in, struct err *e)
{
    struct str place = exec_place(in->s, in->o);

    if (str_eq(place, in->report.cwd) || e->kind != ERR_SYSTEM)
        return false;
    in->report.cwd = arena_str(&in->arena, place);
    return err_remedy(e, "the line was not run; the next one begins in the folder where the session did");
}

static bool make_launch(struct inner *in, struct arena *a, struct str line, struct launch *launch, struct err *e)
{
    /* The one that who runs inside can read: the person's own copy may lie in a profile. */
    const struct windows_host *w = in->s->host.windows;
    struct str programs = in->o->plan.tier == TIER_SET_UP && w->installed_dir.n ? w->installed_dir : in->s->host.program_dir;
    struct dos_line words = {.kind = in->dos,
        .shell = exec_shell(in->s, in->o),
        .report = path_join(a, PATH_WINDOWS, programs, STR(REPORT_EXE)),
        .text = line,
        .status = in->status};
    struct dos_process process;

    *launch = in->each;
    for (size_t i = 0; i < in->report.environment.n; i++)
        *(struct str *)ARENA_PUSH(a, &launch->env) = in->report.environment.v[i];
    launch->cwd = in->report.cwd;
    tty_size(&launch->rows, &launch->columns);
    if (!dos_command(a, &words, &process, e))
        return false;
    launch->words = process.words;
    launch->argv = process.argv;
    for (size_t i = 0; i < process.env.n; i++)
        *(struct str *)ARENA_PUSH(a, &launch->env) = process.env.v[i];
    if (launch->words.n)
        *(struct str *)ARENA_PUSH(a, &launch->argv) = words.shell;
    return true;
}

bool dos_send(struct inner *in, struct str line, struct err *e)
{
    struct launch launch;
    struct arena a = {0};
    sys_handle theirs = SYS_NONE;
    bool good;

    sys_close(&in->channel);
    sys_close(&in->shell.terminal);
    good = make_launch(in, &a, line, &launch, e) && sys_pipe(&in->channel, &theirs, e);
    launch.extra = theirs;
    if (good && !boundary_spawn(in->o->boundary, &launch, &in->shell, e)) {
        in->shell.terminal = SYS_NONE;
        good = leave_folder(in, e);
    }
    sys_close(&theirs);
    arena_release(&a);
    if (!good) {
        sys_close(&in->channel);
        return false;
    }
    bridge_begin(&in->bridge, true, launch.rows, launch.columns);
    sys_nonblocking(in->channel, true);
    if (in->shell.terminal != SYS_NONE)
        sys_nonblocking(in->shell.terminal, true);
    if (!in->group)
        in->group = in->shell.pid_inside;
    buf_clear(&in->reports);
    in->may_exit = dos_is_exit(in->dos, line);
    in->busy = true;
    return true;
}

/* ---- what it leaves behind ---- */

static bool take_bytes(struct inner *in)
{
    char bytes[CHUNK];
    long code = 0, n;

    while (in->channel != SYS_NONE && (n = sys_read(in->channel, bytes, sizeof bytes, &code)) != -1) {
        if (n > 0)
            buf_add(&in->reports, bytes, (size_t)n);
        if (n <= 0 || in->reports.n > DOS_REPORT_MAX)
            sys_close(&in->channel);
    }
    return in->channel != SYS_NONE;
}

void dos_read(struct inner *in)
{
    take_bytes(in);
}

/* What is not as it should be leaves what was. */
static bool take_state(struct inner *in)
{
    struct dos_state state;
    struct arena fresh = {0};

    dos_take(&fresh, buf_view(&in->reports), &state);
    buf_clear(&in->reports);
    if (!state.told) {
        arena_release(&fresh);
        return false;
    }
    arena_release(&in->arena);
    in->arena = fresh;
    in->report = (struct living_report){.kind = LIVING_EXPORT, .cwd = state.folder, .environment = state.environment};
    return true;
}

#define CONTROL_C_EXIT 0xc000013au /* STATUS_CONTROL_C_EXIT */

/* The pipe may hold more than has come by now: the report is whole at its end. */
enum inner_news dos_end(struct inner *in, const struct event *event)
{
    uint64_t end = sys_milliseconds() + REPORT_MS;

    while (take_bytes(in) && sys_milliseconds() < end && !str_ends(buf_view(&in->reports), STR("\0=\0"))) {
        struct sys_wait item = {in->channel, SYS_READ, 0};
        sys_wait(&item, 1, 50);
    }
    sys_close(&in->channel);
    in->told = take_state(in);
    in->busy = false;
    in->status = in->exit_code = (uint32_t)event->exit_code == CONTROL_C_EXIT ? 130 : event->exit_code;
    in->signalled = event->signal != 0;
    if (!in->may_exit)
        return INNER_DONE;
    in->alive = false;
    return INNER_ENDED;
}
