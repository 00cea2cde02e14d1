/*
 * stream: what sys_handle stands for on Windows. A pipe cannot be waited on there, so each stream that is waited on has a thread
 * that reads ahead into a ring of fixed size, and an event that says so; one that is not to block has the same for writing.
 *
 * 0, 1 and 2 are the standard handles, as everywhere. Everything else is the address of a struct stream. An object lives until its
 * user has closed it and its threads are gone; a thread that is stuck in a call is asked to come back ("CancelSynchronousIo"),
 * and is never ended.
 */
#include "win32.h"

#include <stdlib.h>
#include <string.h>

#define RING        ((size_t)65536)
#define WAITS_MAX   60 /* MAXIMUM_WAIT_OBJECTS is 64 */
#define CANCEL_MS   2000
#define STACK_BYTES 65536

struct pump {
    HANDLE thread, turn; /* turn: set when there is something for the user to do: bytes, or room, or the end */
    char *ring;
    size_t first, n;
    bool over;
    DWORD code;
};

struct stream {
    HANDLE in, out, event, also;
    struct pump reader, writer;
    SRWLOCK lock;
    CONDITION_VARIABLE moved;
    LONG users; /* who holds it: its user, and each thread */
    bool closing, nonblocking;
    long (*produce)(void *context, void *out, size_t size);
    void (*cancel)(void *context);
    void *context;
    bool (*resize)(void *context, uint16_t rows, uint16_t columns);
    void *resize_context;
};

/* The three standard ones, made when first used; a mutable global, since they are there once in a process. */
static struct stream *standard[3];

static void release(struct stream *s)
{
    if (InterlockedDecrement(&s->users) > 0)
        return;
    win_close(&s->in);
    win_close(&s->out);
    win_close(&s->event);
    win_close(&s->reader.turn);
    win_close(&s->writer.turn);
    win_close(&s->reader.thread);
    win_close(&s->writer.thread);
    free(s->reader.ring);
    free(s->writer.ring);
    free(s);
}

static struct stream *stream_new(HANDLE in, HANDLE out)
{
    struct stream *s = calloc(1, sizeof *s);

    if (!s)
        abort(); /* as an arena would: nobody could go on safely */
    s->in = in;
    s->out = out;
    s->users = 1;
    InitializeSRWLock(&s->lock);
    InitializeConditionVariable(&s->moved);
    return s;
}

static struct stream *stream_of(sys_handle h)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    HANDLE found;

    if (h == SYS_NONE)
        return NULL;
    if (h < 0 || h > 2)
        return (struct stream *)h;
    if (!standard[h]) {
        found = GetStdHandle(names[h]);
        if (found == INVALID_HANDLE_VALUE)
            found = NULL;
        standard[h] = stream_new(h == 0 ? found : NULL, h == 0 ? NULL : found);
    }
    return standard[h];
}

sys_handle sys_from_stream(HANDLE in, HANDLE out)
{
    return (sys_handle)stream_new(in, out);
}

sys_handle sys_from_event(HANDLE h)
{
    struct stream *s = stream_new(NULL, NULL);

    s->event = h;
    return (sys_handle)s;
}

void sys_forget(sys_handle *event)
{
    struct stream *s = stream_of(*event);

    if (s)
        s->event = NULL;
    sys_close(event);
}

sys_handle sys_from_producer(
    long (*produce)(void *context, void *out, size_t size), void (*cancel)(void *context), void *context)
{
    struct stream *s = stream_new(NULL, NULL);

    s->produce = produce;
    s->cancel = cancel;
    s->context = context;
    return (sys_handle)s;
}

HANDLE sys_in(sys_handle h)
{
    struct stream *s = stream_of(h);
    return s ? s->in : NULL;
}

HANDLE sys_out(sys_handle h)
{
    struct stream *s = stream_of(h);
    return s ? s->out : NULL;
}

void sys_also(sys_handle h, HANDLE event)
{
    stream_of(h)->also = event;
}

void sys_on_resize(sys_handle h, bool (*resize)(void *context, uint16_t rows, uint16_t columns), void *context)
{
    stream_of(h)->resize = resize;
    stream_of(h)->resize_context = context;
}

bool sys_resize(sys_handle h, uint16_t rows, uint16_t columns)
{
    struct stream *s = h >= 0 && h <= 2 ? NULL : stream_of(h);
    return s && s->resize && s->resize(s->resize_context, rows, columns);
}

/* ---- the threads ---- */

/* "ReadFile": of a pipe, 0 bytes are what somebody wrote, and not the end. */
static long bring(struct stream *s, char *out, size_t size, DWORD *code)
{
    DWORD got = 0;

    if (s->produce)
        return s->produce(s->context, out, size);
    for (;;) {
        if (ReadFile(s->in, out, (DWORD)size, &got, NULL)) {
            if (got > 0 || GetFileType(s->in) != FILE_TYPE_PIPE || !PeekNamedPipe(s->in, NULL, 0, NULL, NULL, NULL))
                return (long)got; /* wine says the end of a pipe of unix like that */
            continue;
        }
        *code = GetLastError();
        if (*code == ERROR_OPERATION_ABORTED && !s->closing)
            continue; /* a Ctrl-C in the console */
        if (*code == ERROR_BROKEN_PIPE || *code == ERROR_HANDLE_EOF || *code == ERROR_PIPE_NOT_CONNECTED ||
            *code == ERROR_NO_DATA || *code == ERROR_OPERATION_ABORTED)
            return 0;
        return -2;
    }
}

static DWORD WINAPI read_ahead(LPVOID argument)
{
    struct stream *s = argument;
    struct pump *p = &s->reader;

    AcquireSRWLockExclusive(&s->lock);
    while (!p->over) {
        size_t at, room;
        DWORD code = 0;
        long got;
        while (p->n == RING && !s->closing)
            SleepConditionVariableSRW(&s->moved, &s->lock, INFINITE, 0);
        if (s->closing)
            break;
        at = (p->first + p->n) % RING;
        room = at < p->first ? p->first - at : RING - at;
        ReleaseSRWLockExclusive(&s->lock);
        got = bring(s, p->ring + at, room, &code); /* nobody else touches that part */
        AcquireSRWLockExclusive(&s->lock);
        if (got > 0)
            p->n += (size_t)got;
        else
            p->over = true;
        p->code = got == -2 ? code : 0;
        SetEvent(p->turn);
    }
    p->over = true;
    SetEvent(p->turn);
    ReleaseSRWLockExclusive(&s->lock);
    release(s);
    return 0;
}

static DWORD WINAPI write_behind(LPVOID argument)
{
    struct stream *s = argument;
    struct pump *p = &s->writer;

    AcquireSRWLockExclusive(&s->lock);
    while (!p->over) {
        size_t span;
        DWORD done = 0;
        BOOL good;
        while (p->n == 0 && !s->closing)
            SleepConditionVariableSRW(&s->moved, &s->lock, INFINITE, 0);
        if (p->n == 0)
            break;
        span = p->n < RING - p->first ? p->n : RING - p->first;
        ReleaseSRWLockExclusive(&s->lock);
        good = WriteFile(s->out, p->ring + p->first, (DWORD)span, &done, NULL);
        AcquireSRWLockExclusive(&s->lock);
        if (!good) {
            p->over = true;
            p->code = GetLastError();
        }
        p->first = (p->first + done) % RING;
        p->n -= done;
        SetEvent(p->turn);
    }
    win_close(&s->out); /* what was written is out: the reader sees the end now */
    p->over = true;
    ReleaseSRWLockExclusive(&s->lock);
    release(s);
    return 0;
}

/* Called with the lock held. False where it cannot be started: the stream then blocks, which is still right. */
static bool start(struct stream *s, struct pump *p, LPTHREAD_START_ROUTINE routine)
{
    if (p->thread)
        return true;
    if (!p->ring)
        p->ring = malloc(RING);
    if (!p->turn)
        p->turn = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!p->ring || !p->turn)
        return false;
    InterlockedIncrement(&s->users);
    p->thread = CreateThread(NULL, STACK_BYTES, routine, s, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (!p->thread)
        InterlockedDecrement(&s->users);
    return p->thread != NULL;
}

static bool start_reader(struct stream *s)
{
    return (s->in || s->produce) && start(s, &s->reader, read_ahead);
}

static bool start_writer(struct stream *s)
{
    if (!s->out)
        return false;
    if (!start(s, &s->writer, write_behind))
        return false;
    return true;
}

/* ---- waiting ---- */

/* woke: what a wait came back for. One that resets itself is not set any more. */
static bool is_set(HANDLE h, HANDLE woke)
{
    return h && (h == woke || WaitForSingleObject(h, 0) == WAIT_OBJECT_0);
}

static int look(struct stream *s, int wanted, HANDLE woke)
{
    int got = 0;

    if (s->event)
        return (wanted & SYS_READ) && is_set(s->event, woke) ? SYS_READ : 0;
    AcquireSRWLockExclusive(&s->lock);
    if ((wanted & SYS_READ) && (s->in || s->produce)) {
        if (!start_reader(s))
            got |= SYS_READ; /* reading will tell */
        else if (s->reader.n)
            got |= SYS_READ;
        else if (s->reader.over)
            got |= SYS_HANGUP;
    }
    if (wanted & SYS_WRITE) {
        if (!s->out || s->writer.over)
            got |= SYS_HANGUP;
        else if (!s->nonblocking || !s->writer.thread || s->writer.n < RING)
            got |= SYS_WRITE;
    }
    ReleaseSRWLockExclusive(&s->lock);
    if ((wanted & SYS_READ) && is_set(s->also, woke))
        got |= SYS_READ;
    return got;
}

static int look_all(struct sys_wait *items, size_t count, HANDLE woke)
{
    int ready = 0;

    for (size_t i = 0; i < count; i++) {
        struct stream *s = stream_of(items[i].handle);
        items[i].got = s ? look(s, items[i].wanted, woke) : 0;
        ready += items[i].got != 0;
    }
    return ready;
}

/* "WaitForMultipleObjects" takes no handle twice. */
static DWORD gather_one(HANDLE *out, DWORD n, HANDLE h)
{
    for (DWORD i = 0; i < n; i++)
        if (out[i] == h)
            return n;
    if (h && n < WAITS_MAX)
        out[n++] = h;
    return n;
}

static DWORD gather(const struct sys_wait *items, size_t count, HANDLE *out)
{
    DWORD n = 0;

    for (size_t i = 0; i < count; i++) {
        struct stream *s = stream_of(items[i].handle);
        if (!s || !items[i].wanted)
            continue;
        n = gather_one(out, n, s->event);
        if (items[i].wanted & SYS_READ) {
            n = gather_one(out, n, s->reader.turn);
            n = gather_one(out, n, s->also);
        }
        if (items[i].wanted & SYS_WRITE)
            n = gather_one(out, n, s->writer.turn);
    }
    return n;
}

int sys_wait(struct sys_wait *items, size_t count, int ms)
{
    uint64_t end = ms < 0 ? UINT64_MAX : sys_milliseconds() + (uint64_t)ms;
    HANDLE waits[WAITS_MAX], woke = NULL;

    for (;;) {
        int ready = look_all(items, count, woke);
        uint64_t now = sys_milliseconds();
        DWORD n, left, which;
        if (ready || now >= end)
            return ready;
        n = gather(items, count, waits);
        left = end == UINT64_MAX ? INFINITE : (DWORD)(end - now);
        if (n == 0) {
            Sleep(left);
            continue;
        }
        which = WaitForMultipleObjects(n, waits, FALSE, left);
        if (which == WAIT_FAILED)
            return 0;
        woke = which < WAIT_OBJECT_0 + n ? waits[which] : NULL;
    }
}

/* ---- reading and writing ---- */

static size_t take(struct pump *p, char *out, size_t size)
{
    size_t all = 0;

    while (p->n > 0 && all < size) {
        size_t span = p->n < RING - p->first ? p->n : RING - p->first;
        if (span > size - all)
            span = size - all;
        memcpy(out + all, p->ring + p->first, span);
        p->first = (p->first + span) % RING;
        p->n -= span;
        all += span;
    }
    return all;
}

static size_t put(struct pump *p, const char *bytes, size_t n)
{
    size_t all = 0;

    while (all < n && p->n < RING) {
        size_t at = (p->first + p->n) % RING, room = at < p->first ? p->first - at : RING - at;
        size_t span = n - all < room ? n - all : room;
        memcpy(p->ring + at, bytes + all, span);
        p->n += span;
        all += span;
    }
    return all;
}

long sys_read(sys_handle h, void *out, size_t size, long *code)
{
    struct stream *s = stream_of(h);
    struct pump *p = s ? &s->reader : NULL;
    DWORD failure = 0;
    long got = -1;

    if (!s || (!s->in && !s->produce)) {
        *code = ERROR_INVALID_HANDLE;
        return -2;
    }
    AcquireSRWLockExclusive(&s->lock);
    if (!p->thread && (!s->nonblocking || !start_reader(s))) {
        ReleaseSRWLockExclusive(&s->lock);
        got = bring(s, out, size < INT32_MAX ? size : INT32_MAX, &failure);
        *code = (long)failure;
        return got;
    }
    while (!s->nonblocking && p->n == 0 && !p->over) {
        ReleaseSRWLockExclusive(&s->lock);
        WaitForSingleObject(p->turn, INFINITE);
        AcquireSRWLockExclusive(&s->lock);
    }
    if (p->n > 0)
        got = (long)take(p, out, size);
    else if (p->over)
        got = p->code ? -2 : 0;
    *code = (long)p->code;
    if (p->n == 0 && !p->over)
        ResetEvent(p->turn);
    ReleaseSRWLockExclusive(&s->lock);
    WakeAllConditionVariable(&s->moved); /* the one that writes behind may sleep there, too */
    return got;
}

static long write_now(struct stream *s, const void *bytes, size_t n, long *code)
{
    DWORD done = 0;

    if (WriteFile(s->out, bytes, (DWORD)(n < INT32_MAX ? n : INT32_MAX), &done, NULL))
        return (long)done;
    *code = (long)GetLastError();
    return -2;
}

long sys_write(sys_handle h, const void *bytes, size_t n, long *code)
{
    struct stream *s = stream_of(h);
    struct pump *p = s ? &s->writer : NULL;
    long done = -1;

    if (!s || !s->out) {
        *code = ERROR_INVALID_HANDLE;
        return -2;
    }
    AcquireSRWLockExclusive(&s->lock);
    if (!p->thread && (!s->nonblocking || !start_writer(s))) {
        ReleaseSRWLockExclusive(&s->lock);
        return write_now(s, bytes, n, code);
    }
    /* A thread that writes behind has what came before: nothing may overtake it. */
    for (;;) {
        if (p->over) {
            *code = (long)(p->code ? p->code : ERROR_BROKEN_PIPE);
            done = -2;
        } else if (p->n < RING) {
            done = (long)put(p, bytes, n);
        } else if (!s->nonblocking) {
            ResetEvent(p->turn);
            ReleaseSRWLockExclusive(&s->lock);
            WaitForSingleObject(p->turn, INFINITE);
            AcquireSRWLockExclusive(&s->lock);
            continue;
        }
        break;
    }
    if (p->n == RING && !p->over)
        ResetEvent(p->turn);
    ReleaseSRWLockExclusive(&s->lock);
    WakeAllConditionVariable(&s->moved);
    return done;
}

void sys_hold(sys_handle h)
{
    InterlockedIncrement(&stream_of(h)->users);
}

void sys_drop(sys_handle *h)
{
    struct stream *s = stream_of(*h);

    *h = SYS_NONE;
    if (s)
        release(s);
}

bool sys_over(sys_handle h)
{
    struct stream *s = stream_of(h);
    bool over;

    if (!s)
        return true;
    AcquireSRWLockExclusive(&s->lock);
    over = s->closing || !start_reader(s) || s->reader.over;
    ReleaseSRWLockExclusive(&s->lock);
    return over;
}

bool sys_nonblocking(sys_handle h, bool on)
{
    struct stream *s = stream_of(h);

    if (!s)
        return false;
    s->nonblocking = on;
    return true;
}

/* ---- the end ---- */

/* Until the thread is out of its call: between our asking and its next call there is a moment in which asking does nothing. */
static void recall(struct stream *s)
{
    uint64_t end = sys_milliseconds() + CANCEL_MS;

    do {
        if (s->produce && s->cancel)
            s->cancel(s->context);
        else
            CancelSynchronousIo(s->reader.thread);
    } while (WaitForSingleObject(s->reader.thread, 5) == WAIT_TIMEOUT && sys_milliseconds() < end);
}

void sys_close(sys_handle *h)
{
    struct stream *s = *h >= 0 && *h <= 2 ? NULL : stream_of(*h);

    *h = SYS_NONE;
    if (!s)
        return;
    AcquireSRWLockExclusive(&s->lock);
    s->closing = true;
    ReleaseSRWLockExclusive(&s->lock);
    WakeAllConditionVariable(&s->moved);
    if (s->reader.thread) {
        bool still_reads = WaitForSingleObject(s->reader.thread, 0) == WAIT_TIMEOUT;
        if (still_reads)
            recall(s);
        if (!still_reads || WaitForSingleObject(s->reader.thread, 0) != WAIT_TIMEOUT)
            win_close(&s->in); /* else the thread has it, and closes it when it is the last */
    } else {
        win_close(&s->in);
    }
    if (!s->writer.thread)
        win_close(&s->out);
    release(s);
}

/* ---- making ---- */

#define PIPE_BYTES 65536

bool sys_pipe(sys_handle *read_end, sys_handle *write_end, struct err *e)
{
    HANDLE in = NULL, out = NULL;

    if (!CreatePipe(&in, &out, NULL, PIPE_BYTES))
        return win_fail(e, GetLastError(), (struct str){0}, "cannot make a pipe");
    *read_end = sys_from_stream(in, NULL);
    *write_end = sys_from_stream(NULL, out);
    return true;
}

/* Two pipes crosswise: Windows has no anonymous one that goes both ways. */
bool sys_socketpair(sys_handle *a, sys_handle *b, struct err *e)
{
    HANDLE in[2] = {0}, out[2] = {0};

    for (int i = 0; i < 2; i++)
        if (!CreatePipe(&in[i], &out[i], NULL, PIPE_BYTES)) {
            DWORD code = GetLastError();
            win_close(&in[0]);
            win_close(&out[0]);
            return win_fail(e, code, (struct str){0}, "cannot make a pair of pipes");
        }
    *a = sys_from_stream(in[0], out[1]);
    *b = sys_from_stream(in[1], out[0]);
    return true;
}
