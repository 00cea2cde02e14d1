/*
 * complete: which word stands before the cursor, what it means without its quotes, and how a name
 * is written so that the command shell reads it as that name. Pure; who finds candidates hands them
 * to editor_offer.
 *
 * What the person wrote is never rewritten: candidates replace only the part behind the word's last
 * slash.
 */
#ifndef CORDON_COMPLETE_H
#define CORDON_COMPLETE_H

#include "../sandbox/core/core.h"

enum complete_kind {
    COMPLETE_NOTHING,  /* in a comment, or nested too deep */
    COMPLETE_COMMAND,  /* a command's name; with a slash in it, a program's path */
    COMPLETE_FILE,     /* an argument or the target of a redirection */
    COMPLETE_VARIABLE, /* the name behind $ or ${ */
};

enum complete_quote { QUOTE_NONE, QUOTE_SINGLE, QUOTE_DOUBLE, QUOTE_ANSI /* $'...' */ };

struct complete_word {
    enum complete_kind kind;
    size_t start; /* where the word begins in the line */
    size_t tail;  /* where the part begins that candidates replace: word_start of editor_offer */
    struct str folder; /* what stands before tail, unquoted: "src/", or empty */
    struct str name;   /* from tail to the cursor, unquoted */
    bool expands; /* folder or name hold a $, ` or pattern that only the command shell can work out
                   */
    bool tilde;   /* begins with a ~ that counts */
    enum complete_quote inside; /* the quote that is open at tail */
    enum complete_quote quote;  /* the quote that is open at the cursor */
};

void complete_split(struct arena *a, struct str line, size_t cursor, struct complete_word *out);

/* The text for a candidate, to stand from tail to the cursor. whole: nothing follows, so that the
 * quote is closed and a blank added (not behind a slash, where a person goes on). */
struct str complete_escape(
    struct arena *a, const struct complete_word *word, struct str candidate, bool whole);

#endif
