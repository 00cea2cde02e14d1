/*
 * errors: the one table of what Windows answers when something fails: which stage it came at, what that means here, and what the
 * person can do. Shared by the shell, setup and doctor.
 *
 * Pure. The same number means different things at different stages: 5 from a logon is another matter than 5 from a DACL, so
 * a row is found by both.
 */
#ifndef CORDON_ERRORS_H
#define CORDON_ERRORS_H

#include "base.h"

enum error_stage {
    STAGE_SETUP = 1 << 0,      /* asking for elevation, starting cordon-setup */
    STAGE_ACCOUNT = 1 << 1,    /* local accounts, groups, rights, profiles */
    STAGE_CREDENTIAL = 1 << 2, /* the kept passwords: DPAPI, their file */
    STAGE_LOGON = 1 << 3,      /* starting the runner as a sandbox account */
    STAGE_START = 1 << 4,      /* starting a program inside, or what it ended with */
    STAGE_TOKEN = 1 << 5,      /* restricted token, default DACL, job, window station */
    STAGE_ACL = 1 << 6,        /* descriptors of files and folders */
    STAGE_NETWORK = 1 << 7,    /* Windows Filtering Platform, firewall */
    STAGE_AUDIT = 1 << 8,      /* audit policy, event logs */
    STAGE_SERVICE = 1 << 9,    /* services and their manager */
    STAGE_FILE = 1 << 10,      /* files of Cordon's own */
    STAGE_ANY = (1 << 11) - 1,
};

struct error_row {
    uint32_t code;     /* Win32, NERR, NTSTATUS or HRESULT, as its call returns it */
    unsigned stages;   /* enum error_stage, or'ed */
    const char *name;  /* "ERROR_LOGON_FAILURE" */
    const char *cause; /* one clause */
    const char *remedy;
};

/* All rows; those of one code stand together, the narrower stage first. */
const struct error_row *errors_list(size_t *count);
/* The row for this code at this stage, or NULL: what is not known is said to be so. HRESULT_FROM_WIN32, HRESULT_FROM_NT, and
 * statuses that say the same as a Win32 code, are taken for what they wrap. */
const struct error_row *error_find(uint32_t code, enum error_stage stage);
uint32_t error_unwrap(uint32_t code);
/* May a logon be tried again by itself, after so many tries? Once where the service was just being started: nobody has looked at the
 * password yet (1056). Never otherwise: that is what locks accounts. */
bool error_may_retry(uint32_t code, unsigned tries);
/* What a program that ended with this code says by it: the row of a status of Windows' own (0xC0000142), NULL for any other number. */
const struct error_row *error_of_end(long code);
/* Fills reason, remedy and code of an error that err_set has begun; returns false. 0 is no success: a call that failed and
 * left no code. */
bool err_windows(struct err *e, uint32_t code, enum error_stage stage);

#endif
