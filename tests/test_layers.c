/*
 * test_layers: policies laid over one another: what adds, what replaces, what the machine forbids,
 * what stays when it is copied, printed and read back.
 */
#include "check.h"
#include "../sandbox/core/keys.h"
#include "../sandbox/core/policy.h"
#include "../sandbox/core/text.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static struct arena arena;

static struct str variable(const void *context, struct str name)
{
    (void)context;
    return str_is(name, "ODD") ? STR("/odd/\xff*")
           : str_is(name, "X") ? STR("/x")
                               : (struct str){0};
}

static const struct path_env env = {
    .system = PATH_POSIX, .home = TEXT("/home/p"), .cwd = TEXT("/w"), .variable = variable};
static const struct path_env windows = {
    .system = PATH_WINDOWS, .home = TEXT("C:\\Users\\p"), .cwd = TEXT("D:\\w")};
static const struct host host = {.home = TEXT("/home/p"),
    .config_dir = TEXT("/home/p/.config/cordon"),
    .state_dir = TEXT("/home/p/.local/state/cordon")};

static struct policy builtin(void)
{
    struct policy p;
    policy_builtin(&arena, &env, &host, &p);
    return p;
}

/* "" when the text is accepted as that layer, else what is said. */
static struct str lay(struct policy *p, enum layer layer, const char *text)
{
    static const char *const files[] = {"", "/etc/m.json", "u.json", "f.json", "--net", ":net"};
    struct err e = {0};

    if (policy_read(&arena, &env, str_from(text), layer, str_from(files[layer]), p, &e))
        return STR("");
    return err_text(&e, &arena);
}

static bool contains(struct str text, const char *part)
{
    struct str wanted = str_from(part);

    for (size_t at = 0; at + wanted.n <= text.n; at++)
        if (memcmp(text.p + at, part, wanted.n) == 0)
            return true;
    return false;
}

static bool has(struct str text, const char *part)
{
    if (contains(text, part))
        return true;
    printf("# \"%s\" is not in: %.*s\n", part, text.n > 400 ? 400 : (int)text.n, text.p);
    return false;
}

static const struct rule *find(const struct policy *p, enum rule_kind kind, const char *path)
{
    for (size_t i = p->rules.n; i > 0; i--)
        if (p->rules.v[i - 1].kind == kind && str_is(p->rules.v[i - 1].path, path))
            return &p->rules.v[i - 1];
    return NULL;
}

static bool lists(const struct texts *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_is(list->v[i], text))
            return true;
    return false;
}

/* ---- built-in ---- */

static void check_builtin(void)
{
    struct policy p = builtin(), q;
    struct host root = host;
    struct path_env elsewhere = env, homeless = env;
    const struct rule *rule = find(&p, RULE_PROTECT, ".codex");
    bool ids = true;

    CHECK(p.net == NET_OFFLINE && p.net_switch == SWITCH_ASK && p.git == GIT_COMMIT &&
              p.hardlinks == HARDLINKS_REFUSE && p.unix_datagrams == DATAGRAMS_REFUSE && p.secret_reads == SECRET_READS_RECORD &&
              str_is(p.shell, "auto") && p.env_pass.n == 1,
        "built-in scalars are the narrow ones");
    CHECK(rule && !rule->anchored && !rule->optional && !rule->folder_rule && rule->reason,
        "a built-in protected name is guarded even where it is missing");
    rule = find(&p, RULE_PROTECT, ".vscode");
    CHECK(rule && rule->optional, "a name that tools obey is protected where it exists");
    rule = find(&p, RULE_SECRET, "/home/p/.ssh");
    CHECK(rule && rule->anchored && rule->optional && str_is(rule->text, "~/.ssh"),
        "~/.ssh is secret");
    CHECK(find(&p, RULE_SECRET, "/home/p/.config/cordon") &&
              find(&p, RULE_SECRET, "/home/p/.local/state/cordon"),
        "Cordon's configuration and state are secret");
    CHECK(!find(&p, RULE_SECRET, "/etc/shadow"), "an ordinary user needs no rule for /etc/shadow");
    for (size_t i = 0; i < p.rules.n; i++)
        ids = ids && p.rules.v[i].id == (int)i + 1 && p.rules.v[i].origin.layer == LAYER_BUILTIN;
    CHECK(ids, "built-in rules are numbered from 1");
    CHECK(lists(&p.env_drop, "AWS_*") && lists(&p.env_drop, "*SECRET*"),
        "credentials are dropped from the environment");

    root.root = true;
    policy_builtin(&arena, &env, &root, &q);
    CHECK(find(&q, RULE_SECRET, "/etc/shadow") &&
              find(&q, RULE_SECRET, "/etc/ssh/ssh_host_ed25519_key") &&
              find(&q, RULE_SECRET, "/root/.ssh") && find(&q, RULE_SECRET, "/home/p/.ssh"),
        "for root the machine's keys, and root's own home beside HOME, are secret");
    elsewhere.home = STR("/root");
    policy_builtin(&arena, &elsewhere, &root, &q);
    CHECK(q.rules.n > 0 && find(&q, RULE_SECRET, "/root/.ssh") &&
              !find(&q, RULE_SECRET, "/root/.ssh")->revoked,
        "for root at home there is one list");
    homeless.home = (struct str){0};
    policy_builtin(&arena, &homeless, &(struct host){0}, &q);
    CHECK(q.warnings.n > 0 && find(&q, RULE_PROTECT, ".git"),
        "without a home the rules that fail are warned of");
}

/* ---- layers ---- */

static void check_layers(void)
{
    struct policy p = builtin();
    size_t drops = p.env_drop.n, secrets = p.rules.n;
    const struct rule *rule;

    CHECK_STR(lay(&p, LAYER_USER,
                  "{\"version\":1,\n \"write\":[\"~/.cache/pip\"], \"git\":\"locked\",\n"
                  " \"network\":{\"mode\":\"online\",\"allow\":[\"A.example:1\"]},\n"
                  " \"env\":{\"pass\":[\"PATH\"],\"drop\":[\"MY_*\"],\"set\":{\"A\":\"1\",\"B\":"
                  "\"2\"}}}"),
        STR(""), "a person's policy is read");
    rule = find(&p, RULE_WRITE, "/home/p/.cache/pip");
    CHECK(rule && rule->origin.layer == LAYER_USER && rule->origin.line == 2 &&
              rule->origin.column == 11 && rule->folder_rule && !rule->optional &&
              rule->id == (int)secrets + 1,
        "a rule knows the place that it comes from");
    CHECK_STR(origin_text(&arena, &rule->origin), STR("u.json:2:11"),
        "an origin reads as file, line, column");
    CHECK_STR(origin_text(&arena, &p.net_origin), STR("u.json:3:20"), "a scalar knows its origin");
    CHECK_STR(
        origin_text(&arena, &p.hardlinks_origin), STR("built-in"), "what nobody set is built-in");

    CHECK_STR(lay(&p, LAYER_FILE,
                  "{\"version\":1,\"write\":[\"/"
                  "x\"],\"git\":\"commit\",\"network\":{\"allow\":[\"b.example:2\"]},"
                  "\"env\":{\"pass\":[\"HOME\",\"PATH\"],\"drop\":[\"MY_*\",\"AWS_*\"],\"set\":{"
                  "\"B\":\"3\"}},"
                  "\"secret\":[]}"),
        STR(""), "another file is laid over it");
    CHECK(find(&p, RULE_WRITE, "/home/p/.cache/pip") && find(&p, RULE_WRITE, "/x"),
        "a list adds to the one below");
    CHECK(p.git == GIT_COMMIT && p.git_origin.layer == LAYER_FILE && p.net == NET_ONLINE,
        "a scalar replaces the one below, and is kept where nothing is said");
    CHECK(p.net_allow.n == 2 && str_is(p.net_allow.v[0], "a.example:1"),
        "addresses add up, in lower case");
    CHECK(p.env_pass.n == 2 && lists(&p.env_pass, "PATH") && lists(&p.env_pass, "HOME"),
        "the first list of pass stands in place of the built-in one, the next adds");
    CHECK(p.env_drop.n == drops + 1, "drop adds to the built-in list, without repeats");
    CHECK(p.env_set.n == 2 && str_is(p.env_set.v[1].value, "3"),
        "a variable set again has the later value");
    CHECK(find(&p, RULE_SECRET, "/home/p/.ssh") && !find(&p, RULE_SECRET, "/home/p/.ssh")->revoked,
        "an empty list removes nothing");

    p = builtin();
    CHECK_STR(lay(&p, LAYER_USER, "{\"version\":1,\"env\":{\"pass\":[]}}"), STR(""),
        "an empty pass is read");
    CHECK(p.env_pass.n == 0, "an empty pass hands nothing on");
    CHECK_STR(lay(&p, LAYER_USER, "{\"version\":1,\"write\":[\"/x\",\"${X}\",\"/y/../x/\"]}"),
        STR(""), "one root written three ways is read");
    CHECK(p.rules.n == secrets + 1, "and is one rule");
}

static void check_paths(void)
{
    struct policy p = builtin();
    const struct rule *rule;

    CHECK_STR(lay(&p, LAYER_USER,
                  "{\"version\":1,\"protect\":[\".git/hooks\",\"docs//./x/\",\"a\\\\b\",\"~/"
                  "s\",\"${X}/t\",\"/u\"]}"),
        STR(""), "protected paths are read");
    rule = find(&p, RULE_PROTECT, ".git/hooks");
    CHECK(rule && !rule->anchored, "a bare name stands in every root");
    CHECK(find(&p, RULE_PROTECT, "docs/x") && find(&p, RULE_PROTECT, "a/b"),
        "a bare name is made canonical");
    rule = find(&p, RULE_PROTECT, "/home/p/s");
    CHECK(rule && rule->anchored && find(&p, RULE_PROTECT, "/x/t") && find(&p, RULE_PROTECT, "/u"),
        "~, ${NAME} and / say where it lies");
}

/* ---- the machine's bounds ---- */

#define MACHINE                                                                                    \
    "{\"version\":1,\n"                                                                            \
    " \"write\":[\"/srv/shared\"], \"protect\":[\".ci\",\"/srv/shared/ro\"], "                     \
    "\"secret\":[\"/data/keys\"],\n"                                                               \
    " \"git\":\"locked\", \"hardlinks\":\"refuse\", \"unix_datagrams\":\"refuse\", \"secret_reads\":\"record\", \"partial\":[\"procfs\"],\n"                   \
    " \"network\":{\"mode\":\"limited\",\"switch\":\"ask\",\"allow\":[\"*.example.org:443\"]},\n"  \
    " \"env\":{\"pass\":[\"LC_*\",\"PATH\"],\"drop\":[\"OUR_*\"],\"set\":{\"PROXY\":\"none\"}},\n" \
    " \"limits\":{\"memory_mb\":4096,\"processes\":0}}"

static void check_bounds(void)
{
    static const struct {
        const char *name, *text, *said; /* said NULL: accepted */
    } rows[] = {
        {"online over limited", "\"network\":{\"mode\":\"online\"}",
            "u.json:1:32: \"network.mode\": \"online\" is more than the machine's policy allows: "
            "\"limited\" (/etc/m.json:4:13)"},
        {"offline under limited", "\"network\":{\"mode\":\"offline\"}", NULL},
        {"the same mode", "\"network\":{\"mode\":\"limited\"}", NULL},
        {"allow over ask", "\"network\":{\"switch\":\"allow\"}",
            "allows: \"ask\" (/etc/m.json:4:30)"},
        {"locked under ask", "\"network\":{\"switch\":\"locked\"}", NULL},
        {"an address that is not listed", "\"network\":{\"allow\":[\"a.example.com:443\"]}",
            "only what it lists"},
        {"a port that is not listed", "\"network\":{\"allow\":[\"a.example.org:80\"]}",
            "only what it lists"},
        {"an address that a pattern lists", "\"network\":{\"allow\":[\"A.example.org:443\"]}",
            NULL},
        {"commit over locked", "\"git\":\"commit\"", "allows: \"locked\" (/etc/m.json:3:2)"},
        {"record over refuse", "\"hardlinks\":\"record\"", "allows: \"refuse\""},
        {"reads that nobody records over record", "\"secret_reads\":\"refuse\"", "allows: \"record\""},
        {"datagrams over none", "\"unix_datagrams\":\"allow\"", "allows: \"refuse\""},
        {"a part that is not listed", "\"partial\":[\"landlock\"]", "only what it lists"},
        {"a part that is listed", "\"partial\":[\"procfs\"]", NULL},
        {"more memory", "\"limits\":{\"memory_mb\":4097}",
            "4097 is more than the machine's policy allows: 4096"},
        {"memory without a limit", "\"limits\":{\"memory_mb\":0}",
            "0 is more than the machine's policy allows"},
        {"less memory", "\"limits\":{\"memory_mb\":1}", NULL},
        {"a limit where the machine's is none", "\"limits\":{\"processes\":7}", NULL},
        {"a limit that the machine leaves open", "\"limits\":{\"cpu_percent\":7}", NULL},
        {"a root outside of the listed", "\"write\":[\"/srv\"]",
            "the machine's policy lists the folders that may be writable (/etc/m.json:2:2)"},
        {"a root that only looks like a listed one", "\"write\":[\"/srv/shared2\"]",
            "lists the folders"},
        {"a root inside a listed one", "\"write\":[\"/srv/shared/mine\"]", NULL},
        {"a root in what the machine protects", "\"write\":[\"/srv/shared/ro/x\"]",
            "the machine's policy makes \"/srv/shared/ro\" read-only there (/etc/m.json:2:44)"},
        {"a root in a bare name that the machine protects", "\"write\":[\"/srv/shared/w/.ci/x\"]",
            "makes \".ci\" read-only"},
        {"a root whose name only begins like it", "\"write\":[\"/srv/shared/w/.cicd/x\"]", NULL},
        {"a root in a machine's secret", "\"write\":[\"/data/keys/x\"]",
            "makes \"/data/keys\" secret"},
        {"a protected path that would show a secret", "\"protect\":[\"/data/keys/pub\"]",
            "makes \"/data/keys\" secret"},
        {"a bare name that would show a secret", "\"protect\":[\"keys/pub\"]",
            "makes \"/data/keys\" secret"},
        {"a bare name that meets no secret", "\"protect\":[\"keys\",\"lock/pub\"]", NULL},
        {"a secret in what is protected", "\"secret\":[\"/srv/shared/ro/x\"]", NULL},
        {"a variable that is not passed", "\"env\":{\"pass\":[\"HOME\"]}", "only what it lists"},
        {"everything passed", "\"env\":{\"pass\":[\"*\"]}", "only what it lists"},
        {"a wider pattern", "\"env\":{\"pass\":[\"L*\"]}", "only what it lists"},
        {"a narrower pattern", "\"env\":{\"pass\":[\"LC_T*\",\"PATH\"]}", NULL},
        {"another value for a variable", "\"env\":{\"set\":{\"PROXY\":\"x\"}}",
            "it sets \"PROXY\" itself"},
        {"the same value for a variable", "\"env\":{\"set\":{\"PROXY\":\"none\",\"MINE\":\"1\"}}",
            NULL},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct policy p = builtin();
        struct str said = lay(&p, LAYER_MACHINE, MACHINE);
        const char *name = arena_format(&arena, "machine: %s", rows[i].name).p;
        if (said.n == 0)
            said = lay(&p, LAYER_USER, arena_format(&arena, "{\"version\":1,%s}", rows[i].text).p);
        if (rows[i].said)
            CHECK(has(said, rows[i].said), name);
        else
            CHECK_STR(said, STR(""), name);
    }
}

static void check_bounds_later(void)
{
    struct policy p = builtin(), q;
    struct err e = {0};

    lay(&p, LAYER_MACHINE,
        "{\"version\":1,\"network\":{\"mode\":\"limited\"},\"write\":[\"/srv\"]}");
    lay(&p, LAYER_USER, "{\"version\":1,\"network\":{\"mode\":\"offline\"}}");
    policy_copy(&arena, &p, &q);
    CHECK_STR(lay(&q, LAYER_FILE, "{\"version\":1,\"network\":{\"mode\":\"limited\"}}"), STR(""),
        "a third layer is held against the machine's, not the second's");
    CHECK(has(lay(&q, LAYER_FLAG, "{\"version\":1,\"network\":{\"mode\":\"online\"}}"),
              "policy refused: --net: \"network.mode\": \"online\" is more"),
        "a flag is bounded, and named without line and column");
    CHECK(!policy_add_path(&arena, &env, &q, RULE_WRITE, LAYER_SESSION, STR("/opt/x"), &e) &&
              e.kind == ERR_REFUSED,
        ":allow outside of the machine's roots is refused");
    e = (struct err){0};
    CHECK(policy_add_path(&arena, &env, &q, RULE_WRITE, LAYER_SESSION, STR("/srv/x"), &e) &&
              e.kind == ERR_NONE,
        ":allow inside them is not");

    p = builtin();
    lay(&p, LAYER_MACHINE, "{\"version\":1,\"write\":[]}");
    CHECK(has(lay(&p, LAYER_USER, "{\"version\":1,\"write\":[\"/x\"]}"), "lists the folders"),
        "an empty list of the machine's allows no root");
    p = builtin();
    lay(&p, LAYER_MACHINE, "{\"version\":1,\"env\":{\"drop\":[\"OUR_*\"]}}");
    CHECK(has(lay(&p, LAYER_USER, "{\"version\":1,\"env\":{\"pass\":[\"*\",\"OUR_KEY\"]}}"),
              "it drops that variable"),
        "a name in pass does not undo the machine's drop");
    CHECK_STR(lay(&p, LAYER_USER, "{\"version\":1,\"env\":{\"pass\":[\"*\",\"MY_TOKEN\"]}}"),
        STR(""), "but may undo the built-in one");
    p = builtin();
    p.workspace = STR("/data/keys/w");
    CHECK(has(lay(&p, LAYER_MACHINE, MACHINE), "this folder cannot be the workspace: /data/keys/w"),
        "a workspace in a machine's secret is refused");
    p.workspace = STR("/home/p/src");
    CHECK_STR(lay(&p, LAYER_MACHINE, MACHINE), STR(""),
        "a workspace need not be in the machine's list of roots");
    p = builtin();
    CHECK_STR(
        lay(&p, LAYER_USER, "{\"version\":1,\"write\":[\"/x\"],\"network\":{\"mode\":\"online\"}}"),
        STR(""), "without a machine's policy nothing is bounded");
}

/* ---- flags and the session ---- */

static void check_flags(void)
{
    struct policy p = builtin();
    struct err e = {0};
    unsigned before = p.generation;
    const struct rule *rule;

    CHECK(policy_add_path(&arena, &env, &p, RULE_WRITE, LAYER_FLAG, STR("out"), &e),
        "--write takes a relative path");
    rule = find(&p, RULE_WRITE, "/w/out");
    CHECK(rule && p.generation > before,
        "it lies in the current folder, and the policy's generation grew");
    CHECK_STR(origin_text(&arena, &rule->origin), STR("--write"), "its origin is the flag");
    CHECK(policy_add_path(&arena, &env, &p, RULE_PROTECT, LAYER_FLAG, STR("docs"), &e) &&
              policy_add_path(&arena, &env, &p, RULE_PROTECT, LAYER_FLAG, STR("./docs"), &e) &&
              find(&p, RULE_PROTECT, "docs") && find(&p, RULE_PROTECT, "/w/docs"),
        "--protect tells a bare name from a path");
    CHECK(!policy_add_path(&arena, &env, &p, RULE_WRITE, LAYER_SESSION, STR("/a/*"), &e) &&
              e.kind == ERR_USAGE,
        "a pattern is refused there too");

    e = (struct err){0};
    CHECK(policy_revoke(&p, &env, STR("/w/out"), &e) && find(&p, RULE_WRITE, "/w/out")->revoked,
        "a root is revoked");
    CHECK(!policy_revoke(&p, &env, STR("/w/out"), &e) && e.kind == ERR_MISSING,
        "and cannot be revoked twice");
    e = (struct err){0};
    CHECK(!policy_revoke(&p, &env, STR("docs"), &e) && e.kind == ERR_MISSING,
        "a protected path is not revoked");
    e = (struct err){0};
    CHECK(policy_add_path(&arena, &env, &p, RULE_WRITE, LAYER_SESSION, STR("/w/out"), &e) &&
              !find(&p, RULE_WRITE, "/w/out")->revoked &&
              str_is(find(&p, RULE_WRITE, "/w/out")->origin.file, ":allow"),
        "what was revoked can be allowed again");
}

static void check_windows(void)
{
    struct policy p;
    struct err e = {0};
    const struct rule *rule;

    policy_builtin(&arena, &windows, &(struct host){.home = TEXT("C:\\Users\\p")}, &p);
    CHECK(find(&p, RULE_SECRET, "C:\\Users\\p\\.ssh") && p.warnings.n == 0,
        "the built-in list holds on Windows");
    CHECK(policy_read(&arena, &windows,
              STR("{\"version\":1,\"write\":[\"c:/Data/"
                  "x\"],\"protect\":[\".git\\\\hooks\",\"D:\\\\k\"]}"),
              LAYER_USER, STR("u.json"), &p, &e),
        "Windows paths are read");
    rule = find(&p, RULE_PROTECT, ".git\\hooks");
    CHECK(find(&p, RULE_WRITE, "C:\\Data\\x") && rule && !rule->anchored &&
              find(&p, RULE_PROTECT, "D:\\k"),
        "and are canonical");
}

/* ---- copies and printing ---- */

static struct str printed_json(const struct policy *p)
{
    struct buf out = {0};
    struct str text;

    policy_print_json(&out, &arena, p);
    text = arena_str(&arena, buf_view(&out));
    buf_release(&out);
    return text;
}

static struct str printed(const struct policy *p)
{
    struct buf out = {0};
    struct str text;

    policy_print(&out, &arena, &env, p);
    text = arena_str(&arena, buf_view(&out));
    buf_release(&out);
    return text;
}

#define EVERYTHING                                                                                 \
    "{\"version\":1,\"write\":[\"~/.cache/pip\",\"${X}/o\"],\"protect\":[\".codex\",\"docs\",\"~/" \
    ".cache/pip/k\"],"                                                                             \
    "\"secret\":[\"~/"                                                                             \
    "q\\u202e\\\"\"],\"git\":\"locked\",\"hardlinks\":\"record\",\"unix_datagrams\":\"allow\",\"secret_reads\":\"refuse\",\"network\":{\"mode\":"           \
    "\"limited\","                                                                                 \
    "\"allow\":[\"a.example:1\"],\"switch\":\"locked\"},\"env\":{\"pass\":[\"PATH\"],\"drop\":["   \
    "\"MY_*\"],\"set\":"                                                                           \
    "{\"A\":\"\\n\\u001b\\ud83d\\ude00\"}},\"limits\":{\"memory_mb\":1,\"processes\":2,\"cpu_"     \
    "percent\":3},"                                                                                \
    "\"shell\":\"~/bin/zsh\",\"partial\":[\"procfs\"]}"

static void check_copy(void)
{
    struct arena short_lived = {0};
    struct policy p, copy;
    struct err e = {0};
    struct str before, bytes = arena_str(&short_lived, STR(EVERYTHING));

    policy_builtin(&short_lived, &env, &host, &p);
    policy_read(&short_lived, &env, STR(MACHINE), LAYER_MACHINE, STR("m"), &p, &e);
    e = (struct err){0};
    policy_builtin(&short_lived, &env, &host, &p);
    CHECK(policy_read(&short_lived, &env, bytes, LAYER_USER, arena_str(&short_lived, STR("u.json")),
              &p, &e),
        "a policy with every key is read");
    policy_copy(&arena, &p, &copy);
    before = printed(&p);
    p.rules.v[0].revoked = true;
    p.env_drop.v[0] = STR("changed");
    arena_release(&short_lived);
    CHECK_STR(
        printed(&copy), before, "a copy holds when what it was made from is changed and gone");
}

static void check_print(void)
{
    struct policy p = builtin(), again = builtin();
    struct err e = {0};
    struct str text, file;

    lay(&p, LAYER_USER, EVERYTHING);
    text = printed(&p);
    CHECK(has(text, "~/q\\u{202E}\"") && has(text, "A=\\n\\x1B\xF0\x9F\x98\x80"),
        "what is hidden is shown escaped");
    CHECK(has(text, "u.json:1:23\n") && has(text, "built-in: agents obey what is in it\n"),
        "each rule shows its origin");
    file = printed_json(&p);
    CHECK(has(file, "\\u202E") && has(file, "\"~/.cache/pip\"") && !contains(file, "~/.ssh") &&
              !contains(file, "AWS_"),
        "the file has what was written, escaped, and not what is built in");
    CHECK_STR(lay(&again, LAYER_USER, file.p), STR(""), "what is printed as a file is read");
    CHECK_STR(printed_json(&again), file, "and prints the same again");
    CHECK(again.rules.n == p.rules.n && again.git == p.git && again.cpu_percent == 3 &&
              again.env_pass.n == 1 && str_eq(again.env_set.v[0].value, p.env_set.v[0].value) &&
              str_is(again.shell, "/home/p/bin/zsh"),
        "and is the same policy");

    p = builtin();
    policy_add_path(&arena, &env, &p, RULE_WRITE, LAYER_SESSION, STR("/s/new"), &e);
    policy_add_path(&arena, &env, &p, RULE_WRITE, LAYER_SESSION, STR("/s/old"), &e);
    policy_revoke(&p, &env, STR("/s/old"), &e);
    CHECK(has(printed(&p), "(revoked)") && has(printed_json(&p), "/s/new") &&
              !contains(printed_json(&p), "/s/old"),
        "a revoked root is shown to a person and left out of the file");
    policy_add_path(&arena, &env, &p, RULE_WRITE, LAYER_SESSION, STR("/s/a\xff"), &e);
    again = builtin();
    CHECK(has(lay(&again, LAYER_USER, printed_json(&p).p), "no policy file can say: /s/a\\\\xFF"),
        "a path that no file can say makes the printed file one that is refused");
    p = builtin();
    lay(&p, LAYER_MACHINE, "{\"version\":1,\"git\":\"locked\",\"limits\":{\"processes\":9}}");
    CHECK(has(printed(&p), "the machine's policy bounds: git, limits.processes\n"),
        "the machine's bounds are shown");
}

static void check_keys(void)
{
    bool good = true;

    for (int id = KEY_TOP + 1; id < KEY_COUNT; id++) {
        const struct key_row *row = key_row((enum key_id)id);
        struct policy p = builtin();
        const char *value = row->example ? row->example : row->standard ? row->standard : "1";
        struct str parent = row->parent ? str_from(key_row(row->parent)->name) : STR("");
        struct str text = row->parent
                              ? arena_format(&arena, "{\"version\":1,\"%s\":{\"%s\":%s}}", parent.p,
                                    row->name, value)
                              : arena_format(&arena, "{%s\"%s\":%s}",
                                    id == KEY_VERSION ? "" : "\"version\":1,", row->name, value);
        struct str said = lay(&p, LAYER_USER, text.p);
        good = good && key_find(row->parent, str_from(row->name)) == (enum key_id)id && row->help &&
               row->path;
        good = good && CHECK_STR(said, STR(""),
                           arena_format(&arena, "the example of %s is accepted", row->path).p);
    }
    CHECK(good, "every key has a row that is complete");
    CHECK(key_find(KEY_TOP, STR("Write")) == KEY_TOP, "keys are case-sensitive");
    CHECK(str_is(key_nearest(KEY_NETWORK, STR("swich")), "switch") &&
              !key_nearest(KEY_NETWORK, STR("q")).p,
        "the nearest key is found, or none");
}

int main(void)
{
    enum net_mode mode = NET_OFFLINE;

    check_builtin();
    check_layers();
    check_paths();
    check_bounds();
    check_bounds_later();
    check_flags();
    check_windows();
    check_copy();
    check_print();
    check_keys();
    CHECK(net_mode_parse(STR("online"), &mode) && mode == NET_ONLINE &&
              !net_mode_parse(STR("Online"), &mode),
        "net modes are parsed by their exact names");
    arena_release(&arena);
    return CHECK_END();
}
