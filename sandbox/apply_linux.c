/*
 * apply: does what the plan's ops say to the mount namespace, in order, and decides nothing.
 *
 * Runs in the runner, inside its own namespaces. Objects are reached by descriptor: each path is opened
 * once with openat2(RESOLVE_NO_SYMLINKS), its identity is compared with what the plan saw, and the very
 * descriptor is mounted (open_tree, move_mount; mount_setattr needs Linux 5.12), so that a name that is
 * replaced in between leads nowhere.
 */
#include "observe/observe.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct state {
    struct apply *a;
    const struct op *ops;
    int *held;       /* per op: its object, opened before anything was covered; -1 */
    int layer, layer_why; /* the overlay that caches are bound from; or errno */
    uint64_t handled; /* Landlock rights that this kernel knows */
    bool gathered;    /* the server was asked for all covers at once */
    int proc, proc_readonly; /* the new procfs, and a clone of it that is read-only; -1 */
};

static bool fail(struct err *e, const struct op *op, const char *what)
{
    long code = errno;

    err_set(e, ERR_SYSTEM, "%s", what);
    err_subject(e, op->source.n ? op->source : op->path);
    sys_reason(e, code);
    return false;
}

/* The object that the op names, opened anew under the mounts as they are now. */
static int open_object(const struct op *op, struct str path, struct err *e)
{
    struct stat st;
    int fd = sys_open_beneath_root(path.p, O_PATH);

    if (fd < 0) {
        fail(e, op, "cannot open what the plan names");
        return -1;
    }
    if (op->check_identity && (fstat(fd, &st) != 0 || st.st_dev != op->dev || st.st_ino != op->ino)) {
        err_set(e, ERR_REFUSED, "what the plan looked at is no longer the same object");
        err_subject(e, path);
        err_remedy(e, "somebody replaced it while Cordon was opening; try again");
        close(fd);
        return -1;
    }
    return fd;
}

/* Attaches and closes tree; target is opened when it is needed. */
static bool attach_at(const struct op *op, int tree, struct str path, struct err *e)
{
    struct op plain = *op;
    int target;
    bool good;

    plain.check_identity = false;
    target = open_object(&plain, path, e);
    if (target < 0) {
        close(tree);
        return false;
    }
    good = mount_attach(tree, target) || fail(e, op, "cannot put a mount in place");
    close(tree);
    close(target);
    return good;
}

/* ---- the single ops ---- */

/* Everything read-only, nothing setuid, no device; and private, so that nothing that is mounted outside
 * later comes in. One call each on the whole tree. */
static bool do_tree(const struct op *op, uint64_t set, uint64_t propagation, struct err *e)
{
    struct mount_attr attributes = {.attr_set = set, .propagation = propagation};

    if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) == 0)
        return true;
    fail(e, op, "cannot change the whole tree of mounts");
    if (e->code == ENOSYS)
        err_remedy(e, "Cordon needs Linux 5.12 or later");
    return false;
}

static bool do_new(const struct op *op, const char *type, const char *options, unsigned attributes,
    struct err *e)
{
    int tree = mount_new(type, options, attributes);
    if (tree < 0)
        return fail(e, op, "cannot make a new file system");
    return attach_at(op, tree, op->path, e);
}

static bool do_folder(const struct op *op, struct err *e)
{
    if (mkdir(op->path.p, (mode_t)op->number) == 0)
        return chmod(op->path.p, (mode_t)op->number) == 0 || fail(e, op, "cannot set the mode of a folder");
    return errno == EEXIST || fail(e, op, "cannot make a folder");
}

/* A place to mount on, of the kind of the object: made where it is missing (in a tmpfs or temp of ours). */
static bool make_place(const struct op *op, struct str path, bool folder, struct err *e)
{
    int fd = folder ? mkdir(path.p, 0755) : open(path.p, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat st;

    if (!folder && fd >= 0)
        close(fd);
    return fd >= 0 || errno == EEXIST || lstat(path.p, &st) == 0 || fail(e, op, "cannot make a place to mount on");
}

static bool do_device(struct state *s, size_t i, struct err *e)
{
    const struct op *op = &s->ops[i];
    struct stat st;
    int tree;

    if (s->held[i] < 0 || fstat(s->held[i], &st) != 0 || !S_ISCHR(st.st_mode)) {
        errno = ENODEV;
        return fail(e, op, "cannot find a device");
    }
    tree = mount_clone(s->held[i], false);
    if (tree < 0)
        return fail(e, op, "cannot take a device over");
    if (!mount_attributes(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
            MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY, false) ||
        !make_place(op, op->path, false, e)) {
        fail(e, op, "cannot make a device usable");
        close(tree);
        return false;
    }
    return attach_at(op, tree, op->path, e);
}

/* Read-only is cleared on the top mount only: nested mounts have ops of their own. */
static bool do_bind(struct state *s, size_t i, bool writable, struct err *e)
{
    const struct op *op = &s->ops[i];
    struct stat st;
    int tree;

    if (s->held[i] < 0 || fstat(s->held[i], &st) != 0)
        return err_set(e, ERR_BUG, "a bind without its object") || err_subject(e, op->path);
    tree = mount_clone(s->held[i], true);
    if (tree < 0)
        return fail(e, op, "cannot take a folder over");
    if (writable ? !mount_attributes(tree, 0, MOUNT_ATTR_RDONLY, false)
                 : !mount_attributes(tree, MOUNT_ATTR_RDONLY, 0, true)) {
        fail(e, op, writable ? "cannot make it writable (is it on a read-only mount?)"
                             : "cannot make it read-only");
        close(tree);
        return false;
    }
    if (!make_place(op, op->path, S_ISDIR(st.st_mode), e)) {
        close(tree);
        return false;
    }
    if (writable)
        holders_note(s->a->confinement, op->path, tree);
    return attach_at(op, tree, op->path, e);
}

/*
 * Made before anything else: the upper folder must be writable when the overlay takes it, and soon everything
 * is read-only. The lower folder goes in by its descriptor. A mount that is nowhere yet; -1 and errno.
 */
static int make_overlay(const struct op *op, struct stat *below, struct err *e)
{
    int object = open_object(op, op->source, e), tree, saved;

    if (object < 0) {
        errno = (int)e->code;
        return -1;
    }
    if (below && fstat(object, below) != 0)
        *below = (struct stat){0};
    tree = mount_overlay(object, op->text.p, op->text2.p);
    saved = errno;
    close(object);
    errno = saved;
    return tree;
}

void apply_layer(struct cache_layer *layer, const struct op *op)
{
    struct err ignored = {0};
    struct stat below = {0};

    if (layer->fd >= 0)
        return;
    layer->op = *op;
    layer->fd = make_overlay(op, &below, &ignored);
    layer->dev = below.st_dev;
    layer->ino = below.st_ino;
}

/* The one that was made in advance; one that is not the wanted one is gone before another is made of the same folders. */
static bool take_layer(struct state *s, const struct op *op)
{
    struct cache_layer *l = s->a->early;

    if (!l || l->fd < 0)
        return false;
    if (str_eq(l->op.source, op->source) && str_eq(l->op.text, op->text) && str_eq(l->op.text2, op->text2) &&
        (!op->check_identity || (l->dev == op->dev && l->ino == op->ino)))
        s->layer = l->fd;
    else
        close(l->fd);
    l->fd = -1;
    return s->layer >= 0;
}

/* One folder of the layer, bound where it belongs. */
static bool do_overlay(struct state *s, const struct op *op, struct err *e)
{
    struct str below = str_slice(op->path, op->source.n + 1, op->path.n);
    int object, tree;

    errno = s->layer_why;
    if (s->layer < 0)
        return fail(e, op, "cannot make a layer over caches");
    object = sys_open_beneath(s->layer, below.p, O_PATH);
    tree = object < 0 ? -1 : mount_clone(object, false);
    if (object >= 0)
        close(object);
    if (tree < 0 || !mount_attributes(tree, 0, MOUNT_ATTR_RDONLY, false)) {
        fail(e, op, "cannot take a cache from its layer");
        if (tree >= 0)
            close(tree);
        return false;
    }
    return attach_at(op, tree, op->path, e);
}

/* What is cloned later goes below what comes there next, /dev or /tmp: before Linux 6.15 a mount that is nowhere in the
 * namespace cannot be cloned. */
static bool park(int tree, struct str where, struct err *e)
{
    const struct op at = {.path = where};
    int copy = fcntl(tree, F_DUPFD_CLOEXEC, 0);

    return copy >= 0 ? attach_at(&at, copy, where, e) : fail(e, &at, "cannot hold a mount");
}

/* With a clone of it that is read-only, where what is protected in it is cloned from. */
static bool do_proc(struct state *s, const struct op *op, struct err *e)
{
    int tree = mount_new("proc", "", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    struct err ignored = {0};

    if (tree < 0)
        return fail(e, op, "cannot make a new file system");
    s->proc = fcntl(tree, F_DUPFD_CLOEXEC, 0);
    if (!attach_at(op, tree, op->path, e)) {
        if (s->proc >= 0)
            close(s->proc);
        s->proc = -1;
        return false;
    }
    s->proc_readonly = s->proc < 0 ? -1 : mount_clone(s->proc, false);
    if (s->proc_readonly >= 0 && (!mount_attributes(s->proc_readonly, MOUNT_ATTR_RDONLY, 0, false) ||
                                     !park(s->proc_readonly, STR("/dev"), &ignored))) {
        close(s->proc_readonly); /* each is protected by itself */
        s->proc_readonly = -1;
    }
    return true;
}

/* A name right in the new procfs, which nobody but the kernel and we have put anything in: there are dozens of them. */
static const char *in_proc(const struct state *s, const struct op *op)
{
    const size_t from = sizeof "/proc/" - 1;

    if (s->proc < 0 || op->check_identity || !str_starts(op->path, STR("/proc/")) ||
        str_find(op->path, from, '/') != op->path.n || op->path.n == from)
        return NULL;
    return op->path.p + from;
}

static bool attach_in_proc(const struct state *s, int tree, const char *name)
{
    bool good = tree >= 0 && syscall(SYS_move_mount, tree, "", s->proc, name, MOVE_MOUNT_F_EMPTY_PATH) == 0;

    if (tree >= 0)
        close(tree);
    return good;
}

/* Bound on itself, read-only, with everything below it. */
static bool do_protect(const struct state *s, const struct op *op, struct err *e)
{
    const char *name = in_proc(s, op);
    int object, tree;

    if (name && s->proc_readonly >= 0 &&
        attach_in_proc(s, (int)syscall(SYS_open_tree, s->proc_readonly, name,
                              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW), name))
        return true;
    object = open_object(op, op->path, e);
    if (object < 0)
        return false;
    tree = mount_clone(object, true);
    if (tree < 0 || !mount_attributes(tree, MOUNT_ATTR_RDONLY, 0, true) || !mount_attach(tree, object))
        fail(e, op, "cannot make a path read-only");
    if (tree >= 0)
        close(tree);
    close(object);
    return e->kind == ERR_NONE;
}

/* One tmpfs, read-only once it is made, holds the empty folder and the empty file that every cover is a clone of. */
static bool make_empty(struct confinement *c, struct err *e)
{
    static const struct op what = {.path = {"tmpfs", 5}};
    int tree = mount_new("tmpfs", "size=64k,nr_inodes=8,mode=700", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    int file = tree < 0 ? -1 : openat(tree, "file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0);
    bool good = file >= 0 && fchmod(file, 0) == 0 && mkdirat(tree, "folder", 0) == 0;

    if (file >= 0)
        close(file); /* before the mount is made read-only: it is open for writing */
    if (!good || !mount_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, 0, false) ||
        (c->empty_file = openat(tree, "file", O_PATH | O_CLOEXEC)) < 0 ||
        (c->empty_folder = openat(tree, "folder", O_PATH | O_CLOEXEC)) < 0)
        fail(e, &what, "cannot make what covers secrets");
    else
        park(tree, STR("/dev"), e);
    if (tree >= 0)
        close(tree);
    return e->kind == ERR_NONE;
}

/* A secret's cover is a node that tells of each touch, where there is a server. */
static int cover_tree(const struct confinement *c, const struct op *op, bool folder)
{
    int node = op->number == 1 && c->covers ? cover_server_node(c->covers, op->path, folder) : -1, tree = -1;

    if (node >= 0) {
        tree = mount_clone(node, false);
        close(node);
    }
    return tree >= 0 ? tree : mount_clone(folder ? c->empty_folder : c->empty_file, false);
}

bool apply_cover(struct confinement *c, const struct op *op, int object, bool folder, struct err *e)
{
    int tree = cover_tree(c, op, folder);

    if (tree < 0 || !mount_attach(tree, object))
        fail(e, op, "cannot cover a path");
    if (tree >= 0)
        close(tree);
    return e->kind == ERR_NONE;
}

static bool do_cover(struct state *s, const struct op *op, bool folder, struct err *e)
{
    const struct confinement *c = s->a->confinement;
    const char *name = in_proc(s, op);
    int object, tree;

    if (name && op->number != 1 && attach_in_proc(s, mount_clone(folder ? c->empty_folder : c->empty_file, false), name))
        return true;
    object = open_object(op, op->path, e);
    if (object < 0)
        return false;
    tree = s->gathered && op->number == 1 ? cover_server_tree(c->covers, op->path, folder) : -1;
    if (tree < 0 || !mount_attach(tree, object))
        apply_cover(s->a->confinement, op, object, folder, e);
    if (tree >= 0)
        close(tree);
    close(object);
    return e->kind == ERR_NONE;
}

static bool do_sysctl(const struct op *op, struct err *e)
{
    char path[256];
    int fd;
    bool good;

    snprintf(path, sizeof path, "/proc/sys/%s", op->path.p);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(e, op, "cannot open a kernel setting of the namespace");
    good = write(fd, op->text.p, op->text.n) == (ssize_t)op->text.n ||
           fail(e, op, "cannot change a kernel setting of the namespace");
    close(fd);
    return good;
}

static bool do_loopback(const struct op *op, struct err *e)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good;

    if (fd < 0)
        return fail(e, op, "cannot bring loopback up");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    good = ioctl(fd, SIOCSIFFLAGS, &request) == 0 || fail(e, op, "cannot bring loopback up");
    close(fd);
    return good;
}

static bool do_remount_readonly(const struct state *s, const struct op *op, struct err *e)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    int mount = holders_root(s->a->confinement, op->path);

    if (mount >= 0)
        return mount_attributes(mount, MOUNT_ATTR_RDONLY, 0, true) || fail(e, op, "cannot make a writable root read-only");
    return syscall(SYS_mount_setattr, AT_FDCWD, op->path.p, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW,
               &attributes, sizeof attributes) == 0 ||
           fail(e, op, "cannot make a writable root read-only");
}

/* ---- Landlock ---- */

static uint64_t landlock_handled(int abi)
{
    uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                      LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                      LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
    if (abi >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        rights |= LL_TRUNCATE;
    if (abi >= 5)
        rights |= LL_IOCTL_DEV;
    return rights;
}

/* The ruleset is made at the first op that needs it. The kernel takes a shorter struct as zeroes. */
static bool landlock_ready(struct state *s, const struct op *op, bool scope, struct err *e)
{
    struct {
        uint64_t handled_fs, handled_net, scoped;
    } attributes = {0};
    long abi;

    if (s->a->confinement->landlock >= 0)
        return true;
    abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
    if (abi < 1)
        return fail(e, op, "this kernel does not have Landlock");
    s->handled = landlock_handled((int)abi);
    attributes.handled_fs = s->handled;
    if (scope && abi >= 6)
        attributes.scoped = LL_SCOPE_ABSTRACT_UNIX | LL_SCOPE_SIGNAL;
    s->a->confinement->landlock = (int)syscall(SYS_landlock_create_ruleset, &attributes,
        abi >= 6 ? sizeof attributes : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t), 0);
    return s->a->confinement->landlock >= 0 || fail(e, op, "cannot make a Landlock ruleset");
}

static bool do_landlock(struct state *s, const struct op *op, struct err *e)
{
    struct landlock_path_beneath_attr rule = {0};
    int fd;
    bool good;

    if (!landlock_ready(s, op, true, e))
        return false;
    fd = open_object(op, op->path, e);
    if (fd < 0)
        return false;
    rule.parent_fd = fd;
    if (op->number == LANDLOCK_TREE)
        rule.allowed_access = s->handled;
    else if (op->number == LANDLOCK_DEVICE)
        rule.allowed_access = (LANDLOCK_ACCESS_FS_WRITE_FILE | LL_IOCTL_DEV | LL_TRUNCATE) & s->handled;
    else
        rule.allowed_access = (LANDLOCK_ACCESS_FS_WRITE_FILE | LL_TRUNCATE) & s->handled;
    good = syscall(SYS_landlock_add_rule, s->a->confinement->landlock, LANDLOCK_RULE_PATH_BENEATH, &rule,
               0) == 0 ||
           fail(e, op, "cannot add a Landlock rule");
    close(fd);
    return good;
}

static bool do_rlimit(struct state *s, const struct op *op, struct err *e)
{
    struct confinement *c = s->a->confinement;

    if (!str_is(op->text, "nproc") || c->rlimit_count == RLIMITS_MAX) {
        err_set(e, ERR_BUG, "a limit that the edge does not know");
        return err_subject(e, op->text);
    }
    c->rlimits[c->rlimit_count].resource = RLIMIT_NPROC;
    c->rlimits[c->rlimit_count++].value = op->number;
    return true;
}

/* ---- the walk ---- */

static bool apply_one(struct state *s, size_t i, struct err *e)
{
    const struct op *op = &s->ops[i];
    const unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

    switch (op->kind) {
    case OP_PRIVATE:
        return do_tree(op, 0, 1u << 18 /* MS_PRIVATE */, e);
    case OP_READONLY_ALL:
        return do_tree(op, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, e);
    case OP_TMPFS:
        return make_place(op, op->path, true, e) && do_new(op, "tmpfs", op->text.p ? op->text.p : "", plain, e);
    case OP_PROC:
        return do_proc(s, op, e);
    case OP_DEVPTS:
        return make_place(op, op->path, true, e) &&
               do_new(op, "devpts", "ptmxmode=666,mode=620", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);
    case OP_MQUEUE:
        return make_place(op, op->path, true, e) && do_new(op, "mqueue", "", plain | MOUNT_ATTR_NOEXEC, e);
    case OP_FOLDER:
        return do_folder(op, e);
    case OP_SYMLINK:
        return symlink(op->text.p, op->path.p) == 0 || fail(e, op, "cannot make a link");
    case OP_DEVICE:
        return do_device(s, i, e);
    case OP_BIND:
        return do_bind(s, i, op->number == 1, e);
    case OP_BIRTHPLACE: /* on a placeholder that names_linux.c made */
    case OP_WRITABLE:
        return do_bind(s, i, true, e);
    case OP_OVERLAY:
        return do_overlay(s, op, e);
    case OP_PROTECT:
    case OP_PLACEHOLDER: /* made outside, by names_linux.c */
        return do_protect(s, op, e);
    case OP_COVER_FOLDER:
        return do_cover(s, op, true, e);
    case OP_COVER_FILE:
        return do_cover(s, op, false, e);
    case OP_SYSCTL:
        return do_sysctl(op, e);
    case OP_LOOPBACK:
        return do_loopback(op, e);
    case OP_REMOUNT_READONLY:
        return do_remount_readonly(s, op, e);
    case OP_LANDLOCK:
        return do_landlock(s, op, e);
    case OP_LANDLOCK_SCOPE:
        return landlock_ready(s, op, true, e);
    case OP_RLIMIT:
        return do_rlimit(s, op, e);
    case OP_LATER_SECRET: /* the keeper's */
    case OP_LATER_PROTECT:
    case OP_GUARD: /* held by the observer: see watch_linux.c */
    case OP_HARDLINKS:
    case OP_DATAGRAMS: /* the gate's: see watch */
        break;
    case OP_ACE: /* no plan for Linux has one of those */
    case OP_OWNER:
    case OP_GUARD_NAME:
    case OP_ACCOUNT:
    case OP_RUNNER_CLOSED:
    case OP_STATION:
    case OP_TOKEN:
    case OP_RESTRICT:
    case OP_DEFAULT_DACL:
    case OP_JOB:
        return err_set(e, ERR_BUG, "a plan for another system");
    case OP_CGROUP: /* done outside, by boundary_linux.c */
    case OP_KIND_COUNT:
        break;
    }
    return true;
}

/* Opens what must be reached as it is before anything is covered. */
static bool hold_objects(struct state *s, size_t count, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        const struct op *op = &s->ops[i];
        struct str path = {0};

        s->held[i] = -1;
        if (op->kind == OP_OVERLAY) {
            if (s->layer < 0 && s->layer_why == 0 && !take_layer(s, op) && (s->layer = make_overlay(op, NULL, e)) < 0)
                s->layer_why = errno ? errno : EINVAL;
            err_clear(e);
            continue;
        }
        if (op->kind == OP_BIND || op->kind == OP_BIRTHPLACE)
            path = op->source;
        else if (op->kind == OP_WRITABLE || op->kind == OP_DEVICE)
            path = op->path;
        if (path.n == 0)
            continue;
        s->held[i] = open_object(op, path, e);
        if (s->held[i] < 0 && op->on_failure == FAIL_REFUSE)
            return false;
        if (s->held[i] < 0)
            err_clear(e);
    }
    return true;
}

/* All nodes at once: asked for one by one each would be waited for. */
static void gather_covers(struct state *s, size_t count)
{
    const struct cover_server *server = s->a->confinement->covers;
    size_t n = 0;

    if (count < 2) /* a narrowing: the server may be stopped with everything else, and is asked with care */
        return;
    for (size_t i = 0; server && i < count; i++)
        if ((s->ops[i].kind == OP_COVER_FOLDER || s->ops[i].kind == OP_COVER_FILE) && s->ops[i].number == 1) {
            cover_server_expect(server, s->ops[i].path, s->ops[i].kind == OP_COVER_FOLDER);
            n++;
        }
    s->gathered = n > 0;
    if (n)
        cover_server_gather(server);
}

/* A plan begins with what gives /dev another file system; its objects are held by now. */
static bool park_all(struct state *s, size_t count, struct err *e)
{
    struct confinement *c = s->a->confinement;

    if (c->mounts < 0) /* before it is covered; where it is not to be had the keeper looks from time to time */
        c->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (c->empty_folder < 0 && ((c->covers && !park(c->covers->mount, STR("/dev"), e)) || !make_empty(c, e)))
        return false;
    gather_covers(s, count);
    if (s->layer >= 0) /* everything else may be read-only by now; what is cloned from it is opened by itself */
        mount_attributes(s->layer, MOUNT_ATTR_RDONLY, 0, false);
    return s->layer < 0 || park(s->layer, STR("/tmp"), e);
}

static bool is_forgiven(struct state *s, const struct op *op, const struct err *e)
{
    if (op->on_failure == FAIL_SKIP)
        return true;
    if (op->on_failure != FAIL_PARTIAL)
        return false;
    for (size_t i = 0; i < s->a->partial->n; i++) {
        if (str_eq(s->a->partial->v[i], op->part)) {
            s->a->note(s->a->context, op, e->code);
            return true;
        }
    }
    return false;
}

bool apply_plan(struct apply *apply, const struct op *ops, size_t count, struct err *e)
{
    struct state s = {.a = apply, .ops = ops, .layer = -1, .proc = -1, .proc_readonly = -1};
    bool good;

    s.held = arena_alloc(apply->arena, count ? count : 1, sizeof *s.held);
    good = hold_objects(&s, count, e) && park_all(&s, count, e);
    for (size_t i = 0; good && i < count; i++) {
        if (apply_one(&s, i, e))
            continue;
        if (!is_forgiven(&s, &ops[i], e)) {
            if (ops[i].on_failure == FAIL_PARTIAL)
                err_remedy(e, "or accept its absence: \"partial\": [\"%.*s\"] in the policy, or --accept %.*s",
                    (int)ops[i].part.n, ops[i].part.p, (int)ops[i].part.n, ops[i].part.p);
            good = false;
        } else {
            err_clear(e);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (s.held[i] > 0)
            close(s.held[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        const int mounts[] = {s.layer, s.proc, s.proc_readonly};
        if (mounts[i] >= 0)
            close(mounts[i]);
    }
    if (apply->early && apply->early->fd >= 0) {
        close(apply->early->fd);
        apply->early->fd = -1;
    }
    return good;
}
