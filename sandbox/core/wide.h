/*
 * wide: UTF-16, as Windows has it, to and from the bytes that everything else here speaks.
 *
 * Names on Windows are any sequence of 16-bit units. So that no name is lost, a lone surrogate is kept as the three bytes that UTF-8
 * would give it if it could ("WTF-8"); everything else is plain UTF-8. Both ways are exact: what came from units goes back to the
 * same units. Pure.
 */
#ifndef CORDON_WIDE_H
#define CORDON_WIDE_H

#include "base.h"

/* Units with a length; always followed by one unit 0 that is not counted. */
struct wide {
    uint16_t *p;
    size_t n;
};

/* False, and *out untouched, for bytes that are no WTF-8: not UTF-8 but for lone surrogates, a surrogate pair written as two, or
 * a NUL (which would end the name for the system, and not for us). */
bool wide_from_text(struct arena *a, struct str text, struct wide *out);
/* Never fails: any units have one text. NUL included, which wide_from_text then refuses. */
struct str wide_to_text(struct arena *a, const uint16_t *units, size_t n);
/* How many units the text comes to; false when it is no WTF-8. */
bool wide_count(struct str text, size_t *units);

#endif
