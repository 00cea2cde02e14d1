/* trial: what doctor tries besides on Windows has no counterpart here: the promises are all there is to try. */
#include "trial.h"

bool trial_stage_open(struct arena *a, struct str folder, struct trial_stage *out, struct err *e)
{
    (void)a;
    (void)folder;
    *out = (struct trial_stage){.listening = {SYS_NONE, SYS_NONE, SYS_NONE, SYS_NONE}};
    return err_set(e, ERR_UNSUPPORTED, "there is nothing more to try on Linux");
}

bool trial_stage_heard(struct trial_stage *t, enum trial_heard which)
{
    (void)t;
    (void)which;
    return false;
}

void trial_stage_close(struct trial_stage *t)
{
    (void)t;
}

bool trial_link(struct arena *a, struct str path, struct str to, bool junction)
{
    (void)a;
    (void)path;
    (void)to;
    (void)junction;
    return false;
}

uint64_t trial_runner(const struct boundary *b)
{
    (void)b;
    return 0;
}

enum probe_answer trial_look(struct arena *a, enum trial_look look, const struct trial_stage *t, struct str *detail)
{
    (void)a;
    (void)look;
    (void)t;
    *detail = STR("");
    return ANSWER_UNKNOWN;
}

bool trial_hold(struct boundary *b, struct trial_hold *out, struct err *e)
{
    (void)b;
    *out = (struct trial_hold){SYS_NONE, SYS_NONE};
    return err_set(e, ERR_UNSUPPORTED, "there is nothing more to try on Linux");
}

bool trial_held(const struct trial_hold *h, unsigned milliseconds)
{
    (void)h;
    (void)milliseconds;
    return false;
}

void trial_let_go(struct trial_hold *h)
{
    (void)h;
}
