/*
 * fuzz: the contract between the driver (fuzz.c) and the parsers' targets: fuzz_X.c defines fuzz_X, declared here, and
 * fuzz.c has a row for it with valid inputs to start from.
 *
 * A target is called many times in one process: it frees what it takes and keeps nothing between calls. It calls
 * abort() when something that must hold does not. It returns 0.
 */
#ifndef CORDON_FUZZ_H
#define CORDON_FUZZ_H

#include "../sandbox/core/base.h"

int fuzz_audit(const unsigned char *bytes, size_t n);
int fuzz_denial(const unsigned char *bytes, size_t n);
int fuzz_descriptor(const unsigned char *bytes, size_t n);
int fuzz_dos(const unsigned char *bytes, size_t n);
int fuzz_editor(const unsigned char *bytes, size_t n);
int fuzz_policy(const unsigned char *bytes, size_t n);
int fuzz_frame(const unsigned char *bytes, size_t n);
int fuzz_gitconf(const unsigned char *bytes, size_t n);
int fuzz_gitindex(const unsigned char *bytes, size_t n);
int fuzz_path(const unsigned char *bytes, size_t n);
int fuzz_reports(const unsigned char *bytes, size_t n);
int fuzz_store(const unsigned char *bytes, size_t n);
int fuzz_terminal(const unsigned char *bytes, size_t n);
int fuzz_text(const unsigned char *bytes, size_t n);

#endif
