/*
 * acls_grants: what the sandbox account must be able to read, and the environment it is given.
 *
 * Only what it cannot read already gets an entry, and only what programs run from: never a dot-folder whole, as credentials
 * lie in those. What is secret in such a folder has its own entry, which was put first.
 */
#include "acls_plan.h"
#include "text.h"

#define BELOW (ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT)

/* Below the person's home: what is run or read by programs that PATH finds in `found`, or beneath it. Nothing is granted that
 * PATH does not lead to: a grant is carried down over every file. */
static const struct {
    const char *folder, *found;
} programs[] = {
    {".cargo\\bin", ".cargo\\bin"},
    {".rustup\\toolchains", ".cargo\\bin"},
    {".dotnet\\host", ".dotnet"},
    {".dotnet\\packs", ".dotnet"},
    {".dotnet\\sdk", ".dotnet"},
    {".dotnet\\sdk-manifests", ".dotnet"},
    {".dotnet\\shared", ".dotnet"},
    {".dotnet\\store", ".dotnet"},
    {".dotnet\\tools", ".dotnet"},
    {".local\\share\\uv\\python", ".local\\bin"},
    {"AppData\\Roaming\\uv\\python", ".local\\bin"},
    {".pyenv\\pyenv-win", ".pyenv\\pyenv-win"},
    {".volta\\tools", ".volta\\bin"},
    {"AppData\\Local\\Volta\\tools", "AppData\\Local\\Volta\\bin"},
    {"AppData\\Roaming\\fnm\\node-versions", "AppData\\Local\\fnm_multishells"},
    {"AppData\\Roaming\\nvm", "AppData\\Roaming\\nvm"},
    {"AppData\\Roaming\\Python", "AppData\\Roaming\\Python"},
    {"AppData\\Local\\Microsoft\\WinGet\\Packages", "AppData\\Local\\Microsoft\\WinGet\\Links"},
    {"anaconda3", "anaconda3"},
    {"miniconda3", "miniconda3"},
    {"go\\pkg\\mod", "go\\bin"},
    {"scoop\\apps", "scoop\\shims"},
};

/* Folders in which each program has one of its own: of that PATH may name a part. */
static const char *const each[] = {"AppData\\Local\\Programs"};

/* Single files: settings that tools take with them. */
static const char *const settings[] = {".gitconfig", ".config\\git\\config", ".config\\git\\ignore", ".rustup\\settings.toml"};

/* Is it a folder of the home's own that begins with a dot: .cargo, and not .cargo\bin? */
static bool is_dot_folder(const struct path_env *env, struct str home, struct str path)
{
    struct str name = path_name(env->system, path);

    return name.n > 0 && name.p[0] == '.' && path_same(env, path_parent(env->system, path), home);
}

static void path_folders(struct arena *a, const struct path_env *env, const struct host *host, struct texts *out)
{
    struct path_env plain = {.system = env->system, .fold = env->fold};

    for (size_t at = 0; at < host->path.n;) {
        size_t end = str_find(host->path, at, ';');
        struct str entry = str_slice(host->path, at, end), folder = {0};
        struct err ignored = {0};
        at = end + 1;
        if (entry.n > 2 && entry.p[0] == '"' && entry.p[entry.n - 1] == '"')
            entry = str_slice(entry, 1, entry.n - 1);
        if (path_is_absolute(env->system, entry) && path_canonical(a, &plain, entry, &folder, &ignored))
            *(struct str *)ARENA_PUSH(a, out) = folder;
    }
}

static void add_once(struct arena *a, const struct path_env *env, struct texts *out, struct str path)
{
    for (size_t i = 0; i < out->n; i++)
        if (path_same(env, out->v[i], path))
            return;
    *(struct str *)ARENA_PUSH(a, out) = path;
}

/* All that may get an entry, what PATH finds first. What stands in PATH for a part of a program is the program's own folder. */
static void candidates(struct arena *a, const struct path_env *env, const struct host *host, struct texts *out)
{
    struct texts found = {0};

    if (host->program_dir.n > 0)
        add_once(a, env, out, host->program_dir);
    path_folders(a, env, host, &found);
    for (size_t i = 0; i < found.n; i++) {
        struct str folder = found.v[i];
        for (size_t k = 0; k < COUNT_OF(each) && host->home.n > 0; k++) {
            struct str all = path_join(a, env->system, host->home, str_from(each[k]));
            struct str rest = path_below(env, all, folder);
            if (rest.n > 0)
                folder = path_join(a, env->system, all, str_slice(rest, 0, str_find(rest, 0, '\\')));
        }
        add_once(a, env, out, folder);
        for (size_t k = 0; k < COUNT_OF(programs) && host->home.n > 0; k++)
            if (path_is_under(env, path_join(a, env->system, host->home, str_from(programs[k].found)), found.v[i]))
                add_once(a, env, out, path_join(a, env->system, host->home, str_from(programs[k].folder)));
    }
}

static void ask_with_way(struct arena *a, const struct path_env *env, struct str path, struct texts *out)
{
    *(struct str *)ARENA_PUSH(a, out) = path;
    while (path_depth(env->system, path) > 1) {
        path = arena_str(a, path_parent(env->system, path));
        *(struct str *)ARENA_PUSH(a, out) = path;
    }
}

void acls_grant_questions(struct arena *a, const struct path_env *env, const struct host *host, struct texts *out)
{
    struct texts list = {0};

    if (!host->windows || !host->windows->set_up)
        return;
    candidates(a, env, host, &list);
    for (size_t i = 0; i < COUNT_OF(settings) && host->home.n > 0; i++)
        *(struct str *)ARENA_PUSH(a, &list) = path_join(a, env->system, host->home, str_from(settings[i]));
    for (size_t i = 0; i < list.n; i++)
        ask_with_way(a, env, list.v[i], out);
}

/* ---- entries ---- */

/* By what is there now, and by what this plan puts on a folder above it. */
static bool can_read(struct acls *s, const struct fact *fact, uint32_t rights)
{
    struct access_result r;
    struct descriptor d;
    struct token t;

    if (!acls_seen(s, fact, &d))
        return false;
    acls_identity(s, &t);
    access_check(&t, &d, &access_file, rights, &r);
    return r.granted && r.known;
}

/* Cordon's own entry, of an earlier session: asked for again, or it would be none that a rule asks for. */
static bool has_own(struct acls *s, const struct fact *fact, unsigned flags, uint32_t mask)
{
    struct ace ace = {.type = ACE_ALLOW, .flags = (uint8_t)(fact->kind == FACT_FOLDER ? flags : 0), .mask = mask};
    struct descriptor d;

    if (!sid_parse(s->group, &ace.sid) || !acls_seen(s, fact, &d))
        return false;
    for (size_t i = 0; i < d.dacl.n; i++)
        if (ace_same(&d.dacl.v[i], &ace))
            return true;
    return false;
}

static bool is_granted_above(struct acls *s, struct str path)
{
    if (acls_root_of(s, path))
        return true;
    for (size_t i = 0; i < s->p->plan->n; i++) {
        const struct op *op = &s->p->plan->v[i];
        if (op->kind == OP_ACE && op->on_failure == FAIL_SKIP && op->number == ACE_PUT && str_ends(op->text, s->group.n ? arena_format(s->p->a, "%.*s)", (int)s->group.n, s->group.p) : STR("-")) &&
            str_starts(op->text, STR("(A;OICI;")) && path_is_under(s->p->env, op->path, path))
            return true;
    }
    return false;
}

/* One entry each that reaches no further: programs ask for the attributes of every folder above their own (realpath). */
static void grant_way(struct acls *s, struct str path)
{
    const struct path_env *env = s->p->env;

    while (path_depth(env->system, path) > 1) {
        const struct fact *fact;
        path = arena_str(s->p->a, path_parent(env->system, path));
        fact = planner_fact(s->p, path);
        if (path_table_get(&s->held, path) != SIZE_MAX || acls_root_of(s, path) || fact->kind != FACT_FOLDER || fact->reparse ||
            is_granted_above(s, path) || (can_read(s, fact, ACLS_PASS) && !has_own(s, fact, 0, ACLS_PASS)))
            continue;
        path_table_put(s->p->a, &s->held, path, 0);
        acls_entry_on(s, fact, true, 0, ACLS_PASS, s->group, "the way to what is granted: its attributes, no more")->on_failure =
            FAIL_SKIP;
    }
}

/* Where every program keeps what is the person's: PATH may name such a folder, and programs are the least of what lies in it. */
static bool is_persons_whole(struct acls *s, struct str path)
{
    static const char *const parts[] = {"AppData", "AppData\\Local", "AppData\\LocalLow", "AppData\\Roaming", "AppData\\Local\\Temp", "AppData\\Local\\Microsoft",
        "AppData\\Roaming\\Microsoft", "Documents", "Desktop", "Downloads", "OneDrive"};
    const struct path_env *env = s->p->env;
    struct str home = s->p->host->home;

    for (size_t i = 0; i < COUNT_OF(parts) && home.n > 0; i++)
        if (path_same(env, path_join(s->p->a, env->system, home, str_from(parts[i])), path))
            return true;
    return path_same(env, s->w->local, path) || path_same(env, s->w->roaming, path) ||
           (home.n > 0 && (path_is_under(env, path, home) || is_dot_folder(env, home, path)));
}

static void grant_read(struct acls *s, struct str path, const char *why)
{
    const struct fact *fact = planner_fact(s->p, path);
    const struct path_env *env = s->p->env;
    bool folder = fact->kind == FACT_FOLDER;
    uint32_t mask = folder ? ACLS_READ : NT_FILE_GENERIC_READ;

    if ((!folder && fact->kind != FACT_FILE) || fact->reparse || places_within(&s->p->places, env, path, 1u << PLACE_SECRET))
        return;
    if (is_granted_above(s, path))
        return;
    if (can_read(s, fact, mask) && !has_own(s, fact, BELOW, mask)) {
        grant_way(s, path);
        return;
    }
    if (folder && is_persons_whole(s, path)) {
        planner_note(s->p, "%s is not made readable inside: more lies in it than programs", planner_show(s->p, path).p);
        return;
    }
    if (!folder && fact->links > 1)
        return;
    acls_entry_on(s, fact, true, BELOW, mask, s->group, why)->on_failure = FAIL_SKIP;
    grant_way(s, path);
}

void acls_grants(struct acls *s)
{
    struct texts list = {0};

    if (!s->account) /* the person's own account reads what the person reads */
        return;
    for (size_t i = 0; i < s->roots.n; i++)
        grant_way(s, s->roots.v[i].path);
    candidates(s->p->a, s->p->env, s->p->host, &list);
    for (size_t i = 0; i < list.n; i++)
        grant_read(s, list.v[i], i == 0 ? "Cordon's runner" : "programs run from it");
    for (size_t i = 0; i < COUNT_OF(settings) && s->p->host->home.n > 0; i++)
        grant_read(s, path_join(s->p->a, s->p->env->system, s->p->host->home, str_from(settings[i])), "settings, without secrets");
}

/* ---- environment ---- */

static void set(struct acls *s, const char *name, struct str value)
{
    struct env_set *e = ARENA_PUSH(s->p->a, &s->p->plan->env);

    e->name = str_from(name);
    e->value = value;
}

static struct str below(struct acls *s, struct str folder, const char *rest)
{
    return path_join(s->p->a, s->p->env->system, folder, str_from(rest));
}

/* Which scripts PowerShell runs is kept in the person's registry, which the account does not have: without a word it runs none, not
 * even npm.ps1. It is a habit and no wall (about_Execution_Policies), and a group policy is stronger than the variable. */
static void set_script_policy(struct acls *s)
{
    static const char *const known[] = {"AllSigned", "RemoteSigned", "Unrestricted", "Bypass"};

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (text_same(s->w->script_policy, str_from(known[i])))
            set(s, "PSExecutionPolicyPreference", str_from(known[i]));
}

static void set_profile(struct acls *s)
{
    struct str profile = s->account->profile, home = s->p->host->home;

    if (profile.n > 2) {
        set(s, "USERPROFILE", profile);
        set(s, "HOME", profile);
        set(s, "HOMEDRIVE", str_slice(profile, 0, 2));
        set(s, "HOMEPATH", str_slice(profile, 2, profile.n));
        set(s, "APPDATA", below(s, profile, "AppData\\Roaming"));
        set(s, "LOCALAPPDATA", below(s, profile, "AppData\\Local"));
    }
    set(s, "USERNAME", s->account->name);
    set_script_policy(s);
    if (planner_fact(s->p, below(s, home, ".gitconfig"))->kind == FACT_FILE)
        set(s, "GIT_CONFIG_GLOBAL", below(s, home, ".gitconfig"));
    else if (planner_fact(s->p, below(s, home, ".config\\git\\config"))->kind == FACT_FILE)
        set(s, "GIT_CONFIG_GLOBAL", below(s, home, ".config\\git\\config"));
    if (planner_fact(s->p, below(s, home, ".rustup\\toolchains"))->kind == FACT_FOLDER)
        set(s, "RUSTUP_HOME", below(s, home, ".rustup"));
}

/* The person's own profile can be read and not written: caches go to the private folder, as far as tools let themselves be told. */
static void set_caches(struct acls *s, struct str temp)
{
    static const char *const caches[][2] = {{"npm_config_cache", "cache\\npm"}, {"PIP_CACHE_DIR", "cache\\pip"},
        {"CARGO_HOME", "cache\\cargo"}, {"GOCACHE", "cache\\go-build"}, {"GOPATH", "cache\\go"}, {"NUGET_PACKAGES", "cache\\nuget"},
        {"GRADLE_USER_HOME", "cache\\gradle"}, {"UV_CACHE_DIR", "cache\\uv"}, {"XDG_CACHE_HOME", "cache"},
        {"YARN_CACHE_FOLDER", "cache\\yarn"}};

    for (size_t i = 0; i < COUNT_OF(caches) && temp.n > 0; i++)
        set(s, caches[i][0], below(s, temp, caches[i][1]));
}

/* Convention, and no wall: what the tier's own words say. */
static void set_offline(struct acls *s)
{
    static const char *const names[][2] = {{"HTTP_PROXY", "http://127.0.0.1:9"}, {"HTTPS_PROXY", "http://127.0.0.1:9"},
        {"ALL_PROXY", "http://127.0.0.1:9"}, {"FTP_PROXY", "http://127.0.0.1:9"}, {"NO_PROXY", "localhost,127.0.0.1,::1"},
        {"GIT_SSH_COMMAND", "echo 'Cordon: the network is offline' >&2; exit 1; :"}, {"GIT_ALLOW_PROTOCOL", "file"},
        {"PIP_NO_INDEX", "1"}, {"npm_config_offline", "true"}, {"CARGO_NET_OFFLINE", "true"}, {"GOPROXY", "off"}, {"UV_OFFLINE", "1"},
        {"YARN_ENABLE_NETWORK", "0"}, {"HF_HUB_OFFLINE", "1"}};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        set(s, names[i][0], str_from(names[i][1]));
}

void acls_environment(struct acls *s)
{
    struct str temp = s->w->temp_dir;

    if (temp.n > 0) {
        set(s, "TEMP", temp);
        set(s, "TMP", temp);
    }
    if (s->account) {
        set_profile(s);
        return;
    }
    set_caches(s, temp);
    if (s->p->policy->net != NET_ONLINE)
        set_offline(s);
}
