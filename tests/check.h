/*
 * check: the few macros that every C test uses. A test program prints one line per check:
 *   ok NAME            not ok NAME: why (file:line)            skip NAME: what is lacking
 * and ends with "done", so that a program that dies half-way is seen as such by tests/run.sh.
 */
#ifndef CORDON_CHECK_H
#define CORDON_CHECK_H

#include <stdio.h>
#include <string.h>
#include "../sandbox/core/base.h"

static int check_failures;

/* name: what must be true, as a short sentence without a newline. */
static inline bool check_report(bool good, const char *file, int line, const char *name, const char *why)
{
    if (good) {
        printf("ok %s\n", name);
    } else {
        check_failures++;
        printf("not ok %s: %s (%s:%d)\n", name, why, file, line);
    }
    fflush(stdout);
    return good;
}

static inline bool check_str_at(
    struct str got, struct str wanted, const char *file, int line, const char *name)
{
    char why[600];
    bool same = str_eq(got, wanted);
    if (!same)
        snprintf(why, sizeof why, "got \"%.*s\", wanted \"%.*s\"", got.n > 250 ? 250 : (int)got.n,
            got.p ? got.p : "", wanted.n > 250 ? 250 : (int)wanted.n, wanted.p ? wanted.p : "");
    return check_report(same, file, line, name, same ? "" : why);
}

#define CHECK(condition, name) check_report((condition), __FILE__, __LINE__, (name), #condition)
#define CHECK_STR(got, wanted, name) check_str_at((got), (wanted), __FILE__, __LINE__, (name))
#define CHECK_SKIP(name, why) (printf("skip %s: %s\n", (name), (why)), fflush(stdout))
#define CHECK_END() (printf("done\n"), check_failures ? 1 : 0)

#endif
