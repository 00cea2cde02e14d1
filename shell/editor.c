/*
 * editor: bytes in, bytes out. This file takes the bytes apart into keys and pastes, and draws when
 * a feed is through; what keys do is in editor_keys.c, history in editor_history.c, the text in
 * editor_text.c, the screen in editor_draw.c.
 *
 * The bytes come from a person's terminal, and from what they copied off a page: a paste is text
 * and nothing else, whatever it holds.
 */
#include "editor_parts.h"

#include <string.h>

#define PASTE_ON  STR("\x1b[?2004h")
#define PASTE_OFF STR("\x1b[?2004l")

static const char paste_end[] = "\x1b[201~";

struct editor *editor_new(void)
{
    struct arena arena = {0};
    struct editor *ed = arena_alloc(&arena, 1, sizeof *ed);

    ed->arena = arena;
    ed->screen.columns = 80;
    return ed;
}

void editor_free(struct editor *ed)
{
    struct arena arena;

    if (!ed)
        return;
    edit_release(&ed->edit);
    screen_release(&ed->screen);
    kills_release(&ed->kills);
    history_release(&ed->history);
    buf_release(&ed->search.query);
    buf_release(&ed->search.last_query);
    buf_release(&ed->prompt);
    buf_release(&ed->continuation);
    buf_release(&ed->search_prompt);
    buf_release(&ed->paste);
    for (size_t i = 0; i < DRAFTS_MAX; i++)
        buf_release(&ed->drafts[i].text);
    arena = ed->arena;
    arena_release(&arena);
}

/* ---- drawing ---- */

static void refresh(struct editor *ed, struct buf *draw)
{
    struct picture picture;

    if (!ed->active || ed->hidden)
        return;
    if (ed->search.on)
        picture = editor_search_picture(ed);
    else
        picture = (struct picture){buf_view(&ed->prompt), buf_view(&ed->continuation),
            edit_view(&ed->edit), ed->edit.cursor};
    screen_draw(&ed->screen, &picture, draw);
}

static void set_paste_mode(struct editor *ed, bool on, struct buf *draw)
{
    if (ed->paste_mode != on)
        buf_str(draw, on ? PASTE_ON : PASTE_OFF);
    ed->paste_mode = on;
}

void editor_begin(struct editor *ed, struct str prompt, struct str continuation_prompt,
    unsigned columns, struct buf *draw)
{
    buf_clear(&ed->prompt);
    buf_str(&ed->prompt, prompt);
    buf_clear(&ed->continuation);
    buf_str(&ed->continuation, continuation_prompt);
    edit_begin(&ed->edit);
    editor_history_begin(ed);
    ed->active = true;
    ed->hidden = ed->stale = ed->verbatim = false;
    ed->last = ed->deed = DEED_OTHER;
    screen_begin(&ed->screen);
    screen_resize(&ed->screen, columns, draw);
    set_paste_mode(ed, true, draw);
    refresh(ed, draw);
}

void editor_hide(struct editor *ed, struct buf *draw)
{
    screen_hide(&ed->screen, draw);
    ed->hidden = true;
}

void editor_show(struct editor *ed, struct buf *draw)
{
    ed->hidden = false;
    if (!ed->active)
        return;
    set_paste_mode(ed, true, draw);
    refresh(ed, draw);
}

void editor_resize(struct editor *ed, unsigned columns, struct buf *draw)
{
    screen_resize(&ed->screen, columns, draw);
    refresh(ed, draw);
}

void editor_set_shell(struct editor *ed, enum dos_kind kind)
{
    ed->dos = kind;
}

void editor_set_height(struct editor *ed, unsigned rows)
{
    ed->screen.height = rows;
}

/* ---- pastes and text typed ahead ---- */

/* Line breaks in their three spellings become \n; other control characters but the tab go. */
static void add_pasted(struct buf *out, char c, char before)
{
    if (c == '\n' && before == '\r')
        return;
    if (c == '\r')
        c = '\n';
    if (((unsigned char)c >= 0x20 && c != '\x7f') || c == '\n' || c == '\t')
        buf_add(out, &c, 1);
}

/* Put in at once, so that one undo takes it away; what is too long for a line is dropped whole,
 * because half of a command is another command. */
static void put_paste(struct editor *ed)
{
    struct buf text = {.ceiling = LINE_BYTES_MAX + 1};

    for (size_t i = 0; i < ed->paste.n; i++)
        add_pasted(&text, ed->paste.p[i], i > 0 ? ed->paste.p[i - 1] : '\0');
    if (ed->search.on)
        editor_search_add(ed, buf_view(&text));
    else if (!ed->paste.overflowed && !text.overflowed)
        editor_put(ed, buf_view(&text), true, EDIT_ALONE);
    buf_release(&text);
    buf_release(&ed->paste);
    ed->last = DEED_OTHER;
}

static void begin_paste(struct editor *ed)
{
    ed->pasting = true;
    ed->paste_match = 0;
    ed->paste_interrupts = 0;
    buf_clear(&ed->paste);
    ed->paste.ceiling = 2 * LINE_BYTES_MAX; /* before line breaks and controls are taken out */
}

/* Takes bytes up to the end marker. Its ESC is the only one that counts. */
static void take_paste(struct editor *ed, struct str keys, size_t *at)
{
    while (*at < keys.n) {
        char c = keys.p[(*at)++];
        if (c == paste_end[ed->paste_match]) {
            if (++ed->paste_match == sizeof paste_end - 1) {
                ed->pasting = false;
                put_paste(ed);
                return;
            }
            continue;
        }
        buf_add(&ed->paste, paste_end, ed->paste_match);
        ed->paste_match = c == '\x1b';
        if (ed->paste_match == 0)
            buf_add(&ed->paste, &c, 1);
    }
}

/* A paste whose end never comes would hold the keyboard: Ctrl-C three times,
 * each by itself, ends it. */
static bool breaks_paste(struct editor *ed, struct str keys)
{
    if (!str_eq(keys, STR("\x03")))
        ed->paste_interrupts = 0;
    else if (++ed->paste_interrupts == 3) {
        ed->pasting = false;
        buf_release(&ed->paste);
        return true;
    }
    return false;
}

void editor_preload(struct editor *ed, struct str text, struct buf *draw)
{
    struct keys_in keys = {0};
    struct buf line = {.ceiling = LINE_BYTES_MAX + 1};
    struct key key;
    size_t at = 0;
    bool more = true;

    while (more) {
        more = keys_in_next(&keys, text, &at, &key) || keys_in_silence(&keys, &key);
        if (!more)
            break;
        if (key.code == KEY_TEXT && key.modifiers == 0)
            buf_str(&line, key.text);
        else if (key.code == KEY_TAB && key.modifiers == 0)
            buf_str(&line, STR("\t"));
        else if (key.code == KEY_ENTER &&
                 !(at >= 2 && text.p[at - 1] == '\n' && text.p[at - 2] == '\r'))
            buf_str(&line, STR("\n"));
    }
    if (!line.overflowed)
        editor_put(ed, buf_view(&line), true, EDIT_ALONE);
    buf_release(&line);
    refresh(ed, draw);
}

/* ---- feeding ---- */

/* Brings the screen to where the result's reader expects it. */
static void leave(struct editor *ed, enum editor_result result, struct buf *draw)
{
    if (result == EDITOR_MORE || result == EDITOR_COMPLETE)
        return;
    screen_finish(&ed->screen, result == EDITOR_INTERRUPT ? STR("^C") : STR(""), draw);
    set_paste_mode(ed, false, draw);
    if (result == EDITOR_SUSPEND)
        ed->hidden = true;
    else
        ed->active = false;
    if (result == EDITOR_INTERRUPT)
        edit_begin(&ed->edit);
}

static bool is_clear(const struct key *key)
{
    return key->code == KEY_CONTROL && key->letter == 'L' && !(key->modifiers & KEY_ALT);
}

static enum editor_result press(struct editor *ed, const struct key *key, struct buf *draw)
{
    if (key->code == KEY_PASTE_BEGIN) {
        begin_paste(ed);
        return EDITOR_MORE;
    }
    if (is_clear(key) && !ed->hidden) {
        screen_clear(&ed->screen, draw);
        return EDITOR_MORE;
    }
    return editor_press(ed, key);
}

static bool take_verbatim(struct editor *ed, struct str keys, size_t *at)
{
    struct key key;

    if (!keys_in_verbatim(&ed->keys, keys, at, &key))
        return false;
    ed->verbatim = false;
    if (key.text.p[0] != '\0')
        editor_put(ed, key.text, false, EDIT_ALONE);
    return true;
}

enum editor_result editor_feed(struct editor *ed, struct str keys, size_t *used, struct buf *draw)
{
    enum editor_result result = EDITOR_MORE;
    struct key key = {.code = KEY_CONTROL, .letter = 'C'};
    size_t at = 0;

    *used = 0;
    if (!ed->active || keys.n == 0)
        return EDITOR_MORE;
    if (ed->pasting && breaks_paste(ed, keys)) {
        at = keys.n;
        result = press(ed, &key, draw);
    }
    while (result == EDITOR_MORE) {
        if (ed->pasting) {
            take_paste(ed, keys, &at);
            if (ed->pasting)
                break;
        } else if (ed->verbatim) {
            if (!take_verbatim(ed, keys, &at))
                break;
        } else {
            if (!keys_in_next(&ed->keys, keys, &at, &key))
                break;
            result = press(ed, &key, draw);
        }
    }
    *used = at;
    refresh(ed, draw);
    leave(ed, result, draw);
    return result;
}

enum editor_result editor_timeout(struct editor *ed, struct buf *draw)
{
    enum editor_result result = EDITOR_MORE;
    struct key key;

    if (!ed->active || ed->pasting)
        return EDITOR_MORE;
    ed->verbatim = false;
    while (result == EDITOR_MORE && !ed->pasting && keys_in_silence(&ed->keys, &key))
        result = press(ed, &key, draw);
    refresh(ed, draw);
    leave(ed, result, draw);
    return result;
}

bool editor_waiting(const struct editor *ed)
{
    return ed->keys.n > 0 && !ed->pasting;
}

struct str editor_line(const struct editor *ed)
{
    return edit_view(&ed->edit);
}

bool editor_line_is_fresh(const struct editor *ed)
{
    return !ed->stale;
}

size_t editor_cursor(const struct editor *ed)
{
    return ed->edit.cursor;
}

/* ---- completions ---- */

#define OFFERS_SHOWN_MAX 300

/* Candidates are quoted for a command shell: half of a \x or \ooo is another character. */
static size_t before_escape(struct str s, size_t n)
{
    size_t digits = 0, slashes = 0;

    while (digits < 2 && digits < n && s.p[n - 1 - digits] >= '0' && s.p[n - 1 - digits] <= '7')
        digits++;
    while (slashes < n - digits && s.p[n - 1 - digits - slashes] == '\\')
        slashes++;
    return slashes % 2 == 1 ? n - digits - 1 : n;
}

static size_t common_length(const struct texts *candidates)
{
    struct str first = candidates->v[0];
    size_t n = first.n;

    for (size_t i = 1; i < candidates->n; i++) {
        struct str other = candidates->v[i];
        size_t same = 0;
        while (same < n && same < other.n && other.p[same] == first.p[same])
            same++;
        n = same;
    }
    if (candidates->n > 1)
        n = before_escape(first, n);
    while (n > 0 && unit_snap(first, n) != n)
        n--;
    return n;
}

/* Candidates come from inside the sandbox: they are shown as the line would
 * show them, in plain text. */
static struct str shown_offer(struct arena *a, struct str candidate, size_t *columns)
{
    struct buf out = {0};
    struct str result;
    struct unit unit;

    *columns = 0;
    for (size_t at = 0; at < candidate.n; at += unit.n) {
        unit_at(candidate, at, &unit);
        if (unit.kind == UNIT_PLAIN)
            buf_str(&out, str_slice(candidate, at, at + unit.n));
        else
            buf_str(&out, unit.kind == UNIT_ESCAPED ? str_from(unit.shown)
                          : unit.kind == UNIT_TAB   ? STR("^I")
                                                    : STR("^J"));
        *columns += unit.kind == UNIT_PLAIN     ? (size_t)unit.columns
                    : unit.kind == UNIT_ESCAPED ? strlen(unit.shown)
                                                : 2;
    }
    result = arena_str(a, buf_view(&out));
    buf_release(&out);
    return result;
}

static void list_offers(struct editor *ed, const struct texts *candidates, struct buf *draw)
{
    struct arena scratch = {0};
    size_t shown = candidates->n < OFFERS_SHOWN_MAX ? candidates->n : OFFERS_SHOWN_MAX;
    struct str *names = arena_alloc(&scratch, shown, sizeof *names);
    size_t *columns = arena_alloc(&scratch, shown, sizeof *columns);
    size_t widest = 1, per_row, rows;

    for (size_t i = 0; i < shown; i++) {
        names[i] = shown_offer(&scratch, candidates->v[i], &columns[i]);
        if (columns[i] > widest)
            widest = columns[i];
    }
    per_row = ed->screen.columns / (widest + 2);
    per_row = per_row > 0 ? per_row : 1;
    rows = (shown + per_row - 1) / per_row;
    screen_finish(&ed->screen, STR(""), draw);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = r; i < shown; i += rows) {
            buf_str(draw, names[i]);
            for (size_t c = columns[i]; i + rows < shown && c < widest + 2; c++)
                buf_str(draw, STR(" "));
        }
        buf_str(draw, STR("\r\n"));
    }
    if (shown < candidates->n)
        buf_format(draw, "... and %llu more\r\n", (unsigned long long)(candidates->n - shown));
    arena_release(&scratch);
}

void editor_offer(
    struct editor *ed, size_t word_start, const struct texts *candidates, struct buf *draw)
{
    struct str word, common;

    if (!ed->active || candidates->n == 0 || word_start > ed->edit.cursor ||
        unit_snap(edit_view(&ed->edit), word_start) != word_start)
        return;
    word = str_slice(edit_view(&ed->edit), word_start, ed->edit.cursor);
    common = str_slice(candidates->v[0], 0, common_length(candidates));
    if (str_find(common, 0, '\0') != common.n)
        return;
    if (candidates->n == 1 ? !str_eq(common, word)
                           : common.n > word.n && str_starts(common, word)) {
        edit_remove(&ed->edit, word_start, ed->edit.cursor, EDIT_ALONE);
        editor_put(ed, common, false, word.n > 0 ? EDIT_LINKED : EDIT_ALONE);
    } else if (candidates->n > 1 && !ed->hidden) {
        list_offers(ed, candidates, draw);
    }
    refresh(ed, draw);
}

/* ---- history ---- */

void editor_history_add(struct editor *ed, struct str line)
{
    size_t place = ed->place, count = history_count(&ed->history);

    history_add(&ed->history, line);
    if (!ed->active || place >= count) /* between lines, or on the line being written */
        ed->place = history_count(&ed->history);
    if (ed->drafts[0].used)
        ed->drafts[0].place = history_count(&ed->history);
    if (ed->search.place >= count)
        ed->search.place = history_count(&ed->history);
}

size_t editor_history_count(const struct editor *ed)
{
    return history_count(&ed->history);
}

struct str editor_history_at(const struct editor *ed, size_t index)
{
    return history_at(&ed->history, index);
}
