/* SPDX-License-Identifier: MIT
 *
 * ends.h -- which of several tasks has ended, one after the other.
 *
 * A watch has a place in the queue of each task's awaiters; as the tasks end it
 * keeps them in that order for whoever asks.  To ask takes as long as to find one
 * task ended, however many there are.
 *
 * It starts no task.  Those of a loop, which may be left without a word, it cancels
 * at the latest when the task that began the loop ends, or when nobody has the
 * watch any more.
 */
#ifndef TA_LIBRARY_ENDS_H
#define TA_LIBRARY_ENDS_H

#include "core/task.h"

/* Is it the wait of who asks?  And the queue it lies in. */
bool ta_is_ends_kind(const struct ta_wait_kind *kind);
const struct ta_list *ta_watch_queue(const void *subject);

/* (tasks, name, is_loop) -> a watch over them, to be closed; `name` is what the script has called,
 * which then waits */
int ta_l_watch(lua_State *L);

/* (count, name) -> a watch with room for so many; (watch, task, index): over one more */
int ta_l_watch_some(lua_State *L);
int ta_l_watch_also(lua_State *L);

/* (watch): it watches nobody any more */
int ta_l_leave_watch(lua_State *L);

/* (watch) -> index, true and the first result, or false and the error, of the next
 * task that has ended; or nothing */
int ta_l_next_end(lua_State *L);

/* Makes the metatable.  [-0, +0, m] */
void ta_watch_setup(struct ta_runner *runner, lua_State *L);

#endif
