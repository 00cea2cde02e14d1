/*
 * gitconf: git's configuration files, read by Cordon itself: git would obey what it reads.
 *
 * The syntax as git has it: sections with quoted or dotted subsections, keys with and without a value, continuation lines,
 * comments, quotes and escapes. Includes are entries like any other: named here, followed by nobody here. What git would
 * call an error sets `damaged`, and reading goes on with the next line, so that one bad line hides nothing.
 */
#ifndef CORDON_GITCONF_H
#define CORDON_GITCONF_H

#include "base.h"

#define GITCONF_BYTES_MAX   ((size_t)1 << 20)
#define GITCONF_ENTRIES_MAX 20000

struct gitconf_entry {
    struct str section;    /* lower case */
    struct str subsection; /* as it stands; none where there is none */
    struct str key;        /* lower case */
    struct str value;      /* none where the key stands alone, which git takes for true */
    int line;
};

struct gitconf {
    struct gitconf_entry *v;
    size_t n, cap;
    bool damaged; /* git would refuse it, or it is larger than the ceilings */
    int line;     /* where that was */
};

void gitconf_parse(struct arena *a, struct str text, struct gitconf *out);

/* What git makes of an entry's value. */
enum gitconf_obeys {
    GITCONF_PLAIN,   /* a setting */
    GITCONF_INCLUDE, /* a file that is read as configuration */
    GITCONF_HOOKS,   /* a folder of programs that git runs */
    GITCONF_FILE,    /* a file or folder that git obeys in some other way */
    GITCONF_RUNS,    /* a command */
    GITCONF_REACHES, /* an address, or how one is reached */
};
enum gitconf_obeys gitconf_obeys(const struct gitconf_entry *entry);

/* May the entry come from hands that are not trusted? A list of what may; all else may not. */
bool gitconf_is_harmless(const struct gitconf_entry *entry);
/* The first entry that may not, or NULL. What is damaged is not asked here. */
const struct gitconf_entry *gitconf_harm(const struct gitconf *conf);

/* "section.subsection.key", printable. */
struct str gitconf_name(struct arena *a, const struct gitconf_entry *entry);

#endif
