/* gate_own: for the test of the gate: links of the runner's own threads in /proc, which the gate could follow and its caller not. */
#ifndef CORDON_GATE_OWN_H
#define CORDON_GATE_OWN_H

#include "gate_inside.h"

/* The gate may follow its own links in /proc, where its caller may not. */
static int own_thread;

static inline int by_the_gates_own_links(struct inside *in)
{
    int l = listen_at(in_folder("s9"), SOCK_STREAM, 9);
    char path[200];

    (void)in;
    NEED(l >= 0);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%d/root%s/%s", own_thread, folder, i ? "s9" : "none");
        NEED(strlen(path) < sizeof un_path("").sun_path && access(path, F_OK) != 0 && errno == EACCES);
        NEED(connect_at(socket(AF_UNIX, SOCK_STREAM, 0), un_path(path)) == EACCES);
        snprintf(path, sizeof path, "/proc/%d/root%s/%s", (int)getpid(), folder, i ? "s9" : "none");
        NEED(connect_at(socket(AF_UNIX, SOCK_STREAM, 0), un_path(path)) == (i ? 0 : ENOENT));
    }
    snprintf(path, sizeof path, "/proc/%d", own_thread);
    NEED(chdir(path) == 0 && connect_at(socket(AF_UNIX, SOCK_STREAM, 0), un_path("exe")) == EACCES);
    return 0;
}

static inline void *stay(void *ready)
{
    own_thread = gettid();
    if (write(*(int *)ready, "", 1) == 1)
        pause();
    return NULL;
}

static inline void the_gates_own_links(struct inside *in)
{
    char path[200];
    pthread_t thread;
    int ready[2];
    char byte;

    if (!CHECK(pipe(ready) == 0 && pthread_create(&thread, NULL, stay, &ready[1]) == 0 && read(ready[0], &byte, 1) == 1,
            "the runner has a thread"))
        return;
    pthread_detach(thread);
    close(ready[0]);
    close(ready[1]);
    CHECK(inside_run(in, by_the_gates_own_links) == 0, "links of our own in /proc lead nobody anywhere");
    snprintf(path, sizeof path, "unix:/proc/%d/root%s/s9", own_thread, folder);
    CHECK(inside_recorded(in, path, EACCES), "and that is recorded");
}

#endif
