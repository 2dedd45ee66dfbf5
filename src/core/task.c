/* SPDX-License-Identifier: MIT */
#include "core/task.h"

#include <lauxlib.h>
#include <string.h>

#include "core/cancel.h"
#include "core/coroutine.h"
#include "core/describe.h"
#include "core/library.h"
#include "core/trace.h"
#include "core/wait.h"

/* The values that describe a failure, on the stack of a coroutine that ended. */
enum { FAILURE_MESSAGE = -4, FAILURE_TRACEBACK, FAILURE_SPAWNED, FAILURE_PLACE };

/* ---------------------------------------------------------------- the body */

/* Was it ta_preempt() that raised the error on top, where nothing else helped?
 * Functions on the way may have put a position in front. */
static bool is_torn(const struct ta_runner *runner, lua_State *L) {
  return TA_UNLIKELY(runner->torn) && lua_type(L, -1) == LUA_TSTRING &&
         strstr(lua_tostring(L, -1), TA_TORN);
}

static int k_body_done(lua_State *L, int status, lua_KContext context) {
  (void)context;
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 1;
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_task *task = ta_task_running_on(runner, L);
  if (!task) return lua_error(L);
  if (is_torn(runner, L)) {
    task->state = TA_TASK_CANCELLED;
    return 0;
  }
  task->state = TA_TASK_FAILED;
  ta_push_failure(runner, L, task, lua_gettop(L));
  return 4;
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

/* The task at index 1 of a function of the metatable, which is upvalue 2. */
static struct ta_task *check_task(lua_State *L) {
  struct ta_task *task = lua_touserdata(L, 1);
  if (task && lua_getmetatable(L, 1)) {
    bool same = lua_rawequal(L, -1, lua_upvalueindex(2));
    lua_pop(L, 1);
    if (same) return task;
  }
  luaL_typeerror(L, 1, "Task");
  return NULL;
}

static int l_task_index(lua_State *L) {
  struct ta_task *task = check_task(L);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "id") == 0)
    lua_pushinteger(L, (lua_Integer)ta_task_id(task));
  else if (strcmp(key, "name") == 0)
    ta_push_task_name(L, 1);
  else
    lua_pushnil(L);
  return 1;
}

static int l_task_tostring(lua_State *L) {
  struct ta_task *task = check_task(L);
  const char *name = ta_push_task_name(L, 1);
  lua_pushfstring(L, "task #%I %s", (LUAI_UACINT)ta_task_id(task), name);
  return 1;
}

/* Sets a function of the metatable on top. */
static void set_method(struct ta_runner *runner, lua_State *L, const char *name,
                       lua_CFunction function) {
  ta_push_runner(runner, L);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, function, 2);
  lua_setfield(L, -2, name);
}

static void setup_metatable(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  set_method(runner, L, "__index", l_task_index);
  set_method(runner, L, "__tostring", l_task_tostring);
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
  ta_push_runner(runner, L);
  ta_push_function(runner, L, ta_l_keep_traceback);
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
  if (ta_timers_reserve(&runner->timers, runner->live + 1, runner->alloc, runner->alloc_data))
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
  lua_pushvalue(L, index);
  int reference = luaL_ref(L, -2);
  if (!reserve(runner, (size_t)reference)) {
    luaL_unref(L, -1, reference);
    ta_raise_memory(L);
  }
  task->slot = (uint32_t)reference;
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
  runner->live--;
  runner->daemons -= task->daemon;
  runner->slots[task->slot] = NULL;
}

/* Moves function and arguments from L into the coroutine, below them the body. */
static void load_coroutine(struct ta_runner *runner, lua_State *L, struct ta_task *task,
                           int nargs) {
  if (!lua_checkstack(task->co, nargs + LUA_MINSTACK)) luaL_error(L, "spawn: too many arguments");
  ta_push_kept(runner, task->co, TA_KEEPS_BODY);
  lua_xmove(L, task->co, nargs + 1);
}

struct ta_task *ta_add_task(struct ta_runner *runner, lua_State *L, int nargs,
                            const struct ta_task_options *options) {
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
  join_living(runner, task);
  if (ta_tracing(runner)) ta_describe_add(runner, L, place, options ? options->origin : NULL);
  if (runner->cancelling)
    ta_task_end(runner, task, TA_TASK_CANCELLED);
  else
    ta_make_ready_new(runner, task);
  return task;
}

/* --------------------------------------------------------------------- end */

void ta_task_end(struct ta_runner *runner, struct ta_task *task, enum ta_task_state state) {
  lua_State *L = runner->L;
  if (ta_tracing(runner) && state != TA_TASK_FAILED)
    ta_trace_simple(runner, task, state == TA_TASK_DONE ? TA_EVENT_RETURN : TA_EVENT_CANCEL);
  task->state = (uint8_t)state;
  lua_settop(task->co, 0); /* whoever holds the coroutine finds it dead */
  task->co = NULL;
  if (TA_UNLIKELY(task->preempted)) ta_task_unpreempt(runner, task);
  if (TA_UNLIKELY(runner->loading != NULL)) ta_forget_loading(runner, NULL, task);
  ta_push_kept(runner, L, TA_KEEPS_TASKS);
  lua_rawgeti(L, -1, (lua_Integer)task->slot);
  lua_pushnil(L);
  lua_setiuservalue(L, -2, TA_TASK_THREAD);
  leave_living(runner, task);
  luaL_unref(L, -2, (int)task->slot);
  lua_pop(L, 2);
}

/* Tells of the failure that the four values on top of `co` describe. */
static void report(struct ta_runner *runner, struct ta_task *task, lua_State *co) {
  struct ta_failure failure = {.id = ta_task_id(task),
                               .name = task->name ? task->name : "?",
                               .traceback = lua_tostring(co, FAILURE_TRACEBACK),
                               .spawned = lua_tostring(co, FAILURE_SPAWNED)};
  failure.message = lua_tolstring(co, FAILURE_MESSAGE, &failure.message_length);
  task->state = TA_TASK_FAILED;
  if (ta_tracing(runner)) ta_trace_error(runner, &failure, lua_tostring(co, FAILURE_PLACE));
  if (runner->failure) runner->failure(runner->failure_data, &failure);
}

/* (task, error object) -> the four values of its failure */
static int l_describe(lua_State *L) {
  struct ta_task *task = lua_touserdata(L, 1);
  ta_push_failure(lua_touserdata(L, 2), L, task, 3);
  return 4;
}

/* What is left to say when even describing a failure failed. */
static void push_bare_failure(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_push_kept(runner, L, TA_KEEPS_TRACEBACKS);
  lua_pushnil(L);
  lua_rawseti(L, -2, (lua_Integer)task->slot);
  lua_pop(L, 1);
  if (lua_type(L, -1) != LUA_TSTRING) {
    lua_pop(L, 1);
    lua_pushliteral(L, "not enough memory");
  }
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushnil(L);
}

void ta_task_fail(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  int top = lua_gettop(L) - 1;
  lua_pushcfunction(L, l_describe);
  lua_pushlightuserdata(L, task);
  lua_pushlightuserdata(L, runner);
  lua_rotate(L, -4, 3);
  if (lua_pcall(L, 3, 4, 0) != LUA_OK) push_bare_failure(runner, L, task);
  report(runner, task, L);
  lua_settop(L, top);
}

bool ta_task_close(struct ta_runner *runner, struct ta_task *task, lua_State *co, const char *by) {
  lua_State *L = runner->L;
  if (ta_close_coroutine(runner, co, L, by) == LUA_OK || lua_gettop(co) == 0) return true;
  lua_xmove(co, L, 1);
  ta_task_fail(runner, task);
  return false;
}

/* -------------------------------------------------------------------- step */

/* How many values on the coroutine's stack the step hands over: to the body its
 * function and arguments, to a wait none. */
static int prepare_step(struct ta_runner *runner, struct ta_task *task) {
  task->state = TA_TASK_RUNNING;
  if (TA_UNLIKELY(task->preempted)) ta_task_unpreempt(runner, task);
  task->action = task->subject = NULL;
  if (task->steps++ == 0) return lua_gettop(task->co) - 1;
  lua_pop(task->co, task->marks);
  return 0;
}

/* Fails a task whose body could not, with the error object on top of the
 * Runner's L. */
static void end_failed(struct ta_runner *runner, struct ta_task *task) {
  ta_task_close(runner, task, task->co, "the end of a failed task");
  ta_task_fail(runner, task);
  ta_task_end(runner, task, TA_TASK_FAILED);
}

/* The coroutine yielded, and not by way of our own waits. */
static void stop_foreign(struct ta_runner *runner, struct ta_task *task, int count) {
  if (ta_await_foreign(runner, task, count) != 0) end_failed(runner, task);
}

/* The coroutine died outside its body's protected call. */
static void end_broken(struct ta_runner *runner, struct ta_task *task) {
  lua_xmove(task->co, runner->L, 1);
  ta_task_fail(runner, task);
  ta_task_end(runner, task, TA_TASK_FAILED);
}

/* The step was cut short by ta_preempt(). */
static void stop_preempted(struct ta_runner *runner, struct ta_task *task) {
  task->preempted = true;
  runner->preempted++;
  if (ta_tracing(runner)) {
    task->action = "preempted";
    ta_trace_yield(runner, task, task->co);
    task->action = NULL;
  }
  ta_make_ready(runner, task);
}

/* Is the coroutine as the last step left it?  Where Lua's own coroutine library
 * is in use, a script may have got hold of it. */
static bool is_intact(const struct ta_runner *runner, const struct ta_task *task) {
  if (task->steps == 0) return lua_status(task->co) == LUA_OK && lua_gettop(task->co) > 1;
  return task->marks ? ta_is_waiting(runner, task->co) : lua_status(task->co) == LUA_YIELD;
}

static void end_meddled(struct ta_runner *runner, struct ta_task *task) {
  lua_pushliteral(runner->L, "the coroutine of a task was resumed or closed by somebody else");
  end_failed(runner, task);
}

void ta_task_step(struct ta_runner *runner, struct ta_task *task) {
  int count;
  if (TA_UNLIKELY(!runner->guarded) && !is_intact(runner, task)) {
    end_meddled(runner, task);
    return;
  }
  int nargs = prepare_step(runner, task);
  if (ta_tracing(runner)) ta_trace_step(runner, task);
  runner->current = task;
  int status = ta_resume(runner, task->co, runner->L, nargs, &count);
  if (status == LUA_YIELD) {
    bool waits = ta_take_wait(runner, task->co);
    task->marks = waits ? (uint8_t)count : 0;
    if (TA_UNLIKELY(!waits))
      stop_foreign(runner, task, count);
    else if (TA_UNLIKELY(task->state == TA_TASK_RUNNING))
      stop_preempted(runner, task);
  } else if (TA_UNLIKELY(status != LUA_OK)) {
    end_broken(runner, task);
  } else if (TA_UNLIKELY(task->state == TA_TASK_FAILED)) {
    report(runner, task, task->co);
    ta_task_end(runner, task, TA_TASK_FAILED);
  } else {
    bool cancelled = task->state == TA_TASK_CANCELLED;
    ta_task_end(runner, task, cancelled ? TA_TASK_CANCELLED : TA_TASK_DONE);
  }
  runner->current = NULL;
}
