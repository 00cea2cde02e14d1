/*
 * inner_parts: what inner.c (one living bash), inner_plain.c (a plain sh, a process for each line) and inner_dos.c (the same for the
 * shells of Windows) share.
 */
#ifndef CORDON_INNER_PARTS_H
#define CORDON_INNER_PARTS_H

#include "inner.h"

/* Pipes for what is no terminal out here; launch gets what the program gets of them, and theirs are to be closed once no
 * program is to get them any more. */
bool inner_outputs(struct inner *in, struct launch *launch, bool pipes, sys_handle theirs[2], struct err *e);

/* ---- inner_plain.c ---- */

/* The first line, an empty one: makes the terminal, and shows that the shell does what the others hang on. */
bool plain_begin(struct inner *in, const struct inner_wish *wish, struct err *e);
bool plain_send(struct inner *in, struct str line, struct err *e);
void plain_read(struct inner *in);                                          /* what the line leaves behind */
enum inner_news plain_end(struct inner *in, const struct event *event); /* its process ended */
void plain_release(struct inner *in);

/* ---- inner_dos.c ---- */

bool dos_begin(struct inner *in, const struct inner_wish *wish, struct err *e); /* starts nothing: the first line does */
bool dos_send(struct inner *in, struct str line, struct err *e);
void dos_read(struct inner *in);
enum inner_news dos_end(struct inner *in, const struct event *event);
void dos_release(struct inner *in);

#endif
