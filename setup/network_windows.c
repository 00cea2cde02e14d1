/*
 * network: the filters of setup_network.c, put into the Windows Filtering Platform in one transaction and read back one by one:
 * layer, action, weight, flags, and every condition. A filter that does not match fails open, so a read-back that is not exact is
 * a failure of setup. Everything is looked up at run time: some of it raises an exception under Wine, and is never reached there,
 * because opening the engine fails first.
 */
#include "machine.h"

#include <fwpmu.h>
#include <rpc.h>
#include <string.h>

#ifndef FWPM_FILTER_FLAG_PERSISTENT
#define FWPM_FILTER_FLAG_PERSISTENT         0x1u
#define FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT 0x8u
#endif
#define LASTS          0x1u /* FWPM_PROVIDER_FLAG_PERSISTENT, FWPM_SUBLAYER_FLAG_PERSISTENT */
#define BLOCK          0x1001u /* FWP_ACTION_BLOCK */
#define PERMIT         0x1002u
#define LOOPBACK_FLAG  0x1u /* FWP_CONDITION_FLAG_IS_LOOPBACK */
#define WAIT_MS        15000u

/* The calls, by name. */
struct engine {
    HANDLE handle;
    DWORD(WINAPI *open)(const wchar_t *, UINT32, SEC_WINNT_AUTH_IDENTITY_W *, const FWPM_SESSION0 *, HANDLE *);
    DWORD(WINAPI *close)(HANDLE);
    DWORD(WINAPI *begin)(HANDLE, UINT32);
    DWORD(WINAPI *commit)(HANDLE);
    DWORD(WINAPI *abort)(HANDLE);
    DWORD(WINAPI *provider_add)(HANDLE, const FWPM_PROVIDER0 *, PSECURITY_DESCRIPTOR);
    DWORD(WINAPI *provider_delete)(HANDLE, const GUID *);
    DWORD(WINAPI *sublayer_add)(HANDLE, const FWPM_SUBLAYER0 *, PSECURITY_DESCRIPTOR);
    DWORD(WINAPI *sublayer_delete)(HANDLE, const GUID *);
    DWORD(WINAPI *sublayer_get)(HANDLE, const GUID *, FWPM_SUBLAYER0 **);
    DWORD(WINAPI *filter_add)(HANDLE, const FWPM_FILTER0 *, PSECURITY_DESCRIPTOR, UINT64 *);
    DWORD(WINAPI *filter_delete)(HANDLE, const GUID *);
    DWORD(WINAPI *filter_get)(HANDLE, const GUID *, FWPM_FILTER0 **);
    void(WINAPI *release)(void **);
};

static GUID guid_of(const char *text)
{
    GUID out = {0};
    unsigned char bytes[16];

    if (setup_guid(str_from(text), bytes))
        memcpy(&out, bytes, sizeof out);
    return out;
}

static bool engine_find(struct engine *x)
{
    const struct {
        const char *name;
        void *place;
    } calls[] = {{"FwpmEngineOpen0", &x->open}, {"FwpmEngineClose0", &x->close}, {"FwpmTransactionBegin0", &x->begin},
        {"FwpmTransactionCommit0", &x->commit}, {"FwpmTransactionAbort0", &x->abort}, {"FwpmProviderAdd0", &x->provider_add},
        {"FwpmProviderDeleteByKey0", &x->provider_delete}, {"FwpmSubLayerAdd0", &x->sublayer_add},
        {"FwpmSubLayerDeleteByKey0", &x->sublayer_delete}, {"FwpmSubLayerGetByKey0", &x->sublayer_get}, {"FwpmFilterAdd0", &x->filter_add},
        {"FwpmFilterDeleteByKey0", &x->filter_delete}, {"FwpmFilterGetByKey0", &x->filter_get}, {"FwpmFreeMemory0", &x->release}};
    bool all = true;

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        void *found = win_function(L"fwpuclnt.dll", calls[i].name);
        memcpy(calls[i].place, &found, sizeof found);
        /* Wine lacks some by name; what matters is that opening fails there. */
        all = all && (found || i > 1);
    }
    return all;
}

static DWORD engine_open(struct engine *x)
{
    FWPM_SESSION0 session = {.txnWaitTimeoutInMSec = WAIT_MS};
    DWORD status;

    *x = (struct engine){0};
    if (!engine_find(x))
        return ERROR_PROC_NOT_FOUND;
    status = x->open(NULL, RPC_C_AUTHN_DEFAULT, NULL, &session, &x->handle);
    if (status == ERROR_SUCCESS && (!x->begin || !x->commit || !x->abort || !x->provider_add || !x->sublayer_add || !x->filter_add || !x->filter_get ||
                                       !x->filter_delete || !x->sublayer_delete || !x->provider_delete || !x->sublayer_get || !x->release)) {
        x->close(x->handle);
        x->handle = NULL;
        status = ERROR_PROC_NOT_FOUND;
    }
    return status;
}

static void engine_close(struct engine *x)
{
    if (x->handle)
        x->close(x->handle);
    x->handle = NULL;
}

/* ---- a filter, as the engine has it ---- */

/* What the conditions of one filter point to. */
struct shape {
    FWPM_FILTER0 filter;
    FWPM_FILTER_CONDITION0 conditions[SETUP_CONDITIONS_MAX];
    FWP_RANGE0 ranges[SETUP_CONDITIONS_MAX];
    FWP_V4_ADDR_AND_MASK v4;
    FWP_BYTE_ARRAY16 v6;
    FWP_BYTE_BLOB user;
    UINT64 weight;
    struct buf bytes; /* of the user's descriptor */
    GUID provider;
    wchar_t *name;
};

static bool is_v6(const struct setup_filter *f)
{
    return ((unsigned)f->layer & 1u) != 0;
}

static void range_of(const struct setup_condition *c, FWP_RANGE0 *out)
{
    if (c->field == FIELD_PROTOCOL) {
        out->valueLow.type = out->valueHigh.type = FWP_UINT8;
        out->valueLow.uint8 = (UINT8)c->low;
        out->valueHigh.uint8 = (UINT8)c->high;
    } else {
        out->valueLow.type = out->valueHigh.type = FWP_UINT16;
        out->valueLow.uint16 = (UINT16)c->low;
        out->valueHigh.uint16 = (UINT16)c->high;
    }
}

static void condition_of(const struct setup_filter *f, size_t i, struct shape *s)
{
    const struct setup_condition *c = &f->conditions[i];
    FWPM_FILTER_CONDITION0 *out = &s->conditions[i];

    out->fieldKey = guid_of(setup_field_keys[c->field]);
    out->matchType = FWP_MATCH_EQUAL;
    switch (c->field) {
    case FIELD_USER:
        out->conditionValue.type = FWP_SECURITY_DESCRIPTOR_TYPE;
        out->conditionValue.sd = &s->user;
        break;
    case FIELD_LOOPBACK:
        out->matchType = FWP_MATCH_FLAGS_ALL_SET;
        out->conditionValue.type = FWP_UINT32;
        out->conditionValue.uint32 = LOOPBACK_FLAG;
        break;
    case FIELD_LOCAL_LOOP:
    case FIELD_REMOTE_LOOP:
        if (is_v6(f)) {
            out->conditionValue.type = FWP_BYTE_ARRAY16_TYPE;
            out->conditionValue.byteArray16 = &s->v6;
        } else {
            out->conditionValue.type = FWP_V4_ADDR_MASK;
            out->conditionValue.v4AddrMask = &s->v4;
        }
        break;
    default:
        out->matchType = FWP_MATCH_RANGE;
        range_of(c, &s->ranges[i]);
        out->conditionValue.type = FWP_RANGE_TYPE;
        out->conditionValue.rangeValue = &s->ranges[i];
        break;
    }
}

static bool shape_make(struct arena *a, const struct setup_filter *f, struct shape *s)
{
    struct descriptor d;
    struct err e = {0};

    *s = (struct shape){.v4 = {0x7f000000, 0xff000000}, .weight = f->weight};
    s->v6.byteArray16[15] = 1;
    s->provider = guid_of(setup_provider);
    s->name = wide_from(a, str_from(f->name));
    if (!sddl_parse(a, f->conditions[0].text, &d, &e) || !descriptor_encode(&d, &s->bytes))
        return false;
    s->user = (FWP_BYTE_BLOB){(UINT32)s->bytes.n, (UINT8 *)s->bytes.p};
    for (size_t i = 0; i < f->condition_count; i++)
        condition_of(f, i, s);
    s->filter.filterKey = guid_of(f->key);
    s->filter.displayData.name = s->name;
    s->filter.flags = FWPM_FILTER_FLAG_PERSISTENT | (f->clear_right ? FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT : 0);
    s->filter.providerKey = &s->provider;
    s->filter.layerKey = guid_of(setup_layer_keys[f->layer]);
    s->filter.subLayerKey = guid_of(setup_sublayer);
    s->filter.weight.type = FWP_UINT64;
    s->filter.weight.uint64 = &s->weight;
    s->filter.numFilterConditions = (UINT32)f->condition_count;
    s->filter.filterCondition = s->conditions;
    s->filter.action.type = f->permit ? PERMIT : BLOCK;
    return true;
}

/* ---- read back ---- */

static bool same_value(struct arena *a, const FWP_CONDITION_VALUE0 *got, const FWP_CONDITION_VALUE0 *want)
{
    struct descriptor x, y;
    struct err e = {0};

    if (got->type != want->type)
        return false;
    switch (got->type) {
    case FWP_UINT32:
        return got->uint32 == want->uint32;
    case FWP_V4_ADDR_MASK:
        return got->v4AddrMask->addr == want->v4AddrMask->addr && got->v4AddrMask->mask == want->v4AddrMask->mask;
    case FWP_BYTE_ARRAY16_TYPE:
        return memcmp(got->byteArray16, want->byteArray16, sizeof *got->byteArray16) == 0;
    case FWP_RANGE_TYPE:
        return got->rangeValue->valueLow.type == want->rangeValue->valueLow.type &&
               (got->rangeValue->valueLow.type == FWP_UINT8
                       ? got->rangeValue->valueLow.uint8 == want->rangeValue->valueLow.uint8 &&
                             got->rangeValue->valueHigh.uint8 == want->rangeValue->valueHigh.uint8
                       : got->rangeValue->valueLow.uint16 == want->rangeValue->valueLow.uint16 &&
                             got->rangeValue->valueHigh.uint16 == want->rangeValue->valueHigh.uint16);
    case FWP_SECURITY_DESCRIPTOR_TYPE:
        return descriptor_decode(a, (struct str){(const char *)got->sd->data, got->sd->size}, &x, &e) &&
               descriptor_decode(a, (struct str){(const char *)want->sd->data, want->sd->size}, &y, &e) && x.has_dacl && !x.null_dacl &&
               x.dacl.n == 1 && y.dacl.n == 1 && ace_same(&x.dacl.v[0], &y.dacl.v[0]);
    default:
        return false;
    }
}

/* The engine keeps conditions in an order of its own. */
static bool has_condition(struct arena *a, const FWPM_FILTER0 *got, const FWPM_FILTER_CONDITION0 *want)
{
    for (UINT32 i = 0; i < got->numFilterConditions; i++) {
        const FWPM_FILTER_CONDITION0 *c = &got->filterCondition[i];
        if (IsEqualGUID(&c->fieldKey, &want->fieldKey) && c->matchType == want->matchType && same_value(a, &c->conditionValue, &want->conditionValue))
            return true;
    }
    return false;
}

static bool same_filter(struct arena *a, const FWPM_FILTER0 *got, const FWPM_FILTER0 *want)
{
    bool same = IsEqualGUID(&got->layerKey, &want->layerKey) && IsEqualGUID(&got->subLayerKey, &want->subLayerKey) &&
                got->action.type == want->action.type && (got->flags & want->flags) == want->flags && !(got->flags & 0x20u) /* disabled */ &&
                got->weight.type == FWP_UINT64 && *got->weight.uint64 == *want->weight.uint64 && got->numFilterConditions == want->numFilterConditions;

    for (UINT32 i = 0; same && i < want->numFilterConditions; i++)
        same = has_condition(a, got, &want->filterCondition[i]);
    return same;
}

static enum setup_look look_filter(struct engine *x, const struct setup_filter *f)
{
    struct arena a = {0};
    struct shape want = {0};
    FWPM_FILTER0 *got = NULL;
    enum setup_look look = LOOK_UNKNOWN;
    GUID key = guid_of(f->key);
    DWORD status = x->filter_get(x->handle, &key, &got);

    if (status == 0x80320003) /* FWP_E_FILTER_NOT_FOUND */
        look = LOOK_MISSING;
    else if (status == ERROR_SUCCESS && got) {
        if (shape_make(&a, f, &want))
            look = same_filter(&a, got, &want.filter) ? LOOK_WHOLE : LOOK_DIFFERS;
        buf_release(&want.bytes);
        x->release((void **)&got);
    }
    arena_release(&a);
    return look;
}

static enum setup_look look_sublayer(struct engine *x)
{
    GUID key = guid_of(setup_sublayer);
    FWPM_SUBLAYER0 *got = NULL;
    DWORD status = x->sublayer_get(x->handle, &key, &got);
    enum setup_look look = status == ERROR_SUCCESS && got ? (got->weight == SETUP_SUBLAYER_WEIGHT ? LOOK_WHOLE : LOOK_DIFFERS)
                           : status == 0x80320007          ? LOOK_MISSING
                                                           : LOOK_UNKNOWN;

    if (got)
        x->release((void **)&got);
    return look;
}

enum setup_look filters_look(struct machine *m, const struct setup_step *s)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    struct engine x;
    size_t n = setup_filters(&m->arena, account_sid(m, s->subject), v), missing = 0, differ = 0, unknown = 0;

    if (!n) /* the account is gone: what the ledger names would be left */
        return ledger_sid(&m->ledger, SETUP_FILTERS, s->subject).n ? LOOK_DIFFERS : LOOK_MISSING;
    if (engine_open(&x) != ERROR_SUCCESS)
        return LOOK_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        enum setup_look look = look_filter(&x, &v[i]);
        missing += look == LOOK_MISSING;
        differ += look == LOOK_DIFFERS;
        unknown += look == LOOK_UNKNOWN;
    }
    if (!unknown && missing < n) {
        enum setup_look look = look_sublayer(&x);
        unknown += look == LOOK_UNKNOWN;
        differ += look == LOOK_DIFFERS || look == LOOK_MISSING;
    }
    engine_close(&x);
    if (unknown)
        return LOOK_UNKNOWN;
    return missing == n ? LOOK_MISSING : missing || differ ? LOOK_DIFFERS : LOOK_WHOLE;
}

/* ---- made and removed ---- */

/* The person may read the filters, so that the shell sees for itself at each start that they are there: FWPM_ACTRL_READ. */
static PSECURITY_DESCRIPTOR readable(struct machine *m)
{
    return descriptor_from(arena_format(&m->arena, "D:(A;;0x10000000;;;S-1-5-32-544)(A;;0x10000000;;;S-1-5-18)(A;;0x20080;;;%s)", m->facts.person_sid.p));
}

static DWORD add_base(struct engine *x, PSECURITY_DESCRIPTOR sd)
{
    wchar_t name[] = L"Cordon", what[] = L"The network of Cordon's offline accounts is blocked";
    FWPM_PROVIDER0 provider = {.providerKey = guid_of(setup_provider), .displayData = {name, what}, .flags = LASTS};
    FWPM_SUBLAYER0 sublayer = {.subLayerKey = guid_of(setup_sublayer), .displayData = {name, what}, .flags = LASTS};
    DWORD status = x->provider_add(x->handle, &provider, sd);

    if (status != ERROR_SUCCESS && status != 0x80320009) /* FWP_E_ALREADY_EXISTS: another person's Cordon */
        return status;
    sublayer.providerKey = &provider.providerKey;
    sublayer.weight = SETUP_SUBLAYER_WEIGHT;
    status = x->sublayer_add(x->handle, &sublayer, sd);
    return status == 0x80320009 ? ERROR_SUCCESS : status;
}

static DWORD add_filters(struct machine *m, struct engine *x, const struct setup_filter *v, size_t n, PSECURITY_DESCRIPTOR sd)
{
    DWORD status = add_base(x, sd);

    for (size_t i = 0; status == ERROR_SUCCESS && i < n; i++) {
        struct shape s = {0};
        GUID key = guid_of(v[i].key);
        status = x->filter_delete(x->handle, &key);
        if (status == 0x80320003)
            status = ERROR_SUCCESS;
        if (status == ERROR_SUCCESS)
            status = shape_make(&m->arena, &v[i], &s) ? x->filter_add(x->handle, &s.filter, sd, NULL) : ERROR_INVALID_SECURITY_DESCR;
        buf_release(&s.bytes);
    }
    return status;
}

bool filters_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    struct str sid = account_sid(m, s->subject);
    struct ledger_entry entry = {.kind = SETUP_FILTERS, .subject = s->subject, .after = sid};
    size_t n = setup_filters(&m->arena, sid, v);
    PSECURITY_DESCRIPTOR sd = readable(m);
    struct engine x;
    DWORD status = engine_open(&x);

    if (status != ERROR_SUCCESS || !n || !sd) {
        fail_at(e, status ? status : ERROR_NONE_MAPPED, STAGE_NETWORK, s->subject, "the filtering platform cannot be opened");
        goto out;
    }
    /* The SID is in the ledger before its filters are there: the keys follow from it. */
    ledger_put(&m->arena, &m->ledger, &entry);
    if (!ledger_save(m, e))
        goto out;
    status = x.begin(x.handle, 0);
    if (status == ERROR_SUCCESS) {
        status = add_filters(m, &x, v, n, sd);
        status = status == ERROR_SUCCESS ? x.commit(x.handle) : (x.abort(x.handle), status);
    }
    if (status != ERROR_SUCCESS)
        fail_at(e, status, STAGE_NETWORK, s->subject, "the network of an account cannot be blocked");
out:
    engine_close(&x);
    if (sd)
        LocalFree(sd);
    return e->kind == ERR_NONE;
}

/* By key, of the SID that the ledger has: the account may be gone. Provider and sublayer go when nobody's filters stand on them. */
bool filters_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    struct str sid = ledger_sid(&m->ledger, SETUP_FILTERS, s->subject);
    GUID provider = guid_of(setup_provider), sublayer = guid_of(setup_sublayer);
    size_t n = setup_filters(&m->arena, sid.n ? sid : account_sid(m, s->subject), v);
    struct engine x;
    DWORD status = n ? engine_open(&x) : ERROR_SUCCESS;

    if (!n)
        return true;
    for (size_t i = 0; status == ERROR_SUCCESS && i < n; i++) {
        GUID key = guid_of(v[i].key);
        status = x.filter_delete(x.handle, &key);
        if (status == 0x80320003)
            status = ERROR_SUCCESS;
    }
    if (status == ERROR_SUCCESS) {
        DWORD gone = x.sublayer_delete(x.handle, &sublayer);
        if (gone == ERROR_SUCCESS || gone == 0x80320007)
            gone = x.provider_delete(x.handle, &provider);
        if (gone != ERROR_SUCCESS && gone != 0x80320005 && gone != 0x8032000A && gone != 0x80320007)
            status = gone;
    }
    engine_close(&x);
    if (status != ERROR_SUCCESS)
        return fail_at(e, status, STAGE_NETWORK, s->subject, "the filters of an account cannot be removed");
    ledger_drop(&m->ledger, SETUP_FILTERS, s->subject, (struct str){0});
    return ledger_save(m, e);
}
