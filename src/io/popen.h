/* SPDX-License-Identifier: MIT
 *
 * popen.h -- what io.popen gives: a file of Lua's, a stream, and a command.
 *
 * It is a real file, whose FILE reads and writes as C has it, for C modules and where
 * nothing can wait.  What is written lies in its buffer, as in any of C's, until that is
 * full.  A command whose file is forgotten goes on, as under Lua.
 */
#ifndef TA_IO_POPEN_H
#define TA_IO_POPEN_H

#include <lua.h>

#include "io/io.h"

struct ta_stream_object;

/* io.popen.  [-all, +n, v] */
int ta_l_popen(lua_State *L);

/* The function that closes such a file for Lua, by which it is known. */
int ta_l_forget_popen(lua_State *L);

/* What follows is for a file at `index` that is one of these, and is open. */

/* Does it write? */
bool ta_popen_writes(lua_State *L, int index);

/* Pushes its stream.  [-0, +1, -] */
void ta_push_popen_stream(lua_State *L, int index);

/* The file is at index 1; what a C function returns.  `shift`: of the arguments that follow, how
 * much less than their index is their number.  Only where the task can wait. */
int ta_popen_write(lua_State *L, int shift);
int ta_popen_flush(lua_State *L);

/* Closes the file at index 1, and gives how its command ended.  [-all, +3, v] */
int ta_popen_close(lua_State *L);

/* Modes as of setvbuf(): _IOFBF ... */
int ta_popen_set_buffer(lua_State *L, int mode);

#endif
