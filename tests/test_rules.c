/*
 * test_rules: what is allowed where, by which rule, and what would change it; which folders may be
 * writable.
 */
#include "check.h"
#include "plan_facts.h"

struct row {
    const char *path;
    enum operation operation;
    bool allowed;
    const char *why, *change; /* NULL: not looked at */
};

static void check_rows(struct machine *m, const char *group, const struct row *rows, size_t count)
{
    char name[200], why[900];

    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        struct verdict v = machine_ask(m, r->path, r->operation);
        snprintf(name, sizeof name, "%s: %s %s is %s", group, operation_name(r->operation), r->path,
            r->allowed ? "allowed" : "refused");
        snprintf(why, sizeof why, "allowed %d, why \"%s\", change \"%s\"", v.allowed,
            v.why.p ? v.why.p : "-", v.change.p ? v.change.p : "-");
        check_report(v.allowed == r->allowed && v.why.n > 0 && (v.allowed || v.change.n > 0) &&
                         (!r->why || strstr(v.why.p, r->why)) &&
                         (!r->change || strstr(v.change.p, r->change)),
            __FILE__, __LINE__, name, why);
    }
}

/* What was seen decides whether a folder itself is offered, and that it is there. */
static void check_offers(struct machine *m)
{
    struct fact seen[] = {{.path = STR("/home/p/folder"), .kind = FACT_FOLDER}, {.path = STR("/home/p/file"), .kind = FACT_FILE},
        {.path = STR("/srv/none"), .kind = FACT_MISSING}};
    struct facts facts = {.host = m->facts.host, .v = seen, .n = COUNT_OF(seen)};
    const struct {
        const char *path, *change;
    } rows[] = {{"/home/p/folder", ":allow ~/folder"}, {"/home/p/file", "none: ~ is your home folder"},
        {"/srv/none/x", "make /srv/none outside, then :allow it"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct verdict v = rules_verdict_seen(&m->arena, &facts, &m->policy, &m->env, str_from(rows[i].path), OPERATION_WRITE);
        CHECK(!v.allowed && str_starts(v.change, str_from(rows[i].change)), rows[i].change);
    }
}

static void check_workspace(void)
{
    static const struct row rows[] = {
        {"/home/p/w/a", OPERATION_CREATE, true, "the workspace", NULL},
        {"/home/p/w/a/b", OPERATION_DELETE, true, NULL, NULL},
        {"/home/p/w", OPERATION_DELETE, false, "held in place", "none:"},
        {"/home/p/w", OPERATION_MODE, true, NULL, NULL},
        {"/home/p/w/.codex/x", OPERATION_WRITE, false, "protected", "none: on the list"},
        {"/home/p/w/.codex", OPERATION_CREATE, false, "protected", NULL},
        {"/home/p/w/.vscode", OPERATION_CREATE, false, "not held", NULL},
        {"/home/p/w/sub/.codex", OPERATION_CREATE, true, NULL, NULL},
        {"/home/p/w/.codexx", OPERATION_CREATE, true, NULL, NULL},
        {"/home/p/w/.codex/x", OPERATION_READ, true, NULL, NULL},
        {"/home/p/w/.git/objects/1", OPERATION_CREATE, true, "writable root", NULL},
        {"/home/p/w/.git/index", OPERATION_RENAME, true, NULL, NULL},
        {"/home/p/w/.git", OPERATION_RENAME, false, "held in place", NULL},
        {"/home/p/w/.git/hooks/pre-commit", OPERATION_CREATE, false, "git would run",
            "none: git would run"},
        {"/home/p/w/.git/config", OPERATION_WRITE, false, "git would run", NULL},
        {"/home/p/w/.git/config.lock", OPERATION_CREATE, true, NULL, NULL},
        {"/home/p/w/.git/info/exclude", OPERATION_WRITE, true, NULL, NULL},
        {"/home/p/other/x", OPERATION_WRITE, false, "no writable root", ":allow ~/other"},
        {"/home/p/x.txt", OPERATION_CREATE, false, NULL, "none: ~ is your home folder"},
        {"/home/p/.local/bin/x", OPERATION_CREATE, false, NULL, "none: ~/.local/bin is a folder that programs"},
        {"/home/p/two words/x", OPERATION_CREATE, false, NULL, ":allow '~/two words'"},
        {"/home/p/it's/x", OPERATION_CREATE, false, NULL, "none: the name of ~/it's cannot be typed"},
        {"/home/p/other/s.sock", OPERATION_CONNECT, false, "listens there is outside", "none: start the service inside"},
        {"/home/p/w/s.sock", OPERATION_CONNECT, true, "program inside listens", NULL},
        {"/home/p/w/.codex/s", OPERATION_CONNECT, true, "program inside listens", NULL},
        {"/tmp/s.sock", OPERATION_CONNECT, true, "private to this session", NULL},
        {"/run/docker.sock", OPERATION_CONNECT, false, "services", "none: start"},
        {"/home/p/.ssh/agent", OPERATION_CONNECT, false, "secret", NULL},
        {"/home/p/w/mnt", OPERATION_MOUNT, false, "mounts stay", "none: mount it outside"},
        {"/home/p/.bashrc", OPERATION_WRITE, false, NULL, "none: ~ is your home folder"},
        {"/etc/passwd", OPERATION_WRITE, false, NULL, "none: /etc is a system folder"},
        {"/srv/x/y", OPERATION_WRITE, false, NULL, ":allow /srv/x"},
        {"/etc/passwd", OPERATION_READ, true, NULL, NULL},
        {"/", OPERATION_CREATE, false, NULL, NULL},
        {"/home/p/.ssh/id_rsa", OPERATION_READ, false, "secret", "none: on the list"},
        {"/home/p/.ssh", OPERATION_READ, false, "secret", NULL},
        {"/home/p/.sshd", OPERATION_READ, true, NULL, NULL},
        {"/home/p/.netrc", OPERATION_DELETE, false, "secret", NULL},
        {"/home/p/.local/state/cordon/history", OPERATION_READ, false, "secret", NULL},
        {"/home/p/.config/cordon/policy.json", OPERATION_WRITE, false, "Cordon's policy", NULL},
    };
    static const struct row machine_rows[] = {
        {"/tmp/x", OPERATION_CREATE, true, "private to this session", NULL},
        {"/var/tmp/x", OPERATION_CREATE, true, "private to this session", NULL},
        {"/tmp", OPERATION_DELETE, false, "held in place", NULL},
        {"/dev/null", OPERATION_WRITE, true, "harmless", NULL},
        {"/dev/null", OPERATION_MODE, false, NULL, "none:"},
        {"/dev/null", OPERATION_DELETE, false, NULL, "none:"},
        {"/dev/sda", OPERATION_WRITE, false, "devices of its own", "none:"},
        {"/dev/shm/x", OPERATION_CREATE, true, NULL, NULL},
        {"/dev/pts/0", OPERATION_WRITE, true, NULL, NULL},
        {"/run/docker.sock", OPERATION_WRITE, false, "services", "none:"},
        {"/run/user/1000/x", OPERATION_CREATE, true, "private", NULL},
        {"/run/user/1001/x", OPERATION_CREATE, false, NULL, NULL},
        {"/proc/self/comm", OPERATION_WRITE, true, NULL, NULL},
        {"/proc/self/x", OPERATION_CREATE, false, NULL, NULL},
        {"/proc/sys/kernel/core_pattern", OPERATION_WRITE, false, "whole machine", NULL},
        {"/proc/sysrq-trigger", OPERATION_WRITE, false, NULL, NULL},
        {"/sys/firmware/x", OPERATION_READ, false, NULL, NULL},
        {"/proc/kcore", OPERATION_READ, true, NULL, NULL}, /* only root could */
        {"/home/p/.cache/pip/x", OPERATION_CREATE, true, "private cache", NULL},
        {"/home/p/.cargo/registry/x", OPERATION_CREATE, true, "private cache", NULL},
        {"/home/p/.cargo/config.toml", OPERATION_WRITE, false, NULL, NULL},
    };
    struct machine m;

    machine_begin(&m);
    check_rows(&m, "workspace", rows, COUNT_OF(rows));
    check_rows(&m, "machine", machine_rows, COUNT_OF(machine_rows));
    CHECK(machine_ask(&m, "/tmp/x", OPERATION_WRITE).own,
        "a write below /tmp does not reach the machine's /tmp");
    CHECK(machine_ask(&m, "/home/p/.cache/x", OPERATION_WRITE).own,
        "a write to a cache stays in its layer");
    CHECK(!machine_ask(&m, "/home/p/w/x", OPERATION_WRITE).own,
        "a write to the workspace is a real one");
    CHECK(machine_ask(&m, "/home/p/.ssh/id_rsa", OPERATION_READ).wall == WALL_COVER, "a secret is held by a cover");
    check_offers(&m);
    CHECK(machine_ask(&m, "/home/p/w/.vscode", OPERATION_CREATE).wall == WALL_NONE,
        "a name that is protected only where it exists is said to be held by nothing");
    CHECK(machine_ask(&m, "/home/p/w/.codex", OPERATION_CREATE).wall == WALL_MOUNT,
        "a required name that does not exist is held by a placeholder");
    machine_rule(&m, RULE_PROTECT, ".env", LAYER_USER)->any_depth = true;
    CHECK(machine_ask(&m, "/home/p/w/a/b/.env/x", OPERATION_WRITE).wall == WALL_OBSERVER &&
              !machine_ask(&m, "/home/p/w/a/.env", OPERATION_CREATE).allowed,
        "a name of any depth is refused by the observer");
    CHECK(machine_ask(&m, "/home/p/w/a/.envx", OPERATION_CREATE).allowed &&
              machine_ask(&m, "/home/p/w/a/.env", OPERATION_READ).allowed,
        "others are not, and reading is not");
    CHECK(machine_ask(&m, "/home/p/w/.codex/x", OPERATION_CREATE).wall == WALL_MOUNT,
        "what is in a protected folder is held by a mount");
    CHECK(machine_ask(&m, "/home/p/w/.codex/x", OPERATION_WRITE).rule->id == 2,
        "the deciding rule is named");
    machine_end(&m);
    machine_begin(&m);
    m.facts.host.root = true;
    CHECK(!machine_ask(&m, "/proc/kcore", OPERATION_READ).allowed,
        "root may not read the kernel's memory");
    machine_end(&m);
}

static void check_git_locked(void)
{
    static const struct row rows[] = {
        {"/home/p/w/.git/objects/1", OPERATION_CREATE, false, "locked", "\"git\": \"commit\""},
        {"/home/p/w/.git/hooks/x", OPERATION_WRITE, false, "locked", NULL},
        {"/home/p/w/.git", OPERATION_DELETE, false, "locked", NULL},
    };
    struct machine m;

    machine_begin(&m);
    m.policy.git = GIT_LOCKED;
    m.policy.git_origin = (struct origin){.layer = LAYER_FLAG, .file = STR("--agent")};
    check_rows(&m, "git locked", rows, COUNT_OF(rows));
    machine_end(&m);
}

static void check_specific(void)
{
    static const struct row rows[] = {
        {"/home/p/w/data/x", OPERATION_WRITE, false, "\"/home/p/w/data\" in policy.json:3:9",
            "take \"/home/p/w/data\" out of \"protect\" in policy.json:3:9"},
        {"/home/p/w/data/scratch/x", OPERATION_WRITE, true, "policy.json:3:9", NULL},
        {"/home/p/w/data/scratch/deep/key/x", OPERATION_READ, false, "secret",
            "take \"/home/p/w/data/scratch/deep/key\" out of \"secret\" in policy.json:3:9"},
        {"/home/p/w/both/x", OPERATION_WRITE, false, "protected", NULL},
        {"/home/p/w/key/protected/x", OPERATION_READ, false, "secret", NULL},
        {"/home/p/w/admin", OPERATION_READ, false, NULL, "none: the administrator's policy"},
        {"/srv/gone/x", OPERATION_WRITE, false, "was revoked", ":allow /srv/gone"},
        {"/srv/mine/.git/hooks/x", OPERATION_CREATE, false, "git would run", NULL},
        {"/srv/mine/.codex/x", OPERATION_CREATE, false, "protected", NULL},
        {"/srv/mine/x", OPERATION_CREATE, true, "policy.json:3:9", NULL},
        {"/tmp/secret/x", OPERATION_READ, true, "private", NULL},
        {"/home/p/w/data/.git/x", OPERATION_WRITE, false, NULL, NULL},
    };
    struct machine m;

    machine_begin(&m);
    machine_rule(&m, RULE_PROTECT, "/home/p/w/data", LAYER_USER);
    machine_rule(&m, RULE_WRITE, "/home/p/w/data/scratch", LAYER_USER);
    machine_rule(&m, RULE_SECRET, "/home/p/w/data/scratch/deep/key", LAYER_USER);
    machine_rule(&m, RULE_WRITE, "/home/p/w/both", LAYER_USER);
    machine_rule(&m, RULE_PROTECT, "/home/p/w/both", LAYER_USER);
    machine_rule(&m, RULE_SECRET, "/home/p/w/key", LAYER_USER);
    machine_rule(&m, RULE_PROTECT, "/home/p/w/key/protected", LAYER_USER);
    machine_rule(&m, RULE_SECRET, "/home/p/w/admin", LAYER_MACHINE);
    machine_rule(&m, RULE_WRITE, "/srv/gone", LAYER_SESSION)->revoked = true;
    machine_rule(&m, RULE_WRITE, "/srv/mine", LAYER_USER);
    machine_rule(&m, RULE_SECRET, "/tmp/secret", LAYER_USER);
    check_rows(&m, "specific", rows, COUNT_OF(rows));
    CHECK(!machine_ask(&m, "/home/p/w/both/.git/objects/x", OPERATION_CREATE).allowed,
        "git's folder is not writable in a root that is protected as a whole");
    machine_end(&m);
}

static void check_checkout(void)
{
    static const struct row rows[] = {
        {"/home/p/w/out/linux/cordon", OPERATION_WRITE, false, "Cordon itself", "none:"},
        {"/home/p/w/shell/run.sh", OPERATION_WRITE, false, "Cordon itself", NULL},
        {"/home/p/w/build.ninja", OPERATION_WRITE, false, "Cordon itself", NULL},
        {"/home/p/w/.ci/run", OPERATION_WRITE, false, "Cordon itself", NULL},
        {"/home/p/w/README.md", OPERATION_WRITE, true, NULL, NULL},
        {"/home/p/w/docs/x", OPERATION_WRITE, true, NULL, NULL},
    };
    static const struct row above[] = {
        {"/home/p/w/c/out/linux/cordon", OPERATION_WRITE, false, "Cordon itself", NULL},
        {"/home/p/w/c", OPERATION_RENAME, false, "held in place", NULL},
        {"/home/p/w/c/x", OPERATION_CREATE, true, NULL, NULL},
    };
    struct machine m;

    machine_begin(&m);
    m.facts.host.checkout = STR("/home/p/w");
    m.facts.host.program_dir = STR("/home/p/w/out/linux");
    check_rows(&m, "own checkout", rows, COUNT_OF(rows));
    m.facts.host.checkout = STR("/home/p/w/c");
    m.facts.host.program_dir = STR("/home/p/w/c/out/linux");
    check_rows(&m, "checkout below", above, COUNT_OF(above));
    machine_end(&m);
}

static void check_temp(void)
{
    static const struct row rows[] = {
        {"/tmp/work/x", OPERATION_CREATE, true, "the workspace", NULL},
        {"/tmp/other/x", OPERATION_CREATE, true, "private", NULL},
        {"/tmp/work/.git/hooks/x", OPERATION_CREATE, false, "git would run", NULL},
        {"/tmp/home/x", OPERATION_CREATE, false, NULL, NULL},
        {"/tmp/home/.ssh/x", OPERATION_READ, false, "secret", NULL},
    };
    struct machine m;

    machine_begin(&m);
    m.policy.workspace = STR("/tmp/work");
    m.facts.host.home = m.env.home = STR("/tmp/home");
    m.facts.host.state_dir = STR("/tmp/home/.local/state/cordon");
    m.facts.host.config_dir = STR("/tmp/home/.config/cordon");
    machine_rule(&m, RULE_SECRET, "/tmp/home/.ssh", LAYER_BUILTIN);
    check_rows(&m, "below /tmp", rows, COUNT_OF(rows));
    CHECK(!machine_ask(&m, "/tmp/work/x", OPERATION_WRITE).own,
        "a workspace below /tmp is the real one");
    machine_end(&m);
}

static void check_addresses(void)
{
    struct machine m;
    struct verdict v;

    machine_begin(&m);
    v = rules_verdict_address(&m.arena, &m.policy, STR("example.org"), 443);
    CHECK(!v.allowed && v.wall == WALL_NAMESPACE && str_is(v.change, ":net online"),
        "offline refuses a host");
    v = rules_verdict_address(&m.arena, &m.policy, STR("127.0.0.1"), 80);
    CHECK(v.allowed && v.own, "offline has a loopback of its own");
    CHECK(!rules_verdict_address(&m.arena, &m.policy, STR("127.example.org"), 80).allowed,
        "a name that begins like loopback is not loopback");
    CHECK(rules_verdict_address(&m.arena, &m.policy, STR("[::1]"), 80).allowed,
        "loopback in brackets");
    m.policy.net_switch = SWITCH_LOCKED;
    v = rules_verdict_address(&m.arena, &m.policy, STR("example.org"), 443);
    CHECK(!v.allowed && str_starts(v.change, STR("none: network.switch is locked")),
        "a locked switch is said");
    m.policy.net = NET_LIMITED;
    *(struct str *)ARENA_PUSH(&m.arena, &m.policy.net_allow) = STR("*.example.org:443");
    CHECK(rules_verdict_address(&m.arena, &m.policy, STR("a.Example.org"), 443).allowed,
        "limited allows what is listed");
    CHECK(!rules_verdict_address(&m.arena, &m.policy, STR("a.example.org"), 80).allowed,
        "but at that port only");
    m.policy.net = NET_ONLINE;
    v = rules_verdict_address(&m.arena, &m.policy, STR("example.org"), 443);
    CHECK(v.allowed && v.wall == WALL_NONE, "online allows");
    CHECK(!rules_verdict_address(&m.arena, &m.policy, STR("localhost"), 80).own,
        "online shares the loopback");
    machine_end(&m);
}

struct root_row {
    const char *path, *reason; /* NULL: allowed */
};

static void check_roots(void)
{
    static const struct root_row rows[] = {
        {"/", "whole file tree"},
        {"/home/p", "your home folder"},
        {"/home", "everybody's homes"},
        {"/usr", "system"},
        {"/usr/share/x", "system"},
        {"/etc", "system"},
        {"/etc/x", "system"},
        {"/bin", "system"},
        {"/lib64", "system"},
        {"/boot", "system"},
        {"/proc/self", "system"},
        {"/sys", "system"},
        {"/dev/shm/x", "system"},
        {"/run", "system"},
        {"/run/user/1000", "runtime"},
        {"/run/user/1000/x", "runtime"},
        {"/var", "system"},
        {"/var/lib", "system"},
        {"/var/spool/cron", "system"},
        {"/tmp", "temporary"},
        {"/var/tmp", "temporary"},
        {"/home/p/.config", "contains"},
        {"/home/p/.config/git", "git's user configuration"},
        {"/home/p/.config/autostart", "autostart"},
        {"/home/p/.config/systemd/user", "autostart"},
        {"/home/p/.local", "contains"},
        {"/home/p/.local/share", "contains"},
        {"/home/p/.local/share/systemd", "autostart"},
        {"/home/p/.local/bin", "programs are found|PATH"},
        {"/home/p/.bashrc", "start-up"},
        {"/home/p/.config/fish/functions", "start-up"},
        {"/home/p/.ssh", "log in"},
        {"/home/p/.config/cordon", "Cordon's configuration"},
        {"/home/p/.local/state", "Cordon's state"},
        {"/home/p/.local/state/cordon/sessions", "Cordon's state"},
        {"/opt/tools", "PATH"},
        {"/opt/tools/bin/x", "PATH"},
        {"/opt/cordon", "Cordon's own programs"},
        {"/opt", "system"},
        {"/root", "root"},
        {"/mnt", "mounts"},
        {"/home/p/w", NULL},
        {"/home/p/w/deep", NULL},
        {"/tmp/work", NULL},
        {"/var/tmp/work", NULL},
        {"/srv/x", NULL},
        {"/workspace", NULL},
        {"/home/p/.cache/pip", NULL},
        {"/home/q/x", NULL},
        {"/var/www/x", NULL},
        {"/run/media/p/disk", NULL},
        {"/mnt/d", NULL},
        {"/opt/x", NULL},
        {"/home/p/.local/share/pnpm", NULL},
        {"/home/p/.bashrcx", NULL},
        {"/usrx", NULL},
    };
    struct machine m;
    char name[200], why[500];

    machine_begin(&m);
    m.facts.host.path = STR("/usr/bin::.:/opt/tools/bin:relative/bin:/home/p/.local/bin");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = {0};
        struct str path = str_from(rows[i].path);
        bool allowed = rules_root_allowed(&m.arena, &m.env, &m.facts.host, path, path, &e);
        const char *wanted = rows[i].reason;
        char first[40] = "";
        if (wanted)
            snprintf(first, sizeof first, "%.*s", (int)strcspn(wanted, "|"), wanted);
        const char *second = wanted && strchr(wanted, '|') ? strchr(wanted, '|') + 1 : first;
        snprintf(name, sizeof name, "root %s is %s", rows[i].path, wanted ? "refused" : "allowed");
        snprintf(why, sizeof why, "allowed %d, reason \"%s\"", allowed, e.reason);
        check_report(wanted ? !allowed && (strstr(e.reason, first) || strstr(e.reason, second)) &&
                                  e.remedy[0] && e.kind == ERR_REFUSED
                            : allowed && e.kind == ERR_NONE,
            __FILE__, __LINE__, name, why);
    }
    struct err e = {0};
    CHECK(!rules_root_allowed(&m.arena, &m.env, &m.facts.host, STR("/srv/link"), STR("/etc"), &e) &&
              strstr(e.subject, "/etc"),
        "where a root really leads is looked at too");
    m.facts.host.wsl = true;
    e = (struct err){0};
    CHECK(!rules_root_allowed(&m.arena, &m.env, &m.facts.host, STR("/mnt/c"), STR("/mnt/c"), &e),
        "a whole Windows drive under WSL is refused");
    m.facts.host.checkout = STR("/home/p/w");
    m.facts.host.program_dir = STR("/home/p/w/out/linux");
    m.facts.host.path = STR("/usr/bin:/home/p/w/out/linux");
    e = (struct err){0};
    CHECK(
        rules_root_allowed(&m.arena, &m.env, &m.facts.host, STR("/home/p/w"), STR("/home/p/w"), &e),
        "Cordon's own checkout may be the workspace");
    CHECK(!rules_root_allowed(
              &m.arena, &m.env, &m.facts.host, STR("/home/p/w/shell"), STR("/home/p/w/shell"), &e),
        "a part of it that is run outside may not");
    e = (struct err){0};
    CHECK(rules_root_allowed(
              &m.arena, &m.env, &m.facts.host, STR("/home/p/w/docs"), STR("/home/p/w/docs"), &e),
        "a harmless part may");
    machine_end(&m);
}

int main(void)
{
    enum operation operation;

    check_workspace();
    check_git_locked();
    check_specific();
    check_checkout();
    check_temp();
    check_addresses();
    check_roots();
    CHECK(operation_parse(STR("rename"), &operation) && operation == OPERATION_RENAME,
        "an operation by its name");
    CHECK(!operation_parse(STR("Rename"), &operation), "no operation by another name");
    return CHECK_END();
}
