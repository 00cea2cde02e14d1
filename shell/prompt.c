/*
 * prompt: what stands before a line, and the marks around it: OSC 133 tells where prompt, line and output begin, OSC 7
 * which folder it is. They come from here alone; the guard takes them out of what programs print.
 */
#include "repl_parts.h"

#include <string.h>

void prompt_mark(struct repl *r, const char *what)
{
    if (r->marks)
        buf_format(&r->draw, "\033]133;%s\033\\", what);
}

static void mark_place(struct repl *r)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~";

    if (!r->marks || !r->s->place.n || !session_env(r->s).cwd.n) /* a terminal may go there itself */
        return;
    buf_format(&r->draw, "\033]7;file://%s", r->s->place.p[0] == '/' ? "" : "/");
    for (size_t i = 0; i < r->s->place.n; i++) {
        char c = r->s->place.p[i];
        if (c == '\\' && r->s->env.system == PATH_WINDOWS)
            c = '/';
        if (c && strchr(safe, c))
            buf_add(&r->draw, &c, 1);
        else
            buf_format(&r->draw, "%%%02X", (unsigned)(unsigned char)c);
    }
    buf_format(&r->draw, "\033\\");
}

static struct str prompt_text(struct repl *r)
{
    struct session *s = r->s;
    bool colour = tty_colour(1), root = s->host.root;
    struct str place = path_display(&r->turn, &s->env, s->place);
    const char *net = net_mode_name(s->open->policy.net);
    const char *tint = s->open->tier == TIER_FULL ? "\033[32m" : "\033[33m";
    struct str status = r->in.status ? arena_format(&r->turn, " %d", r->in.status) : STR("");

    if (s->open->tier == TIER_NONE) {
        tint = "\033[1;31m";
        net = "NOT ENFORCED";
    }
    return arena_format(&r->turn, "%s[%s %s%.*s]%s %s%.*s%s %s ", colour ? tint : "", net,
        s->open->tier == TIER_NONE ? net_mode_name(s->open->policy.net) : tier_name(s->open->tier), (int)status.n, status.p, colour ? "\033[0m" : "", colour ? "\033[1m" : "",
        (int)place.n, place.p, colour ? "\033[0m" : "", root ? "#" : "$");
}

void prompt_find_place(struct repl *r, bool surely)
{
    struct str place, word = r->in.report.cwd;

    if (!surely && r->s->place.n && str_eq(word, buf_view(&r->word)))
        return;
    place = inner_place(&r->in, &r->turn);
    if (!str_eq(place, r->s->place)) {
        arena_release(&r->places);
        r->s->place = arena_str(&r->places, place);
    }
    buf_clear(&r->word);
    buf_str(&r->word, word);
}

void prompt_begin(struct repl *r)
{
    uint16_t rows, columns;

    arena_release(&r->turn);
    prompt_find_place(r, false);
    if (!tty_is_raw())
        tty_raw(true);
    tty_size(&rows, &columns);
    if (!r->fresh_row)
        buf_format(&r->draw, "\r\n");
    mark_place(r);
    prompt_mark(r, "A");
    editor_set_height(r->ed, rows);
    editor_begin(r->ed, prompt_text(r), STR("> "), columns, &r->draw);
    prompt_mark(r, "B");
    r->editing = true;
    r->fresh_row = true;
    if (r->ahead.n)
        editor_preload(r->ed, buf_view(&r->ahead), &r->draw);
    buf_clear(&r->ahead);
    repl_put(&r->draw);
}
