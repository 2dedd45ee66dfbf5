/* SPDX-License-Identifier: MIT */
#include "core/library.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/actions.h"
#include "core/await.h"
#include "core/cancel.h"
#include "core/channel.h"
#include "core/coroutine.h"
#include "core/describe.h"
#include "core/errors.h"
#include "core/failure.h"
#include "core/inspect.h"
#include "core/known.h"
#include "core/local.h"
#include "core/lock.h"
#include "core/naming.h"
#include "core/obstacle.h"
#include "core/preempt.h"
#include "core/prelude.h"
#include "core/protect.h"
#include "core/replace.h"
#include "core/scope.h"
#include "core/select.h"
#include "core/sync.h"
#include "core/start.h"
#include "core/task.h"
#include "core/trace.h"
#include "core/upper.h"
#include "core/protocol.h"
#include "core/wait.h"

int ta_l_next(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_next(L, 1)) return 2;
  lua_pushnil(L);
  return 1;
}

int ta_l_check_wait(lua_State *L) {
  ta_check_wait(ta_upvalue_runner(L), L, luaL_checkstring(L, 1));
  return 0;
}

int ta_l_can_wait(lua_State *L) {
  const struct ta_runner *runner = ta_upvalue_runner(L);
  lua_pushboolean(L, ta_can_wait(runner, L) && !runner->forced);
  return 1;
}

int ta_l_is_callable(lua_State *L) {
  lua_settop(L, 1);
  lua_pushboolean(L, ta_is_callable(L, 1));
  return 1;
}

int ta_l_is_task(lua_State *L) {
  lua_settop(L, 1);
  lua_pushboolean(L, ta_to_task(ta_upvalue_runner(L), L, 1) != NULL);
  return 1;
}

/* ---------------------------------------------------------------- functions */

int ta_l_sleep(lua_State *L) {
  return ta_sleep(ta_upvalue_runner(L), L, ta_check_delay(L, 1, "sleep: delay"));
}

static int l_checkpoint(lua_State *L) {
  return ta_give_turn(ta_upvalue_runner(L), L, &ta_checkpoint_kind);
}

static int l_now(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_open(runner, L);
  lua_pushnumber(L, ta_host_now(runner) - runner->started);
  return 1;
}

/* ------------------------------------------------------------------- spawn */

static void check_name(lua_State *L, struct ta_task_options *options) {
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "spawn: option 'name' must be a string, got %s", luaL_typename(L, -1));
  options->name = lua_tolstring(L, -1, &options->name_length);
}

static bool check_daemon(lua_State *L) {
  if (!lua_isboolean(L, -1))
    luaL_error(L, "spawn: option 'daemon' must be a boolean, got %s", luaL_typename(L, -1));
  return lua_toboolean(L, -1);
}

/* Reads {name=, daemon=}.  The strings belong to the table. */
static void check_options(lua_State *L, int index, struct ta_task_options *options) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (ta_is_word(L, -2, "name"))
      check_name(L, options);
    else if (ta_is_word(L, -2, "daemon"))
      options->daemon = check_daemon(L);
    else
      luaL_error(L, "spawn: unknown option '%s' (there are name and daemon)",
                 ta_push_readable(L, -2));
    lua_pop(L, 1);
  }
}

int ta_spawn_from(struct ta_runner *runner, lua_State *L, int function, struct ta_scope *scope) {
  struct ta_task_options options = {0};
  if (lua_istable(L, function) && !ta_is_callable(L, function))
    check_options(L, function++, &options);
  ta_check_callable(L, function, scope ? "s:spawn(work, ...)" : "spawn(work, ...)");
  ta_task_add(runner, L, lua_gettop(L) - function, &options, scope);
  return 1;
}

int ta_l_spawn_inside(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  bool sheltered = ta_is_in_shelter(runner);
  int count = ta_spawn_from(runner, L, 1, NULL);
  ((struct ta_task *)lua_touserdata(L, -1))->sheltered = sheltered;
  return count;
}

/* spawn([options,] fn, ...); as a method of the table in upvalue 2 too. */
static int l_spawn(lua_State *L) {
  bool is_method = lua_istable(L, 1) && lua_rawequal(L, 1, lua_upvalueindex(2));
  return ta_spawn_from(ta_upvalue_runner(L), L, is_method ? 2 : 1, NULL);
}

/* ----------------------------------------------------------------- opening */

/* What this floor and the one below do for the kernel. */
static const struct ta_upper upper = {
    .push_record = ta_push_record,
    .describe_end = ta_describe_end,
    .report = ta_report_failure_of,
    .report_error = ta_report_error,
    .report_refused = ta_report_refused,
    .report_lost = ta_report_lost_lock,
    .keep_known = ta_keep_known,
    .forget = ta_forget_origin,
    .raise_cannot_wait = ta_raise_cannot_wait,
    .await_foreign = ta_await_foreign,
    .trace_birth = ta_describe_add,
    .trace_step = ta_trace_step,
    .trace_wait = ta_trace_yield,
    .trace_sleep = ta_trace_sleep,
    .trace_task = ta_trace_simple,
    .trace_pass = ta_trace_pass,
    .trace_idle = ta_trace_wait,
    .find_name = ta_find_task_name,
};

struct ta_runner *ta_runner_new(lua_State *L, const struct ta_host *host) {
  struct ta_runner *runner = ta_runner_make(L, host, &upper);
  ta_obstacle_setup(runner, L);
  ta_naming_setup(runner, L);
  ta_known_setup(runner, L);
  ta_errors_setup(runner, L);
  ta_tasks_setup(runner, L);
  ta_actions_setup(runner, L);
  return runner;
}

static void fill_async(struct ta_runner *runner, lua_State *L) {
  ta_set_function(runner, L, "now", l_now);
  ta_set_function(runner, L, "checkpoint", l_checkpoint);
  ta_open_inspection(runner, L);
  ta_open_scopes(runner, L);
  ta_open_event(runner, L);
  ta_open_locks(runner, L);
  ta_open_locals(runner, L);
  ta_open_channel(runner, L);
  ta_open_select(runner, L);
  ta_push_actions(runner, L);
  lua_setfield(L, -2, "actions");
  ta_open_prelude(runner, L);
}

static void open_async(struct ta_runner *runner, lua_State *L, int globals) {
  lua_newtable(L);
  fill_async(runner, L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  ta_replace(runner, L, -2, "tinyasync");
  lua_pop(L, 1);
  ta_replace(runner, L, globals, "async");
}

/* Pushes the table `runner`, whose add_task is a function and a method. */
static void push_runner_table(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_push_runner(runner, L);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, l_spawn, 2);
  lua_setfield(L, -2, "add_task");
}

void ta_open_table(struct ta_runner *runner, lua_State *L) {
  ta_check_stack(L, LUA_MINSTACK);
  fill_async(runner, L);
  ta_set_function(runner, L, "sleep", ta_l_sleep);
  ta_set_function(runner, L, "spawn", l_spawn);
  ta_push_await(runner, L);
  lua_setfield(L, -2, "await");
  push_runner_table(runner, L);
  lua_setfield(L, -2, "runner");
}

/* Of the functions that others replace each works for one Runner only. */
static void claim_state(struct ta_runner *runner, lua_State *L) {
  for (const struct ta_runner *other = ta_newest_runner(L); other; other = other->older)
    if (other != runner && other->replaces)
      luaL_error(L,
                 "ta_open: another Runner of this state has replaced coroutine, require or pcall");
  runner->replaces = true;
}

void ta_open(struct ta_runner *runner, lua_State *L, unsigned flags) {
  ta_check_stack(L, LUA_MINSTACK);
  int top = lua_gettop(L);
  if (flags & (TA_OPEN_COROUTINE | TA_OPEN_REQUIRE | TA_OPEN_PCALL)) claim_state(runner, L);
  if (flags & TA_OPEN_COROUTINE) ta_open_coroutine(runner, L, flags & TA_OPEN_SPACE);
  if (runner->guarded && flags & TA_OPEN_REUSE) runner->reuses = true;
  if (flags & TA_OPEN_REQUIRE) ta_open_require(runner, L);
  if (flags & TA_OPEN_PCALL) ta_open_protect(runner, L);
  lua_pushglobaltable(L);
  if (flags & TA_OPEN_LIBRARY) {
    open_async(runner, L, top + 1);
    push_runner_table(runner, L);
    ta_replace(runner, L, top + 1, "runner");
    ta_push_function(runner, L, l_spawn);
    ta_replace(runner, L, top + 1, "spawn");
    ta_push_function(runner, L, ta_l_sleep);
    ta_replace(runner, L, top + 1, "sleep");
    ta_push_await(runner, L);
    ta_replace(runner, L, top + 1, "await");
  }
  lua_settop(L, top);
}
