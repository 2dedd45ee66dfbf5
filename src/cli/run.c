/* SPDX-License-Identifier: MIT */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ending.h"
#include "cli/report.h"
#include "cli/script.h"
#include "host/signals.h"
#include "host/stdio.h"

/* A virtual clock moves on after this many passes in a row in which tasks did nothing
 * but give up their turns, so that they cannot stop time: to the next deadline, or
 * by a little. */
#define PASSES_AT_INSTANT 1000
#define LITTLE 1e-3 /* seconds */

/* Tells once that something written is lost. */
static void report_lost(struct ta_run *run, const char *what, const char *name, int error) {
  if (run->output_lost) return;
  run->output_lost = run->reported = true;
  ta_report("cannot write %s %s: %s", what, name, strerror(error));
}

void ta_run_flush(struct ta_run *run) {
  if (run->trace && (fflush(run->trace) != 0 || ferror(run->trace)))
    report_lost(run, "the trace to", run->options.trace_file, errno);
  int error = ta_stdio_flush();
  if (error && error != -EPIPE) report_lost(run, "to standard", "output", -error);
}

/* ------------------------------------------------ what the Runner asks for */

static double host_now(void *data) {
  struct ta_run *run = data;
  return ta_clock_now(&run->clock);
}

static void host_wake(void *data) {
  struct ta_run *run = data;
  ta_loop_wake(&run->loop);
}

static void host_poll(void *data) {
  struct ta_run *run = data;
  ta_run_flush(run);
  ta_loop_poll(&run->loop);
  if (ta_ending_grace_is_over(run)) ta_interrupt(run->runner);
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct ta_run *run = data;
  const char *hint =
      ta_hint(&run->hints, failure->message, failure->message_length, failure->missed);
  ta_report_failure(failure, hint, run->options.traceback);
  run->reported = true;
  bool starves = ta_shortage_note(&run->shortage, failure->message, failure->message_length,
                                  ta_clock_real(&run->clock));
  if (starves && !run->starved && !run->ending)
    ta_report("memory is short: %zu tasks have failed, the others are cancelled",
              run->shortage.failures);
  run->starved = run->starved || starves;
  run->stopping = run->options.stop_on_error;
  if (run->stopping || run->starved) ta_interrupt(run->runner);
}

/* In the write that found the pipe broken: the step under way may write for
 * ever. */
static void on_broken(void *data) {
  struct ta_run *run = data;
  run->broken = 1;
  if (!run->runner) return;
  ta_interrupt(run->runner);
  ta_preempt(run->runner);
}

/* ------------------------------------------------------------------ waiting */

/* A wake that has come is looked at where time stands, and before nothing is left to wait
 * for: whoever is told may have something to do.  False: there was none. */
static bool look_at_wake(struct ta_run *run) {
  if (!ta_loop_is_woken(&run->loop)) return false;
  ta_loop_wait(&run->loop, 0);
  return true;
}

/* Under virtual time: waits for what is outside, or jumps to `until`. */
static void wait_virtually(struct ta_run *run, double until) {
  struct ta_clock *clock = &run->clock;
  if (!ta_outside(run->runner)) {
    ta_clock_advance(clock, until);
    return;
  }
  double began = ta_clock_real(clock);
  ta_loop_wait(&run->loop, until - clock->virtual_now);
  double waited = ta_clock_real(clock) - began;
  ta_clock_advance(clock, fmin(until, clock->virtual_now + waited));
}

/* The time at which the run, or the grace it was given, ends. */
static double limit_of(const struct ta_run *run) {
  return run->ending ? run->grace_ends_at : run->ends_at;
}

static double real_time(void *data) {
  return ta_clock_real(data);
}

/* Lets Lua collect until `until`.  True when it did: finalizers may have woken
 * somebody. */
static bool collect(struct ta_run *run, double until) {
  double seconds = until - ta_clock_now(&run->clock);
  run->in_pass = 1; /* the tick and signals look after finalizers as well */
  bool collected = ta_collector_use_idle(&run->collector, run->L, seconds, ta_live(run->runner),
                                         real_time, &run->clock);
  run->in_pass = 0;
  if (collected) ta_loop_poll(&run->loop);
  return collected;
}

/* Under virtual time: the pass at this instant is over.  Time moves on when tasks have
 * only polled for too long; what is due by now, such as a limit of no seconds, is part
 * of that. */
static void go_on(struct ta_run *run) {
  struct ta_clock *clock = &run->clock;
  bool polled = run->options.virtual_time && ta_only_polled(run->runner);
  run->passes_at_instant = polled ? run->passes_at_instant + 1 : 0;
  if (run->passes_at_instant < PASSES_AT_INSTANT) return;
  run->passes_at_instant = 0;
  double deadline = ta_deadline_after(run->runner, clock->virtual_now);
  double until = isinf(deadline) ? ta_clock_after(clock, LITTLE) : deadline;
  ta_clock_advance(clock, fmin(until, limit_of(run)));
}

/* Waits until `deadline` or the end of the run.  False: for ever. */
static bool wait(struct ta_run *run, double deadline) {
  double until = fmin(deadline, limit_of(run));
  ta_run_flush(run);
  if (run->options.virtual_time && deadline <= run->clock.virtual_now) {
    go_on(run);
    return true;
  }
  run->passes_at_instant = 0;
  if (!run->options.virtual_time && collect(run, until)) return true;
  if (!run->options.virtual_time)
    ta_loop_wait(&run->loop, until - ta_clock_now(&run->clock));
  else if (look_at_wake(run))
    return true;
  else if (isinf(until) && !ta_outside(run->runner))
    return false;
  else
    wait_virtually(run, until);
  return true;
}

static enum ta_pass_result pass(struct ta_run *run, double *deadline) {
  run->in_pass = 1;
  enum ta_pass_result result =
      run->options.virtual_time ? ta_pass(run->runner, deadline) : ta_run(run->runner, deadline);
  run->in_pass = 0;
  ta_signals_break_off(false);
  ta_ending_dump(run, run->L);
  return result;
}

static void find_deadlock(struct ta_run *run) {
  if (look_at_wake(run)) return;
  ta_ending_report_deadlock(run);
  run->deadlocked = true;
}

/* Runs passes until the tasks have ended or have to.  A run that ended by itself
 * has made it, be it in a pass that was cut short. */
static void drive(struct ta_run *run) {
  double deadline;
  while (!ta_ending_wanted(run)) {
    enum ta_pass_result result = pass(run, &deadline);
    if (run->ending) break;
    run->finished = result == TA_DONE || ta_live(run->runner) == 0;
    if (run->finished) break;
    if (result == TA_BUSY) go_on(run);
    if (result == TA_STUCK || (result == TA_WAITING && !wait(run, deadline))) find_deadlock(run);
  }
}

/* Is there nothing that could wake a task?  Endless sleeps count for nothing
 * now. */
static bool is_stuck(struct ta_run *run, enum ta_pass_result result, double deadline) {
  if (result == TA_STUCK) return true;
  return result == TA_WAITING && isinf(deadline) && !ta_outside(run->runner);
}

/* Cancels what is left, and drives it to its end. */
static void end(struct ta_run *run) {
  double deadline;
  if (ta_live(run->runner) > 0) ta_ending_begin(run);
  while (ta_live(run->runner) > 0) {
    enum ta_pass_result result = pass(run, &deadline);
    if (ta_live(run->runner) == 0) break;
    bool stuck = is_stuck(run, result, deadline);
    if (stuck || ta_ending_is_over(run)) {
      if (!ta_ending_force(run, stuck)) return;
    } else if (result == TA_BUSY) {
      go_on(run);
    } else if (result == TA_WAITING) {
      wait(run, deadline);
    }
  }
}

/* ----------------------------------------------------------------- starting */

static void seed_random(lua_State *L, lua_Integer seed) {
  lua_getglobal(L, LUA_MATHLIBNAME);
  lua_getfield(L, -1, "randomseed");
  lua_pushinteger(L, seed);
  lua_call(L, 1, 0);
  lua_pop(L, 1);
}

static bool open_trace(struct ta_run *run) {
  const struct ta_options *options = &run->options;
  if (!options->trace) return true;
  if (options->trace_file) {
    run->trace = fopen(options->trace_file, "w");
    if (!run->trace) {
      ta_report("cannot write the trace to %s: %s", options->trace_file, strerror(errno));
      return false;
    }
    fcntl(fileno(run->trace), F_SETFD, FD_CLOEXEC);
  }
  ta_text_trace_open(&run->text_trace, run->trace ? run->trace : stderr);
  ta_on_event(run->runner, ta_trace_text, &run->text_trace);
  return true;
}

static void open_runner(struct ta_run *run, lua_State *L) {
  const struct ta_host host = {.data = run,
                               .now = host_now,
                               .wake = host_wake,
                               .poll = host_poll,
                               .preempted = ta_ending_preempted};
  run->runner = ta_runner_new(L, &host);
  /* No script has run yet. */
  ta_open(run->runner, L, TA_OPEN_ALL | TA_OPEN_REUSE | TA_OPEN_SPACE);
  ta_on_failure(run->runner, on_failure, run);
  if (!run->options.has_seed) return;
  /* 0 means "in order" to the Runner, yet is a seed like any other here. */
  ta_set_seed(run->runner, (uint64_t)run->options.seed ^ (UINT64_C(1) << 63));
  seed_random(L, (lua_Integer)run->options.seed);
}

/* (run, program): everything that may raise on the way to the exit status. */
static int l_run(lua_State *L) {
  struct ta_run *run = lua_touserdata(L, 1);
  const char *program = lua_touserdata(L, 2);
  lua_gc(L, LUA_GCSTOP);
  luaL_openlibs(L);
  open_runner(run, L);
  ta_outside_find(&run->outside, L);
  ta_script_open_os(run, L);
  ta_script_set_arg(L, program, &run->options);
  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCCOLLECT); /* the script's first collection is its own */
  if (!ta_script_run_init(L) || !ta_script_load(L, &run->options)) return lua_error(L);
  if (!open_trace(run)) return 0;
  ta_script_add(run, L);
  ta_ending_arm(run);
  run->started = true;
  drive(run);
  end(run);
  return 0;
}

/* ------------------------------------------------------------------- ending */

int ta_run_exit_status(const struct ta_run *run) {
  if (run->exit_asked) return run->exit_code == 0 && run->output_lost ? 1 : run->exit_code;
  if (!run->started) return TA_EXIT_CANNOT_START;
  if (ta_signals_caught()) ta_signals_die(ta_signals_caught());
  if (run->broken) ta_signals_die(SIGPIPE);
  if (run->timed_out && !run->finished) return TA_EXIT_TIMEOUT;
  if (run->deadlocked) return TA_EXIT_DEADLOCK;
  return run->reported ? TA_EXIT_REPORTED : 0;
}

static void close_trace(struct ta_run *run) {
  if (run->trace && fclose(run->trace) != 0)
    report_lost(run, "the trace to", run->options.trace_file, errno);
  run->trace = NULL;
}

/* Finalizers still find what the script left in the globals: the Runner goes
 * with the state. */
static void close_lua(struct ta_run *run) {
  if (run->runner) ta_on_event(run->runner, NULL, NULL);
  run->runner = NULL;
  run->in_pass = 1; /* the tick and signals look after finalizers as well */
  ta_state_close(&run->state, run->L);
  ta_signals_stop_ticking();
  ta_run_flush(run);
}

void ta_run_leave(struct ta_run *run) {
  run->leaving = true;
  if (run->started) ta_ending_begin(run);
  ta_close_all_here(run->runner);
  close_trace(run);
  close_lua(run);
  exit(ta_run_exit_status(run));
}

/* Tells why it could not start: the error object is on top. */
static void report_start(struct ta_run *run) {
  size_t length;
  const char *message = lua_tolstring(run->L, -1, &length);
  if (!message) {
    ta_report("(error object is a %s value)", luaL_typename(run->L, -1));
    return;
  }
  ta_report("%s", message);
  ta_report_hint(ta_hint(&run->hints, message, length, ""));
}

static void run_script(struct ta_run *run, const char *program) {
  run->hints.options = &run->options;
  run->L = ta_state_open(&run->state);
  if (!run->L) {
    ta_report("not enough memory");
    return;
  }
  lua_pushcfunction(run->L, l_run);
  lua_pushlightuserdata(run->L, run);
  lua_pushlightuserdata(run->L, (void *)(uintptr_t)program);
  if (lua_pcall(run->L, 2, 0, 0) != LUA_OK) report_start(run);
  close_trace(run);
  close_lua(run);
  ta_hints_close(&run->hints);
}

static bool open_host(struct ta_run *run) {
  int error = ta_loop_open(&run->loop, NULL);
  if (error) {
    ta_report("cannot start the event loop: %s", strerror(-error));
    return false;
  }
  ta_signals_open(&run->loop);
  ta_clock_open(&run->clock, run->options.virtual_time);
  return true;
}

static int show_help(void) {
  fputs("Usage: tinyasync run [options] SCRIPT|-|-e CODE [arguments...]\n\n", stdout);
  ta_options_describe(stdout);
  return 0;
}

/* Runs the script of parsed options. */
static int run_with_host(struct ta_run *run, const char *program) {
  if (!open_host(run)) return TA_EXIT_CANNOT_START;
  ta_stdio_on_broken(on_broken, run);
  run_script(run, program);
  int status = ta_run_exit_status(run);
  ta_stdio_on_broken(NULL, NULL);
  ta_signals_close();
  ta_loop_close(&run->loop);
  return status;
}

int ta_run_command(const char *program, int argc, char **argv) {
  struct ta_run run = {0};
  int status = TA_EXIT_CANNOT_START;
  bool parsed = ta_options_parse(&run.options, argc, argv);
  run.options.short_form = argv[0] == program;
  if (parsed) status = run.options.help ? show_help() : run_with_host(&run, program);
  ta_options_free(&run.options);
  return status;
}
