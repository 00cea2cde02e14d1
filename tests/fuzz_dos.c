/* fuzz_dos: what a line leaves behind is taken whole or not at all; a line for cmd never swallows what stands behind it; what a console
 * host asks is taken out wherever reads divide it, and nothing else is. */
#include "fuzz.h"

#include "../conpty/queries.h"
#include "../sandbox/core/path.h"
#include "../shell/dos.h"

#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good)
        abort();
}

static void fuzz_take(struct str s)
{
    struct arena a = {0};
    struct dos_state state;

    dos_take(&a, s, &state);
    if (!state.told)
        must(!state.folder.n && !state.environment.n);
    else
        must(path_is_absolute(PATH_WINDOWS, state.folder) && str_starts(s, STR("CORDON1\0")));
    for (size_t i = 0; i < state.environment.n; i++) {
        struct str entry = state.environment.v[i];
        bool drive = entry.n > 4 && entry.p[0] == '=' && entry.p[2] == ':' && entry.p[3] == '=' && (entry.p[1] | 32) == (entry.p[4] | 32);
        must(entry.n && (drive || entry.p[0] != '=') && str_find(entry, 1, '=') < entry.n && !str_starts(entry, STR("CORDON_REPORT=")));
    }
    arena_release(&a);
}

/* Where the call begins, cmd is in no quote, and no caret takes its first character. Knows nothing of dos_cmd.c. */
static void fuzz_cmd(struct str s)
{
    static const char tail[] = "call set CORDON_CODE=%^errorlevel%&\"C:\\r.exe\" report\"";
    struct dos_line line = {.kind = DOS_CMD, .shell = STR("C:\\c.exe"), .report = STR("C:\\r.exe"), .text = s};
    struct arena a = {0};
    struct dos_process p;
    struct err e = {0};
    size_t at, end;
    bool quoted = false;

    if (dos_command(&a, &line, &p, &e)) {
        struct str words = p.words;
        at = str_find(words, 0, '/'); /* the first of the switches; behind them a quote that cmd takes off */
        must(str_ends(words, str_from(tail)));
        end = words.n - (sizeof tail - 1);
        at = str_find(words, at, '"') + 1;
        must(at <= end);
        for (; at < end; at++) {
            must(words.p[at] != '\n' && words.p[at] != '\0');
            if (words.p[at] == '"')
                quoted = !quoted;
            else if (words.p[at] == '^' && !quoted)
                at++;
        }
        must(!quoted && at == end);
    }
    for (int kind = DOS_CMD; kind <= DOS_BASH; kind++) {
        dos_unfinished((enum dos_kind)kind, s);
        dos_is_exit((enum dos_kind)kind, s);
        dos_may_exit((enum dos_kind)kind, s);
    }
    line.kind = DOS_POWERSHELL;
    dos_command(&a, &line, &p, &e);
    arena_release(&a);
}

static void take_in_pieces(struct str s, size_t step, struct buf *show, struct buf *answers)
{
    struct queries q = {0};

    for (size_t from = 0; from < s.n; from += step) {
        struct str piece = str_slice(s, from, from + step);
        size_t at = 0;
        while (queries_take(&q, piece, &at, show, answers) == QUERY_CURSOR)
            queries_cursor(1, (uint32_t)show->n, answers);
    }
    queries_end(&q, show);
}

static void fuzz_queries(struct str s)
{
    struct buf show = {0}, answers = {0}, other_show = {0}, other_answers = {0};

    take_in_pieces(s, s.n ? s.n : 1, &show, &answers);
    must(show.n <= s.n);
    for (size_t step = 1; step < 4; step++) {
        take_in_pieces(s, step, &other_show, &other_answers);
        must(str_eq(buf_view(&show), buf_view(&other_show)) && str_eq(buf_view(&answers), buf_view(&other_answers)));
        buf_clear(&other_show);
        buf_clear(&other_answers);
    }
    buf_release(&show);
    buf_release(&answers);
    buf_release(&other_show);
    buf_release(&other_answers);
}

int fuzz_dos(const unsigned char *bytes, size_t n)
{
    struct str s = {(const char *)bytes, n};

    fuzz_take(s);
    fuzz_cmd(s);
    fuzz_queries(s);
    return 0;
}
