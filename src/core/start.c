/* SPDX-License-Identifier: MIT */
#include "core/start.h"

#include <lauxlib.h>
#include <string.h>

#include "core/cancel.h"
#include "core/kit.h"
#include "core/pool.h"
#include "core/ready.h"
#include "core/slots.h"
#include "core/upper.h"

/* -------------------------------------------------------------- what it starts with */

/* Tasks with more arguments get no coroutine at once. */
#define MOST_AT_ONCE 8

/* The start's table: its count, the function and the arguments. */
enum { PACKED_COUNT = 1, PACKED_FIRST };

/* Packs the function at `first` and `nargs` arguments, and has the task at the
 * top keep them. */
static void pack_start(lua_State *L, struct ta_task *task, int first, int nargs) {
  lua_createtable(L, nargs + PACKED_FIRST, 0);
  lua_pushinteger(L, nargs);
  lua_rawseti(L, -2, PACKED_COUNT);
  for (int i = 0; i <= nargs; i++) {
    lua_pushvalue(L, first + i);
    lua_rawseti(L, -2, PACKED_FIRST + i);
  }
  lua_setiuservalue(L, -2, TA_TASK_OUTCOME);
  task->starts = TA_START_PACKED;
}

/* Keeps what the task at the top starts with. */
static void keep_start(lua_State *L, struct ta_task *task, int function, int nargs) {
  if (ta_task_name(task) || nargs > 1) {
    pack_start(L, task, function, nargs);
    return;
  }
  task->starts = nargs == 0 ? TA_START_BARE : TA_START_ONE;
  if (nargs == 0) return;
  lua_pushvalue(L, function + 1);
  lua_setiuservalue(L, -2, TA_TASK_OUTCOME);
}

static bool keeps_function_bare(const struct ta_task *task) {
  return task->starts == TA_START_BARE || task->starts == TA_START_ONE;
}

void ta_task_push_function(lua_State *L, int task_index) {
  const struct ta_task *task = lua_touserdata(L, task_index);
  if (task->borrows)
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->called->reference);
  else
    lua_getiuservalue(L, task_index, TA_TASK_FUNCTION);
}

/* Keeps the function, which a name is about to replace in its user value, where
 * the first step finds it.  [-0, +0, m] */
static void save_function(lua_State *L, int task_index) {
  struct ta_task *task = lua_touserdata(L, task_index);
  if (!keeps_function_bare(task)) return;
  lua_createtable(L, PACKED_FIRST + 1, 0);
  if (!keeps_function_bare(task)) { /* a finalizer has named it, or a pass started it */
    lua_pop(L, 1);
    return;
  }
  lua_pushinteger(L, task->starts == TA_START_ONE);
  lua_rawseti(L, -2, PACKED_COUNT);
  ta_task_push_function(L, task_index);
  lua_rawseti(L, -2, PACKED_FIRST);
  lua_getiuservalue(L, task_index, TA_TASK_OUTCOME);
  lua_rawseti(L, -2, PACKED_FIRST + 1);
  lua_setiuservalue(L, task_index, TA_TASK_OUTCOME);
  task->starts = TA_START_PACKED;
}

/* Moves function and arguments from the packed table on top of L, which is popped, to
 * `co`.  False when there is no room. */
static bool unpack_start(lua_State *L, lua_State *co) {
  lua_xmove(L, co, 1);
  lua_rawgeti(co, -1, PACKED_COUNT);
  int nargs = (int)lua_tointeger(co, -1);
  lua_pop(co, 1);
  if (!lua_checkstack(co, nargs + LUA_MINSTACK)) return false;
  int packed = lua_gettop(co);
  for (int i = 0; i <= nargs; i++) lua_rawgeti(co, packed, PACKED_FIRST + i);
  lua_remove(co, packed);
  return true;
}

/* Moves them from the task whose object is on top of L. */
static bool move_start(lua_State *L, lua_State *co, enum ta_task_start starts) {
  int object = lua_gettop(L);
  if (starts != TA_START_PACKED) ta_task_push_function(L, object);
  if (starts != TA_START_BARE) {
    lua_getiuservalue(L, object, TA_TASK_OUTCOME);
    lua_pushnil(L);
    lua_setiuservalue(L, object, TA_TASK_OUTCOME);
  }
  if (starts == TA_START_PACKED) return unpack_start(L, co);
  lua_xmove(L, co, starts == TA_START_BARE ? 1 : 2);
  return true;
}

/* May it get an idle coroutine at once?  One with a debug hook has its own, and under
 * many arguments the stack would have to grow. */
static bool may_load_at_once(const struct ta_runner *runner, lua_State *L, int nargs) {
  const struct ta_pool *pool = &runner->pool;
  return pool->count > 0 && pool->to_refuse == 0 && nargs <= MOST_AT_ONCE && !lua_gethook(L);
}

/* Gives the task one, with the function at `function` and what follows it. */
static void load_at_once(struct ta_runner *runner, lua_State *L, struct ta_task *task, int function,
                         int nargs) {
  ta_pool_take(runner, task);
  lua_State *co = task->co;
  lua_pushvalue(co, TA_POOL_BODY);
  lua_pushvalue(co, TA_POOL_HANDLER);
  for (int i = 0; i <= nargs; i++) lua_pushvalue(L, function + i);
  lua_xmove(L, co, nargs + 1);
  task->starts = TA_START_READY;
}

bool ta_start_load(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  enum ta_task_start starts = (enum ta_task_start)task->starts;
  if (starts == TA_START_READY) {
    task->starts = TA_START_LOADED;
    return true;
  }
  if (!task->co && !ta_pool_take(runner, task)) return false;
  lua_pushvalue(task->co, TA_POOL_BODY);
  lua_pushvalue(task->co, TA_POOL_HANDLER);
  task->starts = TA_START_LOADED;
  if (starts == TA_START_BARE && task->borrows) {
    lua_rawgeti(task->co, LUA_REGISTRYINDEX, task->called->reference);
    return true;
  }
  ta_registry_push(runner, L, TA_REGISTRY_TASKS);
  lua_rawgeti(L, -1, (lua_Integer)ta_task_slot(task));
  bool fits = move_start(L, task->co, starts);
  lua_pop(L, 2);
  return fits;
}

/* ---------------------------------------------------------------------- its name */

/* A name with zero bytes is kept as the same without them, a zero, and itself: so
 * that C finds the one and Lua the other. */
void ta_set_task_name(lua_State *L, int task_index) {
  task_index = lua_absindex(L, task_index);
  struct ta_task *task = lua_touserdata(L, task_index);
  bool two_parts = strlen(lua_tostring(L, -1)) < lua_rawlen(L, -1);
  if (two_parts) {
    ta_push_without_zeros(L, -1);
    lua_insert(L, -2);
    lua_pushlstring(L, "", 1);
    lua_insert(L, -2);
    lua_concat(L, 3);
  }
  save_function(L, task_index);
  ta_task_leave_called(L, task);
  task->name = lua_tostring(L, -1);
  task->two_names = two_parts;
  lua_setiuservalue(L, task_index, TA_TASK_FUNCTION);
}

void ta_push_kept_name(lua_State *L, int task_index) {
  const struct ta_task *task = lua_touserdata(L, task_index);
  if (lua_getiuservalue(L, task_index, TA_TASK_FUNCTION) == LUA_TNIL) { /* it has ended */
    lua_pop(L, 1);
    lua_pushstring(L, task->name);
  }
  if (!task->two_names) return;
  size_t length = lua_rawlen(L, -1) / 2;
  lua_pushlstring(L, task->name + length + 1, length);
  lua_replace(L, -2);
}

/* ------------------------------------------------------------------------- birth */

static void push_given_name(lua_State *L, const struct ta_task_options *options) {
  if (options->name_length)
    lua_pushlstring(L, options->name, options->name_length);
  else
    lua_pushstring(L, options->name);
}

/* Pushes a new task, which has its name if one was given. */
static struct ta_task *push_new(struct ta_runner *runner, lua_State *L,
                                const struct ta_task_options *options) {
  bool named = options && options->name;
  /* The name first: a finalizer might change the table that holds it. */
  if (named) push_given_name(L, options);
  struct ta_task *task = lua_newuserdatauv(L, sizeof *task, TA_TASK_KEEPS);
  memset(task, 0, sizeof *task);
  ta_registry_push(runner, L, TA_REGISTRY_META);
  lua_setmetatable(L, -2);
  task->daemon = options && options->daemon;
  task->program = options && options->program;
  if (!named) return task;
  lua_insert(L, -2);
  ta_set_task_name(L, -2);
  return task;
}

/* Finds out the name of the new task at the top, for the trace. */
static void name_at_birth(struct ta_runner *runner, lua_State *L, const struct ta_task *task,
                          int function) {
  if (!ta_task_name(task)) {
    lua_pushvalue(L, function);
    lua_setiuservalue(L, -2, TA_TASK_FUNCTION);
  }
  runner->upper->find_name(L, lua_gettop(L));
}

/* The task at `object` keeps its function, unless that is kept for several.  It lives: they
 * count it. */
static void keep_function(struct ta_runner *runner, lua_State *L, int function, int object) {
  struct ta_task *task = lua_touserdata(L, object);
  if (ta_task_name(task)) return;
  runner->upper->note_function(runner, L, function, task);
  if (task->borrows) return;
  lua_pushvalue(L, function);
  lua_setiuservalue(L, object, TA_TASK_FUNCTION);
}

/* Has the Runner keep the task at `index`, with room for its timer, and the coroutine
 * above it if there is one.  No finalizer can run in between: a slot is taken last,
 * and the coroutine is kept when nothing can be refused any more. */
static void keep_task(struct ta_runner *runner, lua_State *L, int index) {
  struct ta_task *task = lua_touserdata(L, index);
  size_t slot = ta_slot_reserve(runner);
  if (slot == 0 || ta_timers_reserve(&runner->timers, runner->live + runner->deadlines + 1,
                                     runner->alloc, runner->alloc_data))
    ta_raise_memory(L);
  ta_registry_push(runner, L, TA_REGISTRY_TASKS);
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, (lua_Integer)slot);
  lua_pop(L, 1);
  task->timer.number = (uint32_t)slot;
  if (TA_UNLIKELY(runner->heritage != NULL)) runner->heritage->inherit(runner, L, task);
  if (TA_UNLIKELY(lua_gettop(L) > index)) ta_pool_keep(runner, L, task);
  ta_slot_take(runner, slot);
}

static void join_living(struct ta_runner *runner, struct ta_task *task) {
  task->older = runner->newest ? ta_task_slot(runner->newest) : 0;
  if (runner->newest)
    runner->newest->newer = ta_task_slot(task);
  else
    runner->oldest = task;
  runner->newest = task;
  runner->live++;
  runner->daemons += task->daemon;
  runner->slots[ta_task_slot(task)] = task;
}

/* Was whatever it belongs to cancelled before it was born? */
static void inherit_cancellation(struct ta_runner *runner, struct ta_task *task) {
  bool shielded = false;
  task->cause = task->scope ? ta_cause_around(&task->scope->cancel_scope) : NULL;
  if (!task->cause || runner->no_grace) task->cause = ta_cause_of_birth(runner, &shielded);
  task->shielded = !task->cause && shielded;
  task->in_force = task->cause != NULL;
}

/* Has the task at the top keep what it starts with, unless that can be laid on a
 * coroutine when nothing may be refused any more.  Gives the number of the spawn's record.
 * What is kept idle may be taken by finalizers meanwhile.  Pushes the coroutine of a task
 * that is made where a debug hook is set: that has the hook too, in Lua. */
static uint32_t settle_start(struct ta_runner *runner, lua_State *L, struct ta_task *task,
                             int function, int nargs) {
  for (;;) {
    bool bare = task->starts == TA_START_LOADED;
    if (bare && !may_load_at_once(runner, L, nargs)) {
      keep_start(L, task, function, nargs);
      if (TA_UNLIKELY(lua_gethook(L) != NULL)) ta_pool_push(runner, L);
    }
    uint32_t record = runner->upper->find_record(runner, L);
    if (task->starts != TA_START_LOADED || may_load_at_once(runner, L, nargs)) return record;
  }
}

struct ta_task *ta_task_add(struct ta_runner *runner, lua_State *L, int nargs,
                            const struct ta_task_options *options, struct ta_scope *scope) {
  ta_check_open(runner, L);
  int function = lua_gettop(L) - nargs;
  int object = function + nargs + 1;
  struct ta_task *task = push_new(runner, L, options);
  if (ta_tracing(runner)) name_at_birth(runner, L, task, function);
  uint32_t record = settle_start(runner, L, task, function, nargs);
  ta_check_open(runner, L);
  if (scope && scope->ended) luaL_error(L, "spawn: the scope has ended");
  keep_task(runner, L, object);
  if (TA_LIKELY(task->starts == TA_START_LOADED)) load_at_once(runner, L, task, function, nargs);
  keep_function(runner, L, function, object);
  lua_copy(L, object, function);
  lua_settop(L, function);
  task->timer.seq = ++runner->last_id;
  task->scope = scope;
  if (scope) ta_list_append(&scope->children, &task->sibling);
  inherit_cancellation(runner, task);
  join_living(runner, task);
  if (record) runner->upper->have_record(runner, task, record);
  if (ta_tracing(runner))
    runner->upper->trace_birth(runner, L, function, options ? options->origin : NULL);
  ta_make_ready_new(runner, task);
  return task;
}

struct ta_task *ta_add_task(struct ta_runner *runner, lua_State *L, int nargs,
                            const struct ta_task_options *options) {
  ta_check_stack(L, LUA_MINSTACK);
  ta_push_runner(runner, L); /* a finalizer that frees it leaves us the struct */
  lua_insert(L, -(nargs + 2));
  struct ta_task *task = ta_task_add(runner, L, nargs, options, NULL);
  lua_remove(L, -2);
  return task;
}
