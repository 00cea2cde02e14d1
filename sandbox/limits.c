/*
 * limits: see limits.h.
 */
#include "limits.h"

#define PAGES 0x10000u /* the system rounds memory down to whole ones */

struct limits limits_of(const struct job_wish *wish, uint32_t processors)
{
    struct limits out = {.memory = wish->memory};
    uint64_t share = wish->cpu < UINT32_MAX ? wish->cpu * 100 / (processors ? processors : 1) : 10000;

    if (wish->kill_on_close)
        out.flags |= LIMIT_KILL_ON_CLOSE;
    if (wish->memory)
        out.flags |= LIMIT_MEMORY;
    if (wish->processes) {
        out.flags |= LIMIT_PROCESSES;
        out.processes = wish->processes < UINT32_MAX ? (uint32_t)wish->processes : UINT32_MAX;
    }
    if (wish->cpu) {
        out.rate_flags = LIMIT_RATE;
        out.rate = share < 1 ? 1 : share > 10000 ? 10000 : (uint32_t)share;
    }
    return out;
}

const char *limits_differ(const struct limits *wanted, const struct limits *got)
{
    if (got->flags != wanted->flags)
        return "the limits of a job do not come back as they were given";
    if (wanted->memory && (got->memory > wanted->memory || wanted->memory - got->memory >= PAGES))
        return "the memory limit of a job does not come back as it was given";
    if (got->processes != wanted->processes && wanted->processes)
        return "the number of processes of a job does not come back as it was given";
    if (got->rate_flags != wanted->rate_flags || (wanted->rate && got->rate != wanted->rate))
        return "the processor time of a job does not come back as it was given";
    return NULL;
}
