/*
 * test_denied: what the trusted side makes of records: lines, repeats, bounds, and the log, with a boundary made up here that
 * hands out what a test has laid ready.
 */
#include "check.h"
#include "../shell/denied.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    const struct denial *next; /* handed out `left` times */
    uint64_t left, lost, alone; /* alone: lost ones that no record carries */
    int64_t pid_step;
    int64_t pid;
} source;

sys_handle boundary_records(const struct boundary *b)
{
    (void)b;
    return 77;
}

bool boundary_record(struct boundary *b, struct arena *a, struct denial *out, uint64_t *lost)
{
    (void)b;
    if (!source.left)
        return false;
    source.left--;
    *out = *source.next;
    out->pid += source.pid;
    source.pid += source.pid_step;
    out->path = arena_str(a, out->path);
    *lost = source.lost;
    source.lost = 0;
    return true;
}

void boundary_pending(const struct boundary *b, struct arena *a, struct str path, struct texts *lines)
{
    (void)b;
    (void)a;
    (void)path;
    (void)lines;
}

void boundary_end(struct boundary *b)
{
    (void)b;
}

bool facts_listener(struct heard *l, struct str address)
{
    (void)l;
    return str_is(address, "127.0.0.1:80");
}

uint64_t boundary_lost(struct boundary *b)
{
    uint64_t lost = source.alone;
    (void)b;
    source.alone = 0;
    return lost;
}

uint64_t outer_process(void)
{
    return 4711;
}

void say_error(const struct err *e)
{
    printf("# %s: %s\n", e->what, e->reason);
}

static struct options options;

struct stage {
    struct session s;
    struct opened o;
    char folder[64];
};

static void begin(struct stage *t)
{
    *t = (struct stage){.s = {.options = &options}};
    memcpy(t->folder, "/tmp/cordon-denied-XXXXXX", sizeof "/tmp/cordon-denied-XXXXXX");
    if (!mkdtemp(t->folder))
        exit(1);
    t->s.env.system = PATH_POSIX;
    t->s.host.home = t->s.env.home = t->o.facts.host.home = STR("/home/p");
    t->s.host.state_dir = str_from(t->folder);
    t->o.policy.workspace = STR("/home/p/w");
    t->o.boundary = (struct boundary *)(void *)t;
    denied_begin(&t->s);
    source.pid = 0;
    source.pid_step = 0;
}

static struct str log_of(struct stage *t, struct arena *a)
{
    struct texts names = {0};
    struct err e = {0};
    struct str folder = denied_folder(&t->s, a);
    struct buf bytes = {0};

    if (!sys_list_folder(a, folder, 10, &names, &e) || !names.n ||
        !sys_log_read(arena_format(a, "%s/%s", folder.p, names.v[names.n - 1].p), 0, DENIED_LOG_MAX, &bytes, &e))
        return STR("");
    struct str text = arena_str(a, buf_view(&bytes));
    buf_release(&bytes);
    return text;
}

static void end(struct stage *t)
{
    struct err e = {0};

    denied_end(&t->s);
    sys_remove_tree(str_from(t->folder), &e);
    arena_release(&t->s.arena);
}

static void hand_out(const struct denial *d, uint64_t times)
{
    source.next = d;
    source.left = times;
}

static size_t lines_of(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

static const struct denial write_outside = {.operation = OPERATION_WRITE, .path = STR("/srv/x/y"), .pid = 20, .group = 20,
    .program = STR("sh"), .code = 30, .count = 1, .time_ms = 1790000000123};

static void kept_and_logged(void)
{
    struct arena a = {0};
    struct stage t;
    struct str log;
    struct stat st;

    begin(&t);
    hand_out(&write_outside, 3);
    denied_turn(&t.s, &t.o);
    CHECK(t.s.denied->n == 1 && t.s.denied->v[0].d.count == 3, "what one process repeats is one entry");
    CHECK_STR(t.s.denied->v[0].d.rule, STR("no writable root contains it (built-in)"), "it has its rule");
    CHECK_STR(t.s.denied->v[0].d.remedy, STR(":allow /srv/x"), "and the remedy");
    CHECK(denied_news(&t.s) == 3 && denied_news(&t.s) == 0, "what is new is told once");
    denied_drain(&t.s, &t.o);
    log = log_of(&t, &a);
    CHECK(lines_of(log) == 2 && strstr(log.p, "\"session\":") && strstr(log.p, "\"workspace\":\"/home/p/w\"") &&
              strstr(log.p, "\"path\":\"/srv/x/y\"") && strstr(log.p, "\"count\":3"),
        "the log begins with the session, and has it");
    CHECK(stat(arena_format(&a, "%s/denials/%s.jsonl", t.folder, t.s.denied->id.p).p, &st) == 0 &&
              (st.st_mode & 0777) == 0600,
        "only the person may read the log");
    hand_out(&write_outside, 2);
    denied_drain(&t.s, &t.o);
    log = log_of(&t, &a);
    CHECK(lines_of(log) == 3 && strstr(log.p, "\"count\":2") && t.s.denied->v[0].d.count == 5,
        "a repeat that comes later is logged with the count since");
    CHECK(sys_log_is_held(arena_format(&a, "%s/denials/%s.jsonl", t.folder, t.s.denied->id.p)),
        "a log that is written is held");
    struct str id = arena_str(&a, t.s.denied->id);
    denied_end(&t.s);
    log = log_of(&t, &a);
    CHECK(lines_of(log) == 4 && strstr(log.p, "\"end\":") && strstr(log.p, "\"denied\":5,\"lost\":0}"),
        "the last line says how many there were");
    CHECK(!sys_log_is_held(arena_format(&a, "%s/denials/%s.jsonl", t.folder, id.p)), "and then it is held by nobody");
    end(&t);
    arena_release(&a);
}

static void lines(void)
{
    struct denial shell = write_outside, job = write_outside, fresh = write_outside;
    struct stage t;

    begin(&t);
    shell.group = shell.pid = 2;
    job.group = 30;
    fresh.group = 40;
    shell.path = STR("/srv/shell");
    denied_shell(&t.s, 2);
    hand_out(&shell, 1);
    denied_drain(&t.s, &t.o);
    denied_line(&t.s, STR("true"));
    hand_out(&job, 1);
    denied_drain(&t.s, &t.o);
    denied_line(&t.s, STR("true"));
    hand_out(&shell, 1);
    denied_drain(&t.s, &t.o);
    job.path = STR("/srv/later");
    hand_out(&job, 1);
    denied_drain(&t.s, &t.o);
    hand_out(&fresh, 1);
    denied_drain(&t.s, &t.o);
    struct denied *k = t.s.denied;
    CHECK(k->n == 5 && k->v[0].d.line == 0, "before the first line there is none");
    CHECK(k->v[1].d.line == 1, "a job's is the line that runs");
    CHECK(k->v[2].d.line == 2, "the shell's own is the line that runs, each time");
    CHECK(k->v[3].d.line == 1, "a background job's is the line that started it");
    CHECK(k->v[4].d.line == 2, "a new job's is the new line");
    job.group = 50;
    job.path = STR("/srv/silent");
    job.began_ms = k->line_began[1];
    k->line_began[2] = k->line_began[1] + 1000;
    hand_out(&job, 1);
    denied_drain(&t.s, &t.o);
    CHECK(k->v[5].d.line == 1, "a background job that is heard of late is the line's that ran when it was started");
    job.group = 51;
    job.path = STR("/srv/tick");
    job.began_ms = k->line_began[2] - 9;
    hand_out(&job, 1);
    denied_drain(&t.s, &t.o);
    CHECK(k->v[6].d.line == 2, "one that was started as the line began is that line's");
    for (int i = 0; i < 3 * DENIED_GROUPS; i++) {
        fresh.group = fresh.pid = 100 + i;
        hand_out(&fresh, 1);
        denied_turn(&t.s, &t.o);
    }
    CHECK(k->n > 7, "more process groups than are remembered do no harm");
    end(&t);
}

static void flood(void)
{
    struct arena a = {0};
    struct denial other = write_outside;
    struct stage t;
    struct str log;

    begin(&t);
    source.pid_step = 1; /* no repeats */
    hand_out(&write_outside, 1000000);
    denied_turn(&t.s, &t.o);
    CHECK(source.left >= 1000000 - 1000, "one turn takes a bounded number");
    CHECK(denied_handle(&t.s, &t.o) == 77, "and waits for more");
    while (source.left)
        denied_turn(&t.s, &t.o);
    CHECK(t.s.denied->n == DENIALS_KEPT, "so many are kept");
    CHECK(t.s.denied->total == 1000000 && t.s.denied->lost == 1000000 - DENIALS_KEPT, "the rest is counted");
    CHECK(denied_handle(&t.s, &t.o) == SYS_NONE, "and wakes nobody any more");
    source.pid_step = 0;
    source.lost = 17;
    hand_out(&other, 1);
    denied_drain(&t.s, &t.o);
    CHECK(t.s.denied->lost == 1000000 - DENIALS_KEPT + 17 + 1 && t.s.denied->total == 1000018,
        "what the runner could not send is counted too");
    source.alone = 2;
    denied_drain(&t.s, &t.o);
    CHECK(t.s.denied->total == 1000020, "and what no record carries");
    denied_end(&t.s);
    log = log_of(&t, &a);
    CHECK(lines_of(log) == DENIALS_KEPT + 2 && strstr(log.p, "\"denied\":1000020,\"lost\":990020}"),
        "the log has as many, and says how many were lost");
    end(&t);
    arena_release(&a);
}

static void nobodys(void)
{
    struct denial d = {.operation = OPERATION_CONNECT, .path = STR("127.0.0.1:81"), .pid = 5, .code = 111, .count = 1,
        .program = STR("sh")};
    struct stage t;

    begin(&t);
    hand_out(&d, 3);
    denied_turn(&t.s, &t.o);
    CHECK(t.s.denied->n == 0 && t.s.denied->total == 0, "where nobody listens, outside either, nothing was refused");
    d.path = STR("127.0.0.1:80");
    hand_out(&d, 1);
    denied_turn(&t.s, &t.o);
    CHECK(t.s.denied->n == 1 && str_is(t.s.denied->v[0].d.remedy, ":net online"), "where somebody does outside, it was");
    end(&t);
}

static void old_logs(void)
{
    struct arena a = {0};
    struct texts names = {0};
    struct err e = {0};
    struct stage t;
    struct str folder;
    sys_handle held = SYS_NONE, log = SYS_NONE;

    begin(&t);
    folder = denied_folder(&t.s, &a);
    sys_make_folders(folder, 0700, &e);
    for (int i = 0; i < 60; i++) {
        if (sys_log_create(arena_format(&a, "%s/2090010%dT00%02d00.000Z-1.jsonl", folder.p, i / 10, i % 10), &log, &e))
            sys_close(&log);
    }
    if (sys_log_create(arena_format(&a, "%s/20010101T000000.000Z-1.jsonl", folder.p), &log, &e))
        sys_close(&log);
    sys_log_create(arena_format(&a, "%s/20010101T000001.000Z-1.jsonl", folder.p), &held, &e);
    denied_turn(&t.s, &t.o);
    sys_list_folder(&a, folder, 1000, &names, &e);
    CHECK(names.n == DENIED_LOGS + 2, "old logs go");
    CHECK(names.n && str_is(names.v[0], "20010101T000001.000Z-1.jsonl"), "but for those that are still written");
    sys_close(&held);
    end(&t);
    arena_release(&a);
}

static void no_place(void)
{
    struct stage t;

    begin(&t);
    t.s.host.state_dir = STR("/proc/nowhere");
    hand_out(&write_outside, 1);
    denied_turn(&t.s, &t.o);
    denied_drain(&t.s, &t.o);
    CHECK(t.s.denied->n == 1, "where no log can be made, memory has it");
    end(&t);
}

int main(void)
{
    kept_and_logged();
    lines();
    flood();
    nobodys();
    old_logs();
    no_place();
    return CHECK_END();
}
