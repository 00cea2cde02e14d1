/*
 * gate_look: what the gate sees of a caller: its socket, where its path leads, whether a signal waits for it; and the record
 * of what was refused.
 *
 * A path is looked up in the caller's folder, without our capabilities, and only held (O_PATH): no device or FIFO is opened by
 * that. The caller's root is ours: chroot(2) and new namespaces are refused inside, and it is made sure of here.
 */
#include "gate_linux.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#define PIDFD_THREAD_ O_EXCL /* PIDFD_THREAD, Linux 6.9: of one thread, whose table of descriptors may be its own */
#define RESTART_SYSTEM 512   /* ERESTARTSYS */

bool gate_own_proc(void)
{
    char link[32];
    ssize_t n = readlink("/proc/self", link, sizeof link - 1);

    link[n > 0 ? n : 0] = '\0';
    return strtol(link, NULL, 10) == getpid();
}

bool gate_capable(bool on)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];

    if (syscall(SYS_capget, &head, sets) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        sets[i].effective = on ? sets[i].permitted : 0;
    return syscall(SYS_capset, &head, sets) == 0;
}

/* ---- the caller ---- */

/* The number after "\nNAME:\t" in a /proc/PID/status; 0 when it has none. */
static uint64_t field(const char *status, const char *name, int base)
{
    char wanted[32];
    const char *at;

    snprintf(wanted, sizeof wanted, "\n%s:", name);
    at = strstr(status, wanted);
    return at ? strtoull(at + strlen(wanted), NULL, base) : 0;
}

static bool read_status(const struct gate_call *c, char *status, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/status", (int)c->thread);
    return sys_read_small(path, status, size) > 0;
}

void gate_identify(struct gate_call *c)
{
    if (c->process <= 0)
        c->process = lookup_process(c->thread);
}

/* A program counts as stopped by a signal only when it hears of it: a handler of its own, or what ends or stops it. Where
 * the signal is sure to be for this very thread, the kernel is left to do what it does for a call that waits:
 * run the handler, and start the call again if the handler was installed so. Elsewhere another thread may take the signal, and
 * the kernel's word for "again" would reach the program. */
long gate_interrupted(const struct gate_call *c)
{
    char status[8192];
    uint64_t blocked, ignored, own, shared;

    if (!read_status(c, status, sizeof status))
        return 0;
    blocked = field(status, "SigBlk", 16);
    ignored = field(status, "SigIgn", 16);
    own = field(status, "SigPnd", 16) & ~blocked & ~ignored;
    shared = field(status, "ShdPnd", 16) & ~blocked & ~ignored;
    if (own || (shared && field(status, "Threads", 10) == 1))
        return c->patience_ms ? EINTR : RESTART_SYSTEM;
    return shared & field(status, "SigCgt", 16) ? EINTR : 0;
}

static long copy_socket(struct gate_call *c, int number)
{
    int process = (int)syscall(SYS_pidfd_open, c->thread, PIDFD_THREAD_);
    long code = 0;

    if (process < 0 && errno == EINVAL) { /* before 6.9: the process, whose descriptors its threads share as a rule */
        gate_identify(c);
        process = (int)syscall(SYS_pidfd_open, c->process, 0);
    }
    if (process < 0)
        return errno;
    c->socket = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    if (c->socket < 0)
        code = errno;
    close(process);
    return code;
}

long gate_take_socket(struct gate_call *c, int number)
{
    int type = 0;
    socklen_t size = sizeof type;
    struct timeval patience = {0};
    long code;

    code = copy_socket(c, number);
    if (code != 0)
        return code;
    if (getsockopt(c->socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return errno;
    size = sizeof c->domain;
    if (getsockopt(c->socket, SOL_SOCKET, SO_DOMAIN, &c->domain, &size) != 0)
        return errno;
    size = sizeof patience;
    getsockopt(c->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, &size);
    c->patience_ms = (uint64_t)patience.tv_sec * 1000 + ((uint64_t)patience.tv_usec + 999) / 1000;
    c->datagram = type == SOCK_DGRAM;
    c->stream = type == SOCK_STREAM || type == SOCK_SEQPACKET;
    return 0;
}

/* ---- the address ---- */

bool gate_is_name(const struct gate_call *c)
{
    const struct sockaddr *any = (const struct sockaddr *)(const void *)c->address;

    return c->domain == AF_UNIX && c->length > offsetof(struct sockaddr_un, sun_path) && any->sa_family == AF_UNIX;
}

static bool is_same_file(const char *one, const char *other)
{
    struct stat a, b;

    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool shares_our_view(const struct gate_call *c)
{
    char root[64], mounts[64], own[64];

    snprintf(root, sizeof root, "/proc/%d/root", (int)c->thread);
    snprintf(mounts, sizeof mounts, "/proc/%d/ns/mnt", (int)c->thread);
    snprintf(own, sizeof own, "/proc/%d/ns/mnt", (int)gettid());
    return is_same_file(root, "/") && is_same_file(mounts, own);
}

/* "self" is the caller, not us. Where a symbolic link leads there, it stays us: nothing there has a listener. */
static void name_as_caller(const struct gate_call *c, const char *path, char *out, size_t size)
{
    static const char own[] = "/proc/self/", thread[] = "/proc/thread-self/", numbers[] = "/dev/fd/";

    if (strncmp(path, own, sizeof own - 1) == 0)
        snprintf(out, size, "/proc/%d/%s", (int)c->thread, path + sizeof own - 1);
    else if (strncmp(path, thread, sizeof thread - 1) == 0)
        snprintf(out, size, "/proc/%d/task/%d/%s", (int)c->process, (int)c->thread, path + sizeof thread - 1);
    else if (strncmp(path, numbers, sizeof numbers - 1) == 0)
        snprintf(out, size, "/proc/%d/fd/%s", (int)c->thread, path + sizeof numbers - 1);
    else
        snprintf(out, size, "%s", path);
}

static const char *name_of(const struct gate_call *c)
{
    return ((const struct sockaddr_un *)(const void *)c->address)->sun_path;
}

bool gate_is_abstract(const struct gate_call *c)
{
    return gate_is_name(c) && name_of(c)[0] == '\0';
}

/* The path from the root, by its words alone. False: it cannot be told, or is too long. */
static bool spell_out(const struct gate_call *c, char *out, size_t size)
{
    char link[64], whole[PATH_BYTES_MAX + sizeof(struct sockaddr_un)];
    const char *name = name_of(c);
    size_t n = 0, used = 0;

    if (name[0] != '/') {
        ssize_t got;
        snprintf(link, sizeof link, "/proc/%d/cwd", (int)c->thread);
        got = readlink(link, whole, PATH_BYTES_MAX - 1);
        if (got <= 0 || whole[0] != '/')
            return false;
        n = (size_t)got;
    }
    snprintf(whole + n, sizeof whole - n, "%s%s", n ? "/" : "", name);
    for (const char *at = whole; *at;) {
        size_t length = strcspn(at, "/");
        if (length == 2 && memcmp(at, "..", 2) == 0) {
            while (used > 0 && out[--used] != '/')
                ;
        } else if (length > 0 && !(length == 1 && at[0] == '.')) {
            if (used + length + 2 > size)
                return false;
            out[used++] = '/';
            memcpy(out + used, at, length);
            used += length;
        }
        at += length + (at[length] == '/');
    }
    snprintf(out + used, size - used, "%s", used ? "" : "/");
    return true;
}

/* What stands below a cover is not looked up: the server behind it would record a touch of ours. */
static bool is_covered(const struct watch *watch, const struct gate_call *c)
{
    char path[PATH_BYTES_MAX];
    size_t n;

    if (watch->secret_count == 0 || !spell_out(c, path, sizeof path))
        return false;
    n = strlen(path);
    for (size_t i = 0; i < watch->secret_count; i++) {
        struct str s = watch->secrets[i];
        if (s.n > 0 && n >= s.n && memcmp(path, s.p, s.n) == 0 && (n == s.n || path[s.n] == '/'))
            return true;
    }
    return false;
}

/* Step by step where links of /proc are on the way, which lead us further than the caller. */
static int open_as_caller(struct gate_call *c, int at, const char *name)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
    char path[sizeof(struct sockaddr_un) + 64];
    struct caller_path p;
    int fd;

    name_as_caller(c, name, path, sizeof path);
    fd = (int)syscall(SYS_openat2, at, path, &how, sizeof how);
    if (fd >= 0 || errno != ELOOP)
        return fd;
    if (lookup_path(c->thread, AT_FDCWD, name, &p))
        return lookup_walk(&p, true, &c->own);
    errno = ENAMETOOLONG;
    return -1;
}

long gate_look_up(const struct watch *watch, struct gate_call *c)
{
    char folder[64];
    const char *name = name_of(c);
    int at = AT_FDCWD;
    long code = 0;

    if (is_covered(watch, c)) {
        c->outside = true;
        return EACCES;
    }
    if (!shares_our_view(c))
        return EACCES;
    if (name[0] != '/') {
        snprintf(folder, sizeof folder, "/proc/%d/cwd", (int)c->thread);
        at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (at < 0)
            return errno;
    }
    if (!gate_capable(false))
        code = EPERM;
    else if ((c->object = open_as_caller(c, at, name)) < 0)
        code = errno;
    gate_capable(true);
    if (c->object >= 0 && lookup_is_own(c->object))
        c->own = true;
    if (c->own)
        code = EACCES;
    if (at >= 0)
        close(at);
    return code;
}

/* ---- records ---- */

static void address_text(const struct gate_call *c, char *out, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "?", link[64];
    ssize_t n;

    if (c->domain == AF_INET && c->length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)c->address;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        snprintf(out, size, "%s:%u", text, (unsigned)ntohs(in->sin_port));
    } else if (c->domain == AF_INET6 && c->length >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)c->address;
        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
        snprintf(out, size, "[%s]:%u", text, (unsigned)ntohs(in->sin6_port));
    } else if (!gate_is_name(c)) {
        snprintf(out, size, c->domain ? "?" : "unix datagram");
    } else if (name_of(c)[0] == '\0') {
        snprintf(out, size, "unix:@%.*s", (int)(c->length - offsetof(struct sockaddr_un, sun_path) - 1), name_of(c) + 1);
    } else {
        snprintf(out, size, "unix:");
        snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)gettid(), c->object);
        n = c->object < 0 ? -1 : readlink(link, out + 5, size - 6);
        if (n > 0)
            out[5 + n] = '\0';
        else if (!spell_out(c, out + 5, size - 5))
            snprintf(out + 5, size - 5, "%s", name_of(c));
    }
}

void gate_record(const struct watch *watch, struct gate_call *c, enum denial_cause cause, long code)
{
    char address[DENIAL_PATH_MAX], program[DENIAL_PROGRAM_MAX];
    struct denial d = {.by = DENIAL_OBSERVER, .cause = cause, .operation = OPERATION_CONNECT, .code = code, .count = 1};

    address_text(c, address, sizeof address);
    d.path = str_from(address);
    record_caller(&d, c->thread, program);
    record_send(watch->recorder, &d);
}
