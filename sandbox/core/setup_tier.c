/*
 * setup_tier: what a start says of what setup left, in the tier's words: what carries data out for the offline account all the same
 * (rule W5), and which parts there are not. What can be looked at is looked at anew; the rest is what setup remembers.
 */
#include "setup_plan.h"

/* Those that setup cannot shut: they carry names and files out as the system, which no filter for an account sees. */
static const char *const always_open[] = {"DNS lookups by Windows' own client service",
    "network drives, \\\\host\\share and \\\\host@80\\ by Windows' own redirectors",
    "HTTP.sys, which serves its free address for anybody, and what opens links (start https:): neither is shut, and neither was tried"};

static const struct {
    const char *part, *without;
} parts[] = {{"firewall", "the firewall's rules, the second layer: the filters stand alone"},
    {"audit", "auditing: what was refused is evaluated, not confirmed"}, {"witness", "the witness: nobody tells what was refused as it happens"},
    {"hidden", "hiding the accounts: they stand on the sign-in screen"}, {"profile", "a profile of an account: TLS of Windows has no keys there"}};

bool setup_denies(const struct descriptor *d, struct str sid, uint32_t mask)
{
    struct sid who;

    if (!d->has_dacl || d->null_dacl || !sid_parse(sid, &who))
        return false;
    for (size_t i = 0; i < d->dacl.n; i++) {
        const struct ace *ace = &d->dacl.v[i];
        if (ace->flags & ACE_INHERIT_ONLY)
            continue;
        if (ace->opaque.n || ace->type == ACE_ALLOW)
            return false;
        if (ace->type == ACE_DENY && sid_same(&ace->sid, &who) && (ace->mask & mask) == mask)
            return true;
    }
    return false;
}

static bool lacks(const struct texts *missing, const char *part)
{
    for (size_t i = 0; i < missing->n; i++)
        if (str_is(missing->v[i], part))
            return true;
    return false;
}

static void service(struct arena *a, enum setup_look now, bool was_missing, const char *what, struct texts *open)
{
    const char *why = was_missing           ? "setup could not shut it"
                      : now == LOOK_UNKNOWN ? "whether it is shut cannot be read"
                                            : "setup shut it, and it is open again: cordon repair";

    if (was_missing || now != LOOK_WHOLE)
        *(struct str *)ARENA_PUSH(a, open) = arena_format(a, "%s; %s", what, why);
}

void setup_tier(struct arena *a, const struct texts *missing, enum setup_look com, enum setup_look wsl, struct texts *open, struct texts *without)
{
    for (size_t i = 0; i < COUNT_OF(always_open); i++)
        *(struct str *)ARENA_PUSH(a, open) = str_from(always_open[i]);
    service(a, com, lacks(missing, "com"), "COM servers, WMI, BITS and scheduled tasks", open);
    service(a, wsl, lacks(missing, "wsl"), "the Windows Subsystem for Linux", open);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (lacks(missing, parts[i].part))
            *(struct str *)ARENA_PUSH(a, without) = str_from(parts[i].without);
}
