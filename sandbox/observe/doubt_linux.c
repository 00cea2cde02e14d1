/*
 * doubt: what can still be said of a call when no look is to be had, for one of its caller's hangs. What the kernel has in
 * memory it tells without waiting for anything (RESOLVE_CACHED, Linux 5.12); the rest is left to the walls.
 */
#include "observe.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RESOLVE_CACHED_ 0x20 /* RESOLVE_CACHED */

static int open_cached(int from, const char *words, uint64_t flags)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags, .resolve = RESOLVE_CACHED_};

    return (int)syscall(SYS_openat2, from, *words ? words : ".", &how, sizeof how);
}

/* Its own folder or descriptor: a link of /proc, behind which nothing has to be fetched. */
static int open_base(const struct caller_path *p)
{
    char base[CALLER_PREFIX];
    size_t n = p->start && p->text[p->start] == '\0' ? strlen(p->text) : p->start;

    if (n >= sizeof base)
        return -1;
    memcpy(base, p->text, n);
    base[n] = '\0';
    return open(n ? base : "/", O_PATH | O_CLOEXEC);
}

static bool is_guarded(const struct watch *w, int fd, const char *name)
{
    char path[PATH_BYTES_MAX];

    return lookup_real(fd, name, path, sizeof path) && watch_guards(w, path, NULL);
}

/* A link at the name, which leads to what is not there, or cannot be told: who follows it may make whatever it names. */
static bool is_link(int folder, const char *name)
{
    int fd = open_cached(folder, name, O_NOFOLLOW);
    struct stat st;
    bool is = fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);

    if (fd >= 0)
        close(fd);
    return is;
}

/* What is not there, or not known: then its folder tells, and its name. */
static bool is_name_guarded(const struct watch *w, int base, const char *words, bool follow)
{
    char folder[PATH_BYTES_MAX];
    size_t n = strlen(words), at;
    const char *name;
    bool guarded;
    int fd;

    for (at = n; at > 0 && words[at - 1] != '/'; at--)
        ;
    name = words + at;
    if (n == 0 || !*name || at >= sizeof folder)
        return false;
    memcpy(folder, words, at);
    folder[at] = '\0';
    fd = open_cached(base, folder, O_DIRECTORY);
    if (fd < 0)
        return false;
    guarded = is_guarded(w, fd, name) || (follow && is_link(fd, name));
    close(fd);
    return guarded;
}

bool doubt_object(const struct caller_path *p, bool follow, struct looked *out)
{
    const char *words = p->text + p->start;
    int base = open_base(p), fd = p->start && !*words ? base : base < 0 ? -1 : open_cached(base, words, follow ? 0 : O_NOFOLLOW);

    if (base >= 0 && fd != base)
        close(base);
    if (fd >= 0 && lookup_described(fd, out) == 0)
        return true;
    if (fd >= 0)
        close(fd);
    return false;
}

bool doubt_guards(const struct watch *w, const struct caller_path *p, bool follow)
{
    struct looked o;
    bool guarded;
    int base;

    if (doubt_object(p, follow, &o)) {
        guarded = is_guarded(w, o.fd, NULL);
        close(o.fd);
        return guarded;
    }
    base = open_base(p);
    guarded = base >= 0 && is_name_guarded(w, base, p->text + p->start, follow);
    if (base >= 0)
        close(base);
    return guarded;
}
