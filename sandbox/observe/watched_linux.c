/*
 * watched: the system calls that can change something, as data: which argument is the folder, which the path, which the
 * flags, and what is tried by it. The filter (calls_linux.c) sends those to the observer, judge_linux.c reads them.
 *
 * Calls that take a descriptor opened for writing (write, ftruncate, fallocate) are not here: opening it was watched.
 */
#include "observe.h"

enum { IS_X86_64 = SYS_read == 0 };

#define NOFOLLOW  0x100u /* AT_SYMLINK_NOFOLLOW */
#define REMOVEDIR 0x200u /* AT_REMOVEDIR */
#define MAKES     01101u /* O_CREAT | O_WRONLY | O_TRUNC */
#define NO (-1)

/* name, x86-64, aarch64, kind, when, folder, path, flags, implied flags */
static const struct watched table[] = {
    {"open", 2, -1, WATCHED_OPEN, WHEN_WRITING, NO, 0, 1, 0},
    {"openat", 257, 56, WATCHED_OPEN, WHEN_WRITING, 0, 1, 2, 0},
    {"creat", 85, -1, WATCHED_OPEN, WHEN_ALWAYS, NO, 0, NO, MAKES},
    {"truncate", 76, 45, WATCHED_TRUNCATE, WHEN_ALWAYS, NO, 0, NO, 0},
    {"unlink", 87, -1, WATCHED_DELETE, WHEN_ALWAYS, NO, 0, NO, 0},
    {"rmdir", 84, -1, WATCHED_DELETE, WHEN_ALWAYS, NO, 0, NO, REMOVEDIR},
    {"unlinkat", 263, 35, WATCHED_DELETE, WHEN_ALWAYS, 0, 1, 2, 0},
    {"rename", 82, -1, WATCHED_RENAME, WHEN_ALWAYS, NO, 0, NO, 0},
    {"renameat", 264, 38, WATCHED_RENAME, WHEN_ALWAYS, 0, 1, NO, 0},
    {"renameat2", 316, 276, WATCHED_RENAME, WHEN_ALWAYS, 0, 1, 4, 0},
    {"link", 86, -1, WATCHED_LINK, WHEN_ALWAYS, NO, 0, NO, 0},
    {"linkat", 265, 37, WATCHED_LINK, WHEN_ALWAYS, 0, 1, 4, 0},
    {"mkdir", 83, -1, WATCHED_MAKE, WHEN_ALWAYS, NO, 0, NO, 0},
    {"mkdirat", 258, 34, WATCHED_MAKE, WHEN_ALWAYS, 0, 1, NO, 0},
    {"symlink", 88, -1, WATCHED_SYMLINK, WHEN_ALWAYS, NO, 1, NO, 0},
    {"symlinkat", 266, 36, WATCHED_SYMLINK, WHEN_ALWAYS, 1, 2, NO, 0},
    {"mknod", 133, -1, WATCHED_NODE, WHEN_ALWAYS, NO, 0, 1, 0}, /* "flags": its mode; the device is one further */
    {"mknodat", 259, 33, WATCHED_NODE, WHEN_ALWAYS, 0, 1, 2, 0},
    {"chmod", 90, -1, WATCHED_MODE, WHEN_ALWAYS, NO, 0, NO, 0},
    {"fchmod", 91, 52, WATCHED_MODE, WHEN_ALWAYS, 0, NO, NO, 0},
    {"fchmodat", 268, 53, WATCHED_MODE, WHEN_ALWAYS, 0, 1, NO, 0},
    {"fchmodat2", 452, 452, WATCHED_MODE, WHEN_ALWAYS, 0, 1, 3, 0},
    {"chown", 92, -1, WATCHED_MODE, WHEN_ALWAYS, NO, 0, NO, 0},
    {"lchown", 94, -1, WATCHED_MODE, WHEN_ALWAYS, NO, 0, NO, NOFOLLOW},
    {"fchown", 93, 55, WATCHED_MODE, WHEN_ALWAYS, 0, NO, NO, 0},
    {"fchownat", 260, 54, WATCHED_MODE, WHEN_ALWAYS, 0, 1, 4, 0},
    {"setxattr", 188, 5, WATCHED_MODE, WHEN_ALWAYS, NO, 0, NO, 0},
    {"lsetxattr", 189, 6, WATCHED_MODE, WHEN_ALWAYS, NO, 0, NO, NOFOLLOW},
    {"fsetxattr", 190, 7, WATCHED_MODE, WHEN_ALWAYS, 0, NO, NO, 0},
    {"setxattrat", 463, 463, WATCHED_MODE, WHEN_ALWAYS, 0, 1, 2, 0},
    {"removexattr", 197, 14, WATCHED_MODE, WHEN_ALWAYS, NO, 0, NO, 0},
    {"lremovexattr", 198, 15, WATCHED_MODE, WHEN_ALWAYS, NO, 0, NO, NOFOLLOW},
    {"fremovexattr", 199, 16, WATCHED_MODE, WHEN_ALWAYS, 0, NO, NO, 0},
    {"removexattrat", 466, 466, WATCHED_MODE, WHEN_ALWAYS, 0, 1, 2, 0},
    {"file_setattr", 469, 469, WATCHED_MODE, WHEN_ALWAYS, 0, 1, 4, 0},
    {"ioctl", 16, 29, WATCHED_MODE, WHEN_SETTING_FLAGS, 0, NO, NO, 0},
    {"utime", 132, -1, WATCHED_TIME, WHEN_ALWAYS, NO, 0, NO, 0},
    {"utimes", 235, -1, WATCHED_TIME, WHEN_ALWAYS, NO, 0, NO, 0},
    {"futimesat", 261, -1, WATCHED_TIME, WHEN_ALWAYS, 0, 1, NO, 0},
    {"utimensat", 280, 88, WATCHED_TIME, WHEN_ALWAYS, 0, 1, 3, 0},
    {"bind", 49, 200, WATCHED_BIND, WHEN_ALWAYS, NO, NO, NO, 0},
    {"connect", 42, 203, WATCHED_CONNECT, WHEN_GATED, NO, NO, NO, 0},
    {"sendto", 44, 206, WATCHED_SEND, WHEN_ADDRESSED, NO, NO, NO, 0},
    {"socket", 41, 198, WATCHED_SOCKET, WHEN_DATAGRAM, NO, NO, NO, 0},
    {"socketpair", 53, 199, WATCHED_SOCKET, WHEN_DATAGRAM, NO, NO, NO, 0},
    {"mount", 165, 40, WATCHED_MOUNT, WHEN_ALWAYS, NO, 1, NO, 0},
    {"umount2", 166, 39, WATCHED_MOUNT, WHEN_ALWAYS, NO, 0, NO, 0},
    {"chroot", 161, 51, WATCHED_MOUNT, WHEN_ALWAYS, NO, 0, NO, 0},
    {"pivot_root", 155, 41, WATCHED_MOUNT, WHEN_ALWAYS, NO, 0, NO, 0},
    {"getdents64", 217, 61, WATCHED_LIST, WHEN_HIDING, 0, NO, NO, 0},
};

long watched_number(const struct watched *w)
{
    return IS_X86_64 ? w->x86_64 : w->aarch64;
}

const struct watched *watched_at(size_t i)
{
    return i < COUNT_OF(table) ? &table[i] : NULL;
}

const struct watched *watched_find(long number)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (watched_number(&table[i]) == number)
            return &table[i];
    }
    return NULL;
}

bool watched_wanted(const struct watched *w, unsigned what)
{
    if (!(what & CALLS_WATCHED) || watched_number(w) < 0)
        return false;
    if (w->when == WHEN_GATED || w->when == WHEN_DATAGRAM || w->when == WHEN_ADDRESSED)
        return (what & CALLS_GATED) != 0;
    return w->when != WHEN_HIDING || (what & CALLS_HIDING);
}
