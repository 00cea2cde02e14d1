/*
 * service: which services of Windows run, and the witness: a service of a virtual account that may read logs and nothing else.
 */
#include "machine.h"
#include "hub.h"

#define WITNESS        L"CordonWitness"
#define WITNESS_USER   L"NT SERVICE\\CordonWitness"
#define LOG_READERS    "S-1-5-32-573" /* Event Log Readers */
#define STOP_WAIT_MS   5000

static SC_HANDLE service_open(const wchar_t *name, DWORD access, DWORD *code)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service;

    *code = GetLastError();
    if (!manager)
        return NULL;
    service = OpenServiceW(manager, name, access);
    *code = GetLastError();
    CloseServiceHandle(manager);
    return service;
}

/* In the arena; NULL. */
static QUERY_SERVICE_CONFIGW *service_config(struct arena *a, SC_HANDLE service)
{
    DWORD n = 0;
    QUERY_SERVICE_CONFIGW *config;

    QueryServiceConfigW(service, NULL, 0, &n);
    if (GetLastError() != ERROR_INSUFFICIENT_BUFFER || n > 65536)
        return NULL;
    config = arena_alloc(a, n, 1);
    return QueryServiceConfigW(service, config, n, &n) ? config : NULL;
}

enum setup_service service_state(const wchar_t *name)
{
    struct arena a = {0};
    SERVICE_STATUS status = {0};
    DWORD code;
    SC_HANDLE service = service_open(name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS, &code);
    QUERY_SERVICE_CONFIGW *config;
    enum setup_service state = SERVICE_IS_UNKNOWN;

    if (!service)
        return code == ERROR_SERVICE_DOES_NOT_EXIST ? SERVICE_IS_ABSENT : SERVICE_IS_UNKNOWN;
    config = service_config(&a, service);
    if (config && QueryServiceStatus(service, &status))
        state = config->dwStartType == SERVICE_DISABLED           ? SERVICE_IS_DISABLED
                : status.dwCurrentState == SERVICE_RUNNING        ? SERVICE_IS_RUNNING
                                                                  : SERVICE_IS_STOPPED;
    CloseServiceHandle(service);
    arena_release(&a);
    return state;
}

/* ---- the witness ---- */

/* Its program in Program Files, in quotes, whose it is, and which accounts it tells about (setup/hub.c reads it). NULL while there
 * are none. */
static wchar_t *witness_line(struct machine *m)
{
    const struct setup_facts *f = &m->facts;

    if (!f->person_sid.n || !f->offline.sid.n || !f->online.sid.n) {
        SetLastError(ERROR_NONE_MAPPED);
        return NULL;
    }
    return wide_from(&m->arena, arena_format(&m->arena, "\"%s\\cordon-witness.exe\" --person %s --account %s --account %s",
                                    f->program_dir.p, f->person_sid.p, f->offline.sid.p, f->online.sid.p));
}

static bool witness_sid(struct machine *m, struct str *out)
{
    union {
        SID sid;
        char room[SECURITY_MAX_SID_SIZE];
    } at;
    wchar_t domain[256];
    DWORD n = sizeof at, d = COUNT_OF(domain);
    SID_NAME_USE use;

    if (!LookupAccountNameW(NULL, WITNESS_USER, &at.sid, &n, domain, &d, &use))
        return false;
    *out = sid_as_text(&m->arena, &at.sid);
    return out->n > 0;
}

/* Whose the registered one is: none, where it is this person's; else a SID, or words. One machine has one witness, and another
 * person's is neither taken over nor removed. */
static struct str whose(struct machine *m, const QUERY_SERVICE_CONFIGW *config)
{
    struct str line = config && config->lpBinaryPathName ? utf8_from_z(&m->arena, config->lpBinaryPathName) : (struct str){0};
    struct witness_options o;

    if (!line.p || !witness_line_read(line, &o))
        return STR("a program that is not Cordon's");
    return str_eq(sid_text(&m->arena, &o.person), m->facts.person_sid) ? (struct str){0} : sid_text(&m->arena, &o.person);
}

static bool is_theirs(struct machine *m, SC_HANDLE service, const struct setup_step *s, struct err *e)
{
    struct str other = whose(m, service_config(&m->arena, service));

    return other.n && !fail_at(e, ERROR_SERVICE_EXISTS, STAGE_SERVICE, s->subject, "the witness of this machine is there for %s", other.p);
}

/* What it may read is its own part: a policy that sets the group's members takes it away. */
static bool may_read(struct machine *m)
{
    struct str user, readers = name_of_sid(&m->arena, STR(LOG_READERS));

    return witness_sid(m, &user) && readers.n && in_group(m, user, readers) && drops_look(m, user) != LOOK_MISSING;
}

enum setup_look witness_look(struct machine *m, const struct setup_step *s)
{
    DWORD code;
    SC_HANDLE service = service_open(WITNESS, SERVICE_QUERY_CONFIG, &code);
    QUERY_SERVICE_CONFIGW *config;
    wchar_t *line = witness_line(m);
    enum setup_look look;

    (void)s;
    if (!service)
        return code == ERROR_SERVICE_DOES_NOT_EXIST ? LOOK_MISSING : LOOK_UNKNOWN;
    config = service_config(&m->arena, service);
    m->facts.witness_other = config ? whose(m, config) : (struct str){0};
    look = m->facts.witness_other.n ? LOOK_MISSING : !config || !line                                                                              ? LOOK_UNKNOWN
           : wcscmp(config->lpBinaryPathName, line) == 0 && _wcsicmp(config->lpServiceStartName, WITNESS_USER) == 0 ? LOOK_WHOLE
                                                                                                         : LOOK_DIFFERS;
    CloseServiceHandle(service);
    return look == LOOK_WHOLE && !may_read(m) ? LOOK_DIFFERS : look;
}

/* A SID of its own and no write access beyond it: SERVICE_SID_TYPE_RESTRICTED would also shut it out of its own pipe. */
static bool witness_start(struct machine *m, SC_HANDLE service, struct err *e)
{
    SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SERVICE_REQUIRED_PRIVILEGES_INFOW privileges = {(wchar_t *)(uintptr_t)L"SeChangeNotifyPrivilege\0"};
    struct str user, readers = name_of_sid(&m->arena, STR(LOG_READERS));

    if (!ChangeServiceConfig2W(service, SERVICE_CONFIG_SERVICE_SID_INFO, &sid) ||
        !ChangeServiceConfig2W(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privileges))
        return fail_at(e, GetLastError(), STAGE_SERVICE, STR("CordonWitness"), "the service cannot be confined");
    if (!witness_sid(m, &user) || !readers.n)
        return fail_at(e, ERROR_NONE_MAPPED, STAGE_SERVICE, STR("CordonWitness"), "the service has no account");
    if (!group_change(m, readers, user, true, e) || !drops_let(m, user, true, e))
        return false;
    return StartServiceW(service, 0, NULL) || fail_at(e, GetLastError(), STAGE_SERVICE, STR("CordonWitness"), "the service does not start");
}

static void stop_and_wait(SC_HANDLE service)
{
    SERVICE_STATUS status;

    ControlService(service, SERVICE_CONTROL_STOP, &status);
    for (int waited = 0; waited < STOP_WAIT_MS && QueryServiceStatus(service, &status) && status.dwCurrentState != SERVICE_STOPPED; waited += 100)
        Sleep(100);
}

/* One that is there and not as wanted: its accounts were made anew, say. The account of a service has no password, and none may be
 * named (ChangeServiceConfigW, lpPassword: NULL for a virtual account). */
static SC_HANDLE witness_mend(struct machine *m, const struct setup_step *s, SC_HANDLE manager, const wchar_t *line, struct err *e)
{
    SC_HANDLE service = OpenServiceW(manager, WITNESS, SERVICE_ALL_ACCESS);
    bool good;

    if (!service) {
        fail_at(e, GetLastError(), STAGE_SERVICE, s->subject, "the service cannot be opened");
        return NULL;
    }
    good = !is_theirs(m, service, s, e);
    if (good) {
        stop_and_wait(service);
        good = ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, line, NULL, NULL, NULL,
                   WITNESS_USER, NULL, NULL) ||
               fail_at(e, GetLastError(), STAGE_SERVICE, s->subject, "the service cannot be changed");
    }
    if (!good)
        CloseServiceHandle(service);
    return good ? service : NULL;
}

bool witness_make(struct machine *m, const struct setup_step *s, struct err *e)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE), service;
    wchar_t *line = witness_line(m);
    bool good;

    if (!manager || !line)
        return fail_at(e, GetLastError(), STAGE_SERVICE, s->subject, "the service manager cannot be opened");
    m->facts.witness_other = (struct str){0};
    service = CreateServiceW(manager, WITNESS, L"Cordon: witness of denials", SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
        SERVICE_ERROR_NORMAL, line, NULL, NULL, NULL, WITNESS_USER, NULL);
    if (!service && GetLastError() == ERROR_SERVICE_EXISTS)
        service = witness_mend(m, s, manager, line, e);
    else if (!service)
        fail_at(e, GetLastError(), STAGE_SERVICE, s->subject, "the service cannot be made");
    good = service && witness_start(m, service, e);
    if (service)
        CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return good;
}

bool witness_undo(struct machine *m, const struct setup_step *s, struct err *e)
{
    DWORD code;
    SC_HANDLE service = service_open(WITNESS, SERVICE_STOP | SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG | DELETE, &code);
    struct str user, readers = name_of_sid(&m->arena, STR(LOG_READERS));
    bool good = true;

    if (!service)
        return code == ERROR_SERVICE_DOES_NOT_EXIST || fail_at(e, code, STAGE_SERVICE, s->subject, "the service cannot be opened");
    if (is_theirs(m, service, s, e)) { /* what is ours is not there, then */
        *e = (struct err){0};
        CloseServiceHandle(service);
        return true;
    }
    if (witness_sid(m, &user)) { /* each is tried whatever became of the one before; the first failure is what e says */
        good = readers.n == 0 || group_change(m, readers, user, false, e);
        good = drops_let(m, user, false, e) && good;
    }
    stop_and_wait(service);
    good = (DeleteService(service) || fail_at(e, GetLastError(), STAGE_SERVICE, s->subject, "the service cannot be removed")) && good;
    CloseServiceHandle(service);
    return good;
}
