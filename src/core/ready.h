/* SPDX-License-Identifier: MIT
 *
 * ready.h -- who is runnable, and that the host hears of it.
 *
 * In which order they are stepped, pass.c decides.
 */
#ifndef TA_CORE_READY_H
#define TA_CORE_READY_H

#include "core/task.h"

/* Until ta_allow_passes() no pass begins and nobody frees the Runner.  Returns what
 * that is to be told.  Not to be left by an error. */
bool ta_hold_passes(struct ta_runner *runner);
void ta_allow_passes(struct ta_runner *runner, bool held);

/* Puts a task that no queue holds at the end of the next pass. */
void ta_make_ready(struct ta_runner *runner, struct ta_task *task);

/* Puts a new task at the end of the pass under way, or of the next one when that
 * has taken many. */
void ta_make_ready_new(struct ta_runner *runner, struct ta_task *task);

/* Has the host come back in `delay` seconds. */
void ta_call_later(struct ta_runner *runner, double delay);

#endif
