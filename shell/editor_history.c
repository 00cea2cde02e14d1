/*
 * editor_history: going through the lines of before: up and down, by prefix, and by incremental
 * search.
 *
 * Entries that were changed on the way, the line being written among them, are kept as drafts until
 * the next line begins, so that going there and back loses nothing.
 */
#include "editor_parts.h"

#include <string.h>

/* ---- drafts ---- */

void editor_history_begin(struct editor *ed)
{
    for (size_t i = 0; i < DRAFTS_MAX; i++)
        ed->drafts[i].used = false;
    ed->place = history_count(&ed->history);
    ed->search.on = false;
}

static struct str text_at(const struct editor *ed, size_t place)
{
    for (size_t i = 0; i < DRAFTS_MAX; i++)
        if (ed->drafts[i].used && ed->drafts[i].place == place)
            return buf_view(&ed->drafts[i].text);
    return history_at(&ed->history, place);
}

/* The line being written has the first draft for itself; the others are taken in turn. */
static void keep_draft(struct editor *ed)
{
    struct draft *draft = NULL;

    if (str_eq(edit_view(&ed->edit), text_at(ed, ed->place)))
        return;
    for (size_t i = 0; i < DRAFTS_MAX; i++)
        if (ed->drafts[i].used && ed->drafts[i].place == ed->place)
            draft = &ed->drafts[i];
    if (!draft && ed->place == history_count(&ed->history)) {
        draft = &ed->drafts[0];
    } else if (!draft) {
        draft = &ed->drafts[1 + ed->next_draft];
        ed->next_draft = (ed->next_draft + 1) % (DRAFTS_MAX - 1);
    }
    draft->used = true;
    draft->place = ed->place;
    buf_clear(&draft->text);
    buf_str(&draft->text, edit_view(&ed->edit));
}

void editor_history_go(struct editor *ed, size_t place)
{
    if (place > history_count(&ed->history) || place == ed->place)
        return;
    keep_draft(ed);
    ed->place = place;
    edit_replace_all(&ed->edit, text_at(ed, place));
    edit_move(&ed->edit, ed->edit.text.n);
}

/* The next entry that begins as the line does up to the cursor. */
void editor_history_prefix(struct editor *ed, int direction)
{
    size_t cursor = ed->edit.cursor, place = ed->place;
    struct str prefix = str_slice(edit_view(&ed->edit), 0, cursor);

    for (;;) {
        if (direction < 0 ? place == 0 : place >= history_count(&ed->history))
            return;
        place = direction < 0 ? place - 1 : place + 1;
        if (place == history_count(&ed->history) ||
            (str_starts(text_at(ed, place), prefix) &&
                !str_eq(text_at(ed, place), edit_view(&ed->edit))))
            break;
    }
    editor_history_go(ed, place);
    edit_move(&ed->edit, cursor);
}

/* ---- incremental search ---- */

/* The last occurrence, as far as it is one: SIZE_MAX when there is none. */
static size_t last_match(struct str text, struct str query)
{
    if (query.n == 0 || text.n < query.n)
        return SIZE_MAX;
    for (size_t at = text.n - query.n + 1; at-- > 0;)
        if (text.p[at] == query.p[0] && memcmp(text.p + at, query.p, query.n) == 0)
            return at;
    return SIZE_MAX;
}

/* Looks from place on, which may match itself. An entry that reads as the shown
 * one does is passed over. */
static void look_from(struct editor *ed, size_t place, struct str but_not)
{
    struct search *search = &ed->search;
    size_t count = history_count(&ed->history);

    search->failed = search->query.n > 0;
    while (search->query.n > 0 && place < count) {
        struct str entry = history_at(&ed->history, place);
        size_t offset = last_match(entry, buf_view(&search->query));
        if (offset != SIZE_MAX && (but_not.p == NULL || !str_eq(entry, but_not))) {
            search->place = place;
            search->offset = offset;
            search->failed = false;
            return;
        }
        place = search->forward ? place + 1 : place - 1; /* below 0 it is past the end as well */
    }
}

void editor_search_start(struct editor *ed, bool forward)
{
    struct search *search = &ed->search;

    search->on = true;
    search->forward = forward;
    search->failed = false;
    search->place = history_count(&ed->history);
    buf_clear(&search->query);
}

static void search_again(struct editor *ed, bool forward)
{
    struct search *search = &ed->search;
    size_t count = history_count(&ed->history);

    search->forward = forward;
    if (search->query.n == 0) {
        buf_str(&search->query, buf_view(&search->last_query));
        look_from(ed, forward ? 0 : count - 1, (struct str){NULL, 0});
    } else if (search->place == count) {
        look_from(ed, forward ? 0 : count - 1, (struct str){NULL, 0});
    } else {
        look_from(ed, forward ? search->place + 1 : search->place - 1,
            history_at(&ed->history, search->place));
    }
}

static void search_narrowed(struct editor *ed)
{
    size_t count = history_count(&ed->history), from = ed->search.place;

    if (from == count)
        from = ed->search.forward ? 0 : count - 1;
    look_from(ed, from, (struct str){NULL, 0});
}

void editor_search_add(struct editor *ed, struct str text)
{
    struct buf *query = &ed->search.query;

    for (size_t i = 0; i < text.n && query->n < QUERY_BYTES_MAX; i++)
        if ((unsigned char)text.p[i] >= 0x20 && text.p[i] != '\x7f')
            buf_add(query, &text.p[i], 1);
    search_narrowed(ed);
}

static void search_shortened(struct editor *ed)
{
    struct buf *query = &ed->search.query;

    query->n = unit_before(buf_view(query), query->n);
    ed->search.place = history_count(&ed->history);
    ed->search.failed = false;
    if (query->n > 0)
        search_narrowed(ed);
}

/* The match becomes the line. */
static void search_accept(struct editor *ed)
{
    struct search *search = &ed->search;
    size_t offset = search->offset;
    bool found = search->place < history_count(&ed->history);

    search->on = false;
    if (search->query.n > 0) {
        buf_clear(&search->last_query);
        buf_str(&search->last_query, buf_view(&search->query));
    }
    if (!found)
        return;
    if (search->place != ed->place) {
        keep_draft(ed);
        ed->place = search->place;
    }
    edit_replace_all(&ed->edit, history_at(&ed->history, search->place));
    edit_move(&ed->edit, offset);
}

bool editor_search_press(struct editor *ed, const struct key *key)
{
    bool control = key->code == KEY_CONTROL && !(key->modifiers & KEY_ALT);

    if (key->code == KEY_NONE || key->code == KEY_PASTE_BEGIN || key->code == KEY_PASTE_END)
        return key->code == KEY_NONE;
    if (key->code == KEY_TEXT && !(key->modifiers & KEY_ALT)) {
        editor_search_add(ed, key->text);
    } else if (key->code == KEY_BACKSPACE && key->modifiers == 0) {
        search_shortened(ed);
    } else if (control && (key->letter == 'R' || key->letter == 'S')) {
        search_again(ed, key->letter == 'S');
    } else if (control && (key->letter == 'G' || key->letter == 'C')) {
        ed->search.on = false;
        return key->letter == 'G';
    } else {
        search_accept(ed);
        return key->code == KEY_ESCAPE;
    }
    return true;
}

struct picture editor_search_picture(struct editor *ed)
{
    const struct search *search = &ed->search;
    struct picture picture = {.continuation = buf_view(&ed->continuation)};

    buf_clear(&ed->search_prompt);
    buf_str(&ed->search_prompt, search->failed ? STR("(failed ") : STR("("));
    buf_str(&ed->search_prompt, search->forward ? STR("i-search)'") : STR("reverse-i-search)'"));
    buf_str(&ed->search_prompt, buf_view(&search->query));
    buf_str(&ed->search_prompt, STR("': "));
    picture.prompt = buf_view(&ed->search_prompt);
    if (search->place < history_count(&ed->history)) {
        picture.text = history_at(&ed->history, search->place);
        picture.cursor = unit_snap(picture.text, search->offset);
    } else {
        picture.text = edit_view(&ed->edit);
        picture.cursor = ed->edit.cursor;
    }
    return picture;
}
