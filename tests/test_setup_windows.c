/* test_setup_windows: cordon-setup as a program, under Wine, where nothing of what it makes can be held: it starts, prints its plan,
 * says that nothing is set up, ends at the first thing that it cannot read back, takes back what it did, and claims nothing. Also
 * DPAPI around the passwords, and the lock. */
#include "check.h"
#include "../sandbox/shut_windows.h"
#include "../sandbox/credentials.h"
#include "../sandbox/core/store.h"

#include <stdio.h>
#include <string.h>

#define WAIT_MS 60000
#define OUTPUT  65536

/* ---- cordon-setup as a child ---- */

static char output[OUTPUT];

/* Its exit code; -1 when it could not be started or did not end. */
static long setup(const wchar_t *words)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION child = {0};
    HANDLE in = NULL, out = NULL;
    wchar_t path[MAX_PATH], line[MAX_PATH + 256], *tail;
    DWORD n, code = 0;
    size_t used = 0;
    long result = -1;

    GetModuleFileNameW(NULL, path, COUNT_OF(path));
    tail = wcsrchr(path, L'\\');
    if (!tail || !CreatePipe(&in, &out, &inherited, 0))
        return -1;
    tail[1] = 0;
    wcsncat(path, L"cordon-setup.exe", COUNT_OF(path) - wcslen(path) - 1);
    _snwprintf(line, COUNT_OF(line), L"\"%ls\" %ls", path, words);
    start.hStdOutput = start.hStdError = out;
    if (CreateProcessW(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
        CloseHandle(out);
        out = NULL;
        while (used < sizeof output - 1 && ReadFile(in, output + used, (DWORD)(sizeof output - 1 - used), &n, NULL) && n > 0)
            used += n;
        if (WaitForSingleObject(child.hProcess, WAIT_MS) == WAIT_OBJECT_0 && GetExitCodeProcess(child.hProcess, &code))
            result = (long)code;
        else
            TerminateProcess(child.hProcess, 1);
        CloseHandle(child.hProcess);
        CloseHandle(child.hThread);
    }
    output[used] = '\0';
    if (out)
        CloseHandle(out);
    CloseHandle(in);
    return result;
}

static bool is_there(const wchar_t *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

static bool nothing_there(void)
{
    return !is_there(L"C:\\ProgramData\\Cordon") && !is_there(L"C:\\Program Files\\Cordon");
}

static bool claims(void)
{
    return strstr(output, "set up;") || strstr(output, "\"set_up\":true") || strstr(output, "done      enable") || strstr(output, "done      commit");
}

static void words(void)
{
    CHECK(setup(L"help") == 0 && strstr(output, "usage:"), "help is told, and no more");
    CHECK(setup(L"") == 125 && setup(L"install --nonsense") == 125 && setup(L"install --person S-1-5-18") == 125, "words that it does not know end it");
    CHECK(setup(L"status") == 1 && strstr(output, "not set up") && !claims(), "status: not set up");
    CHECK(setup(L"status --json") == 1 && strstr(output, "\"set_up\":false"), "the same as JSON");
    CHECK(setup(L"install --plan") == 0 && strstr(output, "this is Wine") && strstr(output, "make the local account, disabled: CordonOffline"),
        "the plan is printed, and that nothing of it would hold here");
    CHECK(setup(L"install --plan --json") == 0 && output[0] == '{' && strstr(output, "\"steps\":["), "as JSON too");
    CHECK(setup(L"install --plan --offline Elsewhere") == 0 && strstr(output, "Elsewhere"), "names are taken");
    CHECK(setup(L"install --plan --offline Same --online same") == 3 && strstr(output, "named twice"), "what stands against it is printed");
    CHECK(setup(L"install --plan --person S-1-5-21-9-9-9-1009") == 3 && strstr(output, "whose Cordon"), "nobody is set up who did not ask for it");
    CHECK(setup(L"uninstall --plan") == 0, "uninstall has a plan");
    CHECK(nothing_there(), "none of it changed anything");
}

static void installs(void)
{
    const wchar_t *prefix = _wgetenv(L"WINEPREFIX");
    wchar_t words[MAX_PATH + 64];

    CHECK(setup(L"install --offline Same --online same") == 3 && strstr(output, "nothing was changed") && nothing_there(), "what is blocked does not begin");
    CHECK(setup(L"install") == 125 && strstr(output, "FAILED") && strstr(output, "cannot be read back") && !claims(),
        "what cannot be read back ends setup, by its name");
    CHECK(strstr(output, "C:\\ProgramData\\Cordon:") && !strstr(output, "C:\\\\"), "paths are as they are typed");
    CHECK(strstr(output, "folder") && strstr(output, "taken back") && nothing_there(), "and is taken back");
    CHECK(setup(L"install --json") == 125 && strstr(output, "{\"version\":1,\"exit\":125,\"error\":\"the step") &&
              strstr(output, "{\"step\":\"folder\",\"came_to\":\"FAILED\",\"subject\":\"C:\\\\ProgramData\\\\Cordon\"") && strstr(output, "],\"left\":[]}") && !strstr(output, "FAILED    "),
        "with --json as one object");
    CHECK(setup(L"repair --quiet") == 125 && nothing_there() && !strstr(output, "taken back"), "repair ends alike, and quietly");
    CHECK(setup(L"repair --give C:\\windows") == 125 && strstr(output, "Windows is there"), "Windows' own folder is handed to nobody");
    CreateDirectoryW(L"C:\\cordon-given", NULL);
    CHECK(setup(L"repair --give C:\\cordon-given") == 0 && strstr(output, "0 objects are yours now; 0 stay"), "one that is the person's already stays the person's");
    CHECK(setup(L"repair --give C:/CORDON-given") == 0, "whatever the case and the separators that it is typed with");
    CHECK(setup(L"repair --give \\\\.\\C:\\cordon-given") == 125, "but not by a device's name");
    if (prefix) { /* wine has no junctions, but a drive that leads through another */
        _snwprintf(words, COUNT_OF(words), L"repair --give \"Z:%ls/drive_c/cordon-given\"", prefix);
        CHECK(setup(words) == 125 && strstr(output, "leads elsewhere; name it as C:\\cordon-given"), "nor where something on the way leads to another");
    } else {
        CHECK_SKIP("nor where something on the way leads to another", "of wine alone");
    }
    RemoveDirectoryW(L"C:\\cordon-given");
    CHECK(setup(L"status") == 1 && !claims(), "and nothing is set up afterwards");
    CHECK(setup(L"uninstall") == 0 && nothing_there() && strstr(output, "no        residue") && !strstr(output, "taken back"),
        "there is nothing to uninstall, and nothing is said to have been");
}

static DWORD WINAPI take_and_die(void *lock)
{
    WaitForSingleObject((HANDLE)lock, 1000);
    return 0; /* without giving it back */
}

static void lock(void)
{
    HANDLE mine = CreateMutexW(NULL, TRUE, L"Global\\CordonSetup"), thread;

    CHECK(mine && setup(L"install") == 5 && strstr(output, "another"), "while another is at work it waits, and gives up by name");
    ReleaseMutex(mine);
    CloseHandle(mine);
    mine = CreateEventW(NULL, TRUE, FALSE, L"Global\\CordonSetup");
    CHECK(mine && setup(L"install") == 125 && strstr(output, "something else has its name"), "what is no lock of setup's, but has its name, is told as that");
    CloseHandle(mine);
    mine = CreateMutexW(NULL, FALSE, L"Global\\CordonSetup");
    thread = CreateThread(NULL, 0, take_and_die, mine, 0, NULL);
    WaitForSingleObject(thread, 5000);
    CloseHandle(thread);
    CHECK(setup(L"install") == 125 && strstr(output, "cannot be read back"), "a lock whose owner died is taken");
    CloseHandle(mine);
}

/* ---- the passwords ---- */

#define ME "S-1-5-21-0-0-0-1000"

static void seals(void)
{
    struct arena a = {0};
    struct passwords made = {0}, got = {0}, second = {0};
    struct buf machine = {0}, person = {0};
    struct err e = {0};
    bool theirs = true;

    CHECK(passwords_new(&made, &e) && passwords_new(&second, &e) && strlen(made.offline) == SETUP_PASSWORD_LENGTH && strcmp(made.offline, made.online) &&
              strcmp(made.offline, second.offline), "passwords are made, each another");
    CHECK(passwords_seal(&a, &made, STR(ME), false, &machine, &e) && passwords_seal(&a, &made, STR(ME), true, &person, &e), "sealed");
    CHECK(!strstr(arena_str(&a, buf_view(&machine)).p, made.offline), "the password is not in the seal");
    CHECK(passwords_unseal(buf_view(&machine), STR(ME), &got, &theirs, &e) && !theirs && !memcmp(&got, &made, sizeof got), "opened again");
    CHECK(passwords_unseal(buf_view(&person), STR(ME), &got, &theirs, &e) && theirs, "as the person's too");
    CHECK(!passwords_unseal(buf_view(&machine), STR("S-1-5-21-0-0-0-1001"), &got, &theirs, &e) && !got.there && !got.offline[0] && strstr(e.remedy, "repair"),
        "for somebody else it does not open, and nothing is left in memory");
    passwords_wipe(&made);
    CHECK(!made.there && !made.offline[0] && !made.online[0], "wiped");
    buf_release(&machine);
    buf_release(&person);
    arena_release(&a);
}

static void rewraps(void)
{
    struct arena a = {0};
    struct passwords made = {0}, got = {0};
    struct buf bytes = {0};
    struct err e = {0};
    wchar_t here[MAX_PATH];
    DWORD n = GetCurrentDirectoryW(COUNT_OF(here), here);
    struct str data = arena_format(&a, "%s\\data", utf8_from(&a, here, n).p), file = ledger_place(&a, data, STR(ME), "passwords"), now;
    bool good = passwords_new(&made, &e) && passwords_seal(&a, &made, STR(ME), false, &bytes, &e) &&
                sys_make_folders(ledger_place(&a, data, STR(ME), ""), 0700, &e) && sys_append_file(file, buf_view(&bytes), &e);

    CHECK(good && passwords_open(data, STR(ME), &got, &e) && !memcmp(&got, &made, sizeof got), "the shell opens what setup sealed for the machine");
    CHECK(sys_read_file(&a, file, SEALED_FILE_MAX, true, &now, &e) && strstr(now.p, "for\tperson\n") && !str_eq(now, buf_view(&bytes)),
        "and seals it for its person alone");
    CHECK(passwords_open(data, STR(ME), &got, &e) && !memcmp(&got, &made, sizeof got), "which opens again");
    CHECK(!passwords_open(data, STR("S-1-5-21-0-0-0-1001"), &got, &e) && e.kind == ERR_MISSING, "where nothing was set up, that is said");
    buf_release(&bytes);
    arena_release(&a);
}

/* ---- what Cordon put on the disk, for uninstall ---- */

static void enter_number(struct win_ledger *l, struct str path)
{
    struct arena a = {0};
    uint64_t dev, ino;
    HANDLE h = win_open_itself(wide_from(&a, path), FILE_READ_ATTRIBUTES, OPEN_EXISTING);

    if (h && win_identity(h, &dev, &ino))
        win_ledger_made(l, path, dev, ino, STR("D:"));
    win_close(&h);
    arena_release(&a);
}

static void restores(void)
{
    struct arena a = {0};
    struct err e = {0};
    wchar_t here[MAX_PATH];
    DWORD n = GetCurrentDirectoryW(COUNT_OF(here), here);
    struct str base = utf8_from(&a, here, n), session = {0};
    struct host host = {.state_dir = arena_format(&a, "%s\\state", base.p)};
    struct str names[] = {arena_format(&a, "%s\\made", base.p), arena_format(&a, "%s\\held", base.p), arena_format(&a, "%s\\other", base.p),
        arena_format(&a, "%s\\gone", base.p)};
    struct win_ledger l;
    struct texts left = {0};
    size_t restored = 0;
    bool good = sys_session_folder(&a, host.state_dir, &session, &e) && CreateDirectoryW(wide_from(&a, names[0]), NULL) &&
                sys_append_file(names[1], STR(".\n"), &e) && sys_append_file(names[2], STR("a person's"), &e) && win_ledger_open(&a, host.state_dir, &l, &e);

    for (size_t i = 0; good && i < COUNT_OF(names); i++) {
        struct entry entry = {.kind = ENTRY_MADE, .path = names[i], .folder = i == 0};
        good = win_ledger_before(&l, &entry, &e);
        enter_number(&l, names[i]);
    }
    CHECK(good && win_ledger_close(&l, &e) && restore_entries(&a, &host, &left, &restored, &e), "what Cordon made on the disk is taken back");
    CHECK(!is_there(wide_from(&a, names[0])) && !is_there(wide_from(&a, names[1])), "an empty folder, and a file as it was made, are gone");
    CHECK(is_there(wide_from(&a, names[2])) && left.n == 1 && strstr(left.v[0].p, "other"), "what somebody wrote into stays, by name");
    CHECK(restore_entries(&a, &host, &left, &restored, &e) && restored == 0, "a second time there is nothing");
    sys_session_folder_end();
    arena_release(&a);
}

/* A list of COM's, written into Wine's own registry alone. sddl NULL: none. */
static void com_list(const wchar_t *name, const char *sddl)
{
    static const wchar_t key[] = L"SOFTWARE\\Microsoft\\Ole";
    struct arena a = {0};
    struct descriptor d;
    struct buf bytes = {0};
    struct err e = {0};

    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, key, name);
    if (sddl && sddl_parse(&a, str_from(sddl), &d, &e) && descriptor_encode(&d, &bytes))
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_BINARY, bytes.p, (DWORD)bytes.n);
    buf_release(&bytes);
    arena_release(&a);
}

/* What setup shut is read again at each start, by whoever may read it. */
static void shut(void)
{
    static const wchar_t launch[] = L"MachineLaunchRestriction", access[] = L"MachineAccessRestriction";
    static const char closed[] = "O:BAG:BAD:(D;;0x1f;;;S-1-5-21-1-2-3-1010)(A;;0x1f;;;WD)", open[] = "O:BAG:BAD:(A;;0x1f;;;WD)";
    struct str group = STR("S-1-5-21-1-2-3-1010");
    struct arena a = {0};

    com_list(launch, NULL);
    com_list(access, NULL);
    CHECK(look_com(&a, group) == LOOK_UNKNOWN, "COM: where there is no list Windows' default is not guessed");
    com_list(launch, closed);
    com_list(access, closed);
    CHECK(look_com(&a, group) == LOOK_WHOLE, "COM: both lists refuse the group");
    CHECK(look_com(&a, STR("S-1-5-21-1-2-3-1099")) == LOOK_MISSING, "COM: that is nobody else's refusal");
    com_list(access, open);
    CHECK(look_com(&a, group) == LOOK_MISSING, "COM: one list that was opened again is seen");
    com_list(access, NULL);
    CHECK(look_com(&a, group) == LOOK_UNKNOWN, "COM: one list that is gone is not shut");
    com_list(launch, NULL);
    CHECK(look_wsl(&a, STR("C:\\no-such-folder"), group) != LOOK_UNKNOWN, "WSL: what is there can be read");
    arena_release(&a);
}

int main(void)
{
    if (!win_is_wine()) {
        CHECK_SKIP("setup under Wine", "this is no Wine: cordon-setup would change the machine");
        seals();
        rewraps();
        return CHECK_END();
    }
    words();
    installs();
    lock();
    seals();
    rewraps();
    restores();
    shut();
    return CHECK_END();
}
