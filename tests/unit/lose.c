/* SPDX-License-Identifier: MIT */
#include "unit/lose.h"

#include <string.h>

static int lost;

int count_lost(void) {
  return lost;
}

static void count(void *data, const char *message, int to_be_continued) {
  (void)data, (void)to_be_continued;
  if (strcmp(message, "error in ") == 0) lost++;
}

/* (world): collects all garbage, and what its finalizers have left, where no function can be
 * called any more. */
static int l_collect_in_vain(lua_State *L) {
  struct world *world = lua_touserdata(L, 1);
  world->most = 1;
  for (int i = 0; i < 3; i++) lua_gc(L, LUA_GCCOLLECT);
  world->most = 0;
  return 0;
}

/* A new coroutine has room for one call. */
static int l_lose(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  lua_gc(L, LUA_GCSTOP);
  lua_State *co = lua_newthread(L);
  lua_pushcfunction(co, l_collect_in_vain);
  lua_pushlightuserdata(co, world);
  lua_gc(L, LUA_GCRESTART);
  CHECK(lua_pcall(co, 1, 0, 0) == LUA_OK);
  return 0;
}

void add_lose(struct world *world) {
  lua_setwarnf(world->L, count, NULL);
  lua_pushlightuserdata(world->L, world);
  lua_pushcclosure(world->L, l_lose, 1);
  lua_setglobal(world->L, "lose");
  lost = 0;
}
