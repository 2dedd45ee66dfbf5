/* SPDX-License-Identifier: MIT
 *
 * knock.c -- a wait that another thread ends, for scripts of the command line.
 */
#include <lauxlib.h>
#include <pthread.h>

#include "tinyasync_lib.h"

/* Where somebody waits, and the thread that knocks. */
struct door {
  struct ta_runner *runner;
  struct ta_ticket ticket;
  pthread_t thread;
};

static int l_wait(lua_State *L);

static const struct ta_function door_methods[] = {{"wait", l_wait}, {NULL, NULL}};
static const struct ta_object_kind door_kind = {.name = "Door", .methods = door_methods};
static const struct ta_wait_kind knock_kind = {.action = "knock"};

static void *knock(void *data) {
  const struct door *door = data;
  while (ta_wake(door->runner, door->ticket) != 0) continue;
  return NULL;
}

static int k_wait(lua_State *L, int status, lua_KContext context) {
  const struct door *door = ta_check_object(L, 1, &door_kind);
  (void)status, (void)context;
  pthread_join(door->thread, NULL);
  return 0;
}

/* (door) */
static int l_wait(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct door *door = ta_check_object(L, 1, &door_kind);
  lua_settop(L, 1);
  door->ticket = ta_take_ticket(runner, L, &knock_kind, NULL);
  if (pthread_create(&door->thread, NULL, knock, door) != 0) return luaL_error(L, "no thread");
  return ta_park(runner, L, door->ticket, 0, k_wait);
}

static int l_door(lua_State *L) {
  struct ta_runner *runner = ta_runner_of(L);
  struct door *door = ta_push_object(runner, L, &door_kind, sizeof *door, 0);
  door->runner = runner;
  return 1;
}

__attribute__((visibility("default"))) int luaopen_knock(lua_State *L);

int luaopen_knock(lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_door);
  lua_setfield(L, -2, "door");
  return 1;
}
