/* SPDX-License-Identifier: MIT
 *
 * obstacle.h -- why a coroutine cannot wait, in words.
 *
 * What keeps it is a C function that cannot be suspended.  Those that can are known by
 * their address, for they may be called by any name: whoever makes one says so, by ta_lets_wait().
 */
#ifndef TA_WORDS_OBSTACLE_H
#define TA_WORDS_OBSTACLE_H

#include "core/runner.h"

/* Raises that L cannot wait, and why.  [-0, +0, v] */
int ta_raise_cannot_wait(struct ta_runner *runner, lua_State *L, const char *action);

/* Makes the set of these functions, with Lua's own.  [-0, +0, m] */
void ta_obstacle_setup(struct ta_runner *runner, lua_State *L);

#endif
