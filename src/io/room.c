/* SPDX-License-Identifier: MIT */
#include "io/room.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

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
