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

#include "core/lasting.h"
#include "core/level.h"
#include "core/task.h"

/* Its address is what a coroutine yields that waits itself. */
extern const char ta_direct_mark;

/* Is this suspended coroutine in a wait, rather than in a yield of its own? */
bool ta_is_waiting(lua_State *co);

/* The nested coroutine whose wait `co` passes on, or NULL. */
lua_State *ta_waiting_inner(lua_State *co);

/* The one furthest in of those through which `co` waits: where the function that waits
 * has yielded its mark, unless somebody else has resumed or closed one of them. */
lua_State *ta_innermost(lua_State *co);

static inline lua_State *ta_task_stopped(const struct ta_task *task) {
  return TA_LIKELY(!task->nested) ? task->co : ta_innermost(task->co);
}

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

/* Drops what a waiting coroutine has yielded: it can be resumed then. */
void ta_drop_mark(lua_State *co);

/* Waits `delay` seconds; 0 or less: until the next pass.  Returns the seconds
 * that went by.  [-all, +1, v] */
int ta_sleep(struct ta_runner *runner, lua_State *L, double delay);

/* Lets a task sleep that has stopped without a function of ours. */
void ta_sleep_foreign(struct ta_runner *runner, struct ta_task *task, double delay);

/* As ta_has_gone_on(), without a call. */
bool ta_has_gone_on_too_often(struct ta_runner *runner, lua_State *L);

static inline bool ta_has_to_pause(struct ta_runner *runner, lua_State *L) {
  if (TA_UNLIKELY(runner->at_once == 0)) return ta_has_gone_on_too_often(runner, L);
  runner->at_once--;
  return false;
}

/* Gives up the turn and returns nothing.  [-all, +0, v] */
int ta_give_turn(struct ta_runner *runner, lua_State *L, const struct ta_wait_kind *kind);

extern const struct ta_wait_kind ta_turn_kind, ta_checkpoint_kind;

/* Has the running task keep what its wait in L is about to need, the userdata `object`
 * at `index`: others might close the coroutine on whose stack it lies.  To be called before
 * ta_begin_wait().  [-0, +0, -] */
void ta_anchor_anew(struct ta_runner *runner, lua_State *L, int index, const void *object);

static inline void ta_anchor_wait(struct ta_runner *runner, lua_State *L, int index,
                                  const void *object) {
  bool kept = runner->current->anchored == object; /* since the last time */
  if (!kept) ta_anchor_anew(runner, L, index, object);
}

/* The wait is over, and a long time may go by until the next one: nothing is kept.
 * [-0, +0, -] */
void ta_leave_anchor(struct ta_runner *runner, struct ta_task *task);

/* Begins a wait of the running task in L, which ta_park_here() then parks.  The
 * caller has checked that it can wait, and nothing that may run Lua came since:
 * no request for memory and no reading of the clock. */
struct ta_task *ta_begin_wait(struct ta_runner *runner, lua_State *L,
                              const struct ta_wait_kind *kind, void *subject);

/* The outside can end the begun wait. */
void ta_count_outside(struct ta_runner *runner, struct ta_task *task);

/* Lets the begun wait end at a time on the host's clock, unless it is completed
 * before. */
void ta_arm_wait(struct ta_runner *runner, struct ta_task *task, double at);

/* Gives the begun wait a place at the end of a queue. */
void ta_queue_wait(struct ta_task *task, struct ta_list *queue);

/* Stops the task in the wait it has begun.  `k` begins with ta_check_cut_short().
 * [-0, +0, v] */
int ta_park_here(struct ta_runner *runner, lua_State *L, lua_KContext context, lua_KFunction k);

/* Does a task that is in a queue still stand in its wait for `object`, which is at
 * `index` of the stack there?  Somebody else may have resumed or closed its
 * coroutine. */
static inline bool ta_stands_in_wait(const struct ta_task *task, int index, const void *object) {
  lua_State *co = ta_task_stopped(task);
  return lua_status(co) == LUA_YIELD && lua_touserdata(co, -1) == &ta_direct_mark &&
         ta_is_known_as(co, index, object);
}

/* Raises that somebody else has resumed the coroutine.  [-0, +0, v] */
int ta_raise_meddled(lua_State *L);

/* Raises the cancellation because of which the wait was given up, if it was. */
static inline void ta_check_cut_short(struct ta_runner *runner, lua_State *L) {
  if (TA_UNLIKELY(!ta_in_task(runner, L))) ta_raise_meddled(L);
  if (TA_UNLIKELY(runner->current && runner->current->cut_short)) ta_raise_cancellation(runner, L);
}

/* The value at `index` as a delay, or raises.  [-0, +0, v] */
double ta_check_delay(lua_State *L, int index, const char *what);

/* Stops the running task, which ta_has_to_pause(), until the next pass; then `k`.
 * [-0, +0, v] */
int ta_pause(struct ta_runner *runner, lua_State *L, lua_KContext context, lua_KFunction k);

/* Is what a task has just begun to wait for over before any other can act? */
static inline bool ta_is_over_at_once(const struct ta_runner *runner) {
  const struct ta_timer *first = ta_timers_first(&runner->timers);
  return first && first->at <= runner->now; /* a limit that has come is met in the next pass */
}

/* Completes the current wait of a task that has one. */
void ta_complete_wait(struct ta_runner *runner, struct ta_task *task);

/* Wakes a task whose time has come. */
void ta_wake_sleeper(struct ta_runner *runner, struct ta_task *task);

/* Gives the current wait up, if there is one: nothing will complete it. */
void ta_drop_wait(struct ta_runner *runner, struct ta_task *task);

#endif
