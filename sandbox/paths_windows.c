/*
 * paths: what is on the disk behind the paths that rules name, looked at by a held handle: the object itself and not what it leads to,
 * then where it leads, its identity, its links and its descriptor.
 */
#include "win32.h"
#include "core/store.h"
#include "core/wide.h"

#include <aclapi.h>
#include <string.h>
#include <winioctl.h>

static enum fact_kind kind_of(DWORD attributes, DWORD tag)
{
    if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) && (tag == IO_REPARSE_TAG_SYMLINK || tag == IO_REPARSE_TAG_MOUNT_POINT))
        return FACT_SYMLINK;
    if (attributes & FILE_ATTRIBUTE_DIRECTORY)
        return FACT_FOLDER;
    return attributes & FILE_ATTRIBUTE_DEVICE ? FACT_OTHER : FACT_FILE;
}

/* Owner and DACL, as one block of bytes. None: they could not be read. */
static struct str descriptor_of(struct arena *a, HANDLE h)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    struct str out = {0};

    if (GetSecurityInfo(h, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL,
            &descriptor) == ERROR_SUCCESS &&
        descriptor) {
        out = arena_str(a, (struct str){descriptor, GetSecurityDescriptorLength(descriptor)});
        LocalFree(descriptor);
    }
    return out;
}

static void look_at_object(struct arena *a, HANDLE h, struct fact *f)
{
    struct wide_path wide;
    BY_HANDLE_FILE_INFORMATION info;
    DWORD n = GetFinalPathNameByHandleW(h, wide.v, COUNT_OF(wide.v), FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);

    if (n > 0 && n < COUNT_OF(wide.v))
        f->real = utf8_from_path(a, wide.v, n);
    if (GetFileInformationByHandle(h, &info)) {
        f->real_kind = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? FACT_FOLDER : FACT_FILE;
        f->links = info.nNumberOfLinks;
    }
    f->descriptor = descriptor_of(a, h);
}

/* ReFS has ids of 128 bits, of which the older call gives half or none. */
bool win_identity(HANDLE h, uint64_t *dev, uint64_t *ino)
{
    BY_HANDLE_FILE_INFORMATION info;
    FILE_ID_INFO id;
    uint64_t low, high;

    if (GetFileInformationByHandleEx(h, FileIdInfo, &id, sizeof id)) {
        memcpy(&low, id.FileId.Identifier, sizeof low);
        memcpy(&high, id.FileId.Identifier + 8, sizeof high);
        *dev = id.VolumeSerialNumber;
        *ino = low ^ (high * 0x9e3779b97f4a7c15u);
        return true;
    }
    if (!GetFileInformationByHandle(h, &info))
        return false;
    *dev = info.dwVolumeSerialNumber;
    *ino = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
    return true;
}

/* What a symbolic link was made with ("Reparse Points", SYMBOLIC_LINK_REPARSE_BUFFER). One that leads to a share is not followed: a
 * program inside may have made it, and whoever follows it asks that server as the person. What cannot be read is not followed either. */
static bool may_be_followed(struct arena *a, HANDLE link)
{
    struct {
        DWORD tag;
        WORD length, reserved, name_at, name_bytes, print_at, print_bytes;
        DWORD flags;
        wchar_t names[8192];
    } data;
    wchar_t drive[4] = L"C:\\";
    struct str name;
    DWORD n = 0;

    if (!DeviceIoControl(link, FSCTL_GET_REPARSE_POINT, NULL, 0, &data, sizeof data, &n, NULL) || n < 20 ||
        data.tag != IO_REPARSE_TAG_SYMLINK || (size_t)data.name_at + data.name_bytes > sizeof data.names)
        return false;
    name = wide_to_text(a, (const uint16_t *)data.names + data.name_at / 2, data.name_bytes / 2);
    if (!path_link_is_local(name, data.flags & 1 /* SYMLINK_FLAG_RELATIVE */))
        return false;
    if (!(data.flags & 1) && name.n > 5 && name.p[5] == ':') {
        drive[0] = (wchar_t)name.p[4];
        return GetDriveTypeW(drive) != DRIVE_REMOTE;
    }
    return true;
}

static struct fact look_at(struct arena *a, struct str path)
{
    struct fact f = {.path = path, .kind = FACT_UNKNOWN, .real_kind = FACT_UNKNOWN};
    FILE_ATTRIBUTE_TAG_INFO tag = {0};
    struct wide_path wide;
    HANDLE h;

    if (!wide_path(path, &wide)) {
        f.code = (long)GetLastError();
        return f;
    }
    h = win_open_itself(wide.v, READ_CONTROL | FILE_READ_ATTRIBUTES, OPEN_EXISTING);
    if (!h && GetLastError() == ERROR_ACCESS_DENIED)
        h = win_open_itself(wide.v, FILE_READ_ATTRIBUTES, OPEN_EXISTING);
    if (!h) {
        f.code = (long)GetLastError();
        if (f.code == ERROR_FILE_NOT_FOUND || f.code == ERROR_PATH_NOT_FOUND || f.code == ERROR_INVALID_NAME)
            f.kind = f.real_kind = FACT_MISSING;
        return f;
    }
    GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof tag);
    f.reparse = (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
    f.kind = kind_of(tag.FileAttributes, tag.ReparseTag);
    if (f.kind == FACT_SYMLINK && tag.ReparseTag == IO_REPARSE_TAG_SYMLINK && !may_be_followed(a, h)) {
        CloseHandle(h);
        return f;
    }
    if (f.kind == FACT_SYMLINK) {
        HANDLE led = CreateFileW(wide.v, READ_CONTROL | FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
        CloseHandle(h);
        h = led == INVALID_HANDLE_VALUE ? NULL : led;
    }
    if (!h) {
        f.real_kind = FACT_MISSING;
        return f;
    }
    look_at_object(a, h, &f);
    win_identity(h, &f.dev, &f.ino);
    CloseHandle(h);
    return f;
}

/* What Cordon itself made to hold a name is as good as missing: so a plan asks for the same, whether it stands there or not. */
static bool holds_a_name(struct arena *a, const struct entries *made, const struct fact *f)
{
    for (size_t i = 0; i < made->n; i++)
        if (f->real.n && f->dev == made->v[i].dev && f->ino == made->v[i].ino && str_eq(f->path, made->v[i].path))
            return restore_is_as_made(a, made, &made->v[i]);
    return false;
}

bool facts_plain(struct str path)
{
    for (;;) {
        DWORD attributes = 0, code;
        HANDLE h = win_open_plain(path, FILE_READ_ATTRIBUTES, &attributes);
        struct str above = path_parent(PATH_WINDOWS, path);
        if (h) {
            CloseHandle(h);
            return true;
        }
        code = GetLastError();
        if ((code != ERROR_FILE_NOT_FOUND && code != ERROR_PATH_NOT_FOUND) || above.n == path.n)
            return false;
        path = above;
    }
}

void facts_paths(struct arena *a, const struct texts *questions, struct facts *out)
{
    struct entries made = {0};

    if (out->host.state_dir.n)
        win_ledger_names(a, out->host.state_dir, &made);
    for (size_t i = 0; i < questions->n; i++) {
        struct fact *f = ARENA_PUSH(a, out);
        *f = look_at(a, questions->v[i]);
        f->placeholder = holds_a_name(a, &made, f);
    }
}
