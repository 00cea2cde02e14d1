/*
 * setup: the verbs that change the machine, by starting cordon-setup: first as it is, which only prints the plan; then elevated, if
 * an administrator says yes. Linux has nothing to set up.
 */
#include "shell.h"
#include "../sandbox/core/setup_plan.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define SAID_NO 1223 /* ERROR_CANCELLED: Windows' own question was answered so */

/* The words that are handed over are of our own making, or checked: none of them needs a quote. */
static bool word_name(struct arena *a, struct texts *words, const char *option, struct str name, struct err *e)
{
    if (!name.p)
        return true;
    if (!setup_name_good(name, e))
        return false;
    *(struct str *)ARENA_PUSH(a, words) = str_from(option);
    *(struct str *)ARENA_PUSH(a, words) = name;
    return true;
}

static void word_if(struct arena *a, struct texts *words, bool wanted, const char *word)
{
    if (wanted)
        *(struct str *)ARENA_PUSH(a, words) = str_from(word);
}

static bool words_of(struct arena *a, const struct options *o, const char *verb, bool plan, struct texts *words, struct err *e)
{
    word_if(a, words, true, verb);
    word_if(a, words, plan, "--plan");
    word_if(a, words, o->json, "--json");
    word_if(a, words, o->quiet, "--quiet");
    word_if(a, words, o->no_audit, "--no-audit");
    word_if(a, words, o->witness, "--witness");
    return word_name(a, words, "--offline", o->offline, e) && word_name(a, words, "--online", o->online, e) &&
           word_name(a, words, "--group", o->group, e);
}

/* What cordon-setup's exit code comes to (setup/setup.h). Its own words have been printed by then. */
static int setup_exit_code(int code)
{
    switch (code) {
    case 0:
        return EXIT_OK;
    case 1:
        say_note("something is left that may run as an account of Cordon's: see above; what refuses it stays on your folders until another "
                 "cordon uninstall has ended it");
        return EXIT_FINDING;
    case 2:
        say_note("done; parts of the tier are missing, by name above");
        return EXIT_OK;
    case 3:
        say_note("it cannot be done on this machine, and nothing was changed");
        return EXIT_CORDON;
    case 4:
        say_note("an administrator is needed, and there was none");
        return EXIT_CORDON;
    case 5:
        say_note("another setup is at work; try again when it has ended");
        return EXIT_CORDON;
    case 6:
        say_note("something is left: see above");
        return EXIT_FINDING;
    default:
        say_note("setup failed, and took back what it did; cordon status shows what there is");
        return EXIT_CORDON;
    }
}

/* Line by line: what an elevated program wrote is printed as everything is. */
static void print_report(struct arena *a, struct str report)
{
    for (size_t at = 0; at < report.n;) {
        size_t end = str_find(report, at, '\n');
        tty_print(arena_format(a, "%s\n", text_printable_once(a, str_slice(report, at, end)).p));
        at = end + 1;
    }
}

/* What uninstall does as the person: before anybody is asked only what it will need is learned, from a ledger that is about to go, and
 * that nothing stands against it. */
struct undoing {
    struct session s;
    bool begun;
};

static bool disk_begin(struct undoing *u, const struct options *o, struct err *e)
{
    u->begun = true;
    return session_begin(&u->s, o, e) &&
           (u->s.host.session_dir.n || sys_session_folder(&u->s.arena, u->s.host.state_dir, &u->s.host.session_dir, e)) &&
           setup_disk_free(&u->s.arena, e);
}

/* Nothing runs as the accounts any more; what names them on the disk goes. */
static bool disk_back(struct undoing *u, int *code, struct err *e)
{
    struct texts left = {0};
    size_t restored = 0;
    bool good = setup_disk_back(&u->s.arena, &u->s.host, &left, &restored, e);

    if (good && !u->s.options->quiet)
        say_note("%lu folders and files have the permissions that they had before", (unsigned long)restored);
    for (size_t i = 0; i < left.n; i++)
        say_note("left: %s", left.v[i].p);
    if (left.n && *code == EXIT_OK)
        *code = EXIT_FINDING;
    return good;
}

enum elevated setup_answer(bool started, bool waited, unsigned long code)
{
    if (!started)
        return code == SAID_NO ? ELEVATED_REFUSED : ELEVATED_FAILED;
    return waited ? ELEVATED_RAN : ELEVATED_FAILED;
}

static int run_setup(const struct options *o, const char *verb)
{
    struct arena a = {0};
    struct texts plan = {0}, words = {0};
    struct undoing undo = {0};
    struct err e = {0};
    struct str report = {0};
    int code = EXIT_CORDON, ended;
    enum elevated how = ELEVATED_FAILED;

    if (!words_of(&a, o, verb, true, &plan, &e) || !words_of(&a, o, verb, false, &words, &e))
        goto out;
    /* The plan is read before anybody is asked. What stands against it there ends it without a prompt. */
    if (o->plan || !(o->json || o->quiet))
        how = setup_start(&a, &plan, false, &code, &report, &e);
    else
        how = ELEVATED_RAN, code = 0;
    if (how == ELEVATED_RAN && !o->plan && code == 0) {
        if (strcmp(verb, "uninstall") == 0 && setup_exists() && !disk_begin(&undo, o, &e))
            goto out;
        how = setup_start(&a, &words, true, &code, &report, &e);
    }
    if (how == ELEVATED_NOWHERE) {
        tty_print(STR("Linux needs no setup: the kernel's own means are everybody's; cordon doctor tries them\n"));
        code = EXIT_OK;
    } else if (how == ELEVATED_REFUSED) {
        say_note("you said no: nothing was changed");
        code = EXIT_FINDING;
    } else if (how == ELEVATED_RAN) {
        ended = code;
        if (report.n && !o->quiet)
            print_report(&a, report);
        code = setup_exit_code(ended);
        if (undo.begun && (ended == 0 || ended == 6))
            disk_back(&undo, &code, &e);
    }
out:
    if (e.kind) {
        say_error(&e);
        code = EXIT_CORDON;
    }
    if (undo.begun)
        session_end(&undo.s);
    arena_release(&a);
    return code;
}

void setup_status(void)
{
    struct arena a = {0};
    struct texts words = {0};
    struct str report = {0};
    struct err e = {0};
    int code;

    word_if(&a, &words, true, "status");
    tty_print(STR("set up:    what cordon-setup sees as you, without an administrator:\n"));
    if (setup_start(&a, &words, false, &code, &report, &e) != ELEVATED_RAN)
        say_error(&e);
    arena_release(&a);
}

int verb_setup(const struct options *o)
{
    return run_setup(o, "install");
}

/* A folder that somebody else owns: no plan, and no account is touched. A path of Windows has no quote in it; one at the end of
 * which a backslash would escape ours loses that. */
static int give_folder(const struct options *o)
{
    if (!setup_exists()) {
        tty_print(STR("Linux needs no setup, and no repair\n"));
        return EXIT_OK;
    }

    struct arena a = {0};
    struct err e = {0};
    struct texts words = {0};
    struct str path = o->args.v[0], report = {0};
    int code = EXIT_CORDON;
    enum elevated how = ELEVATED_FAILED;

    while (path.n > 3 && (path.p[path.n - 1] == '\\' || path.p[path.n - 1] == '/'))
        path.n--;
    if (str_find(path, 0, '"') < path.n || path.n < 4 || path.p[1] != ':') {
        err_set(&e, ERR_USAGE, "repair wants a folder by its whole path, with its drive");
        err_subject(&e, o->args.v[0]);
    } else {
        word_if(&a, &words, true, "repair");
        word_if(&a, &words, true, "--give");
        *(struct str *)ARENA_PUSH(&a, &words) = arena_format(&a, "\"%.*s\"", (int)path.n, path.p);
        how = setup_start(&a, &words, true, &code, &report, &e);
    }
    code = how == ELEVATED_REFUSED ? EXIT_FINDING : how == ELEVATED_RAN && code == 0 ? EXIT_OK : EXIT_CORDON;
    if (report.n && !o->quiet)
        print_report(&a, report);
    if (e.kind)
        say_error(&e);
    arena_release(&a);
    return code;
}

int verb_repair(const struct options *o)
{
    return o->args.n ? give_folder(o) : run_setup(o, "repair");
}

int verb_uninstall(const struct options *o)
{
    return run_setup(o, "uninstall");
}
