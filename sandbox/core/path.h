/*
 * path: one canonical form for a path, on both systems, as pure text.
 *
 * POSIX canonical: absolute, '/' separators, no empty, "." or ".." components, no trailing '/' (but "/"
 * itself). Windows canonical: "C:\a\b" or "\\server\share\a", upper-case drive letter, '\' separators,
 * with \\?\ and \\?\UNC\ removed. Symbolic links are not this module's business: facts say where a path
 * really leads. Bytes are kept as they are: no case is changed, nothing is replaced.
 */
#ifndef CORDON_PATH_H
#define CORDON_PATH_H

#include "core.h"

enum path_system { PATH_POSIX, PATH_WINDOWS };

/* Case rules are data that the edge hands in. fold is NULL where case matters. */
struct path_case {
    uint32_t (*fold)(const void *table, uint32_t scalar);
    const void *table;
};

struct path_env {
    enum path_system system;
    struct str home;                      /* for "~" */
    struct str cwd;                       /* for relative paths; none: a relative path is refused */
    struct str (*variable)(const void *context, struct str name); /* none when not set */
    const void *context;
    struct path_case fold;
    bool backslash; /* POSIX: \ separates too, as in a policy file; else it is a byte of a name */
};

/* Canonical form of what a person wrote. Refuses, with the reason: an unset ${NAME}, a relative path
 * without cwd, NUL, device names, streams, trailing dots and spaces, 8.3-looking names (Windows), a path
 * over PATH_BYTES_MAX. */
bool path_canonical(
    struct arena *a, const struct path_env *env, struct str text, struct str *out, struct err *e);

/* The same for a name that stands inside every writable root (".git/hooks"): relative, no "..", no "~". */
bool path_relative(
    struct arena *a, const struct path_env *env, struct str text, struct str *out, struct err *e);

/* For canonical paths of the given system and case rules. */
bool path_same(const struct path_env *env, struct str a, struct str b);
bool path_is_under(const struct path_env *env, struct str folder, struct str path); /* or the same */
/* The rest of path below folder, without a leading separator; none when it is not under it. */
struct str path_below(const struct path_env *env, struct str folder, struct str path);
struct str path_join(struct arena *a, enum path_system system, struct str folder, struct str rest);
struct str path_parent(enum path_system system, struct str path); /* of a root: itself */
struct str path_name(enum path_system system, struct str path);   /* last component; "" for a root */
size_t path_depth(enum path_system system, struct str path);      /* components below the root */
bool path_is_absolute(enum path_system system, struct str text);
/* Windows: does a symbolic link with this substitute name stay on the volumes of this machine, as far as the name says? A drive can
 * still be a share. Whoever follows one that does not logs on, as the person, at a server of whoever made it. */
bool path_link_is_local(struct str substitute, bool relative);
/* In full and printable; of Windows with its separators as they are typed. */
struct str path_text(struct arena *a, enum path_system system, struct str path);
/* A short form for display: "~/x" for what lies in home, printable. */
struct str path_display(struct arena *a, const struct path_env *env, struct str path);
/* The same in a line for sh that is offered to be pasted: whatever it is named, it is one word there. */
struct str path_shell(struct arena *a, const struct path_env *env, struct str path);

/* Numbers of paths, found by their bytes (where case is folded that is not what makes two the same). */
struct path_table {
    struct path_slot *slots;
    size_t size, n;
};
void path_table_put(struct arena *a, struct path_table *t, struct str path, size_t number); /* the first stays */
size_t path_table_get(const struct path_table *t, struct str path); /* SIZE_MAX: it is not there */

#endif
