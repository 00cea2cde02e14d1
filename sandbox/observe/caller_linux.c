/*
 * caller: what a record says of whoever was refused: when, which process of which group, and what it runs. All of it is the
 * kernel's word: no file is looked at. It is read while the caller waits for its answer, or it is another's of that number.
 */
#include "observe.h"

#include <stdio.h>
#include <string.h>

/* The path of its program; its name where that is too long or leads nowhere. */
static struct str program_of(pid_t process, char *out, size_t size)
{
    char path[64];
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%ld/exe", (long)process);
    n = readlink(path, out, size);
    if (n > 1 && (size_t)n < size && !memchr(out + 1, '/', (size_t)n - 1))
        return (struct str){out + 1, (size_t)n - 1}; /* the command shell's private copy, which is at the top of a mount nobody sees */
    if (n > 0 && (size_t)n < size)
        return (struct str){out, (size_t)n};
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)process);
    sys_read_small(path, out, size);
    out[strcspn(out, "\n")] = '\0';
    return str_from(out);
}

void record_caller(struct denial *d, pid_t thread, char program[DENIAL_PROGRAM_MAX])
{
    pid_t process = thread > 0 ? lookup_process(thread) : 0, group = process > 0 ? getpgid(process) : 0;

    d->time_ms = sys_clock_ms();
    d->pid = process;
    d->group = group > 0 ? group : 0;
    d->program = process > 0 ? program_of(process, program, DENIAL_PROGRAM_MAX) : (struct str){0};
}
