/*
 * elevate: nothing on Linux runs elevated, and nothing is set up.
 */
#include "shell.h"

enum elevated setup_start(struct arena *a, const struct texts *words, bool elevated, int *code, struct str *report, struct err *e)
{
    (void)a;
    (void)words;
    (void)elevated;
    (void)code;
    (void)report;
    (void)e;
    return ELEVATED_NOWHERE;
}

bool setup_disk_free(struct arena *a, struct err *e)
{
    (void)a;
    (void)e;
    return true;
}

/* Nothing that Cordon does on Linux outlives its session but what names_clean and its like take away. */
bool setup_disk_back(struct arena *a, const struct host *host, struct texts *left, size_t *restored, struct err *e)
{
    (void)a;
    (void)host;
    (void)left;
    (void)e;
    *restored = 0;
    return true;
}

bool setup_exists(void)
{
    return false;
}
