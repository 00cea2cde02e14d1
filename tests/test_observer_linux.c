/* observer: each class of watched call against a real kernel: refused as the kernel would, let through, recorded. */
#include "observed.h"

#include <pthread.h>
#include <sys/un.h>
#include <sys/xattr.h>

enum act {
    OPEN, APPEND, TRUNC, CREATE, EXCLUSIVE, READ_CREATE, NAMELESS, TRUNCATE, UNLINK, RMDIR, RENAME, LINK, SYMLINK, MKDIR,
    TESTING, LEND, LEND_BY, LEND_NEW, FIFO, DEVICE, CHMOD, FCHMOD, CHOWN, LCHOWN, SETXATTR, FSETXATTR, REMOVEXATTR, UTIMES, LUTIMES, FUTIMES, OMIT, BIND,
    MOUNT, UMOUNT, CHROOT, SETFLAGS, AT_CREATE, READ, ACCESS,
};

struct row {
    const char *name;
    enum act act;
    const char *path, *path2;
    int code;                 /* errno; 0: done */
    int operation;            /* of the record; -1: none */
    const char *recorded;     /* its path below our folder; NULL: path */
};

#define NONE (-1)

static struct observed o;

static int opened(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int by_descriptor(const struct row *r)
{
    int fd = open(r->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), flags = 0x10 /* FS_IMMUTABLE_FL */, code = -1;

    if (fd < 0)
        return 240;
    if (r->act == LEND_BY)
        code = fchmod(fd, 04700);
    else if (r->act == FCHMOD)
        code = fchmod(fd, 0700);
    else if (r->act == FSETXATTR)
        code = fsetxattr(fd, "user.a", "b", 1, 0);
    else if (r->act == FUTIMES)
        code = futimens(fd, NULL);
    else if (r->act == AT_CREATE)
        code = openat(fd, r->path2, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 ? -1 : 0;
    else
        code = ioctl(fd, 0x40086602UL, &flags);
    return code == 0 ? 0 : errno;
}

static int bind_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
}

static int attempt(void *context)
{
    const struct row *r = context;
    struct timespec omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    int code = -1;

    switch (r->act) {
    case READ: return opened(r->path, O_RDONLY);
    case OPEN: return opened(r->path, O_WRONLY);
    case APPEND: return opened(r->path, O_RDWR | O_APPEND);
    case TRUNC: return opened(r->path, O_RDONLY | O_TRUNC);
    case CREATE: return opened(r->path, O_WRONLY | O_CREAT);
    case EXCLUSIVE: return opened(r->path, O_WRONLY | O_CREAT | O_EXCL);
    case READ_CREATE: return opened(r->path, O_RDONLY | O_CREAT);
    case NAMELESS: return opened(r->path, O_WRONLY | O_TMPFILE);
    case LEND_BY: case FCHMOD: case FSETXATTR: case FUTIMES: case SETFLAGS: case AT_CREATE: return by_descriptor(r);
    case BIND: return bind_at(r->path);
    case TRUNCATE: code = truncate(r->path, 0); break;
    case UNLINK: code = unlink(r->path); break;
    case RMDIR: code = rmdir(r->path); break;
    case RENAME: code = rename(r->path, r->path2); break;
    case LINK: code = link(r->path, r->path2); break;
    case SYMLINK: code = symlink("target", r->path); break;
    case LEND: code = chmod(r->path, 04755); break;
    case LEND_NEW: code = open(r->path, O_WRONLY | O_CREAT | O_CLOEXEC, 04755); break;
    case TESTING: code = symlink("testing", r->path); break;
    case MKDIR: code = mkdir(r->path, 0700); break;
    case FIFO: code = mkfifo(r->path, 0600); break;
    case DEVICE: code = mknod(r->path, S_IFCHR | 0600, 0x103); break;
    case CHMOD: code = chmod(r->path, 0700); break;
    case CHOWN: code = chown(r->path, geteuid(), getegid()); break;
    case LCHOWN: code = lchown(r->path, geteuid(), getegid()); break;
    case SETXATTR: code = setxattr(r->path, "user.a", "b", 1, 0); break;
    case REMOVEXATTR: code = removexattr(r->path, "user.a"); break;
    case UTIMES: code = utimes(r->path, NULL); break;
    case LUTIMES: code = lutimes(r->path, NULL); break;
    case OMIT: code = utimensat(AT_FDCWD, r->path, omit, 0); break;
    case MOUNT: code = mount("t", r->path, "tmpfs", 0, ""); break;
    case UMOUNT: code = umount2(r->path, 0); break;
    case CHROOT: code = chroot(r->path); break;
    case ACCESS: code = access(r->path, W_OK); break;
    }
    return code == 0 ? 0 : errno;
}

#define C OPERATION_CREATE
#define W OPERATION_WRITE
#define D OPERATION_DELETE
#define R OPERATION_RENAME
#define M OPERATION_MODE
#define T OPERATION_TIME

static const struct row rows[] = {
    {"open for writing", OPEN, "ro/file", NULL, EROFS, W, NULL},
    {"open for appending", APPEND, "ro/file", NULL, EROFS, W, NULL},
    {"truncating by open", TRUNC, "ro/file", NULL, EROFS, W, NULL},
    {"truncate", TRUNCATE, "ro/file", NULL, EROFS, W, NULL},
    {"a file without the right to write it is EACCES first", OPEN, "ro/shut", NULL, EACCES, W, NULL},
    {"but truncating it asks the mount first", TRUNCATE, "ro/shut", NULL, EROFS, W, NULL},
    {"create", CREATE, "ro/new", NULL, EROFS, C, NULL},
    {"create exclusively", EXCLUSIVE, "ro/new", NULL, EROFS, C, NULL},
    {"create exclusively what is there", EXCLUSIVE, "ro/file", NULL, EEXIST, NONE, NULL},
    {"create what is there and write it", CREATE, "ro/file", NULL, EROFS, W, NULL},
    {"create what is there, only to read it", READ_CREATE, "ro/file", NULL, 0, NONE, NULL},
    {"a nameless file", NAMELESS, "ro/folder", NULL, EROFS, C, NULL},
    {"reading is nobody's business", READ, "ro/file", NULL, 0, NONE, NULL},
    {"access is a question, no attempt", ACCESS, "ro/file", NULL, EROFS, NONE, NULL},
    {"create below what is not there", CREATE, "ro/none/new", NULL, ENOENT, NONE, NULL},
    {"open what is not there", OPEN, "ro/none", NULL, ENOENT, NONE, NULL},
    {"open a folder for writing", OPEN, "ro/folder", NULL, EISDIR, NONE, NULL},
    {"write through a link that leads out", OPEN, "rw/out", NULL, EROFS, W, "ro/file"},
    {"write through a link that leads in", OPEN, "ro/in", NULL, 0, NONE, NULL},
    {"create through a link that leads to nothing", CREATE, "rw/dangling", NULL, EROFS, C, "ro/not-there"},
    {"create exclusively where a link is", EXCLUSIVE, "rw/dangling", NULL, EEXIST, NONE, NULL},
    {"create through a link to a folder", CREATE, "rw/way/new", NULL, EROFS, C, "ro/folder/new"},
    {"climb out", CREATE, "rw/folder/../../ro/new", NULL, EROFS, C, "ro/new"},
    {"relative to a descriptor", AT_CREATE, "ro/folder", "new", EROFS, C, "ro/folder/new"},
    {"relative to a descriptor, climbing", AT_CREATE, "rw/folder", "../../ro/new", EROFS, C, "ro/new"},
    {"by /proc/self/cwd", CREATE, "/proc/self/cwd/ro/new", NULL, EROFS, C, "ro/new"},
    {"a FIFO for writing", OPEN, "ro/fifo", NULL, EACCES, W, NULL},
    {"a FIFO to read is let through", READ, "ro/fifo", NULL, 0, NONE, NULL},
    {"unlink", UNLINK, "ro/file", NULL, EROFS, D, NULL},
    {"unlink what is not there is the kernel's to say", UNLINK, "ro/none", NULL, EROFS, NONE, NULL},
    {"rmdir", RMDIR, "ro/folder", NULL, EROFS, D, NULL},
    {"rmdir of a mount", RMDIR, "rw/mount", NULL, EBUSY, D, NULL},
    {"rmdir of a mount with something in it is as outside", RMDIR, "rw/full", NULL, ENOTEMPTY, NONE, NULL},
    {"rename of a mount", RENAME, "rw/mount", "rw/away", EBUSY, R, "rw/mount"},
    {"rename onto a mount", RENAME, "rw/folder", "rw/mount", EBUSY, R, "rw/mount"},
    {"rename inside", RENAME, "ro/file", "ro/new", EROFS, R, NULL},
    {"rename out of", RENAME, "ro/file", "rw/stolen", EXDEV, R, NULL},
    {"rename into", RENAME, "rw/file", "ro/new", EXDEV, R, "ro/new"},
    {"rename what is not there is the kernel's to say", RENAME, "ro/none", "rw/x", EXDEV, NONE, NULL},
    {"link inside", LINK, "ro/file", "ro/new", EROFS, OPERATION_LINK, "ro/new"},
    {"link out of", LINK, "ro/file", "rw/stolen", EXDEV, OPERATION_LINK, NULL},
    {"link into", LINK, "rw/file", "ro/new", EROFS, OPERATION_LINK, "ro/new"},
    {"link onto what is there", LINK, "ro/file", "rw/file", EEXIST, NONE, NULL},
    {"symlink", SYMLINK, "ro/new", NULL, EROFS, C, NULL},
    {"symlink where something is", SYMLINK, "ro/file", NULL, EEXIST, NONE, NULL},
    {"mkdir", MKDIR, "ro/new", NULL, EROFS, C, NULL},
    {"mkdir of what is there", MKDIR, "ro/folder", NULL, EEXIST, NONE, NULL},
    {"mkdir with a slash at its end", MKDIR, "ro/new/", NULL, EROFS, C, "ro/new"},
    {"mkfifo", FIFO, "ro/new", NULL, EROFS, C, NULL},
    {"a device in a writable place", DEVICE, "rw/device", NULL, EPERM, C, NULL},
    {"a device where something is", DEVICE, "rw/file", NULL, EEXIST, NONE, NULL},
    {"chmod", CHMOD, "ro/file", NULL, EROFS, M, NULL},
    {"chmod through a link", CHMOD, "rw/out", NULL, EROFS, M, "ro/file"},
    {"fchmod", FCHMOD, "ro/file", NULL, EROFS, M, NULL},
    {"chown", CHOWN, "ro/file", NULL, EROFS, M, NULL},
    {"lchown of a link in a writable place", LCHOWN, "rw/out", NULL, 0, NONE, NULL},
    {"lchown of a link", LCHOWN, "ro/in", NULL, EROFS, M, NULL},
    {"setxattr", SETXATTR, "ro/file", NULL, EROFS, M, NULL},
    {"fsetxattr", FSETXATTR, "ro/file", NULL, EROFS, M, NULL},
    {"removexattr", REMOVEXATTR, "ro/file", NULL, EROFS, M, NULL},
    {"inode flags", SETFLAGS, "ro/file", NULL, EROFS, M, NULL},
    {"utimes", UTIMES, "ro/file", NULL, EROFS, T, NULL},
    {"lutimes", LUTIMES, "ro/in", NULL, EROFS, T, NULL},
    {"futimens", FUTIMES, "ro/file", NULL, EROFS, T, NULL},
    {"times that are both left as they are", OMIT, "ro/file", NULL, 0, NONE, NULL},
    {"bind", BIND, "ro/new", NULL, EROFS, C, NULL},
    {"bind where something is", BIND, "ro/file", NULL, EADDRINUSE, NONE, NULL},
    {"mount", MOUNT, "rw/folder", NULL, EPERM, OPERATION_MOUNT, NULL},
    {"umount", UMOUNT, "ro", NULL, EPERM, OPERATION_MOUNT, NULL},
    {"chroot", CHROOT, "rw", NULL, EPERM, OPERATION_MOUNT, NULL},
    {"write where it is allowed", OPEN, "rw/file", NULL, 0, NONE, NULL},
    {"create where it is allowed", EXCLUSIVE, "rw/made", NULL, 0, NONE, NULL},
    {"mkdir where it is allowed", MKDIR, "rw/made-folder", NULL, 0, NONE, NULL},
    {"rename where it is allowed", RENAME, "rw/made", "rw/made2", 0, NONE, NULL},
    {"unlink where it is allowed", UNLINK, "rw/made2", NULL, 0, NONE, NULL},
    {"chmod where it is allowed", CHMOD, "rw/file", NULL, 0, NONE, NULL},
    {"bind where it is allowed", BIND, "rw/socket", NULL, 0, NONE, NULL},
    {"a set-uid mode", LEND, "rw/file", NULL, EPERM, M, NULL},
    {"where it is not allowed anyway", LEND, "ro/file", NULL, EPERM, M, NULL},
    {"a set-uid mode by descriptor", LEND_BY, "rw/file", NULL, EPERM, M, NULL},
    {"a set-uid file", LEND_NEW, "rw/lent", NULL, EPERM, C, NULL},
    {"the null device", OPEN, "/dev/null", NULL, 0, NONE, NULL},
    {"what the caller has open, by /dev/fd", OPEN, "/dev/fd/77", NULL, 0, NONE, NULL},
    {"a link where git would write through it", SYMLINK, "rw/folder/link", NULL, EACCES, C, NULL},
    {"git's own try whether links can be made", TESTING, "rw/folder/try", NULL, 0, NONE, NULL},
    {"a link where git would, by a way around", SYMLINK, "rw/sub/../folder/link", NULL, EACCES, C, "rw/folder/link"},
    {"a link elsewhere", SYMLINK, "rw/link", NULL, 0, NONE, NULL},
    {"a link with a slash at its end", SYMLINK, "rw/none/", NULL, ENOENT, NONE, NULL},
    {"a link in place of a folder's dot", SYMLINK, "rw/folder/.", NULL, EEXIST, NONE, NULL},
    {"a link below what is no folder", SYMLINK, "rw/file/x", NULL, ENOTDIR, NONE, NULL},
    {"a link below what is not there", SYMLINK, "rw/none/x", NULL, ENOENT, NONE, NULL},
    {"a link without a name", SYMLINK, "", NULL, ENOENT, NONE, NULL},
    {"a link by /proc/self/cwd", SYMLINK, "/proc/self/cwd/rw/link2", NULL, 0, NONE, NULL},
    {"a hard link by /proc/self/cwd", LINK, "/proc/self/cwd/rw/file", "rw/hard", 0, NONE, NULL},
    {"what a mount holds that is away just now", OPEN, "rw/held", NULL, EROFS, W, NULL},
    {"by another name's way", OPEN, "rw/to-held", NULL, EROFS, W, "rw/held"},
    {"something below it", CREATE, "rw/held-folder/new", NULL, EROFS, C, NULL},
    {"by a way around it", CREATE, "rw/to-held-folder/new", NULL, EROFS, C, "rw/held-folder/new"},
    {"removing it", UNLINK, "rw/held", NULL, EROFS, D, NULL},
    {"renaming onto it", RENAME, "rw/file", "rw/held", EROFS, R, "rw/held"},
    {"linking it", LINK, "rw/held", "rw/held2", EROFS, OPERATION_LINK, "rw/held"},
    {"a secret path is refused by its words", CREATE, "rw/secret/inner", NULL, EACCES, W, NULL},
    {"and by a way around", CREATE, "rw/folder/../secret/inner", NULL, EACCES, W, "rw/secret/inner"},
    {"making what hides a secret is as outside", MKDIR, "rw/secret", NULL, EEXIST, NONE, NULL},
    {"a file whose other name is elsewhere", OPEN, "rw/shared", NULL, EACCES, W, NULL},
    {"its mode", CHMOD, "rw/shared", NULL, EACCES, M, NULL},
    {"its time", UTIMES, "rw/shared", NULL, 0, NONE, NULL},
    {"it can be read", READ, "rw/shared", NULL, 0, NONE, NULL},
};

static const struct row guard_rows[] = {
    {"a guarded name", MKDIR, "rw/root/.guarded", NULL, EACCES, C, NULL},
    {"a guarded name, deeper, is free", MKDIR, "rw/root/sub/.guarded", NULL, 0, NONE, NULL},
    {"a guarded name at any depth", CREATE, "rw/root/sub/.git/hooks", NULL, EACCES, C, NULL},
    {"below it", CREATE, "rw/root/deep/.git/hooks/x", NULL, EACCES, C, NULL},
    {"renamed to", RENAME, "rw/root/plain", "rw/root/sub/.git/hooks", EACCES, R, "rw/root/sub/.git/hooks"},
    {"renamed away", RENAME, "rw/root/deep/.git/hooks", "rw/root/x", EACCES, R, NULL},
    {"what holds it, renamed to where it counts", RENAME, "rw/root/trap", "rw/root/sub2/.git", EACCES, R, "rw/root/sub2/.git"},
    {"a link in place of its folder", SYMLINK, "rw/root/sub2/.git", NULL, EACCES, C, NULL},
    {"another name there is free", CREATE, "rw/root/sub/.git/HEAD", NULL, 0, NONE, NULL},
};

static const struct row top_rows[] = {
    {"a guarded name is made", CREATE, "rw/root/.guarded", NULL, EACCES, C, NULL},
    {"by a way around", MKDIR, "rw/root/sub/../.guarded", NULL, EACCES, C, "rw/root/.guarded"},
    {"by a link that leads to nothing", CREATE, "rw/root/link", NULL, EACCES, C, "rw/root/.guarded"},
    {"by a link to its folder", CREATE, "rw/root-link/.guarded", NULL, EACCES, C, "rw/root/.guarded"},
    {"by rename", RENAME, "rw/root/plain", "rw/root/.guarded", EACCES, R, "rw/root/.guarded"},
    {"by a hard link", LINK, "rw/root/plain", "rw/root/.guarded", EACCES, OPERATION_LINK, "rw/root/.guarded"},
    {"by a symbolic link", SYMLINK, "rw/root/.guarded", NULL, EACCES, C, NULL},
    {"another name is free", EXCLUSIVE, "rw/root/other", NULL, 0, NONE, NULL},
};

static bool same_path(struct str got, const char *wanted)
{
    char whole[PATH_BYTES_MAX];

    snprintf(whole, sizeof whole, "%s/%s", o.folder, wanted);
    return str_is(got, wanted[0] == '/' ? wanted : whole);
}

static void check_row(const struct row *r)
{
    struct denial d = {0};
    uint64_t lost = 0, abandoned = observer_abandoned();
    int code = observed_run(&o, attempt, (void *)(uintptr_t)r);
    bool recorded = observed_record(&o, &d, &lost), good;
    char why[512];

    if (!recorded && observer_abandoned() != abandoned) {
        CHECK_SKIP(r->name, "this machine had no time for it");
        return;
    }
    good = code == r->code && recorded == (r->operation != NONE);
    if (good && recorded)
        good = (int)d.operation == r->operation && d.code == r->code && d.pid > 0 && d.group > 0 && d.count == 1 &&
               d.program.n > 0 && same_path(d.path, r->recorded ? r->recorded : r->path);
    snprintf(why, sizeof why, "errno %d (wanted %d), %s operation %d (wanted %d) at %.*s, errno %ld", code, r->code,
        recorded ? "recorded" : "no record", (int)d.operation, r->operation, (int)d.path.n, d.path.p ? d.path.p : "", d.code);
    check_report(good, __FILE__, __LINE__, r->name, why);
    while (observed_record(&o, &d, &lost))
        check_report(false, __FILE__, __LINE__, r->name, "more than one record");
}

static bool furnish(void)
{
    static const char *const folders[] = {"ro/folder", "rw/folder", "rw/mount", "rw/secret", "rw/root", "rw/root/sub",
        "rw/root/sub/.git", "rw/root/deep", "rw/root/deep/.git", "rw/root/deep/.git/hooks", "rw/root/trap",
        "rw/root/trap/hooks", "rw/root/sub2", "rw/sub", "rw/held-folder", "rw/full", "rw/list", "rw/list/.hidden", "rw/list/.full"};
    static const char *const files[] = {"rw/held", "ro/file", "ro/shut", "rw/file", "rw/shared", "rw/root/plain", "rw/list/a",
        "rw/list/.full/x"};
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(folders); i++)
        good = good && mkdir(folders[i], 0755) == 0;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        good = good && observed_write(files[i], "text\n");
    return good && mkfifo("ro/fifo", 0600) == 0 && chmod("ro/shut", 0400) == 0 && symlink("../rw/file", "ro/in") == 0 &&
           symlink("../ro/file", "rw/out") == 0 && symlink("../ro/not-there", "rw/dangling") == 0 &&
           symlink("../ro/folder", "rw/way") == 0 && symlink("held", "rw/to-held") == 0 &&
           symlink("held-folder", "rw/to-held-folder") == 0 &&
           symlink(".guarded", "rw/root/link") == 0 && symlink("root", "rw/root-link") == 0 && link("rw/shared", "rw/shared-elsewhere") == 0 &&
           mount("observed", "rw/mount", "tmpfs", 0, "mode=755") == 0 &&
           mount("observed", "rw/full", "tmpfs", 0, "mode=755") == 0 && observed_write("rw/full/x", "x") && observed_close_ro();
}

/* What the rows make each time. */
static bool unlink_links(void)
{
    return unlink("rw/folder/try") == 0 && unlink("rw/link") == 0 && unlink("rw/link2") == 0 && unlink("rw/hard") == 0;
}

static struct str at(const char *name)
{
    static char space[16][PATH_BYTES_MAX];
    static size_t used;

    snprintf(space[used], sizeof space[0], "%s/%s", o.folder, name);
    return str_from(space[used++]);
}

static void watch_what(void)
{
    static struct str secrets[1], hidden[2], linkless[1], held[2];
    static struct guard_name guards[2];

    secrets[0] = at("rw/secret");
    hidden[0] = at("rw/list/.hidden");
    hidden[1] = at("rw/list/.full");
    guards[0] = (struct guard_name){at("rw/root"), STR(".guarded"), false, false};
    guards[1] = (struct guard_name){at("rw/root"), STR(".git/hooks"), true, false};
    linkless[0] = at("rw/folder");
    held[0] = at("rw/held");
    held[1] = at("rw/held-folder");
    o.watch.held = held;
    o.watch.held_count = 2;
    o.watch.linkless = linkless;
    o.watch.linkless_count = 1;
    o.watch.secrets = secrets;
    o.watch.secret_count = 1;
    o.watch.hidden = hidden;
    o.watch.hidden_count = 2;
    o.watch.guards = guards;
    o.watch.guard_count = 2;
    watch_learn(&o.watch);
}

/* ---- hard links made inside ---- */

static int links_inside(void *context)
{
    (void)context;
    if (opened("rw/one", O_WRONLY | O_CREAT | O_EXCL) != 0 || link("rw/one", "rw/two") != 0 || link("rw/two", "rw/three") != 0)
        return 1;
    if (opened("rw/one", O_WRONLY) != 0 || opened("rw/three", O_WRONLY | O_TRUNC) != 0 || chmod("rw/two", 0600) != 0)
        return 2;
    return 0;
}

static int link_then_write(void *context)
{
    (void)context;
    return link("rw/shared", "rw/shared-again") == 0 && opened("rw/shared-again", O_WRONLY) == EACCES ? 0 : 1;
}

static int write_from_outside(void *context)
{
    (void)context;
    return opened("rw/one", O_WRONLY) == EACCES ? 0 : 1;
}

static void drain(void)
{
    struct denial d;
    uint64_t lost;

    while (observed_record(&o, &d, &lost))
        ;
}

static void check_links(void)
{
    struct row note = {"", OPEN, "rw/shared", NULL, 0, W, NULL};
    struct denial d = {0};
    uint64_t lost;

    CHECK(observed_run(&o, links_inside, NULL) == 0, "a file all of whose names were made inside can be written");
    CHECK(!observed_record(&o, &d, &lost), "and nothing is recorded");
    CHECK(observed_run(&o, link_then_write, NULL) == 0, "one more name made inside changes nothing about those elsewhere");
    drain();
    CHECK(link("rw/one", "rw/four") == 0 && observed_run(&o, write_from_outside, NULL) == 0,
        "a name that was made elsewhere since counts");
    drain();
    o.watch.hardlinks = HARDLINKS_RECORD;
    CHECK(observed_run(&o, attempt, &note) == 0 && observed_record(&o, &d, &lost) && d.cause == DENIAL_HARDLINK && d.code == 0,
        "where the policy says so, it is recorded and goes on");
    o.watch.hardlinks = HARDLINKS_REFUSE;
}

/* ---- hidden names ---- */

/* Bits: 1 .hidden, 2 .full, 4 a; 8: a listing that could not be read. Small pieces, so that it takes many. */
static int list(void *context)
{
    _Alignas(8) char bytes[64];
    int fd = open("rw/list", O_RDONLY | O_DIRECTORY | O_CLOEXEC), seen = fd < 0 ? 8 : 0;
    long n;

    (void)context;
    while ((n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
        for (long i = 0; i < n;) {
            unsigned short length;
            memcpy(&length, bytes + i + 16, sizeof length);
            seen |= strcmp(bytes + i + 19, ".hidden") == 0 ? 1 : strcmp(bytes + i + 19, ".full") == 0 ? 2
                    : strcmp(bytes + i + 19, "a") == 0                                          ? 4 : 0;
            i += length;
        }
    }
    return n < 0 ? 8 : seen;
}

static void check_hidden(void)
{
    CHECK(observed_run(&o, list, NULL) == 7, "without a filter for it every name is listed");
    o.what |= CALLS_HIDING;
    CHECK(observed_run(&o, list, NULL) == 6, "an empty placeholder is not listed, what was born in one is");
    o.what = CALLS_WATCHED;
}

/* ---- a caller that changes its words ---- */

static char flipped[64] = "rw/file";
static _Atomic bool stop;

static void *flip(void *context)
{
    (void)context;
    while (!stop) {
        memcpy(flipped, "ro", 2);
        memcpy(flipped, "rw", 2);
    }
    return NULL;
}

static int race(void *context)
{
    pthread_t thread;
    int broke = 0;

    (void)context;
    if (pthread_create(&thread, NULL, flip, NULL) != 0)
        return 1;
    for (int i = 0; i < 20000 && !broke; i++) {
        int fd = open(flipped, O_WRONLY | O_CLOEXEC);
        struct stat there, outside;
        if (fd < 0)
            continue;
        broke = fstat(fd, &there) != 0 || stat("ro/file", &outside) != 0 || there.st_dev == outside.st_dev;
        close(fd);
    }
    stop = true;
    pthread_join(thread, NULL);
    return broke ? 2 : 0;
}

/* ---- callers that die ---- */

static int hammer(void *context)
{
    (void)context;
    for (;;)
        opened("ro/file", O_WRONLY);
    return 0;
}

static void check_dying(void)
{
    struct row plain = {"", OPEN, "ro/file", NULL, EROFS, W, NULL};
    struct denial d = {0};
    uint64_t lost;

    for (int i = 0; i < 60; i++) {
        struct timespec pause = {0, 200000L * (i % 7)};
        pid_t pid = observed_start(&o, hammer, NULL);
        nanosleep(&pause, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        drain();
    }
    CHECK(observed_run(&o, attempt, &plain) == EROFS && observed_record(&o, &d, &lost), "callers that die harm nobody else");
}

/* ---- floods ---- */

#define FLOOD 100000

static int flood(void *context)
{
    (void)context;
    for (int i = 0; i < FLOOD; i++)
        if (opened("ro/file", O_WRONLY) != EROFS)
            return 1;
    return 0;
}

static void check_flood(void)
{
    struct row last = {"", MKDIR, "ro/last", NULL, EROFS, C, NULL};
    struct denial d = {0};
    uint64_t lost, seen = 0, missed = 0, begun = observed_ms(), abandoned = observer_abandoned();
    pid_t pid = observed_start(&o, flood, NULL);

    CHECK(observed_wait(pid, 60) == 0, "a flood of refusals that nobody reads of holds nothing up");
    printf("flood: %d refused calls in %llu ms\n", FLOOD, (unsigned long long)(observed_ms() - begun));
    while (observed_record(&o, &d, &lost))
        seen += d.count, missed += lost;
    CHECK(observed_run(&o, attempt, &last) == EROFS && observed_record(&o, &d, &lost), "and is recorded again when it is over");
    abandoned = observer_abandoned() - abandoned; /* on a machine that has no time for us */
    printf("flood: %llu recorded, %llu told to be lost, %llu left to the kernel\n", (unsigned long long)seen,
        (unsigned long long)(missed + lost), (unsigned long long)abandoned);
    /* One of a caller that died in the test before may have come late. */
    CHECK(seen > 10 && seen + missed + lost + abandoned >= FLOOD && seen + missed + lost + abandoned <= FLOOD + 2,
        "what did not fit is counted, to the last one");
}

/* ---- a file system that does not answer ---- */

static int touch_dead(void *context)
{
    (void)context;
    return opened("rw/dead/x", O_WRONLY | O_CREAT);
}

static void *hang(void *context)
{
    touch_dead(context);
    return NULL;
}

static int beside[2]; /* it cannot end before the file system does */

/* One thread keeps a look-up hanging, another tries what nobody but the observer refuses. */
static int try_beside(void *context)
{
    unsigned char wrong = 0;
    struct timespec pause = {0, 100000000};
    struct row tries[] = {{"", CREATE, "rw/root/.guarded", NULL, EACCES, C, NULL},
        {"", CREATE, "rw/root/link", NULL, EACCES, C, NULL}, {"", CREATE, "rw/root-link/.guarded", NULL, EACCES, C, NULL},
        {"", RENAME, "rw/root/plain", "rw/root/.guarded", EACCES, R, NULL}, {"", CREATE, "rw/root/beside", NULL, 0, C, NULL},
        {"", READ, "rw/root/.guarded", NULL, ENOENT, NONE, NULL}, {"", OPEN, "rw/shared", NULL, EACCES, W, NULL}};
    pthread_t thread;

    for (int i = 0; i < 6; i++) /* more than one program may have hanging and still be looked at */
        if (pthread_create(&thread, NULL, hang, context) != 0)
            return 200;
    nanosleep(&pause, NULL);
    for (size_t i = 0; i < COUNT_OF(tries); i++)
        wrong |= (unsigned char)((attempt(&tries[i]) != tries[i].code) << i);
    return write(beside[1], &wrong, 1) == 1 ? 0 : 201;
}

static bool is_right_beside(void)
{
    struct pollfd p = {.fd = beside[0], .events = POLLIN};
    unsigned char wrong = 255;

    if (poll(&p, 1, 10000) != 1 || read(beside[0], &wrong, 1) != 1 || wrong)
        printf("beside a look-up that hangs: %x\n", wrong);
    return wrong == 0;
}

/* What the kernel says of a file system that was taken away while somebody waited for it. */
static bool is_gone(int code)
{
    if (code != ENOTCONN && code != ECONNABORTED)
        printf("a caller heard %d\n", code);
    return code == ENOTCONN || code == ECONNABORTED;
}

static void check_hung(void)
{
    struct row plain = {"", OPEN, "ro/file", NULL, EROFS, W, NULL};
    char options[128];
    pid_t stuck[24], one;
    uint64_t begun, before = observer_abandoned();
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC), good = 0;

    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%u,group_id=%u", fuse, geteuid(), getegid());
    if (fuse < 0 || mkdir("rw/dead", 0755) != 0 || mount("dead", "rw/dead", "fuse", MS_NOSUID | MS_NODEV, options) != 0) {
        CHECK_SKIP("look-ups in a dead file system hold nobody up", "no file system can be made to hang here (/dev/fuse)");
        return;
    }
    o.what |= CALLS_READING;
    one = pipe(beside) == 0 ? observed_start(&o, try_beside, NULL) : -1;
    o.what &= ~(unsigned)CALLS_READING;
    CHECK(one > 0 && is_right_beside(), "who keeps a look-up hanging makes no guarded name meanwhile, but any other");
    before = observer_abandoned();
    for (size_t i = 0; i < COUNT_OF(stuck); i++)
        stuck[i] = observed_start(&o, touch_dead, NULL);
    begun = observed_ms();
    for (int i = 0; i < 20; i++) {
        pid_t pid = observed_start(&o, attempt, &plain);
        good += observed_wait(pid, 5) == EROFS;
    }
    CHECK(good == 20 && observed_ms() - begun < 3000, "look-ups in a dead file system hold nobody up");
    for (int i = 0; i < 200 && observer_abandoned() - before < 16; i++) {
        struct timespec pause = {0, 10000000};
        nanosleep(&pause, NULL);
    }
    CHECK(observer_abandoned() - before >= 16, "each is left to the kernel after a while, and counted");
    umount2("rw/dead", MNT_FORCE | MNT_DETACH); /* ends what waits for it */
    good = 0;
    for (size_t i = 0; i < COUNT_OF(stuck); i++)
        good += is_gone(observed_wait(stuck[i], 5));
    CHECK(good == COUNT_OF(stuck), "and the callers hear what the kernel says");
    observed_wait(one, 5);
    drain();
    CHECK(observed_run(&o, attempt, &plain) == EROFS, "the observer goes on as before");
    drain();
}

int main(void)
{
    if (!observed_begin(&o)) {
        CHECK_SKIP("observer", "no user and mount namespace can be had here");
        return CHECK_END();
    }
    if (!CHECK(furnish(), "a read-only and a writable file system"))
        return CHECK_END();
    watch_what();
    CHECK(dup2(open("rw/file", O_RDONLY | O_CLOEXEC), 77) == 77, "a descriptor for the callers");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i]);
    for (size_t i = 0; i < COUNT_OF(guard_rows); i++)
        check_row(&guard_rows[i]);
    puts("the same where no name is guarded, by the short way:");
    o.watch.guard_count = 0;
    watch_learn(&o.watch);
    CHECK(rmdir("rw/made-folder") == 0 && unlink("rw/socket") == 0 && unlink_links(), "once more");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i]);
    puts("the same where a name is guarded at the top alone:");
    o.watch.guard_count = 1;
    watch_learn(&o.watch);
    CHECK(rmdir("rw/made-folder") == 0 && unlink("rw/socket") == 0 && unlink_links(), "and again");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(&rows[i]);
    for (size_t i = 0; i < COUNT_OF(top_rows); i++)
        check_row(&top_rows[i]);
    check_links();
    check_hidden();
    CHECK(observed_run(&o, race, NULL) == 0, "whoever changes its words between the look and the act meets the kernel");
    drain();
    check_dying();
    check_flood();
    check_hung();
    return CHECK_END();
}
