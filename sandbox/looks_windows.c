/*
 * looks: what hostile programs may have written, looked at: the eyes that `git` looks with, names of any depth, secret files that
 * have another name. A path is walked from its drive by handles, one name at a time, and no reparse point that leads elsewhere is
 * ever followed. Everything is bounded, and nothing is changed.
 */
#include "win32.h"
#include "core/git.h"
#include "core/text.h"

#include <string.h>

#define SECOND_NAMES_MAX 300 /* in one secret folder and those in it */
#define SECOND_FOUND_MAX 50
#define SECOND_LEVELS    2
#define NESTED_FOLDERS_MAX 50000
#define NESTED_FOUND_MAX   256
#define NESTED_DEPTH_MAX   48
#define NESTED_MS          3000

/* ---- walking ---- */

static bool leads_away(HANDLE h, DWORD *attributes)
{
    FILE_ATTRIBUTE_TAG_INFO info;

    if (!GetFileInformationByHandleEx(h, FileAttributeTagInfo, &info, sizeof info))
        return true;
    *attributes = info.FileAttributes;
    return (info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) &&
           (info.ReparseTag == IO_REPARSE_TAG_SYMLINK || info.ReparseTag == IO_REPARSE_TAG_MOUNT_POINT);
}

HANDLE win_open_plain(struct str path, DWORD access, DWORD *attributes)
{
    struct wide_path wide;
    wchar_t *at;
    HANDLE h = NULL, next;

    SetLastError(ERROR_PATH_NOT_FOUND);
    if (!wide_path(path, &wide) || wcsncmp(wide.v, L"\\\\?\\", 4) != 0 || wcslen(wide.v) < 7 || wide.v[5] != L':') {
        /* A share: its server answers for what is on the way. */
        h = wide_path(path, &wide) ? win_open_itself(wide.v, access | FILE_READ_ATTRIBUTES, OPEN_EXISTING) : NULL;
        if (h && leads_away(h, attributes)) {
            CloseHandle(h);
            SetLastError(ERROR_CANT_ACCESS_FILE);
            return NULL;
        }
        return h;
    }
    at = wide.v + 7;
    {
        wchar_t first = *at;
        *at = 0; /* \\?\C:\ */
        h = win_open_itself(wide.v, (first ? FILE_TRAVERSE : access) | FILE_READ_ATTRIBUTES, OPEN_EXISTING);
        *at = first;
    }
    if (h && !*at)
        leads_away(h, attributes);
    while (h && *at) {
        size_t n = wcscspn(at, L"\\");
        bool last = at[n] == 0;
        next = win_open_beneath(h, at, n, (last ? access : FILE_TRAVERSE) | FILE_READ_ATTRIBUTES, FILE_OPEN,
            last ? 0 : FILE_DIRECTORY_FILE);
        CloseHandle(h);
        h = next;
        if (h && leads_away(h, attributes)) {
            CloseHandle(h);
            SetLastError(ERROR_CANT_ACCESS_FILE);
            return NULL;
        }
        at += last ? n : n + 1;
    }
    return h;
}

/* A list of its own: its batch is too big for many levels of stack. */
static struct win_list *list_new(HANDLE folder)
{
    struct win_list *l = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *l);

    if (l)
        l->folder = folder;
    return l;
}

static void list_free(struct win_list *l)
{
    if (l)
        HeapFree(GetProcessHeap(), 0, l);
}

/* ---- git's eyes ---- */

static enum fact_kind eye_kind(void *context, struct str path)
{
    DWORD attributes = 0;
    HANDLE h = win_open_plain(path, 0, &attributes);

    (void)context;
    if (h) {
        CloseHandle(h);
        return attributes & FILE_ATTRIBUTE_DIRECTORY ? FACT_FOLDER : FACT_FILE;
    }
    switch (GetLastError()) {
    case ERROR_CANT_ACCESS_FILE:
        return FACT_SYMLINK;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_DIRECTORY:
        return FACT_MISSING;
    default:
        return FACT_UNKNOWN;
    }
}

static bool eye_read(void *context, struct arena *a, struct str path, size_t ceiling, bool inside, struct str *out)
{
    struct buf bytes = {.ceiling = ceiling};
    char chunk[4096];
    DWORD attributes = 0, n = 0;
    struct err ignored = {0};
    HANDLE h;
    bool good;

    (void)context;
    if (!inside)
        return sys_read_file(a, path, ceiling, false, out, &ignored);
    h = win_open_plain(path, FILE_READ_DATA, &attributes);
    if (!h)
        return false;
    good = !(attributes & FILE_ATTRIBUTE_DIRECTORY) && GetFileType(h) == FILE_TYPE_DISK;
    while (good && (good = ReadFile(h, chunk, sizeof chunk, &n, NULL) != 0) && n > 0 && !bytes.overflowed)
        buf_add(&bytes, chunk, n);
    CloseHandle(h);
    good = good && !bytes.overflowed;
    if (good)
        *out = arena_str(a, buf_view(&bytes));
    buf_release(&bytes);
    return good;
}

static bool eye_list(void *context, struct arena *a, struct str folder, size_t most, struct texts *out)
{
    DWORD attributes = 0;
    HANDLE h = win_open_plain(folder, FILE_LIST_DIRECTORY, &attributes);
    struct win_list *l = h ? list_new(h) : NULL;
    bool good = l != NULL;

    (void)context;
    while (good && win_list_next(l)) {
        good = out->n < most;
        if (good)
            *(struct str *)ARENA_PUSH(a, out) = utf8_from(a, l->name, l->n);
    }
    good = good && GetLastError() == ERROR_NO_MORE_FILES;
    list_free(l);
    win_close(&h);
    return good;
}

const struct git_eye *git_eye_system(void)
{
    static const struct git_eye eye = {.kind = eye_kind, .read = eye_read, .list = eye_list, .variable = sys_variable};

    return &eye;
}

const struct git_found *facts_git(struct arena *a, const struct policy *policy, const struct path_env *env, const struct host *host)
{
    return git_look(a, policy, env, host, git_eye_system());
}

/* ---- names of any depth ---- */

struct walk {
    struct arena *a;
    const struct policy *policy;
    struct texts *out;
    size_t folders;
    uint64_t deadline;
    bool whole; /* nothing was left out */
};

static bool is_any_depth(const struct walk *w, struct str name, bool top)
{
    for (size_t i = 0; i < w->policy->rules.n; i++) {
        const struct rule *rule = &w->policy->rules.v[i];
        if (rule->any_depth && !rule->revoked && !(top && str_is(rule->path, ".git")) && text_matches(rule->path, name, true))
            return true;
    }
    return false;
}

static void walk_folder(struct walk *w, HANDLE folder, struct str path, int depth);

/* Protected as a whole: nothing in it has to be. What cannot be looked into may hold one: who works inside chooses permissions, too. */
static void walk_name(struct walk *w, struct arena *scratch, const struct win_list *l, struct str path, int depth)
{
    struct str name = utf8_from(scratch, l->name, l->n), below = path_join(scratch, PATH_WINDOWS, path, name);
    bool folder = (l->attributes & FILE_ATTRIBUTE_DIRECTORY) && !(l->attributes & FILE_ATTRIBUTE_REPARSE_POINT);
    HANDLE h;

    if (is_any_depth(w, name, depth == 0)) {
        w->whole = w->whole && w->out->n < NESTED_FOUND_MAX;
        if (w->out->n < NESTED_FOUND_MAX)
            *(struct str *)ARENA_PUSH(w->a, w->out) = arena_str(w->a, below);
        return;
    }
    if (!folder || text_same(STR(".git"), name))
        return;
    h = below.n < PATH_BYTES_MAX - 256
            ? win_open_beneath(l->folder, l->name, l->n, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, FILE_OPEN, FILE_DIRECTORY_FILE)
            : NULL;
    w->whole = w->whole && h;
    if (h)
        walk_folder(w, h, below, depth + 1);
    win_close(&h);
}

static void walk_folder(struct walk *w, HANDLE folder, struct str path, int depth)
{
    struct win_list *l = NULL;

    if (depth > NESTED_DEPTH_MAX || ++w->folders > NESTED_FOLDERS_MAX || sys_milliseconds() > w->deadline ||
        !(l = list_new(folder))) {
        w->whole = false;
        return;
    }
    while (w->folders <= NESTED_FOLDERS_MAX && sys_milliseconds() <= w->deadline) {
        struct arena scratch = {0};
        if (!win_list_next(l)) {
            w->whole = w->whole && GetLastError() == ERROR_NO_MORE_FILES;
            list_free(l);
            return;
        }
        walk_name(w, &scratch, l, path, depth);
        arena_release(&scratch);
    }
    w->whole = false;
    list_free(l);
}

static void walk_root(struct walk *w, struct str root)
{
    DWORD attributes = 0;
    HANDLE h = win_open_plain(root, FILE_LIST_DIRECTORY, &attributes);

    w->whole = w->whole && (h || GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND);
    if (h)
        walk_folder(w, h, root, 0);
    win_close(&h);
}

bool facts_nested(struct arena *a, const struct policy *policy, struct texts *out)
{
    struct walk w = {.a = a, .policy = policy, .out = out, .deadline = sys_milliseconds() + NESTED_MS, .whole = true};
    bool any = false;

    for (size_t i = 0; i < policy->rules.n; i++)
        any = any || (policy->rules.v[i].any_depth && !policy->rules.v[i].revoked);
    if (any && policy->workspace.n > 0)
        walk_root(&w, policy->workspace);
    for (size_t i = 0; i < policy->rules.n && any; i++) {
        const struct rule *r = &policy->rules.v[i];
        if (r->kind == RULE_WRITE && r->anchored && !r->revoked)
            walk_root(&w, r->path);
    }
    return w.whole;
}

/* ---- secret files that have another name ---- */

struct look {
    struct arena *a;
    const struct policy *policy;
    struct facts *out;
    struct str folder; /* the secret place */
    size_t left;
    bool more;
};

static bool is_in_root(const struct look *l, struct str path)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};
    const struct policy *p = l->policy;

    for (size_t i = 0; i < p->rules.n; i++)
        if (p->rules.v[i].kind == RULE_WRITE && p->rules.v[i].anchored && !p->rules.v[i].revoked &&
            path_is_under(&env, p->rules.v[i].path, path))
            return true;
    return p->workspace.n && path_is_under(&env, p->workspace, path);
}

/* Windows tells all names of a file on its volume, so the one that lies in a writable root is found wherever it is there. Wine ends
 * whoever asks. */
static struct str other_name(const struct look *l, struct str path)
{
    struct wide_path wide;
    wchar_t name[4096];
    DWORD n = COUNT_OF(name);
    HANDLE find = !win_is_wine() && wide_path(path, &wide) ? FindFirstFileNameW(wide.v, 0, &n, name) : INVALID_HANDLE_VALUE;
    struct str found = {0};

    if (find == INVALID_HANDLE_VALUE)
        return found;
    do {
        struct str one = utf8_from_z(l->a, name), full = arena_format(l->a, "%.2s%.*s", path.p, (int)one.n, one.p);
        if (!text_same(full, path) && is_in_root(l, full))
            found = full;
        n = COUNT_OF(name);
    } while (!found.n && FindNextFileNameW(find, &n, name));
    FindClose(find);
    return found;
}

static void add_second(struct look *l, struct str path)
{
    struct second_name *s;

    for (size_t i = 0; i < l->out->second.n; i++)
        if (str_eq(l->out->second.v[i].path, path))
            return;
    if (l->out->second.n == SECOND_FOUND_MAX) {
        l->more = true;
        return;
    }
    s = ARENA_PUSH(l->a, &l->out->second);
    *s = (struct second_name){.folder = l->folder, .path = path, .other = other_name(l, path)};
}

static void look_in(struct look *l, HANDLE folder, struct str path, int level)
{
    struct win_list *list = list_new(folder);

    while (list && win_list_next(list)) {
        struct str below = path_join(l->a, PATH_WINDOWS, path, utf8_from(l->a, list->name, list->n));
        bool is_folder = (list->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
        BY_HANDLE_FILE_INFORMATION info;
        HANDLE h;
        if (l->left-- == 0 || (is_folder && level == SECOND_LEVELS)) {
            l->more = true;
            l->left += l->left == SIZE_MAX;
            if (!l->left)
                break;
            continue;
        }
        if (list->attributes & FILE_ATTRIBUTE_REPARSE_POINT)
            continue;
        h = win_open_beneath(folder, list->name, list->n,
            FILE_READ_ATTRIBUTES | (is_folder ? FILE_LIST_DIRECTORY | FILE_TRAVERSE : 0), FILE_OPEN, 0);
        if (h && is_folder)
            look_in(l, h, below, level + 1);
        else if (h && GetFileInformationByHandle(h, &info) && info.nNumberOfLinks > 1)
            add_second(l, below);
        win_close(&h);
    }
    list_free(list);
}

static void look_at_secret(struct arena *a, const struct policy *policy, const struct fact *f, struct facts *out)
{
    const struct path_env env = {.system = PATH_WINDOWS, .fold = sys_case()};
    struct look l = {.a = a, .policy = policy, .out = out, .folder = f->real, .left = SECOND_NAMES_MAX};
    DWORD attributes = 0;
    HANDLE h;

    if (path_is_under(&env, out->host.state_dir, f->real))
        return; /* our own */
    if (f->real_kind == FACT_FILE && f->links > 1) {
        add_second(&l, f->real);
    } else if (f->real_kind == FACT_FOLDER) {
        h = win_open_plain(f->real, FILE_LIST_DIRECTORY | FILE_TRAVERSE, &attributes);
        l.more = !h;
        if (h)
            look_in(&l, h, f->real, 1);
        win_close(&h);
    }
    if (l.more)
        *(struct str *)ARENA_PUSH(a, &out->second_more) = f->real;
}

void facts_second(struct arena *a, const struct policy *policy, struct facts *out)
{
    for (size_t i = 0; i < policy->rules.n; i++) {
        const struct rule *r = &policy->rules.v[i];
        if (r->kind != RULE_SECRET || !r->anchored || r->revoked)
            continue;
        for (size_t j = 0; j < out->n; j++)
            if (str_eq(out->v[j].path, r->path) && out->v[j].real.n) {
                look_at_secret(a, policy, &out->v[j], out);
                break;
            }
    }
}
