/* SPDX-License-Identifier: MIT */
#include "io/script.h"

#include <lauxlib.h>

#include "tinyasync_lib.h"

int ta_l_raise(lua_State *L) {
  return ta_error(L, "%s", luaL_checkstring(L, 1));
}

int ta_l_can_be_called(lua_State *L) {
  lua_pushboolean(L, ta_is_callable(L, 1));
  return 1;
}
