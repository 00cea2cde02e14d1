/*
 * fuzz_path: any bytes as a path, on both systems. A path that is accepted must be in canonical
 * form: canonical once more gives the same bytes, it lies under its parent, and folder plus rest
 * give it back.
 */
#include "../sandbox/core/path.h"

#include <stdlib.h>

int fuzz_path(const unsigned char *bytes, size_t n);

static struct str variable(const void *context, struct str name)
{
    (void)context;
    return str_is(name, "A")   ? STR("x/../y\\z")
           : str_is(name, "B") ? STR("C:\\b")
                               : (struct str){0};
}

static uint32_t fold(const void *table, uint32_t scalar)
{
    (void)table;
    return scalar >= 'a' && scalar <= 'z' ? scalar - 32 : scalar == 0x131 ? 'I' : scalar;
}

static void must(bool good)
{
    if (!good)
        abort();
}

static void check_canonical(struct arena *a, const struct path_env *env, struct str path)
{
    struct path_env again = *env;
    struct str twice = {0}, folder, rest;
    struct err e = {0};

    again.backslash = false;
    again.variable = NULL;
    must(path_is_absolute(env->system, path));
    must(path.n < PATH_BYTES_MAX);
    /* "${" can only be in a result that came from a variable or a folder's own name. */
    if (path_canonical(a, &again, path, &twice, &e))
        must(str_eq(twice, path));
    folder = path_parent(env->system, path);
    must(path_is_under(env, folder, path));
    must(path_same(env, path, path));
    rest = path_below(env, folder, path);
    must(rest.p != NULL);
    must(str_eq(rest, path_name(env->system, path)));
    must(str_eq(path_join(a, env->system, folder, rest), path));
    must(path_depth(env->system, path) == path_depth(env->system, folder) + (rest.n > 0));
    (void)path_display(a, env, path);
}

int fuzz_path(const unsigned char *bytes, size_t n)
{
    struct str text = {(const char *)bytes, n};

    for (int round = 0; round < 4; round++) {
        bool windows = round & 1;
        struct arena a = {0};
        struct err e = {0};
        struct str out = {0};
        struct path_env env = {.system = windows ? PATH_WINDOWS : PATH_POSIX,
            .home = windows ? STR("C:\\Users\\p") : STR("/home/p"),
            .variable = variable,
            .fold = {windows ? fold : NULL, NULL},
            .backslash = round >= 2};
        if (round >= 2)
            env.cwd = windows ? STR("D:\\w\\v") : STR("/w/v");
        if (path_canonical(&a, &env, text, &out, &e)) {
            must(e.kind == ERR_NONE);
            check_canonical(&a, &env, out);
        } else {
            must(e.kind != ERR_NONE && e.reason[0] && e.remedy[0] && !out.p);
        }
        e = (struct err){0};
        out = (struct str){0};
        if (path_relative(&a, &env, text, &out, &e)) {
            must(!path_is_absolute(env.system, out));
            check_canonical(&a, &env, path_join(&a, env.system, env.home, out));
        }
        arena_release(&a);
    }
    return 0;
}
