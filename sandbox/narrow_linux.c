/*
 * narrow: one op put in force while something runs. Only what closes: whatever opens takes a boundary of its own.
 */
#include "linux.h"

#include <sys/statfs.h>

/* Then to make it a mount of its own opens nothing, and holds it in its place. */
static bool is_writable_already(const struct op *op)
{
    int fd = sys_open_beneath_root(op->path.p, O_PATH);
    struct statfs fs;
    bool writable = fd >= 0 && fstatfs(fd, &fs) == 0 && !(fs.f_flags & 1 /* ST_RDONLY */);

    if (fd >= 0)
        close(fd);
    return writable;
}

bool apply_change(struct arena *a, struct confinement *c, const struct op *op, struct err *e)
{
    struct texts nobody = {0};
    struct apply apply = {.arena = a, .confinement = c, .partial = &nobody};

    if (op->kind == OP_LATER_SECRET || op->kind == OP_LATER_PROTECT)
        return true; /* the keeper's */
    if (op->kind != OP_PROTECT && op->kind != OP_PLACEHOLDER && op->kind != OP_COVER_FOLDER && op->kind != OP_COVER_FILE &&
        op->kind != OP_REMOUNT_READONLY && !(op->kind == OP_WRITABLE && is_writable_already(op)))
        return err_set(e, ERR_PROTOCOL, "a change that is no narrowing was refused");
    return apply_plan(&apply, op, 1, e);
}
