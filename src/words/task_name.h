/* SPDX-License-Identifier: MIT
 *
 * task_name.h -- what a task is called.
 *
 * A task without a name is called after its function when somebody asks.  When it
 * ends the name takes the function's place, which may hold much; tasks end often
 * and are seldom asked, so that names of places in the source are remembered.
 *
 * It does not know how a name is shown.
 */
#ifndef TA_WORDS_TASK_NAME_H
#define TA_WORDS_TASK_NAME_H

#include "core/start.h"

/* Pushes the task's name, whole, and returns it without zero bytes.  It is found out
 * at the first call.  [-0, +1, m] */
const char *ta_push_task_name(lua_State *L, int task_index);

/* Finds it out, and pushes nothing.  [-0, +0, m] */
void ta_find_task_name(lua_State *L, int task_index);

/* The same as ta_push_task_name(), in less time where many tasks are called after
 * one place.  [-0, +1, m] */
void ta_push_known_name(struct ta_runner *runner, lua_State *L, int task_index);

/* The new task was made with the function at `function`, and keeps it unless it `borrows`
 * it now.  [-0, +0, -] */
void ta_note_function(struct ta_runner *runner, lua_State *L, int function, struct ta_task *task);

/* The task, whose object is on top of the Runner's L, ends: forgets its function.
 * [-0, +0, -] */
void ta_forget_function(struct ta_runner *runner, struct ta_task *task);

/* Makes the lists of names.  [-0, +0, m] */
void ta_naming_setup(struct ta_runner *runner, lua_State *L);

#endif
