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

static const char *who_obeys(struct str folder, struct str name)
{
    size_t count;
    const struct obeyed_row *rows = obeyed_rows(&count);

    for (size_t i = 0; i < count; i++)
        if (text_matches(str_from(rows[i].folder), folder, true) && text_matches(str_from(rows[i].pattern), name, true))
            return rows[i].who;
    return NULL;
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

/* A folder of that name is a repository only with a HEAD in it. */
static bool counts(HANDLE h, struct str name)
{
    HANDLE head;
    bool good;

    if (!text_same(STR(".git"), name))
        return true;
    head = win_open_beneath(h, L"HEAD", 4, FILE_READ_ATTRIBUTES, FILE_OPEN, 0);
    good = head != NULL || GetLastError() == ERROR_DIRECTORY || GetLastError() == ERROR_INVALID_PARAMETER; /* a file: it leads git */
    win_close(&head);
    return good;
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
        const char *who = who_obeys(str_from(table), name);
        struct obeyed_item item = {.who = who};
        HANDLE h;
        all = seen++ < most;
        if (!who || !all)
            continue;
        h = win_open_beneath(folder, list->name, list->n, FILE_READ_ATTRIBUTES | FILE_TRAVERSE, FILE_OPEN, 0);
        item.path = path_join(l->a, PATH_WINDOWS, path, name);
        if (h && counts(h, name) && item_of(h, &item) && !(item.size == 0 && is_held(l, item.path)))
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

/* ---- the walk below the top ---- */

struct level {
    struct str path; /* whole */
    int depth;
    bool named; /* names of the table count in it */
};

struct walk {
    struct arena *a;
    struct str root;
    int64_t since_ns;
    size_t left, names;
    struct {
        struct level *v;
        size_t n, cap;
    } queue;
    struct obeyed_notes *out;
};

static bool is_since(HANDLE folder, const wchar_t *name, size_t n, int64_t since_ns, bool *born)
{
    HANDLE h = win_open_beneath(folder, name, n, FILE_READ_ATTRIBUTES, FILE_OPEN, 0);
    FILE_BASIC_INFO basic;
    bool good = h && GetFileInformationByHandleEx(h, FileBasicInfo, &basic, sizeof basic);

    win_close(&h);
    if (!good)
        return false;
    *born = nanoseconds(basic.CreationTime) >= since_ns;
    return *born || nanoseconds(basic.ChangeTime) >= since_ns || nanoseconds(basic.LastWriteTime) >= since_ns;
}

static bool is_passed_over(struct str name)
{
    return text_same(STR("node_modules"), name) || text_same(STR("site-packages"), name);
}

/* One folder: its names of the table, its repository, and the folders in it for later. False: more than is looked at. */
static bool walk_one(struct walk *w, size_t index)
{
    struct level here = w->queue.v[index];
    DWORD attributes = 0;
    HANDLE folder = win_open_plain(here.path, FILE_LIST_DIRECTORY | FILE_TRAVERSE, &attributes);
    struct win_list *list = folder ? HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *list) : NULL;
    bool born = false;

    if (list)
        list->folder = folder;
    while (list && w->left && win_list_next(list)) {
        struct str name = utf8_from(w->a, list->name, list->n), path = path_join(w->a, PATH_WINDOWS, here.path, name);
        bool is_folder = (list->attributes & FILE_ATTRIBUTE_DIRECTORY) && !(list->attributes & FILE_ATTRIBUTE_REPARSE_POINT);
        const char *who = here.named && here.depth ? who_obeys(STR(""), name) : NULL;
        w->left--;
        if (who && (text_same(STR(".git"), name) || !is_folder) &&
            is_since(folder, list->name, list->n, w->since_ns, &born)) {
            obeyed_add(w->a, w->out, born ? OBEYED_NEW : OBEYED_CHANGED, path, who);
            if (w->names++ >= WALK_NAMES_MAX)
                w->left = 0;
        }
        if (is_folder && here.depth < WALK_DEPTH && !text_same(STR(".git"), name))
            *(struct level *)ARENA_PUSH(w->a, &w->queue) =
                (struct level){.path = path, .depth = here.depth + 1, .named = here.named && !is_passed_over(name)};
    }
    if (list)
        HeapFree(GetProcessHeap(), 0, list);
    win_close(&folder);
    return w->left > 0;
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
    for (size_t i = 0; all && i < w.queue.n; i++)
        all = walk_one(&w, i) && sys_milliseconds() < end;
    return all;
}
