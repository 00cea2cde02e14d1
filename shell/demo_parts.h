/*
 * demo_parts: what the files of the demos share: the table of violations (demo_table.c), the stage that they are tried
 * on (demo_stage.c), how they are shown (demo_show.c), and their running (demo.c). On Windows the violations are those of
 * demo_scenes.h, on the same stage.
 */
#ifndef CORDON_DEMO_PARTS_H
#define CORDON_DEMO_PARTS_H

#include "denied.h"

/* By what it is seen that a violation happened. */
enum demo_sign {
    SIGN_GONE,    /* the victim is not there any more */
    SIGN_CHANGED, /* its text is another than before */
    SIGN_SEEN,    /* its text was printed */
    SIGN_CALLED,  /* somebody connected to our listener, or sent to it */
    SIGN_EACH,    /* no violation of its own: all the others, from a grandchild */
};

/*
 * One violation. In a command ~ is a decoy of a home folder, $PORT the port of a listener that Cordon opened outside on
 * loopback, and the current folder a decoy of a workspace; so what is not refused harms nothing.
 */
struct demo {
    const char *name, *title;
    const char *words;        /* what is tried and why it matters: lines of at most 78 columns */
    const char *command;      /* as typed in bash */
    const char *allowed;      /* the same where it is allowed; NULL: the same words on another decoy */
    const char *victim;       /* "home/..." or "work/..."; NULL: no file */
    const char *other;        /* the victim of `allowed`; NULL: the same name */
    enum demo_sign sign;
    enum operation operation; /* for the rule that refuses it */
    const char *unharmed;     /* once it was refused */
};

const struct demo *demos_list(size_t *count);

/* Where an attempt is made. Each has decoys of its own. */
enum demo_role {
    ROLE_FIRST,      /* as it is */
    ROLE_GRANDCHILD, /* by a grandchild */
    ROLE_ALLOWED,    /* the control */
    ROLE_ALLOWED_GRANDCHILD,
    ROLE_COUNT
};

struct stage {
    struct session session; /* shares the machine with the one that asked, and nothing else */
    struct options options;
    struct arena arena;
    struct str folder, work;
    struct listener listener;
    struct opened *online; /* a boundary with the network, for controls; opened when first needed */
    bool online_tried;
};

struct attempt {
    bool tried;          /* it could be started */
    bool happened;
    struct str command;  /* as typed */
    struct str said;     /* what its programs printed, with ~ for the decoy home */
    struct str home;
    struct denial record; /* what was recorded of the refusal; count 0: nothing */
};

/* The folders, the decoys, the listener and the boundary. weak: nothing forbids a violation, because the decoys lie in the
 * workspace and the network is there. */
bool stage_set(struct stage *d, struct session *s, bool weak, struct err *e);
void stage_clear(struct stage *d);
bool stage_try(struct stage *d, const struct demo *m, enum demo_role role, struct attempt *out, struct err *e);
/* A decoy, if it is not there, with the folders on the way. */
bool stage_file(struct stage *d, struct str path, struct err *e);
/* What the rules say of a violation on its first decoy. */
struct verdict stage_verdict(struct stage *d, const struct demo *m);

/* text with every `what` in it replaced. */
struct str demo_replaced(struct arena *a, struct str text, struct str what, struct str with);

/* What came of one demo. */
struct showing {
    const struct demo *demo;
    size_t number, of;        /* of the demos that are played */
    struct attempt attempt;
    bool control;
    struct showing *each;     /* of SIGN_EACH */
    size_t each_count;
};

bool showing_held(const struct showing *w);

#define SHOW_COLUMNS 79
#define SHOW_LABEL   11 /* columns before the text of a labelled line */

/* What a screen is made of. */
void show_heading(struct buf *out, size_t number, size_t of, const char *title, const char *name, const char *words);
void show_verdict(struct buf *out, bool good, const char *words);
void show_member(struct buf *out, const char *name, struct str value); /* JSON, with a comma before */
void show_screen(struct stage *d, const struct showing *w, struct buf *out);
void show_json(struct stage *d, const struct showing *w, struct buf *out);

#endif
