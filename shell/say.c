/*
 * say: Cordon's own words on standard error.
 */
#include "shell.h"
#include "../sandbox/core/errors.h"
#include "../sandbox/core/text.h"

#include <stdio.h>
#include <string.h>

static void say(const char *text)
{
    tty_print_error(STR("cordon: "));
    tty_print_error(str_from(text));
    tty_print_error(STR("\n"));
}

/* What would help is a sentence of its own where it is made, and the rest of one line here. */
struct str say_error_text(const struct err *e, struct arena *a)
{
    struct err said = *e;
    char *r = said.remedy;
    size_t n = strlen(r);

    if (r[0] >= 'A' && r[0] <= 'Z' && r[1] >= 'a' && r[1] <= 'z' && strncmp(r, "Cordon", 6) != 0 && strncmp(r, "Windows", 7) != 0)
        r[0] = (char)(r[0] - 'A' + 'a');
    text_plain_path(said.subject);
    if (n > 1 && r[n - 1] == '.' && r[n - 2] != '.' && !strstr(r, ". "))
        r[n - 1] = '\0';
    return err_text(&said, a);
}

void say_error(const struct err *e)
{
    struct arena a = {0};
    say(say_error_text(e, &a).p);
    arena_release(&a);
}

void say_note(const char *format, ...)
{
    char text[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(text);
}

struct str say_end_text(struct arena *a, enum path_system system, long code)
{
    const struct error_row *row = system == PATH_WINDOWS ? error_of_end(code) : NULL;

    return row ? arena_format(a, "it ended with 0x%08lx: %s; %s", (unsigned long)(uint32_t)code, row->cause, row->remedy) : (struct str){0};
}

void say_end(enum path_system system, long code)
{
    struct arena a = {0};
    struct str words = say_end_text(&a, system, code);

    if (words.n)
        say_note("%s", words.p);
    arena_release(&a);
}
