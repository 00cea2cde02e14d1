/*
 * stage: what doctor's attempts are made on, and what it looks at out here: decoys with entries of their own, listeners on loopback, a
 * decoy tree with a link that leads out of it (rule W10), the weak members compared (rule W1), and a few numbers that only inform.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>

#include "win32.h"
#include "core/acls.h"
#include "credentials.h"
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#define HEARD_MS 300
#define LISTENERS_SHOWN 6
#define DYNAMIC_LOW     49152u /* where the offline account may connect on loopback (rule W6) */

static struct str join(struct arena *a, struct str folder, const char *name)
{
    return path_join(a, PATH_WINDOWS, folder, str_from(name));
}

/* ---- files ---- */

/* With these entries, and none if they are not there afterwards. */
static struct str file_with(struct arena *a, struct str path, struct str sddl)
{
    struct wide_path wide;
    struct err ignored = {0};
    bool verified = false;
    HANDLE h = INVALID_HANDLE_VALUE;

    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, GENERIC_READ | GENERIC_WRITE | WRITE_DAC, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return (struct str){0};
    if (sddl.n)
        win_dacl_put(h, sddl, &verified, &ignored);
    CloseHandle(h);
    return verified || !sddl.n ? arena_str(a, path) : (struct str){0};
}

static void make_files(struct arena *a, struct trial_stage *t)
{
    struct str me = token_user(a);

    t->open_to_all = file_with(a, join(a, t->folder, "everyone"),
        arena_format(a, "D:P(A;;FA;;;%s)(A;;FA;;;SY)(A;;0x12019f;;;WD)", me.p ? me.p : SID_SYSTEM));
    t->open_to_33 = file_with(a, join(a, t->folder, "write-restricted"),
        arena_format(a, "D:P(A;;FA;;;%s)(A;;FA;;;SY)(A;;0x12019f;;;AU)(A;;0x12019f;;;%s)", me.p ? me.p : SID_SYSTEM, SID_WRITE_RESTRICTED));
}

/* ---- listeners ---- */

static SOCKET at_port(int family, int type, uint16_t port)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    SOCKET s = socket(family, type, 0);
    BOOL alone = TRUE;
    bool good = s != INVALID_SOCKET && setsockopt(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char *)&alone, sizeof alone) == 0;

    memset(&four, 0, sizeof four);
    memset(&six, 0, sizeof six);
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four.sin_port = htons(port);
    six.sin6_family = AF_INET6;
    six.sin6_addr.s6_addr[15] = 1;
    six.sin6_port = htons(port);
    good = good && bind(s, family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four,
                       family == AF_INET6 ? (int)sizeof six : (int)sizeof four) == 0;
    good = good && (type != SOCK_STREAM || listen(s, SOMAXCONN) == 0);
    if (!good && s != INVALID_SOCKET)
        closesocket(s);
    return good ? s : INVALID_SOCKET;
}

/* A fixed port: those of the dynamic range and of the proxy are open to the offline account, and show nothing. */
static SOCKET fixed(int family, int type, uint16_t *port)
{
    SOCKET s = INVALID_SOCKET;

    for (int i = 0; i < 16 && s == INVALID_SOCKET; i++) {
        uint16_t number = 0;
        if (!win_random(&number, sizeof number))
            break;
        *port = (uint16_t)(20000u + number % 10000u);
        s = at_port(family, type, *port);
    }
    if (s == INVALID_SOCKET)
        *port = 0;
    return s;
}

static void put_listener(struct trial_stage *t, enum trial_heard which, int family, int type)
{
    SOCKET s = fixed(family, type, &t->port[which]);
    u_long on = 1;

    if (s != INVALID_SOCKET && which != HEARD_WEB)
        ioctlsocket(s, (long)FIONBIO, &on);
    t->listening[which] = s == INVALID_SOCKET ? SYS_NONE : (sys_handle)s;
}

/* Who calls for the web waits for an answer, outside on the very thread that would look: so the call is ended at once, by another
 * thread, which ends with the socket. A counter that both see, for the life of the process. */
static volatile LONG web_calls;

static DWORD WINAPI hang_up(void *context)
{
    SOCKET s = (SOCKET)(uintptr_t)context, caller;

    while ((caller = accept(s, NULL, NULL)) != INVALID_SOCKET) {
        InterlockedIncrement(&web_calls);
        closesocket(caller);
    }
    return 0;
}

bool trial_stage_open(struct arena *a, struct str folder, struct trial_stage *out, struct err *e)
{
    WSADATA data;
    HANDLE thread = NULL;
    SOCKET spare;

    *out = (struct trial_stage){.folder = folder, .listening = {SYS_NONE, SYS_NONE, SYS_NONE, SYS_NONE}};
    if (!sys_make_folders(folder, 0700, e))
        return false;
    make_files(a, out);
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return true;
    put_listener(out, HEARD_TCP6, AF_INET6, SOCK_STREAM);
    put_listener(out, HEARD_UDP4, AF_INET, SOCK_DGRAM);
    put_listener(out, HEARD_UDP6, AF_INET6, SOCK_DGRAM);
    put_listener(out, HEARD_WEB, AF_INET, SOCK_STREAM);
    if (out->listening[HEARD_WEB] != SYS_NONE)
        thread = CreateThread(NULL, 0, hang_up, (void *)(uintptr_t)out->listening[HEARD_WEB], 0, NULL);
    if (!thread)
        out->port[HEARD_WEB] = 0;
    win_close(&thread);
    spare = fixed(AF_INET, SOCK_STREAM, &out->free_port);
    if (spare != INVALID_SOCKET)
        closesocket(spare);
    return true;
}

bool trial_stage_heard(struct trial_stage *t, enum trial_heard which)
{
    SOCKET s = (SOCKET)t->listening[which], caller;
    struct timeval limit = {0, HEARD_MS * 1000};
    bool heard = false;
    char bytes[64];
    fd_set ready;

    if (t->listening[which] == SYS_NONE)
        return false;
    if (which == HEARD_WEB) {
        Sleep(HEARD_MS);
        return InterlockedExchange(&web_calls, 0) > 0;
    }
    FD_ZERO(&ready);
    FD_SET(s, &ready);
    if (select(0, &ready, NULL, NULL, &limit) <= 0)
        return false;
    if (which == HEARD_TCP6) {
        while ((caller = accept(s, NULL, NULL)) != INVALID_SOCKET) {
            heard = true;
            closesocket(caller);
        }
    } else {
        while (recv(s, bytes, sizeof bytes, 0) >= 0)
            heard = true;
    }
    return heard;
}

void trial_stage_close(struct trial_stage *t)
{
    for (size_t i = 0; i < HEARD_COUNT; i++) {
        if (t->listening[i] != SYS_NONE)
            closesocket((SOCKET)t->listening[i]);
        t->listening[i] = SYS_NONE;
    }
}

uint64_t trial_runner(const struct boundary *b)
{
    return b ? boundary_runner(b) : 0;
}

/* ---- rule W10: a tree with a way out ---- */

#define MARKED "S-1-5-21-1718-2818-284-590" /* granted in the decoy tree, and nowhere else */

static bool make_hard_link(struct str path, struct str to)
{
    struct wide_path a, b;

    return wide_path(path, &a) && wide_path(to, &b) && CreateHardLinkW(a.v, b.v, NULL);
}

/* "Reparse Points and File Operations": a mount point's name is one of the kernel's. */
static bool make_junction(struct arena *a, struct str path, struct str to)
{
    struct {
        DWORD tag;
        WORD length, reserved, name_at, name_bytes, print_at, print_bytes;
        wchar_t names[1024];
    } data;
    struct wide_path wide;
    wchar_t *target = wide_from(a, arena_format(a, "\\??\\%s", to.p));
    size_t n = target ? wcslen(target) : 0;
    DWORD done = 0;
    HANDLE h;
    bool good;

    if (n == 0 || n + 2 > COUNT_OF(data.names) || !wide_path(path, &wide) || !CreateDirectoryW(wide.v, NULL))
        return false;
    memset(&data, 0, sizeof data);
    data.tag = IO_REPARSE_TAG_MOUNT_POINT;
    data.name_bytes = (WORD)(n * sizeof *target);
    data.print_at = (WORD)((n + 1) * sizeof *target);
    data.length = (WORD)(8 + (n + 2) * sizeof *target);
    memcpy(data.names, target, n * sizeof *target);
    h = CreateFileW(wide.v, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    good = h != INVALID_HANDLE_VALUE && DeviceIoControl(h, FSCTL_SET_REPARSE_POINT, &data, (DWORD)data.length + 8, NULL, 0, &done, NULL) &&
           (GetFileAttributesW(wide.v) & FILE_ATTRIBUTE_REPARSE_POINT);
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    return good;
}

bool trial_link(struct arena *a, struct str path, struct str to, bool junction)
{
    return junction ? make_junction(a, path, to) : make_hard_link(path, to);
}

/* Its list as text; none where it cannot be read. */
static struct str list_of(struct arena *a, struct str path)
{
    char *bytes = arena_alloc(a, 1, 65536);
    struct wide_path wide;
    struct descriptor d;
    struct err ignored = {0};
    struct str out = {0};
    DWORD n = 0;
    HANDLE h = wide_path(path, &wide) ? win_open_itself(wide.v, READ_CONTROL, OPEN_EXISTING) : NULL;

    if (h && GetKernelObjectSecurity(h, DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION, (PSECURITY_DESCRIPTOR)bytes, 65536, &n) &&
        descriptor_decode(a, (struct str){bytes, GetSecurityDescriptorLength((PSECURITY_DESCRIPTOR)bytes)}, &d, &ignored))
        out = sddl_text(a, &d);
    win_close(&h);
    return out;
}

static bool has_mark(struct str list)
{
    const struct str mark = STR(MARKED);

    for (size_t i = 0; i + mark.n <= list.n; i++)
        if (memcmp(list.p + i, mark.p, mark.n) == 0)
            return true;
    return false;
}

/* The grant on the top, by hand; then what :reapply does, for the rest. */
static bool carry(struct arena *a, struct str top, struct err *e)
{
    struct str me = token_user(a), changed[1] = {top};
    struct op ops[] = {{.kind = OP_RESTRICT, .path = top, .text = STR(MARKED)},
        {.kind = OP_ACE, .path = top, .text2 = top, .number = ACE_PUT, .text = STR("(A;OICI;0x1301bf;;;" MARKED ")")}};
    struct applied applied = {.changed = {changed, 1, 1}};
    struct texts none = {0};
    struct wide_path wide;
    bool verified = false;
    HANDLE h = wide_path(top, &wide) ? win_open_itself(wide.v, READ_CONTROL | WRITE_DAC, OPEN_EXISTING) : NULL;
    bool good = h && me.n &&
                win_dacl_put(h, arena_format(a, "D:P(A;OICI;FA;;;%s)(A;OICI;FA;;;SY)(A;OICI;0x1301bf;;;%s)", me.p, MARKED), &verified, e) && verified;

    win_close(&h);
    return good && apply_carry(a, ops, COUNT_OF(ops), &none, &applied, e);
}

static enum probe_answer look_link(struct arena *a, bool junction, const struct trial_stage *t, struct str *detail)
{
    struct str place = join(a, t->folder, junction ? "junction" : "link"), top = join(a, place, "top"), out = join(a, place, "out");
    struct str plain = join(a, top, "plain"), outside = join(a, out, "file"), way = join(a, top, "way"), before, after;
    struct err e = {0};

    if (!t->folder.n || !sys_make_folders(top, 0700, &e) || !sys_make_folders(out, 0700, &e) || !file_with(a, plain, (struct str){0}).n ||
        !file_with(a, outside, (struct str){0}).n || !trial_link(a, way, junction ? out : outside, junction)) {
        *detail = STR("the decoy with its link could not be made");
        return ANSWER_UNKNOWN;
    }
    before = list_of(a, outside);
    carry(a, top, &e); /* that it went past the link is not told as an error, and that it stops there would be as well */
    after = list_of(a, outside);
    if (!before.n || !after.n) {
        *detail = STR("the list of the file outside could not be read");
        return ANSWER_UNKNOWN;
    }
    if (has_mark(after) || !str_eq(before, after)) {
        *detail = STR("the list of the file outside was changed");
        return ANSWER_DENIED;
    }
    if (!has_mark(list_of(a, plain))) {
        *detail = e.kind != ERR_NONE ? err_text(&e, a) : STR("the ordinary file beside the link did not get the entry either: nothing is shown");
        return ANSWER_UNKNOWN;
    }
    *detail = STR("the ordinary file beside the link has the entry, the file outside is as it was");
    return ANSWER_DONE;
}

/* ---- rule W1: the weak members ---- */

/* Opened as a token would that is restricted to this one SID. */
static bool opens_as(HANDLE token, const wchar_t *path)
{
    HANDLE h;

    if (!SetThreadToken(NULL, token))
        return false;
    h = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    SetThreadToken(NULL, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(h);
    return true;
}

/* Does the file system of pipes let one be made? */
static bool makes_pipe_as(HANDLE token)
{
    wchar_t name[64];
    HANDLE h;

    swprintf(name, COUNT_OF(name), L"\\\\.\\pipe\\cordon-weak-%lu", (unsigned long)GetCurrentProcessId());
    if (!SetThreadToken(NULL, token))
        return false;
    h = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE, PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, 1, 512, 512, 0, NULL);
    SetThreadToken(NULL, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(h);
    return true;
}

static enum probe_answer look_weak(struct arena *a, const char *first, const char *second, const struct trial_stage *t, struct str *detail)
{
    static const struct {
        const char *name;
        const wchar_t *path;
    } devices[] = {{"NUL", L"\\\\.\\NUL"}, {"CNG", L"\\\\.\\GLOBALROOT\\Device\\CNG"}, {"Afd", L"\\\\.\\GLOBALROOT\\Device\\Afd\\Endpoint"},
        {"Mup", L"\\\\.\\GLOBALROOT\\Device\\Mup"}};
    const struct str files[] = {t->open_to_all, t->open_to_33};
    struct token shape = {0};
    struct buf said = {0};
    struct err e = {0};
    struct sid both[2];
    size_t count = second ? 2 : 1;
    bool parsed = sid_parse(str_from(first), &both[0]) && (!second || sid_parse(str_from(second), &both[1]));
    HANDLE token = parsed ? win_token_restricted(both, count, &e) : NULL;

    if (!token || !win_token_read(a, token, &shape, &e) || shape.restricting_count != count) {
        *detail = token ? STR("a restricted token has no restricting list here") : err_text(&e, a);
        win_close(&token);
        return ANSWER_UNKNOWN;
    }
    buf_format(&said, "opened for writing:");
    for (size_t i = 0; i < COUNT_OF(devices); i++)
        buf_format(&said, " %s %s,", devices[i].name, opens_as(token, devices[i].path) ? "yes" : "no");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct wide_path wide;
        bool there = files[i].n && wide_path(files[i], &wide);
        buf_format(&said, " %s %s%s", i ? "a file of S-1-5-33's" : "a file of Everyone's", !there ? "not tried" : opens_as(token, wide.v) ? "yes" : "no",
            ",");
    }
    buf_format(&said, " a pipe made %s", makes_pipe_as(token) ? "yes" : "no");
    *detail = arena_str(a, buf_view(&said));
    buf_release(&said);
    win_close(&token);
    return ANSWER_DONE;
}

/* ---- numbers ---- */

/* Whose they are is named by process id: most are of other accounts, and no more may be asked. */
static enum probe_answer look_listeners(struct arena *a, struct str *detail)
{
    DWORD(WINAPI * ask)(void *, DWORD *, BOOL, ULONG, TCP_TABLE_CLASS, ULONG);
    void *found = win_function(L"iphlpapi.dll", "GetExtendedTcpTable");
    struct buf said = {0};
    unsigned count = 0;
    DWORD n = 0;
    MIB_TCPTABLE_OWNER_PID *table;

    if (!found)
        return ANSWER_UNKNOWN;
    memcpy(&ask, &found, sizeof ask);
    ask(NULL, &n, TRUE, AF_INET, TCP_TABLE_OWNER_PID_LISTENER, 0);
    if (n == 0 || n > (DWORD)1 << 22)
        return ANSWER_UNKNOWN;
    n += 4096;
    table = arena_alloc(a, 1, n);
    if (ask(table, &n, TRUE, AF_INET, TCP_TABLE_OWNER_PID_LISTENER, 0) != NO_ERROR)
        return ANSWER_UNKNOWN;
    for (DWORD i = 0; i < table->dwNumEntries; i++) {
        unsigned port = ntohs((u_short)table->table[i].dwLocalPort);
        if (port < DYNAMIC_LOW)
            continue;
        if (count++ < LISTENERS_SHOWN)
            buf_format(&said, " port %u of process %lu", port, (unsigned long)table->table[i].dwOwningPid);
    }
    *detail = arena_format(a, "%u:%.*s%s", count, (int)said.n, said.p ? said.p : "", count > LISTENERS_SHOWN ? " and more" : "");
    buf_release(&said);
    return ANSWER_DONE;
}

static enum probe_answer look_pipes(struct arena *a, struct str *detail)
{
    WIN32_FIND_DATAW found;
    HANDLE h = FindFirstFileW(L"\\\\.\\pipe\\*", &found);
    unsigned count = 0;

    if (h == INVALID_HANDLE_VALUE)
        return ANSWER_UNKNOWN;
    do {
        count++;
    } while (FindNextFileW(h, &found) && count < 100000);
    FindClose(h);
    *detail = arena_format(a, "%u names", count);
    return ANSWER_DONE;
}

static bool number_of(const wchar_t *key, const wchar_t *name, DWORD *out)
{
    DWORD n = sizeof *out;

    return RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, NULL, out, &n) == 0;
}

/* A log that stops the machine when it is full, or that does not make room, could be used against it. */
static enum probe_answer look_log(struct arena *a, struct str *detail)
{
    DWORD stops = 0, size = 0, keeps = 0, archives = 0;
    bool known = number_of(L"SYSTEM\\CurrentControlSet\\Control\\Lsa", L"CrashOnAuditFail", &stops);
    bool sized = number_of(L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Security", L"MaxSize", &size);
    bool kept = number_of(L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Security", L"Retention", &keeps);

    /* As setup has it: what keeps all of it, and begins a new file when it is full, makes room as well. */
    if (keeps && number_of(L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Security", L"AutoBackupLogFiles", &archives) && archives)
        keeps = 0;
    *detail = arena_format(a, "CrashOnAuditFail %s; the log %s, and %s", !known ? "is not set" : stops ? "is SET" : "is off",
        sized ? arena_format(a, "has %lu KiB", (unsigned long)(size / 1024)).p : "may not be looked at unelevated",
        !kept ? "how it makes room is not told" : keeps ? "does NOT make room" : archives ? "makes room by beginning another file" : "makes room by dropping what is oldest");
    if (stops || (kept && keeps))
        return ANSWER_DENIED;
    return known && kept ? ANSWER_DONE : ANSWER_UNKNOWN;
}

static enum probe_answer look_services(struct arena *a, struct str *detail)
{
    static const wchar_t *const names[] = {L"Dnscache", L"WebClient", L"LanmanWorkstation", L"BITS", L"Winmgmt", L"Schedule", L"seclogon",
        L"LxssManager", L"WSLService", L"Spooler", L"HTTP"};
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    struct buf said = {0};

    if (!manager)
        return ANSWER_UNKNOWN;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        SC_HANDLE h = OpenServiceW(manager, names[i], SERVICE_QUERY_STATUS);
        SERVICE_STATUS_PROCESS status;
        DWORD n = 0;
        if (h && QueryServiceStatusEx(h, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &n) && status.dwCurrentState == SERVICE_RUNNING)
            buf_format(&said, "%s%s", said.n ? ", " : "", utf8_from_z(a, names[i]).p);
        if (h)
            CloseServiceHandle(h);
    }
    CloseServiceHandle(manager);
    *detail = said.n ? arena_str(a, buf_view(&said)) : STR("none of those that are known");
    buf_release(&said);
    return ANSWER_DONE;
}

/* Every user has that right unless it is denied: so the code says that it is, and the password that it is not for want of that (it is
 * another code). Batch, service and remote desktop cannot be told from a right that was never given. */
static enum probe_answer look_logon(struct arena *a, const struct trial_stage *t, struct str *detail)
{
    BOOL(WINAPI * log_on)(LPCWSTR, LPCWSTR, LPCWSTR, DWORD, DWORD, HANDLE *);
    void *found = win_function(L"advapi32.dll", "LogonUserW");
    wchar_t password[SETUP_PASSWORD_LENGTH + 1] = {0}, *name = t->account.n ? wide_from(a, t->account) : NULL;
    struct passwords kept = {0};
    struct err e = {0};
    HANDLE token = NULL;
    DWORD code = 0;
    bool good = found && name && passwords_open(win_data_dir(a), token_user(a), &kept, &e);

    for (size_t i = 0; good && i < SETUP_PASSWORD_LENGTH; i++)
        password[i] = (wchar_t)(unsigned char)(t->online ? kept.online : kept.offline)[i];
    passwords_wipe(&kept);
    if (good) {
        memcpy(&log_on, &found, sizeof found);
        code = log_on(name, L".", password, LOGON32_LOGON_NETWORK, LOGON32_PROVIDER_DEFAULT, &token) ? 0 : GetLastError();
    }
    SecureZeroMemory(password, sizeof password);
    win_close(&token);
    if (!good) {
        *detail = e.kind ? err_text(&e, a) : STR("there is no account to try it with");
        return ANSWER_UNKNOWN;
    }
    *detail = code ? arena_format(a, "a logon over the network with the right password: error %lu", (unsigned long)code)
                   : STR("a logon over the network was let in");
    return code == ERROR_LOGON_TYPE_NOT_GRANTED ? ANSWER_DONE : code ? ANSWER_UNKNOWN : ANSWER_DENIED;
}

enum probe_answer trial_look(struct arena *a, enum trial_look look, const struct trial_stage *t, struct str *detail)
{
    *detail = STR("");
    switch (look) {
    case LOOK_LOGON:
        return look_logon(a, t, detail);
    case LOOK_NOTHING:
    case LOOK_END: /* of who has the session */
        break;
    case LOOK_LINK:
        return look_link(a, false, t, detail);
    case LOOK_JUNCTION:
        return look_link(a, true, t, detail);
    case LOOK_WEAK_NONE:
        return look_weak(a, MARKED, NULL, t, detail);
    case LOOK_WEAK_EVERYONE:
        return look_weak(a, SID_EVERYONE, NULL, t, detail);
    case LOOK_WEAK_33:
        return look_weak(a, SID_WRITE_RESTRICTED, NULL, t, detail);
    case LOOK_WEAK_BOTH:
        return look_weak(a, SID_EVERYONE, SID_WRITE_RESTRICTED, t, detail);
    case LOOK_LISTENERS:
        return look_listeners(a, detail);
    case LOOK_PIPES:
        return look_pipes(a, detail);
    case LOOK_LOG:
        return look_log(a, detail);
    case LOOK_SERVICES:
        return look_services(a, detail);
    }
    return ANSWER_UNKNOWN;
}
