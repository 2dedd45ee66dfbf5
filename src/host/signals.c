/* SPDX-License-Identifier: MIT */
#include "host/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
  int pipe[2];
  void (*notify)(void *data);
  void *data;
  pthread_t thread;
  volatile sig_atomic_t caught;
  volatile sig_atomic_t last; /* the next one ends the process */
  struct sigaction old_int, old_term, old_pipe, old_alert;
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

static void on_signal(int number) {
  static const char words[] = "tinyasync: ended at once by a signal\n";
  int saved = errno;
  if (signals.last) {
    ssize_t ignored = write(STDERR_FILENO, words, sizeof words - 1);
    (void)ignored;
    ta_signals_die(number);
  }
  signals.caught = number;
  signals.last = 1;
  signals.notify(signals.data);
  ssize_t ignored = write(signals.pipe[1], "", 1);
  (void)ignored;
  errno = saved;
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

/* A signal that nobody else uses, and that is ignored where nobody catches it. */
#define ALERT SIGURG

static void on_alert(int number) {
  int saved = errno;
  (void)number;
  signals.notify(signals.data);
  errno = saved;
}

void ta_signals_alert(void) {
  pthread_kill(signals.thread, ALERT);
}

/* Without SA_RESTART: a script that reads from a terminal comes back. */
static void catch_unless_ignored(int number, struct sigaction *old) {
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(number, NULL, old);
  if (old->sa_handler != SIG_IGN) sigaction(number, &action, NULL);
}

void ta_signals_catch(void (*notify)(void *data), void *data) {
  signals.notify = notify;
  signals.data = data;
  struct sigaction alert = {.sa_handler = on_alert};
  sigemptyset(&alert.sa_mask);
  signals.thread = pthread_self();
  sigaction(ALERT, &alert, &signals.old_alert);
  catch_unless_ignored(SIGINT, &signals.old_int);
  catch_unless_ignored(SIGTERM, &signals.old_term);
  signals.catching = true;
}

void ta_signals_be_last(void) {
  signals.last = 1;
}

int ta_signals_caught(void) {
  return signals.caught;
}

void ta_signals_close(void) {
  if (signals.catching) {
    sigaction(SIGINT, &signals.old_int, NULL);
    sigaction(SIGTERM, &signals.old_term, NULL);
    sigaction(ALERT, &signals.old_alert, NULL);
    signals.catching = false;
  }
  sigaction(SIGPIPE, &signals.old_pipe, NULL);
  close(signals.pipe[0]);
  close(signals.pipe[1]);
}
