/*
 * attack_files: what a program can try on a path. The path is a decoy of the test, outside of what
 * the sandbox may write; or a device or knob that is only opened, never written.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "attack.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* The write itself can be refused too, so an open alone is not yet done. */
static struct outcome write_to(int fd, const char *text)
{
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(write(fd, text, strlen(text)));
    close(fd);
    return o;
}

static struct outcome only_open(int fd)
{
    struct outcome o = outcome_of(fd);
    if (fd >= 0)
        close(fd);
    return o;
}

static int magic(int fd, int flags) /* the same object again, by its link in /proc */
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return open(link, flags);
}

static struct outcome do_append(char **a)
{
    return write_to(open(a[0], O_WRONLY | O_APPEND | O_CLOEXEC), "attacked\n");
}

static struct outcome do_create(char **a)
{
    return write_to(open(a[0], O_WRONLY | O_CREAT | O_EXCL, 0755), "#!/bin/sh\nexit 0\n");
}

static struct outcome do_open_trunc(char **a)
{
    return only_open(open(a[0], O_WRONLY | O_TRUNC));
}

static struct outcome do_rdonly_trunc(char **a) /* O_TRUNC truncates even when opened for reading */
{
    return only_open(open(a[0], O_RDONLY | O_TRUNC));
}

static struct outcome do_openat2_write(char **a)
{
    struct open_how how = {.flags = O_WRONLY | O_APPEND};
    return write_to((int)syscall(SYS_openat2, AT_FDCWD, a[0], &how, sizeof how), "attacked\n");
}

static struct outcome do_open_write(char **a)
{
    return only_open(open(a[0], O_WRONLY | O_NONBLOCK | O_NOCTTY));
}

static struct outcome do_open_read(char **a)
{
    return only_open(open(a[0], O_RDONLY | O_NONBLOCK | O_NOCTTY));
}

static struct outcome read_some(int fd)
{
    char byte;
    if (fd < 0)
        return outcome_errno(errno);
    long n = read(fd, &byte, 1);
    struct outcome o = n == 0 ? (struct outcome){ANSWER_MISSING, 0} : outcome_of(n);
    close(fd);
    return o;
}

static struct outcome do_read(char **a)
{
    return read_some(open(a[0], O_RDONLY | O_NONBLOCK));
}

static struct outcome do_list(char **a)
{
    DIR *dir = opendir(a[0]);
    if (!dir)
        return outcome_errno(errno);
    struct outcome o = {ANSWER_MISSING, 0};
    for (struct dirent *d; (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            o = outcome_done();
    closedir(dir);
    return o;
}

static struct outcome do_truncate(char **a)
{
    return outcome_of(truncate(a[0], 0));
}

static struct outcome do_unlink(char **a)
{
    return outcome_of(unlink(a[0]));
}

static struct outcome do_rmdir(char **a)
{
    return outcome_of(rmdir(a[0]));
}

static struct outcome do_mkdir(char **a)
{
    return outcome_of(mkdir(a[0], 0755));
}

static struct outcome do_tmpfile(char **a)
{
    return write_to(open(a[0], O_TMPFILE | O_WRONLY, 0600), "x");
}

static struct outcome do_tmpfile_link(
    char **a) /* a nameless file made in a[0], given the name a[1] */
{
    int fd = open(a[0], O_TMPFILE | O_WRONLY, 0755);
    char link[64];
    if (fd < 0)
        return outcome_cannot();
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    struct outcome o = outcome_of(linkat(AT_FDCWD, link, AT_FDCWD, a[1], AT_SYMLINK_FOLLOW));
    close(fd);
    return o;
}

static struct outcome do_rename(char **a)
{
    return outcome_of(rename(a[0], a[1]));
}

static struct outcome do_exchange(char **a)
{
    return outcome_of(syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], RENAME_EXCHANGE));
}

static struct outcome do_link(char **a)
{
    return outcome_of(link(a[0], a[1]));
}

static struct outcome do_link_append(char **a)
{
    if (link(a[0], a[1]) < 0)
        return outcome_errno(errno);
    return do_append(a + 1);
}

static struct outcome do_fd_link(char **a)
{
    int fd = open(a[0], O_RDONLY);
    char link[64];
    if (fd < 0)
        return outcome_errno(errno);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    struct outcome o = outcome_of(linkat(AT_FDCWD, link, AT_FDCWD, a[1], AT_SYMLINK_FOLLOW));
    close(fd);
    return o;
}

static struct outcome do_symlink(char **a)
{
    return outcome_of(symlink(a[0], a[1]));
}

static struct outcome do_symlink_append(char **a)
{
    if (symlink(a[0], a[1]) < 0)
        return outcome_cannot();
    return do_append(a + 1);
}

static struct outcome do_symlink_read(char **a)
{
    if (symlink(a[0], a[1]) < 0)
        return outcome_cannot();
    return do_read(a + 1);
}

static struct outcome do_rename_read(char **a)
{
    if (rename(a[0], a[1]) < 0)
        return outcome_errno(errno);
    return do_read(a + 1);
}

static struct outcome do_link_read(char **a)
{
    if (link(a[0], a[1]) < 0)
        return outcome_errno(errno);
    return do_read(a + 1);
}

static struct outcome do_chmod(char **a)
{
    return outcome_of(chmod(a[0], 0777));
}

static struct outcome do_fchmod(char **a)
{
    int fd = open(a[0], O_RDONLY);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(fchmod(fd, 0777));
    close(fd);
    return o;
}

static struct outcome do_path_chmod(char **a)
{
    int fd = open(a[0], O_PATH);
    char link[64];
    if (fd < 0)
        return outcome_errno(errno);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    struct outcome o = outcome_of(chmod(link, 0777));
    close(fd);
    return o;
}

static struct outcome do_fchmodat2(char **a)
{
    return outcome_of(syscall(SYS_fchmodat2, AT_FDCWD, a[0], 0777, AT_SYMLINK_NOFOLLOW));
}

static struct outcome do_chown(
    char **a) /* to whom it belongs already: still a change of the inode */
{
    return outcome_of(chown(a[0], getuid(), getgid()));
}

static struct outcome do_utimes(char **a)
{
    struct timeval times[2] = {{1000000000, 0}, {1000000000, 0}};
    return outcome_of(utimes(a[0], times));
}

static struct outcome do_futimens(char **a)
{
    struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
    int fd = open(a[0], O_RDONLY);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(futimens(fd, times));
    close(fd);
    return o;
}

static struct outcome do_setxattr(char **a)
{
    return outcome_of(setxattr(a[0], "user.attacked", "1", 1, 0));
}

static struct outcome do_fsetxattr(char **a)
{
    int fd = open(a[0], O_RDONLY);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(fsetxattr(fd, "user.attacked", "1", 1, 0));
    close(fd);
    return o;
}

static struct outcome do_setflags(char **a)
{
    int fd = open(a[0], O_RDONLY);
    long flags = 0;
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = outcome_of(ioctl(fd, FS_IOC_GETFLAGS, &flags));
    flags |= FS_NODUMP_FL;
    if (o.answer == ANSWER_DONE)
        o = outcome_of(ioctl(fd, FS_IOC_SETFLAGS, &flags));
    close(fd);
    return o;
}

static struct outcome do_reopen(char **a)
{
    int fd = open(a[0], O_RDONLY);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = write_to(magic(fd, O_WRONLY | O_APPEND), "attacked\n");
    close(fd);
    return o;
}

static struct outcome do_path_reopen(char **a)
{
    int fd = open(a[0], O_PATH);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = write_to(magic(fd, O_WRONLY | O_APPEND), "attacked\n");
    close(fd);
    return o;
}

static struct outcome do_path_read(char **a)
{
    int fd = open(a[0], O_PATH);
    if (fd < 0)
        return outcome_errno(errno);
    struct outcome o = read_some(magic(fd, O_RDONLY));
    close(fd);
    return o;
}

static struct outcome do_mmap_write(char **a)
{
    int fd = open(a[0], O_RDWR);
    if (fd < 0)
        return outcome_errno(errno);
    char *p = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct outcome o = p == MAP_FAILED ? outcome_errno(errno) : outcome_done();
    if (o.answer == ANSWER_DONE) {
        *p = '#';
        munmap(p, 1);
    }
    close(fd);
    return o;
}

static struct outcome do_mknod(char **a) /* PATH MAJOR MINOR: made and opened */
{
    if (mknod(a[0], S_IFCHR | 0666, makedev((unsigned)number(a[1]), (unsigned)number(a[2]))) < 0)
        return outcome_errno(errno);
    return do_open_read(a);
}

static struct outcome do_mkfifo(char **a)
{
    return outcome_of(mkfifo(a[0], 0600));
}

static struct outcome do_bind_unix(char **a)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return outcome_errno(errno);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", a[0]);
    struct outcome o = outcome_of(bind(fd, (struct sockaddr *)&at, sizeof at));
    close(fd);
    return o;
}

static struct outcome do_fifo_write(char **a)
{
    return write_to(open(a[0], O_WRONLY | O_NONBLOCK), "attacked\n");
}

static struct outcome do_fifo_rdwr(char **a)
{
    return write_to(open(a[0], O_RDWR | O_NONBLOCK), "attacked\n");
}

static struct outcome do_via_cwd(
    char **a) /* enter a[0], then append to a[1] by the link of the cwd */
{
    char path[4200];
    if (chdir(a[0]) < 0)
        return outcome_errno(errno);
    snprintf(path, sizeof path, "/proc/self/cwd/%s", a[1]);
    char *again[] = {path, NULL};
    return do_append(again);
}

static struct outcome do_handle(char **a)
{
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } u;
    int mount = 0, folder = open("/", O_RDONLY | O_DIRECTORY);
    memset(&u, 0, sizeof u);
    u.handle.handle_bytes = MAX_HANDLE_SZ;
    if (folder < 0 || name_to_handle_at(AT_FDCWD, a[0], &u.handle, &mount, 0) < 0)
        return outcome_errno(errno);
    struct outcome o = only_open(open_by_handle_at(folder, &u.handle, O_RDONLY));
    close(folder);
    return o;
}

const struct verb verbs_files[] = {
    {"append", 1, do_append},
    {"create", 1, do_create},
    {"open-trunc", 1, do_open_trunc},
    {"rdonly-trunc", 1, do_rdonly_trunc},
    {"openat2-write", 1, do_openat2_write},
    {"open-write", 1, do_open_write},
    {"open-read", 1, do_open_read},
    {"read", 1, do_read},
    {"list", 1, do_list},
    {"truncate", 1, do_truncate},
    {"unlink", 1, do_unlink},
    {"rmdir", 1, do_rmdir},
    {"mkdir", 1, do_mkdir},
    {"tmpfile", 1, do_tmpfile},
    {"tmpfile-link", 2, do_tmpfile_link},
    {"rename", 2, do_rename},
    {"exchange", 2, do_exchange},
    {"link", 2, do_link},
    {"link-append", 2, do_link_append},
    {"fd-link", 2, do_fd_link},
    {"symlink", 2, do_symlink},
    {"symlink-append", 2, do_symlink_append},
    {"symlink-read", 2, do_symlink_read},
    {"rename-read", 2, do_rename_read},
    {"link-read", 2, do_link_read},
    {"chmod", 1, do_chmod},
    {"fchmod", 1, do_fchmod},
    {"path-chmod", 1, do_path_chmod},
    {"fchmodat2", 1, do_fchmodat2},
    {"chown", 1, do_chown},
    {"utimes", 1, do_utimes},
    {"futimens", 1, do_futimens},
    {"setxattr", 1, do_setxattr},
    {"fsetxattr", 1, do_fsetxattr},
    {"setflags", 1, do_setflags},
    {"reopen", 1, do_reopen},
    {"path-reopen", 1, do_path_reopen},
    {"path-read", 1, do_path_read},
    {"mmap-write", 1, do_mmap_write},
    {"mknod", 3, do_mknod},
    {"mkfifo", 1, do_mkfifo},
    {"bind-unix", 1, do_bind_unix},
    {"fifo-write", 1, do_fifo_write},
    {"fifo-rdwr", 1, do_fifo_rdwr},
    {"via-cwd", 2, do_via_cwd},
    {"by-handle", 1, do_handle},
    {NULL, 0, NULL},
};
