/*
 * gitindex: which other repositories git's index names: git looks into each of them whenever it looks at the working tree;
 * and whether it names only what may be in one, for git writes what it names without asking.
 *
 * Versions 2 to 4. Pure; what is read was written by programs inside: anything that is not quite as git writes it is
 * GITINDEX_DAMAGED, and so is what only newer versions of git know.
 */
#ifndef CORDON_GITINDEX_H
#define CORDON_GITINDEX_H

#include "path.h"

#define GITINDEX_BYTES_MAX ((size_t)64 << 20)
#define GITINDEX_FIRST_MAX ((size_t)8 << 20) /* one that an opening reads */
#define GITINDEX_LINKS_MAX 1000

enum gitindex {
    GITINDEX_GOOD,
    GITINDEX_DAMAGED,
    GITINDEX_ELSEWHERE, /* parts of it are in other files: split or sparse; out has what it names itself */
    GITINDEX_MANY,      /* out has the first */
    GITINDEX_OUTSIDE,   /* a name leads out of the working tree, or into .git: a checkout would write there */
};

/* system: of the one where git would write what it names. hash: bytes of an object's name, 20 or 32. out: paths in the working tree, of a mode that says repository. */
enum gitindex gitindex_links(struct arena *a, enum path_system system, struct str bytes, size_t hash, struct texts *out);
/* A path that stays in the working tree, by its words, and out of every .git, however that is written. */
bool gitindex_is_plain(enum path_system system, struct str path);

#endif
