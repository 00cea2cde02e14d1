/*
 * git: which places in the writable roots git would run or obey outside, found by looking at the repositories themselves:
 * hooks and configuration, what they include and name, submodules, linked worktrees.
 *
 * Git is never run. What is read here was written by whoever had the workspace before, and by programs inside: bounded, and
 * nothing in a root is read through a link. Pure: an edge lends its eyes.
 */
#ifndef CORDON_GIT_H
#define CORDON_GIT_H

#include "places.h"

struct git_eye {
    void *context;
    /* Of the object itself: a link is a link, and what lies behind one on the way is not looked at (FACT_SYMLINK). */
    enum fact_kind (*kind)(void *context, struct str path);
    /* A regular file of at most `ceiling` bytes. inside: through no link at all. False: cannot be read. */
    bool (*read)(void *context, struct arena *a, struct str path, size_t ceiling, bool inside, struct str *out);
    /* The names in a folder, at most `most`; false: there are more, or it cannot be read. */
    bool (*list)(void *context, struct arena *a, struct str folder, size_t most, struct texts *out);
    struct str (*variable)(const void *context, struct str name);
    /* Where path leads, by every link on the way, as far as anything is there. May be NULL: none leads anywhere. */
    bool (*real)(void *context, struct arena *a, struct str path, struct str *out);
    /* Leads link to path by its own text alone, through no other link? May be NULL: no. */
    bool (*direct)(void *context, struct arena *a, struct str link, struct str path);
};

struct git_place {
    enum place_kind kind; /* PLACE_PIN or PLACE_PROTECT */
    struct str root, path;
    const char *reason;
    enum place_hold hold; /* what keeps the name where nothing is there */
    struct str text;
    bool linkless; /* as a place's */
};

struct git_found {
    struct git_place *v;
    size_t n, cap;
    struct texts notes, warnings, partial; /* printable lines; partial: what cannot be held */
    struct texts linkless; /* roots that are folders of git's themselves */
};

/* Looks at every writable root of the policy. */
const struct git_found *git_look(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host, const struct git_eye *eye);

#endif
