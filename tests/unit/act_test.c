/* SPDX-License-Identifier: MIT
 *
 * Something acts in the middle of a call: a finalizer at a request for memory, or a
 * clock that is Lua.  Each call is made with each action at each of its points, in a
 * task and outside; in the run of a minute at some of them, with TA_TEST_PART at fewer,
 * with TA_TEST_WHOLE at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/part.h"
#include "unit/world.h"

/* What there is to call on.  The caller's task is `caller`, once it is made. */
static const char scenery[] =
    "ch, full, ev = async.channel(), async.channel(1), async.event() "
    "lk, sem, loc = async.lock(), async.semaphore(1), async.task_local(1) "
    "async.actions.act = function(_, wake) w = wake end "
    "package.preload.m = function() sleep(1) return {} end "
    "full:send(1) "
    "t = spawn(function() sleep(5) return 7 end) "
    "spawn(function() lk:with(sleep, 3) end) "
    "spawn(function() full:send(2) end) "
    "spawn(function() async.scope(function(s) sc = s s:spawn(sleep, 4) end) end) "
    "spawn(function() local g <close> = sem:acquire() sleep(3) end)";

/* A finalizer at each request for memory while `count` is a number; the clock, too,
 * is a point. */
static const char injector[] =
    "function point() if not count or acting then return end "
    "  acting, count = true, count + 1 "
    "  if count == stop then reached = true pcall(act) end "
    "  acting = false end "
    "local function ring() setmetatable({}, {__gc = function() if count then ring() point() end "
    "end}) end "
    "function begin(at, action) "
    "  act, stop = action, at "
    "  collectgarbage('incremental', 100, 1000, 100) collectgarbage('setpause', 0) "
    "  collectgarbage() ring() count = 0 collectgarbage('restart') end "
    "function over() count = nil collectgarbage('incremental', 200, 100, 13) end";

static const char *const calls[] = {
    "sleep(1)",
    "coroutine.yield {action = 'sleep', delay = 1}",
    "own_yield {action = 'sleep', delay = 1}",
    "own_yield()",
    "ch:recv()",
    "ch:send(1)",
    "full:send(2)",
    "full:recv()",
    "ev:wait()",
    "ev:set()",
    "lk:acquire()",
    "lk:with(sleep, 1)",
    "sem:acquire()",
    "t:await()",
    "t:pawait()",
    "t:cancel('call')",
    "t:status()",
    "tostring(t)",
    "sc:cancel('call')",
    "sc:spawn(sleep, 1)",
    "spawn(sleep, 1)",
    "spawn({name = 'n'}, sleep, 1, 2)",
    "async.select {ch, ev}",
    "async.select {ch, ev, timeout = 2}",
    "async.select {full, t}",
    "async.scope(function(s) s:spawn(sleep, 1) end)",
    "async.with_timeout(1, sleep, 5)",
    "async.move_on_after(1, ev.wait, ev)",
    "async.shield(sleep, 1)",
    "async.all {function() sleep(1) end, t}",
    "async.race {function() ch:recv() end, t}",
    "async.map({1, 2, 3}, function(v) sleep(v) end, {limit = 2})",
    "async.tree()",
    "async.tasks()",
    "async.now()",
    "async.checkpoint()",
    "async.channel(1, 'named')",
    "loc:set(3)",
    "await {action = 'act'}",
    "require 'm'",
    "coroutine.wrap(function() ev:wait() end)()",
    "pcall(error, {})",
    "for v in full:iter() do break end",
};

static const char *const actions[] = {
    "caller:cancel('acted')",
    "ev:set()",
    "ch:close()",
    "t:cancel('acted')",
    "sc:cancel('acted')",
    "spawn(log)",
    "full:recv()",
    "ch:send(3)",
    "sem:acquire()",
    "loc:set(9)",
    "w(1)",
    "error 'acted'",
    "run()",
    "free()",
};

#define COUNT(list) (sizeof list / sizeof *list)

static bool whole(void) {
  return getenv("TA_TEST_WHOLE") != NULL;
}

/* Whoever acts in a clock may neither begin a pass nor free the Runner: that is what
 * world.in_hook tells here. */
static double lua_clock(void *data) {
  struct world *world = data;
  world->in_hook = true;
  if (lua_getglobal(world->L, "point") == LUA_TFUNCTION)
    lua_call(world->L, 0, 0); /* it catches what it does */
  else
    lua_pop(world->L, 1);
  world->in_hook = false;
  return world->now;
}

static int l_run(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  if (world->runner && !world->in_hook) ta_pass(world->runner, NULL);
  return 0;
}

static int l_free(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  if (world->runner && !world->in_hook && ta_runner_free(world->runner) == 0) world->runner = NULL;
  return 0;
}

static void set_function(struct world *world, const char *name, lua_CFunction function) {
  lua_pushlightuserdata(world->L, world);
  lua_pushcclosure(world->L, function, 1);
  lua_setglobal(world->L, name);
}

static void open_scene(struct world *world) {
  world_open_bare(world);
  world_do(world, "own_yield = coroutine.yield");
  const struct ta_host host = {.data = world, .now = lua_clock};
  world->runner = ta_runner_new(world->L, &host);
  ta_open(world->runner, world->L, TA_OPEN_ALL);
  set_function(world, "run", l_run);
  set_function(world, "free", l_free);
  world_add(world, scenery);
  world_pass(world);
  world_pass(world);
  world_do(world, injector);
}

/* Runs the call with the action at one of its points: was there such a point? */
static bool act_at(struct world *world, const char *call, const char *action, int point,
                   bool in_task) {
  char code[1000];
  snprintf(code, sizeof code, "function action() %s end function call() %s end reached = false",
           action, call);
  world_do(world, code);
  snprintf(code, sizeof code, "begin(%d, action) pcall(call) over() ended = true", point);
  if (in_task) {
    world_load(world, code);
    ta_add_task(world->runner, world->L, 0, NULL);
    lua_setglobal(world->L, "caller");
    world_pass(world);
  } else {
    world_do(world, code);
  }
  world_do(world, "over()");
  lua_getglobal(world->L, "reached");
  bool reached = lua_toboolean(world->L, -1);
  lua_pop(world->L, 1);
  return reached;
}

static bool is_true(struct world *world, const char *condition) {
  char code[200];
  snprintf(code, sizeof code, "answer = (%s) and true or false", condition);
  world_do(world, code);
  lua_getglobal(world->L, "answer");
  bool answer = lua_toboolean(world->L, -1);
  lua_pop(world->L, 1);
  return answer;
}

/* Time goes on until nothing happens by itself any more. */
static void live_on(struct world *world) {
  for (int left = 200; left > 0; left--) {
    enum ta_pass_result result = world_pass(world);
    if (result == TA_DONE || result == TA_STUCK ||
        (result == TA_WAITING && world->deadline == HUGE_VAL))
      return;
    if (result == TA_WAITING) world->now = world->deadline;
  }
  test_failed(__FILE__, __LINE__, "it comes to an end");
}

/* Whoever was cancelled has ended, and nobody waits for what has come. */
static bool lost(struct world *world, const char *call, const char *action, bool in_task) {
  if (!in_task) return false;
  bool cancelled = strstr(action, "caller:cancel") != NULL;
  bool set = strstr(action, "ev:set") && strstr(call, "ev");
  bool closed = strstr(action, "ch:close") && strstr(call, "{ch");
  return (cancelled || set || closed) && is_true(world, "caller:status() == 'waiting'");
}

static bool try_one(const char *call, const char *action, int point, bool in_task) {
  struct world world;
  open_scene(&world);
  bool reached = act_at(&world, call, action, point, in_task);
  if (world.runner) {
    live_on(&world);
    if (reached && lost(&world, call, action, in_task)) {
      printf("# %s, in it %s at point %d\n", call, action, point);
      test_failed(__FILE__, __LINE__, "nothing is lost");
    }
    ta_cancel_all(world.runner, "over");
    live_on(&world);
    CHECK(ta_live(world.runner) == 0);
  }
  lua_settop(world.L, 0);
  world_do(&world, "for k in pairs(_G) do if type(_G[k]) == 'userdata' then _G[k] = nil end end "
                   "collectgarbage() collectgarbage()");
  world_close(&world);
  return reached;
}

/* Some of all, and of these some again. */
static bool is_chosen(unsigned number) {
  unsigned each = test_quick() ? 97 : 19;
  return whole() || (number % each == 0 && part_has(number / each));
}

static void try_all(bool in_task) {
  unsigned number = 0;
  for (size_t i = 0; i < COUNT(calls); i++)
    for (size_t k = 0; k < COUNT(actions); k++) {
      if (!is_chosen(number++)) continue;
      int point = 1;
      while (try_one(calls[i], actions[k], point, in_task)) CHECK(point++ < 500);
    }
}

static void whatever_acts_in_the_middle_of_a_tasks_call_is_survived(void) {
  try_all(true);
}

static void whatever_acts_in_the_middle_of_a_call_from_outside_is_survived(void) {
  try_all(false);
}

const struct test act_tests[] = {
    TEST(whatever_acts_in_the_middle_of_a_tasks_call_is_survived),
    TEST(whatever_acts_in_the_middle_of_a_call_from_outside_is_survived),
    TESTS_END,
};
