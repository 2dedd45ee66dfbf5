/* SPDX-License-Identifier: MIT
 *
 * The replaced coroutine library: Lua's manual still holds, and waits pass.
 */
#include <stdio.h>
#include <string.h>

#include "unit/world.h"

/* Runs code as a task with our coroutine library and with Lua's own outside any
 * task: both must log the same. */
static void same_as_lua(const char *code, const char *file, int line) {
  struct world plain;
  world_open_bare(&plain);
  world_do(&plain, code);
  world_expect(TA_OPEN_ALL, code, plain.log, file, line);
  WITH_WORLD(outside);
  world_do(&outside, code);
  if (!test_same_text(outside.log, plain.log))
    test_texts_differ(file, line, outside.log, plain.log);
  world_close(&outside);
  world_close(&plain);
}

#define SAME_AS_LUA(code) same_as_lua(code, __FILE__, __LINE__)

/* ------------------------------------------------------------- as in Lua */

static void values_go_both_ways_as_in_lua(void) {
  SAME_AS_LUA("local co = coroutine.create(function(...) log(...)"
              "  log(coroutine.yield(1, nil, 3)) return 'r', nil end)"
              "log(coroutine.resume(co, 'a', nil)) log(coroutine.resume(co, 'b'))"
              "log(coroutine.resume(co))");
  SAME_AS_LUA(
      "local f = coroutine.wrap(function(a) while true do a = coroutine.yield(a * 2) end end)"
      "log(f(1), f(2), f(3))");
  SAME_AS_LUA("for i in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do "
              "log(i) end");
}

static void statuses_are_as_in_lua(void) {
  SAME_AS_LUA("local outer outer = coroutine.create(function()"
              "  local inner = coroutine.create(function() log(coroutine.status(outer)) end)"
              "  log(coroutine.status(inner)) coroutine.resume(inner) log(coroutine.status(inner))"
              "  log(coroutine.status(outer)) coroutine.yield() end)"
              "log(coroutine.status(outer)) coroutine.resume(outer) log(coroutine.status(outer))"
              "coroutine.resume(outer) log(coroutine.status(outer))");
}

static void errors_are_as_in_lua(void) {
  SAME_AS_LUA("local co = coroutine.create(function() error 'x' end)"
              "log(coroutine.resume(co)) log(coroutine.resume(co)) log(coroutine.close(co))");
  SAME_AS_LUA("log(pcall(coroutine.wrap(function() error 'x' end)))");
  SAME_AS_LUA("log(pcall(coroutine.wrap(function() error({}) end)) == false)");
  SAME_AS_LUA("local f = coroutine.wrap(function() end) f() log(pcall(f))");
  SAME_AS_LUA("local co co = coroutine.create(function() log(coroutine.resume(co)) end)"
              "coroutine.resume(co)");
  SAME_AS_LUA("local f f = coroutine.wrap(function() log(pcall(f)) end) f()");
  SAME_AS_LUA(
      "local co co = coroutine.create(function()"
      "  coroutine.wrap(function() log(coroutine.resume(co)) log(pcall(coroutine.close, co))"
      "  end)() end) coroutine.resume(co)");
}

static void bad_arguments_are_as_in_lua(void) {
  SAME_AS_LUA("log(pcall(coroutine.resume, 1)) log(pcall(coroutine.resume))"
              "log(pcall(coroutine.wrap, 1)) log(pcall(coroutine.status, {}))"
              "log(pcall(coroutine.close)) log(pcall(coroutine.create, 'x'))");
}

static void closing_is_as_in_lua(void) {
  SAME_AS_LUA("local co = coroutine.create(function()"
              "  local a <close> = setmetatable({}, {__close = function(_, e) log('a', e) end})"
              "  local b <close> = setmetatable({}, {__close = function(_, e) log('b', e) end})"
              "  coroutine.yield() end)"
              "coroutine.resume(co) log(coroutine.close(co), coroutine.status(co))"
              "log(coroutine.close(co))");
  SAME_AS_LUA(
      "local co = coroutine.create(function()"
      "  local a <close> = setmetatable({}, {__close = function(_, e) error('in close', 0) end})"
      "  coroutine.yield() end)"
      "coroutine.resume(co) log(coroutine.close(co)) log(coroutine.status(co))");
  SAME_AS_LUA("log(coroutine.close(coroutine.create(print)))");
}

static void a_wrapped_coroutine_that_dies_is_closed_as_in_lua(void) {
  SAME_AS_LUA(
      "local f = coroutine.wrap(function()"
      "  local a <close> = setmetatable({}, {__close = function(_, e) log('closed', e) end})"
      "  error('x', 0) end) log(pcall(f)) log 'after'");
}

static void yielding_across_pcall_and_metamethods_is_as_in_lua(void) {
  SAME_AS_LUA("local t = setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end,"
              "  __add = function(a, b) return coroutine.yield 'add' end})"
              "local f = coroutine.wrap(function() log(pcall(function() return t.x end)) log(t + 1)"
              "  for i in coroutine.yield do log(i) break end end)"
              "log(f()) log(f(1)) log(f(2)) f(3)");
}

static void yielding_across_c_fails_as_in_lua(void) {
  SAME_AS_LUA("local f = coroutine.wrap(function()"
              "  log(pcall(table.sort, {1, 2}, function() coroutine.yield() end)) end) f()");
}

static void very_many_values_are_as_in_lua(void) {
  SAME_AS_LUA("local co = coroutine.create(function(...) return select('#', ...) end)"
              "log(coroutine.resume(co, table.unpack({}, 1, 100000)))");
  SAME_AS_LUA("local co = coroutine.create(function() return table.unpack({}, 1, 100000) end)"
              "log(select('#', coroutine.resume(co)))");
  SAME_AS_LUA("local co = coroutine.create(function() return table.unpack({}, 1, 900000) end)"
              "log(pcall(select, '#', table.unpack({}, 1, 900000)))"
              "local function deep(...) return select('#', coroutine.resume(co)) end "
              "log(deep(table.unpack({}, 1, 500000)))");
}

static void nesting_ends_in_an_error_as_in_lua(void) {
  EXPECT("local function nest(n) local ok, e = coroutine.resume(coroutine.create(function()"
         "  return nest(n + 1) end)) return e end "
         "log((tostring(nest(1)):match 'C stack overflow'))",
         "C stack overflow");
  EXPECT(
      "local depth = 0 local function nest() depth = depth + 1 return coroutine.wrap(nest)() end "
      "log(pcall(nest) == false, depth > 150 and depth < 250)",
      "true true");
}

/* ------------------------------------------------------------- and waits pass */

static void a_generator_may_sleep_and_its_consumer_sees_its_yields_only(void) {
  EXPECT("for i in coroutine.wrap(function()"
         "  for i = 1, 3 do sleep(1) coroutine.yield(i) end end) do log(i, async.now()) end",
         "1 1.0 2 2.0 3 3.0");
}

static void a_plain_yield_in_a_generator_is_its_own_whatever_it_is(void) {
  EXPECT("local f = coroutine.wrap(function() coroutine.yield {action = 'sleep', delay = 5}"
         "  coroutine.yield(12) coroutine.yield {action = 'fly'} end)"
         "log(f().delay, f(), f().action, async.now())",
         "5 12 fly 0.0");
}

static void waits_pass_as_deep_as_lua_nests(void) {
  EXPECT("local function nest(n) if n == 0 then sleep(1) coroutine.yield 'y' return 'r' end "
         "  local f = coroutine.wrap(nest) local y = f(n - 1) coroutine.yield(y)"
         "  return f() end "
         "local f = coroutine.wrap(nest) log(f(180)) log(f()) log(async.now())",
         "y r 1.0");
}

static void a_waiting_coroutine_is_normal_and_cannot_be_touched(void) {
  EXPECT("local co = coroutine.create(function() sleep(1) return 'r' end)"
         "spawn(function() log(coroutine.status(co)) log(coroutine.resume(co))"
         "  log(pcall(coroutine.close, co)) end)"
         "log(coroutine.resume(co)) log(coroutine.status(co))",
         "normal false cannot resume non-suspended coroutine "
         "false cannot close a normal coroutine true r dead");
  EXPECT("local f = coroutine.wrap(function() sleep(1) return 'r' end)"
         "spawn(function() log((select(2, pcall(f)):gsub('^test:%d+: ', ''))) end) log(f())",
         "cannot resume non-suspended coroutine r");
}

static void a_waiting_task_of_its_own_cannot_be_touched(void) {
  EXPECT("local co = coroutine.running()"
         "spawn(function() log(coroutine.status(co)) log(coroutine.resume(co))"
         "  log(pcall(coroutine.close, co)) end) sleep(1) log 'on'",
         "normal false cannot resume non-suspended coroutine "
         "false cannot close a normal coroutine on");
}

static void a_suspended_generator_may_change_tasks(void) {
  EXPECT("local f = coroutine.wrap(function() for i = 1, 4 do sleep(1) coroutine.yield(i) end end)"
         "log(f()) spawn(function() log(f()) spawn(function() log(f(), async.now()) end) end)"
         "sleep(10) log(f())",
         "1 2 3 3.0 4");
}

static void a_generator_made_outside_may_wait_in_a_task(void) {
  WITH_WORLD(world);
  world_do(&world, "gen = coroutine.wrap(function() coroutine.yield 'outside'"
                   "  sleep(1) coroutine.yield 'inside' end) log(gen())");
  world_add(&world, "log(gen(), async.now())");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "outside inside 1.0");
  world_close(&world);
}

static void running_and_isyieldable_know_where_they_are(void) {
  EXPECT("log(select(2, coroutine.running())) log(coroutine.isyieldable())"
         "log(coroutine.wrap(function() return coroutine.isyieldable() end)())",
         "false true true");
}

static void pcall_and_close_work_around_a_wait(void) {
  EXPECT("local f = coroutine.wrap(function()"
         "  local a <close> = setmetatable({}, {__close = function() sleep(1) log 'closed' end})"
         "  log(pcall(function() sleep(1) error('x', 0) end)) end) f() log(async.now())",
         "false x closed 2.0");
}

static void an_abandoned_generator_is_collected(void) {
  WITH_WORLD(world);
  world_add(&world, "for i = 1, 20 do local f = coroutine.wrap(function() coroutine.yield(1) end)"
                    " f() end sleep(0)");
  CHECK(world_settle(&world) == TA_DONE);
  size_t before = world_settled_bytes(&world);
  world_add(&world, "for i = 1, 2000 do local f = coroutine.wrap(function() sleep(0) "
                    "coroutine.yield(1) end) f() end sleep(0)");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(world_settled_bytes(&world) < before + 2000);
  world_close(&world);
}

const struct test coroutine_tests[] = {
    TEST(values_go_both_ways_as_in_lua),
    TEST(statuses_are_as_in_lua),
    TEST(errors_are_as_in_lua),
    TEST(bad_arguments_are_as_in_lua),
    TEST(closing_is_as_in_lua),
    TEST(a_wrapped_coroutine_that_dies_is_closed_as_in_lua),
    TEST(yielding_across_pcall_and_metamethods_is_as_in_lua),
    TEST(yielding_across_c_fails_as_in_lua),
    TEST(very_many_values_are_as_in_lua),
    TEST(nesting_ends_in_an_error_as_in_lua),
    TEST(a_generator_may_sleep_and_its_consumer_sees_its_yields_only),
    TEST(a_plain_yield_in_a_generator_is_its_own_whatever_it_is),
    TEST(waits_pass_as_deep_as_lua_nests),
    TEST(a_waiting_coroutine_is_normal_and_cannot_be_touched),
    TEST(a_waiting_task_of_its_own_cannot_be_touched),
    TEST(a_suspended_generator_may_change_tasks),
    TEST(a_generator_made_outside_may_wait_in_a_task),
    TEST(running_and_isyieldable_know_where_they_are),
    TEST(pcall_and_close_work_around_a_wait),
    TEST(an_abandoned_generator_is_collected),
    TESTS_END,
};
