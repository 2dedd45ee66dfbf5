/* SPDX-License-Identifier: MIT
 *
 * lock.h -- locks, which know their owner, and semaphores, which do not.
 *
 * What is released goes at once to whoever has waited longest.
 *
 * It knows nothing of deadlocks: the report finds them.
 */
#ifndef TA_CORE_LOCK_H
#define TA_CORE_LOCK_H

#include "core/task.h"

/* Releases the locks of a task that ends, and reports it. */
void ta_release_locks(struct ta_runner *runner, struct ta_task *task);

/* The locks of a task that is forgotten have no owner any more. */
void ta_drop_locks(struct ta_task *task);

/* The method `with` of both. */
int ta_l_with(lua_State *L);

/* Adds the functions to the table on top.  [-0, +0, m] */
void ta_open_locks(struct ta_runner *runner, lua_State *L);

#endif
