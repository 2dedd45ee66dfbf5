/* SPDX-License-Identifier: MIT
 *
 * await.h -- await(x) and the methods of tasks.
 *
 * A task is awaited by waiting in its queue of awaiters; it leaves its outcome
 * in its object.
 *
 * What a task does meanwhile it does not know.
 */
#ifndef TA_LIBRARY_AWAIT_H
#define TA_LIBRARY_AWAIT_H

#include "core/task.h"

/* Makes the metatable of tasks.  [-0, +0, m] */
void ta_tasks_setup(struct ta_runner *runner, lua_State *L);

/* Awaits the value at index 1 of a C function if that is a task, or an object with
 * __await: *results is then what to return.  [-0, +?, v] */
bool ta_await_value(struct ta_runner *runner, lua_State *L, int *results);

/* Pushes the function await.  [-0, +1, m] */
void ta_push_await(struct ta_runner *runner, lua_State *L);

/* Pushes the first result of the ended task whose object is at `index`, or its error.
 * [-0, +1, m] */
void ta_push_first_result(struct ta_runner *runner, lua_State *L, int index);

/* (task that has ended) -> true and its first result, or false and its error */
int ta_l_outcome(lua_State *L);

/* Pushes the results of an ended task whose object is at `index`: how many.
 * [-0, +n, m] */
int ta_task_push_results(lua_State *L, int index);

#endif
