/* SPDX-License-Identifier: MIT */
#include "core/runner.h"

#include "core/where.h"

void ta_push_runner(struct ta_runner *runner, lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, runner);
}

/* All else is kept once for good: what scripts have made goes by it, and the library may be
 * opened again. */
static bool is_kept_anew(int which) {
  return which == TA_REGISTRY_SPAWNER || which == TA_REGISTRY_COUNTS;
}

void ta_registry_set(struct ta_runner *runner, lua_State *L, int which) {
  if (TA_UNLIKELY(!runner->L) || (runner->kinds[which] && !is_kept_anew(which))) {
    lua_pop(L, 1);
    return;
  }
  runner->kinds[which] = lua_topointer(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, runner->references[which]);
}

int ta_raise_memory(lua_State *L) {
  lua_pushliteral(L, "not enough memory"); /* Lua keeps this string ready */
  return lua_error(L);
}

void ta_check_open(const struct ta_runner *runner, lua_State *L) {
  if (TA_UNLIKELY(!runner->L)) ta_error(L, "the Runner was closed");
}

void ta_check_stack(lua_State *L, int count) {
  if (!lua_checkstack(L, count)) ta_raise_memory(L);
}

void ta_read_clock(struct ta_runner *runner) {
  runner->now = runner->clock_read = ta_host_now(runner);
  runner->now_is_old = false;
}
