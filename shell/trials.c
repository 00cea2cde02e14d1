/* trials: the rows, and what is made of what came of them. */
#include "trials.h"

#define REPAIR "run cordon repair; if it stays so, do not use this boundary, and report it with cordon doctor --json"
#define REPORT "do not use this boundary; report it with cordon doctor --json"
#define REACH  "do not go offline by this account with anything you would not send; report it with cordon doctor --json"

/* Rights to a file, as nt.h has them; W8 asks for each by itself. */
enum { READ_DATA = 0x1, WRITE_DATA = 0x2, APPEND = 0x4, WRITE_EA = 0x10, DELETE_CHILD = 0x40, ATTRIBUTES = 0x100, DELETE_IT = 0x10000,
    READ_CONTROL_ = 0x20000, DAC = 0x40000, OWNER = 0x80000, SYNCHRONIZE_ = 0x100000 };

#define SERVICES "a service carries data out" /* acls.c */

#define NONE .same = PROBE_KIND_COUNT

#define W8_DENIED(word, mask)                                                                                                    \
    {.name = "w8-" word, .rule = "W8", .sentence = "a protected path cannot be opened with " word, .remedy = REPORT,             \
        .how = TRIAL_INSIDE, .on = ON_PROTECTED, .kind = PROBE_OPEN, .number = mask, .expected = ANSWER_DENIED,                  \
        .same = PROBE_OPEN, .same_on = ON_PROTECTED, .same_number = READ_DATA}
#define W8_LEFT(word, mask)                                                                                                      \
    {.name = "w8-" word, .rule = "W8", .sentence = "a protected path can be opened with " word,                                  \
        .remedy = "reads of protected paths fail: run :reapply; a deny entry may hold too much",                                \
        .how = TRIAL_INSIDE, .on = ON_PROTECTED, .kind = PROBE_OPEN, .number = mask, .expected = ANSWER_DONE, NONE}
#define COM_ROW(row, words, id)                                                                                                  \
    {.name = row, .rule = "W5", .sentence = words, .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_CLASS, .kind = PROBE_COM,     \
        .class = id, .expected = ANSWER_DENIED, .same = PROBE_START, .needs = NEED_ACCOUNT | NEED_OFFLINE}
#define SHOWN(row, point, words, by)                                                                                             \
    {.name = row, .rule = point, .sentence = words, .remedy = REPORT, .how = TRIAL_PROMISE, .promise = by, NONE}
#define NOT_TRIED(row, point, words, reason)                                                                                     \
    {.name = row, .rule = point, .sentence = words, .remedy = "nothing to do; docs/windows.md says what holds it", .how = TRIAL_NOT, .why = reason, NONE}
#define READ_BACK(row, point, words, where, reason, must)                                                                        \
    {.name = row, .rule = point, .sentence = words, .remedy = REPAIR, .how = TRIAL_READ, .look = where, .why = reason, NONE, .needs = must}

static const struct trial table[] = {
    /* ---- the design's own points ---- */
    {.name = "account-network", .rule = "accounts", .sentence = "the sandbox's account may not log on over the network", .remedy = REPAIR,
        .how = TRIAL_OUTSIDE, .look = LOOK_LOGON, .expected = ANSWER_DONE, NONE, .needs = NEED_ACCOUNT},
    NOT_TRIED("accounts", "accounts", "nor by remote desktop, batch or as a service",
        "nobody is given those rights to begin with, so a refusal would not show that they are denied; cordon-setup status reads them back"),
    NOT_TRIED("credentials", "accounts", "the passwords are sealed for the person alone",
        "nobody else is here to try it; the file is below ProgramData\\Cordon, for the person and SYSTEM, and that is read back by cordon-setup status"),
    SHOWN("write-outside", "write side", "a write outside the writable roots is refused", "write-outside"),
    SHOWN("write-inside", "write side", "the workspace is writable", "write-inside"),
    SHOWN("write-protected", "write side", "a write to a protected path is refused", "write-protected"),
    {.name = "root-WRITE_DAC", .rule = "write side", .sentence = "nor the permissions of a root be changed", .remedy = REPORT, .how = TRIAL_INSIDE,
        .on = ON_WORKSPACE, .kind = PROBE_OPEN, .number = DAC, .expected = ANSWER_DENIED, .same = PROBE_OPEN, .same_on = ON_WORKSPACE, .same_number = READ_DATA},
    {.name = "above-DELETE", .rule = "write side", .sentence = "nor the folder above a protected path be renamed away", .remedy = REPORT,
        .how = TRIAL_INSIDE, .on = ON_ABOVE, .kind = PROBE_OPEN, .number = DELETE_IT, .expected = ANSWER_DENIED, .same = PROBE_OPEN, .same_on = ON_ABOVE,
        .same_number = READ_DATA},
    {.name = "above-DELETE_CHILD", .rule = "write side", .sentence = "nor what is in it be removed by a right on it", .remedy = REPORT,
        .how = TRIAL_INSIDE, .on = ON_ABOVE, .kind = PROBE_OPEN, .number = DELETE_CHILD, .expected = ANSWER_DENIED, .same = PROBE_OPEN, .same_on = ON_ABOVE,
        .same_number = READ_DATA},
    {.name = "guard", .rule = "write side", .sentence = "what holds a protected name that is not there cannot be removed", .remedy = REPORT,
        .how = TRIAL_INSIDE, .on = ON_GUARD, .kind = PROBE_OPEN, .number = DELETE_IT, .expected = ANSWER_DENIED, .same = PROBE_WRITE, .same_on = ON_WORKSPACE},
    SHOWN("read-secret", "read side", "a secret path cannot be read", "read-secret"),
    {.name = "temp", .rule = "write side", .sentence = "the session's private temp is writable", .remedy = "see that the volume of temp has access control lists",
        .how = TRIAL_INSIDE, .on = ON_TEMP, .kind = PROBE_WRITE, .expected = ANSWER_DONE, NONE},
    {.name = "token-shape", .rule = "token", .sentence = "programs have a write-restricted token, no privilege but one, and are no administrators",
        .remedy = REPORT, .how = TRIAL_INSIDE, .kind = PROBE_SHAPE, .expected = ANSWER_DONE, .alone = true, NONE,
        .why = "read back by a grandchild, not tried"},
    SHOWN("privilege", "token", "no privilege can be gained", "privilege"),

    /* ---- W1: the restricting list ---- */
    {.name = "w1-own-pipe", .rule = "W1", .sentence = "a pipe without a descriptor can be written by who made it (ninja, libuv)",
        .remedy = "the account's own SID is missing in the restricting list: " REPORT, .how = TRIAL_INSIDE, .kind = PROBE_PIPE,
        .expected = ANSWER_DONE, NONE, .needs = NEED_ACCOUNT},
    {.name = "w1-own-folder", .rule = "W1", .sentence = "a folder that is its owner's alone can be used by who made it (pip, pytest)",
        .remedy = "the account's own SID is missing in the restricting list: " REPORT, .how = TRIAL_INSIDE, .on = ON_TEMP,
        .kind = PROBE_OWN_FOLDER, .expected = ANSWER_DONE, NONE, .needs = NEED_ACCOUNT},
    {.name = "w1-other-session", .rule = "W1", .sentence = "a file that another session of the account made in its root cannot be written",
        .remedy = REPORT, .how = TRIAL_INSIDE, .on = ON_OTHER_FILE, .kind = PROBE_OPEN, .number = WRITE_DATA, .expected = ANSWER_DENIED,
        .same = PROBE_OPEN, .same_on = ON_OTHER_FILE, .same_number = READ_DATA},
    {.name = "w1-other-session-dacl", .rule = "W1", .sentence = "nor its access control list changed, though the account owns it",
        .remedy = REPORT, .how = TRIAL_INSIDE, .on = ON_OTHER_FILE, .kind = PROBE_OPEN, .number = DAC, .expected = ANSWER_DENIED,
        .same = PROBE_OPEN, .same_on = ON_OTHER_FILE, .same_number = READ_DATA},
    {.name = "w1-everyone", .rule = "W1", .sentence = "what Everyone may write can be written while Everyone is in the list (the weak member)",
        .remedy = "programs that need what is open to anybody may fail; nothing is less safe", .how = TRIAL_INSIDE, .on = ON_OPEN_TO_ALL,
        .kind = PROBE_OPEN, .number = WRITE_DATA, .expected = ANSWER_DONE, NONE, .needs = NEED_WEAK_EVERYONE},
    {.name = "w1-everyone-closed", .rule = "W1", .sentence = "what Everyone may write cannot be written without Everyone in the list",
        .remedy = REPORT, .how = TRIAL_INSIDE, .on = ON_OPEN_TO_ALL, .kind = PROBE_OPEN, .number = WRITE_DATA, .expected = ANSWER_DENIED,
        .same = PROBE_OPEN, .same_on = ON_OPEN_TO_ALL, .same_number = READ_DATA, .needs = NEED_NOT_WEAK_EVERYONE},
    {.name = "w1-33", .rule = "W1", .sentence = "what S-1-5-33 may write cannot be written without it in the list", .remedy = REPORT,
        .how = TRIAL_INSIDE, .on = ON_OPEN_TO_33, .kind = PROBE_OPEN, .number = WRITE_DATA, .expected = ANSWER_DENIED, .same = PROBE_OPEN,
        .same_on = ON_OPEN_TO_33, .same_number = READ_DATA, .needs = NEED_NOT_WEAK_33},
    READ_BACK("w1-compare-none", "W1", "what a list with neither weak member opens", LOOK_WEAK_NONE, "a comparison for whoever decides about the switch", 0),
    READ_BACK("w1-compare-everyone", "W1", "what Everyone in the list opens", LOOK_WEAK_EVERYONE, "a comparison for whoever decides about the switch", 0),
    READ_BACK("w1-compare-both", "W1", "what both in the list open", LOOK_WEAK_BOTH, "a comparison for whoever decides about the switch", 0),
    READ_BACK("w1-compare-33", "W1", "what S-1-5-33 in the list opens", LOOK_WEAK_33, "a comparison for whoever decides about the switch", 0),
    NOT_TRIED("w1-own-dacl", "W1", "what a program closes by a list of its own stays its own business",
        "the named exception: a list that a program sets itself can open its file to other sessions of the account"),

    /* ---- W2: the runner's side ---- */
    SHOWN("w2-runner", "W2", "what starts programs inside cannot be reached into", "runner"),
    SHOWN("w2-console-host", "W2", "nor can the console hosts", "console-host"),
    SHOWN("w2-cordon", "W2", "nor can Cordon's own process", "process"),
    SHOWN("w2-console", "W2", "the person's console cannot be attached to", "terminal"),
    {.name = "w2-parent", .rule = "W2", .sentence = "no program can be started as a child of the runner", .remedy = REPORT, .how = TRIAL_INSIDE,
        .on = ON_RUNNER, .kind = PROBE_PARENT, .expected = ANSWER_DENIED, .same = PROBE_PARENT, .alone = true},
    {.name = "w2-parent-cordon", .rule = "W2", .sentence = "nor as a child of Cordon", .remedy = REPORT, .how = TRIAL_INSIDE,
        .on = ON_CORDON, .kind = PROBE_PARENT, .expected = ANSWER_DENIED, .same = PROBE_PARENT, .alone = true},
    {.name = "w2-threads", .rule = "W2", .sentence = "the runner's threads cannot be opened", .remedy = REPORT, .how = TRIAL_INSIDE,
        .on = ON_RUNNER, .kind = PROBE_THREADS, .expected = ANSWER_DENIED, .same = PROBE_THREADS, .alone = true},
    {.name = "w2-token", .rule = "W2", .sentence = "the runner's token cannot be copied", .remedy = REPORT, .how = TRIAL_INSIDE,
        .on = ON_RUNNER, .kind = PROBE_TOKEN, .expected = ANSWER_DENIED, .same = PROBE_TOKEN, .alone = true},
    {.name = "w2-devices", .rule = "W2", .sentence = "nobody inside says what a drive letter is for the runner", .remedy = REPORT,
        .how = TRIAL_INSIDE, .kind = PROBE_DEVICES, .expected = ANSWER_DENIED, .same = PROBE_START, .needs = NEED_ACCOUNT,
        .named = "what a drive letter is"},
    {.name = "w2-other-session", .rule = "W2", .sentence = "another session's runner cannot be reached into", .remedy = REPORT, .how = TRIAL_INSIDE,
        .on = ON_OTHER_RUNNER, .kind = PROBE_PROCESS, .expected = ANSWER_DENIED, .same = PROBE_PARENT, .alone = true},
    {.name = "w2-other-host", .rule = "W2", .sentence = "nor its console hosts", .remedy = REPORT, .how = TRIAL_INSIDE, .on = ON_OTHER_RUNNER,
        .kind = PROBE_HOST, .expected = ANSWER_DENIED, .same = PROBE_PARENT, .alone = true},
    {.name = "w2-other-program", .rule = "W2", .sentence = "nor the programs that run in it", .remedy = REPORT, .how = TRIAL_INSIDE, .on = ON_OTHER_RUNNER,
        .kind = PROBE_CHILDREN, .expected = ANSWER_DENIED, .same = PROBE_PARENT, .alone = true},
    {.name = "w2-other-parent", .rule = "W2", .sentence = "nor used as a parent", .remedy = REPORT, .how = TRIAL_INSIDE, .on = ON_OTHER_RUNNER,
        .kind = PROBE_PARENT, .expected = ANSWER_DENIED, .same = PROBE_PARENT, .alone = true},

    NOT_TRIED("w2-moment", "W2", "nobody opens a runner between its creation and its closing",
        "another session of the account would have to be faster than Cordon, for the moment in which it is suspended: a race that was lost "
        "shows nothing, and what has a handle is not told"),

    /* ---- W3: jobs ---- */
    {.name = "w3-in-job", .rule = "W3", .sentence = "programs are in a job that ends with its last handle", .remedy = REPORT, .how = TRIAL_INSIDE,
        .kind = PROBE_IN_JOB, .expected = ANSWER_DONE, .alone = true, NONE, .why = "read back by a grandchild, not tried"},
    {.name = "w3-breakaway", .rule = "W3", .sentence = "no program can be started outside of the job", .remedy = REPORT, .how = TRIAL_INSIDE,
        .kind = PROBE_BREAKAWAY, .expected = ANSWER_DENIED, .same = PROBE_START, .alone = true},
    NOT_TRIED("w3-limits", "W3", "limits of memory, processes and processor hold",
        "to reach a limit is to slow the machine down; the runner reads each back when it sets it, and does not start otherwise"),

    /* ---- W4: window station ---- */
    SHOWN("w4-desktop", "W4", "windows, keys and clipboard of the person cannot be reached", "desktop"),
    {.name = "w4-station", .rule = "W4", .sentence = "the person's window station cannot be opened", .remedy = REPAIR, .how = TRIAL_INSIDE,
        .kind = PROBE_STATION, .number = 0x4, .expected = ANSWER_DENIED, .same = PROBE_CLIPBOARD, .needs = NEED_ACCOUNT},
    {.name = "w4-default", .rule = "W4", .sentence = "nor its desktop", .remedy = REPAIR, .how = TRIAL_INSIDE, .kind = PROBE_DEFAULT,
        .expected = ANSWER_DENIED, .same = PROBE_CLIPBOARD, .needs = NEED_ACCOUNT},
    {.name = "w4-input", .rule = "W4", .sentence = "nor the desktop that has the input", .remedy = REPAIR, .how = TRIAL_INSIDE,
        .kind = PROBE_INPUT, .expected = ANSWER_DENIED, .same = PROBE_CLIPBOARD, .needs = NEED_ACCOUNT},
    {.name = "w4-window", .rule = "W4", .sentence = "no window of the person's is seen", .remedy = REPAIR, .how = TRIAL_INSIDE,
        .kind = PROBE_WINDOW, .expected = ANSWER_DENIED, .same = PROBE_CLIPBOARD, .needs = NEED_ACCOUNT},
    {.name = "w4-send-input", .rule = "W4", .sentence = "no key or mouse can be sent (SendInput)", .remedy = REPAIR, .how = TRIAL_INSIDE,
        .kind = PROBE_SEND_INPUT, .expected = ANSWER_DENIED, .same = PROBE_CLIPBOARD, .needs = NEED_ACCOUNT},

    /* ---- W5: services that act for the caller ---- */
    {.name = "w5-dns", .rule = "W5", .sentence = "names are not looked up for the offline account (Dnscache)", .remedy = REACH,
        .how = TRIAL_INSIDE, .on = ON_NAME, .kind = PROBE_RESOLVE, .expected = ANSWER_DENIED, .same = PROBE_START,
        .named = SERVICES, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w5-share", .rule = "W5", .sentence = "no server of files is reached (\\\\ip\\share)", .remedy = REACH, .how = TRIAL_INSIDE,
        .on = ON_SHARE, .kind = PROBE_SHARE, .expected = ANSWER_DENIED, .same = PROBE_START, .named = SERVICES, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w5-webdav", .rule = "W5", .sentence = "nor one by the web (\\\\host@80\\)", .remedy = REACH, .how = TRIAL_INSIDE, .on = ON_WEB,
        .kind = PROBE_SHARE, .expected = ANSWER_DENIED, .same = PROBE_START, .heard = true, .named = SERVICES, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w5-wsl", .rule = "W5", .sentence = "wsl.exe cannot be started", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_WSL,
        .kind = PROBE_EXECUTE, .expected = ANSWER_DENIED, .same = PROBE_START, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w5-wsl-package", .rule = "W5", .sentence = "nor that of the package", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_WSL_PACKAGE,
        .kind = PROBE_EXECUTE, .expected = ANSWER_DENIED, .same = PROBE_START, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    COM_ROW("w5-bits", "the background transfer service does not answer", "{4991D34B-80A1-4291-83B6-3328366B9097}"),
    COM_ROW("w5-wmi", "WMI, which starts processes outside of the job, does not answer", "{8BC3F05E-D86B-11D0-A075-00C04FB68820}"),
    COM_ROW("w5-interactive-user", "no server that runs as the interactive user answers (ShellWindows)", "{9BA05972-F6A8-11CF-A442-00A0C90A8F39}"),
    {.name = "w5-task", .rule = "W5", .sentence = "no task can be scheduled", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_TASK,
        .kind = PROBE_TASK, .expected = ANSWER_DENIED, .same = PROBE_START, .needs = NEED_ACCOUNT},
    NOT_TRIED("w5-start-https", "W5", "start https: does not make the person's browser call out",
        "it would open a browser, and outside the control would open yours; what it goes by is tried as w5-interactive-user"),
    NOT_TRIED("w5-http-sys", "W5", "HTTP.sys does not listen for the offline account",
        "its only address that is free to anybody (port 80, Temporary_Listen_Addresses) is open to other machines while it is tried"),
    READ_BACK("w5-services", "W5", "services that act for whoever asks, and run now", LOOK_SERVICES, "counted, not tried", NEED_ACCOUNT),

    /* ---- W6: the network, with the restricted child's token ---- */
    SHOWN("w6-tcp", "W6", "nothing outside can be connected to", "connect"),
    {.name = "w6-tcp6", .rule = "W6", .sentence = "nor over IPv6", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_TCP6, .kind = PROBE_CONNECT6,
        .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w6-udp", .rule = "W6", .sentence = "no datagram leaves", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_UDP4, .kind = PROBE_SEND4,
        .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK, .heard = true, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w6-udp6", .rule = "W6", .sentence = "nor over IPv6", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_UDP6, .kind = PROBE_SEND6,
        .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK, .heard = true, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w6-echo", .rule = "W6", .sentence = "nothing answers an ICMP echo", .remedy = REPAIR, .how = TRIAL_INSIDE, .kind = PROBE_ECHO,
        .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w6-anonymous", .rule = "W6", .sentence = "nor can a thread that becomes the anonymous logon connect", .remedy = REPAIR, .how = TRIAL_INSIDE,
        .on = ON_TCP6, .kind = PROBE_ANONYMOUS, .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w6-container", .rule = "W6", .sentence = "no program can start itself in an AppContainer, past the filters", .remedy = REPAIR,
        .how = TRIAL_INSIDE, .on = ON_TASK, .kind = PROBE_CONTAINER, .expected = ANSWER_DENIED, .same = PROBE_START,
        .needs = NEED_ACCOUNT | NEED_OFFLINE,
        .undecided = "it can; that the filters name every container is read back when a session opens, and Windows keeps containers off loopback "
                     "by itself, so nothing on this machine shows which of the two would hold"},
    {.name = "w6-listen", .rule = "W6", .sentence = "a fixed port cannot be listened at", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_FREE_PORT,
        .kind = PROBE_LISTEN, .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w6-listen6", .rule = "W6", .sentence = "nor over IPv6", .remedy = REPAIR, .how = TRIAL_INSIDE, .on = ON_FREE_PORT,
        .kind = PROBE_LISTEN, .number = 0x10000, .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    {.name = "w6-listen-any", .rule = "W6", .sentence = "nor any port at all addresses, which others would reach", .remedy = REPAIR,
        .how = TRIAL_INSIDE, .on = ON_FREE_PORT, .kind = PROBE_LISTEN, .number = 0x20000, .expected = ANSWER_DENIED, .same = PROBE_LOOPBACK,
        .alone = true, .needs = NEED_ACCOUNT | NEED_OFFLINE},
    NOT_TRIED("w6-accept", "W6", "nobody outside this machine is let in",
        "it needs another machine; the filter of that layer is read back by cordon-setup status"),
    SHOWN("w6-loopback", "W6", "programs inside reach one another on loopback (asyncio, Gradle, MSYS)", "loopback"),
    READ_BACK("w6-listeners", "W6", "who listens on loopback where the offline account may connect", LOOK_LISTENERS,
        "counted, not called: they are not Cordon's", NEED_ACCOUNT),

    /* ---- W7: the profile ---- */
    {.name = "w7-profile", .rule = "W7", .sentence = "the account's profile is loaded, and its own", .remedy = "run cordon repair", .how = TRIAL_INSIDE,
        .kind = PROBE_PROFILE, .expected = ANSWER_DONE, NONE, .needs = NEED_ACCOUNT},
    {.name = "w7-tls", .rule = "W7", .sentence = "a handshake of TLS can be begun (Schannel has its credentials)",
        .remedy = "run cordon repair; git goes on with: git config --global http.sslBackend openssl", .how = TRIAL_INSIDE, .kind = PROBE_TLS,
        .expected = ANSWER_DONE, NONE},
    NOT_TRIED("w7-tls-whole", "W7", "a handshake of TLS comes to its end",
        "Cordon has no server of TLS to call; without a profile it is the beginning that fails, and that is tried"),

    /* ---- W8: deny entries, right by right ---- */
    W8_DENIED("FILE_WRITE_DATA", WRITE_DATA),
    W8_DENIED("FILE_APPEND_DATA", APPEND),
    W8_DENIED("FILE_WRITE_EA", WRITE_EA),
    W8_DENIED("FILE_WRITE_ATTRIBUTES", ATTRIBUTES),
    W8_DENIED("FILE_DELETE_CHILD", DELETE_CHILD),
    W8_DENIED("DELETE", DELETE_IT),
    W8_DENIED("WRITE_DAC", DAC),
    W8_DENIED("WRITE_OWNER", OWNER),
    W8_LEFT("FILE_READ_DATA", READ_DATA),
    W8_LEFT("READ_CONTROL", READ_CONTROL_),
    W8_LEFT("SYNCHRONIZE", SYNCHRONIZE_),

    /* ---- W9: the witness ---- */
    NOT_TRIED("w9-confirmed", "W9", "a refused write is told by the witness",
        "told by the line about the witness at the end of this report: did a record of what was refused above arrive?"),
    READ_BACK("w9-log", "W9", "refusals cannot fill the Security log to a standstill", LOOK_LOG,
        "the log is not flooded to see; a program inside can roll it over, and earlier records with it", 0),

    /* ---- W10: writing entries is not a confused deputy ---- */
    {.name = "w10-hard-link", .rule = "W10", .sentence = "a hard link that leads out of a root does not carry entries out", .remedy = REPORT,
        .how = TRIAL_OUTSIDE, .look = LOOK_LINK, .expected = ANSWER_DONE, NONE},
    {.name = "w10-junction", .rule = "W10", .sentence = "nor does a junction", .remedy = REPORT, .how = TRIAL_OUTSIDE, .look = LOOK_JUNCTION,
        .expected = ANSWER_DONE, NONE},

    /* Ends the second session, and so stands behind every row that is tried on it. */
    {.name = "w3-end", .rule = "W3", .sentence = "what runs in a session ends with it", .remedy = REPORT, .how = TRIAL_OUTSIDE, .look = LOOK_END,
        .expected = ANSWER_DONE, NONE},

    /* ---- what else is tried first inside ---- */
    NOT_TRIED("runas", "first", "no prompt for elevation comes up on the person's desktop",
        "an attempt would put one on your desktop; what comes up while something runs inside is not Cordon's: answer no"),
    {.name = "flat-volume", .rule = "first", .sentence = "a volume without access control lists cannot be written", .remedy = "take it out, or do not go on",
        .named = "keeps no permissions", .how = TRIAL_INSIDE, .on = ON_FLAT_VOLUME, .kind = PROBE_OPEN, .number = WRITE_DATA, .expected = ANSWER_DENIED, .same = PROBE_WRITE,
        .same_on = ON_WORKSPACE},
    {.name = "everyone-folder", .rule = "first", .sentence = "a folder that Everyone may write cannot be written",
        .remedy = "take Everyone's entry away from it, or make it a protected path", .named = "anybody may write in", .how = TRIAL_INSIDE, .on = ON_EVERYONE_FOUND,
        .kind = PROBE_OPEN, .number = WRITE_DATA, .expected = ANSWER_DENIED, .same = PROBE_WRITE, .same_on = ON_WORKSPACE},
    NOT_TRIED("cloud-folder", "first", "a workspace that a cloud client uploads carries nothing out",
        "what is written there is uploaded, by the person's own client: keep a workspace elsewhere; placeholders and such roots are refused by name"),
    SHOWN("foreign-pipe", "first", "a pipe of Cordon's cannot be opened", "abstract-socket"),
    READ_BACK("pipes", "first", "names of pipes that can be seen", LOOK_PIPES, "counted, not opened: opening one is a connection to whoever has it", 0),
};

const struct trial *trials_list(size_t *count)
{
    *count = COUNT_OF(table);
    return table;
}

bool trial_applies(const struct trial *t, const struct trial_here *here, const char **why)
{
    bool outside = t->how == TRIAL_OUTSIDE || t->how == TRIAL_READ || t->how == TRIAL_NOT;

    *why = NULL;
    if (!here->windows)
        *why = "this is not Windows";
    else if (!here->opened && !outside)
        *why = "no boundary could be opened to try it in";
    else if ((t->needs & NEED_ACCOUNT) && !here->account)
        *why = "without setup there is no account that this could be asked of";
    else if ((t->needs & NEED_OFFLINE) && !here->offline)
        *why = "this session is online";
    else if ((t->needs & NEED_ONLINE) && here->offline)
        *why = "this session is offline";
    else if (((t->needs & NEED_WEAK_EVERYONE) && here->weak != WEAK_EVERYONE) ||
             ((t->needs & NEED_NOT_WEAK_EVERYONE) && here->weak == WEAK_EVERYONE) ||
             ((t->needs & NEED_WEAK_33) && here->weak != WEAK_WRITE_RESTRICTED) ||
             ((t->needs & NEED_NOT_WEAK_33) && here->weak == WEAK_WRITE_RESTRICTED))
        *why = "the restricting list is composed otherwise here";
    return !*why;
}

/* What was only looked at is never more than configured, and never broken by what could not be told. */
static enum promise_state judge_read(const struct trial *t, const struct trial_result *r, const char **why)
{
    *why = t->why;
    if (r->observed == ANSWER_DONE)
        return PROMISE_CONFIGURED;
    if (r->observed == ANSWER_DENIED)
        return PROMISE_BROKEN;
    return PROMISE_UNKNOWN;
}

enum promise_state trial_judge(const struct trial *t, const struct trial_here *here, const struct trial_result *r, const char **why)
{
    bool refuses = t->expected == ANSWER_DENIED;

    if (!trial_applies(t, here, why))
        return PROMISE_UNKNOWN;
    if (t->how == TRIAL_NOT) {
        *why = t->why;
        return PROMISE_UNKNOWN;
    }
    if (t->how == TRIAL_READ)
        return judge_read(t, r, why);
    if (refuses && t->undecided && r->observed == ANSWER_DONE) {
        *why = t->undecided;
        return PROMISE_UNKNOWN;
    }
    if (r->observed != t->expected) {
        if (refuses ? r->observed == ANSWER_DONE : r->observed == ANSWER_DENIED || r->observed == ANSWER_FAILED) {
            if (refuses || t->alone || r->outside == ANSWER_DONE || t->how == TRIAL_OUTSIDE)
                return PROMISE_BROKEN;
            *why = "it does not succeed outside either";
            return PROMISE_UNKNOWN;
        }
        *why = r->observed == ANSWER_MISSING ? "what it is tried on is not there" : "the attempt came to no clear end";
        return PROMISE_UNKNOWN;
    }
    if (t->how == TRIAL_OUTSIDE && here->enforced)
        return PROMISE_OBSERVED;
    if (t->how == TRIAL_OUTSIDE) {
        *why = "nothing is enforced here";
        return PROMISE_UNKNOWN;
    }
    if (t->same != PROBE_KIND_COUNT && r->same != ANSWER_DONE) {
        *why = "the same process could not do its control either";
        return PROMISE_UNKNOWN;
    }
    if (t->why) { /* what a process says of itself */
        *why = t->why;
        return PROMISE_CONFIGURED;
    }
    if (!t->alone && r->outside != ANSWER_DONE) {
        *why = "the same attempt does not succeed outside either";
        return PROMISE_UNKNOWN;
    }
    if (refuses && !here->enforced) {
        *why = "nothing is enforced here, so whatever refused was not the boundary";
        return PROMISE_UNKNOWN;
    }
    return PROMISE_OBSERVED;
}
