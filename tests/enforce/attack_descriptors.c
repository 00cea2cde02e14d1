/*
 * attack_descriptors: what a program can do with what it was handed: descriptors that were left
 * open, and the three standard ones when they lead to files or terminals of the outside.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "attack.h"

static struct outcome fd_chmod(char **a)
{
    return outcome_of(fchmod((int)number(a[0]), 0777));
}

/* The mode that it has, set again: a change of the inode that changes nothing. */
static struct outcome fd_same_mode(char **a)
{
    struct stat st;
    int fd = (int)number(a[0]);
    return fstat(fd, &st) < 0 ? outcome_errno(errno) : outcome_of(fchmod(fd, st.st_mode & 07777));
}

static struct outcome path_same_mode(char **a)
{
    struct stat st;
    return stat(a[0], &st) < 0 ? outcome_errno(errno) : outcome_of(chmod(a[0], st.st_mode & 07777));
}

static struct outcome fd_utimes(char **a)
{
    struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
    return outcome_of(futimens((int)number(a[0]), times));
}

static struct outcome fd_setxattr(char **a)
{
    return outcome_of(fsetxattr((int)number(a[0]), "user.attacked", "1", 1, 0));
}

static struct outcome fd_reopen(char **a)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%ld", number(a[0]));
    int fd = open(link, O_WRONLY | O_APPEND | O_NONBLOCK);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(write(fd, "attacked\n", 9));
    close(fd);
    return o;
}

static struct outcome fd_write(char **a)
{
    return outcome_of(write((int)number(a[0]), "attacked\n", 9));
}

static struct outcome fd_truncate(char **a)
{
    return outcome_of(ftruncate((int)number(a[0]), 0));
}

/* Is anything open beyond the three? Looked for by number, not through /proc, which may be covered.
 */
static struct outcome fd_left(char **a)
{
    (void)a;
    for (int fd = 3; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return outcome_done();
    return (struct outcome){ANSWER_MISSING, 0};
}

/* Creates a file below an inherited folder. */
static struct outcome fd_create(char **a)
{
    int fd = openat((int)number(a[0]), a[1], O_WRONLY | O_CREAT, 0600);
    struct outcome o = outcome_of(fd);
    if (fd >= 0)
        close(fd);
    return o;
}

/* For the driver to compare: device, inode, rdev and kind of the descriptors 0 to 2, on the file
 * a[0]. */
static struct outcome fd_identities(char **a)
{
    FILE *out = fopen(a[0], "w");
    if (!out)
        return outcome_cannot();
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;
        if (fstat(fd, &st) < 0)
            fprintf(out, "%d none\n", fd);
        else
            fprintf(out, "%d %llu %llu %llu %o %d\n", fd, (unsigned long long)st.st_dev,
                (unsigned long long)st.st_ino, (unsigned long long)st.st_rdev,
                (unsigned)(st.st_mode & S_IFMT), isatty(fd));
    }
    fclose(out);
    return outcome_done();
}

const struct verb verbs_descriptors[] = {
    {"fd-chmod", 1, fd_chmod},
    {"fd-same-mode", 1, fd_same_mode},
    {"same-mode", 1, path_same_mode},
    {"fd-utimes", 1, fd_utimes},
    {"fd-setxattr", 1, fd_setxattr},
    {"fd-reopen", 1, fd_reopen},
    {"fd-write", 1, fd_write},
    {"fd-truncate", 1, fd_truncate},
    {"fd-left", 0, fd_left},
    {"fd-create", 2, fd_create},
    {"fd-identities", 1, fd_identities},
    {NULL, 0, NULL},
};
