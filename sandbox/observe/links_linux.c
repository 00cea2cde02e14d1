/*
 * links: which files with several names got every one of them inside, so that writing to them reaches nothing else.
 *
 * A file with one name that was linked from inside is one; its count grows with each name that was made (by act_linux.c, so
 * that a call that failed counts for nothing), and falls with each that is about to go. A file whose count on the disk is
 * higher got a name elsewhere. A removal by words that change after the look is not seen. The set is bounded: what falls out of it is
 * taken for a stranger's, which refuses too much rather than too little.
 */
#include "observe.h"

#include <pthread.h>
#include <sys/stat.h>

#define SETS 2048
#define WAYS 4

struct known {
    uint64_t dev, ino, born;
    uint32_t names; /* 0: free */
    uint32_t used;
};

/* Of the whole process, as the threads that ask are. */
static struct {
    pthread_mutex_t lock;
    uint32_t clock;
    struct known sets[SETS][WAYS];
} links = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct known *find(const struct looked *o, bool make)
{
    struct known *set = links.sets[(o->ino ^ o->ino >> 16 ^ o->dev) % SETS], *oldest = set;

    for (size_t i = 0; i < WAYS; i++) {
        struct known *k = &set[i];
        if (k->names && k->ino == o->ino && k->dev == o->dev && k->born == o->born) {
            k->used = ++links.clock;
            return k;
        }
        if (k->used < oldest->used)
            oldest = k;
    }
    if (!make)
        return NULL;
    *oldest = (struct known){o->dev, o->ino, o->born, 1, ++links.clock};
    return oldest;
}

void links_seen(const struct looked *o)
{
    struct known *k;

    pthread_mutex_lock(&links.lock);
    k = find(o, o->links == 1);
    if (k && S_ISREG(o->mode) && o->links <= k->names)
        k->names = (uint32_t)o->links + 1;
    pthread_mutex_unlock(&links.lock);
}

void links_gone(const struct looked *o)
{
    struct known *k;

    if (o->links < 2 || !S_ISREG(o->mode))
        return;
    pthread_mutex_lock(&links.lock);
    k = find(o, false);
    if (k && k->names > o->links)
        k->names = (uint32_t)o->links;
    if (k && k->names > 0)
        k->names--; /* whosever it was: too few rather than too many */
    pthread_mutex_unlock(&links.lock);
}

bool links_are_inside(const struct looked *o)
{
    struct known *k;
    bool inside;

    pthread_mutex_lock(&links.lock);
    k = find(o, false);
    inside = k && o->links <= k->names;
    pthread_mutex_unlock(&links.lock);
    return inside;
}
