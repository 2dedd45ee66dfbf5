/* SPDX-License-Identifier: MIT
 *
 * parting.h -- what a server may keep waiting whoever lets go of it.
 *
 * A descriptor is closed, and a path removed, by a thread of a lane, and nobody waits for it.  It
 * knows no Lua.
 */
#ifndef TA_HOST_PARTING_H
#define TA_HOST_PARTING_H

#include "host/children.h"
#include "host/gate.h"
#include "host/workers.h"

/* What is let go of. */
struct ta_left {
  int fd;                     /* -1: none */
  char *path;                 /* malloc'ed; NULL: none */
  bool tree;                  /* a directory that is ours, with what is in it */
  const struct ta_gate *gate; /* which may refuse that, as links lead now */
  struct ta_children *children;
  struct ta_guarded_path *guarded; /* malloc'ed; until the path is gone the guardian knows it */
};

/* Takes it, has it done in the lane, or does it here where that cannot be.  At the end of the run
 * the guardian removes what no thread has removed. */
void ta_part(struct ta_workers *workers, enum ta_lane lane, const struct ta_left *left);

/* The same, here. */
void ta_part_here(const struct ta_left *left);

#endif
