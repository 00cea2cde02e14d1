/* event_xml: see event_xml.h. One pass over the text; nothing is looked at twice. */
#include "event_xml.h"
#include "../sandbox/core/text.h"

void event_xml_begin(struct event_xml *x, struct arena *a, struct str text)
{
    *x = (struct event_xml){.a = a, .text = text};
    if (text.n > EVENT_XML_BYTES_MAX) {
        x->bad = true;
        x->why = "it is too long";
    }
}

static enum event_xml_piece wrong(struct event_xml *x, const char *why)
{
    if (!x->bad)
        x->why = why;
    x->bad = true;
    return EVENT_XML_BAD;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct event_xml *x)
{
    while (x->at < x->text.n && is_blank(x->text.p[x->at]))
        x->at++;
}

static bool take(struct event_xml *x, char c)
{
    if (x->at == x->text.n || x->text.p[x->at] != c)
        return false;
    x->at++;
    return true;
}

static bool is_name(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return true;
    return !first && ((c >= '0' && c <= '9') || c == ':' || c == '-' || c == '.');
}

static struct str take_name(struct event_xml *x)
{
    size_t start = x->at;

    while (x->at < x->text.n && is_name(x->text.p[x->at], x->at == start))
        x->at++;
    return str_slice(x->text, start, x->at);
}

/* &#N; or &#xN; without its & and ;. */
static size_t character(struct str digits, char out[4])
{
    uint32_t n = 0, base = 10;
    size_t at = 1;

    if (digits.n > 1 && digits.p[1] == 'x') {
        base = 16;
        at = 2;
    }
    if (at >= digits.n || digits.n > 9)
        return 0;
    for (; at < digits.n; at++) {
        char c = digits.p[at];
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                                                                  : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
        if (digit >= base)
            return 0;
        n = n * base + digit;
    }
    return n ? text_encode(n, out) : 0;
}

/* One entity at &; how many bytes came of it, or 0. */
static size_t entity(struct event_xml *x, char out[4])
{
    static const struct {
        const char *name;
        char c;
    } named[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    size_t end = str_find(x->text, x->at, ';');
    struct str name = str_slice(x->text, x->at + 1, end);

    if (end == x->text.n || name.n == 0 || name.n > 10)
        return 0;
    x->at = end + 1;
    if (name.p[0] == '#')
        return character(name, out);
    for (size_t i = 0; i < COUNT_OF(named); i++) {
        if (str_is(name, named[i].name)) {
            out[0] = named[i].c;
            return 1;
        }
    }
    return 0;
}

/* Up to the byte `end`, which stays. False at a < where none may be, a bad entity, or the end of all. */
static bool take_decoded(struct event_xml *x, char end, struct str *out)
{
    char *bytes = arena_alloc(x->a, str_find(x->text, x->at, end) - x->at + 1, 1);
    size_t n = 0;

    while (x->at < x->text.n && x->text.p[x->at] != end) {
        char c = x->text.p[x->at];
        if (c == '<' || c == '\0')
            return false;
        if (c == '&') {
            size_t got = entity(x, bytes + n); /* never longer than what it was written as */
            if (!got)
                return false;
            n += got;
            continue;
        }
        bytes[n++] = c;
        x->at++;
    }
    *out = (struct str){bytes, n};
    return x->at < x->text.n;
}

static bool take_attribute(struct event_xml *x)
{
    struct event_xml_attribute *one;
    struct str name = take_name(x);
    char quote;

    if (!name.n || x->attribute_count == EVENT_XML_ATTRIBUTES || event_xml_attribute(x, arena_str(x->a, name).p).p)
        return false;
    skip_blanks(x);
    if (!take(x, '='))
        return false;
    skip_blanks(x);
    if (x->at == x->text.n)
        return false;
    quote = x->text.p[x->at++];
    one = &x->attribute[x->attribute_count];
    if ((quote != '"' && quote != '\'') || !take_decoded(x, quote, &one->value))
        return false;
    x->at++;
    one->name = name;
    x->attribute_count++;
    return true;
}

static enum event_xml_piece open_element(struct event_xml *x)
{
    x->attribute_count = 0;
    x->name = take_name(x);
    if (!x->name.n)
        return wrong(x, "an element's name was expected");
    if (x->depth == EVENT_XML_DEPTH_MAX)
        return wrong(x, "it is too deep");
    if (x->depth == 0 && x->begun)
        return wrong(x, "something follows its end");
    for (;;) {
        size_t before = x->at;
        skip_blanks(x);
        if (x->at == x->text.n || x->text.p[x->at] == '>' || x->text.p[x->at] == '/')
            break;
        if (before == x->at || !take_attribute(x))
            return wrong(x, "an attribute is not as it should be");
    }
    x->closes = take(x, '/');
    if (!take(x, '>'))
        return wrong(x, "an element's beginning does not end");
    x->open[x->depth++] = x->name;
    x->begun = true;
    return EVENT_XML_OPEN;
}

static enum event_xml_piece close_element(struct event_xml *x)
{
    x->name = take_name(x);
    skip_blanks(x);
    if (!take(x, '>') || x->depth == 0 || !str_eq(x->name, x->open[x->depth - 1]))
        return wrong(x, "an element ends that did not begin");
    x->depth--;
    return EVENT_XML_CLOSE;
}

enum event_xml_piece event_xml_next(struct event_xml *x)
{
    if (x->bad)
        return EVENT_XML_BAD;
    if (x->closes) {
        x->closes = false;
        x->depth--;
        return EVENT_XML_CLOSE;
    }
    if (x->depth == 0) {
        skip_blanks(x);
        if (x->at == x->text.n)
            return x->begun ? EVENT_XML_END : wrong(x, "it is empty");
    }
    if (take(x, '<'))
        return take(x, '/') ? close_element(x) : open_element(x);
    if (x->depth == 0)
        return wrong(x, "text outside of it");
    if (!take_decoded(x, '<', &x->value))
        return wrong(x, "a text is not as it should be, or it ends early");
    return EVENT_XML_TEXT;
}

struct str event_xml_attribute(const struct event_xml *x, const char *name)
{
    for (size_t i = 0; i < x->attribute_count; i++) {
        if (str_is(x->attribute[i].name, name))
            return x->attribute[i].value;
    }
    return (struct str){0};
}
