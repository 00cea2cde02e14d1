/*
 * history: the lines of before, in memory and as a file's bytes.
 *
 * Pure: the caller reads and writes the file. The file is one entry per line: a line break is \n, a
 * carriage return \r, a backslash \\, everything else as it is. Loading takes what it can use: a
 * torn last line, entries with NUL and entries over LINE_BYTES_MAX are passed over, an unknown
 * escape stands for itself.
 */
#ifndef CORDON_HISTORY_H
#define CORDON_HISTORY_H

#include "editor.h"

#define HISTORY_ENTRIES_MAX 10000
#define HISTORY_BYTES_MAX                                                                          \
    ((size_t)4 << 20) /* of all entries together; the file may be a little longer */

/* Zeroed is ready. Entries are bytes in one buffer; the oldest go when a ceiling is met. */
struct history {
    struct buf text;  /* the entries, one after the other */
    struct buf spans; /* struct history_span each */
    size_t first;     /* spans before it are dropped and wait to be cleared away */
};

void history_release(struct history *h);
/* False when it was not added: empty, begins with a space, equals the newest, too long, holds NUL.
 */
bool history_add(struct history *h, struct str line);
size_t history_count(const struct history *h);
struct str history_at(const struct history *h, size_t index); /* oldest first; none past the end */

/* Appends one line of the file, with its end; nothing when history_add would refuse line by itself.
 */
void history_escape(struct buf *out, struct str line);
/* Adds the entries of a file to the editor; of a file that is too long, the
 * newest. Returns how many. */
size_t history_load(struct editor *ed, struct str file);
/* The whole file for what the editor has: for cutting a file that has grown past its cap. */
void history_save(const struct editor *ed, struct buf *out);

#endif
