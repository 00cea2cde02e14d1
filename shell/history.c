/*
 * history: entries in one buffer with their places in another; see history.h.
 */
#include "history.h"

#include <string.h>

struct history_span {
    size_t at, n;
};

static struct history_span *spans_of(const struct history *h)
{
    return (struct history_span *)(void *)h->spans.p;
}

static size_t span_count(const struct history *h)
{
    return h->spans.n / sizeof(struct history_span);
}

void history_release(struct history *h)
{
    buf_release(&h->text);
    buf_release(&h->spans);
    h->first = 0;
}

size_t history_count(const struct history *h)
{
    return span_count(h) - h->first;
}

struct str history_at(const struct history *h, size_t index)
{
    struct history_span *span;

    if (index >= history_count(h))
        return (struct str){NULL, 0};
    span = &spans_of(h)[h->first + index];
    return str_slice(buf_view(&h->text), span->at, span->at + span->n);
}

static bool is_keepable(struct str line)
{
    return line.n > 0 && line.n <= LINE_BYTES_MAX && line.p[0] != ' ' &&
           str_find(line, 0, '\0') == line.n;
}

/* Clears away what was dropped, once that is most of it: moving bytes costs
 * too much for every line. */
static void clear_dropped(struct history *h)
{
    size_t gone;

    if (h->first == 0 || h->first < span_count(h) / 2)
        return;
    gone = h->first < span_count(h) ? spans_of(h)[h->first].at : h->text.n;
    buf_consume(&h->text, gone);
    buf_consume(&h->spans, h->first * sizeof(struct history_span));
    h->first = 0;
    for (size_t i = 0; i < span_count(h); i++)
        spans_of(h)[i].at -= gone;
}

static void drop_oldest(struct history *h, size_t room)
{
    while (history_count(h) > 0) {
        size_t oldest = spans_of(h)[h->first].at;
        if (history_count(h) < HISTORY_ENTRIES_MAX &&
            h->text.n - oldest + room <= HISTORY_BYTES_MAX)
            break;
        h->first++;
    }
    clear_dropped(h);
}

bool history_add(struct history *h, struct str line)
{
    struct history_span span;
    size_t count = history_count(h);

    if (!is_keepable(line) || (count > 0 && str_eq(history_at(h, count - 1), line)))
        return false;
    drop_oldest(h, line.n);
    span = (struct history_span){.at = h->text.n, .n = line.n};
    buf_str(&h->text, line);
    buf_add(&h->spans, &span, sizeof span);
    return true;
}

void history_escape(struct buf *out, struct str line)
{
    if (!is_keepable(line))
        return;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\\')
            buf_str(out, STR("\\\\"));
        else if (line.p[i] == '\n')
            buf_str(out, STR("\\n"));
        else if (line.p[i] == '\r')
            buf_str(out, STR("\\r"));
        else
            buf_add(out, &line.p[i], 1);
    }
    buf_str(out, STR("\n"));
}

static void unescape(struct buf *out, struct str line)
{
    for (size_t i = 0; i < line.n; i++) {
        char next = i + 1 < line.n ? line.p[i + 1] : '\0';
        bool known = line.p[i] == '\\' && (next == '\\' || next == 'n' || next == 'r');
        char c = !known ? line.p[i] : next == 'n' ? '\n' : next == 'r' ? '\r' : '\\';
        buf_add(out, &c, 1);
        i += known;
    }
}

size_t history_load(struct editor *ed, struct str file)
{
    struct buf line = {.ceiling = 2 * LINE_BYTES_MAX + 2};
    size_t at = 0, added = 0;

    if (file.n > 2 * HISTORY_BYTES_MAX) { /* begins somewhere in a line: pass over its rest */
        at = file.n - 2 * HISTORY_BYTES_MAX;
        at = str_find(file, at, '\n') + 1;
    }
    while (at < file.n) {
        size_t end = str_find(file, at, '\n');
        size_t before = editor_history_count(ed);
        if (end == file.n)
            break; /* torn: it never got its end */
        if (end - at <= 2 * LINE_BYTES_MAX) {
            buf_clear(&line);
            unescape(&line, str_slice(file, at, end));
            editor_history_add(ed, buf_view(&line));
        }
        added += editor_history_count(ed) > before;
        at = end + 1;
    }
    buf_release(&line);
    return added;
}

void history_save(const struct editor *ed, struct buf *out)
{
    for (size_t i = 0; i < editor_history_count(ed); i++)
        history_escape(out, editor_history_at(ed, i));
}
