/*
 * guard.h: the tables of guard_table.c, for guard.c. Rows are tried in order; what no row names is removed.
 */
#ifndef CORDON_GUARD_H
#define CORDON_GUARD_H

#include "conpty.h"

/* What is done with what a row names. */
enum act {
    REMOVE,
    PASS,
    /* passes, and is remembered so that it can be undone */
    MODES,
    ATTRIBUTES,
    REGION,
    CHARSET,
    KEYPAD,
    CURSOR_STYLE,
    MODIFY_KEYS,
    KITTY_PUSH,
    KITTY_POP,
    KITTY_SET,
    PALETTE,
    COLOUR,
    COLOUR_RESET,
    LINK,
    WINDOW,
    SOFT_RESET,
    RESTORE,
    /* passes changed */
    TITLE,
    HARD_RESET,
};

struct control_row {
    unsigned char first, last;
    enum act act;
    const char *name, *meaning;
};

struct escape_row {
    const char *intermediates; /* one of these; "": none */
    const char *finals;        /* NULL: any */
    enum act act;
    const char *meaning;
};

struct csi_row {
    char prefix, intermediate; /* '\0': none */
    const char *finals;
    const char *values; /* of the first parameter, apart by blanks; NULL: any */
    enum act act;
    const char *meaning;
};

#define ALTERNATE 'a' /* a mode that switches to the alternate screen */

struct mode_row {
    bool private;
    unsigned number;
    char undone_by; /* 'h', 'l', ALTERNATE, or '\0': nothing to undo */
    const char *meaning;
};

struct osc_row {
    unsigned number;
    enum act act;
    const char *meaning;
};

/* The first rows of OSC set colours, those after them reset the same; a bit of guard.colours each. */
#define OSC_COLOURS 6

/* Each ends with a row whose meaning is NULL. */
extern const struct control_row guard_controls[];
extern const struct escape_row guard_escapes[];
extern const struct csi_row guard_csis[];
extern const struct mode_row guard_modes[];
extern const struct osc_row guard_oscs[];

#endif
