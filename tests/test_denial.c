/* test_denial: a record arrives as it was sent, within bounds, or not at all; it is explained by the rules, or by what the
 * witness knows; it goes into a log and comes back; repeats are one. */
#include "check.h"
#include "plan_facts.h"
#include "../sandbox/core/denial.h"
#include "../sandbox/core/frame.h"

static const struct denial sample = {.time_ms = 1790000000123,
    .by = DENIAL_COVER,
    .cause = DENIAL_HARDLINK,
    .operation = OPERATION_RENAME,
    .path = STR("/home/p/.ssh/id_rsa"),
    .path2 = STR("/tmp/\xff\x1b[31m"),
    .pid = 4711,
    .group = 4710,
    .began_ms = 99999999,
    .program = STR("cat"),
    .code = 13,
    .count = 3};

static bool send(const struct denial *d, uint64_t lost, struct buf *out, struct denial *got, uint64_t *got_lost)
{
    struct frame f;
    struct err e = {0};
    size_t used;

    buf_clear(out);
    denial_put(out, d, lost);
    return frame_take(buf_view(out), &f, &used, &e) == 1 && used == out->n && denial_get(&f, got, got_lost);
}

static void travels(void)
{
    struct buf out = {0};
    struct denial got = {0}, odd = sample;
    uint64_t lost = 0;

    CHECK(send(&sample, 7, &out, &got, &lost), "a record arrives");
    CHECK(got.time_ms == sample.time_ms && got.by == sample.by && got.cause == sample.cause && got.operation == sample.operation &&
              got.pid == 4711 && got.group == 4710 && got.began_ms == 99999999 && got.code == 13 && got.count == 3 && lost == 7,
        "its numbers as they were");
    CHECK_STR(got.path, sample.path, "its path");
    CHECK_STR(got.path2, sample.path2, "its other path, whatever its bytes");
    CHECK_STR(got.program, sample.program, "its program");
    odd.path2 = (struct str){0};
    CHECK(send(&odd, 0, &out, &got, &lost) && got.path2.p == NULL, "no other path is none");
    odd.count = 0;
    odd.pid = -1;
    odd.code = -1;
    CHECK(send(&odd, 0, &out, &got, &lost) && got.count == 1 && got.pid == 0 && got.code == 0,
        "numbers that say nothing are mended by the sender");
    buf_clear(&out);
    denial_put_lost(&out, 41);
    struct frame f;
    struct err e = {0};
    size_t used;
    CHECK(frame_take(buf_view(&out), &f, &used, &e) == 1 && !denial_get(&f, &got, &lost) && denial_get_lost(&f, &lost) &&
              lost == 41,
        "a number alone is no record, and arrives");
    buf_release(&out);
}

static void bounded(void)
{
    static char bytes[3 * PATH_BYTES_MAX];
    struct buf out = {0};
    struct denial got = {0}, d = sample;
    uint64_t lost = 0;

    memset(bytes, 'a', sizeof bytes);
    d.path = d.path2 = d.program = (struct str){bytes, sizeof bytes};
    CHECK(send(&d, UINT64_MAX, &out, &got, &lost) && got.path.n == DENIAL_PATH_MAX &&
              got.path2.n == DENIAL_PATH_MAX && got.program.n == DENIAL_PROGRAM_MAX,
        "texts that are too long are cut by the sender");
    CHECK(out.n <= DENIAL_BYTES_MAX, "and the longest record fits the reader's buffer");
    buf_release(&out);
}

/* The fields as denial_put writes them, with one of them wrong. */
static bool taken_with(size_t wrong, uint64_t value)
{
    uint64_t numbers[10] = {1, 0, 0, 1, 1, 1, 1, 13, 1, 0};
    struct str texts[3] = {STR("/x"), STR(""), STR("sh")};
    static char bytes[DENIAL_PATH_MAX + 1];
    struct buf out = {0};
    struct denial got;
    struct frame f;
    struct err e = {0};
    uint64_t lost;
    size_t used, mark = frame_begin(&out, wrong == 13 ? FRAME_NOTE : FRAME_DENIED, 0);
    bool taken;

    if (wrong < 10)
        numbers[wrong] = value;
    else if (wrong < 13)
        texts[wrong - 10] = (struct str){bytes, (size_t)value};
    for (size_t i = 0; i < 10; i++)
        frame_number(&out, numbers[i]);
    for (size_t i = 0; i < (wrong == 14 ? 2 : 3); i++)
        frame_bytes(&out, texts[i]);
    if (wrong == 15)
        frame_number(&out, 0);
    frame_end(&out, mark);
    taken = frame_take(buf_view(&out), &f, &used, &e) == 1 && denial_get(&f, &got, &lost);
    buf_release(&out);
    return taken;
}

static void refused(void)
{
    static const struct {
        const char *name;
        size_t wrong;
        uint64_t value;
    } rows[] = {{"a date past 9999 is refused", 0, 253402300800000ull},
        {"an unknown witness is refused", 1, DENIAL_BY_COUNT}, {"an unknown cause is refused", 2, DENIAL_CAUSE_COUNT},
        {"an unknown operation is refused", 3, OPERATION_MOUNT + 1}, {"so is one that wraps", 3, UINT64_MAX},
        {"a pid that is none is refused", 4, (uint64_t)INT32_MAX + 1}, {"a group that is none is refused", 5, UINT64_MAX},
        {"an errno that is none is refused", 7, 12000}, {"a count of nothing is refused", 8, 0},
        {"a path that is too long is refused", 10, DENIAL_PATH_MAX + 1}, {"a path with a NUL in it is refused", 10, 2},
        {"a program's name that is too long is refused", 12, DENIAL_PROGRAM_MAX + 1},
        {"another frame is no record", 13, 0}, {"a field too few is refused", 14, 0},
        {"a field too many is refused", 15, 0}};

    CHECK(taken_with(16, 0), "the record that these are made from is taken");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(!taken_with(rows[i].wrong, rows[i].value), rows[i].name);
}

/* ---- explained ---- */

struct row {
    const char *name;
    struct denial d;
    const char *rule, *remedy; /* words in them */
};

static void check_rows(struct machine *m, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct denial d = rows[i].d;
        char why[700];
        denial_explain(&m->arena, &m->policy, &m->facts, &m->env, &d);
        snprintf(why, sizeof why, "rule \"%s\", remedy \"%s\"", d.rule.p ? d.rule.p : "-", d.remedy.p ? d.remedy.p : "-");
        check_report(d.rule.n && d.remedy.n && strstr(d.rule.p, rows[i].rule) && strstr(d.remedy.p, rows[i].remedy),
            __FILE__, __LINE__, rows[i].name, why);
    }
}

static void explained(void)
{
    static const struct row rows[] = {
        {"outside the roots", {.operation = OPERATION_WRITE, .path = STR("/home/p/other/x")},
            "no writable root contains it (built-in)", ":allow ~/other"},
        {"a system folder", {.operation = OPERATION_CREATE, .path = STR("/etc/x")}, "(built-in)", "none: /etc"},
        {"a secret", {.operation = OPERATION_READ, .by = DENIAL_COVER, .path = STR("/home/p/.ssh/id_rsa")}, "secret: ",
            "none: "},
        {"a secret of the person's own policy", {.operation = OPERATION_READ, .path = STR("/home/p/vault/x")},
            "secret: ~/vault (policy.json:3:9)", "take \"/home/p/vault\" out"},
        {"git's hooks", {.operation = OPERATION_CREATE, .path = STR("/home/p/w/.git/hooks/x")}, "git would run",
            "none: git"},
        {"a rename out of the workspace", {.operation = OPERATION_RENAME, .path = STR("/home/p/w/a"),
            .path2 = STR("/srv/a"), .code = 18}, "no writable root", ":allow /srv"},
        {"a link to a secret", {.operation = OPERATION_LINK, .path = STR("/home/p/.ssh/id_rsa"),
            .path2 = STR("/home/p/w/a"), .code = 18}, "secret: ", "none: "},
        {"a rename between two roots", {.operation = OPERATION_RENAME, .path = STR("/home/p/w/a"), .path2 = STR("/tmp/a"),
            .code = 18}, "two mounts", "none: copy"},
        {"a cover that was pulled away", {.operation = OPERATION_MOUNT + 0, .by = DENIAL_KEEPER}, "mounts", "none: "},
        {"a protected name that was made outside", {.operation = OPERATION_CREATE, .by = DENIAL_KEEPER,
            .path = STR("/home/p/w/.codex")}, "protected", "none: "},
        {"a hard link", {.operation = OPERATION_WRITE, .cause = DENIAL_HARDLINK, .path = STR("/home/p/w/a"), .code = 1},
            "further names", "\"hardlinks\": \"record\""},
        {"a guarded name below the top", {.operation = OPERATION_CREATE, .cause = DENIAL_GUARD,
            .path = STR("/home/p/w/sub/.vscode"), .code = 1}, "\".vscode\" is a name that tools obey", "none: "},
        {"a device node", {.operation = OPERATION_CREATE, .cause = DENIAL_DEVICE, .path = STR("/home/p/w/null"), .code = 1},
            "device node", "none: "},
        {"a device", {.operation = OPERATION_WRITE, .cause = DENIAL_DEVICE, .path = STR("/home/p/w/fifo")},
            "device or FIFO", "none: "},
        {"a kernel setting that the rules forget", {.operation = OPERATION_WRITE, .path = STR("/proc/self/loginuid"),
            .code = 1}, "a file of the kernel's", "none: "},
        {"a file of another mode", {.operation = OPERATION_WRITE, .path = STR("/home/p/w/a"), .code = 13},
            "own mode and owner", "none: "},
        {"a file system that is read-only anyway", {.operation = OPERATION_WRITE, .path = STR("/home/p/w/a"), .code = 30},
            "read-only outside too", "none: "},
        {"a secret whose folder was moved", {.operation = OPERATION_READ, .by = DENIAL_COVER, .path = STR("/home/p/w/k2/key"),
            .code = 13}, "secret under another name", "none: "},
        {"a mode that lends rights", {.operation = OPERATION_MODE, .cause = DENIAL_LENDING, .path = STR("/home/p/w/s"),
            .code = 1}, "lend its owner", "none: "},
        {"a file of our own process", {.operation = OPERATION_WRITE, .cause = DENIAL_OWN, .path = STR("/proc/4/oom_score_adj"),
            .code = 13}, "Cordon's own processes", "none: "},
        {"a socket by our own process", {.operation = OPERATION_CONNECT, .cause = DENIAL_OWN, .path = STR("unix:/proc/4/fd/3"),
            .code = 13}, "Cordon's own processes", "none: "},
        {"Windows: an entry where no rule refuses", {.operation = OPERATION_WRITE, .by = DENIAL_WITNESS, .path = STR("/home/p/w/a"),
            .code = DENIAL_ACCESS_DENIED}, "the entries on it", ":reapply"},
        {"Windows: a rule", {.operation = OPERATION_CREATE, .by = DENIAL_WITNESS, .cause = DENIAL_IN_FOLDER, .path = STR("/home/p/other"),
            .code = DENIAL_ACCESS_DENIED}, "no writable root", ":allow ~/other"},
        {"Windows: all that may be had", {.operation = OPERATION_READ, .by = DENIAL_WITNESS, .cause = DENIAL_MAXIMUM, .path = STR("/home/p/w/a"),
            .code = DENIAL_ACCESS_DENIED}, "whatever it may have", ":reapply"},
        {"Windows: a listener", {.operation = OPERATION_CONNECT, .by = DENIAL_WITNESS, .cause = DENIAL_LISTENING, .path = STR("0.0.0.0:80"),
            .code = DENIAL_WSA_ACCESS}, "waits for connections", "loopback"},
        {"Windows: a ping", {.operation = OPERATION_CONNECT, .by = DENIAL_WITNESS, .path = STR("icmp [fe80::1]"),
            .code = DENIAL_WSA_ACCESS}, "no network address", "none: "},
        {"Windows: evaluated", {.operation = OPERATION_READ, .by = DENIAL_EVALUATED, .path = STR("/home/p/.ssh/id_rsa"),
            .code = DENIAL_ACCESS_DENIED}, "secret: ", "none: "},
        {"a path that is none", {.operation = OPERATION_WRITE, .path = STR("x/y"), .code = 13}, "(built-in)", "none: "},
        {"no path", {.operation = OPERATION_DELETE, .code = 1}, "(built-in)", "none: "},
        {"hostile bytes in a path", {.operation = OPERATION_WRITE, .path = STR("/srv/\x1b[2J\xff/x"), .code = 30},
            "no writable root", "none: the name of /srv/\\x1B[2J\\xFF cannot be typed"},
        {"a file at the top of home", {.operation = OPERATION_CREATE, .path = STR("/home/p/.x"), .code = 30},
            "no writable root", "none: ~ is your home folder"},
        {"vim's memory", {.operation = OPERATION_CREATE, .path = STR("/home/p/.viminfo.tmp"), .code = 30},
            "no writable root", "none: vim goes on without"},
        {"a history", {.operation = OPERATION_WRITE, .path = STR("/home/p/.python_history"), .code = 30},
            "no writable root", "none: the program goes on"},
        {"a page that man formatted", {.operation = OPERATION_CREATE, .path = STR("/var/cache/man/cat1/x"), .code = 30},
            "no writable root", "none: man goes on"},
        {"a folder for top's settings", {.operation = OPERATION_CREATE, .path = STR("/home/p/.config"), .program = STR("/usr/bin/top"),
            .code = 30}, "no writable root", "none: top goes on"},
        {"a folder for somebody's settings", {.operation = OPERATION_CREATE, .path = STR("/home/p/.config"), .program = STR("/usr/bin/x/top"),
            .code = 30}, "no writable root", "none: ~ is your home folder"},
        {"a clone of what is on this machine", {.operation = OPERATION_LINK, .code = 18,
            .path = STR("/home/p/other/.git/objects/aa/b"), .path2 = STR("/home/p/w/.git/objects/aa/b")},
            "no writable root", "none: git copies it"},
        {"an address offline", {.operation = OPERATION_CONNECT, .path = STR("203.0.113.7:443"), .code = 101},
            "the network is offline", ":net online"},
        {"an IPv6 address", {.operation = OPERATION_CONNECT, .path = STR("[2001:db8::1]:443"), .code = 101},
            "the network is offline", ":net online"},
        {"an outside socket", {.operation = OPERATION_CONNECT, .path = STR("unix:/var/run/docker.sock"), .code = 13},
            "outside", "none: "},
        {"an abstract socket", {.operation = OPERATION_CONNECT, .path = STR("unix:@a\0b"), .code = 1}, "outside", "none: "},
        {"datagrams", {.operation = OPERATION_CONNECT, .path = STR("unix datagram"), .code = 1}, "datagram", "\"unix_datagrams\": \"allow\""},
        {"an address that is none", {.operation = OPERATION_CONNECT, .path = STR("vsock 3"), .code = 97}, "no network",
            "none: "},
    };
    struct machine m;
    struct str first;
    struct denial d = {.operation = OPERATION_WRITE, .path = STR("/srv/x/y")};

    machine_begin(&m);
    machine_rule(&m, RULE_SECRET, "/home/p/vault", LAYER_USER);
    check_rows(&m, rows, COUNT_OF(rows));
    denial_explain(&m.arena, &m.policy, &m.facts, &m.env, &d);
    first = d.rule;
    struct places places = {0};
    places_list(&m.arena, &m.policy, &m.env, &m.facts.host, &places);
    m.facts.places = &places;
    denial_explain(&m.arena, &m.policy, &m.facts, &m.env, &d);
    CHECK_STR(d.rule, first, "a list of places made before gives the same answer");
    *(struct fact *)ARENA_PUSH(&m.arena, &m.facts) = (struct fact){.path = STR("/home/p/.ssh"),
        .real = STR("/mnt/keys"), .kind = FACT_SYMLINK, .real_kind = FACT_FOLDER};
    d = (struct denial){.operation = OPERATION_READ, .path = STR("/mnt/keys/id_rsa"), .code = 13};
    denial_explain(&m.arena, &m.policy, &m.facts, &m.env, &d);
    CHECK(strstr(d.rule.p, "secret: "), "what a secret's link leads to is under its rule");
    machine_end(&m);
}

/* ---- into a log, and back ---- */

static const char sample_line[] =
    "{\"version\":1,\"time\":\"2026-09-21T14:13:20.123Z\",\"operation\":\"rename\",\"path\":\"/home/p/.ssh/id_rsa\","
    "\"path2\":\"/tmp/\\\\xFF\\u001B[31m\",\"pid\":4711,\"program\":\"cat\",\"line\":12,\"rule\":\"secret: x\","
    "\"remedy\":\"none: y\",\"evidence\":\"confirmed\",\"errno\":\"EACCES\",\"count\":3,\"by\":\"cover\"}";

static void logged(void)
{
    struct arena a = {0};
    struct buf out = {0};
    struct denial d = sample, got = {0};
    struct str line;
    bool refused = true;

    d.line = 12;
    d.rule = STR("secret: x");
    d.remedy = STR("none: y");
    denial_json(&out, &d);
    CHECK_STR(buf_view(&out), arena_format(&a, "%s\n", sample_line), "a record is one line of JSON");
    line = str_from(sample_line);
    CHECK(denial_parse(&a, line, &got) && got.time_ms == d.time_ms && got.operation == d.operation && got.pid == 4711 &&
              got.line == 12 && got.code == 13 && got.count == 3 && got.by == DENIAL_COVER && str_eq(got.path, d.path) &&
              str_eq(got.rule, d.rule) && str_eq(got.remedy, d.remedy),
        "and comes back");
    for (size_t n = 0; n < line.n; n++)
        refused = refused && !denial_parse(&a, str_slice(line, 0, n), &got);
    CHECK(refused, "a line that was cut anywhere is no record");
    d.operation = OPERATION_CONNECT;
    d.path = STR("203.0.113.7:443");
    d.path2 = (struct str){0};
    d.code = 77;
    buf_clear(&out);
    denial_json(&out, &d);
    CHECK(strstr(out.p, "\"address\":\"203.0.113.7:443\"") && strstr(out.p, "\"errno\":77"),
        "a connection has an address; an error without a name its number");
    CHECK(denial_parse(&a, str_slice(buf_view(&out), 0, out.n - 1), &got) && got.code == 77 && got.path2.n == 0,
        "and comes back too");
    buf_release(&out);
    arena_release(&a);
}

static void not_records(void)
{
    static const char *const lines[] = {"", "{}", "[]", "{\"version\":1}", "null", "{\"version\":1,\"session\":\"x\"}"};
    static const char *const swaps[][2] = {{"\"version\":1", "\"version\":2"}, {"rename", "rewrite"}, {"4711", "-1"},
        {"4711", "2147483648"}, {"\"count\":3", "\"count\":0"}, {"\"count\":3", "\"count\":18446744073709551616"},
        {"\"by\":\"cover\"", "\"by\":\"me\""}, {"EACCES", "EWHAT"}, {"-09-21", "-09-31"}, {"T14", "T24"},
        {"\"pid\":4711", "\"pid\":4711,\"pid\":1"}, {"\"line\":12", "\"line\":1.5"}};
    struct arena a = {0};
    struct denial got;
    bool refused = true;

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        refused = refused && !denial_parse(&a, str_from(lines[i]), &got);
    CHECK(refused, "other JSON is no record");
    for (size_t i = 0; i < COUNT_OF(swaps); i++) {
        const char *at = strstr(sample_line, swaps[i][0]);
        struct str line = arena_format(&a, "%.*s%s%s", (int)(at - sample_line), sample_line, swaps[i][1],
            at + strlen(swaps[i][0]));
        char name[120];
        snprintf(name, sizeof name, "%s in place of %s is no record", swaps[i][1], swaps[i][0]);
        CHECK(!denial_parse(&a, line, &got), name);
    }
    arena_release(&a);
}

static void dates(void)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {{0, "1970-01-01T00:00:00.000Z"}, {951782400000, "2000-02-29T00:00:00.000Z"},
        {1709251199999, "2024-02-29T23:59:59.999Z"}, {1709251200000, "2024-03-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"}, {4107542400000, "2100-03-01T00:00:00.000Z"}};
    struct arena a = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t back = 1;
        CHECK_STR(denial_time(&a, rows[i].ms), str_from(rows[i].text), rows[i].text);
        CHECK(denial_time_parse(str_from(rows[i].text), &back) && back == rows[i].ms, "and back");
    }
    arena_release(&a);
}

/* ---- for people ---- */

static void grouped(void)
{
    struct arena a = {0};
    struct denials all = {0}, groups;
    struct path_env env = {.system = PATH_POSIX, .home = STR("/home/p")};
    struct buf out = {0};

    for (int i = 0; i < 6; i++) {
        struct denial *d = ARENA_PUSH(&a, &all);
        *d = sample;
        d->time_ms = sample.time_ms + (uint64_t)i;
        d->operation = OPERATION_WRITE;
        d->path2 = (struct str){0};
        d->pid = 100 + i;
        d->path = i % 2 ? STR("/home/p/b\x1b") : STR("/home/p/a");
        d->count = 1;
        d->line = i == 5 ? 8 : 7;
        d->rule = STR("a rule: \\x1B");
        d->remedy = STR("none: \x1b[2J");
    }
    denials_group(&a, &all, &groups);
    CHECK(groups.n == 3 && groups.v[0].count == 2 && groups.v[1].count == 3 && groups.v[2].count == 1,
        "repeats are one, newest last; another line's are apart");
    CHECK(groups.v[1].pid == 104, "the newest of them is shown");
    groups.v[2].by = DENIAL_OBSERVER;
    denials_print(&out, &a, &env, &groups, 2, 9);
    CHECK(!memchr(out.p, '\x1b', out.n), "nothing that a terminal obeys is printed");
    buf_add(&out, "", 1);
    CHECK(strstr(out.p, "(1 earlier ones") && strstr(out.p, "write ~/a  (3 times)") && strstr(out.p, "~/b\\x1B\n") &&
              strstr(out.p, "by cat (pid 105), line 8") && strstr(out.p, "rule: a rule: \\x1B\n") &&
              strstr(out.p, "remedy: none: \\x1B[2J") && strstr(out.p, "9 more"),
        "operation, path, count, program, line, rule, remedy and what was lost are");
    buf_clear(&out);
    groups.v[2].by = DENIAL_EVALUATED;
    groups.v[1].cause = DENIAL_IN_FOLDER;
    denials_print(&out, &a, &env, &groups, 2, 0);
    buf_add(&out, "", 1);
    CHECK(strstr(out.p, "evaluated: nobody saw it refused") && strstr(out.p, ", line 8") && strstr(out.p, "(a name in it, not known which)") &&
              !strstr(out.p, "by cat (pid 105)"),
        "what nobody saw is not told of a program, and a folder stands for what was to be made in it");
    buf_release(&out);
    arena_release(&a);
}

int main(void)
{
    travels();
    bounded();
    refused();
    explained();
    logged();
    not_records();
    dates();
    grouped();
    return CHECK_END();
}
