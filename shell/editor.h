/*
 * editor: a line editor that is only bytes in, bytes out: keys come in as a terminal sends them, what goes
 * out redraws the line. It never reads or writes a terminal itself, so tests feed it bytes.
 */
#ifndef CORDON_EDITOR_H
#define CORDON_EDITOR_H

#include "dos.h"

struct editor; /* opaque */

enum editor_result {
    EDITOR_MORE,      /* needs more keys */
    EDITOR_LINE,      /* a whole line (maybe of several physical lines) is in editor_line */
    EDITOR_INTERRUPT, /* Ctrl-C: the line was dropped */
    EDITOR_END,       /* Ctrl-D on an empty line */
    EDITOR_SUSPEND,   /* Ctrl-Z */
    EDITOR_COMPLETE,  /* Tab: the caller offers completions with editor_offer */
};

struct editor *editor_new(void);
void editor_free(struct editor *ed);

/* Starts a new line. prompt may hold SGR colour; its columns are counted without it. Draws. */
void editor_begin(struct editor *ed, struct str prompt, struct str continuation_prompt, unsigned columns,
    struct buf *draw);
/* Text that was typed ahead: becomes the line's beginning, is drawn, runs only at a later Enter; control
 * characters other than newline and tab are dropped, a newline becomes a line break within the line.
 * Until the person has pressed a key of their own the line counts as not fresh (editor_line_is_fresh). */
void editor_preload(struct editor *ed, struct str text, struct buf *draw);

/* Feeds keys. Stops after the key that gave a result; *used says how many bytes were taken. */
enum editor_result editor_feed(
    struct editor *ed, struct str keys, size_t *used, struct buf *draw);
/* After EDITOR_LINE, _INTERRUPT and _END nothing is taken until editor_begin; after EDITOR_SUSPEND the cursor is
 * on a fresh row and editor_show goes on with the line; after EDITOR_COMPLETE editing simply goes on. */
/* An ESC that nothing follows is a key after this (call after ~50 ms of silence). */
enum editor_result editor_timeout(struct editor *ed, struct buf *draw);
bool editor_waiting(const struct editor *ed); /* holds an unfinished key sequence */

struct str editor_line(const struct editor *ed); /* valid until editor_begin */
/* False when any of the line came from a preload or a bracketed paste: such a line is no built-in and no
 * approval by itself (the caller shows it again and asks for another Enter, or runs it as a shell line). */
bool editor_line_is_fresh(const struct editor *ed);

/* Whose lines these are, for where one goes on (dos.h). Without this: bash's. */
void editor_set_shell(struct editor *ed, enum dos_kind kind);

/* For lines that appear above the prompt: hide takes the prompt off the screen, show draws it again. */
void editor_hide(struct editor *ed, struct buf *draw);
void editor_show(struct editor *ed, struct buf *draw);
void editor_resize(struct editor *ed, unsigned columns, struct buf *draw);
/* The terminal's rows: of a longer line only the part around the cursor is drawn. 0: not known. Before
 * editor_begin or editor_resize, which draw. */
void editor_set_height(struct editor *ed, unsigned rows);
/* Inserts the common part of the candidates at the cursor's word, or lists them below. */
void editor_offer(struct editor *ed, size_t word_start, const struct texts *candidates, struct buf *draw);
size_t editor_cursor(const struct editor *ed); /* byte offset in the line */

/* History: oldest first. Loaded and saved by the caller. A line that begins with a space, or equals the
 * newest, is not added. */
void editor_history_add(struct editor *ed, struct str line);
size_t editor_history_count(const struct editor *ed);
struct str editor_history_at(const struct editor *ed, size_t index);

/* unfinished.c: does a command shell need more physical lines after this one? Quotes, $( ` ${ ((, compounds
 * (if for while until case select { ( and functions), here-documents, a trailing backslash, |, && or ||. In
 * doubt it answers no: the line is run and the shell says what is wrong. */
bool line_is_unfinished(struct str line);
/* Is the line an exit of the shell by its first word? Does one stand anywhere in it? */
bool line_is_exit(struct str line);
bool line_may_exit(struct str line);
/* expand.c: !!, !$, !n, !-n, !prefix, ^a^b outside single quotes. 1: expanded into *out; 0: nothing to
 * expand; -1: no such event (err says which). */
int line_expand_history(struct arena *a, struct str line, const struct editor *ed, struct str *out,
    struct err *e);

#endif
