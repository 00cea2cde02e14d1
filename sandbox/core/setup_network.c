/*
 * setup_network: the block of the offline account's network, as data: filters of the Windows Filtering Platform, and firewall
 * rules as a second layer.
 *
 * Everything is refused that is not loopback within two ranges of ports (rule W6): the dynamic range, where programs that talk
 * to themselves listen (asyncio's socketpair, Gradle, MSYS), and Cordon's own proxy. Fixed ports of loopback stay shut: other
 * accounts' servers listen there, and a filter at connect cannot see whose they are. A permit is soft, so that the firewall
 * behind it is asked still; a block takes the right to decide away from every later sublayer.
 */
#include "setup_plan.h"

#include <stdio.h>
#include <string.h>

const char setup_provider[] = "{b6207d15-a4fe-44fb-ad88-8bf04fe22c99}";
const char setup_sublayer[] = "{5a005a51-d23d-4dd3-a26b-2621b2d8d124}";

const char *const setup_layer_names[LAYER_COUNT] = {"ALE_AUTH_CONNECT_V4", "ALE_AUTH_CONNECT_V6", "ALE_AUTH_LISTEN_V4",
    "ALE_AUTH_LISTEN_V6", "ALE_AUTH_RECV_ACCEPT_V4", "ALE_AUTH_RECV_ACCEPT_V6", "ALE_RESOURCE_ASSIGNMENT_V4",
    "ALE_RESOURCE_ASSIGNMENT_V6"};

/* fwpmu.h: FWPM_LAYER_* and FWPM_CONDITION_*. */
const char *const setup_layer_keys[LAYER_COUNT] = {"{c38d57d1-05a7-4c33-904f-7fbceee60e82}",
    "{4a72393b-319f-44bc-84c3-ba54dcb3b6b4}", "{88bb5dad-76d7-4227-9c71-df0a3ed7be7e}", "{7ac9de24-17dd-4814-b4bd-a9fbc95a321b}",
    "{e1cd9fe7-f4b5-4273-96c0-592e487b8650}", "{a3b42c97-9f04-4672-b87e-cee9c483257f}", "{1247d66d-0b60-4a15-8d44-7155d0f53a0c}",
    "{55a650e1-5f0a-4eca-a653-88f53b26aa8c}"};
const char *const setup_field_keys[FIELD_COUNT] = {[FIELD_USER] = "{af043a0a-b34d-4f86-979c-c90371af6e66}",
    [FIELD_LOOPBACK] = "{632ce23b-5167-435c-86d7-e903684aa80c}",
    [FIELD_PROTOCOL] = "{3971ef2b-623e-4f9a-8cb1-6e79b806b9a7}",
    [FIELD_LOCAL_PORT] = "{0c1ba1af-5765-453f-af22-a8f791ac775b}",
    [FIELD_REMOTE_PORT] = "{c35a604d-d22b-4e1a-91b4-68f674ee674b}",
    [FIELD_LOCAL_LOOP] = "{d9ee00de-c1ef-4617-bfe3-ffd8f5a08957}",
    [FIELD_REMOTE_LOOP] = "{b235ae9a-1d64-49b8-a44c-5ff3d9095045}"};

bool setup_guid(struct str text, unsigned char out[16])
{
    static const unsigned char order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    if (text.n != SETUP_GUID_TEXT - 1 || text.p[0] != '{' || text.p[text.n - 1] != '}')
        return false;
    for (size_t i = 1; i + 1 < text.n; i++) {
        const char *at = memchr(digits, text.p[i] | 0x20, 16);
        if (i == 9 || i == 14 || i == 19 || i == 24) {
            if (text.p[i] != '-')
                return false;
            continue;
        }
        if (!at || n >= 32)
            return false;
        if (n % 2 == 0)
            out[order[n / 2]] = 0;
        out[order[n / 2]] = (unsigned char)(out[order[n / 2]] << 4 | (at - digits));
        n++;
    }
    return n == 32;
}

#define WEIGHT_PERMIT 0xC000000000000000ull
#define WEIGHT_BLOCK  0x8000000000000000ull

enum { TCP = 6, UDP = 17, ANY_PROTOCOL = 256 };

/* The last number of a local account's SID, S-1-5-21-a-b-c-RID; 0: it is none. */
static uint32_t rid_of(struct str sid)
{
    uint64_t rid = 0;
    size_t at = sid.n;

    if (!str_starts(sid, STR("S-1-5-21-")))
        return 0;
    while (at && sid.p[at - 1] != '-')
        at--;
    for (size_t i = at; i < sid.n && rid <= UINT32_MAX; i++)
        rid = sid.p[i] >= '0' && sid.p[i] <= '9' ? rid * 10 + (uint64_t)(sid.p[i] - '0') : (uint64_t)UINT32_MAX + 1;
    return rid <= UINT32_MAX ? (uint32_t)rid : 0;
}

/* Version 8 (RFC 9562): our own sense. 91b83938-f40d-8b6a, then number of the filter, then the account's RID. */
static void key_of(char out[SETUP_GUID_TEXT], size_t number, uint32_t rid)
{
    snprintf(out, SETUP_GUID_TEXT, "{91b83938-f40d-8b6a-a4%02x-4344%08lx}", (unsigned)(number & 0xff), (unsigned long)rid);
}

static void condition(struct setup_filter *f, enum setup_field field, uint32_t low, uint32_t high)
{
    f->conditions[f->condition_count++] = (struct setup_condition){.field = field, .low = low, .high = high};
}

static struct setup_filter *begin(
    struct setup_filter *v, size_t *n, enum setup_layer layer, bool permit, const char *name, struct str user)
{
    struct setup_filter *f = &v[(*n)++];

    *f = (struct setup_filter){.layer = layer, .permit = permit, .name = name};
    f->weight = permit ? WEIGHT_PERMIT : WEIGHT_BLOCK;
    f->clear_right = !permit;
    condition(f, FIELD_USER, 0, 0);
    f->conditions[0].text = user;
    return f;
}

static void ports(struct setup_filter *f, enum setup_field field)
{
    condition(f, field, SETUP_PROXY_LOW, SETUP_PROXY_HIGH);
    condition(f, field, SETUP_DYNAMIC_LOW, SETUP_DYNAMIC_HIGH);
}

/* The layer for IPv6 follows its fellow for IPv4. */
static enum setup_layer pair(enum setup_layer four, unsigned six)
{
    return (enum setup_layer)((unsigned)four + six);
}

size_t setup_filters(struct arena *a, struct str account, struct setup_filter out[SETUP_FILTERS_MAX])
{
    uint32_t rid = rid_of(account);
    struct str user = setup_sddl_user(a, account);
    struct setup_filter *f;
    size_t n = 0;

    if (!rid)
        return 0;
    for (unsigned six = 0; six < 2; six++) {
        f = begin(out, &n, pair(LAYER_CONNECT_V4, six), true, "Cordon offline: own ports of loopback", user);
        condition(f, FIELD_LOOPBACK, 0, 0);
        condition(f, FIELD_REMOTE_LOOP, 0, 0);
        ports(f, FIELD_REMOTE_PORT);
        begin(out, &n, pair(LAYER_CONNECT_V4, six), false, "Cordon offline: no connections", user);
        /* At listen there is no flag of loopback; a wildcard address is none of loopback's, and refused. */
        f = begin(out, &n, pair(LAYER_LISTEN_V4, six), true, "Cordon offline: listen on loopback", user);
        condition(f, FIELD_LOCAL_LOOP, 0, 0);
        ports(f, FIELD_LOCAL_PORT);
        begin(out, &n, pair(LAYER_LISTEN_V4, six), false, "Cordon offline: no listeners", user);
        f = begin(out, &n, pair(LAYER_ACCEPT_V4, six), true, "Cordon offline: accept from loopback", user);
        condition(f, FIELD_LOOPBACK, 0, 0);
        condition(f, FIELD_REMOTE_LOOP, 0, 0);
        ports(f, FIELD_LOCAL_PORT);
        begin(out, &n, pair(LAYER_ACCEPT_V4, six), false, "Cordon offline: accept nothing", user);
        /* Binding a socket: TCP and UDP may have a port; ICMP, raw and all other protocols may not. */
        f = begin(out, &n, pair(LAYER_ASSIGN_V4, six), false, "Cordon offline: TCP and UDP alone, no ICMP, nothing raw", user);
        condition(f, FIELD_PROTOCOL, 0, TCP - 1);
        condition(f, FIELD_PROTOCOL, TCP + 1, UDP - 1);
        condition(f, FIELD_PROTOCOL, UDP + 1, 255);
    }
    for (size_t i = 0; i < n; i++)
        key_of(out[i].key, i, rid);
    return n;
}

/* The user's condition is taken as met: what is asked for is the account's own traffic. */
static bool matches(const struct setup_filter *f, const struct setup_flow *flow)
{
    bool wanted[FIELD_COUNT] = {0}, met[FIELD_COUNT] = {0};

    for (size_t i = 0; i < f->condition_count; i++) {
        const struct setup_condition *c = &f->conditions[i];
        uint32_t value = c->field == FIELD_PROTOCOL ? flow->protocol
                         : c->field == FIELD_LOCAL_PORT ? flow->local_port
                                                        : flow->remote_port;
        wanted[c->field] = true;
        if (c->field == FIELD_USER)
            met[c->field] = true;
        else if (c->field == FIELD_LOOPBACK || c->field == FIELD_LOCAL_LOOP || c->field == FIELD_REMOTE_LOOP)
            met[c->field] = met[c->field] || flow->loopback;
        else
            met[c->field] = met[c->field] || (value >= c->low && value <= c->high);
    }
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (wanted[i] && !met[i])
            return false;
    return true;
}

bool setup_filters_permit(const struct setup_filter *v, size_t n, const struct setup_flow *flow)
{
    const struct setup_filter *best = NULL;

    for (size_t i = 0; i < n; i++)
        if (v[i].layer == flow->layer && matches(&v[i], flow) && (!best || v[i].weight > best->weight))
            best = &v[i];
    return !best || best->permit;
}

/* The firewall's own literals: an odd prefix or a keyword is refused with 0xD000000D. All but 127.0.0.0/8 and ::1. */
#define OUTSIDE  "0.0.0.0-126.255.255.255,128.0.0.0-255.255.255.255,::,::2-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define LOOPBACK "127.0.0.0-127.255.255.255,::1"

bool setup_rules(struct arena *a, struct str account, struct setup_rule out[SETUP_RULES])
{
    struct str user = arena_format(a, "O:LSD:(A;;CC;;;%s)", account.p ? account.p : "");
    struct str shut = arena_format(
        a, "1-%u,%u-%u", SETUP_PROXY_LOW - 1, SETUP_PROXY_HIGH + 1, SETUP_DYNAMIC_LOW - 1);
    static const struct {
        const char *name, *what, *addresses;
        bool inbound, ports;
        int protocol;
    } table[SETUP_RULES] = {
        {"outbound", "nothing leaves this machine", OUTSIDE, false, false, ANY_PROTOCOL},
        {"inbound", "nothing comes in from other machines", OUTSIDE, true, false, ANY_PROTOCOL},
        {"loopback-tcp", "fixed ports of loopback are shut", LOOPBACK, false, true, TCP},
        {"loopback-udp", "fixed ports of loopback are shut", LOOPBACK, false, true, UDP},
    };

    if (!rid_of(account))
        return false;
    for (size_t i = 0; i < SETUP_RULES; i++) {
        out[i] = (struct setup_rule){.inbound = table[i].inbound,
            .protocol = table[i].protocol,
            .addresses = table[i].addresses,
            .user = user,
            .what = table[i].what};
        out[i].name = arena_format(a, "Cordon offline %s %s", table[i].name, account.p);
        if (table[i].ports)
            out[i].ports = shut;
    }
    return true;
}
