/* SPDX-License-Identifier: MIT
 *
 * pool.h -- the coroutines of tasks.
 *
 * A task gets one when it takes its first step, or when it is spawned under a debug
 * hook, which a new one inherits; and gives it back when it has ended.  One that
 * nobody can name and that has no hook is used again for a later task: that is much
 * cheaper than a new one.  At the bottom of each lie the message handler and the
 * body, ready to be called.  It knows nothing of what runs in them.
 */
#ifndef TA_CORE_POOL_H
#define TA_CORE_POOL_H

#include "core/task.h"
#include "core/runner.h"

/* What lies at the bottom of a task's coroutine. */
enum { TA_POOL_HANDLER = 1, TA_POOL_BODY = 2, TA_POOL_BOTTOM = TA_POOL_BODY };

/* In each pass memory is asked for anew. */
void ta_pool_begin_pass(struct ta_runner *runner);

/* A task was refused memory: what is idle is given up, and some tasks after it do not get
 * to ask. */
void ta_pool_note_refusal(struct ta_runner *runner);

/* Is it one of those? */
bool ta_pool_refuses(struct ta_runner *runner);

/* Gives the task a coroutine; false when memory is out, or was just now. */
bool ta_pool_take(struct ta_runner *runner, struct ta_task *task);

/* Pushes a new one that inherits the debug hook of L.  [-0, +1, m] */
void ta_pool_push(struct ta_runner *runner, lua_State *L);

/* Gives the task the new one on top, which is popped.  No finalizer runs.
 * [-1, +0, m] */
void ta_pool_keep(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Takes the coroutine, which is not suspended, from a task that has ended. */
void ta_pool_give_back(struct ta_runner *runner, struct ta_task *task);

/* Makes the table of coroutines; handler and body are kept already.
 * [-0, +0, m] */
void ta_pool_setup(struct ta_runner *runner, lua_State *L);

/* Gives the memory back. */
void ta_pool_close(struct ta_runner *runner);

#endif
