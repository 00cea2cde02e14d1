/*
 * keys: the policy file's keys, one row each: name, type, range, default, who sets it, help.
 *
 * The reader, the printer and the manual page all go by this table, so that none can know a key
 * that another does not. What a value does to a policy is policy.c's.
 */
#ifndef CORDON_KEYS_H
#define CORDON_KEYS_H

#include "core.h"

enum key_id {
    KEY_TOP, /* the file itself */
    KEY_VERSION,
    KEY_WRITE,
    KEY_PROTECT,
    KEY_SECRET,
    KEY_READS,
    KEY_GIT,
    KEY_HARDLINKS,
    KEY_DATAGRAMS,
    KEY_NETWORK,
    KEY_NET_MODE,
    KEY_NET_ALLOW,
    KEY_NET_SWITCH,
    KEY_ENV,
    KEY_ENV_PASS,
    KEY_ENV_DROP,
    KEY_ENV_SET,
    KEY_LIMITS,
    KEY_MEMORY,
    KEY_PROCESSES,
    KEY_CPU,
    KEY_SHELL,
    KEY_PARTIAL,
    KEY_COUNT
};

enum key_type {
    TYPE_GROUP,     /* an object with keys of its own */
    TYPE_INTEGER,   /* from least to most */
    TYPE_WORD,      /* one of words */
    TYPE_PATHS,     /* a list of paths */
    TYPE_PATTERNS,  /* a list of names with * */
    TYPE_ADDRESSES, /* a list of "host:port" */
    TYPE_WORDS,     /* a list of words */
    TYPE_SETTINGS,  /* an object whose keys are variables and whose values are strings */
    TYPE_SHELL,     /* "auto", a name or a path */
};

/* Every key may stand in the machine's file, the person's and --policy FILE; the machine's value
 * bounds the others where bounded is set. */
struct key_row {
    enum key_id parent;
    const char *name; /* within its parent */
    const char *path; /* "network.mode" */
    enum key_type type;
    uint64_t least, most; /* TYPE_INTEGER */
    const char *const *words;
    size_t word_count;
    bool bounded;
    const char *standard; /* the default, as JSON; NULL: the key is required */
    const char *example;  /* a value, as JSON; NULL: the default serves */
    const char *also;     /* flags and built-ins that set it too; NULL: none */
    const char *help;     /* one line */
};

const struct key_row *key_row(enum key_id id); /* not of KEY_TOP */
/* KEY_TOP when parent has no key of that name. Case-sensitive. */
enum key_id key_find(enum key_id parent, struct str name);
/* The nearest name of a key of parent, or none. */
struct str key_nearest(enum key_id parent, struct str name);
/* A row of parent's keys as text: "version", "write", ... */
struct str key_names(struct arena *a, enum key_id parent);
const char *key_type_text(enum key_type type); /* "a list of paths" */

/* What is wrong with a text of this meaning, or NULL. */
const char *key_name_fault(struct str name);       /* of a variable, or a pattern for one */
const char *key_address_fault(struct str address); /* "host:port", "*.host:port", "[IPv6]:port" */
bool key_is_program(struct str name);              /* a program's bare name */

/* The words of the enums in core.h, in their order. */
extern const char *const key_net_modes[3], *const key_switches[3], *const key_git_modes[2],
                                                                       *const key_hardlinks[2], *const key_datagrams[2],
                                                                       *const key_reads[2];

#endif
