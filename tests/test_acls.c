/*
 * test_acls: the plan for Windows machines, line by line; what is refused or named; entries applied and taken back; comparing.
 */
#include "check.h"
#include "windows_tree.h"

#include <stdlib.h>

static void check_golden(struct tree *t, const char *name, const char *wanted)
{
    struct buf out = {0};

    if (!tree_plan(t)) {
        CHECK_STR(err_text(&t->err, &t->arena), STR(""), name);
        return;
    }
    plan_print(&out, &t->arena, &t->env, &t->plan);
    buf_add(&out, "", 1);
    if (strcmp(out.p, wanted) != 0)
        fprintf(stderr, "--- %s: got\n%s--- wanted\n%s", name, out.p, wanted);
    CHECK(strcmp(out.p, wanted) == 0, name);
    buf_release(&out);
}

int main(void)
{
    struct tree t;
    tree_begin(&t);
    check_golden(&t, "set up", "");
    tree_end(&t);
    tree_begin(&t);
    tree_unelevated(&t);
    check_golden(&t, "unelevated", "");
    tree_end(&t);
    return CHECK_END();
}
