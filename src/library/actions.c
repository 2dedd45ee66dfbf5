/* SPDX-License-Identifier: MIT */
#include "library/actions.h"

#include <lauxlib.h>
#include <string.h>

#include "core/cancel.h"
#include "core/kit.h"
#include "core/wait.h"
#include "library/spawn.h"
#include "words/failure.h"
#include "words/wording.h"

/* ------------------------------------------------------------ async.actions */

void ta_name_action(struct ta_runner *runner, lua_State *L, const char *action) {
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_NAMED_ACTIONS);
  lua_pushboolean(L, true);
  lua_setfield(L, -2, action);
  lua_pop(L, 1);
}

static void check_name(struct ta_runner *runner, lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TSTRING)
    luaL_error(L, "actions: expected a string as the name, got %s", luaL_typename(L, index));
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_NAMED_ACTIONS);
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) != LUA_TNIL)
    luaL_error(L, "actions: '%s' is built in", lua_tostring(L, index));
  lua_pop(L, 2);
}

/* (async.actions, name, handler); the handlers are upvalue 2. */
static int l_actions_newindex(lua_State *L) {
  check_name(ta_upvalue_runner(L), L, 2);
  if (!lua_isnil(L, 3) && !ta_is_callable(L, 3))
    return luaL_error(L, "actions: expected a function for '%s', got %s", ta_push_readable(L, 2),
                      luaL_typename(L, 3));
  ta_check_open(ta_upvalue_runner(L), L);
  lua_settop(L, 3);
  lua_rawset(L, lua_upvalueindex(2));
  return 0;
}

/* pairs(async.actions) goes over the handlers. */
static int l_actions_pairs(lua_State *L) {
  ta_check_open(ta_upvalue_runner(L), L);
  lua_pushcfunction(L, ta_l_next);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushnil(L);
  return 3;
}

/* Sets the field of the metatable at -2 to a function whose upvalue 2 is the table on top. */
static void set_over_handlers(struct ta_runner *runner, lua_State *L, const char *field,
                              lua_CFunction function) {
  ta_push_runner(runner, L);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, function, 2);
  lua_setfield(L, -3, field);
}

/* The handlers are the Runner's, however often the library is opened: so many tables show
 * the same ones. */
void ta_push_actions(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  lua_newtable(L); /* its metatable */
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_ACTIONS);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__index");
  set_over_handlers(runner, L, "__newindex", l_actions_newindex);
  set_over_handlers(runner, L, "__pairs", l_actions_pairs);
  lua_pop(L, 1);
  lua_setmetatable(L, -2);
}

/* ------------------------------------------------------------- one such wait */

/* A userdata on the stack of the function that waits, to be closed there. */
struct action {
  struct ta_wait_kind kind; /* named after the action */
  struct ta_ticket ticket;
  bool done;   /* wake or fail was called in time */
  bool failed; /* it was fail */
  bool closed; /* the wait is over */
};

/* Its user values. */
enum { ACTION_RESULT = 1, ACTION_CANCEL, ACTION_NAME };

/* The stack of the function that waits. */
enum { REQUEST = 1, ACTION };

/* Completes the wait of upvalue 2, unless it was given up, with the value on
 * top. */
static int complete(lua_State *L, bool failed) {
  struct action *action = lua_touserdata(L, lua_upvalueindex(2));
  bool ended = ta_unpark(ta_upvalue_runner(L), action->ticket);
  if (ended) {
    lua_setiuservalue(L, lua_upvalueindex(2), ACTION_RESULT);
    action->done = true;
    action->failed = failed;
  }
  lua_pushboolean(L, ended);
  return 1;
}

static bool is_over(lua_State *L) {
  const struct action *action = lua_touserdata(L, lua_upvalueindex(2));
  return action->done || action->closed || !ta_upvalue_runner(L)->L;
}

static int give_false(lua_State *L) {
  lua_pushboolean(L, false);
  return 1;
}

static int l_wake(lua_State *L) {
  if (is_over(L)) return give_false(L);
  ta_pack(L, 1);
  return complete(L, false);
}

static int l_fail(lua_State *L) {
  if (is_over(L)) return give_false(L);
  lua_settop(L, 1);
  return complete(L, true);
}

static int give_results(lua_State *L) {
  const struct action *action = lua_touserdata(L, ACTION);
  lua_getiuservalue(L, ACTION, ACTION_RESULT);
  if (action->failed) return lua_error(L);
  return ta_unpack(L);
}

static int k_action(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return give_results(L);
}

static void push_callback(struct ta_runner *runner, lua_State *L, lua_CFunction function) {
  ta_push_runner(runner, L);
  lua_pushvalue(L, ACTION);
  lua_pushcclosure(L, function, 2);
}

/* Calls the handler on top, and keeps the function that it returns. */
static void call_handler(struct ta_runner *runner, lua_State *L, const char *name) {
  lua_pushvalue(L, REQUEST);
  push_callback(runner, L, l_wake);
  push_callback(runner, L, l_fail);
  lua_call(L, 3, 1);
  if (!lua_isnil(L, -1) && !ta_is_callable(L, -1))
    luaL_error(L, "%s: the handler must return a function or nothing, got %s", name,
               luaL_typename(L, -1));
  lua_setiuservalue(L, ACTION, ACTION_CANCEL);
}

/* Replaces the action's name on top by the wait for it. */
static struct action *push_action(struct ta_runner *runner, lua_State *L) {
  struct action *action = lua_newuserdatauv(L, sizeof *action, 3);
  memset(action, 0, sizeof *action);
  lua_insert(L, -2);
  action->kind.action = ta_push_without_zeros(L, -1);
  action->kind.by_tasks = true; /* whoever calls wake() or fail() runs Lua */
  lua_setiuservalue(L, -3, ACTION_NAME);
  lua_pop(L, 1);
  ta_registry_push(runner, L, TA_REGISTRY_ACTION);
  lua_setmetatable(L, -2);
  return action;
}

int ta_await_action(struct ta_runner *runner, lua_State *L) {
  int name = lua_gettop(L);
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_ACTIONS);
  lua_pushvalue(L, name);
  if (lua_rawget(L, -2) == LUA_TNIL)
    return luaL_error(L, "Unknown async action '%s'.", ta_push_readable(L, name));
  lua_pushvalue(L, name);
  struct action *action = push_action(runner, L);
  lua_replace(L, ACTION); /* where the name was */
  lua_insert(L, ACTION + 1);
  lua_settop(L, ACTION + 1);
  action->ticket = ta_take_ticket(runner, L, &action->kind, action);
  lua_toclose(L, ACTION); /* before the handler is called, which may fail */
  call_handler(runner, L, action->kind.action);
  lua_settop(L, ACTION);
  return ta_park(runner, L, action->ticket, 0, k_action);
}

/* The wait is over; if it was given up, the handler's `cancel` is called. */
static int l_action_close(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct action *action = lua_touserdata(L, 1);
  if (action->closed) return 0;
  action->closed = true;
  if (!action->done && runner->L) ta_unpark(runner, action->ticket); /* it has not ended yet */
  if (action->done || lua_getiuservalue(L, 1, ACTION_CANCEL) == LUA_TNIL) return 0;
  if (lua_pcall(L, 0, 0, 0) == LUA_OK || ta_is_in_force(runner, L, -1)) return 0;
  lua_pushfstring(L, "cancel of action '%s': ", action->kind.action);
  ta_push_message(L, -2);
  lua_concat(L, 2);
  if (runner->current)
    ta_report_other(runner, runner->current, lua_tostring(L, -1), lua_rawlen(L, -1));
  return 0;
}

void ta_actions_setup(struct ta_runner *runner, lua_State *L) {
  static const char *const of_the_kernel[] = {"checkpoint", "closing", "sleep", "turn"};
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_ACTIONS);
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_NAMED_ACTIONS);
  for (size_t i = 0; i < sizeof of_the_kernel / sizeof *of_the_kernel; i++)
    ta_name_action(runner, L, of_the_kernel[i]);
  lua_newtable(L);
  ta_set_function(runner, L, "__close", l_action_close);
  ta_registry_set(runner, L, TA_REGISTRY_ACTION);
}
