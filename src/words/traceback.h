/* SPDX-License-Identifier: MIT
 *
 * traceback.h -- what is known of an error on its way.
 *
 * While an error unwinds a task, a small table remembers for that very object
 * the frames it came through: of coroutines that died of it, of tasks that ended
 * by it and were awaited.  When it ends the task, the table is kept as long as
 * the task's object, for those who await it later.
 *
 * It prints nothing and reports nothing: failure.h does.
 */
#ifndef TA_WORDS_TRACEBACK_H
#define TA_WORDS_TRACEBACK_H

#include "core/task.h"

/* A nested coroutine has died of the error object on top of L.  `closing`: its
 * frames are about to go.  [-0, +0, m] */
void ta_note_death(struct ta_runner *runner, lua_State *L, lua_State *co, bool closing);

/* Raises in the running task, where L is, the error that ended the task whose
 * object is at `index`.  [-0, +0, v] */
int ta_raise_error_of(struct ta_runner *runner, lua_State *L, int index);

/* Notes that the error object on top was raised by the task at `index`: its
 * frames, and where it is awaited, by L.  [-0, +0, m] */
void ta_note_origin(struct ta_runner *runner, lua_State *L, int index);

/* The error noted last is now the object on top of L.  [-0, +0, -] */
void ta_note_replaced(struct ta_runner *runner, lua_State *L);

/* The error object on top of L was caught.  Text that is raised again is another
 * error.  [-0, +0, -] */
void ta_note_caught(struct ta_runner *runner, lua_State *L);

/* Pushes the frames that are known of the ended task at `index`, as text whose
 * lines each begin with a newline.  [-0, +1, m] */
void ta_push_note_text(lua_State *L, int index);

/* The same for the error at `object`, raised in the running task.  [-0, +1, m] */
void ta_push_text_of(struct ta_runner *runner, lua_State *L, int object);

/* Makes the text on top known of the error object below it.  [-1, +0, m] */
void ta_set_note_text(struct ta_runner *runner, lua_State *L);

/* What is known goes with the ending task, whose object is on top of L.
 * [-0, +0, -] */
void ta_keep_note(struct ta_runner *runner, lua_State *L, struct ta_task *task);

/* Pushes what is known of the error at `error`, which ends the task whose object
 * is at `object`; sets whether it was reported.  [-0, +1, m] */
void ta_push_note(struct ta_runner *runner, lua_State *L, struct ta_task *task, int error,
                  int object);

/* Pushes its frames, as text whose lines each begin with a newline, and the title
 * of the task that raised it first.  [-0, +1, m] */
void ta_push_text(lua_State *L, int known);
void ta_push_note_origin(lua_State *L, int known);

/* The error that ends the task was reported: all who know of it know that. */
void ta_note_reported(struct ta_runner *runner, const struct ta_task *task);

/* Makes the message handler and the table of what is known.  [-0, +0, m] */
void ta_traceback_setup(struct ta_runner *runner, lua_State *L);

#endif
