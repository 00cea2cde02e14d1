/*
 * files: reading, writing and removing files and folders on Windows, and the folders that a session holds.
 *
 * What hostile programs may have made is never reached through a name twice: a folder is opened once, as itself, and everything in
 * it is opened relative to that handle (NtCreateFile's RootDirectory), never through a reparse point.
 */
#include "win32.h"

#include <stdio.h>
#include <string.h>

#define OPLOCK_TRIES    20
#define OPLOCK_AGAIN_MS 10
#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

#ifndef FILE_COMPLETE_IF_OPLOCKED
#define FILE_COMPLETE_IF_OPLOCKED 0x100
#endif
#ifndef STATUS_OPLOCK_BREAK_IN_PROGRESS
#define STATUS_OPLOCK_BREAK_IN_PROGRESS ((NTSTATUS)0x108)
#endif

#ifndef STATUS_SHARING_VIOLATION
#define STATUS_SHARING_VIOLATION ((NTSTATUS)0xc0000043)
#endif

/* ---- handles ---- */

/* A file may be opened so that whoever opens it next waits until its holder has answered ("Opportunistic Locks"): a program inside would
 * hold us there. Asked for so, the handle comes at once; whoever only keeps a cache lets go in a moment, and we try again. */
static NTSTATUS open_unheld(HANDLE *out, ACCESS_MASK access, OBJECT_ATTRIBUTES *object, ULONG disposition, ULONG options)
{
    IO_STATUS_BLOCK io;
    NTSTATUS status;

    for (int i = 0; i < OPLOCK_TRIES; i++) {
        if (i > 0)
            Sleep(OPLOCK_AGAIN_MS);
        memset(&io, 0, sizeof io);
        status = NtCreateFile(out, access, object, &io, NULL, 0, SHARE_ALL, disposition, options | FILE_COMPLETE_IF_OPLOCKED, NULL, 0);
        if (status != STATUS_OPLOCK_BREAK_IN_PROGRESS)
            return status;
        win_close(out);
    }
    return STATUS_SHARING_VIOLATION;
}

HANDLE win_open_beneath(HANDLE folder, const wchar_t *name, size_t n, ACCESS_MASK access, ULONG disposition, ULONG options)
{
    UNICODE_STRING text = {(USHORT)(n * 2), (USHORT)(n * 2), (PWSTR)(uintptr_t)name};
    OBJECT_ATTRIBUTES object;
    HANDLE out = NULL;
    NTSTATUS status;

    if (n == 0 || n > 0x7ff0) {
        SetLastError(ERROR_INVALID_NAME);
        return NULL;
    }
    InitializeObjectAttributes(&object, &text, OBJ_CASE_INSENSITIVE, folder, NULL);
    status = open_unheld(&out, access | SYNCHRONIZE, &object, disposition, options | FILE_OPEN_REPARSE_POINT | FILE_SYNCHRONOUS_IO_NONALERT);
    if (status < 0) {
        SetLastError(RtlNtStatusToDosError(status));
        return NULL;
    }
    return out;
}

HANDLE win_open_itself(const wchar_t *path, DWORD access, DWORD disposition)
{
    HANDLE h = CreateFileW(path, access | SYNCHRONIZE, SHARE_ALL, NULL, disposition,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    return h == INVALID_HANDLE_VALUE ? NULL : h;
}

static bool attributes_of(HANDLE h, DWORD *attributes)
{
    FILE_ATTRIBUTE_TAG_INFO info;

    if (!GetFileInformationByHandleEx(h, FileAttributeTagInfo, &info, sizeof info))
        return false;
    *attributes = info.FileAttributes;
    return true;
}

bool win_list_next(struct win_list *l)
{
    for (;;) {
        const FILE_ID_BOTH_DIR_INFO *entry;
        if (!l->begun || l->at == SIZE_MAX) {
            if (!GetFileInformationByHandleEx(l->folder, l->begun ? FileIdBothDirectoryInfo : FileIdBothDirectoryRestartInfo,
                    l->batch.bytes, sizeof l->batch.bytes))
                return false; /* the last error is ERROR_NO_MORE_FILES at the end */
            l->begun = true;
            l->at = 0;
        }
        entry = (const FILE_ID_BOTH_DIR_INFO *)(const void *)(l->batch.bytes + l->at);
        l->at = entry->NextEntryOffset ? l->at + entry->NextEntryOffset : SIZE_MAX;
        l->name = entry->FileName;
        l->n = entry->FileNameLength / sizeof *entry->FileName;
        l->attributes = entry->FileAttributes;
        if ((l->n == 1 && l->name[0] == L'.') || (l->n == 2 && l->name[0] == L'.' && l->name[1] == L'.'))
            continue;
        return true;
    }
}

/* ---- files ---- */

bool sys_read_file(struct arena *a, struct str path, size_t ceiling, bool nofollow, struct str *out, struct err *e)
{
    struct wide_path wide;
    LARGE_INTEGER size = {0};
    HANDLE h = INVALID_HANDLE_VALUE;
    DWORD attributes = 0, got = 0, code;
    size_t n = 0;
    char *bytes;

    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS | (nofollow ? FILE_FLAG_OPEN_REPARSE_POINT : 0), NULL);
    if (h == INVALID_HANDLE_VALUE)
        return win_fail(e, GetLastError(), path, "cannot open a file");
    if (GetFileType(h) != FILE_TYPE_DISK || !attributes_of(h, &attributes) || (attributes & FILE_ATTRIBUTE_DIRECTORY) ||
        (nofollow && (attributes & FILE_ATTRIBUTE_REPARSE_POINT)) || !GetFileSizeEx(h, &size) ||
        (uint64_t)size.QuadPart > ceiling) {
        CloseHandle(h);
        err_set(e, ERR_LIMIT, "cannot read a file");
        err_subject(e, path);
        return err_reason(e, "it is no regular file of at most %llu bytes", (unsigned long long)ceiling);
    }
    /* One byte more than the size seen, so that a file that grows meanwhile ends there. */
    bytes = arena_alloc(a, (size_t)size.QuadPart + 2, 1);
    do {
        size_t most = (size_t)size.QuadPart + 1 - n;
        if (!ReadFile(h, bytes + n, (DWORD)(most < ((size_t)1 << 30) ? most : (size_t)1 << 30), &got, NULL)) {
            code = GetLastError();
            CloseHandle(h);
            return win_fail(e, code, path, "cannot read a file");
        }
        n += got;
    } while (got > 0 && n <= (size_t)size.QuadPart);
    CloseHandle(h);
    if (n > (size_t)size.QuadPart)
        n = (size_t)size.QuadPart;
    bytes[n] = '\0';
    *out = (struct str){bytes, n};
    return true;
}

static bool write_all(HANDLE h, struct str bytes)
{
    while (bytes.n) {
        DWORD done = 0;
        if (!WriteFile(h, bytes.p, (DWORD)(bytes.n < ((size_t)1 << 30) ? bytes.n : (size_t)1 << 30), &done, NULL))
            return false;
        bytes = str_slice(bytes, done, bytes.n);
    }
    return true;
}

/* FILE_APPEND_DATA without FILE_WRITE_DATA: every write goes to the end, whoever else writes ("File Security and Access Rights"). */
bool sys_append_file(struct str path, struct str bytes, struct err *e)
{
    struct wide_path wide;
    HANDLE h = wide_path(path, &wide) ? win_open_itself(wide.v, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES, OPEN_ALWAYS) : NULL;
    DWORD attributes = 0, code;
    bool good;

    if (!h)
        return win_fail(e, GetLastError(), path, "cannot open a file to append to");
    good = GetFileType(h) == FILE_TYPE_DISK && attributes_of(h, &attributes);
    if (good && (attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT))) {
        SetLastError(ERROR_CANT_ACCESS_FILE);
        good = false;
    }
    good = good && write_all(h, bytes);
    code = GetLastError();
    CloseHandle(h);
    return good || win_fail(e, code, path, "cannot append to a file");
}

bool win_replace_file(struct str path, struct str bytes, struct err *e)
{
    struct wide_path target, beside;
    struct arena a = {0};
    unsigned char random[8];
    DWORD code = 0;
    HANDLE h;
    bool good;

    if (!win_random(random, sizeof random))
        return err_set(e, ERR_SYSTEM, "the system gave no random bytes");
    good = wide_path(path, &target) &&
           wide_path(arena_format(&a, "%.*s.%02x%02x%02x%02x%02x%02x%02x%02x", (int)path.n, path.p, random[0], random[1], random[2],
                         random[3], random[4], random[5], random[6], random[7]),
               &beside);
    arena_release(&a);
    h = good ? CreateFileW(beside.v, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL) : INVALID_HANDLE_VALUE;
    if (h == INVALID_HANDLE_VALUE)
        return win_fail(e, GetLastError(), path, "cannot write a file");
    good = write_all(h, bytes) && FlushFileBuffers(h);
    code = GetLastError();
    CloseHandle(h);
    if (good && !MoveFileExW(beside.v, target.v, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
        code = GetLastError();
        good = false;
    }
    if (!good)
        DeleteFileW(beside.v);
    return good || win_fail(e, code, path, "cannot write a file");
}

bool sys_replace_file(struct str path, struct str bytes, struct err *e)
{
    return win_replace_file(path, bytes, e);
}

HANDLE win_lock_file(struct str path, DWORD ms)
{
    struct wide_path wide;
    uint64_t end = sys_milliseconds() + ms;

    if (!wide_path(path, &wide))
        return NULL;
    for (;;) {
        HANDLE h = CreateFileW(wide.v, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_ALWAYS,
            FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
        if (h != INVALID_HANDLE_VALUE)
            return h;
        if (GetLastError() != ERROR_SHARING_VIOLATION || sys_milliseconds() >= end)
            return NULL;
        Sleep(10);
    }
}

/* mode has no meaning here: what the folder is in decides by inheritance, and the plan where that is not enough. */
bool sys_make_folders(struct str path, uint32_t mode, struct err *e)
{
    struct wide_path wide;
    size_t n, from;

    (void)mode;
    if (!wide_path(path, &wide))
        return win_fail(e, GetLastError(), path, "cannot make a folder");
    if (CreateDirectoryW(wide.v, NULL) || GetLastError() == ERROR_ALREADY_EXISTS)
        return true;
    n = wcslen(wide.v);
    from = wcsncmp(wide.v, L"\\\\?\\", 4) == 0 ? 7 : 1; /* past \\?\C:\ */
    for (size_t i = from; i <= n; i++) {
        DWORD code;
        if (wide.v[i] != L'\\' && wide.v[i] != 0)
            continue;
        wide.v[i] = 0;
        /* A server or a share, or a folder that may not be made but is there, answers in many ways: the last word counts. */
        code = CreateDirectoryW(wide.v, NULL) ? 0 : GetLastError();
        if (i == n && code && code != ERROR_ALREADY_EXISTS)
            return win_fail(e, code, path, "cannot make a folder");
        if (i < n)
            wide.v[i] = L'\\';
    }
    return true;
}

bool sys_remove_file(struct str path, struct err *e)
{
    struct wide_path wide;

    return (wide_path(path, &wide) && DeleteFileW(wide.v)) || win_fail(e, GetLastError(), path, "cannot remove a file");
}

/* ---- a tree that hostile programs wrote ---- */

#define REMOVE_DEPTH  64
#define REMOVE_ROUNDS 1000

/* FILE_DISPOSITION_INFORMATION_EX, "ntddk.h"; the older way leaves the name until the last handle is closed. */
#define DISPOSITION_EX_CLASS ((FILE_INFO_BY_HANDLE_CLASS)21)
#define DISPOSITION_FLAGS    0x13u /* DELETE | POSIX_SEMANTICS | IGNORE_READONLY_ATTRIBUTE */

static bool remove_object(HANDLE h)
{
    DWORD flags = DISPOSITION_FLAGS;
    FILE_DISPOSITION_INFO plain = {TRUE};
    FILE_BASIC_INFO basic = {.FileAttributes = FILE_ATTRIBUTE_NORMAL};

    if (SetFileInformationByHandle(h, DISPOSITION_EX_CLASS, &flags, sizeof flags))
        return true;
    SetFileInformationByHandle(h, FileBasicInfo, &basic, sizeof basic); /* one that is read-only cannot be deleted */
    return SetFileInformationByHandle(h, FileDispositionInfo, &plain, sizeof plain) != 0;
}

/* A folder below the bound is moved up, to be emptied in another round. By its whole name: what is relative to a handle is not
 * taken everywhere (FILE_RENAME_INFO). Nothing of ours is outside of top, so a name that was changed meanwhile moves no more. */
static bool move_up(HANDLE folder, const wchar_t *name, size_t n, HANDLE top, unsigned *serial)
{
    struct {
        FILE_RENAME_INFO info;
        wchar_t room[WIDE_PATH_MAX + 32];
    } to;
    wchar_t *target = to.info.FileName;
    DWORD at = GetFinalPathNameByHandleW(top, target, WIDE_PATH_MAX, VOLUME_NAME_DOS);
    HANDLE h = win_open_beneath(folder, name, n, DELETE, FILE_OPEN, FILE_DIRECTORY_FILE);
    bool good = h != NULL && at > 0 && at < WIDE_PATH_MAX;
    int more = good ? swprintf(target + at, 24, L"\\.deep-%u", *serial) : 0;

    to.info.ReplaceIfExists = FALSE;
    to.info.RootDirectory = NULL;
    to.info.FileNameLength = (DWORD)((at + (DWORD)more) * sizeof *target);
    good = good && SetFileInformationByHandle(h, FileRenameInfo, &to, sizeof to);
    win_close(&h);
    *serial += good;
    return good;
}

static bool remove_below(HANDLE folder, int depth, HANDLE top, unsigned *serial)
{
    struct win_list *l = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *l); /* its batch is too big for 64 levels of stack */
    bool good = l != NULL;

    if (!l)
        return false;
    l->folder = folder;
    while (win_list_next(l)) {
        bool plain = (l->attributes & FILE_ATTRIBUTE_DIRECTORY) && !(l->attributes & FILE_ATTRIBUTE_REPARSE_POINT);
        HANDLE h;
        if (plain && depth == REMOVE_DEPTH) {
            good = move_up(folder, l->name, l->n, top, serial) && good;
            continue;
        }
        h = win_open_beneath(folder, l->name, l->n,
            DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | (plain ? FILE_LIST_DIRECTORY : 0), FILE_OPEN,
            plain ? FILE_DIRECTORY_FILE : 0);
        if (h && plain)
            good = remove_below(h, depth + 1, top, serial) && good;
        good = h && remove_object(h) && good;
        win_close(&h);
    }
    good = GetLastError() == ERROR_NO_MORE_FILES && good;
    HeapFree(GetProcessHeap(), 0, l);
    return good;
}

bool sys_remove_tree(struct str path, struct err *e)
{
    struct wide_path wide;
    unsigned serial = 0, before;
    DWORD attributes, code;
    int round = 0;
    HANDLE top;
    bool good;

    if (!wide_path(path, &wide))
        return win_fail(e, GetLastError(), path, "cannot remove a folder");
    top = win_open_itself(wide.v, DELETE | FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES, OPEN_EXISTING);
    if (!top) {
        code = GetLastError();
        return code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND || win_fail(e, code, path, "cannot remove a folder");
    }
    good = attributes_of(top, &attributes);
    if (good && (attributes & FILE_ATTRIBUTE_DIRECTORY) && !(attributes & FILE_ATTRIBUTE_REPARSE_POINT))
        do { /* as long as deep folders were moved up: go round again, with another handle, since Wine lists by an old list */
            HANDLE again = ReOpenFile(top, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES | SYNCHRONIZE, SHARE_ALL,
                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
            before = serial;
            remove_below(again != INVALID_HANDLE_VALUE ? again : top, 0, top, &serial);
            win_close(&again);
        } while (serial != before && ++round < REMOVE_ROUNDS);
    good = good && remove_object(top);
    code = GetLastError();
    CloseHandle(top);
    return good || win_fail(e, code, path, "cannot remove a folder");
}

/* ---- the session folder ---- */

/*
 * As on Linux, sessions take turns with a few folders, each held as long as it is in use, by its file "lock" that nobody else can
 * open. A mutable global, as the caches' below: our folder must be emptied by whoever ends the program.
 */
#define SESSIONS_MAX 256

static struct {
    char path[PATH_BYTES_MAX];
    HANDLE lock;
} session;

static bool fresh(struct str folder)
{
    static const char *const parts[] = {"upper", "work", "demo", "tmp"};
    struct arena a = {0};
    struct err ignored = {0};
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(parts) && good; i++) {
        struct str part = arena_format(&a, "%.*s\\%s", (int)folder.n, folder.p, parts[i]);
        good = sys_remove_tree(part, &ignored) && (i < 3 || sys_make_folders(part, 0700, &ignored));
    }
    arena_release(&a);
    return good;
}

bool sys_session_folder(struct arena *a, struct str state_dir, struct str *out, struct err *e)
{
    struct str sessions = path_join(a, PATH_WINDOWS, state_dir, STR("sessions"));

    for (int i = 0; i < SESSIONS_MAX && !session.lock; i++) {
        struct str path = arena_format(a, "%s\\s%d", sessions.p, i);
        if (path.n >= sizeof session.path)
            return err_set(e, ERR_LIMIT, "the path of the state folder is too long") || err_subject(e, path);
        if (!sys_make_folders(path, 0700, e))
            return false;
        session.lock = win_lock_file(path_join(a, PATH_WINDOWS, path, STR("lock")), 0);
        if (session.lock && !fresh(path)) /* left to whoever looks into it: the next will do */
            win_close(&session.lock);
        if (session.lock) {
            memcpy(session.path, path.p, path.n + 1);
            *out = path;
        }
    }
    if (session.lock)
        return true;
    err_set(e, ERR_LIMIT, "none of the %d session folders is free", SESSIONS_MAX);
    err_subject(e, sessions);
    return err_remedy(e, "end other sessions; what is left in the folder then can be removed");
}

/* No other session of the person is open. A lock that cannot be had is held. */
bool win_alone(struct arena *a)
{
    struct str sessions = path_parent(PATH_WINDOWS, arena_str(a, str_from(session.path)));
    struct texts names = {0};
    struct err ignored = {0};
    bool alone = session.lock && sys_list_folder(a, sessions, SESSIONS_MAX, &names, &ignored);

    for (size_t i = 0; i < names.n && alone; i++) {
        struct str path = path_join(a, PATH_WINDOWS, sessions, names.v[i]);
        HANDLE lock = NULL;
        if (str_is(path, session.path))
            continue;
        lock = win_lock_file(path_join(a, PATH_WINDOWS, path, STR("lock")), 0);
        alone = lock != NULL || GetLastError() == ERROR_PATH_NOT_FOUND;
        win_close(&lock);
    }
    return alone;
}

void sys_session_folder_end(void)
{
    struct arena a = {0};

    if (session.lock)
        restore_names(win_state_dir(&a));
    arena_release(&a);
    if (session.lock && fresh(str_from(session.path)))
        win_close(&session.lock);
}

/* ---- marks: a walk that was begun and not ended, by this session or by one that crashed ---- */

struct str win_state_dir(struct arena *a)
{
    struct str folder = arena_str(a, str_from(session.path));

    return session.lock ? arena_str(a, path_parent(PATH_WINDOWS, path_parent(PATH_WINDOWS, folder))) : (struct str){0};
}

static struct str mark_of(struct arena *a, struct str top)
{
    uint64_t hash = 14695981039346656037u;
    struct str state = win_state_dir(a);

    for (size_t i = 0; i < top.n; i++)
        hash = (hash ^ (unsigned char)top.p[i]) * 1099511628211u;
    return arena_format(a, "%.*s\\walks\\%016llx", (int)state.n, state.p, (unsigned long long)hash);
}

void win_mark_put(struct str top, struct str place)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct str mark = mark_of(&a, top);

    if (session.lock && sys_make_folders(path_parent(PATH_WINDOWS, mark), 0700, &ignored))
        win_replace_file(mark, place, &ignored);
    arena_release(&a);
}

void win_mark_take(struct str top)
{
    struct arena a = {0};
    struct err ignored = {0};

    if (session.lock)
        sys_remove_file(mark_of(&a, top), &ignored);
    arena_release(&a);
}

bool win_mark_is(struct arena *a, struct str top, struct str *place)
{
    struct err ignored = {0};

    return session.lock && sys_read_file(a, mark_of(a, top), WIDE_PATH_MAX * 3, true, place, &ignored);
}

/* ---- caches ---- */

static struct {
    char path[PATH_BYTES_MAX];
    HANDLE lock;
} caches;

bool sys_caches_folder(struct arena *a, struct str state_dir, struct str workspace, struct str *out, struct err *e)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a: only to give each workspace a folder of its own */
    struct str path;
    HANDLE lock;

    for (size_t i = 0; i < workspace.n; i++)
        hash = (hash ^ (unsigned char)workspace.p[i]) * 1099511628211u;
    path = arena_format(a, "%.*s\\caches\\%016llx", (int)state_dir.n, state_dir.p, (unsigned long long)hash);
    if (caches.lock && str_is(path, caches.path)) {
        *out = path;
        return true;
    }
    if (path.n >= sizeof caches.path || !sys_make_folders(path, 0700, e))
        return err_set(e, ERR_LIMIT, "the path of the state folder is too long");
    lock = win_lock_file(path_join(a, PATH_WINDOWS, path, STR("lock")), 0);
    if (!lock)
        return true; /* another session has it: the layer lives in our own session's folder */
    win_close(&caches.lock);
    caches.lock = lock;
    memcpy(caches.path, path.p, path.n + 1);
    *out = path;
    return true;
}
