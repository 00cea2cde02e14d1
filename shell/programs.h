/*
 * programs: well-known programs that cannot do inside what they are for, each with one clause why, and what to do.
 */
#ifndef CORDON_PROGRAMS_H
#define CORDON_PROGRAMS_H

#include "../sandbox/core/policy.h"

struct program_word {
    bool works; /* nothing is in its way */
    const char *why, *change;
};

/* False: nothing is known of a program of that name. */
bool program_known(const struct policy *policy, enum path_system system, struct str name, struct program_word *out);
/* What holds for every program that runs with more rights than its caller. */
extern const struct program_word program_setuid;

#endif
