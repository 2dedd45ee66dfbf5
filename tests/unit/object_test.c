/* SPDX-License-Identifier: MIT
 *
 * Objects of libraries: methods, checks, select, and the queue that tasks wait in.
 */
#include <string.h>

#include "unit/box.h"

static const struct ta_object_kind other_kind = {.name = "Other"};

static void objects_have_methods_and_are_checked(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  ta_push_object(world.runner, world.L, &other_kind, 1, 0);
  lua_setglobal(world.L, "other");
  world_add(&world, "log(box:get()) log(pcall(box.get, other))");
  world_pass(&world);
  CHECK(ta_outside(world.runner) == 1);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a present false bad argument #1 to '?' (Box expected, got Other)");
  world_close(&world);
}

static void an_object_of_another_runner_is_none_of_ours(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  struct ta_runner *second = world_new_runner(&world);
  CHECK(ta_runner_of(world.L) == second);
  lua_getglobal(world.L, "box");
  CHECK(ta_to_object(world.runner, world.L, -1, &box_kind));
  CHECK(!ta_to_object(second, world.L, -1, &box_kind));
  CHECK(!ta_to_object(world.runner, world.L, -1, &other_kind));
  lua_getglobal(world.L, "io");
  lua_getfield(world.L, -1, "stdout");
  CHECK(!ta_to_object(NULL, world.L, -1, &box_kind)); /* a function without its upvalue */
  lua_pop(world.L, 2);
  ta_runner_free(second);
  CHECK(ta_runner_of(world.L) == world.runner);
  ta_runner_free(world.runner);
  CHECK(ta_runner_of(world.L) == NULL);
  CHECK(ta_to_object(world.runner, world.L, -1, &box_kind)); /* its memory is Lua's */
  lua_pop(world.L, 1);
  world.runner = NULL;
  world_close(&world);
}

static void a_method_says_that_an_object_is_another_runners(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  struct ta_runner *second = world_new_runner(&world);
  ta_push_object(second, world.L, &box_kind, sizeof(struct box), 0);
  lua_setglobal(world.L, "theirs");
  world_do(&world, "log(pcall(box.fill, theirs))");
  CHECK_TEXT(world.log, "false bad argument #1 to '?' (Box of this Runner expected, got Box)");
  ta_runner_free(second);
  world_close(&world);
}

static void select_takes_objects_of_libraries(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_add(&world, "local channel = async.channel() "
                    "log(async.select{channel, box, timeout = 1}) "
                    "log(async.select{channel, box}) box:fill() log(async.select{channel, box})");
  world_pass(&world);
  CHECK(ta_outside(world.runner) == 1);
  world.now = 2;
  world_settle(&world);
  CHECK(ta_outside(world.runner) == 1);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "nil timeout 2 a present 2 a present");
  world_close(&world);
}

/* A box is filled for whoever waits for it so, and emptied before that runs; then filled
 * once more. */
static void expect_to_ask_again(const char *wait, const char *log) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_add(&world, wait);
  world_pass(&world);
  world_add(&world, "box:fill() log('thief', box:get())");
  world_settle(&world);
  CHECK_TEXT(world.log, "thief a present");
  CHECK(ta_outside(world.runner) == 1);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, log);
  world_close(&world);
}

static void who_was_woken_asks_again(void) {
  expect_to_ask_again("log(box:get())", "thief a present a present");
  expect_to_ask_again("log(async.select{box})", "thief a present 1 a present");
  expect_to_ask_again("log(async.select{async.event(), box, timeout = 9})",
                      "thief a present 2 a present");
}

static void who_was_cancelled_when_it_was_woken_takes_what_it_was_woken_for(void) {
  static const char *const waits[] = {"log(box:get())", "log(async.select{box})"};
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
    WITH_WORLD(world);
    add_box(&world, "box");
    char code[200];
    snprintf(code, sizeof code, "waiter = async.current() %s sleep(1) log 'not'", waits[i]);
    world_add(&world, code);
    world_pass(&world);
    world_do(&world, "box:fill() waiter:cancel()");
    CHECK(world_run(&world) == TA_DONE);
    CHECK(strstr(world.log, "a present") && !strstr(world.log, "not"));
    world_close(&world);
  }
}

static void a_select_that_asks_again_keeps_its_time_out(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_add(&world, "log(async.select{box, timeout = 2})");
  world_add(&world, "sleep(1) box:fill() box:get()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(world.now == 2);
  world_add(&world, "log(async.select{box, timeout = 2})");
  world_pass(&world);
  world_add(&world, "box:fill() box:get() work(5)"); /* it is over when it runs */
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "nil timeout nil timeout");
  world_close(&world);
}

static void a_select_that_asks_again_takes_what_is_ready_now(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_do(&world, "channel = async.channel(1) event = async.event()");
  world_add(&world, "log(async.select{box, channel, timeout = 2})");
  world_pass(&world);
  world_add(&world, "box:fill() box:get() channel:send 'new' work(5)");
  CHECK(world_settle(&world) == TA_DONE);
  world_add(&world, "log(async.select{box, event})");
  world_pass(&world);
  world_do(&world, "event:set() event:clear()"); /* an event that was set has been set */
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "2 new 2");
  world_close(&world);
}

static void who_need_not_wait_gives_up_the_turn_at_times(void) {
  static const char *const calls[] = {"get", "peek"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char code[200];
    WITH_WORLD(world);
    struct box *box = add_box(&world, "box");
    box->full = box->bottomless = true;
    snprintf(code, sizeof code,
             "local left = 100000 while not stop and left > 0 do box:%s() left = left - 1 end "
             "log(left > 0, box:%s())",
             calls[i], calls[i]);
    world_add(&world, code);
    world_add(&world, "stop = true log 'other'");
    CHECK(world_run(&world) == TA_DONE);
    CHECK_TEXT(world.log, i == 0 ? "other true a present" : "other true true");
    world_close(&world);
  }
}

static void who_has_given_up_the_turn_can_be_cancelled(void) {
  WITH_WORLD(world);
  struct box *box = add_box(&world, "box");
  box->full = box->bottomless = true;
  world_add(&world, "endless = async.current() for _ = 1, 1000 do box:get() end log 'not'");
  world_add(&world, "endless:cancel()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

/* Lua's own coroutine library is open: the first is robbed of its coroutine. */
static void expect_to_be_passed_over(const char *wait, const char *robbery) {
  char code[200];
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY);
  add_box(&world, "box");
  snprintf(code, sizeof code, "victim = coroutine.running() %s", wait);
  world_add(&world, code);
  world_add(&world, "log(box:get())");
  world_pass(&world);
  world_do(&world, robbery);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "a present"));
  CHECK(world.failures == 1);
  world_close(&world);
}

static void a_wake_passes_over_who_was_robbed(void) {
  static const char *const waits[] = {"box:get()", "async.select{async.event(), box}"};
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
    expect_to_be_passed_over(waits[i], "coroutine.resume(victim)");
    expect_to_be_passed_over(waits[i], "coroutine.close(victim)");
  }
}

static int k_never(lua_State *L, int status, lua_KContext context) {
  (void)L, (void)status, (void)context;
  return 0;
}

static int l_wait_for_another(lua_State *L) {
  static const struct ta_wait_kind kind = {.action = "box"};
  static struct box another;
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_list_init(&another.waiting);
  return ta_wait_in(runner, L, "wait", &kind, &another, &another.waiting, k_never);
}

static void who_waits_has_the_object_at_index_1(void) {
  WITH_WORLD(world);
  ta_push_function(world.runner, world.L, l_wait_for_another);
  lua_setglobal(world.L, "wait");
  world_add(&world, "log(pcall(wait, 1))");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "false") && strstr(world.log, "is not at index 1"));
  world_close(&world);
}

static void a_box_that_outlives_its_runner_wakes_nobody(void) {
  WITH_WORLD(world);
  struct box *box = add_box(&world, "box");
  world_do(&world, "fill = box.fill");
  world_add(&world, "box:get()");
  world_add(&world, "async.select{async.event(), box}");
  world_pass(&world);
  CHECK(!ta_list_empty(&box->waiting));
  ta_runner_free(world.runner);
  world.runner = NULL;
  CHECK(ta_list_empty(&box->waiting));
  world_do(&world, "fill(box) collectgarbage() fill(box) log(box:peek())");
  CHECK_TEXT(world.log, "true");
  world_close(&world);
}

static struct box *polled_box;

static void fill_from_poll(struct world *world) {
  struct box *box = polled_box;
  box->full = true;
  CHECK(ta_wake_first(world->runner, &box->waiting));
  world->on_poll = NULL;
}

static void the_hosts_poll_may_wake_who_waits_in_a_queue(void) {
  WITH_WORLD(world);
  polled_box = add_box(&world, "box");
  world_add(&world, "log(box:get())");
  world_pass(&world);
  world.on_poll = fill_from_poll;
  world_add(&world, "work(1)");
  world_add(&world, "work(1)");
  world_settle(&world);
  CHECK_TEXT(world.log, "a present");
  world_close(&world);
}

const struct test object_tests[] = {
    TEST(objects_have_methods_and_are_checked),
    TEST(an_object_of_another_runner_is_none_of_ours),
    TEST(a_method_says_that_an_object_is_another_runners),
    TEST(select_takes_objects_of_libraries),
    TEST(who_was_woken_asks_again),
    TEST(who_was_cancelled_when_it_was_woken_takes_what_it_was_woken_for),
    TEST(a_select_that_asks_again_keeps_its_time_out),
    TEST(a_select_that_asks_again_takes_what_is_ready_now),
    TEST(who_need_not_wait_gives_up_the_turn_at_times),
    TEST(who_has_given_up_the_turn_can_be_cancelled),
    TEST(a_wake_passes_over_who_was_robbed),
    TEST(who_waits_has_the_object_at_index_1),
    TEST(a_box_that_outlives_its_runner_wakes_nobody),
    TEST(the_hosts_poll_may_wake_who_waits_in_a_queue),
    TESTS_END,
};
