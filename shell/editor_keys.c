/*
 * editor_keys: what each key does to the line.
 */
#include "editor_parts.h"

#include <string.h>

void editor_put(struct editor *ed, struct str text, bool stale, enum edit_join join)
{
    if (edit_insert(&ed->edit, text, join) && text.n > 0 && stale)
        ed->stale = true;
}

static struct str view(const struct editor *ed)
{
    return edit_view(&ed->edit);
}

/* ---- moving ---- */

static void go_left(struct editor *ed)
{
    ed->edit.cursor = unit_before(view(ed), ed->edit.cursor);
}

static void go_right(struct editor *ed)
{
    struct unit unit;

    if (ed->edit.cursor < ed->edit.text.n) {
        unit_at(view(ed), ed->edit.cursor, &unit);
        ed->edit.cursor += unit.n;
    }
}

static void go_line_start(struct editor *ed)
{
    ed->edit.cursor = edit_line_start(&ed->edit, ed->edit.cursor);
}

static void go_line_end(struct editor *ed)
{
    ed->edit.cursor = edit_line_end(&ed->edit, ed->edit.cursor);
}

static void go_word_left(struct editor *ed)
{
    ed->edit.cursor = edit_word_left(&ed->edit, ed->edit.cursor);
}

static void go_word_right(struct editor *ed)
{
    ed->edit.cursor = edit_word_right(&ed->edit, ed->edit.cursor);
}

/* Within a line of several rows the arrows move between them; from its first or
 * last, through history. */
static void go_vertical(struct editor *ed, int direction)
{
    size_t at;

    if (ed->last != DEED_VERTICAL)
        ed->goal = SIZE_MAX;
    if (edit_vertical(&ed->edit, direction, &ed->goal, &at)) {
        ed->deed = DEED_VERTICAL;
        edit_move(&ed->edit, at);
    } else if (direction > 0) {
        editor_history_go(ed, ed->place + 1);
    } else if (ed->place > 0) {
        editor_history_go(ed, ed->place - 1);
    }
}

static void go_up(struct editor *ed)
{
    go_vertical(ed, -1);
}

static void go_down(struct editor *ed)
{
    go_vertical(ed, 1);
}

static void go_oldest(struct editor *ed)
{
    editor_history_go(ed, 0);
}

static void go_newest(struct editor *ed)
{
    editor_history_go(ed, history_count(&ed->history));
}

static void go_prefix_older(struct editor *ed)
{
    editor_history_prefix(ed, -1);
}

static void go_prefix_newer(struct editor *ed)
{
    editor_history_prefix(ed, 1);
}

/* ---- deleting and killing ---- */

static void delete_left(struct editor *ed)
{
    edit_remove(&ed->edit, unit_before(view(ed), ed->edit.cursor), ed->edit.cursor, EDIT_ALONE);
}

static void delete_right(struct editor *ed)
{
    struct unit unit;

    if (ed->edit.cursor == ed->edit.text.n)
        return;
    unit_at(view(ed), ed->edit.cursor, &unit);
    edit_remove(&ed->edit, ed->edit.cursor, ed->edit.cursor + unit.n, EDIT_ALONE);
}

/* Kills in a row make one text to yank. */
static void kill_span(struct editor *ed, size_t from, size_t to)
{
    ed->deed = DEED_KILL;
    if (from >= to)
        return;
    kills_add(&ed->kills, str_slice(view(ed), from, to), ed->last == DEED_KILL,
        to <= ed->edit.cursor, ed->stale);
    edit_remove(&ed->edit, from, to, EDIT_ALONE);
}

static void kill_to_end(struct editor *ed)
{
    size_t end = edit_line_end(&ed->edit, ed->edit.cursor);

    if (end == ed->edit.cursor && end < ed->edit.text.n)
        end++; /* at a line's end: the break itself */
    kill_span(ed, ed->edit.cursor, end);
}

static void kill_to_start(struct editor *ed)
{
    size_t start = edit_line_start(&ed->edit, ed->edit.cursor);

    if (start == ed->edit.cursor && start > 0)
        start--;
    kill_span(ed, start, ed->edit.cursor);
}

static void kill_blank_left(struct editor *ed)
{
    kill_span(ed, edit_blank_left(&ed->edit, ed->edit.cursor), ed->edit.cursor);
}

static void kill_word_left(struct editor *ed)
{
    kill_span(ed, edit_word_left(&ed->edit, ed->edit.cursor), ed->edit.cursor);
}

static void kill_word_right(struct editor *ed)
{
    kill_span(ed, ed->edit.cursor, edit_word_right(&ed->edit, ed->edit.cursor));
}

static void yank(struct editor *ed)
{
    bool stale = false;
    struct str text = kills_at(&ed->kills, 0, &stale);

    if (text.n == 0)
        return;
    ed->yank_from = ed->edit.cursor;
    ed->yank_back = 0;
    editor_put(ed, text, stale, EDIT_ALONE);
    ed->deed = DEED_YANK;
}

static void yank_older(struct editor *ed)
{
    bool stale = false;
    struct str text;

    if (ed->last != DEED_YANK)
        return;
    ed->yank_back++;
    text = kills_at(&ed->kills, ed->yank_back, &stale);
    edit_remove(&ed->edit, ed->yank_from, ed->edit.cursor, EDIT_ALONE);
    editor_put(ed, text, stale, EDIT_LINKED);
    ed->deed = DEED_YANK;
}

/* ---- changing ---- */

/* At the end of the line the two characters before the cursor change places,
 * elsewhere those around it. */
static void transpose(struct editor *ed)
{
    struct edit *e = &ed->edit;
    size_t start = edit_line_start(e, e->cursor), end = edit_line_end(e, e->cursor);
    size_t middle = e->cursor, first, last;
    char pair[256]; /* two units: at most five characters each */
    struct unit unit;

    if (middle == end && middle > start)
        middle = unit_before(view(ed), middle);
    if (middle == start || middle == end)
        return;
    first = unit_before(view(ed), middle);
    unit_at(view(ed), middle, &unit);
    last = middle + unit.n;
    if (last - first > sizeof pair)
        return;
    memcpy(pair, e->text.p + middle, unit.n);
    memcpy(pair + unit.n, e->text.p + first, middle - first);
    edit_remove(e, first, last, EDIT_ALONE);
    edit_move(e, first);
    edit_insert(e, (struct str){pair, last - first}, EDIT_LINKED);
}

static void undo(struct editor *ed)
{
    edit_undo(&ed->edit);
}

/* The last word of the line before; pressed again, of the one before that. */
static void last_word(struct editor *ed)
{
    size_t count = history_count(&ed->history);
    bool again = ed->last == DEED_LAST_WORD;

    ed->word_back = again ? ed->word_back + 1 : 1;
    ed->deed = DEED_LAST_WORD;
    if (ed->word_back > count) {
        ed->word_back = count;
        return;
    }
    if (again)
        edit_remove(&ed->edit, ed->yank_from, ed->edit.cursor, EDIT_ALONE);
    ed->yank_from = ed->edit.cursor;
    editor_put(ed, line_last_word(history_at(&ed->history, count - ed->word_back)), false,
        again ? EDIT_LINKED : EDIT_ALONE);
}

static void break_line(struct editor *ed)
{
    editor_put(ed, STR("\n"), false, EDIT_ALONE);
}

static void take_verbatim(struct editor *ed)
{
    ed->verbatim = true;
}

static void search_back(struct editor *ed)
{
    editor_search_start(ed, false);
}

static void search_forward(struct editor *ed)
{
    editor_search_start(ed, true);
}

/* ---- the tables ---- */

struct binding {
    enum key_code code;
    unsigned modifiers; /* KEY_SHIFT is never asked for */
    char letter;        /* of KEY_CONTROL, or of KEY_TEXT with KEY_ALT */
    void (*act)(struct editor *ed);
};

static const struct binding bindings[] = {
    {KEY_CONTROL, 0, 'A', go_line_start},
    {KEY_CONTROL, 0, 'B', go_left},
    {KEY_CONTROL, 0, 'E', go_line_end},
    {KEY_CONTROL, 0, 'F', go_right},
    {KEY_CONTROL, 0, 'K', kill_to_end},
    {KEY_CONTROL, 0, 'N', go_down},
    {KEY_CONTROL, 0, 'P', go_up},
    {KEY_CONTROL, 0, 'Q', take_verbatim},
    {KEY_CONTROL, 0, 'R', search_back},
    {KEY_CONTROL, 0, 'S', search_forward},
    {KEY_CONTROL, 0, 'T', transpose},
    {KEY_CONTROL, 0, 'U', kill_to_start},
    {KEY_CONTROL, 0, 'V', take_verbatim},
    {KEY_CONTROL, 0, 'W', kill_blank_left},
    {KEY_CONTROL, 0, 'Y', yank},
    {KEY_CONTROL, 0, '_', undo},
    {KEY_TEXT, KEY_ALT, 'b', go_word_left},
    {KEY_TEXT, KEY_ALT, 'f', go_word_right},
    {KEY_TEXT, KEY_ALT, 'd', kill_word_right},
    {KEY_TEXT, KEY_ALT, 'y', yank_older},
    {KEY_TEXT, KEY_ALT, '.', last_word},
    {KEY_TEXT, KEY_ALT, '_', last_word},
    {KEY_TEXT, KEY_ALT, '<', go_oldest},
    {KEY_TEXT, KEY_ALT, '>', go_newest},
    {KEY_BACKSPACE, 0, 0, delete_left},
    {KEY_BACKSPACE, KEY_ALT, 0, kill_word_left},
    {KEY_BACKSPACE, KEY_CTRL, 0, kill_word_left},
    {KEY_DELETE, 0, 0, delete_right},
    {KEY_DELETE, KEY_ALT, 0, kill_word_right},
    {KEY_DELETE, KEY_CTRL, 0, kill_word_right},
    {KEY_LEFT, 0, 0, go_left},
    {KEY_LEFT, KEY_CTRL, 0, go_word_left},
    {KEY_LEFT, KEY_ALT, 0, go_word_left},
    {KEY_RIGHT, 0, 0, go_right},
    {KEY_RIGHT, KEY_CTRL, 0, go_word_right},
    {KEY_RIGHT, KEY_ALT, 0, go_word_right},
    {KEY_UP, 0, 0, go_up},
    {KEY_DOWN, 0, 0, go_down},
    {KEY_HOME, 0, 0, go_line_start},
    {KEY_END, 0, 0, go_line_end},
    {KEY_PAGE_UP, 0, 0, go_prefix_older},
    {KEY_PAGE_DOWN, 0, 0, go_prefix_newer},
    {KEY_ENTER, KEY_ALT, 0, break_line},
};

static bool press_bound(struct editor *ed, const struct key *key)
{
    unsigned modifiers = key->modifiers & ~(unsigned)KEY_SHIFT;
    char letter = key->code == KEY_CONTROL ? key->letter : 0;

    if (key->code == KEY_TEXT)
        letter = modifiers & KEY_ALT && key->text.n == 1 ? key->text.p[0] : 0;
    for (size_t i = 0; i < COUNT_OF(bindings); i++) {
        const struct binding *b = &bindings[i];
        if (b->code == key->code && b->modifiers == modifiers && b->letter == letter) {
            b->act(ed);
            return true;
        }
    }
    return false;
}

/* A built-in is one line; what its words mean to a command shell does not matter. */
static bool is_builtin(struct str line)
{
    return line.n >= 2 && line.p[0] == ':' &&
           ((line.p[1] >= 'a' && line.p[1] <= 'z') || (line.p[1] >= 'A' && line.p[1] <= 'Z'));
}

static enum editor_result press_enter(struct editor *ed)
{
    if (!is_builtin(view(ed)) && dos_unfinished(ed->dos, view(ed))) {
        edit_move(&ed->edit, ed->edit.text.n);
        if (edit_insert(&ed->edit, STR("\n"), EDIT_ALONE))
            return EDITOR_MORE;
    }
    return EDITOR_LINE;
}

static enum editor_result press_control(struct editor *ed, const struct key *key)
{
    switch (key->letter) {
    case 'C':
        return EDITOR_INTERRUPT;
    case 'D':
        if (ed->edit.text.n == 0)
            return EDITOR_END;
        delete_right(ed);
        return EDITOR_MORE;
    case 'Z':
        return EDITOR_SUSPEND;
    default:
        press_bound(ed, key);
        return EDITOR_MORE;
    }
}

enum editor_result editor_press(struct editor *ed, const struct key *key)
{
    enum editor_result result = EDITOR_MORE;

    if (ed->search.on && editor_search_press(ed, key))
        return EDITOR_MORE;
    ed->deed = DEED_OTHER;
    if (key->code == KEY_CONTROL && !(key->modifiers & KEY_ALT))
        result = press_control(ed, key);
    else if (key->code == KEY_ENTER && !(key->modifiers & KEY_ALT))
        result = press_enter(ed);
    else if (key->code == KEY_TAB && key->modifiers == 0)
        result = EDITOR_COMPLETE;
    else if (key->code == KEY_TEXT && !(key->modifiers & KEY_ALT))
        editor_put(ed, key->text, false, EDIT_TYPED);
    else if (key->code != KEY_NONE)
        press_bound(ed, key);
    ed->last = ed->deed;
    return result;
}
