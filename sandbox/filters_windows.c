/*
 * filters: handed over and read back one by one: layer, action, weight, flags, and every condition. A filter that does not match
 * fails open, so that a read-back that is not exact is none.
 */
#include "filters_windows.h"

#include <rpc.h>
#include <string.h>

#ifndef FWPM_FILTER_FLAG_PERSISTENT
#define FWPM_FILTER_FLAG_PERSISTENT         0x1u
#define FWPM_FILTER_FLAG_CLEAR_ACTION_RIGHT 0x8u
#endif
#define BLOCK          0x1001u /* FWP_ACTION_BLOCK */
#define PERMIT         0x1002u
#define LOOPBACK_FLAG  0x1u /* FWP_CONDITION_FLAG_IS_LOOPBACK */
#define WAIT_MS        15000u

GUID guid_of(const char *text)
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

DWORD engine_open(struct engine *x)
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

void engine_close(struct engine *x)
{
    if (x->handle)
        x->close(x->handle);
    x->handle = NULL;
}

/* ---- a filter, as the engine has it ---- */


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

bool shape_make(struct arena *a, const struct setup_filter *f, struct shape *s)
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

static bool same_entries(const struct descriptor *x, const struct descriptor *y)
{
    bool same = x->has_dacl && !x->null_dacl && y->has_dacl && x->dacl.n == y->dacl.n;

    for (size_t i = 0; same && i < x->dacl.n; i++)
        same = ace_same(&x->dacl.v[i], &y->dacl.v[i]);
    return same;
}

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
               descriptor_decode(a, (struct str){(const char *)want->sd->data, want->sd->size}, &y, &e) && same_entries(&x, &y);
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

enum setup_look look_filter(struct engine *x, const struct setup_filter *f)
{
    struct arena a = {0};
    struct shape want = {0};
    FWPM_FILTER0 *got = NULL;
    enum setup_look look = LOOK_UNKNOWN;
    GUID key = guid_of(f->key);
    DWORD status = x->filter_get(x->handle, &key, &got);

    if (status == FWP_NO_FILTER)
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
                           : status == FWP_NO_SUBLAYER          ? LOOK_MISSING
                                                           : LOOK_UNKNOWN;

    if (got)
        x->release((void **)&got);
    return look;
}

enum setup_look look_filters(struct str account)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    struct arena a = {0};
    struct engine x;
    size_t n = setup_filters(&a, account, v), missing = 0, differ = 0, unknown = 0;

    if (!n || engine_open(&x) != ERROR_SUCCESS) {
        arena_release(&a);
        return LOOK_UNKNOWN;
    }
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
    arena_release(&a);
    if (unknown)
        return LOOK_UNKNOWN;
    return missing == n ? LOOK_MISSING : missing || differ ? LOOK_DIFFERS : LOOK_WHOLE;
}
