/*
 * observer: the threads that answer when the kernel asks about a watched call of the tree.
 *
 * One thread leads per listener: it takes a question, weighs it and answers, and stays the leader as long as that is
 * quick. One that is held up (a dead network file system) loses the lead to a new thread after a few milliseconds; what
 * it looked for is left to the kernel after fifty, or refused where its words name what the observer alone holds. So nothing
 * inside can stop the rest, and the number of threads is bounded: beyond it, and for a caller four of whose look-ups wait
 * for something already, only the words of a call are weighed, and what the kernel has in memory.
 *
 * After CONTINUE the kernel's walls decide; a caller that changes its words meanwhile meets them. The threads keep no
 * capability that lets a look-up pass where permissions would stop the tree.
 */
#include "observe.h"

#include <linux/capability.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>

#define LISTENERS_MAX 256
#define HELD_UP_MAX   16 /* threads that may hang in a look-up */
#define HANG_EACH_MAX 4  /* for one process */
#define WORKERS_MAX   (LISTENERS_MAX + HELD_UP_MAX)
#define STACK_BYTES   (512u << 10)
#define TICK_NS       4000000L
#define LEAD_TICKS    2  /* seen busy with the same call so often: another thread takes the lead */
#define ANSWER_TICKS  13 /* the call is left to the kernel, if its thread waits for something */
#define BUSY_TICKS    500 /* or even if it only waits for its turn */
#define QUIET_TICKS   25 /* nothing happened: the watchdog sleeps */

#define SET_FLAGS SECCOMP_IOW(4, __u64) /* SECCOMP_IOCTL_NOTIF_SET_FLAGS, Linux 6.6 */
#define SYNC_WAKE 1ULL                  /* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP */

struct worker;

struct server {
    int listener;
    const struct watch *watch;
    _Atomic(struct worker *) leader;
    atomic_int threads;
};

/* state: serial << 2 and a phase. Who moves it out of BUSY answers. */
enum { PHASE_IDLE, PHASE_BUSY, PHASE_LEFT };

struct worker {
    struct server *server; /* NULL: this row is free */
    _Atomic uint64_t state;
    uint64_t serial;
    _Atomic uint64_t id;
    _Atomic pid_t caller, thread;
    atomic_bool for_walls; /* may be left to the kernel's walls */
    atomic_bool ours;      /* the caller's words are not known yet, or name what nobody else refuses */
    atomic_bool refused;   /* by the watchdog */
    bool held_up;          /* lost the lead while busy */
    bool hangs;            /* and is not merely busy itself */
    uint64_t seen;         /* the watchdog's: the state at its last round, and for how many rounds */
    unsigned rounds;
};

/* Of the whole process, as its threads are. */
static struct {
    pthread_mutex_t lock; /* of the rows of workers, and of who leads */
    struct worker workers[WORKERS_MAX];
    size_t rows; /* of them, that were ever used */
    atomic_int held_up, hanging;
    _Atomic uint32_t awake; /* a futex: the watchdog is on its rounds */
    bool has_watchdog;
    _Atomic uint64_t abandoned;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct worker *mine;

void observer_has_words(bool alone)
{
    if (mine)
        atomic_store(&mine->ours, alone);
}

uint64_t observer_abandoned(void)
{
    return atomic_load(&all.abandoned);
}

/* ---- answers ---- */

static void answer(int listener, uint64_t id, long value, long error, uint32_t flags)
{
    struct seccomp_notif_resp response = {.id = id, .val = value, .error = (int)-error, .flags = flags};

    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response); /* ENOENT: the caller is gone, or somebody was faster */
}

static void answer_continue(int listener, uint64_t id)
{
    answer(listener, id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

/* False: the watchdog has answered. */
static bool claim(struct worker *w)
{
    uint64_t busy = w->serial << 2 | PHASE_BUSY;

    return atomic_compare_exchange_strong(&w->state, &busy, w->serial << 2 | PHASE_IDLE);
}

/* ---- records ---- */

/* answered: it goes on already. */
static void record(const struct server *s, const struct seccomp_notif *n, const struct judged *judged, bool answered)
{
    char program[DENIAL_PROGRAM_MAX];
    struct denial d = {.by = DENIAL_OBSERVER, .count = 1};
    uint64_t id = n->id;

    if (!s->watch->recorder || s->watch->recorder->fd < 0)
        return;
    record_caller(&d, (pid_t)n->pid, program);
    d.cause = judged->cause;
    d.operation = judged->operation;
    d.path = str_from(judged->path);
    d.path2 = judged->path2[0] ? str_from(judged->path2) : (struct str){0};
    d.code = judged->code;
    /* All that was read of it was read while it waited, else it is another process of the same number. */
    if (answered || ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0)
        record_send(s->watch->recorder, &d);
}

/* ---- one question ---- */

static bool has_many_hanging(pid_t caller)
{
    pid_t process = lookup_process(caller);
    size_t count = 0;

    pthread_mutex_lock(&all.lock);
    for (size_t i = 0; i < all.rows; i++) {
        const struct worker *w = &all.workers[i];
        count += w->server && w->hangs && (atomic_load(&w->state) & 3) != PHASE_IDLE && lookup_process(w->caller) == process;
    }
    pthread_mutex_unlock(&all.lock);
    return count >= HANG_EACH_MAX;
}

/* Is there a thread to spare that a look-up may hang? */
static bool may_look(pid_t caller)
{
    int hanging = atomic_load(&all.hanging);

    return hanging == 0 || (hanging < HELD_UP_MAX && !has_many_hanging(caller));
}

/* Never left to the kernel: whose descriptor, family and address can change after we looked. */
static void connect_for(struct worker *w, const struct server *s, const struct seccomp_notif *n)
{
    _Alignas(8) unsigned char address[128] = {0};
    uint64_t length = n->data.args[2] & UINT32_MAX;
    bool fits = length <= sizeof address;

    if (fits && length > 0 && !lookup_bytes((pid_t)n->pid, n->data.args[1], address, (size_t)length))
        answer(s->listener, n->id, 0, errno == EPERM ? EACCES : EFAULT, 0);
    else
        gate_connect(s->watch->gate, s->listener, n, address, (size_t)length);
    claim(w);
}

/* Made here: what a second thread of the caller changes meanwhile counts for nothing. */
static void act_for(struct worker *w, const struct server *s, const struct seccomp_notif *n, const struct watched *call)
{
    bool refused = false;
    struct judged judged = {0};
    long code = EIO; /* too many look-ups of its own hang, or of all */

    if (may_look((pid_t)n->pid))
        code = act(s->watch, s->listener, call, n, &judged, &refused);
    claim(w);
    if (refused)
        record(s, n, &judged, false);
    answer(s->listener, n->id, 0, code, 0);
}

static void refuse_lending(struct worker *w, const struct server *s, const struct seccomp_notif *n, const struct watched *call)
{
    struct judged judged;
    bool told = act_refuse_lending(call, n, &judged);

    claim(w);
    if (told)
        record(s, n, &judged, false);
    answer(s->listener, n->id, 0, EPERM, 0);
}

static void weigh(struct worker *w, const struct server *s, const struct seccomp_notif *n, const struct watched *call)
{
    bool look = may_look((pid_t)n->pid), said;
    struct judged judged;
    long result = 0;

    if (!call || call->path < 0)
        observer_has_words(false);
    if (call && call->kind == WATCHED_LIST) {
        bool listed = look && hidden_list(s->watch, n, &result);
        claim(w); /* it is: whom we write to is not left to the kernel meanwhile */
        if (listed)
            answer(s->listener, n->id, result < 0 ? 0 : result, result < 0 ? -result : 0, 0);
        else
            answer_continue(s->listener, n->id);
        return;
    }
    said = call && judge(s->watch, call, n, look, &judged);
    if (!claim(w)) {
        if (atomic_load(&w->refused) && said && !judged.done) {
            judged.code = EACCES;
            record(s, n, &judged, true);
        }
        return;
    }
    if (!look && !said)
        atomic_fetch_add(&all.abandoned, 1);
    if (said && !judged.done)
        record(s, n, &judged, false);
    if (said && !judged.noted)
        answer(s->listener, n->id, 0, judged.code, 0);
    else
        answer_continue(s->listener, n->id);
}

static void wake_watchdog(void)
{
    if (atomic_load(&all.awake))
        return;
    atomic_store(&all.awake, 1);
    syscall(SYS_futex, &all.awake, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void take_question(struct worker *w, const struct server *s, const struct seccomp_notif *n)
{
    const struct watched *call = watched_find(n->data.nr);
    bool lends = act_lends(call, n), connects = call && (call->kind == WATCHED_CONNECT || call->kind == WATCHED_SOCKET);
    long code;

    w->id = n->id;
    w->for_walls = !connects && !lends && !act_wanted(call) && !(call && call->kind == WATCHED_LIST);
    w->caller = (pid_t)n->pid;
    w->serial++;
    atomic_store(&w->ours, true);
    atomic_store(&w->refused, false);
    atomic_store(&w->state, w->serial << 2 | PHASE_BUSY);
    wake_watchdog();
    if (lends) {
        refuse_lending(w, s, n, call);
    } else if (act_wanted(call)) {
        act_for(w, s, n, call);
    } else if (!connects) {
        weigh(w, s, n, call);
    } else if (call->kind == WATCHED_CONNECT) {
        connect_for(w, s, n);
    } else {
        code = gate_datagrams(s->watch, n);
        claim(w); /* it is: the watchdog leaves nothing of a gate's to the kernel */
        if (code)
            answer(s->listener, n->id, 0, code, 0);
        else
            answer_continue(s->listener, n->id);
    }
}

/* ---- threads ---- */

/* Per thread: the others keep theirs. The gate's threads are begun by these; it asks sockets for their inode. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{0}};

    if (syscall(SYS_capget, &header, sets) != 0)
        return;
    for (int i = 0; i < 2; i++)
        sets[i].inheritable = 0;
    sets[0].permitted &= 1u << CAP_SYS_PTRACE | 1u << CAP_NET_ADMIN;
    sets[0].effective = sets[0].permitted;
    sets[1].effective = sets[1].permitted = 0;
    syscall(SYS_capset, &header, sets);
}

static void leave(struct worker *w)
{
    struct server *s = w->server;

    pthread_mutex_lock(&all.lock);
    if (w->held_up)
        atomic_fetch_sub(&all.held_up, 1);
    if (w->hangs)
        atomic_fetch_sub(&all.hanging, 1);
    w->held_up = w->hangs = false;
    atomic_store(&w->state, w->serial << 2 | PHASE_IDLE); /* the next in this row has not been held up */
    w->server = NULL;
    pthread_mutex_unlock(&all.lock);
    if (atomic_fetch_sub(&s->threads, 1) == 1) {
        close(s->listener);
        free(s);
    }
}

/* Since Linux 6.11 a receive ends when the last process with the filter did; before, only poll(2) tells. */
static bool must_poll(void)
{
    struct utsname name;
    char *rest;
    long major = uname(&name) == 0 ? strtol(name.release, &rest, 10) : 0;

    return major < 6 || (major == 6 && (*rest != '.' || strtol(rest + 1, NULL, 10) < 12));
}

/* 1: a question; 0: none after all; -1: no process has the filter any more. */
static int receive(int listener, struct seccomp_notif *n, bool polls)
{
    struct pollfd p = {.fd = listener, .events = POLLIN};

    if (polls && poll(&p, 1, -1) < 0)
        return errno == EINTR ? 0 : -1;
    if (p.revents && !(p.revents & POLLIN))
        return -1;
    memset(n, 0, sizeof *n);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, n) == 0)
        return 1;
    if (errno != ENOENT && errno != EINTR)
        return -1;
    /* Who asked died before we came; or all did. */
    return poll(&p, 1, 0) > 0 && (p.revents & POLLHUP) ? -1 : 0;
}

static void *work(void *context)
{
    struct worker *w = context;
    struct server *s = w->server;
    struct seccomp_notif n;
    bool polls = must_poll();
    int got;

    mine = w;
    w->thread = gettid();
    drop_capabilities();
    lookup_stand_alone();
    while (atomic_load(&s->leader) == w && (got = receive(s->listener, &n, polls)) >= 0) {
        if (got > 0)
            take_question(w, s, &n);
    }
    leave(w);
    return NULL;
}

static bool start_thread(void *(*run)(void *), void *context)
{
    pthread_attr_t attributes;
    sigset_t every, before;
    pthread_t thread;
    int code;

    sigfillset(&every);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    code = pthread_create(&thread, &attributes, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    errno = code;
    return code == 0;
}

/* A new leader. Called with the lock. */
static bool start_worker(struct server *s)
{
    struct worker *w = NULL;

    for (size_t i = 0; i < WORKERS_MAX && !w; i++) {
        if (!all.workers[i].server)
            w = &all.workers[i];
        if (i >= all.rows)
            all.rows = i + 1;
    }
    if (!w) {
        errno = EAGAIN;
        return false;
    }
    w->server = s;
    w->rounds = 0;
    atomic_fetch_add(&s->threads, 1);
    atomic_store(&s->leader, w);
    if (start_thread(work, w))
        return true;
    w->server = NULL;
    atomic_store(&s->leader, NULL);
    atomic_fetch_sub(&s->threads, 1);
    return false;
}

/* ---- the watchdog ---- */

static void give_lead_away(struct worker *w)
{
    struct server *s = w->server;

    if (atomic_load(&s->leader) != w || atomic_load(&all.held_up) >= HELD_UP_MAX || !start_worker(s)) {
        if (atomic_load(&s->leader) == NULL)
            atomic_store(&s->leader, w); /* no thread to be had: it goes on when it can */
        return;
    }
    w->held_up = true;
    atomic_fetch_add(&all.held_up, 1);
}

/* A thread that is only waiting for its turn on a busy machine will answer; programs inside could make it busy on purpose, to
 * have their calls left to the kernel, which does not know of guarded names. */
static bool is_waiting_for_its_turn(const struct worker *w)
{
    char path[64], text[256];
    const char *at;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)w->thread);
    at = sys_read_small(path, text, sizeof text) ? strrchr(text, ')') : NULL;
    return at && at[1] == ' ' && at[2] == 'R';
}

static void see_whether_it_hangs(struct worker *w, bool idle)
{
    bool hangs = w->held_up && !idle && !is_waiting_for_its_turn(w);

    if (hangs != w->hangs)
        atomic_fetch_add(&all.hanging, hangs ? 1 : -1);
    w->hangs = hangs;
}

/* Who keeps us from reading its words has them kept from the kernel as well. */
static void leave_to_the_walls(struct worker *w, uint64_t state, uint64_t id)
{
    bool ours = atomic_load(&w->ours);

    atomic_store(&w->refused, ours);
    if (!atomic_compare_exchange_strong(&w->state, &state, (state & ~3ULL) | PHASE_LEFT))
        return;
    if (ours) {
        answer(w->server->listener, id, 0, EACCES, 0);
        return;
    }
    answer_continue(w->server->listener, id);
    atomic_fetch_add(&all.abandoned, 1);
}

/* True: something went on since the last round. */
static bool look_after(struct worker *w)
{
    uint64_t state = atomic_load(&w->state);
    uint64_t id = w->id;
    bool busy = (state & 3) == PHASE_BUSY, moved = state != w->seen;

    w->rounds = moved ? 1 : w->rounds + 1;
    w->seen = state;
    if ((state & 3) != PHASE_IDLE && w->rounds >= LEAD_TICKS)
        give_lead_away(w);
    if (w->held_up)
        see_whether_it_hangs(w, (state & 3) == PHASE_IDLE);
    if (busy && w->rounds >= ANSWER_TICKS && w->for_walls &&
        (w->rounds >= BUSY_TICKS || !is_waiting_for_its_turn(w)))
        leave_to_the_walls(w, state, id);
    return moved || (state & 3) != PHASE_IDLE;
}

static bool make_round(void)
{
    bool active = false;

    pthread_mutex_lock(&all.lock);
    for (size_t i = 0; i < all.rows; i++) {
        if (all.workers[i].server && look_after(&all.workers[i]))
            active = true;
    }
    pthread_mutex_unlock(&all.lock);
    return active;
}

static void *watch_over(void *context)
{
    unsigned quiet = 0;

    (void)context;
    drop_capabilities();
    for (;;) {
        struct timespec tick = {0, TICK_NS};
        nanosleep(&tick, NULL);
        quiet = make_round() ? 0 : quiet + 1;
        if (quiet < QUIET_TICKS)
            continue;
        quiet = 0;
        atomic_store(&all.awake, 0);
        if (!make_round()) /* who took a question before it saw that we sleep is seen here */
            syscall(SYS_futex, &all.awake, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
        atomic_store(&all.awake, 1);
    }
    return NULL;
}

/* Called with the lock. */
static bool has_watchdog(void)
{
    if (!all.has_watchdog) {
        atomic_store(&all.awake, 1);
        all.has_watchdog = start_thread(watch_over, NULL);
    }
    return all.has_watchdog;
}

void observer_prepare(void)
{
    pthread_mutex_lock(&all.lock);
    has_watchdog();
    pthread_mutex_unlock(&all.lock);
}

bool observer_serve(int listener, const struct watch *watch)
{
    struct server *s = calloc(1, sizeof *s);
    bool good;

    if (!s) {
        errno = ENOMEM;
        return false;
    }
    s->listener = listener;
    s->watch = watch;
    ioctl(listener, SET_FLAGS, SYNC_WAKE); /* older kernels answer more slowly */
    pthread_mutex_lock(&all.lock);
    good = has_watchdog() && start_worker(s);
    pthread_mutex_unlock(&all.lock);
    if (!good)
        free(s);
    return good;
}
