/* SPDX-License-Identifier: MIT
 *
 * Preemption: the host looks into a step that does not wait, and may end it.
 */
#include <string.h>

#include "unit/world.h"

/* stop(): what a signal handler does in the middle of a step. */
static int l_stop(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  ta_preempt(world->runner);
  return 0;
}

static void open_with_stop(struct world *world,
                           void (*on_preempted)(struct world *world, lua_State *L)) {
  world_open(world, TA_OPEN_ALL);
  world->on_preempted = on_preempted;
  lua_pushlightuserdata(world->L, world);
  lua_pushcclosure(world->L, l_stop, 1);
  lua_setglobal(world->L, "stop");
}

/* Logs the line that runs. */
static void log_line(struct world *world, lua_State *L) {
  lua_Debug ar;
  CHECK(lua_getstack(L, 0, &ar) && lua_getinfo(L, "l", &ar));
  world_log(world, "line%d", ar.currentline);
}

/* Ends the step, as the first Ctrl-C would. */
static void end_step(struct world *world, lua_State *L) {
  ta_cancel_all(world->runner, "stopped");
  ta_raise_cancellation(world->runner, L);
  world_log(world, "not raised");
}

static void the_host_is_called_at_the_next_instruction(void) {
  struct world world;
  open_with_stop(&world, log_line);
  world_add(&world, "stop()\nlog 'a'\nstop()\nlocal x = 1\nlog 'b'");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "line2 a line4 b");
  world_close(&world);
}

static int l_watch(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  ta_preempt_calls(world->runner);
  return 0;
}

static void open_with_watch(struct world *world,
                            void (*on_preempted)(struct world *world, lua_State *L)) {
  open_with_stop(world, on_preempted);
  lua_pushlightuserdata(world->L, world);
  lua_pushcclosure(world->L, l_watch, 1);
  lua_setglobal(world->L, "watch");
}

/* Logs the C function that is called or returns, and whether all would end it. */
static void log_function(struct world *world, lua_State *L) {
  lua_Debug ar;
  CHECK(lua_getstack(L, 0, &ar) && lua_getinfo(L, "Sn", &ar));
  world_log(world, "%s%s", ar.name ? ar.name : "-", ta_would_cancel(world->runner) ? "+" : "");
}

static void calls_and_returns_are_looked_into_until_the_next_instruction_is(void) {
  struct world world;
  open_with_watch(&world, log_function);
  world_add(&world,
            "watch() local x = 1 rawlen '' async.shield(rawlen, '') stop() x = 2 rawlen ''");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "watch+ rawlen+ rawlen+ shield+ - - shield+ stop+ stop+ -+");
  world_close(&world);
}

static void the_return_of_the_task_itself_is_its_end(void) {
  struct world world;
  open_with_watch(&world, end_step);
  lua_getglobal(world.L, "watch");
  ta_add_task(world.runner, world.L, 0, NULL);
  lua_settop(world.L, 0);
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  CHECK(world.failures == 0);
  world_close(&world);
}

static void a_call_of_a_generator_is_ended_where_it_is(void) {
  struct world world;
  open_with_watch(&world, end_step);
  world_add(&world, "pcall(coroutine.wrap(watch)) log 'on'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  CHECK(ta_live(world.runner) == 0 && world.failures == 0);
  world_close(&world);
}

static void log_where(struct world *world, lua_State *L) {
  char text[100];
  (void)L;
  CHECK(ta_write_running_where(world->runner, text, sizeof text));
  world_log(world, "%s", text);
}

static void the_place_of_a_stuck_step_can_be_written(void) {
  struct world world;
  char text[4];
  open_with_watch(&world, log_where);
  world_add(&world, "watch()\n\nstring.rep('x', 3)");
  CHECK(!ta_write_running_where(world.runner, text, sizeof text) && !*text);
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "'watch' at test:1 'rep' at test:3 'rep' at test:3 a function at test:3");
  world_close(&world);
}

static void one_preemption_is_one_call(void) {
  struct world world;
  open_with_stop(&world, log_line);
  world_add(&world, "stop() for i = 1, 5000 do local x = i end log(tostring(debug.gethook()))");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "line1 nil");
  world_close(&world);
}

static void a_busy_loop_is_ended(void) {
  struct world world;
  open_with_stop(&world, end_step);
  world_add(&world, "log 'a' stop() while true do end");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a");
  CHECK(ta_live(world.runner) == 0 && world.failures == 0);
  world_close(&world);
}

static void a_busy_loop_that_swallows_errors_is_ended(void) {
  struct world world;
  open_with_stop(&world, end_step);
  world_add(&world, "stop() while true do pcall(function() while true do end end) end");
  world_add(&world, "sleep(5)");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void an_xpcall_handler_is_not_called_for_it(void) {
  struct world world;
  open_with_stop(&world, end_step);
  world_add(&world, "xpcall(function() stop() while true do end end, function() log 'handler' "
                    "end) log 'swallowed'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void clean_up_of_a_step_that_was_ended_runs_and_may_wait_in_a_shield(void) {
  struct world world;
  open_with_stop(&world, end_step);
  world_add(&world, "local a <close> = setmetatable({}, {__close = function(_, e)"
                    "  async.shield(sleep, 1) log('outer', e.kind, e.reason) end}) "
                    "coroutine.wrap(function() "
                    "  local b <close> = async.defer(function() log 'inner' end) "
                    "  stop() while true do end "
                    "end)()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "inner outer cancelled stopped");
  world_close(&world);
}

/* The generator ends before it can be stopped: its consumer is stopped instead. */
static void a_preemption_follows_from_coroutine_to_coroutine(void) {
  struct world world;
  open_with_stop(&world, end_step);
  world_add(&world, "pcall(coroutine.wrap(stop)) while true do end");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void a_callback_of_c_is_no_hindrance(void) {
  struct world world;
  open_with_stop(&world, end_step);
  world_add(&world, "table.sort({2, 1}, function(a, b) stop() while true do end end) log 'on'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void a_preemption_that_comes_too_late_leaves_nothing_behind(void) {
  struct world world;
  open_with_stop(&world, log_line);
  world_add(&world, "sleep(2) for i = 1, 5000 do end log(tostring(debug.gethook()))");
  world_add(&world, "coroutine.wrap(function() return stop() end)()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "nil"));
  world_close(&world);
}

static void what_is_not_cancelled_goes_on(void) {
  struct world world;
  open_with_stop(&world, log_line);
  world_add(&world, "local g = coroutine.wrap(function()"
                    "  for i = 1, 3 do stop() local x = i * 10 coroutine.yield(x) end "
                    "end) "
                    "log(g()) log(g()) sleep(0) log(g())");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "line1 10 line1 20 line1 30");
  world_close(&world);
}

/* Raises whatever is in force, which in a shield is nothing. */
static void raise_if_any(struct world *world, lua_State *L) {
  ta_cancel_all(world->runner, "stopped");
  world_log(world, "%d", ta_is_cancelled(world->runner));
  ta_raise_cancellation(world->runner, L);
  world_log(world, "spared");
}

static void a_step_in_a_shield_is_left_alone(void) {
  struct world world;
  open_with_stop(&world, raise_if_any);
  world_add(&world, "async.shield(function() stop() local x = 1 log 'shielded' end) "
                    "log(pcall(sleep, 1))");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "0 spared shielded");
  world_close(&world);
}

static void force(struct world *world, lua_State *L) {
  ta_force_end(world->runner);
  ta_raise_cancellation(world->runner, L);
}

static void a_step_in_a_shield_is_ended_by_force(void) {
  struct world world;
  open_with_stop(&world, force);
  world_add(&world, "local g <close> = async.defer(function() log 'closed' end) "
                    "async.shield(function() stop() while true do end end)");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "closed");
  world_close(&world);
}

static void cancel_running(struct world *world, lua_State *L) {
  ta_cancel_all(world->runner, "stopped");
  ta_cancel_running(world->runner);
  ta_raise_cancellation(world->runner, L);
}

static void the_running_task_alone_may_be_ended_in_its_shield(void) {
  struct world world;
  open_with_stop(&world, cancel_running);
  world_add(&world,
            "async.shield(function() sleep(2) log 'other shield' end) sleep(0) log 'not here'");
  world_add(&world, "async.shield(function() sleep(1) stop() while true do end end)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "other shield");
  world_close(&world);
}

/* Everything a C function may do. */
static void use_lua(struct world *world, lua_State *L) {
  int top = lua_gettop(L);
  uint64_t id;
  const char *name;
  ta_push_report(world->runner, L, TA_REPORT_NAMES);
  CHECK(ta_running_task(world->runner, &id, &name) && id == 1);
  world_log(world, "%s %s", lua_tostring(L, -1), name);
  lua_gc(L, LUA_GCCOLLECT);
  lua_settop(L, top);
}

static void the_host_may_use_lua_meanwhile(void) {
  struct world world;
  open_with_stop(&world, use_lua);
  world_add_named(&world, "main", "local t = {} stop() for i = 1, 10 do t[i] = {i} end log(#t)");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "#1 main main 10");
  world_close(&world);
}

static void outside_a_step_nothing_is_preempted(void) {
  struct world world;
  open_with_stop(&world, log_line);
  ta_preempt(world.runner);
  world_do(&world, "stop() log 'a'");
  world_add(&world, "log 'b'");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a b");
  world_close(&world);
}

static void a_host_without_the_function_is_not_called(void) {
  struct world world;
  world_open_bare(&world);
  world.runner = world_new_runner(&world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_stop, 1);
  lua_setglobal(world.L, "stop");
  world_add(&world, "stop() log 'a'");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a");
  world_close(&world);
}

/* The Runner may be preempted for another one's task that it drives. */
static int l_settle_other(lua_State *L) {
  struct world *other = lua_touserdata(L, lua_upvalueindex(1));
  world_settle(other);
  return 0;
}

static void a_preemption_reaches_the_runner_that_was_meant(void) {
  struct world one, two;
  open_with_stop(&one, end_step);
  open_with_stop(&two, log_line);
  lua_pushlightuserdata(one.L, &two);
  lua_pushcclosure(one.L, l_settle_other, 1);
  lua_setglobal(one.L, "settle_other");
  world_add(&two, "stop() log 'two'");
  world_add(&one, "settle_other() log 'one' stop() while true do end");
  CHECK(world_settle(&one) == TA_DONE);
  CHECK_TEXT(one.log, "one");
  CHECK_TEXT(two.log, "line1 two");
  world_close(&one);
  world_close(&two);
}

const struct test preempt_tests[] = {
    TEST(the_host_is_called_at_the_next_instruction),
    TEST(one_preemption_is_one_call),
    TEST(calls_and_returns_are_looked_into_until_the_next_instruction_is),
    TEST(the_return_of_the_task_itself_is_its_end),
    TEST(a_call_of_a_generator_is_ended_where_it_is),
    TEST(the_place_of_a_stuck_step_can_be_written),
    TEST(a_busy_loop_is_ended),
    TEST(a_busy_loop_that_swallows_errors_is_ended),
    TEST(an_xpcall_handler_is_not_called_for_it),
    TEST(clean_up_of_a_step_that_was_ended_runs_and_may_wait_in_a_shield),
    TEST(a_preemption_follows_from_coroutine_to_coroutine),
    TEST(a_callback_of_c_is_no_hindrance),
    TEST(a_preemption_that_comes_too_late_leaves_nothing_behind),
    TEST(what_is_not_cancelled_goes_on),
    TEST(a_step_in_a_shield_is_left_alone),
    TEST(a_step_in_a_shield_is_ended_by_force),
    TEST(the_running_task_alone_may_be_ended_in_its_shield),
    TEST(the_host_may_use_lua_meanwhile),
    TEST(outside_a_step_nothing_is_preempted),
    TEST(a_host_without_the_function_is_not_called),
    TEST(a_preemption_reaches_the_runner_that_was_meant),
    TESTS_END,
};
