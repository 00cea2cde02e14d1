/*
 * audit_parse: one event's fields, from its XML (event_xml.c). A field that an event of its kind needs and does not have, that it
 * has twice, or that is not of its form, makes the event damaged; fields that are not known here are passed over.
 */
#include "audit.h"
#include "event_xml.h"

#define PROVIDER       "Microsoft-Windows-Security-Auditing"
#define LOG_PROVIDER   "Microsoft-Windows-Eventlog"
#define AUDIT_FAILURE  0x0010000000000000ull /* of Keywords */
#define FIELD_BYTES_MAX ((size_t)128 << 10)

/* Those of EventData's Data that are looked at. */
enum field {
    FIELD_SUBJECT,
    FIELD_LOGON,
    FIELD_TYPE,
    FIELD_OBJECT,
    FIELD_REASON,
    FIELD_MASK,
    FIELD_RESTRICTING,
    FIELD_PID,
    FIELD_PROGRAM,
    FIELD_APPLICATION,
    FIELD_DIRECTION,
    FIELD_SOURCE,
    FIELD_SOURCE_PORT,
    FIELD_DESTINATION,
    FIELD_DESTINATION_PORT,
    FIELD_PROTOCOL,
    FIELD_FILTER,
    FIELD_COUNT
};

static const struct {
    const char *name;
    enum field field;
} data_names[] = {
    {"SubjectUserSid", FIELD_SUBJECT},
    {"SubjectLogonId", FIELD_LOGON},
    {"ObjectType", FIELD_TYPE},
    {"ObjectName", FIELD_OBJECT},
    {"AccessReason", FIELD_REASON},
    {"AccessMask", FIELD_MASK},
    {"RestrictedSidCount", FIELD_RESTRICTING},
    {"ProcessId", FIELD_PID},
    {"ProcessID", FIELD_PID}, /* so in 5156 and 5157 */
    {"ProcessName", FIELD_PROGRAM},
    {"Application", FIELD_APPLICATION},
    {"Direction", FIELD_DIRECTION},
    {"SourceAddress", FIELD_SOURCE},
    {"SourcePort", FIELD_SOURCE_PORT},
    {"DestAddress", FIELD_DESTINATION},
    {"DestPort", FIELD_DESTINATION_PORT},
    {"Protocol", FIELD_PROTOCOL},
    {"FilterRTID", FIELD_FILTER},
};

enum head { HEAD_ID, HEAD_KEYWORDS, HEAD_RECORD, HEAD_CHANNEL, HEAD_COUNT };

static const char *const head_names[] = {"EventID", "Keywords", "EventRecordID", "Channel"};

struct pieces {
    struct arena *a;
    struct event_xml x;
    struct str head[HEAD_COUNT], data[FIELD_COUNT];
    struct str provider, time;
    const char *wrong;
};

static bool wrong(struct pieces *p, const char *why)
{
    if (!p->wrong)
        p->wrong = why;
    return false;
}

/* ---- the XML ---- */

/* Into *out, once. The element has been opened; its text is taken to its end. */
static bool take_text(struct pieces *p, struct str *out)
{
    struct buf b = {.ceiling = FIELD_BYTES_MAX};
    enum event_xml_piece piece;

    if (out->p)
        return wrong(p, "a field is there twice");
    while ((piece = event_xml_next(&p->x)) == EVENT_XML_TEXT)
        buf_str(&b, p->x.value);
    if (piece == EVENT_XML_CLOSE && !b.overflowed)
        *out = arena_str(p->a, b.n ? buf_view(&b) : STR(""));
    else
        wrong(p, b.overflowed ? "a field is too long" : "an element where text was expected");
    buf_release(&b);
    return out->p != NULL;
}

/* An element that is of no interest, whose beginning was read: to its end. */
static bool pass_over(struct pieces *p)
{
    size_t outside = p->x.depth - 1;

    for (;;) {
        enum event_xml_piece piece = event_xml_next(&p->x);
        if (piece == EVENT_XML_BAD || piece == EVENT_XML_END)
            return false;
        if (piece == EVENT_XML_CLOSE && p->x.depth == outside)
            return true;
    }
}

static bool take_attribute(struct pieces *p, const char *name, struct str *out)
{
    struct str value = event_xml_attribute(&p->x, name);

    if (out->p)
        return wrong(p, "a field is there twice");
    *out = value.p ? value : STR("");
    return pass_over(p);
}

static bool take_head(struct pieces *p)
{
    if (str_is(p->x.name, "Provider"))
        return take_attribute(p, "Name", &p->provider);
    if (str_is(p->x.name, "TimeCreated"))
        return take_attribute(p, "SystemTime", &p->time);
    for (size_t i = 0; i < HEAD_COUNT; i++) {
        if (str_is(p->x.name, head_names[i]))
            return take_text(p, &p->head[i]);
    }
    return pass_over(p);
}

static bool take_data(struct pieces *p)
{
    struct str name = event_xml_attribute(&p->x, "Name");

    for (size_t i = 0; str_is(p->x.name, "Data") && i < COUNT_OF(data_names); i++) {
        if (str_is(name, data_names[i].name))
            return take_text(p, &p->data[data_names[i].field]);
    }
    return pass_over(p);
}

/* The children of an element whose beginning was read, each by `take`; blanks between them. */
static bool take_children(struct pieces *p, bool (*take)(struct pieces *p))
{
    for (;;) {
        enum event_xml_piece piece = event_xml_next(&p->x);
        if (piece == EVENT_XML_CLOSE)
            return true;
        if (piece == EVENT_XML_OPEN ? !take(p) : piece != EVENT_XML_TEXT)
            return false;
    }
}

static bool take_section(struct pieces *p)
{
    if (str_is(p->x.name, "System"))
        return take_children(p, take_head);
    return str_is(p->x.name, "EventData") ? take_children(p, take_data) : pass_over(p);
}

static bool take_event(struct pieces *p)
{
    if (event_xml_next(&p->x) != EVENT_XML_OPEN || !str_is(p->x.name, "Event"))
        return wrong(p, "it does not begin as an event");
    return take_children(p, take_section) && event_xml_next(&p->x) == EVENT_XML_END;
}

/* ---- numbers ---- */

static bool take_number(struct str text, uint64_t most, uint64_t *out)
{
    bool hex = str_starts(text, STR("0x"));
    uint64_t n = 0, base = hex ? 16 : 10;
    size_t at = hex ? 2 : 0;

    if (at == text.n || text.n > 20)
        return false;
    for (; at < text.n; at++) {
        char c = text.p[at];
        uint64_t digit = c >= '0' && c <= '9' ? (uint64_t)(c - '0') : hex && c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10)
                                                                 : hex && c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A' + 10) : 16;
        if (digit >= base || n > (most - digit) / base)
            return false;
        n = n * base + digit;
    }
    *out = n;
    return true;
}

/* "2015-09-18T22:15:19.346776600Z": one to nine digits of a second. */
static bool take_time(struct str text, uint64_t *out)
{
    char form[] = "0000-00-00T00:00:00.000Z";
    size_t at = 20;

    if (text.n < 22 || text.n > 30 || text.p[19] != '.' || text.p[text.n - 1] != 'Z')
        return false;
    for (size_t i = 0; i < 19; i++)
        form[i] = text.p[i];
    for (; at < text.n - 1; at++) {
        if (text.p[at] < '0' || text.p[at] > '9')
            return false;
        if (at < 23)
            form[at] = text.p[at];
    }
    return denial_time_parse(str_from(form), out);
}

/* ---- reasons ---- */

/* The names of rights in an event: %%1537 and so on, %%4416 and so on, as the documentation of 4656 lists them. */
static uint32_t right_of(uint64_t number)
{
    if (number >= 1537 && number <= 1541)
        return NT_DELETE << (number - 1537);
    if (number == 1542)
        return NT_ACCESS_SYSTEM_SECURITY;
    if (number == 1543)
        return NT_MAXIMUM_ALLOWED;
    return number >= 4416 && number <= 4424 ? 1u << (number - 4416) : 0;
}

/* Denied by; by the integrity label; not granted; by an empty DACL; not granted by the parent; by its entry; by central policy. */
static bool is_refusal(uint64_t reason)
{
    return reason == 1802 || reason == 1803 || reason == 1805 || reason == 1807 || reason == 1810 || reason == 1812 || reason == 1814;
}

/* Granted by an entry, by ownership, by a NULL DACL or descriptor, by the parent's entry, by central policy. */
static bool is_grant(uint64_t reason)
{
    return reason == 1801 || reason == 1804 || reason == 1806 || reason == 1808 || reason == 1811 || reason == 1813;
}

/* "%%1541:\t%%1805" at s[*at], and what is behind it up to the next right. False at what is not of that form. */
static bool take_reason(struct str s, size_t *at, uint32_t *right, uint64_t *reason)
{
    uint64_t number;
    size_t colon = str_find(s, *at, ':'), start = colon + 1, end;

    if (!str_starts(str_slice(s, *at, s.n), STR("%%")) || colon == s.n || !take_number(str_slice(s, *at + 2, colon), 99999, &number))
        return false;
    while (start < s.n && (s.p[start] == ' ' || s.p[start] == '\t'))
        start++;
    for (end = start + 2; end < s.n && s.p[end] >= '0' && s.p[end] <= '9';)
        end++;
    if (!str_starts(str_slice(s, start, s.n), STR("%%")) || !take_number(str_slice(s, start + 2, end), 99999, reason))
        return false;
    *right = right_of(number);
    for (*at = end; *at < s.n && !str_starts(str_slice(s, *at, s.n), STR("%%"));)
        (*at)++;
    return true;
}

/* Those of the rights that the reasons call refused, those they do not speak of included; all, where nothing can be made of it. */
static uint32_t refused_of(struct str reasons, uint32_t mask)
{
    uint32_t refused = 0, granted = 0, right;
    uint64_t reason;
    size_t at = 0;

    if (!str_starts(reasons, STR("%%")))
        return mask;
    while (at < reasons.n) {
        if (!take_reason(reasons, &at, &right, &reason))
            return mask;
        if (is_refusal(reason))
            refused |= right;
        else if (is_grant(reason))
            granted |= right;
    }
    return refused & mask ? mask & ~granted : mask;
}

/* ---- events ---- */

static bool is_none(struct str s)
{
    return s.n == 0 || str_is(s, "-");
}

static bool field_number(struct pieces *p, enum field f, uint64_t most, uint64_t *out)
{
    return take_number(p->data[f], most, out) || wrong(p, "a number is missing, or is none");
}

static bool take_object(struct pieces *p, struct audit_event *e)
{
    uint64_t mask, restricting = 0;

    if (!sid_parse(p->data[FIELD_SUBJECT], &e->subject) || p->data[FIELD_SUBJECT].n < 3)
        return wrong(p, "the account is no SID");
    e->has_subject = true;
    if (!field_number(p, FIELD_LOGON, UINT64_MAX, &e->logon) || !field_number(p, FIELD_PID, UINT32_MAX, &e->pid) ||
        !field_number(p, FIELD_MASK, UINT32_MAX, &mask))
        return false;
    if (p->data[FIELD_RESTRICTING].p && !field_number(p, FIELD_RESTRICTING, 65535, &restricting))
        return false;
    e->restricting = (unsigned)restricting;
    e->mask = (uint32_t)mask;
    e->refused = refused_of(p->data[FIELD_REASON], e->mask);
    e->type = p->data[FIELD_TYPE];
    e->object = is_none(p->data[FIELD_OBJECT]) ? (struct str){0} : p->data[FIELD_OBJECT];
    e->program = is_none(p->data[FIELD_PROGRAM]) ? (struct str){0} : p->data[FIELD_PROGRAM];
    return true;
}

/* Digits, letters of hex, and separators; the numbers themselves are nobody's business here. */
static bool take_address(struct pieces *p, enum field f, struct str *out)
{
    struct str s = p->data[f];

    *out = is_none(s) ? (struct str){0} : s;
    for (size_t i = 0; i < out->n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':' || c == '%'))
            return wrong(p, "an address is none");
    }
    return out->n < 64 || wrong(p, "an address is too long");
}

static bool take_port(struct pieces *p, enum field f, unsigned *out)
{
    uint64_t n = 0;

    if (!is_none(p->data[f]) && !field_number(p, f, 65535, &n))
        return false;
    *out = (unsigned)n;
    return true;
}

static bool take_network(struct pieces *p, struct audit_event *e)
{
    uint64_t protocol;

    if (!field_number(p, FIELD_PID, UINT32_MAX, &e->pid) || !field_number(p, FIELD_PROTOCOL, 255, &protocol) ||
        !field_number(p, FIELD_FILTER, UINT64_MAX, &e->filter) || !take_address(p, FIELD_SOURCE, &e->source) ||
        !take_address(p, FIELD_DESTINATION, &e->destination) || !take_port(p, FIELD_SOURCE_PORT, &e->source_port) ||
        !take_port(p, FIELD_DESTINATION_PORT, &e->destination_port))
        return false;
    if ((e->kind == AUDIT_CONNECT || e->kind == AUDIT_PACKET) && !str_is(p->data[FIELD_DIRECTION], "%%14592") &&
        !str_is(p->data[FIELD_DIRECTION], "%%14593"))
        return wrong(p, "the direction is neither in nor out");
    e->protocol = (unsigned)protocol;
    e->inbound = str_is(p->data[FIELD_DIRECTION], "%%14592");
    e->program = is_none(p->data[FIELD_APPLICATION]) ? (struct str){0} : p->data[FIELD_APPLICATION];
    return true;
}

static enum audit_kind kind_of(uint64_t id, bool failure, struct str provider)
{
    if (str_is(provider, LOG_PROVIDER))
        return id == 1101 || id == 1102 || id == 1104 || id == 1105 ? AUDIT_LOST : AUDIT_OTHER;
    if (!str_is(provider, PROVIDER) || !failure)
        return AUDIT_OTHER;
    switch (id) {
    case 4656:
        return AUDIT_OBJECT;
    case 5152:
        return AUDIT_PACKET;
    case 5155:
        return AUDIT_LISTEN;
    case 5157:
        return AUDIT_CONNECT;
    case 5159:
        return AUDIT_BIND;
    default:
        return AUDIT_OTHER;
    }
}

static bool take_all(struct pieces *p, struct audit_event *e)
{
    uint64_t id, keywords;

    if (!take_event(p))
        return false;
    if (!take_number(p->head[HEAD_ID], 65535, &id) || !take_number(p->head[HEAD_KEYWORDS], UINT64_MAX, &keywords) ||
        !take_number(p->head[HEAD_RECORD], UINT64_MAX, &e->record) || !take_time(p->time, &e->time_ms) ||
        !str_is(p->head[HEAD_CHANNEL], "Security"))
        return wrong(p, "its head is not one of the Security log's");
    e->id = (unsigned)id;
    e->kind = kind_of(id, keywords & AUDIT_FAILURE, p->provider);
    if (e->kind == AUDIT_OTHER || e->kind == AUDIT_LOST)
        return true;
    return e->kind == AUDIT_OBJECT ? take_object(p, e) : take_network(p, e);
}

bool audit_parse(struct arena *a, struct str xml, struct audit_event *out, struct err *e)
{
    struct pieces p = {.a = a};
    struct audit_event event = {0};

    event_xml_begin(&p.x, a, xml);
    if (!take_all(&p, &event)) {
        err_set(e, ERR_PROTOCOL, "cannot read an event of the Security log");
        return err_reason(e, "%s", p.wrong ? p.wrong : p.x.why ? p.x.why : "it ends early");
    }
    *out = event;
    return true;
}
