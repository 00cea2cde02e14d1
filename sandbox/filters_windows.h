/*
 * filters: the filters of setup_network.c as the Windows Filtering Platform has them: how they are handed over, and whether they are
 * there. Setup makes them; the shell looks at each start, which the person may do because setup lets him read these and no others.
 *
 * Everything is looked up at run time: some of it raises an exception under Wine, and is never reached there, because opening the
 * engine fails first.
 */
#ifndef CORDON_FILTERS_WINDOWS_H
#define CORDON_FILTERS_WINDOWS_H

#include "win32.h"
#include "core/setup_plan.h"

#include <fwpmu.h>

#define FWP_NO_FILTER   0x80320003u
#define FWP_NO_PROVIDER 0x80320005u
#define FWP_NO_SUBLAYER 0x80320007u
#define FWP_IS_THERE    0x80320009u
#define FWP_IS_USED     0x8032000Au

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

DWORD engine_open(struct engine *x); /* a Win32 or FWP code; 0 done */
void engine_close(struct engine *x);
GUID guid_of(const char *text);
/* The caller releases s->bytes. */
bool shape_make(struct arena *a, const struct setup_filter *f, struct shape *s);
enum setup_look look_filter(struct engine *x, const struct setup_filter *f);
/* All filters of the account with this SID, and what they stand on. */
enum setup_look look_filters(struct str account);

#endif
