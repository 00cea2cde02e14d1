/*
 * repl_parts: what the files of the interactive terminal share: repl.c (the loop and the two terminals), prompt.c,
 * repl_line.c (a line's life), repl_shell.c (the shell's life), offer.c (completion).
 */
#ifndef CORDON_REPL_PARTS_H
#define CORDON_REPL_PARTS_H

#include "editor.h"
#include "repl.h"
#include "../conpty/conpty.h"

struct repl {
    struct session *s;
    struct inner in;
    struct editor *ed;
    struct guard guard;
    struct lines lines;
    struct buf keys;  /* typed, not yet taken by the inside or the editor */
    struct buf draw, shown;
    struct buf ahead;       /* what was typed ahead, on its way into the editor */
    struct arena places;    /* of session.place */
    struct arena turn;      /* of the line at hand */
    struct arena carried;   /* of `environment` */
    struct texts environment; /* exported when last asked */
    bool editing;           /* the prompt is on the screen */
    bool keys_went_in;      /* since what nobody read was last taken back */
    struct buf word;        /* the folder by the shell's word, when session.place was last the kernel's */
    bool dirty;             /* a line ran since the state was asked for */
    bool marks;             /* the terminal takes OSC 133 and OSC 7 */
    bool exit_asked;        /* exit was refused once because of jobs */
    bool leaving;           /* the line that runs is an exit */
    bool fresh_row;         /* what was printed last ended a row */
    bool over;
    int code;
    uint64_t hatch[3];      /* when the last Ctrl-C or Ctrl-\ went in */
    char hatch_key;
    uint64_t line_ms;       /* when the last line went to the shell */
    bool held;              /* a Ctrl-C waits for the shell to take the line */
    uint64_t quiet_until;
    bool terminal_over;     /* when it was last read, its end was met */
    bool told_of_sh;        /* what a plain sh does not keep */
    unsigned mended;        /* how often in this line the shell's hook was put back */
    uint64_t starting_since; /* the shell's start files run; 0: told that they do */
    struct str history_file;
};

/* ---- repl.c ---- */
void repl_put(struct buf *b);                      /* to the person's terminal, and empties b */
void repl_tell(struct repl *r, const char *text);  /* one plain line of ours, on a row of its own */
void repl_tell_error(struct repl *r, const struct err *e);
bool repl_read_terminal(struct repl *r);           /* shows what is there; false: nothing was */
void repl_read_rest(struct repl *r);               /* all that a terminal can hold; not what is written meanwhile */

/* ---- prompt.c ---- */
void prompt_mark(struct repl *r, const char *what);  /* OSC 133, into r->draw */
/* session.place from the kernel: at once when surely, else when the shell's own word for it has changed; an idle shell
 * is looked at in any case. */
void prompt_find_place(struct repl *r, bool surely);
void prompt_begin(struct repl *r); /* r->ahead becomes text in the editor */

/* ---- repl_line.c ---- */
void line_load_history(struct repl *r);
void line_take(struct repl *r);                    /* what the editor has */
void line_run(struct repl *r, struct str line);    /* in the shell */
void line_end(struct repl *r);                     /* it reported */

/* ---- repl_shell.c ---- */
bool shell_begin(struct repl *r, const struct texts *environment, struct err *e);
void shell_news(struct repl *r);                   /* all that the shell and its boundary have to tell */
void shell_lend(struct repl *r);                   /* what the built-ins need of the REPL */

/* ---- offer.c ---- */
void offer_words(struct repl *r);

#endif
