/*
 * attack_mounts: mounts and namespaces. `below` and `below-readonly` make a namespace of their own
 * first, and are the control: what the verb does is shown to work where nobody forbids it, and the
 * machine stays as it was.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "attack.h"

/* From linux/mount.h, which does not go together with sys/mount.h. */
#define TREE_CLONE  1u
#define ATTR_RDONLY 1ull
struct attributes {
    uint64_t set, clear, propagation, userns;
};

static struct outcome mount_tmpfs(char **a)
{
    return outcome_of(mount("tmpfs", a[0], "tmpfs", 0, NULL));
}

static struct outcome mount_proc(char **a)
{
    return outcome_of(mount("proc", a[0], "proc", 0, NULL));
}

static struct outcome mount_bind(char **a)
{
    return outcome_of(mount(a[0], a[1], NULL, MS_BIND | MS_REC, NULL));
}

static struct outcome mount_writable(char **a)
{
    return outcome_of(mount(NULL, a[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static struct outcome mount_attributes(char **a)
{
    struct attributes clear = {.clear = ATTR_RDONLY};
    return outcome_of(syscall(SYS_mount_setattr, AT_FDCWD, a[0], 0, &clear, sizeof clear));
}

static struct outcome mount_away(char **a)
{
    return outcome_of(umount2(a[0], 0));
}

static struct outcome mount_away_lazily(char **a)
{
    return outcome_of(umount2(a[0], MNT_DETACH));
}

static struct outcome mount_move(char **a)
{
    return outcome_of(mount(a[0], a[1], NULL, MS_MOVE, NULL));
}

static struct outcome api_open_tree(char **a)
{
    return outcome_of(syscall(SYS_open_tree, AT_FDCWD, a[0], TREE_CLONE));
}

static struct outcome api_open_tree_attr(char **a)
{
    struct attributes clear = {.clear = ATTR_RDONLY};
    return outcome_of(syscall(467, AT_FDCWD, a[0], TREE_CLONE, &clear, sizeof clear));
}

static struct outcome api_fsopen(char **a)
{
    (void)a;
    return outcome_of(syscall(SYS_fsopen, "tmpfs", 0));
}

static struct outcome api_move_mount(char **a)
{
    (void)a;
    return outcome_reached(syscall(SYS_move_mount, -1, "", -1, "", 4));
}

static struct outcome api_fspick(char **a)
{
    return outcome_of(syscall(SYS_fspick, AT_FDCWD, a[0], 0));
}

static struct outcome ns_pivot(
    char **a) /* a folder that cannot be a root: EINVAL where it is let through */
{
    return outcome_reached(syscall(SYS_pivot_root, a[0], a[0]));
}

static struct outcome ns_chroot(char **a)
{
    return outcome_of(chroot(a[0]));
}

static int ns_flag(const char *name)
{
    static const struct {
        const char *name;
        int flag;
    } flags[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}, {"net", CLONE_NEWNET},
        {"pid", CLONE_NEWPID}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
        {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(flags[i].name, name) == 0)
            return flags[i].flag;
    return 0;
}

static struct outcome ns_unshare(char **a)
{
    int flags = 0;
    for (; *a; a++)
        flags |= ns_flag(*a);
    return outcome_of(unshare(flags));
}

static struct outcome child_ended(long child)
{
    if (child == 0)
        _exit(0);
    struct outcome o = outcome_of(child);
    if (child > 0)
        waitpid((pid_t)child, NULL, 0);
    return o;
}

static struct outcome ns_clone(char **a)
{
    return child_ended(syscall(SYS_clone, (unsigned long)ns_flag(a[0]) | SIGCHLD, 0, 0, 0, 0));
}

static struct outcome ns_clone3(char **a)
{
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    } args = {.flags = (uint64_t)ns_flag(a[0]), .exit_signal = SIGCHLD};
    return child_ended(syscall(SYS_clone3, &args, sizeof args));
}

static struct outcome ns_enter(char **a) /* PID KIND */
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/ns/%s", number(a[0]), a[1]);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(setns(fd, 0));
    close(fd);
    return o;
}

/* Does setns itself get through? A descriptor that is no namespace: EINVAL. */
static struct outcome ns_enter_reached(char **a)
{
    (void)a;
    return outcome_reached(setns(0, CLONE_NEWNET));
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return false;
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return ok;
}

static bool enter_own(int more)
{
    char map[64];
    unsigned uid = geteuid(), gid = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | more) < 0)
        return false;
    snprintf(map, sizeof map, "0 %u 1", uid);
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", map))
        return false;
    snprintf(map, sizeof map, "0 %u 1", gid);
    return write_text("/proc/self/gid_map", map) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static struct outcome below(
    char **a) /* VERB ARG... in namespaces of its own, where it has every right */
{
    return enter_own(0) ? verb_run(a) : outcome_cannot();
}

static struct outcome below_net(char **a)
{
    return enter_own(CLONE_NEWNET) ? verb_run(a) : outcome_cannot();
}

static struct outcome below_bound(char **a) /* PATH VERB ARG...: PATH is a read-only mount there */
{
    if (!enter_own(0) || mount(a[0], a[0], NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, a[0], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
        return outcome_cannot();
    return verb_run(a + 1);
}

/* What `unshare -Ur` followed by a mount does: done only when both work. */
static struct outcome ns_nested(char **a)
{
    errno = 0;
    if (!enter_own(0))
        return errno ? outcome_errno(errno) : outcome_cannot();
    return mount_tmpfs(a);
}

const struct verb verbs_mounts[] = {
    {"mount-tmpfs", 1, mount_tmpfs},
    {"mount-proc", 1, mount_proc},
    {"mount-bind", 2, mount_bind},
    {"mount-writable", 1, mount_writable},
    {"mount-setattr", 1, mount_attributes},
    {"umount", 1, mount_away},
    {"umount-lazy", 1, mount_away_lazily},
    {"mount-move", 2, mount_move},
    {"open-tree", 1, api_open_tree},
    {"open-tree-attr", 1, api_open_tree_attr},
    {"fsopen", 0, api_fsopen},
    {"fspick", 1, api_fspick},
    {"move-mount", 0, api_move_mount},
    {"pivot-root", 1, ns_pivot},
    {"chroot", 1, ns_chroot},
    {"unshare", 1, ns_unshare},
    {"clone", 1, ns_clone},
    {"clone3", 1, ns_clone3},
    {"setns", 2, ns_enter},
    {"setns-reached", 0, ns_enter_reached},
    {"below", 1, below},
    {"below-net", 1, below_net},
    {"below-bound", 2, below_bound},
    {"nested", 1, ns_nested},
    {NULL, 0, NULL},
};
