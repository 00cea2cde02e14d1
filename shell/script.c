/*
 * script: lines from a pipe or a file on standard input, run one after the other in a living shell as a terminal's
 * would be. What they print goes where our own outputs lead; programs that read the terminal find its end, as
 * nobody is there to type. A script never widens: its built-ins are told where the line came from.
 */
#include "repl.h"
#include "../conpty/conpty.h"

#include <string.h>

#define CHUNK     65536
#define ASK_MS    100 /* how often we look whether somebody waits for the terminal */
#define QUIET_MS  50
#define REST_MS   2000 /* for a console host to close its end */
#define END_OF_FILE "\004"

struct script {
    struct session *s;
    struct inner in;
    struct guard guard;
    struct buf input, shown;
    struct arena line; /* of the line at hand */
    bool ended;        /* of the input */
    int number;        /* where the terminal's bytes go; 0: nowhere */
    bool may_exit;     /* the line at hand may end bash, which then says "exit" as to a person who types */
    char held[8];      /* such a word at the end of what came, until more comes or the shell has ended */
    size_t held_n;
    int held_number;
    bool terminal_over;
    bool over;
    int code;
    uint64_t asked_at, quiet_until;
};

/* ---- output ---- */

static void write_all(int number, struct str bytes)
{
    while (bytes.n) {
        long code = 0, n = sys_write(number, bytes.p, bytes.n, &code);
        struct sys_wait item = {number, SYS_WRITE, 0};
        if (n == -2)
            return;
        if (n < 0)
            sys_wait(&item, 1, 1000);
        else
            bytes = str_slice(bytes, (size_t)n, bytes.n);
    }
}

static void put_held(struct script *c)
{
    if (c->held_n)
        write_all(c->held_number, (struct str){c->held, c->held_n});
    c->held_n = 0;
}

static void put(struct script *c, int number, struct str bytes)
{
    static const struct str words[] = {{"exit\r\n", 6}, {"exit\n", 5}};

    if (!bytes.n)
        return;
    put_held(c);
    for (size_t i = 0; c->may_exit && i < COUNT_OF(words); i++) {
        size_t before = bytes.n - words[i].n;
        if (!str_ends(bytes, words[i]) || (before > 0 && bytes.p[before - 1] != '\n'))
            continue;
        c->held_n = words[i].n;
        c->held_number = number;
        memcpy(c->held, words[i].p, words[i].n);
        bytes.n = before;
        break;
    }
    write_all(number, bytes);
}

static bool move_output(struct script *c, int i)
{
    char bytes[CHUNK];
    long code = 0, n = c->in.outputs[i] == SYS_NONE ? -1 : sys_read(c->in.outputs[i], bytes, sizeof bytes, &code);

    if (n == 0 || n == -2)
        sys_close(&c->in.outputs[i]);
    if (n > 0)
        put(c, i + 1, (struct str){bytes, (size_t)n});
    return n > 0;
}

static void show_bytes(void *context, struct str bytes)
{
    struct script *c = context;

    if (!c->number)
        return;
    guard_filter(&c->guard, bytes, &c->shown);
    put(c, c->number, buf_view(&c->shown));
    buf_clear(&c->shown);
}

/* What comes out of the terminal belongs to whichever of our outputs is one; with neither, programs that insist on
 * /dev/tty talk to nobody. */
static bool move_terminal(struct script *c)
{
    char bytes[CHUNK];
    long code = 0, n = sys_read(c->in.shell.terminal, bytes, sizeof bytes, &code);
    int number = std_look(1) == STD_IS_TERMINAL ? 1 : std_look(2) == STD_IS_TERMINAL ? 2 : 0;

    if (n == 0 || n == -2)
        c->quiet_until = sys_milliseconds() + QUIET_MS;
    c->number = number;
    if (n > 0) {
        bridge_take(&c->in.bridge, (struct str){bytes, (size_t)n}, show_bytes, c);
        bridge_answer(&c->in.bridge, c->in.shell.terminal);
    }
    c->terminal_over = n == 0 || n == -2;
    return n > 0;
}

/* All that three pipes can hold; a background job may write without end. */
#define DRAIN_TURNS 64

static void drain(struct script *c)
{
    uint64_t end = sys_milliseconds() + REST_MS;
    bool more = true;

    denied_drain(c->s, c->in.o);
    while (c->in.bridge.host && c->in.shell.terminal != SYS_NONE && !c->terminal_over && sys_milliseconds() < end) {
        struct sys_wait item = {c->in.shell.terminal, SYS_READ, 0};
        if (move_terminal(c))
            end = sys_milliseconds() + REST_MS;
        else if (!c->terminal_over)
            sys_wait(&item, 1, QUIET_MS);
    }
    for (int i = 0; i < DRAIN_TURNS && more; i++) {
        bool terminal = move_terminal(c), first = move_output(c, 0), second = move_output(c, 1);
        more = terminal || first || second;
    }
}

/* ---- one line ---- */

/* Nobody types: who waits for the terminal is told that there is nothing. */
static void end_of_input(struct script *c)
{
    struct foreground front;
    struct err ignored = {0};
    long code = 0;

    if (sys_milliseconds() - c->asked_at < ASK_MS)
        return;
    c->asked_at = sys_milliseconds();
    if (boundary_foreground(c->in.o->boundary, c->in.shell.id, &front, &ignored) && front.waiting_for_terminal)
        sys_write(c->in.shell.terminal, END_OF_FILE, 1, &code);
}

static void take_signals(struct script *c)
{
    enum tty_signal got;
    int number;

    while ((got = tty_signal_next(&number)) != TTY_SIGNAL_NONE) {
        if (got == TTY_SIGNAL_INTERRUPT || got == TTY_SIGNAL_BREAK || got == TTY_SIGNAL_TERMINATE || got == TTY_SIGNAL_HANGUP ||
            got == TTY_SIGNAL_QUIT) {
            c->over = true;
            c->code = EXIT_SIGNALLED + number;
        }
    }
}

static void wait_a_turn(struct script *c)
{
    struct sys_wait items[INNER_WAITS + 4];
    size_t count = inner_waits(&c->in, items);
    bool quiet = sys_milliseconds() < c->quiet_until;

    items[count++] = (struct sys_wait){quiet ? SYS_NONE : c->in.shell.terminal, SYS_READ, 0};
    items[count++] = (struct sys_wait){c->in.outputs[0], SYS_READ, 0};
    items[count++] = (struct sys_wait){c->in.outputs[1], SYS_READ, 0};
    items[count++] = (struct sys_wait){tty_signals(), SYS_READ, 0};
    sys_wait(items, count, ASK_MS);
    if (!quiet)
        move_terminal(c);
    move_output(c, 0);
    move_output(c, 1);
    take_signals(c);
    end_of_input(c);
}

static bool start_shell(struct script *c, struct err *e)
{
    struct inner_wish wish = {.cwd = c->s->place, .start_file = !c->s->options->no_rc, .pipes = true};
    bool without = false;

    if (!inner_start(&c->in, c->s, c->s->open, &wish, &without, e))
        return false;
    buf_clear(&c->in.early);
    if (without)
        say_note("your ~/.bashrc hung or ended the shell, so it was left out");
    return true;
}

static void run_line(struct script *c, struct str line, struct err *e)
{
    denied_line(c->s, line);
    c->terminal_over = false;
    c->may_exit = !c->in.lines && dos_may_exit(c->in.dos, line);
    if (!inner_send(&c->in, line, true, e)) {
        c->over = true;
        c->code = EXIT_CORDON;
        return;
    }
    while (!c->over) {
        enum inner_news news = inner_turn(&c->in, e);
        switch (news) {
        case INNER_DONE:
        case INNER_TORN:
            drain(c);
            put_held(c);
            c->code = news == INNER_TORN ? 130 : c->in.status;
            evaluate_line(c->s, c->in.o, c->code);
            return;
        case INNER_ENDED:
            drain(c);
            c->held_n = 0;
            c->code = c->in.exit_code;
            evaluate_line(c->s, c->in.o, c->code);
            c->over = true; /* exit, set -e: a script ends there */
            return;
        case INNER_LOST:
        case INNER_BROKEN:
            err_set(e, ERR_SYSTEM, "the boundary ended, and everything inside with it");
            c->code = EXIT_CORDON;
            c->over = true;
            return;
        case INNER_NOTHING:
            wait_a_turn(c);
            break;
        case INNER_EXPORT:
        case INNER_WORDS:
            break;
        }
    }
}

/* ---- the input ---- */

static bool read_input(struct script *c)
{
    char bytes[CHUNK];
    long code = 0, n;
    struct sys_wait items[2] = {{0, SYS_READ, 0}, {tty_signals(), SYS_READ, 0}};

    sys_wait(items, 2, -1);
    take_signals(c);
    if (c->over || !items[0].got)
        return !c->over;
    n = sys_read(0, bytes, sizeof bytes, &code);
    if (n == 0 || n == -2) {
        c->ended = true;
        return false;
    }
    if (n > 0)
        buf_add(&c->input, bytes, (size_t)n);
    return true;
}

/* A script that was written on Windows ends its lines with two characters. */
static struct str without_returns(struct script *c, struct str line)
{
    char *out = arena_alloc(&c->line, line.n + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] != '\r' || (i + 1 < line.n && line.p[i + 1] != '\n'))
            out[n++] = line.p[i];
    return (struct str){out, n};
}

/* The next line that is complete for the command shell; none at the end. */
static struct str next_line(struct script *c)
{
    size_t end = 0;

    for (;;) {
        struct str all = buf_view(&c->input), line;
        end = str_find(all, end, '\n');
        if (end < all.n || (c->ended && all.n > 0)) {
            line = str_slice(all, 0, end);
            if (line.n > LINE_BYTES_MAX || !dos_unfinished(c->in.dos, c->in.dos ? without_returns(c, line) : line) || (c->ended && end >= all.n)) {
                line = c->in.dos ? without_returns(c, line) : arena_str(&c->line, line);
                buf_consume(&c->input, end < all.n ? end + 1 : all.n);
                return line;
            }
            end++;
            continue;
        }
        if (c->ended || c->input.overflowed || (!read_input(c) && !c->ended))
            return (struct str){0};
    }
}

static bool move_shell(void *context, struct opened *next, struct arena *a, struct texts *lost, struct err *e)
{
    struct script *c = context;

    return carry_over(&c->in, next, true, a, lost, e);
}

static size_t count_jobs(void *context)
{
    return ((struct script *)context)->in.jobs;
}

static void run_all(struct script *c, struct err *e)
{
    while (!c->over) {
        struct str line;
        arena_release(&c->line);
        line = next_line(c);
        if (!line.p)
            return;
        if (line.n == 0)
            continue;
        if (builtin_is(line)) {
            c->code = builtin_run(c->s, line, LINE_SCRIPT) ? 0 : EXIT_FINDING;
            if (c->s->quit) {
                c->code = c->s->quit_code;
                return;
            }
        } else {
            run_line(c, line, e);
        }
    }
}

int repl_script(struct session *s, struct err *e)
{
    struct arena own = {0};
    struct script *c = arena_alloc(&own, 1, sizeof *c);
    int code;

    c->s = s;
    s->carrier = (struct carrier){c, move_shell, NULL, count_jobs};
    if (start_shell(c, e))
        run_all(c, e);
    else
        c->code = EXIT_CORDON;
    s->carrier = (struct carrier){0};
    inner_release(&c->in);
    buf_release(&c->input);
    buf_release(&c->shown);
    arena_release(&c->line);
    code = c->code;
    arena_release(&own);
    return code;
}
