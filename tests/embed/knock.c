/* SPDX-License-Identifier: MIT
 *
 * knock.c -- a wait that another thread ends, for scripts of the command line.
 */
#include <lauxlib.h>
#include <pthread.h>

#include "tinyasync_lib.h"

/* Somebody who waits at the door, and the thread that knocks. */
struct door {
  struct ta_runner *runner;
  struct ta_ticket ticket;
  pthread_t thread;
};

static const struct ta_wait_kind knock_kind = {.action = "knock"};

static void *knock(void *data) {
  const struct door *door = data;
  while (ta_wake(door->runner, door->ticket) != 0) continue;
  return NULL;
}

static int k_wait(lua_State *L, int status, lua_KContext context) {
  const struct door *door = lua_touserdata(L, -1);
  (void)status, (void)context;
  pthread_join(door->thread, NULL);
  return 0;
}

static int l_wait(lua_State *L) {
  struct ta_runner *runner = ta_runner_of(L);
  struct door *door = lua_newuserdatauv(L, sizeof *door, 0);
  door->runner = runner;
  door->ticket = ta_take_ticket(runner, L, &knock_kind, NULL);
  if (pthread_create(&door->thread, NULL, knock, door) != 0) return luaL_error(L, "no thread");
  return ta_park(runner, L, door->ticket, 0, k_wait);
}

__attribute__((visibility("default"))) int luaopen_knock(lua_State *L);

int luaopen_knock(lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_wait);
  lua_setfield(L, -2, "wait");
  return 1;
}
