/* SPDX-License-Identifier: MIT
 *
 * frames.h -- the frames of a coroutine, as Lua's tracebacks show them.
 */
#ifndef TA_WORDS_FRAMES_H
#define TA_WORDS_FRAMES_H

#include <lua.h>

/* Pushes the lines of a coroutine's traceback from a level on, each begun by a
 * newline; our own are left out.  [-0, +1, m] */
void ta_push_frames(lua_State *L, lua_State *co, int level);

#endif
