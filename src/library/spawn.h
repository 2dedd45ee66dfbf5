/* SPDX-License-Identifier: MIT
 *
 * spawn.h -- spawn, sleep and the small functions.
 */
#ifndef TA_LIBRARY_SPAWN_H
#define TA_LIBRARY_SPAWN_H

#include "core/task.h"

/* s:spawn([options,] fn, ...) with its arguments from index `function` on.  [-0, +1, e] */
int ta_spawn_child(struct ta_runner *runner, lua_State *L, int function, struct ta_scope *scope);

/* spawn() for tasks that are seen off where they were spawned: what is in a shield
 * there they are in too. */
int ta_l_spawn_inside(lua_State *L);

/* spawn; with a table in upvalue 2 add_task, a function and a method of that table. */
int ta_l_spawn(lua_State *L);

int ta_l_sleep(lua_State *L);
int ta_l_checkpoint(lua_State *L);
int ta_l_now(lua_State *L);
int ta_l_check_wait(lua_State *L);
int ta_l_can_wait(lua_State *L);
int ta_l_is_callable(lua_State *L);
int ta_l_is_task(lua_State *L);

#endif
