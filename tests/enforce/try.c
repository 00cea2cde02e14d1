/*
 * try: what predicted.py runs inside: reads "OPERATION PATH" lines, tries each, undoes what it did, and prints what came of it,
 * one word in each line: done, missing, there (what was to be made), or the errno's number. Alone, with nothing of Cordon in it.
 *
 * An operation that was let through and then failed for what is there (a folder that is not empty, a file opened as a folder)
 * is done: the question is who may, not whether it makes sense.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int try_read(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    int code = 0;

    if (fd < 0)
        return errno;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && strncmp(path, "/proc/", 6) != 0 && read(fd, &byte, 1) < 0)
        code = errno;
    close(fd);
    return code;
}

/* Of a folder: a file without a name in it. */
static int try_write(const char *path)
{
    struct stat st;
    int fd;

    if (stat(path, &st) != 0)
        return errno;
    fd = S_ISDIR(st.st_mode) ? open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600)
                             : open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int try_create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    unlink(path);
    return 0;
}

/* Made again as it was, but for what was in it. */
static int try_delete(const char *path)
{
    char target[4096];
    struct stat st;
    ssize_t n = 0;
    int fd;

    if (lstat(path, &st) != 0)
        return errno;
    if (S_ISLNK(st.st_mode) && (n = readlink(path, target, sizeof target - 1)) < 0)
        return errno;
    target[n < 0 ? 0 : n] = '\0';
    if ((S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path)) != 0)
        return errno;
    if (S_ISDIR(st.st_mode)) {
        mkdir(path, st.st_mode & 07777);
    } else if (S_ISLNK(st.st_mode)) {
        if (symlink(target, path) != 0)
            return 0;
    } else if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 07777)) >= 0) {
        close(fd);
    }
    return 0;
}

static int try_rename(const char *path)
{
    char other[4200];

    snprintf(other, sizeof other, "%s.tried", path);
    if (rename(path, other) != 0)
        return errno;
    return rename(other, path) == 0 ? 0 : errno;
}

/* A further name for a nameless file beside it. */
static int try_link(const char *path)
{
    char folder[4200], way[64], *slash;
    struct stat st;
    int fd, code = 0;

    if (lstat(path, &st) == 0)
        return EEXIST;
    snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (!slash)
        return EINVAL;
    slash[slash == folder] = '\0';
    fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EOPNOTSUPP ? EEXIST : errno; /* no answer where there are none */
    snprintf(way, sizeof way, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, way, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0)
        code = errno;
    else
        unlink(path);
    close(fd);
    return code;
}

static int try_mode(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno;
    return chmod(path, st.st_mode & 07777) == 0 ? 0 : errno;
}

static int try_time(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno;
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    return utimensat(AT_FDCWD, path, times, 0) == 0 ? 0 : errno;
}

static int try_one(const char *operation, const char *path)
{
    static const struct {
        const char *name;
        int (*run)(const char *path);
    } rows[] = {{"read", try_read}, {"write", try_write}, {"create", try_create}, {"delete", try_delete},
        {"rename", try_rename}, {"link", try_link}, {"mode", try_mode}, {"time", try_time}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, operation) == 0)
            return rows[i].run(path);
    return EINVAL;
}

int main(void)
{
    static char line[8192];

    while (fgets(line, sizeof line, stdin)) {
        char *path = strchr(line, ' '), *end = strchr(line, '\n');
        int code;
        if (!path || !end)
            continue;
        *path++ = '\0';
        *end = '\0';
        code = try_one(line, path);
        if (code == EEXIST || (code == ENOTEMPTY && strcmp(line, "delete") == 0))
            puts("there"); /* a folder with something in it: neither a rule's word nor done */
        else if (code == 0 || code == ENOTEMPTY || code == EISDIR || code == ENXIO || code == ETXTBSY ||
            code == EOPNOTSUPP || code == EINVAL || code == EIO || code == ESRCH || code == ELOOP)
            puts("done");
        else if (code == ENOENT || code == ENOTDIR)
            puts("missing");
        else
            printf("%d\n", code);
    }
    return 0;
}
