/* fuzz_reports: what the command shell sends is hostile. Reports are taken from the front until there is none; each must
 * keep its bounds, and what it hands back for the shell must go out again whole. */
#include "fuzz.h"

#include "../shell/living.h"
#include "../shell/plain.h"

#include <stdlib.h>

static void check_report(const struct living_report *r, size_t used, struct str left)
{
    struct living_line line = {.id = r->id, .text = STR(":"), .traps = r->traps};
    struct buf out = {0};
    struct err e = {0};

    if (used == 0 || used > left.n || r->status < 0 || r->status > 255 || r->cwd.n > PATH_BYTES_MAX)
        abort();
    if (r->environment.n + r->functions.n > 2 * (size_t)LIVING_FIELDS_MAX)
        abort();
    if (r->traps.n && !str_starts(r->traps, STR("trap -- ")))
        abort();
    if (!living_send(&out, &line, &e) || out.n < 24 + 1 + 12)
        abort();
    buf_release(&out);
}

static void check_state(struct str bytes)
{
    struct arena a = {0};
    struct plain_state state;

    plain_take(&a, bytes, &state);
    if (state.folder.n > PATH_BYTES_MAX || (state.folder.n && state.folder.p[0] != '/') || (!state.told && state.environment.n))
        abort();
    for (size_t i = 0; i < state.environment.n; i++)
        if (str_find(state.environment.v[i], 0, '=') == 0 || str_find(state.environment.v[i], 0, '\0') < state.environment.v[i].n)
            abort();
    arena_release(&a);
}

int fuzz_reports(const unsigned char *bytes, size_t n)
{
    struct str left = {(const char *)bytes, n};

    check_state(left);
    for (;;) {
        struct arena a = {0};
        struct living_report report = {0};
        struct err e = {0};
        size_t used = 0;
        int got = living_take(&a, left, &report, &used, &e);
        if (got == 1) {
            struct str again;
            check_report(&report, used, left);
            again = living_restore(&a, &report.environment, report.cwd);
            if (!str_ends(again, STR("} 2>/dev/null\n")))
                abort();
            left = str_slice(left, used, left.n);
        } else if ((got < 0) != (e.kind != ERR_NONE) || used != 0) {
            abort();
        }
        arena_release(&a);
        if (got != 1)
            return 0;
    }
}
