/*
 * quick: most watched calls are of a program that works where it may. One or two questions by name tell that there is
 * nothing to refuse, at half the price of the whole weighing (judge_linux.c), which everything else goes through.
 */
#include "observe.h"

#include <string.h>
#include <sys/stat.h>

#define NOWHERE (-1)

/* The way to a caller's folder is by /proc and costs most; so it is gone once, and what is asked is asked from there. */
struct place {
    int folder; /* NOWHERE: there is no last name that could be made or removed, or no folder to be found. AT_FDCWD: this
                   thread stands there */
    bool missing; /* the folder is not there, for the caller as for us: whatever it is, it is ENOENT */
    const char *name;
};

static bool place_name(const struct caller_path *p, struct place *out)
{
    size_t n = strlen(p->text), at = n;

    while (at > p->start && p->text[at - 1] != '/')
        at--;
    *out = (struct place){NOWHERE, false, p->text + at};
    return at > 0 && at < n && strcmp(out->name, ".") != 0 && strcmp(out->name, "..") != 0;
}

/* What is held there is held by a mount, which may be gone for a moment. */
static bool is_held(const struct watch *w, int folder)
{
    char path[PATH_BYTES_MAX];

    return w->held_count > 0 && lookup_real(folder, NULL, path, sizeof path) && watch_holds(w, path);
}

static void place_close(struct place *place)
{
    if (place->folder >= 0)
        close(place->folder);
    place->folder = NOWHERE;
}

/* Is what leads up to name not there? Sure only where nothing on the way is a link, for those of /proc lead elsewhere for us. */
static bool is_missing(struct caller_path *p, const char *name)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    char *words = p->text + p->start, *end = p->text + (name - p->text), kept = *words, last = *end;
    bool there = true;
    int fd;

    if (words == end || p->by_process)
        return false;
    *words = '\0';
    if (p->start)
        there = lookup_stands_alone() && chdir(p->text) == 0;
    *words = kept;
    if (!there)
        return false;
    *end = '\0';
    fd = (int)syscall(SYS_openat2, AT_FDCWD, words, &how, sizeof how);
    *end = last;
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ENOENT;
}

/* stands: this thread may go there, so that it has to open nothing. */
static bool place_enter(const struct watch *w, struct caller_path *p, struct place *place, bool stands)
{
    char *end = p->text + (place->name - p->text), kept = *end;

    *end = '\0';
    if (stands && lookup_stands_alone())
        place->folder = chdir(p->text) == 0 ? AT_FDCWD : NOWHERE;
    else
        place->folder = open(p->text, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *end = kept;
    if (place->folder == NOWHERE)
        place->missing = errno == ENOENT && is_missing(p, place->name);
    else if (is_held(w, place->folder))
        place_close(place);
    return place->folder != NOWHERE;
}

static struct place place_open(const struct watch *w, struct caller_path *p)
{
    struct place place;

    if (place_name(p, &place))
        place_enter(w, p, &place, true);
    return place;
}

static bool may_write(int folder, const char *name)
{
    return syscall(439 /* faccessat2 */, folder, name, W_OK, AT_EACCESS | (*name ? 0 : AT_EMPTY_PATH)) == 0;
}

static bool may_change(const struct place *place)
{
    return may_write(place->folder, "");
}

static bool may_open(const struct watch *w, const struct place *place, unsigned flags)
{
    bool creates = flags & O_CREAT, writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    struct looked o;
    int code;

    if (creates && (flags & O_EXCL) && may_change(place))
        return true; /* made anew, or EEXIST */
    code = lookup_name(place->folder, place->name, &o);
    if (code == ENOENT)
        return !creates || may_change(place);
    if (code)
        return code == ENOTDIR;
    if (creates && (flags & O_EXCL))
        return true; /* EEXIST */
    if (S_ISLNK(o.mode))
        return (flags & O_NOFOLLOW) != 0;
    if (!writes || S_ISDIR(o.mode) || S_ISCHR(o.mode))
        return true;
    if (o.dev == w->proc_device)
        return false;
    return S_ISREG(o.mode) && o.links == 1 && may_write(place->folder, place->name);
}

bool quick_open(const struct watch *w, struct caller_path *p, unsigned flags)
{
    struct place place = place_open(w, p);
    bool nothing = place.missing || (place.folder != NOWHERE && may_open(w, &place, flags));

    place_close(&place);
    return nothing;
}

bool quick_make(const struct watch *w, struct caller_path *p)
{
    struct place place = place_open(w, p);
    struct looked o;
    bool nothing = place.missing || (place.folder != NOWHERE &&
                                        (may_change(&place) || lookup_name(place.folder, place.name, &o) != ENOENT));

    place_close(&place);
    return nothing;
}

static bool has_more_names(const struct looked *o)
{
    return S_ISREG(o->mode) && o->links > 1;
}

bool quick_delete(const struct watch *w, struct caller_path *p)
{
    struct place place = place_open(w, p);
    struct looked o;
    bool there = place.folder != NOWHERE && lookup_name(place.folder, place.name, &o) == 0;
    bool nothing = place.missing || (place.folder != NOWHERE && (!there || (!o.mount_root && may_change(&place))));

    if (nothing && there)
        links_gone(&o);
    place_close(&place);
    return nothing;
}

static bool may_rename(const struct place *from, const struct place *to)
{
    struct looked o;

    if (lookup_name(from->folder, from->name, &o) != 0)
        return true; /* what keeps us from looking keeps the caller from it */
    if (o.mount_root || (lookup_name(to->folder, to->name, &o) == 0 && (o.mount_root || has_more_names(&o))))
        return false;
    return may_change(from) && (from->folder == to->folder || may_change(to));
}

bool quick_rename(const struct watch *w, struct caller_path *from, struct caller_path *to)
{
    struct place one, two;
    bool nothing, same;

    if (!place_name(from, &one) || !place_name(to, &two))
        return false;
    same = one.name - from->text == two.name - to->text &&
           memcmp(from->text, to->text, (size_t)(one.name - from->text)) == 0;
    if (!place_enter(w, from, &one, true))
        return one.missing;
    if (same)
        two.folder = one.folder;
    nothing = (same || place_enter(w, to, &two, false)) && may_rename(&one, &two);
    if (!same)
        place_close(&two);
    place_close(&one);
    return nothing;
}
