/* SPDX-License-Identifier: MIT
 *
 * Threads of scripts, when what they need fails.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/clock.h"
#include "io/ration.h"
#include "kit/part.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONGEST 20.0 /* seconds for a script */
#define MOST 100000  /* calls of a sort */

static char where[60]; /* the call that fails, for whoever looks for the fault */

/* Each call gives what is right, or raises a text.  Nobody waits for a thread that may not have
 * begun; what waits for a channel is ended. */
static const char scene[] =
    "local told = 0\n"
    "local function try(what, want, fn, ...)\n"
    "  local ok, got = pcall(fn, ...)\n"
    "  if ok and got ~= want then log('WRONG', what, tostring(got)) end\n"
    "  if not ok then told = told + 1 end\n"
    "  if not ok and type(got) ~= 'string' then log('WRONG', what, type(got)) end\n"
    "end\n"
    "try('call', 3, async.thread, function(a, t) return a + t[1].n end, 1, {{n = 2}})\n"
    "try('wait', 'woke', async.thread, function()\n"
    "  local event = async.event()\n"
    "  spawn(function() sleep(0) event:set() end)\n"
    "  event:wait() return 'woke' end)\n"
    "try('error', nil, async.thread, function() error('planned', 0) end)\n"
    "try('map', 4, function()\n"
    "  return async.map({1, 2}, function(x) return x * 2 end, {threads = true})[2] end)\n"
    "local jobs, results = async.channel(3), async.channel(1)\n"
    "try('channels', 'aaab', async.with_timeout, 2, async.scope, function(scope)\n"
    "  scope:spawn(async.thread, function(from, to)\n"
    "    for n in from:iter() do to:send(('a'):rep(n) .. 'b') end end, jobs, results)\n"
    "  jobs:send(3)\n"
    "  local got = results:recv()\n"
    "  jobs:close()\n"
    "  return got end)\n"
    "log(told == 1 and 'ended' or 'ended, and told')";

static void run(struct outside *place) {
  if (!outside_live(place, NULL)) CHECK_TEXT(where, "ended in time");
}

static void close_place(struct outside *place) {
  ta_close_all(place->world.runner);
  ta_runner_free(place->world.runner);
  place->world.runner = NULL;
  lua_close(place->world.L);
  CHECK(place->world.memory.bytes == 0);
  if (place->io.workers) CHECK(ta_workers_drain(place->io.workers, LONGEST));
  outside_close_rest(place);
}

/* False: so many calls are not made. */
static bool try_at(enum system_call call, unsigned nth, int error) {
  struct outside place;
  snprintf(where, sizeof where, "call %d, the %u. fails by %d", call, nth, error);
  outside_open(&place, NULL);
  world_add(&place.world, scene);
  system_fail(call, nth, error);
  run(&place);
  bool reached = system_go_well() >= nth;
  if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
  if (!reached) CHECK_TEXT(place.world.log, "ended");
  close_place(&place);
  return reached;
}

static void sweep(enum system_call call, int error, unsigned least, unsigned step) {
  unsigned nth = 1;
  if (test_quick()) step *= 7;
  part_take(&nth, &step);
  while (nth < MOST && try_at(call, nth, error)) nth += step;
  if (!test_quick() && nth <= least) CHECK_TEXT(where, "so few calls");
}

static void a_thread_that_cannot_be_made_is_an_error_of_the_call(void) {
  sweep(SYSTEM_THREAD, EAGAIN, 1, 1);
}

static void a_call_that_fails_where_a_thread_begins_is_told(void) {
  sweep(SYSTEM_PIPE2, EMFILE, 5, 1);
  sweep(SYSTEM_EPOLL_CTL, ENOSPC, 5, 1);
}

static void memory_that_is_refused_to_threads_leaves_nothing(void) {
  sweep(SYSTEM_ALLOCATE, ENOMEM, 100, 37);
}

/* What the states of threads ask for lies in no malloc: that is refused by a limit. */
static void no_limit_of_memory_is_too_low_for_a_thread(void) {
  static const size_t step = 3 << 10;
  for (size_t limit = step; limit < 300 << 10; limit += test_quick() ? step * 7 : step) {
    struct outside place;
    struct ta_budget *budget = ta_budget_new();
    CHECK(budget != NULL);
    snprintf(where, sizeof where, "a limit of %zu bytes", limit);
    outside_open(&place, NULL);
    place.io.budget = budget;
    place.io.memory = limit;
    world_add(&place.world, scene);
    run(&place);
    if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
    close_place(&place);
    CHECK(ta_budget_used(budget) == 0);
    ta_budget_leave(budget);
  }
}

const struct test thread_tests[] = {
    TEST(a_thread_that_cannot_be_made_is_an_error_of_the_call),
    TEST(a_call_that_fails_where_a_thread_begins_is_told),
    TEST(memory_that_is_refused_to_threads_leaves_nothing),
    TEST(no_limit_of_memory_is_too_low_for_a_thread),
    TESTS_END,
};
