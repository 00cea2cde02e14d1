/*
 * records: the near end of the witness's pipe, for cordon. Whoever answers there must be the service that setup registered: any
 * program of the person's could have made a pipe of that name. It learns nothing from us but a logon's number, and may not act as
 * the person (SECURITY_IDENTIFICATION).
 */
#include "core/witness.h"
#include "win32.h"

#define TAKE_BYTES 65536

/* The process of the service, as the service manager has it; 0 with e filled. */
static DWORD service_process(struct err *e)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT), service = NULL;
    SERVICE_STATUS_PROCESS status = {0};
    DWORD n, code = 0;

    if (manager)
        service = OpenServiceW(manager, L"" WITNESS_SERVICE, SERVICE_QUERY_STATUS);
    if (!service || !QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &n))
        code = GetLastError();
    else if (status.dwCurrentState != SERVICE_RUNNING || !status.dwProcessId)
        code = ERROR_SERVICE_NOT_ACTIVE;
    if (service)
        CloseServiceHandle(service);
    if (manager)
        CloseServiceHandle(manager);
    if (code)
        win_fail(e, code, STR(WITNESS_SERVICE), "cannot ask for the witness");
    return code ? 0 : status.dwProcessId;
}

bool win_records_connect(struct win_records *r, const struct sid *person, uint64_t logon, DWORD server, struct err *e)
{
    struct arena a = {0};
    struct str path = witness_pipe(&a, person);
    wchar_t *name = wide_from(&a, path);
    unsigned char hello[WITNESS_HELLO_BYTES];
    ULONG other = 0;
    DWORD n = 0;
    bool good = false;
    HANDLE pipe = !name ? INVALID_HANDLE_VALUE
                        : CreateFileW(name, FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE, 0, NULL, OPEN_EXISTING,
                              SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);

    *r = (struct win_records){.in = SYS_NONE};
    witness_hello(hello, logon);
    if (pipe == INVALID_HANDLE_VALUE) {
        win_fail(e, GetLastError(), path, "cannot open the witness's pipe");
    } else if (!GetNamedPipeServerProcessId(pipe, &other) || other != server) {
        win_fail(e, ERROR_ACCESS_DENIED, path, "the pipe's far end is not the witness");
    } else if (!WriteFile(pipe, hello, sizeof hello, &n, NULL) || n != sizeof hello) {
        win_fail(e, GetLastError(), path, "cannot speak to the witness");
    } else {
        r->in = sys_from_stream(pipe, NULL);
        sys_nonblocking(r->in, true);
        good = true;
    }
    if (!good && pipe != INVALID_HANDLE_VALUE)
        CloseHandle(pipe);
    arena_release(&a);
    return good;
}

bool win_records_open(struct win_records *r, uint64_t logon, struct err *e)
{
    struct arena a = {0};
    struct token t;
    HANDLE own = NULL;
    DWORD server = service_process(e);
    bool good;

    *r = (struct win_records){.in = SYS_NONE};
    if (!server)
        return false;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own))
        return win_fail(e, GetLastError(), (struct str){0}, "cannot tell who runs this");
    good = win_token_read(&a, own, &t, e) && win_records_connect(r, &t.user, logon, server, e);
    win_close(&own);
    arena_release(&a);
    return good;
}

/* A name that was to be made in a folder is refused as a write of that folder. Looked up by the person, one name at a time, through
 * no link and on no share. */
static void look_whether_folder(struct denial *d)
{
    DWORD attributes = 0;
    HANDLE h;

    if (d->by != DENIAL_WITNESS || d->operation != OPERATION_WRITE || d->path.n < 3 || d->path.p[1] != ':' || d->path.p[2] != '\\')
        return;
    h = win_open_plain(d->path, FILE_READ_ATTRIBUTES, &attributes);
    if (h && attributes & FILE_ATTRIBUTE_DIRECTORY) {
        d->operation = OPERATION_CREATE;
        d->cause = DENIAL_IN_FOLDER;
    }
    win_close(&h);
}

/* What is there now, in bounds; at the end nothing comes any more. */
static void fill(struct win_records *r)
{
    char bytes[TAKE_BYTES];
    long code = 0, n;

    if (r->in == SYS_NONE || r->have.n > DENIAL_BYTES_MAX)
        return;
    n = sys_read(r->in, bytes, sizeof bytes, &code);
    if (n > 0)
        buf_add(&r->have, bytes, (size_t)n);
    else if (n != -1)
        sys_close(&r->in);
}

bool win_records_take(struct win_records *r, struct arena *a, struct denial *out, uint64_t *lost, uint64_t *alone)
{
    bool got = witness_take(&r->have, a, out, lost, alone, &r->bad);

    if (!got && !r->bad) {
        fill(r);
        got = witness_take(&r->have, a, out, lost, alone, &r->bad);
    }
    if (r->bad && r->in != SYS_NONE)
        sys_close(&r->in);
    if (got)
        look_whether_folder(out);
    return got;
}

void win_records_close(struct win_records *r)
{
    if (r->in != SYS_NONE)
        sys_close(&r->in);
    buf_release(&r->have);
    r->bad = true;
}
