/* SPDX-License-Identifier: MIT
 *
 * Several Runners, in one state and in two; and from where one may be driven.
 */
#include <string.h>

#include "unit/world.h"

static void note_failure(void *data, const struct ta_failure *failure) {
  world_log(data, "[%s]", failure->message);
}

/* A second Runner on the state of the world, with the functions that it opens. */
static struct ta_runner *add_runner(struct world *world) {
  struct ta_runner *runner = world_new_runner(world);
  ta_open(runner, world->L, TA_OPEN_LIBRARY);
  ta_on_failure(runner, note_failure, world);
  return runner;
}

static void add_to(struct ta_runner *runner, struct world *world, const char *code) {
  world_load(world, code);
  ta_add_task(runner, world->L, 0, NULL);
  lua_pop(world->L, 1);
}

static int l_open(lua_State *L) {
  ta_open(lua_touserdata(L, 1), L, (unsigned)lua_tointeger(L, 2));
  return 0;
}

/* If it does not open, the error is on top. */
static bool opens(struct world *world, struct ta_runner *runner, unsigned flags) {
  lua_pushcfunction(world->L, l_open);
  lua_pushlightuserdata(world->L, runner);
  lua_pushinteger(world->L, (lua_Integer)flags);
  return lua_pcall(world->L, 2, 0, 0) == LUA_OK;
}

static void two_runners_in_one_state_do_not_meet(void) {
  double deadline;
  WITH_WORLD(world);
  world_do(&world, "one = {async = async, spawn = spawn, sleep = sleep, pcall = pcall, co = {}} "
                   "for k, v in pairs(coroutine) do one.co[k] = v end");
  struct ta_runner *second = add_runner(&world);
  world_add(&world, "one.async.scope(function(s) s:spawn(one.co.wrap(function()"
                    "  one.sleep(1) log('a', one.async.current().id) end)) end) log 'b'"
                    "local g <close> = one.async.defer(function() log 'closed' end) one.sleep(9)");
  add_to(second, &world,
         "sleep(1) log('c', async.current().id)"
         "log(pcall(one.sleep, 1)) log(one.async.current())");
  world_pass(&world);
  CHECK(ta_pass(second, &deadline) == TA_WAITING);
  world.now = 1;
  CHECK(ta_pass(second, &deadline) == TA_DONE);
  CHECK_TEXT(world.log, "c 1 false sleep: only a task can wait nil");
  *world.log = '\0';
  ta_cancel_all(second, "over");
  world_settle(&world);
  CHECK_TEXT(world.log, "a 2 b");
  CHECK(ta_live(world.runner) == 1 && ta_live(second) == 0);
  ta_runner_free(second);
  ta_cancel_all(world.runner, "over");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a 2 b closed");
  world_close(&world);
}

/* Each of the functions works for one Runner. */
static void the_second_runner_of_a_state_may_not_replace_functions_too(void) {
  static const unsigned flags[] = {TA_OPEN_COROUTINE, TA_OPEN_REQUIRE, TA_OPEN_PCALL, TA_OPEN_ALL};
  for (size_t first = 0; first < sizeof flags / sizeof *flags; first++)
    for (size_t second = 0; second < sizeof flags / sizeof *flags; second++) {
      struct world world;
      world_open(&world, TA_OPEN_LIBRARY | flags[first]);
      struct ta_runner *other = add_runner(&world);
      CHECK(!opens(&world, other, flags[second]));
      CHECK(strstr(lua_tostring(world.L, -1), "another Runner of this state has replaced"));
      lua_pop(world.L, 1);
      ta_open(world.runner, world.L, flags[second]); /* the first may, and do it again */
      ta_runner_free(world.runner);
      world.runner = other;
      CHECK(opens(&world, other, flags[second]));
      world_close(&world);
    }
}

static void what_one_runner_made_is_nothing_to_another(void) {
  double deadline;
  WITH_WORLD(world);
  world_do(&world, "ch, ev, lk = async.channel(), async.event(), async.lock() one = async");
  world_add(&world, "t = async.current() w, f = nil log(ch:recv()) ev:wait() log 'set'");
  world_pass(&world);
  struct ta_runner *second = add_runner(&world);
  add_to(second, &world,
         "log(pcall(async.select, {ch, ev, t})) log(pcall(await, t)) log(pcall(ch.recv, ch))"
         "log(pcall(lk.acquire, lk)) log(pcall(t.await, t)) ch:send(7)"); /* any may complete it */
  while (ta_pass(second, &deadline) == TA_BUSY) continue;
  CHECK(strstr(world.log,
               "false select: expected a channel, an event, a task or a stream at index 1"));
  CHECK(strstr(world.log, "false await: cannot await a userdata"));
  CHECK(strstr(world.log, "false recv: only a task can wait"));
  CHECK(strstr(world.log, "false acquire: only a task can hold a lock"));
  CHECK(strstr(world.log, "false await: only a task can wait"));
  *world.log = '\0';
  world_settle(&world);
  add_to(second, &world, "ev:set()");
  while (ta_pass(second, &deadline) == TA_BUSY) continue;
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "7 set");
  ta_close_all(second);
  ta_runner_free(second);
  world_close(&world);
}

/* Both Runners' tasks wait in yields that only the debug hook can end. */
static void foreign_yields_of_two_runners_in_one_state_are_cancelled(void) {
  double deadline;
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY);
  struct ta_runner *second = world_new_runner(&world);
  static const char code[] = "local g <close> = setmetatable({}, {__close = function(_, e) "
                             "log('closed', e) end}) "
                             "coroutine.yield {action = 'sleep', delay = 9} log 'no'";
  world_add(&world, code);
  add_to(second, &world, code);
  world_pass(&world);
  CHECK(ta_pass(second, &deadline) == TA_WAITING);
  ta_cancel_all(world.runner, "one");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "closed cancelled: one");
  ta_cancel_all(second, "two");
  CHECK(ta_pass(second, &deadline) == TA_DONE);
  CHECK_TEXT(world.log, "closed cancelled: one closed cancelled: two");
  ta_runner_free(second);
  world_close(&world);
}

static void two_runners_in_two_states_do_not_meet(void) {
  WITH_WORLD(one);
  WITH_WORLD(two);
  world_add(&one, "for i = 1, 3 do sleep(1) log('one' .. i) end park() log(async.current().id)");
  world_add(&two, "for i = 1, 3 do sleep(2) log('two' .. i) end");
  world_add(&two, "park() log(async.current().id)");
  for (int second = 0; second <= 6; second++) {
    one.now = two.now = second;
    world_settle(&one);
    world_settle(&two);
  }
  CHECK_TEXT(one.log, "one1 one2 one3");
  CHECK_TEXT(two.log, "two1 two2 two3");
  CHECK(ta_unpark(two.runner, two.tickets[0]));
  CHECK(world_pass(&one) == TA_STUCK);
  CHECK(world_pass(&two) == TA_DONE);
  CHECK_TEXT(two.log, "two1 two2 two3 2");
  world_close(&one);
  world_close(&two);
}

/* A pass of one Runner may drive another one: a step of it is a C call. */
static int l_drive_other(lua_State *L) {
  struct world *other = lua_touserdata(L, lua_upvalueindex(1));
  world_settle(other);
  return 0;
}

static void a_task_may_drive_another_runner(void) {
  WITH_WORLD(one);
  WITH_WORLD(two);
  lua_pushlightuserdata(one.L, &two);
  lua_pushcclosure(one.L, l_drive_other, 1);
  lua_setglobal(one.L, "drive_other");
  world_add(&one, "drive_other() log 'driven' sleep(1) drive_other() log(async.current().id)");
  world_add(&two, "log 'a' sleep(0) log 'b'");
  CHECK(world_run(&one) == TA_DONE);
  CHECK_TEXT(one.log, "driven 1");
  CHECK_TEXT(two.log, "a b");
  world_close(&one);
  world_close(&two);
}

static void a_runner_may_be_driven_from_a_protected_call(void) {
  WITH_WORLD(world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_drive_other, 1);
  world_add(&world, "sleep(0) log 'a' error('x', 0)");
  CHECK(lua_pcall(world.L, 0, 0, 0) == LUA_OK);
  CHECK_TEXT(world.log, "a [x]");
  world_close(&world);
}

/* pass(): a host that calls ta_pass() from a Lua function. */
static int l_pass(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  world_pass(world);
  return 0;
}

static void a_pass_inside_a_coroutine_of_the_hosts_is_a_pass(void) {
  WITH_WORLD(world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_pass, 1);
  lua_setglobal(world.L, "pass");
  world_add(&world, "sleep(0) coroutine.yield() log 'a'");
  world_do(&world, "local co = coroutine.wrap(function() pass() pass() pass() log 'b' end) co()");
  CHECK_TEXT(world.log, "a b");
  world_close(&world);
}

const struct test several_tests[] = {
    TEST(two_runners_in_one_state_do_not_meet),
    TEST(the_second_runner_of_a_state_may_not_replace_functions_too),
    TEST(what_one_runner_made_is_nothing_to_another),
    TEST(foreign_yields_of_two_runners_in_one_state_are_cancelled),
    TEST(two_runners_in_two_states_do_not_meet),
    TEST(a_task_may_drive_another_runner),
    TEST(a_runner_may_be_driven_from_a_protected_call),
    TEST(a_pass_inside_a_coroutine_of_the_hosts_is_a_pass),
    TESTS_END,
};
