/* SPDX-License-Identifier: MIT */
#include "core/cancel.h"

#include "core/coroutine.h"
#include "core/task.h"
#include "core/wait.h"

#define MAX_NESTED 256 /* Lua itself allows fewer */

/* Closes a task's nested coroutines from the innermost outward, then its own.
 * False when clean-up failed. */
static bool close_nested(struct ta_runner *runner, struct ta_task *task) {
  lua_State *nested[MAX_NESTED];
  int count = 0;
  bool clean = true;
  for (lua_State *co = task->co; co && count < MAX_NESTED; co = ta_waiting_inner(runner, co))
    nested[count++] = co;
  while (count > 0)
    clean &= ta_task_close(runner, task, nested[--count], "the end of a cancelled task");
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
  struct ta_level *level = runner->level;
  runner->level = NULL;
  runner->stepping = runner->cancelling = true;
  runner->ready = runner->turn = (struct ta_queue){0};
  runner->in_pass = false;
  while (runner->oldest) cancel(runner, runner->oldest);
  runner->stepping = false;
  runner->level = level;
}

/* --------------------------------------------------------------- preemption */

/* Under its address the registry holds the Runner that a hook, which is told of
 * a lua_State only, belongs to: the newest one of that state. */
static const char hooked_runner;

#define INSTRUCTIONS_TO_GO 1000 /* until the next try, where Lua cannot yield */
#define TRIES 1000              /* before such a place is left by an error */

static void on_hook(lua_State *L, lua_Debug *ar);

static struct ta_runner *find_runner(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &hooked_runner);
  struct ta_runner *runner = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return runner;
}

/* Lua cannot yield here, in a callback of a C function.  It has a while to come
 * out; then an error tears it out.  Clean-up of an ending run is left alone. */
static void on_hook_in_callback(struct ta_runner *runner, lua_State *L) {
  lua_sethook(L, on_hook, LUA_MASKCOUNT, INSTRUCTIONS_TO_GO);
  if (runner->cancelling || ++runner->preempt_tries < TRIES) return;
  runner->torn = true;
  lua_pushliteral(L, TA_TORN);
  lua_error(L);
}

/* Suspends the running coroutine as a wait does, all the way up to the task. */
static void on_hook(lua_State *L, lua_Debug *ar) {
  struct ta_runner *runner = find_runner(L);
  (void)ar;
  if (!runner || !atomic_load_explicit(&runner->preempt, memory_order_relaxed)) {
    lua_sethook(L, NULL, 0, 0);
  } else if (!ta_can_wait(runner, L)) {
    on_hook_in_callback(runner, L);
  } else {
    lua_sethook(L, NULL, 0, 0);
    atomic_store_explicit(&runner->preempt, 0, memory_order_relaxed);
    runner->waiter = L;
    lua_yield(L, 0);
  }
}

void ta_preempt_coroutine(lua_State *co) {
  lua_sethook(co, on_hook, LUA_MASKCOUNT, 1);
}

void ta_preempt(struct ta_runner *runner) {
  runner->preempt_tries = 0;
  runner->torn = false;
  atomic_store_explicit(&runner->preempt, 1, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst); /* see wants_preemption() in coroutine.c */
  if (runner->level) ta_preempt_coroutine(runner->level->co);
}

bool ta_preempt_ended_task(const struct ta_runner *runner) {
  return runner->torn;
}

void ta_preempt_setup(struct ta_runner *runner, lua_State *L) {
  lua_pushlightuserdata(L, runner);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &hooked_runner);
}

void ta_preempt_close(struct ta_runner *runner, lua_State *L) {
  if (find_runner(L) != runner) return;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &hooked_runner);
}
