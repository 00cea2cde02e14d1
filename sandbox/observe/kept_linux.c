/*
 * kept: which steps of a plan the keeper watches over. See keeper_linux.c.
 */
#include "../names.h"
#include "observe.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel shows of itself changes by no name that somebody makes. */
static bool is_of_kernel(struct str path)
{
    return str_starts(path, STR("/proc/")) || str_starts(path, STR("/sys/")) || str_starts(path, STR("/dev/"));
}

bool kept_is(const struct op *op)
{
    switch (op->kind) {
    case OP_PROTECT:
    case OP_COVER_FOLDER:
    case OP_COVER_FILE:
    case OP_PLACEHOLDER:
    case OP_BIRTHPLACE: /* once it is gone the name is held, and nothing is born there any more */
    case OP_LATER_SECRET:
    case OP_LATER_PROTECT:
        return !is_of_kernel(op->path);
    case OP_GUARD:
        return str_is(op->text2, GUARD_ASIDE);
    default:
        return false;
    }
}

/* A writable folder within a writable folder is there so that it cannot be renamed away. */
bool kept_is_pin(const struct op *ops, size_t count, const struct op *op)
{
    if (op->kind != OP_WRITABLE)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct op *root = &ops[i];
        bool writable = root->kind == OP_WRITABLE || (root->kind == OP_BIND && root->number == 1);
        if (writable && root->path.n < op->path.n && str_starts(op->path, root->path) &&
            op->path.p[root->path.n] == '/')
            return true;
    }
    return false;
}

bool kept_is_mount(int fd, unsigned *mode)
{
    struct statx st;

    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE, &st) != 0)
        return false;
    if (mode)
        *mode = st.stx_mode;
    return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

bool kept_is_cover(int fd)
{
    unsigned mode = 0;
    return kept_is_mount(fd, &mode) && (mode & 07777) == 0;
}

/* A placeholder that somebody took away, with the mark by which the trusted side knows it. */
bool kept_make_again(const struct op *op)
{
    const char *name;
    int folder = placeholder_folder(op->path, &name);
    bool made = folder >= 0 && names_make(folder, name, op->kind == OP_PLACEHOLDER && op->number == 1, op->text);

    if (folder >= 0)
        close(folder);
    return made || errno == EEXIST;
}
