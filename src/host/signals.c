/* SPDX-License-Identifier: MIT */
#include "host/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/takeover.h"
#include "host/terminal.h"

#define SHORTEST_TICK 1e-6 /* seconds: zero would be none at all */
#define LONGEST_TICK 1e8
#define BREAK_IN 1e-3 /* seconds until a tick breaks the call under way off */
#define ONE_WISH 0.25 /* seconds: parents send on what the terminal sent too */

static void on_end(int number);
static void on_dump(int number);
static void on_stop(int number);
static void on_change(int number);

/* What is caught besides the tick.  What was interrupted is restarted: only the tick
 * may break it off. */
static const struct {
  int number;
  void (*handler)(int number);
} kinds[] = {
    {SIGQUIT, on_dump}, {SIGUSR1, on_dump}, {SIGINT, on_end}, {SIGTERM, on_end}, {SIGHUP, on_end},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* And where there is a terminal to be shared. */
static const struct {
  int number;
  void (*handler)(int number);
} terminal_kinds[] = {{SIGTSTP, on_stop}, {SIGCONT, on_change}, {SIGWINCH, on_change}};
#define TERMINAL_KINDS (sizeof terminal_kinds / sizeof *terminal_kinds)

static struct {
  struct ta_loop *loop;
  struct ta_signal_handlers on;
  pthread_t thread;
  volatile sig_atomic_t caught; /* a first signal */
  volatile double caught_at;
  volatile sig_atomic_t breaking; /* ticks break calls off */
  struct sigaction old[KINDS], old_pipe, old_file_size, old_tick, old_child;
  sigset_t old_mask;
  struct sigaction old_terminal[TERMINAL_KINDS];
  void (*stop)(void *data);
  void *stop_data;
  volatile sig_atomic_t children_changed;
  volatile sig_atomic_t continued; /* SIGCONT came */
  volatile sig_atomic_t stops;     /* how often we have gone on */
  volatile sig_atomic_t holding;   /* what use of a terminal in the background sends */
  struct sigaction old_reading, old_writing;
  bool catching;
  bool watches_children;
  bool watches_terminal;
} signals;

void ta_signals_die(int number) {
  sigset_t set;
  ta_terminal_take_back(true, NULL);
  signal(number, SIG_DFL);
  sigemptyset(&set);
  sigaddset(&set, number);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  raise(number);
  _exit(128 + number);
}

/* A signal to the process may come to any of its threads: is this the one that
 * runs Lua?  If not, it is handed on. */
static bool is_at_home(int number) {
  if (pthread_equal(pthread_self(), signals.thread)) return true;
  pthread_kill(signals.thread, number);
  return false;
}

/* The first one.  Or the second, which ends the process, unless it comes so soon
 * that it is the first one once more. */
static void note_end(int number) {
  if (!signals.caught) {
    signals.caught = 1;
    signals.caught_at = ta_monotonic();
    ta_takeover_cease();
    signals.on.end(signals.on.data, number);
    ta_signals_tick(TA_TICK);
    ta_loop_wake(signals.loop);
  } else if (ta_monotonic() - signals.caught_at >= ONE_WISH) {
    signals.on.last(signals.on.data, number);
    ta_signals_die(number);
  }
}

static void note_dump(void) {
  signals.on.dump(signals.on.data);
  ta_signals_tick(TA_TICK);
  ta_loop_wake(signals.loop);
}

static void on_end(int number) {
  int saved = errno;
  if (is_at_home(number)) note_end(number);
  errno = saved;
}

static void on_dump(int number) {
  int saved = errno;
  if (is_at_home(number)) note_dump();
  errno = saved;
}

/* While calls are broken off nobody but ta_signals_broke_off() reads errno. */
static void on_tick(int number) {
  int saved = errno;
  if (is_at_home(number)) signals.on.tick(signals.on.data);
  errno = signals.breaking ? 0 : saved;
}

void ta_signals_tick(double seconds) {
  if (seconds > LONGEST_TICK) seconds = LONGEST_TICK;
  if (seconds < SHORTEST_TICK) seconds = SHORTEST_TICK;
  struct itimerval timer = {.it_interval = {.tv_usec = (suseconds_t)(TA_TICK * 1e6)}};
  timer.it_value.tv_sec = (time_t)seconds;
  timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
  setitimer(ITIMER_REAL, &timer, NULL);
}

void ta_signals_stop_ticking(void) {
  const struct itimerval none = {0};
  setitimer(ITIMER_REAL, &none, NULL);
}

/* Caught, not ignored: children of the script start with the default again. */
static void on_nothing(int number) {
  (void)number;
}

static void catch_with(int number, void (*handler)(int), int flags, struct sigaction *old) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigfillset(&action.sa_mask);
  ta_takeover_sigaction(number, &action, old);
}

static bool is_ignored(int number) {
  struct sigaction now_set;
  return ta_takeover_sigaction(number, NULL, &now_set) == 0 && now_set.sa_handler == SIG_IGN;
}

/* What the process was started ignoring stays ignored. */
static void catch_unless_ignored(int number, void (*handler)(int), struct sigaction *old) {
  if (is_ignored(number))
    ta_takeover_sigaction(number, NULL, old);
  else
    catch_with(number, handler, SA_RESTART, old);
}

void ta_signals_quieten(void) {
  for (size_t i = 0; i < KINDS; i++)
    if (kinds[i].handler == on_dump && !is_ignored(kinds[i].number))
      catch_with(kinds[i].number, on_nothing, SA_RESTART, NULL);
}

static void on_child(int number) {
  int saved = errno;
  struct ta_loop *loop = signals.loop;
  (void)number;
  signals.children_changed = 1;
  if (signals.watches_children && loop) ta_loop_wake(loop);
  errno = saved;
}

/* Where it was ignored children would be reaped behind our back. */
void ta_signals_open(struct ta_loop *loop) {
  signals.loop = loop;
  signals.thread = pthread_self();
  signals.watches_children = signals.watches_terminal = false;
  if (is_ignored(SIGCHLD))
    catch_with(SIGCHLD, on_child, SA_RESTART, &signals.old_child);
  else
    ta_takeover_sigaction(SIGCHLD, NULL, &signals.old_child);
  catch_with(SIGPIPE, on_nothing, SA_RESTART, &signals.old_pipe);
  catch_with(SIGXFSZ, on_nothing, SA_RESTART, &signals.old_file_size);
}

void ta_signals_watch_children(void) {
  if (signals.watches_children || !signals.loop) return;
  signals.watches_children = true;
  catch_with(SIGCHLD, on_child, SA_RESTART, NULL);
}

/* ---------------------------------------------------------------- terminals */

static void on_stop(int number) {
  int saved = errno;
  if (is_at_home(number)) signals.stop(signals.stop_data);
  errno = saved;
}

static void on_change(int number) {
  if (number == SIGCONT) signals.continued = 1;
  if (number == SIGCONT) signals.stops = signals.stops + 1;
  if (signals.loop) ta_loop_wake(signals.loop);
}

void ta_signals_watch_terminal(void (*stop)(void *data), void *data) {
  if (signals.watches_terminal || !signals.loop) return;
  signals.stop = stop;
  signals.stop_data = data;
  signals.watches_terminal = true;
  for (size_t i = 0; i < TERMINAL_KINDS; i++)
    if (terminal_kinds[i].number == SIGCONT)
      catch_with(SIGCONT, on_change, SA_RESTART, &signals.old_terminal[i]); /* it goes on anyway */
    else
      catch_unless_ignored(terminal_kinds[i].number, terminal_kinds[i].handler,
                           &signals.old_terminal[i]);
}

static void stop_watching_terminal(void) {
  if (!signals.watches_terminal) return;
  signals.watches_terminal = false;
  for (size_t i = 0; i < TERMINAL_KINDS; i++)
    ta_takeover_sigaction(terminal_kinds[i].number, &signals.old_terminal[i], NULL);
}

unsigned ta_signals_stops(void) {
  return (unsigned)signals.stops;
}

bool ta_signals_stop(int number, bool with_group) {
  struct sigaction by_default = {.sa_handler = SIG_DFL}, old;
  sigset_t needed, mask;
  sigemptyset(&needed);
  sigaddset(&needed, number);
  sigaddset(&needed, SIGCONT);
  signals.continued = 0;
  sigaction(number, &by_default, &old);
  pthread_sigmask(SIG_UNBLOCK, &needed, &mask);
  kill(with_group ? 0 : getpid(), number);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  sigaction(number, &old, NULL);
  return signals.continued;
}

/* Ignored, not blocked: handlers do it too, and a mask would be undone when they return. */
void ta_signals_hold_terminal(bool on) {
  if (on == signals.holding) return;
  if (on) {
    catch_with(SIGTTIN, SIG_IGN, 0, &signals.old_reading);
    catch_with(SIGTTOU, SIG_IGN, 0, &signals.old_writing);
  } else {
    sigaction(SIGTTIN, &signals.old_reading, NULL);
    sigaction(SIGTTOU, &signals.old_writing, NULL);
  }
  signals.holding = on;
}

/* What is ignored now, and was not at the start. */
static void note_holding(struct ta_started_with *started_with) {
  sigemptyset(&started_with->by_default);
  if (!signals.holding) return;
  if (signals.old_reading.sa_handler != SIG_IGN) sigaddset(&started_with->by_default, SIGTTIN);
  if (signals.old_writing.sa_handler != SIG_IGN) sigaddset(&started_with->by_default, SIGTTOU);
}

/* ----------------------------------------------------------------- children */

bool ta_signals_children_changed(void) {
  bool changed = signals.children_changed;
  signals.children_changed = 0;
  return changed;
}

static bool was_ignored(const struct sigaction *old) {
  return signals.loop && old->sa_handler == SIG_IGN;
}

void ta_signals_started_with(const sigset_t *now_set, struct ta_started_with *started_with) {
  sigset_t *ignored = &started_with->ignored;
  started_with->mask = *now_set;
  note_holding(started_with);
  sigemptyset(ignored);
  if (was_ignored(&signals.old_pipe)) sigaddset(ignored, SIGPIPE);
  if (was_ignored(&signals.old_file_size)) sigaddset(ignored, SIGXFSZ);
  if (was_ignored(&signals.old_child)) sigaddset(ignored, SIGCHLD);
  for (size_t i = 0; i < TERMINAL_KINDS && signals.watches_terminal; i++)
    if (was_ignored(&signals.old_terminal[i])) sigaddset(ignored, terminal_kinds[i].number);
  ta_takeover_add_ignored(ignored);
  if (!signals.catching) return;
  if (was_ignored(&signals.old_tick)) sigaddset(ignored, SIGALRM);
  if (sigismember(&signals.old_mask, SIGALRM) == 1) sigaddset(&started_with->mask, SIGALRM);
}

void ta_signals_break_off(bool on) {
  if (signals.breaking == on) return;
  signals.breaking = on;
  catch_with(SIGALRM, on_tick, on ? 0 : SA_RESTART, NULL);
  if (on) ta_signals_tick(BREAK_IN);
}

bool ta_signals_broke_off(void) {
  return signals.breaking && errno == EINTR;
}

/* The tick is ours alone: whoever started us cannot have meant it. */
static void catch_tick(void) {
  sigset_t set;
  signals.breaking = false;
  catch_with(SIGALRM, on_tick, SA_RESTART, &signals.old_tick);
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &set, &signals.old_mask);
}

void ta_signals_catch(const struct ta_signal_handlers *handlers) {
  signals.on = *handlers;
  signals.thread = pthread_self();
  signals.caught = 0;
  catch_tick();
  for (size_t i = 0; i < KINDS; i++)
    catch_unless_ignored(kinds[i].number, kinds[i].handler, &signals.old[i]);
  signals.catching = true;
}

/* A tick that is due is dropped, before it sets the timer again, or comes where nobody catches it.
 */
static void give_tick_back(void) {
  catch_with(SIGALRM, SIG_IGN, 0, NULL);
  ta_signals_stop_ticking();
  sigaction(SIGALRM, &signals.old_tick, NULL);
}

void ta_signals_close(void) {
  ta_takeover_close();
  if (signals.catching) {
    for (size_t i = 0; i < KINDS; i++) sigaction(kinds[i].number, &signals.old[i], NULL);
    give_tick_back();
    pthread_sigmask(SIG_SETMASK, &signals.old_mask, NULL);
    signals.catching = false;
  }
  stop_watching_terminal();
  sigaction(SIGPIPE, &signals.old_pipe, NULL);
  sigaction(SIGXFSZ, &signals.old_file_size, NULL);
  sigaction(SIGCHLD, &signals.old_child, NULL);
  signals.loop = NULL;
}
