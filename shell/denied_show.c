/*
 * denied_show: what was refused, shown: of this session from memory (:denied), of any other from its log (cordon denied), also
 * while another terminal writes it. A log may end anywhere, where Cordon was killed; what is not a whole record is passed
 * over.
 */
#include "denied.h"
#include "../sandbox/core/json.h"
#include "../sandbox/core/text.h"

#include <string.h>

#define FOLLOW_MS    300
#define ENDING       ".jsonl"
#define LOG_LINE_MAX ((size_t)256 << 10)
#define CTRL_C       '\003'
#define CTRL_D       '\004'
#define ESCAPE       '\033'

/* What a log has. */
struct told {
    struct arena arena;
    struct str id, start, workspace, end; /* end: none while it has no last line */
    bool held;                            /* whoever writes it lives */
    struct denials all;
    uint64_t lost;
};

#define SHOWN 50 /* entries for a person who did not say how many; JSON has all */

static const size_t everything = SIZE_MAX;

static bool take_number(struct str word, size_t *out, struct err *e)
{
    size_t n = 0;

    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9' || n > 1000000)
            n = SIZE_MAX - 10;
        n = n > 1000000 ? n : n * 10 + (size_t)(word.p[i] - '0');
    }
    if (word.n == 0 || n == 0 || n > 1000000) {
        err_set(e, ERR_USAGE, "-n wants how many, from 1 on");
        return err_subject(e, word);
    }
    *out = n;
    return true;
}

/* ---- printing, from wherever it is ---- */

static void print_json(struct buf *out, const struct denials *all, size_t most, uint64_t lost)
{
    for (size_t i = all->n > most ? all->n - most : 0; i < all->n; i++)
        denial_json(out, &all->v[i]);
    if (lost)
        buf_format(out, "{\"version\":1,\"lost\":%llu}\n", (unsigned long long)lost);
}

static void print(struct session *s, struct buf *out, const struct denials *all, size_t most, uint64_t lost, bool json)
{
    struct path_env env = session_env(s);
    struct arena a = {0};
    struct denials groups;

    if (json) {
        print_json(out, all, most, lost);
        return;
    }
    denials_group(&a, all, &groups);
    denials_print(out, &a, &env, &groups, most == everything ? SHOWN : most, lost);
    arena_release(&a);
}

static bool flush(struct buf *out)
{
    bool good = tty_print(buf_view(out));

    buf_clear(out);
    return good;
}

/* ---- :denied ---- */

static void from_memory(const struct denied *k, size_t from, struct arena *a, struct denials *out)
{
    for (size_t i = from; i < k->n; i++)
        *(struct denial *)ARENA_PUSH(a, out) = k->v[i].d;
}

static bool ends_following(void)
{
    char keys[64];
    long code = 0, n = sys_read(tty_in(), keys, sizeof keys, &code);

    for (long i = 0; i < n; i++)
        if (keys[i] == CTRL_C || keys[i] == CTRL_D || keys[i] == ESCAPE || keys[i] == 'q')
            return true;
    return n == 0 || n == -2;
}

/* Only a person follows, and ends it by a key. */
static bool follow_here(struct session *s, bool json, struct buf *out)
{
    struct denied *k = s->denied;
    size_t shown = k->n;

    if (!json)
        buf_format(out, "(what comes is shown until you press q or Ctrl-C)\n");
    while (flush(out)) {
        struct sys_wait items[] = {{tty_in(), SYS_READ, 0}, {denied_handle(s, s->open), SYS_READ, 0},
            {tty_signals(), SYS_READ, 0}};
        struct arena a = {0};
        struct denials fresh = {0};

        sys_wait(items, COUNT_OF(items), FOLLOW_MS);
        if ((items[0].got && ends_following()) || items[2].got)
            break;
        denied_turn(s, s->open);
        from_memory(k, shown, &a, &fresh);
        shown = k->n;
        if (fresh.n)
            print(s, out, &fresh, everything, 0, json);
        arena_release(&a);
    }
    denied_news(s);
    return true;
}

bool denied_builtin(struct session *s, const struct texts *words, enum line_from from, struct err *e)
{
    bool json = false, follow = false, good = true;
    size_t most = everything;
    struct arena a = {0};
    struct denials all = {0};
    struct buf out = {0};

    for (size_t i = 0; good && i < words->n; i++) {
        if (str_is(words->v[i], "--json"))
            json = true;
        else if (str_is(words->v[i], "--follow"))
            follow = true;
        else if (str_is(words->v[i], "-n"))
            good = take_number(i + 1 < words->n ? words->v[++i] : STR(""), &most, e);
        else
            good = err_set(e, ERR_USAGE, "no such word of :denied") || err_subject(e, words->v[i]);
    }
    if (good && follow && (!s->interactive || from == LINE_SCRIPT)) {
        err_set(e, ERR_USAGE, "--follow ends by a key, and nobody is there to press one");
        good = err_remedy(e, "cordon denied --follow, in another terminal, ends with the session");
    }
    if (good) {
        denied_drain(s, s->open);
        from_memory(s->denied, 0, &a, &all);
        if (!all.n && !json)
            buf_format(&out, "nothing was refused in this session\n");
        print(s, &out, &all, most, s->denied->lost, json);
        good = follow ? follow_here(s, json, &out) : flush(&out);
        denied_news(s);
    }
    buf_release(&out);
    arena_release(&a);
    return good;
}

/* ---- logs ---- */

static const struct json_node *member(const struct json_node *object, const char *key, enum json_kind kind)
{
    for (const struct json_node *n = object->child; n; n = n->next)
        if (str_is(n->key, key) && n->kind == kind)
            return n;
    return NULL;
}

static uint64_t number_of(const struct json_node *node)
{
    uint64_t n = 0;

    for (size_t i = 0; node && i < node->raw.n && node->raw.p[i] >= '0' && node->raw.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(node->raw.p[i] - '0');
    return n;
}

/* The first and the last line of a log. */
static void take_frame(struct told *t, struct str line)
{
    struct json_source source = {.what = "not a log", .file = STR("log"), .bytes = line};
    struct json_node *root = NULL;
    const struct json_node *node;
    struct err ignored = {0};

    if (!json_check(&t->arena, &source, &root, &ignored) || root->kind != JSON_OBJECT)
        return;
    if ((node = member(root, "start", JSON_STRING)))
        t->start = json_text(&t->arena, node);
    if ((node = member(root, "workspace", JSON_STRING)))
        t->workspace = json_text(&t->arena, node);
    if ((node = member(root, "end", JSON_STRING))) {
        t->end = json_text(&t->arena, node);
        t->lost = number_of(member(root, "lost", JSON_NUMBER));
    }
}

/* Whole lines at the front of bytes; returns how many bytes they were. */
static size_t take_lines(struct told *t, struct str bytes)
{
    size_t at = 0, end;

    while ((end = str_find(bytes, at, '\n')) < bytes.n) {
        struct str line = str_slice(bytes, at, end);
        struct denial d;
        if (line.n <= LOG_LINE_MAX) {
            if (denial_parse(&t->arena, line, &d))
                *(struct denial *)ARENA_PUSH(&t->arena, &t->all) = d;
            else
                take_frame(t, line);
        }
        at = end + 1;
    }
    return at;
}

static struct str log_path(const struct session *s, struct arena *a, struct str id)
{
    struct str folder = denied_folder(s, a);

    return arena_format(a, "%.*s/%.*s" ENDING, (int)folder.n, folder.p, (int)id.n, id.p);
}

static bool read_log(struct session *s, struct str id, struct told *t, uint64_t *at, struct err *e)
{
    struct buf bytes = {.ceiling = DENIED_LOG_MAX};
    struct str path = log_path(s, &t->arena, id);
    bool good;

    t->id = id;
    t->held = sys_log_is_held(path); /* before it is read: what ends meanwhile has its last line */
    good = sys_log_read(path, *at, DENIED_LOG_MAX, &bytes, e);
    if (good)
        *at += take_lines(t, buf_view(&bytes));
    buf_release(&bytes);
    return good;
}

static struct str until_seconds(struct arena *a, struct str time)
{
    struct str day = str_slice(time, 0, 10), clock = str_slice(time, 11, 19);

    if (time.n < 19)
        return STR("?");
    return arena_format(a, "%.*s %.*s", (int)day.n, day.p, (int)clock.n, clock.p);
}

static void print_session(struct session *s, struct told *t, size_t most, bool json, bool header, struct buf *out)
{
    struct arena *a = &t->arena;

    if (json && header) {
        buf_format(out, "{\"version\":1,\"session\":");
        text_json(out, t->id);
        buf_format(out, ",\"start\":");
        text_json(out, t->start);
        buf_format(out, ",\"workspace\":");
        text_json(out, t->workspace);
        buf_format(out, "}\n");
    } else if (!json) {
        struct str end = t->end.n ? arena_format(a, "to %s", until_seconds(a, t->end).p)
                         : t->held ? STR("and still open")
                                   : STR("and ended without a word");
        buf_format(out, "session %s in %s, from %s UTC %s\n", text_printable(a, t->id).p,
            t->workspace.n ? path_display(a, &s->env, t->workspace).p : "no workspace", until_seconds(a, t->start).p,
            end.p);
        if (!t->all.n)
            buf_format(out, "nothing was refused\n");
    }
    print(s, out, &t->all, most, t->lost, json);
}

/* Until the session ends, or we are. */
static bool follow_log(struct session *s, struct str id, uint64_t at, bool json, struct buf *out, struct err *e)
{
    bool over = false;

    while (!over) {
        struct told fresh = {0};
        bool good = read_log(s, id, &fresh, &at, e);
        over = !good || fresh.end.n || !fresh.held;
        if (good && fresh.all.n)
            print(s, out, &fresh.all, everything, fresh.lost, json);
        arena_release(&fresh.arena);
        if (!flush(out) || !good)
            return false;
        if (!over)
            sys_wait(NULL, 0, FOLLOW_MS);
    }
    return true;
}

static bool find_logs(struct session *s, struct texts *ids, struct err *e)
{
    struct texts names = {0};
    struct err mine = {0};

    if (!sys_list_folder(&s->arena, denied_folder(s, &s->arena), DENIED_LOGS_SEEN, &names, &mine)) {
        if (mine.kind != ERR_MISSING)
            *e = mine;
        return mine.kind == ERR_MISSING;
    }
    for (size_t i = 0; i < names.n; i++)
        if (str_ends(names.v[i], STR(ENDING)))
            *(struct str *)ARENA_PUSH(&s->arena, ids) =
                arena_str(&s->arena, str_slice(names.v[i], 0, names.v[i].n - (sizeof ENDING - 1)));
    return true;
}

/* The one that was named, or the newest. */
static bool choose_log(const struct options *o, const struct texts *ids, struct str *id, struct err *e)
{
    if (!o->session.p) {
        *id = ids->v[ids->n - 1];
        return true;
    }
    for (size_t i = 0; i < ids->n; i++)
        if (str_eq(ids->v[i], o->session)) {
            *id = ids->v[i];
            return true;
        }
    err_set(e, ERR_MISSING, "no such session is kept");
    err_subject(e, o->session);
    return err_remedy(e, "cordon denied --all names them");
}

static bool show_log(struct session *s, struct str id, size_t most, bool header, uint64_t *at, struct buf *out,
    struct err *e)
{
    struct told t = {0};
    bool good = read_log(s, id, &t, at, e);

    if (good)
        print_session(s, &t, most, s->options->json, header, out);
    arena_release(&t.arena);
    return good;
}

static bool show_logs(struct session *s, const struct options *o, size_t most, struct buf *out, struct err *e)
{
    struct texts ids = {0};
    struct str id;
    uint64_t at = 0;

    if (!find_logs(s, &ids, e))
        return false;
    if (!ids.n && !o->session.p) {
        if (!o->json)
            buf_format(out, "no session has been kept yet\n");
        return flush(out);
    }
    if (o->all) {
        for (size_t i = 0; i < ids.n; i++) {
            struct err gone = {0}; /* one that was cleared away meanwhile */
            at = 0;
            show_log(s, ids.v[i], most, true, &at, out, &gone);
            if (!flush(out))
                return false;
        }
        return true;
    }
    if (!choose_log(o, &ids, &id, e) || !show_log(s, id, most, false, &at, out, e) || !flush(out))
        return false;
    return !o->follow || follow_log(s, id, at, o->json, out, e);
}

int verb_denied(const struct options *o)
{
    struct session s = {.options = o};
    struct buf out = {.ceiling = DENIED_LOG_MAX};
    struct err e = {0};
    size_t most = everything;
    bool good = (!o->number.p || take_number(o->number, &most, &e)) && session_begin(&s, o, &e) &&
                show_logs(&s, o, most, &out, &e);

    if (e.kind)
        say_error(&e);
    buf_release(&out);
    session_end(&s);
    return good ? EXIT_OK : EXIT_CORDON;
}
