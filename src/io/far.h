/* SPDX-License-Identifier: MIT
 *
 * far.h -- channels of a Lua state that lead to others.
 *
 * A channel that is handed to another thread becomes one: what it holds moves into a crossing,
 * and from then on whoever sends or receives goes by that, in every state that has it.
 */
#ifndef TA_IO_FAR_H
#define TA_IO_FAR_H

#include "io/crossing.h"
#include "io/io.h"

/* The crossing of the channel at `index`, which gets one if it had none yet.  The caller has a
 * share.  0; -ENOENT: that is no channel; -ENOMEM; or -EINVAL: the words say what in it cannot
 * cross.  [-0, +0, -] */
int ta_share_channel(struct ta_runner *runner, lua_State *L, int index,
                     struct ta_crossing **crossing, struct ta_complaint *complaint);

/* Pushes the channel that stands for it in this state.  [-0, +1, e] */
void ta_push_crossing(struct ta_runner *runner, lua_State *L, struct ta_crossing *crossing);

/* When the Lua state was closed: leaves what its finalizers have not left. */
void ta_close_crossings(struct ta_io *io);

#endif
