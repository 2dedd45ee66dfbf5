/* SPDX-License-Identifier: MIT
 *
 * call_later, now and on_error, and finalizers wherever memory is asked for, may do
 * anything: close the adapter, make another, run the program's loop.  So whatever may
 * run Lua comes first, and then state is looked at.
 */
#include "module/adapter.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>
#include <time.h>

#include "module/tell.h"

/* Under its address the registry keeps the last adapter that was made, or false. */
static const char adapter_key;

struct ta_adapter *ta_push_adapter(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &adapter_key);
  return lua_touserdata(L, -1);
}

struct ta_adapter *ta_last_adapter(lua_State *L) {
  struct ta_adapter *adapter = ta_push_adapter(L);
  lua_pop(L, 1);
  return adapter;
}

int ta_push_adapter_value(lua_State *L, int which) {
  ta_push_adapter(L);
  int type = lua_getiuservalue(L, -1, which);
  lua_remove(L, -2);
  return type;
}

void ta_set_last_adapter(lua_State *L) {
  lua_rawsetp(L, LUA_REGISTRYINDEX, &adapter_key);
}

/* ---------------------------------------------------------------- requests */

/* Has the program come back at `due`, HUGE_VAL being never, where nothing may raise. */
static void ask_quietly(lua_State *L, struct ta_adapter *adapter, double due) {
  if (!adapter->runner) return;
  bool asked = lua_checkstack(L, LUA_MINSTACK);
  if (asked) {
    ta_push_adapter_value(L, TA_ADAPTER_ASK);
    lua_pushnumber(L, due);
    lua_pushinteger(L, 0);
    asked = ta_call_quietly(L, 2, 0);
    if (!asked) ta_tell_error(adapter, L);
  }
  if (!asked && adapter->runner) ta_ask_again(adapter->runner);
}

/* A function of Lua's, called by the core, has returned.  What it has kept from being
 * done is asked for once more. */
static void leave(struct ta_adapter *adapter) {
  if (adapter->missed && adapter->busy == 1 && !adapter->in_pass) {
    adapter->missed = false;
    ask_quietly(adapter->L, adapter, TA_SOON);
  }
  adapter->busy--;
}

/* -------------------------------------------------------------------- time */

static double monotonic_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Here and not in Lua, where each call may collect garbage: the finalizers take time, and
 * the answer is old when it is used. */
int ta_read_now(lua_State *L) {
  ta_push_adapter_value(L, TA_ADAPTER_NOW);
  lua_call(L, 0, 1);
  if (lua_type(L, -1) != LUA_TNUMBER)
    return luaL_error(L, "now must return a number of seconds, not a %s", luaL_typename(L, -1));
  if (!isfinite(lua_tonumber(L, -1)))
    return luaL_error(L, "now must return a number of seconds, not %s",
                      luaL_tolstring(L, -1, NULL));
  return 1;
}

/* Time stands still while now() fails; that is told once. */
static void try_now(struct ta_adapter *adapter, lua_State *L) {
  lua_pushcfunction(L, ta_read_now);
  if (ta_call_quietly(L, 0, 1)) {
    adapter->latest = fmax(adapter->latest, lua_tonumber(L, -1));
    adapter->complained = false;
    lua_pop(L, 1);
  } else if (adapter->complained) {
    lua_pop(L, 1);
  } else {
    adapter->complained = true;
    ta_tell_error(adapter, L);
  }
}

double ta_adapter_now(struct ta_adapter *adapter) {
  if (!adapter->has_now) return adapter->latest = monotonic_now();
  if (adapter->reading || !lua_checkstack(adapter->L, LUA_MINSTACK)) return adapter->latest;
  adapter->reading = true;
  adapter->busy++;
  try_now(adapter, adapter->L);
  adapter->reading = false;
  leave(adapter);
  return adapter->latest;
}

/* ------------------------------------------------------------------ passes */

/* Outside a pass the program is asked first: if it refuses, no task is made. */
static void before_spawn(void *data, lua_State *L) {
  enum { CALLER_OF_SPAWN = 3 }; /* as error() counts in ask() */
  const struct ta_adapter *adapter = data;
  if (adapter->in_pass) return;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  ta_push_adapter_value(L, TA_ADAPTER_ASK);
  lua_pushnumber(L, TA_SOON);
  lua_pushinteger(L, CALLER_OF_SPAWN);
  lua_call(L, 2, 0);
}

static void host_call_later(void *data, double delay) {
  struct ta_adapter *adapter = data;
  double due = delay > 0 ? adapter->latest + delay : TA_SOON; /* the clock was just read */
  if (adapter->in_pass) {
    adapter->wanted = due;
    return;
  }
  adapter->busy++;
  ask_quietly(adapter->L, adapter, due);
  leave(adapter);
}

static void run_pass(lua_State *L, struct ta_adapter *adapter) {
  adapter->in_pass = true;
  adapter->busy++;
  adapter->wanted = HUGE_VAL;
  enum ta_pass_result result = ta_pass(adapter->runner, NULL);
  adapter->busy--;
  adapter->in_pass = false;
  if (result != TA_REENTERED) ask_quietly(L, adapter, adapter->wanted);
}

void ta_run_adapter(lua_State *L, struct ta_adapter *adapter) {
  if (adapter->in_pass) return;
  if (adapter->busy > 0)
    adapter->missed = true;
  else
    run_pass(L, adapter);
}

/* -------------------------------------------------------------- the Runner */

static void on_failure(void *data, const struct ta_failure *failure) {
  struct ta_adapter *adapter = data;
  const struct ta_told report = {
      .message = failure->message, .length = failure->message_length, .failure = failure};
  adapter->busy++;
  ta_tell(adapter, adapter->L, &report);
  leave(adapter);
}

static double host_now(void *data) {
  return ta_adapter_now(data);
}

/* (adapter) */
static int l_make_runner(lua_State *L) {
  struct ta_adapter *adapter = lua_touserdata(L, 1);
  const struct ta_host host = {.data = adapter, .now = host_now, .call_later = host_call_later};
  adapter->runner = ta_runner_new(L, &host);
  ta_on_failure(adapter->runner, on_failure, adapter);
  ta_before_spawn(adapter->runner, before_spawn, adapter);
  return 0;
}

void ta_make_adapter_runner(lua_State *L, struct ta_adapter *adapter) {
  lua_State *main = adapter->L;
  if (!lua_checkstack(main, LUA_MINSTACK)) luaL_error(L, "not enough memory");
  lua_pushcfunction(main, l_make_runner);
  lua_pushlightuserdata(main, adapter);
  if (lua_pcall(main, 1, 0, 0) == LUA_OK) return;
  if (main != L) lua_xmove(main, L, 1);
  lua_error(L);
}

/* ----------------------------------------------------------------- closing */

/* Leaves `adapter` alone in the module's table.  From the end of the Runner, which puts the
 * globals back, to that of closing no memory is asked for: nobody can make another adapter
 * meanwhile. */
static void empty_module(lua_State *L) {
  ta_push_adapter_value(L, TA_ADAPTER_MODULE);
  int module = lua_gettop(L);
  lua_pushnil(L);
  lua_setmetatable(L, module);
  lua_pushnil(L);
  while (lua_next(L, module)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "adapter") == 0) continue;
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, module);
  }
  lua_pop(L, 1);
}

static int close_runner(struct ta_adapter *adapter) {
  adapter->busy++;
  int error = ta_close_all(adapter->runner);
  if (!error) error = ta_runner_free(adapter->runner);
  adapter->busy--;
  if (!error) adapter->runner = NULL;
  return error;
}

int ta_close_adapter(lua_State *L, struct ta_adapter *adapter) {
  if (!adapter->runner) return 0;
  if (adapter->busy > 0) return -EBUSY;
  if (!lua_checkstack(L, LUA_MINSTACK)) return -ENOMEM;
  adapter->phase = TA_CLOSING;
  int error = close_runner(adapter);
  if (error) {
    adapter->phase = TA_OPENED;
    return error;
  }
  empty_module(L);
  ta_push_adapter(L);
  for (int which = 1; which <= TA_ADAPTER_USER_VALUES; which++) {
    lua_pushnil(L);
    lua_setiuservalue(L, -2, which);
  }
  lua_pop(L, 1);
  adapter->phase = TA_CLOSED;
  return 0;
}
