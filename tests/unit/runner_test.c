/* SPDX-License-Identifier: MIT
 *
 * The pass: who steps when, and what the host is told.
 */
#include <stdio.h>
#include <string.h>

#include "unit/world.h"

/* -------------------------------------------------------------------- order */

static void tasks_step_in_the_order_of_creation(void) {
  WITH_WORLD(world);
  world_add(&world, "log 'a1' sleep(0) log 'a2'");
  world_add(&world, "log 'b1' sleep(0) log 'b2'");
  world_add(&world, "log 'c1' sleep(0) log 'c2'");
  CHECK(world_pass(&world) == TA_BUSY);
  CHECK_TEXT(world.log, "a1 b1 c1");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a1 b1 c1 a2 b2 c2");
  world_close(&world);
}

static void tasks_due_in_one_pass_step_in_the_order_of_creation(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(3) log 'a'");
  world_add(&world, "sleep(1) log 'b'");
  world_add(&world, "sleep(2) log 'c'");
  world_pass(&world);
  world.now = 5;
  world_pass(&world);
  CHECK_TEXT(world.log, "a b c");
  world_close(&world);
}

static void sleepers_and_woken_ones_mix_in_the_order_of_creation(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(2) log 'a'");
  world_add(&world, "park() log 'b'");
  world_add(&world, "sleep(1) log 'c'");
  world_add(&world, "sleep(0) sleep(0) log 'd'");
  world_pass(&world);
  world_pass(&world);
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  world.now = 2;
  world_pass(&world);
  CHECK_TEXT(world.log, "a b c d");
  world_close(&world);
}

static void a_sleeper_that_is_not_due_is_left_alone(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(1) log 'a'");
  world_pass(&world);
  world.now = 0.999;
  CHECK(world_pass(&world) == TA_WAITING);
  CHECK_TEXT(world.log, "");
  world.now = 1;
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a");
  world_close(&world);
}

static void a_task_added_in_a_pass_steps_in_it_at_the_end(void) {
  WITH_WORLD(world);
  world_add(&world, "spawn(function() log 'c' spawn(log, 'd') end) log 'a'");
  world_add(&world, "log 'b'");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a b c d");
  world_close(&world);
}

static void a_woken_task_runs_in_the_next_pass(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(0) log('wakes', unpark(0))");
  world_add(&world, "park() log 'woken'");
  world_add(&world, "sleep(0) log 'last'");
  world_pass(&world);
  CHECK(world_pass(&world) == TA_BUSY);
  CHECK_TEXT(world.log, "wakes true last");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "wakes true last woken");
  world_close(&world);
}

static void no_task_steps_twice_in_a_pass(void) {
  WITH_WORLD(world);
  world_add(&world, "for i = 1, 3 do log('a' .. i) sleep(0) end");
  world_add(&world, "for i = 1, 3 do log('b' .. i) coroutine.yield() end");
  world_add(&world, "for i = 1, 3 do log('c' .. i) async.checkpoint() end");
  world_add(&world, "for i = 1, 3 do log('d' .. i) sleep(-1) end");
  world_pass(&world);
  CHECK_TEXT(world.log, "a1 b1 c1 d1");
  world_pass(&world);
  CHECK_TEXT(world.log, "a1 b1 c1 d1 a2 b2 c2 d2");
  world_close(&world);
}

static void a_sleep_that_falls_due_during_its_pass_waits_for_the_next(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(0.1) log 'a'");
  world_add(&world, "work(1)");
  CHECK(world_pass(&world) == TA_WAITING);
  CHECK_TEXT(world.log, "");
  CHECK(world.deadline == 0.1);
  world_close(&world);
}

static void a_sleep_counts_from_the_moment_of_the_call(void) {
  WITH_WORLD(world);
  world_add(&world, "work(0.5) sleep(1)");
  world_pass(&world);
  CHECK(world.deadline == 1.5);
  world_close(&world);
}

static void a_sleep_gives_the_seconds_really_slept(void) {
  WITH_WORLD(world);
  world_add(&world, "log(sleep(1))");
  world_pass(&world);
  world.now = 3.5;
  world_pass(&world);
  CHECK_TEXT(world.log, "3.5");
  world_close(&world);
}

/* ------------------------------------------------------------------ results */

static void the_deadline_is_the_earliest_sleepers(void) {
  WITH_WORLD(world);
  CHECK(world_pass(&world) == TA_DONE && world.deadline == HUGE_VAL);
  world_add(&world, "sleep(3)");
  world_add(&world, "sleep(1.5)");
  world_add(&world, "sleep(2)");
  CHECK(world_pass(&world) == TA_WAITING && world.deadline == 1.5);
  world.now = 1.75;
  CHECK(world_pass(&world) == TA_WAITING && world.deadline == 2);
  world_close(&world);
}

static void waiting_becomes_stuck_only_when_nothing_can_wake(void) {
  WITH_WORLD(world);
  world_add(&world, "park() log 'woken'");
  world_add(&world, "park_outside() log 'from outside'");
  CHECK(world_pass(&world) == TA_WAITING && world.deadline == HUGE_VAL);
  CHECK(ta_outside(world.runner) == 1);
  ta_unpark(world.runner, world.tickets[1]);
  CHECK(ta_outside(world.runner) == 0);
  CHECK(world_pass(&world) == TA_STUCK);
  world_add(&world, "sleep(1)");
  CHECK(world_pass(&world) == TA_WAITING && world.deadline == 1);
  ta_unpark(world.runner, world.tickets[0]);
  world.now = 1;
  CHECK(world_pass(&world) == TA_DONE);
  world_close(&world);
}

/* A wait is what counts, not what is open; one that was given up counts no more. */
static void a_wait_for_the_outside_counts_until_it_is_over(void) {
  WITH_WORLD(world);
  world_add(&world, "waits = spawn(park_outside) park()");
  CHECK(world_pass(&world) == TA_WAITING && ta_outside(world.runner) == 1);
  world_do(&world, "waits:cancel()");
  CHECK(ta_outside(world.runner) == 0);
  CHECK(world_pass(&world) == TA_STUCK);
  world_add(&world, "park_outside()");
  world_pass(&world);
  CHECK(ta_outside(world.runner) == 1);
  ta_close_all(world.runner);
  CHECK(ta_outside(world.runner) == 0);
  world_close(&world);
}

/* Libraries' waits are disarmed also where nobody has freed the Runner. */
static void closing_the_state_disarms_every_wait(void) {
  WITH_WORLD(world);
  world_add(&world, "park()");
  world_add(&world, "park_outside()");
  world_pass(&world);
  lua_close(world.L);
  CHECK(world.disarmed == 2);
}

static void sleeping_for_ever_is_not_being_stuck(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(math.huge)");
  CHECK(world_pass(&world) == TA_WAITING && world.deadline == HUGE_VAL);
  CHECK(world_pass(&world) == TA_WAITING);
  ta_close_all(world.runner);
  CHECK(world_pass(&world) == TA_DONE);
  world_close(&world);
}

static void only_daemons_left_is_done(void) {
  WITH_WORLD(world);
  world_add(&world, "spawn({daemon = true}, function() while true do sleep(1) log 'd' end end)"
                    "sleep(2.5)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "d d");
  CHECK(ta_live(world.runner) == 1);
  world_close(&world);
}

static void live_counts_those_that_have_not_ended(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(1)");
  world_add(&world, "error 'x'");
  CHECK(ta_live(world.runner) == 2);
  world_pass(&world);
  CHECK(ta_live(world.runner) == 1);
  world_run(&world);
  CHECK(ta_live(world.runner) == 0);
  world_close(&world);
}

/* ------------------------------------------------- interrupting, re-entering */

static int l_interrupt(lua_State *L) {
  ta_interrupt(lua_touserdata(L, lua_upvalueindex(1)));
  return 0;
}

static int l_reenter(lua_State *L) {
  double deadline;
  lua_pushboolean(L, ta_pass(lua_touserdata(L, lua_upvalueindex(1)), &deadline) == TA_REENTERED);
  return 1;
}

static int l_close_all(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, lua_upvalueindex(1));
  ta_close_all(runner);
  lua_pushinteger(L, (lua_Integer)ta_live(runner));
  return 1;
}

static void set_function(struct world *world, const char *name, lua_CFunction function) {
  lua_pushlightuserdata(world->L, world->runner);
  lua_pushcclosure(world->L, function, 1);
  lua_setglobal(world->L, name);
}

static void an_interrupt_cuts_the_pass_and_the_next_call_goes_on(void) {
  WITH_WORLD(world);
  set_function(&world, "interrupt", l_interrupt);
  world_add(&world, "log 'a' sleep(0) log 'a2'");
  world_add(&world, "interrupt() spawn(log, 'd') log 'b'");
  world_add(&world, "log 'c'");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK_TEXT(world.log, "a b");
  CHECK(world_pass(&world) == TA_BUSY);
  CHECK_TEXT(world.log, "a b c d"); /* still the same pass: not yet a2 */
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a b c d a2");
  world_close(&world);
}

static void a_task_added_while_a_pass_is_cut_short_steps_in_it(void) {
  WITH_WORLD(world);
  set_function(&world, "interrupt", l_interrupt);
  world_add(&world, "interrupt() sleep(0) log 'a2'");
  world_add(&world, "log 'b'");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  world_add(&world, "log 'c'");
  CHECK(world_pass(&world) == TA_BUSY);
  CHECK_TEXT(world.log, "b c");
  world_close(&world);
}

static void an_interrupt_in_the_last_step_is_told_at_once(void) {
  WITH_WORLD(world);
  set_function(&world, "interrupt", l_interrupt);
  world_add(&world, "log 'a' interrupt()");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK_TEXT(world.log, "a");
  CHECK(world_pass(&world) == TA_DONE);
  world_close(&world);
}

static void an_interrupt_between_passes_cuts_the_next_one(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(1)");
  CHECK(world_pass(&world) == TA_WAITING);
  ta_interrupt(world.runner);
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK(world_pass(&world) == TA_WAITING); /* told once */
  CHECK(world.deadline == 1);
  world_close(&world);
}

static void a_pass_inside_a_pass_is_refused(void) {
  WITH_WORLD(world);
  set_function(&world, "reenter", l_reenter);
  world_add(&world, "log(reenter()) sleep(0) log(reenter())");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "true true");
  world_close(&world);
}

static void closing_everything_from_inside_a_task_is_refused(void) {
  WITH_WORLD(world);
  set_function(&world, "close_all", l_close_all);
  world_add(&world, "log(close_all()) spawn(log, 'still')");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "1 still");
  world_close(&world);
}

/* ------------------------------------------------------ looking at the outside */

static void the_outside_is_looked_at_about_every_millisecond(void) {
  WITH_WORLD(world);
  for (int i = 0; i < 400; i++) world_add(&world, "work(0.0001)");
  CHECK(world_pass(&world) == TA_DONE); /* 40 ms in one pass */
  CHECK(world.polls >= 20 && world.polls <= 45);
  CHECK(world.longest_poll <= 0.002);
  world_close(&world);
}

static void long_steps_are_each_followed_by_a_look(void) {
  WITH_WORLD(world);
  for (int i = 0; i < 50; i++) world_add(&world, "work(0.01)");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK(world.polls >= 45 && world.polls <= 51);
  world_close(&world);
}

static void under_a_still_clock_the_outside_is_looked_at_by_steps(void) {
  WITH_WORLD(world);
  world_add(&world, "for i = 1, 50000 do sleep(0) end");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(world.polls >= 5 && world.polls <= 100);
  world_close(&world);
}

static void unpark_from_poll(struct world *world) {
  if (world->taken == 1) ta_unpark(world->runner, world->tickets[0]);
}

static void a_look_at_the_outside_may_unpark(void) {
  WITH_WORLD(world);
  world.on_poll = unpark_from_poll;
  world_add(&world, "park() log 'woken'");
  world_add(&world, "for i = 1, 10 do work(0.002) sleep(0) end log 'busy'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "woken busy");
  world_close(&world);
}

static void interrupt_from_poll(struct world *world) {
  ta_interrupt(world->runner);
}

static void a_look_at_the_outside_may_interrupt(void) {
  WITH_WORLD(world);
  world.on_poll = interrupt_from_poll;
  for (int i = 0; i < 10; i++) world_add(&world, "work(0.01) log 'x'");
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  CHECK(strlen(world.log) < 5);
  world.on_poll = NULL;
  while (world_pass(&world) == TA_INTERRUPTED) continue;
  CHECK_TEXT(world.log, "x x x x x x x x x x");
  world_close(&world);
}

/* -------------------------------------------------------------------- seeds */

static const char spawn_ten[] = "for i = 0, 9 do spawn(function()"
                                "  for _ = 1, 3 do sleep(0) log(i) end end) end";

static void run_seeded(uint64_t seed, char *log, size_t size) {
  WITH_WORLD(world);
  ta_set_seed(world.runner, seed);
  world_add(&world, spawn_ten);
  CHECK(world_run(&world) == TA_DONE);
  snprintf(log, size, "%.255s", world.log);
  world_close(&world);
}

static void a_seed_gives_the_same_order_each_time(void) {
  char first[256], again[256], other[256], plain[256];
  run_seeded(42, first, sizeof first);
  run_seeded(42, again, sizeof again);
  run_seeded(43, other, sizeof other);
  run_seeded(0, plain, sizeof plain);
  CHECK_TEXT(again, first);
  CHECK(strcmp(other, first) != 0);
  CHECK_TEXT(plain, "0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9");
}

static void a_seed_shuffles_each_pass_anew_and_loses_nobody(void) {
  char log[256], again[256];
  run_seeded(42, log, sizeof log);
  size_t third = strlen("0 1 2 3 4 5 6 7 8 9 ");
  CHECK(strncmp(log, log + third, third) != 0);
  for (int pass = 0; pass < 3; pass++)
    for (char digit = '0'; digit <= '9'; digit++)
      CHECK(memchr(log + (size_t)pass * third, digit, third));
  run_seeded(42 + (UINT64_C(1) << 40), again, sizeof again); /* high bits count */
  CHECK(strcmp(log, again) != 0);
}

static void tasks_added_during_a_seeded_pass_follow_in_order(void) {
  WITH_WORLD(world);
  ta_set_seed(world.runner, 7);
  world_add(&world, "for i = 0, 9 do spawn(log, i) end");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "0 1 2 3 4 5 6 7 8 9");
  world_close(&world);
}

/* ------------------------------------------------------------------ polling */

/* Runs one pass: did tasks only poll in it? */
static bool polls(struct world *world) {
  world_pass(world);
  return ta_only_polled(world->runner);
}

static void turns_given_up_are_no_more_than_polling(void) {
  WITH_WORLD(world);
  world_add(&world, "while true do sleep(0) end");
  world_add(&world, "while true do async.checkpoint() end");
  world_add(&world, "while true do coroutine.yield() end");
  world_add(&world, "for i = 1, 3 do async.move_on_after(0, park) end sleep(9)");
  for (int i = 0; i < 3; i++) CHECK(polls(&world));
  CHECK(!polls(&world)); /* it goes to sleep */
  CHECK(polls(&world));
  world_close(&world);
}

static void who_wakes_another_does_not_only_poll(void) {
  WITH_WORLD(world);
  world_add(&world, "park() while true do sleep(0) end");
  world_add(&world, "sleep(0) sleep(0) unpark(0) while true do sleep(0) end");
  CHECK(!polls(&world));
  CHECK(polls(&world));
  CHECK(!polls(&world));
  CHECK(polls(&world));
  world_close(&world);
}

static void who_spawns_or_hands_over_values_does_not_only_poll(void) {
  WITH_WORLD(world);
  world_add(&world, "local ch = async.channel(1) sleep(0)"
                    "ch:send(1) sleep(0) sleep(0) ch:recv() sleep(0) sleep(0)"
                    "spawn(log, 'x') sleep(0) while true do sleep(0) end");
  CHECK(polls(&world));
  CHECK(!polls(&world)); /* send */
  CHECK(polls(&world));
  CHECK(!polls(&world)); /* recv */
  CHECK(polls(&world));
  CHECK(!polls(&world)); /* spawn */
  CHECK(polls(&world));
  world_close(&world);
}

/* ------------------------------------------------------------------- memory */

static const char spawn_many[] =
    "local n, gc = ..., collectgarbage;"
    "for i = 1, n do spawn(function() local t = {} end) if i % 10 == 0 then sleep(0) end end";

static void run_with_count(struct world *world, const char *code, lua_Integer count) {
  world_load(world, code);
  lua_pushinteger(world->L, count);
  ta_add_task(world->runner, world->L, 1, NULL);
  lua_pop(world->L, 1);
  CHECK(world_settle(world) == TA_DONE);
}

/* Bytes that `count` more tasks leave behind, once everything is warm. */
static size_t growth(const char *code, lua_Integer count) {
  WITH_WORLD(world);
  run_with_count(&world, code, 1000);
  size_t before = world_settled_bytes(&world);
  run_with_count(&world, code, count);
  size_t after = world_settled_bytes(&world);
  world_close(&world);
  return after > before ? after - before : 0;
}

static void ended_tasks_are_collected(void) {
  CHECK(growth(spawn_many, test_quick() ? 5000 : 100000) < 1000);
}

static void failed_tasks_are_collected(void) {
  CHECK(growth("for i = 1, ... do spawn(error, 'x') if i % 10 == 0 then sleep(0) end end",
               test_quick() ? 1000 : 20000) < 1000);
}

/* The successor keeps running, and memory is looked at while it does. */
static void a_task_that_spawns_its_successor_keeps_memory_flat(void) {
  WITH_WORLD(world);
  world_do(&world, "function successor() sleep(0) spawn(successor) end");
  world_add(&world, "successor()");
  for (int i = 0; i < 1000; i++) world_pass(&world);
  size_t before = world_settled_bytes(&world);
  for (int i = test_quick() ? 5000 : 100000; i > 0; i--) CHECK(world_pass(&world) == TA_BUSY);
  CHECK(world_settled_bytes(&world) < before + 10000);
  world_close(&world);
}

const struct test runner_tests[] = {
    TEST(tasks_step_in_the_order_of_creation),
    TEST(tasks_due_in_one_pass_step_in_the_order_of_creation),
    TEST(sleepers_and_woken_ones_mix_in_the_order_of_creation),
    TEST(a_sleeper_that_is_not_due_is_left_alone),
    TEST(a_task_added_in_a_pass_steps_in_it_at_the_end),
    TEST(a_woken_task_runs_in_the_next_pass),
    TEST(no_task_steps_twice_in_a_pass),
    TEST(turns_given_up_are_no_more_than_polling),
    TEST(who_wakes_another_does_not_only_poll),
    TEST(who_spawns_or_hands_over_values_does_not_only_poll),
    TEST(a_sleep_that_falls_due_during_its_pass_waits_for_the_next),
    TEST(a_sleep_counts_from_the_moment_of_the_call),
    TEST(a_sleep_gives_the_seconds_really_slept),
    TEST(the_deadline_is_the_earliest_sleepers),
    TEST(waiting_becomes_stuck_only_when_nothing_can_wake),
    TEST(a_wait_for_the_outside_counts_until_it_is_over),
    TEST(closing_the_state_disarms_every_wait),
    TEST(sleeping_for_ever_is_not_being_stuck),
    TEST(only_daemons_left_is_done),
    TEST(live_counts_those_that_have_not_ended),
    TEST(an_interrupt_cuts_the_pass_and_the_next_call_goes_on),
    TEST(a_task_added_while_a_pass_is_cut_short_steps_in_it),
    TEST(an_interrupt_in_the_last_step_is_told_at_once),
    TEST(an_interrupt_between_passes_cuts_the_next_one),
    TEST(a_pass_inside_a_pass_is_refused),
    TEST(closing_everything_from_inside_a_task_is_refused),
    TEST(the_outside_is_looked_at_about_every_millisecond),
    TEST(long_steps_are_each_followed_by_a_look),
    TEST(under_a_still_clock_the_outside_is_looked_at_by_steps),
    TEST(a_look_at_the_outside_may_unpark),
    TEST(a_look_at_the_outside_may_interrupt),
    TEST(a_seed_gives_the_same_order_each_time),
    TEST(a_seed_shuffles_each_pass_anew_and_loses_nobody),
    TEST(tasks_added_during_a_seeded_pass_follow_in_order),
    TEST(ended_tasks_are_collected),
    TEST(failed_tasks_are_collected),
    TEST(a_task_that_spawns_its_successor_keeps_memory_flat),
    TESTS_END,
};
