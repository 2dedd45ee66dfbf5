/* SPDX-License-Identifier: MIT */
#include "core/kit.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void ta_push_function(struct ta_runner *runner, lua_State *L, lua_CFunction function) {
  ta_check_open(runner, L);
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

/* -------------------------------------------------------------------- kinds */

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
  if (!runner->kinds[TA_REGISTRY_MISSING]) {
    lua_createtable(L, 0, 1);
    ta_set_function(runner, L, "__index", l_missing);
    ta_registry_set(runner, L, TA_REGISTRY_MISSING);
  }
  ta_registry_push(runner, L, TA_REGISTRY_MISSING);
}

#define METATABLE 4 /* fields of a kind's, about: a table that has room grows no more */

static int count_functions(const struct ta_function *functions) {
  int count = 0;
  while (functions && functions[count].name) count++;
  return count;
}

void ta_new_methods(struct ta_runner *runner, lua_State *L, const char *name,
                    const struct ta_function *methods) {
  lua_createtable(L, 1, count_functions(methods));
  if (methods) ta_set_functions(runner, L, methods);
  lua_pushstring(L, name);
  lua_rawseti(L, -2, 1);
  push_missing(runner, L);
  lua_setmetatable(L, -2);
}

void ta_new_kind(struct ta_runner *runner, lua_State *L, const char *name,
                 const struct ta_function *methods) {
  lua_createtable(L, 0, METATABLE);
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
  ta_registry_set(runner, L, which);
}

/* ------------------------------------------------------------------- values */

static int count_fields(lua_State *L, int table) {
  int count = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) count++;
  return count;
}

/* Growing costs more than all else. */
void ta_push_copy(lua_State *L) {
  int table = lua_gettop(L);
  lua_createtable(L, 0, count_fields(L, table));
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

/* The field `n` of the table on top. */
static int check_packed_count(lua_State *L) {
  int is_whole;
  lua_getfield(L, -1, "n");
  lua_Integer count = lua_tointegerx(L, -1, &is_whole);
  if (!is_whole || count < 0)
    luaL_error(L, "unpack: n must be a whole number from 0 on, got %s", ta_push_shown(L, -1));
  if (count > INT_MAX) luaL_error(L, "unpack: too many results");
  lua_pop(L, 1);
  return (int)count;
}

int ta_unpack(lua_State *L) {
  int packed = lua_gettop(L);
  int count = check_packed_count(L);
  luaL_checkstack(L, count, "too many results");
  for (int i = 1; i <= count; i++) lua_rawgeti(L, packed, i);
  lua_remove(L, packed);
  return count;
}

/* ------------------------------------------------------------------- checks */

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

const char *ta_push_without_zeros(lua_State *L, int index) {
  luaL_Buffer buffer;
  size_t length;
  const char *text = lua_tolstring(L, index, &length);
  ta_check_stack(L, LUA_MINSTACK);
  char *copy = luaL_buffinitsize(L, &buffer, length);
  for (size_t i = 0; i < length; i++) copy[i] = text[i] ? text[i] : ' ';
  luaL_pushresultsize(&buffer, length);
  return lua_tostring(L, -1);
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

double ta_check_seconds(lua_State *L, int index, const char *what) {
  double seconds = lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TNUMBER)
    luaL_error(L, "%s must be a number, got %s", what, luaL_typename(L, index));
  if (isnan(seconds)) luaL_error(L, "%s must be a number, got nan", what);
  return seconds;
}

int ta_l_next(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_next(L, 1)) return 2;
  lua_pushnil(L);
  return 1;
}
