/* SPDX-License-Identifier: MIT
 *
 * slots.h -- the numbers by which living tasks are found.
 *
 * A task has its number as long as the Runner keeps it, which is at least until it has
 * ended.  In Lua a table has its object under it, in C an array the task.
 */
#ifndef TA_CORE_SLOTS_H
#define TA_CORE_SLOTS_H

#include "core/task.h"

/* The number for the next task: there is room for it, and none is used up before
 * ta_slot_take().  0: memory is out.  No finalizer runs. */
size_t ta_slot_reserve(struct ta_runner *runner);
void ta_slot_take(struct ta_runner *runner, size_t slot);

/* Gives the memory of all back. */
void ta_slots_close(struct ta_runner *runner);

/* Lets go of an ended task that its scope has kept. */
void ta_task_release(struct ta_runner *runner, struct ta_task *task);

/* Lets go of one that was not kept: the table of tasks is on top of the Runner's L. */
void ta_task_release_here(struct ta_runner *runner, struct ta_task *task);

#endif
