/* SPDX-License-Identifier: MIT
 *
 * names.h -- how tasks and functions are called in messages.
 */
#ifndef TA_WORDS_NAMES_H
#define TA_WORDS_NAMES_H

#include "core/task.h"

/* A name as reports show it: cut, and without control characters. */
#define TA_NAME_SHOWN 100                      /* bytes */
typedef char ta_name_shown[TA_NAME_SHOWN + 4]; /* and three dots */
const char *ta_clean_name(const char *name, ta_name_shown out);

/* The task's, or "?" when nobody has asked for it yet. */
const char *ta_shown_name(const struct ta_task *task, ta_name_shown out);

/* "#3 name" */
typedef char ta_title_shown[sizeof(ta_name_shown) + 24];
const char *ta_task_title(const struct ta_task *task, ta_title_shown out);

/* Replaces control characters by blanks. */
void ta_clean_text(char *text);

/* Pushes on L the name of the C function that `ar` found in a frame of `co`, as
 * "table.sort".  [-0, +1, m] */
void ta_push_c_name(lua_State *L, lua_State *co, lua_Debug *ar);

/* Pushes a name for the function, or callable object, at `index`.  [-0, +1, m] */
void ta_push_function_name(lua_State *L, int index);

#endif
