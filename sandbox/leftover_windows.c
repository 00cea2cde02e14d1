/*
 * leftover: the second look at what no entry holds for git (see docs/git.md): files in a .git that git inside has to write and that git
 * outside takes at their word (gitleft.c), and links there. When nothing runs inside any more, and at :reapply. Trusted side.
 *
 * It is told, and nothing is moved: what is found may be the person's own. Times are not gone by, as anything inside can set them: all that
 * could have been written is judged. Nothing is kept for whoever comes after a crash.
 */
#include "win32.h"
#include "core/acls.h"
#include "core/gitleft.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define LIST_MAX   ((size_t)64 << 10) /* of a rebase that waits: as it was, to be compared */
#define NAMES_MAX  1000000
#define LOOK_MS    10000
#define DEPTH_MAX  48
#define TOLD_MAX   20

/* ---- how it was at the beginning ---- */

/* "KIND PATH_LENGTH TEXT_LENGTH\n" PATH TEXT. P: a plan; after it R: a root, X: what it closes to writing; T: a list, and its text. */
struct record {
    char kind;
    struct str path, text;
};
struct records {
    struct record *v;
    size_t n, cap;
};

static void write_record(struct buf *out, char kind, struct str path, struct str text)
{
    buf_format(out, "%c %lu %lu\n", kind, (unsigned long)path.n, (unsigned long)text.n);
    buf_str(out, path);
    buf_str(out, text);
}

static void read_records(struct arena *a, struct str all, struct records *out)
{
    for (size_t at = 0; at < all.n;) {
        size_t end = str_find(all, at, '\n');
        struct str line = arena_str(a, str_slice(all, at, end)), path, text;
        unsigned long path_n, text_n;
        char kind;
        if (end >= all.n || sscanf(line.p, "%c %lu %lu", &kind, &path_n, &text_n) != 3)
            return;
        path = arena_str(a, str_slice(all, end + 1, end + 1 + path_n));
        text = str_slice(all, end + 1 + path_n, end + 1 + path_n + text_n);
        *(struct record *)ARENA_PUSH(a, out) = (struct record){kind, path, text};
        at = end + 1 + path_n + text_n;
    }
}

/* By a deny entry with which no content is written. Guards that Cordon makes are nothing that git obeys. */
static bool closes(struct arena *a, const struct op *op)
{
    struct err ignored = {0};
    struct ace ace;

    return op->kind == OP_ACE && op->number == ACE_PUT && sddl_parse_ace(a, op->text, &ace, &ignored) && ace.type == ACE_DENY &&
           (ace.mask & NT_FILE_WRITE_DATA);
}

static struct str dot_git_of(struct arena *a, struct str root)
{
    return path_join(a, PATH_WINDOWS, root, STR(".git"));
}

void leftover_begin(struct arena *a, const struct plan *plan, const struct texts *roots, struct buf *ledger)
{
    const struct git_eye *eye = git_eye_system();
    bool first = ledger->n == 0;

    write_record(ledger, 'P', (struct str){0}, (struct str){0});
    for (size_t i = 0; i < roots->n; i++)
        write_record(ledger, 'R', roots->v[i], (struct str){0});
    for (size_t i = 0; i < plan->n; i++)
        if (closes(a, &plan->v[i]))
            write_record(ledger, 'X', plan->v[i].path, (struct str){0});
    for (size_t i = 0; first && i < roots->n; i++) {
        struct str list = path_join(a, PATH_WINDOWS, dot_git_of(a, roots->v[i]), STR("rebase-merge\\git-rebase-todo")), text;
        if (eye->read(eye->context, a, list, LIST_MAX, true, &text))
            write_record(ledger, 'T', list, text);
    }
}

void leftover_roots(struct arena *a, struct str ledger, struct texts *roots)
{
    struct records all = {0};

    read_records(a, ledger, &all);
    for (size_t i = 0; i < all.n; i++)
        if (all.v[i].kind == 'R')
            *(struct str *)ARENA_PUSH(a, roots) = all.v[i].path;
}

/* ---- at the end ---- */

struct walk {
    struct arena *a;
    const struct path_env *env;
    const struct records *all;
    struct texts *lines;
    struct gitleft left;
    size_t names;
    uint64_t deadline;
    unsigned told;
    struct str missed; /* where not all was looked at, first */
};

/* By any of the plans that were in force: the deeper word in each. */
static bool was_writable(void *context, struct str path)
{
    const struct walk *w = context;
    size_t root = 0, closed = 0;

    for (size_t i = 0; i <= w->all->n; i++) {
        const struct record *r = i < w->all->n ? &w->all->v[i] : NULL;
        if (!r || r->kind == 'P') {
            if (root > closed)
                return true;
            root = closed = 0;
        } else if ((r->kind == 'R' || r->kind == 'X') && path_is_under(w->env, r->path, path)) {
            if (r->kind == 'R' && r->path.n > root)
                root = r->path.n;
            else if (r->kind == 'X' && r->path.n > closed)
                closed = r->path.n;
        }
    }
    return false;
}

static bool is_in_root(const struct walk *w, struct str path)
{
    for (size_t i = 0; i < w->all->n; i++)
        if (w->all->v[i].kind == 'R' && path_is_under(w->env, w->all->v[i].path, path))
            return true;
    return false;
}

/* What is read here was written inside, and may lead to any server: nobody goes out of the roots. */
static enum fact_kind kind_within(void *context, struct str path)
{
    const struct git_eye *eye = git_eye_system();

    return is_in_root(context, path) ? eye->kind(eye->context, path) : FACT_UNKNOWN;
}

static bool read_within(void *context, struct arena *a, struct str path, size_t ceiling, bool inside, struct str *out)
{
    const struct git_eye *eye = git_eye_system();

    (void)inside;
    return is_in_root(context, path) && eye->read(eye->context, a, path, ceiling, true, out);
}

static bool list_within(void *context, struct arena *a, struct str folder, size_t most, struct texts *out)
{
    const struct git_eye *eye = git_eye_system();

    return is_in_root(context, folder) && eye->list(eye->context, a, folder, most, out);
}

static void tell(struct walk *w, struct str line)
{
    for (size_t i = 0; i < w->lines->n; i++)
        if (str_eq(w->lines->v[i], line))
            return;
    if (w->told++ < TOLD_MAX)
        *(struct str *)ARENA_PUSH(w->a, w->lines) = arena_str(w->a, line);
}

static bool is_as_it_was(const struct walk *w, struct arena *a, struct str file)
{
    struct str text;

    for (size_t i = 0; i < w->all->n; i++)
        if (w->all->v[i].kind == 'T' && path_same(w->env, w->all->v[i].path, file))
            return read_within((void *)(uintptr_t)w, a, file, LIST_MAX, true, &text) && str_eq(text, w->all->v[i].text);
    return false;
}

static void judge_file(struct walk *w, struct str file)
{
    struct arena a = {0};
    struct texts said = {0};
    struct str why = gitleft_judge(&a, &w->left, file, !is_as_it_was(w, &a, file), &said);
    bool index = text_same(path_name(PATH_WINDOWS, file), STR("index"));

    for (size_t i = 0; i < said.n; i++)
        tell(w, arena_format(&a, "warning: %s. Look at it before you run git there", said.v[i].p));
    if (why.n)
        tell(w, arena_format(&a, "warning: %s, which could be written inside, %s: remove it before you run git there%s",
            path_display(&a, w->env, file).p, why.p, index ? "; git reset makes another" : ""));
    arena_release(&a);
}

static bool leads_away(HANDLE folder, const struct win_list *l)
{
    FILE_ATTRIBUTE_TAG_INFO info = {0};
    HANDLE h = win_open_beneath(folder, l->name, l->n, FILE_READ_ATTRIBUTES, FILE_OPEN, 0);
    bool away = !h || !GetFileInformationByHandleEx(h, FileAttributeTagInfo, &info, sizeof info) || info.ReparseTag == IO_REPARSE_TAG_SYMLINK ||
                info.ReparseTag == IO_REPARSE_TAG_MOUNT_POINT;

    win_close(&h);
    return away;
}

static void walk_folder(struct walk *w, HANDLE folder, struct str path, int depth);

static void walk_name(struct walk *w, const struct win_list *l, struct str path, int depth)
{
    struct arena a = {0};
    struct str name = utf8_from(&a, l->name, l->n), inner = path_join(&a, PATH_WINDOWS, path, name);
    bool link = (l->attributes & FILE_ATTRIBUTE_REPARSE_POINT) && leads_away(l->folder, l), is_folder = (l->attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    bool objects = name.n == 2 && text_same(path_name(PATH_WINDOWS, path), STR("objects")) && text_same(arena_str(&a, path_parent(PATH_WINDOWS, path)), w->left.top);

    if (link && was_writable(w, inner)) {
        tell(w, arena_format(&a, "warning: %s is a link that could be made inside, and git here would write through it. Look at it before you run git there",
            path_display(&a, w->env, inner).p));
    } else if (is_folder && !link && !objects && was_writable(w, inner)) { /* what is closed is closed with all that lies in it */
        HANDLE h = win_open_beneath(l->folder, l->name, l->n, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, FILE_OPEN, FILE_DIRECTORY_FILE);
        if (h)
            walk_folder(w, h, inner, depth + 1);
        else if (!w->missed.n)
            w->missed = arena_str(w->a, inner);
        win_close(&h);
    } else if (!is_folder && !link && gitleft_wants(PATH_WINDOWS, w->left.top, path, name) && was_writable(w, inner)) {
        judge_file(w, inner);
    }
    arena_release(&a);
}

static void walk_folder(struct walk *w, HANDLE folder, struct str path, int depth)
{
    struct win_list *l = depth <= DEPTH_MAX ? HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof *l) : NULL;

    if (l)
        l->folder = folder;
    while (l && w->names && sys_milliseconds() < w->deadline && win_list_next(l)) {
        w->names--;
        walk_name(w, l, path, depth);
    }
    if ((!l || !w->names || sys_milliseconds() >= w->deadline) && !w->missed.n)
        w->missed = arena_str(w->a, path);
    if (l)
        HeapFree(GetProcessHeap(), 0, l);
}

static void look_into(struct arena *a, const struct path_env *env, const struct records *all, const struct texts *roots, struct str root, struct texts *lines)
{
    struct walk w = {.a = a, .env = env, .all = all, .lines = lines, .names = NAMES_MAX, .deadline = sys_milliseconds() + LOOK_MS};
    const struct git_eye eye = {.context = &w, .kind = kind_within, .read = read_within, .list = list_within};
    static const char *const chief[] = {"index", "MERGE_RR"}; /* first, however much there is to go through */
    DWORD attributes = 0;
    HANDLE h;

    w.left = (struct gitleft){.env = env, .eye = &eye, .top = dot_git_of(a, root), .worktree = root, .roots = roots, .writable = was_writable, .context = &w};
    h = win_open_plain(w.left.top, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, &attributes);
    if (!h && GetLastError() != ERROR_FILE_NOT_FOUND && GetLastError() != ERROR_PATH_NOT_FOUND)
        w.missed = w.left.top;
    for (size_t i = 0; h && (attributes & FILE_ATTRIBUTE_DIRECTORY) && i < COUNT_OF(chief); i++) {
        struct str file = path_join(a, PATH_WINDOWS, w.left.top, str_from(chief[i]));
        if (kind_within(&w, file) == FACT_FILE && was_writable(&w, file))
            judge_file(&w, file);
    }
    if (h && (attributes & FILE_ATTRIBUTE_DIRECTORY) && was_writable(&w, w.left.top))
        walk_folder(&w, h, w.left.top, 0);
    win_close(&h);
    if (w.told > TOLD_MAX)
        *(struct str *)ARENA_PUSH(a, lines) = arena_format(a, "warning: %u more of that kind in %s", w.told - TOLD_MAX, path_display(a, env, w.left.top).p);
    if (w.missed.n)
        *(struct str *)ARENA_PUSH(a, lines) = arena_format(a,
            "warning: not all of %s was looked at for what git here would obey, or write through: it cannot be read, is too deep, or there is too much of it (%s)",
            path_display(a, env, w.left.top).p, path_display(a, env, w.missed).p);
}

void leftover_look(struct arena *a, const struct path_env *env, struct str ledger, struct texts *lines)
{
    struct records all = {0};
    struct texts roots = {0};

    read_records(a, ledger, &all);
    for (size_t i = 0; i < all.n; i++) {
        bool seen = all.v[i].kind != 'R';
        for (size_t j = 0; j < roots.n && !seen; j++)
            seen = path_same(env, roots.v[j], all.v[i].path);
        if (!seen)
            *(struct str *)ARENA_PUSH(a, &roots) = all.v[i].path;
    }
    for (size_t i = 0; i < roots.n; i++)
        look_into(a, env, &all, &roots, roots.v[i], lines);
}

/* ---- after a crash ---- */

void leftover_done(void)
{
}

void leftover_crashed(
    struct arena *a, const struct path_env *env, struct str session_dir, struct texts *roots, struct texts *lines)
{
    (void)a;
    (void)env;
    (void)session_dir;
    (void)roots;
    (void)lines;
}
