/*
 * witness: what cordon and the witness service on Windows say to one another over the pipe of one person.
 *
 * cordon says once which logon its runner has; the service then sends records (denial_put), one frame after the other, and never
 * waits for an answer. The service decides nothing: without it the boundary is the same. Pure, for both sides.
 */
#ifndef CORDON_WITNESS_H
#define CORDON_WITNESS_H

#include "denial.h"
#include "nt.h"

#define WITNESS_SERVICE     "CordonWitness"
#define WITNESS_HELLO_BYTES 16

/* "\\.\pipe\CordonWitness-S-1-5-..." */
struct str witness_pipe(struct arena *a, const struct sid *person);
/* Who may connect: the person, from this machine, and nobody restricted; nobody but the service makes another instance of it. */
struct str witness_pipe_sddl(struct arena *a, const struct sid *person);

/* logon: the AuthenticationId of the runner's token; 0: every logon of the person's sandbox accounts. */
void witness_hello(unsigned char out[WITNESS_HELLO_BYTES], uint64_t logon);
bool witness_hello_read(const unsigned char in[WITNESS_HELLO_BYTES], uint64_t *logon);

/* The next record of what came: have loses what was taken. lost: how many came before it and are not to be had; alone: the same
 * where no record carries the number. False: no whole record there. bad is set, for good, at what is no record. */
bool witness_take(struct buf *have, struct arena *a, struct denial *out, uint64_t *lost, uint64_t *alone, bool *bad);

#endif
