/*
 * inner: the living command shell as a process. See inner.h.
 */
#include "inner_parts.h"
#include "plain.h"
#include "../conpty/conpty.h"

#include <string.h>

#define START_MS  8000 /* a start file that takes longer is taken to hang */
#define KILL      9
#define CHUNK     65536
#define READS     2     /* of reports in a turn: whoever got hold of the channel inside must not keep us from the keyboard */
#define TORN_MAX  10000 /* each is answered, and nobody may read that */

/* ---- start ---- */

/* The first bytes into the socket: the hook, the person's start files, what is carried over. */
static struct str hook_text(struct inner *in, struct arena *a, const struct inner_wish *wish)
{
    static const char *const names[] = {"/etc/bash.bashrc", ".bashrc"}; /* what bash -i reads; the first is Debian's */
    struct texts files = {0};
    struct str parts[2] = {{0}, {0}};

    for (size_t i = 0; i < COUNT_OF(names) && wish->start_file; i++)
        *(struct str *)ARENA_PUSH(a, &files) =
            names[i][0] == '/' ? str_from(names[i])
                               : path_join(a, in->s->env.system, in->o->facts.host.home, str_from(names[i]));
    parts[0] = living_hook(a, &files);
    if (wish->environment)
        parts[1] = living_restore(a, wish->environment, wish->cwd);
    return arena_join(a, parts, 2);
}

bool inner_outputs(struct inner *in, struct launch *launch, bool pipes, sys_handle theirs[2], struct err *e)
{
    for (int i = 0; i < 2; i++) {
        in->outputs[i] = theirs[i] = SYS_NONE;
        launch->std[i + 1] = STD_TERMINAL;
        if (!pipes || std_look(i + 1) == STD_IS_TERMINAL)
            continue;
        if (i == 1 && in->outputs[0] != SYS_NONE && std_same(1, 2)) {
            launch->std[2] = STD_HANDLE; /* one file behind both: one pipe keeps the order */
            launch->std_handle[2] = theirs[0];
            continue;
        }
        if (!sys_pipe(&in->outputs[i], &theirs[i], e))
            return false;
        sys_nonblocking(in->outputs[i], true);
        launch->std[i + 1] = STD_HANDLE;
        launch->std_handle[i + 1] = theirs[i];
    }
    return true;
}

static bool spawn(struct inner *in, struct arena *a, const struct inner_wish *wish, struct err *e)
{
    struct launch launch = {.cwd = wish->cwd, .terminal = true, .sealed = true, .extra_number = LIVING_FD};
    struct str bash = exec_shell(in->s, in->o), hook = hook_text(in, a, wish);
    sys_handle theirs = SYS_NONE, outputs[2] = {SYS_NONE, SYS_NONE};
    bool good;

    living_argv(a, bash, &launch.argv);
    exec_environment(in->s, in->o, a, true, &launch.env);
    living_environment(a, hook, &launch.env);
    tty_size(&launch.rows, &launch.columns);
    launch.std[0] = STD_TERMINAL;
    good = sys_socketpair(&in->channel, &theirs, e) && inner_outputs(in, &launch, wish->pipes, outputs, e);
    launch.extra = theirs;
    good = good && boundary_spawn(in->o->boundary, &launch, &in->shell, e);
    sys_close(&theirs);
    sys_close(&outputs[0]);
    sys_close(&outputs[1]);
    if (!good)
        return false;
    sys_nonblocking(in->channel, true);
    sys_nonblocking(in->shell.terminal, true);
    in->alive = true;
    buf_str(&in->out, hook);
    return true;
}

/* Start files may print, and must not be held by a full terminal. */
static void take_early(struct inner *in)
{
    char bytes[CHUNK];
    long code = 0, n;

    while ((n = sys_read(in->shell.terminal, bytes, sizeof bytes, &code)) > 0)
        buf_add(&in->early, bytes, (size_t)n);
}

static bool await_first(struct inner *in, const struct inner_wish *wish, struct err *e)
{
    uint64_t end = sys_milliseconds() + START_MS;

    in->busy = true;
    while (sys_milliseconds() < end) {
        struct sys_wait items[INNER_WAITS + 1];
        enum inner_news news = inner_turn(in, e);
        size_t count = inner_waits(in, items);
        if (!wish->meanwhile)
            take_early(in);
        if (news == INNER_DONE)
            return true;
        if (news == INNER_ENDED || news == INNER_LOST || news == INNER_BROKEN)
            return err_set(e, ERR_SYSTEM, "the command shell ended as it started");
        if (news != INNER_NOTHING)
            continue;
        if (wish->meanwhile) {
            if (wish->meanwhile(wish->context, in, 200))
                end = sys_milliseconds() + START_MS;
            continue;
        }
        items[count++] = (struct sys_wait){in->shell.terminal, SYS_READ, 0};
        sys_wait(items, count, 200);
    }
    return err_set(e, ERR_LIMIT, "the command shell did not get ready in time");
}

static bool begin(struct inner *in, struct arena *a, const struct inner_wish *wish, struct err *e)
{
    struct str shell = exec_shell(in->s, in->o), name = path_name(in->s->env.system, shell);

    if (in->s->env.system == PATH_WINDOWS) {
        in->lines = true;
        return dos_begin(in, wish, e);
    }
    if (str_is(name, "bash"))
        return spawn(in, a, wish, e) && await_first(in, wish, e);
    in->lines = plain_knows(name);
    if (in->lines)
        return plain_begin(in, wish, e);
    err_set(e, ERR_MISSING, "the terminal runs bash inside, or a plain sh, and this is neither");
    err_subject(e, shell);
    return err_remedy(e, "name another in the policy: \"shell\": \"/path/to/bash\"");
}

static bool start_once(struct inner *in, struct session *s, struct opened *o, const struct inner_wish *wish,
    struct err *e)
{
    struct arena a = {0};
    bool good;

    *in = (struct inner){.s = s,
        .o = o,
        .channel = SYS_NONE,
        .outputs = {SYS_NONE, SYS_NONE},
        .theirs = {SYS_NONE, SYS_NONE},
        .held = SYS_NONE,
        .shell = {.terminal = SYS_NONE}};
    good = begin(in, &a, wish, e);
    arena_release(&a);
    if (!good) {
        inner_kill(in);
        inner_release(in);
    }
    return good;
}

bool inner_start(struct inner *in, struct session *s, struct opened *o, const struct inner_wish *wish,
    bool *without, struct err *e)
{
    struct inner_wish plain = *wish;
    struct err first = {0};

    *without = false;
    if (start_once(in, s, o, wish, &first))
        return true;
    plain.start_file = false;
    if (wish->start_file && !in->lines && o->boundary && first.kind != ERR_MISSING && start_once(in, s, o, &plain, e)) {
        *without = true;
        return true;
    }
    if (e->kind == ERR_NONE)
        *e = first;
    return false;
}

void inner_release(struct inner *in)
{
    sys_close(&in->channel);
    sys_close(&in->shell.terminal);
    sys_close(&in->outputs[0]);
    sys_close(&in->outputs[1]);
    if (in->dos)
        dos_release(in);
    else if (in->lines)
        plain_release(in);
    bridge_release(&in->bridge);
    buf_release(&in->reports);
    buf_release(&in->out);
    buf_release(&in->traps);
    buf_release(&in->early);
    arena_release(&in->arena);
    in->alive = in->busy = false;
}

void inner_kill(struct inner *in)
{
    struct err ignored = {0};

    if (in->alive && (in->busy || !in->lines))
        boundary_signal(in->o->boundary, in->shell.id, KILL, in->lines, &ignored);
    in->alive = false;
}

/* ---- lines and reports ---- */

static void flush(struct inner *in)
{
    while (in->out.n) {
        long code = 0, n = sys_write(in->channel, in->out.p, in->out.n, &code);
        if (n <= 0) {
            if (n == -2)
                buf_clear(&in->out); /* nobody reads any more: the shell's end comes as an event */
            return;
        }
        buf_consume(&in->out, (size_t)n);
    }
}

bool inner_send(struct inner *in, struct str line, bool whole, struct err *e)
{
    struct living_line l = {.id = in->id + 1, .text = line, .traps = buf_view(&in->traps), .whole = whole};

    if (in->lines)
        return in->dos ? dos_send(in, line, e) : plain_send(in, line, e);
    if (!living_send(&in->out, &l, e))
        return false;
    in->id++;
    in->torn = 0;
    in->busy = true;
    flush(in);
    return true;
}

bool inner_ask_export(struct inner *in)
{
    if (in->lines && in->alive && !in->busy) {
        inner_tell_again(in, INNER_EXPORT); /* it is known */
        return true;
    }
    if (in->lines || !in->alive || in->busy || in->asked || !living_send_export(&in->out, in->id + 1))
        return false;
    in->asked = ++in->id;
    flush(in);
    return true;
}

bool inner_export(struct inner *in, int ms, struct err *e)
{
    uint64_t end = sys_milliseconds() + (uint64_t)ms;

    if (!in->asked && !inner_ask_export(in))
        return err_set(e, ERR_SYSTEM, "the command shell cannot be asked for its state");
    while (sys_milliseconds() < end) {
        struct sys_wait items[INNER_WAITS];
        enum inner_news news = inner_turn(in, e);
        if (news == INNER_EXPORT)
            return true;
        if (news == INNER_ENDED || news == INNER_LOST || news == INNER_BROKEN) {
            inner_tell_again(in, news);
            break;
        }
        if (news == INNER_NOTHING)
            sys_wait(items, inner_waits(in, items), 100);
    }
    err_set(e, ERR_SYSTEM, "the command shell does not tell its state");
    return err_remedy(e, "end what runs in it, then try again");
}

static void keep_traps(struct inner *in)
{
    buf_clear(&in->traps);
    buf_str(&in->traps, in->report.traps);
}

static enum inner_news judge(struct inner *in)
{
    struct living_report *r = &in->report;

    switch (r->kind) {
    case LIVING_READY:
    case LIVING_DONE:
        keep_traps(in);
        in->jobs = r->jobs;
        in->status = r->status;
        if (!in->busy || (r->kind == LIVING_DONE && r->id != in->id))
            return INNER_NOTHING; /* of an earlier line, or of nobody's: an interrupt while idle */
        in->busy = false;
        return INNER_DONE;
    case LIVING_TORN:
        if (++in->torn > TORN_MAX)
            return INNER_BROKEN;
        living_send_sync(&in->out, r);
        flush(in);
        in->asked = 0;
        if (!in->busy)
            return INNER_NOTHING;
        in->busy = false;
        return INNER_TORN;
    case LIVING_EXPORT:
        if (!in->asked || r->id != in->asked)
            return INNER_NOTHING; /* nobody asked */
        in->asked = 0;
        return INNER_EXPORT;
    case LIVING_WORDS:
        if (!in->wanted || r->id != in->wanted)
            return INNER_NOTHING;
        in->wanted = 0;
        return INNER_WORDS;
    }
    return INNER_NOTHING;
}

static enum inner_news take_report(struct inner *in, struct err *e)
{
    char bytes[CHUNK];
    size_t used = 0, reads = 0;

    for (;;) {
        long code = 0, n;
        struct arena fresh = {0};
        struct living_report report = {0};
        int state = living_take(&fresh, buf_view(&in->reports), &report, &used, e);
        if (state == 1) {
            arena_release(&in->arena);
            in->arena = fresh;
            in->report = report;
            buf_consume(&in->reports, used);
            enum inner_news news = judge(in);
            if (news != INNER_NOTHING)
                return news;
            continue;
        }
        arena_release(&fresh);
        if (state < 0 || in->reports.overflowed) {
            buf_clear(&in->reports);
            return INNER_BROKEN;
        }
        if (reads++ == READS)
            return INNER_NOTHING; /* what is there yet is waited for at once */
        n = in->channel == SYS_NONE ? -1 : sys_read(in->channel, bytes, sizeof bytes, &code);
        if (n == 0)
            sys_close(&in->channel); /* exec closes it; the shell's end is its process's end */
        if (n <= 0)
            return INNER_NOTHING;
        buf_add(&in->reports, bytes, (size_t)n);
    }
}

static enum inner_news take_event(struct inner *in, struct err *e)
{
    for (;;) {
        struct event event;
        if (!boundary_event(in->o->boundary, &event, e) || event.kind == EVENT_LOST) {
            in->alive = false;
            return INNER_LOST;
        }
        if (event.kind == EVENT_NONE)
            return INNER_NOTHING;
        if (event.command != in->shell.id || !in->alive)
            continue;
        if (in->lines && in->busy)
            return in->dos ? dos_end(in, &event) : plain_end(in, &event);
        in->alive = in->busy = false;
        in->exit_code = event.exit_code;
        in->signalled = event.signal != 0;
        return INNER_ENDED;
    }
}

void inner_tell_again(struct inner *in, enum inner_news news)
{
    in->again = news;
}

enum inner_news inner_turn(struct inner *in, struct err *e)
{
    enum inner_news news = in->again;

    if (news != INNER_NOTHING) {
        in->again = INNER_NOTHING;
        return news;
    }
    flush(in);
    denied_shell(in->s, in->lines ? in->group : in->shell.pid_inside);
    denied_turn(in->s, in->o);
    if (in->dos)
        dos_read(in);
    else if (in->lines)
        plain_read(in);
    news = in->alive && !in->lines ? take_report(in, e) : INNER_NOTHING;
    return news != INNER_NOTHING ? news : take_event(in, e);
}

size_t inner_waits(const struct inner *in, struct sys_wait *items)
{
    items[0] = (struct sys_wait){in->alive ? in->channel : SYS_NONE,
        SYS_READ | (in->out.n ? SYS_WRITE : 0), 0};
    items[1] = (struct sys_wait){boundary_handle(in->o->boundary), SYS_READ, 0};
    items[2] = (struct sys_wait){denied_handle(in->s, in->o), SYS_READ, 0};
    return INNER_WAITS;
}

struct str inner_place(struct inner *in, struct arena *a)
{
    struct err ignored = {0};
    struct str place = {0};

    if (in->alive && !in->lines && boundary_where(in->o->boundary, a, in->shell.id, &place, &ignored))
        return place;
    return path_is_absolute(in->s->env.system, in->report.cwd) ? arena_str(a, in->report.cwd) : in->s->place;
}
