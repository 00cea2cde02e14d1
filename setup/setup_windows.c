/*
 * cordon-setup: the one program of Cordon's that runs elevated. It takes a few words, works out everything else itself, and does
 * what its plan says, one step after the other, each recorded, made and read back (run.c).
 */
#include "machine.h"
#include "../sandbox/core/text.h"

#include <lm.h>
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define LOCK_WAIT_MS 5000

/* ---- the kinds of steps ---- */

struct kind {
    enum setup_look (*look)(struct machine *, const struct setup_step *);
    bool (*make)(struct machine *, const struct setup_step *, struct err *);
    bool (*undo)(struct machine *, const struct setup_step *, struct err *);
    bool recorded; /* entered here; others enter what was before themselves */
};

static const struct kind kinds[SETUP_KIND_COUNT] = {
    [SETUP_DISABLE] = {disabled_look, disabled_make, disabled_make, false},
    [SETUP_FOLDERS] = {folders_look, folders_make, folders_undo, false},
    [SETUP_LEDGER] = {ledger_look, ledger_make, ledger_undo, false},
    [SETUP_PROGRAMS] = {programs_look, programs_make, programs_undo, false},
    [SETUP_GROUP] = {group_look, group_make, group_undo, true},
    [SETUP_CREDENTIALS] = {passwords_look, passwords_make, passwords_undo, false},
    [SETUP_ACCOUNT] = {account_look, account_make, account_undo, true},
    [SETUP_MEMBER] = {member_look, member_make, member_undo, true},
    [SETUP_RIGHT] = {right_look, right_make, right_undo, true},
    [SETUP_HIDDEN] = {hidden_look, hidden_make, hidden_undo, true},
    [SETUP_PROFILE] = {profile_look, profile_make, profile_undo, true},
    [SETUP_FILTERS] = {filters_look, filters_make, filters_undo, false},
    [SETUP_RULE] = {rule_look, rule_make, rule_undo, true},
    [SETUP_COM] = {com_look, com_make, com_undo, false},
    [SETUP_EXECUTE] = {execute_look, execute_make, execute_undo, false},
    [SETUP_AUDIT_POLICY] = {audit_look, audit_make, audit_undo, false},
    [SETUP_AUDIT_SACL] = {sacl_look, sacl_make, sacl_undo, true},
    [SETUP_WITNESS] = {witness_look, witness_make, witness_undo, true},
    [SETUP_ENABLE] = {enabled_look, enabled_make, disabled_make, false},
    [SETUP_COMMIT] = {commit_look, commit_make, commit_undo, false},
    [SETUP_END] = {ended_look, ended_make, ended_make, false},
};

/* The text tells several entries about one subject apart. */
static struct str entry_text(const struct setup_step *s)
{
    return s->kind == SETUP_MEMBER || s->kind == SETUP_RIGHT ? s->text : (struct str){0};
}

static bool edge_record(void *context, const struct setup_step *s, struct err *e)
{
    struct machine *m = context;
    struct ledger_entry entry = {.kind = s->kind, .subject = s->subject, .text = entry_text(s)};

    if (!kinds[s->kind].recorded)
        return true;
    /* An entry makes an account Cordon's: none is entered for a stranger's, or for one that cannot be looked at. */
    if ((s->kind == SETUP_ACCOUNT || s->kind == SETUP_GROUP) && kinds[s->kind].look(m, s) == LOOK_UNKNOWN)
        return fail_at(e, NERR_UserExists, STAGE_ACCOUNT, s->subject, "an account or group is not taken over");
    ledger_put(&m->arena, &m->ledger, &entry);
    return ledger_save(m, e);
}

static enum setup_look edge_look(void *context, const struct setup_step *s)
{
    return kinds[s->kind].look ? kinds[s->kind].look(context, s) : LOOK_MISSING;
}

static bool edge_make(void *context, const struct setup_step *s, struct err *e)
{
    return kinds[s->kind].make ? kinds[s->kind].make(context, s, e) : err_set(e, ERR_BUG, "a step that nobody makes");
}

static bool edge_undo(void *context, const struct setup_step *s, struct err *e)
{
    return !kinds[s->kind].undo || kinds[s->kind].undo(context, s, e);
}

static bool edge_forget(void *context, const struct setup_step *s, struct err *e)
{
    struct machine *m = context;

    if (!ledger_find(&m->ledger, s->kind, s->subject, entry_text(s)))
        return true;
    ledger_drop(&m->ledger, s->kind, s->subject, entry_text(s));
    return ledger_save(m, e);
}

/* ---- what is said ---- */

/* As a line, or with --json as an object of a list. */
static void say(struct machine *m, const char *word, const struct setup_step *s, const struct err *e)
{
    struct arena a = {0};
    struct buf line = {0};
    struct str why = e && e->kind ? setup_said(e, &a) : (struct str){0};

    if (m->options->json) {
        buf_format(&line, "%s{\"step\":\"%s\",\"came_to\":\"%s\",\"subject\":", m->report.n ? "," : "", setup_kind_name(s->kind), word);
        text_json(&line, s->subject);
        buf_format(&line, ",\"text\":");
        text_json(&line, entry_text(s));
        buf_format(&line, ",\"why\":");
        text_json(&line, why);
        buf_format(&line, "}");
    } else {
        buf_format(&line, "%-9s %s %s", word, setup_kind_name(s->kind), text_printable_once(&a, s->subject).p);
        if (entry_text(s).n)
            buf_format(&line, " %s", text_printable_once(&a, s->text).p);
        if (why.n)
            buf_format(&line, ": %s", text_printable_once(&a, why).p);
        buf_add(&line, "\n", 1);
    }
    buf_str(&m->report, buf_view(&line));
    if (!m->options->quiet && !m->options->json) {
        fwrite(line.p, 1, line.n, stdout);
        fflush(stdout);
    }
    buf_release(&line);
    arena_release(&a);
}

static void edge_tell(void *context, const struct setup_step *s, enum setup_told told, const struct err *e)
{
    static const char *const words[] = {"as it is", "done", "MISSING", "FAILED", "taken back", "LEFT"};
    struct machine *m = context;
    struct err ignored = {0};

    /* Before the commit record: what stands there whole must not say more than is. What was missing last time and is no more goes at
     * the end. A ledger that cannot be written fails the steps that follow. */
    if (told == TOLD_MISSING && s->part && ledger_lacks(&m->arena, &m->ledger, s->part))
        ledger_save(m, &ignored);

    /* It is a look, of which there is nothing to take back. */
    say(context, s->kind == SETUP_RESIDUE && told == TOLD_UNDONE ? "no" : words[told], s, e);
}

static void say_error(struct machine *m, const struct err *e)
{
    struct arena a = {0};
    struct str text = text_printable_once(&a, setup_said(e, &a));

    if (m->options->json)
        m->failed = arena_str(&m->arena, text);
    else
        buf_format(&m->report, "cordon-setup: %s\n", text.p);
    fprintf(stderr, "cordon-setup: %s\n", text.p);
    arena_release(&a);
}

/* With --json: one object around what was said. */
static void report_close(struct machine *m, enum setup_exit code)
{
    struct buf out = {0};

    if (!m->options->json)
        return;
    buf_format(&out, "{\"version\":1,\"exit\":%d,\"error\":", (int)code);
    text_json(&out, m->failed);
    buf_format(&out, ",\"steps\":[");
    buf_str(&out, buf_view(&m->report));
    buf_format(&out, "],\"left\":[");
    for (size_t i = 0; i < m->left.n; i++) {
        buf_format(&out, i ? "," : "");
        text_json(&out, m->left.v[i]);
    }
    buf_format(&out, "]}\n");
    fwrite(out.p, 1, out.n, stdout);
    fflush(stdout);
    buf_release(&m->report);
    m->report = out;
}

/* What is no step: a line, or nothing where an object would want more. */
void say_note(struct machine *m, const char *format, ...)
{
    char text[1024];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (m->options->json)
        return;
    buf_format(&m->report, "%s\n", text);
    if (!m->options->quiet)
        printf("%s\n", text);
}

/* Where the shell that waits finds it: in Windows' own folder for such things, made anew, the person's to read and remove. It names no
 * path that an elevated program would write. */
static void report_save(struct machine *m)
{
    struct err e = {0};
    wchar_t folder[MAX_PATH];
    UINT n = GetSystemWindowsDirectoryW(folder, COUNT_OF(folder));
    struct str sddl = arena_format(&m->arena, "O:S-1-5-32-544G:S-1-5-18D:P(A;;0x1f01ff;;;S-1-5-18)(A;;0x1f01ff;;;S-1-5-32-544)(A;;0x130089;;;%s)",
        m->facts.person_sid.p ? m->facts.person_sid.p : SID_SYSTEM);

    if (m->facts.elevated && m->facts.person_sid.n && n && n < COUNT_OF(folder))
        file_write_as(arena_format(&m->arena, "%s\\Temp\\cordon-setup-%s.txt", utf8_from_z(&m->arena, folder).p, m->facts.person_sid.p), sddl,
            buf_view(&m->report), &e);
}

/* ---- the lock ---- */

/* One setup at a time on a machine; its name is kept by its descriptor from whoever is no administrator. */
static HANDLE lock_take(bool *busy, struct err *e)
{
    SECURITY_ATTRIBUTES as = {sizeof as, descriptor_from(STR("D:P(A;;0x1f0001;;;S-1-5-18)(A;;0x1f0001;;;S-1-5-32-544)")), FALSE};
    HANDLE lock = as.lpSecurityDescriptor ? CreateMutexW(&as, FALSE, L"Global\\CordonSetup") : NULL;
    DWORD code = GetLastError(), got = lock ? WaitForSingleObject(lock, LOCK_WAIT_MS) : WAIT_FAILED;

    if (as.lpSecurityDescriptor)
        LocalFree(as.lpSecurityDescriptor);
    *busy = got == WAIT_TIMEOUT;
    /* Abandoned: the one before ended in the middle. The lock is ours; what it left is seen by looking. */
    if (got == WAIT_OBJECT_0 || got == WAIT_ABANDONED)
        return lock;
    win_close(&lock);
    if (!*busy) {
        if (code != ERROR_ACCESS_DENIED && code != ERROR_INVALID_HANDLE) {
            fail_at(e, code, STAGE_SETUP, STR("Global\\CordonSetup"), "the lock of setup cannot be taken");
            return NULL;
        }
        win_fail(e, code, STR("Global\\CordonSetup"), "the lock of setup cannot be taken"); /* closed to us, or no lock at all: it is not setup's */
        err_remedy(e, "something else has its name: close Cordon's terminals, as a program in one may, and try again");
        return NULL;
    }
    err_set(e, ERR_REFUSED, "another cordon-setup is at work on this machine");
    err_remedy(e, "try again when it has ended; if there is none, close Cordon's terminals: a program in one may hold its name");
    return NULL;
}

static void lock_give(HANDLE lock)
{
    if (lock) {
        ReleaseMutex(lock);
        CloseHandle(lock);
    }
}

/* ---- the verbs ---- */

static bool print(struct machine *m, const struct setup_plan *plan, bool undo)
{
    struct buf out = {0};

    if (m->options->json)
        setup_plan_json(&out, plan, undo);
    else
        setup_plan_print(&out, plan, undo);
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
    return fflush(stdout) == 0;
}

static void status_step(struct arena *a, const struct setup_step *s)
{
    if (s->state != STEP_DONE && setup_changes(s->kind))
        printf("%s: %s %s%s%s\n", s->state == STEP_LOOK ? "not to be seen without an administrator" : "not as it should be", setup_kind_name(s->kind),
            text_printable_once(a, s->subject).p, entry_text(s).n ? " " : "", text_printable_once(a, entry_text(s)).p);
}

static enum setup_exit do_status(struct machine *m)
{
    struct setup_plan plan;
    size_t wanting = 0, unseen = 0;
    bool whole;

    setup_plan_build(&m->arena, &m->facts, &plan);
    for (size_t i = 0; i < plan.n; i++) {
        wanting += plan.v[i].state == STEP_MAKE || plan.v[i].state == STEP_MEND;
        unseen += plan.v[i].state == STEP_LOOK;
    }
    whole = m->facts.committed && plan.blocked.n == 0;
    if (m->options->json)
        printf("{\"version\":1,\"set_up\":%s,\"to_do\":%lu,\"unseen\":%lu,\"blocked\":%lu,\"missing\":%lu}\n", whole && !wanting ? "true" : "false",
            (unsigned long)wanting, (unsigned long)unseen, (unsigned long)plan.blocked.n, (unsigned long)m->ledger.missing.n);
    else if (!m->facts.committed)
        printf("not set up%s\n", m->ledger.n ? ": a setup began and did not end; cordon setup takes it up" : "");
    else
        printf("set up; %lu things are not as they should be, %lu cannot be seen from here%s\n", (unsigned long)wanting, (unsigned long)unseen,
            wanting ? ": cordon repair" : "");
    for (size_t i = 0; !m->options->json && m->facts.committed && i < plan.n; i++)
        status_step(&m->arena, &plan.v[i]);
    for (size_t i = 0; !m->options->json && i < m->ledger.missing.n; i++)
        printf("missing in the tier: %s\n", m->ledger.missing.v[i].p);
    for (size_t i = 0; !m->options->json && i < plan.blocked.n; i++)
        printf("cannot be done here: %s\n", plan.blocked.v[i].p);
    return whole && !wanting ? SETUP_EXIT_DONE : SETUP_EXIT_NOT;
}

static bool may_change(struct machine *m, const struct setup_plan *plan, enum setup_exit *code)
{
    struct err e = {0};

    if (!m->facts.elevated) {
        err_set(&e, ERR_REFUSED, "an administrator is needed to change this machine");
        err_remedy(&e, "cordon setup asks for one; cordon setup --plan shows what would be done");
        *code = SETUP_EXIT_ELEVATE;
    } else if (plan->blocked.n) {
        err_set(&e, ERR_UNSUPPORTED, "it cannot be done here, and nothing was changed");
        err_reason(&e, "%.190s", plan->blocked.v[0].p);
        for (size_t i = 0; i < plan->blocked.n; i++)
            say_note(m, "cannot be done here: %s", plan->blocked.v[i].p);
        *code = SETUP_EXIT_BLOCKED;
    } else {
        return true;
    }
    say_error(m, &e);
    return false;
}

/* Twice: once the accounts have SIDs, filters, rules and entries can name them. */
static bool run_plan(struct machine *m, const struct setup_edge *edge, struct setup_made *made, struct err *e)
{
    struct setup_plan plan;

    for (int pass = 0; pass < 2; pass++) {
        setup_plan_build(&m->arena, &m->facts, &plan);
        if (!setup_run(&m->arena, edge, &plan, made, e))
            return false;
        if (!made->again)
            return true;
        account_facts(m, &m->facts.offline);
        account_facts(m, &m->facts.online);
        group_facts(m);
    }
    setup_take_back(edge, made);
    return err_set(e, ERR_SYSTEM, "the accounts were made, and have no SID");
}

static enum setup_exit do_install(struct machine *m)
{
    struct setup_edge edge = {m, edge_record, edge_look, edge_make, edge_undo, edge_forget, edge_tell};
    struct setup_plan plan;
    struct setup_made made = {0};
    struct err e = {0};
    enum setup_exit code;
    HANDLE lock;
    bool busy = false, good;

    setup_plan_build(&m->arena, &m->facts, &plan);
    if (!may_change(m, &plan, &code))
        return code;
    lock = lock_take(&busy, &e);
    if (!lock) {
        say_error(m, &e);
        return busy ? SETUP_EXIT_BUSY : SETUP_EXIT_FAILED;
    }
    machine_look(m); /* again: whoever had the lock may have changed it */
    setup_plan_build(&m->arena, &m->facts, &plan);
    if (!may_change(m, &plan, &code)) {
        lock_give(lock);
        return code;
    }
    good = run_plan(m, &edge, &made, &e);
    passwords_wipe(&m->passwords);
    if (good && (made.missing.n || m->ledger.missing.n)) {
        m->ledger.missing = made.missing; /* what was missing last time may be there now */
        good = ledger_save(m, &e);
    }
    lock_give(lock);
    if (good)
        return made.missing.n ? SETUP_EXIT_PARTIAL : SETUP_EXIT_DONE;
    say_error(m, &e);
    return SETUP_EXIT_FAILED;
}

static enum setup_exit do_give(struct machine *m)
{
    struct err e = {0};
    HANDLE lock = NULL;
    bool busy = false, good;

    if (!m->facts.elevated)
        err_set(&e, ERR_REFUSED, "an administrator is needed to change this machine");
    else if (!setup_person_good(m->facts.person_sid))
        err_set(&e, ERR_REFUSED, "whose it is to be is not known");
    else
        lock = lock_take(&busy, &e);
    good = lock && give(m, m->options->give, &e);
    lock_give(lock);
    if (good)
        return SETUP_EXIT_DONE;
    say_error(m, &e);
    return !m->facts.elevated ? SETUP_EXIT_ELEVATE : busy ? SETUP_EXIT_BUSY : SETUP_EXIT_FAILED;
}

static enum setup_exit do_uninstall(struct machine *m)
{
    struct setup_edge edge = {m, edge_record, edge_look, edge_make, edge_undo, edge_forget, edge_tell};
    struct setup_plan plan;
    struct texts *left = &m->left;
    struct err e = {0};
    HANDLE lock;
    bool busy = false, ended;

    if (!m->facts.elevated) {
        err_set(&e, ERR_REFUSED, "an administrator is needed to change this machine");
        say_error(m, &e);
        return SETUP_EXIT_ELEVATE;
    }
    lock = lock_take(&busy, &e);
    if (!lock) {
        say_error(m, &e);
        return busy ? SETUP_EXIT_BUSY : SETUP_EXIT_FAILED;
    }
    machine_look(m);
    setup_plan_undo(&m->arena, &m->facts, &plan);
    ended = setup_run_undo(&m->arena, &edge, &plan, left);
    lock_give(lock);
    for (size_t i = 0; i < m->ledger.n; i++)
        if (!m->facts.others || m->ledger.v[i].kind != SETUP_PROGRAMS)
            *(struct str *)ARENA_PUSH(&m->arena, left) = arena_format(
                &m->arena, "in the ledger still: %s %s", setup_kind_name(m->ledger.v[i].kind), m->ledger.v[i].subject.p);
    for (size_t i = 0; i < left->n; i++) {
        say_note(m, "left: %s", left->v[i].p);
        if (m->options->quiet)
            fprintf(stderr, "cordon-setup: left: %s\n", left->v[i].p);
    }
    return !left->n ? SETUP_EXIT_DONE : ended ? SETUP_EXIT_LEFT : SETUP_EXIT_NOT;
}

static enum setup_exit run(struct machine *m)
{
    struct setup_plan plan;

    if (!netapi_find(&m->net)) {
        fprintf(stderr, "cordon-setup: netapi32.dll lacks a call that is needed\n");
        return SETUP_EXIT_FAILED;
    }
    m->undoing = m->options->verb == VERB_UNINSTALL;
    machine_look(m);
    if (m->options->plan) {
        if (m->options->verb == VERB_UNINSTALL)
            setup_plan_undo(&m->arena, &m->facts, &plan);
        else
            setup_plan_build(&m->arena, &m->facts, &plan);
        return !print(m, &plan, m->options->verb == VERB_UNINSTALL) ? SETUP_EXIT_FAILED : plan.blocked.n ? SETUP_EXIT_BLOCKED : SETUP_EXIT_DONE;
    }
    switch (m->options->verb) {
    case VERB_STATUS:
        return do_status(m);
    case VERB_UNINSTALL:
        return do_uninstall(m);
    default:
        return m->options->give.p ? do_give(m) : do_install(m);
    }
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    BOOL(WINAPI * only_system)(DWORD);
    void *found = win_function(L"kernel32.dll", "SetDefaultDllDirectories");
    struct setup_options options;
    struct machine m = {.options = &options};
    struct err e = {0};
    struct str *words = arena_alloc(&m.arena, (size_t)argc + 1, sizeof *words);
    enum setup_exit code = SETUP_EXIT_FAILED;

    if (found) {
        CopyMemory(&only_system, &found, sizeof only_system);
        only_system(LOAD_LIBRARY_SEARCH_SYSTEM32);
    }
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    SetConsoleOutputCP(CP_UTF8);
    for (int i = 1; i < argc; i++)
        words[i - 1] = utf8_from_z(&m.arena, argv[i]);
    if (!setup_options_parse(argc - 1, words, &options, &e)) {
        say_error(&m, &e);
    } else if (options.verb == VERB_HELP) {
        fputs(setup_usage(), stdout);
        code = SETUP_EXIT_DONE;
    } else {
        code = run(&m);
        if (!options.plan && options.verb != VERB_STATUS) {
            report_close(&m, code);
            report_save(&m);
        }
    }
    passwords_wipe(&m.passwords);
    buf_release(&m.report);
    arena_release(&m.arena);
    return (int)code;
}
