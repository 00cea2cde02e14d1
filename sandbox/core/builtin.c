/*
 * builtin: what holds when nobody has written a policy.
 *
 * The lists name what a developer's machine keeps that a tree of unknown programs has no business
 * with. All entries but the first few hold only where the path exists: nobody is warned of a
 * browser they do not have.
 */
#include "layers.h"

struct entry {
    const char *text;
    const char *reason;
    bool required; /* a missing one is guarded too, so that it cannot be made from inside */
};

static const struct entry protect_entries[] = {
    {".git", "git obeys it outside, hooks and configuration included", true},
    {".codex", "agents obey what is in it", true},
    {".agents", "agents obey what is in it", true},
    {".cordon", "kept for Cordon", true},
    {".vscode", "the editor runs tasks and settings from it", false},
    {".idea", "the editor runs configurations from it", false},
    {".claude", "agents run hooks from it", false},
    {".mcp.json", "agents start the servers that it names", false},
    {".envrc", "direnv runs it on entering the folder", false},
    {".husky", "git runs hooks from it", false},
};

/* Below HOME; for root below /root as well, whatever HOME says. */
static const struct entry home_entries[] = {
    {"/.ssh", "keys", false},
    {"/.gnupg", "keys", false},
    {"/.aws", "credentials", false},
    {"/.kube", "credentials", false},
    {"/.docker", "credentials", false},
    {"/.azure", "credentials", false},
    {"/.netrc", "passwords", false},
    {"/.git-credentials", "passwords", false},
    {"/.config/git/credentials", "passwords", false},
    {"/.npmrc", "tokens", false},
    {"/.pypirc", "passwords", false},
    {"/.cargo/credentials", "tokens", false},
    {"/.cargo/credentials.toml", "tokens", false},
    {"/.config/gh", "tokens", false},
    {"/.config/hub", "tokens", false},
    {"/.config/gcloud", "credentials", false},
    {"/.config/rclone", "credentials", false},
    {"/.vault-token", "a token", false},
    {"/.terraform.d/credentials.tfrc.json", "tokens", false},
    {"/.local/share/keyrings", "passwords", false},
    {"/.password-store", "passwords", false},
    {"/.mozilla", "the browser's cookies and passwords", false},
    {"/.config/google-chrome", "the browser's cookies and passwords", false},
    {"/.config/chromium", "the browser's cookies and passwords", false},
    {"/.config/BraveSoftware", "the browser's cookies and passwords", false},
    {"/.config/microsoft-edge", "the browser's cookies and passwords", false},
    {"/.thunderbird", "mail", false},
    {"/.Xauthority", "opens the display", false},
    {"/.ICEauthority", "opens the desktop session", false},
    {"/.bash_history", "lines typed, secrets among them", false},
    {"/.zsh_history", "lines typed, secrets among them", false},
    {"/.local/share/fish/fish_history", "lines typed, secrets among them", false},
    {"/.python_history", "lines typed, secrets among them", false},
    {"/.node_repl_history", "lines typed, secrets among them", false},
    {"/.psql_history", "lines typed, secrets among them", false},
    {"/.mysql_history", "lines typed, secrets among them", false},
    {"/.sqlite_history", "lines typed, secrets among them", false},
    {"/.lesshst", "searches typed", false},
    {"/.viminfo", "lines typed and texts copied", false},
};

/* Below the profile on Windows, beside those above. */
static const struct entry profile_entries[] = {
    {"/AppData/Roaming/gnupg", "keys", false},
    {"/AppData/Roaming/gcloud", "credentials", false},
    {"/AppData/Roaming/GitHub CLI", "tokens", false},
    {"/AppData/Roaming/GitHubDesktop", "tokens", false},
    {"/AppData/Roaming/rclone", "credentials", false},
    {"/AppData/Roaming/NuGet/NuGet.Config", "passwords of feeds", false},
    {"/AppData/Roaming/npm/etc/npmrc", "tokens", false},
    {"/AppData/Roaming/pip/pip.ini", "passwords of indexes", false},
    {"/pip/pip.ini", "passwords of indexes", false},
    {"/AppData/Roaming/pypoetry/auth.toml", "passwords of indexes", false},
    {"/AppData/Roaming/Composer/auth.json", "tokens", false},
    {"/AppData/Roaming/terraform.d/credentials.tfrc.json", "tokens", false},
    {"/AppData/Roaming/terraform.rc", "tokens", false},
    {"/AppData/Roaming/Subversion/auth", "passwords", false},
    {"/AppData/Roaming/FileZilla", "passwords", false},
    {"/AppData/Roaming/WinSCP.ini", "passwords", false},
    {"/AppData/Roaming/Code/User/globalStorage", "the editor's tokens", false},
    {"/AppData/Roaming/JetBrains", "the editor's passwords", false},
    {"/.m2/settings.xml", "passwords of repositories", false},
    {"/.m2/settings-security.xml", "passwords of repositories", false},
    {"/.gradle/gradle.properties", "passwords of repositories", false},
    {"/.bun/install/credentials", "tokens", false},
    {"/.nuget/NuGet/NuGet.Config", "passwords of feeds", false},
    {"/_netrc", "passwords", false},
    {"/AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine", "lines typed, secrets among them (ConsoleHost_history.txt)", false},
    {"/AppData/Roaming/Microsoft/Credentials", "Windows' store of credentials", false},
    {"/AppData/Local/Microsoft/Credentials", "Windows' store of credentials", false},
    {"/AppData/Roaming/Microsoft/Vault", "Windows' store of credentials", false},
    {"/AppData/Local/Microsoft/Vault", "Windows' store of credentials", false},
    {"/AppData/Roaming/Microsoft/Protect", "what Windows' stores are sealed with", false},
    {"/AppData/Roaming/Microsoft/Crypto", "keys", false},
    {"/AppData/Local/Microsoft/Crypto", "keys", false},
    {"/AppData/Roaming/Microsoft/SystemCertificates", "certificates and their keys", false},
    {"/AppData/Local/Microsoft/TokenBroker", "tokens", false},
    {"/AppData/Local/Microsoft/IdentityCache", "tokens", false},
    {"/AppData/Local/.IdentityService", "tokens", false},
    {"/AppData/Local/Microsoft/Outlook", "mail", false},
    {"/AppData/Local/Microsoft/Edge/User Data", "the browser's cookies and passwords", false},
    {"/AppData/Local/Google/Chrome/User Data", "the browser's cookies and passwords", false},
    {"/AppData/Local/Google/Chrome Beta/User Data", "the browser's cookies and passwords", false},
    {"/AppData/Local/Chromium/User Data", "the browser's cookies and passwords", false},
    {"/AppData/Local/BraveSoftware", "the browser's cookies and passwords", false},
    {"/AppData/Local/Vivaldi/User Data", "the browser's cookies and passwords", false},
    {"/AppData/Roaming/Opera Software", "the browser's cookies and passwords", false},
    {"/AppData/Roaming/Mozilla", "the browser's cookies and passwords", false},
    {"/AppData/Local/Mozilla", "the browser's cache", false},
    {"/AppData/Roaming/Thunderbird", "mail", false},
    {"/AppData/Local/1Password", "passwords", false},
    {"/AppData/Roaming/Bitwarden", "passwords", false},
    {"/AppData/Roaming/KeePass", "passwords", false},
    {"/AppData/Roaming/Signal", "messages", false},
    {"/AppData/Roaming/Slack", "messages and tokens", false},
    {"/AppData/Roaming/discord", "messages and tokens", false},
    {"/AppData/Roaming/Telegram Desktop", "messages", false},
    {"/AppData/Local/Packages", "what Store programs keep, mail and messages among it", false},
    {"/NTUSER.DAT", "your part of the registry", false},
};

/* Root inside is the kernel's root for files that it owns: what only permissions keep from others
 * is named. */
static const struct entry root_entries[] = {
    {"/etc/security/opasswd", "password hashes", false},
    {"/etc/NetworkManager/system-connections", "passwords of networks", false},
    {"/etc/wireguard", "keys of networks", false},
    {"/etc/openvpn", "keys of networks", false},
    {"/etc/ppp", "passwords of networks", false},
    {"/etc/ipsec.secrets", "keys of networks", false},
    {"/etc/krb5.keytab", "the machine's keys", false},
    {"/etc/letsencrypt", "the machine's keys", false},
    {"/var/cache/debconf/passwords.dat", "passwords given while installing", false},
    {"/var/log/btmp", "failed logins, passwords among them", false},
    {"/var/log/audit", "what everybody did", false},
    {"/var/log/apt/term.log", "what an administrator typed", false},
    {"/etc/shadow", "password hashes", false},
    {"/etc/shadow-", "password hashes", false},
    {"/etc/gshadow", "password hashes", false},
    {"/etc/gshadow-", "password hashes", false},
    {"/etc/sudoers", "who may become root", false},
    {"/etc/sudoers.d", "who may become root", false},
    {"/etc/ssh/ssh_host_rsa_key", "the machine's key", false},
    {"/etc/ssh/ssh_host_ecdsa_key", "the machine's key", false},
    {"/etc/ssh/ssh_host_ed25519_key", "the machine's key", false},
    {"/etc/ssh/ssh_host_dsa_key", "the machine's key", false},
    {"/etc/ssl/private", "the machine's keys", false},
    {"/var/lib/private", "services' private data", false},
    {"/var/spool/cron", "people's jobs", false},
};

/* Names by which programs take a credential from the environment. */
static const char *const dropped[] = {
    "*TOKEN",
    "*_TOKEN_*",
    "*_TOKENS",
    "*SECRET*",
    "*PASSWORD*",
    "*PASSWD*",
    "*PASSPHRASE*",
    "*_PWD",
    "*API_KEY*",
    "*APIKEY*",
    "*ACCESS_KEY*",
    "*PRIVATE_KEY*",
    "*SIGNING_KEY*",
    "*CREDENTIAL*",
    "*_CONNECTION_STRING",
    "*_JWT",
    "*_COOKIE",
    "AWS_*",
    "AZURE_*",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "CLOUDSDK_AUTH_*",
    "GH_*",
    "NPM_CONFIG__AUTH*",
    "npm_config__auth*",
    "DOCKER_AUTH_CONFIG",
    "OP_SESSION_*",
    "BW_SESSION",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
};

bool builtin_drops(struct str pattern)
{
    for (size_t i = 0; i < COUNT_OF(dropped); i++)
        if (str_is(pattern, dropped[i]))
            return true;
    return false;
}

static void add(struct arena *a, const struct path_env *env, struct policy *p, enum rule_kind kind,
    struct str text, const struct entry *entry)
{
    struct rule rule;
    struct err e = {0};

    if (!layers_path(a, env, kind, text, &rule, &e)) {
        *(struct str *)ARENA_PUSH(a, &p->warnings) =
            arena_format(a, "a built-in rule does not hold: %s", err_text(&e, a).p);
        return;
    }
    rule.folder_rule = false;
    rule.optional = !entry->required;
    rule.reason = entry->reason;
    layers_add(a, p, &rule);
}

static void add_below(
    struct arena *a, const struct path_env *env, struct policy *p, const char *folder)
{
    for (size_t i = 0; i < COUNT_OF(home_entries); i++)
        add(a, env, p, RULE_SECRET, arena_format(a, "%s%s", folder, home_entries[i].text),
            &home_entries[i]);
    for (size_t i = 0; i < COUNT_OF(profile_entries) && env->system == PATH_WINDOWS; i++)
        add(a, env, p, RULE_SECRET, arena_format(a, "%s%s", folder, profile_entries[i].text), &profile_entries[i]);
}

/* Credentials that the person has told their tools to keep elsewhere. A list of paths is one rule each. */
struct moved {
    const char *variable;
    const char *below; /* what of it; "" is all */
};

static const struct moved moved_entries[] = {
    {"AWS_SHARED_CREDENTIALS_FILE", ""},
    {"AWS_CONFIG_FILE", ""},
    {"AZURE_CONFIG_DIR", ""},
    {"CARGO_HOME", "/credentials"},
    {"CARGO_HOME", "/credentials.toml"},
    {"CLOUDSDK_CONFIG", ""},
    {"DOCKER_CONFIG", ""},
    {"GH_CONFIG_DIR", ""},
    {"GNUPGHOME", ""},
    {"GOOGLE_APPLICATION_CREDENTIALS", ""},
    {"HISTFILE", ""},
    {"KUBECONFIG", ""},
    {"NETRC", ""},
    {"NPM_CONFIG_USERCONFIG", ""},
    {"PGPASSFILE", ""},
    {"XAUTHORITY", ""},
    {"XDG_CONFIG_HOME", "/gh"},
    {"XDG_CONFIG_HOME", "/gcloud"},
    {"XDG_CONFIG_HOME", "/git/credentials"},
    {"XDG_CONFIG_HOME", "/rclone"},
};

static void add_moved(struct arena *a, const struct path_env *env, struct policy *p)
{
    static const struct entry entry = {"", "credentials, where a variable says they are", false};

    for (size_t i = 0; i < COUNT_OF(moved_entries) && env->variable; i++) {
        const struct moved *m = &moved_entries[i];
        struct str list = env->variable(env->context, str_from(m->variable));
        for (size_t at = 0; at < list.n;) {
            size_t end = str_find(list, at, env->system == PATH_POSIX ? ':' : ';');
            struct str one = str_slice(list, at, end);
            at = end + 1;
            if (path_is_absolute(env->system, one) && path_depth(env->system, one) > 0)
                add(a, env, p, RULE_SECRET, arena_format(a, "%.*s%s", (int)one.n, one.p, m->below), &entry);
        }
    }
}

static void add_lists(
    struct arena *a, const struct path_env *env, const struct host *host, struct policy *p)
{
    static const struct entry config = {"", "what the sandbox may do is decided there", false};
    static const struct entry state = {"", "Cordon's own records", false};

    for (size_t i = 0; i < COUNT_OF(protect_entries); i++)
        add(a, env, p, RULE_PROTECT, str_from(protect_entries[i].text), &protect_entries[i]);
    add_below(a, env, p, "~");
    add_moved(a, env, p);
    if (host->root && env->system == PATH_POSIX) {
        if (!str_is(env->home, "/root"))
            add_below(a, env, p, "/root");
        for (size_t i = 0; i < COUNT_OF(root_entries); i++)
            add(a, env, p, RULE_SECRET, str_from(root_entries[i].text), &root_entries[i]);
    }
    if (host->config_dir.n)
        add(a, env, p, RULE_SECRET, host->config_dir, &config);
    if (host->state_dir.n)
        add(a, env, p, RULE_SECRET, host->state_dir, &state);
}

void policy_builtin(
    struct arena *a, const struct path_env *env, const struct host *host, struct policy *out)
{
    struct policy p = {.net = NET_OFFLINE,
        .net_switch = SWITCH_ASK,
        .git = GIT_COMMIT,
        .hardlinks = HARDLINKS_REFUSE,
        .unix_datagrams = DATAGRAMS_REFUSE,
        .secret_reads = SECRET_READS_RECORD,
        .shell = STR("auto")};
    struct path_env mine = *env;

    if (mine.home.n == 0)
        mine.home = host->home;
    add_lists(a, &mine, host, &p);
    *(struct str *)ARENA_PUSH(a, &p.env_pass) = STR("*");
    for (size_t i = 0; i < COUNT_OF(dropped); i++)
        *(struct str *)ARENA_PUSH(a, &p.env_drop) = str_from(dropped[i]);
    *out = p;
}
