/* SPDX-License-Identifier: MIT
 *
 * trace.h -- events of what happens, as data.
 *
 * The kernel has them told by its table of others' functions, guarded by ta_tracing(): off,
 * tracing costs that one branch.  It knows no format.
 */
#ifndef TA_WORDS_TRACE_H
#define TA_WORDS_TRACE_H

#include "core/task.h"
#include "core/runner.h"
#include "tinyasync.h"

/* Each of these sends one event, timed now.  That of a birth is made of the object at
 * `task_index`; what has spawned it, unless a task did, is `origin`.  [-0, +0, -] */
void ta_trace_birth(struct ta_runner *runner, lua_State *L, int task_index, const char *origin);
void ta_trace_step(struct ta_runner *runner, const struct ta_task *task);
void ta_trace_yield(struct ta_runner *runner, const struct ta_task *task, lua_State *L);
void ta_trace_sleep(struct ta_runner *runner, const struct ta_task *task, lua_State *L,
                    double delay);
void ta_trace_simple(struct ta_runner *runner, const struct ta_task *task, enum ta_event_kind kind);
void ta_trace_error(struct ta_runner *runner, const struct ta_task *task,
                    const struct ta_failure *failure, const char *where);
void ta_trace_pass(struct ta_runner *runner, size_t count);
void ta_trace_wait(struct ta_runner *runner);

#endif
