/* SPDX-License-Identifier: MIT
 *
 * ending.h -- how a run is ended before its tasks have ended by themselves.
 *
 * Whatever ends it, a signal, the time-out, a deadlock, os.exit, an error with
 * --on-error=stop, or that only daemons are left: all tasks are cancelled, have
 * the grace time to unwind, and are closed when that is over.  A step that does
 * not end is looked after by the tick.
 */
#ifndef TA_CLI_ENDING_H
#define TA_CLI_ENDING_H

#include "cli/run.h"

/* Is there a reason to end the run? */
bool ta_ending_wanted(struct ta_run *run);

/* Cancels everything, once, for the reason that there is. */
void ta_ending_begin(struct ta_run *run);

/* Between two passes of a run that is being ended: is the grace time over? */
bool ta_ending_is_over(struct ta_run *run);

/* The same question in the middle of a pass. */
bool ta_ending_grace_is_over(const struct ta_run *run);

/* Closes what is left, and says so.  `stuck`: nothing can wake it any more.  False when
 * there was no time to close all. */
bool ta_ending_force(struct ta_run *run, bool stuck);

/* Writes the tree of tasks, if a signal asked for it.  L is the running
 * coroutine, or the Runner's. */
void ta_ending_dump(struct ta_run *run, lua_State *L);

/* The Runner's host function for a step that was looked into. */
void ta_ending_preempted(void *data, lua_State *L);

/* Writes who waits for what. */
void ta_ending_report_deadlock(struct ta_run *run);

/* Sets the signal handlers, and the tick for --timeout. */
void ta_ending_arm(struct ta_run *run);

#endif
