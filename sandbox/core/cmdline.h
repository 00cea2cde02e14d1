/*
 * cmdline: command lines and environment blocks of Windows.
 *
 * Windows hands a program one text, and each program takes it apart itself. What is here writes that text so that the program finds
 * again exactly the arguments that were meant, or refuses: an argument that cannot be handed over unchanged is never handed over
 * changed. Pure; text is WTF-8 (wide.h).
 */
#ifndef CORDON_CMDLINE_H
#define CORDON_CMDLINE_H

#include "path.h"
#include "wide.h"

/* In UTF-16 units, the ending 0 included. */
#define CMDLINE_MAX       32767 /* CreateProcessW, CreateProcessAsUserW */
#define CMDLINE_LOGON_MAX 1024  /* CreateProcessWithLogonW */
#define CMDLINE_CMD_MAX   8191  /* what cmd.exe reads of a line */
#define ENV_VARIABLE_MAX  32767

/* For programs that take their line apart as CommandLineToArgvW and Microsoft's C runtime do (both generations of its rules about
 * doubled quotes: none is written). argv[0] has rules of its own, and may hold no quote. */
bool cmdline_arguments(struct arena *a, const struct texts *argv, struct str *out, struct err *e);

/* A batch file (.bat, .cmd) is run by cmd.exe, which looks at the arguments first: % and " in one would run or become something
 * else, and are refused. */
bool cmdline_is_batch(struct str program);
bool cmdline_batch(struct arena *a, struct str cmd, const struct texts *argv, struct str *out, struct err *e);

/* program and its leading words, then -EncodedCommand and the script as base64 of UTF-16LE: no quoting at all. */
bool cmdline_powershell(
    struct arena *a, const struct texts *program, struct str script, struct str *out, struct err *e);
/* A text as one literal of the shell, quotes included. False for what it cannot hold (a NUL; for cmd also a quote, %, a line break). */
bool cmdline_quote_powershell(struct arena *a, struct str text, struct str *out);
bool cmdline_quote_bash(struct arena *a, struct str text, struct str *out);

/* Base64 of the text's UTF-16LE bytes; false when it is no WTF-8. */
bool cmdline_base64(struct arena *a, struct str text, struct str *out);

/* "NAME=value" texts to a block: sorted by name without regard to case, each ended by 0, another 0 at the end. Names that differ in
 * case alone are one variable: the first stays. Entries without a name or '=', or with a NUL, are refused; "=C:=C:\x", by which
 * cmd remembers where it was on a drive, is a name that begins with '='. fold: how case is folded; NULL: ASCII alone. */
bool cmdline_environment(struct arena *a, const struct texts *env, const struct path_case *fold, struct wide *out, struct err *e);

/* The units that a line takes with its ending 0; ERR_LIMIT when they are more than `most`. */
bool cmdline_fits(struct str line, size_t most, struct err *e);

#endif
