/* audit: events as denials. See audit.h for what an event says and what it does not. The XML itself is in event_xml.c, the fields
 * of the events in audit_parse.c. */
#include "audit.h"
#include "../sandbox/core/path.h"

/* ---- whose it is ---- */

static bool has_number(const uint64_t *v, size_t n, uint64_t wanted)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i] == wanted)
            return true;
    }
    return false;
}

static bool is_account(const struct audit_view *view, const struct sid *sid)
{
    for (size_t i = 0; i < view->account_count; i++) {
        if (sid_same(&view->accounts[i], sid))
            return true;
    }
    return false;
}

static bool is_network(const struct audit_event *e)
{
    return e->kind == AUDIT_PACKET || e->kind == AUDIT_LISTEN || e->kind == AUDIT_CONNECT || e->kind == AUDIT_BIND;
}

bool audit_is_ours(const struct audit_view *view, const struct audit_event *e)
{
    if (is_network(e))
        return e->has_subject ? is_account(view, &e->subject)
                              : e->filter != 0 && has_number(view->filters, view->filter_count, e->filter);
    return e->kind == AUDIT_OBJECT && e->has_subject && is_account(view, &e->subject) &&
           (view->logon_count == 0 || has_number(view->logons, view->logon_count, e->logon));
}

/* ---- paths ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The rest behind a folder's name, letters of ASCII compared without case; none when it is another's. */
static bool take_folder(struct str path, struct str folder, struct str *rest)
{
    if (path.n < folder.n || (path.n > folder.n && path.p[folder.n] != '\\'))
        return false;
    for (size_t i = 0; i < folder.n; i++) {
        if (lower(path.p[i]) != lower(folder.p[i]))
            return false;
    }
    *rest = str_slice(path, folder.n, path.n);
    return true;
}

/* A path as people write it: of a device that is known, of a share, without \??\ and \\?\; another as it is. */
static struct str audit_path(struct arena *a, const struct audit_view *view, struct str path)
{
    static const struct {
        const char *prefix, *stands_for;
    } prefixes[] = {{"\\Device\\Mup", "\\"}, {"\\??\\UNC", "\\"}, {"\\\\?\\UNC", "\\"}, {"\\??", NULL}, {"\\\\?", NULL}};
    struct str rest;

    for (size_t i = 0; i < view->device_count; i++) {
        const struct audit_device *d = &view->devices[i];
        if (d->device.n && take_folder(path, d->device, &rest))
            return arena_format(a, "%.*s%.*s", (int)d->drive.n, d->drive.p, rest.n ? (int)rest.n : 1, rest.n ? rest.p : "\\");
    }
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (!take_folder(path, str_from(prefixes[i].prefix), &rest) || rest.n < 2)
            continue;
        if (prefixes[i].stands_for)
            return arena_format(a, "%s%.*s", prefixes[i].stands_for, (int)rest.n, rest.p);
        return arena_str(a, str_slice(rest, 1, rest.n));
    }
    return arena_str(a, path);
}

/* ---- what was refused ---- */

#define ADDS   (NT_FILE_WRITE_DATA | NT_FILE_APPEND_DATA)
#define SETS   (NT_FILE_WRITE_EA | NT_WRITE_DAC | NT_WRITE_OWNER | NT_ACCESS_SYSTEM_SECURITY)

/* What was refused, as the mask says: the strongest word that the rights have. A file that is there and is opened for writing, and a folder in which a name was to be
 * made, are asked for the same right. */
static enum operation audit_operation(uint32_t rights, enum audit_folder folder)
{
    if (rights & ADDS)
        return folder == AUDIT_IS_FOLDER ? OPERATION_CREATE : OPERATION_WRITE;
    if (rights & (NT_DELETE | NT_FILE_DELETE_CHILD))
        return OPERATION_DELETE;
    if (rights & SETS)
        return OPERATION_MODE;
    if (rights & NT_FILE_WRITE_ATTRIBUTES)
        return OPERATION_TIME;
    return OPERATION_READ;
}

static bool object_denial(struct arena *a, const struct audit_view *view, const struct audit_event *e, enum audit_folder folder,
    struct denial *d)
{
    uint32_t rights = access_map(&access_file, e->refused);

    if (!str_is(e->type, "File") || !e->object.n)
        return false;
    d->operation = audit_operation(rights & ~NT_MAXIMUM_ALLOWED, folder);
    d->path = audit_path(a, view, e->object);
    d->code = DENIAL_ACCESS_DENIED;
    if (folder == AUDIT_IS_FOLDER && rights & (ADDS | NT_FILE_DELETE_CHILD))
        d->cause = DENIAL_IN_FOLDER;
    else if (rights & NT_MAXIMUM_ALLOWED)
        d->cause = DENIAL_MAXIMUM;
    return true;
}

#define ICMP   1
#define ICMPV6 58

/* "1.2.3.4:80", "[::1]:80"; of what has no ports "icmp 1.2.3.4", which is no address with a port. */
static struct str address_of(struct arena *a, struct str address, unsigned port, unsigned protocol)
{
    bool v6 = str_find(address, 0, ':') < address.n;
    struct str host = address.n ? arena_format(a, v6 ? "[%.*s]" : "%.*s", (int)address.n, address.p) : STR("*");

    if (protocol == ICMP || protocol == ICMPV6)
        return arena_format(a, "icmp %s", host.p);
    return arena_format(a, "%s:%u", host.p, port);
}

static void network_denial(struct arena *a, const struct audit_event *e, struct denial *d)
{
    bool own = e->kind == AUDIT_LISTEN || e->kind == AUDIT_BIND;

    d->operation = OPERATION_CONNECT;
    d->code = DENIAL_WSA_ACCESS;
    if (own || e->inbound) {
        d->cause = DENIAL_LISTENING;
        /* Inbound packets and connections have their own end as destination. */
        d->path = own ? address_of(a, e->source, e->source_port, e->protocol)
                      : address_of(a, e->destination, e->destination_port, e->protocol);
    } else {
        d->path = address_of(a, e->destination, e->destination_port, e->protocol);
    }
}

bool audit_denial(struct arena *a, const struct audit_view *view, const struct audit_event *e, enum audit_folder folder,
    struct denial *out)
{
    struct denial d = {.by = DENIAL_WITNESS, .time_ms = e->time_ms, .count = 1};

    if (!audit_is_ours(view, e))
        return false;
    if (is_network(e))
        network_denial(a, e, &d);
    else if (!object_denial(a, view, e, folder, &d))
        return false;
    d.pid = e->pid <= INT32_MAX ? (int64_t)e->pid : 0;
    d.program = e->program.n ? audit_path(a, view, e->program) : (struct str){0};
    if (d.program.n > DENIAL_PROGRAM_MAX) /* its end tells more than its beginning */
        d.program = str_slice(d.program, d.program.n - DENIAL_PROGRAM_MAX, d.program.n);
    *out = d;
    return true;
}

/* ---- drops ---- */

#define TICKS_TO_1970 116444736000000000ull

static struct str v4(struct arena *a, uint32_t n)
{
    return arena_format(a, "%u.%u.%u.%u", n >> 24, n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff);
}

/* Eight groups, none left out: not the shortest form, and one form. */
static struct str v6(struct arena *a, const unsigned char b[16])
{
    struct buf out = {0};
    struct str text;

    for (size_t i = 0; i < 16; i += 2)
        buf_format(&out, "%s%x", i ? ":" : "", (unsigned)b[i] << 8 | b[i + 1]);
    text = arena_str(a, buf_view(&out));
    buf_release(&out);
    return text;
}

bool audit_from_drop(struct arena *a, const struct audit_drop *drop, struct audit_event *out)
{
    struct audit_event e = {.has_subject = true, .filter = drop->filter, .inbound = drop->inbound};
    bool has_remote = drop->flags & DROP_REMOTE, has_local = drop->flags & DROP_LOCAL;
    struct str local, remote;

    if (!(drop->flags & DROP_USER) || !(drop->flags & DROP_VERSION) || (!has_remote && !has_local))
        return false;
    local = has_local ? (drop->v6 ? v6(a, drop->local6) : v4(a, drop->local4)) : (struct str){0};
    remote = has_remote ? (drop->v6 ? v6(a, drop->remote6) : v4(a, drop->remote4)) : (struct str){0};
    e.kind = has_remote ? AUDIT_CONNECT : AUDIT_LISTEN;
    e.time_ms = drop->filetime > TICKS_TO_1970 ? (drop->filetime - TICKS_TO_1970) / 10000 : 0;
    e.subject = drop->user;
    e.protocol = drop->flags & DROP_PROTOCOL ? drop->protocol & 0xff : 0;
    e.program = drop->flags & DROP_APP && drop->app.n ? drop->app : (struct str){0};
    /* As the log has it: what is inbound has its own end as destination. */
    e.source = drop->inbound && has_remote ? remote : local;
    e.destination = drop->inbound && has_remote ? local : remote;
    e.source_port = drop->inbound && has_remote ? drop->remote_port : drop->local_port;
    e.destination_port = drop->inbound && has_remote ? drop->local_port : drop->remote_port;
    *out = e;
    return true;
}

/* ---- the subscription ---- */

/* Keywords of audit failures: bit 52. SIDs and numbers are written by us: nothing in a query comes from outside. */
bool audit_query(struct buf *out, const struct audit_view *view)
{
    struct arena a = {0};

    if (view->account_count + view->filter_count > AUDIT_QUERY_TERMS_MAX)
        return false;
    buf_format(out, "<QueryList><Query Id=\"0\" Path=\"Security\"><Select Path=\"Security\">"
                    "*[System[(EventID=1101 or EventID=1102 or EventID=1104 or EventID=1105)]]</Select>");
    for (size_t i = 0; i < view->account_count; i++)
        buf_format(out, "<Select Path=\"Security\">*[System[(EventID=4656) and band(Keywords,4503599627370496)] and "
                        "EventData[Data[@Name='SubjectUserSid']='%s']]</Select>",
            sid_text(&a, &view->accounts[i]).p);
    for (size_t i = 0; i < view->filter_count; i++)
        buf_format(out, "<Select Path=\"Security\">*[System[(EventID=5152 or EventID=5155 or EventID=5157 or EventID=5159)] and "
                        "EventData[Data[@Name='FilterRTID']='%llu']]</Select>",
            (unsigned long long)view->filters[i]);
    buf_format(out, "</Query></QueryList>");
    arena_release(&a);
    return !out->overflowed;
}

/* A bucket of AUDIT_BURST that fills by AUDIT_PER_SECOND. A clock that goes back gives nothing. */
bool audit_pace(struct audit_pace *p, uint64_t now_ms)
{
    uint64_t gained;

    if (!p->begun) {
        *p = (struct audit_pace){.begun = true, .since_ms = now_ms, .tokens = AUDIT_BURST};
    } else if (now_ms < p->since_ms) {
        p->since_ms = now_ms;
    } else {
        gained = (now_ms - p->since_ms < 60000 ? now_ms - p->since_ms : 60000) * AUDIT_PER_SECOND / 1000;
        if (gained) {
            p->tokens = p->tokens + gained > AUDIT_BURST ? AUDIT_BURST : p->tokens + gained;
            p->since_ms = now_ms;
        }
    }
    if (p->tokens == 0) {
        p->lost++;
        return false;
    }
    p->tokens--;
    return true;
}
