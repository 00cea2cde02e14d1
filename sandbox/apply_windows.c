/*
 * apply: the ops that the person's own process does on the disk: entries in access control lists, owners, guards for names that are
 * not there.
 *
 * Rule W10: an object is opened as itself, never as what a link leads to; a reparse point, a file of several names, and whatever is
 * not where its name says are passed over, by name. A list is set by a call that does not propagate ("SetKernelObjectSecurity"; the
 * calls with a name in theirs do), and read back.
 */
#include "win32.h"
#include "core/store.h"
#include "core/walk.h"
#include "core/text.h"

#include <string.h>

enum outcome { OUT_DONE, OUT_SKIPPED, OUT_FAILED };

/* ---- opened as itself ---- */

static enum outcome skip(struct err *e, struct str path, const char *why)
{
    err_set(e, ERR_REFUSED, "an access list is not changed");
    err_subject(e, path);
    err_reason(e, "%s", why);
    return OUT_SKIPPED;
}

/* What a name leads to by a link on the way is not what the plan was made for. */
static bool is_there(struct str asked, struct str real)
{
    struct arena a = {0};
    wchar_t *x = wide_from(&a, asked), *y = wide_from(&a, real);
    bool same = x && y && CompareStringOrdinal(x, -1, y, -1, TRUE) == CSTR_EQUAL;

    arena_release(&a);
    return same;
}

static enum outcome open_object(struct arena *a, const struct op *op, DWORD access, struct walk_object *o, HANDLE *h, struct err *e)
{
    struct wide_path path;
    const char *why = NULL;

    *h = wide_path(op->path, &path) ? win_open_itself(path.v, access | READ_CONTROL | FILE_READ_ATTRIBUTES, OPEN_EXISTING) : NULL;
    if (!*h || !object_look(a, *h, o)) {
        win_fail_at(e, STAGE_ACL, GetLastError(), op->path, "cannot open what is to be protected or granted");
        win_close(h);
        return OUT_FAILED;
    }
    if (o->reparse)
        why = "it is a link, a junction or a placeholder of a cloud";
    else if (o->kind == FACT_FILE && o->links > 1)
        why = "the file has other names, which would change with it";
    else if (!is_there(op->path, o->real))
        why = "a link or a junction lies on the way to it";
    else if (op->check_identity && (op->dev != o->dev || op->ino != o->ino))
        why = "it was replaced meanwhile";
    if (!why)
        return OUT_DONE;
    win_close(h);
    return skip(e, op->path, why);
}

static bool not_verified(struct err *e, struct str path)
{
    err_set(e, ERR_UNSUPPORTED, "an access list does not come back as it was written");
    return err_subject(e, path);
}

static struct str shown(struct arena *a, struct str descriptor)
{
    struct descriptor d;
    struct err ignored = {0};

    return descriptor_decode(a, descriptor, &d, &ignored) ? sddl_text(a, &d) : (struct str){0};
}

/* How it was is on the disk before it is changed. */
static bool enter(struct arena *a, struct win_ledger *l, const struct op *op, struct str root, const struct walk_object *o, struct err *e)
{
    const struct entry entry = {.kind = ENTRY_CHANGED, .path = op->path, .dev = o->dev, .ino = o->ino,
        .folder = o->kind == FACT_FOLDER, .root = root, .before = shown(a, o->descriptor)};

    return win_ledger_before(l, &entry, e);
}

static void enter_after(struct arena *a, struct win_ledger *l, const struct op *op, HANDLE h)
{
    struct walk_object o;

    if (object_look(a, h, &o))
        win_ledger_after(l, op->path, shown(a, o.descriptor));
}

static enum outcome apply_ace(struct arena *a, const struct op *op, struct win_ledger *l, bool *changed, struct err *e)
{
    struct descriptor d = {0};
    struct walk_object o;
    struct buf bytes = {0};
    HANDLE h;
    enum outcome out = open_object(a, op, WRITE_DAC, &o, &h, e);

    if (out != OUT_DONE)
        return out;
    out = OUT_FAILED;
    if (descriptor_decode(a, o.descriptor, &d, e))
        switch (acls_apply(a, op, o.kind == FACT_FOLDER, &d, e)) {
        case EDIT_SAME:
            out = OUT_DONE;
            if (win_ledger_lacks(l, op->path, o.dev, o.ino)) /* Cordon ended in between */
                win_ledger_after(l, op->path, shown(a, o.descriptor));
            break;
        case EDIT_CHANGED:
            *changed = true;
            if (descriptor_encode(&d, &bytes) && enter(a, l, op, op->text2, &o, e) &&
                (object_write(h, buf_view(&bytes), e) || not_verified(e, op->path)))
                out = OUT_DONE;
            enter_after(a, l, op, h);
            break;
        case EDIT_REFUSED:
            break;
        }
    buf_release(&bytes);
    win_close(&h);
    return out;
}

static enum outcome apply_owner(struct arena *a, const struct op *op, struct win_ledger *l, struct err *e)
{
    struct descriptor d = {.has_owner = true}, got = {0};
    struct buf bytes = {0};
    struct walk_object o;
    HANDLE h;
    enum outcome out;
    bool good;

    if (op->number == OWNER_BY_SETUP) {
        err_set(e, ERR_REFUSED, "somebody else owns a folder that is to be writable");
        err_subject(e, op->path);
        err_remedy(e, "cordon repair takes it over, as an administrator");
        return OUT_FAILED;
    }
    out = open_object(a, op, WRITE_OWNER, &o, &h, e);
    if (out != OUT_DONE)
        return out;
    good = (sid_parse(op->text, &d.owner) || err_set(e, ERR_BUG, "an owner is no SID")) && descriptor_encode(&d, &bytes);
    good = good && enter(a, l, op, op->text2, &o, e);
    if (good && !SetKernelObjectSecurity(h, OWNER_SECURITY_INFORMATION, bytes.p))
        good = win_fail_at(e, STAGE_ACL, GetLastError(), op->path, "cannot take a folder over");
    good = good && object_look(a, h, &o) && descriptor_decode(a, o.descriptor, &got, e) &&
           ((got.has_owner && sid_same(&got.owner, &d.owner)) || not_verified(e, op->path));
    enter_after(a, l, op, h);
    buf_release(&bytes);
    win_close(&h);
    return good ? OUT_DONE : OUT_FAILED;
}

/* With its bytes, which git reads: a commondir without any would stop it. */
static bool make_file(const struct wide_path *path, SECURITY_ATTRIBUTES *attributes, struct str bytes)
{
    HANDLE h = CreateFileW(path->v, GENERIC_WRITE, FILE_SHARE_READ, attributes, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD n = 0, code = 0;
    bool good = h != INVALID_HANDLE_VALUE;

    if (good && bytes.n > 0 && (!WriteFile(h, bytes.p, (DWORD)bytes.n, &n, NULL) || n != bytes.n)) {
        FILE_DISPOSITION_INFO gone = {TRUE};
        code = GetLastError();
        SetFileInformationByHandle(h, FileDispositionInfo, &gone, sizeof gone);
        good = false;
    } else if (!good) {
        code = GetLastError();
    }
    if (h != INVALID_HANDLE_VALUE)
        CloseHandle(h);
    SetLastError(code);
    return good;
}

/* What stands there already: a guard of before (of a time without setup, or of another write SID), or what somebody made meanwhile. It
 * gets what refuses; whose it is must be right, since an owner opens it again. */
static enum outcome hold_again(struct arena *a, const struct op *op, HANDLE h, const struct walk_object *o, bool *changed, struct err *e)
{
    struct descriptor want, is;
    struct buf bytes = {0};
    bool good = sddl_parse(a, op->text, &want, e) && descriptor_decode(a, o->descriptor, &is, e);

    if (good && want.has_owner && (!is.has_owner || !sid_same(&want.owner, &is.owner))) {
        err_set(e, ERR_REFUSED, "a protected name was made meanwhile by somebody else");
        err_subject(e, op->path);
        good = err_remedy(e, "Look at what it is, and remove it, or open again.");
    }
    for (size_t i = 0; good && i < want.dacl.n; i++) {
        const struct op put = {.kind = OP_ACE, .path = op->path, .text = sddl_ace_text(a, &want.dacl.v[i]), .number = ACE_PUT};
        enum acls_edit edit = want.dacl.v[i].type == ACE_DENY ? acls_apply(a, &put, o->kind == FACT_FOLDER, &is, e) : EDIT_SAME;
        *changed = *changed || edit == EDIT_CHANGED;
        good = edit != EDIT_REFUSED;
    }
    if (good && *changed)
        good = descriptor_encode(&is, &bytes) && (object_write(h, buf_view(&bytes), e) || not_verified(e, op->path));
    buf_release(&bytes);
    return good ? OUT_DONE : OUT_FAILED;
}

/* By the handle, once it stands there: made through a link, it is taken away again. What is not ours is entered as it was. */
static enum outcome look_at_guard(struct arena *a, const struct op *op, const struct wide_path *path, bool is_new, struct win_ledger *l, struct err *e)
{
    HANDLE h = win_open_itself(path->v, READ_CONTROL | FILE_READ_ATTRIBUTES | (is_new ? DELETE : WRITE_DAC), OPEN_EXISTING);
    FILE_DISPOSITION_INFO gone = {TRUE};
    struct walk_object o;
    enum outcome out = OUT_DONE;
    bool changed = false;

    if (!h || !object_look(a, h, &o)) {
        win_fail_at(e, STAGE_ACL, GetLastError(), op->path, "cannot look at what holds a protected name");
        win_close(&h);
        return OUT_FAILED;
    }
    if (o.reparse || !is_there(op->path, o.real)) {
        if (is_new)
            SetFileInformationByHandle(h, FileDispositionInfo, &gone, sizeof gone);
        out = skip(e, op->path, "it is a link or junction, or one lies on the way to it");
    } else if (!is_new && o.kind == FACT_FILE && o.links > 1) {
        out = skip(e, op->path, "the file has other names, which would change with it");
    } else if (is_new) {
        win_ledger_made(l, op->path, o.dev, o.ino, shown(a, o.descriptor));
    } else if (!enter(a, l, op, (struct str){0}, &o, e)) {
        out = OUT_FAILED;
    } else {
        out = hold_again(a, op, h, &o, &changed, e);
        if (changed)
            enter_after(a, l, op, h);
    }
    win_close(&h);
    return out;
}

static bool is_missing(const struct wide_path *path)
{
    return GetFileAttributesW(path->v) == INVALID_FILE_ATTRIBUTES;
}

/* A protected name that is not there: made, so that nobody inside can make and own it. */
static enum outcome apply_guard(struct arena *a, const struct op *op, struct win_ledger *l, struct err *e)
{
    const bool file = op->number == 1;
    const struct entry entry = {.kind = ENTRY_MADE, .path = op->path, .folder = !file, .after = op->text};
    PSECURITY_DESCRIPTOR d = win_descriptor(op->text);
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, d, FALSE};
    struct wide_path path;
    bool good = d && wide_path(op->path, &path), entered = good && (!is_missing(&path) || win_ledger_before(l, &entry, e)), made = false;
    DWORD code = GetLastError();

    if (entered) {
        made = file ? make_file(&path, &attributes, op->text2) : CreateDirectoryW(path.v, &attributes) != 0;
        code = GetLastError();
    }
    if (d)
        LocalFree(d);
    if (entered && (made || code == ERROR_ALREADY_EXISTS || code == ERROR_FILE_EXISTS))
        return look_at_guard(a, op, &path, made, l, e);
    if (!entered && e->kind) /* the list's own failure, with its remedy */
        return OUT_FAILED;
    win_fail_at(e, STAGE_ACL, code, op->path, "cannot hold a protected name");
    return OUT_FAILED;
}

/* ---- in order ---- */

/* May the plan go on without it? Said by name if it does. */
static bool forgiven(
    struct arena *a, const struct op *op, const struct texts *accepted, struct texts *missing, const struct err *why)
{
    bool good = op->on_failure == FAIL_SKIP || (op->on_failure == FAIL_PARTIAL && win_has(accepted, op->part));

    if (good)
        *(struct str *)ARENA_PUSH(a, missing) = text_printable(a, err_text(why, a));
    return good;
}

static bool apply_one(struct arena *a, const struct op *op, struct win_ledger *l, struct applied *out, struct err *e)
{
    bool changed = false;
    enum outcome outcome = OUT_DONE;

    /* What no rule of this session asks for, a rule of another terminal's may. */
    if (op->kind == OP_ACE && op->number == ACE_TAKE && !win_alone(a))
        *(struct str *)ARENA_PUSH(a, &out->notes) =
            arena_format(a, "%s keeps an entry that no rule here asks for: another terminal is open", text_printable_once(a, op->path).p);
    else if (op->kind == OP_ACE)
        outcome = apply_ace(a, op, l, &changed, e);
    else if (op->kind == OP_OWNER)
        outcome = apply_owner(a, op, l, e);
    else if (op->kind == OP_GUARD_NAME)
        outcome = apply_guard(a, op, l, e);
    if (changed && walk_top(op).n)
        *(struct str *)ARENA_PUSH(a, &out->changed) = walk_top(op);
    return outcome == OUT_DONE;
}

bool apply_person(
    struct arena *a, const struct op *ops, size_t count, const struct texts *accepted, struct applied *out, struct err *e)
{
    struct win_ledger ledger;
    struct err ignored = {0};
    bool good = true;

    /* Where nothing is held, nothing is written either: wine would change the modes of files instead. */
    if (win_has(accepted, STR(PART_ENFORCEMENT)))
        return true;
    if (!win_ledger_open(a, win_state_dir(a), &ledger, e))
        return false;
    for (size_t i = 0; i < count && good; i++) {
        struct err why = {0};
        if (apply_one(a, &ops[i], &ledger, out, &why) || forgiven(a, &ops[i], accepted, &out->missing, &why))
            continue;
        *e = why;
        good = false;
    }
    good = win_ledger_close(&ledger, good ? e : &ignored) && good;
    return good && apply_carry(a, ops, count, accepted, out, e);
}

bool disk_mend(struct arena *a, const struct plan *plan, const struct texts *accepted, const struct disk_watch *watch, struct texts *lines,
    struct err *e)
{
    struct applied applied = {.all = true, .watch = watch};
    struct texts parts = *accepted;

    if (plan->tier == TIER_UNENFORCED)
        return true;
    if (!restore_unasked(a, plan, watch, lines, e) || !apply_person(a, plan->v, plan->n, &parts, &applied, e))
        return false;
    for (size_t i = 0; i < applied.missing.n; i++)
        *(struct str *)ARENA_PUSH(a, lines) = applied.missing.v[i];
    for (size_t i = 0; i < applied.notes.n; i++)
        *(struct str *)ARENA_PUSH(a, lines) = applied.notes.v[i];
    if (applied.changed.n || applied.mended)
        *(struct str *)ARENA_PUSH(a, lines) = arena_format(a, "permissions were put right: %llu entries, and %llu files and folders below",
            (unsigned long long)applied.changed.n, (unsigned long long)applied.mended);
    return true;
}
