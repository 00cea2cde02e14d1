/*
 * network: the filters of setup_network.c, put into the Windows Filtering Platform in one transaction, and removed by their keys. What
 * is there is looked at by filters_windows.c.
 */
#include "machine.h"
#include "../sandbox/filters_windows.h"

#define LASTS 0x1u /* FWPM_PROVIDER_FLAG_PERSISTENT, FWPM_SUBLAYER_FLAG_PERSISTENT */

enum setup_look filters_look(struct machine *m, const struct setup_step *s)
{
    struct str sid = own_sid(m, s->subject), noted = ledger_sid(&m->ledger, SETUP_FILTERS, s->subject);

    if (m->undoing && noted.n)
        sid = noted;
    if (!sid.n)
        return LOOK_MISSING;
    return !m->undoing && noted.n && !str_eq(noted, sid) ? LOOK_DIFFERS : look_filters(sid); /* an earlier account's are there still */
}

/* ---- made and removed ---- */

/* The person may read his filters, so that the shell sees for itself at each start that they are there: FWPM_ACTRL_READ. What they
 * stand on is everybody's, and every user's to read. */
static PSECURITY_DESCRIPTOR readable(struct machine *m, struct str by)
{
    return descriptor_from(arena_format(&m->arena, "D:(A;;0x10000000;;;S-1-5-32-544)(A;;0x10000000;;;S-1-5-18)(A;;0x20080;;;%s)", by.p));
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

/* By key. What nobody's filters stand on goes too. */
static DWORD take_filters(struct machine *m, struct engine *x, struct str sid)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    GUID provider = guid_of(setup_provider), sublayer = guid_of(setup_sublayer);
    size_t n = setup_filters(&m->arena, sid, v);
    DWORD status = ERROR_SUCCESS;

    for (size_t i = 0; status == ERROR_SUCCESS && i < n; i++) {
        GUID key = guid_of(v[i].key);
        status = x->filter_delete(x->handle, &key);
        if (status == FWP_NO_FILTER)
            status = ERROR_SUCCESS;
    }
    if (status == ERROR_SUCCESS)
        status = x->sublayer_delete(x->handle, &sublayer);
    if (status == ERROR_SUCCESS || status == FWP_NO_SUBLAYER)
        status = x->provider_delete(x->handle, &provider);
    return status == FWP_IS_USED || status == FWP_NO_PROVIDER ? ERROR_SUCCESS : status;
}

/* Those that are there go first, with what they stand on: what is there then is as it is wanted, and not as somebody left it. */
static DWORD add_filters(struct machine *m, struct engine *x, const struct setup_filter *v, size_t n, struct str sid, PSECURITY_DESCRIPTOR base,
    PSECURITY_DESCRIPTOR sd)
{
    DWORD status = take_filters(m, x, sid);

    if (status == ERROR_SUCCESS)
        status = add_base(x, base);
    for (size_t i = 0; status == ERROR_SUCCESS && i < n; i++) {
        struct shape s = {0};
        status = shape_make(&m->arena, &v[i], &s) ? x->filter_add(x->handle, &s.filter, sd, NULL) : ERROR_INVALID_SECURITY_DESCR;
        buf_release(&s.bytes);
    }
    return status;
}

bool filters_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct setup_filter v[SETUP_FILTERS_MAX];
    struct str sid = own_sid(m, s->subject), old = ledger_sid(&m->ledger, SETUP_FILTERS, s->subject);
    struct ledger_entry entry = {.kind = SETUP_FILTERS, .subject = s->subject, .after = sid};
    size_t n = setup_filters(&m->arena, sid, v);
    PSECURITY_DESCRIPTOR base = readable(m, STR(SID_USERS)), sd = readable(m, m->facts.person_sid);
    struct engine x;
    DWORD status = engine_open(&x);

    if (status != ERROR_SUCCESS || !n || !sd || !base) {
        fail_at(e, status ? status : ERROR_NONE_MAPPED, STAGE_NETWORK, s->subject, "the filtering platform cannot be opened");
        goto out;
    }
    if (old.n && !str_eq(old, sid) && (status = take_filters(m, &x, old)) != ERROR_SUCCESS) {
        fail_at(e, status, STAGE_NETWORK, s->subject, "the filters of an account that is gone cannot be removed");
        goto out;
    }
    /* The SID is in the ledger before its filters are there: the keys follow from it. */
    ledger_put(&m->arena, &m->ledger, &entry);
    if (!ledger_save(m, e))
        goto out;
    status = x.begin(x.handle, 0);
    if (status == ERROR_SUCCESS) {
        status = add_filters(m, &x, v, n, sid, base, sd);
        status = status == ERROR_SUCCESS ? x.commit(x.handle) : (x.abort(x.handle), status);
    }
    if (status != ERROR_SUCCESS)
        fail_at(e, status, STAGE_NETWORK, s->subject, "the network of an account cannot be blocked");
out:
    engine_close(&x);
    if (base)
        LocalFree(base);
    if (sd)
        LocalFree(sd);
    return e->kind == ERR_NONE;
}

/* Of the SID that the ledger has: the account may be gone. */
bool filters_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct str sid = ledger_sid(&m->ledger, SETUP_FILTERS, s->subject);
    struct engine x;
    DWORD status;

    if (!sid.n)
        return true;
    status = engine_open(&x);
    if (status == ERROR_SUCCESS)
        status = take_filters(m, &x, sid);
    engine_close(&x);
    return status == ERROR_SUCCESS || fail_at(e, status, STAGE_NETWORK, s->subject, "the filters of an account cannot be removed");
}
