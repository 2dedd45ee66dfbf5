/* SPDX-License-Identifier: MIT */
#include "host/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <unistd.h>

#define SHORTEST_TICK 1e-6 /* seconds: zero would be none at all */
#define LONGEST_TICK 1e8

static struct {
  int pipe[2];
  struct ta_signal_handlers on;
  pthread_t thread;
  volatile sig_atomic_t caught;
  struct sigaction old_int, old_term, old_pipe, old_quit, old_usr1, old_tick;
  sigset_t old_mask;
  bool catching;
} signals;

void ta_signals_die(int number) {
  sigset_t set;
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

/* Ends the wait under way, if any. */
static void wake(void) {
  ssize_t ignored = write(signals.pipe[1], "", 1);
  (void)ignored;
}

static void on_end(int number) {
  int saved = errno;
  if (!is_at_home(number)) return;
  if (signals.caught) {
    signals.on.last(signals.on.data);
    ta_signals_die(number);
  }
  signals.caught = number;
  signals.on.end(signals.on.data);
  ta_signals_tick(TA_TICK);
  wake();
  errno = saved;
}

static void on_dump(int number) {
  int saved = errno;
  if (!is_at_home(number)) return;
  signals.on.dump(signals.on.data);
  ta_signals_tick(TA_TICK);
  wake();
  errno = saved;
}

static void on_tick(int number) {
  int saved = errno;
  if (is_at_home(number)) signals.on.tick(signals.on.data);
  errno = saved;
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

/* SIGPIPE is caught, not ignored: children of the script start with the default
 * again. */
static void on_pipe(int number) {
  (void)number;
}

int ta_signals_open(int *fd) {
  if (pipe(signals.pipe) != 0) return -errno;
  for (int i = 0; i < 2; i++) {
    fcntl(signals.pipe[i], F_SETFD, FD_CLOEXEC);
    fcntl(signals.pipe[i], F_SETFL, O_NONBLOCK);
  }
  *fd = signals.pipe[0];
  struct sigaction quiet = {.sa_handler = on_pipe, .sa_flags = SA_RESTART};
  sigemptyset(&quiet.sa_mask);
  sigaction(SIGPIPE, &quiet, &signals.old_pipe);
  return 0;
}

/* With `flags` 0 a script that reads from a terminal comes back. */
static void catch_unless_ignored(int number, void (*handler)(int), int flags,
                                 struct sigaction *old) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigfillset(&action.sa_mask);
  sigaction(number, NULL, old);
  if (old->sa_handler != SIG_IGN) sigaction(number, &action, NULL);
}

/* The tick is ours alone: whoever started us cannot have meant it. */
static void catch_tick(void) {
  struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
  sigset_t set;
  sigfillset(&action.sa_mask);
  sigaction(SIGALRM, &action, &signals.old_tick);
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &set, &signals.old_mask);
}

void ta_signals_catch(const struct ta_signal_handlers *handlers) {
  signals.on = *handlers;
  signals.thread = pthread_self();
  catch_tick();
  catch_unless_ignored(SIGQUIT, on_dump, SA_RESTART, &signals.old_quit);
  catch_unless_ignored(SIGUSR1, on_dump, SA_RESTART, &signals.old_usr1);
  catch_unless_ignored(SIGINT, on_end, 0, &signals.old_int);
  catch_unless_ignored(SIGTERM, on_end, 0, &signals.old_term);
  signals.catching = true;
}

int ta_signals_caught(void) {
  return signals.caught;
}

void ta_signals_close(void) {
  if (signals.catching) {
    sigaction(SIGINT, &signals.old_int, NULL);
    sigaction(SIGTERM, &signals.old_term, NULL);
    sigaction(SIGQUIT, &signals.old_quit, NULL);
    sigaction(SIGUSR1, &signals.old_usr1, NULL);
    ta_signals_stop_ticking();
    sigaction(SIGALRM, &signals.old_tick, NULL);
    pthread_sigmask(SIG_SETMASK, &signals.old_mask, NULL);
    signals.catching = false;
  }
  sigaction(SIGPIPE, &signals.old_pipe, NULL);
  close(signals.pipe[0]);
  close(signals.pipe[1]);
}
