/*
 * test_windows_host: what holds on a Windows machine without a policy: folders that may never be writable, what is secret, and
 * the environment.
 */
#include "check.h"
#include "windows_tree.h"
#include "../sandbox/core/launch.h"
#include "../sandbox/core/policy.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>

/* ---- roots ---- */

static void test_roots(void)
{
    static const struct {
        const char *path, *why; /* why NULL: allowed */
    } rows[] = {
        {"C:\\", "a whole drive"},
        {"D:\\", "a whole drive"},
        {"\\\\server\\share", "a whole drive"},
        {"C:\\Windows", "system folder"},
        {"c:\\windows\\System32\\drivers", "system folder"},
        {"C:\\Program Files\\x", "system folder"},
        {"C:\\Program Files (x86)", "system folder"},
        {"C:\\ProgramData\\x", "system folder"},
        {"C:\\$Recycle.Bin", "system folder"},
        {"C:\\System Volume Information", "system folder"},
        {"C:\\Users", "everybody's profiles"},
        {"C:\\Users\\p", "home folder"},
        {"C:\\USERS\\P", "home folder"},
        {"C:\\Users\\other\\src", "another person's profile"},
        {"C:\\Users\\Public\\x", "everybody on this machine"},
        {"C:\\Users\\p\\AppData", "obey"},
        {"C:\\Users\\p\\AppData\\Roaming", "obey"},
        {"C:\\Users\\p\\AppData\\Local", "obey"},
        {"C:\\Users\\p\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup", "autostart"},
        {"C:\\Users\\p\\AppData\\Local\\Microsoft\\WindowsApps", "programs that it finds"},
        {"C:\\Users\\p\\Documents", "PowerShell"},
        {"C:\\Users\\p\\Documents\\PowerShell", "PowerShell"},
        {"C:\\Users\\p\\documents\\windowspowershell\\Modules", "PowerShell"},
        {"C:\\Users\\p\\OneDrive", "cloud service"},
        {"C:\\Users\\p\\OneDrive - Example", "cloud service"},
        {"C:\\Users\\p\\Dropbox", "cloud service"},
        {"C:\\Users\\p\\.ssh", "log in"},
        {"C:\\Users\\p\\.cargo\\bin", "programs are found in"},
        {"C:\\Users\\p\\.gitconfig", "git's user configuration"},
        {"C:\\Users\\p\\AppData\\Roaming\\cordon", "Cordon's configuration"},
        {"C:\\Users\\p\\AppData\\Local\\cordon\\sessions", "Cordon's state"},
        {"E:\\tools", "folder of your PATH"},
        {"E:\\tools\\deep", "folder of your PATH"},
        {"C:\\src\\w", NULL},
        {"C:\\Users\\p\\src\\w", NULL},
        {"C:\\Users\\p\\Documents\\w", NULL},
        {"C:\\Users\\p\\OneDrive\\w", NULL},
        {"D:\\w", NULL},
        {"C:\\Windowsx", NULL},
        {"C:\\Users\\px", "another person's profile"},
    };
    struct tree t;

    tree_begin(&t);
    t.facts.host.path = STR("C:\\Windows\\System32;\"E:\\tools\";relative;%X%");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = {0};
        char name[200];
        bool allowed = rules_root_allowed(&t.arena, &t.env, &t.facts.host, str_from(rows[i].path), (struct str){0}, &e);
        snprintf(name, sizeof name, "roots: %s: %s", rows[i].path, rows[i].why ? rows[i].why : "allowed");
        if (!CHECK(allowed == !rows[i].why && (allowed || strstr(e.reason, rows[i].why)), name))
            fprintf(stderr, "  got %s\n", e.reason);
    }
    tree_end(&t);
}

static void test_cloud(void)
{
    struct tree t;
    struct str root;

    tree_begin(&t);
    CHECK(rules_cloud(&t.env, &t.facts.host, STR("C:\\Users\\p\\OneDrive - Example\\a\\b"), &root) && str_is(root, "C:\\Users\\p\\OneDrive - Example"),
        "cloud: a folder in one is told");
    CHECK(!rules_cloud(&t.env, &t.facts.host, STR("C:\\Users\\p\\OneDriveX\\a"), &root) && !rules_cloud(&t.env, &t.facts.host, STR("C:\\OneDrive\\a"), &root),
        "cloud: its neighbour is none");
    tree_folder(&t, "C:\\Users\\p\\Dropbox");
    tree_folder(&t, "C:\\Users\\p\\Dropbox\\w");
    t.policy.workspace = t.sids[0].root = STR("C:\\Users\\p\\Dropbox\\w");
    CHECK(tree_plan(&t), "cloud: a workspace in one can be opened");
    CHECK(t.plan.partial.n == 3 && strstr(t.plan.partial.v[0].p, "copied out"), "cloud: and is partial, as it carries data out");
    t.policy.net = NET_ONLINE;
    CHECK(tree_plan(&t) && t.plan.partial.n == 2, "cloud: online, that is no more than the rest");
    tree_end(&t);
}

/* ---- secrets ---- */

static struct str variable(const void *context, struct str name)
{
    (void)context;
    return str_is(name, "KUBECONFIG") ? STR("D:\\k\\one;D:\\k\\two") : str_is(name, "CARGO_HOME") ? STR("D:\\cargo") : (struct str){0};
}

static void test_secrets(void)
{
    static const char *const wanted[] = {"C:\\Users\\p\\.ssh", "C:\\Users\\p\\.aws", "C:\\Users\\p\\.gnupg", "C:\\Users\\p\\.kube", "C:\\Users\\p\\.docker",
        "C:\\Users\\p\\.azure", "C:\\Users\\p\\.git-credentials", "C:\\Users\\p\\.npmrc", "C:\\Users\\p\\.cargo\\credentials.toml",
        "C:\\Users\\p\\AppData\\Roaming\\NuGet\\NuGet.Config", "C:\\Users\\p\\AppData\\Local\\Google\\Chrome\\User Data",
        "C:\\Users\\p\\AppData\\Local\\Microsoft\\Edge\\User Data", "C:\\Users\\p\\AppData\\Roaming\\Mozilla",
        "C:\\Users\\p\\AppData\\Roaming\\Microsoft\\Credentials", "C:\\Users\\p\\AppData\\Local\\Microsoft\\Credentials",
        "C:\\Users\\p\\AppData\\Roaming\\Microsoft\\Protect", "C:\\Users\\p\\AppData\\Roaming\\Microsoft\\Vault",
        "C:\\Users\\p\\AppData\\Roaming\\Microsoft\\Windows\\PowerShell\\PSReadLine", "C:\\Users\\p\\.m2\\settings.xml",
        "C:\\Users\\p\\AppData\\Roaming\\cordon", "C:\\Users\\p\\AppData\\Local\\cordon", "D:\\k\\one", "D:\\k\\two", "D:\\cargo\\credentials.toml"};
    struct tree t;
    struct policy p = {0};

    tree_begin(&t);
    t.env.variable = variable;
    policy_builtin(&t.arena, &t.env, &t.facts.host, &p);
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        char name[200];
        bool found = false;
        for (size_t j = 0; j < p.rules.n; j++)
            found = found || (p.rules.v[j].kind == RULE_SECRET && str_is(p.rules.v[j].path, wanted[i]) && p.rules.v[j].anchored);
        snprintf(name, sizeof name, "secrets: %s", wanted[i]);
        CHECK(found, name);
    }
    CHECK(p.warnings.n == 0, "secrets: every row of the lists has a path of Windows");
    for (size_t j = 0; j < p.rules.n; j++)
        if (memchr(p.rules.v[j].path.p, '/', p.rules.v[j].path.n))
            CHECK_STR(p.rules.v[j].path, STR(""), "secrets: in its one form");
    tree_end(&t);
}

/* ---- the environment ---- */

static struct str value(const struct texts *list, const char *name)
{
    struct str found = {0};

    for (size_t i = 0; i < list->n; i++) {
        struct str one = str_slice(list->v[i], 0, str_find(list->v[i], 0, '='));
        if (one.n == strlen(name) && text_matches(str_from(name), one, true))
            found = found.p ? STR("twice") : str_slice(list->v[i], one.n + 1, list->v[i].n);
    }
    return found;
}

static void make(struct tree *t, struct texts *out)
{
    static const char *const outer[] = {"Path=C:\\Windows\\System32", "USERPROFILE=C:\\Users\\p", "appdata=C:\\Users\\p\\AppData\\Roaming", "TEMP=C:\\Users\\p\\x",
        "Tmp=C:\\Users\\p\\x", "SystemRoot=C:\\Windows", "my_token=1", "Aws_Key=2", "WT_SESSION=1", "OneDrive=C:\\Users\\p\\OneDrive", "=C:=C:\\x",
        "HOMEPATH=\\Users\\p", "ssh_auth_sock=x", "HTTP_PROXY=http://proxy:1", "USERDOMAIN=PC", "PATHEXT=.EXE", "PSModulePath=C:\\Program Files\\PowerShell\\7\\Modules"};
    struct texts list = {0};

    for (size_t i = 0; i < COUNT_OF(outer); i++)
        *(struct str *)ARENA_PUSH(&t->arena, &list) = str_from(outer[i]);
    launch_environment(&t->arena, &t->policy, &t->plan, &t->facts.host, &list, true, out);
}

static void test_environment(void)
{
    static const struct {
        const char *name, *set_up, *unelevated; /* NULL: not there */
    } rows[] = {
        {"PATH", "C:\\Windows\\System32", "C:\\Program Files\\Cordon\\refusing;C:\\Windows\\System32"},
        {"USERPROFILE", "C:\\Users\\CordonOffline", "C:\\Users\\p"},
        {"APPDATA", "C:\\Users\\CordonOffline\\AppData\\Roaming", "C:\\Users\\p\\AppData\\Roaming"},
        {"LOCALAPPDATA", "C:\\Users\\CordonOffline\\AppData\\Local", NULL},
        {"HOMEPATH", "\\Users\\CordonOffline", "\\Users\\p"},
        {"TEMP", "C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1", "C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1"},
        {"TMP", "C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1", "C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1"},
        {"SYSTEMROOT", "C:\\Windows", "C:\\Windows"},
        {"PATHEXT", ".EXE", ".EXE"},
        {"PSMODULEPATH", NULL, NULL},
        {"PSEXECUTIONPOLICYPREFERENCE", "RemoteSigned", NULL},
        {"MY_TOKEN", NULL, NULL},
        {"AWS_KEY", NULL, NULL},
        {"WT_SESSION", NULL, NULL},
        {"ONEDRIVE", NULL, "C:\\Users\\p\\OneDrive"},
        {"SSH_AUTH_SOCK", NULL, NULL},
        {"HTTP_PROXY", "http://proxy:1", "http://127.0.0.1:9"},
        {"GIT_SSH_COMMAND", NULL, "echo 'Cordon: the network is offline' >&2; exit 1; :"},
        {"CARGO_NET_OFFLINE", NULL, "true"},
        {"GIT_CONFIG_COUNT", "2", "2"},
        {"GIT_CONFIG_VALUE_0", "C:/src/w", "C:/src/w"},
        {"PYTHON_HISTORY", "C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\.python_history", "C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\.python_history"},
        {"CORDON_NET", "offline", "offline"},
    };

    for (int set_up = 0; set_up < 2; set_up++) {
        struct tree t;
        struct texts got = {0};
        tree_begin(&t);
        if (!set_up)
            tree_unelevated(&t);
        t.windows.script_policy = STR("remotesigned");
        *(struct str *)ARENA_PUSH(&t.arena, &t.policy.env_pass) = STR("*");
        *(struct str *)ARENA_PUSH(&t.arena, &t.policy.env_drop) = STR("*_TOKEN");
        *(struct str *)ARENA_PUSH(&t.arena, &t.policy.env_drop) = STR("AWS_*");
        CHECK(tree_plan(&t), "environment: planned");
        make(&t, &got);
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            char name[120];
            snprintf(name, sizeof name, "environment: %s, %s", rows[i].name, set_up ? "set up" : "unelevated");
            CHECK_STR(value(&got, rows[i].name), str_from(set_up ? rows[i].set_up : rows[i].unelevated), name);
        }
        tree_end(&t);
    }
}

/* What a line left in PATH comes to a boundary that wants another one. */
static void test_path(void)
{
#define REFUSING "C:\\Program Files\\Cordon\\refusing"
    static const struct {
        const char *name, *path, *offline, *online;
    } rows[] = {
        {"of before", "C:\\a;C:\\b", REFUSING ";C:\\a;C:\\b", "C:\\a;C:\\b"},
        {"of an offline boundary", REFUSING ";C:\\a", REFUSING ";C:\\a", "C:\\a"},
        {"in another case, twice", "c:\\program files\\cordon\\REFUSING;" REFUSING ";C:\\a", REFUSING ";C:\\a", "C:\\a"},
        {"a longer name", REFUSING "2;C:\\a", REFUSING ";" REFUSING "2;C:\\a", REFUSING "2;C:\\a"},
        {"nothing else", REFUSING, REFUSING, ""},
        {"nothing", "", REFUSING, ""},
    };
    struct tree t;

    tree_begin(&t);
    tree_unelevated(&t);
    CHECK(tree_plan(&t), "path: planned");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        t.policy.net = NET_OFFLINE;
        CHECK_STR(launch_path(&t.arena, &t.policy, &t.plan, &t.facts.host, str_from(rows[i].path)), str_from(rows[i].offline), rows[i].name);
        t.policy.net = NET_ONLINE;
        CHECK_STR(launch_path(&t.arena, &t.policy, &t.plan, &t.facts.host, str_from(rows[i].path)), str_from(rows[i].online), rows[i].name);
    }
    tree_end(&t);
}

/* What :why tells a person to type is a folder, also where a file was asked about. */
static void test_offer(void)
{
    struct tree t;
    struct verdict v;

    tree_begin(&t);
    v = rules_verdict(&t.arena, &t.policy, &t.env, &t.facts.host, STR("C:\\src\\other\\f.c"), OPERATION_WRITE);
    CHECK_STR(v.change, STR(":allow C:\\src\\other"), "what is offered for a file is its folder");
    tree_end(&t);
}

int main(void)
{
    test_path();
    test_roots();
    test_offer();
    test_cloud();
    test_secrets();
    test_environment();
    return CHECK_END();
}
