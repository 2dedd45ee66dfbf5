/* SPDX-License-Identifier: MIT
 *
 * signals.h -- SIGINT, SIGTERM and SIGHUP, SIGQUIT and SIGUSR1, SIGPIPE, and a tick.
 *
 * Signals are noted, told to a function and put into a pipe that ends a loop's
 * wait.  The tick is a function called ten times a second from a handler, for
 * looking after steps that do not end.  The handlers are our own, not libuv's.  A
 * process has one set of handlers, so this room keeps static state, as stdio does.
 */
#ifndef TA_HOST_SIGNALS_H
#define TA_HOST_SIGNALS_H

#include <stdbool.h>

#define TA_TICK 0.1 /* seconds */

/* Called inside signal handlers, on the thread that caught the signals. */
struct ta_signal_handlers {
  void (*end)(void *data);  /* the first SIGINT, SIGTERM or SIGHUP */
  void (*last)(void *data); /* the second: the process ends when this returns; one that
                               comes at once, as from a parent, is still the first */
  void (*dump)(void *data); /* SIGQUIT or SIGUSR1 */
  void (*tick)(void *data);
  void *data;
};

/* From now on SIGQUIT and SIGUSR1 do nothing when they are not caught, instead of ending
 * the process. */
void ta_signals_quieten(void);

/* Makes the pipe; *fd becomes its end for a loop to watch.  From now on SIGPIPE
 * does nothing.  0, or a negative errno. */
int ta_signals_open(int *fd);

/* Sets the handlers.  A signal that the process was started ignoring stays
 * ignored. */
void ta_signals_catch(const struct ta_signal_handlers *handlers);

/* Has the tick begin in `seconds`.  Signals begin it too.  Also from handlers. */
void ta_signals_tick(double seconds);

void ta_signals_stop_ticking(void);

/* No signal interrupts a system call for longer than its handler: the call goes on.
 * Unless `on`: then ticks break it off, with EINTR, and the next one comes at once.
 * Also from handlers. */
void ta_signals_break_off(bool on);

/* Was a system call broken off?  To be asked before the next one. */
bool ta_signals_broke_off(void);

/* The first SIGINT, SIGTERM or SIGHUP that came, or 0. */
int ta_signals_caught(void);

/* Puts the old handlers back and closes the pipe. */
void ta_signals_close(void);

/* Ends the process by `number`, as if nobody had caught it. */
_Noreturn void ta_signals_die(int number);

#endif
