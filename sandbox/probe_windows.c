/*
 * probe: one attempt at what a promise forbids, made here and now, changing nothing that stays.
 *
 * The same code runs outside as the control and inside, in a grandchild, as the attempt: so a refusal inside means something only
 * beside the success outside.
 */
#include "trial_windows.h"

#include <tlhelp32.h>

#include <stdio.h>
#include <string.h>

static enum probe_answer from_code(DWORD code)
{
    switch (code) {
    case ERROR_ACCESS_DENIED:
    case ERROR_WRITE_PROTECT:
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_NOT_ALL_ASSIGNED:
    case WSAEACCES:
    case WSAECONNREFUSED:
    case WSAETIMEDOUT:
    case WSAENETUNREACH:
    case WSAEHOSTUNREACH:
        return ANSWER_DENIED;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_PARAMETER: /* OpenProcess, where there is no such process */
        return ANSWER_MISSING;
    default:
        return ANSWER_FAILED;
    }
}

enum probe_answer probe_outcome(bool done, long *code)
{
    DWORD last = done ? 0 : GetLastError();

    *code = (long)last;
    return done ? ANSWER_DONE : from_code(last);
}

static bool open_and_close(const wchar_t *path, DWORD access, DWORD disposition, DWORD flags)
{
    HANDLE h = CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, disposition, flags, NULL);

    if (h == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(h);
    return true;
}

/* Of a file: opened for writing, not written. Of a folder: a file in it that goes with its handle. */
static bool try_write(const struct wide_path *path)
{
    DWORD attributes = GetFileAttributesW(path->v);
    bool unseen = attributes == INVALID_FILE_ATTRIBUTES && GetLastError() == ERROR_ACCESS_DENIED;
    struct wide_path inside;

    if (attributes == INVALID_FILE_ATTRIBUTES && !unseen)
        return false;
    if (!unseen && !(attributes & FILE_ATTRIBUTE_DIRECTORY))
        return open_and_close(path->v, GENERIC_WRITE, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT);
    if (swprintf(inside.v, WIDE_PATH_MAX, L"%ls\\.cordon-probe-%lu", path->v, (unsigned long)GetCurrentProcessId()) < 0) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return false;
    }
    /* That its attributes cannot be seen says nothing of writing: what it may be, a folder and a file, is tried. */
    return open_and_close(inside.v, GENERIC_WRITE | DELETE, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE) ||
           (unseen && open_and_close(path->v, GENERIC_WRITE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT));
}

static bool try_read(const struct wide_path *path)
{
    return open_and_close(path->v, FILE_READ_DATA, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
}

/* ---- sockets; Winsock is loaded by who makes such an attempt alone ---- */

static SOCKET loopback(bool listen_there, uint64_t port, struct sockaddr_in *at)
{
    SOCKET s;
    WSADATA data;
    int n = sizeof *at;

    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return INVALID_SOCKET;
    memset(at, 0, sizeof *at);
    at->sin_family = AF_INET;
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at->sin_port = htons((u_short)port);
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (s != INVALID_SOCKET && listen_there &&
        (bind(s, (struct sockaddr *)at, n) != 0 || listen(s, SOMAXCONN) != 0 || getsockname(s, (struct sockaddr *)at, &n) != 0)) {
        closesocket(s);
        s = INVALID_SOCKET;
    }
    return s;
}

static bool try_connect(uint64_t port)
{
    struct sockaddr_in at;
    SOCKET s = loopback(false, port, &at);
    DWORD code;
    bool good;

    if (s == INVALID_SOCKET) {
        SetLastError((DWORD)WSAGetLastError());
        return false;
    }
    good = trial_connects(s, (const struct sockaddr *)&at, sizeof at);
    code = GetLastError();
    closesocket(s);
    SetLastError(code);
    return good;
}

static bool try_loopback(void)
{
    struct sockaddr_in at;
    SOCKET s = loopback(true, 0, &at);
    bool good = s != INVALID_SOCKET && try_connect(ntohs(at.sin_port));
    DWORD code = GetLastError();

    if (s != INVALID_SOCKET)
        closesocket(s);
    SetLastError(code);
    return good;
}

/* ---- processes, consoles, rights ---- */

static bool open_process(DWORD access, uint64_t pid)
{
    HANDLE h = OpenProcess(access, FALSE, (DWORD)pid);

    if (!h)
        return false;
    CloseHandle(h);
    return true;
}

/* What would end it, read it, start something as its child, or take its handles: any of these is too much. */
static bool try_reach(uint64_t pid)
{
    static const DWORD each[] = {PROCESS_VM_READ, PROCESS_VM_WRITE, PROCESS_DUP_HANDLE, PROCESS_CREATE_PROCESS,
        PROCESS_CREATE_THREAD, PROCESS_TERMINATE, PROCESS_SUSPEND_RESUME, WRITE_DAC, WRITE_OWNER};

    for (size_t i = 0; i < COUNT_OF(each); i++)
        if (open_process(each[i], pid))
            return true;
    return false;
}

/* The console of a process outside, with its screen and its keys. Whoever tries it loses its own. */
static bool try_console(uint64_t pid)
{
    bool good;

    FreeConsole();
    good = AttachConsole((DWORD)pid) != 0;
    if (good)
        FreeConsole();
    return good;
}

/* Every person has some of these (more memory in use, the time zone, to shut down); nobody inside has any. */
static bool try_privilege(void)
{
    static const DWORD wanted[] = {33, 34, 19, 25, 20, 9, 17, 18, 7}; /* SeIncreaseWorkingSet ... SeDebug, SeTcb: LUIDs of winnt.h */
    HANDLE token = NULL;
    bool gained = false;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
        return false;
    for (size_t i = 0; i < COUNT_OF(wanted) && !gained; i++) {
        TOKEN_PRIVILEGES one = {1, {{{wanted[i], 0}, SE_PRIVILEGE_ENABLED}}};
        gained = AdjustTokenPrivileges(token, FALSE, &one, 0, NULL, NULL) && GetLastError() == 0;
    }
    CloseHandle(token);
    if (!gained)
        SetLastError(ERROR_NOT_ALL_ASSIGNED);
    return gained;
}

/* ---- what a session of Windows has besides files ---- */

/* By name from wherever we are: the desktop on it, its clipboard and its keys would follow (rule W4). */
static bool try_desktop(void)
{
    static const DWORD each[] = {0x1 /* ENUMDESKTOPS */, 0x2 /* READATTRIBUTES */, 0x4 /* ACCESSCLIPBOARD */, 0x20 /* ACCESSGLOBALATOMS */};
    void *f[2] = {win_function(L"user32.dll", "OpenWindowStationW"), win_function(L"user32.dll", "OpenInputDesktop")};
    HWINSTA(WINAPI * open_station)(LPCWSTR, BOOL, ACCESS_MASK);
    HDESK(WINAPI * open_input)(DWORD, BOOL, ACCESS_MASK);

    if (!f[0] || !f[1]) {
        SetLastError(ERROR_PROC_NOT_FOUND);
        return false;
    }
    memcpy(&open_station, &f[0], sizeof f[0]);
    memcpy(&open_input, &f[1], sizeof f[1]);
    for (size_t i = 0; i < COUNT_OF(each); i++)
        if (open_station(L"WinSta0", FALSE, each[i]))
            return true;
        else if (GetLastError() != ERROR_ACCESS_DENIED)
            return false; /* not refused: something else, and that is told */
    if (open_input(0, FALSE, 0x1 /* READOBJECTS */))
        return true;
    if (GetLastError() == ERROR_INVALID_FUNCTION) /* ours is no station that receives input ("OpenInputDesktop", remarks) */
        SetLastError(ERROR_ACCESS_DENIED);
    return false;
}

/* The console hosts are children of the runner, with its token and without the restrictions (rule W2). */
bool probe_children(uint64_t runner, bool hosts)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    bool reached = false;
    DWORD code = ERROR_FILE_NOT_FOUND;

    if (all == INVALID_HANDLE_VALUE)
        return false;
    for (BOOL more = Process32FirstW(all, &entry); more && !reached; more = Process32NextW(all, &entry)) {
        bool host = _wcsicmp(entry.szExeFile, L"conhost.exe") == 0 || _wcsicmp(entry.szExeFile, L"OpenConsole.exe") == 0;
        if (entry.th32ParentProcessID != runner || host != hosts)
            continue;
        reached = try_reach(entry.th32ProcessID);
        code = GetLastError();
    }
    CloseHandle(all);
    SetLastError(code);
    return reached;
}

static bool try_execute(const struct wide_path *path)
{
    STARTUPINFOW info = {.cb = sizeof info};
    PROCESS_INFORMATION made;

    if (!CreateProcessW(path->v, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &info, &made))
        return false;
    TerminateProcess(made.hProcess, 1);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    return true;
}

static bool try_com(struct str class)
{
    static const GUID unknown = {0, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
    void *f[3] = {win_function(L"ole32.dll", "CoInitializeEx"), win_function(L"ole32.dll", "CLSIDFromString"),
        win_function(L"ole32.dll", "CoCreateInstance")};
    HRESULT(WINAPI * begin)(void *, DWORD);
    HRESULT(WINAPI * parse)(LPCWSTR, GUID *);
    HRESULT(WINAPI * create)(const GUID *, void *, DWORD, const GUID *, void **);
    struct arena a = {0};
    wchar_t *text = wide_from(&a, class);
    GUID id;
    void *object = NULL;
    HRESULT got = E_FAIL;

    memcpy(&begin, &f[0], sizeof f[0]);
    memcpy(&parse, &f[1], sizeof f[1]);
    memcpy(&create, &f[2], sizeof f[2]);
    if (f[0] && f[1] && f[2] && text && SUCCEEDED(begin(NULL, 0)) && SUCCEEDED(got = parse(text, &id)))
        got = create(&id, NULL, 4 /* CLSCTX_LOCAL_SERVER */, &unknown, &object);
    arena_release(&a);
    /* REGDB_E_CLASSNOTREG: there is no such service here. */
    if (got == (HRESULT)0x80040154)
        SetLastError(ERROR_FILE_NOT_FOUND);
    else
        SetLastError(HRESULT_FACILITY(got) == FACILITY_WIN32 ? (DWORD)HRESULT_CODE(got) : (DWORD)got);
    return SUCCEEDED(got);
}

enum probe_answer probe_attempt(enum probe_kind kind, struct str path, uint64_t number, long *code)
{
    struct wide_path wide = {{0}};

    SetLastError(0);
    if ((kind == PROBE_WRITE || kind == PROBE_READ || kind == PROBE_ABSTRACT || kind == PROBE_EXECUTE) && !wide_path(path, &wide))
        return probe_outcome(false, code);
    switch (kind) {
    case PROBE_WRITE:
        return probe_outcome(try_write(&wide), code);
    case PROBE_READ:
        return probe_outcome(try_read(&wide), code);
    case PROBE_CONNECT:
        return probe_outcome(try_connect(number), code);
    case PROBE_LOOPBACK:
        return probe_outcome(try_loopback(), code);
    case PROBE_ABSTRACT: /* a named pipe of the outside */
        return probe_outcome(open_and_close(wide.v, GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING, 0), code);
    case PROBE_SIGNAL:
        return probe_outcome(open_process(PROCESS_TERMINATE, number), code);
    case PROBE_PROCESS:
        return probe_outcome(try_reach(number), code);
    case PROBE_TERMINAL:
        return probe_outcome(try_console(number), code);
    case PROBE_PRIVILEGE:
        return probe_outcome(try_privilege(), code);
    case PROBE_DESKTOP:
        return probe_outcome(try_desktop(), code);
    case PROBE_HOST:
        return probe_outcome(probe_children(number, true), code);
    case PROBE_EXECUTE:
        return probe_outcome(try_execute(&wide), code);
    case PROBE_COM:
        return probe_outcome(try_com(path), code);
    default:
        return trial_attempt(kind, path, number, code);
    }
}

/* ---- outside ---- */

void probe_control(struct probe *probe)
{
    long code;

    switch (probe->kind) {
    case PROBE_TERMINAL: /* whoever tries it loses its own console: a child of ours does */
        probe->control = proof_outside(probe);
        break;
    case PROBE_HOST:
    case PROBE_PROCESS: /* a process of one's own can be reached into */
        probe->control = probe_attempt(PROBE_PROCESS, (struct str){0}, GetCurrentProcessId(), &code);
        break;
    default:
        probe->control = probe_attempt(probe->kind, probe->path, probe->number, &code);
    }
}

/* Sockets stand in sys_handle as they are: they go through no sys_ function. */
static void close_socket(sys_handle *h)
{
    if (*h != SYS_NONE)
        closesocket((SOCKET)*h);
    *h = SYS_NONE;
}

/* A port that somebody fixed: those of the system's dynamic range and of the proxy are open to the offline account (W6), and
 * reaching one would show nothing. */
static SOCKET fixed_port(struct sockaddr_in *at)
{
    SOCKET s = INVALID_SOCKET;

    for (int i = 0; i < 32 && s == INVALID_SOCKET; i++) {
        uint16_t number = 0;
        if (!win_random(&number, sizeof number))
            return INVALID_SOCKET;
        s = loopback(true, 20000u + number % 10000u, at);
    }
    return s;
}

bool probe_target_open(struct probe_target *t, struct err *e)
{
    /* To its owner and to nobody else: one without a descriptor could be read by Everyone ("Named Pipe Security and Access Rights"). */
    PSECURITY_DESCRIPTOR d = win_descriptor(STR("D:P(A;;GA;;;OW)"));
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, d, FALSE};
    struct sockaddr_in at;
    SOCKET s = fixed_port(&at);
    wchar_t name[64];
    HANDLE pipe;
    DWORD code;

    *t = (struct probe_target){.tcp = SYS_NONE, .abstract = SYS_NONE};
    if (s == INVALID_SOCKET || !d) {
        code = s == INVALID_SOCKET ? (DWORD)WSAGetLastError() : GetLastError();
        if (d)
            LocalFree(d);
        return win_fail(e, code, (struct str){0}, "cannot open a listener to prove the network block with");
    }
    t->tcp = (sys_handle)s;
    t->port = ntohs(at.sin_port);
    snprintf(t->name, sizeof t->name, "\\\\.\\pipe\\cordon-proof-%lu-%llx", (unsigned long)GetCurrentProcessId(),
        (unsigned long long)sys_clock_ms());
    for (size_t i = 0; i < sizeof t->name; i++)
        name[i] = (wchar_t)t->name[i];
    pipe = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_NOWAIT | PIPE_REJECT_REMOTE_CLIENTS, PIPE_UNLIMITED_INSTANCES, 512, 512, 0, &attributes);
    code = GetLastError();
    LocalFree(d);
    if (pipe == INVALID_HANDLE_VALUE) {
        close_socket(&t->tcp);
        return win_fail(e, code, (struct str){0}, "cannot open a pipe to prove with");
    }
    ConnectNamedPipe(pipe, NULL);
    t->abstract = sys_from_event(pipe);
    return true;
}

void probe_target_close(struct probe_target *t)
{
    close_socket(&t->tcp);
    sys_close(&t->abstract);
}

/* ---- for demos: who calls ---- */

static SOCKET listener_socket(int type, u_short port)
{
    struct sockaddr_in at;
    SOCKET s = socket(AF_INET, type, 0);
    u_long on = 1;

    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    if (s != INVALID_SOCKET && (ioctlsocket(s, (long)FIONBIO, &on) != 0 || bind(s, (struct sockaddr *)&at, sizeof at) != 0 ||
                                   (type == SOCK_STREAM && listen(s, 8) != 0))) {
        closesocket(s);
        return INVALID_SOCKET;
    }
    return s;
}

bool listener_open(struct listener *l, struct err *e)
{
    WSADATA data;
    uint16_t number = 0;

    for (int i = 0; i < 32 && WSAStartup(MAKEWORD(2, 2), &data) == 0 && win_random(&number, sizeof number); i++) {
        uint16_t port = (uint16_t)(20000u + number % 10000u); /* as fixed_port has them, for the same reason */
        SOCKET tcp = listener_socket(SOCK_STREAM, port), udp = listener_socket(SOCK_DGRAM, port);
        if (tcp != INVALID_SOCKET && udp != INVALID_SOCKET) {
            *l = (struct listener){.tcp = (sys_handle)tcp, .udp = (sys_handle)udp, .port = port};
            return true;
        }
        if (tcp != INVALID_SOCKET)
            closesocket(tcp);
        if (udp != INVALID_SOCKET)
            closesocket(udp);
    }
    return win_fail(e, (DWORD)WSAGetLastError(), (struct str){0}, "cannot open a listener on loopback");
}

bool listener_heard(struct listener *l)
{
    char bytes[256];
    bool heard = false;
    SOCKET caller;

    while (l->tcp != SYS_NONE && (caller = accept((SOCKET)l->tcp, NULL, NULL)) != INVALID_SOCKET) {
        heard = true;
        closesocket(caller);
    }
    while (l->udp != SYS_NONE && recv((SOCKET)l->udp, bytes, sizeof bytes, 0) >= 0)
        heard = true;
    return heard;
}

void listener_close(struct listener *l)
{
    close_socket(&l->tcp);
    close_socket(&l->udp);
}
