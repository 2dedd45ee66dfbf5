/* SPDX-License-Identifier: MIT
 *
 * The event record: what is told, in which order, and that nothing is when
 * tracing is off.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trace/fan.h"
#include "unit/world.h"

static const char *const kinds[] = {"add",   "step",   "yield", "wake", "return",
                                    "error", "cancel", "pass",  "wait"};

/* Logs an event as "kind#task". */
static void note_kind(void *data, const struct ta_trace_event *event) {
  world_log(data, "%s#%d", kinds[event->kind], (int)event->task);
}

/* Logs an event with all that belongs to it. */
static void note_all(void *data, const struct ta_trace_event *event) {
  world_log(data, "%g:%s#%d(%s)%d", event->time, kinds[event->kind], (int)event->task,
            event->name ? event->name : "", (int)event->number);
  if (event->wait) world_log(data, "wait=%d", (int)event->wait);
  if (event->by) world_log(data, "by=%d/%s", (int)event->by, event->by_name ? event->by_name : "");
  if (event->action) world_log(data, "action=%s", event->action);
  if (event->subject) world_log(data, "subject=%s", event->subject);
  if (event->holder) world_log(data, "holder=%d", (int)event->holder);
  if (event->message) world_log(data, "message=%s/%zu", event->message, event->message_length);
  if (event->origin) world_log(data, "origin=%s", event->origin);
  if (event->delay >= 0) world_log(data, "delay=%g until=%g", event->delay, event->until);
  if (event->where) world_log(data, "at=%s", event->where);
}

static void count(void *data, const struct ta_trace_event *event) {
  if (event->kind == TA_EVENT_STEP) ++*(int *)data;
}

static void count_passes(void *data, const struct ta_trace_event *event) {
  if (event->kind == TA_EVENT_PASS) ++*(int *)data;
}

static void events_are_told_in_the_order_they_happen(void) {
  WITH_WORLD(world);
  ta_on_event(world.runner, note_kind, &world);
  world_add(&world, "spawn(error, 'x') sleep(1) unpark(0)");
  world_add(&world, "park()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "add#1 add#2 pass#0 step#1 add#3 yield#1 step#2 yield#2 "
                        "step#3 error#3 [x] wait#0 pass#0 step#1 wake#2 return#1 "
                        "pass#0 step#2 return#2");
  world_close(&world);
}

static void closed_tasks_are_told(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(1)");
  world_add(&world, "park()");
  world_pass(&world);
  ta_on_event(world.runner, note_kind, &world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "step#1 cancel#1 step#2 cancel#2");
  world_close(&world);
}

static void events_carry_what_belongs_to_them(void) {
  WITH_WORLD(world);
  struct ta_task_options options = {.name = "main", .origin = "demo.lua"};
  world.now = 10; /* times count from the making of the Runner, at 0 */
  ta_on_event(world.runner, note_all, &world);
  world_load(&world, "\nsleep(0.5)\nerror('Meh\\0!', 0)");
  ta_add_task(world.runner, world.L, 0, &options);
  lua_pop(world.L, 1);
  world_run(&world);
  CHECK_TEXT(world.log,
             "10:add#1(main)0 origin=demo.lua 10:pass#0()1 10:step#1(main)1 "
             "10:yield#1(main)0 wait=1 action=sleep subject=0.5s delay=0.5 until=10.5 at=test:2 "
             "10:wait#0()1 delay=0.5 until=10.5 10.5:pass#0()1 10.5:step#1(main)2 "
             "10.5:error#1(main)0 message=Meh/5 at=test:3 [Meh]");
  world_close(&world);
}

static void a_spawn_says_by_whom_and_where(void) {
  WITH_WORLD(world);
  world_add_named(&world, "parent", "\nspawn({name = 'child'}, log)");
  ta_on_event(world.runner, note_all, &world);
  world_run(&world);
  CHECK(strstr(world.log, "add#2(child)0 by=1/parent at=test:2"));
  world_close(&world);
}

/* Which wait is over, and who has ended it: nothing needs to be read out of words. */
static void a_wake_says_which_wait_and_by_whom(void) {
  WITH_WORLD(world);
  world_do(&world, "lock = async.lock 'db'");
  world_add_named(&world, "owner", "lock:acquire() sleep(1) lock:release()");
  world_add_named(&world, "other", "async.checkpoint() lock:acquire() lock:release() park()");
  ta_on_event(world.runner, note_all, &world);
  world_run(&world);
  CHECK(strstr(world.log, "yield#2(other)0 wait=2 action=lock subject='db' held by #1 owner "
                          "holder=1"));
  CHECK(strstr(world.log, "wake#2(other)0 wait=2 by=1/owner"));
  ta_unpark(world.runner, world.tickets[0]); /* the outside */
  CHECK(strstr(world.log, "wake#2(other)0 wait=3"));
  CHECK(!strstr(strstr(world.log, "wake#2(other)0 wait=3"), "by="));
  world_close(&world);
}

static void several_are_told_in_order(void) {
  WITH_WORLD(world);
  struct ta_fan fan = {.count = 0};
  int steps = 0;
  CHECK(ta_fan_add(&fan, note_kind, &world) == 0);
  CHECK(ta_fan_add(&fan, count, &steps) == 0);
  ta_on_event(world.runner, ta_fan_tell, &fan);
  world_add(&world, "");
  world_run(&world);
  ta_fan_remove(&fan, note_kind, &world);
  ta_fan_remove(&fan, note_kind, &world);
  world_add(&world, "");
  world_run(&world);
  CHECK(steps == 2);
  CHECK_TEXT(world.log, "add#1 pass#0 step#1 return#1");
  while (fan.count < TA_FAN_RECEIVERS) CHECK(ta_fan_add(&fan, count, &steps) == 0);
  CHECK(ta_fan_add(&fan, count, &steps) == -ENOSPC);
  world_close(&world);
}

/* What comes from outside is looked at before a pass, not by an empty one. */
static void a_wait_for_the_outside_costs_no_empty_pass(void) {
  WITH_WORLD(world);
  int passes = 0;
  world_add(&world, "for _ = 1, 5 do park_outside() end");
  ta_on_event(world.runner, count_passes, &passes);
  for (int i = 0; i < 5; i++) {
    CHECK(world_pass(&world) == TA_WAITING);
    CHECK(ta_unpark(world.runner, world.tickets[i]));
  }
  CHECK(world_pass(&world) == TA_DONE);
  CHECK(passes == 6);
  world_close(&world);
}

static void a_yield_in_a_nested_coroutine_gives_the_line_that_waits(void) {
  WITH_WORLD(world);
  ta_on_event(world.runner, note_all, &world);
  world_add(&world, "coroutine.wrap(function()\npark()\nend)()");
  world_pass(&world);
  CHECK(strstr(world.log, "yield#1(test)0 wait=1 action=park subject=the test at=test:2"));
  world_close(&world);
}

static void a_yield_past_our_own_is_told_too(void) {
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY);
  ta_on_event(world.runner, note_all, &world);
  world_add(&world, "\ncoroutine.yield {action = 'sleep', delay = 2}");
  world_pass(&world);
  CHECK(
      strstr(world.log, "yield#1(test)0 wait=1 action=sleep subject=2s delay=2 until=2 at=test:2"));
  world_close(&world);
}

static void a_wait_for_the_outside_names_no_task(void) {
  WITH_WORLD(world);
  world_add(&world, "park_outside()");
  ta_on_event(world.runner, note_all, &world);
  world_pass(&world);
  CHECK(strstr(world.log, "wait#0()0"));
  CHECK(!strstr(world.log, "delay="));
  world_close(&world);
}

static void nothing_is_told_when_tracing_is_off(void) {
  WITH_WORLD(world);
  ta_on_event(world.runner, note_kind, &world);
  world_add(&world, "sleep(0) log 'end'");
  ta_on_event(world.runner, NULL, NULL);
  world_add(&world, "pcall(error)");
  world_run(&world);
  CHECK_TEXT(world.log, "add#1 end");
  world_close(&world);
}

/* A trace that shows the schedule must not change it. */
static void tracing_changes_nothing(void) {
  static const char code[] = "for i = 1, 5 do spawn(function() sleep(i % 3) log(i) end) end";
  EXPECT(code, "3 1 4 2 5");
  WITH_WORLD(world);
  int steps = 0;
  ta_on_event(world.runner, count, &steps);
  world_add(&world, code);
  world_run(&world);
  CHECK_TEXT(world.log, "3 1 4 2 5");
  CHECK(steps == 11);
  world_close(&world);
}

const struct test trace_tests[] = {
    TEST(events_are_told_in_the_order_they_happen),
    TEST(closed_tasks_are_told),
    TEST(events_carry_what_belongs_to_them),
    TEST(a_spawn_says_by_whom_and_where),
    TEST(a_wake_says_which_wait_and_by_whom),
    TEST(several_are_told_in_order),
    TEST(a_wait_for_the_outside_costs_no_empty_pass),
    TEST(a_yield_in_a_nested_coroutine_gives_the_line_that_waits),
    TEST(a_yield_past_our_own_is_told_too),
    TEST(a_wait_for_the_outside_names_no_task),
    TEST(nothing_is_told_when_tracing_is_off),
    TEST(tracing_changes_nothing),
    TESTS_END,
};
