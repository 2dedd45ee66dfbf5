/* SPDX-License-Identifier: MIT */
#include "cli/session.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "host/image.h"
#include "host/signals.h"
#include "host/stdio.h"
#include "io/open.h"
#include "kit/kit.h"
#include "io/stdin.h"

/* What Lua collects because memory is out has its finalizers called later, and so is not given
 * back at once: with a limit it had better begin before, at this percentage of what it left. */
#define PAUSE_AT_LIMIT 130

void ta_session_lost(struct ta_session *session, const char *what, const char *name, int error) {
  if (ta_shutdown_has(&session->shutdown, TA_CAUSE_LOST)) return;
  ta_shutdown_note(&session->shutdown, TA_CAUSE_LOST, 0);
  ta_report("cannot write %s %s: %s", what, name, strerror(error));
}

void ta_session_flush(struct ta_session *session) {
  if (session->hooks.flush) session->hooks.flush(session->hooks.data);
  int error = ta_stdio_flush();
  if (error && error != -EPIPE) ta_session_lost(session, "to standard", "output", -error);
}

void ta_session_end(struct ta_session *session, enum ta_cause cause) {
  ta_shutdown_note(&session->shutdown, cause, 0);
  ta_interrupt(session->runner);
}

/* ------------------------------------------------ what the Runner asks for */

static double host_now(void *data) {
  struct ta_session *session = data;
  return ta_clock_now(&session->clock);
}

static void host_wake(void *data) {
  struct ta_session *session = data;
  ta_loop_wake(&session->loop);
}

static void host_poll(void *data) {
  struct ta_session *session = data;
  ta_session_flush(session);
  ta_loop_poll(&session->loop);
  if (ta_shutdown_is_out_of_grace(&session->shutdown)) ta_interrupt(session->runner);
}

static void host_preempted(void *data, lua_State *L) {
  struct ta_session *session = data;
  bool starved = ta_shutdown_has(&session->shutdown, TA_CAUSE_STARVED);
  if (starved) ta_ration_relax(&session->state.ration); /* for the end of the step */
  ta_watchdog_preempted(&session->watchdog, L);
}

/* Tasks keep failing for lack of memory. */
static void starve(struct ta_session *session) {
  bool known = ta_shutdown_has(&session->shutdown, TA_CAUSE_STARVED);
  if (!known && !session->shutdown.begun)
    ta_report("memory is short: %zu tasks have failed, the others are cancelled",
              session->shortage.failures);
  ta_session_end(session, TA_CAUSE_STARVED);
}

/* The limit of memory is reached, and to collect helps no more.  In the middle of a request for
 * memory: the watchdog ends the step. */
static void on_limit(void *data) {
  struct ta_session *session = data;
  ta_shutdown_note(&session->shutdown, TA_CAUSE_REPORT, 0);
  if (!session->shutdown.begun)
    ta_report("the memory of --max-memory is used up, and nothing can be collected: all tasks are "
              "cancelled");
  if (!session->runner) return;
  ta_session_end(session, TA_CAUSE_STARVED);
  ta_signals_tick(TA_TICK);
  ta_preempt(session->runner);
}

static void on_failure(void *data, const struct ta_failure *failure) {
  struct ta_session *session = data;
  ta_shutdown_note(&session->shutdown, TA_CAUSE_REPORT, 0);
  if (session->hooks.failed) session->hooks.failed(session->hooks.data, failure);
  if (ta_shortage_note(&session->shortage, failure->message, failure->message_length,
                       ta_clock_real(&session->clock)))
    starve(session);
}

/* A step that prints is held up until somebody reads, as long as nothing ends the run; nothing else
 * is. */
static bool may_wait(void *data) {
  const struct ta_session *session = data;
  const struct ta_shutdown *shutdown = &session->shutdown;
  bool ends = shutdown->begun || ta_shutdown_has(shutdown, TA_CAUSE_SIGNAL) ||
              ta_shutdown_has(shutdown, TA_CAUSE_TIMEOUT);
  return session->watchdog.watches && !ends;
}

/* In the write that found the pipe broken: the step under way may write for
 * ever. */
static void on_broken(void *data) {
  struct ta_session *session = data;
  ta_shutdown_note(&session->shutdown, TA_CAUSE_BROKEN, SIGPIPE);
  if (!session->runner) return;
  ta_interrupt(session->runner);
  ta_preempt(session->runner);
}

/* Clean-up does not stop to write. */
static void on_worn_out(void *data) {
  struct ta_session *session = data;
  ta_shutdown_at_once(&session->shutdown);
}

/* ------------------------------------------------------------------ closing */

/* Finalizers still find what the script left in the globals: the Runner goes
 * with the state. */
static void close_lua(struct ta_session *session) {
  if (session->runner) ta_on_event(session->runner, NULL, NULL);
  session->runner = session->shutdown.runner = NULL;
  if (session->hooks.closing) session->hooks.closing(session->hooks.data);
  session->watchdog.watches = 1; /* over finalizers as well */
  ta_state_close(&session->state, session->L);
  ta_signals_stop_ticking();
  ta_session_flush(session);
}

/* The signal that ends the session, or 0. */
static int ended_by(void *data) {
  const struct ta_shutdown *shutdown = &((struct ta_session *)data)->shutdown;
  return ta_shutdown_has(shutdown, TA_CAUSE_SIGNAL) ? shutdown->numbers[TA_CAUSE_SIGNAL] : 0;
}

/* What scripts have started ends with them. */
static void close_host(struct ta_session *session) {
  int number = ta_io_stop_signal(&session->io, SIGTERM);
  ta_io_close(&session->io);
  ta_children_close(&session->io.children, number, session->settings.grace);
  ta_stdio_watch(NULL);
  ta_signals_close();
  ta_loop_close(&session->loop);
}

/* Has it to end soon? */
static bool is_hurried(const struct ta_shutdown *shutdown) {
  return ta_shutdown_has(shutdown, TA_CAUSE_SIGNAL) || ta_shutdown_has(shutdown, TA_CAUSE_BROKEN) ||
         ta_shutdown_has(shutdown, TA_CAUSE_TIMEOUT);
}

/* As lua waits at its end for commands of io.popen that the script has forgotten, but no
 * longer than the time-out. */
static void await_left(struct ta_session *session) {
  const struct ta_shutdown *shutdown = &session->shutdown;
  double limit = ta_monotonic() + shutdown->ends_at - ta_clock_now(&session->clock);
  while (ta_children_left(&session->io.children) && !is_hurried(shutdown) && ta_monotonic() < limit)
    ta_loop_wait(&session->loop, limit - ta_monotonic());
}

/* Is the time over that what is printed has to leave? */
static bool is_read_too_slowly(struct ta_session *session, double limit) {
  struct ta_shutdown *shutdown = &session->shutdown;
  if (ta_monotonic() >= limit) ta_shutdown_note(shutdown, TA_CAUSE_TIMEOUT, 0);
  if (!is_hurried(shutdown)) return false;
  ta_shutdown_wish(shutdown);
  return ta_clock_real(&session->clock) >= shutdown->wished_at + shutdown->grace;
}

/* When the time-out is over, as ta_monotonic() has it. */
static double limit_of(const struct ta_session *session) {
  if (!session->started) return HUGE_VAL;
  return ta_monotonic() + session->shutdown.ends_at - ta_clock_now(&session->clock);
}

/* Waits until what was printed has left, but within the time-out, or the grace. */
static void await_reader(struct ta_session *session) {
  double limit = limit_of(session);
  while (ta_session_flush(session), ta_stdio_waits()) {
    if (is_read_too_slowly(session, limit)) {
      ta_stdio_give_up();
      ta_session_lost(session, "to standard", "output", ETIMEDOUT);
      return;
    }
    ta_loop_wait(&session->loop, TA_TICK);
  }
}

int ta_session_close(struct ta_session *session) {
  close_lua(session);
  await_left(session);
  await_reader(session);
  int status = ta_shutdown_status(&session->shutdown);
  close_host(session);
  return status;
}

/* Ends the process with the exit status that was asked for, from wherever in the script:
 * closes tasks and state as Lua's own os.exit does. */
static _Noreturn void leave(struct ta_session *session) {
  session->leaving = true;
  if (session->started) ta_shutdown_begin(&session->shutdown);
  ta_close_all_here(session->runner);
  close_lua(session);
  await_reader(session);
  exit(ta_shutdown_status(&session->shutdown));
}

/* --------------------------------------------------------------------- os */

static int check_status(lua_State *L) {
  if (lua_isboolean(L, 1)) return lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
  return (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
}

/* The functions of Lua and of this program let errors pass, but for one.  What others
 * do with them nobody knows. */
static bool passes(void *data, lua_CFunction function) {
  const struct ta_session *session = data;
  if (function == session->load) return false;
  return ta_image_is_same((void (*)(void))function, (void (*)(void))luaL_openlibs) ||
         ta_image_is_same((void (*)(void))function, (void (*)(void))ta_session_open);
}

/* C's exit, as in Lua. */
static _Noreturn void exit_at_once(struct ta_session *session) {
  await_reader(session);
  ta_stdin_give_back(&session->io);
  exit(ta_shutdown_status(&session->shutdown));
}

/* os.exit([code [, close]]): with `close` all tasks are cancelled first, this
 * one where it stands.  Where the cancellation might not reach its end, all is closed
 * at once. */
static int l_exit(lua_State *L) {
  struct ta_session *session = lua_touserdata(L, lua_upvalueindex(1));
  ta_shutdown_note(&session->shutdown, TA_CAUSE_EXIT, check_status(L));
  if (!lua_toboolean(L, 2) || !session->runner || session->leaving) exit_at_once(session);
  bool reaches = ta_reaches_task(session->runner, L, passes, session);
  if (!session->started || !reaches) leave(session);
  ta_shutdown_begin(&session->shutdown);
  ta_cancel_running(session->runner);
  ta_raise_cancellation(session->runner, L);
  return luaL_error(L, "os.exit: the run ends");
}

/* Replaces os.exit.  [-0, +0, m] */
static void open_os(struct ta_session *session, lua_State *L) {
  lua_getglobal(L, "load");
  session->load = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  lua_getglobal(L, LUA_OSLIBNAME);
  lua_pushlightuserdata(L, session);
  lua_pushcclosure(L, l_exit, 1);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 1);
}

/* ------------------------------------------------------------------ opening */

static void seed_random(lua_State *L, lua_Integer seed) {
  lua_getglobal(L, LUA_MATHLIBNAME);
  lua_getfield(L, -1, "randomseed");
  lua_pushinteger(L, seed);
  lua_call(L, 1, 0);
  lua_pop(L, 1);
}

static void open_runner(struct ta_session *session, lua_State *L) {
  const struct ta_host host = {.data = session,
                               .now = host_now,
                               .wake = host_wake,
                               .poll = host_poll,
                               .preempted = host_preempted};
  session->runner = session->shutdown.runner = ta_runner_new(L, &host);
  /* No script has run yet. */
  ta_open(session->runner, L, TA_OPEN_ALL | TA_OPEN_REUSE | TA_OPEN_SPACE);
  ta_on_failure(session->runner, on_failure, session);
  if (!session->settings.has_seed) return;
  /* 0 means "in order" to the Runner, yet is a seed like any other here. */
  ta_set_seed(session->runner, (uint64_t)session->settings.seed ^ (UINT64_C(1) << 63));
  seed_random(L, (lua_Integer)session->settings.seed);
}

static void flush_for_children(void *data) {
  ta_session_flush(data);
}

/* What a command of the script's failed of: the run goes on, and has a status for it. */
static void report_failure(void *data, const char *text, size_t length) {
  struct ta_session *session = data;
  ta_shutdown_note(&session->shutdown, TA_CAUSE_REPORT, 0);
  ta_report_text(text, length);
}

/* What a thread prints: 1 or 2 is where. */
static void print_for_thread(void *data, int fd, const char *text, size_t length) {
  (void)data;
  fwrite(text, 1, length, fd == 1 ? stdout : stderr);
}

static void open_io(struct ta_session *session, lua_State *L) {
  session->io.runner = session->runner;
  session->io.loop = &session->loop;
  session->io.output = session->settings.output;
  session->io.prints_commands = session->settings.prints_commands;
  session->io.gate = session->settings.gate;
  session->io.now = host_now;
  session->io.flush = flush_for_children;
  session->io.report = report_failure;
  session->io.ended_by = ended_by;
  session->io.equip = ta_offer_kit;
  session->io.memory = session->settings.memory;
  session->io.budget = session->state.ration.budget;
  session->io.print = print_for_thread;
  session->io.data = session;
  ta_io_open(&session->io, L);
  lua_getglobal(L, "async");
  ta_offer_kit(session->runner, L);
  lua_pop(L, 1);
}

void ta_session_open_lua(struct ta_session *session, lua_State *L) {
  lua_gc(L, LUA_GCSTOP);
  if (session->settings.memory) lua_gc(L, LUA_GCINC, PAUSE_AT_LIMIT, 0, 0);
  luaL_openlibs(L);
  open_runner(session, L);
  open_io(session, L);
  ta_outside_find(&session->watchdog.outside, L);
  open_os(session, L);
  lua_gc(L, LUA_GCRESTART);
}

void ta_session_start(struct ta_session *session) {
  ta_shutdown_arm(&session->shutdown);
  ta_watchdog_arm(&session->watchdog);
  session->started = true;
}

static bool open_host(struct ta_session *session) {
  const struct ta_stdio_handlers handlers = {.loop = &session->loop,
                                             .may_wait = may_wait,
                                             .broken = on_broken,
                                             .worn_out = on_worn_out,
                                             .data = session};
  int error = ta_loop_open(&session->loop, NULL);
  if (error) {
    ta_report("cannot start the event loop: %s", strerror(-error));
    return false;
  }
  ta_io_prepare(&session->io);
  ta_children_open(&session->io.children, &session->loop, ta_guardian_program());
  ta_signals_open(&session->loop);
  ta_clock_open(&session->clock, session->settings.virtual_time);
  ta_stdio_watch(&handlers);
  return true;
}

bool ta_session_open(struct ta_session *session, const struct ta_session_settings *settings,
                     const struct ta_session_hooks *hooks) {
  *session = (struct ta_session){.settings = *settings, .hooks = *hooks};
  session->shutdown = (struct ta_shutdown){
      .clock = &session->clock, .timeout = settings->timeout, .grace = settings->grace};
  session->watchdog =
      (struct ta_watchdog){.shutdown = &session->shutdown, .virtual_time = settings->virtual_time};
  ta_patience_open(&session->watchdog.patience, settings->slow, settings->longest_step);
  if (!open_host(session)) return false;
  session->L = ta_state_open(&session->state, settings->memory);
  session->state.ration.starved = on_limit;
  session->state.ration.starved_data = session;
  if (session->L) return true;
  ta_report("not enough memory");
  close_host(session);
  return false;
}
