/*
 * names: protected names that are not there are held by an empty folder, or a file of a few bytes, that Cordon makes
 * outside before the boundary stands; inside they are bound read-only like any protected path. Trusted side.
 *
 * What is made is entered in a ledger in the session's own folder first, so that the next start finds what a crash left.
 * It is removed only while it is still that very object and still empty, and only by the last session that uses it: each
 * holds a shared lock on it. Everything is done relative to a held descriptor of the folder that it stands in, so that a
 * name on the way that is replaced leads nowhere.
 *
 * The table is a mutable global, as the session's folder is: several boundaries of one session share a placeholder.
 */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define LEDGER       "names"
#define LEDGER_MAX   ((size_t)4 << 20)
#define SESSIONS_MAX 256
#define LOCK_TRIES   1000 /* of a millisecond: who is about to remove it may have to wait for the processor */

struct held {
    char *path, *text;
    size_t name;      /* where the last component begins */
    size_t text_n;
    bool file, made;  /* made: not found there */
    bool gone;        /* somebody took it away */
    bool theirs;      /* a folder of the person's own */
    int folder, fd;   /* what it stands in; itself, with the lock */
    struct identity identity;
    unsigned uses;
};

static struct held *table;
static size_t table_count;

/* ---- the ledger ---- */

/* "d|f i|h DEV INO BORN BORN_NS PATH_LENGTH TEXT_LENGTH\n" PATH TEXT "\n"; i: about to be made; h: held, ours where it has
 * an identity. */
static void write_entry(struct buf *out, char state, bool file, const struct identity *id, struct str path,
    struct str text)
{
    buf_format(out, "%c %c %llu %llu %lld %lu %lu %lu\n", file ? 'f' : 'd', state, (unsigned long long)id->dev,
        (unsigned long long)id->ino, (long long)id->born, (unsigned long)id->born_ns, (unsigned long)path.n,
        (unsigned long)text.n);
    buf_str(out, path);
    buf_str(out, text);
    buf_str(out, STR("\n"));
}

struct entry {
    char state;
    bool file;
    struct identity identity;
    struct str path, text;
};

static bool read_entry(struct str all, size_t *at, struct entry *out)
{
    char line[200], kind;
    size_t end = str_find(all, *at, '\n');
    unsigned long path_n, text_n, born_ns;
    unsigned long long dev, ino;
    long long born;

    if (end >= all.n || end - *at >= sizeof line)
        return false;
    memcpy(line, all.p + *at, end - *at);
    line[end - *at] = '\0';
    if (sscanf(line, "%c %c %llu %llu %lld %lu %lu %lu", &kind, &out->state, &dev, &ino, &born, &born_ns, &path_n,
            &text_n) != 8 ||
        path_n >= PATH_BYTES_MAX || text_n >= 256 || size_add(end + 1, path_n + text_n) >= all.n)
        return false;
    out->file = kind == 'f';
    out->identity = (struct identity){dev, ino, born, (uint32_t)born_ns};
    out->path = str_slice(all, end + 1, end + 1 + path_n);
    out->text = str_slice(all, end + 1 + path_n, end + 1 + path_n + text_n);
    *at = end + 1 + path_n + text_n + 1;
    return path_n > 1 && out->path.p[0] == '/' && str_find(out->path, 0, '\0') == path_n;
}

static bool append(const struct buf *lines)
{
    int session = sys_session_descriptor();
    int fd = session < 0 ? -1
                         : openat(session, LEDGER, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write(fd, lines->p, lines->n) == (ssize_t)lines->n;

    if (fd >= 0)
        close(fd);
    return good;
}

static void enter(struct buf *out, const struct held *h)
{
    const struct identity nobody = {0};

    write_entry(out, 'h', h->file, h->theirs ? &nobody : &h->identity, str_from(h->path), (struct str){h->text, h->text_n});
}

/* What is still held, as the whole ledger; none: it goes. */
static void rewrite(void)
{
    int session = sys_session_descriptor(), fd;
    struct buf lines = {0};

    if (session < 0)
        return;
    for (size_t i = 0; i < table_count; i++) {
        const struct held *h = &table[i];
        if (h->uses)
            enter(&lines, h);
    }
    if (lines.n == 0) {
        unlinkat(session, LEDGER, 0);
        return;
    }
    fd = openat(session, LEDGER ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && write(fd, lines.p, lines.n) == (ssize_t)lines.n)
        renameat(session, LEDGER ".new", session, LEDGER);
    if (fd >= 0)
        close(fd);
    buf_release(&lines);
}

static int open_parent(const char *path, size_t *name)
{
    char parent[PATH_BYTES_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;

    if (!slash || n >= sizeof parent)
        return -1;
    memcpy(parent, path, n ? n : 1);
    parent[n ? n : 1] = '\0';
    *name = n + 1;
    return sys_open_beneath_root(parent, O_RDONLY | O_DIRECTORY);
}

static bool has_mark(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && names_is_placeholder(fd, &st);
}

static void clean_entry(const struct entry *entry)
{
    char path[PATH_BYTES_MAX];
    struct identity here;
    size_t name = 0;
    int folder, fd;

    memcpy(path, entry->path.p, entry->path.n);
    path[entry->path.n] = '\0';
    folder = open_parent(path, &name);
    fd = folder < 0 ? -1 : placeholder_open(folder, path + name, entry->file);
    if (fd >= 0 && placeholder_identify(fd, &here) &&
        (has_mark(fd) || (entry->state == 'i' ? placeholder_begun(fd) : placeholder_same(&here, &entry->identity))))
        placeholder_remove(folder, path + name, fd, entry->file, entry->text);
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
}

/* An intent counts only where nothing later says what became of it. */
static bool is_settled(struct str all, size_t at, const struct entry *intent)
{
    struct entry later;

    while (read_entry(all, &at, &later))
        if (later.state == 'h' && str_eq(later.path, intent->path))
            return true;
    return false;
}

static void clean_session(int session)
{
    int fd = openat(session, LEDGER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    struct entry entry;
    struct str all;
    size_t at = 0;
    char *bytes;
    ssize_t n;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size <= LEDGER_MAX &&
        (bytes = malloc((size_t)st.st_size + 1)) != NULL) {
        n = read(fd, bytes, (size_t)st.st_size);
        all = (struct str){bytes, n > 0 ? (size_t)n : 0};
        while (read_entry(all, &at, &entry))
            if (entry.state == 'h' || !is_settled(all, at, &entry))
                clean_entry(&entry);
        free(bytes);
    }
    close(fd);
    unlinkat(session, LEDGER, 0);
    unlinkat(session, LEDGER ".new", 0);
}

void names_clean(struct str session_dir)
{
    char path[PATH_BYTES_MAX + 16];
    size_t n = session_dir.n;

    while (n > 0 && session_dir.p[n - 1] != '/')
        n--;
    if (n == 0 || n >= PATH_BYTES_MAX)
        return;
    clean_session(sys_session_descriptor());
    for (int i = 0; i < SESSIONS_MAX; i++) {
        int folder;
        snprintf(path, sizeof path, "%.*ss%d", (int)n, session_dir.p, i);
        folder = str_is(session_dir, path) ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0 && !str_is(session_dir, path))
            break; /* they are made in this order */
        /* Held by nobody: its session has ended, or died. */
        if (folder >= 0 && faccessat(folder, LEDGER, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
            flock(folder, LOCK_EX | LOCK_NB) == 0)
            clean_session(folder);
        if (folder >= 0)
            close(folder);
    }
}

/* ---- holding ---- */

static struct held *find_held(struct str path)
{
    for (size_t i = 0; i < table_count; i++)
        if (table[i].uses && !table[i].gone && str_is(path, table[i].path))
            return &table[i];
    return NULL;
}

/* Is what we hold still what stands there? Somebody outside may have removed it, or put something in its place. */
static bool stands(const struct held *h)
{
    struct identity here;
    int fd = placeholder_open(h->folder, h->path + h->name, h->file);
    bool same = fd >= 0 && placeholder_identify(fd, &here) && placeholder_same(&here, &h->identity);

    if (fd >= 0)
        close(fd);
    return same;
}

static void forget(struct held *h)
{
    if (h->fd >= 0)
        close(h->fd);
    if (h->folder >= 0)
        close(h->folder);
    free(h->path);
    free(h->text);
    *h = (struct held){.folder = -1, .fd = -1};
}

static struct held *new_held(const struct op *op)
{
    struct held *h = NULL, *more;

    for (size_t i = 0; i < table_count && !h; i++)
        if (!table[i].path)
            h = &table[i];
    if (!h) {
        more = realloc(table, (table_count + 1) * sizeof *table);
        if (!more)
            return NULL;
        table = more;
        h = &table[table_count++];
    }
    *h = (struct held){.folder = -1, .fd = -1, .file = op->number == 1, .text_n = op->text.n};
    h->path = malloc(op->path.n + 1);
    h->text = malloc(op->text.n + 1);
    if (!h->path || !h->text) {
        forget(h);
        return NULL;
    }
    memcpy(h->path, op->path.p, op->path.n);
    h->path[op->path.n] = '\0';
    if (op->text.n)
        memcpy(h->text, op->text.p, op->text.n);
    return h;
}

static bool make(struct held *h)
{
    h->made = names_make(h->folder, h->path + h->name, h->file, (struct str){h->text, h->text_n});
    if (!h->made)
        return false;
    h->fd = placeholder_open(h->folder, h->path + h->name, h->file);
    return h->fd >= 0;
}

/* One of another session's, also one that it is just making, or of one whose ledger is lost: ours too from now on. False
 * with errno. */
static bool adopt(struct held *h)
{
    struct stat st;

    h->fd = placeholder_open(h->folder, h->path + h->name, h->file);
    if (h->fd < 0)
        return false;
    if (fstat(h->fd, &st) == 0 && names_is_placeholder(h->fd, &st)) {
        errno = EAGAIN;
        if (placeholder_untouched(h->fd, h->file, (struct str){h->text, h->text_n}))
            return !placeholder_begun(h->fd) || placeholder_finish(h->fd, h->file);
        if (placeholder_begun(h->fd))
            return false; /* its bytes are not yet there */
    }
    /* Somebody's own; unless it was a placeholder that was removed as we looked, which has nothing in it that can be read. */
    errno = placeholder_identify(h->fd, &h->identity) && !stands(h) ? EAGAIN : EEXIST;
    return false;
}

/* Ours, or another's: only with the lock, and still there once we have it, it stays. False with EAGAIN: it is being
 * removed, or was before we had the lock; the next that stands there, or ours, it will be. */
static bool lock_it(struct held *h)
{
    bool locked = flock(h->fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK; /* not every file system has locks */

    if (locked && placeholder_identify(h->fd, &h->identity) && stands(h))
        return true;
    errno = EAGAIN;
    return false;
}

static bool hold(struct held *h)
{
    struct timespec pause = {0, 1000 * 1000};
    int code = EAGAIN;

    if (h->folder < 0 && (h->folder = open_parent(h->path, &h->name)) < 0)
        return false;
    for (int i = 0; i < LOCK_TRIES; i++) {
        if ((make(h) || (!h->made && errno == EEXIST && adopt(h))) && lock_it(h))
            return true;
        code = errno;
        if (code != EAGAIN && code != ENOENT)
            return false;
        if (h->fd >= 0)
            close(h->fd);
        h->fd = -1;
        h->made = false;
        nanosleep(&pause, NULL);
    }
    errno = code;
    return false;
}

/* A birthplace may stand on an empty folder of the person's own: used, and never removed. */
static bool borrow(struct held *h, const struct op *op)
{
    h->theirs = op->kind == OP_BIRTHPLACE && h->fd >= 0 && placeholder_untouched(h->fd, false, (struct str){0}) &&
                placeholder_identify(h->fd, &h->identity);
    return h->theirs;
}

/* In a folder of somebody else's that we may not write, what runs inside may not either. */
static bool needs_none(const struct held *h, int code)
{
    struct stat st;

    return (code == EACCES || code == EPERM) && h->folder >= 0 && fstat(h->folder, &st) == 0 &&
           st.st_uid != geteuid() && faccessat(h->folder, ".", W_OK | X_OK, AT_EACCESS) != 0;
}

static bool is_accepted(const struct op *op, const struct texts *accepted)
{
    for (size_t i = 0; i < accepted->n; i++)
        if (op->on_failure == FAIL_PARTIAL && str_eq(accepted->v[i], op->part))
            return true;
    return false;
}

static bool refuse(const struct op *op, int code, struct err *e)
{
    err_set(e, code == EEXIST ? ERR_REFUSED : ERR_SYSTEM, "cannot hold a protected name that does not exist");
    err_subject(e, op->path);
    sys_reason(e, code);
    if (code == EEXIST || code == EAGAIN)
        return err_remedy(e, "somebody made it while Cordon was opening; try again");
    if (op->on_failure == FAIL_PARTIAL)
        return err_remedy(e, "make it yourself, or accept that it is not held: --accept %.*s", (int)op->part.n, op->part.p);
    return false;
}

static bool note_use(struct names *mine, struct held *h)
{
    size_t *more;

    for (size_t i = 0; i < mine->n; i++)
        if (mine->v[i] == (size_t)(h - table))
            return true;
    more = realloc(mine->v, (mine->n + 1) * sizeof *more);
    if (!more)
        return false;
    mine->v = more;
    mine->v[mine->n++] = (size_t)(h - table);
    h->uses++;
    return true;
}

static bool hold_one(struct names *mine, const struct op *op, const struct texts *accepted, struct buf *entered,
    struct err *e)
{
    struct held *h = find_held(op->path);
    int code;

    if (h && h->fd >= 0 && stands(h))
        return note_use(mine, h) || err_set(e, ERR_LIMIT, "no memory");
    if (h)
        h->gone = true;
    h = new_held(op);
    if (!h)
        return err_set(e, ERR_LIMIT, "no memory");
    if ((hold(h) || borrow(h, op)) && note_use(mine, h)) {
        enter(entered, h);
        return true;
    }
    code = errno;
    if (h->made && h->fd >= 0)
        placeholder_remove(h->folder, h->path + h->name, h->fd, h->file, op->text);
    if (needs_none(h, code)) {
        forget(h);
        return true;
    }
    forget(h);
    if (!is_accepted(op, accepted))
        return refuse(op, code, e);
    mine->missing = op->part;
    mine->missing_code = code;
    return true;
}

/* A birthplace stands on a placeholder. */
static bool is_held(const struct op *op)
{
    return op->kind == OP_PLACEHOLDER || (op->kind == OP_BIRTHPLACE && op->number == 0);
}

/* One that exists, and is not ours; should it go, the keeper puts a placeholder in its place, which is. */
static bool expect_one(struct names *mine, const struct op *op, struct buf *entered, struct err *e)
{
    struct held *h = find_held(op->path);

    if (!h && (h = new_held(op)) != NULL) {
        h->file = false;
        h->folder = open_parent(h->path, &h->name);
        if (h->folder < 0) {
            forget(h);
            return true; /* what cannot be reached from outside is not replaced there */
        }
        write_entry(entered, 'h', false, &h->identity, op->path, op->text);
    }
    return (h && note_use(mine, h)) || err_set(e, ERR_LIMIT, "no memory");
}

bool names_hold(struct names *mine, const struct op *ops, size_t count, const struct texts *accepted, struct err *e)
{
    struct buf lines = {0};
    struct identity now = {.born = (int64_t)time(NULL)};
    bool good = true;

    for (size_t i = 0; i < count; i++)
        if (is_held(&ops[i]) && !find_held(ops[i].path))
            write_entry(&lines, 'i', ops[i].number == 1, &now, ops[i].path, ops[i].text);
    if (lines.n && !append(&lines)) {
        err_set(e, ERR_SYSTEM, "cannot write down what is about to be made");
        sys_reason(e, errno);
        good = false;
    }
    mine->entered = mine->entered || lines.n;
    buf_clear(&lines);
    for (size_t i = 0; good && i < count; i++)
        if (is_held(&ops[i]))
            good = hold_one(mine, &ops[i], accepted, &lines, e);
        else if (ops[i].kind == OP_PROTECT && ops[i].number == PROTECT_HELD)
            good = expect_one(mine, &ops[i], &lines, e);
    mine->entered = mine->entered || lines.n;
    if (lines.n && !append(&lines) && good) {
        err_set(e, ERR_SYSTEM, "cannot write down what was made");
        sys_reason(e, errno);
        good = false;
    }
    buf_release(&lines);
    return good;
}

bool names_identity(struct op *op)
{
    const struct held *h = find_held(op->path);

    if (!h)
        return false;
    op->check_identity = true;
    op->dev = h->identity.dev;
    op->ino = h->identity.ino;
    return true;
}

/* What stands there now: ours still, or what the keeper put in its place when somebody had taken it away. */
static void remove_held(const struct held *h)
{
    const char *name = h->path + h->name;
    struct str bytes = {h->text, h->text_n};
    struct stat st;
    int fd;

    if (h->theirs && stands(h))
        return;
    if (h->fd >= 0 && stands(h)) {
        placeholder_remove(h->folder, name, h->fd, h->file, bytes);
        return;
    }
    fd = placeholder_open(h->folder, name, h->file);
    if (fd >= 0 && fstat(fd, &st) == 0 && names_is_placeholder(fd, &st))
        placeholder_remove(h->folder, name, fd, h->file, bytes);
    if (fd >= 0)
        close(fd);
}

void names_release(struct names *mine)
{
    bool changed = mine->entered;

    for (size_t i = 0; i < mine->n; i++) {
        struct held *h = &table[mine->v[i]];
        if (--h->uses > 0)
            continue;
        remove_held(h);
        forget(h);
    }
    free(mine->v);
    *mine = (struct names){0};
    if (changed)
        rewrite();
}
