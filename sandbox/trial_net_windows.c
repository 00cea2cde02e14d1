/*
 * trial_net: doctor's attempts at the network (rule W6), on loopback alone but for a name that cannot exist; the same code inside
 * and outside, as in trial_windows.c. Besides the plain ones two that would change whose traffic it is: as the anonymous logon, and out
 * of an AppContainer.
 */
#include "trial_windows.h"

#include <ws2tcpip.h>

#define NETWORK_MS 500

static SOCKET loopback_socket(int family, int type, uint64_t port, struct sockaddr_storage *at, int *n)
{
    WSADATA data;

    memset(at, 0, sizeof *at);
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return INVALID_SOCKET;
    if (family == AF_INET6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)at;
        six->sin6_family = AF_INET6;
        six->sin6_addr.s6_addr[15] = 1;
        six->sin6_port = htons((u_short)port);
        *n = sizeof *six;
    } else {
        struct sockaddr_in *four = (struct sockaddr_in *)at;
        four->sin_family = AF_INET;
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        four->sin_port = htons((u_short)port);
        *n = sizeof *four;
    }
    return socket(family, type, 0);
}

bool trial_connects(SOCKET s, const struct sockaddr *at, int size)
{
    struct timeval limit = {0, NETWORK_MS * 1000};
    u_long on = 1;
    fd_set done, failed;
    int code = 0, n = sizeof code;

    ioctlsocket(s, (long)FIONBIO, &on);
    if (connect(s, at, size) == 0)
        return true;
    code = WSAGetLastError();
    if (code == WSAEWOULDBLOCK) {
        FD_ZERO(&done);
        FD_ZERO(&failed);
        FD_SET(s, &done);
        FD_SET(s, &failed);
        code = WSAETIMEDOUT;
        if (select(0, NULL, &done, &failed, &limit) > 0)
            getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&code, &n);
        if (code == 0 && !FD_ISSET(s, &done))
            code = WSAECONNREFUSED;
    }
    SetLastError((DWORD)code);
    return code == 0;
}

enum what { CONNECT, SEND, LISTEN };

/* Of the number of a port to listen at: over IPv6; at all addresses, at whatever port there is. */
#define LISTEN_SIX 0x10000u
#define LISTEN_ANY 0x20000u

static bool try_socket(int family, enum what what, uint64_t port)
{
    struct sockaddr_storage at;
    int n = 0;
    SOCKET s = loopback_socket(family, what == SEND ? SOCK_DGRAM : SOCK_STREAM, port, &at, &n);
    bool good = s != INVALID_SOCKET;
    DWORD code;

    if (port & LISTEN_ANY)
        memset(&((struct sockaddr_in *)&at)->sin_port, 0, sizeof(u_short) + sizeof(struct in_addr)); /* and INADDR_ANY */
    if (good && what == CONNECT)
        good = trial_connects(s, (const struct sockaddr *)&at, n);
    else if (good && what == SEND)
        good = sendto(s, "x", 1, 0, (struct sockaddr *)&at, n) == 1;
    else if (good)
        good = bind(s, (struct sockaddr *)&at, n) == 0 && listen(s, 1) == 0;
    code = what == CONNECT && s != INVALID_SOCKET ? GetLastError() : (DWORD)WSAGetLastError();
    if (s != INVALID_SOCKET)
        closesocket(s);
    SetLastError(good ? 0 : code);
    return good;
}

static enum probe_answer try_echo(long *code)
{
    HANDLE(WINAPI * create)(void);
    DWORD(WINAPI * echo)(HANDLE, uint32_t, LPVOID, WORD, LPVOID, LPVOID, DWORD, DWORD);
    BOOL(WINAPI * close_it)(HANDLE);
    union {
        ULONGLONG align;
        char bytes[512];
    } reply;
    HANDLE h;
    DWORD got, why;

    LOOK_UP(create, L"iphlpapi.dll", "IcmpCreateFile");
    LOOK_UP(echo, L"iphlpapi.dll", "IcmpSendEcho");
    LOOK_UP(close_it, L"iphlpapi.dll", "IcmpCloseHandle");
    if (!create || !echo || !close_it)
        return lacking(code);
    h = create();
    if (h == INVALID_HANDLE_VALUE)
        return probe_outcome(false, code);
    got = echo(h, htonl(INADDR_LOOPBACK), (void *)"cordon", 6, NULL, &reply, sizeof reply, NETWORK_MS);
    why = GetLastError();
    close_it(h);
    if (got > 0)
        return give(ANSWER_DONE, 0, code);
    /* Unreachable, timed out, or the general failure that a filter's block comes out as (IP_STATUS of ipexport.h). */
    if ((why >= 11002 && why <= 11005) || why == 11010 || why == 11050)
        return give(ANSWER_DENIED, why, code);
    SetLastError(why);
    return probe_outcome(false, code);
}

/* An answer that there is no such name is an answer: the question went out. */
static enum probe_answer try_resolve(struct str name, long *code)
{
    LONG(WINAPI * query)(PCWSTR, WORD, DWORD, PVOID, PVOID *, PVOID *);
    VOID(WINAPI * release)(PVOID, int);
    struct arena a = {0};
    wchar_t *wide = wide_from(&a, name);
    PVOID records = NULL;
    LONG got;

    LOOK_UP(query, L"dnsapi.dll", "DnsQuery_W");
    LOOK_UP(release, L"dnsapi.dll", "DnsFree");
    if (!query || !release || !wide) {
        arena_release(&a);
        return lacking(code);
    }
    got = query(wide, 1 /* an address */, 0, NULL, &records, NULL);
    if (records)
        release(records, 1 /* a list */);
    arena_release(&a);
    switch (got) {
    case 0:
    case 9003: /* DNS_ERROR_RCODE_NAME_ERROR */
    case 9501: /* DNS_INFO_NO_RECORDS */
        return give(ANSWER_DONE, (DWORD)got, code);
    case ERROR_ACCESS_DENIED:
    case ERROR_TIMEOUT:
    case RPC_S_SERVER_UNAVAILABLE:
    case WSAEACCES:
    case WSAENETUNREACH:
    case WSAEHOSTUNREACH:
    case WSAETIMEDOUT:
        return give(ANSWER_DENIED, (DWORD)got, code);
    default:
        return give(ANSWER_FAILED, (DWORD)got, code);
    }
}

/* A filter's user condition is about the token that connects. The socket is there before, so that what is refused is the connection,
 * or becoming anonymous. */
static bool try_anonymous(uint64_t port)
{
    struct sockaddr_storage at;
    int n = 0;
    SOCKET s = loopback_socket(AF_INET6, SOCK_STREAM, port, &at, &n);
    bool good = s != INVALID_SOCKET;
    DWORD code = good ? 0 : (DWORD)WSAGetLastError();

    if (good && !ImpersonateAnonymousToken(GetCurrentThread())) {
        code = GetLastError();
        good = false;
    }
    if (good) {
        good = trial_connects(s, (const struct sockaddr *)&at, n);
        code = GetLastError();
        if (!RevertToSelf())
            TerminateProcess(GetCurrentProcess(), 1); /* nothing else is done as somebody else */
    }
    if (s != INVALID_SOCKET)
        closesocket(s);
    SetLastError(code);
    return good;
}

/* In a container with the capability to go out (internetClient), as any program may make one; it never runs. Of a program that every
 * container may read. */
static bool start_contained(PSID container)
{
    BYTE internet[SECURITY_MAX_SID_SIZE];
    SID_AND_ATTRIBUTES one = {internet, SE_GROUP_ENABLED};
    SID_IDENTIFIER_AUTHORITY packages = {{0, 0, 0, 0, 0, 15}};
    SECURITY_CAPABILITIES who = {container, &one, 1, 0};
    union {
        ULONGLONG align;
        char bytes[256];
    } room;
    LPPROC_THREAD_ATTRIBUTE_LIST list = (LPPROC_THREAD_ATTRIBUTE_LIST)(void *)room.bytes;
    SIZE_T size = sizeof room;
    STARTUPINFOEXW info;
    PROCESS_INFORMATION made;
    struct wide_path program;
    UINT n = GetSystemDirectoryW(program.v, WIDE_PATH_MAX - 16);

    if (!n || n >= WIDE_PATH_MAX - 16 || !InitializeSid((SID *)(void *)internet, &packages, 2))
        return false;
    *GetSidSubAuthority(internet, 0) = 3;
    *GetSidSubAuthority(internet, 1) = 1;
    wcscat_s(program.v, WIDE_PATH_MAX, L"\\cmd.exe");
    memset(&info, 0, sizeof info);
    info.StartupInfo.cb = sizeof info;
    info.lpAttributeList = list;
    if (!InitializeProcThreadAttributeList(list, 1, 0, &size) ||
        !UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_SECURITY_CAPABILITIES, &who, sizeof who, NULL, NULL) ||
        !CreateProcessW(program.v, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED | CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
            &info.StartupInfo, &made))
        return false;
    TerminateProcess(made.hProcess, 1);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    return true;
}

static enum probe_answer try_container(struct str name, long *code)
{
    HRESULT(WINAPI * make)(PCWSTR, PCWSTR, PCWSTR, PSID_AND_ATTRIBUTES, DWORD, PSID *);
    HRESULT(WINAPI * remove)(PCWSTR);
    struct arena a = {0};
    wchar_t *wide = wide_from(&a, name);
    PSID container = NULL;
    HRESULT got;
    bool good = false;
    DWORD why;

    LOOK_UP(make, L"userenv.dll", "CreateAppContainerProfile");
    LOOK_UP(remove, L"userenv.dll", "DeleteAppContainerProfile");
    if (!make || !remove || !wide) {
        arena_release(&a);
        return lacking(code);
    }
    got = make(wide, wide, wide, NULL, 0, &container);
    why = HRESULT_FACILITY(got) == FACILITY_WIN32 ? (DWORD)HRESULT_CODE(got) : (DWORD)got;
    if (SUCCEEDED(got)) {
        good = start_contained(container);
        why = GetLastError();
        FreeSid(container);
        remove(wide);
    }
    arena_release(&a);
    SetLastError(why);
    return probe_outcome(good, code);
}

enum probe_answer trial_network(enum probe_kind kind, struct str path, uint64_t number, long *code)
{
    switch ((int)kind) {
    case PROBE_CONNECT6:
        return probe_outcome(try_socket(AF_INET6, CONNECT, number), code);
    case PROBE_SEND4:
        return probe_outcome(try_socket(AF_INET, SEND, number), code);
    case PROBE_SEND6:
        return probe_outcome(try_socket(AF_INET6, SEND, number), code);
    case PROBE_LISTEN:
        return probe_outcome(try_socket(number & LISTEN_SIX ? AF_INET6 : AF_INET, LISTEN, number), code);
    case PROBE_ECHO:
        return try_echo(code);
    case PROBE_RESOLVE:
        return try_resolve(path, code);
    case PROBE_ANONYMOUS:
        return probe_outcome(try_anonymous(number), code);
    case PROBE_CONTAINER:
        return try_container(path, code);
    default:
        return give(ANSWER_UNKNOWN, 0, code);
    }
}
