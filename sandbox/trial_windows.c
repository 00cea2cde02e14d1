/*
 * trial: the attempts that doctor makes besides those of probe_windows.c; the same code inside, in a grandchild, and outside as the
 * control. Nothing that is started ever runs, nothing that is opened is changed, and what is made is taken away again.
 *
 * Libraries beyond the usual are loaded when they are wanted: the runner must not import user32, and a program inside that fails to
 * load one is told apart from one that is refused.
 */
#define COBJMACROS
#define CINTERFACE
#include "trial_windows.h"

#include <objbase.h>
#include <taskschd.h>
#include <tlhelp32.h>
#define SECURITY_WIN32
#include <sspi.h>
#include <schannel.h>

#include <stdio.h>
#include <string.h>

/* ---- files ---- */

/* The object itself: what a reparse point leads to is not touched. */
static bool try_open(const struct wide_path *path, uint64_t rights)
{
    HANDLE h = CreateFileW(path->v, (DWORD)rights, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);

    if (h == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(h);
    return true;
}

static bool try_make(const struct wide_path *folder)
{
    struct wide_path path;
    HANDLE h;

    if (swprintf(path.v, WIDE_PATH_MAX, L"%ls\\cordon-decoy", folder->v) < 0)
        return false;
    h = CreateFileW(path.v, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(h);
    return true;
}

/* As Python's mkdtemp makes it since 3.12.4. */
static bool try_own_folder(const struct wide_path *parent)
{
    PSECURITY_DESCRIPTOR d = win_descriptor(STR("D:P(A;OICI;FA;;;OW)"));
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, d, FALSE};
    struct wide_path folder, file;
    bool good = d && swprintf(folder.v, WIDE_PATH_MAX, L"%ls\\cordon-own-%lu", parent->v, (unsigned long)GetCurrentProcessId()) > 0 &&
                swprintf(file.v, WIDE_PATH_MAX, L"%ls\\x", folder.v) > 0 && CreateDirectoryW(folder.v, &attributes);
    DWORD code = GetLastError();
    HANDLE h = INVALID_HANDLE_VALUE;

    if (good) {
        h = CreateFileW(file.v, GENERIC_WRITE | DELETE, 0, NULL, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE, NULL);
        code = GetLastError();
        if (h != INVALID_HANDLE_VALUE)
            CloseHandle(h);
        RemoveDirectoryW(folder.v);
    }
    if (d)
        LocalFree(d);
    SetLastError(code);
    return h != INVALID_HANDLE_VALUE;
}

static bool try_pipe(void)
{
    wchar_t name[64];
    HANDLE server, client;
    DWORD code;

    swprintf(name, COUNT_OF(name), L"\\\\.\\pipe\\cordon-own-%lu", (unsigned long)GetCurrentProcessId());
    server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, 512,
        512, 0, NULL);
    if (server == INVALID_HANDLE_VALUE)
        return false;
    client = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    code = GetLastError();
    if (client != INVALID_HANDLE_VALUE)
        CloseHandle(client);
    CloseHandle(server);
    SetLastError(code);
    return client != INVALID_HANDLE_VALUE;
}

/* What the redirector says of a server that answered is no refusal of ours. */
static enum probe_answer try_share(const struct wide_path *path, long *code)
{
    DWORD why = try_open(path, GENERIC_READ) ? 0 : GetLastError();

    switch (why) {
    case 0:
    case ERROR_BAD_NET_NAME:
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_LOGON_FAILURE:
        return give(ANSWER_DONE, why, code);
    case ERROR_BAD_NETPATH:
    case ERROR_REM_NOT_LIST:
    case ERROR_UNEXP_NET_ERR:
    case ERROR_NETNAME_DELETED:
    case ERROR_SEM_TIMEOUT:
    case ERROR_NETWORK_UNREACHABLE:
    case ERROR_NO_NETWORK:
        return give(ANSWER_DENIED, why, code);
    default: /* access denied, too: by whom is not told */
        return give(ANSWER_FAILED, why, code);
    }
}

/* ---- processes ---- */

static bool start_shim(DWORD flags, LPPROC_THREAD_ATTRIBUTE_LIST list)
{
    STARTUPINFOEXW info;
    PROCESS_INFORMATION made;
    struct wide_path shim;
    wchar_t words[] = L"cordon-shim nothing";

    memset(&info, 0, sizeof info);
    info.StartupInfo.cb = list ? sizeof info : sizeof info.StartupInfo;
    info.lpAttributeList = list;
    if (!win_beside(SHIM_FILE, &shim) ||
        !CreateProcessW(shim.v, words, NULL, NULL, FALSE, CREATE_SUSPENDED | flags | (list ? EXTENDED_STARTUPINFO_PRESENT : 0), NULL, NULL,
            &info.StartupInfo, &made))
        return false;
    TerminateProcess(made.hProcess, 1);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    return true;
}

static bool try_parent(uint64_t pid)
{
    union {
        ULONGLONG align;
        char bytes[256];
    } room;
    LPPROC_THREAD_ATTRIBUTE_LIST list = (LPPROC_THREAD_ATTRIBUTE_LIST)(void *)room.bytes;
    SIZE_T size = sizeof room;
    HANDLE parent = OpenProcess(PROCESS_CREATE_PROCESS, FALSE, (DWORD)pid);
    bool good;
    DWORD code;

    if (!parent)
        return false;
    good = InitializeProcThreadAttributeList(list, 1, 0, &size) &&
           UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_PARENT_PROCESS, &parent, sizeof parent, NULL, NULL) && start_shim(0, list);
    code = GetLastError();
    CloseHandle(parent);
    SetLastError(code);
    return good;
}

static bool open_thread(DWORD id)
{
    static const DWORD each[] = {THREAD_SUSPEND_RESUME, THREAD_SET_CONTEXT, THREAD_GET_CONTEXT, THREAD_SET_THREAD_TOKEN, THREAD_IMPERSONATE,
        THREAD_DIRECT_IMPERSONATION, THREAD_TERMINATE, WRITE_DAC, WRITE_OWNER};

    for (size_t i = 0; i < COUNT_OF(each); i++) {
        HANDLE h = OpenThread(each[i], FALSE, id);
        if (h) {
            CloseHandle(h);
            return true;
        }
    }
    return false;
}

static bool try_threads(uint64_t pid)
{
    THREADENTRY32 entry = {.dwSize = sizeof entry};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    bool opened = false;
    DWORD code = ERROR_FILE_NOT_FOUND;

    if (all == INVALID_HANDLE_VALUE)
        return false;
    for (BOOL more = Thread32First(all, &entry); more && !opened; more = Thread32Next(all, &entry)) {
        if (entry.th32OwnerProcessID != pid)
            continue;
        opened = open_thread(entry.th32ThreadID);
        code = GetLastError();
    }
    CloseHandle(all);
    SetLastError(code);
    return opened;
}

static bool try_token(uint64_t pid)
{
    static const DWORD each[] = {TOKEN_DUPLICATE, TOKEN_IMPERSONATE, TOKEN_ASSIGN_PRIMARY, TOKEN_ADJUST_DEFAULT, WRITE_DAC};
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)pid), token = NULL;
    bool opened = false;
    DWORD code = GetLastError();

    for (size_t i = 0; process && i < COUNT_OF(each) && !opened; i++) {
        opened = OpenProcessToken(process, each[i], &token) != 0;
        code = GetLastError();
    }
    win_close(&token);
    win_close(&process);
    SetLastError(code);
    return opened;
}

/* In \\??, by the kernel's own call: DefineDosDevice asks a service, which decides otherwise. A link goes with its last handle. */
static bool try_devices(void)
{
    typedef NTSTATUS(NTAPI * create_link)(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, UNICODE_STRING *);
    typedef ULONG(NTAPI * error_of)(NTSTATUS);
    wchar_t name[] = L"\\??\\CordonDoctor", target[] = L"\\Device\\Null";
    UNICODE_STRING text = {sizeof name - sizeof *name, sizeof name, name}, to = {sizeof target - sizeof *target, sizeof target, target};
    OBJECT_ATTRIBUTES of = {.Length = sizeof of, .ObjectName = &text};
    void *found = win_function(L"ntdll.dll", "NtCreateSymbolicLinkObject"), *errors = win_function(L"ntdll.dll", "RtlNtStatusToDosError");
    create_link create;
    error_of error;
    HANDLE link = NULL;
    NTSTATUS got;

    memcpy(&create, &found, sizeof create);
    memcpy(&error, &errors, sizeof error);
    if (!create || !error) {
        SetLastError(ERROR_PROC_NOT_FOUND);
        return false;
    }
    got = create(&link, READ_CONTROL, &of, &to);
    win_close(&link);
    SetLastError(error(got));
    return got >= 0;
}

static bool in_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    BOOL in = FALSE;

    memset(&limits, 0, sizeof limits);
    return IsProcessInJob(GetCurrentProcess(), NULL, &in) && in &&
           QueryInformationJobObject(NULL, JobObjectExtendedLimitInformation, &limits, sizeof limits, NULL) &&
           (limits.BasicLimitInformation.LimitFlags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) &&
           !(limits.BasicLimitInformation.LimitFlags & (JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK));
}

static bool has_shape(void)
{
    struct arena a = {0};
    struct token t = {0};
    struct err e = {0};
    char sid[SECURITY_MAX_SID_SIZE];
    DWORD n = sizeof sid, size = 0;
    union {
        ULONGLONG align;
        char bytes[4096];
        TOKEN_PRIVILEGES list;
    } room;
    BOOL administrator = TRUE;
    HANDLE own = token_own();
    bool good = own && win_token_read(&a, own, &t, &e) && t.restricting_count > 0 && IsTokenRestricted(own) &&
                GetTokenInformation(own, TokenPrivileges, &room, sizeof room, &size) &&
                CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, sid, &n) && CheckTokenMembership(NULL, sid, &administrator) && !administrator;

    for (DWORD i = 0; good && i < room.list.PrivilegeCount; i++)
        good = room.list.Privileges[i].Luid.LowPart == 23; /* SeChangeNotifyPrivilege */
    arena_release(&a);
    if (!good)
        SetLastError(ERROR_ACCESS_DENIED);
    return good;
}

/* A temporary one is loaded where the account's own could not be, and goes at the end of the logon. */
static bool is_temporary(void)
{
    BOOL(WINAPI * type_of)(DWORD *);
    DWORD type = 0;

    LOOK_UP(type_of, L"userenv.dll", "GetProfileType");
    return type_of && type_of(&type) && type & 1 /* PT_TEMPORARY */;
}

static bool has_profile(void)
{
    struct arena a = {0};
    struct str user = token_user(&a);
    wchar_t *name = user.n ? wide_from(&a, user) : NULL;
    HKEY key = NULL;
    LSTATUS status = name ? RegOpenKeyExW(HKEY_USERS, name, 0, KEY_READ, &key) : ERROR_INVALID_SID;

    if (status == 0)
        RegCloseKey(key);
    if (status == 0 && is_temporary())
        status = 500; /* ERROR_USER_PROFILE_LOAD */
    arena_release(&a);
    SetLastError((DWORD)status);
    return status == 0;
}

/* ---- the person's desktop ---- */

#define READ_OBJECTS  0x1u
#define WRITE_OBJECTS 0x80u

/* A station or a desktop that is not there, or is none that receives input (ERROR_INVALID_FUNCTION, of OpenInputDesktop), is as closed
 * as a refused one only where it must be there: outside, the control says whether it is. */
static enum probe_answer desktop_answer(bool done, DWORD why, long *code)
{
    bool refused = why == ERROR_ACCESS_DENIED || why == ERROR_INVALID_FUNCTION;

    return give(done ? ANSWER_DONE : refused ? ANSWER_DENIED : ANSWER_FAILED, done ? 0 : why, code);
}

static enum probe_answer try_station(uint64_t rights, bool desktop, long *code)
{
    HWINSTA(WINAPI * open_station)(LPCWSTR, BOOL, ACCESS_MASK);
    HWINSTA(WINAPI * own_station)(void);
    BOOL(WINAPI * use_station)(HWINSTA);
    HDESK(WINAPI * open_desktop)(LPCWSTR, DWORD, BOOL, ACCESS_MASK);
    HWINSTA station, before;
    HDESK found = NULL;
    DWORD why;

    LOOK_UP(open_station, L"user32.dll", "OpenWindowStationW");
    LOOK_UP(own_station, L"user32.dll", "GetProcessWindowStation");
    LOOK_UP(use_station, L"user32.dll", "SetProcessWindowStation");
    LOOK_UP(open_desktop, L"user32.dll", "OpenDesktopW");
    if (!open_station || !own_station || !use_station || !open_desktop)
        return lacking(code);
    station = open_station(L"WinSta0", FALSE, (ACCESS_MASK)rights);
    why = GetLastError();
    if (!station || !desktop)
        return desktop_answer(station != NULL, why, code);
    before = own_station();
    if (!use_station(station))
        return desktop_answer(false, GetLastError(), code);
    found = open_desktop(L"Default", 0, FALSE, READ_OBJECTS | WRITE_OBJECTS);
    why = GetLastError();
    use_station(before);
    return desktop_answer(found != NULL, why, code);
}

static enum probe_answer try_input(long *code)
{
    HDESK(WINAPI * open_input)(DWORD, BOOL, ACCESS_MASK);
    bool good;

    LOOK_UP(open_input, L"user32.dll", "OpenInputDesktop");
    if (!open_input)
        return lacking(code);
    good = open_input(0, FALSE, READ_OBJECTS) != NULL;
    return desktop_answer(good, GetLastError(), code);
}

static enum probe_answer try_window(long *code)
{
    HWND(WINAPI * shell_window)(void);
    HWND(WINAPI * find_window)(LPCWSTR, LPCWSTR);
    bool good;

    LOOK_UP(shell_window, L"user32.dll", "GetShellWindow");
    LOOK_UP(find_window, L"user32.dll", "FindWindowW");
    if (!shell_window || !find_window)
        return lacking(code);
    good = shell_window() || find_window(L"Shell_TrayWnd", NULL);
    return give(good ? ANSWER_DONE : ANSWER_DENIED, 0, code);
}

static enum probe_answer try_clipboard(long *code)
{
    BOOL(WINAPI * open_clipboard)(HWND);
    BOOL(WINAPI * close_clipboard)(void);

    LOOK_UP(open_clipboard, L"user32.dll", "OpenClipboard");
    LOOK_UP(close_clipboard, L"user32.dll", "CloseClipboard");
    if (!open_clipboard || !close_clipboard)
        return lacking(code);
    if (!open_clipboard(NULL))
        return desktop_answer(false, GetLastError(), code);
    close_clipboard();
    return give(ANSWER_DONE, 0, code);
}

static enum probe_answer try_send_input(long *code)
{
    UINT(WINAPI * send_input)(UINT, LPINPUT, int);
    INPUT move;
    bool good;

    LOOK_UP(send_input, L"user32.dll", "SendInput");
    if (!send_input)
        return lacking(code);
    memset(&move, 0, sizeof move);
    move.type = INPUT_MOUSE;
    move.mi.dwFlags = MOUSEEVENTF_MOVE;
    SetLastError(0);
    good = send_input(1, &move, sizeof move) == 1;
    /* "Neither GetLastError nor the return value" tell of one that was blocked for integrity (SendInput). */
    return GetLastError() ? desktop_answer(good, GetLastError(), code) : give(good ? ANSWER_DONE : ANSWER_DENIED, 0, code);
}

/* ---- services ---- */

static const GUID scheduler = {0x0f87369f, 0xa4e5, 0x4cfc, {0xbd, 0x3e, 0x73, 0xe6, 0x15, 0x45, 0x72, 0xdd}};
static const GUID scheduler_face = {0x2faba4c7, 0x4da9, 0x4013, {0x96, 0x97, 0x20, 0xcc, 0x3f, 0xd4, 0x0f, 0x85}};
static const wchar_t task_text[] =
    L"<?xml version=\"1.0\"?><Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">"
    L"<Settings><Enabled>false</Enabled></Settings>"
    L"<Actions><Exec><Command>cmd.exe</Command><Arguments>/c exit</Arguments></Exec></Actions></Task>";

struct com {
    HRESULT(WINAPI *begin)(void *, DWORD);
    HRESULT(WINAPI *create)(const GUID *, void *, DWORD, const GUID *, void **);
    BSTR(WINAPI *text)(const OLECHAR *);
    void(WINAPI *free_text)(BSTR);
};

/* Disabled, and without anything that would start it; gone before the next call. */
static HRESULT register_task(const struct com *c, ITaskService *service, const wchar_t *name)
{
    VARIANT none = {0};
    BSTR root = c->text(L"\\"), path = c->text(name), text = c->text(task_text);
    ITaskFolder *folder = NULL;
    IRegisteredTask *task = NULL;
    HRESULT got = ITaskService_Connect(service, none, none, none, none);

    if (SUCCEEDED(got))
        got = ITaskService_GetFolder(service, root, &folder);
    if (SUCCEEDED(got))
        got = ITaskFolder_RegisterTask(folder, path, text, 0x2 | 0x8 /* TASK_CREATE | TASK_DISABLE */, none, none, TASK_LOGON_INTERACTIVE_TOKEN,
            none, &task);
    if (task) {
        IRegisteredTask_Release(task);
        ITaskFolder_DeleteTask(folder, path, 0);
    }
    if (folder)
        ITaskFolder_Release(folder);
    c->free_text(root);
    c->free_text(path);
    c->free_text(text);
    return got;
}

static enum probe_answer try_task(struct str name, long *code)
{
    struct com c;
    struct arena a = {0};
    wchar_t *wide = wide_from(&a, name);
    ITaskService *service = NULL;
    HRESULT got;

    LOOK_UP(c.begin, L"ole32.dll", "CoInitializeEx");
    LOOK_UP(c.create, L"ole32.dll", "CoCreateInstance");
    LOOK_UP(c.text, L"oleaut32.dll", "SysAllocString");
    LOOK_UP(c.free_text, L"oleaut32.dll", "SysFreeString");
    if (!c.begin || !c.create || !c.text || !c.free_text || !wide) {
        arena_release(&a);
        return lacking(code);
    }
    c.begin(NULL, 0); /* it may be begun already */
    got = c.create(&scheduler, NULL, 1 /* in this process: what it calls is the service */, &scheduler_face, (void **)&service);
    if (SUCCEEDED(got)) {
        got = register_task(&c, service, wide);
        ITaskService_Release(service);
    }
    arena_release(&a);
    if (SUCCEEDED(got))
        return give(ANSWER_DONE, 0, code);
    return give(got == E_ACCESSDENIED ? ANSWER_DENIED : ANSWER_FAILED, (DWORD)got, code);
}

/* Without a profile, Schannel has no credentials to begin with (rule W7). The name is put into the first message, and goes nowhere. */
static enum probe_answer try_tls(long *code)
{
    SECURITY_STATUS(WINAPI * acquire)(LPWSTR, LPWSTR, ULONG, void *, void *, SEC_GET_KEY_FN, void *, PCredHandle, PTimeStamp);
    SECURITY_STATUS(WINAPI * begin)(PCredHandle, PCtxtHandle, LPWSTR, ULONG, ULONG, ULONG, PSecBufferDesc, ULONG, PCtxtHandle, PSecBufferDesc,
        ULONG *, PTimeStamp);
    SCHANNEL_CRED wish = {.dwVersion = SCHANNEL_CRED_VERSION, .dwFlags = SCH_CRED_MANUAL_CRED_VALIDATION | SCH_CRED_NO_DEFAULT_CREDS};
    wchar_t package[] = L"Microsoft Unified Security Protocol Provider", name[] = L"localhost";
    static char room[65536];
    SecBuffer first = {sizeof room, SECBUFFER_TOKEN, room};
    SecBufferDesc out = {SECBUFFER_VERSION, 1, &first};
    CredHandle credentials;
    CtxtHandle context;
    TimeStamp expires;
    ULONG attributes = 0;
    SECURITY_STATUS got;

    LOOK_UP(acquire, L"secur32.dll", "AcquireCredentialsHandleW");
    LOOK_UP(begin, L"secur32.dll", "InitializeSecurityContextW");
    if (!acquire || !begin)
        return lacking(code);
    got = acquire(NULL, package, SECPKG_CRED_OUTBOUND, NULL, &wish, NULL, NULL, &credentials, &expires);
    if (got == SEC_E_OK)
        got = begin(&credentials, NULL, name, ISC_REQ_STREAM | ISC_REQ_CONFIDENTIALITY, 0, 0, NULL, 0, &context, &out, &attributes, &expires);
    return give(got == SEC_I_CONTINUE_NEEDED ? ANSWER_DONE : ANSWER_FAILED, got == SEC_I_CONTINUE_NEEDED ? 0 : (DWORD)got, code);
}

/* ---- which ---- */

static enum probe_answer files(enum probe_kind kind, struct str path, uint64_t number, long *code)
{
    struct wide_path wide = {{0}};

    if (!wide_path(path, &wide))
        return probe_outcome(false, code);
    switch ((int)kind) {
    case PROBE_OPEN:
        return probe_outcome(try_open(&wide, number), code);
    case PROBE_MAKE:
        return probe_outcome(try_make(&wide), code);
    case PROBE_OWN_FOLDER:
        return probe_outcome(try_own_folder(&wide), code);
    default:
        return try_share(&wide, code);
    }
}

enum probe_answer trial_attempt(enum probe_kind kind, struct str path, uint64_t number, long *code)
{
    switch ((int)kind) {
    case PROBE_OPEN:
    case PROBE_MAKE:
    case PROBE_OWN_FOLDER:
    case PROBE_SHARE:
        return files(kind, path, number, code);
    case PROBE_PIPE:
        return probe_outcome(try_pipe(), code);
    case PROBE_PARENT:
        return probe_outcome(try_parent(number ? number : GetCurrentProcessId()), code);
    case PROBE_CHILDREN:
        return probe_outcome(probe_children(number, false), code);
    case PROBE_THREADS:
        return probe_outcome(try_threads(number ? number : GetCurrentProcessId()), code);
    case PROBE_TOKEN:
        return probe_outcome(try_token(number ? number : GetCurrentProcessId()), code);
    case PROBE_DEVICES:
        return probe_outcome(try_devices(), code);
    case PROBE_BREAKAWAY:
        return probe_outcome(start_shim(CREATE_BREAKAWAY_FROM_JOB, NULL), code);
    case PROBE_START:
        return probe_outcome(start_shim(0, NULL), code);
    case PROBE_IN_JOB:
        return probe_outcome(in_job(), code);
    case PROBE_SHAPE:
        return probe_outcome(has_shape(), code);
    case PROBE_PROFILE:
        return probe_outcome(has_profile(), code);
    case PROBE_STATION:
    case PROBE_DEFAULT:
        return try_station(kind == PROBE_STATION ? number : 0x20 /* to use it */, kind == PROBE_DEFAULT, code);
    case PROBE_INPUT:
        return try_input(code);
    case PROBE_WINDOW:
        return try_window(code);
    case PROBE_CLIPBOARD:
        return try_clipboard(code);
    case PROBE_SEND_INPUT:
        return try_send_input(code);
    case PROBE_TASK:
        return try_task(path, code);
    case PROBE_TLS:
        return try_tls(code);
    default:
        return trial_network(kind, path, number, code);
    }
}
