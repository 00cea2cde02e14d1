/*
 * options: the words that cordon-setup takes. It is started elevated by a shell that is not: it takes these and nothing else, no
 * JSON, no frames, no environment; paths it works out itself.
 */
#include "setup.h"

static const struct {
    const char *name;
    enum setup_verb verb;
} verbs[] = {{"install", VERB_INSTALL}, {"repair", VERB_REPAIR}, {"status", VERB_STATUS}, {"uninstall", VERB_UNINSTALL}, {"help", VERB_HELP},
    {"--help", VERB_HELP}};

static const struct {
    const char *name;
    size_t place;
} flags[] = {{"--plan", offsetof(struct setup_options, plan)}, {"--json", offsetof(struct setup_options, json)},
    {"--quiet", offsetof(struct setup_options, quiet)}, {"--no-audit", offsetof(struct setup_options, no_audit)},
    {"--witness", offsetof(struct setup_options, witness)}};

static const struct {
    const char *name;
    size_t place;
    bool is_name; /* of an account or a group */
} values[] = {{"--person", offsetof(struct setup_options, person), false}, {"--give", offsetof(struct setup_options, give), false},
    {"--offline", offsetof(struct setup_options, offline), true}, {"--online", offsetof(struct setup_options, online), true},
    {"--group", offsetof(struct setup_options, group), true}};

const char *setup_usage(void)
{
    return "usage: cordon-setup install|repair|status|uninstall [--plan] [--json] [--quiet]\n"
           "\n"
           "  install      two accounts, the block of their network, and what goes with them\n"
           "  repair       the same again: what is as it should be stays\n"
           "  status       what there is\n"
           "  uninstall    all of it taken back; what is left is named\n"
           "\n"
           "  --plan             only print what would be done; changes nothing, needs no administrator\n"
           "  --json             as JSON\n"
           "  --quiet            nothing but errors\n"
           "  --no-audit         no auditing: denials are then evaluated, not confirmed\n"
           "  --witness          the service that reads the records of denials for you\n"
           "  --offline NAME     the accounts' and the group's names (CordonOffline, CordonOnline, CordonUsers)\n"
           "  --online NAME\n"
           "  --group NAME\n"
           "  --give FOLDER      repair: make the person the owner of a folder and what is in it, and nothing else\n"
           "  --person SID       whose Cordon it is, when an administrator other than that user does it\n"
           "\n"
           "exit codes: 0 done; 1 not set up, or something is left that may run as an account; 2 done, and parts are\n"
           "missing; 3 cannot be done here, nothing was changed; 4 an administrator is needed; 5 another setup is at work; 6 something\n"
           "is left; 125 failed, and taken back\n";
}

static bool take_flag(struct str word, struct setup_options *o)
{
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (str_is(word, flags[i].name)) {
            *(bool *)(void *)((char *)o + flags[i].place) = true;
            return true;
        }
    return false;
}

/* 1 taken, 0 no such word, -1 wrong. */
static int take_value(int count, const struct str *words, int *at, struct setup_options *o, struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct str *place = (struct str *)(void *)((char *)o + values[i].place);
        if (!str_is(words[*at], values[i].name))
            continue;
        if (*at + 1 >= count || place->p) {
            err_set(e, ERR_USAGE, *at + 1 >= count ? "%s needs a value after it" : "%s is given twice", values[i].name);
            return -1;
        }
        *place = words[++*at];
        if (values[i].is_name && !setup_name_good(*place, e))
            return -1;
        return 1;
    }
    return 0;
}

static bool take_verb(struct str word, struct setup_options *o)
{
    for (size_t i = 0; o->verb == VERB_NONE && i < COUNT_OF(verbs); i++)
        if (str_is(word, verbs[i].name)) {
            o->verb = verbs[i].verb;
            return true;
        }
    return false;
}

bool setup_options_parse(int count, const struct str *words, struct setup_options *out, struct err *e)
{
    struct setup_options o = {0};

    for (int i = 0; i < count; i++) {
        int taken;
        if (take_flag(words[i], &o) || take_verb(words[i], &o))
            continue;
        taken = take_value(count, words, &i, &o, e);
        if (taken < 0)
            return false;
        if (!taken) {
            err_set(e, ERR_USAGE, "cordon-setup does not know this word");
            err_subject(e, words[i]);
            return err_remedy(e, "cordon-setup help lists them");
        }
    }
    if (o.verb == VERB_NONE)
        return err_set(e, ERR_USAGE, "say what to do: install, repair, status or uninstall");
    if (o.person.p && !setup_person_good(o.person)) {
        err_set(e, ERR_USAGE, "that is no SID of a person");
        return err_subject(e, o.person);
    }
    if (o.give.p && (o.verb != VERB_REPAIR || o.plan))
        return err_set(e, ERR_USAGE, "--give goes with repair alone");
    if (!o.offline.p)
        o.offline = STR("CordonOffline");
    if (!o.online.p)
        o.online = STR("CordonOnline");
    if (!o.group.p)
        o.group = STR("CordonUsers");
    *out = o;
    return true;
}
