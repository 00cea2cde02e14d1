/*
 * json: is this strictly JSON, and where in the bytes does each value stand?
 *
 * The bytes come from a file that a person wrote, or that somebody slipped under them. Nothing is
 * guessed: UTF-8 without a byte-order mark, no text behind the value, no duplicate keys, no escape
 * that makes a NUL or half a surrogate pair, bounded in depth and number. The tree holds places and
 * raw bytes, so that a complaint about meaning can name line and column, and that a number is
 * judged by its digits.
 */
#ifndef CORDON_JSON_H
#define CORDON_JSON_H

#include "core.h"

#define JSON_MEMBERS_MAX 4096  /* keys of one object: each is compared with all before it */
#define JSON_VALUES_MAX  65536 /* values in one document */
#define JSON_NUMBER_MAX  40    /* characters of one number */

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_node {
    enum json_kind kind;
    size_t at;      /* of the value's first byte */
    struct str raw; /* the value as written, a string with its quotes */
    size_t key_at;  /* of the key's opening quote, in an object */
    struct str key; /* decoded; none in an array and at the top */
    struct json_node *child, *next;
    size_t count; /* children */
};

/* A document with the name that complaints give it. */
struct json_source {
    const char *what; /* "policy refused" */
    struct str file, bytes;
    bool placeless; /* made from a flag, which the file's name is: line and column would mean
                       nothing */
};

/* Checks the whole document. On failure err names file, line, column and what was expected. */
bool json_check(
    struct arena *a, const struct json_source *source, struct json_node **root, struct err *e);
/* What a JSON_STRING node says, decoded; never with a NUL, always UTF-8. */
struct str json_text(struct arena *a, const struct json_node *node);
const char *json_kind_name(enum json_kind kind); /* "a string", "an object" */

/* A place in the bytes, 1-based; a column is a character, or a byte where the bytes are not UTF-8.
 * Begins as {0, 1, 1}; moving on is cheap, moving back starts anew. */
struct json_place {
    size_t at;
    int line, column;
};
void json_place_move(struct json_place *place, struct str bytes, size_t at);
/* Fills err with the place of `at` as its subject and the reason given; returns false. */
bool json_fault(struct err *e, enum err_kind kind, const struct json_source *source, size_t at,
    const char *reason, ...) BASE_PRINTF(5, 6);

#endif
