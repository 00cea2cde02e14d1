/*
 * repl: the terminal on the trusted side. A line is edited here, handed to the living shell inside, and while it runs
 * keys go in and what it prints comes out through the guard. When the shell has reported, everything that was
 * printed is shown, what programs changed of the terminal is undone, keys that nobody read come back into the editor,
 * and the prompt is drawn by us.
 */
#include "repl_parts.h"

#include <string.h>

#define CHUNK        65536
#define TURN_MAX     ((size_t)64 << 10) /* of output, before keys are looked at again */
#define KEYS_MAX     ((size_t)1 << 20)
#define ESCAPE_MS    50   /* after that an ESC is a key of its own */
#define IDLE_MS      400  /* then the shell is asked for its state, so that it can be carried over when it ends */
#define HAND_MS      2000 /* that the shell may take to begin a line */
#define HAND_LEAST_MS 30  /* that is not looked at: it can begin to ignore them behind our look */
#define HELD_MS      10
#define HATCH_MS     2000 /* three Ctrl-C, or three Ctrl-\, within this */
#define QUIET_MS     50
#define MENDED_MAX   3
#define CONTINUE     18
#define CTRL_C       '\003'
#define CTRL_BACKSLASH '\034'

/* ---- to the terminal ---- */

void repl_put(struct buf *b)
{
    if (b->n)
        tty_write(buf_view(b));
    buf_clear(b);
}

/* One plain line of ours, on a row of its own. */
void repl_tell(struct repl *r, const char *text)
{
    if (r->editing)
        editor_hide(r->ed, &r->draw);
    else if (!r->fresh_row)
        buf_format(&r->draw, "\r\n");
    buf_format(&r->draw, "cordon: %s\r\n", text);
    r->fresh_row = true;
    if (r->editing)
        editor_show(r->ed, &r->draw);
    repl_put(&r->draw);
}

void repl_tell_error(struct repl *r, const struct err *e)
{
    repl_tell(r, say_error_text(e, &r->turn).p);
}

/* ---- what the inside prints ---- */

static void filter_output(struct repl *r, struct str bytes)
{
    if (r->editing) {
        lines_filter(&r->lines, bytes, &r->shown);
        return;
    }
    guard_filter(&r->guard, bytes, &r->shown);
    if (r->shown.n)
        r->fresh_row = r->shown.p[r->shown.n - 1] == '\n';
}

static void show_filtered(struct repl *r)
{
    if (!r->editing) {
        repl_put(&r->shown);
    } else if (r->shown.n) {
        editor_hide(r->ed, &r->draw);
        buf_str(&r->draw, buf_view(&r->shown));
        editor_show(r->ed, &r->draw);
        buf_clear(&r->shown);
        repl_put(&r->draw);
    }
}

static void show_bytes(void *context, struct str bytes)
{
    filter_output(context, bytes);
    show_filtered(context);
}

/* What the inside printed. */
static void repl_show(struct repl *r, struct str bytes)
{
    bridge_take(&r->in.bridge, bytes, show_bytes, r);
}

/* bash at a prompt of its own while a line should run: its hook is lost (PROMPT_COMMAND was unset), or the line needs
 * more. The first is mended by what Cordon types for the person; for the second it is one word too many. */
static void look_for_loss(struct repl *r, struct str bytes)
{
    struct str mark = living_lost_mark();
    struct foreground front;
    struct err ignored = {0};

    for (size_t at = 0; at < bytes.n && r->in.busy && !r->in.lines; at++) {
        at = str_find(bytes, at, mark.p[0]);
        if (!str_starts(str_slice(bytes, at, bytes.n), mark))
            continue;
        if (r->mended++ < MENDED_MAX &&
            boundary_foreground(r->in.o->boundary, r->in.shell.id, &front, &ignored) && front.itself)
            buf_str(&r->keys, living_repair_keys());
        return;
    }
}

/* A terminal hands out a few thousand bytes at a time. They are shown at once: gathering them is slower, because the
 * program would wait meanwhile. False: nothing was there. */
bool repl_read_terminal(struct repl *r)
{
    char bytes[CHUNK];
    size_t taken = 0;
    long code = 0, n = 0;

    while (taken < TURN_MAX && (n = sys_read(r->in.shell.terminal, bytes, sizeof bytes, &code)) > 0) {
        look_for_loss(r, (struct str){bytes, (size_t)n});
        repl_show(r, (struct str){bytes, (size_t)n});
        taken += (size_t)n;
        bridge_answer(&r->in.bridge, r->in.shell.terminal);
    }
    r->terminal_over = n == 0 || n == -2;
    if (n == 0 || n == -2)
        r->quiet_until = sys_milliseconds() + QUIET_MS;
    return taken > 0;
}

#define REST_MS    2000
#define REST_TURNS 4 /* of TURN_MAX bytes: more than a terminal holds */

/* A background job may write without end: what it adds while this is read can wait. */
void repl_read_rest(struct repl *r)
{
    uint64_t end = sys_milliseconds() + REST_MS;

    /* A console host that belongs to one line closes its end once everything has been said. */
    while (r->in.bridge.host && r->in.shell.terminal != SYS_NONE && !r->terminal_over && sys_milliseconds() < end) {
        struct sys_wait item = {r->in.shell.terminal, SYS_READ, 0};
        if (repl_read_terminal(r))
            end = sys_milliseconds() + REST_MS;
        else if (!r->terminal_over)
            sys_wait(&item, 1, QUIET_MS);
    }
    for (int i = 0; i < REST_TURNS && repl_read_terminal(r); i++)
        continue;
}

/* ---- keys on their way in ---- */

/* Between its hook and the line bash ignores interrupts (living.c); one that comes then is lost. */
static bool line_begins(struct repl *r)
{
    uint64_t ms = sys_milliseconds() - r->line_ms;
    struct foreground front;
    struct err ignored = {0};

    if (!r->in.busy || r->in.lines || ms >= HAND_MS)
        return false;
    return ms < HAND_LEAST_MS ||
           (boundary_foreground(r->in.o->boundary, r->in.shell.id, &front, &ignored) && front.itself && front.deaf);
}

static void write_keys(struct repl *r)
{
    r->held = false;
    if (!bridge_answer(&r->in.bridge, r->in.shell.terminal))
        return;
    while (r->keys.n && r->in.shell.terminal != SYS_NONE) {
        size_t size = str_find(buf_view(&r->keys), 0, CTRL_C);
        long code = 0, n;
        bool interrupt = size == 0;
        if ((r->held = interrupt && line_begins(r)))
            return;
        n = sys_write(r->in.shell.terminal, r->keys.p, interrupt ? 1 : size, &code);
        if (n <= 0)
            return;
        if ((r->held = interrupt && line_begins(r)))
            return; /* it came too early, or just then: once more, unless the line is over by that */
        r->keys_went_in = true;
        buf_consume(&r->keys, (size_t)n);
    }
}

/* Somebody presses the same way out again and again: three Ctrl-\ end what runs; three Ctrl-C, when the command shell
 * itself does not answer, continue it and say what else can be done. */
static void watch_hatch(struct repl *r, char key)
{
    uint64_t now = sys_milliseconds();
    struct foreground front;
    struct err ignored = {0};

    if (key != r->hatch_key)
        memset(r->hatch, 0, sizeof r->hatch);
    r->hatch_key = key;
    memmove(r->hatch, r->hatch + 1, 2 * sizeof r->hatch[0]);
    r->hatch[2] = now;
    if (r->hatch[0] == 0 || now - r->hatch[0] > HATCH_MS)
        return;
    memset(r->hatch, 0, sizeof r->hatch);
    if (key == CTRL_BACKSLASH) {
        repl_tell(r, r->in.dos ? "ending the line and all that it started" : "ending the command shell and what it runs in the foreground");
        inner_kill(&r->in);
        r->in.alive = true; /* its end is still to be seen */
        return;
    }
    if (boundary_foreground(r->in.o->boundary, r->in.shell.id, &front, &ignored) &&
        (!front.itself || r->in.lines)) {
        /* A program has the terminal and makes of Ctrl-C what it likes; one of the whole screen is left alone. */
        if (r->in.dos && !r->guard.alternate_screen)
            repl_tell(r, "this does not end on Ctrl-C; Ctrl-Break may end it, Ctrl-\\ three times ends the line and all it started");
        else if (!r->in.dos && pty_is_cooked(r->in.shell.terminal))
            repl_tell(r, "this does not end on Ctrl-C; Ctrl-\\ may end it, three times ends the command shell as well");
        return;
    }
    if (r->keys.n && r->keys.p[r->keys.n - 1] == key)
        r->keys.n--; /* it would come when the shell is idle again */
    boundary_signal(r->in.o->boundary, r->in.shell.id, CONTINUE, false, &ignored);
    repl_tell(r, "the command shell does not answer; press Ctrl-\\ three times to end it and get a new one");
}

static void read_keys(struct repl *r)
{
    char bytes[CHUNK];
    long code = 0, n;

    if (r->keys.n >= KEYS_MAX)
        return;
    n = sys_read(tty_in(), bytes, sizeof bytes, &code);
    if (n == 0 || n == -2) {
        r->over = true; /* the terminal is gone */
        r->code = EXIT_SIGNALLED + 1;
        return;
    }
    if (n <= 0)
        return;
    buf_add(&r->keys, bytes, (size_t)n);
    for (long i = 0; i < n && r->in.busy; i++) {
        if (bytes[i] == CTRL_C || bytes[i] == CTRL_BACKSLASH)
            watch_hatch(r, bytes[i]);
    }
}

/* ---- keys at the prompt ---- */

static void suspend(struct repl *r)
{
    repl_put(&r->draw);
    if (!tty_suspend())
        repl_tell(r, "there is nobody to go back to: this is a login shell, or was started without job control");
    editor_show(r->ed, &r->draw);
}

static void feed_editor(struct repl *r)
{
    while (r->editing && r->keys.n && !r->over) {
        size_t used = 0;
        enum editor_result result = editor_feed(r->ed, buf_view(&r->keys), &used, &r->draw);
        buf_consume(&r->keys, used);
        switch (result) {
        case EDITOR_MORE:
            repl_put(&r->draw);
            if (used == 0)
                return;
            break;
        case EDITOR_LINE:
            line_take(r);
            break;
        case EDITOR_INTERRUPT:
            r->in.status = 130;
            r->editing = false;
            repl_put(&r->draw);
            prompt_begin(r);
            break;
        case EDITOR_END:
            r->editing = false;
            buf_format(&r->draw, "\r\n");
            repl_put(&r->draw);
            line_run(r, STR("exit"));
            break;
        case EDITOR_SUSPEND:
            suspend(r);
            repl_put(&r->draw);
            break;
        case EDITOR_COMPLETE:
            offer_words(r);
            repl_put(&r->draw);
            break;
        }
    }
}

/* ---- signals, the loop ---- */

static void take_signals(struct repl *r)
{
    enum tty_signal got;
    int number;

    while ((got = tty_signal_next(&number)) != TTY_SIGNAL_NONE) {
        uint16_t rows, columns;
        switch (got) {
        case TTY_SIGNAL_RESIZED:
        case TTY_SIGNAL_CONTINUED:
            tty_size(&rows, &columns);
            bridge_resized(&r->in.bridge, r->in.shell.terminal);
            editor_set_height(r->ed, rows);
            if (r->editing)
                editor_resize(r->ed, columns, &r->draw);
            repl_put(&r->draw);
            break;
        case TTY_SIGNAL_INTERRUPT:
            if (r->in.busy || r->s->env.system == PATH_WINDOWS) /* where some hosts make no key of it even in raw mode */
                buf_add(&r->keys, "\003", 1);
            break;
        case TTY_SIGNAL_BREAK:
            if (r->in.busy)
                buf_str(&r->keys, bridge_break());
            break;
        case TTY_SIGNAL_TERMINATE:
        case TTY_SIGNAL_HANGUP:
        case TTY_SIGNAL_QUIT:
            r->over = true;
            r->code = EXIT_SIGNALLED + number;
            break;
        case TTY_SIGNAL_NONE:
            break;
        }
    }
}

static int wait_time(const struct repl *r)
{
    if (r->quiet_until > sys_milliseconds())
        return QUIET_MS;
    if (r->held && !r->editing)
        return HELD_MS;
    if (r->editing && editor_waiting(r->ed))
        return ESCAPE_MS;
    return r->editing && r->dirty && !r->in.asked ? IDLE_MS : -1;
}

static void idle(struct repl *r)
{
    if (!r->editing)
        return;
    if (editor_waiting(r->ed)) {
        editor_timeout(r->ed, &r->draw);
        repl_put(&r->draw);
    } else if (r->dirty) {
        r->dirty = false;
        prompt_find_place(r, true);
        inner_ask_export(&r->in);
    }
    if (lines_pending(&r->lines)) {
        lines_flush(&r->lines, &r->shown);
        editor_hide(r->ed, &r->draw);
        buf_str(&r->draw, buf_view(&r->shown));
        buf_clear(&r->shown);
        editor_show(r->ed, &r->draw);
        repl_put(&r->draw);
    }
}

static void turn(struct repl *r)
{
    enum { TERMINAL, KEYS, SIGNALS, INNER };
    struct sys_wait items[INNER + INNER_WAITS];
    size_t count = INNER;
    bool quiet = sys_milliseconds() < r->quiet_until;
    int ms = wait_time(r), due = denied_wait_ms(r->s), size = bridge_turn(&r->in.bridge, r->in.shell.terminal);
    bool records; /* theirs is the end of the wait, not ours */

    if (size >= 0 && (due < 0 || size < due))
        due = size;
    records = due >= 0 && (ms < 0 || due < ms);
    items[TERMINAL] = (struct sys_wait){quiet ? SYS_NONE : r->in.shell.terminal,
        SYS_READ | (!r->editing && !r->held && (r->keys.n || r->in.bridge.answers.n) ? SYS_WRITE : 0), 0};
    items[KEYS] = (struct sys_wait){r->keys.n < KEYS_MAX ? tty_in() : SYS_NONE, SYS_READ, 0};
    items[SIGNALS] = (struct sys_wait){tty_signals(), SYS_READ, 0};
    count += inner_waits(&r->in, items + INNER);
    if (sys_wait(items, count, records ? due : ms) == 0 && !records)
        idle(r);
    if (items[KEYS].got)
        read_keys(r);
    if (!r->editing)
        write_keys(r);
    if (items[TERMINAL].got & (SYS_READ | SYS_HANGUP))
        repl_read_terminal(r);
    if (items[SIGNALS].got)
        take_signals(r);
    if (r->editing)
        feed_editor(r);
}

int repl_run(struct session *s, struct err *e)
{
    struct arena own = {0};
    struct repl *r = arena_alloc(&own, 1, sizeof *r);
    struct str term = sys_variable(NULL, STR("TERM"));
    int code;

    r->s = s;
    r->ed = editor_new();
    r->fresh_row = true;
    r->code = EXIT_CORDON;
    r->marks = s->env.system == PATH_WINDOWS ? tty_colour(1) : term.n && !str_is(term, "dumb");
    shell_lend(r);
    line_load_history(r);
    tty_raw(true);
    if (shell_begin(r, NULL, e)) {
        prompt_begin(r);
        while (!r->over) {
            shell_news(r);
            if (!r->over)
                turn(r);
        }
    }
    guard_undo(&r->guard, &r->draw);
    if (r->editing)
        buf_format(&r->draw, "\033[?2004l\r\n");
    repl_put(&r->draw);
    tty_raw(false);
    s->carrier = (struct carrier){0};
    inner_release(&r->in);
    editor_free(r->ed);
    lines_release(&r->lines);
    buf_release(&r->keys);
    buf_release(&r->draw);
    buf_release(&r->shown);
    buf_release(&r->ahead);
    buf_release(&r->word);
    s->place = (struct str){0};
    arena_release(&r->places);
    arena_release(&r->turn);
    arena_release(&r->carried);
    code = r->code;
    arena_release(&own);
    return code;
}
