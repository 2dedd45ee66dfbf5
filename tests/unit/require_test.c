/* SPDX-License-Identifier: MIT
 *
 * A require whose modules may wait while they load.
 */
#include <string.h>

#include "unit/world.h"

static void a_module_may_wait_while_it_loads(void) {
  EXPECT("package.preload.m = function(...) log(...) sleep(1) return {x = 1} end "
         "local m, data = require 'm' log(m.x, data, async.now()) log(require 'm' == m)",
         "m :preload: 1 :preload: 1.0 true");
}

static void two_tasks_get_the_same_module_loaded_once(void) {
  EXPECT("package.preload.m = function() log 'load' sleep(1) return {} end "
         "local got = {} for i = 1, 3 do spawn(function() got[i] = require 'm' end) end "
         "sleep(2) log(got[1] ~= nil, got[1] == got[2], got[1] == got[3])",
         "load true true true");
}

static void when_the_first_loader_fails_the_second_loads_itself(void) {
  EXPECT("local tries = 0 package.preload.m = function() tries = tries + 1 local n = tries "
         "sleep(1) if n == 1 then error('no', 0) end return n end "
         "spawn(function() log(pcall(require, 'm')) end) spawn(function() log((require 'm')) end)",
         "false no 2");
}

static void a_loop_raises_instead_of_hanging(void) {
  EXPECT("package.preload.a = function() sleep(0) require 'b' end "
         "package.preload.b = function() sleep(0) require 'a' end "
         "log((select(2, pcall(require, 'a')):match 'loop in require: .*'))",
         "loop in require: a -> b -> a");
  EXPECT("package.preload.a = function() sleep(1) require 'b' end "
         "package.preload.b = function() sleep(1) require 'a' end "
         "local function try(m) local ok, e = pcall(require, m)"
         "  log(ok, ok or (e:match 'loop in require: .*')) end "
         "spawn(try, 'a') spawn(try, 'b')",
         "false loop in require: a -> b -> a false loop in require: a -> b -> a");
}

static void a_module_that_is_not_found_says_where_it_looked(void) {
  EXPECT("package.path = './?.nothing' package.cpath = ''"
         "local e = select(2, pcall(require, 'm.n'))"
         "log((e:match '^module \\'m.n\\' not found:'), (e:match '%./m/n%.nothing'))",
         "module 'm.n' not found: ./m/n.nothing");
}

static void outside_a_task_require_does_what_luas_does(void) {
  WITH_WORLD(world);
  world_do(&world, "package.preload.m = function() return 7 end log(require 'm')"
                   "package.preload.n = function() end log(require 'n')"
                   "package.preload.o = function() package.loaded.o = 'set' end log(require 'o')"
                   "package.preload.p = function() return false end log(require 'p')"
                   "package.preload.q = function() sleep(1) end log((pcall(require, 'q')))"
                   "log(require 'string' == string)");
  CHECK_TEXT(world.log, "7 :preload: true :preload: set :preload: false :preload: false true");
  world_close(&world);
}

/* Waiting for a loader that is cancelled must not hang, nor touch freed memory. */
static void tasks_that_wait_for_a_module_can_be_cancelled(void) {
  WITH_WORLD(world);
  world_do(&world, "package.preload.m = function() sleep(1) return {} end");
  world_add(&world, "require 'm' log 'a'");
  world_add(&world, "require 'm' log 'b'");
  world_add(&world, "package.preload.n = function() require 'm' log 'c' end require 'n'");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "");
  CHECK(world.failures == 0);
  world_close(&world);
}

/* The one that loads waits in a coroutine that its task then closes. */
static void a_loader_that_is_closed_lets_the_next_one_load(void) {
  EXPECT("package.preload.m = function() sleep(1) error('x', 0) end "
         "spawn(function() local co = coroutine.create(require) log(coroutine.resume(co, 'm')) end)"
         "sleep(0) package.preload.m = function() return 'second' end log((require 'm'))",
         "false x second");
}

static void a_yield_out_of_a_loading_module_raises(void) {
  EXPECT("package.preload.m = function() coroutine.yield(1) end "
         "log(pcall(coroutine.wrap(function() require 'm' end)))",
         "false test:1: cannot yield out of require 'm'");
}

const struct test require_tests[] = {
    TEST(a_module_may_wait_while_it_loads),
    TEST(two_tasks_get_the_same_module_loaded_once),
    TEST(when_the_first_loader_fails_the_second_loads_itself),
    TEST(a_loop_raises_instead_of_hanging),
    TEST(a_module_that_is_not_found_says_where_it_looked),
    TEST(outside_a_task_require_does_what_luas_does),
    TEST(tasks_that_wait_for_a_module_can_be_cancelled),
    TEST(a_loader_that_is_closed_lets_the_next_one_load),
    TEST(a_yield_out_of_a_loading_module_raises),
    TESTS_END,
};
