/*
 * quick: most watched calls are of a program that works where it may. One or two questions by name tell that there is
 * nothing to refuse, at half the price of the whole weighing (judge_linux.c), which everything else goes through.
 */
#include "observe.h"

#include <string.h>
#include <sys/stat.h>

static bool may_write(const char *path)
{
    return syscall(439 /* faccessat2 */, AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

/* Where the last name begins; 0: there is none that could be made or removed. */
static size_t last_name(const struct caller_path *p)
{
    size_t n = strlen(p->text), at = n;

    while (at > p->start && p->text[at - 1] != '/')
        at--;
    return at == n || strcmp(p->text + at, ".") == 0 || strcmp(p->text + at, "..") == 0 ? 0 : at;
}

static bool may_change_folder(struct caller_path *p)
{
    size_t at = last_name(p);
    char kept = p->text[at];
    bool may;

    if (at == 0)
        return false;
    p->text[at] = '\0';
    may = may_write(p->text);
    p->text[at] = kept;
    return may;
}

bool quick_open(struct caller_path *p, unsigned flags)
{
    bool creates = flags & O_CREAT, writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    struct looked o;
    int code;

    if (p->text[p->start] == '\0')
        return false;
    code = lookup_name(AT_FDCWD, p->text, &o);
    if (code == ENOENT)
        return !creates || may_change_folder(p);
    if (code || (creates && (flags & O_EXCL)))
        return true; /* what keeps us from looking keeps the caller from it; EEXIST */
    if (S_ISLNK(o.mode))
        return (flags & O_NOFOLLOW) != 0;
    if (!writes || S_ISDIR(o.mode) || S_ISCHR(o.mode))
        return true;
    return S_ISREG(o.mode) && o.links == 1 && may_write(p->text);
}

bool quick_make(struct caller_path *p)
{
    struct looked o;
    int code = lookup_name(AT_FDCWD, p->text, &o);

    return code != ENOENT || may_change_folder(p);
}

bool quick_delete(struct caller_path *p)
{
    struct looked o;
    int code = lookup_name(AT_FDCWD, p->text, &o);

    return code != 0 || (!o.mount_root && may_change_folder(p));
}

bool quick_rename(struct caller_path *from, struct caller_path *to)
{
    size_t one = last_name(from), two = last_name(to);
    struct looked o;

    if (one == 0 || two == 0)
        return false;
    if (lookup_name(AT_FDCWD, from->text, &o) != 0)
        return true;
    if (o.mount_root || (lookup_name(AT_FDCWD, to->text, &o) == 0 && o.mount_root))
        return false;
    return may_change_folder(from) &&
           ((one == two && memcmp(from->text, to->text, one) == 0) || may_change_folder(to));
}
