/*
 * launch: the environment that programs inside are started with.
 *
 * A variable that names a socket, a bus or a descriptor is a way out that no rule about paths sees,
 * so those are left out whatever the policy passes. Variables that only steer what a program does
 * (LD_PRELOAD, exported functions, GIT_*) stay: they are the person's own, and act inside the
 * walls.
 */
#include "launch.h"
#include "path.h"
#include "text.h"

#include <string.h>

#define GIT_SETTINGS_MAX 1000

/* Agents, display, sound, bus, session; editors, multiplexers and terminals that can be
 * remote-controlled; service managers and container engines; and what names a terminal or folder
 * that is not there inside. */
static const char *const left_out[] = {"SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSH_TTY",
    "GPG_AGENT_INFO", "GPG_TTY", "GNOME_KEYRING_*", "DBUS_*", "AT_SPI_BUS_ADDRESS",
    "XDG_RUNTIME_DIR", "XDG_SESSION_*", "XDG_SEAT*", "XDG_VTNR", "SESSION_MANAGER",
    "DESKTOP_STARTUP_ID", "DISPLAY", "XAUTHORITY", "ICEAUTHORITY", "WAYLAND_*", "HYPRLAND_*",
    "SWAYSOCK", "I3SOCK", "PULSE_*", "PIPEWIRE_*", "TMUX", "TMUX_*", "STY", "ZELLIJ*", "VSCODE_*",
    "NVIM", "NVIM_LISTEN_ADDRESS", "VIM_SERVERNAME", "EMACS_SOCKET_NAME", "KITTY_LISTEN_ON",
    "KITTY_PID", "KITTY_PUBLIC_KEY", "ALACRITTY_SOCKET", "WEZTERM_*", "GNOME_TERMINAL_*",
    "KONSOLE_DBUS_*", "WSL_INTEROP", "WSLENV", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST",
    "NOTIFY_SOCKET", "LISTEN_*", "WATCHDOG_*", "JOURNAL_STREAM", "INVOCATION_ID",
    "SYSTEMD_EXEC_PID", "BASH_ENV", "ENV", "TMPDIR", "TMP", "TEMP", "TEMPDIR", "CORDON", "CORDON_*",
    "CODEX_SANDBOX*", "_"};

/* Windows: names of the person's own profile, session and terminal. With an account of its own the runner has what belongs there. */
static const char *const of_profile[] = {"USERPROFILE", "APPDATA", "LOCALAPPDATA", "HOME", "HOMEDRIVE", "HOMEPATH", "HOMESHARE", "USERNAME", "USERDOMAIN*",
    "LOGONSERVER", "OneDrive*"};
/* PSModulePath: each PowerShell makes its own; with that of another version it does not find its own modules. */
static const char *const of_windows[] = {"SESSIONNAME", "CLIENTNAME", "WT_*", "ConEmu*", "ANSICON*", "ALACRITTY_*", "TERMINAL_EMULATOR",
    "PSModulePath"};

/* With a terminal of its own, what was said of the outer one is wrong. */
static const char *const of_terminal[] = {
    "TERM", "TERMCAP", "TERMINFO*", "COLUMNS", "LINES", "TERM_PROGRAM*"};

struct making {
    struct arena *a;
    const struct policy *policy;
    struct texts *out;
    bool terminal;
    bool windows; /* two names that differ in case alone are one */
    bool account; /* an account of its own */
};

static bool in_list(const struct making *m, const char *const *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (text_matches(str_from(list[i]), name, m->windows))
            return true;
    return false;
}

static bool in_texts(const struct making *m, const struct texts *patterns, struct str name)
{
    for (size_t i = 0; i < patterns->n; i++)
        if (text_matches(patterns->v[i], name, m->windows))
            return true;
    return false;
}

static struct str name_of(struct str entry)
{
    return str_slice(entry, 0, str_find(entry, 0, '='));
}

static bool holds_nul(struct str s)
{
    return s.n > 0 && memchr(s.p, 0, s.n) != NULL;
}

static bool same_name(const struct making *m, struct str x, struct str y)
{
    return m->windows ? text_same(x, y) : str_eq(x, y);
}

static struct str *find(const struct making *m, struct str name)
{
    for (size_t i = 0; i < m->out->n; i++)
        if (same_name(m, name_of(m->out->v[i]), name))
            return &m->out->v[i];
    return NULL;
}

static void put(struct making *m, struct str name, struct str value)
{
    struct str parts[] = {name, STR("="), value};
    struct str *old = find(m, name);

    if (name.n == 0 || str_find(name, 0, '=') < name.n || holds_nul(name) || holds_nul(value))
        return;
    if (!old) {
        if (m->out->n >= ENV_MAX)
            return;
        old = ARENA_PUSH(m->a, m->out);
    }
    *old = arena_join(m->a, parts, COUNT_OF(parts));
}

static void take_away(struct making *m, struct str name)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->out->n; i++)
        if (!same_name(m, name_of(m->out->v[i]), name))
            m->out->v[kept++] = m->out->v[i];
    m->out->n = kept;
}

/* ---- make ---- */

/* MAKEFLAGS without what speaks of a jobserver: its descriptors are not there, and make would
 * complain. */
static struct str without_jobserver(struct arena *a, struct str flags)
{
    struct buf out = {.ceiling = LINE_BYTES_MAX};
    bool had = false, variables = false;
    struct str result;

    for (size_t at = 0; at < flags.n; at++)
        had = had || str_starts(str_slice(flags, at, flags.n), STR("--jobserver-"));
    for (size_t at = 0; had && at < flags.n;) {
        size_t end = str_find(flags, at, ' ');
        struct str word = str_slice(flags, at, end);
        variables = variables || str_is(word, "--");
        at = end + 1;
        if (!variables && (str_starts(word, STR("--jobserver-")) || str_starts(word, STR("-j"))))
            continue;
        if (out.n > 0)
            buf_add(&out, " ", 1);
        buf_str(&out, word);
    }
    result = had ? arena_str(a, buf_view(&out)) : flags;
    buf_release(&out);
    return result;
}

/* ---- what comes in ---- */

/* A name that the policy passes in so many words is meant, whatever pattern it also matches. */
static bool is_dropped(const struct making *m, struct str name)
{
    const struct texts *pass = &m->policy->env_pass;

    for (size_t i = 0; i < pass->n; i++)
        if (same_name(m, pass->v[i], name))
            return false;
    return !in_texts(m, pass, name) || in_texts(m, &m->policy->env_drop, name);
}

static void take_outer(struct making *m, struct str entry)
{
    struct str name = name_of(entry), value = str_slice(entry, name.n + 1, entry.n);
    bool flags =
        str_is(name, "MAKEFLAGS") || str_is(name, "MFLAGS") || str_is(name, "CARGO_MAKEFLAGS");

    if (name.n == entry.n || in_list(m, left_out, COUNT_OF(left_out), name) ||
        is_dropped(m, name))
        return;
    if ((m->account && in_list(m, of_profile, COUNT_OF(of_profile), name)) ||
        (m->windows && in_list(m, of_windows, COUNT_OF(of_windows), name)))
        return;
    if (m->terminal && in_list(m, of_terminal, COUNT_OF(of_terminal), name))
        return;
    if (find(m, name)) /* a name twice: the first is what getenv finds */
        return;
    put(m, name, flags ? without_jobserver(m->a, value) : value);
}

/* ---- git ---- */

static size_t git_count(struct making *m)
{
    struct str *entry = find(m, STR("GIT_CONFIG_COUNT"));
    struct str value =
        entry ? str_slice(*entry, sizeof "GIT_CONFIG_COUNT", entry->n) : (struct str){0};
    size_t count = 0;

    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9' || count > GIT_SETTINGS_MAX)
            return 0;
        count = count * 10 + (size_t)(value.p[i] - '0');
    }
    if (count > GIT_SETTINGS_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) /* git refuses the whole list when one is not there */
        if (!find(m, arena_format(m->a, "GIT_CONFIG_KEY_%lu", (unsigned long)i)) ||
            !find(m, arena_format(m->a, "GIT_CONFIG_VALUE_%lu", (unsigned long)i)))
            return 0;
    return count;
}

/* As git writes paths itself, on Windows too. */
static struct str with_slashes(const struct making *m, struct str path)
{
    char *out = arena_alloc(m->a, path.n + 1, 1);

    for (size_t i = 0; i < path.n; i++)
        out[i] = m->windows && path.p[i] == '\\' ? '/' : path.p[i];
    return path.p ? (struct str){out, path.n} : path;
}

/* Inside, ids are mapped and owners outside of the map look like nobody, so git would see every
 * checkout as somebody else's. What a repository's settings could make git run, they make it run
 * inside. */
static void put_git(struct making *m)
{
    size_t n = git_count(m);
    struct str folders[2] = {with_slashes(m, m->policy->workspace), STR("*")};

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        if (folders[i].n == 0)
            continue;
        put(m, arena_format(m->a, "GIT_CONFIG_KEY_%lu", (unsigned long)n), STR("safe.directory"));
        put(m, arena_format(m->a, "GIT_CONFIG_VALUE_%lu", (unsigned long)n), folders[i]);
        n++;
    }
    put(m, STR("GIT_CONFIG_COUNT"), arena_format(m->a, "%lu", (unsigned long)n));
}

/* ---- what programs would keep in a home folder that is read-only ---- */

/* A history that cannot be written is a refusal in the log and nothing gained: private places, or none. */
static const struct {
    const char *name, *value;
} kept[] = {{"LESSHISTFILE", "-"}, {"NODE_REPL_HISTORY", ""}, {"PYTHON_HISTORY", "/tmp/.python_history"},
    {"SQLITE_HISTORY", "/tmp/.sqlite_history"}, {"PSQL_HISTORY", "/tmp/.psql_history"},
    {"MYSQL_HISTFILE", "/tmp/.mysql_history"}};

/* What the policy names in so many words is meant. */
static bool is_named(const struct policy *policy, struct str name)
{
    for (size_t i = 0; i < policy->env_set.n; i++)
        if (str_eq(policy->env_set.v[i].name, name))
            return true;
    for (size_t i = 0; i < policy->env_pass.n; i++)
        if (str_eq(policy->env_pass.v[i], name))
            return true;
    return false;
}

static void put_kept(struct making *m, const struct host *host)
{
    struct str temp = host->windows ? host->windows->temp_dir : (struct str){0};

    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        struct str value = str_from(kept[i].value);
        if (m->windows && str_starts(value, STR("/tmp/")))
            value = temp.n > 0 ? path_join(m->a, PATH_WINDOWS, temp, str_slice(value, 5, value.n)) : (struct str){0};
        if (value.p && !is_named(m->policy, str_from(kept[i].name)))
            put(m, str_from(kept[i].name), value);
    }
}

/* Convention alone keeps ssh and scp off the network there: what stands first in PATH says so. */
struct str launch_path(struct arena *a, const struct policy *policy, const struct plan *plan, const struct host *host, struct str path)
{
    struct str first = path_join(a, PATH_WINDOWS, host->program_dir, STR(LAUNCH_REFUSING));
    struct str parts[] = {first, STR(";"), {0}};

    if (!host->windows || host->program_dir.n == 0)
        return path;
    while (path.n >= first.n && text_same(str_slice(path, 0, first.n), first) && (path.n == first.n || path.p[first.n] == ';'))
        path = str_slice(path, path.n > first.n ? first.n + 1 : first.n, path.n);
    parts[2] = path;
    if (plan->tier == TIER_UNELEVATED && policy->net != NET_ONLINE)
        return arena_join(a, parts, path.n > 0 ? 3 : 1);
    return path;
}

static void put_path(struct making *m, const struct plan *plan, const struct host *host)
{
    struct str *old = find(m, STR("PATH"));
    struct str value = launch_path(m->a, m->policy, plan, host, old ? str_slice(*old, 5, old->n) : (struct str){0});

    if (value.n > 0)
        put(m, old ? name_of(*old) : STR("PATH"), value);
}

void launch_environment(struct arena *a, const struct policy *policy, const struct plan *plan,
    const struct host *host, const struct texts *outer, bool terminal, struct texts *out)
{
    static const char *const modes[] = {"offline", "limited", "online"};
    struct making m = {.a = a, .policy = policy, .out = out, .terminal = terminal, .windows = host->windows != NULL};

    *out = (struct texts){0};
    m.account = m.windows && plan->tier == TIER_SET_UP;
    /* Room is kept for what is put in. */
    for (size_t i = 0; i < outer->n && out->n < ENV_MAX / 2; i++)
        take_outer(&m, outer->v[i]);
    if (host->home.n > 0 && !m.windows && find(&m, STR("HOME")))
        put(&m, STR("HOME"), host->home);
    for (size_t i = 0; i < policy->env_set.n; i++)
        put(&m, policy->env_set.v[i].name, policy->env_set.v[i].value);
    put_kept(&m, host);
    for (size_t i = 0; i < plan->env.n; i++)
        put(&m, plan->env.v[i].name, plan->env.v[i].value);
    if (m.windows)
        put_path(&m, plan, host);
    put_git(&m);
    put(&m, STR("CORDON"), STR("1"));
    put(&m, STR("CORDON_NET"),
        str_from(modes[policy->net <= NET_ONLINE ? policy->net : NET_OFFLINE]));
    if (policy->net != NET_ONLINE)
        put(&m, STR("CODEX_SANDBOX_NETWORK_DISABLED"), STR("1"));
    else
        take_away(&m, STR("CODEX_SANDBOX_NETWORK_DISABLED"));
    if (terminal)
        put(&m, STR("TERM"), STR("xterm-256color"));
}
