/*
 * unfinished_parts: what unfinished.c (commands) and unfinished_words.c (words, here-documents)
 * share.
 */
#ifndef CORDON_UNFINISHED_PARTS_H
#define CORDON_UNFINISHED_PARTS_H

#include "editor.h"

#define DEPTH_MAX    100
#define HEREDOCS_MAX 16

enum outcome { WHOLE, MORE, DOUBT };

struct heredoc {
    struct str delimiter; /* as written, quotes and all */
    bool quoted, tabs;
};

struct scan {
    struct str s;
    size_t at;
    size_t steps; /* that are left */
    int depth;
    struct heredoc heredocs[HEREDOCS_MAX]; /* whose bodies begin at the next line */
    size_t heredoc_count;
};

bool scan_is_end(const struct scan *c);
char scan_peek(const struct scan *c, size_t ahead); /* NUL past the end */
bool scan_looks_at(const struct scan *c, const char *text);
bool scan_step(struct scan *c); /* one step; false when there are none left */
bool scan_is_meta(char ch);     /* ends a word */
void scan_comment(struct scan *c);
void scan_blanks(struct scan *c); /* and line continuations */

enum outcome scan_word(struct scan *c);
/* Behind (( or $((: to the )) that closes it. *plain is set when the parentheses close one by one:
 * then it was a subshell within a subshell and no arithmetic. */
enum outcome scan_arithmetic(struct scan *c, bool *plain);
/* Arithmetic if it reads as such, else commands that begin with a subshell. `open`
 * bytes open the outer. */
enum outcome scan_arithmetic_or_commands(struct scan *c, size_t open);
enum outcome scan_newline(
    struct scan *c);                     /* at a line break: it, and the bodies that begin there */
enum outcome scan_lines(struct scan *c); /* line breaks, blanks and comments */
enum outcome scan_redirection(struct scan *c);  /* at < or > */
enum outcome scan_redirections(struct scan *c); /* behind a compound command */

/* unfinished.c: behind an opening parenthesis, a list of commands and the closing one. */
enum outcome scan_commands(struct scan *c);

#endif
