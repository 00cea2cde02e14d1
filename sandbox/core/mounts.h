/*
 * mounts: the Linux ops of a plan, in the order in which they must be applied. Shared by plan.c
 * (which builds the plan), mounts.c (what every session gets) and covers.c (what the rules make of
 * the tree).
 */
#ifndef CORDON_MOUNTS_H
#define CORDON_MOUNTS_H

#include "places.h"
#include "plan.h"
#include "rules.h"

struct planner {
    struct arena *a;
    struct policy *policy;
    const struct path_env *env;
    const struct facts *facts;
    struct path_table numbers; /* of the facts, by path */
    const struct host *host;
    struct places places;
    struct plan *plan;
    struct str session;     /* the session's folder, or what it will be called */
    struct places writable; /* roots and layers that got an op: Landlock's list */
    struct err *e;
};

struct op *planner_op(struct planner *p, enum op_kind kind, struct str path, const char *why);
void planner_note(struct planner *p, const char *format, ...) BASE_PRINTF(2, 3);
void planner_partial(struct planner *p, const char *format, ...) BASE_PRINTF(2, 3);
void planner_warn(struct planner *p, const char *format, ...) BASE_PRINTF(2, 3); /* once each */
/* What was seen there; FACT_UNKNOWN with code 0 when nobody asked. Never NULL. */
const struct fact *planner_fact(const struct planner *p, struct str path);
void planner_identity(struct op *op, const struct fact *fact);
struct str planner_show(struct planner *p, struct str path);
/* Does the policy accept that this part is missing? */
bool planner_accepts(const struct planner *p, const char *part);
/* Is path (or what it lies in) one of the places that are the sandbox's own, and put back by
 * nothing? */
bool planner_hidden(const struct planner *p, struct str path);

/* mounts.c */
void mounts_questions(struct arena *a, const struct policy *policy, const struct host *host,
    const struct path_env *env, struct texts *out);
void mounts_tree(struct planner *p); /* private, read-only, /proc, /dev, loopback */
void mounts_own(struct planner *p);  /* /run, /tmp, and what must stay visible below them */
void mounts_caches(struct planner *p);
bool mounts_landlock(struct planner *p);
void mounts_links(struct planner *p);
bool mounts_limits(struct planner *p);
/* Is it a rule about /proc, which mounts_tree sees to, before /proc is closed? */
bool mounts_in_proc(const struct path_env *env, const struct place *place);

/* covers.c */
bool covers_plan(struct planner *p); /* roots, pins, protected and secret paths, shallow first */
void covers_git(struct planner *p); /* what git_look had to say */
/* Of a writable root that is not there: refused where somebody asked for it now, else a warning (true). */
bool covers_root_missing(struct planner *p, const struct place *place);
/* May what was seen there be a root? If not, p->e says why. */
bool covers_root_fits(struct planner *p, const struct place *place, const struct fact *fact);

/* acls.c, for Windows */
void acls_questions(struct arena *a, const struct places *places, const struct path_env *env, const struct host *host,
    struct texts *out);
bool acls_plan(struct planner *p);

#endif
