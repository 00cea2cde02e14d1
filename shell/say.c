/*
 * say: Cordon's own words on standard error.
 */
#include "shell.h"

#include <stdio.h>

static void say(const char *text)
{
    tty_print_error(STR("cordon: "));
    tty_print_error(str_from(text));
    tty_print_error(STR("\n"));
}

void say_error(const struct err *e)
{
    struct arena a = {0};
    say(err_text(e, &a).p);
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
