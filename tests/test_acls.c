/*
 * test_acls: the plan for Windows machines, line by line; what is refused or named; entries applied and taken back; comparing.
 */
#include "check.h"
#include "windows_tree.h"

#include <stdlib.h>

static void check_golden(struct tree *t, const char *name, const char *wanted)
{
    struct buf out = {0};

    if (!tree_plan(t)) {
        CHECK_STR(err_text(&t->err, &t->arena), STR(""), name);
        return;
    }
    plan_print(&out, &t->arena, &t->env, &t->plan);
    buf_add(&out, "", 1);
    if (strcmp(out.p, wanted) != 0)
        fprintf(stderr, "--- %s: got\n%s--- wanted\n%s", name, out.p, wanted);
    CHECK(strcmp(out.p, wanted) == 0, name);
    buf_release(&out);
}

static const char golden_set_up[] =
    "network              refused to the account by filters that setup made\n"
    "entry                C:\\src\\w (D;;0xd0040;;;" GROUP ") never delete, rename, change permissions, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w (D;;0xd0040;;;" WRITE_W ") never delete, rename, change permissions, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0xd0040;;;" GROUP ") never delete, rename, change permissions, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0xd0040;;;" WRITE_W ") never delete, rename, change permissions, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "hold the name        C:\\src\\w\\.codex folder O:" PERSON "D:(D;OICI;0xd0156;;;" GROUP ")(D;OICI;0xd0156;;;" WRITE_W ")(A;OICI;0x1f01ff;;;" PERSON ")  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.vscode (D;OICI;0xd0156;;;" GROUP ") never write, here and below  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.vscode (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # on the list [may be missing as: names]\n"
    "entry                ~\\.ssh (D;OICI;0xd017f;;;" GROUP ") never read, write, run, here and below  # on the list\n"
    "entry                C:\\src\\w\\.git\\hooks (D;OICI;0xd0156;;;" GROUP ") never write, here and below  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\hooks (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\config (D;;0xd0156;;;" GROUP ") never write, here  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\config (D;;0xd0156;;;" WRITE_W ") never write, here  # git would run or obey it outside [may be missing as: names]\n"
    "entry                ~\\.cargo\\credentials.toml (D;;0xd017f;;;" GROUP ") never read, write, run, here  # on the list\n"
    "entry                ~\\AppData\\Local\\cordon (D;OICI;0xd017f;;;" GROUP ") never read, write, run, here and below  # Cordon's own history and sessions\n"
    "entry                C:\\src\\w (A;OICI;0x20000;;;S-1-3-4) may see permissions, here and below  # what the account owns there is not its to give away\n"
    "entry                C:\\src\\w (A;OICI;0x1f01ff;;;" PERSON ") may everything, here and below  # you keep all rights, whoever made it\n"
    "entry                C:\\src\\w (A;OICI;0x1201bf;;;" GROUP ") may read, write, run, here and below  # the workspace\n"
    "entry                C:\\src\\w (A;OICIIO;0x10000;;;" GROUP ") may delete, below  # what lies in it may go, itself not\n"
    "entry                C:\\src\\w (A;OICI;0x1201bf;;;" WRITE_W ") may read, write, run, here and below  # the workspace\n"
    "entry                C:\\src\\w (A;OICIIO;0x10000;;;" WRITE_W ") may delete, below  # what lies in it may go, itself not\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICI;0x20000;;;S-1-3-4) may see permissions, here and below  # what the account owns there is not its to give away\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICI;0x1f01ff;;;" PERSON ") may everything, here and below  # you keep all rights, whoever made it\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICI;0x1201bf;;;" GROUP ") may read, write, run, here and below  # private to this session\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICIIO;0x10000;;;" GROUP ") may delete, below  # what lies in it may go, itself not\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICI;0x1201bf;;;" WRITE_T ") may read, write, run, here and below  # private to this session\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICIIO;0x10000;;;" WRITE_T ") may delete, below  # what lies in it may go, itself not\n"
    "entry                ~\\AppData\\Local\\cordon-temp (A;;0x1200a0;;;" GROUP ") may pass through, here  # the way to what is granted: its attributes, no more\n"
    "entry                ~\\AppData\\Local (A;;0x1200a0;;;" GROUP ") may pass through, here  # the way to what is granted: its attributes, no more\n"
    "entry                ~\\AppData (A;;0x1200a0;;;" GROUP ") may pass through, here  # the way to what is granted: its attributes, no more\n"
    "entry                ~ (A;;0x1200a0;;;" GROUP ") may pass through, here  # the way to what is granted: its attributes, no more\n"
    "entry                ~\\.cargo\\bin (A;OICI;0x1200a9;;;" GROUP ") may read, run, here and below  # programs run from it\n"
    "entry                ~\\.cargo (A;;0x1200a0;;;" GROUP ") may pass through, here  # the way to what is granted: its attributes, no more\n"
    "entry                ~\\.gitconfig (A;;0x120089;;;" GROUP ") may read, here  # settings, without secrets\n"
    "account              CordonOffline " OFFLINE "  # the runner is started as it\n"
    "close the runner's   process D:P(D;;0xdefff;;;" OFFLINE ")(D;;0xdefff;;;S-1-5-5-0-0)(D;;0xdefff;;;S-1-3-4)(A;;0x1fffff;;;S-1-5-18)(A;;0x1fffff;;;" PERSON ")(A;;0x121000;;;" OFFLINE ")  # commands cannot open it, nor be made its children\n"
    "close the runner's   thread D:P(D;;0xdf7ff;;;" OFFLINE ")(D;;0xdf7ff;;;S-1-5-5-0-0)(D;;0xdf7ff;;;S-1-3-4)(A;;0x1fffff;;;S-1-5-18)(A;;0x1fffff;;;" PERSON ")(A;;0x120800;;;" OFFLINE ")  # nor its threads\n"
    "close the runner's   token D:P(D;;0xd01f7;;;" OFFLINE ")(D;;0xd01f7;;;S-1-5-5-0-0)(D;;0xd01f7;;;S-1-3-4)(A;;0xf01ff;;;S-1-5-18)(A;;0xf01ff;;;" PERSON ")(A;;0x20008;;;" OFFLINE ")  # nor copy its token\n"
    "close the runner's   job D:P(D;;0xd003b;;;" OFFLINE ")(D;;0xd003b;;;S-1-5-5-0-0)(D;;0xd003b;;;S-1-3-4)(A;;0x1f003f;;;S-1-5-18)(A;;0x1f003f;;;" PERSON ")(A;;0x120004;;;" OFFLINE ")  # nor leave or change its job\n"
    "close the runner's   default D:(A;;0x10000000;;;S-1-5-18)(A;;0x10000000;;;" PERSON ")(A;;0x20000;;;S-1-3-4)  # nor open the console host\n"
    "close the runner's   devices D:P(A;;0xf000f;;;S-1-5-18)(A;;0x20003;;;" OFFLINE ")(A;;0x20003;;;S-1-5-5-0-0)(A;;0x20003;;;S-1-1-0)(A;;0x20000;;;S-1-3-4)"
    "  # nor say what C: is for the runner\n"
    "window station       D:P(A;;0xf037f;;;S-1-5-18)(A;;0x2033f;;;S-1-5-5-0-0)(A;;0x20000;;;S-1-3-4), its desktop D:P(A;;0xf01ff;;;S-1-5-18)(A;;0x200cf;;;S-1-5-5-0-0)(A;;0x20000;;;S-1-3-4)  # windows, clipboard and input of its own, which nobody sees\n"
    "restricted token     flags 0xd  # no privileges, not an administrator's, and what writes is asked for twice\n"
    "restricting SID      C:\\src\\w " WRITE_W "  # may write in its root\n"
    "restricting SID      ~\\AppData\\Local\\cordon-temp\\s1 " WRITE_T "  # may write in its root\n"
    "restricting SID      " OFFLINE "  # what the account owns: pipes, for one\n"
    "restricting SID      S-1-5-5-0-0  # this logon's own objects\n"
    "restricting SID      S-1-1-0  # what is open to anybody\n"
    "token's default      D:(A;;0x10000000;;;S-1-5-18)(A;;0x10000000;;;S-1-5-5-0-0)(A;;0x10000000;;;" PERSON ")(A;;0x20000;;;S-1-3-4)  # what commands make is theirs in this logon, and nobody else's\n"
    "job                  kill-on-close = 1  # all of it ends with Cordon; nothing may break away\n"
    "environment          TEMP=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\n"
    "environment          TMP=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\n"
    "environment          USERPROFILE=C:\\Users\\CordonOffline\n"
    "environment          HOME=C:\\Users\\CordonOffline\n"
    "environment          HOMEDRIVE=C:\n"
    "environment          HOMEPATH=\\Users\\CordonOffline\n"
    "environment          APPDATA=C:\\Users\\CordonOffline\\AppData\\Roaming\n"
    "environment          LOCALAPPDATA=C:\\Users\\CordonOffline\\AppData\\Local\n"
    "environment          USERNAME=CordonOffline\n"
    "environment          GIT_CONFIG_GLOBAL=C:\\Users\\p\\.gitconfig\n"
    "partial: F:\\ keeps no permissions (FAT32): what runs inside reads and writes all of it\n"
    "partial: what a program inside leaves in CordonOffline's own profile and registry, its later sessions obey, in other workspaces too\n"
    "note: a link made in .git from inside is not refused: git outside would write through it\n";

static const char golden_unelevated[] =
    "network              advisory: told to programs, refused to none\n"
    "entry                C:\\src\\w (D;;0xd0040;;;" WRITE_W ") never delete, rename, change permissions, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w (D;;0x40;;;" PERSON ") never delete by the folder's right, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0xd0040;;;" WRITE_W ") never delete, rename, change permissions, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0x40;;;" PERSON ") never delete by the folder's right, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "hold the name        C:\\src\\w\\.codex folder O:" PERSON "D:(D;OICI;0xd0156;;;" WRITE_W ")(D;CI;0x40;;;" PERSON ")(A;OICI;0x1f01ff;;;" PERSON ")  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.vscode (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.vscode (D;CI;0x40;;;" PERSON ") never delete by the folder's right, here and below  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\hooks (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\hooks (D;CI;0x40;;;" PERSON ") never delete by the folder's right, here and below  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\config (D;;0xd0156;;;" WRITE_W ") never write, here  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w (A;OICI;0x1201bf;;;" WRITE_W ") may read, write, run, here and below  # the workspace\n"
    "entry                C:\\src\\w (A;OICIIO;0x10000;;;" WRITE_W ") may delete, below  # what lies in it may go, itself not\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICI;0x1201bf;;;" WRITE_T ") may read, write, run, here and below  # private to this session\n"
    "entry                ~\\AppData\\Local\\cordon-temp\\s1 (A;OICIIO;0x10000;;;" WRITE_T ") may delete, below  # what lies in it may go, itself not\n"
    "account              your own  # your own account\n"
    "close the runner's   process D:P(D;;0xdefff;;;" PERSON ")(D;;0xdefff;;;S-1-5-5-0-0)(D;;0xdefff;;;S-1-3-4)(A;;0x1fffff;;;S-1-5-18)(A;;0x121000;;;" PERSON ")  # commands cannot open it, nor be made its children\n"
    "close the runner's   thread D:P(D;;0xdf7ff;;;" PERSON ")(D;;0xdf7ff;;;S-1-5-5-0-0)(D;;0xdf7ff;;;S-1-3-4)(A;;0x1fffff;;;S-1-5-18)(A;;0x120800;;;" PERSON ")  # nor its threads\n"
    "close the runner's   token D:P(D;;0xd01f7;;;" PERSON ")(D;;0xd01f7;;;S-1-5-5-0-0)(D;;0xd01f7;;;S-1-3-4)(A;;0xf01ff;;;S-1-5-18)(A;;0x20008;;;" PERSON ")  # nor copy its token\n"
    "close the runner's   job D:P(D;;0xd003b;;;" PERSON ")(D;;0xd003b;;;S-1-5-5-0-0)(D;;0xd003b;;;S-1-3-4)(A;;0x1f003f;;;S-1-5-18)(A;;0x120004;;;" PERSON ")  # nor leave or change its job\n"
    "close the runner's   default D:(A;;0x10000000;;;S-1-5-18)(A;;0x20000;;;S-1-3-4)  # nor open the console host\n"
    "window station       D:P(A;;0xf037f;;;S-1-5-18)(A;;0x2033f;;;S-1-5-5-0-0)(A;;0x20000;;;S-1-3-4), its desktop D:P(A;;0xf01ff;;;S-1-5-18)(A;;0x200cf;;;S-1-5-5-0-0)(A;;0x20000;;;S-1-3-4)  # windows, clipboard and input of its own, which nobody sees\n"
    "restricted token     flags 0xd  # no privileges, not an administrator's, and what writes is asked for twice\n"
    "restricting SID      C:\\src\\w " WRITE_W "  # may write in its root\n"
    "restricting SID      ~\\AppData\\Local\\cordon-temp\\s1 " WRITE_T "  # may write in its root\n"
    "restricting SID      S-1-5-5-0-0  # this logon's own objects\n"
    "restricting SID      S-1-1-0  # what is open to anybody\n"
    "token's default      D:(A;;0x10000000;;;S-1-5-18)(A;;0x10000000;;;S-1-5-5-0-0)(A;;0x10000000;;;" PERSON ")(A;;0x20000;;;S-1-3-4)  # what commands make is theirs in this logon, and nobody else's\n"
    "job                  kill-on-close = 1  # all of it ends with Cordon; nothing may break away\n"
    "environment          TEMP=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\n"
    "environment          TMP=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\n"
    "environment          npm_config_cache=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\npm\n"
    "environment          PIP_CACHE_DIR=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\pip\n"
    "environment          CARGO_HOME=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\cargo\n"
    "environment          GOCACHE=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\go-build\n"
    "environment          GOPATH=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\go\n"
    "environment          NUGET_PACKAGES=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\nuget\n"
    "environment          GRADLE_USER_HOME=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\gradle\n"
    "environment          UV_CACHE_DIR=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\uv\n"
    "environment          XDG_CACHE_HOME=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\n"
    "environment          YARN_CACHE_FOLDER=C:\\Users\\p\\AppData\\Local\\cordon-temp\\s1\\cache\\yarn\n"
    "environment          HTTP_PROXY=http://127.0.0.1:9\n"
    "environment          HTTPS_PROXY=http://127.0.0.1:9\n"
    "environment          ALL_PROXY=http://127.0.0.1:9\n"
    "environment          FTP_PROXY=http://127.0.0.1:9\n"
    "environment          NO_PROXY=localhost,127.0.0.1,::1\n"
    "environment          GIT_SSH_COMMAND=echo 'Cordon: the network is offline' >&2; exit 1; :\n"
    "environment          GIT_ALLOW_PROTOCOL=file\n"
    "environment          PIP_NO_INDEX=1\n"
    "environment          npm_config_offline=true\n"
    "environment          CARGO_NET_OFFLINE=true\n"
    "environment          GOPROXY=off\n"
    "environment          UV_OFFLINE=1\n"
    "environment          YARN_ENABLE_NETWORK=0\n"
    "environment          HF_HUB_OFFLINE=1\n"
    "partial: network and desktop advisory, secrets readable\n"
    "partial: what you may delete by a right on its folder can be deleted from inside, in any folder of yours\n"
    "partial: a program of yours that is asked from inside (COM, a scheduled task, a share, by its token or thread) writes as you\n"
    "partial: F:\\ keeps no permissions (FAT32): what runs inside reads and writes all of it\n"
    "note: cordon setup has not been run: programs run as yourself, with a token that writes in fewer places\n"
    "note: programs that talk to themselves by a named pipe that has no descriptor of its own (ninja is one) may fail\n"
    "note: a link made in .git from inside is not refused: git outside would write through it\n";

/* ---- what is refused, and in which words ---- */

static void refused(struct tree *t, enum err_kind kind, const char *part, const char *name)
{
    bool planned = tree_plan(t);
    struct str text = err_text(&t->err, &t->arena);

    if (!CHECK(!planned && t->err.kind == kind && strstr(text.p, part), name))
        fprintf(stderr, "  got %s\n", planned ? "a plan" : text.p);
    tree_end(t);
}

static bool told(const struct texts *lines, const char *part)
{
    for (size_t i = 0; i < lines->n; i++)
        if (strstr(lines->v[i].p, part))
            return true;
    return false;
}

static void accept(struct tree *t, const char *part)
{
    *(struct str *)ARENA_PUSH(&t->arena, &t->policy.partial) = str_from(part);
}

static const struct op *find(const struct plan *plan, enum op_kind kind, const char *path, const char *text)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == kind && (!path || str_is(plan->v[i].path, path)) && (!text || str_is(plan->v[i].text, text)))
            return &plan->v[i];
    return NULL;
}

static void root_at(struct tree *t, const char *path, bool there)
{
    tree_begin(t);
    t->policy.workspace = str_from(path);
    t->sids[0].root = str_from(path);
    if (there) {
        tree_add(t, arena_str(&t->arena, str_slice(str_from(path), 0, 3)).p, FACT_FOLDER, PERSON, "D:(A;OICI;FA;;;" PERSON ")");
        tree_folder(t, path);
    }
}

static void test_volumes(void)
{
    struct tree t;

    root_at(&t, "F:\\w", true);
    refused(&t, ERR_UNSUPPORTED, "keeps no permissions: FAT32", "volumes: FAT32 is refused by name");
    root_at(&t, "N:\\w", true);
    refused(&t, ERR_UNSUPPORTED, "another machine", "volumes: a share is refused by name");
    root_at(&t, "S:\\w", true);
    refused(&t, ERR_REFUSED, "SUBST", "volumes: a SUBST drive is refused by name");
    root_at(&t, "Q:\\w", true);
    refused(&t, ERR_UNSUPPORTED, "cannot be looked at", "volumes: one that nobody saw is refused");
    root_at(&t, "C:\\", false);
    refused(&t, ERR_REFUSED, "drive", "volumes: a whole drive is refused");
    root_at(&t, "C:\\nowhere", false);
    refused(&t, ERR_MISSING, "does not exist", "volumes: a workspace that is not there is refused");
    tree_begin(&t);
    tree_at(&t, STR("C:\\src\\w"))->reparse = true;
    refused(&t, ERR_REFUSED, "cloud", "volumes: a junction, or a folder that a cloud service keeps, is refused");
    tree_begin(&t);
    t.windows.write_sid_count = 0;
    refused(&t, ERR_SYSTEM, "write SID", "volumes: a root without a write SID is refused");
}

/* An entry whose SID cannot be read would be one about nobody, and would look as if it held. */
static void test_no_sid(void)
{
    struct tree t;
    size_t unreadable = 0, nobody = 0, guarded = 0;
    struct ace ace;
    struct err e = {0};

    tree_begin(&t);
    t.sids[0].sid = STR("S-1-5-21-x");
    if (tree_plan(&t))
        for (size_t i = 0; i < t.plan.n; i++) {
            const struct op *op = &t.plan.v[i];
            if (op->kind == OP_GUARD_NAME)
                guarded += str_starts(op->text, STR("O:"));
            if (op->kind != OP_ACE)
                continue;
            unreadable += !sddl_parse_ace(&t.arena, op->text, &ace, &e);
            nobody += str_find(op->text, 0, 'D') == 1 && str_ends(op->text, STR(";S-1-0)"));
        }
    CHECK(unreadable > 0 && nobody == 0 && guarded == 0, "entries: what is no SID is refused where it is put, and never an entry about nobody");
    tree_end(&t);
    tree_begin(&t);
    t.windows.group_sid = STR("S-1-5-21-x");
    refused(&t, ERR_SYSTEM, "no SID", "entries: nothing opens for a group that is no SID");
    tree_begin(&t);
    t.windows.offline.sid = STR("nobody");
    refused(&t, ERR_SYSTEM, "no SID", "entries: nor for such an account");
    tree_begin(&t);
    tree_unelevated(&t);
    t.windows.person_sid = STR("");
    refused(&t, ERR_SYSTEM, "no SID", "entries: nor for such a person");
}

static void test_tiers(void)
{
    struct tree t;

    tree_begin(&t);
    t.windows.canary = false;
    refused(&t, ERR_UNSUPPORTED, "no effect", "tier: where restricted tokens have no effect nothing opens");
    tree_begin(&t);
    t.windows.canary = false;
    t.windows.wine = true;
    accept(&t, PART_ENFORCEMENT);
    CHECK(tree_plan(&t) && t.plan.tier == TIER_UNENFORCED && told(&t.plan.partial, "NOT ENFORCED"), "tier: Wine opens when told to, and says so");
    CHECK(!find(&t.plan, OP_ACE, NULL, NULL) && !find(&t.plan, OP_GUARD_NAME, NULL, NULL), "tier: and then changes nothing on the disk");
    tree_end(&t);
    tree_begin(&t);
    t.windows.network_verified = false;
    refused(&t, ERR_UNSUPPORTED, "cordon repair", "tier: a network block that is not there any more is refused");
    tree_begin(&t);
    t.windows.offline.ready = false;
    accept(&t, PART_UNELEVATED);
    CHECK(tree_plan(&t) && t.plan.tier == TIER_UNELEVATED && told(&t.plan.partial, "network and desktop advisory, secrets readable"),
        "tier: less than was set up, when that is accepted");
    tree_end(&t);
    tree_begin(&t);
    t.windows.network_verified = false;
    t.policy.net = NET_ONLINE;
    CHECK(tree_plan(&t) && t.plan.tier == TIER_SET_UP && find(&t.plan, OP_ACCOUNT, NULL, "CordonOnline") && !t.plan.new_network,
        "tier: online is the other account, and needs no block");
    tree_end(&t);
    tree_begin(&t);
    t.windows.elevated = true;
    refused(&t, ERR_REFUSED, "elevated", "tier: Cordon itself does not run elevated");
}

static void test_told(void)
{
    struct err e = {0};
    struct tree t;

    tree_begin(&t);
    *(struct str *)ARENA_PUSH(&t.arena, &t.windows.open_services) = STR("DNS client");
    *(struct str *)ARENA_PUSH(&t.arena, &t.windows.everyone_writable) = STR("C:\\open");
    *(struct str *)ARENA_PUSH(&t.arena, &t.windows.everyone_writable) = STR("C:\\src\\w\\a");
    t.windows.everyone_incomplete = true;
    *(struct str *)ARENA_PUSH(&t.arena, &t.windows.setup_without) = STR("the firewall's rules");
    CHECK(tree_plan(&t) && told(&t.plan.partial, "without the firewall's rules"), "told: what setup went on without makes the tier partial");
    CHECK(tree_plan(&t) && told(&t.plan.partial, "DNS client") && told(&t.plan.partial, "C:\\open") && told(&t.plan.partial, "not finished") &&
              !told(&t.plan.partial, "C:\\src\\w\\a"),
        "told: services and folders that are open to anybody make the tier partial, by name");
    t.windows.weak = WEAK_WRITE_RESTRICTED;
    CHECK(tree_plan(&t) && !told(&t.plan.partial, "C:\\open") && find(&t.plan, OP_RESTRICT, NULL, SID_WRITE_RESTRICTED) &&
              !find(&t.plan, OP_RESTRICT, NULL, SID_EVERYONE),
        "told: one switch takes Everyone out of the restricting list");
    t.policy.net = NET_ONLINE;
    CHECK(tree_plan(&t) && !told(&t.plan.partial, "DNS client"), "told: online, no service is a way out");
    CHECK(told(&t.plan.partial, "own profile and registry"), "told: but what one session leaves in the account's profile");
    tree_end(&t);
    tree_begin(&t);
    tree_at(&t, STR("C:\\src\\w"))->d.dacl.v[0].sid = tree_sid(SID_EVERYONE);
    CHECK(tree_plan(&t) && told(&t.plan.partial, "sessions that do not have it as a root"), "told: a root that Everyone may write");
    CHECK(!told(&t.plan.partial, "be moved away"), "told: the way to a root is not open for that");
    sddl_parse(&t.arena, STR("O:BAG:BAD:(A;OICI;FA;;;BU)"), &tree_at(&t, STR("C:\\src"))->d, &e);
    CHECK(tree_plan(&t) && told(&t.plan.partial, "C:\\src lets what lies in it be moved away"), "told: on the way to a root all users may delete");
    tree_end(&t);
    tree_begin(&t);
    *(struct ace *)ARENA_PUSH(&t.arena, &tree_at(&t, STR("C:\\src\\w"))->d.dacl) =
        (struct ace){.type = ACE_ALLOW, .flags = ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT | ACE_INHERIT_ONLY, .mask = NT_GENERIC_ALL, .sid = tree_sid(SID_CREATOR_OWNER)};
    CHECK(tree_plan(&t) && told(&t.plan.partial, "CREATOR OWNER"), "told: a root that gives whoever makes a thing all rights to it");
    tree_end(&t);
}

/* W10: no entry is put on what has a second name, and nothing is done through a link. */
static void test_links(void)
{
    struct err e = {0};
    struct tree t;

    tree_begin(&t);
    tree_at(&t, STR("C:\\src\\w\\.git\\config"))->links = 2;
    refused(&t, ERR_UNSUPPORTED, "another name", "links: a protected file with a second name is refused");
    tree_begin(&t);
    tree_at(&t, STR("C:\\src\\w\\.git\\config"))->links = 2;
    accept(&t, PART_HARDLINKS);
    CHECK(tree_plan(&t) && told(&t.plan.partial, "C:\\src\\w\\.git\\config") && !find(&t.plan, OP_ACE, "C:\\src\\w\\.git\\config", NULL),
        "links: or named, when that is accepted, and left alone");
    tree_end(&t);
    tree_begin(&t);
    tree_at(&t, STR("C:\\src\\w\\.vscode"))->reparse = true;
    refused(&t, ERR_UNSUPPORTED, "junction", "links: a protected folder that is a junction is refused");
    tree_begin(&t);
    tree_at(&t, STR("C:\\src\\w\\.vscode"))->reparse = true;
    accept(&t, PART_NAMES);
    CHECK(tree_plan(&t) && told(&t.plan.partial, ".vscode") && !find(&t.plan, OP_ACE, "C:\\src\\w\\.vscode", NULL), "links: or named and left alone");
    tree_end(&t);
    tree_begin(&t);
    tree_rule(&t, RULE_SECRET, "C:\\src\\other", LAYER_USER);
    CHECK(tree_plan(&t) && find(&t.plan, OP_ACE, "C:\\src\\other", NULL) && find(&t.plan, OP_ACE, "C:\\src\\other", NULL)->on_failure == FAIL_PARTIAL,
        "links: a secret that anybody may read needs its entry");
    sddl_parse(&t.arena, STR("O:BAG:BAD:(D;OICI;0xd017f;;;" GROUP ")(A;OICI;FR;;;BU)"), &tree_at(&t, STR("C:\\src\\other"))->d, &e);
    CHECK(tree_plan(&t) && find(&t.plan, OP_ACE, "C:\\src\\other", NULL) && find(&t.plan, OP_ACE, "C:\\src\\other", NULL)->on_failure == FAIL_PARTIAL,
        "links: also where an opening that did not come to its end has put one on the folder");
    tree_end(&t);
    tree_begin(&t);
    tree_rule(&t, RULE_PROTECT, "C:\\src\\w\\a\\b\\f.c", LAYER_USER);
    tree_at(&t, STR("C:\\src\\w\\a"))->reparse = true;
    refused(&t, ERR_UNSUPPORTED, "on the way", "links: so is a junction on the way to a protected path");
}

/* ---- grants ---- */

/* PATH leads to what is granted, and to no more of it than a program's own folder. */
static void test_grants(void)
{
    static const char *const there[] = {"C:\\Users\\p\\AppData\\Local\\Programs\\Python\\Python312\\Scripts", "C:\\Users\\p\\AppData\\Local\\Programs\\Other\\bin",
        "C:\\Users\\p\\.rustup\\toolchains", "C:\\Users\\p\\scoop\\apps", "C:\\Users\\p\\scoop\\shims", "C:\\Users\\p\\.tool\\bin", "D:\\t",
        "C:\\Users\\p\\AppData\\Roaming\\npm", "C:\\Users\\p\\Documents", "C:\\Users\\p\\AppData\\Local\\Temp"};
    static const char *const never[] = {"C:\\Users\\p\\AppData", "C:\\Users\\p\\AppData\\Local", "C:\\Users\\p\\AppData\\Roaming", "C:\\Users\\p\\Documents",
        "C:\\Users\\p\\AppData\\Local\\Temp"};
    struct tree t;
    const struct op *op;

    tree_begin(&t);
    tree_add(&t, "D:\\", FACT_FOLDER, PERSON, "D:(A;OICI;FA;;;" PERSON ")");
    for (size_t i = 0; i < COUNT_OF(there); i++)
        for (size_t at = str_find(str_from(there[i]), 3, '\\');; at = str_find(str_from(there[i]), at + 1, '\\')) {
            tree_folder(&t, arena_str(&t.arena, str_slice(str_from(there[i]), 0, at)).p);
            if (at == strlen(there[i]))
                break;
        }
    t.facts.host.path = STR("C:\\Windows\\System32;C:\\Users\\p\\.cargo\\bin;C:\\Users\\p\\AppData\\Local\\Programs\\Python\\Python312\\Scripts;C:\\Users\\p;"
                            "C:\\Users\\p\\.tool;C:\\Users\\p\\.tool\\bin;D:\\t;C:\\Users\\p\\.ssh;relative;C:\\users\\P\\appdata;"
                            "C:\\Users\\p\\AppData\\Local;C:\\Users\\p\\AppData\\Roaming;C:\\Users\\p\\Documents;C:\\Users\\p\\AppData\\Local\\Temp;"
                            "C:\\Users\\p\\AppData\\Roaming\\npm");
    CHECK(tree_plan(&t), "grants: planned");
    for (size_t i = 0; i < COUNT_OF(never); i++)
        CHECK(!find(&t.plan, OP_ACE, never[i], "(A;OICI;0x1200a9;;;" GROUP ")"), "grants: never a folder where every program keeps what is the person's");
    CHECK(find(&t.plan, OP_ACE, "C:\\Users\\p\\AppData\\Roaming\\npm", "(A;OICI;0x1200a9;;;" GROUP ")"), "grants: but a program's own in it");
    op = find(&t.plan, OP_ACE, "C:\\Users\\p\\.cargo\\bin", "(A;OICI;0x1200a9;;;" GROUP ")");
    CHECK(op && op->on_failure == FAIL_SKIP, "grants: a folder of PATH, and its failure costs that path alone");
    CHECK(find(&t.plan, OP_ACE, "C:\\Users\\p\\.rustup\\toolchains", "(A;OICI;0x1200a9;;;" GROUP ")"), "grants: what its programs run from");
    CHECK(find(&t.plan, OP_ACE, "C:\\Users\\p\\AppData\\Local\\Programs\\Python", "(A;OICI;0x1200a9;;;" GROUP ")") &&
              !find(&t.plan, OP_ACE, "C:\\Users\\p\\AppData\\Local\\Programs\\Python\\Python312\\Scripts", NULL),
        "grants: a program's own folder where PATH names a part of it");
    CHECK(!find(&t.plan, OP_ACE, "C:\\Users\\p\\AppData\\Local\\Programs\\Other", NULL) && !find(&t.plan, OP_ACE, "C:\\Users\\p\\scoop\\apps", NULL),
        "grants: nothing that PATH does not lead to");
    CHECK(find(&t.plan, OP_ACE, "C:\\Users\\p", "(A;;0x1200a0;;;" GROUP ")") && !find(&t.plan, OP_ACE, "C:\\Users\\p", "(A;OICI;0x1200a9;;;" GROUP ")") &&
              told(&t.plan.notes, "more lies in it than programs"),
        "grants: never the profile itself");
    CHECK(!find(&t.plan, OP_ACE, "C:\\Users\\p\\.tool", "(A;OICI;0x1200a9;;;" GROUP ")") && find(&t.plan, OP_ACE, "C:\\Users\\p\\.tool\\bin", "(A;OICI;0x1200a9;;;" GROUP ")"),
        "grants: never a dot-folder whole");
    CHECK(!find(&t.plan, OP_ACE, "C:\\Users\\p\\.ssh", "(A;OICI;0x1200a9;;;" GROUP ")"), "grants: never a secret folder");
    CHECK(find(&t.plan, OP_ACE, "D:\\t", "(A;OICI;0x1200a9;;;" GROUP ")"), "grants: another drive's too");
    CHECK(!find(&t.plan, OP_ACE, "C:\\Windows\\System32", NULL), "grants: nothing where it can be read already");
    tree_end(&t);
}

/* ---- masks ---- */

/* W8 and section 2: whatever else changes, these never do. */
static void test_masks(bool set_up)
{
    struct tree t;
    bool good = true, both = true;

    tree_begin(&t);
    if (!set_up)
        tree_unelevated(&t);
    CHECK(tree_plan(&t), "masks: planned");
    for (size_t i = 0; i < t.plan.n; i++) {
        const struct op *op = &t.plan.v[i];
        struct ace ace;
        struct err e = {0};
        if (op->kind != OP_ACE)
            continue;
        good = sddl_parse_ace(&t.arena, op->text, &ace, &e) && good;
        if (ace.type == ACE_DENY)
            good = good && !(ace.mask & (NT_SYNCHRONIZE | NT_READ_CONTROL)) &&
                   op->on_failure == (ace.mask == ACLS_SECRET ? FAIL_SKIP : FAIL_PARTIAL); /* the profile is closed anyway */
        else if (!sid_same(&ace.sid, &(struct sid){0}) && !str_is(sid_text(&t.arena, &ace.sid), PERSON))
            good = good && !(ace.mask & (NT_FILE_DELETE_CHILD | NT_WRITE_DAC | NT_WRITE_OWNER));
        if (ace.type == ACE_ALLOW && ace.mask & NT_DELETE && ace.mask != NT_FILE_ALL_ACCESS)
            good = good && ace.flags & ACE_INHERIT_ONLY;
        if (set_up && ace.type == ACE_DENY && op->text2.n > 0 && str_is(sid_text(&t.arena, &ace.sid), GROUP)) {
            struct ace other = ace;
            other.sid = tree_sid(op->text2.n && str_is(op->text2, "C:\\src\\w") ? WRITE_W : WRITE_T);
            both = both && find(&t.plan, OP_ACE, op->path.p, sddl_ace_text(&t.arena, &other).p);
        }
    }
    CHECK(good, set_up ? "masks: set up: exact, and never too much" : "masks: unelevated: exact, and never too much");
    CHECK(both, "masks: what is refused to the group is refused to the write SID");
    tree_end(&t);
}

/* ---- entries of before ---- */

static void test_old(void)
{
    struct tree t;
    struct ace stale = {.type = ACE_DENY, .flags = ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT, .mask = ACLS_DENY};
    const struct op *op;

    tree_begin(&t);
    stale.sid = tree_sid(GROUP);
    acl_insert(&t.arena, &tree_at(&t, STR("C:\\src\\w\\.git"))->d.dacl, &stale); /* "git" was "locked" */
    stale.sid = tree_sid("S-1-5-21-8-8-8-8");
    acl_insert(&t.arena, &tree_at(&t, STR("C:\\src\\w\\.git"))->d.dacl, &stale); /* somebody else's */
    CHECK(tree_plan(&t), "old: planned");
    op = find(&t.plan, OP_ACE, "C:\\src\\w\\.git", "(D;OICI;0xd0156;;;" GROUP ")");
    CHECK(op && op->number == ACE_TAKE && op->on_failure == FAIL_SKIP, "old: an entry that no rule asks for is taken away");
    CHECK(!find(&t.plan, OP_ACE, "C:\\src\\w\\.git", "(D;OICI;0xd0156;;;S-1-5-21-8-8-8-8)"), "old: what others put is left");
    *(struct str *)ARENA_PUSH(&t.arena, &t.windows.orphans) = STR("S-1-5-21-8-8-8-8");
    CHECK(tree_plan(&t), "old: planned with an orphan");
    op = find(&t.plan, OP_ACE, "C:\\src\\w\\.git", "(D;OICI;0xd0156;;;S-1-5-21-8-8-8-8)");
    CHECK(op && op->number == ACE_TAKE, "old: what a lost store left is taken away");
    *(struct str *)ARENA_PUSH(&t.arena, &t.windows.orphans) = STR(GROUP);
    t.policy.git = GIT_LOCKED;
    CHECK(tree_plan(&t), "old: planned with the group for an orphan");
    op = find(&t.plan, OP_ACE, "C:\\src\\w", "(A;OICI;0x1201bf;;;" GROUP ")");
    CHECK(op && op->number == ACE_PUT, "old: which it is not");
    t.windows.orphans.n = 0;
    CHECK(tree_plan(&t), "old: planned again");
    op = find(&t.plan, OP_ACE, "C:\\src\\w\\.git", "(D;OICI;0xd0156;;;" GROUP ")");
    CHECK(op && op->number == ACE_PUT, "old: and stays where a rule asks for it");
    tree_end(&t);
}

/* Names of any depth: what was found is held where it is, what was not is in the tier. */
static void test_any_depth(void)
{
    struct tree t;
    struct rule *rule;

    tree_begin(&t);
    tree_file(&t, "C:\\src\\w\\a\\b\\Keep.me");
    rule = tree_rule(&t, RULE_PROTECT, "keep.me", LAYER_USER);
    rule->any_depth = true;
    CHECK(tree_plan(&t), "any depth: planned");
    CHECK(!find(&t.plan, OP_ACE, "C:\\src\\w\\a\\b\\Keep.me", "(D;;0xd0156;;;" GROUP ")") && told(&t.plan.partial, "**/keep.me: names that appear") &&
              !told(&t.plan.partial, "than was looked through"),
        "any depth: what nobody found is not held, and the tier says what appears later");
    *(struct str *)ARENA_PUSH(&t.arena, &t.policy.nested) = STR("C:\\src\\w\\a\\b\\Keep.me");
    CHECK(tree_plan(&t), "any depth: planned with what was found");
    CHECK(find(&t.plan, OP_ACE, "C:\\src\\w\\a\\b\\Keep.me", "(D;;0xd0156;;;" GROUP ")") &&
              find(&t.plan, OP_ACE, "C:\\src\\w\\a\\b\\Keep.me", "(D;;0xd0156;;;" WRITE_W ")"),
        "any depth: it is held, whatever its case");
    CHECK(find(&t.plan, OP_ACE, "C:\\src\\w\\a\\b", "(D;;0xd0040;;;" WRITE_W ")") && find(&t.plan, OP_ACE, "C:\\src\\w\\a", "(D;;0xd0040;;;" GROUP ")"),
        "any depth: and where it is");
    t.policy.nested_partly = true;
    CHECK(tree_plan(&t) && told(&t.plan.partial, "**/keep.me: the writable folders hold more than was looked through"), "any depth: a search that was not finished is in the tier");
    tree_end(&t);
}

/* What a tree that was moved or copied here brought along. */
static void test_strangers(void)
{
    static struct write_sid all[] = {{{"C:\\src\\w", 8}, {WRITE_W, sizeof WRITE_W - 1}}, {{"C:\\src\\w\\a", 10}, {"S-1-5-21-4-4-4-4", 16}},
        {{"C:\\elsewhere", 12}, {"S-1-5-21-5-5-5-5", 16}}, {{"C:\\src", 6}, {"S-1-5-21-6-6-6-6", 16}}};
    static const char *const sids[] = {"S-1-5-21-4-4-4-4", "S-1-5-21-5-5-5-5", "S-1-5-21-6-6-6-6", "S-1-5-21-3-3-3-3"};
    struct tree t;
    struct ace ace = {.type = ACE_ALLOW, .flags = ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT | ACE_INHERITED, .mask = ACLS_WRITE};
    const struct op *op;
    struct err e = {0};
    struct object *w;
    size_t told = 0;

    tree_begin(&t);
    t.windows.all_roots = all;
    t.windows.all_root_count = COUNT_OF(all);
    w = tree_at(&t, STR("C:\\src\\w"));
    for (size_t i = 0; i < COUNT_OF(sids); i++) {
        ace.sid = tree_sid(sids[i]);
        *(struct ace *)ARENA_PUSH(&t.arena, &w->d.dacl) = ace;
    }
    CHECK(tree_plan(&t), "strangers: planned");
    op = find(&t.plan, OP_ACE, "C:\\src\\w", "(A;OICIID;0x1201bf;;;S-1-5-21-5-5-5-5)");
    CHECK(op && op->number == ACE_TAKE, "strangers: what another root's folder handed down is taken away, inherited as it is");
    CHECK(op && acls_apply(&t.arena, op, true, &w->d, &e) == EDIT_CHANGED && acls_apply(&t.arena, op, true, &w->d, &e) == EDIT_SAME, "strangers: by that very op");
    CHECK(!find(&t.plan, OP_ACE, "C:\\src\\w", "(A;OICIID;0x1201bf;;;S-1-5-21-4-4-4-4)"), "strangers: a root that lies in it is none");
    CHECK(!find(&t.plan, OP_ACE, "C:\\src\\w", "(A;OICIID;0x1201bf;;;S-1-5-21-6-6-6-6)"), "strangers: nor one that it lies in");
    CHECK(!find(&t.plan, OP_ACE, "C:\\src\\w", "(A;OICIID;0x1201bf;;;S-1-5-21-3-3-3-3)"), "strangers: what nobody knows is left");
    for (size_t i = 0; i < t.plan.notes.n; i++)
        told += str_starts(t.plan.notes.v[i], STR("C:\\src\\w has an entry about S-1-5-21-3-3-3-3"));
    CHECK(told == 1, "strangers: and named");
    tree_end(&t);
}

/* ---- one descriptor ---- */

static void test_apply(void)
{
    static const struct {
        const char *name, *text, *before, *after;
        uint64_t number;
        bool folder;
        enum acls_edit wanted;
    } rows[] = {
        {"an entry goes before what was inherited", "(A;OICI;0x1;;;S-1-1-0)", "D:(A;ID;0x2;;;S-1-1-0)", "D:(A;OICI;0x1;;;S-1-1-0)(A;ID;0x2;;;S-1-1-0)",
            ACE_PUT, true, EDIT_CHANGED},
        {"a deny entry goes before allow entries", "(D;;0x1;;;S-1-1-0)", "D:(A;;0x2;;;S-1-1-0)", "D:(D;;0x1;;;S-1-1-0)(A;;0x2;;;S-1-1-0)", ACE_PUT,
            true, EDIT_CHANGED},
        {"what is there is not put again", "(D;;0x1;;;S-1-1-0)", "D:(D;;0x1;;;S-1-1-0)", "D:(D;;0x1;;;S-1-1-0)", ACE_PUT, true, EDIT_SAME},
        {"what is inherited does not count", "(D;;0x1;;;S-1-1-0)", "D:(D;ID;0x1;;;S-1-1-0)", "D:(D;;0x1;;;S-1-1-0)(D;ID;0x1;;;S-1-1-0)", ACE_PUT, true,
            EDIT_CHANGED},
        {"what is inherited is taken away by its own text", "(D;ID;0x1;;;S-1-1-0)", "D:(D;;0x1;;;S-1-1-0)(D;ID;0x1;;;S-1-1-0)", "D:(D;;0x1;;;S-1-1-0)", ACE_TAKE,
            true, EDIT_CHANGED},
        {"a file hands nothing on", "(A;OICI;0x1;;;S-1-1-0)", "D:", "D:(A;;0x1;;;S-1-1-0)", ACE_PUT, false, EDIT_CHANGED},
        {"what is only for below is nothing to a file", "(A;OICIIO;0x1;;;S-1-1-0)", "D:", "D:", ACE_PUT, false, EDIT_SAME},
        {"an entry is taken", "(A;OICI;0x1;;;S-1-1-0)", "D:(A;OICI;0x1;;;S-1-1-0)(A;;0x2;;;S-1-1-0)", "D:(A;;0x2;;;S-1-1-0)", ACE_TAKE, true, EDIT_CHANGED},
        {"what is not there is not taken", "(A;OICI;0x1;;;S-1-1-0)", "D:(A;CI;0x1;;;S-1-1-0)", "D:(A;CI;0x1;;;S-1-1-0)", ACE_TAKE, true, EDIT_SAME},
        {"a list in a strange order is left alone", "(D;;0x1;;;S-1-1-0)", "D:(A;;0x2;;;S-1-1-0)(D;;0x4;;;S-1-1-0)",
            "D:(A;;0x2;;;S-1-1-0)(D;;0x4;;;S-1-1-0)", ACE_PUT, true, EDIT_REFUSED},
        {"a NULL list is left alone", "(D;;0x1;;;S-1-1-0)", "D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL", ACE_PUT, true, EDIT_REFUSED},
    };
    struct arena a = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct op op = {.kind = OP_ACE, .path = STR("C:\\x"), .text = str_from(rows[i].text), .number = rows[i].number};
        struct descriptor d = {0}, wanted = {0};
        struct err e = {0};
        char name[200];
        bool good = sddl_parse(&a, str_from(rows[i].before), &d, &e) && sddl_parse(&a, str_from(rows[i].after), &wanted, &e);
        snprintf(name, sizeof name, "apply: %s", rows[i].name);
        CHECK(good && acls_apply(&a, &op, rows[i].folder, &d, &e) == rows[i].wanted && str_eq(sddl_text(&a, &d), sddl_text(&a, &wanted)), name);
    }
    arena_release(&a);
}

/* ---- comparing ---- */

static void test_compare(void)
{
    struct tree t;
    struct plan first, second;
    struct plan_diff diff;

    tree_begin(&t);
    CHECK(tree_plan(&t), "compare: planned");
    first = t.plan;
    CHECK(tree_plan(&t), "compare: planned again");
    plan_compare(&t.arena, &first, &t.plan, &diff);
    CHECK(diff.n == 0 && !diff.widens && !diff.identity_changed, "compare: the same twice");
    tree_rule(&t, RULE_PROTECT, "C:\\src\\w\\a", LAYER_SESSION);
    CHECK(tree_plan(&t), "compare: planned with one more rule");
    second = t.plan;
    plan_compare(&t.arena, &first, &second, &diff);
    CHECK(diff.n == 2 && !diff.widens, "compare: a protected path more is no widening");
    plan_compare(&t.arena, &second, &first, &diff);
    CHECK(diff.n == 2 && diff.widens, "compare: one less is");
    t.policy.rules.n--;
    tree_rule(&t, RULE_WRITE, "C:\\src\\other", LAYER_SESSION);
    t.sids[2] = (struct write_sid){STR("C:\\src\\other"), STR(WRITE_X)};
    t.windows.write_sid_count = 3;
    CHECK(tree_plan(&t), "compare: planned with one more root");
    plan_compare(&t.arena, &first, &t.plan, &diff);
    CHECK(diff.widens, "compare: a root more is a widening");
    plan_compare(&t.arena, &t.plan, &first, &diff);
    CHECK(diff.n > 5 && !diff.widens, "compare: one less is not, though its guards go with it");
    t.policy.rules.n--;
    t.policy.rules.v[4].revoked = true;
    CHECK(tree_plan(&t), "compare: planned with a secret less");
    plan_compare(&t.arena, &first, &t.plan, &diff);
    CHECK(diff.widens, "compare: a secret less is a widening");
    t.policy.rules.v[4].revoked = false;
    t.policy.memory_mb = 100;
    CHECK(tree_plan(&t), "compare: planned with a limit");
    plan_compare(&t.arena, &first, &t.plan, &diff);
    CHECK(diff.n == 1 && !diff.widens, "compare: a limit is no widening");
    plan_compare(&t.arena, &t.plan, &first, &diff);
    CHECK(diff.widens, "compare: none any more is");
    t.policy.net = NET_ONLINE;
    CHECK(tree_plan(&t), "compare: planned online");
    plan_compare(&t.arena, &first, &t.plan, &diff);
    CHECK(diff.widens, "compare: another account is a widening");
    tree_end(&t);
}

/* W1: a bound on the list. */
static void test_bound(void)
{
    static struct write_sid sids[80];
    struct tree t;

    tree_begin(&t);
    sids[0] = t.sids[0];
    sids[1] = t.sids[1];
    for (int i = 0; i < 70; i++) {
        struct str path = arena_format(&t.arena, "C:\\src\\r%d", i);
        tree_folder(&t, path.p);
        tree_rule(&t, RULE_WRITE, path.p, LAYER_USER);
        sids[i + 2] = (struct write_sid){path, arena_format(&t.arena, "S-1-5-21-7-7-7-%d", i)};
    }
    t.windows.write_sids = sids;
    t.windows.write_sid_count = 72;
    refused(&t, ERR_LIMIT, "more writable roots", "bound: more roots than a token carries are refused");
}

int main(void)
{
    struct tree t;
    tree_begin(&t);
    check_golden(&t, "set up", golden_set_up);
    tree_end(&t);
    tree_begin(&t);
    tree_unelevated(&t);
    check_golden(&t, "unelevated", golden_unelevated);
    tree_end(&t);
    test_volumes();
    test_tiers();
    test_no_sid();
    test_told();
    test_links();
    test_grants();
    test_masks(true);
    test_masks(false);
    test_old();
    test_strangers();
    test_any_depth();
    test_apply();
    test_compare();
    test_bound();
    return CHECK_END();
}
