/*
 * demo_stage: where violations are tried: decoys that Cordon makes in the session's own folder, a boundary around them,
 * a listener on loopback.
 *
 * Nothing else is ever a target. A command names its victims by ~, which its own first line sets to a decoy, and stops
 * where that is none; so one that is not refused, and one in a boundary that holds nothing, harms nothing either. What a
 * demo that was ended half-way leaves goes when the session's folder is next used.
 */
#include "demo_scenes.h"
#include "../sandbox/core/rules.h"
#include "../sandbox/core/text.h"

#define DEMO_OUTPUT_MAX 4096
#define DECOY_TEXT      "cordon-decoy-3c1f"
#define VICTIM_MAX      ((size_t)64 << 10)

/* Sets the decoy, or ends. */
static const char prelude[] = "case $1 in /*/demo/*/home) HOME=$1 PORT=$2 ;; *) exit 99 ;; esac\n";

static struct str below(struct stage *d, struct str folder, const char *rest)
{
    return path_join(&d->arena, d->session.env.system, folder, str_from(rest));
}

/* The folder that stands for the home folder of one attempt. */
static struct str home_of(struct stage *d, const struct demo *m, enum demo_role role)
{
    static const char *const places[ROLE_COUNT] = {"first", "grandchild", "allowed", "allowed-grandchild"};
    bool inside = role >= ROLE_ALLOWED || d->options.weak;

    return arena_format(
        &d->arena, "%s/%s/%s/%s/home", d->folder.p, inside ? "work" : "outside", places[role], m->name);
}

static bool moved(const struct stage *d, const struct demo *m, enum demo_role role)
{
    return m->allowed && (role >= ROLE_ALLOWED || d->options.weak);
}

static struct str victim_of(struct stage *d, const struct demo *m, enum demo_role role)
{
    struct str name = str_from(moved(d, m, role) ? m->other : m->victim);

    if (!str_starts(name, STR("home/")))
        return path_join(&d->arena, d->session.env.system, d->folder, name);
    return path_join(&d->arena, d->session.env.system, home_of(d, m, role), str_slice(name, 5, name.n));
}

/* ---- decoys ---- */

static bool make_file(struct stage *d, struct str path, struct str text, struct err *e)
{
    struct arena a = {0};
    struct str there;
    struct err missing = {0};
    bool good = sys_read_file(&a, path, VICTIM_MAX, true, &there, &missing);

    if (!good)
        good = sys_make_folders(path_parent(d->session.env.system, path), 0700, e) && sys_append_file(path, text, e);
    arena_release(&a);
    return good;
}

bool stage_file(struct stage *d, struct str path, struct err *e)
{
    return make_file(d, path, STR(DECOY_TEXT "\n"), e);
}

/* As much of a repository as git would take for one. */
static bool make_repository(struct stage *d, struct err *e)
{
    return sys_make_folders(below(d, d->work, ".git/objects"), 0700, e) &&
           sys_make_folders(below(d, d->work, ".git/refs/heads"), 0700, e) &&
           make_file(d, below(d, d->work, ".git/HEAD"), STR("ref: refs/heads/main\n"), e) &&
           make_file(d, below(d, d->work, ".git/config"), STR("[core]\n\trepositoryformatversion = 0\n"), e);
}

static bool make_decoys(struct stage *d, struct err *e)
{
    size_t count;
    const struct demo *list = demos_list(&count);

    if (!make_repository(d, e))
        return false;
    if (d->session.env.system == PATH_WINDOWS)
        return scenes_decoys(d, e);
    for (size_t i = 0; i < count; i++) {
        for (int role = 0; role < ROLE_COUNT; role++) {
            if (!sys_make_folders(home_of(d, &list[i], (enum demo_role)role), 0700, e) ||
                (list[i].victim && !stage_file(d, victim_of(d, &list[i], (enum demo_role)role), e)))
                return false;
        }
    }
    return true;
}

/* ---- the boundary ---- */

static void add_secrets(struct stage *d)
{
    size_t count;
    const struct demo *list = demos_list(&count);

    for (size_t i = 0; i < count; i++) {
        if (list[i].sign != SIGN_SEEN)
            continue;
        for (int role = ROLE_FIRST; role <= ROLE_GRANDCHILD; role++)
            *(struct str *)ARENA_PUSH(&d->arena, &d->options.secret) =
                path_parent(d->session.env.system, victim_of(d, &list[i], (enum demo_role)role));
    }
}

static bool open_stage(struct stage *d, struct opened **out, struct err *e)
{
    if (!session_open(&d->session, 0, out, e))
        return false;
    (*out)->policy.shell = STR("auto"); /* bash, where there is one: not every shell can connect */
    return true;
}

bool stage_set(struct stage *d, struct session *s, bool weak, struct err *e)
{
    struct str folder;

    if (!sys_real_path(&d->arena, s->host.session_dir, &folder, e))
        return false;
    folder = path_join(&d->arena, s->env.system, folder, STR("demo"));
    if (!sys_remove_tree(folder, e) || !sys_make_folders(folder, 0700, e))
        return false;
    d->folder = folder;
    /* A session within the session's folder, and no state beside it: else the decoys would be Cordon's own, which
     * nobody inside may read. */
    session_beside(&d->session, s, &d->options, path_join(&d->arena, s->env.system, folder, STR("session")));
    d->session.early = s->early;
    s->early = NULL; /* now the stage's */
    d->work = below(d, folder, "work");
    d->session.workspace = d->work;
    d->options.weak = weak;
    d->options.net = weak ? STR("online") : STR("offline");
    if (!weak && s->env.system == PATH_WINDOWS)
        scenes_secret(d);
    else if (!weak)
        add_secrets(d);
    return sys_make_folders(d->session.host.session_dir, 0700, e) && make_decoys(d, e) && listener_open(&d->listener, e) &&
           open_stage(d, &d->session.open, e);
}

void stage_clear(struct stage *d)
{
    struct err ignored = {0};

    session_close(&d->session);
    opened_close(&d->online);
    denied_end(&d->session);
    boundary_close(d->session.early);
    listener_close(&d->listener);
    if (d->folder.n && !sys_remove_tree(d->folder, &ignored))
        say_note("the decoys could not be removed: %s", text_printable(&d->arena, d->folder).p);
    arena_release(&d->session.arena);
    arena_release(&d->arena);
}

/* The boundary of a control that calls out. NULL: an administrator allows none. */
static struct opened *online(struct stage *d)
{
    struct options asked = d->options;
    struct err ignored = {0};

    if (!d->online && !d->online_tried) {
        d->online_tried = true;
        d->options.net = STR("online");
        open_stage(d, &d->online, &ignored);
        d->options = asked;
    }
    return d->online;
}

/* ---- one attempt ---- */

struct str demo_replaced(struct arena *a, struct str text, struct str what, struct str with)
{
    struct buf out = {0};
    struct str result;

    for (size_t i = 0; i < text.n;) {
        if (what.n && str_starts(str_slice(text, i, text.n), what)) {
            buf_str(&out, with);
            i += what.n;
        } else {
            buf_add(&out, text.p + i++, 1);
        }
    }
    result = arena_str(a, buf_view(&out));
    buf_release(&out);
    return result;
}

static struct str port_text(struct stage *d)
{
    return arena_format(&d->arena, "%u", (unsigned)d->listener.port);
}

#define GENERATIONS 3

/* The command, or it by a child of a child of a child: each runs its first word with the others, and then still has a
 * word to say, so that it does not become what it runs. */
static void make_words(struct stage *d, const struct demo *m, enum demo_role role, struct str command, struct texts *out)
{
    struct str shell = exec_shell(&d->session, d->session.open);
    struct str chain = arena_format(&d->arena, "%s -c \"$0\" \"$@\"; :", shell.p);
    const struct str words[] = {arena_format(&d->arena, "%s%s\n", prelude, command.p), STR("demo"),
        home_of(d, m, role), port_text(d)};
    bool deep = role == ROLE_GRANDCHILD || role == ROLE_ALLOWED_GRANDCHILD;

    *(struct str *)ARENA_PUSH(&d->arena, out) = shell;
    *(struct str *)ARENA_PUSH(&d->arena, out) = STR("-c");
    for (int i = 0; deep && i < GENERATIONS; i++)
        *(struct str *)ARENA_PUSH(&d->arena, out) = chain;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        *(struct str *)ARENA_PUSH(&d->arena, out) = words[i];
}

static struct str text_of(struct stage *d, struct str path, bool *there)
{
    struct str text = {0};
    struct err ignored = {0};

    *there = sys_read_file(&d->arena, path, VICTIM_MAX, true, &text, &ignored);
    return text;
}

static bool was_seen(struct str said)
{
    for (size_t i = 0; i < said.n; i++)
        if (str_starts(str_slice(said, i, said.n), STR(DECOY_TEXT)))
            return true;
    return false;
}

/* The last record of an attempt that speaks of what it was about. */
static void find_record(struct stage *d, struct str victim, size_t from, struct attempt *out)
{
    const struct denied *k = d->session.denied;
    struct str folder = path_parent(d->session.env.system, victim);

    for (size_t i = k->n; i > from && !out->record.count; i--) {
        const struct denial *one = &k->v[i - 1].d;
        if (victim.n ? path_is_under(&d->session.env, folder, one->path) ||
                           (one->path2.n && path_is_under(&d->session.env, folder, one->path2))
                     : one->operation == OPERATION_CONNECT)
            out->record = *one;
    }
}

/* The control where no boundary may have the network: that the listener can be reached at all. */
static bool call_from_here(struct stage *d)
{
    struct probe probe = {.kind = PROBE_CONNECT, .number = d->listener.port};

    listener_heard(&d->listener);
    probe_control(&probe);
    return probe.control == ANSWER_DONE && listener_heard(&d->listener);
}

bool stage_try(struct stage *d, const struct demo *m, enum demo_role role, struct attempt *out, struct err *e)
{
    struct opened *in = m->sign == SIGN_CALLED && role >= ROLE_ALLOWED ? online(d) : d->session.open;
    struct str command = str_from(moved(d, m, role) ? m->allowed : m->command), victim = {0}, before = {0}, after, said = {0};
    struct texts argv = {0};
    size_t records = d->session.denied->n;
    bool was = false, is = false;
    int code = 0;

    *out = (struct attempt){.command = demo_replaced(&d->arena, command, STR("$PORT"), port_text(d)), .home = home_of(d, m, role)};
    if (!in) {
        out->tried = true;
        out->happened = call_from_here(d);
        return true;
    }
    if (m->victim) {
        victim = victim_of(d, m, role);
        before = text_of(d, victim, &was);
    }
    listener_heard(&d->listener);
    make_words(d, m, role, command, &argv);
    if (!exec_catch(&d->session, in, &d->arena, &argv, d->work, DEMO_OUTPUT_MAX, &said, &code, e))
        return false;
    out->tried = code != 99;
    if (m->victim) {
        after = text_of(d, victim, &is);
        out->happened = m->sign == SIGN_SEEN   ? was_seen(said)
                        : m->sign == SIGN_GONE ? was && !is
                                               : was && (!is || !str_eq(before, after));
    } else {
        out->happened = listener_heard(&d->listener);
    }
    find_record(d, victim, records, out);
    said = demo_replaced(&d->arena, said, out->home, STR("~"));
    out->said = demo_replaced(&d->arena, said, d->work, STR("."));
    return true;
}

struct verdict stage_verdict(struct stage *d, const struct demo *m)
{
    const struct opened *o = d->session.open;

    if (!m->victim) /* the listener stands for the rest of the world: loopback itself is the sandbox's own inside */
        return rules_verdict_address(&d->arena, &o->policy, STR("example.org"), d->listener.port);
    return rules_verdict(
        &d->arena, &o->policy, &d->session.env, &d->session.host, victim_of(d, m, ROLE_FIRST), m->operation);
}
