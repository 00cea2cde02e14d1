/*
 * listener: a port on loopback, outside, that takes connections and datagrams and remembers only that somebody came:
 * what a demo calls when it calls out.
 */
#include "linux.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#define PORTS_TRIED 16

static int listener_socket(int type, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || (type == SOCK_STREAM && listen(fd, 8) != 0))) {
        close(fd);
        return -1;
    }
    return fd;
}

bool listener_open(struct listener *l, struct err *e)
{
    for (int i = 0; i < PORTS_TRIED; i++) {
        struct sockaddr_in at = {0};
        socklen_t n = sizeof at;
        int tcp = listener_socket(SOCK_STREAM, 0), udp;

        if (tcp < 0 || getsockname(tcp, (struct sockaddr *)&at, &n) != 0) {
            if (tcp >= 0)
                close(tcp);
            break;
        }
        udp = listener_socket(SOCK_DGRAM, ntohs(at.sin_port));
        if (udp >= 0) {
            *l = (struct listener){.tcp = tcp, .udp = udp, .port = ntohs(at.sin_port)};
            return true;
        }
        close(tcp);
    }
    err_set(e, ERR_SYSTEM, "cannot open a listener on loopback");
    sys_reason(e, errno);
    return false;
}

bool listener_heard(struct listener *l)
{
    char bytes[256];
    bool heard = false;
    int caller;

    while (l->tcp != SYS_NONE && (caller = accept4((int)l->tcp, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        heard = true;
        close(caller);
    }
    while (l->udp != SYS_NONE && recv((int)l->udp, bytes, sizeof bytes, 0) >= 0)
        heard = true;
    return heard;
}

void listener_close(struct listener *l)
{
    sys_close(&l->tcp);
    sys_close(&l->udp);
}
