/*
 * test_access_windows: our access check beside the system's. Under wine only the cases that it decides as Windows is documented
 * to; the others are skipped there by name, and asked on Windows.
 */
#include "../sandbox/win32.h"
#include "check.h"

#include <stdio.h>

static struct arena arena;

static void test_questions(void)
{
    struct access_compared all;
    size_t same = 0;

    CHECK(access_compare(&arena, true, &all) && all.n > 20, "there are questions");
    for (size_t i = 0; i < all.n; i++) {
        const struct access_question *q = &all.v[i];
        same += q->state == AGREEMENT_SAME;
        if (q->state == AGREEMENT_NOT_ASKED)
            CHECK_SKIP(q->name.p, q->detail.p);
        else
            check_report(q->state == AGREEMENT_SAME, __FILE__, __LINE__, q->name.p, q->detail.p);
    }
    CHECK(same >= 10, "at least ten of them are asked anywhere");
}

static void test_wine(void)
{
    struct sid write;
    struct err e = {0};
    struct token t = {0};
    HANDLE token = sid_parse(STR("S-1-5-21-9-9-9-9"), &write) ? win_token_restricted(&write, 1, &e) : NULL;

    CHECK(token != NULL && win_token_read(&arena, token, &t, &e), "a restricted token is made, and read");
    CHECK(t.user.count > 0 && t.group_count > 0, "with its user and groups");
    if (win_is_wine())
        CHECK(t.restricting_count == 0, "wine: the restricting SIDs are not there, which is how we know it");
    else
        CHECK(t.restricting_count == 1 && t.write_restricted, "it says that it is write-restricted");
    win_close(&token);
}

int main(void)
{
    test_questions();
    test_wine();
    arena_release(&arena);
    return CHECK_END();
}
