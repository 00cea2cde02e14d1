/*
 * pipes: the witness's pipe: a thread and an instance for each terminal of the person. Who may connect is in core/witness.c; what is
 * sent comes from the hub, which the callbacks of the subscriptions fill under the same lock.
 *
 * Nothing is believed of who connects but that Windows let them: they say which logon is theirs, in 16 bytes within a while, and
 * then are only written to. One that does not read is dropped, and holds up nobody else.
 */
#include "pipes_windows.h"
#include "../sandbox/core/witness.h"

#include <wchar.h>

#define HELLO_MS   5000
#define WRITE_MS   30000
#define RETRY_MS   2000
#define PIPE_BYTES 65536u

struct slot {
    struct pipes *p;
    size_t number;
    HANDLE pipe; /* its instance; NULL: not made yet */
};

void pipes_wake(const struct pipes *p, unsigned bits)
{
    for (size_t i = 0; i < HUB_CLIENTS; i++) {
        if (bits & 1u << i)
            SetEvent(p->told[i]);
    }
}

/* Waits for what was begun on the pipe; false when it failed, took too long, or the service ends. Nothing is under way then. */
static bool finish(const struct pipes *p, HANDLE pipe, OVERLAPPED *o, DWORD ms, DWORD *n)
{
    HANDLE both[2] = {o->hEvent, p->stop};

    if (WaitForMultipleObjects(2, both, FALSE, ms) != WAIT_OBJECT_0)
        CancelIoEx(pipe, o);
    return GetOverlappedResult(pipe, o, n, TRUE);
}

static bool begin(BOOL done)
{
    return done || GetLastError() == ERROR_IO_PENDING;
}

static bool accept_terminal(const struct pipes *p, HANDLE pipe, HANDLE event)
{
    OVERLAPPED o = {.hEvent = event};
    DWORD n = 0;

    ResetEvent(event);
    if (ConnectNamedPipe(pipe, &o) || GetLastError() == ERROR_PIPE_CONNECTED)
        return true;
    return GetLastError() == ERROR_IO_PENDING && finish(p, pipe, &o, INFINITE, &n);
}

static bool read_hello(const struct pipes *p, HANDLE pipe, HANDLE event, uint64_t *logon)
{
    unsigned char bytes[WITNESS_HELLO_BYTES];
    OVERLAPPED o = {.hEvent = event};
    DWORD n = 0;

    ResetEvent(event);
    return begin(ReadFile(pipe, bytes, sizeof bytes, NULL, &o)) && finish(p, pipe, &o, HELLO_MS, &n) && n == sizeof bytes &&
           witness_hello_read(bytes, logon);
}

static bool write_all(const struct pipes *p, HANDLE pipe, HANDLE event, struct str bytes)
{
    while (bytes.n) {
        OVERLAPPED o = {.hEvent = event};
        DWORD n = 0, most = bytes.n < PIPE_BYTES ? (DWORD)bytes.n : PIPE_BYTES;
        ResetEvent(event);
        if (!begin(WriteFile(pipe, bytes.p, most, NULL, &o)) || !finish(p, pipe, &o, WRITE_MS, &n) || n == 0)
            return false;
        bytes = str_slice(bytes, n, bytes.n);
    }
    return true;
}

/* Until the terminal goes, which a read that never has anything tells, or the service ends. */
static void serve(struct pipes *p, size_t number, HANDLE pipe, HANDLE event)
{
    HANDLE gone = CreateEventW(NULL, TRUE, FALSE, NULL);
    OVERLAPPED o = {.hEvent = gone};
    HANDLE all[3] = {p->stop, gone, p->told[number]};
    struct buf out = {0};
    char nothing;
    DWORD n;

    if (gone && begin(ReadFile(pipe, &nothing, 1, NULL, &o))) {
        while (WaitForMultipleObjects(3, all, FALSE, INFINITE) == WAIT_OBJECT_0 + 2) {
            AcquireSRWLockExclusive(&p->lock);
            hub_take(&p->hub, number, &out);
            ReleaseSRWLockExclusive(&p->lock);
            if (!write_all(p, pipe, event, buf_view(&out)))
                break;
        }
        CancelIoEx(pipe, &o);
        GetOverlappedResult(pipe, &o, &n, TRUE);
    }
    buf_release(&out);
    win_close(&gone);
}

static void one_terminal(struct pipes *p, size_t number, HANDLE pipe, HANDLE event)
{
    uint64_t logon;

    if (!accept_terminal(p, pipe, event) || !read_hello(p, pipe, event, &logon))
        return;
    AcquireSRWLockExclusive(&p->lock);
    bool joined = hub_join(&p->hub, number, logon);
    ReleaseSRWLockExclusive(&p->lock);
    if (!joined)
        return;
    serve(p, number, pipe, event);
    AcquireSRWLockExclusive(&p->lock);
    hub_leave(&p->hub, number);
    ReleaseSRWLockExclusive(&p->lock);
}

static HANDLE make_instance(const struct pipes *p, bool first)
{
    SECURITY_ATTRIBUTES security = {sizeof security, p->security, FALSE};
    HANDLE pipe = CreateNamedPipeW(p->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
        PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS, HUB_CLIENTS, PIPE_BYTES, WITNESS_HELLO_BYTES, 0, &security);

    return pipe == INVALID_HANDLE_VALUE ? NULL : pipe;
}

static bool ends(const struct pipes *p, DWORD ms)
{
    return WaitForSingleObject(p->stop, ms) != WAIT_TIMEOUT;
}

static DWORD WINAPI pipe_thread(void *context)
{
    struct slot *slot = context;
    struct pipes *p = slot->p;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    while (event && !slot->pipe && !ends(p, 0)) {
        slot->pipe = make_instance(p, false);
        if (!slot->pipe)
            ends(p, RETRY_MS);
    }
    while (event && !ends(p, 0)) {
        one_terminal(p, slot->number, slot->pipe, event);
        DisconnectNamedPipe(slot->pipe);
    }
    win_close(&slot->pipe);
    win_close(&event);
    return 0;
}

/* Letters of local volumes and what the object manager calls them; a volume that comes later keeps its device's name in records. */
static void read_devices(struct pipes *p, struct arena *a)
{
    for (wchar_t letter = L'A'; letter <= L'Z' && p->hub.device_count < HUB_DEVICES; letter++) {
        const wchar_t drive[3] = {letter, L':', 0};
        wchar_t target[512];
        struct audit_device *d = &p->hub.devices[p->hub.device_count];
        if (!QueryDosDeviceW(drive, target, COUNT_OF(target)) || wcsncmp(target, L"\\Device\\", 8) != 0)
            continue;
        d->device = utf8_from_z(a, target);
        d->drive = utf8_from_z(a, drive);
        p->hub.device_count++;
    }
}

bool pipes_prepare(struct pipes *p, struct arena *a, const struct witness_options *options, struct err *e)
{
    struct descriptor d;
    struct buf bytes = {0};
    bool good;

    InitializeSRWLock(&p->lock);
    p->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (size_t i = 0; i < HUB_CLIENTS; i++)
        p->told[i] = CreateEventW(NULL, FALSE, FALSE, NULL);
    p->hub.options = options;
    p->name = wide_from(a, witness_pipe(a, &options->person));
    good = sddl_parse(a, witness_pipe_sddl(a, &options->person), &d, e) && descriptor_encode(&d, &bytes);
    p->security = (PSECURITY_DESCRIPTOR)(uintptr_t)arena_str(a, buf_view(&bytes)).p;
    buf_release(&bytes);
    read_devices(p, a);
    if (!p->stop || !p->name)
        return win_fail(e, GetLastError(), (struct str){0}, "cannot prepare the pipe");
    return good;
}

void pipes_run(struct pipes *p)
{
    struct slot slots[HUB_CLIENTS];
    HANDLE threads[HUB_CLIENTS], first = NULL;
    DWORD count = 0;

    /* The first instance of all says that nobody else made the name before; it stays for as long as the service does. */
    while (!first && !ends(p, 0)) {
        first = make_instance(p, true);
        if (!first)
            ends(p, RETRY_MS);
    }
    for (size_t i = 0; first && i < HUB_CLIENTS; i++) {
        slots[i] = (struct slot){p, i, i ? NULL : first};
        HANDLE thread = p->told[i] ? CreateThread(NULL, 0, pipe_thread, &slots[i], 0, NULL) : NULL;
        if (thread)
            threads[count++] = thread;
    }
    WaitForSingleObject(p->stop, INFINITE);
    if (count)
        WaitForMultipleObjects(count, threads, TRUE, INFINITE);
    for (DWORD i = 0; i < count; i++)
        CloseHandle(threads[i]);
}
