/*
 * dos_parts: what dos.c (shells, lines, reports), dos_cmd.c (how cmd cuts a line up) and dos_unfinished.c share.
 */
#ifndef CORDON_DOS_PARTS_H
#define CORDON_DOS_PARTS_H

#include "dos.h"

bool dos_word_is(struct str word, const char *name); /* case does not matter; name is lower case */

/* ---- dos_cmd.c ---- */

void dos_cmd_words(struct buf *out, const struct dos_line *line);
/* How many parentheses are open at the end, and does a caret stand there that takes the next character? */
size_t dos_cmd_open(struct str text, bool *caret);
/* Appends each command's first word, in order, parted by newlines, in lower case: for exit. */
void dos_cmd_first_words(struct buf *out, struct str text);

#endif
