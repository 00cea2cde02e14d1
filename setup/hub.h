/*
 * hub: the witness's middle: events come in, and each terminal of the person gets those of its own logon, as many as it can take.
 *
 * Pure. Everything has a bound: terminals, what is queued for one, records a second; what does not fit is counted, and the number
 * goes with the next record that does.
 */
#ifndef CORDON_HUB_H
#define CORDON_HUB_H

#include "audit.h"

#define HUB_CLIENTS     8
#define HUB_QUEUE_BYTES ((size_t)256 << 10)
#define HUB_ACCOUNTS    4
#define HUB_DEVICES     26

struct witness_options {
    struct sid person;
    struct sid accounts[HUB_ACCOUNTS];
    size_t account_count;
    bool try_only; /* --try: is what it needs to be had? Told, and that is all */
};
bool witness_options_parse(int count, const struct str *words, struct witness_options *out, struct err *e);
/* The same from the line that a service is registered with, whose first word is the program. False: it is no witness of Cordon's. */
#define WITNESS_WORDS 16
bool witness_line_read(struct str line, struct witness_options *out);
const char *witness_usage(void);

struct hub_client {
    bool there;
    uint64_t logon; /* 0: every one */
    struct audit_pace pace;
    uint64_t lost;
    struct buf queue;
};

struct hub {
    const struct witness_options *options;
    struct audit_device devices[HUB_DEVICES];
    size_t device_count;
    struct hub_client clients[HUB_CLIENTS];
};

bool hub_join(struct hub *h, size_t slot, uint64_t logon); /* false: the slot is taken */
void hub_leave(struct hub *h, size_t slot);
/* Bits: the slots that have something now. */
unsigned hub_event(struct hub *h, const struct audit_event *e, uint64_t now_ms);
unsigned hub_lost(struct hub *h, uint64_t count); /* events that are not to be had, for all */
/* What is queued for it, into out, which is cleared first. */
void hub_take(struct hub *h, size_t slot, struct buf *out);

#endif
