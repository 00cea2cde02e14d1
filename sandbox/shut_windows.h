/*
 * shut: is what setup shut to the sandbox's group (rule W5) still shut? Looked at by the shell at each start, as anybody may.
 */
#ifndef CORDON_SHUT_WINDOWS_H
#define CORDON_SHUT_WINDOWS_H

#include "win32.h"
#include "core/setup_plan.h"

/* WHOLE: all of it is. UNKNOWN: it cannot be read, or Windows has no such list and its own default, which is not guessed, is in force. */
enum setup_look look_com(struct arena *a, struct str group);
/* WHOLE also where there is no such program. */
enum setup_look look_wsl(struct arena *a, struct str program_files, struct str group);

#endif
