/*
 * network: the filters of setup_network.c, put into the Windows Filtering Platform in one transaction, and removed by their keys. What
 * is there is looked at by filters_windows.c.
 */
#include "machine.h"
#include "../sandbox/filters_windows.h"

#define LASTS 0x1u /* FWPM_PROVIDER_FLAG_PERSISTENT, FWPM_SUBLAYER_FLAG_PERSISTENT */

enum setup_look filters_look(struct machine *m, const struct setup_step *s)
{
    struct str sid = account_sid(m, s->subject);

    if (!sid.n) /* the account is gone: what the ledger names would be left */
        return ledger_sid(&m->ledger, SETUP_FILTERS, s->subject).n ? LOOK_DIFFERS : LOOK_MISSING;
    return look_filters(sid);
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

    if (status != ERROR_SUCCESS && status != FWP_IS_THERE) /* another person's Cordon */
        return status;
    sublayer.providerKey = &provider.providerKey;
    sublayer.weight = SETUP_SUBLAYER_WEIGHT;
    status = x->sublayer_add(x->handle, &sublayer, sd);
    return status == FWP_IS_THERE ? ERROR_SUCCESS : status;
}

static DWORD add_filters(struct machine *m, struct engine *x, const struct setup_filter *v, size_t n, PSECURITY_DESCRIPTOR sd)
{
    DWORD status = add_base(x, sd);

    for (size_t i = 0; status == ERROR_SUCCESS && i < n; i++) {
        struct shape s = {0};
        GUID key = guid_of(v[i].key);
        status = x->filter_delete(x->handle, &key);
        if (status == FWP_NO_FILTER)
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
        if (status == FWP_NO_FILTER)
            status = ERROR_SUCCESS;
    }
    if (status == ERROR_SUCCESS) {
        DWORD gone = x.sublayer_delete(x.handle, &sublayer);
        if (gone == ERROR_SUCCESS || gone == FWP_NO_SUBLAYER)
            gone = x.provider_delete(x.handle, &provider);
        if (gone != ERROR_SUCCESS && gone != FWP_NO_PROVIDER && gone != FWP_IS_USED && gone != FWP_NO_SUBLAYER)
            status = gone;
    }
    engine_close(&x);
    if (status != ERROR_SUCCESS)
        return fail_at(e, status, STAGE_NETWORK, s->subject, "the filters of an account cannot be removed");
    ledger_drop(&m->ledger, SETUP_FILTERS, s->subject, (struct str){0});
    return ledger_save(m, e);
}
