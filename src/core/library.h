/* SPDX-License-Identifier: MIT
 *
 * library.h -- what ta_open() installs.
 *
 * The globals that scripts call.
 */
#ifndef TA_CORE_LIBRARY_H
#define TA_CORE_LIBRARY_H

#include "core/kit.h"
#include "core/runner.h"

struct ta_scope;
struct ta_task;

/* spawn([options,] fn, ...) with its arguments from index `function` on; the
 * task is a child of `scope` when that is not NULL.  [-0, +1, e] */
int ta_spawn_from(struct ta_runner *runner, lua_State *L, int function, struct ta_scope *scope);

/* spawn() for tasks that are seen off where they were spawned: what is in a shield
 * there they are in too. */
int ta_l_spawn_inside(lua_State *L);

int ta_l_sleep(lua_State *L);
int ta_l_check_wait(lua_State *L);
int ta_l_can_wait(lua_State *L);
int ta_l_is_callable(lua_State *L);
int ta_l_is_task(lua_State *L);

/* Lua's own `next`: the script may have put something else in its place. */
int ta_l_next(lua_State *L);

/* Installs a require whose modules may wait.  [-0, +0, e] */
void ta_open_require(struct ta_runner *runner, lua_State *L);

/* The name of the module that coroutine `co` is in the middle of loading, or
 * NULL: it must not yield then. */
const char *ta_loading_in(const struct ta_runner *runner, const lua_State *co);

/* A coroutine died, perhaps in the middle of a module: others may load it now. */
void ta_forget_loading(struct ta_runner *runner, const lua_State *co);

#endif
