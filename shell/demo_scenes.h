/*
 * demo_scenes: the demo on Windows. Its violations (demo_scenes.c) are rows of trials.h, tried as doctor tries them; here is who would
 * do such a thing, and demo_told.c shows what came of it.
 */
#ifndef CORDON_DEMO_SCENES_H
#define CORDON_DEMO_SCENES_H

#include "demo_parts.h"
#include "trials.h"

struct scene {
    const char *name, *title;
    const char *words;    /* who tries it and why it matters: lines of at most 79 columns */
    const char *command;  /* how somebody would go about it; what is tried is the one call that this needs */
    const char *row;      /* of trials.c; NULL: `own` */
    struct trial own;
    const char *links_to; /* the decoy is another name of this one: a hard link, or a junction */
    bool junction;
    bool folder;          /* the decoys are folders */
    const char *secret;   /* a folder of decoys that is to be secret */
    enum operation operation; /* own rows on decoys: for the rule that refuses it */
    const char *rule;     /* what is promised; NULL: the row's own sentence, or what the rules say */
    const char *allow;    /* what would allow it; NULL: what the rules say of the decoy, or nothing */
    const char *unharmed; /* once it was refused */
    bool weak;            /* a boundary can allow it: it is played with --weak */
};

const struct scene *scenes_list(size_t *count);
const struct trial *scene_trial(const struct scene *m); /* NULL: doctor has no such row */

enum scene_end { SCENE_HELD, SCENE_HAPPENED, SCENE_SHOWS_NOTHING, SCENE_NOT_TRIED };
/* Where nothing is enforced nothing is held, whatever refused. */
enum scene_end scene_judge(const struct trial *row, const struct trial_result *r, bool enforced);
/* Does the tier say that it is refused? What is not is played all the same, and told as not held. */
bool scene_promised(const struct trial *row, enum plan_tier tier);

/* ---- demo_told.c ---- */

bool scenes_decoys(struct stage *d, struct err *e); /* for stage_set, with what they lead to */
void scenes_secret(struct stage *d);
/* Plays one, or all; prints as it goes. left: what could not be tried, and does not count. */
void scenes_play(struct stage *d, struct str name, bool json, size_t *held, size_t *tried, size_t *left);

#endif
