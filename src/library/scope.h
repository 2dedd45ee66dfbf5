/* SPDX-License-Identifier: MIT
 *
 * scope.h -- async.scope, with_timeout, move_on_after, shield.
 *
 * Each opens a cancel scope and calls a function in the running task, as pcall does;
 * when that has ended it closes the cancel scope and decides what becomes of an error.
 *
 * It does not know how a task waits or ends: it is told of children that have.
 */
#ifndef TA_LIBRARY_SCOPE_H
#define TA_LIBRARY_SCOPE_H

#include "core/cancel.h"

/* Is this one of these functions, or another of ours that catches an error for a
 * while and raises it again? */
bool ta_is_cancel_scope_function(lua_CFunction function);

/* Raises that a plain yield in L would leave its innermost cancel scope open.
 * [-0, +0, v] */
int ta_raise_cancel_scope_open(lua_State *L);

/* Scopes for the Lua half of the library: one raises the first error as it is,
 * even when others follow; two no error of their children at all, of which the second
 * gives its caller also what failed in the clean-up of one cancelled by itself. */
int ta_l_first_error_scope(lua_State *L);
int ta_l_collecting_scope(lua_State *L);
int ta_l_settling_scope(lua_State *L);

/* Adds the functions to the table on top.  [-0, +0, m] */
void ta_open_scopes(struct ta_runner *runner, lua_State *L);

#endif
