/* SPDX-License-Identifier: MIT
 *
 * writing.h -- what scripts write to a stream: whole, in order, and with nothing copied
 * into a queue; the end of that; and one stream copied into another.
 *
 * What is written stays on the stack of the task that writes until the system has taken it.
 */
#ifndef TA_IO_WRITING_H
#define TA_IO_WRITING_H

#include <lua.h>

/* Methods.  [-all, +n, v] */
int ta_l_stream_write(lua_State *L);
int ta_l_stream_flush(lua_State *L);
int ta_l_stream_shutdown(lua_State *L);
int ta_l_stream_close(lua_State *L);
int ta_l_stream_copy_to(lua_State *L);

/* Makes a string of the number at `index`, as Lua's files write it; other values stay.
 * [-0, +0, m] */
void ta_make_text(lua_State *L, int index);

#endif
