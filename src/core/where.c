/* SPDX-License-Identifier: MIT */
#include "core/where.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool ta_is_scripts_frame(const lua_Debug *ar) {
  return ar->currentline > 0 && strcmp(ar->source, TA_CHUNK_SOURCE) != 0;
}

bool ta_where(lua_State *L, int level, ta_where_shown where) {
  lua_Debug ar;
  for (; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (!ta_is_scripts_frame(&ar)) continue;
    snprintf(where, sizeof(ta_where_shown), "%s:%d", ar.short_src, ar.currentline);
    return true;
  }
  return false;
}

int ta_error(lua_State *L, const char *format, ...) {
  lua_Debug ar;
  ta_where_shown where;
  va_list arguments;
  luaL_where(L, 1);
  if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "Sl", &ar) && ar.currentline > 0 &&
      !ta_is_scripts_frame(&ar)) { /* the library's own lines say nothing */
    lua_pop(L, 1);
    ta_where(L, 1, where) ? lua_pushfstring(L, "%s: ", where) : lua_pushliteral(L, "");
  }
  va_start(arguments, format);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  lua_concat(L, 2);
  return lua_error(L);
}
