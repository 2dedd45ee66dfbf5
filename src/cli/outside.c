/* SPDX-License-Identifier: MIT */
#include "cli/outside.h"

#include <lauxlib.h>
#include <lualib.h>

/* Pops a function, or whatever else was found in its place. */
static lua_CFunction pop_function(lua_State *L) {
  lua_CFunction function = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return function;
}

/* The C function `name` in the library on top. */
static lua_CFunction find(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  return pop_function(L);
}

/* The same, of the file on top. */
static lua_CFunction find_method(lua_State *L, const char *name) {
  luaL_getmetafield(L, -1, "__index");
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
  return pop_function(L);
}

/* What lines() gives for the file on top: for standard input it is not Lua's own. */
static lua_CFunction find_iterator(lua_State *L) {
  lua_getfield(L, -1, "lines");
  lua_pushvalue(L, -2);
  lua_call(L, 1, 1);
  return pop_function(L);
}

void ta_outside_find(struct ta_outside *outside, lua_State *L) {
  lua_CFunction *call = outside->calls;
  lua_getglobal(L, LUA_OSLIBNAME);
  *call++ = find(L, "execute");
  lua_getglobal(L, LUA_IOLIBNAME);
  outside->reads[0] = find(L, "read");
  *call++ = find(L, "write");
  *call++ = find(L, "close");
  *call++ = find(L, "flush");
  lua_getfield(L, -1, "stdin");
  outside->reads[1] = find_method(L, "read");
  outside->reads[2] = find_iterator(L);
  *call++ = find_method(L, "write");
  *call++ = find_method(L, "close");
  *call++ = find_method(L, "flush");
  lua_pop(L, 1);
  lua_getfield(L, -1, "stdout");
  outside->reads[3] = find_iterator(L);
  lua_pop(L, 3);
}

static bool is_among(lua_CFunction function, const lua_CFunction *list, int count) {
  while (count > 0)
    if (list[--count] == function) return true;
  return false;
}

/* Has the function returned nil or false first? */
static bool has_failed(lua_State *L, const lua_Debug *ar) {
  if (ar->ntransfer == 0 || !lua_getlocal(L, ar, ar->ftransfer)) return false;
  bool failed = !lua_toboolean(L, -1);
  lua_pop(L, 1);
  return failed;
}

static bool is_call(const struct ta_outside *outside, lua_CFunction function) {
  return is_among(function, outside->calls, TA_OUTSIDE_CALLS);
}

enum ta_outside_call ta_outside_look(const struct ta_outside *outside, lua_State *L) {
  lua_Debug ar;
  if (!lua_checkstack(L, LUA_MINSTACK)) return TA_OUTSIDE_NONE;
  for (int level = 0; level <= 1 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "fr", &ar);
    lua_CFunction function = pop_function(L);
    if (function && is_among(function, outside->reads, TA_OUTSIDE_READS)) return TA_OUTSIDE_MET;
    if (level == 0 && function && is_call(outside, function))
      return has_failed(L, &ar) ? TA_OUTSIDE_MET : TA_OUTSIDE_DONE;
  }
  return TA_OUTSIDE_NONE;
}
