/*
 * terminal_cuts: a filter of terminal bytes must not depend on where reads divide its input. Each case of the tests is run
 * whole, byte by byte, and cut in two at every place.
 */
#ifndef CORDON_TERMINAL_CUTS_H
#define CORDON_TERMINAL_CUTS_H

#include "check.h"

/* Filters input, given in one or more pieces, from a fresh state; appends to out. */
typedef void cuts_run(const struct str *pieces, size_t count, struct buf *out);

static inline void cuts_once(cuts_run *run, const struct str *pieces, size_t count, struct str wanted, const char *name,
    const char *how)
{
    struct buf out = {0};
    char title[200];

    run(pieces, count, &out);
    snprintf(title, sizeof title, "%s (%s)", name, how);
    if (!str_eq(buf_view(&out), wanted))
        CHECK_STR(buf_view(&out), wanted, title);
    buf_release(&out);
}

/* One line "ok NAME" when every way of cutting gives the same; a line for each that does not. */
static inline void cuts_check(cuts_run *run, struct str input, struct str wanted, const char *name)
{
    static struct str bytes[1 << 16];
    int before = check_failures;

    cuts_once(run, &input, 1, wanted, name, "whole");
    for (size_t i = 0; i < input.n && i < COUNT_OF(bytes); i++)
        bytes[i] = str_slice(input, i, i + 1);
    if (input.n <= COUNT_OF(bytes))
        cuts_once(run, bytes, input.n, wanted, name, "byte by byte");
    for (size_t at = 1; at < input.n && input.n < 300; at++) {
        struct str two[] = {str_slice(input, 0, at), str_slice(input, at, input.n)};

        cuts_once(run, two, 2, wanted, name, "in two");
    }
    if (check_failures == before)
        check_report(true, "", 0, name, "");
}

#endif
