/*
 * test_launch: what of the person's environment comes inside, and what is put in.
 */
#include "check.h"
#include "../sandbox/core/launch.h"

static struct arena arena;

struct setting {
    struct policy policy;
    struct plan plan;
    struct host host;
    struct texts outer, got;
};

static void add(struct texts *list, struct str s)
{
    *(struct str *)ARENA_PUSH(&arena, list) = s;
}

static void set(struct env_sets *list, const char *name, const char *value)
{
    struct env_set *one = ARENA_PUSH(&arena, list);

    one->name = str_from(name);
    one->value = str_from(value);
}

static struct setting begin(const char *const *outer, size_t count)
{
    struct setting s = {0};

    add(&s.policy.env_pass, STR("*"));
    add(&s.policy.env_drop, STR("*_TOKEN"));
    add(&s.policy.env_drop, STR("AWS_*"));
    s.policy.workspace = STR("/home/p/w");
    s.host.home = STR("/home/p");
    for (size_t i = 0; i < count; i++)
        add(&s.outer, str_from(outer[i]));
    return s;
}

static void make(struct setting *s, bool terminal)
{
    launch_environment(&arena, &s->policy, &s->plan, &s->host, &s->outer, terminal, &s->got);
}

/* The value of name inside; none when it is not there; "twice" when it is there twice. */
static struct str value(const struct setting *s, const char *name)
{
    struct str found = {0};
    size_t n = strlen(name);

    for (size_t i = 0; i < s->got.n; i++) {
        struct str e = s->got.v[i];
        if (e.n <= n || e.p[n] != '=' || memcmp(e.p, name, n) != 0)
            continue;
        if (found.p)
            return STR("twice");
        found = str_slice(e, n + 1, e.n);
    }
    return found;
}

static void check_left_out(void)
{
    static const char *const outer[] = {"SSH_AUTH_SOCK=/x", "SSH_AGENT_PID=1", "GPG_AGENT_INFO=/x",
        "GPG_TTY=/dev/pts/9", "DBUS_SESSION_BUS_ADDRESS=unix:/x", "DBUS_STARTER_X=1",
        "XDG_RUNTIME_DIR=/run/user/1", "DISPLAY=:0", "XAUTHORITY=/x", "WAYLAND_DISPLAY=w",
        "WAYLAND_SOCKET=3", "PULSE_SERVER=x", "TMUX=/x,1,2", "STY=1.x", "VSCODE_IPC_HOOK_CLI=/x",
        "VSCODE_GIT_ASKPASS_NODE=x", "WSL_INTEROP=/x", "DOCKER_HOST=unix:///x", "NOTIFY_SOCKET=/x",
        "LISTEN_FDS=1", "LISTEN_PID=2", "BASH_ENV=/x", "ENV=/x", "TMPDIR=/outer",
        "KITTY_LISTEN_ON=x", "NVIM=/x", "CORDON=0", "CORDON_SECRET_STATE=1", "GITHUB_TOKEN=t",
        "AWS_PROFILE=p", "_=/bin/x"};
    struct setting s = begin(outer, COUNT_OF(outer));
    char name[120];

    make(&s, false);
    for (size_t i = 0; i < COUNT_OF(outer); i++) {
        struct str entry = str_from(outer[i]);
        size_t equals = str_find(entry, 0, '=');
        struct str variable = arena_str(&arena, str_slice(entry, 0, equals));
        struct str got = value(&s, variable.p);
        snprintf(name, sizeof name, "%s does not come inside", variable.p);
        CHECK(!got.p || !str_eq(got, str_slice(entry, equals + 1, entry.n)), name);
    }
}

static void check_passed(void)
{
    static const char *const outer[] = {"PATH=/usr/bin:/bin", "LANG=de_DE.UTF-8",
        "EMPTY=", "EQUALS=a=b", "LD_PRELOAD=/x.so", "BASH_FUNC_f%%=() { :; }",
        "VIRTUAL_ENV=/home/p/w/v", "PATH=/evil", "noequals", "=nameless", "TERM=screen",
        "TERMINFO=/x", "COLUMNS=80"};
    struct setting s = begin(outer, COUNT_OF(outer));

    make(&s, false);
    CHECK_STR(value(&s, "PATH"), STR("/usr/bin:/bin"), "PATH passes, the first of two");
    CHECK_STR(value(&s, "LANG"), STR("de_DE.UTF-8"), "LANG passes");
    CHECK(value(&s, "EMPTY").p && value(&s, "EMPTY").n == 0, "an empty value stays empty");
    CHECK_STR(value(&s, "EQUALS"), STR("a=b"), "a value may hold =");
    CHECK(value(&s, "LD_PRELOAD").p && value(&s, "BASH_FUNC_f%%").p && value(&s, "VIRTUAL_ENV").p,
        "what only steers programs passes");
    CHECK_STR(s.got.v[0], STR("PATH=/usr/bin:/bin"), "the order is that of outside");
    CHECK_STR(value(&s, "TERM"), STR("screen"), "TERM stays where there is no terminal");
    for (size_t i = 0; i < s.got.n; i++)
        if (str_find(s.got.v[i], 0, '=') == 0 || str_find(s.got.v[i], 0, '=') == s.got.v[i].n)
            CHECK(false, "no entry without a name or a =");
    make(&s, true);
    CHECK_STR(value(&s, "TERM"), STR("xterm-256color"), "a terminal of its own has its own TERM");
    CHECK(!value(&s, "TERMINFO").p && !value(&s, "COLUMNS").p, "and nothing of the outer one");
    s.policy.env_pass.n = 0;
    add(&s.policy.env_pass, STR("LA*"));
    make(&s, false);
    CHECK(value(&s, "LANG").p && !value(&s, "PATH").p, "env.pass bounds what comes");
}

static void check_named(void)
{
    static const char *const outer[] = {"MY_TOKEN=t", "OTHER_TOKEN=o", "HOME=/h"};
    struct setting s = begin(outer, COUNT_OF(outer));

    make(&s, false);
    CHECK(!value(&s, "MY_TOKEN").p && !value(&s, "OTHER_TOKEN").p, "a pattern drops what it matches");
    s.got.n = 0;
    add(&s.policy.env_pass, STR("MY_TOKEN"));
    make(&s, false);
    CHECK_STR(value(&s, "MY_TOKEN"), STR("t"), "a name that is passed in so many words is passed all the same");
    CHECK(!value(&s, "OTHER_TOKEN").p, "and no other");
}

static void check_put_in(void)
{
    static const char *const outer[] = {
        "EDITOR=vi", "CODEX_SANDBOX_NETWORK_DISABLED=0", "HOME=/home/link"};
    struct setting s = begin(outer, COUNT_OF(outer));

    set(&s.policy.env_set, "EDITOR", "nano");
    set(&s.policy.env_set, "DISPLAY", ":7");
    set(&s.policy.env_set, "BAD=NAME", "x");
    set(&s.policy.env_set, "", "x");
    s.policy.env_set.v[s.policy.env_set.n - 1].value = (struct str){"a\0b", 3};
    set(&s.plan.env, "XDG_RUNTIME_DIR", "/run/user/1000");
    make(&s, false);
    CHECK_STR(value(&s, "EDITOR"), STR("nano"), "env.set wins");
    CHECK_STR(value(&s, "DISPLAY"), STR(":7"), "and sets what is left out otherwise");
    CHECK(!value(&s, "BAD").p && !value(&s, "").p, "a name with = cannot come out");
    CHECK_STR(
        value(&s, "XDG_RUNTIME_DIR"), STR("/run/user/1000"), "the plan's additions are there");
    CHECK_STR(value(&s, "LESSHISTFILE"), STR("-"), "less keeps no history where home is read-only");
    CHECK(value(&s, "NODE_REPL_HISTORY").p && !value(&s, "NODE_REPL_HISTORY").n, "nor node");
    set(&s.policy.env_set, "LESSHISTFILE", "/home/p/w/.less");
    make(&s, false);
    CHECK_STR(value(&s, "LESSHISTFILE"), STR("/home/p/w/.less"), "unless the policy says where");
    CHECK_STR(value(&s, "CORDON"), STR("1"), "CORDON is set");
    CHECK_STR(value(&s, "CORDON_NET"), STR("offline"), "CORDON_NET says the mode");
    CHECK_STR(
        value(&s, "CODEX_SANDBOX_NETWORK_DISABLED"), STR("1"), "offline is said as others say it");
    CHECK_STR(value(&s, "HOME"), STR("/home/p"), "HOME is the real one");
    s.policy.net = NET_ONLINE;
    make(&s, false);
    CHECK_STR(value(&s, "CORDON_NET"), STR("online"), "CORDON_NET follows");
    CHECK(!value(&s, "CODEX_SANDBOX_NETWORK_DISABLED").p, "online does not say offline");
}

static void check_git(void)
{
    static const char *const two[] = {
        "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=p"};
    static const char *const torn[] = {
        "GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=p"};
    static const char *const odd[] = {"GIT_CONFIG_COUNT=99999999999999999999"};
    struct setting s = begin(two, COUNT_OF(two));

    make(&s, false);
    CHECK_STR(value(&s, "GIT_CONFIG_COUNT"), STR("3"),
        "git's settings are added to those that are there");
    CHECK_STR(value(&s, "GIT_CONFIG_VALUE_0"), STR("p"), "which stay");
    CHECK_STR(
        value(&s, "GIT_CONFIG_KEY_1"), STR("safe.directory"), "the workspace is safe for git");
    CHECK_STR(value(&s, "GIT_CONFIG_VALUE_1"), STR("/home/p/w"), "by its path");
    s = begin(torn, COUNT_OF(torn));
    make(&s, false);
    CHECK_STR(value(&s, "GIT_CONFIG_COUNT"), STR("2"), "a list with a gap is begun anew");
    CHECK_STR(value(&s, "GIT_CONFIG_KEY_0"), STR("safe.directory"), "from its first place");
    s = begin(odd, COUNT_OF(odd));
    make(&s, false);
    CHECK_STR(value(&s, "GIT_CONFIG_COUNT"), STR("2"), "a senseless count is begun anew");
    s = begin(NULL, 0);
    s.policy.workspace = (struct str){0};
    make(&s, false);
    CHECK_STR(value(&s, "GIT_CONFIG_COUNT"), STR("1"), "without a workspace one setting is enough");
}

static void check_make(void)
{
    static const char *const outer[] = {"MAKEFLAGS=kw -j4 --jobserver-auth=3,4 -- CC=a -j",
        "MFLAGS=-k --jobserver-fds=3,4 -j", "CARGO_MAKEFLAGS=--jobserver-auth=fifo:/tmp/x -j"};
    static const char *const plain[] = {"MAKEFLAGS=-j4 -k"};
    struct setting s = begin(outer, COUNT_OF(outer));

    make(&s, false);
    CHECK_STR(value(&s, "MAKEFLAGS"), STR("kw -- CC=a -j"),
        "the jobserver is taken out of MAKEFLAGS, variables stay");
    CHECK_STR(value(&s, "MFLAGS"), STR("-k"), "and out of MFLAGS");
    CHECK_STR(value(&s, "CARGO_MAKEFLAGS"), STR(""), "and out of cargo's");
    s = begin(plain, COUNT_OF(plain));
    make(&s, false);
    CHECK_STR(value(&s, "MAKEFLAGS"), STR("-j4 -k"), "flags without a jobserver stay as they are");
}

static void check_many(void)
{
    struct setting s = begin(NULL, 0);

    for (int i = 0; i < 2 * ENV_MAX; i++)
        add(&s.outer, arena_format(&arena, "V%d=x", i));
    make(&s, false);
    CHECK(s.got.n <= ENV_MAX && str_is(value(&s, "CORDON"), "1"),
        "a flood of variables leaves room for ours");
}

int main(void)
{
    check_left_out();
    check_passed();
    check_put_in();
    check_git();
    check_make();
    check_many();
    arena_release(&arena);
    check_named();
    return CHECK_END();
}
