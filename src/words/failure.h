/* SPDX-License-Identifier: MIT
 *
 * failure.h -- failures in words, told to the host.
 *
 * Who will hear of a failure is asked of the task; what becomes of the words is the
 * host's affair.
 */
#ifndef TA_WORDS_FAILURE_H
#define TA_WORDS_FAILURE_H

#include "core/task.h"

/* The task ends by the error object on top of its coroutine: pushes its description above
 * that, unless nobody will be told.  How many values then lie there, the object the
 * first.  [-0, +(0|1), e] */
int ta_describe_end(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Tells of the failure whose description is on top of `co`, if nobody awaits the task. */
void ta_report_failure_of(struct ta_runner *runner, struct ta_task *task, lua_State *co);

/* Describes and tells of a failure whose error object is on top of the Runner's
 * L, and stays there. */
void ta_report_error(struct ta_runner *runner, struct ta_task *task);

/* The same for one that was refused memory, whose error object is a string: asks for no
 * memory, each request for which may cost a collection. */
void ta_report_refused(struct ta_runner *runner, struct ta_task *task);

/* Tells of the failure of an ended task whose scope did not. */
void ta_report_abandoned(struct ta_runner *runner, struct ta_task *task);

/* Tells of something else that went wrong in a task. */
void ta_report_other(struct ta_runner *runner, const struct ta_task *task, const char *message,
                     size_t length);

#endif
