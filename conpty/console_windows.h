/*
 * console: the four functions of a pseudoconsole that pty_windows.c looks up, and a test makes up.
 */
#ifndef CORDON_CONSOLE_WINDOWS_H
#define CORDON_CONSOLE_WINDOWS_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "conpty.h"

struct console_calls {
    HRESULT(WINAPI *create)(COORD, HANDLE, HANDLE, DWORD, VOID **);
    HRESULT(WINAPI *resize)(VOID *, COORD);
    void(WINAPI *close)(VOID *);
    HRESULT(WINAPI *release)(VOID *); /* NULL before build 26100 */
};

struct console *console_open_by(
    const struct console_calls *calls, intptr_t in, intptr_t out, uint16_t rows, uint16_t columns, unsigned flags, long *code);

#endif
