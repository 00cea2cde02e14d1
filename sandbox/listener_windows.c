/*
 * listener: does somebody on this machine listen at a port? Those that Cordon opens itself are in probe_windows.c.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <iphlpapi.h>

#include "win32.h"

#include <string.h>

#define HEARD_MS 1000

static void set_port(struct heard *l, DWORD port)
{
    unsigned number = ntohs((u_short)port);

    l->ports[number / 8] |= (unsigned char)(1u << number % 8);
}

static void read_ports(struct heard *l, ULONG family)
{
    TCP_TABLE_CLASS class = family == AF_INET ? TCP_TABLE_BASIC_LISTENER : TCP_TABLE_OWNER_PID_LISTENER; /* v6 has no basic one */
    DWORD(WINAPI * ask)(void *, DWORD *, BOOL, ULONG, TCP_TABLE_CLASS, ULONG);
    void *found = win_function(L"iphlpapi.dll", "GetExtendedTcpTable"), *table; /* no KnownDLL: never from a program's own folder */
    struct arena a = {0};
    DWORD n = 0;

    if (!found)
        return;
    memcpy(&ask, &found, sizeof ask);
    ask(NULL, &n, FALSE, family, class, 0);
    if (n > 0 && n < (DWORD)1 << 22) {
        n += 4096; /* more may have come by then */
        table = arena_alloc(&a, 1, n);
        if (ask(table, &n, FALSE, family, class, 0) == NO_ERROR) {
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
