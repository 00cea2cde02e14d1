/*
 * denied: takes records, gives each its line and its rule, and keeps and logs it. See denied.h.
 *
 * The log is JSON, one value in each line: first the session, then records as they come, last how many there were. A repeat
 * that came after its entry was written is written again with the count since. It is not forced to the disk: a crash of the
 * machine may lose the end, a crash of Cordon loses a second.
 */
#include "denied.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define TURN_RECORDS  256
#define DRAIN_RECORDS 4096
#define RECENT        64   /* entries that are looked through for a repeat */
#define FLUSH_MS      1000
#define MEMORY_MAX    ((size_t)48 << 20)
#define LOG_WRITE_MAX ((size_t)48 << 20) /* less than what a reader takes */
#define DAY_MS        86400000ull

void denied_begin(struct session *s)
{
    s->denied = arena_alloc(&s->arena, 1, sizeof *s->denied);
    s->denied->log = SYS_NONE;
}

struct str denied_folder(const struct session *s, struct arena *a)
{
    return path_join(a, s->env.system, s->host.state_dir, STR("denials"));
}

/* ---- the log ---- */

/* A date that may stand in a file's name anywhere: 20261121T165154.123Z. */
static struct str compact_time(struct arena *a, uint64_t ms)
{
    struct str full = denial_time(a, ms);
    char *out = arena_alloc(a, full.n + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < full.n; i++)
        if (full.p[i] != '-' && full.p[i] != ':')
            out[n++] = full.p[i];
    return (struct str){out, n};
}

static void remove_log(const struct session *s, struct arena *a, struct str folder, struct str name)
{
    struct str path = path_join(a, s->env.system, folder, name);
    struct err ignored = {0};

    if (!sys_log_is_held(path))
        sys_remove_file(path, &ignored);
}

/* Names begin with their date, so that their order is that of time. Several are removed at once: a program that ends soon
 * would otherwise wait for the disk each time. */
static void prune(const struct session *s, struct arena *a, struct str folder)
{
    uint64_t now = sys_clock_ms(), span = DENIED_DAYS * DAY_MS;
    struct str oldest = compact_time(a, now > span ? now - span : 0);
    struct texts names = {0};
    struct err ignored = {0};

    if (!sys_list_folder(a, folder, DENIED_LOGS_SEEN, &names, &ignored))
        return;
    for (size_t i = 0; i < names.n; i++)
        if ((names.n > DENIED_LOGS + DENIED_SPARE && names.n - i > DENIED_LOGS) || str_compare(names.v[i], oldest) < 0)
            remove_log(s, a, folder, names.v[i]);
}

static void first_line(struct session *s, const struct opened *o)
{
    struct denied *k = s->denied;
    struct arena a = {0};

    buf_format(&k->out, "{\"version\":1,\"session\":");
    text_json(&k->out, k->id);
    buf_format(&k->out, ",\"start\":\"%s\",\"workspace\":", denial_time(&a, sys_clock_ms()).p);
    text_json(&k->out, o->policy.workspace);
    buf_format(&k->out, ",\"network\":\"%s\",\"process\":%llu}\n", net_mode_name(o->policy.net),
        (unsigned long long)outer_process());
    arena_release(&a);
}

/* Begun when the first program runs, not before: nobody waits for it. */
static void begin_log(struct session *s, const struct opened *o)
{
    struct denied *k = s->denied;
    struct arena a = {0};
    struct err e = {0};
    struct str folder = denied_folder(s, &a), path;

    k->begun = true;
    k->id = arena_format(&k->arena, "%s-%llu", compact_time(&a, sys_clock_ms()).p, (unsigned long long)outer_process());
    path = arena_format(&a, "%.*s/%s.jsonl", (int)folder.n, folder.p, k->id.p);
    if (sys_make_folders(folder, 0700, &e) && sys_log_create(path, &k->log, &e)) {
        first_line(s, o);
        k->flush_at = sys_milliseconds(); /* at the next turn */
        prune(s, &a, folder);
    } else if (!s->options->quiet) {
        say_error(&e);
    }
    arena_release(&a);
}

static void write_out(struct denied *k)
{
    struct str left = buf_view(&k->out);

    while (left.n) {
        long code = 0, n = sys_write(k->log, left.p, left.n, &code);
        if (n <= 0) {
            sys_close(&k->log); /* the disk is full, perhaps: what is in memory is still shown */
            break;
        }
        left = str_slice(left, (size_t)n, left.n);
    }
    k->log_bytes += k->out.n;
    buf_clear(&k->out);
}

static void flush(struct denied *k)
{
    k->flush_at = 0;
    for (size_t i = k->dirty; i < k->n; i++) {
        struct denied_entry *entry = &k->v[i];
        struct denial d = entry->d;
        d.count -= entry->logged;
        if (d.count && k->log != SYS_NONE && k->log_bytes + k->out.n < LOG_WRITE_MAX) {
            denial_json(&k->out, &d);
            entry->logged += d.count;
        }
    }
    k->dirty = k->n;
    if (k->log != SYS_NONE)
        write_out(k);
}

static void soon(struct denied *k)
{
    if (!k->flush_at)
        k->flush_at = sys_milliseconds() + FLUSH_MS;
}

/* ---- a record ---- */

#define TICK_MS 10 /* starts of processes are told in these, rounded down */

/* The newest line that had begun. */
static uint64_t line_at(const struct denied *k, uint64_t began)
{
    uint64_t oldest = k->lines > DENIED_LINES ? k->lines - DENIED_LINES + 1 : 1, line = k->line;

    while (began && line > oldest && k->line_began[line % DENIED_LINES] > began + TICK_MS)
        line--;
    return line;
}

static uint64_t line_of(struct denied *k, int64_t group, uint64_t began)
{
    uint64_t line;

    size_t known = k->group_count < DENIED_GROUPS ? k->group_count : DENIED_GROUPS;

    if (group == 0 || group == k->shell || k->shell == 0)
        return k->line;
    for (size_t i = 0; i < known; i++)
        if (k->groups[i].group == group)
            return k->groups[i].line;
    line = line_at(k, began);
    k->groups[k->group_count++ % DENIED_GROUPS] = (struct denied_group){group, line};
    return line;
}

static bool is_repeat(const struct denial *a, const struct denial *b)
{
    return a->pid == b->pid && a->operation == b->operation && a->code == b->code && a->by == b->by &&
           a->cause == b->cause && a->line == b->line && str_eq(a->path, b->path) && str_eq(a->path2, b->path2) &&
           str_eq(a->program, b->program);
}

static struct denied_entry *find_repeat(struct denied *k, const struct denial *d)
{
    for (size_t i = k->n, left = RECENT; i > 0 && left > 0; i--, left--)
        if (is_repeat(&k->v[i - 1].d, d)) {
            if (k->dirty > i - 1)
                k->dirty = i - 1;
            return &k->v[i - 1];
        }
    return NULL;
}

static bool is_full(const struct denied *k)
{
    return k->n >= DENIALS_KEPT || k->arena.used >= MEMORY_MAX;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return UINT64_MAX - a < b ? UINT64_MAX : a + b;
}

#define CONNECTION_REFUSED 111

/* Nobody listens at that address inside. If nobody does outside either, no rule and no wall had a part in it. */
static bool is_nobodys(struct denied *k, const struct denial *d)
{
    return d->operation == OPERATION_CONNECT && d->code == CONNECTION_REFUSED && d->cause == DENIAL_RULE &&
           !facts_listener(&k->heard, d->path);
}

/* turn: of this record alone. */
static void keep(struct session *s, struct opened *o, struct arena *turn, struct denial *d)
{
    struct denied *k = s->denied;
    struct denied_entry *entry;

    if (is_nobodys(k, d))
        return;
    k->total = sum(k->total, d->count);
    d->line = line_of(k, d->group, d->began_ms);
    entry = find_repeat(k, d);
    if (entry) {
        if (entry->d.minor)
            k->noted = sum(k->noted, d->count);
        entry->d.count = sum(entry->d.count, d->count);
        entry->d.time_ms = d->time_ms;
        soon(k);
        return;
    }
    if (is_full(k)) {
        k->lost = sum(k->lost, d->count);
        return;
    }
    denial_explain(turn, &o->policy, &o->facts, &s->env, d);
    if (d->operation == OPERATION_READ && o->boundary) { /* what is granted may not have come to it yet */
        struct texts pending = {0};
        boundary_pending(o->boundary, turn, d->path, &pending);
        if (pending.n) {
            d->rule = pending.v[0];
            d->remedy = STR("none: :status tells when it is done, or why not");
        }
    }
    if (d->minor)
        k->noted = sum(k->noted, d->count);
    d->path = arena_str(&k->arena, d->path);
    d->path2 = d->path2.n ? arena_str(&k->arena, d->path2) : (struct str){0};
    d->program = arena_str(&k->arena, d->program);
    d->rule = arena_str(&k->arena, d->rule);
    d->remedy = arena_str(&k->arena, d->remedy);
    entry = arena_push(&k->arena, &k->v, &k->n, &k->cap, sizeof *k->v);
    *entry = (struct denied_entry){.d = *d};
    soon(k);
}

static void count_lost(struct denied *k, uint64_t lost)
{
    k->lost = sum(k->lost, lost);
    k->total = sum(k->total, lost);
}

void denied_add(struct session *s, struct opened *o, struct denial *d)
{
    struct arena turn = {0};

    keep(s, o, &turn, d);
    arena_release(&turn);
}

static void take(struct session *s, struct opened *o, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        struct arena turn = {0};
        struct denial d = {0};
        uint64_t lost = 0;
        bool there = boundary_record(o->boundary, &turn, &d, &lost);
        if (there) {
            count_lost(s->denied, lost);
            keep(s, o, &turn, &d);
        }
        arena_release(&turn);
        if (!there)
            break;
    }
    count_lost(s->denied, boundary_lost(o->boundary));
}

void denied_turn(struct session *s, struct opened *o)
{
    struct denied *k = s->denied;

    if (!k || !o || !o->boundary)
        return;
    if (!k->begun)
        begin_log(s, o);
    take(s, o, TURN_RECORDS);
    if (k->flush_at && sys_milliseconds() >= k->flush_at)
        flush(k);
}

void denied_drain(struct session *s, struct opened *o)
{
    struct denied *k = s->denied;

    if (!k || !o || !o->boundary)
        return;
    if (!k->begun)
        begin_log(s, o);
    take(s, o, DRAIN_RECORDS);
    if (k->flush_at)
        flush(k);
}

sys_handle denied_handle(const struct session *s, const struct opened *o)
{
    if (!s->denied || !o || !o->boundary || is_full(s->denied))
        return SYS_NONE; /* what is only counted need not wake us: the runner counts it as well */
    return boundary_records(o->boundary);
}

int denied_wait_ms(const struct session *s)
{
    uint64_t now = sys_milliseconds(), at = s->denied ? s->denied->flush_at : 0;

    if (!at)
        return -1;
    return at > now ? (int)(at - now) : 0;
}

/* ---- lines ---- */

#define ASKED_MAX 8192

static void remember(struct buf *b, struct str s)
{
    buf_clear(b);
    if (s.n <= ASKED_MAX)
        buf_str(b, s);
}

void denied_line(struct session *s, struct str line)
{
    struct denied *k = s->denied;

    if (!k)
        return;
    k->line = ++k->lines;
    k->line_began[k->line % DENIED_LINES] = sys_boot_ms();
    remember(&k->asked, line);
    remember(&k->place, s->place.n ? s->place : s->env.cwd);
}

void denied_shell(struct session *s, int64_t group)
{
    if (!s->denied || s->denied->shell == group)
        return;
    s->denied->shell = group;
    s->denied->group_count = 0;
}

uint64_t denied_news(struct session *s)
{
    uint64_t news;

    if (!s->denied)
        return 0;
    news = s->denied->total - s->denied->noted;
    s->denied->noted = s->denied->total;
    return news;
}

#define LAST_MS     50
#define LAST_ROUNDS 20

/* Where records were lost, the runner tells how many when it is told to end, and hangs up. */
void denied_last(struct session *s, struct opened *o)
{
    denied_drain(s, o);
    if (!o || !o->boundary || !s->denied->lost)
        return;
    boundary_end(o->boundary);
    for (int i = 0; i < LAST_ROUNDS && boundary_records(o->boundary) != SYS_NONE; i++) {
        struct sys_wait item = {boundary_records(o->boundary), SYS_READ, 0};
        sys_wait(&item, 1, LAST_MS);
        denied_drain(s, o);
    }
}

void denied_end(struct session *s)
{
    struct denied *k = s->denied;
    struct arena a = {0};

    if (!k)
        return;
    if (k->log != SYS_NONE) {
        flush(k);
        buf_format(&k->out, "{\"version\":1,\"end\":\"%s\",\"denied\":%llu,\"lost\":%llu}\n",
            denial_time(&a, sys_clock_ms()).p, (unsigned long long)k->total, (unsigned long long)k->lost);
        if (k->log != SYS_NONE)
            write_out(k);
        sys_close(&k->log);
    }
    arena_release(&a);
    buf_release(&k->out);
    buf_release(&k->asked);
    buf_release(&k->place);
    arena_release(&k->arena);
    s->denied = NULL;
}
