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

/* Replaces pcall and xpcall.  [-0, +0, e] */
void ta_open_protect(struct ta_runner *runner, lua_State *L);

#endif
