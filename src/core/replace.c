/* SPDX-License-Identifier: MIT */
#include "core/replace.h"

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
  ta_registry_push(runner, L, TA_REGISTRY_REPLACED);
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
  ta_registry_push(runner, L, TA_REGISTRY_REPLACED);
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
