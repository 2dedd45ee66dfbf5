/* SPDX-License-Identifier: MIT */
#include "library/await.h"

#include <lauxlib.h>
#include <stdio.h>

#include "core/cancel.h"
#include "core/kit.h"
#include "core/wait.h"
#include "library/coroutine.h"
#include "library/protocol.h"
#include "library/select.h"
#include "words/inspect.h"
#include "words/names.h"
#include "words/task_name.h"
#include "words/traceback.h"

/* ----------------------------------------------------------------- one task */

static void describe_join(const void *subject, char *text, size_t size) {
  ta_title_shown title;
  snprintf(text, size, "%s", ta_task_title(subject, title));
}

static struct ta_task *join_holder(const void *subject) {
  return (struct ta_task *)(uintptr_t)subject;
}

static const struct ta_wait_kind join_kind = {
    .action = "await", .describe = describe_join, .holder = join_holder, .by_tasks = true};

enum form { AWAIT, PAWAIT };

static const char *const names[] = {[AWAIT] = "await", [PAWAIT] = "pawait"};

int ta_task_push_results(lua_State *L, int index) {
  const struct ta_task *task = lua_touserdata(L, index);
  if (task->empty) return 0;
  lua_getiuservalue(L, index, TA_TASK_OUTCOME);
  if (!task->packed) return 1;
  return ta_unpack(L);
}

void ta_push_first_result(struct ta_runner *runner, lua_State *L, int index) {
  const struct ta_task *task = lua_touserdata(L, index);
  lua_getiuservalue(L, index, TA_TASK_OUTCOME);
  if (task->packed) {
    lua_rawgeti(L, -1, 1);
    lua_replace(L, -2);
  }
  if (task->state == TA_TASK_FAILED) ta_note_origin(runner, L, index);
}

int ta_l_outcome(lua_State *L) {
  const struct ta_task *task = ta_check_task(L);
  lua_pushboolean(L, task->state == TA_TASK_DONE);
  ta_push_first_result(ta_upvalue_runner(L), L, 1);
  return 2;
}

/* Returns, or raises, the outcome of the ended task at index 1. */
static int give_outcome(lua_State *L, enum form form) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const struct ta_task *task = lua_touserdata(L, 1);
  if (task->state != TA_TASK_DONE && form == AWAIT) return ta_raise_error_of(runner, L, 1);
  if (form == AWAIT) return ta_task_push_results(L, 1);
  lua_pushboolean(L, task->state == TA_TASK_DONE);
  int count = ta_task_push_results(L, 1);
  if (task->state == TA_TASK_FAILED) ta_note_origin(runner, L, 1);
  return 1 + count;
}

static int k_joined(lua_State *L, int status, lua_KContext context) {
  (void)status;
  ta_check_cut_short(ta_upvalue_runner(L), L);
  return give_outcome(L, (enum form)context);
}

static int l_task_await(lua_State *L);
static int l_task_pawait(lua_State *L);

static const lua_CFunction joins[] = {[AWAIT] = l_task_await, [PAWAIT] = l_task_pawait};

/* Waits for the task at index 1. */
static int join(lua_State *L, struct ta_task *task, enum form form) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_enter(runner, L);
  ta_settop(L, 1);
  if (ta_task_has_ended(task)) {
    if (ta_has_to_pause(runner, L)) return ta_give_turn_before(runner, L, joins[form]);
    return give_outcome(L, form);
  }
  if (task == runner->current) return luaL_error(L, "%s: a task cannot await itself", names[form]);
  ta_check_wait(runner, L, names[form]);
  struct ta_list *awaiters = &ta_task_need_more(runner, L, task)->awaiters;
  ta_queue_wait(ta_begin_wait(runner, L, &join_kind, task), awaiters);
  return ta_park_here(runner, L, (lua_KContext)form, k_joined);
}

static bool is_awaitable(struct ta_runner *runner, lua_State *L, int index) {
  if (ta_to_task(runner, L, index)) return true;
  if (luaL_getmetafield(L, index, "__await") == LUA_TNIL) {
    if (!lua_istable(L, index)) return false;
    lua_pushliteral(L, "action");
    lua_rawget(L, index);
  }
  bool is = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return is;
}

/* Surplus arguments are ignored, as by all functions of Lua, but for those that were
 * clearly meant to be awaited too. */
static void check_alone(lua_State *L, enum form form) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  for (int i = lua_gettop(L); i > 1; i--)
    if (is_awaitable(runner, L, i))
      luaL_error(L, "%s: one at a time; several tasks are awaited by async.all{a, b}", names[form]);
}

static int l_task_await(lua_State *L) {
  struct ta_task *task = ta_check_task(L);
  check_alone(L, AWAIT);
  return join(L, task, AWAIT);
}

static int l_task_pawait(lua_State *L) {
  struct ta_task *task = ta_check_task(L);
  check_alone(L, PAWAIT);
  return join(L, task, PAWAIT);
}

/* -------------------------------------------------------------- await(x) */

/* Runs the object's __await, the function on top, as a generator of actions: in
 * a task's own coroutine a yield is one already. */
static int await_object(struct ta_runner *runner, lua_State *L) {
  ta_check_wait(runner, L, "await");
  if (!lua_isfunction(L, -1))
    return luaL_error(L, "await: __await must be a function, got %s", luaL_typename(L, -1));
  lua_insert(L, 2);
  lua_settop(L, 2);
  lua_insert(L, 1); /* function, object */
  lua_State *co = lua_newthread(L);
  lua_insert(L, 1);
  lua_xmove(L, co, 2);
  return ta_return_at_once(runner, L, ta_resume_awaiting(L, co));
}

bool ta_await_value(struct ta_runner *runner, lua_State *L, int *results) {
  struct ta_task *task = ta_to_task(runner, L, 1);
  if (!task && (lua_gettop(L) == 0 || luaL_getmetafield(L, 1, "__await") == LUA_TNIL)) return false;
  *results = task ? join(L, task, AWAIT) : await_object(runner, L);
  return true;
}

static int raise_not_awaitable(struct ta_runner *runner, lua_State *L) {
  if (lua_isfunction(L, 1))
    return luaL_error(L, "await: cannot await a function; call it, or await(spawn(fn, ...))");
  if (ta_to_kind(runner, L, 1, TA_REGISTRY_CHANNEL))
    return luaL_error(L, "await: cannot await a Channel; its own method waits: ch:recv()");
  if (ta_to_kind(runner, L, 1, TA_REGISTRY_EVENT))
    return luaL_error(L, "await: cannot await an Event; its own method waits: event:wait()");
  if (lua_isuserdata(L, 1)) return luaL_error(L, "await: cannot await a %s", luaL_typename(L, 1));
  return luaL_error(L, "await: cannot await a %s; a call that waits needs no await, as in sleep(1)",
                    luaL_typename(L, 1));
}

static int l_await(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  int results;
  if (lua_isnone(L, 1))
    return luaL_argerror(L, 1, "value expected; a call that waits needs no await, as in sleep(1)");
  ta_check_open(runner, L);
  check_alone(L, AWAIT);
  ta_settop(L, 1);
  if (ta_await_value(runner, L, &results)) return results;
  if (!lua_istable(L, 1)) return raise_not_awaitable(runner, L);
  if (lua_getfield(L, 1, "action") == LUA_TNIL)
    return luaL_error(L, "await: cannot await a table without an action or __await%s",
                      lua_rawlen(L, 1) > 0 ? "; several tasks are awaited by async.all{...}" : "");
  lua_settop(L, 1);
  return ta_await_yielded(runner, L, "await");
}

void ta_push_await(struct ta_runner *runner, lua_State *L) {
  ta_lets_wait(runner, L, l_await);
  ta_push_function(runner, L, l_await);
  ta_name_action(runner, L, "await");
  ta_name_action(runner, L, "join");
}

/* -------------------------------------------------------- cancel and status */

static int l_task_cancel(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_task *task = ta_check_task(L);
  ta_check_open(runner, L);
  lua_settop(L, 2);
  bool can = !ta_task_has_ended(task) && !task->cause;
  lua_pushboolean(L, can && ta_cancel_task_for_reason(runner, L, task));
  return 1;
}

/* The words of a wait name who holds it up, if they have a name yet. */
static void name_holder(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  const struct ta_task *holder = task->kind->holder ? task->kind->holder(task->subject) : NULL;
  if (!holder) return;
  ta_task_push(runner, L, holder);
  ta_push_task_name(L, -1);
  lua_pop(L, 2);
}

static int l_task_status(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const struct ta_task *task = ta_check_task(L);
  ta_wait_words text;
  lua_pushstring(L, ta_state_word(task));
  if (task->state != TA_TASK_WAITING) return 1;
  name_holder(runner, L, task);
  ta_describe_wait(task, text);
  lua_pushstring(L, text);
  return 2;
}

/* ---------------------------------------------------------------- its object */

static bool has_ended(struct ta_runner *runner, void *object) {
  (void)runner;
  return ta_task_has_ended(object);
}

/* NULL: nobody has asked for it yet. */
static struct ta_list *awaiters_of(void *object) {
  const struct ta_task *task = object;
  return task->more ? &task->more->awaiters : NULL;
}

static int give_selected(struct ta_runner *runner, lua_State *L, int index) {
  const struct ta_task *task = lua_touserdata(L, index);
  lua_pushboolean(L, task->state == TA_TASK_DONE);
  int count = ta_task_push_results(L, index);
  if (task->state == TA_TASK_FAILED) ta_note_origin(runner, L, index);
  return 1 + count;
}

static bool by_tasks(const void *object) {
  (void)object;
  return true;
}

static const struct ta_selectable selectable = {
    .ready = has_ended, .queue = awaiters_of, .give = give_selected, .by_tasks = by_tasks};

static void set_methods(struct ta_runner *runner, lua_State *L) {
  ta_set_function(runner, L, "await", l_task_await);
  ta_set_function(runner, L, "pawait", l_task_pawait);
  ta_set_function(runner, L, "cancel", l_task_cancel);
  ta_set_function(runner, L, "status", l_task_status);
}

static void push_error(lua_State *L, const struct ta_task *task) {
  if (task->state == TA_TASK_FAILED || task->state == TA_TASK_CANCELLED)
    lua_getiuservalue(L, 1, TA_TASK_OUTCOME);
  else
    lua_pushnil(L);
}

/* Fields, and methods from the table that is upvalue 2. */
static int l_task_index(lua_State *L) {
  const struct ta_task *task = ta_check_task(L);
  if (ta_is_word(L, 2, "id")) {
    lua_pushinteger(L, (lua_Integer)ta_task_id(task));
  } else if (ta_is_word(L, 2, "name")) {
    ta_push_task_name(L, 1);
  } else if (ta_is_word(L, 2, "error")) {
    push_error(L, task);
  } else {
    lua_pushvalue(L, 2);
    lua_gettable(L, lua_upvalueindex(2));
  }
  return 1;
}

static int l_task_tostring(lua_State *L) {
  const struct ta_task *task = ta_check_task(L);
  lua_pushfstring(L, "task #%I ", (LUAI_UACINT)ta_task_id(task));
  ta_push_task_name(L, 1);
  lua_concat(L, 2);
  return 1;
}

void ta_tasks_setup(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_push_runner(runner, L);
  ta_new_methods(runner, L, "Task", NULL);
  set_methods(runner, L);
  lua_pushcclosure(L, l_task_index, 2);
  lua_setfield(L, -2, "__index");
  ta_set_function(runner, L, "__tostring", l_task_tostring);
  lua_pushliteral(L, "Task");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "Task");
  lua_setfield(L, -2, "__metatable"); /* what scripts get of it */
  ta_make_selectable(runner, L, &selectable);
  ta_registry_push(runner, L, TA_REGISTRY_TEXTS);
  lua_rawseti(L, -2, 1); /* names of ended tasks last as long as any of them */
  ta_registry_set(runner, L, TA_REGISTRY_META);
}
