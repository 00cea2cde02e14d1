/*
 * sends: datagrams with an address of their own, which pass no connect(2): noted, for the network itself refuses them.
 */
#include "observe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A datagram to somewhere else than this machine, from a network that has nothing else: no wall has to be asked. */
bool judge_send(const struct watch *watch, const struct seccomp_notif *n, struct judged *out)
{
    union {
        sa_family_t family;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } to = {0};
    uint64_t length = n->data.args[5];
    char text[INET6_ADDRSTRLEN] = "";

    if (!watch->own_network || length > 128)
        return false;
    if (!lookup_bytes((pid_t)n->pid, n->data.args[4], &to, length < sizeof to ? (size_t)length : sizeof to))
        return false;
    if (to.family == AF_INET && length >= sizeof to.in && ntohl(to.in.sin_addr.s_addr) >> 24 != 127 &&
        to.in.sin_addr.s_addr != 0 && inet_ntop(AF_INET, &to.in.sin_addr, text, sizeof text))
        snprintf(out->path, sizeof out->path, "%s:%u", text, (unsigned)ntohs(to.in.sin_port));
    else if (to.family == AF_INET6 && length >= sizeof to.in6 && !IN6_IS_ADDR_LOOPBACK(&to.in6.sin6_addr) &&
             !IN6_IS_ADDR_UNSPECIFIED(&to.in6.sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&to.in6.sin6_addr) &&
             inet_ntop(AF_INET6, &to.in6.sin6_addr, text, sizeof text))
        snprintf(out->path, sizeof out->path, "[%s]:%u", text, (unsigned)ntohs(to.in6.sin6_port));
    else
        return false;
    out->code = ENETUNREACH;
    out->operation = OPERATION_CONNECT;
    out->cause = DENIAL_RULE;
    out->noted = true;
    return true;
}
