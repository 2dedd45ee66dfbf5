/* SPDX-License-Identifier: MIT
 *
 * Cancellation as a host and its own waits see it.  What scripts see is tested by
 * tests/script.
 */
#include <errno.h>
#include <string.h>

#include "unit/world.h"

static struct world *world_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static void set_function(struct world *world, const char *name, lua_CFunction function) {
  lua_pushlightuserdata(world->L, world);
  lua_pushcclosure(world->L, function, 1);
  lua_setglobal(world->L, name);
}

/* cancel_all(): from inside a task. */
static int l_cancel_all(lua_State *L) {
  ta_cancel_all(world_of(L)->runner, "inside");
  return 0;
}

/* enter(): what each function that may wait does first. */
static int l_enter(lua_State *L) {
  ta_enter(world_of(L)->runner, L);
  lua_pushliteral(L, "entered");
  return 1;
}

/* state(): is a cancellation in force, and was it raised? */
static int l_state(lua_State *L) {
  const struct ta_runner *runner = world_of(L)->runner;
  lua_pushfstring(L, "%s%s", ta_is_cancelled(runner) ? "cancelled" : "free",
                  ta_is_unwinding(runner) ? "+unwinding" : "");
  return 1;
}

static int l_raise(lua_State *L) {
  ta_raise_cancellation(world_of(L)->runner, L);
  lua_pushliteral(L, "nothing");
  return 1;
}

static int l_force_end(lua_State *L) {
  ta_force_end(world_of(L)->runner);
  return 0;
}

static int l_cancel_running(lua_State *L) {
  ta_cancel_running(world_of(L)->runner);
  return 0;
}

static int l_interrupt(lua_State *L) {
  ta_interrupt(world_of(L)->runner);
  return 0;
}

static void open_world(struct world *world) {
  world_open(world, TA_OPEN_ALL);
  set_function(world, "cancel_all", l_cancel_all);
  set_function(world, "enter", l_enter);
  set_function(world, "state", l_state);
  set_function(world, "raise", l_raise);
  set_function(world, "force_end", l_force_end);
  set_function(world, "cancel_running", l_cancel_running);
  set_function(world, "interrupt", l_interrupt);
}

#define GUARD                                                                                      \
  "local function guard(name) return setmetatable({}, {__close = function(_, e)"                   \
  "  log(name, e and e.kind, e and e.reason) end}) end;"

/* --------------------------------------------------------------- everything */

static void cancelling_everything_raises_at_waits_and_lets_shields_be(void) {
  struct world world;
  open_world(&world);
  world_add(&world, GUARD "local g <close> = guard 'a' sleep(5)");
  world_add(&world, GUARD "local g <close> = guard 'b' async.shield(sleep, 2) log 'on' sleep(1)");
  world_add(&world, GUARD "local g <close> = guard 'c' coroutine.wrap(park)()");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(ta_live(world.runner) == 3);
  CHECK_TEXT(world.log, "");
  CHECK(world_pass(&world) == TA_WAITING && world.deadline == 2);
  CHECK_TEXT(world.log, "a cancelled over c cancelled over");
  CHECK(ta_live(world.runner) == 1);
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a cancelled over c cancelled over on b cancelled over");
  CHECK(ta_live(world.runner) == 0 && world.failures == 0);
  world_close(&world);
}

static void the_first_reason_stays(void) {
  struct world world;
  open_world(&world);
  world_add(&world, GUARD "local g <close> = guard 'a' sleep(5)");
  world_pass(&world);
  ta_cancel_all(world.runner, "first");
  ta_cancel_all(world.runner, "second");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a cancelled first");
  world_close(&world);
}

static void without_a_reason_there_is_none(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "local g <close> = setmetatable({}, {__close = function(_, e) log(e) end}) "
                    "sleep(5)");
  world_pass(&world);
  ta_cancel_all(world.runner, NULL);
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "cancelled");
  world_close(&world);
}

static void cancelling_everything_from_inside_a_task_is_met_at_its_next_wait(void) {
  struct world world;
  open_world(&world);
  world_add(&world,
            GUARD "local g <close> = guard 'a' cancel_all() log(state()) sleep(0) log 'no'");
  world_add(&world, "log 'never'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "cancelled a cancelled inside");
  world_close(&world);
}

static void after_it_only_what_a_shield_spawns_starts(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "local g <close> = async.defer(function() spawn(log, 'late')"
                    "  async.shield(function() local t = spawn(function() sleep(1)"
                    "    spawn(log, 'grandchild') log 'child' end) t:await() end) end) sleep(5)");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  world_add(&world, "log 'of the host'");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "child grandchild");
  CHECK(ta_live(world.runner) == 0);
  world_close(&world);
}

static void what_a_shield_holds_is_spared_with_its_children(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "async.shield(function() async.scope(function(s)"
                    "  s:spawn(function() sleep(1) async.scope(function(t) t:spawn(sleep, 1) end)"
                    "    log('child', async.now()) end) end) log 'parent' end) sleep(0) log 'no'");
  world_add(&world, "sleep(5) log 'no'");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "child 2.0 parent");
  CHECK(ta_live(world.runner) == 0);
  world_close(&world);
}

static void a_pass_cut_short_can_be_cancelled(void) {
  struct world world;
  open_world(&world);
  world_add(&world, GUARD "local g <close> = guard 'a' sleep(1)");
  world_pass(&world);
  world_add(&world, "log 'b'");
  ta_interrupt(world.runner);
  CHECK(world_pass(&world) == TA_INTERRUPTED);
  ta_cancel_all(world.runner, "over");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a cancelled over");
  CHECK(ta_live(world.runner) == 0);
  world_close(&world);
}

static void cancel_from_poll(struct world *world) {
  ta_cancel_all(world->runner, "polled");
}

static void a_look_at_the_outside_may_cancel_everything(void) {
  struct world world;
  open_world(&world);
  world.on_poll = cancel_from_poll;
  world_add(&world, GUARD "local g <close> = guard 'a' while true do work(0.002) sleep(0) end");
  world_add(&world, GUARD "local g <close> = guard 'b' park()");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(strstr(world.log, "a cancelled polled") && ta_live(world.runner) == 0);
  world_close(&world);
}

static void forced_to_end_a_shield_counts_no_longer(void) {
  struct world world;
  open_world(&world);
  world_add(&world, GUARD "local g <close> = guard 'a';"
                          "async.shield(function() log(state()) force_end() log(state()) sleep(1)"
                          "  log 'no' end)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "free cancelled a cancelled forced");
  world_close(&world);
}

static void forced_to_end_clean_up_that_waits_meets_an_ordinary_error(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "local g <close> = async.defer(function() log(pcall(async.shield, sleep, 1))"
                    "  log 'end' end) sleep(5)");
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK(strncmp(world.log, "false cannot wait", 17) == 0 && strstr(world.log, " end"));
  CHECK(ta_live(world.runner) == 0 && world.failures == 0);
  world_close(&world);
}

static void closing_all_can_be_cut_short_after_each_task(void) {
  struct world world;
  open_world(&world);
  for (int i = 1; i <= 3; i++)
    world_add(&world, GUARD "local g <close> = guard 'closed'"
                            "local h <close> = async.defer(interrupt) park()");
  world_settle(&world);
  for (size_t left = 3; left-- > 0;) {
    CHECK(ta_close_all(world.runner) == (left ? -EINTR : 0));
    CHECK(ta_live(world.runner) == left);
  }
  CHECK_TEXT(world.log, "closed cancelled forced closed cancelled forced closed cancelled forced");
  world_close(&world);
}

static void closing_ends_those_that_would_not(void) {
  struct world world;
  open_world(&world);
  world_add(&world, GUARD "local g <close> = guard 'a' async.shield(sleep, 1e9)");
  world_add(&world, "local g <close> = async.defer(function() log 'b' end)"
                    "async.shield(function() while true do pcall(park) end end)");
  world_add(&world, "async.scope(function(s) s:spawn(async.shield, sleep, 1e9) sleep(1) end)");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  world_settle(&world);
  CHECK(ta_live(world.runner) == 4);
  ta_close_all(world.runner);
  CHECK(ta_live(world.runner) == 0);
  CHECK(strstr(world.log, "a cancelled over") && strstr(world.log, "b"));
  CHECK(world_pass(&world) == TA_DONE && world.deadline == HUGE_VAL);
  world_close(&world);
}

static void what_clean_up_wakes_while_all_is_closed_never_steps(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "local g <close> = async.defer(function() unpark(0) spawn(log, 'x') end) "
                    "sleep(1)");
  world_add(&world, "park_firmly() log 'woken'");
  world_pass(&world);
  ta_close_all(world.runner);
  lua_gc(world.L, LUA_GCCOLLECT);
  CHECK(world_pass(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  CHECK(ta_live(world.runner) == 0);
  world_close(&world);
}

static void a_task_that_catches_each_cancellation_is_closed_at_last(void) {
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY); /* Lua's own pcall */
  world_add(&world, "n = 0 local g <close> = async.defer(function() log 'closed' end) "
                    "while true do pcall(sleep, 1) n = n + 1 end");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(ta_live(world.runner) == 0);
  world_do(&world, "log(n)");
  CHECK_TEXT(world.log, "closed 100");
  world_close(&world);
}

static void cancel_on_failure(void *data, const struct ta_failure *failure) {
  struct world *world = data;
  world_log(world, "[%s]", failure->message);
  ta_cancel_all(world->runner, "failed");
}

static void a_failure_may_cancel_everything(void) {
  struct world world;
  open_world(&world);
  ta_on_failure(world.runner, cancel_on_failure, &world);
  world_add(&world, GUARD "local g <close> = guard 'a' sleep(5)");
  world_add(&world, "error('x', 0)");
  world_add(&world, "log 'never'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "[x] a cancelled failed");
  world_close(&world);
}

/* Where no place is left on the stack the function itself raises: it must not
 * leave behind what it has opened. */
static void a_region_that_cannot_return_its_results_is_left(void) {
  static const char code[] =
      "local open, failed = ..., 0 "
      "for n = 999950, 999982, 2 do "
      "  local ok = pcall(open, function() return table.unpack({}, 1, n) end) "
      "  if not ok then failed = failed + 1 end collectgarbage() sleep(0) end "
      "local t = spawn(sleep, 5) t:cancel() t:pawait() "
      "log(failed > 0, async.move_on_after(1, sleep, 3))";
  static const char *const opens[] = {
      "return async.scope",
      "return async.shield",
      "return function(f) return async.with_timeout(9, f) end",
      "return function(f) return async.lock():with(f) end",
  };
  for (size_t i = 0; i < sizeof opens / sizeof *opens && !test_quick(); i++) {
    struct world world;
    open_world(&world);
    world_load(&world, code);
    world_load(&world, opens[i]);
    lua_call(world.L, 0, 1);
    ta_add_task(world.runner, world.L, 1, NULL);
    lua_pop(world.L, 1);
    CHECK(world_run(&world) == TA_DONE);
    CHECK_TEXT(world.log, "true nil timeout");
    world_close(&world);
  }
}

/* ------------------------------------------------------------ the questions */

static void entering_raises_what_is_in_force_and_else_nothing(void) {
  struct world world;
  open_world(&world);
  world_do(&world, "log(enter())");
  world_add(&world, GUARD "local g <close> = guard 'raised' log(enter()) async.current():cancel(7)"
                          "async.shield(function() log(enter()) end) enter() log 'no'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "entered entered entered raised cancelled 7");
  world_close(&world);
}

static void the_host_knows_whether_a_task_is_cancelled_and_unwinds(void) {
  struct world world;
  open_world(&world);
  world_do(&world, "log(state())");
  world_add(&world, "local g <close> = async.defer(function() log(state())"
                    "  async.shield(function() log(state()) end) end)"
                    "log(state()) async.current():cancel() log(state()) sleep(0)");
  world_add(&world, "log(state())");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "free free cancelled cancelled+unwinding free+unwinding free");
  world_close(&world);
}

static void a_cancellation_that_is_not_in_force_is_not_raised(void) {
  struct world world;
  open_world(&world);
  world_do(&world, "log(raise())");
  world_add(&world, "log(raise()) async.current():cancel() async.shield(function() log(raise())"
                    "  end) raise() log 'no'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "nothing nothing nothing");
  world_close(&world);
}

static void the_running_task_may_be_ended_where_it_stands(void) {
  struct world world;
  open_world(&world);
  world_do(&world, "cancel_running() log 'outside'");
  world_add(&world, GUARD "local g <close> = guard 'a' cancel_all()"
                          "async.shield(function() cancel_running() pcall(raise) log 'no' end)");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "outside a cancelled inside");
  world_close(&world);
}

static void a_task_spawned_in_a_shield_since_ends_too(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "cancel_all() async.shield(function() spawn(function()"
                    "  log(state()) cancel_running() log(state()) pcall(sleep, 1) log 'no' end)"
                    ":pawait() end)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "free cancelled");
  world_close(&world);
}

/* ------------------------------------------------------------ waits of a host */

static void a_wait_that_is_given_up_is_disarmed_once_and_not_continued(void) {
  struct world world;
  open_world(&world);
  world_add(&world, GUARD "local g <close> = guard 'a' park() log 'no'");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world.disarmed == 1); /* at once, not when the task is stepped */
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a cancelled over");
  CHECK(world.disarmed == 1 && world.continued == 0);
  world_close(&world);
  CHECK(world.disarmed == 1);
}

static void a_wait_that_was_completed_first_keeps_its_values(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "log(park()) park() log 'no'");
  world_pass(&world);
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  ta_cancel_all(world.runner, "over");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "woken");
  CHECK(world.disarmed == 0 && world.continued == 1 && world.taken == 1);
  world_close(&world);
}

static void each_way_of_giving_a_wait_up_disarms_it_once(void) {
  static const char *const codes[] = {
      "async.move_on_after(1, park)",
      "async.with_timeout(2, pcall, async.with_timeout, 1, park)",
      "async.scope(function(s) s:spawn(park) sleep(1) s:cancel() end)",
      "async.scope(function(s) spawn(function() sleep(1) s:cancel() end) park() end)",
      "local t = spawn(park) sleep(1) t:cancel() t:cancel()",
      "pcall(async.scope, function(s) s:spawn(park) sleep(1) error 'x' end)",
      "async.race {park, function() sleep(1) end}",
      "local t = spawn(function() coroutine.wrap(function() xpcall(park, log) end)() end) "
      "sleep(1) t:cancel()",
      "local t = spawn(function() local co = coroutine.wrap(function() park() end) co() end) "
      "sleep(1) cancel_all()",
  };
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct world world;
    open_world(&world);
    world_add(&world, codes[i]);
    CHECK(world_run(&world) == TA_DONE);
    CHECK(world.taken == 1 && world.disarmed == 1 && world.continued == 0);
    CHECK(!ta_unpark(world.runner, world.tickets[0]));
    CHECK_TEXT(world.log, "");
    world_close(&world);
    CHECK(world.disarmed == 1);
  }
}

static void closing_disarms_once(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "async.shield(park)");
  world_add(&world, "park_firmly()");
  world_add(&world, "sleep(5)");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world.disarmed == 0);
  ta_close_all(world.runner);
  CHECK(world.disarmed == 2 && world.continued == 0);
  world_close(&world);
  CHECK(world.disarmed == 2);
}

static void a_ticket_that_was_not_parked_on_is_not_disarmed(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "take() sleep(5)");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(world.disarmed == 0);
  world_close(&world);
}

static void disarm_arming(void *subject) {
  ((struct world *)subject)->disarmed++;
}

static int k_armed(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  world_of(L)->continued++;
  return 0;
}

/* A wait whose arming cancels the task: a callback that comes at once may. */
static int l_cancel_while_arming(lua_State *L) {
  static const struct ta_wait_kind kind = {.action = "arm", .disarm = disarm_arming};
  struct world *world = world_of(L);
  struct ta_ticket ticket = ta_take_ticket(world->runner, L, &kind, world);
  world->tickets[world->taken++] = ticket;
  ta_cancel_all(world->runner, "arming");
  return ta_park(world->runner, L, ticket, 0, k_armed);
}

static void a_cancellation_between_ticket_and_parking_disarms(void) {
  struct world world;
  open_world(&world);
  set_function(&world, "cancel_while_arming", l_cancel_while_arming);
  world_add(&world, GUARD "local g <close> = guard 'a' cancel_while_arming() log 'no'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a cancelled arming");
  CHECK(world.disarmed == 1 && world.continued == 0);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  world_close(&world);
}

static bool is_done;

static bool is_over_by_now(void *subject) {
  (void)subject;
  return is_done;
}

static const struct ta_wait_kind persistent = {
    .action = "persist", .disarm = disarm_arming, .is_over = is_over_by_now};

static int k_persist(lua_State *L, int status, lua_KContext context);

/* Whatever wakes it has gone again. */
static int persist(lua_State *L) {
  struct world *world = world_of(L);
  struct ta_ticket ticket = ta_retake_ticket(world->runner, L, &persistent, world);
  world->tickets[world->taken++] = ticket;
  return ta_park(world->runner, L, ticket, 0, k_persist);
}

static int k_persist(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  world_of(L)->continued++;
  return is_done ? 0 : persist(L);
}

static int l_persist(lua_State *L) {
  return persist(L);
}

/* Woken once, cancelled before its step, when the outside has done it meanwhile or not. */
static void persist_until_cancelled(struct world *world, bool done) {
  is_done = false;
  open_world(world);
  set_function(world, "persist", l_persist);
  world_add(world, GUARD "local g <close> = guard 'a' persist() log 'done' sleep(1) log 'no'");
  world_pass(world);
  ta_unpark(world->runner, world->tickets[0]);
  world_pass(world);
  CHECK(world->taken == 2 && world->continued == 1 && world->disarmed == 0);
  ta_unpark(world->runner, world->tickets[1]);
  ta_cancel_all(world->runner, "over");
  is_done = done;
}

static void a_wait_that_would_go_on_is_disarmed_when_its_ticket_is_refused(void) {
  struct world world;
  persist_until_cancelled(&world, false);
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(world.taken == 2 && world.disarmed == 1);
  CHECK_TEXT(world.log, "a cancelled over");
  world_close(&world);
}

static void a_wait_that_is_over_before_it_goes_on_is_complete(void) {
  struct world world;
  persist_until_cancelled(&world, true);
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(world.disarmed == 0);
  CHECK_TEXT(world.log, "done a cancelled over");
  world_close(&world);
}

/* Done by the outside just when it looks: the wait is to go on, and need not. */
static int l_persist_late(lua_State *L) {
  struct world *world = world_of(L);
  ta_cancel_all(world->runner, "late");
  is_done = true;
  return persist(L);
}

static void a_ticket_of_what_is_over_goes_on_at_once(void) {
  struct world world;
  is_done = false;
  open_world(&world);
  set_function(&world, "persist", l_persist_late);
  world_add(&world, GUARD "local g <close> = guard 'a' persist() log 'done' sleep(1) log 'no'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(world.disarmed == 0 && world.continued == 1);
  CHECK_TEXT(world.log, "done a cancelled late");
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  world_close(&world);
}

static void outside_a_task_a_ticket_is_refused_and_disarmed(void) {
  struct world world;
  is_done = true;
  open_world(&world);
  set_function(&world, "persist", l_persist);
  CHECK(luaL_dostring(world.L, "return pcall(persist)") == LUA_OK);
  CHECK(!lua_toboolean(world.L, -2) && strstr(lua_tostring(world.L, -1), "persist"));
  CHECK(world.disarmed == 1 && world.taken == 0);
  lua_settop(world.L, 0);
  world_close(&world);
}

static void a_firm_wait_is_not_cut_short_and_raises_when_complete(void) {
  struct world world;
  open_world(&world);
  world_add(&world, GUARD "local g <close> = guard 'a' park_firmly() log 'no'");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world_settle(&world) == TA_STUCK);
  CHECK_TEXT(world.log, "");
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a cancelled over");
  CHECK(world.disarmed == 0 && world.continued == 0);
  world_close(&world);
}

static void a_firm_wait_outlasts_its_deadline(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "log(async.move_on_after(1, park_firmly)) log(async.now())");
  world_pass(&world);
  world.now = 2;
  CHECK(world_settle(&world) == TA_STUCK);
  world.now = 3;
  CHECK(ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "nil timeout 3.0");
  world_close(&world);
}

static void a_ticket_of_a_cancelled_wait_wakes_no_wait_of_its_clean_up(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "local g <close> = async.defer(function() log(async.shield(park)) end) park()");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  world_settle(&world);
  CHECK(world.taken == 2);
  CHECK(!ta_unpark(world.runner, world.tickets[0]));
  CHECK(world_settle(&world) == TA_STUCK);
  CHECK(ta_unpark(world.runner, world.tickets[1]));
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "woken");
  CHECK(world.disarmed == 1 && world.continued == 1);
  world_close(&world);
}

static void a_cancelled_task_takes_no_ticket(void) {
  struct world world;
  open_world(&world);
  world_add(&world, "async.current():cancel() park() log 'no'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  CHECK(world.taken == 0 && world.disarmed == 0);
  world_close(&world);
}

/* ------------------------------------------- C functions that yield themselves */

/* plain_yield(...): yields past us, with no continuation. */
static int l_plain_yield(lua_State *L) {
  return lua_yield(L, lua_gettop(L));
}

static int k_yielded(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  lua_pushliteral(L, "continued");
  return 1;
}

static int l_yield_with_k(lua_State *L) {
  return lua_yieldk(L, lua_gettop(L), 0, k_yielded);
}

/* Runs code that waits in a foreign yield, cancels everything, and tells what it
 * logs. */
static void cancel_foreign(unsigned flags, const char *code, const char *log, const char *file,
                           int line) {
  struct world world;
  world_open(&world, flags);
  lua_pushcfunction(world.L, l_plain_yield);
  lua_setglobal(world.L, "plain_yield");
  lua_pushcfunction(world.L, l_yield_with_k);
  lua_setglobal(world.L, "yield_with_k");
  world_add(&world, code);
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  enum ta_pass_result result = world_settle(&world);
  if (!test_same_text(world.log, log)) test_texts_differ(file, line, world.log, log);
  if (result != TA_DONE || ta_live(world.runner)) test_failed(file, line, "the task ended");
  world_close(&world);
}

#define CANCEL_FOREIGN(flags, code, log) cancel_foreign(flags, code, log, __FILE__, __LINE__)

static void a_foreign_yield_is_cancelled(void) {
  CANCEL_FOREIGN(TA_OPEN_LIBRARY,
                 GUARD "local g <close> = guard 'a' coroutine.yield {action = 'sleep', delay = 9}"
                       "log 'no'",
                 "a cancelled over");
  CANCEL_FOREIGN(TA_OPEN_ALL,
                 GUARD "local g <close> = guard 'a' plain_yield {action = 'sleep', delay = 9}"
                       "log 'no'",
                 "a cancelled over");
  CANCEL_FOREIGN(TA_OPEN_ALL,
                 GUARD "local g <close> = guard 'a' pcall(plain_yield, {action = 'sleep',"
                       "  delay = 9}) log 'no'",
                 "a cancelled over");
  CANCEL_FOREIGN(TA_OPEN_ALL,
                 GUARD "local g <close> = guard 'a';"
                       "xpcall(function() log(yield_with_k {action = 'sleep', delay = math.huge})"
                       "  log 'no' end, log) log 'no'",
                 "a cancelled over");
}

static void a_foreign_yield_in_a_shield_is_not(void) {
  struct world world;
  open_world(&world);
  lua_pushcfunction(world.L, l_plain_yield);
  lua_setglobal(world.L, "plain_yield");
  world_add(&world, "async.shield(function() plain_yield {action = 'sleep', delay = 2}"
                    "  log(async.now()) end) sleep(0) log 'no'");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "2.0");
  world_close(&world);
}

static void a_foreign_yield_of_a_cancelled_task_is_raised_at_once(void) {
  CANCEL_FOREIGN(TA_OPEN_LIBRARY,
                 "n = 0 local g <close> = async.defer(function() log('closed') end) "
                 "while true do pcall(coroutine.yield, {action = 'sleep', delay = 9}) n = n + 1 "
                 "  if n == 1000 then log 'too often' break end end",
                 "closed");
}

static void a_deadline_ends_a_foreign_yield(void) {
  world_expect(TA_OPEN_LIBRARY,
               "log(async.move_on_after(1, function() coroutine.yield {action = 'sleep',"
               " delay = 9} log 'no' end)) log(async.now())",
               "nil timeout 1.0", __FILE__, __LINE__);
}

/* No Lua instruction follows, where it could be raised. */
static void a_task_that_is_all_foreign_yield_just_ends(void) {
  struct world world;
  open_world(&world);
  lua_pushcfunction(world.L, l_plain_yield);
  lua_setglobal(world.L, "plain_yield");
  world_add(&world, "spawn(plain_yield, {action = 'sleep', delay = 9}) "
                    "spawn(function() return plain_yield {action = 'sleep', delay = 9} end)");
  world_pass(&world);
  ta_cancel_all(world.runner, "over");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK(ta_live(world.runner) == 0 && world.failures == 0);
  world_close(&world);
}

const struct test cancel_tests[] = {
    TEST(cancelling_everything_raises_at_waits_and_lets_shields_be),
    TEST(the_first_reason_stays),
    TEST(without_a_reason_there_is_none),
    TEST(cancelling_everything_from_inside_a_task_is_met_at_its_next_wait),
    TEST(after_it_only_what_a_shield_spawns_starts),
    TEST(what_a_shield_holds_is_spared_with_its_children),
    TEST(a_pass_cut_short_can_be_cancelled),
    TEST(a_look_at_the_outside_may_cancel_everything),
    TEST(forced_to_end_a_shield_counts_no_longer),
    TEST(forced_to_end_clean_up_that_waits_meets_an_ordinary_error),
    TEST(closing_ends_those_that_would_not),
    TEST(closing_all_can_be_cut_short_after_each_task),
    TEST(what_clean_up_wakes_while_all_is_closed_never_steps),
    TEST(a_task_that_catches_each_cancellation_is_closed_at_last),
    TEST(a_failure_may_cancel_everything),
    TEST(a_region_that_cannot_return_its_results_is_left),
    TEST(entering_raises_what_is_in_force_and_else_nothing),
    TEST(the_host_knows_whether_a_task_is_cancelled_and_unwinds),
    TEST(a_cancellation_that_is_not_in_force_is_not_raised),
    TEST(the_running_task_may_be_ended_where_it_stands),
    TEST(a_task_spawned_in_a_shield_since_ends_too),
    TEST(a_wait_that_is_given_up_is_disarmed_once_and_not_continued),
    TEST(a_wait_that_was_completed_first_keeps_its_values),
    TEST(each_way_of_giving_a_wait_up_disarms_it_once),
    TEST(closing_disarms_once),
    TEST(a_ticket_that_was_not_parked_on_is_not_disarmed),
    TEST(a_cancellation_between_ticket_and_parking_disarms),
    TEST(a_wait_that_would_go_on_is_disarmed_when_its_ticket_is_refused),
    TEST(a_wait_that_is_over_before_it_goes_on_is_complete),
    TEST(a_ticket_of_what_is_over_goes_on_at_once),
    TEST(outside_a_task_a_ticket_is_refused_and_disarmed),
    TEST(a_firm_wait_is_not_cut_short_and_raises_when_complete),
    TEST(a_firm_wait_outlasts_its_deadline),
    TEST(a_ticket_of_a_cancelled_wait_wakes_no_wait_of_its_clean_up),
    TEST(a_cancelled_task_takes_no_ticket),
    TEST(a_foreign_yield_is_cancelled),
    TEST(a_foreign_yield_in_a_shield_is_not),
    TEST(a_foreign_yield_of_a_cancelled_task_is_raised_at_once),
    TEST(a_deadline_ends_a_foreign_yield),
    TEST(a_task_that_is_all_foreign_yield_just_ends),
    TESTS_END,
};
