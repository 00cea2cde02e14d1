/*
 * apply: the ops that the person's own process does on the disk: entries in access control lists, owners, guards for names that are
 * not there.
 *
 * Rule W10: an object is opened as itself, never as what a link leads to; a reparse point, a file of several names, and whatever is
 * not where its name says are passed over, by name. A list is set by a call that does not propagate ("SetKernelObjectSecurity"; the
 * calls with a name in theirs do), and read back.
 */
#include "win32.h"
#include "core/acls.h"
#include "core/text.h"

#include <string.h>

#define DESCRIPTOR_MAX (ACL_BYTES_MAX + 4096)

enum outcome { OUT_DONE, OUT_SKIPPED, OUT_FAILED };

struct object {
    HANDLE h;
    bool folder;
};

/* ---- opened as itself ---- */

static bool same_path(const wchar_t *asked, const wchar_t *got, DWORD n)
{
    size_t length = wcslen(asked);

    while (length > 0 && asked[length - 1] == L'\\' && (n == 0 || got[n - 1] != L'\\'))
        length--;
    return CompareStringOrdinal(asked, (int)length, got, (int)n, TRUE) == CSTR_EQUAL;
}

static enum outcome skip(struct err *e, struct str path, const char *why)
{
    err_set(e, ERR_REFUSED, "an access list is not changed");
    err_subject(e, path);
    err_reason(e, "%s", why);
    return OUT_SKIPPED;
}

static enum outcome look(struct object *o, const struct wide_path *path, const struct op *op, struct err *e)
{
    BY_HANDLE_FILE_INFORMATION info;
    struct wide_path real;
    DWORD n = GetFinalPathNameByHandleW(o->h, real.v, WIDE_PATH_MAX, VOLUME_NAME_DOS);

    if (!GetFileInformationByHandle(o->h, &info) || n == 0 || n >= WIDE_PATH_MAX) {
        win_fail_at(e, STAGE_ACL, GetLastError(), op->path, "cannot look at a path");
        return OUT_FAILED;
    }
    o->folder = (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    if (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return skip(e, op->path, "it is a link, a junction or a placeholder of a cloud");
    if (!o->folder && info.nNumberOfLinks > 1)
        return skip(e, op->path, "the file has other names, which would change with it");
    if (!same_path(path->v, real.v, n))
        return skip(e, op->path, "a link or a junction lies on the way to it");
    if (op->check_identity &&
        (op->dev != info.dwVolumeSerialNumber || op->ino != (((uint64_t)info.nFileIndexHigh << 32) | info.nFileIndexLow)))
        return skip(e, op->path, "it was replaced meanwhile");
    return OUT_DONE;
}

static enum outcome open_object(const struct op *op, DWORD access, struct object *o, struct err *e)
{
    struct wide_path path;
    enum outcome out;

    o->h = wide_path(op->path, &path) ? win_open_itself(path.v, access | FILE_READ_ATTRIBUTES, OPEN_EXISTING) : NULL;
    if (!o->h) {
        win_fail_at(e, STAGE_ACL, GetLastError(), op->path, "cannot open what is to be protected or granted");
        return OUT_FAILED;
    }
    out = look(o, &path, op, e);
    if (out != OUT_DONE)
        win_close(&o->h);
    return out;
}

/* ---- descriptors ---- */

static bool read_descriptor(struct arena *a, HANDLE h, struct str path, struct descriptor *out, struct err *e)
{
    DWORD n = 0;
    char *bytes = arena_alloc(a, 1, DESCRIPTOR_MAX);

    if (!GetKernelObjectSecurity(
            h, OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, bytes, DESCRIPTOR_MAX, &n))
        return win_fail_at(e, STAGE_ACL, GetLastError(), path, "cannot read an access list");
    return descriptor_decode(a, (struct str){bytes, n}, out, e);
}

/* "SECURITY_DESCRIPTOR_CONTROL": SE_DACL_AUTO_INHERIT_REQ, without which SE_DACL_AUTO_INHERITED would be lost. */
#define CONTROL_AT          2
#define AUTO_INHERIT_REQ    0x01 /* of the high byte */

static bool write_dacl(HANDLE h, struct str path, const struct descriptor *d, struct err *e)
{
    struct descriptor alone = *d;
    struct buf bytes = {0};
    bool good;

    alone.has_owner = alone.has_group = alone.has_sacl = false;
    good = descriptor_encode(&alone, &bytes) || err_set(e, ERR_LIMIT, "an access list would be too long");
    if (good && d->dacl_auto_inherited)
        bytes.p[CONTROL_AT + 1] = (char)(bytes.p[CONTROL_AT + 1] | AUTO_INHERIT_REQ);
    if (good && !SetKernelObjectSecurity(h, DACL_SECURITY_INFORMATION, bytes.p))
        good = win_fail_at(e, STAGE_ACL, GetLastError(), path, "cannot write an access list");
    buf_release(&bytes);
    return good;
}

static bool not_verified(struct err *e, struct str path)
{
    err_set(e, ERR_UNSUPPORTED, "an access list does not come back as it was written");
    return err_subject(e, path);
}

static enum outcome apply_ace(struct arena *a, const struct op *op, struct err *e)
{
    struct descriptor d = {0};
    struct object o;
    enum outcome out = open_object(op, READ_CONTROL | WRITE_DAC, &o, e);
    enum acls_edit edit;

    if (out != OUT_DONE)
        return out;
    out = OUT_FAILED;
    if (read_descriptor(a, o.h, op->path, &d, e)) {
        edit = acls_apply(a, op, o.folder, &d, e);
        if (edit == EDIT_SAME)
            out = OUT_DONE;
        if (edit == EDIT_CHANGED && write_dacl(o.h, op->path, &d, e) && read_descriptor(a, o.h, op->path, &d, e))
            out = acls_apply(a, op, o.folder, &d, e) == EDIT_SAME || not_verified(e, op->path) ? OUT_DONE : OUT_FAILED;
    }
    win_close(&o.h);
    return out;
}

static enum outcome apply_owner(struct arena *a, const struct op *op, struct err *e)
{
    struct descriptor d = {.has_owner = true}, got = {0};
    struct buf bytes = {0};
    struct object o;
    enum outcome out;
    bool good;

    if (op->number == OWNER_BY_SETUP) {
        err_set(e, ERR_REFUSED, "somebody else owns a folder that is to be writable");
        err_subject(e, op->path);
        err_remedy(e, "cordon repair takes it over, as an administrator");
        return OUT_FAILED;
    }
    out = open_object(op, READ_CONTROL | WRITE_OWNER, &o, e);
    if (out != OUT_DONE)
        return out;
    good = (sid_parse(op->text, &d.owner) || err_set(e, ERR_BUG, "an owner is no SID")) && descriptor_encode(&d, &bytes);
    if (good && !SetKernelObjectSecurity(o.h, OWNER_SECURITY_INFORMATION, bytes.p))
        good = win_fail_at(e, STAGE_ACL, GetLastError(), op->path, "cannot take a folder over");
    good = good && read_descriptor(a, o.h, op->path, &got, e) &&
           ((got.has_owner && sid_same(&got.owner, &d.owner)) || not_verified(e, op->path));
    buf_release(&bytes);
    win_close(&o.h);
    return good ? OUT_DONE : OUT_FAILED;
}

/* A protected name that is not there: made, so that nobody inside can make and own it. One that is there meanwhile is left alone. */
static enum outcome apply_guard(const struct op *op, struct err *e)
{
    PSECURITY_DESCRIPTOR d = win_descriptor(op->text);
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, d, FALSE};
    struct wide_path path;
    HANDLE h = INVALID_HANDLE_VALUE;
    bool good = d && wide_path(op->path, &path);
    DWORD code;

    if (good && (op->number & GUARD_REMOVE))
        good = (op->number & 1) ? DeleteFileW(path.v) : RemoveDirectoryW(path.v);
    else if (good && (op->number & 1))
        good = (h = CreateFileW(path.v, FILE_READ_ATTRIBUTES, FILE_SHARE_READ, &attributes, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL)) !=
               INVALID_HANDLE_VALUE;
    else if (good)
        good = CreateDirectoryW(path.v, &attributes);
    code = GetLastError();
    win_close(&h);
    if (d)
        LocalFree(d);
    if (good || code == ERROR_ALREADY_EXISTS || code == ERROR_FILE_EXISTS)
        return OUT_DONE;
    win_fail_at(e, STAGE_ACL, code, op->path, "cannot hold a protected name");
    return OUT_FAILED;
}

/* ---- in order ---- */

/* May the plan go on without this one? Said by name if it does. */
static bool forgiven(struct arena *a, const struct op *op, const struct texts *accepted, struct texts *missing, const struct err *why)
{
    bool good = op->on_failure == FAIL_SKIP;

    for (size_t i = 0; i < accepted->n && !good; i++)
        good = str_is(accepted->v[i], PART_ENFORCEMENT) || (op->on_failure == FAIL_PARTIAL && str_eq(accepted->v[i], op->part));
    if (good && missing)
        *(struct str *)ARENA_PUSH(a, missing) = text_printable(a, err_text(why, a));
    return good;
}

bool apply_person(struct arena *a, const struct op *ops, size_t count, const struct texts *accepted, struct texts *missing, struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        const struct op *op = &ops[i];
        struct err why = {0};
        enum outcome out = OUT_DONE;
        if (op->kind == OP_ACE)
            out = apply_ace(a, op, &why);
        else if (op->kind == OP_OWNER)
            out = apply_owner(a, op, &why);
        else if (op->kind == OP_GUARD_NAME)
            out = apply_guard(op, &why);
        if (out != OUT_DONE && !forgiven(a, op, accepted, missing, &why)) {
            *e = why;
            return false;
        }
    }
    return true;
}
