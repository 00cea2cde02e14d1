/* test_errors: the table of what Windows answers: every code that people met is in it, each has cause and remedy that fit, and
 * nothing that could lock an account is tried again. */
#include "check.h"
#include "../sandbox/core/errors.h"

/* Those of the reference's users, and what setup, logon and filters give. */
static const uint32_t wanted[] = {2, 5, 87, 267, 740, 1056, 1058, 1168, 1223, 1260, 1312, 1326, 1327, 1330, 1331, 1332, 1344,
    1385, 1387, 1388, 1907, 1909, 0xC0000142, 0xC0000022, 0x8009000B, 2202, 2221, 2223, 2224, 2226, 2245, 1379, 1722, 1753, 1764,
    0x80320003, 0x80320009, 0x80320012, 0x80320028, 0x8009030E, 0xD000000D, 120, 50, 1314, 0xC000050B, 0x80000100, 0};

static bool has_words(const struct error_row *row)
{
    return row->name[0] && row->cause[0] && row->remedy[0] && row->stages && strlen(row->cause) + 14 < sizeof((struct err *)0)->reason &&
           strlen(row->remedy) < sizeof((struct err *)0)->remedy;
}

static void complete(void)
{
    char name[64];
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        snprintf(name, sizeof name, "%lu (0x%08lx) is known", (unsigned long)wanted[i], (unsigned long)wanted[i]);
        CHECK(error_find(wanted[i], STAGE_LOGON) || error_find(wanted[i], STAGE_ACL), name);
    }
}

static void well_formed(void)
{
    size_t n, bad = 0, unordered = 0, apart = 0;
    const struct error_row *rows = errors_list(&n);

    for (size_t i = 0; i < n; i++) {
        bool new_code = i == 0 || rows[i - 1].code != rows[i].code;
        if (!has_words(&rows[i])) {
            printf("row %lu: %s\n", (unsigned long)rows[i].code, rows[i].name);
            bad++;
        }
        /* A row behind one that holds at the same stages could never be found. */
        for (size_t k = 0; k < i; k++)
            if (rows[k].code == rows[i].code && !(rows[i].stages & ~rows[k].stages))
                unordered++;
        for (size_t k = 0; new_code && k + 1 < i; k++)
            if (rows[k].code == rows[i].code)
                apart++;
        if (error_unwrap(rows[i].code) != rows[i].code && rows[i].code != 0xD000000D) {
            printf("row %08lx is never reached\n", (unsigned long)rows[i].code);
            bad++;
        }
    }
    CHECK(n > 100, "the table is there");
    CHECK(bad == 0, "each row has name, cause and remedy, which fit into an error");
    CHECK(unordered == 0, "no row hides another");
    CHECK(apart == 0, "the rows of one code stand together");
}

static void never_loops(void)
{
    size_t again = 0, n;
    const struct error_row *rows = errors_list(&n);

    for (size_t i = 0; i < n; i++)
        for (unsigned tries = 0; tries < 4; tries++)
            again += error_may_retry(rows[i].code, tries);
    CHECK(again == 1 && error_may_retry(1056, 1) && error_may_retry(0x80070420, 1), "a logon is tried once more where the service was just starting, and never else");
    CHECK(!error_may_retry(424242, 1), "what is not known is not tried again");
}

static void means_by_stage(void)
{
    struct err e = {0}, odd = {0}, none = {0}, session = {0};

    CHECK(error_find(5, STAGE_ACL) != error_find(5, STAGE_LOGON) && error_find(5, STAGE_START) != error_find(5, STAGE_NETWORK),
        "5 means what its stage says");
    CHECK(error_find(87, STAGE_TOKEN) != error_find(87, STAGE_ACL), "87 of a token is no 87 of a volume");
    CHECK(error_find(0x80070005, STAGE_NETWORK) == error_find(5, STAGE_NETWORK), "HRESULT_FROM_WIN32 is what it wraps");
    CHECK(error_find(0xC0000234, STAGE_LOGON) == error_find(1909, STAGE_LOGON), "a status is what Win32 calls it");
    CHECK(error_find(0xD0000022, STAGE_START) == error_find(0xC0000022, STAGE_START), "HRESULT_FROM_NT is what it wraps");
    CHECK(error_unwrap(0x8009000B) == 0x8009000B, "other HRESULTs stay");
    err_set(&e, ERR_SYSTEM, "cannot start the runner");
    CHECK(!err_windows(&e, 1326, STAGE_LOGON) && e.code == 1326 && strstr(e.remedy, "repair") && strstr(e.reason, "1326"),
        "an error gets number, cause and remedy");
    CHECK(!err_windows(&e, 5, STAGE_LOGON) && e.code == 1326, "the first one stays");
    err_set(&odd, ERR_SYSTEM, "x");
    err_windows(&odd, 424242, STAGE_ACL);
    CHECK(strstr(odd.reason, "424242") && strstr(odd.reason, "acl"), "an unknown number is said to be one");
    err_set(&none, ERR_SYSTEM, "x");
    err_windows(&none, 0, STAGE_LOGON);
    CHECK(error_of_end((int32_t)0xC0000142u) && error_of_end((int32_t)0xC0000022u) == error_find(0xC0000022, STAGE_START) && !error_of_end(5) &&
              !error_of_end(1) && !error_of_end((int32_t)0xC000013Au) && !error_of_end(0) && !error_of_end((int32_t)0xC0FFEE00u),
        "a program's end is explained where it is a status of the system's, and only there");
    CHECK(strstr(none.reason, "no code"), "a failure without a code is no success");
    err_set(&session, ERR_SYSTEM, "the runner is gone");
    err_windows(&session, 0xC0000142, STAGE_LOGON);
    CHECK(strstr(session.reason, "session 0") && strstr(session.reason, "0xc0000142") && strstr(session.remedy, "desktop"),
        "a runner that could not begin says where it would");
}

int main(void)
{
    complete();
    well_formed();
    never_loops();
    means_by_stage();
    return CHECK_END();
}
