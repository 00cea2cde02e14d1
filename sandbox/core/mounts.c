/*
 * mounts: what every session gets on Linux, whatever its rules: a read-only tree, its own /proc,
 * /dev, /run and /tmp, private caches, Landlock over the result, limits.
 *
 * The order is the point. A setting of the kernel is written while the new /proc is still writable;
 * what stands in a tmpfs of ours is made before that is closed; folders that roots are mounted on
 * inside a private /tmp are made as soon as it is there. Sources are opened by the edge before the
 * first op.
 */
#include "mounts.h"

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

/* What a tool needs in place of a cache of the person's that cannot be layered. */
struct stand_in {
    const char *folder; /* below home: when it is there and layered (or missing, see below) nothing
                           is set */
    bool only_missing;  /* an existing one is of use though it cannot be written */
    const char *name, *value;
};

static const struct stand_in stand_ins[] = {
    {".cache", false, "XDG_CACHE_HOME", "/tmp/.cache"},
    {".npm", false, "npm_config_cache", "/tmp/.cache/npm"},
    {".cargo", true, "CARGO_HOME", "/tmp/.cache/cargo"},
    {"go", true, "GOPATH", "/tmp/.cache/go"},
    {".gradle", true, "GRADLE_USER_HOME", "/tmp/.cache/gradle"},
};

static struct str join(struct planner *p, struct str folder, const char *rest)
{
    return path_join(p->a, PATH_POSIX, folder, str_from(rest));
}

static void ask(struct arena *a, struct texts *out, struct str path)
{
    if (path.n > 0)
        *(struct str *)ARENA_PUSH(a, out) = path;
}

void mounts_questions(struct arena *a, const struct policy *policy, const struct host *host,
    const struct path_env *env, struct texts *out)
{
    static const char *const fixed[] = {"/tmp", "/var/tmp", "/run"};

    (void)policy;
    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        ask(a, out, str_from(fixed[i]));
    for (size_t i = 0; i < COUNT_OF(devices); i++)
        ask(a, out, arena_format(a, "/dev/%s", devices[i]));
    ask(a, out, host->home);
    ask(a, out, host->state_dir);
    if (host->resolv_real.n > 0 && path_is_under(env, STR("/run"), host->resolv_real)) {
        ask(a, out, host->resolv_real);
        ask(a, out, path_parent(PATH_POSIX, host->resolv_real));
    }
    for (size_t i = 0; i < COUNT_OF(stand_ins) && host->home.n > 1; i++)
        ask(a, out, path_join(a, PATH_POSIX, host->home, str_from(stand_ins[i].folder)));
}

/* ---- the tree, /proc, /dev ---- */

bool mounts_in_proc(const struct path_env *env, const struct place *place)
{
    return (place->kind == PLACE_PROTECT || place->kind == PLACE_SECRET) && place->root.n == 0 &&
           path_is_under(env, STR("/proc"), place->path) &&
           !(place->kind == PLACE_SECRET && str_is(place->path, "/proc"));
}

static void plan_proc(struct planner *p)
{
    struct op *op = planner_op(p, OP_PROC, STR("/proc"), "the sandbox's own processes");

    op->on_failure = FAIL_PARTIAL;
    op->part = STR("procfs");
    op = planner_op(p, OP_SYSCTL, STR("user/max_user_namespaces"), "no namespaces within");
    op->text = STR("0");
    op->on_failure = FAIL_PARTIAL;
    op->part = STR("procfs");
    if (p->plan->new_network) {
        op = planner_op(p, OP_SYSCTL, STR("net/ipv4/ping_group_range"), "ping works on loopback");
        op->text =
            arena_format(p->a, "%lu %lu", (unsigned long)p->host->gid, (unsigned long)p->host->gid);
        op->on_failure = FAIL_SKIP;
    }
    /* No identities: the new /proc is another file system than the one that was looked at. */
    for (size_t i = 0; i < p->places.n; i++) {
        const struct place *place = &p->places.v[i];
        const struct fact *fact = planner_fact(p, place->path);
        if (!mounts_in_proc(p->env, place) || fact->kind == FACT_MISSING)
            continue;
        planner_op(p,
            place->kind == PLACE_PROTECT     ? OP_PROTECT
            : fact->real_kind == FACT_FOLDER ? OP_COVER_FOLDER
                                             : OP_COVER_FILE,
            place->path, place->rule->reason);
    }
}

static void plan_link(struct planner *p, const char *path, const char *target)
{
    planner_op(p, OP_SYMLINK, str_from(path), "")->text = str_from(target);
}

static void plan_dev(struct planner *p)
{
    planner_op(p, OP_TMPFS, STR("/dev"), "devices of its own")->text = STR("size=64k,mode=755");
    planner_op(p, OP_FOLDER, STR("/dev/pts"), "")->number = 0755;
    planner_op(p, OP_FOLDER, STR("/dev/shm"), "")->number = 01777;
    planner_op(p, OP_FOLDER, STR("/dev/mqueue"), "")->number = 01777;
    plan_link(p, "/dev/fd", "/proc/self/fd");
    plan_link(p, "/dev/stdin", "/proc/self/fd/0");
    plan_link(p, "/dev/stdout", "/proc/self/fd/1");
    plan_link(p, "/dev/stderr", "/proc/self/fd/2");
    plan_link(p, "/dev/ptmx", "pts/ptmx");
    for (size_t i = 0; i < COUNT_OF(devices); i++) {
        struct str path = arena_format(p->a, "/dev/%s", devices[i]);
        if (planner_fact(p, path)->kind != FACT_MISSING)
            planner_op(p, OP_DEVICE, path, "");
    }
    /* With the devices in it: on a read-only mount they can be written, but not have their modes
     * changed, which for root inside would be the machine's own device. */
    planner_op(p, OP_REMOUNT_READONLY, STR("/dev"), "nothing can be added");
    planner_op(p, OP_DEVPTS, STR("/dev/pts"), "terminals of its own");
    planner_op(p, OP_TMPFS, STR("/dev/shm"), "shared memory of its own")->text = STR("mode=1777");
    planner_op(p, OP_MQUEUE, STR("/dev/mqueue"), "message queues of its own")->on_failure =
        FAIL_SKIP;
}

void mounts_tree(struct planner *p)
{
    planner_op(p, OP_PRIVATE, STR("/"), "no mount made outside later comes in");
    planner_op(p, OP_READONLY_ALL, STR("/"), "nothing is writable but what follows");
    plan_proc(p);
    plan_dev(p);
    if (p->plan->new_network)
        planner_op(p, OP_LOOPBACK, (struct str){0}, "loopback works inside");
}

/* ---- /run, /tmp ---- */

/* Folders from below `area` down to path, itself included when `whole`, in a file system of ours.
 */
static void plan_chain(struct planner *p, struct str area, struct str path, bool whole)
{
    size_t at = area.n + 1;

    while (at < path.n) {
        size_t end = str_find(path, at, '/');
        struct str folder = arena_str(p->a, str_slice(path, 0, end));
        bool done = false;
        if (end == path.n && !whole)
            break;
        for (size_t i = 0; i < p->plan->n && !done; i++)
            done = p->plan->v[i].kind == OP_FOLDER && str_eq(p->plan->v[i].path, folder);
        if (!done)
            planner_op(p, OP_FOLDER, folder, "")->number = 0755;
        at = end + 1;
    }
}

static void plan_kept(struct planner *p, struct str area, const struct place *place)
{
    const struct fact *fact = planner_fact(p, place->path);
    struct op *op;

    if (fact->real_kind != FACT_FOLDER)
        return;
    if (path_same(p->env, fact->real, place->path)) {
        plan_chain(p, area, place->path, true);
        op = planner_op(p, OP_BIND, place->path, place->rule->reason);
        op->source = place->path;
        planner_identity(op, fact);
    } else if (!planner_hidden(p, fact->real)) {
        plan_chain(p, area, place->path, false);
        op = planner_op(p, OP_SYMLINK, place->path, place->rule->reason);
        op->text = fact->real;
        op->on_failure = FAIL_SKIP; /* left by an earlier boundary of this session */
    } else {
        planner_note(p, "%s cannot be seen inside: it leads to %s, below a private folder",
            planner_show(p, place->path).p, planner_show(p, fact->real).p);
    }
}

/* What must be seen, or mounted, inside a private folder. */
static void plan_inside(struct planner *p, struct str area)
{
    for (size_t i = 0; i < p->places.n; i++) {
        const struct place *place = &p->places.v[i];
        const struct place *in;
        if (!path_is_under(p->env, area, place->path) || path_same(p->env, area, place->path))
            continue;
        in = places_within(&p->places, p->env, path_parent(PATH_POSIX, place->path),
            1u << PLACE_OWN | 1u << PLACE_TEMP | 1u << PLACE_ROOT | 1u << PLACE_KEPT);
        if (!in || !path_same(p->env, in->path, area))
            continue; /* it has its place inside another root, or in a private folder below this one
                       */
        if (place->kind == PLACE_KEPT)
            plan_kept(p, area, place);
        else if (place->kind == PLACE_ROOT && planner_fact(p, place->path)->kind == FACT_FOLDER)
            plan_chain(p, area, place->path, true);
    }
}

static void plan_resolv(struct planner *p)
{
    struct str real = p->host->resolv_real, folder = path_parent(PATH_POSIX, real);
    bool alone = str_is(folder, "/run");
    const struct fact *fact = planner_fact(p, alone ? real : folder);
    struct op *op;

    if (p->plan->new_network || real.n == 0 || !path_is_under(p->env, STR("/run"), real))
        return;
    if (fact->kind != (alone ? FACT_FILE : FACT_FOLDER))
        return;
    if (!alone)
        plan_chain(p, STR("/run"), folder, true);
    op = planner_op(p, OP_BIND, alone ? real : folder, "names are resolved as outside");
    op->source = op->path;
    planner_identity(op, fact);
}

static void plan_env(struct planner *p, const char *name, struct str value)
{
    struct env_set *set = ARENA_PUSH(p->a, &p->plan->env);

    set->name = str_from(name);
    set->value = value;
}

static void plan_run(struct planner *p)
{
    struct str user = arena_format(p->a, "/run/user/%lu", (unsigned long)p->host->uid);

    if (planner_fact(p, STR("/run"))->kind == FACT_MISSING)
        return;
    if (planner_fact(p, STR("/run"))->kind == FACT_SYMLINK) {
        planner_partial(p, "/run is a symbolic link: services' sockets in it are not hidden");
        return;
    }
    planner_op(p, OP_TMPFS, STR("/run"), "services and their sockets stay outside")->text =
        STR("size=1m,mode=755");
    planner_op(p, OP_FOLDER, STR("/run/user"), "")->number = 0755;
    planner_op(p, OP_FOLDER, user, "")->number = 0700;
    planner_op(p, OP_FOLDER, STR("/run/lock"), "")->number = 0755;
    plan_inside(p, STR("/run"));
    plan_resolv(p);
    planner_op(p, OP_REMOUNT_READONLY, STR("/run"), "nothing can be added");
    planner_op(p, OP_TMPFS, user, "private to this session")->text = STR("size=64m,mode=700");
    plan_env(p, "XDG_RUNTIME_DIR", user);
}

/* Both are one folder on disk: a second one would cost an opening more than it would help. */
static void plan_temp(struct planner *p, const char *path)
{
    const struct fact *fact = planner_fact(p, str_from(path));
    struct op *op;

    if (fact->kind == FACT_MISSING)
        return;
    if (fact->kind == FACT_SYMLINK) {
        planner_note(p, "%s leads to %s and is not writable inside; /tmp is", path,
            planner_show(p, fact->real).p);
        return;
    }
    op = planner_op(p, OP_BIND, str_from(path), "private to this session");
    op->source = join(p, p->session, "tmp");
    op->number = 1;
    plan_inside(p, str_from(path));
}

void mounts_own(struct planner *p)
{
    plan_run(p);
    plan_temp(p, "/tmp");
    plan_temp(p, "/var/tmp");
}

/* ---- caches ---- */

static void name_layer(struct arena *a, const struct host *host, struct str session, struct op *op)
{
    struct str folder = host->caches_dir.n ? host->caches_dir : session;

    op->source = host->home;
    op->text = path_join(a, PATH_POSIX, folder, STR("upper"));
    op->text2 = path_join(a, PATH_POSIX, folder, STR("work"));
}

void plan_layer_early(struct arena *a, const struct host *host, struct op *out)
{
    *out = (struct op){.kind = OP_OVERLAY, .path = host->home, .on_failure = FAIL_SKIP};
    name_layer(a, host, host->session_dir, out);
}

/* One layer over the whole home folder serves all caches: each is bound from it, nothing else of it is shown. */
static void plan_layer(struct planner *p, const struct place *place, const struct fact *home)
{
    struct op *op = planner_op(p, OP_OVERLAY, place->path, place->rule->reason);

    name_layer(p->a, p->host, p->session, op);
    planner_identity(op, home);
    op->on_failure = FAIL_SKIP;
    *(struct place *)ARENA_PUSH(p->a, &p->writable) = *place;
}

static bool temp_is_made(const struct planner *p, struct str path)
{
    for (size_t i = 0; i < p->plan->n; i++) {
        const struct op *op = &p->plan->v[i];
        if ((op->kind == OP_BIND || op->kind == OP_TMPFS || op->kind == OP_DEVPTS ||
                op->kind == OP_MQUEUE || op->kind == OP_DEVICE) &&
            str_eq(op->path, path))
            return true;
    }
    return false;
}

static bool is_layered(const struct planner *p, struct str path)
{
    for (size_t i = 0; i < p->writable.n; i++)
        if (path_is_under(p->env, p->writable.v[i].path, path))
            return true;
    return false;
}

static void plan_stand_ins(struct planner *p)
{
    if (!temp_is_made(p, STR("/tmp")))
        return;
    for (size_t i = 0; i < COUNT_OF(stand_ins) && p->host->home.n > 1; i++) {
        const struct stand_in *s = &stand_ins[i];
        struct str path = join(p, p->host->home, s->folder);
        const struct place *in = places_within(&p->places, p->env, path, 1u << PLACE_ROOT);
        if (in || is_layered(p, path) ||
            (s->only_missing && planner_fact(p, path)->kind != FACT_MISSING))
            continue;
        plan_env(p, s->name, str_from(s->value)); /* tools make the folder when they need it */
    }
}

/* Reads are warm, writes stay in a layer kept for this workspace, which no other and nobody outside
 * uses. The edge makes the layer's folders, and the layer, before anything is read-only. */
void mounts_caches(struct planner *p)
{
    const struct fact *home = planner_fact(p, p->host->home);

    for (size_t i = 0; i < p->places.n; i++) {
        const struct place *place = &p->places.v[i];
        const struct fact *fact = planner_fact(p, place->path);
        if (place->kind == PLACE_CACHE && fact->kind == FACT_FOLDER && fact->dev == home->dev &&
            path_same(p->env, fact->real, place->path))
            plan_layer(p, place, home);
    }
    plan_stand_ins(p);
}

/* ---- Landlock ---- */

static void plan_right(
    struct planner *p, struct str path, enum landlock_class class, const struct fact *fact)
{
    struct op *op = planner_op(p, OP_LANDLOCK, path, "");

    op->number = (uint64_t) class;
    if (fact)
        planner_identity(op, fact);
}

static void plan_rights(struct planner *p)
{
    for (size_t i = 0; i < p->places.n; i++) {
        const struct place *place = &p->places.v[i];
        if (place->kind == PLACE_PROCESS)
            plan_right(p, place->path, LANDLOCK_PROC, NULL);
        else if (place->kind == PLACE_TEMP && temp_is_made(p, place->path))
            plan_right(p, place->path, LANDLOCK_TREE, NULL);
        else if (place->kind == PLACE_DEVICE && temp_is_made(p, place->path))
            plan_right(p, place->path, LANDLOCK_DEVICE, NULL);
    }
    for (size_t i = 0; i < p->writable.n; i++) {
        const struct place *place = &p->writable.v[i];
        plan_right(p, place->path, LANDLOCK_TREE,
            place->kind == PLACE_ROOT ? planner_fact(p, place->path) : NULL);
    }
}

static bool missing_part(struct planner *p, const char *part, const char *what, const char *remedy)
{
    if (planner_accepts(p, part)) {
        planner_partial(p, "%s: %s", part, what);
        return true;
    }
    err_set(p->e, ERR_UNSUPPORTED, "this kernel lacks a part of the boundary");
    err_subject(p->e, str_from(part));
    err_reason(p->e, "%s", what);
    return err_remedy(p->e, "%s", remedy);
}

bool mounts_landlock(struct planner *p)
{
    if (p->host->landlock_abi <= 0)
        return missing_part(p, "landlock",
            "no Landlock, so there is no second layer behind the mounts",
            "Use Linux 5.13 or later with Landlock enabled, or accept it: --accept landlock, or "
            "\"partial\": "
            "[\"landlock\"] in the policy.");
    if (p->host->landlock_abi >= 6)
        planner_op(p, OP_LANDLOCK_SCOPE, (struct str){0},
            "no reach to abstract sockets and signals outside");
    else if (!p->plan->new_network &&
             !missing_part(p, "landlock",
                 "Landlock is too old to keep abstract sockets (X11, D-Bus) out of reach",
                 "Use Linux 6.12 or later, stay offline, or accept it: --accept landlock, or "
                 "\"partial\": "
                 "[\"landlock\"] in the policy."))
        return false;
    plan_rights(p);
    return true;
}

/* ---- limits ---- */

static bool no_limit(struct planner *p, const char *name, const char *lacking)
{
    err_set(p->e, ERR_UNSUPPORTED, "a limit in the policy cannot be enforced here");
    err_subject(p->e, str_from(name));
    err_reason(p->e, "%s", lacking);
    return err_remedy(p->e,
        "Start Cordon in a delegated cgroup (systemd-run --user --scope -p Delegate=yes cordon), "
        "or take \"%s\" out of the policy.",
        name);
}

static void plan_cgroup(struct planner *p, const char *file, struct str value)
{
    struct op *op = planner_op(p, OP_CGROUP,
        join(p, p->host->cgroup,
            arena_format(p->a, "cordon-%s", path_name(PATH_POSIX, p->session).p).p),
        "limit");

    op->source = p->host->cgroup;
    op->text = str_from(file);
    op->text2 = value;
}

/* Nothing in the kernel tells a file with another name outside from one without. */
void mounts_links(struct planner *p)
{
    struct op *op = planner_op(p, OP_HARDLINKS, (struct str){0},
        p->policy->hardlinks == HARDLINKS_REFUSE ? "a file with another name elsewhere stays as it is"
                                                 : "a write to a file with another name is recorded");

    op->number = (uint64_t)p->policy->hardlinks;
}

bool mounts_limits(struct planner *p)
{
    const struct policy *policy = p->policy;
    bool group = p->host->cgroup.n > 0;
    const char *lacking = group ? "the cgroup that was delegated lacks its controller"
                                : "no cgroup is delegated to you";

    if (policy->memory_mb > 0) {
        if (!group || !p->host->cgroup_memory)
            return no_limit(p, "limits.memory_mb", lacking);
        plan_cgroup(p, "memory.max",
            arena_format(p->a, "%llu", (unsigned long long)policy->memory_mb << 20));
        plan_cgroup(p, "memory.swap.max", STR("0"));
        p->plan->v[p->plan->n - 1].on_failure =
            FAIL_SKIP; /* a kernel without swap accounting lacks the file */
    }
    if (policy->cpu_percent > 0) {
        if (!group || !p->host->cgroup_cpu)
            return no_limit(p, "limits.cpu_percent", lacking);
        plan_cgroup(p, "cpu.max",
            arena_format(p->a, "%llu 100000", (unsigned long long)policy->cpu_percent * 1000));
    }
    if (policy->processes == 0)
        return true;
    if (group && p->host->cgroup_pids) {
        plan_cgroup(
            p, "pids.max", arena_format(p->a, "%llu", (unsigned long long)policy->processes));
        return true;
    }
    /* The kernel counts it per user namespace, and not at all for root. */
    if (p->host->root)
        return no_limit(p, "limits.processes",
            group ? lacking : "root is not bound by a resource limit, and no cgroup is delegated");
    struct op *op = planner_op(p, OP_RLIMIT, (struct str){0}, "limit");
    op->text = STR("nproc");
    op->number = policy->processes;
    return true;
}
