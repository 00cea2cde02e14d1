/*
 * test_plan: the plan for a handful of machines, line by line; what cannot be planned; comparing;
 * and a property: wherever one looks, the verdict says what the mounts come to.
 */
#include "check.h"
#include "plan_facts.h"
#include "../sandbox/core/git.h"

#include <stdlib.h>

/* ---- golden plans ---- */

/* The printed ops from the first line that begins with `from` on, as far as wanted goes. */
static void check_golden(struct machine *m, const char *name, const char *from, const char *wanted)
{
    struct buf out = {0};
    const char *at;

    if (!machine_plan(m)) {
        CHECK_STR(err_text(&m->err, &m->arena), STR(""), name);
        return;
    }
    plan_print(&out, &m->arena, &m->env, &m->plan);
    buf_add(&out, "", 1);
    at = strstr(out.p, from);
    if (!at || strncmp(at, wanted, strlen(wanted)) != 0)
        fprintf(stderr, "--- %s: got\n%s--- wanted\n%s", name, at ? at : out.p, wanted);
    CHECK(at && strncmp(at, wanted, strlen(wanted)) == 0, name);
    buf_release(&out);
}

static bool has(const struct plan *plan, enum op_kind kind, const char *path)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == kind && str_is(plan->v[i].path, path))
            return true;
    return false;
}

static bool below(const struct plan *plan, const char *folder)
{
    for (size_t i = 0; i < plan->n; i++)
        if (str_starts(plan->v[i].path, str_from(folder)) || str_starts(plan->v[i].source, str_from(folder)))
            return true;
    return false;
}

static size_t index_of(const struct plan *plan, enum op_kind kind, const char *path)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == kind && str_is(plan->v[i].path, path))
            return i;
    return plan->n;
}

static bool has_line(const struct texts *lines, const char *part)
{
    for (size_t i = 0; i < lines->n; i++)
        if (strstr(lines->v[i].p, part))
            return true;
    return false;
}

static struct str variable_of(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->env.n; i++)
        if (str_is(plan->env.v[i].name, name))
            return plan->env.v[i].value;
    return (struct str){0};
}

static const char golden_head[] =
    "network              its own, with loopback only\n"
    "keep mounts private  /  # no mount made outside later comes in\n"
    "make read-only       /  # nothing is writable but what follows\n"
    "new procfs           /proc  # the sandbox's own processes [may be missing as: procfs]\n"
    "set                  user/max_user_namespaces = 0  # no namespaces within [may be missing as: "
    "procfs]\n"
    "set                  net/ipv4/ping_group_range = 1000 1000  # ping works on loopback\n"
    "protect              /proc/sys  # it changes the whole machine\n"
    "protect              /proc/sysrq-trigger  # it changes the whole machine\n"
    "protect              /proc/irq  # it changes the whole machine\n"
    "protect              /proc/bus  # it changes the whole machine\n"
    "protect              /proc/fs  # it changes the whole machine\n"
    "protect              /proc/acpi  # it changes the whole machine\n"
    "protect              /proc/scsi  # it changes the whole machine\n"
    "cover folder         /proc/1  # it is Cordon's own process inside\n"
    "new, empty           /dev  # devices of its own\n";

static const char golden_own[] =
    "close                /dev  # nothing can be added\n"
    "new devpts           /dev/pts  # terminals of its own\n"
    "new, empty           /dev/shm  # shared memory of its own\n"
    "new mqueue           /dev/mqueue  # message queues of its own\n"
    "loopback up            # loopback works inside\n"
    "new, empty           /run  # services and their sockets stay outside\n"
    "make folder          /run/user\n"
    "make folder          /run/user/1000\n"
    "make folder          /run/lock\n"
    "close                /run  # nothing can be added\n"
    "new, empty           /run/user/1000  # private to this session\n"
    "bind                 /tmp from ~/.local/state/cordon/sessions/s1/tmp (writable)  # private to "
    "this session\n"
    "bind                 /var/tmp from ~/.local/state/cordon/sessions/s1/tmp (writable)  # "
    "private to this session\n"
    "files of several names refuse  # a file with another name elsewhere stays as it is\n"
    "writable             ~/w  # the workspace\n"
    "cover folder         ~/.ssh  # on the list\n"
    "cover file           ~/.netrc  # on the list\n"
    "writable             ~/w/.git  # cannot be renamed away\n"
    "refuse (observer)    ~/w/.git/**: symbolic links  # git outside would write through them\n"
    "protect              ~/w/.codex  # on the list\n"
    "protect              ~/w/.git/hooks  # git would run or obey it outside\n"
    "protect              ~/w/.git/config  # git would run or obey it outside\n"
    "protect              ~/w/.git/modules  # git would run or obey it outside\n"
    "protect              ~/w/.git/worktrees  # git would run or obey it outside\n"
    "cover folder         ~/.local/state/cordon  # Cordon's own history and sessions\n"
    "Landlock: scope        # no reach to abstract sockets and signals outside\n"
    "Landlock: write      /tmp\n"
    "Landlock: write      /proc\n";

/* Missing: what no ordinary machine has in this place. */
static void machine_plain(struct machine *m)
{
    machine_begin(m);
    m->everything = true;
    static const char *const none[] = {"/sys/kernel/debug", "/sys/kernel/tracing",
        "/sys/kernel/security", "/sys/fs/bpf", "/sys/firmware", "/home/p/w/.vscode",
        "/home/p/.cache", "/home/p/.npm", "/home/p/.gradle", "/home/p/.m2", "/home/p/.cargo",
        "/home/p/.cargo/registry", "/home/p/.cargo/git", "/home/p/go", "/home/p/go/pkg",
        "/home/p/.local/share/pnpm", "/home/p/.ccache", "/home/p/.nuget", "/home/p/.yarn",
        "/home/p/.bun/install/cache", "/home/p/.pub-cache", "/home/p/.ivy2", "/home/p/.sbt",
        "/home/p/.conan2"};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        machine_see(m, none[i], FACT_MISSING, NULL);
}

static void check_person(void)
{
    struct machine m;

    machine_plain(&m);
    check_golden(&m, "the plan of a person begins with the tree", "network", golden_head);
    check_golden(&m, "then come the own folders, the rules, and Landlock",
        "close                /dev", golden_own);
    CHECK_STR(variable_of(&m.plan, "XDG_CACHE_HOME"), STR("/tmp/.cache"),
        "a missing cache has a stand-in");
    CHECK_STR(variable_of(&m.plan, "XDG_RUNTIME_DIR"), STR("/run/user/1000"),
        "the runtime folder is private");
    CHECK(m.plan.partial.n == 0, "nothing is partial for a person on a new kernel");
    CHECK(!has(&m.plan, OP_COVER_FILE, "/proc/kcore"),
        "an ordinary user's kernel files need no cover");
    m.facts.host.root = true;
    CHECK(machine_plan(&m) && has(&m.plan, OP_COVER_FOLDER, "/proc/kcore"),
        "for root they are covered");
    machine_end(&m);
}

static bool has_reads_note(const struct plan *plan)
{
    for (size_t i = 0; i < plan->notes.n; i++)
        if (str_is(plan->notes.v[i], NOTE_PLAIN_COVERS))
            return true;
    return false;
}

static void check_reads(void)
{
    struct machine m;
    size_t at;

    machine_plain(&m);
    CHECK(machine_plan(&m), "a plan with secrets");
    at = index_of(&m.plan, OP_COVER_FOLDER, "/home/p/.ssh");
    CHECK(at < m.plan.n && m.plan.v[at].number == 1 && !has_reads_note(&m.plan),
        "reads of a secret are recorded");
    m.facts.host.fuse = false;
    CHECK(machine_plan(&m) && has_reads_note(&m.plan), "what that costs without FUSE is noted");
    m.policy.secret_reads = SECRET_READS_REFUSE;
    CHECK(machine_plan(&m) && !has_reads_note(&m.plan) &&
              m.plan.v[index_of(&m.plan, OP_COVER_FOLDER, "/home/p/.ssh")].number == 0,
        "the policy can do without records");
    for (at = 0; at < m.plan.n && (m.plan.v[at].kind != OP_LATER_SECRET || m.plan.v[at].number == 0); at++)
        ;
    CHECK(at == m.plan.n, "of what is not there yet, too");
    machine_end(&m);
}

static void check_caches(void)
{
    struct machine m;
    size_t begin, end;

    machine_begin(&m);
    CHECK(machine_plan(&m), "a plan with caches");
    begin = index_of(&m.plan, OP_OVERLAY, "/home/p/.cache");
    end = index_of(&m.plan, OP_OVERLAY, "/home/p/.cargo/registry");
    CHECK(begin < m.plan.n && end < m.plan.n, "caches that are there get a private layer");
    CHECK(str_starts(m.plan.v[begin].text, STR("/home/p/.local/state/cordon/")) &&
              str_ends(m.plan.v[begin].text, STR("/upper")) && str_is(m.plan.v[begin].source, "/home/p") &&
              str_eq(m.plan.v[begin].text, m.plan.v[end].text) &&
              str_eq(m.plan.v[begin].text2, m.plan.v[end].text2) &&
              str_ends(m.plan.v[end].text2, STR("/work")) &&
              has(&m.plan, OP_COVER_FOLDER, "/home/p/.local/state/cordon"),
        "one for all, kept in Cordon's state, where nothing inside can see it");
    CHECK(has(&m.plan, OP_LANDLOCK, "/home/p/.cache"), "Landlock lets them be written");
    CHECK(!variable_of(&m.plan, "XDG_CACHE_HOME").p, "and nothing stands in for them");
    machine_rule(&m, RULE_WRITE, "/home/p/.cache/pip", LAYER_USER);
    CHECK(machine_plan(&m) && has(&m.plan, OP_BIND, "/home/p/.cache/pip") &&
              index_of(&m.plan, OP_BIND, "/home/p/.cache/pip") >
                  index_of(&m.plan, OP_OVERLAY, "/home/p/.cache"),
        "a writable root in a cache is put back over its layer");
    machine_rule(&m, RULE_SECRET, "/home/p/.cache/key", LAYER_USER);
    CHECK(machine_plan(&m) && !has(&m.plan, OP_OVERLAY, "/home/p/.cache") &&
              has(&m.plan, OP_COVER_FOLDER, "/home/p/.cache/key"),
        "a cache that a rule reaches into gets no layer, the secret stays covered");
    m.facts.host.kernel_major = 5;
    m.facts.host.kernel_minor = 10;
    CHECK(machine_plan(&m) && !has(&m.plan, OP_OVERLAY, "/home/p/.npm"),
        "an old kernel gets no layers");
    machine_end(&m);
}

static void check_below_tmp(void)
{
    struct machine m;
    size_t temp, root;

    machine_plain(&m);
    m.policy.workspace = STR("/tmp/a/work");
    machine_see(&m, "/tmp/a/work/.git/commondir", FACT_MISSING, NULL);
    machine_see(&m, "/tmp/a/work/.git/config.worktree", FACT_MISSING, NULL);
    CHECK(machine_plan(&m), "a workspace below /tmp can be planned");
    temp = index_of(&m.plan, OP_BIND, "/tmp");
    root = index_of(&m.plan, OP_BIND, "/tmp/a/work");
    CHECK(
        temp < index_of(&m.plan, OP_FOLDER, "/tmp/a") &&
            index_of(&m.plan, OP_FOLDER, "/tmp/a") < index_of(&m.plan, OP_FOLDER, "/tmp/a/work") &&
            index_of(&m.plan, OP_FOLDER, "/tmp/a/work") < root && root < m.plan.n,
        "its place is made in the private /tmp, then it is bound there");
    CHECK(str_is(m.plan.v[root].source, "/tmp/a/work") && m.plan.v[root].number == 1 &&
              m.plan.v[root].check_identity,
        "from the outer folder, writable, the object that was looked at");
    CHECK(
        index_of(&m.plan, OP_PROTECT, "/tmp/a/work/.git/hooks") < m.plan.n, "and protected inside");
    m.facts.host.home = m.env.home = STR("/tmp/home");
    m.facts.host.path = STR("/usr/bin:/tmp/home/bin:/run/current-system/sw/bin:/run/tools/bin");
    m.facts.host.state_dir = STR("/tmp/home/.local/state/cordon");
    machine_see(&m, "/run/current-system/sw/bin", FACT_FOLDER, "/nix/store/x/bin");
    machine_see(&m, "/tmp/home/.cargo", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && has(&m.plan, OP_BIND, "/tmp/home") &&
              m.plan.v[index_of(&m.plan, OP_BIND, "/tmp/home")].number == 0,
        "a home below /tmp is put back, read-only");
    CHECK(has(&m.plan, OP_SYMLINK, "/run/current-system/sw/bin"),
        "a PATH folder behind a link in /run is linked again");
    CHECK(has(&m.plan, OP_BIND, "/run/tools/bin") &&
              index_of(&m.plan, OP_BIND, "/run/tools/bin") <
                  index_of(&m.plan, OP_REMOUNT_READONLY, "/run"),
        "a PATH folder in /run is put back before /run is closed");
    CHECK(has(&m.plan, OP_COVER_FOLDER, "/tmp/home/.local/state/cordon"),
        "and its state is covered there");
    machine_end(&m);
}

static void check_network(void)
{
    struct machine m;

    machine_plain(&m);
    m.policy.net = NET_ONLINE;
    m.facts.host.resolv_real = STR("/run/systemd/resolve/stub-resolv.conf");
    CHECK(machine_plan(&m) && !m.plan.new_network, "online keeps the machine's network");
    CHECK(!has(&m.plan, OP_SYSCTL, "net/ipv4/ping_group_range") &&
              index_of(&m.plan, OP_LOOPBACK, "") == m.plan.n,
        "and touches nothing of it");
    CHECK(has(&m.plan, OP_BIND, "/run/systemd/resolve") &&
              index_of(&m.plan, OP_BIND, "/run/systemd/resolve") <
                  index_of(&m.plan, OP_REMOUNT_READONLY, "/run"),
        "names are resolved");
    CHECK(has_line(&m.plan.notes, "loopback is shared"), "the shared loopback is said");
    m.facts.host.landlock_abi = 5;
    CHECK(!machine_plan(&m) && m.err.kind == ERR_UNSUPPORTED &&
              strstr(m.err.remedy, "--accept landlock"),
        "online with an old Landlock is refused");
    m.policy.net = NET_OFFLINE;
    CHECK(machine_plan(&m) && !has(&m.plan, OP_BIND, "/run/systemd/resolve") &&
              index_of(&m.plan, OP_LANDLOCK_SCOPE, "") == m.plan.n && m.plan.partial.n == 0,
        "offline it suffices");
    m.facts.host.landlock_abi = 0;
    CHECK(!machine_plan(&m) && m.err.kind == ERR_UNSUPPORTED, "no Landlock is refused");
    *(struct str *)ARENA_PUSH(&m.arena, &m.policy.partial) = STR("landlock");
    CHECK(machine_plan(&m) && m.plan.partial.n == 1 && !has(&m.plan, OP_LANDLOCK, "/proc"),
        "unless the policy accepts it: then it is partial");
    machine_end(&m);
}

static void check_git(void)
{
    struct machine m;

    machine_plain(&m);
    m.policy.git = GIT_LOCKED;
    CHECK(machine_plan(&m) && has(&m.plan, OP_PROTECT, "/home/p/w/.git") &&
              !has(&m.plan, OP_WRITABLE, "/home/p/w/.git"),
        "git locked: the whole of .git is read-only");
    machine_see(&m, "/home/p/w/.git", FACT_SYMLINK, "/srv/git");
    CHECK(!machine_plan(&m) && m.err.kind == ERR_REFUSED && strstr(m.err.subject, ".git") &&
              m.err.remedy[0],
        "a .git that is a link is refused, locked");
    m.policy.git = GIT_COMMIT;
    CHECK(!machine_plan(&m) && m.err.kind == ERR_REFUSED, "and with commits allowed");
    machine_see(&m, "/home/p/w/.git", FACT_FILE, NULL);
    machine_see(&m, "/home/p/w/.git/hooks", FACT_MISSING, NULL);
    machine_see(&m, "/home/p/w/.git/config", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && has(&m.plan, OP_PROTECT, "/home/p/w/.git"),
        "a .git that is a file is read-only");
    machine_see(&m, "/home/p/w/.git", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && has_line(&m.plan.notes, "not held yet: ~/w/.git"),
        "a missing .git is said to be not held");
    machine_see(&m, "/home/p/w/.git", FACT_FOLDER, NULL);
    machine_see(&m, "/home/p/w/.git/hooks", FACT_FOLDER, "/home/p/elsewhere");
    CHECK(!machine_plan(&m), "a link on the way to a protected path is refused");
    machine_end(&m);
}

static void check_checkout(void)
{
    struct machine m;

    machine_plain(&m);
    m.facts.host.checkout = STR("/home/p/w");
    m.facts.host.program_dir = STR("/home/p/w/out/linux");
    machine_see(&m, "/home/p/w/build.ninja", FACT_FILE, NULL);
    machine_see(&m, "/home/p/w/setup", FACT_MISSING, NULL);
    CHECK(machine_plan(&m), "Cordon's own checkout can be opened");
    CHECK(has(&m.plan, OP_PROTECT, "/home/p/w/out") &&
              has(&m.plan, OP_PROTECT, "/home/p/w/shell") &&
              has(&m.plan, OP_PROTECT, "/home/p/w/.ci") &&
              has(&m.plan, OP_PROTECT, "/home/p/w/build.ninja"),
        "with its programs, scripts and build files read-only");
    CHECK(!has(&m.plan, OP_PROTECT, "/home/p/w/setup"), "a part that is not there is left out");
    CHECK(m.plan.partial.n == 0, "and nothing of that is partial");
    m.facts.host.checkout = STR("/home/p/w/x/c");
    m.facts.host.program_dir = STR("/home/p/w/x/c/out/linux");
    CHECK(machine_plan(&m) && has(&m.plan, OP_WRITABLE, "/home/p/w/x/c") &&
              has_line(&m.plan.partial, "~/w/x/c"),
        "a checkout deeper in the workspace is pinned, and the folder above it is said to be "
        "loose");
    machine_end(&m);
}

static void check_secrets(void)
{
    struct machine m;

    machine_plain(&m);
    machine_see(&m, "/home/p/.ssh", FACT_SYMLINK, "/srv/keys");
    CHECK(machine_plan(&m) && has(&m.plan, OP_COVER_FOLDER, "/srv/keys") &&
              !has(&m.plan, OP_COVER_FOLDER, "/home/p/.ssh"),
        "a secret that is a link is covered where it really lies");
    machine_see(&m, "/home/p/.ssh", FACT_SYMLINK, "/dev/null");
    CHECK(machine_plan(&m) && !has(&m.plan, OP_COVER_FOLDER, "/dev/null"),
        "a secret that leads to /dev/null covers nothing");
    machine_see(&m, "/home/p/.ssh", FACT_SYMLINK, "/home/p/w/keys");
    CHECK(machine_plan(&m) &&
              index_of(&m.plan, OP_COVER_FOLDER, "/home/p/w/keys") >
                  index_of(&m.plan, OP_WRITABLE, "/home/p/w") &&
              has(&m.plan, OP_COVER_FOLDER, "/home/p/w/keys"),
        "one that leads into the workspace is covered after the workspace is there");
    machine_see(&m, "/home/p/.ssh", FACT_SYMLINK, "/usr");
    CHECK(!machine_plan(&m) && m.err.kind == ERR_POLICY,
        "one that leads to what every program needs is an error");
    machine_see(&m, "/home/p/.ssh", FACT_UNKNOWN, NULL);
    CHECK(machine_plan(&m) && has_line(&m.plan.notes, "cannot be looked at"),
        "a built-in one that cannot be seen is named");
    machine_rule(&m, RULE_SECRET, "/srv/closed", LAYER_USER);
    machine_see(&m, "/srv/closed", FACT_UNKNOWN, NULL);
    CHECK(!machine_plan(&m) && m.err.kind == ERR_POLICY,
        "a configured one that cannot be seen is an error");
    machine_see(&m, "/srv/closed", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && has_line(&m.policy.warnings, "/srv/closed"),
        "one that matches nothing is a warning");
    size_t warnings = m.policy.warnings.n;
    CHECK(machine_plan(&m) && m.policy.warnings.n == warnings,
        "which is given once, however often one plans");
    machine_rule(&m, RULE_SECRET, "/home/p", LAYER_USER);
    CHECK(!machine_plan(&m) && m.err.kind != ERR_NONE,
        "a secret that holds the workspace is an error");
    machine_end(&m);
}

static void check_roots(void)
{
    struct machine m;
    struct mount_fact mounts[] = {{STR("/"), STR("ext4"), STR("/dev/sda1"), false, STR("8:1"), STR("/")},
        {STR("/home/p/w/data"), STR("xfs"), STR("/dev/sdb1"), false, STR("8:17"), STR("/")},
        {STR("/home/p/w/iso"), STR("iso9660"), STR("/dev/sr0"), true, STR("11:0"), STR("/")},
        {STR("/home/p/w/again"), STR("ext4"), STR("/dev/sda1"), false, STR("8:1"), STR("/home/p")},
        {STR("/home/p/w/proc"), STR("proc"), STR("proc"), false, STR("0:21"), STR("/")}};

    machine_plain(&m);
    m.facts.host.mounts = mounts;
    m.facts.host.mount_count = COUNT_OF(mounts);
    CHECK(machine_plan(&m) && has(&m.plan, OP_WRITABLE, "/home/p/w/data") &&
              !has(&m.plan, OP_WRITABLE, "/home/p/w/iso") &&
              !has(&m.plan, OP_WRITABLE, "/home/p/w/proc") &&
              !has(&m.plan, OP_WRITABLE, "/home/p/w/again") &&
              has_line(&m.plan.notes, "~/w/iso is a mount"),
        "a nested mount is writable only where it was; no view of the kernel is, nor a second way to home's files");
    CHECK(has(&m.plan, OP_COVER_FOLDER, "/home/p/.ssh") && has(&m.plan, OP_COVER_FOLDER, "/home/p/w/again/.ssh") &&
              !has(&m.plan, OP_COVER_FOLDER, "/home/p/w/data/.ssh"),
        "what is secret is covered by every way that leads to it");
    machine_rule(&m, RULE_WRITE, "/srv/x", LAYER_USER);
    machine_see(&m, "/srv/x", FACT_MISSING, NULL);
    CHECK(machine_plan(&m) && has_line(&m.policy.warnings, "/srv/x does not exist"),
        "a missing configured root is a warning");
    machine_rule(&m, RULE_PROTECT, "/srv/x/held", LAYER_USER);
    machine_see(&m, "/srv/x/held", FACT_MISSING, NULL);
    machine_see(&m, "/srv/x/.codex", FACT_MISSING, NULL);
    m.policy.git_found = &(struct git_found){.v = &(struct git_place){.kind = PLACE_PIN, .root = STR("/srv/x"),
                                                 .path = STR("/srv/x/.git"), .hold = HOLD_BIRTH},
        .n = 1};
    CHECK(machine_plan(&m) && !below(&m.plan, "/srv/x"), "no name is held below a root that is not there");
    machine_see(&m, "/srv/x", FACT_FOLDER, NULL);
    CHECK(machine_plan(&m) && has(&m.plan, OP_BIRTHPLACE, "/srv/x/.git") && has(&m.plan, OP_PLACEHOLDER, "/srv/x/held"),
        "and it is where there is one");
    m.policy.git_found = NULL;
    machine_see(&m, "/srv/x", FACT_SYMLINK, "/etc");
    CHECK(!machine_plan(&m) && m.err.kind == ERR_REFUSED, "a root that is a link is refused");
    machine_see(&m, "/srv/x", FACT_FOLDER, "/home/p/w/x");
    CHECK(!machine_plan(&m) && m.err.kind == ERR_REFUSED, "a root behind a link is refused");
    machine_see(&m, "/srv/x", FACT_FILE, NULL);
    CHECK(!machine_plan(&m) && m.err.kind == ERR_REFUSED, "a root that is a file is refused");
    machine_see(&m, "/srv/x", FACT_MISSING, NULL);
    machine_rule(&m, RULE_WRITE, "/srv/y", LAYER_SESSION);
    machine_see(&m, "/srv/y", FACT_MISSING, NULL);
    CHECK(!machine_plan(&m) && m.err.kind == ERR_MISSING,
        "a missing root that was asked for now is an error");
    machine_end(&m);
    machine_plain(&m);
    machine_rule(&m, RULE_WRITE, "/home/p/.ssh/x", LAYER_USER);
    CHECK(!machine_plan(&m) && m.err.remedy[0], "a root in a secret path is refused");
    machine_end(&m);
    machine_plain(&m);
    m.policy.workspace = STR("/home/p");
    CHECK(!machine_plan(&m) && m.err.kind == ERR_REFUSED && strstr(m.err.reason, "home"),
        "HOME as workspace is refused");
    m.policy.workspace = (struct str){0};
    CHECK(
        machine_plan(&m) && has_line(&m.plan.notes, "no workspace"), "no workspace at all is fine");
    machine_end(&m);
}

static void check_limits(void)
{
    struct machine m;

    machine_plain(&m);
    m.policy.processes = 50;
    CHECK(machine_plan(&m) && m.plan.v[m.plan.n - 1].kind == OP_RLIMIT &&
              m.plan.v[m.plan.n - 1].number == 50,
        "processes by a resource limit for a person");
    m.facts.host.root = true;
    CHECK(!machine_plan(&m) && m.err.kind == ERR_UNSUPPORTED &&
              strstr(m.err.subject, "limits.processes"),
        "not for root, whom it does not bind");
    m.facts.host.cgroup = STR("/sys/fs/cgroup/user");
    m.facts.host.cgroup_pids = true;
    CHECK(machine_plan(&m) && has(&m.plan, OP_CGROUP, "/sys/fs/cgroup/user/cordon-s1"),
        "by a cgroup where there is one");
    m.policy.memory_mb = 100;
    CHECK(!machine_plan(&m) && strstr(m.err.subject, "limits.memory_mb"),
        "memory without its controller is refused");
    m.facts.host.cgroup_memory = true;
    CHECK(machine_plan(&m), "and works with it");
    for (size_t i = 0; i < m.plan.n; i++)
        if (m.plan.v[i].kind == OP_CGROUP && str_is(m.plan.v[i].text, "memory.max"))
            CHECK_STR(m.plan.v[i].text2, STR("104857600"), "MiB become bytes");
    machine_end(&m);
}

/* ---- comparing ---- */

static struct plan_diff step(struct machine *m, const struct plan *before)
{
    struct plan_diff diff = {0};

    if (machine_plan(m))
        plan_compare(&m->arena, before, &m->plan, &diff);
    else
        CHECK(false, m->err.what);
    return diff;
}

static void check_compare(void)
{
    struct machine m;
    struct plan first;
    struct plan_diff diff;

    machine_plain(&m);
    machine_plan(&m);
    first = m.plan;
    diff = step(&m, &first);
    CHECK(
        diff.n == 0 && !diff.widens && !diff.identity_changed, "the same plan twice is no change");
    machine_rule(&m, RULE_PROTECT, "/home/p/w/docs", LAYER_SESSION);
    diff = step(&m, &first);
    CHECK(diff.n == 1 && diff.v[0].added && !diff.widens, "protecting one more path narrows");
    struct plan second = m.plan;
    m.policy.rules.v[m.policy.rules.n - 1].revoked = true;
    diff = step(&m, &second);
    CHECK(diff.n == 1 && !diff.v[0].added && diff.widens, "taking that back widens");
    machine_rule(&m, RULE_WRITE, "/srv/x", LAYER_SESSION);
    diff = step(&m, &first);
    CHECK(diff.widens, "a new root widens");
    second = m.plan;
    m.policy.rules.v[m.policy.rules.n - 1].revoked = true;
    diff = step(&m, &second);
    CHECK(diff.n > 1 && !diff.widens, "revoking it, with all that it protected, narrows");
    machine_rule(&m, RULE_SECRET, "/srv/key", LAYER_SESSION);
    diff = step(&m, &first);
    CHECK(!diff.widens && diff.n == 1, "one more secret narrows");
    second = m.plan;
    m.policy.rules.v[m.policy.rules.n - 1].revoked = true;
    diff = step(&m, &second);
    CHECK(diff.widens, "one secret less widens");
    m.policy.unix_datagrams = DATAGRAMS_ALLOW;
    diff = step(&m, &first);
    CHECK(diff.n == 1 && diff.widens && diff.v[0].op->kind == OP_DATAGRAMS, "letting datagrams be widens");
    m.policy.unix_datagrams = DATAGRAMS_REFUSE;
    CHECK(machine_plan(&m) && index_of(&m.plan, OP_DATAGRAMS, "") == m.plan.n, "which no plan has by itself");
    m.policy.net = NET_ONLINE;
    diff = step(&m, &first);
    CHECK(diff.widens, "going online widens");
    second = m.plan;
    m.policy.net = NET_OFFLINE;
    diff = step(&m, &second);
    CHECK(!diff.widens, "going offline does not");
    m.policy.git = GIT_LOCKED;
    diff = step(&m, &first);
    CHECK(!diff.widens && diff.n > 0, "locking git narrows");
    second = m.plan;
    m.policy.git = GIT_COMMIT;
    diff = step(&m, &second);
    CHECK(diff.widens, "unlocking it widens");
    m.policy.processes = 10;
    diff = step(&m, &first);
    CHECK(!diff.widens, "a new limit narrows");
    second = m.plan;
    m.policy.processes = 20;
    diff = step(&m, &second);
    CHECK(diff.widens, "a higher one widens");
    m.policy.processes = 0;
    machine_plan(&m);
    struct plan third = m.plan;
    for (size_t i = 0; i < third.n; i++)
        if (third.v[i].kind == OP_COVER_FOLDER)
            third.v[i].ino += 1000;
    plan_compare(&m.arena, &first, &third, &diff);
    CHECK(diff.n == 0 && diff.identity_changed && !diff.widens,
        "another object under the same name is seen");
    for (size_t i = 0; i < third.n; i++)
        if (third.v[i].kind == OP_WRITABLE)
            third.v[i].ino += 1000;
    plan_compare(&m.arena, &first, &third, &diff);
    CHECK(diff.n == 0 && diff.widens, "another folder in place of a writable root widens");
    struct buf out = {0};
    second = first;
    second.n--;
    plan_compare(&m.arena, &first, &second, &diff);
    plan_print_diff(&out, &m.arena, &m.env, &diff);
    CHECK(str_starts(buf_view(&out), STR("- Landlock")), "a difference is printed");
    buf_release(&out);
    machine_end(&m);
}

/* ---- the property ---- */

static uint64_t state = 0x9e3779b97f4a7c15u;

static unsigned random_below(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 20) % n);
}

static struct str random_path(struct arena *a)
{
    static const char *const heads[] = {"/home/p/w", "/home/p/w", "/home/p", "/srv", "/tmp",
        "/tmp/t", "/etc", "/run", "/dev", "/proc", "/sys", "/var", "/home/p/.cache", "/opt",
        "/home/p/w/.git"};
    static const char *const names[] = {"a", "b", "c", ".git", "hooks", "config", ".codex", ".ssh",
        "x", "null", "user", "1000", "kernel", "debug", "tmp", "shm", "sys", "out", "shell",
        ".local/state/cordon", "key"};
    struct str path = str_from(heads[random_below(COUNT_OF(heads))]);

    for (unsigned n = random_below(4); n > 0; n--)
        path = path_join(a, PATH_POSIX, path, str_from(names[random_below(COUNT_OF(names))]));
    return path;
}

static void random_policy(struct machine *m)
{
    static const char *const workspaces[] = {
        "/home/p/w", "/home/p/w/a", "/srv/a", "/tmp/t/a", "/home/p/a"};

    m->policy.workspace = random_below(6) ? str_from(workspaces[random_below(COUNT_OF(workspaces))])
                                          : (struct str){0};
    m->policy.git = random_below(3) ? GIT_COMMIT : GIT_LOCKED;
    m->policy.net = random_below(3) ? NET_OFFLINE : NET_ONLINE;
    m->facts.host.root = random_below(4) == 0;
    if (random_below(3) == 0) {
        m->facts.host.checkout = STR("/home/p/w/a");
        m->facts.host.program_dir = STR("/home/p/w/a/out/linux");
    }
    for (unsigned n = random_below(5); n > 0; n--)
        machine_rule(m, (enum rule_kind)random_below(3), random_path(&m->arena).p, LAYER_USER);
    if (random_below(2))
        machine_rule(m, RULE_PROTECT, "b/c", LAYER_USER);
}

/* What Landlock would say of the path in this plan. */
static bool landlock_lets(const struct machine *m, struct str path)
{
    for (size_t i = 0; i < m->plan.n; i++)
        if (m->plan.v[i].kind == OP_LANDLOCK && path_is_under(&m->env, m->plan.v[i].path, path))
            return true;
    return false;
}

/* Some policies are refused; those that stand must be as the verdicts say, wherever one looks. */
static void check_agreement(void)
{
    char why[600] = "";
    unsigned planned = 0, looked = 0, writable = 0;

    for (unsigned round = 0; round < 500 && !why[0]; round++) {
        struct machine m;
        machine_begin(&m);
        random_policy(&m);
        bool good = machine_plan(&m);
        planned += good;
        for (unsigned i = 0; good && i < 60 && !why[0]; i++) {
            struct str path = random_path(&m.arena);
            /* A name in between, so that the place itself, which is a mount, is not what is asked
             * about. */
            struct str below = path_join(&m.arena, PATH_POSIX, path, STR("leaf"));
            if (str_starts(path, STR("/dev/null")))
                continue; /* no folder */
            enum plan_reach reach = plan_reaches(&m.plan, below);
            bool reads = machine_ask(&m, below.p, OPERATION_READ).allowed;
            bool writes = machine_ask(&m, below.p, OPERATION_WRITE).allowed;
            bool both = reach == PLAN_WRITES && landlock_lets(&m, below);
            looked++;
            writable += writes;
            if (reads != (reach != PLAN_NOTHING) || writes != both)
                snprintf(why, sizeof why,
                    "round %u, %.200s: verdict reads %d writes %d, plan %d, Landlock %d", round,
                    below.p, reads, writes, (int)reach, landlock_lets(&m, below));
            if (both != (reach == PLAN_WRITES) && !why[0])
                snprintf(why, sizeof why, "round %u, %.200s: the two walls differ", round, below.p);
        }
        if (why[0]) {
            struct buf out = {0};
            plan_print(&out, &m.arena, &m.env, &m.plan);
            fwrite(out.p, 1, out.n, stderr);
            buf_release(&out);
        }
        machine_end(&m);
    }
    check_report(why[0] == 0, __FILE__, __LINE__, "verdicts and mounts agree at every path", why);
    CHECK(planned > 200 && looked > 10000 && writable > 1000,
        "and there were enough of them to tell");
}

int main(void)
{
    check_person();
    check_reads();
    check_caches();
    check_below_tmp();
    check_network();
    check_git();
    check_checkout();
    check_secrets();
    check_roots();
    check_limits();
    check_compare();
    check_agreement();
    return CHECK_END();
}
