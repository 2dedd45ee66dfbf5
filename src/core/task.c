/* SPDX-License-Identifier: MIT */
#include "core/task.h"

#include <lauxlib.h>
#include <string.h>

#include "core/await.h"
#include "core/cancel.h"
#include "core/coroutine.h"
#include "core/describe.h"
#include "core/failure.h"
#include "core/known.h"
#include "core/library.h"
#include "core/local.h"
#include "core/lock.h"
#include "core/preempt.h"
#include "core/scope.h"
#include "core/trace.h"
#include "core/wait.h"

/* ---------------------------------------------------------------- the body */

/* Makes one value of the results, which lie above the handler at index 1: the
 * task's outcome. */
static void pack_results(lua_State *L, struct ta_task *task) {
  int count = lua_gettop(L) - 1;
  if (count == 1) return;
  ta_check_stack(L, 3);
  task->packed = count > 1;
  task->empty = count == 0;
  if (count == 0) {
    lua_pushnil(L);
    return;
  }
  ta_pack(L, 2);
}

static int k_body_done(lua_State *L, int status, lua_KContext context) {
  (void)context;
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_task *task = ta_task_running_on(runner, L);
  if (!task) return status == LUA_OK || status == LUA_YIELD ? 0 : lua_error(L);
  if (status == LUA_OK || status == LUA_YIELD) {
    pack_results(L, task);
    task->ends_as = TA_TASK_DONE;
    return 1;
  }
  if (ta_is_in_force(runner, L, -1)) {
    task->ends_as = TA_TASK_CANCELLED;
    return 1;
  }
  task->ends_as = TA_TASK_FAILED;
  return ta_describe_end(runner, L, task);
}

/* At the bottom of each task: runs the function inside a protected call of its
 * own coroutine, so that clean-up runs while an error unwinds, and may wait.
 * Its second upvalue is the message handler. */
static int l_body(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, 0, k_body_done);
  return k_body_done(L, status, 0);
}

/* --------------------------------------------------------------- Lua's view */

struct ta_task *ta_to_task(struct ta_runner *runner, lua_State *L, int index) {
  return ta_to_kind(runner, L, index, TA_KEEPS_META);
}

struct ta_task *ta_check_task(lua_State *L) {
  return ta_check_kind(L, TA_KEEPS_META, "Task");
}

static void push_error(lua_State *L, const struct ta_task *task) {
  if (task->state == TA_TASK_FAILED || task->state == TA_TASK_CANCELLED)
    lua_getiuservalue(L, 1, TA_TASK_OUTCOME);
  else
    lua_pushnil(L);
}

/* Fields, and methods from the table that is upvalue 2. */
static int l_task_index(lua_State *L) {
  struct ta_task *task = ta_check_task(L);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "id") == 0) {
    lua_pushinteger(L, (lua_Integer)ta_task_id(task));
  } else if (strcmp(key, "name") == 0) {
    ta_push_task_name(L, 1);
  } else if (strcmp(key, "error") == 0) {
    push_error(L, task);
  } else {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(2));
  }
  return 1;
}

static int l_task_tostring(lua_State *L) {
  struct ta_task *task = ta_check_task(L);
  const char *name = ta_push_task_name(L, 1);
  lua_pushfstring(L, "task #%I %s", (LUAI_UACINT)ta_task_id(task), name);
  return 1;
}

static void setup_metatable(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_push_runner(runner, L);
  lua_newtable(L);
  ta_set_task_methods(runner, L);
  lua_pushcclosure(L, l_task_index, 2);
  lua_setfield(L, -2, "__index");
  ta_set_function(runner, L, "__tostring", l_task_tostring);
  lua_pushliteral(L, "Task");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "Task");
  lua_setfield(L, -2, "__metatable"); /* what scripts get of it */
  ta_keep(runner, L, TA_KEEPS_META);
}

void ta_task_setup(struct ta_runner *runner, lua_State *L) {
  setup_metatable(runner, L);
  lua_newtable(L);
  lua_pushboolean(L, true);
  int first = luaL_ref(L, -2);
  luaL_unref(L, -1, first); /* some Lua asks for memory at the first one */
  ta_keep(runner, L, TA_KEEPS_TASKS);
  ta_push_function(runner, L, ta_l_keep_traceback);
  lua_pushvalue(L, -1);
  ta_keep(runner, L, TA_KEEPS_HANDLER);
  ta_push_runner(runner, L);
  lua_insert(L, -2);
  lua_pushcclosure(L, l_body, 2);
  ta_keep(runner, L, TA_KEEPS_BODY);
}

void ta_task_push(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_push_kept(runner, L, TA_KEEPS_TASKS);
  lua_rawgeti(L, -1, (lua_Integer)task->slot);
  lua_remove(L, -2);
}

/* ------------------------------------------------------------------- birth */

/* Makes room for one more task, whose reference is `slot`: a timer and a place
 * in the array.  False when memory is out. */
static bool reserve(struct ta_runner *runner, size_t slot) {
  if (ta_timers_reserve(&runner->timers, runner->live + runner->deadlines + 1, runner->alloc,
                        runner->alloc_data))
    return false;
  if (slot < runner->slot_capacity) return true;
  size_t old = runner->slot_capacity;
  size_t capacity = old + old / 2 < slot + 16 ? slot + 16 : old + old / 2;
  struct ta_task **array = runner->alloc(runner->alloc_data, runner->slots, old * sizeof *array,
                                         capacity * sizeof *array);
  if (!array) return false;
  memset(array + old, 0, (capacity - old) * sizeof *array);
  runner->slots = array;
  runner->slot_capacity = capacity;
  return true;
}

/* Has the Runner keep the task at `index`.  The last thing that may raise: room
 * that was made earlier could be taken by a task that a finalizer spawns. */
static void keep_task(struct ta_runner *runner, lua_State *L, int index) {
  struct ta_task *task = lua_touserdata(L, index);
  ta_push_kept(runner, L, TA_KEEPS_TASKS);
  lua_pushboolean(L, true);
  int reference = luaL_ref(L, -2);
  task->slot = (uint32_t)reference;
  ta_inherit_locals(runner, L, task);
  if (!reserve(runner, (size_t)reference)) {
    luaL_unref(L, -1, reference);
    ta_raise_memory(L);
  }
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, reference); /* asks for no memory */
  lua_pop(L, 1);
}

/* Pushes a new task for the function at `function`, with an empty coroutine. */
static struct ta_task *push_new(struct ta_runner *runner, lua_State *L, int function,
                                const struct ta_task_options *options) {
  /* The name first: a finalizer might change the table that holds it. */
  if (options && options->name)
    lua_pushstring(L, options->name);
  else
    lua_pushvalue(L, function);
  struct ta_task *task = lua_newuserdatauv(L, sizeof *task, TA_TASK_KEEPS);
  memset(task, 0, sizeof *task);
  ta_list_init(&task->awaiters);
  ta_list_init(&task->locks);
  lua_insert(L, -2);
  if (options && options->name) task->name = lua_tostring(L, -1);
  lua_setiuservalue(L, -2, TA_TASK_FUNCTION);
  task->co = lua_newthread(L);
  lua_setiuservalue(L, -2, TA_TASK_THREAD);
  ta_push_kept(runner, L, TA_KEEPS_META);
  lua_setmetatable(L, -2);
  ta_push_record(runner, L);
  lua_setiuservalue(L, -2, TA_TASK_RECORD);
  task->daemon = options && options->daemon;
  return task;
}

static void join_living(struct ta_runner *runner, struct ta_task *task) {
  task->older = runner->newest;
  if (runner->newest)
    runner->newest->newer = task;
  else
    runner->oldest = task;
  runner->newest = task;
  runner->live++;
  runner->daemons += task->daemon;
  runner->slots[task->slot] = task;
}

static void leave_living(struct ta_runner *runner, struct ta_task *task) {
  *(task->older ? &task->older->newer : &runner->oldest) = task->newer;
  *(task->newer ? &task->newer->older : &runner->newest) = task->older;
  task->older = task->newer = NULL;
  runner->slots[task->slot] = NULL; /* tickets of it are stale */
  runner->live--;
  runner->daemons -= task->daemon;
}

/* Moves function and arguments from L into the coroutine, below them the body. */
static void load_coroutine(struct ta_runner *runner, lua_State *L, struct ta_task *task,
                           int nargs) {
  if (!lua_checkstack(task->co, nargs + LUA_MINSTACK)) luaL_error(L, "spawn: too many arguments");
  ta_push_kept(runner, task->co, TA_KEEPS_BODY);
  lua_xmove(L, task->co, nargs + 1);
}

/* Was whatever it belongs to cancelled before it was born? */
static void inherit_cancellation(struct ta_runner *runner, struct ta_task *task) {
  bool spared = false;
  task->cause = task->scope ? ta_cause_around(&task->scope->region) : NULL;
  if (!task->cause || runner->forced) task->cause = ta_cause_of_birth(runner, &spared);
  task->spared = !task->cause && spared;
  task->in_force = task->cause != NULL;
}

struct ta_task *ta_task_add(struct ta_runner *runner, lua_State *L, int nargs,
                            const struct ta_task_options *options, struct ta_scope *scope) {
  if (!runner->L) luaL_error(L, "the Runner was closed");
  ta_check_stack(L, LUA_MINSTACK);
  int place = lua_gettop(L) - nargs;
  struct ta_task *task = push_new(runner, L, place, options);
  lua_insert(L, place);
  load_coroutine(runner, L, task, nargs);
  if (ta_tracing(runner)) {
    ta_push_task_name(L, place);
    lua_pop(L, 1);
  }
  keep_task(runner, L, place);
  task->timer.seq = ++runner->last_id;
  task->scope = scope;
  if (scope) ta_list_append(&scope->children, &task->sibling);
  inherit_cancellation(runner, task);
  join_living(runner, task);
  if (ta_tracing(runner)) ta_describe_add(runner, L, place, options ? options->origin : NULL);
  ta_make_ready_new(runner, task);
  return task;
}

struct ta_task *ta_add_task(struct ta_runner *runner, lua_State *L, int nargs,
                            const struct ta_task_options *options) {
  return ta_task_add(runner, L, nargs, options, NULL);
}

/* --------------------------------------------------------------------- end */

bool ta_task_is_awaited(const struct ta_task *task) {
  return task->scope || !ta_list_empty(&task->awaiters);
}

static void wake_awaiters(struct ta_runner *runner, struct ta_task *task) {
  struct ta_link *link;
  while ((link = ta_list_first(&task->awaiters))) ta_wake_waiter(runner, link);
}

/* Gives the Runner's reference to the ended task back. */
void ta_task_release(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  ta_list_leave(&task->sibling);
  ta_push_kept(runner, L, TA_KEEPS_TASKS);
  luaL_unref(L, -1, (int)task->slot);
  lua_pop(L, 1);
}

/* What others have of a task that ends. */
static void let_go(struct ta_runner *runner, struct ta_task *task) {
  ta_abandon_regions(runner, task, NULL);
  if (task->lost_lock || !ta_list_empty(&task->locks)) ta_release_locks(runner, task);
  if (TA_UNLIKELY(runner->loading != NULL)) ta_forget_loading(runner, NULL, task);
  if (runner->has_locals) ta_forget_locals(runner, task);
  if (task->cause == task) ta_forget_cancellation(runner, task);
}

/* Takes an ended task, which no queue and no timer holds, off the Runner.  Its
 * outcome is on top of the Runner's L and popped. */
static void end_task(struct ta_runner *runner, struct ta_task *task, enum ta_task_state state) {
  lua_State *L = runner->L;
  struct ta_scope *scope = task->scope;
  if (ta_tracing(runner) && state != TA_TASK_FAILED)
    ta_trace_simple(runner, task, state == TA_TASK_DONE ? TA_EVENT_RETURN : TA_EVENT_CANCEL);
  task->state = (uint8_t)state;
  if (state != TA_TASK_DONE) task->packed = task->empty = false; /* memory was out */
  lua_settop(task->co, 0); /* whoever holds the coroutine finds it dead */
  task->co = task->stopped = NULL;
  let_go(runner, task);
  ta_task_push(runner, L, task);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, TA_TASK_OUTCOME);
  ta_keep_known(runner, L, task);
  leave_living(runner, task);
  task->wait = ++runner->last_wait; /* from now on says who ended before whom */
  wake_awaiters(runner, task);
  bool kept = scope && ta_scope_child_ended(runner, scope, task);
  if (!kept) ta_task_release(runner, task);
  lua_pop(L, 1);
}

/* The coroutine has ended with its outcome, and perhaps a failure's description
 * above it, on its stack. */
static void end_here(struct ta_runner *runner, struct ta_task *task, enum ta_task_state state) {
  if (lua_gettop(task->co) > 1) ta_report_failure_of(runner, task, task->co);
  lua_settop(task->co, 1);
  lua_xmove(task->co, runner->L, 1);
  end_task(runner, task, state);
}

/* Fails a task with the error object on top of the Runner's L. */
static void end_failed(struct ta_runner *runner, struct ta_task *task) {
  ta_report_error(runner, task);
  end_task(runner, task, TA_TASK_FAILED);
}

/* ------------------------------------------------------------------ closing */

#define MAX_NESTED 256 /* Lua itself allows fewer */

/* Closes the task's coroutines from the innermost outward.  An error of their
 * clean-up is left on top of the Runner's L; false then. */
static bool close_coroutines(struct ta_runner *runner, struct ta_task *task) {
  lua_State *nested[MAX_NESTED];
  int count = 0;
  int top = lua_gettop(runner->L);
  for (lua_State *co = task->co; co && count < MAX_NESTED; co = ta_waiting_inner(co))
    nested[count++] = co;
  while (count > 0) {
    lua_State *co = nested[--count];
    int status = ta_close_coroutine(runner, co, runner->L, "the end of a cancelled task");
    if (status == LUA_OK || lua_gettop(co) == 0) continue;
    lua_settop(runner->L, top);
    lua_xmove(co, runner->L, 1);
  }
  return lua_gettop(runner->L) == top;
}

/* Ends a task as cancelled: its error object is made if memory allows. */
static int l_push_cancellation(lua_State *L) {
  ta_push_cancellation(lua_touserdata(L, 1), L, lua_touserdata(L, 2));
  return 1;
}

static void end_cancelled(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  lua_pushcfunction(L, l_push_cancellation);
  lua_pushlightuserdata(L, runner);
  lua_pushlightuserdata(L, (void *)(uintptr_t)task->cause);
  if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  end_task(runner, task, TA_TASK_CANCELLED);
}

/* Closes a task: its clean-up runs where nothing can wait. */
static void close_task(struct ta_runner *runner, struct ta_task *task) {
  ta_drop_wait(runner, task);
  if (!task->cause) task->cause = runner;
  runner->current = task;
  task->state = TA_TASK_RUNNING;
  ta_abandon_regions(runner, task, NULL); /* what is closed is dead to the collector */
  task->in_force = true;
  bool clean = close_coroutines(runner, task);
  if (!clean && !ta_is_in_force(runner, runner->L, -1)) {
    end_failed(runner, task);
  } else {
    if (!clean) lua_pop(runner->L, 1);
    end_cancelled(runner, task);
  }
  runner->current = NULL;
}

/* -------------------------------------------------------------------- step */

/* How many values on the coroutine's stack the step hands over: to the body its
 * function and arguments, to a wait none. */
static int prepare_step(struct ta_task *task) {
  task->state = TA_TASK_RUNNING;
  task->kind = NULL;
  task->stopped = NULL;
  if (task->steps++ == 0) return lua_gettop(task->co) - 1;
  if (TA_UNLIKELY(task->given_up && task->marks == 0)) ta_preempt_to_raise(task->co);
  lua_pop(task->co, task->marks);
  return 0;
}

/* The coroutine yielded, and not by way of our own waits. */
static void stop_foreign(struct ta_runner *runner, struct ta_task *task, int count) {
  if (ta_await_foreign(runner, task, count) == 0) return;
  ta_abandon_regions(runner, task, NULL);
  close_coroutines(runner, task);
  end_failed(runner, task);
}

/* Is the coroutine as the last step left it?  Where Lua's own coroutine library
 * is in use, a script may have got hold of it. */
static bool is_intact(const struct ta_task *task) {
  if (task->steps == 0) return lua_status(task->co) == LUA_OK && lua_gettop(task->co) > 1;
  return task->marks ? ta_is_waiting(task->co) : lua_status(task->co) == LUA_YIELD;
}

static void end_meddled(struct ta_runner *runner, struct ta_task *task) {
  lua_pushliteral(runner->L, "the coroutine of a task was resumed or closed by somebody else");
  end_failed(runner, task);
}

/* The step is over: what became of the coroutine? */
static void end_step(struct ta_runner *runner, struct ta_task *task, int status, int count) {
  if (status == LUA_YIELD) {
    bool waits = ta_take_wait(runner, task->co);
    task->marks = waits ? (uint8_t)count : 0;
    if (TA_UNLIKELY(!waits)) stop_foreign(runner, task, count);
    if (TA_UNLIKELY(task->doomed)) close_task(runner, task);
  } else if (TA_UNLIKELY(status != LUA_OK)) { /* it died outside its body's protected call */
    lua_xmove(task->co, runner->L, 1);
    end_failed(runner, task);
  } else {
    end_here(runner, task, (enum ta_task_state)task->ends_as);
  }
}

void ta_task_step(struct ta_runner *runner, struct ta_task *task) {
  int count;
  if (TA_UNLIKELY(!runner->guarded) && !is_intact(task)) {
    end_meddled(runner, task);
    return;
  }
  if (TA_UNLIKELY(task->cause && task->steps == 0)) {
    end_cancelled(runner, task);
    return;
  }
  int nargs = prepare_step(task);
  runner->steps++;
  if (ta_tracing(runner)) ta_trace_step(runner, task);
  runner->current = task;
  /* As ta_resume(), with a call less on the way of each step. */
  struct ta_level level = {.co = task->co, .waitable = true, .depth = 1};
  atomic_signal_fence(memory_order_seq_cst);
  runner->level = &level;
  if (ta_wants_preemption(runner)) ta_preempt_coroutine(runner, task->co);
  int status = lua_resume(task->co, runner->L, nargs, &count);
  runner->level = NULL;
  end_step(runner, task, status, count);
  runner->current = NULL;
}

void ta_task_force(struct ta_runner *runner, struct ta_task *task) {
  uint64_t id = ta_task_id(task);
  if (!task->cause) task->cause = runner;
  if (task->state == TA_TASK_WAITING) {
    ta_drop_wait(runner, task);
    task->given_up = true;
  }
  ta_task_step(runner, task);
  bool lives = runner->oldest && ta_task_id(runner->oldest) == id;
  if (lives) close_task(runner, runner->oldest);
}

void ta_task_forget(struct ta_runner *runner, struct ta_task *task) {
  ta_drop_wait(runner, task);
  ta_abandon_regions(runner, task, NULL);
  ta_drop_locks(task);
  ta_list_leave(&task->sibling);
  task->scope = NULL;
  task->state = TA_TASK_CANCELLED;
  ta_task_push(runner, runner->L, task);
  lua_pushnil(runner->L);
  lua_setiuservalue(runner->L, -2, TA_TASK_OUTCOME);
  lua_pop(runner->L, 1);
}
