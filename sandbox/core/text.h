/*
 * text: UTF-8 in and out, and the one way in which hostile bytes become printable.
 */
#ifndef CORDON_TEXT_H
#define CORDON_TEXT_H

#include "base.h"

/* Decodes one scalar value at s[at]. Returns its length in bytes (1-4), or 0 when the bytes there are
 * not valid UTF-8 (overlong forms, surrogates and values past U+10FFFF are not valid). */
size_t text_decode(struct str s, size_t at, uint32_t *scalar);
size_t text_encode(uint32_t scalar, char out[4]); /* 0 when it is no scalar value */
bool text_is_utf8(struct str s);

/* Columns that a scalar value takes on a terminal: 0 combining and invisible, 1, or 2 wide. */
int text_columns(uint32_t scalar);

/*
 * The printable form of bytes from anywhere: C0, DEL, C1, bidirectional controls, zero-width and other
 * invisible characters, line and paragraph separators, noncharacters and bytes that are not UTF-8 are
 * written \n \t \xNN \u{N}; a backslash is written \\. The result is one line of valid UTF-8.
 * \xNN is a control below U+0080 or a byte that is not UTF-8; hex digits are upper case. Every blank but
 * the plain space is escaped, and so is a combining mark that has no letter before it or is one of a pile.
 */
struct str text_printable(struct arena *a, struct str s);
/* Of a text that should be printable already, so that its backslashes stay single; what is not is escaped. */
struct str text_printable_once(struct arena *a, struct str s);
/* A printable path of Windows in which nothing was escaped but its separators, as it is typed; any other text stays. */
void text_plain_path(char *printable);
/* As one word of a line for sh, to be pasted: quoted where it has to be; what is not printable as $'\NNN', which bash, zsh and
 * ksh know. */
struct str text_shell(struct arena *a, struct str s);
/* Into a fixed array, cut at a whole character with "..." when it does not fit. */
void text_printable_into(char *out, size_t size, struct str s);
/* A JSON string with its quotes, hidden characters as \uNNNN; a byte that is not UTF-8 becomes the text \xNN. */
void text_json(struct buf *out, struct str s);

/* Appends text, lines that are longer than `columns` broken between words; what goes on stands below what it goes on with.
 * The text is printable. A word that is longer stays whole, and nothing is broken for fewer columns than the least. */
#define TEXT_FOLD_LEAST 20
void text_fold(struct buf *out, struct str text, size_t columns);

/* Does name match pattern, where * stands for any run of bytes? Case-sensitive unless fold (ASCII). */
bool text_matches(struct str pattern, struct str name, bool fold);
bool text_same(struct str x, struct str y); /* but for case (ASCII); * is a character like any other */
/* The nearest of the candidates by edit distance, or none when nothing is close (distance > 1/3). */
struct str text_nearest(struct str word, const char *const *candidates, size_t count);

#endif
