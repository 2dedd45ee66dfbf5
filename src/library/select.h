/* SPDX-License-Identifier: MIT
 *
 * select.h -- waiting for the first of several things: channels, events, tasks ...
 *
 * A task that selects has a seat in each queue.  Whoever reaches one of them
 * takes it out of the others in the same moment.
 *
 * Of what it waits for it knows only when that is ready.
 */
#ifndef TA_LIBRARY_SELECT_H
#define TA_LIBRARY_SELECT_H

#include "core/task.h"
#include "tinyasync_lib.h"

/* Where on the stack of async.select() a task that waits has its seats, and where
 * whoever reaches one of them may put a value: it is the thing's result then. */
enum { TA_SELECTING = 2, TA_SELECTED = 3 };

/* Objects whose metatable is on top, where it stays, can be selected.  [-0, +0, m] */
void ta_make_selectable(struct ta_runner *runner, lua_State *L,
                        const struct ta_selectable *selectable);

/* Makes the table of those.  [-0, +0, m] */
void ta_select_setup(struct ta_runner *runner, lua_State *L);

/* Adds the function to the table on top.  [-0, +0, m] */
void ta_open_select(struct ta_runner *runner, lua_State *L);

#endif
