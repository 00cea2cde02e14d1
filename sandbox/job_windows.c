/*
 * job: what holds a command's processes together, and ends them.
 *
 * Rule W3: no limit of the user interface (jobs then would not nest), no breakaway, a process is in its job before its first
 * instruction, and failing to nest is failing to start. Limits are read back ("QueryInformationJobObject").
 */
#include "win32.h"

#include <string.h>

_Static_assert(LIMIT_KILL_ON_CLOSE == JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE && LIMIT_MEMORY == JOB_OBJECT_LIMIT_JOB_MEMORY &&
                   LIMIT_PROCESSES == JOB_OBJECT_LIMIT_ACTIVE_PROCESS &&
                   LIMIT_RATE == (JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP),
    "limits.h has the system's numbers");

static bool put_limits(HANDLE job, const struct limits *wanted, struct err *e)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate;

    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = wanted->flags;
    limits.BasicLimitInformation.ActiveProcessLimit = wanted->processes;
    limits.JobMemoryLimit = wanted->memory;
    if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        return win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot set the limits of a job");
    memset(&rate, 0, sizeof rate);
    rate.ControlFlags = wanted->rate_flags;
    rate.CpuRate = wanted->rate;
    return !wanted->rate_flags || SetInformationJobObject(job, JobObjectCpuRateControlInformation, &rate, sizeof rate) ||
           win_fail_at(e, STAGE_TOKEN, GetLastError(), (struct str){0}, "cannot limit the processor time of a job");
}

static bool get_limits(HANDLE job, bool rated, struct limits *out)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate;
    DWORD n = 0;

    memset(&limits, 0, sizeof limits);
    memset(&rate, 0, sizeof rate);
    if (!QueryInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits, &n) ||
        (rated && !QueryInformationJobObject(job, JobObjectCpuRateControlInformation, &rate, sizeof rate, &n)))
        return false;
    *out = (struct limits){.flags = limits.BasicLimitInformation.LimitFlags,
        .processes = limits.BasicLimitInformation.ActiveProcessLimit,
        .memory = limits.JobMemoryLimit,
        .rate_flags = rate.ControlFlags,
        .rate = rated ? rate.CpuRate : 0};
    return true;
}

bool job_make(const struct job_wish *wish, HANDLE *out, const char **why, struct err *e)
{
    PSECURITY_DESCRIPTOR closed = wish->closed.n ? win_descriptor(wish->closed) : NULL;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, closed, FALSE};
    HANDLE job = wish->closed.n && !closed ? NULL : CreateJobObjectW(closed ? &attributes : NULL, NULL);
    DWORD code = GetLastError();
    bool good = job != NULL;
    struct limits wanted, got;
    SYSTEM_INFO machine;

    *why = NULL;
    if (closed)
        LocalFree(closed);
    if (!good)
        win_fail_at(e, STAGE_TOKEN, code, wish->closed, "cannot make a job");
    GetNativeSystemInfo(&machine);
    wanted = limits_of(wish, machine.dwNumberOfProcessors);
    good = good && put_limits(job, &wanted, e);
    if (!good) {
        win_close(&job);
        return false;
    }
    *why = get_limits(job, wanted.rate_flags != 0, &got) ? limits_differ(&wanted, &got) : "the limits of a job cannot be read back";
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
