/* SPDX-License-Identifier: MIT
 *
 * Tickets, and where a wait may begin.  park, take, unpark and raise_taken are
 * C functions of world.c, written as a library's would be.
 */
#include <string.h>

#include "unit/world.h"

/* ------------------------------------------------------------------ tickets */

static void an_unparked_task_goes_on_with_what_its_continuation_gives(void) {
  WITH_WORLD(world);
  world_add(&world, "log(park())");
  CHECK(world_pass(&world) == TA_STUCK);
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "woken");
  world_close(&world);
}

static void a_stale_ticket_wakes_nobody(void) {
  WITH_WORLD(world);
  world_add(&world, "park() log 'once' park() log 'twice'");
  world_pass(&world);
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  world_pass(&world);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_pass(&world) == TA_STUCK);
  CHECK_TEXT(world.log, "once");
  CHECK(ta_unpark(world.runner, world.tickets[1]));
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "once twice");
  world_close(&world);
}

static void a_second_unpark_does_nothing(void) {
  WITH_WORLD(world);
  world_add(&world, "log(park()) sleep(0) log 'end'");
  world_pass(&world);
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_pass(&world) == TA_BUSY);
  CHECK_TEXT(world.log, "woken");
  CHECK(world_pass(&world) == TA_DONE);
  world_close(&world);
}

static void the_ticket_of_an_ended_task_wakes_nobody_in_its_slot(void) {
  WITH_WORLD(world);
  world_add(&world, "park()");
  world_pass(&world);
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_pass(&world) == TA_DONE);
  world_add(&world, "park() log 'woken by a ghost'");
  CHECK(world_pass(&world) == TA_STUCK);
  CHECK(world.tickets[0].slot == world.tickets[1].slot); /* or this tests nothing */
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_pass(&world) == TA_STUCK);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void a_ticket_that_was_never_taken_wakes_nobody(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(1)");
  world_pass(&world);
  CHECK(!ta_unpark(world.runner, (struct ta_ticket){.slot = 0, .wait = 0}));
  CHECK(!ta_unpark(world.runner, (struct ta_ticket){.slot = 1, .wait = 0}));
  CHECK(!ta_unpark(world.runner, (struct ta_ticket){.slot = 1, .wait = 1}));
  CHECK(!ta_unpark(world.runner, (struct ta_ticket){.slot = 1u << 31, .wait = 1}));
  world_close(&world);
}

static int l_unpark_first(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushboolean(L, ta_unpark(world->runner, world->tickets[0]));
  return 1;
}

static int k_log_answer(lua_State *L, int status, lua_KContext context) {
  (void)status;
  lua_pushinteger(L, (lua_Integer)context);
  return 1;
}

/* Takes a ticket, unparks it and then parks. */
static int l_unpark_and_park(lua_State *L) {
  static const struct ta_wait_kind kind = {.action = "park"};
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  struct ta_ticket ticket = ta_take_ticket(world->runner, L, &kind, NULL);
  CHECK(ta_unpark(world->runner, ticket));
  CHECK(!ta_unpark(world->runner, ticket));
  return ta_park(world->runner, L, ticket, 7, k_log_answer);
}

static void set_function(struct world *world, const char *name, lua_CFunction function) {
  lua_pushlightuserdata(world->L, world);
  lua_pushcclosure(world->L, function, 1);
  lua_setglobal(world->L, name);
}

static void a_ticket_unparked_before_parking_ends_the_wait_at_once(void) {
  WITH_WORLD(world);
  set_function(&world, "unpark_and_park", l_unpark_and_park);
  world_add(&world, "log(unpark_and_park())");
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "7");
  world_close(&world);
}

static void a_ticket_that_was_not_parked_on_wakes_no_later_sleep(void) {
  WITH_WORLD(world);
  world_add(&world, "take() sleep(1) log 'slept' sleep(1) log 'again'");
  world_pass(&world);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_settle(&world) == TA_WAITING);
  CHECK_TEXT(world.log, "");
  world.now = 1;
  CHECK(world_settle(&world) == TA_WAITING);
  CHECK_TEXT(world.log, "slept");
  world_close(&world);
}

static void a_ticket_whose_arming_raised_wakes_no_later_sleep(void) {
  WITH_WORLD(world);
  world_add(&world, "pcall(raise_taken) sleep(1) log 'slept'");
  world_pass(&world);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_settle(&world) == TA_WAITING);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

static void a_ticket_that_was_not_parked_on_gives_no_second_turn(void) {
  WITH_WORLD(world);
  world_add(&world, "take() sleep(0) log 'next' sleep(0) log 'one after'");
  world_pass(&world);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  world_pass(&world);
  CHECK_TEXT(world.log, "next");
  world_close(&world);
}

static void of_two_tickets_the_last_taken_is_the_wait(void) {
  WITH_WORLD(world);
  world_add(&world, "take() log(park())");
  world_pass(&world);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(ta_unpark(world.runner, world.tickets[1]));
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "woken");
  world_close(&world);
}

static void a_wait_given_up_by_closing_leaves_a_stale_ticket(void) {
  WITH_WORLD(world);
  set_function(&world, "unpark_first", l_unpark_first);
  world_add(&world, "local g <close> = setmetatable({}, {__close = function()"
                    "  log(unpark_first()) end}) park()");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK_TEXT(world.log, "false");
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  world_close(&world);
}

static void woken_tasks_run_in_the_order_of_creation_not_of_waking(void) {
  WITH_WORLD(world);
  world_add(&world, "park() log 'a'");
  world_add(&world, "park() log 'b'");
  world_add(&world, "park() log 'c'");
  world_pass(&world);
  ta_unpark(world.runner, world.tickets[2]);
  ta_unpark(world.runner, world.tickets[0]);
  ta_unpark(world.runner, world.tickets[1]);
  world_pass(&world);
  CHECK_TEXT(world.log, "a b c");
  world_close(&world);
}

/* ---------------------------------------------------------- nested coroutines */

static void a_wait_passes_through_nested_coroutines(void) {
  WITH_WORLD(world);
  world_add(&world, "local inner = coroutine.wrap(function(x)"
                    "  log(x, park()) x = coroutine.yield 'y1' log(x, park()) return 'end' end)"
                    "local co = coroutine.create(function() log(inner('a'), inner('b')) end)"
                    "log(coroutine.resume(co)) log(coroutine.status(co))");
  world_pass(&world);
  CHECK_TEXT(world.log, "");
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_pass(&world) == TA_STUCK);
  CHECK_TEXT(world.log, "a woken");
  CHECK(ta_unpark(world.runner, world.tickets[1]));
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a woken b woken y1 end true dead");
  world_close(&world);
}

static void an_error_after_a_wait_goes_to_the_resumer(void) {
  EXPECT("local co = coroutine.create(function() sleep(1) error('x', 0) end)"
         "log(coroutine.resume(co)) log(pcall(coroutine.wrap(function() sleep(1) error('y', 0)"
         " end)))",
         "false x false y");
}

/* ---------------------------------------------------------------- refusals */

static void outside_a_task_a_wait_raises(void) {
  WITH_WORLD(world);
  world_do(&world, "log(pcall(sleep, 1)) log(pcall(park)) log(pcall(async.checkpoint))");
  CHECK_TEXT(world.log, "false sleep: only a task can wait false park: only a task can wait "
                        "false checkpoint: only a task can wait");
  CHECK(world.taken == 0);
  world_do(&world, "log(coroutine.resume(coroutine.create(function() sleep(1) end)))");
  CHECK(strstr(world.log, "false test:1: sleep: only a task can wait") ||
        strstr(world.log, "false sleep: only a task can wait"));
  world_close(&world);
}

static void outside_a_task_nothing_has_values_of_its_own(void) {
  WITH_WORLD(world);
  world_do(&world, "lock, own = async.lock(), async.task_local()"
                   "log(pcall(own.set, own, 1)) log(pcall(lock.with, lock, log))");
  CHECK_TEXT(world.log, "false set: only a task has values of its own "
                        "false with: only a task can hold a lock");
  world_close(&world);
}

static void inside_a_callback_of_c_a_wait_raises_and_names_it(void) {
  EXPECT("log(pcall(table.sort, {2, 1}, function(a, b) sleep(1) return a < b end))",
         "false test:1: sleep: cannot wait inside table.sort, a C function that cannot be "
         "suspended");
  EXPECT("log(pcall(string.gsub, 'x', 'x', function() sleep(1) end))",
         "false test:1: sleep: cannot wait inside string.gsub, a C function that cannot be "
         "suspended");
}

static void inside_a_coroutine_inside_a_callback_a_wait_raises_and_names_it(void) {
  EXPECT("log(pcall(table.sort, {2, 1}, function()"
         "  local ok, e = coroutine.resume(coroutine.create(function() sleep(1) end))"
         "  error(e, 0) end))",
         "false test:1: sleep: cannot wait inside table.sort, a C function that cannot be "
         "suspended");
}

static void a_refused_wait_suspends_nothing(void) {
  EXPECT("local t = {3, 1, 2} table.sort(t, function(a, b) pcall(sleep, 1) return a < b end)"
         "log(table.concat(t, ',')) log(async.now()) sleep(1) log(async.now())",
         "1,2,3 0.0 1.0");
}

static void in_a_finalizer_a_wait_raises(void) {
  EXPECT("setmetatable({}, {__gc = function() log(pcall(sleep, 1)) end}) collectgarbage()"
         "log 'on'",
         "false sleep: cannot wait inside __gc, a finalizer on");
}

static void after_coroutine_close_clean_up_cannot_wait(void) {
  EXPECT("local co = coroutine.create(function()"
         "  local g <close> = setmetatable({}, {__close = function() log(pcall(sleep, 1)) end})"
         "  coroutine.yield() end) coroutine.resume(co) log(coroutine.close(co))",
         "false sleep: cannot wait in clean-up run by coroutine.close true");
}

static int l_can_wait(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushboolean(L, ta_can_wait(world->runner, L));
  return 1;
}

static void can_wait_knows_where_it_is(void) {
  WITH_WORLD(world);
  set_function(&world, "can_wait", l_can_wait);
  world_do(&world, "log(can_wait())");
  world_add(&world, "log(can_wait(), coroutine.wrap(can_wait)())"
                    "table.sort({1, 2}, function() log(can_wait(), coroutine.wrap(can_wait)()) end)"
                    "pcall(function() log(can_wait()) end)");
  world_run(&world);
  CHECK_TEXT(world.log, "false true true false false true");
  world_close(&world);
}

/* A C function that resumes a coroutine by itself, past our own resume. */
static int l_resume_by_c(lua_State *L) {
  int count;
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  int status = lua_resume(co, L, 0, &count);
  lua_pushinteger(L, status);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return 2;
  }
  return 1;
}

static void in_a_coroutine_that_c_resumed_a_wait_raises(void) {
  WITH_WORLD(world);
  lua_pushcfunction(world.L, l_resume_by_c);
  lua_setglobal(world.L, "resume_by_c");
  world_add(&world, "log(select(2, resume_by_c(function() sleep(1) end)))"
                    "log(select(2, resume_by_c(function() park() end)))"
                    "log(resume_by_c(function() coroutine.yield(1) end))"
                    "sleep(1) log(async.now())");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "test:1: sleep: cannot wait in a coroutine that a C function resumed "
                        "test:1: park: cannot wait in a coroutine that a C function resumed 1 1.0");
  world_close(&world);
}

/* -------------------------------------------------------------- the protocol */

static void mistakes_raise_at_the_yield(void) {
  EXPECT("log(pcall(coroutine.yield, {action = 'fly'}))", "false Unknown async action 'fly'.");
  EXPECT("log(pcall(coroutine.yield, 12))",
         "false a task must yield a table with an action, got a number");
  EXPECT("log(pcall(coroutine.yield, {action = 'sleep'}))",
         "false sleep: delay must be a number of seconds, got nil");
  EXPECT("log(pcall(sleep, 0/0))", "false sleep: delay must be a number of seconds, got nan");
  EXPECT("log(pcall(coroutine.yield, {action = 'sleep', delay = 0/0}))",
         "false sleep: delay must be a number of seconds, got nan");
  EXPECT("log(pcall(sleep)) log(pcall(sleep, {}))",
         "false sleep: delay must be a number of seconds, got no value "
         "false sleep: delay must be a number of seconds, got table");
}

static void a_mistake_does_not_give_up_the_turn(void) {
  EXPECT("spawn(log, 'other') pcall(coroutine.yield, 12) pcall(sleep, 0/0) log 'first'",
         "first other");
}

static void an_action_by_hand_is_a_sleep(void) {
  EXPECT("log(coroutine.yield {action = 'sleep', delay = 2}, async.now())", "2.0 2.0");
  EXPECT("spawn(log, 'other') log(coroutine.yield()) log(coroutine.yield(nil)) log 'end'",
         "other end");
}

/* Two tables of one Runner: what either's actions are given, both have. */
static void actions_outlive_a_second_opening(void) {
  for (int globals = 0; globals < 2; globals++) {
    WITH_WORLD(world);
    world_do(&world, "first = async.actions "
                     "first.early = function(_, wake) wake 'early' end first.gone = first.early");
    lua_newtable(world.L);
    ta_open_table(world.runner, world.L);
    lua_setglobal(world.L, "again");
    if (globals) ta_open(world.runner, world.L, TA_OPEN_LIBRARY);
    world_do(&world, "again.actions.late = function(_, wake) wake 'late' end "
                     "first.gone = nil first.later = again.actions.late");
    world_add(&world, "for _, action in ipairs {'early', 'late', 'later'} do "
                      "log(await {action = action}) end "
                      "log(pcall(await, {action = 'gone'})) "
                      "for _, actions in ipairs {first, again.actions, async.actions} do "
                      "local count = 0 for _ in pairs(actions) do count = count + 1 end "
                      "log(count, actions.early == first.early, actions.gone) end");
    CHECK(world_run(&world) == TA_DONE);
    CHECK_TEXT(world.log, "early late late false Unknown async action 'gone'. "
                          "3 true nil 3 true nil 3 true nil");
    world_close(&world);
  }
}

static void delays_at_the_edge_are_met(void) {
  EXPECT("spawn({daemon = true}, sleep, math.huge) sleep(1e-9) sleep(-math.huge) "
         "sleep(math.mininteger)"
         "log(async.now() < 1e-6)",
         "true");
  WITH_WORLD(world);
  world_add(&world, "sleep(1e300)");
  CHECK(world_pass(&world) == TA_WAITING && world.deadline == 1e300);
  world_close(&world);
}

const struct test wait_tests[] = {
    TEST(an_unparked_task_goes_on_with_what_its_continuation_gives),
    TEST(a_stale_ticket_wakes_nobody),
    TEST(a_second_unpark_does_nothing),
    TEST(the_ticket_of_an_ended_task_wakes_nobody_in_its_slot),
    TEST(a_ticket_that_was_never_taken_wakes_nobody),
    TEST(a_ticket_unparked_before_parking_ends_the_wait_at_once),
    TEST(a_ticket_that_was_not_parked_on_wakes_no_later_sleep),
    TEST(a_ticket_whose_arming_raised_wakes_no_later_sleep),
    TEST(a_ticket_that_was_not_parked_on_gives_no_second_turn),
    TEST(of_two_tickets_the_last_taken_is_the_wait),
    TEST(a_wait_given_up_by_closing_leaves_a_stale_ticket),
    TEST(woken_tasks_run_in_the_order_of_creation_not_of_waking),
    TEST(a_wait_passes_through_nested_coroutines),
    TEST(an_error_after_a_wait_goes_to_the_resumer),
    TEST(outside_a_task_a_wait_raises),
    TEST(outside_a_task_nothing_has_values_of_its_own),
    TEST(inside_a_callback_of_c_a_wait_raises_and_names_it),
    TEST(inside_a_coroutine_inside_a_callback_a_wait_raises_and_names_it),
    TEST(a_refused_wait_suspends_nothing),
    TEST(in_a_finalizer_a_wait_raises),
    TEST(after_coroutine_close_clean_up_cannot_wait),
    TEST(can_wait_knows_where_it_is),
    TEST(in_a_coroutine_that_c_resumed_a_wait_raises),
    TEST(mistakes_raise_at_the_yield),
    TEST(a_mistake_does_not_give_up_the_turn),
    TEST(an_action_by_hand_is_a_sleep),
    TEST(actions_outlive_a_second_opening),
    TEST(delays_at_the_edge_are_met),
    TESTS_END,
};
