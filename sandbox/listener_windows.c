/*
 * listener: a port on loopback that a demo calls when it calls out, and whether somebody on this machine listens at one.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>

#include "win32.h"

#define PORTS_TRIED 16
#define HEARD_MS    1000

static bool winsock(void)
{
    static bool begun; /* once for the process; what it took is given back at its end */
    WSADATA data;

    begun = begun || WSAStartup(MAKEWORD(2, 2), &data) == 0;
    return begun;
}

static SOCKET listener_socket(int type, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    SOCKET s = WSASocketW(AF_INET, type, 0, NULL, 0, WSA_FLAG_NO_HANDLE_INHERIT);
    u_long on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s != INVALID_SOCKET && (bind(s, (const struct sockaddr *)&at, sizeof at) != 0 ||
                                   (type == SOCK_STREAM && listen(s, 8) != 0) || ioctlsocket(s, (long)FIONBIO, &on) != 0)) {
        closesocket(s);
        return INVALID_SOCKET;
    }
    return s;
}

/* The handles here are sockets themselves, and no streams: only listener_heard and listener_close take them. */
bool listener_open(struct listener *l, struct err *e)
{
    for (int i = 0; i < PORTS_TRIED && winsock(); i++) {
        struct sockaddr_in at = {0};
        int n = sizeof at;
        SOCKET tcp = listener_socket(SOCK_STREAM, 0), udp;
        if (tcp == INVALID_SOCKET || getsockname(tcp, (struct sockaddr *)&at, &n) != 0) {
            if (tcp != INVALID_SOCKET)
                closesocket(tcp);
            break;
        }
        udp = listener_socket(SOCK_DGRAM, ntohs(at.sin_port));
        if (udp != INVALID_SOCKET) {
            *l = (struct listener){.tcp = (sys_handle)tcp, .udp = (sys_handle)udp, .port = ntohs(at.sin_port)};
            return true;
        }
        closesocket(tcp);
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
    if (l->tcp != SYS_NONE)
        closesocket((SOCKET)l->tcp);
    if (l->udp != SYS_NONE)
        closesocket((SOCKET)l->udp);
    l->tcp = l->udp = SYS_NONE;
}

/* ---- who listens ---- */

static void set_port(struct heard *l, DWORD port)
{
    unsigned number = ntohs((u_short)port);

    l->ports[number / 8] |= (unsigned char)(1u << number % 8);
}

static void read_ports(struct heard *l, ULONG family)
{
    TCP_TABLE_CLASS class = family == AF_INET ? TCP_TABLE_BASIC_LISTENER : TCP_TABLE_OWNER_PID_LISTENER; /* v6 has no basic one */
    struct arena a = {0};
    DWORD n = 0;
    void *table;

    GetExtendedTcpTable(NULL, &n, FALSE, family, class, 0);
    if (n > 0 && n < (DWORD)1 << 22) {
        n += 4096; /* more may have come by then */
        table = arena_alloc(&a, 1, n);
        if (GetExtendedTcpTable(table, &n, FALSE, family, class, 0) == NO_ERROR) {
            const MIB_TCPTABLE *four = table;
            const MIB_TCP6TABLE_OWNER_PID *six = table;
            for (DWORD i = 0; family == AF_INET && i < four->dwNumEntries; i++)
                set_port(l, four->table[i].dwLocalPort);
            for (DWORD i = 0; family == AF_INET6 && i < six->dwNumEntries; i++)
                set_port(l, six->table[i].dwLocalPort);
        }
    }
    arena_release(&a);
}

/* Names of the abstract space are Linux's: nobody listens at one. */
bool facts_listener(struct heard *l, struct str address)
{
    uint64_t now = sys_milliseconds();
    unsigned port = 0;
    size_t at = address.n;

    if (str_starts(address, STR("unix:")))
        return false;
    if (!l->until || now >= l->until) {
        *l = (struct heard){.until = now + HEARD_MS};
        read_ports(l, AF_INET);
        read_ports(l, AF_INET6);
    }
    while (at > 0 && address.p[at - 1] >= '0' && address.p[at - 1] <= '9')
        at--;
    for (size_t i = at; i < address.n && port <= 65535; i++)
        port = port * 10 + (unsigned)(address.p[i] - '0');
    return port > 0 && port <= 65535 && (l->ports[port / 8] & 1u << port % 8);
}
