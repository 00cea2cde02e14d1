/*
 * ledger: what setup changed on a machine, each with how it was before, in a file that administrators write and the person
 * reads; and the sealed passwords beside it. Both as text with a closing line, so that half a file is seen to be one.
 *
 * Pure. The file is trusted no further than its place: every length and number is checked, and a ledger that is not understood
 * is refused whole, since what it does not say is Cordon's is never touched.
 */
#ifndef CORDON_LEDGER_H
#define CORDON_LEDGER_H

#include "setup_plan.h"

#define LEDGER_BYTES_MAX ((size_t)1 << 20)
#define LEDGER_ENTRIES   4096

/* One thing that was made or changed. */
struct ledger_entry {
    enum setup_kind kind;
    struct str subject;
    struct str text;     /* which of several about one subject: the right, the group; none */
    bool existed;        /* it was there before Cordon */
    struct str before;   /* how it was: a descriptor, a value; none */
    struct str after;    /* as Cordon wrote it last, as it was read back; of an account and a group: the SID */
    struct str identity; /* volume and file number of a file, "0123abcd:0000000000000001"; none */
};

struct ledger {
    struct ledger_entry *v;
    size_t n, cap;
    struct str person;     /* SID */
    bool committed;
    struct texts missing;  /* parts of the tier that setup went on without */
    uint64_t time_ms;      /* of the commit */
};

bool ledger_parse(struct arena *a, struct str bytes, struct ledger *out, struct err *e);
void ledger_print(struct buf *out, const struct ledger *l);
struct ledger_entry *ledger_find(const struct ledger *l, enum setup_kind kind, struct str subject, struct str text);
/* Enters it, or brings one that is there up to date: existed and before stay as they were entered first. */
void ledger_put(struct arena *a, struct ledger *l, const struct ledger_entry *entry);
void ledger_drop(struct ledger *l, enum setup_kind kind, struct str subject, struct str text);
/* Is what has this name and this SID now the account or group that Cordon made? An entry without a SID was made right before it, when
 * nothing of that name was there: a crash came in between. nameless: it is that one, and its SID is to be noted. */
bool ledger_owns(const struct ledger *l, enum setup_kind kind, struct str name, struct str sid, bool *nameless);
/* A part that setup goes on without, each once. False: it is known already. */
bool ledger_lacks(struct arena *a, struct ledger *l, const char *part);
/* The SID that the ledger has for an account or a group of that name; none. */
struct str ledger_sid(const struct ledger *l, enum setup_kind kind, struct str name);
/* The first account (0 offline, 1 online) and its SID, for the shell; false: there is none. */
bool ledger_account(const struct ledger *l, size_t which, struct str *name, struct str *sid);

/* How something that was changed comes back. */
enum ledger_back {
    BACK_NOTHING, /* it is as it was before, or gone */
    BACK_BEFORE,  /* what was before is written */
    BACK_ENTRY,   /* somebody changed it since: Cordon's own entry alone is taken out */
};
enum ledger_back ledger_way_back(const struct ledger_entry *entry, struct str now);

/* ---- the passwords' file ---- */

#define SEALED_BYTES_MAX 4096 /* of one sealed password */
#define SEALED_FILE_MAX  ((size_t)32768)

struct sealed {
    bool for_person;          /* only the person can open it; else whoever reads the file on this machine */
    struct str offline, online; /* as Windows sealed them */
};
bool sealed_parse(struct arena *a, struct str bytes, struct sealed *out, struct err *e);
void sealed_print(struct buf *out, const struct sealed *s);

/* Where they are, below ProgramData\Cordon: "people\SID\ledger", "people\SID\passwords". */
struct str ledger_place(struct arena *a, struct str data_dir, struct str person, const char *name);

#endif
