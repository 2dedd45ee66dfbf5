/* SPDX-License-Identifier: MIT
 *
 * What a host is told of tasks: reports, the running one, failures' kinds.
 */
#include <string.h>

#include "unit/world.h"

static void expect_report(struct world *world, enum ta_report_kind kind, const char *want,
                          const char *file, int line) {
  char got[4096];
  ta_push_report(world->runner, world->L, kind);
  snprintf(got, sizeof got, "%s", lua_tostring(world->L, -1));
  lua_pop(world->L, 1);
  if (!test_same_text(got, want)) test_texts_differ(file, line, got, want);
}

#define REPORT(world, kind, want) expect_report(world, kind, want, __FILE__, __LINE__)

static void a_tree_shows_each_task_below_the_one_that_spawned_it(void) {
  WITH_WORLD(world);
  world_add_named(&world, "one",
                  "async.scope(function(s) s:spawn({name = 'two'}, park) "
                  "s:spawn({name = 'three', daemon = true}, function() sleep(1.5) end) end)");
  world_add_named(&world, "four", "sleep(math.huge)");
  world_pass(&world);
  world_add_named(&world, "five", "");
  REPORT(&world, TA_REPORT_TREE,
         "#1 one: waiting, scope with 2 tasks at test:1\n"
         "  #3 two: waiting, park the test\n"
         "  #4 three: waiting, sleep 1.5s at test:1 (daemon)\n"
         "#2 four: waiting, sleep for ever at test:1\n"
         "#5 five: runnable\n");
  REPORT(&world, TA_REPORT_NAMES, "#1 one, #2 four, #3 two, #4 three, #5 five");
  world_close(&world);
}

static void where_no_task_lives_the_reports_say_so(void) {
  WITH_WORLD(world);
  REPORT(&world, TA_REPORT_TREE, "no task\n");
  REPORT(&world, TA_REPORT_NAMES, "");
  REPORT(&world, TA_REPORT_DUMP, "0 tasks\n");
  world_close(&world);
}

static void a_dump_groups_tasks_that_do_the_same(void) {
  WITH_WORLD(world);
  world_add_named(&world, "main",
                  "for i = 1, 3 do spawn({name = 'worker'}, function()\n"
                  "  coroutine.wrap(function()\n"
                  "    sleep(5) end)() end) end\n"
                  "park()");
  world_pass(&world);
  world.now = 2;
  ta_push_report(world.runner, world.L, TA_REPORT_DUMP);
  const char *text = lua_tostring(world.L, -1);
  CHECK(strncmp(text, "4 tasks\n", 8) == 0);
  CHECK(strstr(text, "#1 main: waiting, park the test at test:4 for 2.000s"));
  CHECK(strstr(text, "3 tasks worker: waiting, sleep 5s at test:3 for 2.000s"));
  CHECK(strstr(text, "#2 worker, #3 worker, #4 worker"));
  const char *frames = strstr(text, "3 tasks worker");
  CHECK(strstr(frames, "test:3: in") && strstr(frames, "test:2: in"));
  lua_pop(world.L, 1);
  world_close(&world);
}

static void a_deadlock_names_waits_holders_and_the_cycle(void) {
  WITH_WORLD(other);
  other.holder = world_add_named(&other, "a",
                                 "b = spawn({name = 'b'}, function() park() end)\n"
                                 "b:await()");
  CHECK(world_settle(&other) == TA_STUCK);
  REPORT(&other, TA_REPORT_DEADLOCK,
         "deadlock: 2 tasks wait and nothing can wake them\n"
         "  #1 a: await #2 b at test:2\n"
         "  #2 b: park the test at test:1\n"
         "    spawned at test:1 by #1 a\n"
         "  cycle: #1 a -> #2 b -> #1 a\n");
  other.holder = NULL;
  ta_push_report(other.runner, other.L, TA_REPORT_DEADLOCK);
  CHECK(!strstr(lua_tostring(other.L, -1), "cycle"));
  lua_pop(other.L, 1);
  world_close(&other);
}

/* report(kind): from inside a task. */
static int l_report(lua_State *L) {
  const struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  ta_push_report(world->runner, L, (enum ta_report_kind)luaL_checkinteger(L, 1));
  return 1;
}

static void a_report_may_be_asked_for_inside_a_step(void) {
  WITH_WORLD(world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_report, 1);
  lua_setglobal(world.L, "report");
  world_add_named(&world, "a", "coroutine.wrap(function()\nlog(report(0)) end)()");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "#1 a: running at test:2\n");
  world_close(&world);
}

static int l_who(lua_State *L) {
  const struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  uint64_t id;
  const char *name;
  bool runs = ta_running_task(world->runner, &id, &name) != NULL;
  lua_pushfstring(L, "%s%d %s", runs ? "" : "none ", (int)id, name ? name : "?");
  return 1;
}

static void the_running_task_is_known_by_its_id_and_perhaps_name(void) {
  WITH_WORLD(world);
  uint64_t id = 7;
  const char *name = "x";
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_who, 1);
  lua_setglobal(world.L, "who");
  CHECK(!ta_running_task(world.runner, &id, &name) && id == 0 && !name);
  CHECK(!ta_running_task(world.runner, NULL, NULL));
  world_do(&world, "log(who())");
  world_add(&world, "log(who()) log(async.current().name, who())");
  world_add_named(&world, "two", "coroutine.wrap(function() sleep(0) log(who()) end)()");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "none 0 ? 1 ? test 1 test 2 two");
  CHECK(!ta_running_task(world.runner, &id, &name));
  world_close(&world);
}

/* ---------------------------------------------------------------- failures */

static void note(void *data, const struct ta_failure *failure) {
  static const char *const kinds[] = {"error", "known", "other"};
  world_log(data, "%s:#%d %s:%s:%s;", kinds[failure->kind], (int)failure->id, failure->name,
            failure->message, failure->origin ? failure->origin : "-");
}

static void expect_failures(const char *code, const char *log, const char *file, int line) {
  WITH_WORLD(world);
  ta_on_failure(world.runner, note, &world);
  world_add_named(&world, "main", code);
  world_run(&world);
  if (!test_same_text(world.log, log)) test_texts_differ(file, line, world.log, log);
  world_close(&world);
}

#define FAILURES(code, log) expect_failures(code, log, __FILE__, __LINE__)

static void a_failure_names_the_task_it_began_in(void) {
  FAILURES("error('x', 0)", "error:#1 main:x:#1 main;");
  FAILURES("spawn({name = 'child'}, error, 'x'):await()", "error:#1 main:x:#2 child;");
  FAILURES("async.scope(function(s) s:spawn({name = 'child'}, error, 'x') end)",
           "error:#1 main:x:#2 child;");
}

static void a_failure_that_was_reported_is_known(void) {
  FAILURES("local t = spawn({name = 'child'}, error, 'x') sleep(1) t:await()",
           "error:#2 child:x:#2 child; known:#1 main:x:#2 child;");
}

static void what_somebody_awaits_is_not_reported(void) {
  FAILURES("local t = spawn(error, 'x') log(t:pawait())", "false x");
  FAILURES("local t = spawn(error, 'x') log(async.select {t})", "1 false x");
}

static void a_lock_held_at_the_end_is_something_else(void) {
  FAILURES("spawn({name = 'child'}, function() async.lock 'db':acquire() end)",
           "other:#2 child:ended while it held lock 'db':-;");
}

static void a_cancelled_task_is_no_failure(void) {
  FAILURES("local t = spawn(sleep, 1) sleep(0) t:cancel() "
           "spawn(function() async.current():cancel() sleep(1) end)",
           "");
}

const struct test report_tests[] = {
    TEST(a_tree_shows_each_task_below_the_one_that_spawned_it),
    TEST(where_no_task_lives_the_reports_say_so),
    TEST(a_dump_groups_tasks_that_do_the_same),
    TEST(a_deadlock_names_waits_holders_and_the_cycle),
    TEST(a_report_may_be_asked_for_inside_a_step),
    TEST(the_running_task_is_known_by_its_id_and_perhaps_name),
    TEST(a_failure_names_the_task_it_began_in),
    TEST(a_failure_that_was_reported_is_known),
    TEST(what_somebody_awaits_is_not_reported),
    TEST(a_lock_held_at_the_end_is_something_else),
    TEST(a_cancelled_task_is_no_failure),
    TESTS_END,
};
