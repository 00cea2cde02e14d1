/*
 * exec: a program that Cordon starts itself and waits on, and what flows between it and us meanwhile.
 *
 * None of our own three descriptors reaches the inside as it is: a terminal there could be read and written past Cordon, a
 * file could have its mode and times changed, and a pipe can be opened again through /proc for its other direction:
 * inside then wrote what the outer shell read its script from. So a terminal is replaced by the session's own, and
 * everything else by a pipe that is pumped here.
 */
#include "bridge.h"
#include "denied.h"
#include "dos.h"
#include "../conpty/conpty.h"
#include "../sandbox/core/launch.h"

#include <string.h>

#define CHUNK        65536
#define STREAM_CHUNK 4096 /* what a pipe takes without blocking once it says that it takes anything */
#define GRACE_MS     2000 /* between being told to end and being ended */
#define KEYS_ASK_MS  100  /* how often to ask whether somebody inside waits for keys */
#define QUIET_MS     50
#define CATCH_MS     10000
#define TERMINAL_GONE_SIGNAL 1 /* SIGHUP, the same number everywhere */

/* One direction of one standard descriptor. */
struct relay {
    sys_handle from, to;
    bool ours_from, ours_to; /* ends that are closed when it is over */
    bool to_blocks;          /* `to` is not ours to make non-blocking */
    bool over;
    size_t step;
    size_t n, at;
    char bytes[CHUNK];
};

struct run {
    struct session *s;
    struct texts argv;
    bool line; /* argv are a line for the command shell, and its arguments */
    struct opened *o;
    struct command command;
    struct launch launch;
    struct texts line_env; /* what the line needs besides */
    struct relay *in, *out[2];
    sys_handle theirs[3]; /* our copies of what the program gets, closed once it runs */
    struct bridge bridge;
    struct guard guard;
    struct buf shown, keys;
    bool keys_wanted, keys_over;
    bool stops_returns; /* the terminal is not raw: \r\n would become \r\r\n */
    uint64_t asked_at, kill_at;
    uint64_t quiet_until; /* nobody inside has the terminal open just now: it would wake us all the time */
    bool exited;
    int code, told; /* told: the signal that was sent to us */
};

void exec_environment(
    struct session *s, const struct opened *o, struct arena *a, bool terminal, struct texts *out)
{
    struct texts outer = {0};
    sys_environment(a, &outer);
    launch_environment(a, &o->policy, &o->plan, &s->host, &outer, terminal, out);
}

struct str exec_shell(const struct session *s, const struct opened *o)
{
    static const char *const known[] = {"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"};
    struct arena a = {0};
    struct str found = STR("/bin/sh"), real, note;

    if (s->host.windows) {
        struct err ignored = {0};
        found = o->policy.shell; /* its start says what is wrong with it */
        dos_choose(&a, s->host.windows, o->policy.shell, &found, &note, &ignored);
        arena_release(&a);
        return found;
    }
    if (!str_is(o->policy.shell, "auto"))
        return o->policy.shell;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct err e = {0};
        if (sys_real_path(&a, str_from(known[i]), &real, &e)) {
            found = str_from(known[i]);
            break;
        }
    }
    arena_release(&a);
    return found;
}

struct str exec_place(const struct session *s, const struct opened *o)
{
    if (!o->policy.workspace.n || path_is_under(&s->env, o->policy.workspace, s->env.cwd))
        return s->env.cwd;
    return o->policy.workspace;
}

/* ---- the three descriptors ---- */

static bool refuse_std(int number, enum std_is is, struct err *e)
{
    static const char *const names[] = {"standard input", "standard output", "standard error"};
    err_set(e, ERR_REFUSED, "%s is %s, which is not handed to what runs inside", names[number],
        is == STD_IS_SOCKET   ? "a socket"
        : is == STD_IS_FOLDER ? "a folder"
                              : "neither terminal, pipe nor file");
    return err_remedy(e, "put a pipe or a file there, such as with: | cat");
}

static struct relay *relay_new(struct arena *a, sys_handle from, sys_handle to)
{
    struct relay *r = arena_alloc(a, 1, sizeof *r);
    r->from = from;
    r->to = to;
    r->step = CHUNK;
    return r;
}

static bool set_relay(struct run *run, struct arena *a, int number, enum std_is is, struct err *e)
{
    sys_handle reading = SYS_NONE, writing = SYS_NONE;
    struct relay *r;

    if (number == 2 && run->out[0] && std_same(1, 2)) {
        /* One file behind both: one pipe, so that what was written first arrives first. */
        run->launch.std[2] = STD_HANDLE;
        run->launch.std_handle[2] = run->launch.std_handle[1];
        return true;
    }
    if (!sys_pipe(&reading, &writing, e))
        return false;
    if (number == 0) {
        r = run->in = relay_new(a, 0, writing);
        r->ours_to = true;
        if (is == STD_IS_STREAM)
            r->step = STREAM_CHUNK;
        run->theirs[0] = reading;
        sys_nonblocking(writing, true);
    } else {
        r = run->out[number - 1] = relay_new(a, reading, number);
        r->ours_from = true;
        r->to_blocks = true;
        if (is == STD_IS_STREAM)
            r->step = STREAM_CHUNK;
        run->theirs[number] = writing;
        sys_nonblocking(reading, true);
    }
    run->launch.std[number] = STD_HANDLE;
    run->launch.std_handle[number] = run->theirs[number];
    return true;
}

static bool set_descriptors(struct run *run, struct arena *a, struct err *e)
{
    for (int i = 0; i < 3; i++) {
        enum std_is is = std_look(i);
        switch (is) {
        case STD_IS_TERMINAL:
            run->launch.std[i] = STD_TERMINAL;
            run->launch.terminal = true;
            break;
        case STD_IS_FILE:
        case STD_IS_STREAM:
            if (!set_relay(run, a, i, is, e))
                return false;
            break;
        case STD_IS_CLOSED:
        case STD_IS_NULL:
            run->launch.std[i] = STD_NULL;
            break;
        case STD_IS_SOCKET:
        case STD_IS_FOLDER:
        case STD_IS_OTHER:
            return refuse_std(i, is, e);
        }
    }
    return true;
}

/* ---- pumping ---- */

static void relay_end(struct relay *r)
{
    if (!r || r->over)
        return;
    r->over = true;
    if (r->ours_from)
        sys_close(&r->from);
    if (r->ours_to)
        sys_close(&r->to);
}

static void relay_read(struct relay *r)
{
    long code = 0, n = sys_read(r->from, r->bytes, sizeof r->bytes, &code);
    if (n > 0) {
        r->n = (size_t)n;
        r->at = 0;
    } else if (n == 0 || n == -2) {
        relay_end(r);
    }
}

static void relay_write(struct relay *r)
{
    size_t step = r->n - r->at < r->step ? r->n - r->at : r->step;
    long code = 0, n = sys_write(r->to, r->bytes + r->at, step, &code);
    if (n >= 0)
        r->at += (size_t)n;
    else if (n == -2)
        relay_end(r); /* nobody reads any more, or the disk is full: the writer sees its pipe broken */
    if (r->at == r->n)
        r->n = r->at = 0;
}

/* Both ends of every relay that is not over; returns how many items were added. */
static size_t relay_wants(struct relay *r, struct sys_wait *items)
{
    if (!r || r->over)
        return 0;
    items[0] = (struct sys_wait){.handle = r->from, .wanted = r->n ? 0 : SYS_READ};
    items[1] = (struct sys_wait){.handle = r->to, .wanted = r->n ? SYS_WRITE : 0};
    if (r->n)
        items[0].handle = SYS_NONE; /* an end that hung up would wake us for nothing */
    return 2;
}

static void relay_turn(struct relay *r, const struct sys_wait *items)
{
    if (!r->n && (items[0].got & (SYS_READ | SYS_HANGUP)))
        relay_read(r);
    else if (!r->n && (items[1].got & SYS_HANGUP))
        relay_end(r); /* its reader went away while nothing flowed */
    else if (r->n && items[1].got)
        relay_write(r);
}

static void show(struct run *run)
{
    struct str bytes = buf_view(&run->shown);
    if (!run->stops_returns || tty_is_raw()) {
        tty_write(bytes);
    } else {
        for (size_t at = 0; at < bytes.n;) {
            size_t end = str_find(bytes, at, '\r');
            bool before_newline = end + 1 < bytes.n && bytes.p[end + 1] == '\n';
            tty_write(str_slice(bytes, at, before_newline ? end : end + 1));
            at = end + 1;
        }
    }
    buf_clear(&run->shown);
}

static void show_inside(void *context, struct str bytes)
{
    struct run *run = context;

    guard_filter(&run->guard, bytes, &run->shown);
    show(run);
}

/* Reads the session's terminal once. False when there was nothing. */
static bool terminal_read(struct run *run)
{
    char bytes[CHUNK];
    long code = 0, n = sys_read(run->command.terminal, bytes, sizeof bytes, &code);
    if (n <= 0) {
        /* Not its end: a program that let go of its terminal may open it again, and closing our side would send
         * a hangup to it. */
        if (n != -1)
            run->quiet_until = sys_milliseconds() + QUIET_MS;
        return false;
    }
    bridge_take(&run->bridge, (struct str){bytes, (size_t)n}, show_inside, run);
    return true;
}

static void keys_read(struct run *run)
{
    char bytes[STREAM_CHUNK];
    long code = 0, n = sys_read(tty_in(), bytes, sizeof bytes, &code);
    if (n > 0)
        buf_add(&run->keys, bytes, (size_t)n);
    else if (n == 0 || n == -2)
        run->keys_over = true;
}

static void keys_write(struct run *run)
{
    struct str keys = buf_view(&run->keys);
    long code = 0, n;

    if (!bridge_answer(&run->bridge, run->command.terminal) || !keys.n)
        return;
    n = sys_write(run->command.terminal, keys.p, keys.n, &code);
    if (n > 0)
        buf_consume(&run->keys, (size_t)n);
    else if (n == -2)
        buf_clear(&run->keys);
}

/* Keys are taken only when they are meant for what runs here: with our output on the same terminal always, else
 * (cordon run -- ls | less) only while somebody inside waits for them. */
static bool takes_keys(struct run *run)
{
    struct foreground front;
    struct err ignored = {0};

    if (run->launch.std[0] != STD_TERMINAL || run->keys_over || run->command.terminal == SYS_NONE)
        return false;
    if (!run->keys_wanted && sys_milliseconds() - run->asked_at >= KEYS_ASK_MS) {
        run->asked_at = sys_milliseconds();
        run->keys_wanted =
            boundary_foreground(run->o->boundary, run->command.id, &front, &ignored) &&
            front.waiting_for_terminal;
    }
    return run->keys_wanted && tty_is_ours() && (tty_is_raw() || tty_raw(true));
}

/* ---- signals and the end ---- */

static void end_command(struct run *run, int number, bool at_once)
{
    struct err ignored = {0};
    if (!run->told)
        run->told = number;
    boundary_signal(run->o->boundary, run->command.id, number, true, &ignored);
    if (at_once)
        run->kill_at = sys_milliseconds();
    else if (!run->kill_at)
        run->kill_at = sys_milliseconds() + GRACE_MS;
}

static void take_signals(struct run *run)
{
    int number = 0;
    for (;;) {
        switch (tty_signal_next(&number)) {
        case TTY_SIGNAL_NONE:
            return;
        case TTY_SIGNAL_RESIZED:
            bridge_resized(&run->bridge, run->command.terminal);
            break;
        case TTY_SIGNAL_BREAK:
            if (run->command.terminal == SYS_NONE)
                end_command(run, number, run->told == number);
            else
                buf_str(&run->keys, bridge_break());
            break;
        case TTY_SIGNAL_CONTINUED:
            if (tty_is_raw())
                tty_raw(true);
            break;
        case TTY_SIGNAL_INTERRUPT:
        case TTY_SIGNAL_QUIT:
        case TTY_SIGNAL_TERMINATE:
        case TTY_SIGNAL_HANGUP:
            end_command(run, number, run->told == number);
            break;
        }
    }
}

static bool take_events(struct run *run, struct err *e)
{
    for (;;) {
        struct event event = {0};
        if (!boundary_event(run->o->boundary, &event, e))
            return false;
        if (event.kind == EVENT_NONE)
            return true;
        if (event.kind == EVENT_LOST) {
            err_set(e, ERR_SYSTEM, "the boundary ended, and everything inside with it");
            return false;
        }
        if (event.command == run->command.id) {
            run->exited = true;
            run->code = event.exit_code;
        }
    }
}

/* Everything else inside is ended, so that each pipe comes to its end; what is in them goes on to whoever reads, at the
 * reader's pace. GRACE_MS without a byte: somebody cannot be ended and holds a pipe open. */
static void drain_terminal(struct run *run)
{
    uint64_t end = sys_milliseconds() + GRACE_MS;

    while (run->command.terminal != SYS_NONE) {
        struct sys_wait item = {run->command.terminal, SYS_READ, 0};
        if (terminal_read(run)) {
            bridge_answer(&run->bridge, run->command.terminal);
            end = sys_milliseconds() + GRACE_MS;
        } else if (!run->bridge.host || run->quiet_until || sys_milliseconds() >= end) {
            return; /* a console host closes its end once everything has been said */
        } else {
            sys_wait(&item, 1, QUIET_MS);
        }
    }
}

static void drain(struct run *run)
{
    uint64_t end = sys_milliseconds() + GRACE_MS;

    denied_drain(run->s, run->o);
    run->quiet_until = 0;
    if (run->bridge.host)
        drain_terminal(run);
    boundary_end(run->o->boundary);
    drain_terminal(run);
    for (int i = 0; i < 2; i++) {
        struct relay *r = run->out[i];
        while (r && !r->over && !run->told && sys_milliseconds() < end) {
            struct sys_wait item = {.handle = r->n ? r->to : r->from, .wanted = r->n ? SYS_WRITE : SYS_READ};
            bool ready = sys_wait(&item, 1, QUIET_MS) > 0;
            take_signals(run);
            if (r->n) {
                if (ready)
                    relay_write(r);
                end = sys_milliseconds() + GRACE_MS; /* a reader may take its time */
            } else if (ready) {
                relay_read(r);
            }
        }
    }
}

static int own_wait_time(const struct run *run)
{
    uint64_t now = sys_milliseconds();
    if (run->kill_at)
        return run->kill_at > now ? (int)(run->kill_at - now) : 0;
    if (run->quiet_until > now)
        return (int)(run->quiet_until - now);
    /* Nobody tells a job that goes on running that it is in the foreground now. */
    return run->launch.std[0] == STD_TERMINAL && !run->keys_over && (!run->keys_wanted || !tty_is_ours()) ? KEYS_ASK_MS : -1;
}

static int wait_time(struct run *run)
{
    int own = own_wait_time(run), due = denied_wait_ms(run->s), size = bridge_turn(&run->bridge, run->command.terminal);

    if (size >= 0 && (own < 0 || size < own))
        own = size;
    return due >= 0 && (own < 0 || due < own) ? due : own;
}

static void pump_once(struct run *run)
{
    enum { EVENTS, SIGNALS, TERMINAL, KEYS, RECORDS, RELAYS };
    struct sys_wait items[RELAYS + 6] = {0};
    struct relay *relays[3] = {run->in, run->out[0], run->out[1]};
    size_t at[3], count = RELAYS;
    sys_handle terminal = run->command.terminal;
    bool keys = takes_keys(run);

    items[EVENTS] = (struct sys_wait){boundary_handle(run->o->boundary), SYS_READ, 0};
    items[SIGNALS] = (struct sys_wait){tty_signals(), SYS_READ, 0};
    if (sys_milliseconds() < run->quiet_until)
        terminal = SYS_NONE;
    items[TERMINAL] =
        (struct sys_wait){terminal, SYS_READ | (run->keys.n || run->bridge.answers.n ? SYS_WRITE : 0), 0};
    items[KEYS] = (struct sys_wait){keys && run->keys.n < STREAM_CHUNK ? tty_in() : SYS_NONE, SYS_READ, 0};
    items[RECORDS] = (struct sys_wait){denied_handle(run->s, run->o), SYS_READ, 0};
    for (int i = 0; i < 3; i++) {
        at[i] = count;
        count += relay_wants(relays[i], items + count);
    }
    sys_wait(items, count, wait_time(run));

    if (items[TERMINAL].got & (SYS_READ | SYS_HANGUP))
        terminal_read(run);
    if (items[KEYS].got)
        keys_read(run);
    if ((run->keys.n || run->bridge.answers.n) && run->command.terminal != SYS_NONE)
        keys_write(run);
    for (int i = 0; i < 3; i++)
        if (relays[i] && !relays[i]->over)
            relay_turn(relays[i], items + at[i]);
    take_signals(run);
}

static bool pump(struct run *run, struct err *e)
{
    while (!run->exited) {
        /* Before every wait: the end may have come together with the answer to the start. */
        if (!take_events(run, e))
            return false;
        if (run->exited)
            break;
        denied_turn(run->s, run->o);
        pump_once(run);
        if (run->keys_over && !run->told)
            end_command(run, TERMINAL_GONE_SIGNAL, false);
        if (!run->exited && run->kill_at && sys_milliseconds() >= run->kill_at) {
            run->exited = true; /* the boundary is closed by our caller: that ends it */
            run->code = EXIT_SIGNALLED + run->told;
        }
    }
    drain(run);
    return true;
}

static void run_end(struct run *run)
{
    guard_undo(&run->guard, &run->shown);
    if (run->shown.n)
        show(run);
    tty_raw(false);
    relay_end(run->in);
    relay_end(run->out[0]);
    relay_end(run->out[1]);
    for (int i = 0; i < 3; i++)
        sys_close(&run->theirs[i]);
    sys_close(&run->command.terminal);
    buf_release(&run->shown);
    buf_release(&run->keys);
    bridge_release(&run->bridge);
}

static int spawn_code(const struct err *e)
{
    if (e->kind == ERR_MISSING)
        return EXIT_NOT_FOUND;
    return e->kind == ERR_REFUSED ? EXIT_NOT_STARTED : EXIT_CORDON;
}

struct run *exec_new(struct session *s, const struct texts *argv, bool line)
{
    struct run *run = arena_alloc(&s->arena, 1, sizeof *run);

    run->s = s;
    run->argv = *argv;
    run->line = line;
    run->command.terminal = SYS_NONE;
    for (int i = 0; i < 3; i++)
        run->theirs[i] = SYS_NONE;
    return run;
}

/* On Windows each shell reads its command line in a way of its own. */
static bool set_line(struct run *run, struct arena *a, struct err *e)
{
    struct dos_line line = {.shell = exec_shell(run->s, run->o), .text = run->argv.v[0]};
    struct dos_process process;

    line.kind = dos_kind(path_name(PATH_WINDOWS, line.shell));
    if (run->argv.n > 1 && line.kind != DOS_BASH)
        return err_set(e, ERR_USAGE, "this command shell takes no arguments behind a line");
    if (!dos_command(a, &line, &process, e))
        return false;
    run->launch.words = process.words;
    run->launch.argv = process.argv;
    run->line_env = process.env;
    if (run->launch.words.n)
        *(struct str *)ARENA_PUSH(a, &run->launch.argv) = line.shell;
    for (size_t i = 1; i < run->argv.n; i++)
        *(struct str *)ARENA_PUSH(a, &run->launch.argv) = run->argv.v[i];
    return true;
}

static void set_words(struct run *run, struct arena *a)
{
    if (run->line) {
        *(struct str *)ARENA_PUSH(a, &run->launch.argv) = exec_shell(run->s, run->o);
        *(struct str *)ARENA_PUSH(a, &run->launch.argv) = STR("-c");
    }
    for (size_t i = 0; i < run->argv.n; i++)
        *(struct str *)ARENA_PUSH(a, &run->launch.argv) = run->argv.v[i];
}

/* Nobody tells there who waits for keys. With our output in a file no program beside us has the terminal; in a pipe, one may. */
static bool nobody_else_reads(const struct session *s)
{
    enum std_is is = std_look(1);

    return s->env.system == PATH_WINDOWS && (is == STD_IS_FILE || is == STD_IS_NULL);
}

const struct launch *exec_ready(struct session *s, struct opened *o, struct err *e)
{
    struct run *run = s->first;

    run->o = o;
    run->launch = (struct launch){.cwd = exec_place(s, o), .extra = SYS_NONE};
    if (run->line && s->env.system == PATH_WINDOWS) {
        if (!set_line(run, &s->arena, e))
            return NULL;
    } else {
        set_words(run, &s->arena);
    }
    if (!tty_begin(e))
        return NULL;
    tty_size(&run->launch.rows, &run->launch.columns);
    if (!set_descriptors(run, &s->arena, e))
        return NULL;
    exec_environment(s, o, &s->arena, run->launch.terminal, &run->launch.env);
    for (size_t i = 0; i < run->line_env.n; i++)
        *(struct str *)ARENA_PUSH(&s->arena, &run->launch.env) = run->line_env.v[i];
    run->keys_wanted = run->launch.std[0] == STD_TERMINAL && (run->launch.std[1] == STD_TERMINAL || nobody_else_reads(s));
    run->stops_returns = true;
    bridge_begin(&run->bridge, s->env.system == PATH_WINDOWS, run->launch.rows, run->launch.columns);
    return &run->launch;
}

int exec_run(struct session *s, struct err *e)
{
    struct run *run = s->first;
    int code = EXIT_CORDON;
    bool good = boundary_release(run->o->boundary, e);

    if (good)
        denied_turn(s, run->o); /* its log is begun while the program is: many a program has ended by then */
    if (!good || !boundary_released(run->o->boundary, &run->command, e)) {
        code = spawn_code(e);
        goto out;
    }
    for (int i = 0; i < 3; i++)
        sys_close(&run->theirs[i]);
    if (run->command.terminal != SYS_NONE)
        sys_nonblocking(run->command.terminal, true);
    if (pump(run, e))
        code = run->told ? EXIT_SIGNALLED + run->told : run->code;
out:
    run_end(run);
    say_end(s->env.system, code);
    return code;
}

/* ---- a program whose words are caught ---- */

static void catch_what_is_there(sys_handle *reading, struct buf *caught)
{
    char bytes[STREAM_CHUNK];
    long problem = 0, n = -1;

    while (*reading != SYS_NONE && (n = sys_read(*reading, bytes, sizeof bytes, &problem)) > 0)
        buf_add(caught, bytes, (size_t)n);
    if (n != -1)
        sys_close(reading);
}

static bool catch_until_end(struct session *s, struct opened *o, const struct command *command, sys_handle *reading,
    struct buf *caught, int *code, struct err *e)
{
    uint64_t end = sys_milliseconds() + CATCH_MS;

    for (;;) {
        struct sys_wait items[] = {{boundary_handle(o->boundary), SYS_READ, 0}, {*reading, SYS_READ, 0},
            {denied_handle(s, o), SYS_READ, 0}};
        struct event event = {0};
        uint64_t now = sys_milliseconds();

        /* Before every wait, as in pump. */
        if (!boundary_event(o->boundary, &event, e))
            return false;
        if (event.kind == EVENT_LOST)
            return err_set(e, ERR_SYSTEM, "the boundary ended");
        denied_drain(s, o);
        catch_what_is_there(reading, caught);
        if (event.kind == EVENT_EXITED && event.command == command->id) {
            *code = event.exit_code;
            return true;
        }
        if (now >= end)
            return err_set(e, ERR_LIMIT, "a program inside did not end in time");
        if (event.kind == EVENT_NONE)
            sys_wait(items, COUNT_OF(items), (int)(end - now));
    }
}

bool exec_catch(struct session *s, struct opened *o, struct arena *a, const struct texts *argv, struct str cwd,
    size_t ceiling, struct str *output, int *code, struct err *e)
{
    struct launch launch = {.argv = *argv, .cwd = cwd, .extra = SYS_NONE};
    struct command command = {.terminal = SYS_NONE};
    struct buf caught = {.ceiling = ceiling};
    sys_handle reading = SYS_NONE, writing = SYS_NONE;
    bool good;

    if (!sys_pipe(&reading, &writing, e))
        return false;
    sys_nonblocking(reading, true);
    exec_environment(s, o, a, false, &launch.env);
    launch.std[1] = launch.std[2] = STD_HANDLE;
    launch.std_handle[1] = launch.std_handle[2] = writing;
    good = boundary_spawn(o->boundary, &launch, &command, e);
    sys_close(&writing);
    if (good)
        good = catch_until_end(s, o, &command, &reading, &caught, code, e);
    sys_close(&reading);
    *output = arena_str(a, buf_view(&caught));
    buf_release(&caught);
    return good;
}
