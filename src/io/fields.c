/* SPDX-License-Identifier: MIT */
#include "io/fields.h"

#include <lauxlib.h>

/* Upvalues of what finds fields, after the Runner. */
enum { METHODS = 2, FIELDS };

/* A method, or a field, or what a table of methods says of others. */
static int l_index(lua_State *L) {
  const struct ta_fields *fields = lua_touserdata(L, lua_upvalueindex(FIELDS));
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(METHODS)) != LUA_TNIL) return 1;
  lua_settop(L, 2);
  const void *object = ta_to_object(ta_upvalue_runner(L), L, 1, fields->kind);
  bool may_be = object && lua_type(L, 2) == LUA_TSTRING;
  if (may_be && fields->push(L, object, lua_tostring(L, 2))) return 1;
  lua_settop(L, 2);
  lua_gettable(L, lua_upvalueindex(METHODS));
  return 1;
}

void ta_complete_kind(struct ta_runner *runner, lua_State *L, const struct ta_fields *fields) {
  lua_getmetatable(L, -1);
  int metatable = lua_gettop(L);
  if (lua_getfield(L, metatable, "__index") == LUA_TTABLE) {
    ta_push_function(runner, L, l_index);
    lua_getupvalue(L, -1, 1);
    lua_pushvalue(L, metatable + 1);
    lua_pushlightuserdata(L, (void *)(uintptr_t)fields);
    lua_pushcclosure(L, l_index, FIELDS);
    lua_setfield(L, metatable, "__index");
  }
  lua_settop(L, metatable - 1);
}

int ta_l_add_methods(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  if (!lua_getmetatable(L, 1) || lua_getfield(L, -1, "__index") != LUA_TFUNCTION) return 0;
  lua_getupvalue(L, -1, METHODS);
  int methods = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, methods);
  }
  return 0;
}
