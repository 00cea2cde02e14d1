/*
 * walk: carries the inheritable entries of a folder down to everything in it (rule W10).
 *
 * Windows' own functions propagate by name, over whatever stands there: a hard link that was planted in the workspace shares its
 * descriptor with a file outside, a junction leads elsewhere. So Cordon walks itself, on handles that follow nothing, and writes
 * one object at a time: never a reparse point, never a file with more than one name, never what by its handle's own path or volume
 * has left the top. What is passed over is named. Only Cordon's own entries change; those of others stay as they are.
 *
 * Pure: the disk is an interface. Everything the disk says is hostile: whoever works inside changes it while the walk goes on.
 */
#ifndef CORDON_WALK_H
#define CORDON_WALK_H

#include "acls.h"

#define WALK_DEPTH_MAX   200
#define WALK_NAMES_MAX   ((size_t)1 << 17) /* in one folder */
#define WALK_OBJECTS_MAX ((uint64_t)4 << 20)
#define WALK_SKIPS_MAX   100 /* that are remembered by name; the rest is counted */

struct walk_object {
    enum fact_kind kind;
    bool reparse;
    uint64_t links, dev, ino;
    struct str real;       /* by the handle: GetFinalPathNameByHandle, canonical */
    struct str descriptor; /* owner, group, DACL */
};

struct walk_eye {
    void *context;
    /* Opens the name in the folder that is open as `parent` (NULL: path is whole), following nothing, and looks at it. The handle
     * stays until close. False: it is gone or cannot be opened. */
    bool (*open)(void *context, struct arena *a, void *parent, struct str path, struct walk_object *out, void **handle);
    /* Puts this DACL (self-relative bytes) on the open object, reads it back, and says whether it is there. Propagates nothing. */
    bool (*write)(void *context, void *handle, struct str descriptor);
    /* The names in the open folder, "." and ".." not among them. False: it cannot be read, or there are more than `most`. */
    bool (*list)(void *context, struct arena *a, void *handle, size_t most, struct texts *out);
    void (*close)(void *context, void *handle);
    /* Asked before each object; true ends the walk. NULL: never. */
    bool (*cancelled)(void *context);
};

struct walk_order {
    const struct path_env *env;
    struct str top;  /* canonical; its own entries are there already (OP_ACE) */
    uint64_t dev;    /* the volume that top is on */
    struct acls_own own;    /* group, and write SIDs of all roots of the session */
    const struct sid *strangers; /* SIDs of Cordon's that have nothing to do here: their entries go away, and are never handed down */
    size_t stranger_count;
    const struct ace *also; /* other entries that ops put and that are handed down: OWNER RIGHTS, the person's own */
    size_t also_count;
    const struct sid *trusted; /* whose own allow entries are no way around a deny entry: person, SYSTEM, Administrators */
    size_t trusted_count;
    const struct texts *kept; /* paths with explicit entries that ops put there (and other roots): those entries are theirs */
    bool take_old;            /* no other session is open: explicit entries about own.write and strangers on paths that are not kept go
                                 away, with what was put beside them */
    struct str resume;        /* a path that an earlier walk had come to; none: from the top */
    uint64_t most;            /* objects; 0: WALK_OBJECTS_MAX */
};

enum walk_why {
    WALK_GONE,      /* cannot be opened any more, or at all */
    WALK_REPARSE,
    WALK_LINKS,     /* a file with more than one name */
    WALK_LEFT,      /* by its handle it lies elsewhere, or on another volume */
    WALK_UNREADABLE,/* its names or its permissions */
    WALK_ODD_LIST,  /* no DACL, or one in no order: an entry would not mean what it says */
    WALK_FULL,
    WALK_WRITE,     /* it was refused, or is not there afterwards */
    WALK_DEEP,
    WALK_OWN_LIST,  /* it inherits nothing by its own word: what is granted above does not reach it, what is refused was put on it */
};

struct walk_skip {
    enum walk_why why;
    struct str path;
    bool denied; /* an entry that refuses should have come here: what is protected is not held there */
};

enum walk_state { WALK_MORE, WALK_DONE, WALK_CANCELLED, WALK_BOUND, WALK_NO_TOP };

struct walk {
    const struct walk_order *order;
    const struct walk_eye *eye;
    struct walk_frame *frames;
    size_t depth;
    struct arena arena; /* what lives as long as the walk: skips */
    struct path_table kept;
    uint64_t seen, changed;
    struct {
        struct walk_skip *v;
        size_t n, cap;
    } skips;
    uint64_t skipped, skipped_denied;
    enum walk_state state;
};

/* order and eye live as long as the walk. */
void walk_begin(struct walk *w, const struct walk_order *order, const struct walk_eye *eye);
/* Looks at up to `objects` of them. WALK_MORE: call again. */
enum walk_state walk_step(struct walk *w, size_t objects);
/* Where it is: to be shown, and to resume from. Valid until the next step. */
struct str walk_place(const struct walk *w);
void walk_end(struct walk *w);
/* "3 junctions", one line each, printable; denied ones first and by name. */
void walk_report(struct arena *a, const struct walk *w, struct texts *denied, struct texts *other);

/* ---- what a plan asks for ---- */

/* The folder that is to be walked because of this op; none: it hands nothing down. */
struct str walk_top(const struct op *op);

/* May that walk go on behind the prompt? Only where every op there puts a grant that may fail: nothing refused waits. */
bool walk_may_wait(const struct op *ops, size_t count, struct str top);

struct walk_asked {
    const struct op *ops;
    size_t count;
    struct str person;             /* SID */
    const struct texts *strangers; /* store_strangers; NULL: none. What ops take away joins them */
    bool alone;                    /* no other session of the person is open */
    bool behind;                   /* behind the prompt, where another may open meanwhile: nothing old is taken */
};
/* top by its own handle, on the volume dev. Lives as long as ops, env and the arena. False: the person is no SID. */
bool walk_order_of(struct arena *a, const struct path_env *env, const struct walk_asked *asked, struct str top, uint64_t dev,
    struct walk_order *out);

/*
 * What becomes of one object's DACL below `parent`. EDIT_REFUSED: it cannot be changed safely, *why says so. denies: entries that
 * refuse are to hold here. Where one that is only inherited would come after an allow entry of the object's own, it is put
 * on the object itself, before it; likewise where the object inherits nothing.
 */
enum acls_edit walk_carry(struct arena *a, const struct walk_order *order, const struct descriptor *parent, bool folder, bool kept,
    struct descriptor *d, bool *denies, enum walk_why *why);

#endif
