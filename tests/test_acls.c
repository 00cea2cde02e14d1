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
    "entry                C:\\src\\w (D;;0x10040;;;" GROUP ") never delete, rename, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w (D;;0x10040;;;" WRITE_W ") never delete, rename, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0x10040;;;" GROUP ") never delete, rename, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0x10040;;;" WRITE_W ") never delete, rename, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "hold the name        C:\\src\\w\\.codex folder O:" PERSON "D:(D;OICI;0xd0156;;;" GROUP ")(D;OICI;0xd0156;;;" WRITE_W ")(A;OICI;0x1f01ff;;;" PERSON ")  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.vscode (D;OICI;0xd0156;;;" GROUP ") never write, here and below  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.vscode (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # on the list [may be missing as: names]\n"
    "entry                ~\\.ssh (D;OICI;0xd017f;;;" GROUP ") never read, write, run, here and below  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\hooks (D;OICI;0xd0156;;;" GROUP ") never write, here and below  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\hooks (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\config (D;;0xd0156;;;" GROUP ") never write, here  # git would run or obey it outside [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\config (D;;0xd0156;;;" WRITE_W ") never write, here  # git would run or obey it outside [may be missing as: names]\n"
    "entry                ~\\.cargo\\credentials.toml (D;;0xd017f;;;" GROUP ") never read, write, run, here  # on the list [may be missing as: names]\n"
    "entry                ~\\AppData\\Local\\cordon (D;OICI;0xd017f;;;" GROUP ") never read, write, run, here and below  # Cordon's own history and sessions [may be missing as: names]\n"
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
    "environment          HOMEDRIVE=C:\\Users\\CordonOffline\n"
    "environment          HOMEPATH=\\Users\\CordonOffline\n"
    "environment          APPDATA=C:\\Users\\CordonOffline\\AppData\\Roaming\n"
    "environment          LOCALAPPDATA=C:\\Users\\CordonOffline\\AppData\\Local\n"
    "environment          USERNAME=CordonOffline\n"
    "environment          GIT_CONFIG_GLOBAL=C:\\Users\\p\\.gitconfig\n"
    "note: a link made in .git from inside is not refused: git outside would write through it\n";

static const char golden_unelevated[] =
    "network              advisory: told to programs, refused to none\n"
    "entry                C:\\src\\w (D;;0x10040;;;" WRITE_W ") never delete, rename, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w (D;;0x40;;;" PERSON ") never delete by the folder's right, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0x10040;;;" WRITE_W ") never delete, rename, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git (D;;0x40;;;" PERSON ") never delete by the folder's right, here  # stays where it is, as something in it is protected [may be missing as: names]\n"
    "hold the name        C:\\src\\w\\.codex folder O:" PERSON "D:(D;OICI;0xd0156;;;" WRITE_W ")(A;OICI;0x1f01ff;;;" PERSON ")  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.vscode (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # on the list [may be missing as: names]\n"
    "entry                C:\\src\\w\\.git\\hooks (D;OICI;0xd0156;;;" WRITE_W ") never write, here and below  # git would run or obey it outside [may be missing as: names]\n"
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
    "note: cordon setup has not been run: programs run as yourself, with a token that writes in fewer places\n"
    "note: programs that talk to themselves by a named pipe that has no descriptor of its own (ninja is one) may fail\n"
    "note: a link made in .git from inside is not refused: git outside would write through it\n";

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
    return CHECK_END();
}
