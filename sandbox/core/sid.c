/*
 * sid: SIDs as text and as values. See nt.h for the contracts.
 *
 * One text per SID: numbers are decimal without leading zeros, except an authority of 2^32 and more, which is 0x and twelve
 * digits as MS-DTYP 2.4.2.1 has it. The aliases are those of MS-DTYP 2.5.1.1 and of the Win32 page "SID Strings" that stand
 * for one SID on every machine; those that depend on a domain (DA, LA, ...) are unknown here.
 */
#include "nt.h"

#include <string.h>

#define AUTHORITY_MAX (((uint64_t)1 << 48) - 1)

struct alias {
    char name[3];
    const char *sid;
};

static const struct alias aliases[] = {
    {"WD", SID_EVERYONE},
    {"CO", SID_CREATOR_OWNER},
    {"CG", "S-1-3-1"},
    {"OW", SID_OWNER_RIGHTS},
    {"NU", "S-1-5-2"},
    {"IU", SID_INTERACTIVE},
    {"SU", "S-1-5-6"},
    {"AN", "S-1-5-7"},
    {"ED", "S-1-5-9"},
    {"PS", "S-1-5-10"},
    {"AU", SID_AUTHENTICATED},
    {"RC", "S-1-5-12"},
    {"SY", SID_SYSTEM},
    {"LS", "S-1-5-19"},
    {"NS", "S-1-5-20"},
    {"WR", SID_WRITE_RESTRICTED},
    {"BA", SID_ADMINISTRATORS},
    {"BU", SID_USERS},
    {"BG", "S-1-5-32-546"},
    {"PU", "S-1-5-32-547"},
    {"AO", "S-1-5-32-548"},
    {"SO", "S-1-5-32-549"},
    {"PO", "S-1-5-32-550"},
    {"BO", "S-1-5-32-551"},
    {"RE", "S-1-5-32-552"},
    {"RU", "S-1-5-32-554"},
    {"RD", "S-1-5-32-555"},
    {"NO", "S-1-5-32-556"},
    {"MU", "S-1-5-32-558"},
    {"LU", "S-1-5-32-559"},
    {"IS", "S-1-5-32-568"},
    {"CY", "S-1-5-32-569"},
    {"ER", "S-1-5-32-573"},
    {"CD", "S-1-5-32-574"},
    {"RA", "S-1-5-32-575"},
    {"ES", "S-1-5-32-576"},
    {"MS", "S-1-5-32-577"},
    {"HA", "S-1-5-32-578"},
    {"AA", "S-1-5-32-579"},
    {"RM", "S-1-5-32-580"},
    {"UD", "S-1-5-84-0-0-0-0-0"},
    {"AC", "S-1-15-2-1"},
    {"LW", "S-1-16-4096"},
    {"ME", "S-1-16-8192"},
    {"MP", "S-1-16-8448"},
    {"HI", "S-1-16-12288"},
    {"SI", "S-1-16-16384"},
    {"AS", "S-1-18-1"},
    {"SS", "S-1-18-2"},
};

static bool take_decimal(struct str text, size_t *at, uint64_t limit, uint64_t *out)
{
    size_t start = *at;
    uint64_t n = 0;

    while (*at < text.n && text.p[*at] >= '0' && text.p[*at] <= '9') {
        n = n * 10 + (uint64_t)(text.p[*at] - '0');
        if (n > limit)
            return false;
        (*at)++;
    }
    *out = n;
    return *at > start && (text.p[start] != '0' || *at == start + 1);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Twelve digits, the value at least 2^32: what is smaller has its decimal form alone. */
static bool take_hex_authority(struct str text, size_t *at, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 12; i++, (*at)++) {
        int digit = *at < text.n ? hex_digit(text.p[*at]) : -1;
        if (digit < 0)
            return false;
        n = n << 4 | (uint64_t)digit;
    }
    *out = n;
    return n > UINT32_MAX;
}

static bool take_authority(struct str text, size_t *at, uint64_t *out)
{
    if (str_starts(str_slice(text, *at, text.n), STR("0x")) || str_starts(str_slice(text, *at, text.n), STR("0X"))) {
        *at += 2;
        return take_hex_authority(text, at, out);
    }
    return take_decimal(text, at, UINT32_MAX, out);
}

static bool parse_numbers(struct str text, struct sid *out)
{
    struct sid sid = {0};
    size_t at = 4;

    if (text.n > SID_TEXT_MAX || !str_starts(text, STR("S-1-")) || !take_authority(text, &at, &sid.authority))
        return false;
    while (at < text.n) {
        uint64_t n;
        if (text.p[at++] != '-' || sid.count == SID_SUB_MAX || !take_decimal(text, &at, UINT32_MAX, &n))
            return false;
        sid.sub[sid.count++] = (uint32_t)n;
    }
    *out = sid;
    return true;
}

bool sid_parse(struct str text, struct sid *out)
{
    if (text.n != 2)
        return parse_numbers(text, out);
    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        if (memcmp(text.p, aliases[i].name, 2) == 0)
            return parse_numbers(str_from(aliases[i].sid), out);
    }
    return false;
}

struct str sid_text(struct arena *a, const struct sid *sid)
{
    struct buf b = {0};
    struct str text;

    if (sid->authority > UINT32_MAX)
        buf_format(&b, "S-1-0x%012llX", (unsigned long long)(sid->authority & AUTHORITY_MAX));
    else
        buf_format(&b, "S-1-%llu", (unsigned long long)sid->authority);
    for (size_t i = 0; i < sid->count && i < SID_SUB_MAX; i++)
        buf_format(&b, "-%lu", (unsigned long)sid->sub[i]);
    text = arena_str(a, buf_view(&b));
    buf_release(&b);
    return text;
}

bool sid_same(const struct sid *x, const struct sid *y)
{
    return x->count == y->count && x->count <= SID_SUB_MAX && x->authority == y->authority &&
           memcmp(x->sub, y->sub, x->count * sizeof x->sub[0]) == 0;
}

/* 21 is the first number of every machine's and domain's SIDs, which have three more and a RID. All four here are random, so
 * that neither a machine's own identifier nor an account's stands before them but by a chance of 2^-96. */
struct sid sid_from_random(const unsigned char bytes[16])
{
    struct sid sid = {.count = 5, .authority = 5, .sub = {21}};

    for (size_t i = 0; i < 4; i++) {
        const unsigned char *p = bytes + 4 * i;
        sid.sub[i + 1] = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    }
    return sid;
}
