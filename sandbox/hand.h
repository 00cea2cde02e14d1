/*
 * hand: what cordon and its runner on Windows hand each other about programs: a program to start, the size of its console, its end.
 * Plain, both directions side by side; descriptors travel as numbers of the runner's.
 */
#ifndef CORDON_HAND_H
#define CORDON_HAND_H

#include "core/frame.h"
#include "sandbox.h"

#define SPAWN_HANDLES 7
enum spawn_handle { SPAWN_KEYS, SPAWN_SCREEN, SPAWN_STD, SPAWN_EXTRA = SPAWN_STD + 3 };

struct spawn_request {
    struct str program, words; /* the program's file, and its command line */
    struct texts env;
    struct str cwd;
    bool terminal;
    uint16_t rows, columns;
    enum std_kind std[3];
    intptr_t handles[SPAWN_HANDLES]; /* the runner's; 0: none */
};
/* Of a launch, its first five and std are taken. False where it does not fit into a frame: nothing is added. */
bool hand_program(struct buf *out, uint32_t id, const struct launch *launch, struct str program, struct str words,
    const uint64_t handles[SPAWN_HANDLES]);
/* False: it did not arrive as it was sent; handles are those that came. */
bool hand_take_program(const struct frame *f, struct arena *a, struct spawn_request *out);

void hand_size(struct buf *out, uint32_t id, uint16_t rows, uint16_t columns);
bool hand_take_size(const struct frame *f, uint16_t *rows, uint16_t *columns); /* each from 1, as far as a COORD goes */

/* code: all 32 bits; signal: what it was told to end by, or 0; truncated: its last output may be missing. */
void hand_exited(struct buf *out, uint32_t id, uint32_t code, int signal, bool truncated);
bool hand_take_exited(const struct frame *f, struct event *out, bool *truncated);

#endif
