/*
 * reads: an open that only reads, weighed where covers are plain: an empty folder or file of mode 000 refuses it, but
 * tells nobody. One look at what the path leads to says whether that is a cover, by its file system; what it costs, every
 * open that reads pays. Where it leads below a cover nothing can be looked at: then the way there is gone, step by step.
 */
#include "observe.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_FOLLOWED 16

static bool refuse(struct judged *out)
{
    out->code = EACCES;
    out->operation = OPERATION_READ;
    out->cause = DENIAL_RULE;
    /* What hides the runner in /proc is no secret of anybody's, and every ps meets it. */
    return strncmp(out->path, "/proc/", 6) != 0;
}

/* Opens as much of the way as can be, and says where the rest of the words begins; 0: nothing. */
static size_t open_way(const struct caller_path *p, struct looked *out)
{
    struct caller_path way = *p;
    size_t at = strlen(p->text);

    while (at > p->start) {
        while (at > p->start && way.text[at - 1] != '/')
            at--;
        if (at == 0)
            break;
        way.text[at] = '\0';
        if (lookup_object(&way, true, out) == 0)
            return at;
        while (at > p->start && way.text[at - 1] == '/')
            at--;
    }
    return 0;
}

/* Does the step after the way that could be gone lead elsewhere? Then p becomes the whole way from there. */
static bool follow_step(pid_t caller, struct caller_path *p, const struct looked *way, size_t at)
{
    char step[PATH_BYTES_MAX], target[PATH_BYTES_MAX], folder[PATH_BYTES_MAX], whole[PATH_BYTES_MAX];
    size_t length = strcspn(p->text + at, "/");
    ssize_t n;
    int size;

    if (length == 0 || length >= sizeof step)
        return false;
    memcpy(step, p->text + at, length);
    step[length] = '\0';
    n = readlinkat(way->fd, step, target, sizeof target - 1);
    if (n <= 0 || !lookup_real(way->fd, NULL, folder, sizeof folder))
        return false;
    target[n] = '\0';
    size = target[0] == '/' ? snprintf(whole, sizeof whole, "%s%s", target, p->text + at + length)
                            : snprintf(whole, sizeof whole, "%s/%s%s", folder, target, p->text + at + length);
    return size > 0 && (size_t)size < sizeof whole && lookup_path(caller, AT_FDCWD, whole, p);
}

/* What the words after a cover name in it; the cover itself when they lead out again. */
static bool name_below(int cover, const char *rest, char *out, size_t size)
{
    char top[PATH_BYTES_MAX];
    struct caller_path whole = {.start = 0};
    int n;

    if (!lookup_real(cover, NULL, top, sizeof top))
        return false;
    n = snprintf(whole.text, sizeof whole.text, "%s/%s", top, rest);
    if (n <= 0 || (size_t)n >= sizeof whole.text || !lookup_lexical(&whole, out, size) ||
        !lookup_is_below(out, str_from(top)))
        snprintf(out, size, "%s", top);
    return true;
}

/* Something on the way cannot be entered: is it a cover? */
static bool is_below_cover(const struct watch *watch, pid_t caller, const struct caller_path *from, struct judged *out)
{
    struct caller_path p = *from;

    for (int i = 0; i < LINKS_FOLLOWED; i++) {
        struct looked way;
        size_t at = open_way(&p, &way);
        bool covered, goes_on;
        if (at == 0)
            return false;
        covered = way.dev == watch->cover_device && name_below(way.fd, p.text + at, out->path, sizeof out->path);
        goes_on = !covered && follow_step(caller, &p, &way, at);
        close(way.fd);
        if (!goes_on)
            return covered;
    }
    return false;
}

bool judge_read(
    const struct watch *watch, pid_t caller, const struct caller_path *p, bool follow, struct judged *out)
{
    struct looked o;
    int code = lookup_status(p, follow, &o);
    bool covered = false;

    if (code == EACCES) {
        covered = is_below_cover(watch, caller, p, out);
    } else if (code == 0 && o.dev == watch->cover_device && lookup_object(p, follow, &o) == 0) {
        covered = o.dev == watch->cover_device && lookup_real(o.fd, NULL, out->path, sizeof out->path);
        close(o.fd);
    }
    return covered && !lookup_misleads(p) && refuse(out);
}
