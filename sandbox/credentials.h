/*
 * credentials: the passwords of the two sandbox accounts: sealed by Windows (DPAPI), kept in one file, opened only to start a
 * runner. Setup makes the file; the shell re-wraps it for its person at first use, when an administrator other than the person
 * had to seal it for the machine.
 *
 * Whoever holds a struct passwords wipes it as soon as it can. Windows only.
 */
#ifndef CORDON_CREDENTIALS_H
#define CORDON_CREDENTIALS_H

#include "core/ledger.h"

struct passwords {
    bool there;
    char offline[SETUP_PASSWORD_LENGTH + 1], online[SETUP_PASSWORD_LENGTH + 1];
};

void passwords_wipe(struct passwords *p);
bool passwords_new(struct passwords *out, struct err *e); /* from the system's CSPRNG */

/* As bytes of the file. for_person: only the user of this very token opens it again; else anybody on this machine who can read
 * the file, which its descriptor leaves to the person and SYSTEM. person: the SID, which the seal is bound to. */
bool passwords_seal(struct arena *a, const struct passwords *p, struct str person, bool for_person, struct buf *out, struct err *e);
bool passwords_unseal(struct str bytes, struct str person, struct passwords *out, bool *for_person, struct err *e);

/* For the shell: reads the file below ProgramData\Cordon, and seals it for the person alone where it is not yet; the old bytes are
 * overwritten. A file that cannot be opened any more is ERR_SYSTEM with the remedy: cordon repair. */
bool passwords_open(struct str data_dir, struct str person, struct passwords *out, struct err *e);

#endif
