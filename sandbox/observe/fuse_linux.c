/*
 * fuse: what lies over a secret path where /dev/fuse is to be had: a folder or a file of mode 000 of a file system that
 * Cordon's own server answers for. It refuses every touch and records it: the operation, the path, the process. Stat of
 * what is covered is answered, once, and the kernel remembers it: a listing of the home is neither refused nor slow.
 *
 * The server is a process of its own, so that nothing that waits for it holds the runner, or keeps it from ending. It
 * looks at no disk: what it knows of paths is in memory that it shares with the runner, and of processes it reads the
 * kernel's own /proc. When it ends, for whatever reason, the covers answer ENOTCONN: refused still, recorded no longer.
 */
#include "observe.h"

#include <linux/capability.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define COVERS_MAX      4096
#define COVERS_BYTES    ((uint32_t)1 << 20)
#define REQUEST_MAX     65536
#define ANSWER_MAX      4096
#define FIRST_NODE      (FUSE_ROOT_ID + 1)
#define FOREVER         ((uint64_t)1 << 24) /* seconds that the kernel may remember an answer */

struct cover {
    uint32_t at, n; /* its path, in bytes */
    bool folder;
    atomic_bool ready;
};

/* Shared by the runner, which alone writes it, and the server. Pages that nobody writes cost nothing. */
struct cover_table {
    atomic_uint count, used;
    atomic_int quiet; /* a process group whose touches are not recorded: the proof's */
    struct cover covers[COVERS_MAX];
    char bytes[COVERS_BYTES];
};

/* ---- the server ---- */

struct server {
    int channel;
    const struct cover_table *table;
    struct recorder recorder;
    uint32_t uid, gid;
    pid_t runner;
};

static const struct cover *find_cover(const struct server *s, uint64_t node)
{
    const struct cover *c = &s->table->covers[node - FIRST_NODE];

    return node >= FIRST_NODE && node - FIRST_NODE < COVERS_MAX && atomic_load(&c->ready) ? c : NULL;
}

static void answer(const struct server *s, const struct fuse_in_header *in, int code, const void *body, size_t n)
{
    struct fuse_out_header head = {(uint32_t)(sizeof head + n), -code, in->unique};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)(uintptr_t)body, n}};
    ssize_t ignored = writev(s->channel, parts, n ? 2 : 1); /* ENOENT: the asker is gone */

    (void)ignored;
}

static struct fuse_attr attributes_of(const struct server *s, uint64_t node, bool folder)
{
    return (struct fuse_attr){.ino = node, .mode = folder ? S_IFDIR : S_IFREG, .nlink = folder ? 2 : 1, .uid = s->uid,
        .gid = s->gid, .blksize = 4096};
}

static void record(struct server *s, const struct fuse_in_header *in, enum operation operation, const struct cover *c,
    struct str name)
{
    char path[2 * PATH_BYTES_MAX], program[DENIAL_PROGRAM_MAX];
    struct denial d = {.by = DENIAL_COVER, .operation = operation, .code = EACCES, .count = 1};
    int quiet = atomic_load(&s->table->quiet);
    int n;

    record_caller(&d, (pid_t)in->pid, program);
    if (d.pid == s->runner) /* a thread of its looks where a caller's path leads; the caller comes itself */
        return;
    if (quiet != 0 && d.group == quiet)
        return;
    n = snprintf(path, sizeof path, "%.*s%s%.*s", (int)c->n, s->table->bytes + c->at, name.n ? "/" : "", (int)name.n,
        name.n ? name.p : "");
    d.path = (struct str){path, n < 0 ? 0 : (size_t)n < sizeof path ? (size_t)n : sizeof path - 1};
    record_send(&s->recorder, &d);
}

/* Refuses what was asked of a cover, and records it. */
static void refuse(struct server *s, const struct fuse_in_header *in, enum operation operation, struct str name)
{
    const struct cover *c = find_cover(s, in->nodeid);

    if (c)
        record(s, in, operation, c, name); /* first: who asked waits, so that it is what we find in /proc */
    answer(s, in, EACCES, NULL, 0);
}

static void greet(const struct server *s, const struct fuse_in_header *in, const struct fuse_init_in *theirs)
{
    struct fuse_init_out ours = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_readahead = theirs->max_readahead,
        .flags = theirs->flags & (FUSE_PARALLEL_DIROPS | FUSE_DO_READDIRPLUS), .max_background = 16, .congestion_threshold = 12,
        .max_write = 4096, .time_gran = 1};

    /* A kernel that speaks another major version is told ours and asks again, or gives up. */
    answer(s, in, 0, &ours, sizeof ours);
}

static struct fuse_entry_out entry_of(const struct server *s, uint64_t node, bool folder)
{
    return (struct fuse_entry_out){.nodeid = node, .entry_valid = FOREVER, .attr_valid = FOREVER,
        .attr = attributes_of(s, node, folder)};
}

/* All covers at once, so that the runner need not ask for them one by one. */
static void list_root(const struct server *s, const struct fuse_in_header *in, const struct fuse_read_in *what)
{
    static _Alignas(8) char out[ANSWER_MAX];
    size_t limit = what->size < sizeof out ? what->size : sizeof out, n = 0;

    for (uint64_t i = what->offset; i < COVERS_MAX; i++) {
        const struct cover *c = find_cover(s, FIRST_NODE + i);
        struct fuse_direntplus *entry = (void *)(out + n);
        char name[16];
        size_t length, whole;
        if (!c)
            break;
        length = (size_t)snprintf(name, sizeof name, "%c%u", c->folder ? 'd' : 'f', (unsigned)i);
        whole = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + length);
        if (n + whole > limit)
            break;
        memset(entry, 0, whole);
        entry->entry_out = entry_of(s, FIRST_NODE + i, c->folder);
        entry->dirent.ino = FIRST_NODE + i;
        entry->dirent.off = i + 1;
        entry->dirent.namelen = (uint32_t)length;
        entry->dirent.type = (c->folder ? S_IFDIR : S_IFREG) >> 12;
        memcpy(entry->dirent.name, name, length);
        n += whole;
    }
    answer(s, in, 0, out, n);
}

/* Below the root are the covers, for the runner alone: "d" or "f" and the number. Below a cover nothing is found. */
static void look_up(struct server *s, const struct fuse_in_header *in, struct str name)
{
    struct fuse_entry_out out;
    const struct cover *c;
    uint64_t node = FIRST_NODE;

    if (in->nodeid != FUSE_ROOT_ID) {
        refuse(s, in, OPERATION_READ, name);
        return;
    }
    node += name.n > 1 ? strtoul(name.p + 1, NULL, 10) : COVERS_MAX; /* a name in a request ends with a NUL */
    c = find_cover(s, node);
    if (!c || name.p[0] != (c->folder ? 'd' : 'f')) {
        answer(s, in, ENOENT, NULL, 0);
        return;
    }
    out = entry_of(s, node, c->folder);
    answer(s, in, 0, &out, sizeof out);
}

static void tell_attributes(const struct server *s, const struct fuse_in_header *in)
{
    const struct cover *c = find_cover(s, in->nodeid);
    struct fuse_attr_out out = {.attr_valid = FOREVER};

    if (!c && in->nodeid != FUSE_ROOT_ID) {
        answer(s, in, ESTALE, NULL, 0);
        return;
    }
    out.attr = attributes_of(s, in->nodeid, !c || c->folder);
    answer(s, in, 0, &out, sizeof out);
}

static void tell_size(const struct server *s, const struct fuse_in_header *in)
{
    struct fuse_statfs_out out = {.st = {.bsize = 4096, .frsize = 4096, .namelen = 255}};

    answer(s, in, 0, &out, sizeof out);
}

/* Entering a folder is a touch; asking whether a file could be read is a question, and the answer is no. */
static void may_access(struct server *s, const struct fuse_in_header *in, const struct fuse_access_in *what)
{
    const struct cover *c = find_cover(s, in->nodeid);

    if (!c)
        answer(s, in, 0, NULL, 0); /* the root, for the runner */
    else if (c->folder && what->mask == X_OK)
        refuse(s, in, OPERATION_READ, (struct str){0});
    else
        answer(s, in, what->mask ? EACCES : 0, NULL, 0);
}

static void may_list(struct server *s, const struct fuse_in_header *in)
{
    const struct fuse_open_out out = {0};

    if (in->nodeid == FUSE_ROOT_ID)
        answer(s, in, 0, &out, sizeof out);
    else
        refuse(s, in, OPERATION_READ, (struct str){0});
}

static void may_open(struct server *s, const struct fuse_in_header *in, const struct fuse_open_in *what)
{
    refuse(s, in, what->flags & O_ACCMODE ? OPERATION_WRITE : OPERATION_READ, (struct str){0});
}

/* What would change something does not get this far, on a mount that is read-only. */
static void may_change(struct server *s, const struct fuse_in_header *in)
{
    switch (in->opcode) {
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_SYMLINK:
    case FUSE_CREATE:
    case FUSE_TMPFILE:
        refuse(s, in, OPERATION_CREATE, (struct str){0});
        return;
    case FUSE_UNLINK:
    case FUSE_RMDIR:
        refuse(s, in, OPERATION_DELETE, (struct str){0});
        return;
    case FUSE_RENAME:
    case FUSE_RENAME2:
        refuse(s, in, OPERATION_RENAME, (struct str){0});
        return;
    case FUSE_LINK:
        refuse(s, in, OPERATION_LINK, (struct str){0});
        return;
    case FUSE_SETATTR:
    case FUSE_SETXATTR:
    case FUSE_REMOVEXATTR:
        refuse(s, in, OPERATION_MODE, (struct str){0});
        return;
    default:
        answer(s, in, ENOSYS, NULL, 0); /* the kernel does not ask again */
    }
}

/* body, of n bytes, is followed by a NUL. */
static void serve(struct server *s, const struct fuse_in_header *in, const char *body, size_t n)
{
    static const struct {
        uint32_t opcode;
        size_t size;
    } sizes[] = {{FUSE_INIT, 16}, {FUSE_LOOKUP, 2}, {FUSE_ACCESS, sizeof(struct fuse_access_in)},
        {FUSE_OPEN, sizeof(struct fuse_open_in)}, {FUSE_READDIRPLUS, sizeof(struct fuse_read_in)}};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        if (in->opcode == sizes[i].opcode && n < sizes[i].size) {
            answer(s, in, EACCES, NULL, 0);
            return;
        }
    }
    switch (in->opcode) {
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: /* what it is about has been answered */
        return;
    case FUSE_INIT:
        greet(s, in, (const void *)body);
        return;
    case FUSE_DESTROY:
        answer(s, in, 0, NULL, 0);
        return;
    case FUSE_LOOKUP:
        look_up(s, in, str_from(body));
        return;
    case FUSE_GETATTR:
        tell_attributes(s, in);
        return;
    case FUSE_STATFS:
        tell_size(s, in);
        return;
    case FUSE_ACCESS:
        may_access(s, in, (const void *)body);
        return;
    case FUSE_OPEN:
        may_open(s, in, (const void *)body);
        return;
    case FUSE_OPENDIR:
        may_list(s, in);
        return;
    case FUSE_READDIRPLUS:
        if (in->nodeid == FUSE_ROOT_ID)
            list_root(s, in, (const void *)body);
        else
            answer(s, in, EACCES, NULL, 0); /* it was never opened */
        return;
    case FUSE_READLINK:
        refuse(s, in, OPERATION_READ, (struct str){0});
        return;
    default:
        may_change(s, in);
    }
}

static void serve_all(struct server *s)
{
    static _Alignas(8) char request[REQUEST_MAX + 1];

    for (;;) {
        const struct fuse_in_header *in = (const void *)request;
        ssize_t n = read(s->channel, request, REQUEST_MAX);
        if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
            continue;
        if (n < (ssize_t)sizeof *in || in->len != (size_t)n)
            return; /* ENODEV: the mount is gone */
        request[n] = '\0';
        serve(s, in, request + sizeof *in, (size_t)n - sizeof *in);
    }
}

/* Keeps the channel and the records, hears no signal that can be refused, has no privilege but to be told what program a
 * process runs. */
static bool leave_everything(struct server *s)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const uint32_t one = 1u << CAP_SYS_PTRACE;
    struct __user_cap_data_struct few[2] = {{one, one, 0}, {0}};
    int channel = fcntl(s->channel, F_DUPFD_CLOEXEC, 16), records = fcntl(s->recorder.fd, F_DUPFD_CLOEXEC, 16);

    for (int number = 1; number < 65; number++)
        if (number != SIGCHLD)
            signal(number, SIG_IGN);
    if (channel < 0 || dup2(channel, 0) < 0 || (records >= 0 && dup2(records, 1) < 0) ||
        syscall(SYS_close_range, records >= 0 ? 2 : 1, ~0U, 0) != 0)
        return false;
    s->channel = 0;
    s->recorder.fd = records >= 0 ? 1 : -1;
    setsid();
    prctl(PR_SET_NAME, "cordon-covers", 0, 0, 0);
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_capset, &header, few) == 0 && chdir("/") == 0;
}

static void run_server(int channel, const struct cover_table *table, int records, pid_t runner)
{
    struct server s = {.channel = channel, .table = table, .recorder = {.fd = records}, .uid = geteuid(), .gid = getegid(), .runner = runner};

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == runner && leave_everything(&s))
        serve_all(&s);
    _exit(1);
}

/* ---- the runner's side ---- */

static bool set_option(int context, const char *name, const char *format, unsigned long value)
{
    char text[32];

    snprintf(text, sizeof text, format, value);
    return syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, name, text, 0) == 0;
}

static int mount_channel(int channel)
{
    int context = (int)syscall(SYS_fsopen, "fuse", 1 /* FSOPEN_CLOEXEC */), result = -1, saved;

    if (context < 0)
        return -1;
    if (set_option(context, "fd", "%lu", (unsigned long)channel) &&
        set_option(context, "rootmode", "%lo", S_IFDIR) && set_option(context, "user_id", "%lu", geteuid()) &&
        set_option(context, "group_id", "%lu", getegid()) &&
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", "cordon", 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        result = (int)syscall(SYS_fsmount, context, 1 /* FSMOUNT_CLOEXEC */,
            MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    saved = errno;
    close(context);
    errno = saved;
    return result;
}

bool cover_server_start(struct cover_server *out, const struct recorder *recorder)
{
    int channel = open("/dev/fuse", O_RDWR | O_CLOEXEC), saved;
    struct cover_server s = {.mount = -1, .pid = -1};
    pid_t runner = getpid();
    void *table = MAP_FAILED;

    *out = s;
    if (channel < 0)
        return false;
    s.mount = mount_channel(channel);
    if (s.mount >= 0)
        table = mmap(NULL, sizeof *s.table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (table != MAP_FAILED) {
        s.table = table;
        s.pid = fork();
        if (s.pid == 0)
            run_server(channel, s.table, recorder->fd, runner);
    }
    saved = errno;
    close(channel); /* the server's alone: when it ends, the kernel answers in its place */
    if (s.pid > 0) {
        *out = s;
        return true;
    }
    if (table != MAP_FAILED)
        munmap(table, sizeof *s.table);
    if (s.mount >= 0)
        close(s.mount);
    errno = saved;
    return false;
}

/* The number of the cover of path, which is entered where it is not yet; -1 with errno. Threads may both enter one. */
static int enter(struct cover_table *t, struct str path, bool folder)
{
    unsigned count = atomic_load(&t->count), at;
    struct cover *c;

    for (unsigned i = 0; i < count && i < COVERS_MAX; i++) {
        c = &t->covers[i];
        if (atomic_load(&c->ready) && c->folder == folder && str_eq(path, (struct str){t->bytes + c->at, c->n}))
            return (int)i;
    }
    errno = path.n == 0 || path.n >= PATH_BYTES_MAX ? ENAMETOOLONG : ENOSPC;
    if (errno == ENAMETOOLONG || count >= COVERS_MAX ||
        atomic_load(&t->used) >= COVERS_BYTES - 16 * PATH_BYTES_MAX) /* room for as many threads as there can be */
        return -1;
    count = atomic_fetch_add(&t->count, 1);
    at = atomic_fetch_add(&t->used, (unsigned)path.n);
    if (count >= COVERS_MAX)
        return -1;
    memcpy(t->bytes + at, path.p, path.n);
    c = &t->covers[count];
    c->at = at;
    c->n = (uint32_t)path.n;
    c->folder = folder;
    atomic_store(&c->ready, true);
    return (int)count;
}

void cover_server_expect(const struct cover_server *s, struct str path, bool folder)
{
    if (s->pid > 0)
        enter(s->table, path, folder);
}

void cover_server_gather(const struct cover_server *s)
{
    char entries[16384];
    int root = s->pid > 0 ? openat(s->mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    /* One answer holds at least so many; the empty one that would come last is not waited for. */
    for (unsigned told = 0; root >= 0 && told < atomic_load(&s->table->count); told += ANSWER_MAX / 176)
        if (syscall(SYS_getdents64, root, entries, sizeof entries) <= 0)
            break;
    if (root >= 0)
        close(root);
}

int cover_server_node(const struct cover_server *s, struct str path, bool folder)
{
    pid_t pid = atomic_load(&s->pid); /* once: another thread hears of its end, and -1 would be everybody */
    char name[16];
    int number;

    errno = ENOTCONN;
    number = pid > 0 ? enter(s->table, path, folder) : -1;
    if (number < 0)
        return -1;
    kill(pid, SIGCONT); /* should everything inside be stopped just now, we would wait for the server for ever */
    snprintf(name, sizeof name, "%c%d", folder ? 'd' : 'f', number);
    return openat(s->mount, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int cover_server_tree(const struct cover_server *s, struct str path, bool folder)
{
    int number = s->pid > 0 ? enter(s->table, path, folder) : -1;
    char name[16];

    if (number < 0)
        return -1;
    snprintf(name, sizeof name, "%c%d", folder ? 'd' : 'f', number);
    return (int)syscall(SYS_open_tree, s->mount, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
}

void cover_server_quiet(const struct cover_server *s, pid_t group)
{
    if (s && s->table)
        atomic_store(&s->table->quiet, group);
}

/* As the plan covers ours: who is root inside could change what the kernel keeps of it there. */
bool cover_server_hide(struct confinement *c, struct err *e)
{
    char path[32], link[16];
    pid_t pid = c->covers ? atomic_load(&c->covers->pid) : -1;
    ssize_t n = readlink("/proc/self", link, sizeof link);
    struct op op = {.kind = OP_COVER_FOLDER};
    int object;
    bool good;

    if (pid <= 0 || n != 1 || link[0] != '1')
        return true;
    snprintf(path, sizeof path, "/proc/%ld", (long)pid);
    op.path = str_from(path);
    object = sys_open_beneath_root(path, O_PATH | O_DIRECTORY);
    if (object < 0)
        return true; /* it ended just now */
    good = apply_cover(c, &op, object, true, e);
    close(object);
    return good;
}
