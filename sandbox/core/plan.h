/*
 * plan: policy and facts to an ordered list of ops; comparing two plans; printing one.
 */
#ifndef CORDON_PLAN_H
#define CORDON_PLAN_H

#include "path.h"

/* The paths whose facts plan_build will want, canonical, without repeats. facts->host is there already; what was worked
 * out on the way is kept in facts, for plan_build with this very policy. */
void plan_questions(struct arena *a, const struct policy *policy, const struct path_env *env,
    struct facts *facts, struct texts *out);

/*
 * What the Linux edge must do for this policy on this machine. Fails (ERR_POLICY, ERR_REFUSED,
 * ERR_UNSUPPORTED) when a rule cannot be enforced: a refused or missing root, a protected path that is a
 * symbolic link, a limit that nothing here can hold, a missing part that the policy does not accept.
 * A configured rule that matches nothing is a warning in policy->warnings.
 */
bool plan_build(struct arena *a, struct policy *policy, const struct path_env *env,
    const struct facts *facts, struct plan *out, struct err *e);

/* The op that will carry the layer over caches, if the plan comes to one, as far as an edge needs it to make the layer in
 * advance: it takes long. */
void plan_layer_early(struct arena *a, const struct host *host, struct op *out);

/* The ops that every plan of this policy begins with: the read-only tree, /proc, /dev. They need only the facts that
 * plan_beginning_needs says yes to, so that an edge can do them while the others are gathered. */
bool plan_beginning_needs(struct str question);
void plan_beginning(
    struct arena *a, struct policy *policy, const struct path_env *env, const struct facts *facts, struct plan *out);

/* What the mounts of a plan come to at a path: the last op that lies over it decides. */
enum plan_reach { PLAN_NOTHING, PLAN_READS, PLAN_WRITES };
enum plan_reach plan_reaches(const struct plan *plan, struct str path);

/* Writable, and there only so that it stays in its place: a writable folder within one. */
bool plan_is_pin(const struct plan *plan, const struct op *op);

/* What a person should see of the step from one plan to another. */
struct plan_change {
    bool added; /* else removed */
    const struct op *op;
};
struct plan_diff {
    struct plan_change *v;
    size_t n, cap;
    bool widens; /* something becomes writable, readable or reachable: needs a new boundary */
    bool identity_changed; /* the same paths, but other objects behind them (needs covering again) */
};
void plan_compare(struct arena *a, const struct plan *before, const struct plan *after,
    struct plan_diff *out);

void plan_print(struct buf *out, struct arena *a, const struct path_env *env, const struct plan *plan);
void plan_print_diff(struct buf *out, struct arena *a, const struct path_env *env,
    const struct plan_diff *diff);

#endif
