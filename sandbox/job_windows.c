/*
 * job: what holds a command's processes together, and ends them.
 *
 * Rule W3: no limit of the user interface (jobs then would not nest), no breakaway, a process is in its job before its first
 * instruction, and failing to nest is failing to start. Limits are read back ("QueryInformationJobObject").
 */
#include "win32.h"

#include <string.h>

static bool put_limits(HANDLE job, const struct job_wish *wish, struct err *e)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;

    memset(&limits, 0, sizeof limits);
    if (wish->kill_on_close)
        limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (wish->memory) {
        limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
        limits.JobMemoryLimit = wish->memory;
    }
    if (wish->processes) {
        limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
        limits.BasicLimitInformation.ActiveProcessLimit = wish->processes < UINT32_MAX ? (DWORD)wish->processes : UINT32_MAX;
    }
    return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits) ||
           win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot set the limits of a job");
}

static const char *limits_differ(HANDLE job, const struct job_wish *wish)
{
    const DWORD wanted = (wish->kill_on_close ? JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE : 0) | (wish->memory ? JOB_OBJECT_LIMIT_JOB_MEMORY : 0) |
                         (wish->processes ? JOB_OBJECT_LIMIT_ACTIVE_PROCESS : 0);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION got;
    DWORD n = 0;

    memset(&got, 0, sizeof got);
    if (!QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &got, sizeof got, &n))
        return "the limits of a job cannot be read back";
    if (got.BasicLimitInformation.LimitFlags != wanted)
        return "the limits of a job do not come back as they were given";
    /* The system rounds memory to whole pages. */
    if (wish->memory && (got.JobMemoryLimit > wish->memory || wish->memory - got.JobMemoryLimit > 0x10000))
        return "the memory limit of a job does not come back as it was given";
    return NULL;
}

/* "JOBOBJECT_CPU_RATE_CONTROL_INFORMATION": in hundredths of a percent of the whole machine, 1 to 10000. */
static bool put_cpu(HANDLE job, uint64_t hundredths, struct err *e)
{
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate;
    SYSTEM_INFO machine;
    uint64_t share;

    GetNativeSystemInfo(&machine);
    share = hundredths * 100 / (machine.dwNumberOfProcessors ? machine.dwNumberOfProcessors : 1);
    memset(&rate, 0, sizeof rate);
    rate.ControlFlags = JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP;
    rate.CpuRate = share < 1 ? 1 : share > 10000 ? 10000 : (DWORD)share;
    return SetInformationJobObject(job, JobObjectCpuRateControlInformation, &rate, sizeof rate) ||
           win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot limit the processor time of a job");
}

bool job_make(const struct job_wish *wish, HANDLE *out, const char **why, struct err *e)
{
    PSECURITY_DESCRIPTOR closed = wish->closed.n ? win_descriptor(wish->closed) : NULL;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, closed, FALSE};
    HANDLE job = wish->closed.n && !closed ? NULL : CreateJobObjectW(closed ? &attributes : NULL, NULL);
    DWORD code = GetLastError();
    bool good = job != NULL;

    *why = NULL;
    if (closed)
        LocalFree(closed);
    if (!good)
        win_fail_at(e, STAGE_TOKEN, code, wish->closed, "cannot make a job");
    good = good && put_limits(job, wish, e) && (!wish->cpu || put_cpu(job, wish->cpu, e));
    if (!good) {
        win_close(&job);
        return false;
    }
    *why = limits_differ(job, wish);
    *out = job;
    return true;
}

bool job_take(HANDLE job, HANDLE process, struct err *e)
{
    BOOL in = FALSE;

    if (IsProcessInJob(process, job, &in) && in)
        return true; /* it was born in it (PROC_THREAD_ATTRIBUTE_JOB_LIST) */
    if (!AssignProcessToJobObject(job, process))
        return win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot put a program into its job");
    return (IsProcessInJob(process, job, &in) && in) ||
           win_fail_at(e, STAGE_TOKEN, ERROR_NOT_SUPPORTED, (struct str){0}, "a program is not in its job");
}

size_t job_count(HANDLE job)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION got;
    DWORD n = 0;

    return QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &got, sizeof got, &n) ? got.ActiveProcesses : 0;
}
