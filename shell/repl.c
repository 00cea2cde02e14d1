/*
 * repl: the terminal on the trusted side. A line is edited here, handed to the living shell inside, and while it runs
 * keys go in and what it prints comes out through the guard. When the shell has reported, everything that was
 * printed is shown, what programs changed of the terminal is undone, keys that nobody read come back into the editor,
 * and the prompt is drawn by us.
 */
#include "repl.h"
#include "complete.h"
#include "editor.h"
#include "history.h"
#include "../conpty/conpty.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define CHUNK        65536
#define TURN_MAX     ((size_t)64 << 10) /* of output, before keys are looked at again */
#define KEYS_MAX     ((size_t)1 << 20)
#define ESCAPE_MS    50   /* after that an ESC is a key of its own */
#define IDLE_MS      400  /* then the shell is asked for its state, so that it can be carried over when it ends */
#define HATCH_MS     2000 /* three Ctrl-C, or three Ctrl-\, within this */
#define QUIET_MS     50
#define WORDS_MS     400  /* completion waits this long for the shell */
#define WORDS_MAX    2000
#define MENDED_MAX   3
#define CONTINUE     18
#define CTRL_C       '\003'
#define CTRL_BACKSLASH '\034'

struct repl {
    struct session *s;
    struct inner in;
    struct editor *ed;
    struct guard guard;
    struct lines lines;
    struct buf keys;  /* typed, not yet taken by the inside or the editor */
    struct buf draw, shown;
    struct arena turn;      /* of the line at hand */
    struct arena carried;   /* of `environment` */
    struct texts environment; /* exported when last asked */
    bool editing;           /* the prompt is on the screen */
    bool dirty;             /* a line ran since the state was asked for */
    bool marks;             /* the terminal takes OSC 133 and OSC 7 */
    bool exit_asked;        /* exit was refused once because of jobs */
    bool leaving;           /* the line that runs is an exit */
    bool fresh_row;         /* what was printed last ended a row */
    bool over;
    int code;
    uint64_t hatch[3];      /* when the last Ctrl-C or Ctrl-\ went in */
    char hatch_key;
    uint64_t quiet_until;
    unsigned mended;        /* how often in this line the shell's hook was put back */
    struct str history_file;
};

/* ---- to the terminal ---- */

static void put(struct repl *r, struct buf *b)
{
    (void)r;
    if (b->n)
        tty_write(buf_view(b));
    buf_clear(b);
}

/* One plain line of ours, on a row of its own. */
static void tell(struct repl *r, const char *text)
{
    if (r->editing)
        editor_hide(r->ed, &r->draw);
    else if (!r->fresh_row)
        buf_format(&r->draw, "\r\n");
    buf_format(&r->draw, "cordon: %s\r\n", text);
    r->fresh_row = true;
    if (r->editing)
        editor_show(r->ed, &r->draw);
    put(r, &r->draw);
}

static void tell_error(struct repl *r, const struct err *e)
{
    tell(r, err_text(e, &r->turn).p);
}

static void mark(struct repl *r, const char *what)
{
    if (r->marks)
        buf_format(&r->draw, "\033]133;%s\033\\", what);
}

static void mark_place(struct repl *r)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~";

    if (!r->marks || !r->s->place.n)
        return;
    buf_format(&r->draw, "\033]7;file://");
    for (size_t i = 0; i < r->s->place.n; i++) {
        char c = r->s->place.p[i];
        if (c && strchr(safe, c))
            buf_add(&r->draw, &c, 1);
        else
            buf_format(&r->draw, "%%%02X", (unsigned)(unsigned char)c);
    }
    buf_format(&r->draw, "\033\\");
}

/* ---- the prompt ---- */

static struct str prompt_text(struct repl *r)
{
    struct session *s = r->s;
    bool colour = tty_colour(1), root = s->host.root;
    struct str place = path_display(&r->turn, &s->env, s->place);
    const char *net = net_mode_name(s->open->policy.net);
    const char *tint = s->open->tier == TIER_FULL ? "\033[32m" : "\033[33m";
    struct str status = r->in.status ? arena_format(&r->turn, " %d", r->in.status) : STR("");

    return arena_format(&r->turn, "%s[%s %s%.*s]%s %s%.*s%s %s ", colour ? tint : "", net,
        tier_name(s->open->tier), (int)status.n, status.p, colour ? "\033[0m" : "", colour ? "\033[1m" : "",
        (int)place.n, place.p, colour ? "\033[0m" : "", root ? "#" : "$");
}

static void begin_prompt(struct repl *r, struct str typed_ahead)
{
    uint16_t rows, columns;
    struct str place;

    arena_release(&r->turn);
    place = inner_place(&r->in, &r->turn);
    if (!str_eq(place, r->s->place))
        r->s->place = arena_str(&r->s->arena, place);
    tty_raw(true);
    tty_size(&rows, &columns);
    if (!r->fresh_row)
        buf_format(&r->draw, "\r\n");
    mark_place(r);
    mark(r, "A");
    editor_set_height(r->ed, rows);
    editor_begin(r->ed, prompt_text(r), STR("> "), columns, &r->draw);
    mark(r, "B");
    r->editing = true;
    r->fresh_row = true;
    if (typed_ahead.n)
        editor_preload(r->ed, typed_ahead, &r->draw);
    put(r, &r->draw);
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
        put(r, &r->shown);
    } else if (r->shown.n) {
        editor_hide(r->ed, &r->draw);
        buf_str(&r->draw, buf_view(&r->shown));
        editor_show(r->ed, &r->draw);
        buf_clear(&r->shown);
        put(r, &r->draw);
    }
}

static void show_output(struct repl *r, struct str bytes)
{
    filter_output(r, bytes);
    show_filtered(r);
}

/* bash at a prompt of its own while a line should run: its hook is lost (PROMPT_COMMAND was unset), or the line needs
 * more. The first is mended by what Cordon types for the person; for the second it is one word too many. */
static void look_for_loss(struct repl *r, struct str bytes)
{
    struct str mark = living_lost_mark();
    struct foreground front;
    struct err ignored = {0};

    for (size_t at = 0; at < bytes.n && r->in.busy; at++) {
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
static bool read_terminal(struct repl *r)
{
    char bytes[CHUNK];
    size_t taken = 0;
    long code = 0, n = 0;

    while (taken < TURN_MAX && (n = sys_read(r->in.shell.terminal, bytes, sizeof bytes, &code)) > 0) {
        look_for_loss(r, (struct str){bytes, (size_t)n});
        show_output(r, (struct str){bytes, (size_t)n});
        taken += (size_t)n;
    }
    if (n == 0 || n == -2)
        r->quiet_until = sys_milliseconds() + QUIET_MS;
    return taken > 0;
}

/* ---- keys on their way in ---- */

static void write_keys(struct repl *r)
{
    while (r->keys.n && r->in.shell.terminal != SYS_NONE) {
        long code = 0, n = sys_write(r->in.shell.terminal, r->keys.p, r->keys.n, &code);
        if (n <= 0)
            return;
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
        tell(r, "ending the command shell and what it runs in the foreground");
        inner_kill(&r->in);
        r->in.alive = true; /* its end is still to be seen */
        return;
    }
    if (boundary_foreground(r->in.o->boundary, r->in.shell.id, &front, &ignored) && !front.itself)
        return; /* a program has the terminal and makes of Ctrl-C what it likes */
    boundary_signal(r->in.o->boundary, r->in.shell.id, CONTINUE, false, &ignored);
    buf_str(&r->keys, living_repair_keys());
    tell(r, "the command shell does not answer; press Ctrl-\\ three times to end it and get a new one");
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

/* What nobody inside has read comes back: first what lies in the terminal, then what never went in. */
static struct str take_back(struct repl *r)
{
    struct buf back = {0};
    char *text;
    size_t n = 0;

    pty_take_unread(r->in.shell.terminal, &back);
    buf_str(&back, buf_view(&r->keys));
    buf_clear(&r->keys);
    text = arena_alloc(&r->s->arena, back.n + 1, 1);
    for (size_t i = 0; i < back.n; i++) {
        char c = back.p[i] == '\r' ? '\n' : back.p[i];
        if (c != '\0' && c != '\004' && c != CTRL_C && c != CTRL_BACKSLASH)
            text[n++] = c;
    }
    buf_release(&back);
    return (struct str){text, n};
}

/* ---- a line's end ---- */

static void end_line(struct repl *r)
{
    char what[32];

    while (read_terminal(r))
        continue; /* until there is nothing: what was printed before the report is shown before the prompt */
    guard_undo(&r->guard, &r->shown);
    put(r, &r->shown);
    if (!r->fresh_row)
        buf_format(&r->draw, "\r\n");
    r->fresh_row = true;
    buf_format(&r->shown, "D;%d", r->in.status);
    memcpy(what, r->shown.p, r->shown.n < sizeof what ? r->shown.n : sizeof what - 1);
    what[r->shown.n < sizeof what ? r->shown.n : sizeof what - 1] = '\0';
    buf_clear(&r->shown);
    mark(r, what);
    put(r, &r->draw);
    r->dirty = true;
    r->leaving = false;
    begin_prompt(r, take_back(r));
}

static void keep_environment(struct repl *r)
{
    arena_release(&r->carried);
    r->environment = (struct texts){0};
    for (size_t i = 0; i < r->in.report.environment.n; i++)
        *(struct str *)ARENA_PUSH(&r->carried, &r->environment) =
            arena_str(&r->carried, r->in.report.environment.v[i]);
}

/* ---- the shell's life ---- */

static bool start_shell(struct repl *r, const struct texts *environment, struct err *e)
{
    struct inner_wish wish = {.cwd = r->s->place,
        .environment = environment,
        .start_file = !r->s->options->no_rc};
    bool without = false;

    if (!inner_start(&r->in, r->s, r->s->open, &wish, &without, e))
        return false;
    if (r->in.early.n) {
        show_output(r, buf_view(&r->in.early));
        buf_clear(&r->in.early);
    }
    if (without)
        tell(r, "your ~/.bashrc hung or ended the shell, so it was left out");
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
        put(r, &r->draw);
        r->editing = false;
    }
    tell(r, arena_format(&r->turn,
                "%s; a new one is open in the same place, with the exported variables of before; functions, aliases "
                "and jobs are gone", why.p).p);
    inner_release(&r->in);
    if (!start_shell(r, r->environment.n ? &r->environment : NULL, &e)) {
        err_clear(&e);
        r->s->place = exec_place(r->s, r->s->open);
        if (!start_shell(r, NULL, &e)) {
            tell_error(r, &e);
            r->over = true;
            r->code = EXIT_CORDON;
            return;
        }
    }
    r->in.status = 0;
    begin_prompt(r, STR(""));
}

/* The boundary itself is gone (its runner was killed): nothing inside is left. A new one is opened from the same policy. */
static void replace_boundary(struct repl *r)
{
    struct opened *next = NULL;
    struct err e = {0};

    if (r->editing) {
        editor_hide(r->ed, &r->draw);
        put(r, &r->draw);
        r->editing = false;
    }
    tell(r, "the boundary ended, and everything inside with it; opening it anew");
    inner_release(&r->in);
    if (!session_open_policy(r->s, &r->s->open->policy, 0, &next, &e)) {
        tell_error(r, &e);
        r->over = true;
        r->code = EXIT_CORDON;
        return;
    }
    opened_close(&r->s->open);
    r->s->open = next;
    if (!start_shell(r, r->environment.n ? &r->environment : NULL, &e)) {
        tell_error(r, &e);
        r->over = true;
        r->code = EXIT_CORDON;
        return;
    }
    begin_prompt(r, STR(""));
}

static void shell_ended(struct repl *r)
{
    while (read_terminal(r))
        continue;
    guard_undo(&r->guard, &r->shown);
    put(r, &r->shown);
    if (r->leaving && !r->in.signalled) {
        r->over = true;
        r->code = r->in.exit_code;
        return;
    }
    r->leaving = false;
    replace_shell(r);
}

static void take_news(struct repl *r)
{
    for (;;) {
        struct err e = {0};
        switch (inner_turn(&r->in, &e)) {
        case INNER_NOTHING:
            return;
        case INNER_DONE:
            end_line(r);
            break;
        case INNER_TORN:
            tell(r, "the line was not run: an interrupt came first");
            r->in.status = 130;
            end_line(r);
            break;
        case INNER_EXPORT:
            keep_environment(r);
            break;
        case INNER_WORDS:
            break;
        case INNER_BROKEN:
            tell(r, "the command shell's reports cannot be understood any more");
            inner_kill(&r->in);
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

/* ---- lines ---- */

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
    put(r, &r->draw);
}

static size_t count_jobs(void *context)
{
    return ((struct repl *)context)->in.jobs;
}

static void remember(struct repl *r, struct str line)
{
    struct err ignored = {0};
    struct buf entry = {0};

    editor_history_add(r->ed, line);
    history_escape(&entry, line);
    if (entry.n)
        sys_append_file(r->history_file, buf_view(&entry), &ignored);
    buf_release(&entry);
}

static void run_builtin(struct repl *r, struct str line, bool fresh)
{
    r->editing = false;
    builtin_run(r->s, line, fresh ? LINE_TYPED : LINE_PASTED);
    r->fresh_row = true;
    if (r->s->quit) {
        r->over = true;
        r->code = r->s->quit_code;
        return;
    }
    begin_prompt(r, STR(""));
}

static bool may_exit(struct repl *r)
{
    if (!r->in.jobs || r->exit_asked)
        return true;
    r->exit_asked = true;
    tell(r, "there are background jobs, which end with Cordon; exit again to leave");
    return false;
}

static void run_shell_line(struct repl *r, struct str line)
{
    struct err e = {0};

    r->leaving = line_is_exit(line);
    if (r->leaving && !may_exit(r)) {
        r->leaving = false;
        begin_prompt(r, STR(""));
        return;
    }
    if (!r->leaving)
        r->exit_asked = false;
    mark(r, "C");
    put(r, &r->draw);
    r->mended = 0;
    if (inner_send(&r->in, line, false, &e))
        return;
    tell_error(r, &e);
    begin_prompt(r, STR(""));
}

static void take_line(struct repl *r)
{
    struct str line = arena_str(&r->turn, editor_line(r->ed)), expanded;
    bool fresh = editor_line_is_fresh(r->ed);
    struct err e = {0};
    int state;

    r->editing = false;
    r->fresh_row = true;
    put(r, &r->draw);
    if (line.n == 0) {
        begin_prompt(r, STR(""));
        return;
    }
    if (builtin_is(line)) {
        remember(r, line);
        run_builtin(r, line, fresh);
        return;
    }
    state = line_expand_history(&r->turn, line, r->ed, &expanded, &e);
    if (state < 0) {
        tell_error(r, &e);
        begin_prompt(r, STR(""));
        return;
    }
    if (state > 0) {
        struct str shown = text_printable(&r->turn, expanded);
        buf_format(&r->draw, "%.*s\r\n", (int)shown.n, shown.p);
        put(r, &r->draw);
        line = expanded;
    }
    remember(r, line);
    run_shell_line(r, line);
}

/* ---- completion: asked of the idle shell, with a deadline; what it answers is untrusted text ---- */

static bool ask_words(struct repl *r, struct str word, enum living_words what, struct texts *out)
{
    uint64_t end = sys_milliseconds() + WORDS_MS;
    bool good = living_send_complete(&r->in.out, ++r->in.id, word, what);

    while (good && sys_milliseconds() < end) {
        struct sys_wait items[2];
        struct err e = {0};
        enum inner_news news = inner_turn(&r->in, &e);
        if (news == INNER_WORDS) {
            for (size_t i = 0; i < r->in.report.words.n && i < WORDS_MAX; i++)
                *(struct str *)ARENA_PUSH(&r->turn, out) = arena_str(&r->turn, r->in.report.words.v[i]);
            return true;
        }
        if (news == INNER_ENDED || news == INNER_LOST || news == INNER_BROKEN) {
            r->in.alive = news != INNER_LOST && r->in.alive;
            return false;
        }
        if (news == INNER_NOTHING)
            sys_wait(items, inner_waits(&r->in, items), 50);
    }
    return false;
}

static void builtin_words(struct repl *r, struct str word, struct texts *out)
{
    size_t count;
    const struct builtin *list = builtins_list(&count);

    for (size_t i = 0; i < count; i++) {
        struct str name = arena_format(&r->turn, ":%s", list[i].name);
        if (str_starts(name, word))
            *(struct str *)ARENA_PUSH(&r->turn, out) = arena_format(&r->turn, "%s ", name.p);
    }
}

static bool is_listed(const struct texts *list, struct str name)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], name))
            return true;
    return false;
}

/* From bash's answer: a folder comes twice, plain and with its slash, a function and a program of one name too. */
static void keep_words(struct repl *r, const struct complete_word *word, const struct texts *answer, struct texts *out)
{
    for (size_t i = 0; i < answer->n; i++) {
        struct str name = answer->v[i], folder = arena_format(&r->turn, "%.*s/", (int)name.n, name.p);
        if (word->folder.n && !is_listed(answer, folder) && str_starts(name, word->folder))
            name = str_slice(name, word->folder.n, name.n);
        else if (word->folder.n || is_listed(answer, folder))
            continue;
        if (str_starts(name, word->name) && !str_starts(name, STR("__cordon_")) && !is_listed(out, name))
            *(struct str *)ARENA_PUSH(&r->turn, out) = name;
    }
}

static void complete(struct repl *r)
{
    struct str line = editor_line(r->ed);
    size_t cursor = editor_cursor(r->ed);
    struct texts answer = {0}, found = {0}, escaped = {0};
    struct complete_word word;
    enum living_words what = LIVING_FILES;
    struct str parts[2];

    if (line.n && line.p[0] == ':' && str_find(str_slice(line, 0, cursor), 0, ' ') == cursor) {
        builtin_words(r, str_slice(line, 0, cursor), &found);
        editor_offer(r->ed, 0, &found, &r->draw);
        return;
    }
    complete_split(&r->turn, line, cursor, &word);
    if (word.kind == COMPLETE_COMMAND && !word.folder.n)
        what = LIVING_COMMANDS;
    else if (word.kind == COMPLETE_VARIABLE)
        what = LIVING_VARIABLES;
    if (word.kind == COMPLETE_NOTHING || (word.expands && what == LIVING_FILES))
        return;
    parts[0] = word.folder;
    parts[1] = word.name;
    if (!ask_words(r, arena_join(&r->turn, parts, 2), what, &answer))
        return;
    keep_words(r, &word, &answer, &found);
    for (size_t i = 0; i < found.n; i++)
        *(struct str *)ARENA_PUSH(&r->turn, &escaped) =
            complete_escape(&r->turn, &word, found.v[i], found.n == 1);
    editor_offer(r->ed, word.tail, &escaped, &r->draw);
}

/* ---- keys at the prompt ---- */

static void suspend(struct repl *r)
{
    put(r, &r->draw);
    if (!tty_suspend())
        tell(r, "there is nobody to go back to: this is a login shell, or was started without job control");
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
            put(r, &r->draw);
            if (used == 0)
                return;
            break;
        case EDITOR_LINE:
            take_line(r);
            break;
        case EDITOR_INTERRUPT:
            r->in.status = 130;
            r->editing = false;
            put(r, &r->draw);
            begin_prompt(r, STR(""));
            break;
        case EDITOR_END:
            r->editing = false;
            buf_format(&r->draw, "exit\r\n");
            put(r, &r->draw);
            run_shell_line(r, STR("exit"));
            break;
        case EDITOR_SUSPEND:
            suspend(r);
            put(r, &r->draw);
            break;
        case EDITOR_COMPLETE:
            complete(r);
            put(r, &r->draw);
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
            if (rows && columns)
                pty_resize(r->in.shell.terminal, rows, columns);
            editor_set_height(r->ed, rows);
            if (r->editing)
                editor_resize(r->ed, columns, &r->draw);
            put(r, &r->draw);
            break;
        case TTY_SIGNAL_INTERRUPT:
            if (r->in.busy)
                buf_add(&r->keys, "\003", 1);
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
        put(r, &r->draw);
    } else if (r->dirty) {
        r->dirty = false;
        inner_ask_export(&r->in);
    }
    if (lines_pending(&r->lines)) {
        lines_flush(&r->lines, &r->shown);
        editor_hide(r->ed, &r->draw);
        buf_str(&r->draw, buf_view(&r->shown));
        buf_clear(&r->shown);
        editor_show(r->ed, &r->draw);
        put(r, &r->draw);
    }
}

static void turn(struct repl *r)
{
    enum { TERMINAL, KEYS, SIGNALS, INNER };
    struct sys_wait items[INNER + 2];
    size_t count = INNER;
    bool quiet = sys_milliseconds() < r->quiet_until;

    items[TERMINAL] = (struct sys_wait){quiet ? SYS_NONE : r->in.shell.terminal,
        SYS_READ | (!r->editing && r->keys.n ? SYS_WRITE : 0), 0};
    items[KEYS] = (struct sys_wait){r->keys.n < KEYS_MAX ? tty_in() : SYS_NONE, SYS_READ, 0};
    items[SIGNALS] = (struct sys_wait){tty_signals(), SYS_READ, 0};
    count += inner_waits(&r->in, items + INNER);
    if (sys_wait(items, count, wait_time(r)) == 0)
        idle(r);
    if (items[KEYS].got)
        read_keys(r);
    if (!r->editing)
        write_keys(r);
    if (items[TERMINAL].got & (SYS_READ | SYS_HANGUP))
        read_terminal(r);
    take_signals(r);
    if (r->editing)
        feed_editor(r);
}

static void load_history(struct repl *r)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct str bytes;

    r->history_file = path_join(&r->s->arena, r->s->env.system, r->s->host.state_dir, STR("history"));
    if (sys_read_file(&a, r->history_file, 4 * HISTORY_BYTES_MAX, true, &bytes, &ignored))
        history_load(r->ed, bytes);
    arena_release(&a);
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
    r->marks = term.n && !str_is(term, "dumb");
    s->carrier = (struct carrier){r, move_shell, reset_terminal, count_jobs};
    load_history(r);
    tty_raw(true);
    if (start_shell(r, NULL, e)) {
        begin_prompt(r, STR(""));
        while (!r->over) {
            take_news(r);
            if (!r->over)
                turn(r);
        }
    }
    guard_undo(&r->guard, &r->draw);
    if (r->editing)
        buf_format(&r->draw, "\033[?2004l\r\n");
    put(r, &r->draw);
    tty_raw(false);
    s->carrier = (struct carrier){0};
    inner_release(&r->in);
    editor_free(r->ed);
    lines_release(&r->lines);
    buf_release(&r->keys);
    buf_release(&r->draw);
    buf_release(&r->shown);
    arena_release(&r->turn);
    arena_release(&r->carried);
    code = r->code;
    arena_release(&own);
    return code;
}
