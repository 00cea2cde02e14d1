/*
 * fuzz_gitconf: any bytes as a file of git's configuration. What is read lies within the ceilings, names are in lower case,
 * and what is written down again from the entries reads as the same entries.
 */
#include "../sandbox/core/gitconf.h"

#include <stdlib.h>
#include <string.h>

int fuzz_gitconf(const unsigned char *bytes, size_t n);

static void must(bool good)
{
    if (!good)
        abort();
}

static void write_quoted(struct buf *out, struct str s)
{
    buf_str(out, STR("\""));
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_str(out, STR("\\"));
        if (s.p[i] == '\n')
            buf_str(out, STR("\\n"));
        else
            buf_add(out, &s.p[i], 1);
    }
    buf_str(out, STR("\""));
}

static void write_entry(struct buf *out, const struct gitconf_entry *e)
{
    buf_str(out, STR("["));
    buf_str(out, e->section);
    if (e->subsection.p) {
        buf_str(out, STR(" "));
        write_quoted(out, e->subsection);
    }
    buf_str(out, STR("]\n"));
    buf_str(out, e->key);
    if (e->value.p) {
        buf_str(out, STR(" = "));
        write_quoted(out, e->value);
    }
    buf_str(out, STR("\n"));
}

static bool same(struct str a, struct str b)
{
    return (a.p == NULL) == (b.p == NULL) && str_eq(a, b);
}

int fuzz_gitconf(const unsigned char *bytes, size_t n)
{
    struct arena a = {0};
    struct gitconf conf, again;
    struct buf out = {0};

    gitconf_parse(&a, (struct str){(const char *)bytes, n}, &conf);
    must(conf.n <= GITCONF_ENTRIES_MAX && (!conf.damaged || conf.line > 0));
    for (size_t i = 0; i < conf.n; i++) {
        const struct gitconf_entry *e = &conf.v[i];
        must(e->section.n > 0 && e->key.n > 0 && e->line > 0);
        must(!memchr(e->key.p, '\n', e->key.n) && (!e->value.p || !memchr(e->value.p, 0, e->value.n)));
        /* What runs something is never among what may come from anybody. */
        must(gitconf_obeys(e) == GITCONF_PLAIN || gitconf_obeys(e) == GITCONF_REACHES || !gitconf_is_harmless(e));
        (void)gitconf_name(&a, e);
        write_entry(&out, e);
    }
    (void)gitconf_harm(&conf);
    gitconf_parse(&a, buf_view(&out), &again);
    must(!again.damaged && again.n == conf.n);
    for (size_t i = 0; i < conf.n; i++)
        must(same(conf.v[i].section, again.v[i].section) && same(conf.v[i].subsection, again.v[i].subsection) &&
             same(conf.v[i].key, again.v[i].key) && same(conf.v[i].value, again.v[i].value));
    buf_release(&out);
    arena_release(&a);
    return 0;
}
