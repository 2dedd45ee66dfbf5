/* SPDX-License-Identifier: MIT
 *
 * How tasks end: well, in an error, from outside; and what is told of it.
 */
#include <stdio.h>
#include <string.h>

#include "unit/world.h"

/* ----------------------------------------------------------------- failures */

/* The last failure, copied. */
struct seen {
  uint64_t id;
  char name[64];
  char message[256];
  size_t message_length;
  char traceback[1024];
  char spawned[2048];
  bool has_traceback, has_spawned;
  int count;
};

static void see(void *data, const struct ta_failure *failure) {
  struct seen *seen = data;
  seen->id = failure->id;
  seen->message_length = failure->message_length;
  seen->has_traceback = failure->traceback != NULL;
  seen->has_spawned = failure->spawned != NULL;
  snprintf(seen->name, sizeof seen->name, "%s", failure->name);
  snprintf(seen->message, sizeof seen->message, "%s", failure->message);
  snprintf(seen->traceback, sizeof seen->traceback, "%s",
           seen->has_traceback ? failure->traceback : "");
  snprintf(seen->spawned, sizeof seen->spawned, "%s", seen->has_spawned ? failure->spawned : "");
  seen->count++;
}

/* Runs code as the first task, and tells of the last failure. */
static struct seen failure_of(const char *code) {
  WITH_WORLD(world);
  struct seen seen = {.count = 0};
  ta_on_failure(world.runner, see, &seen);
  world_add_named(&world, "first", code);
  CHECK(world_run(&world) == TA_DONE);
  world_close(&world);
  return seen;
}

static void a_failure_is_told_with_its_task_and_message(void) {
  struct seen seen = failure_of("sleep(1) error('Meh', 0)");
  CHECK(seen.count == 1 && seen.id == 1);
  CHECK_TEXT(seen.name, "first");
  CHECK_TEXT(seen.message, "Meh");
  CHECK(seen.message_length == 3);
  CHECK(!seen.has_spawned);
}

static void a_traceback_shows_the_script_and_hides_our_frames(void) {
  struct seen seen = failure_of("local function inner() sleep(0) error 'x' end\n"
                                "local function outer() inner() end\n"
                                "outer()\n"
                                "return 1");
  CHECK_TEXT(seen.message, "test:1: x");
  CHECK(seen.has_traceback);
  CHECK(strstr(seen.traceback, "test:1: in"));
  CHECK(strstr(seen.traceback, "test:2: in"));
  CHECK(strstr(seen.traceback, "test:3: in"));
  CHECK(!strstr(seen.traceback, "[C]: in ?"));
}

static void a_failure_names_where_it_was_spawned_up_the_chain(void) {
  struct seen seen = failure_of("spawn({name = 'second'}, function()\n"
                                "  spawn({name = 'third'},\n"
                                "        error, 'x')\n"
                                "end)");
  CHECK_TEXT(seen.name, "third");
  CHECK_TEXT(seen.spawned, "spawned at test:2 by #2 second\nspawned at test:1 by #1 first");
}

static void a_long_chain_is_shown_to_sixteen_links(void) {
  struct seen seen = failure_of("local function go(n)\n"
                                "  if n == 0 then error 'x' end\n"
                                "  spawn(go, n - 1)\n"
                                "end\n"
                                "go(100)");
  int lines = 1;
  for (const char *c = seen.spawned; (c = strchr(c, '\n')); c++) lines++;
  CHECK(lines == 16);
  CHECK(strncmp(seen.spawned, "spawned at test:3 by #100 ", 26) == 0);
  CHECK(strstr(seen.spawned, "by #85 ") && !strstr(seen.spawned, "by #84 "));
}

static void a_message_may_hold_zeros(void) {
  struct seen seen = failure_of("error('a\\0b', 0)");
  CHECK(seen.message_length == 3);
  CHECK_TEXT(seen.message, "a");
}

static void error_objects_print_through_tostring(void) {
  struct seen seen = failure_of("error(setmetatable({}, {__tostring = function() return 'mine' "
                                "end}))");
  CHECK_TEXT(seen.message, "mine");
}

static void an_error_object_without_words_is_survived(void) {
  CHECK_TEXT(failure_of("error()").message, "(error object is a nil value)");
  CHECK_TEXT(failure_of("error({})").message, "(error object is a table value)");
  CHECK_TEXT(failure_of("error(12)").message, "12");
  CHECK(strstr(failure_of("error(setmetatable({}, {__tostring = error}))").message, "__tostring"));
  CHECK(strstr(failure_of("error(setmetatable({}, {__tostring = "
                          "function() return {} end}))")
                   .message,
               "__tostring"));
}

static void a_tostring_cannot_wait_and_says_so(void) {
  struct seen seen = failure_of("error(setmetatable({}, {__tostring = function() sleep(1) end}))");
  CHECK(strstr(seen.message, "__tostring failed") && strstr(seen.message, "sleep"));
}

static void a_huge_message_is_told_whole(void) {
  CHECK(failure_of("error(('x'):rep(5000000), 0)").message_length == 5000000);
}

static void a_stack_overflow_fails_only_its_task(void) {
  EXPECT("spawn(function() local ok, e = pcall(function() local function f() return 1 + f() end "
         "f() end) log(ok, (e:match 'stack overflow')) end) sleep(1) log 'on'",
         "false stack overflow on");
  struct seen seen = failure_of("local function f() return 1 + f() end f()");
  CHECK(strstr(seen.message, "stack overflow"));
}

static void an_error_in_the_message_of_an_error_is_survived(void) {
  struct seen seen = failure_of("local t = setmetatable({}, {}) "
                                "getmetatable(t).__tostring = function() error(t) end error(t)");
  CHECK(strstr(seen.message, "__tostring failed"));
}

static void the_others_go_on_when_one_fails(void) {
  EXPECT("spawn(error, 'x') spawn(log, 'b') log 'a' sleep(1) log 'c'", "a [x] b c");
}

static void a_failure_is_told_at_the_moment_it_happens(void) {
  EXPECT("spawn(function() log 'before' error('x', 0) end) spawn(log, 'after')",
         "before [x] after");
}

/* ---------------------------------------------------------------- clean-up */

#define GUARD                                                                                      \
  "local function guard(name) return setmetatable({}, {__close = function(_, e)"                   \
  "  log(name .. (e and '!' or '')) end}) end;"

static void close_variables_may_wait_while_an_error_unwinds(void) {
  EXPECT("local g <close> = setmetatable({}, {__close = function() sleep(1) log(async.now()) end})"
         "error('x', 0)",
         "1.0 [x]");
}

static void an_error_in_clean_up_replaces_the_first(void) {
  EXPECT("local g <close> = setmetatable({}, {__close = function() error('second', 0) end})"
         "error('first', 0)",
         "[second]");
}

static void closing_ends_tasks_in_the_order_of_creation(void) {
  WITH_WORLD(world);
  world_add(&world, GUARD "local g <close> = guard 'a' sleep(3)");
  world_add(&world, GUARD "local g <close> = guard 'b' park()");
  world_add(&world, GUARD "local g <close> = guard 'c' sleep(0) sleep(1)");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "a! b! c!");
  CHECK(ta_live(world.runner) == 0);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_pass(&world) == TA_DONE);
  CHECK(world.failures == 0);
  world_close(&world);
}

static void closing_ends_nested_coroutines_innermost_first(void) {
  WITH_WORLD(world);
  world_add(&world, GUARD "local g <close> = guard 'task';"
                          "coroutine.wrap(function() local g <close> = guard 'middle'"
                          "  local co = coroutine.create(function()"
                          "    local g <close> = guard 'inner' sleep(1) end)"
                          "  coroutine.resume(co)"
                          "end)()");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "inner! middle! task!");
  world_close(&world);
}

static void a_task_closed_before_its_first_step_never_starts(void) {
  WITH_WORLD(world);
  world_add(&world, "log 'started'");
  ta_close_all(world.runner);
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void tasks_spawned_while_closing_never_start(void) {
  WITH_WORLD(world);
  world_add(&world, "local g <close> = setmetatable({}, {__close = function()"
                    "  log(spawn(log, 'started').id) end}) sleep(1)");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "2");
  world_add(&world, "log 'started later'");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "2");
  world_close(&world);
}

/* Shields count no longer; clean-up that wants to wait meets an ordinary error. */
static void clean_up_of_a_closed_task_cannot_wait(void) {
  WITH_WORLD(world);
  world_add(&world, "local a <close> = async.defer(function() log 'end' end)"
                    "local b <close> = async.defer(function()"
                    "  log(pcall(async.shield, sleep, 1)) log(pcall(sleep, 1)) end) sleep(1)");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "false cannot wait: the time for clean-up is over "
                        "false cannot wait: the time for clean-up is over end");
  CHECK(world.failures == 0 && ta_live(world.runner) == 0);
  world_close(&world);
}

static void an_error_in_the_clean_up_of_a_closed_task_is_told(void) {
  WITH_WORLD(world);
  world_add(&world, "local g <close> = setmetatable({}, {__close = function() error('bad', 0) end})"
                    "sleep(1)");
  world_add(&world, GUARD "local g <close> = guard 'b' sleep(1)");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "[bad] b!");
  CHECK(world.failures == 1);
  world_close(&world);
}

static void a_sleep_given_up_by_closing_leaves_no_deadline(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(1)");
  world_add(&world, "sleep(math.huge)");
  world_pass(&world);
  ta_close_all(world.runner);
  lua_gc(world.L, LUA_GCCOLLECT);
  world.now = 10;
  CHECK(world_pass(&world) == TA_DONE && world.deadline == HUGE_VAL);
  world_close(&world);
}

static void a_pass_cut_short_can_be_closed(void) {
  WITH_WORLD(world);
  world_add(&world, GUARD "local g <close> = guard 'a' sleep(1)");
  world_add(&world, "log 'b'");
  ta_interrupt(world.runner);
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  ta_close_all(world.runner);
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void a_task_woken_by_clean_up_while_closing_never_steps(void) {
  WITH_WORLD(world);
  world_add(&world, "local g <close> = setmetatable({}, {__close = function() log(unpark(0)) end})"
                    "sleep(1)");
  world_add(&world, "park() log 'woken'");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "false");
  lua_gc(world.L, LUA_GCCOLLECT);
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "false");
  world_close(&world);
}

static void a_module_given_up_while_closing_wakes_nobody(void) {
  WITH_WORLD(world);
  world_do(&world, "package.preload.m = function() sleep(1) return {} end");
  world_add(&world, "require 'm'");
  world_add(&world, "require 'm' log 'woken'");
  world_pass(&world);
  ta_close_all(world.runner);
  lua_gc(world.L, LUA_GCCOLLECT);
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

/* -------------------------------------------------------------- Lua's view */

static void tasks_are_called_after_their_functions(void) {
  EXPECT("function worker() end\n"
         "log(spawn(worker).name)\n"
         "log(spawn(function() end).name)\n"
         "log(spawn({name = 'mine'}, worker).name)\n"
         "log(spawn(string.rep, 'x', 1).name)\n"
         "log(spawn(setmetatable({}, {__call = function() end})).name)\n",
         "worker test:3 mine string.rep test:6");
}

static void a_task_keeps_its_id_and_name_when_it_has_ended(void) {
  EXPECT("local t = spawn({name = 'n'}, function() end) sleep(0) collectgarbage()"
         "log(t.id, t.name, t, t.nothing)",
         "2 n task #2 n nil");
}

static void a_task_knows_itself(void) {
  EXPECT("local t = spawn(function() log(async.current().id) end)"
         "sleep(0) log(t.id, async.current().id)",
         "2 2 1");
  WITH_WORLD(world);
  world_do(&world, "log(async.current())");
  CHECK_TEXT(world.log, "nil");
  world_close(&world);
}

static void spawn_hands_over_arguments_and_takes_callables(void) {
  EXPECT("spawn(log, 1, nil, 'c') spawn(setmetatable({}, {__call = function(self, x) log(x) end}),"
         " 'd') runner.add_task(log, 'e') runner:add_task(log, 'f')",
         "1 nil c d e f");
}

static void spawn_refuses_what_it_cannot_run(void) {
  EXPECT("log(select(2, pcall(spawn, 1)))", "bad argument #1 to 'spawn' (function expected, got "
                                            "number; pass the function itself: spawn(work, ...))");
  EXPECT("log(pcall(spawn))", "false bad argument #1 to 'spawn' (function expected, got no value; "
                              "pass the function itself: spawn(work, ...))");
  EXPECT("log((select(2, pcall(spawn, {nam = 1}, log)):match 'nam'))", "nam");
  EXPECT("log(pcall(spawn, {name = 1}, log))",
         "false spawn: option 'name' must be a string, got number");
  EXPECT("log(pcall(spawn, {daemon = 1}, log))",
         "false spawn: option 'daemon' must be a boolean, got number");
  EXPECT("log(#tostring(select(2, pcall(spawn, {}, nil))) > 0)", "true");
}

static void functions_that_the_program_returns_become_tasks(void) {
  WITH_WORLD(world);
  struct ta_task_options options = {.name = "main", .program = true};
  world_load(&world, "log(select(2, coroutine.running()))"
                     "return function() log(select(2, coroutine.running())) end, 7");
  ta_add_task(world.runner, world.L, 0, &options);
  lua_setglobal(world.L, "main");
  world_add(&world, "log(select('#', main:await()))");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "true 0 false");
  world_close(&world);
}

static void very_many_arguments_reach_the_task(void) {
  EXPECT("spawn(function(...) log(select('#', ...)) end, table.unpack({}, 1, 100000))", "100000");
}

const struct test task_tests[] = {
    TEST(a_failure_is_told_with_its_task_and_message),
    TEST(a_traceback_shows_the_script_and_hides_our_frames),
    TEST(a_failure_names_where_it_was_spawned_up_the_chain),
    TEST(a_long_chain_is_shown_to_sixteen_links),
    TEST(a_message_may_hold_zeros),
    TEST(error_objects_print_through_tostring),
    TEST(an_error_object_without_words_is_survived),
    TEST(a_tostring_cannot_wait_and_says_so),
    TEST(a_huge_message_is_told_whole),
    TEST(a_stack_overflow_fails_only_its_task),
    TEST(an_error_in_the_message_of_an_error_is_survived),
    TEST(the_others_go_on_when_one_fails),
    TEST(a_failure_is_told_at_the_moment_it_happens),
    TEST(close_variables_may_wait_while_an_error_unwinds),
    TEST(an_error_in_clean_up_replaces_the_first),
    TEST(closing_ends_tasks_in_the_order_of_creation),
    TEST(closing_ends_nested_coroutines_innermost_first),
    TEST(a_task_closed_before_its_first_step_never_starts),
    TEST(tasks_spawned_while_closing_never_start),
    TEST(clean_up_of_a_closed_task_cannot_wait),
    TEST(an_error_in_the_clean_up_of_a_closed_task_is_told),
    TEST(a_sleep_given_up_by_closing_leaves_no_deadline),
    TEST(a_pass_cut_short_can_be_closed),
    TEST(a_task_woken_by_clean_up_while_closing_never_steps),
    TEST(a_module_given_up_while_closing_wakes_nobody),
    TEST(tasks_are_called_after_their_functions),
    TEST(a_task_keeps_its_id_and_name_when_it_has_ended),
    TEST(a_task_knows_itself),
    TEST(spawn_hands_over_arguments_and_takes_callables),
    TEST(spawn_refuses_what_it_cannot_run),
    TEST(functions_that_the_program_returns_become_tasks),
    TEST(very_many_arguments_reach_the_task),
    TESTS_END,
};
