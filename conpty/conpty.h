/*
 * conpty: the terminal session's bytes: a parser for what programs print, a guard that lets through only
 * what belongs on a person's terminal, and a plain form for lines shown above a prompt.
 *
 * All pure: bytes in, bytes out, no allocation that input could grow. On Linux the pseudoterminal itself is
 * opened by the runner, inside (it must be of the inner devpts); pty_*.c only sizes and drains it.
 */
#ifndef CORDON_CONPTY_H
#define CORDON_CONPTY_H

#include "../sandbox/core/base.h"

/* ---- vt: a parser of terminal output after Paul Williams' state machine, UTF-8 aware ---- */

#define VT_SEQUENCE_MAX 4096 /* bytes of one escape sequence that are kept; longer ones are dropped whole */

enum vt_kind {
    VT_TEXT,    /* printable bytes, or bytes that are not UTF-8, as they came */
    VT_CONTROL, /* one C0 control */
    VT_ESC,     /* ESC, intermediates, final */
    VT_CSI,
    VT_OSC,     /* with its terminator */
    VT_STRING,  /* DCS, SOS, PM, APC */
};

struct vt_item {
    enum vt_kind kind;
    struct str bytes; /* the whole sequence as it came; a run of text is as long as possible */
    bool too_long;    /* was over VT_SEQUENCE_MAX: bytes holds only its beginning */
};

struct vt {
    int state;
    size_t held; /* bytes of an unfinished sequence kept in hold */
    bool dropping;
    enum vt_kind kind;
    char hold[VT_SEQUENCE_MAX];
};

/* Takes the next item of input from *at on; false when input is used up (an unfinished sequence is held). */
bool vt_next(struct vt *vt, struct str input, size_t *at, struct vt_item *out);

/* ---- guard: from the sandbox to the person's terminal ---- */

struct guard {
    struct vt vt;
    /* what programs have switched on, to be undone when a line ends in a bad state */
    bool alternate_screen, cursor_hidden, mouse, bracketed_paste, focus, application_keys,
        application_keypad, origin, no_wrap, insert, charset;
    unsigned kitty_depth;
    uint64_t removed; /* sequences that were taken out */
};

/*
 * Appends to out what of input may reach the terminal. Passed: text, C0 (less ENQ), cursor and screen
 * control, colours, modes, the alternate screen, window titles, hyperlinks (OSC 8, http/https/mailto only)
 * and queries that programs need answered (cursor position, device attributes). Removed: OSC 133, 633, 7,
 * 9;9, 52 (clipboard), 1337 and every OSC not listed; title and window reports (CSI 20 t, 21 t and other
 * answerbacks that echo text that a program chose), DECRQSS, DECUDK and other DCS but sixel-free nothing,
 * APC, PM, SOS, printing (CSI i), DECREQTPARM loops, and sequences over VT_SEQUENCE_MAX. 8-bit C1 bytes are never
 * acted on: they are part of UTF-8 text or are passed on as they came only in a form no terminal obeys.
 */
void guard_filter(struct guard *g, struct str input, struct buf *out);
/* What undoes the modes that are still on, so that the editor can draw: leaves the alternate screen, shows the
 * cursor, ends mouse and paste modes, resets colour and character sets. Cheap when nothing is on. */
void guard_undo(struct guard *g, struct buf *out);

/* ---- lines: job output shown above the editor ---- */

#define LINES_HELD_MAX 8192 /* an unfinished line longer than this is shown as it is */

struct lines {
    struct vt vt;
    struct buf current; /* the unfinished line */
    size_t column;
    bool coloured;
};

/* Appends whole lines of plain text with SGR colour only (each ends reset and with \r\n); carriage return
 * restarts a line, backspace and tab are applied, everything else is dropped. */
void lines_filter(struct lines *l, struct str input, struct buf *out);
void lines_flush(struct lines *l, struct buf *out); /* the unfinished rest, as a line of its own */
bool lines_pending(const struct lines *l);
void lines_release(struct lines *l);

/* ---- the pseudoterminal's controlling end (pty_linux.c) ---- */

bool pty_resize(intptr_t controlling, uint16_t rows, uint16_t columns);
/* Reads what its programs left unread (typed ahead), in canonical mode too, and what was echoed is not undone.
 * Leaves the terminal in a sane mode when sane is set. */
bool pty_take_unread(intptr_t controlling, struct buf *out);
bool pty_sane(intptr_t controlling);
/* Echo off while lines are kept whole: a password prompt. */
bool pty_is_hidden(intptr_t controlling);

#endif
