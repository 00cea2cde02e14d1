/*
 * places: rules, and what holds without a rule, as one sorted list of paths. See places.h.
 */
#include "git.h"
#include "places.h"

#include <string.h>

const char *const places_checkout_parts[] = {
    "out", "shell", "sandbox", "conpty", "setup", "tests", ".ci", "build.ninja", NULL};

/* Where tools keep what they can fetch or make again, below the person's home. */
static const char *const caches[] = {".cache", ".npm", ".gradle", ".m2", ".cargo/registry",
    ".cargo/git", "go/pkg", ".local/share/pnpm", ".ccache", ".nuget", ".yarn", ".bun/install/cache",
    ".pub-cache", ".ivy2", ".sbt", ".conan2"};

/* File systems that can carry the upper layer of an overlay for an ordinary user. */
static const char *const layer_types[] = {
    "ext4", "ext3", "ext2", "xfs", "btrfs", "f2fs", "bcachefs"};

/* What git runs or obeys, as long as nobody has looked into the repository: git.c says it of one that is there. */
static const char *const git_obeyed[] = {
    ".git/hooks", ".git/config", ".git/config.worktree", ".git/commondir", ".git/modules", ".git/worktrees"};

struct list {
    struct arena *a;
    const struct policy *policy;
    const struct path_env *env;
    const struct host *host;
    struct places *out;
    struct path_table known[PLACE_SECRET + 1]; /* per kind; not used where case is folded */
};

static const struct rule *implicit(
    struct list *l, enum rule_kind kind, struct str path, const char *reason)
{
    struct rule *rule = arena_alloc(l->a, 1, sizeof *rule);

    rule->kind = kind;
    rule->text = path;
    rule->path = path;
    rule->anchored = true;
    rule->optional = true;
    rule->reason = reason;
    return rule;
}

/* Most pairs differ in length or in the folder's last byte: a look at these saves a comparison of paths, thousands of
 * them in every opening. Where case is folded nothing can be told so cheaply. */
static bool may_be_under(const struct path_env *env, struct str folder, struct str path)
{
    return env->fold.fold || (folder.n <= path.n && folder.n > 0 &&
                                 folder.p[folder.n - 1] == path.p[folder.n - 1]);
}

static struct place *add(
    struct list *l, enum place_kind kind, struct str path, const struct rule *rule)
{
    struct place *place;
    size_t known = path_table_get(&l->known[kind], path);

    if (known != SIZE_MAX)
        return &l->out->v[known];
    for (size_t i = 0; i < l->out->n && l->env->fold.fold; i++)
        if (l->out->v[i].kind == kind &&
            path_same(l->env, l->out->v[i].path, path))
            return &l->out->v[i];
    place = ARENA_PUSH(l->a, l->out);
    place->kind = kind;
    place->path = path;
    place->depth = path_depth(l->env->system, path);
    place->rule = rule;
    path_table_put(l->a, &l->known[kind], path, l->out->n - 1);
    return place;
}

static void add_own(struct list *l, enum place_kind kind, struct str path, const char *reason)
{
    add(l, kind, path, implicit(l, RULE_WRITE, path, reason));
}

/* ---- the machine's own ---- */

static void add_machine(struct list *l)
{
    static const char *const devices[] = {
        "null", "zero", "full", "random", "urandom", "tty", "ptmx"};
    static const char *const closed[] = {
        "sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi"};
    struct str user = arena_format(l->a, "/run/user/%lu", (unsigned long)l->host->uid);

    add_own(l, PLACE_TEMP, STR("/tmp"), "private to this session");
    add_own(l, PLACE_TEMP, STR("/var/tmp"), "private to this session");
    add_own(l, PLACE_OWN, STR("/dev"), "the sandbox has devices of its own");
    for (size_t i = 0; i < COUNT_OF(devices); i++)
        add_own(l, PLACE_DEVICE, arena_format(l->a, "/dev/%s", devices[i]), "a harmless device");
    add_own(l, PLACE_TEMP, STR("/dev/pts"), "private to this session");
    add_own(l, PLACE_TEMP, STR("/dev/shm"), "private to this session");
    add_own(l, PLACE_TEMP, STR("/dev/mqueue"), "private to this session");
    add_own(l, PLACE_PROCESS, STR("/proc"), "shows the sandbox's own processes");
    for (size_t i = 0; i < COUNT_OF(closed); i++) {
        struct str path = arena_format(l->a, "/proc/%s", closed[i]);
        add(l, PLACE_PROTECT, path,
            implicit(l, RULE_PROTECT, path, "it changes the whole machine"));
    }
    add(l, PLACE_SECRET, STR("/proc/1"),
        implicit(l, RULE_SECRET, STR("/proc/1"), "it is Cordon's own process inside"));
    add_own(l, PLACE_OWN, STR("/run"), "services and their sockets stay outside");
    add_own(l, PLACE_TEMP, user, "private to this session");
}

/* Windows into the kernel: what an ordinary user cannot read anyway is named for root alone. */
static void add_kernel(struct list *l)
{
    static const char *const of_root[] = {"/proc/kcore", "/proc/kmsg", "/proc/keys",
        "/proc/key-users", "/proc/timer_list", "/proc/sched_debug", "/proc/slabinfo",
        "/proc/vmallocinfo", "/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup"};
    static const char *const of_all[] = {"/sys/kernel/debug", "/sys/kernel/tracing",
        "/sys/kernel/security", "/sys/fs/bpf", "/sys/firmware"};
    /* Root inside owns these, and their mode is one for every /proc of the machine. */
    static const char *const owned[] = {"asound", "bootconfig", "buddyinfo", "cgroups", "cmdline", "config.gz", "consoles",
        "cpuinfo", "crypto", "devices", "diskstats", "dma", "driver", "dynamic_debug", "execdomains", "fb", "filesystems",
        "interrupts", "iomem", "ioports", "kallsyms", "latency_stats", "loadavg", "locks", "mdstat", "meminfo", "misc",
        "modules", "mtd", "mtrr", "pagetypeinfo", "partitions", "pressure", "schedstat", "softirqs", "stat", "swaps",
        "sysvipc", "tty", "uptime", "version", "version_signature", "vmstat", "zoneinfo"};
    const char *reason = "it shows the kernel's own memory and settings";

    for (size_t i = 0; i < COUNT_OF(owned) && l->host->root; i++) {
        struct str path = arena_format(l->a, "/proc/%s", owned[i]);
        add(l, PLACE_PROTECT, path, implicit(l, RULE_PROTECT, path, "it changes the whole machine"));
    }
    for (size_t i = 0; i < COUNT_OF(of_root) && l->host->root; i++)
        add(l, PLACE_SECRET, str_from(of_root[i]),
            implicit(l, RULE_SECRET, str_from(of_root[i]), reason));
    for (size_t i = 0; i < COUNT_OF(of_all); i++)
        add(l, PLACE_SECRET, str_from(of_all[i]),
            implicit(l, RULE_SECRET, str_from(of_all[i]), reason));
    if (l->host->wsl)
        add(l, PLACE_SECRET, STR("/init"),
            implicit(l, RULE_SECRET, STR("/init"),
                "it starts Windows programs, which no Linux sandbox holds"));
}

static bool is_own(const struct list *l, struct str path)
{
    const struct place *in = places_within(l->out, l->env, path,
        1u << PLACE_OWN | 1u << PLACE_TEMP | 1u << PLACE_ROOT | 1u << PLACE_KEPT);

    return in && (in->kind == PLACE_OWN || in->kind == PLACE_TEMP);
}

/* A home or a folder of programs below /tmp or /run would vanish under the private ones. */
static void add_kept(struct list *l)
{
    struct str path = l->host->path;

    if (l->host->home.n > 1 && is_own(l, l->host->home))
        add(l, PLACE_KEPT, l->host->home,
            implicit(l, RULE_WRITE, l->host->home, "your home, readable"));
    for (size_t at = 0; at < path.n;) {
        size_t end = str_find(path, at, ':');
        struct path_env plain = {.system = l->env->system};
        struct str folder = {0};
        struct err ignored = {0};
        struct str entry = str_slice(path, at, end);
        at = end + 1;
        /* A name with ${ in it is no variable here, and no folder that anybody has. */
        if (!path_is_absolute(l->env->system, entry) ||
            !path_canonical(l->a, &plain, entry, &folder, &ignored))
            continue;
        if (is_own(l, folder) &&
            places_within(l->out, l->env, folder, 1u << PLACE_OWN | 1u << PLACE_TEMP)->depth <
                path_depth(l->env->system, folder))
            add(l, PLACE_KEPT, folder,
                implicit(l, RULE_WRITE, folder, "programs of your PATH, readable"));
    }
}

/* The type of the file system that a path lies on, as the table of mounts has it; none when unknown. */
static struct str places_mount_type(const struct host *host, const struct path_env *env, struct str path)
{
    const struct mount_fact *best = NULL;

    for (size_t i = 0; i < host->mount_count; i++) {
        const struct mount_fact *m = &host->mounts[i];
        if (path_is_under(env, m->path, path) && (!best || m->path.n >= best->path.n))
            best = m;
    }
    return best ? best->type : (struct str){0};
}

static bool layers_work(const struct list *l)
{
    const struct host *h = l->host;
    struct str type = places_mount_type(h, l->env, h->state_dir);

    if (h->kernel_major < 5 || (h->kernel_major == 5 && h->kernel_minor < 11))
        return false;
    if (h->state_dir.n == 0 || h->home.n < 2 || is_own(l, h->state_dir) ||
        places_within(l->out, l->env, h->home, 1u << PLACE_KEPT) || l->policy->workspace.n == 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(layer_types); i++)
        if (str_is(type, layer_types[i]))
            return true;
    return false;
}

/* A layer shows other objects than the folder beneath it, so none is laid where a rule names one of
 * those: the rule then holds on the real thing, and the cache is just not writable. */
static void add_caches(struct list *l)
{
    size_t known = l->out->n;

    if (!layers_work(l))
        return;
    for (size_t i = 0; i < COUNT_OF(caches); i++) {
        struct str path = path_join(l->a, l->env->system, l->host->home, str_from(caches[i]));
        bool good = !path_is_under(l->env, path, l->host->state_dir);
        for (size_t j = 0; j < known && good; j++) {
            const struct place *p = &l->out->v[j];
            /* What stands in a root within the cache is no matter: that root is the real folder
             * again. */
            bool named = (p->kind == PLACE_PROTECT || p->kind == PLACE_SECRET) &&
                         !(p->root.n > 0 && may_be_under(l->env, path, p->root) && path_is_under(l->env, path, p->root));
            good = !(p->kind >= PLACE_ROOT && may_be_under(l->env, p->path, path) &&
                       path_is_under(l->env, p->path, path)) &&
                   !(named && may_be_under(l->env, path, p->path) && path_is_under(l->env, path, p->path));
        }
        if (good)
            add_own(l, PLACE_CACHE, path,
                "a private cache, where that folder exists: the real one stays as it is");
    }
}

/* ---- the rules ---- */

static void add_roots(struct list *l)
{
    const struct policy *p = l->policy;

    if (p->workspace.n > 0)
        add(l, PLACE_ROOT, p->workspace, implicit(l, RULE_WRITE, p->workspace, "the workspace"));
    for (size_t i = 0; i < p->rules.n; i++) {
        const struct rule *rule = &p->rules.v[i];
        if (rule->kind == RULE_WRITE && !rule->revoked && rule->anchored)
            add(l, PLACE_ROOT, rule->path, rule);
    }
}

static struct place *add_inside(
    struct list *l, enum place_kind kind, struct str root, struct str name, const struct rule *rule)
{
    struct str path = path_join(l->a, l->env->system, root, name);

    struct place *place = add(l, kind, path, rule);

    place->root = root;
    return place;
}

static struct rule *git_rule(struct list *l, const char *reason)
{
    struct rule *rule = arena_alloc(l->a, 1, sizeof *rule);

    rule->kind = RULE_PROTECT;
    rule->text = STR("\"git\"");
    rule->path = STR(".git");
    rule->origin = l->policy->git_origin;
    rule->optional = true;
    rule->reason = reason;
    return rule;
}

static void add_found(struct list *l, struct str root)
{
    const struct git_found *found = l->policy->git_found;
    struct str folder = path_join(l->a, l->env->system, root, STR(".git"));

    for (size_t i = 0; found && i < found->n; i++) {
        const struct git_place *g = &found->v[i];
        struct place *place;
        if (!str_eq(g->root, root) ||
            (l->policy->git == GIT_LOCKED && path_is_under(l->env, folder, g->path)))
            continue;
        place = add(l, g->kind, g->path, git_rule(l, g->reason));
        place->root = root;
        place->hold = g->hold;
        place->text = g->text;
        place->linkless = g->linkless;
    }
}

/* The git rule speaks for the name .git in each root, also where a policy lists the bare name:
 * `commit` is what opens it up, and a lock for good is "git": "locked" or a rule with the full
 * path. */
static void add_git(struct list *l, struct str root)
{
    struct rule *rule = git_rule(l, "git would run or obey it outside");

    if (l->policy->git == GIT_LOCKED) {
        rule->reason = "\"git\" is \"locked\"";
        rule->optional = false;
        add_inside(l, PLACE_PROTECT, root, STR(".git"), rule);
        add_found(l, root);
        return;
    }
    /* Unless the folder itself is held in place, it is renamed away with all that is held inside
     * it. */
    add_inside(l, PLACE_PIN, root, STR(".git"), rule);
    for (size_t i = 0; i < COUNT_OF(git_obeyed) && !l->policy->git_found; i++)
        add_inside(l, PLACE_PROTECT, root, str_from(git_obeyed[i]), rule);
    add_found(l, root);
}

static void add_checkout(struct list *l, struct str root)
{
    const struct host *h = l->host;
    const char *reason = "Cordon itself is built and started from it";

    if (h->program_dir.n > 0 && path_is_under(l->env, root, h->program_dir))
        add_inside(l, PLACE_PROTECT, root, path_below(l->env, root, h->program_dir),
            implicit(l, RULE_PROTECT, h->program_dir, reason));
    if (h->checkout.n == 0 || !path_is_under(l->env, root, h->checkout))
        return;
    if (!path_same(l->env, root, h->checkout))
        add_inside(l, PLACE_PIN, root, path_below(l->env, root, h->checkout),
            implicit(l, RULE_PROTECT, h->checkout, "Cordon's checkout stays where it is"));
    for (size_t i = 0; places_checkout_parts[i]; i++) {
        struct str part =
            path_join(l->a, l->env->system, h->checkout, str_from(places_checkout_parts[i]));
        add_inside(l, PLACE_PROTECT, root, path_below(l->env, root, part),
            implicit(l, RULE_PROTECT, part, reason));
    }
}

/* Cordon's own configuration and state: a root that holds them is refused, this is the second wall.
 * The state has the history of what was typed, and other sessions' folders, and is read by nobody
 * inside. */
static void add_cordon(struct list *l)
{
    const struct host *h = l->host;

    if (h->config_dir.n > 0 && !is_own(l, h->config_dir))
        add(l, PLACE_PROTECT, h->config_dir,
            implicit(l, RULE_PROTECT, h->config_dir,
                "Cordon's policy: what decides is not written by what it decides about"));
    if (h->state_dir.n > 0 && !is_own(l, h->state_dir))
        add(l, PLACE_SECRET, h->state_dir,
            implicit(l, RULE_SECRET, h->state_dir, "Cordon's own history and sessions"));
}

/* At the top of the root as any name; further down what was found when somebody last looked. */
static void add_any_depth(struct list *l, struct str root, const struct rule *rule)
{
    struct rule *where_it_is = arena_alloc(l->a, 1, sizeof *where_it_is);
    const struct texts *found = &l->policy->nested;

    *where_it_is = *rule;
    where_it_is->optional = true; /* what is not there is held by the observer */
    if (!str_is(rule->path, ".git"))
        add_inside(l, PLACE_PROTECT, root, rule->path, where_it_is)->hold = HOLD_GUARD;
    for (size_t i = 0; i < found->n; i++) {
        struct str path = found->v[i];
        bool named = path.n > rule->path.n && path.p[path.n - rule->path.n - 1] == (l->env->system == PATH_WINDOWS ? '\\' : '/') &&
                     path_same(l->env, str_slice(path, path.n - rule->path.n, path.n), rule->path);
        if (named && path_is_under(l->env, root, path) && !path_same(l->env, root, path))
            add_inside(l, PLACE_PROTECT, root, path_below(l->env, root, path), where_it_is)->hold = HOLD_GUARD;
    }
}

const struct rule *places_any_depth(const struct places *places, const struct policy *policy,
    const struct path_env *env, struct str path, struct str *at)
{
    const struct place *root = places_within(places, env, path, 1u << PLACE_ROOT);
    char separator = env->system == PATH_WINDOWS ? '\\' : '/';

    for (size_t i = 0; root && i < policy->rules.n; i++) {
        const struct rule *rule = &policy->rules.v[i];
        bool git = str_is(rule->path, ".git");
        if (!rule->any_depth || rule->revoked)
            continue;
        for (size_t from = root->path.n; from < path.n; from = str_find(path, from + 1, separator)) {
            size_t end = from + 1 + rule->path.n;
            if (end > path.n || (end < path.n && path.p[end] != separator) || (git && from == root->path.n) ||
                !path_same(env, str_slice(path, from + 1, end), rule->path))
                continue;
            *at = str_slice(path, 0, end);
            return rule;
        }
    }
    return NULL;
}

static void add_protected(struct list *l, struct str root)
{
    const struct rules *rules = &l->policy->rules;

    for (size_t i = 0; i < rules->n; i++) {
        const struct rule *rule = &rules->v[i];
        if (rule->any_depth && !rule->revoked)
            add_any_depth(l, root, rule);
        if (rule->any_depth)
            continue;
        if (rule->kind != RULE_PROTECT || rule->anchored || rule->revoked ||
            str_is(rule->path, ".git"))
            continue;
        add_inside(l, PLACE_PROTECT, root, rule->path, rule);
    }
}

static void add_anchored(struct list *l)
{
    const struct rules *rules = &l->policy->rules;

    for (size_t i = 0; i < rules->n; i++) {
        const struct rule *rule = &rules->v[i];
        if (rule->kind == RULE_WRITE || !rule->anchored || rule->revoked || is_own(l, rule->path))
            continue;
        const struct place *root = places_within(l->out, l->env, rule->path, 1u << PLACE_ROOT);
        struct place *place =
            add(l, rule->kind == RULE_SECRET ? PLACE_SECRET : PLACE_PROTECT, rule->path, rule);
        if (root)
            place->root = root->path;
    }
}

/* A pin is writable only because its root is: never in what a rule protects in between. */
static void drop_pins(struct list *l)
{
    for (size_t i = 0; i < l->out->n; i++) {
        struct place *p = &l->out->v[i];
        const struct place *in;
        if (p->kind != PLACE_PIN)
            continue;
        in = places_within(
            l->out, l->env, p->path, 1u << PLACE_ROOT | 1u << PLACE_PROTECT | 1u << PLACE_SECRET);
        if (in && in->kind != PLACE_ROOT)
            p->kind = PLACE_PROTECT; /* as all around it */
    }
}

/* ---- the list ---- */

/* By depth, then kind. Stable, so that of two rules for one path the earlier stays first: keys are merged, each with its
 * place's number in the lower half. */
static void sort_keys(uint64_t *v, uint64_t *spare, size_t n)
{
    size_t half = n / 2, i = 0, j = half, k = 0;

    if (n < 2)
        return;
    sort_keys(v, spare, half);
    sort_keys(v + half, spare, n - half);
    memcpy(spare, v, n * sizeof *v);
    while (i < half || j < n)
        v[k++] = j == n || (i < half && spare[i] <= spare[j]) ? spare[i++] : spare[j++];
}

static void sort_places(struct arena *a, struct places *places)
{
    uint64_t *keys = arena_alloc(a, 2 * places->n + 1, sizeof *keys);
    struct place *sorted = arena_alloc(a, places->n + 1, sizeof *sorted);

    for (size_t i = 0; i < places->n; i++)
        keys[i] = ((uint64_t)places->v[i].depth * (PLACE_SECRET + 1) + (uint64_t)places->v[i].kind) << 32 | i;
    sort_keys(keys, keys + places->n, places->n);
    for (size_t i = 0; i < places->n; i++)
        sorted[i] = places->v[keys[i] & UINT32_MAX];
    places->v = sorted;
    places->cap = places->n + 1;
}

void places_list(struct arena *a, const struct policy *policy, const struct path_env *env,
    const struct host *host, struct places *out)
{
    struct list l = {.a = a, .policy = policy, .env = env, .host = host, .out = out};
    size_t roots;

    *out = (struct places){0};
    if (env->system == PATH_POSIX)
        add_machine(&l);
    else if (host->windows && host->windows->temp_dir.n > 0)
        add_own(&l, PLACE_TEMP, host->windows->temp_dir, "private to this session");
    add_roots(&l);
    if (env->system == PATH_POSIX)
        add_kept(&l);
    roots = out->n;
    for (size_t i = 0; i < roots; i++) {
        if (out->v[i].kind != PLACE_ROOT)
            continue;
        struct str root = out->v[i].path;
        add_protected(&l, root);
        add_git(&l, root);
        add_checkout(&l, root);
    }
    add_anchored(&l);
    if (env->system == PATH_POSIX) {
        add_kernel(&l);
        add_caches(&l);
    }
    add_cordon(&l);
    drop_pins(&l);
    sort_places(a, out);
}

const struct place *places_within(
    const struct places *places, const struct path_env *env, struct str path, unsigned kinds)
{
    const struct place *best = NULL;

    for (size_t i = 0; i < places->n; i++) {
        const struct place *p = &places->v[i];
        if ((kinds >> p->kind & 1u) && may_be_under(env, p->path, path) &&
            path_is_under(env, p->path, path) &&
            (!best || p->depth > best->depth || (p->depth == best->depth && p->kind >= best->kind)))
            best = p;
    }
    return best;
}

const struct place *places_decide(
    const struct places *places, const struct path_env *env, struct str path)
{
    /* A secret is not opened up by a deeper rule: what covers it covers everything beneath. */
    const struct place *secret = places_within(places, env, path, 1u << PLACE_SECRET);

    return secret ? secret : places_within(places, env, path, ~0u);
}
