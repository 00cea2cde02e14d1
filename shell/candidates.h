/*
 * candidates: which paths a command line names, and what its commands would do to them: a guess from words, for telling afterwards
 * what may have been refused where nobody saw it (Windows without a witness). Never what is enforced, and never called more than
 * evaluated. Pure: nothing is looked up.
 */
#ifndef CORDON_CANDIDATES_H
#define CORDON_CANDIDATES_H

#include "../sandbox/core/core.h"

#define CANDIDATES_OF_LINE 16

struct candidate {
    struct str word; /* as it stands in the line, without its quotes */
    enum operation operation; /* OPERATION_WRITE of what is not there means that it is made */
};

struct candidates {
    struct candidate v[CANDIDATES_OF_LINE];
    size_t n;
};

void candidates_of(struct arena *a, struct str line, struct candidates *out);

#endif
