/* SPDX-License-Identifier: MIT */
#include "io/anchor.h"

#include <lauxlib.h>
#include <stdbool.h>

/* Under the address of this one in the registry: tables, as luaL_ref() has them, of what each
 * keeps, with the anchor's own address first. */
static const char anchors;

#define USUAL 4 /* values that one keeps */

static void push_anchors(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &anchors);
}

/* Those that are left have lost their objects. */
static int l_lose_all(lua_State *L) {
  lua_settop(L, 1);
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    struct ta_anchor *anchor = NULL;
    if (lua_istable(L, -1)) {
      lua_rawgeti(L, -1, 1);
      anchor = lua_touserdata(L, -1);
    }
    lua_settop(L, 2);
    if (anchor) anchor->lost(anchor);
  }
  return 0;
}

void ta_set_up_anchors(lua_State *L) {
  push_anchors(L);
  bool is_there = !lua_isnil(L, -1);
  lua_pop(L, 1);
  if (is_there) return;
  lua_newtable(L);
  lua_newtable(L);
  lua_pushcfunction(L, l_lose_all);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &anchors);
}

int ta_reserve_anchor(lua_State *L) {
  luaL_checkstack(L, 3, NULL);
  push_anchors(L);
  lua_createtable(L, USUAL, 0);
  int place = luaL_ref(L, -2);
  lua_pop(L, 1);
  return place;
}

void ta_release_anchor(lua_State *L, int place) {
  push_anchors(L);
  luaL_unref(L, -1, place);
  lua_pop(L, 1);
}

void ta_open_anchor(lua_State *L, int place, void (*lost)(struct ta_anchor *anchor),
                    struct ta_anchor *anchor) {
  *anchor = (struct ta_anchor){.place = place, .lost = lost};
  push_anchors(L);
  lua_rawgeti(L, -1, place);
  lua_pushlightuserdata(L, anchor);
  lua_rawseti(L, -2, 1);
  lua_pop(L, 2);
}

void ta_keep_at_anchor(lua_State *L, const struct ta_anchor *anchor, int index) {
  index = lua_absindex(L, index);
  luaL_checkstack(L, 3, NULL);
  push_anchors(L);
  lua_rawgeti(L, -1, anchor->place);
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 2);
}

void ta_close_anchor(lua_State *L, const struct ta_anchor *anchor) {
  ta_release_anchor(L, anchor->place);
}
