/*
 * pty: a pseudoconsole of Windows, from its making to its end. Used by the runner, whose child the console host is.
 *
 * The four functions are looked up as one set in one module ("CreatePseudoConsole" is there since 1809, "ReleasePseudoConsole" since
 * build 26100), so that none of them is ever of another host than the rest. Both pipe ends that are handed over are synchronous.
 * pty_resize and the like, on cordon's side of the boundary, are in sandbox/terminal_windows.c: the console is over there.
 */
#include "console_windows.h"

#include <stdlib.h>
#include <string.h>

struct console {
    VOID *h;
    struct console_calls calls;
    HANDLE closer; /* the thread that closes it */
};

static void *function(const char *name)
{
    FARPROC found = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), name);
    void *out;

    memcpy(&out, &found, sizeof out);
    return out;
}

struct console *console_open(intptr_t in, intptr_t out, uint16_t rows, uint16_t columns, unsigned flags, long *code)
{
    void *f[4] = {function("CreatePseudoConsole"), function("ResizePseudoConsole"), function("ClosePseudoConsole"),
        function("ReleasePseudoConsole")};
    struct console_calls calls;

    memcpy(&calls.create, &f[0], sizeof f[0]);
    memcpy(&calls.resize, &f[1], sizeof f[1]);
    memcpy(&calls.close, &f[2], sizeof f[2]);
    memcpy(&calls.release, &f[3], sizeof f[3]);
    return console_open_by(&calls, in, out, rows, columns, flags, code);
}

struct console *console_open_by(
    const struct console_calls *calls, intptr_t in, intptr_t out, uint16_t rows, uint16_t columns, unsigned flags, long *code)
{
    COORD size = {(SHORT)(columns & 0x7fff), (SHORT)(rows & 0x7fff)};
    struct console *c = calloc(1, sizeof *c);
    HRESULT result;

    if (size.X == 0 || size.Y == 0) /* refused as E_INVALIDARG */
        size = (COORD){80, 25};
    if (!c || !calls->create || !calls->resize || !calls->close) {
        free(c);
        *code = ERROR_PROC_NOT_FOUND;
        return NULL;
    }
    c->calls = *calls;
    result = calls->create(size, (HANDLE)in, (HANDLE)out, flags, &c->h);
    if (FAILED(result)) {
        free(c);
        *code = result;
        return NULL;
    }
    return c;
}

void *console_attribute(struct console *c)
{
    return c->h; /* by value: the address of it gives clients that die with 0xC0000142 */
}

bool console_resize(struct console *c, uint16_t rows, uint16_t columns)
{
    COORD size = {(SHORT)(columns & 0x7fff), (SHORT)(rows & 0x7fff)};

    return !c->closer && size.X && size.Y && SUCCEEDED(c->calls.resize(c->h, size));
}

void console_started(struct console *c)
{
    if (c->calls.release)
        c->calls.release(c->h);
}

static DWORD WINAPI close_it(LPVOID argument)
{
    struct console *c = argument;

    c->calls.close(c->h);
    return 0;
}

/* "ClosePseudoConsole": before build 26100 it waits until the host has gone, and the host until its last bytes are read. */
intptr_t console_close(struct console *c)
{
    if (!c->closer)
        c->closer = CreateThread(NULL, 65536, close_it, c, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return (intptr_t)c->closer;
}

bool console_free(struct console *c)
{
    if (c->closer && WaitForSingleObject(c->closer, 0) == WAIT_TIMEOUT)
        return false;
    if (c->closer)
        CloseHandle(c->closer);
    else
        c->calls.close(c->h);
    free(c);
    return true;
}
