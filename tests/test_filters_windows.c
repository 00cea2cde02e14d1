/*
 * The block of the network as the filter engine is handed it: the numbers of layers, conditions and actions against a second list, and
 * how what the engine gives back is judged, with an engine that is made up. And what the looks of setup say where nothing can be
 * read, as under wine: never that all is there.
 */
#include "../sandbox/filters_windows.h"
#include "../setup/machine.h"
#include "check.h"
#include "setup_facts.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNT "S-1-5-21-1-2-3-1001"

static struct arena arena;

/* What of setup is not linked here. */
struct str own_sid(struct machine *m, struct str name)
{
    return str_eq(name, m->facts.offline.name) ? STR(ACCOUNT) : (struct str){0};
}

void say_note(struct machine *m, const char *format, ...)
{
    (void)m;
    (void)format;
}

/* ---- numbers ---- */

/* As the system's own fwpmu.h writes them, by hand: mingw-w64's header has none of them. */
static const GUID layers[LAYER_COUNT] = {
    [LAYER_CONNECT_V4] = {0xc38d57d1, 0x05a7, 0x4c33, {0x90, 0x4f, 0x7f, 0xbc, 0xee, 0xe6, 0x0e, 0x82}},
    [LAYER_CONNECT_V6] = {0x4a72393b, 0x319f, 0x44bc, {0x84, 0xc3, 0xba, 0x54, 0xdc, 0xb3, 0xb6, 0xb4}},
    [LAYER_LISTEN_V4] = {0x88bb5dad, 0x76d7, 0x4227, {0x9c, 0x71, 0xdf, 0x0a, 0x3e, 0xd7, 0xbe, 0x7e}},
    [LAYER_LISTEN_V6] = {0x7ac9de24, 0x17dd, 0x4814, {0xb4, 0xbd, 0xa9, 0xfb, 0xc9, 0x5a, 0x32, 0x1b}},
    [LAYER_ACCEPT_V4] = {0xe1cd9fe7, 0xf4b5, 0x4273, {0x96, 0xc0, 0x59, 0x2e, 0x48, 0x7b, 0x86, 0x50}},
    [LAYER_ACCEPT_V6] = {0xa3b42c97, 0x9f04, 0x4672, {0xb8, 0x7e, 0xce, 0xe9, 0xc4, 0x83, 0x25, 0x7f}},
    [LAYER_ASSIGN_V4] = {0x1247d66d, 0x0b60, 0x4a15, {0x8d, 0x44, 0x71, 0x55, 0xd0, 0xf5, 0x3a, 0x0c}},
    [LAYER_ASSIGN_V6] = {0x55a650e1, 0x5f0a, 0x4eca, {0xa6, 0x53, 0x88, 0xf5, 0x3b, 0x26, 0xaa, 0x8c}},
};
static const GUID fields[FIELD_COUNT] = {
    [FIELD_USER] = {0xaf043a0a, 0xb34d, 0x4f86, {0x97, 0x9c, 0xc9, 0x03, 0x71, 0xaf, 0x6e, 0x66}},
    [FIELD_LOOPBACK] = {0x632ce23b, 0x5167, 0x435c, {0x86, 0xd7, 0xe9, 0x03, 0x68, 0x4a, 0xa8, 0x0c}},
    [FIELD_PROTOCOL] = {0x3971ef2b, 0x623e, 0x4f9a, {0x8c, 0xb1, 0x6e, 0x79, 0xb8, 0x06, 0xb9, 0xa7}},
    [FIELD_LOCAL_PORT] = {0x0c1ba1af, 0x5765, 0x453f, {0xaf, 0x22, 0xa8, 0xf7, 0x91, 0xac, 0x77, 0x5b}},
    [FIELD_REMOTE_PORT] = {0xc35a604d, 0xd22b, 0x4e1a, {0x91, 0xb4, 0x68, 0xf6, 0x74, 0xee, 0x67, 0x4b}},
    [FIELD_LOCAL_LOOP] = {0xd9ee00de, 0xc1ef, 0x4617, {0xbf, 0xe3, 0xff, 0xd8, 0xf5, 0xa0, 0x89, 0x57}},
    [FIELD_REMOTE_LOOP] = {0xb235ae9a, 0x1d64, 0x49b8, {0xa4, 0x4c, 0x5f, 0xf3, 0xd9, 0x09, 0x50, 0x45}},
};

static void numbers(void)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    size_t n = setup_filters(&arena, STR(ACCOUNT), v), layer = 0, action = 0, field = 0;

    CHECK(n == 14, "there are filters");
    for (size_t i = 0; i < n; i++) {
        struct shape s = {0};
        if (!shape_make(&arena, &v[i], &s)) {
            CHECK(false, "a filter as the engine has it");
            continue;
        }
        layer += IsEqualGUID(&s.filter.layerKey, &layers[v[i].layer]);
        action += s.filter.action.type == (v[i].permit ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK);
        for (UINT32 k = 0; k < s.filter.numFilterConditions; k++)
            field += !IsEqualGUID(&s.filter.filterCondition[k].fieldKey, &fields[v[i].conditions[k].field]);
        buf_release(&s.bytes);
    }
    CHECK(layer == n, "every layer is the one that it is called");
    CHECK(field == 0, "every condition too");
    CHECK(action == n, "what permits permits, and what blocks blocks");
}

/* ---- an engine that is made up ---- */

static struct shape kept;
static DWORD answer;

static DWORD WINAPI fake_get(HANDLE engine, const GUID *key, FWPM_FILTER0 **out)
{
    (void)engine;
    (void)key;
    *out = answer == ERROR_SUCCESS ? &kept.filter : NULL;
    return answer;
}

static void WINAPI fake_release(void **p)
{
    *p = NULL;
}

static void read_back(void)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    struct engine x = {.filter_get = fake_get, .release = fake_release};
    size_t n = setup_filters(&arena, STR(ACCOUNT), v);

    for (size_t i = 0; i < 2 && i < n; i++) {
        buf_release(&kept.bytes);
        CHECK(shape_make(&arena, &v[i], &kept), "a filter");
        answer = ERROR_SUCCESS;
        CHECK(look_filter(&x, &v[i]) == LOOK_WHOLE, "one that comes back as it was given is whole");
        kept.filter.action.type ^= FWP_ACTION_PERMIT ^ FWP_ACTION_BLOCK;
        CHECK(look_filter(&x, &v[i]) == LOOK_DIFFERS, "not one of the other action");
        kept.filter.action.type ^= FWP_ACTION_PERMIT ^ FWP_ACTION_BLOCK;
        kept.filter.layerKey.Data4[7] ^= 1;
        CHECK(look_filter(&x, &v[i]) == LOOK_DIFFERS, "nor of another layer");
        kept.filter.layerKey.Data4[7] ^= 1;
        kept.weight++;
        CHECK(look_filter(&x, &v[i]) == LOOK_DIFFERS, "nor of another weight");
        kept.weight--;
        kept.conditions[0].fieldKey.Data1 ^= 1;
        CHECK(look_filter(&x, &v[i]) == LOOK_DIFFERS, "nor about something else");
        kept.conditions[0].fieldKey.Data1 ^= 1;
        kept.filter.numFilterConditions--;
        CHECK(look_filter(&x, &v[i]) == LOOK_DIFFERS, "nor one that lost a condition");
        answer = FWP_NO_FILTER;
        CHECK(look_filter(&x, &v[i]) == LOOK_MISSING, "one that is not there is missing");
        answer = ERROR_ACCESS_DENIED;
        CHECK(look_filter(&x, &v[i]) == LOOK_UNKNOWN, "one that cannot be read is not known of");
    }
    buf_release(&kept.bytes);
}

/* ---- looks, where nothing can be read ---- */

static void looks(void)
{
    struct machine m = {.facts.offline.name = STR("CordonOffline")};
    struct setup_step right = {.kind = SETUP_RIGHT, .subject = m.facts.offline.name}, rule = {.kind = SETUP_RULE};
    size_t whole = 0;

    CHECK(look_filters(STR("S-1-5-18")) == LOOK_UNKNOWN, "no account, no filters to look for");
    if (!win_is_wine()) {
        CHECK_SKIP("where nothing can be read nothing is whole", "this is no Wine");
        return;
    }
    CHECK(look_filters(STR(ACCOUNT)) == LOOK_UNKNOWN, "filters of an engine that does not open are not known of");
    for (size_t i = 0; i < SETUP_RIGHTS; i++) {
        right.text = str_from(setup_rights[i]);
        whole += right_look(&m, &right) == LOOK_WHOLE;
    }
    CHECK(whole == 0, "no denied right is there that nobody denied");
    right.text = STR("SeNoSuchRight");
    CHECK(right_look(&m, &right) == LOOK_UNKNOWN, "nor one that there is not");
    for (uint32_t i = 0; i < SETUP_RULES; i++) {
        rule.number = i;
        whole += rule_look(&m, &rule) == LOOK_WHOLE;
    }
    CHECK(whole == 0, "no rule of the firewall is there that nobody made");
    arena_release(&m.arena);
}

/* ---- kinds of auditing ---- */

static void audits(void)
{
    GUID file = {0x0cce921d, 0x69ae, 0x11d9, {0xbe, 0xd3, 0x50, 0x50, 0x54, 0x50, 0x30, 0x30}}; /* Audit_ObjectAccess_FileSystem */
    GUID handle = {0x0cce9223, 0x69ae, 0x11d9, {0xbe, 0xd3, 0x50, 0x50, 0x54, 0x50, 0x30, 0x30}}; /* Audit_ObjectAccess_Handle */
    struct setup_facts f = {0};
    struct setup_plan p = {0};
    size_t seen = 0, known = 0;

    facts_fresh(&f);
    setup_plan_build(&arena, &f, &p);
    for (size_t i = 0; i < p.n; i++) {
        GUID got;
        if (p.v[i].kind != SETUP_AUDIT_POLICY)
            continue;
        got = guid_of(arena_str(&arena, p.v[i].subject).p);
        seen++;
        known += IsEqualGUID(&got, &file) || IsEqualGUID(&got, &handle);
    }
    CHECK(seen == 2 && known == 2, "what is audited are files and handles");
}

int main(void)
{
    numbers();
    read_back();
    looks();
    audits();
    arena_release(&arena);
    return CHECK_END();
}
