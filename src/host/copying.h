/* SPDX-License-Identifier: MIT
 *
 * copying.h -- copying whole trees.
 *
 * It blocks, and belongs into a thread.  Links are copied as links; of both paths nothing but
 * themselves may lead through any.  It goes on after a trouble, and tells the first.
 */
#ifndef TA_HOST_COPYING_H
#define TA_HOST_COPYING_H

#include "host/removal.h"

struct ta_copy {
  const char *path, *place; /* what is copied is called, and where it is */
  const char *to, *target;  /* the same of the copy */
  int notes;                /* of a guardian, which knows what is unfinished; or -1 */
  struct ta_trouble *trouble;
};

/* Copies what is there with all that is in it.  Directories are copied into those that there are
 * already; other files of the same name are replaced, and at any moment the old one is there, or
 * the new one, whole.  Modes and times are those of what is copied.  -EINVAL: a directory into
 * itself; -EOPNOTSUPP: a socket or a device. */
void ta_copy_tree(const struct ta_copy *copy);

#endif
