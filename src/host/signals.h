/* SPDX-License-Identifier: MIT
 *
 * signals.h -- SIGINT, SIGTERM and SIGPIPE.
 *
 * The first SIGINT or SIGTERM is noted, told to a function and put into a pipe
 * that ends a loop's wait; the second one ends the process from the handler.
 * The handlers are our own, not libuv's.  A process has one set of handlers,
 * so this room keeps static state, as stdio does.
 */
#ifndef TA_HOST_SIGNALS_H
#define TA_HOST_SIGNALS_H

/* Makes the pipe; *fd becomes its end for a loop to watch.  From now on SIGPIPE
 * does nothing.  0, or a negative errno. */
int ta_signals_open(int *fd);

/* Sets the handlers.  `notify` runs inside the handler at the first signal.  A
 * signal that the process was started ignoring stays ignored. */
void ta_signals_catch(void (*notify)(void *data), void *data);

/* From any thread, while signals are caught: has `notify` run in a handler on
 * the thread that catches them, as if a signal had come, but none has. */
void ta_signals_alert(void);

/* The process is on its way out: the next signal ends it at once. */
void ta_signals_be_last(void);

/* The first signal that came, or 0. */
int ta_signals_caught(void);

/* Puts the old handlers back and closes the pipe. */
void ta_signals_close(void);

/* Ends the process by `number`, as if nobody had caught it. */
_Noreturn void ta_signals_die(int number);

#endif
