/*
 * record: a refusal on its way to cordon: one packet, never waited for. What sees refusals (the observer, the gate, the
 * server behind covers, the keeper) must not be held up by who reads of them, nor by a program that is refused as fast
 * as it can: what does not fit is counted, and the count goes with the next record that does.
 */
#include "observe.h"

#include <stdatomic.h>
#include <sys/socket.h>

void record_send(struct recorder *r, const struct denial *d)
{
    struct buf packet = {0};
    uint64_t lost;

    if (r->fd < 0)
        return;
    lost = atomic_exchange(&r->lost, 0);
    denial_put(&packet, d, lost);
    if (send(r->fd, packet.p, packet.n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)packet.n)
        atomic_fetch_add(&r->lost, lost + 1);
    buf_release(&packet);
}
