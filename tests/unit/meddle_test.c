/* SPDX-License-Identifier: MIT
 *
 * Others meddle: with the coroutine of a task, by Lua's own resume and close; or from
 * the host's callbacks, which may be Lua as well.  The worst that comes of it is an
 * error.
 */
#include <stdlib.h>
#include <string.h>

#include "core/task.h"
#include "unit/world.h"

/* ------------------------------------------------------------ robbed tasks */

/* What can be waited in.  `co` is the task's coroutine, `inner` a nested one. */
static const char *const waits[] = {
    "sleep(9)",
    "own.yield {action = 'sleep', delay = 9}",
    "ch:recv()",
    "ch:send {}",
    "full:send {}",
    "lk:acquire()",
    "lk:with(log)",
    "sem:acquire()",
    "ev:wait()",
    "local own <const> = async.event() own:wait()",
    "local a, b = async.channel(), async.event() async.select {a, b}",
    "async.select {ch, ev, timeout = 4}",
    "async.scope(function(s) s:spawn(sleep, 9) end)",
    "async.scope(function(s) s:spawn(sleep, 9) ch:recv() end)",
    "async.scope(function(s) s:spawn(async.scope, function(i) i:spawn(sleep, 9) end) end)",
    "async.with_timeout(3, sleep, 9)",
    "async.move_on_after(3, async.scope, function(s) s:spawn(sleep, 9) error 'own' end)",
    "async.shield(sleep, 9)",
    "local guard <close> = async.lock():acquire() sleep(9)",
    "async.lock():with(sleep, 9)",
    "await {action = 'act'}",
    "other:await()",
    "async.all {function() sleep(9) end, other}",
    "async.race {function() sleep(9) end, other}",
    "require 'm'",
    "park()",
};

static const char *const robberies[] = {
    "own.close(victim)",
    "own.resume(victim)",
    "own.resume(victim, 1, 2, 3) own.resume(victim) own.close(victim)",
    "coroutine.resume(victim) coroutine.close(victim)",
};

/* Afterwards all that the task may have waited for comes. */
static const char aftermath[] =
    "collectgarbage() collectgarbage() pcall(async.tree) "
    "for _, fn in ipairs {function() ch:send 'x' end, function() ev:set() end, "
    "  function() full:recv() end, function() ch:recv() end, function() ch:close() end, "
    "  function() w(1) end, function() tostring(task) return task:status() end, "
    "  function() keeper:cancel() end} do pcall(fn) end "
    "collectgarbage() async.tree()";

#define COUNT(list) (sizeof list / sizeof *list)

static void settle_at(struct world *world, double now) {
  world->now = now;
  for (int left = 50; left > 0 && world_pass(world) == TA_BUSY; left--) continue;
}

static void rob(unsigned flags, const char *wait, const char *robbery, bool nested, bool by_task) {
  char code[1000];
  struct world world;
  world_open_bare(&world);
  world_do(&world, "own = {} for k, v in pairs(coroutine) do own[k] = v end");
  world_do(&world, "package.preload.m = function() sleep(9) return {} end");
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, flags);
  world_do(&world, "ch, full, ev = async.channel(), async.channel(1), async.event() full:send(1)"
                   "lk, sem = async.lock(), async.semaphore(1) "
                   "async.actions.act = function(_, wake) w = wake return log end");
  world_add(&world, "keeper = async.current() lk:acquire() sem:acquire() other = spawn(sleep, 8) "
                    "sleep(7)");
  world_pass(&world);
  if (nested)
    snprintf(code, sizeof code,
             "task = async.current() coroutine.wrap(function() victim = own.running() %s end)()",
             wait);
  else
    snprintf(code, sizeof code, "task, victim = async.current(), own.running() %s", wait);
  world_add(&world, code);
  settle_at(&world, 0);
  snprintf(code, sizeof code, "pcall(function() %s end) victim = nil", robbery);
  if (by_task)
    world_add(&world, code);
  else
    world_do(&world, code);
  settle_at(&world, 0);
  world_do(&world, aftermath);
  for (int second = 0; second < 10; second++) settle_at(&world, second);
  ta_cancel_all(world.runner, "over");
  settle_at(&world, 10);
  world_do(&world, "task, keeper, other, ch, full, ev, lk, sem, w = nil collectgarbage()");
  world_close(&world);
}

static void a_task_robbed_of_its_coroutine_is_survived_wherever_it_waits(void) {
  static const unsigned flags[] = {TA_OPEN_LIBRARY, TA_OPEN_ALL};
  for (size_t i = 0; i < COUNT(waits); i++)
    for (size_t k = 0; k < COUNT(robberies); k++)
      for (unsigned how = 0; how < (test_quick() ? 2 : 8); how++)
        rob(flags[how & 1], waits[i], robberies[k], how & 2, how & 4);
}

static void a_robbed_task_fails_and_says_why(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, "running, close = coroutine.running, coroutine.close");
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  world_add(&world, "co = running() async.scope(function(s) s:spawn(sleep, 1) end)");
  world_do(&world, "t = async.tasks()[1]");
  world_pass(&world);
  world_do(&world, "close(co) co = nil collectgarbage() collectgarbage()");
  world_run(&world);
  world_do(&world, "log(t:status(), t.error)");
  CHECK_TEXT(world.log, "failed the coroutine of a task was resumed or closed by somebody else");
  world_do(&world, "t = nil");
  world_close(&world);
}

static void an_end_is_told_to_the_next_when_the_first_was_robbed(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, "own = {close = coroutine.close, running = coroutine.running}");
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  world_add(&world,
            "next_end, ends = async.as_completed {function() sleep(1) return 'a' end, "
            "function() sleep(5) return 'b' end} "
            "spawn(function() victim = own.running() next_end(ends) end) "
            "spawn(function() local _, _, name = next_end(ends) log(name, async.now()) end) "
            "async.checkpoint() async.checkpoint() "
            "own.close(victim) victim = nil sleep(9)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a 1.0");
  world_do(&world, "ends = nil");
  world_close(&world);
}

/* (task) -> has it what cancelled it in itself? */
static int l_on_its_own(lua_State *L) {
  const struct ta_task *task = lua_touserdata(L, 1);
  lua_pushboolean(L, task->cause == task);
  return 1;
}

/* A task that is closed leaves its children behind: what has cancelled them goes. */
static void children_left_behind_outlive_what_cancelled_them(void) {
  struct world world;
  world_open(&world, TA_OPEN_ALL | TA_OPEN_REUSE);
  lua_register(world.L, "on_its_own", l_on_its_own);
  world_add(&world,
            "local child local parent = spawn(function() async.scope(function(s)"
            "    child = s:spawn(function()"
            "      async.shield(sleep, 5) pcall(sleep, 1) log 'on' sleep(1) log 'no'"
            "    end)"
            "    while true do pcall(function()"
            "      local g <close> = async.defer(function() error('eaten', 0) end) sleep(10)"
            "    end) end end) end) "
            "sleep(1) parent:cancel 'why' sleep(1) log(parent:status(), on_its_own(child)) "
            "parent = nil collectgarbage() collectgarbage() sleep(9) "
            "log(child:status(), child.error)");
  world_run(&world);
  CHECK_TEXT(world.log, "[eaten] failed true cancelled cancelled: why");
  world_close(&world);
}

/* A child cancelled with its parent, which is robbed at the same moment; the error object of
 * the deadline that did it is wanted first when both are parted.  `room`: bytes that are left, when
 * a little was given back. */
static bool part_with(size_t room) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, "own = {close = coroutine.close, running = coroutine.running}");
  const struct ta_host host = {.data = &world, .now = world_clock};
  world.runner = ta_runner_new(world.L, &host);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  world_add(&world,
            "async.with_timeout(1, async.scope, function(s) parent = own.running() "
            "child = s:spawn(function() async.shield(sleep, 5) sleep(1) end) sleep(9) end)");
  settle_at(&world, 0);
  world_do(&world, "own.close(parent) collectgarbage()");
  world.most = world.memory.bytes - 8192 + room;
  settle_at(&world, 1);
  world.most = 0;
  ta_cancel_all(world.runner, "the end");
  settle_at(&world, 9);
  world_do(&world, "log(child:status(), child.error)");
  const char *known = strstr(world.log, "cancelled cancelled");
  bool told = known && strcmp(known, "cancelled cancelled: timeout") == 0;
  CHECK(known && (told || strcmp(known, "cancelled cancelled") == 0));
  world_do(&world, "parent, child = nil");
  world_close(&world);
  return told;
}

static void a_cause_is_handed_over_whatever_memory_there_is(void) {
  size_t room = 0;
  CHECK(!part_with(room));
  while (room < 16384 && !part_with(room)) room += 64;
  CHECK(room < 16384);
}

/* ---------------------------------------------------------- host's callbacks */

/* Runs the global function `hook`, once at a time. */
static void run_hook(struct world *world) {
  if (world->in_hook) return;
  world->in_hook = true;
  if (lua_getglobal(world->L, "hook") == LUA_TFUNCTION) {
    if (lua_pcall(world->L, 0, 0, 0) != LUA_OK) lua_pop(world->L, 1);
  } else {
    lua_pop(world->L, 1);
  }
  world->in_hook = false;
}

static void later_by_hook(void *data, double delay) {
  struct world *world = data;
  world->deadline = delay;
  run_hook(world);
}

static double clock_with_hook(void *data) {
  run_hook(data);
  return ((struct world *)data)->now;
}

static void open_with_later(struct world *world) {
  world_open_bare(world);
  world_do(world, "own = {close = coroutine.close, running = coroutine.running}");
  const struct ta_host host = {.data = world, .now = world_clock, .call_later = later_by_hook};
  world->runner = ta_runner_new(world->L, &host);
  ta_open(world->runner, world->L, TA_OPEN_ALL);
}

static void a_call_later_that_takes_part_gets_what_is_left_only(void) {
  struct world world;
  open_with_later(&world);
  world_do(&world, "sem, full = async.semaphore(1), async.channel(1) sem:acquire() full:send(1)");
  world_add(&world, "sem:acquire() log 'acquired' sleep(1)");
  world_add(&world, "full:send(2)");
  ta_pass(world.runner, NULL);
  world_do(&world,
           "function hook() log(pcall(sem.acquire, sem)) log(pcall(full.send, full, 3)) end");
  world_do(&world, "sem:release()");
  world_do(&world, "log(tostring(sem))");
  CHECK_TEXT(world.log, "false acquire: only a task can wait false send: only a task can wait "
                        "semaphore (0 of 1)");
  *world.log = '\0';
  ta_pass(world.runner, NULL);
  world_do(&world, "hook = nil log(full:recv(), #full)");
  CHECK(!strstr(world.log, "true"));
  CHECK(strstr(world.log, "1 1"));
  world_do(&world, "sem, full = nil");
  world_close(&world);
}

/* Who waits first in `object` is robbed: whoever gives something sends it away, and at that
 * moment `hook` runs. */
static void open_with_robbed(struct world *world, const char *setup, const char *wait,
                             const char *hook) {
  char code[300];
  open_with_later(world);
  world_do(world, setup);
  snprintf(code, sizeof code, "victim = own.running() %s", wait);
  world_add(world, code);
  ta_pass(world->runner, NULL);
  snprintf(code, sizeof code, "own.close(victim) victim = nil function hook() %s end", hook);
  world_do(world, code);
}

static void a_call_later_that_meets_somebody_robbed_finds_a_semaphore_in_order(void) {
  static const char *const hooks[] = {
      "sem:acquire()",
      "sem:release()",
      "sem:release() sem:acquire()",
      "sem:release() sem:release() sem:acquire() sem:acquire()",
      "close(guard)",
      "close(guard) sem:acquire() collectgarbage() collectgarbage()",
      "guard = nil sem:release() collectgarbage() collectgarbage()",
  };
  static const char *const gives[] = {"sem:release()", "close(guard)"};
  for (size_t i = 0; i < COUNT(hooks) * COUNT(gives); i++) {
    struct world world;
    open_with_robbed(&world,
                     "sem = async.semaphore(3) guard = sem:acquire() sem:acquire() sem:acquire() "
                     "function close(guard) local _ <close> = guard end",
                     "sem:acquire()", hooks[i / COUNT(gives)]);
    world_do(&world, gives[i % COUNT(gives)]);
    world_do(&world, "hook, guard = nil collectgarbage() collectgarbage() "
                     "while pcall(sem.acquire, sem) do end collectgarbage() log(tostring(sem)) "
                     "for _ = 1, 3 do sem:release() collectgarbage() end "
                     "log(tostring(sem), (pcall(sem.release, sem)))");
    CHECK_TEXT(world.log, "semaphore (0 of 3) semaphore (3 of 3) false");
    world_do(&world, "sem = nil");
    world_close(&world);
  }
}

static void a_place_is_given_back_after_the_robbed_was_sent_away(void) {
  struct world world;
  open_with_robbed(&world, "sem = async.semaphore(1) sem:acquire()", "sem:acquire()",
                   "log(pcall(sem.acquire, sem))");
  world_do(&world, "sem:release() log(tostring(sem)) hook, sem = nil");
  CHECK_TEXT(world.log, "false acquire: only a task can wait semaphore (1 of 1)");
  world_close(&world);
}

static void a_call_later_may_collect_the_guard_whose_place_was_given_away(void) {
  struct world world;
  open_with_later(&world);
  world_do(&world, "sem = async.semaphore(1) sem:acquire()");
  world_add(&world, "local _ <close> = sem:acquire() log 'acquired'");
  ta_pass(world.runner, NULL);
  world_do(&world,
           "function hook() collectgarbage() collectgarbage() end sem:release() hook = nil");
  ta_pass(world.runner, NULL);
  world_do(&world, "log(tostring(sem)) sem = nil");
  CHECK_TEXT(world.log, "acquired semaphore (1 of 1)");
  world_close(&world);
}

static void a_call_later_that_meets_somebody_robbed_may_empty_the_channel(void) {
  static const char *const ways[] = {"ch:recv()", "async.select{ch}"};
  for (size_t i = 0; i < COUNT(ways); i++) {
    char code[200];
    struct world world;
    open_with_robbed(&world, "ch = async.channel(1) ch:send(1)", "ch:send(2)",
                     "log(ch:try_recv())");
    snprintf(code, sizeof code, "log(pcall(function() return %s end)) hook, ch = nil", ways[i]);
    world_do(&world, code);
    CHECK(strncmp(world.log, "1 false ", 8) == 0);
    CHECK(strstr(world.log, "only a task can wait"));
    world_close(&world);
  }
}

static void a_call_later_that_meets_somebody_robbed_may_close_the_channel(void) {
  static const char *const hooks[] = {"ch:close()", "ch:send(1) ch:close()"};
  for (size_t i = 0; i < COUNT(hooks); i++) {
    struct world world;
    open_with_robbed(&world, "ch = async.channel(2)", "ch:recv()", hooks[i]);
    world_do(&world, i ? "log(ch:try_send(2))" : "log(pcall(ch.send, ch, 2))");
    world_do(&world, "log(#ch) hook, ch = nil");
    CHECK_TEXT(world.log, i ? "nil closed 1" : "false send: the channel is closed 0");
    world_close(&world);
  }
}

static void ignore_event(void *data, const struct ta_trace_event *event) {
  (void)data, (void)event;
}

/* With a trace the clock is read at each wake, also in a pass. */
static void a_clock_that_meets_somebody_robbed_finds_the_lock_held(void) {
  static const char *const hooks[] = {"log((pcall(lk.acquire, lk)))", "lk:release()"};
  for (size_t i = 0; i < COUNT(hooks); i++) {
    char code[300];
    struct world world;
    world_open_bare(&world);
    world_do(&world, "own = {close = coroutine.close, running = coroutine.running}");
    const struct ta_host host = {.data = &world, .now = clock_with_hook};
    world.runner = ta_runner_new(world.L, &host);
    ta_open(world.runner, world.L, TA_OPEN_ALL);
    ta_on_event(world.runner, ignore_event, &world);
    snprintf(code, sizeof code,
             "lk = async.lock() lk:acquire() async.checkpoint() own.close(victim) victim = nil "
             "function hook() hook = nil %s end log((pcall(lk.release, lk)))",
             hooks[i]);
    world_add(&world, code);
    world_add(&world, "victim = own.running() lk:acquire()");
    world_add(&world, "lk:with(log, 'second')");
    world_add(&world, "lk:with(log, 'third')");
    CHECK(world_run(&world) == TA_DONE);
    CHECK_TEXT(world.log, i ? "false second third" : "false true second third");
    world_do(&world, "lk = nil");
    world_close(&world);
  }
}

/* A clock that sets the event at its reading number `stop`. */
static void a_task_woken_by_the_clock_at_the_end_of_a_pass_is_not_late(void) {
  bool reached = true;
  for (int stop = 1; reached; stop++) {
    char code[200];
    struct world world;
    world_open_bare(&world);
    const struct ta_host host = {
        .data = &world, .now = clock_with_hook, .call_later = later_by_hook};
    world.runner = ta_runner_new(world.L, &host);
    ta_open(world.runner, world.L, TA_OPEN_ALL);
    world_do(&world, "ev = async.event()");
    world_add(&world, "ev:wait() log 'woken'");
    world_add(&world, "sleep(10)");
    ta_pass(world.runner, NULL);
    world_add(&world, "");
    snprintf(code, sizeof code,
             "local n = 0 function hook() n = n + 1 if n == %d then ev:set() end end", stop);
    world_do(&world, code);
    ta_pass(world.runner, NULL);
    world_do(&world, "log(ev:is_set())");
    reached = strstr(world.log, "true") != NULL;
    if (reached && !strstr(world.log, "woken")) CHECK(world.deadline == 0);
    CHECK(stop < 20);
    world_do(&world, "ev, hook = nil");
    world_close(&world);
  }
}

static void collect_and_log(void *data, const struct ta_failure *failure) {
  struct world *world = data;
  lua_getglobal(world->L, "on_failure");
  if (lua_pcall(world->L, 0, 0, 0) != LUA_OK) lua_pop(world->L, 1);
  lua_gc(world->L, LUA_GCCOLLECT);
  lua_gc(world->L, LUA_GCCOLLECT);
  world_log(world, "[%s]", failure->message);
  if (failure->traceback) CHECK(strncmp(failure->traceback, "stack", 5) == 0);
}

static void a_report_may_collect_what_it_is_about(void) {
  WITH_WORLD(world);
  world_do(&world, "function on_failure() end");
  ta_on_failure(world.runner, collect_and_log, &world);
  world_add(&world, "async.lock():acquire() async.lock():acquire()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "ended while it held"));
  world_close(&world);
}

static void a_report_may_close_the_coroutine_that_failed(void) {
  WITH_WORLD(world);
  world_do(&world, "function on_failure() coroutine.close(co) co = nil end");
  ta_on_failure(world.runner, collect_and_log, &world);
  world_add(&world, "co = coroutine.running() error('a message of ' .. 2 .. ' words', 0)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "[a message of 2 words]");
  world_close(&world);
}

static void a_report_finds_the_outcome_in_its_place(void) {
  WITH_WORLD(world);
  world_do(&world, "function on_failure() log(t:pawait()) end");
  ta_on_failure(world.runner, collect_and_log, &world);
  world_add(&world, "t = async.current() lk = async.lock() lk:acquire() return 7, 8");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "true 7 8 [ended while it held lock]");
  world_do(&world, "t, lk = nil");
  world_close(&world);
}

const struct test meddle_tests[] = {
    TEST(a_task_robbed_of_its_coroutine_is_survived_wherever_it_waits),
    TEST(a_robbed_task_fails_and_says_why),
    TEST(an_end_is_told_to_the_next_when_the_first_was_robbed),
    TEST(children_left_behind_outlive_what_cancelled_them),
    TEST(a_cause_is_handed_over_whatever_memory_there_is),
    TEST(a_call_later_that_takes_part_gets_what_is_left_only),
    TEST(a_call_later_that_meets_somebody_robbed_finds_a_semaphore_in_order),
    TEST(a_place_is_given_back_after_the_robbed_was_sent_away),
    TEST(a_call_later_may_collect_the_guard_whose_place_was_given_away),
    TEST(a_call_later_that_meets_somebody_robbed_may_empty_the_channel),
    TEST(a_call_later_that_meets_somebody_robbed_may_close_the_channel),
    TEST(a_clock_that_meets_somebody_robbed_finds_the_lock_held),
    TEST(a_task_woken_by_the_clock_at_the_end_of_a_pass_is_not_late),
    TEST(a_report_may_collect_what_it_is_about),
    TEST(a_report_may_close_the_coroutine_that_failed),
    TEST(a_report_finds_the_outcome_in_its_place),
    TESTS_END,
};
