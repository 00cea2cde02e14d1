/*
 * places: what the rules come to, place by place, on one machine.
 *
 * A policy says "protect .git/hooks" and "git": "commit"; this module says which paths that is in
 * each writable root, and adds what holds without being said: git's own files, Cordon's own
 * programs, the private temporary folders, devices. Verdicts (rules.c) and mounts (mounts.c) are
 * both made from this one list, so that what is predicted and what is done cannot drift apart.
 * Pure; links are not followed here.
 */
#ifndef CORDON_PLACES_H
#define CORDON_PLACES_H

#include "path.h"

/* In the order of strength: of two at the same path the later one wins. */
enum place_kind {
    PLACE_OWN,     /* the sandbox's own, not writable: /dev, /run */
    PLACE_TEMP,    /* the sandbox's own, writable: /tmp */
    PLACE_PROCESS, /* /proc: files may be written, names not */
    PLACE_DEVICE,  /* may be written, and nothing else */
    PLACE_KEPT,    /* below an OWN or TEMP place, but the outer folder: put back, read-only */
    PLACE_CACHE,   /* a private layer over a cache of the person's: writes stay in it */
    PLACE_ROOT,    /* a writable root */
    PLACE_PIN,     /* writable, but the folder itself cannot be renamed or removed */
    PLACE_PROTECT, /* read-only */
    PLACE_SECRET,  /* not even readable; wins over everything beneath it */
};

/* What keeps the name of a protected place from being taken where nothing is there. */
/* HOLD_BIRTH: by a folder in which a repository can be made; it stays apart until the session ends. HOLD_GUARD: by the
 * observer alone; what stands there all the same is given another name. HOLD_REFUSED: by the observer alone, and what comes from
 * outside stays. */
enum place_hold { HOLD_NOT, HOLD_FOLDER, HOLD_FILE, HOLD_BIRTH, HOLD_GUARD, HOLD_REFUSED };

struct place {
    enum place_kind kind;
    struct str path;
    size_t depth;
    const struct rule *rule; /* never NULL; id 0 and LAYER_BUILTIN for what is implicit */
    struct str root;         /* PROTECT, PIN: the writable root it stands in; else none */
    enum place_hold hold;
    struct str text; /* HOLD_FILE: its bytes */
    bool linkless;   /* PIN: a folder of git's, in which no symbolic link is made */
};

struct places {
    struct place *v;
    size_t n, cap;
};

/* All of them, shallow first, weak before strong. What an own /tmp hides anyway is left out. */
void places_list(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host, struct places *out);
/* The one that decides about path, or NULL: the rest of the tree, readable and not writable. */
const struct place *places_decide(
    const struct places *places, const struct path_env *env, struct str path);
/* The nearest place of one of the kinds (a set of 1u << kind) that path is or lies in. */
const struct place *places_within(
    const struct places *places, const struct path_env *env, struct str path, unsigned kinds);

/* The rule of any depth that path, or a folder above it, falls under in its writable root; *at: what of path is the name
 * itself. NULL: none. The name .git at the top of a root is git's own rule's. */
const struct rule *places_any_depth(const struct places *places, const struct policy *policy,
    const struct path_env *env, struct str path, struct str *at);

/* The parts of Cordon's checkout that it starts from next time. NULL ends the list. */
extern const char *const places_checkout_parts[];

#endif
