/* SPDX-License-Identifier: MIT */
#include "words/wording.h"

#include <lauxlib.h>
#include <stdbool.h>

#define FIELDS_SHOWN 8 /* of a table that is an error */

static int l_tostring(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Integers come before strings; a key of another type is not shown. */
static bool is_shown(lua_State *L, int key) {
  return lua_isinteger(L, key) || lua_type(L, key) == LUA_TSTRING;
}

static bool comes_before(lua_State *L, int key, int other) {
  if (lua_type(L, key) != lua_type(L, other)) return lua_type(L, key) == LUA_TNUMBER;
  return lua_compare(L, key, other, LUA_OPLT);
}

/* Pushes the first keys of the table at `index` in order, at most FIELDS_SHOWN:
 * they stay while memory is asked for and finalizers change the table.  Returns
 * whether there are more. */
static bool push_keys(lua_State *L, int index) {
  int first = lua_gettop(L) + 1;
  bool more = false;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    int key = lua_gettop(L) - 1, to = key;
    lua_pop(L, 1);
    if (is_shown(L, key)) {
      lua_pushvalue(L, key);
      while (to > first && comes_before(L, key + 1, to - 1)) to--;
      lua_insert(L, to);
    }
    if (lua_gettop(L) - first > FIELDS_SHOWN) {
      lua_remove(L, first + FIELDS_SHOWN);
      more = true;
    }
  }
  return more;
}

/* Pushes "code = 5" for the key at `key`. */
static void push_field(lua_State *L, int index, int key) {
  lua_pushvalue(L, key);
  int type = lua_rawget(L, index);
  if (type == LUA_TSTRING)
    lua_pushfstring(L, "\"%s\"", lua_tostring(L, -1));
  else if (type == LUA_TNUMBER || type == LUA_TBOOLEAN)
    luaL_tolstring(L, -1, NULL);
  else
    lua_pushstring(L, luaL_typename(L, -1));
  lua_remove(L, -2);
  const char *format = lua_type(L, key) == LUA_TSTRING ? "%s = " : "[%s] = ";
  lua_pushvalue(L, key);
  lua_pushfstring(L, format, lua_tostring(L, -1));
  lua_replace(L, -2);
  lua_insert(L, -2);
  lua_concat(L, 2);
}

/* Pushes "(error object is a table value: {code = 5})". */
static void push_table_message(lua_State *L, int index) {
  luaL_checkstack(L, FIELDS_SHOWN + LUA_MINSTACK, NULL);
  int top = lua_gettop(L);
  bool more = push_keys(L, index);
  int last = lua_gettop(L);
  lua_pushliteral(L, "(error object is a table value");
  for (int key = top + 1; key <= last; key++) {
    lua_pushstring(L, key > top + 1 ? ", " : ": {");
    push_field(L, index, key);
    lua_concat(L, 3);
  }
  lua_pushstring(L, more ? ", ...})" : last > top ? "})" : ")");
  lua_concat(L, 2);
  lua_insert(L, top + 1);
  lua_settop(L, top + 1);
}

void ta_push_message(lua_State *L, int index) {
  const char *type = luaL_typename(L, index);
  index = lua_absindex(L, index);
  if (lua_isstring(L, index)) {
    luaL_tolstring(L, index, NULL);
  } else if (luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
    if (lua_istable(L, index))
      push_table_message(L, index);
    else
      lua_pushfstring(L, "(error object is a %s value)", type);
  } else {
    lua_pop(L, 1);
    lua_pushcfunction(L, l_tostring);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) return;
    lua_pushfstring(L, "(error object is a %s value, and its __tostring failed: ", type);
    if (lua_isstring(L, -2))
      lua_pushvalue(L, -2);
    else
      lua_pushstring(L, luaL_typename(L, -2));
    lua_pushliteral(L, ")");
    lua_concat(L, 3);
    lua_replace(L, -2);
  }
}
