/* SPDX-License-Identifier: MIT
 *
 * A Runner on a loop that offers call_later, and wakes from other threads.
 */
#include <errno.h>
#include <pthread.h>

#include "unit/world.h"

/* A loop that notes what it is asked for. */
struct loop {
  struct world world;
  double delay; /* the last one */
  int asked;    /* how often */
  int woken;    /* wake() was called, by any thread under the lock */
  pthread_mutex_t lock;
};

static double now(void *data) {
  return ((struct loop *)data)->world.now;
}

static void call_later(void *data, double delay) {
  struct loop *loop = data;
  loop->delay = delay;
  loop->asked++;
}

static void wake(void *data) {
  struct loop *loop = data;
  pthread_mutex_lock(&loop->lock);
  loop->woken++;
  pthread_mutex_unlock(&loop->lock);
}

static void open_loop(struct loop *loop) {
  const struct ta_host host = {.data = loop, .now = now, .call_later = call_later, .wake = wake};
  *loop = (struct loop){.lock = PTHREAD_MUTEX_INITIALIZER};
  world_open_bare(&loop->world);
  loop->world.runner = ta_runner_new(loop->world.L, &host);
  ta_open(loop->world.runner, loop->world.L, TA_OPEN_ALL);
}

static void close_loop(struct loop *loop) {
  world_close(&loop->world);
}

/* What the loop was asked for since the last time. */
static void check_asked(struct loop *loop, int asked, double delay) {
  CHECK(loop->asked == asked);
  CHECK(loop->delay == delay);
  loop->asked = 0;
}

/* ------------------------------------------------------------- call_later */

static void adding_a_task_asks_for_a_pass_once(void) {
  struct loop loop;
  open_loop(&loop);
  CHECK(loop.asked == 0);
  world_add(&loop.world, "log 'a'");
  world_add(&loop.world, "log 'b'");
  check_asked(&loop, 1, 0);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  CHECK_TEXT(loop.world.log, "a b");
  check_asked(&loop, 1, HUGE_VAL); /* none is needed any more */
  close_loop(&loop);
}

static void each_pass_says_when_the_next_is_wanted(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "sleep(2) work(0.5) sleep(0) sleep(math.huge)");
  loop.asked = 0;
  CHECK(ta_pass(loop.world.runner, NULL) == TA_WAITING);
  check_asked(&loop, 1, 2);
  loop.world.now = 0.5; /* a pass too many does no harm */
  CHECK(ta_pass(loop.world.runner, NULL) == TA_WAITING);
  check_asked(&loop, 1, 1.5);
  loop.world.now = 2;
  CHECK(ta_pass(loop.world.runner, NULL) == TA_BUSY);
  check_asked(&loop, 1, 0);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_WAITING);
  check_asked(&loop, 1, HUGE_VAL);
  close_loop(&loop);
}

static void a_late_deadline_is_asked_for_at_once(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "sleep(1)");
  world_add(&loop.world, "work(3)");
  loop.asked = 0;
  CHECK(ta_pass(loop.world.runner, NULL) == TA_WAITING);
  check_asked(&loop, 1, 0);
  close_loop(&loop);
}

static void a_task_unparked_outside_a_pass_asks_for_one(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "log(park())");
  ta_pass(loop.world.runner, NULL);
  check_asked(&loop, 2, HUGE_VAL);
  CHECK(ta_unpark(loop.world.runner, loop.world.tickets[0]));
  check_asked(&loop, 1, 0);
  CHECK(!ta_unpark(loop.world.runner, loop.world.tickets[0]));
  CHECK(loop.asked == 0);
  ta_pass(loop.world.runner, NULL);
  CHECK_TEXT(loop.world.log, "woken");
  close_loop(&loop);
}

static void cancelling_everything_asks_for_a_pass(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "local c <close> = async.defer(function() log 'gone' end) sleep(9)");
  ta_pass(loop.world.runner, NULL);
  check_asked(&loop, 2, 9);
  ta_cancel_all(loop.world.runner, "enough");
  check_asked(&loop, 1, 0);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  CHECK_TEXT(loop.world.log, "gone");
  close_loop(&loop);
}

static int l_interrupt(lua_State *L) {
  ta_interrupt(lua_touserdata(L, lua_upvalueindex(1)));
  return 0;
}

static void an_interrupted_pass_asks_to_go_on(void) {
  struct loop loop;
  open_loop(&loop);
  lua_pushlightuserdata(loop.world.L, loop.world.runner);
  lua_pushcclosure(loop.world.L, l_interrupt, 1);
  lua_setglobal(loop.world.L, "interrupt");
  world_add(&loop.world, "interrupt()");
  world_add(&loop.world, "log 'b' sleep(1)");
  loop.asked = 0;
  CHECK(ta_pass(loop.world.runner, NULL) == TA_INTERRUPTED);
  check_asked(&loop, 1, 0);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_WAITING);
  check_asked(&loop, 1, 1);
  close_loop(&loop);
}

static void daemons_are_asked_for_when_all_else_is_done(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "spawn({daemon = true}, function() sleep(4) end)");
  loop.asked = 0;
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  check_asked(&loop, 1, 4);
  close_loop(&loop);
}

/* -------------------------------------------------------------------- run */

static void run_goes_on_while_tasks_are_runnable(void) {
  struct loop loop;
  double deadline;
  open_loop(&loop);
  world_add(&loop.world, "for i = 1, 5 do sleep(0) log(i) end sleep(3)");
  loop.asked = 0;
  CHECK(ta_run(loop.world.runner, &deadline) == TA_WAITING);
  CHECK(deadline == 3);
  CHECK_TEXT(loop.world.log, "1 2 3 4 5");
  check_asked(&loop, 1, 3);
  close_loop(&loop);
}

static void run_comes_back_after_about_a_millisecond(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "while true do work(0.0001) sleep(0) end");
  CHECK(ta_run(loop.world.runner, NULL) == TA_BUSY);
  CHECK(loop.world.now < 0.02);
  double first = loop.world.now;
  CHECK(ta_run(loop.world.runner, NULL) == TA_BUSY);
  CHECK(loop.world.now - first >= 0.001 && loop.world.now - first < 0.003);
  close_loop(&loop);
}

static void run_comes_back_by_steps_when_the_clock_stands_still(void) {
  WITH_WORLD(world);
  world_add(&world, "while true do sleep(0) end");
  CHECK(ta_run(world.runner, NULL) == TA_BUSY);
  CHECK(world.polls == 1);
  world_close(&world);
}

static void run_meets_sleepers_in_time(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "sleep(0.0005) log(async.now() < 0.0008)");
  world_add(&loop.world, "for i = 1, 100 do work(0.00001) sleep(0) end log 'busy'");
  while (ta_run(loop.world.runner, NULL) == TA_BUSY) continue;
  CHECK_TEXT(loop.world.log, "true busy");
  close_loop(&loop);
}

static void a_turn_tells_the_time_it_took_in_a_long_run_too(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "local sum = 0 for i = 1, 50 do work(0.001) local s = sleep(0)"
                         " if s < 0.0009 or s > 0.0011 then log(s) end end");
  while (ta_run(loop.world.runner, NULL) == TA_BUSY) continue;
  CHECK_TEXT(loop.world.log, "");
  close_loop(&loop);
}

/* ------------------------------------------------------------------- wake */

static void a_wake_is_taken_by_the_next_pass(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "log(park())");
  world_add(&loop.world, "log(park())");
  ta_pass(loop.world.runner, NULL);
  CHECK(ta_wake(loop.world.runner, loop.world.tickets[1]) == 0);
  CHECK(ta_wake(loop.world.runner, loop.world.tickets[0]) == 0);
  CHECK(loop.woken == 1); /* for both */
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  CHECK_TEXT(loop.world.log, "woken woken");
  CHECK(ta_wake(loop.world.runner, loop.world.tickets[0]) == 0); /* stale */
  CHECK(loop.woken == 2);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  CHECK(loop.world.continued == 2);
  close_loop(&loop);
}

static void a_wake_without_a_ticket_wakes_the_host(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "park_outside()");
  ta_pass(loop.world.runner, NULL);
  CHECK(ta_wake(loop.world.runner, (struct ta_ticket){0}) == 0);
  CHECK(loop.woken == 1);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_WAITING);
  close_loop(&loop);
}

static void wakes_that_nobody_took_are_freed(void) {
  struct loop loop;
  open_loop(&loop);
  world_add(&loop.world, "park()");
  ta_pass(loop.world.runner, NULL);
  CHECK(ta_wake(loop.world.runner, loop.world.tickets[0]) == 0);
  ta_close_all(loop.world.runner);
  CHECK(ta_runner_free(loop.world.runner) == 0);
  loop.world.runner = NULL;
  close_loop(&loop); /* the leak checker counts */
}

static void a_wake_while_a_pass_is_cut_short_is_taken_by_what_is_left_of_it(void) {
  struct loop loop;
  open_loop(&loop);
  lua_pushlightuserdata(loop.world.L, loop.world.runner);
  lua_pushcclosure(loop.world.L, l_interrupt, 1);
  lua_setglobal(loop.world.L, "interrupt");
  world_add(&loop.world, "log(park())");
  ta_pass(loop.world.runner, NULL);
  world_add(&loop.world, "interrupt()");
  CHECK(ta_pass(loop.world.runner, NULL) == TA_INTERRUPTED);
  CHECK(ta_wake(loop.world.runner, loop.world.tickets[0]) == 0);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_BUSY);
  CHECK(loop.delay == 0);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  CHECK_TEXT(loop.world.log, "woken");
  close_loop(&loop);
}

static int l_wake_first(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  ta_wake(world->runner, world->tickets[0]);
  return 0;
}

static void a_wake_during_the_last_step_leaves_nobody_stuck(void) {
  WITH_WORLD(world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_wake_first, 1);
  lua_setglobal(world.L, "wake_first");
  world_add(&world, "log(park())");
  world_pass(&world);
  world_add(&world, "wake_first()");
  CHECK(world_pass(&world) == TA_BUSY);
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "woken");
  world_close(&world);
}

static void *wake_all(void *data) {
  struct loop *loop = data;
  for (int i = 0; i < loop->world.taken; i++) ta_wake(loop->world.runner, loop->world.tickets[i]);
  return NULL;
}

static void wakes_from_many_threads_are_each_taken_once(void) {
  enum { THREADS = 4, TASKS = 8 };
  struct loop loop;
  pthread_t threads[THREADS];
  open_loop(&loop);
  for (int i = 0; i < TASKS; i++) world_add(&loop.world, "park()");
  ta_pass(loop.world.runner, NULL);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, wake_all, &loop) == 0);
  for (int i = 0; i < 1000 && ta_live(loop.world.runner) > 0; i++) ta_pass(loop.world.runner, NULL);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  CHECK(loop.world.continued == TASKS);
  CHECK(loop.woken >= 1 && loop.woken <= THREADS * TASKS);
  close_loop(&loop);
}

/* ---------------------------------------------------------------- refusals */

static int l_refusals(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushboolean(L, ta_close_all(runner) == -EBUSY && ta_runner_free(runner) == -EBUSY &&
                         ta_run(runner, NULL) == TA_REENTERED);
  return 1;
}

static void freeing_and_closing_inside_a_task_are_refused(void) {
  struct loop loop;
  open_loop(&loop);
  lua_pushlightuserdata(loop.world.L, loop.world.runner);
  lua_pushcclosure(loop.world.L, l_refusals, 1);
  lua_setglobal(loop.world.L, "refusals");
  world_add(&loop.world, "log(refusals())");
  CHECK(ta_pass(loop.world.runner, NULL) == TA_DONE);
  CHECK_TEXT(loop.world.log, "true");
  close_loop(&loop);
}

/* ------------------------------------------------------------- open_table */

static void a_table_gets_the_library_and_no_global_does(void) {
  struct loop loop;
  const struct ta_host host = {.data = &loop, .now = now};
  loop = (struct loop){0};
  world_open_bare(&loop.world);
  lua_State *L = loop.world.L;
  loop.world.runner = ta_runner_new(L, &host);
  lua_newtable(L);
  ta_open_table(loop.world.runner, L);
  lua_pushvalue(L, -1);
  lua_setglobal(L, "mine");
  lua_pop(L, 1);
  world_do(&loop.world, "log(async, sleep, spawn, await, runner, package.loaded.tinyasync)"
                        "mine.spawn(function() mine.sleep(1) log(mine.now()) end)"
                        "mine.runner.add_task(function() log(#mine.all{}) end)");
  world_run(&loop.world);
  CHECK_TEXT(loop.world.log, "nil nil nil nil nil nil 0 1.0");
  close_loop(&loop);
}

const struct test loop_tests[] = {
    TEST(adding_a_task_asks_for_a_pass_once),
    TEST(each_pass_says_when_the_next_is_wanted),
    TEST(a_late_deadline_is_asked_for_at_once),
    TEST(a_task_unparked_outside_a_pass_asks_for_one),
    TEST(cancelling_everything_asks_for_a_pass),
    TEST(an_interrupted_pass_asks_to_go_on),
    TEST(daemons_are_asked_for_when_all_else_is_done),
    TEST(run_goes_on_while_tasks_are_runnable),
    TEST(run_comes_back_after_about_a_millisecond),
    TEST(run_comes_back_by_steps_when_the_clock_stands_still),
    TEST(run_meets_sleepers_in_time),
    TEST(a_turn_tells_the_time_it_took_in_a_long_run_too),
    TEST(a_wake_is_taken_by_the_next_pass),
    TEST(a_wake_without_a_ticket_wakes_the_host),
    TEST(wakes_that_nobody_took_are_freed),
    TEST(a_wake_while_a_pass_is_cut_short_is_taken_by_what_is_left_of_it),
    TEST(a_wake_during_the_last_step_leaves_nobody_stuck),
    TEST(wakes_from_many_threads_are_each_taken_once),
    TEST(freeing_and_closing_inside_a_task_are_refused),
    TEST(a_table_gets_the_library_and_no_global_does),
    TESTS_END,
};
