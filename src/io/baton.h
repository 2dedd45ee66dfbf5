/* SPDX-License-Identifier: MIT
 *
 * baton.h -- who is woken out of a queue, and does not come to take what is there, passes it on.
 *
 * Between its wake and its step a task may be cancelled, or robbed of its coroutine.
 */
#ifndef TA_IO_BATON_H
#define TA_IO_BATON_H

#include "tinyasync_lib.h"

/* One for each queue, in an object's bytes; zero but for `drop`. */
struct ta_baton {
  struct ta_attachment hung; /* on whoever was woken last */
  void (*drop)(struct ta_baton *baton);
};

/* Wakes the first who waits, if any, and calls `drop` where that ends before it has come for what
 * is there.  False: nobody waits. */
bool ta_hand_baton(struct ta_runner *runner, struct ta_list *waiting, struct ta_baton *baton);

/* To be called first by whoever goes on after such a wait: raises the cancellation that has come
 * since, or before, having called `drop` if it was woken.  [-0, +0, v] */
void ta_take_baton(struct ta_runner *runner, lua_State *L, struct ta_baton *baton);

/* Nobody is to pass it on any more: of an object that is closed or collected. */
static inline void ta_end_baton(struct ta_baton *baton) {
  ta_detach(&baton->hung);
}

#endif
