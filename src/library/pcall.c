/* SPDX-License-Identifier: MIT */
#include "library/pcall.h"

#include <lauxlib.h>

#include "core/cancel.h"
#include "core/replace.h"
#include "library/scope.h"
#include "words/traceback.h"

/* Ends a protected call on whose stack all but the first `extra` values are
 * results. */
static int k_protected(lua_State *L, int status, lua_KContext extra) {
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)extra;
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (ta_is_in_force(runner, L, -1)) return ta_rethrow(runner, L);
  ta_note_caught(runner, L);
  lua_pushboolean(L, false);
  lua_insert(L, -2);
  return 2;
}

static int l_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, true); /* the first result */
  lua_insert(L, 1);
  return k_protected(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, k_protected), 0);
}

/* ------------------------------------------------------------------ handlers */

#define HANDLER 2 /* its place on the stack of xpcall */

static int l_xpcall(lua_State *L);

static lua_CFunction function_at(lua_State *L, lua_Debug *ar) {
  lua_getinfo(L, "f", ar);
  lua_CFunction function = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return function;
}

/* Lua calls the handler that it finds on the stack of the innermost xpcall, and
 * there, as a temporary of that function, another can be put.  Finds that
 * function, if nothing else catches before it; level 0 does not. */
static bool find_xpcall(lua_State *L, lua_Debug *ar) {
  for (int level = 1; lua_getstack(L, level, ar); level++) {
    lua_CFunction function = function_at(L, ar);
    if (function == l_xpcall) return true;
    if (function == l_pcall || ta_is_cancel_scope_function(function)) return false;
  }
  return false;
}

/* (Runner, handler): is called for the cancellation, and puts the handler back.
 * If the cancellation was met on its way, another error comes first. */
static int l_hold_off(lua_State *L) {
  lua_Debug ar;
  if (find_xpcall(L, &ar)) {
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_setlocal(L, &ar, HANDLER);
  }
  lua_settop(L, 1);
  if (ta_is_in_force(ta_upvalue_runner(L), L, 1)) return 1;
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

static void replace_handler(struct ta_runner *runner, lua_State *L, lua_Debug *ar) {
  ta_push_runner(runner, L);
  if (!lua_getlocal(L, ar, HANDLER) || lua_tocfunction(L, -1) == l_hold_off) return;
  lua_pushcclosure(L, l_hold_off, 2);
  lua_setlocal(L, ar, HANDLER);
}

/* Before a cancellation is raised in L: should an xpcall be the next to catch it, its
 * handler is not to be called.  [-0, +0, m] */
static void hold_off(struct ta_runner *runner, lua_State *L) {
  lua_Debug ar;
  int top = lua_gettop(L);
  ta_check_stack(L, LUA_MINSTACK);
  if (find_xpcall(L, &ar)) replace_handler(runner, L, &ar);
  lua_settop(L, top);
}

static int l_xpcall(lua_State *L) {
  int count = lua_gettop(L);
  luaL_checktype(L, HANDLER, LUA_TFUNCTION);
  ta_upvalue_runner(L)->hold_off = hold_off;
  lua_pushboolean(L, true);
  lua_pushvalue(L, 1);
  lua_rotate(L, HANDLER + 1, 2); /* function, handler, true, function, arguments */
  int status = lua_pcallk(L, count - 2, LUA_MULTRET, HANDLER, 2, k_protected);
  return k_protected(L, status, 2);
}

void ta_open_pcall(struct ta_runner *runner, lua_State *L) {
  lua_pushglobaltable(L);
  ta_lets_wait(runner, L, l_pcall);
  ta_lets_wait(runner, L, l_xpcall);
  ta_push_function(runner, L, l_pcall);
  ta_replace(runner, L, -2, "pcall");
  ta_push_function(runner, L, l_xpcall);
  ta_replace(runner, L, -2, "xpcall");
  lua_pop(L, 1);
}
