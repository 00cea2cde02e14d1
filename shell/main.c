/*
 * cordon: the program a person or an agent starts.
 */
#include "shell.h"

int main(int argc, char **argv)
{
    struct arena arena = {0};
    struct options options = {0};
    struct err e = {0};
    int code = EXIT_CORDON;

    if (!std_fill())
        return EXIT_CORDON;
    outer_arguments(&arena, &argc, &argv);
    if (options_parse(&arena, argc, argv, &options, &e))
        code = options.verb->run(&options);
    else
        say_error(&e);
    arena_release(&arena);
    return code;
}
