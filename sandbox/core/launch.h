/*
 * launch: what a program inside is started with: the environment.
 */
#ifndef CORDON_LAUNCH_H
#define CORDON_LAUNCH_H

#include "core.h"

/* Windows: the folder beside Cordon's programs with an ssh and an scp that refuse, for the composition in which nothing but
 * convention does. */
#define LAUNCH_REFUSING "refusing"

/*
 * The environment for the inside, as "NAME=value" texts in the order of `outer`. Left out: what env_drop
 * matches or env_pass does not (a name that env_pass lists without a * is stronger than a pattern in env_drop),
 * and what would lead out of the sandbox (agents, display, bus, editor and
 * multiplexer sockets, descriptors of a service manager, the jobserver in MAKEFLAGS). Put in: env_set,
 * then the plan's additions, then CORDON_*, TERM when there is a terminal. A value with a NUL or a name with '='
 * cannot come out. On Windows, where host->windows is there, names are compared without case, and with an account of its own nothing
 * of the person's profile comes in: the runner puts in what its own logon has. git gets safe.directory for the workspace, without a file being written.
 */
void launch_environment(struct arena *a, const struct policy *policy, const struct plan *plan,
    const struct host *host, const struct texts *outer, bool terminal, struct texts *out);

/* PATH as a boundary of this plan wants it, whatever that of another had put in front of it. Elsewhere than on Windows as it is. */
struct str launch_path(struct arena *a, const struct policy *policy, const struct plan *plan, const struct host *host, struct str path);

#endif
