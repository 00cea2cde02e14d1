/*
 * fuzz_policy: any bytes as a policy file, as the machine's and as a person's over it.
 *
 * What is refused must be said with its place and change nothing. What is accepted must print as a
 * file that reads back to the same policy, and as text that no byte of the file can disturb.
 */
#include "fuzz.h"
#include "../sandbox/core/policy.h"
#include "../sandbox/core/text.h"

#include <stdlib.h>
#include <string.h>

int fuzz_policy(const unsigned char *bytes, size_t n);

static struct str variable(const void *context, struct str name)
{
    (void)context;
    return str_is(name, "A")   ? STR("/a/b")
           : str_is(name, "B") ? STR("/odd\\\xff*")
                               : (struct str){0};
}

static const struct path_env env = {
    .system = PATH_POSIX, .home = {"/home/p", 7}, .cwd = {"/w", 2}, .variable = variable};
static const struct host host = {
    .home = {"/home/p", 7}, .config_dir = {"/home/p/.config/cordon", 22}, .root = true};

static void must(bool good)
{
    if (!good)
        abort();
}

static void must_complain(const struct err *e)
{
    size_t colons = 0;

    must(e->kind == ERR_POLICY || e->kind == ERR_LIMIT || e->kind == ERR_REFUSED);
    must(e->what[0] && e->subject[0] && e->reason[0]);
    for (const char *c = e->subject; *c; c++)
        colons += *c == ':';
    must(colons >= 2);
}

static bool same_texts(const struct texts *x, const struct texts *y)
{
    for (size_t i = 0; x->n == y->n && i < x->n; i++)
        if (!str_eq(x->v[i], y->v[i]))
            return false;
    return x->n == y->n;
}

/* Everything but where it came from. */
static void must_be_same(const struct policy *x, const struct policy *y)
{
    must(x->net == y->net && x->net_switch == y->net_switch && x->git == y->git &&
         x->hardlinks == y->hardlinks && x->unix_datagrams == y->unix_datagrams &&
         x->secret_reads == y->secret_reads);
    must(x->memory_mb == y->memory_mb && x->processes == y->processes &&
         x->cpu_percent == y->cpu_percent);
    must(str_eq(x->shell, y->shell));
    must(same_texts(&x->net_allow, &y->net_allow) && same_texts(&x->partial, &y->partial));
    must(same_texts(&x->env_pass, &y->env_pass) && same_texts(&x->env_drop, &y->env_drop));
    must(x->env_set.n == y->env_set.n && x->rules.n == y->rules.n);
    for (size_t i = 0; i < x->env_set.n; i++)
        must(str_eq(x->env_set.v[i].name, y->env_set.v[i].name) &&
             str_eq(x->env_set.v[i].value, y->env_set.v[i].value));
    for (size_t kind = RULE_WRITE; kind <= RULE_SECRET; kind++) {
        size_t j = 0; /* a file lists them by kind: the order within one kind is what holds */
        for (size_t i = 0; i < x->rules.n; i++) {
            const struct rule *rule = &x->rules.v[i], *other;
            if (rule->kind != kind)
                continue;
            while (j < y->rules.n && y->rules.v[j].kind != kind)
                j++;
            must(j < y->rules.n);
            other = &y->rules.v[j++];
            must(str_eq(rule->path, other->path) && rule->anchored == other->anchored &&
                 rule->optional == other->optional);
        }
    }
}

static void check_printed(struct arena *a, const struct policy *p)
{
    struct buf out = {0};
    struct policy again;
    struct err e = {0};

    policy_print_json(&out, a, p);
    must(!out.overflowed);
    policy_builtin(a, &env, &host, &again);
    if (policy_read(a, &env, buf_view(&out), LAYER_FILE, STR("printed"), &again, &e))
        must_be_same(p, &again);
    else /* only what no file can say may be lost, and never quietly */
        must(strstr(e.reason, "* no policy file can say") != NULL || e.kind == ERR_LIMIT);
    buf_clear(&out);
    policy_print(&out, a, &env, p);
    for (size_t i = 0; i < out.n; i++)
        must((unsigned char)out.p[i] >= 0x20 || out.p[i] == '\n');
    must(text_is_utf8(buf_view(&out)));
    buf_release(&out);
}

static void check_layer(struct arena *a, struct str text, enum layer layer, struct policy *p)
{
    struct policy before = *p;
    struct err e = {0};

    if (!policy_read(a, &env, text, layer, STR("f"), p, &e)) {
        must_complain(&e);
        must(memcmp(&before, p, sizeof before) == 0);
        return;
    }
    must(e.kind == ERR_NONE);
    for (size_t i = 0; i < p->rules.n; i++) {
        must(p->rules.v[i].id == (int)i + 1);
        must(
            p->rules.v[i].path.n > 0 && (p->rules.v[i].path.p[0] == '/') == p->rules.v[i].anchored);
    }
    check_printed(a, p);
}

int fuzz_policy(const unsigned char *bytes, size_t n)
{
    struct str text = {(const char *)bytes, n};
    struct arena a = {0};
    struct policy p, copy;
    size_t half = str_find(text, 0, '\f'); /* the machine's file, and a person's */

    policy_builtin(&a, &env, &host, &p);
    check_layer(&a, str_slice(text, 0, half), LAYER_MACHINE, &p);
    if (half < n)
        check_layer(&a, str_slice(text, half + 1, n), LAYER_USER, &p);
    else
        check_layer(&a, text, LAYER_USER, &p);
    policy_copy(&a, &p, &copy);
    must_be_same(&p, &copy);
    arena_release(&a);
    return 0;
}
