/* SPDX-License-Identifier: MIT
 *
 * lock.h -- locks, which only their owner releases, and semaphores.
 *
 * What is released goes at once to whoever has waited longest.
 *
 * It knows nothing of deadlocks: the report finds them.
 */
#ifndef TA_LIBRARY_LOCK_H
#define TA_LIBRARY_LOCK_H

#include "core/task.h"

/* The locks among what a task holds. */
extern const struct ta_attachment_kind ta_lock_hold;

/* A lock that the ending task held was collected: reports it. */
void ta_report_lost_lock(struct ta_runner *runner, struct ta_task *task);

/* Adds the functions to the table on top.  [-0, +0, m] */
void ta_open_locks(struct ta_runner *runner, lua_State *L);

#endif
