/*
 * firewall: rules of Windows Firewall as a second layer, one account each, by its COM interfaces. The protocol is set before the
 * ports, addresses are the literals that the interface takes, and each rule is fetched again and compared.
 */
#define COBJMACROS
#include "machine.h"

#include <netfw.h>
#include <oleauto.h>

static const CLSID policy_class = {0xe2b3c97f, 0x6ae1, 0x41ac, {0x81, 0x7a, 0xf6, 0xf9, 0x21, 0x66, 0xd7, 0xdd}};
static const IID policy_iid = {0x98325047, 0xc671, 0x4174, {0x8d, 0x81, 0xde, 0xfc, 0xd3, 0xf0, 0x31, 0x86}};
static const CLSID rule_class = {0x2c5bc43e, 0x3369, 0x4c33, {0xab, 0x0c, 0xbe, 0x94, 0x69, 0x67, 0x7a, 0xf4}};
static const IID rule3_iid = {0xb21563ff, 0xd696, 0x4222, {0xab, 0x46, 0x4e, 0x89, 0xb7, 0x3a, 0xb3, 0x4a}};

struct firewall {
    INetFwPolicy2 *policy;
    INetFwRules *rules;
    bool begun;
};

static void firewall_close(struct firewall *f)
{
    if (f->rules)
        INetFwRules_Release(f->rules);
    if (f->policy)
        INetFwPolicy2_Release(f->policy);
    if (f->begun)
        CoUninitialize();
    *f = (struct firewall){0};
}

static HRESULT firewall_open(struct firewall *f)
{
    HRESULT result = CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    void *found = NULL;

    *f = (struct firewall){.begun = SUCCEEDED(result)};
    if (FAILED(result) && result != RPC_E_CHANGED_MODE)
        return result;
    result = CoCreateInstance(&policy_class, NULL, CLSCTX_INPROC_SERVER, &policy_iid, &found);
    f->policy = found;
    if (SUCCEEDED(result))
        result = INetFwPolicy2_get_Rules(f->policy, &f->rules);
    if (SUCCEEDED(result) && !f->rules)
        result = E_NOTIMPL;
    if (FAILED(result))
        firewall_close(f);
    return result;
}

static BSTR bstr_from(struct arena *a, struct str s)
{
    wchar_t *wide = wide_from(a, s);
    return wide ? SysAllocString(wide) : NULL;
}

static INetFwRule3 *as_rule3(INetFwRule *rule)
{
    void *found = NULL;
    return SUCCEEDED(INetFwRule_QueryInterface(rule, &rule3_iid, &found)) ? found : NULL;
}

/* ---- read back ---- */

/* Frees what was got. The firewall writes addresses its own way, so that those are compared by their beginning alone. */
static bool same_text(struct arena *a, HRESULT result, BSTR got, struct str want, bool beginning)
{
    struct str text = SUCCEEDED(result) && got ? utf8_from_z(a, got) : (struct str){0};

    if (got)
        SysFreeString(got);
    return beginning ? text.n && str_starts(text, str_slice(want, 0, 7)) : str_eq(text, want);
}

static bool same_number(HRESULT result, long got, long want)
{
    return SUCCEEDED(result) && got == want;
}

static bool same_rule(struct arena *a, INetFwRule3 *r, const struct setup_rule *want)
{
    BSTR text = NULL;
    NET_FW_RULE_DIRECTION direction = NET_FW_RULE_DIR_MAX;
    NET_FW_ACTION action = NET_FW_ACTION_MAX;
    VARIANT_BOOL enabled = VARIANT_FALSE;
    LONG number = -1;
    HRESULT result = INetFwRule3_get_Direction(r, &direction);
    bool same = same_number(result, (long)direction, want->inbound ? NET_FW_RULE_DIR_IN : NET_FW_RULE_DIR_OUT);

    result = INetFwRule3_get_Action(r, &action);
    same = same && same_number(result, (long)action, NET_FW_ACTION_BLOCK);
    result = INetFwRule3_get_Enabled(r, &enabled);
    same = same && same_number(result, enabled, VARIANT_TRUE);
    result = INetFwRule3_get_Profiles(r, &number);
    same = same && same_number(result, number, NET_FW_PROFILE2_ALL);
    result = INetFwRule3_get_Protocol(r, &number);
    same = same && same_number(result, number, want->protocol);
    result = INetFwRule3_get_LocalUserAuthorizedList(r, &text);
    same = same_text(a, result, text, want->user, false) && same;
    text = NULL;
    result = INetFwRule3_get_RemoteAddresses(r, &text);
    same = same_text(a, result, text, str_from(want->addresses), true) && same;
    text = NULL;
    if (want->ports.n) {
        result = INetFwRule3_get_RemotePorts(r, &text);
        same = same_text(a, result, text, want->ports, false) && same;
    }
    return same;
}

static bool rule_of(struct machine *m, const struct setup_step *s, struct setup_rule *out)
{
    struct setup_rule rules[SETUP_RULES];
    struct str sid = own_sid(m, m->facts.offline.name);

    if (s->number >= SETUP_RULES || !setup_rules(&m->arena, sid, rules))
        return false;
    *out = rules[s->number];
    return true;
}

static enum setup_look look_open(struct machine *m, struct firewall *f, const struct setup_rule *want)
{
    BSTR name = bstr_from(&m->arena, want->name);
    INetFwRule *rule = NULL;
    HRESULT result = name ? INetFwRules_Item(f->rules, name, &rule) : E_OUTOFMEMORY;
    enum setup_look look = LOOK_UNKNOWN;

    if (result == (HRESULT)0x80070002)
        look = LOOK_MISSING;
    else if (SUCCEEDED(result) && rule) {
        INetFwRule3 *three = as_rule3(rule);
        if (three) {
            look = same_rule(&m->arena, three, want) ? LOOK_WHOLE : LOOK_DIFFERS;
            INetFwRule3_Release(three);
        }
        INetFwRule_Release(rule);
    }
    if (name)
        SysFreeString(name);
    return look;
}

/* On the way back its name is all that counts: the account that it is about may be gone. */
enum setup_look rule_look(struct machine *m, const struct setup_step *s)
{
    struct setup_rule want = {.name = s->subject};
    struct firewall f;
    enum setup_look look;

    if (!m->undoing && !rule_of(m, s, &want))
        return LOOK_MISSING;
    if (FAILED(firewall_open(&f)))
        return LOOK_UNKNOWN;
    look = look_open(m, &f, &want);
    firewall_close(&f);
    return look;
}

/* ---- made and removed ---- */

typedef HRESULT(STDMETHODCALLTYPE *put_text)(INetFwRule3 *, BSTR);

static HRESULT put(struct arena *a, INetFwRule3 *r, put_text function, struct str text)
{
    BSTR value = bstr_from(a, text);
    HRESULT result = value ? function(r, value) : E_OUTOFMEMORY;

    if (value)
        SysFreeString(value);
    return result;
}

static HRESULT fill(struct arena *a, INetFwRule3 *r, const struct setup_rule *want)
{
    const INetFwRule3Vtbl *v = r->lpVtbl;
    HRESULT result = put(a, r, v->put_Name, want->name);

    if (SUCCEEDED(result))
        result = put(a, r, v->put_Description, str_from(want->what));
    if (SUCCEEDED(result))
        result = put(a, r, v->put_Grouping, STR("Cordon"));
    if (SUCCEEDED(result))
        result = INetFwRule3_put_Direction(r, want->inbound ? NET_FW_RULE_DIR_IN : NET_FW_RULE_DIR_OUT);
    if (SUCCEEDED(result))
        result = INetFwRule3_put_Protocol(r, want->protocol);
    if (SUCCEEDED(result) && want->ports.n)
        result = put(a, r, v->put_RemotePorts, want->ports);
    if (SUCCEEDED(result))
        result = put(a, r, v->put_RemoteAddresses, str_from(want->addresses));
    if (SUCCEEDED(result))
        result = INetFwRule3_put_Profiles(r, NET_FW_PROFILE2_ALL);
    if (SUCCEEDED(result))
        result = INetFwRule3_put_Action(r, NET_FW_ACTION_BLOCK);
    if (SUCCEEDED(result))
        result = put(a, r, v->put_LocalUserAuthorizedList, want->user);
    if (SUCCEEDED(result))
        result = INetFwRule3_put_Enabled(r, VARIANT_TRUE);
    return result;
}

static HRESULT remove_rule(struct machine *m, struct firewall *f, struct str name)
{
    BSTR text = bstr_from(&m->arena, name);
    HRESULT result = text ? INetFwRules_Remove(f->rules, text) : E_OUTOFMEMORY;

    if (text)
        SysFreeString(text);
    return result == (HRESULT)0x80070002 ? S_OK : result;
}

bool rule_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct setup_rule want;
    struct firewall f = {0};
    INetFwRule3 *rule = NULL;
    void *found = NULL;
    HRESULT result = rule_of(m, s, &want) ? firewall_open(&f) : HRESULT_FROM_WIN32(ERROR_NONE_MAPPED);

    if (SUCCEEDED(result))
        result = CoCreateInstance(&rule_class, NULL, CLSCTX_INPROC_SERVER, &rule3_iid, &found);
    rule = found;
    if (SUCCEEDED(result))
        result = fill(&m->arena, rule, &want);
    if (SUCCEEDED(result)) /* one that differs goes first: names need not be unique there */
        result = remove_rule(m, &f, want.name);
    if (SUCCEEDED(result))
        result = INetFwRules_Add(f.rules, (INetFwRule *)rule);
    if (rule)
        INetFwRule3_Release(rule);
    firewall_close(&f);
    return SUCCEEDED(result) || fail_at(e, (DWORD)result, STAGE_NETWORK, s->subject, "a firewall rule cannot be made");
}

bool rule_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    struct firewall f;
    HRESULT result = firewall_open(&f);

    if (SUCCEEDED(result))
        result = remove_rule(m, &f, s->subject);
    firewall_close(&f);
    return SUCCEEDED(result) || fail_at(e, (DWORD)result, STAGE_NETWORK, s->subject, "a firewall rule cannot be removed");
}

void firewall_facts(struct machine *m)
{
    static const NET_FW_PROFILE_TYPE2 profiles[] = {NET_FW_PROFILE2_DOMAIN, NET_FW_PROFILE2_PRIVATE, NET_FW_PROFILE2_PUBLIC};
    NET_FW_MODIFY_STATE state = NET_FW_MODIFY_STATE_INBOUND_BLOCKED;
    struct firewall f;
    HRESULT result;

    if (FAILED(firewall_open(&f)))
        return;
    result = INetFwPolicy2_get_LocalPolicyModifyState(f.policy, &state);
    m->facts.firewall_looked = SUCCEEDED(result);
    /* S_OK alone: another success says that a policy holds in some profile. Blocked inbound is blocked, which is no harm. */
    m->facts.firewall_merges = result == S_OK && state != NET_FW_MODIFY_STATE_GP_OVERRIDE;
    for (unsigned i = 0; m->facts.firewall_looked && i < COUNT_OF(profiles); i++) {
        VARIANT_BOOL on = VARIANT_FALSE;
        result = INetFwPolicy2_get_FirewallEnabled(f.policy, profiles[i], &on);
        m->facts.firewall_looked = SUCCEEDED(result);
        if (on == VARIANT_FALSE)
            m->facts.firewall_off |= 1u << i;
    }
    firewall_close(&f);
}
