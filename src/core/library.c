/* SPDX-License-Identifier: MIT */
#include "core/library.h"

#include <lauxlib.h>
#include <string.h>

#include "core/coroutine.h"
#include "core/task.h"
#include "core/wait.h"

/* ------------------------------------------------------------ bookkeeping */

/* An entry of the list of what was replaced. */
enum { REPLACED_TABLE = 1, REPLACED_KEY, REPLACED_OURS, REPLACED_VALUE };

/* Raw, so that a strict _G does not mind. */
void ta_replace(struct ta_runner *runner, lua_State *L, int table, const char *key) {
  table = lua_absindex(L, table);
  lua_createtable(L, REPLACED_VALUE, 0);
  int entry = lua_gettop(L);
  lua_pushvalue(L, entry - 1);
  lua_rawseti(L, entry, REPLACED_OURS);
  lua_pushvalue(L, table);
  lua_rawseti(L, entry, REPLACED_TABLE);
  lua_pushstring(L, key);
  lua_pushvalue(L, -1);
  lua_rawseti(L, entry, REPLACED_KEY);
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  lua_rawseti(L, entry, REPLACED_VALUE);
  ta_push_kept(runner, L, TA_KEEPS_REPLACED);
  lua_pushvalue(L, entry);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_settop(L, entry + 1); /* value, entry, key */
  lua_replace(L, entry);
  lua_insert(L, -2);
  lua_rawset(L, table);
}

/* Puts one entry's value back, unless the script has put another there. */
static void put_back(lua_State *L, int entry) {
  lua_rawgeti(L, entry, REPLACED_TABLE);
  int table = lua_gettop(L);
  lua_rawgeti(L, entry, REPLACED_KEY);
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  lua_rawgeti(L, entry, REPLACED_OURS);
  bool ours = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (!ours) return;
  lua_rawgeti(L, entry, REPLACED_VALUE);
  lua_rawset(L, table);
}

static int l_put_back(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 1);
  ta_push_kept(runner, L, TA_KEEPS_REPLACED);
  for (lua_Integer i = lua_istable(L, 2) ? (lua_Integer)lua_rawlen(L, 2) : 0; i > 0; i--) {
    lua_rawgeti(L, 2, i);
    put_back(L, 3);
    lua_settop(L, 2);
  }
  return 0;
}

void ta_put_back(struct ta_runner *runner, lua_State *L) {
  lua_pushcfunction(L, l_put_back);
  lua_pushlightuserdata(L, runner);
  /* Memory is asked for only where a script has removed what was replaced. */
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1);
}

void ta_push_function(struct ta_runner *runner, lua_State *L, lua_CFunction function) {
  ta_push_runner(runner, L);
  lua_pushcclosure(L, function, 1);
}

/* ---------------------------------------------------------------- functions */

static int l_sleep(lua_State *L) {
  return ta_sleep(ta_upvalue_runner(L), L, ta_check_delay(L, 1));
}

static int l_checkpoint(lua_State *L) {
  return ta_give_turn(ta_upvalue_runner(L), L, "checkpoint");
}

static int l_now(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (!runner->L) return luaL_error(L, "the Runner was closed");
  lua_pushnumber(L, ta_host_now(runner) - runner->started);
  return 1;
}

static int l_current(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (runner->current)
    ta_task_push(runner, L, runner->current);
  else
    lua_pushnil(L);
  return 1;
}

/* ------------------------------------------------------------------- spawn */

static bool is_callable(lua_State *L, int index) {
  if (lua_isfunction(L, index)) return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
  lua_pop(L, 1);
  return true;
}

static const char *check_name(lua_State *L) {
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "spawn: option 'name' must be a string, got %s", luaL_typename(L, -1));
  return lua_tostring(L, -1);
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
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    if (key && strcmp(key, "name") == 0)
      options->name = check_name(L);
    else if (key && strcmp(key, "daemon") == 0)
      options->daemon = check_daemon(L);
    else
      luaL_error(L, "spawn: unknown option '%s' (there are name and daemon)",
                 luaL_tolstring(L, -2, NULL));
    lua_pop(L, 1);
  }
}

/* spawn([options,] fn, ...); as a method of the table in upvalue 2 too. */
static int l_spawn(lua_State *L) {
  struct ta_task_options options = {0};
  int function = 1;
  if (lua_istable(L, 1) && lua_rawequal(L, 1, lua_upvalueindex(2))) function++;
  if (lua_istable(L, function) && !is_callable(L, function)) check_options(L, function++, &options);
  if (!is_callable(L, function)) return luaL_typeerror(L, function, "function");
  ta_add_task(ta_upvalue_runner(L), L, lua_gettop(L) - function, &options);
  return 1;
}

/* ----------------------------------------------------------------- opening */

static void set_function(struct ta_runner *runner, lua_State *L, const char *name,
                         lua_CFunction function) {
  ta_push_function(runner, L, function);
  lua_setfield(L, -2, name);
}

static void open_async(struct ta_runner *runner, lua_State *L, int globals) {
  lua_newtable(L);
  set_function(runner, L, "now", l_now);
  set_function(runner, L, "checkpoint", l_checkpoint);
  set_function(runner, L, "current", l_current);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  ta_replace(runner, L, -2, "tinyasync");
  lua_pop(L, 1);
  ta_replace(runner, L, globals, "async");
}

static void open_spawn(struct ta_runner *runner, lua_State *L, int globals) {
  ta_push_runner(runner, L);
  lua_newtable(L);
  lua_pushvalue(L, -2);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, l_spawn, 2);
  lua_setfield(L, -2, "add_task");
  ta_replace(runner, L, globals, "runner");
  lua_pop(L, 1);
  ta_push_function(runner, L, l_spawn);
  ta_replace(runner, L, globals, "spawn");
}

void ta_open(struct ta_runner *runner, lua_State *L, unsigned flags) {
  ta_check_stack(L, LUA_MINSTACK);
  int top = lua_gettop(L);
  lua_pushglobaltable(L);
  if (flags & TA_OPEN_LIBRARY) {
    open_async(runner, L, top + 1);
    open_spawn(runner, L, top + 1);
    ta_push_function(runner, L, l_sleep);
    ta_replace(runner, L, top + 1, "sleep");
  }
  if (flags & TA_OPEN_COROUTINE) ta_open_coroutine(runner, L);
  if (flags & TA_OPEN_REQUIRE) ta_open_require(runner, L);
  lua_settop(L, top);
}
