/*
 * verbs: the command line as two tables: what can be done, and with which options. Parsing, --help and the
 * nearest match for a word that is not known all read them.
 */
#include "shell.h"
#include "../sandbox/core/text.h"

#include <stdio.h>

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_TEXTS, /* may be given again */
};

enum option_scope {
    SCOPE_ALL,
    SCOPE_OPENS, /* shapes a boundary */
    SCOPE_SOME,  /* of the verbs that are named */
};

struct option_row {
    const char *name;
    const char *value; /* NULL for a flag */
    enum option_kind kind;
    enum option_scope scope;
    size_t place; /* in struct options */
    const char *help;
    const char *verbs; /* SCOPE_SOME: whose it is, parted by blanks; "-": the terminal's own */
};

#define PLACE(member) offsetof(struct options, member)

static const struct option_row options_table[] = {
    {"--workspace", "DIR", OPTION_TEXT, SCOPE_OPENS, PLACE(workspace),
        "the folder to work in, writable inside (default: the current one)", NULL},
    {"--write", "DIR", OPTION_TEXTS, SCOPE_OPENS, PLACE(write), "a further writable root", NULL},
    {"--protect", "PATH", OPTION_TEXTS, SCOPE_OPENS, PLACE(protect),
        "stays read-only inside the writable roots", NULL},
    {"--secret", "PATH", OPTION_TEXTS, SCOPE_OPENS, PLACE(secret), "may not even be read", NULL},
    {"--net", "MODE", OPTION_TEXT, SCOPE_OPENS, PLACE(net), "offline (default) or online", NULL},
    {"--policy", "FILE", OPTION_TEXT, SCOPE_OPENS, PLACE(policy_file),
        "a policy file laid over the person's own", NULL},
    {"--accept", "PART", OPTION_TEXTS, SCOPE_OPENS, PLACE(accept),
        "open although PART cannot be enforced here (the tier is then partial)", NULL},
    {"--require", "full", OPTION_FLAG, SCOPE_OPENS, PLACE(require_full),
        "refuse to open unless everything is enforced", NULL},
    {"--not-enforced", NULL, OPTION_FLAG, SCOPE_OPENS, PLACE(not_enforced),
        "Windows: open although nothing at all is enforced here (Wine); every prompt says so", NULL},
    {"--agent", NULL, OPTION_FLAG, SCOPE_OPENS, PLACE(agent),
        "lock every built-in that widens; .git is read-only unless a policy says otherwise", NULL},
    {"--no-rc", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(no_rc),
        "start the command shell without the person's start file", "-"},
    {"-c", "LINE", OPTION_TEXT, SCOPE_SOME, PLACE(line), "run one line in the command shell, and end",
        "-"},
    {"--json", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(json), "print JSON where there is something to print",
        "why policy doctor demo denied status setup repair uninstall"},
    {"--plan", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(plan),
        "policy show, setup: what would be done to the system, and nothing else", "policy setup repair uninstall"},
    {"--list", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(list), "demo: the names of the violations", "demo"},
    {"--weak", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(weak),
        "demo: in a sandbox that allows them, where each must come out as NOT REFUSED", "demo"},
    {"--operation", "OP", OPTION_TEXT, SCOPE_SOME, PLACE(operation), "why: of this operation only", "why"},
    {"--stdin", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(from_input),
        "why: questions from standard input, one in each line: OPERATION PATH, or a word", "why"},
    {"-n", "N", OPTION_TEXT, SCOPE_SOME, PLACE(number), "denied: the newest N alone", "denied"},
    {"--session", "ID", OPTION_TEXT, SCOPE_SOME, PLACE(session),
        "denied: of that session, not the newest", "denied"},
    {"--all", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(all), "denied: of every session that is kept", "denied"},
    {"--follow", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(follow),
        "denied: and what comes, until the session ends", "denied"},
    {"--offline", "NAME", OPTION_TEXT, SCOPE_SOME, PLACE(offline), "setup: the account without a network (CordonOffline)",
        "setup repair"},
    {"--online", "NAME", OPTION_TEXT, SCOPE_SOME, PLACE(online), "setup: the account with one (CordonOnline)", "setup repair"},
    {"--group", "NAME", OPTION_TEXT, SCOPE_SOME, PLACE(group), "setup: their group (CordonUsers)", "setup repair"},
    {"--no-audit", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(no_audit),
        "setup: write no failures into the security log; denials are then evaluated, not confirmed", "setup repair"},
    {"--witness", NULL, OPTION_FLAG, SCOPE_SOME, PLACE(witness), "setup: with the service that reads those records for you",
        "setup repair"},
    {"--quiet", NULL, OPTION_FLAG, SCOPE_ALL, PLACE(quiet), "no notes on standard error", NULL},
    {"--help", NULL, OPTION_FLAG, SCOPE_ALL, PLACE(help), "this text", NULL},
    {"--version", NULL, OPTION_FLAG, SCOPE_ALL, PLACE(version), "the version", NULL},
};

static int verb_help(const struct options *o);

static const struct verb verbs_table[] = {
    {"", "", "the terminal: opens in the current folder", true, true, 0, ARGV_MAX, verb_repl},
    {"run", "-- PROG ARG...", "run one program inside and wait for it", true, true, 1, ARGV_MAX, verb_run},
    {"why", "PATH [OPERATION] | HOST[:PORT] | PROGRAM | --stdin",
        "what is allowed there, by which rule, and what would change it; why a program cannot work inside", true, false, 0,
        2, verb_why},
    {"policy", "check [FILE] | show [--plan] | explain KEY | export wsb|sbpl",
        "check a policy file, show what is in force, explain a key, write it for Windows Sandbox or macOS",
        true, false, 1, 2, verb_policy},
    {"doctor", "", "open a boundary and try each of its promises", true, true, 0, 0, verb_doctor},
    {"demo", "[NAME]", "play violations on decoys, each beside its control", true, true, 0, 1, verb_demo},
    {"denied", "", "what was refused in the newest session, by which rule, and what would help", false, false, 0, 0,
        verb_denied},
    {"status", "", "what Cordon finds on this machine and what it would enforce", true, false, 0, 0, verb_status},
    {"setup", "", "Windows: make the two accounts and block one's network, as an administrator allows", false, false, 0, 0, verb_setup},
    {"repair", "[FOLDER]", "Windows: setup again; what is as it should be stays. FOLDER: make it yours, as an administrator allows", false, false,
        0, 1, verb_repair},
    {"uninstall", "", "Windows: take all of it back, and say what is left", false, false, 0, 0, verb_uninstall},
    {"help", "[VERB]", "this text, or that of one verb", false, false, 0, 1, verb_help},
};

static const struct verb *verb_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(verbs_table); i++)
        if (str_is(name, verbs_table[i].name))
            return &verbs_table[i];
    return NULL;
}

static const struct option_row *option_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(options_table); i++)
        if (str_is(name, options_table[i].name))
            return &options_table[i];
    return NULL;
}

static bool unknown_option(struct str word, struct err *e)
{
    const char *names[COUNT_OF(options_table)];
    for (size_t i = 0; i < COUNT_OF(options_table); i++)
        names[i] = options_table[i].name;
    struct str near = text_nearest(word, names, COUNT_OF(names));
    err_set(e, ERR_USAGE, "no such option");
    err_subject(e, word);
    if (near.n)
        return err_remedy(e, "did you mean %s?", near.p);
    return err_remedy(e, "cordon --help lists them");
}

static bool unknown_verb(struct str word, struct err *e)
{
    const char *names[COUNT_OF(verbs_table)];
    for (size_t i = 0; i < COUNT_OF(verbs_table); i++)
        names[i] = verbs_table[i].name;
    struct str near = text_nearest(word, names + 1, COUNT_OF(names) - 1);
    err_set(e, ERR_USAGE, "no such verb");
    err_subject(e, word);
    if (word.n && (word.p[0] == '.' || str_find(word, 0, '/') < word.n || str_find(word, 0, '\\') < word.n))
        return err_remedy(e, "to work in a folder: cordon --workspace DIR; to run a program: cordon run -- PROG");
    if (near.n)
        return err_remedy(e, "did you mean 'cordon %s'? to run a program: cordon run -- PROG", near.p);
    return err_remedy(e, "to run a program: cordon run -- PROG; cordon --help lists the verbs");
}

/* Which rows of the table were given, for the verb to be held against once it is known. */
struct given {
    bool row[COUNT_OF(options_table)];
};

/* Takes one option at argv[*at]; moves *at past its value. */
static bool option_take(
    struct arena *a, int argc, char **argv, int *at, struct options *o, struct given *given, struct err *e)
{
    struct str word = str_from(argv[*at]);
    size_t equals = str_starts(word, STR("--")) ? str_find(word, 0, '=') : word.n;
    struct str name = str_slice(word, 0, equals);
    const struct option_row *row = option_find(name);
    struct str value = {0};
    char *place = (char *)o;

    if (!row && str_is(name, "-h"))
        row = option_find(STR("--help"));
    if (!row)
        return unknown_option(name, e);
    given->row[row - options_table] = true;
    if (row->value) {
        if (equals < word.n) {
            value = str_slice(word, equals + 1, word.n);
        } else if (*at + 1 < argc) {
            value = str_from(argv[++*at]);
        } else {
            err_set(e, ERR_USAGE, "%s needs %s after it", row->name, row->value);
            return false;
        }
    } else if (equals < word.n) {
        err_set(e, ERR_USAGE, "%s takes no value", row->name);
        return false;
    }
    if (row->kind == OPTION_FLAG && row->value && !str_is(value, row->value)) {
        err_set(e, ERR_USAGE, "%s knows one value: %s", row->name, row->value);
        return err_subject(e, value);
    }
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)(place + row->place) = true;
        break;
    case OPTION_TEXT:
        if (((struct str *)(void *)(place + row->place))->p) {
            err_set(e, ERR_USAGE, "%s is given twice", row->name);
            return false;
        }
        *(struct str *)(void *)(place + row->place) = value;
        break;
    case OPTION_TEXTS:
        *(struct str *)ARENA_PUSH(a, (struct texts *)(void *)(place + row->place)) = value;
        break;
    }
    return true;
}

static bool has_word(const char *words, const char *word)
{
    struct str all = str_from(words);

    for (size_t at = 0; at < all.n;) {
        size_t end = str_find(all, at, ' ');
        if (str_is(str_slice(all, at, end), word))
            return true;
        at = end + 1;
    }
    return false;
}

static bool option_fits(const struct option_row *row, const struct verb *verb)
{
    switch (row->scope) {
    case SCOPE_OPENS:
        return verb->opens;
    case SCOPE_SOME:
        return has_word(row->verbs, verb->name[0] ? verb->name : "-");
    default:
        return true;
    }
}

/* An option that the verb would not look at is a mistake, and often one about what holds: it is said and not passed over. */
static bool options_fit(const struct options *o, const struct given *given, struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(options_table); i++) {
        const struct option_row *row = &options_table[i];
        if (!given->row[i] || option_fits(row, o->verb))
            continue;
        err_set(e, ERR_USAGE, "%s is no option of %s%s", row->name, o->verb->name[0] ? "cordon " : "the terminal itself", o->verb->name);
        if (row->scope == SCOPE_SOME && str_is(str_from(row->verbs), "-"))
            return err_remedy(e, "it belongs to cordon without a verb");
        if (row->scope == SCOPE_SOME)
            return err_remedy(e, "it belongs to: %s", row->verbs);
        return err_remedy(e, "it belongs to what opens a sandbox; cordon help %s lists what there is", o->verb->name);
    }
    return true;
}

static bool arguments_fit(const struct options *o, struct err *e)
{
    const struct verb *v = o->verb;
    if (o->line.p && v->name[0]) {
        err_set(e, ERR_USAGE, "-c runs a line by itself and takes no verb");
        return err_subject(e, str_from(v->name));
    }
    if (!v->name[0] && !o->line.p && o->args.n)
        return unknown_verb(o->args.v[0], e);
    if (o->args.n < v->least || o->args.n > v->most) {
        err_set(e, ERR_USAGE, "%s", o->args.n < v->least ? "an argument is missing" : "one argument too many");
        if (o->args.n > v->most)
            err_subject(e, o->args.v[v->most]);
        return err_remedy(e, "usage: cordon %s [OPTIONS]%s%s", v->name, v->arguments[0] ? " " : "", v->arguments);
    }
    return true;
}

bool options_parse(struct arena *a, int argc, char **argv, struct options *out, struct err *e)
{
    struct options o = {0};
    struct given given = {{0}};
    bool over = false; /* options have ended */

    o.verb = &verbs_table[0];
    for (int i = 1; i < argc; i++) {
        struct str word = str_from(argv[i]);
        if (!over && str_is(word, "--")) {
            over = true;
            if (!o.verb->name[0] && !o.line.p)
                break; /* "cordon -- x": said below */
        } else if (!over && word.n > 1 && word.p[0] == '-') {
            if (!option_take(a, argc, argv, &i, &o, &given, e))
                return false;
        } else if (!over && !o.verb->name[0] && !o.line.p) {
            o.verb = verb_find(word);
            if (!o.verb || !word.n)
                return unknown_verb(word, e);
        } else {
            *(struct str *)ARENA_PUSH(a, &o.args) = word;
            over = over || str_is(str_from(o.verb->name), "run") || o.line.p != NULL;
        }
    }
    if (over && !o.verb->name[0] && !o.line.p) {
        err_set(e, ERR_USAGE, "-- needs a verb before it");
        return err_remedy(e, "to run a program: cordon run -- PROG ARG...");
    }
    if (o.help || o.version) {
        o.args = (struct texts){0};
        if (o.verb->name[0])
            *(struct str *)ARENA_PUSH(a, &o.args) = str_from(o.verb->name);
        o.verb = verb_find(STR("help"));
    } else if (!arguments_fit(&o, e) || !options_fit(&o, &given, e)) {
        return false;
    }
    *out = o;
    return true;
}

/* one: of one verb, so that the verbs an option belongs to ("denied: ...") need not be said. */
static void help_line(struct buf *out, const struct option_row *row, bool one)
{
    struct str help = str_from(row->help);
    size_t colon = str_find(help, 0, ':');
    char column[64];

    snprintf(column, sizeof column, "%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
    if (one && row->scope == SCOPE_SOME && colon + 2 < help.n)
        help = str_slice(help, colon + 2, help.n);
    buf_format(out, "  %-20s  %.*s\n", column, (int)help.n, help.p);
}

static void usage(struct buf *out, const struct verb *verb, const char *before)
{
    buf_format(out, "%s %s%s%s\n", before, verb->name, verb->arguments[0] ? " " : "", verb->arguments);
}

void verbs_help(struct buf *out, const struct verb *verb)
{
    bool windows = outer_path_system() == PATH_WINDOWS;

    if (verb) {
        buf_format(out, "usage: cordon %s [OPTIONS]%s%s\n%s\n", verb->name, verb->arguments[0] ? " " : "", verb->arguments,
            verb->help);
    } else {
        buf_format(out, "usage: cordon [OPTIONS]              a sandboxed terminal in the current folder\n"
                        "       cordon [OPTIONS] -c LINE      one line in the command shell\n"
                        "       cordon VERB [OPTIONS] ...\n\nverbs:\n");
        for (size_t i = 1; i < COUNT_OF(verbs_table); i++) {
            usage(out, &verbs_table[i], " ");
            buf_format(out, "      %s\n", verbs_table[i].help);
        }
    }
    buf_format(out, "\noptions:\n");
    for (size_t i = 0; i < COUNT_OF(options_table); i++)
        if (!verb || option_fits(&options_table[i], verb))
            help_line(out, &options_table[i], verb != NULL);
    buf_format(out, "\nexit codes: the program's own; 125 Cordon failed or refused; 126 found and not started; 127 not found%s.\n",
        windows ? "" : "; 128+n ended by signal n");
    if (!verb && windows)
        buf_format(out, "\neach line of the terminal is a process of PowerShell, cmd or Git Bash (\"shell\" in the policy) without start files: "
                        "folder and environment stay; variables and functions of PowerShell do not, and what is left in a line's console ends with it. "
                        "A shell that is to keep them is started by its name (powershell), and lives until its exit.\n");
    else if (!verb)
        buf_format(out, "\nwithout bash, each line of the terminal is a process of sh: only directory and exported variables "
                        "stay, and what runs in the background lives on unlisted until the session ends.\n");
}

static bool help_on(const struct options *o, struct buf *out, struct err *e)
{
    const char *names[COUNT_OF(verbs_table)];
    const struct verb *verb = o->args.n ? verb_find(o->args.v[0]) : NULL;
    struct str near;

    if (!o->args.n || (verb && verb->name[0])) {
        verbs_help(out, verb);
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(verbs_table); i++)
        names[i] = verbs_table[i].name;
    near = text_nearest(o->args.v[0], names + 1, COUNT_OF(names) - 1);
    err_set(e, ERR_USAGE, "no such verb");
    err_subject(e, o->args.v[0]);
    if (near.n)
        return err_remedy(e, "did you mean 'cordon help %s'?", near.p);
    return err_remedy(e, "cordon help lists them");
}

static int verb_help(const struct options *o)
{
    struct buf out = {0};
    struct err e = {0};
    bool good;

    if (o->version)
        buf_format(&out, "cordon %s\n", CORDON_VERSION);
    else
        help_on(o, &out, &e);
    if (e.kind)
        say_error(&e);
    good = tty_print_folded(buf_view(&out), true) && !e.kind;
    buf_release(&out);
    return good ? EXIT_OK : EXIT_CORDON;
}
