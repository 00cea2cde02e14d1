/*
 * obeyed: looks at the files that tools outside obey (core/obeyed.h). What it looks at was written by hostile programs, which may
 * still be running: everything is opened below a held folder, nothing that leads elsewhere is followed, and every list has an end.
 *
 * Names are compared without regard to case, as the system does. Times of files can be set back by who may write them, unlike on
 * Linux: what a walk below the top finds is a help, and the comparison at the top goes by identity and size as well.
 */
#include "win32.h"
#include "core/obeyed.h"
#include "core/text.h"

#include <string.h>

#define TOP_ENTRIES_MAX    4096
#define FOLDER_ENTRIES_MAX 256
#define WALK_DEPTH         4
#define WALK_ENTRIES_MAX   20000
#define WALK_MS            150
#define WALK_NAMES_MAX     256
#define CLOCK_SLACK_NS     20000000

/* ---- the table, without regard to case ---- */

static const char *find_row(const struct obeyed_row *rows, size_t count, struct str folder, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (text_matches(str_from(rows[i].folder), folder, true) && text_matches(str_from(rows[i].pattern), name, true))
            return rows[i].who;
    return NULL;
}

static const char *who_obeys(struct str folder, struct str name)
{
    size_t count;
    const struct obeyed_row *rows = obeyed_rows(&count);

    return find_row(rows, count, folder, name);
}

/* At the top of a root, where somebody types and looks; further down programs are what is built. */
static const char *windows_obeys(struct str folder, struct str name)
{
    size_t count;
    const struct obeyed_row *rows = obeyed_windows(&count);
    const char *who = who_obeys(folder, name);

    return who ? who : find_row(rows, count, folder, name);
}

/* A path of the table has / between its names. */
static struct str native(struct arena *a, const char *path)
{
    struct str s = arena_str(a, str_from(path));
    char *out = arena_alloc(a, s.n + 1, 1);

    for (size_t i = 0; i < s.n; i++)
        out[i] = s.p[i] == '/' ? '\\' : s.p[i];
    return (struct str){out, s.n};
}

static int64_t nanoseconds(LARGE_INTEGER t)
{
    return (t.QuadPart - 116444736000000000) * 100; /* from 1601, in tenths of a microsecond */
}

/* ---- a look at the names of the table ---- */

struct look {
    struct arena *a;
    const struct texts *held;
    struct obeyed_list *out;
};

static bool item_of(HANDLE h, struct obeyed_item *item)
{
    FILE_BASIC_INFO basic;
    BY_HANDLE_FILE_INFORMATION info;

    if (!GetFileInformationByHandleEx(h, FileBasicInfo, &basic, sizeof basic) || !GetFileInformationByHandle(h, &info))
        return false;
    item->dev = info.dwVolumeSerialNumber;
    item->ino = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
    item->mode = basic.FileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_READONLY);
    if (basic.FileAttributes & FILE_ATTRIBUTE_DIRECTORY)
        return true;
    item->size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    item->changed_ns = nanoseconds(basic.ChangeTime);
    item->written_ns = nanoseconds(basic.LastWriteTime);
    return true;
}

static bool is_held(const struct look *l, struct str path)
{
    for (size_t i = 0; i < l->held->n; i++)
        if (text_same(l->held->v[i], path))
            return true;
    return false;
}

/* A folder of that name is a repository only with a HEAD in it; a file, or what leads elsewhere, leads git. Whether it is there cannot be
 * hidden by permissions: then it counts. */
static bool counts(HANDLE h, struct str name, DWORD attributes)
{
    HANDLE head;
    DWORD code;

    if (!text_same(STR(".git"), name) || !(attributes & FILE_ATTRIBUTE_DIRECTORY) || attributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return true;
    head = win_open_beneath(h, L"HEAD", 4, FILE_READ_ATTRIBUTES, FILE_OPEN, 0);
    code = head ? 0 : GetLastError();
    win_close(&head);
    return code != ERROR_FILE_NOT_FOUND && code != ERROR_PATH_NOT_FOUND;
}

/* False: there were more names than are looked at. */
static bool look_into(struct look *l, HANDLE folder, struct str path, const char *table, size_t most)
{
    struct win_list *list = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *list);
    size_t seen = 0;
    bool all = list != NULL;

    if (list)
        list->folder = folder;
    while (all && win_list_next(list)) {
        struct str name = utf8_from(l->a, list->name, list->n);
        const char *who = windows_obeys(str_from(table), name);
        struct obeyed_item item = {.who = who};
        HANDLE h;
        all = seen++ < most;
        if (!who || !all)
            continue;
        h = win_open_beneath(folder, list->name, list->n, FILE_READ_ATTRIBUTES, FILE_OPEN, 0);
        item.path = path_join(l->a, PATH_WINDOWS, path, name);
        if (h && counts(h, name, list->attributes) && item_of(h, &item) && !(item.size == 0 && is_held(l, item.path)))
            *(struct obeyed_item *)ARENA_PUSH(l->a, l->out) = item;
        win_close(&h);
    }
    if (list)
        HeapFree(GetProcessHeap(), 0, list);
    return all;
}

void obeyed_look(struct arena *a, struct str root, const struct texts *held, struct obeyed_list *out)
{
    struct look l = {.a = a, .held = held, .out = out};
    size_t count;
    const char *const *folders = obeyed_folders(&count);

    for (size_t i = 0; i < count; i++) {
        struct str path = folders[i][0] ? path_join(a, PATH_WINDOWS, root, native(a, folders[i])) : root;
        struct obeyed_item item = {.path = path, .who = "it holds more names than are looked at"};
        DWORD attributes = 0;
        HANDLE h = win_open_plain(path, FILE_LIST_DIRECTORY | FILE_TRAVERSE, &attributes);
        if (h && !look_into(&l, h, path, folders[i], i ? FOLDER_ENTRIES_MAX : TOP_ENTRIES_MAX) && item_of(h, &item))
            *(struct obeyed_item *)ARENA_PUSH(a, out) = item;
        if (!h && GetLastError() == ERROR_CANT_ACCESS_FILE) { /* a link stands there, or on the way */
            item.who = "what reads it is led elsewhere";
            item.mode = FILE_ATTRIBUTE_REPARSE_POINT;
            *(struct obeyed_item *)ARENA_PUSH(a, out) = item;
        }
        win_close(&h);
    }
}

/* ---- the walk below the top: repositories, and names of the table ---- */

#define ENDS_MAX 16

struct level {
    struct str path; /* whole */
    int depth;       /* of what was asked for: 0 */
    bool named;      /* names of the table count in it */
};

struct walk {
    struct arena *a;
    struct str root;
    int64_t since_ns;
    size_t left;
    struct {
        struct level *v;
        size_t n, cap;
    } queue;
    struct obeyed_notes names;
    struct obeyed_notes *out;
};

static bool is_since_of(const struct walk *w, HANDLE h, bool *born)
{
    FILE_BASIC_INFO basic;

    if (!h || !GetFileInformationByHandleEx(h, FileBasicInfo, &basic, sizeof basic))
        return false;
    *born = nanoseconds(basic.CreationTime) >= w->since_ns;
    return *born || nanoseconds(basic.ChangeTime) >= w->since_ns || nanoseconds(basic.LastWriteTime) >= w->since_ns;
}

static bool is_since(const struct walk *w, HANDLE folder, const wchar_t *name, size_t n, bool *born)
{
    HANDLE h = win_open_beneath(folder, name, n, FILE_READ_ATTRIBUTES, FILE_OPEN, 0);
    bool since = is_since_of(w, h, born);

    win_close(&h);
    return since;
}

/* What is installed is run by whatever uses it, and its names say nothing more. */
static bool is_passed_over(struct str name)
{
    return text_same(STR("node_modules"), name) || text_same(STR("site-packages"), name);
}

/* Only a folder itself; NULL for what leads elsewhere. */
static HANDLE open_folder(HANDLE folder, const wchar_t *name, size_t n, DWORD access)
{
    HANDLE h = win_open_beneath(folder, name, n, access | FILE_READ_ATTRIBUTES, FILE_OPEN, FILE_DIRECTORY_FILE);
    FILE_ATTRIBUTE_TAG_INFO info;

    if (h && (!GetFileInformationByHandleEx(h, FileAttributeTagInfo, &info, sizeof info) || info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
        win_close(&h);
    return h;
}

/* "packages\app\.vscode" is, for who opens packages\app, its .vscode. */
static size_t find_ends(struct walk *w, const struct level *here, const char *ends[ENDS_MAX])
{
    size_t count, n = 0;
    const char *const *folders = obeyed_folders(&count);
    struct str below = here->path.n > w->root.n ? str_slice(here->path, w->root.n + 1, here->path.n) : (struct str){0};

    for (size_t i = 1; here->named && i < count && n < ENDS_MAX; i++) {
        struct str end = native(w->a, folders[i]);
        if (below.n > end.n && below.p[below.n - end.n - 1] == '\\' && text_same(end, str_slice(below, below.n - end.n, below.n)))
            ends[n++] = folders[i];
    }
    return n;
}

static void look_at_hooks(struct walk *w, HANDLE git, struct str path)
{
    HANDLE folder = open_folder(git, L"hooks", 5, FILE_LIST_DIRECTORY);
    struct win_list *list = folder ? HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *list) : NULL;
    size_t most = FOLDER_ENTRIES_MAX;
    bool born;

    if (list)
        list->folder = folder;
    while (list && most-- && win_list_next(list)) {
        struct str name = utf8_from(w->a, list->name, list->n);
        const char *who = who_obeys(STR(".git/hooks"), name);
        if (who && is_since(w, folder, list->name, list->n, &born))
            obeyed_add(w->a, w->out, OBEYED_CHANGED, path_join(w->a, PATH_WINDOWS, path_join(w->a, PATH_WINDOWS, path, STR("hooks")), name), who);
    }
    if (list)
        HeapFree(GetProcessHeap(), 0, list);
    win_close(&folder);
}

/* A git folder, or a bare repository: born since then, or its configuration or hooks written since then. */
static void look_at_repository(struct walk *w, HANDLE git, struct str path)
{
    static const wchar_t *const obeyed[] = {L"config", L"config.worktree", L"commondir"};
    HANDLE info;
    bool born = false;

    if (is_since_of(w, git, &born) && born) {
        obeyed_add(w->a, w->out, OBEYED_NEW, path, who_obeys(STR(""), STR(".git")));
        return;
    }
    for (size_t i = 0; i < COUNT_OF(obeyed); i++)
        if (is_since(w, git, obeyed[i], wcslen(obeyed[i]), &born))
            obeyed_add(w->a, w->out, OBEYED_CHANGED, path_join(w->a, PATH_WINDOWS, path, utf8_from_z(w->a, obeyed[i])),
                who_obeys(STR(".git"), STR("config")));
    info = open_folder(git, L"info", 4, 0);
    if (info && is_since(w, info, L"attributes", 10, &born))
        obeyed_add(w->a, w->out, OBEYED_CHANGED, path_join(w->a, PATH_WINDOWS, path, STR("info\\attributes")), who_obeys(STR(".git"), STR("config")));
    win_close(&info);
    look_at_hooks(w, git, path);
}

/* A .git that is no folder, or leads elsewhere, is where git goes. */
static void look_at_git(struct walk *w, HANDLE folder, const struct win_list *list, struct str path)
{
    HANDLE git = open_folder(folder, list->name, list->n, 0);
    bool born = false;

    if (git)
        look_at_repository(w, git, path);
    else if (is_since(w, folder, list->name, list->n, &born))
        obeyed_add(w->a, w->out, born ? OBEYED_NEW : OBEYED_CHANGED, path, "it leads git elsewhere");
    win_close(&git);
}

/* A name of the table below the top, made or written since then. */
static void look_at_name(struct walk *w, HANDLE folder, const struct win_list *list, struct str name, struct str path, const char *const *ends, size_t end_count)
{
    const char *who = list->attributes & FILE_ATTRIBUTE_DIRECTORY ? NULL : who_obeys(STR(""), name);
    bool born = false;

    for (size_t i = 0; !who && i < end_count; i++)
        who = who_obeys(str_from(ends[i]), name);
    if (!who || !is_since(w, folder, list->name, list->n, &born))
        return;
    obeyed_add(w->a, &w->names, born ? OBEYED_NEW : OBEYED_CHANGED, path, who);
    if (w->names.n > WALK_NAMES_MAX)
        w->left = 0;
}

/* One folder: its names of the table, its repository, and the folders in it for later. False: more than is looked at. */
static bool walk_one(struct walk *w, size_t index)
{
    struct level here = w->queue.v[index];
    const char *ends[ENDS_MAX];
    size_t end_count = find_ends(w, &here, ends), bare = 0;
    DWORD attributes = 0;
    HANDLE folder = win_open_plain(here.path, FILE_LIST_DIRECTORY, &attributes);
    struct win_list *list = folder ? HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *list) : NULL;
    bool all = list != NULL || GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND;

    if (list)
        list->folder = folder;
    while (list && w->left && win_list_next(list)) {
        struct str name = utf8_from(w->a, list->name, list->n), path = path_join(w->a, PATH_WINDOWS, here.path, name);
        bool is_folder = (list->attributes & FILE_ATTRIBUTE_DIRECTORY) && !(list->attributes & FILE_ATTRIBUTE_REPARSE_POINT);
        bool is_git = text_same(STR(".git"), name);
        w->left--;
        bare += text_same(STR("HEAD"), name) || text_same(STR("objects"), name) || text_same(STR("refs"), name);
        if (is_git && here.depth) /* the root's own is seen without a walk */
            look_at_git(w, folder, list, path);
        else if (here.named && here.depth && !is_git)
            look_at_name(w, folder, list, name, path, ends, end_count);
        if (is_folder && here.depth < WALK_DEPTH && !is_git)
            *(struct level *)ARENA_PUSH(w->a, &w->queue) =
                (struct level){.path = path, .depth = here.depth + 1, .named = here.named && !is_passed_over(name)};
    }
    if (list && bare == 3 && here.depth)
        look_at_repository(w, folder, here.path);
    if (list)
        HeapFree(GetProcessHeap(), 0, list);
    win_close(&folder);
    return all && w->left > 0;
}

bool obeyed_walk(struct arena *a, struct str root, uint64_t since_ms, struct obeyed_notes *out)
{
    struct walk w = {.a = a,
        .root = root,
        .since_ns = (int64_t)since_ms * 1000000 - CLOCK_SLACK_NS,
        .left = WALK_ENTRIES_MAX,
        .out = out};
    uint64_t end = sys_milliseconds() + WALK_MS;
    bool all = true;

    *(struct level *)ARENA_PUSH(a, &w.queue) = (struct level){.path = root, .named = true};
    *(struct level *)ARENA_PUSH(a, &w.queue) = (struct level){.path = path_join(a, PATH_WINDOWS, root, STR(".git\\modules")), .depth = 1};
    for (size_t i = 0; all && i < w.queue.n; i++)
        all = walk_one(&w, i) && sys_milliseconds() < end;
    for (size_t i = 0; i < w.names.n; i++) /* behind the repositories, which matter more */
        obeyed_add(a, out, w.names.v[i].change, w.names.v[i].path, w.names.v[i].who);
    return all;
}
