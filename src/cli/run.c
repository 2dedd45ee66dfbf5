/* SPDX-License-Identifier: MIT */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "cli/report.h"
#include "cli/script.h"
#include "host/signals.h"
#include "host/stdio.h"
#include "trace/text.h"

/* A virtual clock moves on after this many passes at one instant, so that tasks
 * which never sleep cannot stop time. */
#define PASSES_AT_INSTANT 1000

/* Under virtual time the alarm does not look after endless steps more often. */
#define SHORTEST_LOOK 0.1 /* seconds */

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

/* Shows the alarm that steps begin and end.  Only this thread writes it. */
static void beat(struct ta_run *run) {
  unsigned last = atomic_load_explicit(&run->heartbeat, memory_order_relaxed);
  atomic_store_explicit(&run->heartbeat, last + 1, memory_order_relaxed);
}

static double host_now(void *data) {
  struct ta_run *run = data;
  return ta_clock_now(&run->clock);
}

static bool host_pending(void *data) {
  struct ta_run *run = data;
  return ta_loop_pending(&run->loop);
}

static void host_poll(void *data) {
  struct ta_run *run = data;
  beat(run);
  ta_run_flush(run);
  ta_loop_poll(&run->loop);
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct ta_run *run = data;
  ta_report_failure(failure, run->options.traceback);
  run->reported = true;
  if (!run->options.stop_on_error) return;
  run->stopping = true;
  ta_interrupt(run->runner);
}

/* ----------------------------------------------------- what ends the run */

/* The step under way is the last one, and ends soon. */
static void stop_step(struct ta_run *run) {
  if (!run->runner) return;
  ta_interrupt(run->runner);
  ta_preempt(run->runner);
}

/* In a handler: of the first signal, or of the alarm's alert. */
static void on_signal(void *data) {
  stop_step(data);
}

/* In the write that found the pipe broken. */
static void on_broken(void *data) {
  struct ta_run *run = data;
  atomic_store(&run->broken, true);
  stop_step(run);
}

/* In the alarm's thread.  Under virtual time it only looks after steps that do
 * not end: such a one has had the time-out's seconds, and they were real. */
static bool on_alarm(void *data) {
  struct ta_run *run = data;
  unsigned beat = atomic_load(&run->heartbeat);
  if (run->options.virtual_time && beat != run->last_beat) {
    run->last_beat = beat;
    return true;
  }
  atomic_store(&run->timed_out, true);
  ta_signals_be_last();
  ta_signals_alert();
  return false;
}

static bool must_end(struct ta_run *run) {
  if (!isinf(run->ends_at) && ta_clock_now(&run->clock) >= run->ends_at)
    atomic_store(&run->timed_out, true);
  return ta_signals_caught() || run->exit_asked || run->stopping || atomic_load(&run->timed_out) ||
         atomic_load(&run->broken);
}

/* A run that ended by itself has made it. */
static bool timed_out(struct ta_run *run) {
  return atomic_load(&run->timed_out) && !run->finished;
}

/* ------------------------------------------------------------------ waiting */

/* Under virtual time: waits for what is outside, or jumps to `until`. */
static void wait_virtually(struct ta_run *run, double until) {
  struct ta_clock *clock = &run->clock;
  if (!ta_loop_pending(&run->loop)) {
    ta_clock_advance(clock, until);
    return;
  }
  double began = ta_clock_real(clock);
  ta_loop_wait(&run->loop, until - clock->virtual_now);
  double waited = ta_clock_real(clock) - began;
  ta_clock_advance(clock, fmin(until, clock->virtual_now + waited));
}

/* Waits until `deadline` or the end of the run.  False: for ever. */
static bool wait(struct ta_run *run, double deadline) {
  double until = fmin(deadline, run->ends_at);
  ta_run_flush(run);
  run->passes_at_instant = 0;
  if (!run->options.virtual_time)
    ta_loop_wait(&run->loop, until - ta_clock_now(&run->clock));
  else if (isinf(until) && !ta_loop_pending(&run->loop))
    return false;
  else
    wait_virtually(run, until);
  return true;
}

/* Tasks are runnable; under virtual time they may be so for too long. */
static void go_on(struct ta_run *run, double deadline) {
  if (!run->options.virtual_time || ++run->passes_at_instant < PASSES_AT_INSTANT) return;
  double until = fmin(deadline, run->ends_at);
  if (isinf(until)) return;
  run->passes_at_instant = 0;
  ta_clock_advance(&run->clock, until);
}

static void find_deadlock(struct ta_run *run) {
  ta_report_deadlock(run->runner);
  run->deadlocked = true;
}

/* Did the tasks end by themselves, be it in a pass that was cut short? */
static bool has_finished(const struct ta_run *run, enum ta_pass_result result) {
  bool none_left = result == TA_DONE || ta_live(run->runner) == 0;
  return none_left && !ta_preempt_ended_task(run->runner);
}

/* Runs passes until the run ends. */
static void drive(struct ta_run *run) {
  double deadline;
  for (;;) {
    enum ta_pass_result result = ta_pass(run->runner, &deadline);
    beat(run);
    run->finished = has_finished(run, result);
    if (run->finished || must_end(run) || result == TA_DONE) return;
    if (result == TA_BUSY) go_on(run, deadline);
    if (result == TA_STUCK || (result == TA_WAITING && !wait(run, deadline))) {
      find_deadlock(run);
      return;
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
  ta_on_event(run->runner, ta_trace_text, run->trace ? run->trace : stderr);
  return true;
}

static void open_runner(struct ta_run *run, lua_State *L) {
  const struct ta_host host = {
      .data = run, .now = host_now, .pending = host_pending, .poll = host_poll};
  run->runner = ta_runner_new(L, &host);
  ta_open(run->runner, L, TA_OPEN_ALL);
  ta_on_failure(run->runner, on_failure, run);
  if (!run->options.has_seed) return;
  /* 0 means "in order" to the Runner, yet is a seed like any other here. */
  ta_set_seed(run->runner, (uint64_t)run->options.seed ^ (UINT64_C(1) << 63));
  seed_random(L, (lua_Integer)run->options.seed);
}

/* The time-out is met between passes by the clock, and within one by the alarm:
 * a pass, or a step, may be long. */
static bool set_timeout(struct ta_run *run) {
  double seconds = run->options.timeout;
  run->ends_at = ta_clock_now(&run->clock) + seconds;
  if (isinf(seconds)) return true;
  if (run->options.virtual_time) seconds = fmax(seconds, SHORTEST_LOOK);
  int error = ta_alarm_start(&run->alarm, seconds, on_alarm, run);
  if (error) ta_report("cannot start the thread of --timeout: %s", uv_strerror(error));
  return error == 0;
}

static void report_timeout(struct ta_run *run) {
  size_t live = ta_live(run->runner);
  if (!timed_out(run)) return;
  if (live == 0)
    ta_report("timed out");
  else
    ta_report("timed out with %zu task%s unfinished", live, live == 1 ? "" : "s");
}

/* (run, program): everything that may raise on the way to the exit status. */
static int l_run(lua_State *L) {
  struct ta_run *run = lua_touserdata(L, 1);
  const char *program = lua_touserdata(L, 2);
  luaL_openlibs(L);
  open_runner(run, L);
  ta_script_open_os(run, L);
  ta_script_set_arg(L, program, &run->options);
  if (!ta_script_run_init(L) || !ta_script_load(L, &run->options)) return lua_error(L);
  if (!open_trace(run)) return 0;
  ta_script_add(run, L);
  ta_signals_catch(on_signal, run);
  if (!set_timeout(run)) return 0;
  run->started = true;
  drive(run);
  ta_alarm_stop(&run->alarm);
  report_timeout(run);
  if (!run->finished) ta_signals_be_last();
  ta_cancel_all(run->runner);
  return 0;
}

/* ------------------------------------------------------------------- ending */

/* How the run ended beats what happened in it. */
static int exit_status(struct ta_run *run) {
  if (!run->started) return TA_EXIT_CANNOT_START;
  if (run->exit_asked) return run->exit_code == 0 && run->output_lost ? 1 : run->exit_code;
  if (ta_signals_caught()) ta_signals_die(ta_signals_caught());
  if (atomic_load(&run->broken)) ta_signals_die(SIGPIPE);
  if (timed_out(run)) return TA_EXIT_TIMEOUT;
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
  ta_alarm_stop(&run->alarm);
  if (run->runner) ta_on_event(run->runner, NULL, NULL);
  run->runner = NULL;
  lua_close(run->L);
  ta_run_flush(run);
}

static void run_script(struct ta_run *run, const char *program) {
  run->L = luaL_newstate();
  if (!run->L) {
    ta_report("not enough memory");
    return;
  }
  lua_pushcfunction(run->L, l_run);
  lua_pushlightuserdata(run->L, run);
  lua_pushlightuserdata(run->L, (void *)(uintptr_t)program);
  if (lua_pcall(run->L, 2, 0, 0) != LUA_OK) {
    const char *message = lua_tostring(run->L, -1);
    if (message)
      ta_report("%s", message);
    else
      ta_report("(error object is a %s value)", luaL_typename(run->L, -1));
  }
  close_trace(run);
  close_lua(run);
}

static bool open_host(struct ta_run *run) {
  int waker;
  int error = ta_loop_open(&run->loop);
  if (!error) error = ta_signals_open(&waker);
  if (!error) ta_loop_set_waker(&run->loop, waker);
  if (error) ta_report("cannot start the event loop: %s", uv_strerror(error));
  ta_clock_open(&run->clock, run->options.virtual_time);
  return error == 0;
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
  int status = exit_status(run);
  ta_stdio_on_broken(NULL, NULL);
  ta_signals_close();
  ta_loop_close(&run->loop);
  return status;
}

int ta_run_command(const char *program, int argc, char **argv) {
  struct ta_run run = {0};
  int status = TA_EXIT_CANNOT_START;
  if (ta_options_parse(&run.options, argc, argv))
    status = run.options.help ? show_help() : run_with_host(&run, program);
  ta_options_free(&run.options);
  return status;
}
