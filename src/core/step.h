/* SPDX-License-Identifier: MIT
 *
 * step.h -- one step of a task, and how it ends.
 *
 * It knows nothing of passes and order: pass.c decides who is stepped.
 */
#ifndef TA_CORE_STEP_H
#define TA_CORE_STEP_H

#include "core/task.h"

/* Takes one step of a runnable task: it waits, ends or fails. */
void ta_task_step(struct ta_runner *runner, struct ta_task *task);

/* Ends a task, which no queue holds, when everything was forced to end: it unwinds
 * in one last step, and no clean-up can wait. */
void ta_task_force(struct ta_runner *runner, struct ta_task *task);

/* Closes the running task where it stands, to which nothing returns, and forgets it. */
void ta_task_abandon(struct ta_runner *runner, struct ta_task *task);

/* The Runner is freed: nothing that outlives it leads to the task any more. */
void ta_task_forget(struct ta_runner *runner, struct ta_task *task);

/* The state is being closed: from now on the task counts as ended.  Nobody is told but
 * what is attached to it.  [-0, +0, -] */
void ta_task_bury(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Makes the table of tasks and the body.  [-0, +0, m] */
void ta_task_setup(struct ta_runner *runner, lua_State *L);

#endif
