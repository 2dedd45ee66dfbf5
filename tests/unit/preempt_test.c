/* SPDX-License-Identifier: MIT
 *
 * Preemption: a step that does not wait gives up its turn all the same.
 */
#include <string.h>

#include "unit/world.h"

/* stop(): what a signal handler does in the middle of a step. */
static int l_stop(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  ta_interrupt(world->runner);
  ta_preempt(world->runner);
  return 0;
}

static void open_with_stop(struct world *world) {
  world_open(world, TA_OPEN_ALL);
  lua_pushlightuserdata(world->L, world);
  lua_pushcclosure(world->L, l_stop, 1);
  lua_setglobal(world->L, "stop");
}

/* Passes until the end, however often they are interrupted. */
static void run_on(struct world *world) {
  enum ta_pass_result result = TA_BUSY;
  for (int i = 0; i < 100 && result != TA_DONE; i++) result = world_pass(world);
  CHECK(result == TA_DONE);
}

static void a_busy_loop_is_preempted(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "log 'a' stop() while true do end");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK_TEXT(world.log, "a");
  world_close(&world);
}

static void a_busy_loop_that_swallows_errors_is_preempted(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "stop() while true do pcall(error, 'x') end");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  world_close(&world);
}

static void a_preempted_task_goes_on_where_it_stood(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "local sum = 0 for i = 1, 3 do stop() sum = sum + i end log(sum)");
  world_add(&world, "log 'b'");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK_TEXT(world.log, "");
  run_on(&world);
  CHECK_TEXT(world.log, "b 6");
  world_close(&world);
}

static void a_generator_that_was_preempted_goes_on(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "local g = coroutine.wrap(function()"
                    "  for i = 1, 3 do stop() local x = i * 10 coroutine.yield(x) end "
                    "end) "
                    "log(g()) log(g()) sleep(0) log(g())");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK_TEXT(world.log, "");
  run_on(&world);
  CHECK_TEXT(world.log, "10 20 30");
  world_close(&world);
}

static void what_was_preempted_is_in_nobody_elses_hands(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world,
            "co = coroutine.create(function() sleep(0) stop() local x = 55 coroutine.yield(x) end) "
            "me = coroutine.running() log('a', coroutine.resume(co))");
  world_add(&world, "sleep(0) log(coroutine.status(co), coroutine.resume(co)) "
                    "log(coroutine.status(me), pcall(coroutine.close, me))");
  world_pass(&world);
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK(world_pass(&world) == TA_BUSY);
  CHECK_TEXT(world.log, "normal false cannot resume non-suspended coroutine "
                        "normal false cannot close a normal coroutine");
  run_on(&world);
  CHECK(strstr(world.log, "coroutine a true 55"));
  world_close(&world);
}

/* The generator ends before it can be stopped: its consumer is stopped instead. */
static void a_preemption_follows_from_coroutine_to_coroutine(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "pcall(coroutine.wrap(stop)) while true do end");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  world_close(&world);
}

static void a_callback_of_c_is_left_first(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "table.sort({2, 1}, function(a, b) stop() log 'in' return a < b end) "
                    "while true do end");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK_TEXT(world.log, "in");
  world_close(&world);
}

static void a_preemption_that_comes_too_late_leaves_nothing_behind(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "stop(sleep(1))");
  world_add(&world, "sleep(2) for i = 1, 5000 do end log(tostring(debug.gethook()))");
  CHECK(world_pass(&world) == TA_WAITING);
  world.now = 1;
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  world.now = 2;
  run_on(&world);
  CHECK_TEXT(world.log, "nil");
  world_close(&world);
}

static void clean_up_of_a_preempted_task_runs(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "local a <close> = setmetatable({}, {__close = function() log 'outer' end}) "
                    "coroutine.wrap(function() "
                    "  local b <close> = setmetatable({}, {__close = function() log 'inner' end}) "
                    "  stop() while true do end "
                    "end)()");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  ta_cancel_all(world.runner);
  CHECK_TEXT(world.log, "inner outer");
  world_close(&world);
}

static void outside_a_step_nothing_is_preempted(void) {
  struct world world;
  open_with_stop(&world);
  world_add(&world, "log 'a'");
  ta_interrupt(world.runner);
  ta_preempt(world.runner);
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK_TEXT(world.log, "");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a");
  world_close(&world);
}

const struct test preempt_tests[] = {
    TEST(a_busy_loop_is_preempted),
    TEST(a_busy_loop_that_swallows_errors_is_preempted),
    TEST(a_preempted_task_goes_on_where_it_stood),
    TEST(a_generator_that_was_preempted_goes_on),
    TEST(what_was_preempted_is_in_nobody_elses_hands),
    TEST(a_preemption_follows_from_coroutine_to_coroutine),
    TEST(a_callback_of_c_is_left_first),
    TEST(a_preemption_that_comes_too_late_leaves_nothing_behind),
    TEST(clean_up_of_a_preempted_task_runs),
    TEST(outside_a_step_nothing_is_preempted),
    TESTS_END,
};
