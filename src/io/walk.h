/* SPDX-License-Identifier: MIT
 *
 * walk.h -- what is in trees, for loops of scripts: async.fs.walk and glob.
 *
 * A walk is a job of the disk lane, a batch at a time: while a script has one, the next one is
 * fetched, and no more.  Whoever leaves its loop, is cancelled there or forgets it ends it.
 */
#ifndef TA_IO_WALK_H
#define TA_IO_WALK_H

#include "tinyasync_lib.h"

struct ta_io;

/* What the Lua half has of them. */
extern const struct ta_function ta_walk_parts[];

/* All end, at the end: those that are left have lost their objects. */
void ta_drop_walks(struct ta_io *io);

#endif
