/*
 * gitleft: what is left in a .git that could be written inside, and that git outside takes at its word, though no wall can
 * keep git itself inside from writing it: an index, a list of conflicts to remember, a rebase's list; and the configuration
 * and hooks of submodules and worktrees that nobody knew of when the session began.
 *
 * Looked at when nothing runs inside any more. Pure; looks through the same eyes as git.c.
 */
#ifndef CORDON_GITLEFT_H
#define CORDON_GITLEFT_H

#include "git.h"

struct gitleft {
    const struct path_env *env;
    const struct git_eye *eye;
    struct str top;            /* the .git */
    struct str worktree;       /* none where it is not known */
    const struct texts *roots; /* all that could be written inside */
    bool (*writable)(void *context, struct str path); /* could it be made or changed inside? */
    void *context;
};

/* Is a file of this name, in a folder that is top or lies below it, to be judged? */
bool gitleft_wants(enum path_system system, struct str top, struct str folder, struct str name);
/* fresh: it was changed since the session began, or the opening had not looked at it. A printable clause when git must not find it ("names ..."), else none; lines:
 * clauses about what is only told, as it may be what the person wants. */
struct str gitleft_judge(struct arena *a, const struct gitleft *l, struct str file, bool fresh, struct texts *lines);

#endif
