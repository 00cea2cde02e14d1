/*
 * logs: files that Cordon itself writes line by line while a session lives, and reads later or from another terminal. Linux
 * edge. A log that is being written is held (locked), so that nobody takes a living one for an old one.
 */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(struct err *e, const char *what, struct str path)
{
    long code = errno;

    err_set(e, code == ENOENT ? ERR_MISSING : ERR_SYSTEM, "%s", what);
    err_subject(e, path);
    sys_reason(e, code);
    return false;
}

bool sys_log_create(struct str path, sys_handle *out, struct err *e)
{
    int fd = open(path.p, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return fail(e, "cannot begin a log", path);
    flock(fd, LOCK_EX | LOCK_NB); /* it is new: nobody else can have it */
    *out = fd;
    return true;
}

bool sys_log_is_held(struct str path)
{
    int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

    if (fd >= 0)
        close(fd);
    return held;
}

bool sys_log_read(struct str path, uint64_t from, size_t most, struct buf *out, struct err *e)
{
    int fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    char bytes[65536];
    struct stat st;
    ssize_t n = 0;

    if (fd < 0)
        return fail(e, "cannot open a log", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        err_set(e, ERR_SYSTEM, "a log is no regular file");
        return err_subject(e, path);
    }
    while (most > 0) {
        n = pread(fd, bytes, most < sizeof bytes ? most : sizeof bytes, (off_t)from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        buf_add(out, bytes, (size_t)n);
        from += (uint64_t)n;
        most -= (size_t)n;
    }
    if (n < 0)
        fail(e, "cannot read a log", path);
    close(fd);
    return n >= 0;
}

static int by_bytes(const void *x, const void *y)
{
    return str_compare(*(const struct str *)x, *(const struct str *)y);
}

bool sys_list_folder(struct arena *a, struct str path, size_t most, struct texts *out, struct err *e)
{
    int fd = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!folder) {
        fail(e, "cannot list a folder", path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (out->n < most && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *(struct str *)ARENA_PUSH(a, out) = arena_str(a, str_from(entry->d_name));
    closedir(folder);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_bytes);
    return true;
}

bool sys_remove_file(struct str path, struct err *e)
{
    return unlink(path.p) == 0 || fail(e, "cannot remove a file", path);
}
