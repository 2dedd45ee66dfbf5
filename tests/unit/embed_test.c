/* SPDX-License-Identifier: MIT
 *
 * What a program that embeds us relies on: nothing is changed unasked, and all is put back.
 */
#include <string.h>

#include "tinyasync_lib.h"
#include "unit/world.h"

/* A script that remembers every field of every loaded module, and later tells
 * which are not what they were, in alphabetical order. */
static const char remember[] =
    "local function all() local fields = {} "
    "  for name, module in pairs(package.loaded) do fields['loaded ' .. name] = module "
    "    if type(module) == 'table' then for key, value in pairs(module) do "
    "      if not (module == _G and (key == 'before' or key == 'changes')) then "
    "        fields[name .. '.' .. tostring(key)] = value end end end end "
    "  return fields end "
    "before = all() "
    "function changes() local list, now = {}, all() "
    "  for key, value in pairs(now) do if before[key] ~= value then list[#list + 1] = key end end "
    "  for key in pairs(before) do if now[key] == nil then list[#list + 1] = key end end "
    "  table.sort(list) return table.concat(list, ' ') end";

#define LIBRARY_FIELDS                                                                             \
  "tinyasync.actions tinyasync.all tinyasync.any tinyasync.as_completed tinyasync.channel "        \
  "tinyasync.checkpoint "                                                                          \
  "tinyasync.current tinyasync.defer tinyasync.event tinyasync.every tinyasync.lock "              \
  "tinyasync.map tinyasync.move_on_after tinyasync.now tinyasync.race tinyasync.retry "            \
  "tinyasync.scope tinyasync.select tinyasync.semaphore tinyasync.settle tinyasync.shield "        \
  "tinyasync.task_local "                                                                          \
  "tinyasync.tasks tinyasync.tree tinyasync.with_timeout"
#define COROUTINE                                                                                  \
  "coroutine.close coroutine.resume coroutine.running coroutine.status coroutine.wrap "            \
  "coroutine.yield"

static void check_changes(struct world *world, const char *changes) {
  *world->log = '\0';
  world_do(world, "log(changes())");
  CHECK_TEXT(world->log, changes);
}

static void making_a_runner_changes_nothing(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, remember);
  world.runner = world_new_runner(&world);
  check_changes(&world, "");
  world_close(&world);
}

static void each_flag_opens_its_part_only(void) {
  static const struct {
    unsigned flags;
    const char *changes;
  } cases[] = {
      {0, ""},
      {TA_OPEN_LIBRARY,
       "_G.async _G.await _G.runner _G.sleep _G.spawn loaded tinyasync " LIBRARY_FIELDS},
      {TA_OPEN_COROUTINE, COROUTINE},
      {TA_OPEN_REQUIRE, "_G.require"},
      {TA_OPEN_PCALL, "_G.pcall _G.xpcall"},
      {TA_OPEN_ALL,
       "_G.async _G.await _G.pcall _G.require _G.runner _G.sleep _G.spawn _G.xpcall " COROUTINE
       " loaded tinyasync " LIBRARY_FIELDS},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct world world;
    world_open_bare(&world);
    world_do(&world, remember);
    world.runner = world_new_runner(&world);
    ta_open(world.runner, world.L, cases[i].flags);
    check_changes(&world, cases[i].changes);
    world_close(&world);
  }
}

static void the_extra_space_is_the_runners_only_if_given(void) {
  for (unsigned flags = TA_OPEN_ALL; flags <= (TA_OPEN_ALL | TA_OPEN_SPACE);
       flags += TA_OPEN_SPACE) {
    struct world world;
    world_open_bare(&world);
    void **space = lua_getextraspace(world.L);
    *space = &world;
    world.runner = world_new_runner(&world);
    ta_open(world.runner, world.L, flags);
    world_do(&world, "local next = coroutine.wrap(function() coroutine.yield(1) end) log(next())");
    CHECK_TEXT(world.log, "1");
    CHECK(*space == (flags & TA_OPEN_SPACE ? (void *)world.runner : (void *)&world));
    world_close(&world);
  }
}

static void generators_wait_where_the_extra_space_is_given(void) {
  world_expect(
      TA_OPEN_ALL | TA_OPEN_SPACE,
      "local co = coroutine.create(function() sleep(0) coroutine.yield('a') end)"
      "log(coroutine.resume(co))"
      " for v in coroutine.wrap(function() sleep(0) coroutine.yield('b') end) do log(v) end"
      " log(pcall(coroutine.wrap(function() error('c', 0) end)))",
      "true a b false c", __FILE__, __LINE__);
}

static void freeing_puts_back_all_that_was_replaced(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, "sleep = 'mine' package.loaded.tinyasync = 'mine too'");
  world_do(&world, remember);
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  ta_open(world.runner, world.L, TA_OPEN_ALL); /* a second time changes nothing */
  ta_runner_free(world.runner);
  world.runner = NULL;
  check_changes(&world, "");
  world_close(&world);
}

static void a_state_without_libraries_can_be_opened(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, "for k in pairs(package.loaded) do package.loaded[k] = nil end "
                   "coroutine, require, package = nil");
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  world_do(&world, "log(type(sleep), type(coroutine))");
  CHECK_TEXT(world.log, "function nil");
  world_close(&world);
}

/* What is made of each kind, and used after the library was opened once more. */
static const char made_before[] =
    "for _, name in ipairs{false, 'named'} do local name = name or nil "
    "local event, channel = async.event(name), async.channel(1, name) "
    "local lock, places = async.lock(name), async.semaphore(1, name) "
    "spawn(function() local guard <close> = lock:acquire() sleep(1) "
    "event:set() event:wait() channel:send 'x' places:acquire() places:release() "
    "log(again.select{channel}, async.select{event}, again.select{event}) end) end "
    "spawn(function() local locals = async.task_local(7) locals:set(5) sleep(1) "
    "log(locals:get()) end) "
    "spawn(function() local guard <close> = async.defer(function() log 'deferred' end) "
    "sleep(1) end) "
    "spawn(async.scope, function(scope) sleep(1) scope:spawn(log, 'child') end) "
    "spawn(function() for _ in async.as_completed{function() sleep(1) end} do "
    "log 'completed' end end)";

static void to_open_again_leaves_what_was_made_before_alone(void) {
  for (int globals = 0; globals < 2; globals++) {
    WITH_WORLD(world);
    lua_State *L = world.L;
    world_add(&world, made_before);
    world_pass(&world);
    lua_newtable(L);
    ta_open_table(world.runner, L);
    lua_setglobal(L, "again");
    if (globals) ta_open(world.runner, L, TA_OPEN_LIBRARY);
    world_do(&world, "collectgarbage()");
    CHECK(world_run(&world) == TA_DONE);
    CHECK_TEXT(world.log, "1 1 1 1 1 1 5 deferred child completed");
    world_close(&world);
  }
}

/* --------------------------------------- the article's protocol, unreplaced */

static void luas_own_yield_speaks_the_articles_protocol(void) {
  world_expect(TA_OPEN_LIBRARY,
               "coroutine.yield {action = 'sleep', delay = 1} log(async.now())"
               "spawn(log, 'other') coroutine.yield() log 'mine' coroutine.yield(nil)",
               "1.0 other mine", __FILE__, __LINE__);
}

static void a_bad_yield_of_luas_own_fails_the_task(void) {
  world_expect(TA_OPEN_LIBRARY,
               "spawn(function() local g <close> = setmetatable({}, {__close = function()"
               "  log 'closed' end}) coroutine.yield {action = 'fly'} log 'never' end) log 'on'",
               "on closed [Unknown async action 'fly'.]", __FILE__, __LINE__);
  world_expect(TA_OPEN_LIBRARY, "coroutine.yield(12)",
               "[a task must yield a table with an action, got a number]", __FILE__, __LINE__);
  world_expect(TA_OPEN_LIBRARY, "coroutine.yield {action = 'sleep', delay = 'x'}",
               "[sleep: delay must be a number of seconds, got string]", __FILE__, __LINE__);
}

static void without_our_resume_a_nested_wait_raises(void) {
  world_expect(TA_OPEN_LIBRARY,
               "log(coroutine.resume(coroutine.create(function() sleep(1) end))) sleep(1) log 'on'",
               "false test:1: sleep: cannot wait in a coroutine that a C function resumed on",
               __FILE__, __LINE__);
}

/* Lua's own resume and close can get at a task's coroutine: not a good idea, but
 * no crash either.  The task is told to have failed. */
static void expect_survival(const char *meddle, const char *task) {
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY);
  world_add(&world, task);
  world_pass(&world);
  world_do(&world, meddle);
  world_add(&world, meddle);
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "survived"));
  world_close(&world);
}

static void a_tasks_coroutine_in_other_hands_is_survived(void) {
  static const char *const meddles[] = {
      "log(coroutine.resume(co)) log 'survived'",
      "log(coroutine.resume(co, 1, 2)) log(coroutine.resume(co)) log 'survived'",
      "log(coroutine.close(co)) log 'survived'",
  };
  static const char *const tasks[] = {
      "co = coroutine.running() sleep(1) return 'end'",
      "co = coroutine.running() sleep(1) error('x', 0)",
      "co = coroutine.running() sleep(1) sleep(1)",
      "co = coroutine.running() coroutine.yield() coroutine.yield()",
      "co = coroutine.running() local g <close> = setmetatable({}, {__close = log}) sleep(1)",
  };
  for (size_t i = 0; i < sizeof meddles / sizeof *meddles; i++)
    for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) expect_survival(meddles[i], tasks[k]);
}

static void a_runner_without_the_library_runs_tasks(void) {
  struct world world;
  world_open_bare(&world);
  world.runner = world_new_runner(&world);
  world_add(&world, "log 'a' coroutine.yield() log 'b'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a b");
  world_close(&world);
}

static void a_strict_global_table_is_no_hindrance(void) {
  struct world world;
  world_open_bare(&world);
  world.runner = world_new_runner(&world);
  world_do(&world, "setmetatable(_G, {__index = error, __newindex = error})");
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  world_add(&world, "sleep(0) log 'a'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a");
  world_close(&world);
}

const struct test embed_tests[] = {
    TEST(making_a_runner_changes_nothing),
    TEST(each_flag_opens_its_part_only),
    TEST(the_extra_space_is_the_runners_only_if_given),
    TEST(generators_wait_where_the_extra_space_is_given),
    TEST(freeing_puts_back_all_that_was_replaced),
    TEST(a_state_without_libraries_can_be_opened),
    TEST(to_open_again_leaves_what_was_made_before_alone),
    TEST(luas_own_yield_speaks_the_articles_protocol),
    TEST(a_bad_yield_of_luas_own_fails_the_task),
    TEST(without_our_resume_a_nested_wait_raises),
    TEST(a_tasks_coroutine_in_other_hands_is_survived),
    TEST(a_runner_without_the_library_runs_tasks),
    TEST(a_strict_global_table_is_no_hindrance),
    TESTS_END,
};
