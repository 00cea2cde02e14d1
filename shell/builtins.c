/*
 * builtins: the lines that begin with a colon, handled on the trusted side: their table, their words, and the
 * small ones among them. What changes the boundary is in change.c.
 */
#include "shell.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>

#define WORDS_MAX   16
#define HELP_COLUMN 26

static bool show_help(struct session *s, const struct texts *words, enum line_from from, struct err *e);

static bool flush(struct buf *out)
{
    bool good = tty_print(buf_view(out));
    buf_release(out);
    return good;
}

/* For a person: JSON stays as it is. */
static bool flush_folded(struct buf *out, bool json)
{
    bool good;

    if (json)
        return flush(out);
    good = tty_print_folded(buf_view(out), false);
    buf_release(out);
    return good;
}

static bool take_word(const struct texts *words, const char *word)
{
    for (size_t i = 0; i < words->n; i++)
        if (str_is(words->v[i], word))
            return true;
    return false;
}

static bool show_status(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct buf out = {0};
    (void)from;
    (void)e;
    status_report(s, take_word(words, "--json"), &out);
    return flush_folded(&out, take_word(words, "--json"));
}

static bool show_why(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct buf out = {0};
    bool good;
    (void)from;
    if (!words->n) {
        err_set(e, ERR_USAGE, ":why wants a path, an address or a program");
        return err_remedy(e, "usage: :why PATH [OPERATION] | HOST[:PORT] | unix:SOCKET | PROGRAM");
    }
    good = why_report(s, s->open, words, false, &out, e);
    return flush_folded(&out, false) && good;
}

static bool show_policy(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct arena a = {0};
    struct buf out = {0};
    struct path_env env = session_env(s);
    (void)from;
    (void)e;
    if (take_word(words, "--json"))
        policy_print_json(&out, &a, &s->open->policy);
    else
        policy_print(&out, &a, &env, &s->open->policy);
    if (take_word(words, "--plan"))
        plan_print(&out, &a, &env, &s->open->plan);
    arena_release(&a);
    return flush_folded(&out, take_word(words, "--json"));
}

static bool show_doctor(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct buf out = {0};
    bool good = session_prove(s, s->open, e);
    (void)from;
    if (s->open->proof_count)
        doctor_report(s, s->open, take_word(words, "--json"), &out);
    flush_folded(&out, take_word(words, "--json"));
    if (good && !s->open->proof_count && !take_word(words, "--json"))
        say_note("nothing is promised here, so there is nothing to try");
    if (s->env.system == PATH_WINDOWS && !take_word(words, "--json"))
        say_note("cordon doctor, in another window, tries more: what only Windows can answer");
    return good;
}

static bool run_demo(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct str name = {0};
    (void)from;
    if (s->options->agent) {
        err_set(e, ERR_REFUSED, "demo makes decoys outside, and --agent locks what writes there");
        return err_remedy(e, "a person can run cordon demo outside of this terminal");
    }
    for (size_t i = 0; i < words->n; i++)
        if (!str_is(words->v[i], "--list") && !str_is(words->v[i], "--json"))
            name = words->v[i];
    if (take_word(words, "--list")) {
        demo_list(take_word(words, "--json"));
        return true;
    }
    return demo_run(s, name, take_word(words, "--json"), e);
}

static bool quit(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    size_t jobs = s->carrier.jobs ? s->carrier.jobs(s->carrier.context) : 0;
    char *rest = NULL;
    long code = words->n ? strtol(words->v[0].p, &rest, 10) : 0;

    if (words->n && (*rest || rest == words->v[0].p || code < 0 || code > 255)) {
        err_set(e, ERR_USAGE, "an exit code is a number from 0 to 255");
        return err_subject(e, words->v[0]);
    }
    if (jobs && !s->quit_asked && from != LINE_SCRIPT) {
        s->quit_asked = true;
        say_note("%llu background job%s would be ended; :quit again to do so", (unsigned long long)jobs,
            jobs == 1 ? "" : "s");
        return true;
    }
    s->quit = true;
    s->quit_code = (int)code;
    return true;
}

static bool reset(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    (void)words;
    (void)from;
    (void)e;
    if (s->carrier.reset)
        s->carrier.reset(s->carrier.context);
    return true;
}

static const struct builtin builtins_table[] = {
    {"help", "[NAME]", "this list, or one of them", false, 1, show_help,
        "Without a name it lists the built-ins; of one it says more.",
        ":help allow"},
    {"status", "[--json]", "what is enforced now: tier, network, workspace, writable roots", false, 1, show_status,
        "Nothing is tried again for it: :doctor does that. It also lists what changed, since the session was "
        "opened, in files that tools outside run on sight. --json is for programs.",
        ":status"},
    {"net", "[offline|online]", "show or switch the network", true, 1, change_net,
        "Without a word it says what the network is and who decided it. online shares the network of this machine, "
        "its loopback included; offline takes it away again. Either way a new boundary is built, and background "
        "processes end.",
        ":net online"},
    {"denied", "[-n N] [--json] [--follow]", "what was refused in this session, by which rule, and what would help",
        false, 4, denied_builtin,
        "Newest last, each with its rule and the one thing that would help. -n shows the newest N alone, --follow "
        "what comes until q or Ctrl-C, --json one record in each line.",
        ":denied -n 5"},
    {"why", "PATH [OPERATION] | HOST[:PORT] | PROGRAM", "what is allowed there, by which rule, and what would change it",
        false, 2, show_why,
        "OPERATION is read, write, create, delete, rename, link, mode, time, connect or mount; without one the "
        "chief of them are answered. Of a program it says why it cannot do its work inside. A word that is a file "
        "here, or has a slash in it, is a path; unix:PATH is a socket.",
        ":why ~/.ssh/id_ed25519 read"},
    {"reapply", "", "read the policy and the disk again, show the difference, and put it in force", true, 0, change_reapply,
        "For when something came that rules speak of: a repository, a secret, a name of any depth, another policy. "
        "What runs goes on, unless the change lets more through than before.",
        ":reapply"},
    {"allow", "PATH", "a further writable folder, for this session", true, 1, change_allow,
        "It must be a folder that exists, and none that decides what runs outside: not your home folder itself, "
        "nor one of PATH. You are asked first; a new boundary is built, and background processes end. :revoke "
        "takes it back; for good it belongs into \"write\" of the policy, or --write.",
        ":allow ~/projects/other"},
    {"revoke", "PATH", "take a writable folder back, at once", false, 1, change_revoke,
        "It is read-only at once for what runs; a process that has a file open for writing there is ended. On Windows "
        "all that runs is ended.",
        ":revoke ~/projects/other"},
    {"open", "DIR", "move to another workspace", true, 1, change_open,
        "What is not carried over is named. Configured folders stay writable. You are asked only where a link leads elsewhere "
        "than its name says.",
        ":open ~/projects/other"},
    {"policy", "[--plan] [--json]", "the policy in force, with the origin of each rule", false, 2, show_policy,
        "--plan adds the steps that make it so; --json prints it as a policy file.",
        ":policy"},
    {"doctor", "[--json]", "try every promise again, now", false, 1, show_doctor,
        "Each attempt is made inside, beside a control outside that must succeed. On Windows cordon doctor, in another window, "
        "tries more: what only that system can answer.",
        ":doctor"},
    {"demo", "[NAME] [--list] [--json]", "play violations on decoys, each beside its control", false, 2, run_demo,
        "--list names them. Only decoys are ever touched. It is locked under --agent.",
        ":demo read-key"},
    {"reset", "", "make the terminal sane again", false, 0, reset,
        "For when a program left it without echo, in another character set or on its other screen.",
        ":reset"},
    {"quit", "[CODE]", "end the session and everything in it", false, 1, quit,
        "With jobs in the background it asks: a second :quit ends them. CODE is the exit status.",
        ":quit"},
};

const struct builtin *builtins_list(size_t *count)
{
    *count = COUNT_OF(builtins_table);
    return builtins_table;
}

static const struct builtin *builtin_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(builtins_table); i++)
        if (str_is(name, builtins_table[i].name))
            return &builtins_table[i];
    return NULL;
}

static void help_row(struct buf *out, const struct builtin *b, bool agent)
{
    struct arena a = {0};
    struct str left = arena_format(&a, ":%s %s", b->name, b->arguments);
    const char *locked = agent && b->widens ? " (where it widens, locked by --agent)" : "";
    if (left.n > HELP_COLUMN - 4) /* on a line of its own */
        buf_format(out, "  %s\n  %-*s  %s%s\n", left.p, HELP_COLUMN - 4, "", b->help, locked);
    else
        buf_format(out, "  %-*s  %s%s\n", HELP_COLUMN - 4, left.p, b->help, locked);
    arena_release(&a);
}

static void help_on(struct buf *out, const struct builtin *b, bool agent)
{
    buf_format(out, ":%s%s%s\n  %s.\n  %s\n", b->name, b->arguments[0] ? " " : "", b->arguments, b->help, b->more);
    if (b->widens)
        buf_format(out, "  %s\n", agent ? "Where it widens it is locked by --agent."
                                        : "Where it widens it must be typed at the prompt: no script, no pasted line.");
    buf_format(out, "  example: %s\n", b->example);
}

static bool unknown_builtin(struct str name, struct err *e)
{
    const char *names[COUNT_OF(builtins_table)];
    struct str near;

    for (size_t i = 0; i < COUNT_OF(builtins_table); i++)
        names[i] = builtins_table[i].name;
    near = text_nearest(name, names, COUNT_OF(names));
    err_set(e, ERR_USAGE, "no such built-in");
    err_subject(e, name);
    if (near.n)
        return err_remedy(e, "did you mean :%s?", near.p);
    return err_remedy(e, ":help lists them");
}

static bool show_help(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    struct buf out = {0};
    struct str name = words->n ? words->v[0] : (struct str){0};
    (void)from;

    if (name.n && name.p[0] == ':')
        name = str_slice(name, 1, name.n);
    if (words->n) {
        const struct builtin *b = builtin_find(name);
        if (!b)
            return unknown_builtin(name, e);
        help_on(&out, b, s->options->agent);
        return flush_folded(&out, false);
    }
    for (size_t i = 0; i < COUNT_OF(builtins_table); i++)
        help_row(&out, &builtins_table[i], s->options->agent);
    buf_format(&out, "Every other line is run inside. Begin a line with a space to keep it out of the history.\n");
    return flush_folded(&out, false);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool builtin_is(struct str line)
{
    return line.n > 1 && line.p[0] == ':' && is_letter(line.p[1]);
}

/*
 * Splits a built-in's line into words: spaces and tabs part them, '...' keeps all, "..." keeps all but \" and \\,
 * a backslash keeps what follows, but where paths have them. Nothing else is expanded: what is typed is what is meant.
 */
static bool split(struct arena *a, bool backslash, struct str line, struct texts *words, struct err *e)
{
    char *word = arena_alloc(a, line.n + 1, 1);
    size_t n = 0;
    char quote = 0;
    bool inside = false;

    for (size_t i = 0; i <= line.n; i++) {
        char c = i < line.n ? line.p[i] : ' ';
        bool last = i == line.n;
        if (quote && !last && c == quote) {
            quote = 0;
        } else if (backslash && quote != '\'' && c == '\\' && i + 1 < line.n) {
            word[n++] = line.p[++i];
            inside = true;
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = c;
            inside = true;
        } else if (quote && last) {
            return err_set(e, ERR_USAGE, "a quote is open");
        } else if (!quote && (c == ' ' || c == '\t' || c == '\n')) {
            if (inside)
                *(struct str *)ARENA_PUSH(a, words) = arena_str(a, (struct str){word, n});
            n = 0;
            inside = false;
        } else {
            word[n++] = c;
            inside = true;
        }
        if (words->n > WORDS_MAX)
            return err_set(e, ERR_USAGE, "too many words");
    }
    return true;
}

/* A word that a built-in of nothing but flags does not have. */
static const struct str *unknown_flag(const struct builtin *b, const struct texts *words)
{
    struct str flags = str_from(b->arguments);

    for (size_t i = 0; i < words->n && str_starts(flags, STR("[--")); i++) {
        struct str word = words->v[i];
        size_t at = 0;
        while (at < flags.n && !(flags.p[at] == '[' && str_starts(str_slice(flags, at + 1, flags.n), word) &&
                                   at + 1 + word.n < flags.n && flags.p[at + 1 + word.n] == ']'))
            at++;
        if (at == flags.n)
            return &words->v[i];
    }
    return NULL;
}

static bool run_words(struct session *s, struct texts *words, enum line_from from, struct err *e)
{
    struct str name = str_slice(words->v[0], 1, words->v[0].n);
    const struct builtin *b = builtin_find(name);
    struct texts rest = {.v = words->v + 1, .n = words->n - 1};
    const struct str *unknown = b ? unknown_flag(b, &rest) : NULL;

    if (!b)
        return unknown_builtin(name, e);
    if (unknown || rest.n > b->most) {
        err_set(e, ERR_USAGE, unknown ? "no such word" : "one word too many");
        err_subject(e, unknown ? *unknown : rest.v[b->most]);
        return err_remedy(e, "usage: :%s %s", b->name, b->arguments);
    }
    return b->run(s, &rest, from, e);
}

bool builtin_run(struct session *s, struct str line, enum line_from from)
{
    struct arena a = {0};
    struct texts words = {0};
    struct err e = {0};
    bool quit_asked = s->quit_asked;
    bool good = split(&a, s->env.system == PATH_POSIX, line, &words, &e) && words.n && run_words(s, &words, from, &e);

    if (quit_asked)
        s->quit_asked = false; /* it counts for the very next built-in only */
    if (e.kind)
        say_error(&e);
    arena_release(&a);
    return good;
}
