/* SPDX-License-Identifier: MIT */
#include "cli/ending.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "host/signals.h"

/* A step that goes on for so many ticks after everything was forced to end is in
 * code that no hook reaches. */
#define TICKS_TO_DIE 5

/* A second, and the tick that was to break a call off. */
#define TICKS_TO_WARN 11

/* ------------------------------------------------------------------ reports */

/* (run, kind): the Runner's report, as text */
static int l_report(lua_State *L) {
  const struct ta_run *run = lua_touserdata(L, 1);
  ta_push_report(run->runner, L, (enum ta_report_kind)lua_tointeger(L, 2));
  return 1;
}

/* Leaves a report on top of L, or nil, or where there is no room nothing. */
static const char *push_report(struct ta_run *run, lua_State *L, enum ta_report_kind kind,
                               size_t *length) {
  *length = 0;
  if (!lua_checkstack(L, LUA_MINSTACK)) return NULL;
  lua_pushcfunction(L, l_report);
  lua_pushlightuserdata(L, run);
  lua_pushinteger(L, kind);
  if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  return lua_tolstring(L, -1, length);
}

static void print_report(struct ta_run *run, lua_State *L, enum ta_report_kind kind,
                         const char *otherwise) {
  size_t length;
  int top = lua_gettop(L);
  const char *text = push_report(run, L, kind, &length);
  ta_run_flush(run);
  if (text)
    ta_report_text(text, length);
  else
    ta_report("%s", otherwise);
  lua_settop(L, top);
}

void ta_ending_dump(struct ta_run *run, lua_State *L) {
  if (!run->dump_wanted) return;
  run->dump_wanted = 0;
  print_report(run, L, TA_REPORT_DUMP, "not enough memory to show the tasks");
}

void ta_ending_report_deadlock(struct ta_run *run) {
  print_report(run, run->L, TA_REPORT_DEADLOCK, "deadlock: nothing can wake the tasks");
}

/* Keeps the names of those that live where a signal handler can read them. */
static void keep_names(struct ta_run *run, lua_State *L) {
  size_t length;
  int top = lua_gettop(L);
  if (run->named == ta_live(run->runner)) return;
  const char *names = push_report(run, L, TA_REPORT_NAMES, &length);
  snprintf(run->names, sizeof run->names, "%s", names ? names : "?");
  run->named = ta_live(run->runner);
  lua_settop(L, top);
}

/* --------------------------------------------------------------- beginning */

/* The most important reason there is, or NULL. */
static const char *find_reason(struct ta_run *run) {
  if (!isinf(run->ends_at) && ta_clock_now(&run->clock) >= run->ends_at) run->timed_out = 1;
  if (run->exit_asked) return "exit";
  if (ta_signals_caught()) return "interrupted";
  if (run->broken) return "output closed";
  if (run->timed_out) return "timeout";
  if (run->deadlocked) return "deadlock";
  if (run->stopping) return "an error stopped the run";
  if (run->starved) return "memory is short";
  return run->finished ? "the run has ended" : NULL;
}

bool ta_ending_wanted(struct ta_run *run) {
  return find_reason(run) != NULL;
}

static void report_timeout(struct ta_run *run) {
  size_t live = ta_live(run->runner);
  if (!run->timed_out || run->finished) return;
  if (live == 0)
    ta_report("timed out");
  else
    ta_report("timed out with %zu task%s unfinished", live, live == 1 ? "" : "s");
}

/* The grace of a step that does not end counts from here. */
static void note_wish(struct ta_run *run) {
  if (run->wished_at == 0) run->wished_at = ta_clock_real(&run->clock);
}

/* The trace must not use up the patience that clean-up has a right to. */
static void stop_unread_trace(struct ta_run *run) {
  if (run->broken && !run->trace) ta_on_event(run->runner, NULL, NULL);
}

void ta_ending_begin(struct ta_run *run) {
  if (run->ending) return;
  const char *reason = find_reason(run);
  run->grace_ends_at = ta_clock_now(&run->clock) + run->options.grace;
  note_wish(run);
  run->ending = 1;
  report_timeout(run);
  stop_unread_trace(run);
  ta_cancel_all(run->runner, reason ? reason : "the run has ended");
  ta_signals_tick(TA_TICK);
}

/* ------------------------------------------------------------------ the end */

bool ta_ending_grace_is_over(const struct ta_run *run) {
  return run->ending && ta_clock_now(&run->clock) >= run->grace_ends_at;
}

bool ta_ending_is_over(struct ta_run *run) {
  if (run->forced) return true;
  keep_names(run, run->L);
  return ta_ending_grace_is_over(run);
}

static void report_forced(struct ta_run *run, bool stuck) {
  size_t length;
  int top = lua_gettop(run->L);
  size_t live = ta_live(run->runner);
  double grace = run->options.grace;
  const char *names = push_report(run, run->L, TA_REPORT_NAMES, &length);
  if (!names) names = "?";
  if (stuck)
    ta_report("%zu task%s in clean-up, and nothing can wake %s: %s", live,
              live == 1 ? " waits" : "s wait", live == 1 ? "it" : "them", names);
  else
    ta_report("%zu task%s did not end within %.14g second%s of grace: %s", live,
              live == 1 ? "" : "s", grace, grace == 1 ? "" : "s", names);
  lua_settop(run->L, top);
  run->reported = true;
}

/* Not even being closed may take for ever. */
static void report_left(struct ta_run *run) {
  size_t live = ta_live(run->runner);
  ta_report("%zu task%s left without clean-up", live, live == 1 ? " is" : "s are");
}

bool ta_ending_force(struct ta_run *run, bool stuck) {
  report_forced(run, stuck);
  run->forced = run->closing = 1;
  run->in_pass = 1;
  int error = ta_close_all(run->runner);
  run->in_pass = run->closing = 0;
  if (error) report_left(run);
  return error == 0;
}

/* ------------------------------------------------------- inside a long step */

/* (run): "#2 busy at file.lua:12" */
static int l_running_step(lua_State *L) {
  const struct ta_run *run = lua_touserdata(L, 1);
  ta_push_running_name(run->runner, L);
  ta_push_running_place(run->runner, L);
  lua_pushfstring(L, "%s at %s", lua_tostring(L, -2), lua_tostring(L, -1));
  return 1;
}

static void name_interrupted(struct ta_run *run, lua_State *L) {
  lua_pushcfunction(L, l_running_step);
  lua_pushlightuserdata(L, run);
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
static bool is_overdue(const struct ta_run *run, lua_State *L) {
  return run->broken || run->forced || (run->stuck_ticks > 0 && is_in_lua(L));
}

/* A step that reads gets no time: it must not take the end of its input for anything
 * else. */
static bool reads(const struct ta_run *run, lua_State *L) {
  bool broke_off = ta_signals_broke_off();
  enum ta_outside_call call = ta_outside_look(&run->outside, L);
  return call == TA_OUTSIDE_MET || (call == TA_OUTSIDE_NONE && broke_off);
}

/* Ends the step here, unless it is in a shield, or unwinds already. */
static void end_step(struct ta_run *run, lua_State *L, bool quietly) {
  if (run->forced) ta_force_end(run->runner);
  if (!run->ending && ta_ending_wanted(run)) ta_ending_begin(run);
  if (!run->ending || !ta_is_cancelled(run->runner)) return;
  if (ta_is_unwinding(run->runner) && !run->forced) return;
  if (!quietly && lua_checkstack(L, LUA_MINSTACK)) name_interrupted(run, L);
  ta_raise_cancellation(run->runner, L);
}

void ta_ending_preempted(void *data, lua_State *L) {
  struct ta_run *run = data;
  bool quietly = reads(run, L) || run->broken;
  ta_signals_break_off(false);
  run->deaf_ticks = 0;
  ta_ending_dump(run, L);
  if (quietly || is_overdue(run, L)) end_step(run, L, quietly);
}

/* ---------------------------------------------------------------- in handlers */

/* While Lua is closed there is no Runner any more. */
static uint64_t count_steps(const struct ta_run *run) {
  return run->runner ? ta_steps(run->runner) : 0;
}

static void interrupt(struct ta_run *run) {
  run->last_steps = count_steps(run);
  run->stuck_ticks = 0;
  if (run->runner) ta_interrupt(run->runner);
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
static bool write_running(const struct ta_run *run, const char *words) {
  uint64_t id;
  const char *name;
  if (!run->in_pass || !run->runner || !ta_running_task(run->runner, &id, &name)) return false;
  ta_report_from_handler(words);
  ta_report_from_handler("#");
  write_number(id);
  ta_report_from_handler(" ");
  ta_report_from_handler(name ? name : "?");
  return true;
}

/* Says who would not stop: the step under way, or else who was last seen to
 * wait. */
static void write_last_words(struct ta_run *run) {
  ta_report_from_handler("tinyasync: ended at once");
  if (!write_running(run, "; this would not stop: ") && *run->names) {
    ta_report_from_handler("; these would not stop: ");
    ta_report_from_handler(run->names);
  }
  ta_report_from_handler("\n");
}

/* No hook is reached: the step is in C code, or in a finalizer. */
static void write_stuck(const struct ta_run *run) {
  char place[256];
  ta_report_from_handler("tinyasync: ");
  bool runs = write_running(run, "");
  ta_report_from_handler(runs ? " is stuck in " : "stuck in ");
  bool known = run->runner && ta_write_running_place(run->runner, place, sizeof place);
  ta_report_from_handler(known ? place : "a finalizer");
  ta_report_from_handler("; a second Ctrl-C ends it at once\n");
}

static void on_end(void *data) {
  struct ta_run *run = data;
  note_wish(run);
  interrupt(run);
  if (run->runner) ta_preempt_calls(run->runner);
}

static void on_last(void *data) {
  write_last_words(data);
}

static void on_dump(void *data) {
  struct ta_run *run = data;
  run->dump_wanted = 1;
  interrupt(run);
}

/* What no hook reaches is ended with the process. */
static void die(struct ta_run *run) {
  write_last_words(run);
  run->reported = true;
  _exit(ta_run_exit_status(run));
}

/* Under virtual time a step that does not end has had the time-out's seconds
 * when they were real. */
static void look_at_timeout(struct ta_run *run) {
  if (isinf(run->ends_at) || run->ending || run->timed_out) return;
  double stuck = run->stuck_ticks * TA_TICK;
  if (run->options.virtual_time ? stuck < run->options.timeout
                                : ta_clock_now(&run->clock) < run->ends_at)
    return;
  run->timed_out = 1;
  note_wish(run);
  if (run->runner) ta_interrupt(run->runner);
}

/* Has the step gone on for longer than the grace? */
static bool is_out_of_grace(const struct ta_run *run) {
  if (run->wished_at == 0) return false;
  return ta_clock_real(&run->clock) - run->wished_at >= run->options.grace;
}

/* Handlers note why, and the Runner then ends the run. */
static bool is_to_end(const struct ta_run *run) {
  return run->ending || run->timed_out || ta_signals_caught();
}

/* Looks into the step.  If that is to end, a call that it waits in is broken off. */
static void preempt(struct ta_run *run) {
  ta_preempt(run->runner);
  if (!is_to_end(run)) return;
  ta_preempt_calls(run->runner);
  ta_signals_break_off(run->forced || ta_would_cancel(run->runner));
}

static void on_tick(void *data) {
  struct ta_run *run = data;
  uint64_t steps = count_steps(run);
  bool stuck = run->in_pass && steps == run->last_steps;
  run->last_steps = steps;
  run->stuck_ticks = stuck ? run->stuck_ticks + 1 : 0;
  if (!stuck) run->deaf_ticks = 0;
  if (!stuck && run->forced) run->forced = 1;
  look_at_timeout(run);
  if (!is_to_end(run) && !run->dump_wanted) {
    if (isinf(run->ends_at)) ta_signals_stop_ticking();
    return;
  }
  if (run->closing && ++run->closing > TICKS_TO_DIE) ta_interrupt(run->runner);
  if (!stuck) return;
  if (is_out_of_grace(run) && ++run->forced > TICKS_TO_DIE) die(run);
  if (ta_signals_caught() && ++run->deaf_ticks == TICKS_TO_WARN) write_stuck(run);
  if (run->runner) preempt(run);
}

void ta_ending_arm(struct ta_run *run) {
  const struct ta_signal_handlers handlers = {
      .end = on_end, .last = on_last, .dump = on_dump, .tick = on_tick, .data = run};
  run->ends_at = ta_clock_now(&run->clock) + run->options.timeout;
  ta_signals_catch(&handlers);
  if (isinf(run->ends_at)) return;
  ta_signals_tick(run->options.virtual_time ? TA_TICK : run->options.timeout);
}
