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

#include "library/named.h"

struct ta_channel {
  struct ta_named named;  /* its queue is that of the receivers */
  struct ta_list senders; /* each with its value on its stack */
  lua_Integer capacity;   /* LUA_MAXINTEGER: unbounded */
  lua_Integer first;      /* of the buffer, which lies in the second user value */
  lua_Integer count;
  bool closed;
  struct ta_far *far; /* NULL: its values are its own */
};

/* Adds the constructor to the table on top.  [-0, +0, m] */
void ta_open_channel(struct ta_runner *runner, lua_State *L);

#endif
