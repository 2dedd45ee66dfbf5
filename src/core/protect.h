/* SPDX-License-Identifier: MIT
 *
 * protect.h -- pcall and xpcall that let cancellations pass.
 *
 * A cancellation in force on the running task goes through both, and xpcall's
 * handler is not called for it.  All else is as in Lua.
 *
 * It knows of cancellations only how to recognise one in force.
 */
#ifndef TA_CORE_PROTECT_H
#define TA_CORE_PROTECT_H

#include "core/runner.h"

/* Before a cancellation is raised in L: should an xpcall be the next to catch
 * it, its handler is not to be called.  [-0, +0, m] */
void ta_hold_off_handler(struct ta_runner *runner, lua_State *L);

/* Replaces pcall and xpcall.  [-0, +0, e] */
void ta_open_protect(struct ta_runner *runner, lua_State *L);

#endif
