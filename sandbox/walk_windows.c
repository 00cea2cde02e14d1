/*
 * walk: what the portable walk (walk.h) sees and writes on a disk of Windows, and which walks a plan asks for. Nothing else carries
 * entries down (rule W10): each call here is about one open object.
 */
#include "win32.h"
#include "core/text.h"
#include "core/walk.h"

#include <string.h>

#define DESCRIPTOR_MAX (ACL_BYTES_MAX + 4096)
#define USUAL          1024 /* bytes of most descriptors */
#define STEP           256  /* objects */
#define TELL_MS        250

/* ---- one object ---- */

/* There is no need of room for the largest for each of a million files. */
static struct str descriptor_of(struct arena *a, HANDLE h)
{
    const SECURITY_INFORMATION parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    char *bytes = arena_alloc(a, USUAL, 1);
    DWORD n = 0;

    if (GetKernelObjectSecurity(h, parts, bytes, USUAL, &n))
        return (struct str){bytes, n};
    if (GetLastError() != ERROR_INSUFFICIENT_BUFFER || n > DESCRIPTOR_MAX)
        return (struct str){0};
    bytes = arena_alloc(a, DESCRIPTOR_MAX, 1);
    return GetKernelObjectSecurity(h, parts, bytes, DESCRIPTOR_MAX, &n) ? (struct str){bytes, n} : (struct str){0};
}

bool object_look(struct arena *a, HANDLE h, struct walk_object *out)
{
    BY_HANDLE_FILE_INFORMATION info;
    struct wide_path real;
    DWORD n = GetFinalPathNameByHandleW(h, real.v, WIDE_PATH_MAX, VOLUME_NAME_DOS);

    if (!GetFileInformationByHandle(h, &info) || n == 0 || n >= WIDE_PATH_MAX)
        return false;
    *out = (struct walk_object){.kind = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? FACT_FOLDER : FACT_FILE,
        .reparse = (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0,
        .links = info.nNumberOfLinks,
        .real = utf8_from_path(a, real.v, n),
        .descriptor = descriptor_of(a, h)};
    return out->descriptor.n > 0 && win_identity(h, &out->dev, &out->ino) && out->real.n > 0;
}

static bool same_list(const struct descriptor *x, const struct descriptor *y)
{
    bool same = x->has_dacl && y->has_dacl && x->dacl.n == y->dacl.n;

    for (size_t i = 0; same && i < x->dacl.n; i++)
        same = ace_same(&x->dacl.v[i], &y->dacl.v[i]);
    return same;
}

/* "SECURITY_DESCRIPTOR_CONTROL": SE_DACL_AUTO_INHERIT_REQ, without which SE_DACL_AUTO_INHERITED would be lost. */
#define CONTROL_HIGH     3
#define AUTO_INHERIT_REQ 0x01

/* SetKernelObjectSecurity is NtSetSecurityObject: of this object alone. */
bool object_write(HANDLE h, struct str descriptor, struct err *e)
{
    struct arena a = {0};
    struct descriptor wished = {0}, got = {0};
    struct walk_object o;
    struct buf bytes = {0};
    bool good = descriptor_decode(&a, descriptor, &wished, e);

    wished.has_owner = wished.has_group = wished.has_sacl = false;
    good = good && descriptor_encode(&wished, &bytes);
    if (good && wished.dacl_auto_inherited)
        bytes.p[CONTROL_HIGH] = (char)(bytes.p[CONTROL_HIGH] | AUTO_INHERIT_REQ);
    if (good && !SetKernelObjectSecurity(h, DACL_SECURITY_INFORMATION, bytes.p))
        good = win_fail_at(e, STAGE_ACL, GetLastError(), (struct str){0}, "cannot write an access list");
    good = good && object_look(&a, h, &o) && descriptor_decode(&a, o.descriptor, &got, e) && same_list(&wished, &got);
    buf_release(&bytes);
    arena_release(&a);
    return good;
}

/* ---- the eye ---- */

static bool eye_open(void *context, struct arena *a, void *parent, struct str path, struct walk_object *out, void **handle)
{
    const DWORD access = READ_CONTROL | WRITE_DAC | FILE_READ_ATTRIBUTES | FILE_LIST_DIRECTORY;
    struct arena words = {0};
    struct wide_path whole;
    wchar_t *name = parent ? wide_from(&words, path_name(PATH_WINDOWS, path)) : NULL;
    HANDLE h = NULL;

    (void)context;
    if (name)
        h = win_open_beneath(parent, name, wcslen(name), access, FILE_OPEN, 0);
    else if (!parent && wide_path(path, &whole))
        h = win_open_itself(whole.v, access, OPEN_EXISTING);
    arena_release(&words);
    if (h && !object_look(a, h, out))
        win_close(&h);
    *handle = h;
    return h != NULL;
}

static bool eye_write(void *context, void *handle, struct str descriptor)
{
    struct err e = {0};

    (void)context;
    return object_write(handle, descriptor, &e);
}

static bool eye_list(void *context, struct arena *a, void *handle, size_t most, struct texts *out)
{
    struct win_list *l = arena_alloc(a, 1, sizeof *l);

    (void)context;
    l->folder = handle;
    while (win_list_next(l)) {
        if (out->n == most)
            return false;
        *(struct str *)ARENA_PUSH(a, out) = utf8_from(a, l->name, l->n);
    }
    return GetLastError() == ERROR_NO_MORE_FILES;
}

static void eye_close(void *context, void *handle)
{
    HANDLE h = handle;

    (void)context;
    win_close(&h);
}

/* ---- the walks that a plan asks for ---- */

static bool order_of(struct arena *a, const struct op *ops, size_t count, struct str top, bool behind, struct walk_order *out)
{
    struct path_env *env = arena_alloc(a, 1, sizeof *env);
    struct texts strangers = {0};
    struct walk_asked asked = {ops, count, token_user(a), &strangers, win_alone(a), behind};
    struct wide_path path;
    struct walk_object o;
    HANDLE h = wide_path(top, &path) ? win_open_itself(path.v, READ_CONTROL | FILE_READ_ATTRIBUTES, OPEN_EXISTING) : NULL;
    bool good = h && object_look(a, h, &o);

    win_close(&h);
    *env = (struct path_env){.system = PATH_WINDOWS, .fold = sys_case()};
    win_strangers(a, top, &strangers);
    return good && walk_order_of(a, env, &asked, o.real, o.dev, out);
}

/* Every now and then somebody is told how far it has come, and may end it. */
static enum walk_state walk_on(struct walk *w, struct applied *out)
{
    uint64_t next = 0;
    enum walk_state state;

    while ((state = walk_step(w, STEP)) == WALK_MORE) {
        if (!out->watch || sys_milliseconds() < next)
            continue;
        next = sys_milliseconds() + TELL_MS;
        if (!out->watch->go_on(out->watch->context, walk_place(w), w->seen))
            return WALK_CANCELLED;
    }
    return state;
}

static bool not_whole(enum walk_state state, struct str top, const struct texts *denied, struct err *e)
{
    err_set(e, ERR_REFUSED, "%s", state == WALK_DONE       ? "something protected would not be held"
                                  : state == WALK_CANCELLED ? "a folder was not walked to its end, as you wished"
                                                            : "a folder was not walked to its end");
    err_subject(e, denied->n ? denied->v[0] : top);
    if (state == WALK_CANCELLED || state == WALK_BOUND)
        return err_remedy(e, "The next opening, and :reapply, go on from there.");
    return err_remedy(e, "Leave that out of the writable roots, or accept it: --accept %s.", PART_NAMES);
}

static bool walk_one(struct arena *a, const struct op *ops, size_t count, struct str top, struct str resume, const struct texts *accepted,
    struct applied *out, struct err *e)
{
    const struct walk_eye eye = {NULL, eye_open, eye_write, eye_list, eye_close, NULL};
    struct texts denied = {0}, other = {0};
    struct walk_order order;
    struct walk w;
    enum walk_state state;

    if (!order_of(a, ops, count, top, out->behind, &order)) {
        err_set(e, ERR_SYSTEM, "what is granted and refused cannot be carried into a folder");
        return err_subject(e, top);
    }
    order.resume = resume;
    walk_begin(&w, &order, &eye);
    state = walk_on(&w, out);
    walk_report(a, &w, &denied, &other);
    out->mended += w.changed;
    if (state == WALK_CANCELLED || state == WALK_BOUND)
        win_mark_put(top, walk_place(&w));
    walk_end(&w);
    for (size_t i = 0; i < other.n; i++)
        *(struct str *)ARENA_PUSH(a, &out->notes) = other.v[i];
    for (size_t i = 0; i < denied.n; i++)
        *(struct str *)ARENA_PUSH(a, &out->missing) = denied.v[i];
    return (state == WALK_DONE && (!denied.n || win_has(accepted, STR(PART_NAMES)))) || not_whole(state, top, &denied, e);
}

static bool is_folder(struct str path)
{
    struct wide_path wide;
    DWORD attributes = wide_path(path, &wide) ? GetFileAttributesW(wide.v) : INVALID_FILE_ATTRIBUTES;

    return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

bool carry_into(struct arena *a, const struct op *ops, size_t count, struct str top, const struct texts *accepted, struct applied *out,
    struct err *e)
{
    struct str place = {0};
    bool good;

    win_mark_is(a, top, &place);
    good = walk_one(a, ops, count, top, place, accepted, out, e);
    if (good)
        win_mark_take(top);
    return good;
}

/* Only where something changed: to look at every file of a large tree at each opening would be felt. A walk that did not come to its
 * end left a mark, and is made again, from where it was left: unless its entries are others since. */
bool apply_carry(
    struct arena *a, const struct op *ops, size_t count, const struct texts *accepted, struct applied *out, struct err *e)
{
    struct path_table done = {0};

    for (size_t i = 0; i < count; i++) {
        struct str top = walk_top(&ops[i]), place = {0};
        bool changed = win_has(&out->changed, top);
        struct err why = {0};
        if (!top.n || path_table_get(&done, top) != SIZE_MAX)
            continue;
        path_table_put(a, &done, top, i);
        if (!is_folder(top) || (!win_mark_is(a, top, &place) && !out->all && !changed))
            continue;
        if (changed || !place.n)
            win_mark_put(top, top);
        if (out->defer && walk_may_wait(ops, count, top)) {
            *(struct str *)ARENA_PUSH(a, &out->later) = top;
            continue;
        }
        if (carry_into(a, ops, count, top, accepted, out, &why))
            continue;
        if (ops[i].on_failure != FAIL_SKIP) {
            *e = why;
            return false;
        }
        *(struct str *)ARENA_PUSH(a, &out->missing) = text_printable_once(a, err_text(&why, a)); /* a grant */
    }
    return true;
}
