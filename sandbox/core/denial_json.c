/*
 * denial_json: a record as one line of JSON, and back. Written by Cordon and read by agents and by `cordon denied`; a log
 * may end in half a line, where Cordon was killed, so what is read back is checked as strictly as what strangers send.
 */
#include "denial.h"
#include "json.h"
#include "text.h"

#include <string.h>

static const struct {
    long code;
    const char *name;
} codes[] = {{1, "EPERM"}, {2, "ENOENT"}, {4, "EINTR"}, {11, "EAGAIN"}, {12, "ENOMEM"}, {13, "EACCES"}, {16, "EBUSY"},
    {17, "EEXIST"}, {18, "EXDEV"}, {19, "ENODEV"}, {20, "ENOTDIR"}, {21, "EISDIR"}, {22, "EINVAL"}, {24, "EMFILE"},
    {25, "ENOTTY"}, {26, "ETXTBSY"}, {27, "EFBIG"}, {28, "ENOSPC"}, {30, "EROFS"}, {31, "EMLINK"}, {36, "ENAMETOOLONG"},
    {38, "ENOSYS"}, {39, "ENOTEMPTY"}, {40, "ELOOP"}, {93, "EPROTONOSUPPORT"}, {94, "ESOCKTNOSUPPORT"},
    {95, "EOPNOTSUPP"}, {97, "EAFNOSUPPORT"}, {98, "EADDRINUSE"}, {99, "EADDRNOTAVAIL"}, {100, "ENETDOWN"},
    {101, "ENETUNREACH"}, {104, "ECONNRESET"}, {110, "ETIMEDOUT"}, {111, "ECONNREFUSED"}, {113, "EHOSTUNREACH"},
    {115, "EINPROGRESS"}};

static const char *const witnesses[] = {"observer", "cover", "keeper", "witness", "evaluated"};

/* Other numbers than errno's, with names of their own. */
static const struct {
    long code;
    const char *name;
} windows_codes[] = {{DENIAL_ACCESS_DENIED, "ERROR_ACCESS_DENIED"}, {DENIAL_WSA_ACCESS, "WSAEACCES"}};

static bool is_of_windows(enum denial_by by)
{
    return by == DENIAL_WITNESS || by == DENIAL_EVALUATED;
}

const char *denial_evidence(enum denial_by by)
{
    return by == DENIAL_EVALUATED ? "evaluated" : "confirmed";
}

/* "EACCES", or NULL for one without a name here. */
static const char *denial_errno(long code)
{
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (codes[i].code == code)
            return codes[i].name;
    return NULL;
}

static const char *code_name(const struct denial *d)
{
    if (!is_of_windows(d->by))
        return denial_errno(d->code);
    for (size_t i = 0; i < COUNT_OF(windows_codes); i++)
        if (windows_codes[i].code == d->code)
            return windows_codes[i].name;
    return NULL;
}

/* ---- dates ---- */

#define DAY_MS 86400000ull

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

struct str denial_time(struct arena *a, uint64_t ms)
{
    uint64_t days = ms / DAY_MS, rest = ms % DAY_MS;
    unsigned year = 1970, month = 1;

    while (year < 9999 && days >= (is_leap(year) ? 366u : 365u))
        days -= is_leap(year++) ? 366u : 365u;
    while (month < 12 && days >= month_days(year, month))
        days -= month_days(year, month++);
    return arena_format(a, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month, (unsigned)days + 1,
        (unsigned)(rest / 3600000), (unsigned)(rest / 60000 % 60), (unsigned)(rest / 1000 % 60),
        (unsigned)(rest % 1000));
}

/* The digits of text[at..at+n), or more than `most` when they are none. */
static unsigned digits(struct str text, size_t at, size_t n, unsigned most)
{
    unsigned value = 0;

    for (size_t i = at; i < at + n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return most + 1;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    return value;
}

bool denial_time_parse(struct str text, uint64_t *ms)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    unsigned year, month, day, hour, minute, second;
    uint64_t days = 0;

    if (text.n != sizeof form - 1)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (form[i] == '0' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != form[i])
            return false;
    year = digits(text, 0, 4, 9999);
    month = digits(text, 5, 2, 12);
    day = digits(text, 8, 2, 31);
    hour = digits(text, 11, 2, 23);
    minute = digits(text, 14, 2, 59);
    second = digits(text, 17, 2, 59);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    for (unsigned y = 1970; y < year; y++)
        days += is_leap(y) ? 366 : 365;
    for (unsigned m = 1; m < month; m++)
        days += month_days(year, m);
    *ms = (days + day - 1) * DAY_MS + hour * 3600000ull + minute * 60000ull + second * 1000ull + digits(text, 20, 3, 999);
    return true;
}

/* ---- writing ---- */

static void text_field(struct buf *out, const char *name, struct str s)
{
    buf_format(out, ",\"%s\":", name);
    text_json(out, s);
}

static void number_field(struct buf *out, const char *name, uint64_t n)
{
    buf_format(out, ",\"%s\":%llu", name, (unsigned long long)n);
}

void denial_json(struct buf *out, const struct denial *d)
{
    struct arena a = {0};
    const char *name = code_name(d);

    buf_format(out, "{\"version\":1");
    text_field(out, "time", denial_time(&a, d->time_ms));
    text_field(out, "operation", str_from(operation_name(d->operation)));
    text_field(out, d->operation == OPERATION_CONNECT ? "address" : "path", d->path);
    if (d->path2.n)
        text_field(out, "path2", d->path2);
    number_field(out, "pid", d->pid > 0 ? (uint64_t)d->pid : 0);
    text_field(out, "program", d->program);
    number_field(out, "line", d->line);
    text_field(out, "rule", d->rule);
    text_field(out, "remedy", d->remedy);
    text_field(out, "evidence", str_from(denial_evidence(d->by)));
    if (d->cause == DENIAL_UNPROVEN)
        buf_format(out, ",\"unproven\":true");
    if (name)
        text_field(out, "errno", str_from(name));
    else
        number_field(out, "errno", d->code > 0 ? (uint64_t)d->code : 0);
    number_field(out, "count", d->count);
    text_field(out, "by", str_from((size_t)d->by < COUNT_OF(witnesses) ? witnesses[d->by] : "unknown"));
    buf_format(out, "}\n");
    arena_release(&a);
}

/* ---- reading ---- */

static const struct json_node *member(const struct json_node *object, const char *key, enum json_kind kind)
{
    for (const struct json_node *n = object->child; n; n = n->next)
        if (str_is(n->key, key))
            return n->kind == kind ? n : NULL;
    return NULL;
}

static bool take_text(struct arena *a, const struct json_node *object, const char *key, struct str *out)
{
    const struct json_node *node = member(object, key, JSON_STRING);

    if (node)
        *out = json_text(a, node);
    return node != NULL;
}

static bool take_number(const struct json_node *object, const char *key, uint64_t most, uint64_t *out)
{
    const struct json_node *node = member(object, key, JSON_NUMBER);
    uint64_t value = 0;

    if (!node)
        return false;
    for (size_t i = 0; i < node->raw.n; i++) {
        char c = node->raw.p[i];
        if (c < '0' || c > '9' || value > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
            return false;
        value = value * 10 + (uint64_t)(c - '0');
    }
    if (value > most)
        return false;
    *out = value;
    return true;
}

static bool take_code(struct arena *a, const struct json_node *object, long *out)
{
    struct str name;
    uint64_t number;

    if (take_number(object, "errno", INT32_MAX, &number)) {
        *out = (long)number;
        return true;
    }
    if (!take_text(a, object, "errno", &name))
        return false;
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (str_is(name, codes[i].name)) {
            *out = codes[i].code;
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(windows_codes); i++)
        if (str_is(name, windows_codes[i].name)) {
            *out = windows_codes[i].code;
            return true;
        }
    return false;
}

static bool take_witness(struct arena *a, const struct json_node *object, enum denial_by *out)
{
    struct str name;

    if (!take_text(a, object, "by", &name))
        return false;
    for (size_t i = 0; i < COUNT_OF(witnesses); i++)
        if (str_is(name, witnesses[i])) {
            *out = (enum denial_by)i;
            return true;
        }
    return false;
}

bool denial_parse(struct arena *a, struct str line, struct denial *out)
{
    struct json_source source = {.what = "not a record", .file = STR("log"), .bytes = line};
    struct json_node *root = NULL;
    struct err ignored = {0};
    struct denial d = {0};
    struct str time, operation;
    uint64_t version, pid;

    if (!json_check(a, &source, &root, &ignored) || root->kind != JSON_OBJECT ||
        !take_number(root, "version", 1, &version) || version != 1 || !take_text(a, root, "time", &time) ||
        !denial_time_parse(time, &d.time_ms) || !take_text(a, root, "operation", &operation) ||
        !operation_parse(operation, &d.operation) ||
        !take_text(a, root, d.operation == OPERATION_CONNECT ? "address" : "path", &d.path) ||
        !take_number(root, "pid", INT32_MAX, &pid) || !take_text(a, root, "program", &d.program) ||
        !take_number(root, "line", UINT64_MAX, &d.line) || !take_text(a, root, "rule", &d.rule) ||
        !take_text(a, root, "remedy", &d.remedy) || !take_code(a, root, &d.code) ||
        !take_number(root, "count", UINT64_MAX, &d.count) || d.count == 0 || !take_witness(a, root, &d.by))
        return false;
    take_text(a, root, "path2", &d.path2);
    if (d.by == DENIAL_EVALUATED && member(root, "unproven", JSON_TRUE))
        d.cause = DENIAL_UNPROVEN;
    d.pid = (int64_t)pid;
    *out = d;
    return true;
}
