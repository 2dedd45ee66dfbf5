/* SPDX-License-Identifier: MIT
 *
 * wait.h -- the await protocol: the one place where a task stops.
 *
 * A wait is four moves: check the arguments, take a ticket, arm whatever will
 * complete the wait, park.  The callback unparks.  The public functions are in
 * tinyasync.h; here is what only the core uses.
 *
 * A coroutine that waits has yielded a mark that no script can make; one that
 * passes on the wait of a nested coroutine, that coroutine and another mark.
 */
#ifndef TA_CORE_WAIT_H
#define TA_CORE_WAIT_H

#include "core/task.h"

/* Is this suspended coroutine in a wait, rather than in a yield of its own? */
bool ta_is_waiting(const struct ta_runner *runner, lua_State *co);

/* The nested coroutine whose wait `co` passes on, or NULL. */
lua_State *ta_waiting_inner(const struct ta_runner *runner, lua_State *co);

/* Yields a wait to whoever resumed L.  `inner` is the index of the nested
 * coroutine whose wait it is, or 0.  [-0, +0, v] */
int ta_pass_wait_up(struct ta_runner *runner, lua_State *L, int inner, lua_KContext context,
                    lua_KFunction k);

/* To be asked once when `co` has yielded: was that a wait? */
static inline bool ta_take_wait(struct ta_runner *runner, const lua_State *co) {
  if (runner->waiter != co) return false;
  runner->waiter = NULL;
  return true;
}

/* Drops what a waiting coroutine has yielded: it can be resumed then.  One that
 * was preempted has yielded nothing. */
void ta_drop_mark(const struct ta_runner *runner, lua_State *co);

/* Waits `delay` seconds; 0 or less: until the next pass.  Returns the seconds
 * that went by.  [-all, +1, v] */
int ta_sleep(struct ta_runner *runner, lua_State *L, double delay);

/* Gives up the turn and returns nothing.  [-all, +0, v] */
int ta_give_turn(struct ta_runner *runner, lua_State *L, const char *action);

/* The value at `index` as a delay, or raises.  [-0, +0, v] */
double ta_check_delay(lua_State *L, int index);

/* The wait that a task asks for with coroutine.yield(...).  [-all, +?, v] */
int ta_await_yielded(struct ta_runner *runner, lua_State *L);

/* Awaits what a C function, or Lua's own coroutine.yield, yielded from the
 * task's coroutine: the `count` values on its stack, which are popped.  -1 when
 * that is no action: the error object is then on top of the Runner's L. */
int ta_await_foreign(struct ta_runner *runner, struct ta_task *task, int count);

/* Completes the current wait of a task that has one. */
void ta_complete_wait(struct ta_runner *runner, struct ta_task *task);

/* Gives the current wait up, if there is one: nothing will complete it. */
void ta_drop_wait(struct ta_runner *runner, struct ta_task *task);

#endif
