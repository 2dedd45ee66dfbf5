/* SPDX-License-Identifier: MIT
 *
 * start.h -- how a task is born, and what it keeps until it starts.
 *
 * Its function and arguments lie in its object until the first step: many tasks are
 * spawned, and fewer run at once.  Where a coroutine lies idle it is taken at once.
 */
#ifndef TA_CORE_START_H
#define TA_CORE_START_H

#include "core/task.h"

/* As ta_add_task(), as a child of `scope` when that is not NULL.  L has room for
 * LUA_MINSTACK values more. */
struct ta_task *ta_task_add(struct ta_runner *runner, lua_State *L, int nargs,
                            const struct ta_task_options *options, struct ta_scope *scope);

/* Gives a task that has not started its coroutine, with function and arguments on
 * it.  False when memory is out. */
bool ta_start_load(struct ta_runner *runner, struct ta_task *task);

/* Pushes the function of a task that has no name yet.  [-0, +1, -] */
void ta_task_push_function(lua_State *L, int task_index);

/* Gives the task at `task_index` the name on top, which is popped.  [-1, +0, m] */
void ta_set_task_name(lua_State *L, int task_index);

/* Pushes the name of a task that has one.  [-0, +1, m] */
void ta_push_kept_name(lua_State *L, int task_index);

#endif
