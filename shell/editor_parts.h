/*
 * editor_parts: what the editor's files share: the text with its undo, units of display, the drawn
 * frame. For editor*.c and their tests only; everybody else uses editor.h.
 */
#ifndef CORDON_EDITOR_PARTS_H
#define CORDON_EDITOR_PARTS_H

#include "editor.h"
#include "history.h"
#include "keys_in.h"

/* ---- units: what the cursor steps over; editor_text.c ---- */

enum unit_kind {
    UNIT_PLAIN,   /* drawn as its own bytes: a character and the marks that combine with it */
    UNIT_ESCAPED, /* drawn as `shown`, in reverse video */
    UNIT_TAB,     /* drawn as blanks */
    UNIT_BREAK,   /* a line break */
};

struct unit {
    enum unit_kind kind;
    size_t n;    /* bytes of text */
    int columns; /* of UNIT_PLAIN: 1 or 2 */
    char shown[16];
};

void unit_at(struct str s, size_t at, struct unit *out); /* at < s.n, at a unit's start */
size_t unit_before(struct str s, size_t at); /* where the unit that ends at `at` starts */
size_t unit_snap(struct str s, size_t at);   /* at, or the end of the unit that holds it */

/* ---- the text; editor_text.c ---- */

#define UNDO_BYTES_MAX ((size_t)4 << 20)
#define UNDO_STEPS_MAX 4096

struct edit {
    struct buf text;
    size_t cursor;
    struct buf steps; /* struct edit_step each */
    struct buf gone;  /* bytes that steps removed, oldest first */
};

void edit_release(struct edit *e);
void edit_begin(struct edit *e); /* empty, nothing to undo */
struct str edit_view(const struct edit *e);
/* linked: undone together with the step before it. typed: may grow the step before it. Past
 * LINE_BYTES_MAX nothing is inserted and the answer is false. */
enum edit_join { EDIT_ALONE, EDIT_LINKED, EDIT_TYPED };
bool edit_insert(struct edit *e, struct str bytes, enum edit_join join);
void edit_remove(struct edit *e, size_t from, size_t to, enum edit_join join);
void edit_replace_all(struct edit *e, struct str bytes);
bool edit_undo(struct edit *e);
void edit_move(struct edit *e, size_t at);

size_t edit_line_start(const struct edit *e, size_t at);
size_t edit_line_end(const struct edit *e, size_t at);
size_t edit_word_left(const struct edit *e, size_t at);
size_t edit_word_right(const struct edit *e, size_t at);
size_t edit_blank_left(const struct edit *e, size_t at); /* words as blanks separate them */
/* The place on the line above or below (-1, +1) nearest to the cursor's column;
 * false: there is none. */
bool edit_vertical(const struct edit *e, int direction, size_t *goal, size_t *at);

/* Killed text. A slot remembers whether its text was pasted or typed ahead. */
#define KILLS_MAX 8

struct kills {
    struct buf v[KILLS_MAX];
    bool stale[KILLS_MAX];
    size_t newest, count;
};

void kills_release(struct kills *k);
void kills_add(struct kills *k, struct str bytes, bool grow, bool in_front, bool stale);
struct str kills_at(const struct kills *k, size_t back, bool *stale); /* 0: newest */

/* ---- the drawn frame; editor_draw.c ---- */

struct frame_shown {
    struct buf cells, rows, bytes;
    size_t cursor_row, cursor_column;
    size_t top, total; /* of all rows, those from top on are shown */
};

struct screen {
    struct frame_shown now, next;
    unsigned columns, height;
    bool valid; /* `now` is on the terminal, unless it was hidden */
    size_t row,
        column; /* the terminal's cursor, relative to the frame; column == columns: about to wrap */
    size_t reached; /* rows that exist on the terminal from the frame's first on */
    uint32_t style; /* what the terminal's colour is now; 0 is plain */
};

/* What to draw. */
struct picture {
    struct str prompt, continuation, text;
    size_t cursor;
};

void screen_release(struct screen *s);
void screen_begin(struct screen *s); /* the cursor is at the beginning of an empty row */
void screen_draw(struct screen *s, const struct picture *p, struct buf *out);
void screen_finish(
    struct screen *s, struct str mark, struct buf *out); /* to a fresh row below it */
void screen_hide(struct screen *s, struct buf *out);
void screen_clear(struct screen *s, struct buf *out); /* the whole terminal, then like begin */
void screen_resize(struct screen *s, unsigned columns, struct buf *out);

/* ---- the editor; editor.c, editor_keys.c, editor_history.c ---- */

#define DRAFTS_MAX      8 /* history entries changed on the way; the first is the line being written */
#define QUERY_BYTES_MAX 256

struct draft {
    bool used;
    size_t place;
    struct buf text;
};

struct search {
    bool on, forward, failed;
    struct buf query, last_query;
    size_t place, offset; /* of the match; place == history_count: none yet */
};

/* What the key before did, for keys that go on with it. */
enum deed { DEED_OTHER, DEED_KILL, DEED_YANK, DEED_LAST_WORD, DEED_VERTICAL };

struct editor {
    struct arena arena; /* holds this struct itself */
    enum dos_kind dos;
    struct edit edit;
    struct keys_in keys;
    struct screen screen;
    struct kills kills;
    struct history history;
    struct search search;
    struct buf prompt, continuation, search_prompt;
    struct buf paste;   /* what came between the paste's markers so far */
    size_t paste_match; /* bytes of the end marker that have come */
    unsigned paste_interrupts;
    bool active, hidden, pasting, paste_mode, verbatim, stale, changed;
    enum deed last, deed; /* of the key before, of this one */
    size_t yank_from, yank_back, word_back, goal;
    size_t place; /* in history; history_count is the line being written */
    struct draft drafts[DRAFTS_MAX];
    size_t next_draft;
};

/* One key. The result is the caller's to act on; the screen is drawn afterwards. */
enum editor_result editor_press(struct editor *ed, const struct key *key);
/* Places `text` at the cursor as the person's own or as stale. */
void editor_put(struct editor *ed, struct str text, bool stale, enum edit_join join);

/* editor_history.c */
void editor_history_begin(struct editor *ed);
void editor_history_go(struct editor *ed, size_t place);
void editor_history_prefix(struct editor *ed, int direction);
void editor_search_start(struct editor *ed, bool forward);
/* True when the search took the key; false when it ended and the key is to be pressed as usual. */
bool editor_search_press(struct editor *ed, const struct key *key);
void editor_search_add(struct editor *ed, struct str text);
struct picture editor_search_picture(struct editor *ed);

/* ---- expand.c, for Alt-. ---- */

struct str line_last_word(struct str line);

#endif
