/* SPDX-License-Identifier: MIT
 *
 * failure.h -- what is known of an error on its way, and failures in words.
 *
 * While an error unwinds a task, a small table remembers for that very object
 * the frames it came through: of coroutines that died of it, of tasks that ended
 * by it and were awaited.  When it ends the task, the table is kept as long as
 * the task's object, for those who await it later.
 */
#ifndef TA_CORE_FAILURE_H
#define TA_CORE_FAILURE_H

#include "core/task.h"

/* The message handler of a task's body and of regions: remembers the frames, and
 * leaves the error object as it is.  Its upvalue is the Runner. */
int ta_l_keep_traceback(lua_State *L);

/* A nested coroutine has died of the error object on top of L.  `closing`: its
 * frames are about to go.  [-0, +0, m] */
void ta_note_death(struct ta_runner *runner, lua_State *L, lua_State *co, bool closing);

/* Raises in the running task, where L is, the error that ended the task whose
 * object is at `index`.  [-0, +0, v] */
int ta_raise_error_of(struct ta_runner *runner, lua_State *L, int index);

/* Notes that the error object on top was raised by the task at `index`: its
 * frames, and where it is awaited, by L.  [-0, +0, m] */
void ta_note_origin(struct ta_runner *runner, lua_State *L, int index);

/* The error noted last is now the object on top of L. */
void ta_note_replaced(struct ta_runner *runner, lua_State *L);

/* The error object on top of L was caught.  Text that is raised again is another
 * error. */
void ta_note_caught(struct ta_runner *runner, lua_State *L);

/* Pushes the frames that are known of the ended task at `index`, as text whose
 * lines each begin with a newline.  [-0, +1, m] */
void ta_push_known_text(lua_State *L, int index);

/* The same for the error at `object`, raised in the running task.  [-0, +1, m] */
void ta_push_text_of(struct ta_runner *runner, lua_State *L, int object);

/* Makes the text on top known of the error object below it.  [-1, +0, m] */
void ta_know(struct ta_runner *runner, lua_State *L);

/* What is known goes with the ending task, whose object is on top of L. */
void ta_keep_known(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Pushes the lines of a coroutine's traceback from a level on, each begun by a
 * newline; our own are left out.  [-0, +1, m] */
void ta_push_frames(lua_State *L, lua_State *co, int level);

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

/* Tells of the failure of an ended task whose scope did not. */
void ta_report_abandoned(struct ta_runner *runner, struct ta_task *task);

/* Tells of something else that went wrong in a task. */
void ta_report_other(struct ta_runner *runner, const struct ta_task *task, const char *message);

#endif
