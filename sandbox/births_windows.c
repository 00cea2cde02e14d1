/*
 * births: parts of the seam that stand for what Linux has to do around git and around names that do not exist, and that Windows does
 * by other means. Each says why there is nothing to do.
 */
#include "win32.h"

/* ---- repositories that are made inside ---- */

/* On Linux a repository is born in a folder apart, because a mount cannot tell which names in it may be made. Here the guard over
 * .git is an object with entries of its own (OP_GUARD_NAME), and no plan for Windows has OP_BIRTHPLACE: to be asked is an error. */
bool newborn_make(struct str place, struct str root, bool there, struct err *e)
{
    (void)root;
    (void)there;
    err_set(e, ERR_BUG, "a plan for another system");
    return err_subject(e, place);
}

/* So none was born anywhere. */
void newborn_settle(struct arena *a, const struct path_env *env, struct str session_dir, const struct texts *roots, bool ended,
    struct texts *lines)
{
    (void)a;
    (void)env;
    (void)session_dir;
    (void)roots;
    (void)ended;
    (void)lines;
}

/* ---- placeholders ---- */

/* Guards are in the ledger of the person (store.h), and go with the last session that is open (restore_windows.c), those of one that crashed,
 * too; until then they hold. */
void names_clean(struct str session_dir)
{
    (void)session_dir;
}
