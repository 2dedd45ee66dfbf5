/* SPDX-License-Identifier: MIT */
#include "cli/watchdog.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

#include "cli/report.h"
#include "host/signals.h"

/* A step that goes on for so many ticks after everything was forced to end is in
 * code that no hook reaches. */
#define TICKS_TO_DIE 5

/* A second, and the tick that was to break a call off. */
#define TICKS_TO_WARN 11

static struct ta_runner *runner_of(const struct ta_watchdog *dog) {
  return dog->shutdown->runner;
}

/* ------------------------------------------------------------------ reports */

void ta_watchdog_dump(struct ta_watchdog *dog, lua_State *L) {
  if (!dog->dump_wanted) return;
  dog->dump_wanted = 0;
  ta_report_tasks(runner_of(dog), L, TA_REPORT_DUMP, "not enough memory to show the tasks");
}

void ta_watchdog_keep_names(struct ta_watchdog *dog, lua_State *L) {
  int top = lua_gettop(L);
  if (dog->named == ta_live(runner_of(dog))) return;
  snprintf(dog->names, sizeof dog->names, "%s", ta_report_names(runner_of(dog), L));
  dog->named = ta_live(runner_of(dog));
  lua_settop(L, top);
}

/* ------------------------------------------------------- inside a long step */

/* (dog): "#2 busy at file.lua:12" */
static int l_running_step(lua_State *L) {
  const struct ta_watchdog *dog = lua_touserdata(L, 1);
  ta_push_running_name(runner_of(dog), L);
  ta_push_running_where(runner_of(dog), L);
  lua_pushfstring(L, "%s at %s", lua_tostring(L, -2), lua_tostring(L, -1));
  return 1;
}

static void name_interrupted(struct ta_watchdog *dog, lua_State *L) {
  lua_pushcfunction(L, l_running_step);
  lua_pushlightuserdata(L, dog);
  const char *step = lua_pcall(L, 1, 1, 0) == LUA_OK ? lua_tostring(L, -1) : "a task";
  ta_report("interrupted %s", step);
  lua_pop(L, 1);
}

/* Is the hook's function one of Lua's, rather than a call to C or its return? */
static bool is_in_lua(lua_State *L) {
  lua_Debug ar;
  return lua_getstack(L, 0, &ar) && lua_getinfo(L, "S", &ar) && *ar.what != 'C';
}

/* Has the step had its time?  The return from C may have been all that was left. */
static bool is_overdue(const struct ta_watchdog *dog, lua_State *L) {
  if (dog->shutdown->forced) return true;
  bool at_once = ta_shutdown_has(dog->shutdown, TA_CAUSE_STARVED);
  return (at_once || dog->stuck_ticks > 0) && is_in_lua(L);
}

/* A step that reads gets no time: it must not take the end of its input for anything
 * else. */
static bool reads(const struct ta_watchdog *dog, lua_State *L) {
  bool broke_off = ta_signals_broke_off();
  enum ta_outside_call call = ta_outside_look(&dog->outside, L);
  return call == TA_OUTSIDE_MET || (call == TA_OUTSIDE_NONE && broke_off);
}

/* --------------------------------------------------- a step that goes on for long */

/* (dog): names the step that has not waited. */
static int l_name_slow(lua_State *L) {
  struct ta_watchdog *dog = lua_touserdata(L, 1);
  lua_pushcfunction(L, l_running_step);
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  ta_report("%s has not waited for %.1f seconds", lua_tostring(L, -1), dog->patience.seconds);
  return 0;
}

static void name_slow(struct ta_watchdog *dog, lua_State *L) {
  dog->patience.is_slow = 0;
  if (!lua_checkstack(L, LUA_MINSTACK)) return;
  lua_pushcfunction(L, l_name_slow);
  lua_pushlightuserdata(L, dog);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1);
}

/* It has caught the error, time and again: now it is ended with what no pcall catches.  A shield
 * is for clean-up that waits, and this one does not. */
static void cancel_step(struct ta_watchdog *dog, lua_State *L) {
  ta_shutdown_note(dog->shutdown, TA_CAUSE_REPORT, 0);
  name_interrupted(dog, L);
  lua_pushliteral(L, "it did not wait");
  ta_cancel_current(runner_of(dog), L);
  if (!ta_is_cancelled(runner_of(dog))) ta_cancel_running(runner_of(dog));
  ta_raise_cancellation(runner_of(dog), L);
}

/* Raises an error where the step is.  One that unwinds for a cancellation, or is to, has that
 * already. */
static void end_overlong(struct ta_watchdog *dog, lua_State *L) {
  struct ta_patience *patience = &dog->patience;
  bool goes_on = ta_patience_raise(patience);
  if (ta_is_cancelled(runner_of(dog)) || !lua_checkstack(L, LUA_MINSTACK)) return;
  if (!goes_on) cancel_step(dog, L);
  ta_push_running_where(runner_of(dog), L); /* the script's line, also while a chunk of ours runs */
  lua_pushfstring(L, "%s: this step took longer than %f seconds without waiting",
                  lua_tostring(L, -1), patience->longest);
  ta_raise_in_step(runner_of(dog), L);
}

/* Ends the step here, unless it is in a shield, or unwinds already. */
static void end_step(struct ta_watchdog *dog, lua_State *L, bool quietly) {
  struct ta_shutdown *shutdown = dog->shutdown;
  struct ta_runner *runner = runner_of(dog);
  if (shutdown->forced) ta_force_end(runner);
  if (!shutdown->begun && ta_shutdown_is_wanted(shutdown)) ta_shutdown_begin(shutdown);
  if (!shutdown->begun || !ta_is_cancelled(runner)) return;
  if (ta_is_unwinding(runner) && !shutdown->forced) return;
  if (!quietly && lua_checkstack(L, LUA_MINSTACK)) name_interrupted(dog, L);
  ta_raise_cancellation(runner, L);
}

void ta_watchdog_preempted(struct ta_watchdog *dog, lua_State *L) {
  bool quietly = reads(dog, L) || ta_shutdown_has(dog->shutdown, TA_CAUSE_BROKEN);
  ta_signals_break_off(false);
  dog->deaf_ticks = 0;
  ta_watchdog_dump(dog, L);
  if (dog->patience.is_slow) name_slow(dog, L);
  if (quietly || is_overdue(dog, L)) end_step(dog, L, quietly);
  if (dog->patience.is_over) end_overlong(dog, L);
}

/* ---------------------------------------------------------------- in handlers */

/* While Lua is closed there is no Runner any more. */
static uint64_t count_steps(const struct ta_watchdog *dog) {
  return runner_of(dog) ? ta_steps(runner_of(dog)) : 0;
}

static void interrupt(struct ta_watchdog *dog) {
  uint64_t steps = count_steps(dog);
  if (steps != dog->last_steps) ta_patience_start(&dog->patience, ta_monotonic());
  dog->last_steps = steps;
  dog->stuck_ticks = 0;
  if (runner_of(dog)) ta_interrupt(runner_of(dog));
}

static void write_number(uint64_t number) {
  char digits[24];
  char *digit = digits + sizeof digits - 1;
  *digit = '\0';
  do *--digit = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  ta_report_from_handler(digit);
}

/* Writes "WORDS#2 name" if a step is under way. */
static bool write_running(const struct ta_watchdog *dog, const char *words) {
  uint64_t id;
  const char *name;
  if (!dog->watches || !runner_of(dog)) return false;
  if (!ta_running_task(runner_of(dog), &id, &name)) return false;
  ta_report_from_handler(words);
  ta_report_from_handler("#");
  write_number(id);
  ta_report_from_handler(" ");
  ta_report_from_handler(name ? name : "?");
  return true;
}

/* Says who would not stop: the step under way, or else who was last seen to
 * wait. */
static void write_last_words(struct ta_watchdog *dog) {
  ta_report_from_handler("tinyasync: ended at once");
  if (!write_running(dog, "; this would not stop: ") && *dog->names) {
    ta_report_from_handler("; these would not stop: ");
    ta_report_from_handler(dog->names);
  }
  ta_report_from_handler("\n");
}

/* Where no Lua of the script's is found.  While Lua is closed what it has is freed as well, which
 * takes its time where that is much. */
static const char *elsewhere(const struct ta_watchdog *dog) {
  return runner_of(dog) ? "a finalizer" : "the end of Lua: in a finalizer, or freeing memory";
}

/* No hook is reached: the step is in C code, or in a finalizer. */
static void write_stuck(const struct ta_watchdog *dog) {
  char where[256];
  ta_report_from_handler("tinyasync: ");
  bool runs = write_running(dog, "");
  ta_report_from_handler(runs ? " is stuck in " : "stuck in ");
  bool known = runner_of(dog) && ta_write_running_where(runner_of(dog), where, sizeof where);
  ta_report_from_handler(known ? where : elsewhere(dog));
  ta_report_from_handler("; a second Ctrl-C ends it at once\n");
}

static void on_end(void *data, int number) {
  struct ta_watchdog *dog = data;
  ta_shutdown_note(dog->shutdown, TA_CAUSE_SIGNAL, number);
  ta_shutdown_wish(dog->shutdown);
  interrupt(dog);
  if (runner_of(dog)) ta_preempt_calls(runner_of(dog));
}

/* Ends the process from where a handler found it. */
static _Noreturn void end_at_once(struct ta_watchdog *dog) {
  write_last_words(dog);
  ta_shutdown_note(dog->shutdown, TA_CAUSE_REPORT, 0);
  ta_shutdown_at_once(dog->shutdown);
}

static void on_last(void *data, int number) {
  struct ta_watchdog *dog = data;
  ta_shutdown_note(dog->shutdown, TA_CAUSE_SECOND_SIGNAL, number);
  end_at_once(dog);
}

static void on_dump(void *data) {
  struct ta_watchdog *dog = data;
  dog->dump_wanted = 1;
  interrupt(dog);
}

/* Under virtual time a step that does not end has had the time-out's seconds
 * when they were real. */
static bool is_timed_out(const struct ta_watchdog *dog) {
  const struct ta_shutdown *shutdown = dog->shutdown;
  if (isinf(shutdown->ends_at)) return false;
  if (dog->virtual_time) return dog->patience.seconds >= shutdown->timeout;
  return ta_clock_now(shutdown->clock) >= shutdown->ends_at;
}

static void look_at_timeout(struct ta_watchdog *dog) {
  struct ta_shutdown *shutdown = dog->shutdown;
  if (shutdown->begun || ta_shutdown_has(shutdown, TA_CAUSE_TIMEOUT) || !is_timed_out(dog)) return;
  ta_shutdown_note(shutdown, TA_CAUSE_TIMEOUT, 0);
  ta_shutdown_wish(shutdown);
  if (runner_of(dog)) ta_interrupt(runner_of(dog));
}

/* Has the step gone on for longer than the grace? */
static bool is_out_of_grace(const struct ta_watchdog *dog) {
  const struct ta_shutdown *shutdown = dog->shutdown;
  if (shutdown->wished_at == 0) return false;
  return ta_clock_real(shutdown->clock) - shutdown->wished_at >= shutdown->grace;
}

/* Handlers note why, and the session then ends. */
static bool is_to_end(const struct ta_watchdog *dog) {
  const struct ta_shutdown *shutdown = dog->shutdown;
  return shutdown->begun || ta_shutdown_has(shutdown, TA_CAUSE_TIMEOUT) ||
         ta_shutdown_has(shutdown, TA_CAUSE_SIGNAL) || ta_shutdown_has(shutdown, TA_CAUSE_STARVED);
}

/* Looks into the step.  If that is to end, a call that it waits in is broken off. */
static void preempt(struct ta_watchdog *dog) {
  ta_preempt(runner_of(dog));
  if (!is_to_end(dog)) return;
  ta_preempt_calls(runner_of(dog));
  ta_signals_break_off(dog->shutdown->forced || ta_would_cancel(runner_of(dog)));
}

/* Has the step under way been so at the last tick as well? */
static bool is_stuck(struct ta_watchdog *dog) {
  uint64_t steps = count_steps(dog);
  bool stuck = dog->watches && steps == dog->last_steps;
  dog->last_steps = steps;
  dog->stuck_ticks = stuck ? dog->stuck_ticks + 1 : 0;
  if (!stuck) dog->deaf_ticks = 0;
  if (!stuck && dog->shutdown->forced) dog->shutdown->forced = 1;
  return stuck;
}

/* What no hook reaches is ended with the process. */
static void end_stuck_step(struct ta_watchdog *dog) {
  struct ta_shutdown *shutdown = dog->shutdown;
  if (is_out_of_grace(dog) && ++shutdown->forced > TICKS_TO_DIE) end_at_once(dog);
  bool asked = ta_shutdown_has(shutdown, TA_CAUSE_SIGNAL);
  if (asked && ++dog->deaf_ticks == TICKS_TO_WARN) write_stuck(dog);
  if (runner_of(dog)) preempt(dog);
}

/* No hook was reached since the last tick: the step is in C code, or in a finalizer. */
static void write_slow(struct ta_watchdog *dog) {
  char where[256];
  dog->patience.is_slow = 0;
  ta_report_from_handler("tinyasync: ");
  if (!write_running(dog, "")) ta_report_from_handler("a task");
  ta_report_from_handler(" has not waited for ");
  write_number((uint64_t)dog->patience.seconds);
  ta_report_from_handler(".");
  write_number((uint64_t)(dog->patience.seconds * 10) % 10);
  ta_report_from_handler(" seconds: it is in ");
  bool known = ta_write_running_where(runner_of(dog), where, sizeof where);
  ta_report_from_handler(known ? where : "a finalizer");
  ta_report_from_handler("\n");
}

/* Seconds until the next tick is wanted. */
static double look_at_patience(struct ta_watchdog *dog, bool stuck) {
  struct ta_patience *patience = &dog->patience;
  bool deaf = patience->is_slow;
  double next = ta_patience_tick(patience, ta_monotonic(), stuck);
  if (!runner_of(dog)) return next;
  if (deaf && patience->is_slow) write_slow(dog);
  if (patience->is_slow || patience->is_over) ta_preempt(runner_of(dog));
  return next;
}

/* Nobody is to be ended or shown: how do ticks go on? */
static void plan_tick(struct ta_watchdog *dog, double next) {
  const struct ta_shutdown *shutdown = dog->shutdown;
  bool watches = dog->watches && ta_patience_is_on(&dog->patience);
  if (watches && next < TA_TICK) ta_signals_tick(next);
  if (watches) return;
  dog->patience.ticking = 0;
  if (isinf(shutdown->ends_at))
    ta_signals_stop_ticking();
  else if (!dog->virtual_time)
    ta_signals_tick(shutdown->ends_at - ta_clock_now(shutdown->clock));
}

static void on_tick(void *data) {
  struct ta_watchdog *dog = data;
  struct ta_shutdown *shutdown = dog->shutdown;
  bool stuck = is_stuck(dog);
  double next = look_at_patience(dog, stuck);
  look_at_timeout(dog);
  if (!is_to_end(dog) && !dog->dump_wanted) {
    plan_tick(dog, next);
    return;
  }
  if (shutdown->closing && ++shutdown->closing > TICKS_TO_DIE) ta_interrupt(runner_of(dog));
  if (stuck) end_stuck_step(dog);
}

void ta_watchdog_watch(struct ta_watchdog *dog) {
  dog->watches = 1;
  if (!ta_patience_is_on(&dog->patience) || is_to_end(dog)) return;
  double first = ta_patience_begin(&dog->patience, ta_monotonic());
  if (first > 0) ta_signals_tick(first);
}

void ta_watchdog_arm(struct ta_watchdog *dog) {
  const struct ta_signal_handlers handlers = {
      .end = on_end, .last = on_last, .dump = on_dump, .tick = on_tick, .data = dog};
  double timeout = dog->shutdown->timeout;
  ta_signals_catch(&handlers);
  if (!isinf(timeout)) ta_signals_tick(dog->virtual_time ? TA_TICK : timeout);
}
