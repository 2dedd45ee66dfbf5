/* SPDX-License-Identifier: MIT */
#include "io/room.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "io/nearest.h"

int ta_push_room(lua_State *L, const struct ta_room *rooms) {
  const char *name = luaL_checkstring(L, 1);
  const struct ta_room *room = rooms;
  while (room->name && strcmp(room->name, name) != 0) room++;
  luaL_argcheck(L, room->name, 1, "no such room");
  ta_push_chunk(ta_upvalue_runner(L), L, room->lines);
  return 1;
}

int ta_l_raise(lua_State *L) {
  return ta_error(L, "%s", luaL_checkstring(L, 1));
}

int ta_l_can_be_called(lua_State *L) {
  lua_pushboolean(L, ta_is_callable(L, 1));
  return 1;
}

/* (name, option, table of those that there are) */
static int refuse_option(lua_State *L, int name, int option, int known) {
  lua_pushcfunction(L, ta_l_hint);
  lua_pushvalue(L, option);
  lua_pushvalue(L, known);
  lua_call(L, 2, 1);
  const char *hint = lua_tostring(L, -1), *wrong = luaL_tolstring(L, option, NULL);
  return ta_error(L, "%s: unknown option '%s'%s", lua_tostring(L, name), wrong, hint);
}

int ta_l_check_options(lua_State *L) {
  enum { NAME = 1, GIVEN, KNOWN, KEY, VALUE };
  const char *name = luaL_checkstring(L, NAME);
  luaL_checktype(L, KNOWN, LUA_TTABLE);
  lua_settop(L, KNOWN);
  if (lua_isnil(L, GIVEN)) return lua_newtable(L), 1;
  if (!lua_istable(L, GIVEN))
    return ta_error(L, "%s: options must be a table, got %s", name, luaL_typename(L, GIVEN));
  for (lua_pushnil(L); lua_next(L, GIVEN); lua_settop(L, KEY)) {
    lua_pushvalue(L, KEY);
    if (lua_rawget(L, KNOWN) == LUA_TNIL) return refuse_option(L, NAME, KEY, KNOWN);
  }
  lua_pushvalue(L, GIVEN);
  return 1;
}

int ta_l_metatable(lua_State *L) {
  return lua_getmetatable(L, 1) ? 1 : 0;
}

int ta_l_getenv(lua_State *L) {
  lua_pushstring(L, getenv(luaL_checkstring(L, 1)));
  return 1;
}

int ta_l_enter(lua_State *L) {
  ta_check_wait(ta_upvalue_runner(L), L, luaL_checkstring(L, 1));
  return 0;
}
