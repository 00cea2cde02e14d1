/*
 * obeyed: files that tools outside run or obey on sight, as soon as somebody stands in the folder, opens it in an editor
 * or builds it: who obeys which, and what changed among them while a session ran. Pure: sandbox.h looks at the disk.
 *
 * This protects nothing. It is what a person should read before the next command outside.
 */
#ifndef CORDON_OBEYED_H
#define CORDON_OBEYED_H

#include "path.h"

/* A name in a folder below a writable root; NULL as `who`: such names are not obeyed after all. */
struct obeyed_row {
    const char *folder;  /* "" is the root itself; else a path below it */
    const char *pattern; /* of the name: * stands for any bytes */
    const char *who;     /* one clause: "npm runs its scripts" */
};

const struct obeyed_row *obeyed_rows(size_t *count);
const struct obeyed_row *obeyed_windows(size_t *count); /* besides, on Windows: all of the root itself, and without regard to case */
/* The folders that rows name, each once, a parent before its children; "" first. */
const char *const *obeyed_folders(size_t *count);
/* Who obeys this name there, or NULL. */
const char *obeyed_who(struct str folder, struct str name);

/* One that was seen. A folder counts by its identity alone: size and times are 0. */
struct obeyed_item {
    struct str path; /* canonical */
    const char *who;
    uint64_t dev, ino, size;
    int64_t changed_ns, written_ns; /* ctime, mtime */
    uint32_t mode;
};
struct obeyed_list {
    struct obeyed_item *v;
    size_t n, cap;
};

enum obeyed_change { OBEYED_NEW, OBEYED_CHANGED, OBEYED_GONE };
struct obeyed_note {
    enum obeyed_change change;
    struct str path;
    const char *who;
};
struct obeyed_notes {
    struct obeyed_note *v;
    size_t n, cap;
};

/* Appends what differs, in the order of paths. Of a .git that is new or gone nothing beneath is named. */
void obeyed_compare(struct arena *a, const struct obeyed_list *before, const struct obeyed_list *after,
    struct obeyed_notes *out);
/* Appends one note, unless its path has one. */
void obeyed_add(struct arena *a, struct obeyed_notes *notes, enum obeyed_change change, struct str path, const char *who);
/* One line each, at most `most`, then how many more; names from inside are escaped. Below `folder` paths are relative. */
void obeyed_print(struct buf *out, struct arena *a, const struct path_env *env, struct str folder,
    const struct obeyed_notes *notes, size_t most);
/* [{"change":...,"path":...,"who":...},...] */
void obeyed_json(struct buf *out, const struct obeyed_notes *notes);

#endif
