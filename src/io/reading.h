/* SPDX-License-Identifier: MIT
 *
 * reading.h -- what scripts read from a stream: formats as Lua's files have them, whatever
 * is there, up to a text, and lines one by one.
 *
 * Bytes lie in the stream's buffer until a whole read is there; then they are taken.
 */
#ifndef TA_IO_READING_H
#define TA_IO_READING_H

#include <lua.h>

/* Methods.  [-all, +n, v] */
int ta_l_stream_read(lua_State *L);
int ta_l_stream_read_some(lua_State *L);
int ta_l_stream_read_until(lua_State *L);
int ta_l_stream_lines(lua_State *L);

#endif
