/* SPDX-License-Identifier: MIT */
#include "library/protocol.h"

#include <lauxlib.h>

#include "core/kit.h"
#include "core/wait.h"
#include "library/actions.h"
#include "library/await.h"

static int raise_not_an_action(lua_State *L, const char *got) {
  return luaL_error(L, "a task must yield a table with an action, got %s", got);
}

/* Pushes the action that the value at index 1 asks for, or raises.  False: it
 * asks for a turn only, and nothing was pushed. */
static bool push_action(lua_State *L) {
  if (lua_isnoneornil(L, 1)) return false;
  if (!lua_istable(L, 1)) raise_not_an_action(L, lua_pushfstring(L, "a %s", luaL_typename(L, 1)));
  int type = lua_getfield(L, 1, "action");
  if (type == LUA_TNIL) raise_not_an_action(L, "a table without one");
  if (type != LUA_TSTRING)
    raise_not_an_action(L, lua_pushfstring(L, "one that is a %s", lua_typename(L, type)));
  return true;
}

/* The delay of the sleep that the table at index 1 asks for. */
static double check_request(lua_State *L) {
  lua_getfield(L, 1, "delay");
  return ta_check_delay(L, -1, "sleep: delay");
}

int ta_await_yielded(struct ta_runner *runner, lua_State *L, const char *by) {
  int results;
  ta_check_wait(runner, L, by);
  if (ta_await_value(runner, L, &results)) return results;
  if (!push_action(L)) return ta_give_turn(runner, L, &ta_turn_kind);
  if (ta_is_word(L, -1, "sleep")) return ta_sleep(runner, L, check_request(L));
  return ta_await_action(runner, L);
}

/* What a yield that came past our own coroutine.yield asks for: the delay of
 * the sleep, 0 for a turn. */
static int l_read_request(lua_State *L) {
  double delay = 0;
  if (push_action(L)) {
    if (!ta_is_word(L, -1, "sleep"))
      luaL_error(L, "Unknown async action '%s'.", ta_push_readable(L, -1));
    delay = check_request(L);
  }
  lua_pushnumber(L, delay);
  return 1;
}

int ta_await_foreign(struct ta_runner *runner, struct ta_task *task, int count) {
  lua_State *L = runner->L;
  lua_pushcfunction(L, l_read_request);
  if (count == 0) {
    lua_pushnil(L);
  } else {
    lua_pop(task->co, count - 1);
    lua_xmove(task->co, L, 1);
  }
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) return -1;
  double delay = lua_tonumber(L, -1);
  lua_pop(L, 1);
  ta_sleep_foreign(runner, task, delay);
  return 0;
}
