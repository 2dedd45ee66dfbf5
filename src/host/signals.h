/* SPDX-License-Identifier: MIT
 *
 * signals.h -- SIGINT, SIGTERM and SIGHUP, SIGQUIT and SIGUSR1, SIGPIPE, those of terminals,
 * and a tick.
 *
 * Signals are noted, told to a function, and wake a loop.  The tick is a function
 * called ten times a second from a handler, for looking after steps that do not end.
 * A process has one set of handlers, so this room keeps static state, as stdio does.
 */
#ifndef TA_HOST_SIGNALS_H
#define TA_HOST_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "host/loop.h"

#define TA_TICK 0.1 /* seconds */

/* Called inside signal handlers, on the thread that caught the signals. */
struct ta_signal_handlers {
  void (*end)(void *data, int number);  /* the first SIGINT, SIGTERM or SIGHUP */
  void (*last)(void *data, int number); /* the second: ends the process, or it is ended by the
                                           signal; one that comes at once, as from a parent,
                                           is still the first */
  void (*dump)(void *data);             /* SIGQUIT or SIGUSR1 */
  void (*tick)(void *data);
  void *data;
};

/* From now on SIGQUIT and SIGUSR1 do nothing when they are not caught, instead of ending
 * the process. */
void ta_signals_quieten(void);

/* From now on SIGPIPE and SIGXFSZ do nothing: the call fails, and the signals that are caught will
 * wake the loop. */
void ta_signals_open(struct ta_loop *loop);

/* Sets the handlers, and waits for a first signal.  A signal that the process was started ignoring
 * stays ignored. */
void ta_signals_catch(const struct ta_signal_handlers *handlers);

/* Has the tick begin in `seconds`.  Signals begin it too.  Also from handlers. */
void ta_signals_tick(double seconds);

/* No tick comes any more, until one is asked for. */
void ta_signals_stop_ticking(void);

/* No signal interrupts a system call for longer than its handler: the call goes on.
 * Unless `on`: then ticks break it off, with EINTR, and the next one comes at once.
 * Also from handlers. */
void ta_signals_break_off(bool on);

/* Was a system call broken off?  To be asked before the next one. */
bool ta_signals_broke_off(void);

/* From now on the loop is woken when a child ends, is stopped, or goes on. */
void ta_signals_watch_children(void);

/* Has one since this was asked last? */
bool ta_signals_children_changed(void);

/* From now on SIGTSTP is told, which the default would stop the process for, and SIGCONT and
 * SIGWINCH wake the loop.  `stop` is called inside the handler. */
void ta_signals_watch_terminal(void (*stop)(void *data), void *data);

/* Stops this process by such a signal, as the default does: where `with_group`, all of its
 * group.  Returns when it goes on.  False: it was not stopped, since nobody would see it.  Also
 * from handlers. */
bool ta_signals_stop(int number, bool with_group);

/* How often this process has gone on after it was stopped, since terminals are watched.  Also in
 * handlers. */
unsigned ta_signals_stops(void);

/* While `on`, neither reading nor writing a terminal that others have stops this process;
 * children are started as if it did.  Also from handlers. */
void ta_signals_hold_terminal(bool on);

/* What this process was started with, for its children. */
struct ta_started_with {
  sigset_t ignored;    /* what was ignored then, and is caught now */
  sigset_t by_default; /* what was not, and is ignored now */
  sigset_t mask;
};

/* `now_set` is the mask in force.  While signals are blocked, and from any thread. */
void ta_signals_started_with(const sigset_t *now_set, struct ta_started_with *started_with);

/* Puts the old handlers back and forgets the loop, which is closed later. */
void ta_signals_close(void);

/* Ends the process by `number`, as if nobody had caught it. */
_Noreturn void ta_signals_die(int number);

#endif
