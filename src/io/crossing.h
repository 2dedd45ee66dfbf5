/* SPDX-License-Identifier: MIT
 *
 * crossing.h -- channels that lead from one Lua state to another.
 */
#ifndef TA_IO_CROSSING_H
#define TA_IO_CROSSING_H

#include "io/flat.h"
#include "tinyasync_lib.h"

/* The crossing of the channel at `index`, which it becomes if it was none yet: what it held
 * moves there.  The caller gets a share.  0; -ENOENT: that is no channel; -ENOMEM; -EINVAL:
 * the words say what cannot cross.  [-0, +0, -] */
int ta_share_channel(struct ta_runner *runner, lua_State *L, int index,
                     struct ta_crossing **crossing, struct ta_complaint *complaint);

/* Gives a share back. */
void ta_crossing_leave(struct ta_crossing *crossing);

/* Pushes the channel that stands for it in this state.  [-0, +1, e] */
void ta_push_crossing(struct ta_runner *runner, lua_State *L, struct ta_crossing *crossing);

#endif
