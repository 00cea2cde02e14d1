/*
 * fuzz_gitindex: any bytes as an index of git's. Names lie within the ceilings, and what names nothing but files and is cut
 * short anywhere never reads as whole.
 */
#include "../sandbox/core/gitindex.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good)
        abort();
}

int fuzz_gitindex(const unsigned char *bytes, size_t n)
{
    for (size_t hash = 20; hash <= 32; hash += 12) {
        struct arena a = {0};
        struct texts links = {0};
        enum path_system system = n % 2 ? PATH_WINDOWS : PATH_POSIX;
        enum gitindex state = gitindex_links(&a, system, (struct str){(const char *)bytes, n}, hash, &links);
        must(links.n <= GITINDEX_LINKS_MAX && (state != GITINDEX_GOOD || n >= 12 + hash));
        for (size_t i = 0; i < links.n; i++)
            must(links.v[i].n > 0 && links.v[i].n < PATH_BYTES_MAX && !memchr(links.v[i].p, 0, links.v[i].n));
        if (state == GITINDEX_GOOD && n < 4096)
            must(gitindex_links(&a, system, (struct str){(const char *)bytes, n - 1}, hash, &(struct texts){0}) != GITINDEX_GOOD);
        arena_release(&a);
    }
    return 0;
}
