/* SPDX-License-Identifier: MIT */
#include "library/spawn.h"

#include <lauxlib.h>

#include "core/cancel.h"
#include "core/kit.h"
#include "core/start.h"
#include "core/wait.h"

int ta_l_check_wait(lua_State *L) {
  ta_check_wait(ta_upvalue_runner(L), L, luaL_checkstring(L, 1));
  return 0;
}

int ta_l_can_wait(lua_State *L) {
  const struct ta_runner *runner = ta_upvalue_runner(L);
  lua_pushboolean(L, ta_can_wait(runner, L) && !runner->no_grace);
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

int ta_l_checkpoint(lua_State *L) {
  return ta_give_turn(ta_upvalue_runner(L), L, &ta_checkpoint_kind);
}

int ta_l_now(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_open(runner, L);
  lua_pushnumber(L, ta_host_now(runner) - runner->started);
  return 1;
}

/* ------------------------------------------------------------------- spawn */

/* A function that spawns, as its messages call it. */
struct spawner {
  const char *name, *example;
  const char *named; /* advice where the name of the task comes first */
};

static const struct spawner spawn = {"spawn", "spawn(work, ...)",
                                     "the name is an option: spawn({name = ...}, work)"};
static const struct spawner scope_spawn = {"spawn", "s:spawn(work, ...)",
                                           "the name is an option: s:spawn({name = ...}, work)"};
static const struct spawner add_task = {"add_task", "add_task(work, ...)",
                                        "the name is an option: add_task({name = ...}, work)"};

static void check_name(lua_State *L, const struct spawner *spawner,
                       struct ta_task_options *options) {
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "%s: option 'name' must be a string, got %s", spawner->name,
               luaL_typename(L, -1));
  options->name = lua_tolstring(L, -1, &options->name_length);
}

static bool check_daemon(lua_State *L, const struct spawner *spawner) {
  if (!lua_isboolean(L, -1))
    luaL_error(L, "%s: option 'daemon' must be a boolean, got %s", spawner->name,
               luaL_typename(L, -1));
  return lua_toboolean(L, -1);
}

/* Reads {name=, daemon=}.  The strings belong to the table. */
static void check_options(lua_State *L, int index, const struct spawner *spawner,
                          struct ta_task_options *options) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (ta_is_word(L, -2, "name"))
      check_name(L, spawner, options);
    else if (ta_is_word(L, -2, "daemon"))
      options->daemon = check_daemon(L, spawner);
    else
      luaL_error(L, "%s: unknown option '%s' (there are name and daemon)", spawner->name,
                 ta_push_readable(L, -2));
    lua_pop(L, 1);
  }
}

void ta_before_spawn(struct ta_runner *runner, ta_spawn_fn *function, void *data) {
  runner->before_spawn = function;
  runner->before_spawn_data = data;
}

/* What is to be spawned does not begin with a function. */
static int spawn_other(struct ta_runner *runner, lua_State *L, const struct spawner *spawner,
                       int function, struct ta_scope *scope) {
  struct ta_task_options options = {0};
  if (lua_istable(L, function) && !ta_is_callable(L, function))
    check_options(L, function++, spawner, &options);
  bool is_text = lua_type(L, function) == LUA_TSTRING && !ta_is_callable(L, function);
  if (is_text && ta_is_callable(L, function + 1))
    ta_raise_type(L, function, "function", spawner->named);
  ta_check_callable(L, function, spawner->example);
  ta_task_add(runner, L, lua_gettop(L) - function, &options, scope);
  return 1;
}

/* The function that is called before may do anything: nothing was looked at until then. */
static int spawn_as(struct ta_runner *runner, lua_State *L, const struct spawner *spawner,
                    int function, struct ta_scope *scope) {
  if (TA_UNLIKELY(runner->before_spawn != NULL)) runner->before_spawn(runner->before_spawn_data, L);
  if (!lua_isfunction(L, function)) return spawn_other(runner, L, spawner, function, scope);
  ta_task_add(runner, L, lua_gettop(L) - function, NULL, scope);
  return 1;
}

int ta_spawn_child(struct ta_runner *runner, lua_State *L, int function, struct ta_scope *scope) {
  return spawn_as(runner, L, &scope_spawn, function, scope);
}

int ta_l_spawn_inside(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  bool sheltered = ta_is_in_shelter(runner);
  int count = spawn_as(runner, L, &spawn, 1, NULL);
  ((struct ta_task *)lua_touserdata(L, -1))->sheltered = sheltered;
  return count;
}

/* spawn; with a table in upvalue 2 add_task, a function and a method of that table. */
int ta_l_spawn(lua_State *L) {
  bool is_method = lua_istable(L, 1) && lua_rawequal(L, 1, lua_upvalueindex(2));
  const struct spawner *spawner = lua_istable(L, lua_upvalueindex(2)) ? &add_task : &spawn;
  return spawn_as(ta_upvalue_runner(L), L, spawner, is_method ? 2 : 1, NULL);
}
