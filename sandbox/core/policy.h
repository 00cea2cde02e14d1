/*
 * policy: bytes of a policy file to a policy; layers laid over one another; printing and checking.
 *
 * policy.c alone includes cJSON, and never trusts it alone: the bytes are checked first (UTF-8, escaped
 * NUL, depth, trailing text, duplicate keys, integers), each complaint with file, line and column.
 */
#ifndef CORDON_POLICY_H
#define CORDON_POLICY_H

#include "path.h"

/* The built-in policy: defaults and the lists of protected and secret paths. host gives home, root. */
void policy_builtin(struct arena *a, const struct path_env *env, const struct host *host,
    struct policy *out);

/*
 * Reads one policy file's bytes as `layer` and lays it over *policy (which is only changed on success).
 * Lists add to what is there; scalars replace it. The machine layer bounds what comes after it: a later
 * layer may narrow and not widen it (network mode, switch, write roots, git, dropped secrets), and an
 * attempt to is refused with both places.
 */
bool policy_read(struct arena *a, const struct path_env *env, struct str bytes, enum layer layer,
    struct str file_name, struct policy *policy, struct err *e);

/* Adds a rule from a flag or a built-in (:allow, --write). text is canonicalised with env. */
bool policy_add_path(struct arena *a, const struct path_env *env, struct policy *policy,
    enum rule_kind kind, enum layer layer, struct str text, struct err *e);
/* Marks the writable root at canonical path revoked; ERR_MISSING when there is none. */
bool policy_revoke(struct policy *policy, const struct path_env *env, struct str path, struct err *e);
/* A copy that shares nothing changeable with *from (rules and lists are copied). */
void policy_copy(struct arena *a, const struct policy *from, struct policy *out);

bool net_mode_parse(struct str word, enum net_mode *out);
const char *net_mode_name(enum net_mode mode);
/* "built-in", "~/.config/cordon/policy.json:7:12", "--write", ":allow" */
struct str origin_text(struct arena *a, const struct origin *o);

/* The effective policy for a person (with the origin of each rule) and as a policy file (JSON). */
void policy_print(struct buf *out, struct arena *a, const struct path_env *env, const struct policy *p);
void policy_print_json(struct buf *out, struct arena *a, const struct policy *p);

/* policy_export.c: in the words of another sandbox, "wsb" or "sbpl"; what that has no word for stands in a comment. */
struct places;
bool policy_export(struct buf *out, struct arena *a, const struct path_env *env, const struct policy *p, const struct places *places,
    struct str format, struct err *e);

#endif
