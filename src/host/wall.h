/* SPDX-License-Identifier: MIT
 *
 * wall.h -- what a gate refuses, refused by the kernel too: Linux's Landlock.
 *
 * A second wall behind host/gate.h, for what does not pass there: links that change between
 * the look and the deed, code in C, and the programs that are started.  It holds for this thread
 * and all that come from it, threads and children, and can never be taken down.  It knows trees
 * of files and ports, no hosts and no commands, and leaves open what this program and others
 * need to run at all.  Children have it closer than we.
 */
#ifndef TA_HOST_WALL_H
#define TA_HOST_WALL_H

#include "host/gate.h"

/* Puts it up, which the gate notes; `script` is a path to be read, or NULL.  Before there are
 * threads.  1: it stands; 0: the kernel has none, or there is nothing to refuse; or a negative
 * errno. */
int ta_wall_put_up(struct ta_gate *gate, const char *script);

/* Makes what a child is to put up, by ta_landlock_restrict(): it is not to read and write what only
 * we have to, as modules, and what lies beside a file that is replaced.  *wall is a descriptor to
 * be closed; -1: ours will do.  0, or a negative errno. */
int ta_wall_for_child(const struct ta_gate *gate, int *wall);

#endif
