/* SPDX-License-Identifier: MIT
 *
 * starved.c -- the Lua module when memory runs out, at each request in turn.
 *
 * Whatever fails raises or is reported, nothing crashes, an adapter that was closed has
 * put everything back, and when the state is closed every byte has come back.
 */
#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit/memory.h"

int luaopen_tinyasync(lua_State *L);

struct limit {
  long left;    /* requests until some are refused; negative: none is, or some were */
  long refused; /* how many then.  Lua collects its garbage and tries a second time */
};

static bool grants(void *data, size_t old, size_t size) {
  struct limit *limit = data;
  (void)old, (void)size;
  if (limit->left > 0) limit->left--;
  if (limit->left != 0 || limit->refused == 0) return true;
  limit->refused--;
  return false;
}

static const char script[] =
    "local async, queue = ..., {} "
    "local function later(_, fn) queue[#queue + 1] = fn end "
    "local function run() for _ = 1, 20 do local fn = table.remove(queue, 1) "
    "  if fn then fn() end end end "
    "local time = 0 "
    "local function now() time = time + 1 return time end "
    "for i = 1, 2 do "
    "  local adapter = async.adapter(later, i == 1 and now or nil, "
    "    {on_error = function(...) return {...} end, globals = i == 1}) "
    "  local event = async.event() "
    "  adapter.spawn(function() async.sleep(1) event:set() end) "
    "  adapter.spawn({name = 'x'}, error, {}) "
    "  adapter.spawn(function() event:wait() error 'y' end) "
    "  run() event:set() event:clear() run() "
    "  adapter.spawn(function() event:wait() end) run() "
    "  if i == 1 then adapter:cancel('a' .. i) run() end "
    "  adapter:close() "
    "  left = left or rawget(_G, 'sleep') ~= nil or next(async, next(async)) ~= nil "
    "end return true";

/* () -> true */
static int l_work(lua_State *L) {
  if (luaL_loadstring(L, script) != LUA_OK) return lua_error(L);
  luaopen_tinyasync(L);
  lua_call(L, 1, 1);
  return 1;
}

/* Grants that many requests and refuses some.  Was none of them refused? */
static bool works_with(long granted, long refused, const char **why) {
  struct limit limit = {.left = -1, .refused = refused};
  struct memory memory = {.grants = grants, .data = &limit};
  lua_State *L = lua_newstate(memory_allocate, &memory);
  if (!L) abort();
  luaL_openlibs(L);
  lua_pushcfunction(L, l_work);
  limit.left = granted + 1;
  int status = lua_pcall(L, 0, 1, 0);
  bool worked = limit.refused == refused;
  limit.left = -1;
  lua_getglobal(L, "left");
  if (lua_toboolean(L, -1)) *why = "closing has put something not back";
  lua_close(L);
  if (memory.bytes > 0) *why = "memory was lost";
  if (worked && status != LUA_OK) *why = "it failed without need";
  return worked;
}

static bool survives(long refused) {
  const char *why = NULL;
  long granted = 0;
  while (!works_with(granted, refused, &why) && !why) granted++;
  if (why) printf("%s: granted %ld requests, refused %ld\n", why, granted, refused);
  return !why && granted > 0;
}

int main(void) {
  return survives(1) && survives(2) && survives(LONG_MAX) ? EXIT_SUCCESS : EXIT_FAILURE;
}
