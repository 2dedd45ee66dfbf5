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
  return dog->shutdown->forced || (dog->stuck_ticks > 0 && is_in_lua(L));
}

/* A step that reads gets no time: it must not take the end of its input for anything
 * else. */
static bool reads(const struct ta_watchdog *dog, lua_State *L) {
  bool broke_off = ta_signals_broke_off();
  enum ta_outside_call call = ta_outside_look(&dog->outside, L);
  return call == TA_OUTSIDE_MET || (call == TA_OUTSIDE_NONE && broke_off);
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
  if (quietly || is_overdue(dog, L)) end_step(dog, L, quietly);
}

/* ---------------------------------------------------------------- in handlers */

/* While Lua is closed there is no Runner any more. */
static uint64_t count_steps(const struct ta_watchdog *dog) {
  return runner_of(dog) ? ta_steps(runner_of(dog)) : 0;
}

static void interrupt(struct ta_watchdog *dog) {
  dog->last_steps = count_steps(dog);
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

/* No hook is reached: the step is in C code, or in a finalizer. */
static void write_stuck(const struct ta_watchdog *dog) {
  char where[256];
  ta_report_from_handler("tinyasync: ");
  bool runs = write_running(dog, "");
  ta_report_from_handler(runs ? " is stuck in " : "stuck in ");
  bool known = runner_of(dog) && ta_write_running_where(runner_of(dog), where, sizeof where);
  ta_report_from_handler(known ? where : "a finalizer");
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
  if (dog->virtual_time) return dog->stuck_ticks * TA_TICK >= shutdown->timeout;
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
         ta_shutdown_has(shutdown, TA_CAUSE_SIGNAL);
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

static void on_tick(void *data) {
  struct ta_watchdog *dog = data;
  struct ta_shutdown *shutdown = dog->shutdown;
  bool stuck = is_stuck(dog);
  look_at_timeout(dog);
  if (!is_to_end(dog) && !dog->dump_wanted) {
    if (isinf(shutdown->ends_at)) ta_signals_stop_ticking();
    return;
  }
  if (shutdown->closing && ++shutdown->closing > TICKS_TO_DIE) ta_interrupt(runner_of(dog));
  if (stuck) end_stuck_step(dog);
}

void ta_watchdog_arm(struct ta_watchdog *dog) {
  const struct ta_signal_handlers handlers = {
      .end = on_end, .last = on_last, .dump = on_dump, .tick = on_tick, .data = dog};
  double timeout = dog->shutdown->timeout;
  ta_signals_catch(&handlers);
  if (!isinf(timeout)) ta_signals_tick(dog->virtual_time ? TA_TICK : timeout);
}
