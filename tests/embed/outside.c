/* SPDX-License-Identifier: MIT */
#include "embed/outside.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

/* next_tick(): waits for one of the host's, which unparks the ticket between two passes. */
static struct ta_ticket waiting;

static const struct ta_wait_kind tick_kind = {.action = "tick"};

static int k_tick(lua_State *L, int status, lua_KContext context) {
  const struct outside_host *host = lua_touserdata(L, lua_upvalueindex(1));
  (void)status, (void)context;
  lua_pushinteger(L, host->ticks);
  return 1;
}

static int l_next_tick(lua_State *L) {
  struct outside_host *host = lua_touserdata(L, lua_upvalueindex(1));
  struct ta_runner *runner = ta_outside_runner(host->outside);
  waiting = ta_take_ticket(runner, L, &tick_kind, NULL);
  return ta_park(runner, L, waiting, 0, k_tick);
}

void outside_tick(struct outside_host *host) {
  host->ticks++;
  ta_unpark(ta_outside_runner(host->outside), waiting);
}

static int l_passes(lua_State *L) {
  const struct outside_host *host = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushinteger(L, host->passes);
  return 1;
}

static void on_failure(void *data, const struct ta_failure *failure) {
  (void)data;
  fprintf(stderr, "Error in task: %s\n", failure->message);
}

/* (host, number of arguments, arguments) */
static int l_open(lua_State *L) {
  struct outside_host *host = lua_touserdata(L, 1);
  int argc = (int)lua_tointeger(L, 2);
  char **argv = lua_touserdata(L, 3);
  luaL_openlibs(L);
  ta_outside_install(host->outside, L, TA_OPEN_ALL);
  ta_on_failure(ta_outside_runner(host->outside), on_failure, NULL);
  lua_pushlightuserdata(L, host);
  lua_pushcclosure(L, l_next_tick, 1);
  lua_setglobal(L, "next_tick");
  lua_pushlightuserdata(L, host);
  lua_pushcclosure(L, l_passes, 1);
  lua_setglobal(L, "passes");
  if (luaL_loadfile(L, argv[1]) != LUA_OK) return lua_error(L);
  for (int i = 2; i < argc; i++) lua_pushstring(L, argv[i]);
  ta_add_task(ta_outside_runner(host->outside), L, argc - 2, NULL);
  return 0;
}

void outside_open(struct outside_host *host, int argc, char **argv) {
  host->L = luaL_newstate();
  if (argc < 2 || !host->L || ta_outside_open(&host->outside) != 0) exit(EXIT_FAILURE);
  lua_pushcfunction(host->L, l_open);
  lua_pushlightuserdata(host->L, host);
  lua_pushinteger(host->L, argc);
  lua_pushlightuserdata(host->L, argv);
  if (lua_pcall(host->L, 3, 0, 0) == LUA_OK) return;
  fprintf(stderr, "%s\n", lua_tostring(host->L, -1));
  exit(EXIT_FAILURE);
}

int outside_pass(struct outside_host *host) {
  double delay;
  host->passes++;
  if (ta_outside_pass(host->outside, &delay) == TA_DONE) host->done = true;
  return (int)ceil(fmin(delay, 86400) * 1e3);
}

void outside_close(struct outside_host *host) {
  ta_outside_close(host->outside);
  lua_close(host->L);
  ta_outside_free(host->outside);
}
