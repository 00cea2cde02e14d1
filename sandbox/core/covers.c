/*
 * covers: what the rules make of the tree: writable roots, what is pinned and protected in them,
 * what is secret. Shallow first, so that of two places the deeper one is mounted on top and holds,
 * as rules say.
 *
 * A name in a folder that the sandbox may write can be a link that an earlier session left. So
 * nothing is mounted through one: what really lies there must be what was named, or the opening is
 * refused.
 */
#include "git.h"
#include "mounts.h"

/* Mounting over one of these leaves nothing that a program could start from. */
static const char *const needed[] = {"/", "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc",
    "/sbin", "/sys", "/usr", "/var", "/usr/bin", "/usr/lib", "/usr/lib64", "/nix", "/nix/store"};

/* File systems that are views of the kernel: never writable, whatever they lie in. */
static const char *const views[] = {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "devtmpfs",
    "mqueue", "debugfs", "tracefs", "securityfs", "bpf", "configfs", "fusectl", "pstore",
    "efivarfs", "binfmt_misc", "autofs", "hugetlbfs"};

static bool is_one_of(struct str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, list[i]))
            return true;
    return false;
}

static bool refuse(struct planner *p, enum err_kind kind, const char *what, struct str path,
    const char *reason, struct str remedy)
{
    err_set(p->e, kind, "%s", what);
    err_subject(p->e, path);
    err_reason(p->e, "%s", reason);
    return err_remedy(p->e, "%.*s", (int)remedy.n, remedy.p);
}

/* Does the object lie where the name says? A home behind a link is the person's own arrangement. */
static bool is_straight(const struct planner *p, const struct fact *fact)
{
    return fact->kind != FACT_SYMLINK && path_same(p->env, fact->real, fact->path);
}

static bool is_covered(const struct planner *p, struct str path)
{
    for (size_t i = 0; i < p->plan->n; i++)
        if (p->plan->v[i].kind == OP_COVER_FOLDER &&
            path_is_under(p->env, p->plan->v[i].path, path))
            return true;
    return false;
}

static bool has_op(const struct planner *p, enum op_kind kind, struct str path)
{
    for (size_t i = 0; i < p->plan->n; i++)
        if (p->plan->v[i].kind == kind && str_eq(p->plan->v[i].path, path))
            return true;
    return false;
}

static const struct place *root_of(const struct planner *p, struct str path)
{
    return places_within(&p->places, p->env, path, 1u << PLACE_ROOT);
}

/* Of several places at one path only the strongest is mounted; it stands last. */
static bool is_outdone(const struct planner *p, size_t i)
{
    return i + 1 < p->places.n && path_same(p->env, p->places.v[i].path, p->places.v[i + 1].path);
}

/* ---- writable roots ---- */

/* Where something of the sandbox's own was mounted over the path (a private /tmp, a cache's layer),
 * the object must be put back there; elsewhere it is bound on itself. */
static struct op *plan_writable(
    struct planner *p, const struct fact *fact, const char *why, int rule)
{
    const struct place *in = places_within(&p->places, p->env, path_parent(PATH_POSIX, fact->path),
        1u << PLACE_OWN | 1u << PLACE_TEMP | 1u << PLACE_CACHE | 1u << PLACE_ROOT |
            1u << PLACE_KEPT);
    bool put_back =
        in && (in->kind == PLACE_OWN || in->kind == PLACE_TEMP || in->kind == PLACE_CACHE);
    struct op *op = planner_op(p, put_back ? OP_BIND : OP_WRITABLE, fact->path, why);

    if (put_back)
        op->source = fact->path;
    op->number = 1;
    op->rule = rule;
    planner_identity(op, fact);
    return op;
}

static const struct mount_fact *last_mount_at(const struct planner *p, struct str path)
{
    const struct mount_fact *last = NULL;

    for (size_t i = 0; i < p->host->mount_count; i++)
        if (str_eq(p->host->mounts[i].path, path))
            last = &p->host->mounts[i];
    return last;
}

/* Mounts inside a root come along read-only; each that was writable outside is opened by itself. */
static void plan_nested(struct planner *p, struct str root)
{
    for (size_t i = 0; i < p->host->mount_count; i++) {
        const struct mount_fact *m = &p->host->mounts[i];
        const struct fact *fact = planner_fact(p, m->path);
        /* Of the very file system that home is on: a second way to what is in it, and to what may not be a root. */
        bool again = fact->dev == planner_fact(p, p->host->home)->dev && p->host->home.n > 0;
        bool view = again || is_one_of(m->type, views, COUNT_OF(views));
        if (!path_is_under(p->env, root, m->path) || path_same(p->env, root, m->path) ||
            last_mount_at(p, m->path) != m || fact->kind == FACT_MISSING ||
            has_op(p, OP_WRITABLE, m->path))
            continue;
        planner_note(p, "%s is a mount of its own (%.*s), %s", planner_show(p, m->path).p,
            (int)m->type.n, m->type.p,
            m->readonly || view || fact->kind != FACT_FOLDER ? "read-only inside"
                                                             : "writable inside");
        if (m->readonly || view || fact->kind != FACT_FOLDER)
            continue;
        struct op *op = planner_op(p, OP_WRITABLE, m->path, "a mount inside a writable root");
        op->number = 1;
        planner_identity(op, fact);
    }
}

/* A root that a policy file names and that is not there is a warning: the same file serves several
 * machines. One that somebody asked for here and now is an error. */
bool covers_root_missing(struct planner *p, const struct place *place)
{
    bool asked = place->rule->id == 0 || place->rule->origin.layer == LAYER_FLAG ||
                 place->rule->origin.layer == LAYER_SESSION;

    if (asked)
        return refuse(p, ERR_MISSING, "cannot make this folder writable", place->path,
            "it does not exist", STR("Make it first, outside."));
    planner_warn(p, "\"write\": %s does not exist, so nothing is writable there",
        planner_show(p, place->path).p);
    return true;
}

/* A start-up file that is a link into the root is as good as in it (dotfiles kept in a repository). */
static bool is_clear_of_links(struct planner *p, const struct place *place)
{
    struct texts obeyed = {0};

    rules_obeyed(p->a, p->env, p->host, &obeyed);
    for (size_t i = 0; i < obeyed.n; i++) {
        const struct fact *fact = planner_fact(p, obeyed.v[i]);
        if (fact->real.n == 0 || !path_is_under(p->env, place->path, fact->real) ||
            path_is_under(p->env, place->path, obeyed.v[i]) ||
            (i < obeyed.n - p->host->obeyed_links.n &&
                places_within(&p->places, p->env, obeyed.v[i], 1u << PLACE_SECRET))) /* is covered where it leads */
            continue;
        if (rules_obeyed_by_name(p->a, p->env, p->host, obeyed.v[i])) {
            planner_note(p, "%s leads to %s, which can be written inside: outside, that name calls what became of it",
                planner_show(p, obeyed.v[i]).p, planner_show(p, fact->real).p);
            continue;
        }
        return refuse(p, ERR_REFUSED, "this cannot be a workspace or a writable root", place->path,
            arena_format(p->a, "it holds what %s leads to, which is obeyed outside",
                planner_show(p, obeyed.v[i]).p).p,
            STR("Put a copy in place of that link, or name another folder."));
    }
    return true;
}

bool covers_root_fits(struct planner *p, const struct place *place, const struct fact *fact)
{
    const char *what = "cannot make this folder writable";
    const struct place *secret = places_within(&p->places, p->env, place->path, 1u << PLACE_SECRET);

    if (fact->kind == FACT_UNKNOWN)
        return refuse(p, ERR_POLICY, what, place->path, "it cannot be looked at",
            STR("Check its permissions, or take it out of the policy."));
    if (!is_straight(p, fact))
        return refuse(p, ERR_REFUSED, what, place->path,
            "a symbolic link leads elsewhere from there",
            arena_format(p->a, "If you trust that link, name where it leads: %s.",
                planner_show(p, fact->real).p));
    if (fact->kind != FACT_FOLDER)
        return refuse(p, ERR_REFUSED, what, place->path, "it is no folder",
            STR("Name a folder; a single file cannot be replaced safely."));
    if (!rules_root_allowed(p->a, p->env, p->host, place->path, fact->real, p->e) ||
        !is_clear_of_links(p, place))
        return false;
    if (secret)
        return refuse(p, ERR_REFUSED, what, place->path, "it lies in a secret path",
            arena_format(p->a, "Take one of the two out of the policy; the secret one is %s.",
                planner_show(p, secret->path).p));
    if (fact->on_readonly_mount)
        return refuse(p, ERR_UNSUPPORTED, what, place->path, "it is on a read-only file system",
            STR("Mount it writable, or take it out of the policy."));
    return true;
}

/* No wall of the kernel's holds a name that may be anywhere: the observer refuses it; :reapply binds what is there. */
static void plan_any_depth(struct planner *p, const struct place *root)
{
    for (size_t i = 0; i < p->policy->rules.n; i++) {
        const struct rule *rule = &p->policy->rules.v[i];
        struct op *op;
        if (!rule->any_depth || rule->revoked)
            continue;
        op = planner_op(p, OP_GUARD, root->path, rule->reason ? rule->reason : "protected at any depth");
        op->text = rule->path;
        op->number = str_is(rule->path, ".git") ? GUARD_BELOW : GUARD_ANY;
        op->rule = rule->id;
        planner_note(p, "**/%s below the top of %s is held by the observer alone, until :reapply has found it",
            planner_show(p, rule->path).p, planner_show(p, root->path).p);
    }
}

static void plan_linkless(struct planner *p, struct str path, int rule)
{
    struct op *op = planner_op(p, OP_GUARD, path, "git outside would write through them");

    op->number = GUARD_LINKS;
    op->rule = rule;
}

static bool is_git_folder(const struct planner *p, struct str root)
{
    const struct git_found *found = p->policy->git_found;

    for (size_t i = 0; found && i < found->linkless.n; i++)
        if (str_eq(found->linkless.v[i], root))
            return true;
    return false;
}

static bool plan_root(struct planner *p, const struct place *place, bool outdone)
{
    const struct fact *fact = planner_fact(p, place->path);

    if (fact->kind == FACT_MISSING)
        return covers_root_missing(p, place);
    if (!covers_root_fits(p, place, fact))
        return false;
    if (outdone) {
        planner_warn(p, "%s is both writable and protected by the policy: it stays read-only",
            planner_show(p, place->path).p);
        return true;
    }
    plan_writable(
        p, fact, place->rule->reason ? place->rule->reason : "a writable root", place->rule->id);
    *(struct place *)ARENA_PUSH(p->a, &p->writable) = *place;
    plan_nested(p, place->path);
    plan_any_depth(p, place);
    if (is_git_folder(p, place->path))
        plan_linkless(p, place->path, place->rule->id);
    return true;
}

/* ---- protected paths ---- */

static bool link_refused(struct planner *p, struct str path)
{
    return refuse(p, ERR_REFUSED, "a protected path is a symbolic link", path,
        "the link itself could be replaced from inside",
        STR("Put the real file or folder in its place."));
}

/* Nothing in the kernel refuses a single name in a writable folder: something must be there. */
static void plan_placeholder(struct planner *p, const struct place *place)
{
    struct op *op = planner_op(p, OP_PLACEHOLDER, place->path,
        place->rule->reason ? place->rule->reason : "protected");

    op->rule = place->rule->id;
    op->number = place->hold == HOLD_FILE;
    op->text = place->text;
    op->on_failure = FAIL_PARTIAL;
    op->part = STR("names");
}

static void plan_later(struct planner *p, enum op_kind kind, const struct place *place)
{
    struct op *op = planner_op(p, kind, place->path, place->rule->reason);

    op->rule = place->rule->id;
    op->number = kind == OP_LATER_SECRET && p->policy->secret_reads == SECRET_READS_RECORD;
}

/* Is the name held where nothing is there? Only what stands at the top of a root, or where git's own folders are pinned:
 * a folder in between could be renamed from inside. */
static bool is_name_held(const struct planner *p, const struct place *place, const struct place *root)
{
    if (place->hold != HOLD_NOT)
        return place->hold != HOLD_GUARD && place->hold != HOLD_REFUSED;
    return !place->rule->optional && root && path_same(p->env, path_parent(PATH_POSIX, place->path), root->path);
}

static struct op *plan_guard(struct planner *p, const struct place *place, const struct place *root)
{
    struct str name = path_below(p->env, root->path, place->path);
    struct op *op;

    if (place->rule->any_depth) /* by its rule, for the whole root */
        return NULL;
    for (size_t i = 0; i < p->plan->n; i++)
        if (p->plan->v[i].kind == OP_GUARD && str_eq(p->plan->v[i].path, root->path) && str_eq(p->plan->v[i].text, name))
            return &p->plan->v[i];
    op = planner_op(p, OP_GUARD, root->path, place->rule->reason);
    op->text = name;
    op->rule = place->rule->id;
    return op;
}

static void missing_protected(
    struct planner *p, const struct place *place, const struct place *root)
{
    if (place->rule->optional && place->hold == HOLD_NOT)
        return;
    if (place->hold == HOLD_GUARD || place->hold == HOLD_REFUSED) {
        struct op *op = plan_guard(p, place, root);
        if (op && place->hold == HOLD_GUARD)
            op->text2 = STR(GUARD_ASIDE);
        return;
    }
    if (is_name_held(p, place, root)) {
        plan_placeholder(p, place);
        return;
    }
    /* A folder above it can be renamed from inside: a placeholder would hold nothing. */
    plan_guard(p, place, root);
    plan_later(p, OP_LATER_PROTECT, place);
    planner_note(p, "%s does not exist: it is made read-only as soon as it does",
        planner_show(p, place->path).p);
}

/* A link that the person made (.claude kept with the dotfiles): what it leads to is protected, the link itself is a name
 * like any other. */
static bool plan_link(struct planner *p, const struct place *place, const struct fact *fact)
{
    const struct place *root = root_of(p, place->path);

    plan_guard(p, place, root);
    if (fact->real.n > 0 && root_of(p, fact->real) && !has_op(p, OP_PROTECT, fact->real) && !is_covered(p, fact->real)) {
        struct op *op = planner_op(p, OP_PROTECT, fact->real, place->rule->reason);
        op->rule = place->rule->id;
        planner_identity(op, fact);
    }
    planner_note(p, "%s is a symbolic link: that it is not replaced is held by the observer alone",
        planner_show(p, place->path).p);
    return true;
}

static bool protects_as_is(
    struct planner *p, const struct place *place, const struct fact *fact, bool *skip)
{
    *skip = true;
    if (fact->kind == FACT_MISSING || fact->placeholder) {
        missing_protected(p, place, root_of(p, place->path));
        return true;
    }
    if (fact->kind == FACT_UNKNOWN)
        return refuse(p, ERR_POLICY, "a protected path cannot be looked at", place->path,
            "it may be anything", STR("Check its permissions."));
    if (fact->kind == FACT_SYMLINK && place->kind == PLACE_PROTECT && place->rule->id > 0 && place->rule->optional &&
        place->hold != HOLD_FOLDER && place->hold != HOLD_FILE)
        return plan_link(p, place, fact);
    if (!is_straight(p, fact))
        return link_refused(p, place->path);
    *skip = false;
    return true;
}

static void plan_protect_op(struct planner *p, const struct place *place, const struct fact *fact)
{
    struct op *op = planner_op(
        p, OP_PROTECT, place->path, place->rule->reason ? place->rule->reason : "protected");

    op->rule = place->rule->id;
    if (fact->kind == FACT_FOLDER && place->hold != HOLD_FILE && is_name_held(p, place, root_of(p, place->path)))
        op->number = PROTECT_HELD;
    planner_identity(op, fact);
    if (fact->kind == FACT_FILE && fact->links > 1)
        planner_note(p, "%s has a second name elsewhere, through which it may be written",
            planner_show(p, place->path).p);
}

/* A folder between the root and what is protected is an ordinary one: it can be renamed, and
 * another made. */
static void warn_of_gap(struct planner *p, const struct place *place, const struct place *root)
{
    struct str parent = path_parent(PATH_POSIX, place->path);
    const struct place *in = places_within(
        &p->places, p->env, parent, 1u << PLACE_ROOT | 1u << PLACE_PIN | 1u << PLACE_PROTECT);

    if (in && path_same(p->env, in->path, parent))
        return;
    if (place->kind != PLACE_PROTECT) { /* writable: the observer has nothing to refuse there */
        planner_partial(p, "a folder above %s (in %s) can be renamed and made anew",
            planner_show(p, place->path).p, planner_show(p, root->path).p);
        return;
    }
    plan_guard(p, place, root);
    planner_note(p,
        "%s is read-only, but a folder above it (in %s) can be renamed: that another is not made in its place is held by the "
        "observer alone",
        planner_show(p, place->path).p, planner_show(p, root->path).p);
}

static bool plan_protect(struct planner *p, const struct place *place)
{
    const struct fact *fact = planner_fact(p, place->path);
    const struct place *in = places_within(&p->places, p->env, path_parent(PATH_POSIX, place->path),
        1u << PLACE_ROOT | 1u << PLACE_PROTECT);
    const struct place *root = root_of(p, place->path);
    bool skip;

    if (!root) { /* the whole tree is read-only there */
        if (place->rule->folder_rule && fact->kind == FACT_MISSING)
            planner_warn(p, "\"protect\": %s does not exist", planner_show(p, place->path).p);
        return true;
    }
    if (is_covered(p, place->path) || (in && in->kind == PLACE_PROTECT))
        return true;
    if (!protects_as_is(p, place, fact, &skip) || skip)
        return p->e->kind == ERR_NONE;
    plan_protect_op(p, place, fact);
    warn_of_gap(p, place, root);
    return true;
}

/* Where git made inside would be obeyed outside, it is made in a folder apart. */
static bool plan_birth(struct planner *p, const struct place *place, const struct fact *fact)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a: only to give each root a folder of its own */
    struct str session = path_name(PATH_POSIX, p->session);
    struct op *op = planner_op(p, OP_BIRTHPLACE, place->path, "a repository made inside stays apart until the session ends");

    for (size_t i = 0; i < place->root.n; i++)
        hash = (hash ^ (unsigned char)place->root.p[i]) * 1099511628211u;
    op->source = arena_format(p->a, "%s/born/%s/%016llx/git", p->host->state_dir.p, session.p, (unsigned long long)hash);
    op->number = fact->kind == FACT_FOLDER && !fact->placeholder;
    op->rule = place->rule->id;
    op->on_failure = FAIL_PARTIAL;
    op->part = STR("names");
    return true;
}

static bool plan_pin(struct planner *p, const struct place *place)
{
    const struct fact *fact = planner_fact(p, place->path);
    const struct place *root = root_of(p, place->path);
    bool skip;

    if (is_covered(p, place->path) || !root)
        return true;
    if (place->hold == HOLD_BIRTH)
        return plan_birth(p, place, fact);
    if (fact->kind == FACT_MISSING) {
        planner_note(p, "not held yet: %s does not exist, and could be made from inside",
            planner_show(p, place->path).p);
        return true;
    }
    if (!protects_as_is(p, place, fact, &skip) || skip)
        return p->e->kind == ERR_NONE;
    if (fact->kind != FACT_FOLDER) {
        plan_protect_op(p, place, fact);
        planner_note(p,
            "%s is a file (a linked worktree or a submodule): it is read-only, and git's own "
            "folder "
            "lies elsewhere",
            planner_show(p, place->path).p);
        return true;
    }
    plan_writable(p, fact, "cannot be renamed away", place->rule->id);
    warn_of_gap(p, place, root);
    if (place->linkless || (str_is(path_name(PATH_POSIX, place->path), ".git") &&
                               path_same(p->env, path_parent(PATH_POSIX, place->path), root->path)))
        plan_linkless(p, place->path, place->rule->id);
    return true;
}

/* ---- secret paths ---- */

/* Covering what a session needs would not hide a secret but break everything, with no clear reason
 * given. */
static bool secret_fits(struct planner *p, const struct place *place, struct str real)
{
    const char *what = "this path cannot be secret";
    struct str remedy = STR("Name the secret folder or file itself.");

    if (is_one_of(real, needed, COUNT_OF(needed)))
        return refuse(p, ERR_POLICY, what, place->path, "every program needs it", remedy);
    for (size_t i = 0; i < p->places.n; i++) {
        const struct place *other = &p->places.v[i];
        bool kept = other->kind == PLACE_ROOT || other->kind == PLACE_KEPT;
        bool own =
            other->kind == PLACE_TEMP || other->kind == PLACE_OWN || other->kind == PLACE_PROCESS;
        if (path_is_under(p->env, real, other->path) && (kept || own))
            return refuse(p, ERR_POLICY, what, place->path,
                kept ? "a writable root lies in it" : "the sandbox's own folders lie in it",
                remedy);
    }
    return true;
}

static bool secret_unknown(struct planner *p, const struct place *place, const struct fact *fact)
{
    bool reachable = root_of(p, place->path) != NULL;

    if (place->rule->folder_rule || reachable)
        return refuse(p, ERR_POLICY, "a secret path cannot be looked at", place->path,
            "so it cannot be covered", STR("Check its permissions, or take it out of the policy."));
    planner_note(p, "%s cannot be looked at (error %ld), from inside neither",
        planner_show(p, place->path).p, fact->code);
    return true;
}

/* The mount that a real path lies on: of those above it the longest, and of several at one place the last. */
static const struct mount_fact *mount_of(const struct planner *p, struct str path)
{
    const struct mount_fact *best = NULL;

    for (size_t i = 0; i < p->host->mount_count; i++) {
        const struct mount_fact *m = &p->host->mounts[i];
        if (path_is_under(p->env, m->path, path) && (!best || m->path.n >= best->path.n))
            best = m;
    }
    return best;
}

/* The same file system may be mounted elsewhere too (a bind of home): what is secret here is secret there. Where such a
 * place cannot be reached, or shows another object, there is nothing to cover. */
static void cover_again(struct planner *p, const struct fact *fact, const struct op *first)
{
    const struct op cover = *first;
    const struct mount_fact *own = mount_of(p, fact->real);
    struct str inner;

    if (!own || own->device.n == 0 || own->root.n == 0)
        return;
    inner = path_join(p->a, PATH_POSIX, own->root, path_below(p->env, own->path, fact->real));
    for (size_t i = 0; i < p->host->mount_count; i++) {
        const struct mount_fact *m = &p->host->mounts[i];
        struct str alias;
        struct op *op;
        if (m == own || !str_eq(m->device, own->device) || m->root.n == 0 ||
            !path_is_under(p->env, m->root, inner))
            continue;
        alias = path_join(p->a, PATH_POSIX, m->path, path_below(p->env, m->root, inner));
        if (path_same(p->env, alias, fact->real) || planner_hidden(p, alias) || has_op(p, cover.kind, alias))
            continue;
        op = planner_op(p, cover.kind, alias, "a second way to a secret");
        op->rule = cover.rule;
        op->number = cover.number;
        planner_identity(op, fact);
        op->on_failure = FAIL_SKIP;
    }
}

/* What is missing there is so for good, or until an administrator mounts it. */
static bool is_of_kernel(struct str path)
{
    return str_starts(path, STR("/sys/")) || str_starts(path, STR("/proc/"));
}

static const char second[] = "%s has another name somewhere, which is not covered";

/* Files in secret folders, too; and where the other name is in plain sight. */
static void tell_of_seconds(struct planner *p)
{
    for (size_t i = 0; i < p->facts->second.n; i++) {
        const struct second_name *s = &p->facts->second.v[i];
        if (!has_op(p, OP_COVER_FOLDER, s->folder) && !has_op(p, OP_COVER_FILE, s->folder))
            continue;
        planner_note(p, second, planner_show(p, s->path).p);
        if (s->other.n)
            planner_warn(p, "\"secret\": %s is the same file as %s, and can be read inside by that name",
                planner_show(p, s->other).p, planner_show(p, s->path).p);
    }
    for (size_t i = 0; i < p->facts->second_more.n; i++)
        if (has_op(p, OP_COVER_FOLDER, p->facts->second_more.v[i]))
            planner_note(p, "%s: not every file in it was looked at for another name, which would not be covered",
                planner_show(p, p->facts->second_more.v[i]).p);
}

static bool plan_secret(struct planner *p, const struct place *place)
{
    const struct fact *fact = planner_fact(p, place->path);
    struct op *op;

    if (fact->kind == FACT_MISSING || fact->real_kind == FACT_MISSING) {
        if (place->rule->folder_rule)
            planner_warn(p, "\"secret\": %s does not exist", planner_show(p, place->path).p);
        if (!is_of_kernel(place->path) && !planner_hidden(p, place->path) && !is_covered(p, place->path))
            plan_later(p, OP_LATER_SECRET, place);
        return true;
    }
    if (fact->kind == FACT_UNKNOWN || fact->real_kind == FACT_UNKNOWN)
        return secret_unknown(p, place, fact);
    if (fact->kind == FACT_SYMLINK && root_of(p, place->path))
        planner_warn(p,
            "\"secret\": %s is a symbolic link in a writable folder: where it leads now is "
            "covered, but it "
            "can be replaced",
            planner_show(p, place->path).p);
    if (planner_hidden(p, fact->real) || is_covered(p, fact->real) ||
        has_op(p, OP_COVER_FILE, fact->real))
        return true;
    if (!secret_fits(p, place, fact->real))
        return false;
    op = planner_op(p, fact->real_kind == FACT_FOLDER ? OP_COVER_FOLDER : OP_COVER_FILE, fact->real,
        place->rule->reason ? place->rule->reason : "secret");
    op->rule = place->rule->id;
    op->number = p->policy->secret_reads == SECRET_READS_RECORD;
    if (op->number == 1 && !p->host->fuse)
        planner_note(p, "%s", NOTE_PLAIN_COVERS);
    planner_identity(op, fact);
    cover_again(p, fact, op);
    if (fact->real_kind == FACT_FILE && fact->links > 1)
        planner_note(p, second, planner_show(p, fact->real).p);
    return true;
}

/* ---- all of them ---- */

/* A root that is not there: no name below it is held, where no folder is. Should it lie in another root it could be made
 * from inside, and then it is a folder like any other there. */
static bool in_missing_root(struct planner *p, const struct place *place)
{
    const struct place *root = root_of(p, place->path);

    if (place->kind == PLACE_SECRET || !root || planner_fact(p, root->path)->kind != FACT_MISSING)
        return false;
    while (root && planner_fact(p, root->path)->kind == FACT_MISSING && root->path.n > 1)
        root = root_of(p, path_parent(PATH_POSIX, root->path));
    if (root && place->kind == PLACE_PROTECT && !place->rule->optional) {
        plan_guard(p, place, root);
        plan_later(p, OP_LATER_PROTECT, place);
    }
    return true;
}

static bool plan_place(struct planner *p, const struct place *place, bool outdone)
{
    if (place->kind == PLACE_ROOT)
        return plan_root(p, place, outdone);
    if (outdone || in_missing_root(p, place))
        return true;
    if (place->kind == PLACE_SECRET)
        return plan_secret(p, place);
    if (place->kind == PLACE_PIN)
        return plan_pin(p, place);
    return place->kind != PLACE_PROTECT || plan_protect(p, place);
}

void covers_git(struct planner *p)
{
    const struct git_found *found = p->policy->git_found;

    for (size_t i = 0; found && i < found->notes.n; i++)
        planner_note(p, "%s", found->notes.v[i].p);
    for (size_t i = 0; found && i < found->warnings.n; i++)
        planner_warn(p, "%s", found->warnings.v[i].p);
    for (size_t i = 0; found && i < found->partial.n; i++)
        planner_partial(p, "%s", found->partial.v[i].p);
}

bool covers_plan(struct planner *p)
{
    covers_git(p);
    /* A secret that is found elsewhere, through a link, may lie in any root: it is covered when all
     * stand. */
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < p->places.n; i++) {
            const struct place *place = &p->places.v[i];
            const struct fact *fact = planner_fact(p, place->path);
            bool last = place->kind == PLACE_SECRET && fact->real.n > 0 && !is_straight(p, fact);
            if (mounts_in_proc(p->env, place) || last != (round == 1))
                continue;
            if (!plan_place(p, place, is_outdone(p, i)))
                return false;
        }
    }
    tell_of_seconds(p);
    return true;
}
