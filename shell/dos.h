/*
 * dos: a line as a process of its own for the command shells of Windows, and what it leaves behind for the next line.
 *
 * cmd and PowerShell take a line on their command line and have no hook to live on. So behind the line, in the same process,
 * stands a call of the report program (cordon-shim.exe report): a child of that shell, it inherits the directory and the
 * environment that the line left, and writes both on a pipe that it inherits too. Pure; what comes back is hostile input.
 *
 * What is kept from line to line: the directory and the environment. Not variables and functions of PowerShell, doskey macros,
 * setlocal, pushd: a shell that is to keep those is started by its name, and lives until it ends.
 */
#ifndef CORDON_DOS_H
#define CORDON_DOS_H

#include "../sandbox/core/core.h"

enum dos_kind { DOS_OTHER, DOS_CMD, DOS_POWERSHELL, DOS_BASH };

/* Bytes of a report: an environment block has at most 32767 characters (before Windows 7; more since), three bytes each. */
#define DOS_REPORT_MAX ((size_t)1 << 20)

/* Between the shell and the report program: the line's exit code. (The number of the inherited handle is in CORDON_REPORT, which
 * command_windows.c sets as it starts the process.) Neither is ever part of a report. */
#define DOS_CODE_VARIABLE "CORDON_CODE"
/* The line itself, for bash: see dos_command. */
#define DOS_LINE_VARIABLE "CORDON_LINE"

/* What a shell of this file name reads ("cmd.exe", "pwsh", "bash"): case does not matter, nor does ".exe". */
enum dos_kind dos_kind(struct str name);

/*
 * Is this program one of a Store package (MSIX), or the alias for one? Neither can be started by a restricted token of another
 * account. path: as it was found; tag: of the reparse point that the file is, or 0.
 */
#define DOS_TAG_APPEXECLINK 0x8000001bu
bool dos_is_store(struct str path, uint32_t tag);

/* The command shell of a session: the policy's word ("auto", a name, a path), with what was found on this machine. note: a
 * printable word where something else was taken than a person may expect; else none. */
bool dos_choose(struct arena *a, const struct windows_host *w, struct str wanted, struct str *program, struct str *note,
    struct err *e);

struct dos_line {
    enum dos_kind kind;
    struct str shell;  /* its program, absolute */
    struct str report; /* the report program, absolute; none: nothing is left behind, nothing told */
    struct str text;   /* the line */
    int status;        /* of the line before: %errorlevel%, $LASTEXITCODE, $? */
};

/*
 * The process of a line. cmd, PowerShell: words is the command line as it stands, to be quoted by nobody. bash: argv, and the line
 * in a variable of env. Refused (ERR_LIMIT): a NUL; too long for the shell.
 */
struct dos_process {
    struct str words;
    struct texts argv, env;
};
bool dos_command(struct arena *a, const struct dos_line *line, struct dos_process *out, struct err *e);

/* Does the shell want more physical lines after these? cmd: an open parenthesis, a caret at the end. PowerShell: quotes, here-strings,
 * braces, brackets, comments, a backtick or a pipe at the end. In doubt no: the line is run and the shell says what is wrong. */
bool dos_unfinished(enum dos_kind kind, struct str text);

/* Is the line an exit and nothing else? Then the terminal is left. may: does a word stand in it that can end the line's shell before
 * its report: exit, and in PowerShell return, throw, break, continue? */
bool dos_is_exit(enum dos_kind kind, struct str text);
bool dos_may_exit(enum dos_kind kind, struct str text);

struct dos_state {
    bool told;                /* the whole report came */
    uint32_t code;            /* the line's own, as its shell says */
    struct str folder;        /* absolute, on a drive */
    struct texts environment; /* NAME=value; no name twice, none of Cordon's; =D:=folder is where a drive stands */
};
/* All that the report program wrote: "CORDON1" CODE FOLDER NAME=value... "=", in UTF-8, each closed by a NUL. What is not as it
 * should be counts as not told. */
void dos_take(struct arena *a, struct str bytes, struct dos_state *out);

#endif
