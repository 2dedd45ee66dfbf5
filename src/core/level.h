/* SPDX-License-Identifier: MIT
 *
 * level.h -- coroutines that run, one inside the other.
 *
 * While a coroutine runs, a level on the C stack describes it: the innermost
 * one is always known, and with it whether a wait can be passed on all the way
 * up to the task.
 */
#ifndef TA_CORE_LEVEL_H
#define TA_CORE_LEVEL_H

#include "core/runner.h"

struct ta_level {
  lua_State *co;
  struct ta_level *up; /* who resumed it; NULL: the Runner */
  bool waitable;       /* every coroutine above it can yield */
  bool awaits;         /* it runs an object's __await: what it yields are actions */
  unsigned depth;
  const char *closing; /* it is not resumed but closed, by the function named */
};

/* Does L run inside the Runner's current task, with nothing foreign between? */
static inline bool ta_in_task(const struct ta_runner *runner, const lua_State *L) {
  return runner->current && runner->level && runner->level->co == L;
}

/* Closes a suspended or dead coroutine: its to-be-closed variables run and
 * cannot wait.  As lua_closethread().  `by` is named if one tries. */
int ta_close_coroutine(struct ta_runner *runner, lua_State *co, lua_State *from, const char *by);

#endif
