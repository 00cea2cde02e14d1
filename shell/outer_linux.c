/*
 * outer: what Cordon was started with: the kind of each standard descriptor, and where an administrator's
 * policy is. Linux edge.
 */
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

bool std_fill(void)
{
    signal(SIGCHLD, SIG_DFL); /* whoever started us may have ignored it: then no end of a process is told */
    for (;;) {
        int fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            return false;
        if (fd > 2) {
            close(fd);
            return true;
        }
    }
}

/* One end of a socketpair(2) of streams, which many programs use as a pipe (Node for all that it starts). Both ends are
 * without a name: a socket that somebody listens or has connected on is told apart by that. */
static bool is_pair(int number)
{
    struct sockaddr_un name;
    socklen_t n = sizeof name, type_size = sizeof(int);
    int type = 0;

    return getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM &&
           getsockname(number, (struct sockaddr *)&name, &n) == 0 && name.sun_family == AF_UNIX &&
           n == sizeof name.sun_family &&
           (n = sizeof name, getpeername(number, (struct sockaddr *)&name, &n) == 0) &&
           n == sizeof name.sun_family;
}

enum std_is std_look(int number)
{
    struct stat st;
    if (fstat(number, &st) != 0)
        return STD_IS_CLOSED;
    if (S_ISREG(st.st_mode))
        return STD_IS_FILE;
    if (S_ISFIFO(st.st_mode))
        return STD_IS_STREAM;
    if (S_ISDIR(st.st_mode))
        return STD_IS_FOLDER;
    if (S_ISSOCK(st.st_mode))
        return is_pair(number) ? STD_IS_STREAM : STD_IS_SOCKET;
    if (S_ISCHR(st.st_mode)) {
        if (isatty(number))
            return STD_IS_TERMINAL;
        return st.st_rdev == makedev(1, 3) ? STD_IS_NULL : STD_IS_STREAM;
    }
    return STD_IS_OTHER;
}

bool std_is_emulated(int number)
{
    (void)number;
    return false;
}

bool std_same(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void outer_leave(void)
{
}

enum path_system outer_path_system(void)
{
    return PATH_POSIX;
}

struct str outer_machine_policy(void)
{
    return STR("/etc/cordon/policy.json");
}

bool outer_may_write(struct str folder, struct err *e)
{
    char path[PATH_BYTES_MAX];

    if (folder.n >= sizeof path)
        return true; /* others say that it is too long */
    memcpy(path, folder.p, folder.n);
    path[folder.n] = '\0';
    if (access(path, W_OK | X_OK) == 0)
        return true;
    err_set(e, ERR_REFUSED, "you may not write in this folder, so it cannot be a workspace");
    err_subject(e, folder);
    sys_reason(e, errno);
    return false;
}

uint64_t outer_process(void)
{
    return (uint64_t)getpid();
}

void outer_arguments(struct arena *a, int *argc, char ***argv)
{
    (void)a;
    (void)argc;
    (void)argv;
}
