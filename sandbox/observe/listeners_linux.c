/*
 * listeners: see listeners_linux.h. A socket in the file system is one inode, and only one socket is ever bound to one inode; the
 * table gives no more of it than the low half of its number. So in a network of our own, where everything in the table
 * is inside, the socket itself is asked for its inode (SIOCUNIXFILE, on a copy of its descriptor): on a file system with long
 * inode numbers, a program inside could make one whose low half is that of a socket outside. In the machine's
 * network, where we may not ask that, everyone in the table who matches must be held by a process inside.
 *
 * A kernel that was built without that table (CONFIG_UNIX_DIAG) still lists sockets as text; then, in a network of our own,
 * every one that listens is asked. In the machine's network it cannot be told.
 */
#include "listeners_linux.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SIOC_UNIX_FILE  0x89E0 /* SIOCUNIXFILE, linux/un.h, which cannot be included beside sys/un.h */
#define STATE_CONNECTED 1
#define STATE_CLOSED    7 /* bound and not listening, yet or at all; a datagram socket */
#define STATE_LISTENING 10
#define LISTED_LISTENING 0x10000 /* __SO_ACCEPTCON */
#define FOUND_MAX       16
#define TABLE_MAX       100000 /* sockets looked at; beyond, it cannot be told */
#define DESCRIPTORS_MAX 200000
#define LISTED_MAX      64 /* listening sockets asked one by one, without the table */
#define NUMBERS_MAX     1024 /* of descriptors, tried where they are not listed for us */

/* ---- the table ---- */

struct found {
    uint32_t socket; /* its own inode number, as in "socket:[N]" */
    uint64_t cookie;
};

struct search {
    bool by_name, datagram;
    struct str name;
    uint32_t ino, dev; /* dev 0: any */
    struct found found[FOUND_MAX];
    size_t count, seen;
    bool too_many, absent; /* absent: this kernel has no such table */
};

static bool matches(const struct search *s, const struct unix_diag_msg *m, size_t length)
{
    struct rtattr *a = (struct rtattr *)(uintptr_t)(m + 1);
    size_t left = length - sizeof *m;
    /* A connection that a listener accepted has the listener's name, but cannot be connected to. */
    bool state = m->udiag_state == STATE_LISTENING || m->udiag_state == STATE_CLOSED ||
                 (m->udiag_state == STATE_CONNECTED && m->udiag_type == SOCK_DGRAM && s->datagram);

    for (; state && RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        const char *data = RTA_DATA(a);
        size_t n = RTA_PAYLOAD(a);
        struct unix_diag_vfs vfs;
        if (s->by_name && a->rta_type == UNIX_DIAG_NAME && n > 0 && data[0] == '\0')
            return str_eq((struct str){data + 1, n - 1}, s->name);
        if (s->by_name || a->rta_type != UNIX_DIAG_VFS || n < sizeof vfs)
            continue;
        memcpy(&vfs, data, sizeof vfs);
        return vfs.udiag_vfs_ino == s->ino && (s->dev == 0 || vfs.udiag_vfs_dev == s->dev);
    }
    return false;
}

/* One message of the dump. False: it was the last. */
static bool take_message(struct search *s, const struct nlmsghdr *h, bool *whole)
{
    const struct unix_diag_msg *m = NLMSG_DATA(h);
    const struct nlmsgerr *error = NLMSG_DATA(h);

    if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
        *whole = h->nlmsg_type == NLMSG_DONE;
        s->absent = !*whole && h->nlmsg_len >= NLMSG_LENGTH(sizeof *error) && error->error == -ENOENT;
        return false;
    }
    if (++s->seen > TABLE_MAX)
        s->too_many = true;
    if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < NLMSG_LENGTH(sizeof *m) ||
        !matches(s, m, h->nlmsg_len - NLMSG_LENGTH(0)))
        return !s->too_many;
    if (s->count == FOUND_MAX)
        s->too_many = true;
    else
        s->found[s->count++] =
            (struct found){m->udiag_ino, (uint64_t)m->udiag_cookie[1] << 32 | m->udiag_cookie[0]};
    return !s->too_many;
}

/* False: the table could not be read whole. */
static bool search_table(struct search *s)
{
    struct {
        struct nlmsghdr head;
        struct unix_diag_req body;
    } ask = {{sizeof ask, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {.sdiag_family = AF_UNIX}};
    size_t size = 65536;
    char *bytes = malloc(size);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    bool more = fd >= 0 && bytes, whole = false;

    s->absent = fd < 0 && errno == EPROTONOSUPPORT;
    ask.body.udiag_states = 1u << STATE_LISTENING | 1u << STATE_CLOSED | (s->datagram ? 1u << STATE_CONNECTED : 0);
    ask.body.udiag_show = s->by_name ? UDIAG_SHOW_NAME : UDIAG_SHOW_VFS;
    more = more && send(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask;
    while (more) {
        ssize_t n = recv(fd, bytes, size, 0);
        size_t left = n > 0 ? (size_t)n : 0;
        more = n > 0;
        for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)bytes; more && NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
            more = take_message(s, h, &whole);
    }
    if (fd >= 0)
        close(fd);
    free(bytes);
    return whole && !s->too_many;
}

/* ---- which process holds a socket ---- */

static bool is_number(const char *text)
{
    return text[0] >= '1' && text[0] <= '9' && strspn(text, "0123456789") == strlen(text);
}

/* The descriptor of folder, a /proc/PID/fd, that is the socket; -1. */
static int find_descriptor(int folder, const char *wanted, size_t *left)
{
    DIR *d = fdopendir(folder);
    struct dirent *entry;
    int found = -1;

    if (!d) {
        close(folder);
        return -1;
    }
    while (found < 0 && *left > 0 && (entry = readdir(d))) {
        char target[64];
        ssize_t n = readlinkat(dirfd(d), entry->d_name, target, sizeof target - 1);
        --*left;
        if (n <= 0)
            continue;
        target[n] = '\0';
        if (strcmp(target, wanted) == 0)
            found = (int)strtol(entry->d_name, NULL, 10);
    }
    closedir(d);
    return found;
}

/* A copy of the socket's descriptor, made sure of: what was read of it may have been closed since. */
static int copy_descriptor(int pid, int number, uint32_t socket)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0), fd = -1;
    struct stat st;

    if (process >= 0)
        fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    if (process >= 0)
        close(process);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode) || st.st_ino != socket)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* A program that keeps its memory to itself (an agent for keys) has its descriptors listed for nobody. */
static int copy_unlisted(int pid, uint32_t socket, size_t *left)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0), fd = -1;
    struct stat st;

    for (int number = 0; process >= 0 && fd < 0 && number < NUMBERS_MAX && *left > 0; number++) {
        --*left;
        fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
        if (fd < 0 && errno != EBADF)
            break;
        if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode) || st.st_ino != socket)) {
            close(fd);
            fd = -1;
        }
    }
    if (process >= 0)
        close(process);
    return fd;
}

/* -1 where no process inside holds it. We ourselves do not count: for moments we hold what others gave us. */
static int copy_socket(uint32_t socket)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    char wanted[32], path[64];
    size_t left = DESCRIPTORS_MAX;
    int fd = -1;

    snprintf(wanted, sizeof wanted, "socket:[%u]", (unsigned)socket);
    while (proc && fd < 0 && left > 0 && (entry = readdir(proc))) {
        int folder, number, pid = is_number(entry->d_name) ? (int)strtol(entry->d_name, NULL, 10) : 0;
        if (pid == 0 || pid == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/%d/fd", pid);
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        number = folder < 0 ? -1 : find_descriptor(folder, wanted, &left);
        if (number >= 0)
            fd = copy_descriptor(pid, number, socket);
        else if (folder < 0 && errno == EACCES)
            fd = copy_unlisted(pid, socket, &left);
    }
    if (proc)
        closedir(proc);
    return fd;
}

static bool is_held_inside(uint32_t socket)
{
    int fd = copy_socket(socket);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- which inode a socket is bound to ---- */

static bool identify(int object, uint64_t *dev, uint64_t *ino)
{
    struct stat st;

    if (fstat(object, &st) != 0)
        return false;
    *dev = st.st_dev;
    *ino = st.st_ino;
    return true;
}

static bool recall(struct listeners *l, uint64_t cookie, uint64_t *dev, uint64_t *ino)
{
    bool known = false;

    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < KNOWN_SOCKETS && !known; i++) {
        known = l->known[i].cookie == cookie && cookie != 0;
        *dev = l->known[i].dev;
        *ino = l->known[i].ino;
    }
    pthread_mutex_unlock(&l->lock);
    return known;
}

static bool ask_socket(struct listeners *l, const struct found *f, uint64_t *dev, uint64_t *ino)
{
    int fd = copy_socket(f->socket), object = fd < 0 ? -1 : ioctl(fd, SIOC_UNIX_FILE);
    bool good = object >= 0 && identify(object, dev, ino);

    if (object >= 0)
        close(object);
    if (fd >= 0)
        close(fd);
    if (good && f->cookie) {
        pthread_mutex_lock(&l->lock);
        l->known[l->next++ % KNOWN_SOCKETS] = (struct known_socket){f->cookie, *dev, *ino};
        pthread_mutex_unlock(&l->lock);
    }
    return good;
}

static bool is_bound_to(struct listeners *l, const struct found *f, int object)
{
    uint64_t dev, ino, own_dev, own_ino;

    if (!identify(object, &dev, &ino))
        return false;
    if (!recall(l, f->cookie, &own_dev, &own_ino) && !ask_socket(l, f, &own_dev, &own_ino))
        return false;
    return dev == own_dev && ino == own_ino;
}

/* "Num RefCount Protocol Flags Type St Inode Path" */
static bool is_among_listed(struct listeners *l, int object)
{
    char path[64], *line = NULL;
    size_t size = 0, asked = 0;
    unsigned flags, type, socket;
    bool found = false;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/net/unix", (int)gettid());
    f = fopen(path, "re");
    while (f && !found && asked < LISTED_MAX && getline(&line, &size, f) > 0) {
        int end = 0;
        if (sscanf(line, "%*s %*s %*s %x %x %*s %u %n", &flags, &type, &socket, &end) != 3 || line[end] == '\0' ||
            line[end] == '@' || (!(flags & LISTED_LISTENING) && type != SOCK_DGRAM))
            continue;
        asked++;
        found = is_bound_to(l, &(struct found){socket, 0}, object);
    }
    if (f)
        fclose(f);
    free(line);
    return found;
}

/* The device as the table has it: the file system's, which for btrfs and overlays is not the one that stat gives. 0: it
 * cannot be told. */
static uint32_t device_of(int object)
{
    char path[64], text[512], *at, *line = NULL;
    size_t size = 0;
    long mount;
    unsigned major, minor;
    uint32_t device = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)gettid(), object);
    sys_read_small(path, text, sizeof text);
    at = strstr(text, "mnt_id:");
    mount = at ? strtol(at + 7, NULL, 10) : -1;
    snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)gettid());
    f = at ? fopen(path, "re") : NULL;
    while (f && device == 0 && getline(&line, &size, f) > 0) {
        if (strtol(line, &at, 10) == mount && sscanf(at, " %*d %u:%u", &major, &minor) == 2)
            device = major << 20 | minor;
    }
    if (f)
        fclose(f);
    free(line);
    return device;
}

/* ---- the answers ---- */

/* Is any socket bound to the object, in whichever network? A datagram socket that tries to connect there is told "wrong
 * type" by a stream's, whose owner learns nothing of it; a datagram's own merely gets a peer that goes at once. 0, or
 * ECONNREFUSED: none is. EACCES is the answer as it stands: by the time of another try the mode could be another. */
static int try_bound(int object)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int code;

    snprintf(at.sun_path, sizeof at.sun_path, "/proc/%d/fd/%d", (int)gettid(), object);
    code = fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    return code == ECONNREFUSED || code == EACCES ? code : 0;
}

static bool all_held(const struct search *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!is_held_inside(s->found[i].socket))
            return false;
    }
    return s->count > 0;
}

enum listening listeners_at(struct listeners *l, int object, bool datagram)
{
    struct search s = {.datagram = datagram};
    struct stat st;
    int code;

    if (fstat(object, &st) != 0)
        return LISTENING_OUTSIDE;
    if (!S_ISSOCK(st.st_mode))
        return LISTENING_NOBODY;
    code = try_bound(object);
    if (code)
        return code == EACCES ? LISTENING_CLOSED : LISTENING_NOBODY;
    s.ino = (uint32_t)st.st_ino;
    if (!l->own_network && (s.dev = device_of(object)) == 0)
        return LISTENING_OUTSIDE;
    if (!search_table(&s))
        return s.absent && l->own_network && is_among_listed(l, object) ? LISTENING_INSIDE : LISTENING_OUTSIDE;
    if (!l->own_network)
        return all_held(&s) ? LISTENING_INSIDE : LISTENING_OUTSIDE;
    for (size_t i = 0; i < s.count; i++) {
        if (is_bound_to(l, &s.found[i], object))
            return LISTENING_INSIDE;
    }
    return LISTENING_OUTSIDE;
}

enum listening listeners_named(struct listeners *l, struct str name, bool datagram)
{
    struct search s = {.by_name = true, .datagram = datagram, .name = name};

    if (l->own_network) /* names are of one network */
        return LISTENING_INSIDE;
    if (!search_table(&s))
        return LISTENING_OUTSIDE;
    if (s.count == 0)
        return LISTENING_NOBODY;
    return all_held(&s) ? LISTENING_INSIDE : LISTENING_OUTSIDE;
}
