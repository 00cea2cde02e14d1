/*
 * act: links, symbolic and hard, are made here and never left to the kernel: between our look and its own the caller could
 * change its words, and no wall stands behind what the observer refuses of them (links in a .git, guarded names). Words are
 * copied once, folders are resolved once, and what was weighed is what is done, with the caller's user and groups, without
 * a capability that would pass over permissions, in the caller's mounts. Landlock does not hold this thread: what it would
 * refuse, anything that is not below a writable place, is refused here by where the folder is.
 */
#include "observe.h"

#include <linux/capability.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

struct actor {
    const struct watch *watch;
    const struct watched *call;
    const struct seccomp_notif *n;
    int listener;
};

/* A name in a folder, as a call that makes names takes it. */
struct named {
    struct caller_path p;
    int folder; /* O_PATH; -1 */
    char name[NAME_MAX + 2]; /* with the slash that the caller put behind it, to hear what the kernel says of that */
    size_t bare;
};

bool act_wanted(const struct watched *call)
{
    return call && (call->kind == WATCHED_SYMLINK || call->kind == WATCHED_LINK);
}

/* ---- what the caller wrote ---- */

static long copy_text(const struct actor *a, int i, char *out)
{
    uint64_t address = a->n->data.args[i];

    if (lookup_text((pid_t)a->n->pid, address, out, PATH_BYTES_MAX))
        return 0;
    if (errno == EPERM)
        return EACCES;
    return lookup_bytes((pid_t)a->n->pid, address, out, PATH_BYTES_MAX) ? ENAMETOOLONG : EFAULT;
}

static long copy_path(const struct actor *a, int folder, int path, bool may_be_empty, struct caller_path *out)
{
    char typed[PATH_BYTES_MAX];
    long code = copy_text(a, path, typed);

    if (code)
        return code;
    if (typed[0] == '\0' && !may_be_empty)
        return ENOENT;
    return lookup_path((pid_t)a->n->pid, folder < 0 ? AT_FDCWD : (int)a->n->data.args[folder], typed, out) ? 0 : ENAMETOOLONG;
}

/* ---- the way there ---- */

/* Links of /proc lead into other processes, which this thread could follow further than the caller. */
static void follow_all(bool on)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{0}};

    if (syscall(SYS_capget, &header, sets) != 0)
        return;
    for (int i = 0; i < 2; i++)
        sets[i].effective = on ? sets[i].permitted : 0;
    syscall(SYS_capset, &header, sets);
}

/* Opens p by O_PATH, as the caller would. */
static int go(const struct caller_path *p, uint64_t flags)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags, .resolve = RESOLVE_NO_MAGICLINKS};
    char base[CALLER_PREFIX];
    int from = AT_FDCWD, fd;

    if (p->start) {
        size_t n = p->text[p->start] ? p->start : strlen(p->text);
        if (n >= sizeof base)
            return errno = ENAMETOOLONG, -1;
        memcpy(base, p->text, n);
        base[n] = '\0';
        from = open(base, O_PATH | O_CLOEXEC); /* its own folder or descriptor */
        if (from < 0)
            return errno = errno == ENOENT ? EBADF : errno, -1;
        if (p->text[p->start] == '\0')
            return from;
    }
    fd = (int)syscall(SYS_openat2, from, p->text + p->start, &how, sizeof how);
    if (fd < 0 && errno == ELOOP) {
        int code;
        follow_all(false);
        fd = lookup_walk(p, !(flags & O_NOFOLLOW), NULL);
        code = errno;
        follow_all(true);
        errno = code;
    }
    if (from >= 0) {
        int code = errno;
        close(from);
        errno = code;
    }
    return fd;
}

static long find_folder(struct named *o)
{
    struct caller_path *p = &o->p;
    size_t n = strlen(p->text), end = n, at;
    struct looked there;
    char kept;

    while (n > p->start + 1 && p->text[n - 1] == '/')
        n--;
    for (at = n; at > p->start && p->text[at - 1] != '/'; at--)
        ;
    if (at == n)
        return EEXIST; /* the root */
    if (n - at > NAME_MAX)
        return ENAMETOOLONG;
    memcpy(o->name, p->text + at, n - at);
    o->bare = n - at;
    if (n < end)
        o->name[n - at] = '/';
    o->name[n - at + (n < end)] = '\0';
    p->text[n] = '\0';
    kept = p->text[at];
    p->text[at] = '\0';
    o->folder = go(p, O_DIRECTORY);
    p->text[at] = kept;
    if (o->folder < 0)
        return errno;
    if (o->bare <= 2 && strncmp(o->name, "..", o->bare) == 0)
        return EEXIST;
    /* What is there now may be gone when we come to it: then it was there, and nothing is made unweighed. */
    kept = o->name[o->bare];
    o->name[o->bare] = '\0';
    at = lookup_name(o->folder, o->name, &there) == 0;
    o->name[o->bare] = kept;
    return at ? EEXIST : 0;
}

/* ---- Landlock's part ---- */

static bool is_in_tree(const struct watch *w, int fd)
{
    char path[PATH_BYTES_MAX];
    struct statx st;

    if (w->tree_count == 0)
        return true; /* none here */
    /* Cheap to tell; and a folder above it may have another name by now. */
    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 && (st.stx_mask & STATX_MNT_ID)) {
        for (size_t i = 0; i < w->tree_count; i++)
            if (w->trees[i].mount == st.stx_mnt_id)
                return true;
    }
    if (lookup_real(fd, NULL, path, sizeof path)) {
        for (size_t i = 0; i < w->tree_count; i++)
            if (lookup_is_below(path, w->trees[i].path))
                return true;
    }
    return false;
}

/* ---- the calls ---- */

/* What was read was read while it waited, else it is another process of the same number. */
static bool still_waits(const struct actor *a)
{
    uint64_t id = a->n->id;

    return ioctl(a->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static long make_symlink(const struct actor *a, struct judged *out, bool *refused)
{
    char target[PATH_BYTES_MAX];
    struct named link = {.folder = -1};
    long code = copy_text(a, 0, target);

    if (!code && target[0] == '\0')
        code = ENOENT;
    if (!code)
        code = copy_path(a, a->call->folder, a->call->path, false, &link.p);
    if (!code && judge_secrets(a->watch, a->call, a->n, &link.p, out)) {
        *refused = true;
        return out->code;
    }
    if (!code)
        code = find_folder(&link);
    if (!code) {
        char name[NAME_MAX + 2];
        memcpy(name, link.name, sizeof name);
        name[link.bare] = '\0';
        *refused = judge_symlink(a->watch, a->call, a->n, &link.p, link.folder, name, target, out);
        if (*refused)
            code = out->code;
        else if (!is_in_tree(a->watch, link.folder))
            code = EACCES;
        else if (still_waits(a))
            code = symlinkat(target, link.folder, link.name) == 0 ? 0 : errno;
    }
    if (link.folder >= 0)
        close(link.folder);
    return code;
}

static long link_object(const struct actor *a, const struct looked *o, const struct named *to)
{
    char from[CALLER_PREFIX];

    if (!is_in_tree(a->watch, to->folder) || !is_in_tree(a->watch, o->fd))
        return EXDEV; /* as Landlock says of it */
    snprintf(from, sizeof from, "/proc/%ld/fd/%d", (long)gettid(), o->fd);
    if (!still_waits(a))
        return EINTR;
    if (linkat(AT_FDCWD, from, to->folder, to->name, AT_SYMLINK_FOLLOW) != 0)
        return errno;
    links_seen(o);
    return 0;
}

static long make_link(const struct actor *a, struct judged *out, bool *refused)
{
    const struct watched *call = a->call;
    int next = call->folder < 0 ? 1 : 2;
    unsigned flags = call->flags >= 0 ? (unsigned)a->n->data.args[call->flags] : 0;
    struct caller_path p;
    struct named to = {.folder = -1};
    struct looked o = {.fd = -1};
    long code = flags & ~(unsigned)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH) ? EINVAL : 0;

    if (!code)
        code = copy_path(a, call->folder, call->path, flags & AT_EMPTY_PATH, &p);
    if (!code)
        code = copy_path(a, call->folder < 0 ? -1 : call->folder + next, call->path + next, false, &to.p);
    if (!code && (judge_secrets(a->watch, call, a->n, &p, out) || judge_secrets(a->watch, call, a->n, &to.p, out))) {
        *refused = true;
        return out->code;
    }
    if (!code) {
        o.fd = go(&p, flags & AT_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW);
        code = o.fd < 0 ? errno : lookup_described(o.fd, &o);
    }
    if (!code)
        code = find_folder(&to);
    if (!code) {
        char name[NAME_MAX + 2];
        memcpy(name, to.name, sizeof name);
        name[to.bare] = '\0';
        *refused = judge_hardlink(a->watch, call, a->n, &p, &o, &to.p, to.folder, name, out);
        code = *refused ? out->code : link_object(a, &o, &to);
    }
    if (o.fd >= 0)
        close(o.fd);
    if (to.folder >= 0)
        close(to.folder);
    return code;
}

bool act_lends(const struct watched *call, const struct seccomp_notif *n)
{
    uint64_t arguments[6];

    if (!call || (call->kind != WATCHED_OPEN && call->kind != WATCHED_MODE && call->kind != WATCHED_NODE))
        return false;
    for (size_t i = 0; i < COUNT_OF(arguments); i++)
        arguments[i] = n->data.args[i];
    return calls_lend(n->data.nr, arguments, geteuid() == 0);
}

bool act_refuse_lending(const struct watched *call, const struct seccomp_notif *n, struct judged *out)
{
    const struct actor a = {NULL, call, n, -1};
    struct caller_path p;

    *out = (struct judged){.code = EPERM, .cause = DENIAL_LENDING};
    out->operation = call->kind == WATCHED_MODE ? OPERATION_MODE : OPERATION_CREATE;
    if (call->path < 0)
        lookup_descriptor((pid_t)n->pid, (int)n->data.args[call->folder], &p);
    else if (copy_path(&a, call->folder, call->path, false, &p) != 0)
        return false;
    return lookup_lexical(&p, out->path, sizeof out->path);
}

long act(const struct watch *watch, int listener, const struct watched *call, const struct seccomp_notif *n,
    struct judged *out, bool *refused)
{
    const struct actor a = {watch, call, n, listener};

    *refused = false;
    return call->kind == WATCHED_SYMLINK ? make_symlink(&a, out, refused) : make_link(&a, out, refused);
}
