/*
 * logs: files that Cordon itself writes line by line while a session lives, and reads later or from another terminal. Windows
 * edge. A log that is being written is held: a byte far behind any that a log has is locked ("LockFileEx" may lock what is not
 * there), so that nobody takes a living one for an old one, and everybody can read it.
 */
#include "win32.h"

#include <stdlib.h>
#include <string.h>

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define HELD_HIGH 0x7fffff00u /* of the byte's offset */

bool sys_log_create(struct str path, sys_handle *out, struct err *e)
{
    struct wide_path wide;
    OVERLAPPED at = {.OffsetHigh = HELD_HIGH};
    HANDLE h = INVALID_HANDLE_VALUE;

    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, FILE_APPEND_DATA | GENERIC_READ, SHARE_ALL, NULL, CREATE_NEW, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return win_fail(e, GetLastError(), path, "cannot begin a log");
    LockFileEx(h, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at); /* it is new: nobody else can have it */
    *out = sys_from_stream(NULL, h);
    return true;
}

static HANDLE open_log(struct str path)
{
    struct wide_path wide;
    HANDLE h = INVALID_HANDLE_VALUE;

    if (wide_path(path, &wide))
        h = CreateFileW(wide.v, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    return h == INVALID_HANDLE_VALUE ? NULL : h;
}

bool sys_log_is_held(struct str path)
{
    OVERLAPPED at = {.OffsetHigh = HELD_HIGH};
    HANDLE h = open_log(path);
    bool held = h && !LockFileEx(h, LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at) &&
                (GetLastError() == ERROR_LOCK_VIOLATION || GetLastError() == ERROR_IO_PENDING);

    win_close(&h);
    return held;
}

bool sys_log_read(struct str path, uint64_t from, size_t most, struct buf *out, struct err *e)
{
    HANDLE h = open_log(path);
    FILE_ATTRIBUTE_TAG_INFO info = {0};
    char bytes[16384];
    bool good = true;
    DWORD code = 0;

    if (!h)
        return win_fail(e, GetLastError(), path, "cannot open a log");
    if (GetFileType(h) != FILE_TYPE_DISK || !GetFileInformationByHandleEx(h, FileAttributeTagInfo, &info, sizeof info) ||
        (info.FileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT))) {
        CloseHandle(h);
        err_set(e, ERR_SYSTEM, "a log is no regular file");
        return err_subject(e, path);
    }
    while (most > 0) {
        OVERLAPPED at = {.Offset = (DWORD)from, .OffsetHigh = (DWORD)(from >> 32)};
        DWORD got = 0;
        if (!ReadFile(h, bytes, (DWORD)(most < sizeof bytes ? most : sizeof bytes), &got, &at)) {
            code = GetLastError();
            good = code == ERROR_HANDLE_EOF;
            break;
        }
        if (got == 0)
            break;
        buf_add(out, bytes, got);
        from += got;
        most -= got;
    }
    CloseHandle(h);
    return good || win_fail(e, code, path, "cannot read a log");
}

static int by_bytes(const void *x, const void *y)
{
    return str_compare(*(const struct str *)x, *(const struct str *)y);
}

bool sys_list_folder(struct arena *a, struct str path, size_t most, struct texts *out, struct err *e)
{
    struct wide_path wide;
    struct win_list *l;
    HANDLE folder = wide_path(path, &wide) ? win_open_itself(wide.v, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, OPEN_EXISTING) : NULL;
    FILE_ATTRIBUTE_TAG_INFO info = {0};
    DWORD code = GetLastError();

    if (folder && (!GetFileInformationByHandleEx(folder, FileAttributeTagInfo, &info, sizeof info) ||
                      !(info.FileAttributes & FILE_ATTRIBUTE_DIRECTORY) || (info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))) {
        code = ERROR_DIRECTORY;
        win_close(&folder);
    }
    if (!folder)
        return win_fail(e, code, path, "cannot list a folder");
    l = arena_alloc(a, 1, sizeof *l);
    l->folder = folder;
    while (out->n < most && win_list_next(l)) {
        struct str name = utf8_from(a, l->name, l->n);

            *(struct str *)ARENA_PUSH(a, out) = name;
    }
    CloseHandle(folder);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_bytes);
    return true;
}
