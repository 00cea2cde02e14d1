/*
 * keeper: covers stay where they are. A thread of the runner.
 *
 * A mount covers an object, not a name: whoever renames another file over the name outside (git config, an editor, a log-in
 * that writes its credentials anew) takes the mount away in every namespace. So the table of mounts and the folders in
 * which the names stand are watched, with what leads to them; when something is not as it should be, the tree is stopped, the
 * mounts are put there again, and the tree goes on, children before parents, so that a shell's job control sees nothing of
 * it. Names that are to be covered once they exist are watched in the same way. What cannot be covered again ends the
 * tree: nothing runs without its walls.
 *
 * Between the change and the stop lies the time that the kernel takes to wake this thread: that window remains.
 *
 * A name that was held, went, and is there again with something in it may have been filled from inside meanwhile. It is not
 * covered as it is, which would make a gift of it to whoever obeys it outside: it is given another name, and the
 * held one is held again. The same for a name that the observer alone refuses, should somebody get past it. What is renamed
 * over a name in one step while it is covered can only come from outside, and is covered as it is.
 *
 * From inside nobody can mount; a name that is watched can be made or a folder above it renamed, which costs a look at that
 * name each time, and no more than so many in a while.
 */
#include "../names.h"
#include "observe.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>

#define KEPT_MAX      4096
#define WATCHES_MAX   16384
#define REPAIRS_MAX   50   /* rounds, while somebody keeps changing it; from the sixth on with a pause before each */
#define REPAIRS_FAST  5
#define REPAIR_PAUSE  1000000L /* ns */
#define ASIDES_MAX    3    /* of one name, where it could be taken from inside all the time; else within ASIDES_SPAN: then the tree ends */
#define ASIDES_SPAN   10000 /* ms */
#define NOTICES_MAX   64
#define IDLE_LOOKS    200  /* looks in a row that found nothing amiss, before a pause */
#define PAUSE_MS      5
#define BREATH_US     200
#define BLIND_MS      100  /* between looks at everything, where nothing can be watched */
#define WAY_MAX       (PATH_BYTES_MAX / 2) /* folders on the way to a name */
#define KEEPER_STACK  ((size_t)1 << 18)

#define PRESENCE (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

/* The name in the folder of watch wd concerns the op `kept`. */
struct sight {
    int wd;
    const char *name;
    size_t name_n;
    size_t kept;
};

struct kept {
    struct op op;
    bool pin;  /* writable, but held in place */
    bool look; /* something happened there */
    bool amiss; /* it was bare a moment ago */
    bool off;  /* never was in force: the plan let it pass */
    int lock;  /* of the placeholder that stands there since cordon's was taken away; -1 */
    bool gone; /* it, or a folder above it, was away or may have been: what is there may come from inside */
    bool anew; /* a folder above it that the tree can neither move nor remove was replaced: what is in that comes from outside */
    unsigned asides;
    uint64_t asides_since; /* ms, monotonic: when the first of them was */
    struct str aside; /* what was given another name just now, and is still to be told */
};

struct keeper {
    pthread_mutex_t lock;
    struct confinement *confinement;
    struct recorder *recorder;
    struct arena names; /* what sights and ops point into */
    struct kept kept[KEPT_MAX];
    size_t kept_count;
    struct sight sights[WATCHES_MAX];
    size_t sight_count;
    int notify, mounts;
    atomic_bool blind;
    atomic_bool over; /* nothing runs inside any more: what is not yet looked at need not be */
    bool started, drained; /* drained: notices were read that nobody has looked into */
};

/* One for the process, as the tree is. */
static struct keeper keeper = {.lock = PTHREAD_MUTEX_INITIALIZER, .notify = -1, .mounts = -1};

/* ---- is it as it should be? ---- */

enum state { AS_IT_SHOULD, NOT_THERE, BARE, A_LINK };

static bool is_secret(const struct kept *k)
{
    return k->op.kind == OP_COVER_FOLDER || k->op.kind == OP_COVER_FILE || k->op.kind == OP_LATER_SECRET;
}

/* Of a name that must not be there, not even as a link. */
static enum state look_at_guard(const struct kept *k)
{
    int fd = sys_open_beneath_root(k->op.path.p, O_PATH | O_NOFOLLOW);

    if (fd >= 0)
        close(fd);
    return fd >= 0 ? BARE : AS_IT_SHOULD;
}

static enum state look_at(const struct kept *k)
{
    int fd;
    bool mounted;

    if (k->op.kind == OP_GUARD)
        return look_at_guard(k);
    fd = sys_open_beneath_root(k->op.path.p, O_PATH);
    if (fd < 0)
        return errno == ELOOP ? A_LINK : NOT_THERE;
    mounted = is_secret(k) ? kept_is_cover(fd)
                           : kept_is_mount(fd, NULL) && (k->pin || k->op.kind == OP_BIRTHPLACE || lookup_readonly(fd));
    close(fd);
    return mounted ? AS_IT_SHOULD : BARE;
}

/* A name that is held even when nothing is there. */
static bool is_held(const struct op *op)
{
    return op->kind == OP_PLACEHOLDER || op->kind == OP_BIRTHPLACE ||
           (op->kind == OP_PROTECT && op->number == PROTECT_HELD);
}

/* Could the tree have made what stands there? */
static bool is_in_writable(struct str path)
{
    const char *name;
    int folder = placeholder_folder(path, &name);
    bool writable = folder >= 0 && !lookup_readonly(folder);

    if (folder >= 0)
        close(folder);
    return writable;
}

/* A link in a folder that the tree cannot write is the person's own arrangement: what it leads to is secret. */
static bool is_persons_link(const struct kept *k)
{
    return is_secret(k) && !is_in_writable(k->op.path);
}

static bool leads_to_cover(const struct kept *k)
{
    int fd = open(k->op.path.p, O_PATH | O_CLOEXEC);
    bool covered = fd < 0 || kept_is_cover(fd); /* leading nowhere is as good */

    if (fd >= 0)
        close(fd);
    return covered;
}

static bool is_amiss(const struct kept *k)
{
    switch (look_at(k)) {
    case AS_IT_SHOULD:
        return false;
    case NOT_THERE: /* something that is not there is neither read nor obeyed; a name is held all the same */
        return is_held(&k->op) && is_in_writable(k->op.path);
    case A_LINK:
        return !(is_persons_link(k) && leads_to_cover(k));
    case BARE:
        break;
    }
    return k->op.kind != OP_GUARD || is_in_writable(k->op.path);
}

/* ---- watching ---- */

/* What was watched for them is in gone. Returns how many that were. */
static size_t forget_sights(size_t kept, int gone[WAY_MAX])
{
    size_t n = 0, count = 0;

    for (size_t i = 0; i < keeper.sight_count; i++) {
        if (keeper.sights[i].kept != kept)
            keeper.sights[n++] = keeper.sights[i];
        else if (count < WAY_MAX)
            gone[count++] = keeper.sights[i].wd;
    }
    keeper.sight_count = n;
    return count;
}

/* Who renames folders on the way would else use up all that the person may watch. */
static void stop_watching(const int *gone, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < keeper.sight_count && keeper.sights[at].wd != gone[i])
            at++;
        if (at == keeper.sight_count)
            inotify_rm_watch(keeper.notify, gone[i]); /* EINVAL: its folder is gone, and it with that */
    }
}

/* Every folder on the way, with the name that is next: also what is above may be renamed away. */
static void watch_way(size_t kept)
{
    struct str path = keeper.kept[kept].op.path;
    char folder[PATH_BYTES_MAX];
    int gone[WAY_MAX];
    size_t gone_count;

    if (keeper.notify < 0 || path.n >= sizeof folder)
        return;
    gone_count = forget_sights(kept, gone);
    memcpy(folder, path.p, path.n + 1);
    for (size_t at = 0; at < path.n;) {
        size_t next = str_find(path, at + 1, '/');
        int wd;
        folder[at ? at : 1] = '\0';
        wd = inotify_add_watch(keeper.notify, folder, PRESENCE);
        folder[at ? at : 1] = path.p[at ? at : 1];
        if (wd < 0 && errno != EACCES) {
            if (errno == ENOSPC || errno == ENOMEM)
                keeper.blind = true;
            break; /* not there: nothing is below it */
        }
        if (keeper.sight_count == WATCHES_MAX) {
            keeper.blind = true;
            break;
        }
        if (wd >= 0)
            keeper.sights[keeper.sight_count++] = (struct sight){wd, path.p + at + 1, next - at - 1, kept};
        at = next;
    }
    stop_watching(gone, gone_count);
}

static void look_everywhere(void)
{
    for (size_t i = 0; i < keeper.kept_count; i++)
        keeper.kept[i].look = true;
}

static void doubt_everything(void)
{
    for (size_t i = 0; i < keeper.kept_count; i++)
        keeper.kept[i].gone = true;
}

static void way_changed(struct kept *k, struct str folder)
{
    bool pinned = false;

    for (size_t i = 0; i < keeper.kept_count && !pinned; i++)
        pinned = keeper.kept[i].pin && str_eq(keeper.kept[i].op.path, folder);
    if (pinned || !is_in_writable(folder))
        k->anew = true;
    else
        k->gone = true;
}

static void take_notice(const struct inotify_event *event)
{
    size_t n = strnlen(event->name, event->len);

    if (event->mask & IN_Q_OVERFLOW) {
        look_everywhere();
        doubt_everything();
    }
    for (size_t i = 0; i < keeper.sight_count && event->len; i++) {
        const struct sight *s = &keeper.sights[i];
        struct kept *k = &keeper.kept[s->kept];
        if (s->wd != event->wd || s->name_n != n || memcmp(s->name, event->name, n) != 0)
            continue;
        k->look = true;
        if (s->name + s->name_n == k->op.path.p + k->op.path.n)
            k->gone = k->gone || (!k->anew && !(event->mask & IN_MOVED_TO));
        else if (is_held(&k->op))
            way_changed(k, str_slice(k->op.path, 0, (size_t)(s->name + s->name_n - k->op.path.p)));
    }
}

static bool read_notices(void)
{
    _Alignas(struct inotify_event) char bytes[16384];
    ssize_t n = read(keeper.notify, bytes, sizeof bytes);

    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)(bytes + at);
        take_notice(event);
        at += (ssize_t)(sizeof *event + event->len);
    }
    return n > 0;
}

/* ---- covering again ---- */

/* What stands behind covers: to be asked for a node while the tree is stopped. */
static long server(void)
{
    return keeper.confinement->covers ? (long)atomic_load(&keeper.confinement->covers->pid) : 0;
}

/* Cordon holds the other end as long as it lives. */
static bool is_alone(void)
{
    struct pollfd p = {.fd = CONTROL_FD, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static enum op_kind kind_again(const struct kept *k, bool folder)
{
    if (is_secret(k))
        return folder ? OP_COVER_FOLDER : OP_COVER_FILE;
    return k->pin && folder ? OP_WRITABLE : OP_PROTECT;
}

/*
 * Does a held name hold something that may have been put there from inside? That a name went is queued before anything can
 * be made in its place, so that once all notices are read nothing that is there now came unnoticed.
 */
static bool is_foreign(struct kept *k)
{
    bool file = k->op.kind == OP_PLACEHOLDER && k->op.number == 1;
    int fd, round = 0;
    bool untouched;

    if (k->op.kind == OP_GUARD || !is_held(&k->op) || !is_in_writable(k->op.path))
        return k->op.kind == OP_GUARD;
    for (; round < NOTICES_MAX && read_notices(); round++)
        keeper.drained = true;
    if (!k->gone && !keeper.blind && round < NOTICES_MAX)
        return false;
    fd = sys_open_beneath_root(k->op.path.p, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    untouched = fd >= 0 && (placeholder_untouched(fd, file, k->op.text) || /* another session has just begun one */
                               (file && placeholder_untouched(fd, true, (struct str){0})));
    if (fd >= 0)
        close(fd);
    return !untouched;
}

/* Another name in the same folder: nothing of the person's is lost, should it be theirs. Only somebody outside can take a
 * held name away, and may do so again and again in a day's work. */
static bool put_aside(struct kept *k, struct err *e)
{
    char other[256];
    const char *name = "";
    uint64_t now = sys_milliseconds();
    int folder;
    bool good;

    if (k->op.kind != OP_GUARD && now - k->asides_since > ASIDES_SPAN) {
        k->asides = 0;
        k->asides_since = now;
    }
    folder = placeholder_folder(k->op.path, &name);
    good = folder >= 0 && k->asides < ASIDES_MAX && placeholder_aside(folder, name, other);

    if (good) {
        k->aside = path_join(&keeper.names, PATH_POSIX, path_parent(PATH_POSIX, k->op.path), str_from(other));
        k->asides++;
    } else if (k->asides < ASIDES_MAX && errno == ENOENT) {
        good = true; /* gone again */
    } else {
        err_set(e, ERR_REFUSED, "something turned up where nothing may be, and cannot be moved away");
        e->code = errno;
        err_subject(e, k->op.path);
    }
    if (folder >= 0)
        close(folder);
    return good;
}

/* Covers what a link leads to, whatever its name is. */
static bool cover_target(const struct kept *k, struct err *e)
{
    struct stat st;
    int fd = open(k->op.path.p, O_PATH | O_CLOEXEC);
    bool good = fd < 0 || fstat(fd, &st) != 0 ||
                apply_cover(keeper.confinement, &k->op, fd, S_ISDIR(st.st_mode), e); /* gone again: the next look tells */

    if (fd >= 0)
        close(fd);
    return good;
}

static bool cover_name(const struct kept *k, struct err *e)
{
    struct arena arena = {0};
    struct texts nobody = {0};
    struct apply apply = {.arena = &arena, .confinement = keeper.confinement, .partial = &nobody};
    struct op op = {.path = k->op.path, .number = is_secret(k) ? k->op.number : 0};
    struct stat st;
    int fd = sys_open_beneath_root(k->op.path.p, O_PATH);
    bool good = true;

    if (fd < 0)
        return true; /* gone again */
    if (fstat(fd, &st) == 0) {
        op.kind = kind_again(k, S_ISDIR(st.st_mode));
        good = apply_plan(&apply, &op, 1, e);
    }
    close(fd);
    arena_release(&arena);
    return good;
}

/* The lock of cordon is on the one that was taken away: without one on this another session would remove it at its end. */
static void hold_on(struct kept *k)
{
    int fd = sys_open_beneath_root(k->op.path.p, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && names_is_placeholder(fd, &st) && flock(fd, LOCK_SH | LOCK_NB) == 0) {
        if (k->lock >= 0)
            close(k->lock);
        k->lock = fd;
    } else if (fd >= 0) {
        close(fd);
    }
}

static bool cover_again(struct kept *k, struct err *e)
{
    enum state state = look_at(k);
    bool good;

    if (state == BARE && is_foreign(k)) {
        if (!put_aside(k, e))
            return false;
        state = NOT_THERE;
    }
    if (k->op.kind == OP_GUARD)
        return true;
    if (state == NOT_THERE && is_held(&k->op) && !kept_make_again(&k->op)) {
        err_set(e, ERR_SYSTEM, "cannot hold a name again");
        e->code = errno;
        return err_subject(e, k->op.path);
    }
    if (state == A_LINK && !is_persons_link(k))
        return err_set(e, ERR_REFUSED, "a symbolic link took the place of what is protected") ||
               err_subject(e, k->op.path);
    good = state == A_LINK ? cover_target(k, e) : cover_name(k, e);
    if (good && is_held(&k->op))
        hold_on(k);
    return good;
}

/* Who came in while it was bare, and holds it open, is ended. */
static void end_holders(const struct kept *k)
{
    struct buf names = {0};

    if (!k->pin && k->op.kind != OP_GUARD)
        holders_end(k->op.path, is_secret(k) ? HOLDERS_READING : HOLDERS_WRITING, (pid_t)server(), &names);
    buf_release(&names);
}

static void tell(struct kept *k, long code)
{
    struct denial d = {.time_ms = sys_clock_ms(), .by = DENIAL_KEEPER, .path = k->op.path, .count = 1, .code = code};

    d.operation = is_secret(k) ? OPERATION_READ : OPERATION_WRITE;
    if (k->aside.n > 0) {
        d.operation = OPERATION_CREATE;
        d.cause = DENIAL_GUARD;
        d.path2 = k->aside;
        k->aside = (struct str){0};
    }
    if (keeper.recorder)
        record_send(keeper.recorder, &d);
}

static void end_tree(struct kept *k, const struct err *e)
{
    tell(k, e->code ? e->code : EPERM);
    kill(-1, SIGKILL);
    _exit(RUNNER_UNCOVERED);
}

static void forget_doubts(struct kept *k)
{
    if ((k->gone || k->anew) && look_at(k) == AS_IT_SHOULD)
        k->gone = k->anew = false;
}

/* Under the lock, the tree stopped: sure that it is covered, whatever happens outside meanwhile. */
static void make_sure(size_t i)
{
    struct kept *k = &keeper.kept[i];
    struct err e = {0};

    for (int round = 0; round < REPAIRS_MAX && is_amiss(k); round++) {
        const struct timespec pause = {0, REPAIR_PAUSE};
        if (round >= REPAIRS_FAST)
            nanosleep(&pause, NULL);
        err_clear(&e);
        cover_again(k, &e); /* what goes away meanwhile fails, and is nothing any more */
    }
    if (is_amiss(k))
        end_tree(k, &e);
    end_holders(k);
    forget_doubts(k);
    tell(k, 0);
    watch_way(i);
}

/* What is amiss is covered at once, before anything else is done. */
static size_t cover_amiss(void)
{
    size_t count = 0;

    for (size_t i = 0; i < keeper.kept_count; i++) {
        struct kept *k = &keeper.kept[i];
        struct err ignored = {0};
        if (atomic_load(&keeper.over))
            return 0;
        if (!k->look)
            continue;
        k->look = false;
        k->amiss = !k->off && is_amiss(k);
        if (k->amiss) {
            cover_again(k, &ignored);
        } else {
            watch_way(i);
            forget_doubts(k);
        }
        count += k->amiss;
    }
    return count;
}

/* Looks at what something happened to; true when there was something to do. */
static bool look(void)
{
    struct processes before = {0};
    size_t amiss;

    pthread_mutex_lock(&keeper.lock);
    if (is_alone())
        _exit(0); /* the tree ends with us, and what is missing was cleaned up behind cordon: not to be put back */
    amiss = cover_amiss();
    if (amiss) {
        stop_tree(&before, server());
        for (size_t i = 0; i < keeper.kept_count; i++) {
            if (keeper.kept[i].amiss)
                make_sure(i);
            keeper.kept[i].amiss = false;
        }
        stop_over(&before);
    }
    pthread_mutex_unlock(&keeper.lock);
    return amiss > 0;
}

/* ---- the thread ---- */

static void *keep(void *unused)
{
    const struct timespec pause = {0, PAUSE_MS * 1000 * 1000};
    const struct timespec breath = {0, BREATH_US * 1000};
    unsigned idle = 0;

    sys_be_prompt();
    (void)unused;
    for (;;) {
        struct pollfd p[2] = {{.fd = keeper.notify, .events = POLLIN}, {.fd = keeper.mounts, .events = POLLPRI}};
        bool timed_out;
        if (look())
            idle = 0;
        else if (idle > 0) /* woken for nothing: a little later what comes meanwhile is one wake-up */
            nanosleep(&breath, NULL);
        timed_out = poll(p, 2, keeper.drained ? 0 : keeper.blind ? BLIND_MS : -1) == 0 && !keeper.drained;
        keeper.drained = false;
        if (atomic_load(&keeper.over))
            break; /* the lock is wanted by who waits for the end */
        pthread_mutex_lock(&keeper.lock);
        if (timed_out || (p[1].revents & (POLLPRI | POLLERR)))
            look_everywhere();
        if (p[0].revents & POLLIN)
            read_notices();
        pthread_mutex_unlock(&keeper.lock);
        if (++idle % IDLE_LOOKS == 0)
            nanosleep(&pause, NULL);
    }
    return NULL;
}

/* Where it is kept; KEPT_MAX when there is no room: then everything is looked at from time to time. */
static size_t add(const struct op *op, bool pin)
{
    struct kept *k;
    struct op guard = *op;

    if (op->kind == OP_GUARD) { /* of the name itself */
        guard.path = path_join(&keeper.names, PATH_POSIX, op->path, op->text);
        op = &guard;
    }

    for (size_t i = 0; i < keeper.kept_count; i++) { /* of the same place the later word counts */
        k = &keeper.kept[i];
        if (str_eq(k->op.path, op->path) && k->pin == pin) {
            k->op.kind = op->kind;
            k->op.number = op->number;
            if (!str_eq(k->op.text, op->text))
                k->op.text = arena_str(&keeper.names, op->text);
            k->look = true;
            return i;
        }
    }
    if (keeper.kept_count == KEPT_MAX) {
        keeper.blind = true;
        return KEPT_MAX;
    }
    k = &keeper.kept[keeper.kept_count++];
    *k = (struct kept){.op = *op, .pin = pin, .look = true, .lock = -1};
    k->op.path = arena_str(&keeper.names, op->path);
    k->op.text = arena_str(&keeper.names, op->text);
    /* What the plan let pass was maybe never in force. */
    k->off = op->kind != OP_GUARD && op->on_failure != FAIL_REFUSE && op->kind != OP_PLACEHOLDER && look_at(k) != AS_IT_SHOULD;
    return keeper.kept_count - 1;
}

bool keeper_start(const struct op *ops, size_t count, struct confinement *c, struct recorder *recorder)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool good;

    if (keeper.started)
        return true;
    keeper.confinement = c;
    keeper.recorder = recorder;
    keeper.mounts = c->mounts;
    keeper.notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    keeper.blind = keeper.notify < 0;
    for (size_t i = 0; i < count; i++) {
        bool pin = kept_is_pin(ops, count, &ops[i]);
        if (pin || kept_is(&ops[i]))
            add(&ops[i], pin);
    }
    if (pthread_attr_init(&attributes) != 0)
        return false;
    good = pthread_attr_setstacksize(&attributes, KEEPER_STACK) == 0 &&
           pthread_create(&thread, &attributes, keep, NULL) == 0 && pthread_detach(thread) == 0;
    pthread_attr_destroy(&attributes);
    keeper.started = good;
    return good;
}

bool keeper_pause(unsigned patience_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(patience_ms / 1000);
    until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_mutex_timedlock(&keeper.lock, &until) == 0;
}

void keeper_resume(void)
{
    pthread_mutex_unlock(&keeper.lock);
}

void keeper_end(unsigned patience_ms)
{
    atomic_store(&keeper.over, true);
    if (!keeper_pause(patience_ms))
        return;
    for (size_t i = 0; i < keeper.kept_count; i++)
        if (keeper.kept[i].lock >= 0)
            close(keeper.kept[i].lock);
}

bool keeper_has(const struct op *op)
{
    const struct kept k = {.op = *op};

    return op->kind != OP_WRITABLE && op->kind != OP_GUARD && kept_is(op) && look_at(&k) == AS_IT_SHOULD;
}

void keeper_add(const struct op *op)
{
    bool pin = op->kind == OP_WRITABLE;
    size_t kept = keeper.started && (pin || kept_is(op)) ? add(op, pin) : KEPT_MAX;

    if (kept < KEPT_MAX)
        watch_way(kept);
}
