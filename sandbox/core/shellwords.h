/*
 * shellwords: the words of a command as sh would make them, as far as that can be told without running anything: quotes,
 * HOME, PWD and ~, `cd DIR &&`. For finding the files that a configured command runs; it decides nothing else.
 */
#ifndef CORDON_SHELLWORDS_H
#define CORDON_SHELLWORDS_H

#include "base.h"

struct shellword {
    struct str text; /* without quotes; never beginning with a ~ that means a home */
    struct str base; /* the folder that the command runs in; none: cannot be told */
    bool program;    /* the first of its command */
    bool told;       /* false: something in it is known only when it runs */
    bool given;      /* what is not told there is no program: "$1", "$@", a pattern for perl */
};

struct shellwords {
    struct shellword *v;
    size_t n, cap;
    bool whole; /* false: a quote without an end, or more than is looked at */
};

/* home, folder: absolute, or none where not known. */
void shellwords_read(struct arena *a, struct str command, struct str home, struct str folder, struct shellwords *out);
/* A program that takes its orders from files that no word of the command names: make, npm. */
bool shellwords_reads_files(struct str program);

#endif
