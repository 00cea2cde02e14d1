/*
 * facts: what the plan needs to know of this machine, this person and the paths that the rules name. Only
 * looks: opens with O_PATH, starts nothing, obeys nothing of the workspace.
 */
#include "linux.h"
#include "core/text.h"

#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>

#define MOUNTS_BYTES_MAX ((size_t)4 << 20)
#define CHECKOUT_LEVELS  4

/* Files below /proc have no size to go by. */
static struct str read_proc(struct arena *a, const char *path, size_t ceiling)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct buf bytes = {.ceiling = ceiling};
    char chunk[16384];
    struct str text;
    ssize_t n;

    while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0)
        buf_add(&bytes, chunk, (size_t)n);
    if (fd >= 0)
        close(fd);
    text = arena_str(a, buf_view(&bytes));
    buf_release(&bytes);
    return text;
}

static struct str next_word(struct str line, size_t *at)
{
    size_t from = *at, to;

    while (from < line.n && line.p[from] == ' ')
        from++;
    to = str_find(line, from, ' ');
    *at = to;
    return str_slice(line, from, to);
}

/* mountinfo writes space, tab, newline and backslash as \NNN. */
static struct str unescape(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && i + 3 < s.n) {
            out[n++] = (char)((s.p[i + 1] - '0') * 64 + (s.p[i + 2] - '0') * 8 + (s.p[i + 3] - '0'));
            i += 3;
        } else {
            out[n++] = s.p[i];
        }
    }
    return (struct str){out, n};
}

static bool has_option(struct str options, const char *name)
{
    for (size_t at = 0; at < options.n;) {
        size_t end = str_find(options, at, ',');
        if (str_is(str_slice(options, at, end), name))
            return true;
        at = end + 1;
    }
    return false;
}

struct mount_list {
    struct mount_fact *v;
    size_t n, cap;
};

/* proc(5): id parent major:minor root mount-point options [optional...] - type source super-options */
static void read_mounts(struct arena *a, struct host *out)
{
    struct str text = read_proc(a, "/proc/self/mountinfo", MOUNTS_BYTES_MAX);
    struct mount_list list = {0};

    for (size_t at = 0; at < text.n;) {
        size_t end = str_find(text, at, '\n'), word_at = 0;
        struct str line = str_slice(text, at, end), word = {0}, device = {0}, root = {0}, options;
        struct mount_fact *mount;
        at = end + 1;
        for (int i = 0; i < 5; i++) {
            device = i == 3 ? word : device;
            root = i == 4 ? word : root;
            word = next_word(line, &word_at);
        }
        options = next_word(line, &word_at);
        if (options.n == 0)
            continue;
        mount = ARENA_PUSH(a, &list);
        mount->path = unescape(a, word);
        mount->device = device;
        mount->root = unescape(a, root);
        mount->readonly = has_option(options, "ro");
        do
            word = next_word(line, &word_at);
        while (word.n && !str_is(word, "-"));
        mount->type = next_word(line, &word_at);
        mount->source = unescape(a, next_word(line, &word_at));
    }
    out->mounts = list.v;
    out->mount_count = list.n;
}

static struct str folder_from(struct arena *a, const char *variable, struct str home, const char *below)
{
    struct str set = sys_variable(NULL, str_from(variable));

    if (set.n > 0 && set.p[0] == '/')
        return arena_format(a, "%.*s/cordon", (int)set.n, set.p);
    return arena_format(a, "%.*s/%s/cordon", (int)home.n, home.p, below);
}

static bool is_there(struct arena *a, struct str folder, const char *name)
{
    return access(arena_format(a, "%.*s/%s", (int)folder.n, folder.p, name).p, F_OK) == 0;
}

/* Programs that lie in a checkout of Cordon were built from it, and will be again: it is part of what must be held. */
static void find_programs(struct arena *a, struct host *out)
{
    struct str exe = {0}, folder;
    struct err ignored = {0};

    if (!sys_real_path(a, STR("/proc/self/exe"), &exe, &ignored))
        return;
    for (int level = 0; level <= CHECKOUT_LEVELS && exe.n > 1; level++) {
        while (exe.n > 1 && exe.p[exe.n - 1] != '/')
            exe.n--;
        folder = arena_str(a, str_slice(exe, 0, exe.n > 1 ? exe.n - 1 : 1));
        if (level == 0)
            out->program_dir = folder;
        if (is_there(a, folder, "build.ninja") && is_there(a, folder, "shell/run.sh") &&
            is_there(a, folder, "sandbox/core")) {
            out->checkout = folder;
            return;
        }
        if (exe.n > 1)
            exe.n--;
    }
}

static void find_groups(struct arena *a, struct host *out)
{
    static const char *const risky[] = {"docker", "disk", "lxd", "incus", "incus-admin", "libvirt", "kmem", "shadow",
        "podman"};
    gid_t have[256];
    int count = getgroups((int)COUNT_OF(have), have);

    for (size_t i = 0; i < COUNT_OF(risky) && !out->root; i++) {
        struct group *group = count > 0 ? getgrnam(risky[i]) : NULL;
        for (int j = 0; group && j < count; j++) {
            if (have[j] == group->gr_gid)
                *(struct str *)ARENA_PUSH(a, &out->risky_groups) = str_from(risky[i]);
        }
    }
}

/* A cgroup v2 folder in which we may make children with limits: the parent of our own, when it was delegated to us
 * (a cgroup with processes of its own cannot limit its children). */
static void find_cgroup(struct arena *a, struct host *out)
{
    struct str text = read_proc(a, "/proc/self/cgroup", 65536), own = {0}, root = {0}, controllers;

    for (size_t at = 0; at < text.n;) {
        size_t end = str_find(text, at, '\n');
        struct str line = str_slice(text, at, end);
        if (str_starts(line, STR("0::/")))
            own = str_slice(line, 3, line.n);
        at = end + 1;
    }
    for (size_t i = 0; i < out->mount_count; i++) {
        if (str_is(out->mounts[i].type, "cgroup2"))
            root = out->mounts[i].path;
    }
    if (own.n <= 1 || root.n == 0)
        return;
    while (own.n > 1 && own.p[own.n - 1] != '/')
        own.n--;
    out->cgroup = arena_format(a, "%.*s%.*s", (int)root.n, root.p, (int)(own.n > 1 ? own.n - 1 : 0), own.p);
    if (access(out->cgroup.p, W_OK) != 0 ||
        access(arena_format(a, "%s/cgroup.procs", out->cgroup.p).p, W_OK) != 0) {
        out->cgroup = (struct str){0};
        return;
    }
    controllers = read_proc(a, arena_format(a, "%s/cgroup.subtree_control", out->cgroup.p).p, 4096);
    out->cgroup_memory = text_matches(STR("*memory*"), controllers, false);
    out->cgroup_pids = text_matches(STR("*pids*"), controllers, false);
    out->cgroup_cpu = text_matches(STR("cpu *"), controllers, false) ||
                      text_matches(STR("* cpu*"), controllers, false) ||
                      text_matches(STR("cpu\n"), controllers, false);
}

static void find_kernel(struct host *out)
{
    struct utsname name;
    char *end;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);

    out->landlock_abi = abi > 0 ? (int)abi : 0;
    out->fuse = access("/dev/fuse", R_OK | W_OK) == 0;
    if (uname(&name) != 0)
        return;
    out->kernel_major = (int)strtol(name.release, &end, 10);
    out->kernel_minor = *end == '.' ? (int)strtol(end + 1, NULL, 10) : 0;
    out->wsl = strstr(name.release, "microsoft") != NULL || strstr(name.release, "Microsoft") != NULL;
}

bool facts_host(struct arena *a, struct host *out, struct err *e)
{
    struct host host = {.uid = (uint32_t)geteuid(), .gid = (uint32_t)getegid()};
    struct str home = sys_variable(NULL, STR("HOME"));
    struct passwd *person = NULL;
    struct err ignored = {0};

    host.root = host.uid == 0;
    /* Asked only when it must be: the list of accounts may be far away. */
    if (home.n == 0 || home.p[0] != '/')
        person = getpwuid(geteuid());
    if (home.n == 0 || home.p[0] != '/')
        home = person ? str_from(person->pw_dir) : (struct str){0};
    if (home.n == 0 || home.p[0] != '/' || home.n >= PATH_BYTES_MAX) {
        err_set(e, ERR_MISSING, "cannot tell where your home folder is");
        return err_remedy(e, "set HOME to an absolute path");
    }
    while (home.n > 1 && home.p[home.n - 1] == '/')
        home.n--;
    home = arena_str(a, home);
    /* The rules speak of real places; a HOME behind a link would escape them. */
    if (!sys_real_path(a, home, &host.home, &ignored))
        host.home = home;
    host.user = sys_variable(NULL, STR("USER"));
    if (host.user.n == 0)
        host.user = person ? arena_str(a, str_from(person->pw_name))
                           : arena_format(a, "%lu", (unsigned long)host.uid);
    host.config_dir = folder_from(a, "XDG_CONFIG_HOME", host.home, ".config");
    host.state_dir = folder_from(a, "XDG_STATE_HOME", host.home, ".local/state");
    host.runtime_dir = sys_variable(NULL, STR("XDG_RUNTIME_DIR"));
    host.path = sys_variable(NULL, STR("PATH"));
    err_clear(&ignored);
    sys_real_path(a, STR("/etc/resolv.conf"), &host.resolv_real, &ignored);
    host.in_container = access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 ||
                        sys_variable(NULL, STR("container")).n > 0;
    find_programs(a, &host);
    find_kernel(&host);
    find_groups(a, &host);
    read_mounts(a, &host);
    find_cgroup(a, &host);
    facts_obeyed_links(a, &host);
    *out = host;
    return true;
}

/* ---- paths ---- */

static enum fact_kind kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return FACT_FOLDER;
    if (S_ISREG(mode))
        return FACT_FILE;
    return S_ISLNK(mode) ? FACT_SYMLINK : FACT_OTHER;
}

/* What a path that goes through a symbolic link, or ends in one, leads to; -1 where it leads nowhere. */
static int follow(struct arena *a, struct fact *fact)
{
    char link[64], real[PATH_BYTES_MAX];
    struct stat st;
    ssize_t n;
    int fd;

    if (lstat(fact->path.p, &st) != 0) {
        fact->code = errno;
        fact->kind = errno == ENOENT || errno == ENOTDIR ? FACT_MISSING : FACT_UNKNOWN;
        return -1;
    }
    fact->kind = kind_of(st.st_mode);
    fd = open(fact->path.p, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        fact->code = errno;
        fact->real_kind = errno == ENOENT ? FACT_MISSING : FACT_UNKNOWN;
        return -1;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, real, sizeof real);
    if (n <= 0 || (size_t)n >= sizeof real) {
        fact->real_kind = FACT_UNKNOWN;
        close(fd);
        return -1;
    }
    fact->real = arena_str(a, (struct str){real, (size_t)n});
    return fd;
}

static void fill(struct fact *fact, const struct stat *st)
{
    fact->real_kind = kind_of(st->st_mode);
    if (fact->kind == FACT_UNKNOWN)
        fact->kind = fact->real_kind;
    fact->dev = st->st_dev;
    fact->ino = st->st_ino;
    fact->uid = st->st_uid;
    fact->mode = st->st_mode;
    fact->links = st->st_nlink;
}

/* Directly in /proc: of the kernel's making, and in a plan without its identity, as inside it is another one's. */
static bool is_kernels(struct str path)
{
    return str_starts(path, STR("/proc/")) && str_find(path, 6, '/') == path.n;
}

static struct fact look_at(struct arena *a, struct str path)
{
    struct fact fact = {.path = path};
    struct stat st;
    struct statfs fs;
    int fd;

    errno = 0;
    /* Most of what the rules name is not there, and this is the cheapest way to learn it. */
    if (lstat(path.p, &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        fact.code = errno;
        fact.kind = FACT_MISSING;
        return fact;
    }
    if (errno == 0 && is_kernels(path) && !S_ISLNK(st.st_mode)) {
        fill(&fact, &st);
        fact.real = path;
        return fact;
    }
    fd = sys_open_beneath_root(path.p, O_PATH);
    if (fd >= 0) {
        fact.real = path; /* no link on the way: the path is the object's own */
    } else if ((fd = follow(a, &fact)) < 0) {
        return fact;
    }
    if (fstat(fd, &st) == 0) {
        fill(&fact, &st);
        fact.placeholder = names_is_placeholder(fd, &st);
        fact.on_readonly_mount =
            S_ISDIR(st.st_mode) && fstatfs(fd, &fs) == 0 && (fs.f_flags & 1 /* ST_RDONLY */) != 0;
    } else {
        fact.real_kind = FACT_UNKNOWN;
    }
    close(fd);
    return fact;
}

bool facts_plain(struct str path)
{
    (void)path;
    return true;
}

void facts_paths(struct arena *a, const struct texts *questions, struct facts *out)
{
    for (size_t i = 0; i < questions->n; i++)
        *(struct fact *)ARENA_PUSH(a, out) = look_at(a, questions->v[i]);
}

/* ---- who listens here ---- */

#define HEARD_MS 250 /* for so long what was read counts: who is refused as fast as it can must not cost us more */

static void set_bit(unsigned char bits[HEARD_BYTES], unsigned number)
{
    bits[number / 8] = (unsigned char)(bits[number / 8] | 1u << number % 8);
}

static bool has_bit(const unsigned char bits[HEARD_BYTES], unsigned number)
{
    return bits[number / 8] >> number % 8 & 1;
}

static unsigned hash_name(struct str name)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < name.n; i++)
        hash = (hash ^ (unsigned char)name.p[i]) * 16777619u;
    return (hash ^ hash >> 16) & 0xffff;
}

/* "  sl local_address rem_address st ...", addresses as hex digits, 0A: listening. */
static void read_ports(struct heard *l, const char *table)
{
    FILE *file = fopen(table, "re");
    char line[512];

    while (file && fgets(line, sizeof line, file)) {
        unsigned number = 0, state = 0;
        if (sscanf(line, " %*[0-9]: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &number, &state) == 2 && state == 10)
            set_bit(l->ports, number & 0xffff);
    }
    if (file)
        fclose(file);
}

/* Seven words, a blank, and the name, which may hold blanks: abstract when it begins with '@'. */
static void read_names(struct heard *l)
{
    FILE *file = fopen("/proc/net/unix", "re");
    char line[512];

    while (file && fgets(line, sizeof line, file)) {
        const char *at = line;
        for (int i = 0; i < 7; i++) {
            at += strspn(at, " ");
            at += strcspn(at, " \n");
        }
        if (at[0] == ' ' && at[1] == '@')
            set_bit(l->names, hash_name((struct str){at + 1, strcspn(at + 1, "\n")}));
    }
    if (file)
        fclose(file);
}

static void read_heard(struct heard *l)
{
    uint64_t now = sys_milliseconds();

    if (l->until && now < l->until)
        return;
    *l = (struct heard){.until = now + HEARD_MS};
    read_ports(l, "/proc/net/tcp");
    read_ports(l, "/proc/net/tcp6");
    read_names(l);
}

bool facts_listener(struct heard *l, struct str address)
{
    unsigned port = 0;
    size_t at = address.n;

    read_heard(l);
    if (str_starts(address, STR("unix:@")))
        return has_bit(l->names, hash_name(str_slice(address, 5, address.n)));
    while (at > 0 && address.p[at - 1] >= '0' && address.p[at - 1] <= '9')
        at--;
    for (size_t i = at; i < address.n && port <= 65535; i++)
        port = port * 10 + (unsigned)(address.p[i] - '0');
    return port > 0 && port <= 65535 && has_bit(l->ports, port);
}

/* ---- of Windows alone ---- */

bool facts_session(struct arena *a, struct host *host, struct err *e)
{
    (void)a;
    (void)host;
    (void)e;
    return true;
}

bool facts_roots(struct arena *a, const struct policy *policy, struct facts *facts, struct err *e)
{
    (void)a;
    (void)policy;
    (void)facts;
    (void)e;
    return true;
}
