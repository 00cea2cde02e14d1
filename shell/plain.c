/*
 * plain: a line for a plain sh, and what its shell leaves behind. See plain.h.
 */
#include "plain.h"
#include "living.h"

/*
 * $1 is the line, behind a shift that takes it off again; programs do not get the socket.
 * - HUP: else the kernel would end what runs in the background when its session's leader goes, after every line.
 * - INT, QUIT: the shell waits for the program that was interrupted, and its own end is one by exit, which tells.
 * - F says that the line came to its end, = that the variables are all there.
 * - A trap of the line's own on EXIT takes the place of ours: then nothing is carried over.
 */
static const char wrapper[] =
    "trap '' HUP; trap 'exit 130' INT; trap 'exit 131' QUIT\n"
    "trap '{ set +exuv; trap \"\" INT QUIT; command pwd -P; command printf \"\\000\"; "
    "/usr/bin/env -0 && command printf \"=\\000\"; } >&9 2>/dev/null' EXIT\n"
    "eval \"$1\" 9>&-\n"
    "{ set -- \"$?\"; set +exuv; command printf 'F\\000' >&9; } 2>/dev/null\n"
    "exit \"$1\"\n";

bool plain_knows(struct str name)
{
    static const char *const known[] = {"sh", "dash", "ash", "ksh", "ksh93", "mksh", "oksh", "yash", "posh"};

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_is(name, known[i]))
            return true;
    return false;
}

void plain_argv(struct arena *a, struct str shell, struct str name, struct str line, int status, struct texts *argv)
{
    struct str parts[] = {STR("shift; "), status ? arena_format(a, "(exit %d); ", status) : STR(""), line};
    struct str words[] = {shell, STR("-c"), str_from(wrapper), name, arena_join(a, parts, COUNT_OF(parts))};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        *(struct str *)ARENA_PUSH(a, argv) = words[i];
}

/* The next word, without the NUL that ends it; none where there is no whole one. */
static struct str next_word(struct str *rest)
{
    size_t end = str_find(*rest, 0, '\0');
    struct str word = str_slice(*rest, 0, end);

    if (end >= rest->n)
        return (struct str){0};
    *rest = str_slice(*rest, end + 1, rest->n);
    return word;
}

/* Up to the = that ends them. */
static bool take_variables(struct arena *a, struct str rest, struct texts *out)
{
    for (size_t i = 0; i < LIVING_FIELDS_MAX && rest.n; i++) {
        struct str entry = next_word(&rest), name = str_slice(entry, 0, str_find(entry, 0, '='));
        if (str_is(entry, "="))
            return rest.n == 0;
        if (!entry.p)
            return false;
        if (name.n < entry.n && living_is_name(name) && !str_is(name, "_"))
            *(struct str *)ARENA_PUSH(a, out) = arena_str(a, entry);
    }
    return false;
}

/* [F] FOLDER\n VARIABLES... =, each closed by a NUL. */
void plain_take(struct arena *a, struct str bytes, struct plain_state *out)
{
    struct str folder;

    *out = (struct plain_state){.finished = str_starts(bytes, STR("F\0"))};
    if (bytes.n > PLAIN_BYTES_MAX)
        return;
    if (out->finished)
        next_word(&bytes);
    folder = next_word(&bytes);
    out->told = take_variables(a, bytes, &out->environment);
    if (!out->told)
        out->environment = (struct texts){0};
    if (folder.n > 1 && folder.n <= PATH_BYTES_MAX && folder.p[0] == '/' && folder.p[folder.n - 1] == '\n')
        out->folder = arena_str(a, str_slice(folder, 0, folder.n - 1));
}
