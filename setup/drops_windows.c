/*
 * drops: who may listen to the Filtering Platform's events: by default administrators and a few services. The witness's account is
 * added, with the right to subscribe and no other, and taken away with it; read back both times. Looked up at run time, as
 * everything of the platform is.
 */
#include "machine.h"

#include <fwpmu.h>

#define ACTRL_SUBSCRIBE 0x00000200u /* FWPM_ACTRL_SUBSCRIBE */

struct listening {
    HANDLE engine;
    DWORD(WINAPI *close)(HANDLE);
    DWORD(WINAPI *get)(HANDLE, SECURITY_INFORMATION, PSID *, PSID *, PACL *, PACL *, PSECURITY_DESCRIPTOR *);
    DWORD(WINAPI *set)(HANDLE, SECURITY_INFORMATION, const SID *, const SID *, const ACL *, const ACL *);
    void(WINAPI *release)(void **);
};

static bool look_up(const char *name, void *out)
{
    void *found = win_function(L"fwpuclnt.dll", name);

    CopyMemory(out, &found, sizeof found);
    return found != NULL;
}

static DWORD begin(struct listening *x)
{
    DWORD(WINAPI * open)(const wchar_t *, UINT32, SEC_WINNT_AUTH_IDENTITY_W *, const FWPM_SESSION0 *, HANDLE *);

    *x = (struct listening){0};
    if (!look_up("FwpmEngineOpen0", &open) || !look_up("FwpmEngineClose0", &x->close) ||
        !look_up("FwpmNetEventsGetSecurityInfo0", &x->get) || !look_up("FwpmNetEventsSetSecurityInfo0", &x->set) ||
        !look_up("FwpmFreeMemory0", &x->release))
        return ERROR_PROC_NOT_FOUND;
    return open(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &x->engine);
}

static DWORD get_dacl(struct listening *x, struct arena *a, struct descriptor *out)
{
    PSID owner = NULL, group = NULL;
    PACL dacl = NULL, sacl = NULL;
    PSECURITY_DESCRIPTOR sd = NULL;
    struct err ignored = {0};
    DWORD status = x->get(x->engine, DACL_SECURITY_INFORMATION, &owner, &group, &dacl, &sacl, &sd);

    if (status != ERROR_SUCCESS)
        return status;
    if (!sd || !descriptor_decode(a, (struct str){sd, GetSecurityDescriptorLength(sd)}, out, &ignored) || !out->has_dacl)
        status = ERROR_INVALID_SECURITY_DESCR;
    x->release((void **)&sd);
    return status;
}

static DWORD set_dacl(struct listening *x, struct arena *a, const struct descriptor *d)
{
    struct buf bytes = {0};
    PACL dacl = NULL;
    BOOL present = FALSE, defaulted = FALSE;
    DWORD status = ERROR_INVALID_ACL;

    if (descriptor_encode(d, &bytes)) {
        char *copy = arena_alloc(a, bytes.n, 1);
        CopyMemory(copy, bytes.p, bytes.n);
        if (GetSecurityDescriptorDacl(copy, &present, &dacl, &defaulted) && present && dacl)
            status = x->set(x->engine, DACL_SECURITY_INFORMATION, NULL, NULL, dacl, NULL);
    }
    buf_release(&bytes);
    return status;
}

static DWORD change(struct listening *x, struct arena *a, const struct ace *ace, bool add)
{
    struct descriptor d;
    DWORD status = get_dacl(x, a, &d);

    if (status != ERROR_SUCCESS || acl_has(&d.dacl, ace) == add)
        return status;
    if (add) /* at its end: nothing that denies is passed over by it */
        *(struct ace *)ARENA_PUSH(a, &d.dacl) = *ace;
    else
        acl_remove(&d.dacl, ace);
    status = set_dacl(x, a, &d);
    if (status == ERROR_SUCCESS)
        status = get_dacl(x, a, &d);
    return status == ERROR_SUCCESS && acl_has(&d.dacl, ace) != add ? ERROR_INVALID_ACL : status;
}

enum setup_look drops_look(struct machine *m, struct str sid)
{
    struct ace ace = {.type = ACE_ALLOW, .mask = ACTRL_SUBSCRIBE};
    struct descriptor d;
    struct listening x = {0};
    enum setup_look look = LOOK_UNKNOWN;

    if (sid_parse(sid, &ace.sid) && begin(&x) == ERROR_SUCCESS && get_dacl(&x, &m->arena, &d) == ERROR_SUCCESS)
        look = acl_has(&d.dacl, &ace) ? LOOK_WHOLE : LOOK_MISSING;
    if (x.engine)
        x.close(x.engine);
    return look;
}

bool drops_let(struct machine *m, struct str sid, bool add, struct err *e)
{
    struct ace ace = {.type = ACE_ALLOW, .mask = ACTRL_SUBSCRIBE};
    struct listening x;
    DWORD status = sid_parse(sid, &ace.sid) ? begin(&x) : (x = (struct listening){0}, (DWORD)ERROR_INVALID_SID);

    if (status == ERROR_SUCCESS)
        status = change(&x, &m->arena, &ace, add);
    if (x.engine)
        x.close(x.engine);
    return status == ERROR_SUCCESS ||
           fail_at(e, status, STAGE_SERVICE, STR("CordonWitness"),
               add ? "the service cannot be let listen to the filtering platform" : "the service's right to listen cannot be taken away");
}
