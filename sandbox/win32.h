/*
 * win32: what the Windows edges share among themselves. Nothing outside *_windows.c includes it.
 *
 * Text is UTF-8 inside and becomes UTF-16 at the call itself; only W functions are called. What Windows 10 1809 lacks is looked up
 * when it is wanted. Every setting that a promise hangs on is read back after it was made: Wine says yes to what it does not do.
 */
#ifndef CORDON_WIN32_H
#define CORDON_WIN32_H

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#include <winternl.h>

#include "core/access.h"
#include "core/path.h"
#include "core/wide.h"
#include "sandbox.h"

/* ---- sys_windows.c: text, errors ---- */

#define WIDE_PATH_MAX (PATH_BYTES_MAX + 16) /* no path of PATH_BYTES_MAX bytes has more units, with the prefix */

struct wide_path {
    wchar_t v[WIDE_PATH_MAX];
};
/* As the system is to get it: \ for /, and an absolute one behind \\?\, so that it is taken as it is: no device names, no trailing
 * dots, no MAX_PATH. False, with the last error set, when it is no text or too long. */
bool wide_path(struct str path, struct wide_path *out);
wchar_t *wide_from(struct arena *a, struct str s);                 /* NULL when it is no text, or has a NUL */
struct str utf8_from(struct arena *a, const wchar_t *s, size_t n); /* WTF-8 (wide.h): any units have one text */
struct str utf8_from_z(struct arena *a, const wchar_t *s);
/* A path of the system's without \\?\ and \\?\UNC\. */
struct str utf8_from_path(struct arena *a, const wchar_t *s, size_t n);

/* Fills e with code's words; always false. ERR_MISSING for what is not there. */
bool win_fail(struct err *e, DWORD code, struct str subject, const char *format, ...) BASE_PRINTF(4, 5);
bool win_random(void *out, size_t n); /* from the system's CSPRNG */
void *win_function(const wchar_t *module, const char *name); /* of a library of the system that is loaded or in System32; NULL */
bool win_is_wine(void);
void win_close(HANDLE *h); /* to NULL; NULL and INVALID_HANDLE_VALUE are fine */

/* ---- files_windows.c ---- */

/* Opens one name below an open folder, itself and not what it leads to where it is a reparse point (NtCreateFile with
 * FILE_OPEN_REPARSE_POINT). options: FILE_DIRECTORY_FILE and the like. NULL, with the last error. */
HANDLE win_open_beneath(HANDLE folder, const wchar_t *name, size_t n, ACCESS_MASK access, ULONG disposition, ULONG options);
/* The object of that name itself; never what a reparse point in the last component leads to. NULL, with the last error. */
HANDLE win_open_itself(const wchar_t *path, DWORD access, DWORD disposition);
/* Names in an open folder, one batch after the other; false when there are no more. */
struct win_list {
    HANDLE folder;
    bool begun;
    size_t at; /* SIZE_MAX: a batch is wanted */
    union {
        ULONGLONG align;
        char bytes[32768];
    } batch;
    const wchar_t *name; /* the entry: not "." and not ".." */
    size_t n;            /* units */
    DWORD attributes;
};
bool win_list_next(struct win_list *l);
/* A whole file replaced by another in one step: whoever reads sees the one or the other. */
bool win_replace_file(struct str path, struct str bytes, struct err *e);
/* Waits, at most ms, until we alone hold the file of that name, which is made where it is missing. NULL, with the last error. */
HANDLE win_lock_file(struct str path, DWORD ms);

/* ---- looks_windows.c ---- */

/* Opens an object by its path, one name at a time from its drive, and only where no link or mount point is on the way, itself included
 * (ERROR_CANT_ACCESS_FILE). attributes: of the object. NULL, with the last error. */
HANDLE win_open_plain(struct str path, DWORD access, DWORD *attributes);

/* ---- stream_windows.c: what sys_handle stands for ---- */

/* Owns both; either may be NULL. Read by a thread of its own as soon as somebody waits on it or reads without blocking, written
 * by one once sys_nonblocking was asked for; with bounded room each way. */
sys_handle sys_from_stream(HANDLE in, HANDLE out);
sys_handle sys_from_event(HANDLE h); /* readable when h (an event, a process) is signalled; owns h */
/* Readable when produce, on a thread of its own, has brought bytes: > 0 so many, 0 the end. cancel makes it return soon. */
sys_handle sys_from_producer(
    long (*produce)(void *context, void *out, size_t size), void (*cancel)(void *context), void *context);
/* What is behind; NULL where there is none. They stay the stream's. */
HANDLE sys_in(sys_handle h);
HANDLE sys_out(sys_handle h);
bool sys_over(sys_handle h);                 /* nothing comes any more; what came may not be read yet */
void sys_also(sys_handle h, HANDLE event);   /* sys_wait takes h for readable when event is signalled, too; not owned */
/* What pty_resize does with it. */
void sys_on_resize(sys_handle h, bool (*resize)(void *context, uint16_t rows, uint16_t columns), void *context);
bool sys_resize(sys_handle h, uint16_t rows, uint16_t columns);

/* ---- access_windows.c: the system's own access check ---- */

/* A token as access_check wants it. Backup and restore are never asked for. */
bool win_token_read(struct arena *a, HANDLE token, struct token *out, struct err *e);
/* AccessCheck of an impersonation token; desired may hold generic rights. rights: what was granted. False: it could not be asked. */
bool win_access_check(HANDLE token, const struct descriptor *d, const struct access_mapping *mapping, uint32_t desired, bool *granted,
    uint32_t *rights, struct err *e);
/* The rights to a file for which this token's second pass is made, found by asking for each: see access_writes. token: an
 * impersonation token with restricting SIDs, of which Everyone is none. */
bool win_access_writes(struct arena *a, HANDLE token, uint32_t *out, struct err *e);
/* A write-restricted copy of our own token with this one restricting SID, for impersonation; NULL, with e filled. On a system that
 * does not do what it says (wine), it has no restricting SIDs: win_token_read tells. */
HANDLE win_token_restricted(const struct sid *sid, struct err *e);

#endif
