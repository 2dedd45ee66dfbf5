/* SPDX-License-Identifier: MIT
 *
 * coroutine.h -- nested coroutines, and the library through which waits pass.
 */
#ifndef TA_LIBRARY_COROUTINE_H
#define TA_LIBRARY_COROUTINE_H

#include "core/level.h"

/* Runs a coroutine that lies at index 1 of L, with its function and one argument
 * on its own stack, and awaits what it yields; use it as the return of a C
 * function whose first upvalue is the Runner.  [-0, +?, v] */
int ta_resume_awaiting(lua_State *L, lua_State *co);

/* Replaces functions of the coroutine library; `has_space`: the extra space of
 * coroutines is the Runner's.  [-0, +0, e] */
void ta_open_coroutine(struct ta_runner *runner, lua_State *L, bool has_space);

#endif
