/*
 * test_setup_verbs: setup, repair and uninstall as the person has them, over a made-up cordon-setup: what is asked of whom in which
 * order, that "no" changes nothing, and what is printed of an elevated program's report.
 */
#include "check.h"
#include "../shell/shell.h"

/* What happened, in order: p plan, e elevated, b session begun, f free?, d disk put back, x session ended. */
static struct {
    char log[32], printed[400], said[400];
    enum elevated answer;
    int plan_code, code;
    bool busy, lacks, sessionless;
    size_t left;
    const char *report;
    struct err err;
} fake;

static void happened(char what)
{
    size_t n = strlen(fake.log);
    if (n + 1 < sizeof fake.log)
        fake.log[n] = what;
}

static void put(char *out, size_t size, const char *text)
{
    size_t n = strlen(out);
    snprintf(out + n, size - n, "%s", text);
}

bool setup_exists(void)
{
    return !fake.lacks;
}

enum elevated setup_start(struct arena *a, const struct texts *words, bool elevated, int *code, struct str *report, struct err *e)
{
    (void)a;
    (void)words;
    happened(elevated ? 'e' : 'p');
    *code = elevated ? fake.code : fake.plan_code;
    if (fake.lacks)
        return ELEVATED_NOWHERE;
    if (elevated && fake.answer == ELEVATED_RAN)
        *report = str_from(fake.report);
    if (elevated && fake.answer == ELEVATED_FAILED)
        err_set(e, ERR_SYSTEM, "cordon-setup cannot be started");
    return elevated ? fake.answer : ELEVATED_RAN;
}

bool setup_disk_free(struct arena *a, struct err *e)
{
    (void)a;
    happened('f');
    return !fake.busy || err_set(e, ERR_REFUSED, "another terminal of Cordon's is open");
}

bool setup_disk_back(struct arena *a, const struct host *host, struct texts *left, size_t *restored, struct err *e)
{
    (void)host;
    (void)e;
    happened('d');
    for (size_t i = 0; i < fake.left; i++)
        *(struct str *)ARENA_PUSH(a, left) = STR("C:\\x: it cannot be opened");
    *restored = 3;
    return true;
}

bool session_begin(struct session *s, const struct options *o, struct err *e)
{
    happened('b');
    s->options = o;
    return !fake.sessionless || err_set(e, ERR_SYSTEM, "no session");
}

void session_end(struct session *s)
{
    happened('x');
    arena_release(&s->arena);
}

bool sys_session_folder(struct arena *a, struct str state_dir, struct str *out, struct err *e)
{
    (void)a;
    (void)state_dir;
    (void)e;
    *out = STR("C:\\s");
    return true;
}

bool tty_print(struct str text)
{
    put(fake.printed, sizeof fake.printed, text.p);
    return true;
}

void say_note(const char *format, ...)
{
    va_list args;
    size_t n = strlen(fake.said);
    va_start(args, format);
    vsnprintf(fake.said + n, sizeof fake.said - n, format, args);
    va_end(args);
    put(fake.said, sizeof fake.said, "\n");
}

void say_error(const struct err *e)
{
    fake.err = *e;
}

static const struct row {
    const char *name;
    int (*verb)(const struct options *o);
    bool plan;
    enum elevated answer;
    int plan_code, code;
    bool busy, sessionless;
    size_t left;
    const char *log, *said;
    int wanted;
} rows[] = {
    {"uninstall: no is said", verb_uninstall, false, ELEVATED_REFUSED, 0, 0, false, false, 0, "pbfex", "nothing was changed", EXIT_FINDING},
    {"setup: no is said", verb_setup, false, ELEVATED_REFUSED, 0, 0, false, false, 0, "pe", "nothing was changed", EXIT_FINDING},
    {"repair: no is said", verb_repair, false, ELEVATED_REFUSED, 0, 0, false, false, 0, "pe", "nothing was changed", EXIT_FINDING},
    {"uninstall: yes", verb_uninstall, false, ELEVATED_RAN, 0, 0, false, false, 0, "pbfedx", "3 folders", EXIT_OK},
    {"uninstall: something is left below", verb_uninstall, false, ELEVATED_RAN, 0, 6, false, false, 0, "pbfedx", "is left", EXIT_FINDING},
    {"uninstall: something may run still", verb_uninstall, false, ELEVATED_RAN, 0, 1, false, false, 0, "pbfex", "stays on your folders", EXIT_FINDING},
    {"uninstall: something is left on the disk", verb_uninstall, false, ELEVATED_RAN, 0, 0, false, false, 1, "pbfedx", "left: C:\\x", EXIT_FINDING},
    {"uninstall: another setup is at work", verb_uninstall, false, ELEVATED_RAN, 0, 5, false, false, 0, "pbfex", "another setup", EXIT_CORDON},
    {"uninstall: another terminal is open", verb_uninstall, false, ELEVATED_RAN, 0, 0, true, false, 0, "pbfx", "", EXIT_CORDON},
    {"uninstall: no session is to be had", verb_uninstall, false, ELEVATED_RAN, 0, 0, false, true, 0, "pbx", "", EXIT_CORDON},
    {"uninstall: it cannot be started", verb_uninstall, false, ELEVATED_FAILED, 0, 0, false, false, 0, "pbfex", "", EXIT_CORDON},
    {"uninstall: the plan alone", verb_uninstall, true, ELEVATED_RAN, 0, 0, false, false, 0, "p", "", EXIT_OK},
    {"setup: yes", verb_setup, false, ELEVATED_RAN, 0, 0, false, false, 0, "pe", "", EXIT_OK},
    {"setup: the plan cannot be done", verb_setup, false, ELEVATED_RAN, 3, 0, false, false, 0, "p", "nothing was changed", EXIT_CORDON},
};

static void test_verbs(void)
{
    char name[160];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *r = &rows[i];
        struct options o = {.plan = r->plan};
        int code;

        memset(&fake, 0, sizeof fake);
        fake.answer = r->answer;
        fake.plan_code = r->plan_code;
        fake.code = r->code;
        fake.busy = r->busy;
        fake.sessionless = r->sessionless;
        fake.left = r->left;
        code = r->verb(&o);
        snprintf(name, sizeof name, "%s: in this order", r->name);
        CHECK_STR(str_from(fake.log), str_from(r->log), name);
        snprintf(name, sizeof name, "%s: said, and the exit code", r->name);
        CHECK(code == r->wanted && strstr(fake.said, r->said) && (code == EXIT_CORDON && !r->said[0] ? fake.err.kind != ERR_NONE : !fake.err.kind), name);
        if (r->answer == ELEVATED_REFUSED)
            CHECK(!strchr(fake.log, 'd'), "what is on the disk was left as it is");
    }
}

static void test_report(void)
{
    struct options o = {0};

    memset(&fake, 0, sizeof fake);
    fake.answer = ELEVATED_RAN;
    fake.report = "done group CordonUsers\nleft: C:\\x\n\x1b[31mred\nlast";
    verb_setup(&o);
    CHECK_STR(str_from(fake.printed), STR("done group CordonUsers\nleft: C:\\x\n\\x1B[31mred\nlast\n"), "a report is printed once, line by line, harmless");
}

static void test_answer(void)
{
    CHECK(setup_answer(false, false, 1223) == ELEVATED_REFUSED, "1223 is a no, and no error");
    CHECK(setup_answer(false, false, 5) == ELEVATED_FAILED && setup_answer(false, false, 0) == ELEVATED_FAILED, "any other code is one");
    CHECK(setup_answer(true, true, 1223) == ELEVATED_RAN, "what was started was started");
    CHECK(setup_answer(true, false, 0) == ELEVATED_FAILED, "what cannot be waited for is an error");
}

static void test_nowhere(void)
{
    struct options o = {0};

    memset(&fake, 0, sizeof fake);
    fake.lacks = true;
    CHECK(verb_uninstall(&o) == EXIT_OK && verb_repair(&o) == EXIT_OK && !strpbrk(fake.log, "bfd"), "where nothing is set up nothing is done");
}

int main(void)
{
    test_answer();
    test_verbs();
    test_report();
    test_nowhere();
    return CHECK_END();
}
