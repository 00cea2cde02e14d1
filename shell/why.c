/*
 * why: what would be allowed at a path, to an address, or of a program, by which rule, and what would change it: from the
 * policy, and the same engine that plans the enforcement. Opens nothing.
 */
#include "asked.h"
#include "denied.h"
#include "programs.h"
#include "shell.h"
#include "../sandbox/core/cmdline.h"
#include "../sandbox/core/setup_plan.h"
#include "../sandbox/core/text.h"

#define QUESTIONS_MAX ((size_t)64 << 20) /* bytes on standard input */

static const char *wall_name(enum wall wall)
{
    static const char *const names[] = {"", "a read-only mount", "Landlock", "a namespace of its own",
        "the observer", "a cover over it", "the gate, which makes each connection", "the entries on it",
        "the filters of the network"};
    return (size_t)wall < COUNT_OF(names) ? names[wall] : "";
}

static void say_verdict(struct buf *out, struct arena *a, enum operation operation, const struct verdict *v)
{
    buf_format(out, "%-8s %s", operation_name(operation), v->allowed ? "allowed" : "refused");
    if (v->why.n)
        buf_format(out, ": %s", text_printable_once(a, v->why).p);
    buf_format(out, "\n");
    if (v->rule) {
        struct str text = text_printable(a, v->rule->text);
        const char *quote = str_starts(text, STR("\"")) ? "" : "\""; /* "git" stands for the key of that name */
        buf_format(out, "         rule: %s %s%s%s (%s)\n",
            v->rule->kind == RULE_WRITE     ? "write"
            : v->rule->kind == RULE_PROTECT ? "protect"
                                            : "secret",
            quote, text.p, quote, origin_text(a, &v->rule->origin).p);
    }
    if (!v->allowed && v->wall != WALL_NONE)
        buf_format(out, "         held by: %s\n", wall_name(v->wall));
    if (!v->allowed && v->change.n)
        buf_format(out, "         to change it: %s\n", text_printable_once(a, v->change).p);
}

static void verdict_json(struct buf *out, struct arena *a, struct str subject, enum operation operation,
    const struct verdict *v, enum evaluated entries, struct str words)
{
    buf_format(out, "{\"version\":1,\"subject\":");
    text_json(out, subject);
    buf_format(out, ",\"operation\":\"%s\",\"allowed\":%s,\"why\":", operation_name(operation),
        v->allowed ? "true" : "false");
    text_json(out, v->why);
    if (v->rule) {
        buf_format(out, ",\"rule\":");
        text_json(out, v->rule->text);
        buf_format(out, ",\"origin\":");
        text_json(out, origin_text(a, &v->rule->origin));
    }
    if (v->own)
        buf_format(out, ",\"own\":true");
    if (!v->allowed) {
        buf_format(out, ",\"wall\":\"%s\",\"change\":", wall_name(v->wall));
        text_json(out, v->change);
    }
    if (entries != EVALUATED_UNKNOWN) {
        buf_format(out, ",\"entries\":{\"allowed\":%s,\"why\":", entries == EVALUATED_ALLOWED ? "true" : "false");
        text_json(out, words);
        buf_format(out, "}");
    }
    buf_format(out, "}\n");
}

/* ---- paths ---- */

/* Where the path really leads; of one that is not there, where the nearest folder above it does. */
static struct str real_or_nearest(const struct session *s, struct arena *a, struct str path, bool *missing)
{
    struct str at = path, rest = {"", 0}, real;

    *missing = false;
    for (;;) {
        struct err ignored = {0};
        if (sys_real_path(a, at, &real, &ignored))
            return rest.n ? path_join(a, s->env.system, real, rest) : real;
        *missing = true;
        struct str name = path_name(s->env.system, at), parent = arena_str(a, path_parent(s->env.system, at));
        if (str_eq(parent, at))
            return path;
        rest = rest.n ? path_join(a, s->env.system, name, rest) : name;
        at = parent;
    }
}

/* What an operation reaches: these concern the name itself, a symbolic link too; the others what it leads to. */
static bool of_the_name(enum operation operation)
{
    return operation == OPERATION_CREATE || operation == OPERATION_DELETE || operation == OPERATION_RENAME ||
           operation == OPERATION_LINK;
}

struct asked_path {
    struct str path, real, name; /* as asked, canonical; where it leads; where the name itself stands */
    bool missing;
};

/* Behind a link, ".." is the folder above what the link leads to, as the kernel walks; a canonical form that only reads would
 * take the link away again. Without a ".." the word stays as it is. */
static struct str walk(const struct session *s, struct arena *a, const struct path_env *env, struct str word)
{
    struct str all = word, at = STR("/");
    bool up = false;

    if (env->system != PATH_POSIX || !word.n || word.p[0] == '$')
        return word;
    if (str_is(word, "~") || str_starts(word, STR("~/")))
        all = arena_format(a, "%.*s%.*s", (int)env->home.n, env->home.p, (int)word.n - 1, word.p + 1);
    else if (word.p[0] != '/')
        all = arena_format(a, "%.*s/%.*s", (int)env->cwd.n, env->cwd.p, (int)word.n, word.p);
    for (size_t i = 0; i < all.n;) {
        size_t end = str_find(all, i, '/');
        struct str part = str_slice(all, i, end), real;
        struct err ignored = {0};
        i = end + 1;
        if (str_is(part, "..")) {
            up = true;
            at = arena_str(a, path_parent(s->env.system, sys_real_path(a, at, &real, &ignored) ? real : at));
        } else if (part.n && !str_is(part, ".")) {
            at = path_join(a, s->env.system, at, part);
        }
    }
    return up ? at : word;
}

static bool look_up(struct session *s, struct arena *a, const struct path_env *env, struct str word,
    struct asked_path *out, struct err *e)
{
    bool ignored;

    if (str_find(word, 0, '\0') == word.n)
        word = walk(s, a, env, word);
    if (!path_canonical(a, env, word, &out->path, e))
        return false;
    out->real = real_or_nearest(s, a, out->path, &out->missing);
    out->name = out->path;
    if (path_depth(env->system, out->path) > 0)
        out->name = path_join(a, env->system, real_or_nearest(s, a, arena_str(a, path_parent(env->system, out->path)), &ignored),
            path_name(env->system, out->path));
    return true;
}

static bool parse_operation(struct str word, enum operation *out, struct err *e)
{
    if (operation_parse(word, out))
        return true;
    err_set(e, ERR_USAGE, "no such operation");
    err_subject(e, word);
    return err_remedy(e, "read, write, create, delete, rename, link, mode, time, connect or mount");
}

/* What the plan has seen, and what is at this path and above it: what would help depends on that. */
static struct facts facts_with(struct arena *a, const struct facts *seen, const struct path_env *env, struct str path)
{
    struct facts facts = *seen, more = {0};
    struct texts questions = {0};

    *(struct str *)ARENA_PUSH(a, &questions) = path;
    *(struct str *)ARENA_PUSH(a, &questions) = arena_str(a, path_parent(env->system, path));
    facts_paths(a, &questions, &more);
    facts.v = arena_alloc(a, seen->n + more.n, sizeof *facts.v);
    facts.cap = seen->n + more.n;
    for (size_t i = 0; i < seen->n; i++)
        facts.v[i] = seen->v[i];
    for (size_t i = 0; i < more.n; i++)
        facts.v[facts.n++] = more.v[i];
    return facts;
}

static void answer(const struct session *s, const struct opened *o, struct arena *a, const struct path_env *env,
    const struct asked_path *asked, enum operation operation, bool json, struct buf *out)
{
    struct str at = of_the_name(operation) ? asked->name : asked->real, words = {0};
    struct facts facts = facts_with(a, &o->facts, env, at);
    struct verdict v = rules_verdict_seen(a, &facts, &o->policy, env, at, operation);
    struct denial refused;
    enum evaluated entries = evaluate_path(s, o, a, &facts, at, operation, &refused, &words);

    if (json)
        verdict_json(out, a, at, operation, &v, entries, words);
    else
        say_verdict(out, a, operation, &v);
    if (!json && entries != EVALUATED_UNKNOWN && words.n)
        buf_format(out, "         its entries, as they are now: %s\n", words.p);
}

#define TYPE_BITS   0170000
#define SOCKET_BITS 0140000

static bool is_socket(struct arena *a, struct str path)
{
    struct texts question = {0};
    struct facts facts = {0};

    *(struct str *)ARENA_PUSH(a, &question) = path;
    facts_paths(a, &question, &facts);
    return facts.n == 1 && facts.v[0].kind == FACT_OTHER && (facts.v[0].mode & TYPE_BITS) == SOCKET_BITS;
}

static bool why_path(struct session *s, const struct opened *o, struct arena *a, struct str word,
    struct str operation, bool json, struct buf *out, struct err *e)
{
    static const enum operation shown[] = {OPERATION_READ, OPERATION_WRITE, OPERATION_CREATE, OPERATION_DELETE};
    struct path_env env = session_env(s);
    enum operation one = OPERATION_READ;
    struct asked_path asked = {0};

    if ((operation.p && !parse_operation(operation, &one, e)) || !look_up(s, a, &env, word, &asked, e))
        return false;
    if (!json) {
        if (!path_same(&env, asked.path, asked.real))
            buf_format(out, "%s leads to ", path_text(a, s->env.system, asked.path).p);
        buf_format(out, "%s%s\n", path_text(a, s->env.system, asked.real).p, asked.missing ? " (does not exist)" : "");
    }
    for (size_t i = 0; i < (operation.p ? 1 : COUNT_OF(shown)); i++)
        answer(s, o, a, &env, &asked, operation.p ? one : shown[i], json, out);
    if (!operation.p && is_socket(a, asked.real))
        answer(s, o, a, &env, &asked, OPERATION_CONNECT, json, out);
    return true;
}

/* ---- programs ---- */

#define SETUID_BITS 06000

static bool is_program(struct arena *a, struct str path, struct fact *out)
{
    struct texts question = {0};
    struct facts facts = {0};

    *(struct str *)ARENA_PUSH(a, &question) = path;
    facts_paths(a, &question, &facts);
    if (facts.n != 1 || facts.v[0].real_kind != FACT_FILE || !facts.v[0].real.n)
        return false;
    *out = facts.v[0];
    return true;
}

/* Where PATH has it: outside, but the same files are inside. Windows: with the endings that a start inside tries. */
static bool find_program(const struct session *s, struct arena *a, struct str name, struct fact *out)
{
    static const char *const endings[] = {"", ".com", ".exe", ".bat", ".cmd"};
    bool windows = s->env.system == PATH_WINDOWS;
    struct str path = s->host.path;

    for (size_t at = 0; at < path.n;) {
        size_t end = str_find(path, at, windows ? ';' : ':');
        struct str folder = str_slice(path, at, end);
        at = end + 1;
        if (windows && folder.n > 1 && folder.p[0] == '"' && folder.p[folder.n - 1] == '"')
            folder = str_slice(folder, 1, folder.n - 1);
        if (!path_is_absolute(s->env.system, folder) || (windows && folder.p[0] == '\\')) /* no share is gone to for a question */
            continue;
        for (size_t i = 0; i < (windows ? COUNT_OF(endings) : 1); i++) {
            struct str parts[] = {name, str_from(endings[i])};
            bool has = str_find(name, 0, '.') < name.n;
            if (windows && !has && i == 0)
                continue;
            if (is_program(a, path_join(a, s->env.system, folder, arena_join(a, parts, 2)), out))
                return true;
        }
    }
    return false;
}

static void say_program(struct buf *out, struct arena *a, struct str name, const struct program_word *w, bool json)
{
    if (json) {
        buf_format(out, "{\"version\":1,\"subject\":");
        text_json(out, name);
        buf_format(out, ",\"operation\":\"run\",\"allowed\":%s,\"why\":", w->works ? "true" : "false");
        text_json(out, str_from(w->why));
        if (w->change[0]) {
            buf_format(out, ",\"change\":");
            text_json(out, str_from(w->change));
        }
        buf_format(out, "}\n");
        return;
    }
    buf_format(out, "%s %s inside: %s%s%s\n", text_printable(a, name).p, w->works ? "works" : "cannot do its work", w->why,
        w->change[0] ? "; " : "", w->change);
}

/* A bare word that is no file here. False: no program either. */
static bool why_program(struct session *s, const struct opened *o, struct arena *a, struct str name, bool json,
    struct buf *out)
{
    struct program_word w;
    struct fact found = {0};
    bool there;

    if (program_known(&o->policy, s->env.system, name, &w)) {
        say_program(out, a, name, &w, json);
        return true;
    }
    there = find_program(s, a, name, &found);
    if (!there)
        return false;
    w = (found.mode & SETUID_BITS) != 0 && found.uid == 0
            ? program_setuid
            : (struct program_word){true, "nothing is known against it; what it may write and reach, :why PATH and "
                                          ":why HOST:PORT tell",
                  ""};
    say_program(out, a, name, &w, json);
    return true;
}

static bool is_file(const struct session *s, struct arena *a, struct str word)
{
    struct path_env env = session_env(s);
    struct err ignored = {0};
    struct str path, real;

    return path_canonical(a, &env, word, &path, &ignored) && sys_real_path(a, path, &real, &ignored);
}

static bool is_bare(const struct session *s, struct str word)
{
    if (s->env.system == PATH_WINDOWS && (str_find(word, 0, '\\') < word.n || path_is_absolute(PATH_WINDOWS, word)))
        return false;
    return word.n && word.p[0] != '.' && word.p[0] != '~' && word.p[0] != '$' && str_find(word, 0, '/') == word.n;
}

static bool is_nothing(struct str word, struct err *e)
{
    err_set(e, ERR_MISSING, "no file here, and no program that PATH has");
    err_subject(e, word);
    return err_remedy(e, "of a file that is yet to be made: ./ before its name");
}

/* ---- addresses ---- */

/* There is no network of the sandbox's own on Windows: filters for its account hold the machine's, loopback with it but for two ranges
 * of ports (setup_network.c). */
static void as_on_windows(const struct opened *o, const struct asked *asked, struct verdict *v)
{
    bool own_port = asked->port >= SETUP_DYNAMIC_LOW || (asked->port >= SETUP_PROXY_LOW && asked->port <= SETUP_PROXY_HIGH);
    bool loopback = v->own;

    v->own = false;
    v->wall = o->plan.tier == TIER_SET_UP ? WALL_FILTER : WALL_NONE;
    if (o->plan.tier == TIER_UNENFORCED && !v->allowed) {
        v->allowed = true;
        v->why = STR("the network should be offline, and nothing is enforced here");
    } else if (o->plan.tier == TIER_UNELEVATED && !v->allowed) {
        v->why = STR("the network is offline by convention: proxies that lead nowhere, no ssh; a program that does not care gets through");
    } else if (loopback && o->plan.tier == TIER_SET_UP && asked->has_port && !own_port) {
        v->allowed = false;
        v->why = STR("loopback is the machine's, and offline only its ports from 49152 on and Cordon's proxy are open");
        v->change = STR(":net online, or a service inside that listens on a port from 49152 on");
    } else if (loopback) {
        v->why = STR("loopback is the machine's own");
    }
}

static void why_host(const struct session *s, const struct opened *o, struct arena *a, struct str word, const struct asked *asked,
    bool json, struct buf *out)
{
    struct verdict v = rules_verdict_address(a, &o->policy, asked->host, asked->port);
    struct str host = text_printable(a, asked->host);

    if (s->env.system == PATH_WINDOWS)
        as_on_windows(o, asked, &v);

    if (json) {
        verdict_json(out, a, word, OPERATION_CONNECT, &v, EVALUATED_UNKNOWN, (struct str){0});
        return;
    }
    if (asked->kind == ASKED_MAYBE && str_eq(asked->host, word))
        buf_format(out, "%s, a host: there is no such file here (of one that is yet to be made: ./%s)\n", host.p, host.p);
    else if (!asked->has_port)
        buf_format(out, "%s, any port\n", host.p);
    else if (str_find(word, 0, '/') < word.n || str_find(word, 0, '@') < word.n)
        buf_format(out, "%s, port %u\n", host.p, (unsigned)asked->port);
    say_verdict(out, a, OPERATION_CONNECT, &v);
}

/* As a record of a refused connection names them. */
static bool why_socket(struct session *s, const struct opened *o, struct arena *a, const struct asked *asked, bool json,
    struct buf *out, struct err *e)
{
    struct verdict v = {.wall = WALL_GATE};

    if (str_is(asked->name, "unix datagram")) {
        v.allowed = o->policy.unix_datagrams == DATAGRAMS_ALLOW;
        v.why = v.allowed ? STR("the policy lets datagram sockets of the unix family be")
                          : STR("datagram sockets of the unix family can carry data past every gate");
        v.change = STR("\"unix_datagrams\": \"allow\" in the policy, or a stream socket or a pipe in its place");
    } else if (asked->name.p[0] == '@') {
        v.why = STR("what listens there outside would act for the sandbox; a program inside that listens there can be reached");
        v.change = STR("none: start the service inside, in this session");
    } else {
        return why_path(s, o, a, asked->name, STR("connect"), json, out, e);
    }
    if (json)
        verdict_json(out, a, asked->name, OPERATION_CONNECT, &v, EVALUATED_UNKNOWN, (struct str){0});
    else
        say_verdict(out, a, OPERATION_CONNECT, &v);
    return true;
}

/* ---- a question ---- */

static bool ask_in(struct session *s, const struct opened *o, struct arena *a, struct str word, struct str operation,
    bool json, struct buf *out, struct err *e)
{
    struct asked asked = asked_about(a, word);
    bool connects = !operation.p || str_is(operation, "connect");
    bool program = s->env.system == PATH_WINDOWS && !operation.p && word.n > 4 &&
                   (text_same(str_slice(word, word.n - 4, word.n), STR(".exe")) || cmdline_is_batch(word));

    if (str_is(word, "unix") && str_is(operation, "datagram")) { /* as it is shown, without quotes around it */
        asked.name = STR("unix datagram");
        return why_socket(s, o, a, &asked, json, out, e);
    }
    if (connects && asked.kind == ASKED_SOCKET)
        return why_socket(s, o, a, &asked, json, out, e);
    if (connects && (asked.kind == ASKED_HOST || (asked.kind == ASKED_MAYBE && !program && !is_file(s, a, word)))) {
        why_host(s, o, a, word, &asked, json, out);
        return true;
    }
    if (!operation.p && is_bare(s, word) && !is_file(s, a, word))
        return why_program(s, o, a, word, json, out) || is_nothing(word, e);
    return why_path(s, o, a, word, operation, json, out, e);
}

static bool ask(struct session *s, const struct opened *o, struct str word, struct str operation, bool json,
    struct buf *out, struct err *e)
{
    struct arena a = {0};
    bool good = ask_in(s, o, &a, word, operation, json, out, e);

    arena_release(&a);
    return good;
}

bool why_report(struct session *s, const struct opened *o, const struct texts *words, bool json,
    struct buf *out, struct err *e)
{
    return ask(s, o, words->v[0], words->n > 1 ? words->v[1] : (struct str){0}, json, out, e);
}

/* ---- many questions ---- */

/* "OPERATION PATH", or any word that :why takes. One that cannot be answered is said, and the others are. */
static void ask_line(struct session *s, const struct opened *o, struct str line, bool json, struct buf *out)
{
    size_t blank = str_find(line, 0, ' ');
    struct str first = str_slice(line, 0, blank), operation = {0};
    enum operation ignored;
    struct err e = {0};

    if (blank < line.n && operation_parse(first, &ignored)) {
        operation = first;
        line = str_slice(line, blank + 1, line.n);
    }
    if (ask(s, o, line, operation, json, out, &e))
        return;
    struct arena a = {0};
    if (json) {
        buf_format(out, "{\"version\":1,\"subject\":");
        text_json(out, line);
        buf_format(out, ",\"error\":");
        text_json(out, say_error_text(&e, &a));
        buf_format(out, "}\n");
    } else {
        buf_format(out, "%s\n", say_error_text(&e, &a).p);
    }
    arena_release(&a);
}

static bool ask_all(struct session *s, const struct opened *o, bool json, struct buf *out, struct err *e)
{
    struct buf in = {.ceiling = QUESTIONS_MAX};
    char bytes[65536];
    bool good = true;
    long code = 0, n;

    do {
        size_t at = 0, end;
        struct sys_wait item = {0, SYS_READ, 0};
        n = sys_read(0, bytes, sizeof bytes, &code);
        if (n == -1)
            sys_wait(&item, 1, -1);
        if (n > 0)
            buf_add(&in, bytes, (size_t)n);
        else if (n == 0 && in.n && in.p[in.n - 1] != '\n')
            buf_add(&in, "\n", 1);
        while ((end = str_find(buf_view(&in), at, '\n')) < in.n) {
            if (end > at)
                ask_line(s, o, str_slice(buf_view(&in), at, end), json, out);
            at = end + 1;
        }
        buf_consume(&in, at);
        good = tty_print(buf_view(out));
        buf_clear(out);
        if (in.n > LINE_BYTES_MAX)
            good = err_set(e, ERR_LIMIT, "a question on standard input is too long");
    } while (good && (n > 0 || n == -1));
    buf_release(&in);
    return good;
}

int verb_why(const struct options *o)
{
    struct session s = {.options = o};
    struct opened *looked = NULL;
    struct texts words = {0};
    struct buf out = {0};
    struct err e = {0};

    for (size_t i = 0; i < o->args.n; i++)
        *(struct str *)ARENA_PUSH(&s.arena, &words) = o->args.v[i];
    if (o->operation.p && words.n == 1)
        *(struct str *)ARENA_PUSH(&s.arena, &words) = o->operation;
    if (o->from_input == (words.n > 0)) {
        err_set(&e, ERR_USAGE, words.n ? "--stdin brings the questions, and takes no argument"
                                            : "why wants a path, an address or a program");
        err_remedy(&e, "usage: cordon why PATH [OPERATION] | HOST[:PORT] | unix:SOCKET | PROGRAM | --stdin");
    } else if (session_begin(&s, o, &e) && session_open(&s, OPEN_NO_PROOF | OPEN_EMPTY_OK, &looked, &e)) {
        if (o->from_input)
            ask_all(&s, looked, o->json, &out, &e);
        else
            why_report(&s, looked, &words, o->json, &out, &e);
    }
    tty_print(buf_view(&out));
    if (e.kind)
        say_error(&e);
    buf_release(&out);
    opened_close(&looked);
    session_end(&s);
    return e.kind ? EXIT_CORDON : EXIT_OK;
}
