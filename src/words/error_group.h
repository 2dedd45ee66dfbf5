/* SPDX-License-Identifier: MIT
 *
 * error_group.h -- several errors in one value.
 *
 * The value looks like any error object to the rest; only reports look inside.
 */
#ifndef TA_WORDS_ERROR_GROUP_H
#define TA_WORDS_ERROR_GROUP_H

#include "core/cancel.h"

/* Pushes what went wrong in the scope: one error as it is, several in one value.
 * `own` is the index of its function's error, or 0.  [-0, +1, m] */
void ta_push_scope_errors(struct ta_runner *runner, lua_State *L, struct ta_scope *scope, int own);

/* (tasks, error): raises the error of the task that failed first, and mentions the
 * others, or else the one given.  For the Lua half of the library. */
int ta_l_raise_first(lua_State *L);

/* (task): reports its failure, which nobody else will hear of.  For the Lua half of
 * the library. */
int ta_l_report_unheard(lua_State *L);

/* (tasks): one value with the errors of those that failed, in this order.  For
 * the Lua half of the library. */
int ta_l_errors_of(lua_State *L);

/* Makes the metatable of such values.  [-0, +0, m] */
void ta_error_group_setup(struct ta_runner *runner, lua_State *L);

#endif
