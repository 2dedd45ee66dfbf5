/* SPDX-License-Identifier: MIT
 *
 * pcall.h -- pcall and xpcall that let cancellations pass.
 *
 * A cancellation in force on the running task goes through both, and xpcall's
 * handler is not called for it.  All else is as in Lua.
 *
 * It knows of cancellations only how to recognise one in force.
 */
#ifndef TA_LIBRARY_PCALL_H
#define TA_LIBRARY_PCALL_H

#include "core/runner.h"

/* Replaces pcall and xpcall.  [-0, +0, e] */
void ta_open_pcall(struct ta_runner *runner, lua_State *L);

#endif
