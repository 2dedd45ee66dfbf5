/* SPDX-License-Identifier: MIT
 *
 * require.h -- a require whose modules may wait while they load.
 *
 * It does what Lua's does, by package.searchers and package.loaded.  A second
 * task that asks for a module being loaded waits for the first; should that
 * fail, it loads the module itself.  A loop raises instead of hanging.
 */
#ifndef TA_LIBRARY_REQUIRE_H
#define TA_LIBRARY_REQUIRE_H

#include "core/runner.h"

/* Installs a require whose modules may wait.  [-0, +0, e] */
void ta_open_require(struct ta_runner *runner, lua_State *L);

/* The name of the module that coroutine `co` is in the middle of loading, or
 * NULL: it must not yield then. */
const char *ta_loading_in(const struct ta_runner *runner, const lua_State *co);

/* A coroutine died, perhaps in the middle of a module: others may load it now. */
void ta_forget_loading(struct ta_runner *runner, const lua_State *co);

#endif
