/*
 * gate: every connect(2) of the tree, made on the caller's behalf, on a copy of its descriptor and to a copy of its address:
 * nothing that another thread of it changes in between is ever looked at again. A socket in the file system is connected to
 * only where the one who has it bound is inside (listeners_linux.h), and then exactly that inode, held open since the look-up.
 *
 * Nobody may hold up anybody else. What the kernel answers at once is answered on the thread that brought the call: network
 * addresses, and names that are of our own network. Look-ups of paths, which may hang on a dead file system, are made by a few
 * workers, one for each caller at most. A connection that takes its time, because its caller's socket is blocking, is
 * tried without blocking and waits here; one thread watches all of these: for the connection, for the end of its caller, for
 * a signal that the caller would want to be woken by, for the time that its socket allows.
 *
 * The caller's socket is made non-blocking for the moment of each try, on the open file description itself, since there is
 * no other way to ask. Another thread that uses the same socket in that moment may be told EAGAIN where it would have waited,
 * and its own change of O_NONBLOCK in that moment may be lost. Such a socket is not connected yet, so that there is nothing to
 * read or write; sockets that connect at once by their nature (datagrams) are left alone.
 *
 * What listens inside sees pid 1 as its peer, with the user's number: the one who connected, and nobody outside.
 */
#include "gate_linux.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>

#define CALLS_MAX       512
#define WORKERS_MAX     4
#define LOOK_MS         5000  /* a look-up that takes longer is ETIMEDOUT */
#define WATCH_MS        50    /* how often a waiting caller is looked at */
#define RETRY_MS_MAX    10    /* between tries at a listener whose queue is full; where many wait, more */
#define RETRIES_PER_MS  3

enum call_state {
    CALL_FREE,
    CALL_WAITS,   /* for a worker */
    CALL_LOOKED,  /* at by a worker, who owns the row's descriptors until it is done */
    CALL_CONNECTS,
};

struct call {
    enum call_state state;
    bool answered; /* while a worker was at it: it only frees the row */
    struct gate_call c;
    uint64_t began, deadline, watched, retry;
    unsigned pause;
    long last; /* what the last try said */
};

struct gate {
    const struct watch *watch;
    struct listeners listeners;
    bool own_proc;
    int wake;
    pthread_mutex_t lock; /* the rows, and each try: two at the same socket would undo each other's flags */
    pthread_cond_t work;
    bool watcher;
    size_t workers, idle, most; /* most: rows that may be used, for each may hold three of the runner's descriptors */
    size_t waiting;             /* rows that connect */
    struct call calls[CALLS_MAX];
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- answering ---- */

static bool still_waits(const struct gate_call *c)
{
    return ioctl(c->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &c->id) == 0;
}

static void answer(const struct gate_call *c, long code)
{
    struct seccomp_notif_resp response = {.id = c->id, .error = -(int)code};

    ioctl(c->listener, SECCOMP_IOCTL_NOTIF_SEND, &response); /* ENOENT: it died; nobody to tell */
}

static void let_go(struct gate_call *c)
{
    if (c->socket >= 0)
        close(c->socket);
    if (c->object >= 0)
        close(c->object);
    if (c->keeps_listener)
        close(c->listener);
    c->socket = c->object = c->listener = -1;
    c->keeps_listener = false;
}

/* ---- trying ---- */

static bool may_wait(const struct gate_call *c, long code)
{
    return c->blocking &&
           (code == EINPROGRESS || code == EALREADY || (code == EAGAIN && c->domain == AF_UNIX));
}

/* As the caller, who has no capabilities: a server that keeps the caller out by its mode keeps us out. */
static long try_as_caller(const struct gate_call *c)
{
    struct sockaddr_un through = {.sun_family = AF_UNIX};
    const struct sockaddr *address = (const struct sockaddr *)(const void *)c->address;
    socklen_t length = (socklen_t)c->length;
    long code = EPERM;

    if (c->object >= 0) {
        /* By this thread's own number: /proc/1 is covered inside, and /proc/self is that. */
        snprintf(through.sun_path, sizeof through.sun_path, "/proc/%d/fd/%d", (int)gettid(), c->object);
        address = (const struct sockaddr *)&through;
        length = sizeof through;
    }
    if (gate_capable(false)) {
        code = connect(c->socket, address, length) == 0 ? 0 : errno;
        gate_capable(true);
    }
    return code;
}

/* Somebody outside can be at the other end only by taking an abstract name over in the moment since we looked who has
 * it. Nothing was sent yet. */
static bool is_peer_inside(const struct gate_call *c)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (c->domain != AF_UNIX || c->datagram || getsockopt(c->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return true;
    return peer.pid != 0;
}

/* A second connect(2) is also how a connection that took its time is completed: it takes the error, or moves the socket
 * from connecting to connected, as a blocking one would have. */
static long try_connect(struct gate_call *c)
{
    int flags = c->blocking ? fcntl(c->socket, F_GETFL) : -1;
    bool change = flags >= 0 && !(flags & O_NONBLOCK);
    long code;

    if (change && fcntl(c->socket, F_SETFL, flags | O_NONBLOCK) != 0)
        return errno;
    code = try_as_caller(c);
    if (change)
        fcntl(c->socket, F_SETFL, flags);
    if (code == 0 && !is_peer_inside(c)) {
        shutdown(c->socket, SHUT_RDWR);
        c->outside = true;
        code = EACCES;
    }
    return code;
}

/* Lock held: a socket that is just being tried looks non-blocking. */
static long first_try(struct gate_call *c)
{
    int flags = fcntl(c->socket, F_GETFL);

    c->blocking = c->stream && flags >= 0 && !(flags & O_NONBLOCK);
    return try_connect(c);
}

static void finish(struct gate *g, struct gate_call *c, long code)
{
    bool network = c->domain == AF_INET || c->domain == AF_INET6;
    bool abstract = c->domain == AF_UNIX && gate_is_abstract(c);
    bool refused = code == ENETUNREACH || code == EHOSTUNREACH || code == EACCES || code == EPERM;
    /* Nobody listens there inside. Whether somebody does outside, only cordon can see. */
    bool perhaps = code == ECONNREFUSED && (network || abstract) && g->watch->own_network;

    if ((c->outside || c->own || (network && refused && g->watch->own_network) || (abstract && code == EPERM) || perhaps) &&
        still_waits(c))
        gate_record(g->watch, c, c->own ? DENIAL_OWN : c->outside ? DENIAL_LISTENER : DENIAL_RULE, code);
    answer(c, code);
    let_go(c);
}

/* ---- the table of those that wait ---- */

static void *watcher(void *context);
static void *worker(void *context);

/* No signal is for us: those of the runner are read by its main thread. */
static bool start_thread(void *(*run)(void *), struct gate *g)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    bool good;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    good = pthread_create(&thread, &attributes, run, g) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

static void wake_watcher(struct gate *g)
{
    uint64_t one = 1;
    ssize_t ignored = write(g->wake, &one, sizeof one);

    (void)ignored;
}

static void end_row(struct gate *g, struct call *row, long code);

/* Lock held. All rows wait: the oldest of the process that has most of them is answered now. So whoever fills the table
 * keeps nobody but itself waiting. */
static struct call *make_room(struct gate *g)
{
    struct call *found = NULL;
    size_t most = 0;

    for (size_t i = 0; i < g->most; i++) {
        struct call *row = &g->calls[i];
        size_t of_it = 0;
        if (row->state != CALL_CONNECTS)
            continue;
        for (size_t j = 0; j < g->most; j++)
            of_it += g->calls[j].state != CALL_FREE && g->calls[j].c.process == row->c.process;
        if (of_it > most || (of_it == most && found && row->began < found->began)) {
            most = of_it;
            found = row;
        }
    }
    if (found)
        end_row(g, found, EAGAIN);
    return found;
}

/* The rest is for who comes after it. */
static size_t of_one_process(const struct gate *g)
{
    return g->most - g->most / 4;
}

/* Lock held. Threads start when the first call needs them: most sessions connect to nothing. */
static struct call *add_row(struct gate *g, struct gate_call *c, enum call_state state)
{
    struct call *row = NULL;
    size_t of_it = 0;
    int listener;

    gate_identify(c);
    for (size_t i = 0; i < g->most; i++) {
        if (g->calls[i].state == CALL_FREE)
            row = row ? row : &g->calls[i];
        else
            of_it += g->calls[i].c.process == c->process;
    }
    if (!row && of_it < of_one_process(g))
        row = make_room(g);
    if (!row || of_it >= of_one_process(g) || (!g->watcher && !(g->watcher = start_thread(watcher, g))))
        return NULL;
    listener = fcntl(c->listener, F_DUPFD_CLOEXEC, 0);
    if (listener < 0)
        return NULL;
    *row = (struct call){.state = state, .c = *c, .began = now_ms(), .pause = 1};
    row->c.listener = listener;
    row->c.keeps_listener = true;
    row->deadline = c->patience_ms ? row->began + c->patience_ms : 0;
    row->watched = row->began + WATCH_MS;
    row->retry = c->domain == AF_UNIX ? row->began + 1 : 0;
    return row;
}

static void settle_new(struct gate *g, struct gate_call *c)
{
    struct pollfd p = {.fd = c->socket, .events = POLLOUT};
    struct call *row;
    long code;

    pthread_mutex_lock(&g->lock);
    code = first_try(c);
    if (code == EINPROGRESS && may_wait(c, code) && poll(&p, 1, 0) > 0)
        code = try_connect(c); /* on the loopback it is there by now, and needs no row */
    row = may_wait(c, code) ? add_row(g, c, CALL_CONNECTS) : NULL;
    if (row)
        row->last = code;
    pthread_mutex_unlock(&g->lock);
    if (row)
        wake_watcher(g);
    else
        finish(g, c, may_wait(c, code) ? EAGAIN : code);
}

/* ---- workers: look-ups ---- */

static bool is_callers_turn(const struct gate *g, const struct call *row)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        if (g->calls[i].state == CALL_LOOKED && g->calls[i].c.process == row->c.process)
            return false;
    }
    return true;
}

/* Lock held. The one that waits longest. */
static struct call *next_to_look(struct gate *g)
{
    struct call *found = NULL;

    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *row = &g->calls[i];
        if (row->state == CALL_WAITS && (!found || row->began < found->began) && is_callers_turn(g, row))
            found = row;
    }
    return found;
}

/* What the look-up says of a call: 0 to connect, or why not. c is the worker's own copy. */
static long look(struct gate *g, struct gate_call *c)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)c->address;
    enum listening who;
    long code;

    if (un->sun_path[0] == '\0') {
        struct str name = {un->sun_path + 1, c->length - offsetof(struct sockaddr_un, sun_path) - 1};
        who = listeners_named(&g->listeners, name, c->datagram);
    } else {
        code = gate_look_up(g->watch, c);
        if (code != 0)
            return code;
        who = listeners_at(&g->listeners, c->object, c->datagram);
    }
    c->outside = who == LISTENING_OUTSIDE;
    return c->outside || who == LISTENING_CLOSED ? EACCES : 0;
}

/* Lock held on entry and exit, not while it looks. */
static void work_on(struct gate *g, struct call *row)
{
    struct gate_call c = row->c;
    bool given_up;
    long code;

    row->state = CALL_LOOKED;
    pthread_mutex_unlock(&g->lock);
    code = still_waits(&c) ? look(g, &c) : EINTR;
    pthread_mutex_lock(&g->lock);
    given_up = row->answered;
    if (!given_up && code == 0)
        row->last = code = first_try(&c);
    if (!given_up && may_wait(&c, code)) {
        row->c = c;
        row->state = CALL_CONNECTS;
        wake_watcher(g);
        return;
    }
    row->state = CALL_FREE;
    pthread_mutex_unlock(&g->lock);
    if (given_up)
        let_go(&c);
    else
        finish(g, &c, code);
    pthread_mutex_lock(&g->lock);
}

static void *worker(void *context)
{
    struct gate *g = context;
    struct call *row;

    pthread_mutex_lock(&g->lock);
    for (;;) {
        g->idle++;
        while (!(row = next_to_look(g)))
            pthread_cond_wait(&g->work, &g->lock);
        g->idle--;
        work_on(g, row);
    }
    return NULL;
}

static void look_later(struct gate *g, struct gate_call *c)
{
    struct call *row;

    pthread_mutex_lock(&g->lock);
    if (g->idle == 0 && g->workers < WORKERS_MAX && start_thread(worker, g))
        g->workers++;
    row = g->workers ? add_row(g, c, CALL_WAITS) : NULL;
    if (row)
        pthread_cond_signal(&g->work);
    pthread_mutex_unlock(&g->lock);
    if (!row)
        finish(g, c, EAGAIN);
    else
        wake_watcher(g);
}

/* ---- the watcher ---- */

/* Lock held. A row that a worker is at stays until the worker returns. */
static void end_row(struct gate *g, struct call *row, long code)
{
    struct gate_call c = row->c;

    if (row->state == CALL_LOOKED) {
        row->answered = true;
        answer(&c, code);
        return;
    }
    row->state = CALL_FREE;
    finish(g, &c, code);
}

static unsigned retry_ms_most(const struct gate *g)
{
    return g->waiting > RETRY_MS_MAX * RETRIES_PER_MS ? (unsigned)(g->waiting / RETRIES_PER_MS) : RETRY_MS_MAX;
}

static void watch_row(struct gate *g, struct call *row, bool ready, uint64_t now)
{
    long code = row->last;

    if (row->state == CALL_CONNECTS && (ready || (row->c.domain == AF_UNIX && now >= row->retry))) {
        code = row->last = try_connect(&row->c);
        if (!may_wait(&row->c, code)) {
            end_row(g, row, code);
            return;
        }
        row->pause = row->pause * 2 > retry_ms_most(g) ? retry_ms_most(g) : row->pause * 2;
        row->retry = now + row->pause;
    }
    if (row->deadline && now >= row->deadline && row->state == CALL_CONNECTS)
        end_row(g, row, code);
    else if (row->state != CALL_CONNECTS && now >= row->began + LOOK_MS)
        end_row(g, row, ETIMEDOUT);
    else if (now >= row->watched) {
        row->watched = now + WATCH_MS;
        if (!still_waits(&row->c))
            end_row(g, row, EINTR); /* it died: nobody hears that */
        else if ((code = gate_interrupted(&row->c)) != 0)
            end_row(g, row, code);
    }
}

/* Lock held. What to poll for, and until when. */
static size_t collect(struct gate *g, struct pollfd *p, size_t *rows, int *timeout)
{
    uint64_t now = now_ms(), next = now + 60 * 1000;
    size_t count = 1;

    p[0] = (struct pollfd){.fd = g->wake, .events = POLLIN};
    g->waiting = 0;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *row = &g->calls[i];
        if (row->state == CALL_FREE || row->answered)
            continue;
        next = row->watched < next ? row->watched : next;
        if (row->deadline && row->deadline < next)
            next = row->deadline;
        if (row->state != CALL_CONNECTS)
            continue;
        g->waiting++;
        if (row->retry > now || row->c.domain == AF_UNIX) {
            next = row->retry < next ? row->retry : next;
            continue;
        }
        p[count] = (struct pollfd){.fd = row->c.socket, .events = POLLOUT};
        rows[count++] = i;
    }
    *timeout = next > now ? (int)(next - now) : 0;
    return count;
}

/* Alone ends rows that connect, so that what it polls without the lock stays open. */
static void *watcher(void *context)
{
    struct gate *g = context;
    struct pollfd p[CALLS_MAX + 1];
    size_t rows[CALLS_MAX + 1], count;
    bool ready[CALLS_MAX];
    uint64_t now, drained;
    int timeout;

    for (;;) {
        pthread_mutex_lock(&g->lock);
        count = collect(g, p, rows, &timeout);
        pthread_mutex_unlock(&g->lock);
        poll(p, count, timeout);
        if (p[0].revents && read(g->wake, &drained, sizeof drained) < 0)
            continue;
        memset(ready, 0, sizeof ready);
        for (size_t i = 1; i < count; i++)
            ready[rows[i]] = p[i].revents != 0;
        pthread_mutex_lock(&g->lock);
        now = now_ms();
        for (size_t i = 0; i < CALLS_MAX; i++) {
            if (g->calls[i].state != CALL_FREE && !g->calls[i].answered)
                watch_row(g, &g->calls[i], ready[i], now);
        }
        pthread_mutex_unlock(&g->lock);
    }
    return NULL;
}

/* ---- the calls ---- */

struct gate *gate_new(const struct watch *watch)
{
    struct gate *g = calloc(1, sizeof *g);
    struct rlimit files = {1024, 1024};

    if (!g)
        return NULL;
    getrlimit(RLIMIT_NOFILE, &files);
    g->most = files.rlim_cur / 4 < CALLS_MAX ? (size_t)files.rlim_cur / 4 : CALLS_MAX;
    g->watch = watch;
    g->listeners.own_network = watch->own_network;
    g->own_proc = gate_own_proc();
    g->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (g->wake < 0 || pthread_mutex_init(&g->lock, NULL) != 0 || pthread_cond_init(&g->work, NULL) != 0 ||
        pthread_mutex_init(&g->listeners.lock, NULL) != 0) {
        free(g);
        return NULL;
    }
    return g;
}

void gate_connect(struct gate *gate, int listener, const struct seccomp_notif *call, const void *address, size_t length)
{
    struct gate_call c = {.listener = listener, .id = call->id, .thread = (pid_t)call->pid, .socket = -1, .object = -1};
    long code = length > sizeof c.address ? EINVAL : 0;

    if (code == 0) {
        memcpy(c.address, address, length);
        c.length = length;
        code = gate_take_socket(&c, (int)call->data.args[0]);
    }
    if (code != 0)
        finish(gate, &c, code);
    else if (!still_waits(&c))
        let_go(&c);
    else if (!gate_is_name(&c))
        settle_new(gate, &c);
    else if (c.length > sizeof(struct sockaddr_un))
        finish(gate, &c, EINVAL);
    else if (!gate->own_proc) { /* neither its folder nor who listens could be told */
        c.outside = true;
        finish(gate, &c, EACCES);
    } else if (gate->watch->own_network && ((struct sockaddr_un *)(void *)c.address)->sun_path[0] == '\0')
        settle_new(gate, &c);
    else
        look_later(gate, &c);
}

long gate_datagrams(const struct watch *watch, const struct seccomp_notif *call)
{
    int family = (int)call->data.args[0], type = (int)call->data.args[1] & 0xf;
    struct gate_call c = {.listener = -1, .thread = (pid_t)call->pid, .socket = -1, .object = -1};

    /* SOCK_RAW is another name for it in this family. */
    if (family != AF_UNIX || (type != SOCK_DGRAM && type != SOCK_RAW) || watch->unix_datagrams)
        return 0;
    gate_record(watch, &c, DENIAL_DATAGRAM, EACCES);
    return EACCES;
}
