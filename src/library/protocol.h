/* SPDX-License-Identifier: MIT
 *
 * protocol.h -- what a task that yields asks for.
 *
 * With coroutine.yield{action = "sleep", delay = 1} it sleeps; other actions are those
 * of actions.h, a task or an object with __await is awaited, and nothing is a turn.
 */
#ifndef TA_LIBRARY_PROTOCOL_H
#define TA_LIBRARY_PROTOCOL_H

#include "core/task.h"

/* The wait that a task asks for with coroutine.yield(...), or await{...}.
 * [-all, +?, v] */
int ta_await_yielded(struct ta_runner *runner, lua_State *L, const char *by);

/* Awaits what a C function, or Lua's own coroutine.yield, yielded from the
 * task's coroutine: the `count` values on its stack, which are popped.  -1 when
 * that is no action: the error object is then on top of the Runner's L. */
int ta_await_foreign(struct ta_runner *runner, struct ta_task *task, int count);

#endif
