/*
 * conpty: the terminal session's bytes: a parser for what programs print, a guard that lets through only
 * what belongs on a person's terminal, and a plain form for lines shown above a prompt.
 *
 * All pure but pty_*.c: bytes in, bytes out, nothing that input could grow without end. On Linux the pseudoterminal
 * itself is opened by the runner, inside (it must be of the inner devpts); pty_linux.c only sizes and drains it.
 */
#ifndef CORDON_CONPTY_H
#define CORDON_CONPTY_H

#include "../sandbox/core/base.h"

/* ---- vt: a parser of terminal output after Paul Williams' state machine, UTF-8 aware ---- */

#define VT_SEQUENCE_MAX 4096 /* bytes of one escape sequence that are kept; longer ones are dropped whole */

enum vt_kind {
    VT_TEXT,    /* printable bytes, or bytes that are not UTF-8, as they came; never a C1 control */
    VT_CONTROL, /* one C0 control, or DEL */
    VT_C1,      /* U+0080..U+009F in UTF-8, or one byte 0x80-0x9f that is part of no character */
    VT_ESC,     /* ESC, intermediates, final */
    VT_CSI,
    VT_OSC,    /* with its terminator */
    VT_STRING, /* DCS, SOS, PM, APC */
};

struct vt_item {
    enum vt_kind kind;
    struct str bytes; /* the whole sequence, less controls obeyed on the way; until the next call. One that was
                       * interrupted (ESC, CAN, SUB) comes without its final byte or terminator. */
    bool too_long;    /* was over VT_SEQUENCE_MAX: bytes holds only its beginning */
};

/* Zeroed is ready. */
struct vt {
    int state;
    enum vt_kind kind;
    size_t held; /* bytes of an unfinished sequence or character kept in hold */
    size_t given; /* of a broken character: how many of them were handed out */
    bool too_long;
    char hold[VT_SEQUENCE_MAX];
};

/* Takes the next item of input from *at on; false when input is used up (an unfinished sequence is held). */
bool vt_next(struct vt *vt, struct str input, size_t *at, struct vt_item *out);
/* The end of the run of printable ASCII, CR, LF and tab at at: at itself inside a sequence. What makes bulk fast. */
size_t vt_plain(const struct vt *vt, struct str input, size_t at);
/* Forgets what is unfinished. True when that was the beginning of a character. */
bool vt_reset(struct vt *vt);

/* ---- guard: from the sandbox to the person's terminal ---- */

/* Zeroed is ready. Holds what programs have changed at the terminal, to be undone when a line ends. */
struct guard {
    struct vt vt;
    uint64_t modes;            /* a bit for each row of the table of modes that is not as it should be */
    unsigned alternate_screen; /* the mode that switched to it; 0: the main screen is shown */
    unsigned kitty_depth[2];   /* keyboard protocols pushed on the main and on the alternate screen */
    unsigned title_depth;      /* titles pushed */
    unsigned colours;          /* palette and default colours, a bit each */
    unsigned charset;          /* what is not as it should be, guard.c's bits */
    bool kitty_set[2], modify_keys, keypad, region, cursor_style, link, attributes;
    uint64_t removed; /* sequences and controls that were taken out */
};

/*
 * Appends to out what of input may reach the terminal: a whole sequence, a changed one, or none of it. What is
 * not known is removed. docs/terminal.md has the table, which is that of guard_table.c. In short:
 *
 * Passed: text; C0 but ENQ, CAN, SUB, DEL; cursor, screen, colours; modes that can be undone; the alternate
 * screen; character sets; titles (OSC 0, 1, 2) less controls, bidirectional and invisible characters, at most
 * GUARD_TITLE_MAX bytes; hyperlinks (OSC 8) to http, https, mailto; colours (OSC 4, 10-12, 17, 19 and resets);
 * questions whose answer holds nothing that a program chose but numbers (CSI 5 n, 6 n, c, > c, $ p, 14 t, OSC 4 ?).
 * Changed: ESC c leaves scrollback and settings alone: it becomes guard_undo, a soft reset and a cleared screen.
 * C1 controls, in UTF-8 or as raw bytes, become U+FFFD, which is how a UTF-8 terminal shows such a byte.
 * Removed: every DCS (sixel, DECRQSS, DECUDK, termcap questions), APC, PM and SOS; OSC 7, 9, 52, 133, 633, 777,
 * 1337 and any other; title and window reports and requests (CSI 20 t, 21 t, 8 t), printing, LEDs, checksums,
 * terminal parameters, conformance levels, VT52 and Tektronix modes, keyboard lock, local echo; sequences over
 * VT_SEQUENCE_MAX; a sequence that another one interrupts.
 *
 * Any other text that is not UTF-8 passes as it came. The terminal is taken to be one of UTF-8.
 */
#define GUARD_TITLE_MAX 256
void guard_filter(struct guard *g, struct str input, struct buf *out);
/* What undoes all that programs changed, so that the editor can draw: leaves the alternate screen, shows the cursor,
 * ends mouse and paste modes, resets colours and character sets. An unfinished sequence is forgotten. Nothing is
 * appended when nothing is to be undone. */
void guard_undo(struct guard *g, struct buf *out);
/* Row number index of the table of what is done with what, as a line of docs/terminal.md; false after the last. */
bool guard_describe(size_t index, struct buf *out);

/* ---- lines: job output shown above the editor ---- */

#define LINES_HELD_MAX 8192 /* an unfinished line longer than this is shown as it is */

/* Zeroed is ready. */
struct lines {
    struct vt vt;
    struct buf current; /* the unfinished line */
    size_t column;
    bool restart;  /* a carriage return came: what follows replaces the line, unless it is a newline */
    bool coloured; /* current has SGR in it */
    char colour[64]; /* what is still in force, for the next line */
    size_t colour_bytes;
};

/* Appends whole lines of plain text with SGR colour only (each ends reset and with \r\n); carriage return
 * restarts a line, backspace takes a character back, tab becomes blanks, bidirectional controls and everything
 * else are dropped. */
void lines_filter(struct lines *l, struct str input, struct buf *out);
void lines_flush(struct lines *l, struct buf *out); /* the unfinished rest, as a line of its own */
bool lines_pending(const struct lines *l);
void lines_release(struct lines *l);

/* ---- the pseudoterminal's controlling end (pty_linux.c; on Windows sandbox/terminal_windows.c) ---- */

#define PTY_UNREAD_MAX ((size_t)64 << 10)

bool pty_resize(intptr_t controlling, uint16_t rows, uint16_t columns); /* neither may be 0 */
/*
 * Takes out what programs left unread (typed ahead), whole lines and the beginning of one, and appends it in order,
 * at most PTY_UNREAD_MAX bytes; what is beyond is thrown away, so that it answers no later program. Enter comes as \n
 * when the terminal was cooked and \r when raw, an end-of-file key in a cooked one as 0x04. What was echoed
 * stays on the screen; modes stay as they were. False when the terminal could not be read.
 */
bool pty_take_unread(intptr_t controlling, struct buf *out);
/* Opens the programs' end and keeps it, so that the terminal does not hang up while none has it; -1 where that fails. */
intptr_t pty_hold(intptr_t controlling);
/* Cooked, echoing, with the usual keys; output that was stopped goes on. */
bool pty_sane(intptr_t controlling);
/* Lines are kept whole and Ctrl-C interrupts: no full-screen program has it just now. */
bool pty_is_cooked(intptr_t controlling);

/* ---- a pseudoconsole (pty_windows.c); in the runner ---- */

#define CONSOLE_INHERIT_CURSOR 1u /* the host asks where the cursor is, and waits until it is told */

struct console;
/* in, out: what the host reads and writes, synchronous pipe ends, which stay the caller's and are to be closed once a program was
 * started. NULL with *code (an HRESULT). */
struct console *console_open(intptr_t in, intptr_t out, uint16_t rows, uint16_t columns, unsigned flags, long *code);
void *console_attribute(struct console *c); /* of PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE */
void console_started(struct console *c);    /* its first program runs: from now on its output ends when the last one has left */
bool console_resize(struct console *c, uint16_t rows, uint16_t columns);
/* Begins to close it, on a thread of its own, whose handle comes back: it may last as long as nobody reads the output. */
intptr_t console_close(struct console *c);
bool console_free(struct console *c); /* false, and nothing done, while it is being closed */

#endif
