/*
 * judge: one watched call, weighed: would the walls refuse it, and with which error? Only what they would refuse is
 * refused here, with the kernel's own answer, so that the record is exact; whatever is in doubt goes on to them. What
 * no wall holds (guarded names, files with further names elsewhere) is refused here alone, as far as one look can tell.
 *
 * In the kernel's order: what exists already is EEXIST before a read-only mount is EROFS; the mount is asked before
 * permissions when names and attributes change, and after them when a file is opened for writing.
 */
#include "observe.h"

#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/un.h>

#define LINKS_FOLLOWED 41 /* the kernel follows 40 */
#define TMPFILE_FLAG   020000000u /* __O_TMPFILE */
#define PATH_FLAG      010000000u /* O_PATH */

struct asker {
    const struct watch *watch;
    const struct watched *call;
    const struct seccomp_notif *n;
    bool look;
    struct judged *out;
    const char *target; /* of a symbolic link that is made here, from words that nobody can change any more */
    const struct caller_path *second; /* of two paths; the caller's words are read once */
};

static uint64_t argument(const struct asker *a, int i)
{
    return a->n->data.args[i];
}

static pid_t caller(const struct asker *a)
{
    return (pid_t)a->n->pid;
}

static unsigned flags_of(const struct asker *a)
{
    return a->call->implied | (a->call->flags >= 0 ? (unsigned)argument(a, a->call->flags) : 0);
}

static bool refuse(const struct asker *a, long code, enum operation operation, enum denial_cause cause)
{
    a->out->code = code;
    a->out->done = false;
    a->out->noted = false;
    a->out->operation = operation;
    a->out->cause = cause;
    return true;
}

/* fd is what is refused, or the folder of name. */
static bool refuse_at(const struct asker *a, const struct caller_path *p, int fd, const char *name, long code,
    enum operation operation, enum denial_cause cause)
{
    /* Where only we refuse, no doubt of whose the way is changes what it leads to. */
    if (cause != DENIAL_GUARD && cause != DENIAL_OWN && lookup_misleads(p))
        return false;
    /* A mount that was pulled away meanwhile has no path; what stands there by now is not what we looked at. */
    if (!lookup_real(fd, name, a->out->path, sizeof a->out->path) &&
        !lookup_lexical(p, a->out->path, sizeof a->out->path))
        return false;
    if (cause == DENIAL_RULE && (strncmp(a->out->path, "/proc/", 6) == 0 || strncmp(a->out->path, "/sys/", 5) == 0))
        cause = DENIAL_KNOB;
    return refuse(a, code, operation, cause);
}

/* ---- secret paths, by the words ---- */

static bool makes_a_name(enum watched_kind kind)
{
    return kind == WATCHED_MAKE || kind == WATCHED_SYMLINK || kind == WATCHED_NODE || kind == WATCHED_BIND;
}

static bool is_secret(const struct asker *a, const struct caller_path *p, char *path, size_t size)
{
    if ((p->start && !watch_may_reach(a->watch, p->text + p->start)) || !lookup_lexical(p, path, size))
        return false;
    for (size_t i = 0; i < a->watch->secret_count; i++) {
        struct str secret = a->watch->secrets[i];
        /* Making what is there is EEXIST, not a refusal. */
        if (lookup_is_below(path, secret) && !(makes_a_name(a->call->kind) && path[secret.n] == '\0'))
            return true;
    }
    return false;
}

/* ---- guarded names ---- */

static bool guard_at(const struct asker *a, const struct caller_path *p, int fd, const char *name,
    enum operation operation)
{
    static const char gone[] = " (deleted)"; /* replaced since we looked */
    const struct watch *w = a->watch;
    size_t n;

    if (w->guard_count == 0 && w->held_count == 0)
        return false;
    /* Too deep to be told, and no wall behind us where a name is guarded at every depth. */
    if (!lookup_real(fd, name, a->out->path, sizeof a->out->path)) {
        if (w->guards_deep && !lookup_lexical(p, a->out->path, sizeof a->out->path))
            snprintf(a->out->path, sizeof a->out->path, "%.*s", PATH_BYTES_MAX - 1, p->text + p->start);
        return w->guards_deep && refuse(a, EACCES, operation, DENIAL_GUARD);
    }
    n = strlen(a->out->path);
    if (n > sizeof gone && strcmp(a->out->path + n - (sizeof gone - 1), gone) == 0)
        a->out->path[n - (sizeof gone - 1)] = '\0';
    if (watch_guards(w, a->out->path, NULL))
        return refuse(a, EACCES, operation, DENIAL_GUARD);
    /* Its mount was pulled away outside, and is not back yet. */
    return watch_holds(w, a->out->path) && refuse(a, EROFS, operation, DENIAL_RULE);
}

/* ---- hard links ---- */

static bool judge_links(
    const struct asker *a, const struct caller_path *p, const struct looked *o, enum operation operation)
{
    if (o->links < 2 || !S_ISREG(o->mode) || links_are_inside(o) ||
        (!lookup_real(o->fd, NULL, a->out->path, sizeof a->out->path) &&
            !lookup_lexical(p, a->out->path, sizeof a->out->path)) || watch_in_layer(a->watch, a->out->path))
        return false;
    refuse(a, a->watch->hardlinks == HARDLINKS_REFUSE ? EACCES : 0, operation, DENIAL_HARDLINK);
    a->out->noted = a->watch->hardlinks == HARDLINKS_RECORD;
    return true;
}

/* ---- what is there already ---- */

/* A file that is to be written. */
static bool judge_write(const struct asker *a, const struct caller_path *p, const struct looked *o)
{
    bool truncates = a->call->kind == WATCHED_TRUNCATE || (flags_of(a) & O_TRUNC); /* that asks the mount first */
    bool readonly;
    int code;

    if (o->dev == a->watch->proc_device && lookup_is_own(o->fd))
        return refuse_at(a, p, o->fd, NULL, EACCES, OPERATION_WRITE, DENIAL_OWN);
    if (S_ISFIFO(o->mode) && lookup_readonly(o->fd))
        return refuse_at(a, p, o->fd, NULL, EACCES, OPERATION_WRITE, DENIAL_DEVICE);
    if (!S_ISREG(o->mode))
        return false; /* EISDIR, ELOOP, ENXIO; devices are no matter of mounts */
    code = lookup_writable(o->fd, &readonly);
    if (readonly && (code == EROFS || code == EACCES || code == EPERM))
        return refuse_at(a, p, o->fd, NULL, truncates ? EROFS : code, OPERATION_WRITE, DENIAL_RULE);
    if (code == EACCES && geteuid() == 0) /* outside root passes over them */
        return refuse_at(a, p, o->fd, NULL, EACCES, OPERATION_WRITE, DENIAL_PERMISSIONS);
    return code == 0 &&
           (guard_at(a, p, o->fd, NULL, OPERATION_WRITE) || judge_links(a, p, o, OPERATION_WRITE));
}

static bool judge_attributes(const struct asker *a, const struct caller_path *p, const struct looked *o)
{
    enum operation operation = a->call->kind == WATCHED_TIME ? OPERATION_TIME : OPERATION_MODE;

    if (lookup_of_kernel(o->fd))
        return refuse_at(a, p, o->fd, NULL, EPERM, operation, DENIAL_KNOB);
    if (lookup_readonly(o->fd))
        return refuse_at(a, p, o->fd, NULL, EROFS, operation, DENIAL_RULE);
    return guard_at(a, p, o->fd, NULL, operation) ||
           (operation == OPERATION_MODE && judge_links(a, p, o, operation));
}

/* ---- names that are to be made ---- */

static bool judge_new(const struct asker *a, struct caller_path *p, enum operation operation);

/* A link that leads to what is not there: creating through it makes that. */
static bool judge_behind(const struct asker *a, int folder, const char *name)
{
    char target[PATH_BYTES_MAX];
    struct caller_path p;
    struct looked there;
    int own = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    bool refused = false;

    for (int i = 0; i < LINKS_FOLLOWED && own >= 0; i++) {
        struct looked in;
        const char *last;
        ssize_t n = readlinkat(own, name, target, sizeof target - 1);
        if (n <= 0)
            break;
        target[n] = '\0';
        if (!lookup_path(target[0] == '/' ? caller(a) : gettid(), target[0] == '/' ? AT_FDCWD : own, target, &p))
            break;
        p.caller = caller(a); /* the folder is ours to reach it by, what /proc/self is on the way is the caller's */
        if (lookup_folder(&p, &in, &last) != 0)
            break;
        if (lookup_name(in.fd, last, &there) == 0 && S_ISLNK(there.mode)) {
            close(own);
            own = in.fd;
            name = last;
            continue;
        }
        close(in.fd);
        refused = judge_new(a, &p, OPERATION_CREATE);
        break;
    }
    if (own >= 0)
        close(own);
    return refused;
}

static bool is_device(const struct asker *a)
{
    unsigned kind = a->call->kind == WATCHED_NODE ? (unsigned)argument(a, a->call->flags) & S_IFMT : 0;

    /* Device 0:0 is an overlay's whiteout, which anybody may make. */
    return kind == S_IFBLK || (kind == S_IFCHR && argument(a, a->call->flags + 1) != 0);
}

/* A file that git outside writes, led elsewhere, would be written there. Git itself tries whether links can be made, by
 * one to "testing". */
static bool leads_git(const struct asker *a, int folder, const char *name)
{
    if (!a->target || a->watch->linkless_count == 0 || !lookup_real(folder, name, a->out->path, sizeof a->out->path))
        return false;
    for (size_t i = 0; i < a->watch->linkless_count; i++)
        if (lookup_is_below(a->out->path, a->watch->linkless[i]))
            return strcmp(a->target, "testing") != 0;
    return false;
}

static bool judge_name(const struct asker *a, const struct caller_path *p, const struct looked *folder, const char *name,
    enum operation operation)
{
    const char *rest;
    bool readonly;
    int code = lookup_writable(folder->fd, &readonly);

    if (readonly)
        return refuse_at(a, p, folder->fd, name, EROFS, operation, DENIAL_RULE);
    if (code == EACCES && geteuid() == 0)
        return refuse_at(a, p, folder->fd, name, EACCES, operation, DENIAL_PERMISSIONS);
    if (guard_at(a, p, folder->fd, name, operation))
        return true;
    if (leads_git(a, folder->fd, name))
        return refuse(a, EACCES, operation, DENIAL_GIT_LINK);
    /* A link in place of a folder above a guarded name would be a way around it. */
    if (a->call->kind == WATCHED_SYMLINK && a->watch->guard_count > 0 &&
        lookup_real(folder->fd, name, a->out->path, sizeof a->out->path) &&
        !watch_guards(a->watch, a->out->path, &rest) && rest)
        return refuse(a, EACCES, operation, DENIAL_GUARD);
    return is_device(a) && refuse_at(a, p, folder->fd, name, EPERM, operation, DENIAL_DEVICE);
}

static bool judge_new(const struct asker *a, struct caller_path *p, enum operation operation)
{
    struct looked folder, there;
    const char *name;
    bool refused = false;

    if (lookup_folder(p, &folder, &name) != 0)
        return false;
    if (lookup_name(folder.fd, name, &there) != 0)
        refused = judge_name(a, p, &folder, name, operation);
    else if (S_ISLNK(there.mode) && a->call->kind == WATCHED_OPEN && !(flags_of(a) & (O_NOFOLLOW | O_EXCL)))
        refused = judge_behind(a, folder.fd, name);
    close(folder.fd); /* what is there already is EEXIST, or nobody's business */
    return refused;
}

/* ---- call by call ---- */

static bool takes_at_flags(enum watched_kind kind)
{
    return kind == WATCHED_MODE || kind == WATCHED_TIME || kind == WATCHED_LINK;
}

/* False: cannot be read, or is not for us to say. */
static bool path_of(const struct asker *a, int folder, int path, struct caller_path *out)
{
    char typed[PATH_BYTES_MAX];
    int at = folder >= 0 ? (int)argument(a, folder) : AT_FDCWD;

    if (path < 0 || (argument(a, path) == 0 && folder >= 0 && a->call->kind == WATCHED_TIME)) {
        lookup_descriptor(caller(a), at, out);
        return true;
    }
    if (!lookup_text(caller(a), argument(a, path), typed, sizeof typed))
        return false;
    if (typed[0] == '\0' && !(folder >= 0 && takes_at_flags(a->call->kind) && (flags_of(a) & AT_EMPTY_PATH)))
        return false; /* ENOENT */
    return lookup_path(caller(a), at, typed, out);
}

static bool judge_open(const struct asker *a, struct caller_path *p)
{
    unsigned flags = flags_of(a);
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC), creates = flags & O_CREAT;
    struct looked o;
    bool refused = false;
    int code;

    if ((flags & PATH_FLAG) || (!writes && !creates))
        return false;
    code = lookup_object(p, !(flags & O_NOFOLLOW) && !(creates && (flags & O_EXCL)), &o);
    if (code == ENOENT)
        return creates && judge_new(a, p, OPERATION_CREATE);
    if (code)
        return false;
    if (flags & TMPFILE_FLAG)
        refused = S_ISDIR(o.mode) && lookup_readonly(o.fd) &&
                  refuse_at(a, p, o.fd, NULL, EROFS, OPERATION_CREATE, DENIAL_RULE);
    else if (writes && !(creates && (flags & O_EXCL)))
        refused = judge_write(a, p, &o);
    close(o.fd);
    return refused;
}

static bool is_nothing_to_set(const struct asker *a)
{
    int64_t times[4];

    return a->call->path == 1 && a->call->flags == 3 && argument(a, 2) != 0 &&
           lookup_bytes(caller(a), argument(a, 2), times, sizeof times) && times[1] == UTIME_OMIT &&
           times[3] == UTIME_OMIT;
}

static bool judge_object(const struct asker *a, const struct caller_path *p)
{
    struct looked o;
    bool refused;

    if (lookup_object(p, !(flags_of(a) & AT_SYMLINK_NOFOLLOW), &o) != 0)
        return false;
    if (a->call->kind == WATCHED_TRUNCATE)
        refused = S_ISREG(o.mode) && judge_write(a, p, &o);
    else
        refused = judge_attributes(a, p, &o) && !(a->call->kind == WATCHED_TIME && is_nothing_to_set(a));
    close(o.fd);
    return refused;
}

static bool judge_delete(const struct asker *a, struct caller_path *p)
{
    struct looked folder, o;
    const char *name;
    bool refused = false;

    if (lookup_folder(p, &folder, &name) != 0)
        return false;
    if (lookup_name(folder.fd, name, &o) == 0) {
        bool fits = S_ISDIR(o.mode) == ((flags_of(a) & AT_REMOVEDIR) != 0);
        if (lookup_readonly(folder.fd))
            refused = refuse_at(a, p, folder.fd, name, EROFS, OPERATION_DELETE, DENIAL_RULE);
        else if (fits && o.mount_root && S_ISDIR(o.mode) &&
                 lookup_real(folder.fd, name, a->out->path, sizeof a->out->path) &&
                 hidden_is_only_held(a->watch, a->out->path))
            refused = a->out->done = true; /* there is nothing of anybody's to remove */
        else if (fits && o.mount_root && S_ISDIR(o.mode) && hidden_is_full(folder.fd, name)) {
            a->out->code = ENOTEMPTY; /* outside it says that too (git tries it): no refusal */
            refused = a->out->done = true;
        } else if (fits && o.mount_root)
            refused = refuse_at(a, p, folder.fd, name, EBUSY, OPERATION_DELETE, DENIAL_RULE);
        else
            refused = guard_at(a, p, folder.fd, name, OPERATION_DELETE);
        if (!refused)
            links_gone(&o);
    }
    close(folder.fd);
    return refused;
}

struct side {
    struct caller_path p;
    struct looked folder, o; /* o.fd is -1 */
    const char *name;
    bool there;
};

static bool look_at_side(const struct caller_path *p, struct side *s)
{
    s->p = *p;
    s->folder.fd = -1;
    if (lookup_folder(&s->p, &s->folder, &s->name) != 0)
        return false;
    s->there = lookup_name(s->folder.fd, s->name, &s->o) == 0;
    return true;
}

/* path: the side that refuses; path2: the other. */
static bool refuse_side(const struct asker *a, const struct side *s, const struct side *other, long code,
    enum operation operation, enum denial_cause cause)
{
    if (!refuse_at(a, &s->p, s->folder.fd, s->name, code, operation, cause))
        return false;
    if (!lookup_real(other->folder.fd, other->name, a->out->path2, sizeof a->out->path2))
        a->out->path2[0] = '\0';
    return true;
}

/* Renamed to there, would a guarded name come to be below it? */
static bool brings_guarded(const struct asker *a, const struct side *from, const struct side *to)
{
    char inner[2 * PATH_BYTES_MAX];
    struct looked o;
    const char *rest;

    if (!lookup_real(to->folder.fd, to->name, a->out->path, sizeof a->out->path) ||
        watch_guards(a->watch, a->out->path, &rest) || !rest)
        return false;
    if (S_ISLNK(from->o.mode))
        return true;
    snprintf(inner, sizeof inner, "%s/%s", from->name, rest);
    return S_ISDIR(from->o.mode) && lookup_name(from->folder.fd, inner, &o) == 0;
}

static bool judge_sides(const struct asker *a, const struct side *from, const struct side *to, enum operation operation)
{
    bool from_readonly = lookup_readonly(from->folder.fd), to_readonly;

    if (from->folder.mount == to->folder.mount)
        return from_readonly && refuse_side(a, operation == OPERATION_LINK ? to : from,
                                    operation == OPERATION_LINK ? from : to, EROFS, operation, DENIAL_RULE);
    to_readonly = lookup_readonly(to->folder.fd);
    if (operation == OPERATION_LINK && to_readonly)
        return refuse_side(a, to, from, EROFS, operation, DENIAL_RULE);
    return (from_readonly || to_readonly) && refuse_side(a, from_readonly ? from : to, from_readonly ? to : from, EXDEV,
                                                 operation, DENIAL_RULE);
}

static bool is_same_again(const struct asker *a, const struct side *from, const struct side *to)
{
    bool is = to->there && to->o.mount_root && S_ISREG(to->o.mode) && S_ISREG(from->o.mode) && flags_of(a) == 0 && a->look &&
              from->folder.dev == to->folder.dev && from->folder.ino == to->folder.ino &&
              same_replaces(to->folder.fd, from->name, to->name);

    if (is) {
        a->out->code = 0;
        a->out->noted = false;
    }
    return is;
}

static bool judge_rename(const struct asker *a, const struct caller_path *p)
{
    struct side from, to;
    bool refused = false;

    to.folder.fd = -1;
    if (look_at_side(p, &from) && look_at_side(a->second, &to) && from.there) {
        refused = judge_sides(a, &from, &to, OPERATION_RENAME);
        if (!refused && from.o.mount_root)
            refused = refuse_side(a, &from, &to, EBUSY, OPERATION_RENAME, DENIAL_RULE);
        else if (!refused && is_same_again(a, &from, &to))
            refused = a->out->done = true; /* as good as */
        else if (!refused && to.there && to.o.mount_root)
            refused = refuse_side(a, &to, &from, EBUSY, OPERATION_RENAME, DENIAL_RULE);
        if (!refused && guard_at(a, &from.p, from.folder.fd, from.name, OPERATION_RENAME))
            refused = refuse_side(a, &from, &to, a->out->code, OPERATION_RENAME, a->out->cause);
        else if (!refused && guard_at(a, &to.p, to.folder.fd, to.name, OPERATION_RENAME))
            refused = refuse_side(a, &to, &from, a->out->code, OPERATION_RENAME, a->out->cause);
        else if (!refused && a->watch->guard_count > 0 &&
                 (brings_guarded(a, &from, &to) || (to.there && brings_guarded(a, &to, &from)))) /* an exchange goes both ways */
            refused = refuse_side(a, &to, &from, EACCES, OPERATION_RENAME, DENIAL_GUARD);
        if (!refused && to.there && (from.o.dev != to.o.dev || from.o.ino != to.o.ino) &&
            !(a->call->flags >= 0 && (argument(a, a->call->flags) & RENAME_EXCHANGE)))
            links_gone(&to.o);
    }
    if (from.folder.fd >= 0)
        close(from.folder.fd);
    if (to.folder.fd >= 0)
        close(to.folder.fd);
    return refused;
}

/* The old name is an object, for it can be a descriptor's link in /proc. */
bool judge_hardlink(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n,
    const struct caller_path *p, const struct looked *o, const struct caller_path *to, int folder, const char *name,
    struct judged *out)
{
    const struct asker a = {.watch = watch, .call = call, .n = n, .look = true, .out = out};
    bool old_readonly = lookup_readonly(o->fd), refused;
    struct looked in;

    out->path2[0] = '\0';
    if (lookup_described(folder, &in) != 0)
        return false;
    if (lookup_readonly(folder))
        refused = refuse_at(&a, to, folder, name, EROFS, OPERATION_LINK, DENIAL_RULE);
    else if (o->mount != in.mount && old_readonly)
        refused = refuse_at(&a, p, o->fd, NULL, EXDEV, OPERATION_LINK, DENIAL_RULE);
    else
        refused = guard_at(&a, p, o->fd, NULL, OPERATION_LINK) || guard_at(&a, to, folder, name, OPERATION_LINK);
    if (refused && old_readonly && out->code == EXDEV)
        lookup_real(folder, name, out->path2, sizeof out->path2);
    else if (refused)
        lookup_real(o->fd, NULL, out->path2, sizeof out->path2);
    return refused;
}

bool judge_symlink(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n,
    const struct caller_path *p, int folder, const char *name, const char *target, struct judged *out)
{
    const struct asker a = {
        .watch = watch, .call = call, .n = n, .look = true, .out = out, .target = target};
    struct looked in = {.fd = folder};

    out->path2[0] = '\0';
    return judge_name(&a, p, &in, name, OPERATION_CREATE);
}

static bool bind_path(const struct asker *a, struct caller_path *out)
{
    struct sockaddr_un address = {0};
    uint64_t length = argument(a, 2) & UINT32_MAX;
    char name[sizeof address.sun_path + 1] = "";

    if (length <= offsetof(struct sockaddr_un, sun_path) || length > sizeof address ||
        !lookup_bytes(caller(a), argument(a, 1), &address, (size_t)length) || address.sun_family != AF_UNIX ||
        address.sun_path[0] == '\0')
        return false;
    memcpy(name, address.sun_path, (size_t)length - offsetof(struct sockaddr_un, sun_path));
    return lookup_path(caller(a), AT_FDCWD, name, out);
}

static bool is_reading(const struct asker *a)
{
    return (flags_of(a) & (O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_FLAG)) == O_RDONLY;
}

static enum operation operation_of(const struct asker *a)
{
    switch (a->call->kind) {
    case WATCHED_DELETE:
        return OPERATION_DELETE;
    case WATCHED_RENAME:
        return OPERATION_RENAME;
    case WATCHED_LINK:
        return OPERATION_LINK;
    case WATCHED_MODE:
        return OPERATION_MODE;
    case WATCHED_TIME:
        return OPERATION_TIME;
    case WATCHED_MOUNT:
        return OPERATION_MOUNT;
    case WATCHED_OPEN:
    case WATCHED_TRUNCATE:
        return a->call->kind == WATCHED_OPEN && is_reading(a) ? OPERATION_READ : OPERATION_WRITE;
    default:
        return OPERATION_CREATE;
    }
}

static bool judge_secret(const struct asker *a, const struct caller_path *p)
{
    return is_secret(a, p, a->out->path, sizeof a->out->path) &&
           refuse(a, EACCES, operation_of(a), DENIAL_RULE);
}

bool judge_secrets(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n,
    const struct caller_path *p, struct judged *out)
{
    const struct asker a = {.watch = watch, .call = call, .n = n, .out = out};

    out->path2[0] = '\0';
    return watch->secret_count > 0 && judge_secret(&a, p);
}

/* Of two paths the second. */
static bool read_second(const struct asker *a, struct caller_path *out)
{
    int next = a->call->folder < 0 ? 1 : 2;

    return path_of(a, a->call->folder < 0 ? -1 : a->call->folder + next, a->call->path + next, out);
}

/* Whatever it is about: nobody inside may. */
static bool judge_mount(const struct asker *a, const struct caller_path *p, bool told)
{
    if (!told || !lookup_lexical(p, a->out->path, sizeof a->out->path))
        snprintf(a->out->path, sizeof a->out->path, "/");
    return refuse(a, EPERM, OPERATION_MOUNT, DENIAL_RULE);
}

/* A name guarded at the top of a root is not there: whoever makes it, or leads to it, writes it. */
static bool is_clear_of_guards(const struct asker *a, const struct caller_path *p)
{
    const struct watch *w = a->watch;

    return (w->guard_count == 0 && w->held_count == 0) ||
           (!w->guards_deep && !watch_has_name(w->guard_names, p->text + p->start));
}

static bool is_quick(const struct asker *a, struct caller_path *p)
{
    struct caller_path to;

    switch (a->call->kind) {
    case WATCHED_OPEN:
        return !(flags_of(a) & (TMPFILE_FLAG | PATH_FLAG)) && quick_open(a->watch, p, flags_of(a));
    case WATCHED_DELETE:
        return quick_delete(a->watch, p);
    case WATCHED_MAKE:
    case WATCHED_BIND:
        return quick_make(a->watch, p);
    case WATCHED_RENAME:
        to = *a->second;
        return is_clear_of_guards(a, &to) && quick_rename(a->watch, p, &to);
    default:
        return false;
    }
}

/* Words that we cannot read, the kernel might: they are as good as not there. Of a program whose memory is closed to us,
 * a read meets the covers; what else it wants, nobody could say. */
static bool judge_unreadable(const struct asker *a, int code)
{
    if (code == EPERM && a->call->kind == WATCHED_OPEN && is_reading(a))
        return false;
    a->out->code = code == EPERM ? EACCES : EFAULT;
    a->out->done = true;
    return true;
}

/* With no look to be had, for the caller keeps one hanging, a guarded name is still not made: by the words, and by what
 * the kernel has in memory. */
static bool judge_words(const struct asker *a, const struct caller_path *p)
{
    bool writes = a->call->kind == WATCHED_OPEN || a->call->kind == WATCHED_TRUNCATE, modes = a->call->kind == WATCHED_MODE;
    bool follow = modes ? !(flags_of(a) & AT_SYMLINK_NOFOLLOW)
                        : writes && !(flags_of(a) & O_NOFOLLOW) && (flags_of(a) & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    struct looked o;
    bool refused;

    if (a->watch->guard_count > 0 && lookup_lexical(p, a->out->path, sizeof a->out->path) &&
        (watch_has_name(a->watch->guard_names, p->text + p->start) || doubt_guards(a->watch, p, follow)))
        return refuse(a, EACCES, operation_of(a), DENIAL_GUARD);
    if ((!writes && !modes) || !doubt_object(p, follow, &o))
        return false;
    refused = judge_links(a, p, &o, operation_of(a));
    close(o.fd);
    return refused;
}

bool judge(const struct watch *watch, const struct watched *call, const struct seccomp_notif *n, bool look,
    struct judged *out)
{
    struct asker a = {.watch = watch, .call = call, .n = n, .look = look, .out = out};
    struct caller_path p, second;
    bool two = call->kind == WATCHED_RENAME, reads = call->kind == WATCHED_OPEN && is_reading(&a), told;

    out->code = 0;
    out->done = false;
    out->noted = false;
    out->path2[0] = '\0';
    if (call->kind == WATCHED_SEND)
        return judge_send(watch, n, out);
    errno = 0;
    told = call->kind == WATCHED_BIND ? bind_path(&a, &p) : path_of(&a, call->folder, call->path, &p);
    if (two && told)
        told = read_second(&a, &second);
    if (!told && (errno == EFAULT || errno == EPERM))
        return judge_unreadable(&a, errno);
    a.second = two ? &second : NULL;
    observer_has_words(told && !reads && watch->guard_count > 0 &&
                       (watch_has_name(watch->guard_names, p.text + p.start) ||
                           (two && watch_has_name(watch->guard_names, second.text + second.start))));
    if (call->kind == WATCHED_MOUNT)
        return judge_mount(&a, &p, told);
    if (!told)
        return false;
    if (reads && look)
        return watch->cover_device && judge_read(watch, caller(&a), &p, !(flags_of(&a) & O_NOFOLLOW), out);
    if (call->path >= 0 && watch->secret_count > 0 && (judge_secret(&a, &p) || (two && judge_secret(&a, &second))))
        return true;
    if (!look)
        return !reads && (judge_words(&a, &p) || (two && judge_words(&a, &second)));
    if (is_clear_of_guards(&a, &p) && is_quick(&a, &p))
        return false;
    switch (call->kind) {
    case WATCHED_OPEN:
        return judge_open(&a, &p);
    case WATCHED_TRUNCATE:
    case WATCHED_MODE:
    case WATCHED_TIME:
        return judge_object(&a, &p);
    case WATCHED_DELETE:
        return judge_delete(&a, &p);
    case WATCHED_RENAME:
        return judge_rename(&a, &p);
    case WATCHED_MAKE:
    case WATCHED_NODE:
    case WATCHED_BIND:
        return judge_new(&a, &p, OPERATION_CREATE);
    default:
        return false;
    }
}
