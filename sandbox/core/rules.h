/*
 * rules: (policy, path, operation) -> verdict. The single place that knows what the rules say.
 *
 * The most specific path wins; at equal depth secret beats protect beats write. Paths are canonical and
 * real (links resolved by the edge).
 */
#ifndef CORDON_RULES_H
#define CORDON_RULES_H

#include "path.h"

struct verdict rules_verdict(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host, struct str path, enum operation operation);
/* The same with what was seen when the plan was made: places from there, for who asks often (made here where facts have
 * none), and where a rule's path leads by a link, what lies behind it is under that rule too. */
struct verdict rules_verdict_seen(struct arena *a, const struct facts *facts, const struct policy *policy,
    const struct path_env *env, struct str path, enum operation operation);
/* The same for "host:port" under the network mode. */
struct verdict rules_verdict_address(
    struct arena *a, const struct policy *policy, struct str host, uint16_t port);
const char *operation_name(enum operation operation);
bool operation_parse(struct str word, enum operation *out);

/*
 * May `path` (canonical; real is where it leads) be a workspace or a writable root? Refuses by name: /,
 * HOME itself and what contains it, a PATH folder, a system folder, a folder that is or contains a shell
 * start-up file, git's user configuration, an autostart folder, Cordon's configuration, state or
 * programs. Says which of them it is and what to name instead.
 */
bool rules_root_allowed(struct arena *a, const struct path_env *env, const struct host *host,
    struct str path, struct str real, struct err *e);

/* Windows: does the path lie in a folder of the home that a cloud service copies elsewhere? *root: which. */
bool rules_cloud(const struct path_env *env, const struct host *host, struct str path, struct str *root);

/* The files and folders of the home folder that shells, git and sessions obey: where they lead by a link, no root may
 * be either; facts tell (plan_build). */
void rules_obeyed(
    struct arena *a, const struct path_env *env, const struct host *host, struct texts *out);
/* Is path a program in one of those folders, which does nothing until somebody calls it by its name? */
bool rules_obeyed_by_name(struct arena *a, const struct path_env *env, const struct host *host, struct str path);

#endif
