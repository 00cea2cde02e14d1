/*
 * plan: puts a plan together, compares two, prints one. What goes in is in mounts.c and covers.c.
 */
#include "acls.h"
#include "mounts.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* ---- what mounts.c and covers.c stand on ---- */

struct op *planner_op(struct planner *p, enum op_kind kind, struct str path, const char *why)
{
    struct op *op = ARENA_PUSH(p->a, p->plan);

    op->kind = kind;
    op->path = path;
    op->why = why ? str_from(why) : STR("");
    op->on_failure = FAIL_REFUSE;
    return op;
}

/* One line each: a path in it is escaped, and cut where it would fill a screen. */
static void add_line(struct arena *a, struct texts *list, const char *format, va_list args)
{
    char text[2048];
    struct str line;

    vsnprintf(text, sizeof text, format, args);
    line = arena_str(a, str_from(text));
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i], line))
            return;
    *(struct str *)ARENA_PUSH(a, list) = line;
}

void planner_note(struct planner *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(p->a, &p->plan->notes, format, args);
    va_end(args);
}

void planner_partial(struct planner *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(p->a, &p->plan->partial, format, args);
    va_end(args);
}

void planner_warn(struct planner *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(p->a, &p->policy->warnings, format, args);
    va_end(args);
}

const struct fact *planner_fact(const struct planner *p, struct str path)
{
    static const struct fact nobody_asked = {.kind = FACT_UNKNOWN};
    size_t number = path_table_get(&p->numbers, path);

    return number == SIZE_MAX ? &nobody_asked : &p->facts->v[number];
}

void planner_identity(struct op *op, const struct fact *fact)
{
    op->check_identity = true;
    op->dev = fact->dev;
    op->ino = fact->ino;
}

struct str planner_show(struct planner *p, struct str path)
{
    return path_display(p->a, p->env, path);
}

bool planner_accepts(const struct planner *p, const char *part)
{
    for (size_t i = 0; i < p->policy->partial.n; i++)
        if (str_is(p->policy->partial.v[i], part))
            return true;
    return false;
}

bool planner_hidden(const struct planner *p, struct str path)
{
    const struct place *in = places_within(&p->places, p->env, path,
        1u << PLACE_OWN | 1u << PLACE_TEMP | 1u << PLACE_ROOT | 1u << PLACE_KEPT);

    return in && (in->kind == PLACE_OWN || in->kind == PLACE_TEMP);
}

/* ---- questions ---- */

static bool is_asked(const struct path_env *env, const struct place *place)
{
    if (place->kind == PLACE_OWN || place->kind == PLACE_TEMP || place->kind == PLACE_DEVICE)
        return false;
    /* Outside of every root the tree is read-only anyway; only a person's own rule is worth a
     * warning. */
    return place->kind != PLACE_PROTECT || place->root.n > 0 || place->rule->folder_rule ||
           path_is_under(env, STR("/proc"), place->path);
}

void plan_questions(struct arena *a, const struct policy *policy, const struct path_env *env,
    struct facts *facts, struct texts *out)
{
    const struct host *host = &facts->host;
    struct places *places = arena_alloc(a, 1, sizeof *places);
    struct path_table asked = {0};
    struct texts all = {0};

    places_list(a, policy, env, host, places);
    facts->places = places;
    for (size_t i = 0; i < places->n; i++)
        if (is_asked(env, &places->v[i]))
            *(struct str *)ARENA_PUSH(a, &all) = places->v[i].path;
    for (size_t i = 0; i < host->mount_count; i++)
        if (places_within(places, env, host->mounts[i].path, 1u << PLACE_ROOT))
            *(struct str *)ARENA_PUSH(a, &all) = host->mounts[i].path;
    if (env->system == PATH_WINDOWS)
        acls_questions(a, places, env, host, &all);
    else
        mounts_questions(a, policy, host, env, &all);
    rules_obeyed(a, env, host, &all);
    for (size_t i = 0; i < all.n; i++) {
        if (path_table_get(&asked, all.v[i]) != SIZE_MAX)
            continue;
        path_table_put(a, &asked, all.v[i], i);
        *(struct str *)ARENA_PUSH(a, out) = all.v[i];
    }
}

/* ---- build ---- */

static void plan_remarks(struct planner *p)
{
    const struct host *h = p->host;

    for (size_t i = 0; i < h->risky_groups.n; i++) {
        char shown[80];
        text_printable_into(shown, sizeof shown, h->risky_groups.v[i]);
        planner_note(p,
            "you are in the group %s, which is a way to the whole machine: what it opens (sockets, "
            "devices) "
            "is hidden inside, but files of that group stay readable",
            shown);
    }
    if (h->wsl)
        planner_note(p, "WSL: Windows programs cannot be started inside, as they would run outside "
                        "of every wall");
    if (!p->plan->new_network)
        planner_note(
            p, "online: the machine's own loopback is shared, with whatever listens there");
    if (p->policy->workspace.n == 0)
        planner_note(p, "there is no workspace: nothing of yours is writable");
}

static bool mounts_plan(struct planner *p)
{
    mounts_tree(p);
    mounts_own(p);
    mounts_caches(p);
    mounts_links(p);
    if (p->policy->unix_datagrams == DATAGRAMS_ALLOW)
        planner_op(p, OP_DATAGRAMS, (struct str){0}, "the policy lets them be");
    if (!covers_plan(p) || !mounts_landlock(p) || !mounts_limits(p))
        return false;
    plan_remarks(p);
    return true;
}

static struct planner planner_new(
    struct arena *a, struct policy *policy, const struct path_env *env, const struct facts *facts, struct plan *plan)
{
    struct planner p = {.a = a, .policy = policy, .env = env, .facts = facts, .host = &facts->host, .plan = plan};

    plan->new_network = policy->net != NET_ONLINE;
    p.session = facts->host.session_dir.n > 0
                    ? facts->host.session_dir
                    : path_join(a, PATH_POSIX, facts->host.state_dir, STR("sessions/NEW"));
    for (size_t i = 0; i < facts->n; i++)
        path_table_put(a, &p.numbers, facts->v[i].path, i);
    if (facts->places)
        p.places = *facts->places;
    else
        places_list(a, policy, env, &facts->host, &p.places);
    return p;
}

bool plan_beginning_needs(struct str question)
{
    return str_starts(question, STR("/proc")) || str_starts(question, STR("/dev"));
}

void plan_beginning(
    struct arena *a, struct policy *policy, const struct path_env *env, const struct facts *facts, struct plan *out)
{
    struct planner p;

    *out = (struct plan){0};
    p = planner_new(a, policy, env, facts, out);
    mounts_tree(&p);
}

bool plan_build(struct arena *a, struct policy *policy, const struct path_env *env,
    const struct facts *facts, struct plan *out, struct err *e)
{
    struct plan plan = {0};
    struct planner p;

    p = planner_new(a, policy, env, facts, &plan);
    p.e = e;
    if (!(env->system == PATH_WINDOWS ? acls_plan(&p) : mounts_plan(&p)))
        return false;
    if (plan.n > PLAN_OPS_MAX) {
        err_set(e, ERR_LIMIT, "the policy comes to more than %d steps", PLAN_OPS_MAX);
        return err_remedy(e, "Use fewer roots and rules; one folder covers all that lies in it.");
    }
    *out = plan;
    return true;
}

/* ---- comparing ---- */

static bool same_op(const struct op *x, const struct op *y)
{
    return x->kind == y->kind && x->number == y->number && str_eq(x->path, y->path) &&
           str_eq(x->source, y->source) && str_eq(x->text, y->text) && str_eq(x->text2, y->text2);
}

static const struct op *find_op(const struct plan *plan, const struct op *op)
{
    for (size_t i = 0; i < plan->n; i++)
        if (same_op(&plan->v[i], op))
            return &plan->v[i];
    return NULL;
}

enum plan_reach plan_reaches(const struct plan *plan, struct str path)
{
    static const struct path_env env = {.system = PATH_POSIX};
    enum plan_reach reach = PLAN_READS;

    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->v[i];
        if (op->path.n == 0 || !path_is_under(&env, op->path, path))
            continue;
        switch (op->kind) {
        case OP_READONLY_ALL:
        case OP_PROTECT:
        case OP_PLACEHOLDER:
        case OP_LATER_PROTECT:
        case OP_REMOUNT_READONLY:
            reach = PLAN_READS;
            break;
        case OP_COVER_FOLDER:
        case OP_COVER_FILE:
        case OP_LATER_SECRET:
            reach = PLAN_NOTHING;
            break;
        case OP_BIND:
            reach = op->number == 1 ? PLAN_WRITES : PLAN_READS;
            break;
        case OP_WRITABLE:
        case OP_OVERLAY:
        case OP_BIRTHPLACE:
        case OP_TMPFS:
        case OP_PROC:
        case OP_DEVPTS:
        case OP_MQUEUE:
        case OP_DEVICE:
            reach = PLAN_WRITES;
            break;
        default:
            break;
        }
    }
    return reach;
}

static bool has_right(const struct plan *plan, struct str path)
{
    static const struct path_env env = {.system = PATH_POSIX};

    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i].kind == OP_LANDLOCK && path_is_under(&env, plan->v[i].path, path))
            return true;
    return false;
}

/* Does this one step open something up? `before` and `after` are the whole plans. */
static bool change_widens(
    const struct plan *before, const struct plan *after, const struct plan_change *c)
{
    if (c->op->kind >= OP_ACE)
        return acls_widens(before, after, c);
    switch (c->op->kind) {
    case OP_BIND: /* an outer object appears, maybe where a private folder was */
        return c->added;
    case OP_LANDLOCK: /* a domain can only become narrower */
        return c->added && !has_right(before, c->op->path);
    case OP_DATAGRAMS:
        return c->added;
    case OP_GUARD: /* nothing but the observer holds it */
        return !c->added && plan_reaches(after, c->op->path) == PLAN_WRITES;
    case OP_HARDLINKS:
        return c->added && c->op->number == HARDLINKS_RECORD;
    case OP_LANDLOCK_SCOPE:
    case OP_RLIMIT:
    case OP_CGROUP:
    case OP_SYSCTL:
    case OP_TMPFS:
    case OP_PROC:
        if (!c->added && c->op->kind == OP_RLIMIT)
            for (size_t i = 0; i < after->n; i++)
                if (after->v[i].kind == OP_RLIMIT && str_eq(after->v[i].text, c->op->text))
                    return after->v[i].number > c->op->number;
        return !c->added;
    default:
        return plan_reaches(after, c->op->path) > plan_reaches(before, c->op->path);
    }
}

bool plan_is_pin(const struct plan *plan, const struct op *op)
{
    static const struct path_env env = {.system = PATH_POSIX};

    for (size_t i = 0; i < plan->n && op->kind == OP_WRITABLE; i++)
        if (plan->v[i].kind == OP_WRITABLE && plan->v[i].path.n < op->path.n &&
            path_is_under(&env, plan->v[i].path, op->path))
            return true;
    return false;
}

/* Another folder of that name becomes writable or appears; what is only covered is covered again. */
static bool replacing_widens(const struct plan *before, const struct op *op)
{
    return op->kind == OP_BIND || (op->kind == OP_WRITABLE && !plan_is_pin(before, op));
}

void plan_compare(
    struct arena *a, const struct plan *before, const struct plan *after, struct plan_diff *out)
{
    struct plan_diff diff = {.widens = before->new_network && !after->new_network};

    for (size_t i = 0; i < before->n; i++) {
        const struct op *op = &before->v[i], *now = find_op(after, op);
        if (!now)
            *(struct plan_change *)ARENA_PUSH(a, &diff) =
                (struct plan_change){.added = false, .op = op};
        else if (op->check_identity && now->check_identity &&
                 (op->dev != now->dev || op->ino != now->ino)) {
            diff.identity_changed = true;
            diff.widens = diff.widens || replacing_widens(before, op);
        }
    }
    for (size_t i = 0; i < after->n; i++)
        if (!find_op(before, &after->v[i]))
            *(struct plan_change *)ARENA_PUSH(a, &diff) =
                (struct plan_change){.added = true, .op = &after->v[i]};
    for (size_t i = 0; i < diff.n && !diff.widens; i++)
        diff.widens = change_widens(before, after, &diff.v[i]);
    *out = diff;
}

/* ---- printing ---- */

static const char *const words[OP_KIND_COUNT] = {
    [OP_PRIVATE] = "keep mounts private",
    [OP_READONLY_ALL] = "make read-only",
    [OP_TMPFS] = "new, empty",
    [OP_PROC] = "new procfs",
    [OP_DEVPTS] = "new devpts",
    [OP_MQUEUE] = "new mqueue",
    [OP_FOLDER] = "make folder",
    [OP_SYMLINK] = "make link",
    [OP_DEVICE] = "device",
    [OP_BIND] = "bind",
    [OP_WRITABLE] = "writable",
    [OP_OVERLAY] = "layer over",
    [OP_PROTECT] = "protect",
    [OP_COVER_FOLDER] = "cover folder",
    [OP_COVER_FILE] = "cover file",
    [OP_SYSCTL] = "set",
    [OP_LOOPBACK] = "loopback up",
    [OP_REMOUNT_READONLY] = "close",
    [OP_LANDLOCK] = "Landlock: write",
    [OP_LANDLOCK_SCOPE] = "Landlock: scope",
    [OP_RLIMIT] = "limit",
    [OP_CGROUP] = "limit",
    [OP_PLACEHOLDER] = "hold the name",
    [OP_BIRTHPLACE] = "birthplace",
    [OP_LATER_SECRET] = "cover when it appears",
    [OP_LATER_PROTECT] = "protect when it appears",
    [OP_GUARD] = "refuse (observer)",
    [OP_HARDLINKS] = "files of several names",
    [OP_DATAGRAMS] = "unix datagrams",
    [OP_ACE] = "entry",
    [OP_OWNER] = "take ownership",
    [OP_GUARD_NAME] = "hold the name",
    [OP_ACCOUNT] = "account",
    [OP_RUNNER_CLOSED] = "close the runner's",
    [OP_STATION] = "window station",
    [OP_TOKEN] = "restricted token",
    [OP_RESTRICT] = "restricting SID",
    [OP_DEFAULT_DACL] = "token's default",
    [OP_JOB] = "job",
};

static void print_details(
    struct buf *out, struct arena *a, const struct path_env *env, const struct op *op)
{
    struct str source = path_display(a, env, op->source);

    switch (op->kind) {
    case OP_BIRTHPLACE:
        buf_format(out, " in %s", source.p);
        break;
    case OP_GUARD:
        buf_format(out, "%s%s", op->number == GUARD_TOP || op->number == GUARD_LINKS ? "/" : "/**/",
            op->number == GUARD_LINKS ? "**: symbolic links" : text_printable(a, op->text).p);
        break;
    case OP_HARDLINKS:
        buf_format(out, "%s", op->number == HARDLINKS_REFUSE ? "refuse" : "record");
        break;
    case OP_BIND:
        if (!str_eq(op->source, op->path))
            buf_format(out, " from %s", source.p);
        buf_format(out, op->number == 1 ? " (writable)" : " (read-only)");
        break;
    case OP_SYMLINK:
        buf_format(out, " -> %s", text_printable(a, op->text).p);
        break;
    case OP_SYSCTL:
    case OP_CGROUP:
        buf_format(out, " %s%s%s", op->kind == OP_SYSCTL ? "= " : "", text_printable(a, op->text).p,
            op->text2.n ? " = " : "");
        buf_str(out, text_printable(a, op->text2));
        break;
    case OP_RLIMIT:
        buf_format(out, "%s = %llu", text_printable(a, op->text).p, (unsigned long long)op->number);
        break;
    default:
        if (op->kind >= OP_ACE)
            acls_print(out, a, op);
        break;
    }
}

static void print_op(
    struct buf *out, struct arena *a, const struct path_env *env, const struct op *op)
{
    const char *word = op->kind < OP_KIND_COUNT && words[op->kind] ? words[op->kind] : "?";

    buf_format(out, "%-20s", word);
    if (op->path.n > 0) {
        buf_format(out, " ");
        buf_str(out, path_display(a, env, op->path));
    } else {
        buf_format(out, " ");
    }
    print_details(out, a, env, op);
    if (op->why.n > 0)
        buf_format(out, "  # %s", text_printable(a, op->why).p);
    if (op->on_failure == FAIL_PARTIAL)
        buf_format(out, " [may be missing as: %s]", text_printable(a, op->part).p);
}

static void print_lines(
    struct buf *out, struct arena *a, const char *head, const struct texts *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        buf_format(out, "%s: %s\n", head, text_printable_once(a, lines->v[i]).p);
}

void plan_print(
    struct buf *out, struct arena *a, const struct path_env *env, const struct plan *plan)
{
    buf_format(out, "network              %s\n",
        !plan->new_network                        ? "the machine's"
        : env->system == PATH_POSIX               ? "its own, with loopback only"
        : plan->tier == TIER_SET_UP               ? "refused to the account by filters that setup made"
                                                  : "advisory: told to programs, refused to none");
    for (size_t i = 0; i < plan->n; i++) {
        print_op(out, a, env, &plan->v[i]);
        buf_format(out, "\n");
    }
    for (size_t i = 0; i < plan->env.n; i++) /* a path of Windows is shown as it is typed */
        buf_format(out, "%-20s %s=%s\n", "environment", text_printable(a, plan->env.v[i].name).p,
            (env->system == PATH_WINDOWS ? text_printable_once : text_printable)(a, plan->env.v[i].value).p);
    print_lines(out, a, "partial", &plan->partial);
    print_lines(out, a, "note", &plan->notes);
}

void plan_print_diff(
    struct buf *out, struct arena *a, const struct path_env *env, const struct plan_diff *diff)
{
    for (size_t i = 0; i < diff->n; i++) {
        buf_format(out, "%s ", diff->v[i].added ? "+" : "-");
        print_op(out, a, env, diff->v[i].op);
        buf_format(out, "\n");
    }
    if (diff->identity_changed)
        buf_format(out, "~ other objects lie behind the same names\n");
}
