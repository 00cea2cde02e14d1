/*
 * attack: tries one thing at the level of a system call and says how it went. Run twice by
 * enforce.py: outside, against a decoy, where it must succeed (else nothing is shown), and inside,
 * where it must be refused.
 *
 * Never does harm beyond the decoy it is given: what has no decoy (reboot, swapon, clocks) is
 * called with arguments that the kernel refuses for their own sake, so "refused by a filter" and
 * "reached the kernel" differ.
 */
#ifndef CORDON_ATTACK_H
#define CORDON_ATTACK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the environment of a batch's attacks: the pid of who started the helper. */
#define ATTACK_STARTER "ATTACK_STARTER"

enum answer { ANSWER_DONE, ANSWER_DENIED, ANSWER_MISSING, ANSWER_FAILED, ANSWER_CANNOT_TRY };

struct outcome {
    enum answer answer;
    int code; /* errno, where there is one */
};

/* One verb. args: how many arguments it wants at least. a[0] is the first argument, a NULL ends
 * them. */
struct verb {
    const char *name;
    int args;
    struct outcome (*run)(char **a);
};

extern const struct verb verbs_files[], verbs_descriptors[], verbs_mounts[], verbs_kernel[],
    verbs_processes[], verbs_ipc[], verbs_network[],
    verbs_terminal[], verbs_unix[]; /* each ended by a row without a name */

/* From errno. */
struct outcome outcome_errno(int code);
/* What a call returned: >= 0 is done, else by errno. */
struct outcome outcome_of(long result);
/* The same for a call with arguments that cannot work: any answer but a refusal means that it got
 * through. */
struct outcome outcome_reached(long result);
struct outcome outcome_done(void);
struct outcome outcome_cannot(void);

const struct verb *verb_find(const char *name);
/* Runs `NAME ARG...`; an unknown one cannot be tried. */
struct outcome verb_run(char **words);
long number(const char *text); /* decimal; 0 for nonsense */

#endif
