/*
 * leftover: the second look at what no wall holds for git (see docs/git.md), when nothing runs inside any more: symbolic links
 * that came into a .git while the session ran, files there that git outside takes at their word (gitleft.c), and a HEAD at the
 * top of a workspace. Whoever won a race against the observer gets no further than the end of the session. Trusted side.
 *
 * How it was at the beginning is kept in a ledger: in memory, and in the session's folder for whoever comes after a crash.
 * Nothing is ever deleted: what is found may be the person's own, made outside meanwhile. It is moved aside and told.
 */
#include "linux.h"
#include "core/git.h"
#include "core/gitindex.h"
#include "core/gitleft.h"
#include "core/text.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LEDGER       "leftover"
#define LEDGER_MAX   ((size_t)8 << 20)
#define SESSIONS_MAX 256
#define DEPTH_MAX    64
#define AT_FIRST     20000 /* names in one .git that an opening looks at */
#define AT_FIRST_MS  20
#define LINKS_MAX    5000
#define AT_LAST      5000000
#define AT_LAST_MS   20000
#define ASIDE_MAX    1000
#define TOLD_MAX     20 /* lines about one .git; of the rest the number */
#define SLACK_NS     20000000 /* files get the time of the last tick */

/* ---- the ledger ---- */

/* "KIND NUMBERS PATH_LENGTH TEXT_LENGTH\n" PATH TEXT "\n". Kinds:
 *   R  a writable root; numbers: since (ms), was there a HEAD (1) or all of a repository (2), and that HEAD's identity
 *   P  a plan; after it W, X: what it lets be written and what not, the later word counting; G: where links are refused
 *   L  a link that was there, and where it led;  I: a G of which not all was looked at */
struct record {
    char kind;
    unsigned long long n[5];
    struct str path, text;
};
struct records {
    struct record *v;
    size_t n, cap;
};

static void write_record(struct buf *out, const struct record *r)
{
    buf_format(out, "%c %llu %llu %llu %llu %llu %lu %lu\n", r->kind, r->n[0], r->n[1], r->n[2], r->n[3], r->n[4],
        (unsigned long)r->path.n, (unsigned long)r->text.n);
    buf_str(out, r->path);
    buf_str(out, r->text);
    buf_str(out, STR("\n"));
}

static bool read_record(struct arena *a, struct str all, size_t *at, struct record *out)
{
    char line[200];
    size_t end = str_find(all, *at, '\n');
    unsigned long path_n, text_n;

    if (end >= all.n || end - *at >= sizeof line)
        return false;
    memcpy(line, all.p + *at, end - *at);
    line[end - *at] = '\0';
    if (sscanf(line, "%c %llu %llu %llu %llu %llu %lu %lu", &out->kind, &out->n[0], &out->n[1], &out->n[2], &out->n[3],
            &out->n[4], &path_n, &text_n) != 8 ||
        path_n >= PATH_BYTES_MAX || text_n > PATH_BYTES_MAX || size_add(end + 1, path_n + text_n) >= all.n)
        return false;
    out->path = arena_str(a, str_slice(all, end + 1, end + 1 + path_n));
    out->text = arena_str(a, str_slice(all, end + 1 + path_n, end + 1 + path_n + text_n));
    *at = end + 2 + path_n + text_n;
    return true;
}

static void read_ledger(struct arena *a, struct str all, struct records *out)
{
    struct record r = {0};

    for (size_t at = 0; read_record(a, all, &at, &r);)
        *(struct record *)ARENA_PUSH(a, out) = r;
}

static bool has(const struct records *all, char kind, struct str path, const struct str *text)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].kind == kind && str_eq(all->v[i].path, path) && (!text || str_eq(all->v[i].text, *text)))
            return true;
    return false;
}

/* Could anything inside have made a name at path? By any of the plans that were in force, the later word in each. */
static bool was_writable(const struct records *all, struct str path)
{
    static const struct path_env env = {.system = PATH_POSIX};
    bool now = false;

    for (size_t i = 0; i < all->n; i++) {
        const struct record *r = &all->v[i];
        if (r->kind == 'P' && now)
            break;
        if (r->kind == 'P')
            now = false;
        else if ((r->kind == 'W' || r->kind == 'X') && path_is_under(&env, r->path, path))
            now = r->kind == 'W';
    }
    return now;
}

/* ---- folders, whatever mode they were left in ---- */

struct opened_folder {
    int fd;
    mode_t mode; /* to be put back; 0: it was not changed */
};

static struct opened_folder open_folder(int parent, const char *name, bool absolute)
{
    const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    struct opened_folder out = {-1, 0};
    struct stat st;
    char link[64];
    int held = absolute ? sys_open_beneath_root(name, O_DIRECTORY | O_NOFOLLOW | O_PATH) : openat(parent, name, flags | O_PATH);

    if (held < 0)
        return out;
    snprintf(link, sizeof link, "/proc/self/fd/%d", held);
    if (fstat(held, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0700) != 0700 &&
        chmod(link, (st.st_mode & 07777) | 0700) == 0)
        out.mode = st.st_mode & 07777;
    out.fd = open(link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out.fd < 0 && out.mode)
        chmod(link, out.mode);
    close(held);
    return out;
}

static void close_folder(struct opened_folder f)
{
    if (f.fd >= 0 && f.mode)
        fchmod(f.fd, f.mode);
    if (f.fd >= 0)
        close(f.fd);
}

/* ---- a walk for links ---- */

struct walk {
    struct arena *a;
    const struct records *all;
    struct str top; /* the .git */
    size_t left;
    uint64_t end_ms;
    void (*link)(struct walk *w, int folder, const char *name, struct str path, const struct stat *st);
    void (*file)(struct walk *w, int folder, const char *name, struct str path, const struct stat *st); /* may be NULL */
    const char *why;   /* not all was looked at */
    bool over;         /* and nothing more is */
    struct str where;  /* that was first met here */
    /* at the beginning */
    struct buf *out;
    size_t links;
    /* at the end */
    const struct path_env *env;
    struct texts *lines;
    uint64_t since_ms;
    bool unsure;
    size_t undecided;
    int git, aside;
    struct str aside_path;
    unsigned moved;
    unsigned told;
    struct gitleft left_behind;
};

static void miss(struct walk *w, struct str where, const char *why)
{
    if (!w->why) {
        w->why = why;
        w->where = where;
    }
}

/* What lies in .git/objects/XX git makes exclusively, under a new name, and reads by its sum alone: it writes through
 * nothing there. Nowhere else may a folder be passed over for its name. A link of such a name is looked at. */
static bool is_of_objects(const struct dirent *entry)
{
    const char *name = entry->d_name;

    return entry->d_type == DT_DIR && strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

static void walk_folder(struct walk *w, struct opened_folder f, struct str path, int depth);

static void walk_entry(struct walk *w, int folder, const struct dirent *entry, struct str path, int depth)
{
    struct str inner;
    struct stat st;

    if (fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    inner = path_join(w->a, PATH_POSIX, path, str_from(entry->d_name));
    if (S_ISREG(st.st_mode) && w->file && gitleft_wants(PATH_POSIX, w->top, path, str_from(entry->d_name)) && was_writable(w->all, inner))
        w->file(w, folder, entry->d_name, inner, &st);
    else if (S_ISLNK(st.st_mode) && was_writable(w->all, inner))
        w->link(w, folder, entry->d_name, inner, &st);
    else if (S_ISDIR(st.st_mode) && has(w->all, 'X', inner, NULL) && !was_writable(w->all, inner))
        return;
    else if (S_ISDIR(st.st_mode))
        walk_folder(w, open_folder(folder, entry->d_name, false), inner, depth + 1);
}

/* Takes the descriptor over. */
static void walk_folder(struct walk *w, struct opened_folder f, struct str path, int depth)
{
    DIR *dir = f.fd < 0 || depth > DEPTH_MAX ? NULL : fdopendir(fcntl(f.fd, F_DUPFD_CLOEXEC, 0));
    bool objects = str_eq(path, path_join(w->a, PATH_POSIX, w->top, STR("objects")));
    struct dirent *entry;

    if (!dir)
        miss(w, path, depth > DEPTH_MAX ? "it is too deep" : "it cannot be read");
    errno = 0;
    while (dir && !w->over && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (w->left-- == 0) {
            miss(w, path, "there are too many entries");
            w->over = true;
            break;
        }
        if ((w->left & 255) == 0 && sys_milliseconds() >= w->end_ms) {
            miss(w, path, "it takes too long");
            w->over = true;
        }
        if (objects && is_of_objects(entry))
            continue;
        if (entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN ||
            (entry->d_type == DT_REG && w->file && gitleft_wants(PATH_POSIX, w->top, path, str_from(entry->d_name))))
            walk_entry(w, dirfd(dir), entry, path, depth);
        errno = 0;
    }
    if (dir && errno && !w->over)
        miss(w, path, "it cannot be read");
    if (dir)
        closedir(dir);
    close_folder(f);
}

/* ---- at the beginning ---- */

static void remember_link(struct walk *w, int folder, const char *name, struct str path, const struct stat *st)
{
    char target[PATH_BYTES_MAX];
    ssize_t n = readlinkat(folder, name, target, sizeof target);
    struct record r = {.kind = 'L', .path = path, .text = {target, n > 0 ? (size_t)n : 0}};

    (void)st;
    if (w->links++ < LINKS_MAX)
        write_record(w->out, &r);
    else
        miss(w, path, "there are too many links");
}

static void remember_root(struct arena *a, struct str root, uint64_t now_ms, struct buf *out)
{
    struct record r = {.kind = 'R', .path = root, .n = {now_ms}};
    const struct git_eye *eye = git_eye_system();
    struct stat st;
    int fd = sys_open_beneath_root(root.p, O_PATH | O_DIRECTORY);

    if (fd >= 0 && fstatat(fd, "HEAD", &st, AT_SYMLINK_NOFOLLOW) == 0) {
        r.n[1] = 1;
        if (eye->kind(eye->context, path_join(a, PATH_POSIX, root, STR("objects"))) == FACT_FOLDER &&
            eye->kind(eye->context, path_join(a, PATH_POSIX, root, STR("refs"))) == FACT_FOLDER)
            r.n[1] = 2;
        r.n[2] = st.st_dev;
        r.n[3] = st.st_ino;
        r.n[4] = (unsigned long long)st.st_ctim.tv_sec * 1000000000u + (unsigned long long)st.st_ctim.tv_nsec;
    }
    if (fd >= 0)
        close(fd);
    write_record(out, &r);
}

static char kind_of_op(const struct op *op)
{
    switch (op->kind) {
    case OP_WRITABLE:
        return 'W';
    case OP_BIND:
        return op->number == 1 ? 'W' : 'X';
    case OP_READONLY_ALL:
    case OP_PROTECT:
    case OP_PLACEHOLDER:
    case OP_BIRTHPLACE: /* written, but not the folder that lies there outside */
    case OP_COVER_FOLDER:
    case OP_COVER_FILE:
    case OP_REMOUNT_READONLY:
    case OP_OVERLAY:
    case OP_TMPFS:
        return 'X';
    case OP_GUARD:
        return op->number == GUARD_LINKS ? 'G' : 0;
    default:
        return 0;
    }
}

static bool is_in_root(const struct texts *roots, struct str path)
{
    static const struct path_env env = {.system = PATH_POSIX};

    for (size_t i = 0; i < roots->n; i++)
        if (path_is_under(&env, roots->v[i], path))
            return true;
    return false;
}

static void remember_links(struct arena *a, const struct records *all, struct str top, struct buf *out)
{
    struct walk w = {.a = a, .all = all, .top = top, .left = AT_FIRST, .end_ms = sys_milliseconds() + AT_FIRST_MS,
        .link = remember_link, .out = out};
    struct record unsure = {.kind = 'I', .path = top};
    struct opened_folder f = open_folder(-1, top.p, true);

    if (f.fd < 0 && errno == ENOENT)
        return;
    walk_folder(&w, f, top, 0);
    if (w.why)
        write_record(out, &unsure);
}

static void append_to_file(struct str bytes)
{
    int session = sys_session_descriptor();
    int fd = session < 0 ? -1 : openat(session, LEDGER, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

    for (size_t at = 0; fd >= 0 && at < bytes.n;) {
        ssize_t n = write(fd, bytes.p + at, bytes.n - at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
}

void leftover_begin(struct arena *a, const struct plan *plan, const struct texts *roots, struct buf *ledger)
{
    struct records before = {0}, now = {0};
    size_t from = ledger->n;

    ledger->ceiling = LEDGER_MAX;
    read_ledger(a, buf_view(ledger), &before);
    write_record(ledger, &(struct record){.kind = 'P'});
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->v[i];
        struct record r = {.kind = kind_of_op(op), .path = op->path};
        if (r.kind && is_in_root(roots, op->path))
            write_record(ledger, &r);
    }
    read_ledger(a, arena_str(a, str_slice(buf_view(ledger), from, ledger->n)), &now);
    for (size_t i = 0; i < roots->n; i++)
        if (!has(&before, 'R', roots->v[i], NULL))
            remember_root(a, roots->v[i], sys_clock_ms(), ledger);
    for (size_t i = 0; i < now.n; i++)
        if (now.v[i].kind == 'G' && !has(&before, 'G', now.v[i].path, NULL))
            remember_links(a, &now, now.v[i].path, ledger);
    append_to_file(str_slice(buf_view(ledger), from, ledger->n));
}

/* ---- at the end ---- */

static bool is_since(const struct stat *st, uint64_t since_ms)
{
    uint64_t ns = (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;

    return ns + SLACK_NS >= since_ms * 1000000u;
}

static void tell(struct arena *a, struct texts *lines, struct str line)
{
    for (size_t i = 0; i < lines->n; i++)
        if (str_eq(lines->v[i], line))
            return;
    *(struct str *)ARENA_PUSH(a, lines) = line;
}

/* Of thousands, made so that nobody reads on, the first are told. */
static void tell_of(struct walk *w, struct str line)
{
    if (w->told++ < TOLD_MAX)
        tell(w->a, w->lines, line);
}

/* A new folder in .git, of which git takes no notice. */
static bool make_aside(struct walk *w)
{
    char name[40];

    for (unsigned i = 1; w->aside < 0 && i < ASIDE_MAX; i++) {
        snprintf(name, sizeof name, "cordon-aside-%u", i);
        if (mkdirat(w->git, name, 0700) == 0) {
            w->aside = openat(w->git, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            w->aside_path = path_join(w->a, PATH_POSIX, w->top, arena_str(w->a, str_from(name)));
        } else if (errno != EEXIST) {
            break;
        }
    }
    return w->aside >= 0;
}

static void move_link(struct walk *w, int folder, const char *name, struct str path, const struct stat *st)
{
    char target[PATH_BYTES_MAX];
    ssize_t n = readlinkat(folder, name, target, sizeof target);
    struct str text = {target, n > 0 ? (size_t)n : 0}, to, shown = path_display(w->a, w->env, path);

    if (has(w->all, 'L', path, &text))
        return;
    if (w->unsure && !is_since(st, w->since_ms)) {
        w->undecided++;
        return;
    }
    to = arena_format(w->a, "%u-%.200s", ++w->moved, name);
    if (!make_aside(w) || renameat2(folder, name, w->aside, to.p, RENAME_NOREPLACE) != 0) {
        tell_of(w, arena_format(w->a,
            "warning: a symbolic link came into .git while the session ran, and git here would write through it: %s -> %s. "
            "It could not be moved aside (%s): remove it before you run git there", shown.p, text_printable(w->a, text).p,
            strerror(errno)));
        return;
    }
    to = path_join(w->a, PATH_POSIX, w->aside_path, to);
    tell_of(w, arena_format(w->a,
        "moved aside: a symbolic link that came into .git while the session ran, and that git here would write through: %s -> "
        "%s. If it is yours: mv %s %s", shown.p, text_printable(w->a, text).p, path_shell(w->a, w->env, to).p,
        path_shell(w->a, w->env, path).p));
}

static void judge_file(struct walk *w, int folder, const char *name, struct str path, const struct stat *st)
{
    struct texts said = {0};
    bool fresh = is_since(st, w->since_ms) || (size_t)st->st_size > GITINDEX_FIRST_MAX;
    struct str why = gitleft_judge(w->a, &w->left_behind, path, fresh, &said), to, shown;

    for (size_t i = 0; i < said.n; i++)
        tell_of(w, arena_format(w->a, "warning: %s. Look at it before you run git there", said.v[i].p));
    if (why.n == 0)
        return;
    shown = path_display(w->a, w->env, path);
    to = arena_format(w->a, "%u-%.200s", ++w->moved, name);
    if (!make_aside(w) || renameat2(folder, name, w->aside, to.p, RENAME_NOREPLACE) != 0) {
        tell_of(w, arena_format(w->a, "warning: %s, which %s, could not be moved aside (%s): remove it before you run git there",
            shown.p, why.p, strerror(errno)));
        return;
    }
    to = path_join(w->a, PATH_POSIX, w->aside_path, to);
    tell_of(w, arena_format(w->a, "moved aside: %s, which %s%s. If it is yours: mv %s %s", shown.p, why.p,
        strcmp(name, "index") == 0 ? "; git reset makes another" : "", path_shell(w->a, w->env, to).p, path_shell(w->a, w->env, path).p));
}

static bool could_be_written(void *context, struct str path)
{
    return was_writable(context, path);
}

/* These first, however much there is that a walk has to go through. */
static void look_at_chief(struct walk *w)
{
    static const char *const names[] = {"index", "MERGE_RR"};
    struct stat st;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str path = path_join(w->a, PATH_POSIX, w->top, str_from(names[i]));
        if (fstatat(w->git, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && was_writable(w->all, path))
            judge_file(w, w->git, names[i], path, &st);
    }
}

static void look_into_git(struct arena *a, const struct path_env *env, struct records *all, struct str top, uint64_t since_ms,
    struct texts *lines)
{
    struct texts roots = {0};
    struct walk w = {.a = a, .all = all, .top = top, .left = AT_LAST, .end_ms = sys_milliseconds() + AT_LAST_MS,
        .link = move_link, .file = judge_file, .env = env, .lines = lines, .since_ms = since_ms, .aside = -1,
        .unsure = has(all, 'I', top, NULL),
        .left_behind = {.env = env, .eye = git_eye_system(), .top = top, .roots = &roots, .writable = could_be_written, .context = all}};
    struct opened_folder f = open_folder(-1, top.p, true);
    struct str shown = path_display(a, env, top);

    if (f.fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return; /* nothing, a file, a link: the person's doing, as none of them can be made inside */
    w.git = f.fd < 0 ? -1 : fcntl(f.fd, F_DUPFD_CLOEXEC, 0);
    if (str_is(path_name(PATH_POSIX, top), ".git"))
        w.left_behind.worktree = arena_str(a, path_parent(PATH_POSIX, top));
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].kind == 'R')
            *(struct str *)ARENA_PUSH(a, &roots) = all->v[i].path;
    look_at_chief(&w);
    walk_folder(&w, f, top, 0);
    if (w.told > TOLD_MAX)
        tell(a, lines, arena_format(a, "warning: %u more of that kind in %s; what was moved is in %s", w.told - TOLD_MAX, shown.p,
            w.aside >= 0 ? path_display(a, env, w.aside_path).p : "no place"));
    if (w.why)
        tell(a, lines, arena_format(a,
            "warning: not all of %s was looked at for what git here would obey, or write through (symbolic links): %s: %s. "
            "Before you run git there: find %s -type l", shown.p, path_display(a, env, w.where).p, w.why, path_shell(a, env, top).p));
    if (w.undecided)
        tell(a, lines, arena_format(a,
            "warning: %lu symbolic links in %s are older than the session, but it is too large for all of them to have been "
            "noted then: some may have been moved in from inside. Before you run git there: find %s -type l",
            (unsigned long)w.undecided, shown.p, path_shell(a, env, top).p));
    if (w.aside >= 0)
        close(w.aside);
    if (w.git >= 0)
        close(w.git);
}

/* ---- a HEAD at the top ---- */

/* As git decides: a HEAD that is one, and folders of objects and refs. When in doubt it is none. */
static bool is_repository(struct arena *a, struct str folder)
{
    const struct git_eye *eye = git_eye_system();
    struct str head;

    if (eye->kind(eye->context, path_join(a, PATH_POSIX, folder, STR("objects"))) != FACT_FOLDER ||
        eye->kind(eye->context, path_join(a, PATH_POSIX, folder, STR("refs"))) != FACT_FOLDER ||
        access(path_join(a, PATH_POSIX, folder, STR("objects")).p, X_OK) != 0 ||
        access(path_join(a, PATH_POSIX, folder, STR("refs")).p, X_OK) != 0 ||
        !eye->read(eye->context, a, path_join(a, PATH_POSIX, folder, STR("HEAD")), PATH_BYTES_MAX, true, &head))
        return false;
    if (str_starts(head, STR("ref: refs/")))
        return true;
    for (size_t i = 0; i < 40; i++)
        if (i >= head.n || !strchr("0123456789abcdef", head.p[i]) || !head.p[i])
            return false;
    return true;
}

/* Git looks into .git first, and at the folder itself when that is no repository. It ends at a .git file that leads
 * nowhere. */
static bool git_comes_by(struct arena *a, struct str root)
{
    const struct git_eye *eye = git_eye_system();
    struct str dot_git = path_join(a, PATH_POSIX, root, STR(".git"));
    enum fact_kind kind = eye->kind(eye->context, dot_git);

    return kind != FACT_FILE && !(kind == FACT_FOLDER && is_repository(a, dot_git));
}

static bool is_as_it_was(const struct record *r, const struct stat *st)
{
    return r->n[1] && r->n[2] == st->st_dev && r->n[3] == st->st_ino &&
           r->n[4] == (unsigned long long)st->st_ctim.tv_sec * 1000000000u + (unsigned long long)st->st_ctim.tv_nsec;
}

static void move_head(struct arena *a, const struct path_env *env, int root, struct str path, struct texts *lines)
{
    const char *shown = path_display(a, env, path).p;
    struct str aside;
    char name[40];

    for (unsigned i = 1; i < ASIDE_MAX; i++) {
        snprintf(name, sizeof name, "HEAD.cordon-aside-%u", i);
        aside = path_join(a, PATH_POSIX, path, arena_str(a, str_from(name)));
        if (renameat2(root, "HEAD", root, name, RENAME_NOREPLACE) == 0) {
            tell(a, lines, arena_format(a,
                "moved aside: HEAD, which came to the top of %s while the session ran: with it git here would take the folder "
                "itself for a repository and obey %s/config. Look at it; if it is yours: mv %s %s",
                shown, shown, path_shell(a, env, aside).p, path_shell(a, env, path_join(a, PATH_POSIX, path, STR("HEAD"))).p));
            return;
        }
        if (errno != EEXIST)
            break;
    }
    tell(a, lines, arena_format(a,
        "warning: HEAD came to the top of %s while the session ran, and git here would obey %s/config. It could not be moved "
        "aside (%s): remove it before you run git there", shown, shown, strerror(errno)));
}

static void look_at_head(struct arena *a, const struct path_env *env, const struct record *r, struct texts *lines)
{
    struct str head = path_join(a, PATH_POSIX, r->path, STR("HEAD"));
    struct opened_folder f = open_folder(-1, r->path.p, true);
    struct stat st;

    /* A repository from the beginning has hooks and configuration that are held. */
    if (f.fd >= 0 && r->n[1] != 2 && fstatat(f.fd, "HEAD", &st, AT_SYMLINK_NOFOLLOW) == 0 && git_comes_by(a, r->path)) {
        if (!is_as_it_was(r, &st))
            move_head(a, env, f.fd, r->path, lines);
        else if (is_repository(a, r->path))
            tell(a, lines, arena_format(a,
                "warning: with what came to the top of %s while the session ran git here would take the folder itself for a "
                "repository, by the file %s that was there before, and obey %s/config: look at it before you run git there",
                path_display(a, env, r->path).p, path_display(a, env, head).p, path_display(a, env, r->path).p));
    }
    if (f.fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        tell(a, lines, arena_format(a, "warning: %s cannot be looked at (%s): before you run git there see that no HEAD is in it",
            path_display(a, env, r->path).p, strerror(errno)));
    close_folder(f);
}

void leftover_look(struct arena *a, const struct path_env *env, struct str ledger, struct texts *lines)
{
    struct records all = {0};

    read_ledger(a, ledger, &all);
    for (size_t i = 0; i < all.n; i++) {
        const struct record *r = &all.v[i];
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || (all.v[j].kind == r->kind && str_eq(all.v[j].path, r->path));
        if (r->kind == 'R')
            look_at_head(a, env, r, lines);
        else if (r->kind == 'G' && !seen)
            for (size_t j = 0; j < all.n; j++)
                if (all.v[j].kind == 'R' && path_is_under(&(struct path_env){.system = PATH_POSIX}, all.v[j].path, r->path)) {
                    look_into_git(a, env, &all, r->path, all.v[j].n[0], lines);
                    break;
                }
    }
}

void leftover_roots(struct arena *a, struct str ledger, struct texts *roots)
{
    struct records all = {0};

    read_ledger(a, ledger, &all);
    for (size_t i = 0; i < all.n; i++)
        if (all.v[i].kind == 'R')
            *(struct str *)ARENA_PUSH(a, roots) = all.v[i].path;
}

/* ---- after a crash ---- */

static void look_after(struct arena *a, const struct path_env *env, int session, struct str folder, struct texts *roots,
    struct texts *lines)
{
    struct err ignored = {0};
    struct str all;

    if (!sys_read_file(a, path_join(a, PATH_POSIX, folder, STR(LEDGER)), LEDGER_MAX, true, &all, &ignored)) {
        if (ignored.kind != ERR_MISSING)
            tell(a, lines, arena_format(a, "warning: a session ended unseen, and what it was about cannot be read in %s: "
                "symbolic links in .git made inside would not be noticed", path_display(a, env, folder).p));
        return;
    }
    leftover_roots(a, all, roots);
    leftover_look(a, env, all, lines);
    unlinkat(session, LEDGER, 0);
}

void leftover_crashed(struct arena *a, const struct path_env *env, struct str session_dir, struct texts *roots,
    struct texts *lines)
{
    struct str sessions = path_parent(PATH_POSIX, session_dir);

    for (int i = 0; i < SESSIONS_MAX; i++) {
        struct str path = arena_format(a, "%.*s/s%d", (int)sessions.n, sessions.p, i);
        bool own = str_eq(path, session_dir);
        int folder = own ? fcntl(sys_session_descriptor(), F_DUPFD_CLOEXEC, 0) : open(path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0 && !own)
            break; /* they are made in this order */
        if (folder >= 0 && faccessat(folder, LEDGER, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
            (own || flock(folder, LOCK_EX | LOCK_NB) == 0))
            look_after(a, env, folder, path, roots, lines);
        if (folder >= 0)
            close(folder);
    }
}

void leftover_done(void)
{
    int session = sys_session_descriptor();

    if (session >= 0)
        unlinkat(session, LEDGER, 0);
}
