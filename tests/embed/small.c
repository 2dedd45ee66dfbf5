/* SPDX-License-Identifier: MIT
 *
 * small.c -- a host that is C and C++ alike, for what is installed.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <tinyasync.h>

static double now(void *data) {
  return *(double *)data;
}

int main(void) {
  double time = 0;
  lua_State *L = luaL_newstate();
  struct ta_host host = {};
  host.data = &time;
  host.now = now;
  luaL_openlibs(L);
  struct ta_runner *runner = ta_runner_new(L, &host);
  ta_open(runner, L, TA_OPEN_ALL);
  luaL_loadstring(L, "sleep(2) print('slept until', async.now())");
  ta_add_task(runner, L, 0, NULL);
  lua_pop(L, 1);
  while (ta_pass(runner, &time) == TA_WAITING) continue;
  ta_runner_free(runner);
  lua_close(L);
  return 0;
}
