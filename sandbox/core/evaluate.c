/*
 * evaluate: a refusal that nobody saw, told from what is on the disk: the rights that an operation asks for, put to the access
 * check with the command's token. See denial.h; what comes of it is "evaluated" and no more.
 *
 * Which rights an operation needs: Win32, "File Security and Access Rights" and CreateFile, DeleteFile, MoveFileEx. That a
 * folder above does not let pass is left out: everyone has SeChangeNotifyPrivilege, by which that is not looked at.
 */
#include "access.h"
#include "denial.h"

static uint32_t rights_on_object(enum operation operation)
{
    switch (operation) {
    case OPERATION_READ:
        return NT_FILE_READ_DATA;
    case OPERATION_WRITE:
        return NT_FILE_WRITE_DATA;
    case OPERATION_DELETE:
    case OPERATION_RENAME:
        return NT_DELETE;
    case OPERATION_LINK:
    case OPERATION_TIME:
        return NT_FILE_WRITE_ATTRIBUTES;
    case OPERATION_MODE:
        return NT_WRITE_DAC;
    default:
        return 0;
    }
}

static void ask(const struct evaluation *of, const struct descriptor *d, uint32_t rights, struct access_result *out)
{
    access_check(of->token, d, &access_file, rights, out);
    if (out->unproven && of->settled)
        out->unproven &= ~of->settled();
}

static enum evaluated verdict(const struct access_result *r)
{
    return !r->known ? EVALUATED_UNKNOWN : r->granted ? EVALUATED_ALLOWED : EVALUATED_REFUSED;
}

/* A name goes when it may be deleted itself, or when its folder may lose what is in it. */
static enum evaluated by_parent(const struct evaluation *of, struct access_result *r)
{
    if (!of->parent)
        return EVALUATED_UNKNOWN;
    ask(of, of->parent, NT_FILE_DELETE_CHILD, r);
    return verdict(r);
}

enum evaluated denial_evaluate(struct arena *a, const struct evaluation *of, struct denial *out, struct str *words)
{
    bool makes = of->operation == OPERATION_CREATE, goes = of->operation == OPERATION_DELETE || of->operation == OPERATION_RENAME;
    uint32_t rights = makes ? (of->folder ? NT_FILE_APPEND_DATA : NT_FILE_WRITE_DATA) : rights_on_object(of->operation);
    const struct descriptor *where = makes ? of->parent : of->object;
    enum evaluated result, above;
    struct access_result r, folder = {0};
    struct buf b = {0};

    *words = (struct str){0};
    if (!rights || !where)
        return EVALUATED_UNKNOWN;
    ask(of, where, rights, &r);
    result = verdict(&r);
    if (goes && result != EVALUATED_ALLOWED && (above = by_parent(of, &folder)) != EVALUATED_REFUSED) {
        if (above == EVALUATED_ALLOWED) {
            access_explain(&b, a, of->token, of->parent, &folder, NULL, NULL);
            *words = arena_format(a, "its folder lets go of it: %.*s", (int)b.n, b.p);
        }
        buf_release(&b);
        return above;
    }
    r.unproven |= folder.unproven;
    access_explain(&b, a, of->token, where, &r, NULL, NULL);
    *words = arena_str(a, buf_view(&b));
    buf_release(&b);
    if (result == EVALUATED_REFUSED)
        *out = (struct denial){
            .by = DENIAL_EVALUATED, .cause = r.unproven ? DENIAL_UNPROVEN : DENIAL_RULE, .operation = of->operation, .path = of->path,
            .code = DENIAL_ACCESS_DENIED, .count = 1};
    return result;
}
