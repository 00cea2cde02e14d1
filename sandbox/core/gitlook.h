/*
 * gitlook: one look at the repositories of all roots, as git.c takes it: what it found so far, and what its steps share. For
 * git.c alone.
 */
#ifndef CORDON_GITLOOK_H
#define CORDON_GITLOOK_H

#include "git.h"
#include "gitconf.h"
#include "text.h"

#define GIT_RUN_OUTSIDE "git would run or obey it outside"

struct gitlook {
    struct arena *a;
    const struct policy *policy;
    const struct path_env *env;
    const struct host *host;
    const struct git_eye *eye;
    struct git_found *out;
    size_t folders, paths;
    struct str root; /* the one that is being looked at */
    struct texts read; /* configuration files seen for this root */
    struct texts modules; /* git folders of submodules seen for this root */
    struct texts reached; /* what remotes name in the roots */
    struct texts own; /* Windows: the person's files and folders and the machine's, and what they name */
};

struct str gitlook_join(struct gitlook *l, struct str folder, const char *name);
/* Windows: where a path leads to another machine, nothing that was perhaps written inside has it gone to (FACT_UNKNOWN, false): asking a
 * server gives it the person's answer to its challenge, and the path. Which names it is asked of goes: the person's own do. */
enum fact_kind gitlook_kind(struct gitlook *l, struct str path);
bool gitlook_read(struct gitlook *l, struct str file, size_t ceiling, bool plain, struct str *out); /* plain: by no link, in a root or not */
bool gitlook_list(struct gitlook *l, struct str folder, size_t most, struct texts *out);
/* May what file names be gone to? Says so where not. */
bool gitlook_goes(struct gitlook *l, struct str file, struct str path);
/* A line once. */
void gitlook_line(struct gitlook *l, struct texts *lines, struct str line);
void gitlook_note(struct gitlook *l, struct str line);
/* A place in the root that is looked at, once. */
struct git_place *gitlook_add(struct gitlook *l, enum place_kind kind, struct str path, const char *reason, enum place_hold hold);
/* The writable root that a path lies in; none. */
struct str gitlook_root(const struct gitlook *l, struct str path);
/* The same, but where a link that lies in no root leads into one: there. */
struct str gitlook_real(struct gitlook *l, struct str path);
/* A value as git takes a path: absolute, from home, or from `base`. False: somebody else's home, git's own prefix. */
bool gitlook_resolve(struct gitlook *l, struct str value, struct str base, struct str *out);
/* Every folder between the root and path is held in place. */
void gitlook_pin_way(struct gitlook *l, struct str root, struct str path);
/* What is at path, or the name where nothing is, with the way to it. False: it lies in no root. */
bool gitlook_keep(struct gitlook *l, struct str path, const char *reason, enum place_hold hold, struct str text);
/* Hooks that are links: the programs in the roots that they lead to. */
void gitlook_hooks(struct gitlook *l, struct str folder);
/* A file of configuration, what it includes, and what both name. */
void gitlook_config(struct gitlook *l, struct str file, struct str worktree, int depth);
/* The person's own and the machine's. */
void gitlook_global(struct gitlook *l, struct str worktree);

#endif
