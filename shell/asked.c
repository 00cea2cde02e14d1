/*
 * asked: see asked.h. What is typed is a person's, what comes on standard input may be anybody's: nothing is believed but
 * its form.
 */
#include "asked.h"
#include "shell.h"
#include "../sandbox/core/acls.h"

#include <string.h>

#define ANY_PORT 443

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool all_of(struct str s, const char *others, bool letters)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !(letters && is_letter(s.p[i])) && !(s.p[i] && strchr(others, s.p[i])))
            return false;
    return s.n > 0;
}

static size_t count(struct str s, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == c;
    return n;
}

static bool take_port(struct str text, uint16_t *port)
{
    unsigned long value = 0;

    if (text.n == 0 || text.n > 5 || !all_of(text, "", false))
        return false;
    for (size_t i = 0; i < text.n; i++)
        value = value * 10 + (unsigned long)(text.p[i] - '0');
    *port = (uint16_t)value;
    return value > 0 && value <= 65535;
}

static bool is_v4(struct str s)
{
    return count(s, '.') == 3 && all_of(s, ".", false) && is_digit(s.p[0]) && is_digit(s.p[s.n - 1]);
}

static bool is_v6(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !strchr("abcdefABCDEF:.", s.p[i] ? s.p[i] : '/'))
            return false;
    return s.n < 46 && count(s, ':') >= 2;
}

/* "www.example.com": labels, and a last one of letters. */
static bool is_dotted(struct str s)
{
    size_t last = s.n;

    if (s.n > 253 || !all_of(s, ".-_", true) || s.p[0] == '.' || s.p[0] == '-')
        return false;
    while (last > 0 && s.p[last - 1] != '.')
        last--;
    for (size_t i = last; i < s.n; i++)
        if (!is_letter(s.p[i]))
            return false;
    return last > 1 && s.n - last >= 2 && s.p[last - 2] != '.';
}

/* "host", "host:port", "[v6]", "[v6]:port", "v6". */
static bool take_host(struct arena *a, struct str text, struct asked *out)
{
    size_t colon = text.n;

    if (is_v6(text)) {
        out->host = arena_format(a, "[%.*s]", (int)text.n, text.p);
        return true;
    }
    while (colon > 0 && text.p[colon - 1] != ':' && text.p[colon - 1] != ']')
        colon--;
    out->host = text;
    if (colon > 0 && text.p[colon - 1] == ':') {
        out->host = str_slice(text, 0, colon - 1);
        out->has_port = take_port(str_slice(text, colon, text.n), &out->port);
        if (!out->has_port)
            return false;
    }
    if (out->host.n > 2 && out->host.p[0] == '[')
        return out->host.p[out->host.n - 1] == ']' && is_v6(str_slice(out->host, 1, out->host.n - 1));
    return out->host.n > 0 && all_of(out->host, ".-_", true);
}

static bool take_url(struct arena *a, struct str word, struct asked *out)
{
    static const struct {
        const char *scheme;
        uint16_t port;
    } known[] = {{"http", 80}, {"https", 443}, {"ssh", 22}, {"git", 9418}, {"ftp", 21}, {"ws", 80}, {"wss", 443},
        {"rsync", 873}, {"postgres", 5432}, {"postgresql", 5432}, {"mysql", 3306}, {"redis", 6379}, {"git+ssh", 22}};
    size_t colon = str_find(word, 0, ':'), end;
    struct str scheme = str_slice(word, 0, colon), rest;

    if (!str_starts(str_slice(word, colon, word.n), STR("://")) || !all_of(scheme, "+.-", true) || str_is(scheme, "file"))
        return false;
    end = colon + 3;
    while (end < word.n && !strchr("/?#", word.p[end] ? word.p[end] : '/'))
        end++;
    rest = str_slice(word, colon + 3, end);
    rest = str_slice(rest, str_find(rest, 0, '@') < rest.n ? str_find(rest, 0, '@') + 1 : 0, rest.n);
    if (!take_host(a, rest, out))
        return false;
    for (size_t i = 0; i < COUNT_OF(known) && !out->has_port; i++)
        if (str_is(scheme, known[i].scheme)) {
            out->has_port = true;
            out->port = known[i].port;
        }
    return true;
}

/* "git@host:path", as ssh and git take it. */
static bool take_scp(struct str word, struct asked *out)
{
    size_t at = str_find(word, 0, '@'), colon = str_find(word, at, ':');

    if (at == 0 || colon >= word.n || !all_of(str_slice(word, 0, at), ".-_", true))
        return false;
    out->host = str_slice(word, at + 1, colon);
    out->port = 22;
    out->has_port = true;
    return is_dotted(out->host) || is_v4(out->host);
}

static bool take_socket(struct str word, struct asked *out)
{
    if (str_is(word, "unix datagram"))
        out->name = word;
    else if (str_starts(word, STR("unix://")))
        out->name = str_slice(word, 7, word.n);
    else if (str_starts(word, STR("unix:")))
        out->name = str_slice(word, 5, word.n);
    return out->name.n > 0;
}

struct asked asked_about(struct arena *a, struct str word)
{
    struct asked out = {.port = ANY_PORT}, none = {.kind = ASKED_NAME};

    if (word.n == 0 || memchr(word.p, 0, word.n))
        return none;
    if (take_socket(word, &out)) {
        out.kind = ASKED_SOCKET;
        return out;
    }
    out = (struct asked){.kind = ASKED_HOST, .port = ANY_PORT};
    if (take_url(a, word, &out))
        return out;
    out = (struct asked){.kind = ASKED_MAYBE, .port = ANY_PORT};
    if (take_scp(word, &out))
        return out;
    out = (struct asked){.kind = ASKED_HOST, .port = ANY_PORT};
    if (str_find(word, 0, '/') < word.n || !take_host(a, word, &out))
        return none;
    if (out.has_port || is_v4(out.host) || out.host.p[0] == '[' || str_is(out.host, "localhost"))
        return out;
    out.kind = ASKED_MAYBE;
    return is_dotted(out.host) ? out : none;
}

/* On Windows the place is what a line's report said, and any program in that line may have written it. */
struct path_env session_env(const struct session *s)
{
    struct path_env env = s->env;

    if (s->place.n)
        env.cwd = s->env.system == PATH_POSIX || acls_is_here(s->host.windows, &s->env, s->place) ? s->place : (struct str){0};
    return env;
}
