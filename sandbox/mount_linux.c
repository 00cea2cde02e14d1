/*
 * mount: mounts by descriptor, nothing by name (fsopen, open_tree, move_mount; mount_setattr needs Linux 5.12).
 */
#include "linux.h"

#include <stdio.h>
#include <string.h>

int mount_new(const char *type, const char *options, unsigned attributes)
{
    char copy[256], *at = copy;
    int context = (int)syscall(SYS_fsopen, type, 1 /* FSOPEN_CLOEXEC */);
    int result = -1, saved;

    if (context < 0)
        return -1;
    snprintf(copy, sizeof copy, "%s", options);
    while (*at) {
        char *end = at + strcspn(at, ","), *value;
        bool last = *end == '\0';
        *end = '\0';
        value = strchr(at, '=');
        if (value)
            *value++ = '\0';
        if (syscall(SYS_fsconfig, context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, at, value, 0))
            goto out;
        at = last ? end : end + 1;
    }
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        result = (int)syscall(SYS_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, attributes);
out:
    saved = errno;
    close(context);
    errno = saved;
    return result;
}

int mount_clone(int object, bool recursive)
{
    return (int)syscall(SYS_open_tree, object, "",
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

bool mount_attributes(int tree, uint64_t set, uint64_t clear, bool recursive)
{
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
    return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
               &attributes, sizeof attributes) == 0;
}

bool mount_attach(int tree, int target)
{
    return syscall(SYS_move_mount, tree, "", target, "",
               MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

int mount_overlay(int below, const char *upper, const char *work)
{
    int context = (int)syscall(SYS_fsopen, "overlay", 1 /* FSOPEN_CLOEXEC */), tree = -1, saved;
    char lower[64];

    snprintf(lower, sizeof lower, "/proc/self/fd/%d", below);
    if (context >= 0 && syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "lowerdir", lower, 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "upperdir", upper, 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "workdir", work, 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        tree = (int)syscall(SYS_fsmount, context, 1, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    saved = errno;
    if (context >= 0)
        close(context);
    errno = saved;
    return tree;
}
