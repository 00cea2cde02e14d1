/*
 * gitindex: reads git's index as far as it names other repositories. See gitindex.h.
 */
#include "gitindex.h"

#include <string.h>

#define MODE_FOLDER   0040000u
#define MODE_GITLINK  0160000u
#define MODE_KIND     0170000u
#define BEFORE_HASH   40 /* times, identity, mode, owner, size */
#define MODE_AT       24
#define FLAG_EXTENDED 0x4000u
#define FLAG_LENGTH   0x0fffu

struct reading {
    struct arena *a;
    const unsigned char *p;
    size_t n, at, hash;
    uint32_t version;
    char name[PATH_BYTES_MAX]; /* of the entry before; version 4 goes on from it */
    size_t name_n;
    bool nameless; /* as only a split index has them */
    bool split, sparse;
};

static uint32_t number(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* How much of the name before is dropped. */
static bool read_drop(struct reading *r, size_t *out)
{
    size_t value;
    unsigned char c;

    if (r->at >= r->n)
        return false;
    c = r->p[r->at++];
    value = c & 127u;
    while (c & 128u) {
        if (r->at >= r->n || value >= PATH_BYTES_MAX)
            return false;
        c = r->p[r->at++];
        value = ((value + 1) << 7) + (c & 127u);
    }
    *out = value;
    return true;
}

static bool read_name(struct reading *r, size_t start, unsigned flags)
{
    const unsigned char *end;
    size_t kept = 0, drop, n;

    if (r->version == 4) {
        if (!read_drop(r, &drop) || drop > r->name_n)
            return false;
        kept = r->name_n - drop;
    }
    end = r->at < r->n ? memchr(r->p + r->at, 0, r->n - r->at) : NULL;
    if (!end)
        return false;
    n = (size_t)(end - (r->p + r->at));
    r->nameless = r->nameless || kept + n == 0;
    if (kept + n >= sizeof r->name || (flags & FLAG_LENGTH) != (kept + n < FLAG_LENGTH ? kept + n : FLAG_LENGTH))
        return false;
    memcpy(r->name + kept, r->p + r->at, n);
    r->name_n = kept + n;
    r->at += n + 1;
    if (r->version < 4) /* one to eight zeros, to a multiple of eight */
        r->at = start + ((r->at - 1 - start + 8) & ~(size_t)7);
    return r->at <= r->n;
}

static bool read_entry(struct reading *r, uint32_t *mode)
{
    size_t start = r->at;
    unsigned flags;

    if (r->n - r->at < BEFORE_HASH + r->hash + 4)
        return false;
    *mode = number(r->p + r->at + MODE_AT);
    r->at += BEFORE_HASH + r->hash;
    flags = (unsigned)r->p[r->at] << 8 | r->p[r->at + 1];
    r->at += 2;
    if (flags & FLAG_EXTENDED) {
        if (r->version < 3)
            return false;
        r->at += 2;
    }
    return read_name(r, start, flags);
}

static bool is_dots_or_git(const char *p, size_t n)
{
    return n == 1 || (n == 2 && p[1] == '.') || (n == 4 && (p[1] | 32) == 'g' && (p[2] | 32) == 'i' && (p[3] | 32) == 't');
}

/* Windows takes dots and spaces off the end of a name, and has short names: GIT~1 is .git, or another folder of a made-up name. */
static bool is_git_to_windows(const char *p, size_t n)
{
    if (n > 4 && (p[0] | 32) == 'g' && (p[1] | 32) == 'i' && (p[2] | 32) == 't' && p[3] == '~')
        return true;
    while (n > 0 && (p[n - 1] == '.' || p[n - 1] == ' '))
        n--;
    return n == 0 || (p[0] == '.' && is_dots_or_git(p, n));
}

bool gitindex_is_plain(enum path_system system, struct str path)
{
    for (size_t at = 0, start = 0; at <= path.n; at++) {
        /* A backslash separates there, a colon begins a stream or ends a drive. */
        if (at < path.n && (path.p[at] == '\0' || (system == PATH_WINDOWS && (path.p[at] == '\\' || path.p[at] == ':'))))
            return false;
        if (at < path.n && path.p[at] != '/')
            continue;
        if (at == start || (system == PATH_WINDOWS && is_git_to_windows(path.p + start, at - start)) || (path.p[start] == '.' && is_dots_or_git(path.p + start, at - start)))
            return false;
        start = at + 1;
    }
    return true;
}

/* What comes after the entries: those in capitals may be passed over. */
static enum gitindex read_extensions(struct reading *r)
{
    while (r->n - r->at > r->hash) {
        const unsigned char *sign = r->p + r->at;
        uint32_t size;
        if (r->n - r->at < 8 + r->hash)
            return GITINDEX_DAMAGED;
        size = number(sign + 4);
        r->split = r->split || memcmp(sign, "link", 4) == 0;
        r->sparse = r->sparse || memcmp(sign, "sdir", 4) == 0;
        if (((sign[0] < 'A' || sign[0] > 'Z') && memcmp(sign, "link", 4) != 0 && memcmp(sign, "sdir", 4) != 0) ||
            size > r->n - r->at - 8 - r->hash)
            return GITINDEX_DAMAGED;
        r->at += 8 + (size_t)size;
    }
    return r->n - r->at == r->hash && (!r->nameless || r->split) ? GITINDEX_GOOD : GITINDEX_DAMAGED;
}

enum gitindex gitindex_links(struct arena *a, enum path_system system, struct str bytes, size_t hash, struct texts *out)
{
    struct reading r = {.a = a, .p = (const unsigned char *)bytes.p, .n = bytes.n, .at = 12, .hash = hash};
    bool outside = false, many = false;
    enum gitindex rest;
    uint32_t count, mode;

    if (bytes.n < 12 || memcmp(bytes.p, "DIRC", 4) != 0)
        return GITINDEX_DAMAGED;
    r.version = number(r.p + 4);
    count = number(r.p + 8);
    if (r.version < 2 || r.version > 4)
        return GITINDEX_DAMAGED;
    for (uint32_t i = 0; i < count; i++) {
        struct str name;
        if (!read_entry(&r, &mode))
            return GITINDEX_DAMAGED;
        name = (struct str){r.name, r.name_n};
        r.sparse = r.sparse || (mode & MODE_KIND) == MODE_FOLDER;
        if ((mode & MODE_KIND) == MODE_FOLDER && name.n > 0 && name.p[name.n - 1] == '/')
            name.n--;
        outside = outside || (name.n > 0 && !gitindex_is_plain(system, name));
        if ((mode & MODE_KIND) != MODE_GITLINK || name.n == 0)
            continue;
        many = many || out->n == GITINDEX_LINKS_MAX;
        if (!many)
            *(struct str *)ARENA_PUSH(a, out) = arena_str(a, name);
    }
    rest = read_extensions(&r);
    return rest != GITINDEX_GOOD ? rest : outside ? GITINDEX_OUTSIDE : many ? GITINDEX_MANY :
           r.split || r.sparse ? GITINDEX_ELSEWHERE : GITINDEX_GOOD;
}
