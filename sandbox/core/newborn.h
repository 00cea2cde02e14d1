/*
 * newborn: may a repository that was made inside, in a birthplace, become the workspace's .git? Only when it is a repository
 * and nothing in it makes git run or obey anything: then the person's next `git status` outside runs what it always ran.
 * Pure; looks through the same eyes as git.c.
 */
#ifndef CORDON_NEWBORN_H
#define CORDON_NEWBORN_H

#include "git.h"

#define NEWBORN_ENTRIES_MAX 1000000 /* files and folders */
#define NEWBORN_DEPTH_MAX   32
#define NEWBORN_NESTED_MAX  8 /* repositories within repositories */

enum newborn_state {
    NEWBORN_EMPTY, /* nothing was made */
    NEWBORN_GOOD,
    NEWBORN_BAD, /* reason says why */
};

struct newborn {
    struct str folder; /* where it lies now */
    struct str home;   /* what it will be: the workspace's .git */
    struct str root;   /* the workspace */
    const struct texts *roots; /* other folders that could be written inside */
    int depth; /* within how many other repositories */
};

/* folder: where it lies now; root: the workspace, whose .git it would become; roots: all that could be written inside, may
 * be NULL. reason: one printable clause. */
enum newborn_state newborn_judge(struct arena *a, const struct path_env *env, const struct git_eye *eye, struct str folder,
    struct str root, const struct texts *roots, struct str *reason);
/* The same of a repository that is in its place: one that the index of a newborn one names. */
bool newborn_judge_there(struct arena *a, const struct path_env *env, const struct git_eye *eye, const struct newborn *birth,
    struct str *reason);
/* A single file of it, by its name: nothing that git obeys, or harmless. */
bool newborn_judge_file(struct arena *a, const struct path_env *env, const struct git_eye *eye, const struct newborn *birth,
    struct str file, struct str *reason);
/* newborn_reach.c, of Linux alone (addresses are read as there): does it lead git only where nothing could be written inside, or to what is harmless too? */
bool newborn_reach(struct arena *a, const struct path_env *env, const struct git_eye *eye, const struct newborn *birth,
    struct str *reason);

#endif
