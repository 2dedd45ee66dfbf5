/* SPDX-License-Identifier: MIT */
#include "cli/drive.h"

#include <math.h>

#include "cli/report.h"
#include "host/signals.h"
#include "io/signal.h"

/* A virtual clock moves on after this many passes in a row in which tasks did nothing
 * but give up their turns, so that they cannot stop time: to the next deadline, or
 * by a little. */
#define PASSES_AT_INSTANT 1000
#define LITTLE 1e-3 /* seconds */

/* ------------------------------------------------------------------ waiting */

/* A wake that has come is looked at where time stands, and before nothing is left to wait
 * for: whoever is told may have something to do.  False: there was none. */
static bool look_at_wake(struct ta_session *session) {
  if (!ta_loop_is_woken(&session->loop)) return false;
  ta_loop_wait(&session->loop, 0);
  return true;
}

/* Is something outside on its way?  A signal that is waited for may never come, and is not
 * waited for as long as time can go on. */
static bool is_pending(const struct ta_session *session, double until) {
  size_t outside = ta_outside(session->runner);
  return isinf(until) ? outside > 0 : outside > ta_signal_waits(&session->io);
}

/* Under virtual time: waits for what is outside, or jumps to `until`. */
static void wait_virtually(struct ta_session *session, double until) {
  struct ta_clock *clock = &session->clock;
  if (!is_pending(session, until)) {
    ta_clock_advance(clock, until);
    return;
  }
  double began = ta_clock_real(clock);
  ta_loop_wait(&session->loop, until - clock->virtual_now);
  double waited = ta_clock_real(clock) - began;
  ta_clock_advance(clock, fmin(until, clock->virtual_now + waited));
}

static double real_time(void *data) {
  return ta_clock_real(data);
}

/* Lets Lua collect until `until`.  True when it did: finalizers may have woken
 * somebody. */
static bool collect(struct ta_session *session, double until) {
  double seconds = until - ta_clock_now(&session->clock);
  session->watchdog.watches = 1; /* over finalizers as well */
  bool collected = ta_collector_use_idle(&session->collector, session->L, seconds,
                                         ta_live(session->runner), real_time, &session->clock);
  session->watchdog.watches = 0;
  if (collected) ta_loop_poll(&session->loop);
  return collected;
}

/* Under virtual time: the pass at this instant is over.  Time moves on when tasks have
 * only polled for too long; what is due by now, such as a limit of no seconds, is part
 * of that. */
static void go_on(struct ta_session *session) {
  struct ta_clock *clock = &session->clock;
  bool polled = session->settings.virtual_time && ta_only_polled(session->runner);
  session->passes_at_instant = polled ? session->passes_at_instant + 1 : 0;
  if (session->passes_at_instant < PASSES_AT_INSTANT) return;
  session->passes_at_instant = 0;
  double deadline = ta_deadline_after(session->runner, clock->virtual_now);
  double until = isinf(deadline) ? ta_clock_after(clock, LITTLE) : deadline;
  ta_clock_advance(clock, fmin(until, ta_shutdown_limit(&session->shutdown)));
}

/* Waits until `deadline` or the end of the run.  False: for ever. */
static bool wait(struct ta_session *session, double deadline) {
  double until = fmin(deadline, ta_shutdown_limit(&session->shutdown));
  ta_session_flush(session);
  if (session->settings.virtual_time && deadline <= session->clock.virtual_now) {
    go_on(session);
    return true;
  }
  session->passes_at_instant = 0;
  if (!session->settings.virtual_time && collect(session, until)) return true;
  if (!session->settings.virtual_time)
    ta_loop_wait(&session->loop, until - ta_clock_now(&session->clock));
  else if (look_at_wake(session))
    return true;
  else if (isinf(until) && !ta_outside(session->runner))
    return false;
  else
    wait_virtually(session, until);
  return true;
}

static enum ta_pass_result pass(struct ta_session *session, double *deadline) {
  ta_watchdog_watch(&session->watchdog);
  enum ta_pass_result result = session->settings.virtual_time ? ta_pass(session->runner, deadline)
                                                              : ta_run(session->runner, deadline);
  session->watchdog.watches = 0;
  ta_signals_break_off(false);
  ta_watchdog_dump(&session->watchdog, session->L);
  return result;
}

static void find_deadlock(struct ta_session *session) {
  if (look_at_wake(session)) return;
  ta_session_flush(session);
  ta_report_tasks(session->runner, session->L, TA_REPORT_DEADLOCK,
                  "deadlock: nothing can wake the tasks");
  ta_shutdown_note(&session->shutdown, TA_CAUSE_DEADLOCK, 0);
}

/* Runs passes until the tasks have ended or have to.  A session that ended by itself, but for
 * daemons, has made it, be it in a pass that was cut short. */
static void go(struct ta_session *session) {
  double deadline;
  while (!ta_shutdown_is_wanted(&session->shutdown)) {
    enum ta_pass_result result = pass(session, &deadline);
    if (session->shutdown.begun) break;
    if (ta_live(session->runner) == ta_daemons(session->runner))
      ta_shutdown_note(&session->shutdown, TA_CAUSE_FINISHED, 0);
    else if (result == TA_BUSY)
      go_on(session);
    else if (result == TA_STUCK || (result == TA_WAITING && !wait(session, deadline)))
      find_deadlock(session);
  }
}

/* Is there nothing that could wake a task?  Endless sleeps count for nothing
 * now. */
static bool is_stuck(struct ta_session *session, enum ta_pass_result result, double deadline) {
  bool sleeps = result == TA_WAITING && isinf(deadline) && !ta_outside(session->runner);
  return (sleeps || result == TA_STUCK) && !look_at_wake(session);
}

/* Is the time for clean-up over? */
static bool is_over(struct ta_session *session) {
  if (session->shutdown.forced) return true;
  ta_watchdog_keep_names(&session->watchdog, session->L);
  return ta_shutdown_is_out_of_grace(&session->shutdown);
}

static bool force(struct ta_session *session, bool stuck) {
  session->watchdog.watches = 1;
  bool closed = ta_shutdown_force(&session->shutdown, session->L, stuck);
  session->watchdog.watches = 0;
  return closed;
}

/* Cancels what is left, and drives it to its end. */
static void end(struct ta_session *session) {
  double deadline;
  ta_ration_relax(&session->state.ration); /* to clean up takes some memory as well */
  if (ta_live(session->runner) > 0) ta_shutdown_begin(&session->shutdown);
  while (ta_live(session->runner) > 0) {
    enum ta_pass_result result = pass(session, &deadline);
    if (ta_live(session->runner) == 0) break;
    bool stuck = is_stuck(session, result, deadline);
    if (stuck || is_over(session)) {
      if (!force(session, stuck)) return;
    } else if (result == TA_BUSY) {
      go_on(session);
    } else if (result == TA_WAITING) {
      wait(session, deadline);
    }
  }
}

void ta_drive(struct ta_session *session) {
  go(session);
  end(session);
}

/* (session, play): everything that may raise on the way to the end. */
static int l_play(lua_State *L) {
  struct ta_session *session = lua_touserdata(L, 1);
  const struct ta_play *play = lua_touserdata(L, 2);
  ta_session_open_lua(session, L);
  ta_script_set_arg(L, play->program, play->script);
  lua_gc(L, LUA_GCCOLLECT); /* the script's first collection is its own */
  if (play->opened) play->opened(play->data, L);
  if (!ta_script_run_init(L) || !ta_script_load(L, play->script)) return lua_error(L);
  if (!play->prepare(play->data, L)) return 0;
  ta_script_add(session->runner, L, play->script);
  ta_session_start(session);
  ta_drive(session);
  return 0;
}

int ta_play(struct ta_session *session, const struct ta_session_settings *settings,
            const struct ta_session_hooks *hooks, const struct ta_play *play) {
  if (!ta_session_open(session, settings, hooks)) return TA_EXIT_CANNOT_START;
  lua_State *L = session->L;
  lua_pushcfunction(L, l_play);
  lua_pushlightuserdata(L, session);
  lua_pushlightuserdata(L, (void *)(uintptr_t)play);
  if (lua_pcall(L, 2, 0, 0) != LUA_OK) play->refused(play->data, L);
  if (!session->started) ta_shutdown_note(&session->shutdown, TA_CAUSE_NO_START, 0);
  return ta_session_close(session);
}
