/*
 * hand: see hand.h.
 */
#include "hand.h"

#define COORD_MAX 0x7fff

bool hand_program(struct buf *out, uint32_t id, const struct launch *launch, struct str program, struct str words,
    const uint64_t handles[SPAWN_HANDLES])
{
    size_t mark = frame_begin(out, FRAME_SPAWN, id);

    for (int i = 0; i < SPAWN_HANDLES; i++) /* first: whatever else is wrong, they are the runner's to close */
        frame_number(out, handles[i]);
    frame_bytes(out, program);
    frame_bytes(out, words);
    frame_number(out, launch->env.n);
    for (size_t i = 0; i < launch->env.n; i++)
        frame_bytes(out, launch->env.v[i]);
    frame_bytes(out, launch->cwd);
    frame_number(out, launch->terminal);
    frame_number(out, launch->rows);
    frame_number(out, launch->columns);
    for (int i = 0; i < 3; i++)
        frame_number(out, launch->std[i]);
    return frame_end(out, mark);
}

/* It goes to the system as it is: a NUL inside would cut it. */
static struct str take_text(struct frame_reader *fields, struct arena *a)
{
    struct str s = frame_get_bytes(fields);

    fields->bad = fields->bad || str_find(s, 0, '\0') != s.n;
    return arena_str(a, s);
}

static void take_env(struct frame_reader *fields, struct arena *a, struct texts *out)
{
    uint64_t n = frame_get_number(fields);

    fields->bad = fields->bad || n > ENV_MAX;
    for (uint64_t i = 0; i < n && !fields->bad; i++)
        *(struct str *)ARENA_PUSH(a, out) = take_text(fields, a);
}

bool hand_take_program(const struct frame *f, struct arena *a, struct spawn_request *out)
{
    struct frame_reader fields;

    *out = (struct spawn_request){0};
    frame_read(&fields, f);
    for (int i = 0; i < SPAWN_HANDLES; i++)
        out->handles[i] = (intptr_t)frame_get_number(&fields);
    out->program = take_text(&fields, a);
    out->words = take_text(&fields, a);
    take_env(&fields, a, &out->env);
    out->cwd = take_text(&fields, a);
    out->terminal = frame_get_number(&fields) != 0;
    out->rows = (uint16_t)frame_get_number(&fields);
    out->columns = (uint16_t)frame_get_number(&fields);
    for (int i = 0; i < 3; i++) {
        uint64_t std = frame_get_number(&fields);
        fields.bad = fields.bad || std > STD_HANDLE;
        out->std[i] = (enum std_kind)std;
    }
    return frame_done(&fields);
}

void hand_size(struct buf *out, uint32_t id, uint16_t rows, uint16_t columns)
{
    size_t mark = frame_begin(out, FRAME_RESIZE, id);

    frame_number(out, rows);
    frame_number(out, columns);
    frame_end(out, mark);
}

bool hand_take_size(const struct frame *f, uint16_t *rows, uint16_t *columns)
{
    struct frame_reader fields;
    uint64_t r, c;

    frame_read(&fields, f);
    r = frame_get_number(&fields);
    c = frame_get_number(&fields);
    *rows = (uint16_t)r;
    *columns = (uint16_t)c;
    return frame_done(&fields) && r > 0 && r <= COORD_MAX && c > 0 && c <= COORD_MAX;
}

void hand_exited(struct buf *out, uint32_t id, uint32_t code, int signal, bool truncated)
{
    size_t mark = frame_begin(out, FRAME_EXITED, id);

    frame_number(out, code);
    frame_number(out, (uint64_t)signal);
    frame_number(out, truncated);
    frame_end(out, mark);
}

bool hand_take_exited(const struct frame *f, struct event *out, bool *truncated)
{
    struct frame_reader fields;
    uint64_t code, signal;

    frame_read(&fields, f);
    code = frame_get_number(&fields);
    signal = frame_get_number(&fields);
    *truncated = frame_get_number(&fields) != 0;
    *out = (struct event){.kind = EVENT_EXITED, .command = f->id};
    /* All 32 bits: 0xC000013A is what Ctrl-C leaves, and tells more than 58. */
    out->exit_code = (int)(uint32_t)code;
    if (signal && code == 128 + signal) {
        out->signal = (int)signal;
        out->exit_code = 128 + (int)signal;
    }
    return frame_done(&fields) && signal <= 64 && code <= UINT32_MAX;
}
