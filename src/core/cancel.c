/* SPDX-License-Identifier: MIT
 *
 * cancel.c -- ending tasks from outside.
 */
#include "core/coroutine.h"
#include "core/task.h"
#include "core/wait.h"

#define MAX_NESTED 256 /* Lua itself allows fewer */

/* Runs the pending clean-up of one coroutine; an error in it is reported. */
static bool close_one(struct ta_runner *runner, struct ta_task *task, lua_State *co) {
  lua_State *L = runner->L;
  if (ta_close_coroutine(runner, co, L, "the end of a cancelled task") == LUA_OK) return true;
  lua_xmove(co, L, 1);
  ta_task_fail(runner, task);
  return false;
}

/* Closes a task's nested coroutines from the innermost outward, then its own.
 * False when clean-up failed. */
static bool close_nested(struct ta_runner *runner, struct ta_task *task) {
  lua_State *nested[MAX_NESTED];
  int count = 0;
  bool clean = true;
  for (lua_State *co = task->co; co && count < MAX_NESTED; co = ta_waiting_inner(co))
    nested[count++] = co;
  while (count > 0) clean &= close_one(runner, task, nested[--count]);
  return clean;
}

static void cancel(struct ta_runner *runner, struct ta_task *task) {
  bool clean = true;
  ta_drop_wait(runner, task);
  runner->current = task;
  if (task->steps > 0) clean = close_nested(runner, task);
  runner->current = NULL;
  ta_task_end(runner, task, clean ? TA_TASK_CANCELLED : TA_TASK_FAILED);
}

void ta_cancel_all(struct ta_runner *runner) {
  if (runner->stepping) return;
  runner->stepping = runner->cancelling = true;
  runner->ready = runner->turn = (struct ta_queue){0};
  runner->in_pass = false;
  while (runner->oldest) cancel(runner, runner->oldest);
  runner->stepping = false;
}
