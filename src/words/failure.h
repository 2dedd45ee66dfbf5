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

/* Pushes an error object in words.  Runs __tostring.  [-0, +1, e] */
void ta_push_message(lua_State *L, int index);

/* How many values ta_push_failure() pushes. */
enum { TA_FAILURE_VALUES = 5 };

/* Pushes message, traceback, spawn chain, place and origin of the failure whose
 * error object is at `index`: strings, or nil.  Runs __tostring.  [-0, +5, e] */
void ta_push_failure(struct ta_runner *runner, lua_State *L, struct ta_task *task, int index);

/* The task ends by the error object on top of its coroutine: pushes the same,
 * unless nobody will be told.  How many values then lie there, the object the
 * first.  [-0, +(0|5), e] */
int ta_describe_end(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Tells of the failure that the values on top of `co` describe, if nobody awaits
 * the task. */
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
