/* hub: see hub.h. */
#include "hub.h"

const char *witness_usage(void)
{
    return "usage: cordon-witness --person SID --account SID [--account SID...] [--try]\n"
           "A service: started by the service manager, which cordon-setup told of it. --try says whether what it needs is to be had.\n";
}

static bool take_sid(const struct str *words, int count, int *at, struct sid *out, struct err *e)
{
    if (*at + 1 < count && words[*at + 1].n > 2 && sid_parse(words[*at + 1], out)) {
        (*at)++;
        return true;
    }
    err_set(e, ERR_USAGE, "a SID was expected");
    return err_subject(e, words[*at]);
}

bool witness_options_parse(int count, const struct str *words, struct witness_options *out, struct err *e)
{
    struct witness_options o = {0};
    bool has_person = false;

    for (int i = 0; i < count; i++) {
        if (str_is(words[i], "--try")) {
            o.try_only = true;
        } else if (str_is(words[i], "--person") && !has_person) {
            if (!take_sid(words, count, &i, &o.person, e))
                return false;
            has_person = true;
        } else if (str_is(words[i], "--account") && o.account_count < HUB_ACCOUNTS) {
            if (!take_sid(words, count, &i, &o.accounts[o.account_count], e))
                return false;
            o.account_count++;
        } else {
            err_set(e, ERR_USAGE, "this word is not known, or there once too often");
            return err_subject(e, words[i]);
        }
    }
    if (!has_person || !o.account_count)
        return err_set(e, ERR_USAGE, "--person and --account are needed");
    *out = o;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* No word of ours has blanks or quotes in it; the program's path stands in quotes where it has. */
bool witness_line_read(struct str line, struct witness_options *out)
{
    struct str words[WITNESS_WORDS];
    struct err ignored = {0};
    size_t at = 0, count = 0;

    if (line.n && line.p[0] == '"')
        at = str_find(line, 1, '"') + 1;
    while (at < line.n && !is_blank(line.p[at]))
        at++;
    for (;;) {
        size_t start;
        while (at < line.n && is_blank(line.p[at]))
            at++;
        if (at >= line.n)
            return witness_options_parse((int)count, words, out, &ignored);
        for (start = at; at < line.n && !is_blank(line.p[at]);)
            at++;
        if (count == WITNESS_WORDS)
            return false;
        words[count++] = str_slice(line, start, at);
    }
}

bool hub_join(struct hub *h, size_t slot, uint64_t logon)
{
    struct hub_client *c = &h->clients[slot];

    if (c->there)
        return false;
    *c = (struct hub_client){.there = true, .logon = logon, .queue = {.ceiling = HUB_QUEUE_BYTES}};
    return true;
}

void hub_leave(struct hub *h, size_t slot)
{
    buf_release(&h->clients[slot].queue);
    h->clients[slot] = (struct hub_client){0};
}

static struct audit_view view_of(const struct hub *h, const struct hub_client *c)
{
    return (struct audit_view){.accounts = h->options->accounts, .account_count = h->options->account_count, .logons = &c->logon,
        .logon_count = c->logon ? 1 : 0, .devices = h->devices, .device_count = h->device_count};
}

/* A record goes whole or not at all. */
static void queue(struct hub_client *c, const struct denial *d, uint64_t now_ms)
{
    if (!audit_pace(&c->pace, now_ms) || HUB_QUEUE_BYTES - c->queue.n < DENIAL_BYTES_MAX) {
        c->lost++;
        return;
    }
    denial_put(&c->queue, d, c->lost);
    c->lost = 0;
}

static unsigned waiting(const struct hub *h)
{
    unsigned bits = 0;

    for (size_t i = 0; i < HUB_CLIENTS; i++) {
        if (h->clients[i].there && h->clients[i].queue.n)
            bits |= 1u << i;
    }
    return bits;
}

unsigned hub_event(struct hub *h, const struct audit_event *e, uint64_t now_ms)
{
    struct arena a = {0};

    if (e->kind == AUDIT_LOST)
        return hub_lost(h, 1);
    for (size_t i = 0; i < HUB_CLIENTS; i++) {
        struct hub_client *c = &h->clients[i];
        struct audit_view view = view_of(h, c);
        struct denial d;
        /* Whether the object is a folder is looked up by the terminal, as the person: here a look would go, with a service's
         * rights, where a hostile path leads. */
        if (c->there && audit_denial(&a, &view, e, AUDIT_FOLDER_UNKNOWN, &d))
            queue(c, &d, now_ms);
    }
    arena_release(&a);
    return waiting(h);
}

unsigned hub_lost(struct hub *h, uint64_t count)
{
    for (size_t i = 0; i < HUB_CLIENTS; i++) {
        struct hub_client *c = &h->clients[i];
        if (!c->there)
            continue;
        c->lost += count;
        if (HUB_QUEUE_BYTES - c->queue.n < DENIAL_BYTES_MAX)
            continue;
        denial_put_lost(&c->queue, c->lost);
        c->lost = 0;
    }
    return waiting(h);
}

void hub_take(struct hub *h, size_t slot, struct buf *out)
{
    struct hub_client *c = &h->clients[slot];

    buf_clear(out);
    buf_str(out, buf_view(&c->queue));
    buf_clear(&c->queue);
}
