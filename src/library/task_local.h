/* SPDX-License-Identifier: MIT
 *
 * task_local.h -- what belongs to one task, or to one block: task_local and defer.
 *
 * A child starts with the values of the task that spawns it; from then on each
 * goes its own way.
 *
 * It does not know what the values are for.
 */
#ifndef TA_LIBRARY_TASK_LOCAL_H
#define TA_LIBRARY_TASK_LOCAL_H

#include "core/runner.h"

/* The __close of what async.defer makes. */
int ta_l_defer_close(lua_State *L);

/* Adds the functions to the table on top.  [-0, +0, m] */
void ta_open_locals(struct ta_runner *runner, lua_State *L);

#endif
