/*
 * store: what Cordon remembers of a person's disk between sessions on Windows, in two files of the person's own: the write SID of
 * each root, and the descriptor of each object before Cordon changed it. (What setup changed on the machine is in ledger.h.)
 *
 * Pure. Both are JSON with a version, read strictly and as a whole, written to a new file that takes the old one's place, under a
 * lock: those are the edge's. A file that cannot be read is no end: the store begins anew, with new identifiers, and what the
 * other file, or the disk, still has of the old ones is named as orphaned and can be taken away.
 *
 * In the entries are the objects that ops name, not all that a walk passed: what lies below has Cordon's entries by inheritance,
 * and loses them by another walk.
 */
#ifndef CORDON_STORE_H
#define CORDON_STORE_H

#include "acls.h"

#define STORE_VERSION     1
#define STORE_BYTES_MAX   ((size_t)8 << 20)
#define STORE_ROOTS_MAX   2000
#define STORE_ENTRIES_MAX 8000

/* ---- write SIDs ---- */

struct store_root {
    struct str path; /* canonical */
    uint64_t dev, ino;
    struct str sid;
};

struct store {
    struct store_root *v;
    size_t n, cap;
    struct texts orphans; /* SIDs that no root has any more, whose entries may still be somewhere */
};

bool store_parse(struct arena *a, struct str bytes, struct store *out, struct err *e);
void store_print(struct buf *out, const struct store *s);

enum store_found {
    STORE_SAME,     /* the same folder under the same name */
    STORE_MOVED,    /* the same folder, under another name now: it keeps its SID, as its entries are there */
    STORE_NEW,
    STORE_REPLACED, /* another folder of that name: it gets a SID of its own, and the old one is an orphan */
};
/* The write SID for a root; random: 16 bytes of a CSPRNG, used where a new one is made. none: the store is full. */
struct str store_take(struct arena *a, struct store *s, const struct path_env *env, struct str path, uint64_t dev, uint64_t ino,
    const unsigned char random[16], enum store_found *found);
/* For windows_host.write_sids: one of each root in paths that has one. */
void store_write_sids(struct arena *a, const struct store *s, const struct path_env *env, const struct texts *paths,
    struct write_sid **out, size_t *count);
/* The innermost root that path lies in; none. */
struct str store_root_of(const struct store *s, const struct path_env *env, struct str path);
/* SIDs that have nothing to do below top: of roots that neither lie in it nor around it, and orphans. What was moved or copied there
 * brought them along. */
void store_strangers(struct arena *a, const struct store *s, const struct path_env *env, struct str top, struct texts *out);
/* It is none after all: the group's, in a time without setup. */
void store_forget_orphan(struct store *s, struct str sid);

/* ---- what was before ---- */

enum entry_kind {
    ENTRY_CHANGED, /* its descriptor was changed */
    ENTRY_MADE,    /* Cordon made the object (OP_GUARD_NAME). Until it stands there it has no number, and after is what it is to
                      be made with */
};

struct entry {
    enum entry_kind kind;
    struct str path;
    uint64_t dev, ino;
    bool folder;
    struct str root;   /* whose rule it was for; none: no root's */
    struct str before; /* SDDL: owner and DACL; none of what was made */
    struct str after;  /* as Cordon wrote it last; none: it was not written yet */
};

struct entries {
    struct entry *v;
    size_t n, cap;
};

bool entries_parse(struct arena *a, struct str bytes, struct entries *out, struct err *e);
void entries_print(struct buf *out, const struct entries *l);
/* Before an object is changed or made. What is there of the same object stays as it was entered first. False: it is full. */
bool entries_before(struct arena *a, struct entries *l, const struct path_env *env, const struct entry *entry);
/* What was made, once it stands there. */
void entries_made(struct arena *a, struct entries *l, const struct path_env *env, struct str path, uint64_t dev, uint64_t ino, struct str after);
/* After it was changed: its descriptor as it was read back. */
void entries_after(struct arena *a, struct entries *l, const struct path_env *env, struct str path, struct str after);
/* Is it there, of that very object, and was it never told how it became? It was cut off in between, and is to be told now. */
bool entries_lack_after(const struct entries *l, const struct path_env *env, struct str path, uint64_t dev, uint64_t ino);
void entries_drop(struct entries *l, const struct path_env *env, struct str path);

enum entry_back {
    BACK_IS_BEFORE, /* nothing is to be done */
    BACK_IS_OTHER,  /* another object has that name, or none: it is left alone */
    BACK_WRITE,     /* as Cordon left it: *out has its own entries of before */
    BACK_OURS,      /* somebody changed it since: *out is how it is now, without what Cordon put there */
    BACK_REMOVE,    /* Cordon made it: it goes if it is empty still, else it gets *out */
    BACK_UNSURE,    /* what was before cannot be read: nothing is written, and it is named */
};
/* now: the object's descriptor (NULL: it is not there), with its identity. */
enum entry_back entries_back(struct arena *a, const struct entry *entry, const struct descriptor *now, uint64_t dev, uint64_t ino,
    struct descriptor *out);

/* ---- orphans ---- */

/* Write SIDs in what Cordon wrote last that no root of the store has: the store was lost or begun anew. They join its orphans. */
void store_find_orphans(struct arena *a, struct store *s, const struct entries *l, struct str group);
/* An entry as Cordon writes them, about a SID like a write SID: of a store or another person's, or of another product's, unless it is
 * known. It is named and never touched. */
bool store_is_like_ours(const struct ace *ace);

/* ---- what nothing asks for any more ---- */

/* Does the plan have an op on that object, or is it another root's that this plan does not have? */
bool entries_is_asked(const struct entry *entry, const struct path_env *env, const struct plan *plan);

#endif
