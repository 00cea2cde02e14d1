/*
 * walk: what the portable walk (walk.h) sees and writes on a disk of Windows, and which walks a plan asks for. Nothing else carries
 * entries down (rule W10): each call here is about one open object.
 */
#include "win32.h"
#include "core/text.h"
#include "core/walk.h"

#include <string.h>

#define DESCRIPTOR_MAX (ACL_BYTES_MAX + 4096)
#define STEP           256
#define SIDS_MAX       (ACLS_RESTRICT_MAX + 32) /* the roots' own, and of entries that are taken away */

/* ---- one object ---- */

bool object_look(struct arena *a, HANDLE h, struct walk_object *out)
{
    BY_HANDLE_FILE_INFORMATION info;
    struct wide_path real;
    DWORD n = GetFinalPathNameByHandleW(h, real.v, WIDE_PATH_MAX, VOLUME_NAME_DOS), bytes = 0;
    char *descriptor = arena_alloc(a, 1, DESCRIPTOR_MAX);

    if (!GetFileInformationByHandle(h, &info) || n == 0 || n >= WIDE_PATH_MAX ||
        !GetKernelObjectSecurity(h, OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, descriptor,
            DESCRIPTOR_MAX, &bytes))
        return false;
    *out = (struct walk_object){.kind = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? FACT_FOLDER : FACT_FILE,
        .reparse = (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0,
        .links = info.nNumberOfLinks,
        .real = utf8_from_path(a, real.v, n),
        .descriptor = {descriptor, bytes}};
    return win_identity(h, &out->dev, &out->ino) && out->real.n > 0;
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

/* ---- which walks a plan asks for ---- */

struct orders {
    struct path_env env;
    struct sid person;
    struct texts kept;
    struct ace also[3];
    struct sid trusted[3];
    struct sid write[SIDS_MAX];
};

static bool find_group(const struct op *ops, size_t count, struct sid *out)
{
    for (size_t i = 0; i < count; i++)
        if (ops[i].kind == OP_ACCOUNT && ops[i].source.n)
            return sid_parse(ops[i].source, out);
    return false;
}

/* SIDs whose entries ops take away: what was inherited of them goes too. */
static void add_taken(struct arena *a, const struct op *ops, size_t count, struct orders *own, struct walk_order *out)
{
    for (size_t i = 0; i < count && out->own.write_count < SIDS_MAX; i++) {
        struct err ignored = {0};
        struct ace ace;
        bool known;
        if (ops[i].kind != OP_ACE || ops[i].number != ACE_TAKE || !sddl_parse_ace(a, ops[i].text, &ace, &ignored))
            continue;
        known = ace.sid.sub[0] != 21 || sid_same(&ace.sid, &own->person);
        for (size_t j = 0; j < out->own.write_count; j++)
            known = known || sid_same(&own->write[j], &ace.sid);
        for (size_t j = 0; j < count && !known; j++) {
            struct sid other;
            known = (ops[j].kind == OP_RESTRICT && sid_parse(ops[j].text, &other) && sid_same(&other, &ace.sid)) ||
                    (ops[j].kind == OP_ACCOUNT && sid_parse(ops[j].source, &other) && sid_same(&other, &ace.sid));
        }
        if (!known)
            own->write[out->own.write_count++] = ace.sid;
    }
}

static bool order_of(struct arena *a, const struct op *ops, size_t count, struct str top, struct orders *own, struct walk_order *out)
{
    struct err e = {0};
    struct str user = token_user(a), real;
    struct wide_path path;
    struct walk_object o;
    HANDLE h;

    memset(own, 0, sizeof *own);
    own->env = (struct path_env){.system = PATH_WINDOWS, .fold = sys_case()};
    if (!sid_parse(user, &own->person) || !wide_path(top, &path) || !sys_real_path(a, top, &real, &e))
        return false;
    h = win_open_itself(path.v, READ_CONTROL | FILE_READ_ATTRIBUTES, OPEN_EXISTING);
    if (!h || !object_look(a, h, &o)) {
        win_close(&h);
        return false;
    }
    win_close(&h);
    *out = (struct walk_order){.env = &own->env, .top = o.real, .dev = o.dev};
    for (size_t i = 0; i < count; i++) {
        if (ops[i].kind == OP_ACE || ops[i].kind == OP_GUARD_NAME)
            *(struct str *)ARENA_PUSH(a, &own->kept) = ops[i].path;
        if (ops[i].kind == OP_RESTRICT && ops[i].path.n && out->own.write_count < ACLS_RESTRICT_MAX)
            out->own.write_count += sid_parse(ops[i].text, &own->write[out->own.write_count]);
    }
    if (out->own.write_count)
        add_taken(a, ops, count, own, out);
    out->own.write = own->write;
    find_group(ops, count, &out->own.group);
    own->also[0] = (struct ace){.type = ACE_ALLOW, .mask = NT_READ_CONTROL};
    sid_parse(STR(SID_OWNER_RIGHTS), &own->also[0].sid);
    own->also[1] = (struct ace){.type = ACE_ALLOW, .mask = NT_FILE_ALL_ACCESS, .sid = own->person};
    own->also[2] = (struct ace){.type = ACE_DENY, .mask = NT_FILE_DELETE_CHILD, .sid = own->person};
    own->trusted[0] = own->person;
    sid_parse(STR(SID_SYSTEM), &own->trusted[1]);
    sid_parse(STR(SID_ADMINISTRATORS), &own->trusted[2]);
    out->also = own->also;
    out->also_count = COUNT_OF(own->also);
    out->trusted = own->trusted;
    out->trusted_count = COUNT_OF(own->trusted);
    out->kept = &own->kept;
    return true;
}

static bool walk_top(
    struct arena *a, const struct op *ops, size_t count, struct str top, const struct texts *accepted, struct applied *out, struct err *e)
{
    const struct walk_eye eye = {NULL, eye_open, eye_write, eye_list, eye_close, NULL};
    struct texts denied = {0}, other = {0};
    struct orders own;
    struct walk_order order;
    struct walk w;
    enum walk_state state;

    if (!order_of(a, ops, count, top, &own, &order)) {
        err_set(e, ERR_SYSTEM, "what is granted and refused cannot be carried into a folder");
        return err_subject(e, top);
    }
    walk_begin(&w, &order, &eye);
    while ((state = walk_step(&w, STEP)) == WALK_MORE)
        continue;
    walk_report(a, &w, &denied, &other);
    out->mended += w.changed;
    walk_end(&w);
    for (size_t i = 0; i < other.n; i++)
        *(struct str *)ARENA_PUSH(a, &out->notes) = other.v[i];
    for (size_t i = 0; i < denied.n; i++)
        *(struct str *)ARENA_PUSH(a, &out->missing) = denied.v[i];
    if (state == WALK_DONE && (!denied.n || win_has(accepted, STR(PART_NAMES))))
        return true;
    err_set(e, ERR_REFUSED, state == WALK_DONE ? "something protected would not be held" : "a folder was not walked to its end");
    err_subject(e, denied.n ? denied.v[0] : top);
    return err_remedy(e, "Leave that out of the writable roots, or accept it: --accept %s.", PART_NAMES);
}

/* Only where something changed: to look at every file of a large tree at each opening would be felt. A walk that did not come to its
 * end left a mark, and is made again. */
bool apply_carry(
    struct arena *a, const struct op *ops, size_t count, const struct texts *accepted, struct applied *out, struct err *e)
{
    struct path_table done = {0};

    for (size_t i = 0; i < count; i++) {
        struct str top = ops[i].text2.n ? ops[i].text2 : ops[i].path;
        struct wide_path path;
        struct err why = {0};
        DWORD attributes;
        if (ops[i].kind != OP_ACE || path_table_get(&done, top) != SIZE_MAX)
            continue;
        path_table_put(a, &done, top, i);
        attributes = wide_path(top, &path) ? GetFileAttributesW(path.v) : INVALID_FILE_ATTRIBUTES;
        if (attributes == INVALID_FILE_ATTRIBUTES || !(attributes & FILE_ATTRIBUTE_DIRECTORY))
            continue;
        if (!out->all && !win_has(&out->changed, top) && !win_mark_is(top))
            continue;
        win_mark_put(top);
        if (!walk_top(a, ops, count, top, accepted, out, &why)) {
            if (ops[i].on_failure != FAIL_SKIP) {
                *e = why;
                return false;
            }
            *(struct str *)ARENA_PUSH(a, &out->missing) = text_printable_once(a, err_text(&why, a)); /* a grant */
            continue;
        }
        win_mark_take(top);
    }
    return true;
}
