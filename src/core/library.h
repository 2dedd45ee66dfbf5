/* SPDX-License-Identifier: MIT
 *
 * library.h -- what ta_open() installs.
 *
 * The globals that scripts call, and the bookkeeping that lets the Runner put
 * back what it replaced.
 */
#ifndef TA_CORE_LIBRARY_H
#define TA_CORE_LIBRARY_H

#include "core/runner.h"

/* Sets table[key] to the value on top and remembers what was there.  The table
 * lies at `table`.  [-1, +0, e] */
void ta_replace(struct ta_runner *runner, lua_State *L, int table, const char *key);

/* Puts back what was replaced and nobody has replaced since.  [-0, +0, -] */
void ta_put_back(struct ta_runner *runner, lua_State *L);

/* Pushes a C function whose first upvalue is the Runner.  [-0, +1, m] */
void ta_push_function(struct ta_runner *runner, lua_State *L, lua_CFunction function);

/* Installs a require whose modules may wait.  [-0, +0, e] */
void ta_open_require(struct ta_runner *runner, lua_State *L);

/* The name of the module that coroutine `co` is in the middle of loading, or
 * NULL: it must not yield then. */
const char *ta_loading_in(const struct ta_runner *runner, const lua_State *co);

/* A coroutine died or a task ended, perhaps in the middle of a module: others
 * may load it now.  Either may be NULL. */
void ta_forget_loading(struct ta_runner *runner, const lua_State *co, const struct ta_task *task);

#endif
