/*
 * denial_why: which rule stands behind a refusal, and the one thing that would help, from the engine that planned the
 * enforcement. A record never goes without: where the rules would have let the operation pass, another wall refused
 * it, and which one is told by what the witness knows, by the path and by the error that the program got.
 */
#include "denial.h"
#include "policy.h"
#include "text.h"

#include <string.h>

/* The errors that say something, as Linux numbers them: those of Windows are the witness's own. */
enum { CODE_BUSY = 16, CODE_CROSS = 18, CODE_TEXT_BUSY = 26, CODE_READ_ONLY = 30 };

#define VIM "none: vim goes on without; \"vim -i NONE\" does not try"

struct explaining {
    struct arena *a;
    const struct policy *policy;
    const struct facts *facts;
    const struct path_env *env;
    struct denial *d;
};

static bool say(struct explaining *x, struct str rule, struct str remedy)
{
    x->d->rule = rule;
    x->d->remedy = remedy;
    return true;
}

/* The clause with the rule's place behind it, unless the clause names it. */
static struct str rule_text(struct explaining *x, const struct verdict *v)
{
    const struct rule *rule = v->rule;
    struct str why = text_printable_once(x->a, v->why), origin;

    if (!rule && str_ends(why, STR(")"))) /* it names the place by itself */
        return why;
    if (!rule || rule->origin.layer == LAYER_BUILTIN)
        return arena_format(x->a, "%s (built-in)", why.p);
    origin = origin_text(x->a, &rule->origin);
    if (strstr(why.p, origin.p))
        return why;
    return arena_format(x->a, "%s (%s)", why.p, origin.p);
}

static bool say_verdict(struct explaining *x, const struct verdict *v)
{
    struct str remedy = v->change.n ? text_printable_once(x->a, v->change) : STR("none: the rule gives no way");

    return say(x, rule_text(x, v), remedy);
}

/* ---- connections ---- */

/* "host:port", "[v6]:port". */
static bool split_address(struct str address, struct str *host, uint16_t *port)
{
    size_t colon = address.n;
    unsigned long value = 0;

    while (colon > 0 && address.p[colon - 1] != ':')
        colon--;
    if (colon < 2 || colon == address.n || address.n - colon > 5)
        return false;
    for (size_t i = colon; i < address.n; i++) {
        if (address.p[i] < '0' || address.p[i] > '9')
            return false;
        value = value * 10 + (unsigned long)(address.p[i] - '0');
    }
    if (value > 65535)
        return false;
    *host = str_slice(address, 0, colon - 1);
    *port = (uint16_t)value;
    return true;
}

static bool say_own(struct explaining *x)
{
    return say(x, STR("Cordon's own processes are out of reach from inside (built-in)"), STR("none: leave them alone"));
}

static bool explain_socket(struct explaining *x)
{
    struct str path = x->d->path;

    if (x->d->cause == DENIAL_OWN)
        return say_own(x);
    if (x->d->cause == DENIAL_DATAGRAM || str_is(path, "unix datagram")) {
        /* tmux and screen start it for the list of who is logged in; it lies where nothing inside can put another. */
        x->d->minor = str_starts(x->d->program, STR("/usr/lib/")) && str_ends(x->d->program, STR("/utempter/utempter"));
        return say(x, STR("datagram sockets of the unix family can carry data past every gate (built-in)"),
            STR("\"unix_datagrams\": \"allow\" in the policy, or a stream socket or a pipe in its place"));
    }
    if (!str_starts(path, STR("unix:")))
        return false;
    return say(x, STR("the socket belongs to a program outside, which would act for the sandbox (built-in)"),
        STR("none: start the service inside, in this session"));
}

/* Windows: the own end is what the record has. */
static bool explain_listening(struct explaining *x)
{
    if (x->d->cause != DENIAL_LISTENING)
        return false;
    return say(x, STR("nothing inside waits for connections from elsewhere (built-in)"),
        x->policy->net == NET_ONLINE ? STR("none: let it listen on loopback") : STR(":net online, or let it listen on loopback"));
}

static bool explain_address(struct explaining *x)
{
    struct verdict v;
    struct str host;
    uint16_t port;

    if (explain_listening(x))
        return true;
    if (explain_socket(x))
        return true;
    if (!split_address(x->d->path, &host, &port))
        return say(x, STR("no network address that the rules know (built-in)"), STR("none: use TCP or UDP over IP"));
    v = rules_verdict_address(x->a, x->policy, host, port);
    if (!v.allowed)
        return say_verdict(x, &v);
    if (x->policy->net != NET_ONLINE)
        return say(x, STR("the sandbox has a network of its own, where this address is not to be had (built-in)"),
            STR(":net online"));
    return say(x, STR("the rules allow the address; the network refused it, or it is of a kind that no sandbox uses (built-in)"),
        STR("none: try the same outside"));
}

/* ---- paths ---- */

static bool refusing(struct explaining *x, struct str path, enum operation operation, struct verdict *v)
{
    struct path_env plain = {.system = x->env->system, .fold = x->env->fold};
    struct err ignored = {0};
    struct str canonical;

    /* What comes from inside is no person's text: no ~ and no variable in it. */
    if (!path.n || !path_is_absolute(x->env->system, path) ||
        !path_canonical(x->a, &plain, path, &canonical, &ignored))
        return false;
    *v = rules_verdict_seen(x->a, x->facts, x->policy, x->env, canonical, operation);
    return !v->allowed;
}

/* Does a name in the place where it would come to stand, or go from, decide? */
static bool by_rule(struct explaining *x, struct verdict *v)
{
    enum operation operation = x->d->operation;
    bool two = operation == OPERATION_RENAME || operation == OPERATION_LINK;

    if (x->d->by == DENIAL_KEEPER && refusing(x, x->d->path, OPERATION_WRITE, v))
        return true;
    if (x->d->cause == DENIAL_IN_FOLDER) /* which name is not known: one that no rule is about */
        return refusing(x, path_join(x->a, x->env->system, x->d->path, STR("a name in it")), operation, v);
    return refusing(x, x->d->path, operation, v) ||
           (two && x->d->path2.n && refusing(x, x->d->path2, OPERATION_CREATE, v));
}

static bool by_cause(struct explaining *x)
{
    switch (x->d->cause) {
    case DENIAL_HARDLINK:
        return say(x, STR("the file has further names, which may lie outside: what is written here changes it there "
                          "(built-in)"),
            STR("\"hardlinks\": \"record\" in the policy, or a copy in its place"));
    case DENIAL_LISTENER:
    case DENIAL_DATAGRAM:
        return explain_socket(x) ||
               say(x, STR("what listens there is outside, and would act for the sandbox (built-in)"),
                   STR("none: start the service inside, in this session"));
    case DENIAL_DEVICE:
        if (x->d->operation == OPERATION_CREATE)
            return say(x, STR("a device node reaches the machine's own device, wherever it stands (built-in)"),
                STR("none: the harmless devices are in /dev"));
        return say(x, STR("a device or FIFO of the outside leads out of the sandbox (built-in)"),
            STR("none: make a FIFO in a private place, such as /tmp"));
    case DENIAL_GIT_LINK:
        return say(x, STR("a symbolic link in .git: git outside would write through it (built-in)"),
            STR("none: make it outside"));
    case DENIAL_LENDING:
        return say(x, STR("a set-uid or set-gid file would lend its owner's rights to whoever runs it outside (built-in)"),
            STR("none: give it that mode outside"));
    case DENIAL_KNOB:
        return say(x, STR("a setting of the kernel's, for the whole machine (built-in)"),
            STR("none: change it outside"));
    case DENIAL_PERMISSIONS:
        return say(x, STR("the file's own mode and owner do not allow it (built-in)"),
            STR("none: change its mode outside"));
    default:
        return false;
    }
}

static bool say_minor(struct explaining *x, const struct verdict *v, const char *remedy)
{
    x->d->minor = true;
    return say(x, rule_text(x, v), str_from(remedy));
}

/* What programs keep for themselves in a home folder: they go on without. A pattern is of the path below home. */
static const struct {
    const char *pattern, *remedy;
} kept_at_home[] = {
    {".viminf*", VIM},
    {".local/state/nvim*", "none: nvim goes on without; \"nvim -i NONE\" does not try"},
    {".lesshs*", "none: less goes on without"}, {".wget-hsts*", "none: wget goes on without"},
    {".*_history*", "none: the program goes on without a history"},
};

static bool by_habit(struct explaining *x, const struct verdict *v)
{
    struct str home = x->facts->host.home, below;

    if (v->rule && v->rule->origin.layer != LAYER_BUILTIN)
        return false;
    if (path_is_under(x->env, STR("/var/cache/man"), x->d->path))
        return say_minor(x, v, "none: man goes on without keeping the formatted page");
    if (home.n < 2 || !path_is_under(x->env, home, x->d->path) || x->d->operation == OPERATION_READ)
        return false;
    below = path_below(x->env, home, x->d->path);
    if (str_is(below, ".config") && str_is(x->d->program, "/usr/bin/top"))
        return say_minor(x, v, "none: top goes on without a place for its settings");
    for (size_t i = 0; i < COUNT_OF(kept_at_home); i++)
        if (text_matches(str_from(kept_at_home[i].pattern), below, false))
            return say_minor(x, v, kept_at_home[i].remedy);
    return false;
}

static bool has_part(struct str path, const char *part)
{
    for (size_t i = 0; i < path.n; i++)
        if (str_starts(str_slice(path, i, path.n), str_from(part)))
            return true;
    return false;
}

/* git clone of a repository on this machine: another one's objects are not to be had by a second name. */
static bool by_clone(struct explaining *x, const struct verdict *v)
{
    if (x->d->operation != OPERATION_LINK || !has_part(x->d->path, "/objects/") || !has_part(x->d->path2, "/objects/"))
        return false;
    return say_minor(x, v, "none: git copies it instead, by itself");
}

/* A name that tools obey on sight, which the observer keeps from coming into being. */
static bool by_guard(struct explaining *x)
{
    const struct rules *rules = &x->policy->rules;

    if (x->d->cause != DENIAL_GUARD)
        return false;
    for (size_t i = 0; i < rules->n; i++) {
        const struct rule *rule = &rules->v[i];
        if (rule->kind != RULE_PROTECT || rule->revoked || rule->any_depth || path_same(x->env, x->d->path, rule->path) ||
            !path_is_under(x->env, x->d->path, rule->path))
            continue;
        return say(x, arena_format(x->a, "protected: %s would come to stand below it (%s)",
                          text_printable(x->a, rule->path).p,
                          rule->origin.layer == LAYER_BUILTIN ? "built-in" : origin_text(x->a, &rule->origin).p),
            STR("none: move it outside, then :reapply"));
    }
    return say(x, arena_format(x->a, "protected: \"%s\" is a name that tools obey on sight, and the observer keeps it as "
                                     "it is (built-in)",
                      text_printable(x->a, path_name(x->env->system, x->d->path)).p),
        STR("none: make it outside, then :reapply"));
}

/* Windows: the rules would have let it pass, and the entries on the object did not. */
static bool by_entries(struct explaining *x)
{
    if (x->d->by != DENIAL_WITNESS && x->d->by != DENIAL_EVALUATED)
        return false;
    if (x->d->cause == DENIAL_MAXIMUM)
        return say(x, STR("whatever it may have was asked for, and its entries grant the sandbox nothing (built-in)"),
            STR(":reapply, which mends the entries of the roots; else none: its owner can change them outside"));
    return say(x, STR("the rules allow it; the entries on it, or its integrity label, do not (built-in)"),
        STR(":reapply, which mends the entries of the roots; else none: its owner can change them outside"));
}

/* The rules would have let it pass, and the witness knows no more than path and error. */
static bool by_what_is_there(struct explaining *x)
{
    struct str path = x->d->path;
    struct str knobs[] = {STR("/proc"), STR("/sys")};

    if (x->d->by == DENIAL_COVER || (x->d->by == DENIAL_OBSERVER && x->d->operation == OPERATION_READ))
        return say(x, STR("what stands there was secret under another name, and its cover came along (built-in)"),
            STR("none: it stays secret wherever it is moved to"));
    for (size_t i = 0; i < COUNT_OF(knobs); i++)
        if (path_is_under(x->env, knobs[i], path))
            return say(x, STR("a file of the kernel's, which wants a capability that nothing inside has (built-in)"),
                STR("none: change it outside"));
    if (path_is_under(x->env, STR("/dev"), path))
        return say(x, STR("a device that the sandbox does not hand out (built-in)"), STR("none: use it outside"));
    switch (x->d->code) {
    case CODE_CROSS:
        return say(x, STR("two mounts: a name cannot go from one to the other (built-in)"),
            STR("none: copy and remove instead, as mv does"));
    case CODE_BUSY:
        return say(x, STR("something is mounted there, and held in place (built-in)"),
            STR("none: what is in it can be changed, the thing itself stays"));
    case CODE_TEXT_BUSY:
        return say(x, STR("the program runs just now (built-in)"), STR("none: end it first"));
    case CODE_READ_ONLY:
        return say(x, STR("what stands there was protected under another name, or its file system is read-only outside too (built-in)"),
            STR("none: change it outside, or mount it writable there, then :reapply"));
    default:
        return say(x, STR("the rules allow it; the file's own mode and owner, or the kernel, do not (built-in)"),
            STR("none: try the same outside"));
    }
}

void denial_explain(struct arena *a, const struct policy *policy, const struct facts *facts, const struct path_env *env,
    struct denial *d)
{
    struct explaining x = {a, policy, facts, env, d};
    struct verdict v;

    if (d->operation == OPERATION_CONNECT) {
        explain_address(&x);
        return;
    }
    if (d->operation == OPERATION_MOUNT) {
        say(&x, STR("mounts stay as they are for as long as the session lives (built-in)"),
            STR("none: mount it outside, then :reapply"));
        return;
    }
    if (d->cause == DENIAL_OWN) {
        say_own(&x);
    } else if (by_rule(&x, &v)) {
        if (!by_clone(&x, &v) && !by_habit(&x, &v))
            say_verdict(&x, &v);
    } else if (!by_guard(&x) && !by_cause(&x) && !by_entries(&x))
        by_what_is_there(&x);
}
