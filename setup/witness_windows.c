/*
 * witness: the service that tells one person what Windows refused to that person's sandbox accounts (rule W9). It runs as a virtual
 * service account that may read the Security log and subscribe to the Filtering Platform's events, and may change nothing; it is
 * optional, and whatever happens to it the boundary stays as it is.
 *
 * Thin: what an event means, who gets it and how many is decided in audit.c and hub.c, and how it gets there is in
 * pipes_windows.c. Here are the service and the two subscriptions. Their callbacks share the hub with the pipe's threads under one lock.
 * What Windows may not have (and wine has not) is looked up at run time: without the one the other still works.
 */
#include "pipes_windows.h"
#include "../sandbox/core/wide.h"

#include <stdio.h>
#include <wchar.h>
#include <winevt.h>
#include <fwpmu.h>

#define RENDER_BYTES  (512u << 10)
#define APP_BYTES_MAX 65536u

struct witness {
    struct witness_options options;
    struct arena arena; /* what lives as long as the service: names of devices, of the pipe */
    struct pipes pipes;
    wchar_t *render;    /* RENDER_BYTES: one event is rendered at a time, under the lock */
    SERVICE_STATUS_HANDLE service;
    EVT_HANDLE events;
    HANDLE engine, drops;
};

/* ---- the Security log ---- */

struct log_functions {
    EVT_HANDLE(WINAPI *subscribe)(EVT_HANDLE, HANDLE, LPCWSTR, LPCWSTR, EVT_HANDLE, PVOID, EVT_SUBSCRIBE_CALLBACK, DWORD);
    BOOL(WINAPI *render)(EVT_HANDLE, EVT_HANDLE, DWORD, DWORD, PVOID, PDWORD, PDWORD);
    BOOL(WINAPI *close)(EVT_HANDLE);
};

static void look_up(void *out, const wchar_t *module, const char *name)
{
    void *found = win_function(module, name);

    memcpy(out, &found, sizeof found);
}

static struct log_functions log_functions(void)
{
    struct log_functions f;

    look_up(&f.subscribe, L"wevtapi.dll", "EvtSubscribe");
    look_up(&f.render, L"wevtapi.dll", "EvtRender");
    look_up(&f.close, L"wevtapi.dll", "EvtClose");
    return f;
}

/* An event that cannot be rendered or read is one that is not to be had. Called with the lock held. */
static unsigned take_event(struct witness *w, EVT_HANDLE event)
{
    struct log_functions f = log_functions();
    struct arena a = {0};
    struct audit_event e;
    struct err ignored = {0};
    DWORD used = 0, properties = 0;
    unsigned bits;

    if (!f.render || !f.render(NULL, event, EvtRenderEventXml, RENDER_BYTES, w->render, &used, &properties) || used < sizeof(wchar_t))
        return hub_lost(&w->pipes.hub, 1);
    struct str xml = wide_to_text(&a, (const uint16_t *)w->render, wcsnlen(w->render, used / sizeof(wchar_t)));
    bits = audit_parse(&a, xml, &e, &ignored) ? hub_event(&w->pipes.hub, &e, sys_clock_ms()) : hub_lost(&w->pipes.hub, 1);
    arena_release(&a);
    return bits;
}

/* Called by threads of the system's. An error is told where records are missing between this one and the last. */
static DWORD WINAPI on_event(EVT_SUBSCRIBE_NOTIFY_ACTION action, PVOID context, EVT_HANDLE event)
{
    struct witness *w = context;
    unsigned bits;

    AcquireSRWLockExclusive(&w->pipes.lock);
    bits = action == EvtSubscribeActionDeliver ? take_event(w, event) : hub_lost(&w->pipes.hub, 1);
    ReleaseSRWLockExclusive(&w->pipes.lock);
    pipes_wake(&w->pipes, bits);
    return 0;
}

static DWORD open_log(struct witness *w)
{
    struct log_functions f = log_functions();
    struct audit_view view = {.accounts = w->options.accounts, .account_count = w->options.account_count};
    struct buf text = {0};
    wchar_t *query = audit_query(&text, &view) ? wide_from(&w->arena, buf_view(&text)) : NULL;

    buf_release(&text);
    if (!query || !f.subscribe || !f.close)
        return ERROR_CALL_NOT_IMPLEMENTED;
    w->events = f.subscribe(NULL, NULL, NULL, query, NULL, w, on_event, EvtSubscribeToFutureEvents | EvtSubscribeStrict);
    return w->events ? 0 : GetLastError();
}

/* ---- the Filtering Platform ---- */

#define DIRECTION_IN 0x3900u /* FWP_DIRECTION_IN */

/* The callback has the version that FwpmNetEventSubscribe0 calls with: FWPM_NET_EVENT1. */
typedef void(CALLBACK *drop_callback)(void *context, const FWPM_NET_EVENT1 *event);

struct platform_functions {
    DWORD(WINAPI *open)(const wchar_t *, UINT32, SEC_WINNT_AUTH_IDENTITY_W *, const FWPM_SESSION0 *, HANDLE *);
    DWORD(WINAPI *close)(HANDLE);
    DWORD(WINAPI *subscribe)(HANDLE, const void *, drop_callback, void *, HANDLE *);
    DWORD(WINAPI *unsubscribe)(HANDLE, HANDLE);
};

static struct platform_functions platform_functions(void)
{
    struct platform_functions f;

    look_up(&f.open, L"fwpuclnt.dll", "FwpmEngineOpen0");
    look_up(&f.close, L"fwpuclnt.dll", "FwpmEngineClose0");
    look_up(&f.subscribe, L"fwpuclnt.dll", "FwpmNetEventSubscribe0");
    look_up(&f.unsubscribe, L"fwpuclnt.dll", "FwpmNetEventUnsubscribe0");
    return f;
}

static bool drop_from(struct arena *a, const FWPM_NET_EVENT1 *event, struct audit_drop *out)
{
    const FWPM_NET_EVENT_HEADER1 *h = &event->header;
    struct audit_drop d = {.flags = h->flags, .local_port = h->localPort, .remote_port = h->remotePort, .protocol = h->ipProtocol};

    if (event->type != FWPM_NET_EVENT_TYPE_CLASSIFY_DROP || !event->classifyDrop || !(h->flags & DROP_USER) || !h->userId)
        return false;
    if (!IsValidSid(h->userId) || !sid_from_bytes((struct str){(const char *)h->userId, GetLengthSid(h->userId)}, &d.user))
        return false;
    d.filetime = (uint64_t)h->timeStamp.dwHighDateTime << 32 | h->timeStamp.dwLowDateTime;
    d.v6 = h->ipVersion == FWP_IP_VERSION_V6;
    d.inbound = event->classifyDrop->msFwpDirection == DIRECTION_IN;
    d.filter = event->classifyDrop->filterId;
    if (d.v6) {
        memcpy(d.local6, h->localAddrV6.byteArray16, sizeof d.local6);
        memcpy(d.remote6, h->remoteAddrV6.byteArray16, sizeof d.remote6);
    } else {
        d.local4 = h->localAddrV4;
        d.remote4 = h->remoteAddrV4;
    }
    if (h->flags & DROP_APP && h->appId.data && h->appId.size < APP_BYTES_MAX)
        d.app = wide_to_text(a, (const uint16_t *)h->appId.data, wcsnlen((const wchar_t *)h->appId.data, h->appId.size / sizeof(wchar_t)));
    *out = d;
    return true;
}

static void CALLBACK on_drop(void *context, const FWPM_NET_EVENT1 *event)
{
    struct witness *w = context;
    struct arena a = {0};
    struct audit_drop drop;
    struct audit_event e;

    if (drop_from(&a, event, &drop) && audit_from_drop(&a, &drop, &e)) {
        AcquireSRWLockExclusive(&w->pipes.lock);
        unsigned bits = hub_event(&w->pipes.hub, &e, sys_clock_ms());
        ReleaseSRWLockExclusive(&w->pipes.lock);
        pipes_wake(&w->pipes, bits);
    }
    arena_release(&a);
}

static DWORD open_platform(struct witness *w)
{
    struct platform_functions f = platform_functions();
    FWPM_NET_EVENT_SUBSCRIPTION0 all = {0};
    DWORD code;

    if (!f.open || !f.close || !f.subscribe || !f.unsubscribe)
        return ERROR_CALL_NOT_IMPLEMENTED;
    code = f.open(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &w->engine);
    if (code)
        return code;
    code = f.subscribe(w->engine, &all, on_drop, w, &w->drops);
    if (code) {
        f.close(w->engine);
        w->engine = NULL;
    }
    return code;
}

static void close_both(struct witness *w)
{
    struct platform_functions p = platform_functions();
    struct log_functions l = log_functions();

    if (w->events)
        l.close(w->events); /* waits for a callback that runs */
    if (w->drops)
        p.unsubscribe(w->engine, w->drops);
    if (w->engine)
        p.close(w->engine);
    w->events = NULL;
    w->drops = w->engine = NULL;
}

/* ---- all of it ---- */

static bool prepare(struct witness *w, struct err *e)
{
    w->render = arena_alloc(&w->arena, RENDER_BYTES, 1);
    return pipes_prepare(&w->pipes, &w->arena, &w->options, e);
}

/* The words of our own command line, which only the service manager's configuration, and so an administrator, chooses. */
static bool read_options(struct arena *a, struct witness_options *out, struct err *e)
{
    struct str words[WITNESS_WORDS];
    int count = __argc - 1;

    if (count < 0 || (size_t)count > COUNT_OF(words))
        return err_set(e, ERR_USAGE, "too many words");
    for (int i = 0; i < count; i++) {
        words[i] = utf8_from_z(a, __wargv[i + 1]);
        if (!words[i].p)
            return err_set(e, ERR_USAGE, "a word is no text");
    }
    return witness_options_parse(count, words, out, e);
}

static void tell_manager(const struct witness *w, DWORD state, DWORD code)
{
    SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS, .dwCurrentState = state, .dwWin32ExitCode = code,
        .dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
        .dwWaitHint = state == SERVICE_RUNNING || state == SERVICE_STOPPED ? 0 : 10000};

    SetServiceStatus(w->service, &status);
}

static DWORD WINAPI on_control(DWORD control, DWORD kind, void *data, void *context)
{
    struct witness *w = context;

    (void)kind;
    (void)data;
    if (control == SERVICE_CONTROL_INTERROGATE)
        return NO_ERROR;
    if (control != SERVICE_CONTROL_STOP && control != SERVICE_CONTROL_SHUTDOWN)
        return ERROR_CALL_NOT_IMPLEMENTED;
    tell_manager(w, SERVICE_STOP_PENDING, 0);
    SetEvent(w->pipes.stop);
    return NO_ERROR;
}

/* With neither subscription there is nothing to tell, and the manager is told why. */
static DWORD start(struct witness *w)
{
    struct err e = {0};
    DWORD log, platform;

    if (!read_options(&w->arena, &w->options, &e))
        return ERROR_INVALID_PARAMETER;
    if (!prepare(w, &e))
        return ERROR_NOT_ENOUGH_MEMORY;
    log = open_log(w);
    platform = open_platform(w);
    return log && platform ? log : 0;
}

static void WINAPI service_main(DWORD count, wchar_t **words)
{
    struct witness *w = calloc(1, sizeof *w);
    DWORD code;

    (void)count;
    (void)words;
    if (!w)
        return;
    w->service = RegisterServiceCtrlHandlerExW(L"CordonWitness", on_control, w);
    if (!w->service)
        return;
    tell_manager(w, SERVICE_START_PENDING, 0);
    code = start(w);
    if (!code) {
        tell_manager(w, SERVICE_RUNNING, 0);
        pipes_run(&w->pipes);
    }
    close_both(w);
    tell_manager(w, SERVICE_STOPPED, code); /* the process may end from here on: w stays */
}

/* --try: both subscriptions, each told. 0: both; 2: one; 1: none. */
static int try_both(struct witness *w)
{
    struct err e = {0};
    DWORD log, platform;

    if (!prepare(w, &e)) {
        fprintf(stderr, "cordon-witness: %s\n", err_text(&e, &w->arena).p);
        return 1;
    }
    log = open_log(w);
    platform = open_platform(w);
    printf("Security log: %s (%lu)\n", log ? "not to be had" : "can be read", (unsigned long)log);
    printf("Filtering Platform: %s (%lu)\n", platform ? "not to be had" : "can be listened to", (unsigned long)platform);
    close_both(w);
    return log && platform ? 1 : log || platform ? 2 : 0;
}

int wmain(int count, wchar_t **words);

int wmain(int count, wchar_t **words)
{
    wchar_t name[] = L"CordonWitness";
    SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    struct witness *w = calloc(1, sizeof *w);
    struct err e = {0};

    (void)count;
    (void)words;
    if (!w)
        return 125;
    if (!read_options(&w->arena, &w->options, &e)) {
        fprintf(stderr, "cordon-witness: %s\n%s", err_text(&e, &w->arena).p, witness_usage());
        return 1;
    }
    if (w->options.try_only)
        return try_both(w);
    if (StartServiceCtrlDispatcherW(table))
        return 0;
    fprintf(stderr, "cordon-witness: the service manager did not start this (%lu)\n%s", GetLastError(), witness_usage());
    return 1;
}
