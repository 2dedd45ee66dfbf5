/* SPDX-License-Identifier: MIT
 *
 * signals.h -- SIGINT and SIGTERM, SIGQUIT and SIGUSR1, SIGPIPE, and a tick.
 *
 * Signals are noted, told to a function and put into a pipe that ends a loop's
 * wait.  The tick is a function called ten times a second from a handler, for
 * looking after steps that do not end.  The handlers are our own, not libuv's.  A
 * process has one set of handlers, so this room keeps static state, as stdio does.
 */
#ifndef TA_HOST_SIGNALS_H
#define TA_HOST_SIGNALS_H

#define TA_TICK 0.1 /* seconds */

/* Called inside signal handlers, on the thread that caught the signals. */
struct ta_signal_handlers {
  void (*end)(void *data);  /* the first SIGINT or SIGTERM */
  void (*last)(void *data); /* the second: the process ends when this returns */
  void (*dump)(void *data); /* SIGQUIT or SIGUSR1 */
  void (*tick)(void *data);
  void *data;
};

/* Makes the pipe; *fd becomes its end for a loop to watch.  From now on SIGPIPE
 * does nothing.  0, or a negative errno. */
int ta_signals_open(int *fd);

/* Sets the handlers.  A signal that the process was started ignoring stays
 * ignored. */
void ta_signals_catch(const struct ta_signal_handlers *handlers);

/* Has the tick begin in `seconds`.  Signals begin it too.  Also from handlers. */
void ta_signals_tick(double seconds);

void ta_signals_stop_ticking(void);

/* The first SIGINT or SIGTERM that came, or 0. */
int ta_signals_caught(void);

/* Puts the old handlers back and closes the pipe. */
void ta_signals_close(void);

/* Ends the process by `number`, as if nobody had caught it. */
_Noreturn void ta_signals_die(int number);

#endif
