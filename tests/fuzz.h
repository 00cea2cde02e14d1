/*
 * fuzz: the contract between the driver (fuzz.c) and the parsers' targets (fuzz_X.c).
 *
 * fuzz_X.c defines one `const struct fuzz_target fuzz_X` and nothing else that is visible; fuzz.c lists it in its
 * table. run is called many times in one process: it must free what it takes and keep nothing between calls. It
 * should call the parser whole and in pieces, and abort() when something that must hold does not.
 */
#ifndef CORDON_FUZZ_H
#define CORDON_FUZZ_H

#include "../sandbox/core/base.h"

struct fuzz_target {
    const char *name;
    void (*run)(const unsigned char *bytes, size_t n);
    const struct str *seeds; /* whole, valid inputs; at least one */
    size_t seed_count;
    unsigned rounds; /* mutations in the test run: about two seconds of them */
};

#endif
