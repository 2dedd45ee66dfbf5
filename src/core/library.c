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
#include "core/inspect.h"
#include "core/local.h"
#include "core/lock.h"
#include "core/preempt.h"
#include "core/prelude.h"
#include "core/protect.h"
#include "core/scope.h"
#include "core/select.h"
#include "core/sync.h"
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

void ta_set_function(struct ta_runner *runner, lua_State *L, const char *name,
                     lua_CFunction function) {
  ta_push_function(runner, L, function);
  lua_setfield(L, -2, name);
}

void ta_set_functions(struct ta_runner *runner, lua_State *L, const struct ta_function *functions) {
  for (; functions->name; functions++)
    ta_set_function(runner, L, functions->name, functions->function);
}

/* ------------------------------------------------------------ kinds, checks */

/* (methods, key): a field that no object of the kind has. */
static int l_missing(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_settop(L, 2);
  if (lua_type(L, 2) != LUA_TSTRING || !lua_istable(L, 1)) return 0;
  lua_rawgeti(L, 1, 1);
  const char *kind = lua_tostring(L, -1);
  if (kind) snprintf(runner->missed, sizeof runner->missed, "%s.%s", kind, lua_tostring(L, 2));
  return 0;
}

/* Pushes the metatable that all tables of methods have. */
static void push_missing(struct ta_runner *runner, lua_State *L) {
  if (!runner->kinds[TA_KEEPS_MISSING]) {
    lua_createtable(L, 0, 1);
    ta_set_function(runner, L, "__index", l_missing);
    ta_keep(runner, L, TA_KEEPS_MISSING);
  }
  ta_push_kept(runner, L, TA_KEEPS_MISSING);
}

void ta_new_methods(struct ta_runner *runner, lua_State *L, const char *name,
                    const struct ta_function *methods) {
  lua_newtable(L);
  if (methods) ta_set_functions(runner, L, methods);
  lua_pushstring(L, name);
  lua_rawseti(L, -2, 1);
  push_missing(runner, L);
  lua_setmetatable(L, -2);
}

void ta_new_kind(struct ta_runner *runner, lua_State *L, const char *name,
                 const struct ta_function *methods) {
  lua_newtable(L);
  if (methods)
    ta_new_methods(runner, L, name, methods);
  else
    lua_newtable(L);
  lua_setfield(L, -2, "__index");
  lua_pushstring(L, name);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__name");
  lua_setfield(L, -2, "__metatable"); /* what scripts get of it */
}

void ta_keep_error_kind(struct ta_runner *runner, lua_State *L, int which, const char *name,
                        lua_CFunction tostring) {
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  ta_keep(runner, L, which);
}

void ta_push_copy(lua_State *L) {
  int table = lua_gettop(L);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, table + 1);
  }
}

void ta_pack(lua_State *L, int first) {
  int count = lua_gettop(L) - first + 1;
  lua_createtable(L, count, 1);
  lua_insert(L, first);
  lua_pushinteger(L, count);
  lua_setfield(L, first, "n");
  while (count > 0) lua_rawseti(L, first, count--);
}

int ta_unpack(lua_State *L) {
  int packed = lua_gettop(L);
  lua_getfield(L, packed, "n");
  int count = (int)lua_tointeger(L, -1);
  luaL_checkstack(L, count, "too many results");
  lua_pop(L, 1);
  for (int i = 1; i <= count; i++) lua_rawgeti(L, packed, i);
  lua_remove(L, packed);
  return count;
}

void *ta_to_kind(struct ta_runner *runner, lua_State *L, int index, int which) {
  void *object = lua_touserdata(L, index);
  if (!object || !lua_getmetatable(L, index)) return NULL;
  const void *kind = lua_topointer(L, -1);
  bool same = kind == runner->kinds[which] || kind == runner->unnamed[which];
  lua_pop(L, 1);
  return same ? object : NULL;
}

void *ta_check_kind(lua_State *L, int which, const char *type) {
  void *object = ta_to_kind(ta_upvalue_runner(L), L, 1, which);
  if (!object) luaL_typeerror(L, 1, type);
  return object;
}

bool ta_is_callable(lua_State *L, int index) {
  if (lua_isfunction(L, index)) return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
  lua_pop(L, 1);
  return true;
}

static const char *type_of(lua_State *L, int index) {
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) return lua_tostring(L, -1);
  return luaL_typename(L, index);
}

int ta_raise_type(lua_State *L, int index, const char *expected, const char *advice) {
  const char *got = type_of(L, index);
  return luaL_argerror(L, index,
                       lua_pushfstring(L, "%s expected, got %s; %s", expected, got, advice));
}

void ta_check_callable(lua_State *L, int index, const char *example) {
  if (ta_is_callable(L, index)) return;
  const char *got = type_of(L, index);
  luaL_argerror(
      L, index,
      lua_pushfstring(L, "function expected, got %s; pass the function itself: %s", got, example));
}

const char *ta_push_shown(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TNUMBER) return lua_pushstring(L, luaL_typename(L, index));
  if (isnan(lua_tonumber(L, index))) return lua_pushliteral(L, "nan");
  return luaL_tolstring(L, index, NULL);
}

const char *ta_push_readable(lua_State *L, int index) {
  luaL_tolstring(L, index, NULL);
  return ta_push_without_zeros(L, -1);
}

bool ta_is_word(lua_State *L, int index, const char *word) {
  size_t length;
  if (lua_type(L, index) != LUA_TSTRING) return false;
  const char *text = lua_tolstring(L, index, &length);
  return length == strlen(word) && memcmp(text, word, length) == 0;
}

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

double ta_check_seconds(lua_State *L, int index, const char *what) {
  double seconds = lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TNUMBER)
    luaL_error(L, "%s must be a number, got %s", what, luaL_typename(L, index));
  if (isnan(seconds)) luaL_error(L, "%s must be a number, got nan", what);
  return seconds;
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
