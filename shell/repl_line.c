/*
 * repl_line: a line's life: out of the editor, remembered, Cordon's own word or the shell's, and its end, when what nobody
 * inside has read comes back into the editor.
 */
#include "repl_parts.h"
#include "history.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define HISTORY_FILE_MAX (16 * HISTORY_BYTES_MAX) /* it is cut at each start: more came in one session, or from elsewhere */
#define CTRL_C         '\003'
#define CTRL_BACKSLASH '\034'

/* What is longer than what is kept of it is cut now, when each line is known. Another terminal's line of this very moment may be lost. */
void line_load_history(struct repl *r)
{
    struct arena a = {0};
    struct err e = {0};
    struct str bytes;
    struct buf cut = {0};

    r->history_file = path_join(&r->s->arena, r->s->env.system, r->s->host.state_dir, STR("history"));
    if (sys_read_file(&a, r->history_file, HISTORY_FILE_MAX, true, &bytes, &e)) {
        history_load(r->ed, bytes);
        if (bytes.n > 2 * HISTORY_BYTES_MAX) {
            history_save(r->ed, &cut);
            sys_replace_file(r->history_file, buf_view(&cut), &e);
            buf_release(&cut);
        }
    }
    if (e.kind && e.kind != ERR_MISSING)
        say_note("the history of lines was not read, or not cut: %s", say_error_text(&e, &a).p);
    arena_release(&a);
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
    prompt_find_place(r, true); /* what the words mean hangs on it */
    builtin_run(r->s, line, fresh ? LINE_TYPED : LINE_PASTED);
    r->fresh_row = true;
    if (r->s->quit) {
        r->over = true;
        r->code = r->s->quit_code;
        return;
    }
    prompt_begin(r);
}

/* With jobs the first exit only tells; the second takes them with it, where bash alone would ask once more. */
static bool may_exit(struct repl *r, struct str *line)
{
    struct str rest = *line;

    if (!r->in.jobs)
        return true;
    if (!r->exit_asked) {
        r->exit_asked = true;
        repl_tell(r, "there are background jobs, which end with Cordon; exit again to leave");
        return false;
    }
    while (rest.n && rest.p[0] != ' ')
        rest = str_slice(rest, 1, rest.n);
    while (rest.n && rest.p[0] == ' ')
        rest = str_slice(rest, 1, rest.n);
    if (rest.n)
        *line = arena_format(&r->turn, "disown -a; exit %.*s", (int)rest.n, rest.p);
    else
        *line = arena_format(&r->turn, "disown -a; exit %d", r->in.status);
    return true;
}

void line_run(struct repl *r, struct str line)
{
    struct err e = {0};
    bool good;

    if (dos_is_exit(r->in.dos, line) && !may_exit(r, &line)) {
        prompt_begin(r);
        return;
    }
    r->leaving = dos_may_exit(r->in.dos, line);
    if (!dos_is_exit(r->in.dos, line))
        r->exit_asked = false;
    /* The shell can begin while the mark is on its way: what it prints goes through us, behind it. */
    r->mended = 0;
    prompt_mark(r, "C");
    denied_line(r->s, line);
    r->terminal_over = false;
    r->line_ms = sys_milliseconds();
    memset(r->hatch, 0, sizeof r->hatch); /* those were for another line */
    good = inner_send(&r->in, line, false, &e);
    repl_put(&r->draw);
    if (good)
        return;
    repl_tell_error(r, &e);
    prompt_begin(r);
}

void line_take(struct repl *r)
{
    struct str line = arena_str(&r->turn, editor_line(r->ed)), expanded;
    bool fresh = editor_line_is_fresh(r->ed);
    struct buf kept = {0};
    struct err e = {0};
    int state;

    r->editing = false;
    r->fresh_row = true;
    if (line.n == 0 && !r->in.jobs) { /* with jobs, an empty line is a way to see what became of them */
        prompt_begin(r);
        return;
    }
    if (builtin_is(line)) {
        remember(r, line);
        repl_put(&r->draw);
        run_builtin(r, line, fresh);
        return;
    }
    /* ! and ^ are characters like any other to cmd and PowerShell. */
    state = r->in.dos == DOS_CMD || r->in.dos == DOS_POWERSHELL
                ? 0
                : line_expand_history(&r->turn, line, r->ed, &expanded, &e);
    if (state < 0) {
        repl_tell_error(r, &e);
        prompt_begin(r);
        return;
    }
    if (state > 0) {
        struct str shown = text_printable(&r->turn, expanded);
        buf_format(&r->draw, "%.*s\r\n", (int)shown.n, shown.p);
        line = expanded;
    }
    buf_str(&kept, line);
    line_run(r, line);
    remember(r, buf_view(&kept)); /* while it runs */
    buf_release(&kept);
}

/* Arrow keys and the like: no text. Returns where the sequence at at ends. */
static size_t skip_sequence(struct str keys, size_t at)
{
    size_t i = at + 1;

    if (i < keys.n && keys.p[i] == 'O')
        return i + 2;
    if (i >= keys.n || keys.p[i] != '[')
        return i;
    for (i++; i < keys.n && keys.p[i] >= ' ' && keys.p[i] < '@'; i++)
        continue;
    return i + 1;
}

/* What nobody inside has read comes back: first what lies in the terminal, then what never went in. */
static void take_back(struct repl *r)
{
    struct buf back = {0};

    if (r->keys_went_in)
        pty_take_unread(r->in.shell.terminal, &back);
    r->keys_went_in = false;
    buf_str(&back, buf_view(&r->keys));
    buf_clear(&r->keys);
    for (size_t i = 0; i < back.n; i++) {
        char c = back.p[i] == '\r' ? '\n' : back.p[i];
        if (c == '\033')
            i = skip_sequence(buf_view(&back), i) - 1;
        else if (c != '\0' && c != '\004' && c != CTRL_C && c != CTRL_BACKSLASH)
            buf_add(&r->ahead, &c, 1);
    }
    buf_release(&back);
    while (r->ahead.n && r->ahead.p[r->ahead.n - 1] == '\n')
        r->ahead.n--; /* its Enter comes at the prompt */
}

/* One short word above the prompt; what it was is :denied's to tell. */
static void tell_denied(struct repl *r)
{
    uint64_t news = denied_news(r->s);

    if (news && r->s->interactive && !r->s->options->quiet)
        buf_format(&r->draw, "cordon: %llu denied (:denied)\r\n", (unsigned long long)news);
}

/* Windows: an exit in the middle of a line ends the line's process before it could leave anything behind. A line that came well to its
 * end without a word of that took the report away (exec), or left more than is carried. */
static void tell_untold(struct repl *r)
{
    if (!r->in.dos || r->in.told || !(r->leaving || r->in.status == 0))
        return;
    buf_format(&r->draw, "cordon: %s; folder and variables are as they were before it\r\n",
        r->leaving ? "the line ended its shell" : "what the line left behind was not told");
}

void line_end(struct repl *r)
{
    if (r->held)
        buf_consume(&r->keys, 1); /* it was for this line */
    r->held = false;
    denied_drain(r->s, r->in.o);
    evaluate_line(r->s, r->in.o, r->in.status);
    repl_read_rest(r); /* until there is nothing: what was printed before the report is shown before the prompt */
    guard_undo(&r->guard, &r->shown);
    repl_put(&r->shown);
    if (!r->fresh_row)
        buf_format(&r->draw, "\r\n");
    r->fresh_row = true;
    prompt_mark(r, arena_format(&r->turn, "D;%d", r->in.status).p);
    tell_denied(r);
    tell_untold(r);
    if (say_end_text(&r->turn, r->s->env.system, r->in.status).n)
        repl_tell(r, say_end_text(&r->turn, r->s->env.system, r->in.status).p);
    r->dirty = true;
    r->leaving = false;
    take_back(r);
    prompt_begin(r);
}
