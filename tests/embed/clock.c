/* SPDX-License-Identifier: MIT
 *
 * clock.c -- what plain Lua lacks for an event loop: a clock, and to wait by it.
 */
#include <lauxlib.h>
#include <time.h>

/* now(): seconds */
static int l_now(lua_State *L) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  lua_pushnumber(L, (double)now.tv_sec + (double)now.tv_nsec * 1e-9);
  return 1;
}

/* sleep(seconds) */
static int l_sleep(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  luaL_argcheck(L, seconds >= 0 && seconds <= 86400, 1, "not a time to sleep");
  time_t whole = (time_t)seconds;
  struct timespec rest = {.tv_sec = whole, .tv_nsec = (long)((seconds - (double)whole) * 1e9)};
  nanosleep(&rest, NULL);
  return 0;
}

__attribute__((visibility("default"))) int luaopen_clock(lua_State *L);

int luaopen_clock(lua_State *L) {
  static const luaL_Reg functions[] = {{"now", l_now}, {"sleep", l_sleep}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
