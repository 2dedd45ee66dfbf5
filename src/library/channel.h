/* SPDX-License-Identifier: MIT
 *
 * channel.h -- channels: queues of values between tasks.
 *
 * A value goes straight from the one who sends to the one who receives: it is
 * put on the stack of the coroutine that waits.
 *
 * It does not know what the values are, nor that a receiver may be selecting but
 * for where it wants its value.
 */
#ifndef TA_LIBRARY_CHANNEL_H
#define TA_LIBRARY_CHANNEL_H

#include "library/sync.h"

struct ta_channel {
  struct ta_sync sync;    /* its queue is that of the receivers */
  struct ta_list senders; /* each with its value on its stack */
  lua_Integer capacity;   /* LUA_MAXINTEGER: unbounded */
  lua_Integer first;      /* of the buffer, which lies in the second user value */
  lua_Integer count;
  bool closed;
};

/* Where on the stack of its function a waiting task finds its value: one that
 * receives, and one that selects; and where the latter's places are. */
enum { TA_RECEIVED = 2, TA_SELECTED = 3, TA_SELECTING = 2 };

/* Could a value, or the end, be received at once? */
bool ta_channel_ready(struct ta_runner *runner, struct ta_channel *channel);

/* Takes what can be had at once from the channel at `index`: pushes it, nil at the
 * end.  False when there is nothing yet.  [-0, +(0|1), m] */
bool ta_channel_take(struct ta_runner *runner, lua_State *L, int index);

/* Adds the constructor to the table on top.  [-0, +0, m] */
void ta_open_channel(struct ta_runner *runner, lua_State *L);

#endif
