/* SPDX-License-Identifier: MIT
 *
 * select.h -- waiting for the first of several channels, events and tasks.
 *
 * A task that selects has a place in each queue.  Whoever reaches one of them
 * takes it out of the others in the same moment.
 *
 * Of what it waits for it knows only when that is ready.
 */
#ifndef TA_LIBRARY_SELECT_H
#define TA_LIBRARY_SELECT_H

#include "core/task.h"

/* Adds the function to the table on top.  [-0, +0, m] */
void ta_open_select(struct ta_runner *runner, lua_State *L);

#endif
