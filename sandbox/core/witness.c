/* witness: see witness.h. What comes over the pipe was made by the service out of what hostile programs chose: checked as strictly
 * as what the runner sends. */
#include "witness.h"
#include "frame.h"

static const char greeting[8] = {'C', 'O', 'R', 'D', 'O', 'N', 'W', '1'};

struct str witness_pipe(struct arena *a, const struct sid *person)
{
    return arena_format(a, "\\\\.\\pipe\\%s-%s", WITNESS_SERVICE, sid_text(a, person).p);
}

/* Not from the network; the person to read and to say hello, without FILE_APPEND_DATA, which is the right to make an instance;
 * all for the system and for whoever made it. A restricted token of the person's cannot say hello: its second pass fails. */
struct str witness_pipe_sddl(struct arena *a, const struct sid *person)
{
    return arena_format(a, "D:P(D;;GA;;;NU)(A;;0x12019b;;;%s)(A;;FA;;;SY)(A;;FA;;;OW)", sid_text(a, person).p);
}

void witness_hello(unsigned char out[WITNESS_HELLO_BYTES], uint64_t logon)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (unsigned char)greeting[i];
        out[8 + i] = (unsigned char)(logon >> (8 * i) & 0xff);
    }
}

bool witness_hello_read(const unsigned char in[WITNESS_HELLO_BYTES], uint64_t *logon)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8; i++) {
        if (in[i] != (unsigned char)greeting[i])
            return false;
        n |= (uint64_t)in[8 + i] << (8 * i);
    }
    *logon = n;
    return true;
}

static void keep(struct arena *a, struct denial *d)
{
    d->path = arena_str(a, d->path);
    d->program = arena_str(a, d->program);
    if (d->path2.p)
        d->path2 = arena_str(a, d->path2);
}

bool witness_take(struct buf *have, struct arena *a, struct denial *out, uint64_t *lost, uint64_t *alone, bool *bad)
{
    for (;;) {
        struct err ignored = {0};
        struct frame f;
        size_t used = 0;
        uint64_t told = 0;
        int got = *bad ? -1 : frame_take(buf_view(have), &f, &used, &ignored);
        if (got == 0 && have->n <= DENIAL_BYTES_MAX)
            return false;
        if (got != 1) {
            *bad = true;
            return false;
        }
        if (denial_get(&f, out, lost)) {
            keep(a, out);
            buf_consume(have, used);
            return true;
        }
        if (!denial_get_lost(&f, &told)) {
            *bad = true;
            return false;
        }
        *alone += told;
        buf_consume(have, used);
    }
}
