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

enum newborn_state {
    NEWBORN_EMPTY, /* nothing was made */
    NEWBORN_GOOD,
    NEWBORN_BAD, /* reason says why */
};

/* folder: where it lies now; root: the workspace, whose .git it would become. reason: one printable clause. */
enum newborn_state newborn_judge(struct arena *a, const struct path_env *env, const struct git_eye *eye, struct str folder,
    struct str root, struct str *reason);

#endif
