/*
 * limits: what a job of Windows is to be limited to, as the system takes it, and whether what it gives back is that. Plain.
 */
#ifndef CORDON_LIMITS_H
#define CORDON_LIMITS_H

#include "core/base.h"

struct job_wish {
    bool kill_on_close;
    uint64_t memory, processes, cpu; /* bytes; number; hundredths of one processor; 0: no limit */
    struct str closed;               /* SDDL of the job itself; none: the token's default */
};

/* JOB_OBJECT_LIMIT_*, JOBOBJECT_CPU_RATE_CONTROL_INFORMATION */
#define LIMIT_PROCESSES     0x0008u
#define LIMIT_MEMORY        0x0200u
#define LIMIT_KILL_ON_CLOSE 0x2000u
#define LIMIT_RATE          0x0005u /* enabled, a hard cap */
struct limits {
    uint32_t flags, processes;
    uint64_t memory;
    uint32_t rate_flags, rate; /* hundredths of a percent of the whole machine, 1 to 10000 */
};
struct limits limits_of(const struct job_wish *wish, uint32_t processors);
/* One clause, or NULL. What was not asked for has to be absent, too: a breakaway, above all. */
const char *limits_differ(const struct limits *wanted, const struct limits *got);

#endif
