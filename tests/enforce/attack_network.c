/*
 * attack_network: ways to reach a listener of the outside. Every address is one that the driver
 * listens on, on loopback; nothing here names another.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "attack.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    } u;
    socklen_t size;
};

static struct address inet_address(const char *host, long port)
{
    struct address at;
    memset(&at, 0, sizeof at);
    if (strchr(host, ':')) {
        at.u.v6.sin6_family = AF_INET6;
        at.u.v6.sin6_port = htons((uint16_t)port);
        inet_pton(AF_INET6, host, &at.u.v6.sin6_addr);
        at.size = sizeof at.u.v6;
    } else {
        at.u.v4.sin_family = AF_INET;
        at.u.v4.sin_port = htons((uint16_t)port);
        inet_pton(AF_INET, host, &at.u.v4.sin_addr);
        at.size = sizeof at.u.v4;
    }
    return at;
}

static struct address abstract_address(const char *name)
{
    struct address at;
    memset(&at, 0, sizeof at);
    at.u.un.sun_family = AF_UNIX;
    size_t n = strlen(name);
    if (n > sizeof at.u.un.sun_path - 1)
        n = sizeof at.u.un.sun_path - 1;
    memcpy(at.u.un.sun_path + 1, name, n);
    at.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
    return at;
}

static struct address path_address(const char *path)
{
    struct address at;
    memset(&at, 0, sizeof at);
    at.u.un.sun_family = AF_UNIX;
    snprintf(at.u.un.sun_path, sizeof at.u.un.sun_path, "%s", path);
    at.size = sizeof at.u.un;
    return at;
}

static struct outcome connect_to(const struct address *at, int type, int protocol)
{
    int fd = socket(at->u.any.sa_family, type, protocol);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(connect(fd, &at->u.any, at->size));
    if (o.answer == ANSWER_DONE)
        o = outcome_of(send(fd, "attacked", 8, MSG_NOSIGNAL));
    close(fd);
    return o;
}

static struct outcome send_to(const struct address *at, int type, int flags)
{
    int fd = socket(at->u.any.sa_family, type, 0);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o =
        outcome_of(sendto(fd, "attacked", 8, flags | MSG_NOSIGNAL, &at->u.any, at->size));
    close(fd);
    return o;
}

static struct outcome n_tcp(char **a) /* HOST PORT */
{
    struct address at = inet_address(a[0], number(a[1]));
    return connect_to(&at, SOCK_STREAM, 0);
}

static struct outcome n_mptcp(char **a)
{
    struct address at = inet_address(a[0], number(a[1]));
    return connect_to(&at, SOCK_STREAM, IPPROTO_MPTCP);
}

static struct outcome n_fast_open(char **a)
{
    struct address at = inet_address(a[0], number(a[1]));
    return send_to(&at, SOCK_STREAM, MSG_FASTOPEN);
}

static struct outcome n_udp(char **a)
{
    struct address at = inet_address(a[0], number(a[1]));
    return send_to(&at, SOCK_DGRAM, 0);
}

static struct outcome n_udp_connected(char **a)
{
    struct address at = inet_address(a[0], number(a[1]));
    return connect_to(&at, SOCK_DGRAM, 0);
}

static struct outcome n_abstract(char **a)
{
    struct address at = abstract_address(a[0]);
    return connect_to(&at, SOCK_STREAM, 0);
}

static struct outcome n_abstract_datagram(char **a)
{
    struct address at = abstract_address(a[0]);
    return send_to(&at, SOCK_DGRAM, 0);
}

static struct outcome n_path(char **a)
{
    struct address at = path_address(a[0]);
    return connect_to(&at, SOCK_STREAM, 0);
}

static struct outcome n_path_datagram(char **a)
{
    struct address at = path_address(a[0]);
    return send_to(&at, SOCK_DGRAM, 0);
}

static struct outcome n_socket(
    char **a) /* FAMILY TYPE PROTOCOL: that such a socket can be had at all */
{
    int fd = socket((int)number(a[0]), (int)number(a[1]), (int)number(a[2]));
    struct outcome o = outcome_of(fd);
    if (fd >= 0)
        close(fd);
    return o;
}

static struct outcome n_route(char **a) /* a route to a documentation network by lo */
{
    struct {
        struct nlmsghdr head;
        struct rtmsg route;
        struct {
            struct rtattr head;
            uint32_t value;
        } destination, link;
    } ask;
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char rest[256];
    } answer;
    (void)a;
    memset(&ask, 0, sizeof ask);
    ask.head = (struct nlmsghdr){.nlmsg_len = sizeof ask,
        .nlmsg_type = RTM_NEWROUTE,
        .nlmsg_seq = 1,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE};
    ask.route = (struct rtmsg){.rtm_family = AF_INET,
        .rtm_dst_len = 24,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_BOOT,
        .rtm_scope = RT_SCOPE_LINK,
        .rtm_type = RTN_UNICAST};
    ask.destination.head = (struct rtattr){.rta_len = 8, .rta_type = RTA_DST};
    ask.destination.value = inet_addr("192.0.2.0");
    ask.link.head = (struct rtattr){.rta_len = 8, .rta_type = RTA_OIF};
    ask.link.value = if_nametoindex("lo");
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (fd < 0)
        return outcome_errno(errno);
    long n = send(fd, &ask, sizeof ask, 0) < 0 ? -1 : recv(fd, &answer, sizeof answer, 0);
    close(fd);
    if (n < 0)
        return outcome_errno(errno);
    return answer.error.error == 0 ? outcome_done() : outcome_errno(-answer.error.error);
}

static struct outcome n_link_up(char **a) /* lo: needed before a route can go there */
{
    struct ifreq ask;
    (void)a;
    memset(&ask, 0, sizeof ask);
    memcpy(ask.ifr_name, "lo", 3);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ask.ifr_flags = IFF_UP;
    struct outcome o = outcome_of(ioctl(fd, SIOCSIFFLAGS, &ask));
    close(fd);
    return o;
}

static struct outcome n_up_and_route(char **a)
{
    struct outcome o = n_link_up(a);
    return o.answer == ANSWER_DONE || o.answer == ANSWER_DENIED ? n_route(a) : o;
}

static struct outcome n_interfaces(char **a) /* any but lo? */
{
    struct if_nameindex *all = if_nameindex();
    struct outcome o = {ANSWER_MISSING, 0};
    (void)a;
    for (struct if_nameindex *i = all; i && i->if_index; i++)
        if (strcmp(i->if_name, "lo") != 0)
            o = outcome_done();
    if_freenameindex(all);
    return o;
}

static struct outcome n_loopback(char **a) /* HOST: listen and be reached, both ends inside */
{
    struct address at = inet_address(a[0], 0);
    int listener = socket(at.u.any.sa_family, SOCK_STREAM, 0), client = -1, server = -1;
    if (listener < 0 || bind(listener, &at.u.any, at.size) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, &at.u.any, &at.size) < 0)
        return outcome_errno(errno);
    client = socket(at.u.any.sa_family, SOCK_STREAM, 0);
    if (client < 0 || connect(client, &at.u.any, at.size) < 0)
        return outcome_errno(errno);
    server = accept(listener, NULL, NULL);
    char byte = 0;
    bool ok =
        server >= 0 && write(client, "x", 1) == 1 && read(server, &byte, 1) == 1 && byte == 'x';
    return ok ? outcome_done() : outcome_errno(errno);
}

static struct outcome n_unix_inside(char **a) /* PATH: a stream socket of the inside's own */
{
    struct address at = path_address(a[0]);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listener < 0 || client < 0 || bind(listener, &at.u.any, at.size) < 0 ||
        listen(listener, 1) < 0)
        return outcome_errno(errno);
    return outcome_of(connect(client, &at.u.any, at.size));
}

const struct verb verbs_network[] = {
    {"tcp", 2, n_tcp},
    {"mptcp", 2, n_mptcp},
    {"fast-open", 2, n_fast_open},
    {"udp", 2, n_udp},
    {"udp-connected", 2, n_udp_connected},
    {"abstract", 1, n_abstract},
    {"abstract-datagram", 1, n_abstract_datagram},
    {"unix-path", 1, n_path},
    {"unix-path-datagram", 1, n_path_datagram},
    {"socket", 3, n_socket},
    {"route", 0, n_up_and_route},
    {"interfaces", 0, n_interfaces},
    {"loopback", 1, n_loopback},
    {"unix-inside", 1, n_unix_inside},
    {NULL, 0, NULL},
};
