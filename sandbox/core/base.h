/*
 * base: what every other file stands on: bytes with a length, an arena, errors.
 *
 * Plain C17; no system header. Strings are bytes with a length: a path may hold any byte but NUL, and
 * need not be UTF-8. Every string that an arena function returns is also NUL-terminated (the NUL is not
 * counted), so that an edge can hand it to the system as it is.
 */
#ifndef CORDON_BASE_H
#define CORDON_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BASE_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define BASE_MUST_USE     __attribute__((warn_unused_result))
#else
#define BASE_PRINTF(f, a)
#define BASE_MUST_USE
#endif

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes with a length. {NULL, 0} is "none"; p != NULL with n == 0 is "empty". */
struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

struct str str_from(const char *nul_terminated); /* NULL gives none */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *nul_terminated);
bool str_starts(struct str a, struct str prefix);
bool str_ends(struct str a, struct str suffix);
int str_compare(struct str a, struct str b); /* byte order, <0 0 >0 */
struct str str_slice(struct str a, size_t from, size_t to); /* clamped to a */
/* Index of byte c at or after from, or a.n when there is none. */
size_t str_find(struct str a, size_t from, char c);

/*
 * An arena owns everything allocated from it until arena_release. A zeroed arena is ready to use. It has
 * a ceiling (ARENA_CEILING unless set): past it, or when the system has no memory, the program ends with
 * a message and exit code 125, because no caller could go on safely.
 */
#define ARENA_CEILING ((size_t)256 << 20)

struct arena {
    struct arena_chunk *head;
    size_t used;
    size_t ceiling; /* 0 means ARENA_CEILING */
};

void *arena_alloc(struct arena *a, size_t count, size_t size); /* zeroed, aligned for any object */
struct str arena_str(struct arena *a, struct str s);           /* a NUL-terminated copy */
struct str arena_format(struct arena *a, const char *format, ...) BASE_PRINTF(2, 3);
struct str arena_join(struct arena *a, const struct str *parts, size_t count);
void arena_release(struct arena *a);

/* Appends to an array kept in an arena: grows *items (capacity doubles), returns the new zeroed last
 * element. The old array stays in the arena. */
void *arena_push(struct arena *a, void *items_pointer, size_t *count, size_t *capacity, size_t size);
#define ARENA_PUSH(a, list) arena_push((a), &(list)->v, &(list)->n, &(list)->cap, sizeof *(list)->v)

/* A growing byte buffer with a ceiling, for output that is built in pieces. Zeroed is ready. */
struct buf {
    char *p;
    size_t n, cap;
    size_t ceiling;   /* 0 means 16 MiB */
    bool overflowed;  /* set, and further bytes dropped, once the ceiling is met */
};

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_format(struct buf *b, const char *format, ...) BASE_PRINTF(2, 3);
void buf_consume(struct buf *b, size_t n); /* drops n bytes at the front */
void buf_clear(struct buf *b);             /* keeps the memory */
void buf_release(struct buf *b);
struct str buf_view(const struct buf *b); /* valid until the next change */

/* What kind of failure it was decides the exit code and the advice (errors.c). */
enum err_kind {
    ERR_NONE,
    ERR_USAGE,       /* the command line or a built-in's words */
    ERR_POLICY,      /* the policy file; subject has file:line:column */
    ERR_REFUSED,     /* a rule of Cordon's refuses this (a root that must not be one, a locked switch) */
    ERR_MISSING,     /* what was named is not there */
    ERR_UNSUPPORTED, /* the kernel or an administrator withholds it */
    ERR_LIMIT,       /* a ceiling was met */
    ERR_SYSTEM,      /* a system call failed; code holds errno or the Win32 code */
    ERR_PROTOCOL,    /* the other side sent something it may not */
    ERR_BUG,
};

/*
 * One failure: what was tried, on what, why the system refused, and what the person can do. Filled once,
 * where it happened; the first failure wins (err_set on a filled err does nothing). Text is printable
 * and bounded. A function that fails leaves its outputs untouched.
 */
struct err {
    enum err_kind kind;
    long code;          /* errno or Win32 code; 0 when the system was not asked */
    char what[160];     /* "cannot open the policy file" */
    char subject[512];  /* a path, a key, file:line:column; escaped for display */
    char reason[200];   /* "Permission denied", "expected a string" */
    char remedy[320];   /* one sentence; may be empty */
};

/* Returns false, so that a failing line can read: return err_set(...). format is for what. */
bool err_set(struct err *e, enum err_kind kind, const char *format, ...) BASE_PRINTF(3, 4);
bool err_subject(struct err *e, struct str subject); /* escaped into e->subject; returns false */
bool err_reason(struct err *e, const char *format, ...) BASE_PRINTF(2, 3); /* returns false */
bool err_remedy(struct err *e, const char *format, ...) BASE_PRINTF(2, 3); /* returns false */
void err_clear(struct err *e);
/* "what: subject: reason; remedy" on one line, parts that are empty left out. */
struct str err_text(const struct err *e, struct arena *a);

/* a + b and a * b that stop at SIZE_MAX instead of wrapping. */
size_t size_add(size_t a, size_t b);
size_t size_mul(size_t a, size_t b);

#endif
