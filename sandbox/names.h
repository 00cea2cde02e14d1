/*
 * names: what names_linux.c, the ledger of placeholders, and placeholder_linux.c, the placeholders themselves, share.
 */
#ifndef CORDON_NAMES_H
#define CORDON_NAMES_H

#include "linux.h"

struct identity {
    uint64_t dev, ino;
    int64_t born;
    uint32_t born_ns;
};

bool placeholder_identify(int fd, struct identity *out);
bool placeholder_same(const struct identity *x, const struct identity *y);
/* Empty, or with these very bytes. fd: opened for reading. */
bool placeholder_untouched(int fd, bool file, struct str bytes);
bool placeholder_begun(int fd); /* on its way to become one; its maker is at it, or died */
bool placeholder_finish(int fd, bool file); /* whoever does it: the same comes of it twice */
int placeholder_open(int folder, const char *name, bool file);
/* Removes what fd is, known to be ours, unless another session holds it or somebody put something there. */
void placeholder_remove(int folder, const char *name, int fd, bool file, struct str bytes);
/* The folder that a path stands in, opened through no link; *name: its last component. */
int placeholder_folder(struct str path, const char **name);
/* Gives what is there another name in the same folder. */
bool placeholder_aside(int folder, const char *name, char other[256]);

#endif
