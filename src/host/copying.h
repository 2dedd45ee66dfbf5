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

/* Copies what is at `place`, called `path`, with all that is in it; the copy is `target`, called
 * `to`.  Directories are copied into those that there are already; other files of the same name
 * are replaced.  Modes and times are those of what is copied.  -EINVAL: a directory into itself;
 * -EOPNOTSUPP: a socket or a device. */
void ta_copy_tree(const char *path, const char *place, const char *to, const char *target,
                  struct ta_trouble *trouble);

#endif
