/*
 * trial_windows.h: what the files of attempts on Windows share (probe_windows, trial_windows, trial_net_windows). Before win32.h.
 */
#ifndef CORDON_TRIAL_WINDOWS_H
#define CORDON_TRIAL_WINDOWS_H

#include <winsock2.h>

#include "win32.h"

#include <string.h>

/* A function of a library of the system, or NULL with the last error. */
#define LOOK_UP(pointer, library, name)                  \
    do {                                                 \
        void *found_ = win_function(library, name);      \
        memcpy(&(pointer), &found_, sizeof found_);      \
    } while (0)

static inline enum probe_answer give(enum probe_answer answer, DWORD why, long *code)
{
    *code = (long)why;
    return answer;
}

static inline enum probe_answer lacking(long *code)
{
    return give(ANSWER_UNKNOWN, ERROR_PROC_NOT_FOUND, code);
}

/* Within half a second; else false with the last error. The socket is made non-blocking, and stays the caller's. */
bool trial_connects(SOCKET s, const struct sockaddr *at, int size);

#endif
